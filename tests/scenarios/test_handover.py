"""Handing over: items keep their names and history, circles are refused, a race changes nothing."""
import concurrent.futures
import os
import subprocess
import tempfile
import unittest

from plumbrpc import Daemon, binary, pb

PLAN = """
people: {anna: {}, bert: {}, cleo: {}}
teams: {cs: {lead: anna}}
goals: {g: {owners: [anna]}}
initiatives:
  one: {owners: [anna]}
  two: {owners: [anna, bert]}
  three: {owners: [bert], reviewer: anna}
  four: {owners: [cleo]}
"""


class HandoverTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.daemon = Daemon(memory=True, clock="2026-03-31T09:00:00Z")
        self.addCleanup(self.daemon.close)
        self.client = self.daemon.client(unix=True)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "plan.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(PLAN)
            self.plumb("apply", "-f", path, "--yes")
        self.before = self.revision()

    def plumb(self, *args, code=0):
        env = {k: v for k, v in os.environ.items() if not k.startswith("PLUMB_")}
        done = subprocess.run([binary("plumb"), "--server", self.daemon.unix] + list(args), env=env, timeout=60,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != code:
            raise AssertionError("%s: exit %d\n%s%s" % (args, done.returncode, done.stdout, done.stderr))
        return " ".join((done.stdout + done.stderr).split())

    def revision(self):
        return self.client.call("Admin.Info", pb.admin.InfoRequest(workspace="main")).revision

    def item(self, ref):
        return self.client.call("Plan.Get", pb.plan.GetRequest(ref=ref)).entry.item

    def owners(self, *names):
        return [list(self.item("initiative/" + name).owners) for name in names]

    def test_all_that_a_person_owns_goes_in_one_change(self):
        out = self.plumb("handover", "--from", "anna", "--to", "bert", "--reason", "Anna leaves", "--as", "cleo")
        self.assertIn("Handed over 3 items from person/anna to person/bert", out)
        self.assertEqual(self.owners("one", "two", "three", "four"), [["bert"], ["bert"], ["bert"], ["cleo"]])
        self.assertEqual(list(self.item("goal/g").owners), ["bert"])
        self.assertEqual(self.item("initiative/three").reviewer, "anna")  # not without --reviewer
        self.assertEqual(self.item("team/cs").team.lead, "anna")
        self.assertEqual(self.revision(), self.before + 1)

    def test_history_shows_who_handed_over_to_whom_and_why(self):
        self.plumb("handover", "--from", "anna", "--to", "bert", "--reason", "Anna leaves", "--as", "cleo")
        entries = self.client.call("Plan.History", pb.plan.HistoryRequest(ref="initiative/one")).entries
        self.assertEqual(len(entries), 2)  # the same item as before
        self.assertEqual(entries[0].reason, "hand-over: person/anna -> person/bert; Anna leaves")
        self.assertIn("person/cleo", entries[0].author)
        self.assertEqual([(f.old, f.new) for f in entries[0].differences[0].fields], [("anna", "bert")])
        out = self.plumb("history", "initiative/one")
        self.assertIn("Anna leaves", out)
        self.assertIn("person/anna -> person/bert", out)

    def test_named_items_only_and_reviewers(self):
        self.plumb("handover", "--from", "anna", "--to", "cleo", "initiative/one")
        self.assertEqual(self.owners("one", "two"), [["cleo"], ["anna", "bert"]])
        self.plumb("handover", "--from", "anna", "--to", "cleo", "--reviewer", "initiative/three")
        self.assertEqual(self.item("initiative/three").reviewer, "cleo")
        out = self.plumb("handover", "--from", "anna", "--to", "cleo", "initiative/four", code=2)
        self.assertIn("initiative/four is not with any of those who hand over", out)

    def test_several_pairs_move_each_item_once(self):
        self.plumb("handover", "--from", "anna", "--to", "bert", "--from", "bert", "--to", "cleo")
        self.assertEqual(self.owners("one", "two", "three"), [["bert"], ["bert", "cleo"], ["cleo"]])

    def test_circles_are_refused(self):
        for pairs, words in (
                ((("anna", "anna"),), "anna has it already"),
                ((("anna", "bert"), ("bert", "anna")), "circular (anna -> bert -> anna)"),
                ((("anna", "bert"), ("bert", "cleo"), ("cleo", "anna")), "circular (anna -> bert -> cleo -> anna)"),
                ((("anna", "bert"), ("anna", "cleo")), "hands over to two people")):
            args = [a for pair in pairs for a in ("--from", pair[0], "--to", "person/" + pair[1])]
            self.assertIn(words, self.plumb("handover", *args, code=2))
        self.assertEqual(self.revision(), self.before)

    def test_two_at_once_do_not_mix(self):
        """Both take what is Anna's: one gets all of it, the other is told."""
        def hand(to):
            return subprocess.run([binary("plumb"), "--server", self.daemon.unix, "handover", "--from", "anna", "--to", to],
                                  capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            done = dict(zip(("bert", "cleo"), pool.map(hand, ("bert", "cleo"))))
        won = [to for to, d in done.items() if d.returncode == 0]
        self.assertEqual(len(won), 1)
        self.assertEqual(list(self.item("goal/g").owners), won)
        self.assertEqual(self.owners("one"), [won])
        lost = next(d for d in done.values() if d.returncode != 0)
        self.assertEqual(lost.returncode, 1)
        self.assertRegex(lost.stderr, "nothing was handed over|there is nothing to hand over")

    def test_a_dry_run_changes_nothing(self):
        out = self.plumb("handover", "--from", "anna", "--to", "bert", "--dry-run")
        self.assertIn("initiative/one", out)
        self.assertIn("Nothing was changed", out)
        self.assertEqual(self.revision(), self.before)

    def test_who_receives_must_be_there_and_who_owns_nothing_is_told(self):
        self.assertIn("did you mean person/bert", self.plumb("handover", "--from", "anna", "--to", "berd", code=3))
        self.assertIn("owns nothing", self.plumb("handover", "--from", "dora", "--to", "bert", code=1))
        self.assertIn("in pairs", self.plumb("handover", "--from", "anna", code=2))


if __name__ == "__main__":
    unittest.main()
