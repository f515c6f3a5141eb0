"""Progress of random plans, worked out by the daemon and by a twin written from docs/PROGRESS.md, must agree."""
import csv
import io
import os
import random
import subprocess
import tempfile
import unittest

from plumbrpc import INVALID, NOT_FOUND, Daemon, RpcError, binary, pb
from progress_twin import Twin

TODAY = "2026-03-31"
METHODS = (0, 0, pb.item.WEIGHTED, pb.item.WEAKEST, pb.item.ALL)


class Plan:
    """A random plan: items, and what was recorded about them."""

    def __init__(self, rng):
        self.rng, self.items, self.check_ins, self.actuals = rng, {}, {}, {}
        self.goals = self.names("goal", 3)
        self.objectives = self.names("objective", 6)
        self.initiatives = self.names("initiative", 8)
        for name in self.goals + self.objectives + self.initiatives:
            getattr(self, "add_" + name.split("/")[0])(name)
        for i in range(12):
            self.add_part(i)

    def names(self, kind, count):
        return ["%s/%s%d" % (kind, kind[0], i) for i in range(count)]

    def maybe(self, choices, part=0.5):
        return self.rng.choice(choices).split("/")[1] if choices and self.rng.random() < part else ""

    def put(self, name, **body):
        kind, item_id = name.split("/")
        self.items[name] = pb.item.Item(id=item_id, **{kind: getattr(pb.item, kind.capitalize())(**body)})

    def weight(self):
        return {"weight": self.rng.choice((0, 0.1, 0.5, 1))} if self.rng.random() < 0.6 else {}

    def add_goal(self, name):
        before = [g for g in self.items if g.startswith("goal/")]
        self.put(name, parent=self.maybe(before), **self.weight())

    def targets(self):
        found = []
        for _ in range(self.rng.choice((0, 0, 1, 2, 3))):
            measure = "m%d" % len([i for i in self.items if i.startswith("measure/")])
            self.put("measure/" + measure, direction=pb.item.Measure.UP)
            if self.rng.random() < 0.7:
                self.actuals[measure] = self.rng.choice((-3, 0, 4, 10, 25))
            found.append(pb.item.Target(measure=measure, baseline=0, target=10))
        return found

    def add_objective(self, name):
        before = [o for o in self.items if o.startswith("objective/")]
        self.put(name, goal=self.maybe(self.goals), further_goals=[g for g in [self.maybe(self.goals, 0.3)] if g],
                 parent=self.maybe(before), targets=self.targets(), roll_up=self.rng.choice(METHODS),
                 status=self.rng.choice((0, 0, 0, pb.item.Objective.DROPPED)), **self.weight())

    def work_body(self):
        body = {"roll_up": self.rng.choice(METHODS),
                "status": self.rng.choice((pb.item.ACTIVE,) * 6 + (pb.item.DONE, pb.item.STOPPED))}
        if self.rng.random() < 0.5:
            body["estimate"] = pb.item.Estimate(likely=self.rng.choice((0, 100, 300, 700)))
        return body

    def contribution(self):
        c = pb.item.Contribution(to=self.rng.choice(self.objectives).split("/")[1], roll_up=self.rng.choice(METHODS))
        if self.rng.random() < 0.6:
            c.effort_share = self.rng.choice((0.25, 0.5, 1))
        return c

    def say(self, name, part):
        if self.rng.random() < part:
            self.check_ins[name] = self.rng.choice((None, 0, 0.2, 0.5, 0.9, 1))

    def add_initiative(self, name):
        self.put(name, objective=self.maybe(self.objectives, 0.8),
                 contributions=[self.contribution() for _ in range(self.rng.choice((0, 0, 1, 2, 3)))], **self.work_body())
        self.say(name, 0.4)

    def add_part(self, i):
        kind = self.rng.choice(("workstream", "milestone", "task", "task"))
        name = "%s/%s%d" % (kind, kind[0], i)
        above = [n for n in self.items if n.split("/")[0] in ("initiative", "workstream", "milestone", "task")]
        body = {"initiative": self.rng.choice(above)}
        if kind == "workstream":
            body["initiative"] = self.rng.choice([n for n in above if n.split("/")[0] in ("initiative", "workstream")])
            body.update(self.work_body(), objective=self.maybe(self.objectives, 0.2))
        else:
            body["roll_up"] = self.rng.choice(METHODS)
            body["done"] = self.rng.choice(("", "", "2026-03-01", "2026-04-01"))
            if kind == "milestone" and not body["initiative"].startswith(("initiative/", "workstream/")):
                body["initiative"] = self.rng.choice(self.initiatives)
            if kind == "task" and self.rng.random() < 0.6:
                body["effort"] = self.rng.choice((0, 50, 400))
        self.put(name, **body)
        self.say(name, 0.2)

    def changes(self):
        puts = [pb.plan.Change(put=pb.plan.Put(item=item)) for item in self.items.values()]
        records = [pb.item.Record(about=name, at="2026-03-20", check_in=pb.item.CheckIn(
            **({} if value is None else {"progress": value}))) for name, value in self.check_ins.items()]
        records += [pb.item.Record(about=measure, at="2026-03-20", measurement=pb.item.Measurement(value=value))
                    for measure, value in self.actuals.items()]
        return puts + [pb.plan.Change(add=pb.plan.Add(record=record)) for record in records]


class ProgressTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, clock="2026-03-31T09:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client(unix=True)

    def workspace(self, name):
        self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id=name))
        return name

    def apply(self, workspace, changes):
        self.client.call("Plan.Apply", pb.plan.ApplyRequest(
            workspace=workspace, change_set=pb.plan.ChangeSet(changes=changes)))

    def progress(self, workspace, refs=(), depth=0):
        return self.client.call("Insight.Progress", pb.insight.ProgressRequest(
            at=pb.plan.At(workspace=workspace, today=TODAY), refs=refs, depth=depth))

    def compare(self, seed, plan, reply):
        twin = Twin(plan.items, plan.check_ins, plan.actuals, TODAY)
        for node in reply.nodes:
            for name, known in (("work", node.work_known), ("outcome", node.outcome_known)):
                if node.ref.startswith("initiative/") and name == "outcome":
                    continue
                value, expected_known = getattr(twin, name)(node.ref)
                have = getattr(node, name) if node.WhichOneof(name + "_") else None
                with self.subTest(seed=seed, ref=node.ref, number=name):
                    self.assertEqual(have is None, value is None, (have, value))
                    if value is not None:
                        self.assertAlmostEqual(have, value, 9)
                        self.assertAlmostEqual(known, expected_known, 9)
        shares = {}
        for node in reply.nodes:
            if node.parent >= 0:
                shares[node.parent] = shares.get(node.parent, 0) + node.weight
        for total in shares.values():
            self.assertTrue(abs(total - 1) < 1e-9 or total == 0, total)

    def test_random_plans_agree_with_the_twin(self):
        known = 0
        for seed in range(60):
            plan = Plan(random.Random(seed))
            workspace = self.workspace("r%d" % seed)
            self.apply(workspace, plan.changes())
            refs = [name for name in plan.items if not name.startswith("measure/")]
            reply = self.progress(workspace, refs, 1)
            self.compare(seed, plan, reply)
            known += sum(n.ref.startswith("goal/") and n.WhichOneof("work_") is not None for n in reply.nodes)
        self.assertGreater(known, 20)  # otherwise nothing was compared

    def test_roots_are_the_goals_that_are_part_of_no_other(self):
        plan = Plan(random.Random(7))
        workspace = self.workspace("roots")
        self.apply(workspace, plan.changes())
        reply = self.progress(workspace)
        roots = [n.ref for n in reply.nodes if n.parent < 0]
        self.assertEqual(roots, sorted(g for g in plan.goals if not plan.items[g].goal.parent))
        for i, node in enumerate(reply.nodes):
            self.assertLess(node.parent, i)
        opened = [n.ref for n in reply.nodes if not n.again]
        self.assertEqual(len(opened), len(set(opened)))

    def test_names_are_checked(self):
        for ref, code in (("goal", INVALID), ("person/anna", INVALID), ("goal/nowhere", NOT_FOUND)):
            with self.assertRaises(RpcError) as caught:
                self.progress("main", [ref])
            self.assertEqual(caught.exception.code, code)

    def test_chances_are_those_of_the_forecast(self):
        """A day of work, due in a month or due today with two days to go; and what nobody can tell."""
        changes = []
        for name, due, effort in (("sure", "2026-04-30", 100), ("late", "2026-03-31", 200)):
            changes += [pb.item.Item(id=name, objective=pb.item.Objective(goal="chances", targets=[pb.item.Target(measure="calls", baseline=0, target=10, due=due)])),
                        pb.item.Item(id=name, initiative=pb.item.Initiative(objective=name, status=pb.item.ACTIVE, needs=[
                            pb.item.Need(who="person/" + name, effort=effort)])),
                        pb.item.Item(id=name, person=pb.item.Person())]
        changes += [pb.item.Item(id="calls", measure=pb.item.Measure(direction=pb.item.Measure.UP)),
                    pb.item.Item(id="chances", goal=pb.item.Goal()), pb.item.Item(id="open", objective=pb.item.Objective(goal="chances"))]
        self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="chances", title="Chances"))
        self.client.call("Plan.Apply", pb.plan.ApplyRequest(workspace="chances", change_set=pb.plan.ChangeSet(
            changes=[pb.plan.Change(put=pb.plan.Put(item=item)) for item in changes] +
            [pb.plan.Change(add=pb.plan.Add(record=pb.item.Record(   # far above the target, and rising
                id="r%d" % day, about="measure/calls", at="2026-03-%02dT12:00:00Z" % day,
                measurement=pb.item.Measurement(role=pb.item.Measurement.ACTUAL, value=20 + day)))) for day in (1, 8, 15, 22)])))
        forecast = {}
        for reply in self.client.stream("Insight.Forecast", pb.forecast.ForecastRequest(at=pb.plan.At(workspace="chances", today=TODAY))):
            forecast.update((o.ref, o) for o in reply.objectives)
        self.assertEqual([forecast["objective/" + name].chance for name in ("sure", "late")], [1, 0])
        self.assertFalse(forecast["objective/open"].HasField("chance"))
        command = [binary("plumb"), "--server", self.daemon.tcp, "-w", "chances", "--today", TODAY, "progress", "--chance", "-o"]
        out = subprocess.run(command + ["csv"], capture_output=True, text=True, check=True).stdout
        rows = {row["ref"]: row["chance"] for row in csv.DictReader(io.StringIO(out))}
        for ref, one in forecast.items():
            self.assertEqual(rows[ref], "%.6g" % one.chance if one.HasField("chance") else "", ref)
        self.assertEqual(rows["goal/chances"], "")
        out = subprocess.run(command + ["json"], capture_output=True, text=True, check=False)
        self.assertEqual(out.returncode, 2)
        self.assertIn("--chance goes with", out.stderr)

    def test_roll_up_stands_in_plan_files_and_comes_back(self):
        text = """
goals: {g: {}}
objectives: {o: {goal: g}, p: {parent: o, roll_up: weakest}}
initiatives:
  i:
    objective: o
    roll_up: all
    contributions: [{to: p, effort_share: 0.5, roll_up: weakest}]
    status: active
tasks: {t: {initiative: i, roll_up: weighted, done: 2026-03-01}}
"""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "plan.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            self.workspace("files")
            plumb = [binary("plumb"), "--server", self.daemon.unix, "--workspace", "files"]
            done = subprocess.run(plumb + ["apply", "-f", path, "--yes"], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            out = subprocess.run(plumb + ["export"], capture_output=True, text=True, timeout=60, check=True).stdout
            for word in ("roll_up: weakest", "roll_up: all", "roll_up: weighted"):
                self.assertIn(word, out)
            table = subprocess.run(plumb + ["progress", "--why"], capture_output=True, text=True, timeout=60, check=True)
            self.assertIn("counts in initiative/i: weighted", table.stdout)
            self.assertIn("counts in objective/p: weakest", table.stdout)


if __name__ == "__main__":
    unittest.main()
