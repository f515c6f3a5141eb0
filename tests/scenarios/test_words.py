"""What stands beside an entry for people: an objective's aim, a decision's votes, a review's decisions, a team's promises."""
import csv
import json
import os
import subprocess
import tempfile
import unittest

from plumbrpc import Daemon, binary, pb

PLAN = """
people:
  ann: {title: Ann Lee, level: executive}
  ben: {title: Ben Ode, level: director, manager: ann}
  cai: {title: Cai Wu, level: individual, team: inner}
  dot: {title: Dot May, level: individual, team: outer}
teams:
  whole: {title: The whole, lead: ann}
  outer: {title: The outer, parent: whole}
  inner: {title: The inner, parent: outer}
goals: {fast: {title: Fast, owner: ann}}
segments: {firms: {title: Firms}}
journeys: {year: {title: A year, segments: [firms]}}
stages: {start: {title: The start, journey: year}}
steps: {first: {title: First day, stage: start}}
expectations:
  soon: {title: To begin soon, segment: firms, step: first}
objectives:
  begin:
    title: They begin soon
    owner: ann
    goal: fast
    expectations: [soon]
    periods: [h1]
    measures:
      days: {title: Days to begin, unit: days, direction: down, baseline: 40, target: 12.5, commit: 20}
      kept: {title: Kept, unit: "%", direction: up, baseline: 60, target: 90, due: 2026-05-31}
periods: {h1: {first_day: 2026-01-01, last_day: 2026-06-30}}
initiatives: {desk: {title: One desk, owner: ben, objective: begin, status: active}}
reviews:
  weekly: {title: Every week, type: review, owner: ann, every_days: 7, first_day: 2026-03-02, attendees: [ann, ben, cai]}
  room: {title: The room, type: customer_room, owner: ann, first_day: 2026-01-05, attendees: [ann]}
decisions:
  one-desk: {title: One desk or two, status: proposed, options: [{title: One}, {title: Two}], made_in: weekly}
  no-mail: {title: No mail at night, status: accepted, decided: 2026-03-09, made_in: weekly, example: true}
  alone: {title: Made in no meeting, status: proposed}
votes:
  ann-first: {about: one-desk, at: 2026-03-10, by: ann, choice: against, option: One}
  ann-second: {about: one-desk, at: 2026-03-11, by: ann, choice: for, option: One}
  ben: {about: one-desk, at: 2026-03-11, by: ben, choice: abstain}
meetings:
  w1: {about: weekly, at: 2026-03-09, by: ann, attendees: [ann, ben], minutes: Mail was talked about., decisions: [no-mail]}
commitments:
  c1: {title: One, promised_by: cai, promised_to: [ann], made: 2026-01-05, due: 2026-02-27, state: kept, settled: 2026-02-20}
  c2: {title: Two, promised_by: team/inner, promised_to: [ann], made: 2026-01-05, due: 2026-02-27, state: broken, settled: 2026-02-28}
  c3: {title: Three, promised_by: dot, promised_to: [ann], made: 2026-01-05, due: 2026-02-27, state: kept, settled: 2026-02-20}
  c4: {title: Four, promised_by: team/whole, promised_to: [dot], made: 2026-01-05, due: 2026-02-27, state: kept, settled: 2026-02-20}
  c5: {title: Five, promised_by: ben, promised_to: [dot], made: 2026-01-05, due: 2026-02-27, state: kept, settled: 2026-02-20}
"""
AIM = ('To meet our customers\' expectation of "To begin soon", our target is 12.5 days (Days to begin) by 2026-06-30, '
       "and 90 % (Kept) by 2026-05-31.")


class Words(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(clock="2026-03-16T09:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(PLAN)
            file.flush()
            cls.plumb("apply", "-f", file.name, "--yes")

    @classmethod
    def plumb(cls, *args, code=0, columns="80"):
        env = {k: v for k, v in os.environ.items() if not k.startswith("PLUMB_")}
        done = subprocess.run([binary("plumb"), "--server", cls.daemon.unix, *args], env=dict(env, COLUMNS=columns), capture_output=True,
                              text=True, timeout=60, stdin=subprocess.DEVNULL)
        if done.returncode != code:
            raise AssertionError(f"{args}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    @staticmethod
    def one_line(text):
        return " ".join(text.split())

    def test_an_objective_says_its_aim_with_units_wherever_it_is_shown(self):
        for command in (["get", "objective/begin"], ["trace", "objective/begin"], ["trace", "initiative/desk", "--up"], ["mine", "ann"],
                        ["get", "objective/begin", "--as-of", "1"]):
            self.assertEqual(self.one_line(self.plumb(*command)).count(AIM), 1, command)
        # who works for it only reads that it is there for it
        self.assertNotIn("To meet our", self.plumb("mine", "ben"))
        self.assertIn("measure days, baseline 40 days, target 12.5 days, commit 20 days", self.one_line(self.plumb("get", "objective/begin")))

    def test_a_decision_shows_votes_and_who_has_not_voted(self):
        text = self.one_line(self.plumb("get", "decision/one-desk"))
        # Ann's second vote counts
        self.assertIn('votes 1 for, 0 against, 1 abstained: Ann Lee for "One", Ben Ode abstain no vote of Cai Wu', text)
        self.assertIn("No vote of Cai Wu", self.plumb("vote", "one-desk"))
        # nobody is asked for a vote where it is made in no meeting, or was made
        self.assertNotIn("no vote of", self.plumb("get", "decision/alone"))
        text = self.one_line(self.plumb("get", "decision/no-mail"))
        self.assertIn("on the minutes of meeting/w1, 2026-03-09", text)
        self.assertNotIn("no vote of", text)

    def test_a_review_and_its_meetings_show_what_they_decided(self):
        for command in (["get", "review/weekly"], ["get", "meeting/w1"], ["review", "show", "weekly"]):
            self.assertIn("decision/no-mail No mail at night (accepted 2026-03-09)", self.one_line(self.plumb(*command)), command)

    def test_programs_get_the_entry_alone(self):
        self.assertEqual(json.loads(self.plumb("get", "decision/one-desk", "-o", "json"))["ref"], "decision/one-desk")
        self.assertEqual(self.plumb("get", "decision/one-desk", "-o", "name"), "decision/one-desk\n")

    def test_the_rooms_agenda_names_the_command_of_its_book(self):
        self.assertIn("(plumb room)", self.one_line(self.plumb("agenda", "room")))
        self.assertNotIn("plumb room", self.plumb("agenda", "weekly"))

    def test_people_are_listed_by_level(self):
        self.assertEqual(self.plumb("list", "people", "level:executive,director", "-o", "name"), "person/ann\nperson/ben\n")
        self.assertEqual(self.plumb("list", "kind:person", "-level:individual", "-o", "name"), "person/ann\nperson/ben\n")
        # nothing else has a level
        self.assertEqual(self.plumb("list", "level:individual", "-o", "name"), "person/cai\nperson/dot\n")
        self.assertIn("executive, director, manager or individual", self.plumb("list", "level:chief", code=3))
        self.assertIn("executive, director, manager or individual", self.plumb("list", "level:level_unknown", code=3))

    def test_a_team_counts_what_teams_below_promised_once(self):
        rows = {r["who"]: r for r in csv.DictReader(self.plumb("saydo", "-o", "csv").splitlines())}
        figures = {who: (r["kept"], r["made"], r["of_teams"]) for who, r in rows.items() if not who.startswith("person/")}
        # inner: c1 by Cai and its own c2; outer: these and c3 by Dot; the whole: these, c4 and c5 by Ben, of no team
        self.assertEqual(figures, {"": ("4", "5", "0"), "team/inner": ("1", "2", "0"), "team/outer": ("2", "3", "2"),
                                   "team/whole": ("3", "4", "3")})
        rows = {r["who"]: r for r in csv.DictReader(self.plumb("saydo", "--team", "outer", "-o", "csv").splitlines())}
        self.assertEqual({who: r["made"] for who, r in rows.items()},
                         {"": "3", "team/inner": "2", "team/outer": "3", "person/cai": "1", "person/dot": "1"})
        reply = self.daemon.client(unix=True).call("Insight.SayDo", pb.saydo.SayDoRequest(team="outer", list=True))
        self.assertEqual({p.ref for p in reply.promises}, {"commitment/c1", "commitment/c2", "commitment/c3"})

    def test_who_asks_about_one_team_is_not_told_everybody(self):
        self.assertIn("everybody", self.plumb("saydo"))
        for command in (["--team", "inner"], ["--person", "cai"]):
            text = self.plumb("saydo", *command)
            self.assertNotIn("everybody", text)

    def test_examples_have_no_column_that_says_yes(self):
        self.assertNotIn("EXAMPLE", self.plumb("decision", "examples", columns="200"))
        self.assertIn("EXAMPLE", self.plumb("decision", "list", columns="200"))
        rows = list(csv.DictReader(self.plumb("decision", "examples", "-o", "csv").splitlines()))
        self.assertEqual([r["example"] for r in rows], ["yes"])


if __name__ == "__main__":
    unittest.main()
