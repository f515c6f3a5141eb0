"""What happens outside and what answers it: by hand, over the wire and by plumb outside."""
import csv
import io
import json
import os
import subprocess
import unittest

from plumbrpc import Daemon, binary, pb

I, P, O = pb.item, pb.plan, pb.surroundings


def put(name, kind, body, **fields):
    return P.Change(put=P.Put(item=I.Item(id=name, title=name.upper(), **{kind: body}, **fields)))


def area(title, end_state="", timeframe="", answers=()):
    return I.ChangeArea(title=title, end_state=end_state, timeframe=timeframe, answers=answers)


PLAN = [
    put("long", "strategy", I.Strategy(first_day="2026-01-01", last_day="2027-12-31", goals=["g"], change_areas=[
        area("one", "new", "2026-06-30", ["slow", "gone"]), area("two", "", "2026-06-30"), area("three", "new", "2028-01-01", ["slow"])])),
    put("short", "strategy", I.Strategy(first_day="2026-01-01", last_day="2026-12-30", goals=["g"], change_areas=[area("four", "new", "2026-12-30")])),
    put("over", "strategy", I.Strategy(first_day="2024-01-01", last_day="2026-03-30", goals=["g"], change_areas=[
        area("five", "new", "2026-03-30", ["old-threat"])])),
    put("open", "strategy", I.Strategy(goals=["g"], change_areas=[area("six", "new", "2030-01-01", ["strong"])])),
    put("none", "strategy", I.Strategy(first_day="2026-01-01", last_day="2027-12-31", goals=["g"])),
    put("year", "strategy", I.Strategy(first_day="2026-01-01", last_day="2026-12-31", goals=["g"], change_areas=[
        area("seven", "new", "2026-12-31", ["strong"])])),
    put("rival", "influencer", O.Influencer(type=O.Influencer.COMPETITOR_INFLUENCER, since="2020-01-01", seen_in="fair")),
    put("know-how", "influencer", O.Influencer(type=O.Influencer.RESOURCE, internal=True)),
    put("slow", "assessment", O.Assessment(type=O.Assessment.WEAKNESS, influencer="know-how", affects=["goal/g"], assessed="2026-01-01")),
    put("strong", "assessment", O.Assessment(type=O.Assessment.STRENGTH, influencer="know-how")),
    put("cheap", "assessment", O.Assessment(type=O.Assessment.THREAT, influencer="rival")),
    put("old-threat", "assessment", O.Assessment(type=O.Assessment.THREAT)),
    put("leak", "assessment", O.Assessment(type=O.Assessment.WEAKNESS)),
    put("chance", "assessment", O.Assessment(type=O.Assessment.OPPORTUNITY)),
    put("early", "competitor_move", O.CompetitorMove(competitor="rival", on="2026-02-01", response="wait")),
    put("late", "competitor_move", O.CompetitorMove(competitor="rival", on="2026-03-01", answered_by=["work"], affects=["goal/g"])),
    put("fire", "risk", O.Risk(probability=0.5, impact=5, threatens=["goal/g"], mitigated_by=["work"])),
    put("rain", "risk", O.Risk(probability=0.9, impact=2, mitigated_by=["stopped"])),
    put("snow", "risk", O.Risk(impact=5)),
    put("past", "risk", O.Risk(probability=1, impact=5, state=O.Risk.HAPPENED)),
    put("work", "initiative", I.Initiative(status=I.ACTIVE)),
    put("stopped", "initiative", I.Initiative(status=I.STOPPED)),
    put("war", "scenario", I.Scenario(assumptions=["prices double"], outside=["influencer/rival", "risk/fire"])),
]

FINDINGS = {
    # two has no end state; three's day is there, though after the strategy's end
    "horizon/no-end-state:strategy/long",
    # it names none
    "horizon/no-end-state:strategy/none", "horizon/untested:strategy/none",
    # four and nothing else; it goes on until December
    "horizon/untested:strategy/short",
    # nobody answers it at all
    "horizon/untested:assessment/cheap",
    # a weakness that nobody answers; an opportunity may be left alone
    "horizon/untested:assessment/leak",
    # answered by a strategy that was over yesterday
    "horizon/untested:assessment/old-threat",
    # 364 days: one short of twelve months, which year has; and seven is there on its last day
    "horizon/out-of-range:strategy/short",
    # 2028-01-01 is a day after its end
    "horizon/out-of-range:strategy/long",
    # its days are not stated: unknown
    "horizon/out-of-range:strategy/open",
    # one scenario rests on the outside, war, and two are needed to judge: unknown
    "horizon/fragile:plan",
}


class OutsideTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(clock="=2026-03-31T09:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client(unix=True)
        cls.client.call("Plan.Apply", P.ApplyRequest(change_set=P.ChangeSet(changes=PLAN)))
        cls.reply = cls.client.call("Insight.Outside", pb.outside.OutsideRequest())

    def plumb(self, *args, code=0):
        env = {k: v for k, v in os.environ.items() if not k.startswith("PLUMB_")}
        done = subprocess.run([binary("plumb"), "--server", self.daemon.unix, "outside", *args], env=env, capture_output=True, text=True,
                              timeout=60, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_change_areas_say_what_they_answer_and_lack(self):
        shown = {s.ref: (s.months if s.HasField("months") else None, [(a.number, a.title, list(a.answers), a.lack) for a in s.areas])
                 for s in self.reply.strategies}
        self.assertEqual(shown, {
            # "gone" is no assessment of this plan
            "strategy/long": (24, [(1, "one", ["assessment/slow"], ""), (2, "two", [], "no end state"),
                                   (3, "three", ["assessment/slow"], "its day is outside the strategy's")]),
            "strategy/short": (11, [(1, "four", [], "")]),
            "strategy/over": (26, [(1, "five", ["assessment/old-threat"], "")]),  # to 2026-02-29, and a month less a day
            "strategy/open": (None, [(1, "six", ["assessment/strong"], "")]),
            "strategy/none": (24, []),
            "strategy/year": (12, [(1, "seven", ["assessment/strong"], "")]),
        })

    def test_assessments_stand_with_their_influencer(self):
        shown = {i.ref: {a.ref: [(b.strategy, b.title) for b in a.answered_by] for a in i.assessments} for i in self.reply.influencers}
        self.assertEqual(shown, {
            "influencer/rival": {"assessment/cheap": []},
            "influencer/know-how": {"assessment/slow": [("strategy/long", "one"), ("strategy/long", "three")],
                                    "assessment/strong": [("strategy/open", "six"), ("strategy/year", "seven")]},
            "": {"assessment/old-threat": [("strategy/over", "five")], "assessment/leak": [], "assessment/chance": []},
        })
        rival = self.reply.influencers[0]
        self.assertEqual((rival.seen_in, rival.since, list(rival.scenarios)), ("fair", "2020-01-01", ["scenario/war"]))

    def test_risks_come_by_exposure(self):
        shown = [(r.ref, round(r.exposure, 9) if r.HasField("exposure") else None, r.mitigated) for r in self.reply.risks]
        # what can't be weighed comes after what can, what is no risk any more last; what was stopped mitigates nothing
        self.assertEqual(shown, [("risk/fire", 2.5, True), ("risk/rain", 1.8, False), ("risk/snow", None, False), ("risk/past", 5, False)])

    def test_moves_come_newest_first(self):
        self.assertEqual([(m.ref, m.competitor, m.response, list(m.answered_by)) for m in self.reply.moves],
                         [("competitor-move/late", "influencer/rival", "", ["initiative/work"]),
                          ("competitor-move/early", "influencer/rival", "wait", [])])

    def test_scenarios_say_what_they_rest_on(self):
        self.assertEqual([(s.ref, list(s.assumptions), list(s.outside)) for s in self.reply.scenarios],
                         [("scenario/war", ["prices double"], ["influencer/rival", "risk/fire"])])

    def test_rules(self):
        found = [f for r in self.client.stream("Insight.Check", pb.insight.CheckRequest(rules=["horizon"])) for f in r.findings]
        self.assertEqual({f.key for f in found}, FINDINGS)
        self.assertEqual({f.key for f in found if f.unknown}, {"horizon/out-of-range:strategy/open", "horizon/fragile:plan"})

    def test_no_assessment_is_said_once(self):
        request = pb.insight.CheckRequest(at=P.At(workspace="empty"), rules=["horizon/untested"])
        self.daemon.client(unix=True).call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="empty"))
        self.assertEqual([f for r in self.client.stream("Insight.Check", request) for f in r.findings], [])
        self.client.call("Plan.Apply", P.ApplyRequest(workspace="empty", change_set=P.ChangeSet(changes=PLAN[:2])))
        found = [f for r in self.client.stream("Insight.Check", request) for f in r.findings]
        self.assertEqual([(f.unknown, list(f.subjects)) for f in found], [(True, [])])

    def test_command(self):
        whole = self.plumb()
        for heading in ("Strategies and their change areas", "What competitors did", "What may happen"):
            self.assertIn(heading, whole)
        self.assertTrue(all(len(line) <= 80 for line in whole.splitlines()), whole)
        rows = list(csv.DictReader(io.StringIO(self.plumb("risks", "-o", "csv"))))
        self.assertEqual([(r["risk"], r["exposure"]) for r in rows], [("FIRE", "2.50"), ("RAIN", "1.80"), ("SNOW", ""), ("PAST", "5.00")])
        self.assertEqual(len(json.loads(self.plumb("-o", "json"))["risks"]), 4)
        self.assertIn("'weather' is no part of it", self.plumb("weather", code=2))
        self.assertIn("-o csv shows one part", self.plumb("-o", "csv", code=2))

    def test_a_scenario_is_begun_on_what_happens_outside(self):
        def new(*args):
            return subprocess.run([binary("plumb"), "--server", self.daemon.unix, "whatif", "new", *args], capture_output=True, text=True, timeout=60)
        self.assertEqual(new("rival-wins", "--outside", "rival", "--outside", "risk/snow").returncode, 0)
        reply = self.client.call("Insight.Outside", pb.outside.OutsideRequest())
        self.assertEqual([list(s.outside) for s in reply.scenarios if s.ref == "scenario/rival-wins"], [["influencer/rival", "risk/snow"]])
        done = new("other", "--outside", "weather")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("weather", done.stderr)

    def test_as_of(self):
        reply = self.client.call("Insight.Outside", pb.outside.OutsideRequest(at=P.At(revision=0, today="2026-01-01")))
        self.assertEqual(reply.today, "2026-01-01")


if __name__ == "__main__":
    unittest.main()
