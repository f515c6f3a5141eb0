"""plumb import okr against a real daemon: what is created, imported again, changed, shuffled, refused.

Two real documents lie beside the repository ($PLUMB_SHARED, else ../shared); what is expected of them was counted in the
documents by hand.
"""
import collections
import json
import os
import random
import subprocess
import tempfile
import unittest

from plumbrpc import Daemon, binary

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("PLUMB_SHARED", os.path.join(TOP, os.pardir, "shared"))
REAL = os.path.join(SHARED, "plans", "okr")

OUTLINE = """# Acme OKRs 2026 Q2

## Objective 1: Customers love onboarding
**Owner:** Anna Brandt
**Team:** Customer Success

- KR1.1: Increase activation from 20% to 35% (Owner: Ben Cho)
  - Current: 24%
- KR1.2: Reduce time to value from 10 days to 3 days [0.7]
- KR1.3: Publish the guide => 80%

## Reading list
- Measure what matters
"""

HEAD = "Objective,Team,Quarter,Objective owner,Key Result,Owner,Baseline,Target,Current,Status\n"
ROWS = [f'"Aim {i // 4}",Team {i % 3},2026 Q2,Lea,"Key, {i}",Person {i % 7},{i},{i + 10},{i + 3},On track\n' for i in range(40)]


class Imports(unittest.TestCase):
    def setUp(self):
        self.start("=2026-05-10T09:00:00Z")
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def start(self, clock):
        self.daemon = Daemon(memory=True, clock=clock)
        self.addCleanup(self.daemon.close)

    def plumb(self, *args, expect=0):
        done = subprocess.run([binary("plumb"), "--server", self.daemon.unix, *args], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, env=dict(os.environ, COLUMNS="1000"))
        self.assertEqual(done.returncode, expect, done.stdout[-2000:] + done.stderr)
        return done.stdout + done.stderr

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return path

    def get(self, ref):
        return json.loads(self.plumb("get", ref, "-o", "json"))["item"]

    def list(self, *args):
        return json.loads(self.plumb("list", *args, "-o", "json"))

    def test_a_dry_run_shows_all_and_changes_nothing(self):
        path = self.write("q2.md", OUTLINE)
        output = self.plumb("import", "okr", path, "--dry-run")
        # team Acme (its heading) and Customer Success, 2 people, the quarter, 1 objective, 3 measures; two measurements, a check-in
        self.assertIn("9 created, 3 records", output)
        self.assertIn("line 13: Measure what matters", output)
        self.assertEqual(self.list("objectives"), [])

    def test_an_outline_is_taken_and_then_nothing_is_to_do_even_on_another_day(self):
        path = self.write("q2.md", OUTLINE)
        self.plumb("import", "okr", path, "--yes")
        targets = {t["measure"]: t for t in self.get("objective/customers-love-onboarding")["objective"]["targets"]}
        self.assertEqual((targets["increase-activation-from-20-to-35"]["baseline"],
                          targets["increase-activation-from-20-to-35"]["target"]), (20, 35))
        measure = self.get("measure/reduce-time-to-value-from-10-days-to-3-days")
        self.assertEqual((measure["measure"]["unit"], measure["measure"]["direction"]), ("days", "down"))
        values = {r["record"]["about"]: r["record"]["measurement"]["value"] for r in self.list("measurements")}
        self.assertEqual(values, {"increase-activation-from-20-to-35": 24, "publish-the-guide": 80})
        self.assertIn("nothing to do", self.plumb("import", "okr", path, "--yes"))
        self.assertIn("nothing to do", self.plumb("--today", "2026-06-01", "import", "okr", path, "--yes"))

    def test_a_changed_document_changes_only_that(self):
        self.plumb("import", "okr", self.write("q2.md", OUTLINE), "--yes")
        changed = OUTLINE.replace("Current: 24%", "Current: 26%").replace("to 3 days", "to 2 days")
        output = self.plumb("import", "okr", self.write("q2.md", changed), "--yes")
        # another title is another key result: it says so; the value that is gone is withdrawn
        self.assertIn("left there", output)
        values = [r["record"]["measurement"]["value"] for r in self.list("measurements", "about:measure/increase-activation-from-20-to-35")]
        self.assertEqual(values, [26])

    def test_rows_in_any_order_are_the_same_plan(self):
        self.plumb("import", "okr", self.write("a.csv", HEAD + "".join(ROWS)), "--yes")
        self.assertEqual(len(self.list("measures")), 40)
        for seed in range(3):
            rows = ROWS[:]
            random.Random(seed).shuffle(rows)
            output = self.plumb("import", "okr", self.write("a.csv", HEAD + "".join(rows)), "--yes")
            self.assertIn("nothing to do", output)

    def test_separators_and_marks_of_spreadsheets_make_no_difference(self):
        text = "Title;Type;ID;Parent\nSell 5;Key Result;k;o\nGrow;Objective;o;\n"
        self.plumb("import", "okr", self.write("a.csv", text), "--yes")
        for other in ("\ufeff" + text, text.replace(";", "\t"), text.replace(";", ",").replace("\n", "\r\n")):
            self.assertIn("nothing to do", self.plumb("import", "okr", self.write("a.csv", other), "--yes"))

    def test_documents_that_are_none_are_refused_and_change_nothing(self):
        for text, message in ((OUTLINE.encode("utf-16"), "is UTF-16; save it as UTF-8"), (b"# Objective: \xff", "bad.md:1: is not UTF-8"),
                              (b"a\0b", "NUL"), (b"", "neither objectives nor key results"),
                              (b'Objective,Key Result\n"a', "never closed")):
            self.assertIn(message, self.plumb("import", "okr", self.write("bad.md", text), "--yes", expect=2))
        self.assertIn("--format", self.plumb("import", "okr", self.write("bad.md", OUTLINE), "--format", "xls", expect=2))
        self.assertEqual(self.list("objectives"), [])


@unittest.skipUnless(os.path.isdir(REAL), "shared plans are not here (PLUMB_SHARED names their folder)")
class RealPlans(Imports):
    def take(self, name, today):
        self.start("=" + today + "T09:00:00Z")
        self.plumb("import", "okr", os.path.join(REAL, name), "--yes")
        self.assertIn("nothing to do", self.plumb("import", "okr", os.path.join(REAL, name), "--yes"))
        reply = json.loads(self.plumb("check", "-o", "json", "--fail-on", "never"))
        return collections.Counter(f["rule"] for f in reply["findings"] if not f.get("unknown"))

    def test_a_company_cascades_seven_levels(self):
        found = self.take("gitlab-fy20-q4.md", "2020-02-01")
        # every "KR:" of the document, and no other line
        self.assertEqual(len(self.list("measures", "--limit", "1000")), 218)
        objectives = {e["item"]["id"]: e["item"] for e in self.list("objectives", "--limit", "1000")}
        self.assertEqual(len(objectives), 144)
        pairs = {}
        for item in objectives.values():
            for target in item["objective"].get("targets", []):
                if "baseline" in target and "target" in target and target["baseline"]:
                    pairs[target["measure"]] = (target["baseline"], target["target"])
        # all "from … to …" of the document with two numbers
        self.assertEqual(sorted(pairs.values()), [(8, 10), (8, 10), (29, 70), (70, 56)])
        depth = max(self.depth(objectives, item) for item in objectives.values())
        self.assertEqual(depth, 4)  # CEO, CRO, VP, Director; with the key results between them seven levels
        period = self.get("period/fy20-q4")["period"]
        self.assertEqual((period["first_day"], period["last_day"]), ("2019-11-01", "2020-01-31"))
        without = [i for i in objectives.values() if not i["objective"].get("targets")]
        self.assertEqual(found["outcome/no-measure"], len(without))
        self.assertEqual(found["owner/none"], len([i for i in objectives.values() if not i.get("owners")]))

    def depth(self, objectives, item):
        parent = item["objective"].get("parent")
        return 1 + (self.depth(objectives, objectives[parent]) if parent else 0)

    def test_a_table_with_scores(self):
        found = self.take("ipfs-2019-q3.md", "2019-09-30")
        self.assertEqual((len(self.list("objectives")), len(self.list("measures"))), (5, 23))
        # the column "Mid-Q Actual" has seven values; the middle of the quarter is 15 August
        values = [(r["record"]["at"], r["record"]["measurement"].get("value", 0)) for r in self.list("measurements")]
        self.assertEqual(sorted(values), [("2019-08-15", v) for v in (0, 0, 0, 0.5, 0.5, 0.5, 0.7)])
        # 2 of 23 key results say a number ("1+ release", "1+ improvement"); none says where it began
        self.assertEqual((found["outcome/no-target"], found["outcome/no-baseline"]), (21, 23))


for name in dir(Imports):  # those run once, not here again
    if name.startswith("test_"):
        setattr(RealPlans, name, None)

if __name__ == "__main__":
    unittest.main()
