"""docs/TOUR.md: every command in it is run, in order, against one daemon, and prints what is written there.

As in deploy/quickstart the plan is loaded, and the leaders give their ballots, on the evening before the day of the tour.

A block ```yaml NAME (or another language) is a file that the commands use. After a change of what commands print,
"tests/scenarios/test_tour.py --write" writes their new output into the document, to be read before it is committed.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from plumbrpc import ROOT, Daemon, binary
from session import read, run_plumb, sections_of, tells

EVENING, LOAD = "2026-06-29T18:00:00Z", "plumb apply -f deploy/example --yes"
TOUR = os.path.join(ROOT, "docs", "TOUR.md")
BLOCK = re.compile(r"^```(\w*) ?([\w./-]*)\n(.*?)^```\n", re.M | re.S)


class Tour:
    """Runs the blocks of the document in order."""

    def __init__(self):
        self.daemon = Daemon(clock=EVENING)
        self.folder = tempfile.mkdtemp(prefix="plumb-tour-")
        os.symlink(os.path.join(ROOT, "deploy"), os.path.join(self.folder, "deploy"))

    def leaders_answer(self):
        env = dict(os.environ, PLUMB_SERVER=self.daemon.unix, PATH=os.path.dirname(binary("plumb")) + ":" + os.environ["PATH"])
        subprocess.run([os.path.join(ROOT, "deploy", "example-ballots")], env=env, check=True, capture_output=True, timeout=60)
        self.daemon.clock = read("deploy", "example", "today").strip() + "T09:00:00Z"
        self.daemon.restart()

    def close(self):
        shutil.rmtree(self.folder, True)
        self.daemon.close()

    def block(self, language, name, text, told):
        """told(command, pieces, output) for each command of a session; other blocks with a name are files."""
        if language == "console":
            for command, pieces in sections_of(text):
                done = run_plumb(command, self.daemon.unix, self.folder)
                if done.returncode not in (0, 1, 3):
                    raise AssertionError(f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}")
                # Whoever runs the tests is uid:1000 here.
                if command == LOAD:
                    self.leaders_answer()
                told(command, pieces, re.sub(r"\buid:\d+", "uid:1000", done.stdout + done.stderr))
        elif name:
            path = os.path.join(self.folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)


class TourTest(unittest.TestCase):
    maxDiff = None

    def test_every_command_prints_what_the_tour_shows(self):
        tour = Tour()
        self.addCleanup(tour.close)
        commands = []

        def told(command, pieces, output):
            commands.append(command)
            if not tells(output, pieces):
                self.assertEqual(output.rstrip("\n"), "\n…\n".join(pieces), command)
                self.fail(command)

        for language, name, text in BLOCK.findall(read("docs", "TOUR.md")):
            tour.block(language, name, text, told)
        self.assertGreater(len(commands), 20)


def shortened(output, pieces):
    """The output with what was left out before left out again: each piece begins with the line that it began with."""
    lines, at, kept = output.rstrip("\n").split("\n"), 0, []
    for number, piece in enumerate(pieces):
        wanted = piece.split("\n") if piece else []
        if wanted and wanted[0] not in lines[at:]:
            return output.rstrip("\n")
        first = lines.index(wanted[0], at) if wanted else at
        at = len(lines) if wanted and number + 1 == len(pieces) else first + len(wanted)
        kept.append("\n".join(lines[first:at]))
    return "\n…\n".join(kept).strip("\n") if len(pieces) > 1 else output.rstrip("\n")


def write():
    """The document with what the commands print now."""
    tour = Tour()
    text = read("docs", "TOUR.md")

    def replaced(match):
        said = []

        def told(command, pieces, output):
            body = shortened(output, pieces)
            said.append("$ " + command + "\n" + (body + "\n" if body else ""))

        tour.block(*match.groups(), told)
        return match.group(0) if not said else "```console\n" + "".join(said) + "```\n"

    try:
        text = BLOCK.sub(replaced, text)
    finally:
        tour.close()
    with open(TOUR, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    else:
        unittest.main()
