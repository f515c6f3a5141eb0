"""The life of a daemon: start, the ready line, the clock, who is who, calls in flight at SIGTERM, and starting again."""
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import plumbrpc as p
from plumbrpc import Client, ConnectionLost, Daemon, RpcError, binary, pb


def put(item_id, **fields):
    return pb.plan.Change(put=pb.plan.Put(item=pb.item.Item(id=item_id, goal=pb.item.Goal(), **fields)))


def apply(client, *changes, **fields):
    return client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=changes, **fields)))


def info(client, **fields):
    return client.call("Admin.Info", pb.admin.InfoRequest(workspace="main", **fields))


class Start(unittest.TestCase):
    def test_the_ready_line_names_every_address_and_each_answers(self):
        with tempfile.TemporaryDirectory() as folder:
            process = subprocess.Popen(
                [binary(), "--data", folder + "/here", "--listen", "tcp:127.0.0.1:0", "--listen", "tcp:127.0.0.1:0",
                 "--listen", "unix:%s/s" % folder, "--anonymous", "admin"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True)
            self.addCleanup(process.stdout.close)
            self.addCleanup(process.stderr.close)
            line = process.stdout.readline()
            self.assertRegex(line, r"^plumbd ready tcp:127\.0\.0\.1:\d+ tcp:127\.0\.0\.1:\d+ unix:%s/s\n$" % re.escape(folder))
            for address in line.split()[2:]:
                with Client(address) as client:
                    self.assertEqual(client.call("Admin.Info", pb.admin.InfoRequest()).data_directory, folder + "/here")
            # Nobody else may read what is in there.
            self.assertEqual(os.stat(folder + "/here/log.db").st_mode & 0o777, 0o600)
            self.assertEqual(os.stat(folder + "/s").st_mode & 0o007, 0)
            process.terminate()
            self.assertEqual(process.wait(30), 0)
            self.assertFalse(os.path.exists(folder + "/s"))

    def test_sigterm_before_it_is_ready(self):
        """Whenever it comes, the daemon ends in good order, and the next one starts."""
        with tempfile.TemporaryDirectory() as folder:
            for wait in (0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2):
                process = subprocess.Popen([binary(), "--data", folder + "/d", "--listen", "unix:%s/s" % folder],
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                time.sleep(wait)
                process.terminate()
                out, err = process.communicate(timeout=30)
                # Before main() has said otherwise the signal does what it does by default.
                self.assertIn(process.returncode, (0, -signal.SIGTERM), err)
            with Daemon(data=folder + "/d") as daemon:
                apply(daemon.client(), put("a"))

    def test_the_log_speaks_of_lifecycle_in_single_lines(self):
        with Daemon() as daemon:
            apply(daemon.client(as_name="anna"), put("a", title="line one\nlevel=error event=forged"))
            self.assertEqual(daemon.terminate(), 0)
            lines = daemon.read_log().splitlines()
            for line in lines:
                self.assertRegex(line, r"^time=\S+Z level=(info|warn) event=\S+")
            self.assertTrue(any("event=listen address=tcp:" in line for line in lines))
            self.assertTrue(any("event=stop" in line for line in lines))
            self.assertFalse(any("forged" in line for line in lines))


class Clock(unittest.TestCase):
    def test_it_starts_where_it_is_told_and_runs_on(self):
        with Daemon(clock="2026-03-31T09:00:00Z") as daemon:
            client = daemon.client()
            first = info(client).now
            self.assertRegex(first, r"^2026-03-31T09:0[01]:")
            time.sleep(1.1)
            self.assertGreater(info(client).now, first)
            self.assertEqual(info(client).today, "2026-03-31")

    def test_it_stands_still_and_the_past_stays_in_order(self):
        with Daemon(clock="=2026-03-31T09:00:00Z") as daemon:
            self.assertEqual(apply(daemon.client(), put("a")).time, "2026-03-31T09:00:00Z")
            self.assertEqual(info(daemon.client()).now, "2026-03-31T09:00:00Z")
            daemon.terminate()
            # A clock that was set back: what comes later never counts from before what came first.
            daemon.clock = "=2026-01-01T00:00:00Z"
            daemon.start()
            self.assertEqual(apply(daemon.client(), put("b")).time, "2026-03-31T09:00:00Z")
            history = daemon.client().call("Plan.History", pb.plan.HistoryRequest())
            self.assertEqual([(e.revision, e.time) for e in history.entries],
                             [(2, "2026-03-31T09:00:00Z"), (1, "2026-03-31T09:00:00Z")])
            with self.assertRaises(RpcError) as caught:
                apply(daemon.client(), put("c"), effective="2026-01-01")
            self.assertIn("lies before the last change, which is of 2026-03-31T09:00:00Z", caught.exception.message)

    def test_today_is_the_workspaces(self):
        with Daemon(memory=True, clock="=2026-03-31T23:30:00Z") as daemon:
            client = daemon.client()
            client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="zh", time_zone="Europe/Zurich"))
            self.assertEqual(info(client).today, "2026-03-31")
            self.assertEqual(client.call("Admin.Info", pb.admin.InfoRequest(workspace="zh")).today, "2026-04-01")


class People(unittest.TestCase):
    """Who is behind a user id of this machine stands in plumbd.conf."""

    def conf(self, text):
        conf = tempfile.NamedTemporaryFile("w", suffix=".conf")
        self.addCleanup(conf.close)
        conf.write(text)
        conf.flush()
        return conf.name

    def author(self, client):
        apply(client, put("x", title=str(time.monotonic())))
        return client.call("Plan.History", pb.plan.HistoryRequest(page_size=1)).entries[0].author

    def test_a_user_that_is_mapped_is_that_person(self):
        with Daemon(args=["--config", self.conf("[people]\n%d = person/anna\n" % os.getuid())]) as daemon:
            self.assertEqual(self.author(daemon.client(unix=True)), "person/anna")
            self.assertEqual(self.author(daemon.client(unix=True, as_name="anna")), "person/anna")
            # The daemon's own user is an administrator, who may act as others, and is named beside them.
            self.assertEqual(self.author(daemon.client(unix=True, as_name="ben")), "person/anna as person/ben")
            # Over TCP nobody can know.
            self.assertEqual(self.author(daemon.client(as_name="anna")), "unverified:person/anna")
            self.assertEqual(self.author(daemon.client()), "unverified")

    def test_a_user_that_is_not_mapped_may_say_a_name_beside_the_number(self):
        with Daemon(args=["--config", self.conf("[people]\n%d = person/anna\n" % (os.getuid() + 1))]) as daemon:
            self.assertEqual(self.author(daemon.client(unix=True)), "uid:%d" % os.getuid())
            self.assertEqual(self.author(daemon.client(unix=True, as_name="ben")), "uid:%d as person/ben" % os.getuid())

    def test_the_client_is_known_the_same_way(self):
        with Daemon(args=["--config", self.conf("[people]\n%d = person/anna\n" % os.getuid())]) as daemon:
            done = subprocess.run([binary("plumb"), "--server", daemon.unix, "info"], capture_output=True, text=True, timeout=60)
            self.assertIn("person/anna", done.stdout)
            done = subprocess.run([binary("plumb"), "--server", daemon.unix, "--as", "ben", "info"], capture_output=True,
                                  text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("person/anna as person/ben", done.stdout)


class Stop(unittest.TestCase):
    def test_calls_in_flight_at_sigterm_have_their_end(self):
        """Of every call there is one end: its answer, UNAVAILABLE, or the connection's. What was acknowledged is there."""
        with Daemon() as daemon:
            client = daemon.client(unix=True)
            for i in range(20):
                apply(client, *[put("g%d-%d" % (i, j), title="t" * 300) for j in range(100)])
            for round_ in range(3):
                clients = [daemon.client(unix=n % 2 == 0) for n in range(6)]
                watch = clients[0].stream("Plan.Watch", pb.plan.WatchRequest(from_revision=1))
                pending = [(c.start("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(
                    changes=[put("r%d-%d-%d" % (round_, n, i))])), timeout=20), "r%d-%d-%d" % (round_, n, i))
                    for n, c in enumerate(clients) for i in range(30)]
                checks = [c.stream("Insight.Check", pb.insight.CheckRequest(), timeout=20) for c in clients]
                if round_:
                    time.sleep(0.005 * round_)
                daemon.process.terminate()
                began = time.monotonic()
                taken, ends = [], {}
                for call, name in pending:
                    try:
                        call.result(20)
                        taken.append(name)
                        end = "answered"
                    except RpcError as error:
                        self.assertEqual(error.code, p.UNAVAILABLE, error.message)
                        self.assertIn("try again", error.message)
                        end = "unavailable"
                    except ConnectionLost:
                        end = "lost"
                    ends[end] = ends.get(end, 0) + 1
                for check in checks:
                    try:
                        list(check)
                    except RpcError as error:
                        self.assertEqual(error.code, p.UNAVAILABLE, error.message)
                    except ConnectionLost:
                        pass
                with self.assertRaises((RpcError, ConnectionLost)):
                    list(watch)
                self.assertEqual(daemon.process.wait(20), 0, daemon.read_log()[-3000:])
                self.assertLess(time.monotonic() - began, 15)
                daemon._close_clients()
                daemon.start()
                client = daemon.client(unix=True)
                for name in taken:
                    client.call("Plan.Get", pb.plan.GetRequest(ref="goal/" + name))
                print("round %d: %s" % (round_, ends))

    def test_new_calls_and_connections_while_it_drains(self):
        with Daemon(args=["--drain-ms", "1500"]) as daemon:
            client = daemon.client(unix=True)
            held = p.connect(daemon.unix)
            held.sendall(p.frame(1, p.REQUEST, 0, p.request_body("Admin.Ping", b""))[:-1])  # half a request holds it up
            client.ping()
            daemon.process.terminate()
            until = time.monotonic() + 5
            while client.goaway is None and time.monotonic() < until:
                time.sleep(0.01)
            self.assertEqual(client.goaway[1:], (p.UNAVAILABLE, "the daemon is stopping"))
            try:
                apply(client, put("late"))
                self.fail("a change was taken after the end was announced")
            except RpcError as error:
                self.assertEqual(error.code, p.UNAVAILABLE)
            except ConnectionLost:
                pass
            done = subprocess.run([binary("plumb"), "--server", daemon.unix, "info"], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 3, done.stdout)
            self.assertRegex(done.stderr, "cannot reach plumbd|stopping")
            self.assertEqual(daemon.process.wait(20), 0)
            held.close()

    def test_the_second_signal_does_not_wait(self):
        with Daemon(memory=True, args=["--drain-ms", "60000"]) as daemon:
            held = p.connect(daemon.tcp)
            held.sendall(p.frame(1, p.REQUEST, 0, p.request_body("Admin.Ping", b""))[:-1])
            time.sleep(0.2)
            daemon.process.terminate()
            time.sleep(0.3)
            self.assertIsNone(daemon.process.poll())
            daemon.process.send_signal(signal.SIGINT)
            self.assertEqual(daemon.process.wait(10), 0)
            held.close()


class Again(unittest.TestCase):
    def test_a_large_plan_starts_from_its_snapshot_with_the_same_state(self):
        with Daemon() as daemon:
            client = daemon.client(unix=True)
            for i in range(40):
                apply(client, *[put("g%d-%d" % (i, j), title="t" * 100) for j in range(500)])
            before = info(client, state_hash=True)
            self.assertEqual(daemon.terminate(), 0)
            began = time.monotonic()
            daemon.start()
            with_snapshot = time.monotonic() - began
            after = info(daemon.client(), state_hash=True)
            self.assertEqual((after.state_hash, after.chain, after.items), (before.state_hash, before.chain, 20000))
            self.assertEqual(after.snapshot_revision, before.revision)
            print("20,000 items: ready after %.2f s" % with_snapshot)
            # Without it, from the log; the same, and a killed daemon left nothing behind that is in the way.
            daemon.kill()
            for folder, _, names in os.walk(daemon.data):
                for name in names:
                    if "snap" in name:
                        os.unlink(os.path.join(folder, name))
            daemon.start()
            after = info(daemon.client(), state_hash=True)
            self.assertEqual((after.state_hash, after.chain, after.snapshot_revision), (before.state_hash, before.chain, 0))

    def test_stopped_and_started_again_and_again(self):
        with Daemon() as daemon:
            for i in range(10):
                apply(daemon.client(unix=i % 2 == 0), put("g%d" % i))
                self.assertEqual(daemon.terminate(), 0)
                daemon.start()
            listed = daemon.client().call("Plan.List", pb.plan.ListRequest(filter="kind:goal"))
            self.assertEqual((listed.total, listed.revision), (10, 10))

    def test_clients_that_are_gone_leave_nothing_behind(self):
        """Hundreds of connections that vanish in the middle of calls: the daemon is as it was."""
        with Daemon(memory=True) as daemon:
            client = daemon.client()
            apply(client, *[put("g%d" % i, title="t" * 200) for i in range(2000)])

            def vanish(n):
                for _ in range(40):
                    other = Client(daemon.unix if n % 2 else daemon.tcp)
                    other.start("Plan.List", pb.plan.ListRequest())
                    other.stream("Plan.Export", pb.plan.ExportRequest())
                    other.stream("Plan.Watch", pb.plan.WatchRequest(from_revision=1))
                    other.start("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=[put("v%d" % n)])))
                    other.close()
            threads = [threading.Thread(target=vanish, args=(n,)) for n in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            until = time.monotonic() + 20
            while client.call("Admin.Info", pb.admin.InfoRequest()).connections > 1:
                self.assertLess(time.monotonic(), until, "connections are left")
                time.sleep(0.05)
            self.assertLess(len(os.listdir("/proc/%d/fd" % daemon.process.pid)), 40)
            self.assertEqual(daemon.terminate(), 0)


if __name__ == "__main__":
    unittest.main()
