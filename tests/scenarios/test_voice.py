"""Ballots and concord, from outside: who may order what, what is published when, and that one leader's order is nowhere.

The round "spring" is open from Monday 2 March 2026 to Friday 6 March. W and the consensus are worked out here once more, by the
definitions, from the orders that were given.
"""
import glob
import itertools
import os
import sqlite3
import subprocess
import tempfile
import unittest

from plumbrpc import Daemon, RpcError, binary, is_progress, pb
from terminal import Terminal

DURING = "=2026-03-03T09:00:00Z"
LAST = "=2026-03-06T22:00:00Z"
AFTER = "=2026-03-07T09:00:00Z"
INVALID, NOT_FOUND, DENIED, PRECONDITION = 3, 5, 7, 9
OBJECTIVES = ["reach", "retention", "self-service", "speed"]
#         by leader; "=" shares a place
ORDERS = ["reach retention self-service speed", "retention reach self-service speed", "reach self-service=retention speed",
          "speed retention reach self-service", "reach speed retention self-service", "self-service retention speed reach"]


def places(order):
    """Place of each objective, by name."""
    return {o: place for place, group in enumerate(order.split()) for o in group.split("=")}


def ranks(order, names):
    p = places(order)
    return [sum(p[b] < p[a] for b in names) + (sum(p[b] == p[a] for b in names) + 1) / 2 for a in names]


def kendall_w(orders, names):
    m, n = len(orders), len(names)
    rows = [ranks(order, names) for order in orders]
    sums = [sum(column) for column in zip(*rows)]
    ties = sum(t ** 3 - t for row in rows for t in [row.count(r) for r in set(row)])
    return (12 * sum(s * s for s in sums) - 3 * m * m * n * (n + 1) ** 2) / (m * m * n * (n * n - 1) - m * ties)


def sign(x):
    return (x > 0) - (x < 0)


def distance(a, b, names):
    return sum(abs(sign(a[x] - a[y]) - sign(b[x] - b[y])) / 2 for x, y in itertools.combinations(names, 2))


def consensus(orders, names):
    """(distance, all orders that are as near)"""
    all_orders = [(sum(distance(places(" ".join(o)), places(b), names) for b in orders), list(o)) for o in itertools.permutations(names)]
    least = min(d for d, _ in all_orders)
    return least, [o for d, o in all_orders if d == least]


class World(unittest.TestCase):
    leaders = 6

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.data = os.path.join(self.folder.name, "data")
        self.daemon = None
        self.at(DURING)
        self.plan()

    def at(self, clock, args=("--log-level", "debug"), anonymous="admin"):
        if self.daemon is not None:
            self.daemon.terminate()
        self.daemon = Daemon(data=self.data, clock=clock, args=args, anonymous=anonymous)
        self.addCleanup(self.daemon.close)

    def apply(self, *changes, **options):
        return self.daemon.client(unix=True).call(
            "Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=changes, **options)))

    def put(self, **item):
        return pb.plan.Change(put=pb.plan.Put(item=pb.item.Item(**item)))

    def round(self, id="spring", opens="2026-03-02", closes="2026-03-06", **fields):
        return self.put(id=id, title="Spring round", round=pb.governance.Round(opens=opens, closes=closes, **fields))

    def plan(self):
        weights = {"reach": 0.4, "retention": 0.3}
        items = [self.put(id=o, title="The objective " + o, objective=pb.item.Objective(
            **({"weight": weights[o]} if o in weights else {}), precedes=["speed"] if o == "self-service" else []))
            for o in OBJECTIVES]
        items += [self.put(id="l%d" % i, title="Leader number %d" % i, person=pb.item.Person(level=1 + i % 2)) for i in range(self.leaders)]
        items += [self.put(id="worker", title="A worker", person=pb.item.Person(level=4)), self.round()]
        self.apply(*items)

    def ballot(self, person, order="", round="spring", **fields):
        client = self.daemon.client(as_name="person/" + person if person else "")
        try:
            return client.call("Voice.Ballot", pb.voice.BallotRequest(
                round=round, places=[pb.voice.BallotPlace(objectives=p.split("=")) for p in order.split()], **fields))
        finally:
            client.close()

    def refused(self, code, person, order="", **fields):
        with self.assertRaises(RpcError) as caught:
            self.ballot(person, order, **fields)
        self.assertEqual(caught.exception.code, code, caught.exception.message)
        return caught.exception.message

    def all_vote(self, orders=ORDERS, **fields):
        for i, order in enumerate(orders):
            self.assertTrue(self.ballot("l%d" % i, order, **fields).kept)

    def concord(self, round="spring", **fields):
        return self.daemon.client().call("Voice.Concord", pb.voice.ConcordRequest(round=round, **fields))

    def check(self, **at):
        with self.daemon.client().stream("Insight.Check", pb.insight.CheckRequest(
                at=pb.plan.At(**at), rules=["clarity/leaders-disagree"])) as stream:
            return [finding for reply in stream for finding in reply.findings]


class Ballots(World):
    def test_who_may_answer_when_and_what(self):
        asked = self.ballot("l0")
        self.assertEqual(sorted(o.objective for o in asked.objectives), OBJECTIVES)
        self.assertEqual((asked.named, asked.answered, asked.kept, asked.closes), (False, False, False, "2026-03-06"))
        self.assertEqual(self.ballot("l0", round="").round, "spring")
        self.assertIn("does not ask you", self.refused(DENIED, "worker"))
        self.assertIn("say who you are", self.refused(DENIED, ""))
        self.assertIn("none of them", self.refused(DENIED, "stranger"))
        self.refused(NOT_FOUND, "l0", round="none")
        self.refused(NOT_FOUND, "worker", round="")
        self.refused(INVALID, "l0", round="objective/reach")
        whole = "reach retention self-service speed"
        self.assertIn("misses objective/self-service, objective/speed", self.refused(INVALID, "l0", "reach retention"))
        self.assertIn("objective/reach is there twice", self.refused(INVALID, "l0", whole + " reach"))
        self.assertIn("twice", self.refused(INVALID, "l0", "reach=reach retention self-service speed"))
        self.assertIn('does not ask about objective "fame"', self.refused(INVALID, "l0", whole + " fame"))
        self.assertIn("secret", self.refused(INVALID, "l0", whole, named=True))
        with self.assertRaises(RpcError) as caught:
            self.daemon.client(as_name="person/l0").call("Voice.Ballot", pb.voice.BallotRequest(round="spring", places=[pb.voice.BallotPlace()]))
        self.assertEqual(caught.exception.code, INVALID)
        self.assertFalse(self.ballot("l0").answered)  # nothing of that was kept
        self.assertFalse(self.ballot("l0", whole).replaced)
        self.assertTrue(self.ballot("l0").answered)
        self.assertTrue(self.ballot("l0", "objective/speed=reach retention self-service").replaced)
        # rounds that are not open
        self.apply(self.round(id="later", opens="2026-03-04", closes="2026-03-09"),
                   self.round(id="past", opens="2026-02-02", closes="2026-03-02"),
                   self.round(id="two", opens="2026-03-02", closes="2026-03-05"),
                   self.round(id="survey", type=1),
                   self.round(id="named-people", people=["worker"], objectives=["reach", "speed"]),
                   self.round(id="one", objectives=["reach"]))
        self.assertIn("opens on 2026-03-04", self.refused(PRECONDITION, "l0", round="later"))
        self.assertIn("closed on 2026-03-02", self.refused(PRECONDITION, "l0", whole, round="past"))
        self.assertIn("say which", self.refused(INVALID, "l0", round=""))
        self.assertIn("no ballot", self.refused(INVALID, "l0", round="survey"))
        self.assertIn("does not ask you", self.refused(DENIED, "l0", round="named-people"))
        self.assertEqual(sorted(o.objective for o in self.ballot("worker", round="named-people").objectives), ["reach", "speed"])
        self.assertIn("at least two", self.refused(PRECONDITION, "l0", round="one"))
        with self.assertRaises(RpcError) as caught:
            self.concord()
        self.assertEqual(caught.exception.code, PRECONDITION)
        self.at(LAST)
        self.assertTrue(self.ballot("l0", whole).replaced)
        self.at(AFTER)
        self.assertIn("plumb concord", self.refused(PRECONDITION, "l0", whole))

    def test_three_hundred_objectives_and_no_more(self):
        names = ["o%03d" % i for i in range(301)]
        self.apply(*[self.put(id=name, title=name, objective=pb.item.Objective()) for name in names])
        self.apply(self.round(id="many", objectives=names[:300]), self.round(id="more", objectives=names))
        self.assertTrue(self.ballot("l0", " ".join(names[:300]), round="many").kept)
        self.assertIn("more than 300", self.refused(PRECONDITION, "l0", round="more"))

    def test_each_is_shown_an_order_of_their_own(self):
        shown = {tuple(o.objective for o in self.ballot("l%d" % i).objectives) for i in range(6)}
        self.assertGreater(len(shown), 1)
        again = [[o.objective for o in self.ballot("l1").objectives] for _ in range(2)]
        self.assertEqual(*again)

    def test_what_is_asked_is_settled_when_it_is_shown(self):
        self.ballot("l0")
        self.apply(self.put(id="new", title="New", objective=pb.item.Objective()), self.round(named=True, closes="2026-03-09"))
        asked = self.ballot("l1")
        self.assertEqual(sorted(o.objective for o in asked.objectives), OBJECTIVES)
        self.assertFalse(asked.named)  # nobody's name is shown who was told that it would not be
        self.assertEqual(asked.closes, "2026-03-09")  # but it may be made longer

    def test_disagreement_is_counted_as_defined(self):
        self.all_vote()
        self.at(AFTER)
        reply = self.concord()
        self.assertTrue(reply.published)
        self.assertEqual((reply.asked, reply.ballots), (6, 6))
        self.assertAlmostEqual(reply.w, kendall_w(ORDERS, OBJECTIVES), 12)
        least, nearest = consensus(ORDERS, OBJECTIVES)
        found = [o.objective for o in reply.objectives]
        self.assertEqual(reply.distance, least)
        self.assertTrue(reply.consensus_is_exact)
        self.assertIn(found, nearest)
        self.assertEqual(reply.orders, len(nearest))
        rows = [ranks(order, OBJECTIVES) for order in ORDERS]
        for o in reply.objectives:
            column = [row[OBJECTIVES.index(o.objective)] for row in rows]
            mean = sum(column) / 6
            self.assertAlmostEqual(o.mean_rank, mean, 12)
            self.assertAlmostEqual(o.spread, (sum((r - mean) ** 2 for r in column) / 6) ** .5, 12)
        for pair in reply.pairs:
            votes = [sign(places(o)[pair.second] - places(o)[pair.first]) for o in ORDERS]
            self.assertEqual((pair.for_first, pair.for_second, pair.tied), (votes.count(1), votes.count(-1), votes.count(0)))
        # the plan: reach before retention by weight, self-service before speed by precedence
        where = {o: i for i, o in enumerate(found)}
        wrong = (where["reach"] > where["retention"]) + (where["self-service"] > where["speed"])
        self.assertEqual((reply.plan.pairs, reply.plan.of), (wrong, 2))
        self.assertEqual(list(reply.leaders), [])
        self.assertAlmostEqual(reply.noise.system ** 2, reply.noise.level ** 2 + reply.noise.pattern ** 2, 12)
        self.assertEqual(reply.noise.level, 0)
        # seeded: again the same, and the rule says it with the same numbers
        self.assertEqual(self.concord().p, reply.p)
        finding, = self.check()
        self.assertEqual(finding.key, "clarity/leaders-disagree:round/spring")
        self.assertIn("The 6 leaders", finding.message)
        self.assertNotIn("Leader number", str(finding))
        self.assertEqual(self.check(today="2026-03-06"), [])
        self.assertEqual(len(self.check(today="2026-04-01")), 1)

    def test_too_few_or_all_but_a_few_publish_nothing(self):
        self.all_vote(ORDERS[:4])
        self.at(AFTER)
        reply = self.concord()
        self.assertFalse(reply.published)
        self.assertIn("at least five", reply.withheld)
        self.assertEqual((reply.ballots, reply.asked, list(reply.objectives), list(reply.pairs)), (0, 0, [], []))
        finding, = self.check()
        self.assertTrue(finding.unknown)
        # it may be made longer: the fifth of six, and one did not answer
        self.at(AFTER)
        self.apply(self.round(closes="2026-03-08"))
        self.ballot("l4", ORDERS[4])
        self.at("=2026-03-09T09:00:00Z")
        self.assertFalse(self.concord().published)
        self.apply(self.round(closes="2026-03-10"))
        self.ballot("l5", ORDERS[5])
        self.at("=2026-03-11T09:00:00Z")
        self.assertTrue(self.concord().published)
        # what was published is sealed: no later answer shows in a difference
        self.apply(self.round(closes="2026-03-30"))
        self.assertIn("given out", self.refused(PRECONDITION, "l5", ORDERS[0]))
        self.assertTrue(self.concord().published)

    def test_four_are_too_few_even_where_all_answered(self):
        self.apply(*[self.round(id="of-%d" % n, people=["l%d" % i for i in range(n)]) for n in (4, 5)])
        for n in (4, 5):
            self.all_vote(ORDERS[:n], round="of-%d" % n)
        self.at(AFTER)
        self.assertEqual([self.concord("of-%d" % n).published for n in (4, 5)], [False, True])

    def test_all_the_same_and_nothing_to_compare(self):
        self.all_vote(["reach=retention=self-service=speed"] * 6)
        self.at(AFTER)
        reply = self.concord()
        self.assertEqual(reply.WhichOneof("w_"), None)
        self.assertIn("one place", reply.not_judged)
        finding, = self.check()
        self.assertTrue(finding.unknown)

    def test_named_rounds_show_names_once_they_are_over(self):
        self.apply(self.round(id="open", named=True))
        self.assertTrue(self.ballot("l0", round="open").named)
        self.assertIn("--named", self.refused(INVALID, "l0", ORDERS[0], round="open"))
        for i in range(2):
            self.ballot("l%d" % i, ORDERS[i], round="open", named=True)
        with self.assertRaises(RpcError) as caught:
            self.concord("open")
        self.assertEqual(caught.exception.code, PRECONDITION)
        self.at(AFTER)
        reply = self.concord("open")
        self.assertEqual({leader.person for leader in reply.leaders}, {"l0", "l1"})
        found = {o.objective: o.place for o in reply.objectives}
        for leader in reply.leaders:
            order = places(ORDERS[int(leader.person[1])])
            self.assertEqual(leader.consensus.pairs, distance(order, found, OBJECTIVES))
            self.assertEqual(leader.consensus.of, 6)
        # whoever has left the plan is not named
        self.apply(pb.plan.Change(remove=pb.plan.Remove(ref="person/l0")))
        self.assertEqual({leader.person for leader in self.concord("open").leaders}, {"", "l1"})

    def test_rounds_that_repeat(self):
        self.apply(self.round(id="first", named=True), self.round(id="second", named=True, repeats="first"),
                   self.round(id="secret"))
        for i in range(3):
            self.ballot("l%d" % i, ORDERS[i], round="first", named=True)
            self.ballot("l%d" % (i + 1), ORDERS[i], round="second", named=True)
        self.at(AFTER)
        repeat = self.concord("second").repeat
        self.assertEqual((repeat.round, repeat.ballots, repeat.objectives, repeat.leaders), ("first", 3, 4, 2))
        self.assertAlmostEqual(repeat.w_before, kendall_w(ORDERS[:3], OBJECTIVES), 12)
        self.assertEqual(repeat.w_before, repeat.w_now)
        self.assertEqual(repeat.consensus.pairs, 0)
        # l1 and l2, who gave ORDERS[1], ORDERS[2] and then ORDERS[0], ORDERS[1]
        first, second = ([ranks(ORDERS[k], OBJECTIVES) for k in pair] for pair in ((1, 2), (0, 1)))
        occasion = sum(((a - b) / 2) ** 2 for x, y in zip(first, second) for a, b in zip(x, y)) / 8
        self.assertAlmostEqual(repeat.occasion ** 2, occasion, 12)
        self.assertAlmostEqual(repeat.both.pattern ** 2, repeat.stable ** 2 + repeat.occasion ** 2, 12)
        self.assertIn("too few", self.concord("second", repeats="secret").repeat.not_judged)
        for name, code in (("none", NOT_FOUND), ("second", INVALID)):
            with self.assertRaises(RpcError) as caught:
                self.concord("second", repeats=name)
            self.assertEqual(caught.exception.code, code)
        with self.assertRaises(RpcError) as caught:
            self.concord("second", pairs=1001)
        self.assertEqual(caught.exception.code, INVALID)
        self.concord("second", pairs=1000)

    def test_it_stays_over_a_sudden_end(self):
        self.all_vote(ORDERS[:5])
        self.daemon.restart()
        self.ballot("l5", ORDERS[5])
        self.daemon.kill()
        self.daemon = Daemon(data=self.data, clock=AFTER)
        self.addCleanup(self.daemon.close)
        self.assertEqual(self.concord().ballots, 6)


class OnesOwn(World):
    """One leader's order in a secret round, looked for everywhere."""

    def everything(self):
        """All that can be asked about the plan and its past, as text."""
        client = self.daemon.client(unix=True)
        out = []

        def ask(method, request, stream=False):
            try:
                if not stream:
                    out.append(str(client.call(method, request)))
                    return
                with client.stream(method, request) as replies:
                    out.extend(str(reply) for reply in replies if not is_progress(reply))
            except RpcError as error:
                out.append(error.message)

        for ref in ("round/spring", "person/l0", "objective/reach"):
            ask("Plan.Get", pb.plan.GetRequest(ref=ref))
            ask("Plan.History", pb.plan.HistoryRequest(ref=ref))
            ask("Insight.Trace", pb.insight.TraceRequest(ref=ref))
        revision = client.call("Admin.Info", pb.admin.InfoRequest(workspace="main")).revision
        for r in range(1, revision + 1):
            ask("Plan.Get", pb.plan.GetRequest(at=pb.plan.At(revision=r), ref="round/spring"))
            ask("Insight.Check", pb.insight.CheckRequest(at=pb.plan.At(revision=r)), True)
        for filter in ("", "kind:round", "kind:person", "reach speed", "text:speed"):
            ask("Plan.List", pb.plan.ListRequest(filter=filter))
        ask("Plan.Diff", pb.plan.DiffRequest(**{"from": pb.plan.At(revision=1)}, findings=True))
        ask("Plan.Export", pb.plan.ExportRequest(), True)
        ask("Insight.Score", pb.insight.ScoreRequest())
        ask("Insight.Mine", pb.insight.MineRequest(person="l0"))
        for today in ("2026-03-05", "2026-03-06", "2026-03-07", "2027-01-01"):
            ask("Insight.Check", pb.insight.CheckRequest(at=pb.plan.At(today=today)), True)
        ask("Signal.Signals", pb.signal.SignalsRequest())
        ask("Voice.Concord", pb.voice.ConcordRequest(round="spring"))
        ask("Voice.Concord", pb.voice.ConcordRequest(round="spring", pairs=1000, seed=7))
        return "\n".join(out)

    def test_while_the_round_is_open_nothing_changes_anywhere(self):
        self.all_vote(ORDERS[1:6])  # l0..l4; l5 has not answered
        before = self.everything()
        with self.daemon.client().stream("Plan.Watch", pb.plan.WatchRequest(), timeout=3) as watch:
            self.assertFalse(self.ballot("l5", "speed reach retention self-service").replaced)
            self.assertTrue(self.ballot("l5", "reach speed retention self-service").replaced)
            with self.assertRaises(RpcError):  # nothing comes until its time is over
                for reply in watch:
                    self.assertNotIn("spring", str(reply))
        self.assertEqual(self.everything(), before)
        # nobody else learns whether they did: not by their own answer, nor by an error
        self.assertFalse(self.ballot("l0").kept)
        self.assertNotIn("l5", str(self.ballot("l0")))

    def test_the_past_scenarios_and_days_to_come_open_nothing_early(self):
        """The round as an old revision, a scenario or another day have it: over, with other people, called open."""
        self.apply(self.round(closes="2026-03-02"))
        early = self.daemon.client().call("Admin.Info", pb.admin.InfoRequest(workspace="main")).revision
        self.apply(self.round())
        self.all_vote()
        self.apply(self.put(id="what-if", title="What if", scenario=pb.item.Scenario()))
        self.apply(self.round(closes="2026-03-02", named=True), scenario="what-if")
        for at in ({"revision": early}, {"scenario": "what-if"}, {"today": "2027-01-01"}, {"revision": early, "today": "2027-01-01"}):
            for finding in self.check(**at):
                self.assertTrue(finding.unknown, at)
                self.assertNotIn("leaders who answered", finding.message)
        # nothing was sealed by that
        self.assertTrue(self.ballot("l0", ORDERS[0]).replaced)
        # called open once ballots are in: they stay secret
        self.apply(self.round(named=True))
        self.at(AFTER)
        reply = self.concord()
        self.assertTrue(reply.published)
        self.assertEqual((reply.named, list(reply.leaders)), (False, []))

    def test_no_two_publications_differ(self):
        """Whatever a planner does to the round afterwards: fewer people, other objectives, open again, under another name."""
        self.all_vote()
        self.at(AFTER)

        def figures():
            reply = self.concord()
            return (reply.published, reply.ballots, reply.w, [(o.objective, o.mean_rank, o.spread) for o in reply.objectives], str(reply.pairs))

        first = figures()
        self.assertTrue(first[0])
        for change in (dict(people=["l0", "l1", "l2", "l3", "l4"]), dict(people=["l5"]), dict(objectives=["reach", "speed"]),
                       dict(closes="2026-03-31"), dict(named=True), dict(opens="2026-03-06")):
            self.apply(self.round(**change))
            self.assertEqual(figures(), first, change)
            with self.assertRaises(RpcError):
                self.ballot("l5", ORDERS[0])
        self.apply(pb.plan.Change(remove=pb.plan.Remove(ref="person/l5")), self.round())
        self.assertEqual(figures(), first)
        # under another name there is nothing
        self.apply(pb.plan.Change(rename=pb.plan.Rename(ref="round/spring", id="autumn")))
        self.assertFalse(self.concord("autumn").published)
        self.daemon.restart()
        self.apply(pb.plan.Change(rename=pb.plan.Rename(ref="round/autumn", id="spring")))
        self.assertEqual(figures(), first)

    def test_files_logs_tables_backups_and_metrics_tell_nothing(self):
        self.at(DURING, args=("--log-level", "debug", "--http", "tcp:127.0.0.1:0"))
        self.all_vote()
        after = self.metrics()
        # how often the method was called is told; by whom, about what and with which outcome is not
        self.assertNotIn("spring", after)
        self.assertNotIn("l0", after)
        backup = os.path.join(self.folder.name, "backup")
        with self.daemon.client(unix=True).stream("Admin.Backup", pb.admin.BackupRequest(path=backup)) as stream:
            self.assertTrue(list(stream)[-1].done)
        log = self.daemon.read_log()
        for word in ("Voice", "Ballot", "ballot", "person/l0", "self-service"):
            self.assertNotIn(word, log)
        audit = str(self.daemon.client(unix=True).call("Audit.List", pb.audit.ListAuditRequest()))
        for word in ("Voice", "Ballot", "ballot", "spring"):
            self.assertNotIn(word, audit)
        self.daemon.wait_for_tables()
        self.daemon.terminate()
        db = os.path.join(self.data, "confidential.db")
        orders = [bytes(b for o in OBJECTIVES for b in (places(order)[o] + 1, 0)) for order in ORDERS]
        for path in glob.glob(os.path.join(self.data, "**"), recursive=True) + [backup]:
            if os.path.isfile(path) and path != db:
                with open(path, "rb") as file:
                    content = file.read()
                for order in orders:
                    self.assertNotIn(order, content, path)
        # in its own file: each order, and nothing that says whose or when
        self.assertEqual(os.stat(db).st_mode & 0o777, 0o600)
        with open(db, "rb") as file:
            content = file.read()
        for word in (b"person/l0", b"Leader", b"person"):
            self.assertNotIn(word, content)
        # two letters stand in random tokens now and then
        database = sqlite3.connect(db)
        values = [value for name, in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
                  for row in database.execute(f'SELECT * FROM "{name}"') for value in row]
        self.assertFalse([value for value in values if isinstance(value, str) and "l0" in value])
        rows = sqlite3.connect(db).execute("SELECT workspace, round, name, body FROM answer").fetchall()
        self.assertEqual(sorted(rows), sorted((2, "spring", None, order) for order in orders))
        tokens = [row[0] for row in sqlite3.connect(db).execute("SELECT token FROM answer")]
        self.assertTrue(all(len(token) == 32 for token in tokens))
        dump = "\n".join(sqlite3.connect(os.path.join(self.data, "tables.db")).iterdump())
        self.assertIn("Spring round", dump)
        self.assertNotIn("ballot\"", dump.lower())

    def metrics(self):
        import urllib.request
        with urllib.request.urlopen("http://%s/metrics" % self.daemon.http, timeout=30) as reply:
            return reply.read().decode()

    def test_nobody_answers_for_another(self):
        self.at(DURING, anonymous="none")
        root = self.daemon.client(unix=True)
        admin = root.call("Access.CreateToken", pb.access.CreateTokenRequest(role=pb.item.ADMIN, subject="person/l1")).secret
        done = subprocess.run([binary("plumb"), "--server", self.daemon.unix, "ballot", "spring", "--as", "l0"] + ORDERS[0].split(),
                              capture_output=True, text=True, timeout=60, env=dict(os.environ, PLUMB_TOKEN=admin))
        self.assertEqual(done.returncode, 3, done.stdout)
        self.assertIn("themselves", done.stderr)


class CommandLine(World):
    def plumb(self, *args, expect=0, stdin="", person="l0"):
        done = subprocess.run([binary("plumb"), "--server", self.daemon.unix, *args] + (["--as", person] if person else []),
                              capture_output=True, text=True, input=stdin, timeout=60, env=dict(os.environ, COLUMNS="80"))
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        for line in done.stdout.splitlines():
            self.assertLessEqual(len(line), 80, done.stdout)
        return " ".join((done.stdout + done.stderr).split())

    def setUp(self):
        super().setUp()
        # on the socket whoever runs the test is an administrator, who speaks for nobody: so over TCP
        self.daemon.unix = self.daemon.tcp

    def test_an_order_from_words_a_file_and_a_pipe(self):
        asked = self.plumb("ballot")
        self.assertIn("secret: your order is kept without your name", asked)
        self.assertIn("The objective self-service", asked)
        self.assertIn("plumb ballot spring FIRST SECOND", asked)
        self.assertIn("kept for round/spring. Nobody", self.plumb("ballot", "spring", "reach", "speed=retention", "self-service"))
        self.assertIn("in the place of", self.plumb("ballot", "spring", "-f", "-", stdin="# mine\nreach\nspeed = retention # tied\n\nself-service\n"))
        path = os.path.join(self.folder.name, "order")
        with open(path, "w", encoding="utf-8") as file:
            file.write("reach\nspeed\nretention\nself-service")
        self.plumb("ballot", "spring", "-f", path)
        self.assertIn('"answered": true', self.plumb("ballot", "-o", "json"))
        self.plumb("ballot", "-o", "csv")
        # bad input: what, where, what to do next
        self.assertIn("misses", self.plumb("ballot", "spring", "reach", expect=3))
        self.assertIn("is no place", self.plumb("ballot", "spring", "reach==speed", expect=2))
        self.assertIn("no order in it", self.plumb("ballot", "spring", "-f", "-", stdin="# nothing\n", expect=2))
        self.assertIn("No such file", self.plumb("ballot", "spring", "-f", path + "x", expect=2))
        self.assertIn("not both", self.plumb("ballot", "spring", "reach", "-f", path, expect=2))
        self.assertIn("goes with an order", self.plumb("ballot", "spring", "--named", expect=2))
        self.assertIn("open until 2026-03-06", self.plumb("concord", "spring", expect=3))
        self.assertIn("no ballot round is over", self.plumb("concord", expect=3))
        self.assertIn("not '0'", self.plumb("concord", "spring", "--pairs", "0", expect=2))
        self.assertIn("not '1001'", self.plumb("concord", "spring", "--pairs", "1001", expect=2))
        self.assertIn("not 'x'", self.plumb("concord", "spring", "--seed", "x", expect=2))

    def test_on_a_terminal_it_asks_one_by_one(self):
        env = dict(os.environ, TERM="xterm", COLUMNS="80")
        shown = [o.objective for o in self.ballot("l0").objectives]
        with Terminal([binary("plumb"), "--server", self.daemon.tcp, "--as", "l0", "ballot"], columns=80, rows=40, env=env) as terminal:
            terminal.wait_for("Which comes first?")
            terminal.type("9\r")
            terminal.wait_for("no number of the list")
            terminal.type("2=3\r")
            terminal.wait_for("Which comes next?")
            terminal.type("2\r")
            terminal.wait_for("Send it?")
            terminal.type("y\r")
            self.assertEqual(terminal.wait(), 0)
        self.daemon.terminate()
        body, = sqlite3.connect(os.path.join(self.data, "confidential.db")).execute("SELECT body FROM answer").fetchone()
        given = {o: body[2 * i] for i, o in enumerate(OBJECTIVES)}
        self.assertEqual(given, {shown[1]: 1, shown[2]: 1, shown[3]: 2, shown[0]: 3})

    def test_what_came_of_it(self):
        self.all_vote()
        self.at(AFTER)
        self.daemon.unix = self.daemon.tcp
        text = self.plumb("concord", person="")
        self.assertIn("6 of 6 leaders gave a ballot", text)
        self.assertIn("W = %.3f" % kendall_w(ORDERS, OBJECTIVES), text)
        self.assertIn("Pairs that divide them most", text)
        self.assertIn("the other way round", text)
        self.assertIn("it is all pattern", text)
        self.assertIn("place,objective,title,mean,spread,plan", self.plumb("concord", "-o", "csv", person=""))
        self.assertIn('"consensus_is_exact": true', self.plumb("concord", "spring", "-o", "json", person=""))
        self.assertIn("clarity/leaders-disagree", self.plumb("check", "--rule", "clarity", person=""))


if __name__ == "__main__":
    unittest.main()
