"""Scenarios: a future that is edited like a plan, floats on the newest plan, and is applied or dropped; nothing leaves it before."""
import os
import subprocess
import threading
import unittest

from plumbrpc import (CONFLICT, DENIED, INVALID, LIMIT, NOT_FOUND, PRECONDITION, Daemon, RpcError, binary, pb)

P, I = pb.plan, pb.item
C = P.ScenarioConflict


def put(name, kind, body=None, **fields):
    body = body if body is not None else getattr(I, kind.capitalize())()
    return P.Change(put=P.Put(item=I.Item(id=name, **{"title": name, kind: body, **fields})))


def initiative(name, **fields):
    return put(name, "initiative", I.Initiative(status=I.ACTIVE), **fields)


def scenario(name, **fields):
    return put(name, "scenario", I.Scenario(assumptions=["the market stays"]), **fields)


PLAN = [put("anna", "person"), put("ben", "person"), put("grow", "goal"), initiative("portal", owners=["anna"]),
        initiative("app", owners=["ben"]), initiative("old", owners=["ben"])]


class Whatif(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(clock="=2026-04-15T09:00:00Z")
        self.addCleanup(self.daemon.close)
        self.client = self.daemon.client()
        self.addCleanup(lambda: self.client.close())
        self.apply(*PLAN)

    def apply(self, *changes, scenario="", dry_run=False, findings=False, client=None, **fields):
        return (client or self.client).call("Plan.Apply", P.ApplyRequest(dry_run=dry_run, findings=findings, change_set=P.ChangeSet(
            changes=changes, scenario=scenario, **fields)))

    def get(self, ref, **at):
        return self.client.call("Plan.Get", P.GetRequest(ref=ref, at=P.At(**at))).entry

    def list(self, filter="", **at):
        return self.client.call("Plan.List", P.ListRequest(filter=filter, page_size=1000, at=P.At(**at))).entries

    def export(self, **at):
        return [entry for reply in self.client.stream("Plan.Export", P.ExportRequest(records=True, at=P.At(**at)))
                for entry in reply.entries]

    def conflicts(self, name="x", **at):
        return self.client.call("Plan.Conflicts", P.ConflictsRequest(at=P.At(scenario=name, **at)))

    def adopt(self, name="x", **fields):
        return self.client.call("Plan.ApplyScenario", P.ApplyScenarioRequest(scenario=name, **fields))

    def refused(self, code, text, do, *args, **fields):
        with self.assertRaises(RpcError) as caught:
            do(*args, **fields)
        self.assertEqual(caught.exception.code, code, caught.exception)
        self.assertIn(text, caught.exception.message + " ".join("%s: %s" % v for v in caught.exception.violations))
        return caught.exception

    def title(self, name, **at):
        return self.get("initiative/" + name, **at).item.title

    # ---- editing

    def test_edits_show_in_the_scenario_and_nowhere_else(self):
        began = self.apply(scenario("x")).revision
        before = self.export()
        self.assertEqual(self.get("scenario/x").item.scenario.began_at, began)
        reply = self.apply(initiative("portal", title="Portal, smaller"), initiative("new"), scenario="x")
        self.assertEqual((reply.revision, list(reply.ids)), (began + 1, ["initiative/portal", "initiative/new"]))
        self.apply(P.Change(remove=P.Remove(ref="initiative/old")), scenario="scenario/x")
        self.apply(P.Change(rename=P.Rename(ref="initiative/app", id="mobile")), scenario="x")
        self.apply(P.Change(place=P.Place(item="mobile", first=True)), scenario="x")
        self.assertEqual(self.export(), before)
        self.assertEqual(self.title("portal"), "portal")
        self.refused(NOT_FOUND, "does not exist", self.get, "initiative/new")
        shown = {entry.ref: entry for entry in self.export(scenario="x")}
        self.assertEqual(shown["initiative/portal"].item.title, "Portal, smaller")
        self.assertEqual(shown["initiative/portal"].revision, began + 1)
        self.assertIn("initiative/new", shown)
        self.assertNotIn("initiative/old", shown)
        self.assertNotIn("initiative/app", shown)
        self.assertEqual([(e.ref, e.rank) for e in self.list("kind:initiative", scenario="x") if e.rank], [("initiative/mobile", 1)])
        self.assertEqual([e.rank for e in self.list("kind:initiative")], [0, 0, 0])
        # what stands in a plan that was not changed is the very same entry
        self.assertEqual(shown["goal/grow"], self.get("goal/grow"))
        diff = self.client.call("Plan.Diff", P.DiffRequest(**{"from": P.At(), "to": P.At(scenario="x")}))
        told = {(P.EntryDiff.Action.Name(d.action), d.ref) for d in diff.differences}
        self.assertEqual(told, {("CHANGED", "initiative/portal"), ("CREATED", "initiative/new"), ("REMOVED", "initiative/old"),
                                ("RENAMED", "initiative/app"), ("PLACED", "ranking/workspace")})
        back = self.client.call("Plan.Diff", P.DiffRequest(**{"from": P.At(scenario="x"), "to": P.At()}))
        self.assertEqual({(P.EntryDiff.Action.Name(d.action), d.ref) for d in back.differences},
                         {("CHANGED", "initiative/portal"), ("REMOVED", "initiative/new"), ("CREATED", "initiative/old"),
                          ("RENAMED", "initiative/mobile"), ("PLACED", "ranking/workspace")})

    def test_a_scenario_outlives_the_daemon_and_its_rename(self):
        self.apply(scenario("x"))
        self.apply(initiative("portal", title="other"), scenario="x")
        self.apply(P.Change(rename=P.Rename(ref="scenario/x", id="y")))
        self.apply(scenario("y", title="a better title"))
        for snapshot in (False, True):
            if snapshot:
                self.client.call("Admin.Snapshot", pb.admin.SnapshotRequest())
            self.client.close()
            self.daemon.kill()
            self.daemon.start()
            self.client = self.daemon.client()
            self.assertEqual(self.title("portal", scenario="y"), "other")
            self.assertEqual(self.title("portal"), "portal")
        self.refused(NOT_FOUND, "was renamed", self.get, "goal/grow", scenario="x")

    def test_a_name_that_the_plan_takes_meanwhile(self):
        """What the scenario does to its own under that name is not done to the plan's."""
        self.apply(scenario("x"), scenario("y"))
        self.apply(P.Change(rename=P.Rename(ref="initiative/portal", id="web")), scenario="x")
        self.apply(initiative("web", title="ours"), scenario="x")
        self.apply(P.Change(remove=P.Remove(ref="initiative/web")), scenario="x")
        self.apply(P.Change(rename=P.Rename(ref="initiative/portal", id="web")), initiative("web", title="ours"),
                   P.Change(rename=P.Rename(ref="initiative/web", id="site")), initiative("site", title="ours too"), scenario="y")
        for name in ("x", "y"):
            self.apply(put("grow", "goal", title="more for " + name), scenario=name)
        self.apply(initiative("web", title="theirs"))
        for name, refs in (("x", ["portal", "web", "web"]), ("y", ["portal", "web", "web", "site"])):
            told = [(c.reason, c.ref) for c in self.conflicts(name).conflicts if c.ref.startswith("initiative/")]
            self.assertEqual(told, [(C.REFUSED, "initiative/" + ref) for ref in refs])
            self.assertEqual([self.title(ref, scenario=name) for ref in ("web", "portal")], ["theirs", "portal"])
            self.adopt(name, accept_conflicts=True)
            self.assertEqual([self.title(ref) for ref in ("web", "portal")], ["theirs", "portal"])

    def test_guarantees_of_apply(self):
        self.apply(scenario("x"))
        first = self.apply(initiative("portal", title="one"), scenario="x", idempotency_key="k")
        again = self.apply(initiative("portal", title="one"), scenario="x", idempotency_key="k")
        self.assertEqual((again.revision, again.duplicate), (first.revision, True))
        self.refused(PRECONDITION, "used for another", self.apply, initiative("portal", title="two"), scenario="x", idempotency_key="k")
        change = initiative("portal", title="three")
        change.expected_revision = 1
        shown = self.refused(CONFLICT, "portal", self.apply, change, scenario="x").detail(P.Conflict)
        self.assertEqual((shown.actual, shown.entry.item.title), (first.revision, "one"))
        change.expected_revision = first.revision
        dry = self.apply(change, scenario="x", dry_run=True, findings=True)
        self.assertEqual([(f.field, f.old, f.new) for d in dry.differences for f in d.fields], [("title", "one", "three")])
        self.assertEqual(self.title("portal", scenario="x"), "one")
        self.apply(change, scenario="x")
        self.assertEqual(self.title("portal", scenario="x"), "three")
        gone = self.refused(PRECONDITION, "referred to", self.apply, P.Change(remove=P.Remove(ref="person/ben")), scenario="x")
        self.assertEqual(gone.violations[0][0], "change_set.changes[0].remove.ref")

    def test_what_a_scenario_cannot_hold(self):
        self.refused(NOT_FOUND, "does not exist", self.apply, initiative("a"), scenario="x")
        self.refused(NOT_FOUND, "does not exist", self.get, "goal/grow", scenario="x")
        self.refused(INVALID, "not the id", self.apply, initiative("a"), scenario="goal/grow")
        self.refused(INVALID, "not the id", self.get, "goal/grow", scenario="no id")
        self.apply(scenario("x"))
        self.refused(INVALID, "holds no scenarios", self.apply, scenario("y"), scenario="x")
        self.refused(INVALID, "holds no scenarios", self.apply, P.Change(remove=P.Remove(ref="scenario/x")), scenario="x")
        self.refused(INVALID, "a revision of the plan", self.apply, put("b", "baseline", I.Baseline()), scenario="x")
        self.refused(INVALID, "records", self.apply, P.Change(add=P.Add(record=I.Record(
            about="initiative/portal", check_in=I.CheckIn(status=I.CheckIn.ON_TRACK)))), scenario="x")
        self.refused(INVALID, "no past", self.apply, initiative("a"), scenario="x", effective="2026-01-01")
        change = initiative("a")
        change.put.before.CopyFrom(change.put.item)
        self.refused(INVALID, "set by the server", self.apply, change)
        self.refused(INVALID, "set by the server", self.apply, initiative("a"), applied_scenario="x")
        self.refused(INVALID, "required", self.conflicts, "")

    def test_dropped_and_made_again_it_is_empty(self):
        self.apply(scenario("x"))
        self.apply(initiative("portal", title="other"), scenario="x")
        revision = self.apply(P.Change(remove=P.Remove(ref="scenario/x"))).revision
        self.refused(NOT_FOUND, "was applied or dropped in revision %d" % revision, self.apply, initiative("a"), scenario="x")
        self.assertEqual(self.title("portal", scenario="x", revision=revision - 1), "other")
        self.apply(scenario("x"))
        self.assertEqual(self.title("portal", scenario="x"), "portal")
        self.assertEqual(self.conflicts().changes, 0)

    def test_the_past(self):
        self.apply(scenario("x"))
        one = self.apply(initiative("portal", title="one"), scenario="x").revision
        self.apply(initiative("portal", title="two"), scenario="x")
        self.assertEqual(self.title("portal", scenario="x", revision=one), "one")
        self.assertEqual(self.title("portal", scenario="x", revision=one + 1), "two")
        self.assertEqual(self.title("portal", scenario="x", revision=one - 1), "portal")
        self.refused(NOT_FOUND, "does not exist", self.get, "goal/grow", scenario="x", revision=1)
        self.assertEqual(self.list("kind:scenario")[0].revision, one - 1)

    def test_limits(self):
        for i in range(50):
            self.apply(scenario("s%d" % i))
        self.refused(LIMIT, "50 scenarios", self.apply, scenario("s50"))
        self.apply(P.Change(remove=P.Remove(ref="scenario/s49")))
        self.apply(scenario("s50"))
        self.apply(*[initiative("i%d" % i) for i in range(1999)], scenario="s0")
        self.refused(LIMIT, "2001 changes, more than 2000", self.apply, initiative("a"), initiative("b"), scenario="s0")
        self.refused(LIMIT, "2001 changes", self.apply, initiative("a"), initiative("b"), scenario="s0", dry_run=True)
        self.apply(initiative("a"), scenario="s0")
        self.refused(LIMIT, "2001 changes", self.apply, initiative("b"), scenario="s0")
        self.assertEqual(len(self.list("kind:initiative", scenario="s0", )), 1000)
        big = [initiative("big%d" % i, description="x" * 65000) for i in range(30)]
        self.apply(*big, scenario="s1")
        self.refused(LIMIT, "bytes, more than 2097152", self.apply, *big[:4], scenario="s1")

    # ---- floating

    def test_fields_that_only_the_plan_changed_follow_it(self):
        self.apply(scenario("x"))
        self.apply(initiative("portal", title="smaller", owners=["anna"]), scenario="x")
        self.apply(initiative("portal", owners=["ben"], description="the plan's"))
        shown = self.get("initiative/portal", scenario="x").item
        self.assertEqual((shown.title, list(shown.owners), shown.description), ("smaller", ["ben"], "the plan's"))
        self.assertEqual(self.conflicts().total, 0)
        # what was read is of that version: the plan moves on, and an edit of the older one is refused
        revision = self.get("initiative/portal", scenario="x").revision
        self.apply(initiative("portal", owners=["ben"], description="again"))
        change = initiative("portal", title="smallest")
        change.expected_revision = revision
        self.refused(CONFLICT, "portal", self.apply, change, scenario="x")

    def test_clashes_are_told_with_both_values(self):
        self.apply(scenario("x"))
        mine = self.apply(initiative("portal", title="mine", owners=["anna"]), scenario="x").revision
        self.apply(initiative("portal", title="theirs", owners=["anna"]))
        reply = self.conflicts()
        self.assertEqual([(c.reason, c.ref, c.revision, c.change, c.field, c.before, c.plan, c.scenario) for c in reply.conflicts],
                         [(C.CHANGED, "initiative/portal", mine, 0, "title", "portal", "theirs", "mine")])
        self.assertEqual((reply.total, reply.changes, list(reply.change_sets)), (1, 1, [mine]))
        self.assertEqual(self.title("portal", scenario="x"), "mine")
        # said again with both in sight
        self.apply(initiative("portal", title="mine", owners=["anna"]), scenario="x")
        self.assertEqual(self.conflicts().total, 0)
        self.assertEqual(self.title("portal", scenario="x"), "mine")

    def test_what_does_not_fit_is_left_out(self):
        self.apply(scenario("x"))
        self.apply(initiative("portal", title="mine"), initiative("taken", title="mine"), P.Change(remove=P.Remove(ref="initiative/old")),
                   initiative("fine"), scenario="x")
        self.apply(put("part", "task", I.Task(initiative="fine")), scenario="x")
        self.apply(P.Change(remove=P.Remove(ref="person/ben", cascade=True)), scenario="x")
        self.apply(P.Change(rename=P.Rename(ref="initiative/app", id="mobile")), scenario="x")
        self.apply(P.Change(remove=P.Remove(ref="initiative/portal")), initiative("taken", title="theirs"),
                   initiative("old", title="still wanted"), initiative("mobile"))
        reply = self.conflicts()
        self.assertEqual({(c.reason, c.ref) for c in reply.conflicts}, {
            (C.GONE, "initiative/portal"), (C.TAKEN, "initiative/taken"), (C.REMOVED, "initiative/old"),
            (C.REFUSED, "initiative/app")})
        shown = {e.ref: e for e in self.list("kind:initiative", scenario="x")}
        self.assertEqual(sorted(shown), ["initiative/app", "initiative/fine", "initiative/mobile", "initiative/taken"])
        self.assertEqual(shown["initiative/taken"].item.title, "theirs")
        error = self.refused(PRECONDITION, "4 changes of scenario 'x' do not fit", self.adopt)
        self.assertEqual(sorted(field for field, _ in error.violations),
                         ["initiative/app", "initiative/old", "initiative/portal", "initiative/taken"])
        # what the plan removes itself nobody need remove again
        self.apply(P.Change(remove=P.Remove(ref="initiative/old")))
        self.assertNotIn("initiative/old", {c.ref for c in self.conflicts().conflicts})

    def test_a_renamed_entry_follows_the_plan(self):
        self.apply(scenario("x"))
        self.apply(P.Change(rename=P.Rename(ref="initiative/app", id="mobile")), scenario="x")
        self.apply(initiative("mobile", title="mine", owners=["ben"]), scenario="x")
        self.apply(initiative("app", owners=["anna"], title="app"))
        shown = self.get("initiative/mobile", scenario="x").item
        self.assertEqual((shown.title, list(shown.owners)), ("mine", ["anna"]))
        self.assertEqual(self.conflicts().total, 0)

    # ---- applying

    def test_applying(self):
        self.apply(scenario("x"))
        self.apply(initiative("portal", title="smaller"), scenario="x")
        self.apply(initiative("portal", title="smallest"), initiative("new"), scenario="x")
        self.apply(P.Change(place=P.Place(item="new", first=True)), scenario="x")
        shown = {e.ref: (e.item.title, e.rank) for e in self.list("kind:initiative", scenario="x")}
        dry = self.adopt(dry_run=True, findings=True)
        self.assertEqual(len(self.list("kind:scenario")), 1)
        reply = self.adopt(reason="decided", idempotency_key="a")
        self.assertEqual(dry.revision, reply.revision)
        self.assertEqual({e.ref: (e.item.title, e.rank) for e in self.list("kind:initiative")}, shown)
        self.assertEqual(len(self.list("kind:scenario")), 0)
        again = self.adopt(reason="decided", idempotency_key="a")
        self.assertEqual((again.revision, again.duplicate), (reply.revision, True))
        self.refused(NOT_FOUND, "was applied or dropped in revision %d" % reply.revision, self.adopt)
        entry = self.client.call("Plan.History", P.HistoryRequest(page_size=1)).entries[0]
        self.assertEqual((entry.revision, entry.applied_scenario, entry.reason), (reply.revision, "x", "decided"))
        self.client.close()
        self.daemon.kill()
        self.daemon.start()
        self.client = self.daemon.client()
        self.assertEqual({e.ref: (e.item.title, e.rank) for e in self.list("kind:initiative")}, shown)

    def test_applying_with_conflicts_accepted(self):
        self.apply(scenario("x"))
        self.apply(initiative("portal", title="mine"), initiative("app", title="mine too"), scenario="x")
        self.apply(initiative("portal", title="theirs"), P.Change(remove=P.Remove(ref="initiative/app")))
        self.refused(PRECONDITION, "do not fit", self.adopt)
        self.adopt(accept_conflicts=True)
        self.assertEqual(self.title("portal"), "mine")
        self.refused(NOT_FOUND, "was removed", self.get, "initiative/app")
        self.apply(scenario("x"))
        self.refused(PRECONDITION, "changes nothing", self.adopt)
        self.refused(INVALID, "required", self.adopt, "")

    # ---- seen from outside

    def test_history_and_watch_mark_it(self):
        first = self.apply(scenario("x")).revision
        self.apply(initiative("portal", title="smaller", owners=["anna"]), scenario="x", reason="what if")
        self.apply(initiative("app", title="bigger", owners=["ben"]))
        entries = self.client.call("Plan.History", P.HistoryRequest()).entries
        self.assertEqual([(e.scenario, [f.new for d in e.differences for f in d.fields]) for e in entries[:2]],
                         [("", ["bigger"]), ("x", ["smaller"])])
        of_item = [e.revision for e in self.client.call("Plan.History", P.HistoryRequest(ref="initiative/portal")).entries]
        self.assertEqual(of_item, [1])
        of_item = [(e.revision, e.scenario) for e in self.client.call("Plan.History", P.HistoryRequest(
            ref="initiative/portal", at=P.At(scenario="x"))).entries]
        self.assertEqual(of_item, [(first + 1, "x"), (1, "")])
        of_scenario = [e.revision for e in self.client.call("Plan.History", P.HistoryRequest(ref="scenario/x")).entries]
        self.assertEqual(of_scenario, [first + 1, first])
        for filter, seen in (("", [first, first + 1, first + 2]), ("kind:initiative", [first + 2])):
            with self.client.stream("Plan.Watch", P.WatchRequest(from_revision=first, heartbeat_ms=100, filter=filter)) as watch:
                got = []
                for message in watch:
                    if message.heartbeat and message.revision >= first + 2:
                        break
                    if not message.heartbeat:
                        got.append((message.revision, message.change.change_set.scenario))
            self.assertEqual(got, [(r, "x" if r == first + 1 else "") for r in seen])

    def test_every_question_can_be_asked_of_a_scenario(self):
        S = pb.insight
        self.apply(scenario("x"))
        self.apply(initiative("portal", title="smaller"), scenario="x")
        at = P.At(scenario="x")
        for method, request in (("Insight.Check", S.CheckRequest(at=at)), ("Insight.Load", S.LoadRequest(at=at)),
                                ("Insight.Schedule", S.ScheduleRequest(at=at))):
            self.assertTrue(list(self.client.stream(method, request)), method)
        for method, request in (("Insight.Trace", S.TraceRequest(at=at, ref="initiative/portal")), ("Insight.Mine", S.MineRequest(at=at, person="anna")),
                                ("Insight.Score", S.ScoreRequest(at=at)), ("Insight.Progress", S.ProgressRequest(at=at))):
            self.client.call(method, request)
        self.refused(INVALID, "at.scenario", lambda: list(self.client.stream("Insight.Trend", S.TrendRequest(at=at))))
        self.refused(NOT_FOUND, "does not exist", lambda: list(self.client.stream("Insight.Check", S.CheckRequest(at=P.At(scenario="y")))))

    def test_at_once_from_several(self):
        self.apply(scenario("x"), scenario("y"))
        failed = []

        def work(name, n):
            client = self.daemon.client()
            try:
                for i in range(20):
                    self.apply(initiative("%s-%d-%d" % (name or "plan", n, i)), scenario=name, client=client)
                    seen = client.call("Plan.List", P.ListRequest(filter="id:%s-*" % (name or "plan"), at=P.At(scenario=name))).total
                    if seen < i + 1:
                        failed.append((name, n, i, seen))
            except Exception as error:  # noqa: BLE001
                failed.append(error)
            finally:
                client.close()

        threads = [threading.Thread(target=work, args=(name, n)) for name in ("", "x", "y") for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])
        count = {name: len(self.list("kind:initiative", scenario=name)) for name in ("", "x", "y")}
        self.assertEqual(count, {"": 43, "x": 83, "y": 83})


    # ---- kill -9

    def test_what_was_acknowledged_survives_a_kill_and_nothing_leaks(self):
        """Writers change the plan and a scenario until the daemon is killed; twice."""
        self.apply(scenario("x"))
        acknowledged = {"": set(), "x": set()}
        for life in range(2):
            def work(name, life=life):
                client = self.daemon.client()
                try:
                    for i in range(100000):
                        ref = "%s-%d-%d" % (name or "plan", life, i)
                        self.apply(initiative(ref), scenario=name, client=client)
                        acknowledged[name].add("initiative/" + ref)
                except Exception:  # noqa: BLE001  the daemon is gone
                    pass
                finally:
                    client.close()

            threads = [threading.Thread(target=work, args=(name,)) for name in ("", "x")]
            for thread in threads:
                thread.start()
            while len(acknowledged["x"]) < 20 * (life + 1):
                threading.Event().wait(0.01)
            self.client.close()
            self.daemon.kill()
            for thread in threads:
                thread.join()
            self.daemon.start()
            self.client = self.daemon.client()
            plan = {e.ref for e in self.list("kind:initiative")}
            shown = {e.ref for e in self.list("kind:initiative", scenario="x")}
            self.assertLessEqual(acknowledged[""], plan)
            self.assertLessEqual(acknowledged["x"], shown)
            self.assertEqual({ref for ref in plan if ref.startswith("initiative/x-")}, set())
            self.assertEqual(shown - plan, {ref for ref in shown if ref.startswith("initiative/x-")})

    # ---- plumb

    def plumb(self, *args, code=0, env=None):
        done = subprocess.run([binary("plumb"), *args], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                              env=dict(os.environ, PLUMB_SERVER=self.daemon.tcp, NO_COLOR="1", **(env or {})))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout, done.stderr

    def test_plumb(self):
        self.assertIn("There is no scenario", self.plumb("whatif", "list")[0])
        self.assertIn("begins as the plan is", self.plumb("whatif", "new", "x", "--title", "Less", "--assume", "the market stays")[0])
        self.assertIn("there is a scenario x already", self.plumb("whatif", "new", "x", code=3)[1])
        self.assertIn("is no name for a scenario", self.plumb("whatif", "new", "no name", code=2)[1])
        self.assertEqual(self.plumb("remove", "initiative/old", "--scenario", "x")[1], "plumb: in scenario x\n")
        self.plumb("place", "app", "--first", env={"PLUMB_SCENARIO": "x"})
        self.assertIn("did you mean x?", self.plumb("get", "goal/grow", "--scenario", "y", code=3)[1])
        self.assertIn("was not there yet", self.plumb("get", "goal/grow", "--scenario", "x", "--as-of", "1", code=3)[1])
        self.assertIn("initiative/old", self.plumb("list", "kind:initiative", "-o", "name")[0])
        self.assertNotIn("initiative/old", self.plumb("list", "kind:initiative", "-o", "name", "--scenario", "x")[0])
        self.assertEqual(self.plumb("whatif", "list", "-o", "csv")[0].splitlines()[1].split(",")[:4], ["x", "2", "2", "0"])
        out = self.plumb("whatif", "diff", "x", "--no-findings", code=1)[0]
        self.assertIn("- removed initiative/old", out)
        self.assertIn("in the plan itself", self.plumb("checkin", "initiative/app", "on-track", env={"PLUMB_SCENARIO": "x"})[1])
        self.assertIn("takes no --scenario", self.plumb("checkin", "initiative/app", "on-track", "--scenario", "x", code=2)[1])
        self.plumb("whatif", "conflicts", "x")
        self.apply(initiative("old", title="wanted"))
        self.assertIn("initiative/old", self.plumb("whatif", "conflicts", "x", code=1)[0])
        self.assertIn("--accept-conflicts", self.plumb("whatif", "apply", "x", code=3)[1])
        self.assertIn("Nothing was changed", self.plumb("whatif", "apply", "x", "--accept-conflicts", "-n")[0])
        self.assertIn("The plan is now as scenario x had it", self.plumb("whatif", "apply", "x", "--accept-conflicts")[0])
        self.assertIn("was applied or dropped", self.plumb("whatif", "drop", "x", code=3)[1])
        self.plumb("whatif", "new", "z")
        self.assertIn("Dropped scenario z", self.plumb("whatif", "drop", "z")[0])


if __name__ == "__main__":
    unittest.main()
