"""Bad input, each kind of it against the real daemon and client: refused with what, where and what to do, and nothing changes.

Frames themselves (cut, oversized, slow) are tests/interop/test_protocol.py's.
"""
import contextlib
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import tempfile
import threading
import unittest

import plumbrpc as p
from plumbrpc import Client, Daemon, RpcError, binary, pb


def field(number, payload):
    """A length-delimited field as bytes."""
    out, tag, length = b"", number << 3 | 2, len(payload)
    for value in (tag, length):
        while value > 0x7f:
            out += bytes([value & 0x7f | 0x80])
            value >>= 7
        out += bytes([value])
    return out + payload


def goal(item_id, **fields):
    return pb.item.Item(id=item_id, goal=pb.item.Goal(**fields))


def put(item, **expect):
    return pb.plan.Change(put=pb.plan.Put(item=item), **expect)


def raw_put(item):
    """An ApplyRequest that puts what these bytes are."""
    return field(2, field(1, field(1, field(1, item))))


GOAL_BODY = field(23, b"")


class WithDaemon(unittest.TestCase):
    memory = True

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=cls.memory)
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client(as_name="anna")
        cls.apply(put(goal("there", weight=0.5)), put(pb.item.Item(id="task", task=pb.item.Task(initiative="nowhere"))))
        cls.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="other"))
        cls.apply(put(goal("theirs")), workspace="other")

    @classmethod
    def apply(cls, *changes, workspace="", dry_run=False, **fields):
        return cls.client.call("Plan.Apply", pb.plan.ApplyRequest(
            workspace=workspace, dry_run=dry_run, change_set=pb.plan.ChangeSet(changes=changes, **fields)))

    @classmethod
    def raw(cls, method, payload, reply=None):
        """A call whose request message is these bytes."""
        return cls.client.raw(method, payload, reply).result(20)

    def state(self):
        """Hash, revision and chain of both workspaces."""
        infos = [self.client.call("Admin.Info", pb.admin.InfoRequest(workspace=w, state_hash=True)) for w in ("main", "other")]
        return [(i.state_hash, i.revision, i.chain, i.items, i.records, i.workspaces) for i in infos]

    @contextlib.contextmanager
    def unchanged(self):
        before = self.state()
        yield
        self.assertEqual(self.state(), before)

    def refused(self, code, *texts, call, field_path=None):
        """The call is refused with that code, texts in its message, and a violation at field_path."""
        with self.unchanged(), self.assertRaises(RpcError) as caught:
            call()
        error = caught.exception
        said = error.message + "".join(f"\n{where}: {what}" for where, what in error.violations)
        self.assertEqual(error.code, code, said)
        for text in texts:
            self.assertIn(text, said)
        if field_path is not None:
            self.assertIn(field_path, [where for where, _ in error.violations])
        self.assertEqual(self.client.ping(5) > 0, True)  # the connection lives
        return error


class Messages(WithDaemon):
    def test_cut_anywhere(self):
        whole = pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=[put(goal("cut", weight=0.25))])).SerializeToString()
        for length in range(1, len(whole)):
            with self.subTest(length=length):
                self.refused(p.INVALID, "malformed message at byte", f"of {length}", "cut off",
                             call=lambda: self.raw("Plan.Apply", whole[:length]))

    def test_text_that_is_none(self):
        for item, where, what in (
                (field(1, b"x") + field(2, b"\xff\xfe") + GOAL_BODY, "title", "is not valid UTF-8"),
                (field(1, b"x") + field(2, b"\xed\xa0\x80") + GOAL_BODY, "title", "is not valid UTF-8"),  # half a surrogate pair
                (field(1, b"x") + field(2, b"\xc0\x80") + GOAL_BODY, "title", "is not valid UTF-8"),  # NUL, overlong
                (field(1, b"x") + field(3, b"a\x00b") + GOAL_BODY, "description", "holds a NUL character; leave it out"),
                (field(1, b"x") + field(4, b"a") + field(4, b"b\x80") + GOAL_BODY, "owners[1]", "is not valid UTF-8"),
                (field(1, b"x") + field(7, field(2, b"\xff")) + GOAL_BODY, "links[0].to", "is not valid UTF-8")):
            with self.subTest(where=where, item=item):
                self.refused(p.INVALID, f"change_set.changes[0].put.item.{where}: {what}",
                             call=lambda: self.raw("Plan.Apply", raw_put(item)))

    def test_fields_types_and_values_that_are_not_known(self):
        good = raw_put(field(1, b"x") + GOAL_BODY)
        for payload, texts in (
                (good + field(1023, b"x"), ["field 1023 is not known here; leave it out"]),
                (raw_put(field(1, b"x") + field(999, b"") + GOAL_BODY), ["changes[0].put.item: field 999 is not known"]),
                (raw_put(b"\x08\x01" + GOAL_BODY), ["put.item.id: has another type on the wire"]),
                # direction (3) of a measure: 99
                (raw_put(field(1, b"x") + field(25, b"\x18\x63")), ["put.item.measure.direction: 99 is not one of its values"]),
                (good + b"\x0b" * 5000, ["malformed message at byte"])):  # groups that begin and never end
            with self.subTest(texts=texts):
                self.refused(p.INVALID, *texts, call=lambda: self.raw("Plan.Apply", payload))

    def test_too_large_and_too_many(self):
        for changes, texts, path in (
                ([put(pb.item.Item(id="x", title="t" * 501, goal=pb.item.Goal()))],
                 ["has 501 bytes", "at most 500", "put the rest into description"], "change_set.changes[0].put.item.title"),
                ([put(goal("x" * 65))], ["is no id", "1 to 64"], "change_set.changes[0].put.item.id"),
                ([put(pb.item.Item(id="x", labels=["l%d" % i for i in range(1001)], goal=pb.item.Goal()))],
                 ["1000"], "change_set.changes[0].put.item.labels"),
                ([put(goal("c%d" % i)) for i in range(10001)], ["10001 changes", "at most 10000", "send several"],
                 "change_set.changes")):
            with self.subTest(path=path):
                self.refused(p.INVALID, *texts, field_path=path, call=lambda: self.apply(*changes))
        self.refused(p.INVALID, "idempotency_key", "128", call=lambda: self.apply(put(goal("x")), idempotency_key="k" * 129))
        self.refused(p.INVALID, "page_size", "1000", call=lambda: self.client.call(
            "Plan.List", pb.plan.ListRequest(page_size=1001)))

    def test_a_frame_of_more_than_four_mib(self):
        """Answered when its header arrives, the body is skipped, and the connection goes on."""
        client = self.daemon.client()
        text = "d" * (5 << 20)
        with self.unchanged(), self.assertRaises(RpcError) as caught:
            client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(
                changes=[put(pb.item.Item(id="x", description=text, goal=pb.item.Goal()))])))
        self.assertEqual(caught.exception.code, p.LIMIT)
        self.assertIn("4194304", caught.exception.message.replace(",", ""))
        self.assertEqual(client.call("Plan.Get", pb.plan.GetRequest(ref="goal/there")).entry.item.id, "there")

    def test_methods_and_services_that_are_not_there(self):
        self.refused(p.UNIMPLEMENTED, "no method 'Nope' in plumb.v1.Plan",
                     call=lambda: self.raw("Plan.Nope", b"", pb.plan.GetReply))
        self.refused(p.UNIMPLEMENTED, "no service 'plumb.v2.Plan'", "plumb.v1.Plan",
                     call=lambda: self.raw("plumb.v2.Plan.Get", b"", pb.plan.GetReply))


class Changes(WithDaemon):
    def test_nothing_to_do(self):
        self.refused(p.INVALID, "is required: what shall be changed", field_path="change_set",
                     call=lambda: self.raw("Plan.Apply", b""))
        self.refused(p.INVALID, "is empty: say what to change", field_path="change_set.changes", call=lambda: self.apply())
        self.refused(p.INVALID, "put, remove, rename, place, add, retract or redact",
                     field_path="change_set.changes[0].change", call=lambda: self.apply(pb.plan.Change()))
        self.refused(p.INVALID, "say what kind of item 'x' is", call=lambda: self.apply(put(pb.item.Item(id="x"))))

    def test_numbers_and_dates_that_are_none(self):
        objective = pb.item.Objective(targets=[pb.item.Target(measure="m", due="2026-02-30")])
        for item, path in ((goal("x", weight=float("nan")), "goal.weight"), (goal("x", weight=float("inf")), "goal.weight"),
                           (goal("x", weight=1.5), "goal.weight"),
                           (pb.item.Item(id="x", objective=objective), "objective.targets[0].due"),
                           (pb.item.Item(id="x", task=pb.item.Task(effort=-1)), "task.effort")):
            with self.subTest(path=path, item=item):
                self.refused(p.INVALID, field_path="change_set.changes[0].put.item." + path, call=lambda: self.apply(put(item)))

    def test_a_wrong_kind(self):
        self.refused(p.INVALID, "'gaol/x' is not a reference", "write it like",
                     call=lambda: self.client.call("Plan.Get", pb.plan.GetRequest(ref="gaol/x")))
        for change, path in (
                (pb.plan.Change(retract=pb.plan.Retract(ref="goal/there")), "retract.ref"),
                (pb.plan.Change(place=pb.plan.Place(item="goal/there", first=True)), "place.item"),
                (put(pb.item.Item(id="x", workspace=pb.item.Workspace())), "put.item.workspace")):
            with self.subTest(path=path):
                self.refused(p.INVALID, field_path="change_set.changes[0]." + path, call=lambda: self.apply(change))
        # An item cannot become another kind, since its kind is part of its name; a task of that id is another item.
        self.refused(p.NOT_FOUND, "goal/task does not exist",
                     call=lambda: self.client.call("Plan.Get", pb.plan.GetRequest(ref="goal/task")))

    def test_a_missing_reference_is_taken_and_found(self):
        findings = [f for reply in self.client.stream("Insight.Check", pb.insight.CheckRequest(rules=["sight/dangling"]))
                    for f in reply.findings]
        self.assertEqual([list(f.subjects) for f in findings], [["task/task", "initiative/nowhere"]])
        self.refused(p.NOT_FOUND, call=lambda: self.apply(pb.plan.Change(remove=pb.plan.Remove(ref="goal/none"))))
        self.refused(p.NOT_FOUND, call=lambda: self.apply(pb.plan.Change(rename=pb.plan.Rename(ref="goal/none", id="x"))))

    def test_an_item_that_contains_itself(self):
        error = self.refused(p.INVALID, "goal/a -> goal/b -> goal/c -> goal/a", "take one of these steps out", call=lambda: self.apply(
            put(goal("a", parent="b")), put(goal("b", parent="c")), put(goal("c", parent="a"))))
        self.assertEqual([where for where, _ in error.violations], ["change_set.changes[%d].put.item" % i for i in range(3)])
        self.refused(p.INVALID, "contains itself", call=lambda: self.apply(put(goal("there", parent="there"))))

    def test_all_faults_at_once(self):
        error = self.refused(p.INVALID, "and 2 more", call=lambda: self.apply(
            put(goal("BAD")), put(goal("x", weight=7)), put(pb.item.Item(id="y", title="t" * 501, goal=pb.item.Goal()))))
        self.assertEqual([where for where, _ in error.violations], [
            "change_set.changes[0].put.item.id", "change_set.changes[1].put.item.goal.weight",
            "change_set.changes[2].put.item.title"])

    def test_what_is_of_another_workspace(self):
        """Names are a workspace's own: what another one has is not seen, not changed and not referred to."""
        self.refused(p.NOT_FOUND, "goal/theirs does not exist",
                     call=lambda: self.client.call("Plan.Get", pb.plan.GetRequest(ref="goal/theirs")))
        self.refused(p.NOT_FOUND, "goal/theirs",
                     call=lambda: self.apply(pb.plan.Change(remove=pb.plan.Remove(ref="goal/theirs", cascade=True))))
        self.refused(p.NOT_FOUND, "goal/there",
                     call=lambda: self.apply(pb.plan.Change(rename=pb.plan.Rename(ref="goal/there", id="x")), workspace="other"))
        with self.unchanged():
            listed = self.client.call("Plan.List", pb.plan.ListRequest(at=pb.plan.At(workspace="other"), filter="kind:goal"))
            self.assertEqual([e.ref for e in listed.entries], ["goal/theirs"])
            with self.assertRaises(RpcError) as caught:
                self.client.call("Insight.Trace", pb.insight.TraceRequest(ref="goal/theirs"))
            self.assertEqual(caught.exception.code, p.NOT_FOUND)
            with self.client.stream("Plan.Watch", pb.plan.WatchRequest(workspace="other", from_revision=1)) as watch:
                self.assertEqual(watch.next().change.change_set.changes[0].put.item.id, "theirs")
        self.refused(p.INVALID, "both revisions must be of one workspace", call=lambda: self.client.call(
            "Plan.Diff", pb.plan.DiffRequest(**{"from": pb.plan.At(workspace="other"), "to": pb.plan.At(workspace="main")})))
        # A page token of one is none of the other; an idempotency key of one is free in the other.
        token = self.client.call("Plan.List", pb.plan.ListRequest(page_size=1)).next_page_token
        self.refused(p.INVALID, "page_token", call=lambda: self.client.call(
            "Plan.List", pb.plan.ListRequest(at=pb.plan.At(workspace="other"), page_size=1, page_token=token)))
        self.refused(p.NOT_FOUND, "workspace 'nope' does not exist", "plumb workspace create nope",
                     call=lambda: self.apply(put(goal("x")), workspace="nope"))
        self.refused(p.INVALID, "'../other' is not an id", call=lambda: self.apply(put(goal("x")), workspace="../other"))
        # The list of workspaces is no workspace.
        self.refused(p.NOT_FOUND, "workspace 'system' does not exist", call=lambda: self.apply(put(goal("x")), workspace="system"))

    def test_a_key_with_other_content(self):
        first = self.apply(put(goal("keyed")), idempotency_key="once")
        self.refused(p.PRECONDITION, "'once' was used for another change", f"revision {first.revision}", "choose another key",
                     call=lambda: self.apply(put(goal("keyed2")), idempotency_key="once"))
        with self.unchanged():
            again = self.apply(put(goal("keyed")), idempotency_key="once")
            self.assertEqual((again.revision, again.duplicate), (first.revision, True))

    def test_an_expected_revision_that_is_too_old(self):
        first = self.apply(put(goal("moved"))).revision
        second = self.apply(put(goal("moved", weight=0.1))).revision
        error = self.refused(p.CONFLICT, f"goal/moved is at revision {second}, not at {first}", "read it again",
                             call=lambda: self.apply(put(goal("moved", weight=0.9), expected_revision=first)))
        conflict = error.detail(pb.plan.Conflict)
        self.assertEqual((conflict.ref, conflict.expected, conflict.actual), ("goal/moved", first, second))
        self.assertEqual(conflict.entry.item.goal.weight, 0.1)
        self.refused(p.CONFLICT, "goal/there", call=lambda: self.apply(put(goal("there"), expected_absent=True)))
        error = self.refused(p.CONFLICT, f"the plan is at revision {second}, not at {first}", "read it again",
                             call=lambda: self.apply(put(goal("x")), expected_revision=first))
        self.assertEqual(error.detail(pb.plan.Conflict).actual, second)

    def test_revisions_times_and_pages_that_are_not_there(self):
        get, list_ = pb.plan.GetRequest, pb.plan.ListRequest
        head = self.state()[0][1]
        self.refused(p.NOT_FOUND, "revision 999 does not exist", f"the newest is {head}",
                     call=lambda: self.client.call("Plan.Get", get(ref="goal/there", at=pb.plan.At(revision=999))))
        self.refused(p.NOT_FOUND, "nobase", call=lambda: self.client.call("Plan.Get", get(ref="goal/there", at=pb.plan.At(baseline="nobase"))))
        self.refused(p.INVALID, "someday", call=lambda: self.client.call("Plan.Get", get(ref="goal/there", at=pb.plan.At(time="someday"))))
        self.refused(p.RANGE, "999", call=lambda: self.client.call("Plan.Get", get(ref="goal/there", at=pb.plan.At(at_least=999))))
        self.refused(p.RANGE, "from_revision 999", f"which is {head + 1}",
                     call=lambda: list(self.client.stream("Plan.Watch", pb.plan.WatchRequest(from_revision=999))))
        self.refused(p.INVALID, "page_token", "start from the first page", call=lambda: self.client.call("Plan.List", list_(page_token="x")))
        self.refused(p.INVALID, "column 1: 'foo' is not a field", call=lambda: self.client.call("Plan.List", list_(filter="foo:bar")))
        self.refused(p.INVALID, "lies in the future", call=lambda: self.apply(put(goal("x")), effective="2999-01-01"))
        self.refused(p.INVALID, "is set by the server", call=lambda: self.apply(put(goal("x")), request_hash=7))


class Files(WithDaemon):
    """Plan files and documents, through plumb."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def plumb(self, *args, expect):
        with self.unchanged():
            done = subprocess.run([binary("plumb"), "--server", self.daemon.unix, *args], capture_output=True, text=True,
                                  cwd=self.folder.name, stdin=subprocess.DEVNULL, timeout=60)
        self.assertEqual(done.returncode, expect, done.stdout[-2000:] + done.stderr[-2000:])
        return done.stderr

    def write(self, name, content):
        with open(os.path.join(self.folder.name, name), "wb") as out:
            out.write(content if isinstance(content, bytes) else content.encode())

    def bad_plan(self, content, *texts):
        self.write("p.yaml", content)
        said = self.plumb("apply", "--yes", "-f", "p.yaml", expect=2)
        for text in texts:
            self.assertIn(text, said)
        # The same without a daemon.
        self.assertEqual(subprocess.run([binary("plumb"), "check", "-f", "p.yaml"], capture_output=True, cwd=self.folder.name,
                                        stdin=subprocess.DEVNULL, timeout=60).returncode, 2)

    def test_a_bomb(self):
        bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
            "%s: &%s [%s]\n" % (new, new, ",".join(["*" + old] * 9)) for old, new in zip("abcdefgh", "bcdefghi"))
        self.bad_plan(bomb, "p.yaml:1:4: the anchor", "p.yaml:2:8: the alias '*a'", "plan files take no", "write it out")
        self.bad_plan("{" * 100000, "p.yaml:1:25: nested more than 24 deep")
        self.bad_plan("goals: " + "[" * 100000, "nested more than 24 deep")

    def test_tabs_duplicates_and_wrong_types(self):
        for text, said in (
                ("goals:\n\ta: {title: x}\n", "p.yaml:2:1: a tab in the indentation: YAML is indented with spaces"),
                ("goals:\n  a: {title: x}\n  a: {title: y}\n", "p.yaml:3:3: 'a' stands here a second time, the first is at 2:3"),
                ("goals:\n  a: {title: x, title: y}\n", "p.yaml:2:17: 'title' stands here a second time, the first is at 2:7"),
                ("goals:\n  a: {weight: heavy}\n", "p.yaml:2:15: weight wants a number, but this is 'heavy'"),
                ("goals: {a: {title: [x]}}\n", "p.yaml:1:20: title wants text, but this is a list"),
                ("goals: [a]\n", "p.yaml:1:8: goals wants a map"),
                ("goals:\n  a: {titel: x}\n", "p.yaml:2:7: a goal has no field 'titel'; did you mean 'title'?"),
                ("gaols:\n  a: {title: x}\n", "p.yaml:1:1: a plan file has no section 'gaols'; did you mean 'goals'?"),
                ("tasks:\n  t: {effort: 5x}\n", "p.yaml:2:15: ")):
            with self.subTest(text=text):
                self.bad_plan(text, said)

    def test_what_the_daemon_finds_comes_back_to_its_line(self):
        self.write("p.yaml", "tasks:\n  t: {due: 2026-02-30}\n")
        said = self.plumb("apply", "--yes", "-f", "p.yaml", expect=3)
        self.assertIn("p.yaml:2:12: task/t due: '2026-02-30' is no date: write year-month-day", said)
        self.assertIn("nothing is changed", said)

    def test_what_is_no_text_or_no_yaml(self):
        for text, said in (
                ('goals:\n  a: {title: "x\n', "p.yaml:3:1: the file ends inside quotes"),
                (b'goals:\n  a: {title: "\xff"}\n', "p.yaml:2:15: the byte 0xff is not UTF-8"),
                (b"goals:\n  a: {title: a\x00b}\n", "p.yaml:2:15: a NUL byte: the file is not text"),
                ('goals:\n  a: {title: "a\\0b"}\n', "p.yaml:2:14: a NUL character"),
                ("goals:\n  a: !!python/object:os.system {title: x}\n", "p.yaml:2:6: the tag"),
                ("goals:\n  a: {title: x}\n---\ngoals: {}\n", "p.yaml:3:1: a second document")):
            with self.subTest(text=text):
                self.bad_plan(text, said)

    def test_every_fault_is_told_at_once(self):
        self.bad_plan("goals:\n  a: {titel: x, weight: heavy}\n  b: {title: [x]}\n",
                      "p.yaml:2:7: ", "p.yaml:2:25: ", "p.yaml:3:14: ", "3 faults in the plan files")

    def test_an_item_that_contains_itself_through_three_files(self):
        for name, parent in (("a", "b"), ("b", "c"), ("c", "a")):
            self.write(name + ".yaml", f"goals:\n  {name}:\n    title: Goal {name}\n    parent: {parent}\n")
        said = self.plumb("apply", "--yes", "-f", ".", expect=3)
        for name in "abc":
            self.assertIn(f"{name}.yaml:", said)
        self.assertIn("goal/a -> goal/b -> goal/c -> goal/a", said)
        self.assertIn("take one of these steps out", said)

    def test_files_that_are_not_there(self):
        self.assertIn("nothere: cannot be read: No such file", self.plumb("apply", "--yes", "-f", "nothere", expect=2))
        self.assertIn("no.xml", self.plumb("import", "stratml", "no.xml", expect=2))

    def bad_document(self, content, *texts):
        self.write("x.xml", content)
        said = self.plumb("import", "stratml", "--yes", "x.xml", expect=2)
        for text in texts:
            self.assertIn(text, said)

    def test_entities_and_depth(self):
        self.write("secret", "the secret")
        laughs = "".join('<!ENTITY l%d "%s">' % (i + 1, "&l%d;" % i * 10) for i in range(9))
        self.bad_document('<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY l0 "lol">%s]>\n<StrategicPlan>&l9;</StrategicPlan>' % laughs,
                          "x.xml:2:", "DOCTYPE", "take the line out")
        self.bad_document('<!DOCTYPE x [<!ENTITY e SYSTEM "file://%s/secret">]><StrategicPlan>&e;</StrategicPlan>'
                          % self.folder.name, "x.xml:1:", "DOCTYPE")
        self.bad_document('<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><StrategicPlan/>', "x.xml:1:", "DOCTYPE")
        self.bad_document("<StrategicPlan>&nope;</StrategicPlan>", "x.xml:1:22: Entity 'nope' not defined", "write the character itself")
        self.bad_document("<StrategicPlan>\n" + "<a>" * 100000, "x.xml:2:192: elements lie more than 64 deep")
        self.bad_document("<StrategicPlan>" + "<a/>" * 400001 + "</StrategicPlan>", "x.xml:1:", "more than 400,000 elements")
        self.bad_document("<StrategicPlan>" + " " * (8 << 20) + "</StrategicPlan>", "x.xml", "8388608")

    def test_documents_that_are_malformed(self):
        self.bad_document("<StrategicPlan>\n <a></b></StrategicPlan>", "x.xml:2:9: ", "an element is not closed, or closed twice")
        self.bad_document("<StrategicPlan><a>", "x.xml:1:")
        self.bad_document("", "x.xml: is empty")
        self.bad_document(b"<StrategicPlan>\xff</StrategicPlan>", "x.xml:1:16: ", "UTF-8")
        self.bad_document("<html></html>", "x.xml:1: this is a web page")

    def test_commands_that_are_none(self):
        for args, code, text in ((["nope"], 2, "no command 'nope'"), (["get"], 2, "needs KIND/ID"),
                                 (["get", "nokind/x"], 2, "there is no kind 'nokind'"), (["get", "goal/none"], 3, "does not exist"),
                                 (["list", "--nope"], 2, "--nope"), (["check", "--today", "someday"], 2, "someday"),
                                 (["get", "goal/there", "--as-of", "999"], 3, "revision 999 does not exist"),
                                 (["-w", "nope", "info"], 3, "plumb workspace create nope")):
            with self.subTest(args=args):
                self.assertIn(text, self.plumb(*args, expect=code))
        self.assertIn("cannot reach plumbd at unix:/nope", self.plumb("--server", "unix:/nope", "info", expect=3))


class Directories(unittest.TestCase):
    """The data directory, held or damaged."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.data = os.path.join(self.folder.name, "data")

    def fill(self, puts=60):
        """A directory with a log and no snapshot, which would stand in for what is damaged."""
        with Daemon(data=self.data) as daemon:
            client = daemon.client()
            for i in range(puts):
                client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(reason="reason %d" % i, changes=[
                    put(pb.item.Item(id="g%d" % (i % 7), title="Title %d" % i, description="d" * 1500, goal=pb.item.Goal()))])))
            info = client.call("Admin.Info", pb.admin.InfoRequest(workspace="main", state_hash=True))
            self.assertEqual(daemon.terminate(), 0)
        for name in os.listdir(self.data):
            if name != "log.db":
                path = os.path.join(self.data, name)
                shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        return info.state_hash

    def start(self, data):
        """plumbd on that directory: its exit code and what it said, if it ends at once."""
        with open(os.path.join(self.folder.name, "out"), "w+") as out:
            process = subprocess.Popen([binary(), "--data", data, "--listen", "unix:%s/s" % self.folder.name, "--ready-fd", "1"],
                                       stdout=subprocess.PIPE, stderr=out, text=True)
            try:
                line = process.stdout.readline()
                if line:
                    return process, None
                process.wait(30)
                out.seek(0)
                return process, out.read()
            finally:
                if process.returncode is not None:
                    process.stdout.close()

    def test_one_that_another_daemon_holds(self):
        with Daemon(data=self.data) as daemon:
            client = daemon.client()
            client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=[put(goal("a"))])))
            process, said = self.start(self.data)
            self.assertEqual(process.returncode, 1, said)
            self.assertIn("another", said)
            self.assertIn(self.data, said)
            # The first one is none the worse for it.
            client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=[put(goal("b"))])))
        # And with it gone the directory is free.
        with Daemon(data=self.data) as daemon:
            daemon.client().call("Plan.Get", pb.plan.GetRequest(ref="goal/b"))

    def test_one_that_cannot_be(self):
        path = os.path.join(self.folder.name, "file")
        open(path, "w").close()
        process, said = self.start(path)
        self.assertEqual(process.returncode, 1, said)
        self.assertIn(path, said)

    def content(self):
        with open(os.path.join(self.data, "log.db"), "rb") as log:
            return log.read()

    def test_a_log_from_a_newer_version(self):
        self.fill(3)
        database = sqlite3.connect(os.path.join(self.data, "log.db"))
        version = database.execute("PRAGMA user_version").fetchone()[0]
        database.execute("PRAGMA user_version = %d" % (version + 1))
        database.commit()
        database.close()
        before = self.content()
        process, said = self.start(self.data)
        self.assertEqual(process.returncode, 1, said)
        self.assertIn("the log is of version %d" % (version + 1), said)
        self.assertIn("knows up to %d: run plumbd" % version, said)
        self.assertEqual(self.content(), before)

    def test_a_file_that_is_no_log(self):
        os.makedirs(self.data)
        for content, text in ((b"hello, this is not a database at all" * 200, "damaged"),):
            with open(os.path.join(self.data, "log.db"), "wb") as out:
                out.write(content)
            process, said = self.start(self.data)
            self.assertEqual(process.returncode, 1, said)
            self.assertIn(text, said)
            self.assertEqual(self.content(), content)
        os.unlink(os.path.join(self.data, "log.db"))
        sqlite3.connect(os.path.join(self.data, "log.db")).executescript("CREATE TABLE other (x); PRAGMA user_version = 1")
        process, said = self.start(self.data)
        self.assertEqual(process.returncode, 1, said)
        self.assertIn("not a Plumbline log", said)

    def verify(self, state):
        """Looks at what a daemon on a damaged log says: "same" or "found"."""
        client = Client("unix:%s/s" % self.folder.name)
        try:
            info = client.call("Admin.Info", pb.admin.InfoRequest(workspace="main", state_hash=True))
            try:
                list(client.stream("Admin.Verify", pb.admin.VerifyRequest()))
            except RpcError as error:
                self.assertEqual(error.code, p.DATA_LOSS, error.message)
                self.assertRegex(error.message, "revision|damaged")
                return "found"
            self.assertEqual(info.state_hash, state, "another plan, and nothing wrong with its log")
            return "same"
        except RpcError as error:
            self.assertEqual(error.code, p.DATA_LOSS, error.message)
            return "found"
        finally:
            client.close()

    def test_a_flipped_byte_anywhere(self):
        """Whatever the byte, the daemon refuses to start, finds it when asked, or it is in a place that means nothing."""
        state = self.fill()
        whole, counts = self.content(), {"refused": 0, "found": 0, "same": 0}
        step = max(1, len(whole) // 70)
        offsets = sorted(set(range(0, 110, 9)) | set(range(0, len(whole), step)))
        for offset in offsets:
            damaged = bytearray(whole)
            damaged[offset] ^= 0x5a
            with self.subTest(offset=offset), tempfile.TemporaryDirectory() as data:
                with open(os.path.join(data, "log.db"), "wb") as out:
                    out.write(damaged)
                process, said = self.start(data)
                if said is not None:
                    self.assertEqual(process.returncode, 1, said)
                    self.assertRegex(said.splitlines()[-1], "(damaged|not as expected|not a Plumbline log).*restore a backup|of version 91.*run plumbd")
                    counts["refused"] += 1
                    continue
                try:
                    counts[self.verify(state)] += 1
                finally:
                    process.send_signal(signal.SIGTERM)
                    self.assertEqual(process.wait(30), 0)
                    process.stdout.close()
        print("flipped bytes:", counts)
        # Most of the file is rows: most flips must be noticed.
        self.assertGreater(counts["refused"] + counts["found"], len(offsets) // 2)


if __name__ == "__main__":
    unittest.main()
