"""Mirror, say-do, commitments and decisions: by hand, against a twin that knows docs/MIRROR.md only, and by their commands."""
import json
import random
import subprocess
import unittest

from plumbrpc import INVALID, NOT_FOUND, PRECONDITION, Daemon, RpcError, binary, pb

I, P, G = pb.item, pb.plan, pb.governance
TODAY = "2026-06-30"
UNJUDGED, ALIKE, STARVED, UNSTATED = range(4)


def put(name, kind, body, **fields):
    return P.Change(put=P.Put(item=I.Item(id=name, **{kind: body}, **fields)))


def check_in(ref, progress, at="2026-06-20"):
    return P.Change(add=P.Add(record=I.Record(about=ref, at=at + "T09:00:00Z", check_in=I.CheckIn(progress=progress))))


class Twin:
    """Only what random_plan() makes: goals, cascades, further goals, shares, estimates, check-ins."""

    def __init__(self, goals, objectives, initiatives):
        self.goals, self.objectives, self.initiatives = goals, objectives, initiatives

    def ways_up(self, ref):
        if ref in self.goals:
            return [self.goals[ref]["parent"]] if self.goals[ref]["parent"] else []
        o = self.objectives[ref]
        return list(dict.fromkeys(r for r in [o["parent"], o["goal"], *o["further"]] if r))

    def above(self, ref):
        found = set()
        for up in self.ways_up(ref):
            found |= {up} | self.above(up)
        return found

    def wholes(self, ref):
        ups = self.ways_up(ref)
        return [up for up in ups if not any(up in self.above(other) for other in ups)]

    def days(self, which):
        """Of each goal and objective, the sum that reaches it."""
        own = dict.fromkeys([*self.goals, *self.objectives], 0.0)
        for i in self.initiatives.values():
            if i["estimate"] is None:
                continue
            stated = sum(s for _, s in i["shares"] if s is not None)
            open_ = [o for o, s in i["shares"] if s is None]
            for o, s in i["shares"]:
                part = s if s is not None else max(0, 1 - stated) / len(open_)
                own[o] += i["estimate"] * part / max(1, stated) * (1 if which == "planned" else i["progress"] or 0)
        total = {}

        def add(ref):
            if ref not in total:
                total[ref] = own[ref] + sum(add(x) / len(self.wholes(x)) for x in own if ref in self.wholes(x))
            return total[ref]

        return {ref: add(ref) for ref in own}

    def whole(self, ref):
        if ref in self.goals:
            return self.goals[ref]["parent"] or ""
        return self.objectives[ref]["parent"] or self.objectives[ref]["goal"]

    def shares(self, which):
        days = self.days(which)
        out = {}
        for ref in days:
            together = sum(d for other, d in days.items() if self.whole(other) == self.whole(ref))
            out[ref] = days[ref] / together if together else None
        return days, out


def random_plan(rng):
    goals = {f"g{n}": {"parent": f"g{rng.randrange(n)}" if n and rng.random() < 0.3 else None} for n in range(6)}
    objectives, initiatives = {}, {}
    for n in range(25):
        parent = f"o{rng.randrange(n)}" if n and rng.random() < 0.3 else None
        objectives[f"o{n}"] = {"parent": parent, "goal": f"g{rng.randrange(6)}",
                               "further": [f"g{rng.randrange(6)}" for _ in range(rng.choice((0, 0, 1, 2)))]}
    for n in range(60):
        names = rng.sample(sorted(objectives), rng.choice((1, 1, 2, 3)))
        shares = [(o, rng.choice((None, 0.25, 0.5, 0.6))) for o in names]
        initiatives[f"i{n}"] = {"shares": shares, "estimate": rng.choice((None, rng.randrange(100, 9000))),
                                "progress": rng.choice((None, rng.randrange(101) / 100))}
    return Twin(goals, objectives, initiatives)


def changes_of(twin):
    for name, g in twin.goals.items():
        yield put(name, "goal", I.Goal(parent=g["parent"] or ""))
    for name, o in twin.objectives.items():
        yield put(name, "objective", I.Objective(goal=o["goal"], parent=o["parent"] or "", further_goals=o["further"]))
    for name, i in twin.initiatives.items():
        body = I.Initiative(status=I.ACTIVE)
        for to, share in i["shares"]:
            body.contributions.add(to=to, **({} if share is None else {"effort_share": share}))
        if i["estimate"] is not None:
            body.estimate.likely = i["estimate"]
        yield put(name, "initiative", body)
        if i["progress"] is not None:
            yield check_in("initiative/" + name, i["progress"])


class Base(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.daemon = Daemon(memory=True, clock="=" + TODAY + "T09:00:00Z")
        self.addCleanup(self.daemon.close)
        self.client = self.daemon.client()
        self.addCleanup(self.client.close)

    def apply(self, *changes, effective=""):
        self.client.call("Plan.Apply", P.ApplyRequest(change_set=P.ChangeSet(changes=changes, effective=effective)))

    def mirror(self, **request):
        return self.client.call("Insight.Mirror", pb.mirror.MirrorRequest(**request))

    def saydo(self, **request):
        return self.client.call("Insight.SayDo", pb.saydo.SayDoRequest(**request))

    def plumb(self, *args, code=0):
        done = subprocess.run([binary("plumb"), "--server", self.daemon.unix, *args], capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr


class MirrorTest(Base):
    def test_shares_are_those_of_the_twin(self):
        for seed in range(4):
            self.setUp()
            twin = random_plan(random.Random(seed))
            self.apply(*changes_of(twin))
            reply = self.mirror(work=True)
            for which in ("planned", "done"):
                days, shares = twin.shares(which)
                for node in reply.nodes:
                    name = node.ref.split("/")[1]
                    self.assertAlmostEqual(getattr(node, which), days[name], delta=1, msg=(seed, which, name))
                    if shares[name] is None:
                        self.assertFalse(node.HasField(which + "_share"))
                    else:
                        self.assertAlmostEqual(getattr(node, which + "_share"), shares[name], places=9, msg=(seed, which, name))
                    self.assertAlmostEqual(sum(getattr(p, which) for p in node.parts), getattr(node, which), delta=len(node.parts) + 1)
            self.assertEqual(len(reply.nodes), 31)

    def two(self, first, second, **weights):
        self.apply(*(put(n, "goal", I.Goal(**({"weight": weights[n]} if n in weights else {}))) for n in "ab"),
                   *(put(n, "objective", I.Objective(goal=n)) for n in "ab"),
                   put("x", "initiative", I.Initiative(status=I.ACTIVE, objective="a", estimate=I.Estimate(likely=first))),
                   put("y", "initiative", I.Initiative(status=I.ACTIVE, objective="b", estimate=I.Estimate(likely=second))))
        nodes = {n.ref: n for n in self.mirror().nodes}
        return nodes["goal/a"], nodes["goal/b"]

    def test_starved_and_unstated_from_twice_on(self):
        a, b = self.two(3000, 7000, a=0.6, b=0.4)  # 60 % said, 30 % planned: twice
        self.assertEqual((a.verdict, b.verdict), (STARVED, ALIKE))  # 70 to 40 is 1.75
        a, b = self.two(3001, 6999, a=0.6, b=0.4)
        self.assertEqual((a.verdict, b.verdict), (ALIKE, ALIKE))
        a, b = self.two(2000, 8000, a=0.6, b=0.4)
        self.assertEqual((a.verdict, b.verdict), (STARVED, UNSTATED))

    def test_what_is_stated_is_a_share_of_all_that_is(self):
        a, b = self.two(3000, 7000, a=0.3, b=0.2)
        self.assertAlmostEqual(a.stated, 0.6)  # 0.3 of 0.5
        self.assertAlmostEqual(b.stated, 0.4)

    def test_what_has_no_work_at_all_is_found_once(self):
        """Of two goals that are starved alike: whose objective has work is mirror's, whose has none is sight's."""
        def found():
            return {f.key for r in self.client.stream("Insight.Check", pb.insight.CheckRequest(rules=["mirror/starved"])) for f in r.findings}

        a, _ = self.two(1000, 9000, a=0.6, b=0.4)
        self.assertEqual((a.verdict, found()), (STARVED, {"mirror/starved:goal/a"}))
        self.apply(P.Change(remove=P.Remove(ref="initiative/x")))
        a = next(n for n in self.mirror().nodes if n.ref == "goal/a")
        self.assertEqual((a.verdict, found()), (STARVED, set()))

    def test_weights_that_say_nothing_are_named(self):
        a, b = self.two(2000, 8000, a=0.6, b=0.5)
        self.assertEqual((a.verdict, b.verdict), (UNJUDGED, UNJUDGED))
        self.assertIn("sum to more than 1", a.why)
        a, b = self.two(2000, 8000, a=0.6)
        self.assertIn("some of those that are compared state a weight, and some do not", a.why)
        self.assertIn("some of those", b.why)
        a, b = self.two(2000, 8000)
        self.assertIn("neither it nor anything beside it states a weight", a.why)

    def test_a_period_takes_the_days_that_fall_into_it(self):
        self.apply(put("q2", "period", I.Period(first_day="2026-04-01", last_day="2026-06-30")),
                   put("a", "goal", I.Goal()), put("o", "objective", I.Objective(goal="a")),
                   # 31 March (Tuesday) to 3 April (Friday): four days, three of them in April
                   put("x", "initiative", I.Initiative(status=I.ACTIVE, objective="o", start="2026-03-31", finish="2026-04-03",
                                                       estimate=I.Estimate(likely=400))),
                   put("y", "initiative", I.Initiative(status=I.ACTIVE, objective="o", estimate=I.Estimate(likely=900))),
                   check_in("initiative/x", 0.25, "2026-03-31"), check_in("initiative/x", 0.75, "2026-04-02"))
        reply = self.mirror(period="q2")
        goal = reply.nodes[0]
        self.assertEqual((goal.planned, goal.done, reply.without_time), (300, 200, 1))

    def test_what_comes_back(self):
        self.apply(put("o", "objective", I.Objective(targets=[I.Target(measure="m", target=5)])),
                   put("m", "measure", I.Measure()), put("quiet", "objective", I.Objective()),
                   put("x", "initiative", I.Initiative(status=I.ACTIVE, objective="o")),
                   put("y", "initiative", I.Initiative(status=I.DONE, objective="o", outcome_realised="They stay")),
                   put("t", "task", I.Task(initiative="x")), check_in("task/t", 0.5), check_in("initiative/x", 0.1, "2026-05-31"),
                   P.Change(add=P.Add(record=I.Record(about="m", at="2026-06-29T09:00:00Z", measurement=I.Measurement(value=3)))))
        nodes = {n.ref: n.gives_back for n in self.mirror().nodes}
        o = nodes["objective/o"]
        # 31 May is 30 days before 30 June: no longer within 30 days.
        self.assertEqual((o.works, o.estimated, o.reported, o.measures, o.measurements, o.check_ins, o.done, o.realised, o.silent),
                         (2, 0, 1, 1, 1, 1, 1, 1, False))
        self.assertTrue(nodes["objective/quiet"].silent)
        self.assertEqual({n.ref: n.gives_back for n in self.mirror(within_days=31).nodes}["objective/o"].check_ins, 2)

    def test_bad_questions(self):
        self.apply(put("p", "period", I.Period(first_day="2026-06-30", last_day="2026-04-01")),
                   put("shut", "objective", I.Objective(status=I.Objective.CLOSED)))
        for request, code in (({"within_days": 3661}, INVALID), ({"period": "none"}, NOT_FOUND), ({"period": "p"}, PRECONDITION),
                              ({"ref": "goal/none"}, NOT_FOUND), ({"ref": "expectation/x"}, INVALID), ({"period": "risk/x"}, INVALID),
                              ({"ref": "team/x"}, INVALID), ({"ref": "objective/shut"}, PRECONDITION)):
            with self.assertRaises(RpcError) as caught:
                self.mirror(**request)
            self.assertEqual(caught.exception.code, code, request)
        self.mirror(within_days=3660)


def promise(name, by="ada", due="2026-06-01", **fields):
    return put(name, "commitment", G.Commitment(promised_by=by, due=due, **fields))


class SayDoTest(Base):
    def people(self):
        self.apply(put("t", "team", I.Team(lead="ada")), put("ada", "person", I.Person(team="t", level=I.Person.MANAGER)),
                   put("bo", "person", I.Person(team="t", level=I.Person.INDIVIDUAL)))

    def test_counts_by_hand(self):
        self.people()
        C = G.Commitment
        self.apply(*(promise(f"k{n}", state=C.KEPT, settled="2026-06-01") for n in range(9)),
                   promise("late", state=C.KEPT, settled="2026-06-02"), promise("open", due=TODAY),
                   promise("over", by="bo", due="2026-06-29"), promise("broken", by="team/t", state=C.BROKEN, settled="2026-06-02"),
                   promise("gone", state=C.WITHDRAWN, settled="2026-05-01", reason="Not needed"),
                   promise("no-day", due=""), promise("nobody", by="x"), promise("reversed", made="2026-06-02"))
        reply = self.saydo(list=True)
        rows = {r.who: r for r in reply.rows}
        self.assertEqual(list(rows), ["", "team/t", "person/ada", "person/bo"])
        self.assertEqual([(r.kept, r.kept_late, r.broken, r.overdue, r.made, r.open, r.withdrawn, r.unjudged) for r in reply.rows],
                         [(9, 1, 1, 1, 12, 1, 1, 3), (9, 1, 1, 1, 12, 1, 1, 2), (9, 1, 0, 0, 10, 1, 1, 2), (0, 0, 0, 1, 1, 0, 0, 0)])
        # 9 of 10: (0.9 + z²/20 ± z sqrt(0.009 + z²/400)) / (1 + z²/10), z = 1.96
        ada = rows["person/ada"]
        self.assertEqual((ada.ratio, round(ada.low, 4), round(ada.high, 4), ada.too_few), (0.9, 0.5958, 0.9821, False))
        self.assertTrue(rows["person/bo"].too_few)
        why = {p.ref.split("/")[1]: p.why for p in reply.promises}
        self.assertEqual(why["gone"], "Not needed")
        self.assertIn("no day is stated", why["no-day"])
        self.assertIn("nobody", why["nobody"])
        self.assertIn("before the one on which it was made", why["reversed"])
        self.assertEqual([r.who for r in self.saydo(team="t").rows], ["", "team/t", "person/ada", "person/bo"])
        self.assertEqual(self.saydo(person="ada", **{"from": "2026-06-02"}).rows[0].made, 0)

    def test_broken_promises_of_leaders_are_found_for_92_days(self):
        self.people()
        C = G.Commitment
        self.apply(promise("newer", due="2026-03-01", state=C.BROKEN, settled="2026-03-30"),  # 92 days ago
                   promise("older", due="2026-03-01", state=C.BROKEN, settled="2026-03-29"),
                   promise("of-bo", by="bo", due="2026-03-01", state=C.BROKEN, settled="2026-06-01"),  # who leads nobody
                   promise("of-team", by="team/t", due="2026-06-29"), promise("due", due=TODAY))
        replies = self.client.stream("Insight.Check", pb.insight.CheckRequest(rules=["mirror/broken-commitment"]))
        self.assertEqual({f.key for r in replies for f in r.findings},
                         {"mirror/broken-commitment:commitment/newer", "mirror/broken-commitment:commitment/of-team"})

    def test_conflicting_stances_are_named_and_not_judged(self):
        """Beside each what says one of the two only, and is judged."""
        def links(*types):
            return [I.Link(type=t, to="feeling/heard") for t in types]

        self.apply(put("heard", "feeling", pb.customer.Feeling()), put("kind", "value", I.Value()),
                   put("both", "policy", G.Policy(), links=links(I.Link.SUPPORTS, I.Link.AT_ODDS)),
                   put("against", "policy", G.Policy(), links=links(I.Link.AT_ODDS)),
                   put("honours-and-breaks", "decision", G.Decision(status=G.Decision.ACCEPTED, honours=["value/kind"], breaks=["value/kind"])),
                   put("breaks", "decision", G.Decision(status=G.Decision.ACCEPTED, breaks=["value/kind"])))
        request = pb.insight.CheckRequest(rules=["mirror/contradiction", "mirror/at-odds"])
        found = {f.key: (f.unknown, f.message) for r in self.client.stream("Insight.Check", request) for f in r.findings}
        said = ("mirror/contradiction cannot judge policy/both: conflicting stances: it is said to support the feeling and to be at odds "
                "with it (feeling/heard).",
                "mirror/contradiction cannot judge decision/honours-and-breaks: conflicting stances: it says that it honours it and that it "
                "breaks it (value/kind).")
        self.assertEqual(found, {
            "mirror/contradiction:policy/both,feeling/heard": (True, said[0]),
            "mirror/contradiction:decision/honours-and-breaks,value/kind": (True, said[1]),
            "mirror/contradiction:decision/breaks,value/kind": (False, "decision/breaks breaks value/kind, by its own words."),
            "mirror/at-odds:policy/against,feeling/heard": (
                False, "policy/against works against what customers should feel, feeling/heard.")})
        shown = " ".join(self.plumb("check", "--rule", "mirror/contradiction").split())
        for text in said:
            self.assertIn(text, shown)

    def test_moves_are_counted_from_version_to_version(self):
        self.people()
        for due in ("2026-05-01", "2026-06-01", "2026-05-15", "", "2026-07-01"):  # later, earlier, taken back, stated again
            self.apply(promise("c", due=due))
        self.apply(P.Change(rename=P.Rename(ref="commitment/c", id="d")))
        (p,) = self.saydo(list=True).promises
        self.assertEqual((p.ref, p.moved, p.first_due, p.due), ("commitment/d", 2, "2026-05-01", "2026-07-01"))

    def test_commands(self):
        self.people()
        new = ("commitment", "new", "c", "--what", "A word", "--to", "bo", "--as", "ada")
        self.assertIn("is before today", self.plumb(*new, "--due", "2026-06-01", code=2))
        self.assertIn("ada promised bo for 2026-07-15", self.plumb(*new, "--due", "2026-07-15"))
        self.assertIn("what was promised is due on 2026-07-15", self.plumb("mine", "--as", "ada"))
        self.assertIn("what person/ada promised is due on", " ".join(self.plumb("mine", "--as", "bo").split()))
        self.assertIn("say why", self.plumb("commitment", "move", "c", "2026-08-01", "--as", "ada", code=2))
        self.plumb("commitment", "move", "c", "2026-08-01", "-m", "Later", "--as", "ada")
        self.assertIn("say why", self.plumb("commitment", "broken", "c", "--as", "ada", code=2))
        self.plumb("commitment", "kept", "c", "--as", "ada")
        self.assertIn("is kept since 2026-06-30", self.plumb("commitment", "broken", "c", "-m", "x", code=2))
        row = json.loads(self.plumb("saydo", "--person", "ada", "-o", "json"))["promises"][0]
        self.assertEqual((row["standing"], row["moved"], row["first_due"]), ("kept", 1, "2026-07-15"))

    def test_decisions_reach_those_they_affect_until_read(self):
        self.people()
        self.apply(put("cy", "person", I.Person()), put("w", "initiative", I.Initiative(), owners=["cy"]))
        self.plumb("decision", "new", "d", "--what", "One", "--option", "a", "--option", "b", "--affects", "team/t", "--affects",
                   "initiative/w", "--as", "ada")
        self.assertNotIn("decision/d", self.plumb("mine", "--as", "bo"))
        self.assertIn("no option", self.plumb("decision", "accept", "d", "--option", "3", "-m", "x", code=2))
        self.plumb("decision", "accept", "d", "--option", "b", "-m", "Because", "--as", "ada")
        self.assertIn("who has read it", self.plumb("decision", "read", "d", code=2))  # nobody is no reader
        for who in ("bo", "cy"):
            self.assertIn("decision/d", self.plumb("mine", "--as", who))
            self.plumb("decision", "read", "d", "--as", who)
            self.assertNotIn("decision/d", self.plumb("mine", "--as", who))
        self.assertNotIn("decision/d", self.plumb("mine", "--as", "ada"))  # who took it knows it
        self.plumb("decision", "follow", "d")
        self.assertIn("One", self.plumb("decision", "examples"))
        self.plumb("decision", "new", "e", "--what", "Two", "--as", "ada")
        self.assertIn("cannot supersede itself", self.plumb("decision", "supersede", "d", "d", code=2))
        self.plumb("decision", "supersede", "d", "e", "-m", "x")
        self.assertIn("none of them would hold", " ".join(self.plumb("decision", "supersede", "e", "d", "-m", "x", code=2).split()))


if __name__ == "__main__":
    unittest.main()
