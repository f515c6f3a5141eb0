"""plumbd under a service manager, whose part is played here: sockets that it opened (LISTEN_FDS), what it is told
(NOTIFY_SOCKET), that it notices a daemon that hangs (WATCHDOG_USEC), and what SIGHUP changes."""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from plumbrpc import Client, ConnectionLost, binary, pb

WAIT = 30


class Service:
    """Starts plumbd as systemd does: the sockets as descriptors from 3 on, and a datagram socket for its messages."""

    def __init__(self, folder, sockets=(), names=None, watchdog=None, args=(), pid=None, memory=True):
        self.folder, self.messages = folder, []
        self.told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.told.bind(os.path.join(folder, "notify"))
        self.log = os.path.join(folder, "log")
        words = [binary(), *(["--memory"] if memory else ["--data", os.path.join(folder, "data")]), *args]
        # The process id must be that of plumbd: a shell sets it and becomes plumbd.
        script = 'LISTEN_PID=%s WATCHDOG_PID=$$ exec "$@"' % ("$$" if pid is None else pid)
        environment = dict(os.environ, NOTIFY_SOCKET=os.path.join(folder, "notify"))
        if sockets:
            environment["LISTEN_FDS"] = str(len(sockets))
        if names is not None:
            environment["LISTEN_FDNAMES"] = names
        if watchdog is not None:
            environment["WATCHDOG_USEC"] = str(watchdog)
        copies = [os.dup(sock.fileno()) for sock in sockets]
        base = 100

        def place():
            for i, fd in enumerate(copies):
                os.dup2(fd, base + i)
            for i in range(len(copies)):
                os.dup2(base + i, 3 + i)
                os.close(base + i)

        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(["sh", "-c", script, "sh", *words], env=environment, stdout=subprocess.PIPE,
                                            stderr=log, text=True, close_fds=False, preexec_fn=place)
        for fd in copies:
            os.close(fd)

    def next(self, timeout=WAIT):
        """The next message, as its lines; None: none came."""
        self.told.settimeout(timeout)
        try:
            return self.told.recv(4096).decode().splitlines()
        except (TimeoutError, BlockingIOError):
            return None

    def wait_for(self, line):
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            lines = self.next()
            if lines is not None and line in lines:
                return lines
        raise AssertionError("%s never came:\n%s" % (line, self.read_log()))

    def ready(self):
        line = self.process.stdout.readline().split()
        if line[:2] != ["plumbd", "ready"]:
            raise AssertionError("not ready:\n" + self.read_log())
        return line[2:]

    def read_log(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(WAIT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        self.told.close()
        log = self.read_log()
        if any(word in log for word in ("Sanitizer", "runtime error:", "Assertion `")):
            raise AssertionError("the daemon's log tells of a mistake in it:\n" + log[-8000:])


class Base(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="plumbsvc-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def service(self, **options):
        options["args"] = ["--anonymous", "admin", *options.get("args", ())]
        service = Service(self.folder, **options)
        self.addCleanup(service.close)
        return service

    def tcp(self):
        sock = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(sock.close)
        return sock, "tcp:127.0.0.1:%d" % sock.getsockname()[1]

    def unix(self, name="s"):
        sock = socket.socket(socket.AF_UNIX)
        self.addCleanup(sock.close)
        sock.bind(self.path(name))
        sock.listen()
        return sock, "unix:" + self.path(name)

    def info(self, address):
        with Client(address) as client:
            return client.call("Admin.Info", pb.admin.InfoRequest(workspace="main"))


class Sockets(Base):
    def test_those_that_are_passed_are_served_and_no_others_by_default(self):
        (tcp, tcp_address), (unix, unix_address) = self.tcp(), self.unix()
        service = self.service(sockets=[tcp, unix], names="plumb:plumb")
        self.assertEqual(service.ready(), [tcp_address, unix_address])
        for address in (tcp_address, unix_address):
            self.info(address)

    def test_what_is_configured_is_opened_too_unless_it_is_there(self):
        tcp, tcp_address = self.tcp()
        unix, unix_address = self.unix()
        other = "unix:" + self.path("other")
        service = self.service(sockets=[tcp, unix], names="plumb:plumb",
                               args=["--listen", unix_address, "--listen", tcp_address, "--listen", other])
        self.assertEqual(service.ready(), [tcp_address, unix_address, other])
        self.info(other)

    def test_a_call_waits_while_the_daemon_is_restarted(self):
        unix, address = self.unix()
        for _ in range(2):
            service = self.service(sockets=[unix])
            service.ready()
            self.info(address)
            service.close()
            self.assertTrue(os.path.exists(self.path("s")))  # it is the manager's
            os.unlink(self.path("notify"))
        # Nobody serves it: whoever connects waits instead of being refused, and the next start answers.
        with Client(address) as client:
            pending = client.start("Admin.Info", pb.admin.InfoRequest(workspace="main"))
            self.service(sockets=[unix]).ready()
            pending.result(WAIT)

    def test_http_is_spoken_where_the_name_says_so(self):
        tcp, address = self.tcp()
        service = self.service(sockets=[tcp], names="http")
        self.assertEqual(service.ready(), [address.replace("tcp", "http", 1)])
        with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), WAIT) as sock:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            self.assertTrue(sock.recv(4096).startswith(b"HTTP/1.1 200"))

    def test_sockets_for_another_process_are_left_alone(self):
        tcp, _ = self.tcp()
        service = self.service(sockets=[tcp], pid="1", args=["--listen", "unix:" + self.path("own")])
        self.assertEqual(service.ready(), ["unix:" + self.path("own")])

    def refused(self, code, *parts, **options):
        service = self.service(**options)
        self.assertEqual(service.process.wait(WAIT), code)
        for part in parts:
            self.assertIn(part, service.read_log())

    def test_what_cannot_be_served_is_named(self):
        tcp, _ = self.tcp()
        self.refused(2, "a socket named 'ssh'", "FileDescriptorName=", sockets=[tcp], names="ssh")

    def test_a_socket_of_datagrams_is_refused(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            self.refused(1, "takes no connections", "ListenStream=", sockets=[sock])

    def test_a_socket_that_does_not_listen_is_refused(self):
        with socket.socket() as sock:
            self.refused(1, "takes no connections", sockets=[sock])


class Messages(Base):
    def test_ready_when_it_takes_calls_and_stopping_when_it_was_told_to(self):
        tcp, address = self.tcp()
        service = self.service(sockets=[tcp])
        self.assertEqual(service.next(), ["READY=1"])
        self.info(address)
        service.process.terminate()
        self.assertEqual(service.next(), ["STOPPING=1"])
        self.assertEqual(service.process.wait(WAIT), 0)

    def test_reloading_has_its_time_and_an_end(self):
        tcp, _ = self.tcp()
        service = self.service(sockets=[tcp])
        service.wait_for("READY=1")
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        service.process.send_signal(signal.SIGHUP)
        lines = service.next()
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self.assertEqual(lines[0], "RELOADING=1")
        name, _, value = lines[1].partition("=")
        self.assertEqual(name, "MONOTONIC_USEC")
        self.assertTrue(before <= int(value) <= after)
        self.assertEqual(service.next(), ["READY=1"])

    def test_a_daemon_that_hangs_says_nothing_any_more(self):
        tcp, _ = self.tcp()
        service = self.service(sockets=[tcp], watchdog=1000000)
        service.wait_for("READY=1")
        begin = time.monotonic()
        for _ in range(4):
            self.assertEqual(service.next(), ["WATCHDOG=1"])
        # Every half of the second at the latest, give or take a tick of 100 ms and a busy machine.
        self.assertLess(time.monotonic() - begin, 4 * 1.0)
        service.process.send_signal(signal.SIGSTOP)
        while service.next(0.1) is not None:  # what was under way
            pass
        self.assertIsNone(service.next(1.5))
        service.process.send_signal(signal.SIGCONT)
        service.wait_for("WATCHDOG=1")

    def test_without_a_watchdog_there_are_no_pings(self):
        tcp, _ = self.tcp()
        service = self.service(sockets=[tcp])
        service.wait_for("READY=1")
        self.assertIsNone(service.next(1))


class Reload(Base):
    def write(self, *lines):
        with open(self.path("conf"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def reload(self, service):
        service.process.send_signal(signal.SIGHUP)
        service.wait_for("RELOADING=1")
        service.wait_for("READY=1")

    def who(self, address):
        return self.info(address).caller

    def test_names_and_the_log_level_are_taken_and_the_rest_is_told(self):
        unix, address = self.unix()
        uid = os.getuid()
        self.write("[plumbd]", "log_level = warn", "drain_ms = 5000", "[people]", "%d = person/anna" % uid)
        service = self.service(sockets=[unix], args=["--config", self.path("conf")])
        service.wait_for("READY=1")
        self.assertEqual(self.who(address), "person/anna")
        with Client(address) as former:
            former.call("Admin.Info", pb.admin.InfoRequest(workspace="main"))
            self.reload(service)
            former.call("Admin.Info", pb.admin.InfoRequest(workspace="main"))  # who is the same goes on
            self.write("[plumbd]", "log_level = debug", "drain_ms = 6000", "[people]", "%d = person/bo" % uid)
            self.reload(service)
            self.assertEqual(self.who(address), "person/bo")
            with self.assertRaises(ConnectionLost):  # nobody goes on as who they were
                former.call("Admin.Info", pb.admin.InfoRequest(workspace="main"))
        log = service.read_log()
        self.assertIn("setting=drain_ms", log)
        self.assertNotIn("setting=log_level", log)
        self.assertIn("level=debug event=call", log)

    def test_a_file_that_is_wrong_changes_nothing(self):
        unix, address = self.unix()
        uid = os.getuid()
        self.write("[people]", "%d = person/anna" % uid)
        service = self.service(sockets=[unix], args=["--config", self.path("conf")])
        service.wait_for("READY=1")
        self.write("[people]", "%d = person/bo" % uid, "[plumbd]", "colour = blue")
        self.reload(service)
        self.assertEqual(self.who(address), "person/anna")
        self.assertIn("conf:4", service.read_log())
        self.assertIn("goes on with the old settings", service.read_log())


if __name__ == "__main__":
    unittest.main()
