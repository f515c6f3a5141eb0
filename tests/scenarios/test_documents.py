"""What the documents show is what happens: README's session and its small plan, OPERATIONS' queries and tables."""
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import tempfile
import time
import unittest

from plumbrpc import ROOT, Daemon, binary, pb

EXAMPLE = os.path.join(ROOT, "deploy", "example")


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def blocks(text, language):
    return re.findall(r"^```%s\n(.*?)^```$" % language, text, re.M | re.S)


def sections_of(session):
    """[(command, [piece, …])]: pieces of output that follow each other, with anything between them."""
    commands = []
    for line in session.splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], [[]]))
        elif line == "…":
            commands[-1][1].append([])
        else:
            commands[-1][1][-1].append(line)
    return [(command, ["\n".join(piece) for piece in pieces if piece]) for command, pieces in commands]


class DocumentsTest(unittest.TestCase):
    maxDiff = None

    def start(self):
        clock = read("deploy", "example", "today").strip() + "T09:00:00Z"
        daemon = Daemon(clock=clock)
        self.addCleanup(daemon.close)
        return daemon

    def plumb(self, line, server, cwd=ROOT):
        words = shlex.split(line, comments=True)
        self.assertEqual(words[0], "plumb")
        env = {k: v for k, v in os.environ.items() if not k.startswith(("PLUMB_", "COLUMNS"))}
        env["PLUMB_SERVER"] = server
        return subprocess.run([binary("plumb")] + words[1:], env=env, cwd=cwd, capture_output=True, text=True,
                              timeout=120, stdin=subprocess.DEVNULL)

    def test_the_session_of_the_readme_is_real(self):
        daemon = self.start()
        self.assertEqual(self.plumb("plumb apply -f deploy/example --yes", daemon.unix).returncode, 0)
        sessions = blocks(read("README.md"), "console")
        self.assertEqual(len(sessions), 1)
        for command, pieces in sections_of(sessions[0]):
            done = self.plumb(command, daemon.unix)
            self.assertIn(done.returncode, (0, 1), done.stderr)
            rest = done.stdout
            for piece in pieces:
                self.assertIn(piece, rest, command)
                rest = rest.partition(piece)[2]

    def test_the_five_minutes_of_the_readme_work(self):
        text = read("README.md")
        folder = tempfile.mkdtemp(prefix="plumb-readme-")
        self.addCleanup(shutil.rmtree, folder, True)
        os.mkdir(os.path.join(folder, "plan"))
        with open(os.path.join(folder, "plan", "plan.yaml"), "w", encoding="utf-8") as out:
            out.write(blocks(text, "yaml")[0])
        daemon = self.start()
        commands = next(block for block in blocks(text, "") if "plumb measure" in block).splitlines()
        self.assertGreater(len(commands), 5)
        for command in commands:
            asks = command.replace("plumb apply", "plumb apply --yes")
            done = self.plumb(asks, daemon.unix, folder)
            # A difference is no fault.
            self.assertEqual(done.returncode, 1 if " diff " in command else 0, command + done.stdout + done.stderr)

    def tables(self):
        daemon = self.start()
        self.assertEqual(self.plumb("plumb apply -f deploy/example --yes", daemon.unix).returncode, 0)
        client = daemon.client(unix=True)
        until = time.monotonic() + 30
        info = None
        while info is None or info.tables_revision < info.revision:
            self.assertLess(time.monotonic(), until)
            time.sleep(0.1)
            info = client.call("Admin.Info", pb.admin.InfoRequest(workspace="main"))
        database = sqlite3.connect("file:%s?mode=ro" % os.path.join(daemon.data, "tables.db"), uri=True)
        self.addCleanup(database.close)
        return database

    def test_the_queries_of_operations_answer(self):
        database = self.tables()
        answers = [database.execute(query).fetchall() for query in blocks(read("docs", "OPERATIONS.md"), "sql")]
        self.assertEqual(len(answers), 3)
        ranked, targets, check_ins = answers
        # deploy/example/initiatives.yaml, "ranking", begins so; nobody has given the first one a second owner.
        self.assertEqual((ranked[0][0], ranked[0][3], len(ranked)), (1, "clara-jensen", 5))
        # deploy/example/2026-q2/2026-06-29.yaml: 99.97 was measured last.
        self.assertIn(("always-there", "availability", None, None, 99.97, "2026-06-29T17:00:00Z"), targets)
        self.assertIn(("initiative/core-campaign", "at_risk", 0.7, 0.6, "2026-06-29T17:00:00Z"), check_ins)

    def test_the_tables_that_operations_lists_are_those_that_there_are(self):
        database = self.tables()
        there = {name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        text = read("docs", "OPERATIONS.md").partition("## tables.db")[2].partition("\n## ")[0]
        text = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
        listed = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`([^`]+)`", text))))
        # A list's table begins with its kind's name and is derived as the text says; kinds are listed one by one.
        kinds = {name for name in there if not any(name.startswith(other + "_") for other in there)}
        self.assertEqual({kind for kind in kinds if kind not in listed}, set())
        for example in ("initiative_members", "objective_targets", "team_capacities", "initiative_scope_in"):
            self.assertIn(example, listed)
            self.assertIn(example, there)


if __name__ == "__main__":
    unittest.main()
