"""A disk that is full: writes are refused with what to do, reads and watches go on, and with room it all goes on without a restart.

Once on a small file system of its own, which only root can mount; and once with a limit on the size of files, which anybody can set
and which looks the same to the daemon: a write that finds no room.
"""
import os
import resource
import shutil
import subprocess
import tempfile
import time
import unittest

from clients import Clients, Ledger, folded, put, read_log, resolve, shown
from plumbrpc import UNAVAILABLE, Daemon, RpcError, binary, pb

SIZE = 48 << 20


class SmallDisk:
    """A tmpfs; full while a file takes all its room."""

    total = True  # the smallest change is refused too

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="plumb-disk-")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d" % SIZE, "tmpfs", self.folder], capture_output=True, text=True)
        if done.returncode != 0:
            os.rmdir(self.folder)
            raise PermissionError(done.stderr)
        self.data = os.path.join(self.folder, "data")

    def fill(self, daemon):
        with open(os.path.join(self.folder, "ballast"), "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"x" * 4096)
            except OSError:
                pass

    def free(self, daemon):
        os.unlink(os.path.join(self.folder, "ballast"))

    def close(self):
        subprocess.run(["umount", "-l", self.folder], check=True)
        os.rmdir(self.folder)


class SmallFiles:
    """Files cannot grow over what the largest has now; what fits into them is still taken."""

    total = False

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="plumb-files-")
        self.data = os.path.join(self.folder, "data")

    def fill(self, daemon):
        sizes = [os.path.getsize(os.path.join(self.data, name)) for name in os.listdir(self.data)]
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (max(sizes), resource.RLIM_INFINITY))

    def free(self, daemon):
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def close(self):
        shutil.rmtree(self.folder)


def small_disk():
    try:
        return SmallDisk()
    except PermissionError:
        return SmallFiles()  # all that this user can do


class FullDisk(unittest.TestCase):
    make = SmallFiles

    def setUp(self):
        self.disk = self.make()
        self.addCleanup(self.disk.close)
        self.daemon = Daemon(data=self.disk.data)
        self.addCleanup(self.daemon.close)
        self.client = self.daemon.client(unix=True)

    def apply(self, item_id, text, key=""):
        change = put(item_id, text)
        change.put.item.description = "d" * 60000
        return self.client.call("Plan.Apply", pb.plan.ApplyRequest(
            change_set=pb.plan.ChangeSet(changes=[change], idempotency_key=key)))

    def refused(self):
        """Applies until it is refused; the number of changes that were taken, and the refusal."""
        for taken in range(2000):
            try:
                self.apply("filler", "filler %d" % taken, key="filler%d" % taken)
            except RpcError as error:
                self.assertEqual(error.code, UNAVAILABLE, error.message)
                return taken, error.message
        self.fail("never full")

    def taken_again(self, seconds=30):
        until = time.monotonic() + seconds
        while True:
            try:
                return self.apply("room", "room again")
            except RpcError as error:
                self.assertEqual(error.code, UNAVAILABLE, error.message)
                self.assertLess(time.monotonic(), until, "it does not recover; %d bytes are free\n%s" % (
                    os.statvfs(self.disk.folder).f_bavail * 4096, self.daemon.read_log()[-2000:]))
                time.sleep(0.1)

    def info(self):
        until = time.monotonic() + 60
        while True:
            try:
                return self.client.call("Admin.Info", pb.admin.InfoRequest(workspace="main", state_hash=True))
            except RpcError as error:  # for a moment after a failure, while the log is opened again
                if error.code != UNAVAILABLE or time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def test_writes_are_refused_and_reading_goes_on(self):
        self.apply("first", "first")
        watch = self.client.stream("Plan.Watch", pb.plan.WatchRequest(from_revision=1, heartbeat_ms=100))
        self.disk.fill(self.daemon)
        taken, message = self.refused()
        self.assertRegex(message, "the disk refuse.*it was not made|the disk refuses to be written")
        self.assertIn("again when the disk is well", message)
        before = self.info()
        self.assertEqual(before.revision, 1 + taken)
        if self.disk.total:
            # Refused at once now, the client says so too, and nothing has changed.
            self.assertFalse(before.writable)
            done = subprocess.run([binary("plumb"), "--server", self.daemon.unix, "remove", "task/first"],
                                  capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
            self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
            self.assertIn("again when the disk is well", done.stderr)
        self.assertEqual((self.info().state_hash, self.info().chain), (before.state_hash, before.chain))
        # Every kind of reading goes on.
        self.assertEqual(self.client.call("Plan.Get", pb.plan.GetRequest(ref="task/first")).entry.item.title, "first")
        self.assertEqual(self.client.call("Plan.List", pb.plan.ListRequest(filter="kind:task")).total, 1 + (taken > 0))
        self.assertEqual(shown(self.client)["task/first"], "first")
        self.assertTrue(list(self.client.stream("Insight.Check", pb.insight.CheckRequest()))[-1].HasField("summary"))
        self.client.call("Plan.History", pb.plan.HistoryRequest(ref="task/first"))
        list(self.client.stream("Admin.Verify", pb.admin.VerifyRequest()))
        dry = self.client.call("Plan.Apply", pb.plan.ApplyRequest(dry_run=True, change_set=pb.plan.ChangeSet(changes=[put("x", "x")])))
        self.assertEqual(dry.revision, before.revision + 1)
        # So do watches: this one has seen all that was taken and nothing else, and lives.
        last = 0
        while last < before.revision:
            last = max(last, watch.next().revision)
        beat = watch.next()
        self.assertEqual((beat.heartbeat, beat.revision), (True, before.revision))
        # With room it goes on by itself; the watch gets the next revision.
        self.disk.free(self.daemon)
        reply = self.taken_again()
        self.assertEqual(reply.revision, before.revision + 1)
        self.assertTrue(self.info().writable)
        while not (message := watch.next()).revision == reply.revision:
            self.assertTrue(message.heartbeat)
        # The change that was refused was not made, and is made under its key now.
        again = self.apply("filler", "filler %d" % taken, key="filler%d" % taken)
        self.assertFalse(again.duplicate)
        state = self.info()
        self.daemon.kill()
        self.daemon.start()
        self.client = self.daemon.client(unix=True)
        self.assertEqual((self.info().state_hash, self.info().chain), (state.state_hash, state.chain))

    def test_nothing_acknowledged_is_lost_under_load(self):
        ledger, times = Ledger(), []
        for round_ in range(3):
            clients = Clients(self.daemon, ledger, 40 + round_, again=0.2, wholes=0.05, resume=0.5)
            time.sleep(0.7)
            self.disk.fill(self.daemon)
            # Small changes fit into what there is for a while.
            until = time.monotonic() + 20
            while self.info().writable and time.monotonic() < until:
                self.refused()
            before = ledger.acknowledged()
            time.sleep(1.5)
            self.disk.free(self.daemon)
            began = time.monotonic()
            self.taken_again()
            times.append(time.monotonic() - began)
            time.sleep(0.7)
            self.assertGreater(ledger.acknowledged(), before)
            clients.stop.set()
            self.daemon._close_clients()
            clients.end()
            self.client = self.daemon.client(unix=True)
            if round_ == 1:
                self.daemon.kill()
                self.daemon.start()
                self.client = self.daemon.client(unix=True)
        resolve(self.daemon, ledger)
        read_log(self.client, ledger)
        self.assertEqual(shown(self.client), folded(ledger.log))
        list(self.client.stream("Admin.Verify", pb.admin.VerifyRequest()))
        self.assertEqual(ledger.check()[:20], [])
        print(f"acknowledged={ledger.acknowledged()} unknown={sum(1 for w in ledger.writes if w.revision is None and not w.refused)} "
              f"log={len(ledger.log)} seconds until it went on: {' '.join('%.1f' % t for t in times)}")
        self.assertLess(max(times), 10)

    def test_the_tables_follow_when_there_is_room(self):
        self.disk.fill(self.daemon)
        self.refused()
        self.disk.free(self.daemon)
        revision = self.taken_again().revision
        until = time.monotonic() + 30
        while self.info().tables_revision < revision:
            self.assertLess(time.monotonic(), until, "the tables do not follow")
            time.sleep(0.1)


class FullFileSystem(FullDisk):
    make = staticmethod(small_disk)

    def test_a_start_without_room_says_so_or_reads(self):
        """With no byte left the daemon starts and answers reads, or says that the disk is full; nothing is lost either way."""
        self.apply("first", "first")
        state = self.info()
        self.daemon.kill()
        self.disk.fill(self.daemon)
        try:
            self.daemon.start()
            self.client = self.daemon.client(unix=True)
            self.assertEqual(self.info().state_hash, state.state_hash)
        except RuntimeError as error:
            self.assertRegex(str(error), "full|No space left|no room")
        self.daemon.kill()
        self.disk.free(self.daemon)
        self.daemon.start()
        self.client = self.daemon.client(unix=True)
        self.assertEqual((self.info().state_hash, self.info().chain), (state.state_hash, state.chain))
        self.apply("second", "second")


if __name__ == "__main__":
    unittest.main()
