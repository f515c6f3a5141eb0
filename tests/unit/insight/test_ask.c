/* The family ask. Asks are written down on 2026-01-05 where nothing else is said; today is in each test. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/insight/check/check.h"
#include "tests/support/check_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

#define TEAMS \
	"team/cs {'lead': 'anna'}\n" \
	"team/data {'lead': 'grace'}\n" \
	"person/anna {'team': 'cs'}\n" \
	"person/grace {'team': 'data'}\n"
#define WORK "initiative/i {'status': 'ACTIVE'} {'owners': ['anna']}\n"
#define ASK(id, fields) "ask/" id " {'from': 'cs', 'to': 'data', 'initiative': 'i'" fields "}\n"

static void
expect_on(const char *lines, const char *today, const char *rule, const char *expected)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", lines);
	check_text_expect(&text, today, rule, expected);
	plan_text_fini(&text);
}

static void
says_on(const char *lines, const char *today, const char *rule, const char *message)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", lines);
	check_text_says(&text, today, rule, message);
	plan_text_fini(&text);
}

/* ---- unanswered */

START_TEST(an_answer_may_take_seven_days)
{
	expect_on(TEAMS WORK ASK("a", ""), "2026-01-12", "ask/unanswered", "");                    /* 7 */
	expect_on(TEAMS WORK ASK("a", ""), "2026-01-13", "ask/unanswered", "ask/unanswered:ask/a\n"); /* 8 */
}
END_TEST

START_TEST(an_ask_whose_date_has_passed_is_unanswered_at_once)
{
	expect_on(TEAMS WORK ASK("a", ", 'needed_by': '2026-01-08'"), "2026-01-08", "ask/unanswered", "");
	expect_on(TEAMS WORK ASK("a", ", 'needed_by': '2026-01-08'"), "2026-01-09", "ask/unanswered",
	    "ask/unanswered:ask/a\n");
}
END_TEST

START_TEST(answered_asks_and_those_of_finished_work_are_not_unanswered)
{
	expect_on(TEAMS WORK
	    "initiative/done {'status': 'DONE'}\n"
	    ASK("c", ", 'state': 'COMMITTED'") ASK("d", ", 'state': 'DECLINED'") ASK("k", ", 'state': 'COUNTERED'")
	    ASK("m", ", 'state': 'MET'") ASK("n", ", 'state': 'MISSED'") ASK("w", ", 'state': 'WITHDRAWN'")
	    "ask/of-done {'from': 'cs', 'to': 'data', 'initiative': 'done'}\n",
	    "2026-03-31", "ask/unanswered", "");
}
END_TEST

START_TEST(unanswered_says_who_waits_and_who_must_answer)
{
	struct plan_text text;
	struct check_query query = {0};
	bool selected[RULES_MAX];
	const char *rule = "ask/unanswered";
	uint32_t who[4];
	struct check *check;
	struct err err;

	says_on(TEAMS WORK ASK("a", ", 'needed_by': '2026-02-01'"), "2026-01-20", "ask/unanswered",
	    "team/data was asked on 2026-01-05 and has not answered ask/a, which is needed by 2026-02-01; "
	    "initiative/i (unranked) waits for it.");
	/* On the day itself it has not passed; the days over are counted from the next. */
	says_on(TEAMS WORK ASK("a", ", 'needed_by': '2026-02-01'"), "2026-02-01", "ask/unanswered",
	    "team/data was asked on 2026-01-05 and has not answered ask/a, which is needed by 2026-02-01; "
	    "initiative/i (unranked) waits for it.");
	says_on(TEAMS WORK ASK("a", ", 'needed_by': '2026-02-01'"), "2026-02-02", "ask/unanswered",
	    "team/data was asked on 2026-01-05 and has not answered ask/a, which was needed by 2026-02-01, 1 day ago; "
	    "initiative/i (unranked) waits for it.");
	says_on(TEAMS WORK ASK("a", ", 'needed_by': '2026-02-01'"), "2026-03-31", "ask/unanswered",
	    "team/data was asked on 2026-01-05 and has not answered ask/a, which was needed by 2026-02-01, 58 days ago; "
	    "initiative/i (unranked) waits for it.");
	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", TEAMS WORK ASK("a", ""));
	ck_assert(rules_select(&rule, 1, selected, &err));
	query.rules = selected;
	check = check_text_run(&text, "2026-03-31", &query);
	ck_assert_uint_eq(check_findings(check), 1);
	/* The lead of the giving team, not the owner of the initiative. */
	ck_assert_uint_eq(check_who(check, check_finding(check, 0), who, 4), 1);
	ck_assert_uint_eq(who[0], plan_text_slot(&text, "person/grace"));
	check_free(check);
	plan_text_fini(&text);
}
END_TEST

START_TEST(an_ask_to_nobody_cannot_be_judged)
{
	expect_on(TEAMS WORK "ask/a {'from': 'cs', 'initiative': 'i'}\n", "2026-03-31", "ask/unanswered",
	    "? ask/unanswered:ask/a\n");
}
END_TEST

#define NEEDS(id, fields) "initiative/" id " {'needs': [{'who': 'data'}]" fields "} {'owners': ['anna']}\n"

START_TEST(a_need_of_another_team_that_was_never_asked_is_found)
{
	expect_on(TEAMS NEEDS("i", ", 'status': 'APPROVED'"), "2026-01-05", "ask/unanswered",
	    "ask/unanswered:initiative/i,team/data\n");
	says_on(TEAMS NEEDS("i", ", 'status': 'ACTIVE'"), "2026-01-05", "ask/unanswered",
	    "initiative/i needs team/data, which was never asked.");
	/* Proposals ask later, and what is done no longer. */
	expect_on(TEAMS NEEDS("p", ", 'status': 'PROPOSED'") NEEDS("n", "") NEEDS("d", ", 'status': 'DONE'"),
	    "2026-01-05", "ask/unanswered", "");
	/* Of a task too, whose own team is that of what it is a part of; one ask is enough for all of them. */
	expect_on(TEAMS "initiative/i {'status': 'ACTIVE'} {'owners': ['anna']}\n"
	    "task/k {'initiative': 'i', 'needs': [{'who': 'data'}, {'who': 'cs'}]}\n"
	    "task/l {'initiative': 'i', 'needs': [{'who': 'data'}], 'done': '2026-01-01'}\n"
	    "initiative/p {'status': 'PROPOSED'} {'owners': ['anna']}\n"
	    "task/m {'initiative': 'p', 'needs': [{'who': 'data'}]}\n",
	    "2026-01-05", "ask/unanswered", "ask/unanswered:task/k,team/data\n");
	expect_on(TEAMS "initiative/i {'status': 'ACTIVE'} {'owners': ['anna']}\n"
	    "task/k {'initiative': 'i', 'needs': [{'who': 'data'}]}\n"
	    "task/l {'initiative': 'i', 'needs': [{'who': 'data'}]}\n" ASK("a", ", 'state': 'DECLINED'"),
	    "2026-01-05", "ask/unanswered", "");
	/* A need that stands twice is one. */
	expect_on(TEAMS "initiative/i {'status': 'ACTIVE', 'needs': [{'who': 'data', 'skill': 'sql'}, {'who': 'data'}]} "
	    "{'owners': ['anna']}\n", "2026-01-05", "ask/unanswered", "ask/unanswered:initiative/i,team/data\n");
}
END_TEST

START_TEST(an_ask_anywhere_in_the_initiative_settles_a_need)
{
	expect_on(TEAMS NEEDS("i", ", 'status': 'ACTIVE'") ASK("a", ", 'state': 'DECLINED'"), "2026-01-05",
	    "ask/unanswered", "");
	expect_on(TEAMS NEEDS("i", ", 'status': 'ACTIVE'") ASK("a", ", 'state': 'WITHDRAWN'"), "2026-01-05",
	    "ask/unanswered", "ask/unanswered:initiative/i,team/data\n");
	expect_on(TEAMS NEEDS("i", ", 'status': 'ACTIVE'")
	    "workstream/w {'initiative': 'i'}\n"
	    "ask/a {'from': 'cs', 'to': 'data', 'initiative': 'workstream/w', 'state': 'COMMITTED'}\n",
	    "2026-01-05", "ask/unanswered", "");
	/* Another team's ask is none. */
	expect_on(TEAMS NEEDS("i", ", 'status': 'ACTIVE'")
	    "team/legal {}\n"
	    "ask/a {'from': 'cs', 'to': 'legal', 'initiative': 'i', 'state': 'COMMITTED'}\n",
	    "2026-01-05", "ask/unanswered", "ask/unanswered:initiative/i,team/data\n");
	/* Who gives a person has agreed. */
	expect_on(TEAMS NEEDS("i", ", 'status': 'ACTIVE'") "allocation/x {'who': 'grace', 'initiative': 'i'}\n",
	    "2026-01-05", "ask/unanswered", "");
}
END_TEST

START_TEST(the_own_team_need_not_be_asked)
{
	/* By the owner's team, by the objective's, by the one that the owner leads. */
	expect_on(TEAMS
	    "objective/o {'team': 'data'}\n"
	    "person/lea {}\n"
	    "team/ops {'lead': 'lea'}\n"
	    "initiative/mine {'status': 'ACTIVE', 'needs': [{'who': 'cs'}]} {'owners': ['anna']}\n"
	    "initiative/theirs {'status': 'ACTIVE', 'objective': 'o', 'needs': [{'who': 'data'}]} {'owners': ['anna']}\n"
	    "initiative/led {'status': 'ACTIVE', 'needs': [{'who': 'ops'}]} {'owners': ['lea']}\n",
	    "2026-01-05", "ask/unanswered", "");
	/* Nobody says whose it is. */
	expect_on(TEAMS "initiative/i {'status': 'ACTIVE', 'needs': [{'who': 'cs'}]}\n",
	    "2026-01-05", "ask/unanswered", "? ask/unanswered:initiative/i,team/cs\n");
}
END_TEST

/* ---- declined */

#define RANKED(...) "{'place': {'item': 'i', 'last': true}}, {'place': {'item': 'next', 'last': true}}"

START_TEST(a_no_names_what_waits_for_it)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", TEAMS WORK
	    "initiative/next {'after': ['i'], 'status': 'APPROVED'}\n"
	    "initiative/third {'after': ['next']}\n"
	    "initiative/given-up {'after': ['i'], 'status': 'STOPPED'}\n"
	    ASK("a", ", 'state': 'DECLINED', 'answered': '2026-02-01'"));
	plan_text_apply(&text, "2026-01-06", RANKED());
	check_text_expect(&text, "2026-03-31", "ask/declined", "ask/declined:ask/a,initiative/i\n");
	check_text_says(&text, "2026-03-31", "ask/declined",
	    "team/data said no to ask/a on 2026-02-01; initiative/i (rank 1) waits for it, and after that "
	    "initiative/next (rank 2), initiative/third (unranked).");
	plan_text_fini(&text);
}
END_TEST

START_TEST(a_no_to_a_part_holds_up_the_whole)
{
	says_on(TEAMS WORK
	    "workstream/w {'initiative': 'i'}\n"
	    "ask/a {'from': 'cs', 'to': 'data', 'initiative': 'workstream/w', 'state': 'DECLINED'}\n",
	    "2026-03-31", "ask/declined",
	    "team/data said no to ask/a; workstream/w (unranked), a part of initiative/i (unranked) waits for it.");
}
END_TEST

START_TEST(a_counter_offer_has_fourteen_days)
{
	const char *plan = TEAMS WORK ASK("a", ", 'state': 'COUNTERED', 'answered': '2026-02-01'");

	expect_on(plan, "2026-02-15", "ask/declined", "");
	expect_on(plan, "2026-02-16", "ask/declined", "ask/declined:ask/a,initiative/i\n");
	expect_on(TEAMS WORK ASK("a", ", 'state': 'COUNTERED'"), "2026-02-16", "ask/declined", "? ask/declined:ask/a\n");
}
END_TEST

START_TEST(a_no_is_settled_by_a_later_yes_or_the_end_of_the_work)
{
	struct plan_text text;

	expect_on(TEAMS "initiative/i {'status': 'DONE'}\n" ASK("a", ", 'state': 'DECLINED'"), "2026-03-31",
	    "ask/declined", "");
	expect_on(TEAMS WORK ASK("a", ", 'state': 'WITHDRAWN'"), "2026-03-31", "ask/declined", "");
	expect_on(TEAMS "ask/a {'from': 'cs', 'to': 'data', 'state': 'DECLINED'}\n", "2026-03-31", "ask/declined",
	    "? ask/declined:ask/a\n");
	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", TEAMS WORK ASK("a", ", 'state': 'DECLINED'"));
	plan_text_put(&text, "2026-01-10",
	    "ask/other {'from': 'cs', 'to': 'cs', 'initiative': 'i', 'state': 'COMMITTED'}\n"
	    ASK("asked", ", 'state': 'ASKED'"));
	check_text_expect(&text, "2026-03-31", "ask/declined", "ask/declined:ask/a,initiative/i\n");
	plan_text_put(&text, "2026-01-11", ASK("again", ", 'state': 'COMMITTED'"));
	check_text_expect(&text, "2026-03-31", "ask/declined", "");
	plan_text_fini(&text);
}
END_TEST

START_TEST(what_waits_in_a_circle_is_named_once)
{
	says_on(TEAMS
	    "initiative/i {'status': 'ACTIVE', 'after': ['next']} {'owners': ['anna']}\n"
	    "initiative/next {'after': ['i']}\n"
	    ASK("a", ", 'state': 'DECLINED'"), "2026-03-31", "ask/declined",
	    "team/data said no to ask/a; initiative/i (unranked) waits for it, and after that "
	    "initiative/next (unranked).");
}
END_TEST

/* ---- late */

START_TEST(a_promise_for_after_the_needed_date_is_late)
{
	expect_on(TEAMS WORK
	    ASK("in-time", ", 'state': 'COMMITTED', 'needed_by': '2026-06-01', 'promised_for': '2026-06-01'")
	    ASK("late", ", 'state': 'COMMITTED', 'needed_by': '2026-06-01', 'promised_for': '2026-06-02'"),
	    "2026-03-31", "ask/late", "ask/late:ask/late\n");
	says_on(TEAMS WORK ASK("a", ", 'state': 'COMMITTED', 'needed_by': '2026-06-01', 'promised_for': '2026-06-02'"),
	    "2026-03-31", "ask/late",
	    "ask/a is promised for 2026-06-02, but needed by 2026-06-01; initiative/i (unranked) waits for it.");
}
END_TEST

START_TEST(a_promise_whose_day_has_passed_is_late)
{
	expect_on(TEAMS WORK
	    ASK("today", ", 'state': 'COMMITTED', 'promised_for': '2026-03-31'")
	    ASK("yesterday", ", 'state': 'COMMITTED', 'promised_for': '2026-03-30'")
	    ASK("needed", ", 'state': 'COMMITTED', 'needed_by': '2026-03-30'") /* promised for when it is needed */
	    ASK("met", ", 'state': 'MET', 'promised_for': '2026-03-01'")
	    ASK("no-date", ", 'state': 'COMMITTED'"),
	    "2026-03-31", "ask/late", "ask/late:ask/yesterday\nask/late:ask/needed\n? ask/late:ask/no-date\n");
	says_on(TEAMS WORK ASK("a", ", 'state': 'COMMITTED', 'promised_for': '2026-03-21'"), "2026-03-31", "ask/late",
	    "ask/a is promised for 2026-03-21, 10 days ago, and is not met; initiative/i (unranked) waits for it.");
}
END_TEST

START_TEST(grace_moves_both_ends)
{
	const char *plan = TEAMS WORK
	    "rule-setting/ask.late {'rule': 'ask/late', 'thresholds': {'grace_days': 3}}\n"
	    ASK("p3", ", 'state': 'COMMITTED', 'needed_by': '2026-06-01', 'promised_for': '2026-06-04'")
	    ASK("p4", ", 'state': 'COMMITTED', 'needed_by': '2026-06-01', 'promised_for': '2026-06-05'")
	    ASK("d3", ", 'state': 'COMMITTED', 'promised_for': '2026-03-28'")
	    ASK("d4", ", 'state': 'COMMITTED', 'promised_for': '2026-03-27'");

	expect_on(plan, "2026-03-31", "ask/late", "ask/late:ask/p4\nask/late:ask/d4\n");
}
END_TEST

/* ---- missed */

START_TEST(a_missed_promise_is_found_while_the_work_waits)
{
	expect_on(TEAMS WORK
	    "initiative/done {'status': 'DONE'}\n"
	    ASK("a", ", 'state': 'MISSED', 'promised_for': '2026-02-01'")
	    "ask/of-done {'from': 'cs', 'to': 'data', 'initiative': 'done', 'state': 'MISSED'}\n"
	    "ask/for-nothing {'from': 'cs', 'to': 'data', 'state': 'MISSED'}\n",
	    "2026-03-31", "ask/missed", "ask/missed:ask/a,initiative/i\n? ask/missed:ask/for-nothing\n");
	says_on(TEAMS WORK ASK("a", ", 'state': 'MISSED', 'promised_for': '2026-02-01'"), "2026-03-31", "ask/missed",
	    "team/data did not keep ask/a, promised for 2026-02-01; initiative/i (unranked) waits for it.");
	expect_on(TEAMS WORK ASK("a", ", 'state': 'MISSED'") ASK("again", ", 'state': 'COMMITTED'"), "2026-03-31",
	    "ask/missed", "");
}
END_TEST

/* ---- low-for-giver */

#define PLACE(item, ranking) "{'place': {'item': '" item "', 'ranking': '" ranking "', 'last': true}}"
#define FIVE "initiative/b {}\ninitiative/c {}\ninitiative/d {}\ninitiative/e {}\n"

START_TEST(a_team_that_ranks_it_three_places_lower_is_found)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", TEAMS WORK FIVE ASK("a", ", 'state': 'COMMITTED'"));
	plan_text_apply(&text, "2026-01-06", PLACE("i", ""));
	/* No order of its own: follows the workspace's. */
	check_text_expect(&text, "2026-03-31", "ask/low-for-giver", "");
	/* In an order, but not this one. */
	plan_text_apply(&text, "2026-01-07", PLACE("b", "data") ", " PLACE("c", "data"));
	check_text_expect(&text, "2026-03-31", "ask/low-for-giver", "ask/low-for-giver:ask/a,initiative/i\n");
	check_text_says(&text, "2026-03-31", "ask/low-for-giver",
	    "initiative/i has rank 1, but for team/data, which ask/a asks for help, it is not in the order at all.");
	/* Rank 3 is two places lower than rank 1. */
	plan_text_apply(&text, "2026-01-08", PLACE("i", "data"));
	check_text_expect(&text, "2026-03-31", "ask/low-for-giver", "");
	plan_text_apply(&text, "2026-01-09", PLACE("d", "data") ", " PLACE("i", "data"));
	check_text_says(&text, "2026-03-31", "ask/low-for-giver",
	    "initiative/i has rank 1, but for team/data, which ask/a asks for help, it has rank 4.");
	plan_text_fini(&text);
}
END_TEST

START_TEST(what_is_low_for_all_or_unranked_is_not_low_for_the_giver)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", TEAMS WORK FIVE ASK("a", "")
	    "rule-setting/ask.low-for-giver {'rule': 'ask/low-for-giver', 'thresholds': {'top': 1}}\n");
	plan_text_apply(&text, "2026-01-06", PLACE("b", "") ", " PLACE("i", "") ", " PLACE("b", "data"));
	check_text_expect(&text, "2026-03-31", "ask/low-for-giver", ""); /* rank 2 is not among the first 1 */
	plan_text_apply(&text, "2026-01-07", "{'place': {'item': 'i', 'first': true}}");
	check_text_expect(&text, "2026-03-31", "ask/low-for-giver", "ask/low-for-giver:ask/a,initiative/i\n");
	plan_text_apply(&text, "2026-01-08", "{'place': {'item': 'i', 'unranked': true}}");
	check_text_expect(&text, "2026-03-31", "ask/low-for-giver", "");
	plan_text_put(&text, "2026-01-09", "ask/for-nothing {'from': 'cs', 'to': 'data'}\n");
	check_text_expect(&text, "2026-03-31", "ask/low-for-giver", "? ask/low-for-giver:ask/for-nothing\n");
	plan_text_fini(&text);
}
END_TEST

/* ---- own-team */

START_TEST(an_ask_to_ones_own_team_is_found)
{
	expect_on(TEAMS WORK
	    "ask/own {'from': 'cs', 'to': 'cs', 'initiative': 'i'}\n"
	    "ask/met {'from': 'cs', 'to': 'cs', 'initiative': 'i', 'state': 'MET'}\n"
	    "ask/no-from {'to': 'cs', 'initiative': 'i'}\n"
	    ASK("other", ""), "2026-01-06", "ask/own-team", "ask/own-team:ask/own,team/cs\n");
	says_on(TEAMS WORK "ask/own {'from': 'cs', 'to': 'cs', 'initiative': 'i'}\n", "2026-01-06", "ask/own-team",
	    "team/cs asks itself in ask/own.");
}
END_TEST

START_TEST(dates_centuries_away_are_no_trouble)
{
	expect_on(TEAMS WORK
	    ASK("far", ", 'needed_by': '9999-12-31', 'promised_for': '9999-12-31', 'state': 'COMMITTED'")
	    ASK("past", ", 'needed_by': '0001-01-01', 'promised_for': '0001-01-01', 'state': 'COMMITTED'"),
	    "2026-03-31", "ask/late", "ask/late:ask/past\n");
}
END_TEST

/* clang-format on */

int
main(void)
{
	Suite *suite = suite_create("ask");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, an_answer_may_take_seven_days);
	tcase_add_test(tc, an_ask_whose_date_has_passed_is_unanswered_at_once);
	tcase_add_test(tc, answered_asks_and_those_of_finished_work_are_not_unanswered);
	tcase_add_test(tc, unanswered_says_who_waits_and_who_must_answer);
	tcase_add_test(tc, an_ask_to_nobody_cannot_be_judged);
	tcase_add_test(tc, a_need_of_another_team_that_was_never_asked_is_found);
	tcase_add_test(tc, an_ask_anywhere_in_the_initiative_settles_a_need);
	tcase_add_test(tc, the_own_team_need_not_be_asked);
	tcase_add_test(tc, a_no_names_what_waits_for_it);
	tcase_add_test(tc, a_no_to_a_part_holds_up_the_whole);
	tcase_add_test(tc, a_counter_offer_has_fourteen_days);
	tcase_add_test(tc, a_no_is_settled_by_a_later_yes_or_the_end_of_the_work);
	tcase_add_test(tc, what_waits_in_a_circle_is_named_once);
	tcase_add_test(tc, a_promise_for_after_the_needed_date_is_late);
	tcase_add_test(tc, a_promise_whose_day_has_passed_is_late);
	tcase_add_test(tc, grace_moves_both_ends);
	tcase_add_test(tc, a_missed_promise_is_found_while_the_work_waits);
	tcase_add_test(tc, a_team_that_ranks_it_three_places_lower_is_found);
	tcase_add_test(tc, what_is_low_for_all_or_unranked_is_not_low_for_the_giver);
	tcase_add_test(tc, an_ask_to_ones_own_team_is_found);
	tcase_add_test(tc, dates_centuries_away_are_no_trouble);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
