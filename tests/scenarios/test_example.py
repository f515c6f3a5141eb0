"""The example company: what the rules find in deploy/example is what was expected by hand, no more and no less."""
import json
import os
import subprocess
import tempfile
import time
import unittest

import yaml

from plumbrpc import NOT_FOUND, ROOT, Daemon, RpcError, binary, pb

EXAMPLE = os.path.join(ROOT, "deploy", "example")
EXPECTED = os.path.join(ROOT, "tests", "scenarios", "example_expected.yaml")
# Of clarity what files say; what is published of confidential rounds: test_clarity.py, test_voice.py.
FAMILIES = ("sight/", "priority/", "outcome/", "scope/", "owner/", "load/", "ask/", "mirror/", "customer/", "rhythm/", "horizon/", "maturity/", "impact/",
            "clarity/not-accepted", "clarity/outdated-acceptance")
# Plan files hold no change sets of scenarios: test_fragile.py.
APART = ("horizon/fragile",)
LAST_OF_Q1 = "2026-03-31"
LOADED_WITHIN = 30  # seconds, with sanitizers on a busy machine; 0.2 without


def today():
    with open(os.path.join(EXAMPLE, "today"), encoding="ascii") as file:
        return file.read().strip()


def plumb(*args, code=0, server=None):
    """Standard output of plumb; its exit code must be that."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("PLUMB_") or k == "PLUMB_BUILD"}
    command = [binary("plumb")] + ([] if server is None else ["--server", server]) + list(args)
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    if done.returncode != code:
        raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def expected(part, later=True):
    """
    {(rule, subjects, unknown, waived)}, each written with its reason; later: what came about since the first day too, and
    without what was so on the first day only.
    """
    with open(EXPECTED, encoding="utf-8") as file:
        rows = yaml.safe_load(file)[part]
    for row in rows:
        if not row["reason"].strip() or set(row) - {"rule", "subjects", "unknown", "waived", "later", "at_first", "reason"}:
            raise AssertionError(f"{EXPECTED}: {row}")
    rows = [row for row in rows if not row.get("at_first" if later else "later")]
    return {(r["rule"], tuple(r["subjects"]), r.get("unknown", False), r.get("waived", False)) for r in rows}


def found(findings):
    return {(f.rule, tuple(f.subjects), f.unknown, f.HasField("waiver")) for f in findings}


class ExampleTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(clock=today() + "T09:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        began = time.monotonic()
        cls.said = plumb("apply", "-f", EXAMPLE, "--yes", server=cls.daemon.unix)
        cls.seconds = time.monotonic() - began
        cls.client = cls.daemon.client(unix=True)

    def check(self, **at):
        findings, summary = [], None
        request = pb.insight.CheckRequest(at=pb.plan.At(**at), waived=True)
        for reply in self.client.stream("Insight.Check", request):
            findings += reply.findings
            summary = reply.summary if reply.HasField("summary") else summary
        self.assertEqual(len(found(findings)), len(findings))
        self.assertEqual(summary.errors + summary.warnings + summary.notes + summary.unknown + summary.waived,
                         len(findings))
        return findings, summary

    def test_findings_are_exactly_those_expected(self):
        findings, summary = self.check()
        self.assertEqual(summary.today, today())  # the daemon's clock
        self.assertEqual(sorted(found(findings)), sorted(expected("today")))

    def test_end_of_the_first_quarter(self):
        findings, summary = self.check(time=LAST_OF_Q1 + "T23:59:59Z", today=LAST_OF_Q1)
        self.assertEqual(sorted(found(findings)), sorted(expected("end_of_first_quarter")))
        self.assertGreater(summary.revision, 1)

    def test_baselines_name_the_plans_of_both_quarters(self):
        """Nothing could be reported on the first day yet: what is found is of the plan alone."""
        findings, _ = self.check(baseline="2026-q1-plan", today="2026-01-05")
        self.assertEqual(sorted(found(findings)), sorted(expected("end_of_first_quarter", later=False)))
        findings, _ = self.check(baseline="2026-q2-plan", today="2026-04-07")
        self.assertIn(("sight/cycle", ("initiative/mobile-offline", "initiative/sync-rework"), False, False),
                      found(findings))

    def test_every_rule_of_the_families_finds_something(self):
        rules = {rule.name for rule in self.client.call("Insight.Explain", pb.insight.ExplainRequest()).rules
                 if rule.name.startswith(FAMILIES) and rule.name not in APART}
        findings, _ = self.check()
        self.assertEqual({rule for rule, _, unknown, waived in found(findings) if not unknown and not waived}, rules)

    def test_findings_say_who_should_act_and_on_what_they_rest(self):
        findings = self.check()[0]
        self.assertTrue(findings)
        for finding in findings:
            self.assertTrue(finding.message.endswith("."), finding)
            self.assertTrue(finding.fix and finding.who and finding.since, finding)
            # what has no reference is of the plan as a whole
            refs = [evidence.ref for evidence in finding.evidence if evidence.ref] or finding.subjects
            opened = [ref for ref in refs if self.opens(ref)]
            # only what is found to be missing cannot be opened
            if "not in the plan" not in finding.message and "removed" not in finding.message:
                self.assertEqual(opened, list(refs), finding)

    def opens(self, ref):
        try:
            return self.client.call("Plan.Get", pb.plan.GetRequest(ref=ref)).entry.ref == ref
        except RpcError as error:
            self.assertEqual(error.code, NOT_FOUND)
            return False

    def test_applying_it_again_changes_nothing(self):
        self.assertEqual(plumb("apply", "-f", EXAMPLE, "--yes", "--prune", server=self.daemon.unix).strip(),
                         "nothing to do")

    def test_export_and_apply_is_empty(self):
        with tempfile.TemporaryDirectory() as folder:
            plumb("export", "-d", os.path.join(folder, "plan"), "--records", server=self.daemon.unix)
            said = plumb("apply", "-f", os.path.join(folder, "plan"), "--yes", server=self.daemon.unix)
        self.assertEqual(said.strip(), "nothing to do")

    def test_an_export_in_another_daemon_is_the_same_plan(self):
        """Without its past: what depends on when something was written is left out here."""
        with tempfile.TemporaryDirectory() as folder, Daemon(clock=today() + "T09:00:00Z") as other:
            plumb("export", "-d", os.path.join(folder, "plan"), "--records", server=self.daemon.unix)
            plumb("apply", "-f", os.path.join(folder, "plan"), "--yes", server=other.unix)
            here = plumb("export", "--records", server=self.daemon.unix)
            there = plumb("export", "--records", server=other.unix)
        # the first lines say which revision it was; a baseline is of its own workspace's revisions
        self.assertEqual(self.entries(here), self.entries(there))

    @staticmethod
    def entries(text):
        plan = yaml.safe_load(text)
        plan.pop("exported")
        plan.pop("baselines")
        return plan

    def test_check_of_the_files_without_a_daemon_finds_the_same(self):
        text = plumb("check", "-f", EXAMPLE, "--today", today(), "--waived", "-o", "json", code=1)
        findings = json.loads(text)["findings"]
        self.assertEqual(
            sorted((f["rule"], tuple(f["subjects"]), f.get("unknown", False), "waiver" in f) for f in findings),
            sorted(expected("today")))

    def test_check_of_undated_files_depends_on_the_day_only(self):
        """A measure never taken is stale by its objective's period, not by when the files happen to be read."""
        plan = """
people: {anna: {}}
goals: {g: {owner: anna}}
periods: {q1: {first_day: 2020-01-01, last_day: 2020-03-31}}
objectives: {o: {goal: g, owner: anna, periods: [q1], measures: {m: {direction: up, every_days: 14, baseline: 0, target: 1}}}}
initiatives: {i: {objective: o, owner: anna, outcome_intended: x, needs: [{who: person/anna}], estimate: {likely: 1d}}}
"""
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(plan)
            file.flush()
            # it has no customers, which is said once on any day
            self.assertEqual(plumb("check", "-f", file.name, "--today", "2020-03-01", "-o", "name"), "customer/no-journey:plan\n")
            # a day that is ahead of the machine's clock is a day like any other
            self.assertEqual(plumb("check", "-f", file.name, "--today", "2999-03-01", "-o", "name"), "customer/no-journey:plan\n")

    def test_it_is_a_company_of_some_sixty_people_and_loads_at_once(self):
        def count(terms):
            request = pb.plan.ListRequest(filter=terms, count_only=True)
            return self.client.call("Plan.List", request).total

        for kind, least, most in (("person", 55, 70), ("goal", 5, 5), ("objective", 15, 18), ("initiative", 25, 29),
                                  ("workstream", 15, 30), ("ask", 7, 18), ("check-in", 100, 300),
                                  ("measurement", 100, 300), ("acknowledgement", 50, 250)):
            total = count(f"kind:{kind}")
            self.assertTrue(least <= total <= most, f"{total} of {kind}")
        states = {self.client.call("Plan.Get", pb.plan.GetRequest(ref=entry.ref)).entry.item.ask.state
                  for entry in self.client.call("Plan.List", pb.plan.ListRequest(filter="kind:ask")).entries}
        self.assertEqual(states, set(pb.item.Ask.State.values()))
        self.assertLess(self.seconds, LOADED_WITHIN, self.said)


if __name__ == "__main__":
    unittest.main()
