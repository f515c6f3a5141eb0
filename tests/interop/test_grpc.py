"""gRPC with a stock client (grpcio), which knows nothing of ours but the .proto files: against the daemon, in clear and over TLS."""
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import grpc

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import h2raw as h2  # noqa: E402
import plumbrpc as p  # noqa: E402
from certificates import Certificates  # noqa: E402
from plumbrpc import Daemon, pb  # noqa: E402

ECHO = "/plumb.v1.Admin/Ping"


def host(daemon):
    return daemon.tcp[len("tcp:"):]


class Stub:
    """Methods by name: stub.unary("Plan/Get", request)."""

    def __init__(self, channel):
        self.channel = channel

    def unary(self, path, request, reply, **options):
        method = self.channel.unary_unary("/plumb.v1." + path, type(request).SerializeToString, reply.FromString)
        return method(request, **dict({"timeout": 20}, **options))

    def stream(self, path, request, reply, **options):
        method = self.channel.unary_stream("/plumb.v1." + path, type(request).SerializeToString, reply.FromString)
        return method(request, **options)


def goals(*names):
    change_set = pb.plan.ChangeSet(reason="test")
    for name in names:
        item = change_set.changes.add().put.item
        item.id, item.title = name, "Goal \u00fc " + name
        item.goal.SetInParent()
    return pb.plan.ApplyRequest(change_set=change_set)


class Calls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, args=["--log-level", "warn"])
        cls.addClassCleanup(cls.daemon.close)
        cls.channel = grpc.insecure_channel(host(cls.daemon))
        cls.addClassCleanup(cls.channel.close)
        cls.stub = Stub(cls.channel)
        cls.stub.unary("Plan/Apply", goals("grow"), pb.plan.ApplyReply)

    def refused(self, call, *args, **options):
        with self.assertRaises(grpc.RpcError) as caught:
            list(call(*args, **options))
        return caught.exception

    def test_a_reply(self):
        reply = self.stub.unary("Plan/Get", pb.plan.GetRequest(ref="goal/grow"), pb.plan.GetReply)
        self.assertEqual(reply.entry.item.title, "Goal \u00fc grow")

    def test_refusals_have_code_text_and_details(self):
        error = self.refused(self.stub.unary, "Plan/Get", pb.plan.GetRequest(ref="goal/nothing"), pb.plan.GetReply)
        self.assertEqual(error.code(), grpc.StatusCode.NOT_FOUND)
        self.assertIn("goal/nothing", error.details())
        request = pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet())
        item = request.change_set.changes.add().put.item
        item.id, item.title = "Wrong Id", "x"
        item.goal.SetInParent()
        error = self.refused(self.stub.unary, "Plan/Apply", request, pb.plan.ApplyReply)
        self.assertEqual(error.code(), grpc.StatusCode.INVALID_ARGUMENT)
        raw = dict((key, value) for key, value in error.trailing_metadata())["grpc-status-details-bin"]
        status = pb.status.Status.FromString(raw)
        self.assertEqual(status.code, 3)
        self.assertEqual(status.message, error.details())
        self.assertEqual(status.details[0].type_url, "type.googleapis.com/google.rpc.BadRequest")
        bad = pb.details.BadRequest.FromString(status.details[0].value)
        self.assertEqual(bad.field_violations[0].field, "change_set.changes[0].put.item.id")

    def test_details_that_would_be_too_long_for_a_client(self):
        """C core takes 8 KiB of trailers: of a hundred faults the first are told, whole, and the message always."""
        request = pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet())
        for i in range(100):
            item = request.change_set.changes.add().put.item
            item.id, item.title = "Wrong Id %d" % i, "x"
            item.goal.SetInParent()
        error = self.refused(self.stub.unary, "Plan/Apply", request, pb.plan.ApplyReply)
        self.assertEqual(error.code(), grpc.StatusCode.INVALID_ARGUMENT)
        raw = dict((key, value) for key, value in error.trailing_metadata())["grpc-status-details-bin"]
        self.assertLessEqual(len(raw), 4096 + 300)
        status = pb.status.Status.FromString(raw)
        self.assertEqual(status.message, error.details())
        fields = [v.field for v in pb.details.BadRequest.FromString(status.details[0].value).field_violations]
        self.assertGreater(len(fields), 15)
        self.assertEqual(fields, ["change_set.changes[%d].put.item.id" % i for i in range(len(fields))])

    def test_unknown_methods(self):
        for path in ("Plan/Nothing", "Nothing/Get"):
            error = self.refused(self.stub.unary, path, pb.plan.GetRequest(), pb.plan.GetReply)
            self.assertEqual(error.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_who_calls(self):
        reply = self.stub.unary("Admin/Info", pb.admin.InfoRequest(), pb.admin.InfoReply, metadata=[("plumb-as", "anna")])
        self.assertEqual(reply.caller, "unverified:person/anna")
        error = self.refused(self.stub.unary, "Admin/Info", pb.admin.InfoRequest(), pb.admin.InfoReply,
                             metadata=[("plumb-as", "no id!")])
        self.assertEqual(error.code(), grpc.StatusCode.INVALID_ARGUMENT)

    def test_messages_of_all_sizes(self):
        # 4 MiB is the limit of a message; a payload needs a few bytes more than itself.
        for size in (0, 1, 16383, 16384, 65536, 1000000, (4 << 20) - 200):
            for compression in (grpc.Compression.NoCompression, grpc.Compression.Gzip):
                payload = os.urandom(size // 2) + b"\0" * (size - size // 2)
                reply = self.stub.unary("Admin/Ping", pb.admin.PingRequest(payload=payload), pb.admin.PingReply,
                                        compression=compression)
                self.assertEqual(reply.payload, payload)
        error = self.refused(self.stub.unary, "Admin/Ping", pb.admin.PingRequest(payload=b"\0" * (4 << 20)), pb.admin.PingReply)
        self.assertEqual(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)

    def test_a_stream_goes_on_and_is_given_up(self):
        call = self.stub.stream("Plan/Watch", pb.plan.WatchRequest(from_revision=1, heartbeat_ms=100), pb.plan.WatchReply)
        first = next(reply for reply in call if not reply.heartbeat)  # a slow machine may send some before
        self.assertEqual(first.revision, 1)
        self.assertTrue(any(reply.heartbeat for reply in call))
        call.cancel()
        self.assertEqual(call.code(), grpc.StatusCode.CANCELLED)

    def test_a_deadline(self):
        started = time.monotonic()
        error = self.refused(self.stub.stream, "Plan/Watch", pb.plan.WatchRequest(heartbeat_ms=60000), pb.plan.WatchReply,
                             timeout=0.3)
        self.assertEqual(error.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.assertLess(time.monotonic() - started, 15)

    def test_a_lost_connection_ends_its_calls(self):
        channel = grpc.insecure_channel(host(self.daemon), options=[("grpc.use_local_subchannel_pool", 1)])
        call = Stub(channel).stream("Plan/Watch", pb.plan.WatchRequest(heartbeat_ms=100), pb.plan.WatchReply)
        next(call)
        before = self.stub.unary("Admin/Info", pb.admin.InfoRequest(), pb.admin.InfoReply).connections
        channel.close()
        deadline = time.monotonic() + 20
        while self.stub.unary("Admin/Info", pb.admin.InfoRequest(), pb.admin.InfoReply).connections >= before:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def test_a_slow_reader_holds_up_nobody(self):
        """A stream that nobody reads stalls at its window; others on the connection go on."""
        many = [goals(*("goal-%d-%d" % (i, k) for k in range(500))) for i in range(20)]
        for request in many:
            self.stub.unary("Plan/Apply", request, pb.plan.ApplyReply)
        slow = self.stub.stream("Plan/Export", pb.plan.ExportRequest(), pb.plan.ExportReply)
        next(slow)
        for _ in range(100):
            self.stub.unary("Admin/Ping", pb.admin.PingRequest(payload=b"x"), pb.admin.PingReply, timeout=10)
        total = 1 + sum(1 for _ in slow)
        self.assertGreater(total, 50)

    def test_many_threads(self):
        wrong = []

        def work(number):
            for i in range(100):
                payload = b"%d-%d" % (number, i)
                reply = self.stub.unary("Admin/Ping", pb.admin.PingRequest(payload=payload), pb.admin.PingReply)
                if reply.payload != payload:
                    wrong.append((payload, reply.payload))

        threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_both_protocols_see_one_plan(self):
        native = self.daemon.client(as_name="anna")
        reply = native.call("Plan.Get", pb.plan.GetRequest(ref="goal/grow"))
        other = self.stub.unary("Plan/Get", pb.plan.GetRequest(ref="goal/grow"), pb.plan.GetReply)
        self.assertEqual(reply.entry, other.entry)


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.certificates = Certificates(cls.folder.name)
        cls.certificates.make("server", "/CN=localhost")
        cls.certificates.make("billing", "/CN=billing.example.org")
        cls.certificates.make("stranger", "/CN=stranger")
        config = os.path.join(cls.folder.name, "conf")
        with open(config, "w") as file:
            file.write("[certificates]\nbilling.example.org = service/billing\n")
        cls.daemon = Daemon(memory=True, args=[
            "--config", config, "--tls-certificate", cls.certificates.path("server.pem"), "--tls-key",
            cls.certificates.path("server.key"), "--tls-client-ca", cls.certificates.path("ca.pem")])
        cls.addClassCleanup(cls.daemon.close)

    def stub(self, name=None, ca="ca.pem"):
        pair = (self.certificates.read(name + ".key"), self.certificates.read(name + ".pem")) if name else ()
        channel = grpc.secure_channel("localhost:" + host(self.daemon).rsplit(":", 1)[1],
                                      grpc.ssl_channel_credentials(self.certificates.read(ca), *pair),
                                      options=[("grpc.use_local_subchannel_pool", 1)])
        self.addCleanup(channel.close)
        return Stub(channel)

    def caller(self, stub):
        return stub.unary("Admin/Info", pb.admin.InfoRequest(), pb.admin.InfoReply).caller

    def s_client(self, *args):
        return subprocess.run(["openssl", "s_client", "-connect", host(self.daemon), *args], input="", text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20, check=False).stdout

    def test_a_certificate_names_its_caller(self):
        self.assertEqual(self.caller(self.stub()), "unverified")
        self.assertEqual(self.caller(self.stub("billing")), "service/billing")
        # Signed by the authority, but nobody that the configuration knows.
        self.assertEqual(self.caller(self.stub("stranger")), "unverified")

    def test_a_certificate_cannot_act_for_another(self):
        with self.assertRaises(grpc.RpcError) as caught:
            self.stub("billing").unary("Admin/Info", pb.admin.InfoRequest(), pb.admin.InfoReply, metadata=[("plumb-as", "anna")])
        self.assertEqual(caught.exception.code(), grpc.StatusCode.PERMISSION_DENIED)

    def test_messages_of_all_sizes(self):
        stub = self.stub()
        for size in (0, 1, 16383, 16384, 16385, 100000, (4 << 20) - 200):
            payload = os.urandom(size)
            self.assertEqual(stub.unary("Admin/Ping", pb.admin.PingRequest(payload=payload), pb.admin.PingReply).payload, payload)

    def test_versions_and_protocols(self):
        self.assertIn("ALPN protocol: h2", self.s_client("-alpn", "h2,plumb/1"))
        self.assertIn("ALPN protocol: plumb/1", self.s_client("-alpn", "plumb/1"))
        self.assertIn("no application protocol", self.s_client("-alpn", "smtp"))
        self.assertIn("alert protocol version", self.s_client("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"))
        self.assertIn("Verify return code: 0 (ok)", self.s_client("-tls1_2", "-CAfile", self.certificates.path("ca.pem")))

    def test_without_alpn_the_first_bytes_decide(self):
        context = ssl.create_default_context(cafile=self.certificates.path("ca.pem"))
        context.check_hostname = False
        for begin in ("http2", "frames", "neither"):
            sock = context.wrap_socket(h2.connect(self.daemon.tcp))
            self.addCleanup(sock.close)
            if begin == "http2":
                conn = h2.Connection(sock)
                conn.call(1, ECHO, h2.message(pb.admin.PingRequest(payload=b"x").SerializeToString()))
                self.assertEqual(conn.status(1), 0)
            elif begin == "frames":
                sock.sendall(p.frame(1, p.REQUEST, p.REMOTE_CLOSED, p.request_body("Admin.Ping", b"")))
                self.assertEqual(sock.recv(10)[8], p.RESPONSE)
            else:
                sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
                try:
                    self.assertEqual(sock.recv(10), b"HTTP/1.1 4")  # where HTTP is spoken
                except OSError:
                    pass  # closed without a goodbye

    def test_in_clear_beside_it(self):
        channel = grpc.insecure_channel(host(self.daemon), options=[("grpc.use_local_subchannel_pool", 1)])
        self.addCleanup(channel.close)
        self.assertEqual(self.caller(Stub(channel)), "unverified")

    def serial(self):
        return self.s_client("-showcerts").split("-----BEGIN CERTIFICATE-----")[1]

    def test_a_handshake_that_never_ends_is_given_up(self):
        """Ten seconds are for the first bytes and the handshake together, whatever comes meanwhile."""
        with socket.create_connection(("127.0.0.1", int(host(self.daemon).rsplit(":", 1)[1])), timeout=30) as sock:
            began = time.monotonic()
            sock.sendall(b"\x16\x03\x01\x01\x00\x01\x00\x00\xfc\x03\x03")  # a ClientHello of 256 bytes begins
            closed = threading.Event()

            def trickle():
                while not closed.wait(0.5):
                    try:
                        sock.sendall(b"\0")
                    except OSError:
                        return
            thread = threading.Thread(target=trickle)
            thread.start()
            try:
                rest = sock.recv(1)
            except ConnectionResetError:
                rest = b""
            took = time.monotonic() - began
            closed.set()
            thread.join()
        self.assertEqual(rest, b"")
        self.assertGreater(took, 9)
        self.assertLess(took, 20)

    def test_certificates_are_read_again(self):
        stub = self.stub()
        self.caller(stub)
        before = self.serial()
        self.certificates.make("server", "/CN=localhost")
        self.daemon.process.send_signal(1)
        deadline = time.monotonic() + 20
        while self.serial() == before:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        self.assertEqual(self.caller(stub), "unverified")  # the connection that was there goes on
        # Files that are no good change nothing.
        after = self.serial()
        with open(self.certificates.path("server.pem"), "w") as file:
            file.write("no certificate\n")
        self.daemon.process.send_signal(1)
        while "event=reload why=" not in self.daemon.read_log():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        self.assertEqual(self.serial(), after)

    def refused(self, *args):
        daemon = Daemon(memory=True, args=list(args), start=False)
        self.addCleanup(daemon.close)
        with self.assertRaises(RuntimeError) as caught:
            daemon.start()
        return str(caught.exception)

    def test_files_that_are_no_good(self):
        path = self.certificates.path
        self.certificates.make("other", "/CN=other")
        self.certificates.make("old", "/CN=old", days="-1")
        for certificate, key, why in (("nothing.pem", "other.key", "cannot use the certificate"),
                                      ("other.pem", "nothing.key", "cannot use the key"),
                                      ("other.pem", "billing.key", "is not that of the certificate"),
                                      ("conf", "other.key", "cannot use the certificate"),
                                      ("old.pem", "old.key", "has expired")):
            text = self.refused("--tls-certificate", path(certificate), "--tls-key", path(key))
            self.assertTrue(why in text or "key values mismatch" in text, text)
        self.assertIn("belong together", self.refused("--tls-certificate", path("other.pem")))
        self.assertIn("--tls-client-ca", self.refused("--tls-certificate", path("other.pem"), "--tls-key", path("other.key"),
                                                      "--tls-require-client"))

    def test_a_certificate_is_required(self):
        path = self.certificates.path
        self.certificates.make("strict", "/CN=localhost")
        daemon = Daemon(memory=True, args=["--tls-certificate", path("strict.pem"), "--tls-key", path("strict.key"),
                                           "--tls-client-ca", path("ca.pem"), "--tls-require-client"])
        self.addCleanup(daemon.close)
        port = host(daemon).rsplit(":", 1)[1]
        for name, fine in (("billing", True), (None, False)):
            pair = (self.certificates.read(name + ".key"), self.certificates.read(name + ".pem")) if name else ()
            channel = grpc.secure_channel("localhost:" + port, grpc.ssl_channel_credentials(self.certificates.read("ca.pem"), *pair),
                                          options=[("grpc.use_local_subchannel_pool", 1)])
            self.addCleanup(channel.close)
            try:
                self.caller(Stub(channel))
                self.assertTrue(fine)
            except grpc.RpcError as error:
                self.assertFalse(fine, error)
                self.assertEqual(error.code(), grpc.StatusCode.UNAVAILABLE)


if __name__ == "__main__":
    unittest.main()
