"""Pulses and signals, from outside: who counts, what is published, what stays, and that nothing of it is in the plan.

Weeks: 2026-W12 (from 16 March) to W15 (to 12 April) are one stretch of four (2,932 to 2,935 counted from 5 January 1970);
W16 begins the next one.
"""
import os
import sqlite3
import subprocess
import tempfile
import unittest

from plumbrpc import Daemon, RpcError, binary, pb

MONDAY = "=2026-03-23T09:00:00Z"  # of W13
SUNDAY = "=2026-04-12T23:00:00Z"  # of W15: the stretch is not over yet
AFTER = "=2026-04-13T09:00:00Z"  # Monday of W16
LATER = "=2026-05-18T09:00:00Z"  # Monday of W21: the next stretch is over, too
KIND = {"priorities": 1, "no-help": 2, "too-much": 3, "dropped": 4, "other": 5}


class Signals(unittest.TestCase):
    people = 12

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.data = os.path.join(self.folder.name, "data")
        self.daemon = None
        self.at(MONDAY)
        self.plan(self.people)

    def at(self, clock, args=("--log-level", "debug")):
        """The daemon, at another time."""
        if self.daemon is not None:
            self.daemon.terminate()
        self.daemon = Daemon(data=self.data, clock=clock, args=args)
        self.addCleanup(self.daemon.close)

    def apply(self, *changes, **options):
        client = self.daemon.client()
        return client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=changes), **options))

    def put(self, **item):
        return pb.plan.Change(put=pb.plan.Put(item=pb.item.Item(**item)))

    def plan(self, people):
        items = [self.put(id="support", title="Support", team=pb.item.Team(lead="p0")),
                 self.put(id="sales", title="Sales", team=pb.item.Team(lead="p1")),
                 self.put(id="grow", title="Grow", objective=pb.item.Objective(team="support"))]
        items += [self.put(id="p%d" % i, title="Person number %d" % i, person=pb.item.Person(team="support")) for i in range(people)]
        self.apply(*items)

    def pulse(self, person, kind="too-much", about="team/support"):
        client = self.daemon.client(as_name="person/" + person if person else "")
        try:
            return client.call("Signal.Pulse", pb.signal.PulseRequest(kind=KIND[kind], about=about))
        finally:
            client.close()

    def signals(self, **request):
        return self.daemon.client().call("Signal.Signals", pb.signal.SignalsRequest(**request))

    def published(self, **request):
        return [(c.kind, c.about, c.people, getattr(c, "from"), c.to) for c in self.signals(**request).clusters]

    def refused(self, code, *args):
        with self.assertRaises(RpcError) as caught:
            self.pulse(*args)
        self.assertEqual(caught.exception.code, code)
        return caught.exception.message

    def test_five_are_shown_and_four_are_not(self):
        for i in range(5):
            self.assertEqual(self.pulse("p%d" % i).week, "2026-W13")
        for i in range(4):
            self.pulse("p%d" % i, "no-help", "objective/grow")
        self.assertEqual(self.published(), [])
        self.at(SUNDAY)
        self.assertEqual(self.published(), [])
        self.at(AFTER)
        reply = self.signals()
        self.assertEqual(self.published(), [(3, "team/support", 5, "2026-W12", "2026-W15")])
        self.assertEqual(list(reply.clusters[0].teams), ["team/support"])
        # one group of four: that it is there is not told either
        self.assertEqual(reply.withheld, 0)

    def test_the_others_are_five_or_none(self):
        for i in range(8):  # of 12: the other 4 did not say so
            self.pulse("p%d" % i)
        for i in range(12):  # everybody
            self.pulse("p%d" % i, "dropped")
        for i in range(7):  # the other 5
            self.pulse("p%d" % i, "priorities", "")
        self.at(AFTER)
        self.assertEqual([(k, a, n) for k, a, n, _, _ in self.published()], [(4, "team/support", 12), (1, "", 7)])

    def test_the_same_said_again_counts_once(self):
        for i in range(4):
            self.assertFalse(self.pulse("p%d" % i).replaced)
        self.assertTrue(self.pulse("p3").replaced)
        self.at("=2026-04-06T09:00:00Z")  # another week of the stretch
        self.assertFalse(self.pulse("p3").replaced)
        self.assertTrue(self.pulse("p3").replaced)
        self.at(AFTER)
        self.assertEqual(self.published(), [])

    def test_no_question_and_no_one_more_pulse_tells_what_somebody_said(self):
        for i in range(5):
            self.pulse("p%d" % i)
        self.at(AFTER)
        weeks = ["2026-W%02d" % w for w in range(9, 22)] + ["2026-03-23", "2026-04-01", "2026-04-19", ""]
        pairs = [(a, b) for a in weeks for b in weeks]
        whole = (3, "team/support", 5, "2026-W12", "2026-W15")

        def ask_all():
            answers = {}
            for a, b in pairs:
                for about in ((), ("team/support",), ("team/sales",)):
                    try:
                        request = pb.signal.SignalsRequest(to=b, about=about)
                        setattr(request, "from", a)
                        reply = self.daemon.client_kept.call("Signal.Signals", request)
                        answers[a, b, about] = ([(c.kind, c.about, c.people, getattr(c, "from"), c.to) for c in reply.clusters],
                                                reply.withheld)
                    except RpcError as error:
                        self.assertEqual(error.code, 3)  # from after to
            return answers

        self.daemon.client_kept = self.daemon.client()
        before = ask_all()
        # whatever is asked, it is the whole stretch or nothing: there is no difference of two answers
        self.assertEqual({tuple(shown) for shown, _ in before.values()}, {(), (whole,)})
        self.assertEqual({withheld for _, withheld in before.values()}, {0})
        self.pulse("p7")  # one more, and one about something else
        self.pulse("p8", "other", "team/sales")
        self.assertEqual(ask_all(), before)

    def test_it_stays_over_a_restart_and_a_sudden_end(self):
        for i in range(4):
            self.pulse("p%d" % i)
        self.daemon.restart()
        self.pulse("p4")
        self.daemon.kill()
        self.daemon = Daemon(data=self.data, clock=AFTER)
        self.addCleanup(self.daemon.close)
        self.assertEqual([c[2] for c in self.published()], [5])
        # and in memory it goes with the daemon
        memory = Daemon(memory=True, clock=MONDAY)
        self.addCleanup(memory.close)
        self.daemon, kept = memory, self.daemon
        self.plan(5)
        self.assertEqual(self.pulse("p1").week, "2026-W13")
        self.assertTrue(self.pulse("p1").replaced)
        kept.close()

    def test_who_is_nobody_of_the_plan_and_what_is_not_there_is_refused(self):
        self.assertIn("say who you are", self.refused(7, ""))
        self.assertIn("none of them", self.refused(7, "stranger"))
        self.refused(5, "p1", "too-much", "team/none")
        self.assertIn("not about a person", self.refused(3, "p1", "too-much", "person/p2"))
        self.refused(3, "p1", "too-much", "nonsense")
        self.refused(3, "p1", "too-much", "measurement/x")
        client = self.daemon.client(as_name="person/p1")
        for kind in (0, 6):
            with self.assertRaises(RpcError) as caught:
                client.call("Signal.Pulse", pb.signal.PulseRequest(kind=kind))
            self.assertEqual(caught.exception.code, 3)
        for week in ("2026-W54", "2026-W00", "yesterday", "2026-13-01"):
            with self.assertRaises(RpcError) as caught:
                self.signals(to=week)
            self.assertEqual(caught.exception.code, 3)

    def test_nothing_of_it_is_in_the_plan_its_files_or_the_log(self):
        before = self.daemon.client().call("Admin.Info", pb.admin.InfoRequest(workspace="main")).revision
        for i in range(6):
            self.pulse("p%d" % i, "dropped", "team/sales")
        info = self.daemon.client().call("Admin.Info", pb.admin.InfoRequest(workspace="main"))
        self.assertEqual(info.revision, before)
        backup = os.path.join(self.folder.name, "backup")
        with self.daemon.client(unix=True).stream("Admin.Backup", pb.admin.BackupRequest(path=backup)) as stream:
            self.assertTrue(list(stream)[-1].done)
        with open(backup, "rb") as file:
            self.assertNotIn(b"confidential", file.read().lower())
        history = self.daemon.client().call("Plan.History", pb.plan.HistoryRequest(ref="team/sales"))
        self.assertEqual(len(history.entries), 1)  # that it was made
        export = subprocess.run([binary("plumb"), "--server", self.daemon.unix, "export"], capture_output=True, text=True, timeout=60)
        self.assertEqual(export.returncode, 0, export.stderr)
        self.assertNotIn("pulse", export.stdout.lower())
        log = self.daemon.read_log()
        self.assertNotIn("Pulse", log)
        self.daemon.wait_for_tables()
        self.daemon.terminate()
        names = sorted(os.listdir(self.data))
        self.assertIn("confidential.db", names)
        for name in ("confidential.db", "confidential.key"):
            self.assertEqual(os.stat(os.path.join(self.data, name)).st_mode & 0o777, 0o600)
        with open(os.path.join(self.data, "confidential.db"), "rb") as file:
            content = file.read()
        self.assertNotIn(b"Person number", content)
        self.assertNotIn(b"p1", content)
        self.assertIn(b"team/sales", content)
        rows = sqlite3.connect(os.path.join(self.data, "confidential.db")).execute("SELECT * FROM record").fetchall()
        self.assertEqual(len(rows), 6)
        self.assertEqual({row[1:] for row in rows}, {(2, 733, 2933, 4, "team/sales")})
        dump = "\n".join(sqlite3.connect(os.path.join(self.data, "tables.db")).iterdump())
        self.assertIn("Sales", dump)
        self.assertNotIn("pulse", dump.lower())

    def test_a_pulse_is_no_record_of_the_plan(self):
        # the kind has a number, and no body: nothing can be put or added under it
        self.assertNotIn("pulse", [field.name for field in pb.item.Record.DESCRIPTOR.fields])
        for filter in ("kind:pulse",):
            with self.assertRaises(RpcError) as caught:
                self.daemon.client().call("Plan.List", pb.plan.ListRequest(filter=filter))
            self.assertEqual(caught.exception.code, 3)
        with self.assertRaises(RpcError) as caught:
            self.daemon.client().call("Plan.Get", pb.plan.GetRequest(ref="pulse/x"))
        self.assertIn(caught.exception.code, (3, 5))

    def test_findings_stand_beside_what_they_explain(self):
        # two owners and nobody: owner/* explain what another team dropped
        self.apply(self.put(id="grow", title="Grow", owners=["p1", "p2"], objective=pb.item.Objective(team="support")))
        for i in range(6):
            self.pulse("p%d" % i, "dropped", "objective/grow")
            self.pulse("p%d" % i, "other", "objective/grow")
        self.at(AFTER)
        found = {c.kind: sorted({f.rule for f in c.findings}) for c in self.signals().clusters}
        self.assertIn("owner/many", found[4])
        self.assertEqual(found[5], [])
        self.assertTrue(all(rule.startswith(("owner/", "ask/")) for rule in found[4]))

    def test_the_command_line_says_what_happens(self):
        def plumb(*args, expect=0, token=""):
            done = subprocess.run([binary("plumb"), "--server", self.daemon.unix, *args], capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, timeout=60, env=dict(os.environ, COLUMNS="200", PLUMB_TOKEN=token))
            self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
            return done.stdout + done.stderr

        self.assertIn("without your name", plumb("pulse", "--help").replace("\n", " "))
        self.assertIn("priorities, no-help", plumb("pulse", "tired", "--as", "p1", expect=2))
        for i in range(6):
            token = self.daemon.client().call("Access.CreateToken", pb.access.CreateTokenRequest(
                role=pb.item.READER, subject="person/p%d" % i)).secret
            self.assertIn("kept for week 2026-W13", plumb("pulse", "too-much", "team/support", token=token))
        self.assertIn("already", plumb("pulse", "too-much", "team/support", token=token))
        # not for another, even by whoever runs the daemon
        self.assertIn("themselves", plumb("pulse", "too-much", "team/support", "--as", "p1", expect=3))
        self.assertIn("Nothing to show", plumb("signals"))
        self.at(LATER)
        output = plumb("signals")
        self.assertIn("too much at once", output)
        self.assertIn("2026-W12", output)


if __name__ == "__main__":
    unittest.main()
