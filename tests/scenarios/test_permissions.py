"""What a caller may do: every method, by every role, on what is theirs and what is others'.

What is expected stands here, written by hand from docs/SECURITY.md, and is not asked of the server: a method that is in a .proto
file and not in METHODS fails the test. Columns of the tables are ROLES:

    +  done        D  PERMISSION_DENIED     U  UNAUTHENTICATED
    p  permitted, whatever comes of it      N  NOT_FOUND, as of a workspace that does not exist
"""
import os
import re
import struct
import subprocess
import tempfile
import unittest

from plumbrpc import (DATA, DENIED, NOT_FOUND, REMOTE_CLOSED, REQUEST, RESPONSE, ROOT, UNAUTHENTICATED, Daemon, binary, connect,
                      frame, pb, request_body)

P, I, A, X, W, S = pb.plan, pb.item, pb.admin, pb.access, pb.webhook, pb.insight

# Whoever has a token is person/anna, and it is for workspace "main", or for all, or for "other" alone.
ROLES = ["none", "reader", "contributor", "planner", "admin", "admin of main", "admin of other", "contributor of other"]


class Answer:
    """The status of a call, and its first reply."""

    def __init__(self, code, message, details, payload):
        self.code, self.message, self.details, self.payload = code, message, details, payload

    def violations(self):
        found = []
        for detail in self.details:
            bad = pb.details.BadRequest()
            if detail.Unpack(bad):
                found += [(v.field, v.description) for v in bad.field_violations]
        return found


def read(sock, size):
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise ConnectionError("the connection ended")
        data += more
    return data


def ask(address, method, request=None, token=None, claim=None):
    """One call on a connection of its own, as a stock ttrpc client makes it; of a stream, its first message."""
    metadata = [("authorization", "Bearer " + token)] if token else []
    metadata += [("plumb-as", claim)] if claim else []
    payload = request.SerializeToString() if request is not None else b""
    sock = connect(address)
    sock.settimeout(30)
    try:
        sock.sendall(frame(1, REQUEST, REMOTE_CLOSED, request_body(method, payload, None, metadata)))
        while True:
            length, stream, kind, _ = struct.unpack(">IIBB", read(sock, 10))
            body = read(sock, length)
            if stream == 1 and kind == DATA:
                return Answer(0, "", [], body)
            if stream == 1 and kind == RESPONSE:
                response = pb.ttrpc.Response.FromString(body)
                return Answer(response.status.code, response.status.message, list(response.status.details), response.payload)
    finally:
        sock.close()


def put(**item):
    return P.Change(put=P.Put(item=I.Item(**item)))


def change_set(*changes, **options):
    return P.ChangeSet(changes=changes, **options)


# Theirs: initiative/mine. Below it: workstream/below of bob's, and what is within. Others': initiative/theirs of bob's.
PLAN = [
    put(id="anna", person=I.Person()), put(id="bob", person=I.Person()), put(id="carl", person=I.Person()),
    put(id="cs", team=I.Team(lead="bob", members=["carl"])), put(id="q1", period=I.Period()),
    put(id="grow", goal=I.Goal()),
    put(id="aim", owners=["anna"], objective=I.Objective(goal="grow")),
    put(id="goal", owners=["bob"], objective=I.Objective(goal="grow")),
    put(id="days", owners=["bob"], measure=I.Measure(inline_under="goal")),
    put(id="mine", owners=["anna"], initiative=I.Initiative(objective="aim")),
    put(id="below", owners=["bob"], workstream=I.Workstream(initiative="mine")),
    put(id="part", task=I.Task(initiative="workstream/below")),
    put(id="theirs", owners=["bob"], initiative=I.Initiative(objective="goal")),
    put(id="work", owners=["bob"], task=I.Task(initiative="theirs")),
    put(id="team", owners=["team/cs"], initiative=I.Initiative(objective="goal")),
]


class World(unittest.TestCase):
    """A daemon that lets nobody in without a token, with two workspaces."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.daemon = Daemon(anonymous="none", clock="=2026-03-31T09:00:00Z")
        cls.root = cls.daemon.client(unix=True)
        cls.root.call("Admin.CreateWorkspace", A.CreateWorkspaceRequest(id="other"))
        for workspace in ("main", "other"):
            cls.root.call("Plan.Apply", P.ApplyRequest(workspace=workspace, change_set=change_set(*PLAN)))
        for who in ("anna", "bob"):
            record = I.Record(id="by-" + who, about="initiative/theirs", by=who, check_in=I.CheckIn())
            cls.root.call("Plan.Apply", P.ApplyRequest(change_set=change_set(P.Change(add=P.Add(record=record)))))
        cls.root.call("Plan.Apply", P.ApplyRequest(change_set=change_set(
            put(id="futures", owners=["bob"], scenario=I.Scenario()), put(id="hers", owners=["anna"], scenario=I.Scenario()))))
        for scenario in ("futures", "hers"):
            cls.root.call("Plan.Apply", P.ApplyRequest(change_set=change_set(
                put(id="theirs", owners=["bob"], title="otherwise", initiative=I.Initiative(objective="goal")), scenario=scenario)))
        main, other = ["main"], ["other"]
        cls.tokens = {
            "none": None, "reader": cls.token(I.READER, main), "contributor": cls.token(I.CONTRIBUTOR, main),
            "planner": cls.token(I.PLANNER, main), "admin": cls.token(I.ADMIN, []), "admin of main": cls.token(I.ADMIN, main),
            "admin of other": cls.token(I.ADMIN, other), "contributor of other": cls.token(I.CONTRIBUTOR, other),
        }
        cls.count = 0

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()
        cls.folder.cleanup()

    @classmethod
    def token(cls, role, workspaces, subject="person/anna", **options):
        request = X.CreateTokenRequest(title="test", role=role, subject=subject, workspaces=workspaces, **options)
        return cls.root.call("Access.CreateToken", request).secret

    @classmethod
    def fresh(cls, what):
        """A name that is not there yet."""
        cls.count += 1
        return "%s%d" % (what, cls.count)

    def ask(self, role, method, request=None, **options):
        # Without token on TCP: on the unix socket whoever runs the test is the daemon's own user, an administrator.
        address = self.daemon.tcp if role == "none" else self.daemon.unix
        return ask(address, method, request, token=self.tokens.get(role, role) if role != "none" else None, **options)

    def expect(self, mark, answer, what):
        text = "%s: %d %s" % (what, answer.code, answer.message)
        if mark == "+":
            self.assertEqual(answer.code, 0, text)
        elif mark == "p":
            self.assertNotIn(answer.code, (DENIED, UNAUTHENTICATED), text)
        elif mark == "N":
            self.assertEqual(answer.code, NOT_FOUND, text)
            self.assertIn("workspace 'main' does not exist", answer.message, what)
        else:
            self.assertEqual(answer.code, {"D": DENIED, "U": UNAUTHENTICATED}[mark], text)
            self.assertTrue(answer.message, what)

    def revision(self, workspace="main"):
        return self.root.call("Admin.Info", A.InfoRequest(workspace=workspace)).revision


# ---- every method, by every role ---------------------------------------------------------------------------------------


def some_token(world):
    return world.root.call("Access.CreateToken", X.CreateTokenRequest(title="t", role=I.READER, subject="service/x")).token.id


def some_webhook(world):
    name = world.fresh("hook")
    world.root.call("Webhooks.Create", W.CreateWebhookRequest(id=name, url="https://example.org/x"))
    return name


READ = "U + + + + + N N"  # of workspace main
ADMIN = "U D D D + + N D"  # of workspace main
WHOLE = "U D D D + D D D"  # of all workspaces
SENDER = "U D D D p D D D"

# method, what stands there of it, the request that a role makes, and what comes of it
METHODS = [
    ("plumb.v1.Plan.Apply", lambda w: P.ApplyRequest(change_set=change_set(
        put(id="mine", owners=["anna"], initiative=I.Initiative(objective="aim")))), "U D + + + + N N"),
    ("plumb.v1.Plan.Get", lambda w: P.GetRequest(ref="initiative/theirs"), READ),
    ("plumb.v1.Plan.List", lambda w: P.ListRequest(), READ),
    ("plumb.v1.Plan.Watch", lambda w: P.WatchRequest(from_revision=1), READ),
    ("plumb.v1.Plan.History", lambda w: P.HistoryRequest(), READ),
    ("plumb.v1.Plan.Diff", lambda w: P.DiffRequest(**{"from": P.At(revision=1)}), READ),
    ("plumb.v1.Plan.Export", lambda w: P.ExportRequest(records=True), READ),
    ("plumb.v1.Plan.Conflicts", lambda w: P.ConflictsRequest(at=P.At(scenario="futures")), READ),
    ("plumb.v1.Plan.ApplyScenario", lambda w: P.ApplyScenarioRequest(scenario="futures", dry_run=True), "U D D + + + N N"),
    ("plumb.v1.Insight.Check", lambda w: S.CheckRequest(), READ),
    ("plumb.v1.Insight.Explain", lambda w: S.ExplainRequest(rules=["owner/many"]), READ),
    ("plumb.v1.Insight.Trace", lambda w: S.TraceRequest(ref="initiative/theirs"), READ),
    ("plumb.v1.Insight.Score", lambda w: S.ScoreRequest(), READ),
    ("plumb.v1.Insight.Trend", lambda w: S.TrendRequest(), READ),
    ("plumb.v1.Insight.Reviews", lambda w: pb.agenda.ReviewsRequest(), READ),
    ("plumb.v1.Insight.Agenda", lambda w: pb.agenda.AgendaRequest(review="nowhere"), "U p p p p p N N"),
    ("plumb.v1.Insight.BurnUp", lambda w: pb.burnup.BurnUpRequest(), READ),
    ("plumb.v1.Insight.Impact", lambda w: pb.impact.ImpactRequest(ref="initiative/theirs"), READ),
    ("plumb.v1.Insight.InFlight", lambda w: pb.inflight.InFlightRequest(), READ),
    ("plumb.v1.Insight.Drift", lambda w: pb.drift.DriftRequest(**{"from": P.At(revision=1)}), READ),
    ("plumb.v1.Insight.Load", lambda w: S.LoadRequest(), READ),
    ("plumb.v1.Insight.Schedule", lambda w: S.ScheduleRequest(), READ),
    ("plumb.v1.Insight.Forecast", lambda w: pb.forecast.ForecastRequest(), READ),
    ("plumb.v1.Insight.Segments", lambda w: pb.segments.SegmentsRequest(), READ),
    ("plumb.v1.Insight.Maturity", lambda w: pb.maturity.MaturityRequest(), READ),
    # Proposed work is not scheduled.
    ("plumb.v1.Insight.Moves", lambda w: pb.moves.MovesRequest(ref="initiative/theirs"), "U p p p p p N N"),
    # There is no such scenario.
    ("plumb.v1.Insight.WhatIf", lambda w: pb.whatif.WhatIfRequest(scenarios=["x"]), "U p p p p p N N"),
    ("plumb.v1.Insight.Mine", lambda w: S.MineRequest(), READ),
    ("plumb.v1.Insight.Mirror", lambda w: pb.mirror.MirrorRequest(), READ),
    # There are no customers.
    ("plumb.v1.Insight.Room", lambda w: pb.room.RoomRequest(), "U p p p p p N N"),
    ("plumb.v1.Insight.SayDo", lambda w: pb.saydo.SayDoRequest(), READ),
    ("plumb.v1.Insight.Outside", lambda w: pb.outside.OutsideRequest(), READ),
    ("plumb.v1.Insight.Journey", lambda w: pb.journey.JourneyRequest(), READ),
    ("plumb.v1.Insight.Ecosystem", lambda w: pb.ecosystem.EcosystemRequest(), READ),
    ("plumb.v1.Insight.Progress", lambda w: S.ProgressRequest(), READ),
    ("plumb.v1.Signal.Pulse", lambda w: pb.signal.PulseRequest(kind=3, about="initiative/theirs"), READ),
    ("plumb.v1.Signal.Signals", lambda w: pb.signal.SignalsRequest(), READ),
    # Whom no round asks: there is none.
    ("plumb.v1.Voice.Ballot", lambda w: pb.voice.BallotRequest(round="x"), "U p p p p p N N"),
    ("plumb.v1.Voice.Concord", lambda w: pb.voice.ConcordRequest(round="x"), "U p p p p p N N"),
    ("plumb.v1.Survey.Questions", lambda w: pb.survey.QuestionsRequest(round="x"), "U p p p p p N N"),
    ("plumb.v1.Survey.Answer", lambda w: pb.survey.AnswerRequest(round="x"), "U p p p p p N N"),
    ("plumb.v1.Survey.Clarity", lambda w: pb.survey.ClarityRequest(round="x"), "U p p p p p N N"),
    ("plumb.v1.Survey.Acceptances", lambda w: pb.survey.AcceptancesRequest(baseline="x"), "U p p p p p N N"),
    ("plumb.v1.Admin.Info", lambda w: A.InfoRequest(), "U + + + + + + +"),
    ("plumb.v1.Admin.Info", lambda w: A.InfoRequest(workspace="main"), READ),
    ("plumb.v1.Admin.Ping", lambda w: A.PingRequest(), "U + + + + + + +"),
    ("plumb.v1.Admin.ListWorkspaces", lambda w: A.ListWorkspacesRequest(), "U + + + + + + +"),
    ("plumb.v1.Admin.CreateWorkspace", lambda w: A.CreateWorkspaceRequest(id=w.fresh("ws")), WHOLE),
    ("plumb.v1.Admin.Verify", lambda w: A.VerifyRequest(workspace="main"), ADMIN),
    ("plumb.v1.Admin.Verify", lambda w: A.VerifyRequest(), WHOLE),
    ("plumb.v1.Admin.Backup", lambda w: A.BackupRequest(path=os.path.join(w.folder.name, w.fresh("copy"))), WHOLE),
    ("plumb.v1.Admin.Snapshot", lambda w: A.SnapshotRequest(), WHOLE),
    ("plumb.v1.Access.CreateToken", lambda w: X.CreateTokenRequest(title="t", role=I.READER, subject="service/x"), WHOLE),
    ("plumb.v1.Access.ListTokens", lambda w: X.ListTokensRequest(), WHOLE),
    ("plumb.v1.Access.RevokeToken", lambda w: X.RevokeTokenRequest(id=some_token(w)), WHOLE),
    ("plumb.v1.Access.RotateToken", lambda w: X.RotateTokenRequest(id=some_token(w)), WHOLE),
    ("plumb.v1.Audit.Verify", lambda w: None, SENDER),
    ("plumb.v1.Audit.List", lambda w: None, SENDER),
    ("plumb.v1.Webhooks.Create", lambda w: W.CreateWebhookRequest(id=w.fresh("w"), url="https://example.org/"), ADMIN),
    ("plumb.v1.Webhooks.List", lambda w: W.ListWebhooksRequest(), ADMIN),
    ("plumb.v1.Webhooks.Update", lambda w: W.UpdateWebhookRequest(id=some_webhook(w), paused=True), ADMIN),
    ("plumb.v1.Webhooks.Remove", lambda w: W.RemoveWebhookRequest(id=some_webhook(w)), ADMIN),
    ("plumb.v1.Webhooks.RotateSecret", lambda w: W.RotateSecretRequest(id=some_webhook(w)), ADMIN),
    # nobody sends here, which is said only to those who may know
    ("plumb.v1.Webhooks.Test", lambda w: W.TestWebhookRequest(id=some_webhook(w)), "U D D D p p N D"),
    ("plumb.v1.Webhooks.ListDeadLetters", lambda w: W.ListDeadLettersRequest(id=some_webhook(w)), ADMIN),
    ("plumb.v1.Webhooks.RetryDeadLetters", lambda w: W.RetryDeadLettersRequest(id=some_webhook(w)), ADMIN),
    ("plumb.v1.Webhooks.Watch", lambda w: W.WatchWebhooksRequest(), SENDER),
    ("plumb.v1.Webhooks.Report", lambda w: W.ReportDeliveryRequest(), SENDER),
    ("grpc.health.v1.Health.Check", lambda w: None, "+ + + + + + + +"),
    ("grpc.health.v1.Health.Watch", lambda w: None, "+ + + + + + + +"),
    ("grpc.reflection.v1.ServerReflection.ServerReflectionInfo", lambda w: None, "U p p p p p p p"),
    ("grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo", lambda w: None, "U p p p p p p p"),
]


def declared_methods():
    """Every method of every service of the .proto files."""
    for folder, _, names in os.walk(os.path.join(ROOT, "proto")):
        for name in names:
            with open(os.path.join(folder, name)) as file:
                text = re.sub(r"//.*", "", file.read())
            package = re.search(r"^package ([\w.]+);", text, re.M)
            for service, body in re.findall(r"^service (\w+) \{(.*?)^\}", text, re.M | re.S):
                for method in re.findall(r"\brpc (\w+)", body):
                    yield "%s.%s.%s" % (package.group(1), service, method)


class Methods(World):
    def test_no_method_is_left_out(self):
        declared = set(declared_methods())
        self.assertGreater(len(declared), 40)
        self.assertEqual(declared - {method for method, _, _ in METHODS}, set())

    def test_every_method_by_every_role(self):
        for method, request, row in METHODS:
            for role, mark in zip(ROLES, row.split(), strict=True):
                with self.subTest(method=method, role=role):
                    self.expect(mark, self.ask(role, method, request(self)), "%s by %s" % (method, role))


# ---- scenarios: their owners do in them what they like, and apply what is theirs ----------------------------------------


class Scenarios(World):
    def change(self, role, scenario, *changes):
        return self.ask(role, "plumb.v1.Plan.Apply", P.ApplyRequest(dry_run=True, change_set=change_set(*changes, scenario=scenario)))

    def test_who_may_change_one(self):
        theirs = put(id="theirs", owners=["bob"], title="more", initiative=I.Initiative(objective="goal"))
        for role, scenario, mark in (("contributor", "hers", "+"), ("contributor", "futures", "D"), ("planner", "futures", "+"),
                                     ("reader", "hers", "D"), ("contributor of other", "hers", "N"), ("none", "hers", "U")):
            with self.subTest(role=role, scenario=scenario):
                self.expect(mark, self.change(role, scenario, theirs), "%s in %s" % (role, scenario))
        self.assertEqual(self.change("contributor", "futures", theirs).violations()[0][0], "change_set.scenario")
        place = P.Change(place=P.Place(item="theirs", first=True))
        self.expect("+", self.change("contributor", "hers", place), "an order, in a scenario of hers")

    def test_who_may_make_one(self):
        for owners, mark in ((["anna"], "+"), (["bob"], "D"), ([], "D")):
            with self.subTest(owners=owners):
                self.expect(mark, self.change("contributor", "", put(id="new", owners=owners, scenario=I.Scenario())), "a scenario of " + str(owners))

    def test_a_scenario_is_no_way_round(self):
        answer = self.ask("contributor", "plumb.v1.Plan.ApplyScenario", P.ApplyScenarioRequest(scenario="hers", dry_run=True))
        self.expect("D", answer, "applying what is bob's")
        self.assertIn("not yours", answer.violations()[0][1])


# ---- every kind of change, by every role, of everybody's -----------------------------------------------------------------


def cascade(ref):
    return P.Change(remove=P.Remove(ref=ref, cascade=True))


def rename(ref):
    return P.Change(rename=P.Rename(ref=ref, id="renamed"))


def record(about, **fields):
    return P.Change(add=P.Add(record=I.Record(about=about, **fields)))


ACTUAL = I.Measurement(value=1)
OWN = "U D + + + + N N"  # what is theirs, or belongs to it
OTHERS = "U D D + + + N N"  # what is not
RECORD = "U D + + + + N N"  # a record may be about anything
ADMINS = "U D D D + + N N"

CHANGES = [
    ("put own", OWN, put(id="mine", title="x", owners=["anna"], initiative=I.Initiative())),
    ("put what belongs to own", OWN, put(id="below", title="x", owners=["bob"], workstream=I.Workstream(initiative="mine"))),
    ("put what belongs to that", OWN, put(id="part", title="x", task=I.Task(initiative="workstream/below"))),
    ("put others'", OTHERS, put(id="theirs", title="x", owners=["bob"], initiative=I.Initiative())),
    ("put what belongs to others", OTHERS, put(id="work", title="x", task=I.Task(initiative="theirs"))),
    ("put a team's", OTHERS, put(id="team", title="x", owners=["team/cs"], initiative=I.Initiative())),
    ("put nobody's", OTHERS, put(id="grow", title="x", goal=I.Goal())),
    ("rename own", OWN, rename("initiative/mine")),
    ("rename what belongs to own", OWN, rename("task/part")),
    ("rename others'", OTHERS, rename("task/work")),
    ("remove what belongs to own", OWN, P.Change(remove=P.Remove(ref="task/part"))),
    ("remove others'", OTHERS, P.Change(remove=P.Remove(ref="task/work"))),
    ("remove own with all below", OWN, cascade("initiative/mine")),
    ("remove what belongs to own with all below", OWN, cascade("workstream/below")),
    ("remove others' with all below", OTHERS, cascade("initiative/theirs")),
    ("new below own", OWN, put(id="new", task=I.Task(initiative="mine"))),
    ("new below what belongs to own", OWN, put(id="new", owners=["bob"], task=I.Task(initiative="workstream/below"))),
    ("new below others'", OTHERS, put(id="new", owners=["anna"], task=I.Task(initiative="theirs"))),
    ("new by itself", OTHERS, put(id="new", owners=["anna"], objective=I.Objective(goal="grow"))),
    ("new initiative", OTHERS, put(id="new", owners=["anna"], initiative=I.Initiative(objective="aim"))),
    ("new measure of own objective", OWN, put(id="new", measure=I.Measure(inline_under="aim"))),
    ("new measure of others'", OTHERS, put(id="new", measure=I.Measure(inline_under="goal"))),
    ("allocation to own", OWN, put(id="new", allocation=I.Allocation(who="bob", initiative="mine"))),
    ("allocation to others'", OTHERS, put(id="new", allocation=I.Allocation(who="anna", initiative="theirs"))),
    ("ask for own", OWN, put(id="new", ask=I.Ask(to="cs", initiative="mine"))),
    ("ask for others'", OTHERS, put(id="new", ask=I.Ask(**{"from": "cs"}, to="cs", initiative="theirs"))),
    ("answer to one's own ask", OTHERS, put(id="new", ask=I.Ask(to="cs", initiative="mine", state=I.Ask.COMMITTED))),
    ("person", OTHERS, put(id="anna", title="Anna", person=I.Person())),
    ("team", OTHERS, put(id="cs", owners=["anna"], team=I.Team(lead="anna"))),
    ("period", OTHERS, put(id="q1", owners=["anna"], period=I.Period())),
    ("calendar", OTHERS, put(id="new", calendar=I.Calendar())),
    ("baseline", OTHERS, put(id="new", baseline=I.Baseline())),
    ("waiver", OTHERS, put(id="new", waiver=I.Waiver(finding="x", reason="y", until="2026-12-31"))),
    ("rule setting", OTHERS, put(id="owner.many", rule_setting=I.RuleSetting(rule="owner/many", off=True))),
    ("segment", OTHERS, put(id="new", owners=["anna"], segment=pb.customer.Segment())),
    ("desired outcome", OTHERS, put(id="new", owners=["anna"], desired_outcome=pb.customer.DesiredOutcome())),
    ("feeling", OTHERS, put(id="new", owners=["anna"], feeling=pb.customer.Feeling())),
    ("customer", OTHERS, put(id="new", owners=["anna"], customer=pb.customer.Customer())),
    ("policy", OTHERS, put(id="new", owners=["anna"], policy=pb.governance.Policy())),
    ("maturity", OTHERS, put(id="new", owners=["anna"], maturity=pb.governance.Maturity())),
    ("round", OTHERS, put(id="new", owners=["anna"], round=pb.governance.Round(opens="2026-04-01", closes="2026-04-02"))),
    ("journey by itself", OTHERS, put(id="new", owners=["anna"], journey=pb.customer.Journey())),
    ("stage of nothing of theirs", OTHERS, put(id="new", owners=["anna"], stage=pb.customer.Stage(journey="x"))),
    ("step of nothing of theirs", OTHERS, put(id="new", owners=["anna"], step=pb.customer.Step(stage="x"))),
    ("expectation of nothing of theirs", OTHERS, put(id="new", owners=["anna"], expectation=pb.customer.Expectation(step="x"))),
    ("commitment of their own", OWN, put(id="new", owners=["anna"], commitment=pb.governance.Commitment())),
    ("promise of their own", OWN, put(id="new", commitment=pb.governance.Commitment(promised_by="anna"))),
    ("promise by another", OTHERS, put(id="new", owners=["anna"], commitment=pb.governance.Commitment(promised_by="bob"))),
    ("commitment of another", OTHERS, put(id="new", owners=["bob"], commitment=pb.governance.Commitment())),
    ("decision of their own", OWN, put(id="new", owners=["anna"], decision=pb.governance.Decision())),
    ("decision of another", OTHERS, put(id="new", owners=["bob"], decision=pb.governance.Decision())),
    ("review of their own", OWN, put(id="new", owners=["anna"], review=pb.governance.Review())),
    ("review of another", OTHERS, put(id="new", owners=["bob"], review=pb.governance.Review())),
    ("request of their own", OWN, put(id="new", owners=["anna"], request=pb.governance.Request())),
    ("request from themselves", OWN, put(id="new", request=pb.governance.Request(**{"from": "anna", "to": "bob"}))),
    ("request of another", OTHERS, put(id="new", owners=["bob"], request=pb.governance.Request())),
    ("influencer of their own", OWN, put(id="new", owners=["anna"], influencer=pb.surroundings.Influencer())),
    ("influencer of another", OTHERS, put(id="new", owners=["bob"], influencer=pb.surroundings.Influencer())),
    ("assessment of their own", OWN, put(id="new", owners=["anna"], assessment=pb.surroundings.Assessment())),
    ("assessment of another", OTHERS, put(id="new", owners=["bob"], assessment=pb.surroundings.Assessment())),
    ("competitor move of their own", OWN, put(id="new", owners=["anna"], competitor_move=pb.surroundings.CompetitorMove())),
    ("competitor move of another", OTHERS, put(id="new", owners=["bob"], competitor_move=pb.surroundings.CompetitorMove())),
    ("risk of their own", OWN, put(id="new", owners=["anna"], risk=pb.surroundings.Risk())),
    ("risk of another", OTHERS, put(id="new", owners=["bob"], risk=pb.surroundings.Risk())),
    ("place", OTHERS, P.Change(place=P.Place(item="mine", first=True))),
    ("check-in of own", RECORD, record("initiative/mine", check_in=I.CheckIn())),
    ("check-in of what belongs to own", RECORD, record("task/part", check_in=I.CheckIn())),
    ("check-in of others'", RECORD, record("initiative/theirs", check_in=I.CheckIn())),
    ("check-in as another", OTHERS, record("initiative/mine", by="bob", check_in=I.CheckIn())),
    ("acknowledgement", RECORD, record("by-bob", acknowledgement=I.Acknowledgement())),
    ("acceptance", RECORD, record("baseline/q", acceptance=pb.governance.Acceptance())),
    ("acceptance as another", OTHERS, record("baseline/q", by="bob", acceptance=pb.governance.Acceptance())),
    ("vote", RECORD, record("decision/d", vote=pb.governance.Vote())),
    ("vote as another", OTHERS, record("decision/d", by="bob", vote=pb.governance.Vote())),
    ("experience", RECORD, record("step/s", experience=pb.customer.Experience())),
    ("experience as another", OTHERS, record("step/s", by="bob", experience=pb.customer.Experience())),
    ("meeting", RECORD, record("review/r", meeting=pb.governance.Meeting())),
    ("meeting as another", OTHERS, record("review/r", by="bob", meeting=pb.governance.Meeting())),
    ("measurement", RECORD, record("days", measurement=ACTUAL)),
    ("measurement as another", OTHERS, record("days", by="bob", measurement=ACTUAL)),
    ("target of others' measure", OTHERS, record("days", measurement=I.Measurement(role=I.Measurement.TARGET_VALUE, value=2))),
    ("retract own", RECORD, P.Change(retract=P.Retract(ref="check-in/by-anna"))),
    ("retract another's", OTHERS, P.Change(retract=P.Retract(ref="check-in/by-bob"))),
    ("redact own", ADMINS, P.Change(redact=P.Redact(ref="check-in/by-anna", reason="x"))),
    ("redact another's", ADMINS, P.Change(redact=P.Redact(ref="check-in/by-bob", reason="x"))),
    ("redact a person", ADMINS, P.Change(redact=P.Redact(person="bob", reason="x"))),
]
KINDS_OF_CHANGE = {"put", "remove", "rename", "place", "add", "retract", "redact"}


class Changes(World):
    def test_every_kind_of_change_is_there(self):
        declared = {field.name for field in P.Change.DESCRIPTOR.oneofs_by_name["change"].fields}
        self.assertEqual(declared, KINDS_OF_CHANGE)
        self.assertEqual({change.WhichOneof("change") for _, _, change in CHANGES}, KINDS_OF_CHANGE)
        # and a put of every kind that a plan has
        bodies = {field.name for field in I.Item.DESCRIPTOR.oneofs_by_name["body"].fields}
        bodies -= {"workspace", "token", "webhook", "webhook_state", "audit_anchor"}  # of no plan
        there = {change.put.item.WhichOneof("body") for _, _, change in CHANGES if change.HasField("put")}
        # judged as goals and objectives are
        self.assertEqual(bodies - there, {"vision", "mission", "value", "strategy", "milestone", "scenario"})

    def test_every_change_by_every_role(self):
        before = self.revision()
        for name, row, change in CHANGES:
            for role, mark in zip(ROLES, row.split(), strict=True):
                with self.subTest(change=name, role=role):
                    request = P.ApplyRequest(change_set=change_set(change), dry_run=True)
                    self.expect(mark, self.ask(role, "Plan.Apply", request), "%s by %s" % (name, role))
                    if mark != "+":
                        request.dry_run = False
                        answer = self.ask(role, "Plan.Apply", request)
                        self.expect(mark, answer, "%s by %s, meant" % (name, role))
                    if mark == "D" and role != "reader":
                        self.assertTrue(answer.violations()[0][0].startswith("change_set.changes[0]."), answer.violations())
        self.assertEqual(self.revision(), before)

    def test_an_override_is_a_planners(self):
        request = P.ApplyRequest(dry_run=True, change_set=change_set(
            put(id="mine", owners=["anna"], initiative=I.Initiative()), override_reason="we know"))
        for role, mark in zip(ROLES, OTHERS.split(), strict=True):
            self.expect(mark, self.ask(role, "Plan.Apply", request), role)


# ---- who tries to get around it ----------------------------------------------------------------------------------------------


class Escalation(World):
    def refused(self, *changes, role="contributor", at=0, **options):
        before, answer = self.revision(), self.ask(role, "Plan.Apply", P.ApplyRequest(change_set=change_set(*changes, **options)))
        self.assertEqual(answer.code, DENIED, answer.message)
        self.assertIn("change_set.changes[%d]" % at, answer.violations()[0][0])
        self.assertEqual(self.revision(), before)
        return answer

    def taken(self, *changes, role="contributor"):
        answer = self.ask(role, "Plan.Apply", P.ApplyRequest(change_set=change_set(*changes)))
        self.assertEqual(answer.code, 0, answer.message)

    def test_making_oneself_the_owner_first(self):
        mine = put(id="theirs", owners=["anna"], initiative=I.Initiative(objective="goal"))
        answer = self.refused(mine, put(id="work", title="Mine now", task=I.Task(initiative="theirs")))
        self.assertEqual(len(answer.violations()), 2)
        self.refused(mine, cascade("initiative/theirs"))

    def test_moving_what_is_anothers_below_own(self):
        self.refused(put(id="work", owners=["bob"], task=I.Task(initiative="mine")))

    def test_moving_own_below_anothers(self):
        self.refused(put(id="part", task=I.Task(initiative="theirs")))

    def test_replacing_what_is_anothers(self):
        self.refused(put(id="work", owners=["anna"], task=I.Task(initiative="mine")))
        self.refused(P.Change(remove=P.Remove(ref="task/work")), put(id="work", task=I.Task(initiative="mine")))

    def test_renaming_what_is_anothers_out_of_the_way(self):
        self.refused(rename("task/work"), put(id="work", task=I.Task(initiative="mine")))

    def test_renaming_onto_what_is_anothers(self):
        change = P.Change(rename=P.Rename(ref="task/part", id="work"))
        answer = self.ask("contributor", "Plan.Apply", P.ApplyRequest(change_set=change_set(change)))
        self.assertEqual(answer.code, 6, answer.message)

    def test_making_what_anothers_is_said_to_belong_to(self):
        waits = put(id="waits", owners=["bob"], task=I.Task(initiative="workstream/ghost"))
        self.root.call("Plan.Apply", P.ApplyRequest(change_set=change_set(waits)))
        ghost = put(id="ghost", workstream=I.Workstream(initiative="mine"))
        self.assertIn("task/waits", self.refused(ghost).message)
        made = put(id="made", workstream=I.Workstream(initiative="mine"))
        self.refused(made, P.Change(rename=P.Rename(ref="workstream/made", id="ghost")), at=1)
        # whose it is may
        bobs = self.token(I.CONTRIBUTOR, ["main"], subject="person/bob")
        answer = self.ask(bobs, "Plan.Apply", P.ApplyRequest(dry_run=True, change_set=change_set(
            put(id="ghost", workstream=I.Workstream(initiative="theirs")))))
        self.assertEqual(answer.code, 0, answer.message)

    def test_removing_with_own_what_another_has_said(self):
        self.taken(put(id="short", owners=["anna"], task=I.Task(initiative="mine")))
        said = record("task/short", id="said", by="bob", check_in=I.CheckIn(status=I.CheckIn.OFF_TRACK))
        self.root.call("Plan.Apply", P.ApplyRequest(change_set=change_set(said)))
        self.assertIn("check-in/said", self.refused(cascade("task/short")).message)
        self.taken(cascade("task/short"), role="planner")

    def test_one_bad_change_among_good_ones(self):
        good = [put(id="g%d" % i, task=I.Task(initiative="mine")) for i in range(50)]
        self.refused(*good, put(id="work", title="x", task=I.Task(initiative="theirs")), *good, at=50)

    def test_the_team_that_one_is_in_is_no_ones_own_to_change(self):
        self.refused(put(id="cs", team=I.Team(lead="anna")), put(id="team", title="x", initiative=I.Initiative()))
        self.refused(put(id="anna", person=I.Person(team="cs")), put(id="team", title="x", initiative=I.Initiative()))

    def test_what_is_allowed_all_the_same(self):
        link = I.Link(type=I.Link.CONFLICTS, to="initiative/theirs")
        self.taken(put(id="mine", owners=["anna"], links=[link], initiative=I.Initiative(objective="aim", after=["theirs"])))
        self.taken(put(id="deep", task=I.Task(initiative="workstream/made-here")),
                   put(id="made-here", workstream=I.Workstream(initiative="mine")))
        # a team's own: its lead and its members
        for who in ("bob", "carl"):
            token = self.token(I.CONTRIBUTOR, ["main"], subject="person/" + who)
            self.taken(put(id="team", title=who, owners=["team/cs"], initiative=I.Initiative(objective="goal")), role=token)

    def test_claims(self):
        own = put(id="theirs", owners=["bob"], initiative=I.Initiative(objective="goal"))
        request = P.ApplyRequest(change_set=change_set(own), dry_run=True)
        for role in ("reader", "contributor", "planner"):
            answer = self.ask(role, "Plan.Apply", request, claim="person/bob")
            self.assertEqual(answer.code, DENIED, (role, answer.message))
        self.assertEqual(self.ask("none", "Plan.Apply", request, claim="person/bob").code, UNAUTHENTICATED)
        self.assertEqual(self.ask("admin", "Plan.Apply", request, claim="person/bob").code, 0)

    def test_a_service_adds_measurements_and_nothing_else(self):
        crm = self.token(I.CONTRIBUTOR, ["main"], subject="service/crm")
        self.taken(record("days", measurement=ACTUAL), role=crm)
        self.refused(record("initiative/mine", check_in=I.CheckIn()), role=crm)
        self.refused(record("days", by="bob", measurement=ACTUAL), role=crm)
        self.refused(put(id="new", task=I.Task(initiative="mine")), role=crm)
        self.refused(P.Change(retract=P.Retract(ref="check-in/by-anna")), role=crm)

    def test_kinds_that_a_token_only_reads(self):
        only = self.token(I.PLANNER, ["main"], read_only=[I.INITIATIVE, I.CHECK_IN, I.RANKING])
        self.refused(put(id="mine", owners=["anna"], initiative=I.Initiative()), role=only)
        self.refused(rename("initiative/mine"), role=only)
        self.refused(cascade("initiative/mine"), role=only)
        self.refused(record("initiative/mine", check_in=I.CheckIn()), role=only)
        self.refused(P.Change(retract=P.Retract(ref="check-in/by-bob")), role=only)
        self.refused(P.Change(place=P.Place(item="mine", first=True)), role=only)
        # with what is above it
        none = self.token(I.PLANNER, ["main"], read_only=[I.TASK])
        self.assertIn("task/part", self.refused(cascade("workstream/below"), role=none).message)
        self.taken(put(id="x", task=I.Task(initiative="mine")), role=only)
        # and an administrator's
        admin = self.token(I.ADMIN, [], read_only=[I.CHECK_IN])
        self.refused(P.Change(redact=P.Redact(person="bob", reason="x")), role=admin)


# ---- workspaces ----------------------------------------------------------------------------------------------------------------


class Isolation(World):
    """Whoever may not enter "other" learns nothing of it: not that it is there, nor anything within."""

    REQUESTS = [
        ("Plan.Apply", lambda ws: P.ApplyRequest(workspace=ws, change_set=change_set(*PLAN[:1]))),
        ("Plan.Apply", lambda ws: P.ApplyRequest(workspace=ws, dry_run=True, findings=True, change_set=change_set(*PLAN[:1]))),
        ("Plan.Get", lambda ws: P.GetRequest(at=P.At(workspace=ws), ref="initiative/mine")),
        ("Plan.Get", lambda ws: P.GetRequest(at=P.At(workspace=ws, revision=1), ref="initiative/mine")),
        ("Plan.Get", lambda ws: P.GetRequest(at=P.At(workspace=ws, at_least=99), ref="initiative/mine")),
        ("Plan.Get", lambda ws: P.GetRequest(at=P.At(workspace=ws, time="2026-01-01"), ref="initiative/mine")),
        ("Plan.Get", lambda ws: P.GetRequest(at=P.At(workspace=ws, baseline="b"), ref="initiative/mine")),
        ("Plan.List", lambda ws: P.ListRequest(at=P.At(workspace=ws))),
        ("Plan.List", lambda ws: P.ListRequest(at=P.At(workspace=ws, scenario="futures"))),
        ("Plan.Conflicts", lambda ws: P.ConflictsRequest(at=P.At(workspace=ws, scenario="futures"))),
        ("Plan.ApplyScenario", lambda ws: P.ApplyScenarioRequest(workspace=ws, scenario="futures")),
        ("Plan.Watch", lambda ws: P.WatchRequest(workspace=ws, from_revision=1)),
        ("Plan.Watch", lambda ws: P.WatchRequest(workspace=ws, from_revision=999)),
        ("Plan.History", lambda ws: P.HistoryRequest(at=P.At(workspace=ws))),
        ("Plan.Diff", lambda ws: P.DiffRequest(**{"from": P.At(workspace=ws, revision=1), "to": P.At()})),
        ("Plan.Diff", lambda ws: P.DiffRequest(**{"from": P.At(revision=1), "to": P.At(workspace=ws)})),
        ("Plan.Export", lambda ws: P.ExportRequest(at=P.At(workspace=ws))),
        ("Insight.Check", lambda ws: S.CheckRequest(at=P.At(workspace=ws))),
        ("Insight.Check", lambda ws: S.CheckRequest(at=P.At(workspace=ws), since=True)),
        ("Insight.Explain", lambda ws: S.ExplainRequest(workspace=ws, rules=["owner/many"])),
        ("Insight.Trace", lambda ws: S.TraceRequest(at=P.At(workspace=ws), ref="initiative/mine")),
        ("Insight.Score", lambda ws: S.ScoreRequest(at=P.At(workspace=ws))),
        ("Insight.Trend", lambda ws: S.TrendRequest(at=P.At(workspace=ws))),
        ("Insight.Reviews", lambda ws: pb.agenda.ReviewsRequest(at=P.At(workspace=ws))),
        ("Insight.Agenda", lambda ws: pb.agenda.AgendaRequest(at=P.At(workspace=ws), review="x")),
        ("Insight.BurnUp", lambda ws: pb.burnup.BurnUpRequest(at=P.At(workspace=ws))),
        ("Insight.Impact", lambda ws: pb.impact.ImpactRequest(at=P.At(workspace=ws), ref="initiative/mine")),
        ("Insight.InFlight", lambda ws: pb.inflight.InFlightRequest(at=P.At(workspace=ws))),
        ("Insight.Drift", lambda ws: pb.drift.DriftRequest(to=P.At(workspace=ws))),
        ("Insight.Load", lambda ws: S.LoadRequest(at=P.At(workspace=ws))),
        ("Insight.Schedule", lambda ws: S.ScheduleRequest(at=P.At(workspace=ws))),
        ("Insight.Forecast", lambda ws: pb.forecast.ForecastRequest(at=P.At(workspace=ws))),
        ("Insight.Segments", lambda ws: pb.segments.SegmentsRequest(at=P.At(workspace=ws))),
        ("Insight.Maturity", lambda ws: pb.maturity.MaturityRequest(at=P.At(workspace=ws))),
        ("Insight.Outside", lambda ws: pb.outside.OutsideRequest(at=P.At(workspace=ws))),
        ("Insight.Journey", lambda ws: pb.journey.JourneyRequest(at=P.At(workspace=ws))),
        ("Insight.Ecosystem", lambda ws: pb.ecosystem.EcosystemRequest(at=P.At(workspace=ws))),
        ("Insight.Moves", lambda ws: pb.moves.MovesRequest(at=P.At(workspace=ws), ref="initiative/mine")),
        ("Insight.WhatIf", lambda ws: pb.whatif.WhatIfRequest(at=P.At(workspace=ws), scenarios=["x"])),
        ("Insight.Mine", lambda ws: S.MineRequest(at=P.At(workspace=ws))),
        ("Insight.Mirror", lambda ws: pb.mirror.MirrorRequest(at=P.At(workspace=ws))),
        ("Insight.Room", lambda ws: pb.room.RoomRequest(at=P.At(workspace=ws))),
        ("Insight.SayDo", lambda ws: pb.saydo.SayDoRequest(at=P.At(workspace=ws))),
        ("Insight.Progress", lambda ws: S.ProgressRequest(at=P.At(workspace=ws))),
        ("Signal.Pulse", lambda ws: pb.signal.PulseRequest(workspace=ws, kind=3)),
        ("Signal.Signals", lambda ws: pb.signal.SignalsRequest(workspace=ws)),
        ("Voice.Ballot", lambda ws: pb.voice.BallotRequest(workspace=ws)),
        ("Voice.Concord", lambda ws: pb.voice.ConcordRequest(workspace=ws)),
        ("Survey.Questions", lambda ws: pb.survey.QuestionsRequest(workspace=ws, round="x")),
        ("Survey.Answer", lambda ws: pb.survey.AnswerRequest(workspace=ws, round="x")),
        ("Survey.Clarity", lambda ws: pb.survey.ClarityRequest(workspace=ws, round="x")),
        ("Survey.Acceptances", lambda ws: pb.survey.AcceptancesRequest(at=P.At(workspace=ws), baseline="x")),
        ("Admin.Info", lambda ws: A.InfoRequest(workspace=ws, state_hash=True)),
        ("Admin.Verify", lambda ws: A.VerifyRequest(workspace=ws)),
        ("Webhooks.Create", lambda ws: W.CreateWebhookRequest(workspace=ws, id="x", url="https://example.org/")),
        ("Webhooks.List", lambda ws: W.ListWebhooksRequest(workspace=ws)),
        ("Webhooks.Update", lambda ws: W.UpdateWebhookRequest(workspace=ws, id="there", paused=True)),
        ("Webhooks.Remove", lambda ws: W.RemoveWebhookRequest(workspace=ws, id="there")),
        ("Webhooks.RotateSecret", lambda ws: W.RotateSecretRequest(workspace=ws, id="there")),
        ("Webhooks.Test", lambda ws: W.TestWebhookRequest(workspace=ws, id="there")),
        ("Webhooks.ListDeadLetters", lambda ws: W.ListDeadLettersRequest(workspace=ws, id="there")),
        ("Webhooks.RetryDeadLetters", lambda ws: W.RetryDeadLettersRequest(workspace=ws, id="there")),
    ]

    def test_forbidden_is_answered_as_absent(self):
        self.root.call("Webhooks.Create", W.CreateWebhookRequest(workspace="other", id="there", url="https://example.org/"))
        for method, request in self.REQUESTS:
            for role in ("admin of main", "contributor"):
                with self.subTest(method=method, role=role):
                    forbidden, absent = (self.ask(role, "plumb.v1." + method, request(ws)) for ws in ("other", "nowhere"))
                    self.assertEqual(forbidden.code, absent.code)
                    self.assertIn(forbidden.code, (NOT_FOUND, DENIED))
                    self.assertEqual(forbidden.message.replace("other", "nowhere"), absent.message)
                    self.assertEqual([str(d) for d in forbidden.details], [str(d) for d in absent.details])
                    self.assertEqual(forbidden.payload, absent.payload)

    def test_every_method_that_names_a_workspace_is_asked(self):
        """By descriptor: a request with a workspace, or with an At."""
        asked = {method for method, _ in self.REQUESTS}
        for module in (P, S, A, W, X, pb.signal, pb.voice, pb.survey):
            for service in module.DESCRIPTOR.services_by_name.values():
                for method in service.methods:
                    names = any(field.name == "workspace" or (field.message_type and field.message_type.name == "At")
                                for field in method.input_type.fields)
                    if names:
                        self.assertIn("%s.%s" % (service.name, method.name), asked)

    def test_lists_show_what_may_be_entered(self):
        def listed(role):
            reply = A.ListWorkspacesReply.FromString(self.ask(role, "Admin.ListWorkspaces", A.ListWorkspacesRequest()).payload)
            return [w.id for w in reply.workspaces]
        self.assertEqual(listed("reader"), ["main"])
        self.assertEqual(listed("admin of main"), ["main"])
        self.assertEqual(listed("contributor of other"), ["other"])
        self.assertEqual(listed("admin"), ["main", "other"])

    def test_info_tells_of_the_daemon_only_whom_it_concerns(self):
        for role in ROLES[1:]:
            info = A.InfoReply.FromString(self.ask(role, "Admin.Info", A.InfoRequest()).payload)
            told = (info.workspaces, info.data_directory != "", info.connections > 0)
            self.assertEqual(told, (2, True, True) if role == "admin" else (0, False, False), role)
            self.assertEqual(info.caller, "person/anna")

    def test_a_key_is_of_its_workspace(self):
        both = self.token(I.CONTRIBUTOR, ["main", "other"])
        request = P.ApplyRequest(change_set=change_set(
            put(id="keyed", task=I.Task(initiative="mine")), idempotency_key="k"))
        for workspace in ("main", "other"):
            request.workspace = workspace
            reply = P.ApplyReply.FromString(self.ask(both, "Plan.Apply", request).payload)
            self.assertFalse(reply.duplicate)

    def test_pages_of_another_workspace_are_not_turned(self):
        """A page token is of one workspace."""
        page = P.ListReply.FromString(self.ask("admin", "Plan.List", P.ListRequest(at=P.At(workspace="other"), page_size=1)).payload)
        answer = self.ask("contributor", "Plan.List", P.ListRequest(page_size=1, page_token=page.next_page_token))
        if answer.code == 0:
            mine = P.ListReply.FromString(self.ask("contributor", "Plan.List", P.ListRequest()).payload)
            reply = P.ListReply.FromString(answer.payload)
            self.assertEqual(reply.total, mine.total)
        else:
            self.assertNotIn("other", answer.message)


# ---- what is said in confidence ------------------------------------------------------------------------------------------------


class Confidence(World):
    def pulse(self, role, **options):
        request = pb.signal.PulseRequest(kind=3, about="initiative/mine")
        return self.ask(role, "Signal.Pulse", request, **options)

    def test_a_pulse_is_ones_own(self):
        self.assertEqual(self.pulse("reader").code, 0)
        for role in ("reader", "contributor", "planner", "admin"):
            answer = self.pulse(role, claim="person/bob")
            self.assertEqual(answer.code, DENIED, role)
        self.assertIn("people send pulses themselves", answer.message)
        # nor by whoever runs the daemon
        answer = ask(self.daemon.unix, "Signal.Pulse", pb.signal.PulseRequest(kind=3), claim="person/bob")
        self.assertEqual(answer.code, DENIED, answer.message)
        crm = self.token(I.CONTRIBUTOR, [], subject="service/crm")
        self.assertEqual(self.pulse(crm).code, DENIED)

    def test_published_numbers_are_for_readers(self):
        self.assertEqual(self.ask("reader", "Signal.Signals", pb.signal.SignalsRequest()).code, 0)


# ---- on the command line ----------------------------------------------------------------------------------------------------------


class CommandLine(World):
    def plumb(self, role, *args):
        env = dict(os.environ, COLUMNS="300", PLUMB_TOKEN=self.tokens[role])
        done = subprocess.run([binary("plumb"), "--server", self.daemon.unix, *args], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, env=env)
        return done.returncode, done.stdout + done.stderr

    def test_a_refusal_says_whose_it_is_and_where_to_look(self):
        self.assertEqual(
            self.plumb("contributor", "remove", "task/work", "--yes"),
            (3, "plumb: task/work is not yours: it is owned by person/bob; they or a planner may change it; look at it with: "
                "plumb get task/work\n"))
        code, text = self.plumb("reader", "remove", "task/part", "--yes")
        self.assertEqual(
            (code, text), (3, "plumb: Plan.Apply needs the role contributor; you are person/anna here, as reader. Ask an "
                              "administrator for a token with that role\n"))
        code, text = self.plumb("contributor", "place", "mine", "--first")
        self.assertEqual((code, text), (3, "plumb: an order is changed by planners only\n"))


if __name__ == "__main__":
    unittest.main()
