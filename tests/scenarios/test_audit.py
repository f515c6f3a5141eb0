"""The audit file, from outside: who is in it, that it survives being killed, and that plumb tells what was done to it."""
import json
import os
import signal
import subprocess
import tempfile
import time
import unittest

from plumbrpc import Daemon, RpcError, binary, pb

CLOCK = "=2026-03-31T09:00:00Z"


class Audit(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.data = os.path.join(self.folder.name, "data")
        self.path = os.path.join(self.data, "audit.log")
        self.daemon = None

    def start(self, args=(), **options):
        self.daemon = Daemon(data=self.data, clock=CLOCK, args=args, **options)
        self.addCleanup(self.daemon.close)
        self.client = self.daemon.client()

    def stop(self):
        self.client.close()
        self.daemon.terminate()

    def lines(self, path=None):
        with open(path or self.path) as file:
            return [json.loads(line) for line in file]

    def wait_for(self, event, times=1):
        """The last line of that event, when it has happened so often; what is queued is written within a moment."""
        for _ in range(600):
            found = [line for line in self.lines() if line["event"] == event]
            if sum(line.get("times", 1) for line in found) >= times:
                return found[-1]
            time.sleep(0.05)
        self.fail("no line tells of '%s': %s" % (event, [line["event"] for line in self.lines()]))

    def plumb(self, *args):
        return subprocess.run([binary("plumb"), "--server", self.daemon.tcp, "admin", "audit", *args], capture_output=True,
                              text=True, timeout=60)

    def test_start_and_stop(self):
        self.start()
        self.stop()
        lines = self.lines()
        self.assertEqual([line["event"] for line in lines], ["start", "stop"])
        self.assertEqual([line["sequence"] for line in lines], [1, 2])
        self.assertEqual({line["who"] for line in lines}, {"plumbd"})
        self.assertEqual(lines[0]["time"], "2026-03-31T09:00:00Z")
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o600)
        self.start()
        self.stop()
        self.assertEqual([line["sequence"] for line in self.lines()], [1, 2, 3, 4])

    def test_what_is_recorded(self):
        self.start()
        item = pb.item.Item(id="grow", title="Grow", goal=pb.item.Goal())
        change_set = pb.plan.ChangeSet(changes=[pb.plan.Change(put=pb.plan.Put(item=item))])
        self.client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=change_set))
        list(self.client.stream("Plan.Export", pb.plan.ExportRequest()))
        line = self.wait_for("export")
        self.assertEqual((line["about"], line["outcome"]), ("main", "ok"))
        self.assertTrue(line["from"].startswith("tcp:127.0.0.1:"), line)
        self.client.call("Plan.History", pb.plan.HistoryRequest())
        self.wait_for("history")
        self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="acme", title="Acme"))
        self.assertEqual(self.wait_for("workspace-create")["about"], "workspace/acme")
        watch = self.client.stream("Plan.Watch", pb.plan.WatchRequest(from_revision=1))
        watch.next()
        self.assertEqual(self.wait_for("watch")["about"], "main")
        # A filter that lets everything through is no way around it.
        watch = self.client.stream("Plan.Watch", pb.plan.WatchRequest(from_revision=1, filter="kind:vision,goal"))
        watch.next()
        self.assertEqual(self.wait_for("watch", 2)["about"], "main kind:vision,goal")
        events = [line["event"] for line in self.lines()]
        # One thing's history, a list of one and a change are everyday.
        self.client.call("Plan.History", pb.plan.HistoryRequest(ref="goal/grow"))
        self.client.call("Plan.List", pb.plan.ListRequest())
        self.client.call("Plan.Get", pb.plan.GetRequest(ref="goal/grow"))
        self.client.call("Signal.Signals", pb.signal.SignalsRequest())
        os.kill(self.daemon.process.pid, signal.SIGHUP)
        self.wait_for("reload")
        self.assertEqual([line["event"] for line in self.lines()], events + ["reload"])

    def test_nothing_that_a_terminal_obeys(self):
        """Nor a line of somebody's own: ESC, CSI as a character of C1 (two bytes), DEL and a new line are none in the file."""
        self.start()
        path = "/nowhere/\x1b[31m\u009b31m\x7f\n{\"sequence\":9}"
        try:
            self.daemon.client(unix=True).call("Admin.Backup", pb.admin.BackupRequest(path=path))
        except RpcError:
            pass
        self.assertEqual(self.wait_for("backup")["about"], "/nowhere/\x1b[31m??31m?\n{\"sequence\":9}")
        with open(self.path, "rb") as file:
            text = file.read()
        self.assertEqual(text.count(b"\n"), len(self.lines()))
        for byte in (b"\x1b", b"\xc2\x9b", b"\x7f"):
            self.assertNotIn(byte, text)

    def test_in_confidence(self):
        """A pulse leaves no line, taken or refused."""
        self.start()
        for about in ("team/support", "", "goal/none"):
            try:
                self.client.call("Signal.Pulse", pb.signal.PulseRequest(kind=1, about=about))
            except RpcError:
                pass
        self.stop()
        with open(self.path) as file:
            text = file.read()
        self.assertNotIn("ulse", text)
        self.assertNotIn("support", text)
        self.assertEqual([line["event"] for line in self.lines()], ["start", "stop"])

    def test_off_and_in_memory(self):
        self.start(args=("--audit", "no"))
        result = self.plumb()
        self.assertEqual(result.returncode, 3)
        self.assertIn("writes no audit file", result.stderr)
        self.stop()
        self.assertFalse(os.path.exists(self.path))

    def test_list(self):
        self.start()
        for count in range(1, 4):
            list(self.client.stream("Plan.Export", pb.plan.ExportRequest()))
            self.wait_for("export", times=count)
        result = self.plumb("--event", "export", "-o", "csv")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout.splitlines()[0], "line,time,event,who,from,about,outcome,times")
        rows = sum(int(row.rpartition(",")[2]) for row in result.stdout.splitlines()[1:])
        self.assertEqual(rows, 3)
        self.assertEqual(json.loads(self.plumb("--event", "start", "-o", "json").stdout)[0]["about"][:7], "plumbd ")
        self.assertEqual(json.loads(self.plumb("--since", "2026-04-01", "-o", "json").stdout), [])
        self.assertEqual(len(json.loads(self.plumb("--limit", "1", "-o", "json").stdout)), 1)
        self.assertIn("export", self.plumb().stdout)
        self.assertEqual(self.plumb("--since", "yesterday-ish").returncode, 3)
        self.assertEqual(self.plumb("--limit", "0").returncode, 2)

    def test_list_on_a_terminal(self):
        """Each line says who was refused what, whole, in 80 columns; which List it was stands there as well."""
        self.start()
        reader = self.client.call("Access.CreateToken", pb.access.CreateTokenRequest(
            subject="person/maximiliane-oberhauser", role=1))
        refused = self.daemon.client(token=reader.secret)
        with self.assertRaises(RpcError):
            refused.call("Webhooks.List", pb.webhook.ListWebhooksRequest())
        self.assertEqual(self.wait_for("refused")["about"], "Webhooks.List")
        shown = self.plumb().stdout.splitlines()
        self.assertLessEqual(max(len(line) for line in shown), 80)
        # Wrapped, never cut: "oberhauser  PERMISSION_DENIED" is the row's second line.
        self.assertRegex("\n".join(shown), r"person/maximiliane- +refused Webhooks.List:\n +oberhauser +PERMISSION_DENIED")

    def test_page_size(self):
        self.start()
        self.client.call("Audit.List", pb.audit.ListAuditRequest(page_size=1000))
        with self.assertRaises(RpcError) as caught:
            self.client.call("Audit.List", pb.audit.ListAuditRequest(page_size=1001))
        self.assertEqual(caught.exception.code, 3)

    def prepared(self):
        """A stopped daemon's file of several lines: start, stop, and so on."""
        for _ in range(3):
            self.start()
            self.stop()
        with open(self.path, "rb") as file:
            return file.read()

    def verify(self, *args):
        self.start()
        result = self.plumb("--verify", *args)
        self.stop()
        return result

    def write(self, data):
        with open(self.path, "wb") as file:
            file.write(data)

    def test_whole(self):
        self.prepared()
        result = self.verify()
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("The audit file is whole", result.stdout)

    def test_changed(self):
        data = self.prepared()
        self.write(data.replace(b'"stop"', b'"stoq"', 1))
        result = self.verify()
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("audit.log:2: line 2: its hash is not that of its text", result.stdout)
        self.assertIn("the audit file is not what was written", result.stderr)

    def test_line_taken_out(self):
        data = self.prepared().splitlines(True)
        self.write(b"".join(data[:2] + data[3:]))
        result = self.verify()
        self.assertEqual(result.returncode, 1)
        self.assertIn("audit.log:3: line 4: lines 3 to 3 are missing", result.stdout)

    def test_end_cut_off(self):
        """Of a file that is whole in itself: the log knows better, and the start tells."""
        data = self.prepared().splitlines(True)
        self.write(b"".join(data[:4]))
        result = self.verify()
        self.assertEqual(result.returncode, 1)
        self.assertIn("lines 5 to 6 are missing before it", result.stdout)
        missing = self.wait_for("missing")
        self.assertEqual(missing["sequence"], 7)
        self.assertIn("lines 5 to 6", missing["outcome"])

    def test_cut_off_under_a_running_daemon(self):
        """The end that the daemon itself has in mind is missed, too."""
        self.start()
        self.wait_for("start")
        list(self.client.stream("Plan.Export", pb.plan.ExportRequest()))
        self.wait_for("export")
        with open(self.path, "rb") as file:
            data = file.read().splitlines(True)
        os.truncate(self.path, sum(map(len, data[:-1])))
        result = self.plumb("--verify")
        self.assertEqual(result.returncode, 1)
        self.assertIn("its end was cut off", result.stdout)

    def test_gone(self):
        self.prepared()
        os.unlink(self.path)
        result = self.verify()
        self.assertEqual(result.returncode, 1)
        self.assertIn("lines 1 to 6 are missing", result.stdout)
        result = self.verify("--first", "7")
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_killed(self):
        """Nothing that was written is lost, the chain goes on, and half a line is put aside."""
        self.start()
        list(self.client.stream("Plan.Export", pb.plan.ExportRequest()))
        self.wait_for("export")
        self.client.close()
        self.daemon.kill()
        with open(self.path, "ab") as file:
            file.write(b'{"sequence":3,"time":"2026-')
        self.start()
        torn = self.wait_for("torn")
        self.assertEqual(torn["sequence"], 3)
        self.assertIn("27 bytes", torn["outcome"])
        with open(os.path.join(self.data, "audit.aside-3")) as file:
            self.assertEqual(file.read(), '{"sequence":3,"time":"2026-')
        self.assertEqual(self.plumb("--verify").returncode, 0)


if __name__ == "__main__":
    unittest.main()
