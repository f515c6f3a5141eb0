"""Clients that load a daemon and note all that they see, for the checker of histories (history.py).

Writers put pairs of items under one token (so that half a change set would show) and compare-and-append on a shared item; a
write whose connection was lost may be sent again under its key. Readers read one entry, or the whole plan. Watches
resume where they were. The daemon may be killed, stopped or starved meanwhile: whoever does that ends the clients with it.

    ledger = Ledger()
    clients = Clients(daemon, ledger, seed=1)
    time.sleep(1); daemon.terminate(); clients.end(); daemon.start()
    read_log(daemon.client(), ledger)
    assert ledger.check() == []
"""
import random
import threading
import time
import traceback

from history import Logged, Read, Seen, Whole, Write, check
from plumbrpc import CONFLICT, UNAVAILABLE, ConnectionLost, RpcError, pb

PAIRS = 5


def put(item_id, text, expected=None):
    change = pb.plan.Change(put=pb.plan.Put(item=pb.item.Item(id=item_id, title=text, task=pb.item.Task())))
    if expected is not None:
        change.expected_revision = expected
    return change


def parts(change_set):
    return tuple(sorted(f"task/{c.put.item.id}" for c in change_set.changes))


class Ledger:
    """What the clients of all lives of the daemon noted, and the log as it was read."""

    def __init__(self):
        self.lock = threading.Lock()
        self.writes, self.reads, self.wholes, self.seen, self.starts = [], [], [], [], {}
        self.log = {}
        self.unknown = []  # (unix, write, changes): the connection was lost before the answer
        self.last = {}  # of each watch the last revision that it was told of
        self.watching = set()
        self.resumed = self.repeated = self.repeated_in_log = 0
        self.strange = []
        self._next = {}

    def number(self, what):
        with self.lock:
            self._next[what] = self._next.get(what, 0) + 1
            return self._next[what]

    def note(self, where, what):
        with self.lock:
            where.append(what)

    def take_unknown(self, unix):
        """A write to send again, by the same author: keys are an author's own."""
        with self.lock:
            for i, (same, write, changes) in enumerate(self.unknown):
                if same == unix:
                    del self.unknown[i]
                    return write, changes
        return None

    def acknowledged(self):
        return sum(1 for write in self.writes if write.revision is not None)

    def check(self):
        return self.strange + check(self.log, self.writes, self.reads, self.seen, self.starts, self.wholes)


class Clients:
    """The clients between one start of the daemon and its next end.

    again: how often a writer sends a write of unknown outcome again; hang_up: how often it drops its own connection with a
    write under way; wholes: how often a reader reads everything; resume: how often a watch goes on where one ended.
    """

    def __init__(self, daemon, ledger, seed, writers=4, readers=2, watchers=1, again=0.0, hang_up=0.0, wholes=0.0,
                 resume=0.0):
        self.daemon, self.ledger, self.seed, self.writers = daemon, ledger, seed, writers
        self.again, self.hang_up, self.wholes, self.resume = again, hang_up, wholes, resume
        self.stop = threading.Event()
        work = [self._write] * writers + [self._read] * readers + [self._watch] * watchers
        self.threads = [threading.Thread(target=self._run, args=(do, n), daemon=True) for n, do in enumerate(work)]
        for thread in self.threads:
            thread.start()

    def _run(self, work, n):
        """Goes on over a new connection until there is nobody to connect to."""
        dice = random.Random(self.seed * 100 + n)
        while not self.stop.is_set():
            unix = n % 2 == 0
            try:
                client = self.daemon.client(unix=unix)
            except (ConnectionLost, OSError, TimeoutError):
                return
            try:
                work(client, dice, n, unix)
            except (ConnectionLost, OSError, TimeoutError):
                pass
            except Exception:  # a mistake of this file must not look like a client that ended
                self.ledger.note(self.ledger.strange, traceback.format_exc())
                return
            finally:
                client.close()
            if not self.hang_up:
                return

    # -- writers

    def _write(self, client, dice, n, unix):
        shared = 0
        while not self.stop.is_set():
            sent = self.ledger.take_unknown(unix) if dice.random() < self.again else None
            if sent is None:
                write, changes = self._new_write(dice, n, shared)
                self.ledger.note(self.ledger.writes, write)
            else:
                write, changes = sent
                self.ledger.repeated += 1
            shared = self._send(client, dice, unix, write, changes, shared)

    def _new_write(self, dice, n, shared):
        key = f"k{self.ledger.number('key')}"
        if dice.random() < 0.3:
            return Write(key, time.monotonic(), ref="task/shared", expected=shared), [put("shared", key, expected=shared)]
        pair = f"{n}-{dice.randrange(PAIRS)}"
        return Write(key, time.monotonic()), [put(f"a-{pair}", key), put(f"b-{pair}", key)]

    def _send(self, client, dice, unix, write, changes, shared):
        request = pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=changes, idempotency_key=write.key))
        try:
            pending = client.start("Plan.Apply", request, timeout=20)
            if dice.random() < self.hang_up:
                client.close()
            reply = pending.result(25)
        except RpcError as error:
            if error.code == CONFLICT:
                write.ended, write.refused = time.monotonic(), True
                return error.detail(pb.plan.Conflict).actual
            if error.code == UNAVAILABLE:
                self.ledger.note(self.ledger.unknown, (unix, write, changes))
            elif error.code not in (1, 4):
                self.ledger.note(self.ledger.strange, f"{write.key}: {error}")
            return shared
        except (ConnectionLost, OSError, TimeoutError):
            self.ledger.note(self.ledger.unknown, (unix, write, changes))
            raise
        write.ended, write.revision = time.monotonic(), reply.revision
        if reply.duplicate:
            self.ledger.repeated_in_log += 1
        return reply.revision if write.ref is not None else shared

    # -- readers

    def _read(self, client, dice, n, unix):
        session = self.ledger.number("session")
        while not self.stop.is_set():
            began = time.monotonic()
            try:
                if dice.random() < self.wholes:
                    self._read_whole(client, session, began)
                    continue
                ref = "task/shared" if dice.random() < 0.3 else \
                    f"task/{dice.choice('ab')}-{dice.randrange(self.writers)}-{dice.randrange(PAIRS)}"
                reply = client.call("Plan.Get", pb.plan.GetRequest(ref=ref), timeout=20)
            except RpcError:
                continue
            self.ledger.note(self.ledger.reads, Read(session, ref, began, time.monotonic(), reply.revision,
                                                     reply.entry.revision, reply.entry.item.title))

    def _read_whole(self, client, session, began):
        texts, revisions = {}, set()
        for reply in client.stream("Plan.Export", pb.plan.ExportRequest(), timeout=20):
            revisions.add(reply.revision)
            texts.update({e.ref: e.item.title for e in reply.entries if e.ref.startswith("task/")})
        if len(revisions) > 1:
            self.ledger.note(self.ledger.strange, f"an export was of the revisions {revisions}")
        if revisions:
            self.ledger.note(self.ledger.wholes, Whole(session, began, time.monotonic(), revisions.pop(), texts))

    # -- watchers

    def _start_watch(self, dice):
        """A new watch from somewhat back, or one that ended goes on behind the last that it saw."""
        ledger = self.ledger
        with ledger.lock:
            idle = [watch for watch in ledger.last if watch not in ledger.watching]
            if idle and dice.random() < self.resume:
                watch = dice.choice(idle)
                start = ledger.last[watch] + 1
                ledger.resumed += 1
            else:
                watch = len(ledger.starts) + 1
                start = max(1, max(ledger.last.values(), default=0) - dice.randrange(20))
                ledger.starts[watch] = start
            ledger.watching.add(watch)
        return watch, start

    def _watch(self, client, dice, n, unix):
        watch, start = self._start_watch(dice)
        last = start - 1
        try:
            stream = client.stream("Plan.Watch", pb.plan.WatchRequest(from_revision=start, heartbeat_ms=100))
            for message in stream:
                last = max(last, message.revision)
                seen = Seen(watch, message.revision, heartbeat=True) if message.heartbeat else \
                    Seen(watch, message.revision, message.change.change_set.idempotency_key,
                         parts(message.change.change_set))
                with self.ledger.lock:
                    self.ledger.seen.append(seen)
                    self.ledger.last[watch] = last
                if self.stop.is_set() or dice.random() < self.hang_up:
                    return
        except RpcError as error:
            if error.code != UNAVAILABLE:
                self.ledger.note(self.ledger.strange, f"watch {watch}: {error}")
            elif error.resume_from is not None and error.resume_from != last + 1:
                self.ledger.note(self.ledger.strange,
                                 f"watch {watch} saw {last} and is told to go on from {error.resume_from}")
        finally:
            with self.ledger.lock:
                self.ledger.watching.discard(watch)

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(40)
            if thread.is_alive():
                self.ledger.note(self.ledger.strange, "a client did not end")


def resolve(daemon, ledger):
    """Sends every second write of unknown outcome again; what became of the others is in the log."""
    clients = {unix: daemon.client(unix=unix) for unix in (True, False)}
    for unix, write, changes in ledger.unknown[::2]:
        try:
            reply = clients[unix].call("Plan.Apply", pb.plan.ApplyRequest(
                change_set=pb.plan.ChangeSet(changes=changes, idempotency_key=write.key)))
            write.ended, write.revision = time.monotonic(), reply.revision
            ledger.repeated_in_log += reply.duplicate
        except RpcError as error:
            if error.code != CONFLICT:
                raise
            write.ended, write.refused = time.monotonic(), True
        ledger.repeated += 1


def read_log(client, ledger):
    """Adds what the log has more than the ledger's copy of it."""
    log = ledger.log
    head = client.call("Admin.Info", pb.admin.InfoRequest(workspace="main")).revision
    if head <= len(log):
        return
    with client.stream("Plan.Watch", pb.plan.WatchRequest(from_revision=len(log) + 1, heartbeat_ms=60000)) as stream:
        while len(log) < head:
            message = stream.next()
            if message.heartbeat:
                continue
            change_set = message.change.change_set
            log[message.revision] = Logged(change_set.idempotency_key,
                                           {f"task/{c.put.item.id}": c.put.item.title for c in change_set.changes},
                                           parts(change_set))


def shown(client):
    """What the plan is now: {ref: title}."""
    texts = {}
    for reply in client.stream("Plan.Export", pb.plan.ExportRequest()):
        texts.update({e.ref: e.item.title for e in reply.entries if e.ref.startswith("task/")})
    return texts


def folded(log, revision=None):
    """What the log makes of it: {ref: title}."""
    texts = {}
    for at in sorted(log):
        if revision is None or at <= revision:
            texts.update(log[at].puts)
    return texts
