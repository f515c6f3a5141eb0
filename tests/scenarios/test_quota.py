"""What one caller, and one workspace, may have of the daemon: at the limit, one more, and what others notice of it.

Whoever uses up an allowance does so over the native protocol, from "tcp:127.0.0.1"; who is refused then asks over each protocol.
The unix socket's peer is another caller.
"""
import json
import time
import unittest
import urllib.error
import urllib.request

import grpcclient
import plumbrpc
from plumbrpc import LIMIT, Client, Daemon, RpcError, pb

PING = pb.admin.PingRequest()


def wait(check):
    """True as soon as check() says so."""
    for _ in range(400):
        if check():
            return True
        time.sleep(0.025)
    return False


class Base:
    def start(self, *args):
        self.daemon = Daemon(memory=True, args=args)
        self.addCleanup(self.daemon.close)
        self.hog = self.connect_native(self.daemon.tcp)
        self.probe = self.connect(self.daemon.tcp)
        self.other = self.connect(self.daemon.unix)

    def connect_native(self, address, **options):
        client = Client(address, **options)
        self.addCleanup(client.close)
        return client

    def delay(self, error):
        """How long a refusal says to wait, in seconds."""
        self.assertEqual(error.code, LIMIT, error)
        retry = error.detail(pb.details.RetryInfo)
        self.assertIsNotNone(retry, error)
        delay = retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9
        self.assertGreaterEqual(delay, 0.01)
        self.assertLessEqual(delay, 10)
        return delay

    def refused(self, client, method="Admin.Ping", request=PING):
        """The error, and how long to wait."""
        with self.assertRaises(RpcError) as caught:
            client.call(method, request)
        return caught.exception, self.delay(caught.exception)

    def works(self, client, method="Admin.Ping", request=PING):
        try:
            client.call(method, request)
        except RpcError as error:
            self.delay(error)
            return False
        return True

    def watch(self, client, workspace=""):
        stream = client.stream("Plan.Watch", pb.plan.WatchRequest(workspace=workspace, heartbeat_ms=100))
        stream.next()
        return stream

    def plan(self, workspace=""):
        """Too much for a worker to hand over while nobody reads: over 1 MiB that waits, and what the sockets take."""
        item = pb.item.Item(title="Long", goal=pb.item.Goal())
        for i in range(4):
            changes = []
            for k in range(40):
                item.id, item.description = "g%d-%d" % (i, k), "x" * 60000
                changes.append(pb.plan.Change(put=pb.plan.Put(item=item)))
            self.hog.call("Plan.Apply", pb.plan.ApplyRequest(workspace=workspace, change_set=pb.plan.ChangeSet(changes=changes)))

    def occupy(self, client, count, workspace=""):
        """As many exports that wait for their reader."""
        for _ in range(count):
            client.stream("Plan.Export", pb.plan.ExportRequest(at=pb.plan.At(workspace=workspace)), auto_credit=False).next()

    def test_calls_of_a_caller(self):
        self.start("--calls-per-caller", "3")
        streams = [self.watch(self.hog), self.watch(self.hog)]
        self.assertTrue(self.works(self.probe))  # the third
        streams.append(self.watch(self.hog))
        error, _ = self.refused(self.probe)
        self.assertIn("you have 3 calls running", error.message)
        self.assertTrue(self.works(self.other))
        streams[0].cancel()
        self.assertTrue(wait(lambda: self.works(self.probe)))

    def test_analyses_of_a_caller(self):
        self.start("--analyses-per-caller", "2")
        self.plan()
        slow = self.connect_native(self.daemon.tcp, window=1)
        self.occupy(slow, 1)
        self.probe.call("Plan.List", pb.plan.ListRequest(count_only=True))
        self.occupy(slow, 1)
        error, _ = self.refused(self.probe, "Plan.List", pb.plan.ListRequest(count_only=True))
        self.assertIn("2 of your questions", error.message)
        # What needs no worker goes on, and so does another caller.
        self.assertTrue(self.works(self.probe))
        self.other.call("Plan.List", pb.plan.ListRequest(count_only=True))
        slow.close()
        self.assertTrue(wait(lambda: self.works(self.probe, "Plan.List", pb.plan.ListRequest(count_only=True))))

    def test_bytes_of_a_caller(self):
        """A PingRequest of n bytes has a payload of n - 4: one byte for the field, three for the length."""
        self.start("--mebibytes-per-caller", "1")
        self.probe.call("Admin.Ping", pb.admin.PingRequest(payload=bytes((1 << 20) - 4)))
        error, _ = self.refused(self.probe, "Admin.Ping", pb.admin.PingRequest(payload=bytes((1 << 20) - 3)))
        self.assertIn("more than 1 MiB", error.message)
        self.assertTrue(self.works(self.probe))

    def burst(self, count):
        """So many calls at once, while another caller calls too: how many were taken, and the longest delay told."""
        self.other.call("Admin.Ping", PING)
        calls = [self.probe.start("Admin.Ping", PING) for _ in range(count)]
        taken, delay = 0, 0
        for call in calls:
            try:
                call.result()
                taken += 1
            except RpcError as error:
                delay = max(delay, self.delay(error))
        return taken, delay

    def test_rate_of_a_caller(self):
        """A second's worth may be used at once. A stall of this machine lets more through: then once more."""
        self.start("--rate-per-caller", "3")
        outcomes = []
        for _ in range(10):
            self.burst(3)
            time.sleep(1.2)  # so that a second's worth is there again
            taken, delay = self.burst(4)
            outcomes.append(taken)
            if taken == 3:
                break
            time.sleep(1.2)
        self.assertEqual(outcomes[-1], 3, outcomes)
        self.assertGreater(delay, 0)
        # Coming again when told is enough.
        time.sleep(delay)
        self.other.call("Admin.Ping", PING)
        self.probe.call("Admin.Ping", PING)

    def test_alone(self):
        """Nobody is slowed for nobody's sake."""
        self.start("--rate-per-caller", "3")
        for _ in range(50):
            self.probe.call("Admin.Ping", PING)

    def test_calls_of_a_workspace(self):
        self.start("--calls-per-workspace", "2")
        self.hog.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="acme"))
        get = pb.plan.ListRequest(count_only=True)
        first = self.watch(self.hog)
        self.probe.call("Plan.List", get)
        self.watch(self.hog)
        error, _ = self.refused(self.other, "Plan.List", get)
        self.assertIn("workspace main has 2 calls running", error.message)
        get.at.workspace = "acme"
        self.probe.call("Plan.List", get)
        get.at.workspace = "main"
        first.cancel()
        self.assertTrue(wait(lambda: self.works(self.other, "Plan.List", get)))

    def test_analyses_of_a_workspace(self):
        self.start("--analyses-per-workspace", "2")
        self.plan()
        self.hog.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="acme"))
        slow = self.connect_native(self.daemon.tcp, window=1)
        count = pb.plan.ListRequest(count_only=True)
        self.occupy(slow, 1)
        self.other.call("Plan.List", count)
        self.occupy(slow, 1)
        error, _ = self.refused(self.other, "Plan.List", count)
        self.assertIn("2 questions about workspace main", error.message)
        count.at.workspace = "acme"
        self.other.call("Plan.List", count)

    def test_rate_of_a_workspace(self):
        self.start("--rate-per-workspace", "1")
        self.hog.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id="acme"))
        count = pb.plan.ListRequest(count_only=True)
        seen = False
        for _ in range(20):
            if not self.works(self.probe, "Plan.List", count):
                seen = True
                break
        self.assertTrue(seen)
        count.at.workspace = "acme"
        self.probe.call("Plan.List", count)
        count.at.workspace = "main"
        self.assertTrue(wait(lambda: self.works(self.other, "Plan.List", count)))


class Native(Base, unittest.TestCase):
    def connect(self, address):
        return self.connect_native(address)


class Grpc(Base, unittest.TestCase):
    def connect(self, address):
        client = grpcclient.Client(plumbrpc, address)
        self.addCleanup(client.close)
        return client

    def test_http(self):
        """The same refusal to a caller with JSON."""
        self.daemon = Daemon(memory=True, args=["--calls-per-caller", "1", "--http", "tcp:127.0.0.1:0"])
        self.addCleanup(self.daemon.close)
        hog = self.connect_native(self.daemon.tcp)
        self.watch(hog)
        request = urllib.request.Request("http://%s/plumb.v1.Admin/Ping" % self.daemon.http, b"{}",
                                         {"Content-Type": "application/json"})
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=10)
        with caught.exception as answer:
            self.assertEqual(answer.code, 429)
            body = json.load(answer)
        self.assertEqual(body["code"], "resource_exhausted")
        self.assertIn("google.rpc.RetryInfo", [detail["type"] for detail in body["details"]])


if __name__ == "__main__":
    unittest.main()
