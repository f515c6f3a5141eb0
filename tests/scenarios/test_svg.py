"""Pictures of the schedule and of the load: valid XML, in which each bar lies where its dates are.

The plan of test_schedule.py, with its days counted by hand: Anna and Ben give one day a day from Wednesday 2026-04-15 to
2026-06-30, which are 77 days of the calendar. Ranks: portal, app, site, blog, big; big is not finished.
"""
import datetime
import json
import os
import re
import stat
import subprocess
import tempfile
import unicodedata
import unittest
import xml.etree.ElementTree as ElementTree

from plumbrpc import Daemon, binary, pb

ACTIVE = pb.item.ACTIVE
NS = "{http://www.w3.org/2000/svg}"
FIRST, DAYS = datetime.date(2026, 4, 15), 77
# start and finish, None: not finished
BY_HAND = {"portal": ("2026-04-15", "2026-04-17"), "app": ("2026-04-20", "2026-04-21"), "site": ("2026-04-22", "2026-04-22"),
           "blog": ("2026-04-15", "2026-04-15"), "big": ("2026-04-22", None)}
ODD = "Größe & <Nutzen> der \"neuen\" 'Lösung' ]]> &amp;"
LONG = "Ein sehr langer Name, der nirgends hineinpaßt " * 4


def put(name, kind, body, **fields):
    return pb.plan.Change(put=pb.plan.Put(item=pb.item.Item(id=name, **{kind: body}, **fields)))


def initiative(name, who, hundredths, title="", after=(), due=""):
    body = pb.item.Initiative(status=ACTIVE, after=after, finish=due, needs=[pb.item.Need(who=who, effort=hundredths)])
    return put(name, "initiative", body, title=title)


PLAN = [
    put("q2", "period", pb.item.Period(first_day="2026-04-01", last_day="2026-06-30")),
    put("t", "team", pb.item.Team(), title="Büro"),
    put("anna", "person", pb.item.Person(team="t"), title="Anna"),
    put("ben", "person", pb.item.Person(team="t")),
    initiative("portal", "person/anna", 300, ODD, due="2026-05-01"),
    initiative("app", "person/anna", 200, LONG, due="2026-04-20"),
    initiative("site", "person/ben", 100, after=["app"]),
    initiative("blog", "person/ben", 100, "支払い", due="2026-01-01"),
    initiative("big", "person/anna", 10000, due="2027-01-01"),
    put("part", "workstream", pb.item.Workstream(initiative="blog", status=ACTIVE, needs=[
        pb.item.Need(who="person/ben", effort=50)]), title="Teil"),
]


def width_of(text, size):
    """An estimate of its own: an em for wide characters and capitals, else 0.65 em."""
    return sum(size * (1.0 if unicodedata.east_asian_width(c) in "WF" else 0.8 if c.isupper() else 0.65) for c in text)


class Picture:
    def __init__(self, text):
        self.text = text
        self.root = ElementTree.fromstring(text.encode())
        self.width, self.height = float(self.root.get("width")), float(self.root.get("height"))

    def all(self, tag, inside=None):
        return (self.root if inside is None else inside).iter(NS + tag)

    def groups(self, name):
        return [g for g in self.all("g") if name in g.get("class").split()]

    def row(self, ref):
        return next(g for g in self.groups("row") if g.get("data-ref") == ref)

    @staticmethod
    def shown(element):
        """What a text shows: its title is for those who point at it."""
        return (element.text or "") + "".join(child.tail or "" for child in element)

    def texts(self, inside=None):
        return [self.shown(t) for t in self.all("text", inside)]

    def boxes(self):
        for t in self.all("text"):
            size, x = float(t.get("font-size")), float(t.get("x"))
            width = width_of(self.shown(t), size) * 0.9
            left = {"end": x - width, "middle": x - width / 2}.get(t.get("text-anchor"), x)
            yield left, left + width, float(t.get("y")) - size * 0.8, float(t.get("y")), self.shown(t)

    def points(self):
        for r in self.all("rect"):
            if r in list(self.all("rect", self.root.find(NS + "defs"))):
                continue
            x, y = float(r.get("x")), float(r.get("y"))
            yield from ((x, y), (x + float(r.get("width")), y + float(r.get("height"))))
        for line in self.all("line"):
            yield from ((float(line.get("x1")), float(line.get("y1"))), (float(line.get("x2")), float(line.get("y2"))))
        for tag in ("polygon", "polyline"):
            for shape in self.all(tag):
                yield from (tuple(map(float, p.split(","))) for p in shape.get("points").split())


class SvgTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, clock="=2026-04-15T09:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client()
        cls.addClassCleanup(cls.client.close)
        cls.client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=PLAN)))
        for name in ("big", "blog", "site", "app", "portal"):
            cls.client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=[
                pb.plan.Change(place=pb.plan.Place(item="initiative/" + name, first=True))])))

    def run_plumb(self, *args, code=0):
        done = subprocess.run([binary("plumb"), *args], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, PLUMB_SERVER=self.daemon.unix, COLUMNS="100"))
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def picture(self, *args):
        text = self.run_plumb(*args, "--svg", "-").stdout
        self.assertEqual(text, self.run_plumb(*args, "--svg", "-").stdout)  # the same bytes again
        picture = Picture(text)
        self.look(picture)
        return picture

    def look(self, p):
        """What is so in every picture."""
        self.assertTrue(p.root.find(NS + "title").text and p.root.find(NS + "desc").text)
        self.assertEqual(p.root.get("viewBox"), "0 0 %g %g" % (p.width, p.height))
        self.assertEqual(sorted({e.tag.replace(NS, "") for e in p.root.iter()} -
                                {"svg", "title", "desc", "style", "defs", "pattern", "rect", "g", "text", "line", "polygon", "polyline"}), [])
        self.assertNotRegex(p.text.replace('xmlns="http://www.w3.org/2000/svg"', ""), r"https?:|href|<script|\bon[a-z]+=")
        for x, y in p.points():
            self.assertTrue(-0.05 <= x <= p.width + 0.05 and -0.05 <= y <= p.height + 0.05, (x, y))
        boxes = list(p.boxes())
        for i, (left, right, top, bottom, text) in enumerate(boxes):
            self.assertTrue(left >= -0.05 and right <= p.width and top >= 0 and bottom <= p.height, text)
            for l2, r2, t2, b2, other in boxes[:i]:
                apart = right <= l2 or r2 <= left or bottom <= t2 or b2 <= top
                self.assertTrue(apart, "%r lies on %r" % (text, other))

    # ---- the schedule

    def axis(self, picture, days=DAYS):
        frame = next(r for r in picture.all("rect") if r.get("class") == "frame")
        left, width = float(frame.get("x")), float(frame.get("width"))
        return lambda day: left + width * (datetime.date.fromisoformat(day) - FIRST).days / days, left + width

    def bar(self, picture, name):
        bars = [r for r in picture.all("rect", picture.row("initiative/" + name))]
        self.assertEqual(len(bars), 1, name)
        return bars[0]

    def test_bars_lie_where_their_dates_are(self):
        p = self.picture("schedule")
        x_of, right = self.axis(p)
        rows = p.groups("row")
        self.assertEqual([g.get("data-ref") for g in rows], ["initiative/" + name for name in BY_HAND])
        last_y = 0
        for name, (start, finish) in BY_HAND.items():
            bar = self.bar(p, name)
            x, width, y = (float(bar.get(k)) for k in ("x", "width", "y"))
            end = right if finish is None else x_of(str(datetime.date.fromisoformat(finish) + datetime.timedelta(days=1)))
            self.assertAlmostEqual(x, x_of(start), delta=0.11, msg=name)
            self.assertAlmostEqual(x + width, end, delta=0.21, msg=name)
            self.assertGreater(y, last_y)
            last_y = y
        # app is due on the 20th and ends on the 21st; blog is due before
        self.assertEqual([self.bar(p, name).get("class") for name in BY_HAND], ["bar", "late", "bar", "late", "open"])
        self.assertEqual([p.texts(p.row("initiative/" + name))[-1] for name in BY_HAND],
                         ["2026-04-17", "2026-04-21 late", "2026-04-22", "2026-04-15 late", "not by 2026-06-30"])

    def test_due_marks(self):
        p = self.picture("schedule")
        x_of, right = self.axis(p)
        due = {name: [s for s in p.all("polygon", p.row("initiative/" + name)) if s.get("class") == "due"] for name in BY_HAND}
        self.assertEqual({name: len(marks) for name, marks in due.items()}, {"portal": 1, "app": 1, "site": 0, "blog": 1, "big": 1})
        xs = [float(point.split(",")[0]) for point in due["portal"][0].get("points").split()]
        self.assertAlmostEqual(sum(xs) / 4, (x_of("2026-05-01") + x_of("2026-05-02")) / 2, delta=0.2)
        # before today and behind the end: at the edges
        self.assertLess(max(float(q.split(",")[0]) for q in due["blog"][0].get("points").split()), x_of("2026-04-17"))
        self.assertGreater(min(float(q.split(",")[0]) for q in due["big"][0].get("points").split()), x_of("2026-06-25"))

    def test_the_line_lies_above_the_first_that_is_not_finished(self):
        p = self.picture("schedule")
        group, = p.groups("line")
        line, = p.all("line", group)
        y = float(line.get("y1"))
        blog, big = self.bar(p, "blog"), self.bar(p, "big")
        self.assertEqual((group.get("data-ref"), line.get("y2")), ("initiative/big", line.get("y1")))
        self.assertGreater(y, float(blog.get("y")) + float(blog.get("height")))
        self.assertLess(y, float(big.get("y")))
        # until September all is finished: no line
        self.assertEqual(self.picture("schedule", "--until", "2026-12-31").groups("line"), [])

    def test_names_are_as_they_are(self):
        p = self.picture("schedule")
        self.assertIn(ODD, p.texts())
        self.assertIn("支払い", p.texts())
        self.assertIn("initiative/site", p.texts())  # without a title
        cut = next(t for t in p.all("text", p.row("initiative/app")) if p.shown(t).startswith("Ein sehr"))
        self.assertTrue(p.shown(cut).endswith("…") and len(p.shown(cut)) < 80)
        self.assertEqual(cut.find(NS + "title").text, LONG)

    def test_what_waits_for_what(self):
        self.assertEqual(self.picture("schedule").groups("tie"), [])
        ties = self.picture("schedule", "--why").groups("tie")
        found = {(g.get("data-ref"), g.find(NS + "polyline").get("class")) for g in ties}
        self.assertLessEqual({("initiative/site", "order"), ("initiative/app", "lack")}, found)

    def test_pieces_of_work(self):
        p = self.picture("schedule", "--work", "--why")
        refs = [g.get("data-ref") for g in p.groups("row")]
        self.assertEqual(refs[refs.index("initiative/blog") + 1], "workstream/part")
        self.assertIn("part-row", p.row("workstream/part").get("class"))

    def test_short_and_long_times(self):
        p = self.picture("schedule", "--until", "2026-04-15")  # a week is the least that is drawn
        x_of, _ = self.axis(p, 7)
        bar = self.bar(p, "portal")
        self.assertEqual(bar.get("class"), "open")
        self.assertAlmostEqual(float(bar.get("x")) + float(bar.get("width")), x_of("2026-04-16"), delta=0.2)
        p = self.picture("schedule", "--until", "2126-04-14")  # what is finished takes the page, not the years behind it
        x_of, right = self.axis(p, (datetime.date(2027, 1, 1) - FIRST).days + 1)
        self.assertEqual(self.bar(p, "big").get("class"), "bar")
        # Anna's 105th working day is 2026-09-08, see test_schedule.py
        bar = self.bar(p, "big")
        self.assertAlmostEqual(float(bar.get("x")) + float(bar.get("width")), x_of("2026-09-09"), delta=0.2)

    def forecast(self, **request):
        replies = self.client.stream("Insight.Forecast", pb.forecast.ForecastRequest(**request))
        dates = {one.ref: one.reschedule for reply in replies for one in reply.initiatives}
        return {ref: [d.p50, d.p80, d.p95] for ref, d in dates.items()}

    def test_whiskers_are_those_of_the_forecast(self):
        p = self.picture("schedule", "--forecast", "--until", "2026-12-31")
        ends = self.forecast(until="2026-12-31")
        self.assertEqual(set(ends), {"initiative/" + name for name in BY_HAND})
        last = max(max(days) for days in ends.values())
        x_of, _ = self.axis(p, (datetime.date.fromisoformat(max(last, "2026-09-08")) - FIRST).days + 1)
        for ref, days in ends.items():
            lines = [line for line in p.all("line", p.row(ref)) if line.get("class") == "whisker"]
            self.assertEqual(len(lines), 4, ref)  # the line, then its ticks
            want = [x_of(str(datetime.date.fromisoformat(day) + datetime.timedelta(days=1))) for day in days]
            for line, x in zip(lines[1:], want):
                self.assertAlmostEqual(float(line.get("x1")), x, delta=0.11, msg=ref)
            self.assertAlmostEqual(float(lines[0].get("x1")), want[0], delta=0.11)
            self.assertAlmostEqual(float(lines[0].get("x2")), want[2], delta=0.11)
        self.assertIn("--forecast goes with --svg", self.run_plumb("schedule", "--forecast", code=2).stderr)

    def test_the_fan_ends_where_the_forecast_does(self):
        p = self.picture("burnup", "initiative/app", "--forecast")
        days = self.forecast(refs=["initiative/app"])["initiative/app"]
        frame = next(r for r in p.all("rect") if r.get("class") == "frame")
        left, width = float(frame.get("x")), float(frame.get("width"))
        span = (datetime.date.fromisoformat(days[2]) - FIRST).days + 1
        want = [left + width * ((datetime.date.fromisoformat(day) - FIRST).days + 1) / span for day in days]
        group, = p.groups("fan")
        shapes = [[float(point.split(",")[0]) for point in s.get("points").split()] for s in p.all("polygon", group)]
        for found, wanted in zip(shapes, ([want[0], want[2]], [want[0], want[1]]), strict=True):
            for a, b in zip(found[1:], wanted, strict=True):
                self.assertAlmostEqual(a, b, delta=0.11)
        for args in (("burnup", "--forecast", "--svg", "-"), ("burnup", "initiative/app", "--forecast")):
            self.assertIn("name it, and --svg FILE", self.run_plumb(*args, code=2).stderr)

    # ---- the load

    def test_heat_map(self):
        p = self.picture("load", "--from", "2026-04-01")
        rows = p.groups("row")
        self.assertEqual([g.get("data-ref") for g in rows], ["team/t", "person/anna", "person/ben"])
        reply = json.loads(self.run_plumb("load", "--from", "2026-04-01", "-o", "json").stdout)
        self.assertEqual(len(p.groups("heat")), 3)
        by_who = {row["who"]: row["cells"][0] for row in reply["rows"]}
        for row in rows:
            cell = by_who[row.get("data-ref")]
            texts = p.texts(row)[1:]
            asked, gives = int(cell.get("demand", 0)) / 100, int(cell.get("capacity", 0)) / 100
            self.assertEqual(texts[-1], "%g/%g" % (asked, gives))

    def test_weeks_that_do_not_fit_stand_below(self):
        p = self.picture("load", "--by-week", "--from", "2026-04-01", "--to", "2026-09-30")
        reply = json.loads(self.run_plumb("load", "--by-week", "--from", "2026-04-01", "--to", "2026-09-30", "-o", "json").stdout)
        names = [period["name"] for period in reply["periods"]]
        self.assertEqual([text for text in p.texts() if text in names], names)
        rows = p.groups("row")
        blocks = len(rows) // 3
        self.assertGreater(blocks, 1)
        self.assertEqual([g.get("data-ref") for g in rows], ["team/t", "person/anna", "person/ben"] * blocks)
        self.assertEqual(len(p.groups("heat")), 3 * len(names))

    def test_heat_says_more_in_more_ways_than_colour(self):
        # 65 days each in the period: 13 of them are 20 %, 65 are 100 %, 66 are more, 100 are more than one and a half
        with Daemon(memory=True, clock="=2026-04-01T09:00:00Z") as daemon, daemon.client() as client:
            changes = [PLAN[0]]
            for name, effort in (("a", 0), ("b", 1300), ("c", 6500), ("d", 6600), ("e", 10000)):
                changes.append(put(name, "person", pb.item.Person()))
                if effort:
                    changes.append(put("for-" + name, "initiative", pb.item.Initiative(
                        status=ACTIVE, periods=["q2"], needs=[pb.item.Need(who="person/" + name, effort=effort)])))
            client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=changes)))
            text = subprocess.run([binary("plumb"), "load", "--svg", "-"], capture_output=True, text=True, timeout=60, check=True,
                                  env=dict(os.environ, PLUMB_SERVER=daemon.unix)).stdout
        p = Picture(text)
        self.look(p)
        found = {}
        for g in p.groups("heat"):
            rect = next(iter(p.all("rect", g)))
            found[g.get("data-ref")[-1]] = (rect.get("class"), p.texts(g), len(list(p.all("polygon", g))))
        self.assertEqual(found, {
            "a": ("cell h0", ["0/65"], 0), "b": ("cell h1", ["20 %", "13/65"], 0), "c": ("cell h4", ["100 %", "65/65"], 0),
            "d": ("over h5", ["! 102 %", "66/65"], 1), "e": ("over h6", ["! 154 %", "100/65"], 1)})
        self.check_grey(text)

    def check_grey(self, text):
        """The ramp is told apart in a grey print: each step is darker than the one before by a tenth of white at least."""
        light = []
        for i in range(7):
            colour = re.search(r"\.h%d\{fill:#([0-9a-f]+)\}" % i, text).group(1)
            colour = "".join(c * 2 for c in colour) if len(colour) == 3 else colour
            r, g, b = (int(colour[k:k + 2], 16) for k in (0, 2, 4))
            light.append((0.299 * r + 0.587 * g + 0.114 * b) / 255)
        for lighter, darker in zip(light, light[1:]):
            self.assertGreater(lighter - darker, 0.06, light)

    # ---- files

    def test_a_file_is_written_whole_or_not_at_all(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "plan.svg")
            with open(path, "w") as file:
                file.write("old")
            link = os.path.join(folder, "link.svg")
            os.symlink("plan.svg", link)
            out = self.run_plumb("schedule", "--svg", link).stdout
            self.assertIn("RANK", out)  # the table too
            self.assertTrue(os.path.islink(link))
            with open(path) as file:
                self.assertEqual(file.read(), self.run_plumb("schedule", "--svg", "-").stdout)
            self.assertEqual(sorted(os.listdir(folder)), ["link.svg", "plan.svg"])
            error = self.run_plumb("schedule", "--svg", folder, code=2).stderr
            self.assertIn("is a directory; name a file in it", error)
            error = self.run_plumb("load", "--svg", os.path.join(folder, "none", "x.svg"), code=2).stderr
            self.assertIn("No such file or directory", error)
            self.assertEqual(sorted(os.listdir(folder)), ["link.svg", "plan.svg"])
        self.run_plumb("schedule", "--svg", "/dev/null")
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))

    def test_many_rows(self):
        with Daemon(memory=True, clock="=2026-04-15T09:00:00Z") as daemon, daemon.client() as client:
            changes = PLAN[:4] + [initiative("i%03d" % i, "person/anna", 50, "Nr. %d" % i) for i in range(300)]
            client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=changes)))
            text = subprocess.run([binary("plumb"), "schedule", "--svg", "-"], capture_output=True, text=True, timeout=60, check=True,
                                  env=dict(os.environ, PLUMB_SERVER=daemon.unix)).stdout
        p = Picture(text)
        self.look(p)
        self.assertEqual(len(p.groups("row")), 300)
        # dates stand again above each 40 rows
        self.assertEqual(p.texts().count("06-01"), 8)

    def test_no_rows(self):
        with Daemon(memory=True, clock="=2026-04-15T09:00:00Z") as daemon:
            env = dict(os.environ, PLUMB_SERVER=daemon.unix)
            for command in ("schedule", "load"):
                text = subprocess.run([binary("plumb"), command, "--svg", "-"], capture_output=True, text=True, timeout=60,
                                      check=True, env=env).stdout
                self.look(Picture(text))


if __name__ == "__main__":
    unittest.main()
