"""The alignment score over the wire: against its twin, and what the answer promises."""
import datetime
import os
import random
import subprocess
import unittest

import score_twin
from plumbrpc import INVALID, ROOT, Daemon, RpcError, binary, pb

TODAY = datetime.date(2026, 3, 31)
CLOCK = "=2026-03-31T12:00:00Z"
PLANS = 60


def export(client, workspace=""):
    request = pb.plan.ExportRequest(at=pb.plan.At(workspace=workspace), records=True)
    return [envelope for reply in client.stream("Plan.Export", request, timeout=60) for envelope in reply.entries]


def ask(client, workspace="", **more):
    at = pb.plan.At(workspace=workspace, today=more.pop("today", TODAY.isoformat()))
    return client.call("Insight.Score", pb.insight.ScoreRequest(at=at, **more))


def day(ago):
    return (TODAY - datetime.timedelta(days=ago)).isoformat()


class RandomPlan:
    """Entries of every kind that the score looks at, right and wrong in all the ways that can be stored."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.changes = []

    def some(self, names, most=2):
        return self.random.sample(names, self.random.randrange(min(most, len(names)) + 1))

    def maybe(self, *values):
        return self.random.choice(("",) + values)

    def put(self, **fields):
        change = pb.plan.Change()
        change.put.item.CopyFrom(pb.item.Item(**fields))
        self.changes.append(change)

    def add(self, **fields):
        change = pb.plan.Change()
        change.add.record.CopyFrom(pb.item.Record(**fields))
        self.changes.append(change)

    def owners(self):
        return self.some(["p0", "person/p1", "p2", "team/t", "typo"])

    def links(self):
        kind = self.random.choice([pb.item.Link.CONTRIBUTES, pb.item.Link.CONTRIBUTES, pb.item.Link.SUPPORTS])
        to = self.random.choice(["goal/g0", "objective/o0", "objective/o2", "objective/typo"])
        return [pb.item.Link(type=kind, to=to)] if self.random.random() < 0.2 else []

    def periods(self):
        return self.some(["q0", "q1", "period/q2", "typo"])

    def target(self):
        target = pb.item.Target(measure=self.random.choice(["m0", "m1", "measure/m2", "typo"]), due=self.maybe(day(-60)))
        for field in self.some(["baseline", "target", "commit"], 3):
            setattr(target, field, 5)
        return target

    def people_and_time(self):
        for i in range(3):
            self.put(id="p%d" % i, person=pb.item.Person(last_day=self.maybe(day(10))))
        self.put(id="t", team=pb.item.Team())
        self.put(id="q0", period=pb.item.Period(first_day="2026-01-01", last_day="2026-03-31"))
        self.put(id="q1", period=pb.item.Period(last_day="2026-06-30"))
        self.put(id="q2", period=pb.item.Period(first_day="2026-07-01"))

    def ends(self):
        pick = self.random
        self.put(id="g0", goal=pb.item.Goal(), owners=self.owners())
        self.put(id="g1", goal=pb.item.Goal(parent=self.maybe("g0")), owners=self.owners())
        for i in range(5):
            self.put(id="o%d" % i, owners=self.owners(), links=self.links(), objective=pb.item.Objective(
                goal=self.maybe("g0", "g1", "typo"), further_goals=self.some(["goal/g0", "typo"], 1),
                parent=self.maybe("o%d" % pick.randrange(i)) if i else "", periods=self.periods(),
                expectation=self.maybe("", "quick help"), expectations=self.some(["e0", "expectation/e1", "e2", "typo"]),
                targets=[self.target() for _ in range(pick.randrange(3))], status=pick.choice([0, 0, 0, 1, 2])))
        for i in range(3):
            measure = pb.item.Measure(direction=pick.randrange(4), inline_under=self.maybe("o1", "o3"))
            if pick.random() < 0.5:
                measure.every_days = pick.choice([7, 120])
            if pick.random() < 0.5:
                measure.low, measure.high = 1, 2
            self.put(id="m%d" % i, measure=measure)
            for _ in range(pick.randrange(4)):
                self.add(about="m%d" % i, at=day(pick.choice([-3, 0, 30, 99, 100, 127, 128])), by="p0",
                         measurement=pb.item.Measurement(value=3, role=pick.randrange(3)))

    def work(self, status):
        pick, estimate, scope = self.random, pb.item.Estimate(), pb.item.Scope(out=self.some(["x"], 1))
        if pick.random() < 0.6:
            estimate.likely = 300
        getattr(scope, "in").extend(self.some(["x"], 1))
        needs = [pb.item.Need(who="t", effort=100)] if pick.random() < 0.3 else [pb.item.Need(who="t")]
        return dict(objective=self.maybe("o0", "o1", "objective/o2", "typo"), status=status, estimate=estimate, scope=scope,
                    start=self.maybe(day(30)), finish=self.maybe(day(-30)), periods=self.periods(),
                    members=self.some(["p0", "p1", "typo"]), needs=needs)

    def means(self):
        pick = self.random
        for i in range(7):
            status = pick.choice([1, 2, 2, 3, 3, 3, 3, 4, 5, 6])
            contributions = [pb.item.Contribution(to=o) for o in self.some(["o3", "objective/o4", "typo"], 1)]
            self.put(id="i%d" % i, owners=self.owners(), links=self.links(),
                     initiative=pb.item.Initiative(contributions=contributions, **self.work(status)))
            for _ in range(pick.randrange(3)):
                self.add(about="initiative/i%d" % i, at=day(pick.choice([-1, 0, 14, 15])), by="p0", check_in=pb.item.CheckIn())
        for i in range(3):
            under = pick.choice(["i0", "initiative/i1", "workstream/w0"] if i else ["i0", "i5"])
            self.put(id="w%d" % i, owners=self.owners(), links=self.links(),
                     workstream=pb.item.Workstream(initiative=under, **self.work(pick.randrange(7))))
        for i in range(4):
            self.put(id="a%d" % i, ask=pb.item.Ask(
                initiative=pick.choice(["i0", "i1", "workstream/w1", "typo", ""]), state=pick.choice([0, 1, 1, 1, 2, 3, 4, 5, 6]),
                promised_for=self.maybe(day(-5), day(0), day(1)), needed_by=self.maybe(day(-4), day(-5), day(-6))))

    def around(self):
        """Customers, words and acts, acceptances, the outside."""
        pick, governance = self.random, pb.governance
        self.put(id="j", journey=pb.customer.Journey())
        self.put(id="g", stage=pb.customer.Stage(journey="j"))
        for i in range(2):
            self.put(id="s%d" % i, step=pb.customer.Step(stage="g", met_by=self.maybe("t", "typo")))
        for i in range(3):
            expectation = pb.customer.Expectation(step=self.maybe("s0", "step/s1", "typo"))
            for field in self.some(["importance", "met"], 3):
                setattr(expectation, field, 5)
            self.put(id="e%d" % i, expectation=expectation)
        for i in range(4):
            links = [pb.item.Link(type=pick.choice([pb.item.Link.SUPPORTS, pb.item.Link.RELATES, pb.item.Link.AT_ODDS]), to=to)
                     for to in self.some(["policy/rule", "decision/d0", "goal/g0"], 1)]
            self.put(id="v%d" % i, value=pb.item.Value(), links=links)
        self.put(id="rule", policy=governance.Policy())
        for i in range(3):
            self.put(id="d%d" % i, decision=governance.Decision(
                status=pick.randrange(5), honours=self.some(["value/v0", "value/v1", "c"], 1), breaks=self.some(["value/v2"], 1)))
        self.put(id="c", commitment=governance.Commitment(state=pick.randrange(4)), links=[pb.item.Link(type=pb.item.Link.SUPPORTS, to="value/v3")])
        self.put(id="b", baseline=pb.item.Baseline())
        for who in self.some(["p0", "p1", "p2"], 3):
            self.add(about="baseline/b", at=day(pick.choice([-1, 0, 99, 100])), by=who,
                     acceptance=governance.Acceptance(answer=pick.randrange(2), in_the_way="time"))
        for i in range(2):
            self.put(id="a%d" % i, assessment=pb.surroundings.Assessment())
        for i in range(3):
            areas = [pb.item.ChangeArea(title="x", end_state=self.maybe("good"), timeframe=self.maybe(day(-90)),
                                        answers=self.some(["a0", "assessment/a1", "typo"], 1)) for _ in range(pick.randrange(3))]
            self.put(id="y%d" % i, links=self.links(), strategy=pb.item.Strategy(
                goals=self.some(["g0", "goal/g1", "typo"], 1), first_day=self.maybe("2026-01-01"), change_areas=areas,
                last_day=self.maybe("2026-12-30", "2026-12-31", "2027-06-30")))

    def ranking(self):
        before = None
        for name in self.some(["i%d" % i for i in range(7)], 7):
            change = pb.plan.Change()
            change.place.item = name
            if before is not None and self.random.random() < 0.3:
                change.place.tied_with = before
            else:
                change.place.last = True
            self.changes.append(change)
            before = name

    def make(self):
        for part in (self.people_and_time, self.ends, self.means, self.around):
            part()
        self.random.shuffle(self.changes)
        self.ranking()
        return self.changes


class ScoreTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, clock=CLOCK)
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client()

    def workspace(self, name, changes):
        self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id=name))
        change_set = pb.plan.ChangeSet(changes=changes)
        self.client.call("Plan.Apply", pb.plan.ApplyRequest(workspace=name, change_set=change_set))
        return name

    def same(self, reply, families):
        self.assertEqual([f.family for f in reply.families], list(families))
        for got in reply.families:
            want = families[got.family]
            self.assertEqual((got.units, got.earned), (want.units, want.earned), got.family)
            self.assertEqual(round(got.points * 10 ** 6), want.points * 10 ** 6, got.family)
            self.assertEqual(round(got.weight * 100), want.weight, got.family)
        self.assertEqual(round(reply.score * 10 ** 6), score_twin.total(families) * 10 ** 6)

    def test_random_plans_score_as_their_twins(self):
        scores = set()
        for seed in range(PLANS):
            name = self.workspace("r%d" % seed, RandomPlan(seed).make())
            reply = ask(self.client, name)
            self.same(reply, score_twin.score(export(self.client, name), TODAY.isoformat()))
            scores.add(round(reply.score, 6))
        self.assertGreater(len(scores), PLANS * 3 // 4)
        self.assertGreater(max(scores) - min(scores), 15)

    def test_the_example_scores_as_its_twin(self):
        with open(os.path.join(ROOT, "deploy/example/today")) as file:
            today = file.read().strip()
        with Daemon(memory=True, clock="=%sT20:00:00Z" % today) as daemon:
            env = dict(os.environ, PLUMB_SERVER=daemon.unix)
            subprocess.run([binary("plumb"), "apply", "-f", os.path.join(ROOT, "deploy/example"), "--yes", "--as", "person/test"],
                           check=True, env=env, capture_output=True, timeout=120)
            client = daemon.client()
            reply = ask(client, today=today)
            self.same(reply, score_twin.score(export(client), today))
            self.assertGreater(reply.score, 20)
            shown = subprocess.run([binary("plumb"), "score", "-o", "name", "--today", today], check=True, env=env,
                                   capture_output=True, text=True, timeout=60)
            self.assertEqual(shown.stdout, "%.6f\n" % reply.score)

    def test_what_is_lacking_is_listed(self):
        name = self.workspace("lacking", RandomPlan(3).make())
        for family in ask(self.client, name, units=1000).families:
            earned = [unit.earned for unit in family.lacking]
            self.assertEqual(earned, sorted(earned))
            self.assertEqual(sum(12 - e for e in earned), 12 * family.units - family.earned, family.family)
            for unit in family.lacking:
                self.assertTrue(unit.lacks and len(unit.lacks) == len(unit.rules), unit)
        cut = ask(self.client, name, units=2, families=["owner"])
        self.assertEqual([len(f.lacking) for f in cut.families], [0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0])
        self.assertEqual(len(cut.families[4].lacking), 2)

    def test_a_check_says_the_same_score_whatever_it_is_asked(self):
        name = self.workspace("checked", RandomPlan(8).make())
        want = ask(self.client, name).score
        at = pb.plan.At(workspace=name, today=TODAY.isoformat())
        for more in ({}, {"rules": ["owner"]}, {"about": ["goal/g0"], "at_least": pb.item.ERROR}):
            replies = list(self.client.stream("Insight.Check", pb.insight.CheckRequest(at=at, **more), timeout=60))
            self.assertEqual(replies[-1].summary.score, want)

    def test_bad_questions(self):
        for field, more in (("families", {"families": ["owners"]}), ("units", {"units": 1001})):
            with self.assertRaises(RpcError) as caught:
                ask(self.client, **more)
            self.assertEqual((caught.exception.code, caught.exception.violations[0][0]), (INVALID, field))

    def test_an_empty_plan_scores_nothing(self):
        reply = ask(self.client)
        self.assertEqual((reply.score, reply.formula, [f.units for f in reply.families]), (0, 2, [0] * 12))


if __name__ == "__main__":
    unittest.main()
