"""What a missed or late item takes with it: by hand, and held against a twin on random plans."""
import json
import os
import random
import subprocess
import unittest

from plumbrpc import INVALID, NOT_FOUND, Daemon, RpcError, binary, pb
from progress_twin import ALL, WEAKEST, WEIGHTED, WORK, Twin, full, stated

I, P = pb.item, pb.plan
C = pb.customer
G = pb.governance


def put(name, kind, body, **fields):
    return P.Change(put=P.Put(item=I.Item(id=name, **{kind: body}, **fields)))


def contribution(to, share=None, measure="", effect=None):
    c = I.Contribution(to=to, measure=measure)
    if share is not None:
        c.effort_share = share
    if effect is not None:
        c.expected_effect = effect
    return c


def initiative(name, likely, contributions=(), after=(), **fields):
    return put(name, "initiative", I.Initiative(status=I.ACTIVE, estimate=I.Estimate(likely=likely), contributions=contributions,
                                                after=after, **fields))


# The segment expects `fast` (importance 8) and `cheap` (2). fast is answered by `live` (which measures days) and by `calm`.
PLAN = [
    put("big", "segment", C.Segment(value=1000000, currency="EUR")),
    put("fast", "expectation", C.Expectation(segment="big", importance=8)),
    put("cheap", "expectation", C.Expectation(segment="big", importance=2)),
    put("stay", "goal", I.Goal()),
    put("days", "measure", I.Measure(unit="days")), put("calls", "measure", I.Measure()),
    put("live", "objective", I.Objective(goal="stay", weight=0.75, expectations=["fast"], targets=[
        I.Target(measure="days", due="2026-06-30"), I.Target(measure="calls", due="2026-05-31")])),
    put("calm", "objective", I.Objective(goal="stay", weight=0.25, expectation="Leave us in peace.", expectations=["fast"])),
    # 14 of the 20 days that days is to fall by; nobody is to move calls
    initiative("a", 10000, [contribution("live", measure="days", effect=-14)], finish="2026-06-20"),
    initiative("b", 5000, [contribution("live", measure="days", effect=-6)], ["a"], start="2026-07-01", finish="2026-08-31"),
    # 30 and 90 person-days for calm
    initiative("c", 3000, [contribution("calm")], finish="2026-06-10"),
    initiative("d", 9000, [contribution("calm")]),
    put("a1", "task", I.Task(initiative="a", effort=1000, due="2026-06-10")),
    put("a2", "task", I.Task(initiative="a", effort=3000, due="2026-06-20")),
    put("help", "ask", I.Ask(initiative="c", effort=600, needed_by="2026-06-05", state=I.Ask.COMMITTED)),
    put("promise", "commitment", G.Commitment(promised_by="x", concerns=["objective/live"], due="2026-06-30")),
]


class ByHand(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, clock="=2026-05-01T12:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client()
        cls.addClassCleanup(cls.client.close)
        cls.client.call("Plan.Apply", P.ApplyRequest(change_set=P.ChangeSet(changes=PLAN)))

    def ask(self, ref, **fields):
        return self.client.call("Insight.Impact", pb.impact.ImpactRequest(ref=ref, **fields))

    def shares(self, ref):
        return {n.ref: round(n.share, 9) for n in self.ask(ref).nodes}

    def test_a_task(self):
        # a quarter of a; a is 14/20 of days; days half of live; b cannot begin without a, and is the other 6/20
        a1, days = 0.25, 0.25 * 0.7 + 0.25 * 0.3
        live = days / 2
        reply = self.ask("task/a1")
        self.assertEqual({n.ref: round(n.share, 9) for n in reply.nodes}, {
            "initiative/a": a1, "initiative/b": a1, "measure/days": days, "objective/live": live,
            "goal/stay": round(0.75 * live, 9), "expectation/fast": live / 2, "segment/big": round(0.8 * live / 2, 9),
            "commitment/promise": live})
        self.assertEqual(reply.nodes[0].ref, "objective/live")  # above all
        self.assertTrue(reply.nodes[0].customer)
        segment = [n for n in reply.nodes if n.ref == "segment/big"][0]
        self.assertEqual((round(segment.value, 3), segment.currency), (round(1000000 * 0.8 * live / 2, 3), "EUR"))
        edges = {(getattr(e, "from"), e.to): e for e in reply.edges}
        self.assertEqual((edges["task/a1", "initiative/a"].part, edges["task/a1", "initiative/a"].of), (1000, 4000))
        self.assertEqual((edges["initiative/a", "measure/days"].part, edges["initiative/a", "measure/days"].of), (14, 20))

    def test_an_ask_and_work_by_effort(self):
        # 6 of 30 person-days; 30 of 120
        self.assertEqual(self.shares("ask/help"), {
            "initiative/c": 0.2, "objective/calm": 0.05, "goal/stay": 0.0125, "expectation/fast": 0.025, "segment/big": 0.02})

    def test_a_measure_and_an_objective(self):
        self.assertEqual(self.shares("measure/calls"), {
            "objective/live": 0.5, "goal/stay": 0.375, "expectation/fast": 0.25, "segment/big": 0.2, "commitment/promise": 0.5})
        self.assertEqual(self.shares("objective/live"), {
            "goal/stay": 0.75, "expectation/fast": 0.5, "segment/big": 0.4, "commitment/promise": 1})

    def late(self, ref, days):
        return {n.ref: (n.late, n.then, n.assumed) for n in self.ask(ref, days=days).nodes}

    def test_late(self):
        got = self.late("task/a1", 25)
        # a1 ends on 5 July; a was to end on 20 June: 15 days. b begins on 1 July: a's 5 July is 5 days beyond 30 June.
        self.assertEqual(got["initiative/a"], (15, "2026-07-05", False))
        self.assertEqual(got["initiative/b"], (5, "2026-09-05", False))
        # days moves when b has ended, who passes 5 days on; but a's 15 are more
        self.assertEqual(got["measure/days"], (15, "2026-07-05", False))
        self.assertEqual(got["objective/live"], (5, "2026-07-05", False))  # due on 30 June for days
        self.assertEqual(got["commitment/promise"], (5, "2026-07-05", False))
        # ten days are taken in by a
        self.assertEqual(self.late("task/a1", 10)["initiative/a"], (0, "2026-06-20", False))
        # the ask was needed on 5 June; c has an end, calm has none
        got = self.late("ask/help", 7)
        self.assertEqual(got["initiative/c"], (7, "2026-06-17", False))
        self.assertEqual(got["objective/calm"], (7, "", True))

    def test_by_the_schedule(self):
        """Anna does a from Friday the 1st to Tuesday the 5th; c waits for b, which Ben does until Tuesday the 12th, and for a."""
        def work(name, who, likely, after=(), **fields):
            return put(name, "initiative", I.Initiative(status=I.ACTIVE, members=[who], after=after, estimate=I.Estimate(likely=likely), **fields))

        self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="people"))
        self.client.call("Plan.Apply", P.ApplyRequest(workspace="people", change_set=P.ChangeSet(changes=[
            put("anna", "person", I.Person(capacity=500)), put("ben", "person", I.Person(capacity=500)),
            work("a", "anna", 300, finish="2026-05-05"), work("b", "ben", 800), work("c", "anna", 100, ["a", "b"], start="2026-05-08", finish="2026-05-08"),
            work("e", "anna", 100, start="2026-05-14")] + [P.Change(place=P.Place(item=i, last=True)) for i in "abce"])))

        def ask(days, **request):
            reply = self.client.call("Insight.Impact", pb.impact.ImpactRequest(at=P.At(workspace="people"), ref="initiative/a", days=days, **request))
            node, = reply.nodes
            return reply, (node.late, node.planned, node.then, node.scheduled)

        # c is done on Wednesday the 13th: a may end on the 12th, seven days later
        reply, c = ask(7)
        self.assertEqual((reply.basis, reply.slack, list(reply.others), c), ("schedule", 7, [], (0, "2026-05-13", "2026-05-13", True)))
        # on Thursday, when Anna was to do e
        reply, c = ask(8)
        self.assertEqual(([(o.ref, o.planned, o.then, o.late) for o in reply.others], c),
                         ([("initiative/e", "2026-05-14", "2026-05-15", 1)], (1, "2026-05-13", "2026-05-14", True)))
        # the plan's dates do not know Ben: a has until the 7th
        reply, c = ask(7, by_plan=True)
        self.assertEqual((reply.basis, reply.basis_why, c), ("plan", "", (5, "2026-05-08", "2026-05-13", False)))
        reply = self.client.call("Insight.Impact", pb.impact.ImpactRequest(ref="measure/days", days=3))
        self.assertEqual((reply.basis, reply.basis_why), ("plan", "only work is scheduled"))
        text = " ".join(self.plumb("initiative/a", "--days", "8", "-w", "people").split())
        self.assertIn("it may end 7 days later before another initiative does", text)
        self.assertIn("others end later without resting on it: initiative/e by 1 day.", text)

    def test_bad_input(self):
        for ref, code, text in [("person/x", INVALID, "nothing is counted that rests on a person"), ("x", INVALID, "not a reference"),
                                ("task/none", NOT_FOUND, "there is no task/none")]:
            with self.assertRaises(RpcError) as caught:
                self.ask(ref)
            self.assertEqual(caught.exception.code, code)
            self.assertIn(text, caught.exception.message)
        self.ask("task/a1", days=3660)
        with self.assertRaises(RpcError):
            self.ask("task/a1", days=3661)

    def plumb(self, *args, code=0):
        done = subprocess.run([binary("plumb"), "impact", *args], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, PLUMB_SERVER=self.daemon.unix, COLUMNS="80", LC_ALL="C.UTF-8"))
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return done.stdout if code == 0 else done.stderr

    def test_command(self):
        text = self.plumb("a1", "--days", "25")
        self.assertIn("If task/a1 is 25 days late, 8 others are touched, 1 of them an objective", text)
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)
        self.assertEqual(len(json.loads(self.plumb("task/a1", "-o", "json"))["nodes"]), 8)
        rows = self.plumb("measure/calls", "-o", "csv").splitlines()
        self.assertEqual(rows[1].split(",")[:5], ["objective/live", "1", "0.5", "", "true"])
        self.assertIn("did you mean", self.plumb("task/a1x", code=3))
        self.assertIn("--days", self.plumb("task/a1", "--days", "0", code=2))
        self.assertIn("either", self.plumb("task/a1", "--days", "3", "--gone", code=2))


class Limit(unittest.TestCase):
    def test_20000_items_with_the_one_that_is_asked_about(self):
        with Daemon(memory=True, clock="=2026-05-01T12:00:00Z") as daemon:
            client = daemon.client()
            change = [put("a", "initiative", I.Initiative())] + [put("i%d" % i, "initiative", I.Initiative(after=["a"])) for i in range(20000)]
            for first, last, more in ((0, 10000, False), (10000, 20000, False), (20000, 20001, True)):
                client.call("Plan.Apply", P.ApplyRequest(change_set=P.ChangeSet(changes=change[first:last])))
                reply = client.call("Insight.Impact", pb.impact.ImpactRequest(ref="initiative/a"))
                self.assertEqual((len(reply.nodes), len(reply.edges), reply.more), (min(last - 1, 19999),) * 2 + (more,))


class Random:
    """A plan with every kind of edge, circles too."""

    def __init__(self, seed):
        r = self.r = random.Random(seed)
        self.items = {}
        n = r.randrange(3, 7)
        measures = ["m%d" % i for i in range(n)]
        for m in measures:
            self.items["measure/" + m] = I.Item(id=m, measure=I.Measure())
        self.items["goal/g"] = I.Item(id="g", goal=I.Goal())
        objectives = ["o%d" % i for i in range(n)]
        for i, o in enumerate(objectives):
            body = I.Objective(goal="g" if r.random() < 0.5 else "", parent=r.choice(objectives[:i]) if i and r.random() < 0.5 else "")
            if r.random() < 0.7:
                body.weight = r.randrange(1, 9) / 10
            for m in r.sample(measures, r.randrange(0, 3)):
                body.targets.add(measure=m)
            if r.random() < 0.5:
                body.expectation = "that"
            self.items["objective/" + o] = I.Item(id=o, objective=body)
        works = ["i%d" % i for i in range(2 * n)]
        for w in works:
            body = I.Initiative(status=r.choice([I.ACTIVE, I.ACTIVE, I.PROPOSED, I.DONE, I.STOPPED]), objective=r.choice(objectives))
            if r.random() < 0.8:
                body.estimate.likely = r.randrange(1, 50) * 100
            for o in r.sample(objectives, r.randrange(0, 3)):
                c = contribution(o, r.randrange(1, 5) / 10 if r.random() < 0.5 else None)
                if r.random() < 0.6:
                    c.measure = r.choice(measures)
                if r.random() < 0.6:
                    c.expected_effect = r.randrange(-9, 10)
                body.contributions.append(c)
            body.after.extend(r.sample(works, r.randrange(0, 2)))
            body.roll_up = r.choice([0, 0, 0, WEIGHTED, WEAKEST, ALL])
            self.items["initiative/" + w] = I.Item(id=w, initiative=body)
        for i in range(2 * n):
            body = I.Task(initiative=r.choice(works), after=["t%d" % r.randrange(2 * n)] if r.random() < 0.3 else [])
            if r.random() < 0.8:
                body.effort = r.randrange(1, 20) * 100
            self.items["task/t%d" % i] = I.Item(id="t%d" % i, task=body)


class ShareTwin:
    """docs/IMPACT.md, brute force."""

    def __init__(self, items):
        self.items = items
        self.twin = Twin(items, {}, {}, "2026-05-01")

    def counts(self, ref):
        if not self.twin.counts(ref):
            return False
        body = self.twin.body(ref)
        if self.twin.kind(ref) == "initiative" and body.status == I.DONE:
            return False
        up = getattr(body, "initiative", "")
        return not up or self.counts_up(full("initiative", up))

    def counts_up(self, ref):
        return ref in self.items and self.twin.body(ref).status not in (I.STOPPED,)

    def effect(self, ref, measure):
        return sum(abs(c.expected_effect) for c in self.twin.body(ref).contributions
                   if c.measure == measure and stated(c, "expected_effect") is not None)

    def edges(self, u):
        kind, twin = self.twin.kind(u), self.twin
        found = {}

        def part_of(whole, relation):
            parts = twin.parts(whole)
            if u not in parts:
                return
            method = twin.method(u, whole)
            if twin.kind(whole) == "objective" and kind == "initiative":
                own = [c for c in twin.body(u).contributions if full("objective", c.to) == whole]
                if own and all(c.expected_effect for c in own):
                    return
            weights = twin.weights(whole, parts)
            if method in (WEAKEST, ALL) or len(parts) == 1:
                share = 1
            elif sum(weights.values()) > 0:
                share = weights.get(u, 0)
            else:
                share = None
            found[whole, relation] = share

        if kind in WORK + ("objective", "goal"):
            for whole in twin.wholes(u):
                part_of(whole, "part" if twin.kind(whole) in WORK else "serves")
        if kind == "initiative" and twin.counts(u):
            for m in {c.measure for c in twin.body(u).contributions if c.measure}:
                all_of = sum(self.effect(r, m) for r in self.items if r.startswith("initiative/") and twin.counts(r))
                if self.effect(u, m) > 0:
                    found["measure/" + m, "effect"] = self.effect(u, m) / all_of
        if kind == "measure":
            for ref, item in self.items.items():
                if ref.startswith("objective/") and any("measure/" + t.measure == u for t in item.objective.targets):
                    found[ref, "target"] = 1 / len(item.objective.targets)
        for ref in self.items:
            body = twin.body(ref)
            if any(full(twin.kind(ref), a) == u for a in getattr(body, "after", ())):
                found[ref, "after"] = 1
        order = {"part": 1, "effect": 2, "target": 3, "serves": 4, "after": 5}
        kinds = {"goal": 4, "objective": 5, "measure": 6, "initiative": 8, "task": 11}
        return [(to, share) for (to, rel), share in sorted(
            found.items(), key=lambda e: (kinds[twin.kind(e[0][0])], e[0][0].split("/")[1], order[e[0][1]])) if self.counts(to)]

    def shares(self, start):
        """Depth first for the order; then along it."""
        cut, order, colour = set(), [], {}

        def visit(u):
            colour[u] = "grey"
            for k, (to, _) in enumerate(self.edges(u)):
                if colour.get(to) == "grey":
                    cut.add((u, k))
                elif to not in colour:
                    visit(to)
            colour[u] = "black"
            order.append(u)

        visit(start)
        share = {u: 0.0 for u in order}
        share[start] = 1
        for u in reversed(order):
            for k, (to, part) in enumerate(self.edges(u)):
                if (u, k) not in cut:
                    share[to] = min(1, share[to] + share[u] * (part or 0))
        del share[start]
        return share, len(cut)


class OnRandomPlans(unittest.TestCase):
    def test_shares(self):
        circles = asked = 0
        with Daemon(memory=True, clock="=2026-05-01T12:00:00Z") as daemon:
            admin = daemon.client()
            for seed in range(25):
                plan = Random(seed)
                ws = "w%d" % seed
                admin.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id=ws))
                admin.call("Plan.Apply", P.ApplyRequest(workspace=ws, change_set=P.ChangeSet(
                    changes=[P.Change(put=P.Put(item=item)) for item in plan.items.values()])))
                twin = ShareTwin(plan.items)
                for ref in plan.items:
                    if ref.startswith("goal/"):
                        continue
                    reply = admin.call("Insight.Impact", pb.impact.ImpactRequest(at=P.At(workspace=ws), ref=ref))
                    expected, cuts = twin.shares(ref)
                    got = {n.ref: n.share for n in reply.nodes}
                    self.assertEqual(sorted(got), sorted(expected), (seed, ref))
                    for to, share in expected.items():
                        self.assertAlmostEqual(got[to], share, 9, (seed, ref, to))
                    self.assertEqual(sum(e.cut for e in reply.edges), cuts, (seed, ref))
                    circles += cuts > 0
                    asked += 1
            admin.close()
        self.assertGreater(asked, 300)
        self.assertGreater(circles, 10)


if __name__ == "__main__":
    unittest.main()
