/* The family owner. Plans are of 2026-01-05, today is 2026-03-31 where nothing else is said. */
#include <check.h>
#include <stdlib.h>

#include "tests/support/check_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

/* ---- none */

START_TEST(what_nobody_answers_for_is_found)
{
	check_text_plan(
	    "person/p {}\n"
	    "goal/g {}\n"
	    "objective/o {}\n"
	    "strategy/s {}\n"
	    "initiative/i {}\n"
	    "workstream/w {'initiative': 'i'}\n"
	    "objective/owned {} {'owners': ['p']}\n"
	    "initiative/by-typo {} {'owners': ['typo']}\n" /* sight/dangling's */
	    /* the work that they are part of answers for them */
	    "task/t {'initiative': 'i'}\n"
	    "milestone/m {'initiative': 'i'}\n"
	    "measure/m {}\n"
	    "objective/closed {'status': 'CLOSED'}\n"
	    "initiative/done {'status': 'DONE'}\n"
	    "workstream/of-done {'initiative': 'done'}\n"
	    "strategy/past {'last_day': '2026-03-30'}\n",
	    "owner/none",
	    "owner/none:goal/g\n"
	    "owner/none:objective/o\n"
	    "owner/none:strategy/s\n"
	    "owner/none:initiative/i\n"
	    "owner/none:workstream/w\n");
}
END_TEST

/* ---- many */

START_TEST(more_than_one_owner_is_found)
{
	check_text_plan(
	    "person/a {}\nperson/b {}\n"
	    "initiative/two {} {'owners': ['a', 'b']}\n"
	    "task/two {'initiative': 'two'} {'owners': ['a', 'b']}\n"
	    "initiative/one {} {'owners': ['a']}\n"          /* exactly as many as are accepted */
	    "initiative/same {} {'owners': ['a', 'person/a']}\n" /* one who stands twice is one */
	    "initiative/stopped {'status': 'STOPPED'} {'owners': ['a', 'b']}\n",
	    "owner/many",
	    "owner/many:initiative/two\n"
	    "owner/many:task/two\n");
}
END_TEST

START_TEST(many_names_the_owners)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05",
	    "person/a {}\nperson/b {}\n"
	    "initiative/two {} {'owners': ['b', 'a', 'team/t']}\n");
	check_text_says(&text, "2026-03-31", "owner/many",
	    "initiative/two has 3 owners: person/b, person/a, team/t.");
	plan_text_fini(&text);
}
END_TEST

/* ---- not-a-person */

START_TEST(a_team_is_no_owner)
{
	check_text_plan(
	    "person/a {}\nteam/t {}\nteam/u {}\n"
	    "objective/by-team {} {'owners': ['team/t']}\n"
	    "objective/by-two-teams {} {'owners': ['team/t', 'a', 'team/u']}\n"
	    "objective/by-person {} {'owners': ['a']}\n"
	    "objective/by-nobody {} {'owners': ['team/typo']}\n" /* sight/dangling's */
	    "objective/dropped {'status': 'DROPPED'} {'owners': ['team/t']}\n",
	    "owner/not-a-person",
	    "owner/not-a-person:objective/by-team,team/t\n"
	    "owner/not-a-person:objective/by-two-teams,team/t\n"
	    "owner/not-a-person:objective/by-two-teams,team/u\n");
}
END_TEST

/* ---- gone */

START_TEST(an_owner_who_left_is_found_from_the_day_after)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05",
	    "person/a {'last_day': '2026-03-31'}\nperson/stays {}\n"
	    "initiative/i {} {'owners': ['a']}\n"
	    "initiative/j {} {'owners': ['stays']}\n"
	    "initiative/done {'status': 'DONE'} {'owners': ['a']}\n");
	check_text_expect(&text, "2026-03-31", "owner/gone", "");
	check_text_expect(&text, "2026-04-01", "owner/gone", "owner/gone:initiative/i,person/a\n");
	check_text_says(&text, "2026-04-01", "owner/gone",
	    "initiative/i is owned by person/a, whose last day is 2026-03-31.");
	plan_text_fini(&text);
}
END_TEST

/* ---- no-team */

START_TEST(an_owner_alone_is_found)
{
	check_text_plan(
	    "person/a {}\nperson/b {}\nteam/t {}\nteam/u {}\n"
	    "initiative/alone {'members': ['a']} {'owners': ['a']}\n"
	    "workstream/own {'initiative': 'alone'} {'owners': ['a']}\n"
	    "task/own {'initiative': 'workstream/own', 'members': ['a']}\n"
	    "allocation/own {'who': 'a', 'initiative': 'alone'}\n"
	    "ask/open {'from': 't', 'to': 'u', 'initiative': 'alone', 'state': 'ASKED'}\n"
	    "workstream/stopped {'initiative': 'alone', 'status': 'STOPPED', 'members': ['b']} {'owners': ['b']}\n",
	    "owner/no-team", "owner/no-team:initiative/alone\n");
}
END_TEST

START_TEST(anybody_else_on_it_is_a_team)
{
	check_text_plan(
	    "person/a {}\nperson/b {}\nteam/t {}\nteam/u {}\n"
	    "initiative/member {'members': ['a', 'b']} {'owners': ['a']}\n"
	    "initiative/need {'needs': [{'who': 't'}]} {'owners': ['a']}\n"
	    "initiative/allocated {} {'owners': ['a']}\n"
	    "allocation/x {'who': 'b', 'initiative': 'allocated'}\n"
	    "initiative/asked {} {'owners': ['a']}\n"
	    "ask/agreed {'from': 't', 'to': 'u', 'initiative': 'asked', 'state': 'COMMITTED'}\n"
	    "initiative/part {} {'owners': ['a']}\n"
	    "workstream/w {'initiative': 'part'} {'owners': ['b']}\n"
	    "initiative/deep {} {'owners': ['a']}\n"
	    "workstream/v {'initiative': 'deep'} {'owners': ['a']}\n"
	    "task/t {'initiative': 'workstream/v', 'members': ['b']}\n"
	    /* left to other rules */
	    "initiative/nobody {}\n"
	    "initiative/two {} {'owners': ['a', 'b']}\n"
	    "initiative/team {} {'owners': ['team/t']}\n"
	    "initiative/done {'status': 'DONE'} {'owners': ['a']}\n",
	    "owner/no-team", "");
}
END_TEST

START_TEST(small_work_may_be_done_alone)
{
	check_text_plan(
	    "person/a {}\n"
	    "initiative/five-days {'estimate': {'likely': 500}} {'owners': ['a']}\n" /* exactly alone_days */
	    "initiative/more {'estimate': {'likely': 501}} {'owners': ['a']}\n",
	    "owner/no-team", "owner/no-team:initiative/more\n");
}
END_TEST

/* ---- split */

START_TEST(owned_parts_without_one_above_them_are_found)
{
	check_text_plan(
	    "person/a {}\nperson/b {}\n"
	    "initiative/none {}\n"
	    "workstream/v {'initiative': 'none'} {'owners': ['a']}\n"
	    "initiative/several {} {'owners': ['a', 'b']}\n"
	    "workstream/w {'initiative': 'several'}\n"
	    "workstream/deep {'initiative': 'workstream/w'} {'owners': ['b']}\n"
	    "initiative/one {} {'owners': ['a']}\n"
	    "workstream/x {'initiative': 'one'} {'owners': ['b']}\n"
	    "initiative/parts-unowned {}\n"
	    "workstream/y {'initiative': 'parts-unowned'}\n"
	    "initiative/part-done {}\n"
	    "workstream/z {'initiative': 'part-done', 'status': 'DONE'} {'owners': ['b']}\n",
	    "owner/split",
	    "owner/split:initiative/none\n"
	    "owner/split:initiative/several\n");
}
END_TEST

START_TEST(split_names_the_parts)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05",
	    "person/a {}\nperson/b {}\n"
	    "initiative/i {}\n"
	    "workstream/v {'initiative': 'i'} {'owners': ['a']}\n"
	    "workstream/w {'initiative': 'i'} {'owners': ['b']}\n");
	check_text_says(&text, "2026-03-31", "owner/split",
	    "The owned parts of initiative/i (workstream/v, workstream/w) roll up to nobody: it has no owner.");
	plan_text_fini(&text);
}
END_TEST

/* ---- reviews-self */

START_TEST(who_reviews_their_own_is_found)
{
	check_text_plan(
	    "person/a {'manager': 'b'}\nperson/b {}\n"
	    "initiative/self {} {'owners': ['a'], 'reviewer': 'a'}\n"
	    "objective/one-of-two {} {'owners': ['b', 'a'], 'reviewer': 'a'}\n"
	    "initiative/other {} {'owners': ['a'], 'reviewer': 'b'}\n"
	    "initiative/manager {} {'owners': ['a']}\n" /* the manager reviews */
	    "initiative/typo {} {'owners': ['typo'], 'reviewer': 'typo'}\n"
	    "initiative/done {'status': 'DONE'} {'owners': ['a'], 'reviewer': 'a'}\n",
	    "owner/reviews-self",
	    "owner/reviews-self:initiative/self,person/a\n"
	    "owner/reviews-self:objective/one-of-two,person/a\n");
}
END_TEST

/* clang-format on */
int
main(void)
{
	Suite *suite = suite_create("owner");
	TCase *tc = tcase_create("rules");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, what_nobody_answers_for_is_found);
	tcase_add_test(tc, more_than_one_owner_is_found);
	tcase_add_test(tc, many_names_the_owners);
	tcase_add_test(tc, a_team_is_no_owner);
	tcase_add_test(tc, an_owner_who_left_is_found_from_the_day_after);
	tcase_add_test(tc, an_owner_alone_is_found);
	tcase_add_test(tc, anybody_else_on_it_is_a_team);
	tcase_add_test(tc, small_work_may_be_done_alone);
	tcase_add_test(tc, owned_parts_without_one_above_them_are_found);
	tcase_add_test(tc, split_names_the_parts);
	tcase_add_test(tc, who_reviews_their_own_is_found);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
