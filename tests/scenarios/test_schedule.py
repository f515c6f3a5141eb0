"""What is done when, over the wire and by plumb schedule: a plan whose days are counted by hand.

Today is Wednesday 2026-04-15; from then to 2026-06-30 there are 12 + 21 + 22 = 55 working days. Anna and Ben give one a day each.
Anna's are asked for by portal (3), app (2) and big (100), Ben's by site (1, after app) and blog (1); that is the order of ranks.
"""
import csv
import io
import json
import os
import subprocess
import unittest

from plumbrpc import INVALID, NOT_FOUND, Daemon, RpcError, binary, pb

S = pb.insight
ACTIVE = pb.item.ACTIVE


def put(name, kind, body, **fields):
    return pb.plan.Change(put=pb.plan.Put(item=pb.item.Item(id=name, title=name, **{kind: body}, **fields)))


def initiative(name, who, hundredths, after=()):
    return put(name, "initiative", pb.item.Initiative(status=ACTIVE, after=after, needs=[pb.item.Need(who=who, effort=hundredths)]))


PLAN = [
    put("q2", "period", pb.item.Period(first_day="2026-04-01", last_day="2026-06-30")),
    put("t", "team", pb.item.Team()),
    put("anna", "person", pb.item.Person(team="t")),
    put("ben", "person", pb.item.Person(team="t")),
    initiative("portal", "person/anna", 300),
    initiative("app", "person/anna", 200),
    initiative("site", "person/ben", 100, after=["app"]),
    initiative("blog", "person/ben", 100),
    initiative("big", "person/anna", 10000),
    put("part", "task", pb.item.Task(initiative="blog")),
    put("waiting", "initiative", pb.item.Initiative(status=pb.item.PROPOSED, needs=[pb.item.Need(who="person/ben", effort=100)])),
]

# start, finish, finish without backfill, earliest
BY_HAND = {
    # Wed, Thu, Fri.
    "portal": ("2026-04-15", "2026-04-17", "2026-04-17", "2026-04-17"),
    # Mon, Tue, for Anna is busy before; alone it would be Wed and Thu.
    "app": ("2026-04-20", "2026-04-21", "2026-04-21", "2026-04-16"),
    # The day after app, and the day after app's earliest.
    "site": ("2026-04-22", "2026-04-22", "2026-04-22", "2026-04-17"),
    # Ben is free at once; without backfill only behind what site has of him.
    "blog": ("2026-04-15", "2026-04-15", "2026-04-23", "2026-04-15"),
    # 50 of Anna's 55 days are left for its 100.
    "big": ("2026-04-22", "", "", ""),
}


class ScheduleTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, clock="=2026-04-15T09:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client()
        cls.addClassCleanup(cls.client.close)
        cls.client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=PLAN)))
        for name in ("big", "blog", "site", "app", "portal"):
            cls.client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=[
                pb.plan.Change(place=pb.plan.Place(item="initiative/" + name, first=True))])))

    def ask(self, **request):
        replies = list(self.client.stream("Insight.Schedule", S.ScheduleRequest(**request)))
        self.assertEqual([reply.done for reply in replies], [False] * (len(replies) - 1) + [True])
        return [one for reply in replies for one in reply.initiatives], replies[-1]

    def refused(self, code, text, **request):
        with self.assertRaises(RpcError) as caught:
            self.ask(**request)
        self.assertEqual(caught.exception.code, code)
        self.assertIn(text, caught.exception.message)

    def plumb(self, *args, code=0):
        done = subprocess.run([binary("plumb"), "schedule", *args], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, PLUMB_SERVER=self.daemon.unix, COLUMNS="120"))
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_by_hand(self):
        found, end = self.ask()
        self.assertEqual([one.ref for one in found], ["initiative/" + name for name in BY_HAND])
        for rank, one in enumerate(found, 1):
            name = one.ref.partition("/")[2]
            self.assertEqual((one.start, one.finish, one.finish_without_backfill, one.earliest), BY_HAND[name], name)
            self.assertEqual((one.rank, one.title, one.is_line), (rank, name, name == "big"))
            self.assertEqual(one.left, 5000 if name == "big" else 0)
        self.assertEqual((end.today, end.until, end.total, end.unfinished), ("2026-04-15", "2026-06-30", 5, 1))
        self.assertEqual((end.line, end.finish, end.finish_ignoring_ranks, end.earliest), ("initiative/big", "", "", ""))

    def test_a_longer_time(self):
        # Anna's 105th working day: 12 + 21 + 22 until June, 23 in July, 21 in August, 6 in September.
        found, end = self.ask(until="2026-12-31")
        self.assertEqual(found[-1].finish, "2026-09-08")
        self.assertEqual((end.line, end.unfinished), ("", 0))
        self.assertEqual((end.finish, end.finish_ignoring_ranks, end.earliest), ("2026-09-08",) * 3)

    def test_a_day_more_or_less(self):
        _, end = self.ask(until="2026-09-08")
        self.assertEqual((end.line, end.finish), ("", "2026-09-08"))
        found, end = self.ask(until="2026-09-07")
        self.assertEqual((end.line, end.finish, found[-1].left), ("initiative/big", "", 100))
        self.assertEqual(self.ask(until="2026-04-15")[1].unfinished, 4)  # all but blog

    def test_why(self):
        found, _ = self.ask(why=True, refs=["initiative/site"])
        self.assertEqual([(w.work, w.after, w.giver, w.holder, w.held, w.never) for w in found[0].waits], [
            ("initiative/site", "initiative/app", "", "", 0, False),
            ("initiative/app", "", "person/anna", "initiative/portal", 300, False)])
        found, _ = self.ask(why=True, refs=["initiative/big"])
        self.assertEqual([(w.work, w.giver, w.never) for w in found[0].waits], [("initiative/big", "person/anna", True)])
        self.assertEqual(len(self.ask(why=True, refs=["initiative/portal"])[0][0].waits), 0)

    def test_work(self):
        found, _ = self.ask(work=True, refs=["initiative/blog"])
        self.assertEqual([(w.ref, w.start, w.finish, w.left) for w in found[0].work],
                         [("initiative/blog", "2026-04-15", "2026-04-15", 0), ("task/part", "2026-04-15", "2026-04-15", 0)])

    def test_a_better_rank_is_not_moved_by_a_lower_one(self):
        before, _ = self.ask()
        self.client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=[
            initiative("late", "person/anna", 400)])))
        after, _ = self.ask()
        self.client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=[
            pb.plan.Change(remove=pb.plan.Remove(ref="initiative/late"))])))
        self.assertEqual(before, after[:5])

    def test_circles_are_told(self):
        self.client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=[
            initiative("hen", "person/ben", 100, after=["egg"]), initiative("egg", "person/ben", 100, after=["hen"])])))
        found, _ = self.ask(why=True, refs=["initiative/hen"])
        text = self.plumb("initiative/hen", "--why")
        self.client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=[
            put("hen", "initiative", pb.item.Initiative(status=ACTIVE)),
            pb.plan.Change(remove=pb.plan.Remove(ref="initiative/egg")), pb.plan.Change(remove=pb.plan.Remove(ref="initiative/hen"))])))
        self.assertEqual(found[0].finish, "")
        self.assertTrue(any(w.in_circle and w.after == "initiative/egg" for w in found[0].waits), found[0].waits)
        self.assertIn("a circle", text)

    def test_what_is_refused(self):
        self.refused(NOT_FOUND, "there is no initiative/none", refs=["none"])
        self.refused(INVALID, "task/part is not scheduled by itself", refs=["task/part"])
        self.refused(INVALID, "initiative/waiting is not scheduled by itself", refs=["waiting"])
        self.refused(INVALID, "is no name", refs=["/"])
        self.refused(INVALID, "at most 1000 names", refs=["blog"] * 1001)
        self.ask(refs=["blog"] * 1000)
        self.refused(INVALID, "until: 'soon' is no date", until="soon")
        self.refused(INVALID, "until: must not be before today", until="2026-04-14")
        # 100 years with 24 leap days are 36,524 days; the 36,600th from today on is 75 later.
        self.refused(INVALID, "until: is more than 36600 days from today", until="2126-06-30")
        self.ask(until="2126-06-29")
        self.refused(INVALID, "tries: is 1 to 1000", tries=1001)
        self.ask(tries=1000)

    def test_the_command(self):
        lines = self.plumb().splitlines()
        self.assertEqual(lines[1].split()[:5], ["1", "initiative/portal", "2026-04-15", "2026-04-17", "\u2013"])
        self.assertIn("the line", lines[5])
        self.assertIn("The line is at initiative/big: of 5, 1 are not finished by 2026-06-30.", " ".join(lines))
        self.assertIn("waits for person/anna, of whom initiative/portal has 3.0 person-days", self.plumb("site", "--why"))
        rows = list(csv.DictReader(io.StringIO(self.plumb("-o", "csv"))))
        self.assertEqual([(row["initiative"], row["finish"], row["no_backfill"], row["line"]) for row in rows],
                         [("initiative/" + name, day[1], day[2], "yes" if name == "big" else "no") for name, day in BY_HAND.items()])
        self.assertEqual(json.loads(self.plumb("-o", "json"))["line"], "initiative/big")
        rows = list(csv.DictReader(io.StringIO(self.plumb("blog", "--work", "-o", "csv"))))
        self.assertEqual([row["work"] for row in rows], ["initiative/blog", "task/part"])
        self.assertIn("--until takes a date", self.plumb("--until", "soon", code=2))
        self.assertIn("there is no 'sit'; did you mean initiative/site?", self.plumb("sit", code=3))


if __name__ == "__main__":
    unittest.main()
