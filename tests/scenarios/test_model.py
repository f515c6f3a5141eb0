"""Random change sets through the wire: the daemon and the plain model must agree on everything, always.

After every step: taken or refused, with the same code. Now and then: the whole state, also after SIGTERM, after SIGKILL,
after a snapshot, and as of any past revision. PLUMB_MODEL_STEPS makes it longer.
"""
import copy
import os
import random
import unittest

from model import Model, Refused, exported
from plumbrpc import Daemon, RpcError, pb

STEPS = int(os.environ.get("PLUMB_MODEL_STEPS", "1000"))
NAMES = 12  # few names, so that changes meet


def name(dice, letter):
    return f"{letter}{dice.randrange(NAMES)}"


def put(dice):
    item = pb.item.Item()
    which = dice.randrange(8)
    if which == 0:
        item.id = name(dice, "g")
        item.goal.parent = name(dice, "g") if dice.random() < 0.4 else ""
        item.goal.SetInParent()
    elif which == 1:
        item.id = name(dice, "o")
        item.objective.goal = name(dice, "g")
        if dice.random() < 0.3:
            item.objective.parent = name(dice, "o")
    elif which in (2, 3):
        item.id = name(dice, "i")
        item.initiative.objective = name(dice, "o")
        item.initiative.after.extend(name(dice, "i") for _ in range(dice.randrange(3)))
        item.initiative.members.extend(name(dice, "p") for _ in range(dice.randrange(2)))
    elif which == 4:
        item.id = name(dice, "w")
        item.workstream.initiative = dice.choice([name(dice, "i"), "workstream/" + name(dice, "w")])
    elif which == 5:
        item.id = name(dice, "p")
        item.person.manager = name(dice, "p") if dice.random() < 0.5 else ""
        item.person.SetInParent()
    elif which == 6:
        item.id = "cs"
        item.team.SetInParent()
    else:
        item.id = name(dice, "t")
        item.task.initiative = dice.choice([name(dice, "i"), "workstream/" + name(dice, "w")])
    item.title = f"Title {dice.randrange(4)} é"
    item.owners.extend(name(dice, "p") for _ in range(dice.randrange(3)))
    if dice.random() < 0.03:
        item.id = dice.choice(["Not An Id", "", "-x"])
    return pb.plan.Change(put=pb.plan.Put(item=item))


def some_ref(dice):
    kind, letter = dice.choice([("goal", "g"), ("objective", "o"), ("initiative", "i"), ("workstream", "w"),
                                ("person", "p"), ("task", "t")])
    return f"{kind}/{name(dice, letter)}"


def place(dice):
    change = pb.plan.Change(place=pb.plan.Place(item=name(dice, "i"), ranking=dice.choice(["", "", "cs"])))
    where = dice.choice(["before", "after", "tied_with", "first", "last", "unranked"])
    setattr(change.place, where, name(dice, "i") if where in ("before", "after", "tied_with") else True)
    return change


def add(dice, revision):
    record = pb.item.Record(about=some_ref(dice), at="2026-01-05", note=f"note {dice.randrange(3)}")
    record.check_in.status = dice.randrange(4)
    if dice.random() < 0.3:
        record.id = f"c{dice.randrange(6)}"
    if dice.random() < 0.3:
        record.by = name(dice, "p")
    return pb.plan.Change(add=pb.plan.Add(record=record))


def retract(dice, revision):
    return pb.plan.Change(retract=pb.plan.Retract(
        ref=f"check-in/{dice.choice([f'c{dice.randrange(6)}', f'r{dice.randrange(1, revision + 2)}.0'])}", reason="wrong"))


def random_change(dice, revision):
    which = dice.random()
    if which < 0.5:
        change = put(dice)
    elif which < 0.6:
        change = pb.plan.Change(remove=pb.plan.Remove(ref=some_ref(dice), cascade=dice.random() < 0.4))
    elif which < 0.68:
        ref = some_ref(dice)
        change = pb.plan.Change(rename=pb.plan.Rename(ref=ref, id=name(dice, ref.partition("/")[2][0])))
    elif which < 0.83:
        change = place(dice)
    elif which < 0.94:
        change = add(dice, revision)
    else:
        change = retract(dice, revision)
    if dice.random() < 0.05:
        change.expected_revision = dice.randrange(1, revision + 2)
    elif dice.random() < 0.03:
        change.expected_absent = True
    return change


class ModelTest(unittest.TestCase):
    maxDiff = 4000

    def agree(self, client, state, **at):
        entries, orders = exported(client, **at)
        self.assertEqual(orders, state[1])
        self.assertEqual(sorted(entries), sorted(state[0]))
        for ref, entry in entries.items():
            self.assertEqual(entry, state[0][ref], ref)

    def hash(self, client):
        return client.call("Admin.Info", pb.admin.InfoRequest(workspace="main", state_hash=True)).state_hash

    def drive(self, seed):
        dice = random.Random(seed)
        model, past, outcomes = Model(), {}, {}
        with Daemon(clock="2026-03-02T09:00:00Z") as daemon:
            client = daemon.client(unix=True, as_name="person/anna")
            past[0] = model.state()
            for step in range(STEPS):
                changes = [random_change(dice, model.revision) for _ in range(dice.choice([1, 1, 2, 4]))]
                request = pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=changes, reason="random"))
                request.dry_run = dice.random() < 0.05
                expected = 0
                trial = copy.deepcopy(model) if request.dry_run else model
                try:
                    trial.apply(changes)
                except Refused as refused:
                    expected = refused.code
                try:
                    reply = client.call("Plan.Apply", request)
                    code = 0
                except RpcError as error:
                    code = error.code
                    self.assertNotEqual(error.message, "")
                self.assertEqual(code, expected, f"seed {seed} step {step}: {changes}")
                outcomes[code] = outcomes.get(code, 0) + 1
                if code == 0:
                    self.assertEqual(reply.revision, trial.revision)
                past[model.revision] = model.state()
                if dice.random() < 0.02:
                    self.agree(client, model.state())
                if dice.random() < 0.01:
                    client.call("Admin.Snapshot", pb.admin.SnapshotRequest())
                if dice.random() < 0.01:
                    before = self.hash(client)
                    daemon.kill() if dice.random() < 0.5 else daemon.terminate()
                    daemon.start()
                    client = daemon.client(unix=True, as_name="person/anna")
                    self.assertEqual(self.hash(client), before)
                    self.agree(client, model.state())
            self.agree(client, model.state())
            for revision in dice.sample(sorted(past), 12):
                if revision > 0:
                    self.agree(client, past[revision], revision=revision)
        # The dice must have met what the test is for.
        self.assertGreater(outcomes.get(0, 0), STEPS // 10)
        self.assertGreater(len(outcomes), 4, outcomes)

    def test_seed_1(self):
        self.drive(1)

    def test_seed_2(self):
        self.drive(2)

    def test_seed_3(self):
        self.drive(3)


if __name__ == "__main__":
    unittest.main()
