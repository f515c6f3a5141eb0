"""What changed since a baseline, who changed it, when and why: counted by hand, over the wire and by plumb drift; and a twin of its own."""
import json
import os
import random
import subprocess
import unittest

from plumbrpc import INVALID, NOT_FOUND, Daemon, RpcError, binary, pb

I, P, D = pb.item, pb.plan, pb.drift
# Who says who they are, and has no token.
A, B, C = ("unverified:person/" + name for name in "abc")
SCOPE, DATES, RANKS, OWNERS, NUMBERS, EFFORT = range(1, 7)


def put(name, kind, body, **fields):
    return P.Change(put=P.Put(item=I.Item(id=name, **{kind: body}, **fields)))


def x(finish="2026-04-30", likely=10000, scope=("portal",), **fields):
    return put("x", "initiative", I.Initiative(status=I.ACTIVE, objective="o", finish=finish, estimate=I.Estimate(likely=likely),
                                               scope=I.Scope(**{"in": scope})), owners=["a"], title="X", **fields)


def y(owner, name="y"):
    return put(name, "initiative", I.Initiative(status=I.ACTIVE, objective="o", periods=["q2"], estimate=I.Estimate(likely=2000)), owners=[owner])


def o(weight=0.5, target=10, due="2026-06-30"):
    return put("o", "objective", I.Objective(weight=weight, targets=[I.Target(measure="m", baseline=0, target=target, due=due)]))


def period(name, last):
    return put(name, "period", I.Period(first_day="2026-04-01", last_day=last))


def task(name):
    return put(name, "task", I.Task(initiative="x", effort=500))


def place(name, **where):
    return P.Change(place=P.Place(item=name, **where))


# day, who, why, what
HISTORY = [
    ("2026-04-01", "a", "the plan", [put("a", "person", I.Person()), put("b", "person", I.Person()), put("c", "person", I.Person()),
                                     put("m", "measure", I.Measure(unit="%")), period("q2", "2026-06-30"), o(), x(), y("b"),
                                     put("z", "initiative", I.Initiative(status=I.PROPOSED, objective="o", estimate=I.Estimate(likely=1000))),
                                     task("x1"), place("x", last=True), place("y", last=True), place("z", last=True)]),
    ("2026-04-02", "a", "", [put("q2-start", "baseline", I.Baseline())]),
    ("2026-04-03", "b", "supplier late", [x("2026-05-31")]),
    ("2026-04-05", "a", "still late", [x("2026-06-15", 12000)]),
    ("2026-04-06", "c", "handed over", [y("c")]),
    ("2026-04-07", "b", "", [place("z", first=True)]),
    ("2026-04-08", "a", "mobile too", [x("2026-06-15", 12000, ("mobile", "portal")), task("x2")]),
    ("2026-04-09", "a", "better name", [P.Change(rename=P.Rename(ref="initiative/y", id="yy"))]),
    ("2026-04-10", "b", "too much", [o(0.6, 8)]),
    ("2026-04-11", "b", "as it was", [o(0.5, 8)]),  # the weight is back: it has not drifted
    ("2026-04-12", "a", "not needed", [P.Change(remove=P.Remove(ref="task/x1"))]),
    ("2026-04-13", "a", "a longer quarter", [period("q2", "2026-07-10")]),
]

# item: {field: (aspect, from, to, steps, last revision, words)}, written from the history above
EXPECTED = {
    "objective/o": {
        "target of measure/m": (NUMBERS, "10", "8", 1, 9,
                                "target of measure/m lowered from 10 to 8; unverified:person/b on 2026-04-10: 'too much'")},
    "initiative/x": {
        "in scope": (SCOPE, "", "mobile", 1, 7, "in scope added: mobile; unverified:person/a on 2026-04-08: 'mobile too'"),
        # 30 April to 15 June: 31 days of May and 15
        "finish": (DATES, "2026-04-30", "2026-06-15", 2, 4,
                   "finish moved from 2026-04-30 to 2026-06-15 (46 days later), in 2 steps; unverified:person/a on 2026-04-05: 'still late'"),
        "likely estimate": (EFFORT, "10000", "12000", 1, 4,
                            "likely estimate raised from 100 to 120 person-days; unverified:person/a on 2026-04-05: 'still late'")},
    # z went to the front; x and y were passed
    "initiative/yy": {"owner": (OWNERS, "person/b", "person/c", 1, 5,
                                "owner changed from person/b to person/c; unverified:person/c on 2026-04-06: 'handed over'")},
    "initiative/z": {"rank": (RANKS, "3", "1", 1, 6, "rank went from 3 to 1; unverified:person/b on 2026-04-07, without a reason")},
    "task/x1": {"plan": (SCOPE, "in the plan", "", 1, 11, "removed from initiative/x; unverified:person/a on 2026-04-12: 'not needed'")},
    "task/x2": {"plan": (SCOPE, "", "in the plan", 1, 7, "added to initiative/x; unverified:person/a on 2026-04-08: 'mobile too'")},
    # 10 days of July
    "period/q2": {"last day": (DATES, "2026-06-30", "2026-07-10", 1, 12,
                               "last day moved from 2026-06-30 to 2026-07-10 (10 days later); unverified:person/a on 2026-04-13: 'a longer quarter'")},
}


class DriftTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, clock="=2026-04-20T20:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client()
        cls.addClassCleanup(cls.client.close)
        for day, who, why, changes in HISTORY:
            client = cls.daemon.client(as_name="person/" + who)
            client.call("Plan.Apply", P.ApplyRequest(change_set=P.ChangeSet(changes=changes, reason=why, effective=day + "T12:00:00Z")))
            client.close()

    def ask(self, client=None, **request):
        items, summary = [], None
        for reply in (client or self.client).stream("Insight.Drift", D.DriftRequest(**request)):
            items += reply.items
            summary = reply.summary if reply.HasField("summary") else summary
        return items, summary

    @staticmethod
    def figures(items):
        return {item.ref: {c.field: (c.aspect, getattr(c, "from"), c.to, c.steps, c.last[-1].revision if c.last else 0, c.words)
                           for c in item.changes} for item in items}

    def plumb(self, *args, code=1):
        done = subprocess.run([binary("plumb"), "drift", *args], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, PLUMB_SERVER=self.daemon.unix, COLUMNS="80", LC_ALL="C.UTF-8"))
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return done.stdout if code < 2 else done.stderr

    def test_all_by_hand(self):
        items, summary = self.ask()  # since the newest baseline
        self.assertEqual(self.figures(items), EXPECTED)
        self.assertEqual([i.was for i in items if i.was], ["initiative/y"])
        self.assertEqual((summary.from_revision, summary.revision, summary.baseline, summary.today, summary.from_time),
                         (2, 12, "baseline/q2-start", "2026-04-20", "2026-04-02T12:00:00Z"))
        self.assertEqual((summary.items, summary.added, summary.removed, summary.passed), (7, 1, 1, 2))
        self.assertEqual([(c.aspect, c.changes, c.items) for c in summary.counts],
                         [(SCOPE, 3, 3), (DATES, 2, 2), (RANKS, 1, 1), (OWNERS, 1, 1), (NUMBERS, 1, 1), (EFFORT, 1, 1)])
        # 100 + 20 + 10 then; x has 20 more
        self.assertEqual((summary.effort_from, summary.effort_to), (13000, 15000))
        # x by 46 days, y with its quarter by 10; z states no end
        self.assertEqual((summary.ends_later, summary.ends_earlier, summary.mean_days), (2, 0, 28))
        # the last steps: a 6 (scope, finish, estimate, x1, x2, q2), b 2 (target, rank), c 1
        self.assertEqual([(p.by, p.changes) for p in summary.people], [(A, 6), (B, 2), (C, 1)])
        days = {c.field: c.days for i in items for c in i.changes if c.HasField("days")}
        self.assertEqual(days, {"finish": 46, "last day": 10})

    def test_the_same_since_a_revision_and_a_date(self):
        first = self.figures(self.ask()[0])
        for at in (P.At(revision=2), P.At(time="2026-04-02"), P.At(baseline="q2-start")):
            self.assertEqual(self.figures(self.ask(**{"from": at})[0]), first)

    def test_to_a_past_moment(self):
        items, summary = self.ask(to=P.At(revision=3), **{"from": P.At(revision=2)})
        self.assertEqual(self.figures(items), {"initiative/x": {"finish": (
            DATES, "2026-04-30", "2026-05-31", 1, 3,
            "finish moved from 2026-04-30 to 2026-05-31 (31 days later); unverified:person/b on 2026-04-03: 'supplier late'")}})
        self.assertEqual((summary.revision, summary.today), (3, "2026-04-03"))

    def test_every_step(self):
        items, _ = self.ask(all=True, refs=["initiative/x"])
        finish = [c for c in items[0].changes if c.field == "finish"][0]
        self.assertEqual([(s.revision, s.by, s.reason, getattr(s, "from"), s.to) for s in finish.last],
                         [(3, B, "supplier late", "2026-04-30", "2026-05-31"),
                          (4, A, "still late", "2026-05-31", "2026-06-15")])
        rank = [c for c in items[0].changes if c.field == "rank"][0]
        self.assertEqual((rank.steps, rank.words), (0, "rank went from 1 to 2, since others were placed"))

    def test_of_one_item_and_its_parts(self):
        items, summary = self.ask(refs=["initiative/x"])
        self.assertEqual(sorted(i.ref for i in items), ["initiative/x", "task/x1", "task/x2"])
        self.assertEqual((summary.effort_from, summary.effort_to, summary.mean_days), (10000, 12000, 46))

    def test_aspects(self):
        items, _ = self.ask(aspects=[OWNERS, RANKS])
        self.assertEqual({i.ref: [c.field for c in i.changes] for i in items}, {"initiative/yy": ["owner"], "initiative/z": ["rank"]})

    def test_in_a_scenario(self):
        self.client.call("Plan.Apply", P.ApplyRequest(workspace="", change_set=P.ChangeSet(
            changes=[put("late", "scenario", I.Scenario())])))
        self.client.call("Plan.Apply", P.ApplyRequest(change_set=P.ChangeSet(
            changes=[o(0.5, 8, "2026-09-30"), put("w", "initiative", I.Initiative(objective="o"))], reason="what if", scenario="late")))
        items, _ = self.ask(to=P.At(scenario="late"), **{"from": P.At(revision=12)})
        got = self.figures(items)
        self.assertEqual(set(got), {"objective/o", "initiative/w"})
        self.assertIn("in scenario/late: 'what if'", got["objective/o"]["due of measure/m"][5])
        self.assertIn("in scenario/late: 'what if'", got["initiative/w"]["plan"][5])
        self.assertEqual(self.figures(self.ask(**{"from": P.At(revision=12)})[0]), {})

    def refused(self, code, text, **request):
        with self.assertRaises(RpcError) as caught:
            self.ask(**request)
        self.assertEqual(caught.exception.code, code)
        self.assertIn(text, caught.exception.message)

    def test_bad_input(self):
        self.refused(NOT_FOUND, "there is no initiative/nope", refs=["initiative/nope"])
        self.refused(INVALID, "nothing that drifts", refs=["check-in/1"])
        self.refused(INVALID, "nothing that drifts", refs=["x"])
        self.refused(NOT_FOUND, "baseline 'gone' does not exist", **{"from": P.At(baseline="gone")})
        self.refused(INVALID, "lies behind", to=P.At(revision=3), **{"from": P.At(revision=4)})
        self.refused(INVALID, "at most 1000 names", refs=["initiative/x"] * 1001)
        self.assertEqual(len(self.ask(refs=["initiative/x"] * 1000)[0]), 3)
        self.refused(INVALID, "aspects", aspects=[0])
        self.refused(INVALID, "scenario", **{"from": P.At(revision=2, scenario="late")})
        with Daemon(memory=True) as daemon:
            client = daemon.client()
            with self.assertRaises(RpcError) as caught:
                self.ask(client=client)
            self.assertIn("no baseline yet", caught.exception.message)
            client.close()

    def test_command(self):
        text = self.plumb("q2-start")
        self.assertIn("initiative/yy, was initiative/y", text)
        self.assertIn("  finish moved from 2026-04-30 to 2026-06-15 (46 days later), in 2 steps;", text)
        self.assertIn("Planned effort grew by 20.0 person-days, from 130.0 to 150.0.", text)
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)
        reply = json.loads(self.plumb("-o", "json", "--since", "2026-04-02", "x"))
        self.assertEqual([i["ref"] for i in reply["items"]], ["initiative/x", "task/x1", "task/x2"])
        rows = self.plumb("baseline/q2-start", "initiative/x", "--aspect", "dates", "-o", "csv").splitlines()
        self.assertEqual(rows, ["item,aspect,field,from,to,days,by,steps,when,who,why,title",
                                "initiative/x,dates,finish,2026-04-30,2026-06-15,46,,2,2026-04-05T12:00:00Z,unverified:person/a,still late,X"])
        self.assertIn("0 items changed", self.plumb("12", "--as-of", "12", code=0))
        self.assertIn("did you mean", self.plumb("q2-strat", code=3))
        self.assertIn("--aspect", self.plumb("--aspect", "colour", code=2))

    def test_long_titles_are_wrapped(self):
        with Daemon(memory=True, clock="=2026-04-20T20:00:00Z") as daemon:
            client = daemon.client()
            changes = [put("w" * 40, "initiative", I.Initiative(), title=" ".join(["word"] * 30))]
            for more in ([put("b", "baseline", I.Baseline())], changes):
                client.call("Plan.Apply", P.ApplyRequest(change_set=P.ChangeSet(changes=more)))
            done = subprocess.run([binary("plumb"), "drift"], capture_output=True, text=True, timeout=60,
                                  env=dict(os.environ, PLUMB_SERVER=daemon.unix, COLUMNS="80", LC_ALL="C.UTF-8"))
            client.close()
            self.assertEqual((done.returncode, done.stdout.count("word")), (1, 30))
            self.assertTrue(all(len(line) <= 80 for line in done.stdout.splitlines()), done.stdout)


class Limit(unittest.TestCase):
    def test_100000_changes(self):
        """A hundred initiatives whose scopes get a thousand entries each; and one more."""
        with Daemon(memory=True, clock="=2026-04-20T20:00:00Z") as daemon:
            client = daemon.client()

            def work(i, entries):
                return put("i%d" % i, "initiative", I.Initiative(scope=I.Scope(**{"in": ["e%d" % k for k in range(entries)]})))

            def ask(revision):
                return sum(len(item.changes) for part in client.stream("Insight.Drift", D.DriftRequest(
                    **{"from": P.At(revision=1)}, to=P.At(revision=revision))) for item in part.items)

            for changes in ([work(i, 0) for i in range(101)], [work(i, 1000) for i in range(100)], [work(100, 1)]):
                client.call("Plan.Apply", P.ApplyRequest(change_set=P.ChangeSet(changes=changes)))
            self.assertEqual(ask(2), 100000)
            with self.assertRaises(RpcError) as caught:
                ask(3)
            self.assertIn("more than 100000 changes", caught.exception.message)
            client.close()


class Past:
    """A plan by chance and a list of changes by chance, each a change set of its own."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.people = ["p%d" % i for i in range(4)]
        self.serial = 0
        self.now = {}  # of which items there are: {kind/id: Item}
        self.renamed = {}  # old name: new name
        for i in range(3):
            self.now["objective/o%d" % i] = self.objective("o%d" % i)
        for i in range(6):
            self.now["initiative/i%d" % i] = self.initiative("i%d" % i)
        for i in range(6):
            self.now["task/t%d" % i] = self.task("t%d" % i)
        self.first = [put(p, "person", I.Person()) for p in self.people] + [put("m%d" % i, "measure", I.Measure()) for i in range(3)]
        self.first += [self.put(item) for item in self.now.values()]

    @staticmethod
    def put(item):
        return P.Change(put=P.Put(item=item))

    def date(self):
        return "2026-%02d-%02d" % (self.r.randrange(4, 9), self.r.randrange(1, 29))

    def of(self, kind):
        return sorted(ref for ref in self.now if ref.startswith(kind + "/"))

    def objective(self, name):
        targets = [I.Target(measure=m, target=self.r.randrange(1, 9), baseline=self.r.randrange(10, 19), due=self.date())
                   for m in self.r.sample(["m0", "m1", "m2"], self.r.randrange(0, 3))]
        return I.Item(id=name, objective=I.Objective(weight=self.r.choice([0.25, 0.5, 0.75]), targets=targets))

    def initiative(self, name):
        body = I.Initiative(finish=self.date(), scope=I.Scope(**{"in": self.r.sample("abcdef", self.r.randrange(0, 4))}),
                            objective=self.r.choice(self.of("objective")).split("/")[1])
        body.estimate.likely = 100 * self.r.randrange(1, 50)
        return I.Item(id=name, initiative=body, owners=self.r.sample(self.people, self.r.randrange(1, 3)))

    def task(self, name):
        return I.Item(id=name, task=I.Task(initiative=self.r.choice(self.of("initiative")).split("/")[1], effort=100 * self.r.randrange(1, 9),
                                           due=self.date() if self.r.random() < 0.7 else ""))

    def change(self):
        """Something else about something, something new, something that goes, or another name."""
        what = self.r.random()
        ref = self.r.choice(sorted(self.now))
        kind, name = ref.split("/")
        self.serial += 1
        if what < 0.65:
            self.now[ref] = getattr(self, kind)(name)
            return self.put(self.now[ref])
        if what < 0.8:
            self.now["task/n%d" % self.serial] = item = self.task("n%d" % self.serial)
            return self.put(item)
        if what < 0.9 and self.of("task"):
            gone = self.r.choice(self.of("task"))
            del self.now[gone]
            return P.Change(remove=P.Remove(ref=gone))
        new = "%s/x%d" % (kind, self.serial)
        item = self.now.pop(ref)
        item.id = new.split("/")[1]
        self.now[new] = item
        for other in self.now.values():  # what refers to it follows
            for body, field in ((other.initiative, "objective"), (other.task, "initiative")):
                if other.HasField("initiative" if body is other.initiative else "task") and kind == field and getattr(body, field) == name:
                    setattr(body, field, item.id)
        self.renamed[ref] = new
        return P.Change(rename=P.Rename(ref=ref, id=item.id))


def facts(item, called):
    """What docs/DRIFT.md says that an item states: {(field, which): text}."""
    def ref(kind, text):
        return called(text if "/" in text else "%s/%s" % (kind, text))

    out = {}

    def say(field, text, key=""):
        if text not in ("", None):
            out[field, key] = text

    say("owner", ", ".join(sorted(ref("person", o) for o in item.owners)))
    if item.HasField("objective"):
        say("weight", "%g" % item.objective.weight)
        for t in item.objective.targets:
            m = ref("measure", t.measure)
            say("measure with a target", m, m)
            say("target of " + m, "%g" % t.target)
            say("baseline of " + m, "%g" % t.baseline)
            say("due of " + m, t.due)
    if item.HasField("initiative"):
        say("finish", item.initiative.finish)
        say("objective", ref("objective", item.initiative.objective))
        say("likely estimate", "%d" % item.initiative.estimate.likely)
        for entry in getattr(item.initiative.scope, "in"):
            say("in scope", entry, entry)
    if item.HasField("task"):
        say("part of", ref("initiative", item.task.initiative))
        say("effort", "%d" % item.task.effort)
        say("due", item.task.due)
    return out


class TwinTest(unittest.TestCase):
    """Drift against the difference of two exports."""

    @staticmethod
    def export(client, workspace, revision):
        items = {}
        for reply in client.stream("Plan.Export", P.ExportRequest(at=P.At(workspace=workspace, revision=revision))):
            for entry in reply.entries:
                kind = entry.item.WhichOneof("body")
                if kind in ("objective", "initiative", "task"):
                    items["%s/%s" % (kind, entry.item.id)] = entry.item
        return items

    def drift_of(self, then, now, renamed):
        def called(ref):
            while ref in renamed:
                ref = renamed[ref]
            return ref

        want = set()
        # what went keeps the name that it had
        then = {called(ref) if called(ref) in now else ref: item for ref, item in then.items()}
        for ref in sorted(set(then) | set(now)):
            if ref not in then or ref not in now:
                want.add((ref, "plan", "" if ref in now else "in the plan", "in the plan" if ref in now else ""))
                continue
            before, after = facts(then[ref], called), facts(now[ref], called)
            for key in set(before) | set(after):
                if before.get(key) != after.get(key):
                    want.add((ref, key[0], before.get(key, ""), after.get(key, "")))
        return want

    def test_changes_by_chance(self):
        seen = renames = 0
        with Daemon(memory=True, clock="=2026-05-01T12:00:00Z") as daemon:
            client = daemon.client()
            for seed in range(25):
                workspace = "w%d" % seed
                client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id=workspace))
                past = Past(seed)

                def apply(changes):
                    return client.call("Plan.Apply", P.ApplyRequest(workspace=workspace, change_set=P.ChangeSet(changes=changes))).revision

                apply(past.first)
                for _ in range(past.r.randrange(0, 5)):
                    apply([past.change()])
                first = apply([put("then", "baseline", I.Baseline())])
                past.renamed.clear()
                for _ in range(past.r.randrange(1, 30)):
                    last = apply([past.change()])
                got = set()
                for reply in client.stream("Insight.Drift", D.DriftRequest(**{"from": P.At(workspace=workspace, baseline="then")}, to=P.At(workspace=workspace))):
                    for item in reply.items:
                        got |= {(item.ref, c.field, getattr(c, "from"), c.to) for c in item.changes if item.ref.split("/")[0] != "baseline"}
                want = self.drift_of(self.export(client, workspace, first), self.export(client, workspace, last), past.renamed)
                self.assertEqual(got, want, seed)
                seen += len(want)
                renames += len(past.renamed)
            client.close()
        self.assertGreater(seen, 500)
        self.assertGreater(renames, 20)


if __name__ == "__main__":
    unittest.main()
