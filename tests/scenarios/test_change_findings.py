"""Which findings a change makes appear and disappear: dry runs, differences between revisions, and the command line."""
import os
import subprocess
import tempfile
import unittest

from google.protobuf.json_format import ParseDict

from plumbrpc import INVALID, Daemon, RpcError, binary, pb


def initiative(name, owners, **more):
    return {"put": {"item": {"id": name, "owners": owners, "initiative": more}}}


def person(name, **more):
    return {"put": {"item": {"id": name, "person": more}}}


def keys(findings):
    return [f.key for f in findings]


class ChangeFindingsTest(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(memory=True)
        self.addCleanup(self.daemon.close)
        self.client = self.daemon.client()
        self.apply(person("anna"), person("ben"), initiative("a", ["anna"]), initiative("b", []))

    def apply(self, *changes, **fields):
        request = ParseDict({"change_set": {"changes": list(changes)}, **fields}, pb.plan.ApplyRequest())
        return self.client.call("Plan.Apply", request)

    def dry_run(self, *changes):
        return self.apply(*changes, dry_run=True, findings=True)

    def of_rule(self, findings, *rules):
        """The rules at hand only: others may say something about so small a plan, too."""
        return [key for key in keys(findings) if key.split(":")[0] in rules]

    def test_a_second_owner_appears(self):
        reply = self.dry_run(initiative("a", ["anna", "ben"]))
        self.assertEqual(self.of_rule(reply.findings.appeared, "owner/many"), ["owner/many:initiative/a"])
        self.assertEqual(self.of_rule(reply.findings.gone, "owner/many"), [])
        # b has no owner, before and after
        self.assertGreaterEqual(reply.findings.same_count, 1)
        self.assertEqual(reply.findings.appeared_count, len(reply.findings.appeared))
        found = [f for f in reply.findings.appeared if f.rule == "owner/many"][0]
        self.assertEqual(found.message, "initiative/a has 2 owners: person/anna, person/ben.")
        self.assertTrue(found.fix)
        self.assertTrue(reply.differences)

    def crept(self, findings):
        return self.of_rule(findings.appeared, "scope/crept"), self.of_rule(findings.gone, "scope/crept")

    def agreed(self, days):
        return initiative("c", ["anna"], status="APPROVED", estimate={"likely": days})

    def test_what_has_grown_since_the_baseline(self):
        """20 percent are let pass: 12 days for 10 are no finding, 13 are one, in a dry run as in a difference."""
        line = {"put": {"item": {"id": "line", "baseline": {}}}}
        self.apply(self.agreed(1000))
        self.apply(line)
        self.assertEqual(self.crept(self.dry_run(self.agreed(1200)).findings), ([], []))
        grown = ["scope/crept:initiative/c,baseline/line"]
        self.assertEqual(self.crept(self.dry_run(self.agreed(1300)).findings), (grown, []))
        before = self.apply(person("cleo")).revision
        after = self.apply(self.agreed(1300)).revision

        def diff(old, new):
            request = ParseDict({"from": {"revision": old}, "to": {"revision": new}, "findings": True}, pb.plan.DiffRequest())
            return self.crept(self.client.call("Plan.Diff", request).findings)

        self.assertEqual(diff(before, after), (grown, []))
        self.assertEqual(diff(after, before), ([], grown))
        # what is undone is gone; and so is what a new baseline, drawn by the very change, agrees to
        self.assertEqual(self.crept(self.dry_run(self.agreed(1000)).findings), ([], grown))
        newer = {"put": {"item": {"id": "newer", "baseline": {}}}}
        self.assertEqual(self.crept(self.dry_run(newer).findings), ([], grown))
        self.assertEqual(self.crept(self.dry_run(newer, self.agreed(1400)).findings), ([], grown))
        # one that names a revision of the past: 10 days were agreed in `before`
        past = {"put": {"item": {"id": "past", "baseline": {"revision": before}}}}
        self.assertEqual(self.crept(self.dry_run(past).findings), (["scope/crept:initiative/c,baseline/past"], grown))
        # the other way round: without a baseline nothing can be said to have grown
        gone = {"remove": {"ref": "baseline/line"}}
        self.assertEqual(self.crept(self.dry_run(gone).findings)[1], grown)
        # both sides each have their own: drawn after `after`, it agrees to what had grown
        drawn = self.apply(newer).revision
        self.assertEqual(diff(after, drawn), ([], grown))

    def test_nothing_was_changed(self):
        self.dry_run(initiative("a", ["anna", "ben"]), initiative("c", []))
        entry = self.client.call("Plan.Get", pb.plan.GetRequest(ref="initiative/a")).entry
        self.assertEqual(entry.item.owners, ["anna"])
        with self.assertRaises(RpcError):
            self.client.call("Plan.Get", pb.plan.GetRequest(ref="initiative/c"))
        self.assertEqual(self.apply(person("cleo")).revision, 2)

    def test_an_owner_at_last(self):
        reply = self.dry_run(initiative("b", ["ben"]))
        self.assertEqual(self.of_rule(reply.findings.gone, "owner/none"), ["owner/none:initiative/b"])
        self.assertEqual(self.of_rule(reply.findings.appeared, "owner/none"), [])

    def test_what_is_removed_takes_its_findings_along_and_may_leave_others(self):
        reply = self.dry_run({"remove": {"ref": "initiative/b"}})
        self.assertIn("owner/none:initiative/b", keys(reply.findings.gone))
        self.apply({"put": {"item": {"id": "t", "task": {"initiative": "a"}}}})
        reply = self.dry_run({"put": {"item": {"id": "t", "task": {"initiative": "nowhere"}}}})
        self.assertIn("sight/dangling:task/t,initiative/nowhere", keys(reply.findings.appeared))

    def test_a_change_of_nothing(self):
        reply = self.dry_run(initiative("a", ["anna"]))
        self.assertEqual((reply.findings.appeared_count, reply.findings.gone_count), (0, 0))
        self.assertEqual(reply.findings.score_before, reply.findings.score_after)
        self.assertTrue(reply.findings.HasField("score_before"))

    def test_the_score_falls_with_an_owner(self):
        reply = self.dry_run(initiative("a", []))
        self.assertLessEqual(reply.findings.score_after, reply.findings.score_before)

    def test_only_where_it_was_asked_for(self):
        self.assertFalse(self.apply(initiative("a", []), dry_run=True).HasField("findings"))
        with self.assertRaises(RpcError) as caught:
            self.apply(initiative("a", []), findings=True)
        self.assertEqual(caught.exception.code, INVALID)
        self.assertEqual(caught.exception.violations[0][0], "findings")

    def test_a_waiver_neither_hides_nor_shows(self):
        self.apply({"put": {"item": {"id": "w", "waiver": {
            "finding": "owner/none:initiative/b", "reason": "until may", "who": "anna", "until": "2999-01-01"}}}})
        reply = self.dry_run(initiative("b", ["ben"]))
        gone = [f for f in reply.findings.gone if f.key == "owner/none:initiative/b"]
        self.assertEqual(gone[0].waiver.reason, "until may")
        reply = self.dry_run({"remove": {"ref": "waiver/w"}})
        self.assertEqual(reply.findings.appeared_count, 0)

    def test_beside_changes_that_are_on_their_way(self):
        request = ParseDict({"dry_run": True, "findings": True, "change_set": {
            "changes": [initiative("a", ["anna", "ben"])]}}, pb.plan.ApplyRequest())
        started = []
        for i in range(40):
            change = ParseDict({"change_set": {"changes": [person("p%d" % i)]}}, pb.plan.ApplyRequest())
            started.append((self.client.start("Plan.Apply", request), self.client.start("Plan.Apply", change)))
        for dry, change in started:
            tried = dry.result()
            self.assertEqual(self.of_rule(tried.findings.appeared, "owner/many"), ["owner/many:initiative/a"])
            # the revision that it would have got, and that the next one then had
            self.assertEqual(tried.revision, change.result().revision)

    def diff(self, from_at, to_at):
        return self.client.call("Plan.Diff", ParseDict(
            {"from": from_at, "to": to_at, "findings": True}, pb.plan.DiffRequest()))

    def test_between_revisions_and_back(self):
        self.apply(initiative("b", ["ben"]), initiative("a", ["anna", "ben"]))
        there = self.diff({"revision": 1}, {"revision": 2}).findings
        back = self.diff({"revision": 2}, {"revision": 1}).findings
        self.assertIn("owner/many:initiative/a", keys(there.appeared))
        self.assertIn("owner/none:initiative/b", keys(there.gone))
        self.assertEqual(keys(there.appeared), keys(back.gone))
        self.assertEqual(keys(there.gone), keys(back.appeared))
        self.assertEqual(there.same_count, back.same_count)

    def test_each_side_has_its_own_day(self):
        self.apply(person("anna", last_day="2030-06-30"))
        reply = self.diff({"revision": 2, "today": "2030-06-30"}, {"revision": 2, "today": "2030-07-01"})
        self.assertEqual(len(reply.differences), 0)
        self.assertEqual(keys(reply.findings.appeared), ["owner/gone:initiative/a,person/anna"])
        self.assertEqual((reply.findings.before_today, reply.findings.after_today), ("2030-06-30", "2030-07-01"))
        for side in ("from", "to"):
            with self.assertRaises(RpcError) as caught:
                self.diff(*[{"today": "tomorrow"} if s == side else {} for s in ("from", "to")])
            self.assertEqual(caught.exception.violations[0][0], side + ".today")

    # ---- the command line

    def plumb(self, *args, code=0, stdin=""):
        run = subprocess.run([binary("plumb"), "--server", self.daemon.tcp, *args], input=stdin, capture_output=True,
                             text=True, timeout=60, env={**os.environ, "XDG_CONFIG_HOME": "/nonexistent"})
        self.assertEqual(run.returncode, code, run.stdout + run.stderr)
        return run.stdout

    PLAN = "initiatives:\n  a:\n    owners: [anna, ben]\n"

    def test_apply_dry_run_shows_them(self):
        out = self.plumb("apply", "-f", "-", "--force", "--dry-run", stdin=self.PLAN)
        self.assertIn("owner/many", out)
        self.assertIn("initiative/a has 2 owners", out)
        out = self.plumb("apply", "-f", "-", "--force", "--dry-run", "--no-findings", stdin=self.PLAN)
        self.assertNotIn("owner/many", out)

    def test_only_the_first_of_several_steps_is_tried(self):
        with tempfile.TemporaryDirectory() as folder:
            for day, owners in (("2026-01-01", "[anna]"), ("2026-02-01", "[anna, ben]")):
                with open(os.path.join(folder, day + ".yaml"), "w") as out:
                    out.write("effective: %s\ninitiatives:\n  z:\n    owners: %s\n" % (day, owners))
            # nothing may lie before the plan's newest change, so into a workspace of its own
            self.plumb("workspace", "create", "past")
            out = self.plumb("-w", "past", "apply", "-f", folder, "--dry-run")
            self.assertIn("the first of these 2 change sets", out)

    def test_diff_of_revisions_shows_them(self):
        self.apply(initiative("a", ["anna", "ben"]))
        out = self.plumb("diff", "1", "2", code=1)
        self.assertIn("owner/many", out)
        self.assertNotIn("owner/many", self.plumb("diff", "1", "2", "--no-findings", code=1))

    def test_small_commands_show_them(self):
        out = self.plumb("remove", "initiative/b", "--dry-run")
        self.assertIn("owner/none", out)


if __name__ == "__main__":
    unittest.main()
