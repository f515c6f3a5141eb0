"""The made-up plan of the benchmarks: the same for the same seed, as files and in the daemon, and with its faults in it."""
import collections
import filecmp
import json
import os
import subprocess
import tempfile
import unittest

from plumbrpc import Daemon, binary

ITEMS = "1500"


class MadeUpPlan(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(memory=True, clock="2026-03-31T09:00:00Z")
        self.addCleanup(self.daemon.close)
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def run_program(self, program, *args):
        env = dict(os.environ, PLUMB_SERVER=self.daemon.unix)
        done = subprocess.run([binary(program), *args], capture_output=True, text=True, env=env, timeout=120,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def files(self, name, seed):
        path = os.path.join(self.folder.name, name)
        self.run_program("tests/genplan", "--items", ITEMS, "--seed", seed, "--format", "yaml", "--dir", path)
        return path

    def findings(self):
        reply = json.loads(self.run_program("plumb", "check", "-o", "json", "--fail-on", "never"))
        return collections.Counter(f["rule"] for f in reply["findings"] if not f.get("unknown"))

    def test_a_seed_makes_the_same_plan_each_time_and_another_makes_another(self):
        first, again, other = self.files("a", "1"), self.files("b", "1"), self.files("c", "2")
        names = sorted(os.listdir(first))
        self.assertEqual(names, sorted(os.listdir(again)))
        self.assertEqual(filecmp.cmpfiles(first, again, names, shallow=False)[1:], ([], []))
        self.assertIn("task.yaml", filecmp.cmpfiles(first, other, names, shallow=False)[1])

    def test_files_and_frames_are_one_plan(self):
        output = self.run_program("tests/genplan", "--items", ITEMS, "--seed", "3", "--format", "frames")
        self.assertIn(ITEMS + " items, ", output)
        output = self.run_program("plumb", "apply", "-f", self.files("a", "3"), "--dry-run")
        self.assertIn("nothing to do", output)

    def test_faults_are_found(self):
        self.run_program("tests/genplan", "--items", ITEMS, "--faults", "0.3", "--format", "frames")
        found = self.findings()
        for rule in ("owner/none", "owner/many", "owner/not-a-person", "sight/dangling", "sight/orphan"):
            self.assertGreater(found[rule], 0, found)

    def test_without_faults_owners_and_references_are_whole(self):
        self.run_program("tests/genplan", "--items", ITEMS, "--faults", "0", "--format", "frames")
        found = self.findings()
        for rule in ("owner/none", "owner/many", "owner/not-a-person", "owner/gone", "sight/dangling", "sight/orphan"):
            self.assertEqual(found[rule], 0, found)


if __name__ == "__main__":
    unittest.main()
