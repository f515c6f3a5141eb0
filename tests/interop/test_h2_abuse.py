"""What peers of HTTP/2 get wrong, on purpose or not, written from RFC 9113 and gRPC's PROTOCOL-HTTP2.md.

After each test the daemon answers others as before.
"""
import os
import struct
import sys
import time
import unittest
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import h2raw as h2  # noqa: E402
import plumbrpc as p  # noqa: E402
from plumbrpc import Daemon, pb  # noqa: E402

PING = "/plumb.v1.Admin/Ping"
CANCELLED, INVALID, DEADLINE, NOT_FOUND, LIMIT, UNIMPLEMENTED, INTERNAL = 1, 3, 4, 5, 8, 12, 13
PROTOCOL_ERROR, STREAM_CLOSED, REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM = 1, 5, 7, 8, 11


def ping(payload=b"?"):
    return pb.admin.PingRequest(payload=payload).SerializeToString()


class Abuse(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, args=["--log-level", "warn"])
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client(as_name="anna")

    def setUp(self):
        self.opened = set()

    def tearDown(self):
        conn = self.open()
        conn.call(1, PING, h2.message(ping(b"still here")))
        headers, data, trailers = conn.answer(1)
        self.assertEqual(headers[":status"], "200")
        self.assertEqual(pb.admin.PingReply.FromString(data[5:]).payload, b"still here")
        self.assertEqual(trailers["grpc-status"], "0")

    def socket(self):
        sock = h2.connect(self.daemon.tcp)
        self.addCleanup(sock.close)
        return sock

    def open(self, **options):
        return h2.Connection(self.socket(), **options)

    def rss(self):
        with open("/proc/%d/status" % self.daemon.process.pid) as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) * 1024

    # ---- the beginning

    def test_the_preface_may_come_in_bytes(self):
        conn = self.open(begin=False)
        for byte in h2.PREFACE:
            conn.send(bytes([byte]))
        conn.send(h2.frame(h2.SETTINGS))
        conn.call(1, PING, h2.message(ping()))
        self.assertEqual(conn.status(1), 0)

    def test_all_at_once(self):
        conn = self.open(begin=False)
        conn.send(h2.PREFACE + h2.frame(h2.SETTINGS)
                  + h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.block(h2.request(PING)))
                  + h2.frame(h2.DATA, h2.END_STREAM, 1, h2.message(ping())))
        self.assertEqual(conn.status(1), 0)

    def test_a_preface_that_turns_into_something_else(self):
        for text in (b"PRI * HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", b"POSTS / HTTP/1.1\r\n\r\n", b"\xff\xff"):
            sock = self.socket()
            sock.sendall(text)
            conn = h2.Connection(sock, begin=False)
            while conn.read() is not None:
                pass

    def test_http_1_is_told_where_it_is_spoken(self):
        for text in (b"GET / HTTP/1.1\r\n\r\n", b"POST /plumb.v1.Admin/Ping HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"):
            sock = self.socket()
            sock.sendall(text)
            answer = b""
            while more := sock.recv(4096):
                answer += more
            self.assertTrue(answer.startswith(b"HTTP/1.1 400 Bad Request\r\n"), answer)
            self.assertIn(b"\r\nconnection: close\r\n\r\ngRPC and plumb/1 are spoken here", answer)

    def test_frames_before_settings(self):
        conn = self.open(begin=False)
        conn.send(h2.PREFACE + h2.frame(h2.PING, body=b"12345678"))
        self.assertEqual(conn.goaway(), 1)

    # ---- requests

    def test_http_that_is_no_grpc(self):
        conn = self.open()
        for stream, (content_type, method, status) in enumerate((
                ("application/json", "POST", "415"), ("application/grpc-web", "POST", "415"),
                ("application/grpcx", "POST", "415"), (None, "POST", "415"), ("application/grpc", "GET", "405"))):
            conn.call(2 * stream + 1, PING, h2.message(ping()), content_type=content_type, method=method)
            headers, text, _ = conn.answer(2 * stream + 1)
            self.assertEqual(headers[":status"], status, (content_type, method))
            self.assertNotIn("grpc-status", headers)
            self.assertEqual(headers["content-type"], "text/plain; charset=utf-8")
            self.assertIn(b"gRPC", text)

    def test_what_is_no_grpc_is_answered_when_it_has_ended(self):
        # So that what is wrong with the request shows first: the length that it said (RFC 9113, 8.1.1).
        conn = self.open()
        conn.call(1, PING, b"1234", content_type="text/plain", more=[("content-length", "3")])
        self.assertEqual(conn.answer(1)[2], (PROTOCOL_ERROR,))
        conn.call(3, PING, b"1234", end=False, content_type="text/plain")
        conn.send(h2.frame(h2.PING, body=b"12345678"))
        seen = conn.frames(lambda f: f.kind == h2.PING)
        self.assertEqual([f for f in seen if f.stream == 3 and f.kind != h2.WINDOW_UPDATE], [])
        conn.send(h2.frame(h2.DATA, h2.END_STREAM, 3))
        self.assertEqual(conn.answer(3)[0][":status"], "415")

    def test_frames_after_the_end_of_their_stream(self):
        # RFC 9113, 5.1, "closed": after END_STREAM, and after RST_STREAM.
        header = h2.block(h2.request(PING))
        for more in (h2.frame(h2.DATA, h2.END_STREAM, 1, b"x"), h2.frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, 1, header)):
            conn = self.open()
            conn.call(1, PING, h2.message(ping()))
            self.assertEqual(conn.status(1), 0)
            conn.send(more)
            self.assertEqual(conn.goaway(), STREAM_CLOSED)
            conn = self.open()
            conn.send(h2.frame(h2.HEADERS, h2.END_HEADERS, 1, header) + h2.frame(h2.RST_STREAM, 0, 1, b"\0\0\0\x08") + more)
            self.assertEqual(conn.goaway(), STREAM_CLOSED)

    def test_a_priority_of_no_stream(self):
        conn = self.open()
        conn.send(h2.frame(h2.PRIORITY, 0, 0, b"\0\0\0\x01\x10"))
        self.assertEqual(conn.goaway(), PROTOCOL_ERROR)

    def test_paths(self):
        conn = self.open()
        for i, path in enumerate(("/", "/x", "/plumb.v1.Admin/", "/plumb.v1.Admin/ping", "/plumb.v1.admin/Ping", "/a/b/c",
                                  "/plumb.v1.Admin/Ping/")):
            conn.call(2 * i + 1, path, h2.message(ping()))
            self.assertEqual(conn.status(2 * i + 1), UNIMPLEMENTED, path)

    def test_timeouts(self):
        conn = self.open()
        for i, (text, status) in enumerate((("1", INTERNAL), ("123456789S", INTERNAL), ("-1S", INTERNAL), ("1.5S", INTERNAL),
                                            ("S", INTERNAL), ("99999999H", 0), ("20S", 0))):
            conn.call(2 * i + 1, PING, h2.message(ping()), more=[("grpc-timeout", text)])
            self.assertEqual(conn.status(2 * i + 1), status, text)

    def test_a_deadline_ends_a_call_that_waits(self):
        conn = self.open()
        conn.call(1, "/plumb.v1.Plan/Watch", h2.message(b""), more=[("grpc-timeout", "100m")])
        self.assertEqual(conn.status(1), DEADLINE)
        # Before the request is whole, too.
        conn.call(3, PING, b"\x00", end=False, more=[("grpc-timeout", "100m")])
        self.assertEqual(conn.status(3), DEADLINE)

    def test_metadata_of_any_kind_never_fails_a_call(self):
        conn = self.open()
        conn.call(1, PING, h2.message(ping()), more=[
            ("x-text", b"\xc3\xa4\xff"), ("x-bin", "AAE"), ("x-bin", "AAE=,AQ"), ("y-bin", "!!"), ("grpc-unknown", "x"),
            ("x-text", "again"), ("empty", "")])
        self.assertEqual(conn.status(1), 0)

    def test_values_joined_by_commas_are_counted(self):
        conn = self.open()
        conn.call(1, PING, h2.message(ping()), more=[("x-bin", "," * 127)])  # 128 values
        self.assertEqual(conn.status(1), 0)
        conn.call(3, PING, h2.message(ping()), more=[("x-bin", "," * 128)])
        self.assertEqual(conn.status(3), LIMIT)
        began = time.monotonic()
        for i in range(20):
            conn.call(5 + 2 * i, PING, h2.message(ping()), more=[("x-bin", "," * 15000)])
            self.assertEqual(conn.status(5 + 2 * i), LIMIT)
        self.assertLess(time.monotonic() - began, 10)

    def test_header_lists(self):
        conn = self.open()
        # RFC 9113, 6.5.2: name, value and 32 for each field; the limit is 16,384.
        conn.call(1, PING, h2.message(ping()), more=[("x", "v" * 15000)])
        self.assertEqual(conn.status(1), 0)
        conn.call(3, PING, h2.message(ping()), more=[("x", "v" * 16384)])
        headers, _, _ = conn.answer(3)
        self.assertEqual(headers[":status"], "431")
        fixed = len(h2.request(PING))
        conn.call(5, PING, h2.message(ping()), more=[("x", "v")] * (128 - fixed))
        self.assertEqual(conn.status(5), 0)
        conn.call(7, PING, h2.message(ping()), more=[("x", "v")] * (129 - fixed))
        headers, _, _ = conn.answer(7)
        self.assertEqual(headers[":status"], "431")

    def test_trailers_of_a_request_end_it(self):
        conn = self.open()
        conn.call(1, PING, h2.message(ping()), end=False)
        conn.send(h2.frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, 1, h2.block([("x", "y")])))
        self.assertEqual(conn.status(1), 0)

    # ---- messages

    def test_data_frames_of_any_size(self):
        conn = self.open()
        body = h2.message(ping(b"x" * 300))
        conn.send(h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.block(h2.request(PING))))
        for byte in body:
            conn.send(h2.frame(h2.DATA, 0, 1, bytes([byte])))
        conn.send(h2.frame(h2.DATA, 0, 1) + h2.frame(h2.DATA, h2.END_STREAM, 1))
        self.assertEqual(conn.status(1), 0)
        conn.send(h2.frame(h2.HEADERS, h2.END_HEADERS, 3, h2.block(h2.request(PING)))
                  + h2.frame(h2.DATA, h2.END_STREAM | h2.PADDED, 3, b"\x07" + body + b"\0" * 7))
        self.assertEqual(conn.status(3), 0)

    def test_what_is_wrong_with_a_message(self):
        conn = self.open()
        good = h2.message(ping())
        gzipped = zlib.compressobj(wbits=31)
        packed = gzipped.compress(ping()) + gzipped.flush()
        bomb = zlib.compressobj(9, wbits=31)
        bomb = bomb.compress(b"\0" * (64 << 20)) + bomb.flush()
        gzip = [("grpc-encoding", "gzip")]
        for i, (body, more, status, why) in enumerate((
                (b"", [], UNIMPLEMENTED, "no message"),
                (good + good, [], UNIMPLEMENTED, "two messages"),
                (good[:-1], [], INTERNAL, "cut in the message"),
                (good[:3], [], INTERNAL, "cut in the prefix"),
                (h2.message(ping(), flag=2), [], INTERNAL, "an unknown flag"),
                (h2.message(packed, flag=1), [], INTERNAL, "compressed, and not said how"),
                (h2.message(packed, flag=1), [("grpc-encoding", "identity")], INTERNAL, "compressed as identity"),
                (h2.message(packed, flag=1), [("grpc-encoding", "br")], UNIMPLEMENTED, "an unknown compression"),
                (h2.message(b"no gzip", flag=1), gzip, INTERNAL, "no gzip"),
                (h2.message(packed[:-3], flag=1), gzip, INTERNAL, "gzip that is cut"),
                (h2.message(packed + b"x", flag=1), gzip, INTERNAL, "more behind the gzip"),
                (h2.message(bomb, flag=1), gzip, LIMIT, "a bomb"),
                (h2.message(b"\xff\xff\xff"), [], INVALID, "no protobuf"),
                (h2.message(packed, flag=1), gzip, 0, "gzip"),
                (good, gzip, 0, "plain beside gzip"))):
            conn.call(2 * i + 1, PING, body, more=more)
            headers, _, trailers = conn.answer(2 * i + 1)
            fields = trailers if trailers is not None else headers
            self.assertEqual(int(fields["grpc-status"]), status, (why, fields))
            if why == "an unknown compression":
                self.assertEqual(headers["grpc-accept-encoding"], "identity,gzip")

    def test_a_message_that_is_too_long_is_refused_at_its_prefix(self):
        conn = self.open()
        conn.call(1, PING, h2.message(b"", length=(4 << 20) + 1), end=False)
        self.assertEqual(conn.status(1), LIMIT)
        conn.call(3, PING, h2.message(b"", length=0xffffffff), end=False)
        self.assertEqual(conn.status(3), LIMIT)

    def test_an_early_end_tells_the_caller_to_stop(self):
        conn = self.open()
        conn.call(1, PING, h2.message(b"", length=(4 << 20) + 1), end=False)
        seen = conn.frames(lambda f: f.kind == h2.RST_STREAM and f.stream == 1)
        self.assertEqual(struct.unpack(">I", seen[-1].body)[0], 0)

    # ---- flow control

    def test_a_small_window_stalls_only_its_stream(self):
        conn = self.open(settings=[(4, 17)])
        payload = os.urandom(1000)
        conn.call(1, PING, h2.message(ping(payload)))
        got = b""
        for f in conn.frames(lambda f: f.kind == h2.DATA):
            got += f.body if f.kind == h2.DATA else b""
        self.assertEqual(len(got), 17)
        conn.send(h2.frame(h2.PING, body=b"12345678"))
        conn.frames(lambda f: f.kind == h2.PING)
        # A larger window for all streams, by SETTINGS: it goes on.
        conn.send(h2.frame(h2.SETTINGS, body=struct.pack(">HI", 4, 1 << 20)))
        for f in conn.frames(lambda f: f.kind == h2.HEADERS and f.flags & h2.END_STREAM):
            got += f.body if f.kind == h2.DATA else b""
        self.assertEqual(pb.admin.PingReply.FromString(got[5:]).payload, payload)

    def test_a_window_of_nothing_for_ever_holds_little(self):
        before = self.rss()
        conn = self.open(settings=[(4, 0)])
        for i in range(200):
            conn.call(2 * i + 1, PING, h2.message(ping(b"x" * 10000)))
        conn.send(h2.frame(h2.PING, body=b"12345678"))
        conn.frames(lambda f: f.kind == h2.PING)
        self.assertLess(self.rss() - before, 64 << 20)

    def test_many_questions_on_a_stream_whose_answers_are_not_read(self):
        # Each asks for the description of a file and all that it needs: 100 KB for 40 bytes.
        before = self.rss()
        conn = self.open(settings=[(4, 0)])
        body = h2.message(b"\x22\x10plumb.v1.Insight")
        for i in range(4):
            conn.call(2 * i + 1, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", body * 2000, end=False)
        for i in range(4):
            self.assertEqual(self.refusal(conn), LIMIT)
        # 8 MiB for each stream, and what sanitizers keep; all answers would be 800 MB.
        self.assertLess(self.rss() - before, 256 << 20)

    def refusal(self, conn):
        """The status in the next trailers; DATA goes nowhere without a window."""
        while True:
            f = conn.frames(lambda f: f.kind in (h2.HEADERS, h2.RST_STREAM))[-1]
            fields = dict(conn.decoder.decode(f.body)) if f.kind == h2.HEADERS else {}
            if "grpc-status" in fields:
                return int(fields["grpc-status"])
            if f.kind == h2.HEADERS and f.stream not in self.opened:
                self.opened.add(f.stream)
                conn.send(h2.frame(h2.WINDOW_UPDATE, 0, f.stream, struct.pack(">I", 1 << 25))
                          + h2.frame(h2.WINDOW_UPDATE, 0, 0, struct.pack(">I", 1 << 25)))

    def test_a_long_upload_goes_on_as_it_is_taken(self):
        conn = self.open()
        body = h2.message(ping(b"x" * 3000000))
        conn.send(h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.block(h2.request(PING))))
        window = 1 << 20
        credit = 65535
        at = 0
        while at < len(body):
            size = min(16384, len(body) - at, credit, window)
            if size == 0:
                f = conn.frames(lambda f: f.kind in (h2.WINDOW_UPDATE, h2.SETTINGS))[-1]
                if f.kind == h2.WINDOW_UPDATE:
                    more = struct.unpack(">I", f.body)[0]
                    credit += more if f.stream == 0 else 0
                    window += more if f.stream == 1 else 0
                continue
            conn.send(h2.frame(h2.DATA, h2.END_STREAM if at + size == len(body) else 0, 1, body[at:at + size]))
            at += size
            credit -= size
            window -= size
        _, data, trailers = self.download(conn)
        self.assertEqual(trailers["grpc-status"], "0")
        self.assertEqual(len(data), len(body))

    def download(self, conn):
        headers, data, trailers = None, b"", None
        while trailers is None:
            f = conn.read()
            if f.kind == h2.DATA:
                data += f.body
                conn.send(h2.frame(h2.WINDOW_UPDATE, 0, 0, struct.pack(">I", len(f.body)))
                          + h2.frame(h2.WINDOW_UPDATE, 0, 1, struct.pack(">I", len(f.body))))
            elif f.kind == h2.HEADERS and headers is None:
                headers = dict(conn.decoder.decode(f.body))
            elif f.kind == h2.HEADERS:
                trailers = dict(conn.decoder.decode(f.body))
        return headers, data, trailers

    # ---- floods

    def flood(self, data, times, conn=None):
        """Sends it so often, or until the connection ends; then what the daemon said."""
        conn = conn or self.open()
        before = self.rss()
        conn.sock.settimeout(20)
        try:
            for _ in range(times):
                conn.send(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        self.assertLess(self.rss() - before, 64 << 20)
        return conn

    def calm(self, conn):
        try:
            return conn.goaway()
        except (EOFError, ConnectionResetError, BrokenPipeError):
            return ENHANCE_YOUR_CALM  # what it said was lost with the connection

    def test_pings_and_settings_and_empty_frames(self):
        for data in (h2.frame(h2.PING, body=b"12345678") * 100, h2.frame(h2.SETTINGS) * 100,
                     h2.frame(h2.PRIORITY, 0, 1, b"\0\0\0\0\x10") * 100):
            self.assertEqual(self.calm(self.flood(data, 100)), ENHANCE_YOUR_CALM)
        conn = self.open()
        conn.send(h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.block(h2.request(PING))))
        self.assertEqual(self.calm(self.flood(h2.frame(h2.DATA, 0, 1) * 100, 100, conn)), ENHANCE_YOUR_CALM)

    def test_pings_beside_calls_are_fine(self):
        """Callers that estimate how much is on its way ask with each message."""
        conn = self.open()
        for i in range(100):
            conn.send(h2.frame(h2.PING, body=b"12345678") * 2)
            conn.call(2 * i + 1, PING, h2.message(ping()))
            self.assertEqual(conn.status(2 * i + 1), 0)

    def test_pings_alone_are_too_many(self):
        conn = self.open()
        conn.send(h2.frame(h2.PING, body=b"12345678") * 3)
        conn.frames(lambda f: f.kind == h2.PING)
        conn.send(h2.frame(h2.PING, body=b"12345678"))
        last = conn.frames(lambda f: f.kind == h2.GOAWAY)[-1]
        self.assertEqual(last.body, struct.pack(">II", 0, ENHANCE_YOUR_CALM) + b"too_many_pings")

    def test_forty_thousand_resets(self):
        conn = self.open()
        header = h2.block(h2.request("/plumb.v1.Plan/Watch"))
        try:
            for i in range(40000):
                stream = 2 * i + 1
                conn.send(h2.frame(h2.HEADERS, h2.END_HEADERS, stream, header)
                          + h2.frame(h2.DATA, h2.END_STREAM, stream, h2.message(b""))
                          + h2.frame(h2.RST_STREAM, 0, stream, struct.pack(">I", CANCEL)))
        except (BrokenPipeError, ConnectionResetError):
            pass
        # It was cut off, or all was taken back; either way nothing is left of it.
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            info = self.client.call("Admin.Info", pb.admin.InfoRequest())
            if info.connections <= 3:
                break
            conn.sock.close()
            time.sleep(0.05)
        self.assertLessEqual(info.connections, 3)

    def test_a_caller_that_gives_up_a_thousand_calls_is_served(self):
        conn = self.open()
        header = h2.block(h2.request("/plumb.v1.Plan/Watch"))
        for i in range(1000):
            conn.send(h2.frame(h2.HEADERS, h2.END_HEADERS, 2 * i + 1, header)
                      + h2.frame(h2.RST_STREAM, 0, 2 * i + 1, struct.pack(">I", CANCEL)))
        conn.call(2001, PING, h2.message(ping()))
        self.assertEqual(conn.status(2001), 0)

    def test_twenty_thousand_continuations(self):
        conn = self.open()
        conn.send(h2.frame(h2.HEADERS, 0, 1, h2.block(h2.request(PING))))
        self.flood(h2.frame(h2.CONTINUATION, 0, 1, h2.block([("x", "y" * 100)])) * 100, 200, conn)
        conn.sock.settimeout(5)
        self.assertIsNone(self.last(conn))

    def last(self, conn):
        f = conn.read()
        while f is not None:
            f = conn.read()
        return f

    def test_more_calls_at_once_than_allowed(self):
        conn = self.open()
        conn.frames(lambda f: f.kind == h2.SETTINGS and f.flags & h2.ACK)
        header = h2.block(h2.request("/plumb.v1.Plan/Watch"))
        for i in range(256):
            conn.send(h2.frame(h2.HEADERS, h2.END_HEADERS, 2 * i + 1, header)
                      + h2.frame(h2.DATA, h2.END_STREAM, 2 * i + 1, h2.message(b"")))
        conn.send(h2.frame(h2.PING, body=b"12345678"))
        conn.frames(lambda f: f.kind == h2.PING)
        conn.send(h2.frame(h2.HEADERS, h2.END_HEADERS, 513, header)
                  + h2.frame(h2.DATA, h2.END_STREAM, 513, h2.message(b"")))
        f = conn.frames(lambda f: f.kind in (h2.RST_STREAM, h2.GOAWAY))[-1]
        self.assertIn(f.kind, (h2.RST_STREAM, h2.GOAWAY))


class Drain(unittest.TestCase):
    def test_in_two_steps(self):
        daemon = Daemon(memory=True, args=["--log-level", "warn"])
        self.addCleanup(daemon.close)
        sock = h2.connect(daemon.tcp)
        self.addCleanup(sock.close)
        conn = h2.Connection(sock)
        conn.call(1, "/grpc.health.v1.Health/Watch", h2.message(b""))
        first = conn.frames(lambda f: f.kind == h2.DATA)[-1]
        self.assertEqual(first.body, h2.message(b"\x08\x01"))  # SERVING
        daemon.process.terminate()
        seen = conn.frames(lambda f: f.kind == h2.GOAWAY)
        notice, probe = seen[-1], next(f for f in seen if f.kind == h2.PING)
        self.assertEqual(struct.unpack(">II", notice.body[:8]), (0x7fffffff, 0))
        conn.send(h2.frame(h2.PING, h2.ACK, 0, probe.body))
        more = conn.frames(lambda f: f.kind == h2.GOAWAY)
        last = more[-1]
        # Who watches the health is told before it ends.
        self.assertIn(h2.message(b"\x08\x02"), [f.body for f in seen + more if f.kind == h2.DATA])
        self.assertEqual(struct.unpack(">II", last.body[:8]), (1, 0))
        self.assertEqual(daemon.process.wait(20), 0)


if __name__ == "__main__":
    unittest.main()
