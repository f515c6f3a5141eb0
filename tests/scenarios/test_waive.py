"""Waivers, trends and the score as the command line shows them."""
import json
import os
import subprocess
import unittest

from plumbrpc import Daemon, binary, pb

TODAY = "2026-03-31"
DRY_KEY = "owner/none:goal/dry"


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(memory=True, clock="=%sT12:00:00Z" % TODAY)
        self.addCleanup(self.daemon.close)
        self.client = self.daemon.client()
        for number, effective in enumerate(["2026-03-25T10:00:00Z", "2026-03-28T10:00:00Z"]):
            changes = pb.plan.ChangeSet(effective=effective)
            if number == 0:
                changes.changes.add().put.item.CopyFrom(pb.item.Item(id="anna", title="Anna Brandt", person=pb.item.Person()))
                changes.changes.add().put.item.CopyFrom(pb.item.Item(id="dry", goal=pb.item.Goal()))
            else:
                changes.changes.add().put.item.CopyFrom(pb.item.Item(id="wet", goal=pb.item.Goal()))
            self.client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=changes))

    def plumb(self, *args, code=0):
        env = {k: v for k, v in os.environ.items() if not k.startswith("PLUMB_")}
        env.update(PLUMB_SERVER=self.daemon.unix, COLUMNS="100", HOME=self.daemon.folder)
        done = subprocess.run([binary("plumb"), *args], capture_output=True, text=True, timeout=60, env=env)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code in (0, 1) else done.stderr

    def waive(self, *args, code=0, until="2026-04-02"):
        return self.plumb("waive", *args, "--reason", "Bert starts soon", "--until", until, "--who", "anna", code=code)

    def listed(self, *args):
        rows = self.plumb("waive", "--list", "-o", "csv", *args).splitlines()
        return [dict(zip(rows[0].split(","), row.split(","))) for row in rows[1:]]

    def test_a_waiver_holds_until_its_day_and_then_comes_back(self):
        self.waive(DRY_KEY)
        self.assertEqual(self.listed(), [{"finding": DRY_KEY, "state": "left so", "until": "2026-04-02", "days_left": "3",
                                          "who": "Anna Brandt", "reason": "Bert starts soon",
                                          "waiver": self.plumb("list", "waivers", "-o", "name").strip()}])
        self.assertEqual(self.listed("--today", "2026-04-02")[0]["days_left"], "1")
        late = self.listed("--today", "2026-04-04")[0]
        self.assertEqual((late["state"], late["days_left"]), ("found again", "over for 2"))
        self.assertNotIn(DRY_KEY, self.plumb("check", "-o", "name", code=1).split())
        self.assertIn(DRY_KEY, self.plumb("check", "-o", "name", "--today", "2026-04-03", code=1).split())
        self.assertIn("1 waiver ran out", self.plumb("check", "--today", "2026-04-03", code=1).replace("\n", " "))
        shown = self.plumb("check", "--waived", code=1)
        self.assertIn("until 2026-04-02, says Anna Brandt: Bert starts soon", shown)

    def test_what_it_was_for_is_gone(self):
        self.waive(DRY_KEY)
        self.plumb("remove", "goal/dry", "--yes")
        self.assertEqual(self.listed()[0]["state"], "not found")
        entries = json.loads(self.plumb("waive", "--list", "-o", "json"))
        self.assertEqual([(e["key"], "message" in e, e["waiver"]["reason"]) for e in entries],
                         [(DRY_KEY, False, "Bert starts soon")])

    def test_a_finding_that_is_not_there(self):
        self.assertIn("did you mean '%s'" % DRY_KEY, self.waive("owner/none:goal/dri", code=3))
        self.assertIn('did you mean "owner/none"', self.waive("owner/nune:goal/dry", code=3))
        self.assertIn("is no key of a finding", self.waive("dry", code=2))
        self.assertIn("--force waives it ahead", self.waive("owner/many:initiative/never-heard-of-it", code=3))
        self.assertIn("finds nothing about goal/dry", self.waive("owner/many", "goal/dry", code=3))
        self.assertEqual(self.listed(), [])
        self.waive("owner/many", "goal/dry", "--force")
        self.waive("owner/none:goal/later", "--force")
        self.assertEqual({(w["finding"], w["state"]) for w in self.listed()},
                         {("owner/many:goal/dry", "not found"), ("owner/none:goal/later", "not found")})

    def test_what_a_waiver_needs(self):
        self.assertIn("--reason TEXT", self.plumb("waive", DRY_KEY, code=2))
        self.assertIn("--until", self.plumb("waive", DRY_KEY, "--reason", "x", code=2))
        self.assertIn("--who PERSON", self.plumb("waive", DRY_KEY, "--reason", "x", "--until", "2026-04-02", code=2))
        self.assertIn("that day is past: today is 2026-03-31", self.waive(DRY_KEY, until="2026-03-30", code=2))
        self.waive(DRY_KEY, until=TODAY)  # today still counts
        self.assertIn("which finding", self.waive(code=2))
        self.assertIn("takes nothing else", self.plumb("waive", "--list", DRY_KEY, code=2))

    def test_since_comes_from_history(self):
        findings = {f["key"]: f for f in json.loads(self.plumb("check", "-o", "json", code=1))["findings"]}
        self.assertEqual(findings[DRY_KEY]["since"], "2026-03-25")
        self.assertEqual(findings["owner/none:goal/wet"]["since"], "2026-03-28")
        # changed since, and found all the while: by its newest change it would be of today
        self.plumb("apply", "-f", self.file("goals:\n  dry: {title: Dry}\n"), "--yes")
        for more, since in ((), "2026-03-25"), (("--no-since",), TODAY):
            found = json.loads(self.plumb("check", "--about", "goal/dry", "-o", "json", *more, code=1))["findings"]
            self.assertEqual({f["since"] for f in found if f["key"] == DRY_KEY}, {since}, more)

    def file(self, text):
        path = os.path.join(self.daemon.folder, "plan.yaml")
        with open(path, "w") as out:
            out.write(text)
        return path

    def test_the_trend(self):
        rows = self.plumb("check", "--trend", "--rule", "owner/none", "-o", "csv").splitlines()
        self.assertEqual(rows[0], "day,errors,warnings,notes,unknown,waived,appeared,gone,score,revision")
        self.assertEqual([row.split(",")[:2] + row.split(",")[6:8] for row in rows[1:]],
                         [["2026-03-25", "1", "0", "0"], ["2026-03-26", "1", "0", "0"], ["2026-03-27", "1", "0", "0"],
                          ["2026-03-28", "2", "1", "0"], ["2026-03-29", "2", "0", "0"], ["2026-03-30", "2", "0", "0"],
                          ["2026-03-31", "2", "0", "0"]])
        self.assertEqual(self.plumb("check", "--trend", "--every", "3", "--from", "2026-03-27", "-o", "name").split(),
                         ["2026-03-28", "2026-03-31"])
        shown = self.plumb("check", "--trend")
        self.assertIn("\nfindings ", shown)
        self.assertIn("\nscore ", shown)
        days = json.loads(self.plumb("check", "--trend", "-o", "json"))["days"]
        self.assertEqual(len(days), 7)
        self.assertIn("not begun", self.plumb("check", "--trend", "--to", "2020-01-01"))
        for wrong in (["--trend", "--fail-on", "note"], ["--every", "7"], ["--trend", "--every", "0"], ["--trend", "-f", "x"]):
            self.plumb("check", *wrong, code=2)
        self.assertIn("--from takes a date", self.plumb("check", "--trend", "--from", "soon", code=2))

    def test_the_score(self):
        shown = self.plumb("score")
        self.assertIn("Alignment score 0.00 of 100 (formula 2), revision 2 judged on 2026-03-31.", shown)
        self.assertIn("no open objective serves it", shown)
        self.assertEqual(self.plumb("score", "-o", "name"), "0.000000\n")
        self.assertEqual(len(self.plumb("score", "-o", "csv").splitlines()), 13)
        self.assertIn("there is no family 'owners'", self.plumb("score", "owners", code=3))
        self.plumb("score", "--units", "0", code=2)
        self.assertIn("Alignment score 0.0 of 100", self.plumb("check", code=1).replace("\n", " "))


if __name__ == "__main__":
    unittest.main()
