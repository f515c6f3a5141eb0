"""The plan beside scenarios, over the wire and by plumb whatif compare.

Today is Wednesday 2026-04-15; from then to 2026-06-30 there are 12 + 21 + 22 = 55 working days. Web and app give one person-day on
each: they state 65 for the quarter, which has 65 working days. Every estimate says the same three times, so that a chance is 0 or 1
and P80 is the finish. Of web: search 10 days, blog 10, portal 50; of app: faq 1.

- The plan: search, blog, faq, portal. Search has April 15 to 28, blog ends 10 days after that, on Tuesday May 12, 4 days after it is
  due; of portal's 50 days only 35 are left.
- swap: blog before search. Blog ends on April 28, search on May 12, 12 days late.
- cut: blog takes 6 days, and ends on Wednesday May 6: both in time. Portal has 39.
- drop: without portal.
"""
import contextlib
import csv
import io
import json
import os
import subprocess
import threading
import unittest

from plumbrpc import INVALID, NOT_FOUND, Daemon, RpcError, binary, pb

P, I, W, S, F = pb.plan, pb.item, pb.whatif, pb.insight, pb.forecast


def put(name, kind, body, **fields):
    return P.Change(put=P.Put(item=I.Item(id=name, title=name, **{kind: body}, **fields)))


def team(name):
    return put(name, "team", I.Team(capacities=[I.TeamCapacity(period="q2", effort=6500)]))


def initiative(name, who, effort, finish):
    return put(name, "initiative", I.Initiative(
        status=I.ACTIVE, needs=[I.Need(who=who, effort=effort)], start="2026-04-01", finish=finish,
        estimate=I.Estimate(optimistic=effort, likely=effort, pessimistic=effort)))


def scenario(name, *assumptions):
    return put(name, "scenario", I.Scenario(assumptions=assumptions))


PLAN = [put("q2", "period", I.Period(first_day="2026-04-01", last_day="2026-06-30")), team("web"), team("app"),
        initiative("search", "web", 1000, "2026-04-30"), initiative("blog", "web", 1000, "2026-05-08"),
        initiative("faq", "app", 100, "2026-04-30"), initiative("portal", "web", 5000, "2026-06-30")] + [
            P.Change(place=P.Place(item="initiative/" + name, last=True)) for name in ("search", "blog", "faq", "portal")]

SCENARIOS = {
    "swap": [P.Change(place=P.Place(item="initiative/blog", first=True))],
    "cut": [initiative("blog", "web", 600, "2026-05-08")],
    "drop": [P.Change(remove=P.Remove(ref="initiative/portal"))],
}

# By course: finish, days late and chance of each; "" not by the end of June; None: not there.
BY_HAND = {
    "search": [("2026-04-28", 0, 1), ("2026-05-12", 12, 0), ("2026-04-28", 0, 1), ("2026-04-28", 0, 1)],
    "blog": [("2026-05-12", 4, 0), ("2026-04-28", 0, 1), ("2026-05-06", 0, 1), ("2026-05-12", 4, 0)],
    "faq": [("2026-04-15", 0, 1)] * 4,
    "portal": [("", 1, 0)] * 3 + [None],
}
# Days from 2026-04-15 to the last of search, blog and faq.
LAST = [27, 27, 21, 27]
OVER = [1, 1, 1, 0]


class CompareTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(clock="=2026-04-15T09:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client()
        cls.addClassCleanup(cls.client.close)
        cls.make("main")

    @classmethod
    def make(cls, workspace):
        cls.apply(*PLAN, workspace=workspace)
        for name, changes in SCENARIOS.items():
            cls.apply(scenario(name, "nobody minds"), workspace=workspace)
            cls.apply(*changes, scenario=name, workspace=workspace)

    @classmethod
    def workspace(cls, name):
        cls.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id=name))
        cls.make(name)

    @classmethod
    def apply(cls, *changes, workspace="main", scenario=""):
        cls.client.call("Plan.Apply", P.ApplyRequest(workspace=workspace, change_set=P.ChangeSet(changes=changes, scenario=scenario)))

    def ask(self, *names, at=None, workspace="main", **request):
        request = W.WhatIfRequest(at=at or P.At(workspace=workspace), scenarios=names or list(SCENARIOS), **request)
        replies = [r for r in self.client.stream("Insight.WhatIf", request) if not r.HasField("progress")]
        self.assertEqual([r.done for r in replies], [False] * (len(replies) - 1) + [True])
        rows = [row for r in replies for row in r.rows]
        self.assertEqual(replies[-1].total, len(rows))
        return [c for r in replies for c in r.courses], {row.ref: row for row in rows}, replies[-1]

    def refused(self, code, text, *names, **request):
        with self.assertRaises(RpcError) as caught:
            self.ask(*names, **request)
        self.assertEqual(caught.exception.code, code, caught.exception)
        self.assertIn(text, caught.exception.message + " ".join("%s: %s" % v for v in caught.exception.violations))

    def plumb(self, *args, code=0, **env):
        done = subprocess.run([binary("plumb"), "whatif", "compare", *args], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "PLUMB_SERVER": self.daemon.unix, "COLUMNS": "120", **env})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    # ---- figures

    def test_by_hand(self):
        courses, rows, end = self.ask()
        self.assertEqual([c.scenario for c in courses], ["", "swap", "cut", "drop"])
        self.assertEqual(list(rows), ["initiative/search", "initiative/blog", "initiative/faq", "initiative/portal"])
        for name, by_course in BY_HAND.items():
            cells = rows["initiative/" + name].cells
            self.assertEqual([(c.finish, c.late_days, c.chance) if c.is_there else None for c in cells], by_course, name)
            self.assertEqual([c.p80 for c in cells], [c[0] if c else "" for c in by_course], name)
        self.assertEqual([c.rank for c in rows["initiative/blog"].cells], [2, 1, 2, 2])
        self.assertEqual([(c.initiatives, c.ranked, c.above, c.late, c.line) for c in courses],
                         [(4, 4, 3, 2, "initiative/portal"), (4, 4, 3, 2, "initiative/portal"),
                          (4, 4, 3, 1, "initiative/portal"), (3, 3, 3, 1, "")])
        self.assertEqual([c.in_time for c in courses], [2, 2, 3, 2])
        # 10 + 10 + 50 of 65; 66; 20. App's 1 of 65 is never the highest.
        self.assertEqual([(c.cells, c.over, c.highest_who, c.highest_period) for c in courses],
                         [(2, over, "team/web", "period/q2") for over in OVER])
        for course, asked in zip(courses, (70, 70, 66, 20)):
            self.assertAlmostEqual(course.highest, asked / 65)
        self.assertEqual([c.best_p80 for c in courses], ["2026-05-12", "2026-05-12", "2026-05-06", "2026-05-12"])
        self.assertEqual(list(end.best), ["initiative/search", "initiative/blog", "initiative/faq"])
        self.assertEqual([(c.changes, c.conflicts, list(c.assumptions)) for c in courses[1:]], [(1, 0, ["nobody minds"])] * 3)

    def test_regret(self):
        _, _, end = self.ask()
        found = {c.name: (list(c.values), list(c.regrets), list(c.shares)) for c in end.criteria}
        self.assertEqual(found["over"], (OVER, [1, 1, 1, 0], [1, 1, 1, 0]))
        self.assertEqual(found["above"], ([75, 75, 75, 100], [25, 25, 25, 0], [1, 1, 1, 0]))
        self.assertEqual(found["in-time"], ([2, 2, 3, 2], [1, 1, 0, 1], [1, 1, 0, 1]))
        self.assertEqual(found["best-p80"], (LAST, [6, 6, 0, 6], [1, 1, 0, 1]))
        self.assertNotIn("objectives", found)
        # Drop gives something away on two of six: it has the fewest errors, and the score of none is above 0.
        self.assertEqual((end.worst[3], end.mean[3], end.least), (1, 2 / 6, 3))
        # Without drop, cut is the best on all three that are counted by hand, and swap is the plan in another order.
        _, _, end = self.ask("swap", "cut")
        for criterion in end.criteria:
            best = (max if criterion.more_is_better else min)(criterion.values)
            self.assertEqual([abs(best - v) for v in criterion.values], list(criterion.regrets))
        worst = [max(c.shares[i] for c in end.criteria) for i in range(3)]
        self.assertEqual(list(end.worst), worst)
        self.assertEqual(end.least, min(range(3), key=lambda i: (worst[i], end.mean[i], i)))

    def test_fragile(self):
        _, rows, end = self.ask()
        self.assertEqual({ref: (row.holds, row.scenarios) for ref, row in rows.items()}, {
            "initiative/search": (2, 3), "initiative/blog": (2, 3), "initiative/faq": (3, 3), "initiative/portal": (0, 2)})
        self.assertEqual([(f.key, f.rule, list(f.subjects)) for f in end.findings],
                         [("horizon/fragile:initiative/portal", "horizon/fragile", ["initiative/portal"])])
        self.assertEqual([(e.ref, e.value) for e in end.findings[0].evidence], 
                         [("initiative/portal", "0"), ("scenario/swap", "0"), ("scenario/cut", "0")])
        # Half of two is not fewer than half; one scenario says nothing.
        self.assertEqual([f.key for f in self.ask("swap", "drop")[2].findings], [])
        self.assertEqual([f.key for f in self.ask("swap")[2].findings], [])

    def test_the_same_as_single_answers(self):
        courses, rows, end = self.ask()
        for number, course in enumerate(courses):
            at = P.At(scenario=course.scenario)
            summary = [r.summary for r in self.client.stream("Insight.Check", S.CheckRequest(at=at)) if r.HasField("summary")][0]
            self.assertEqual((course.errors, course.warnings, course.notes, course.score),
                             (summary.errors, summary.warnings, summary.notes, summary.score))
            plan = list(self.client.stream("Insight.Schedule", S.ScheduleRequest(at=at)))
            self.assertEqual({i.ref: (i.finish, i.rank) for r in plan for i in r.initiatives},
                             {ref: (row.cells[number].finish, row.cells[number].rank) for ref, row in rows.items()
                              if row.cells[number].is_there})
            self.assertEqual([r.line for r in plan if r.line], [course.line] if course.line else [])
            draws = list(self.client.stream("Insight.Forecast", F.ForecastRequest(
                at=at, mode=F.ForecastRequest.FIXED, draws=end.draws)))
            self.assertEqual({i.ref: (i.fixed.p80, i.fixed.by_due) for r in draws for i in r.initiatives},
                             {ref: (row.cells[number].p80, row.cells[number].chance) for ref, row in rows.items()
                              if row.cells[number].is_there})
            cells = [cell for r in self.client.stream("Insight.Load", S.LoadRequest(at=at)) for row in r.rows for cell in row.cells]
            self.assertEqual(course.over, sum(1 for cell in cells if cell.demand > cell.capacity))
            if number > 0:
                diff = self.client.call("Plan.Diff", P.DiffRequest(**{"from": P.At(), "to": at}, findings=True))
                self.assertEqual([f.key for f in diff.findings.appeared][:20], [f.key for f in course.findings.appeared])
                self.assertEqual([f.key for f in diff.findings.gone][:20], [f.key for f in course.findings.gone])

    def test_chances_by_draws(self):
        """With spreads: the same draws for all, the seed and the mode as asked for."""
        self.workspace("spread")
        wide = initiative("search", "web", 1000, "2026-04-30")
        wide.put.item.initiative.estimate.pessimistic = 2000
        self.apply(wide, workspace="spread")
        for reschedule in (False, True):
            courses, rows, end = self.ask(workspace="spread", draws=500, seed=7, reschedule=reschedule)
            self.assertEqual((end.draws, end.seed), (500, 7))
            mode = F.ForecastRequest.RESCHEDULE if reschedule else F.ForecastRequest.FIXED
            for number, course in enumerate(courses):
                replies = self.client.stream("Insight.Forecast", F.ForecastRequest(
                    at=P.At(workspace="spread", scenario=course.scenario), mode=mode, draws=500, seed=7))
                one = {i.ref: i.reschedule if reschedule else i.fixed for r in replies for i in r.initiatives}
                for ref, dates in one.items():
                    self.assertEqual((rows[ref].cells[number].chance, rows[ref].cells[number].p80), (dates.by_due, dates.p80))
            chances = [c.chance for c in rows["initiative/search"].cells]
            self.assertTrue(0 < chances[0] < 1)
            # What blog takes does not touch it; dropping portal neither.
            self.assertEqual((chances[2], chances[3]), (chances[0], chances[0]))

    # ---- what is asked for

    def test_bad_requests(self):
        self.refused(NOT_FOUND, "scenario 'nope' does not exist", "swap", "nope")
        self.refused(INVALID, "'swap' is named twice", "swap", "scenario/swap")
        self.refused(INVALID, "not the id", "initiative/blog")
        self.refused(INVALID, "at.scenario", "swap", at=P.At(scenario="cut"))
        self.refused(INVALID, "must not be before today", "swap", until="2026-04-14")
        self.refused(INVALID, "draws: are 100 to 100000", "swap", draws=99)
        with self.assertRaises(RpcError) as caught:
            list(self.client.stream("Insight.WhatIf", W.WhatIfRequest()))
        self.assertIn("name at least one", str(caught.exception.violations))

    def test_limit(self):
        self.workspace("many")
        names = ["s%d" % i for i in range(21)]
        self.apply(*[scenario(name) for name in names], workspace="many")
        courses, _, end = self.ask(*names[:20], workspace="many", draws=100)
        self.assertEqual(len(courses), 21)
        self.assertEqual((end.least, list(end.worst)), (0, [0] * 21))
        self.refused(INVALID, "at most 20 at once, not 21", *names, workspace="many")
        self.assertIn("at most 20 at once, not 24", self.plumb("--workspace", "many", "--draws", "100", code=3))

    def test_the_past_and_conflicts(self):
        self.workspace("past")
        revision = self.client.call("Plan.History", P.HistoryRequest(at=P.At(workspace="past"), page_size=1)).entries[0].revision
        self.apply(initiative("blog", "web", 2000, "2026-05-08"), workspace="past")
        courses, rows, end = self.ask("cut", workspace="past")
        self.assertEqual((courses[1].conflicts > 0, end.revision), (True, revision + 1))
        # 20 days from April 29 on: Tuesday May 26.
        self.assertEqual(rows["initiative/blog"].cells[0].finish, "2026-05-26")
        self.assertIn("plumb whatif conflicts cut", " ".join(self.plumb("cut", "--workspace", "past").split()))
        courses, rows, end = self.ask("cut", at=P.At(workspace="past", revision=revision, today="2026-04-15"))
        self.assertEqual((courses[1].conflicts, end.revision), (0, revision))
        self.assertEqual([c.finish for c in rows["initiative/blog"].cells], ["2026-05-12", "2026-05-06"])

    def test_all_are_of_one_revision(self):
        """While somebody writes, to a disk: a scenario that changes nothing is always the plan."""
        self.workspace("busy")
        self.apply(scenario("same"), workspace="busy")
        stop = threading.Event()

        def write():
            with contextlib.closing(self.daemon.client()) as client:
                for i in range(2000):
                    if stop.is_set():
                        return
                    client.call("Plan.Apply", P.ApplyRequest(workspace="busy", change_set=P.ChangeSet(
                        changes=[initiative("search", "web", 100 + i % 20 * 100, "2026-04-30")])))

        writer = threading.Thread(target=write)
        writer.start()
        try:
            seen = set()
            for _ in range(8):
                _, rows, end = self.ask("same", "swap", workspace="busy", draws=100)
                cells = [row.cells for row in rows.values()]
                self.assertEqual([c[0].SerializeToString() for c in cells], [c[1].SerializeToString() for c in cells])
                seen.add(end.revision)
        finally:
            stop.set()
            writer.join(30)
        self.assertGreater(len(seen), 1)

    def test_cancelled(self):
        request = W.WhatIfRequest(scenarios=list(SCENARIOS), draws=100000, reschedule=True)
        with self.client.stream("Insight.WhatIf", request) as stream:
            for reply in stream:
                self.assertTrue(reply.HasField("progress"))
                break
        self.assertEqual(len(self.ask("swap")[0]), 2)

    # ---- plumb

    def test_table(self):
        text = self.plumb("swap", "cut", "drop")
        lines = text.splitlines()
        self.assertRegex(lines[0], r"^COURSE +SCORE +ERRORS")
        row = next(line for line in lines if line.startswith("cut "))
        self.assertRegex(row, r"1 \(-1\) +3\.0 \(\+1\.0\) +\? +2026-05-06")
        self.assertRegex(text, r"swap +initiative/search +2026-04-28 > 2026-05-12 .*100% > 0%")
        self.assertRegex(text, r"drop +initiative/portal +later > – ")
        self.assertIn("too few of the scenarios that have it: initiative/portal (0 of 2).", " ".join(text.split()))
        self.assertNotIn("initiative/faq +", text)
        self.assertRegex(self.plumb("swap", "--all"), r"swap +initiative/faq +2026-04-15 +2026-04-15 +100%")
        for line in self.plumb("swap", "cut", "drop", COLUMNS="80").splitlines():
            self.assertLessEqual(len(line), 80, line)

    def test_formats(self):
        reply = json.loads(self.plumb("-o", "json"))
        self.assertEqual([c.get("scenario", "") for c in reply["courses"]], ["", "cut", "drop", "swap"])
        self.assertIn("horizon/fragile:initiative/portal", self.plumb("-o", "yaml"))
        rows = list(csv.DictReader(io.StringIO(self.plumb("swap", "cut", "-o", "csv"))))
        self.assertEqual([(r["scenario"], r["late"], r["in_time"], r["best_p80"]) for r in rows],
                         [("", "2", "2.0000", "2026-05-12"), ("swap", "2", "2.0000", "2026-05-12"), ("cut", "1", "3.0000", "2026-05-06")])
        rows = list(csv.DictReader(io.StringIO(self.plumb("cut", "--all", "-o", "csv"))))
        self.assertEqual([(r["scenario"], r["finish"], r["chance"]) for r in rows if r["ref"] == "initiative/blog"],
                         [("", "2026-05-12", "0.0000"), ("cut", "2026-05-06", "1.0000")])

    def test_bad_lines(self):
        self.assertIn("did you mean scenario/swap?", self.plumb("swpa", code=3))
        self.assertIn("named twice", self.plumb("swap", "swap", code=3))
        self.assertIn("--draws takes a number", self.plumb("swap", "--draws", "few", code=2))
        self.assertIn("--until takes a date", self.plumb("swap", "--until", "soon", code=2))
        self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="none"))
        self.assertIn("plumb whatif new NAME", self.plumb("--workspace", "none", code=1))


if __name__ == "__main__":
    unittest.main()
