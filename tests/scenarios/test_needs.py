"""Needs by skill, from the plan to the words of plumb schedule --why."""
import os
import subprocess
import unittest

from plumbrpc import Daemon, binary, pb

S = pb.insight
ACTIVE = pb.item.ACTIVE


class SkillTest(unittest.TestCase):
    """Who gives what is asked of a skill, and why nobody can."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, clock="=2026-04-15T09:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client()
        cls.addClassCleanup(cls.client.close)
        I = pb.item
        items = [I.Item(id="t", team=I.Team()), I.Item(id="ben", person=I.Person(team="t", skills=["rust"])),
                 I.Item(id="a", initiative=I.Initiative(status=ACTIVE, needs=[I.Need(who="person/ben", effort=200)])),
                 I.Item(id="b", initiative=I.Initiative(status=ACTIVE, needs=[I.Need(skill="Rust", effort=100)])),
                 I.Item(id="c", initiative=I.Initiative(status=ACTIVE, needs=[I.Need(who="t", skill="cobol", effort=100)])),
                 I.Item(id="d", initiative=I.Initiative(status=ACTIVE, needs=[I.Need(who="t", effort=100, least_share=0.5, most_share=0.25)]))]
        changes = [pb.plan.Change(put=pb.plan.Put(item=i)) for i in items]
        changes += [pb.plan.Change(place=pb.plan.Place(item=i, last=True)) for i in "abcd"]
        cls.client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=changes)))

    def test_why(self):
        reply = S.ScheduleReply()
        for one in self.client.stream("Insight.Schedule", S.ScheduleRequest(why=True, bookings=S.ScheduleRequest.BY_DAY)):
            reply.MergeFrom(one)
        waits = {i.ref.split("/")[1]: i.waits[0] for i in reply.initiatives if i.waits}
        self.assertNotIn("a", waits)
        # Ben's days 0 and 1 are a's; day 2 is Friday.
        self.assertEqual([(b.giver, b.first_day, b.effort) for b in reply.bookings if b.initiative == "initiative/b"],
                         [("person/ben", "2026-04-17", 100)])
        self.assertEqual((waits["b"].giver, waits["b"].holder, waits["b"].skill.lower(), waits["b"].nobody), ("person/ben", "initiative/a", "rust", False))
        self.assertTrue(waits["c"].nobody and waits["c"].never)
        self.assertEqual(waits["c"].nobody_because, 'nobody in team/t has the skill "cobol"')
        self.assertEqual(waits["d"].nobody_because, "at least 50 % of a day is more than at most 25 %")
        shown = subprocess.run([binary("plumb"), "schedule", "--why"], capture_output=True, text=True, timeout=30,
                               env=dict(os.environ, PLUMB_SERVER=self.daemon.unix, COLUMNS="120"))
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn('initiative/c is never done: nobody in team/t has the skill "cobol"', " ".join(shown.stdout.split()))
        self.assertIn('waits for somebody who has the skill "Rust": initiative/a has 2.0 person-days of them', " ".join(shown.stdout.split()))


if __name__ == "__main__":
    unittest.main()
