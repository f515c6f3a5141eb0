"""The customer room's book: figures counted by hand, over the wire and as a page; hostile text; bad input."""
import html.parser
import json
import os
import re
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

from plumbrpc import INVALID, NOT_FOUND, Daemon, RpcError, binary, pb

P, R = pb.plan, pb.room
PRECONDITION = 9
SVG = "{http://www.w3.org/2000/svg}"

# Two quarters of a company with three segments. The first file is how it began, the second what became of it.
FIRST = """
effective: 2026-01-05T08:00:00Z
people:
  ann: {title: Ann}
teams:
  desk: {title: Desk}
measures:
  calls: {title: Calls}
segments:
  small: {title: Small firms, core: true, customers: 60, value: 300000, currency: EUR, growth: 0.1, why_us: [You answer], come_from: [A friend], want_next: [An app]}
  large: {title: Large firms, customers: 20, value: 900000, currency: EUR, growth: 0.5}
journeys:
  year: {title: The first year}
  year-to-be: {title: As it shall be, state: to_be, improves: year}
stages:
  begin: {title: Begin, journey: year}
  dream: {title: Dream, journey: year-to-be}
steps:
  call: {title: They call, stage: begin, met_by: desk, judged_by: calls, emotion: 0}
  bill: {title: They pay, stage: begin, follows: [call], emotion: -1}
  dreamt: {title: Nobody has to call, stage: dream, replaces: call}
expectations:
  fast: {title: A fast answer, segment: small, step: call, importance: 8, met: 4}
  clear: {title: A clear bill, segment: small, step: bill, importance: 4, met: 5}
  polite: {title: To be greeted, segment: large, step: call, importance: 6, met: 3}
  any-time: {title: At any time, segment: large}
  wish: {title: Never to call, segment: small, step: dreamt, importance: 10, met: 0}
desired_outcomes:
  sleep: {title: Sleep at night, segments: [small], importance: 7}
  grow: {title: Grow, importance: 3}
customers:
  c1: {segment: small, came_from: fair}
  c2: {segment: small, came_from: friend}
  c3: {segment: small, came_from: fair}
  c4: {segment: small}
objectives:
  answer-fast: {title: Answer within an hour, expectations: [fast]}
initiatives:
  hotline: {title: Hotline, status: active, objective: answer-fast, steps: [call]}
  garage: {title: Garage, status: active}
commitments:
  p-kept: {title: An answer by telephone, promised_by: ann, promised_to: [segment/small], made: 2026-01-05, due: 2026-03-15, state: kept, settled: 2026-03-10}
  p-late: {title: Prices, promised_by: ann, promised_to: [customer/c1], made: 2026-01-05, due: 2026-04-30}
  p-open: {title: The app, promised_by: ann, promised_to: [segment/small, customer/c2], made: 2026-01-05, due: 2026-12-01}
  p-other: {title: A desk, promised_by: ann, promised_to: [team/desk], made: 2026-01-05, due: 2026-04-30}
reviews:
  customer-room: {title: The room, type: customer_room, owner: ann, first_day: 2026-01-05}
decisions:
  hire: {title: Hire two, status: proposed, decide_by: 2026-06-01, made_in: customer-room, options: [{title: Two}, {title: "One"}]}
  paint: {title: Paint the garage, status: proposed, affects: [initiative/garage]}
requests:
  line: {title: A second line, from: ann, to: ann, work: hotline, asked: 2026-06-01, needed_by: 2026-06-20}
  roof: {title: A roof, from: ann, to: ann, work: garage, asked: 2026-06-01}
experiences:
  e1: {about: step/call, at: 2026-02-01, by: ann, segment: small, emotion: -1}
"""
SECOND = """
effective: 2026-05-04T08:00:00Z
segments:
  small: {title: Small firms, core: true, customers: 90, value: 450000, currency: EUR, growth: 0.1, why_us: [You answer], come_from: [A friend], want_next: [An app]}
  new: {title: New firms, customers: 10, value: 150000, currency: EUR}
decisions:
  open-late: {title: Open until eight, status: accepted, decided: 2026-05-20, made_in: customer-room, reason: They call in the evening}
meetings:
  room-1: {about: customer-room, at: 2026-05-20, by: ann, minutes: We heard them, decisions: [open-late]}
experiences:
  e2: {about: step/call, at: 2026-05-06, by: ann, segment: small, emotion: 2}
  e3: {about: expectation/fast, at: 2026-05-06, by: ann, met: 6}
"""
HOSTILE = '<script>alert(1)</script>" onload="x" \'y\' & | `a` [b](http://c) \u202egnp\u202c \u2067rtl\u2069'


class Daemons(unittest.TestCase):
    def start(self, *files, clock="=2026-06-30T09:00:00Z"):
        daemon = Daemon(memory=True, clock=clock)
        self.addCleanup(daemon.close)
        with tempfile.TemporaryDirectory() as folder:
            for i, text in enumerate(files):
                path = os.path.join(folder, "%d.yaml" % i)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
            done = self.plumb(daemon, "apply", "-f", folder, "--yes")
            self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return daemon

    def plumb(self, daemon, *args):
        env = {k: v for k, v in os.environ.items() if not k.startswith("PLUMB_") or k == "PLUMB_BUILD"}
        return subprocess.run([binary("plumb"), "--server", daemon.unix] + list(args), env=env, capture_output=True, text=True,
                              encoding="utf-8", timeout=60, stdin=subprocess.DEVNULL, check=False)

    def ask(self, daemon, quarter="2026-Q2", at=None, **request):
        """Segments by id, the paths behind each, the book."""
        with daemon.client(unix=True) as client:
            segments, paths, book = {}, [], None
            for reply in client.stream("Insight.Room", R.RoomRequest(quarter=quarter, at=P.At(**(at or {})), **request)):
                if reply.HasField("segment"):
                    segments[reply.segment.ref[8:]] = reply.segment
                elif reply.HasField("path"):
                    if paths and segments and paths[-1].ref == reply.path.ref and not reply.path.segments:
                        paths[-1].steps.extend(reply.path.steps)  # a further piece
                        continue
                    self.assertEqual(reply.path.segments, ["segment/" + list(segments)[-1]])
                    paths.append(reply.path)
                else:
                    self.assertIsNone(book)
                    book = reply.book
            return segments, paths, book

    def refuse(self, daemon, code, words, **request):
        with self.assertRaises(RpcError) as caught:
            self.ask(daemon, **request)
        self.assertEqual(caught.exception.code, code, caught.exception)
        self.assertIn(words, str(caught.exception))


class BookTest(Daemons):
    def setUp(self):
        self.daemon = self.start(FIRST, SECOND)

    def test_who_they_are(self):
        segments, _, book = self.ask(self.daemon)
        # core ones first, then by value
        self.assertEqual(list(segments), ["small", "large", "new"])
        small, large, new = segments.values()
        self.assertEqual((small.customers, small.customers_before, large.customers, new.customers), (90, 60, 20, 10))
        self.assertEqual((book.customers, book.value, book.currency, book.segments), (120, 1500000, "EUR", 3))
        self.assertAlmostEqual(small.customers_share, 90 / 120)
        self.assertAlmostEqual(small.value_share, 450000 / 1500000)
        self.assertAlmostEqual(large.growth_value, 450000)
        self.assertEqual((small.value_before, new.HasField("value_before"), new.HasField("growth_value")), (300000, False, False))
        self.assertEqual([s.is_new for s in segments.values()], [False, False, True])
        self.assertEqual((book.first_day, book.last_day, book.day, book.before, book.running),
                         ("2026-04-01", "2026-06-30", "2026-06-30", "2026-03-31", False))
        self.assertFalse([note for note in book.notes if "Shares" in note])

    def test_why_and_where_from(self):
        small = self.ask(self.daemon)[0]["small"]
        self.assertEqual((list(small.why_us), list(small.come_from), list(small.want_next)), (["You answer"], ["A friend"], ["An app"]))
        self.assertEqual([(s.customers, getattr(s, "from")) for s in small.sources], [(2, "fair"), (1, "friend")])
        self.assertEqual((small.rows, small.from_unknown, small.from_others), (4, 1, 0))

    def test_what_they_want(self):
        segments, _, book = self.ask(self.daemon)
        small, large = segments["small"], segments["large"]
        # The wish belongs to the journey as it shall be. (8 x 6 + 4 x 5) / 12 now, (8 x 4 + 4 x 5) / 12 before.
        self.assertEqual((small.expectations, small.rated, small.unanswered), (2, 2, 1))
        self.assertAlmostEqual(small.met, 68 / 12)
        self.assertAlmostEqual(small.met_before, 52 / 12)
        # Of "clear" 5 of 4 is met. 8 + (8 - 6) = 10.
        self.assertEqual([(w.ref, w.met, w.met_before, w.opportunity, [o.title for o in w.objectives]) for w in small.unmet],
                         [("expectation/fast", 6, 4, 10, ["Answer within an hour"])])
        self.assertEqual((large.expectations, large.rated, large.met), (2, 1, 3))
        self.assertEqual([o.ref for o in small.outcomes], ["desired-outcome/sleep"])
        self.assertEqual([o.ref for o in book.outcomes], ["desired-outcome/grow"])
        # 6 + 3 = 9; 4 + 0 = 4; not known
        self.assertEqual([w.ref for w in book.unanswered], ["expectation/polite", "expectation/clear", "expectation/any-time"])
        self.assertEqual(book.expectations, 4)

    def test_how_they_move_through(self):
        segments, paths, book = self.ask(self.daemon)
        self.assertEqual((book.paths, book.journeys, len(paths)), (3, 1, 3))
        call = paths[0].steps[0]
        self.assertEqual((call.ref, call.emotion, call.emotion_before), ("step/call", 2, -1))
        with self.daemon.client(unix=True) as client:  # the same as Journey says
            journey = [r.path for r in client.stream("Insight.Journey", pb.journey.JourneyRequest(
                segment="small", journey="year", since="2026-03-31", at=P.At(today="2026-06-30"))) if r.HasField("path")]
        self.assertEqual(journey, paths[:1])
        self.assertEqual(list(segments), ["small", "large", "new"])

    def test_what_was_promised(self):
        segments, _, book = self.ask(self.daemon)
        # p-other is to a team. p-kept was due in the first quarter, p-late in the second: 61 days ago.
        self.assertEqual((book.promises.kept, book.promises.made, book.promises.overdue, book.promises.open), (1, 2, 1, 1))
        self.assertEqual((book.promises_in_quarter.kept, book.promises_in_quarter.made), (0, 1))
        self.assertEqual([(p.ref, p.days) for p in book.promise_list[:1]], [("commitment/p-late", 61)])
        self.assertEqual([p.ref for p in book.promise_list[1:]], ["commitment/p-open"])
        self.assertEqual((segments["small"].promises.made, segments["small"].promises.open), (2, 1))  # p-open once
        self.assertEqual(segments["large"].promises.made, 0)

    def test_what_to_decide(self):
        book = self.ask(self.daemon)[2]
        self.assertEqual([(d.ref, d.decide_by, d.overdue_days, list(d.options)) for d in book.to_decide],
                         [("decision/hire", "2026-06-01", 29, ["Two", "One"])])
        self.assertEqual(book.to_decide_elsewhere, 1)
        self.assertEqual([(r.ref, r.waits, r.overdue_days, r.age_days) for r in book.requests],
                         [("request/line", "initiative/hotline", 10, 29)])
        self.assertEqual(book.requests_elsewhere, 1)
        hole = pb.journey
        # Who meets them at the bill? By what is that judged, who works on it?
        self.assertEqual([(s.step, list(s.holes)) for s in book.holes], [("step/bill", [hole.NO_OWNER, hole.NO_MEASURE, hole.NO_WORK])])
        self.assertEqual(book.steps, 2)
        room = book.rooms[0]
        self.assertEqual((room.review, room.last_day, room.in_quarter, room.minutes), ("review/customer-room", "2026-05-20", True, "We heard them"))
        self.assertEqual([(d.ref, d.reason) for d in room.decisions], [("decision/open-late", "They call in the evening")])

    def test_quarters_that_are_over_and_running(self):
        segments, _, book = self.ask(self.daemon, "2026-q1")
        self.assertEqual((list(segments), segments["small"].customers, book.revision_before), (["large", "small"][::-1], 60, 0))
        self.assertEqual((book.quarter, book.day, len(book.rooms[0].decisions)), ("2026-Q1", "2026-03-31", 0))
        self.assertTrue(all(s.is_new for s in segments.values()))
        book = self.ask(self.daemon, "", at={"today": "2026-05-10"})[2]
        self.assertEqual((book.quarter, book.day, book.running), ("2026-Q2", "2026-05-10", True))
        # an older revision, asked for by number
        segments, _, book = self.ask(self.daemon, "2026-Q2", at={"revision": 1, "today": "2026-06-30"})
        self.assertEqual((book.revision, segments["small"].customers), (1, 60))

    def test_only_one(self):
        segments, paths, book = self.ask(self.daemon, segment="large", journey="journey/year")
        self.assertEqual((list(segments), [p.ref for p in paths], book.segments), (["large"], ["journey/year"], 3))
        self.assertEqual([w.ref for w in book.unanswered], ["expectation/polite"])  # "any-time" is at no step of it
        self.assertEqual(book.promises.made, 0)

    def test_bad_input(self):
        self.refuse(self.daemon, INVALID, "2026-Q3 has not come yet: it begins on 2026-07-01, and it is 2026-06-30", quarter="2026-Q3")
        for quarter in "2026-Q5", "2026", "2026-Q", "20266-Q1", "x" * 5000, "spring", "2026-13", "ﬀ":
            self.refuse(self.daemon, INVALID, "is no quarter, and no period of the plan", quarter=quarter)
        self.refuse(self.daemon, NOT_FOUND, "there is no segment/x", segment="x")
        self.refuse(self.daemon, INVALID, "is no journey", journey="segment/small")
        self.refuse(self.daemon, INVALID, "is not a date", at={"today": "soon"})
        self.refuse(self.daemon, PRECONDITION, "by 2025-12-31 there was no plan yet", quarter="2025-Q4")
        self.refuse(self.daemon, PRECONDITION, "there was no plan yet", quarter="0001-Q1")
        self.refuse(self.start("people: {ann: {title: Ann}}\neffective: 2026-01-05T08:00:00Z\n"), PRECONDITION, "the plan has no segment; add some to a plan file")
        done = self.plumb(self.daemon, "room", "2026-Q5")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("write it like 2027-Q1", done.stderr)

    def test_a_period_of_the_plan_comes_first(self):
        daemon = self.start(FIRST, SECOND, "periods: {2026-q2: {title: Q2 as we count, first_day: 2026-03-30, last_day: 2026-06-28}, odd: {title: Odd}}\n"
                            "effective: 2026-05-05T08:00:00Z\n")
        for quarter in "2026-Q2", "period/2026-q2":
            book = self.ask(daemon, quarter)[2]
            self.assertEqual((book.quarter, book.title, book.before, book.day), ("period/2026-q2", "Q2 as we count", "2026-03-29", "2026-06-28"))
        self.refuse(daemon, INVALID, "no period of the plan with a first and a last day", quarter="odd")

    def test_shares_that_cannot_be_told(self):
        daemon = self.start("effective: 2026-01-05T08:00:00Z\nsegments: {a: {value: 1, currency: EUR}, b: {value: 2, currency: USD, customers: 3}}\n"
                            "customers: {c: {segment: a, value: 7}}\n")
        segments, _, book = self.ask(daemon)
        # "a" states no number: its one customer counts. What it states of its value comes before that of its customers.
        self.assertEqual((segments["a"].customers, segments["a"].customers_counted, segments["a"].value, segments["a"].value_added), (1, True, 1, False))
        self.assertFalse(book.HasField("value") or segments["a"].HasField("value_share"))
        self.assertEqual(list(book.notes), ["Shares of value can't be told, because the segments state it in several currencies."])


class Page(html.parser.HTMLParser):
    """A strict reader: every element that is no void one is closed in order; counts what must not be there."""
    VOID = {"meta", "br", "hr", "img", "link", "input"}

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.ids, self.text, self.problems = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        names = [name for name, _ in attrs]
        if len(set(names)) != len(names) or any(name.startswith("on") or name in ("src", "href", "style") for name in names):
            self.problems.append((tag, attrs))
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append("</%s>" % tag)

    def handle_data(self, data):
        self.text.append(data)


class PageTest(Daemons):
    def read(self, text):
        page = Page()
        page.feed(text)
        page.close()
        self.assertEqual((page.open, page.problems), ([], []))
        self.assertEqual(len(set(page.ids)), len(page.ids))
        self.assertTrue(text.startswith("<!DOCTYPE html>"))
        for tag in "script", "link", "img", "iframe", "object", "base":
            self.assertNotIn(tag, page.tags)
        style = re.search(r"<style>(.*?)</style>", text, re.S).group(1)
        self.assertNotRegex(style, r"@import|url\((?!#)|<")
        self.assertIn("@media print", style)
        pictures = re.findall(r"<svg.*?</svg>", text, re.S)
        for picture in pictures:
            root = ElementTree.fromstring(picture)
            for name in root.get("aria-labelledby", "").split():
                self.assertIn(name, page.ids)
        return page, [p for p in pictures if "polyline" in p]

    def page(self, daemon, *args):
        done = self.plumb(daemon, "room", "2026-Q2", "-o", "html", *args)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return self.read(done.stdout) + (done.stdout,)

    def test_html(self):
        daemon = self.start(FIRST, SECOND)
        page, curves, text = self.page(daemon)
        words = " ".join(page.text)
        for word in ("Customer room: 2026-Q2", "Small firms (core)", "90 (was 60)", "10 (new)", "450,000 EUR (was 300,000)", "75 %", "fair: 2; friend: 1; not said: 1",
                     "What they expect is met to 5.7 of 10, weighted by importance ( 2026-03-31: 4.3".replace("( ", "("), "+2 (was -1)", "Answer within an hour",
                     "overdue by 61 days", "Hire two", "2026-06-01 (29 days ago)", "Open until eight (accepted 2026-05-20). They call in the evening",
                     "nobody answers for it; no measure judges who meets them; nothing open works on it"):
            self.assertIn(word, words)
        self.assertEqual(len(curves), 3 * 1)
        self.assertEqual(page.tags.count("section"), 6)
        self.assertEqual(text, self.page(daemon)[2])  # the same bytes for the same plan

    def test_tidy(self):
        if not os.path.exists("/usr/bin/tidy"):
            return  # the strict reader above is the test; this is a second opinion where it is installed
        text = self.page(self.start(FIRST, SECOND))[2]
        done = subprocess.run(["/usr/bin/tidy", "-q", "-e", "--show-warnings", "no"], input=text, capture_output=True, text=True, timeout=30, check=False)
        self.assertLess(done.returncode, 2, done.stderr)

    def test_hostile_text_stays_text(self):
        title = json.dumps(HOSTILE)
        text = FIRST
        for old in ("Small firms", "The first year", "They call", "A fast answer", "You answer", "A friend", "An app", "Prices", "Hire two", "A second line", "Begin", "Desk",
                    "fair", "Sleep at night", "Ann"):
            text = re.sub(r"(: |\[)%s\b" % re.escape(old), lambda m: m.group(1) + title, text)
        daemon = self.start(text)
        page, _, raw = self.page(daemon)
        self.assertIn("<script>alert(1)</script>", "".join(page.text))  # as words
        self.assertNotRegex(raw, "[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f]")
        done = self.plumb(daemon, "room", "2026-Q2")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotRegex(done.stdout, "[\u202a-\u202e\u2066-\u2069]")
        self.assertNotRegex(done.stdout, r"(?<!\\)[<>`\[]script|(?<!\\)<|(?<!\\)\[b|(?<!\\)`")
        widths = {}
        for line in done.stdout.splitlines():  # a bar in a title makes no cell
            if line.startswith("|"):
                widths.setdefault(len(re.findall(r"(?<!\\)\|", line)), 0)
        self.assertTrue(set(widths) <= {3, 5, 6, 7}, widths)

    def test_what_is_missing_is_said(self):
        daemon = self.start("effective: 2026-01-05T08:00:00Z\nsegments: {a: {title: A}}\n")
        words = " ".join(self.page(daemon)[0].text)
        for word in ("The plan has no journey", "Nobody has written down what they expect", "No segment says why its customers choose us",
                     "Nobody has written down what they want", "Nothing is promised to a segment or a customer", "plumb commitment new", "The plan has no customer room",
                     "No decision about customers is proposed", "plumb decision new", "There are no steps and no expectations", "do not say how many they are"):
            self.assertIn(word, words)

    def test_a_journey_that_loops_and_one_that_is_long(self):
        steps = "".join("  s%02d: {title: Step %d, stage: b, follows: [%s], emotion: %d}\n" % (i, i, "s%02d" % (i - 1) if i else "", i % 5 - 2) for i in range(15))
        daemon = self.start("effective: 2026-01-05T08:00:00Z\nsegments: {a: {title: A}}\njourneys: {j: {title: J}, long: {title: Long}}\n"
                            "stages: {s: {journey: j}, b: {journey: long}}\nsteps:\n  x: {stage: s, follows: [y], emotion: 1}\n  y: {stage: s, follows: [x], emotion: 1}\n" + steps)
        page, curves, _ = self.page(daemon)
        self.assertIn("step/x -> step/y -> step/x", " ".join(page.text))
        self.assertEqual(len(curves), 2)  # of 8 and 7 steps
        book = self.ask(daemon)[2]
        self.assertEqual(book.paths, 2)

    def test_json_and_yaml(self):
        daemon = self.start(FIRST, SECOND)
        rows = json.loads(self.plumb(daemon, "room", "2026-Q2", "-o", "json").stdout)
        self.assertEqual([next(iter(r)) for r in rows], ["segment", "path", "segment", "path", "segment", "path", "book"])
        self.assertEqual(rows[-1]["book"]["quarter"], "2026-Q2")
        self.assertRegex(self.plumb(daemon, "room", "2026-Q2", "-o", "yaml").stdout, r"quarter: \W?2026-Q2")


class LimitsTest(Daemons):
    def test_segments_and_paths(self):
        def plan(n):
            return ("effective: 2026-01-05T08:00:00Z\njourneys: {j: {title: J}, k: {title: K}, l: {title: L}}\nsegments:\n" +
                    "".join("  s%03d: {customers: 1}\n" % i for i in range(n)))
        segments, paths, book = self.ask(self.start(plan(66)))
        self.assertEqual((len(segments), book.segments_left_out, book.paths, book.paths_left_out, len(paths)), (66, 0, 198, 0, 198))
        segments, _, book = self.ask(self.start(plan(100)))
        self.assertEqual((len(segments), book.segments_left_out, book.paths, book.paths_left_out), (100, 0, 200, 100))
        segments, _, book = self.ask(self.start(plan(101)))
        self.assertEqual((len(segments), book.segments_left_out, book.customers), (100, 1, 101))

    def test_notes(self):
        """What can't be told of segments, and of fifty journeys at most."""
        for n in (50, 51):
            _, _, book = self.ask(self.start("effective: 2026-01-05T08:00:00Z\nsegments: {a: {}}\njourneys:\n" +
                                             "".join("  j%02d: {}\n" % i for i in range(n))))
            self.assertEqual((len(book.notes), sum("has no way to show" in note for note in book.notes), book.paths), (52, 50, n))

    def test_lists(self):
        for n, more in (20, 0), (21, 1):
            daemon = self.start("effective: 2026-01-05T08:00:00Z\nsegments: {a: {want_next: [%s]}}\nexpectations:\n" % ", ".join("w%d" % i for i in range(n)) +
                                "".join("  e%d: {segment: a, importance: 5, met: 1}\n" % i for i in range(n)) +
                                "commitments:\n" + "".join("  p%d: {promised_to: [segment/a], promised_by: person/x, due: 2026-12-01}\n" % i for i in range(n)) +
                                "decisions:\n" + "".join("  d%d: {affects: [segment/a]}\n" % i for i in range(n)) +
                                "customers:\n" + "".join("  c%d: {segment: a, came_from: x%d}\n" % (i, i) for i in range(n)))
            segments, _, book = self.ask(daemon)
            a = segments["a"]
            self.assertEqual((len(a.want_next), a.more_words, len(a.unmet), a.more_unmet, len(a.sources), a.from_others), (20, more) * 3)
            self.assertEqual((len(book.unanswered), book.more_unanswered, len(book.promise_list), book.more_promises, len(book.to_decide), book.more_to_decide),
                             (20, more) * 3)


if __name__ == "__main__":
    unittest.main()
