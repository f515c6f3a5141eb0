"""plumb apply, diff -f and export against a real daemon: three sides of every field, prune, rankings, a past, faults."""
import os
import pty
import random
import re
import subprocess
import tempfile
import unittest

from plumbrpc import Daemon, binary

PLAN = """
goals:
  delight: {title: Delight, weight: 0.5}
objectives:
  faster:
    title: Faster
    owner: anna
    goal: delight
    measures:
      ttv: {title: Time to value, unit: days, direction: down, baseline: 45, target: 30, due: 2026-03-31}
initiatives:
  i1: {title: One, owner: anna, objective: faster, finish: 2026-03-01}
  i2: {title: Two, owner: ben, objective: faster}
  i3: {title: Three, objective: faster}
tasks:
  t1: {title: Task, initiative: i1, effort: 5d}
ranking: [i1, i2, i3]
people: {anna: {title: Anna}, ben: {title: Ben}}
measurements:
  m1: {about: ttv, at: 2026-01-31, value: 44, by: anna}
"""


class PlanFiles(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(memory=True)
        self.addCleanup(self.daemon.close)
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        path = os.path.join(self.folder.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def plumb(self, *args, expect=0, stdin=None):
        done = subprocess.run([binary("plumb"), "--server", self.daemon.unix, *args], capture_output=True, text=True,
                              input=stdin if stdin is not None else "", timeout=120)
        self.assertEqual(done.returncode, expect, done.stdout[-2000:] + done.stderr[-2000:])
        return done.stdout + done.stderr

    def apply(self, text, *args, expect=0, name="plan/plan.yaml"):
        self.write(name, text)
        return self.plumb("apply", "-f", os.path.dirname(self.path(name)), *args, expect=expect)

    def edit_by_other(self, old, new):
        """Somebody exports the plan, edits it and applies it."""
        text = self.plumb("export")
        self.assertIn(old, text)
        return self.plumb("--as", "carl", "apply", "-f", "-", stdin=text.replace(old, new))

    def test_applying_twice_changes_nothing(self):
        self.assertIn("9 created, 3 moves in rankings, 1 record\n", self.apply(PLAN))
        self.assertEqual(self.apply(PLAN), "nothing to do\n")
        self.assertEqual(self.plumb("diff", "-f", self.path("plan/plan.yaml")), "nothing to do\n")

    def test_an_export_applies_as_nothing_and_loads_elsewhere_as_the_same(self):
        self.apply(PLAN)
        text = self.plumb("export", "--records")
        self.assertEqual(self.plumb("diff", "-f", "-", stdin=text), "nothing to do\n")
        self.plumb("export", "--records", "-d", self.path("out"))
        self.assertEqual(self.plumb("diff", "-f", self.path("out")), "nothing to do\n")
        other = Daemon(memory=True)
        self.addCleanup(other.close)
        self.daemon = other
        self.plumb("apply", "-f", "-", stdin=text)
        self.assertEqual(self.plumb("export", "--records"), text)

    def test_export_leaves_foreign_files_alone_and_takes_its_own_away(self):
        self.apply(PLAN)
        out = self.path("out")
        self.plumb("export", "-d", out)
        self.assertTrue(os.path.exists(os.path.join(out, "tasks.yaml")))
        self.plumb("remove", "task/t1")
        self.plumb("export", "-d", out)
        self.assertFalse(os.path.exists(os.path.join(out, "tasks.yaml")))
        self.write("out/goals.yaml", "# by hand\n")
        self.assertIn("was not written by plumb export", self.plumb("export", "-d", out, expect=2))

    def test_what_only_others_changed_stays(self):
        self.apply(PLAN)
        self.edit_by_other("finish: 2026-03-01", "finish: 2026-04-15")
        self.assertIn("= initiative/i1 finish stays 2026-04-15, changed by", self.apply(PLAN))
        # also beside a change of ours to another field, and ever after
        ours = PLAN.replace("title: One", "title: First")
        self.assertIn("1 changed, 1 kept", self.apply(ours))
        for _ in range(2):
            self.assertIn("nothing to do, 1 kept", self.apply(ours))
        shown = self.plumb("export")
        self.assertIn("title: First", shown)
        self.assertIn("finish: 2026-04-15", shown)
        # until the files take it up
        ours = ours.replace("2026-03-01", "2026-04-15")
        self.assertEqual(self.apply(ours), "nothing to do\n")

    def test_what_both_changed_is_a_conflict_and_nothing_is_applied(self):
        self.apply(PLAN)
        self.edit_by_other("owner: ben", "owner: carl")
        ours = PLAN.replace("owner: ben", "owner: dora").replace("title: Three", "title: Third")
        shown = self.apply(ours, expect=1)
        self.assertIn("! initiative/i2 owners: the files say [dora], there it is [carl] by", shown)
        self.assertIn("before it was [ben]", shown)
        self.assertIn("title: Three", self.plumb("export"))  # not even what was no conflict
        self.assertIn("2 changed", self.apply(ours, "--force"))
        self.assertIn("owner: dora", self.plumb("export"))

    def test_what_others_removed_is_a_conflict(self):
        self.apply(PLAN)
        self.plumb("remove", "task/t1")
        self.assertIn("! task/t1 was removed by", self.apply(PLAN, expect=1))
        self.assertIn("1 created", self.apply(PLAN, "--force"))

    def test_prune_removes_only_what_these_files_put_there(self):
        self.apply(PLAN)
        self.apply("tasks:\n  foreign: {title: Not ours}\n", name="other/x.yaml")
        less = PLAN.replace("tasks:\n  t1: {title: Task, initiative: i1, effort: 5d}\n", "")
        self.assertIn("1 gone from the files but left there", self.apply(less))
        self.assertIn("- task/t1  Task\n1 removed", self.apply(less, "--prune"))
        self.assertIn("Not ours", self.plumb("export"))

    def test_prune_asks_where_others_changed_it(self):
        self.apply(PLAN)
        self.plumb("rename", "person/ben", "benjamin")  # an edit of the task's neighbours is none of the task
        less = PLAN.replace("tasks:\n  t1: {title: Task, initiative: i1, effort: 5d}\n", "")
        self.plumb("rename", "initiative/i1", "first")  # but this changes the task, which refers to it
        less = less.replace("i1", "first").replace("ben:", "benjamin:").replace("owner: ben", "owner: benjamin")
        self.assertIn("! task/t1 is gone from the files, but", self.apply(less, "--prune", "--source", "files:plan", expect=1))

    def test_prune_is_refused_where_others_refer_to_it(self):
        self.apply(PLAN)
        self.apply("tasks:\n  foreign: {title: Not ours, initiative: i3}\n", name="other/x.yaml")
        less = PLAN.replace("  i3: {title: Three, objective: faster}\n", "").replace(", i3]", "]")
        shown = self.apply(less, "--prune", expect=3)
        self.assertIn("task/foreign", shown)
        self.assertIn("title: Three", self.plumb("export"))
        self.apply(less, "--prune", "--cascade")
        self.assertNotIn("Not ours", self.plumb("export"))

    def test_the_order_of_others_stays_or_is_a_conflict(self):
        self.apply(PLAN)
        self.plumb("place", "i3", "--first")
        self.assertIn("= the ranking of the workspace stays", self.apply(PLAN))
        ours = PLAN.replace("[i1, i2, i3]", "[i2, i1, i3]")
        self.assertIn("! the ranking of the workspace", self.apply(ours, expect=1))
        self.apply(ours, "--force")
        self.assertIn("ranking:\n  - i2\n  - i1\n  - i3\n", self.plumb("export"))
        self.assertIn("1 move in a ranking", self.apply(PLAN.replace("[i1, i2, i3]", "[[i2, i1], i3]")))
        self.assertRegex(self.plumb("export"), r"ranking:\n  - \[(i1, i2|i2, i1)\]\n  - i3\n")

    def test_records_never_change(self):
        self.apply(PLAN)
        shown = self.apply(PLAN.replace("value: 44", "value: 43"), expect=1)
        self.assertIn("! measurement/m1 is there with other content", shown)

    def test_faults_of_the_daemon_come_back_to_their_lines(self):
        shown = self.apply("goals:\n  a: {title: A}\n  b:\n    weight: 7\nobjectives:\n  o:\n    measures:\n"
                           "      x: {target: 1, due: tomorrow}\ninitiatives:\n  i: {start: never}\n", expect=3)
        faults = re.findall(r"plan\.yaml:(\d+:\d+): (\S+ \S+):", shown)
        self.assertEqual(faults, [("4:13", "goal/b weight"), ("8:27", "objective/o targets[0].due"),
                                  ("10:14", "initiative/i start")])
        self.assertIn("refused with 3 faults, and nothing is changed", shown)

    def test_an_item_that_contains_itself_through_three_files_is_refused(self):
        for name, parent in ("a", "b"), ("b", "c"), ("c", "a"):
            self.write(f"plan/{name}.yaml", f"goals:\n  {name}: {{title: Goal, parent: {parent}}}\n")
        shown = self.plumb("apply", "-f", self.path("plan"), expect=3)
        self.assertRegex(shown, r"a\.yaml:2:3: goal/a: contains itself: goal/a -> goal/b -> goal/c -> goal/a")
        self.assertNotIn("goal/", self.plumb("list", "-o", "name"))

    def test_faults_of_the_files_need_no_daemon(self):
        self.write("plan/a.yaml", "goals:\n  a: {titel: x}\n")
        self.write("plan/b.yaml", "goals:\n  a: {}\n\tb: {}\n")
        self.write("plan/c.yaml", "goals:\n  a: {}\n")
        shown = subprocess.run([binary("plumb"), "--server", "unix:/nowhere", "apply", "-f", self.path("plan")],
                               capture_output=True, text=True, timeout=60)
        self.assertEqual(shown.returncode, 2)
        self.assertEqual([re.sub(r"^.*/", "", line) for line in shown.stderr.splitlines()[:3]], [
            "a.yaml:2:7: a goal has no field 'titel'; did you mean 'title'?",
            "b.yaml:3:1: a tab in the indentation: YAML is indented with spaces",
            # both places
            f"a.yaml:2:3",
        ])

    def test_a_past_is_loaded_once_and_in_order(self):
        self.write("plan/history/2026-02-01.yaml", "effective: 2026-02-01\nreason: Ben takes over\n"
                   "initiatives:\n  i1: {owner: ben, finish: ~}\n  i3: {title: Three}\n"
                   "remove: [initiative/i2]\nranking: [i3, i1]\n")
        self.write("plan/history/2026-01-05.yaml", "effective: 2026-01-05\n"
                   "initiatives:\n  i1: {title: One, owner: anna, finish: 2026-03-01}\n  i2: {title: Two}\n"
                   "tasks:\n  t2: {title: Of two, initiative: i2}\nranking: [i1, i2]\n"
                   "check_ins:\n  c1: {about: initiative/i2, status: on_track}\n")
        shown = self.apply("initiatives:\n  i1: {title: One, owner: ben, status: done}\n")
        self.assertIn("in 3 change sets", shown)
        self.assertEqual(self.apply("initiatives:\n  i1: {title: One, owner: ben, status: done}\n", "--prune"),
                         "nothing to do\n")
        january = self.plumb("export", "--records", "--as-of", "2026-01-20")
        self.assertIn("owner: anna", january)
        self.assertIn("at: 2026-01-05", january)
        february = self.plumb("export", "--as-of", "2026-02-10")
        self.assertIn("owner: ben", february)
        self.assertNotIn("t2:", february)  # went with what it belonged to
        self.assertIn("ranking:\n  - i3\n  - i1\n", february)
        self.assertIn("status: done", self.plumb("export"))
        # what is added to the past later still arrives, as of now
        self.write("plan/history/2026-02-02.yaml", "effective: 2026-02-02\n"
                   "check_ins:\n  late: {about: initiative/i1, status: at_risk}\n")
        self.assertIn("1 record\n", self.plumb("apply", "-f", self.path("plan")))

    def test_a_terminal_is_asked(self):
        path = self.write("plan.yaml", "goals:\n  a: {title: A}\n")
        for answer, code in (b"n\n", 1), (b"y\n", 0):
            controller, terminal = pty.openpty()
            process = subprocess.Popen([binary("plumb"), "--server", self.daemon.unix, "apply", "-f", path],
                                       stdin=terminal, stdout=subprocess.PIPE, stderr=terminal)
            os.close(terminal)
            os.write(controller, answer)
            process.communicate(timeout=60)
            os.close(controller)
            self.assertEqual(process.returncode, code)
        self.assertIn("goal/a", self.plumb("list", "-o", "name"))

    def test_an_edit_between_showing_and_applying_is_not_overwritten(self):
        self.apply(PLAN)
        path = self.write("plan/plan.yaml", PLAN.replace("title: One", "title: First"))
        controller, terminal = pty.openpty()
        process = subprocess.Popen([binary("plumb"), "--server", self.daemon.unix, "apply", "-f", os.path.dirname(path)],
                                   stdin=terminal, stdout=subprocess.PIPE, stderr=terminal, text=True)
        os.close(terminal)
        while "Apply this?" not in os.read(controller, 4096).decode():
            pass
        self.edit_by_other("title: One", "title: Eins")
        os.write(controller, b"y\n")
        process.communicate(timeout=60)
        said = os.read(controller, 4096).decode()
        os.close(controller)
        self.assertEqual(process.returncode, 3)
        self.assertIn("initiative/i1 was changed in this moment by", said)
        self.assertIn("title: Eins", self.plumb("export"))

    def test_a_dry_run_changes_nothing(self):
        self.assertIn("the daemon would take this", self.apply(PLAN, "--dry-run"))
        self.assertNotIn("goal/", self.plumb("list", "-o", "name"))

    def test_random_plans_become_each_other(self):
        """Whatever is there: after applying by force and pruning, the export is what the files say."""
        rng = random.Random(7)
        for _ in range(25):
            self.apply(random_plan(rng), "--force", "--prune", "--cascade")
            kept = self.plumb("export")
            self.assertEqual(self.apply(kept, "--prune"), "nothing to do\n")
        # and the last one, loaded into an empty daemon, is exported in the same words
        other = Daemon(memory=True)
        self.addCleanup(other.close)
        self.daemon = other
        self.apply(kept)
        again = self.plumb("export")
        head = re.compile(r"^exported: .*$", re.M)
        self.assertEqual(head.sub("", kept), head.sub("", again))


TITLES = ["x", "'y: z'", "''", "ä  ö", "'#1'"]


def random_plan(rng):
    names = "abcdefg"
    lines = ["initiatives:"]
    there = [name for name in names if rng.random() < 0.7] or ["a"]
    for name in there:
        fields = [f"title: {rng.choice(TITLES)}"]
        if rng.random() < 0.5:
            fields.append(f"finish: 2026-0{rng.randint(1, 9)}-01")
        if rng.random() < 0.5:
            fields.append(f"owners: [{', '.join(rng.sample(['anna', 'ben', 'carl'], rng.randint(1, 3)))}]")
        if rng.random() < 0.5:
            fields.append(f"scope: {{in: [{rng.choice('uvw')}], out: [{rng.choice('uvw')}]}}")
        if rng.random() < 0.5:
            fields.append(f"estimate: {{likely: {rng.randint(0, 999) / 100}d}}")
        lines.append(f"  {name}: {{{', '.join(fields)}}}")
    lines.append("tasks:")
    for name in names:
        if rng.random() < 0.5:
            lines.append(f"  t{name}: {{initiative: {rng.choice(there)}}}")
    order = rng.sample(there, rng.randint(0, len(there)))
    groups, i = [], 0
    while i < len(order):
        size = rng.choice([1, 1, 2])
        groups.append(order[i] if size == 1 or i + 1 == len(order) else f"[{', '.join(order[i:i + 2])}]")
        i += size
    lines.append(f"ranking: [{', '.join(groups)}]")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    unittest.main()
