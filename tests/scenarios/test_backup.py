"""A copy taken while the daemon writes, and the way back from it: whole, to a revision, and not from a damaged one."""
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from plumbrpc import Daemon, binary, pb

FINE, NO, USAGE, REFUSED = 0, 1, 2, 3


def put(number, title):
    return pb.plan.Change(put=pb.plan.Put(item=pb.item.Item(
        id="i%d" % number, title=title, owners=["anna"], initiative=pb.item.Initiative())))


class BackupTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="plumb-backup-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.daemon = self.start(os.path.join(self.folder, "source"))
        self.client = self.daemon.client(unix=True)

    def start(self, data):
        daemon = Daemon(data=data)
        self.addCleanup(daemon.close)
        return daemon

    def path(self, name):
        return os.path.join(self.folder, name)

    def apply(self, client, number, title, workspace=""):
        return client.call("Plan.Apply", pb.plan.ApplyRequest(workspace=workspace, change_set=pb.plan.ChangeSet(
            changes=[put(number, title)]))).revision

    def info(self, client, workspace="main"):
        return client.call("Admin.Info", pb.admin.InfoRequest(workspace=workspace, state_hash=True))

    def state(self, client, workspace="main"):
        info = self.info(client, workspace)
        return info.revision, info.chain, info.state_hash

    def backup(self, name):
        path = self.path(name)
        with self.client.stream("Admin.Backup", pb.admin.BackupRequest(path=path)) as stream:
            replies = list(stream)
        self.assertTrue(replies[-1].done)
        return path

    def plumbd(self, *args, cwd=None):
        return subprocess.run([binary(), *args], capture_output=True, text=True, timeout=120, cwd=cwd)

    def restore(self, backup, name, *args):
        done = self.plumbd("--restore", backup, "--data", self.path(name), *args)
        self.assertEqual(done.returncode, FINE, done.stderr)
        return self.start(self.path(name)).client(unix=True)

    def refused(self, code, words, *args):
        """It ends with that code and says that."""
        done = self.plumbd(*args)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertIn(words, done.stderr)

    def test_a_copy_taken_while_writing_is_one_moment_between_its_beginning_and_its_end(self):
        states, stop = {}, threading.Event()
        # Enough pages that the copy takes several steps, with writes between them.
        for number in range(40):
            self.apply(self.client, number, "x" * 480 + str(number))
        before = self.info(self.client).revision

        def write():
            with Daemon.client(self.daemon, unix=True) as client:
                number = 0
                while not stop.is_set():
                    number += 1
                    self.apply(client, 1000 + number % 7, "t%d" % number)
                    state = self.state(client)
                    states[state[0]] = state

        writer = threading.Thread(target=write)
        writer.start()
        while len(states) < 3:
            time.sleep(0.01)
        path = self.backup("online.db")
        after = self.info(self.client).revision
        stop.set()
        writer.join(30)
        restored = self.state(self.restore(path, "online"))
        self.assertTrue(before < restored[0] <= after, (before, restored[0], after))
        # Nobody else writes, so the writer saw every revision of its own as the newest.
        self.assertEqual(restored, states[restored[0]])

    def test_restored_to_a_revision_it_is_what_the_source_was_then_and_goes_on(self):
        seen = {}
        for number in range(30):
            # Puts of nine items over and over: a later revision changes what an earlier one made.
            self.apply(self.client, number % 9, "version %d" % number)
            state = self.state(self.client)
            seen[state[0]] = state
        last = state[0]
        path = self.backup("b.db")
        for revision in (1, 17, last):
            client = self.restore(path, "to-%d" % revision, "--to-revision", str(revision))
            self.assertEqual(self.state(client), seen[revision])
        client = self.restore(path, "whole")
        self.assertEqual(self.state(client), seen[last])

        # It goes on at the next number, with its chain, and verifies.
        self.assertEqual(self.apply(client, 3, "after the restore"), last + 1)
        with client.stream("Admin.Verify", pb.admin.VerifyRequest()) as stream:
            self.assertTrue(list(stream)[-1].done)
        # The same change makes the same plan of both.
        self.apply(self.client, 3, "after the restore")
        self.assertEqual(self.info(client).revision, self.info(self.client).revision)

    def test_to_revision_means_the_workspace_that_is_named_and_keeps_the_others_whole(self):
        self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="acme"))
        seen = {}
        for number in range(6):
            self.apply(self.client, number, "main %d" % number)
            self.apply(self.client, number, "acme %d" % number, "acme")
            seen[number + 1] = self.state(self.client, "acme")
        path = self.backup("two.db")
        client = self.restore(path, "acme", "--to-revision", "4", "--workspace", "acme")
        self.assertEqual(self.state(client, "acme"), seen[4])
        self.assertEqual(self.state(client), self.state(self.client))

    def test_what_cannot_be_restored_is_refused_with_the_reason_and_nothing_is_made(self):
        self.apply(self.client, 1, "one")
        path = self.backup("b.db")
        full = self.path("full")
        os.mkdir(full)
        with open(os.path.join(full, "notes.txt"), "w") as out:
            out.write("mine")
        new = self.path("new")
        self.refused(REFUSED, "is not empty; restore into a new directory", "--restore", path, "--data", full)
        self.assertEqual(os.listdir(full), ["notes.txt"])
        self.refused(REFUSED, "is not empty", "--restore", path, "--data", self.daemon.data)
        self.refused(REFUSED, "there is no file", "--restore", self.path("none.db"), "--data", new)
        self.refused(REFUSED, "up to 1 of that workspace, not 7", "--restore", path, "--data", new,
                     "--to-revision", "7")
        self.refused(REFUSED, "the backup has no workspace 'acme'", "--restore", path, "--data", new,
                     "--to-revision", "1", "--workspace", "acme")
        for name in os.listdir(new) if os.path.isdir(new) else []:
            self.assertNotIn("log.db", name)

    def test_the_command_line_is_checked(self):
        new = self.path("new")
        self.refused(USAGE, "--data", "--restore", "b.db")
        self.refused(USAGE, "go with --restore", "--data", new, "--to-revision", "3")
        self.refused(USAGE, "--workspace goes with --to-revision", "--restore", "b.db", "--data", new,
                     "--workspace", "acme")
        self.refused(USAGE, "--to-revision: '0' is no revision", "--restore", "b.db", "--data", new,
                     "--to-revision", "0")
        self.refused(USAGE, "--listen: this has no meaning with --restore", "--restore", "b.db", "--data", new,
                     "--listen", "tcp:127.0.0.1:0")
        self.assertFalse(os.path.exists(new))

    def flip(self, path, where):
        with open(path, "r+b") as file:
            file.seek(where)
            byte = file.read(1)
            file.seek(where)
            file.write(bytes([byte[0] ^ 0x20]))

    def test_a_damaged_copy_is_refused_and_an_earlier_revision_still_comes_back(self):
        for number in range(12):
            self.apply(self.client, number, "a title that can be found %02d" % number)
            if number == 4:
                early = self.state(self.client)
        path = self.backup("b.db")
        with open(path, "rb") as file:
            where = file.read().index(b"found 08")
        self.flip(path, where)
        self.refused(NO, "damaged", "--restore", path, "--data", self.path("new"))
        self.assertNotIn("log.db", os.listdir(self.path("new")))
        # The message names the revision (number 8 is revision 9), so that one can go back to before it.
        done = self.plumbd("--restore", path, "--data", self.path("new"))
        self.assertIn("revision 9", done.stderr)
        client = self.restore(path, "early", "--to-revision", str(early[0]))
        self.assertEqual(self.state(client), early)

        # What is no copy at all, and one that was cut.
        with open(self.path("text.db"), "w") as out:
            out.write("not a log\n" * 1000)
        self.refused(NO, "text.db", "--restore", self.path("text.db"), "--data", self.path("t"))
        good = self.backup("good.db")
        os.truncate(good, os.path.getsize(good) // 2)
        done = self.plumbd("--restore", good, "--data", self.path("cut"))
        self.assertEqual(done.returncode, NO, done.stderr)
        self.assertNotIn("log.db", os.listdir(self.path("cut")) if os.path.isdir(self.path("cut")) else [])

    def test_plumb_admin_makes_the_copy_and_restores_it(self):
        self.apply(self.client, 1, "one")
        self.apply(self.client, 2, "two")
        plumb = [binary("plumb"), "--server", self.daemon.unix]
        done = subprocess.run(plumb + ["admin", "backup", "copy.db"], capture_output=True, text=True,
                              cwd=self.folder, timeout=60)
        self.assertEqual(done.returncode, FINE, done.stderr)
        # There is one of that name now.
        done = subprocess.run(plumb + ["admin", "backup", "copy.db"], capture_output=True, text=True,
                              cwd=self.folder, timeout=60)
        self.assertEqual(done.returncode, REFUSED, done.stderr)
        self.assertIn("is there already", done.stderr)
        done = subprocess.run([binary("plumb"), "admin", "restore", "copy.db", "back", "--revision", "1"],
                              capture_output=True, text=True, cwd=self.folder, timeout=60)
        self.assertEqual(done.returncode, FINE, done.stderr)
        self.assertIn("Workspace main is at revision 1.", done.stdout)
        self.assertEqual(self.info(self.start(self.path("back")).client(unix=True)).revision, 1)

    def test_sigterm_ends_a_start_that_takes_long(self):
        # 20 revisions of 4000 items each, to be folded anew: without snapshots.
        request = pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(
            changes=[put(number, "a title that is long enough to be read %d" % number) for number in range(4000)]))
        for number in range(20):
            request.change_set.changes[0].put.item.title = "changed %d" % number
            self.client.call("Plan.Apply", request)
        revision = self.info(self.client).revision
        self.daemon.kill()
        began = time.monotonic()
        self.daemon.start()
        takes = time.monotonic() - began
        self.daemon.kill()
        stopped = 0
        for part in (0.3, 0.5, 0.2, 0.6, 0.4, 0.1):
            shutil.rmtree(os.path.join(self.daemon.data, "snapshots"), True)
            process = subprocess.Popen(self.daemon.command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       text=True)
            time.sleep(takes * part)
            process.send_signal(signal.SIGTERM)
            out, log = process.communicate(timeout=60)
            if "stopped while starting" in log:
                self.assertEqual((process.returncode, out), (0, ""), log)
                stopped += 1
        # The machine may be faster or slower now than then, but not six times.
        self.assertGreater(stopped, 0)
        self.daemon.start()
        self.assertEqual(self.info(self.daemon.client(unix=True)).revision, revision)


if __name__ == "__main__":
    unittest.main()
