/* The family outcome, data about objectives and measures. Plans are of 2026-01-05, today is 2026-03-31. */
#include <check.h>
#include <stdlib.h>

#include "tests/support/check_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

/* ---- none */

START_TEST(an_initiative_must_say_what_will_be_different)
{
	check_text_plan(
	    "objective/o {'targets': [{'measure': 'm', 'target': 5}]}\n"
	    "measure/m {}\n"
	    /* an objective alone does not say what this one adds */
	    "initiative/silent {'objective': 'o', 'contributions': [{'to': 'o', 'expected_effect': 3}]}\n"
	    "initiative/words {'objective': 'o', 'outcome_intended': 'Fewer calls.'}\n"
	    "initiative/measured {'contributions': [{'to': 'o', 'measure': 'm', 'expected_effect': 3}]}\n"
	    "initiative/done {'objective': 'o', 'status': 'DONE'}\n"
	    "initiative/stopped {'objective': 'o', 'status': 'STOPPED'}\n",
	    "outcome/none", "outcome/none:initiative/silent\n");
}
END_TEST

/* ---- no-measure */

START_TEST(an_objective_needs_a_measure)
{
	check_text_plan(
	    "objective/bare {}\n"
	    "objective/words {'targets': [{'text': 'Customers love us.'}]}\n"
	    "objective/targeted {'targets': [{'measure': 'm'}]}\n"
	    "objective/inline {}\n"
	    "measure/m {}\n"
	    "measure/under {'inline_under': 'inline'}\n"
	    "objective/typo {'targets': [{'measure': 'not-there'}]}\n" /* sight/dangling's */
	    "objective/closed {'status': 'CLOSED'}\n",
	    "outcome/no-measure",
	    "outcome/no-measure:objective/bare\n"
	    "outcome/no-measure:objective/words\n");
}
END_TEST

/* ---- no-baseline */

START_TEST(a_target_needs_a_baseline)
{
	check_text_plan(
	    "measure/a {'direction': 'UP'}\n"
	    "measure/recorded {'direction': 'UP'}\n"
	    "measure/actual-only {'direction': 'UP'}\n"
	    "measure/holds {'direction': 'HOLD', 'low': 1, 'high': 2}\n"
	    "measure/retracted {}\n"
	    "measurement/base {'role': 'BASELINE_VALUE', 'value': 7} {'about': 'recorded', 'at': '2026-01-01'}\n"
	    "measurement/actual {'value': 7} {'about': 'actual-only', 'at': '2026-01-01'}\n"
	    "objective/o {'targets': [{'measure': 'a', 'target': 9}, {'measure': 'recorded', 'target': 9}, "
	    "{'measure': 'actual-only', 'target': 9}, {'measure': 'holds'}]}\n"
	    "objective/zero {'targets': [{'measure': 'a', 'baseline': 0, 'target': 9}]}\n" /* a stated zero */
	    "objective/closed {'targets': [{'measure': 'a'}], 'status': 'CLOSED'}\n",
	    "outcome/no-baseline",
	    "outcome/no-baseline:objective/o,measure/a\n"
	    "outcome/no-baseline:objective/o,measure/actual-only\n");
}
END_TEST

START_TEST(a_retracted_baseline_is_none)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05",
	    "measure/m {}\n"
	    "measurement/b {'role': 'BASELINE_VALUE', 'value': 7} {'about': 'm', 'at': '2026-01-01'}\n"
	    "objective/o {'targets': [{'measure': 'm', 'target': 9}]}\n");
	check_text_expect(&text, "2026-03-31", "outcome/no-baseline", "");
	plan_text_apply(&text, "2026-01-06", "{'retract': {'ref': 'measurement/b', 'reason': 'typo'}}");
	check_text_expect(&text, "2026-03-31", "outcome/no-baseline", "outcome/no-baseline:objective/o,measure/m\n");
	plan_text_fini(&text);
}
END_TEST

/* ---- no-target */

START_TEST(a_measure_needs_a_number_to_reach)
{
	check_text_plan(
	    "measure/m {'direction': 'UP'}\n"
	    "measure/recorded {}\n"
	    "measure/holds {'direction': 'HOLD', 'low': 1, 'high': 2}\n"
	    "measure/half-range {'direction': 'HOLD', 'low': 1}\n"
	    "measure/inline {'inline_under': 'under'}\n"
	    "measurement/t {'role': 'TARGET_VALUE', 'value': 9} {'about': 'recorded', 'at': '2026-12-31'}\n"
	    "objective/none {'targets': [{'measure': 'm', 'baseline': 1}]}\n"
	    "objective/words {'targets': [{'measure': 'm', 'text': 'much better'}]}\n"
	    "objective/stretch {'targets': [{'measure': 'm', 'stretch': 20}]}\n" /* a dream is no target */
	    "objective/commit {'targets': [{'measure': 'm', 'commit': 0}]}\n"
	    "objective/target {'targets': [{'measure': 'm', 'target': 0}]}\n"
	    "objective/recorded {'targets': [{'measure': 'recorded'}]}\n"
	    "objective/holds {'targets': [{'measure': 'holds'}, {'measure': 'half-range'}]}\n"
	    "objective/under {}\n",
	    "outcome/no-target",
	    "outcome/no-target:objective/none,measure/m\n"
	    "outcome/no-target:objective/words,measure/m\n"
	    "outcome/no-target:objective/stretch,measure/m\n"
	    "outcome/no-target:objective/holds,measure/half-range\n"
	    "outcome/no-target:objective/under,measure/inline\n");
}
END_TEST

/* ---- no-date */

START_TEST(an_objective_needs_a_date)
{
	check_text_plan(
	    "measure/m {}\n"
	    "measure/n {}\n"
	    "measure/recorded {}\n"
	    "measurement/t {'role': 'TARGET_VALUE', 'value': 9} {'about': 'recorded', 'at': '2026-12-31'}\n"
	    "period/q1 {'first_day': '2026-01-01', 'last_day': '2026-03-31'}\n"
	    "period/endless {'first_day': '2026-01-01'}\n"
	    "objective/bare {}\n"
	    "objective/half {'targets': [{'measure': 'm', 'due': '2026-06-30'}, {'measure': 'n'}]}\n"
	    "objective/words {'targets': [{'text': 'better'}]}\n"
	    "objective/due {'targets': [{'measure': 'm', 'due': '2026-06-30'}]}\n"
	    "objective/due-words {'targets': [{'text': 'better', 'due': '2026-06-30'}]}\n"
	    "objective/recorded {'targets': [{'measure': 'recorded'}]}\n"
	    "objective/period {'periods': ['q1'], 'targets': [{'measure': 'm'}]}\n"
	    "objective/inherits-not {'parent': 'period'}\n"
	    "objective/dropped {'status': 'DROPPED'}\n"
	    /* the date may stand where we cannot see it */
	    "objective/endless {'periods': ['endless']}\n"
	    "objective/missing {'periods': ['q9']}\n",
	    "outcome/no-date",
	    "outcome/no-date:objective/bare\n"
	    "outcome/no-date:objective/half\n"
	    "outcome/no-date:objective/words\n"
	    "outcome/no-date:objective/inherits-not\n"
	    "? outcome/no-date:objective/endless\n"
	    "? outcome/no-date:objective/missing\n");
}
END_TEST

/* ---- stale */

#define Q1 "period/q1 {'first_day': '2026-01-01', 'last_day': '2026-03-31'}\n"

START_TEST(an_old_actual_is_stale)
{
	/* every 30 days and 7 of grace: 37 days before 2026-03-31 is 2026-02-22 */
	check_text_plan(Q1
	    "objective/o {'periods': ['q1'], 'targets': [{'measure': 'at-limit'}, {'measure': 'late'}]}\n"
	    "measure/at-limit {'every_days': 30}\n"
	    "measure/late {'every_days': 30}\n"
	    "measure/nobody-uses {'every_days': 30}\n"
	    "measurement/a {'value': 1} {'about': 'at-limit', 'at': '2026-02-22'}\n"
	    "measurement/b0 {'value': 1} {'about': 'late', 'at': '2026-01-22'}\n"
	    "measurement/b {'value': 1} {'about': 'late', 'at': '2026-02-21'}\n"
	    "measurement/c {'value': 1} {'about': 'nobody-uses', 'at': '2026-01-21'}\n",
	    "outcome/stale", "outcome/stale:measure/late\n");
}
END_TEST

START_TEST(a_measure_never_taken_becomes_stale)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", Q1
	    "objective/o {'periods': ['q1'], 'targets': [{'measure': 'm'}]}\n"
	    "measure/m {'every_days': 30}\n");
	/* the objective began on 2026-01-01, but the measure was written on 01-05: 37 days later is 02-11 */
	check_text_expect(&text, "2026-02-11", "outcome/stale", "");
	check_text_expect(&text, "2026-02-12", "outcome/stale", "outcome/stale:measure/m\n");
	check_text_says(&text, "2026-02-12", "outcome/stale",
	    "measure/m was never taken, 38 days after objective/o began to rest on it.");
	plan_text_fini(&text);
}
END_TEST

START_TEST(a_measure_that_does_not_say_how_often_has_a_default)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", Q1
	    "objective/o {'periods': ['q1'], 'targets': [{'measure': 'm'}]}\n"
	    "measure/m {}\n"
	    "measurement/a {'value': 1} {'about': 'm', 'at': '2026-01-01'}\n");
	/* 92 days and 7 of grace after 2026-01-01 is 2026-04-10 */
	check_text_expect(&text, "2026-04-10", "outcome/stale", "");
	check_text_expect(&text, "2026-04-11", "outcome/stale", "outcome/stale:measure/m\n");
	check_text_says(&text, "2026-04-11", "outcome/stale",
	    "measure/m does not say how often it is taken, so every 92 days is expected; its latest actual is "
	    "of 2026-01-01, 100 days ago.");
	plan_text_fini(&text);
}
END_TEST

START_TEST(only_actuals_until_today_keep_a_measure_fresh)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", Q1
	    "objective/o {'periods': ['q1'], 'targets': [{'measure': 'm'}]}\n"
	    "measure/m {'every_days': 1}\n"
	    "measurement/old {'value': 1} {'about': 'm', 'at': '2026-01-05'}\n"
	    "measurement/target {'role': 'TARGET_VALUE', 'value': 1} {'about': 'm', 'at': '2026-03-31'}\n"
	    "measurement/tomorrow {'value': 1} {'about': 'm', 'at': '2026-04-01'}\n"
	    "measurement/wrong {'value': 1} {'about': 'm', 'at': '2026-03-31'}\n");
	check_text_expect(&text, "2026-03-31", "outcome/stale", "");
	plan_text_apply(&text, "2026-03-31", "{'retract': {'ref': 'measurement/wrong', 'reason': 'wrong'}}");
	check_text_expect(&text, "2026-03-31", "outcome/stale", "outcome/stale:measure/m\n");
	plan_text_fini(&text);
}
END_TEST

START_TEST(objectives_that_have_not_begun_or_are_over_use_nothing)
{
	check_text_plan(Q1
	    "period/q2 {'first_day': '2026-04-01', 'last_day': '2026-06-30'}\n"
	    "objective/next {'periods': ['q2'], 'targets': [{'measure': 'm'}, {'measure': 'old'}]}\n"
	    "measure/old {'every_days': 1}\n"
	    "measurement/old {'value': 1} {'about': 'old', 'at': '2026-01-05'}\n"
	    "objective/closed {'periods': ['q1'], 'targets': [{'measure': 'm'}], 'status': 'CLOSED'}\n"
	    "measure/m {'every_days': 1}\n"
	    "objective/inline {'periods': ['q1']}\n"
	    "measure/under {'every_days': 1, 'inline_under': 'inline'}\n",
	    "outcome/stale", "outcome/stale:measure/under\n");
}
END_TEST

/* clang-format on */
int
main(void)
{
	Suite *suite = suite_create("outcome");
	TCase *tc = tcase_create("rules");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, an_initiative_must_say_what_will_be_different);
	tcase_add_test(tc, an_objective_needs_a_measure);
	tcase_add_test(tc, a_target_needs_a_baseline);
	tcase_add_test(tc, a_retracted_baseline_is_none);
	tcase_add_test(tc, a_measure_needs_a_number_to_reach);
	tcase_add_test(tc, an_objective_needs_a_date);
	tcase_add_test(tc, an_old_actual_is_stale);
	tcase_add_test(tc, a_measure_never_taken_becomes_stale);
	tcase_add_test(tc, a_measure_that_does_not_say_how_often_has_a_default);
	tcase_add_test(tc, only_actuals_until_today_keep_a_measure_fresh);
	tcase_add_test(tc, objectives_that_have_not_begun_or_are_over_use_nothing);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
