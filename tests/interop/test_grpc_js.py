"""gRPC's published interoperability cases, by @grpc/grpc-js against interop-server.

The packages come from the npm registry once, at the versions of the lock file; without npm or network the test is skipped.
"""
import os
import signal
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import npm  # noqa: E402
from certificates import Certificates  # noqa: E402

BUILD = os.environ.get("PLUMB_BUILD", os.path.join(os.path.dirname(os.path.dirname(HERE)), "build", "dev"))


class Cases(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = npm.install(os.path.join(HERE, "grpc_js"), BUILD)
        keys = tempfile.TemporaryDirectory()
        cls.addClassCleanup(keys.cleanup)
        cls.certificates = Certificates(keys.name)
        cls.certificates.make("server", "/CN=localhost")
        cls.server = subprocess.Popen(
            [os.path.join(BUILD, "interop-server"), "--listen", "tcp:127.0.0.1:0", "--cert", cls.certificates.path("server.pem"),
             "--key", cls.certificates.path("server.key")], stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.stop)
        line = cls.server.stdout.readline().split()
        cls.address = line[2][len("tcp:"):]

    @classmethod
    def stop(cls):
        cls.server.send_signal(signal.SIGTERM)
        cls.code = cls.server.wait(20)
        cls.server.stdout.close()
        assert cls.code == 0, cls.code

    def run_cases(self, **env):
        done = subprocess.run(["node", "cases.js", self.address.replace("127.0.0.1", "localhost"), os.path.join(HERE, "server", "proto")],
                              cwd=self.folder, env=dict(os.environ, **env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=300, check=False)
        lines = done.stdout.splitlines()
        self.assertEqual([line for line in lines if not line.startswith("ok ")], [])
        self.assertEqual(len(lines), 24)
        self.assertEqual(done.returncode, 0)

    def test_in_clear(self):
        self.run_cases()

    def test_over_tls(self):
        self.run_cases(CA=self.certificates.path("ca.pem"))


if __name__ == "__main__":
    unittest.main()
