"""
Standing meetings: when they are due, what to talk about, what was decided; requests between levels; meetings as a calendar.

Days are worked out by hand, and by a twin in Python that shares no code with the daemon; the calendar is read by python3-icalendar and
its repetitions are unrolled by python3-dateutil.
"""
import datetime
import json
import os
import random
import subprocess
import unittest

import icalendar
from dateutil import rrule

from plumbrpc import INVALID, NOT_FOUND, ROOT, Daemon, RpcError, binary, pb

I, P, G, A = pb.item, pb.plan, pb.governance, pb.agenda
EXAMPLE = os.path.join(ROOT, "deploy", "example")


def put(kind, name, body, **fields):
    return P.Change(put=P.Put(item=I.Item(id=name, **{kind: body}, **fields)))


def add(kind, about, body, at, **fields):
    return P.Change(add=P.Add(record=I.Record(about=about, at=at, **{kind: body}, **fields)))


class World(unittest.TestCase):
    maxDiff = None
    clock = "=2026-03-31T09:00:00Z"

    def setUp(self):
        self.daemon = Daemon(clock=self.clock)
        self.addCleanup(self.daemon.close)
        self.client = self.daemon.client(unix=True)

    def apply(self, *changes, effective=None):
        change_set = P.ChangeSet(changes=changes, effective=effective or "")
        return self.client.call("Plan.Apply", P.ApplyRequest(change_set=change_set))

    def plumb(self, *args, code=0, text=None):
        env = {k: v for k, v in os.environ.items() if not k.startswith("PLUMB_") or k == "PLUMB_BUILD"}
        done = subprocess.run([binary("plumb"), "--server", self.daemon.unix, *args], env=env, capture_output=True, text=True,
                              timeout=60, input=text or "")
        self.assertEqual(done.returncode, code, (args, done.stdout, done.stderr))
        return done.stdout if code == 0 else done.stderr

    def refused(self, code, method, request):
        with self.assertRaises(RpcError) as caught:
            self.client.call(method, request)
        self.assertEqual(caught.exception.code, code)
        return str(caught.exception)

    def reviews(self, **fields):
        return {r.ref: r for r in self.client.call("Insight.Reviews", A.ReviewsRequest(**fields)).reviews}


class Twin:
    """Due days from the definitions of docs/RHYTHM.md, day by day, without arithmetic."""

    def __init__(self, week, holidays):
        self.week, self.holidays = week, holidays

    def works(self, day):
        return day.isoweekday() in self.week and day not in self.holidays

    def due(self, day):
        at = day
        for _ in range(366):
            if self.works(at):
                return at
            at += datetime.timedelta(1)
        return day

    def planned(self, review, held, today, created):
        held = [day for day in held if day <= today]
        last, first, every = max(held, default=None), review["first"], review["every"]
        if first and (last is None or first > last):
            return first
        if not every:
            return None
        return (last or first or created) + datetime.timedelta(every)

    def next(self, review, held, today, created, until):
        """[(planned, due)]: the next one, and those behind it and today, each working day once."""
        at = self.planned(review, held, today, created)
        days = [] if at is None else [(at, self.due(at))]
        while at is not None and review["every"]:
            at += datetime.timedelta(review["every"])
            if at > until:
                break
            if at > today and self.due(at) != days[-1][1]:
                days.append((at, self.due(at)))
        return days


class DueTest(World):
    def test_the_twin_has_the_same_days(self):
        rng = random.Random(7)
        today = datetime.date(2026, 3, 31)
        for round_ in range(6):
            week = sorted(rng.sample(range(1, 8), rng.randint(1, 6)))
            holidays = {datetime.date(2026, 1, 1) + datetime.timedelta(rng.randrange(500)) for _ in range(60)}
            workspace = "w%d" % round_
            self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id=workspace))
            changes = [put("calendar", "c", I.Calendar(working_days=week, holidays=[str(d) for d in sorted(holidays)]))]
            plan = {}
            for n in range(25):
                review = {"every": rng.choice([0, 1, 7, 10, 14, 28, 30, 31, 91, 365]),
                          "first": rng.choice([None, datetime.date(2026, 1, 1) + datetime.timedelta(rng.randrange(200))])}
                held = [datetime.date(2026, 1, 1) + datetime.timedelta(rng.randrange(120)) for _ in range(rng.randrange(4))]
                plan["review/r%d" % n] = (review, held)
                body = G.Review(first_day=str(review["first"] or ""))
                if review["every"]:
                    body.every_days = review["every"]
                changes.append(put("review", "r%d" % n, body))
                changes += [add("meeting", "review/r%d" % n, G.Meeting(), str(day)) for day in held]
            self.client.call("Plan.Apply", P.ApplyRequest(workspace=workspace, change_set=P.ChangeSet(changes=changes)))
            twin = Twin(week, holidays)
            found = self.reviews(at=P.At(workspace=workspace), ahead_days=400)
            self.assertEqual(set(found), set(plan))
            for ref, (review, held) in plan.items():
                with self.subTest(round=round_, ref=ref, review=review, held=held):
                    expected = twin.next(review, held, today, today, today + datetime.timedelta(400))
                    got = [(n.planned or n.day, n.day) for n in found[ref].next]
                    self.assertEqual(got, [(str(planned), str(due)) for planned, due in expected])
                    self.assertEqual(found[ref].held, len([day for day in held if day <= today]))
                    late = (today - expected[0][1]).days if expected else 0
                    self.assertEqual(found[ref].overdue_days, max(late, 0))

    def test_a_zones_clock_moves_no_meeting(self):
        """A time on the last evening before the clocks change is of that day in UTC, as all records are."""
        self.apply(put("calendar", "c", I.Calendar(working_days=range(1, 8))), put("review", "r", G.Review(every_days=1)),
                   add("meeting", "review/r", G.Meeting(), "2026-03-28T23:30:00Z"))
        found = self.reviews(at=P.At(today="2026-03-29"), ahead_days=2)["review/r"]
        self.assertEqual((found.last_day, [n.day for n in found.next]), ("2026-03-28", ["2026-03-29", "2026-03-30", "2026-03-31"]))

    def test_limits_and_names(self):
        self.apply(put("person", "anna", I.Person()), put("review", "r", G.Review(every_days=1, first_day="2026-03-31")),
                   put("calendar", "c", I.Calendar(working_days=range(1, 8))))
        self.assertEqual(len(self.reviews(ahead_days=1100)["review/r"].next), 1101)
        self.assertIn("at most 1100", self.refused(INVALID, "Insight.Reviews", A.ReviewsRequest(ahead_days=1101)))
        self.assertEqual(self.reviews(person="anna"), {})
        self.refused(NOT_FOUND, "Insight.Reviews", A.ReviewsRequest(person="bert"))
        self.refused(INVALID, "Insight.Reviews", A.ReviewsRequest(person="team/x"))


class AgendaTest(World):
    """A council of two efforts, and all that may be open between them; every line is stated by hand."""

    def setUp(self):
        super().setUp()
        seats = [G.Seat(person="anna", speaks_for="portal"), G.Seat(person="gone", speaks_for="desk")]
        self.apply(
            put("person", "anna", I.Person(manager="boss")), put("person", "bert", I.Person(email="bert@example.org")),
            put("person", "boss", I.Person()), put("person", "gone", I.Person(last_day="2026-02-28")),
            put("team", "web", I.Team(lead="anna")), put("team", "data", I.Team(lead="bert")),
            put("initiative", "portal", I.Initiative(status=I.ACTIVE, finish="2026-04-30"), owners=["anna"], title="Portal"),
            put("initiative", "desk", I.Initiative(status=I.ACTIVE), owners=["bert"]),
            put("initiative", "other", I.Initiative(status=I.ACTIVE), owners=["bert"]),
            put("workstream", "pages", I.Workstream(initiative="portal"), owners=["anna"]),
            put("review", "council", G.Review(type=G.Review.COUNCIL, every_days=14, first_day="2026-03-02", attendees=["boss"],
                                              seats=seats, minutes=45), owners=["boss"], title="Council"),
            P.Change(place=P.Place(item="portal", last=True)), P.Change(place=P.Place(item="desk", last=True)),
            put("baseline", "q1", I.Baseline()),
            effective="2026-03-02T08:00:00Z")
        self.apply(
            put("decision", "done", G.Decision(status=G.Decision.ACCEPTED, decided="2026-03-16", reason="It is cheaper"), title="Rent"),
            add("meeting", "review/council", G.Meeting(minutes="We rent.", decisions=["done"], attendees=["boss", "anna"]),
                "2026-03-16T10:00:00Z"),
            effective="2026-03-16T12:00:00Z")
        self.apply(
            put("initiative", "portal", I.Initiative(status=I.ACTIVE, finish="2026-05-29"), owners=["anna"], title="Portal"),
            put("initiative", "other", I.Initiative(status=I.PAUSED), owners=["bert"]),
            put("task", "logo", I.Task(initiative="workstream/pages"), title="A logo"),
            add("check_in", "initiative/desk", I.CheckIn(status=I.CheckIn.AT_RISK), "2026-03-20", by="bert"),
            add("check_in", "initiative/desk", I.CheckIn(status=I.CheckIn.OFF_TRACK), "2026-03-27", by="bert"),
            put("decision", "open", G.Decision(decide_by="2026-03-27", made_in="council", options=[
                G.DecisionOption(title="Buy"), G.DecisionOption(title="Build")]), title="Buy or build"),
            put("decision", "elsewhere", G.Decision(made_in="nowhere", affects=["initiative/other"])),
            add("vote", "decision/open", G.Vote(choice=G.Vote.FOR, option="Buy"), "2026-03-20", by="boss"),
            add("vote", "decision/open", G.Vote(choice=G.Vote.AGAINST, option="Buy"), "2026-03-24", by="boss"),
            add("vote", "decision/open", G.Vote(choice=G.Vote.FOR, option="Rent"), "2026-03-24", by="anna"),
            add("vote", "decision/open", G.Vote(choice=G.Vote.FOR), "2026-04-24", by="gone"),
            put("ask", "rows", I.Ask(**{"from": "web", "to": "data"}, initiative="portal", needed_by="2026-04-10"), title="Rows"),
            put("ask", "others", I.Ask(**{"from": "data", "to": "web"}, initiative="other"), title="Not of this council"),
            put("request", "money", G.Request(**{"from": "anna", "to": "boss"}, work="portal", asked="2026-03-17",
                                              needed_by="2026-03-30"), title="Money"),
            put("request", "told", G.Request(**{"from": "anna", "to": "boss"}, work="portal", state=G.Request.GIVEN)),
            put("commitment", "soon", G.Commitment(promised_by="anna", promised_to=["boss"], due="2026-04-13", made="2026-03-11"),
                title="A plan"),
            put("commitment", "later", G.Commitment(promised_by="anna", promised_to=["boss"], due="2026-04-14")),
            add("acceptance", "baseline/q1", G.Acceptance(answer=G.Acceptance.BLOCKED, in_the_way="No budget", cleared_by="boss"),
                "2026-03-20", by="anna"),
            add("acceptance", "baseline/q1", G.Acceptance(answer=G.Acceptance.BLOCKED, in_the_way="No time"), "2026-03-20", by="boss"),
            add("acceptance", "baseline/q1", G.Acceptance(), "2026-03-21", by="boss"),
            effective="2026-03-30T08:00:00Z")

    def agenda(self, **fields):
        return self.client.call("Insight.Agenda", A.AgendaRequest(**{"review": "council", **fields}))

    def test_every_line_of_it(self):
        r = self.agenda()
        self.assertEqual((r.review, r.title, r.type, r.minutes_planned), ("review/council", "Council", G.Review.COUNCIL, 45))
        self.assertEqual((r.last_day, r.due, r.overdue_days, r.minutes), ("2026-03-16", "2026-03-30", 1, "We rent."))
        self.assertEqual((list(r.people), list(r.gone)), (["person/boss", "person/anna"], ["person/gone"]))
        # what is spoken for, and what belongs to it: two initiatives, a workstream, a task, an ask
        self.assertEqual((sorted(r.about), r.about_items), (["initiative/desk", "initiative/portal"], 5))
        self.assertEqual([(d.ref, d.status, d.decided, d.reason) for d in r.decided],
                         [("decision/done", "accepted", "2026-03-16", "It is cheaper")])
        self.assertEqual(list(r.gaps), [])

    def test_decisions_and_votes(self):
        (d,) = self.agenda().to_decide
        self.assertEqual((d.ref, d.decide_by, d.overdue_days), ("decision/open", "2026-03-27", 4))
        # the newest word of each until today: against by boss; anna for an option that is not there; gone votes in April only
        self.assertEqual((d.votes_for, d.votes_against, d.abstained, len(d.votes)), (1, 1, 0, 2))
        self.assertEqual([(o.title, o.for_votes, o.against_votes) for o in d.options], [("Buy", 0, 1), ("Build", 0, 0)])
        self.assertEqual(list(d.missing), [])
        self.apply(put("person", "eva", I.Person()), put("review", "council", G.Review(
            type=G.Review.COUNCIL, every_days=14, first_day="2026-03-02", attendees=["boss", "eva"])))
        self.assertEqual(list(self.agenda().to_decide[0].missing), ["person/eva"])

    def test_what_is_open_between_people(self):
        K = A.AgendaPoint
        got = [(p.kind, p.ref, getattr(p, "from"), p.to, p.due, p.age_days, p.overdue_days, p.waits, p.rank, p.text)
               for p in self.agenda().points]
        self.assertEqual(got, [
            (K.ASK, "ask/rows", "team/web", "team/data", "2026-04-10", 1, 0, "initiative/portal", 1, ""),
            # asked on 17 March
            (K.REQUEST, "request/money", "person/anna", "person/boss", "2026-03-30", 14, 1, "initiative/portal", 1, ""),
            # the meeting behind the next one, which is late, is that of 13 April
            (K.COMMITMENT, "commitment/soon", "person/anna", "person/boss", "2026-04-13", 20, 0, "", 0, ""),
            # boss has accepted meanwhile
            (K.ACCEPTANCE, got[3][1], "person/anna", "person/boss", "", 11, 0, "baseline/q1", 0, "No budget")])

    def test_what_has_changed(self):
        r = self.agenda()
        changes = {c.ref: (c.action, {f.field: (f.old, f.new) for f in c.fields}) for c in r.changes}
        check_in = [ref for ref in changes if ref.startswith("check-in/")]
        self.assertEqual(r.since, "2026-03-16T10:00:00Z")
        self.assertEqual((r.since_revision, r.changes_total), (1, 4))
        self.assertEqual(len(check_in), 1)  # the newest word only
        self.assertEqual(changes[check_in[0]][1]["check_in.status"], ("", "off_track"))
        self.assertEqual({ref: changes[ref] for ref in changes if ref not in check_in}, {
            "initiative/portal": (P.EntryDiff.CHANGED, {"initiative.finish": ("2026-04-30", "2026-05-29")}),
            "task/logo": (P.EntryDiff.CREATED, {}),
            "ask/rows": (P.EntryDiff.CREATED, {})})
        self.assertEqual(len(self.agenda(since="2026-03-30").changes), 0)
        # what was taken away was told of what it belonged to
        self.apply(P.Change(remove=P.Remove(ref="task/logo")), P.Change(place=P.Place(item="desk", first=True)))
        refs = [(c.ref, c.action) for c in self.agenda(since="2026-03-30").changes]
        self.assertEqual(refs, [("task/logo", P.EntryDiff.REMOVED), ("ranking/workspace", P.EntryDiff.PLACED)])

    def test_what_is_found(self):
        everything = []
        for reply in self.client.stream("Insight.Check", S().CheckRequest()):
            everything += reply.findings
        about = {"initiative/portal", "initiative/desk", "workstream/pages", "task/logo", "ask/rows", "review/council"}
        records = {f.key: [s for s in f.subjects if s.startswith(("check-in/", "measurement/"))] for f in everything}
        expected = {f.key for f in everything if about & set(f.subjects) or records[f.key]}
        r = self.agenda()
        self.assertEqual({f.key for f in r.findings}, expected)
        self.assertEqual(r.findings_total, len(expected))
        self.assertIn("rhythm/request-blocked:request/money,initiative/portal", expected)

    def test_without_subject_it_is_about_what_they_own(self):
        self.apply(put("review", "talk", G.Review(type=G.Review.ONE_TO_ONE, every_days=7, attendees=["bert"])))
        r = self.agenda(review="talk")
        self.assertEqual(sorted(r.about), ["initiative/desk", "initiative/other"])
        self.assertEqual([p.ref for p in r.points], ["ask/rows", "ask/others"])  # his team's, both ways
        self.assertEqual([d.ref for d in r.to_decide], ["decision/elsewhere"])  # nowhere is no review
        self.assertEqual(len(r.gaps), 1)
        self.assertIn("it was never held; told is what changed after 2026-03-24", r.gaps[0])

    def test_so_much_is_told_and_the_rest_counted(self):
        def told(what):
            r = self.agenda()
            return len(getattr(r, what)), getattr(r, what + "_total")

        # a workstream without owner is a finding and a change, an ask a change and a point
        stream = ("workstream", I.Workstream(initiative="portal"))
        ask = ("ask", I.Ask(**{"from": "web", "to": "data"}, initiative="portal"))
        for what, most, (kind, body) in (("findings", 50, stream), ("changes", 200, ask), ("points", 200, ask)):
            self.apply(*[put(kind, "%s-%d" % (what, i), body) for i in range(most - told(what)[1])])
            self.assertEqual(told(what), (most, most), what)
            self.apply(put(kind, what, body))
            self.assertEqual(told(what), (most, most + 1), what)

    def test_what_cannot_be_told_is_named(self):
        self.apply(put("review", "empty", G.Review()))
        gaps = " ".join(self.agenda(review="empty").gaps)
        for word in ("neither how often", "nobody who is here attends it", "it is about nothing", "never held"):
            self.assertIn(word, gaps)
        self.refused(NOT_FOUND, "Insight.Agenda", A.AgendaRequest(review="nothing"))
        self.refused(INVALID, "Insight.Agenda", A.AgendaRequest(review="initiative/portal"))
        self.refused(INVALID, "Insight.Agenda", A.AgendaRequest(review="council", since="soon"))

    def test_as_text_and_as_markdown(self):
        text = self.plumb("agenda", "council")
        for part in ("Last time\nWe rent.", "To decide\n  - decision/open  Buy or build, by 2026-03-27, 4 days ago",
                     "votes: 1 for, 1 against, 0 abstained", "finish 2026-04-30 \N{RIGHTWARDS ARROW} 2026-05-29", "status off track"):
            self.assertIn(part, text)
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)
        self.apply(put("task", "logo", I.Task(initiative="workstream/pages"), title="A *bold* <b> logo_"))
        page = self.plumb("agenda", "council", "-o", "md")
        self.assertTrue(page.startswith("# Council\n\nCouncil. Due on 2026-03-30, 1 day ago; last held on 2026-03-16"), page)
        self.assertIn("- new: task/logo  A \\*bold\\* \\<b\\> logo\\_\n", page)
        self.assertEqual(json.loads(self.plumb("agenda", "council", "-o", "json"))["review"], "review/council")

    def test_mine_has_what_is_due(self):
        def mine(person):
            items = self.client.call("Insight.Mine", S().MineRequest(person=person)).items
            return {(i.ref, i.what) for i in items if i.ref.split("/")[0] in ("review", "request", "decision")}

        self.assertEqual(mine("boss"), {
            ("review/council", "the meeting that they call was due on 2026-03-30, 1 day ago"),
            ("request/money", "an answer to a request was due on 2026-03-30, 1 day ago")})
        self.assertEqual(mine("anna"), {
            ("review/council", "a meeting that they attend was due on 2026-03-30, 1 day ago"),
            ("request/money", "an answer by person/boss was due on 2026-03-30, 1 day ago")})
        self.assertIn(("decision/open", "a vote was due on 2026-03-27, 4 days ago"), mine("gone"))

    def test_votes_from_the_command_line(self):
        self.assertIn("1 for, 1 against, 0 abstained", self.plumb("vote", "open"))
        self.plumb("vote", "open", "abstain", "--as", "boss")
        self.assertIn("1 for, 0 against, 1 abstained", self.plumb("vote", "open"))
        self.plumb("vote", "open", "for", "--option", "build", "--as", "anna")
        rows = self.plumb("vote", "open", "-o", "csv").splitlines()
        self.assertEqual(rows[0], "who,vote,option,when,note,record")
        self.assertIn("anna,for,Build", "\n".join(rows).replace("person/", ""))
        self.assertIn("is accepted since 2026-03-16: it is settled", self.plumb("vote", "done", "for", "--as", "anna", code=2))
        self.assertIn('its options are "Buy", "Build"', self.plumb("vote", "open", "for", "--option", "Rent", "--as", "anna", code=2))
        self.assertIn("for, against or abstain", self.plumb("vote", "open", "yes", code=2))

    def test_a_meeting_is_recorded(self):
        out = self.plumb("review", "held", "council", "--minutes", "-", "--attendees", "boss,anna", "--decisions", "open", text="Next.\n")
        self.assertIn("The next one is on 2026-04-14.", out)
        entries = self.client.call("Plan.List", P.ListRequest(filter="kind:meeting about:review/council")).entries
        meeting = [e.record.meeting for e in entries if e.record.meeting.minutes.startswith("Next")][0]
        self.assertEqual((list(meeting.attendees), list(meeting.decisions)), (["boss", "anna"], ["open"]))
        self.assertIn("Held 2 times:", self.plumb("review", "show", "council"))
        self.assertIn("after today (2026-03-31)", self.plumb("review", "held", "council", "--at", "2026-04-01", code=2))
        self.assertIn("no 'nobody'", self.plumb("review", "held", "council", "--attendees", "nobody", code=3))
        self.plumb("review", "held", "council", "--minutes", "/does/not/exist", code=2)
        self.apply(put("review", "empty", G.Review()))
        self.assertIn("name who was there", self.plumb("review", "held", "empty", code=2))

    def test_requests_from_the_command_line(self):
        self.plumb("request", "new", "more-money", "--to", "boss", "--what", "More money", "--for", "portal", "--by", "2026-04-30",
                   "--as", "anna")
        rows = self.plumb("request", "list", "--open", "--to", "boss", "-o", "csv").splitlines()
        self.assertEqual(rows, ["request,state,from,to,age,needed_by,for,what,answer",
                                "request/money,open,anna,boss,14,2026-03-30,portal,Money,",
                                "request/more-money,open,anna,boss,0,2026-04-30,portal,More money,"])
        self.assertIn("say why", self.plumb("request", "refuse", "more-money", "--as", "boss", code=2))
        self.plumb("request", "refuse", "more-money", "--answer", "not this year", "--as", "boss")
        item = self.client.call("Plan.Get", P.GetRequest(ref="request/more-money")).entry.item.request
        self.assertEqual((item.state, item.answer, item.answered_by, item.answered), (G.Request.REFUSED, "not this year", "boss", "2026-03-31"))
        self.plumb("request", "answer", "more-money", "--answer", "half of it", "--as", "boss")
        self.plumb("request", "withdraw", "more-money", "--as", "anna")
        self.assertIn("is withdrawn and stays so", self.plumb("request", "answer", "more-money", "--as", "boss", code=2))
        self.assertIn("cannot ask themselves", self.plumb("request", "new", "--to", "boss", "--what", "x", "--as", "boss", code=2))
        self.assertIn("--what is missing", self.plumb("request", "new", "--to", "boss", "--as", "anna", code=2))


class CalendarTest(World):
    """What a calendar program makes of the file are the days that Reviews tells."""

    def events(self, *args):
        text = self.plumb("review", "ical", *args)
        self.assertTrue(text.endswith("END:VCALENDAR\n"), text[-40:])
        self.raw = subprocess.run([binary("plumb"), "--server", self.daemon.unix, "review", "ical", *args], capture_output=True,
                                  timeout=60, check=True).stdout
        lines = self.raw.split(b"\r\n")
        self.assertNotIn(b"\n", b"".join(lines))
        self.assertLessEqual(max(len(line) for line in lines), 75)
        for line in lines:
            line.decode("utf-8")  # no character is cut in two
        calendar = icalendar.Calendar.from_ical(self.raw)
        return {str(e["UID"]): e for e in calendar.walk("VEVENT")}

    @staticmethod
    def days(event, until):
        """All days of an event until then, by its rule, its exceptions and its further days."""
        def listed(name):
            values = event.get(name, [])
            return {d.dt for v in (values if isinstance(values, list) else [values]) for d in v.dts}

        start = event["DTSTART"].dt
        days = {start}
        if "RRULE" in event:
            rule = rrule.rrulestr(event["RRULE"].to_ical().decode(), dtstart=datetime.datetime.combine(start, datetime.time()))
            days |= {d.date() for d in rule.between(datetime.datetime.combine(start, datetime.time()),
                                                    datetime.datetime.combine(until, datetime.time()), inc=True)}
        return sorted((days - listed("EXDATE")) | listed("RDATE"))

    def test_the_days_are_those_that_are_due(self):
        self.apply(
            put("calendar", "c", I.Calendar(working_days=[1, 2, 3, 4, 5], holidays=["2026-04-06", "2026-05-25", "2026-12-25"])),
            put("person", "anna", I.Person(email="anna@example.org"), title='Anna "Ann" M\N{LATIN SMALL LETTER U WITH DIAERESIS}ller'),
            put("person", "bert", I.Person(), title="Bert"),
            put("review", "weekly", G.Review(every_days=7, first_day="2026-04-06", attendees=["anna", "bert"]), owners=["anna"],
                title="Talk; with, commas \\ and \N{EM DASH} dashes " + "\N{GRINNING FACE}" * 40),
            put("review", "monthly", G.Review(every_days=30, first_day="2026-04-03", attendees=["bert"])),
            put("review", "late", G.Review(every_days=14, first_day="2026-03-16")),
            put("review", "room", G.Review(type=G.Review.CUSTOMER_ROOM, first_day="2026-01-05")),
            put("review", "unplanned", G.Review()))
        events = self.events()
        until = datetime.date(2026, 3, 31) + datetime.timedelta(366)
        plans = self.reviews(ahead_days=366)
        self.assertEqual({uid for uid in events}, {ref + "@main.plumbline" for ref in plans if ref != "review/unplanned"})
        for ref, plan in plans.items():
            if plan.next:
                with self.subTest(ref=ref):
                    self.assertEqual([str(d) for d in self.days(events[ref + "@main.plumbline"], until)], [n.day for n in plan.next])
        weekly = events["review/weekly@main.plumbline"]
        self.assertEqual(dict(weekly["RRULE"]), {"FREQ": ["WEEKLY"], "INTERVAL": [1]})
        self.assertEqual(str(weekly["SUMMARY"]), "Talk; with, commas \\ and \N{EM DASH} dashes " + "\N{GRINNING FACE}" * 40)
        self.assertEqual([(str(a), a.params["CN"]) for a in weekly["ATTENDEE"]], [
            ("mailto:anna@example.org", "Anna 'Ann' M\N{LATIN SMALL LETTER U WITH DIAERESIS}ller"), ("urn:x-plumbline:person/bert", "Bert")])
        self.assertNotIn("RRULE", events["review/late@main.plumbline"])
        self.assertNotIn("RRULE", events["review/monthly@main.plumbline"])
        self.assertEqual(set(self.events("--person", "bert")), {"review/weekly@main.plumbline", "review/monthly@main.plumbline"})

    def test_words_of_others_stay_words(self):
        """Neither lines of the file nor orders to a terminal: ESC, the C1 control that stands for ESC [, marks that turn the direction."""
        evil = 'a\x1b]0;b\x07\x9b31m\u202ec\r\nX-EVIL:1"\r\nEND:VEVENT'
        self.apply(put("person", "anna", I.Person(email="anna@example.org\r\nX-EVIL:1"), title=evil),
                   put("review", "r", G.Review(every_days=7, first_day="2026-04-06", attendees=["anna"]), owners=["anna"], title=evil,
                       description=evil))
        (event,) = self.events().values()
        self.assertEqual(event["ORGANIZER"].params["CN"], "a\ufffd]0;b\ufffd\ufffd31m\ufffdc  X-EVIL:1'  END:VEVENT")
        self.assertTrue(str(event["SUMMARY"]).startswith("a\ufffd]0;b\ufffd\ufffd31m\ufffdc"), event["SUMMARY"])
        for mark in ("\x1b", "\x07", "\x9b", "\u202e", "\nX-EVIL", "\nEND:VEVENT\r\nX"):
            self.assertNotIn(mark, self.raw.decode())
        self.assertEqual(self.raw.count(b"\r\nEND:VEVENT\r\n"), 1)

    def test_a_meeting_keeps_its_name_and_its_number_grows(self):
        self.apply(put("review", "r", G.Review(every_days=7, first_day="2026-03-30", attendees=["a"])), put("person", "a", I.Person()))
        (before,) = self.events().values()
        self.plumb("review", "held", "r")
        (after,) = self.events().values()
        self.assertEqual(before["UID"], after["UID"])
        self.assertLess(before["SEQUENCE"], after["SEQUENCE"])
        self.assertEqual((before["DTSTART"].dt, after["DTSTART"].dt), (datetime.date(2026, 3, 30), datetime.date(2026, 4, 7)))

    def test_due_days_too(self):
        self.apply(put("person", "anna", I.Person()), put("period", "q2", I.Period(first_day="2026-04-01", last_day="2026-06-30")),
                   put("objective", "o", I.Objective(periods=["q2"]), owners=["anna"], title="Aim"),
                   put("milestone", "m", I.Milestone(due="2026-05-04"), owners=["bert"]),
                   put("milestone", "past", I.Milestone(due="2026-02-04", done="2026-02-04"), owners=["anna"]),
                   put("task", "t", I.Task(due="2026-05-05"), owners=["anna"]), put("task", "undated", I.Task(), owners=["anna"]))
        days = {uid.split("@")[0]: str(e["DTSTART"].dt) for uid, e in self.events("--due").items()}
        self.assertEqual(days, {"objective/o": "2026-06-30", "milestone/m": "2026-05-04", "task/t": "2026-05-05"})
        self.assertEqual({uid.split("@")[0] for uid in self.events("--due", "--person", "anna")}, {"objective/o", "task/t"})
        self.assertEqual(self.events(), {})


def S():
    return pb.insight


if __name__ == "__main__":
    unittest.main()
