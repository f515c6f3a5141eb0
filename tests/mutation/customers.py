#!/usr/bin/python3
"""Changes the rules and formulas of customers, leaders, rhythm and the outside on purpose, and expects a failing test.

As rules.py, which holds that every rule has a mutation here or there; these are also judged by scenarios, which need the daemon. Takes
half an hour; meant for nightly runs:

    tests/mutation/customers.py [--keep DIR] [WORD ...]     only mutations whose names have one of these words
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

CHECK = "server/insight/check/"
INSIGHT = "server/insight/"

# By the first word of a mutation's name: unit tests, then scenarios, whichever fails first.
TESTS = {
    "customer": (["insight_test_customer"], ["planted", "example"]),
    "outcome": ([], ["planted", "example"]),
    "mirror": ([], ["mirror", "planted", "example"]),
    "clarity": (["insight_test_clarity", "insight_test_clarity_leaders"], ["clarity", "planted"]),
    "rhythm": (["insight_test_cadence", "insight_test_rhythm_meet"], ["rhythm", "planted", "example"]),
    "horizon": (["insight_test_whatif"], ["outside", "fragile", "planted", "example"]),
    "maturity": ([], ["maturity", "planted", "example"]),
    "impact": (["insight_test_impact"], ["impact", "planted", "example"]),
    "concord": (["insight_test_concord"], ["voice"]),
    "segments": (["insight_test_pam", "insight_test_segments"], ["segments"]),
    "saydo": ([], ["mirror"]),
    "confidential": (["store_test_confidential", "insight_test_clarity"], ["voice", "clarity"]),
}

# name, file, what stands there (once), what to make of it
MUTATIONS = [
    ("customer/uncovered-expectation", CHECK + "customer.c", "if (expected.importance < pass->limits[UNCOVERED_IMPORTANCE] ||",
     "if (expected.importance <= pass->limits[UNCOVERED_IMPORTANCE] ||"),
    ("customer/uncovered-expectation", CHECK + "customer.c", "expected.met > pass->limits[UNCOVERED_MET])",
     "expected.met >= pass->limits[UNCOVERED_MET])"),
    ("customer/no-owner-at-step", CHECK + "customer.c", "|| journeys_target(ix, step, ROLE_OWNER) != SLOT_NONE ||", "||"),
    ("customer/no-owner-at-step", CHECK + "customer.c", "|| journeys_target(ix, step, ROLE_MET_BY) != SLOT_NONE)", ")"),
    ("customer/pain-unattended", CHECK + "customer.c", "&& !journeys_has_work_behind(pass->ix, step))",
     "&& journeys_has_work_behind(pass->ix, step))"),
    ("customer/core-unserved", CHECK + "customer.c", "if (ix->items[segment]->extra == 0)", "if (ix->items[segment]->extra != 0)"),
    ("customer/metric-conflict", CHECK + "customer_conflict.c", "if (a->function == b->function || a->measure == b->measure ||",
     "if (a->measure == b->measure ||"),
    ("customer/metric-conflict", CHECK + "customer_conflict.c", "if (apart <= 0)", "if (apart > 0)"),
    ("customer/no-journey", CHECK + "customer.c", "if (plans == 0)", "if (plans > 0)"),
    ("customer/not-co-created", CHECK + "customer.c",
     "if (ix->items[journey]->extra != JOURNEY_TO_BE || journeys_target(", "if (journeys_target("),
    ("outcome/no-expectation", CHECK + "outcome_expectation.c", "if (!plan_has_expectations(pass))", "if (plan_has_expectations(pass))"),
    ("outcome/no-expectation", CHECK + "outcome_expectation.c", "|| answers_at_all(ix, objectives[i]))",
     "|| !answers_at_all(ix, objectives[i]))"),

    ("mirror/starved", CHECK + "mirror.c", "if (node->verdict == MIRROR_STARVED && node->works > 0)", "if (node->verdict == MIRROR_STARVED)"),
    ("mirror/unstated", CHECK + "mirror.c", "if (mirror.nodes[i].verdict == MIRROR_UNSTATED)", "if (mirror.nodes[i].verdict == MIRROR_STARVED)"),
    ("mirror/broken-commitment", CHECK + "mirror_promise.c", "|| !is_leader(pass->ix, p->by))", "|| (false && !is_leader(pass->ix, p->by)))"),
    ("mirror/broken-commitment", CHECK + "mirror_promise.c", "p->moved >= pass->limits[MOVES];", "p->moved > pass->limits[MOVES];"),
    ("mirror/broken-commitment", CHECK + "mirror_promise.c", "pass->today - item->done <= pass->limits[DAYS];",
     "pass->today - item->done < pass->limits[DAYS];"),
    ("mirror/contradiction", CHECK + "mirror_words.c", "if (has_edge(ix, slot, to, ROLE_HONOURS, UINT32_MAX))",
     "if (!has_edge(ix, slot, to, ROLE_HONOURS, UINT32_MAX))"),
    ("mirror/contradiction", CHECK + "mirror_words.c", "&& has_edge(ix, slot, to, ROLE_LINK_SUPPORTS, UINT32_MAX))", ")"),
    ("mirror/value-on-the-wall", CHECK + "mirror_words.c", "if (marks[slots[i]])", "if (!marks[slots[i]])"),
    ("mirror/at-odds", CHECK + "mirror_words.c", "has_edge(ix, slot, to, ROLE_LINK_AT_ODDS, i) || has_edge(ix, slot, to, ROLE_LINK_SUPPORTS, UINT32_MAX))",
     "has_edge(ix, slot, to, ROLE_LINK_AT_ODDS, i))"),
    ("mirror shares", INSIGHT + "mirror.c", "node->stated = node->weight / group->weights;", "node->stated = node->weight;"),
    ("mirror shares", INSIGHT + "mirror.c", "node->planned_share = node->planned / group->planned;",
     "node->planned_share = node->planned / (group->planned + 1);"),
    ("mirror shares", INSIGHT + "mirror.c", "node->done_share = node->done / group->done;", "node->done_share = node->done / group->planned;"),
    ("saydo ratio", INSIGHT + "saydo.c", "(double)kept / row->made", "(double)kept / (row->made + 1)"),

    ("clarity/level-below", CHECK + "clarity.c", "if (low > 0)", "if (low >= 0)"),
    ("clarity/level-below", CHECK + "clarity.c", "cell->high * 100 < pass->limits[LEAST_PERCENT]", "cell->low * 100 < pass->limits[LEAST_PERCENT]"),
    ("clarity/leaders-disagree", CHECK + "clarity_leaders.c", "if (ballot.w >= pass->limits[AGREEMENT])", "if (ballot.w > pass->limits[AGREEMENT])"),
    ("clarity/leaders-disagree", CHECK + "clarity_leaders.c", "if (!ballot.is_known)", "if (ballot.is_known)"),
    ("clarity/not-accepted", CHECK + "clarity_accept.c",
     "if (c->pass->today <= due) return; draft_init(&d, c->baseline->slot, SLOT_NONE);",
     "if (c->pass->today < due)\n\t\treturn;\n\tdraft_init(&d, c->baseline->slot, SLOT_NONE);"),
    ("clarity/not-accepted", CHECK + "clarity_accept.c", "if (carried_by(c, slots[i], &list) == 0)", "if (carried_by(c, slots[i], &list) == UINT32_MAX)"),
    ("clarity/outdated-acceptance", CHECK + "clarity_accept.c", "|| state_of(c, person) != ACCEPTANCE_ACCEPTED)", ")"),
    ("clarity/outdated-acceptance", CHECK + "clarity_accept.c", "if (then->start != now->start || then->finish != now->finish)",
     "if (then->start != now->start)"),
    ("clarity/signals", CHECK + "clarity.c", "if (pulse->people < pass->limits[SIGNALS_PEOPLE] ||", "if (pulse->people <= pass->limits[SIGNALS_PEOPLE] ||"),
    ("clarity/signals", CHECK + "clarity.c", "if (err->code == ERR_OK)", "if (err->code != ERR_OK)"),
    ("clarity interval", INSIGHT + "clarity/score.c", "double middle = p + Z * Z / (2 * n);", "double middle = p;"),
    ("clarity interval", INSIGHT + "clarity/score.c", "Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n));", "Z * sqrt(p * (1 - p) / n);"),

    ("rhythm/review-overdue", CHECK + "rhythm_meet.c", "if (pass->today - plan->due <= pass->limits[OVERDUE_DAYS])",
     "if (pass->today - plan->due < pass->limits[OVERDUE_DAYS])"),
    ("rhythm/council-gap", CHECK + "rhythm_meet.c", "if (voices->council[initiative] != SLOT_NONE &&", "if (voices->council[initiative] == SLOT_NONE &&"),
    ("rhythm/room-missing", CHECK + "rhythm_meet.c", "rooms.newest->last_day < quarter.first)", "rooms.newest->last_day <= quarter.last)"),
    ("rhythm/request-blocked", CHECK + "rhythm_request.c", "bool old = pass->today - asked > pass->limits[BLOCKED_DAYS];",
     "bool old = pass->today - asked >= pass->limits[BLOCKED_DAYS];"),
    ("rhythm/request-blocked", CHECK + "rhythm_request.c", "request->finish < pass->today;", "request->finish <= pass->today;"),

    ("horizon/no-end-state", CHECK + "horizon.c", "area->end_state[0] != '\\0' && area->timeframe != DATE_NONE)", "area->timeframe != DATE_NONE)"),
    ("horizon/no-end-state", CHECK + "horizon.c", "if (lacking > 0 || count == 0)", "if (lacking > 0)"),
    ("horizon/untested", CHECK + "horizon.c", "if (count == 0 || strategies == 0)", "if (strategies == 0)"),
    ("horizon/untested", CHECK + "horizon.c", "if (item->extra != WEAKNESS && item->extra != THREAT)", "if (item->extra != THREAT)"),
    ("horizon/out-of-range", CHECK + "horizon.c", "months < pass->limits[RANGE_MONTHS]", "months <= pass->limits[RANGE_MONTHS]"),
    ("horizon/out-of-range", CHECK + "horizon.c", "(item->finish == DATE_NONE || area->timeframe <= item->finish)",
     "(item->finish == DATE_NONE || area->timeframe < item->finish)"),
    ("horizon/fragile", INSIGHT + "whatif.c", "fails > limits[FRAGILE_SHARE] * row->scenarios + 1e-6;",
     "fails >= limits[FRAGILE_SHARE] * row->scenarios - 1e-6;"),
    ("horizon/fragile", CHECK + "horizon_fragile.c", "if (worlds->count >= pass->limits[FRAGILE_SCENARIOS])",
     "if (worlds->count > pass->limits[FRAGILE_SCENARIOS])"),
    ("horizon/fragile", CHECK + "worlds.c", "scenarios >= most)", "scenarios > most)"),

    ("maturity/ahead-of-basics", CHECK + "maturity.c", "top - level >= pass->limits[AHEAD_LEVELS];", "top - level > pass->limits[AHEAD_LEVELS];"),
    ("maturity/no-next-step", CHECK + "maturity.c", "|| (level >= 0 && level == top_of(item)))", ")"),

    ("impact/exposed", CHECK + "impact.c", "ix->items[slot]->status == ASK_MISSED &&", "ix->items[slot]->status != ASK_MISSED &&"),
    ("impact/exposed", CHECK + "impact.c", "ix->items[check_in]->status == OFF_TRACK;", "ix->items[check_in]->status != OFF_TRACK;"),
    ("impact/exposed", CHECK + "impact.c", "if (n->share >= limit) {", "if (n->share > limit) {"),
    ("impact/exposed", CHECK + "impact.c", "|| !impact_is_customer(e->pass->ix, n->slot))", ")"),
    ("impact shares", INSIGHT + "impact.c", "v->share = fmin(1, v->share + brought);", "v->share = fmin(1, fmax(v->share, brought));"),
    ("impact shares", INSIGHT + "impact.c", "isnan(e->share) ? 0 : u->share * e->share;", "isnan(e->share) ? 0 : e->share;"),

    ("concord's W", INSIGHT + "concord/agreement.c", "ties += same * same - 1;", "ties += same - 1;"),
    ("concord's W", INSIGHT + "concord/agreement.c", "m * m * n * (n * n - 1) - m * (double)r->ties;", "m * m * n * (n * n - 1);"),
    ("segments: silhouette", INSIGHT + "segments/pam.c", "(other - own) / fmax(own, other);", "(other - own) / other;"),
    ("confidential: five", "server/rpc/ballot.c", "return answered >= VOICES_MIN &&", "return answered + 1 >= VOICES_MIN &&"),
    ("confidential: the others", "server/rpc/ballot.c", "&& (asked <= answered || asked - answered >= VOICES_MIN);", "&& asked >= answered;"),
    ("confidential: five", INSIGHT + "clarity/score.c", "return people >= CLARITY_PEOPLE && is_safe_rest(whole - people);", "return is_safe_rest(whole - people);"),
    ("confidential: the others", INSIGHT + "clarity/score.c", "return people >= CLARITY_PEOPLE && is_safe_rest(whole - people);", "return people >= CLARITY_PEOPLE + 0 * whole;"),
    ("confidential: hidden levels", INSIGHT + "clarity/score.c", "&& everybody >= CLARITY_PEOPLE && is_safe_rest(hidden);", "&& everybody >= CLARITY_PEOPLE + 0 * hidden;"),
]


def tests_of(name):
    return TESTS[re.match(r"\w+", name).group(0)]


def build(tree, units):
    return subprocess.run(["ninja", "-C", os.path.join(tree, "b"), "-j2", "plumbd", "plumb"] + ["unit_" + unit for unit in units],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1800)


def passes(tree, command):
    env = dict(os.environ, PLUMB_BUILD=os.path.join(tree, "b"), PYTHONPATH=os.path.join(tree, "tests", "support"))
    try:
        return subprocess.run(command, cwd=tree, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=400).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def tests_pass(tree, name):
    units, scenarios = tests_of(name)
    return (all(passes(tree, [os.path.join(tree, "b", "tests", "unit_" + unit)]) for unit in units) and
            all(passes(tree, [sys.executable, "-m", "unittest", "-f", os.path.join(tree, "tests", "scenarios", "test_%s.py" % scenario)])
                for scenario in scenarios))


def mutate(tree, name, path, old, new):
    """None where a test fails, as it must; else what went wrong."""
    full = os.path.join(tree, path)
    with open(full, encoding="utf-8") as file:
        text = file.read()
    # Where lines are broken is the layout's affair.
    pattern = re.compile(r"\s+".join(re.escape(word) for word in old.split()))
    if len(pattern.findall(text)) != 1:
        return "stands there %d times instead of once" % len(pattern.findall(text))
    with open(full, "w", encoding="utf-8") as file:
        file.write(pattern.sub(lambda match: new, text))
    try:
        built = build(tree, tests_of(name)[0])
        if built.returncode != 0:
            return "does not compile:\n" + built.stdout[-2000:]
        return "all tests still pass" if tests_pass(tree, name) else None
    finally:
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


def main():
    from rules import copy_tree
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", help="work in this directory and leave it")
    parser.add_argument("words", nargs="*")
    args = parser.parse_args()
    tree = args.keep or tempfile.mkdtemp(prefix="plumb-mutation-")
    chosen = [m for m in MUTATIONS if not args.words or any(word in m[0] for word in args.words)]
    failed = 0
    try:
        if not os.path.exists(os.path.join(tree, "server")):
            os.makedirs(tree, exist_ok=True)
            copy_tree(tree)
        subprocess.run(["cmake", "-G", "Ninja", "-S", tree, "-B", os.path.join(tree, "b"),
                        "-DCMAKE_C_COMPILER=gcc", "-DCMAKE_BUILD_TYPE=Debug"],
                       check=True, stdout=subprocess.DEVNULL)
        built = build(tree, sorted({unit for name, *_ in chosen for unit in tests_of(name)[0]}))
        if built.returncode != 0:
            sys.exit("the tests do not build:\n" + built.stdout[-2000:])
        for name in {re.match(r"\w+", name).group(0) for name, *_ in chosen}:
            if not tests_pass(tree, name):
                sys.exit("the tests of %s fail before anything was changed" % name)
        for name, path, old, new in chosen:
            wrong = mutate(tree, name, path, old, new)
            print("%-32s %-10s %s" % (name, "caught" if wrong is None else "NOT CAUGHT", old), flush=True)
            if wrong is not None:
                print("    " + wrong)
                failed += 1
    finally:
        if not args.keep:
            shutil.rmtree(tree, ignore_errors=True)
    print("%d mutations, %d not caught" % (len(chosen), failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
