/* Customers' journeys and the rules about them, on plans laid out by hand. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "common/str.h"
#include "server/insight/customer/journeys.h"
#include "tests/support/check_text.h"

START_TEST(opportunity_is_importance_and_what_is_not_met)
{
	ck_assert(fabs(journeys_opportunity(9, 3) - 15) < 1e-9);
	ck_assert(fabs(journeys_opportunity(4, 8) - 4) < 1e-9); /* overserved: importance alone */
	ck_assert(fabs(journeys_opportunity(10, 0) - 20) < 1e-9);
	ck_assert(isnan(journeys_opportunity(9, NAN)));
	ck_assert(isnan(journeys_opportunity(NAN, 3)));
}
END_TEST

START_TEST(lists_are_sorted_and_each_once)
{
	struct slots slots = {0};

	for (uint32_t i = 0; i < 100; i++)
		ck_assert(slots_add(&slots, i));
	ck_assert_uint_eq(slots.count, 100);
	ck_assert(slots_have(&slots, 99));
	ck_assert(!slots_have(&slots, 100));
	slots_fini(&slots);
	ck_assert_uint_eq(slots.count, 0);
}
END_TEST

/* ---- the rules: plans are laid out by hand */
/* clang-format off */

#define WAY "segment/s {'core': true}\njourney/j {'segments': ['s']}\nstage/g {'journey': 'j'}\n"

START_TEST(what_matters_and_is_badly_met_is_uncovered)
{
	check_text_plan(WAY "step/x {'stage': 'g'}\n"
	    "expectation/both {'segment': 's', 'step': 'x', 'importance': 7, 'met': 5}\n"      /* at both limits */
	    "expectation/little {'segment': 's', 'step': 'x', 'importance': 6.9, 'met': 0}\n"
	    "expectation/well {'segment': 's', 'step': 'x', 'importance': 10, 'met': 5.1}\n"
	    "expectation/answered {'segment': 's', 'step': 'x', 'importance': 10, 'met': 0}\n"
	    "expectation/given-up {'segment': 's', 'step': 'x', 'importance': 10, 'met': 0}\n"
	    "expectation/silent {'segment': 's', 'step': 'x'}\n"
	    "objective/o {'expectations': ['answered']}\nobjective/p {'expectations': ['given-up'], 'status': 'DROPPED'}\n",
	    "customer/uncovered-expectation",
	    "customer/uncovered-expectation:expectation/both,step/x\ncustomer/uncovered-expectation:expectation/given-up,step/x\n"
	    "? customer/uncovered-expectation:plan\n");
}
END_TEST

START_TEST(somebody_answers_for_each_step)
{
	check_text_plan(WAY "team/t {}\nperson/a {}\njourney/dream {'state': 'TO_BE'}\nstage/d {'journey': 'dream'}\n"
	    "step/met {'stage': 'g', 'met_by': 't'}\nstep/owned {'stage': 'g'} {'owners': ['a']}\nstep/bare {'stage': 'g'}\n"
	    "step/gone {'stage': 'g', 'met_by': 'nobody'}\nstep/dreamt {'stage': 'd'}\n",
	    "customer/no-owner-at-step", "customer/no-owner-at-step:step/bare\ncustomer/no-owner-at-step:step/gone\n");
}
END_TEST

START_TEST(pain_wants_work)
{
	check_text_plan(WAY "step/hurts {'stage': 'g', 'emotion': -1}\nstep/fine {'stage': 'g', 'emotion': 0}\n"
	    "step/loses {'stage': 'g', 'emotion': 1, 'value_state': 'LOST'}\nstep/worked {'stage': 'g', 'emotion': -2}\n"
	    "step/behind {'stage': 'g', 'emotion': -2, 'backstage': ['initiative/i']}\nstep/silent {'stage': 'g'}\n"
	    "step/better {'stage': 'g', 'emotion': -2}\nstep/done {'stage': 'g', 'emotion': -2}\n"
	    "experience/e {'emotion': 1, 'segment': 's'} {'about': 'step/better', 'at': '2026-03-01'}\n"
	    "initiative/i {'steps': ['worked']}\ninitiative/over {'steps': ['done'], 'status': 'DONE'}\n",
	    "customer/pain-unattended",
	    "customer/pain-unattended:step/hurts\ncustomer/pain-unattended:step/loses\ncustomer/pain-unattended:step/done\n"
	    "? customer/pain-unattended:plan\n");
}
END_TEST

START_TEST(work_is_for_those_whom_its_scope_names)
{
	check_text_plan(WAY "segment/t {}\nstep/x {'stage': 'g', 'emotion': -1}\n"
	    "initiative/i {'scope': {'stages': ['g'], 'segments': ['t']}}\n",
	    "customer/pain-unattended", "customer/pain-unattended:step/x\n");
	check_text_plan(WAY "step/x {'stage': 'g', 'emotion': -1}\ninitiative/i {'scope': {'stages': ['stage/g'], 'segments': ['s']}}\n",
	    "customer/pain-unattended", "");
}
END_TEST

START_TEST(the_core_is_served)
{
	check_text_plan(WAY "segment/t {'core': true}\nsegment/quiet {'core': true}\nstep/x {'stage': 'g'}\n"
	    "expectation/e {'segment': 's', 'step': 'x'}\nexpectation/f {'segment': 't', 'step': 'x'}\nobjective/o {'expectations': ['f']}\n",
	    "customer/core-unserved", "customer/core-unserved:segment/s\n? customer/core-unserved:plan\n");
	check_text_plan("segment/s {}\n", "customer/core-unserved", "? customer/core-unserved:plan\n");
}
END_TEST

START_TEST(a_plan_without_customers_is_told_so_once)
{
	check_text_plan("objective/o {}\n", "customer", "customer/no-journey:plan\n");
	check_text_plan("objective/o {}\n", "outcome/no-expectation", "");
	check_text_plan("goal/g {}\n", "customer", "");
}
END_TEST

START_TEST(ways_lead_through_steps)
{
	check_text_plan(WAY "segment/t {}\njourney/none {'segments': ['s']}\nstep/x {'stage': 'g', 'follows': ['y']}\n"
	    "step/y {'stage': 'g', 'follows': ['x']}\nstep/loose {}\n",
	    "customer/no-journey",
	    "customer/no-journey:segment/t\ncustomer/no-journey:journey/none\ncustomer/no-journey:journey/j\n"
	    "customer/no-journey:step/loose\n");
}
END_TEST

START_TEST(customers_shape_what_shall_become)
{
	check_text_plan("segment/s {}\njourney/a {'state': 'TO_BE'}\njourney/b {'state': 'TO_BE', 'shaped_by': ['segment/s']}\n"
	    "journey/c {'state': 'TO_BE', 'shaped_by': ['nobody']}\njourney/d {}\n",
	    "customer/not-co-created", "customer/not-co-created:journey/a\ncustomer/not-co-created:journey/c\n");
}
END_TEST

START_TEST(numbers_at_a_step_pull_together)
{
	check_text_plan(WAY "team/f {}\nteam/b {}\n"
	    "measure/up {'dimension': 'Speed', 'direction': 'UP'}\nmeasure/down {'dimension': ' speed', 'direction': 'DOWN'}\n"
	    "measure/free {'direction': 'UP'} {'links': [{'type': 'CONFLICTS', 'to': 'measure/up'}]}\n"
	    "objective/o {'team': 'b', 'targets': [{'measure': 'down'}]}\n"
	    "measure/own {'dimension': 'speed', 'direction': 'DOWN'}\nobjective/p {'team': 'f', 'targets': [{'measure': 'own'}]}\n"
	    "step/x {'stage': 'g', 'met_by': 'f', 'judged_by': 'up', 'backstage': ['b']}\n"
	    "step/y {'stage': 'g', 'met_by': 'f', 'judged_by': 'up', 'backstage': ['measure/free']}\n"
	    "step/z {'stage': 'g', 'met_by': 'f', 'judged_by': 'up', 'backstage': ['f']}\n", /* one function */
	    "customer/metric-conflict",
	    "customer/metric-conflict:step/x,measure/down,measure/up\ncustomer/metric-conflict:step/y,measure/free,measure/up\n");
}
END_TEST

/* Team a is judged by `numbers`, one of which shall go up; team b by one that shall go down. Team a is behind the step many times. */
static void
check_numbers(unsigned numbers, const char *expected)
{
	struct str plan;

	str_init(&plan, 1u << 20);
	str_add(&plan, WAY "team/a {}\nteam/b {}\nmeasure/down {'dimension': 'x', 'direction': 'DOWN'}\n"
	    "objective/b {'team': 'b', 'targets': [{'measure': 'down'}]}\nmeasure/m0 {'dimension': 'x', 'direction': 'UP'}\n");
	for (unsigned i = 0; i < numbers; i++) {
		if (i > 0)
			str_addf(&plan, "measure/m%u {}\n", i);
		str_addf(&plan, "objective/o%u {'team': 'a', 'targets': [{'measure': 'm%u'}, {'measure': 'm%u'}]}\n", i, i, i);
	}
	str_add(&plan, "step/x {'stage': 'g', 'backstage': [");
	for (unsigned i = 0; i < 999; i++)
		str_add(&plan, "'a', ");
	str_add(&plan, "'b']}\n");
	ck_assert(str_ok(&plan));
	check_text_plan(plan.data, "customer/metric-conflict", expected);
	str_fini(&plan);
}

/* Pairs grow with the square of what one step, or a team behind it, is judged by. */
START_TEST(so_many_numbers_of_a_step_are_compared)
{
	check_numbers(1, "customer/metric-conflict:step/x,measure/down,measure/m0\n");
	check_numbers(499, "customer/metric-conflict:step/x,measure/down,measure/m0\n");
	check_numbers(500, "");
}
END_TEST

START_TEST(objectives_answer_expectations)
{
	check_text_plan("expectation/e {}\nobjective/named {'expectations': ['e']}\nobjective/words {'expectation': 'Be fast.'}\n"
	    "objective/part {'parent': 'named'}\nobjective/none {}\nobjective/wrong {'expectations': ['f']}\n"
	    "objective/closed {'status': 'CLOSED'}\n",
	    "outcome/no-expectation", "outcome/no-expectation:objective/none\noutcome/no-expectation:objective/wrong\n");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("customer");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, opportunity_is_importance_and_what_is_not_met);
	tcase_add_test(tc, lists_are_sorted_and_each_once);
	tcase_add_test(tc, what_matters_and_is_badly_met_is_uncovered);
	tcase_add_test(tc, somebody_answers_for_each_step);
	tcase_add_test(tc, pain_wants_work);
	tcase_add_test(tc, work_is_for_those_whom_its_scope_names);
	tcase_add_test(tc, the_core_is_served);
	tcase_add_test(tc, a_plan_without_customers_is_told_so_once);
	tcase_add_test(tc, ways_lead_through_steps);
	tcase_add_test(tc, customers_shape_what_shall_become);
	tcase_add_test(tc, numbers_at_a_step_pull_together);
	tcase_add_test(tc, so_many_numbers_of_a_step_are_compared);
	tcase_add_test(tc, objectives_answer_expectations);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
