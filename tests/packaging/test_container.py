"""deploy/Containerfile, as far as it can be looked at without a container engine: what it copies is there, what it installs is
packaged or known to apt, what it runs takes those options. That an engine builds it is not shown here."""
import json
import os
import re
import subprocess
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("PLUMB_BUILD", os.path.join(ROOT, "build", "release"))


class Container(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(ROOT, "deploy", "Containerfile"), encoding="utf-8") as file:
            text = "".join(line for line in file if not line.startswith("#")).replace("\\\n", " ")
        cls.steps = [line.split(None, 1) for line in text.splitlines() if line.strip()]

    def all(self, name):
        return [rest for step, rest in self.steps if step == name]

    def test_what_is_copied_is_there(self):
        for rest in self.all("COPY"):
            words = rest.split()
            for path in ([] if words[0].startswith("--from=") else words[:-1]):
                self.assertTrue(os.path.exists(os.path.join(ROOT, path)), path)
        # All that the build includes: every folder of the project's own.
        copied = " ".join(self.all("COPY"))
        with open(os.path.join(ROOT, "CMakeLists.txt"), encoding="utf-8") as file:
            for folder in re.findall(r"add_subdirectory\((\w+)|include\((deploy)/", file.read()):
                self.assertIn("/src/" + "".join(folder), copied)

    def test_what_is_installed_exists(self):
        with open(os.path.join(ROOT, "deploy", "packages"), encoding="utf-8") as file:
            names = [line.split()[1] for line in file if line.startswith("build\t")]
        names += ["tzdata", "ca-certificates"]
        known = subprocess.run(["apt-cache", "policy", *names], check=True, capture_output=True, text=True, timeout=60).stdout
        found = set(re.findall(r"^(\S+):\n  Installed: .*\n  Candidate: (?!\(none\))", known, re.M))
        self.assertEqual(set(names) - found, set())

    def test_what_runs_takes_its_options_and_nobody_is_root(self):
        self.assertEqual(self.all("USER"), ["plumbline"])
        entry, command = json.loads(self.all("ENTRYPOINT")[0]), json.loads(self.all("CMD")[-1])
        options = [word for word in entry[1:] + command if word.startswith("--")]
        known = subprocess.run([os.path.join(BUILD, "plumbd"), "--help"], check=True, capture_output=True, text=True,
                               timeout=30).stdout
        for option in options:
            self.assertRegex(known, r"(?m)^  %s( |$)" % option)
        health = json.loads(re.search(r"CMD (\[.*\])", self.all("HEALTHCHECK")[0]).group(1))
        said = subprocess.run([os.path.join(BUILD, health[0]), *health[1:]], capture_output=True, text=True, timeout=30)
        self.assertEqual(said.returncode, 3, said.stderr)  # understood; nobody is there


if __name__ == "__main__":
    unittest.main()
