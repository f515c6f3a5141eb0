"""The projects in flight: what each adds, doubles, works against, costs; and who would count more elsewhere. By hand."""
import json
import os
import subprocess
import unittest

from plumbrpc import INVALID, NOT_FOUND, Daemon, RpcError, binary, pb

I, P = pb.item, pb.plan
F = pb.inflight


def put(name, kind, body, **fields):
    return P.Change(put=P.Put(item=I.Item(id=name, **{kind: body}, **fields)))


def initiative(name, status=I.ACTIVE, likely=None, links=(), owners=(), **fields):
    body = I.Initiative(status=status, **fields)
    if likely is not None:
        body.estimate.likely = likely
    return put(name, "initiative", body, links=links, owners=owners)


def link(kind, to):
    return I.Link(type=getattr(I.Link, kind), to=to)


def move(to, measure, effect, share=None):
    c = I.Contribution(to=to, measure=measure, expected_effect=effect)
    if share is not None:
        c.effort_share = share
    return c


def value(measure, number, role=0):
    return P.Change(add=P.Add(record=I.Record(about="measure/" + measure, at="2026-04-01", measurement=I.Measurement(value=number, role=role))))


def progress(ref, part):
    return P.Change(add=P.Add(record=I.Record(about=ref, at="2026-04-01", check_in=I.CheckIn(status=I.CheckIn.ON_TRACK, progress=part))))


PLAN = [
    put("q2", "period", I.Period(first_day="2026-04-01", last_day="2026-06-30")),
    put("lots", "team", I.Team()), put("few", "team", I.Team()),
    put("p1", "person", I.Person(team="lots", capacity=500)), put("p2", "person", I.Person(team="lots", capacity=500)),
    put("p3", "person", I.Person(team="few", capacity=500)),
    put("days", "measure", I.Measure(unit="days")), put("calls", "measure", I.Measure(unit="calls")), put("spare", "measure", I.Measure()),
    put("live", "objective", I.Objective(targets=[I.Target(measure="days", baseline=44, target=30)])),
    put("calm", "objective", I.Objective(targets=[I.Target(measure="calls", baseline=100, target=80)])),
    put("log-in", "step", pb.customer.Step()),
    put("old-queue", "risk", pb.surroundings.Risk()),
    # 100 person-days, 80 for live: 80/14 planned per day; half of it done, days fell by 4: 40/4 a day
    initiative("a", likely=10000, contributions=[move("live", "days", -14, 0.8), move("calm", "calls", -5)], steps=["log-in"], periods=["q2"],
               links=[link("EASES", "risk/old-queue")]),
    # moves days the other way, and says that it conflicts with c
    initiative("b", I.PAUSED, likely=2000, contributions=[move("live", "days", 3)], steps=["log-in"], links=[link("CONFLICTS", "initiative/c")]),
    initiative("c", I.APPROVED, objective="live"),
    initiative("d", I.PROPOSED, objective="live", links=[link("REMOVES", "risk/old-queue")]),
    initiative("gone", I.STOPPED, objective="live", links=[link("REMOVES", "risk/old-queue")]),
    P.Change(place=P.Place(item="b", last=True)), P.Change(place=P.Place(item="a", last=True)),
    value("days", 40), progress("initiative/a", 0.5),
]
# few has one person, for whom x asks 60 days until the end of April; lots has two, for whom nobody asks much.
LATE = [initiative("x", likely=6000, finish="2026-04-30", needs=[I.Need(who="few", effort=6000)]),
        initiative("y", likely=500, finish="2026-06-30", needs=[I.Need(who="lots", effort=500)]),
        P.Change(place=P.Place(item="x", last=True)), P.Change(place=P.Place(item="y", last=True))]


class InFlightTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, clock="=2026-04-01T12:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client()
        cls.addClassCleanup(cls.client.close)
        cls.client.call("Plan.Apply", P.ApplyRequest(change_set=P.ChangeSet(changes=PLAN)))
        cls.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="late"))
        cls.client.call("Plan.Apply", P.ApplyRequest(workspace="late", change_set=P.ChangeSet(changes=PLAN[:6] + LATE)))

    def ask(self, **request):
        initiatives, moves = [], []
        for reply in self.client.stream("Insight.InFlight", F.InFlightRequest(**request)):
            initiatives += reply.initiatives
            moves += reply.moves
        self.assertTrue(reply.done)
        return {i.ref.split("/")[1]: i for i in initiatives}, moves, reply

    def test_by_hand(self):
        got, moves, last = self.ask()
        # by rank, then name; d is only proposed
        self.assertEqual(list(got), ["b", "a", "c"])
        self.assertEqual([(i.rank, i.status) for i in got.values()], [(1, "paused"), (2, "active"), (0, "approved")])
        self.assertEqual((last.active, last.waiting, last.today), (1, 2, "2026-04-01"))
        a = got["a"]
        self.assertEqual((a.planned, a.spent), (10000, 5000))
        self.assertEqual([(g.objective, g.measure, round(g.share, 4), g.effect, g.others, g.movers) for g in a.gains],
                         [("objective/live", "measure/days", 0.8, -14, 2, 1), ("objective/calm", "measure/calls", 0.2, -5, 0, 0)])
        self.assertEqual({o.about: list(getattr(o, "with")) for o in a.overlaps},
                         {"objective/live": ["initiative/b", "initiative/c"], "measure/days": ["initiative/b"], "step/log-in": ["initiative/b"]})
        self.assertEqual([(getattr(c, "with"), c.about, c.effect, c.other_effect) for c in a.conflicts],
                         [("initiative/b", "measure/days", -14, 3)])
        # the stopped one removes nothing any more
        self.assertEqual([(p.eases, p.removed_by, p.status) for p in a.patches], [("risk/old-queue", "initiative/d", "proposed")])
        days, calls = a.results
        self.assertEqual((days.baseline, days.latest, days.target, days.realised, days.latest_at, days.movers),
                         (44, 40, 30, -4, "2026-04-01", 1))
        self.assertAlmostEqual(days.planned_per_unit, 80 / 14)
        self.assertAlmostEqual(days.spent_per_unit, 50 * 0.8 / 4)
        self.assertAlmostEqual(calls.planned_per_unit, 20 / 5)
        self.assertEqual((calls.spent_why_not, calls.HasField("spent_per_unit")), ("nobody has measured yet", False))
        b = got["b"].results[0]
        self.assertEqual(b.spent_why_not, "nobody has said how far the work is")
        # a link of b's to c is told with both
        self.assertEqual([(getattr(c, "with"), c.about) for c in got["c"].conflicts], [("initiative/b", "")])
        self.assertEqual([(g.objective, g.measure, g.share) for g in got["c"].gains], [("objective/live", "", 1)])
        self.assertFalse(got["c"].HasField("planned"))

    def test_of_a_team(self):
        got, _, _ = self.ask(at=P.At(workspace="late"), team="team/few")
        self.assertEqual(list(got), ["x"])
        self.assertEqual(self.ask(team="few")[0], {})

    def test_verified_moves(self):
        _, moves, last = self.ask(at=P.At(workspace="late"), moves=True)
        self.assertEqual((last.tried, last.no_moves), (1, ""))
        self.assertGreater(len(moves), 0)
        for m in moves:
            way = m.way
            self.assertEqual((m.ref, m.due, [x.kind for x in way.moves], way.moves[0].to),
                             ("initiative/x", "2026-04-30", [pb.moves.Move.LEND], "team/few"))
            # 60 days of one person who works from Monday to Friday: 22 in April, 21 in May, the 17th of June is the 23rd
            self.assertEqual(m.finish, "2026-06-23")
            self.assertLess(m.then, m.finish)
            self.client.call("Plan.Apply", P.ApplyRequest(workspace="late", dry_run=True, change_set=P.ChangeSet(changes=way.changes)))
        # made, the plan's own schedule says the same
        best = moves[0]
        self.client.call("Plan.Apply", P.ApplyRequest(workspace="late", change_set=P.ChangeSet(changes=best.way.changes)))
        self.assertEqual(self.finishes("late")["initiative/x"], best.then)

    def workspace(self, name, changes):
        self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id=name))
        self.client.call("Plan.Apply", P.ApplyRequest(workspace=name, change_set=P.ChangeSet(changes=changes)))

    def finishes(self, name):
        replies = list(self.client.stream("Insight.Schedule", pb.insight.ScheduleRequest(at=P.At(workspace=name))))
        return {i.ref: i.finish for r in replies for i in r.initiatives}

    def made(self, name, move):
        """What the schedule says once it is done."""
        self.client.call("Plan.Apply", P.ApplyRequest(workspace=name, change_set=P.ChangeSet(changes=move.way.changes)))
        return self.finishes(name)

    def test_people_with_the_skill(self):
        # top asks 20 days of those in few who have rust: one. rita of lots has it, and works on low; ida has nothing to do with it.
        self.workspace("skills", [
            put("q2", "period", I.Period(first_day="2026-04-01", last_day="2026-06-30")), put("few", "team", I.Team()), put("lots", "team", I.Team()),
            put("rudi", "person", I.Person(team="few", capacity=500, skills=["rust"]), title="Rudi"),
            put("rita", "person", I.Person(team="lots", capacity=500, skills=["Rust"]), title="Rita"),
            put("ida", "person", I.Person(team="lots", capacity=500, skills=["cobol"])),
            initiative("top", finish="2026-04-14", needs=[I.Need(who="few", skill="rust", effort=2000)]),
            initiative("low", likely=1000, finish="2026-06-30", members=["rita"]),
            initiative("empty", I.APPROVED),
            P.Change(place=P.Place(item="top", last=True)), P.Change(place=P.Place(item="low", last=True))])
        # from Wednesday the 1st on: 20 working days end on Tuesday the 28th, rita's 10 on the 14th
        self.assertEqual({k: v for k, v in self.finishes("skills").items() if v}, {"initiative/top": "2026-04-28", "initiative/low": "2026-04-14",
                                                                                  "initiative/empty": "2026-04-01"})
        _, moves, last = self.ask(at=P.At(workspace="skills"), moves=True)
        self.assertEqual([(t.ref, t.people, t.best, t.due) for t in last.tries], [("initiative/top", 1, "2026-04-14", "2026-04-14")])
        self.assertEqual([n.ref for n in last.unscheduled], ["initiative/empty"])
        # ten days each end on the 14th; with 49 % of it rudi would have 10.2. It takes rita's first ten days: low ends ten later
        got = moves[0]
        self.assertEqual((got.ref, got.finish, got.then, got.way.moves[0].says),
                         ("initiative/top", "2026-04-28", "2026-04-14",
                          "person/rita takes 50 % of what initiative/top asks of team/few: 10.00 person-days"))
        self.assertEqual(got.way.moves[0].fits, "has the skill rust")
        self.assertEqual([(c.ref, c.before, c.after, c.later_days) for c in got.gives], [("initiative/low", "2026-04-14", "2026-04-28", 14)])
        self.assertEqual({(n.ref, n.title) for n in got.names}, {("person/rita", "Rita"), ("team/few", ""), ("initiative/top", "")})
        self.assertNotIn("person/ida", str(moves))
        after = self.made("skills", got)
        self.assertEqual((after["initiative/top"], after["initiative/low"]), ("2026-04-14", "2026-04-28"))

    def test_as_many_people_as_are_tried(self):
        self.workspace("crowd", [
            put("few", "team", I.Team()), put("rudi", "person", I.Person(team="few", capacity=500, skills=["rust"])),
            initiative("top", finish="2026-04-14", needs=[I.Need(who="few", skill="rust", effort=2000)]),
            *(put("h%d" % i, "person", I.Person(capacity=500, skills=["rust"])) for i in range(100))])
        for more in (0, 1):
            last = self.ask(at=P.At(workspace="crowd"), moves=True)[2]
            self.assertEqual([(t.people, t.more_people, t.best) for t in last.tries], [(100, more, "2026-04-14")])
            self.client.call("Plan.Apply", P.ApplyRequest(workspace="crowd", change_set=P.ChangeSet(
                changes=[put("one-more", "person", I.Person(capacity=500, skills=["rust"]))])))

    def test_people_of_the_team(self):
        # top is done by its member ada, 12 days; bob of the same team is on nothing, cleo only on what is ranked better.
        self.workspace("team", [
            put("crew", "team", I.Team()), put("ada", "person", I.Person(team="crew", capacity=500)), put("bob", "person", I.Person(team="crew", capacity=500)),
            put("cleo", "person", I.Person(team="crew", capacity=500)), put("else", "person", I.Person(capacity=500)),
            initiative("best", likely=500, members=["cleo"], finish="2026-04-30"),
            initiative("top", likely=1200, members=["ada"], finish="2026-04-08"),
            P.Change(place=P.Place(item="best", last=True)), P.Change(place=P.Place(item="top", last=True))])
        _, moves, last = self.ask(at=P.At(workspace="team"), moves=True)
        # twelve working days from the 1st end on Thursday the 16th, six on the 8th
        self.assertEqual([(m.ref, m.finish, m.then, m.way.moves[0].says, m.way.moves[0].fits, list(m.gives)) for m in moves],
                         [("initiative/top", "2026-04-16", "2026-04-08", "person/bob joins the members of initiative/top: 6.00 person-days",
                           "is of team/crew too", [])])
        self.assertEqual(self.made("team", moves[0])["initiative/top"], "2026-04-08")

    def test_no_moves_without_data(self):
        _, moves, last = self.ask(moves=True)
        self.assertEqual((len(moves), last.tried), (0, 0))
        self.assertIn("nothing to schedule", last.no_moves)

    def test_bad_input(self):
        for request, code, text in [(dict(team="team/none"), NOT_FOUND, "there is no team/none"), (dict(team="person/p1"), INVALID, "is no team"),
                                    (dict(targets=11), INVALID, "at most 10"), (dict(ref="initiative/none"), NOT_FOUND, "there is no initiative/none"),
                                    (dict(ref="objective/live"), INVALID, "is no initiative"), (dict(ref="initiative/d"), INVALID, "not in flight")]:
            with self.assertRaises(RpcError) as caught:
                self.ask(**request)
            self.assertEqual(caught.exception.code, code)
            self.assertIn(text, caught.exception.message)
        self.ask(targets=10)

    def plumb(self, *args, code=0):
        done = subprocess.run([binary("plumb"), "inflight", *args], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, PLUMB_SERVER=self.daemon.unix, COLUMNS="80", LC_ALL="C.UTF-8"))
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return done.stdout if code == 0 else done.stderr

    def test_command(self):
        shown = self.plumb()
        rows = {line.split()[1]: line.split() for line in shown.splitlines()[1:4] if len(line.split()) > 5}
        # b and c do it too: one of a's two numbers is its own; half of 100 days is done; 40 of them for 4 days so far
        self.assertEqual(rows["a"], "2 a 1 of 2 2 share, 1 against, 1 44→40 of 30 50/100 10".split())
        self.assertEqual(rows["b"][-4:], "44→40 of 30 ?/20 (6.67)".split()[-4:])
        for text in (shown, self.plumb("--all"), self.plumb("initiative/a"), self.plumb("--moves")):
            self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)
        text = " ".join(self.plumb("a").split())
        self.assertIn("initiative/a, rank 2, active, 100.0 person-days, 50.0 of them done", text)
        self.assertIn("no other running initiative does", text)
        self.assertIn("Conflicts with initiative/b: measure/days is to move by -14 here and by +3 there", text)
        self.assertIn("planned: 80 person-days for 14 days, 5.71 for each; spent so far: 40 person-days for 4 days, 10 for each", text)
        self.assertIn("risk/old-queue, which initiative/d, proposed, removes", text)
        self.assertNotIn("initiative/c,", text.split("Shares")[0])
        self.assertIn("Nobody is suggested", self.plumb("--moves"))
        self.assertEqual(len(json.loads(self.plumb("-o", "json"))["initiatives"]), 3)
        self.assertIn("initiative/a,2,active,gain,objective/live,measure/days,-14", self.plumb("-o", "csv").splitlines())
        self.assertIn("--most", self.plumb("--most", "11", code=2))


if __name__ == "__main__":
    unittest.main()
