/* The family outcome after the work. Plans are of 2026-01-05, today is 2026-03-31 where nothing else is said. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/check_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

/* ---- closed-early */

/* From 10 to 20 until 2026-03-31. */
#define AIMED(id, measure, closed) \
	"objective/" id " {'targets': [{'measure': '" measure "', 'baseline': 10, 'target': 20, 'due': '2026-03-31'}], " \
	"'status': 'CLOSED', 'closed': '" closed "'}\n"
#define ACTUAL(id, measure, value, at) \
	"measurement/" id " {'value': " value "} {'about': '" measure "', 'at': '" at "'}\n"

START_TEST(closing_short_of_the_target_is_found)
{
	check_text_plan(
	    "measure/m {'direction': 'UP'}\n"
	    ACTUAL("a", "m", "19.9", "2026-03-01")
	    AIMED("early", "m", "2026-03-30")
	    AIMED("on-the-day", "m", "2026-03-31"), /* honest: met or not */
	    "outcome/closed-early", "outcome/closed-early:objective/early,measure/m\n");
}
END_TEST

START_TEST(closing_at_the_target_is_fine)
{
	check_text_plan(
	    "measure/m {'direction': 'UP'}\n"
	    "measure/down {'direction': 'DOWN'}\n"
	    "measure/late {'direction': 'UP'}\n"
	    ACTUAL("a", "m", "20", "2026-03-01")  /* exactly all of the way */
	    ACTUAL("b", "m", "12", "2026-03-20")  /* fell back after the closing: was met all the same */
	    ACTUAL("c", "down", "4", "2026-03-01")
	    ACTUAL("d", "late", "11", "2026-02-28")
	    ACTUAL("e", "late", "20", "2026-03-25") /* came in after the closing: was met after all */
	    AIMED("o", "m", "2026-03-10")
	    AIMED("late", "late", "2026-03-10")
	    "objective/down {'targets': [{'measure': 'down', 'baseline': 9, 'target': 5, 'due': '2026-03-31'}], "
	    "'status': 'CLOSED', 'closed': '2026-03-02'}\n",
	    "outcome/closed-early", "");
}
END_TEST

START_TEST(the_value_of_the_closing_day_counts)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05",
	    "measure/m {'direction': 'UP'}\n"
	    ACTUAL("a", "m", "20", "2026-02-01")
	    ACTUAL("b", "m", "15", "2026-03-10") /* was met once, but no longer when it was closed */
	    AIMED("o", "m", "2026-03-10"));
	check_text_expect(&text, "2026-03-31", "outcome/closed-early", "outcome/closed-early:objective/o,measure/m\n");
	check_text_says(&text, "2026-03-31", "outcome/closed-early",
	    "objective/o was closed on 2026-03-10, before its date 2026-03-31, with measure/m at 15 of 20 "
	    "(work unknown, outcome 50 %).");
	plan_text_fini(&text);
}
END_TEST

START_TEST(a_measure_that_holds_must_be_in_range_at_closing)
{
	check_text_plan(
	    "measure/in {'direction': 'HOLD', 'low': 5, 'high': 7}\n"
	    "measure/out {'direction': 'HOLD', 'low': 5, 'high': 7}\n"
	    ACTUAL("a", "in", "7", "2026-03-01") /* the end of the range is within */
	    ACTUAL("b", "out", "7.1", "2026-03-01")
	    AIMED("in", "in", "2026-03-10")
	    AIMED("out", "out", "2026-03-10"),
	    "outcome/closed-early", "outcome/closed-early:objective/out,measure/out\n");
}
END_TEST

START_TEST(closed_early_says_what_it_lacks)
{
	check_text_plan(
	    "measure/no-direction {}\n"
	    "measure/no-actual {'direction': 'UP'}\n"
	    "measure/m {'direction': 'UP'}\n"
	    ACTUAL("a", "no-direction", "11", "2026-03-01")
	    ACTUAL("b", "m", "11", "2026-03-01")
	    AIMED("no-direction", "no-direction", "2026-03-10")
	    AIMED("no-actual", "no-actual", "2026-03-10")
	    "objective/no-day {'targets': [{'measure': 'm'}], 'status': 'CLOSED'}\n"
	    "objective/no-due {'targets': [{'measure': 'm', 'baseline': 10, 'target': 20}], 'status': 'CLOSED', "
	    "'closed': '2026-03-10'}\n"
	    "objective/no-baseline {'targets': [{'measure': 'm', 'target': 20, 'due': '2026-03-31'}], "
	    "'status': 'CLOSED', 'closed': '2026-03-10'}\n"
	    "objective/no-target {'targets': [{'measure': 'm', 'baseline': 10, 'due': '2026-03-31'}], "
	    "'status': 'CLOSED', 'closed': '2026-03-10'}\n"
	    "objective/equal {'targets': [{'measure': 'm', 'baseline': 10, 'target': 10, 'due': '2026-03-31'}], "
	    "'status': 'CLOSED', 'closed': '2026-03-10'}\n"
	    "objective/dropped {'targets': [{'measure': 'm', 'baseline': 10, 'target': 20, 'due': '2026-03-31'}], "
	    "'status': 'DROPPED', 'closed': '2026-03-10'}\n",
	    "outcome/closed-early",
	    "? outcome/closed-early:objective/no-direction,measure/no-direction\n"
	    "? outcome/closed-early:objective/no-actual,measure/no-actual\n"
	    "? outcome/closed-early:objective/no-day\n"
	    "? outcome/closed-early:objective/no-due,measure/m\n"
	    "? outcome/closed-early:objective/no-baseline,measure/m\n"
	    "? outcome/closed-early:objective/no-target,measure/m\n"
	    "? outcome/closed-early:objective/equal,measure/m\n");
}
END_TEST

/* ---- done-unmoved */

#define OBJECTIVE \
	"objective/o {'targets': [{'measure': 'm', 'baseline': 10, 'target': 20, 'due': '2026-03-31'}]}\n"
#define DONE(id) \
	"initiative/" id " {'status': 'DONE', 'finish': '2026-02-15', " \
	"'contributions': [{'to': 'o', 'measure': 'm'}]}\n"

static void
expect_moved(const char *value, const char *direction, const char *expected)
{
	struct plan_text text;
	char lines[1024];

	snprintf(lines, sizeof lines,
	    "measure/m {'direction': '%s'}\n" OBJECTIVE DONE("i")
	    "measurement/a {'value': %s} {'about': 'm', 'at': '2026-03-01'}\n", direction, value);
	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", lines);
	check_text_expect(&text, "2026-03-31", "outcome/done-unmoved", expected);
	plan_text_fini(&text);
}

START_TEST(a_number_that_stands_still_is_found)
{
	const char *found = "outcome/done-unmoved:initiative/i,measure/m\n";

	expect_moved("10", "UP", found);
	expect_moved("9", "UP", found);     /* worse */
	expect_moved("10.49", "UP", found); /* 4.9 % of the way */
	expect_moved("10.5", "UP", "");     /* exactly 5 % */
	expect_moved("20", "UP", "");
	expect_moved("10.5", "DIRECTION_UNKNOWN", "? outcome/done-unmoved:initiative/i,measure/m\n");
}
END_TEST

START_TEST(the_message_names_the_numbers)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05",
	    "measure/m {'direction': 'UP'}\n" OBJECTIVE DONE("i")
	    ACTUAL("a", "m", "10.25", "2026-03-01"));
	check_text_says(&text, "2026-03-31", "outcome/done-unmoved",
	    "initiative/i was finished on 2026-02-15, but measure/m has not moved: from 10 to 10.25 on 2026-03-01 "
	    "(work 100 %, outcome 2 %).");
	plan_text_fini(&text);
}
END_TEST

START_TEST(only_an_actual_after_the_finish_accuses)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05",
	    "measure/m {'direction': 'UP'}\n" OBJECTIVE DONE("i")
	    ACTUAL("a", "m", "10", "2026-02-15")); /* of the very day */
	check_text_expect(&text, "2026-03-31", "outcome/done-unmoved",
	    "? outcome/done-unmoved:initiative/i,measure/m\n");
	check_text_says(&text, "2026-03-31", "outcome/done-unmoved",
	    "outcome/done-unmoved cannot judge initiative/i: no actual was taken after it was finished (measure/m).");
	plan_text_put(&text, "2026-02-16", ACTUAL("b", "m", "10", "2026-02-16"));
	check_text_expect(&text, "2026-03-31", "outcome/done-unmoved",
	    "outcome/done-unmoved:initiative/i,measure/m\n");
	plan_text_fini(&text);
}
END_TEST

START_TEST(without_a_target_any_step_in_the_right_direction_counts)
{
	check_text_plan(
	    "measure/up {'direction': 'UP'}\n"
	    "measure/down {'direction': 'DOWN'}\n"
	    "measure/wrong-way {'direction': 'DOWN'}\n"
	    "objective/o {'targets': [{'measure': 'up', 'baseline': 10}, {'measure': 'down', 'baseline': 10}, "
	    "{'measure': 'wrong-way', 'baseline': 10}]}\n"
	    "initiative/i {'status': 'DONE', 'finish': '2026-02-15', 'contributions': ["
	    "{'to': 'o', 'measure': 'up'}, {'to': 'o', 'measure': 'down'}, {'to': 'o', 'measure': 'wrong-way'}]}\n"
	    ACTUAL("a", "up", "10.01", "2026-03-01")
	    ACTUAL("b", "down", "9.99", "2026-03-01")
	    ACTUAL("c", "wrong-way", "10.01", "2026-03-01"),
	    "outcome/done-unmoved", "outcome/done-unmoved:initiative/i,measure/wrong-way\n");
}
END_TEST

START_TEST(a_measure_that_holds_must_be_in_range_after_the_work)
{
	check_text_plan(
	    "measure/in {'direction': 'HOLD', 'low': 5, 'high': 7}\n"
	    "measure/out {'direction': 'HOLD', 'low': 5, 'high': 7}\n"
	    "measure/no-range {'direction': 'HOLD'}\n"
	    "objective/o {}\n"
	    "initiative/i {'status': 'DONE', 'finish': '2026-02-15', 'contributions': ["
	    "{'to': 'o', 'measure': 'in'}, {'to': 'o', 'measure': 'out'}, {'to': 'o', 'measure': 'no-range'}]}\n"
	    ACTUAL("a", "in", "5", "2026-03-01")
	    ACTUAL("b", "out", "4.9", "2026-03-01")
	    ACTUAL("c", "no-range", "4.9", "2026-03-01"),
	    "outcome/done-unmoved",
	    "outcome/done-unmoved:initiative/i,measure/out\n"
	    "? outcome/done-unmoved:initiative/i,measure/no-range\n");
}
END_TEST

START_TEST(where_no_measure_is_named_one_of_the_objective_that_moved_is_enough)
{
	static const char plan[] =
	    "measure/a {'direction': 'UP'}\n"
	    "measure/b {'direction': 'UP'}\n"
	    "objective/o {'targets': [{'measure': 'a', 'baseline': 10, 'target': 20}, "
	    "{'measure': 'b', 'baseline': 10, 'target': 20}]}\n"
	    "initiative/i {'status': 'DONE', 'finish': '2026-02-15', 'objective': 'o'}\n"
	    ACTUAL("a", "a", "10", "2026-03-01");
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", plan);
	/* b was not taken: it may have moved */
	check_text_expect(&text, "2026-03-31", "outcome/done-unmoved",
	    "? outcome/done-unmoved:initiative/i,objective/o\n");
	plan_text_put(&text, "2026-01-06", ACTUAL("b", "b", "10", "2026-03-01"));
	check_text_expect(&text, "2026-03-31", "outcome/done-unmoved",
	    "outcome/done-unmoved:initiative/i,objective/o\n");
	plan_text_put(&text, "2026-01-07", ACTUAL("b2", "b", "14", "2026-03-02"));
	check_text_expect(&text, "2026-03-31", "outcome/done-unmoved", "");
	plan_text_fini(&text);
}
END_TEST

START_TEST(done_unmoved_says_what_it_lacks)
{
	check_text_plan(
	    "measure/m {'direction': 'UP'}\n"
	    "measure/alone {'direction': 'UP'}\n"
	    "objective/o {'targets': [{'measure': 'm', 'target': 20}]}\n"
	    "objective/bare {}\n"
	    "initiative/no-measure {'status': 'DONE', 'finish': '2026-02-15', 'objective': 'bare'}\n"
	    "initiative/nothing {'status': 'DONE', 'finish': '2026-02-15'}\n"
	    "initiative/no-baseline {'status': 'DONE', 'finish': '2026-02-15', "
	    "'contributions': [{'to': 'o', 'measure': 'm'}]}\n"
	    "initiative/active {'status': 'ACTIVE', 'finish': '2026-02-15'}\n"
	    "initiative/stopped {'status': 'STOPPED', 'finish': '2026-02-15'}\n"
	    /* the objective has no aim with it: the recorded baseline of the measure alone */
	    "initiative/recorded {'status': 'DONE', 'finish': '2026-02-15', "
	    "'contributions': [{'to': 'bare', 'measure': 'alone'}]}\n"
	    "measurement/base {'role': 'BASELINE_VALUE', 'value': 3} {'about': 'alone', 'at': '2026-01-01'}\n"
	    ACTUAL("a", "m", "11", "2026-03-01")
	    ACTUAL("b", "alone", "3", "2026-03-01"),
	    "outcome/done-unmoved",
	    "? outcome/done-unmoved:initiative/no-measure\n"
	    "? outcome/done-unmoved:initiative/nothing\n"
	    "? outcome/done-unmoved:initiative/no-baseline,measure/m\n"
	    "outcome/done-unmoved:initiative/recorded,measure/alone\n");
}
END_TEST

START_TEST(work_of_long_ago_is_left_alone)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05",
	    "measure/m {'direction': 'UP'}\n" OBJECTIVE DONE("i")
	    ACTUAL("a", "m", "10", "2026-03-01"));
	/* 730 days after 2026-02-15 is 2028-02-15 */
	check_text_expect(&text, "2028-02-15", "outcome/done-unmoved",
	    "outcome/done-unmoved:initiative/i,measure/m\n");
	check_text_expect(&text, "2028-02-16", "outcome/done-unmoved", "");
	plan_text_fini(&text);
}
END_TEST

/* ---- untracked-after */

START_TEST(nobody_looked_after_the_delivery)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05",
	    "measure/m {'direction': 'UP'}\n" OBJECTIVE DONE("i")
	    ACTUAL("a", "m", "12", "2026-02-15")); /* on the day of the delivery is not after it */
	/* 45 days after 2026-02-15 is 2026-04-01 */
	check_text_expect(&text, "2026-04-01", "outcome/untracked-after", "");
	check_text_expect(&text, "2026-04-02", "outcome/untracked-after",
	    "outcome/untracked-after:initiative/i,measure/m\n");
	check_text_says(&text, "2026-04-02", "outcome/untracked-after",
	    "initiative/i was finished 46 days ago, and measure/m was not taken since.");
	check_text_expect(&text, "2028-02-15", "outcome/untracked-after",
	    "outcome/untracked-after:initiative/i,measure/m\n");
	check_text_expect(&text, "2028-02-16", "outcome/untracked-after", ""); /* forgotten */
	plan_text_put(&text, "2026-02-16", ACTUAL("b", "m", "12", "2026-02-16"));
	check_text_expect(&text, "2026-04-02", "outcome/untracked-after", "");
	plan_text_fini(&text);
}
END_TEST

START_TEST(one_measure_of_the_objective_is_enough_where_none_is_named)
{
	check_text_plan(
	    "measure/a {}\n"
	    "measure/b {}\n"
	    "objective/tracked {'targets': [{'measure': 'a'}, {'measure': 'b'}]}\n"
	    "objective/untracked {'targets': [{'measure': 'b'}]}\n"
	    "initiative/i {'status': 'DONE', 'finish': '2026-01-15', 'objective': 'tracked'}\n"
	    "initiative/j {'status': 'DONE', 'finish': '2026-01-15', 'contributions': [{'to': 'untracked'}]}\n"
	    ACTUAL("a", "a", "12", "2026-03-01"),
	    "outcome/untracked-after", "outcome/untracked-after:initiative/j,objective/untracked\n");
}
END_TEST

START_TEST(untracked_says_what_it_lacks)
{
	check_text_plan(
	    "objective/o {}\n"
	    "initiative/no-measure {'status': 'DONE', 'finish': '2026-01-15', 'objective': 'o'}\n"
	    "initiative/recent {'status': 'DONE', 'finish': '2026-03-15', 'objective': 'o'}\n"
	    "initiative/active {'status': 'ACTIVE', 'finish': '2026-01-15', 'objective': 'o'}\n",
	    "outcome/untracked-after", "? outcome/untracked-after:initiative/no-measure\n");
}
END_TEST

START_TEST(the_day_of_the_delivery_is_the_best_that_is_known)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-02-10",
	    "measure/m {}\n"
	    "period/jan {'first_day': '2026-01-01', 'last_day': '2026-01-31'}\n"
	    "period/h1 {'first_day': '2026-01-01', 'last_day': '2026-06-30'}\n"
	    "objective/o {'targets': [{'measure': 'm'}]}\n"
	    "initiative/finish {'status': 'DONE', 'finish': '2026-01-15', 'periods': ['h1'], 'objective': 'o'}\n"
	    "initiative/period {'status': 'DONE', 'periods': ['jan'], 'objective': 'o'}\n"
	    /* planned until June, but done: at the latest when that was written, on 2026-02-10 */
	    "initiative/ahead {'status': 'DONE', 'finish': '2026-06-30', 'objective': 'o'}\n");
	/* 46 days after 2026-01-15, 01-31 and 02-10 */
	check_text_expect(&text, "2026-03-02", "outcome/untracked-after",
	    "outcome/untracked-after:initiative/finish,objective/o\n");
	check_text_expect(&text, "2026-03-18", "outcome/untracked-after",
	    "outcome/untracked-after:initiative/finish,objective/o\n"
	    "outcome/untracked-after:initiative/period,objective/o\n");
	check_text_expect(&text, "2026-03-28", "outcome/untracked-after",
	    "outcome/untracked-after:initiative/finish,objective/o\n"
	    "outcome/untracked-after:initiative/period,objective/o\n"
	    "outcome/untracked-after:initiative/ahead,objective/o\n");
	/* asked of a day before it was written: not known */
	check_text_expect(&text, "2026-02-09", "outcome/untracked-after",
	    "? outcome/untracked-after:initiative/ahead\n");
	check_text_expect(&text, "2026-02-09", "outcome/done-unmoved",
	    "? outcome/done-unmoved:initiative/ahead\n"
	    "? outcome/done-unmoved:initiative/finish,objective/o\n"
	    "? outcome/done-unmoved:initiative/period,objective/o\n");
	plan_text_fini(&text);
}
END_TEST

/* clang-format on */
int
main(void)
{
	Suite *suite = suite_create("outcome after the work");
	TCase *tc = tcase_create("rules");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, closing_short_of_the_target_is_found);
	tcase_add_test(tc, closing_at_the_target_is_fine);
	tcase_add_test(tc, the_value_of_the_closing_day_counts);
	tcase_add_test(tc, a_measure_that_holds_must_be_in_range_at_closing);
	tcase_add_test(tc, closed_early_says_what_it_lacks);
	tcase_add_test(tc, a_number_that_stands_still_is_found);
	tcase_add_test(tc, the_message_names_the_numbers);
	tcase_add_test(tc, only_an_actual_after_the_finish_accuses);
	tcase_add_test(tc, without_a_target_any_step_in_the_right_direction_counts);
	tcase_add_test(tc, a_measure_that_holds_must_be_in_range_after_the_work);
	tcase_add_test(tc, where_no_measure_is_named_one_of_the_objective_that_moved_is_enough);
	tcase_add_test(tc, done_unmoved_says_what_it_lacks);
	tcase_add_test(tc, work_of_long_ago_is_left_alone);
	tcase_add_test(tc, nobody_looked_after_the_delivery);
	tcase_add_test(tc, one_measure_of_the_objective_is_enough_where_none_is_named);
	tcase_add_test(tc, untracked_says_what_it_lacks);
	tcase_add_test(tc, the_day_of_the_delivery_is_the_best_that_is_known);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
