"""Clarity surveys, from outside: what is asked of whom, how it is scored, what is published, and that nobody's answer is found.

The plan is of 6 April 2026. The round asks from 10 to 20 April; its questions are of the plan as it was at the end of the 9th.
"""
import glob
import http.client
import json
import math
import os
import sqlite3
import subprocess
import tempfile
import time
import unittest

import clarity_twin
from plumbrpc import DENIED, EXISTS, INVALID, NOT_FOUND, PRECONDITION, Daemon, RpcError, binary, is_progress, pb
from terminal import Terminal

BEFORE, FIRST, SECOND, LAST, OVER = ("=2026-04-%sT09:00:00Z" % day for day in ("06", "10", "11", "20", "21"))
KINDS = {1: "priorities", 2: "serves", 3: "first", 4: "yours", 5: "connects"}
LEVELS = {"e": 1, "d": 2, "m": 3, "i": 4}
I = pb.item
WORK = {name: I.WorkStatus.Value(name) for name in ("PROPOSED", "APPROVED", "ACTIVE", "PAUSED", "DONE", "STOPPED")}
STATUS = {"OPEN": 0, "CLOSED": 1, "DROPPED": 2}

# As clarity_twin reads it; 6 executives, 5 directors, 10 managers, 12 individuals.
PEOPLE = {level + str(i): {"level": LEVELS[level], "team": "t%d" % (i % 3)}
          for level, count in (("e", 6), ("d", 5), ("m", 10), ("i", 12)) for i in range(count)}
PLAN = {
    **{"person/" + name: fields for name, fields in PEOPLE.items()},
    "team/t0": {"lead": "m0"}, "team/t1": {"lead": "m1"}, "team/t2": {"lead": "m2", "members": ["i1"]},
    "goal/g1": {}, "goal/g2": {}, "goal/g3": {}, "goal/g4": {}, "goal/g5": {}, "goal/g1a": {"parent": "g1"},
    "objective/o1": {"goal": "g1", "weight": 0.4, "precedes": ["o2"]},
    "objective/o2": {"goal": "g2", "weight": 0.3, "precedes": ["o3"]},
    "objective/o3": {"goal": "g3", "weight": 0.2},
    "objective/o4": {"goal": "g1a", "weight": 0.1, "precedes": ["o5"]},
    "objective/o5": {"goal": "g4", "precedes": ["o4"]},
    "objective/o1-sub": {"parent": "o1", "team": "t0", "weight": 0.5},
    "objective/o1-other": {"parent": "o1", "team": "t1", "weight": 0.25},
    "objective/gone": {"goal": "g5", "status": "DROPPED"},
    "objective/was": {"goal": "g5", "status": "CLOSED"},
    **{"initiative/i%d" % n: {"objective": "o%d" % (n % 5 + 1), "status": "ACTIVE" if n % 3 else "APPROVED",
                              "owners": ["m%d" % (n % 8)], "members": ["i%d" % (n % 10), "e%d" % (n % 4)]} for n in range(12)},
    "initiative/not-yet": {"objective": "o1", "status": "PROPOSED", "owners": ["m9"]},
    "initiative/no-more": {"objective": "o1", "status": "STOPPED", "owners": ["m9"], "members": ["i10"]},
    "workstream/w1": {"initiative": "i1", "owners": ["d0"], "members": ["d1", "d2", "d3", "d4", "e4", "e5"]},
    "workstream/w2": {"initiative": "i2", "owners": ["m8"]},
    "task/k1": {"initiative": "workstream/w2", "members": ["i11"]},
    "task/k2": {"initiative": "i3", "members": ["m9"]},
}
RANKING = ["initiative/i%d" % n for n in (3, 7, 0, 4, 11, 1, 2, 5, 6, 8, 9, 10)]
SEED = 7


def item(name, fields):
    kind, ident = name.split("/")
    fields = dict(fields)
    out = I.Item(id=ident, title="The " + ident, owners=fields.pop("owners", []))
    if kind in ("initiative", "workstream"):
        fields["status"] = WORK[fields.get("status", "ACTIVE")]
    if kind == "objective":
        fields["status"] = STATUS[fields.get("status", "OPEN")]
    body = {"person": I.Person, "team": I.Team, "goal": I.Goal, "objective": I.Objective, "initiative": I.Initiative,
            "workstream": I.Workstream, "task": I.Task}[kind]
    getattr(out, kind).CopyFrom(body(**fields))
    return out


def put(message):
    return pb.plan.Change(put=pb.plan.Put(item=message))


def round_(ident="q2", opens="2026-04-10", closes="2026-04-20", **fields):
    return put(I.Item(id=ident, title="Clarity in the second quarter", round=pb.governance.Round(
        type=pb.governance.Round.CLARITY, opens=opens, closes=closes, seed=fields.pop("seed", SEED), **fields)))


def company():
    changes = [put(item(name, fields)) for name, fields in PLAN.items()]
    after = ""
    for name in RANKING:
        changes.append(pb.plan.Change(place=pb.plan.Place(item=name, **({"after": after} if after else {"first": True}))))
        after = name
    return changes


class Clarity(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.data = os.path.join(self.folder.name, "data")
        self.daemon = None
        self.at(BEFORE)
        self.apply(*company(), round_())
        self.twin = dict(PLAN, ranking=RANKING)

    def at(self, clock):
        """The daemon, at another time."""
        if self.daemon is not None:
            self.daemon.terminate()
        self.daemon = Daemon(data=self.data, clock=clock, args=("--log-level", "debug", "--http", "tcp:127.0.0.1:0"))
        self.addCleanup(self.daemon.close)
        self.clients = {}

    def client(self, person=""):
        if person not in self.clients:
            self.clients[person] = self.daemon.client(as_name="person/" + person if person else "")
            self.addCleanup(self.clients[person].close)
        return self.clients[person]

    def apply(self, *changes, **fields):
        return self.client().call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=changes, **fields)))

    def questions(self, person, ident="q2"):
        return self.client(person).call("Survey.Questions", pb.survey.QuestionsRequest(round=ident))

    def survey(self, person, ident="q2", seed=SEED):
        return clarity_twin.Survey(self.twin, ident, seed, person).questions

    def answer(self, person, knows, ident="q2", seed=SEED):
        """knows: the kinds that are answered right; of the others each question is answered by somebody who does not know."""
        answers = [pb.survey.SurveyAnswer(question=q, chosen=[o for o, right in options.items() if right]
                                          if q.split("-")[0] in knows else [])
                   for q, _, options in self.survey(person, ident, seed)]
        return self.client(person).call("Survey.Answer", pb.survey.AnswerRequest(round=ident, answers=answers))

    def clarity(self, ident="q2", **request):
        return self.client().call("Survey.Clarity", pb.survey.ClarityRequest(round=ident, **request))

    def refused(self, code, text, call, *args, **kwargs):
        with self.assertRaises(RpcError) as caught:
            call(*args, **kwargs)
        self.assertEqual(caught.exception.code, code, caught.exception.message)
        said = caught.exception.message + str(caught.exception.violations)
        self.assertIn(text, said)
        return said

    @staticmethod
    def figures(reply):
        """{level: {kind: (known, asked)}}; level 0 is everybody."""
        return {level.level if level.HasField("level") else 0:
                {KINDS[s.kind]: (s.known, s.asked) for s in level.scores} for level in reply.levels}

    # ---- questions

    def test_questions_are_those_of_the_twin_for_everybody(self):
        self.at(FIRST)
        orders = set()
        for person in PEOPLE:
            reply = self.questions(person)
            asked = [(q.id, q.about, {o.ref: None for o in q.options}) for q in reply.questions]
            twin = [(q, about, dict.fromkeys(options)) for q, about, options in self.survey(person)]
            self.assertEqual(asked, twin, person)
            for q, (_, _, options) in zip(reply.questions, self.survey(person)):
                self.assertEqual(q.choose, sum(options.values()))
                self.assertFalse(q.right)
                self.assertTrue(all(o.title == "The " + o.ref.split("/")[1] for o in q.options))
            orders.add(str(reply.questions))
            self.assertEqual((reply.revision, reply.over, reply.answered), (1, False, False))
        self.assertEqual(len(orders), len(PEOPLE))  # different for each

    def test_questions_stay_whatever_becomes_of_the_plan(self):
        self.at("=2026-04-09T20:00:00Z")
        self.apply(put(item("goal/g6", {})))  # belongs to it: it is of the day before
        self.at(FIRST)
        # not any more, although it is the opening day and nobody has looked yet
        self.apply(put(item("objective/o6", {"goal": "g1"})), put(item("objective/o1", {"status": "DROPPED"})))
        self.twin["goal/g6"] = {}
        first = self.questions("m3")
        self.assertEqual(first.revision, 2)
        self.assertEqual([q.id for q in first.questions], [q for q, _, _ in self.survey("m3")])
        # seed and people are settled; who moves the day moves nothing of what was shown
        self.apply(round_(seed=8, opens="2026-04-08", closes="2026-04-20"))
        self.at(SECOND)
        again = self.questions("m3")
        again.opens = first.opens
        self.assertEqual(again, first)
        self.answer("m3", {"serves"})
        self.assertTrue(self.questions("m3").answered)
        self.assertFalse(self.questions("m4").answered)

    def test_what_is_too_small_says_so(self):
        self.at(FIRST)
        said = {person: [(KINDS[c.kind], c.why) for c in self.questions(person).cannot] for person in ("i10", "i11")}
        self.assertEqual(said["i11"], [])
        # only a stopped initiative has i10
        self.assertEqual(said["i10"], [("yours", "can't be asked, because no open work for an objective names you as owner, "
                                        "member or needed")])
        self.assertEqual([q.id for q in self.questions("i10").questions][-1], "first-3")

    def test_what_is_right_comes_when_it_is_over_and_then_nobody_answers_any_more(self):
        self.at(LAST)
        self.assertFalse(any(q.right for q in self.questions("m3").questions))
        self.at(OVER)
        reply = self.questions("m3")
        self.assertTrue(reply.over)
        self.assertEqual([sorted(q.right) for q in reply.questions],
                         [sorted(o for o, right in options.items() if right) for _, _, options in self.survey("m3")])
        # who prolongs it now comes too late
        self.apply(round_(closes="2026-05-20"))
        self.refused(PRECONDITION, "closed", self.answer, "m3", set())

    # ---- answers that are refused

    def test_refused_answers_change_nothing(self):
        self.refused(PRECONDITION, "opens on 2026-04-10", self.questions, "m3")
        self.refused(PRECONDITION, "opens on 2026-04-10", self.answer, "m3", set())
        self.at(FIRST)
        good = self.survey("m3")

        def send(answers, person="m3", ident="q2"):
            self.client(person).call("Survey.Answer", pb.survey.AnswerRequest(round=ident, answers=[
                pb.survey.SurveyAnswer(question=q, chosen=chosen) for q, chosen in answers]))

        none = [(q, []) for q, _, _ in good]
        one = next(q for q, _, options in good if sum(options.values()) == 1)
        options = next(list(o) for q, _, o in good if q == one)
        rest = [(q, []) for q, _, _ in good if q != one]
        self.refused(INVALID, one + " has no answer", send, rest)
        self.refused(INVALID, "no question 'serves-3' among yours", send, none + [("serves-3", [])])
        self.refused(INVALID, one + " is answered twice", send, none + [(one, [])])
        self.refused(INVALID, "'goal/nowhere' is none of its options", send, rest + [(one, ["goal/nowhere"])])
        self.refused(INVALID, "choose 1, or none", send, rest + [(one, options[:2])])
        self.refused(INVALID, "is chosen twice", send,
                     [(q, []) for q, _, _ in good if q != "priorities-1"]
                     + [("priorities-1", ["objective/o1"] * 3 if "objective/o1" in good[0][2] else [list(good[0][2])[0]] * 3)])
        self.refused(INVALID, "no question", send, [("x" * 3000, [])])
        self.refused(INVALID, "answered twice", send, none * 1000)
        self.refused(NOT_FOUND, "there is no round/q9", send, none, ident="q9")
        self.refused(INVALID, "is no round", send, none, ident="goal/g1")
        self.refused(INVALID, "which round", send, none, ident="")
        self.refused(DENIED, "say who you are", send, none, person="")
        self.refused(DENIED, "none of them", send, none, person="nobody")
        # nothing of all that was kept: the answer is taken, and once
        send(none)
        self.refused(EXISTS, "you have answered round/q2", send, none)
        self.refused(EXISTS, "you have answered round/q2", send, rest)
        self.at(OVER)
        self.refused(PRECONDITION, "closed on 2026-04-20", send, none, person="m4")
        self.assertEqual(self.clarity().why_not[:50], "can't be judged, because too few people answered: ")

    def test_whom_it_asks(self):
        self.apply(round_("some", people=["m3", "m4"]),
                   put(I.Item(id="vote", round=pb.governance.Round(opens="2026-04-10", closes="2026-04-20"))))
        self.at(FIRST)
        self.assertTrue(self.questions("m3", "some").questions)
        self.refused(DENIED, "does not ask you", self.questions, "m5", "some")
        self.refused(INVALID, "is a ballot", self.questions, "m3", "vote")
        # who came on the opening day was not there when it opened
        self.apply(put(item("person/new", {"level": 4})))
        self.refused(DENIED, "when it opened, at revision 2", self.questions, "new")
        self.apply(pb.plan.Change(remove=pb.plan.Remove(ref="round/some")))
        self.refused(NOT_FOUND, "no round/some", self.questions, "m3", "some")
        # a round that is made on its opening day asks about the plan with which it came
        revision = self.apply(round_("today")).revision
        self.assertEqual(self.questions("new", "today").revision, revision)

    # ---- scores

    def know(self, level, *counts):
        """The first counts[k] of a level know the k-th kind."""
        for name in [n for n in PEOPLE if n[0] == level]:
            at = int(name[1:])
            yield name, {kind for kind, count in zip(("priorities", "serves", "first", "yours"), counts) if at < count}

    def everybody(self, directors=5):
        """
        By hand: of 6 executives 5 know the priorities, 3 what serves them, 6 what comes first, 2 what is theirs; of 5 directors
        4, 4, 1, 5; of 10 managers 6, 2, 5, 10; of 12 individuals 3, 5, 4, 0 of the 11 who have something to do (i10 has not).
        """
        for level, counts in (("e", (5, 3, 6, 2)), ("d", (4, 4, 1, 5)), ("m", (6, 2, 5, 10)), ("i", (3, 5, 4, 0))):
            for name, knows in self.know(level, *counts):
                if level != "d" or int(name[1:]) < directors:
                    self.answer(name, knows)

    def test_scores_by_hand(self):
        self.at(SECOND)
        self.everybody()
        self.refused(PRECONDITION, "not over", self.clarity)
        self.at(LAST)
        self.refused(PRECONDITION, "not over", self.clarity)
        self.refused(NOT_FOUND, "no clarity survey is over", self.clarity, "")
        self.at(OVER)
        reply = self.clarity("")
        self.assertEqual((reply.round, reply.questions_revision, reply.withheld, reply.before), ("round/q2", 1, 0, ""))
        self.assertEqual([(v.people, v.invited) for v in reply.levels], [(6, 6), (5, 5), (10, 10), (12, 12), (33, 33)])
        self.assertEqual(self.figures(reply), {
            # who knows fewer of a kind is among those who know more: the first ones; so the smaller number connects
            1: {"priorities": (5, 6), "serves": (3, 6), "first": (6, 6), "yours": (2, 6), "connects": (3, 6)},
            2: {"priorities": (4, 5), "serves": (4, 5), "first": (1, 5), "yours": (5, 5), "connects": (4, 5)},
            3: {"priorities": (6, 10), "serves": (2, 10), "first": (5, 10), "yours": (10, 10), "connects": (2, 10)},
            # 11 of 12 were asked what is theirs: one is left over, so it is withheld, and of everybody too
            4: {"priorities": (3, 12), "serves": (5, 12), "first": (4, 12), "connects": (3, 12)},
            0: {"priorities": (18, 33), "serves": (14, 33), "first": (16, 33), "connects": (12, 33)}})
        for level in reply.levels:
            for s in level.scores:
                low, high = clarity_twin.wilson(s.known, s.asked)
                self.assertAlmostEqual(s.share, s.known / s.asked, 12)
                self.assertAlmostEqual(s.low, low, 9)
                self.assertAlmostEqual(s.high, high, 9)
        self.assertEqual([round(v.found, 2) if v.HasField("found") else None for v in reply.levels],
                         [0.5, 0.33, 0.16, None, None])
        # asked again, nothing is otherwise
        self.assertEqual(self.clarity(), reply)

    def test_beside_the_round_before(self):
        self.at(SECOND)
        self.everybody()
        self.at(OVER)
        self.apply(round_("q3", "2026-07-10", "2026-07-20", seed=9))
        self.at("=2026-07-10T09:00:00Z")
        for name in PEOPLE:
            if name[0] == "i":
                self.answer(name, {"priorities", "serves"} if int(name[1:]) < 10 else {"priorities"}, "q3", 9)
        self.at("=2026-07-21T09:00:00Z")
        reply = self.clarity("")
        self.assertEqual((reply.round, reply.before), ("round/q3", "round/q2"))
        self.assertEqual(list(reply.nobody), [])  # the levels of which nobody answered are not those that nobody has
        level = reply.levels[0]
        self.assertEqual((level.level, level.people), (4, 12))
        change = {KINDS[s.kind]: (s.known, round(s.before, 4), round(s.change_low, 4), round(s.change_high, 4))
                  for s in level.scores}
        # 10/12 - 3/12 and 12/12 - 3/12, by hand from Wilson's intervals 0.5520..0.9530, 0.0889..0.5323, 0.7575..1
        self.assertEqual(change["connects"][:2], (10, 0.25))
        self.assertAlmostEqual(change["connects"][2], 10 / 12 - .25 - math.hypot(10 / 12 - .5520, .5323 - .25), 3)
        self.assertAlmostEqual(change["connects"][3], 10 / 12 - .25 + math.hypot(.9530 - 10 / 12, .25 - .0889), 3)
        self.assertAlmostEqual(change["priorities"][2], .75 - math.hypot(1 - .7575, .5323 - .25), 3)

    def test_a_level_that_is_too_small_is_not_found_by_difference(self):
        self.at(SECOND)
        self.everybody(directors=4)
        self.at(OVER)
        reply = self.clarity()
        # with everybody's numbers the four directors' would follow
        self.assertEqual(sorted(self.figures(reply)), [1, 3, 4])
        self.assertEqual(reply.withheld, 0)

    def test_levels_that_nobody_has_are_named(self):
        self.apply(round_("managers", people=[p for p in PEOPLE if p[0] == "m"]))
        self.at(OVER)
        reply = self.clarity("managers")
        self.assertEqual(list(reply.nobody), [1, 2, 4])
        self.assertIn("too few people answered", reply.why_not)
        done = subprocess.run([binary("plumb"), "clarity", "managers"], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, PLUMB_SERVER=self.daemon.tcp, COLUMNS="80", LC_ALL="C.UTF-8"))
        self.assertIn("asks nobody of that level: executive, director,\nindividual.", done.stdout, done.stderr)

    # ---- nobody's answer is found

    def outputs(self):
        """All that anybody can ask for, but the survey itself: {what: text}."""
        out, client = {}, self.client()

        def take(name, method, request, stream=False):
            try:
                # how far a long call is says the clock
                out[name] = str([r for r in client.stream(method, request) if not is_progress(r)]
                                if stream else client.call(method, request))
            except RpcError as error:
                out[name] = f"{error.code} {error.message}"

        at = pb.plan.At
        for name, when in (("now", at()), ("past", at(revision=1)), ("day", at(time="2026-04-15"))):
            take("list " + name, "Plan.List", pb.plan.ListRequest(at=when, page_size=1000))
            take("export " + name, "Plan.Export", pb.plan.ExportRequest(at=when), True)
            take("check " + name, "Insight.Check", pb.insight.CheckRequest(at=when, waived=True), True)
            take("score " + name, "Insight.Score", pb.insight.ScoreRequest(at=when))
            take("mine " + name, "Insight.Mine", pb.insight.MineRequest(at=when, person="m3"))
            take("trace " + name, "Insight.Trace", pb.insight.TraceRequest(at=when, ref="round/q2"))
        for ref in ("round/q2", "person/m3", ""):
            take("history " + ref, "Plan.History", pb.plan.HistoryRequest(ref=ref))
        for term in ("kind:round", "by:person/m3", "kind:acceptance", "about:round/q2"):
            take("filter " + term, "Plan.List", pb.plan.ListRequest(filter=term))
        take("diff", "Plan.Diff", pb.plan.DiffRequest(**{"from": at(revision=1), "to": at()}))
        take("signals", "Signal.Signals", pb.signal.SignalsRequest())
        # what is asked here leaves lines itself; nothing else does
        for line in client.call("Audit.List", pb.audit.ListAuditRequest()).lines:
            self.assertIn(line.event, ("start", "stop", "export", "history", "list", "diff", "watch", "workspace-change", "backup"), line)
        take("clarity", "Survey.Clarity", pb.survey.ClarityRequest(round="q2"))
        take("acceptances", "Survey.Acceptances", pb.survey.AcceptancesRequest())
        for person in PEOPLE:  # for each other person; what a person is told of themselves is theirs
            if person != "m3":
                take("questions", "Survey.Questions", pb.survey.QuestionsRequest(round="q2"))
        out["backup"] = self.backup()
        self.daemon.wait_for_tables()
        # how far the daemon's own log is in them, with anchors of its audit file, says the clock on the wall
        out["tables"] = {name: [row for row in rows if not row.startswith("('system',")]
                         for name, rows in self.rows(os.path.join(self.data, "tables.db")).items()}
        out["calls counted"] = self.counted()
        return out

    @staticmethod
    def rows(path):
        """Everything that the tables of a file hold."""
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            tables = [name for name, in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
            return {name: sorted(map(repr, database.execute(f'SELECT * FROM "{name}"'))) for name in tables}
        finally:
            database.close()

    def backup(self):
        """All files of one, each as its rows or its bytes."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "backup")
            list(self.daemon.client(unix=True).stream("Admin.Backup", pb.admin.BackupRequest(path=path)))
            out = {}
            for name in glob.glob(os.path.join(path, "**"), recursive=True) if os.path.isdir(path) else [path]:
                if os.path.isfile(name):
                    with open(name, "rb") as file:
                        head = file.read(15)
                    out[os.path.relpath(name, folder)] = self.rows(name) if head == b"SQLite format 3" else head
        self.assertTrue(out and not any("confidential" in name for name in out), out.keys())
        return out

    def counted(self):
        """The series of the metrics page that tell methods apart; of those of surveys there is none."""
        connection = http.client.HTTPConnection(self.daemon.http, timeout=20)
        connection.request("GET", "/metrics")
        page = connection.getresponse().read().decode()
        connection.close()
        self.assertIn("plumbd_calls_total", page)
        return sorted({line.rsplit(" ", 1)[0] for line in page.splitlines() if "Survey/" in line})

    def files(self):
        """Of the data directory, but the store itself and its key: who may read it."""
        out = {}
        for path in glob.glob(os.path.join(self.data, "**"), recursive=True):
            if os.path.isfile(path) and "confidential" not in path:
                with open(path, "rb") as file:
                    out[os.path.relpath(path, self.data)] = file.read()
        return out

    def test_while_it_is_open_nothing_tells_that_somebody_answered_or_what(self):
        """The attacker knows all answers but one, and sees everything before and after it."""
        self.at(SECOND)
        for name in PEOPLE:
            if name != "m3":
                self.answer(name, {"priorities"})
        before = self.outputs()
        with self.client("i0").stream("Plan.Watch", pb.plan.WatchRequest(from_revision=1)) as watch:
            messages = iter(watch)
            next(messages)
            self.answer("m3", {"priorities", "serves", "first", "yours"})
            self.assertEqual(self.outputs(), before)
            self.refused(EXISTS, "you have answered", self.answer, "m3", set())
            self.assertEqual(self.outputs(), before)
            self.apply(put(item("goal/late", {})))
            seen = next(message for message in messages if not message.heartbeat)
            self.assertIn("The late", str(seen))  # the next thing that is seen is of the plan
        self.daemon.terminate()
        for name, text in {**self.files(), "log": self.daemon.read_log().encode()}.items():
            for secret in (b"priorities-1", b"yours-1", b"Survey.Answer", b"Survey.Questions"):
                self.assertNotIn(secret, text, name)

    def test_the_store_has_no_names_times_or_order(self):
        self.at(SECOND)
        for name in PEOPLE:
            self.answer(name, {"priorities"})
        self.daemon.terminate()
        with open(os.path.join(self.data, "confidential.db"), "rb") as file:
            raw = file.read()
        for name in PEOPLE:
            self.assertNotIn(b"person/" + name.encode(), raw)
        for mark in (b"2026-04", b"objective/", b"priorities"):
            self.assertNotIn(mark, raw)

    def test_a_withheld_answer_is_not_found_with_all_others_known(self):
        """Two worlds that differ in one answer of a group that is not shown give the same answers, to the last word."""
        said = []
        for knows in (set(), {"priorities", "serves", "first", "yours"}):
            self.setUp()
            self.at(SECOND)
            self.everybody(directors=3)
            self.answer("d3", knows)
            self.at(OVER)
            said.append(self.outputs())
            del said[-1]["backup"]  # it has the head of each daemon's own audit file
        self.assertEqual(*said)
        self.assertIn("executive".upper(), said[0]["clarity"])

    def test_neither_days_nor_prolonging_nor_a_second_round_tell_more(self):
        self.at(SECOND)
        self.everybody(directors=5)
        self.at(OVER)
        first = self.clarity()
        # prolonged after it was published: nobody can add an answer, and the numbers stay
        self.apply(round_(closes="2026-05-01"))
        self.refused(PRECONDITION, "takes no more answers", self.answer, "i3", set())
        self.assertEqual(self.figures(self.clarity()), self.figures(first))
        # another round of all but one: what both published would be that one's
        self.apply(round_("twin", "2026-04-22", "2026-04-25", people=[p for p in PEOPLE if p != "m3"]))
        self.at("=2026-04-23T09:00:00Z")
        for level, counts in (("e", (5, 3, 6, 2)), ("d", (4, 4, 1, 5)), ("m", (6, 2, 5, 10)), ("i", (3, 5, 4, 0))):
            for name, knows in self.know(level, *counts):
                if name != "m3":
                    self.answer(name, knows, "twin")
        # whoever now asks only a few in the first one, or removes it, does not make it another one
        self.apply(round_(closes="2026-04-20", people=["i1"]))
        self.apply(pb.plan.Change(remove=pb.plan.Remove(ref="round/q2")))
        self.at("=2026-04-26T09:00:00Z")
        reply = self.clarity("twin")
        self.assertEqual(sorted(self.figures(reply)), [1, 2, 4])  # neither the managers nor everybody
        self.assertEqual(reply.withheld, 0)

    def test_no_other_day_opens_it(self):
        self.at(SECOND)
        self.everybody()
        for today in ("2026-04-21", "2027-01-01"):
            at = pb.plan.At(today=today)
            findings = [f.rule for r in self.client().stream("Insight.Check", pb.insight.CheckRequest(at=at)) for f in r.findings]
            self.assertNotIn("clarity/level-below", findings)
        # nor does a round that is made to be over while it goes on: what was settled counts until somebody can look
        self.refused(PRECONDITION, "not over", self.clarity)

    # ---- the rule

    def test_a_level_below_is_found(self):
        self.at(SECOND)
        for name in PEOPLE:
            self.answer(name, {"priorities", "serves"} if name[0] in "ed" else {"first"})
        self.at(OVER)
        found = [f for r in self.client().stream("Insight.Check", pb.insight.CheckRequest(rules=["clarity/level-below"]))
                 for f in r.findings]
        # of the individuals not fewer than of the managers, but fewer than half; 0 of 12 are 24.2 % at most [Wilson]
        self.assertEqual({f.key: f.message for f in found}, {
            "clarity/level-below:round/q2@managers": "0 of 10 managers connect the priorities (0 %), fewer than of the directors "
            "(100 %), as round/q2 has it.",
            "clarity/level-below:round/q2@individuals": "0 of 12 individuals connect the priorities (0 %), by chance at most "
            "24.2 %, as round/q2 has it."})


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.data = os.path.join(cls.folder.name, "data")
        daemon = Daemon(data=cls.data, clock=BEFORE)
        daemon.client().call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=company() + [round_()])))
        daemon.terminate()
        cls.daemon = Daemon(data=cls.data, clock=SECOND)
        cls.addClassCleanup(cls.daemon.close)

    def plumb(self, *args, code=0, text=""):
        done = subprocess.run([binary("plumb"), *args], capture_output=True, text=True, timeout=60, input=text,
                              env=dict(os.environ, PLUMB_SERVER=self.daemon.tcp, COLUMNS="80", LC_ALL="C.UTF-8"))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_survey_and_clarity(self):
        shown = json.loads(self.plumb("survey", "--as", "m5", "-o", "json"))
        twin = clarity_twin.Survey(dict(PLAN, ranking=RANKING), "q2", SEED, "m5").questions
        self.assertEqual([q["id"] for q in shown["questions"]], [q for q, _, _ in twin])
        text = self.plumb("survey", "--as", "m5")
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)
        self.assertIn("--answers FILE", text)
        answers = "".join("%s: [%s]\n" % (q, ", ".join(o for o, right in options.items() if right)) for q, _, options in twin)
        self.assertIn("standard input:2:1:", self.plumb("survey", "q2", "--as", "m5", "--answers", "-", text="a: 1\na: 2\n", code=2))
        self.assertIn("is none of its options",
                      self.plumb("survey", "q2", "--as", "m5", "--answers", "-", text=answers.replace("goal/", "goal/x"), code=3))
        self.assertIn("a line for each question", self.plumb("survey", "q2", "--as", "m5", "--answers", "-", text="hello", code=2))
        self.assertIn("kept, without your name", self.plumb("survey", "q2", "--as", "m5", "--answers", "-", text=answers))
        self.assertIn("can do it once", self.plumb("survey", "q2", "--as", "m5", "--answers", "-", text=answers, code=3))
        self.assertIn("You have answered", self.plumb("survey", "--as", "m5"))
        self.assertIn("say who you are", self.plumb("survey", code=2))
        self.assertIn("not over", self.plumb("clarity", "q2", code=3))
        self.assertIn("no such file", self.plumb("survey", "--as", "m6", "--answers", "/nowhere", code=2).lower())

    def bodies(self):
        with sqlite3.connect(f"file:{self.data}/confidential.db?mode=ro", uri=True) as database:
            return sorted(body for body, in database.execute("SELECT body FROM answer"))

    def test_on_a_terminal_it_asks_one_by_one(self):
        def begin(person):
            terminal = Terminal([binary("plumb"), "--server", self.daemon.tcp, "--as", person, "survey"], columns=80, rows=60,
                                env=dict(os.environ, COLUMNS="80"))
            self.addCleanup(terminal.close)
            return terminal

        def asked(terminal, times, words="(Enter: I don't know): "):
            until = time.monotonic() + 30
            while terminal.raw.count(words) < times:
                self.assertLess(time.monotonic(), until, terminal.raw)
                terminal.read(0.1)
            self.assertEqual(terminal.raw.count(words), times)

        twin = clarity_twin.Survey(dict(PLAN, ranking=RANKING), "q2", SEED, "m7").questions
        questions = json.loads(self.plumb("survey", "--as", "m7", "-o", "json"))["questions"]
        before, prompts, wrong = self.bodies(), 0, 0
        terminal = begin("m7")
        for question, (name, _, right) in zip(questions, twin, strict=True):
            options = [option["ref"] for option in question["options"]]
            for refused in ("0", str(len(options) + 1), " ".join("1" for _ in range(question["choose"] + 1)), "x"):
                prompts += 1
                asked(terminal, prompts)
                terminal.type(refused + "\r")
                wrong += 1
                asked(terminal, wrong, "Please choose ")
            prompts += 1
            asked(terminal, prompts)
            # which goal it serves is known; nothing else
            knows = name.startswith("serves")
            terminal.type((", ".join(str(1 + i) for i, option in enumerate(options) if right[option]) if knows else "") + "\r")
        terminal.wait_for("Thank you: kept, without your name")
        self.assertEqual(terminal.wait(), 0)
        kept, = [body for body in self.bodies() if self.bodies().count(body) > before.count(body)]
        self.assertEqual(list(kept[2:]), [1, 2, 1, 1])  # missed, knew, missed, missed
        self.assertIn("You have answered", self.plumb("survey", "--as", "m7"))
        # who goes away in between has said nothing
        terminal = begin("m8")
        asked(terminal, 1)
        terminal.type("\r")
        asked(terminal, 2)
        terminal.type("\x04")
        self.assertEqual(terminal.wait(), 2)
        self.assertIn("nothing was sent", terminal.raw)
        self.assertNotIn("You have answered", self.plumb("survey", "--as", "m8"))

    def test_accept(self):
        self.plumb("baseline", "set", "plan-a")
        self.assertIn("Accepted baseline/plan-a", self.plumb("accept", "plan-a", "--as", "m5"))
        self.assertIn("Kept what stands", self.plumb("accept", "plan-a", "--as", "i1", "--blocked", "No tester before May",
                                                     "--clears", "m1"))
        listed = json.loads(self.plumb("accept", "--list", "-o", "json"))
        # owners and members of what goes on, and those who lead a team with an objective of its own
        carry = {p for name, fields in PLAN.items() if name.split("/")[0] in ("initiative", "workstream", "task")
                 and fields.get("status") not in ("STOPPED", "DONE") for p in fields.get("owners", []) + fields.get("members", [])}
        carry |= {PLAN["team/" + fields["team"]]["lead"] for name, fields in PLAN.items()
                  if name.startswith("objective/") and "team" in fields}
        self.assertEqual({p["person"][7:] for p in listed["people"] if p.get("carries", 0) > 0}, carry)
        self.assertEqual((listed["carriers"], listed["accepted"], listed["blocked"]), (len(carry), 1, 1))
        first = listed["people"][0]
        self.assertEqual((first["person"], first["state"], first["in_the_way"], first["cleared_by"]),
                         ("person/i1", "blocked", "No tester before May", "person/m1"))
        text = self.plumb("accept", "--list")
        self.assertIn("1 of %d who carry the plan have accepted it" % len(carry), text)
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)
        self.assertIn("what stands in the way of person/i1", self.plumb("mine", "m1", "-o", "json"))
        self.assertIn("your acceptance", self.plumb("mine", "m2", "-o", "json"))
        self.assertNotIn("your acceptance", self.plumb("mine", "m5", "-o", "json"))
        # the next word is the end of it
        self.plumb("accept", "plan-a", "--as", "i1")
        self.assertNotIn("what stands in the way", self.plumb("mine", "m1", "-o", "json"))
        self.assertEqual(json.loads(self.plumb("accept", "plan-a", "--list", "-o", "json"))["accepted"], 2)
        for args, words in ((("accept",), "which baseline"), (("accept", "plan-a", "--clears", "m1"), "--blocked"),
                            (("accept", "plan-a", "--blocked", ""), "in words"), (("accept", "--list", "--blocked", "x"), "--list shows"),
                            (("accept", "plan-a", "--as-of", "1"), "for --list")):
            self.assertIn(words, self.plumb(*args, "--as", "m5", code=2))
        self.assertIn("baseline 'nope' does not exist", self.plumb("accept", "nope", "--list", code=3))
        self.assertIn("plan-a", self.plumb("accept", "plan-b", "--as", "m5", code=3))
        self.assertIn("zed", self.plumb("accept", "plan-a", "--blocked", "x", "--clears", "zed", "--as", "m5", code=3))


class Large(unittest.TestCase):
    """20,000 people are asked: each gets questions, and can answer. What it takes is measured in tests/bench."""

    def test_questions_of_20000_people(self):
        daemon = Daemon(memory=True, clock=SECOND)
        self.addCleanup(daemon.close)
        client = daemon.client()
        changes = company() + [put(item("person/p%d" % i, {"level": 4, "team": "t%d" % (i % 3)})) for i in range(20000)]
        changes.append(round_("now"))
        for at in range(0, len(changes), 5000):
            client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=changes[at:at + 5000])), timeout=60)
        clients = [daemon.client(as_name="person/p%d" % i) for i in range(0, 20000, 1000)]
        for one in clients:
            self.addCleanup(one.close)
        clients[0].call("Survey.Questions", pb.survey.QuestionsRequest(round="now"), timeout=60)
        for one in clients:
            reply = one.call("Survey.Questions", pb.survey.QuestionsRequest(round="now"), timeout=60)
            self.assertTrue(reply.questions)
            answers = [pb.survey.SurveyAnswer(question=q.id) for q in reply.questions]
            one.call("Survey.Answer", pb.survey.AnswerRequest(round="now", answers=answers), timeout=60)


if __name__ == "__main__":
    unittest.main()
