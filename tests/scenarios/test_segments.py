"""Who expects the same: customers from tables, and groups of them; counted by hand, on known groups, and beside R's cluster."""
import csv
import http.client
import json
import os
import random
import re
import subprocess
import tempfile
import time
import unittest

from plumbrpc import CANCELLED, DEADLINE, INVALID, LIMIT, NOT_FOUND, Daemon, RpcError, binary, pb

I, P = pb.item, pb.plan
Found = pb.segments.SegmentsFound
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("PLUMB_SHARED", os.path.join(TOP, os.pardir, "shared"))
SURVEY = os.path.join(SHARED, "plans", "survey", "customer-satisfaction.csv")

QUESTIONS = ["fast-value", "low-effort", "fair-price", "a-person"]
# What a group wants is 9 or 10, the rest 2 to 4: by hand, so that who belongs where is known.
WANTS = {"quick": ("fast-value", "low-effort"), "thrifty": ("fair-price",), "personal": ("a-person", "fair-price")}
SIZES = {"quick": 20, "thrifty": 15, "personal": 10}


def answers(group, i):
    first = WANTS[group][0]
    return {q: float(9 + i % 2 if q == first else 8 if q in WANTS[group] else 2 + (i + k) % 3) for k, q in enumerate(QUESTIONS)}


def known():
    """45 customers: name, group, answers, value, growth. Everybody brings 100; the quick ones grow by a tenth."""
    rows = []
    for group, size in SIZES.items():
        for i in range(size):
            rows.append(("%s-%02d" % (group, i), group, answers(group, i), 100.0, 0.1 if group == "quick" else 0.0))
    rows[3][2].pop("low-effort")  # a missing answer
    return rows


class WithDaemon(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(memory=True, clock="=2026-04-10T20:00:00Z")
        self.addCleanup(self.daemon.close)
        self.client = self.daemon.client()
        self.addCleanup(self.client.close)
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def plumb(self, *args, code=0):
        done = subprocess.run([binary("plumb"), *args], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
                              env=dict(os.environ, PLUMB_SERVER=self.daemon.unix, COLUMNS="80", LC_ALL="C.UTF-8"))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stdout + done.stderr

    def write(self, text, name="t.csv"):
        path = os.path.join(self.folder.name, name)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return path

    def load(self, *args, code=0):
        return self.plumb("import", "csv", *args, "--kind", "customer", "--yes", code=code)

    def put(self, *changes):
        self.client.call("Plan.Apply", P.ApplyRequest(change_set=P.ChangeSet(changes=changes)))

    def ask(self, **request):
        replies = list(self.client.stream("Insight.Segments", pb.segments.SegmentsRequest(**request)))
        self.found = next(r.found for r in replies if r.HasField("found"))
        self.members = [m for r in replies for m in r.members]
        return self.found

    def refused(self, code, text, **request):
        with self.assertRaises(RpcError) as caught:
            self.ask(**request)
        self.assertEqual(caught.exception.code, code)
        self.assertIn(text, str(caught.exception) + caught.exception.message + str(caught.exception.__dict__))


def customer(name, ratings, **fields):
    return P.Change(put=P.Put(item=I.Item(id=name, customer=pb.customer.Customer(ratings=ratings, **fields))))


SCALE = pb.segments.Scale(low=1, high=10)


class Groups(WithDaemon):
    def setUp(self):
        super().setUp()
        self.rows = known()
        # in an order that has nothing to do with who belongs where
        self.put(*[customer(name, ratings, value=value, growth=growth, segment=group if group != "quick" else "")
                   for name, group, ratings, value, growth in sorted(self.rows, key=lambda r: r[0][::-1])])

    def test_known_groups(self):
        found = self.ask(scale=SCALE, members=True)
        self.assertEqual((found.lack, found.groups, found.why), (Found.FIRM, 3, ""))
        self.assertEqual([s.size for s in found.segments], [20, 15, 10])
        self.assertEqual((found.customers, found.used, found.missing, found.today), (45, 45, 1, "2026-04-10"))
        self.assertEqual([s.words for s in found.segments],
                         ["expects first: fast value, then low effort", "expects first: fair price",
                          "expects first: a person, then fair price"])
        groups = {m.customer: m.group for m in self.members}
        self.assertEqual(groups, {"customer/" + name: list(SIZES).index(group) for name, group, _, _, _ in self.rows})
        for segment, group in zip(found.segments, SIZES, strict=True):
            self.assertTrue(segment.medoid.startswith("customer/" + group))
            self.assertGreaterEqual(segment.stability, 0.9)
            self.assertAlmostEqual(segment.share, SIZES[group] / 45)
        # value: 100 each; growth value: value times growth, added up
        self.assertEqual([(s.value, s.value_stated, s.growth_value, s.growth_stated) for s in found.segments],
                         [(2000, 20, 20 * 100 * 0.1, 20), (1500, 15, 0, 15), (1000, 10, 0, 10)])

    def test_means_are_those_of_the_answers(self):
        found = self.ask(scale=SCALE)
        for segment, group in zip(found.segments, SIZES, strict=True):
            for q in segment.expects:
                own = [r[q.question] for _, g, r, _, _ in self.rows if g == group and q.question in r]
                self.assertAlmostEqual(q.mean, sum(own) / len(own))
        one = next(q for q in found.questions if q.question == "low-effort")
        self.assertEqual((one.answered, one.title, one.width), (44, "low effort", 9))

    def test_beside_what_is_stated(self):
        """Those who state a segment are grouped as they say: 1. With two of them exchanged, less."""
        found = self.ask(scale=SCALE)
        self.assertEqual((found.stating, found.agreement), (25, 1))
        self.assertEqual([(o.group, o.segment, o.customers) for o in found.overlaps],
                         [(1, "segment/thrifty", 15), (2, "segment/personal", 10)])
        self.put(customer("personal-00", answers("personal", 0), segment="thrifty", value=100, growth=0))
        # pairs of 25: both 15*14/2 + 9*8/2 = 141, found 105 + 45 = 150, stated 16*15/2 + 36 = 156; of 300
        chance = 150 * 156 / 300
        self.assertAlmostEqual(self.ask(scale=SCALE).agreement, (141 - chance) / (153 - chance))

    def test_as_many_stated_segments_as_are_told(self):
        """1,001 customers, each of a segment of their own: 1,000 pairs go out and one is counted."""
        groups = list(SIZES)[:2]
        self.put(*[P.Change(put=P.Put(item=I.Item(id="s%d" % i, segment=pb.customer.Segment()))) for i in range(1001)])
        self.put(*[customer("x%d" % i, answers(groups[i % 2], i), segment="s%d" % i) for i in range(1001)])
        found = self.ask(scale=SCALE, groups=2, filter="id:x*")
        self.assertEqual((found.used, len(found.overlaps), found.more_overlaps), (1001, 1000, 1))

    def test_where_somebody_new_belongs(self):
        self.put(customer("new", {"fair-price": 9, "a-person": 9}), customer("silent", {}))
        found = self.ask(scale=SCALE, filter="-id:new", assign=["customer/new", "silent"],
                         ratings={"fast-value": 10, "low-effort": 8})
        new, silent, other = found.assigned
        self.assertEqual((new.customer, new.group, new.second), ("customer/new", 2, 1))
        self.assertLess(new.distance, new.second_distance)
        self.assertEqual((silent.customer, silent.HasField("group")), ("customer/silent", False))
        self.assertEqual((other.customer, other.group), ("", 0))
        # of the two answers that both have: sqrt(4 / 2 * sum of (difference / 9) squared)
        medoid = {e.question: e.medoid for e in found.segments[2].expects}
        self.assertAlmostEqual(new.distance, (2 * sum(((9 - medoid[q]) / 9) ** 2 for q in ("fair-price", "a-person"))) ** 0.5,
                               places=5)

    def test_the_same_whatever_came_first(self):
        before = self.ask(scale=SCALE)
        with Daemon(memory=True, clock="=2026-04-10T20:00:00Z") as other, other.client() as client:
            client.call("Plan.Apply", P.ApplyRequest(change_set=P.ChangeSet(changes=[
                customer(name, ratings, value=value, growth=growth, segment=group if group != "quick" else "")
                for name, group, ratings, value, growth in self.rows])))
            after = list(client.stream("Insight.Segments", pb.segments.SegmentsRequest(scale=SCALE)))[-1].found
        self.assertEqual(before.SerializeToString(deterministic=True), after.SerializeToString(deterministic=True))

    def test_command(self):
        out = self.plumb("segments", "--scale", "1-10", "--profile", "--assign", "fast-value=9,low-effort=9")
        self.assertLessEqual(max(map(len, out.splitlines())), 80)
        for words in ("expects first: fast value, then low effort", "45 customers, 45 with answers to 4 questions", "(these ratings)"):
            self.assertIn(words, out)
        rows = list(csv.DictReader(self.plumb("segments", "--scale", "1-10", "-o", "csv").splitlines()))
        self.assertEqual([(r["group"], r["size"], r["growth_value"]) for r in rows], [("1", "20", "200"), ("2", "15", "0"), ("3", "10", "0")])
        members = list(csv.DictReader(self.plumb("segments", "--scale", "1-10", "--members", "-o", "csv").splitlines()))
        self.assertEqual(len(members), 45)
        self.assertEqual(json.loads(self.plumb("segments", "--scale", "1-10", "-o", "json"))["found"]["groups"], 3)
        for bad in (["--groups", "1"], ["--groups", "11"], ["--scale", "10-1"], ["--scale", "x"], ["--assign", "fast-value=x"], ["--seed", "-1"]):
            self.assertIn("plumb help segments", self.plumb("segments", *bad, code=2))
        self.assertIn("none of the questions",
                      self.plumb("segments", "--assign", "colour=3", code=3))

    def test_saved_only_when_asked(self):
        self.plumb("segments", "--scale", "1-10")
        self.assertEqual(self.plumb("list", "kind:segment", "-o", "name"), "")
        self.plumb("segments", "--scale", "1-10", "--save", "--yes")
        self.assertEqual(self.plumb("list", "kind:segment", "-o", "name").split(),
                         ["segment/found-a-person", "segment/found-fair-price", "segment/found-fast-value"])
        item = self.client.call("Plan.Get", P.GetRequest(ref="segment/found-fast-value")).entry.item
        self.assertEqual((item.segment.customers, item.segment.value), (20, 2000))
        self.assertAlmostEqual(item.segment.growth, 0.1)
        # in the same revision the customers carry it; who states one that somebody else gave keeps it
        members = {r["customer"]: r["group"] for r in csv.DictReader(self.plumb("segments", "--scale", "1-10", "--members", "-o", "csv").splitlines())}
        stated = {"customer/" + e.entry.item.id: e.entry.item.customer.segment for e in
                  (self.client.call("Plan.Get", P.GetRequest(ref=ref)) for ref in members)}
        self.assertEqual({(members[ref], segment) for ref, segment in stated.items()},
                         {("1", "found-fast-value"), ("2", "thrifty"), ("3", "personal")})
        given = [ref for ref, segment in stated.items() if segment.startswith("found-")]
        revisions = {self.client.call("Plan.Get", P.GetRequest(ref=ref)).entry.revision for ref in [*given, "segment/found-a-person"]}
        self.assertEqual((len(given), len(revisions)), (20, 1))
        done = subprocess.run([binary("plumb"), "segments", "--scale", "1-10", "--save", "--yes"], capture_output=True, text=True, timeout=120,
                              env=dict(os.environ, PLUMB_SERVER=self.daemon.unix, COLUMNS="80"), stdin=subprocess.DEVNULL)
        self.assertIn("nothing to do", done.stdout)
        self.assertIn("note: 25 customers state another segment, which stays", done.stderr)


class NoGroups(WithDaemon):
    """It says why, and makes none up."""

    def lacks(self, lack, words, **request):
        found = self.ask(scale=SCALE, assign=request.pop("assign", []), **request)
        self.assertEqual((found.lack, len(found.segments), len(found.assigned)), (lack, 0, 0))
        self.assertIn(words, found.why)
        self.assertIn(words, " ".join(self.plumb("segments", "--scale", "1-10").split()))

    def test_nobody_and_one_and_few(self):
        self.lacks(Found.NO_RATINGS, "there are no customers")
        self.put(customer("a", {}))
        self.lacks(Found.NO_RATINGS, "no customer has answered")
        self.put(customer("b", {"x": 5}))
        self.lacks(Found.TOO_FEW, "1 customer has answered", assign=["b"])
        self.put(*[customer("c%d" % i, {"x": i % 9 + 1}) for i in range(18)])
        self.lacks(Found.TOO_FEW, "19 customers have answered")
        self.put(customer("d", {"x": 9}))
        self.assertNotEqual(self.ask(scale=SCALE).lack, Found.TOO_FEW)
        self.assertIn("nothing is saved", self.plumb("segments", "--customers", "id:a", "--save", code=1))

    def test_all_the_same(self):
        self.put(*[customer("c%d" % i, {"x": 5, "y": 7}) for i in range(30)])
        self.lacks(Found.NO_VARIANCE, "are the same")

    def test_no_structure(self):
        """Every combination of 1 to 9 on two questions, once: a full square has no groups."""
        self.put(*[customer("c%d-%d" % (i, k), {"x": i, "y": k}) for i in range(1, 10) for k in range(1, 10)])
        self.lacks(Found.NO_STRUCTURE, "answers by chance reach")
        self.assertLess(0.25, self.found.silhouette)  # by that alone there would be some
        self.assertLess(self.found.silhouette, self.found.by_chance)

    def test_refused(self):
        self.put(*[customer("c%d" % i, {"x": i % 9 + 1, "y": 3}) for i in range(30)], customer("out", {"x": 11, "y": 3}))
        self.refused(INVALID, "customer/out answers 'x' with 11", scale=SCALE)
        self.ask(scale=SCALE, filter="-id:out")
        self.refused(INVALID, "2 to 10", groups=1)
        self.refused(INVALID, "2 to 10", groups=11)
        self.refused(INVALID, "lower to a higher", scale=pb.segments.Scale(low=3, high=3))
        self.refused(INVALID, "lower to a higher", scale=pb.segments.Scale(low=float("nan"), high=3))
        self.refused(INVALID, "no name of a question", questions=["X!"])
        self.refused(INVALID, "named twice", questions=["x", "x"])
        self.refused(INVALID, "is no customer", assign=["team/x"])
        self.refused(NOT_FOUND, "there is no customer/nobody", assign=["nobody"])
        self.refused(INVALID, "none of the questions", ratings={"z": 3})
        self.refused(INVALID, "is not between", scale=pb.segments.Scale(low=1, high=20), ratings={"x": 30})
        self.refused(INVALID, "at most 50", questions=["q%d" % i for i in range(51)])
        self.refused(INVALID, "at most 1000", assign=["c1"] * 1001)
        self.assertEqual(len(self.ask(questions=["q%d" % i for i in range(49)] + ["x"]).questions), 50)
        self.put(customer("many", {"q%d" % i: 3 for i in range(48)}))  # with x and y 50
        self.assertEqual(len(self.ask().questions), 50)
        self.put(customer("more", {"q48": 3}))
        self.refused(LIMIT, "more than 50 questions")


class Tables(WithDaemon):
    def get(self, name):
        return self.client.call("Plan.Get", P.GetRequest(ref="customer/" + name)).entry.item

    def test_a_table(self):
        path = self.write(b'\xef\xbb\xbfId,Company,Revenue,Growth,Since,From,"Fast, and sure",Low effort,Remarks\r\n'
                          b'C-1,"Smith ""& Sons""",1250.5,10%,2024-03-01,fair,9,,good\r\n'
                          b'\r\n'
                          b'c2,Two,,,,,NA,3.5,"two\nlines"\r\n')
        out = self.load(path, "--id", "Id", "--name", "Company", "--value", "Revenue", "--growth", "Growth", "--since", "Since",
                        "--came-from", "From", "--scale", "1-10")
        for words in ("2 customers, 2 questions, 2 answers missing", "fast-and-sure: 1 answers from 9 to 9", "left out: Remarks"):
            self.assertIn(words, out)
        one, two = self.get("c-1"), self.get("c2")
        self.assertEqual((one.title, one.customer.value, one.customer.since, one.customer.came_from), ('Smith "& Sons"', 1250.5, "2024-03-01", "fair"))
        self.assertAlmostEqual(one.customer.growth, 0.1)
        self.assertEqual((dict(one.customer.ratings), dict(two.customer.ratings)), ({"fast-and-sure": 9}, {"low-effort": 3.5}))
        self.assertFalse(two.customer.HasField("value"))
        # again: nothing; with one answer changed: that
        self.assertIn("nothing to do", self.load(path, "--id", "Id", "--name", "Company", "--value", "Revenue", "--growth", "Growth",
                                                 "--since", "Since", "--came-from", "From"))

    def test_semicolons_and_chosen_columns(self):
        path = self.write("id;age;a;b\nx;41;1;2\ny;52;3;\n")
        self.load(path, "--ratings", "a,b")
        self.assertEqual(dict(self.get("x").customer.ratings), {"a": 1, "b": 2})
        self.assertEqual(dict(self.get("y").customer.ratings), {"a": 3})

    def test_faults_are_named_and_change_nothing(self):
        for text, args, words in (
                ("", [], "t.csv: is empty"),
                ("id,a\n", [], "has no rows"),
                ("who,a\nx,1\n", [], "there is no column 'id' for --id; there are: who, a"),
                ("id,a\nx,1\ny,11\n", ["--scale", "1-10"], "t.csv:3: column 2 'a': 11 is not between 1 and 10"),
                ("id,a\nx,1\ny,0.5\n", ["--scale", "1-10"], "t.csv:3: column 2 'a': 0.5 is not between 1 and 10"),
                ("id,a\nx,1\ny,1001\n", [], "1001 is not between 0 and 1000"),
                ("id,a\nx,1\ny,-1\n", [], "t.csv:3: column 2 'a': -1 is not"),
                ("id,a\nx,1\ny,two\n", [], "t.csv:3: column 2 'a': 'two' is no number"),
                ("id,a\nx,1\ny,two\n", ["--ratings", "a"], "t.csv:3: column 2 'a': 'two' is no number"),
                ("id,a\nx,1\nx,2\n", [], "t.csv:3: column 1 'id': customer/x has answered in line 2 already"),
                ("id,a\n,1\n", [], "is empty: nobody can say who"),
                ("id,a\n???,1\n", [], "no id can be made of '???'"),
                ("id,a\nx,1,2\n", [], "t.csv:2: 3 cells, and the first line names 2 columns"),
                ("id,a\nx\n", [], "t.csv:2: 1 cells"),
                ("id,a\nx,\"1\n", [], "t.csv:2: a cell begins with a quote"),
                ("id,a,A\nx,1,2\n", [], "column 3 'A': becomes question 'a', as column 'a' does"),
                ("id,,a\nx,1,2\n", [], "column 2 '': the column has no name"),
                ("id,a\nx,y\n", [], "no column holds ratings"),
                ("id,a\nx,1\n", ["--ratings", "b"], "there is no column 'b' for --ratings"),
                ("id,a\nx,1\n", ["--value", "a", "--ratings", "a"], "is asked for twice"),
                ("id,v,a\nx,much,2\n", ["--value", "v"], "column 2 'v': 'much' is no number"),
                ("id,g,a\nx,11,2\n", ["--growth", "g"], "11 is not between -1 and 10"),
                ("id,s,a\nx,1.3.2024,2\n", ["--since", "s"], "'1.3.2024' is not a date"),
                (b"id,a\nx,\xff\n", [], "t.csv:2: is not UTF-8"),
                (b"\xff\xfei\0", [], "is UTF-16"),
                (b"id,a\nx,1\0\n", [], "holds a NUL byte"),
                ("id," + ",".join("q%d" % i for i in range(51)) + "\nx" + ",1" * 51 + "\n", [], "more than 50 columns of ratings"),
                ("id," + ",".join("q%d" % i for i in range(500)) + "\n", [], "more than 500 columns"),
                ("id,a\nx,1\n", ["--scale", "ten"], "like 1-10"),
        ):
            with self.subTest(words):
                self.assertIn(words, self.load(self.write(text), *args, code=2))
        self.assertEqual(self.plumb("list", "kind:customer", "-o", "name"), "")
        self.assertIn("--kind customer", self.plumb("import", "csv", self.write("id,a\nx,1\n"), code=2))

    def test_50_questions_and_rows_beyond_one_change_set(self):
        names = ["q%02d" % i for i in range(50)]
        rows = ["c%05d" % i + "".join(",%d" % (1 + (i * (k + 1)) % 10) for k in range(50)) for i in range(6000)]
        path = self.write("id," + ",".join(names) + "\n" + "\n".join(rows) + "\n")
        self.assertIn("6000 customers, 50 questions", self.load(path, "--scale", "1-10"))
        self.assertEqual(self.client.call("Plan.List", P.ListRequest(filter="kind:customer", count_only=True)).total, 6000)


@unittest.skipUnless(os.path.exists(SURVEY), "shared plans are not beside the repository")
class Stopped(unittest.TestCase):
    def running(self):
        connection = http.client.HTTPConnection(self.daemon.http, timeout=20)
        connection.request("GET", "/metrics")
        page = connection.getresponse().read().decode()
        connection.close()
        return int(re.search(r"^plumbd_jobs_running (\d+)$", page, re.M).group(1))

    def wait_until_idle(self):
        until = time.monotonic() + 120
        while self.running() > 0:
            self.assertLess(time.monotonic(), until)
            time.sleep(0.02)

    def used(self):
        """Seconds of the processor."""
        with open("/proc/%d/stat" % self.daemon.process.pid, encoding="ascii") as file:
            user, system = file.read().rsplit(") ", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def test_who_goes_away_or_has_no_time_stops_it(self):
        """Of four runs that nobody waits for none is computed whole, by the daemon's own use of the processor."""
        self.daemon = Daemon(memory=True, clock="=2026-04-10T20:00:00Z", args=("--http", "tcp:127.0.0.1:0"))
        self.addCleanup(self.daemon.close)
        client = self.daemon.client()
        self.addCleanup(client.close)
        dice = random.Random(1)
        client.call("Plan.Apply", P.ApplyRequest(change_set=P.ChangeSet(changes=[
            customer("c%d" % i, {"q%d" % k: min(10.0, max(1.0, round((8 if k % 3 == i % 3 else 4) + dice.gauss(0, 1.5)))) for k in range(20)})
            for i in range(2000)])))

        def run(timeout=None, cancel=False):
            """What it cost, and what came of it."""
            before, found = self.used(), None
            stream = client.stream("Insight.Segments", pb.segments.SegmentsRequest(), timeout=timeout)
            try:
                while (reply := stream.next(120)) is not None:
                    found = reply.found if reply.HasField("found") else found
                    if cancel:
                        stream.cancel()
                code = 0
            except RpcError as error:
                code = error.code
            self.wait_until_idle()
            return self.used() - before, code, found and found.groups

        whole, code, groups = run()
        self.assertEqual((code, groups), (0, 3))
        stopped = [run(cancel=True), run(cancel=True), run(timeout=0.02), run(timeout=0.05)]
        self.assertEqual([(code, groups) for _, code, groups in stopped], [(CANCELLED, None)] * 2 + [(DEADLINE, None)] * 2)
        self.assertLess(sum(cost for cost, _, _ in stopped), 3 * whole)
        self.assertEqual(run()[1:], (0, 3))


class Survey(WithDaemon):
    """
    1,811 customers of a real survey, beside what R's cluster 2.1.4 says of it:

        library(cluster)
        m <- as.matrix(read.csv("customer-satisfaction.csv")[, -1]); d <- daisy(m) / 9
        for (k in 2:10) { p <- pam(d, k); print(p$silinfo$avg.width); print(p$id.med); print(table(p$clustering)) }
    """
    SILHOUETTES = [0.341069, 0.221444, 0.198250, 0.134952, 0.147545, 0.128229, 0.111947, 0.111684, 0.105346]

    def test_as_r_has_it(self):
        with open(SURVEY, encoding="utf-8") as file:
            rows = list(csv.reader(file))
        for row in rows[1:]:
            row[0] = "%04d" % int(row[0])  # in the order of the rows, as R takes them
        self.load(self.write("\n".join(map(",".join, rows)) + "\n"), "--id", "resp", "--scale", "1-10")
        found = self.ask(scale=SCALE)
        self.assertEqual((found.used, found.missing, len(found.questions)), (1811, 0, 10))
        for one, width in zip(found.tries, self.SILHOUETTES, strict=True):
            self.assertAlmostEqual(one.silhouette, width, places=5)
        self.assertEqual((found.lack, found.groups), (Found.FIRM, 2))
        self.assertEqual([(s.size, s.medoid) for s in found.segments], [(931, "customer/0483"), (880, "customer/0909")])


if __name__ == "__main__":
    unittest.main()
