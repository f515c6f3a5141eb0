"""Webhooks against the real daemon and the real sender, with a receiver on loopback.

Waits in the sender are milliseconds by its options, and each test waits for what must happen, never for a time.
"""
import json
import os
import random
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest

from certificates import Certificates
from plumbrpc import (DENIED, EXISTS, INVALID, LIMIT, NOT_FOUND, PRECONDITION, RANGE, ROOT, UNAUTHENTICATED, UNAVAILABLE,
                      Daemon, RpcError, binary, pb)
from webhooks import Receiver, Sender, key_of, until

CLOCK = "=2026-03-31T09:00:00Z"
W = pb.webhook


def put_goal(client, ident, workspace="", title="Grow"):
    """One change; its revision."""
    changes = pb.plan.ChangeSet(changes=[pb.plan.Change(put=pb.plan.Put(item=pb.item.Item(
        id=ident, title=title, goal=pb.item.Goal())))])
    return client.call("Plan.Apply", pb.plan.ApplyRequest(workspace=workspace, change_set=changes)).revision


def put_person(client, ident):
    changes = pb.plan.ChangeSet(changes=[pb.plan.Change(put=pb.plan.Put(item=pb.item.Item(
        id=ident, title="Anna", person=pb.item.Person())))])
    return client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=changes)).revision


def create(client, ident, url, **more):
    return client.call("Webhooks.Create", W.CreateWebhookRequest(id=ident, url=url, **more))


def info(client, ident, workspace=""):
    listed = client.call("Webhooks.List", W.ListWebhooksRequest(workspace=workspace)).webhooks
    return next(hook for hook in listed if hook.id == ident)


def dead(client, ident):
    return client.call("Webhooks.ListDeadLetters", W.ListDeadLettersRequest(id=ident))


class Case(unittest.TestCase):
    def refused(self, code, method, request):
        with self.assertRaises(RpcError) as caught:
            self.client.call(method, request)
        self.assertEqual(caught.exception.code, code, caught.exception.message)
        return caught.exception

    def daemon(self, **more):
        daemon = Daemon(clock=CLOCK, **dict(dict(memory=True), **more))
        self.addCleanup(daemon.close)
        self.client = daemon.client(unix=True)
        return daemon

    def sender(self, daemon, **more):
        sender = Sender(daemon, **more)
        self.addCleanup(sender.close)
        return sender

    def receiver(self, *args, **more):
        receiver = Receiver(*args, **more)
        self.addCleanup(receiver.close)
        return receiver


class Definitions(Case):
    def test_create_list_update_remove(self):
        self.daemon()
        put_goal(self.client, "a")
        made = create(self.client, "ci", "https://ci.example/hook?x=1", filter="kind:goal")
        # 32 random bytes: 44 characters of base64 behind the prefix.
        self.assertEqual(len(key_of(made.secret)), 32)
        self.assertEqual((made.webhook.delivered, made.webhook.revision), (1, 1))
        self.assertEqual(made.webhook.created, "2026-03-31T09:00:00Z")
        self.assertNotEqual(create(self.client, "b", "https://b.example").secret, made.secret)
        listed = self.client.call("Webhooks.List", W.ListWebhooksRequest())
        self.assertEqual([hook.id for hook in listed.webhooks], ["b", "ci"])
        self.assertNotIn(made.secret[6:], str(listed))
        self.assertNotIn(key_of(made.secret), listed.SerializeToString())

        changed = self.client.call("Webhooks.Update", W.UpdateWebhookRequest(id="ci", paused=True)).webhook
        self.assertTrue(changed.paused)
        self.assertEqual((changed.url, changed.filter), ("https://ci.example/hook?x=1", "kind:goal"))
        changed = self.client.call("Webhooks.Update", W.UpdateWebhookRequest(id="ci", filter="", paused=False)).webhook
        self.assertEqual((changed.paused, changed.filter), (False, ""))

        self.client.call("Webhooks.Remove", W.RemoveWebhookRequest(id="ci"))
        self.assertEqual([h.id for h in self.client.call("Webhooks.List", W.ListWebhooksRequest()).webhooks], ["b"])
        for method, request in (("Remove", W.RemoveWebhookRequest), ("Update", W.UpdateWebhookRequest),
                                ("RotateSecret", W.RotateSecretRequest), ("Test", W.TestWebhookRequest),
                                ("ListDeadLetters", W.ListDeadLettersRequest),
                                ("RetryDeadLetters", W.RetryDeadLettersRequest)):
            self.refused(NOT_FOUND, "Webhooks." + method, request(id="ci"))
        # The same id may be used again, and is another webhook.
        self.assertEqual(create(self.client, "ci", "https://ci.example").webhook.delivered, 1)

    def test_what_is_refused(self):
        self.daemon()
        for ident in ("", "A", "a.b", "-a", "a-", "a b", "x" * 41, "../a"):
            self.refused(INVALID, "Webhooks.Create", W.CreateWebhookRequest(id=ident, url="https://x.example"))
        create(self.client, "x" * 40, "https://x.example")  # 40: the longest id
        for url in ("", "x.example", "ftp://x.example", "file:///etc/passwd", "https://", "https:///path",
                    "https://user@x.example/", "https://user:pw@x.example", "https://x.example/#part",
                    "https://x.example/a b", "https://x.example/\n", "https://x.example\\@y", "gopher://x.example",
                    "https://ü.example", "https://x.example/" + "a" * (2001 - 18)):
            error = self.refused(INVALID, "Webhooks.Create", W.CreateWebhookRequest(id="a", url=url))
            self.assertEqual([field for field, _ in error.violations], ["url"], url)
        create(self.client, "long", "https://x.example/" + "a" * (2000 - 18))  # 2,000: the longest URL
        self.refused(INVALID, "Webhooks.Update", W.UpdateWebhookRequest(id="long", url="ftp://x.example"))
        self.refused(INVALID, "Webhooks.Create", W.CreateWebhookRequest(id="a", url="https://x.example",
                                                                       filter="kind:nothing"))
        self.refused(RANGE, "Webhooks.Create", W.CreateWebhookRequest(id="a", url="https://x.example", from_revision=2))
        create(self.client, "a", "https://x.example", from_revision=1)
        self.refused(EXISTS, "Webhooks.Create", W.CreateWebhookRequest(id="a", url="https://x.example"))
        self.refused(NOT_FOUND, "Webhooks.Create", W.CreateWebhookRequest(workspace="none", id="a",
                                                                         url="https://x.example"))
        self.refused(INVALID, "Webhooks.RotateSecret", W.RotateSecretRequest(id="a", keep_previous=True,
                                                                            drop_previous=True))
        self.refused(UNAVAILABLE, "Webhooks.Test", W.TestWebhookRequest(id="a"))  # no sender runs

    def test_limits(self):
        """50 of a workspace, 1,000 of the daemon: server/limits.h."""
        self.daemon()
        for number in range(20):
            workspace = "w%d" % number
            self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id=workspace))
            for hook in range(50):
                create(self.client, "h%d" % hook, "https://x.example", workspace=workspace)
            if number == 0:
                error = self.refused(LIMIT, "Webhooks.Create", W.CreateWebhookRequest(
                    workspace=workspace, id="more", url="https://x.example"))
                self.assertIn("50", error.message)
        error = self.refused(LIMIT, "Webhooks.Create", W.CreateWebhookRequest(id="more", url="https://x.example"))
        self.assertIn("1000", error.message)
        self.client.call("Webhooks.Remove", W.RemoveWebhookRequest(workspace="w3", id="h7"))
        create(self.client, "more", "https://x.example")

    def test_workspaces_do_not_see_each_other(self):
        self.daemon()
        self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="other"))
        create(self.client, "ci", "https://a.example")
        create(self.client, "ci", "https://b.example", workspace="other")  # the id is the workspace's own
        self.assertEqual(info(self.client, "ci", "other").url, "https://b.example")
        self.client.call("Webhooks.Remove", W.RemoveWebhookRequest(workspace="other", id="ci"))
        self.assertEqual(info(self.client, "ci").url, "https://a.example")
        # The entries are the daemon's own: no plan shows them, and nobody puts one.
        self.refused(NOT_FOUND, "Plan.Get", pb.plan.GetRequest(at=pb.plan.At(workspace="system"), ref="webhook/2.ci"))

    def test_survives_a_restart(self):
        daemon = self.daemon(memory=False)
        create(self.client, "ci", "https://a.example")
        daemon.kill()
        daemon.start()
        self.client = daemon.client(unix=True)
        self.assertEqual(info(self.client, "ci").url, "https://a.example")

    def test_who_changed_them_is_in_the_audit_file(self):
        self.daemon(memory=False)
        create(self.client, "ci", "https://a.example")
        self.client.call("Webhooks.RotateSecret", W.RotateSecretRequest(id="ci"))
        self.client.call("Webhooks.Report", W.ReportDeliveryRequest(key="2.ci", last_error="no"))  # nobody's act
        self.client.call("Webhooks.Remove", W.RemoveWebhookRequest(id="ci"))

        def told():
            lines = self.client.call("Audit.List", pb.audit.ListAuditRequest()).lines
            return [(line.event, line.about) for line in lines if line.event.startswith("webhook")]
        self.assertEqual(until(lambda: len(told()) >= 3 and told()), [
            ("webhook-create", "webhook/2.ci"), ("webhook-change", "webhook/2.ci"), ("webhook-remove", "webhook/2.ci")])

    def test_one_sender_only(self):
        self.daemon()
        with self.client.stream("Webhooks.Watch", W.WatchWebhooksRequest()) as first:
            self.assertTrue(first.next().heartbeat)
            self.refused_stream(PRECONDITION)
        until(self.can_watch)  # the first has gone

    def refused_stream(self, code):
        with self.assertRaises(RpcError) as caught:
            self.client.stream("Webhooks.Watch", W.WatchWebhooksRequest()).next()
        self.assertEqual(caught.exception.code, code)

    def can_watch(self):
        try:
            with self.client.stream("Webhooks.Watch", W.WatchWebhooksRequest()) as stream:
                return stream.next().heartbeat
        except RpcError:
            return False

    def test_dead_letters_are_bounded(self):
        """1,000 of a webhook: the oldest goes, and is counted."""
        self.daemon()
        for number in range(3):
            put_goal(self.client, "g%d" % number)
        create(self.client, "ci", "https://a.example", from_revision=1)
        key = self.first_order().key
        for revision in range(1001):
            put_goal(self.client, "h%d" % revision)
        letters = [pb.item.DeadLetter(revision=r, attempts=1, last_error="x" * 300, since="2026-03-31T09:00:00Z")
                   for r in range(1, 1002)]
        report = W.ReportDeliveryRequest(key=key, delivered=1001, dead=letters[:1000])
        self.client.call("Webhooks.Report", report)
        self.assertEqual((len(dead(self.client, "ci").dead_letters), dead(self.client, "ci").dropped), (1000, 0))
        self.client.call("Webhooks.Report", W.ReportDeliveryRequest(key=key, dead=letters[1000:]))
        listed = dead(self.client, "ci")
        self.assertEqual((len(listed.dead_letters), listed.dropped), (1000, 1))
        self.assertEqual((listed.dead_letters[0].revision, listed.dead_letters[-1].revision), (2, 1001))
        self.assertEqual(len(listed.dead_letters[0].last_error), 120)
        # Telling one again changes nothing but its words.
        self.client.call("Webhooks.Report", W.ReportDeliveryRequest(key=key, dead=letters[1000:]))
        self.assertEqual((len(dead(self.client, "ci").dead_letters), dead(self.client, "ci").dropped), (1000, 1))
        self.refused(LIMIT, "Webhooks.Report", W.ReportDeliveryRequest(key=key, dead=letters))
        self.refused(RANGE, "Webhooks.Report", W.ReportDeliveryRequest(key=key, delivered=100000))
        for bad in ("", "ci", "9.ci", "2.", "2.none", "x.ci", "2.ci/"):
            self.refused(NOT_FOUND, "Webhooks.Report", W.ReportDeliveryRequest(key=bad))
        # The position never goes back.
        self.client.call("Webhooks.Report", W.ReportDeliveryRequest(key=key, delivered=5))
        self.assertEqual(info(self.client, "ci").delivered, 1001)

    def first_order(self):
        with self.client.stream("Webhooks.Watch", W.WatchWebhooksRequest()) as stream:
            return stream.next().webhook


class Deliveries(Case):
    def test_signed_in_order_with_its_content(self):
        daemon, receiver = self.daemon(), self.receiver()
        self.sender(daemon)
        secret = create(self.client, "ci", receiver.url).secret
        for number in range(20):
            put_goal(self.client, "g%d" % number)
        got = receiver.wait(lambda got: len(got) == 20)
        self.assertEqual([g.revision for g in got], list(range(1, 21)))
        for one in got:
            self.assertTrue(one.is_signed(secret))
            self.assertNotIn(".", one.id)
            self.assertEqual(one.headers["content-type"], "application/json")
        self.assertEqual(len({one.id for one in got}), 20)
        event = got[3].event
        self.assertEqual((event["type"], event["webhook"], event["workspace"], event["revision"], event["timestamp"]),
                         ("plan.changed", "ci", "main", "4", "2026-03-31T09:00:00Z"))
        self.assertEqual(event["data"]["change_set"]["changes"][0]["put"]["item"]["id"], "g3")
        self.assertEqual(until(lambda: info(self.client, "ci").delivered == 20 and info(self.client, "ci")).last_error, "")

    def test_the_past_too(self):
        daemon, receiver = self.daemon(), self.receiver()
        for number in range(5):
            put_goal(self.client, "g%d" % number)
        self.sender(daemon)
        create(self.client, "ci", receiver.url, from_revision=3)
        receiver.wait(lambda got: len(got) == 3)
        self.assertEqual(receiver.revisions(), [3, 4, 5])

    def test_filter(self):
        daemon, receiver = self.daemon(), self.receiver()
        self.sender(daemon)
        create(self.client, "ci", receiver.url, filter="kind:goal")
        put_person(self.client, "anna")
        put_goal(self.client, "a")
        put_person(self.client, "bert")
        put_goal(self.client, "b")
        receiver.wait(lambda got: len(got) == 2)
        self.assertEqual(receiver.revisions(), [2, 4])
        # Another filter holds from where it is.
        self.client.call("Webhooks.Update", W.UpdateWebhookRequest(id="ci", filter="kind:person"))
        put_goal(self.client, "c")
        put_person(self.client, "carl")
        receiver.wait(lambda got: len(got) == 3)
        self.assertEqual(receiver.revisions(), [2, 4, 6])

    def test_fails_and_then_not(self):
        """Tried until it is taken, under one id, and nothing behind it goes before."""
        failures = iter([500, 503, 404, 500])
        daemon, receiver = self.daemon(), self.receiver(lambda got: next(failures, 200))
        self.sender(daemon)
        secret = create(self.client, "ci", receiver.url).secret
        put_goal(self.client, "a")
        put_goal(self.client, "b")
        got = receiver.wait(lambda got: len(got) == 6)
        self.assertEqual([g.revision for g in got], [1, 1, 1, 1, 1, 2])
        self.assertEqual(len({g.id for g in got[:5]}), 1)
        self.assertTrue(all(g.is_signed(secret) for g in got))
        self.assertEqual(until(lambda: info(self.client, "ci").delivered == 2), True)
        self.assertEqual(info(self.client, "ci").dead_letters, 0)

    def test_dead_letter_and_retry(self):
        ill = threading.Event()
        ill.set()
        daemon = self.daemon()
        receiver = self.receiver(lambda got: 500 if ill.is_set() and got.revision == 1 else 200)
        self.sender(daemon, attempts=3)
        create(self.client, "ci", receiver.url)
        put_goal(self.client, "a")
        put_goal(self.client, "b")
        receiver.wait(lambda got: len(got) == 4)
        self.assertEqual(receiver.revisions(), [1, 1, 1, 2])
        until(lambda: info(self.client, "ci").delivered == 2)
        letters = dead(self.client, "ci").dead_letters
        self.assertEqual([(d.revision, d.attempts, d.last_error) for d in letters], [(1, 3, "HTTP status 500")])

        # Once more, in vain: it stays.
        self.client.call("Webhooks.RetryDeadLetters", W.RetryDeadLettersRequest(id="ci"))
        receiver.wait(lambda got: len(got) == 5)
        until(lambda: [d.retry for d in dead(self.client, "ci").dead_letters] == [False])
        # Once more, taken.
        ill.clear()
        retried = self.client.call("Webhooks.RetryDeadLetters", W.RetryDeadLettersRequest(id="ci", revisions=[1]))
        self.assertEqual(retried.count, 1)
        got = receiver.wait(lambda got: len(got) == 6)
        self.assertEqual((got[5].revision, got[5].id), (1, got[0].id))
        until(lambda: len(dead(self.client, "ci").dead_letters) == 0)
        self.refused(NOT_FOUND, "Webhooks.RetryDeadLetters", W.RetryDeadLettersRequest(id="ci", revisions=[1]))

    def test_dead_letters_are_dropped_by_wish(self):
        daemon = self.daemon()
        receiver = self.receiver(lambda got: 500)
        self.sender(daemon, attempts=1)
        create(self.client, "ci", receiver.url)
        put_goal(self.client, "a")
        until(lambda: info(self.client, "ci").dead_letters == 1)
        dropped = self.client.call("Webhooks.RetryDeadLetters", W.RetryDeadLettersRequest(id="ci", drop=True))
        self.assertEqual((dropped.count, info(self.client, "ci").dead_letters), (1, 0))

    def test_gone_pauses(self):
        gone = threading.Event()
        gone.set()
        daemon, receiver = self.daemon(), self.receiver(lambda got: 410 if gone.is_set() else 204)
        self.sender(daemon)
        create(self.client, "ci", receiver.url)
        put_goal(self.client, "a")
        hook = until(lambda: info(self.client, "ci").paused and info(self.client, "ci"))
        self.assertIn("410", hook.paused_reason)
        put_goal(self.client, "b")
        self.assertEqual(hook.delivered, 0)
        # Resumed, it goes on where it was.
        gone.clear()
        self.client.call("Webhooks.Update", W.UpdateWebhookRequest(id="ci", paused=False))
        receiver.wait(lambda got: len(got) == 3)
        self.assertEqual(receiver.revisions(), [1, 1, 2])
        self.assertEqual(info(self.client, "ci").paused_reason, "")

    def test_paused_goes_on_where_it_was(self):
        daemon, receiver = self.daemon(), self.receiver()
        sender = self.sender(daemon)
        create(self.client, "ci", receiver.url)
        put_goal(self.client, "a")
        receiver.wait(lambda got: len(got) == 1)
        until(lambda: info(self.client, "ci").delivered == 1)
        self.client.call("Webhooks.Update", W.UpdateWebhookRequest(id="ci", paused=True))
        until(lambda: "paused=1" in sender.read_log())
        for number in range(5):
            put_goal(self.client, "b%d" % number)
        # Another one shows that the changes have gone out by now.
        create(self.client, "other", receiver.url + "/other", from_revision=6)
        receiver.wait(lambda got: got[-1].path == "/hook/other")
        self.assertEqual(len(receiver.got), 2)
        self.client.call("Webhooks.Update", W.UpdateWebhookRequest(id="ci", paused=False))
        got = receiver.wait(lambda got: len(got) == 7)
        self.assertEqual([g.revision for g in got if g.path == "/hook"], [1, 2, 3, 4, 5, 6])

    def test_a_slow_one_delays_nobody(self):
        release = threading.Event()
        self.addCleanup(release.set)
        daemon = self.daemon()
        slow = self.receiver(lambda got: release.wait(60) and 200)
        fast = self.receiver()
        self.sender(daemon)
        create(self.client, "slow", slow.url)
        create(self.client, "fast", fast.url)
        for number in range(10):
            put_goal(self.client, "g%d" % number)
        fast.wait(lambda got: len(got) == 10)
        self.assertEqual(slow.revisions(), [1])
        release.set()
        slow.wait(lambda got: len(got) == 10)
        self.assertEqual(slow.revisions(), list(range(1, 11)))

    def test_more_webhooks_than_slots(self):
        daemon, receiver = self.daemon(), self.receiver()
        self.sender(daemon, args=["--allow-private", "--parallel", "2"])
        for number in range(8):
            create(self.client, "h%d" % number, receiver.url + "/%d" % number)
        for number in range(5):
            put_goal(self.client, "g%d" % number)
        got = receiver.wait(lambda got: len(got) == 40)
        for number in range(8):
            self.assertEqual([g.revision for g in got if g.path == "/hook/%d" % number], [1, 2, 3, 4, 5])

    def test_redirects_are_not_followed(self):
        elsewhere = self.receiver()
        daemon = self.daemon()
        receiver = self.receiver(lambda got: (307, {"location": elsewhere.url}))
        self.sender(daemon, attempts=2)
        create(self.client, "ci", receiver.url)
        put_goal(self.client, "a")
        until(lambda: info(self.client, "ci").dead_letters == 1)
        self.assertIn("redirects are not followed", dead(self.client, "ci").dead_letters[0].last_error)
        self.assertEqual((receiver.revisions(), elsewhere.revisions()), ([1, 1], []))

    def test_time_is_limited(self):
        """A receiver that takes the request and never answers."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            daemon = self.daemon()
            self.sender(daemon, attempts=2, args=["--allow-private", "--timeout-ms", "50"])
            create(self.client, "ci", "http://127.0.0.1:%d/" % silent.getsockname()[1])
            put_goal(self.client, "a")
            until(lambda: info(self.client, "ci").dead_letters == 1)
            self.assertIn("Timeout", dead(self.client, "ci").dead_letters[0].last_error)

    def test_an_endless_answer_is_not_read(self):
        """2xx counts; the flood behind it is hung up on."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            ended = threading.Event()

            def flood():
                connection, _ = server.accept()
                with connection:
                    connection.recv(65536)
                    try:
                        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                        for _ in range(100000):  # 6.4 GiB, were it read
                            connection.sendall(b"x" * 65536)
                    except OSError:
                        ended.set()
            threading.Thread(target=flood, daemon=True).start()
            daemon = self.daemon()
            self.sender(daemon, attempts=1)
            create(self.client, "ci", "http://127.0.0.1:%d/" % server.getsockname()[1])
            put_goal(self.client, "a")
            until(lambda: info(self.client, "ci").delivered == 1)
            self.assertEqual(info(self.client, "ci").dead_letters, 0)
            self.assertTrue(ended.wait(20))

    def test_url_changes_while_it_waits(self):
        daemon, good = self.daemon(), self.receiver()
        bad = self.receiver(lambda got: 500)
        # Waits of an hour: only the new address makes it go on.
        self.sender(daemon, args=["--allow-private", "--retry-max-ms", "3600000", "--retry-base-ms", "3600000"])
        create(self.client, "ci", bad.url)
        put_goal(self.client, "a")
        until(lambda: info(self.client, "ci").last_error == "HTTP status 500")
        self.client.call("Webhooks.Update", W.UpdateWebhookRequest(id="ci", url=good.url))
        good.wait(lambda got: len(got) == 1)
        self.assertEqual(bad.revisions(), [1])

    def test_removed_while_it_waits(self):
        daemon, bad = self.daemon(), self.receiver(lambda got: 500)
        self.sender(daemon, args=["--allow-private", "--retry-max-ms", "3600000", "--retry-base-ms", "3600000"])
        create(self.client, "ci", bad.url)
        put_goal(self.client, "a")
        bad.wait(lambda got: len(got) == 1)
        self.client.call("Webhooks.Remove", W.RemoveWebhookRequest(id="ci"))
        good = self.receiver()
        create(self.client, "ci", good.url)
        put_goal(self.client, "b")
        good.wait(lambda got: len(got) == 1)
        self.assertEqual(good.revisions(), [2])  # made anew, it has no past

    def test_rotation(self):
        daemon, receiver = self.daemon(), self.receiver()
        self.sender(daemon)
        first = create(self.client, "ci", receiver.url).secret
        put_goal(self.client, "a")
        receiver.wait(lambda got: len(got) == 1)

        def delivered(name, by, *not_by):
            """Something newly sent is signed so; what is on its way to the sender yet may be signed as before."""
            for n in range(50):
                count = len(receiver.got)
                put_goal(self.client, "%s%d" % (name, n))
                got = receiver.wait(lambda all_, count=count: len(all_) > count)[count]
                if all(got.is_signed(s) for s in by) and not any(got.is_signed(s) for s in not_by):
                    return
            self.fail("never signed as rotated: " + name)
        second = self.client.call("Webhooks.RotateSecret", W.RotateSecretRequest(id="ci", keep_previous=True)).secret
        self.assertTrue(info(self.client, "ci").keeps_previous)
        delivered("b", [first, second])
        dropped = self.client.call("Webhooks.RotateSecret", W.RotateSecretRequest(id="ci", drop_previous=True))
        self.assertEqual((dropped.secret, dropped.webhook.keeps_previous), ("", False))
        delivered("c", [second], first)
        third = self.client.call("Webhooks.RotateSecret", W.RotateSecretRequest(id="ci")).secret
        delivered("d", [third], second)

    def test_ping(self):
        daemon = self.daemon()
        status = [204]
        receiver = self.receiver(lambda got: status[0])
        sender = self.sender(daemon)
        secret = create(self.client, "ci", receiver.url).secret
        self.client.call("Webhooks.Update", W.UpdateWebhookRequest(id="ci", paused=True))  # paused or not
        reply = self.client.call("Webhooks.Test", W.TestWebhookRequest(id="ci"))
        self.assertEqual((reply.delivered, reply.status, reply.error), (True, 204, ""))
        got = receiver.got[0]
        self.assertEqual((got.event["type"], got.event["webhook"], "data" in got.event), ("webhook.test", "ci", False))
        self.assertTrue(got.is_signed(secret))
        status[0] = 500
        reply = self.client.call("Webhooks.Test", W.TestWebhookRequest(id="ci"))
        self.assertEqual((reply.delivered, reply.status, reply.error), (False, 500, "HTTP status 500"))
        self.assertEqual(len(receiver.got), 2)  # once each
        # The sender goes away while somebody waits.
        release = threading.Event()
        self.addCleanup(release.set)
        receiver.answers = lambda got: release.wait(60) and 200
        pending = self.client.start("Webhooks.Test", W.TestWebhookRequest(id="ci"))
        receiver.wait(lambda got: len(got) == 3)
        sender.kill()
        with self.assertRaises(RpcError) as caught:
            pending.result()
        self.assertEqual(caught.exception.code, UNAVAILABLE)

    def test_secrets_are_never_shown(self):
        daemon, receiver = self.daemon(memory=False), self.receiver()
        sender = self.sender(daemon)
        secret = create(self.client, "ci", receiver.url + "?token=hush").secret
        put_goal(self.client, "a")
        receiver.wait(lambda got: len(got) == 1)
        until(lambda: info(self.client, "ci").delivered == 1)
        raw = key_of(secret)
        for log in (daemon.read_log(), sender.read_log()):
            self.assertNotIn(secret[6:30], log)
            self.assertNotIn(raw.hex()[:20], log)
            self.assertNotIn("hush", log)  # addresses have secrets in them often enough
        self.assertEqual(sender.terminate(), 0)


class Failures(Case):
    def test_kills_of_either_side(self):
        """SIGKILL at random moments: every change arrives, the first time each in order."""
        rng = random.Random(11)
        daemon, receiver = self.daemon(memory=False), self.receiver()
        sender = self.sender(daemon)
        create(self.client, "ci", receiver.url)
        made = 0
        for step in range(6):
            for _ in range(rng.randint(3, 12)):
                made = put_goal(self.client, "g%d" % made)
            target = rng.randint(max(1, made - 6), made)
            receiver.wait(lambda got: any(g.revision >= target for g in got))
            if step % 2 == 0:
                sender.kill()
                made = put_goal(self.client, "g%d" % made)
                sender.start()
            else:
                daemon.kill()
                daemon.start()
                self.client = daemon.client(unix=True)
        made = put_goal(self.client, "g%d" % made)
        receiver.wait(lambda got: any(g.revision == made for g in got))
        seen = []
        for revision in receiver.revisions():
            if revision not in seen:
                seen.append(revision)
        self.assertEqual(seen, list(range(1, made + 1)))

    def test_ends_by_sigterm_and_knows_where_it_was(self):
        daemon, receiver = self.daemon(), self.receiver()
        sender = self.sender(daemon, args=["--allow-private", "--report-ms", "3600000"])
        create(self.client, "ci", receiver.url)
        for number in range(5):
            put_goal(self.client, "g%d" % number)
        receiver.wait(lambda got: len(got) == 5)
        until(lambda: "revision=5 attempt=1 status=204" in sender.read_log())
        self.assertEqual(sender.terminate(), 0)
        self.assertEqual(info(self.client, "ci").delivered, 5)  # told at the end, whatever the interval
        sender.start()
        put_goal(self.client, "more")
        receiver.wait(lambda got: len(got) == 6)
        self.assertEqual(receiver.revisions(), [1, 2, 3, 4, 5, 6])

    def test_reports_do_not_fill_the_log(self):
        """300 deliveries, an hour between reports: one report at the first, and no more."""
        daemon, receiver = self.daemon(), self.receiver()
        self.sender(daemon, args=["--allow-private", "--report-ms", "3600000"])
        create(self.client, "ci", receiver.url)
        for number in range(300):
            put_goal(self.client, "g%d" % number)
        receiver.wait(lambda got: len(got) == 300)
        self.assertLessEqual(info(self.client, "ci").delivered, 1)

    def test_starts_before_the_daemon(self):
        daemon = self.daemon(memory=False)
        daemon.terminate()
        receiver = self.receiver()
        sender = Sender(daemon, start=False)
        self.addCleanup(sender.close)
        starting = threading.Thread(target=sender.start)
        starting.start()
        until(lambda: os.path.exists(sender.log) and "event=daemon" in sender.read_log() or
              "daemon " in (sender.read_log() if os.path.exists(sender.log) else ""))
        daemon.start()
        starting.join(30)
        self.client = daemon.client(unix=True)
        create(self.client, "ci", receiver.url)
        put_goal(self.client, "a")
        receiver.wait(lambda got: len(got) == 1)


class Private(Case):
    def test_this_machine_is_refused_without_the_option(self):
        """Every way to write it; what is checked is the address that would be connected to."""
        daemon, receiver = self.daemon(), self.receiver(host="0.0.0.0")
        # In the environment, a proxy would be asked instead: it isn't.
        self.sender(daemon, args=[], attempts=1, env={"http_proxy": receiver.url, "https_proxy": receiver.url,
                                                      "ALL_PROXY": receiver.url})
        hosts = ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433", "0x7f000001", "0177.0.0.1", "127.1",
                 "[::ffff:127.0.0.1]", "[::]"]  # other networks: tests/unit/webhooks/test_network.c
        urls = ["%s://%s:%d/" % (scheme, host, receiver.port) for host in hosts for scheme in ("http", "https")]
        for number, url in enumerate(urls):
            create(self.client, "h%d" % number, url)
        put_goal(self.client, "a")
        for number, url in enumerate(urls):
            hook = until(lambda: info(self.client, "h%d" % number).dead_letters == 1 and info(self.client, "h%d" % number))
            self.assertIn("--allow-network", hook.last_error, url)
            # What is told of it names no address.
            self.assertNotIn("127.", hook.last_error)
        self.assertEqual(receiver.got, [])

    def test_one_network_may_be_allowed(self):
        daemon, receiver = self.daemon(), self.receiver(host="0.0.0.0")
        self.sender(daemon, args=["--allow-network", "127.0.0.2/32"], attempts=1)
        create(self.client, "no", receiver.url)
        create(self.client, "yes", "http://127.0.0.2:%d/" % receiver.port)
        put_goal(self.client, "a")
        receiver.wait(lambda got: len(got) == 1)
        until(lambda: info(self.client, "no").dead_letters == 1)
        self.assertEqual(receiver.got[0].headers["host"], "127.0.0.2:%d" % receiver.port)


class Tls(Case):
    def test_certificates_are_verified(self):
        folder = tempfile.mkdtemp(prefix="webhooks-tls-")
        self.addCleanup(shutil.rmtree, folder)
        made = Certificates(folder)
        made.make("receiver", "/CN=receiver")
        daemon, receiver = self.daemon(), self.receiver(certificate=made.path("receiver"))
        secret = create(self.client, "ci", receiver.url).secret
        sender = self.sender(daemon, attempts=1)
        put_goal(self.client, "a")
        until(lambda: info(self.client, "ci").dead_letters == 1)
        self.assertIn("certificate", info(self.client, "ci").last_error)
        self.assertEqual(receiver.got, [])
        # The authority is known.
        sender.terminate()
        sender.args += ["--ca-file", made.path("ca.pem")]
        sender.start()
        put_goal(self.client, "b")
        self.assertTrue(receiver.wait(lambda got: len(got) == 1)[0].is_signed(secret))
        # The certificate is for localhost and 127.0.0.1, not for another name of this machine.
        self.client.call("Webhooks.Update", W.UpdateWebhookRequest(id="ci", url=receiver.url.replace("localhost",
                                                                                                     "127.0.0.2")))
        put_goal(self.client, "c")
        until(lambda: info(self.client, "ci").dead_letters == 2)
        self.assertEqual(len(receiver.got), 1)


class Roles(Case):
    """Webhooks of a workspace need an administrator of it; the sender is one of all."""

    def setUp(self):
        self.running = self.daemon(anonymous="none")
        self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="other"))
        create(self.client, "ci", "https://a.example")

    def token(self, role, *workspaces):
        return self.client.call("Access.CreateToken", pb.access.CreateTokenRequest(
            role=role, subject="service/x", workspaces=workspaces)).secret

    def outcome(self, token, method, request):
        """The code; 0: it was done."""
        client = self.running.client(token=token)
        try:
            if method == "Watch":
                with client.stream("Webhooks.Watch", request) as stream:
                    stream.next()
            else:
                client.call("Webhooks." + method, request)
        except RpcError as error:
            return error.code
        return 0

    def test_who_may_what(self):
        people = {"none": None, "reader": self.token(pb.item.READER), "contributor": self.token(pb.item.CONTRIBUTOR),
                  "planner": self.token(pb.item.PLANNER), "elsewhere": self.token(pb.item.ADMIN, "other"),
                  "here": self.token(pb.item.ADMIN, "main"), "all": self.token(pb.item.ADMIN)}
        order = ["none", "reader", "contributor", "planner", "elsewhere", "here", "all"]
        no, out = DENIED, UNAUTHENTICATED
        # Who may not enter the workspace is answered as if it did not exist. RetryDeadLetters of nothing is done; Test
        # finds no sender.
        here = [out, no, no, no, NOT_FOUND, 0, 0]
        expected = [
            ("List", W.ListWebhooksRequest(), here),
            ("ListDeadLetters", W.ListDeadLettersRequest(id="ci"), here),
            ("RetryDeadLetters", W.RetryDeadLettersRequest(id="ci"), here),
            ("Update", W.UpdateWebhookRequest(id="ci", paused=True), here),
            ("RotateSecret", W.RotateSecretRequest(id="ci"), here),
            ("Test", W.TestWebhookRequest(id="ci"), [out, no, no, no, NOT_FOUND, UNAVAILABLE, UNAVAILABLE]),
            ("Watch", W.WatchWebhooksRequest(), [out, no, no, no, no, no, 0]),
            ("Report", W.ReportDeliveryRequest(key="2.ci"), [out, no, no, no, no, no, 0]),
            ("Create", W.CreateWebhookRequest(id="new", url="https://b.example"),
             [out, no, no, no, NOT_FOUND, 0, EXISTS]),
            ("Remove", W.RemoveWebhookRequest(id="new"), [out, no, no, no, NOT_FOUND, 0, NOT_FOUND]),
        ]
        for method, request, codes in expected:
            for who, code in zip(order, codes):
                with self.subTest(method=method, who=who):
                    self.assertEqual(self.outcome(people[who], method, request), code)

    def test_the_sender_shows_its_token(self):
        receiver = self.receiver()
        folder = tempfile.mkdtemp(prefix="webhooks-token-")
        self.addCleanup(shutil.rmtree, folder)
        path = os.path.join(folder, "token")
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write(self.token(pb.item.ADMIN) + "\n")
        sender = self.sender(self.running, server=self.running.tcp, args=["--allow-private", "--token-file", path])
        create(self.client, "mine", receiver.url)
        put_goal(self.client, "a")
        receiver.wait(lambda got: len(got) == 1)
        self.assertNotIn("plumb_", sender.read_log())
        self.assertNotIn("plumb_", " ".join(open("/proc/%d/cmdline" % sender.process.pid).read().split("\0")))


class Commands(Case):
    def plumb(self, *args, expect=0):
        done = subprocess.run([binary("plumb"), *args], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, HOME="/nonexistent", XDG_CONFIG_HOME="/nonexistent",
                                       PLUMB_SERVER=self.running.unix, PLUMB_COMPLETE_MS="20000"))
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_all_of_them(self):
        self.running = self.daemon()
        status = [500]
        receiver = self.receiver(lambda got: status[0])
        put_goal(self.client, "a")
        self.assertIn("no sender", self.plumb("webhook", "create", "x", "https://x.example") and
                      self.plumb("webhook", "test", "x", expect=3))
        self.sender(self.running, attempts=1)
        said = self.plumb("webhook", "create", "ci", receiver.url, "--filter", "kind:goal", "--from", "1")
        secret = re.search(r"whsec_\S+", said).group(0)
        self.assertEqual(len(key_of(secret)), 32)
        until(lambda: info(self.client, "ci").dead_letters == 1)
        self.assertIn("HTTP status 500", self.plumb("webhook", "list"))
        self.assertEqual(self.plumb("webhook", "list", "-o", "name"), "ci\nx\n")
        listed = json.loads(self.plumb("webhook", "list", "-o", "json"))["webhooks"]
        self.assertEqual([(h["id"], h.get("dead_letters")) for h in listed], [("ci", 1), ("x", None)])
        dead_csv = self.plumb("webhook", "dead", "ci", "-o", "csv").splitlines()
        self.assertTrue(dead_csv[1].startswith("1,"), dead_csv)
        self.assertIn("did not take it: HTTP status 500", self.plumb("webhook", "test", "ci", expect=1))
        status[0] = 200
        self.assertIn("took it", self.plumb("webhook", "test", "ci"))
        self.assertIn("1 dead letter of ci to be sent once more", self.plumb("webhook", "retry", "ci"))
        until(lambda: info(self.client, "ci").dead_letters == 0)
        self.assertIn("Paused ci", self.plumb("webhook", "pause", "ci"))
        self.assertIn("paused", self.plumb("webhook", "list"))
        self.assertIn("Resumed ci", self.plumb("webhook", "resume", "ci"))
        self.assertIn("whsec_", self.plumb("webhook", "rotate", "ci", "--keep-previous"))
        self.assertNotIn("whsec_", self.plumb("webhook", "rotate", "ci", "--drop-previous"))
        self.plumb("webhook", "rotate", "ci", "--drop-previous", "--keep-previous", expect=2)
        self.assertIn("secret: whsec_", self.plumb("webhook", "rotate", "ci", "-o", "yaml"))
        self.assertIn("Changed ci", self.plumb("webhook", "update", "ci", "--filter", ""))
        self.plumb("webhook", "update", "ci", expect=2)
        self.plumb("webhook", "create", "ci", "https://x.example", "--from", "x", expect=2)
        self.plumb("webhook", "retry", "ci", "x", expect=2)
        self.assertIn("user or password", self.plumb("webhook", "create", "y", "https://u:p@x.example", expect=3))
        self.assertNotIn("whsec_", self.plumb("webhook", "list", "-o", "yaml"))
        words = self.plumb("__complete", "webhook", "pause", "")
        self.assertIn("ci\t", words)
        self.assertIn("Removed the webhook ci", self.plumb("webhook", "remove", "ci", "x"))
        self.assertIn("plumb webhook list", self.plumb("webhook", "pause", "ci", expect=3))


class Options(unittest.TestCase):
    def run_sender(self, *args):
        return subprocess.run([binary("plumb-webhooks"), *args], capture_output=True, text=True, timeout=30)

    def refused(self, why, *args):
        done = self.run_sender(*args)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn(why, done.stderr)

    def test_help_and_version(self):
        self.assertIn("--allow-network CIDR", self.run_sender("--help").stdout)
        self.assertRegex(self.run_sender("--version").stdout, r"^plumb-webhooks \d")

    def test_what_is_refused(self):
        self.refused("see --help", "--nonsense")
        self.refused("is no option", "word")
        self.refused("no network", "--allow-network", "10.0.0.0/33")
        self.refused("no number from 1 to 1000", "--parallel", "0")
        self.refused("no number from 1 to 1000", "--parallel", "1001")
        self.refused("less than", "--retry-base-ms", "100", "--retry-max-ms", "99")
        self.refused("no address", "--server", "http://x")
        self.refused("token_file", "--token-file", "/nonexistent/token")

    def test_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path, token = os.path.join(folder, "conf"), os.path.join(folder, "token")

            def write(name, text, mode=0o600):
                with open(name, "w") as file:
                    file.write(text)
                os.chmod(name, mode)
            write(path, "[plumb-webhooks]\nparallel = 7\nnonsense = 1\n")
            self.refused("conf:3: setting 'nonsense' is not known", "--config", path)
            write(path, "[other]\nparallel = 7\n")
            self.refused("section [other]", "--config", path)
            write(path, "[plumb-webhooks]\nallow_private = maybe\n")
            self.refused("neither yes nor no", "--config", path)
            write(path, "[plumb-webhooks]\ntoken_file = %s\n" % token)
            write(token, "plumb_1_x\n", 0o644)
            self.refused("chmod 600", "--config", path)
            write(token, "")
            self.refused("empty", "--config", path)
            write(token, "hush\n")
            self.refused("holds no token", "--config", path)

    def test_the_shipped_file_names_every_setting_with_its_default(self):
        with open(os.path.join(ROOT, "deploy/plumb-webhooks.conf")) as file:
            shipped = dict(re.findall(r"^#?(\w+) = (.*)$", file.read(), re.M))
        told = re.findall(r"^  --(\S+) ?\S*\n.*\n(?:        default: (.*)\n)?", self.run_sender("--help").stdout, re.M)
        told = {name.replace("-", "_"): default for name, default in told}
        skipped = {"config", "version", "help", "seed", "ready_fd"}
        self.assertEqual(set(shipped), set(told) - skipped)
        for name in ("server", "parallel", "timeout_ms", "retry_base_ms", "retry_max_ms", "attempts", "report_ms",
                     "log_level", "allow_private"):
            self.assertEqual(shipped[name], told[name], name)
        with open(os.path.join(ROOT, "docs/man/plumb-webhooks.8")) as file:
            page = file.read().replace("\\-", "-")
        for name in set(told) - skipped:
            self.assertIn("--" + name.replace("_", "-"), page)


class Documented(Case):
    """The receivers in docs/WEBHOOKS.md take what is signed, and refuse what is not."""

    def program(self, language):
        with open(os.path.join(ROOT, "docs/WEBHOOKS.md")) as file:
            return re.search("```%s\n(.*?)```" % language, file.read(), re.S).group(1)

    def check(self, language, command, suffix):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "receiver" + suffix)
            with open(path, "w") as file:
                file.write(self.program(language))
            daemon = self.daemon()
            self.sender(daemon)
            secret = create(self.client, "ci", "http://127.0.0.1:%d/" % port).secret
            receiver = subprocess.Popen([command, path, str(port)], stdout=subprocess.PIPE, text=True,
                                        env=dict(os.environ, WEBHOOK_SECRET=secret))
            try:
                put_goal(self.client, "a")
                self.assertEqual(receiver.stdout.readline(), "msg_2_ci_1\n")
                self.client.call("Webhooks.RotateSecret", W.RotateSecretRequest(id="ci"))
                # What is on its way to the sender yet may still be signed as before.
                for n in range(2, 50):
                    put_goal(self.client, "b%d" % n)
                    line = receiver.stdout.readline()
                    if line == "refused\n":
                        break
                    self.assertEqual(line, "msg_2_ci_%d\n" % n)
                self.assertEqual(line, "refused\n")
            finally:
                receiver.kill()
                receiver.wait()
                receiver.stdout.close()

    def test_python(self):
        self.check("python", "/usr/bin/python3", ".py")

    @unittest.skipUnless(shutil.which("node"), "no node")
    def test_node(self):
        self.check("javascript", "node", ".js")


if __name__ == "__main__":
    unittest.main()
