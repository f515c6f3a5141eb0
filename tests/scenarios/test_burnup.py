"""How planned effort grew and how much of it was done: figures counted by hand, over the wire and by plumb burnup."""
import json
import os
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

from plumbrpc import INVALID, NOT_FOUND, Daemon, RpcError, binary, pb

I, P = pb.item, pb.plan
NS = "{http://www.w3.org/2000/svg}"


def put(name, kind, body, **fields):
    return P.Change(put=P.Put(item=I.Item(id=name, **{kind: body}, **fields)))


def initiative(name, status, likely=None, needs=None):
    body = I.Initiative(status=status, needs=[I.Need(who="team/t", effort=e) for e in needs or ()])
    if likely is not None:
        body.estimate.likely = likely
    return put(name, "initiative", body, title=name.upper())


def stream(name, likely):
    return put(name, "workstream", I.Workstream(initiative="c", status=I.ACTIVE, estimate=I.Estimate(likely=likely)))


def check_in(ref, progress):
    return P.Change(add=P.Add(record=I.Record(about=ref, check_in=I.CheckIn(status=I.CheckIn.ON_TRACK, progress=progress))))


# Person-days: a is estimated at 100, b asks for 20 + 30 but is only proposed, so that it is not planned yet.
HISTORY = [
    ("2026-04-01", [put("t", "team", I.Team()), initiative("a", I.ACTIVE, 10000), initiative("b", I.PROPOSED, needs=[2000, 3000])]),
    ("2026-04-02", [check_in("initiative/a", 0.1)]),
    ("2026-04-03", [initiative("b", I.ACTIVE, needs=[2000, 3000])]),
    ("2026-04-04", [initiative("a", I.ACTIVE, 12000)]),
    ("2026-04-06", [check_in("initiative/b", 0.5), initiative("c", I.APPROVED), stream("w1", 2000), stream("w2", 3000)]),
    ("2026-04-07", [check_in("workstream/w2", 1)]),
    ("2026-04-08", [check_in("workstream/w1", 0.5), initiative("d", I.PAUSED)]),
    ("2026-04-09", [initiative("b", I.STOPPED, needs=[2000, 3000])]),
    ("2026-04-10", [initiative("a", I.DONE, 12000)]),
]

# day: planned, done, unknown, how many, without effort
ALL = {
    "2026-04-01": (10000, 0, 10000, 1, 0),  # nobody has said how far a is
    "2026-04-02": (10000, 1000, 0, 1, 0),
    "2026-04-03": (15000, 1000, 5000, 2, 0),
    "2026-04-04": (17000, 1200, 5000, 2, 0),  # a tenth of 120
    "2026-04-05": (17000, 1200, 5000, 2, 0),
    # half of b's 50; of c's parts nothing is known
    "2026-04-06": (22000, 1200 + 2500, 5000, 3, 0),
    # 30 of the 50 of c are known, more than half: c is as far as these, all done (docs/PROGRESS.md)
    "2026-04-07": (22000, 1200 + 2500 + 5000, 0, 3, 0),
    # (20 x 0.5 + 30 x 1) / 50 = 0.8 of 50; d states no effort
    "2026-04-08": (22000, 1200 + 2500 + 4000, 0, 4, 1),
    "2026-04-09": (17000, 1200 + 4000, 0, 3, 1),  # without b
    "2026-04-10": (17000, 12000 + 4000, 0, 3, 1),
}
OF_C = {"2026-04-05": (0, 0, 0, 0, 0), "2026-04-06": (5000, 0, 5000, 1, 0), "2026-04-07": (5000, 5000, 0, 1, 0),
        "2026-04-08": (5000, 4000, 0, 1, 0)}


class BurnUpTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, clock="=2026-04-10T20:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client()
        cls.addClassCleanup(cls.client.close)
        for day, changes in HISTORY:
            cls.client.call("Plan.Apply", P.ApplyRequest(change_set=P.ChangeSet(changes=changes, effective=day + "T12:00:00Z")))

    def ask(self, **request):
        replies = list(self.client.stream("Insight.BurnUp", pb.burnup.BurnUpRequest(**request)))
        for reply in replies[:-1]:
            self.assertTrue(0 < reply.progress <= 1 and not reply.days)
        return replies[-1]

    @staticmethod
    def figures(reply):
        return {d.day: (d.scope, d.done, d.unknown, d.items, d.without_effort) for d in reply.days}

    def plumb(self, *args, code=0):
        done = subprocess.run([binary("plumb"), "burnup", *args], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, PLUMB_SERVER=self.daemon.unix, COLUMNS="100", LC_ALL="C.UTF-8"))
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_all_by_hand(self):
        reply = self.ask()
        self.assertEqual(self.figures(reply), ALL)  # from the plan's first day on
        self.assertEqual((reply.today, reply.revision, reply.title), ("2026-04-10", 9, ""))
        self.assertEqual([d.revision for d in reply.days], [1, 2, 3, 4, 4, 5, 6, 7, 8, 9])

    def test_one_by_hand(self):
        reply = self.ask(ref="initiative/c", **{"from": "2026-04-05"}, to="2026-04-08")
        self.assertEqual((self.figures(reply), reply.title), (OF_C, "C"))
        # a part, and what is stopped keeps what it had
        self.assertEqual(self.figures(self.ask(ref="workstream/w1", to="2026-04-08", **{"from": "2026-04-08"})),
                         {"2026-04-08": (2000, 1000, 0, 1, 0)})
        self.assertEqual(self.figures(self.ask(ref="initiative/b", to="2026-04-09", **{"from": "2026-04-09"})),
                         {"2026-04-09": (5000, 2500, 0, 1, 0)})

    def test_every_third_day_back_from_the_last(self):
        days = ("2026-04-01", "2026-04-04", "2026-04-07", "2026-04-10")
        self.assertEqual(self.figures(self.ask(every_days=3)), {day: ALL[day] for day in days})

    def test_of_a_past_revision(self):
        reply = self.ask(at=P.At(revision=4))  # today is the day of that revision
        self.assertEqual(self.figures(reply), {day: ALL[day] for day in list(ALL)[:4]})

    def test_before_the_plan(self):
        self.assertEqual(self.figures(self.ask(to="2026-03-31")), {})
        self.assertIn("had not begun", self.plumb("--to", "2026-03-31"))

    def refused(self, code, text, **request):
        with self.assertRaises(RpcError) as caught:
            self.ask(**request)
        self.assertEqual(caught.exception.code, code)
        self.assertIn(text, str(caught.exception) + caught.exception.message + str(caught.exception.__dict__))

    def test_refused(self):
        self.refused(NOT_FOUND, "there is no initiative/x", ref="initiative/x")
        self.refused(INVALID, "is no work", ref="team/t")
        self.refused(INVALID, "is no work", ref="nonsense")
        self.refused(INVALID, "is not a date", to="tomorrow")
        self.refused(INVALID, "behind the last", to="2026-04-01", **{"from": "2026-04-02"})
        self.refused(INVALID, "366", every_days=367)
        # 1,100 days and no more, of a plan that is older than that
        self.assertEqual(len(self.ask(to="2029-04-04", **{"from": "2026-04-01"}).days), 1100)
        self.refused(INVALID, "at most 1100", to="2029-04-05", **{"from": "2026-04-01"})
        self.assertEqual(len(self.ask(to="2029-04-05", every_days=2, **{"from": "2026-04-01"}).days), 551)

    def test_command(self):
        out = self.plumb("--every", "3")
        row = next(line for line in out.splitlines() if line.startswith("2026-04-07")).split()
        self.assertEqual(row[:5], ["2026-04-07", "220.0", "87.0", "39", "%"])  # 39.54, rounded down
        self.assertEqual(row[5], "█" * 7 + "▉" + "·" * 12)  # 20 columns of 8: 63.3 eighths
        self.assertEqual(self.plumb("initiative/c", "--from", "2026-04-08", "-o", "csv"),
                         "day,planned,done,unknown,items,without_effort,revision\n2026-04-10,50.00,40.00,0.00,1,0,9\n")
        self.assertEqual(json.loads(self.plumb("c", "--from", "2026-04-08", "-o", "json"))["title"], "C")
        self.assertIn("plumb help burnup", self.plumb("--every", "0", code=2))
        self.assertIn("initiative/a", self.plumb("initiative/aa", code=3))

    def test_picture(self):
        text = self.plumb("--every", "1", "--svg", "-")
        root = ElementTree.fromstring(text.encode())
        self.assertEqual(text, self.plumb("--every", "1", "--svg", "-"))
        frame = next(r for r in root.iter(NS + "rect") if r.get("class") == "frame")
        left, top, width, height = (float(frame.get(k)) for k in ("x", "y", "width", "height"))
        # from the end of a day to that of the next, 10 days; lines each 50 person-days up to 250
        expected = {}
        for name, column in (("scope", 0), ("done", 1)):
            ys = [top + height * (1 - figures[column] / 25000) for figures in ALL.values()]
            expected[name] = [(left, ys[0])] + [(left + width * (i + 1) / 10, y) for i, y in enumerate(ys)]
        for line in root.iter(NS + "polyline"):
            points = [tuple(map(float, p.split(","))) for p in line.get("points").split()]
            for (x, y), (want_x, want_y) in zip(points, expected[line.get("class")], strict=True):
                self.assertAlmostEqual(x, want_x, delta=0.11)
                self.assertAlmostEqual(y, want_y, delta=0.11)
        texts = [t.text for t in root.iter(NS + "text")]
        for words in ("All initiatives", "250", "planned 170.0", "done 160.0"):
            self.assertIn(words, texts)


if __name__ == "__main__":
    unittest.main()
