"""Mine: what one person owns, executes, owes and is owed, worked out by hand for a small plan."""
import json
import os
import subprocess
import unittest

from plumbrpc import INVALID, NOT_FOUND, Daemon, RpcError, binary, pb

TODAY = "2026-03-31"
OWNS, EXECUTES, OWES, IS_OWED = range(4)
I = pb.item


class MineTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        # Entries come into the plan on 2026-03-20; today is the 31st.
        cls.daemon = Daemon(memory=True, clock="2026-03-20T09:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client(unix=True, as_name="person/anna")
        items = [
            I.Item(id="anna", title="Anna", person=I.Person(team="cs", manager="bert")),
            I.Item(id="bert", title="Bert", person=I.Person()),
            I.Item(id="cleo", title="Cleo", person=I.Person(team="data")),
            I.Item(id="cs", team=I.Team(lead="anna")),
            I.Item(id="data", team=I.Team(lead="cleo")),
            I.Item(id="bank", title="The bank of choice", vision=I.Vision()),
            I.Item(id="stay", title="Customers stay", goal=I.Goal()),
            I.Item(id="fast", title="Live in 30 days", owners=["bert"], objective=I.Objective(goal="stay")),
            I.Item(id="import", title="Import in a day", owners=["anna"], initiative=I.Initiative(
                objective="fast", status=I.ACTIVE, start="2026-03-01")),
            I.Item(id="old", owners=["anna"], initiative=I.Initiative(objective="fast", status=I.DONE)),
            I.Item(id="portal", owners=["cleo"], initiative=I.Initiative(
                objective="fast", status=I.ACTIVE, start="2026-03-30", members=["anna"])),
            I.Item(id="extra", owners=["cleo"], initiative=I.Initiative(status=I.PROPOSED)),
            I.Item(id="given", allocation=I.Allocation(who="anna", initiative="extra")),
            I.Item(id="soon", owners=["anna"], task=I.Task(initiative="import", due="2026-04-14")),
            I.Item(id="later", owners=["anna"], task=I.Task(initiative="import", due="2026-04-15")),
            I.Item(id="mine", task=I.Task(initiative="portal", due="2026-03-30", members=["anna"])),
            I.Item(id="time", owners=["anna"], measure=I.Measure(every_days=7)),
            I.Item(id="help", ask=I.Ask(**{"from": "data", "to": "cs", "initiative": "portal"})),
            I.Item(id="yes", ask=I.Ask(**{"from": "data", "to": "cs", "initiative": "portal"}, state=I.Ask.COMMITTED,
                                       promised_for="2026-06-01")),
            I.Item(id="ours", ask=I.Ask(**{"from": "cs", "to": "data", "initiative": "import"})),
        ]
        changes = [pb.plan.Change(put=pb.plan.Put(item=item)) for item in items]
        changes += [pb.plan.Change(place=pb.plan.Place(item=item, last=True)) for item in ("portal", "import")]
        changes.append(pb.plan.Change(add=pb.plan.Add(record=I.Record(
            id="c", about="initiative/import", by="anna", at="2026-03-20",
            check_in=I.CheckIn(status=I.CheckIn.ON_TRACK)))))
        cls.client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=changes)))

    def mine(self, person="", client=None):
        return (client or self.client).call("Insight.Mine", pb.insight.MineRequest(
            at=pb.plan.At(today=TODAY), person=person))

    def rows(self, reply, why):
        return [(i.ref, i.rank, i.due) for i in reply.items if i.why == why]

    def test_what_anna_has(self):
        reply = self.mine()
        self.assertEqual((reply.person, reply.name, reply.today), ("person/anna", "Anna", TODAY))
        # rank 2 is import, with its tasks; what is done is not hers any more
        self.assertEqual(self.rows(reply, OWNS), [
            ("task/soon", 2, "2026-04-14"), ("task/later", 2, "2026-04-15"), ("initiative/import", 2, ""),
            ("measure/time", 0, "")])
        self.assertEqual(self.rows(reply, EXECUTES), [
            ("task/mine", 1, "2026-03-30"), ("initiative/portal", 1, ""), ("initiative/extra", 0, "")])
        self.assertEqual(self.rows(reply, OWES), [
            ("ask/help", 1, "2026-03-27"),          # asked on the 20th, 7 days
            ("task/mine", 1, "2026-03-30"),         # nobody owns it: she works on it
            ("initiative/import", 2, "2026-04-03"),  # checked in on the 20th, 14 days
            ("task/soon", 2, "2026-04-14"),         # 14 days ahead; the one of the 15th is not yet
            ("measure/time", 0, "2026-03-27")])     # never taken since the 20th, every 7 days
        self.assertEqual(self.rows(reply, IS_OWED), [
            ("ask/ours", 2, "2026-03-27"), ("check-in/c", 2, "2026-03-27")])

    def test_why_it_matters_is_the_chain_up(self):
        item = next(i for i in self.mine().items if i.ref == "task/soon")
        self.assertEqual(list(item.chain), ["initiative/import", "objective/fast", "goal/stay"])
        self.assertEqual(item.matters, "Import in a day > Live in 30 days > Customers stay")

    def test_in_words(self):
        what = {(i.why, i.ref): i.what for i in self.mine().items}
        self.assertEqual(what[OWES, "ask/help"], "an answer was due on 2026-03-27, 4 days ago")
        self.assertEqual(what[OWES, "initiative/import"], "a check-in is due on 2026-04-03")
        self.assertEqual(what[IS_OWED, "check-in/c"],
                         "an acknowledgement by person/bert was due on 2026-03-27, 4 days ago")

    def test_a_manager_owes_acknowledgements(self):
        reply = self.mine("bert")
        self.assertEqual(self.rows(reply, OWES), [("check-in/c", 2, "2026-03-27")])
        self.assertEqual(self.rows(reply, OWNS), [("objective/fast", 0, "")])

    def test_who_gives_sees_what_is_promised_when_it_is_due(self):
        other = self.daemon.client(unix=True, as_name="person/cleo")
        reply = self.mine(client=other)
        self.assertEqual(reply.person, "person/cleo")
        self.assertEqual(self.rows(reply, IS_OWED), [("ask/help", 1, "2026-03-27"), ("ask/yes", 1, "2026-06-01")])
        self.assertEqual(self.rows(reply, OWES), [("initiative/portal", 1, "2026-04-13"), ("ask/ours", 2, "2026-03-27")])

    def test_limits_are_those_of_the_rules(self):
        setting = I.Item(id="rhythm.check-in-late", rule_setting=I.RuleSetting(
            rule="rhythm/check-in-late", thresholds={"days": 30}))
        change = pb.plan.Change(put=pb.plan.Put(item=setting))
        self.client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=[change])))
        self.addCleanup(lambda: self.client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(
            changes=[pb.plan.Change(remove=pb.plan.Remove(ref="rule-setting/rhythm.check-in-late"))]))))
        self.assertNotIn("initiative/import", [i.ref for i in self.mine().items if i.why == OWES])  # due on 04-19

    def test_findings_are_those_in_which_they_should_act(self):
        count = 0
        for reply in self.client.stream("Insight.Check", pb.insight.CheckRequest(at=pb.plan.At(today=TODAY))):
            count += sum("person/anna" in f.who and not f.unknown for f in reply.findings)
        self.assertGreater(count, 0)
        self.assertEqual(self.mine().findings, count)

    def check_who(self, who, code):
        env = {k: v for k, v in os.environ.items() if not k.startswith("PLUMB_")}
        done = subprocess.run([binary("plumb"), "--server", self.daemon.unix, "--today", TODAY, "check", "--who", who, "-o", "json",
                               "--fail-on", "never"], env=env, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def test_check_shows_those_in_which_one_should_act(self):
        found = [f for reply in self.client.stream("Insight.Check", pb.insight.CheckRequest(at=pb.plan.At(today=TODAY)))
                 for f in reply.findings]
        for person in ("anna", "bert"):
            shown = json.loads(self.check_who(person, 0).stdout)
            keys = [f.key for f in found if f"person/{person}" in f.who]
            self.assertEqual([f["key"] for f in shown["findings"]], keys)
            self.assertLess(0, len(keys), person)
            self.assertLess(len(keys), len(found))
            summary = shown["summary"]
            self.assertEqual(sum(summary.get(k, 0) for k in ("errors", "warnings", "notes")), self.mine(person).findings)
            self.assertEqual(sum(r.get(k, 0) for r in summary["rules"] for k in ("findings", "unknown")), len(keys))
        self.assertIn("did you mean person/anna?", self.check_who("person/ana", 3).stderr)

    def test_somebody_who_is_not_there(self):
        for person, code in (("nobody", NOT_FOUND), ("team/cs", INVALID), ("Not A Name", INVALID)):
            with self.assertRaises(RpcError) as caught:
                self.mine(person)
            self.assertEqual(caught.exception.code, code)
        with self.assertRaises(RpcError) as caught:
            self.mine(client=self.daemon.client(unix=True))
        self.assertEqual(caught.exception.code, INVALID)

    def test_the_table_fits_eighty_columns(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith("PLUMB_")}
        env["COLUMNS"] = "80"
        done = subprocess.run([binary("plumb"), "--server", self.daemon.unix, "--today", TODAY, "mine", "--as", "anna"],
                              env=env, capture_output=True, text=True, timeout=60, check=True)
        self.assertLessEqual(max(map(len, done.stdout.splitlines())), 80)
        self.assertLess(done.stdout.index("Due from Anna"), done.stdout.index("Anna answers for"))
        self.assertIn("! an answer was due on 2026-03-27", done.stdout)
        self.assertIn("plumb check --who anna says which", " ".join(done.stdout.split()))


if __name__ == "__main__":
    unittest.main()
