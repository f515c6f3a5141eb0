"""Every rule's fault, planted by a small edit into a plan in which it is not: exactly that is found, and nothing else.

The healthy plan (deploy/example-healthy) has no finding at all. FAULTS below states for each rule an edit and, by hand and
with the reason, the keys of all findings that must appear. They are planted in the healthy plan, by a dry run and for real;
and again where the healthy plan lies in one workspace with a real plan of somebody else, whose own findings must all stay.
"""
import os
import subprocess
import sys
import unittest

import plant
from plumbrpc import ROOT, Daemon, binary, pb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_stratml import FINDINGS, REAL  # noqa: E402

HEALTHY = os.path.join(ROOT, "deploy", "example-healthy")
# Of clarity what an edit of today can break: an acceptance is outdated only by a change that is some days old (test_example.py has
# some), and the other rules judge confidential rounds (test_clarity.py, test_voice.py).
FAMILIES = ("sight/", "priority/", "outcome/", "scope/", "owner/", "load/", "ask/", "mirror/", "customer/", "rhythm/", "horizon/", "maturity/", "impact/",
            "clarity/not-accepted")

# It holds the plan against scenarios, which no file and no edit of the plan makes: test_fragile.py plants its faults.
APART = ("horizon/fragile",)

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
          "objective": {"goal": "easy-to-reach", "periods": ["2026-q2"], "expectation": "Come to me.",
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
     ["sight/cycle:workstream/booking-pages,workstream/calendar-link", "scope/does-not-fit:initiative/online-booking"],
     "The link to the calendars stands after the pages already; so neither is ever done, nor what they are a part of."),

    # ---- priority
    ("priority/unranked", [("rank", "steady-systems", None, None)],
     ["priority/unranked:initiative/steady-systems"],
     "It is active, and no longer on the list."),
    ("priority/tie", [("rank", "wearing-diary", "with", "peak-hours")],
     ["priority/tie:initiative/peak-hours,initiative/wearing-diary"],
     "Both have rank 5."),
    ("priority/team-disagrees", [("rank-of", "care", "wearing-diary", "before", "first-month-path")],
     ["priority/team-disagrees:team/care"],
     "Rank 6 of all before rank 1."),
    ("priority/inversion",
     [("set", "initiative/first-month-path", {"initiative": {"needs": [
         {"who": "front-desk", "effort": "800", "skill": "telephone"}, {"who": "person/hugo-arlt", "effort": "4000"}]}}),
      ("set", "allocation/hugo-booking", {"allocation": {"share": 0.6}})],
     ["priority/inversion:initiative/first-month-path,initiative/online-booking,person/hugo-arlt,period/2026-q2",
      "load/over:person/hugo-arlt,period/2026-q2"],
     "Of the 31 days that remain of rank 1 some nine are his then (40 of 139); of his 32 that lie ahead 0.8 are allocated, most "
     "of that to rank 3."),
    ("priority/easiest-first",
     [("add", {"id": "planted", "about": "initiative/repair-bench", "by": "ines-falk", "at": "2026-05-15T06:00:00Z",
               "check_in": {"status": "ON_TRACK", "progress": 0.15}})],
     ["priority/easiest-first:initiative/repair-bench,team/digital",
      "priority/easiest-first:initiative/repair-bench,team/workshop"],
     "As far as on 2 April, and the milestone was reached 32 days ago. It is the first for the workshop, which moved the "
     "pool, and for digital, which moved all that it owns; Sara Lund works on both, and her team says so for her."),
    ("priority/no-precedence",
     [("set", "allocation/vera-steady", {"allocation": {"share": 0.6}}),
      ("set", "objective/booked-online", {"objective": {"precedes": []}})],
     ["priority/no-precedence:objective/always-running,objective/booked-online",
      "load/over:person/vera-quist,period/2026-q2"],
     "More is asked of her than she can give, for two objectives, and nothing says any more which of them comes first."),
    ("priority/conflict",
     [("set", "initiative/peak-hours", {"links": [{"type": "CONFLICTS", "to": "initiative/online-booking"}]})],
     ["priority/conflict:initiative/online-booking,initiative/peak-hours"],
     "It says so itself, and both are open."),
    ("priority/conflict", [("set", "measure/days-to-comfort", {"measure": {"dimension": "Reach"}})],
     ["priority/conflict:objective/answered-at-once,objective/comfortable-in-30-days,measure/calls-answered,"
      "measure/days-to-comfort",
      "customer/metric-conflict:step/first-days,measure/calls-answered,measure/days-to-comfort"],
     "Calls answered are of the dimension reach and shall go up; these days shall go down. In the first days of a client the "
     "front desk is judged by the one, care by the other."),

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

    # ---- scope
    ("scope/none", [("set", "initiative/repair-bench", {"initiative": {"scope": None}})],
     ["scope/none:initiative/repair-bench"],
     "It is active, and nothing says what is in and what is out."),
    ("scope/no-limits", [("set", "initiative/repair-bench", {"initiative": {"scope": {"out": []}}})],
     ["scope/no-limits:initiative/repair-bench"],
     "What is in is said, what is out is not."),
    ("scope/no-period", [("set", "initiative/steady-systems", {"initiative": {"periods": [], "needs": []}})],
     ["scope/no-period:initiative/steady-systems", "scope/too-long:initiative/steady-systems",
      "scope/does-not-fit:initiative/steady-systems"],
     "Neither finish nor period; so whether it is too long, and whether it fits, is unknown."),
    ("scope/too-long",
     [("set", "initiative/online-booking", {"initiative": {"start": "2025-06-30", "finish": "2026-06-30"}})],
     ["scope/too-long:initiative/online-booking"],
     "Twelve months and a day."),
    ("scope/does-not-fit",
     [("add", {"id": "planted", "about": "initiative/wearing-diary", "by": "lotte-hahn", "at": "2026-05-15T06:00:00Z",
               "check_in": {"status": "ON_TRACK", "remaining": "6000"}})],
     ["scope/does-not-fit:initiative/wearing-diary"],
     "Sixty days of work remain, almost all of them Paul Sims', who has some thirty until the end of June."),
    ("scope/need-unidentified",
     [("set", "initiative/repair-bench", {"initiative": {"needs": [{"who": "digital", "technology": "ticket system"}]}})],
     ["scope/need-unidentified:initiative/repair-bench,team/digital"],
     "How much of the team it needs is not said, and nobody of it is allocated."),
    ("scope/crept", [("set", "initiative/first-month-path", {"initiative": {"estimate": {"likely": "9000"}}})],
     ["scope/crept:initiative/first-month-path,baseline/2026-plan"],
     "Ninety days where seventy were agreed: 28 percent more, over 20."),

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

    # ---- load
    ("load/rule-of-three",
     [("set", "initiative/wearing-diary", {"initiative": {"members": ["paul-sims", "sara-lund"]}}),
      ("set", "initiative/steady-systems", {"initiative": {"members": ["hugo-arlt", "sara-lund"]}})],
     ["load/rule-of-three:person/sara-lund"],
     "A member of two more, four with the bench and the pool; of the five best ranked she is on two."),
    ("load/over", [("set", "allocation/vera-steady", {"allocation": {"share": 0.6}})],
     ["load/over:person/vera-quist,period/2026-q2"],
     "Half of her, and six tenths. Both are further than that: they will be done in time."),
    ("load/under",
     [("put", "initiative", "noise-map", {
         "title": "A map of the noise at work", "owners": ["mirjam-boer"],
         "initiative": {"objective": "kept-in-use", "outcome_intended": "They know where they need it most",
                        "members": ["paul-sims"], "needs": [{"skill": "training", "effort": "500"}],
                        "periods": ["2026-q2"]}}),
      ("rank", "noise-map", "behind", "steady-systems"),
      ("set", "allocation/yara-path", {"allocation": {"share": 0.5}})],
     ["load/under:person/yara-costa,period/2026-q2"],
     "Half of her is asked for, less than 60 percent; what is proposed waits for somebody who can train, as she can."),
    ("load/sustained",
     [("put", "period", "2026-q3", {"title": "Third quarter", "period": {"first_day": "2026-07-01",
                                                                      "last_day": "2026-09-30"}}),
      ("put", "period", "2026", {"title": "2026", "period": {"first_day": "2026-01-01", "last_day": "2026-09-30"}}),
      ("put", "allocation", "tom-peak-more", {"allocation": {"who": "tom-okoro", "initiative": "initiative/peak-hours",
                                                             "share": 1, "period": "2026"}}),
      ("put", "allocation", "tom-more", {"allocation": {"who": "tom-okoro", "initiative": "initiative/peak-hours",
                                                        "share": 0.1, "period": "2026"}})],
     ["load/sustained:person/tom-okoro,period/2026-q1", "load/over:person/tom-okoro,period/2026-q2",
      "load/over:person/tom-okoro,period/2026-q3"],
     "Three quarters at 110 percent and more; the first one is over, so load/over looks at the other two."),
    ("load/same-people",
     [("set", "initiative/first-month-path", {"initiative": {"members": ["paul-sims", "yara-costa", "sara-lund"]}})],
     ["load/same-people:person/sara-lund"],
     "On ranks 1, 2 and 4: three of the five best ranked."),
    ("load/too-many",
     [("put", "allocation", "digital-pool", {"allocation": {"who": "team/digital", "initiative": "initiative/loaner-pool",
                                                            "effort": "200", "period": "2026-q2"}})],
     ["load/too-many:team/digital"],
     "The sixth that it is in; for the five others it is needed or leads them."),

    # ---- ask
    ("ask/unanswered",
     [("set", "ask/loaner-counter", {"ask": {"state": None, "answer": None, "answered": None, "answered_by": None,
                                             "promised_for": None, "needed_by": "2026-05-14"}})],
     ["ask/unanswered:ask/loaner-counter"],
     "Needed by yesterday, and no answer."),
    ("ask/unanswered", [("remove", "ask/loaner-counter")],
     ["ask/unanswered:initiative/loaner-pool,team/front-desk"],
     "It needs four days of the front desk, which was never asked."),
    ("ask/declined", [("set", "ask/loaner-counter", {"ask": {"state": "DECLINED", "promised_for": None}})],
     ["ask/declined:ask/loaner-counter,initiative/loaner-pool"],
     "The answer is no, and the pool goes on."),
    ("ask/late", [("set", "ask/loaner-counter", {"ask": {"promised_for": "2026-06-05"}})],
     ["ask/late:ask/loaner-counter"],
     "A week after 29 May, by which it is needed."),
    ("ask/missed", [("set", "ask/loaner-counter", {"ask": {"state": "MISSED"}})],
     ["ask/missed:ask/loaner-counter,initiative/loaner-pool"],
     "What was promised did not come, and the pool goes on."),
    ("ask/low-for-giver", [("rank-of", "digital", "peak-hours", None, None)],
     ["ask/low-for-giver:ask/peak-switch,initiative/peak-hours"],
     "Rank 5 of all, and not in the order of the team that promised to help."),
    ("ask/own-team", [("set", "ask/loaner-counter", {"ask": {"to": "workshop"}})],
     ["ask/own-team:ask/loaner-counter,team/workshop", "ask/unanswered:initiative/loaner-pool,team/front-desk"],
     "The workshop asks itself; and the front desk, which is needed, is not asked any more."),

    # ---- customer
    ("customer/uncovered-expectation",
     [("put", "expectation", "same-face", {"title": "The same face each time", "expectation": {
         "segment": "long-wearers", "step": "repair", "importance": 8, "met": 3}})],
     ["customer/uncovered-expectation:expectation/same-face,step/repair"],
     "It matters and is badly met, and no objective names it."),
    ("customer/no-owner-at-step", [("set", "step/repair", {"step": {"met_by": None}})],
     ["customer/no-owner-at-step:step/repair"],
     "Without the workshop nobody is there, and the step has no owner."),
    ("customer/pain-unattended", [("set", "initiative/repair-bench", {"initiative": {"steps": None}})],
     ["customer/pain-unattended:step/repair"],
     "It feels -1 to have it repaired, and the bench was the only work there."),
    ("customer/core-unserved", [("set", "segment/long-wearers", {"segment": {"core": True}}),
                                ("set", "objective/repaired-in-two-days", {"objective": {"expectations": None}})],
     ["customer/core-unserved:segment/long-wearers", "customer/uncovered-expectation:expectation/back-in-two-days,step/repair"],
     "The one objective that answered its one expectation, important and badly met, does so no more."),
    ("customer/no-journey", [("put", "segment", "children", {"title": "Children", "segment": {}})],
     ["customer/no-journey:segment/children"],
     "The journey as it is names two other segments."),
    ("customer/not-co-created", [("set", "journey/worn-from-day-one", {"journey": {"shaped_by": None}})],
     ["customer/not-co-created:journey/worn-from-day-one"],
     "It is to be, and nobody helped to shape it."),
    ("customer/metric-conflict",
     [("put", "measure", "repairs-checked", {"title": "Repairs checked twice", "owners": ["tom-okoro"], "measure": {
         "dimension": "Speed of repair ", "unit": "%", "direction": "UP"}}),
      ("set", "step/repair", {"step": {"backstage": ["measure/repairs-checked"]}})],
     ["customer/metric-conflict:step/repair,measure/repair-days,measure/repairs-checked"],
     "The workshop is judged by a number that shall fall, the front desk behind it by one of the same dimension that shall rise."),
    ("outcome/no-expectation", [("set", "objective/always-running", {"objective": {"expectation": None}})],
     ["outcome/no-expectation:objective/always-running"],
     "It names none, and is part of no objective that does."),

    # ---- mirror
    ("mirror/starved",
     [("set", "objective/answered-at-once", {"objective": {"weight": 0.6}}),
      ("set", "objective/booked-online", {"objective": {"weight": 0.3}}),
      ("set", "objective/always-running", {"objective": {"weight": 0.1}})],
     ["mirror/starved:objective/answered-at-once"],
     "35 of the 135 days in the goal are 26 %, 2.3 times less than 60; the others have 56 for 30 and 19 for 10."),
    ("mirror/starved", [("set", "objective/answered-at-once", {"objective": {"weight": 0.5}})],
     ["mirror/starved:objective/always-running,objective/booked-online"],
     "What the two beside it weigh, nobody says any more: unknown."),
    ("mirror/unstated",
     [("set", "objective/answered-at-once", {"objective": {"weight": 0.4}}),
      ("set", "objective/booked-online", {"objective": {"weight": 0.27}}),
      ("set", "objective/always-running", {"objective": {"weight": 0.33}})],
     ["mirror/unstated:objective/booked-online"],
     "75 of the 135 days are 56 %, 2.06 times 27; the others have 26 for 40 and 19 for 33."),
    ("mirror/broken-commitment", [("set", "commitment/bench-hours", {"commitment": {"due": "2026-05-08"}})],
     ["mirror/broken-commitment:commitment/bench-hours"],
     "A team promised it for last week, and it is open."),
    ("mirror/contradiction", [("set", "decision/two-brands", {"decision": {"breaks": ["value/call-back"]}})],
     ["mirror/contradiction:decision/two-brands,value/call-back"],
     "It was accepted, and says itself that it breaks the value."),
    ("mirror/value-on-the-wall", [("put", "value", "courage", {"title": "Courage", "value": {"text": "We dare."}})],
     ["mirror/value-on-the-wall:value/courage"],
     "Nothing names it."),
    ("mirror/at-odds",
     [("set", "policy/answer-today", {"links": [{"type": "SUPPORTS", "to": "value/call-back"},
                                               {"type": "AT_ODDS", "to": "feeling/looked-after", "note": "In a hurry"}]})],
     ["mirror/at-odds:policy/answer-today,feeling/looked-after"],
     "It says so itself."),

    # ---- rhythm
    ("rhythm/check-in-late", [("retract", "check-in/steady-systems-0514")],
     ["rhythm/check-in-late:initiative/steady-systems"],
     "The last one that is left is of 30 April, 15 days ago, more than 14; it was acknowledged."),
    ("rhythm/not-acknowledged",
     [("add", {"id": "planted", "about": "objective/booked-online", "by": "samir-nasser", "at": "2026-05-07",
               "check_in": {"status": "AT_RISK"}})],
     ["rhythm/not-acknowledged:objective/booked-online,check-in/planted"],
     "Eight days old, more than seven, and his manager has not acknowledged it."),
    ("rhythm/review-overdue", [("retract", "meeting/karl-mirjam-0513")],
     ["rhythm/review-overdue:review/karl-and-mirjam"],
     "As far as anybody wrote down it was never held; its first day was 7 January."),
    ("rhythm/council-gap",
     [("set", "review/clients-council", {"review": {"seats": [{"person": "mirjam-boer", "speaks_for": "first-month-path"}]}})],
     ["rhythm/council-gap:initiative/repair-bench"],
     "Of those that are left without a seat it is the only one that works on a step of a journey."),
    ("rhythm/room-missing", [("retract", "meeting/client-room-0326")],
     ["rhythm/room-missing:review/client-room,period/2026-q1"],
     "None in the first quarter or since; the second one has six weeks left."),
    ("rhythm/request-blocked", [("set", "request/warranty-numbers", {"request": {"asked": "2026-04-30"}})],
     ["rhythm/request-blocked:request/warranty-numbers,initiative/repair-bench"],
     "Open for 15 days, more than 14; the day by which it is needed is still ahead."),

    # ---- clarity
    ("clarity/not-accepted", [("add", {"id": "planted", "about": "baseline/2026-plan", "by": "hugo-arlt", "at": "2026-04-20",
               "acceptance": {"answer": "BLOCKED", "in_the_way": "Two plans for one week", "cleared_by": "samir-nasser"}})],
     ["clarity/not-accepted:baseline/2026-plan,acceptance/planted"],
     "What stands in his way has been there for 25 days, more than 14."),

    # ---- horizon
    ("horizon/no-end-state",
     [("set", "strategy/worn-with-pleasure", {"strategy": {"change_areas": [
         {"title": "After the fitting", "timeframe": "2026-12-31", "answers": ["cheap-first-aid"]}]}})],
     ["horizon/no-end-state:strategy/worn-with-pleasure"],
     "Its only change area loses its end state; it still answers the threat."),
    ("horizon/untested",
     [("set", "strategy/worn-with-pleasure", {"strategy": {"change_areas": [
         {"title": "After the fitting", "end_state": "Worn all day", "timeframe": "2026-12-31"}]}})],
     ["horizon/untested:strategy/worn-with-pleasure", "horizon/untested:assessment/cheap-first-aid"],
     "Nothing answers the threat any more; a strength, repairs-in-house, need not be answered."),
    ("horizon/out-of-range",
     [("set", "strategy/worn-with-pleasure", {"strategy": {"first_day": "2026-01-01", "last_day": "2026-12-30"}})],
     ["horizon/out-of-range:strategy/worn-with-pleasure"],
     "One day short of a year: eleven whole months; and its change area is to be reached on the day after its end."),

    # ---- impact
    ("impact/exposed",
     [("add", {"id": "planted", "about": "initiative/repair-bench", "by": "ines-falk", "at": "2026-05-15T06:00:00Z",
               "check_in": {"status": "OFF_TRACK", "progress": 0.58}})],
     ["impact/exposed:objective/repaired-in-two-days,initiative/repair-bench"],
     "The only work that moves the only measure of an objective that answers back-in-two-days."),

    # ---- maturity
    ("maturity/ahead-of-basics", [("set", "maturity/answering-for-it", {"maturity": {"level": 1}})],
     ["maturity/ahead-of-basics:maturity/daily-habit"],
     "One, and the others at most three: two levels. Of those at three, daily-habit comes first by name."),
    ("maturity/no-next-step", [("set", "maturity/measuring", {"maturity": {"next_step": ""}})],
     ["maturity/no-next-step:maturity/measuring"],
     "Level three of five, and nothing comes next."),
]


# ---- the same in plans of others: each has what it has

# Someone to answer for things: complete, and in the plan for this only.
ADA = ("put", "person", "planted-ada", {"title": "Ada", "person": {"level": "MANAGER"}})
BEN = ("put", "person", "planted-ben", {"title": "Ben", "person": {"level": "MANAGER"}})
LEFT = ("put", "person", "planted-lea", {"title": "Lea", "person": {"level": "MANAGER", "last_day": "2025-01-31"}})


def goals_of(plan, objective):
    fields = plan.items[objective].objective
    return ["goal/" + goal for goal in [fields.goal] + list(fields.further_goals) if goal]


def of_goal(plan, goal):
    """The objectives that name it."""
    return [ref for ref in plan.of_kind("objective") if goal in goals_of(plan, ref)]


def measures_of(plan, objective):
    """Those that stand under it, all of them with a target in it (so the import writes them)."""
    return ["measure/" + target.measure for target in plan.items[objective].objective.targets if target.measure]


def values_of(plan, measure, role):
    return [ref for ref, record in sorted(plan.records.items())
            if record.about in (measure, measure.partition("/")[2]) and record.HasField("measurement") and record.measurement.role == role]


def targets(plan, objective, **fields):
    """The objective's targets with these fields changed in the first one that has a measure."""
    listed = plan.fields(objective)["objective"]["targets"]
    number = next(i for i, target in enumerate(listed) if "measure" in target)
    listed[number] = plant.merge(listed[number], fields)
    return {"objective": {"targets": listed}}


def without_owner(plan):
    return next((ref for ref in plan.of_kind("goal") if not plan.items[ref].owners), None)


def with_goal(plan):
    """The first objective with one goal that others serve too, by now."""
    return next((ref for ref in plan.of_kind("objective") if plan.items[ref].objective.goal
                 and len(of_goal(plan, goals_of(plan, ref)[0])) > 1), None)


def fault_orphan(plan, before):
    """An objective loses its goal; the goal has others."""
    ref = with_goal(plan)
    if ref is None or plan.items[ref].objective.parent:
        return None
    return [("set", ref, {"objective": {"goal": None, "further_goals": []}})], {"sight/orphan:" + ref}, set()


def fault_empty_goal(plan, before):
    """All objectives of a goal go over to another one."""
    goals = [goal for goal in plan.of_kind("goal") if of_goal(plan, goal)]
    if len(goals) < 2:
        return None
    to = {"objective": {"goal": goals[1].partition("/")[2], "further_goals": []}}
    return [("set", ref, to) for ref in of_goal(plan, goals[0])], {"sight/empty-goal:" + goals[0]}, set()


def fault_dangling(plan, before):
    """An objective names a goal that is not there; its old one has others."""
    ref = with_goal(plan)
    if ref is None:
        return None
    return ([("set", ref, {"objective": {"goal": "planted-nowhere"}})],
            {"sight/dangling:%s,goal/planted-nowhere" % ref}, set())


def fault_cycle(plan, before):
    """Two objectives contribute to each other."""
    pair = plan.of_kind("objective")[:2]
    if len(pair) < 2:
        return None
    links = [json_link(plan, ref, other) for ref, other in zip(pair, reversed(pair))]
    return ([("set", ref, {"links": link}) for ref, link in zip(pair, links)],
            {"sight/cycle:%s@contribution" % ",".join(pair)}, set())


def json_link(plan, ref, to):
    return plan.fields(ref).get("links", []) + [{"type": "CONTRIBUTES", "to": to}]


def fault_no_measure(plan, before):
    """An objective loses its measures, and has a day instead: what was found of them goes with them."""
    for ref in plan.of_kind("objective"):
        measures = measures_of(plan, ref)
        if measures:
            break
    else:
        return None
    edit = [("set", ref, {"objective": {"targets": [{"text": "Better", "due": "2025-12-31"}]}})]
    edit += [("set", measure, {"measure": {"inline_under": None}}) for measure in measures]
    follows = {"outcome/no-date:" + ref} | {"outcome/stale:" + measure for measure in measures}
    follows |= {"outcome/%s:%s,%s" % (rule, ref, measure) for rule in ("no-baseline", "no-target") for measure in measures}
    return edit, {"outcome/no-measure:" + ref}, follows & before


def first_target(plan, before, rule, has):
    """The first objective and its first measure where that rule finds nothing and has() holds."""
    for ref in plan.of_kind("objective"):
        for measure in measures_of(plan, ref)[:1]:
            key = "%s:%s,%s" % (rule, ref, measure)
            if key not in before and has(ref, measure):
                return ref, measure, key
    return None, None, None


def fault_no_baseline(plan, before):
    """A target loses its baseline, and so does its measure."""
    ref, measure, key = first_target(plan, before, "outcome/no-baseline", lambda *_: True)
    if ref is None:
        return None
    edit = [("set", ref, targets(plan, ref, baseline=None))]
    return edit + [("retract", value) for value in values_of(plan, measure, pb.item.Measurement.BASELINE_VALUE)], {key}, set()


def fault_no_target(plan, before):
    """A target loses its number, its measure those that were recorded; the day stays."""
    ref, measure, key = first_target(plan, before, "outcome/no-target", lambda *_: True)
    if ref is None or "outcome/no-date:" + ref in before:
        return None
    edit = [("set", ref, targets(plan, ref, target=None, commit=None, due="2025-12-31"))]
    return edit + [("retract", value) for value in values_of(plan, measure, pb.item.Measurement.TARGET_VALUE)], {key}, set()


def fault_no_date(plan, before):
    """An objective that has all its days loses them: period, due, and the recorded targets' days."""
    for ref in plan.of_kind("objective"):
        if "outcome/no-date:" + ref not in before and measures_of(plan, ref):
            break
    else:
        return None
    listed = [plant.merge(target, {"due": None}) for target in plan.fields(ref)["objective"]["targets"]]
    edit = [("set", ref, {"objective": {"periods": [], "targets": listed}})]
    gone, appear = set(), {"outcome/no-date:" + ref}
    for measure in measures_of(plan, ref):
        values = values_of(plan, measure, pb.item.Measurement.TARGET_VALUE)
        edit += [("retract", value) for value in values]
        target = next(t for t in listed if t.get("measure") == measure.partition("/")[2])
        if "target" not in target and "commit" not in target:
            appear |= {"outcome/no-target:%s,%s" % (ref, measure)} - before
    return edit, appear, gone


def fault_stale(plan, before):
    """The newest value of a measure is five years old."""
    for ref in plan.of_kind("objective"):
        for measure in measures_of(plan, ref):
            if "outcome/stale:" + measure in before:
                continue
            edit = [("retract", value) for value in values_of(plan, measure, pb.item.Measurement.ACTUAL)]
            record = {"id": "planted", "about": measure, "at": "2020-06-30", "measurement": {"value": 1}}
            return edit + [("add", record)], {"outcome/stale:" + measure}, set()
    return None


def fault_closed_early(plan, before):
    """An objective is closed before its day, at its baseline; what is closed needs no owner, baseline, target or fresh number."""
    for ref in plan.of_kind("objective"):
        listed = plan.fields(ref)["objective"].get("targets", [])
        if len(listed) == 1 and "measure" in listed[0]:
            break
    else:
        return None
    measure = "measure/" + listed[0]["measure"]
    target = {"measure": listed[0]["measure"], "baseline": 10, "target": 20, "due": "2025-12-31"}
    edit = [("set", ref, {"objective": {"targets": [target], "status": "CLOSED", "closed": "2025-06-20"}}),
            ("set", measure, {"measure": {"direction": "UP"}}),
            ("add", {"id": "planted", "about": measure, "at": "2025-06-10", "measurement": {"value": 10}})]
    edit += [("retract", value) for role in (pb.item.Measurement.ACTUAL, pb.item.Measurement.TARGET_VALUE)
             for value in values_of(plan, measure, role)]
    follows = {"owner/none:" + ref, "outcome/no-date:" + ref, "outcome/stale:" + measure,
               "outcome/no-baseline:%s,%s" % (ref, measure), "outcome/no-target:%s,%s" % (ref, measure)}
    return edit, {"outcome/closed-early:%s,%s" % (ref, measure)}, follows & before


def fault_owner_none(plan, before):
    """A goal more, of which an objective becomes a part too, and nobody answers for it."""
    ref = next((ref for ref in plan.of_kind("objective")), None)
    if ref is None:
        return None
    further = list(plan.items[ref].objective.further_goals) + ["planted-goal"]
    return ([("put", "goal", "planted-goal", {"title": "Planted"}),
             ("set", ref, {"objective": {"further_goals": further}})], {"owner/none:goal/planted-goal"}, set())


def owned_by(owners, people, key):
    def fault(plan, before):
        ref = without_owner(plan)
        if ref is None:
            return None
        return people + [("set", ref, {"owners": owners})], {key % ref}, {"owner/none:" + ref}
    return fault


def fault_not_a_person(plan, before):
    """A team of theirs answers for a goal."""
    ref, team = without_owner(plan), next(iter(plan.of_kind("team")), None)
    if ref is None or team is None:
        return None
    return [("set", ref, {"owners": [team]})], {"owner/not-a-person:%s,%s" % (ref, team)}, {"owner/none:" + ref}


def fault_reviews_self(plan, before):
    """Who answers for a goal reviews it too."""
    ref = without_owner(plan)
    if ref is None:
        return None
    return ([ADA, ("set", ref, {"owners": ["planted-ada"], "reviewer": "planted-ada"})],
            {"owner/reviews-self:%s,person/planted-ada" % ref}, {"owner/none:" + ref})


THEIRS = [
    ("sight/orphan", fault_orphan),
    ("sight/empty-goal", fault_empty_goal),
    ("sight/dangling", fault_dangling),
    ("sight/cycle", fault_cycle),
    ("outcome/no-measure", fault_no_measure),
    ("outcome/no-baseline", fault_no_baseline),
    ("outcome/no-target", fault_no_target),
    ("outcome/no-date", fault_no_date),
    ("outcome/stale", fault_stale),
    ("outcome/closed-early", fault_closed_early),
    ("owner/none", fault_owner_none),
    ("owner/many", owned_by(["planted-ada", "planted-ben"], [ADA, BEN], "owner/many:%s")),
    ("owner/not-a-person", fault_not_a_person),
    ("owner/gone", owned_by(["planted-lea"], [LEFT], "owner/gone:%s,person/planted-lea")),
    ("owner/reviews-self", fault_reviews_self),
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
                if rule.name.startswith(FAMILIES) and rule.name not in APART]

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

    @unittest.skipUnless(os.path.isdir(REAL), "shared plans are not here (PLUMB_SHARED names their folder)")
    def test_each_fault_is_found_in_the_plans_of_others(self):
        pairs = 0
        for name in sorted(FINDINGS):
            workspace = name.removesuffix(".xml")
            self.client.call("Admin.CreateWorkspace", pb.admin.CreateWorkspaceRequest(id=workspace))
            plumb(self.daemon, "-w", workspace, "import", "stratml", os.path.join(REAL, name), "--yes")
            plan = plant.Plant(self.client, workspace, today())
            before = set(plan.check())
            for rule, fault in THEIRS:
                planted = fault(plan, before)
                if planted is None:
                    continue
                edit, appear, gone = planted
                pairs += 1
                with self.subTest(plan=name, rule=rule, reason=fault.__doc__):
                    self.assertEqual([sorted(keys) for keys in plan.dry_run(edit)], [sorted(appear), sorted(gone)])
            # and beside the healthy plan: real findings hide nothing
            plumb(self.daemon, "-w", workspace, "apply", "-f", HEALTHY, "--yes")
            plan = plant.Plant(self.client, workspace, today())
            for rule, edit, keys, reason in FAULTS:
                pairs += 1
                with self.subTest(plan=name, rule=rule, reason=reason):
                    self.assertEqual([sorted(keys) for keys in plan.dry_run(edit)], [sorted(keys), []])
        print("%d pairs of a plan and a fault, %d plans" % (pairs, len(FINDINGS)))

    def in_a_copy(self, plan, name, edit):
        """What appears and is gone when a copy of the workspace is really changed."""
        return plan.in_a_copy(edit, "%s-%s" % (plan.workspace, name.replace("/", "-")))

    def test_the_same_is_found_when_it_is_really_so(self):
        for number, (rule, edit, keys, reason) in enumerate(FAULTS):
            with self.subTest(rule=rule, reason=reason):
                found = self.in_a_copy(self.plan, str(number), edit)
                self.assertEqual([sorted(keys) for keys in found], [sorted(keys), []])


if __name__ == "__main__":
    unittest.main()
