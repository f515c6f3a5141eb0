"""Tokens: who is let in, over every protocol, and for how long (docs/SECURITY.md, "Who calls")."""
import json
import os
import re
import socket
import stat
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

os.environ.setdefault("GRPC_VERBOSITY", "NONE")
import grpc
import plumbrpc
from plumbrpc import DENIED, INVALID, NOT_FOUND, OK, PRECONDITION, UNAUTHENTICATED, Daemon, RpcError, binary, pb
from webhooks import until

READER, CONTRIBUTOR, PLANNER, ADMIN = 1, 2, 3, 4
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# RFC 3720, B.4: the table of CRC-32C is made of this polynomial, reflected.
CASTAGNOLI = 0x82F63B78


def checksum(text):
    """The six digits behind a token, from docs/PROTOCOL.md."""
    crc = 0xFFFFFFFF
    for byte in text.encode():
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (CASTAGNOLI if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    out = ""
    for _ in range(6):
        out = DIGITS[crc % 62] + out
        crc //= 62
    return out


def forged(number, secret="A" * 43):
    """A token whose form is right, and that nobody was given."""
    text = "plumb_%d_%s" % (number, secret)
    return text + checksum(text)


class Tokens(unittest.TestCase):
    ARGS = ()
    CLOCK = None

    def setUp(self):
        self.daemon = Daemon(anonymous="none", args=list(self.ARGS), clock=self.CLOCK)
        self.addCleanup(self.daemon.close)
        with open(os.path.join(self.daemon.data, "admin.token")) as file:
            self.admin_token = file.read().strip()
        self.admin = self.daemon.client(token=self.admin_token)

    def create(self, **fields):
        fields = dict(dict(role=PLANNER, subject="service/billing"), **fields)
        return self.admin.call("Access.CreateToken", pb.access.CreateTokenRequest(**fields))

    def refused(self, code, call, *args, **options):
        with self.assertRaises(RpcError) as caught:
            call(*args, **options)
        self.assertEqual(caught.exception.code, code, caught.exception.message)
        return caught.exception

    def who(self, token, **options):
        """What the daemon calls the bearer."""
        with plumbrpc._make_client(self.daemon.tcp, token=token, **options) as client:
            return client.call("Admin.Info", pb.admin.InfoRequest()).caller

    def turned_away(self, token, words):
        error = self.refused(UNAUTHENTICATED, self.who, token)
        self.assertIn(words, error.message)
        return error


class Life(Tokens):
    def test_the_first_start_makes_one_for_its_user_alone(self):
        path = os.path.join(self.daemon.data, "admin.token")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertRegex(self.admin_token, r"^plumb_1_[0-9A-Za-z]{49}$")
        self.assertEqual(self.admin_token[-6:], checksum(self.admin_token[:-6]))
        self.assertEqual(self.who(self.admin_token), "service/admin")
        self.assertIn("admin.token", self.daemon.read_log())
        # Another start makes no other, also where somebody has put the file away.
        os.unlink(path)
        self.daemon.restart()
        self.assertFalse(os.path.exists(path))
        self.assertEqual(self.who(self.admin_token), "service/admin")

    def test_a_bearer_is_its_subject_and_has_its_role(self):
        made = self.create(title="Nightly", role=READER, subject="person/anna")
        self.assertEqual((made.token.id, made.token.subject, made.token.role, made.token.holds),
                         (2, "person/anna", READER, True))
        self.assertEqual(made.token.created_by, "service/admin")
        self.assertEqual(self.who(made.secret), "person/anna")
        self.assertEqual(self.who(made.secret, as_name="anna"), "person/anna")
        # Only an administrator acts as others.
        self.assertIn("you are person/anna", self.refused(DENIED, self.who, made.secret, as_name="bob").message)
        self.assertEqual(self.who(self.admin_token, as_name="person/bob"), "service/admin as person/bob")
        bearer = self.daemon.client(token=made.secret)
        self.refused(DENIED, bearer.call, "Access.ListTokens", pb.access.ListTokensRequest())
        self.refused(DENIED, bearer.call, "Access.CreateToken",
                     pb.access.CreateTokenRequest(role=ADMIN, subject="person/anna"))

    def test_nobody_is_let_in_without(self):
        client = self.daemon.client()
        for request in (pb.plan.GetRequest(ref="goal/grow"), pb.plan.ListRequest(), pb.plan.HistoryRequest()):
            name = type(request).__name__[:-len("Request")]
            self.assertIn("plumb --token-file", self.refused(UNAUTHENTICATED, client.call, "Plan." + name, request).message)
        self.refused(UNAUTHENTICATED, client.call, "Admin.Ping", pb.admin.PingRequest())
        # The daemon's own user needs none, on its socket.
        self.assertEqual(self.daemon.client(unix=True).call("Admin.Info", pb.admin.InfoRequest()).caller,
                         "uid:%d" % os.getuid())

    def test_a_token_wins_over_the_user_of_a_socket(self):
        made = self.create(role=READER)
        client = self.daemon.client(unix=True, token=made.secret)
        self.assertEqual(client.call("Admin.Info", pb.admin.InfoRequest()).caller, "service/billing")
        self.refused(DENIED, client.call, "Access.ListTokens", pb.access.ListTokensRequest())

    def test_what_is_wrong_with_one_is_said(self):
        good = self.create().secret
        swapped = good[:20] + good[21] + good[20] + good[22:] if good[20] != good[21] else good[:20] + "-" + good[21:]
        wrong = (
                ("xoxb-123", "no token of Plumbline"), ("", "no token of Plumbline"), ("plumb_", "mistyped or cut"),
                (good[:-1], "mistyped or cut"), (good + "x", "mistyped or cut"), (swapped, "mistyped or cut"),
                (good.replace("plumb_2_", "plumb_3_"), "mistyped or cut"), ("plumb_2_" + "A" * 49, "mistyped or cut"),
                # Its form is right, but nobody was given it: the number of one that is there, and of none.
                (forged(2), "not known here"), (forged(77), "not known here"), (forged(4294967295), "not known here"),
                (forged(0), "mistyped"), (forged(10 ** 10), "mistyped"), ("plumb_02_" + good[8:], "mistyped"))
        wrong = [("Bearer " + token, words) for token, words in wrong]
        wrong += [(value, "Bearer plumb_") for value in ("Basic YTpi", good, "")]
        client = self.daemon.client()
        # All at once: each waits longer than the one before, and more than sixteen are not held back.
        for half in (wrong[:9], wrong[9:]):
            calls = [(client.start("Admin.Ping", pb.admin.PingRequest(), metadata=[("authorization", value)]), value, words)
                     for value, words in half]
            for call, value, words in calls:
                with self.subTest(value=value):
                    self.assertIn(words, self.refused(UNAUTHENTICATED, call.result).message)
        self.assertEqual(self.who(good), "service/billing")
        # As HTTP has it, the scheme's case and further blanks mean nothing.
        client.call("Admin.Ping", pb.admin.PingRequest(), metadata=[("authorization", "bearer   " + good + " ")])

    def test_another_daemon_does_not_know_them(self):
        with Daemon(anonymous="none") as other:
            with open(os.path.join(other.data, "admin.token")) as file:
                self.turned_away(file.read().strip(), "another daemon's")

    def test_revoked(self):
        made = self.create()
        client = self.daemon.client(token=made.secret)
        client.call("Admin.Ping", pb.admin.PingRequest())
        revoked = self.admin.call("Access.RevokeToken", pb.access.RevokeTokenRequest(id=2)).token
        self.assertFalse(revoked.holds)
        # At once, on connections that were let in before too.
        self.assertIn("was revoked", self.refused(UNAUTHENTICATED, client.call, "Admin.Ping", pb.admin.PingRequest()).message)
        self.turned_away(made.secret, "was revoked")
        # Again changes nothing, not even when it was.
        self.assertEqual(self.admin.call("Access.RevokeToken", pb.access.RevokeTokenRequest(id=2)).token.revoked, revoked.revoked)
        self.refused(NOT_FOUND, self.admin.call, "Access.RevokeToken", pb.access.RevokeTokenRequest(id=3))
        self.refused(PRECONDITION, self.admin.call, "Access.RotateToken", pb.access.RotateTokenRequest(id=2))
        self.daemon.restart()
        self.turned_away(made.secret, "was revoked")

    def test_revocation_ends_what_it_watches(self):
        for token_of_watch, ends in ((self.create().secret, True), (self.create().secret, False)):
            watch = self.daemon.client(token=token_of_watch).stream("Plan.Watch", pb.plan.WatchRequest(heartbeat_ms=200))
            watch.next()
            if ends:
                first = watch
        health = self.daemon.client(token=token_of_watch)
        self.admin.call("Access.RevokeToken", pb.access.RevokeTokenRequest(id=2))
        began = time.monotonic()
        with self.assertRaises(RpcError) as caught:
            while True:
                first.next()
        self.assertEqual(caught.exception.code, UNAUTHENTICATED)
        self.assertLess(time.monotonic() - began, 10)  # within a second, and some for a busy machine
        for _ in range(3):
            watch.next()  # the other's goes on
        health.call("Admin.Ping", pb.admin.PingRequest())

    def test_rotation_leaves_a_while_for_the_new_one(self):
        old = self.create().secret
        watch = self.daemon.client(token=old).stream("Plan.Watch", pb.plan.WatchRequest(heartbeat_ms=200))
        rotated = self.admin.call("Access.RotateToken", pb.access.RotateTokenRequest(id=2))
        self.assertEqual(rotated.token.id, 2)
        self.assertNotEqual(rotated.secret, old)
        self.assertEqual((self.who(old), self.who(rotated.secret)), ("service/billing",) * 2)
        watch.next()
        # Without a while: the one before ends at once, and what it watches; the one before that ended too.
        last = self.admin.call("Access.RotateToken", pb.access.RotateTokenRequest(id=2, grace=0)).secret
        self.turned_away(old, "not known")
        self.turned_away(rotated.secret, "not known")
        self.assertEqual(self.who(last), "service/billing")
        with self.assertRaises(RpcError) as caught:
            while True:
                watch.next()
        self.assertEqual(caught.exception.code, UNAUTHENTICATED)

    def test_what_a_token_may_be(self):
        long = "x" * 501
        error = self.refused(INVALID, self.create, role=0, subject="anna", title=long, workspaces=["main", "nowhere", ""],
                             read_only=[4, 53, 54], expires="tomorrow")
        self.assertEqual([field for field, _ in error.violations],
                         ["role", "subject", "title", "workspaces[1]", "workspaces[2]", "read_only[1]", "read_only[2]",
                          "expires"])
        for subject in ("", "person/", "team/anna", "person/Anna", "service/" + "a" * 65, "person/a as person/b"):
            self.assertEqual([field for field, _ in self.refused(INVALID, self.create, subject=subject).violations], ["subject"])
        self.assertEqual(self.refused(INVALID, self.create, expires="2020-01-01T00:00:00Z").violations[0][0], "expires")
        self.assertEqual(self.refused(INVALID, self.create, workspaces=["main"] * 101).violations[0][0], "workspaces")
        self.assertEqual(self.create(workspaces=["main"] * 100, title="x" * 500, subject="service/" + "a" * 64).token.id, 2)
        error = self.refused(INVALID, self.admin.call, "Access.RotateToken",
                             pb.access.RotateTokenRequest(id=2, grace=31 * 86400 + 1))
        self.assertEqual(error.violations[0][0], "grace")
        self.admin.call("Access.RotateToken", pb.access.RotateTokenRequest(id=2, grace=31 * 86400))

    def test_other_workspaces_are_not_there(self):
        for name in ("acme", "zeta"):
            self.admin.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id=name))
        token = self.create(workspaces=["acme"]).secret
        client = self.daemon.client(token=token)
        client.call("Plan.List", pb.plan.ListRequest(at=pb.plan.At(workspace="acme")))
        texts = set()
        for name in ("zeta", "nope"):
            error = self.refused(NOT_FOUND, client.call, "Plan.List", pb.plan.ListRequest(at=pb.plan.At(workspace=name)))
            texts.add(error.message.replace(name, "X"))
        self.assertEqual(len(texts), 1)
        # An administrator of one workspace makes no tokens for the others.
        admin = self.daemon.client(token=self.create(role=ADMIN, workspaces=["acme"]).secret)
        self.refused(DENIED, admin.call, "Access.CreateToken", pb.access.CreateTokenRequest(role=ADMIN, subject="person/anna"))

    def test_a_list_shows_who_and_when_and_no_secret(self):
        secrets = [self.create(title="n%d" % i).secret for i in range(5)]
        self.admin.call("Access.RevokeToken", pb.access.RevokeTokenRequest(id=3))
        self.who(secrets[3])
        def ids(**fields):
            reply = self.admin.call("Access.ListTokens", pb.access.ListTokensRequest(**fields))
            text = str(reply)
            for secret in secrets + [self.admin_token]:
                self.assertNotIn(secret.split("_")[2][:20], text)
            return [token.id for token in reply.tokens], reply.next
        self.assertEqual(ids(), ([1, 2, 4, 5, 6], 0))
        self.assertEqual(ids(all=True), ([1, 2, 3, 4, 5, 6], 0))
        self.assertEqual(ids(page_size=2), ([1, 2], 2))
        self.assertEqual(ids(page_size=2, after=2), ([4, 5], 5))
        self.assertEqual(ids(page_size=2, after=5), ([6], 0))
        self.assertEqual(ids(page_size=1000), ([1, 2, 4, 5, 6], 0))
        self.assertEqual(self.refused(INVALID, ids, page_size=1001).violations[0][0], "page_size")
        used = {t.id: t.last_used for t in self.admin.call("Access.ListTokens", pb.access.ListTokensRequest()).tokens}
        self.assertEqual([bool(used[n]) for n in (1, 2, 5)], [True, False, True])

    def test_only_what_is_durable_counts_after_a_crash(self):
        secret = self.create().secret
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.who(secret), "service/billing")
        self.assertEqual(self.who(self.admin_token), "service/admin")

    def test_no_secret_is_anywhere(self):
        changes = pb.plan.ChangeSet(reason="test")
        changes.changes.add().put.item.CopyFrom(pb.item.Item(id="grow", title="Grow", goal=pb.item.Goal()))
        self.admin.call("Plan.Apply", pb.plan.ApplyRequest(change_set=changes))
        secrets = [self.admin_token, self.create().secret]
        secrets.append(self.admin.call("Access.RotateToken", pb.access.RotateTokenRequest(id=2)).secret)
        for token in secrets:
            self.who(token)
        for number in (2, 3):
            self.turned_away(forged(number), "not known")
        self.turned_away(secrets[1][:-1], "mistyped")
        copy = os.path.join(self.daemon.folder, "copy.db")
        for _ in self.daemon.client(unix=True).stream("Admin.Backup", pb.admin.BackupRequest(path=copy)):
            pass
        said = str(list(self.admin.stream("Plan.Export", pb.plan.ExportRequest())))
        said += str(self.admin.call("Plan.History", pb.plan.HistoryRequest()))
        self.daemon.terminate()
        self.assertNotIn("plumb_", said)
        for folder, _, names in os.walk(self.daemon.folder):
            for name in names:
                if name == "admin.token":
                    continue
                with open(os.path.join(folder, name), "rb") as file:
                    text = file.read()
                for secret in secrets + [forged(2)]:
                    self.assertNotIn(secret.split("_")[2][:20].encode(), text, name)


class Clock(Tokens):
    CLOCK = "=2026-03-31T09:00:00Z"

    def later(self, clock):
        self.daemon.clock = clock
        self.daemon.restart()

    def test_expired(self):
        secret = self.create(expires="2026-03-31T10:00:00Z").secret
        self.later("=2026-03-31T09:59:59.999Z")
        self.assertEqual(self.who(secret), "service/billing")
        self.later("=2026-03-31T10:00:00Z")
        self.turned_away(secret, "expired (2026-03-31T10:00:00Z)")
        self.assertEqual(self.who(self.admin_token), "service/admin")

    def test_the_secret_before_holds_until_its_time(self):
        old = self.create().secret
        new = self.admin.call("Access.RotateToken", pb.access.RotateTokenRequest(id=2))
        self.assertEqual(new.token.previous_until, "2026-03-31T10:00:00Z")  # an hour, where nothing is said
        self.later("=2026-03-31T09:59:59Z")
        self.assertEqual(self.who(old), "service/billing")
        self.later("=2026-03-31T10:00:00Z")
        self.turned_away(old, "was rotated")
        self.assertEqual(self.who(new.secret), "service/billing")

    def test_what_expires_while_it_watches_ends(self):
        secret = self.create(expires="2026-03-31T10:00:00Z").secret
        self.later("2026-03-31T09:59:58Z")
        watch = self.daemon.client(token=secret).stream("Plan.Watch", pb.plan.WatchRequest(heartbeat_ms=100))
        client = self.daemon.client(token=secret)
        client.call("Admin.Ping", pb.admin.PingRequest())
        with self.assertRaises(RpcError) as caught:
            for _ in range(100):
                watch.next()
        self.assertEqual(caught.exception.code, UNAUTHENTICATED)
        self.assertIn("expired", self.refused(UNAUTHENTICATED, client.call, "Admin.Ping", pb.admin.PingRequest()).message)


class OverGrpc(Tokens):
    def test_the_same_over_grpc(self):
        channel = grpc.insecure_channel(self.daemon.tcp[len("tcp:"):])
        self.addCleanup(channel.close)
        ping = channel.unary_unary("/plumb.v1.Admin/Ping", pb.admin.PingRequest.SerializeToString, pb.admin.PingReply.FromString)
        secret = self.create().secret

        def status(*values):
            try:
                ping(pb.admin.PingRequest(), timeout=20, metadata=[("authorization", value) for value in values])
                return OK
            except grpc.RpcError as error:
                self.text = error.details()
                return error.code().value[0]
        self.assertEqual(status(), UNAUTHENTICATED)
        self.assertEqual(status("Bearer " + secret), OK)
        self.assertEqual(status("Bearer " + forged(2)), UNAUTHENTICATED)
        self.assertIn("not known here", self.text)
        self.assertEqual(status("Bearer " + secret), OK)
        self.admin.call("Access.RevokeToken", pb.access.RevokeTokenRequest(id=2))
        self.assertEqual(status("Bearer " + secret), UNAUTHENTICATED)

    def test_health_asks_nobody(self):
        from google.protobuf import wrappers_pb2  # any message without fields set will do
        channel = grpc.insecure_channel(self.daemon.tcp[len("tcp:"):])
        self.addCleanup(channel.close)
        check = channel.unary_unary("/grpc.health.v1.Health/Check", wrappers_pb2.StringValue.SerializeToString, bytes)
        for metadata in ((), (("authorization", "Bearer " + forged(9)),)):
            self.assertEqual(check(wrappers_pb2.StringValue(), timeout=20, metadata=metadata), b"\x08\x01")  # SERVING


class OverHttp(Tokens):
    ARGS = ("--http", "tcp:127.0.0.1:0")

    def ask(self, token):
        request = urllib.request.Request("http://%s/plumb.v1.Admin/Info" % self.daemon.http, b"{}",
                                         {"Content-Type": "application/json"})
        if token is not None:
            request.add_header("Authorization", "Bearer " + token)
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                return reply.status, json.load(reply), reply.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error), error.headers

    def test_the_same_over_http(self):
        secret = self.create().secret
        self.assertEqual(self.ask(secret)[1]["caller"], "service/billing")
        for token in (None, forged(2)):
            status, said, headers = self.ask(token)
            self.assertEqual((status, said["code"]), (401, "unauthenticated"))
            self.assertTrue(headers["WWW-Authenticate"].startswith("Bearer"))
        self.admin.call("Access.RevokeToken", pb.access.RevokeTokenRequest(id=2))
        self.assertEqual(self.ask(secret)[0], 401)


class Guessing(Tokens):
    def test_each_failure_takes_longer_and_nobody_else_waits(self):
        good = self.daemon.client(token=self.create().secret)
        took = []
        for _ in range(5):
            began = time.monotonic()
            self.turned_away(forged(2), "not known")
            took.append(time.monotonic() - began)
        # 0.1, 0.2, 0.4, 0.8 and 1.6 s, never less.
        for i, least in enumerate((0.1, 0.2, 0.4, 0.8, 1.6)):
            self.assertGreaterEqual(took[i], least)
        began = time.monotonic()
        waiting = self.daemon.client(token=forged(2)).start("Admin.Ping", pb.admin.PingRequest())  # for 3.2 s
        for _ in range(20):
            good.call("Admin.Ping", pb.admin.PingRequest())
        self.assertEqual(self.who(self.admin_token), "service/admin")  # also on a new connection from the same address
        self.assertLess(time.monotonic() - began, 3.0)
        self.refused(UNAUTHENTICATED, waiting.result)
        lines = [line for line in self.daemon.read_log().splitlines() if "event=access" in line]
        self.assertEqual(len(lines), 6)
        self.assertRegex(lines[0], r"level=warn event=access refused from=tcp:127\.0\.0\.1:\d+ token=2 ")

    def test_a_flood_of_wrong_ones_is_answered_at_once_and_told_once(self):
        good = self.daemon.client(token=self.create().secret)
        wrong = self.daemon.client(token=forged(2))
        if not hasattr(wrong, "send_frame"):
            self.skipTest("a flood is made of frames")
        count, held, quick = 10000, [], 0  # 16 are held back at a time, for 3.2 s at most
        for _ in range(count // 1000):
            pending = [wrong.start("Admin.Ping", pb.admin.PingRequest()) for _ in range(1000)]
            good.call("Admin.Ping", pb.admin.PingRequest())
            for call in pending:
                try:
                    error = self.refused(UNAUTHENTICATED, call.result, timeout=0.1)
                    quick += "too many wrong tokens" in error.message
                    if "too many" in error.message:  # 3.2 s: the longest delay
                        delay = error.detail(pb.details.RetryInfo).retry_delay
                        self.assertGreater(delay.seconds * 10 ** 9 + delay.nanos, 0)
                        self.assertLessEqual(delay.seconds, 3)
                except TimeoutError:
                    held.append(call)
        for call in held:
            error = self.refused(UNAUTHENTICATED, call.result)
            quick += "too many wrong tokens" in error.message  # one that a busy machine was late with
        self.assertGreater(quick, count - 1000)
        self.assertEqual(self.who(self.admin_token), "service/admin")

        def told():
            log = self.daemon.read_log()
            lines = len(re.findall(r"event=access refused from=", log))
            return lines, lines + sum(int(n) for n in re.findall(r"event=access refused more=(\d+)", log))

        until(lambda: told()[1] >= count)  # the line that tells of the rest comes within a second
        self.assertEqual(told()[1], count)
        self.assertLess(told()[0], 1000)

    def test_a_call_that_is_held_back_may_be_given_up(self):
        for _ in range(3):
            self.turned_away(forged(2), "not known")
        client = self.daemon.client(token=forged(2))
        call = client.start("Admin.Ping", pb.admin.PingRequest())
        call.cancel()
        self.refused(plumbrpc.CANCELLED, call.result)
        call = client.start("Admin.Ping", pb.admin.PingRequest(), timeout=0.2)
        self.refused(plumbrpc.DEADLINE, call.result)
        client.start("Admin.Ping", pb.admin.PingRequest())
        client.close()
        self.assertEqual(self.who(self.admin_token), "service/admin")
        self.assertEqual(self.daemon.terminate(), 0)


class Settings(unittest.TestCase):
    def test_what_who_shows_nothing_may_do(self):
        with Daemon(memory=True, anonymous="reader") as daemon:
            client = daemon.client(as_name="person/anna")
            self.assertEqual(client.call("Admin.Info", pb.admin.InfoRequest()).caller, "unverified:person/anna")
            with self.assertRaises(RpcError) as caught:
                client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(reason="x")))
            self.assertEqual(caught.exception.code, DENIED)

    def test_it_is_said_aloud_where_everybody_on_a_network_may_call(self):
        for role, listen, words in (("reader", "tcp:0.0.0.0:0", "everybody who reaches tcp:0.0.0.0:"), ("none", "tcp:0.0.0.0:0", None),
                                    ("reader", "tcp:127.0.0.1:0", None)):
            with Daemon(memory=True, anonymous=role, args=["--listen", listen, "--http", listen, "--allow-cleartext"]) as daemon:
                said = [line for line in daemon.read_log().splitlines() if "event=anonymous" in line]
                self.assertEqual(len(said), 2 if words else 0)
                for line, scheme in zip(said, ("tcp", "http")):
                    self.assertIn("level=warn", line)
                    self.assertIn(words.replace("tcp", scheme), line)
                    self.assertIn("the role reader", line)

    def test_print_token(self):
        with tempfile.TemporaryDirectory() as folder:
            for where in (["--memory"], ["--data", folder + "/data"]):
                process = subprocess.Popen([binary(), *where, "--listen", "tcp:127.0.0.1:0", "--print-token"],
                                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
                try:
                    address = process.stdout.readline().split()[2]
                    word, said, token = process.stdout.readline().split()
                    self.assertEqual((word, said), ("plumbd", "token"))
                    with plumbrpc.Client(address, token=token) as client:
                        self.assertEqual(client.call("Admin.Info", pb.admin.InfoRequest()).caller, "service/admin")
                finally:
                    process.terminate()
                    process.wait(20)
                    process.stdout.close()
            self.assertFalse(os.path.exists(folder + "/data/admin.token"))


class CommandLine(Tokens):
    def plumb(self, *args, code=0, **env):
        env = dict({"PLUMB_SERVER": self.daemon.tcp}, **env)
        done = subprocess.run([binary("plumb"), *args], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, HOME=self.daemon.folder, XDG_CONFIG_HOME=self.daemon.folder, **env))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_tokens_are_administered(self):
        file = os.path.join(self.daemon.data, "admin.token")
        admin = ("--token-file", file)
        self.assertIn("plumb --token-file FILE", self.plumb("info", code=3))
        token = self.plumb("admin", "token", "create", "service/wall", "-q", *admin)
        self.assertRegex(token, r"^plumb_2_[0-9A-Za-z]{49}\n$")
        self.assertIn("service/wall", self.plumb("info", PLUMB_TOKEN=token.strip()))
        said = self.plumb("admin", "token", "create", "person/anna", "--role", "planner", "-w", "main", "--expires",
                          "2099-01-31", "--title", "Laptop", *admin)
        self.assertIn("person/anna has the role planner, in main, until 2099-01-31T00:00:00Z", said)
        self.assertEqual(len(re.findall(r"^plumb_3_\w+$", said, re.M)), 1)
        table = self.plumb("admin", "token", "list", "-o", "csv", *admin).splitlines()
        self.assertEqual(table[0].split(",")[:5], ["id", "bearer", "role", "workspaces", "expires"])
        self.assertEqual([line.split(",")[:5] for line in table[2:]],
                         [["2", "service/wall", "reader", "all", "never"],
                          ["3", "person/anna", "planner", "main", "2099-01-31"]])
        new = self.plumb("admin", "token", "rotate", "2", "--grace", "0", "-q", *admin).strip()
        self.assertIn("not known", self.plumb("info", code=3, PLUMB_TOKEN=token.strip()))
        self.assertIn("service/wall", self.plumb("info", PLUMB_TOKEN=new))
        self.assertEqual(self.plumb("admin", "token", "revoke", "2", "3", *admin),
                         "Revoked token 2 of service/wall.\nRevoked token 3 of person/anna.\n")
        self.assertEqual(self.plumb("admin", "token", "list", "-o", "name", *admin), "1\n")
        listed = json.loads(self.plumb("admin", "token", "list", "--all", "-o", "json", *admin))
        self.assertEqual([("revoked" in t, t["role"]) for t in listed], [(False, "admin"), (True, "reader"), (True, "planner")])

    def test_where_the_token_is_from(self):
        file = os.path.join(self.daemon.data, "admin.token")
        reader = self.create(subject="person/anna", role=READER).secret
        self.assertIn("service/admin", self.plumb("info", PLUMB_TOKEN_FILE=file))
        self.assertIn("service/admin", self.plumb("info", "--token-file", file, PLUMB_TOKEN=reader))
        self.assertIn("person/anna", self.plumb("info", PLUMB_TOKEN=reader, PLUMB_TOKEN_FILE=file))
        self.plumb("context", "set", "here", "--token-file", file)
        self.assertIn("service/admin", self.plumb("info", "--context", "here", PLUMB_TOKEN=reader))
        self.assertIn("person/anna", self.plumb("info", PLUMB_CONTEXT="here", PLUMB_TOKEN=reader))
        # Never the token itself where settings are shown.
        self.assertNotIn(reader, self.plumb("context", "show", PLUMB_TOKEN=reader))

    def test_it_is_not_sent_to_another_machine_in_clear(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:  # sends nothing
            try:
                probe.connect(("192.0.2.1", 9))
            except OSError:
                self.skipTest("this machine has no address but its own")
            host = probe.getsockname()[0]
        heard = []
        with socket.create_server((host, 0)) as ears:
            def listen():
                while True:
                    try:
                        peer = ears.accept()[0]
                    except OSError:
                        return
                    with peer:
                        peer.settimeout(5)
                        heard.append(b"")
                        while data := peer.recv(65536):
                            heard[-1] += data
                            if b"plumb_" in data:
                                break
            threading.Thread(target=listen, daemon=True).start()
            port = ears.getsockname()[1]
            env = {"PLUMB_SERVER": "tcp:%s:%d" % (host, port), "PLUMB_TOKEN": self.admin_token}
            said = " ".join(self.plumb("info", code=2, **env).split())
            self.assertIn("the token was not sent", said)
            self.assertIn("--server tls:%s:%d" % (host, port), said)
            self.plumb("info", code=3, PLUMB_ALLOW_CLEARTEXT="yes", **env)
            until(lambda: len(heard) == 2 and b"plumb_1_" in heard[1])
            self.assertNotIn(b"plumb_", heard[0])
            ears.shutdown(socket.SHUT_RDWR)

    def test_a_file_that_is_no_good(self):
        path = os.path.join(self.daemon.folder, "token")
        for mode, text, words in ((0o644, self.admin_token, "chmod 600 " + path), (0o620, self.admin_token, "chmod 600"),
                                  (0o600, "", "holds no token"), (0o600, "secret\n", "holds no token"),
                                  (0o600, self.admin_token + "\n" + self.admin_token, "more than a token"),
                                  (0o600, "plumb_" + "x" * 300, "more than a token")):
            with open(path, "w") as file:
                file.write(text)
            os.chmod(path, mode)
            said = " ".join(self.plumb("info", "--token-file", path, code=2).split())
            self.assertIn(words, said)
            self.assertNotIn("secret", said)
        self.assertIn("No such file", self.plumb("info", "--token-file", path + "x", code=2))
        self.assertIn("directory", self.plumb("info", "--token-file", self.daemon.folder, code=2))
        with open(path, "w") as file:
            file.write("  %s \n\n" % self.admin_token)
        os.chmod(path, 0o400)
        self.assertIn("service/admin", self.plumb("info", "--token-file", path))


class Many(unittest.TestCase):
    def test_ten_thousand_and_no_more(self):
        with Daemon(memory=True, args=["--log-level", "error"]) as daemon:
            client = daemon.client()
            request = pb.access.CreateTokenRequest(role=READER, subject="service/a")
            for _ in range(20):
                calls = [client.start("Access.CreateToken", request) for _ in range(500)]
                for call in calls:
                    last = call.result()
            self.assertEqual(last.token.id, 10000)
            with self.assertRaises(RpcError) as caught:
                client.call("Access.CreateToken", request)
            self.assertEqual(caught.exception.code, plumbrpc.LIMIT)
            client.call("Access.RevokeToken", pb.access.RevokeTokenRequest(id=7))
            made = client.call("Access.CreateToken", request)
            self.assertEqual(made.token.id, 10001)  # numbers are given once
            with plumbrpc.Client(daemon.tcp, token=made.secret) as bearer:
                self.assertEqual(bearer.call("Admin.Info", pb.admin.InfoRequest()).caller, "service/a")


del Tokens


if __name__ == "__main__":
    unittest.main()
