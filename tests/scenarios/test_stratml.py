"""plumb import stratml against a real daemon: what is created, imported again, changed, edited by others, refused.

The real plans lie beside the repository ($PLUMB_SHARED, else ../shared); their findings were read against the documents
and counted in them by hand.
"""
import collections
import json
import os
import subprocess
import tempfile
import unittest

from plumbrpc import Daemon, binary, pb

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OWN = os.path.join(TOP, "tests", "unit", "client", "stratml")
SHARED = os.environ.get("PLUMB_SHARED", os.path.join(TOP, os.pardir, "shared"))
REAL = os.path.join(SHARED, "plans", "stratml")


class Imports(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(memory=True, clock="2025-06-30T09:00:00Z")
        self.addCleanup(self.daemon.close)
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def plumb(self, *args, expect=0):
        done = subprocess.run([binary("plumb"), "--server", self.daemon.unix, *args], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, env=dict(os.environ, COLUMNS="1000"))
        self.assertEqual(done.returncode, expect, done.stdout[-2000:] + done.stderr)
        return done.stdout + done.stderr

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def library(self, *edits, name="library.xml"):
        with open(os.path.join(OWN, "library.xml"), encoding="utf-8") as file:
            text = file.read()
        for old, new in edits:
            self.assertEqual(text.count(old), 1, old)
            text = text.replace(old, new)
        return self.write(name, text)

    def difference(self, output):
        """One line for each entry that changes; the fields below it are left out."""
        return [line for line in output.splitlines() if line[:2] in ("+ ", "~ ", "- ", "! ", "= ") and line[2] != " "]

    def get(self, ref):
        return json.loads(self.plumb("get", ref, "-o", "json"))

    def test_a_dry_run_shows_all_and_changes_nothing(self):
        output = self.plumb("import", "stratml", self.library(), "--dry-run")
        # 1 period, 2 people, 3 teams, 2 goals, 3 objectives, 3 measures, 1 value, 1 mission; 5 measurements
        self.assertIn("16 created, 5 records", output)
        self.assertIn("+ objective/1.1-longer-opening-hours  Longer opening hours", output)
        self.assertIn("1 × identifiers that stand twice", output)
        self.assertIn("changed", self.plumb("import", "stratml", self.library(), "--dry-run"))
        self.assertNotIn("longer", self.plumb("list", "objectives"))

    def test_importing_again_changes_nothing(self):
        self.plumb("import", "stratml", self.library(), "--yes")
        output = self.plumb("import", "stratml", self.library(), "--yes")
        self.assertEqual(self.difference(output), [])
        self.assertIn("nothing to do", output)

    def test_a_changed_document_changes_only_that(self):
        self.plumb("import", "stratml", self.library(), "--yes")
        changed = self.library(("<Name>Longer opening hours<", "<Name>Much longer opening hours<"), (">45.5<", ">46<"))
        difference = self.difference(self.plumb("import", "stratml", changed, "--yes"))
        self.assertEqual([line[:41] for line in difference],
                         ["~ objective/1.1-longer-opening-hours  Longer opening hours"[:41],
                          "+ measurement/1.1.1-opening-hours-dc65577", "- measurement/1.1.1-opening-hours-b1e688b"])
        # the corrected value stands, the one before it is withdrawn
        values = json.loads(self.plumb("list", "measurements", "about:measure/1.1.1-opening-hours", "-o", "json"))
        values = sorted(entry["record"]["measurement"]["value"] for entry in values)
        self.assertEqual(values, [40, 46, 48])
        # and back again: what was withdrawn is stated anew
        self.plumb("import", "stratml", self.library(), "--yes")
        self.assertIn("nothing to do", self.plumb("import", "stratml", self.library(), "--yes"))
        values = json.loads(self.plumb("list", "measurements", "about:measure/1.1.1-opening-hours", "-o", "json"))
        self.assertEqual(sorted(entry["record"]["measurement"]["value"] for entry in values), [40, 45.5, 48])

    def test_items_are_found_again_after_a_rename(self):
        self.plumb("import", "stratml", self.library(), "--yes")
        self.plumb("rename", "objective/1.1-longer-opening-hours", "hours")
        changed = self.library(("<Name>Longer opening hours<", "<Name>Open longer<"))
        difference = self.difference(self.plumb("import", "stratml", changed, "--yes"))
        self.assertEqual(difference, ["~ objective/hours  Longer opening hours"])

    def test_what_others_changed_stays_and_what_both_changed_is_a_conflict(self):
        self.plumb("import", "stratml", self.library(), "--yes")
        client = self.daemon.client()
        item = client.call("Plan.Get", pb.plan.GetRequest(ref="goal/1-open-to-everyone")).entry.item
        item.title = "Open for all"
        item.owners.append("ines-duarte")
        change = pb.plan.Change(put=pb.plan.Put(item=item))
        client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=[change])))
        output = self.plumb("import", "stratml", self.library(), "--yes")
        self.assertEqual([line.split(" stays")[0] for line in self.difference(output)],
                         ["= goal/1-open-to-everyone title", "= goal/1-open-to-everyone owners"])
        changed = self.library(("<Name>Open to everyone<", "<Name>Open to anyone<"))
        output = self.plumb("import", "stratml", changed, "--yes", expect=1)
        self.assertTrue([line for line in self.difference(output) if line.startswith("! goal/1-open-to-everyone title")])
        self.plumb("import", "stratml", changed, "--yes", "--force")
        self.assertIn("Open to anyone", self.plumb("get", "goal/1-open-to-everyone"))

    def test_what_is_gone_goes_only_when_asked(self):
        self.plumb("import", "stratml", self.library(), "--yes")
        shorter = self.library(("<Value><Name>Curiosity</Name><Description><![CDATA[We ask <why>.]]></Description></Value>", ""))
        self.assertIn("1 gone from the files but left there", self.plumb("import", "stratml", shorter, "--yes"))
        self.plumb("get", "value/curiosity")
        self.plumb("import", "stratml", shorter, "--yes", "--prune")
        self.plumb("get", "value/curiosity", expect=3)

    def test_the_damaged_twin_is_the_same_plan_under_another_name(self):
        self.plumb("import", "stratml", self.library(), "--yes")
        output = self.plumb("import", "stratml", os.path.join(OWN, "library-damaged-root.xml"), "--yes")
        self.assertIn("nothing to do", output)

    def test_a_second_document_shares_people_and_nothing_else(self):
        self.plumb("import", "stratml", self.library(), "--yes")
        other = self.write("other.xml", """<StrategicPlan><StrategicPlanCore>
            <Organization><Name>Book van</Name></Organization>
            <Goal><Name>Open to everyone</Name><SequenceIndicator>1</SequenceIndicator>
            <Stakeholder StakeholderTypeType="Person"><Name>INES DUARTE</Name></Stakeholder></Goal>
            </StrategicPlanCore></StrategicPlan>""")
        difference = self.difference(self.plumb("import", "stratml", other, "--yes"))
        self.assertEqual(difference, ["+ team/book-van  Book van", "+ goal/1-open-to-everyone-2  Open to everyone"])
        self.assertIn("person/ines-duarte", self.plumb("get", "goal/1-open-to-everyone-2"))

    def test_documents_that_are_none_are_refused_and_change_nothing(self):
        for text, message in (("<StrategicPlan><Name>a & b</Name></StrategicPlan>", "bad.xml:1:25: "),
                              ("<!DOCTYPE x><StrategicPlan/>", "has a document type (DOCTYPE)"),
                              ("<PerformancePlanOrReport DocumentType='x'/>", "this is StratML Part 3"),
                              ("", "bad.xml: is empty")):
            self.assertIn(message, self.plumb("import", "stratml", self.write("bad.xml", text), "--yes", expect=2))
        self.assertIn("cannot read", self.plumb("import", "stratml", "/nonexistent.xml", "--yes", expect=2))
        self.assertEqual(json.loads(self.plumb("list", "-o", "json")), [])


# What plumb check must find in each, on 2025-06-30: counted in the documents. None has work, so sight/unserved cannot
# judge where there are objectives; StratML has no owners, and no document here names one person as performer for sure.
# None of them speaks of customers, segments or journeys; that is found once, in those that have objectives.
FINDINGS = {
    # 1 goal and 5 objectives, Part 1: no owners, no measures, no dates. In each plan: its values, which nothing names
    "pmoai.xml": {"customer/no-journey": 1, "owner/none": 6, "outcome/no-measure": 5, "outcome/no-date": 5, "mirror/value-on-the-wall": 6},
    # 3 goals and 10 objectives; 11 indicators, whose targets are all in words or empty; only the teleconferences' target
    # has an end, and its objective has another indicator without; 4 indicators have a number, of 2011 and 2012
    "smlc-2011.xml": {"customer/no-journey": 1, "owner/none": 13, "outcome/no-baseline": 11, "outcome/no-target": 11, "outcome/no-date": 10,
                      "outcome/stale": 4, "mirror/value-on-the-wall": 5},
    # 3 goals and 13 objectives; 21 indicators without a number in any target; 8 objectives have an indicator of which
    # no target has an end; 8 indicators have numbers, the newest of 2024-01-06
    "smlc-2023.xml": {"customer/no-journey": 1, "owner/none": 16, "outcome/no-baseline": 21, "outcome/no-target": 21, "outcome/no-date": 8,
                      "outcome/stale": 8, "mirror/value-on-the-wall": 5},
    # 3 goals whose objectives are empty forms
    "oecd-ai.xml": {"owner/none": 3, "sight/empty-goal": 3},
    # 5 goals and 11 objectives; all 28 indicators have a target, a baseline and a date, and no actual result yet
    "sc-commerce-fy2023.xml": {"customer/no-journey": 1, "owner/none": 16, "mirror/value-on-the-wall": 4},
    # 8 goals and 20 objectives, each with an indicator with targets and dates, without baseline; all actuals are years old
    "us-assistance-albania.xml": {"customer/no-journey": 1, "owner/none": 28, "outcome/no-baseline": 20, "outcome/stale": 20},
}


@unittest.skipUnless(os.path.isdir(REAL), "shared plans are not here (PLUMB_SHARED names their folder)")
class RealPlans(Imports):
    def check(self, name):
        self.plumb("import", "stratml", os.path.join(REAL, name), "--yes")
        self.assertIn("nothing to do", self.plumb("import", "stratml", os.path.join(REAL, name), "--yes"))
        reply = json.loads(self.plumb("check", "-o", "json", "--today", "2025-06-30", "--fail-on", "never"))
        found = collections.Counter(f["rule"] for f in reply["findings"] if not f.get("unknown"))
        self.assertEqual(dict(found), FINDINGS[name])
        unknown = [f["rule"] for f in reply["findings"] if f.get("unknown")]
        self.assertEqual(unknown, [] if name == "oecd-ai.xml" else ["sight/unserved"])

    def test_the_real_damaged_twin_is_the_same_plan(self):
        self.plumb("import", "stratml", os.path.join(REAL, "smlc-2023.xml"), "--yes")
        output = self.plumb("import", "stratml", os.path.join(REAL, "smlc-2023-damaged-root.xml"), "--yes")
        self.assertIn("nothing to do", output)

    def test_the_real_malformed_plan_is_refused_with_its_place(self):
        output = self.plumb("import", "stratml", os.path.join(REAL, "malformed-raw-ampersand.xml"), "--yes", expect=2)
        self.assertIn("malformed-raw-ampersand.xml:5:24: ", output)


def add_real_plans():
    for name in FINDINGS:
        setattr(RealPlans, "test_findings_of_" + name.removesuffix(".xml").replace("-", "_"),
                lambda self, name=name: self.check(name))
    for name in dir(Imports):  # those run once, not here again
        if name.startswith("test_"):
            setattr(RealPlans, name, None)


add_real_plans()

if __name__ == "__main__":
    unittest.main()
