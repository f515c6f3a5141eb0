"""Who contributes what at the steps of customers, over the wire and by plumb ecosystem; and a twin on random plans."""
import json
import os
import random
import subprocess
import sys
import unittest

from plumbrpc import NOT_FOUND, Daemon, RpcError, binary, pb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import test_journey as journey  # noqa: E402

I, P, C, E = pb.item, pb.plan, pb.customer, pb.ecosystem
put = journey.put


def rows_of(client, workspace="", **request):
    rows, summary = [], None
    for reply in client.stream("Insight.Ecosystem", E.EcosystemRequest(at=P.At(workspace=workspace), **request)):
        rows.extend(reply.rows)
        if reply.HasField("summary"):
            summary = reply.summary
    return rows, summary


def counts(row):
    return tuple((c.teams, c.work, c.objectives, c.measures) for c in (row.front, row.back))


def counted(row, side):
    """The same from who it is."""
    refs = {s.ref for s in row.supports if s.side == side}
    return tuple(sum(ref.startswith(kinds) for ref in refs) for kinds in ("team/", ("initiative/", "workstream/"), "objective/", "measure/"))


def supports(row):
    return [(E.Support.How.Name(s.how), s.ref, s.through, s.team) for s in row.supports]


PLAN = [
    put("s", "segment", C.Segment()), put("t", "segment", C.Segment()),
    put("front", "team", I.Team()), put("behind", "team", I.Team()), put("helpers", "team", I.Team()),
    put("anna", "person", I.Person(team="behind")),
    put("speed", "measure", I.Measure()), put("calm", "measure", I.Measure(), owners=["anna"]), put("result", "measure", I.Measure()),
    put("way", "journey", C.Journey(segments=["s"])), put("g", "stage", C.Stage(journey="way")),
    put("x", "step", C.Step(stage="g", met_by="front", judged_by="speed", backstage=["behind", "measure/calm", "initiative/cellar"])),
    put("bare", "step", C.Step(stage="g", follows=["x"])),
    put("e", "expectation", C.Expectation(segment="s", step="x")), put("u", "expectation", C.Expectation(segment="t", step="x")),
    put("o", "objective", I.Objective(expectations=["e"], team="front", targets=[I.Target(measure="result", target=1)])),
    put("works", "initiative", I.Initiative(steps=["x"], needs=[I.Need(who="helpers")]), owners=["anna"]),
    put("serves", "initiative", I.Initiative(objective="o"), owners=["team/helpers"]),
    put("cellar", "initiative", I.Initiative()), put("over", "initiative", I.Initiative(steps=["bare"], status=I.DONE)),
]


class EcosystemTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, clock="=2026-06-30T20:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client()
        cls.addClassCleanup(cls.client.close)
        cls.client.call("Plan.Apply", P.ApplyRequest(change_set=P.ChangeSet(changes=PLAN)))

    def plumb(self, *args, code=0):
        done = subprocess.run([binary("plumb"), "ecosystem", *args], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, PLUMB_SERVER=self.daemon.unix, COLUMNS="80", LC_ALL="C.UTF-8"))
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_by_hand(self):
        rows, summary = rows_of(self.client)
        # s takes the way; t expects something at x all the same
        self.assertEqual([(r.step, r.segment) for r in rows], [("step/x", "segment/s"), ("step/x", "segment/t"), ("step/bare", "segment/s")])
        front = [("MEETS", "team/front", "", "team/front"), ("JUDGES", "measure/speed", "", "team/front"),
                 ("WORKS_ON", "initiative/works", "", "team/behind")]
        behind = [("BEHIND", "measure/calm", "", "team/behind"), ("BEHIND", "initiative/cellar", "", ""),
                  ("BEHIND", "team/behind", "", "team/behind")]
        needed = [("NEEDED", "team/helpers", "initiative/works", "team/helpers")]
        self.assertEqual(supports(rows[0]), front + [("ANSWERS", "objective/o", "expectation/e", "team/front")] + behind + [
            ("MEASURES", "measure/result", "objective/o", "team/front"),
            ("SERVES", "initiative/serves", "objective/o", "team/helpers")] + needed)
        self.assertEqual(supports(rows[1]), front + behind + needed)
        self.assertEqual((list(rows[1].unanswered), supports(rows[2])), (["expectation/u"], []))
        self.assertEqual(list(rows[2].holes), journey.holes("NO_OWNER", "NO_MEASURE", "NO_WORK", "NO_EXPECTATION"))
        self.assertEqual((summary.rows, summary.steps, summary.bare, summary.unanswered), (3, 2, 1, 1))
        # each once: teams, work, objectives, measures
        self.assertEqual([counts(r) for r in rows], [((1, 1, 1, 1), (2, 2, 0, 2)), ((1, 1, 0, 1), (2, 1, 0, 1)), ((0, 0, 0, 0), (0, 0, 0, 0))])
        brief, again = rows_of(self.client, counts=True)
        self.assertEqual(([counts(r) for r in brief], [list(r.supports) for r in brief]), ([counts(r) for r in rows], [[], [], []]))
        self.assertEqual((list(brief[2].holes), again), (list(rows[2].holes), summary))

    def test_of_a_team(self):
        rows, _ = rows_of(self.client, team="helpers")
        self.assertEqual([(r.segment, [s.ref for s in r.supports]) for r in rows],
                         [("segment/s", ["initiative/serves", "team/helpers"]), ("segment/t", ["team/helpers"])])
        self.assertEqual([counts(r) for r in rows], [((0, 0, 0, 0), (1, 1, 0, 0)), ((0, 0, 0, 0), (1, 0, 0, 0))])
        self.assertEqual([r.step for r in rows_of(self.client, step="bare")[0]], ["step/bare"])
        rows, summary = rows_of(self.client, step="bare", segment="s")
        self.assertIn("no expectation of it is stated", summary.notes[0])
        self.assertIn("Nothing says what team/front contributes", rows_of(self.client, step="bare", team="front")[1].notes[0])

    def test_refused(self):
        for field in ("step", "segment", "team"):
            with self.assertRaises(RpcError) as caught:
                rows_of(self.client, **{field: "y"})
            self.assertEqual((caught.exception.code, caught.exception.message), (NOT_FOUND, "there is no %s/y" % field))
        self.assertIn("did you mean team/front", self.plumb("--team", "frnt", code=3))

    def test_as_many_as_go_out(self):
        self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="many"))
        work = [put("i%d" % i, "initiative", I.Initiative(steps=["x"])) for i in range(201)]
        way = [put("way", "journey", C.Journey()), put("g", "stage", C.Stage(journey="way")), put("x", "step", C.Step(stage="g"))]
        for more, changes in ((0, way + work[:200]), (1, work[200:])):
            self.client.call("Plan.Apply", P.ApplyRequest(workspace="many", change_set=P.ChangeSet(changes=changes)))
            (row,), _ = rows_of(self.client, "many")
            self.assertEqual((len(row.supports), row.more_supports, row.segment), (200, more, ""))

    def test_command(self):
        out = self.plumb()
        for line in (out + self.plumb("--all")).splitlines():
            self.assertLessEqual(len(line), 80)
        # what nothing supports comes first
        self.assertEqual([line.split()[0] for line in out.splitlines()[1:] if line.startswith(("x", "bare"))], ["bare", "x", "x"])
        self.assertIn("owner, measure", out.splitlines()[1])
        self.assertIn("answers to 1", out)
        for args in (("x",), ("step/x",), ("--step", "x"), ("x", "segment/s")):
            self.assertIn("works on the step", " ".join(self.plumb(*args).split()))
        self.assertNotIn("works on the step", " ".join(out.split()))
        self.assertIn("2 steps; 1 of 3 lines of step and segment that nothing supports; 1 expectation", " ".join(out.split()))
        rows = self.plumb("-o", "csv").splitlines()
        self.assertEqual(rows[0], "journey,stage,step,segment,side,who_or_what,does,through,team")
        self.assertEqual(rows[1], "journey/way,stage/g,step/x,segment/s,front,team/front,meets the customers,,team/front")
        self.assertIn("journey/way,stage/g,step/x,segment/t,lacks,expectation/u,no open objective answers it,,", rows)
        answer = json.loads(self.plumb("-o", "json"))
        self.assertEqual(answer[-1]["summary"]["rows"], 3)


class TwinTest(unittest.TestCase):
    def test_random_plans(self):
        with Daemon(memory=True, clock="=2026-06-30T20:00:00Z") as daemon:
            client = daemon.client()
            for seed in range(30):
                with self.subTest(seed=seed):
                    self.one(client, "w%d" % seed, journey.random_plan(random.Random(seed)))
            client.close()

    def one(self, client, workspace, plan):
        client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id=workspace))
        client.call("Plan.Apply", P.ApplyRequest(workspace=workspace, change_set=P.ChangeSet(changes=journey.changes_of(plan))))
        rows, summary = rows_of(client, workspace)
        for row in rows:
            self.assertEqual(counts(row), (counted(row, 0), counted(row, 1)))
        want = {}
        for name, step in plan["steps"].items():
            expects = {n: e["segment"] for n, e in plan["expectations"].items() if e["step"] == name}
            for segment in sorted(set(journey.takers_of(plan)) | set(expects.values())) or [""]:
                of = sorted(n for n, s in expects.items() if s == segment)
                lines = {("MEETS", "team/f", "")} if step["met"] else set()
                lines |= {("JUDGES", "measure/m", "")} if step["judged"] else set()
                lines |= {("WORKS_ON", "initiative/" + w, "") for w in journey.works_on(plan, name, segment or None)}
                lines |= {("ANSWERS", "objective/" + o, "expectation/" + e) for e in of for o in journey.answers_to(plan, e)}
                want["step/" + name, "segment/" + segment if segment else ""] = (
                    lines, {"expectation/" + e for e in of if not journey.answers_to(plan, e)})
        got = {(r.step, r.segment): ({line[:3] for line in supports(r)}, set(r.unanswered)) for r in rows}
        self.assertEqual(got, want)
        self.assertEqual((summary.rows, summary.bare), (len(want), sum(not lines for lines, _ in want.values())))


if __name__ == "__main__":
    unittest.main()
