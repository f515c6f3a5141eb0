"""A client of the native protocol, written from docs/PROTOCOL.md, and a way to run the daemon; for tests.

    from plumbrpc import Daemon, RpcError, pb

    with Daemon(memory=True) as daemon:            # or Daemon(data="/dir"), Daemon() for a directory of its own
        client = daemon.client(as_name="person/anna")
        reply = client.call("Plan.Get", pb.plan.GetRequest(ref="goal/grow"), timeout=5)
        with client.stream("Plan.Watch", pb.plan.WatchRequest(from_revision=1)) as watch:
            for message in watch: ...
        daemon.kill(); daemon.start()              # SIGKILL, and again on the same directory

pb.plan, pb.item, pb.insight, pb.admin, pb.status, pb.details and pb.ttrpc are the generated modules, made by protoc when this
is imported. A Client may be used from several threads. Run with /usr/bin/python3 (Debian's has protobuf).
"""
import atexit
import importlib
import os
import queue
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# ---- generated messages -------------------------------------------------------------------------------------


def _generate():
    out = tempfile.mkdtemp(prefix="plumbpb-")
    atexit.register(shutil.rmtree, out, True)
    protos = []
    for folder, _, names in os.walk(os.path.join(ROOT, "proto")):
        protos += [os.path.join(folder, name) for name in names if name.endswith(".proto")]
    subprocess.run(["protoc", "-I" + os.path.join(ROOT, "proto"), "-I/usr/include", "--python_out=" + out] + sorted(protos),
                   check=True, stderr=subprocess.DEVNULL)
    sys.path.insert(0, out)
    importlib.invalidate_caches()


def is_progress(reply):
    """A message that only says how far a long call is: whether one comes is the clock's."""
    return "progress_" in reply.DESCRIPTOR.oneofs_by_name and reply.WhichOneof("progress_") is not None


class _Messages:
    def __init__(self):
        _generate()
        # Another "google" package may have been imported before ours was on the path.
        import google
        google.__path__ = list(google.__path__) + [os.path.join(sys.path[0], "google")]
        load = importlib.import_module
        self.status = load("google.rpc.status_pb2")
        self.details = load("google.rpc.error_details_pb2")
        self.ttrpc = load("ttrpc.ttrpc_pb2")
        self.customer = load("plumb.v1.customer_pb2")
        self.governance = load("plumb.v1.governance_pb2")
        self.surroundings = load("plumb.v1.surroundings_pb2")
        self.item = load("plumb.v1.item_pb2")
        self.plan = load("plumb.v1.plan_pb2")
        self.insight = load("plumb.v1.insight_pb2")
        self.forecast = load("plumb.v1.forecast_pb2")
        self.agenda = load("plumb.v1.agenda_pb2")
        self.segments = load("plumb.v1.segments_pb2")
        self.maturity = load("plumb.v1.maturity_pb2")
        self.burnup = load("plumb.v1.burnup_pb2")
        self.outside = load("plumb.v1.outside_pb2")
        self.journey = load("plumb.v1.journey_pb2")
        self.ecosystem = load("plumb.v1.ecosystem_pb2")
        self.impact = load("plumb.v1.impact_pb2")
        self.inflight = load("plumb.v1.inflight_pb2")
        self.drift = load("plumb.v1.drift_pb2")
        self.mirror = load("plumb.v1.mirror_pb2")
        self.moves = load("plumb.v1.moves_pb2")
        self.room = load("plumb.v1.room_pb2")
        self.saydo = load("plumb.v1.saydo_pb2")
        self.whatif = load("plumb.v1.whatif_pb2")
        self.signal = load("plumb.v1.signal_pb2")
        self.voice = load("plumb.v1.voice_pb2")
        self.survey = load("plumb.v1.survey_pb2")
        self.admin = load("plumb.v1.admin_pb2")
        self.webhook = load("plumb.v1.webhook_pb2")
        self.access = load("plumb.v1.access_pb2")
        self.audit = load("plumb.v1.audit_pb2")


pb = _Messages()

OK, CANCELLED, INVALID, DEADLINE, NOT_FOUND, EXISTS, DENIED = 0, 1, 3, 4, 5, 6, 7
LIMIT, PRECONDITION, CONFLICT, RANGE, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS = 8, 9, 10, 11, 12, 13, 14, 15
UNAUTHENTICATED = 16

REQUEST, RESPONSE, DATA, HELLO, WINDOW, CANCEL, PING, GOAWAY = 0x01, 0x02, 0x03, 0x10, 0x11, 0x12, 0x13, 0x14
REMOTE_CLOSED, REMOTE_OPEN, NO_DATA, ACK = 0x01, 0x02, 0x04, 0x80
BODY_MAX = 4 << 20


def frame(stream, kind, flags=0, body=b""):
    """One frame as bytes."""
    return struct.pack(">IIBB", len(body), stream, kind, flags) + body


def request_body(method, payload, timeout=None, metadata=()):
    """An encoded ttrpc.Request; method is "Plan.Get" (or a full "plumb.v1.Plan.Get"), timeout in seconds."""
    service, _, name = method.rpartition(".")
    request = pb.ttrpc.Request(service=service if "." in service else "plumb.v1." + service, method=name,
                               payload=payload)
    if timeout is not None:
        request.timeout_nano = int(timeout * 1e9)
    for key, value in metadata:
        request.metadata.add(key=key, value=value)
    return request.SerializeToString()


def reply_type(method):
    service, name = method.rpartition(".")[::2]
    for module in (pb.plan, pb.insight, pb.signal, pb.voice, pb.survey, pb.admin, pb.webhook, pb.access, pb.audit):
        found = module.DESCRIPTOR.services_by_name.get(service.rpartition(".")[2])
        if found is not None:
            return found.methods_by_name[name].output_type._concrete_class
    raise KeyError(method)


class RpcError(Exception):
    """A status that is not OK. code, message, details (google.protobuf.Any)."""

    def __init__(self, code, message, details=()):
        super().__init__("%d: %s" % (code, message))
        self.code, self.message, self.details = code, message, list(details)

    def detail(self, kind):
        """The detail of that message type, or None."""
        for any_ in self.details:
            message = kind()
            if any_.Unpack(message):
                return message
        return None

    @property
    def violations(self):
        """[(field, description)] of google.rpc.BadRequest."""
        bad = self.detail(pb.details.BadRequest)
        return [] if bad is None else [(v.field, v.description) for v in bad.field_violations]

    @property
    def resume_from(self):
        info = self.detail(pb.details.ErrorInfo)
        return None if info is None else int(info.metadata["resume_from"])


class ConnectionLost(Exception):
    """The connection ended before the call did."""


def _status_error(status):
    return RpcError(status.code, status.message, status.details)


def connect(address, timeout=10):
    """A socket to "tcp:HOST:PORT" or "unix:/PATH"."""
    kind, _, rest = address.partition(":")
    if kind == "unix":
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(timeout)
        try:
            sock.connect(rest)
        except OSError:
            sock.close()
            raise
    else:
        host, _, port = rest.rpartition(":")
        sock = socket.create_connection((host.strip("[]"), int(port)), timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.settimeout(None)
    return sock


# ---- calls --------------------------------------------------------------------------------------------------


class _Call:
    """What arrives for one stream id, in order: ("data", bytes), ("end", None) or ("error", exception)."""

    def __init__(self, client, stream, kind):
        self.client, self.stream, self.kind = client, stream, kind
        self.arrived = queue.Queue()

    def _get(self, timeout):
        try:
            return self.arrived.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError("no answer on stream %d" % self.stream) from None

    def cancel(self):
        """Sends CANCEL; the call still has its end, usually CANCELLED."""
        self.client.send_frame(self.stream, CANCEL)


class Pending(_Call):
    """A unary call under way."""

    def result(self, timeout=30):
        """The reply message, or raises RpcError, ConnectionLost, TimeoutError (which leaves the call running)."""
        what, value = self._get(timeout)
        if what == "error":
            raise value
        reply = self.kind()
        reply.ParseFromString(value)
        return reply


class Stream(_Call):
    """A server stream: iterate, or next(timeout). Taking messages gives credit back, unless auto_credit is False."""

    def __init__(self, client, stream, kind, auto_credit):
        super().__init__(client, stream, kind)
        self.auto_credit = auto_credit
        self.taken = 0
        self.ended = False

    def next(self, timeout=30):
        """The next message, or None at the end; RpcError if it ends with an error."""
        if self.ended:
            return None
        what, value = self._get(timeout)
        if what != "data":
            self.ended = True
            if what == "error":
                raise value
            return None
        self.taken += len(value)
        if self.auto_credit and self.client.window and self.taken >= self.client.window // 2:
            self.grant(self.taken)
            self.taken = 0
        message = self.kind()
        message.ParseFromString(value)
        return message

    def grant(self, credit):
        """Sends WINDOW."""
        if not self.client.hello:
            return
        try:
            self.client.send_frame(self.stream, WINDOW, 0, struct.pack(">I", credit))
        except OSError:
            pass  # closed: what has arrived is still taken, and then the end

    def __iter__(self):
        while True:
            message = self.next(timeout=None)
            if message is None:
                return
            yield message

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.ended and self.client.hello:
            try:
                self.cancel()
            except OSError:
                pass


class Client:
    """A connection. hello=False makes it a stock ttrpc peer; window is the credit of each stream; token "plumb_7_…"."""

    def __init__(self, address, as_name=None, hello=True, window=1 << 20, token=None):
        self.sock = connect(address)
        self.as_name, self.hello, self.window, self.token = as_name, hello, window, token
        self.calls, self.next_id = {}, 1
        self.lock, self.send_lock = threading.Lock(), threading.Lock()
        self.pings, self.hello_ack, self.goaway = queue.Queue(), queue.Queue(), None
        self.lost = None
        if hello:
            self.send_frame(0, HELLO, 0, struct.pack(">IIII", 1, window, BODY_MAX, 0))
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    # -- sending

    def send_frame(self, stream, kind, flags=0, body=b""):
        with self.send_lock:
            self.sock.sendall(frame(stream, kind, flags, body))

    def _start(self, make, method, payload, timeout, metadata, reply=None):
        metadata = list(metadata)
        if self.as_name is not None:
            metadata.append(("plumb-as", self.as_name))
        if self.token is not None:
            metadata.append(("authorization", "Bearer " + self.token))
        body = request_body(method, payload, timeout, metadata)
        with self.send_lock:
            with self.lock:
                if self.lost is not None:
                    raise self.lost
                call = make(self, self.next_id, reply or reply_type(method))
                self.calls[call.stream] = call
                self.next_id += 2
            try:
                self.sock.sendall(frame(call.stream, REQUEST, REMOTE_CLOSED, body))
            except OSError as error:
                raise ConnectionLost(str(error)) from None
        return call

    def start(self, method, request, timeout=None, metadata=()):
        """Begins a unary call and returns its Pending. timeout is the deadline that the server is told, in seconds."""
        return self._start(Pending, method, request.SerializeToString(), timeout, metadata)

    def raw(self, method, payload, reply=None, timeout=None, metadata=()):
        """start() with the bytes of a request message, which may be none."""
        return self._start(Pending, method, payload, timeout, metadata, reply)

    def call(self, method, request, timeout=30, metadata=()):
        """A unary call: the reply, or RpcError."""
        return self.start(method, request, timeout, metadata).result(None if timeout is None else timeout + 5)

    def stream(self, method, request, timeout=None, metadata=(), auto_credit=True):
        """Begins a server stream."""
        return self._start(lambda *a: Stream(*a, auto_credit), method, request.SerializeToString(), timeout, metadata)

    def ping(self, timeout=10):
        """Round trip of a PING frame in seconds."""
        payload, begin = os.urandom(8), time.monotonic()
        self.send_frame(0, PING, 0, payload)
        if self.pings.get(timeout=timeout) != payload:
            raise AssertionError("PING came back changed")
        return time.monotonic() - begin

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.reader.join(10)
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # -- receiving

    def _read(self):
        buffered = self.sock.makefile("rb", buffering=256 << 10)
        try:
            while True:
                head = buffered.read(10)
                if len(head) < 10:
                    break
                length, stream, kind, flags = struct.unpack(">IIBB", head)
                body = buffered.read(length)
                if len(body) < length:
                    break
                self._arrived(stream, kind, flags, body)
        except (OSError, ValueError):
            pass
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        with self.lock:
            self.lost = ConnectionLost("the connection was closed")
            calls, self.calls = list(self.calls.values()), {}
        for call in calls:
            call.arrived.put(("error", self.lost))

    def _take(self, stream):
        with self.lock:
            return self.calls.pop(stream, None)

    def _arrived(self, stream, kind, flags, body):
        if kind == RESPONSE:
            call = self._take(stream)
            if call is None:
                return
            response = pb.ttrpc.Response()
            response.ParseFromString(body)
            if response.status.code != 0:
                call.arrived.put(("error", _status_error(response.status)))
            else:
                call.arrived.put(("data", response.payload))
        elif kind == DATA:
            with self.lock:
                call = self.calls.get(stream)
            if call is not None and not flags & NO_DATA:
                call.arrived.put(("data", body))
            if flags & REMOTE_CLOSED and self._take(stream) is not None:
                call.arrived.put(("end", None))
        elif kind == HELLO:
            self.hello_ack.put(struct.unpack(">IIII", body[:16]))
        elif kind == PING and flags & ACK:
            self.pings.put(body)
        elif kind == PING:
            self.send_frame(0, PING, ACK, body)
        elif kind == GOAWAY:
            self.goaway = struct.unpack(">II", body[:8]) + (body[8:].decode(),)


# ---- the daemon ---------------------------------------------------------------------------------------------


def binary(name="plumbd"):
    """$PLUMB_BUILD/NAME, else the newest in build/*/."""
    if "PLUMB_BUILD" in os.environ:
        return os.path.join(os.environ["PLUMB_BUILD"], name)
    build = os.path.join(ROOT, "build")
    found = [os.path.join(build, preset, name) for preset in (os.listdir(build) if os.path.isdir(build) else [])]
    found = [path for path in found if os.access(path, os.X_OK)]
    if not found:
        raise FileNotFoundError("no %s is built; set PLUMB_BUILD" % name)
    return max(found, key=os.path.getmtime)


def _make_client(address, **options):
    """A Client, or with PLUMB_TEST_PROTOCOL=grpc one that speaks gRPC where that makes no difference to the caller."""
    if os.environ.get("PLUMB_TEST_PROTOCOL") != "grpc" or "hello" in options or "window" in options:
        return Client(address, **options)
    import grpcclient  # grpcio is loaded only where it is used
    return grpcclient.Client(sys.modules[__name__], address, **options)


class Daemon:
    """A plumbd on a free port and a unix socket. memory=True: no directory. data: its directory, else a temporary one.

    args are further options; env further environment. The daemon's log is in self.log (a path). Who shows nothing is an
    administrator, unless anonymous says otherwise: "none" is what people get who don't ask.
    """

    def __init__(self, memory=False, data=None, args=(), clock=None, program=None, env=None, start=True,
                 anonymous="admin"):
        self.folder = tempfile.mkdtemp(prefix="plumbd-")
        self.data = None if memory else (data or os.path.join(self.folder, "data"))
        self.socket_path = os.path.join(self.folder, "s")
        self.log = os.path.join(self.folder, "log")
        self.args, self.clock, self.program, self.env = list(args), clock, program or binary(), env
        self.anonymous = anonymous
        self.process, self.tcp, self.unix, self.clients = None, None, "unix:" + self.socket_path, []
        self.http = None  # "127.0.0.1:PORT", with --http
        if start:
            self.start()

    def command(self):
        where = ["--memory"] if self.data is None else ["--data", self.data]
        clock = [] if self.clock is None else ["--clock", self.clock]
        return ([self.program] + where + ["--listen", "tcp:127.0.0.1:0", "--listen", self.unix] + clock +
                ["--anonymous", self.anonymous] + self.args)

    def start(self, timeout=60):
        """Starts it (again) and waits until it is ready."""
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=subprocess.PIPE, stderr=log, text=True,
                                            env=None if self.env is None else dict(os.environ, **self.env))
        timer = threading.Timer(timeout, self.process.kill)
        timer.start()
        line = self.process.stdout.readline().split()
        timer.cancel()
        if line[:2] != ["plumbd", "ready"]:
            code = self.process.wait()
            self.process.stdout.close()
            raise RuntimeError("plumbd did not start (%s):\n%s" % (code, self.read_log()[-4000:]))
        self.tcp = next(address for address in line[2:] if address.startswith("tcp:"))
        self.ready = " ".join(line)
        self.http = next((address[len("http:"):] for address in line[2:] if address.startswith("http:")), None)
        return self

    def read_log(self):
        with open(self.log, errors="replace") as log:
            return log.read()

    def client(self, unix=False, **options):
        """A new connection; closed with the daemon."""
        client = _make_client(self.unix if unix else self.tcp, **options)
        self.clients.append(client)
        return client

    def wait_for_tables(self, workspace="main"):
        """Until tables.db shows all that the plan has taken."""
        until = time.monotonic() + 60
        client = self.client(unix=True)
        request = pb.admin.InfoRequest(workspace=workspace)
        while (info := client.call("Admin.Info", request)).tables_revision < info.revision:
            assert time.monotonic() < until, info
            time.sleep(0.05)

    def kill(self):
        """SIGKILL, at once."""
        self.process.kill()
        self.process.wait()
        self._close_clients()

    def terminate(self, timeout=30):
        """SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout)
        self._close_clients()
        return code

    def restart(self):
        """SIGTERM, wait, start; the port is another one."""
        code = self.terminate()
        if code != 0:
            raise RuntimeError("plumbd ended with %d:\n%s" % (code, self.read_log()[-4000:]))
        return self.start()

    def _close_clients(self):
        for client in self.clients:
            client.close()
        self.clients = []

    def close(self):
        """Ends it however it can, and removes its temporary files."""
        self._close_clients()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process is not None:
            self.process.stdout.close()
        log = self.read_log() if os.path.exists(self.log) else ""
        shutil.rmtree(self.folder, ignore_errors=True)
        if any(word in log for word in ("Sanitizer", "runtime error:", "Assertion `")):
            raise AssertionError("the daemon's log tells of a mistake in it:\n" + log[-8000:])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
