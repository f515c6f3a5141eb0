"""The examples of docs/integrate, as they stand, against a daemon with TLS and tokens: in each language a value is pushed, the
changes are followed through a restart, and the check's findings are printed.

The Go one takes 20 s to build the first time: its gRPC library comes as source.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "support")]
from plumbrpc import Daemon, ROOT, binary, pb  # noqa: E402
import npm  # noqa: E402

EXAMPLES = os.path.join(ROOT, "docs", "integrate")
WAIT = 180

PLAN = """
goals: {growth: {title: Growth, owner: anna}}
objectives:
  faster:
    title: Faster
    goal: growth
    measures: {ttv: {title: Time to value, unit: days, direction: down, baseline: 45, target: 30}}
people: {anna: {title: Anna}}
"""


class Same(Daemon):
    """Keeps its ports over a restart."""

    http = None

    def command(self):
        words = super().command()
        if self.tcp is not None:
            words[words.index("tcp:127.0.0.1:0")] = self.tcp
            words[words.index("--http") + 1] = self.http.replace("http", "tcp", 1)
        return words

    def start(self, timeout=60):
        super().start(timeout)
        self.http = next(line.split("address=")[1].strip() for line in reversed(self.read_log().splitlines())
                         if "event=listen" in line and "address=http:" in line)
        return self


class Example:
    """What each language must do; the subclasses say how it is called."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="plumbint-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.prepare()
        subprocess.run([binary("plumb"), "admin", "certificates", cls.path("tls")], check=True, timeout=WAIT,
                       stdout=subprocess.DEVNULL)
        subprocess.run([binary("plumb"), "admin", "certificates", cls.path("other")], check=True, timeout=WAIT,
                       stdout=subprocess.DEVNULL)
        cls.daemon = Same(data=cls.path("data"), args=[
            "--http", "tcp:127.0.0.1:0", "--tls-certificate", cls.path("tls", "server.pem"), "--tls-key",
            cls.path("tls", "server.key"), "--anonymous", "none"])
        cls.addClassCleanup(cls.daemon.close)
        plan = cls.path("plan.yaml")
        with open(plan, "w", encoding="utf-8") as file:
            file.write(PLAN)
        subprocess.run([binary("plumb"), "apply", "-f", plan, "--yes", "--server", cls.daemon.unix], check=True, timeout=WAIT,
                       stdout=subprocess.DEVNULL)
        with cls.daemon.client(unix=True) as client:
            request = pb.access.CreateTokenRequest(title="example", role=pb.item.CONTRIBUTOR, subject="service/example")
            cls.token = client.call("Access.CreateToken", request).secret

    @classmethod
    def path(cls, *parts):
        return os.path.join(cls.folder, *parts)

    def environment(self, **more):
        keep = {key: value for key, value in os.environ.items() if not key.startswith("PLUMB_")}
        keep.update({"PLUMB_TOKEN": self.token, "PLUMB_CA": self.path("tls", "ca.pem"),
                     "PLUMB_GRPC": "localhost:" + self.daemon.tcp.rpartition(":")[2],
                     "PLUMB_HTTP": "https://localhost:" + self.daemon.http.rpartition(":")[2]})
        keep.update(more)
        return keep

    def run_example(self, words, environment, code=0):
        done = subprocess.run(words, env=self.environment(**environment), capture_output=True, text=True, timeout=WAIT,
                              cwd=self.folder)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def revision(self):
        with self.daemon.client(unix=True) as client:
            return client.call("Admin.Info", pb.admin.InfoRequest(workspace="main")).revision

    def test_a_value_is_pushed_and_counts_once(self):
        first = self.run_example(*self.measure("41.5", "2026-02-02", "once"))
        revision = self.revision()
        again = self.run_example(*self.measure("41.5", "2026-02-02", "once"))
        self.assertEqual(self.revision(), revision)
        reference = "measurement/r%d.0" % revision
        for said in (first, again):
            self.assertIn(reference, said)
        self.assertNotIn("already", first)
        self.assertRegex(again, 'already|"duplicate":true')
        with self.daemon.client(unix=True) as client:
            entry = client.call("Plan.Get", pb.plan.GetRequest(ref=reference)).entry
        self.assertEqual((entry.record.measurement.value, entry.record.at, entry.record.about, entry.created_by),
                         (41.5, "2026-02-02", "measure/ttv", "service/example"))

    def test_what_is_wrong_is_said(self):
        said = self.run_example(*self.measure("1", "2026-02-30", "none"), code=3)
        self.assertIn("2026-02-30", said)

    def test_the_check_prints_findings_and_fails_where_there_are_errors(self):
        # Nobody owns the objective: an error of the rule owner/none.
        said = self.run_example(*self.check(), code=1)
        self.assertIn("owner/none", said)
        self.assertRegex(said, 'objective/faster has no owner')

    def test_who_has_no_token_is_refused(self):
        words, environment = self.check()
        for token in ("", "plumb_1_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"):
            said = self.run_example(words, dict(environment, PLUMB_TOKEN=token), code=3)
            self.assertRegex(said.lower(), "unauthenticated")

    def test_a_server_that_nobody_vouches_for_gets_no_token(self):
        words, environment = self.check()
        self.run_example(words, dict(environment, PLUMB_CA=self.path("other", "ca.pem")), code=3)

    def put(self, name):
        item = pb.item.Item(id=name, title=name, goal=pb.item.Goal())
        change_set = pb.plan.ChangeSet(changes=[pb.plan.Change(put=pb.plan.Put(item=item))])
        with self.daemon.client(unix=True) as client:
            return client.call("Plan.Apply", pb.plan.ApplyRequest(change_set=change_set)).revision

    def test_changes_are_followed_through_lost_connections(self):
        state = self.path("state")
        begin = self.revision()
        with open(state, "w", encoding="ascii") as file:
            file.write("%d\n" % begin)  # what was before has been seen
        last = begin + 4
        words, environment = self.follow(state, last)
        process = subprocess.Popen(words, env=self.environment(**environment), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, cwd=self.folder)
        timer = threading.Timer(WAIT, process.kill)
        timer.start()
        self.addCleanup(timer.cancel)
        self.assertEqual(self.put("one"), begin + 1)
        lines = [process.stdout.readline()]
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.put("two"), begin + 2)  # while it may not have come back
        lines.append(process.stdout.readline())
        self.daemon.restart()
        self.put("three")
        self.assertEqual(self.put("four"), last)
        rest, errors = process.communicate(timeout=WAIT)
        self.assertEqual(process.returncode, 0, rest + errors)
        lines += rest.splitlines()
        self.assertEqual(len(lines), 4, lines)
        for i, line in enumerate(lines):
            self.assertRegex(line, r'revision"?[: ]"?%d\b' % (begin + 1 + i))
        with open(state, encoding="ascii") as file:
            self.assertEqual(int(file.read()), last)


class Python(Example, unittest.TestCase):
    @classmethod
    def prepare(cls):
        folder = os.path.join(ROOT, "proto", "plumb", "v1")
        names = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
        os.mkdir(cls.path("made"))
        subprocess.run(["protoc", "-I", os.path.join(ROOT, "proto"), "--python_out=" + cls.path("made"), *names], check=True)

    def words(self, *words):
        return ["/usr/bin/python3", os.path.join(EXAMPLES, "python", "plumbline.py"), *words], {"PYTHONPATH": self.path("made")}

    def measure(self, value, at, key):
        return self.words("measure", "ttv", value, "--at", at, "--key-of-change", key)

    def follow(self, state, last):
        return self.words("follow", "--state", state, "--until", str(last))

    def check(self):
        return self.words("check")


@unittest.skipUnless(shutil.which("npm"), "npm is not here")
class Node(Python):
    @classmethod
    def prepare(cls):
        source = os.path.join(ROOT, "tests", "interop", "grpc_js")
        # In a folder of its own: another test may install the same anew meanwhile.
        cls.packages = os.path.join(npm.install(source, os.path.join(cls.folder, "build")), "node_modules")

    def words(self, *words):
        # As it stands, but for where its packages are.
        return ["node", os.path.join(EXAMPLES, "node", "plumbline.js"), *words], {"NODE_PATH": self.packages}


class Go(Python):
    @classmethod
    def prepare(cls):
        source = cls.path("src", "plumbline.example", "go")
        shutil.copytree(os.path.join(EXAMPLES, "go"), source)
        subprocess.run([os.path.join(source, "generate"), os.path.join(ROOT, "proto")], check=True, timeout=WAIT)
        cache = os.path.join(ROOT, "build", "go-cache") if os.path.isdir(os.path.join(ROOT, "build")) else cls.folder
        # Debian's packages of Go, so that nothing is fetched.
        env = dict(os.environ, GO111MODULE="off", GOPATH=cls.folder + ":/usr/share/gocode", GOFLAGS="", GOCACHE=cache)
        subprocess.run(["go", "vet", "."], cwd=source, env=env, check=True, timeout=600)
        subprocess.run(["go", "build", "-p", "2", "-o", cls.path("plumbline"), "."], cwd=source, env=env, check=True, timeout=600)

    def words(self, *words):
        return [self.path("plumbline"), *words], {}

    def measure(self, value, at, key):
        return self.words("measure", "-at", at, "-key-of-change", key, "ttv", value)


class Curl(Example, unittest.TestCase):
    @classmethod
    def prepare(cls):
        cls.script = os.path.join(EXAMPLES, "curl", "plumbline.sh")

    def measure(self, value, at, key):
        return [self.script, "measure", "ttv", value, at], {"PLUMB_KEY_OF_CHANGE": key}

    def follow(self, state, last):
        return [self.script, "follow", state], {"PLUMB_UNTIL": str(last)}

    def check(self):
        return [self.script, "check"], {}


if __name__ == "__main__":
    unittest.main()
