"""What is done when, over the wire and by plumb schedule: a plan whose days are counted by hand.

Today is Wednesday 2026-04-15; from then to 2026-06-30 there are 12 + 21 + 22 = 55 working days. Anna and Ben give one a day each.
Anna's are asked for by portal (3), app (2) and big (100), Ben's by site (1, after app) and blog (1); that is the order of ranks.
"""
import csv
import datetime
import io
import json
import os
import random
import subprocess
import unittest

import schedule_check
import terminal
from plumbrpc import CANCELLED, INVALID, NOT_FOUND, Daemon, RpcError, binary, pb

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


# ---- plans by chance, for a checker of its own -----------------------------------------------------------------

TODAY = datetime.date(2026, 4, 15)
PLANS = int(os.environ.get("PLUMB_SCHEDULE_PLANS", "40"))


def day(n):
    return (TODAY + datetime.timedelta(days=n)).isoformat()


class Chance:
    """A small plan in which much can go wrong: skills, shares, whole work, lags, parts of parts, absences, what is done or paused."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.items = {}
        self.add("period/q2", pb.item.Period(first_day="2026-04-01", last_day="2026-06-30"))
        self.add("period/q3", pb.item.Period(first_day="2026-07-01", last_day="2026-08-15"))
        self.add("calendar/four", pb.item.Calendar(working_days=[1, 2, 3, 4], holidays=["2026-04-20", "2026-05-12"]))
        self.add("team/a", pb.item.Team(calendar="four" if self.once(3) else ""))
        self.add("team/b", pb.item.Team())
        for n in range(5):
            week = self.dice.choice((100, 200, 300, 400))
            self.add(f"person/p{n}", pb.item.Person(
                team=self.dice.choice(("a", "b", "")), capacity=week if self.once(2) else None, skills=self.dice.sample(["C", "sql", "art"], 1),
                absences=[pb.item.Absence(first_day=day(n * 3), last_day=day(n * 3 + 4))] if self.once(2) else [],
                last_day=day(60) if self.once(8) else ""))
        self.ranked = [f"i{n}" for n in range(self.dice.randint(3, 6))]
        self.work = []
        for name in self.ranked:
            self.initiative(name)
        self.dice.shuffle(self.ranked)
        self.tangle()

    def once(self, n):
        return self.dice.randrange(n) == 0

    def add(self, ref, body, **fields):
        kind, name = ref.split("/")
        self.items[ref] = pb.item.Item(id=name, title=name, **{kind: body}, **fields)

    def need(self):
        dice = self.dice
        need = pb.item.Need(who=dice.choice(("team/a", "team/b", "person/p0", "person/p1", "person/p2")), effort=dice.randrange(10, 900))
        if self.once(4):
            need.skill = dice.choice(("c", "SQL"))
            need.who = dice.choice(("team/a", "person/p3", ""))
        if self.once(4):
            need.most_share = dice.choice((0.25, 0.5, 0.8))
        if self.once(6):
            need.least_share = dice.choice((0.1, 0.25))
        need.whole = self.once(5)
        return need

    def initiative(self, name):
        status = pb.item.PAUSED if self.once(12) else ACTIVE
        self.add(f"initiative/{name}", pb.item.Initiative(
            status=status, start=day(self.dice.randrange(20)) if self.once(5) else "", finish=day(self.dice.randrange(90)) if self.once(2) else ""))
        wholes = [f"initiative/{name}"]
        if self.once(2):
            self.add(f"workstream/{name}w", pb.item.Workstream(initiative=name, status=ACTIVE))
            wholes.append(f"workstream/{name}w")
        self.work += wholes
        for n in range(self.dice.randint(1, 5)):
            task = pb.item.Task(initiative=self.dice.choice(wholes), due=day(self.dice.randrange(60)) if self.once(3) else "",
                                start=day(self.dice.randrange(30)) if self.once(5) else "", done=day(-3) if self.once(12) else "")
            if self.once(5):
                task.effort = self.dice.randrange(1, 500)
                task.members.extend(self.dice.sample(["p0", "p1", "p2", "p4"], self.dice.randint(1, 2)))
            else:
                task.needs.append(self.need())
                # What is asked of a team has in it what is asked of its people: of two, each is asked for themselves.
                if task.needs[0].who.startswith("person/p") and not task.needs[0].skill and self.once(2):
                    task.needs.add(who="person/p4", effort=self.dice.randrange(10, 400), whole=self.once(4))
            if self.once(8):
                task.duration_days = self.dice.randrange(20)
            self.add(f"task/{name}t{n}", task)
            self.work.append(f"task/{name}t{n}")
        if self.once(2):
            self.add(f"milestone/{name}m", pb.item.Milestone(initiative=name, due=day(self.dice.randrange(60))))
            self.work.append(f"milestone/{name}m")

    def tangle(self):
        """Prerequisites, most of them without a circle."""
        for n, ref in enumerate(self.work):
            item = self.items[ref]
            body = getattr(item, item.WhichOneof("body"))
            while n > 0 and self.once(3):
                before = self.work[self.dice.randrange(n)] if not self.once(60) else self.dice.choice(self.work)
                if before == ref or before.split("/")[0] == "initiative" and ref.split("/")[0] != "initiative":
                    continue
                if self.once(2):
                    body.after_with_lag.append(pb.item.After(work=before, lag_days=self.dice.randrange(6)))
                else:
                    body.after.append(before)

    def change_set(self):
        changes = [pb.plan.Change(put=pb.plan.Put(item=item)) for item in self.items.values()]
        changes += [pb.plan.Change(place=pb.plan.Place(item=name, last=True)) for name in self.ranked]
        return pb.plan.ChangeSet(changes=changes)

    def plan(self, until):
        return schedule_check.Plan(self.items, {f"initiative/{n}": k for k, n in enumerate(self.ranked, 1)}, TODAY, until)


class ChanceTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, clock="=2026-04-15T09:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client()
        cls.addClassCleanup(cls.client.close)

    def ask(self, name, **request):
        whole = S.ScheduleReply()
        for reply in self.client.stream("Insight.Schedule", S.ScheduleRequest(
                at=pb.plan.At(workspace=name), work=True, bookings=S.ScheduleRequest.BY_DAY, tries=5, **request)):
            whole.MergeFrom(reply)
        return whole

    def apply(self, name, change_set):
        self.client.call("Plan.Apply", pb.plan.ApplyRequest(workspace=name, change_set=change_set))

    def check(self, name, chance, reply):
        found = schedule_check.Check(chance.plan(schedule_check.date(reply.until)), reply.initiatives, reply.bookings)
        self.assertEqual(found.wrong, [], name)
        return found

    @staticmethod
    def of(reply, refs):
        """What is told of these, and every day that is booked for them; the price and the bounds are of everything."""
        kept = []
        for one in reply.initiatives:
            if one.ref in refs:
                one = S.ScheduledInitiative.FromString(one.SerializeToString())
                one.rank, one.is_line, one.below_line, one.finish_ignoring_ranks = 0, False, False, ""
                for w in one.work:
                    w.ClearField("free_days")  # what nobody else has at all
                kept.append((one, [b for b in reply.bookings if b.initiative == one.ref]))
        return kept

    def place(self, name, chance, ref, k):
        """That one at place k, from 0 on."""
        chance.ranked.remove(ref)
        chance.ranked.insert(k, ref)
        where = {"before": chance.ranked[k + 1]} if k + 1 < len(chance.ranked) else {"last": True}
        self.apply(name, pb.plan.ChangeSet(changes=[pb.plan.Change(place=pb.plan.Place(item=ref, **where))]))

    def strict(self, name, chance, first):
        """Places before k stay as they are to the hundredth: when the last one comes to k, another is added there, and the rest goes."""
        k = chance.dice.randrange(len(chance.ranked))
        better = [f"initiative/{n}" for n in chance.ranked[:k]]
        self.place(name, chance, chance.ranked[-1], k)
        moved = self.ask(name)
        self.check(name, chance, moved)
        self.assertEqual(self.of(first, better), self.of(moved, better), name)
        chance.ranked.append("new")
        chance.add("initiative/new", pb.item.Initiative(status=ACTIVE, needs=[pb.item.Need(who=w, effort=800) for w in ("person/p1", "person/p2")]))
        self.apply(name, pb.plan.ChangeSet(changes=[pb.plan.Change(put=pb.plan.Put(item=chance.items["initiative/new"]))]))
        self.place(name, chance, "new", k)
        added = self.ask(name)
        found = self.check(name, chance, added)
        self.assertEqual(self.of(first, better), self.of(added, better), name)
        wanted = found.waited_for(better)
        gone = [f"initiative/{n}" for n in chance.ranked[k:] if f"initiative/{n}" not in wanted]
        for ref in gone:
            chance.items[ref].initiative.status = pb.item.PAUSED
        self.apply(name, pb.plan.ChangeSet(changes=[pb.plan.Change(put=pb.plan.Put(item=chance.items[ref])) for ref in gone]))
        alone = self.ask(name)
        self.check(name, chance, alone)
        self.assertEqual(self.of(first, better), self.of(alone, better), name)

    def test_every_schedule_is_one(self):
        slack = late = lines = finished = 0
        for seed in range(PLANS):
            chance, name = Chance(seed), f"chance-{seed}"
            self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id=name, title=name))
            self.apply(name, chance.change_set())
            first = self.ask(name)
            self.check(name, chance, first)
            self.periods_agree(name, first)
            self.strict(name, chance, first)
            lines += bool(first.line)
            for one in first.initiatives:
                finished += bool(one.finish)
                slack += sum(w.slack_days > 0 for w in one.work)
                late += sum(w.late_days > 0 for w in one.work)
        # Plans are of use only if all of it happens.
        if PLANS >= 40:
            self.assertTrue(slack > 20 and late > 20 and finished > 60 and 5 < lines < PLANS, (slack, late, finished, lines))

    def test_the_checker_finds_what_is_wrong(self):
        chance, name = Chance(3), "tampered"
        self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id=name, title=name))
        self.apply(name, chance.change_set())
        good = self.ask(name)
        plan = chance.plan(schedule_check.date(good.until))

        def wrong(change):
            bad = S.ScheduleReply.FromString(good.SerializeToString())
            change(bad)
            return schedule_check.Check(plan, bad.initiatives, bad.bookings).wrong

        def move(bad, days):
            bad.bookings[0].first_day = bad.bookings[0].last_day = (
                schedule_check.date(bad.bookings[0].first_day) + days * schedule_check.DAY).isoformat()

        self.assertEqual(wrong(lambda bad: None), [])
        for change, says in (
                (lambda bad: setattr(bad.bookings[0], "effort", bad.bookings[0].effort + 1), "asks for"),
                (lambda bad: setattr(bad.bookings[0], "effort", 5000), "gives"),
                (lambda bad: move(bad, -60), "is booked on"),
                (lambda bad: setattr(bad.bookings[0], "giver", "person/p4" if bad.bookings[0].giver != "person/p4" else "person/p3"), "is not asked for"),
                (lambda bad: bad.initiatives.pop(), "scheduled are"),
                (lambda bad: setattr(bad.initiatives[0], "finish", "2026-04-16"), "by its work"),
                (lambda bad: setattr(bad.initiatives[0].work[0], "finish", "2027-04-16"), "by its bookings"),
                (lambda bad: setattr(bad.initiatives[0].work[0], "left", 1), "asks for")):
            self.assertIn(says, " ".join(wrong(change)))
            self.assertTrue(wrong(change))

    def test_load_says_what_is_booked(self):
        """In weeks of ISO 8601 and in periods: what the schedule books, of a team with its people; capacity day by day."""
        cells = 0
        for seed in range(100, 106):
            chance, name = Chance(seed), f"load-{seed}"
            self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id=name, title=name))
            self.apply(name, chance.change_set())
            whole = S.ScheduleReply()
            for reply in self.client.stream("Insight.Schedule", S.ScheduleRequest(at=pb.plan.At(workspace=name), bookings=S.ScheduleRequest.BY_DAY)):
                whole.MergeFrom(reply)
            plan = chance.plan(schedule_check.date(whole.until))
            for by_week in (True, False):
                load = S.LoadReply()
                for reply in self.client.stream("Insight.Load", S.LoadRequest(at=pb.plan.At(workspace=name), by_week=by_week, schedule=True)):
                    load.MergeFrom(reply)
                for period in load.periods:
                    year, week, weekday = schedule_check.date(period.first_day).isocalendar()
                    if by_week:
                        self.assertEqual((period.name, period.ref, weekday), (f"{year}-w{week:02}", "", 1))
                        self.assertEqual((schedule_check.date(period.last_day) - schedule_check.date(period.first_day)).days, 6)
                    else:
                        self.assertEqual(period.ref, "period/" + period.name)
                for row in load.rows:
                    for period, cell in zip(load.periods, row.cells, strict=True):
                        cells += self.cell_agrees(plan, whole, row.who, period, cell)
        self.assertGreater(cells, 50)

    def cell_agrees(self, plan, schedule, who, period, cell):
        first, last = schedule_check.date(period.first_day), schedule_check.date(period.last_day)
        if who.startswith("skill/"):
            self.assertIsNone(cell.WhichOneof("booked_"))
            return 0
        days = [first + n * schedule_check.DAY for n in range((last - first).days + 1)]
        self.assertEqual(cell.capacity, sum(plan.gives(who, d) for d in days), f"{who} in {period.name}")
        booked = sum(b.effort for b in schedule.bookings if period.first_day <= b.first_day <= period.last_day and
                     who in (b.giver, plan.team_of(b.giver) if b.giver.startswith("person/") else None))
        self.assertEqual((cell.WhichOneof("booked_"), cell.booked), ("booked", booked), f"{who} in {period.name}")
        return booked > 0

    def periods_agree(self, name, by_day):
        """Bookings by period are the sums of those by day, and nobody is used for more than they have."""
        whole = S.ScheduleReply()
        for reply in self.client.stream("Insight.Schedule", S.ScheduleRequest(
                at=pb.plan.At(workspace=name), bookings=S.ScheduleRequest.BY_PERIOD, tries=5)):
            whole.MergeFrom(reply)
        for b in whole.bookings:
            days = [d.effort for d in by_day.bookings
                    if (d.giver, d.initiative) == (b.giver, b.initiative) and b.first_day <= d.first_day <= b.last_day]
            self.assertEqual(b.effort, sum(days), name)
            self.assertTrue(b.effort <= b.used <= b.capacity, name)
        self.assertEqual(sum(b.effort for b in whole.bookings), sum(b.effort for b in by_day.bookings), name)
        self.assertLessEqual({b.period for b in whole.bookings}, {"period/q2", "period/q3"})


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
        self.assertIn("waits for initiative/egg, which waits for it: a circle", " ".join(text.split()))

    def apply(self, *changes):
        self.client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=changes)))

    def test_bookings(self):
        """Anna's days: 3 of portal and 2 of app, and big has the 50 others; all of them lie in q2. Beyond the period by month."""
        _, end = self.ask(bookings=S.ScheduleRequest.BY_PERIOD)
        replies = list(self.client.stream("Insight.Schedule", S.ScheduleRequest(bookings=S.ScheduleRequest.BY_PERIOD)))
        anna = [b for reply in replies for b in reply.bookings if b.giver == "person/anna"]
        self.assertEqual([(b.period, b.first_day, b.last_day, b.effort, b.capacity, b.used, b.initiative) for b in anna],
                         [("period/q2", "2026-04-15", "2026-06-30", effort, 5500, 5500, "initiative/" + name)
                          for effort, name in ((300, "portal"), (200, "app"), (5000, "big"))])
        replies = list(self.client.stream("Insight.Schedule", S.ScheduleRequest(
            bookings=S.ScheduleRequest.BY_PERIOD, until="2026-08-10", refs=["big"])))
        # 23 working days in July; 6 until 10 August.
        self.assertEqual([(b.period, b.first_day, b.last_day, b.effort, b.capacity) for reply in replies for b in reply.bookings],
                         [("period/q2", "2026-04-15", "2026-06-30", 5000, 5500), ("", "2026-07-01", "2026-07-31", 2300, 2300),
                          ("", "2026-08-01", "2026-08-10", 600, 600)])
        rows = list(csv.DictReader(io.StringIO(self.plumb("--bookings", "-o", "csv"))))
        self.assertEqual([(r["giver"], r["initiative"], r["booked"], r["capacity"]) for r in rows][:1],
                         [("person/anna", "initiative/portal", "3.00", "55.00")])
        rows = list(csv.DictReader(io.StringIO(self.plumb("blog", "--bookings", "--by-day", "-o", "csv"))))
        self.assertEqual([(r["day"], r["work"], r["booked"]) for r in rows], [("2026-04-15", "initiative/blog", "1.00")])
        self.assertIn("goes with --bookings", self.plumb("--by-day", code=2))
        self.assertIn("one at a time", self.plumb("--work", "--bookings", "-o", "csv", code=2))

    def test_what_is_asked_of_nobody_is_told(self):
        # 5 of somebody who is not there, and 2 of a need that names nobody; the day of Carl is on the 15th
        self.apply(put("carl", "person", pb.item.Person()),
                   put("open", "initiative", pb.item.Initiative(status=ACTIVE, needs=[
                       pb.item.Need(who="person/carl", effort=100), pb.item.Need(who="person/nobody", effort=500), pb.item.Need(effort=200)])))
        others = ["other-%02d" % i for i in range(10)]
        try:
            found, _ = self.ask(refs=["open", "portal"])
            text = self.plumb("open", "portal")
            self.apply(*(put(name, "initiative", pb.item.Initiative(status=ACTIVE, needs=[pb.item.Need(effort=100)])) for name in others))
            many = " ".join(self.plumb().split())
        finally:
            self.apply(*(pb.plan.Change(remove=pb.plan.Remove(ref=ref))
                         for ref in ["initiative/open", "person/carl"] + ["initiative/" + name for name in others]))
        self.assertIn("initiative/other-08 (1.0) and 1 more", many)   # ten are named, by name
        self.assertEqual({i.ref: (i.finish, i.of_nobody) for i in found},
                         {"initiative/open": ("2026-04-15", 700), "initiative/portal": ("2026-04-17", 0)})
        self.assertIn("Asked of nobody", text)
        self.assertIn("initiative/open (7.0)", text)

    def test_slack_dates_and_price(self):
        self.apply(put("dated", "initiative", pb.item.Initiative(status=ACTIVE)),
                   put("slow", "task", pb.item.Task(initiative="dated", start="2026-05-04", due="2026-05-05",
                                                    needs=[pb.item.Need(who="person/ben", effort=300)])),
                   put("fast", "task", pb.item.Task(initiative="dated", start="2026-05-04", needs=[pb.item.Need(who="person/carl", effort=100)])),
                   put("point", "milestone", pb.item.Milestone(initiative="dated", due="2026-05-05", after=["slow"])),
                   put("next", "task", pb.item.Task(initiative="dated", start="2026-05-05", needs=[pb.item.Need(who="person/ben", effort=100)],
                                                    after=["slow"])),
                   put("carl", "person", pb.item.Person()))
        try:
            found, end = self.ask(work=True, refs=["dated"])
            text = " ".join(self.plumb().split())
        finally:
            self.apply(*(pb.plan.Change(remove=pb.plan.Remove(ref=ref)) for ref in
                         ("milestone/point", "task/next", "task/slow", "task/fast", "initiative/dated", "person/carl")))
        work = {w.ref: w for w in found[0].work}
        # Ben: slow on Mon 4, Tue 5, Wed 6; next, which states the 5th, on Thu 7. Then it ends. Carl: fast on the 4th, may be done on the 7th.
        self.assertEqual([(work[r].start, work[r].finish, work[r].slack_days, work[r].free_days, work[r].late_days, work[r].starts_late_days)
                          for r in ("task/slow", "task/next", "task/fast")],
                         [("2026-05-04", "2026-05-06", 0, 0, 1, 0), ("2026-05-07", "2026-05-07", 0, 0, 0, 2),
                          ("2026-05-04", "2026-05-04", 3, 3, 0, 0)])
        # It is reached when Wednesday is over: the day behind.
        self.assertEqual((work["milestone/point"].finish, work["milestone/point"].late_days), ("2026-05-07", 2))
        self.assertEqual((end.milestones_late, end.starts_late), (1, 1))
        self.assertIn("1 milestone misses its date. 1 piece of work begins after the start that it states.", text)
        # Until 2026-09-08 all is done, with ranks after 3, 7 (Tue 21st), 8, 1 and 147 days. If nothing has a rank, the longest goes first: big (after 140),
        # before portal and app, and site behind app.
        _, end = self.ask(until="2026-09-08")
        self.assertEqual((end.price.initiatives, end.price.sooner, end.price.later, end.price.last_later_days), (5, 3, 1, 0))
        self.assertAlmostEqual(end.price.mean_days, (3 + 7 + 8 + 1 + 147) / 5)
        # Of each alone: Fri 17th, Thu 16th, Fri 17th (behind app), Wed 15th, and a hundred days of Anna: 12 + 21 + 22 + 23 + 21 + 1.
        self.assertAlmostEqual(end.price.mean_days_at_least, (3 + 2 + 3 + 1 + 140) / 5)

    def test_a_hundred_years(self):
        """A start that never comes, a horizon as long as it may be, all that can be asked for with it."""
        self.apply(put("far", "initiative", pb.item.Initiative(status=ACTIVE, start="9999-12-31", needs=[pb.item.Need(who="person/ben", effort=100)])))
        try:
            replies = list(self.client.stream("Insight.Schedule", S.ScheduleRequest(
                until="2126-06-29", work=True, why=True, bookings=S.ScheduleRequest.BY_PERIOD)))
        finally:
            self.apply(pb.plan.Change(remove=pb.plan.Remove(ref="initiative/far")))
        far = [one for reply in replies for one in reply.initiatives if one.ref == "initiative/far"][0]
        self.assertEqual((far.start, far.finish, far.left, far.waits[0].by_date), ("", "", 100, True))
        self.assertEqual(replies[-1].line, "initiative/far")
        self.assertFalse(far.work[0].WhichOneof("slack_"))

    def test_all_is_finished_with_the_last(self):
        """What takes no time and comes last is on the day that its own row shows."""
        self.apply(put("wedding", "milestone", pb.item.Milestone(after=["initiative/big"])))
        try:
            found, end = self.ask(until="2026-12-31")
            text = " ".join(self.plumb("--until", "2026-12-31").split())
        finally:
            self.apply(pb.plan.Change(remove=pb.plan.Remove(ref="milestone/wedding")))
        big = next(one.finish for one in found if one.ref == "initiative/big")
        self.assertEqual((found[-1].ref, found[-1].finish), ("milestone/wedding", end.finish))
        self.assertGreater(end.finish, big)
        self.assertIn("All is finished on %s." % end.finish, text)

    def test_below_the_line(self):
        self.apply(initiative("after-big", "person/ben", 100))
        try:
            found, end = self.ask()
            rows = list(csv.DictReader(io.StringIO(self.plumb("-o", "csv"))))
            text = self.plumb()
        finally:
            self.apply(pb.plan.Change(remove=pb.plan.Remove(ref="initiative/after-big")))
        self.assertEqual([one.below_line for one in found], [False] * 5 + [True])
        self.assertEqual((end.below_line, [row["below_line"] for row in rows]), (1, ["no"] * 5 + ["yes"]))
        self.assertIn("1 below it is finished all the same.", " ".join(text.split()))

    def test_bars(self):
        """On a terminal that has the room, and not in a pipe."""
        self.assertNotIn("\u2588", self.plumb())
        for columns, locale, mark in ((100, "C.UTF-8", "\u2588"), (100, "C", "#"), (50, "C.UTF-8", "START")):
            with terminal.Terminal([binary("plumb"), "schedule"], columns=columns, rows=50,
                                   env={"PLUMB_SERVER": self.daemon.unix, "LC_ALL": locale, "NO_COLOR": "1", "PLUMB_PAGER": "cat"}) as tty:
                self.assertEqual(tty.wait(), 0)
                out = tty.raw
            self.assertIn(mark, out)
            self.assertEqual("\u2588" in out, mark == "\u2588", out)
            self.assertLessEqual(max(len(line.rstrip("\r")) for line in out.split("\n")), columns)

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


class LongTest(unittest.TestCase):
    """Progress is told, and a call that nobody waits for ends."""

    def test_progress_and_cancel(self):
        daemon = Daemon(memory=True, clock="=2026-04-15T09:00:00Z")
        self.addCleanup(daemon.close)
        client = daemon.client()
        self.addCleanup(client.close)
        dice = random.Random(1)
        tasks = [put(f"t{n}", "task", pb.item.Task(
            initiative="i", after=sorted({f"t{dice.randrange(max(n - 30, 0), n)}" for _ in range(2)}) if n > 5 else [],
            needs=[pb.item.Need(who=f"person/p{dice.randrange(4)}", effort=dice.randrange(50, 400))])) for n in range(1600)]
        client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=[
            put("i", "initiative", pb.item.Initiative(status=ACTIVE))] + [put(f"p{n}", "person", pb.item.Person()) for n in range(4)])))
        for first in range(0, 1600, 400):
            client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=tasks[first:first + 400])))
        stream = client.stream("Insight.Schedule", S.ScheduleRequest(tries=1000, until="2036-01-01"))
        part = stream.next(60)
        self.assertTrue(0 < part.progress < 1 and not part.initiatives and not part.done)
        stream.cancel()
        with self.assertRaises(RpcError) as caught:
            while stream.next(60) is not None:
                pass
        self.assertEqual(caught.exception.code, CANCELLED)
        whole = list(client.stream("Insight.Schedule", S.ScheduleRequest(tries=1, until="2036-01-01")))
        self.assertTrue(whole[-1].done and whole[-1].finish)


if __name__ == "__main__":
    unittest.main()
