"""plumb import tjp against a real daemon, and the schedule that comes of it: the days of a garden house counted by hand, and a real
release schedule against the days that TaskJuggler computes by the same rules (written down here for its key tasks).

The real plan lies beside the repository ($PLUMB_SHARED, else ../shared).
"""
import csv
import io
import json
import os
import shutil
import subprocess
import tempfile
import unittest

from plumbrpc import Daemon, binary

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OWN = os.path.join(TOP, "tests", "unit", "client", "tjp")
SHARED = os.environ.get("PLUMB_SHARED", os.path.join(TOP, os.pardir, "shared"))
REAL = os.path.join(SHARED, "plans", "schedule", "fedora-20.tjp")

# Start and last day. March 2026 begins on a Sunday; 3 and 6 April are holidays. A milestone is on the morning after what is before it.
BY_HAND = {
    "tjp:house.plan": ("2026-03-02", "2026-03-04"),  # three days of Anna
    "tjp:house.permit": ("2026-03-05", "2026-03-18"),  # fourteen days that pass
    # Two working days later is Saturday; the driver begins on Monday with 1.25 a day: 5 in four days.
    "tjp:house.ground.dig": ("2026-03-23", "2026-03-26"),
    "tjp:house.ground.dry": ("2026-03-27", "2026-04-02"),  # Fri, Mon, Tue, Wed, Thu
    "tjp:house.order": ("2026-03-20", "2026-03-20"),  # ten working days before 3 April
    # Ben has half days, Cleo whole ones: 1.5 a day. 6 from Tuesday after Easter to Friday.
    "tjp:house.walls": ("2026-04-07", "2026-04-10"),
    "tjp:house.ready": ("2026-04-11", "2026-04-11"),
    # Of Cleo and Anna half a day each: Anna has the drawings until Wednesday. 0.5 + 0.5 + 0.5, then both.
    "tjp:path": ("2026-03-02", "2026-03-05"),
    "tjp:party": ("2026-04-14", "2026-04-14"),  # three days after
}

# What TaskJuggler 3.7 reports as their starts and ends, 17:00 of a day read as the morning of the next.
REAL_DAYS = {
    "tjp:f20.DevelopmentPhase.develop": ("2013-05-01", "2013-08-06"),
    "tjp:f20.PlanningPhase.wallpaper_design": ("2013-06-12", "2013-07-30"),
    "tjp:f20.PlanningPhase.file_ticket": ("2013-05-15", "2013-05-15"),
    "tjp:f20.supplement_wallpaper.supplement_wallpaper_submit": ("2013-05-01", "2013-08-22"),
    "tjp:f20.supplement_wallpaper.supplement_license_review": ("2013-08-24", "2013-09-06"),
    "tjp:f20.TestingPhase.alpha.shadow_alpha_blocker": ("2013-07-15", "2013-07-15"),
    "tjp:f20.TestingPhase.alpha.feature_freeze": ("2013-07-30", "2013-07-30"),
    "tjp:f20.TestingPhase.alpha.feature_profiles": ("2013-08-14", "2013-09-10"),
    "tjp:f20.TestingPhase.alpha.alpha_rawhide_install1": ("2013-07-12", "2013-07-19"),
}


class TaskJuggler(unittest.TestCase):
    def open(self, clock):
        self.daemon = Daemon(memory=True, clock=clock)
        self.addCleanup(self.daemon.close)
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def plumb(self, *args, expect=0, stdin=None):
        done = subprocess.run([binary("plumb"), "--server", self.daemon.unix, *args], capture_output=True, text=True,
                              input=stdin or "", timeout=120, env=dict(os.environ, COLUMNS="1000"))
        self.assertEqual(done.returncode, expect, done.stdout[-2000:] + done.stderr)
        return done.stdout + done.stderr

    def house(self, *edits):
        shutil.copy(os.path.join(OWN, "house-reports.tji"), self.folder.name)
        with open(os.path.join(OWN, "house.tjp"), encoding="utf-8") as file:
            text = file.read()
        for old, new in edits:
            self.assertEqual(text.count(old), 1, old)
            text = text.replace(old, new)
        path = os.path.join(self.folder.name, "house.tjp")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def days(self):
        """First and last day by external id."""
        rows = list(csv.DictReader(io.StringIO(self.plumb("schedule", "--work", "-o", "csv"))))
        work = {}
        for kind in ("initiatives", "workstreams", "tasks", "milestones"):
            for entry in json.loads(self.plumb("list", kind, "-o", "json")):
                work[entry["ref"]] = entry["item"]["external_ids"][0]
        self.assertLessEqual({row["work"] for row in rows}, set(work))
        return {work[row["work"]]: (row["start"], row["finish"]) for row in rows}

    def test_the_days_of_the_house(self):
        self.open("=2026-03-02T06:00:00Z")
        output = self.plumb("import", "tjp", self.house(), "--yes")
        self.assertIn("2 initiatives, 1 workstream, 7 tasks, 2 milestones, 7 prerequisites, 4 people, 2 teams", output)
        self.assertIn('1 × "taskreport"\n        in house-reports.tji:2:1', output)
        days = self.days()
        self.assertEqual({name: days[name] for name in BY_HAND}, BY_HAND)

    def test_importing_again_changes_nothing_and_a_change_only_that(self):
        self.open("=2026-03-02T06:00:00Z")
        self.plumb("import", "tjp", self.house(), "--dry-run")
        self.assertNotIn("house", self.plumb("list", "initiatives"))
        self.plumb("import", "tjp", self.house(), "--yes")
        self.assertIn("nothing to do", self.plumb("import", "tjp", self.house(), "--yes"))
        output = self.plumb("import", "tjp", self.house(("effort 3d", "effort 4d")), "--yes")
        changed = [line for line in output.splitlines() if line.startswith("~ ")]
        self.assertIn("~ task/house.plan  Drawings", changed)
        self.assertEqual(self.days()["tjp:house.plan"], ("2026-03-02", "2026-03-05"))

    def test_faults_have_file_line_and_column(self):
        self.open("=2026-03-02T06:00:00Z")
        path = self.house(("effort 3d", "efort 3d"))
        self.assertIn('house.tjp:30:5: "efort" means nothing in a task; is it misspelt?',
                      self.plumb("import", "tjp", path, "--yes", expect=2))
        os.remove(os.path.join(self.folder.name, "house-reports.tji"))
        with open(os.path.join(OWN, "house.tjp"), encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        self.assertIn("cannot read house-reports.tji", self.plumb("import", "tjp", path, "--yes", expect=2))
        os.mkfifo(os.path.join(self.folder.name, "house-reports.tji"))
        self.assertIn("cannot read house-reports.tji: it is no plain file", self.plumb("import", "tjp", path, "--yes", expect=2))
        self.assertIn("not through a pipe", self.plumb("import", "tjp", "-", "--yes", stdin=text, expect=2))

    @unittest.skipUnless(os.path.exists(REAL), "shared plans are not beside the repository")
    def test_the_days_of_a_real_release(self):
        self.open("=2013-04-30T06:00:00Z")
        output = self.plumb("import", "tjp", REAL, "--yes")
        # 415 lines of a report: 414 tasks and a heading.
        self.assertIn("1 initiative, 33 workstreams, 173 tasks, 207 milestones", output)
        self.assertIn("15 × \"icalreport\"\n        first in reports.tji:345:1", output)
        days = self.days()
        self.assertEqual(len(days), 414)
        self.assertEqual({name: days[name] for name in REAL_DAYS}, REAL_DAYS)
        # The last of all, GA and what is behind it, ends on Friday 29 November.
        self.assertEqual(days["tjp:f20"], ("2013-05-01", "2013-11-29"))
        self.assertIn("nothing to do", self.plumb("import", "tjp", REAL, "--yes"))


if __name__ == "__main__":
    unittest.main()
