"""The command line as people meet it: terminals of several widths, colour, pager, contexts, completion in real shells,
--watch, suggestions, and shapes of output."""
import csv
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import yaml

from plumbrpc import ROOT, Daemon, binary
import terminal
from terminal import Terminal

PLUMB = binary("plumb")

PLAN = """
goals:
  delight: {title: Delight, owner: anna}
  tokyo: {title: "東京で一番愛されるサービスになる、すべてのお客様に笑顔を", owner: ben}
  family: {title: "👨‍👩‍👧 Family plan 🇩🇪🇫🇷 für alle", owner: anna}
objectives:
  faster:
    title: Customers see the first result of their work within a week of signing
    owner: anna
    goal: delight
    period: 2026-q1
    measures:
      ttv: {title: Time to value, unit: days, direction: down, baseline: 45, target: 30}
initiatives:
  i1: {title: One, status: active, owner: anna, objective: faster, period: 2026-q1, estimate: {likely: 12.5d}}
  i2: {title: Two, owners: [anna, ben], objective: faster, finish: 2026-05-01}
periods:
  2026-q1: {title: First quarter, first_day: 2026-01-01, last_day: 2026-03-31}
ranking: [i1, i2]
people: {anna: {title: Anna Brandt}, ben: {title: Ben Olsen}}
"""


class Base(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(clock="=2026-02-02T09:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        cls.folder = tempfile.mkdtemp(prefix="plumbcli-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        path = os.path.join(cls.folder, "plan.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(PLAN)
        cls.run_plumb("apply", "-f", path, "--yes")

    @classmethod
    def environment(cls, **more):
        plain = {k: v for k, v in os.environ.items() if not k.startswith("PLUMB_") or k == "PLUMB_BUILD"}
        plain.update(PLUMB_CONFIG=os.path.join(cls.folder, "config"), PLUMB_SERVER=cls.daemon.unix,
                     PLUMB_COMPLETE_MS="10000")
        plain.update(more)
        return {k: v for k, v in plain.items() if v is not None}

    @classmethod
    def run_plumb(cls, *args, **env):
        return subprocess.run([PLUMB, *args], capture_output=True, text=True, timeout=60, env=cls.environment(**env),
                              stdin=subprocess.DEVNULL)

    def plumb(self, *args, expect=0, **env):
        done = self.run_plumb(*args, **env)
        self.assertEqual(done.returncode, expect, done.stdout[-2000:] + done.stderr[-2000:])
        return done.stdout

    def refused(self, *args, expect=2, **env):
        done = self.run_plumb(*args, **env)
        self.assertEqual(done.returncode, expect, done.stdout[-2000:] + done.stderr[-2000:])
        return done.stderr

    def terminal(self, *args, columns=80, rows=24, **env):
        terminal = Terminal([PLUMB, *args], columns, rows, env=self.environment(**env))
        self.addCleanup(terminal.close)
        return terminal


class OnATerminal(Base):
    def test_nothing_is_wider_than_the_terminal(self):
        for columns in (40, 80, 200):
            for command in (["tree"], ["list"], ["check", "--fail-on", "never"], ["get", "goal/tokyo"], ["help"],
                            ["help", "list"], ["trace", "initiative/i1"], ["explain"], ["log"], ["info"],
                            ["history", "goal/tokyo"], ["workspace", "list"], ["context", "show"]):
                with self.subTest(columns=columns, command=command):
                    terminal = self.terminal(*command, columns=columns, rows=500, PLUMB_PAGER="cat")
                    self.assertEqual(terminal.wait(), 0)
                    # a line that is too wide would have been broken by the terminal, without a newline in between
                    for line in terminal.raw.split("\n"):
                        if not line.startswith("  plumb "):  # an example is to be copied whole
                            self.assertLessEqual(self.columns_of(line), columns, line)

    @staticmethod
    def columns_of(line):
        """By hand: escapes and joined pictures take nothing."""
        plain = re.sub(terminal.ESCAPE, "", line.rstrip("\r"))
        plain = plain.replace("👨‍👩‍👧", "**").replace("🇩🇪", "**").replace("🇫🇷", "**")
        return sum(terminal.width(c) for c in plain)

    def test_wide_characters_stand_in_line(self):
        """The column after the title begins at the same place in every row."""
        lines = self.plumb("list", "goals", COLUMNS="100").splitlines()
        begin = lines[0].index("OWNER")
        for line in lines[1:]:
            for name in ("Anna Brandt", "Ben Olsen"):
                if name in line:
                    self.assertEqual(self.columns_of(line[:line.index(name)]), begin, line)

    def test_a_tree_wraps_its_titles_under_its_lines(self):
        lines = self.plumb("tree", COLUMNS="60").splitlines()
        text = "\n".join(lines)
        self.assertNotIn("…", text.replace("Anna…", ""))
        at = next(i for i, line in enumerate(lines) if "objective/faster" in line)
        self.assertTrue(lines[at].startswith("└─ objective/faster"), text)
        self.assertTrue(lines[at + 1].startswith("   │    "), text)  # its children's line goes on beside it

    def test_colour_is_for_terminals_only(self):
        self.assertNotIn("\x1b", self.plumb("check", "--fail-on", "never"))
        on = self.terminal("check", "--fail-on", "never", rows=500, PLUMB_PAGER="cat")
        on.wait()
        self.assertIn("\x1b[33m", on.raw)
        for options, env in ((["--color=never"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})):
            off = self.terminal("check", "--fail-on", "never", *options, rows=500, PLUMB_PAGER="cat", **env)
            off.wait()
            self.assertNotIn("\x1b[3", off.raw, options)
        self.assertIn("\x1b[33m", self.plumb("check", "--fail-on", "never", "--color=always"))
        # the same words with and without colour
        self.assertEqual(re.sub(r"\x1b\[\d*m", "", self.plumb("check", "--fail-on", "never", "--color=always")),
                         self.plumb("check", "--fail-on", "never"))
        self.assertIn("--color is one of: auto always never", self.refused("check", "--color", "pink"))

    def test_colour_and_pager_from_the_configuration(self):
        config = os.path.join(self.folder, "coloured")
        with open(config, "w", encoding="utf-8") as file:
            file.write("color = always\npager = sed s/^/PAGED:/\n")
        self.assertIn("\x1b[", self.plumb("list", "goals", PLUMB_CONFIG=config))
        self.assertNotIn("\x1b[", self.plumb("list", "goals", PLUMB_CONFIG=config, NO_COLOR="1"))
        terminal = self.terminal("list", "goals", PLUMB_CONFIG=config)
        self.assertEqual(terminal.wait(), 0)
        self.assertIn("PAGED:", terminal.raw)
        with open(config, "w", encoding="utf-8") as file:
            file.write("color = pink\n")
        self.assertIn("color is auto, always or never; not 'pink'", self.refused("list", PLUMB_CONFIG=config))

    def test_a_pager_gets_what_is_read_on_a_terminal(self):
        paged = self.terminal("explain", PLUMB_PAGER="sed s/^/PAGED:/")
        self.assertEqual(paged.wait(), 0)
        self.assertIn("PAGED:RULE", paged.raw.replace("\x1b[1m", ""))
        for terminal in (self.terminal("explain", "--no-pager", PLUMB_PAGER="sed s/^/PAGED:/"),
                         self.terminal("context", "use", "nothing", PLUMB_PAGER="sed s/^/PAGED:/")):
            terminal.wait()
            self.assertNotIn("PAGED:", terminal.raw)
        self.assertNotIn("PAGED:", self.plumb("explain", PLUMB_PAGER="sed s/^/PAGED:/"))  # no terminal, no pager
        missing = self.terminal("explain", PLUMB_PAGER="/nowhere/pager")
        self.assertEqual(missing.wait(), 2)
        missing.wait_for("the pager cannot be run")

    @unittest.skipUnless(shutil.which("less"), "less is not installed")
    def test_less_is_left_by_q_and_short_output_does_not_wait(self):
        long = self.terminal("explain", rows=10)
        long.wait_for(":")
        long.type("q")
        self.assertEqual(long.wait(), 0)
        short = self.terminal("list", "goals")
        self.assertEqual(short.wait(), 0)
        self.assertIn("goal/delight", short.raw)

    def test_who_stops_reading_is_no_fault(self):
        terminal = self.terminal("explain", PLUMB_PAGER="head -n 1")
        self.assertEqual(terminal.wait(), 0)
        self.assertNotIn("cannot write", terminal.raw)

    def test_who_waits_long_is_told_so(self):
        silent = socket.socket(socket.AF_UNIX)
        path = os.path.join(self.folder, "deaf")
        silent.bind(path)
        silent.listen(1)
        self.addCleanup(silent.close)
        terminal = self.terminal("get", "goal/delight", "--timeout", "3", PLUMB_SERVER="unix:" + path)
        terminal.wait_for("waiting for plumbd")
        self.assertEqual(terminal.wait(), 3)
        self.assertNotIn("waiting", "\n".join(terminal.lines()))  # the line is cleared
        terminal.wait_for("did not answer in time")
        quiet = self.refused("get", "goal/delight", "--timeout", "2", PLUMB_SERVER="unix:" + path, expect=3)
        self.assertNotIn("waiting", quiet)  # no terminal, no progress

    def test_an_error_comes_after_what_was_shown(self):
        terminal = self.terminal("get", "goal/delight", "goal/delihgt", PLUMB_PAGER="cat -")
        self.assertEqual(terminal.wait(), 3)
        text = "\n".join(terminal.lines())
        self.assertLess(text.index("Delight"), text.index("did you mean goal/delight?"))


class Following(Base):
    def rename(self, old, new):
        self.plumb("rename", old, new)

    def test_list_is_drawn_again_on_a_terminal_and_ctrl_c_ends_it(self):
        terminal = self.terminal("list", "goals", "--watch", rows=14)
        terminal.wait_for("goal/delight ")
        self.rename("goal/delight", "delight-2")
        terminal.wait_for("goal/delight-2")
        text = "\n".join(terminal.lines())
        self.assertEqual(text.count("goal/tokyo"), 1, text)  # drawn over, not below
        self.rename("goal/delight-2", "delight")
        terminal.wait_for("goal/delight-2", gone=True)
        terminal.type("\x03")
        self.assertEqual(terminal.wait(), 0)

    def test_what_does_not_fit_is_counted(self):
        terminal = self.terminal("explain", "--watch")
        self.assertEqual(terminal.wait(), 2)  # only check and list follow
        terminal = self.terminal("list", "--watch", rows=8)
        terminal.wait_for("lines more")
        self.assertLessEqual(len([line for line in terminal.lines() if line]), 8)

    def test_elsewhere_each_showing_follows_the_one_before(self):
        for args, seen in ((["list", "goals", "-o", "json", "--watch"], self.goals),
                           (["check", "-o", "json", "--watch"], self.revision)):
            with self.subTest(args=args):
                process = subprocess.Popen([PLUMB, *args], stdout=subprocess.PIPE, text=True, env=self.environment())
                try:
                    before = seen(json.loads(process.stdout.readline()))
                    self.rename("goal/delight", "delight-3")
                    self.assertLess(before, seen(json.loads(process.stdout.readline())))
                    process.send_signal(signal.SIGINT)
                    self.assertEqual(process.wait(20), 0)
                finally:
                    process.kill()
                    process.stdout.close()
                    self.rename("goal/delight-3", "delight")

    def goals(self, shown):
        return min(entry["ref"] for entry in shown)

    def revision(self, shown):
        return int(shown["summary"]["revision"])

    def test_a_text_has_a_heading_that_names_the_revision(self):
        process = subprocess.Popen([PLUMB, "list", "goals", "--watch"], stdout=subprocess.PIPE, text=True,
                                   env=self.environment())
        try:
            self.assertRegex(process.stdout.readline(), r"^--- revision \d+, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$")
        finally:
            process.kill()
            process.stdout.close()
            process.wait()

    def test_a_restarted_daemon_is_found_again(self):
        daemon = Daemon(clock="=2026-02-02T09:00:00Z")
        self.addCleanup(daemon.close)
        server = {"PLUMB_SERVER": daemon.unix}
        path = os.path.join(self.folder, "plan.yaml")
        self.plumb("apply", "-f", path, "--yes", **server)
        process = subprocess.Popen([PLUMB, "list", "goals", "-o", "name", "--watch"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=self.environment(**server))
        try:
            self.assertEqual(process.stdout.readline(), "goal/delight\n")
            daemon.restart()
            self.assertIn("the connection was lost", process.stderr.readline())
            self.plumb("rename", "goal/delight", "again", **server)
            until = time.monotonic() + 20
            while process.stdout.readline() != "goal/again\n":
                self.assertLess(time.monotonic(), until)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(20), 0)
        finally:
            process.kill()
            process.stdout.close()
            process.stderr.close()

    def test_what_cannot_be_followed_is_refused(self):
        self.assertIn("leave out -f", self.refused("check", "--watch", "-f", self.folder))
        self.assertIn("leave out --as-of", self.refused("list", "--watch", "--as-of", "1"))
        self.refused("check", "--watch", PLUMB_SERVER="unix:/nowhere/s", expect=3)
        self.assertIn("nonsense", self.refused("list", "--watch", "nonsense:x", expect=3))


class Contexts(Base):
    def setUp(self):
        self.config = tempfile.mkdtemp(prefix="plumbconfig-")
        self.addCleanup(shutil.rmtree, self.config, True)
        self.env = {"PLUMB_CONFIG": None, "PLUMB_SERVER": None, "XDG_CONFIG_HOME": self.config}

    def values(self, *args, **env):
        rows = json.loads(self.plumb("context", "show", "-o", "json", *args, **dict(self.env, **env)))
        return {row["setting"]: (row.get("value", ""), row["from"]) for row in rows}

    def test_made_used_shown_and_removed(self):
        self.assertIn("no contexts yet", self.plumb("context", "list", **self.env))
        self.plumb("context", "set", "here", "--server", self.daemon.unix, "--as", "person/anna", **self.env)
        self.plumb("context", "set", "there", "--server", "tcp:127.0.0.1:1", "-w", "draft", "--timeout", "5", **self.env)
        self.refused("list", PLUMB_CONTEXT="there", expect=3, **self.env)
        self.plumb("context", "use", "here", **self.env)
        self.assertIn("goal/delight", self.plumb("list", "goals", "-o", "name", **self.env))
        self.assertEqual(self.plumb("context", "list", "-o", "name", **self.env), "here\nthere\n")
        rows = list(csv.DictReader(io.StringIO(self.plumb("context", "list", "-o", "csv", **self.env))))
        self.assertEqual([(row["used"], row["name"], row["workspace"]) for row in rows],
                         [("*", "here", ""), ("", "there", "draft")])
        self.plumb("context", "set", "there", "--timeout", "", **self.env)
        rows = json.loads(self.plumb("context", "list", "-o", "json", **self.env))
        self.assertNotIn("timeout", rows[1])
        self.plumb("context", "remove", "here", **self.env)
        self.assertEqual(self.plumb("context", "list", "-o", "name", **self.env), "there\n")
        self.assertEqual(self.values()["context"], ("", "default"))

    def test_the_strongest_source_counts_and_is_named(self):
        self.plumb("context", "set", "a", "--server", "tcp:a:1", "-w", "wa", "--as", "person/anna", **self.env)
        self.plumb("context", "set", "b", "--server", "tcp:b:1", **self.env)
        self.assertEqual(self.values(XDG_RUNTIME_DIR="")["server"], ("tcp:127.0.0.1:7411", "default"))
        self.plumb("context", "use", "a", **self.env)
        values = self.values()
        self.assertEqual(values["server"], ("tcp:a:1", "context a"))
        self.assertEqual(values["workspace"], ("wa", "context a"))
        self.assertEqual(values["as"], ("person/anna", "context a"))
        # the environment wins over the context in use, one value at a time
        values = self.values(PLUMB_SERVER="tcp:env:1")
        self.assertEqual((values["server"], values["workspace"]), (("tcp:env:1", "$PLUMB_SERVER"), ("wa", "context a")))
        self.assertEqual(self.values(PLUMB_CONTEXT="b")["server"], ("tcp:b:1", "context b"))
        # a context named on the command line wins over the environment; an option over all
        self.assertEqual(self.values("--context", "b", PLUMB_SERVER="tcp:env:1")["server"], ("tcp:b:1", "context b"))
        self.assertEqual(self.values("--context", "b", "--server", "tcp:o:1")["server"], ("tcp:o:1", "--server"))

    def test_errors_name_where_a_value_came_from(self):
        self.plumb("context", "set", "gone", "--server", "unix:/nowhere/s", **self.env)
        self.assertIn("(the server is from context gone)",
                      self.refused("list", "--context", "gone", expect=3, **self.env))
        self.assertIn("(the server is from $PLUMB_SERVER)",
                      self.refused("list", expect=3, **dict(self.env, PLUMB_SERVER="unix:/nowhere/s")))
        self.assertIn("(the workspace is from $PLUMB_WORKSPACE)",
                      self.refused("list", expect=3, PLUMB_WORKSPACE="wrong"))
        self.assertIn("did you mean gone?", self.refused("list", "--context", "gome", **self.env))
        self.assertIn("did you mean gone?", self.refused("context", "use", "gonne", **self.env))
        self.assertIn("(from $PLUMB_CONTEXT)", self.refused("list", PLUMB_CONTEXT="xyz", **self.env))

    def test_a_file_that_is_wrong_is_named_with_its_line(self):
        path = os.path.join(self.config, "plumb", "config")
        os.makedirs(os.path.dirname(path))
        for text, line, says in (("servre = x\n", 1, "there is no setting 'servre'"),
                                 ("\n[contexts a]\nserver = x\n", 3, "write [context NAME]"),
                                 ("[context a]\nhost = x\n", 2, "a context has no 'host'"),
                                 ("context\n", 1, "NAME = VALUE"),
                                 ("[context a]\nserver = nonsense\n", 0, "is no address")):
            with self.subTest(text=text):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                said = self.refused("list", "--context", "a", **self.env)
                self.assertIn(says, said)
                self.assertIn(", line %d:" % line if line else "context a", said)
        self.plumb("version", **self.env)  # needs no configuration

    def test_what_could_never_work_is_not_kept(self):
        for args in (["a b", "--server", "tcp:x:1"], ["a", "--server", "nonsense"], ["a", "--timeout", "-1"],
                     ["a", "-w", "No Id"], ["a"], ["a", "--as", "x ;y"], ["a", "--as", "x\ny"]):
            with self.subTest(args=args):
                self.refused("context", "set", *args, **self.env)
        self.assertFalse(os.path.exists(os.path.join(self.config, "plumb", "config")))

    def test_what_a_person_wrote_in_the_file_stays(self):
        path = os.path.join(self.config, "plumb", "config")
        os.makedirs(os.path.dirname(path))
        with open(path, "w", encoding="utf-8") as file:
            file.write("; mine\ncolor = auto\n\n[context a]\n; the old one\nserver = tcp:a:1\n\n[context b]\nas = x\n")
        self.plumb("context", "set", "a", "--server", "tcp:a:2", "-w", "w", **self.env)
        self.plumb("context", "use", "b", **self.env)
        self.plumb("context", "set", "c", "--as", "y", **self.env)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), "; mine\ncolor = auto\ncontext = b\n\n[context a]\n; the old one\n"
                             "server = tcp:a:2\nworkspace = w\n\n[context b]\nas = x\n\n[context c]\nas = y\n")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)


class Suggestions(Base):
    def test_what_was_probably_meant(self):
        for args, says, code in (
                (["chekc"], "did you mean 'check'?", 2),
                (["list", "--limt", "3"], "did you mean --limit?", 2),
                (["get", "goal/delihgt"], "did you mean goal/delight?", 3),
                (["get", "gaol/delight"], "did you mean goal/delight?", 2),
                (["trace", "initiative/delight"], "did you mean goal/delight?", 3),
                (["history", "objective/fatser"], "did you mean objective/faster?", 3),
                (["tree", "objective/fastr"], "did you mean objective/faster?", 3),
                (["explain", "owner/nonne"], 'did you mean "owner/none"?', 3),
                (["check", "--rule", "owner/mny"], 'did you mean "owner/many"?', 3),
                (["check", "--rule", "foo"], "the families are sight", 3),
                (["check", "--about", "initiative/il"], "did you mean initiative/i1?", 3),
                (["check", "--who", "nobody"], "plumb list person shows", 3),
                (["check", "--as-of", "2026-02-30"], "there is no day '2026-02-30'", 3),
                (["mirror", "initiative/i1"], "'initiative/i1' is no goal or objective", 3),
                (["concord", "nope"], "plumb list kind:round", 3),
                (["checkin", "objective/fastr", "on-track"], "did you mean objective/faster?", 3),
                (["measure", "measure/ttw", "3"], "did you mean measure/ttv?", 3),
                (["measure", "goal/delight", "3"], "not of the kind that is meant here: measure", 2),
                (["ack", "check-in/nope"], "plumb list check-in", 3),
                (["context", "lst"], "did you mean 'list'?", 2),
                (["help", "exprot"], "did you mean 'export'?", 2),
                (["list", "-w", "mian"], "did you mean main?", 3)):
            with self.subTest(args=args):
                self.assertIn(says, self.refused(*args, expect=code))

    def test_a_word_near_a_kind_is_pointed_out_where_nothing_was_found(self):
        self.assertIn("plumb list initiative", self.plumb("list", "initatives"))
        self.assertNotIn("Did you mean", self.plumb("list", "zzzz"))


class Completion(Base):
    def candidates(self, *words):
        lines = self.plumb("__complete", *words).splitlines()
        return [line.split("\t")[0] for line in lines[:-1]], lines[-1]

    def test_names_come_from_the_daemon(self):
        self.assertEqual(self.candidates("get", "goal/d"), (["goal/delight"], ":"))
        self.assertEqual(self.candidates("get", "del"), (["delight"], ":"))
        self.assertEqual(self.candidates("list", "owner:a"), (["owner:anna"], ":"))
        self.assertEqual(self.candidates("list", "goals", "-owner:"), (["-owner:anna", "-owner:ben"], ":"))
        self.assertEqual(self.candidates("place", "i"), (["i1", "i2"], ":"))
        self.assertEqual(self.candidates("check", "--about", "objective/"), (["objective/faster"], ":"))
        self.assertEqual(self.candidates("check", "--rule", "owner/ma"), (["owner/many"], ":"))
        self.assertEqual(self.candidates("list", "-w", ""), (["main"], ":"))
        self.assertEqual(self.candidates("--as", "person/b"), (["person/ben"], ":"))

    def test_without_a_daemon_there_is_silence(self):
        began = time.monotonic()
        done = self.run_plumb("__complete", "get", "goal/", PLUMB_SERVER="unix:/nowhere/s")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, ":\n", ""))
        self.assertLess(time.monotonic() - began, 5)

    def test_a_daemon_that_does_not_answer_is_not_waited_for(self):
        silent = socket.socket(socket.AF_UNIX)
        path = os.path.join(self.folder, "silent")
        silent.bind(path)
        silent.listen(1)
        self.addCleanup(silent.close)
        began = time.monotonic()
        done = self.run_plumb("__complete", "get", "goal/", PLUMB_SERVER="unix:" + path, PLUMB_COMPLETE_MS=None)
        self.assertEqual(done.stdout, ":\n")
        self.assertLess(time.monotonic() - began, 5)

    def shell_env(self):
        return self.environment(PATH=os.path.dirname(PLUMB) + ":" + os.environ["PATH"])

    def test_bash(self):
        script = """
source <(plumb completion bash)
t() {
	COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=($1)
	[[ $1 == *' ' ]] && COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_plumb
	echo "${COMPREPLY[*]}"
}
t 'plumb chec'
t 'plumb get goal/d'
t 'plumb list owner:b'
t 'plumb check --fail-on=n'
t 'plumb context u'
"""
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=self.shell_env(), timeout=60)
        self.assertEqual(done.stdout.splitlines(),
                         ["check checkin", "goal/delight", "ben", "note never", "use"], done.stderr)

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh(self):
        env = dict(self.shell_env(), PLUMB_PAGER="cat", HOME=self.folder, PS1="READY> ")
        terminal = Terminal(["zsh", "-f", "-i"], 100, 30, env=env)
        self.addCleanup(terminal.close)
        terminal.type("PS1='READY> '; autoload -U compinit; compinit -u -D; source <(plumb completion zsh); clear\n")
        terminal.wait_for("READY> ")
        time.sleep(1)
        terminal.type("plumb get goal/d\t")
        terminal.wait_for("plumb get goal/delight")
        terminal.type("-o na\t")
        terminal.wait_for("goal/delight -o name")
        terminal.type("\x15plumb list owner:be\t")
        terminal.wait_for("plumb list owner:ben")
        terminal.type("\x15plumb check --fail-on=w\t")
        terminal.wait_for("--fail-on=warning")

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_fish(self):
        def complete(line):
            done = subprocess.run(["fish", "--no-config", "-c",
                                   "plumb completion fish | source; complete -C '%s'" % line],
                                  capture_output=True, text=True, timeout=60, env=dict(self.shell_env(), HOME=self.folder))
            return [answer.split("\t")[0] for answer in done.stdout.splitlines()]
        self.assertEqual(complete("plumb chec"), ["check", "checkin"])
        self.assertEqual(complete("plumb get goal/d"), ["goal/delight"])
        self.assertEqual(complete("plumb check --fail-on "), ["error", "never", "note", "warning"])


class Shapes(Base):
    """What docs/OUTPUT.md promises to programs."""

    def formats(self, *args):
        return (json.loads(self.plumb(*args, "-o", "json")), yaml.safe_load(self.plumb(*args, "-o", "yaml")),
                list(csv.DictReader(io.StringIO(self.plumb(*args, "-o", "csv")))),
                self.plumb(*args, "-o", "name").splitlines())

    def test_list(self):
        as_json, as_yaml, as_csv, names = self.formats("list", "initiatives")
        self.assertEqual(as_json[0]["ref"], "initiative/i1")
        self.assertEqual(as_json[0]["item"]["initiative"]["objective"], "faster")
        self.assertEqual([e["ref"] for e in as_yaml], names)
        self.assertEqual(names, ["initiative/i1", "initiative/i2"])
        # a date that only the period states is the effective one
        self.assertEqual([(row["id"], row["due"], row["rank"]) for row in as_csv],
                         [("initiative/i1", "2026-03-31", "1"), ("initiative/i2", "2026-05-01", "2")])

    def test_tree(self):
        as_json, as_yaml, as_csv, names = self.formats("tree")
        self.assertEqual(as_json, as_yaml)
        self.assertEqual([row["id"] for row in as_json], names)
        row = next(row for row in as_json if row["id"] == "initiative/i1")
        self.assertEqual((row["level"], row["parent"], row["rank"], row["owner"]),
                         (2, "objective/faster", 1, "Anna Brandt"))
        self.assertEqual(as_csv[names.index("initiative/i1")]["parent"], "objective/faster")

    def test_check(self):
        as_json, as_yaml, as_csv, keys = (
            json.loads(self.plumb("check", "--fail-on", "never", "-o", "json")),
            yaml.safe_load(self.plumb("check", "--fail-on", "never", "-o", "yaml")),
            list(csv.DictReader(io.StringIO(self.plumb("check", "--fail-on", "never", "-o", "csv")))),
            self.plumb("check", "--fail-on", "never", "-o", "name").splitlines())
        self.assertEqual([f["key"] for f in as_json["findings"]], keys)
        self.assertEqual([f["key"] for f in as_yaml["findings"]], keys)
        self.assertEqual([row["key"] for row in as_csv], keys)
        self.assertIn("owner/many:initiative/i2", keys)

    # What stands for the arguments in docs/OUTPUT.md.
    ARGUMENTS = {"KIND/ID": "goal/delight", "PERSON": "anna", "WEBHOOK": "ci", "INITIATIVE": "initiative/i1", "SCENARIO": "other",
                 "DECISION": "one-way"}
    # What these print needs a round that is over, and answers: test_voice.py and test_clarity.py look at them.
    OF_ROUNDS = {"ballot", "concord", "clarity"}

    def documented(self):
        """{("list",): "id,title,…"} of the table in docs/OUTPUT.md."""
        found = {}
        with open(os.path.join(ROOT, "docs", "OUTPUT.md"), encoding="utf-8") as file:
            for line in file:
                cells = [cell.strip() for cell in line.split("|")]
                if len(cells) == 6 and cells[1].startswith("`plumb "):
                    for command in re.findall(r"`plumb ([^`]*)`", cells[1]):
                        found[command] = cells[3]
        return found

    def test_the_columns_are_those_that_are_written_down(self):
        self.plumb("webhook", "create", "ci", "https://ci.example/in")
        self.plumb("whatif", "new", "other")
        self.plumb("decision", "new", "one-way", "--what", "Which way?")
        self.plumb("baseline", "create", "now")
        for command, columns in self.documented().items():
            if not columns or command in self.OF_ROUNDS:
                continue
            with self.subTest(command=command):
                words = [self.ARGUMENTS.get(word, word) for word in command.split()]
                if words == ["check"]:
                    words += ["--fail-on", "never"]
                self.assertEqual(self.plumb(*words, "-o", "csv").split("\n")[0], columns)

    def test_every_command_that_prints_csv_is_written_down(self):
        def words(*before):
            lines = self.plumb("__complete", *before, "").splitlines()[:-1]
            return [line.split("\t")[0] for line in lines]
        documented = {" ".join(w for w in command.split() if w.islower() and not w.startswith("-"))
                      for command in self.documented()}


        def below(*path):
            """The command and its parts, theirs too: plumb admin token list."""
            parts = words("help", *path) if path[0] != "help" and len(path) < 3 else []
            return [path] + [deeper for part in parts for deeper in below(*path, part)]
        paths = [path for command in words() for path in below(command)]
        self.assertIn(("admin", "token", "list"), paths)
        for path in paths:
            # A command of parts completes these, and one of import's is csv.
            if "csv" in words(*path, "-o") and "csv" not in words("help", *path):
                self.assertIn(" ".join(path), documented)

    def test_a_webhook_without_address_is_not_the_servers_fault(self):
        wrong = self.refused("webhook", "create", "wrong", "ftp://ci.example/in", expect=3)
        self.assertIn("'ftp://ci.example/in' is no address: write https://HOST/PATH\n", wrong)

    def test_help_tells_of_parts_of_parts(self):
        self.assertIn("Usage: plumb admin token rotate ID", self.plumb("help", "admin", "token", "rotate"))
        self.assertIn("did you mean 'admin token rotate'?", self.refused("help", "admin", "token", "rotat"))
        self.assertIn("rotate", self.plumb("__complete", "help", "admin", "token", ""))

    def test_help_shows_no_option_that_the_command_refuses(self):
        for option in ("server", "workspace", "ca", "cert", "key", "token-file"):
            with self.subTest(option=option):
                self.assertIn("version takes no --" + option, self.refused("version", "--" + option, "x"))
                self.assertNotIn("--" + option, self.plumb("version", "--help"))
                self.assertIn("--" + option, self.plumb("info", "--help"))

    def test_effort_is_in_person_days_for_people(self):
        self.plumb("history", "initiative/i1")
        self.assertIn("12.5 days", self.plumb("history", "initiative/i1"))
        self.assertNotIn("1250", self.plumb("history", "initiative/i1"))
        self.assertIn("1250", self.plumb("history", "initiative/i1", "-o", "json"))

    def test_ten_thousand_rows_begin_at_once_and_come_in_pages(self):
        process = subprocess.Popen([PLUMB, "list", "-o", "csv"], stdout=subprocess.PIPE, text=True,
                                   env=self.environment())
        self.assertEqual(process.stdout.readline(), "id,title,owner,status,due,rank,about\n")
        process.stdout.close()
        self.assertIn(process.wait(20), (0, -signal.SIGPIPE))


if __name__ == "__main__":
    unittest.main()
