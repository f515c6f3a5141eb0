"""The order of initiatives against what teams can give, worked out a second time on random plans; and growth since a baseline.

The twin below is written from docs/RULES.md for clarity, pair by pair and cell by cell. It shares no code with the daemon.
"""
import datetime
import random
import unittest

from plumbrpc import Daemon, pb

TODAY = "2026-04-15"
QUARTERS = {"q2": ("2026-04-01", "2026-06-30"), "q3": ("2026-07-01", "2026-09-30")}
UNRANKED = 10 ** 9


def working_days(quarter):
    day, last = (datetime.date.fromisoformat(text) for text in QUARTERS[quarter])
    count = 0
    while day <= last:
        count += day.isoweekday() <= 5
        day += datetime.timedelta(days=1)
    return count


DAYS = {quarter: working_days(quarter) for quarter in QUARTERS}


class Plan:
    """A plan by chance, small enough to be looked at when a comparison fails."""

    def __init__(self, seed):
        self.seed = seed
        chance = random.Random(seed)
        self.teams = ["t%d" % i for i in range(3)]
        self.capacity = {(t, q): chance.choice([0, 1000, 2500, 4000]) for t in self.teams for q in QUARTERS}
        self.objectives = ["o%d" % i for i in range(5)]
        self.precedes = {o: [p for p in self.objectives if p != o and chance.random() < 0.15] for o in self.objectives}
        self.status, self.periods, self.needs, self.objective = {}, {}, {}, {}
        self.allocations = []       # (team, initiative, effort, quarter)
        for i in range(12):
            name = "i%02d" % i
            self.status[name] = chance.choice(["ACTIVE", "ACTIVE", "ACTIVE", "APPROVED", "PROPOSED", "DONE"])
            self.periods[name] = chance.choice([["q2"], ["q3"], ["q2", "q3"]])
            self.objective[name] = chance.choice(self.objectives)
            self.needs[name] = {}
            for team in chance.sample(self.teams, chance.randint(0, 2)):
                # so much that it spreads over the working days of its time without a rest
                self.needs[name][team] = chance.randint(1, 14) * sum(DAYS[q] for q in self.periods[name])
            if chance.random() < 0.5:
                self.allocations.append((chance.choice(self.teams), name, chance.randint(1, 15) * 100, chance.choice(list(QUARTERS))))
        names = list(self.status)
        self.order = self.some_order(chance, names, 9)
        self.team_order = {t: self.some_order(chance, names, 8) for t in self.teams}

    @staticmethod
    def some_order(chance, names, count):
        """[(name, tied with the one before)]"""
        return [(name, place > 0 and chance.random() < 0.2) for place, name in enumerate(chance.sample(names, count))]

    def changes(self):
        change, item = pb.plan.Change, pb.item

        def put(**fields):
            return change(put=pb.plan.Put(item=item.Item(**fields)))
        yield from (put(id=q, period=item.Period(first_day=first, last_day=last)) for q, (first, last) in QUARTERS.items())
        yield from (put(id=t, team=item.Team(capacities=[item.TeamCapacity(period=q, effort=self.capacity[t, q]) for q in QUARTERS]))
                    for t in self.teams)
        yield from (put(id=o, objective=item.Objective(precedes=self.precedes[o])) for o in self.objectives)
        for name, status in self.status.items():
            yield put(id=name, initiative=item.Initiative(
                objective=self.objective[name], status=item.WorkStatus.Value(status), periods=self.periods[name],
                needs=[item.Need(who=t, effort=effort) for t, effort in self.needs[name].items()]))
        for n, (team, name, effort, quarter) in enumerate(self.allocations):
            yield put(id="a%d" % n, allocation=item.Allocation(who="team/" + team, initiative=name, effort=effort, period=quarter))
        for ranking, order in [("", self.order)] + list(self.team_order.items()):
            for place, (name, tied) in enumerate(order):
                where = {"tied_with": order[place - 1][0]} if tied else {"last": True}
                yield change(place=pb.plan.Place(item=name, ranking=ranking, **where))


class Twin:
    def __init__(self, plan):
        self.plan = plan
        self.rank = self.ranks(plan.order)
        self.cells = {(t, q): {} for t in plan.teams for q in QUARTERS}   # initiative -> [asked, held]
        running = [n for n, status in plan.status.items() if status in ("ACTIVE", "APPROVED")]
        for team, name, effort, quarter in plan.allocations:
            if name in running:
                claim = self.cells[team, quarter].setdefault(name, [0, 0])
                claim[0] += effort
                claim[1] += effort
        allocated = {(team, name) for team, name, _, _ in plan.allocations}
        for name in running:
            for team, effort in plan.needs[name].items():
                if (team, name) in allocated:
                    continue        # the allocation says how much it gets
                days = sum(DAYS[q] for q in plan.periods[name])
                for quarter in plan.periods[name]:
                    self.cells[team, quarter].setdefault(name, [0, 0])[0] += effort * DAYS[quarter] // days

    @staticmethod
    def ranks(order):
        ranks, rank = {}, 0
        for place, (name, tied) in enumerate(order):
            rank = rank if tied else place + 1
            ranks[name] = rank
        return ranks

    def of(self, name):
        return self.rank.get(name, UNRANKED)

    def over_full(self):
        for (team, quarter), claims in self.cells.items():
            if sum(asked for asked, _ in claims.values()) > self.plan.capacity[team, quarter]:
                yield team, quarter, claims

    def inversion(self):
        found = {}
        for team, quarter, claims in self.over_full():
            left = max(0, self.plan.capacity[team, quarter] - sum(held for _, held in claims.values()))
            for name in sorted(claims, key=lambda n: (self.of(n), n)):
                asked, held = claims[name]
                given = min(asked - held, left)
                left -= given
                lacks = asked - held - given
                worse = {n: c[1] for n, c in claims.items() if self.of(n) > self.of(name) and c[1] > 0}
                if self.of(name) == UNRANKED or lacks < 100 or sum(worse.values()) < 100:
                    continue
                most = max(worse, key=lambda n: (worse[n], self.of(n), n))
                key = "priority/inversion:initiative/%s,initiative/%s,team/%s,period/%s" % (name, most, team, quarter)
                found[key] = {"person-days lacking": lacks / 100, "person-days allocated to lower ranks": sum(worse.values()) / 100}
        return found

    def reaches(self, start, end):
        seen, todo = set(), [start]
        while todo:
            for o in self.plan.precedes[todo.pop()]:
                if o not in seen:
                    seen.add(o)
                    todo.append(o)
        return end in seen

    def no_precedence(self):
        worst = {}
        for team, quarter, claims in self.over_full():
            over = sum(asked for asked, _ in claims.values()) - self.plan.capacity[team, quarter]
            objectives = sorted({self.plan.objective[n] for n in claims})
            for a in objectives:
                for b in objectives:
                    if a < b and not self.reaches(a, b) and not self.reaches(b, a):
                        # the most that is missing; then the first team, then the first period
                        worst[a, b] = min(worst.get((a, b), (1, "", "")), (-over, team, quarter))
        return {"priority/no-precedence:objective/%s,objective/%s" % pair: {"compete for": "team/" + team, "in": "period/" + quarter}
                for pair, (_, team, quarter) in worst.items()}

    def team_disagrees(self):
        found = {}
        for team, order in self.plan.team_order.items():
            own = self.ranks(order)
            both = [n for n in own if n in self.rank and self.plan.status[n] != "DONE"]
            pairs = sum(own[a] < own[b] and self.rank[a] > self.rank[b] for a in both for b in both)
            if pairs > 0:
                found["priority/team-disagrees:team/" + team] = {"pairs in another order": pairs}
        return found


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True)
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client()

    def apply(self, workspace, changes):
        return self.client.call("Plan.Apply", pb.plan.ApplyRequest(
            workspace=workspace, change_set=pb.plan.ChangeSet(changes=list(changes))), timeout=60).revision

    def check(self, workspace, rules, **at):
        findings = []
        request = pb.insight.CheckRequest(at=pb.plan.At(workspace=workspace, today=TODAY, **at), rules=rules)
        with self.client.stream("Insight.Check", request, timeout=60) as replies:
            for reply in replies:
                findings += reply.findings
        return findings


class TwinTest(Case):
    RULES = {"priority/inversion": Twin.inversion, "priority/no-precedence": Twin.no_precedence,
             "priority/team-disagrees": Twin.team_disagrees}

    def compare(self, plan, rule, expected):
        found = {f.key: f for f in self.check("w%d" % plan.seed, [rule]) if not f.unknown}
        self.assertEqual(set(found), set(expected), "%s on the plan of seed %d" % (rule, plan.seed))
        for key, facts in expected.items():
            evidence = {e.what: e.value for e in found[key].evidence}
            for what, value in facts.items():
                told = evidence[what] if isinstance(value, str) else float(evidence[what])
                self.assertEqual(told, value, "%s of %s, seed %d" % (what, key, plan.seed))
        return len(expected)

    def test_random_plans_are_judged_as_by_hand(self):
        told = dict.fromkeys(self.RULES, 0)
        for seed in range(40):
            plan = Plan(seed)
            self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="w%d" % seed))
            self.apply("w%d" % seed, plan.changes())
            twin = Twin(plan)
            for rule, judge in self.RULES.items():
                told[rule] += self.compare(plan, rule, judge(twin))
        for rule, count in told.items():        # else the comparison would compare nothing
            self.assertGreater(count, 20, rule)


class BaselineTest(Case):
    def initiative(self, likely):
        return pb.plan.Change(put=pb.plan.Put(item=pb.item.Item(id="i", initiative=pb.item.Initiative(
            status=pb.item.ACTIVE, estimate=pb.item.Estimate(likely=likely)))))

    def baseline(self, name, revision=0):
        return pb.plan.Change(put=pb.plan.Put(item=pb.item.Item(id=name, baseline=pb.item.Baseline(revision=revision))))

    def keys(self, **at):
        return [("? " if f.unknown else "") + f.key for f in self.check("", ["scope/crept"], **at)]

    def test_growth_is_seen_against_the_baseline_that_was_drawn_last(self):
        first = self.apply("", [self.initiative(4000)])
        self.assertEqual(self.keys(), ["? scope/crept:plan"])
        drawn = self.apply("", [self.baseline("q1")])
        self.assertEqual(self.keys(), [])
        grown = self.apply("", [self.initiative(6000)])
        self.assertEqual(self.keys(), ["scope/crept:initiative/i,baseline/q1"])
        message = self.check("", ["scope"])
        self.assertIn("initiative/i has grown since baseline/q1: estimate from 40 to 60 person-days.", [f.message for f in message])
        # agreed anew
        self.apply("", [self.baseline("q2")])
        self.assertEqual(self.keys(), [])
        # one that names an older revision, and is drawn last
        self.apply("", [self.baseline("kick-off", revision=first)])
        self.assertEqual(self.keys(), ["scope/crept:initiative/i,baseline/kick-off"])
        # as it was seen then
        self.assertEqual(self.keys(revision=grown), ["scope/crept:initiative/i,baseline/q1"])
        self.assertEqual(self.keys(revision=drawn), [])
        self.assertEqual(self.keys(revision=first), ["? scope/crept:plan"])


if __name__ == "__main__":
    unittest.main()
