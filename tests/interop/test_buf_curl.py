"""Server reflection with a stock client that has none of our .proto files: `buf curl`."""
import json
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import npm  # noqa: E402
from plumbrpc import Daemon, ROOT, pb  # noqa: E402

BUILD = os.environ.get("PLUMB_BUILD", os.path.join(ROOT, "build", "dev"))


class BufCurl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = npm.install(os.path.join(HERE, "buf"), BUILD)
        cls.daemon = Daemon(memory=True, args=["--log-level", "warn"])
        cls.addClassCleanup(cls.daemon.close)
        cls.url = "http://" + cls.daemon.tcp[len("tcp:"):]

    def curl(self, *args, path="", expect=0):
        done = subprocess.run([os.path.join(self.folder, "node_modules", "@bufbuild", "buf-linux-x64", "bin", "buf"), "curl", "--http2-prior-knowledge",
                               "--protocol", "grpc", *args, self.url + path],
                              cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, expect, done.stderr)
        return done.stdout or done.stderr

    def test_services(self):
        services = self.curl("--list-services").split()
        for name in ("plumb.v1.Plan", "plumb.v1.Insight", "plumb.v1.Admin", "plumb.v1.Signal", "grpc.health.v1.Health",
                     "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"):
            self.assertIn(name, services)

    def test_methods_are_those_of_the_files(self):
        listed = self.curl("--list-methods").split()
        for module in (pb.plan, pb.insight, pb.signal, pb.admin):
            for service in module.DESCRIPTOR.services_by_name.values():
                for method in service.methods:
                    self.assertIn("%s/%s" % (service.full_name, method.name), listed)

    def test_calls(self):
        put = {"put": {"item": {"id": "grow", "title": "Grow", "goal": {}}}}
        reply = json.loads(self.curl("-H", "plumb-as: anna", "-d", json.dumps({"changeSet": {"reason": "test", "changes": [put]}}),
                                     path="/plumb.v1.Plan/Apply"))
        self.assertEqual(reply["ids"], ["goal/grow"])
        reply = json.loads(self.curl("-d", '{"ref": "goal/grow"}', path="/plumb.v1.Plan/Get"))
        self.assertEqual(reply["entry"]["item"]["title"], "Grow")
        self.assertEqual(json.loads(self.curl("-d", "{}", path="/grpc.health.v1.Health/Check")), {"status": "SERVING"})

    def test_streams(self):
        text = self.curl("-d", "{}", path="/plumb.v1.Insight/Check")
        self.assertIn('"summary"', text)

    def test_a_refusal(self):
        # It exits with 8 times the code: NOT_FOUND is 5.
        error = json.loads(self.curl("-d", '{"ref": "goal/none"}', path="/plumb.v1.Plan/Get", expect=40))
        self.assertEqual((error["code"], error["message"]), ("not_found", "goal/none does not exist"))


if __name__ == "__main__":
    unittest.main()
