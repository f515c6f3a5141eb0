"""Small edits of a plan, stated as data, and what they do to its findings.

An edit is a list of steps, each a tuple:

    ("set", "initiative/x", {"owners": [], "initiative": {"finish": None}})   fields that change; None takes one away
    ("put", "person", "ada", {"title": "Ada", "person": {…}})                 a new item
    ("remove", "goal/x")                                                      with what belongs to it
    ("rank", "x", "behind", "y")                                              or "before", "with"; ("rank", "x", None, None)
    ("rank-of", "care", "x", "before", "y")                                   in a team's own order
    ("add", {"id": …, "about": …, "check_in": {…}})                           a record; as in the messages
    ("retract", "check-in/x")

Fields are those of proto/plumb/v1/item.proto; lists are replaced, messages merged.
"""
from google.protobuf import json_format

from plumbrpc import pb

PLACES = {"behind": "after", "before": "before", "with": "tied_with"}


def merge(old, new):
    """Fields of new over those of old; None takes one away."""
    merged = dict(old)
    for name, value in new.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            merged[name] = merge(merged.get(name, {}), value)
        else:
            merged[name] = value
    return merged


class Plant:
    """The plan of one workspace, as it is, and what edits would make of its findings."""

    def __init__(self, client, workspace, today):
        self.client, self.workspace, self.today = client, workspace, today
        self.items, self.records = {}, {}
        self.before, self.logged = None, None  # for copies: what is found, and how it came about
        for reply in client.stream("Plan.Export", pb.plan.ExportRequest(at=self.at(), records=True)):
            for entry in reply.entries:
                if entry.HasField("item"):
                    self.items[entry.ref] = entry.item
                elif entry.HasField("record") and not entry.record.retracted:
                    self.records[entry.ref] = entry.record

    def at(self):
        return pb.plan.At(workspace=self.workspace, today=self.today)

    def fields(self, ref):
        """An item as a dict, with the names of the messages' fields."""
        return json_format.MessageToDict(self.items[ref], preserving_proto_field_name=True)

    def of_kind(self, kind):
        return sorted(ref for ref in self.items if ref.startswith(kind + "/"))

    # ---- edits

    def changes(self, edit):
        """The edit as changes; several steps on one item are one change of it."""
        changes, put = [], {}
        for step in edit:
            what = step[0]
            if what in ("set", "put"):
                ref, fields = (step[1], step[2]) if what == "set" else ("%s/%s" % step[1:3], step[3])
                if ref in put:
                    raise ValueError("%s twice in one edit" % ref)
                put[ref] = self.item(ref, fields, new=what == "put")
                changes.append(pb.plan.Change(put=pb.plan.Put(item=put[ref])))
            else:
                changes.append(getattr(self, what.replace("-", "_"))(*step[1:]))
        return changes

    def item(self, ref, fields, new):
        kind, _, item_id = ref.partition("/")
        if new:
            if ref in self.items:
                raise ValueError("%s is there already" % ref)
            old = {"id": item_id, kind.replace("-", "_"): {}}
        else:
            old = self.fields(ref)
        return json_format.ParseDict(merge(old, fields), pb.item.Item())

    @staticmethod
    def remove(ref):
        return pb.plan.Change(remove=pb.plan.Remove(ref=ref, cascade=True))

    @staticmethod
    def rank(item, where, other):
        return Plant.rank_of("", item, where, other)

    @staticmethod
    def rank_of(team, item, where, other):
        place = pb.plan.Place(item=item, ranking=team)
        if where is None:
            place.unranked = True
        else:
            setattr(place, PLACES[where], other)
        return pb.plan.Change(place=place)

    @staticmethod
    def add(record):
        return pb.plan.Change(add=pb.plan.Add(record=json_format.ParseDict(record, pb.item.Record())))

    @staticmethod
    def retract(ref):
        return pb.plan.Change(retract=pb.plan.Retract(ref=ref, reason="planted"))

    # ---- what they do

    def check(self):
        """{key: finding}, waived ones and unknown ones too."""
        found = {}
        for reply in self.client.stream("Insight.Check", pb.insight.CheckRequest(at=self.at(), waived=True)):
            found.update((finding.key, finding) for finding in reply.findings)
        return found

    def dry_run(self, edit):
        """(appeared, gone): keys. The daemon's clock is today here; nothing changes."""
        request = pb.plan.ApplyRequest(workspace=self.workspace, dry_run=True, findings=True,
                                       change_set=pb.plan.ChangeSet(changes=self.changes(edit)))
        findings = self.client.call("Plan.Apply", request).findings
        appeared, gone = {f.key for f in findings.appeared}, {f.key for f in findings.gone}
        if (len(appeared), len(gone)) != (findings.appeared_count, findings.gone_count):
            raise AssertionError("not all findings fit into the reply")
        return appeared, gone

    def in_a_copy(self, edit, name):
        """The same by two checks, of this workspace and of a copy that is really changed."""
        if self.before is None:
            self.before, self.logged = set(self.check()), self.past()
        copy(self.client, self.logged, name)
        other = Plant(self.client, name, self.today)
        other.apply(edit)
        after = set(other.check())
        return after - self.before, self.before - after

    def apply(self, edit):
        change_set = pb.plan.ChangeSet(changes=self.changes(edit), reason="planted")
        self.client.call("Plan.Apply", pb.plan.ApplyRequest(workspace=self.workspace, change_set=change_set))

    # ---- copies

    def past(self):
        """Every change set of the workspace, to make another one like it."""
        newest = self.client.call("Plan.List", pb.plan.ListRequest(at=self.at(), count_only=True)).revision
        request = pb.plan.WatchRequest(workspace=self.workspace, from_revision=1)
        logged = []
        with self.client.stream("Plan.Watch", request) as watch:
            while len(logged) < newest:
                reply = watch.next()
                if not reply.heartbeat:
                    logged.append(reply.change)
        return logged


def copy(client, past, name):
    """A workspace with that past."""
    client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id=name))
    for logged in past:
        change_set = pb.plan.ChangeSet()
        change_set.CopyFrom(logged.change_set)
        change_set.request_hash = 0
        change_set.effective = logged.time
        client.call("Plan.Apply", pb.plan.ApplyRequest(workspace=name, change_set=change_set))
