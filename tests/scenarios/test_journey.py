"""The way of customers through their steps: figures by hand, over the wire and by plumb journey; and a twin on random plans."""
import json
import os
import random
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

from plumbrpc import INVALID, NOT_FOUND, Daemon, RpcError, binary, pb

I, P, C, J = pb.item, pb.plan, pb.customer, pb.journey
NS = "{http://www.w3.org/2000/svg}"
TODAY = "2026-06-30"


def put(name, kind, body, **fields):
    return P.Change(put=P.Put(item=I.Item(id=name, **{kind: body}, **fields)))


def said(about, at, **fields):
    return P.Change(add=P.Add(record=I.Record(about=about, at=at, experience=C.Experience(**fields))))


def plan():
    """Two segments on one way of four steps, c before b, and a way that shall become of it."""
    return [
        put("big", "segment", C.Segment(core=True), title="Big ones"), put("small", "segment", C.Segment()),
        put("front", "team", I.Team()), put("m", "measure", I.Measure()), put("anna", "person", I.Person()),
        put("way", "journey", C.Journey(segments=["big", "small"]), title="The way"),
        put("late", "stage", C.Stage(journey="way", follows=["soon"])), put("soon", "stage", C.Stage(journey="way"), title="Soon"),
        put("empty", "stage", C.Stage(journey="way", follows=["late"])),
        put("a", "step", C.Step(stage="soon", met_by="front", judged_by="m", touchpoint="desk", emotion=1, value_state=C.Step.GAINED),
            title="A"),
        put("b", "step", C.Step(stage="soon", follows=["c"], emotion=0), owners=["anna"]),
        put("c", "step", C.Step(stage="soon", backstage=["front", "initiative/back"])),
        put("d", "step", C.Step(stage="late", emotion=-1)),
        put("loose", "step", C.Step()),
        put("e1", "expectation", C.Expectation(segment="big", step="a", importance=9, met=3, who=["chief"], when_missed="gone")),
        put("e2", "expectation", C.Expectation(segment="small", step="a", importance=4, met=8)),
        put("e3", "expectation", C.Expectation(segment="big", step="a", importance=5)),
        put("o", "objective", I.Objective(expectations=["e2"])),
        put("closed", "objective", I.Objective(expectations=["e1"], status=I.Objective.CLOSED)),
        put("works", "initiative", I.Initiative(steps=["a"], status=I.ACTIVE), owners=["anna"], title="Works"),
        put("scoped", "initiative", I.Initiative(scope=I.Scope(stages=["late"], segments=["small"]))),
        put("back", "initiative", I.Initiative()), put("done", "initiative", I.Initiative(steps=["d"], status=I.DONE)),
        put("dream", "journey", C.Journey(state=C.Journey.TO_BE, improves="way", shaped_by=["segment/big"])),
        put("dreams", "stage", C.Stage(journey="dream")),
        put("new", "step", C.Step(stage="dreams", emotion=2)),
        put("a2", "step", C.Step(stage="dreams", follows=["new"], replaces="a", met_by="front", touchpoint="web", emotion=2), title="A"),
        said("step/a", "2026-02-01", segment="big", emotion=-2, value_state=C.Step.LOST, people=5),
        said("step/a", "2026-05-01", emotion=0),
        said("step/a", "2026-06-01", segment="small", emotion=2),
        said("step/a", "2026-07-01", emotion=-2),  # has not come yet
        said("expectation/e1", "2026-05-02", met=6), said("expectation/e1", "2026-05-03", importance=8),
    ]


def holes(*names):
    return [J.Hole.Value(name) for name in names]


class JourneyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, clock="=" + TODAY + "T20:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client()
        cls.addClassCleanup(cls.client.close)
        cls.apply(plan())

    @classmethod
    def apply(cls, changes, workspace=""):
        cls.client.call("Plan.Apply", P.ApplyRequest(workspace=workspace, change_set=P.ChangeSet(changes=changes)))

    def ask(self, workspace="", **request):
        return paths_of(self.client, workspace, **request)

    def steps(self, **request):
        paths, _ = self.ask(journey="way", **request)
        return {s.ref: s for s in paths[0].steps if s.ref}

    def plumb(self, *args, code=0, width=100):
        done = subprocess.run([binary("plumb"), *args], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, PLUMB_SERVER=self.daemon.unix, COLUMNS=str(width), LC_ALL="C.UTF-8"))
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_the_order_of_the_way(self):
        paths, summary = self.ask()
        self.assertEqual([p.ref for p in paths], ["journey/way"])  # dream is to be
        # a and c come first, by name; b follows c; the stage late follows soon, and the last one has no steps
        self.assertEqual([(s.stage, s.ref) for s in paths[0].steps],
                         [("stage/soon", "step/a"), ("stage/soon", "step/c"), ("stage/soon", "step/b"), ("stage/late", "step/d"),
                          ("stage/empty", "")])
        self.assertEqual(list(paths[0].segments), ["segment/big", "segment/small"])
        self.assertEqual((list(summary.loose), summary.journeys, summary.today), (["step/loose"], 1, TODAY))

    def test_emotion_of_one_and_of_all(self):
        a = self.steps(segment="big")["step/a"]
        # the newest word of big or of everybody is that of 1 May; nobody has said since that it lost no value
        self.assertEqual((a.emotion, a.value_state, [w.day for w in a.history]), (0, C.Step.LOST, ["2026-02-01", "2026-05-01"]))
        # each opens into the word that said so: the first one said lost, the second one 0
        self.assertEqual([a.value_from, a.emotion_from], [w.record for w in a.history])
        a = self.steps(segment="small")["step/a"]
        self.assertEqual((a.emotion, a.value_state), (2, C.Step.GAINED))  # value: the step's own field
        self.assertEqual(a.value_from, "")
        a = self.steps(since="2026-04-30")["step/a"]
        self.assertEqual(a.emotion, 1)  # (0 + 2) / 2
        self.assertEqual(a.emotion_before, -0.5)  # big -2; small nothing yet, so the step's own 1
        self.assertEqual((a.value_state, a.value_before), (C.Step.LOST, C.Step.LOST))  # the worst
        self.assertEqual([(f.segment, f.emotion) for f in a.fared], [("segment/big", 0), ("segment/small", 2)])
        self.assertEqual(self.steps()["step/c"].WhichOneof("emotion_"), None)

    def test_expectations_by_opportunity(self):
        e = self.steps(since="2026-05-02")["step/a"].expectations
        # e1: 8 + max(8 - 6, 0); e2: 4 + 0; e3 does not say how well it is met
        self.assertEqual([(x.ref, x.opportunity) for x in e], [("expectation/e1", 10), ("expectation/e2", 4), ("expectation/e3", 0)])
        self.assertEqual((e[0].importance, e[0].met, e[0].met_before, list(e[0].who), e[0].when_missed), (8, 6, 6, ["chief"], "gone"))
        self.assertEqual(self.steps(since="2026-05-01")["step/a"].expectations[0].met_before, 3)
        self.assertEqual([list(x.objectives) for x in e], [[], ["objective/o"], []])  # closed is closed
        self.assertIsNone(e[2].WhichOneof("opportunity_"))
        self.assertEqual(self.steps()["step/a"].unanswered, 2)

    def test_work_and_holes(self):
        steps = self.steps()
        self.assertEqual([w.ref for w in steps["step/a"].work], ["initiative/works"])
        self.assertEqual((steps["step/a"].work[0].owner, steps["step/a"].work[0].status), ("person/anna", "active"))
        self.assertEqual(list(steps["step/a"].holes), holes("UNANSWERED"))
        self.assertEqual(list(steps["step/b"].holes), holes("NO_FUNCTION", "NO_MEASURE", "NO_WORK", "NO_EXPECTATION"))
        # work stands behind c
        self.assertEqual(list(steps["step/c"].holes), holes("NO_OWNER", "NO_MEASURE", "NO_EXPECTATION", "NO_EMOTION"))
        # what is done works no more; what is scoped to small works for small
        self.assertEqual([w.ref for w in steps["step/d"].work], ["initiative/scoped"])
        self.assertEqual([w.ref for w in self.steps(segment="big")["step/d"].work], [])
        self.assertEqual([w.ref for w in self.steps(segment="small")["step/d"].work], ["initiative/scoped"])

    def test_as_it_shall_become(self):
        paths, _ = self.ask(journey="way", to_be=True)
        target = paths[0].target
        self.assertEqual((target.ref, list(target.shaped_by)), ("journey/dream", ["segment/big"]))
        self.assertEqual([(c.as_is, c.to_be) for c in target.changes],
                         [("", "step/new"), ("step/a", "step/a2"), ("step/c", ""), ("step/b", ""), ("step/d", "")])
        change = target.changes[1]
        self.assertEqual((change.emotion_as_is, change.emotion_to_be), (1, 2))
        self.assertEqual([(d.field, getattr(d, "from"), d.to) for d in change.differences],
                         [("touchpoint", "desk", "web"), ("judged_by", "measure/m", "")])
        self.assertEqual(self.ask(journey="dream", to_be=True)[0][0].ref, "journey/way")

    def refused(self, code, text, **request):
        with self.assertRaises(RpcError) as caught:
            self.ask(**request)
        self.assertEqual(caught.exception.code, code)
        self.assertIn(text, caught.exception.message)

    def test_refused(self):
        self.refused(NOT_FOUND, "there is no journey/x", journey="x")
        self.refused(NOT_FOUND, "there is no segment/x", segment="x")
        self.refused(INVALID, "no journey", journey="step/a")
        self.refused(INVALID, "is not a date", since="yesterday")
        self.refused(INVALID, "has not come yet", since="2026-07-01")

    def test_circles_and_holes_of_the_plan(self):
        self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="odd"))
        self.assertIn("no journey", self.ask("odd")[1].notes[0])
        self.apply([put("w", "journey", C.Journey(segments=["s"])), put("s", "segment", C.Segment()), put("t", "segment", C.Segment()),
                    put("g", "stage", C.Stage(journey="w")), put("none", "journey", C.Journey()),
                    put("x", "step", C.Step(stage="g", follows=["z"])), put("y", "step", C.Step(stage="g", follows=["x"])),
                    put("z", "step", C.Step(stage="g", follows=["y"])), put("self", "step", C.Step(stage="g", follows=["z"]))], "odd")
        paths, summary = self.ask("odd")
        self.assertEqual(paths[1].not_ordered, "The path can't be ordered, because its steps follow each other in a circle: "
                                               "step/x -> step/y -> step/z -> step/x.")
        self.assertEqual([s.ref for s in paths[1].steps], ["step/self", "step/x", "step/y", "step/z"])  # by name
        self.assertIn("journey/none has no way to show, because", summary.notes[0])
        self.assertIn("can't be judged, because no expectation", self.ask("odd", journey="w", segment="s")[1].notes[0])
        with self.assertRaises(RpcError) as caught:
            self.ask("odd", journey="w", segment="t")
        self.assertIn("does not take", caught.exception.message)
        self.assertIn("can't be ordered", self.plumb("journey", "w", "-w", "odd"))
        self.assertIn("can't be ordered", self.plumb("journey", "w", "-w", "odd", "--svg", "-"))

    def test_limits_of_lists(self):
        self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="many"))
        self.apply([put("w", "journey", C.Journey()), put("g", "stage", C.Stage(journey="w")), put("x", "step", C.Step(stage="g"))]
                   + [put("e%d" % i, "expectation", C.Expectation(step="x")) for i in range(50)]
                   + [put("i%d" % i, "initiative", I.Initiative(steps=["x"])) for i in range(50)]
                   + [said("step/x", "2026-06-%02dT%02d:00:00Z" % (i % 28 + 1, i // 28), emotion=1) for i in range(50)], "many")
        step = self.ask("many")[0][0].steps[0]
        self.assertEqual((len(step.expectations), step.more_expectations, len(step.work), step.more_work, len(step.history), step.older),
                         (50, 0, 50, 0, 50, 0))
        self.apply([put("e50", "expectation", C.Expectation(step="x")), put("i50", "initiative", I.Initiative(steps=["x"])),
                    said("step/x", "2026-06-29", emotion=1)], "many")
        step = self.ask("many")[0][0].steps[0]
        self.assertEqual((len(step.expectations), step.more_expectations, len(step.work), step.more_work, len(step.history), step.older),
                         (50, 1, 50, 1, 50, 1))
        self.assertEqual((step.unanswered, step.history[-1].day), (51, "2026-06-29"))

    def test_notes_are_cut(self):
        """Journeys without a step: a sentence each, and there are fifty at most."""
        self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="empty"))
        for count in (49, 50, 51):
            self.apply([put("w%d" % i, "journey", C.Journey()) for i in range(count)], "empty")
            _, summary = self.ask("empty")
            self.assertEqual((len(set(summary.notes)), summary.journeys), (min(count, 50), count))

    def test_changes_to_be_are_cut(self):
        self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="wide"))
        self.apply([put("w", "journey", C.Journey()), put("g", "stage", C.Stage(journey="w")),
                    put("v", "journey", C.Journey(state=C.Journey.TO_BE, improves="w"))]
                   + [put("s%d" % i, "step", C.Step(stage="g")) for i in range(200)], "wide")
        target = self.ask("wide", to_be=True)[0][0].target
        self.assertEqual((len(target.changes), target.more_changes), (200, 0))
        self.apply([put("s200", "step", C.Step(stage="g"))], "wide")
        paths, _ = self.ask("wide", to_be=True)
        self.assertEqual((len(paths[0].target.changes), paths[0].target.more_changes, len(paths[0].steps)), (200, 1, 201))

    def test_command(self):
        out = self.plumb("journey", "way", "--since", "2026-04-30")
        for text in ("Taken by: segment/big, segment/small.", "+1 was -0.5, lost", "the stage has no steps", "step/loose",
                     "no team meets the customers there"):
            self.assertIn(text, " ".join(out.split()))
        rows = self.plumb("journey", "-o", "csv").splitlines()
        self.assertEqual(rows[0], "journey,stage,step,title,touchpoint,met_by,judged_by,owners,backstage,emotion,emotion_before,"
                                  "value_state,expectations,unanswered,opportunity,work,lacks")
        self.assertEqual(rows[1], "journey/way,stage/soon,step/a,A,desk,team/front,measure/m,,,1,,lost,3,2,10,initiative/works,"
                                  "no objective answers what is expected")
        answer = json.loads(self.plumb("journey", "-o", "json"))
        self.assertEqual((len(answer[0]["path"]["steps"]), answer[1]["summary"]["journeys"]), (5, 1))
        for line in self.plumb("journey", "--to-be", width=80).splitlines():
            self.assertLessEqual(len(line), 80)
        self.assertIn("did you mean journey/way", self.plumb("journey", "wy", code=3))
        self.assertIn("did you mean segment/big", self.plumb("journey", "--segment", "segment/bg", code=3))

    def test_picture(self):
        text = self.plumb("journey", "--svg", "-", "--since", "2026-04-30", "--to-be")
        root = ElementTree.fromstring(text.encode())
        self.assertEqual(text, self.plumb("journey", "--svg", "-", "--since", "2026-04-30", "--to-be"))
        frame = next(r for r in root.iter(NS + "rect") if r.get("class") == "frame")
        top, height = float(frame.get("y")), float(frame.get("height"))
        marks = {g.get("data-ref"): g.find(NS + "rect") for g in root.iter(NS + "g") if g.get("class") == "step"}
        for step, emotion in (("step/a", 1), ("step/b", 0), ("step/d", -1)):
            middle = float(marks[step].get("y")) + float(marks[step].get("height")) / 2
            self.assertAlmostEqual(middle, top + height * (2 - emotion) / 4, delta=0.11)
        self.assertIsNone(marks["step/c"])  # nobody said how it feels
        # c has no emotion and stands between a and b: only b and d are joined
        lines = [line for line in root.iter(NS + "polyline") if line.get("class") == "done"]
        self.assertEqual([len(line.get("points").split()) for line in lines], [2])


# ---- a twin, by the definitions of docs/CUSTOMERS.md


def paths_of(client, workspace="", **request):
    request = J.JourneyRequest(at=P.At(workspace=workspace), **request)
    paths, summary = [], None
    for reply in client.stream("Insight.Journey", request):
        if reply.HasField("summary"):
            summary = reply.summary
        elif paths and paths[-1].ref == reply.path.ref:
            paths[-1].steps.extend(reply.path.steps)
        else:
            paths.append(reply.path)
    return paths, summary


def ordered(names, follows):
    """Of those whose predecessors are all out, the first by name; None: there is a circle."""
    left, out = sorted(names), []
    while left:
        ready = [n for n in left if not any(f in left for f in follows[n])]
        if not ready:
            return None
        out.append(ready[0])
        left.remove(ready[0])
    return out


def random_plan(rng):
    """As plain data: what the daemon gets, and what the twin looks at."""
    plan = {"segments": ["s%d" % i for i in range(rng.randint(1, 4))], "steps": {}, "stages": {}, "expectations": {}, "words": [],
            "work": {}, "objectives": {}}
    plan["takers"] = sorted(rng.sample(plan["segments"], rng.randint(0, len(plan["segments"]))))
    for i in range(rng.randint(1, 4)):
        plan["stages"]["g%d" % i] = ["g%d" % k for k in range(4) if k != i and rng.random() < 0.15]
    for i in range(rng.randint(1, 12)):
        plan["steps"]["x%d" % i] = {
            "stage": rng.choice(sorted(plan["stages"])), "follows": ["x%d" % k for k in range(12) if rng.random() < 0.08],
            "emotion": rng.choice([None, -2, -1, 0, 1, 2]), "met": rng.random() < 0.5, "judged": rng.random() < 0.5,
            "owner": rng.random() < 0.3}
    for i in range(rng.randint(0, 20)):
        plan["expectations"]["e%d" % i] = {
            "segment": rng.choice(plan["segments"]), "step": rng.choice(sorted(plan["steps"])),
            "importance": rng.choice([None, 3, 7, 9]), "met": rng.choice([None, 2, 8])}
    for i in range(rng.randint(0, 30)):
        plan["words"].append({"step": rng.choice(sorted(plan["steps"])), "segment": rng.choice(plan["segments"] + [None]),
                              "at": "2026-%02d-%02dT10:%02d:00Z" % (rng.randint(1, 6), rng.randint(1, 28), i),
                              "emotion": rng.choice([None, -2, -1, 0, 1, 2])})
    for i in range(rng.randint(0, 8)):
        plan["work"]["i%d" % i] = {
            "steps": [s for s in sorted(plan["steps"]) if rng.random() < 0.15], "status": rng.choice([I.PROPOSED, I.ACTIVE, I.DONE, I.STOPPED]),
            "stages": [s for s in sorted(plan["stages"]) if rng.random() < 0.2],
            "segments": [s for s in plan["segments"] if rng.random() < 0.3]}
    for i in range(rng.randint(0, 5)):
        plan["objectives"]["o%d" % i] = {"answers": [e for e in sorted(plan["expectations"]) if rng.random() < 0.2],
                                         "status": rng.choice([I.Objective.OPEN, I.Objective.OPEN, I.Objective.DROPPED])}
    return plan


def stated(**fields):
    return {k: v for k, v in fields.items() if v is not None}


def changes_of(plan):
    out = [put("f", "team", I.Team()), put("m", "measure", I.Measure()), put("p", "person", I.Person()),
           put("j", "journey", C.Journey(segments=plan["takers"]))]
    out += [put(s, "segment", C.Segment()) for s in plan["segments"]]
    out += [put(g, "stage", C.Stage(journey="j", follows=f)) for g, f in plan["stages"].items()]
    for name, s in plan["steps"].items():
        body = C.Step(stage=s["stage"], follows=s["follows"], met_by="f" if s["met"] else "", judged_by="m" if s["judged"] else "",
                      **stated(emotion=s["emotion"]))
        out.append(put(name, "step", body, owners=["p"] if s["owner"] else []))
    out += [put(n, "expectation", C.Expectation(segment=e["segment"], step=e["step"], **stated(importance=e["importance"], met=e["met"])))
            for n, e in plan["expectations"].items()]
    out += [put(n, "initiative", I.Initiative(steps=w["steps"], status=w["status"],
                                              scope=I.Scope(stages=w["stages"], segments=w["segments"]))) for n, w in plan["work"].items()]
    out += [put(n, "objective", I.Objective(expectations=o["answers"], status=o["status"])) for n, o in plan["objectives"].items()]
    out += [said("step/" + w["step"], w["at"], **stated(segment=w["segment"], emotion=w["emotion"])) for w in plan["words"]]
    return out


def takers_of(plan):
    if plan["takers"]:
        return plan["takers"]
    return sorted({e["segment"] for e in plan["expectations"].values()} | {w["segment"] for w in plan["words"] if w["segment"]})


def feels(plan, step, segment, day="9999"):
    words = [w for w in plan["words"] if w["step"] == step and w["emotion"] is not None and w["segment"] in (None, segment)
             and w["at"][:10] <= day]
    return max(words, key=lambda w: w["at"])["emotion"] if words else plan["steps"][step]["emotion"]


def works_on(plan, step, segment=None):
    return sorted(n for n, w in plan["work"].items() if w["status"] in (I.PROPOSED, I.ACTIVE)
                  and (step in w["steps"] or plan["steps"][step]["stage"] in w["stages"])
                  and (segment is None or not w["segments"] or segment in w["segments"]))


def answers_to(plan, expectation):
    return sorted(n for n, o in plan["objectives"].items() if o["status"] == I.Objective.OPEN and expectation in o["answers"])


def way_of(plan):
    """None: it has a circle."""
    stages = ordered(plan["stages"], plan["stages"])
    out = []
    for stage in stages or ():
        inside = {n: s["follows"] for n, s in plan["steps"].items() if s["stage"] == stage}
        steps = ordered(inside, inside)
        if steps is None:
            return None
        out += steps
    return out if stages is not None else None


class TwinTest(unittest.TestCase):
    def test_random_plans(self):
        with Daemon(memory=True, clock="=" + TODAY + "T20:00:00Z") as daemon:
            client = daemon.client()
            circles = 0
            for seed in range(40):
                with self.subTest(seed=seed):
                    circles += self.one(client, "w%d" % seed, random_plan(random.Random(seed)))
            self.assertGreater(circles, 2)
            self.assertLess(circles, 38)
            client.close()

    def one(self, client, workspace, plan):
        client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id=workspace))
        client.call("Plan.Apply", P.ApplyRequest(workspace=workspace, change_set=P.ChangeSet(changes=changes_of(plan))))
        (path,), _ = paths_of(client, workspace, since="2026-03-31")
        way, takers = way_of(plan), takers_of(plan)
        self.assertEqual([s.split("/")[1] for s in path.segments], takers)
        self.assertEqual(way is None, path.not_ordered != "")
        if way is not None:
            self.assertEqual([s.ref.split("/")[1] for s in path.steps if s.ref], way)
        for step in path.steps:
            if step.ref:
                self.step(plan, step, takers)
        return way is None

    def step(self, plan, got, takers):
        name = got.ref.split("/")[1]
        step = plan["steps"][name]

        def mean(day):
            values = [v for v in (feels(plan, name, t, day) for t in takers or [None]) if v is not None]
            return sum(values) / len(values) if values else None
        for field, value in (("emotion", mean("9999")), ("emotion_before", mean("2026-03-31"))):
            self.assertEqual(getattr(got, field) if got.WhichOneof(field + "_") else None, value, (name, field))
        expected = {n: e for n, e in plan["expectations"].items() if e["step"] == name}
        self.assertEqual({e.ref.split("/")[1] for e in got.expectations}, set(expected))
        for e in got.expectations:
            about = expected[e.ref.split("/")[1]]
            known = about["importance"] is not None and about["met"] is not None
            self.assertEqual(e.WhichOneof("opportunity_") is not None, known)
            if known:
                self.assertEqual(e.opportunity, about["importance"] + max(about["importance"] - about["met"], 0))
            self.assertEqual([o.split("/")[1] for o in e.objectives], answers_to(plan, e.ref.split("/")[1]))
        work = works_on(plan, name)
        self.assertEqual([w.ref.split("/")[1] for w in got.work], work)
        unanswered = sum(not answers_to(plan, n) for n in expected)
        want = [("NO_OWNER", not step["met"] and not step["owner"]), ("NO_FUNCTION", not step["met"] and step["owner"]),
                ("NO_MEASURE", not step["judged"]), ("NO_WORK", not work), ("NO_EXPECTATION", not expected),
                ("NO_EMOTION", mean("9999") is None), ("UNANSWERED", unanswered > 0)]
        self.assertEqual((list(got.holes), got.unanswered), (holes(*[n for n, is_one in want if is_one]), unanswered))


if __name__ == "__main__":
    unittest.main()
