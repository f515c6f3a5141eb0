"""Every rule's fault, planted by a small edit into a plan in which it is not: exactly that is found, and nothing else.

The healthy plan (deploy/example-healthy) has no finding at all. FAULTS below states for each rule an edit and, by hand and
with the reason, the keys of all findings that must appear. They are planted in the healthy plan, by a dry run and for real;
and again where the healthy plan lies in one workspace with a real plan of somebody else, whose own findings must all stay.
"""
import os
import subprocess
import unittest

import plant
from plumbrpc import ROOT, Daemon, binary, pb
from test_stratml import FINDINGS, REAL

HEALTHY = os.path.join(ROOT, "deploy", "example-healthy")
FAMILIES = ("sight/", "priority/", "outcome/", "scope/", "owner/", "load/", "ask/", "rhythm/")

PERSON = {"title": "Ada Lund", "person": {"level": "INDIVIDUAL", "manager": "ines-falk", "team": "workshop",
                                          "capacity": "500"}}

# rule, edit, all keys that appear, why these
FAULTS = [
    # ---- sight
    ("sight/orphan", [("set", "initiative/peak-hours", {"initiative": {"objective": None, "contributions": []}})],
     ["sight/orphan:initiative/peak-hours", "sight/unserved:objective/answered-at-once"],
     "It names no purpose any more; and it was the only work for its objective."),
    ("sight/orphan", [("put", "milestone", "open-day", {"title": "Open day", "milestone": {"due": "2026-06-20"}})],
     ["sight/orphan:milestone/open-day"],
     "A point in time that is part of nothing."),
    ("sight/unserved",
     [("put", "measure", "home-visits", {"title": "Home visits", "measure": {"direction": "UP", "dimension": "nearness",
                                                                           "inline_under": "seen-at-home"}}),
      ("put", "objective", "seen-at-home", {
          "title": "Seen at home", "owners": ["mirjam-boer"],
          "objective": {"goal": "easy-to-reach", "periods": ["2026-q2"],
                        "targets": [{"measure": "home-visits", "baseline": 3, "target": 20}]}})],
     ["sight/unserved:objective/seen-at-home"],
     "Complete but for work that serves it."),
    ("sight/empty-goal", [("put", "goal", "good-neighbour", {"title": "A good neighbour", "owners": ["ruth-alder"]})],
     ["sight/empty-goal:goal/good-neighbour"],
     "A goal that no objective names."),
    ("sight/dangling", [("set", "initiative/loaner-pool", {"initiative": {"strategy": "lend-it"}})],
     ["sight/dangling:initiative/loaner-pool,strategy/lend-it"],
     "There is no such strategy; its purpose, the objective, is there."),
    ("sight/cycle", [("set", "workstream/booking-pages", {"workstream": {"after": ["calendar-link"]}})],
     ["sight/cycle:workstream/booking-pages,workstream/calendar-link"],
     "The link to the calendars stands after the pages already."),

    # ---- outcome
    ("outcome/none",
     [("set", "initiative/repair-bench", {"initiative": {"outcome_intended": None, "contributions": []}})],
     ["outcome/none:initiative/repair-bench"],
     "Neither words nor a measure; its objective is still named."),
    ("outcome/no-measure",
     [("set", "objective/booked-online", {"objective": {"targets": [{"text": "Clients like it"}]}}),
      ("set", "measure/online-bookings", {"measure": {"inline_under": None}})],
     ["outcome/no-measure:objective/booked-online"],
     "A target in words only, and no measure under it; its date is that of the period."),
    ("outcome/no-baseline",
     [("set", "objective/kept-in-use", {"objective": {"targets": [{"measure": "hours-worn", "target": 8}]}})],
     ["outcome/no-baseline:objective/kept-in-use,measure/hours-worn"],
     "No baseline with the target, and none was recorded."),
    ("outcome/no-target",
     [("set", "objective/kept-in-use", {"objective": {"targets": [{"measure": "hours-worn", "baseline": 6.1}]}})],
     ["outcome/no-target:objective/kept-in-use,measure/hours-worn"],
     "Neither target nor commit."),
    ("outcome/no-date", [("set", "objective/answered-at-once", {"objective": {"periods": []}})],
     ["outcome/no-date:objective/answered-at-once"],
     "No period, and its target has no due date of its own."),
    ("outcome/stale",
     [("retract", "measurement/online-bookings-0514"), ("retract", "measurement/online-bookings-0430")],
     ["outcome/stale:measure/online-bookings"],
     "Taken every 14 days; what is left is of 16 April, 29 days ago: more than 14 and 7."),
    ("outcome/closed-early",
     [("set", "objective/loaner-for-everyone", {"objective": {"status": "CLOSED", "closed": "2026-05-10"}})],
     ["outcome/closed-early:objective/loaner-for-everyone,measure/loaners-given"],
     "Closed before 30 June at 78 of 95 %."),
    ("outcome/done-unmoved",
     [("set", "initiative/peak-hours", {"initiative": {"status": "DONE", "finish": "2026-05-12"}}),
      ("add", {"id": "calls-0515", "about": "measure/calls-answered", "at": "2026-05-15T06:00:00Z",
               "measurement": {"value": 71.5}})],
     ["outcome/done-unmoved:initiative/peak-hours,measure/calls-answered"],
     "Half a point of the 19 from 71 to 90 after it was done: 0.026, less than 0.05."),
    ("outcome/untracked-after",
     [("put", "measure", "flyers", {"title": "Answers to the flyer", "measure": {"direction": "UP"}}),
      ("put", "initiative", "flyer", {
          "title": "A flyer", "owners": ["tom-okoro"],
          "initiative": {"objective": "answered-at-once", "status": "DONE", "finish": "2026-03-20",
                         "outcome_intended": "They know when to call", "periods": ["2026-q1"],
                         "contributions": [{"to": "answered-at-once", "measure": "flyers"}]}})],
     ["outcome/untracked-after:initiative/flyer,measure/flyers", "outcome/done-unmoved:initiative/flyer,measure/flyers"],
     "Done 56 days ago, more than 45, and its measure was never taken; so whether it moved is unknown."),

    # ---- owner
    ("owner/none", [("set", "goal/easy-to-reach", {"owners": []})],
     ["owner/none:goal/easy-to-reach"],
     "Nobody answers for the goal."),
    ("owner/many", [("set", "goal/hear-well", {"owners": ["karl-brandt", "ruth-alder"]})],
     ["owner/many:goal/hear-well"],
     "Two answer for the goal."),
    ("owner/not-a-person", [("set", "goal/hear-well", {"owners": ["team/care"]})],
     ["owner/not-a-person:goal/hear-well,team/care"],
     "A team answers for the goal."),
    ("owner/gone", [("set", "person/karl-brandt", {"person": {"last_day": "2026-05-08"}})],
     ["owner/gone:goal/hear-well,person/karl-brandt", "owner/gone:goal/never-without,person/karl-brandt",
      "owner/gone:strategy/worn-with-pleasure,person/karl-brandt"],
     "He answers for two goals and the strategy, and left a week ago."),
    ("owner/no-team",
     [("set", "initiative/steady-systems", {"initiative": {"members": [], "needs": []}}),
      ("remove", "allocation/hugo-steady"), ("remove", "ask/offline-trial")],
     ["owner/no-team:initiative/steady-systems"],
     "Twenty-five days of work, and nobody but its owner."),
    ("owner/split", [("set", "initiative/online-booking", {"owners": []})],
     ["owner/none:initiative/online-booking", "owner/split:initiative/online-booking"],
     "Two workstreams with owners, and nobody above them."),
    ("owner/reviews-self", [("set", "objective/booked-online", {"reviewer": "samir-nasser"})],
     ["owner/reviews-self:objective/booked-online,person/samir-nasser"],
     "He owns it."),
]


def today():
    with open(os.path.join(HEALTHY, "today"), encoding="ascii") as file:
        return file.read().strip()


def plumb(daemon, *args):
    env = {k: v for k, v in os.environ.items() if not k.startswith("PLUMB_") or k == "PLUMB_BUILD"}
    done = subprocess.run([binary("plumb"), "--server", daemon.unix] + list(args), env=env, capture_output=True, text=True,
                          timeout=120, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise AssertionError(f"{args}: exit {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr}")
    return done.stdout


class PlantedTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(memory=True, clock=today() + "T09:00:00Z")
        cls.addClassCleanup(cls.daemon.close)
        plumb(cls.daemon, "apply", "-f", HEALTHY, "--yes")
        cls.client = cls.daemon.client(unix=True)
        cls.plan = plant.Plant(cls.client, "main", today())

    def rules(self):
        return [rule.name for rule in self.client.call("Insight.Explain", pb.insight.ExplainRequest()).rules
                if rule.name.startswith(FAMILIES)]

    def test_nothing_is_found_in_the_healthy_plan(self):
        self.assertEqual(self.plan.check(), {})
        self.assertGreater(len(self.plan.items), 40)

    def test_every_rule_has_a_fault_that_is_of_that_rule(self):
        self.assertEqual({rule for rule, _, _, _ in FAULTS}, set(self.rules()))
        for rule, _, keys, reason in FAULTS:
            self.assertTrue(reason.endswith("."), reason)
            self.assertTrue(any(key.startswith(rule + ":") for key in keys), rule)

    def test_each_fault_is_found_and_nothing_else(self):
        for rule, edit, keys, reason in FAULTS:
            with self.subTest(rule=rule, reason=reason):
                self.assertEqual([sorted(keys) for keys in self.plan.dry_run(edit)], [sorted(keys), []])
        self.assertEqual(self.plan.check(), {})  # nothing was changed

    def test_the_same_is_found_when_it_is_really_so(self):
        past = self.plan.past()
        for number, (rule, edit, keys, reason) in enumerate(FAULTS):
            with self.subTest(rule=rule, reason=reason):
                name = "copy-%d" % number
                plant.copy(self.client, past, name)
                other = plant.Plant(self.client, name, today())
                self.assertEqual([sorted(keys) for keys in other.for_real(edit)], [sorted(keys), []])


if __name__ == "__main__":
    unittest.main()
