"""A plumbd called by @connectrpc/connect-node, Connect's own client, in JSON and protobuf, plain and compressed.

The packages come from the npm registry once, at the versions of the lock file; without npm or network the test is skipped.
"""
import os
import shutil
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "support"))
from plumbrpc import Daemon, pb  # noqa: E402

BUILD = os.environ.get("PLUMB_BUILD", os.path.join(TOP, "build", "dev"))


def install():
    """A folder with the cases and what they need, beside the builds."""
    folder = os.path.join(os.path.dirname(BUILD.rstrip("/")), "connect-js")
    os.makedirs(folder, exist_ok=True)
    for name in ("package.json", "package-lock.json", "cases.js"):
        shutil.copy(os.path.join(HERE, "connect_js", name), folder)
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise unittest.SkipTest("npm: " + done.stdout[-200:])
    subprocess.run(["protoc", "-I" + os.path.join(TOP, "proto"), "-I/usr/include", "--include_imports",
                    "--descriptor_set_out=" + os.path.join(folder, "descriptors"),
                    "plumb/v1/plan.proto", "google/rpc/error_details.proto"], check=True)
    return folder


@unittest.skipUnless(shutil.which("npm"), "npm is not here")
class Cases(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = install()
        cls.daemon = Daemon(memory=True, args=["--http", "tcp:127.0.0.1:0", "--log-level", "warn"])
        cls.addClassCleanup(cls.daemon.close)
        goals = [pb.plan.Change(put=pb.plan.Put(item=pb.item.Item(id="g%d" % i, title="g", description="x" * 300,
                                                                 goal=pb.item.Goal()))) for i in range(40)]
        cls.daemon.client().call("Plan.Apply", pb.plan.ApplyRequest(change_set=pb.plan.ChangeSet(changes=goals)))

    def test_all(self):
        done = subprocess.run(["node", "cases.js", self.daemon.http, "descriptors"], cwd=self.folder,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
        lines = done.stdout.splitlines()
        self.assertEqual([line for line in lines if not line.startswith("ok ")], [])
        self.assertEqual(len(lines), 36)
        self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
