/* The family rhythm: meetings that are not held, efforts without a voice, requests that nobody answers. */
#include <check.h>
#include <stdlib.h>

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

#define HELD(id, about, at) "meeting/" id " {} {'about': 'review/" about "', 'at': '" at "'}\n"
#define FOUND(what) "rhythm/" what "\n"

/* ---- review-overdue */

START_TEST(a_meeting_may_be_three_days_late)
{
	/* Held on Monday 2 March, so due on Monday 16 March. */
	const char *plan = "review/r {'every_days': 14} {'owners': ['p']}\nperson/p {}\n" HELD("m", "r", "2026-03-02");

	expect_on(plan, "2026-03-19", "rhythm/review-overdue", "");
	expect_on(plan, "2026-03-20", "rhythm/review-overdue", FOUND("review-overdue:review/r"));
	says_on(plan, "2026-03-20", "rhythm/review-overdue",
	    "review/r was due on 2026-03-16, 4 days ago; it was last held on 2026-03-02.");
	says_on("review/r {'every_days': 14, 'first_day': '2026-03-02'}\n", "2026-03-20", "rhythm/review-overdue",
	    "review/r was due on 2026-03-02, 18 days ago, and was never held.");
}
END_TEST

START_TEST(a_meeting_that_is_retracted_or_still_ahead_was_not_held)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", "review/r {'every_days': 14, 'first_day': '2026-03-02'}\n"
	    HELD("m", "r", "2026-03-16") HELD("n", "r", "2026-04-01"));
	check_text_expect(&text, "2026-03-20", "rhythm/review-overdue", "");
	plan_text_apply(&text, "2026-03-17", "{'retract': {'ref': 'meeting/m'}}");
	check_text_expect(&text, "2026-03-20", "rhythm/review-overdue", FOUND("review-overdue:review/r"));
	plan_text_fini(&text);
}
END_TEST

START_TEST(without_a_cadence_it_cannot_be_judged)
{
	expect_on("review/r {}\nreview/once {'first_day': '2026-03-02'}\nreview/was {'first_day': '2026-03-02'}\n"
	    HELD("m", "was", "2026-03-02"), "2026-03-20", "rhythm/review-overdue",
	    "? rhythm/review-overdue:review/r\nrhythm/review-overdue:review/once\n? rhythm/review-overdue:review/was\n");
}
END_TEST

/* ---- council-gap */

#define STEP "step/s {'stage': 'g'}\nstage/g {'journey': 'j'}\njourney/j {}\n"
#define PEOPLE "person/anna {}\nperson/left {'last_day': '2026-03-10'}\n"

START_TEST(each_customer_effort_has_a_seat)
{
	const char *plan = STEP PEOPLE
	    "expectation/e {'step': 's'}\nobjective/o {'expectations': ['e']}\nobjective/p {}\n"
	    "initiative/on-step {'status': 'ACTIVE', 'steps': ['s']}\n"
	    "initiative/by-part {'status': 'APPROVED'}\nworkstream/w {'initiative': 'by-part', 'steps': ['s']}\n"
	    "initiative/answers {'status': 'ACTIVE', 'objective': 'o'}\n"
	    "initiative/contributes {'status': 'ACTIVE', 'objective': 'p', 'contributions': [{'to': 'o'}]}\n"
	    "initiative/seated {'status': 'ACTIVE', 'steps': ['s']}\n"
	    /* no customer efforts: nothing of customers, not running, over */
	    "initiative/inside {'status': 'ACTIVE', 'objective': 'p'}\n"
	    "initiative/idea {'status': 'PROPOSED', 'steps': ['s']}\ninitiative/done {'status': 'DONE', 'steps': ['s']}\n"
	    "initiative/nowhere {'status': 'ACTIVE', 'steps': ['not-there']}\n"
	    "review/c {'type': 'COUNCIL', 'every_days': 7, 'first_day': '2026-04-01', 'seats': ["
	    "{'person': 'anna', 'speaks_for': 'seated'}]}\n";

	expect_on(plan, "2026-03-20", "rhythm/council-gap",
	    FOUND("council-gap:initiative/on-step") FOUND("council-gap:initiative/by-part")
	    FOUND("council-gap:initiative/answers") FOUND("council-gap:initiative/contributes"));
}
END_TEST

START_TEST(a_seat_is_held_by_one_who_is_here)
{
#define COUNCIL(seats) STEP PEOPLE "initiative/i {'status': 'ACTIVE', 'steps': ['s']}\nworkstream/w {'initiative': 'i'}\n" \
	"review/c {'type': 'COUNCIL', 'every_days': 7, 'first_day': '2026-04-01', 'seats': [" seats "]}\n"
	const char *gone = COUNCIL("{'person': 'left', 'speaks_for': 'i'}");

	expect_on(COUNCIL("{'person': 'anna', 'speaks_for': 'workstream/w'}"), "2026-03-20", "rhythm/council-gap", "");
	expect_on(gone, "2026-03-10", "rhythm/council-gap", "");
	expect_on(gone, "2026-03-11", "rhythm/council-gap", FOUND("council-gap:initiative/i"));
	says_on(gone, "2026-03-11", "rhythm/council-gap",
	    "initiative/i works for step/s, and person/left, who speaks for it in review/c, left on 2026-03-10.");
	says_on(COUNCIL("{'person': 'anna'}"), "2026-03-11", "rhythm/council-gap",
	    "initiative/i works for step/s, and nobody speaks for it in a council.");
	/* One of two is enough, in whatever order; who is not in the plan is found by sight/dangling. */
	expect_on(COUNCIL("{'person': 'left', 'speaks_for': 'i'}, {'person': 'anna', 'speaks_for': 'i'}"), "2026-03-20",
	    "rhythm/council-gap", "");
	expect_on(COUNCIL("{'person': 'anna', 'speaks_for': 'i'}, {'person': 'left', 'speaks_for': 'i'}"), "2026-03-20",
	    "rhythm/council-gap", "");
	expect_on(COUNCIL("{'person': 'nobody', 'speaks_for': 'i'}"), "2026-03-20", "rhythm/council-gap", "");
}
END_TEST

START_TEST(a_plan_without_any_review_is_told_once)
{
	const char *efforts = STEP "segment/g {}\ninitiative/i {'status': 'ACTIVE', 'steps': ['s']}\n"
	    "initiative/k {'status': 'ACTIVE', 'steps': ['s']}\n";

	expect_on(efforts, "2026-03-31", "rhythm/council-gap", FOUND("council-gap:plan"));
	expect_on(efforts, "2026-03-31", "rhythm/room-missing", "");
	says_on(efforts, "2026-03-31", "rhythm/council-gap",
	    "There is no council in which the customer efforts talk to each other (2, initiative/i for one).");
	/* Customers and no efforts: the room is what is missing. */
	expect_on("segment/g {}\n", "2026-03-31", "rhythm/room-missing", FOUND("room-missing:plan"));
	expect_on("segment/g {}\n", "2026-03-31", "rhythm/council-gap", "");
	/* Neither customers nor reviews: nothing to say. */
	expect_on("initiative/i {}\nperson/p {}\n", "2026-03-31", "rhythm", "");
}
END_TEST

/* ---- room-missing */

START_TEST(each_quarter_has_its_room)
{
	const char *room = "review/room {'type': 'CUSTOMER_ROOM', 'first_day': '2025-10-01'}\n";
	const char *held = "review/room {'type': 'CUSTOMER_ROOM', 'first_day': '2025-10-01'}\n" HELD("m", "room", "2026-01-01");

	/* The first quarter is judged from 14 days before its end, 31 March, on; before that the one before. */
	expect_on(room, "2026-03-17", "rhythm/room-missing", FOUND("room-missing:review/room"));
	says_on(room, "2026-03-17", "rhythm/room-missing",
	    "No customer room was held in the quarter from 2025-10-01 to 2025-12-31, and none ever before.");
	says_on(room, "2026-03-18", "rhythm/room-missing",
	    "No customer room was held in the quarter from 2026-01-01 to 2026-03-31, and none ever before.");
	expect_on(held, "2026-03-17", "rhythm/room-missing", "");
	expect_on(held, "2026-06-16", "rhythm/room-missing", "");
	says_on(held, "2026-06-17", "rhythm/room-missing",
	    "No customer room was held in the quarter from 2026-04-01 to 2026-06-30; the last one was on 2026-01-01.");
}
END_TEST

START_TEST(a_room_that_begins_later_is_not_judged_before)
{
	expect_on("segment/g {}\nreview/room {'type': 'CUSTOMER_ROOM', 'first_day': '2026-04-01'}\n", "2026-03-31",
	    "rhythm/room-missing", "");
	/* Another room was held; an overdue room is not overdue a second time. */
	expect_on("review/a {'type': 'CUSTOMER_ROOM', 'every_days': 30, 'first_day': '2026-01-05'}\n"
	    "review/b {'type': 'CUSTOMER_ROOM', 'first_day': '2026-01-05'}\n" HELD("m", "b", "2026-03-03"), "2026-03-31", "rhythm", "");
}
END_TEST

START_TEST(the_quarter_may_be_the_plans_own)
{
	expect_on("period/fq {'first_day': '2026-02-01', 'last_day': '2026-04-30'}\n"
	    "review/room {'type': 'CUSTOMER_ROOM', 'first_day': '2026-02-01'}\n", "2026-04-17", "rhythm/room-missing",
	    FOUND("room-missing:review/room,period/fq"));
}
END_TEST

/* ---- request-blocked */

START_TEST(a_request_is_answered_within_fourteen_days_or_by_its_day)
{
	const char *old = "person/boss {}\nrequest/r {'to': 'boss', 'asked': '2026-03-01'}\n";

	expect_on(old, "2026-03-15", "rhythm/request-blocked", "");
	expect_on(old, "2026-03-16", "rhythm/request-blocked", FOUND("request-blocked:request/r"));
	says_on(old, "2026-03-16", "rhythm/request-blocked",
	    "request/r to person/boss has been open since 2026-03-01 (15 days).");
	expect_on("person/boss {}\ninitiative/i {'status': 'ACTIVE'}\n"
	    "request/r {'to': 'boss', 'work': 'i', 'asked': '2026-03-10', 'needed_by': '2026-03-12'}\n", "2026-03-12",
	    "rhythm/request-blocked", "");
	says_on("person/boss {}\ninitiative/i {'status': 'ACTIVE'}\n"
	    "request/r {'to': 'boss', 'work': 'i', 'asked': '2026-03-10', 'needed_by': '2026-03-12'}\n", "2026-03-13",
	    "rhythm/request-blocked",
	    "request/r to person/boss has been open since 2026-03-10 (3 days), needed by 2026-03-12; initiative/i waits for it.");
	/* Asked on a day that is not stated: that on which it came into the plan, 5 January. */
	says_on("request/r {}\n", "2026-01-20", "rhythm/request-blocked",
	    "request/r to nobody has been open since 2026-01-05 (15 days).");
}
END_TEST

START_TEST(what_is_answered_or_waits_for_nothing_is_not_judged)
{
	expect_on("initiative/done {'status': 'DONE'}\n"
	    "request/given {'state': 'GIVEN', 'asked': '2026-01-01'}\nrequest/refused {'state': 'REFUSED', 'asked': '2026-01-01'}\n"
	    "request/back {'state': 'WITHDRAWN', 'asked': '2026-01-01'}\nrequest/over {'work': 'done', 'asked': '2026-01-01'}\n",
	    "2026-03-31", "rhythm/request-blocked", "");
}
END_TEST

START_TEST(the_work_that_waits_has_its_rank)
{
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", "person/boss {}\ninitiative/a {}\ninitiative/i {'status': 'ACTIVE'}\n"
	    "workstream/w {'initiative': 'i', 'status': 'ACTIVE'}\n"
	    "request/r {'to': 'boss', 'work': 'workstream/w', 'asked': '2026-03-01'}\n");
	plan_text_apply(&text, "2026-01-06",
	    "{'place': {'item': 'a', 'last': true}}, {'place': {'item': 'i', 'last': true}}");
	check_text_says(&text, "2026-03-20", "rhythm/request-blocked",
	    "request/r to person/boss has been open since 2026-03-01 (19 days); workstream/w waits for it, rank 2.");
	plan_text_fini(&text);
}
END_TEST

/* clang-format on */

int
main(void)
{
	Suite *suite = suite_create("rhythm_meet");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, a_meeting_may_be_three_days_late);
	tcase_add_test(tc, a_meeting_that_is_retracted_or_still_ahead_was_not_held);
	tcase_add_test(tc, without_a_cadence_it_cannot_be_judged);
	tcase_add_test(tc, each_customer_effort_has_a_seat);
	tcase_add_test(tc, a_seat_is_held_by_one_who_is_here);
	tcase_add_test(tc, a_plan_without_any_review_is_told_once);
	tcase_add_test(tc, each_quarter_has_its_room);
	tcase_add_test(tc, a_room_that_begins_later_is_not_judged_before);
	tcase_add_test(tc, the_quarter_may_be_the_plans_own);
	tcase_add_test(tc, a_request_is_answered_within_fourteen_days_or_by_its_day);
	tcase_add_test(tc, what_is_answered_or_waits_for_nothing_is_not_judged);
	tcase_add_test(tc, the_work_that_waits_has_its_rank);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
