"""What docs/OPERATIONS.md and the man pages promise to whoever runs the daemon."""
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

from plumbrpc import ROOT, UNAVAILABLE, Daemon, RpcError, binary, pb


class OperationsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="plumb-ops-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def plumbd(self, *args):
        return subprocess.run([binary(), *args], capture_output=True, text=True, timeout=60, cwd=self.folder)

    def config(self, text):
        path = self.path("plumbd.conf")
        with open(path, "w") as out:
            out.write(text)
        return path

    def refused(self, code, words, *args):
        done = self.plumbd(*args)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertIn(words, done.stderr)

    def test_the_socket_is_for_owner_and_group_whatever_the_umask(self):
        before = os.umask(0o077)
        self.addCleanup(os.umask, before)
        with Daemon(memory=True) as daemon:
            self.assertEqual(stat.S_IMODE(os.stat(daemon.socket_path).st_mode), 0o660)

    def test_the_data_directory_is_for_its_owner_only(self):
        with Daemon(data=self.path("data")) as daemon:
            self.assertEqual(stat.S_IMODE(os.stat(daemon.data).st_mode), 0o700)
            self.assertEqual(stat.S_IMODE(os.stat(self.path("data/log.db")).st_mode), 0o600)
            # The default socket, where no address is stated, lies in it.
            with open(self.path("data/lock")) as lock:
                self.assertEqual(int(lock.read()), daemon.process.pid)

    def test_one_directory_has_one_daemon(self):
        with Daemon(data=self.path("data")) as daemon:
            self.refused(1, "another plumbd (pid %d) holds" % daemon.process.pid, "--data", daemon.data,
                         "--listen", "tcp:127.0.0.1:0")
            self.refused(3, "in use by another process", "--restore", self.path("data/log.db"), "--data",
                         self.path("new"))

    def test_people_are_known_by_their_user_id(self):
        config = self.config("# a comment\n[plumbd]\nlog_level = warn ; as wanted\n\n[people]\n%d = person/anna\n"
                             % os.getuid())
        with Daemon(memory=True, args=["--config", config]) as daemon:
            info = daemon.client(unix=True).call("Admin.Info", pb.admin.InfoRequest())
            self.assertEqual(info.caller, "person/anna")
            # The daemon's own user may act as others.
            self.assertEqual(daemon.client(unix=True, as_name="bo").call("Admin.Info", pb.admin.InfoRequest()).caller,
                             "person/anna as person/bo")
            self.assertEqual(daemon.client(as_name="bo").call("Admin.Info", pb.admin.InfoRequest()).caller,
                             "unverified:person/bo")
            self.assertEqual(daemon.read_log(), "")

    def test_faults_of_the_configuration_are_told_by_file_and_line(self):
        for line, words in (("colour = red", "setting 'colour' is not known"), ("memory = maybe", "neither yes nor no"),
                            ("drain_ms = 600001", "is no number from 0 to 600000"), ("listen = here", "listen: "),
                            ("clock = today", "is no time"), ("just text", "neither [section]"),
                            ("restore = b.db", "setting 'restore' is not known")):
            config = self.config("[plumbd]\n" + line + "\n")
            done = self.plumbd("--config", config, "--data", self.path("x"))
            self.assertEqual(done.returncode, 2, line)
            self.assertIn("plumbd.conf:2: ", done.stderr, line)
            self.assertIn(words, done.stderr, line)
        self.refused(2, "[person] is not known", "--config", self.config("[person]\n1 = person/anna\n"), "--memory")
        self.refused(2, "no person: person/anna", "--config", self.config("[people]\n1 = Anna B\n"), "--memory")
        self.refused(2, "is given twice", "--config", self.config("[people]\n1 = anna\n1 = bo\n"), "--memory")
        self.refused(2, "none.conf", "--config", self.path("none.conf"), "--memory")

    def test_faults_of_the_command_line(self):
        self.refused(2, "say either --data DIR or --memory")
        self.refused(2, "say either --data DIR or --memory", "--memory", "--data", "x")
        self.refused(2, "--colour is not known", "--memory", "--colour")
        self.refused(2, "needs a value", "--data")
        self.refused(2, "'x' is no option", "--memory", "x")
        self.refused(2, "other machines reach that address", "--memory", "--listen", "tcp:0.0.0.0:0")
        self.assertEqual(self.plumbd("--version").stdout, "plumbd 0.1.0\n")

    def test_an_address_in_use_is_named(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = "tcp:127.0.0.1:%d" % taken.getsockname()[1]
            self.refused(1, address, "--memory", "--listen", address)

    def test_the_example_configuration_is_read_but_for_its_places(self):
        with open(os.path.join(ROOT, "deploy", "plumbd.conf")) as file:
            text = file.read()
        # Every setting that is commented out is taken, too.
        text = "\n".join(line[1:] if line.startswith("#") and " = " in line and "plumbd --config" not in line else line
                         for line in text.splitlines())
        text = text.replace("/var/lib/plumbline", self.path("data")).replace("/run/plumbline", self.folder)
        text = text.replace("/etc/plumbline", self.folder).replace(":7411", ":0")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", self.path("server.key"), "-out", self.path("server.pem"), "-subj", "/CN=localhost",
                        "-days", "30"], check=True, stderr=subprocess.DEVNULL)
        shutil.copy(self.path("server.pem"), self.path("ca.pem"))
        process = subprocess.Popen([binary(), "--config", self.config(text)], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        line = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
        self.assertIn("unix:" + self.path("plumbd.sock"), line, log)
        self.assertEqual(process.returncode, 0)

    def test_the_service_manager_is_told(self):
        path = self.path("notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(30)
            with Daemon(memory=True, env={"NOTIFY_SOCKET": path}) as daemon:
                self.assertEqual(manager.recv(100), b"READY=1")
                self.assertEqual(daemon.terminate(), 0)
                self.assertEqual(manager.recv(100), b"STOPPING=1")

    def test_stopping_ends_watches_with_the_place_to_resume(self):
        with Daemon(data=self.path("data")) as daemon:
            client = daemon.client(unix=True)
            change = pb.plan.Change(put=pb.plan.Put(item=pb.item.Item(id="g", goal=pb.item.Goal())))
            revision = client.call("Plan.Apply", pb.plan.ApplyRequest(
                change_set=pb.plan.ChangeSet(changes=[change]))).revision
            with client.stream("Plan.Watch", pb.plan.WatchRequest(from_revision=1)) as watch:
                watch.next()
                daemon.process.send_signal(signal.SIGTERM)
                with self.assertRaises(RpcError) as caught:
                    while watch.next() is not None:
                        pass
            self.assertEqual((caught.exception.code, caught.exception.resume_from), (UNAVAILABLE, revision + 1))
            self.assertEqual(daemon.process.wait(30), 0)
            # What is left: no write-ahead log, and a snapshot of each workspace.
            self.assertNotIn("log.db-wal", os.listdir(daemon.data))
            # The system workspace has revisions of its own: workspaces, tokens, anchors.
            self.assertRegex(" ".join(sorted(os.listdir(os.path.join(daemon.data, "snapshots")))),
                             r"^1-\d+\.snap 2-%d\.snap$" % revision)

    def test_the_clock_starts_where_it_is_told_and_stands_still_with_an_equals_sign(self):
        for clock, moves in (("2026-03-31T09:00:00Z", True), ("=2026-03-31T09:00:00Z", False)):
            with Daemon(memory=True, clock=clock) as daemon:
                client = daemon.client()
                first = client.call("Admin.Info", pb.admin.InfoRequest(workspace="main"))
                second = client.call("Admin.Info", pb.admin.InfoRequest(workspace="main"))
                self.assertTrue(first.now.startswith("2026-03-31T09:0"), first.now)
                self.assertEqual(first.now != second.now, moves)
                self.assertEqual(first.today, "2026-03-31")

    def test_info_is_there_for_monitoring(self):
        with Daemon(data=self.path("data")) as daemon:
            done = subprocess.run([binary("plumb"), "--server", daemon.unix, "info", "-o", "json"], capture_output=True,
                                  text=True, timeout=60)
            info = json.loads(done.stdout)
            self.assertEqual((info["version"], info["writable"], info["workspaces"]), ("0.1.0", True, 1))
        done = subprocess.run([binary("plumb"), "--server", daemon.unix, "ping"], capture_output=True, text=True,
                              timeout=60)
        self.assertEqual(done.returncode, 3)

    def test_deleting_what_can_be_made_anew_loses_nothing(self):
        with Daemon(data=self.path("data")) as daemon:
            change = pb.plan.Change(put=pb.plan.Put(item=pb.item.Item(id="g", goal=pb.item.Goal())))
            daemon.client().call("Plan.Apply", pb.plan.ApplyRequest(
                change_set=pb.plan.ChangeSet(changes=[change])))
            ask = pb.admin.InfoRequest(workspace="main", state_hash=True)
            before = daemon.client().call("Admin.Info", ask).state_hash
            self.assertEqual(daemon.terminate(), 0)
            for name in os.listdir(daemon.data):
                if name != "log.db":
                    path = os.path.join(daemon.data, name)
                    shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
            daemon.start()
            self.assertEqual(daemon.client().call("Admin.Info", ask).state_hash, before)


if __name__ == "__main__":
    unittest.main()
