/* The family rhythm. */
#include <check.h>
#include <stdlib.h>

#include "server/insight/check/check.h"
#include "tests/support/check_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

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

#define CHECK_IN(id, about, at) "check-in/" id " {'status': 'AT_RISK'} {'about': '" about "', 'at': '" at "', 'by': 'anna'}\n"

/* ---- check-in-late */

START_TEST(a_check_in_holds_for_fourteen_days)
{
	const char *plan = "initiative/i {'status': 'ACTIVE'}\n" CHECK_IN("c", "initiative/i", "2026-03-01");

	expect_on(plan, "2026-03-15", "rhythm/check-in-late", "");
	expect_on(plan, "2026-03-16", "rhythm/check-in-late", "rhythm/check-in-late:initiative/i\n");
	says_on(plan, "2026-03-16", "rhythm/check-in-late",
	    "The last check-in on initiative/i is of 2026-03-01, 15 days ago.");
}
END_TEST

START_TEST(without_one_the_time_counts_from_the_start)
{
	expect_on(
	    "period/q1 {'first_day': '2026-03-01', 'last_day': '2026-03-31'}\n"
	    "initiative/start {'status': 'ACTIVE', 'start': '2026-03-16'}\n"      /* 15 days */
	    "initiative/fresh {'status': 'ACTIVE', 'start': '2026-03-17'}\n"      /* 14 days */
	    "initiative/period {'status': 'ACTIVE', 'periods': ['q1']}\n"         /* 30 days */
	    "initiative/entered {'status': 'ACTIVE'}\n"                           /* in the plan since 2026-01-05 */
	    "initiative/ahead {'status': 'ACTIVE', 'start': '2026-04-01'}\n",
	    "2026-03-31", "rhythm/check-in-late",
	    "rhythm/check-in-late:initiative/start\nrhythm/check-in-late:initiative/period\n"
	    "rhythm/check-in-late:initiative/entered\n");
	says_on("initiative/i {'status': 'ACTIVE', 'start': '2026-03-01'}\n", "2026-03-31", "rhythm/check-in-late",
	    "Nobody has checked in on initiative/i, active since 2026-03-01 (30 days).");
}
END_TEST

START_TEST(only_active_work_is_reported_on)
{
	expect_on(
	    "initiative/proposed {'status': 'PROPOSED'}\ninitiative/approved {'status': 'APPROVED'}\n"
	    "initiative/paused {'status': 'PAUSED'}\ninitiative/done {'status': 'DONE'}\n"
	    "initiative/stopped {'status': 'STOPPED'}\n"
	    "workstream/of-stopped {'status': 'ACTIVE', 'initiative': 'stopped'}\n"
	    "workstream/w {'status': 'ACTIVE', 'initiative': 'approved'}\n"
	    "task/t {'initiative': 'approved'}\n",
	    "2026-03-31", "rhythm/check-in-late", "rhythm/check-in-late:workstream/w\n");
}
END_TEST

START_TEST(a_check_in_on_a_part_or_from_tomorrow_does_not_count)
{
	expect_on(
	    "initiative/i {'status': 'ACTIVE'}\n"
	    "workstream/w {'status': 'ACTIVE', 'initiative': 'i'}\n"
	    CHECK_IN("c", "workstream/w", "2026-03-30")
	    "initiative/early {'status': 'ACTIVE'}\n"
	    CHECK_IN("d", "initiative/early", "2026-04-01"),
	    "2026-03-31", "rhythm/check-in-late",
	    "rhythm/check-in-late:initiative/i\nrhythm/check-in-late:initiative/early\n");
}
END_TEST

/* ---- not-acknowledged */

#define PEOPLE "person/anna {'manager': 'bert'}\nperson/bert {}\nperson/cleo {}\n"
#define OWNED "initiative/i {'status': 'ACTIVE'} {'owners': ['anna']}\n"
#define ACK(about, by) "acknowledgement/k {} {'about': '" about "', 'by': '" by "', 'at': '2026-03-05'}\n"

START_TEST(an_acknowledgement_may_take_seven_days)
{
	const char *plan = PEOPLE OWNED CHECK_IN("c", "initiative/i", "2026-03-01");

	expect_on(plan, "2026-03-08", "rhythm/not-acknowledged", "");
	expect_on(plan, "2026-03-09", "rhythm/not-acknowledged", "rhythm/not-acknowledged:initiative/i,check-in/c\n");
	says_on(plan, "2026-03-09", "rhythm/not-acknowledged",
	    "person/bert has not acknowledged check-in/c (at risk) on initiative/i, of 2026-03-01, 8 days ago.");
}
END_TEST

START_TEST(the_reviewer_acknowledges_and_nobody_else)
{
	const char *found = "rhythm/not-acknowledged:initiative/i,check-in/c\n";
	const char *reviewed = PEOPLE
	    "initiative/i {'status': 'ACTIVE'} {'owners': ['anna'], 'reviewer': 'cleo'}\n"
	    CHECK_IN("c", "initiative/i", "2026-03-01") ACK("check-in/c", "bert");

	expect_on(PEOPLE OWNED CHECK_IN("c", "initiative/i", "2026-03-01") ACK("check-in/c", "bert"),
	    "2026-03-31", "rhythm/not-acknowledged", "");
	expect_on(PEOPLE OWNED CHECK_IN("c", "initiative/i", "2026-03-01") ACK("check-in/c", "cleo"),
	    "2026-03-31", "rhythm/not-acknowledged", found);
	/* The stated reviewer goes before the manager. */
	expect_on(reviewed, "2026-03-31", "rhythm/not-acknowledged", found);
	/* What the reviewer wrote they have read. */
	expect_on(PEOPLE OWNED "check-in/c {'status': 'ON_TRACK'} {'about': 'initiative/i', 'at': '2026-03-01', 'by': 'bert'}\n",
	    "2026-03-31", "rhythm/not-acknowledged", "");
}
END_TEST

START_TEST(only_the_newest_check_in_counts)
{
	expect_on(PEOPLE OWNED CHECK_IN("c", "initiative/i", "2026-02-01") CHECK_IN("d", "initiative/i", "2026-03-01")
	    ACK("check-in/c", "bert"), "2026-03-31", "rhythm/not-acknowledged",
	    "rhythm/not-acknowledged:initiative/i,check-in/d\n");
	/* A newer one that is fresh: there is still time. */
	expect_on(PEOPLE OWNED CHECK_IN("c", "initiative/i", "2026-02-01") CHECK_IN("d", "initiative/i", "2026-03-30"),
	    "2026-03-31", "rhythm/not-acknowledged", "");
}
END_TEST

START_TEST(without_anybody_who_could_review_it_cannot_be_judged)
{
	const char *plan = PEOPLE "goal/g {} {'owners': ['bert']}\n" CHECK_IN("c", "goal/g", "2026-03-01");

	expect_on(plan, "2026-03-31", "rhythm/not-acknowledged", "? rhythm/not-acknowledged:goal/g,check-in/c\n");
	expect_on(PEOPLE "goal/g {} {'owners': ['bert']}\n" CHECK_IN("c", "goal/g", "2026-03-01") ACK("check-in/c", "cleo"),
	    "2026-03-31", "rhythm/not-acknowledged", "");
	/* Closed: nobody waits any more. */
	expect_on(PEOPLE "initiative/i {'status': 'DONE'} {'owners': ['anna']}\n" CHECK_IN("c", "initiative/i", "2026-03-01"),
	    "2026-03-31", "rhythm/not-acknowledged", "");
}
END_TEST

START_TEST(the_reviewer_should_act)
{
	struct plan_text text;
	struct check_query query = {0};
	bool selected[RULES_MAX];
	const char *rule = "rhythm/not-acknowledged";
	uint32_t who[4];
	struct check *check;
	struct err err;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", PEOPLE OWNED CHECK_IN("c", "initiative/i", "2026-03-01"));
	ck_assert(rules_select(&rule, 1, selected, &err));
	query.rules = selected;
	check = check_text_run(&text, "2026-03-31", &query);
	ck_assert_uint_eq(check_findings(check), 1);
	ck_assert_uint_eq(check_who(check, check_finding(check, 0), who, 4), 1);
	ck_assert_uint_eq(who[0], plan_text_slot(&text, "person/bert"));
	check_free(check);
	plan_text_fini(&text);
}
END_TEST

/* clang-format on */

int
main(void)
{
	Suite *suite = suite_create("rhythm");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, a_check_in_holds_for_fourteen_days);
	tcase_add_test(tc, without_one_the_time_counts_from_the_start);
	tcase_add_test(tc, only_active_work_is_reported_on);
	tcase_add_test(tc, a_check_in_on_a_part_or_from_tomorrow_does_not_count);
	tcase_add_test(tc, an_acknowledgement_may_take_seven_days);
	tcase_add_test(tc, the_reviewer_acknowledges_and_nobody_else);
	tcase_add_test(tc, only_the_newest_check_in_counts);
	tcase_add_test(tc, without_anybody_who_could_review_it_cannot_be_judged);
	tcase_add_test(tc, the_reviewer_should_act);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
