"""Checks what clients saw of a daemon against the one order that its log gives.

Every change has a revision, so the order is known and checking needs no search. Clients record operations (below) with the
times at which they began and ended; the final log (revision -> Logged) is read afterwards. check() returns what is wrong, as
sentences; an empty list is a pass. The guarantees of a watch are etcd's: ordered, unique, atomic, reliable, resumable,
bookmarked.
"""
import dataclasses


@dataclasses.dataclass
class Write:
    """An Apply under its own key. revision None: the outcome is not known (connection lost, kill)."""
    key: str
    began: float
    ended: float = float("inf")
    revision: int = None
    refused: bool = False
    # compare-and-append: the revision of `ref` that was expected; refused means that it did not hold
    ref: str = None
    expected: int = None


@dataclasses.dataclass
class Read:
    """A Get: the entry's revision and text (None: absent), and the workspace's revision that the reply names."""
    session: int
    ref: str
    began: float
    ended: float
    revision: int
    entry_revision: int
    text: str


@dataclasses.dataclass
class Whole:
    """An Export of everything: the one revision that it is of, and ref -> text."""
    session: int
    began: float
    ended: float
    revision: int
    texts: dict


@dataclasses.dataclass
class Seen:
    """A message of one watch. keys: of the change set's parts, in order; heartbeat: none."""
    watch: int
    revision: int
    key: str = None
    parts: tuple = ()
    heartbeat: bool = False


@dataclasses.dataclass
class Logged:
    key: str
    puts: dict  # ref -> text
    parts: tuple = ()


def check(log, writes=(), reads=(), seen=(), watch_starts=None, wholes=()):
    """log: {revision: Logged}; watch_starts: {watch: from_revision}."""
    return (check_log(log) + check_writes(log, writes) + check_order(writes) + check_compare(log, writes) +
            check_reads(log, writes, reads) + check_wholes(log, writes, wholes) + check_sessions([*reads, *wholes]) +
            check_watches(log, seen, watch_starts or {}))


def check_log(log):
    if sorted(log) != list(range(1, len(log) + 1)):
        return ["the log's revisions are not dense"]
    return []


def check_writes(log, writes):
    wrong = []
    at = {}
    for revision, logged in sorted(log.items()):
        if logged.key:
            at.setdefault(logged.key, []).append(revision)
    answered = {}
    for write in writes:
        found = at.get(write.key, [])
        if len(found) > 1:
            wrong.append(f"{write.key} is in the log {len(found)} times")
        if write.revision is not None:
            if found != [write.revision]:
                wrong.append(f"{write.key} was acknowledged as {write.revision} and is at {found}")
            if answered.setdefault(write.revision, write.key) != write.key:
                wrong.append(f"revision {write.revision} was given to two change sets")
        elif write.refused and found:
            wrong.append(f"{write.key} was refused and is in the log")
    return wrong


def check_order(writes):
    """A write that ended before another began has the lower revision."""
    wrong = []
    done = sorted((w for w in writes if w.revision is not None), key=lambda w: w.ended)
    begun = sorted((w for w in writes if w.revision is not None), key=lambda w: w.began)
    highest, i = 0, 0
    for write in begun:
        while i < len(done) and done[i].ended < write.began:
            highest = max(highest, done[i].revision)
            i += 1
        if write.revision <= highest:
            wrong.append(f"{write.key} at {write.revision} began after {highest} was acknowledged")
    return wrong


def entry_revisions(log, ref):
    """The revisions at which ref changed, in order."""
    revisions, text = [], None
    for revision, logged in sorted(log.items()):
        if ref in logged.puts and logged.puts[ref] != text:
            text = logged.puts[ref]
            revisions.append(revision)
    return revisions


def check_compare(log, writes):
    wrong, changes = [], {}
    for write in writes:
        if write.expected is None or write.ref is None:
            continue
        if write.ref not in changes:
            changes[write.ref] = entry_revisions(log, write.ref)
        if write.revision is not None:
            before = [r for r in changes[write.ref] if r < write.revision]
            if (before[-1] if before else 0) != write.expected:
                wrong.append(f"{write.key} expected {write.ref} at {write.expected}; it was at {before[-1:]}")
    return wrong


def check_reads(log, writes, reads):
    wrong = []
    done = sorted((w for w in writes if w.revision is not None), key=lambda w: w.ended)
    highest, i, changes = 0, 0, {}
    for read in sorted(reads, key=lambda r: r.began):
        while i < len(done) and done[i].ended < read.began:
            highest = max(highest, done[i].revision)
            i += 1
        if read.revision < highest:
            wrong.append(f"a read of {read.ref} is of {read.revision}, behind {highest} acknowledged before it")
        if read.ref not in changes:
            changes[read.ref] = entry_revisions(log, read.ref)
        if read.entry_revision and read.entry_revision not in changes[read.ref]:
            wrong.append(f"a read saw {read.ref} at {read.entry_revision}, which is not in the log")
        elif read.entry_revision and log[read.entry_revision].puts[read.ref] != read.text:
            wrong.append(f"a read saw '{read.text}' in {read.ref} at {read.entry_revision}")
    return wrong


def check_wholes(log, writes, wholes):
    """An export is what the log folds to at its revision, and not behind what was acknowledged before it."""
    wrong, texts, at = [], {}, 0
    done = sorted((w for w in writes if w.revision is not None), key=lambda w: w.ended)
    highest, i = 0, 0
    for whole in sorted(wholes, key=lambda w: w.began):
        while i < len(done) and done[i].ended < whole.began:
            highest = max(highest, done[i].revision)
            i += 1
        if whole.revision < highest:
            wrong.append(f"an export is of {whole.revision}, behind {highest} acknowledged before it")
    for whole in sorted(wholes, key=lambda w: w.revision):
        while at < whole.revision and at + 1 in log:
            at += 1
            texts.update(log[at].puts)
        if at < whole.revision:
            wrong.append(f"an export is of {whole.revision}, which is not in the log")
        elif whole.texts != texts:
            refs = [ref for ref in {**texts, **whole.texts} if texts.get(ref) != whole.texts.get(ref)]
            wrong.append(f"an export of {whole.revision} is not what the log makes of it: {sorted(refs)[:3]}")
    return wrong


def check_sessions(reads):
    wrong, sessions = [], {}
    for read in sorted(reads, key=lambda r: (r.session, r.began)):
        if read.revision < sessions.get(read.session, 0):
            wrong.append(f"session {read.session} went back from {sessions[read.session]} to {read.revision}")
        sessions[read.session] = max(sessions.get(read.session, 0), read.revision)
    return wrong


def check_watches(log, seen, starts):
    wrong, last, marked = [], {}, {}
    for message in seen:
        watch = message.watch
        before = last.get(watch, starts.get(watch, 1) - 1)
        if message.heartbeat:
            if message.revision > before and any(r for r in log if before < r <= message.revision):
                wrong.append(f"watch {watch}: bookmark {message.revision} before {before + 1} was sent")
            marked[watch] = max(marked.get(watch, 0), message.revision)
            continue
        if message.revision == before:
            wrong.append(f"watch {watch}: revision {before} came twice")
        elif message.revision < before:
            wrong.append(f"watch {watch}: {message.revision} after {before}")
        elif message.revision > before + 1:
            wrong.append(f"watch {watch}: {before + 1} to {message.revision - 1} are missing")
        if message.revision <= marked.get(watch, 0):
            wrong.append(f"watch {watch}: {message.revision} after the bookmark {marked[watch]}")
        logged = log.get(message.revision)
        if logged is None or logged.key != message.key:
            wrong.append(f"watch {watch}: {message.revision} is {message.key}, not what the log has")
        elif logged.parts != message.parts:
            wrong.append(f"watch {watch}: {message.revision} came in part")
        last[watch] = message.revision
    return wrong
