"""docs/PROTOCOL.md against the daemon: its examples byte by byte, its limits, and peers that misbehave."""
import os
import random
import re
import resource
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import plumbrpc as p  # noqa: E402
from plumbrpc import Daemon, RpcError, binary, frame, pb, request_body  # noqa: E402


def read_exactly(sock, count):
    data = b""
    while len(data) < count:
        part = sock.recv(count - len(data))
        if not part:
            raise EOFError(data)
        data += part
    return data


def read_frame(sock):
    length, stream, kind, flags = struct.unpack(">IIBB", read_exactly(sock, 10))
    return stream, kind, flags, read_exactly(sock, length)


def read_status(sock):
    stream, kind, _, body = read_frame(sock)
    assert kind == p.RESPONSE, kind
    return stream, pb.ttrpc.Response.FromString(body).status.code


def goal(name, description=""):
    item = pb.item.Item(id=name, title=name, description=description)
    item.goal.SetInParent()
    return item


def apply(client, *items, **options):
    change_set = pb.plan.ChangeSet(reason="test", **options)
    for item in items:
        change_set.changes.add().put.item.CopyFrom(item)
    return client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=change_set))


class WithDaemon(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, args=["--log-level", "warn"])
        cls.addClassCleanup(cls.daemon.close)
        cls.client = cls.daemon.client(as_name="anna")
        apply(cls.client, goal("grow"))

    def raw(self):
        sock = p.connect(self.daemon.tcp)
        sock.settimeout(20)
        self.addCleanup(sock.close)
        return sock

    def refused(self, code, call, *args, **options):
        with self.assertRaises(RpcError) as caught:
            call(*args, **options)
        self.assertEqual(caught.exception.code, code, caught.exception)
        return caught.exception

    def tearDown(self):
        # Whatever a test did: the daemon is there and answers.
        self.assertEqual(self.client.call("Admin.Ping", pb.admin.PingRequest(payload=b"?")).payload, b"?")


def examples():
    """The hex of section 10: [(">" or "<", bytes)], a frame each."""
    with open(os.path.join(p.ROOT, "docs", "PROTOCOL.md"), encoding="utf-8") as page:
        section = page.read().split("\n## 10. Examples")[1].split("\n## 11.")[0]
    frames = []
    for block in re.findall(r"```\n(.*?)```", section, re.S):
        for line in block.splitlines():
            if line[0] in "<>":
                frames.append((line[0], bytearray()))
            digits = re.match(r"[<>]? +((?:[0-9a-f]{2} {1,2})*[0-9a-f]{2})(?:  |$)", line)
            if digits:
                frames[-1][1].extend(bytes.fromhex(digits.group(1)))
    return frames


class Examples(WithDaemon):
    def test_each_example_is_a_whole_frame(self):
        frames = examples()
        self.assertEqual(len(frames), 14)
        for _, data in frames:
            self.assertEqual(len(data), 10 + struct.unpack(">I", data[:4])[0], data.hex(" "))

    def test_the_unary_examples(self):
        (_, ping), (_, pong), (_, unimplemented) = examples()[:3]
        sock = self.raw()
        sock.sendall(ping)
        self.assertEqual(read_exactly(sock, len(pong)), bytes(pong))
        sock.sendall(frame(3, p.REQUEST, 0, request_body("Admin.Pong", b"")))
        self.assertEqual(read_exactly(sock, len(unimplemented)), bytes(unimplemented))

    def test_the_stream_examples(self):
        frames = [bytes(data) for _, data in examples()]
        hello, ack, watch, _, window, cancel, cancelled, _, ping, pong = frames[3:13]
        sock = self.raw()
        sock.sendall(hello)
        self.assertEqual(read_exactly(sock, len(ack)), ack)
        sock.sendall(watch)
        stream, kind, flags, body = read_frame(sock)
        self.assertEqual((stream, kind, flags, pb.plan.WatchReply.FromString(body).revision), (5, p.DATA, 0, 1))
        sock.sendall(ping + window)
        self.assertEqual(read_exactly(sock, len(pong)), pong)
        sock.sendall(cancel)
        self.assertEqual(read_exactly(sock, len(cancelled)), cancelled)

    def test_the_end_of_a_stream(self):
        end = bytes(examples()[10][1])
        sock = self.raw()
        sock.sendall(frame(7, p.REQUEST, 0, request_body("Plan.Export", b"")))
        while True:
            data = read_frame(sock)
            if data[2] != 0:
                self.assertEqual(frame(data[0], data[1], data[2], data[3]), end)
                break


class Abuse(WithDaemon):
    def test_frames_cut_anywhere(self):
        data = frame(1, p.REQUEST, 1, request_body("Admin.Ping", b"\x0a\x02hi", 1, [("plumb-as", "anna")]))
        for length in range(len(data)):
            sock = self.raw()
            sock.sendall(data[:length])
            sock.close()
        deadline = time.monotonic() + 10
        while self.client.call("Admin.Info", pb.admin.InfoRequest()).connections > 1:
            self.assertLess(time.monotonic(), deadline, "connections are left over")
            time.sleep(0.02)

    def test_slow_bytes(self):
        sock = self.raw()
        for byte in frame(1, p.REQUEST, 0, request_body("Admin.Ping", b"\x0a\x02hi")):
            sock.sendall(bytes([byte]))
            time.sleep(0.002)
        self.assertEqual(read_frame(sock), (1, p.RESPONSE, 0, b"\x12\x04\x0a\x02hi"))

    def test_the_largest_frame_and_one_byte_more(self):
        # Envelope: service 16, method 6, tag and length of the payload 5; in it tag and length 5; and the same in the reply,
        # whose envelope is smaller.
        room = (4 << 20) - 16 - 6 - 5 - 5
        for more, code in ((0, 0), (1, p.LIMIT)):
            sock = self.raw()
            payload = pb.admin.PingRequest(payload=b"x" * (room + more)).SerializeToString()
            body = request_body("Admin.Ping", payload)
            self.assertEqual(len(body), (4 << 20) + more)
            sender = threading.Thread(target=sock.sendall, args=(frame(1, p.REQUEST, 0, body),))
            sender.start()
            self.assertEqual(read_status(sock), (1, code))
            sender.join(30)  # it is refused at its header, while the body is still on its way
            sock.sendall(frame(3, p.REQUEST, 0, request_body("Admin.Ping", b"")))
            self.assertEqual(read_status(sock), (3, 0))

    def test_garbage_for_every_method(self):
        rng = random.Random(1)
        sock = self.raw()
        services = [module.DESCRIPTOR.services_by_name[name] for module, name in
                    ((pb.plan, "Plan"), (pb.insight, "Insight"), (pb.signal, "Signal"), (pb.voice, "Voice"), (pb.survey, "Survey"),
                     (pb.admin, "Admin"))]
        methods = ["%s.%s" % (s.name, m.name) for s in services for m in s.methods]
        self.assertEqual(len(methods), 50)
        stream = 1
        for method in methods:
            for _ in range(60):
                garbage = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 80)))
                sock.sendall(frame(stream, p.REQUEST, 1, request_body(method, garbage, timeout=5)))
                while True:
                    got, kind, flags, body = read_frame(sock)
                    self.assertEqual(got, stream)
                    if kind == p.RESPONSE:
                        code = pb.ttrpc.Response.FromString(body).status.code
                        self.assertNotIn(code, (p.INTERNAL, 2), (method, garbage.hex()))
                        break
                    if flags & p.REMOTE_CLOSED:
                        break
                    if method == "Plan.Watch":  # garbage that happens to be a request
                        self.fail((method, garbage.hex()))
                stream += 2

    def test_changed_bytes_of_a_real_request(self):
        rng = random.Random(2)
        change_set = pb.plan.ChangeSet(reason="dry", idempotency_key="k")
        change_set.changes.add().put.item.CopyFrom(goal("dry", "text"))
        change_set.changes.add().remove.ref = "goal/grow"
        good = pb.plan.ApplyRequest(change_set=change_set, dry_run=True).SerializeToString()
        sock = self.raw()
        for i in range(600):
            bad = bytearray(good)
            for _ in range(rng.randrange(1, 4)):
                bad[rng.randrange(len(bad) - 2)] = rng.randrange(256)  # the last two bytes are dry_run
            sock.sendall(frame(2 * i + 1, p.REQUEST, 1, request_body("Plan.Apply", bytes(bad))))
            stream, code = read_status(sock)
            self.assertEqual(stream, 2 * i + 1)
            self.assertNotIn(code, (p.INTERNAL, 2), bad.hex())

    def test_text_that_is_not_utf8(self):
        sock = self.raw()
        for i, text in enumerate((b"goal/\xff", b"goal/\xc0\x80", b"goal/\xed\xa0\x80", b"goal/a\x00b")):
            sock.sendall(frame(2 * i + 1, p.REQUEST, 0, request_body("Plan.Get", b"\x12" + bytes([len(text)]) + text)))
            self.assertEqual(read_status(sock), (2 * i + 1, p.INVALID), text)

    def test_every_fault_has_its_field(self):
        error = self.refused(p.INVALID, apply, self.client, goal("Not An Id"), goal(""))
        self.assertGreaterEqual(len(error.violations), 2)
        for field, description in error.violations:
            self.assertIn("changes[", field)
            self.assertTrue(description)

    def test_too_many_calls(self):
        client = self.daemon.client()
        watches = [client.stream("Plan.Watch", pb.plan.WatchRequest(from_revision=1)) for _ in range(1024)]
        for watch in watches:
            self.assertEqual(watch.next().revision, 1)
        error = self.refused(p.LIMIT, client.call, "Admin.Ping", pb.admin.PingRequest())
        self.assertIn("1024", error.message)
        watches[0].cancel()
        self.refused(p.CANCELLED, lambda: list(watches[0]))
        client.call("Admin.Ping", pb.admin.PingRequest())
        client.close()

    def test_a_reader_that_never_reads(self):
        def rss():
            with open("/proc/%d/status" % self.daemon.process.pid) as status:
                return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) << 10
        before = rss()
        body = request_body("Admin.Ping", pb.admin.PingRequest(payload=b"x" * 100000).SerializeToString())
        sockets = []
        for _ in range(5):
            sock = self.raw()
            sock.setblocking(False)
            sockets.append(sock)
            stream, rest, end = 1, b"", time.monotonic() + 2
            while time.monotonic() < end:  # 200 MB would fit into two seconds, if it were taken
                rest = rest or frame(stream, p.REQUEST, 0, body)
                try:
                    rest = rest[sock.send(rest):]
                except BlockingIOError:
                    time.sleep(0.01)
                    continue
                stream += 0 if rest else 2
        # 1 MiB of output each, a request under way, and what malloc keeps; the sanitizer keeps what was freed as well.
        with open("/proc/%d/maps" % self.daemon.process.pid) as maps:
            limit = 512 << 20 if "san.so" in maps.read() else 48 << 20
        self.assertLess(rss() - before, limit)
        self.assertLess(self.client.ping(), 1)

    def test_pings_nobody_reads_the_answers_of(self):
        sock = self.raw()
        sock.sendall(frame(0, p.HELLO, 0, struct.pack(">IIII", 1, 0, 4 << 20, 0)))
        sock.setblocking(False)
        flood, rest, sent, end = frame(0, p.PING, 0, b"12345678") * 5000, b"", 0, time.monotonic() + 2
        while time.monotonic() < end:
            rest = rest or flood
            try:
                count = sock.send(rest)
            except BlockingIOError:
                time.sleep(0.01)
                continue
            except OSError:
                break  # more than a thousand in a second: it was sent away
            sent, rest = sent + count, rest[count:]
        # A thousand, and 4 MiB when it was told to go; or 1 MiB of answers; and what the sockets' buffers hold in both directions.
        self.assertLess(sent, 16 << 20)

    def test_a_peer_that_breaks_the_protocol_and_goes_on_talking(self):
        sock = self.raw()
        sock.sendall(frame(0, p.HELLO, 0, struct.pack(">IIII", 1, 0, 4 << 20, 0)))
        sock.sendall(b"\xff" * 100)
        self.assertEqual(read_frame(sock)[1], p.HELLO)
        self.assertEqual(read_frame(sock)[1], p.GOAWAY)
        with self.assertRaises(OSError):
            for _ in range(300):  # it is given a second to close
                sock.sendall(b"\xff" * 1000)
                time.sleep(0.02)

    def test_closing_in_the_middle_of_everything(self):
        rng = random.Random(3)
        for _ in range(100):
            sock = self.raw()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", rng.randrange(2), 0))
            if rng.randrange(2):
                sock.sendall(frame(0, p.HELLO, 0, struct.pack(">IIII", 1, 100, 4 << 20, 0)))
            for stream in range(1, rng.randrange(2, 30), 2):
                method, request = rng.choice([
                    ("Plan.Watch", pb.plan.WatchRequest(from_revision=1)),
                    ("Plan.Export", pb.plan.ExportRequest()),
                    ("Insight.Check", pb.insight.CheckRequest()),
                    ("Plan.Get", pb.plan.GetRequest(ref="goal/grow")),
                    ("Plan.List", pb.plan.ListRequest())])
                sock.sendall(frame(stream, p.REQUEST, 1, request_body(method, request.SerializeToString())))
            if rng.randrange(2):
                time.sleep(0.002)
            sock.close()


class Calls(WithDaemon):
    def test_deadlines(self):
        watch = self.client.stream("Plan.Watch", pb.plan.WatchRequest(), timeout=0.2)
        begin = time.monotonic()
        self.refused(p.DEADLINE, lambda: list(watch))
        self.assertTrue(0.15 < time.monotonic() - begin < 5)
        self.refused(p.DEADLINE, self.client.call, "Admin.Ping", pb.admin.PingRequest(), timeout=-1)

    def test_cancel(self):
        watch = self.client.stream("Plan.Watch", pb.plan.WatchRequest(heartbeat_ms=100))
        self.assertTrue(watch.next().heartbeat)
        watch.cancel()
        self.refused(p.CANCELLED, lambda: list(watch))

    def test_credit_holds_a_watch_back_and_loses_nothing(self):
        client = self.daemon.client(window=1)
        first = apply(self.client, goal("credit")).revision
        watch = client.stream("Plan.Watch", pb.plan.WatchRequest(from_revision=first), auto_credit=False)
        for i in range(20):
            apply(self.client, goal("credit", "version %d" % i))
        self.assertEqual(watch.next().revision, first)
        with self.assertRaises(TimeoutError):
            watch.next(0.3)
        seen = [first]
        while seen[-1] < first + 20:
            watch.grant(200)
            message = watch.next()
            if not message.heartbeat:
                seen.append(message.revision)
        self.assertEqual(seen, list(range(first, first + 21)))
        client.close()

    def test_a_stock_watcher_that_does_not_read_can_resume(self):
        text = "x" * 60000
        begin = self.client.call("Admin.Info", pb.admin.InfoRequest(workspace="main")).revision + 1
        # A socket of our own, so that nothing reads it: 18 MB go its way.
        sock = self.raw()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        request = pb.plan.WatchRequest(from_revision=begin)
        sock.sendall(frame(1, p.REQUEST, 0, request_body("Plan.Watch", request.SerializeToString())))
        for i in range(100):
            apply(self.client, *(goal("big%d" % k, "%d %s" % (i, text)) for k in range(3)))
        revisions = []
        while True:
            stream, kind, _, body = read_frame(sock)
            if kind == p.RESPONSE:
                break
            message = pb.plan.WatchReply.FromString(body)
            if not message.heartbeat:
                revisions.append(message.revision)
        status = pb.ttrpc.Response.FromString(body).status
        error = RpcError(status.code, status.message, status.details)
        self.assertEqual(error.code, p.LIMIT, error)
        self.assertEqual(revisions, list(range(begin, error.resume_from)))
        watch = p.Client(self.daemon.tcp, hello=False)
        rest = watch.stream("Plan.Watch", pb.plan.WatchRequest(from_revision=error.resume_from))
        for revision in range(error.resume_from, begin + 100):
            self.assertEqual(rest.next().revision, revision)
        watch.close()

    def test_callers(self):
        client = self.daemon.client(unix=True)
        info = client.call("Admin.Info", pb.admin.InfoRequest())
        self.assertEqual(info.caller, "uid:%d" % os.getuid())
        self.refused(p.INVALID, client.call, "Admin.Info", pb.admin.InfoRequest(), metadata=[("plumb-as", "No One")])


class Stopping(unittest.TestCase):
    def test_sigterm_drains(self):
        with Daemon() as daemon:
            client, stock = daemon.client(), daemon.client(hello=False)
            revision = apply(client, goal("a")).revision
            watches = [c.stream("Plan.Watch", pb.plan.WatchRequest(from_revision=revision)) for c in (client, stock)]
            for watch in watches:
                self.assertEqual(watch.next().revision, revision)
            pending = [client.start("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=[
                pb.plan.Change(put=pb.plan.Put(item=goal("b%d" % i)))]))) for i in range(50)]
            client.ping()  # all of them have arrived
            begin = time.monotonic()
            daemon.process.terminate()
            done = sum(1 for call in pending if call.result(20).revision)
            self.assertEqual(done, 50)
            for watch in watches:
                last = revision
                with self.assertRaises(RpcError) as caught:
                    for message in watch:
                        last = max(last, message.revision)
                self.assertEqual(caught.exception.code, p.UNAVAILABLE)
                self.assertEqual(caught.exception.resume_from, last + 1)
            self.assertEqual(daemon.process.wait(20), 0)
            self.assertLess(time.monotonic() - begin, 4)
            self.assertEqual(client.goaway[1:], (p.UNAVAILABLE, "the daemon is stopping"))
            self.assertIsNone(stock.goaway)
            # And everything acknowledged is there.
            daemon.start()
            again = daemon.client()
            for i in range(50):
                again.call("Plan.Get", pb.plan.GetRequest(ref="goal/b%d" % i))

    def test_a_caller_that_stays_is_not_waited_for_longer_than_told(self):
        with Daemon(memory=True, args=["--drain-ms", "300"]) as daemon:
            sock = p.connect(daemon.tcp)
            # Half a request: this connection has something under way for ever.
            sock.sendall(frame(1, p.REQUEST, 0, request_body("Admin.Ping", b""))[:-1])
            time.sleep(0.1)
            begin = time.monotonic()
            self.assertEqual(daemon.terminate(), 0)
            self.assertLess(time.monotonic() - begin, 3)
            sock.close()

    def test_a_unix_socket_left_by_a_killed_daemon_is_replaced(self):
        with Daemon() as daemon:
            apply(daemon.client(unix=True), goal("a"))
            daemon.kill()
            self.assertTrue(os.path.exists(daemon.socket_path))
            daemon.start()
            daemon.client(unix=True).call("Plan.Get", pb.plan.GetRequest(ref="goal/a"))
            self.assertEqual(daemon.terminate(), 0)
            self.assertFalse(os.path.exists(daemon.socket_path))


class Limits(unittest.TestCase):
    def test_connections(self):
        with Daemon(memory=True, args=["--connections", "3"]) as daemon:
            clients = [daemon.client() for _ in range(3)]
            for client in clients:
                client.ping()
            extra = p.connect(daemon.tcp)
            extra.settimeout(10)
            self.assertEqual(extra.recv(1), b"")
            extra.close()
            clients.pop().close()
            deadline = time.monotonic() + 10
            while True:
                try:
                    daemon.client().ping(timeout=1)
                    break
                except Exception:
                    self.assertLess(time.monotonic(), deadline)

    def test_file_descriptors_that_run_out(self):
        with Daemon(memory=True, start=False) as daemon:
            with open(daemon.log, "ab") as log:
                daemon.process = subprocess.Popen(
                    daemon.command(), stdout=subprocess.PIPE, stderr=log, text=True,
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
            daemon.tcp = daemon.process.stdout.readline().split()[2]
            client = daemon.client()
            client.ping()
            extra = [p.connect(daemon.tcp) for _ in range(100)]  # the kernel takes them, the daemon can't
            time.sleep(0.3)
            self.assertLess(client.ping(), 1)
            time.sleep(0.5)  # it waits instead of spinning
            with open("/proc/%d/stat" % daemon.process.pid) as stat:
                fields = stat.read().split()
            self.assertLess(int(fields[13]) + int(fields[14]), os.sysconf("SC_CLK_TCK"))
            for sock in extra:
                sock.close()
            late = daemon.client()
            self.assertLess(late.ping(timeout=10), 10)
            self.assertIn("event=accept", daemon.read_log())


class Configuration(unittest.TestCase):
    def run_plumbd(self, *args):
        return subprocess.run([binary(), *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)

    def refused(self, text, *args, code=2):
        result = self.run_plumbd(*args)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertIn(text, result.stderr)
        self.assertTrue(result.stderr.splitlines()[-1].startswith("plumbd: "), result.stderr)

    def test_help_and_version(self):
        help_ = self.run_plumbd("--help")
        self.assertEqual(help_.returncode, 0)
        for option in ("--data", "--listen", "--clock", "--memory", "--config", "--log-level", "--ready-fd", "[people]"):
            self.assertIn(option, help_.stdout)
        self.assertRegex(self.run_plumbd("--version").stdout, r"^plumbd \d+\.\d+\.\d+\n$")

    def test_mistakes_are_named(self):
        self.refused("either --data DIR or --memory")
        self.refused("either --data DIR or --memory", "--memory", "--data", "/tmp/x")
        self.refused("--nope", "--memory", "--nope")
        self.refused("--data needs a value", "--data")
        self.refused("'x' is no option", "--memory", "x")
        self.refused("--clock", "--memory", "--clock", "yesterday")
        self.refused("--allow-cleartext", "--memory", "--listen", "tcp:0.0.0.0:0")
        self.refused("--listen", "--memory", "--listen", "http://x")
        self.refused("--connections", "--memory", "--connections", "0")
        self.refused("--connections", "--memory", "--connections", "16385")
        self.refused("--log-level", "--memory", "--log-level", "loud")
        self.refused("No such file", "--memory", "--config", "/nonexistent")

    def test_mistakes_in_the_file_have_their_line(self):
        for text, place, what in (
                ("[plumbd]\nnope = 1\n", 2, "'nope'"),
                ("[plumbd]\ndrain_ms = 5 s\n", 2, "drain_ms"),
                ("[people]\n1000 = person/anna\n1000 = person/bob\n", 3, "twice"),
                ("[people]\n\n1000 = Anna B\n", 3, "'Anna B'"),
                ("[people]\nanna = person/anna\n", 2, "'anna'"),
                ("[other]\nx = 1\n", 2, "[other]"),
                ("[plumbd]\nwhat\n", 2, "name = value")):
            with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
                conf.write(text)
                conf.flush()
                self.refused("%s:%d: " % (conf.name, place), "--memory", "--config", conf.name)
                self.refused(what, "--memory", "--config", conf.name)

    def test_the_file_is_read_and_options_win(self):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
            conf.write("[plumbd]\nmemory = yes\nconnections = 1\nclock = 2026-01-01T00:00:00Z\n"
                       "listen = tcp:127.0.0.1:1\n\n[people]\n%d = person/anna\n" % os.getuid())
            conf.flush()
            args = ["--config", conf.name, "--connections", "5", "--clock", "=2026-03-31T09:00:00Z"]
            with Daemon(memory=True, args=args) as daemon:
                clients = [daemon.client(unix=True) for _ in range(3)]
                info = clients[2].call("Admin.Info", pb.admin.InfoRequest())
                self.assertEqual((info.caller, info.now), ("person/anna", "2026-03-31T09:00:00Z"))
                info = clients[0].call("Admin.Info", pb.admin.InfoRequest(), metadata=[("plumb-as", "anna")])
                self.assertEqual(info.caller, "person/anna")
                # Who runs the daemon is an administrator, and may act as others.
                info = clients[0].call("Admin.Info", pb.admin.InfoRequest(), metadata=[("plumb-as", "person/bob")])
                self.assertEqual(info.caller, "person/anna as person/bob")

    def test_what_is_taken_is_said(self):
        with Daemon() as daemon:
            self.refused("data", "--data", daemon.data, "--listen", "tcp:127.0.0.1:0", code=1)
            self.refused("listen on", "--memory", "--listen", daemon.tcp, code=1)
            self.refused("another process listens there", "--memory", "--listen", daemon.unix, code=1)

    def test_systemd_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "notify")
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            sock.bind(path)
            sock.settimeout(10)
            with Daemon(memory=True, env={"NOTIFY_SOCKET": path}) as daemon:
                self.assertEqual(sock.recv(100), b"READY=1")
                daemon.terminate()
                self.assertEqual(sock.recv(100), b"STOPPING=1")
            sock.close()

    def test_the_ready_line_goes_where_it_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            reader, writer = os.pipe()
            process = subprocess.Popen([binary(), "--memory", "--listen", "unix:%s/s" % folder, "--ready-fd", str(writer)],
                                       pass_fds=[writer], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            os.close(writer)
            with os.fdopen(reader) as ready:
                self.assertEqual(ready.read(), "plumbd ready unix:%s/s\n" % folder)
            process.terminate()
            self.assertEqual(process.communicate(timeout=20)[0], b"")
            self.assertEqual(process.returncode, 0)


if __name__ == "__main__":
    unittest.main()
