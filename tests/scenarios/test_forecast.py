"""How sure the schedule is, over the wire and by plumb forecast: plans whose chances are known, and each draw laid a second time.

Today is Wednesday 2026-04-15, working day 1; the 13th is 2026-05-01, the 18th 2026-05-08, the 22nd 2026-05-14. Anna and Ben give one
a day each. A triangle from 5 over 10 to 25 days has F(d) = 1 - (25 - d)^2 / 300 from 10 days on, (d - 5)^2 / 100 before.
"""
import csv
import datetime
import io
import json
import math
import os
import subprocess
import unittest

from plumbrpc import CANCELLED, INVALID, NOT_FOUND, Daemon, RpcError, binary, pb

F = pb.forecast.ForecastRequest
W = pb.forecast.ForecastWork
ACTIVE = pb.item.ACTIVE
TODAY = datetime.date(2026, 4, 15)


def put(name, kind, body, **fields):
    return pb.plan.Change(put=pb.plan.Put(item=pb.item.Item(id=name, title=name, **{kind: body}, **fields)))


def remove(*refs):
    return [pb.plan.Change(remove=pb.plan.Remove(ref=ref)) for ref in refs]


def estimate(*three):
    return pb.item.Estimate(**dict(zip(("optimistic", "likely", "pessimistic"), three)))


def initiative(name, who, hundredths, after=(), **fields):
    return put(name, "initiative", pb.item.Initiative(status=ACTIVE, after=after, needs=[pb.item.Need(who=who, effort=hundredths)],
                                                      **fields))


def measured(day, value):
    return pb.plan.Change(add=pb.plan.Add(record=pb.item.Record(about="measure/m", at=day, measurement=pb.item.Measurement(value=value))))


BASE = [
    put("q2", "period", pb.item.Period(first_day="2026-04-01", last_day="2026-06-30")),
    put("t", "team", pb.item.Team()),
    put("u", "team", pb.item.Team()),
    put("anna", "person", pb.item.Person(team="t")),
    put("ben", "person", pb.item.Person(team="t")),
    put("cleo", "person", pb.item.Person(team="u")),
]
PORTAL = initiative("portal", "person/anna", 1000, estimate=estimate(500, 1000, 2500), finish="2026-05-08", objective="o")

# Days need not be asked for one by one: 9 apart, and the last one is 36 behind the first.
GOAL = [
    put("m", "measure", pb.item.Measure(direction=pb.item.Measure.UP)),
    put("o", "objective", pb.item.Objective(targets=[pb.item.Target(measure="m", target=70., due="2026-04-24")])),
    measured("2026-03-19", 10), measured("2026-03-28", 20), measured("2026-04-06", 40), measured("2026-04-15", 50),
]


class Plan(unittest.TestCase):
    """A daemon of its own with changes() in it; initiatives are ranked in the order in which they are stated."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, clock="=2026-04-15T09:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client()
        cls.addClassCleanup(cls.client.close)
        cls.apply(cls.changes())
        ranked = [c.put.item.id for c in cls.changes() if c.put.item.WhichOneof("body") == "initiative"]
        for name in reversed(ranked):
            cls.apply([pb.plan.Change(place=pb.plan.Place(item="initiative/" + name, first=True))])

    @classmethod
    def apply(cls, changes):
        cls.client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=changes)))

    def ask(self, **request):
        replies = list(self.client.stream("Insight.Forecast", F(**request)))
        told = [reply.progress for reply in replies if reply.HasField("progress")]
        self.assertEqual(told, sorted(told))
        replies = [reply for reply in replies if not reply.HasField("progress")]
        self.assertEqual([reply.done for reply in replies], [False] * (len(replies) - 1) + [True])
        found = {one.ref.partition("/")[2]: one for reply in replies for one in reply.initiatives}
        self.objectives = {one.ref: one for reply in replies for one in reply.objectives}
        return found, replies[-1]

    def refused(self, code, text, **request):
        with self.assertRaises(RpcError) as caught:
            self.ask(**request)
        self.assertEqual(caught.exception.code, code)
        details = b"".join(detail.value for detail in caught.exception.details).decode(errors="replace")
        self.assertIn(text, caught.exception.message + details)

    def plumb(self, *args, code=0, columns=140):
        done = subprocess.run([binary("plumb"), "forecast", *args], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, PLUMB_SERVER=self.daemon.unix, COLUMNS=str(columns)))
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr


class OneTest(Plan):
    """One triangle: everything is known in closed form."""

    @classmethod
    def changes(cls):
        return BASE + GOAL + [PORTAL]

    def test_dates_and_chances(self):
        found, end = self.ask(shape=F.TRIANGULAR, draws=100000)
        for dates in (found["portal"].reschedule, found["portal"].fixed, end.everything):
            self.assertEqual((dates.p50, dates.p80, dates.p95), ("2026-05-01", "2026-05-08", "2026-05-14"))
        for dates in (found["portal"].reschedule, found["portal"].fixed):
            self.assertAlmostEqual(dates.by_due, 1 - 49 / 300, delta=0.004)
            self.assertEqual((dates.by_until, dates.above_line), (1, 1))
        self.assertEqual((found["portal"].due, found["portal"].planned, found["portal"].rank), ("2026-05-08", "2026-04-28", 1))
        self.assertEqual([(d.ref, round(d.correlation, 2)) for d in found["portal"].drivers], [("initiative/portal", 1)])
        self.assertEqual((end.draws, end.seed, end.correlation, end.team_correlation, end.total), (100000, 1, 0.1, 0.2, 1))
        self.assertEqual((end.estimates, end.own, end.from_nothing, end.until), (1, 1, 0, "2026-06-30"))

    def test_the_shape_counts(self):
        # A beta from 5 to 25 with shapes 2 and 4: F(13) = I(0.4; 2, 4) = 0.66304 (1 - 0.6^5 - 5 0.4 0.6^4).
        found, _ = self.ask(shape=F.PERT, draws=100000, work=True)
        ends = self.ask(shape=F.PERT, samples=True, draws=1000)[0]["portal"].reschedule.finish
        self.assertAlmostEqual(sum(day <= 16 for day in ends) / 1000, 0.66304, delta=0.05)
        self.assertAlmostEqual(found["portal"].reschedule.by_due, 1 - 0.35**5 - 5 * 0.65 * 0.35**4, delta=0.004)
        work = found["portal"].work[0]
        self.assertEqual((work.left, work.source, work.low, work.middle, work.high, work.team, work.critical),
                         (1000, W.OWN, 0.5, 1, 2.5, "team/t", 1))
        # The median is 10 days, and one in ten takes more than 25.
        ends = self.ask(shape=F.LOGNORMAL, samples=True, draws=1000)[0]["portal"].work[0].factors
        self.assertAlmostEqual(sum(f <= 1 for f in ends) / 1000, 0.5, delta=0.05)
        self.assertAlmostEqual(sum(f <= 2.5 for f in ends) / 1000, 0.9, delta=0.03)

    def test_an_objective(self):
        # With days in nines: slope 14, 65 expected, error sqrt(10) sqrt(1 + 1/4 + 2.5^2 / 5) = 5; Student's t with 2 degrees of freedom
        # is below 1 with 1/2 + 1 / (2 sqrt(3)). The work has 8 days until then.
        self.ask(shape=F.TRIANGULAR, draws=100000)
        o = self.objectives["objective/o"]
        target = o.targets[0]
        self.assertEqual((target.measure, target.due, target.target, target.points), ("measure/m", "2026-04-24", 70, 4))
        self.assertAlmostEqual(target.per_day, 14 / 9)
        self.assertAlmostEqual(target.expected, 65)
        self.assertAlmostEqual(target.error, 5)
        self.assertAlmostEqual(target.chance, 0.5 - 1 / (2 * math.sqrt(3)))
        self.assertEqual(o.outcome, target.chance)
        self.assertAlmostEqual(o.work, 9 / 100, delta=0.004)
        self.assertEqual((o.chance, o.works, list(o.rests_on), o.not_running, o.why), (o.work, 1, ["initiative/portal"], 0, ""))

    def test_what_is_unknown_stays_so(self):
        self.apply([put("bare", "objective", pb.item.Objective(periods=["q2"])),
                    put("n", "measure", pb.item.Measure(direction=pb.item.Measure.DOWN)),
                    put("few", "objective", pb.item.Objective(targets=[pb.item.Target(measure="n", target=1., due="2026-06-01")])),
                    put("idea", "initiative", pb.item.Initiative(status=pb.item.PROPOSED, objective="few"))])
        self.addCleanup(self.apply, remove("objective/bare", "initiative/idea", "objective/few", "measure/n"))
        self.ask(draws=100)
        bare, few = self.objectives["objective/bare"], self.objectives["objective/few"]
        for o in (bare, few):
            self.assertFalse(o.HasField("outcome") or o.HasField("work") or o.HasField("chance"))
        self.assertEqual(bare.why, "it has no measure; no work contributes to it")
        self.assertEqual(few.why, "measure/n: it has fewer than four values, or on fewer than three days; "
                                  "the work that contributes to it is proposed or paused")
        self.assertEqual(few.not_running, 1)

    def test_what_is_done_is_not_drawn(self):
        self.apply([pb.plan.Change(add=pb.plan.Add(record=pb.item.Record(id="half", about="initiative/portal", at="2026-04-14",
                                                                         check_in=pb.item.CheckIn(progress=0.6))))])
        found, _ = self.ask(shape=F.TRIANGULAR, draws=100000, work=True)
        self.apply([pb.plan.Change(retract=pb.plan.Retract(ref="check-in/half", reason="a try"))])
        # 4 days, from 2 to 10: P50 is 10 - sqrt(0.5 8 6) = 5.1 days, P80 10 - sqrt(0.2 8 6) = 6.9.
        dates = found["portal"].reschedule
        self.assertEqual((dates.p50, dates.p80), ("2026-04-22", "2026-04-23"))
        self.assertEqual(found["portal"].work[0].left, 400)

    def test_the_same_seed(self):
        one, two, other = (self.ask(draws=1000, samples=True, seed=seed)[0]["portal"] for seed in (7, 7, 8))
        self.assertEqual(one, two)
        self.assertNotEqual(list(one.reschedule.finish), list(other.reschedule.finish))

    def test_limits(self):
        for draws in (100, 100000):
            self.assertEqual(self.ask(draws=draws, mode=F.FIXED)[1].draws, draws)
        for draws in (99, 100001):
            self.refused(INVALID, "are 100 to 100000", draws=draws)
        self.assertEqual(len(self.ask(samples=True, draws=1000)[0]["portal"].reschedule.finish), 1000)
        self.refused(INVALID, "are at most 1000 with samples", samples=True, draws=1001)
        self.ask(correlation=1, team_correlation=0, draws=100)
        for wrong in (-0.01, 1.01, math.nan):
            self.refused(INVALID, "is 0 to 1", correlation=wrong)
            self.refused(INVALID, "is 0 to 1", team_correlation=wrong)
        self.refused(INVALID, "together at most 1", correlation=0.6, team_correlation=0.41)
        self.refused(INVALID, "must not be before today", until="2026-04-14")
        self.refused(INVALID, "is not one of its values", shape=3)
        self.refused(INVALID, "is not one of its values", mode=3)
        self.refused(NOT_FOUND, "there is no initiative/nowhere", refs=["initiative/nowhere"])
        self.refused(INVALID, "no name like", refs=["no/"])
        self.assertEqual(len(self.ask(refs=["initiative/portal"] * 1000, draws=100)[0]), 1)
        self.refused(INVALID, "at most 1000 names", refs=["initiative/portal"] * 1001)

    def test_the_command(self):
        text = self.plumb("--shape", "triangular")
        for part in ("P50", "2026-05-01", "2026-05-08", "2026-05-14", "initiative/portal", "objective/o", "BOTH AT MOST",
                     "any two correlate by 0.10, two of one team by 0.30", "10000 draws, seed 1",
                     "1 state a range of their own"):
            self.assertIn(part, " ".join(text.split()))
        rows = list(csv.DictReader(io.StringIO(self.plumb("-o", "csv", "--shape", "triangular"))))
        self.assertEqual([(r["initiative"], r["p50"], r["fixed_p80"]) for r in rows], [("initiative/portal", "2026-05-01", "2026-05-08")])
        work = list(csv.DictReader(io.StringIO(self.plumb("-o", "csv", "--work"))))
        self.assertEqual((work[0]["left"], work[0]["high"], work[0]["range_from"]), ("10.00", "2.50", "own"))
        self.assertEqual(json.loads(self.plumb("-o", "json", "--mode", "fixed", "--draws", "200"))["draws"], 200)
        for wrong in (("--draws", "99"), ("--draws", "100.5"), ("--correlation", "2"), ("--seed", "x"), ("--mode", "guess"),
                      ("--until", "soon")):
            self.assertIn(wrong[0], self.plumb(*wrong, code=2))
        self.plumb("--correlation", "0.7", "--team-correlation", "0.4", code=3)
        self.assertIn("-o json", self.plumb("--samples", code=2))

    def test_little_room(self):
        """Whole names and whole reasons, each reason once."""
        self.apply([put("nothing-to-measure-it-by-yet", "objective", pb.item.Objective()),
                    put("by-when", "objective", pb.item.Objective(targets=[pb.item.Target(measure="m", target=1.)]))])
        self.addCleanup(self.apply, remove("objective/nothing-to-measure-it-by-yet", "objective/by-when"))
        for columns in (60, 80, 100):
            text = self.plumb("--draws", "100", "--work", columns=columns)
            lines = text.splitlines()
            self.assertTrue(all(len(line) <= columns for line in lines), text)
            self.assertTrue(any(line.split()[:2] == ["portal", "2026-05-08"] or " portal " in line for line in lines), text)
            self.assertIn("objective/nothing-to-measure-it-by-yet: it has no measure; nobody says by when", " ".join(text.split()))
            self.assertIn("objective/by-when: measure/m: nobody says by when", " ".join(text.split()))
            self.assertNotIn("nobody says by when; nobody", " ".join(text.split()))
        self.assertIn("100%", next(line for line in lines if line.startswith("initiative") and " own" in line))


class TwinTest(Plan):
    """Each draw once more: by hand-written strict priority, day by day, on what the reply says each piece takes."""

    @classmethod
    def changes(cls):
        return BASE + [
            PORTAL,
            initiative("app", "person/anna", 700, after=["portal"]),
            initiative("site", "person/ben", 450, after=["portal"], estimate=estimate(700, 500, 900)),
            initiative("blog", "person/ben", 1200, estimate=estimate(800, 1000, 1600), finish="2026-05-29"),
            initiative("big", "team/t", 3000),
        ]

    NEEDS = {"portal": ("anna", 1000, ()), "app": ("anna", 700, ("portal",)), "site": ("ben", 450, ("portal",)),
             "blog": ("ben", 1200, ()), "big": ("t", 3000, ())}

    def lay(self, factors):
        """Days from today of the last one worked on, best rank first."""
        left = {}
        ends = {}
        for name, (who, effort, after) in self.NEEDS.items():
            todo = max(1, math.floor(effort * factors[name] + 0.5))
            day = max([ends[b] + 1 for b in after], default=0)
            while todo > 0:
                if (TODAY + datetime.timedelta(day)).weekday() < 5:
                    givers = [who] if who == "t" else [who, "t"]
                    for giver in givers:
                        left.setdefault((giver, day), 200 if giver == "t" else 100)
                    take = min([todo] + [left[giver, day] for giver in givers])
                    todo -= take
                    for giver in givers:
                        left[giver, day] -= take
                    if take:
                        ends[name] = day
                day += 1
        return ends

    def test_each_draw(self):
        found, end = self.ask(samples=True, draws=400)
        for draw in range(400):
            ends = self.lay({name: found[name].work[0].factors[draw] for name in self.NEEDS})
            self.assertEqual(ends, {name: found[name].reschedule.finish[draw] for name in self.NEEDS}, draw)
        for name, one in found.items():
            ends = sorted(one.reschedule.finish)
            for part, date in ((0.5, one.reschedule.p50), (0.8, one.reschedule.p80), (0.95, one.reschedule.p95)):
                self.assertEqual(str(TODAY + datetime.timedelta(ends[math.ceil(part * 400) - 1])), date, name)
            horizon = (datetime.date(2026, 6, 30) - TODAY).days
            self.assertEqual(one.reschedule.by_until, sum(day <= horizon for day in ends) / 400)
        better = list(found)[:4]
        self.assertEqual(found["blog"].reschedule.above_line, sum(
            all(found[name].reschedule.finish[d] <= horizon for name in better) for d in range(400)) / 400)
        self.assertEqual([(p.ref, "not in order" in p.what) for p in end.problems], [("initiative/site", True)])
        self.assertEqual((end.estimates, end.own, end.from_nothing), (5, 2, 3))

    def test_all_as_planned(self):
        """Without luck both ways are the schedule."""
        names = {"portal": ("person/anna", 1000, ()), "app": ("person/anna", 700, ("portal",)),
                 "site": ("person/ben", 450, ("portal",)), "blog": ("person/ben", 1200, ()), "big": ("team/t", 3000, ())}
        self.apply([initiative(name, who, effort, after=after, estimate=estimate(effort, effort, effort))
                    for name, (who, effort, after) in names.items()])
        self.addCleanup(self.apply, [c for c in self.changes() if c.put.item.WhichOneof("body") == "initiative"])
        found, end = self.ask(draws=100)
        planned = self.lay(dict.fromkeys(names, 1))
        for name, one in found.items():
            day = str(TODAY + datetime.timedelta(planned[name]))
            for dates in (one.reschedule, one.fixed):
                self.assertEqual((one.planned, dates.p50, dates.p95), (day, day, day), name)
        self.assertEqual((end.difference_of, end.difference_days), ("", 0))

    def test_others_keep_their_luck(self):
        before, _ = self.ask(samples=True, draws=200)
        self.apply([initiative("late", "person/anna", 500)])
        after, _ = self.ask(samples=True, draws=200)
        self.apply(remove("initiative/late"))
        for name in before:
            self.assertEqual(before[name].reschedule, after[name].reschedule)
            self.assertEqual(list(before[name].work[0].factors), list(after[name].work[0].factors))

    def test_correlation_makes_the_end_less_sure(self):
        spread = []
        for correlation in (0, 0.9):
            found, _ = self.ask(samples=True, draws=1000, correlation=correlation, team_correlation=0, mode=F.RESCHEDULE)
            ends = sorted(found["big"].reschedule.finish)
            spread.append(ends[950] - ends[50])
            self.assertFalse(found["big"].HasField("fixed") or found["big"].work[0].HasField("critical"))
        self.assertLess(spread[0] * 1.3, spread[1])


class HistoryTest(Plan):
    """Done tasks that took twice as long."""

    @classmethod
    def changes(cls):
        # From Monday to Friday planned, done on the Friday after: 10 days of 5.
        done = [put("d%d" % i, "task", pb.item.Task(start="2026-03-02", due="2026-03-06", done="2026-03-13", members=["cleo"]))
                for i in range(8)]
        return BASE + done + [initiative("of-u", "person/cleo", 500), initiative("of-t", "person/anna", 500),
                              initiative("own", "person/ben", 500, estimate=estimate(500, 500, 500))]

    def test_sources(self):
        found, end = self.ask(work=True, draws=100)
        self.assertEqual({name: (one.work[0].source, one.work[0].low, one.work[0].high) for name, one in found.items()},
                         {"of-u": (W.TEAM, 2, 2), "of-t": (W.ALL_TEAMS, 2, 2), "own": (W.OWN, 1, 1)})
        self.assertEqual([found[name].reschedule.p50 for name in found], ["2026-04-28", "2026-04-28", "2026-04-21"])
        self.assertEqual((end.history, end.own, end.from_team, end.from_all_teams, end.from_nothing), (8, 1, 1, 1, 0))

    def test_seven_are_too_few(self):
        self.apply(remove("task/d0"))
        found, end = self.ask(work=True, draws=100)
        self.apply([c for c in self.changes() if c.put.item.id == "d0"])
        self.assertEqual((found["of-u"].work[0].source, found["of-u"].work[0].low, found["of-u"].work[0].high), (W.NOTHING, 0.7, 1.5))
        self.assertEqual((end.history, end.from_nothing), (7, 2))

    def test_a_part_has_the_range_of_the_whole(self):
        self.apply([put("whole", "initiative", pb.item.Initiative(status=ACTIVE, estimate=estimate(100, 200, 600))),
                    put("part", "task", pb.item.Task(initiative="whole", effort=300, members=["ben"]))])
        found, end = self.ask(work=True, draws=100)
        self.apply(remove("task/part", "initiative/whole"))
        self.assertEqual([(w.ref, w.source, w.left, w.low, w.high) for w in found["whole"].work],
                         [("task/part", W.WHOLE, 300, 0.5, 3)])
        self.assertEqual(end.from_whole, 1)


class LongTest(Plan):
    """Progress is told, and a call that nobody waits for ends."""

    @classmethod
    def changes(cls):
        return BASE + [initiative("i", "person/anna", 100)] + [
            put("t%03d" % i, "task", pb.item.Task(initiative="i", effort=1000, members=["anna" if i % 2 else "ben"])) for i in range(300)]

    def test_cancelled(self):
        stream = self.client.stream("Insight.Forecast", F(draws=100000))
        self.assertTrue(stream.next(30).HasField("progress"))
        stream.cancel()
        with self.assertRaises(RpcError) as caught:
            while stream.next(30) is not None:
                pass
        self.assertEqual(caught.exception.code, CANCELLED)


class EmptyTest(Plan):
    @classmethod
    def changes(cls):
        return BASE[:1]

    def test_nothing_runs(self):
        found, end = self.ask()
        self.assertEqual((found, end.total, end.estimates), ({}, 0, 0))
        self.assertIn("nothing to forecast", self.plumb())


if __name__ == "__main__":
    unittest.main()
