/* The family scope, what is said about the work. Plans are of 2026-01-05, today is 2026-03-31 where nothing else is said. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/check_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

static void
expect_says(const char *lines, const char *rule, const char *message)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", lines);
	check_text_says(&text, "2026-03-31", rule, message);
	plan_text_fini(&text);
}

/* ---- none, no-limits */

START_TEST(work_without_a_scope_is_found)
{
	check_text_plan(
	    "initiative/active {'status': 'ACTIVE'}\n"
	    "initiative/approved {'status': 'APPROVED'}\n"
	    "initiative/paused {'status': 'PAUSED'}\n"
	    "initiative/for-whom {'status': 'ACTIVE', 'scope': {'segments': ['x'], 'stages': ['y']}}\n"
	    "initiative/in {'status': 'ACTIVE', 'scope': {'in': ['x']}}\n"
	    "initiative/out {'status': 'ACTIVE', 'scope': {'out': ['x']}}\n"
	    /* not agreed yet, or closed */
	    "initiative/proposed {'status': 'PROPOSED'}\n"
	    "initiative/unstated {}\n"
	    "initiative/done {'status': 'DONE'}\n"
	    "initiative/stopped {'status': 'STOPPED'}\n"
	    "workstream/part {'initiative': 'active', 'status': 'ACTIVE'}\n",
	    "scope/none",
	    "scope/none:initiative/active\n"
	    "scope/none:initiative/approved\n"
	    "scope/none:initiative/paused\n"
	    "scope/none:initiative/for-whom\n");
	expect_says("initiative/i {'status': 'ACTIVE'}\n", "scope/none",
	    "initiative/i is active, but nothing says what belongs to it and what does not.");
}
END_TEST

START_TEST(work_without_limits_is_found)
{
	check_text_plan(
	    "initiative/in {'status': 'ACTIVE', 'scope': {'in': ['x']}}\n"
	    "initiative/paused {'status': 'PAUSED', 'scope': {'in': ['x', 'y']}}\n"
	    "initiative/out {'status': 'ACTIVE', 'scope': {'out': ['x']}}\n"
	    "initiative/both {'status': 'ACTIVE', 'scope': {'in': ['x'], 'out': ['y']}}\n"
	    "initiative/none {'status': 'ACTIVE'}\n"
	    "initiative/proposed {'status': 'PROPOSED', 'scope': {'in': ['x']}}\n"
	    "initiative/done {'status': 'DONE', 'scope': {'in': ['x']}}\n",
	    "scope/no-limits",
	    "scope/no-limits:initiative/in\n"
	    "scope/no-limits:initiative/paused\n");
	expect_says("initiative/i {'status': 'ACTIVE', 'scope': {'in': ['x']}}\n", "scope/no-limits",
	    "initiative/i says what belongs to it, but not what does not.");
}
END_TEST

/* ---- no-period */

START_TEST(work_without_an_end_is_found)
{
	check_text_plan(
	    "period/q1 {'firstDay': '2026-01-01', 'lastDay': '2026-03-31'}\n"
	    "period/open {'firstDay': '2026-01-01'}\n"
	    "initiative/none {'status': 'ACTIVE'}\n"
	    "initiative/start-only {'status': 'APPROVED', 'start': '2026-02-01'}\n"
	    "initiative/open-period {'status': 'ACTIVE', 'periods': ['open']}\n"
	    "initiative/no-such-period {'status': 'ACTIVE', 'periods': ['missing']}\n"
	    "initiative/finish {'status': 'ACTIVE', 'finish': '2026-05-01'}\n"
	    "initiative/period {'status': 'ACTIVE', 'periods': ['q1']}\n"
	    "initiative/proposed {}\n"
	    "initiative/paused {'status': 'PAUSED'}\n"
	    "initiative/done {'status': 'DONE'}\n"
	    "workstream/w {'initiative': 'none', 'status': 'ACTIVE'}\n"
	    "task/t {'initiative': 'none'}\n"
	    "strategy/s {}\n",
	    "scope/no-period",
	    "scope/no-period:initiative/none\n"
	    "scope/no-period:initiative/start-only\n"
	    "scope/no-period:initiative/open-period\n"
	    "scope/no-period:initiative/no-such-period\n");
	expect_says("initiative/i {'status': 'APPROVED', 'start': '2026-02-01'}\n", "scope/no-period",
	    "initiative/i is approved since 2026-02-01, but nothing says by when it shall be done.");
	expect_says("initiative/i {'status': 'ACTIVE'}\n", "scope/no-period",
	    "initiative/i is active, but nothing says by when it shall be done.");
}
END_TEST

START_TEST(an_end_before_the_start_is_found)
{
	check_text_plan(
	    "initiative/i {'start': '2026-05-02', 'finish': '2026-05-01'}\n"
	    "initiative/one-day {'start': '2026-05-01', 'finish': '2026-05-01'}\n"
	    "workstream/w {'initiative': 'one-day', 'start': '2026-05-02', 'finish': '2026-05-01'}\n"
	    "task/t {'initiative': 'one-day', 'start': '2026-05-02', 'due': '2026-05-01'}\n"
	    "task/done {'initiative': 'one-day', 'start': '2026-05-02', 'due': '2026-05-01', 'done': '2026-02-01'}\n"
	    "strategy/s {'firstDay': '2027-01-01', 'lastDay': '2026-12-31'}\n"
	    "period/p {'firstDay': '2026-04-01', 'lastDay': '2026-03-01'}\n"
	    /* days of its periods */
	    "initiative/by-period {'periods': ['p']}\n"
	    "initiative/mixed {'status': 'ACTIVE', 'start': '2026-05-01', 'periods': ['q1']}\n"
	    "period/q1 {'firstDay': '2026-01-01', 'lastDay': '2026-03-31'}\n"
	    "initiative/closed {'status': 'DONE', 'start': '2026-05-02', 'finish': '2026-05-01'}\n",
	    "scope/no-period",
	    "scope/no-period:initiative/i\n"
	    "scope/no-period:workstream/w\n"
	    "scope/no-period:task/t\n"
	    "scope/no-period:strategy/s\n"
	    "scope/no-period:period/p\n"
	    "scope/no-period:initiative/by-period\n"
	    "scope/no-period:initiative/mixed\n");
	expect_says("initiative/i {'start': '2026-05-02', 'finish': '2026-05-01'}\n", "scope/no-period",
	    "initiative/i ends on 2026-05-01, before it starts on 2026-05-02.");
}
END_TEST

/* ---- too-long */

START_TEST(twelve_months_are_not_too_long)
{
	check_text_plan(
	    "initiative/year {'start': '2026-01-01', 'finish': '2026-12-31'}\n"
	    "initiative/a-day-more {'start': '2026-01-01', 'finish': '2027-01-01'}\n"
	    /* from the last day of February of a leap year: until 28 February */
	    "initiative/leap {'start': '2028-02-29', 'finish': '2029-02-28'}\n"
	    "initiative/leap-more {'start': '2028-02-29', 'finish': '2029-03-01'}\n"
	    "initiative/done {'status': 'DONE', 'start': '2020-01-01', 'finish': '2027-01-01'}\n"
	    "initiative/backwards {'start': '2028-01-01', 'finish': '2026-01-01'}\n"
	    "workstream/w {'initiative': 'year', 'start': '2020-01-01', 'finish': '2027-01-01'}\n"
	    "strategy/three {'firstDay': '2026-01-01', 'lastDay': '2028-12-31'}\n"
	    "strategy/more {'firstDay': '2026-01-01', 'lastDay': '2029-01-01'}\n"
	    "strategy/over {'firstDay': '2016-01-01', 'lastDay': '2025-01-01'}\n",
	    "scope/too-long",
	    "scope/too-long:initiative/a-day-more\n"
	    "scope/too-long:initiative/leap-more\n"
	    "scope/too-long:strategy/more\n");
	expect_says("initiative/i {'status': 'ACTIVE', 'start': '2026-01-15', 'finish': '2027-06-30'}\n", "scope/too-long",
	    "initiative/i runs from 2026-01-15 to 2027-06-30, longer than 12 months.");
}
END_TEST

START_TEST(how_long_is_too_long_can_be_set)
{
	check_text_plan(
	    "rule-setting/scope.too-long {'rule': 'scope/too-long', 'thresholds': {'months': 3, 'strategy_months': 12}}\n"
	    "period/q1 {'firstDay': '2026-01-01', 'lastDay': '2026-03-31'}\n"
	    "period/q2 {'firstDay': '2026-04-01', 'lastDay': '2026-06-30'}\n"
	    "initiative/quarter {'periods': ['q1']}\n"
	    "initiative/half {'periods': ['q1', 'q2']}\n"
	    "strategy/s {'firstDay': '2026-01-01', 'lastDay': '2027-01-01'}\n",
	    "scope/too-long",
	    "scope/too-long:initiative/half\n"
	    "scope/too-long:strategy/s\n");
}
END_TEST

START_TEST(a_length_that_is_not_known_is_unknown)
{
	check_text_plan(
	    "initiative/no-start {'status': 'ACTIVE', 'finish': '2026-12-31'}\n"
	    "initiative/no-finish {'status': 'PAUSED', 'start': '2026-01-01'}\n"
	    "initiative/proposed {'finish': '2036-12-31'}\n"
	    "strategy/s {'firstDay': '2026-01-01'}\n",
	    "scope/too-long",
	    "? scope/too-long:initiative/no-start\n"
	    "? scope/too-long:initiative/no-finish\n"
	    "? scope/too-long:strategy/s\n");
	expect_says("initiative/i {'status': 'ACTIVE', 'finish': '2026-12-31'}\n", "scope/too-long",
	    "scope/too-long cannot judge initiative/i: its start is not stated.");
	/* dates centuries away */
	expect_says("initiative/i {'status': 'ACTIVE', 'start': '0001-01-01', 'finish': '9999-12-31'}\n", "scope/too-long",
	    "initiative/i runs from 0001-01-01 to 9999-12-31, longer than 12 months.");
}
END_TEST

/* ---- need-unidentified */

START_TEST(work_for_which_nobody_is_named_is_found)
{
	check_text_plan(
	    "team/t {}\nperson/p {}\n"
	    "initiative/nobody {'status': 'ACTIVE'} {'owners': ['p']}\n"
	    "initiative/parts {'status': 'APPROVED'}\n"
	    "workstream/w {'initiative': 'parts', 'status': 'ACTIVE'}\n"
	    "task/t {'initiative': 'workstream/w'}\n"
	    "initiative/stopped-part {'status': 'ACTIVE'}\n"
	    "workstream/stopped {'initiative': 'stopped-part', 'status': 'STOPPED', 'members': ['p']}\n"
	    "ask/no {'from': 't', 'to': 't', 'initiative': 'stopped-part', 'state': 'DECLINED'}\n"
	    "ask/asked {'from': 't', 'to': 't', 'initiative': 'stopped-part', 'state': 'ASKED'}\n"
	    "initiative/proposed {}\n"
	    "initiative/paused {'status': 'PAUSED'}\n"
	    "initiative/done {'status': 'DONE'}\n",
	    "scope/need-unidentified",
	    "scope/need-unidentified:initiative/nobody\n"
	    "scope/need-unidentified:initiative/parts\n"
	    "scope/need-unidentified:initiative/stopped-part\n");
	expect_says("initiative/i {'status': 'ACTIVE'}\n", "scope/need-unidentified",
	    "initiative/i is to be done, but nobody is named to do it.");
}
END_TEST

START_TEST(anybody_named_will_do)
{
	check_text_plan(
	    "team/t {}\nperson/p {}\n"
	    "initiative/need {'status': 'ACTIVE', 'needs': [{'who': 't', 'effort': 100}]}\n"
	    "initiative/member {'status': 'ACTIVE', 'members': ['p']}\n"
	    "initiative/allocated {'status': 'ACTIVE'}\n"
	    "allocation/a {'who': 'p', 'initiative': 'allocated', 'effort': 100}\n"
	    "initiative/deep {'status': 'ACTIVE'}\n"
	    "workstream/w {'initiative': 'deep', 'status': 'ACTIVE'}\n"
	    "task/t1 {'initiative': 'workstream/w'}\n"
	    "task/t2 {'initiative': 'task/t1', 'members': ['p']}\n"
	    "initiative/asked {'status': 'ACTIVE'}\n"
	    "ask/yes {'from': 't', 'to': 't', 'initiative': 'asked', 'state': 'COMMITTED'}\n",
	    "scope/need-unidentified", "");
}
END_TEST

START_TEST(a_need_without_a_name_or_a_number_is_found)
{
	check_text_plan(
	    "team/t {}\nteam/u {}\nperson/p {}\n"
	    "initiative/no-number {'status': 'ACTIVE', 'needs': [{'who': 't'}, {'who': 'u', 'effort': 100}, {'who': 't'}]}\n"
	    "initiative/zero {'status': 'ACTIVE', 'needs': [{'who': 't', 'effort': 0}]}\n"
	    "initiative/no-name {'status': 'ACTIVE', 'needs': [{'skill': 'c', 'effort': 100}]}\n"
	    /* the allocation says how much */
	    "initiative/allocated {'status': 'ACTIVE', 'needs': [{'who': 't'}, {'who': 'person/p'}]}\n"
	    "allocation/a {'who': 'team/t', 'initiative': 'allocated', 'effort': 100}\n"
	    "initiative/running {'status': 'ACTIVE', 'members': ['p']}\n"
	    "workstream/w {'initiative': 'running', 'status': 'ACTIVE', 'needs': [{'who': 'u'}]}\n"
	    "workstream/waiting {'initiative': 'running', 'needs': [{'who': 'u'}]}\n"
	    "initiative/proposed {'needs': [{'who': 't'}]}\n"
	    "initiative/dangling {'status': 'ACTIVE', 'needs': [{'who': 'missing'}]}\n"
	    "task/no-number {'initiative': 'running', 'needs': [{'who': 't'}]}\n"
	    "task/no-name {'initiative': 'running', 'needs': [{'effort': 100}]}\n"
	    "task/nothing {'initiative': 'running'}\n"
	    "task/done {'initiative': 'running', 'needs': [{'who': 't'}], 'done': '2026-01-01'}\n"
	    "task/waits {'initiative': 'proposed', 'needs': [{'who': 't'}]}\n",
	    "scope/need-unidentified",
	    "scope/need-unidentified:initiative/no-number,team/t\n"
	    "scope/need-unidentified:initiative/no-name\n"
	    "scope/need-unidentified:initiative/allocated,person/p\n"
	    "scope/need-unidentified:task/no-number,team/t\n"
	    "scope/need-unidentified:task/no-name\n"
	    "scope/need-unidentified:workstream/w,team/u\n");
	expect_says("team/t {}\ninitiative/i {'status': 'ACTIVE', 'needs': [{'who': 't'}]}\n", "scope/need-unidentified",
	    "initiative/i needs team/t, but does not say how much.");
	expect_says("initiative/i {'status': 'ACTIVE', 'needs': [{'skill': 'c'}]}\n", "scope/need-unidentified",
	    "initiative/i has a need that names no team or person.");
}
END_TEST

/* ---- crept */

static void
expect_since(const char *then, const char *now, const char *expected, const char *message)
{
	struct plan_text before, after;

	plan_text_init(&before);
	plan_text_init(&after);
	plan_text_put(&before, "2026-01-05", then);
	plan_text_put(&after, "2026-02-05", "baseline/q1 {'revision': 1}\n");
	plan_text_put(&after, "2026-02-05", now);
	check_text_since(&before, &after, "baseline/q1", "2026-03-31", "scope/crept", expected, message);
	plan_text_fini(&before);
	plan_text_fini(&after);
}

#define ESTIMATED(likely) "initiative/i {'status': 'ACTIVE', 'estimate': {'likely': " likely "}}\n"
#define CREPT             "scope/crept:initiative/i,baseline/q1\n"

START_TEST(an_estimate_that_grew_by_more_than_a_fifth_is_found)
{
	expect_since(ESTIMATED("4000"), ESTIMATED("4800"), "", NULL);
	expect_since(ESTIMATED("4000"), ESTIMATED("4801"), CREPT,
	    "initiative/i has grown since baseline/q1: estimate from 40 to 48.01 person-days.");
	expect_since(ESTIMATED("4000"), ESTIMATED("2000"), "", NULL);
	/* not estimated then, or no longer */
	expect_since("initiative/i {'status': 'ACTIVE'}\n", ESTIMATED("4000"), "", NULL);
	expect_since(ESTIMATED("0"), ESTIMATED("4000"), "", NULL);
	expect_since(ESTIMATED("4000"), "initiative/i {'status': 'ACTIVE'}\n", "", NULL);
	/* what was proposed then counts by what it said; what is proposed now is not agreed */
	expect_since("initiative/i {'estimate': {'likely': 100}}\n", ESTIMATED("121"), CREPT, NULL);
	expect_since(ESTIMATED("100"), "initiative/i {'estimate': {'likely': 200}}\n", "", NULL);
	expect_since(ESTIMATED("100"), "initiative/i {'status': 'DONE', 'estimate': {'likely': 200}}\n", "", NULL);
}
END_TEST

START_TEST(how_much_it_may_grow_can_be_set)
{
#define SET(percent) \
	"rule-setting/scope.crept {'rule': 'scope/crept', 'thresholds': {'percent': " percent "}}\n"
	expect_since(ESTIMATED("100"), ESTIMATED("150") SET("50"), "", NULL);
	expect_since(ESTIMATED("100"), ESTIMATED("151") SET("50"), CREPT, NULL);
	expect_since(ESTIMATED("100"), ESTIMATED("101") SET("0"), CREPT, NULL);
	expect_since(ESTIMATED("100"), ESTIMATED("100") SET("0"), "", NULL);
}
END_TEST

START_TEST(a_later_finish_is_weighed_against_the_length)
{
#define FROM_TO(start, finish) "initiative/i {'status': 'ACTIVE', 'start': '" start "', 'finish': '" finish "'}\n"
	/* 100 days from 1 January; a fifth of it is 20 days */
	expect_since(FROM_TO("2026-01-01", "2026-04-10"), FROM_TO("2026-01-01", "2026-04-30"), "", NULL);
	expect_since(FROM_TO("2026-01-01", "2026-04-10"), FROM_TO("2026-01-01", "2026-05-01"), CREPT,
	    "initiative/i has grown since baseline/q1: finish from 2026-04-10 to 2026-05-01.");
	expect_since("initiative/i {'status': 'ACTIVE', 'finish': '2026-04-10'}\n", FROM_TO("2026-01-01", "2029-05-01"), "", NULL);
	expect_since(FROM_TO("2026-04-10", "2026-01-01"), FROM_TO("2026-01-01", "2029-05-01"), "", NULL);
	expect_since(
	    "period/q1 {'firstDay': '2026-01-01', 'lastDay': '2026-03-31'}\n"
	    "initiative/i {'status': 'ACTIVE', 'periods': ['q1']}\n",
	    "period/q1 {'firstDay': '2026-01-01', 'lastDay': '2026-03-31'}\n"
	    "period/q2 {'firstDay': '2026-04-01', 'lastDay': '2026-06-30'}\n"
	    "initiative/i {'status': 'ACTIVE', 'periods': ['q1', 'q2']}\n", CREPT,
	    "initiative/i has grown since baseline/q1: finish from 2026-03-31 to 2026-06-30.");
}
END_TEST

START_TEST(parts_are_counted_and_summed_at_any_depth)
{
	const char *then =
	    "initiative/i {'status': 'ACTIVE'}\n"
	    "workstream/w {'initiative': 'i', 'status': 'ACTIVE'}\n"
	    "task/a {'initiative': 'workstream/w', 'effort': 1000}\n"
	    "task/b {'initiative': 'i', 'effort': 1000}\n"
	    "milestone/m {'initiative': 'i'}\n"
	    "task/c {'initiative': 'i', 'effort': 1000}\n";
	/* five parts and 30 days; one more of each is exactly a fifth of the parts, and a third of the effort */
	char now[2000];

	snprintf(now, sizeof now, "%stask/d {'initiative': 'task/a'}\n", then);
	expect_since(then, now, "", NULL);
	snprintf(now, sizeof now, "%stask/d {'initiative': 'workstream/w', 'effort': 1000}\n", then);
	expect_since(then, now, CREPT,
	    "initiative/i has grown since baseline/q1: effort of its parts from 30 to 40 person-days.");
	snprintf(now, sizeof now, "%stask/d {'initiative': 'i'}\nmilestone/n {'initiative': 'workstream/w'}\n", then);
	expect_since(then, now, CREPT, "initiative/i has grown since baseline/q1: parts from 5 to 7.");
	/* of nested efforts the outermost counts, and what was stopped does not */
	snprintf(now, sizeof now, "%stask/d {'initiative': 'task/a', 'effort': 1000}\n", then);
	expect_since(then, now, "", NULL);
	snprintf(now, sizeof now, "%sworkstream/x {'initiative': 'i', 'status': 'STOPPED'}\n"
	    "task/d {'initiative': 'workstream/x', 'effort': 5000}\n", then);
	expect_since(then, now, "", NULL);
	/* planned in detail only now */
	expect_since("initiative/i {'status': 'ACTIVE'}\n", then, "", NULL);
}
END_TEST

START_TEST(wishes_that_came_in_are_counted)
{
	expect_since(
	    "initiative/i {'status': 'ACTIVE', 'scope': {'in': ['a', 'b'], 'out': ['c']}}\n",
	    "initiative/i {'status': 'ACTIVE', 'scope': {'in': ['a', 'b', 'c'], 'out': ['d', 'e', 'f']}}\n", CREPT,
	    "initiative/i has grown since baseline/q1: entries of scope.in from 2 to 3.");
	expect_since(
	    "initiative/i {'status': 'ACTIVE', 'scope': {'in': ['a', 'b'], 'out': ['c']}}\n",
	    "initiative/i {'status': 'ACTIVE', 'scope': {'in': ['a', 'b'], 'out': ['c', 'd', 'e']}}\n", "", NULL);
}
END_TEST

START_TEST(growth_that_cannot_be_seen_is_unknown)
{
	check_text_plan(ESTIMATED("100") "initiative/k {'status': 'ACTIVE'}\n", "scope/crept", "? scope/crept:plan\n");
	expect_says(ESTIMATED("100"), "scope/crept", "scope/crept cannot judge the plan: it has no baseline to compare with.");
	/* nothing to judge */
	check_text_plan("initiative/i {}\n", "scope/crept", "");
	/* new since */
	expect_since("initiative/other {}\n", ESTIMATED("100"), "? scope/crept:initiative/i\n",
	    "scope/crept cannot judge initiative/i: it was not in the plan at the newest baseline.");
}
END_TEST

/* clang-format on */
int
main(void)
{
	Suite *suite = suite_create("scope");
	TCase *tc = tcase_create("rules");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, work_without_a_scope_is_found);
	tcase_add_test(tc, work_without_limits_is_found);
	tcase_add_test(tc, work_without_an_end_is_found);
	tcase_add_test(tc, an_end_before_the_start_is_found);
	tcase_add_test(tc, twelve_months_are_not_too_long);
	tcase_add_test(tc, how_long_is_too_long_can_be_set);
	tcase_add_test(tc, a_length_that_is_not_known_is_unknown);
	tcase_add_test(tc, work_for_which_nobody_is_named_is_found);
	tcase_add_test(tc, anybody_named_will_do);
	tcase_add_test(tc, a_need_without_a_name_or_a_number_is_found);
	tcase_add_test(tc, an_estimate_that_grew_by_more_than_a_fifth_is_found);
	tcase_add_test(tc, how_much_it_may_grow_can_be_set);
	tcase_add_test(tc, a_later_finish_is_weighed_against_the_length);
	tcase_add_test(tc, parts_are_counted_and_summed_at_any_depth);
	tcase_add_test(tc, wishes_that_came_in_are_counted);
	tcase_add_test(tc, growth_that_cannot_be_seen_is_unknown);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
