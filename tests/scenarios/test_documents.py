"""What the documents show is what happens: README's session and its small plan, OPERATIONS' queries and tables."""
import os
import re
import shutil
import sqlite3
import tempfile
import unittest

from plumbrpc import Daemon
from session import blocks, read, run_plumb, sections_of, tells


class DocumentsTest(unittest.TestCase):
    maxDiff = None

    def start(self):
        clock = read("deploy", "example", "today").strip() + "T09:00:00Z"
        daemon = Daemon(clock=clock)
        self.addCleanup(daemon.close)
        return daemon

    def test_the_session_of_the_readme_is_real(self):
        daemon = self.start()
        self.assertEqual(run_plumb("plumb apply -f deploy/example --yes", daemon.unix).returncode, 0)
        sessions = blocks(read("README.md"), "console")
        self.assertEqual(len(sessions), 2)
        for command, pieces in [section for session in sessions for section in sections_of(session)]:
            done = run_plumb(command, daemon.unix)
            self.assertIn(done.returncode, (0, 1), done.stderr)
            if not tells(done.stdout, pieces):
                self.assertEqual(done.stdout.rstrip("\n"), "\n…\n".join(pieces), command)
                self.fail(command)

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
            done = run_plumb(asks, daemon.unix, folder)
            # A difference is no fault.
            self.assertEqual(done.returncode, 1 if " diff " in command else 0, command + done.stdout + done.stderr)

    def tables(self):
        daemon = self.start()
        self.assertEqual(run_plumb("plumb apply -f deploy/example --yes", daemon.unix).returncode, 0)
        daemon.wait_for_tables()
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
