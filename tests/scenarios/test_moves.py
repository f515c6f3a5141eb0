"""What would have to change for an initiative to be done in time, over the wire and by plumb moves.

Today is Wednesday 2026-04-15; from then to 2026-06-30 there are 12 + 21 + 22 = 55 working days. Web and app give one person-day on
each: they state 65 for the quarter, which has 65 working days. Web is asked for by search (20), blog (10) and portal (40), best
rank first: 70 of 55, so that portal is not finished. App is asked for 50 by blog.
"""
import csv
import io
import json
import os
import random
import subprocess
import unittest

from plumbrpc import INVALID, NOT_FOUND, Daemon, RpcError, binary, pb

M = pb.moves
ACTIVE = pb.item.ACTIVE
RAISE, SWAP, EARLIER, LATER, CUT, LEND, ADD = range(1, 8)


def put(name, kind, body, **fields):
    return pb.plan.Change(put=pb.plan.Put(item=pb.item.Item(id=name, title=name, **{kind: body}, **fields)))


def team(name, hundredths):
    return put(name, "team", pb.item.Team(capacities=[pb.item.TeamCapacity(period="q2", effort=hundredths)]))


def initiative(name, *needs, **fields):
    return put(name, "initiative", pb.item.Initiative(
        status=ACTIVE, needs=[pb.item.Need(who=who, effort=effort) for who, effort in needs], **fields))


def ranks(*names):
    return [pb.plan.Change(place=pb.plan.Place(item="initiative/" + name, last=True)) for name in names]


PLAN = [
    put("q2", "period", pb.item.Period(first_day="2026-04-01", last_day="2026-06-30")),
    team("web", 6500),
    team("app", 6500),
    initiative("search", ("web", 2000)),
    initiative("blog", ("web", 1000), ("app", 5000)),
    initiative("portal", ("web", 4000)),
    put("part", "task", pb.item.Task(initiative="blog")),
] + ranks("search", "blog", "portal")

# Kind, amount, hundredths, last day, others below the line, days that others end later.
BY_HAND = [
    # 15 days too many: 37 % of 40 are 14.8, 38 % 15.2.
    (CUT, 38, 1520, "2026-06-30", 0, 0),
    # 27 % of 55 are 14.85, 28 % 15.4.
    (ADD, 28, 1540, "2026-06-30", 0, 0),
    # Two places up (one is not enough: search's 20 come before its 40). Portal has the first 40 days, which end on Tuesday
    # 2026-06-09 (12 in April, 21 in May, 7 in June); blog keeps its 10, of which the best rank now has only 5 left for search.
    (SWAP, 2, 0, "2026-06-09", 1, 0),
]


class MovesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, clock="=2026-04-15T09:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client()
        cls.addClassCleanup(cls.client.close)
        cls.apply(PLAN)

    @classmethod
    def apply(cls, changes, workspace="main"):
        cls.client.call("Plan.Apply", pb.plan.ApplyRequest(workspace=workspace, change_set=pb.plan.ChangeSet(changes=changes)))

    def ask(self, ref, workspace="main", **request):
        at = pb.plan.At(workspace=workspace)
        replies = list(self.client.stream("Insight.Moves", M.MovesRequest(at=at, ref=ref, **request)))
        self.assertEqual([reply.done for reply in replies], [False] * (len(replies) - 1) + [True])
        return [way for reply in replies for way in reply.ways], replies[-1]

    def finishes(self, workspace="main"):
        replies = self.client.stream("Insight.Schedule", pb.insight.ScheduleRequest(at=pb.plan.At(workspace=workspace)))
        return {one.ref: one.finish for reply in replies for one in reply.initiatives}

    def refused(self, code, text, ref, **request):
        with self.assertRaises(RpcError) as caught:
            self.ask(ref, **request)
        self.assertEqual(caught.exception.code, code)
        self.assertIn(text, caught.exception.message)

    def plumb(self, *args, code=0):
        done = subprocess.run([binary("plumb"), "moves", *args], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, PLUMB_SERVER=self.daemon.unix, COLUMNS="80"))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code < 2 else done.stderr

    def test_by_hand(self):
        ways, end = self.ask("initiative/portal", most=20, depth=1)
        self.assertEqual((end.by, end.by_due, end.by_line, end.is_there), ("2026-06-30", False, True, False))
        self.assertEqual((end.finish, end.first, end.earliest), ("", "2026-06-09", "2026-06-09"))
        found = [(way.moves[0].kind, way.moves[0].amount, way.effort, way.finish, way.below, way.later_days) for way in ways]
        for expected in BY_HAND:
            self.assertIn(expected, found)
        self.assertEqual(sorted(found, key=lambda f: (f[4], f[5], f[2])), found)
        # Two ranks, three cuts, two that could begin later, more of web or app, and both ways between them.
        self.assertEqual((end.candidates, end.looked, end.total), (11, 11, 11))
        swap = ways[found.index(BY_HAND[2])]
        self.assertEqual(list(swap.moves[0].commands), ["plumb place initiative/portal --before initiative/search",
                                                        "plumb place initiative/search --after initiative/blog"])
        self.assertEqual([(c.ref, c.rank, c.before, c.after) for c in swap.costs], [("initiative/search", 1, "2026-05-12", "")])

    def test_a_date(self):
        # Until Tuesday 2026-05-19 there are 12 + 13 working days, and 25 of web's: the 40 are too many whatever the ranks.
        _, end = self.ask("initiative/portal", by="2026-05-19")
        self.assertEqual((end.short_giver, end.short_asked, end.short_has), ("team/web", 4000, 2500))
        ways, end = self.ask("initiative/blog", by="2026-06-23")
        self.assertTrue(end.is_there)
        self.assertEqual((len(ways), end.looked, end.finish), (0, 0, "2026-06-23"))
        # A day behind the last period is planned too; nobody states what they can give then.
        self.assertEqual(self.ask("initiative/portal", by="2026-09-30")[1].until, "2026-09-30")

    def test_due(self):
        self.apply([initiative("portal", ("web", 4000), finish="2026-06-12")])
        ways, end = self.ask("initiative/portal")
        self.apply([initiative("portal", ("web", 4000))])
        self.assertEqual((end.by, end.by_due), ("2026-06-12", True))
        self.assertTrue(ways and all(way.finish <= "2026-06-12" for way in ways))

    def check_ways(self, workspace, plan, target, ways, before):
        """Each way's changes, applied, give what it says: its own end, and who ends later by how much."""
        for way in ways:
            self.apply(list(way.changes), workspace)
            after = self.finishes(workspace)
            self.apply(plan, workspace)
            said = [move.says for move in way.moves]
            self.assertEqual(after[target], way.finish, said)
            later = {ref: day for ref, day in after.items()
                     if ref != target and (day or "9") > (before[ref] or "9")}
            self.assertEqual({cost.ref: cost.after for cost in way.costs}, later, said)
            self.assertEqual(way.below, sum(1 for day in later.values() if not day), said)

    def test_changes_do_what_is_said(self):
        ways, _ = self.ask("initiative/portal", most=20)
        self.check_ways("main", PLAN, "initiative/portal", ways, self.finishes())

    def test_plans_by_chance(self):
        kinds = set()
        for seed in range(9):
            rng = random.Random(seed)
            workspace = "w%d" % seed
            self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id=workspace))
            names = ["a", "b", "c", "d"]
            plan = PLAN[:3]
            for name in names:
                needs = [(who, 500 * rng.randrange(2, 9)) for who in ("web", "app") if rng.random() < 0.7] or [("web", 1000)]
                fields = {"start": "2026-05-%02d" % rng.randrange(4, 28)} if rng.random() < 0.5 else {}
                plan = plan + [initiative(name, *needs, **fields)]
            # Now and then the last ones have no rank, and get one.
            plan = plan + ranks(*names[:2 + seed % 3]) + [
                pb.plan.Change(place=pb.plan.Place(item="initiative/" + name, unranked=True)) for name in names[2 + seed % 3:]]
            self.apply(plan, workspace)
            before = self.finishes(workspace)
            by = "2026-%02d-%02d" % (rng.randrange(5, 7), rng.randrange(1, 29))
            ways, end = self.ask("initiative/d", workspace, by=by, most=20)
            if end.is_there:
                continue
            self.assertTrue(all(way.finish <= by for way in ways))
            kinds |= {move.kind for way in ways for move in way.moves}
            self.check_ways(workspace, plan, "initiative/d", ways, before)
        self.assertEqual(kinds, {RAISE, SWAP, EARLIER, LATER, CUT, LEND, ADD})

    def test_what_a_check_in_says_is_not_planned_away(self):
        self.apply([pb.plan.Change(add=pb.plan.Add(record=pb.item.Record(
            id="c1", about="initiative/portal", check_in=pb.item.CheckIn(remaining=4000))))])
        ways, _ = self.ask("initiative/portal")
        text = self.plumb("portal")
        self.apply([pb.plan.Change(retract=pb.plan.Retract(ref="check-in/c1", reason="mistaken"))])
        cut = [way for way in ways if way.moves[0].kind == CUT]
        self.assertEqual(len(cut[0].changes), 0)
        self.assertIn("a check-in says what remains of initiative/portal", cut[0].by_hand)
        self.assertTrue(all(way.changes and not way.by_hand for way in ways if way.moves[0].kind != CUT))
        # Only what can be applied is offered for that.
        able = [number for number, way in enumerate(ways, 1) if not way.by_hand]
        self.assertEqual([line.split()[-1] for line in text.splitlines() if " --apply " in line],
                         [str(number) for number in able[:1]])

    def test_what_is_refused(self):
        self.refused(NOT_FOUND, "there is no initiative/none", "none")
        self.refused(INVALID, "task/part is not scheduled by itself", "task/part")
        self.refused(INVALID, "is no name", "/")
        self.refused(INVALID, "by: 'soon' is no date", "portal", by="soon")
        self.refused(INVALID, "by: must not be before today", "portal", by="2026-04-14")
        self.refused(INVALID, "by: must not be after until", "portal", by="2026-05-02", until="2026-05-01")
        # As for Schedule: the 36,600th day from today on is the last.
        self.refused(INVALID, "by: is more than 36600 days from today", "portal", by="2126-06-30")
        self.refused(INVALID, "until: 'soon' is no date", "portal", until="soon")
        self.refused(INVALID, "depth: is 1 to 3", "portal", depth=4)
        self.refused(INVALID, "most: is 1 to 20", "portal", most=21)
        self.ask("portal", depth=3, most=20)

    def test_the_command(self):
        text = self.plumb("portal")
        self.assertIn("initiative/portal is not finished by 2026-06-30: it is below the line. With the\nbest rank", text)
        self.assertIn("All 11 changes were looked at, one by one:", text)
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()))
        self.assertIn("$ plumb place initiative/portal --before initiative/search", text)
        self.assertIn("in time", self.plumb("blog"))
        text = self.plumb("portal", "--by", "2026-04-16", "--depth", "1", code=1)
        self.assertIn("none does it", text)
        self.assertIn("What holds it up: plumb schedule initiative/portal --why", " ".join(text.split()))
        rows = list(csv.DictReader(io.StringIO(self.plumb("portal", "-o", "csv"))))
        self.assertEqual((rows[0]["kind"], rows[0]["amount"], rows[0]["effort"]), ("cut", "38", "15.20"))
        self.assertEqual(json.loads(self.plumb("portal", "-o", "json"))["ways"][0]["moves"][0]["amount"], 38)
        for option, value in (("--by", "soon"), ("--until", "x"), ("--depth", "4"), ("--most", "0"), ("--apply", "21")):
            self.assertIn("%s takes" % option, self.plumb("portal", option, value, code=2))
        self.assertIn("--dry-run goes with --apply", self.plumb("portal", "--dry-run", code=2))
        self.assertIn("did you mean initiative/portal?", self.plumb("porta", code=3))

    def test_apply(self):
        self.assertIn("40 days \u2192 24.8 days", self.plumb("portal", "--apply", "1", "--dry-run"))
        self.assertEqual(self.finishes()["initiative/portal"], "")
        self.assertIn("initiative/portal ends on 2026-06-30 now", self.plumb("portal", "--apply", "1", "-m", "less is more"))
        self.assertEqual(self.finishes()["initiative/portal"], "2026-06-30")
        self.apply(PLAN)
        self.plumb("portal", "--apply", "20", code=1)


if __name__ == "__main__":
    unittest.main()
