"""horizon/fragile: a check holds the plan against its scenarios of the outside, and finds what a comparison of them finds.

The plan and its scenarios are those of test_whatif_compare.py, where dates and chances are worked out by hand: portal is in time in
neither of the two scenarios that have it, blog in swap and cut but not in drop, search in cut and drop but not in swap, faq in all.
"""
import os
import subprocess
import sys
import unittest

from plumbrpc import Daemon, binary, pb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_whatif_compare import PLAN, SCENARIOS, initiative, put  # noqa: E402

P, I, W, S = pb.plan, pb.item, pb.whatif, pb.insight
RULE = "horizon/fragile"
# server/limits.h
SCENARIOS_MOST, ENTRIES_MOST = 20, 40000

OUTSIDE = put("late-rival", "influencer", pb.surroundings.Influencer())


def scenario(name, outside=("influencer/late-rival",)):
    return put(name, "scenario", I.Scenario(assumptions=["nobody minds"], outside=outside))


def setting(**fields):
    return put("horizon.fragile", "rule_setting", I.RuleSetting(rule=RULE, **fields))


def limits(**values):
    return setting(thresholds=values)


class FragileTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(clock="=2026-04-15T09:00:00Z", memory=True)
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client()
        cls.addClassCleanup(cls.client.close)
        cls.number = 0

    def setUp(self):
        FragileTest.number += 1
        self.workspace = "w%d" % self.number
        self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id=self.workspace))
        self.apply(OUTSIDE, *PLAN)

    def apply(self, *changes, scenario=""):
        return self.client.call("Plan.Apply", P.ApplyRequest(workspace=self.workspace, change_set=P.ChangeSet(
            changes=changes, scenario=scenario)), timeout=60).revision

    def scenarios(self, *names):
        for name in names or SCENARIOS:
            self.apply(scenario(name))
            self.apply(*SCENARIOS[name], scenario=name)

    def check(self, rules=(RULE,), **at):
        request = S.CheckRequest(at=P.At(workspace=self.workspace, **at), rules=rules, waived=True)
        return [f for reply in self.client.stream("Insight.Check", request, timeout=60) for f in reply.findings]

    def found(self, **at):
        findings = self.check(**at)
        self.assertFalse([f for f in findings if f.unknown], findings)
        return [f.subjects[0] for f in findings]

    def unknown(self, text, **at):
        finding, = self.check(**at)
        self.assertTrue(finding.unknown)
        self.assertEqual((finding.key, list(finding.subjects), finding.severity), (RULE + ":plan", [], I.NOTE))
        self.assertIn(text, finding.message)

    def compared(self, *names):
        request = W.WhatIfRequest(at=P.At(workspace=self.workspace), scenarios=names or list(SCENARIOS))
        return list(self.client.stream("Insight.WhatIf", request, timeout=60))[-1].findings

    # ---- what is found

    def test_as_a_comparison_finds_it(self):
        self.scenarios()
        self.apply(put("lena", "person", I.Person()))
        item = initiative("portal", "web", 5000, "2026-06-30")
        item.put.item.owners.append("lena")
        self.apply(item)
        finding, = self.check()
        told, = self.compared()
        for field in ("rule", "key", "severity", "message", "fix", "subjects", "who"):
            self.assertEqual(getattr(finding, field), getattr(told, field), field)
        self.assertEqual(finding.key, "horizon/fragile:initiative/portal")
        self.assertEqual(finding.message, "initiative/portal (rank 4) is in time with a chance of at least one half in 0 of 2 scenarios.")
        self.assertEqual((finding.severity, finding.who), (I.WARNING, ["person/lena"]))
        portal = "initiative/portal"
        self.assertEqual([(e.ref, e.what, e.value) for e in finding.evidence], [
            (portal, "scenarios that have it", "2"), (portal, "holds in", "0"), (portal, "chance to be in time", "0"),
            ("scenario/cut", "chance to be in time", "0"), ("scenario/swap", "chance to be in time", "0")])
        self.assertEqual([(e.ref, e.value) for e in told.evidence], [(portal, "0"), ("scenario/swap", "0"), ("scenario/cut", "0")])

    def test_thresholds(self):
        self.scenarios()
        every = ["initiative/search", "initiative/blog", "initiative/portal"]
        for values, want in (
                ({"share": 0.3}, every),  # one of three
                ({"share": 0.34}, every[2:]),
                ({"share": 0.3, "scenarios": 3}, every[:2]),  # two have portal
                ({"share": 0.3, "scenarios": 2}, every)):
            self.apply(limits(**values))
            self.assertEqual(self.found(), want, values)
            self.assertEqual([f.subjects[0] for f in self.compared()], want, values)
        self.apply(setting(severity=I.ERROR))
        self.assertEqual([f.severity for f in [*self.check(), *self.compared()]], [I.ERROR] * 2)
        self.apply(setting(off=True))
        self.assertEqual((self.check(), list(self.compared())), ([], []))

    def test_many_scenarios_are_all_told(self):
        for i in range(7):
            self.apply(scenario("s%d" % i))
        self.apply(initiative("portal", "web", 500, "2026-06-30"), scenario="s3")  # then it is in time
        finding, = [f for f in self.check() if f.subjects[0] == "initiative/portal"]
        self.assertIn("in 1 of 7 scenarios", finding.message)
        self.assertEqual([(e.ref, e.value) for e in finding.evidence][3:],
                         [("scenario/s%d" % i, "0") for i in (0, 1, 2, 4)] + [("", "scenario/s5 0, scenario/s6 0, scenario/s3 1")])

    def test_waived(self):
        self.scenarios()
        self.apply(put("lena", "person", I.Person()),
                   put("w", "waiver", I.Waiver(finding=RULE + ":initiative/portal", reason="a bet", who="lena", until="2026-04-15")))
        finding, = self.check()
        self.assertEqual(finding.waiver.reason, "a bet")

    def test_float_on_the_newest_plan(self):
        self.scenarios()
        self.assertEqual(self.found(), ["initiative/portal"])
        self.apply(initiative("portal", "web", 500, "2026-06-30"))
        self.assertEqual(self.found(), [])

    # ---- what cannot be judged

    def test_no_scenario_of_the_outside_is_no_matter(self):
        self.assertEqual(self.check(), [])
        for name in SCENARIOS:
            self.apply(scenario(name, ()))
        self.assertEqual(self.check(), [])
        self.assertEqual(self.check(scenario="swap"), [])

    def test_too_few(self):
        self.scenarios("swap")
        self.apply(scenario("inside", ()))
        self.unknown("1 of its scenarios assumes something of the outside, and at least 2 are asked for")
        self.apply(limits(scenarios=1))
        self.assertEqual(self.found(), ["initiative/search", "initiative/portal"])

    def test_too_many(self):
        self.apply(*[scenario("s%d" % i) for i in range(SCENARIOS_MOST)])
        self.assertEqual(self.found(), ["initiative/blog", "initiative/portal"])
        self.apply(scenario("one-more"))
        self.unknown("more scenarios assume something of the outside than are compared at once")

    def goals(self, first, count):
        for at in range(first, first + count, 5000):
            self.apply(*[put("g%d" % i, "goal", I.Goal()) for i in range(at, min(at + 5000, first + count))])
        return first + count

    def test_too_large(self):
        self.scenarios("swap", "cut")
        goals = self.goals(0, ENTRIES_MOST // 3 - 30)  # with 11 others, and the ranking
        for _ in range(30):
            if self.check()[0].unknown:
                break
            self.assertEqual(self.found(), ["initiative/portal"])
            goals = self.goals(goals, 1)
        self.assertLess(abs(3 * (goals + 12) - ENTRIES_MOST), 12)
        self.unknown("too large together")
        self.goals(goals, ENTRIES_MOST // 5)
        self.unknown("too large to lay scenarios")

    def test_neither_past_nor_scenario(self):
        self.scenarios()
        revision = self.apply(put("later", "goal", I.Goal()))
        self.unknown("scenarios are held against the newest plan only", scenario="swap")
        self.unknown("scenarios are held against the newest plan only", revision=revision)

    def test_nothing_to_judge(self):
        self.scenarios()
        self.apply(*[P.Change(remove=P.Remove(ref="initiative/" + name)) for name in ("search", "blog", "portal")])
        self.apply(put("faq", "initiative", I.Initiative(status=I.ACTIVE, start="2026-04-01", finish="2026-04-30")))
        self.unknown("no work states its effort")
        self.apply(P.Change(remove=P.Remove(ref="initiative/faq")))
        self.unknown("nothing that is ranked has still to be done")

    def test_a_scenario_that_goes_while_checks_run(self):
        self.scenarios()
        self.apply(P.Change(remove=P.Remove(ref="scenario/drop")))
        self.assertEqual(self.found(), ["initiative/portal"])
        self.apply(P.Change(remove=P.Remove(ref="scenario/cut")))
        self.unknown("1 of its scenarios")

    # ---- everything else

    def test_differences_know_nothing_of_it(self):
        before = self.apply(put("later", "goal", I.Goal()))
        self.scenarios()
        request = P.DiffRequest(**{"from": P.At(workspace=self.workspace, revision=before), "to": P.At(workspace=self.workspace)}, findings=True)
        reply = self.client.call("Plan.Diff", request)
        self.assertIn("scenario/swap", str(reply))
        self.assertNotIn("fragile", str(reply))

    def test_since_is_not_made_up(self):
        self.scenarios()
        plain, = self.check()
        request = S.CheckRequest(at=P.At(workspace=self.workspace), rules=[RULE], since=True)
        told = [f for reply in self.client.stream("Insight.Check", request, timeout=60) for f in reply.findings]
        self.assertEqual([f.since for f in told], [plain.since])

    def test_in_the_command(self):
        self.scenarios()
        env = {**os.environ, "PLUMB_SERVER": self.daemon.unix, "PLUMB_WORKSPACE": self.workspace, "COLUMNS": "80"}
        done = subprocess.run([binary("plumb"), "check", "--rule", RULE], capture_output=True, text=True, timeout=60, env=env)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("initiative/portal", done.stdout)
        done = subprocess.run([binary("plumb"), "explain", RULE], capture_output=True, text=True, timeout=60, env=env)
        self.assertIn("share", done.stdout)


if __name__ == "__main__":
    unittest.main()
