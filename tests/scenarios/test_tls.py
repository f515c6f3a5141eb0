"""TLS in plumb, with certificates as plumb admin certificates makes them: who is let in as whom, what is renewed while
a watch goes on, and what people are told when a certificate is no good."""
import os
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import tempfile
import threading
import time
import unittest

from plumbrpc import Daemon, binary

PLUMB = binary("plumb")
WAIT = 30


def port_of(daemon):
    return daemon.tcp.rpartition(":")[2]


class Base(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="plumbtls-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.home = cls.path("home")
        os.mkdir(cls.home)

    @classmethod
    def path(cls, *parts):
        return os.path.join(cls.folder, *parts)

    @classmethod
    def plumb(cls, *words, code=0, **environment):
        """Its outputs; the exit code must be that one."""
        keep = {key: value for key, value in os.environ.items() if not key.startswith("PLUMB_") or key == "PLUMB_BUILD"}
        done = subprocess.run([PLUMB, *words], env=dict(keep, HOME=cls.home, XDG_CONFIG_HOME="", **environment),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WAIT)
        if done.returncode != code:
            raise AssertionError("%s: exit %d\n%s%s" % (words, done.returncode, done.stdout, done.stderr))
        return done.stdout + done.stderr

    @classmethod
    def make(cls, folder, *words, code=0):
        return cls.plumb("admin", "certificates", cls.path(folder), *words, code=code)

    @classmethod
    def daemon(cls, folder, *args, require=False):
        config = cls.path(folder + ".conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write("[certificates]\nperson/anna = person/anna\nservice/billing = service/billing\n")
        daemon = Daemon(memory=True, args=[
            "--config", config, "--tls-certificate", cls.path(folder, "server.pem"), "--tls-key",
            cls.path(folder, "server.key"), "--tls-client-ca", cls.path(folder, "ca.pem"),
            *(["--tls-require-client"] if require else []), *args])
        cls.addClassCleanup(daemon.close)
        return daemon

    @classmethod
    def read(cls, *parts):
        with open(cls.path(*parts), "rb") as file:
            return file.read()

    @classmethod
    def own(cls, folder, name):
        return ["--cert", cls.path(folder, name + ".pem"), "--key", cls.path(folder, name + ".key")]


class Making(Base):
    def verify(self, folder, name, purpose):
        return subprocess.run(["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", self.path(folder, "ca.pem"),
                               self.path(folder, name + ".pem")], capture_output=True, text=True, timeout=WAIT)

    def text(self, folder, name):
        return subprocess.run(["openssl", "x509", "-noout", "-text", "-in", self.path(folder, name + ".pem")],
                              capture_output=True, text=True, timeout=WAIT, check=True).stdout

    def test_what_is_made_is_good_for_what_it_is_for_and_for_nothing_else(self):
        self.make("all", "--name", "plan.example.org", "--name", "10.0.0.5", "--name", "::1", "--client", "person/anna")
        for name, good, bad in (("server", "sslserver", "sslclient"), ("person-anna", "sslclient", "sslserver")):
            done = self.verify("all", name, good)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertNotEqual(self.verify("all", name, bad).returncode, 0)
        text = self.text("all", "server")
        self.assertIn("DNS:plan.example.org, IP Address:10.0.0.5, IP Address:0:0:0:0:0:0:0:1", text)
        self.assertIn("CA:FALSE", text)
        self.assertIn("P-256", text)
        self.assertIn("CA:TRUE, pathlen:0", self.text("all", "ca"))
        self.assertIn("CN = person/anna", self.text("all", "person-anna"))
        for name in ("ca", "server", "person-anna"):
            self.assertEqual(stat.S_IMODE(os.stat(self.path("all", name + ".key")).st_mode), 0o600)

    def test_days_are_counted_from_the_first_one_on(self):
        self.make("days", "--not-before", "2030-01-01", "--days", "31")
        text = self.text("days", "server")
        self.assertIn("Not Before: Jan  1 00:00:00 2030", text)
        self.assertIn("Not After : Jan 31 23:59:59 2030", text)  # the 31st day is the last

    def test_nothing_is_written_over_and_an_authority_goes_on(self):
        self.make("on", "--client", "person/anna")
        names = sorted(os.listdir(self.path("on")))
        before = [self.read("on", name) for name in names]
        self.assertIn("server.pem or server.key already", self.make("on", code=2))
        self.assertIn("person-anna.pem", self.make("on", "--client", "service/billing", "--client", "person/anna", code=2))
        self.assertIn("server.pem", self.make("on", "--client", "service/billing", "--name", "localhost", code=2))
        self.assertEqual(sorted(os.listdir(self.path("on"))), names)
        said = self.make("on", "--client", "service/billing")
        self.assertIn("service/billing = service/billing", said)
        self.assertEqual(self.verify("on", "service-billing", "sslclient").returncode, 0)
        self.assertEqual([self.read("on", name) for name in names], before)

    def test_what_was_typed_wrong_is_named(self):
        for words, says in (
                (["--name", "two words"], "--name takes a host"), (["--name", "a,DNS:evil"], "--name takes a host"),
                (["--name", ""], "--name takes a host"), (["--client", "anna"], "person/anna or service/billing"),
                (["--client", "goal/anna"], "person/anna"), (["--client", "person/.."], "person/anna"),
                (["--client", "person/a", "--client", "person/a"], "given twice"), (["--days", "0"], "1 to 36500"),
                (["--days", "36501"], "1 to 36500"), (["--not-before", "tomorrow"], "a date such as")):
            self.assertIn(says, self.make("wrong", *words, code=2), words)
        self.assertFalse(os.path.exists(self.path("wrong")))
        with open(self.path("file"), "w", encoding="utf-8"):
            pass
        self.assertIn("is no directory", self.make("file", code=2))
        os.mkdir(self.path("half"))
        self.make("whole")
        shutil.copy(self.path("whole", "ca.pem"), self.path("half", "ca.pem"))
        self.assertIn("cannot read '%s'" % self.path("half", "ca.key"), self.make("half", code=2))
        self.assertEqual(os.listdir(self.path("half")), ["ca.pem"])

    def test_what_it_prints_works_as_it_stands(self):
        said = self.make("printed", "--client", "person/anna")
        settings = said[said.index("[plumbd]"):said.index("Then:")]
        config = self.path("printed.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(settings)
        with Daemon(memory=True, args=["--config", config]) as daemon:
            line = next(line for line in said.splitlines() if line.startswith("plumb info"))
            words = line.replace(":7411", ":" + port_of(daemon)).split()
            self.assertIn("person/anna", self.plumb(*words[1:]))


class Talking(Base):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make("tls", "--client", "person/anna", "--client", "service/billing")
        cls.make("other", "--client", "person/anna")
        cls.one = cls.daemon("tls")
        cls.server = "tls:localhost:" + port_of(cls.one)
        cls.ca = ["--ca", cls.path("tls", "ca.pem")]

    def test_by_name_and_by_number(self):
        for host in ("localhost", "127.0.0.1"):
            self.assertIn("0.1.0", self.plumb("info", "--server", "tls:%s:%s" % (host, port_of(self.one)), *self.ca))

    def test_a_certificate_makes_the_caller_somebody(self):
        self.assertIn("person/anna", self.plumb("info", "--server", self.server, *self.ca, *self.own("tls", "person-anna")))
        self.assertIn("service/billing",
                      self.plumb("info", "--server", self.server, *self.ca, *self.own("tls", "service-billing")))
        self.assertNotIn("person/anna", self.plumb("info", "--server", self.server, *self.ca))

    def test_variables_and_contexts_state_them_too(self):
        variables = {"PLUMB_SERVER": self.server, "PLUMB_CA": self.ca[1], "PLUMB_CERT": self.path("tls", "person-anna.pem"),
                     "PLUMB_KEY": self.path("tls", "person-anna.key")}
        self.assertIn("person/anna", self.plumb("info", **variables))
        self.plumb("context", "set", "there", "--server", self.server, *self.ca, *self.own("tls", "service-billing"))
        self.assertIn("service/billing", self.plumb("info", "--context", "there"))
        shown = self.plumb("context", "show", "--context", "there", "-o", "csv")
        self.assertIn("ca,%s,context there" % self.ca[1], shown)
        # An option wins over the context.
        self.assertIn("person/anna", self.plumb("info", "--context", "there", *self.own("tls", "person-anna")))

    def test_much_goes_through_both_ways(self):
        # Beyond what one record (16 KiB) and the sockets' buffers hold: 5 times 60 goals of 60 KB are 18 MB.
        with Daemon(memory=True, args=["--tls-certificate", self.path("tls", "server.pem"), "--tls-key",
                                       self.path("tls", "server.key")]) as daemon:
            there = ["--server", "tls:localhost:" + port_of(daemon), *self.ca]
            for part in range(5):
                plan = self.path("big.yaml")
                with open(plan, "w", encoding="utf-8") as file:
                    file.write("goals:\n")
                    for i in range(60):
                        file.write("  g%d-%d: {title: Goal, owner: anna, description: %s}\n" % (part, i, "x" * 60000))
                self.plumb("apply", "-f", plan, "--yes", *there)
            self.assertEqual(self.plumb("export", *there).count("x" * 60000), 300)

    def test_a_certificate_is_renewed_while_a_watch_goes_on(self):
        self.make("renew", "--client", "person/anna")
        daemon = self.daemon("renew")
        there = ["--server", "tls:localhost:" + port_of(daemon), "--ca", self.path("renew", "ca.pem")]
        keep = {key: value for key, value in os.environ.items() if not key.startswith("PLUMB_")}
        watch = subprocess.Popen([PLUMB, "watch", "-o", "json", *there], env=dict(keep, HOME=self.home),
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(watch.stdout.close)
        self.addCleanup(watch.wait, WAIT)
        self.addCleanup(watch.terminate)
        seen = []
        reader = threading.Thread(target=lambda: seen.extend(iter(watch.stdout.readline, "")), daemon=True)
        reader.start()

        def wait_for(what):
            end = time.monotonic() + WAIT
            while not any(what in line for line in list(seen)):
                if time.monotonic() > end:
                    raise AssertionError("%s never came: %s" % (what, seen))
                time.sleep(0.01)

        def serial():
            return ssl.get_server_certificate(("localhost", int(port_of(daemon))))

        def put(name):
            plan = self.path(name + ".yaml")
            with open(plan, "w", encoding="utf-8") as file:
                file.write("goals:\n  %s: {title: %s, owner: anna}\n" % (name, name))
            self.plumb("apply", "-f", plan, "--yes", *there, "--as", "person/anna")

        client = daemon.client()
        before = serial()
        # The watch begins after what is there: until its stream stands, changes are made anew.
        for i in range(100):
            put("first%d" % i)
            time.sleep(0.05)
            if any("first" in line for line in list(seen)):
                break
        wait_for("first")
        os.unlink(self.path("renew", "server.pem"))
        os.unlink(self.path("renew", "server.key"))
        self.make("renew")
        daemon.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + WAIT
        while serial() == before:
            self.assertLess(time.monotonic(), end, "the certificate stays the old one")
            time.sleep(0.02)
        put("second")
        wait_for("second")
        self.assertIsNone(watch.poll())
        # What is no good changes nothing.
        now = serial()
        with open(self.path("renew", "server.pem"), "w", encoding="utf-8") as file:
            file.write("no certificate\n")
        daemon.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + WAIT
        while "goes on with the old" not in daemon.read_log():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)
        self.assertEqual(serial(), now)
        put("third")
        wait_for("third")
        client.close()


class Fake:
    """Somebody else's server of TLS: shakes hands, and closes."""

    def __init__(self, folder, answer=b""):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(os.path.join(folder, "server.pem"), os.path.join(folder, "server.key"))
        self.answer = answer
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            peer.settimeout(WAIT)
            try:
                with self.context.wrap_socket(peer, server_side=True) as secure:
                    secure.recv(100)
                    secure.sendall(self.answer)
                    while secure.recv(1 << 16):
                        pass
            except (OSError, ssl.SSLError):
                peer.close()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(WAIT)


class Refused(Base):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make("tls", "--client", "person/anna")
        cls.make("other", "--client", "person/anna")
        cls.ca = ["--ca", cls.path("tls", "ca.pem")]

    def fake(self, folder, **options):
        fake = Fake(self.path(folder), **options)
        self.addCleanup(fake.close)
        return fake

    def info(self, address, *words, code=3):
        text = self.plumb("info", "--server", address, *words, code=code)
        return re.sub(r"\s+", " ", text)

    def says(self, text, *parts):
        for part in parts:
            self.assertIn(part, text)

    def test_expired(self):
        self.make("old", "--not-before", "2020-01-01", "--days", "31")
        fake = self.fake("old")
        address = "tls:localhost:%d" % fake.port
        self.says(self.info(address, "--ca", self.path("old", "ca.pem")),
                  "the certificate at " + address + " has expired on 2020-01-31: have it renewed there, and send plumbd SIGHUP")

    def test_not_yet_valid(self):
        self.make("new", "--not-before", "2120-01-01")
        address = "tls:localhost:%d" % self.fake("new").port
        self.says(self.info(address, "--ca", self.path("new", "ca.pem")), address, "is not valid yet, but from 2120-01-01 on",
                  "look at the clocks of both machines")

    def test_of_another_name(self):
        self.make("named", "--name", "plan.example.org", "--name", "10.0.0.5")
        port = self.fake("named").port
        for host in ("localhost", "127.0.0.1"):
            self.says(self.info("tls:%s:%d" % (host, port), "--ca", self.path("named", "ca.pem")),
                      "is for plan.example.org, 10.0.0.5, not for '%s'" % host, "--server tls:NAME:PORT")

    def test_of_nobody_who_is_trusted(self):
        address = "tls:localhost:%d" % self.fake("tls").port
        self.says(self.info(address), "nobody whom this machine trusts vouches for the certificate at " + address,
                  "--ca FILE (also $PLUMB_CA)")
        other = self.path("other", "ca.pem")
        self.says(self.info(address, "--ca", other), "not vouched for by the authority in '%s'" % other)

    def test_a_certificate_of_a_caller_is_none_of_a_server(self):
        os.mkdir(self.path("swapped"))
        for end in (".pem", ".key"):
            shutil.copy(self.path("tls", "person-anna" + end), self.path("swapped", "server" + end))
        self.says(self.info("tls:localhost:%d" % self.fake("swapped").port, *self.ca), "the certificate at", "purpose")

    def test_files_that_are_no_good_are_named(self):
        pem, key = self.path("tls", "person-anna.pem"), self.path("tls", "person-anna.key")
        nowhere = self.path("nowhere.pem")
        with open(self.path("text"), "w", encoding="utf-8") as file:
            file.write("hello\n")
        address = "tls:localhost:%d" % self.fake("tls").port
        for words, parts in (
                (["--ca", nowhere], ["(--ca)", nowhere, "No such file"]), (["--ca", self.path("text")], ["(--ca)", "text"]),
                ([*self.ca, "--cert", pem], ["--cert and --key belong together"]),
                ([*self.ca, "--key", key], ["--cert and --key belong together"]),
                ([*self.ca, "--cert", nowhere, "--key", key], ["(--cert)", nowhere, "No such file"]),
                ([*self.ca, "--cert", pem, "--key", nowhere], ["(--key)", nowhere]),
                ([*self.ca, "--cert", pem, "--key", self.path("other", "person-anna.key")], ["(--key)", "mismatch"])):
            self.says(self.info(address, *words, code=2), *parts)

    def test_tls_to_a_port_in_clear(self):
        with Daemon(memory=True) as daemon:
            address = "tls:localhost:" + port_of(daemon)
            self.says(self.info(address, *self.ca), "TLS is not spoken at " + address, "tls_certificate",
                      "--server tcp:localhost:" + port_of(daemon))

    def test_in_clear_to_a_port_of_tls(self):
        port = self.fake("tls").port
        self.says(self.info("tcp:127.0.0.1:%d" % port), "TLS", "--server tls:127.0.0.1:%d" % port)

    def test_something_else_that_speaks_tls(self):
        port = self.fake("tls", answer=b"HTTP/1.1 400 Bad Request\r\n\r\n").port
        self.says(self.info("tls:localhost:%d" % port, *self.ca), "is not plumbd")

    def test_somebody_who_never_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            text = self.info("tls:127.0.0.1:%d" % silent.getsockname()[1], *self.ca, "--timeout", "0.2")
            self.says(text, "did not answer in TLS in time")

    def test_callers_of_whom_a_certificate_is_asked(self):
        daemon = self.daemon("tls", require=True)
        address = "tls:localhost:" + port_of(daemon)
        self.says(self.info(address, *self.ca), "lets in only who shows a certificate", "--cert FILE and --key FILE")
        self.says(self.info(address, *self.ca, *self.own("other", "person-anna")),
                  "does not take your certificate", "person-anna.pem", "not from an authority that plumbd knows")
        self.make("tls", "--client", "person/late", "--not-before", "2020-01-01", "--days", "31")
        self.says(self.info(address, *self.ca, *self.own("tls", "person-late")),
                  "does not take your certificate", "it has expired")
        self.assertIn("person/anna", self.info(address, *self.ca, *self.own("tls", "person-anna"), code=0))

    def test_a_daemon_does_not_start_with_what_has_expired(self):
        self.make("past", "--not-before", "2020-01-01", "--days", "31")
        done = subprocess.run([binary(), "--memory", "--listen", "tcp:127.0.0.1:0", "--tls-certificate",
                               self.path("past", "server.pem"), "--tls-key", self.path("past", "server.key")],
                              capture_output=True, text=True, timeout=WAIT)
        self.assertEqual(done.returncode, 1)
        self.says(done.stderr, self.path("past", "server.pem"), "has expired")

    def test_where_the_address_was_stated_is_said(self):
        text = self.plumb("info", code=3, PLUMB_SERVER="tls:localhost:%d" % self.fake("tls").port)
        self.says(re.sub(r"\s+", " ", text), "(the server is from $PLUMB_SERVER)")


if __name__ == "__main__":
    unittest.main()
