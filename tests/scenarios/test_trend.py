"""Trends and `since` against a twin that asks for the check of every day by itself.

The daemon folds history forward once, keeps what it found, and answers from that. The twin asks Check as of the end of
each day with that day as today, and counts: every number of the trend, and the day since when each finding has been there,
must be the same; after the cache was deleted, after a restart, after more changes, and after a redaction too.
"""
import datetime
import glob
import os
import random
import shutil
import time
import unittest

from plumbrpc import DEADLINE, INVALID, Daemon, RpcError, pb

ZONE = "America/New_York"
FIRST = datetime.date(2026, 3, 1)  # clocks go forward on the 8th
LAST = datetime.date(2026, 4, 9)
CLOCK = "=2026-04-09T20:00:00Z"
DAY = datetime.timedelta(days=1)


def days(first, last):
    while first <= last:
        yield first
        first += DAY


class History:
    """Changes over some weeks, several on some days and none on most, made of what rules look at."""

    def __init__(self, client, workspace):
        self.client, self.workspace, self.random = client, workspace, random.Random(20260409)
        self.now = datetime.datetime(2026, 3, 1, 6, 0)

    def apply(self, *changes, at=None):
        if at is not None:
            self.now = at
        change_set = pb.plan.ChangeSet(changes=changes, effective=self.now.isoformat() + "Z")
        return self.client.call("Plan.Apply", pb.plan.ApplyRequest(workspace=self.workspace, change_set=change_set))

    def put(self, **fields):
        change = pb.plan.Change()
        change.put.item.CopyFrom(pb.item.Item(**fields))
        return change

    def add(self, **fields):
        change = pb.plan.Change()
        change.add.record.CopyFrom(pb.item.Record(**fields))
        return change

    def remove(self, ref):
        change = pb.plan.Change()
        change.remove.ref = ref
        return change

    def begin(self):
        item = pb.item
        self.apply(
            self.put(id="anna", person=item.Person(last_day="2026-03-25")),
            self.put(id="bert", person=item.Person()),
            self.put(id="q2", period=item.Period(first_day="2026-03-01", last_day="2026-03-20")),
            self.put(id="grow", goal=item.Goal(), owners=["anna"]),
            self.put(id="m", measure=item.Measure(direction=item.Measure.UP, every_days=7)),
            self.put(id="o", objective=item.Objective(goal="grow", periods=["q2"],
                                                      targets=[item.Target(measure="m", baseline=1, target=5)])))

    def step(self):
        item, pick = pb.item, self.random
        self.now += datetime.timedelta(hours=pick.choice([1, 3, 20, 30, 55, 70]))
        if self.now.date() > LAST - DAY:
            return False
        who = pick.choice([[], ["anna"], ["bert"], ["anna", "bert"]])
        name = "i%d" % pick.randrange(4)
        what = pick.randrange(7)
        if what <= 2:
            change = self.put(id=name, owners=who, initiative=item.Initiative(
                objective=pick.choice(["o", "", "typo"]), status=pick.choice([item.PROPOSED, item.ACTIVE, item.DONE]),
                outcome_intended=pick.choice(["", "more"]), finish=pick.choice(["", "2026-03-28"])))
        elif what == 3:
            change = self.add(about="m", at=self.now.date().isoformat(), by="bert",
                              measurement=item.Measurement(value=pick.randrange(6)))
        elif what == 4:
            change = self.put(id="w%d" % pick.randrange(3), waiver=item.Waiver(
                finding=pick.choice(["owner/none:objective/o", "owner/none:initiative/i0", "sight/orphan:initiative/i1"]),
                reason="known", until=(self.now.date() + pick.randrange(12) * DAY).isoformat()))
        elif what == 5:
            change = self.put(id="owner.none", rule_setting=item.RuleSetting(
                rule="owner/none", severity=pick.choice([item.NOTE, item.ERROR])))
        else:
            change = self.put(id="b%d" % pick.randrange(2), baseline=item.Baseline())
        self.apply(change)
        return True


class Twin:
    """What Check says of each day, asked one by one."""

    def __init__(self, client, workspace):
        self.client, self.workspace, self.known = client, workspace, {}

    def at(self, day, **more):
        return pb.plan.At(workspace=self.workspace, today=day.isoformat(), **more)

    def check(self, at, **more):
        findings, summary = [], None
        for reply in self.client.stream("Insight.Check", pb.insight.CheckRequest(at=at, waived=True, **more), timeout=60):
            findings += reply.findings
            if reply.HasField("summary"):
                summary = reply.summary
        return findings, summary

    def day(self, day):
        return self.check(self.at(day, time=day.isoformat()))

    def keys(self, findings):
        keys = {(f.key, f.unknown) for f in findings}
        assert len(keys) == len(findings), "keys name one finding each"
        return keys

    def walk(self, first, last):
        return {day: self.day(day) for day in days(first, last)}


def trend(client, workspace, **more):
    at = more.pop("at", pb.plan.At(workspace=workspace))
    last = None
    for reply in client.stream("Insight.Trend", pb.insight.TrendRequest(at=at, **more), timeout=60):
        if last is not None:
            assert last.HasField("progress")
        last = reply
    return last


def same_days(answer, twin, walked, chosen):
    assert [d.day for d in answer.days] == [day.isoformat() for day in chosen], [d.day for d in answer.days]
    before = None
    for got, day in zip(answer.days, chosen):
        findings, summary = walked[day]
        keys = twin.keys(findings)
        for field in "revision errors warnings notes unknown waived score".split():
            assert getattr(got, field) == getattr(summary, field), (day, field, getattr(got, field), getattr(summary, field))
        assert got.appeared == (0 if before is None else len(keys - before)), day
        assert got.gone == (0 if before is None else len(before - keys)), day
        counts = {r.rule: (r.findings, r.unknown, r.waived) for r in summary.rules}
        for rule in got.rules:
            assert counts.pop(rule.rule) == (rule.findings, rule.unknown, rule.waived), (day, rule.rule)
        assert all(count == (0, 0, 0) for count in counts.values()), (day, counts)
        before = keys


def same_since(twin, walked, at, today):
    """The twin's own way: back from yesterday, as long as it was found."""
    findings, summary = twin.check(at, since=True)
    assert findings and summary.since_from == ""
    for f in findings:
        since = today
        while since > FIRST and (f.key, f.unknown) in twin.keys(walked[since - DAY][0]):
            since -= DAY
        assert f.since == since.isoformat(), (f.key, f.since, since)
    return {f.since for f in findings}


def check_the_twin(client):
    client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="ny", time_zone=ZONE))
    history, twin = History(client, "ny"), Twin(client, "ny")
    history.begin()
    while history.step():
        pass
    walked = twin.walk(FIRST, LAST)
    newest = twin.at(LAST)
    since = same_since(twin, walked, newest, LAST)
    assert len(since) >= 5, "a history in which nothing ever changes shows nothing: %s" % since

    answer = trend(client, "ny")
    same_days(answer, twin, walked, list(days(FIRST, LAST)))
    assert sum(d.appeared for d in answer.days) > 20 and sum(d.gone for d in answer.days) > 10
    assert trend(client, "ny").cached
    same_days(trend(client, "ny", every_days=7), twin, walked, list(days(FIRST, LAST))[::-7][::-1])
    same_days(trend(client, "ny", every_days=5, **{"from": "2026-03-10", "to": "2026-04-02"}), twin, walked,
              [datetime.date(2026, 3, 13) + 5 * i * DAY for i in range(5)])
    selected(client, twin, walked)
    other_days(client, twin, walked)
    return history, twin


def selected(client, twin, walked):
    """Some rules only."""
    answer = trend(client, "ny", rules=["owner/none", "sight"], every_days=3)
    before = None
    for got in answer.days:
        findings = [f for f in walked[datetime.date.fromisoformat(got.day)][0]
                    if f.rule == "owner/none" or f.rule.startswith("sight/")]
        known = [f for f in findings if not f.unknown and not f.HasField("waiver")]
        keys = twin.keys(findings)
        assert got.errors == sum(f.severity == pb.item.ERROR for f in known), got.day
        assert got.warnings == sum(f.severity == pb.item.WARNING for f in known), got.day
        assert got.notes == sum(f.severity == pb.item.NOTE for f in known), got.day
        assert got.waived == sum(f.HasField("waiver") for f in findings), got.day
        assert got.appeared == (0 if before is None else len(keys - before)), got.day
        assert {r.rule for r in got.rules} <= {f.rule for f in findings}
        before = keys


def other_days(client, twin, walked):
    """As of the past, and with other days as today."""
    revisions = sorted({summary.revision for _, summary in walked.values()})
    for revision in revisions[3::4]:
        day = max(d for d, (_, s) in walked.items() if s.revision <= revision)
        same_since(twin, walked, twin.at(day, revision=revision), day)
    # in the middle of a day: the days behind it were never so; each is judged with that plan
    revision, until = revisions[5], datetime.date(2026, 4, 5)
    own = {}
    for day in days(FIRST, until):
        end = walked[day][1].revision
        own[day] = walked[day] if end <= revision else twin.check(twin.at(day, revision=revision))
    same_since(twin, own, twin.at(until, revision=revision), until)
    same_days(trend(client, "ny", at=twin.at(until, revision=revision)), twin, own, list(days(FIRST, until)))
    # a day still to come, and one centuries away
    later = LAST + 3 * DAY
    ahead = dict(walked)
    for day in days(LAST, later):
        ahead[day] = twin.check(twin.at(day))
    same_since(twin, ahead, twin.at(later), later)
    findings, summary = twin.check(twin.at(datetime.date(2626, 1, 1)), since=True)
    assert summary.since_from == (datetime.date(2626, 1, 1) - 400 * DAY).isoformat() and findings
    # and one before there was a plan: what is found then is found on that day
    findings, _ = twin.check(twin.at(datetime.date(2026, 1, 1)), since=True)
    assert {f.since for f in findings} == {"2026-01-01"}
    # that was all without harm to what is kept
    same_since(twin, walked, twin.at(LAST), LAST)
    same_days(trend(client, "ny"), twin, walked, list(days(FIRST, LAST)))


def file_of(daemon):
    """Of the first workspace that was asked about."""
    return sorted(glob.glob(os.path.join(daemon.data, "cache", "trend-*.bin")))[0]


def check_the_cache(daemon, history, twin):
    """It may be there or not, whole or not: only the time differs."""
    chosen = list(days(FIRST, LAST))

    def again(cached):
        daemon.restart()
        client = history.client = twin.client = daemon.client()
        walked = twin.walk(FIRST, LAST)
        answer = trend(client, "ny")
        same_days(answer, twin, walked, chosen)
        assert answer.cached == cached, answer.cached
        same_since(twin, walked, twin.at(LAST), LAST)

    path = file_of(daemon)
    again(True)
    os.unlink(path)
    again(False)
    with open(path, "r+b") as file:
        file.seek(3000)
        byte = file.read(1)
        file.seek(3000)
        file.write(bytes([byte[0] ^ 1]))
    again(False)
    with open(path, "r+b") as file:
        file.truncate(5000)
    again(False)
    # goes on from where it was after another change, which counts from an earlier day
    history.apply(history.put(id="late", initiative=pb.item.Initiative()), at=datetime.datetime(2026, 4, 8, 23, 0))
    again(False)
    # and of another history: the file of one workspace in the place of another's
    other = [f for f in glob.glob(os.path.join(os.path.dirname(path), "*.bin")) if f != path]
    shutil.copy(other[0], path)
    again(False)


def check_cancelled(daemon, history, twin):
    """Stopped anywhere on the way, it goes on from there, and to the same end."""
    os.unlink(file_of(daemon))
    daemon.restart()
    client = history.client = twin.client = daemon.client()
    ended = 0
    for milliseconds in range(1, 12):
        request = pb.insight.TrendRequest(at=pb.plan.At(workspace="ny"))
        try:
            list(client.stream("Insight.Trend", request, timeout=milliseconds / 1000))
        except RpcError as error:
            assert error.code == DEADLINE, error
            ended += 1
    assert ended > 0
    same_days(trend(client, "ny"), twin, twin.walk(FIRST, LAST), list(days(FIRST, LAST)))


def check_redaction(daemon, history, twin):
    """What was worked out before names are taken away is not believed afterwards."""
    history.apply(history.add(id="c1", about="initiative/i0", by="anna", note="ill", at="2026-03-18",
                              check_in=pb.item.CheckIn(status=pb.item.CheckIn.ON_TRACK)),
                  at=datetime.datetime(2026, 4, 9, 1, 0))
    assert not trend(history.client, "ny").cached
    path = file_of(daemon)
    change = pb.plan.Change()
    change.redact.ref, change.redact.reason = "check-in/c1", "asked for"
    history.apply(change)
    for _ in range(200):
        if not os.path.exists(path):
            break
        time.sleep(0.05)
    assert not os.path.exists(path)
    answer = trend(history.client, "ny")
    assert not answer.cached
    same_days(answer, twin, twin.walk(FIRST, LAST), list(days(FIRST, LAST)))


def refused(client, field, **more):
    try:
        trend(client, "ny", **more)
    except RpcError as error:
        assert error.code == INVALID, error
        assert [f for f, _ in error.violations] == [field], error.violations
        return
    raise AssertionError("taken: %s" % more)


def check_bad_questions(client):
    refused(client, "from", **{"from": "yesterday"})
    refused(client, "to", to="2026-02-30")
    refused(client, "from", **{"from": "2026-04-02", "to": "2026-04-01"})
    refused(client, "every_days", every_days=367)
    refused(client, "rules", rules=["owner/nobody"])
    refused(client, "from", **{"from": "2026-03-01", "to": "2029-03-05"})  # 1,101 days
    assert len(trend(client, "ny", **{"from": "1900-01-01", "to": "2026-03-03"}).days) == 3
    assert len(trend(client, "ny", **{"from": "1900-01-01", "to": "1900-03-03"}).days) == 0


def check_since_of_a_young_plan(client):
    """Before the plan's first day there was nothing; in memory, in another workspace."""
    client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="young"))
    twin = Twin(client, "young")
    assert twin.check(pb.plan.At(workspace="young"), since=True)[0] == []
    assert len(trend(client, "young").days) == 0
    history = History(client, "young")
    history.apply(history.put(id="g", goal=pb.item.Goal()), at=datetime.datetime(2026, 4, 9, 10, 0))
    findings, summary = twin.check(pb.plan.At(workspace="young"), since=True)
    assert {f.since for f in findings} == {"2026-04-09"} and summary.since_from == ""


def check_expired_waivers(client):
    """They come back by themselves, and are counted when they do."""
    client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="waived"))
    history, twin = History(client, "waived"), Twin(client, "waived")

    def waiver(name, until, finding="owner/none:goal/g"):
        return history.put(id=name, waiver=pb.item.Waiver(finding=finding, reason="x", until=until))

    history.apply(history.put(id="g", goal=pb.item.Goal()), waiver("w", "2026-04-03"),
                  waiver("gone", "2026-04-01", "owner/none:goal/never"), at=datetime.datetime(2026, 4, 1, 10, 0))

    def says(day):
        findings, summary = twin.check(pb.plan.At(workspace="waived", today=day), rules=["owner/none"])
        return summary.errors, summary.waived, summary.expired_waivers, findings[0].HasField("waiver")

    assert says("2026-04-03") == (0, 1, 0, True)
    assert says("2026-04-04") == (1, 0, 1, False)
    history.apply(waiver("v", "2026-04-04"))  # waived anew by another one
    assert says("2026-04-04") == (0, 1, 0, True)
    assert says("2026-04-05") == (1, 0, 2, False)
    assert [d.errors for d in trend(client, "waived", rules=["owner/none"]).days] == [0, 0, 0, 0, 1, 1, 1, 1, 1]


class TrendTest(unittest.TestCase):
    def test_trends_and_since(self):
        with Daemon(clock=CLOCK) as daemon:
            client = daemon.client()
            history, twin = check_the_twin(client)
            check_bad_questions(client)
            check_since_of_a_young_plan(client)
            check_expired_waivers(client)
            check_the_cache(daemon, history, twin)
            check_cancelled(daemon, history, twin)
            check_redaction(daemon, history, twin)


if __name__ == "__main__":
    unittest.main()
