"""SIGKILL at random moments under load, again and again, against a ledger that is kept outside of the daemon.

Writers put pairs of items under one token (so that half a change set would show), compare-and-append on a shared item,
readers read, watchers watch; all note what they saw. After each kill the daemon is started again and the log is read to its
end: every acknowledged change is there exactly once, the others once or not at all, nothing is half there, and nothing that a
reader or watcher saw is gone. All of it goes through the history checker. PLUMB_KILLS sets how many.
"""
import os
import random
import threading
import time
import unittest

from history import Logged, Read, Seen, Write, check
from plumbrpc import CONFLICT, ConnectionLost, Daemon, RpcError, pb

KILLS = int(os.environ.get("PLUMB_KILLS", "200"))
SEED = int(os.environ.get("PLUMB_SEED", "11"))
WRITERS, READERS, PAIRS = 4, 2, 5


def put(item_id, text, expected=None):
    change = pb.plan.Change(put=pb.plan.Put(item=pb.item.Item(id=item_id, title=text, task=pb.item.Task())))
    if expected is not None:
        change.expected_revision = expected
    return change


class Ledger:
    """What the clients of all lives of the daemon noted."""

    def __init__(self):
        self.lock = threading.Lock()
        self.writes, self.reads, self.seen, self.starts = [], [], [], {}
        self.keys = 0
        self.watches = 0
        self.sessions = 0

    def key(self):
        with self.lock:
            self.keys += 1
            return f"k{self.keys}"

    def note(self, where, what):
        with self.lock:
            where.append(what)


def parts(change_set):
    return tuple(sorted(f"task/{c.put.item.id}" for c in change_set.changes))


class Life:
    """The clients between one start and the next kill."""

    def __init__(self, daemon, ledger, seed):
        self.daemon, self.ledger, self.seed = daemon, ledger, seed
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(work, n), daemon=True)
                        for n, work in enumerate([self.write] * WRITERS + [self.read] * READERS + [self.watch])]
        for thread in self.threads:
            thread.start()

    def run(self, work, n):
        try:
            work(self.daemon.client(unix=n % 2 == 0), random.Random(self.seed * 100 + n), n)
        except (ConnectionLost, ConnectionError, OSError, TimeoutError):
            pass

    def write(self, client, dice, n):
        shared = 0
        while not self.stop.is_set():
            key = self.ledger.key()
            compare = dice.random() < 0.3
            if compare:
                write = Write(key, time.monotonic(), ref="task/shared", expected=shared)
                changes = [put("shared", key, expected=shared)]
            else:
                pair = f"{n}-{dice.randrange(PAIRS)}"
                write = Write(key, time.monotonic())
                changes = [put(f"a-{pair}", key), put(f"b-{pair}", key)]
            self.ledger.note(self.ledger.writes, write)
            try:
                reply = client.call("Plan.Apply", pb.plan.ApplyRequest(
                    change_set=pb.plan.ChangeSet(changes=changes, idempotency_key=key)), timeout=20)
                write.ended, write.revision = time.monotonic(), reply.revision
                if compare:
                    shared = reply.revision
            except RpcError as error:
                if error.code != CONFLICT:
                    continue  # unavailable, cancelled: not known
                write.ended, write.refused = time.monotonic(), True
                shared = error.detail(pb.plan.Conflict).actual

    def read(self, client, dice, n):
        with self.ledger.lock:
            self.ledger.sessions += 1
            session = self.ledger.sessions
        while not self.stop.is_set():
            ref = "task/shared" if dice.random() < 0.3 else \
                f"task/{dice.choice('ab')}-{dice.randrange(WRITERS)}-{dice.randrange(PAIRS)}"
            began = time.monotonic()
            try:
                reply = client.call("Plan.Get", pb.plan.GetRequest(ref=ref), timeout=20)
            except RpcError:
                continue
            self.ledger.note(self.ledger.reads, Read(session, ref, began, time.monotonic(), reply.revision,
                                                     reply.entry.revision, reply.entry.item.title))

    def watch(self, client, dice, n):
        with self.ledger.lock:
            self.ledger.watches += 1
            watch = self.ledger.watches
            last = max([m.revision for m in self.ledger.seen], default=0)
            self.ledger.starts[watch] = max(1, last - dice.randrange(20))
        request = pb.plan.WatchRequest(from_revision=self.ledger.starts[watch], heartbeat_ms=100)
        with client.stream("Plan.Watch", request) as stream:
            for message in stream:
                seen = Seen(watch, message.revision, heartbeat=True) if message.heartbeat else \
                    Seen(watch, message.revision, message.change.change_set.idempotency_key,
                         parts(message.change.change_set))
                self.ledger.note(self.ledger.seen, seen)

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(30)


def read_log(client, log, head):
    """Adds the log's entries up to head."""
    request = pb.plan.WatchRequest(from_revision=len(log) + 1, heartbeat_ms=60000)
    if head <= len(log):
        return
    with client.stream("Plan.Watch", request) as stream:
        while len(log) < head:
            message = stream.next()
            if message.heartbeat:
                continue
            change_set = message.change.change_set
            log[message.revision] = Logged(change_set.idempotency_key,
                                           {f"task/{c.put.item.id}": c.put.item.title for c in change_set.changes},
                                           parts(change_set))


class KillTest(unittest.TestCase):
    def test_nothing_acknowledged_is_lost_and_nothing_is_half_there(self):
        dice, ledger, log = random.Random(SEED), Ledger(), {}
        with Daemon() as daemon:
            for kill in range(KILLS):
                life = Life(daemon, ledger, SEED + kill)
                time.sleep(dice.uniform(0.02, 0.25))
                daemon.process.kill()
                daemon.process.wait()
                life.stop.set()
                daemon._close_clients()
                life.end()
                daemon.start()
                client = daemon.client()
                info = client.call("Admin.Info", pb.admin.InfoRequest(workspace="main"))
                read_log(client, log, info.revision)
                if kill % 10 == 9:
                    self.whole(client, log)
            list(client.stream("Admin.Verify", pb.admin.VerifyRequest()))
        wrong = check(log, ledger.writes, ledger.reads, ledger.seen, ledger.starts)
        self.assertEqual(wrong[:20], [])
        acknowledged = sum(1 for w in ledger.writes if w.revision is not None)
        print(f"kills={KILLS} writes={len(ledger.writes)} acknowledged={acknowledged} log={len(log)} "
              f"reads={len(ledger.reads)} watched={len(ledger.seen)}")
        self.assertGreater(acknowledged, KILLS)
        self.assertGreater(len(ledger.reads), KILLS)

    def whole(self, client, log):
        """The plan is what the log says, and pairs are equal."""
        texts = {}
        for revision in sorted(log):
            texts.update(log[revision].puts)
        shown = {}
        for reply in client.stream("Plan.Export", pb.plan.ExportRequest()):
            shown.update({e.ref: e.item.title for e in reply.entries})
        self.assertEqual(shown, texts)
        for ref, text in shown.items():
            if ref.startswith("task/a-"):
                self.assertEqual(shown["task/b-" + ref[7:]], text)


if __name__ == "__main__":
    unittest.main()
