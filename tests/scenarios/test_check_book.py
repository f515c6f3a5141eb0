"""What a check found is kept for whoever asks next: whatever changes, what is told is what a check of now finds.

A check of all rules may be told from what is kept, one of some rules is always worked out anew: both must say the same.
"""
import threading
import time
import unittest

from plumbrpc import Daemon, pb

I, P, S, G = pb.item, pb.plan, pb.insight, pb.governance
OBJECTIVES = ["reach", "retention", "speed", "trust"]
ORDERS = ["reach retention speed trust live", "live trust speed retention reach"] * 3


def put(id, **fields):
    return P.Change(put=P.Put(item=I.Item(id=id, title=id, **fields)))


def task(id, **fields):
    return put(id, task=I.Task(initiative="import"), **fields)


PLAN = [
    put("anna", person=I.Person(level=1)), put("bert", person=I.Person(level=1, manager="anna")),
    put("grow", goal=I.Goal()), put("live", owners=["anna"], objective=I.Objective(goal="grow")),
    put("import", owners=["anna"], initiative=I.Initiative(objective="live", status=I.ACTIVE, start="2026-01-05")),
    put("weekly", owners=["anna"], review=G.Review(every_days=7, first_day="2026-01-05", attendees=["anna"])),
    task("one", owners=["anna"]), task("two")]


class Told:
    """What is said of a plan, and what a check of now finds."""

    def __init__(self, daemon):
        self.client = daemon.client(unix=True)
        rules = [rule.name for rule in self.client.call("Insight.Explain", S.ExplainRequest()).rules]
        self.halves = [rules[0::2], rules[1::2]]

    def apply(self, *changes, **options):
        return self.client.call("Plan.Apply", P.ApplyRequest(change_set=P.ChangeSet(changes=changes, **options))).revision

    def check(self, rules=(), client=None, **at):
        replies = list((client or self.client).stream(
            "Insight.Check", S.CheckRequest(at=P.At(**at), rules=rules, waived=True), timeout=60))
        found = {f.key: f.SerializeToString(deterministic=True) for reply in replies for f in reply.findings}
        return replies[-1].summary, found, [f for reply in replies for f in reply.findings]

    def fresh(self, **at):
        found, findings = {}, []
        for half in self.halves:
            _, some, list_ = self.check(half, **at)
            found.update(some)
            findings += list_
        return found, findings


class CheckBookTest(unittest.TestCase):
    maxDiff = None

    def same(self, told, **at):
        """What is told of it, by each answer, twice: the second time it is kept."""
        fresh, findings = told.fresh(**at)
        annas = {f.key for f in findings if "person/anna" in f.who and not f.unknown and not f.HasField("waiver")}
        scores = set()
        for _ in range(2):
            summary, found, _ = told.check(**at)
            self.assertEqual(found, fresh)
            self.assertEqual(sum(r.findings + r.unknown + r.waived for r in summary.rules), len(fresh))
            mine = told.client.call("Insight.Mine", S.MineRequest(at=P.At(**at), person="anna"))
            self.assertEqual(mine.findings, len(annas))
            agenda = told.client.call("Insight.Agenda", pb.agenda.AgendaRequest(at=P.At(**at), review="weekly"))
            keys = {f.key for f in agenda.findings}
            self.assertEqual(annas - keys, set())
            self.assertEqual(keys - fresh.keys(), set())
            scores |= {round(summary.score, 9), round(told.client.call("Insight.Score", S.ScoreRequest(at=P.At(**at))).score, 9)}
        self.assertEqual(len(scores), 1)
        return fresh

    def changed(self, told, before, **at):
        after = self.same(told, **at)
        self.assertTrue(after != before)  # else the step would show nothing
        return after

    def test_whatever_changes_is_seen(self):
        with Daemon(memory=True, clock="=2026-03-31T09:00:00Z") as daemon:
            told = Told(daemon)
            told.apply(*PLAN)
            first = revision = told.apply(put("q1", baseline=I.Baseline()))
            found = self.same(told)
            revision = told.apply(task("two", owners=["anna", "bert"]))  # an item
            self.assertIn("owner/many:task/two", self.changed(told, found))
            found = self.same(told)
            told.apply(put("w", waiver=I.Waiver(finding="owner/many:task/two", reason="both", who="person/anna", until="2026-05-01")))
            found = self.changed(told, found)
            told.apply(put("owner.many", rule_setting=I.RuleSetting(rule="owner/many", off=True)))
            self.assertNotIn("owner/many:task/two", self.changed(told, found))
            found = self.same(told)
            told.apply(*[task("more-%d" % i, owners=["anna"]) for i in range(9)])  # more than the baseline has
            found = self.changed(told, found)
            told.apply(put("q2", baseline=I.Baseline()))  # which has them
            found = self.changed(told, found)
            self.changed(told, found, today="2026-12-24")
            self.changed(told, found, revision=first)
            self.changed(told, found, revision=revision, today="2026-04-01")
            told.apply(put("else", scenario=I.Scenario()))
            told.apply(put("live", objective=I.Objective(goal="grow")), scenario="else")  # nobody owns it
            self.assertIn("owner/none:objective/live", self.changed(told, self.same(told), scenario="else"))
            self.same(told)

    def disagree(self, told):
        finding, = [f for f in told.check(today="2026-03-07")[2] if f.rule == "clarity/leaders-disagree"]
        return finding

    def test_a_round_is_told_of_from_the_day_it_is_over(self):
        with Daemon(memory=True, clock="2026-03-06T23:59:54Z") as daemon:
            began = time.monotonic()
            told = Told(daemon)
            told.apply(*PLAN)
            told.apply(put("anna", person=I.Person(level=4)), put("bert", person=I.Person(level=4)), *[put(o, objective=I.Objective()) for o in OBJECTIVES],
                       *[put("l%d" % i, person=I.Person(level=1)) for i in range(6)],
                       put("spring", round=G.Round(opens="2026-03-02", closes="2026-03-06")))
            for i, order in enumerate(ORDERS):
                voter = daemon.client(as_name="person/l%d" % i)
                voter.call("Voice.Ballot", pb.voice.BallotRequest(
                    round="spring", places=[pb.voice.BallotPlace(objectives=[o]) for o in order.split()]))
                voter.close()
            before = self.disagree(told)
            self.assertLess(time.monotonic() - began, 6, "too slow to see the day end")
            self.assertTrue(before.unknown)
            time.sleep(max(0, 6.2 - (time.monotonic() - began)))
            after = self.disagree(told)
            self.assertFalse(after.unknown, after.message)
            self.same(told, today="2026-03-07")

    def test_two_ask_while_a_third_changes(self):
        seen, stop = [], threading.Event()
        with Daemon(memory=True, clock="=2026-03-31T09:00:00Z") as daemon:
            told = Told(daemon)
            told.apply(*PLAN)

            def ask():
                client = daemon.client(unix=True)
                while not stop.is_set():
                    summary, found, _ = told.check(client=client)
                    mine = client.call("Insight.Mine", S.MineRequest(person="anna"))
                    seen.append((summary.revision, found, mine.revision, mine.findings))

            askers = [threading.Thread(target=ask) for _ in range(2)]
            for asker in askers:
                asker.start()
            for i in range(25):
                told.apply(task("t%d" % i, owners=["anna", "bert"][:1 + i % 2]))
            stop.set()
            for asker in askers:
                asker.join()
            fresh = {r: told.fresh(revision=r, today="2026-03-31") for r in {s[0] for s in seen} | {s[2] for s in seen}}
            self.assertGreater(len(fresh), 1)
            for revision, found, of_mine, count in seen:
                self.assertEqual(found, fresh[revision][0])
                self.assertEqual(count, len([f for f in fresh[of_mine][1] if "person/anna" in f.who and not f.unknown]))


if __name__ == "__main__":
    unittest.main()
