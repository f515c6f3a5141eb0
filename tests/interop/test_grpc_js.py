"""gRPC's published interoperability cases, by @grpc/grpc-js against interop-server.

The packages come from the npm registry once, at the versions of the lock file; without npm or network the test is skipped.
"""
import os
import shutil
import signal
import subprocess
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("PLUMB_BUILD", os.path.join(os.path.dirname(os.path.dirname(HERE)), "build", "dev"))


def install():
    """A folder with the cases and what they need, beside the builds."""
    folder = os.path.join(os.path.dirname(BUILD.rstrip("/")), "grpc-js")
    os.makedirs(folder, exist_ok=True)
    for name in ("package.json", "package-lock.json", "cases.js"):
        shutil.copy(os.path.join(HERE, "grpc_js", name), folder)
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise unittest.SkipTest("npm: " + done.stdout[-200:])
    return folder


@unittest.skipUnless(shutil.which("npm"), "npm is not here")
class Cases(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = install()
        cls.server = subprocess.Popen([os.path.join(BUILD, "interop-server"), "--listen", "tcp:127.0.0.1:0"],
                                      stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.stop)
        line = cls.server.stdout.readline().split()
        cls.address = line[2][len("tcp:"):]

    @classmethod
    def stop(cls):
        cls.server.send_signal(signal.SIGTERM)
        cls.code = cls.server.wait(20)
        cls.server.stdout.close()
        assert cls.code == 0, cls.code

    def test_all(self):
        done = subprocess.run(["node", "cases.js", self.address, os.path.join(HERE, "server", "proto")], cwd=self.folder,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
        lines = done.stdout.splitlines()
        self.assertEqual([line for line in lines if not line.startswith("ok ")], [])
        self.assertEqual(len(lines), 20)
        self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
