"""gRPC's published interoperability cases, by grpcio (C core) against interop-server, in clear and over TLS.

The names are those of grpc/grpc, doc/interop-test-descriptions.md; those that need Google's credentials, proxies or
load balancers are not about servers.
"""
import importlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

import grpc

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import h2raw as h2  # noqa: E402
from certificates import Certificates  # noqa: E402

BUILD = os.environ.get("PLUMB_BUILD", os.path.join(os.path.dirname(os.path.dirname(HERE)), "build", "dev"))
SERVICE = "/grpc.testing.TestService/"
CODE = grpc.StatusCode


def messages():
    out = tempfile.mkdtemp(prefix="plumbtest-")
    protos = os.path.join(HERE, "server", "proto")
    # Not as grpc/testing/…: a package "grpc" is here already.
    shutil.copy(os.path.join(protos, "grpc", "testing", "test.proto"), os.path.join(out, "interop_test.proto"))
    subprocess.run(["protoc", "-I" + out, "--python_out=" + out, "interop_test.proto"], check=True, cwd=out)
    sys.path.insert(0, out)
    module = importlib.import_module("interop_test_pb2")
    sys.path.remove(out)
    shutil.rmtree(out)
    return module


pb = messages()


def payload(size):
    return pb.Payload(body=b"\0" * size)


def sizes(*values, **more):
    return [pb.ResponseParameters(size=size, **more) for size in values]


class Server:
    def __init__(self, *args):
        self.process = subprocess.Popen([os.path.join(BUILD, "interop-server"), "--listen", "tcp:127.0.0.1:0", *args],
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[2].rsplit(":", 1)[1])

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        self.process.stdout.close()
        assert code == 0, code


class Cases(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.close)
        cls.channel = cls.connect()
        cls.addClassCleanup(cls.channel.close)

    @classmethod
    def connect(cls, **options):
        return grpc.insecure_channel("localhost:%d" % cls.server.port,
                                     options=[("grpc.use_local_subchannel_pool", 1), *options.items()])

    def unary(self, method, request, reply=pb.SimpleResponse, channel=None, service=SERVICE, **options):
        call = (channel or self.channel).unary_unary(service + method, type(request).SerializeToString, reply.FromString)
        return call.with_call(request, **dict({"timeout": 20}, **options))

    def large(self, channel=None, **options):
        request = pb.SimpleRequest(response_size=314159, payload=payload(271828))
        reply, call = self.unary("UnaryCall", request, channel=channel, **options)
        self.assertEqual(reply.payload.body, b"\0" * 314159)
        return call

    def output(self, request, **options):
        call = self.channel.unary_stream(SERVICE + "StreamingOutputCall", type(request).SerializeToString,
                                         pb.StreamingOutputCallResponse.FromString)
        return call(request, **dict({"timeout": 20}, **options))

    def input(self, requests, **options):
        call = self.channel.stream_unary(SERVICE + "StreamingInputCall", pb.StreamingInputCallRequest.SerializeToString,
                                         pb.StreamingInputCallResponse.FromString)
        return call(iter(requests), **dict({"timeout": 20}, **options))

    def duplex(self, requests, method="FullDuplexCall", **options):
        call = self.channel.stream_stream(SERVICE + method, pb.StreamingOutputCallRequest.SerializeToString,
                                          pb.StreamingOutputCallResponse.FromString)
        return call(iter(requests), **dict({"timeout": 20}, **options))

    def refused(self, call, *args, **options):
        with self.assertRaises(grpc.RpcError) as caught:
            result = call(*args, **options)
            list(result)
        return caught.exception

    def test_empty_unary(self):
        reply, _ = self.unary("EmptyCall", pb.Empty(), pb.Empty)
        self.assertEqual(reply, pb.Empty())

    def test_cacheable_unary(self):
        for _ in range(2):
            reply, _ = self.unary("CacheableUnaryCall", pb.SimpleRequest(payload=payload(10), response_size=10))
            self.assertEqual(len(reply.payload.body), 10)

    def test_large_unary(self):
        self.large()

    def test_client_compressed_unary(self):
        request = pb.SimpleRequest(expect_compressed=pb.BoolValue(value=True), response_size=314159, payload=payload(271828))
        # The probe: a server that cannot tell must say so.
        self.assertEqual(self.refused(self.unary, "UnaryCall", request).code(), CODE.INVALID_ARGUMENT)
        reply, _ = self.unary("UnaryCall", request, compression=grpc.Compression.Gzip)
        self.assertEqual(len(reply.payload.body), 314159)
        request.expect_compressed.value = False
        reply, _ = self.unary("UnaryCall", request)
        self.assertEqual(len(reply.payload.body), 314159)

    def test_server_compressed_unary(self):
        for value in (True, False):
            request = pb.SimpleRequest(response_compressed=pb.BoolValue(value=value), response_size=314159, payload=payload(271828))
            reply, _ = self.unary("UnaryCall", request)
            self.assertEqual(reply.payload.body, b"\0" * 314159)

    def test_client_streaming(self):
        reply = self.input(pb.StreamingInputCallRequest(payload=payload(size)) for size in (27182, 8, 1828, 45904))
        self.assertEqual(reply.aggregated_payload_size, 74922)

    def test_client_compressed_streaming(self):
        true = pb.BoolValue(value=True)
        probe = [pb.StreamingInputCallRequest(expect_compressed=true, payload=payload(27182))]
        self.assertEqual(self.refused(self.input, probe).code(), CODE.INVALID_ARGUMENT)
        reply = self.input([pb.StreamingInputCallRequest(expect_compressed=true, payload=payload(27182)),
                            pb.StreamingInputCallRequest(expect_compressed=true, payload=payload(45904))],
                           compression=grpc.Compression.Gzip)
        self.assertEqual(reply.aggregated_payload_size, 73086)

    def test_server_streaming(self):
        wanted = (31415, 9, 2653, 58979)
        replies = list(self.output(pb.StreamingOutputCallRequest(response_parameters=sizes(*wanted))))
        self.assertEqual([len(reply.payload.body) for reply in replies], list(wanted))

    def test_server_compressed_streaming(self):
        request = pb.StreamingOutputCallRequest(response_parameters=sizes(31415, compressed=pb.BoolValue(value=True))
                                                + sizes(92653, compressed=pb.BoolValue(value=False)))
        self.assertEqual([len(reply.payload.body) for reply in self.output(request)], [31415, 92653])

    def test_ping_pong(self):
        answered = threading.Semaphore(1)
        steps = ((31415, 27182), (9, 8), (2653, 1828), (58979, 45904))

        def requests():
            for size, body in steps:
                answered.acquire()
                yield pb.StreamingOutputCallRequest(response_parameters=sizes(size), payload=payload(body))

        got = []
        for reply in self.duplex(requests()):
            got.append(len(reply.payload.body))
            answered.release()
        self.assertEqual(got, [size for size, _ in steps])

    def test_empty_stream(self):
        self.assertEqual(list(self.duplex([])), [])

    def test_half_duplex(self):
        requests = [pb.StreamingOutputCallRequest(response_parameters=sizes(size)) for size in (31415, 9, 2653, 58979)]
        self.assertEqual([len(reply.payload.body) for reply in self.duplex(requests, "HalfDuplexCall")], [31415, 9, 2653, 58979])

    def test_custom_metadata(self):
        metadata = [("x-grpc-test-echo-initial", "test_initial_metadata_value"), ("x-grpc-test-echo-trailing-bin", b"\xab\xab\xab")]
        calls = [self.large(metadata=metadata)]
        stream = self.duplex([pb.StreamingOutputCallRequest(response_parameters=sizes(314159), payload=payload(271828))],
                             metadata=metadata)
        list(stream)
        for call in calls + [stream]:
            self.assertIn(metadata[0], [tuple(pair) for pair in call.initial_metadata()])
            self.assertIn(metadata[1], [tuple(pair) for pair in call.trailing_metadata()])

    def test_status_code_and_message(self):
        status = pb.EchoStatus(code=2, message="test status message")
        for error in (self.refused(self.unary, "UnaryCall", pb.SimpleRequest(response_status=status)),
                      self.refused(self.duplex, [pb.StreamingOutputCallRequest(response_status=status)])):
            self.assertEqual((error.code(), error.details()), (CODE.UNKNOWN, "test status message"))

    def test_special_status_message(self):
        message = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n"
        error = self.refused(self.unary, "UnaryCall", pb.SimpleRequest(response_status=pb.EchoStatus(code=2, message=message)))
        self.assertEqual((error.code(), error.details()), (CODE.UNKNOWN, message))

    def test_unimplemented_method(self):
        self.assertEqual(self.refused(self.unary, "UnimplementedCall", pb.Empty(), pb.Empty).code(), CODE.UNIMPLEMENTED)

    def test_unimplemented_service(self):
        error = self.refused(self.unary, "UnimplementedCall", pb.Empty(), pb.Empty, service="/grpc.testing.UnimplementedService/")
        self.assertEqual(error.code(), CODE.UNIMPLEMENTED)

    def test_cancel_after_begin(self):
        begun = threading.Event()

        def requests():
            begun.wait(20)
            yield pb.StreamingInputCallRequest()

        call = self.channel.stream_unary(SERVICE + "StreamingInputCall", pb.StreamingInputCallRequest.SerializeToString,
                                         pb.StreamingInputCallResponse.FromString).future(requests(), timeout=20)
        call.cancel()
        begun.set()
        self.assertEqual(call.code(), CODE.CANCELLED)

    def test_cancel_after_first_response(self):
        over = threading.Event()

        def requests():
            yield pb.StreamingOutputCallRequest(response_parameters=sizes(31415), payload=payload(27182))
            over.wait(20)

        call = self.duplex(requests())
        self.assertEqual(len(next(call).payload.body), 31415)
        call.cancel()
        self.assertEqual(call.code(), CODE.CANCELLED)
        over.set()

    def test_timeout_on_sleeping_server(self):
        request = pb.StreamingOutputCallRequest(response_parameters=sizes(1, interval_us=2000000), payload=payload(27182))
        self.assertEqual(self.refused(self.duplex, [request], timeout=0.001).code(), CODE.DEADLINE_EXCEEDED)
        self.assertEqual(self.refused(self.duplex, [request], timeout=0.05).code(), CODE.DEADLINE_EXCEEDED)

    def test_concurrent_large_unary(self):
        failures = []

        def work():
            try:
                for _ in range(10):
                    self.large()
            except Exception as error:  # pylint: disable=broad-except
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def test_rpc_soak_and_channel_soak(self):
        for _ in range(30):
            self.large()
        for _ in range(10):
            with self.connect() as channel:
                self.large(channel)


class CasesOverTls(Cases):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.certificates = Certificates(folder.name)
        cls.certificates.make("server", "/CN=localhost")
        cls.certificates.make("client", "/CN=client")
        cls.server = Server("--cert", cls.certificates.path("server.pem"), "--key", cls.certificates.path("server.key"),
                            "--ca", cls.certificates.path("ca.pem"))
        cls.addClassCleanup(cls.server.close)
        cls.channel = cls.connect()
        cls.addClassCleanup(cls.channel.close)

    @classmethod
    def connect(cls, **options):
        read = cls.certificates.read
        credentials = grpc.ssl_channel_credentials(read("ca.pem"), read("client.key"), read("client.pem"))
        return grpc.secure_channel("localhost:%d" % cls.server.port, credentials,
                                   options=[("grpc.use_local_subchannel_pool", 1), *options.items()])


class Bytes(unittest.TestCase):
    """What no client shows: whether a message was compressed."""

    def test_server_compressed(self):
        server = Server()
        self.addCleanup(server.close)
        sock = h2.connect("tcp:127.0.0.1:%d" % server.port)
        self.addCleanup(sock.close)
        conn = h2.Connection(sock)
        for stream, value, accepts, flag in ((1, True, "gzip", 1), (3, False, "gzip", 0), (5, True, "identity", 0)):
            request = pb.SimpleRequest(response_compressed=pb.BoolValue(value=value), response_size=20000)
            conn.call(stream, SERVICE + "UnaryCall", h2.message(request.SerializeToString()),
                      more=[("grpc-accept-encoding", accepts)])
            headers, data, trailers = conn.answer(stream)
            self.assertEqual(trailers["grpc-status"], "0")
            self.assertEqual((data[0], headers.get("grpc-encoding")), (flag, "gzip" if flag else None))

    def test_arguments(self):
        for args in ([], ["--listen", "tcp:127.0.0.1:0", "--cert", "x"], ["--listen", "tcp:127.0.0.1:0", "--ca", "x"],
                     ["--listen", "tcp:127.0.0.1:0", "more"]):
            done = subprocess.run([os.path.join(BUILD, "interop-server"), *args], stderr=subprocess.PIPE, text=True, timeout=20,
                                  check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn("usage:", done.stderr)


if __name__ == "__main__":
    unittest.main()
