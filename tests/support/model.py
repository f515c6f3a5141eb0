"""A plan in the plainest Python: what the daemon's fold must agree with. Shares no code with it.

Entries are whole messages under their "kind/id"; references are found by walking the messages with a table written here
by hand from proto/plumb/v1/item.proto. Slow and obvious on purpose.
"""
import copy
import re

from plumbrpc import CONFLICT, EXISTS, INVALID, NOT_FOUND, PRECONDITION, pb

BODY_KIND = {"check_in": "check-in"}
DEPTH_MAX = 32
ID = re.compile(r"^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$")

# message, field -> kind of a bare id; does the holder belong to the target; is the holder contained in the target
REFERENCES = {
    ("Item", "owners"): ("person", False, False),
    ("Goal", "parent"): ("goal", False, True),
    ("Objective", "goal"): ("goal", False, False),
    ("Objective", "parent"): ("objective", False, True),
    ("Initiative", "objective"): ("objective", False, False),
    ("Initiative", "after"): ("initiative", False, False),
    ("Initiative", "members"): ("person", False, False),
    ("Workstream", "initiative"): ("initiative", True, True),
    ("Task", "initiative"): ("initiative", True, True),
    ("Person", "manager"): ("person", False, True),
    ("Record", "about"): (None, True, False),
    ("Record", "by"): ("person", False, False),
}


class Refused(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Entry:
    def __init__(self, message, revision, created):
        self.message, self.revision, self.created = message, revision, created
        self.removed = False


def kind_of(message):
    body = message.WhichOneof("body")
    return BODY_KIND.get(body, body)


def references(message, about_bare=None):
    """(holder message, field, position or None, full reference, belongs, contained) of every reference."""
    found = []
    for field, value in message.ListFields():
        key = (message.DESCRIPTOR.name, field.name)
        values = list(value) if field.label == field.LABEL_REPEATED else [value]
        for position, one in enumerate(values):
            place = position if field.label == field.LABEL_REPEATED else None
            if field.message_type is not None:
                found += references(one)
            elif key in REFERENCES:
                bare, belongs, contained = REFERENCES[key]
                full = one if "/" in one else f"{bare}/{one}"
                found.append((message, field, place, full, belongs, contained))
    return found


class Model:
    def __init__(self):
        self.entries = {}
        self.rankings = {}  # team or "" -> list of [ref, tied with the one before]
        self.revision = 0

    # ---- asking

    def live(self, ref):
        entry = self.entries.get(ref)
        return entry if entry is not None and not entry.removed else None

    def holders(self, ref):
        return [name for name, entry in self.entries.items() if not entry.removed
                and any(full == ref for *_, full, _, _ in references(entry.message))]

    def parts(self, ref):
        return [name for name, entry in self.entries.items() if not entry.removed
                and any(full == ref and belongs for *_, full, belongs, _ in references(entry.message))]

    # ---- changing

    def apply(self, changes, author="person/anna"):
        """Takes the changes as the next revision, or raises Refused and stays as it was."""
        before = copy.deepcopy((self.entries, self.rankings))
        self.author = author
        codes, removed, touched = [], [], []
        for position, change in enumerate(changes):
            try:
                self.position = position
                which = change.WhichOneof("change")
                getattr(self, "_" + which)(change, getattr(change, which), removed, touched)
            except Refused as refused:
                codes.append(refused.code)
        for ref in touched:
            if self.live(ref) and self._contains_itself(ref):
                codes.append(INVALID)
        for ref in removed:
            if not self.live(ref) and self.holders(ref):
                codes.append(PRECONDITION)
        if codes:
            self.entries, self.rankings = before
            faults = [code for code in codes if code != CONFLICT]
            raise Refused(CONFLICT if not faults else faults[0] if len(set(faults)) == 1 else INVALID)
        self.revision += 1

    def _contains_itself(self, ref):
        """In a circle, or deeper than the limit."""
        at = ref
        for _ in range(DEPTH_MAX + 1):
            entry = self.live(at)
            if entry is None:
                return False
            above = [full for *_, full, _, contained in references(entry.message) if contained]
            if not above:
                return False
            at = above[0]
            if at == ref:
                return True
        return True

    def _expect(self, change, ref):
        which = change.WhichOneof("expect")
        if which is None:
            return
        entry = self.live(ref)
        actual = entry.revision if entry else 0
        if actual != (change.expected_revision if which == "expected_revision" else 0):
            raise Refused(CONFLICT)

    def _store(self, ref, message, touched):
        old = self.live(ref)
        new = Entry(message, self.revision + 1, old.created if old else self.revision + 1)
        self.entries[ref] = new
        touched.append(ref)

    def _put(self, change, put, removed, touched):
        item = put.item
        if not ID.match(item.id) or item.WhichOneof("body") is None:
            raise Refused(INVALID)
        for holder, field, place, full, *_ in references(item):
            if not re.match(r"^[a-z-]+/", full) or not ID.match(full.partition("/")[2]):
                raise Refused(INVALID)
        ref = f"{kind_of(item)}/{item.id}"
        self._expect(change, ref)
        old = self.live(ref)
        if old is not None and old.message == item:
            return
        self._store(ref, copy.deepcopy(item), touched)

    def _named(self, change, ref):
        if not re.match(r"^[a-z-]+/", ref):
            raise Refused(INVALID)
        self._expect(change, ref)
        if self.live(ref) is None:
            raise Refused(NOT_FOUND)

    def _drop(self, ref):
        for order in self.rankings.values():
            self._unrank(order, ref)
        self.entries[ref].removed = True
        self.entries[ref].revision = self.revision + 1

    def _remove(self, change, remove, removed, touched):
        self._named(change, remove.ref)
        if remove.ref.startswith("check-in/"):
            raise Refused(INVALID)
        if not remove.cascade:
            removed.append(remove.ref)
            self._drop(remove.ref)
            return
        queue = [remove.ref]
        for ref in queue:
            if self.live(ref) is None:
                continue
            queue += self.parts(ref)
            self._drop(ref)

    def _rename(self, change, rename, removed, touched):
        if not ID.match(rename.id):
            raise Refused(INVALID)
        self._named(change, rename.ref)
        kind, _, old_id = rename.ref.partition("/")
        if kind == "check-in":
            raise Refused(INVALID)
        new = f"{kind}/{rename.id}"
        if self.live(new) is not None:
            raise Refused(EXISTS)
        holders = [ref for ref in self.holders(rename.ref) if ref != rename.ref]
        entry = self.entries[rename.ref]
        message = copy.deepcopy(entry.message)
        self._follow(message, rename.ref, rename.id)
        message.id = rename.id
        self.entries[new] = Entry(message, self.revision + 1, entry.created)
        touched.append(new)
        entry.removed, entry.revision = True, self.revision + 1
        for ref in holders:
            message = copy.deepcopy(self.entries[ref].message)
            self._follow(message, rename.ref, rename.id)
            self._store(ref, message, touched)
        for order in self.rankings.values():
            for place in order:
                if place[0] == rename.ref:
                    place[0] = new

    @staticmethod
    def _follow(message, ref, new_id):
        kind = ref.partition("/")[0]
        for holder, field, place, full, *_ in references(message):
            if full != ref:
                continue
            written = getattr(holder, field.name)[place] if place is not None else getattr(holder, field.name)
            text = f"{kind}/{new_id}" if "/" in written else new_id
            if place is not None:
                getattr(holder, field.name)[place] = text
            else:
                setattr(holder, field.name, text)

    # ---- rankings

    @staticmethod
    def _unrank(order, ref):
        for i, (name, tied) in enumerate(order):
            if name == ref:
                if not tied and i + 1 < len(order):
                    order[i + 1][1] = False
                del order[i]
                return

    def _place(self, change, place, removed, touched):
        ref = f"initiative/{place.item}"
        if not ID.match(place.item):
            raise Refused(INVALID)
        if self.live(ref) is None:
            raise Refused(NOT_FOUND)
        self._expect(change, ref)
        order = self.rankings.setdefault(place.ranking, [])
        trial = copy.deepcopy(order)
        self._unrank(trial, ref)
        where = place.WhichOneof("where")
        if where == "first":
            trial.insert(0, [ref, False])
        elif where == "last":
            trial.append([ref, False])
        elif where != "unranked":
            anchor = f"initiative/{getattr(place, where)}"
            names = [name for name, _ in trial]
            if anchor not in names:
                raise Refused(INVALID)
            at = names.index(anchor)
            if where == "before":
                while at > 0 and trial[at][1]:
                    at -= 1
            else:
                at += 1
                while at < len(trial) and trial[at][1]:
                    at += 1
            trial.insert(at, [ref, where == "tied_with"])
        order[:] = trial

    # ---- records

    def _add(self, change, add, removed, touched):
        record = copy.deepcopy(add.record)
        if record.retracted or "/" not in record.about:
            raise Refused(INVALID)
        if record.id == "":
            record.id = f"r{self.revision + 1}.{self.position}"
        ref = f"{kind_of(record)}/{record.id}"
        old = self.live(ref)
        if record.by == "":
            record.by = old.message.by if old else self.author
        self._expect(change, ref)
        if old is not None:
            was = copy.deepcopy(old.message)
            was.retracted, was.retracted_reason = False, ""
            if was != record:
                raise Refused(EXISTS)
            return
        self._store(ref, record, touched)

    def _retract(self, change, retract, removed, touched):
        self._named(change, retract.ref)
        if not retract.ref.startswith("check-in/"):
            raise Refused(INVALID)
        old = self.live(retract.ref)
        if old.message.retracted:
            return
        message = copy.deepcopy(old.message)
        message.retracted, message.retracted_reason = True, retract.reason
        self._store(retract.ref, message, touched)

    # ---- as the daemon shows it

    def state(self):
        """ref -> (revision, created revision, message); and the orders."""
        entries = {ref: (e.revision, e.created, e.message) for ref, e in self.entries.items() if not e.removed}
        orders = {}
        for team, order in self.rankings.items():
            rank, out = 0, []
            for i, (ref, tied) in enumerate(order):
                rank = rank if tied else i + 1
                out.append((ref, rank))
            if out:
                orders[team] = out
        return entries, orders


def exported(client, **at):
    """The daemon's state in the form of Model.state()."""
    entries, orders = {}, {}
    request = pb.plan.ExportRequest(at=pb.plan.At(**at), records=True)
    with client.stream("Plan.Export", request) as stream:
        for reply in stream:
            for envelope in reply.entries:
                which = envelope.WhichOneof("entry")
                if which == "ranking":
                    if envelope.ranking.items:
                        orders[envelope.ranking.team] = [(r.ref, r.rank) for r in envelope.ranking.items]
                elif which is not None and not envelope.removed:
                    entries[envelope.ref] = (envelope.revision, envelope.created_revision,
                                             getattr(envelope, which))
    return entries, orders
