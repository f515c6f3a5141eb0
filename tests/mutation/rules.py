#!/usr/bin/python3
"""Changes the condition of every rule on purpose and expects a failing test.

A rule's test that still passes when its condition is flipped proves nothing. Works on a copy of the tree; the tree
itself is only read. Takes a minute or two; meant for nightly runs:

    tests/mutation/rules.py [--keep DIR] [rule ...]
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

import customers

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CHECK = "server/insight/check/"
TESTS = ["sight", "priority", "priority_use", "outcome", "outcome_after", "scope", "owner", "load", "load_rules", "ask", "rhythm", "check"]

# rule, file, what stands there (once), what to make of it
MUTATIONS = [
    ("sight/orphan", "sight.c", "(ix->roles[slot] & purposes & ROLE_BIT(ROLE_PART_OF)) != 0",
     "(ix->roles[slot] & purposes & ROLE_BIT(ROLE_PART_OF)) == 0"),
    ("sight/orphan", "sight.c", "if (!index_is(ix, to, STANDING_LIVE) || !index_is(ix, to, STANDING_GIVEN_UP))",
     "if (!index_is(ix, to, STANDING_GIVEN_UP))\n\t\t\t\tcontinue;\n\t\t\tif (index_is(ix, to, STANDING_GIVEN_UP))"),
    ("sight/orphan", "sight.c", "purposes) == 0 || !is_purpose(ix->kinds[to])", "purposes) == 0"),
    ("sight/orphan", "sight.c", "if (!goals && has_any(", "if (goals && has_any("),
    ("sight/orphan", "index.c", "item->done <= today ? STANDING_FINISHED", "item->done < today ? STANDING_FINISHED"),
    ("sight/orphan", "index.c", "case KIND_STRATEGY: return item->finish != DATE_NONE && item->finish < today",
     "case KIND_STRATEGY:\n\t\treturn item->finish != DATE_NONE && item->finish <= today"),
    ("sight/orphan", "index.c", "if ((all & (STANDING_FINISHED | STANDING_GIVEN_UP)) == 0)", "if (true)"),
    ("sight/unserved", "sight.c", "if (is_served(pass->ix, slots[i], &d))", "if (!is_served(pass->ix, slots[i], &d))"),
    ("sight/unserved", "sight.c",
     "if (!kind_is_work(ix->kinds[from]) && ix->kinds[from] != KIND_OBJECTIVE)\n\t\t\tcontinue;\n\t\tif (!index_is(ix, from, STANDING_GIVEN_UP))",
     "if (!kind_is_work(ix->kinds[from]) && ix->kinds[from] != KIND_OBJECTIVE)\n\t\t\tcontinue;\n\t\tif (true)"),
    ("sight/unserved", "sight.c", "if (!work) {", "if (work) {"),
    ("sight/empty-goal", "sight.c", "if (!is_filled(pass->ix, slots[i], &d))", "if (is_filled(pass->ix, slots[i], &d))"),
    ("sight/empty-goal", "sight.c", "if (kind != KIND_OBJECTIVE && !(kind == KIND_GOAL", "if (!(kind == KIND_GOAL"),
    ("sight/dangling", "sight.c", "return !item_is_live(ix->items[slot]);", "return item_is_live(ix->items[slot]);"),
    ("sight/dangling", "sight.c", "if (all->holder_of[missing] == holder + 1)", "if (false)"),
    ("sight/dangling", "sight.c", "if (all->records[to]++ == 0)", "if (all->records[to] == 0)"),
    ("sight/cycle", "sight.c", "if (count == 1 && !points_at(walk, members[0], members[0]))", "if (count == 1)"),
    ("sight/cycle", "sight.c", "if (count == 1 && !points_at(walk, members[0], members[0]))", "if (count > 1)"),
    ("sight/cycle", "sight.c", "return index_is(ix, slot, STANDING_JUDGED);", "return index_is(ix, slot, STANDING_LIVE);"),
    ("sight/cycle", "sight.c", "if (to < from || (to == from", "if (false || (to == from"),
    ("outcome/none", "outcome.c", "STANDING_JUDGED) || words || measured)", "STANDING_JUDGED) || words)"),
    ("outcome/none", "outcome.c", "STANDING_JUDGED) || words || measured)", "STANDING_JUDGED) || measured)"),
    ("outcome/none", "outcome.c", "STANDING_JUDGED) || words || measured)", "STANDING_JUDGED) || !words || measured)"),
    ("outcome/no-measure", "outcome.c", "if (aims_next(&aims, &aim) || (", "if (!aims_next(&aims, &aim) || ("),
    ("outcome/no-baseline", "outcome.c", "return isnan(aim->baseline) &&", "return !isnan(aim->baseline) &&"),
    ("outcome/no-baseline", "outcome.c", "aim->direction != DIRECTION_HOLD;", "true;"),
    ("outcome/no-target", "outcome.c", "return !aim->has_range;", "return aim->has_range;"),
    ("outcome/no-target", "outcome.c", "return isnan(aim->target);", "return !isnan(aim->target);"),
    ("outcome/no-target", "aim.c", "isnan(target->target) ? target->commit : target->target", "target->target"),
    ("outcome/no-date", "outcome.c", "if (dates.undated == 0 && dates.dated > 0)", "if (dates.dated > 0)"),
    ("outcome/no-date", "outcome.c", "if (dates.undated == 0 && dates.dated > 0)", "if (dates.undated == 0)"),
    ("outcome/no-date", "outcome.c", "if (index_periods_end(ix, objective) != DATE_NONE)",
     "if (index_periods_end(ix, objective) == DATE_NONE)"),
    ("outcome/no-date", "outcome.c", "if ((ix->roles[objective] & ROLE_BIT(ROLE_PERIOD)) != 0) {", "if (false) {"),
    ("outcome/stale", "outcome.c", "if (pass->today - since <= every", "if (pass->today - since < every"),
    ("outcome/stale", "outcome.c", "if (pass->today - since <= every", "if (pass->today - since > every"),
    ("outcome/stale", "outcome.c", "else if (created > since)", "else if (created < since)"),
    ("outcome/stale", "outcome.c", "if (begin <= ix->today && (found", "if ((found"),
    ("outcome/closed-early", "outcome_after.c", "closed >= aim->due)", "closed > aim->due)"),
    ("outcome/closed-early", "outcome_after.c", "aim_progress(aim, point->value) >= pass->limits[EARLY_REACHED]",
     "aim_progress(aim, point->value) > pass->limits[EARLY_REACHED]"),
    ("outcome/closed-early", "outcome_after.c", "is_reached(pass, aim, then) || is_reached(pass, aim, now)",
     "is_reached(pass, aim, then)"),
    ("outcome/closed-early", "outcome_after.c", "is_reached(pass, aim, then) || is_reached(pass, aim, now)",
     "is_reached(pass, aim, now)"),
    ("outcome/closed-early", "outcome_after.c", "if (aim_lacks(aim) != NULL) {", "if (false) {"),
    ("outcome/closed-early", "aim.c", "value >= aim->low && value <= aim->high", "value > aim->low && value < aim->high"),
    ("outcome/done-unmoved", "outcome_after.c", "return aim_progress(aim, value) >= least;",
     "return aim_progress(aim, value) > least;"),
    ("outcome/done-unmoved", "outcome_after.c", "return aim_progress(aim, value) >= least;",
     "return aim_progress(aim, value) < least;"),
    ("outcome/done-unmoved", "outcome_after.c", "after->date <= not_before", "after->date < not_before"),
    ("outcome/done-unmoved", "outcome_after.c", "value > aim->baseline : value < aim->baseline",
     "value < aim->baseline : value > aim->baseline"),
    ("outcome/done-unmoved", "outcome_after.c", "if (pass->today - finished > pass->limits[UNMOVED_FORGET])",
     "if (pass->today - finished >= pass->limits[UNMOVED_FORGET])"),
    ("outcome/done-unmoved", "outcome_after.c", "emit_unmoved(pass, progress, unknown ? &missing : d);", "emit_unmoved(pass, progress, d);"),
    ("outcome/done-unmoved", "outcome_after.c", "days[i] <= ix->today", "true"),
    ("outcome/untracked-after", "outcome_after.c", "if (pass->today - finished <= pass->limits[UNTRACKED_DAYS] ||",
     "if (pass->today - finished < pass->limits[UNTRACKED_DAYS] ||"),
    ("outcome/untracked-after", "outcome_after.c", "last->date > finished;", "last->date >= finished;"),
    ("outcome/untracked-after", "outcome_after.c", "if (!is_lead_tracked(ix, &lead, finished))",
     "if (is_lead_tracked(ix, &lead, finished))"),
    ("outcome/untracked-after", "outcome_after.c", "pass->today - finished > pass->limits[UNTRACKED_FORGET])",
     "pass->today - finished >= pass->limits[UNTRACKED_FORGET])"),
    ("owner/none", "owner.c", "if ((pass->ix->roles[slot] & ROLE_BIT(ROLE_OWNER)) != 0)\n\t\treturn;",
     "if ((pass->ix->roles[slot] & ROLE_BIT(ROLE_OWNER)) == 0)\n\t\treturn;"),
    ("owner/many", "owner.c", "if (owners <= pass->limits[MANY_MOST])", "if (owners < pass->limits[MANY_MOST])"),
    ("owner/many", "owner.c", "== ROLE_OWNER && !index_is_again(&out, i);", "== ROLE_OWNER;"),
    ("owner/not-a-person", "owner.c", "STANDING_LIVE) ||\n\t\t    ix->kinds[owner] == KIND_PERSON)",
     "STANDING_LIVE) ||\n\t\t    ix->kinds[owner] != KIND_PERSON)"),
    ("owner/not-a-person", "owner.c", "!index_is(ix, owner, STANDING_LIVE) ||\n\t\t    ix->kinds[owner] == KIND_PERSON)",
     "ix->kinds[owner] == KIND_PERSON)"),
    ("owner/gone", "owner.c", "last >= pass->today +", "last > pass->today +"),
    ("owner/gone", "owner.c", "last == DATE_NONE || last >=", "last >="),
    ("owner/no-team", "owner.c", "(double)item->effort / 100 <= days", "(double)item->effort / 100 < days"),
    ("owner/no-team", "owner.c", "|| others_below(ix, slot, slot, 0))", "|| !others_below(ix, slot, slot, 0))"),
    ("owner/no-team", "owner.c", "if (index_is_agreed_ask(ix, part) || ", "if ("),
    ("owner/no-team", "owner.c", "!= ROLE_PART_OF || index_is(ix, part, STANDING_GIVEN_UP))", "!= ROLE_PART_OF)"),
    ("owner/split", "owner.c", "if (owners == 1)\n\t\treturn;", "if (owners != 1)\n\t\treturn;"),
    ("owner/split", "owner.c", "if (parts.owned > 0)", "if (true)"),
    ("owner/split", "owner.c", "!index_is(ix, part, STANDING_JUDGED))", "false)"),
    ("owner/reviews-self", "owner.c", "if (!index_has_target(pass->ix, slot, ROLE_OWNER, reviewer) ||",
     "if (index_has_target(pass->ix, slot, ROLE_OWNER, reviewer) ||"),
    ("owner/reviews-self", "owner.c", "reviewer) || !index_is(pass->ix, reviewer, STANDING_LIVE))", "reviewer))"),
    ("priority/unranked", "priority.c", "ix->rank[slots[i]] != RANK_NONE || !is_running(ix, slots[i])",
     "ix->rank[slots[i]] == RANK_NONE || !is_running(ix, slots[i])"),
    ("priority/unranked", "priority.c", "return status == WORK_APPROVED || status == WORK_ACTIVE;", "return status == WORK_ACTIVE;"),
    ("priority/unranked", "priority.c", "if (running < 2)", "if (running < 3)"),
    ("priority/tie", "priority.c", "if (tie->open > pass->limits[TIE_MOST])", "if (tie->open >= pass->limits[TIE_MOST])"),
    ("priority/tie", "priority.c", "if (!is_open_initiative(ix, slot))\n\t\treturn;\n\ttie->open++;", "tie->open++;"),
    ("priority/team-disagrees", "priority.c", "(double)pairs < pass->limits[DISAGREES_LEAST]",
     "(double)pairs <= pass->limits[DISAGREES_LEAST]"),
    ("priority/team-disagrees", "priority.c", "ranks[i] <= ranks[k]", "ranks[i] < ranks[k]"),
    ("priority/inversion", "priority_use.c", "left = v->gives - v->held - ahead;", "left = v->gives - v->held;"),
    ("priority/inversion", "priority_use.c", "list[end - 1].rank > rank;", "list[end - 1].rank >= rank;"),
    ("priority/inversion", "priority_use.c", "lacks = part->effort - part->allocated;", "lacks = part->effort;"),
    ("priority/inversion", "claims.c", "load_allocated_from(load, &bookings[i], column, ix->today)", "bookings[i].effort"),
    ("priority/no-precedence", "priority_use.c", "r->seen[pair->b] == before ||", ""),
    ("priority/no-precedence", "priority_use.c", "is_above(pass->ix, a, pair->b) ||", ""),
    ("priority/easiest-first", "priority_easy.c", "return item->value > (", "return item->value >= ("),
    ("priority/easiest-first", "priority_easy.c", "if (actor->lower == 0 || has_moved(f, actor->top))",
     "if (actor->lower == 0)"),
    ("priority/conflict", "priority_conflict.c", "up->aim.target <= down->aim.target", "up->aim.target < down->aim.target"),
    ("priority/conflict", "priority_conflict.c",
     "up->aim.objective == down->aim.objective || !are_at_one_time(up, down)", "up->aim.objective == down->aim.objective"),
    ("scope/none", "scope.c", "(pass->ix->has[slot] & HAS_SCOPE) == 0", "(pass->ix->has[slot] & HAS_SCOPE) != 0"),
    ("scope/no-limits", "scope.c", "(has & HAS_SCOPE_OUT) == 0", "(has & HAS_SCOPE_OUT) != 0"),
    ("scope/no-period", "scope.c", "start == DATE_NONE || finish == DATE_NONE || finish >= start)",
     "start == DATE_NONE || finish == DATE_NONE || finish > start)"),
    ("scope/too-long", "scope.c", "finish < date_after_months(start, (int)most)", "finish <= date_after_months(start, (int)most)"),
    ("scope/need-unidentified", "scope.c", "index_is_agreed_ask(ix, part) ||", ""),
    ("scope/need-unidentified", "scope.c", "is_allocated(ix, slot, need->slot) ||", ""),
    ("scope/does-not-fit", "scope_fit.c", "dates->by_due * 100 >= ", "dates->by_due * 100 < "),
    ("scope/does-not-fit", "scope_fit.c", "due < f->pass->today ||", "due <= f->pass->today ||"),
    ("scope/does-not-fit", "scope_fit.c", "KIND_INITIATIVE || f->said[slot] != 0)", "KIND_INITIATIVE)"),
    ("scope/crept", "scope_grown.c", "> percent * (double)then;", ">= percent * (double)then;"),
    ("scope/crept", "scope_grown.c", "return then > 0 &&", "return"),
    ("load/rule-of-three", "load_count.c", "if ((double)most > limit)", "if ((double)most >= limit)"),
    ("load/over", "load.c", "(double)cell->demand * 100 > (double)cell->capacity * percent",
     "(double)cell->demand * 100 >= (double)cell->capacity * percent"),
    ("load/over", "load.c", "if (load_last_day(load, c) < pass->today || cell->demand == 0)", "if (cell->demand == 0)"),
    ("load/under", "load.c", "(double)booked * 100 >= (double)gives * u->pass->limits[UNDER_PERCENT]",
     "(double)booked * 100 > (double)gives * u->pass->limits[UNDER_PERCENT]"),
    ("load/under", "load.c", "needs[i].effort > 0 && load_is_running(ix, initiative)", "needs[i].effort > 0"),
    ("load/under", "load.c", "|| team_has_unstated(u, row, column))", ")"),
    ("load/sustained", "load.c", "count < pass->limits[SUSTAINED_PERIODS]", "count <= pass->limits[SUSTAINED_PERIODS]"),
    ("load/sustained", "load.c", "(double)due * 100 <= (double)gives * percent", "(double)due * 100 < (double)gives * percent"),
    ("load/sustained", "booked.c", "due[c] += due[c - 1];", ""),
    ("load/sustained", "load.c", "if (over && (c == first || follows(b->load, c)))", "if (over)"),
    ("load/same-people", "load_count.c", "(double)(end - i) * 100 > (double)top * pass->limits[SAME_SHARE]",
     "(double)(end - i) * 100 >= (double)top * pass->limits[SAME_SHARE]"),
    ("load/too-many", "load_count.c", "if ((double)(end - i) > pass->limits[MANY_MOST])",
     "if ((double)(end - i) >= pass->limits[MANY_MOST])"),
    ("ask/unanswered", "ask.c", "if (pass->today - asked <= pass->limits[UNANSWERED_DAYS] &&",
     "if (pass->today - asked < pass->limits[UNANSWERED_DAYS] &&"),
    ("ask/unanswered", "ask.c", "needed >= pass->today))", "needed > pass->today))"),
    ("ask/unanswered", "ask.c", "ix->items[part]->status != WITHDRAWN;", "true;"),
    ("ask/declined", "ask.c", "pass->today - answered > pass->limits[DECLINED_COUNTER]",
     "pass->today - answered >= pass->limits[DECLINED_COUNTER]"),
    ("ask/declined", "ask.c", "else if (work != SLOT_NONE && !came_of_it(pass->ix, ask, work))", "else if (work != SLOT_NONE)"),
    ("ask/late", "ask.c", "passed = pass->today - promised > grace;", "passed = pass->today - promised >= grace;"),
    ("ask/late", "ask.c", "promised - item->finish <= grace))", "promised - item->finish < grace))"),
    ("ask/missed", "ask.c", "if (work == SLOT_NONE || came_of_it(ix, ask, work))\n\t\treturn;\n\tdraft_init(&d, ask, work);",
     "if (work == SLOT_NONE)\n\t\treturn;\n\tdraft_init(&d, ask, work);"),
    ("ask/low-for-giver", "ask.c", "place < rank + pass->limits[LOW_PLACES]", "place <= rank + pass->limits[LOW_PLACES]"),
    ("ask/low-for-giver", "ask.c", "rank > pass->limits[LOW_TOP]", "rank >= pass->limits[LOW_TOP]"),
    ("ask/own-team", "ask.c", "from != index_target(ix, slots[i], ROLE_TO))", "from == index_target(ix, slots[i], ROLE_TO))"),
    ("rhythm/check-in-late", "rhythm.c", "pass->today - from <= pass->limits[LATE_DAYS]",
     "pass->today - from < pass->limits[LATE_DAYS]"),
    ("rhythm/check-in-late", "rhythm.c", "day = index_periods_start(ix, slot);", "day = DATE_NONE;"),
    ("rhythm/not-acknowledged", "rhythm.c", "pass->today - item->start <= pass->limits[ACKNOWLEDGE_DAYS]",
     "pass->today - item->start < pass->limits[ACKNOWLEDGE_DAYS]"),
    ("rhythm/not-acknowledged", "rhythm.c", "if (reviewers_have(&reviewers, index_target(ix, slots[i], ROLE_BY)))", "if (false)"),
    # what all rules share
    ("waivers", "check.c", "waiver->until < check->query.today;", "waiver->until <= check->query.today;"),
    ("waivers", "check.c", "return key->subjects_count == d->subjects_count &&", "return true ||"),
    ("settings", "rules.c", "if (value < threshold->min)", "if (value > threshold->min)"),
    ("retracted records", "index.c", "|| (item->flags & ITEM_RETRACTED))", ")"),
]


def copy_tree(to):
    for name in ("CMakeLists.txt", "CMakePresets.json"):
        shutil.copy(os.path.join(ROOT, name), to)
    for name in ("common", "server", "client", "proto", "tests", "docs", "deploy"):
        shutil.copytree(os.path.join(ROOT, name), os.path.join(to, name), symlinks=True)
    # What a mutation leaves unused is no fault here.
    lists = os.path.join(to, "CMakeLists.txt")
    with open(lists, encoding="utf-8") as file:
        text = file.read()
    with open(lists, "w", encoding="utf-8") as file:
        file.write(text.replace("-Werror", ""))


def rules_of_tree(tree):
    with open(os.path.join(tree, "docs", "RULES.md"), encoding="utf-8") as page:
        return set(re.findall(r"^### (\S+)$", page.read(), re.M))


def build(tree):
    targets = ["unit_insight_test_" + name for name in TESTS]
    return subprocess.run(["ninja", "-C", os.path.join(tree, "b"), "-j2"] + targets, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=900)


def tests_pass(tree):
    for name in TESTS:
        program = os.path.join(tree, "b", "tests", "unit_insight_test_" + name)
        try:
            done = subprocess.run([program], cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
        except subprocess.TimeoutExpired:
            return False
        if done.returncode != 0:
            return False
    return True


def mutate(tree, rule, path, old, new):
    """None where a test fails, as it must; else what went wrong."""
    full = os.path.join(tree, CHECK, path)
    with open(full, encoding="utf-8") as file:
        text = file.read()
    # Where lines are broken is the layout's affair.
    pattern = re.compile(r"\s+".join(re.escape(word) for word in old.split()))
    count = len(pattern.findall(text))
    if count != 1:
        return "stands there %d times instead of once" % count
    with open(full, "w", encoding="utf-8") as file:
        file.write(pattern.sub(lambda match: new, text))
    try:
        built = build(tree)
        if built.returncode != 0:
            return "does not compile:\n" + built.stdout[-2000:]
        return "all tests still pass" if tests_pass(tree) else None
    finally:
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", help="work in this directory and leave it")
    parser.add_argument("rules", nargs="*")
    args = parser.parse_args()
    tree = args.keep or tempfile.mkdtemp(prefix="plumb-mutation-")
    failed = 0
    try:
        if not os.path.exists(os.path.join(tree, "server")):
            os.makedirs(tree, exist_ok=True)
            copy_tree(tree)
        subprocess.run(["cmake", "-G", "Ninja", "-S", tree, "-B", os.path.join(tree, "b"),
                        "-DCMAKE_C_COMPILER=gcc", "-DCMAKE_BUILD_TYPE=Debug"],
                       check=True, stdout=subprocess.DEVNULL)
        built = build(tree)
        if built.returncode != 0:
            sys.exit("the tests do not build:\n" + built.stdout[-2000:])
        if not tests_pass(tree):
            sys.exit("the tests fail before anything was changed")
        missing = rules_of_tree(tree) - {rule for rule, _, _, _ in MUTATIONS + customers.MUTATIONS}
        for rule in sorted(missing):
            print("%s: has no mutation" % rule)
            failed += 1
        for rule, path, old, new in MUTATIONS:
            if args.rules and rule not in args.rules:
                continue
            wrong = mutate(tree, rule, path, old, new)
            first = old.splitlines()[0]
            print("%-24s %-10s %s" % (rule, "caught" if wrong is None else "NOT CAUGHT", first), flush=True)
            if wrong is not None:
                print("    " + wrong)
                failed += 1
    finally:
        if not args.keep:
            shutil.rmtree(tree, ignore_errors=True)
    print("%d mutations, %d not caught" % (len(MUTATIONS), failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
