"""Load against its twin: every cell, booking and unplaced effort of random plans, and the findings that rest on them.

Hand-computed cases stand below; the twin (tests/support/load_twin.py) counts day by day. PLUMB_LOAD_PLANS makes it longer.
"""
import csv
import datetime
import io
import json
import os
import random
import re
import subprocess
import tempfile
import unittest

from load_twin import ACTIVE, Twin
from plumbrpc import INVALID, NOT_FOUND, ROOT, Daemon, RpcError, binary, pb

PLANS = int(os.environ.get("PLUMB_LOAD_PLANS", "60"))
TODAY = datetime.date(2026, 4, 15)
START = datetime.date(2026, 1, 5)


# ---- random plans ---------------------------------------------------------------------------------------------


def some(dice, names, most=1):
    return dice.sample(names, min(len(names), dice.randint(0, most)))


def day(dice, chance=1.0):
    return (START + datetime.timedelta(days=dice.randrange(300))).isoformat() if dice.random() < chance else ""


class Plan:
    """Items of a random plan; small enough to count by hand, with everything that real plans do wrong."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.items = {}
        self.teams = [f"t{n}" for n in range(self.dice.randint(0, 4))]
        self.people = [f"p{n}" for n in range(self.dice.randint(0, 8))]
        self.initiatives = [f"i{n}" for n in range(self.dice.randint(1, 12))]
        self.workstreams = [f"w{n}" for n in range(self.dice.randint(0, 6))]
        self.make_periods()
        self.make_people()
        self.make_work()
        self.make_allocations()
        self.ranked = self.dice.sample(self.initiatives, self.dice.randint(0, len(self.initiatives)))

    def put(self, kind, name):
        item = pb.item.Item(id=name)
        getattr(item, kind).SetInParent()
        self.items[f"{kind}/{name}"] = item
        return item, getattr(item, kind)

    def make_periods(self):
        dice = self.dice
        spans = [("q1", "2026-01-01", "2026-03-31"), ("q2", "2026-04-01", "2026-06-30"), ("q3", "2026-07-01", "2026-09-30"),
                 ("again", "2026-04-01", "2026-06-30"), ("year", "2026-01-01", "2026-12-31"),
                 ("apr", "2026-04-01", "2026-04-30"), ("may", "2026-05-01", "2026-05-31"), ("fiscal", "2026-03-16", "2026-06-14"),
                 ("sprint", "2026-04-13", "2026-04-24"), ("day", "2026-05-05", "2026-05-05"), ("open", "2026-02-01", ""),
                 ("backwards", "2026-05-01", "2026-04-01"), ("weekend", "2026-05-09", "2026-05-10")]
        self.periods = []
        for name, first, last in spans:
            if dice.random() < 0.4 or name == "q2" and dice.random() < 0.7:
                _, body = self.put("period", name)
                body.first_day, body.last_day = first, last
                self.periods.append(name)
        if dice.random() < 0.7:
            _, body = self.put("calendar", "c")
            body.working_days.extend(dice.sample(range(1, 8), dice.randint(0, 7)))
            body.holidays.extend(day(dice) for _ in range(dice.randint(0, 12)))

    def make_people(self):
        dice = self.dice
        for name in self.teams:
            _, body = self.put("team", name)
            body.members.extend(some(dice, self.people + ["nobody"], 3))
            body.calendar = dice.choice(["", "c"])
            for period in some(dice, self.periods + ["nowhen"], 2):
                body.capacities.add(period=period, effort=dice.choice([0, 1000, 12345]))
        for name in self.people:
            _, body = self.put("person", name)
            body.team = dice.choice(self.teams + ["", "gone"])
            if dice.random() < 0.6:
                body.capacity = dice.choice([0, 100, 333, 500, 700])
            body.first_day, body.last_day = day(dice, 0.2), day(dice, 0.2)
            for _ in range(dice.choice([0, 0, 1, 3])):
                body.absences.add(first_day=day(dice), last_day=day(dice))
            for _ in range(dice.choice([0, 0, 1, 2, 4])):
                body.capacities.add(first_day=day(dice), last_day=day(dice, 0.7), capacity=dice.choice([0, 100, 333, 700]))
            body.skills.extend(some(dice, ["law", "LAW", "Rust", "art"], 3))

    def status(self):
        return self.dice.choice([ACTIVE, ACTIVE, ACTIVE, ACTIVE, 2, 2, 0, 1, 4, 5, 6])

    def who(self):
        return self.dice.choice([f"person/{p}" for p in self.people] + [f"team/{t}" for t in self.teams] + ["team/gone"])

    def fill(self, item, body):
        """What initiatives and workstreams have in common."""
        dice = self.dice
        item.owners.extend(some(dice, self.people, 2))
        body.status = self.status()
        body.periods.extend(some(dice, self.periods, 2))
        body.start, body.finish = day(dice, 0.4), day(dice, 0.4)
        body.members.extend(some(dice, self.people + ["nobody"], 3))
        if dice.random() < 0.5:
            body.estimate.likely = dice.choice([0, 1, 700, 4321, 30000])
        for _ in range(dice.choice([0, 0, 1, 2])):
            need = body.needs.add(who=self.who() if dice.random() < 0.9 else "")
            if dice.random() < 0.8:
                need.effort = dice.choice([0, 1, 999, 5000, 20000])
            self.terms(need)

    def terms(self, need):
        dice = self.dice
        need.skill = dice.choice(["", "", "law", "Law", "rust"])
        if dice.random() < 0.2:
            need.most_share, need.least_share, need.whole = dice.random(), dice.random(), dice.random() < 0.5

    def make_work(self):
        dice = self.dice
        for name in self.initiatives:
            self.fill(*self.put("initiative", name))
        for n, name in enumerate(self.workstreams):
            item, body = self.put("workstream", name)
            self.fill(item, body)
            above = [f"initiative/{i}" for i in self.initiatives] + [f"workstream/{w}" for w in self.workstreams[:n]]
            body.initiative = dice.choice(above + ["", "initiative/gone"])
        parents = [f"initiative/{i}" for i in self.initiatives] + [f"workstream/{w}" for w in self.workstreams] + [""]
        for n in range(dice.randint(0, 2)):
            _, body = self.put("milestone", f"m{n}")
            body.initiative, body.due, body.done = dice.choice(parents), day(dice, 0.5), day(dice, 0.2)
        parents += [ref for ref in self.items if ref.startswith("milestone/")]
        for n in range(dice.randint(0, 10)):
            _, body = self.put("task", f"k{n}")
            body.initiative = dice.choice(parents)
            body.start, body.due, body.done = day(dice, 0.4), day(dice, 0.4), day(dice, 0.15)
            body.members.extend(some(dice, self.people + ["nobody"], 2))
            if dice.random() < 0.8:
                body.effort = dice.choice([0, 1, 50, 1234, 12345])
            if dice.random() < 0.3:
                body.estimate.likely = dice.choice([0, 1, 3000])
            for _ in range(dice.choice([0, 0, 0, 1, 2])):
                self.terms(body.needs.add(who=self.who() if dice.random() < 0.7 else "", effort=dice.choice([0, 7, 800, 9999])))
            parents.append(f"task/k{n}")

    def make_allocations(self):
        dice = self.dice
        work = [ref for ref in self.items if ref.split("/")[0] in ("initiative", "workstream", "task", "milestone")]
        for n in range(dice.randint(0, 8)):
            _, body = self.put("allocation", f"a{n}")
            body.who = self.who()
            body.initiative = dice.choice(work) if dice.random() < 0.9 else dice.choice(["", "initiative/gone"])
            body.period = dice.choice(self.periods + ["", "nowhen"])
            if dice.random() < 0.5:
                body.share = dice.choice([0, 0.1, 0.25, 0.5, 1])
            elif dice.random() < 0.9:
                body.effort = dice.choice([0, 1, 800, 7777, 15000])

    def change_set(self):
        refs = list(self.items)
        self.dice.shuffle(refs)  # no answer may depend on it
        changes = [pb.plan.Change(put=pb.plan.Put(item=self.items[ref])) for ref in refs]
        for name in self.ranked:
            changes.append(pb.plan.Change(place=pb.plan.Place(item=name, last=True)))
        return pb.plan.ChangeSet(changes=changes, effective="2026-01-05T12:00:00Z")

    def twin(self, weeks=None):
        return Twin(self.items, {f"initiative/{name}": n + 1 for n, name in enumerate(self.ranked)}, TODAY, weeks)


# ---- asking ---------------------------------------------------------------------------------------------------


class LoadTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, clock=f"{TODAY}T09:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client()

    def workspace(self, name, change_set):
        self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id=name, title=name))
        self.client.call("Plan.Apply", pb.plan.ApplyRequest(workspace=name, change_set=change_set))

    def load(self, name, **options):
        """Periods, rows and unplaced of all messages."""
        options.setdefault("from", "2025-01-01")
        whole = pb.insight.LoadReply()
        request = pb.insight.LoadRequest(at=pb.plan.At(workspace=name), **options)
        for reply in self.client.stream("Insight.Load", request):
            whole.MergeFrom(reply)
        return whole

    def findings(self, name, rule):
        found = []
        for reply in self.client.stream("Insight.Check", pb.insight.CheckRequest(at=pb.plan.At(workspace=name), rules=[rule])):
            found += reply.findings
        return found

    # ---- the twin

    def agree_on_cells(self, name, twin, **options):
        answer = self.load(name, bookings=True, **options)
        columns = twin.columns
        if twin.weeks:
            columns = [c for c in columns if c[2] >= twin.weeks[0] and c[1] <= twin.weeks[1]]
        self.assertEqual([(p.ref or p.first_day, p.first_day, p.last_day) for p in answer.periods],
                         [(c[0], c[1].isoformat(), c[2].isoformat()) for c in columns])
        self.assertEqual([row.who for row in answer.rows], twin.rows + [f"skill/{twin.skills[s]}" for s in sorted(twin.skills)])
        for row in answer.rows:
            home = twin.home(row.who) if row.who.startswith("person/") else None
            self.assertEqual(row.team, home or "")
            row.who = row.who.lower()
            for column, cell in zip(columns, row.cells, strict=True):
                where = f"{name}: {row.who} in {column[0]}"
                self.assertEqual(cell.capacity, twin.capacity(row.who, column), where)
                self.assertEqual(not cell.unknown, twin.known(row.who, column), where)
                expected = twin.bookings.get((row.who, column[0]), {})
                found = {(b.work, b.source, b.how, b.for_members): b.effort for b in cell.bookings}
                self.assertEqual(found, expected, where)
                self.assertEqual(len(found), len(cell.bookings), where)
                self.assertEqual(cell.demand, sum(expected.values()), where)
                order = [(b.rank or 1 << 31, b.work.split("/")[0] != "initiative") for b in cell.bookings]
                self.assertEqual([o[0] for o in order], sorted(o[0] for o in order), where)
                self.assertEqual([b.rank for b in cell.bookings], [twin.rank(b.work) for b in cell.bookings], where)
        unplaced = {}
        for u in answer.unplaced:
            key = (u.work, u.source, u.why)
            unplaced[key] = unplaced.get(key, 0) + u.effort
        self.assertEqual(unplaced, twin.unplaced, name)
        for row in answer.rows:
            if row.who.startswith("person/"):
                self.assertEqual((row.leads, row.executes), twin.leads_and_executes(row.who), f"{name}: {row.who}")

    def agree_on_findings(self, name, twin):
        found = self.findings(name, "load/over")
        over, unknown = twin.over()
        lacks = any(f.unknown and not f.subjects for f in found)
        if not lacks:
            self.assertEqual({tuple(f.subjects) for f in found if not f.unknown}, over, name)
            self.assertEqual({f.subjects[0] for f in found if f.unknown}, unknown, name)
        else:
            self.assertEqual((len(found), over), (1, set()), name)
        for f in found:
            if not f.unknown:
                numbers = {e.what: float(e.value) for e in f.evidence if e.ref == f.subjects[0]}
                column = next(c for c in twin.columns if c[0] == f.subjects[1])
                self.assertEqual(numbers["person-days asked"], twin.demand(f.subjects[0], column) / 100)
                self.assertEqual(numbers["person-days available"], twin.capacity(f.subjects[0], column) / 100)
        three = {}
        for f in self.findings(name, "load/rule-of-three"):
            facts = {e.what: e.value for e in f.evidence}
            three[f.subjects[0]] = (int(facts["initiatives at a time"]), datetime.date.fromisoformat(facts["day"]))
        self.assertEqual(three, twin.rule_of_three(), name)
        return len(over), len(three)

    def test_random_plans(self):
        over = three = 0
        for seed in range(PLANS):
            plan = Plan(seed)
            name = f"random-{seed}"
            self.workspace(name, plan.change_set())
            twin = plan.twin()
            self.agree_on_cells(name, twin)
            weeks = (TODAY - datetime.timedelta(days=plan.dice.randrange(60)), TODAY + datetime.timedelta(days=plan.dice.randrange(60)))
            if seed % 4 == 0:
                self.agree_on_cells(name, plan.twin(weeks), by_week=True, **{"from": weeks[0].isoformat(), "to": weeks[1].isoformat()})
            found = self.agree_on_findings(name, twin)
            over, three = over + found[0], three + found[1]
        if PLANS >= 60:  # the plans are of use only if they go wrong
            self.assertGreater(over, PLANS)
            self.assertGreater(three, PLANS // 10)

    # ---- by hand

    def put(self, name, **items):
        """items: kind_id={fields of the body}, owner=… of the item."""
        changes = []
        for ref, fields in items.items():
            kind, ident = ref.split("_", 1)
            item = pb.item.Item(id=ident.replace("_", "-"), owners=fields.pop("owners", []))
            getattr(item, kind).SetInParent()
            for field, value in fields.items():
                target = getattr(item, kind)
                if isinstance(value, list):
                    getattr(target, field).extend(value)
                elif isinstance(value, (int, float, str)):
                    setattr(target, field, value)
                else:
                    getattr(target, field).CopyFrom(value)
            changes.append(pb.plan.Change(put=pb.plan.Put(item=item)))
        self.workspace(name, pb.plan.ChangeSet(changes=changes))

    QUARTERS = {"period_q2": {"first_day": "2026-04-01", "last_day": "2026-06-30"},
                "period_q3": {"first_day": "2026-07-01", "last_day": "2026-09-30"}}

    def test_by_hand(self):
        """65 working days in the second quarter: 22 in April, 21 in May, 22 in June; the third has 66."""
        self.put("by-hand", **{k: dict(v) for k, v in self.QUARTERS.items()},
                 team_t={}, person_p={"team": "t", "capacity": 400}, person_q={"team": "t"},
                 initiative_i={"status": ACTIVE, "periods": ["q2"], "needs": [pb.item.Need(who="t", effort=2000)],
                               "members": ["q"], "owners": ["p"]},
                 task_k={"initiative": "i", "start": "2026-06-22", "due": "2026-07-03", "effort": 1000, "members": ["p"]})
        answer = self.load("by-hand", bookings=True)
        cells = {r.who: [(c.demand, c.capacity) for c in r.cells] for r in answer.rows}
        # p: 4 days a week over 5; 7 of the task's 10 working days are in June
        self.assertEqual(cells["person/p"], [(700, 5200), (300, 5280)])
        # q is a member, but the need says how much: of the team
        self.assertEqual(cells["person/q"], [(0, 6500), (0, 6600)])
        # 20 days are needed of the team in q2; 10 of them are the task's
        self.assertEqual(cells["team/t"], [(700 + 1000, 11700), (300, 11880)])
        heads = {r.who: (r.leads, r.executes) for r in answer.rows}
        self.assertEqual((heads["person/p"], heads["person/q"]), ((1, 0), (0, 1)))

    def test_what_is_shown(self):
        self.put("shown", **{k: dict(v) for k, v in self.QUARTERS.items()},
                 team_t={}, team_u={}, person_p={"team": "t"}, person_q={},
                 task_k={"effort": 100, "members": ["p"]})
        whole = self.load("shown")
        self.assertEqual([r.who for r in whole.rows], ["team/t", "team/u", "person/p", "person/q"])
        self.assertEqual(len(whole.unplaced), 1)
        self.assertEqual(whole.today, TODAY.isoformat())
        self.assertEqual([r.who for r in self.load("shown", who=["team/t"]).rows], ["team/t", "person/p"])
        self.assertEqual(len(self.load("shown", who=["team/t"]).unplaced), 0)
        self.assertEqual([r.who for r in self.load("shown", who=["team/t"], by=pb.insight.LoadRequest.TEAMS).rows], ["team/t"])
        self.assertEqual([r.who for r in self.load("shown", by=pb.insight.LoadRequest.PERSONS).rows], ["person/p", "person/q"])
        periods = lambda **o: [p.ref for p in self.load("shown", **o).periods]
        self.assertEqual(periods(**{"from": "2026-06-30"}), ["period/q2", "period/q3"])
        self.assertEqual(periods(**{"from": "2026-07-01"}), ["period/q3"])
        self.assertEqual(periods(to="2026-06-30"), ["period/q2"])
        self.assertEqual(periods(to="2026-03-31"), [])

    def test_bad_questions(self):
        self.put("bad", person_p={}, goal_g={})
        for options, code in ((({"who": ["person/x"]}), NOT_FOUND), ({"who": ["goal/g"]}, INVALID), ({"who": ["p"]}, INVALID),
                              ({"from": "tomorrow"}, INVALID), ({"to": "2026-02-30"}, INVALID),
                              ({"from": "2026-05-01", "to": "2026-04-01"}, INVALID)):
            with self.assertRaises(RpcError, msg=options) as refused:
                self.load("bad", **options)
            self.assertEqual(refused.exception.code, code, options)

    def test_bad_plans(self):
        """Dates centuries away, periods of millennia, no period at all: figures by arithmetic, never an overflow."""
        self.put("far", period_all={"first_day": "0001-01-01", "last_day": "9999-12-31"}, person_p={},
                 task_k={"start": "0001-01-01", "due": "9999-12-31", "effort": 100000000, "members": ["p"]})
        row = self.load("far").rows[0]
        # 3,652,059 days from a Monday to a Friday are 521,722 weeks and 5 days
        self.assertEqual((row.cells[0].demand, row.cells[0].capacity), (100000000, 100 * (521722 * 5 + 5)))
        self.put("nothing", person_p={}, task_k={"start": "2026-01-01", "due": "2026-12-31", "effort": 5, "members": ["p"]})
        answer = self.load("nothing")
        self.assertEqual((len(answer.periods), len(answer.rows)), (0, 1))
        self.assertEqual([(u.work, u.effort, u.why) for u in answer.unplaced], [("task/k", 5, "outside of all periods")])

    # ---- the command

    def plumb(self, name, *args, columns=80, code=0):
        command = [binary("plumb"), "--server", self.daemon.tcp, "-w", name] + list(args)
        done = subprocess.run(command, env=dict(os.environ, COLUMNS=str(columns)), capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_command(self):
        self.put("command", **{k: dict(v) for k, v in self.QUARTERS.items()},
                 team_t={}, team_empty={}, person_p={"team": "t", "capacity": 100}, person_q={},
                 initiative_i={"status": ACTIVE, "periods": ["q2"], "estimate": pb.item.Estimate(likely=1625), "members": ["p"],
                               "needs": []},
                 initiative_j={"status": ACTIVE, "periods": ["q3"], "needs": [pb.item.Need(who="empty", effort=150)]},
                 task_k={"effort": 100, "members": ["p"]})
        lines = self.plumb("command", "load", columns=120).splitlines()
        self.assertEqual(lines[0].split(), ["WHO", "q2", "q3", "LEADS", "EXECUTES"])
        # 13 days in q2, 16.25 asked: 125 %; a team of nobody, whose initiative has not begun; members below their team
        self.assertEqual([line.split()[:7] for line in lines[1:5]],
                         [["team/empty", "–/?", "1.5/?", "?", "0", "0"], ["team/t", "!16.3/13.0", "125%", "–/13.2", "0", "0"],
                          ["p", "!16.3/13.0", "125%", "–/13.2", "0", "1"], ["person/q", "–/65.0", "–/66.0", "0", "0"]])
        self.assertIn("task/k", self.plumb("command", "load"))
        self.assertIn("no time is stated", self.plumb("command", "load"))
        narrow = self.plumb("command", "load", columns=24)
        self.assertIn("!125%", narrow)
        for columns in (24, 40, 60, 80, 200):
            self.assertLessEqual(max(map(len, self.plumb("command", "load", columns=columns).splitlines())), columns)
        work = self.plumb("command", "load", "p", "--work", columns=100)
        self.assertRegex(work, r"person/p +q2 +16\.3 +initiative/i +estimate over members")
        rows = list(csv.DictReader(io.StringIO(self.plumb("command", "load", "-o", "csv"))))
        self.assertEqual(len(rows), 8)
        self.assertEqual((rows[2]["who"], rows[2]["period"], rows[2]["asked"], rows[2]["available"], rows[2]["over"]),
                         ("team/t", "period/q2", "16.25", "13.00", "yes"))
        as_json = json.loads(self.plumb("command", "load", "-o", "json", "--by", "person"))
        self.assertEqual([r["who"] for r in as_json["rows"]], ["person/p", "person/q"])
        self.assertIn("--from", self.plumb("command", "load", "--from", "soon", code=2))
        self.plumb("command", "load", "nobody", code=3)

    # ---- the document

    def documented(self, name, more=""):
        """Cells of the plan in docs/LOAD.md with more of it: {who: [(asked, available)]}, and the heads."""
        with open(os.path.join(ROOT, "docs", "LOAD.md"), encoding="utf-8") as file:
            base = re.search(r"```yaml\n(.*?)```", file.read(), re.S).group(1)
        self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id=name, title=name))
        with tempfile.TemporaryDirectory() as folder:
            for number, text in enumerate((base, more)):
                with open(os.path.join(folder, f"{number}.yaml"), "w", encoding="utf-8") as file:
                    file.write(text)
            self.plumb(name, "apply", "-f", folder, "--yes")
        rows = self.load(name).rows
        return ({r.who.split("/")[1]: [(c.demand / 100, c.capacity / 100) for c in r.cells] for r in rows},
                {r.who.split("/")[1]: (r.leads, r.executes) for r in rows})

    SEARCH = "initiatives:\n  search: {title: Search, owner: anna, status: active, periods: [2026-q2], members: [anna, ben], " \
             "estimate: {likely: 30d}%s}\n"
    NEEDS = ", needs: [{who: platform, effort: 20d}]"
    TASKS = "tasks:\n  t: {title: T, initiative: search, members: [anna], effort: %s}\n"

    def test_examples_of_the_document(self):
        cells, _ = self.documented("doc-base")
        self.assertEqual((cells["anna"][0], cells["ben"][0], cells["platform"][0]), ((0, 52), (0, 65), (0, 117)))
        cells, _ = self.documented("doc-away", "people:\n  carl: {title: Carl, capacity: 4d, absences: "
                                               "[{first_day: 2026-04-01, last_day: 2026-04-14}]}\n")
        self.assertEqual(cells["carl"][0], (0, 44))
        cells, _ = self.documented("doc-stated", "periods:\n  2026-h2: {first_day: 2026-07-01, last_day: 2026-12-31}\n"
                                                 "teams:\n  half: {title: Half, capacities: [{period: 2026-h2, effort: 200d}]}\n")
        self.assertEqual(cells["half"][1], (0, 100))
        cells, _ = self.documented("doc-estimate", self.SEARCH % "")
        self.assertEqual((cells["anna"][0][0], cells["ben"][0][0], cells["platform"][0][0]), (15, 15, 30))
        cells, _ = self.documented("doc-need", self.SEARCH % self.NEEDS)
        self.assertEqual((cells["anna"][0][0], cells["ben"][0][0], cells["platform"][0][0]), (0, 0, 20))
        cells, _ = self.documented("doc-part", self.SEARCH % self.NEEDS + self.TASKS % "8d")
        self.assertEqual((cells["anna"][0][0], cells["platform"][0][0]), (8, 20))
        cells, _ = self.documented("doc-more", self.SEARCH % self.NEEDS + self.TASKS % "25d")
        self.assertEqual((cells["anna"][0][0], cells["platform"][0][0]), (25, 25))
        cells, _ = self.documented("doc-when", "tasks:\n"
                                   "  a: {title: A, start: 2026-06-22, due: 2026-07-03, effort: 10d, members: [anna]}\n"
                                   "  b: {title: B, start: 2026-06-30, due: 2026-07-02, effort: 1d, members: [ben]}\n")
        self.assertEqual([c[0] for c in cells["anna"]], [7, 3])
        self.assertEqual([c[0] for c in cells["ben"]], [0.33, 0.67])
        self.documented("doc-over", self.SEARCH % "" + self.TASKS % "60d")
        found = self.findings("doc-over", "load/over")
        self.assertEqual([f.message for f in found if "anna" in f.subjects[0]],
                         ["person/anna is asked for 60 person-days in period/2026-q2 and can give 52 (115 %): 60 for task/t."])
        _, heads = self.documented("doc-heads", self.SEARCH.replace(", members: [anna, ben]", "") % ""
                                   + "  billing: {title: Billing, status: active}\n"
                                   + "workstreams:\n  w: {title: W, initiative: search, owner: anna, status: active}\n"
                                   + "  v: {title: V, initiative: search, owner: ben, status: active}\n"
                                   + "tasks:\n  a: {title: A, initiative: search, members: [anna]}\n"
                                   + "  b: {title: B, initiative: workstream/w, members: [anna]}\n"
                                   + "  c: {title: C, initiative: billing, members: [ben]}\n")
        self.assertEqual((heads["anna"], heads["ben"]), ((1, 0), (0, 2)))


if __name__ == "__main__":
    unittest.main()
