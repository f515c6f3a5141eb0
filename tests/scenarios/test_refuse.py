"""Rules that refuse changes: what adds one of their findings is not taken, unless a reason says why it shall be."""
import os
import subprocess
import tempfile
import unittest

from google.protobuf.json_format import ParseDict

from plumbrpc import INVALID, LIMIT, PRECONDITION, Daemon, RpcError, binary, pb


def put(name, **more):
    return {"put": {"item": {"id": name, **more}}}


def initiative(name, owners=(), status="ACTIVE", **more):
    return put(name, owners=list(owners), initiative={"status": status, **more})


def person(name, **more):
    return put(name, person=more)


def setting(rule, **more):
    return put(rule.replace("/", "."), rule_setting={"rule": rule, **more})


class RefuseTest(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(clock="2026-03-31T12:00:00Z")
        self.addCleanup(self.daemon.close)
        self.client = self.daemon.client(as_name="person/olga")

    def send(self, *changes, dry_run=False, **fields):
        return self.client.call("Plan.Apply", ParseDict(
            {"dry_run": dry_run, "change_set": {"changes": list(changes), **fields}}, pb.plan.ApplyRequest()))

    def refused(self, *changes, code=PRECONDITION, **fields):
        before = self.revision()
        with self.assertRaises(RpcError) as caught:
            self.send(*changes, **fields)
        self.assertEqual(caught.exception.code, code, caught.exception)
        self.assertEqual(self.revision(), before)
        return caught.exception

    def revision(self):
        return self.client.call("Plan.List", pb.plan.ListRequest(count_only=True)).revision

    def keys(self, error):
        import plumb.v1.finding_pb2 as finding
        return [f.key for f in error.detail(finding.Refusal).findings]

    # ---- a second owner

    def second_owner(self):
        self.send(person("anna"), person("ben"), initiative("a", ["anna"]))
        self.send(setting("owner/many", refuse=True))

    def test_a_second_owner(self):
        self.second_owner()
        error = self.refused(initiative("a", ["anna", "ben"]))
        self.assertEqual(self.keys(error), ["owner/many:initiative/a"])
        self.assertIn("initiative/a has 2 owners", error.message)
        self.assertIn("--override REASON", error.message)
        entry = self.client.call("Plan.Get", pb.plan.GetRequest(ref="initiative/a")).entry
        self.assertEqual(entry.item.owners, ["anna"])
        # one that is put in the other's place adds nothing
        self.send(initiative("a", ["ben"]))

    def test_all_of_the_set_or_nothing(self):
        self.second_owner()
        self.refused(initiative("b", ["ben"]), initiative("a", ["anna", "ben"]), person("cleo"))
        with self.assertRaises(RpcError):
            self.client.call("Plan.Get", pb.plan.GetRequest(ref="person/cleo"))

    def test_what_was_wrong_before_does_not_stand_in_the_way(self):
        self.send(initiative("a", ["anna", "ben"]))
        self.send(setting("owner/many", refuse=True))
        self.send(initiative("a", ["anna", "ben", "cleo"]))
        # mended, it cannot come back
        self.send(initiative("a", ["anna"]))
        self.refused(initiative("a", ["anna", "ben"]))

    def test_other_rules_and_rules_that_are_off_refuse_nothing(self):
        self.second_owner()
        self.send(initiative("b"))  # no owner: a finding of another rule
        self.send(setting("owner/many", refuse=True, off=True))
        self.send(initiative("a", ["anna", "ben"]))

    def test_a_change_cannot_let_itself_through(self):
        self.second_owner()
        self.refused(setting("owner/many", off=True), initiative("a", ["anna", "ben"]))
        self.send(setting("owner/many"))
        self.send(initiative("a", ["anna", "ben"]))

    # ---- somebody's fourth initiative

    def three(self):
        self.send(person("anna"), *[initiative(n, ["anna"]) for n in "abc"])
        self.send(setting("load/rule-of-three", refuse=True))

    def test_a_fourth_initiative(self):
        self.three()
        error = self.refused(initiative("d", ["anna"]))
        self.assertEqual(self.keys(error), ["load/rule-of-three:person/anna"])
        self.assertIn("person/anna", error.message)
        # as a member, by a booking, in a part of it
        self.refused(initiative("d", members=["anna"]))
        self.send(initiative("d"))
        self.refused(put("x", allocation={"who": "anna", "initiative": "d"}))
        self.refused(put("w", owners=["anna"], workstream={"initiative": "d", "status": "ACTIVE"}))
        # proposed is not begun; begun, it is the fourth
        self.send(initiative("d", ["anna"], status="PROPOSED"))
        self.refused(initiative("d", ["anna"], status="ACTIVE"))
        # a part of what is theirs anyway is none more
        self.send(put("w", owners=["anna"], workstream={"initiative": "a", "status": "ACTIVE"}))
        # done is done
        self.send(initiative("a", ["anna"], status="DONE"), initiative("d", ["anna"]))

    def test_it_is_the_day_of_the_change_that_counts(self):
        self.send(person("anna", last_day="2026-03-30"), person("ben"), initiative("a", ["ben"]),
                  effective="2026-03-01")
        self.send(setting("owner/gone", refuse=True), effective="2026-03-02")
        # on her last day she is still there
        self.send(initiative("a", ["anna"]), effective="2026-03-30T10:00:00Z")
        self.send(initiative("a", ["ben"]), effective="2026-03-30T11:00:00Z")
        error = self.refused(initiative("a", ["anna"]), effective="2026-03-31T10:00:00Z")
        self.assertEqual(self.keys(error), ["owner/gone:initiative/a,person/anna"])

    # ---- overriding

    def test_a_reason_lets_it_through_and_is_kept(self):
        self.second_owner()
        with self.client.stream("Plan.Watch", pb.plan.WatchRequest()) as watch:
            reply = self.send(initiative("a", ["anna", "ben"]), override_reason="twins, until May")
            while True:
                message = watch.next()
                if not message.heartbeat:
                    break
            self.assertEqual(message.change.change_set.override_reason, "twins, until May")
        history = self.client.call("Plan.History", pb.plan.HistoryRequest(ref="initiative/a")).entries
        self.assertEqual([e.override_reason for e in history], ["twins, until May", ""])
        self.daemon.restart()
        self.client = self.daemon.client(as_name="person/olga")
        log = self.client.call("Plan.History", pb.plan.HistoryRequest()).entries
        self.assertEqual((log[0].revision, log[0].override_reason), (reply.revision, "twins, until May"))

    def test_with_nothing_to_override_it_is_a_change_like_others(self):
        self.assertEqual(self.send(person("anna"), override_reason="just in case").revision, 1)

    def test_the_reason_has_a_limit(self):
        self.send(person("anna"), override_reason="x" * 1000)
        error = self.refused(person("ben"), override_reason="x" * 1001, code=INVALID)
        self.assertEqual(error.violations[0][0], "change_set.override_reason")

    def test_a_dry_run_tells_and_changes_nothing(self):
        self.second_owner()
        for reason in ("", "twins"):
            reply = self.send(initiative("a", ["anna", "ben"]), dry_run=True, override_reason=reason)
            self.assertEqual([f.key for f in reply.refused.findings], ["owner/many:initiative/a"])
        self.assertEqual(self.revision(), 2)
        self.assertFalse(self.send(initiative("a", ["ben"]), dry_run=True).HasField("refused"))

    def test_the_same_key_answers_the_same(self):
        self.second_owner()
        change = initiative("a", ["anna", "ben"])
        # refused is not taken: the key stays free for another try, and for another answer
        self.refused(change, idempotency_key="k1")
        self.refused(change, idempotency_key="k1")
        first = self.send(change, idempotency_key="k1", override_reason="twins")
        again = self.send(change, idempotency_key="k1", override_reason="twins")
        self.assertEqual((again.revision, again.duplicate), (first.revision, True))
        error = self.refused(change, idempotency_key="k1")
        self.assertIn("was used for another change", error.message)

    # ---- what cannot be asked

    def test_a_rule_that_looks_at_the_whole_plan_cannot_refuse(self):
        for rule in ("owner/split", "sight/orphan", "sight/unserved"):
            error = self.refused(setting(rule, refuse=True), code=INVALID)
            self.assertEqual(error.violations[0][0], "change_set.changes[0].put.item.rule_setting.refuse")
            self.assertIn(rule, error.message)

    def test_explain_says_which_refuse(self):
        self.second_owner()
        rules = self.client.call("Insight.Explain", pb.insight.ExplainRequest()).rules
        self.assertEqual([r.name for r in rules if r.refuse], ["owner/many"])
        self.assertTrue(all(r.local for r in rules if r.refuse))

    def test_a_change_with_too_much_around_it(self):
        # 20,000 entries: the initiative, its owner, the setting and 19,997 tasks; one more is too many
        self.send(person("p"), initiative("a", ["p"], status="DONE"))
        for first, last in ((0, 9999), (9999, 19997)):
            self.send(*[put("t%d" % i, owners=["p"], task={"initiative": "a"}) for i in range(first, last)])
        self.send(setting("owner/many", refuse=True))
        self.send(initiative("a", ["p"], status="ACTIVE"), dry_run=True)
        self.send(put("one-more", owners=["p"], task={"initiative": "a"}), override_reason="one more")
        error = self.refused(initiative("a", ["p"], status="ACTIVE"), code=LIMIT)
        self.assertIn("20000 entries", error.message)
        self.assertIn("--override REASON", error.message)
        self.send(initiative("a", ["p"], status="ACTIVE"), override_reason="a large one")

    # ---- the command line

    def plumb(self, *args, code=0, stdin=""):
        run = subprocess.run([binary("plumb"), "--server", self.daemon.unix, *args], input=stdin, capture_output=True,
                             text=True, timeout=60, env={**os.environ, "XDG_CONFIG_HOME": "/nonexistent"})
        self.assertEqual(run.returncode, code, run.stdout + run.stderr)
        return run.stdout + run.stderr

    def test_the_command_line(self):
        self.send(person("anna"), person("ben"), initiative("a", ["anna"]))
        self.plumb("rule", "set", "owner/many", "--refuse")
        self.assertIn("refuses", self.plumb("explain", "owner/many"))
        self.assertIn("cannot refuse", self.plumb("rule", "set", "owner/split", "--refuse", code=3))
        files = "initiatives:\n  a:\n    owners: [anna, ben]\n    status: active\n"
        out = self.plumb("apply", "-f", "-", "--force", "--yes", stdin=files, code=3)
        self.assertIn("initiative/a has 2 owners", out)
        self.assertIn("Leave one owner", out)  # what would mend it
        self.assertIn("--override", out)
        out = self.plumb("apply", "-f", "-", "--force", "--dry-run", stdin=files, code=1)
        self.assertIn("would refuse", out)
        out = self.plumb("apply", "-f", "-", "--force", "--dry-run", "--override", "twins", stdin=files)
        self.assertIn("twins", out)
        self.plumb("apply", "-f", "-", "--force", "--yes", "--override", "twins", stdin=files)
        self.assertIn("twins", self.plumb("log"))
        self.assertIn("twins", self.plumb("history", "initiative/a"))
        self.plumb("rule", "set", "owner/many", "--no-refuse")
        self.assertNotIn("refuses", self.plumb("explain", "owner/many"))

    def test_what_is_referred_to_often(self):
        """However long the names are, the message says what to do."""
        names = ["%s-%d" % ("x" * 60, i) for i in range(5)]
        self.send(person("anna"), *[initiative(name, ["anna"]) for name in names])
        self.assertIn(" and 4 more: change those first, or remove with cascade", self.plumb("remove", "person/anna", code=3))

    def test_small_changes_too(self):
        self.send(setting("sight/dangling", refuse=True), person("anna"), initiative("a", ["anna"]))
        self.send(put("t", task={"initiative": "a"}))
        # what it was referred to by would name nothing
        out = self.plumb("remove", "person/anna", "--cascade", code=3)
        self.assertIn("sight/dangling", out)
        self.plumb("remove", "person/anna", "--cascade", "--override", "she has left; hand-over is on friday")
        self.assertIn("hand-over is on friday", self.plumb("log"))


if __name__ == "__main__":
    unittest.main()
