/* The family sight: for each rule a plan with the fault, one at the edge without it, one that lacks the data. */
#include <check.h>
#include <stdlib.h>

#include "common/str.h"
#include "tests/support/check_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

/* ---- orphan */

START_TEST(work_without_purpose_is_an_orphan)
{
	check_text_plan(
	    "goal/g {}\n"
	    "objective/o {'goal': 'g'}\n"
	    "initiative/alone {'status': 'ACTIVE'}\n"      /* names nothing */
	    "initiative/proposed {'status': 'PROPOSED'}\n" /* a proposal needs a reason too */
	    "workstream/alone {}\n"
	    "milestone/alone {'due': '2026-06-30'}\n"
	    "task/alone {}\n",
	    "sight/orphan",
	    "sight/orphan:initiative/alone\n"
	    "sight/orphan:initiative/proposed\n"
	    "sight/orphan:workstream/alone\n"
	    "sight/orphan:milestone/alone\n"
	    "sight/orphan:task/alone\n");
}
END_TEST

START_TEST(each_way_to_a_purpose_counts)
{
	check_text_plan(
	    "goal/g {}\n"
	    "objective/o {'goal': 'g'}\n"
	    "objective/child {'parent': 'o'}\n"
	    "objective/further {'further_goals': ['g']}\n"
	    "objective/linked {} {'links': [{'type': 'CONTRIBUTES', 'to': 'goal/g'}]}\n"
	    "strategy/s {'goals': ['g']}\n"
	    "initiative/a {'objective': 'o'}\n"
	    "initiative/b {'contributions': [{'to': 'o'}]}\n"
	    "initiative/c {} {'links': [{'type': 'CONTRIBUTES', 'to': 'objective/o'}]}\n"
	    "initiative/d {'strategy': 's'}\n"
	    "workstream/w {'initiative': 'a'}\n"
	    "workstream/own {'objective': 'o'}\n"
	    "task/t {'initiative': 'workstream/w'}\n",
	    "sight/orphan", "");
}
END_TEST

START_TEST(other_links_are_no_purpose)
{
	check_text_plan(
	    "goal/g {}\n"
	    "objective/o {'goal': 'g'}\n"
	    "person/p {}\n"
	    "initiative/supports {} {'links': [{'type': 'SUPPORTS', 'to': 'objective/o'}]}\n"
	    "initiative/relates {} {'links': [{'type': 'RELATES', 'to': 'objective/o'}]}\n"
	    "initiative/to-a-person {} {'links': [{'type': 'CONTRIBUTES', 'to': 'person/p'}]}\n",
	    "sight/orphan",
	    "sight/orphan:initiative/supports\n"
	    "sight/orphan:initiative/relates\n"
	    "sight/orphan:initiative/to-a-person\n");
}
END_TEST

START_TEST(the_break_in_the_chain_is_found_not_what_hangs_below)
{
	check_text_plan(
	    "goal/g {}\n"
	    "objective/top {}\n" /* here: no goal, although there is one */
	    "objective/below {'parent': 'top'}\n"
	    "strategy/s {}\n"
	    "initiative/i {'objective': 'below'}\n"
	    "initiative/j {'strategy': 's'}\n"
	    "task/t {'initiative': 'i'}\n",
	    "sight/orphan",
	    "sight/orphan:objective/top\n"
	    "sight/orphan:strategy/s\n");
}
END_TEST

START_TEST(what_is_over_is_no_orphan)
{
	check_text_plan(
	    "goal/g {}\n"
	    "objective/closed {'status': 'CLOSED', 'closed': '2026-02-01'}\n"
	    "objective/dropped {'status': 'DROPPED'}\n"
	    "strategy/past {'last_day': '2026-03-30'}\n" /* the day before today */
	    "initiative/done {'status': 'DONE'}\n"
	    "initiative/stopped {'status': 'STOPPED'}\n"
	    "workstream/of-stopped {'initiative': 'stopped'}\n"
	    "task/done {'done': '2026-03-31'}\n", /* done today is done */
	    "sight/orphan", "");
}
END_TEST

START_TEST(on_its_last_day_a_strategy_still_runs)
{
	check_text_plan(
	    "goal/g {}\n"
	    "strategy/last-day {'last_day': '2026-03-31'}\n"
	    "task/done-tomorrow {'done': '2026-04-01'}\n",
	    "sight/orphan",
	    "sight/orphan:strategy/last-day\n"
	    "sight/orphan:task/done-tomorrow\n");
}
END_TEST

START_TEST(work_for_dropped_objectives_is_an_orphan)
{
	check_text_plan(
	    "goal/g {}\n"
	    "objective/dropped {'goal': 'g', 'status': 'DROPPED'}\n"
	    "objective/closed {'goal': 'g', 'status': 'CLOSED', 'closed': '2026-01-31'}\n"
	    "objective/open {'goal': 'g'}\n"
	    "initiative/goes-on {'objective': 'dropped'}\n"
	    "initiative/has-another {'objective': 'dropped', 'contributions': [{'to': 'open'}]}\n"
	    "initiative/finishing {'objective': 'closed'}\n",
	    "sight/orphan",
	    "sight/orphan:initiative/goes-on\n");
}
END_TEST

START_TEST(a_missing_purpose_is_left_to_dangling)
{
	static const char lines[] =
	    "goal/g {}\n"
	    "initiative/i {'objective': 'typo'}\n";

	check_text_plan(lines, "sight/orphan", "");
	check_text_plan(lines, "sight/dangling", "sight/dangling:initiative/i,objective/typo\n");
}
END_TEST

START_TEST(without_goals_orphan_says_unknown_once)
{
	check_text_plan(
	    "objective/a {}\n"
	    "objective/b {}\n"
	    "initiative/i {'objective': 'a'}\n"
	    "initiative/j {}\n", /* needs no goal to be judged */
	    "sight/orphan",
	    "? sight/orphan:plan\n"
	    "sight/orphan:initiative/j\n");
}
END_TEST

/* ---- unserved */

START_TEST(an_objective_without_work_is_unserved)
{
	check_text_plan(
	    "goal/g {}\n"
	    "objective/nobody {'goal': 'g'}\n"
	    "objective/given-up {'goal': 'g'}\n"
	    "objective/part-of-stopped {'goal': 'g'}\n"
	    "objective/only-supported {'goal': 'g'}\n"
	    "objective/served {'goal': 'g'}\n"
	    "initiative/stopped {'objective': 'given-up', 'status': 'STOPPED'}\n"
	    "workstream/w {'objective': 'part-of-stopped', 'initiative': 'stopped'}\n"
	    "initiative/i {'objective': 'served'} "
	    "{'links': [{'type': 'SUPPORTS', 'to': 'objective/only-supported'}]}\n",
	    "sight/unserved",
	    "sight/unserved:objective/nobody\n"
	    "sight/unserved:objective/given-up\n"
	    "sight/unserved:objective/part-of-stopped\n"
	    "sight/unserved:objective/only-supported\n");
}
END_TEST

START_TEST(every_kind_of_service_counts)
{
	check_text_plan(
	    "goal/g {}\n"
	    "objective/parent {'goal': 'g'}\n"     /* carried on by a */
	    "objective/a {'parent': 'parent'}\n"   /* named by an initiative that is only proposed */
	    "objective/b {'goal': 'g'}\n"          /* contributed to */
	    "objective/c {'goal': 'g'}\n"          /* linked */
	    "objective/d {'goal': 'g'}\n"          /* by a workstream */
	    "objective/e {'goal': 'g'}\n"          /* by finished work */
	    "initiative/i {'objective': 'a', 'contributions': [{'to': 'b'}]} "
	    "{'links': [{'type': 'CONTRIBUTES', 'to': 'objective/c'}]}\n"
	    "workstream/w {'initiative': 'i', 'objective': 'd'}\n"
	    "initiative/done {'objective': 'e', 'status': 'DONE'}\n",
	    "sight/unserved", "");
}
END_TEST

START_TEST(closed_and_dropped_objectives_need_no_work)
{
	check_text_plan(
	    "objective/closed {'status': 'CLOSED'}\n"
	    "objective/dropped {'status': 'DROPPED'}\n"
	    "objective/open {}\n"
	    "initiative/i {'objective': 'open'}\n",
	    "sight/unserved", "");
}
END_TEST

START_TEST(without_work_unserved_says_unknown_once)
{
	check_text_plan(
	    "goal/g {}\n"
	    "objective/a {'goal': 'g'}\n"
	    "objective/b {'goal': 'g'}\n",
	    "sight/unserved", "? sight/unserved:plan\n");
}
END_TEST

/* ---- empty-goal */

START_TEST(a_goal_without_objectives_is_empty)
{
	check_text_plan(
	    "goal/none {}\n"
	    "goal/all-dropped {}\n"
	    "goal/work-only {}\n"
	    "objective/dropped {'goal': 'all-dropped', 'status': 'DROPPED'}\n"
	    "initiative/i {} {'links': [{'type': 'CONTRIBUTES', 'to': 'goal/work-only'}]}\n",
	    "sight/empty-goal",
	    "sight/empty-goal:goal/none\n"
	    "sight/empty-goal:goal/all-dropped\n"
	    "sight/empty-goal:goal/work-only\n");
}
END_TEST

START_TEST(a_goal_with_any_objective_or_part_is_not_empty)
{
	check_text_plan(
	    "goal/parent {}\n"
	    "goal/part {'parent': 'parent'}\n"
	    "goal/further {}\n"
	    "goal/linked {}\n"
	    "goal/closed {}\n"
	    "objective/a {'goal': 'part', 'further_goals': ['further']} "
	    "{'links': [{'type': 'CONTRIBUTES', 'to': 'goal/linked'}]}\n"
	    "objective/b {'goal': 'closed', 'status': 'CLOSED'}\n",
	    "sight/empty-goal", "");
}
END_TEST

/* ---- dangling */

START_TEST(names_of_nothing_dangle)
{
	check_text_plan(
	    "goal/g {}\n"
	    /* twice the same missing person: one finding */
	    "objective/o {'goal': 'typo', 'targets': [{'measure': 'gone'}]} "
	    "{'owners': ['nobody'], 'reviewer': 'nobody'}\n"
	    "person/p {'manager': 'boss', 'team': 'ghosts'}\n",
	    "sight/dangling",
	    "sight/dangling:objective/o,goal/typo\n"
	    "sight/dangling:objective/o,measure/gone\n"
	    "sight/dangling:objective/o,person/nobody\n"
	    "sight/dangling:person/p,person/boss\n"
	    "sight/dangling:person/p,team/ghosts\n");
}
END_TEST

START_TEST(references_of_what_is_over_are_history)
{
	check_text_plan(
	    "initiative/done {'status': 'DONE', 'objective': 'long-gone'} {'owners': ['left']}\n"
	    "initiative/active {'status': 'ACTIVE', 'objective': 'o'}\n"
	    "objective/o {}\n",
	    "sight/dangling", "");
}
END_TEST

START_TEST(a_removed_target_dangles_and_the_message_says_so)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05",
	    "person/anna {}\n"
	    "goal/g {} {'owners': ['anna']}\n");
	check_text_expect(&text, "2026-03-31", "sight/dangling", "");
	plan_text_apply(&text, "2026-02-01", "{'remove': {'ref': 'person/anna', 'cascade': true}}");
	check_text_expect(&text, "2026-03-31", "sight/dangling", "sight/dangling:goal/g,person/anna\n");
	check_text_says(&text, "2026-03-31", "sight/dangling",
	    "goal/g names person/anna (owner), which was removed.");
	plan_text_fini(&text);
}
END_TEST

START_TEST(records_about_nothing_are_found_once)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05",
	    "measurement/a {'value': 1} {'about': 'measure/typo', 'by': 'nobody', 'at': '2026-01-01'}\n"
	    "measurement/b {'value': 2} {'about': 'measure/typo', 'at': '2026-01-02'}\n");
	check_text_expect(&text, "2026-03-31", "sight/dangling", "sight/dangling:measure/typo\n");
	check_text_says(&text, "2026-03-31", "sight/dangling",
	    "2 records are about measure/typo, which is not in the plan.");
	plan_text_fini(&text);
}
END_TEST

/* ---- cycle */

START_TEST(circles_of_prerequisites_are_found)
{
	check_text_plan(
	    "initiative/c {'after': ['b']}\n"
	    "initiative/b {'after': ['a']}\n"
	    "initiative/a {'after': ['c']}\n"
	    "initiative/self {'after': ['self']}\n"
	    "workstream/w {'after': ['v']}\n"
	    "workstream/v {'after': ['w']}\n"
	    "task/t {'after_with_lag': [{'work': 'milestone/m', 'lag_days': 3}]}\n"
	    "milestone/m {'after': ['t']}\n",
	    "sight/cycle",
	    "sight/cycle:initiative/a,initiative/b,initiative/c\n"
	    "sight/cycle:initiative/self\n"
	    "sight/cycle:milestone/m,task/t\n"
	    "sight/cycle:workstream/v,workstream/w\n");
}
END_TEST

START_TEST(a_chain_is_no_circle)
{
	check_text_plan(
	    "initiative/a {}\n"
	    "initiative/b {'after': ['a']}\n"
	    "initiative/c {'after': ['a', 'b']}\n" /* two ways to a */
	    "initiative/d {'after': ['c', 'b']}\n"
	    /* what is done makes nobody wait */
	    "initiative/x {'after': ['y'], 'status': 'DONE'}\n"
	    "initiative/y {'after': ['x']}\n",
	    "sight/cycle", "");
}
END_TEST

START_TEST(circles_of_contribution_are_found)
{
	check_text_plan(
	    "goal/g {}\n"
	    "objective/a {'goal': 'g'} {'links': [{'type': 'CONTRIBUTES', 'to': 'objective/b'}]}\n"
	    "objective/b {'goal': 'g'} {'links': [{'type': 'CONTRIBUTES', 'to': 'objective/a'}]}\n"
	    /* a circle through different kinds: the initiative serves the objective that helps it */
	    "objective/c {} {'links': [{'type': 'CONTRIBUTES', 'to': 'initiative/i'}]}\n"
	    "initiative/i {'objective': 'c'}\n"
	    /* a goal that serves its own objective */
	    "goal/h {} {'links': [{'type': 'CONTRIBUTES', 'to': 'objective/d'}]}\n"
	    "objective/d {'goal': 'h'}\n",
	    "sight/cycle",
	    "sight/cycle:objective/a,objective/b@contribution\n"
	    "sight/cycle:objective/c,initiative/i@contribution\n"
	    "sight/cycle:goal/h,objective/d@contribution\n");
}
END_TEST

START_TEST(dropped_members_and_other_links_close_no_circle)
{
	check_text_plan(
	    "objective/a {} {'links': [{'type': 'CONTRIBUTES', 'to': 'objective/b'}]}\n"
	    "objective/b {'status': 'DROPPED'} {'links': [{'type': 'CONTRIBUTES', 'to': 'objective/a'}]}\n"
	    "objective/c {} {'links': [{'type': 'SUPPORTS', 'to': 'objective/d'}]}\n"
	    "objective/d {} {'links': [{'type': 'CONTRIBUTES', 'to': 'objective/c'}]}\n"
	    "objective/e {'parent': 'c'}\n",
	    "sight/cycle", "");
}
END_TEST

START_TEST(circles_of_precedence_are_found)
{
	struct plan_text text;

	check_text_plan(
	    "objective/a {'precedes': ['b', 'd']}\n"
	    "objective/b {'precedes': ['c']}\n"
	    "objective/c {'precedes': ['a']}\n"
	    /* a chain, and the other end of it */
	    "objective/d {'precedes': ['e']}\n"
	    "objective/e {}\n"
	    "objective/self {'precedes': ['self']}\n"
	    /* what is closed or dropped comes before nothing any more */
	    "objective/x {'precedes': ['y'], 'status': 'CLOSED'}\n"
	    "objective/y {'precedes': ['x']}\n",
	    "sight/cycle",
	    "sight/cycle:objective/a,objective/b,objective/c@precedence\n"
	    "sight/cycle:objective/self@precedence\n");
	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", "objective/a {'precedes': ['b']}\nobjective/b {'precedes': ['a']}\n");
	check_text_says(&text, "2026-03-31", "sight/cycle",
	    "objective/a and objective/b precede each other in a circle: in a pinch none of them comes first.");
	plan_text_fini(&text);
}
END_TEST

START_TEST(a_long_circle_is_cut_in_the_key)
{
	struct plan_text text;
	struct str lines;

	str_init(&lines, 1u << 16);
	for (unsigned i = 0; i < 12; i++)
		str_addf(&lines, "initiative/i%02u {'after': ['i%02u']}\n", i, (i + 1) % 12);
	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", lines.data);
	check_text_expect(&text, "2026-03-31", "sight/cycle",
	    "sight/cycle:initiative/i00,initiative/i01,initiative/i02,initiative/i03,initiative/i04,"
	    "initiative/i05,initiative/i06,initiative/i07\n");
	check_text_says(&text, "2026-03-31", "sight/cycle",
	    "initiative/i00, initiative/i01, initiative/i02, initiative/i03, initiative/i04, initiative/i05, "
	    "initiative/i06, initiative/i07 and 4 more wait for each other in a circle: none can begin.");
	plan_text_fini(&text);
	str_fini(&lines);
}
END_TEST

/* clang-format on */
int
main(void)
{
	Suite *suite = suite_create("sight");
	TCase *tc = tcase_create("rules");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, work_without_purpose_is_an_orphan);
	tcase_add_test(tc, each_way_to_a_purpose_counts);
	tcase_add_test(tc, other_links_are_no_purpose);
	tcase_add_test(tc, the_break_in_the_chain_is_found_not_what_hangs_below);
	tcase_add_test(tc, what_is_over_is_no_orphan);
	tcase_add_test(tc, on_its_last_day_a_strategy_still_runs);
	tcase_add_test(tc, work_for_dropped_objectives_is_an_orphan);
	tcase_add_test(tc, a_missing_purpose_is_left_to_dangling);
	tcase_add_test(tc, without_goals_orphan_says_unknown_once);
	tcase_add_test(tc, an_objective_without_work_is_unserved);
	tcase_add_test(tc, every_kind_of_service_counts);
	tcase_add_test(tc, closed_and_dropped_objectives_need_no_work);
	tcase_add_test(tc, without_work_unserved_says_unknown_once);
	tcase_add_test(tc, a_goal_without_objectives_is_empty);
	tcase_add_test(tc, a_goal_with_any_objective_or_part_is_not_empty);
	tcase_add_test(tc, names_of_nothing_dangle);
	tcase_add_test(tc, references_of_what_is_over_are_history);
	tcase_add_test(tc, a_removed_target_dangles_and_the_message_says_so);
	tcase_add_test(tc, records_about_nothing_are_found_once);
	tcase_add_test(tc, circles_of_prerequisites_are_found);
	tcase_add_test(tc, a_chain_is_no_circle);
	tcase_add_test(tc, circles_of_contribution_are_found);
	tcase_add_test(tc, circles_of_precedence_are_found);
	tcase_add_test(tc, dropped_members_and_other_links_close_no_circle);
	tcase_add_test(tc, a_long_circle_is_cut_in_the_key);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
