/* When standing meetings are due: days worked out by hand on a paper calendar. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/rhythm/cadence.h"
#include "server/plan/view.h"
#include "tests/support/plan_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

static struct plan_text text;
static struct index ix;
static struct cadence cadence;

static void
begin(const char *lines, const char *today)
{
	struct err err = {0};
	int32_t day;

	ck_assert(date_parse(today, &day));
	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", lines);
	ck_assert(index_init(&ix, plan_text_view(&text), day, ROLES_ALL, NULL, NULL, &err));
	ck_assert(cadence_init(&cadence, &ix, &err));
}

static void
end(void)
{
	cadence_fini(&cadence);
	index_fini(&ix);
	plan_text_fini(&text);
}

/* The next days of review/r, "planned>due" where they differ; "-" none. */
static void
expect(const char *lines, const char *today, unsigned count, const char *expected)
{
	const struct meeting_plan *plan;
	int32_t day = DATE_NONE;
	char got[600] = "", planned[DATE_TEXT_LEN], due[DATE_TEXT_LEN];

	begin(lines, today);
	plan = cadence_of(&cadence, plan_text_slot(&text, "review/r"));
	ck_assert_ptr_nonnull(plan);
	for (unsigned n = 0; n < count; n++) {
		day = n == 0 ? plan->planned : cadence_next(&cadence, plan, day);
		date_format(day, planned);
		date_format(cadence_day(plan, day), due);
		if (n > 0)
			strcat(got, " ");
		strcat(got, day == DATE_NONE ? "-" : planned);
		if (strcmp(planned, due) != 0)
			strcat(strcat(got, ">"), due);
		if (n == 0)
			ck_assert_int_eq(plan->due, cadence_day(plan, day));
	}
	ck_assert_str_eq(got, expected);
	end();
}

#define HELD(id, at) "meeting/" id " {} {'about': 'review/r', 'at': '" at "'}\n"

START_TEST(the_next_one_follows_the_last_one_held)
{
	/* 5 January 2026 is a Monday, and so is every fourteenth day after it. */
	const char *fortnight = "review/r {'every_days': 14, 'first_day': '2026-01-05'}\n";

	expect(fortnight, "2026-01-05", 3, "2026-01-05 2026-01-19 2026-02-02");
	expect("review/r {'every_days': 14, 'first_day': '2026-01-05'}\n" HELD("a", "2026-01-05") HELD("b", "2026-01-20"),
	    "2026-01-21", 2, "2026-02-03 2026-02-17");
	/* What is planned for tomorrow was not held yet; what was held late moves those behind it. */
	expect("review/r {'every_days': 14, 'first_day': '2026-01-05'}\n" HELD("a", "2026-01-05") HELD("b", "2026-01-20"),
	    "2026-01-19", 1, "2026-01-19");
	/* In any order in the plan: the newest counts. */
	expect("review/r {'every_days': 7}\n" HELD("a", "2026-02-17") HELD("b", "2026-02-03"), "2026-03-01", 1, "2026-02-24");
}
END_TEST

START_TEST(month_ends_and_leap_years_are_days_like_others)
{
	/* 30 days after 30 January 2026 (a Friday): 1 March is a Sunday, so Monday 2 March; then 31 March, a Tuesday. */
	expect("review/r {'every_days': 30, 'first_day': '2026-01-30'}\n" HELD("a", "2026-01-30"), "2026-02-01", 2,
	    "2026-03-01>2026-03-02 2026-03-31");
	/* 2028 is a leap year: a day later, 29 February, a Tuesday. */
	expect("review/r {'every_days': 30, 'first_day': '2028-01-30'}\n" HELD("a", "2028-01-30"), "2028-02-01", 1, "2028-02-29");
	/* 365 days after 1 March 2027, over 29 February 2028: 29 February, a Tuesday. */
	expect("review/r {'every_days': 365, 'first_day': '2027-03-01'}\n" HELD("a", "2027-03-01"), "2027-03-02", 1, "2028-02-29");
}
END_TEST

START_TEST(holidays_and_weekends_are_passed_over)
{
	/* Good Friday 3 April 2026 and Easter Monday the 6th; the calendar is that of the owner's team. */
#define EASTER "calendar/c {'working_days': [1,2,3,4,5], 'holidays': ['2026-04-03', '2026-04-06', '2026-05-01']}\n"
	expect(EASTER "review/r {'every_days': 28, 'first_day': '2026-04-03'}\n", "2026-03-01", 3,
	    "2026-04-03>2026-04-07 2026-05-01>2026-05-04 2026-05-29");
	/* Two calendars: that of the team of who calls it; without one Monday to Friday. */
	expect(EASTER "calendar/d {'working_days': [6,7]}\nteam/t {'calendar': 'd'}\nperson/p {'team': 't'}\n"
	    "review/r {'every_days': 7, 'first_day': '2026-04-03'} {'owners': ['p']}\n", "2026-03-01", 1, "2026-04-03>2026-04-04");
	expect(EASTER "calendar/d {'working_days': [6,7]}\nreview/r {'every_days': 7, 'first_day': '2026-04-04'}\n",
	    "2026-03-01", 1, "2026-04-04>2026-04-06");
}
END_TEST

START_TEST(clocks_that_change_move_no_day)
{
	/* 29 March 2026: Europe's clocks go forward; 25 October: back. Days are civil, so nothing moves. */
	expect("calendar/all {'working_days': [1,2,3,4,5,6,7]}\nreview/r {'every_days': 1}\n" HELD("a", "2026-03-28T23:59:59Z"),
	    "2026-03-29", 3, "2026-03-29 2026-03-30 2026-03-31");
	expect("calendar/all {'working_days': [1,2,3,4,5,6,7]}\nreview/r {'every_days': 1}\n" HELD("a", "2026-10-24T22:30:00Z"),
	    "2026-10-25", 3, "2026-10-25 2026-10-26 2026-10-27");
}
END_TEST

START_TEST(a_later_first_day_begins_it_anew)
{
	expect("review/r {'every_days': 7, 'first_day': '2026-05-04'}\n" HELD("a", "2026-02-02"), "2026-03-01", 2,
	    "2026-05-04 2026-05-11");
	/* Once, without a cadence. */
	expect("review/r {'first_day': '2026-05-04'}\n", "2026-03-01", 2, "2026-05-04 -");
	expect("review/r {'first_day': '2026-05-04'}\n" HELD("a", "2026-05-04"), "2026-05-05", 1, "-");
	expect("review/r {}\n", "2026-03-01", 1, "-");
	/* Never held, and no first day: from the day on which it came into the plan, 5 January. */
	expect("review/r {'every_days': 7}\n", "2026-03-01", 1, "2026-01-12");
}
END_TEST

START_TEST(a_customer_room_is_due_by_the_end_of_each_quarter)
{
	/* Civil quarters: 31 March 2026 is a Tuesday; 30 June too; 30 September a Wednesday; 31 December a Thursday. */
	expect("review/r {'type': 'CUSTOMER_ROOM'}\n", "2026-01-10", 4, "2026-03-31 2026-06-30 2026-09-30 2026-12-31");
	expect("review/r {'type': 'CUSTOMER_ROOM'}\n" HELD("a", "2026-03-10"), "2026-03-31", 1, "2026-06-30");
	/* Back, not forward: 31 January 2027 is a Sunday, the end of a fiscal quarter. */
	expect("period/q4 {'first_day': '2026-11-01', 'last_day': '2027-01-31'}\n"
	    "review/r {'type': 'CUSTOMER_ROOM', 'first_day': '2026-11-20'}\n", "2026-11-21", 1, "2027-01-31>2027-01-29");
	/* A cadence of its own goes before. */
	expect("review/r {'type': 'CUSTOMER_ROOM', 'every_days': 91, 'first_day': '2026-01-12'}\n" HELD("a", "2026-01-12"),
	    "2026-02-01", 1, "2026-04-13");
}
END_TEST

START_TEST(the_years_after_the_last_one_have_no_meetings)
{
	expect("review/r {'every_days': 3660, 'first_day': '9999-12-27'}\n", "2026-03-01", 2, "9999-12-27 -");
	expect("review/r {'type': 'CUSTOMER_ROOM', 'first_day': '9999-12-27'}\n", "2026-03-01", 2, "9999-12-31 -");
}
END_TEST

START_TEST(what_was_missed_is_passed_over)
{
	const struct meeting_plan *plan;
	char day[DATE_TEXT_LEN];

	/* Due since 12 January, every week: on 3 March the next one behind today is that of 9 March. */
	begin("review/r {'every_days': 7}\nreview/q {'type': 'CUSTOMER_ROOM', 'first_day': '0001-01-01'}\n", "2026-03-03");
	plan = cadence_of(&cadence, plan_text_slot(&text, "review/r"));
	ck_assert_str_eq(date_format(cadence_next(&cadence, plan, ix.today), day), "2026-03-09");
	ck_assert_str_eq(date_format(cadence_next(&cadence, plan, date_from_civil(2026, 3, 9)), day), "2026-03-16");
	plan = cadence_of(&cadence, plan_text_slot(&text, "review/q"));
	ck_assert_str_eq(date_format(plan->due, day), "0001-03-30");
	ck_assert_str_eq(date_format(cadence_next(&cadence, plan, ix.today), day), "2026-03-31");
	end();
}
END_TEST

START_TEST(quarters_are_the_plans_own_where_it_has_them)
{
	char day[DATE_TEXT_LEN];
	struct quarter quarter;

	/* A year of 4-4-5 weeks; a half year is no quarter. */
	begin("period/q1 {'first_day': '2025-12-29', 'last_day': '2026-03-29'}\n"
	    "period/h1 {'first_day': '2025-12-29', 'last_day': '2026-06-28'}\nreview/r {}\n", "2026-03-01");
	quarter = cadence_quarter(&cadence, date_from_civil(2025, 12, 29));
	ck_assert_str_eq(date_format(quarter.last, day), "2026-03-29");
	ck_assert_uint_eq(quarter.period, plan_text_slot(&text, "period/q1"));
	quarter = cadence_quarter(&cadence, date_from_civil(2026, 3, 30));
	ck_assert_str_eq(date_format(quarter.first, day), "2026-01-01");
	ck_assert_uint_eq(quarter.period, SLOT_NONE);
	quarter = cadence_quarter(&cadence, date_from_civil(2026, 12, 31));
	ck_assert_str_eq(date_format(quarter.first, day), "2026-10-01");
	ck_assert_str_eq(date_format(quarter.last, day), "2026-12-31");
	end();
}
END_TEST

/* clang-format on */

int
main(void)
{
	Suite *suite = suite_create("cadence");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, the_next_one_follows_the_last_one_held);
	tcase_add_test(tc, month_ends_and_leap_years_are_days_like_others);
	tcase_add_test(tc, holidays_and_weekends_are_passed_over);
	tcase_add_test(tc, clocks_that_change_move_no_day);
	tcase_add_test(tc, a_later_first_day_begins_it_anew);
	tcase_add_test(tc, a_customer_room_is_due_by_the_end_of_each_quarter);
	tcase_add_test(tc, the_years_after_the_last_one_have_no_meetings);
	tcase_add_test(tc, what_was_missed_is_passed_over);
	tcase_add_test(tc, quarters_are_the_plans_own_where_it_has_them);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
