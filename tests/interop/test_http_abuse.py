"""What peers of the HTTP port get wrong, on purpose or not, written from RFC 9110 and RFC 9112 over raw sockets.

After each test the daemon answers others as before.
"""
import json
import os
import re
import socket
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from plumbrpc import Daemon, pb  # noqa: E402

HEAD_MAX = 16384             # LIMIT_HEADERS
FIELDS_MAX = 128             # LIMIT_HEADER_FIELDS
BODY_MAX = (4 << 20) + 5     # LIMIT_HTTP_BODY
VALUES_MAX = 256 << 10       # LIMIT_JSON_VALUES
SLOW = 10                    # LIMIT_HTTP_REQUEST_MS
PING = b"POST /plumb.v1.Admin/Ping HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def get(path=b"/healthz", more=b"", version=b"HTTP/1.1"):
    return b"GET " + path + b" " + version + b"\r\nHost: x\r\n" + more + b"\r\n"


def post(body, more=b""):
    return PING + b"Content-Length: %d\r\n" % len(body) + more + b"\r\n" + body


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


class Port:
    """A connection, and the answers that come on it."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.sock = socket.create_connection((host, int(port)), 20)
        self.have = b""

    def send(self, data):
        self.sock.sendall(data)

    def _more(self):
        data = self.sock.recv(65536)
        self.have += data
        return data != b""

    def _line(self):
        while b"\r\n" not in self.have:
            if not self._more():
                raise EOFError(self.have)
        line, self.have = self.have.split(b"\r\n", 1)
        return line.decode("latin-1")

    def _bytes(self, count):
        while len(self.have) < count:
            if not self._more():
                raise EOFError(self.have)
        data, self.have = self.have[:count], self.have[count:]
        return data

    def _chunks(self):
        body = b""
        while True:
            size = int(self._line(), 16)
            body += self._bytes(size)
            self._line()
            if size == 0:
                return body

    def rest(self):
        while self._more():
            pass
        data, self.have = self.have, b""
        return data

    def answer(self, head=False):
        version, status = self._line().split(" ", 2)[:2]
        assert version == "HTTP/1.1", version
        headers = {}
        while True:
            line = self._line()
            if not line:
                break
            name, value = line.split(": ", 1)
            headers[name.lower()] = value
        if head or status in ("100", "204"):
            body = b""
        elif headers.get("transfer-encoding") == "chunked":
            body = self._chunks()
        elif "content-length" in headers:
            body = self._bytes(int(headers["content-length"]))
        else:
            body = self.rest()
        return Answer(int(status), headers, body)

    def is_closed(self):
        try:
            return not self._more()
        except ConnectionResetError:
            return True

    def close(self):
        self.sock.close()


class Abuse(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, args=["--http", "tcp:127.0.0.1:0", "--log-level", "warn"])
        cls.addClassCleanup(cls.daemon.close)

    def open(self, daemon=None):
        port = Port((daemon or self.daemon).http)
        self.addCleanup(port.close)
        return port

    def tearDown(self):
        port = self.open()
        port.send(post(b'{"payload":"c3RpbGwgaGVyZQ=="}'))
        answer = port.answer()
        self.assertEqual((answer.status, json.loads(answer.body)), (200, {"payload": "c3RpbGwgaGVyZQ=="}))

    def check(self, request, status, closes=None, why=None):
        port = self.open()
        port.send(request)
        answer = port.answer(head=request.startswith(b"HEAD"))
        self.assertEqual(answer.status, status, (why or request[:200], answer.body))
        if closes is not None:
            self.assertEqual(answer.headers.get("connection") == "close", closes, request[:200])
        if closes:
            self.assertTrue(port.is_closed())
        return answer

    # ---- heads

    def test_first_lines(self):
        for line, status in (
                (b"GET /healthz HTTP/1.1", 200),
                (b"GET /healthz?verbose=1 HTTP/1.1", 200),
                (b"GET  /healthz HTTP/1.1", 400),
                (b"GET /healthz  HTTP/1.1", 400),
                (b"GET\t/healthz HTTP/1.1", 400),
                (b"GET /healthz", 400),
                (b"GET /healthz HTTP/1.1 ", 400),
                (b"GET /healthz http/1.1", 400),
                (b"GET /healthz HTTP/1.10", 400),
                (b"GET /healthz HTTP/1.2", 505),
                (b"GET /healthz HTTP/2.0", 505),
                (b"GET /healthz HTTP/0.9", 505),
                (b"PRI * HTTP/2.0", 505),
                (b"G(T /healthz HTTP/1.1", 400),
                (b" GET /healthz HTTP/1.1", 400),
                (b"get /healthz HTTP/1.1", 405),
                (b"GET /heal\x00thz HTTP/1.1", 400),
                (b"GET /heal\xffthz HTTP/1.1", 400),
                (b"GET /healthz#x HTTP/1.1", 400)):
            self.check(line + b"\r\nHost: x\r\n\r\n", status, why=line)

    def test_targets(self):
        for target, status in (
                (b"//healthz", 404), (b"/healthz/", 404), (b"/%68ealthz", 404), (b"/./healthz", 404), (b"/x/../healthz", 404),
                (b"/healthz%00", 404), (b"/", 404), (b"http://x/healthz", 400), (b"*", 400), (b"x:80", 400), (b"healthz", 400)):
            self.check(get(target), status)
        self.check(b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 400)

    def test_methods_that_nobody_needs(self):
        for line in (b"CONNECT x:80 HTTP/1.1", b"TRACE /healthz HTTP/1.1", b"PUT /healthz HTTP/1.1", b"DELETE / HTTP/1.1",
                     b"PATCH /plumb.v1.Admin/Ping HTTP/1.1"):
            answer = self.check(line + b"\r\nHost: x\r\n\r\n", 405)
            self.assertEqual(answer.headers["allow"], "GET, HEAD, POST, OPTIONS")
        answer = self.check(get(b"/plumb.v1.Admin/Ping"), 405)
        self.assertEqual(answer.headers["allow"], "POST, OPTIONS")

    def test_lines_that_end_in_another_way(self):
        for request in (
                b"GET /healthz HTTP/1.1\nHost: x\n\n",
                b"GET /healthz HTTP/1.1\r\nHost: x\nX: y\r\n\r\n",
                b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: y\rZ: 1\r\n\r\n",
                b"GET /healthz HTTP/1.1\r\nHost: x\r\n\n",
                b"GET /healthz HTTP/1.1\rHost: x\r\n\r\n"):
            self.check(request, 400, closes=True)

    def test_fields(self):
        for field, status in (
                (b"X: y", 200), (b"X:y", 200), (b"X:", 200), (b"X: \t y \t", 200), (b"X: \xc3\xa4", 200),
                (b"X : y", 400), (b": y", 400), (b"X", 400), (b" X: y", 400), (b"X: y\r\n z", 400), (b"X: y\r\n\tz", 400),
                (b"X: \x00", 400), (b"X: \x7f", 400), (b"X(: y", 400), (b"X\xc3\xa4: y", 400)):
            self.check(get(more=field + b"\r\n"), status, closes=status != 200, why=field)

    def test_host_is_there_once(self):
        self.check(b"GET /healthz HTTP/1.1\r\n\r\n", 400, closes=True)
        self.check(get(more=b"Host: y\r\n"), 400, closes=True)
        self.check(b"GET /healthz HTTP/1.0\r\n\r\n", 200, closes=True)

    def test_heads_have_a_limit(self):
        fixed = len(get(more=b"X: \r\n"))
        self.check(get(more=b"X: " + b"y" * (HEAD_MAX - fixed) + b"\r\n"), 200)
        self.check(get(more=b"X: " + b"y" * (HEAD_MAX - fixed + 1) + b"\r\n"), 431, closes=True)
        self.check(b"GET /" + b"x" * 100000, 431)
        self.check(get(more=b"X: y\r\n" * (FIELDS_MAX - 1)), 200)
        self.check(get(more=b"X: y\r\n" * FIELDS_MAX), 431, closes=True)

    def test_a_head_may_come_in_bytes(self):
        port = self.open()
        for byte in b"\r\n" + get():
            port.send(bytes([byte]))
        self.assertEqual(port.answer().status, 200)

    # ---- where the body ends: whatever two readers could read differently is refused

    def test_lengths(self):
        for fields, status in (
                (b"Content-Length: 2\r\n", 200),
                (b"Content-Length: 2\r\nContent-Length: 2\r\n", 400),
                (b"Content-Length: 2, 2\r\n", 400),
                (b"Content-Length: +2\r\n", 400),
                (b"Content-Length: -2\r\n", 400),
                (b"Content-Length: 0x2\r\n", 400),
                (b"Content-Length: 2 2\r\n", 400),
                (b"Content-Length: \r\n", 400),
                (b"Content-Length: 2;\r\n", 400),
                (b"Content-Length: 0000000000000000002\r\n", 400),
                (b"Content-Length: 18446744073709551618\r\n", 400),
                (b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", 400),
                (b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", 400),
                (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400),
                (b"Transfer-Encoding: identity\r\n", 501),
                (b"Transfer-Encoding: gzip, chunked\r\n", 501),
                (b"Transfer-Encoding: chunked, chunked\r\n", 501),
                (b"Transfer-Encoding: xchunked\r\n", 501),
                (b"Transfer-Encoding: \x0bchunked\r\n", 400),
                (b"Transfer-Encoding : chunked\r\n", 400)):
            self.check(PING + fields + b"\r\n{}", status, closes=status != 200, why=fields)
        self.check(PING.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, closes=True)

    def test_what_is_smuggled_is_no_request(self):
        port = self.open()
        port.send(PING + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + get(b"/metrics"))
        self.assertEqual(port.answer().status, 400)
        self.assertEqual(port.rest(), b"")

    def test_what_comes_behind_a_deadline_is_no_request(self):
        for framing in (b"Content-Length: 4000\r\n", b"Transfer-Encoding: chunked\r\n"):
            port = self.open()
            port.send(PING + framing + b"Connect-Timeout-Ms: 50\r\n\r\n")
            answer = port.answer()
            self.assertEqual((answer.status, answer.headers.get("connection")), (504, "close"))
            port.send(get(b"/metrics"))  # a part of the body
            self.assertTrue(port.is_closed())
            self.assertEqual(port.have, b"")

    def test_a_refusal_of_the_body_is_the_only_answer(self):
        port = self.open()
        port.send(PING + b"Transfer-Encoding: chunked\r\nConnect-Timeout-Ms: 200\r\n\r\nx\r\n")
        self.assertEqual(port.answer().status, 400)
        time.sleep(0.4)
        self.assertEqual(port.rest(), b"")

    def test_bodies_of_pages_are_not_read(self):
        port = self.open()
        port.send(get(more=b"Content-Length: 40\r\n") + get(b"/metrics"))
        self.assertEqual(port.answer().status, 200)
        self.assertEqual(port.rest(), b"")

    def chunked(self, body):
        return PING + b"Transfer-Encoding: chunked\r\n\r\n" + body

    def test_chunks(self):
        for body, status in (
                (b"2\r\n{}\r\n0\r\n\r\n", 200),
                (b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", 200),
                (b"00000002\r\n{}\r\n0\r\n\r\n", 200),
                (b"2;a=b;c=\"d\"\r\n{}\r\n0;x\r\nTrailer: y\r\n\r\n", 200),
                (b"000000002\r\n{}\r\n0\r\n\r\n", 400),
                (b"2\n{}\r\n0\r\n\r\n", 400),
                (b"2\r\n{}\n0\r\n\r\n", 400),
                (b"2\r\n{}0\r\n\r\n", 400),
                (b"2\r\n{}\r\n0\r\n\n", 400),
                (b"0x2\r\n{}\r\n0\r\n\r\n", 400),
                (b"+2\r\n{}\r\n0\r\n\r\n", 400),
                (b"-2\r\n{}\r\n0\r\n\r\n", 400),
                (b" 2\r\n{}\r\n0\r\n\r\n", 400),
                (b"2 \r\n{}\r\n0\r\n\r\n", 400),
                (b"\r\n{}\r\n0\r\n\r\n", 400),
                (b"zz\r\n{}\r\n0\r\n\r\n", 400),
                (b"2;" + b"x" * 5000 + b"\r\n{}\r\n0\r\n\r\n", 400),
                (b"2\r\n{}\r\n0\r\nX: " + b"x" * 5000 + b"\r\n\r\n", 400)):
            self.check(self.chunked(body), status, closes=status != 200, why=body[:60])

    def test_chunks_may_come_in_bytes(self):
        port = self.open()
        for byte in self.chunked(b"1;x=y\r\n{\r\n1\r\n}\r\n0\r\nA: b\r\n\r\n"):
            port.send(bytes([byte]))
        self.assertEqual(port.answer().status, 200)

    # ---- bodies

    def test_a_body_that_is_too_long_is_refused_before_it_comes(self):
        answer = self.check(PING + b"Content-Length: %d\r\n\r\n" % (BODY_MAX + 1), 413, closes=True)
        self.assertEqual(json.loads(answer.body)["code"], "resource_exhausted")
        self.check(PING + b"Content-Length: 999999999999999999\r\n\r\n", 413, closes=True)

    def test_bodies_up_to_the_limit(self):
        self.check(post(b"{}" + b" " * (BODY_MAX - 2)), 200)
        body = b"{}" + b" " * (BODY_MAX - 2)
        self.check(self.chunked(b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"), 200)

    def test_values_of_json_have_a_limit(self):
        """Two objects, a list, two members beside the first, and two for each change."""
        changes = [b"{}"] * ((VALUES_MAX - 4) // 2)
        head = PING.replace(b"Admin/Ping", b"Plan/Apply")
        for last, status, why in ((b"{}", 400, b"at most 10000"), (b'{"put":{}}', 429, b"more than 262144 values")):
            body = b'{"change_set":{"idempotency_key":"k","changes":[' + b",".join(changes[1:] + [last]) + b"]}}"
            answer = self.check(head + b"Content-Length: %d\r\n\r\n" % len(body) + body, status)
            self.assertIn(why, answer.body)

    def test_chunks_above_the_limit(self):
        port = self.open()
        body = b" " * (BODY_MAX + 1)
        port.send(self.chunked(b"%x\r\n" % len(body) + body))
        answer = port.answer()
        self.assertEqual(answer.status, 413)
        self.assertEqual(json.loads(answer.body)["code"], "resource_exhausted")

    def test_expectations(self):
        port = self.open()
        port.send(PING + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        self.assertEqual(port.answer().status, 100)
        port.send(b"{}")
        self.assertEqual(port.answer().status, 200)
        # Who is refused is not asked for the body.
        for more, status in ((b"Content-Length: %d\r\n" % (BODY_MAX + 1), 413), (b"Content-Encoding: br\r\nContent-Length: 2\r\n", 501)):
            self.check(PING + more + b"Expect: 100-continue\r\n\r\n", status, closes=True)
        self.check(get(more=b"Expect: miracles\r\n"), 417, closes=True)

    # ---- connections

    def test_pipelined_requests_are_answered_in_order(self):
        port = self.open()
        port.send(get(b"/healthz") + post(b'{"payload":"MQ=="}') + get(b"/nothing") + post(b'{"payload":"Mg=="}')
                  + get(b"/readyz", more=b"Connection: close\r\n") + get(b"/metrics"))
        self.assertEqual([port.answer().status for _ in range(1)], [200])
        self.assertEqual(json.loads(port.answer().body), {"payload": "MQ=="})
        self.assertEqual(port.answer().status, 404)
        self.assertEqual(json.loads(port.answer().body), {"payload": "Mg=="})
        self.assertEqual(port.answer().status, 200)
        self.assertEqual(port.rest(), b"")

    def test_calls_that_take_time_are_answered_in_order(self):
        port = self.open()
        info = (b"POST /plumb.v1.Admin/Info HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Content-Length: 20\r\n\r\n" + b'{"workspace":"main"}')
        port.send(info + post(b'{"payload":"MQ=="}') + info)
        self.assertIn("version", json.loads(port.answer().body))
        self.assertEqual(json.loads(port.answer().body), {"payload": "MQ=="})
        self.assertIn("version", json.loads(port.answer().body))

    def test_old_clients(self):
        self.check(get(version=b"HTTP/1.0"), 200, closes=True)
        self.check(PING.replace(b"1.1", b"1.0") + b"Content-Length: 2\r\n\r\n{}", 200, closes=True)
        # A stream ends with the connection there.
        port = self.open()
        port.send(b"POST /plumb.v1.Insight/Check HTTP/1.0\r\nContent-Type: application/connect+json\r\n"
                  b"Content-Length: 7\r\n\r\n\0\0\0\0\x02{}")
        answer = port.answer()
        self.assertNotIn("transfer-encoding", answer.headers)
        self.assertEqual(answer.body[-7:], b"\x02\0\0\0\x02{}")

    def test_head_has_no_body(self):
        port = self.open()
        port.send(get().replace(b"GET", b"HEAD") + get())
        answer = port.answer(head=True)
        self.assertEqual((answer.status, answer.headers["content-length"]), (200, "3"))
        self.assertEqual(port.answer().body, b"ok\n")

    def test_the_slow_are_sent_away(self):
        head, body, drip, silent = (self.open() for _ in range(4))
        began = time.monotonic()
        head.send(b"GET /heal")
        body.send(PING + b"Content-Length: 100\r\n\r\n{")
        drip.send(PING + b"Content-Length: 100000\r\n\r\n")

        def drop():
            try:
                while True:
                    drip.send(b" ")
                    time.sleep(0.5)
            except OSError:
                pass

        thread = threading.Thread(target=drop)
        thread.start()
        for port in (head, body, drip):
            self.assertEqual(port.answer().status, 408)
            self.assertTrue(port.is_closed())
        self.assertTrue(silent.is_closed())
        self.assertTrue(SLOW - 1 <= time.monotonic() - began <= SLOW + 6)
        drip.close()
        thread.join()

    def test_a_flood_behind_a_stream_is_not_read(self):
        port = self.open()
        port.send(b"POST /plumb.v1.Plan/Watch HTTP/1.1\r\nHost: x\r\nContent-Type: application/connect+json\r\n"
                  b"Content-Length: 7\r\n\r\n\0\0\0\0\x02{}")
        before = self.rss()
        port.sock.settimeout(2)
        sent = 0
        with self.assertRaises(TimeoutError):
            while sent < 256 << 20:
                sent += port.sock.send(get() * 1000)
        self.assertLess(self.rss() - before, 16 << 20)

    def rss(self):
        with open("/proc/%d/status" % self.daemon.process.pid) as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) * 1024

    def test_who_leaves_ends_the_call(self):
        cancelled = b'plumbd_calls_total{method="plumb.v1.Plan/Watch",status="CANCELLED"} '

        def count():
            port = self.open()
            port.send(get(b"/metrics"))
            found = re.search(re.escape(cancelled) + rb"(\d+)", port.answer().body)
            return int(found.group(1)) if found else 0

        before = count()
        port = self.open()
        port.send(b"POST /plumb.v1.Plan/Watch HTTP/1.1\r\nHost: x\r\nContent-Type: application/connect+json\r\n"
                  b"Content-Length: 7\r\n\r\n\0\0\0\0\x02{}")
        port.close()
        for _ in range(100):
            if count() > before:
                return
            time.sleep(0.05)
        self.fail("the call goes on")

    def test_readers_that_do_not_read(self):
        with Daemon(memory=True, args=["--http", "tcp:127.0.0.1:0", "--log-level", "warn"]) as daemon:
            client = daemon.client()
            for i in range(24):
                changes = [pb.plan.Change(put=pb.plan.Put(item=pb.item.Item(goal=pb.item.Goal(), id="g%d-%d" % (i, k), title="g",
                           description="x" * 60000))) for k in range(16)]
                client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=changes)))
            pid = daemon.process.pid

            def rss():
                with open("/proc/%d/status" % pid) as status:
                    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) * 1024

            before = rss()
            ports = []
            for _ in range(8):
                port = self.open(daemon)
                port.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                body = b"\0\0\0\0\x14" + b'{"from_revision":"1"'.ljust(19) + b"}"
                port.send(b"POST /plumb.v1.Plan/Watch HTTP/1.1\r\nHost: x\r\nContent-Type: application/connect+json\r\n"
                          b"Content-Length: %d\r\n\r\n" % len(body) + body)
                ports.append(port)
            time.sleep(1)
            # 24 MiB each, if they were given all of it.
            self.assertLess(rss() - before, 64 << 20)
            self.assertTrue(client.call("Admin.Ping", pb.admin.PingRequest(payload=b"x")).payload, b"x")

    def test_connections_have_a_limit(self):
        with Daemon(memory=True, args=["--http", "tcp:127.0.0.1:0", "--connections", "20"]) as daemon:
            ports = [self.open(daemon) for _ in range(20)]
            for port in ports:
                port.send(get())
                self.assertEqual(port.answer().status, 200)
            over = self.open(daemon)
            self.assertTrue(over.is_closed())
            ports.pop().close()
            for _ in range(100):
                again = self.open(daemon)
                try:
                    again.send(get())
                    if again.answer().status == 200:
                        break
                except (EOFError, OSError):
                    time.sleep(0.05)
            else:
                self.fail("no room after one has left")


if __name__ == "__main__":
    unittest.main()
