"""Debian's Go ttrpc client (1.1, unary only), unchanged, against the daemon."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
from plumbrpc import Daemon, ROOT, pb  # noqa: E402


class GoClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="plumbgo-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.client = os.path.join(cls.folder, "client")
        cache = os.path.join(ROOT, "build", "go-cache") if os.path.isdir(os.path.join(ROOT, "build")) else cls.folder
        env = dict(os.environ, GO111MODULE="off", GOPATH="/usr/share/gocode", GOFLAGS="", GOCACHE=cache)
        subprocess.run(["go", "build", "-p", "2", "-o", cls.client, "."], cwd=os.path.join(HERE, "ttrpc_client"), env=env,
                       check=True, timeout=600)
        cls.daemon = Daemon(memory=True)
        cls.addClassCleanup(cls.daemon.close)

    def run_client(self, *calls, as_name="", unix=False):
        address = self.daemon.unix if unix else self.daemon.tcp
        result = subprocess.run([self.client, address, as_name, *calls], stdout=subprocess.PIPE, text=True, timeout=120)
        self.assertEqual(result.returncode, 0, result.stdout)
        return result.stdout.splitlines()

    def test_unary_calls_one_after_the_other(self):
        # PingRequest and PingReply { payload "hi" } are both 0a 02 68 69; an empty message has no bytes.
        self.assertEqual(self.run_client("plumb.v1.Admin/Ping:0a026869", "plumb.v1.Admin/Ping:"), ["0 0a026869", "0 "])

    def test_many_at_once(self):
        self.assertEqual(self.run_client("+500", "plumb.v1.Admin/Ping:0a0178"), ["0 0a0178"] * 500)

    def test_errors_arrive_with_code_and_details(self):
        ref = pb.plan.GetRequest(ref="goal/none").SerializeToString().hex()
        lines = self.run_client("plumb.v1.Admin/Pong:", "plumb.v1.Nope/Ping:", "plumb.v1.Plan/Get:" + ref,
                                "plumb.v1.Admin/Ping:ff")
        self.assertEqual([line.split()[0] for line in lines], ["12", "12", "5", "3"])
        self.assertIn("Pong", lines[0])
        self.assertEqual(lines[3].split()[1], "1")  # BadRequest

    def test_metadata_names_the_caller(self):
        for unix, caller in ((False, "unverified:person/anna"), (True, "uid:%d as person/anna" % os.getuid())):
            line, = self.run_client("plumb.v1.Admin/Info:", as_name="person/anna", unix=unix)
            info = pb.admin.InfoReply.FromString(bytes.fromhex(line.split()[1]))
            self.assertEqual(info.caller, caller)

    def test_a_deadline_that_is_kept(self):
        self.assertEqual(self.run_client("plumb.v1.Admin/Ping:0a0178:5000"), ["0 0a0178"])

    def test_a_change_and_reading_it_back(self):
        change_set = pb.plan.ChangeSet(reason="from Go")
        item = change_set.changes.add().put.item
        item.id, item.title = "grow", "Grow"
        item.goal.SetInParent()
        apply = pb.plan.ApplyRequest(change_set=change_set).SerializeToString().hex()
        get = pb.plan.GetRequest(ref="goal/grow").SerializeToString().hex()
        applied, got = self.run_client("plumb.v1.Plan/Apply:" + apply, "plumb.v1.Plan/Get:" + get, as_name="anna")
        self.assertEqual(pb.plan.ApplyReply.FromString(bytes.fromhex(applied.split()[1])).ids[0], "goal/grow")
        entry = pb.plan.GetReply.FromString(bytes.fromhex(got.split()[1])).entry
        self.assertEqual((entry.item.title, entry.updated_by), ("Grow", "unverified:person/anna"))


if __name__ == "__main__":
    unittest.main()
