/*
 * The plan as a problem for strict priority, and its schedule. Worked out by hand; today, day 0, is Wednesday 2026-04-15, so days
 * 3 and 4 are a weekend.
 */
#include <check.h>
#include <stdlib.h>

#include "server/insight/schedule/plan_schedule.h"
#include "server/limits.h"
#include "tests/support/plan_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

#define QUARTERS                                                                                   \
	"period/q2 {'first_day': '2026-04-01', 'last_day': '2026-06-30'}\n"                        \
	"period/q3 {'first_day': '2026-07-01', 'last_day': '2026-09-30'}\n"
#define PEOPLE                                                                                     \
	"team/t {}\n"                                                                              \
	"person/anna {'team': 't', 'capacity': '400'}\n"                                           \
	"person/ben {'team': 't', 'absences': [{'first_day': '2026-04-24', 'last_day': '2026-04-24'}]}\n"

struct made {
	struct plan_text text;
	struct index ix;
	struct load *load;
	struct plan_schedule *plan;
	struct schedule *schedule;
};

static struct err err;

static void
open_plan(struct made *m, int32_t last, const char *lines, const char *changes)
{
	const struct schedule_policy policy = {.backfill = true, .tries = 50};
	int32_t today;

	*m = (struct made){0};
	ck_assert(date_parse("2026-04-15", &today));
	plan_text_init(&m->text);
	plan_text_put(&m->text, "2026-01-05", lines);
	if (changes != NULL)
		plan_text_apply(&m->text, "2026-01-06", changes);
	ck_assert(index_init(&m->ix, plan_text_view(&m->text), today, ROLE_BIT(ROLE_PART_OF), NULL, NULL, &err));
	m->load = load_run_asks(&m->ix, NULL, NULL, &err);
	ck_assert(m->load != NULL);
	m->plan = plan_schedule_new(&m->ix, m->load, today + last, &err);
	ck_assert_msg(m->plan != NULL, "%s", err.msg);
	m->schedule = schedule_run(&m->plan->problem, &policy, &err);
	ck_assert_msg(m->schedule != NULL, "%s", err.msg);
}

static void
close_plan(struct made *m)
{
	schedule_free(m->schedule);
	plan_schedule_free(m->plan);
	load_free(m->load);
	index_fini(&m->ix);
	plan_text_fini(&m->text);
}

static int32_t
gives(struct made *m, const char *who, int32_t day)
{
	uint32_t row = load_row_of(m->load, plan_text_slot(&m->text, who));

	return m->plan->capacity[(int32_t)row * m->plan->problem.days + day];
}

static void
is_at(struct made *m, const char *work, enum plan_stage stage, int32_t start, int32_t finish)
{
	uint32_t number = m->plan->number[plan_text_slot(&m->text, work)];
	const struct schedule_result *result;

	ck_assert_uint_ne(number, SCHEDULE_NONE);
	result = &m->schedule->work[number * PLAN_STAGES + stage];
	ck_assert_msg(result->start == start && result->finish == finish, "%s: %d to %d, not %d to %d",
	    work, result->start, result->finish, start, finish);
}

/* Anna gives 80 a day, Ben 100 and is away on Friday 24 (day 9), their team both; nobody anything on Saturday 18 (day 3). */
START_TEST(days_have_what_people_give)
{
	struct made m;

	open_plan(&m, 9, QUARTERS PEOPLE, NULL);
	ck_assert_int_eq(m.plan->problem.days, 10);
	for (int32_t day = 0; day < 10; day++) {
		bool off = day == 3 || day == 4;

		ck_assert_int_eq(gives(&m, "person/anna", day), off ? 0 : 80);
		ck_assert_int_eq(gives(&m, "person/ben", day), off || day == 9 ? 0 : 100);
		ck_assert_int_eq(gives(&m, "team/t", day), off ? 0 : day == 9 ? 80 : 180);
	}
	close_plan(&m);
}
END_TEST

/*
 * 9,000 stated for the 66 days of the third quarter, which begins on day 77: 136 by the end of the first, 272, 409. Behind it (from day
 * 169 on, a Thursday) what the members give.
 */
START_TEST(stated_capacity_is_spread_and_adds_up)
{
	struct made m;
	int64_t sum = 0;

	open_plan(&m, 180, QUARTERS
	    "team/t {'capacities': [{'period': 'q3', 'effort': '9000'}]}\n"
	    "person/p {'team': 't'}\n", NULL);
	ck_assert_int_eq(gives(&m, "team/t", 76), 100);
	ck_assert_int_eq(gives(&m, "team/t", 77), 136);
	ck_assert_int_eq(gives(&m, "team/t", 78), 136);
	ck_assert_int_eq(gives(&m, "team/t", 79), 137);
	for (int32_t day = 77; day < 169; day++)
		sum += gives(&m, "team/t", day);
	ck_assert_int_eq(sum, 9000);
	ck_assert_int_eq(gives(&m, "team/t", 169), 100);
	ck_assert_int_eq(gives(&m, "person/p", 169), 100);
	close_plan(&m);
}
END_TEST

#define WORK                                                                                       \
	QUARTERS PEOPLE                                                                            \
	"initiative/a {'status': 'ACTIVE', 'needs': [{'who': 't', 'effort': '360'}]}\n"            \
	"initiative/b {'status': 'ACTIVE', 'periods': ['q3']}\n"                                   \
	"task/b1 {'initiative': 'b', 'effort': '160', 'members': ['anna']}\n"                      \
	"initiative/c {'status': 'ACTIVE', 'after': ['a'], 'estimate': {'likely': '100'}, 'members': ['ben']}\n" \
	"initiative/d {'status': 'APPROVED', 'after': ['p'], 'estimate': {'likely': '50'}, 'members': ['ben']}\n" \
	"initiative/p {'status': 'PAUSED', 'estimate': {'likely': '50'}, 'members': ['ben']}\n"    \
	"initiative/e {'status': 'ACTIVE', 'after': ['f', 'gone'], 'start': '2026-04-23', 'estimate': {'likely': '100'}, 'members': ['ben']}\n" \
	"initiative/f {'status': 'DONE'}\n"                                                        \
	"initiative/g {'status': 'ACTIVE'}\n"                                                      \
	"allocation/s {'who': 'ben', 'initiative': 'g', 'share': 0.5}\n"                           \
	"task/alone {'effort': '100', 'members': ['ben']}\n"
#define RANKED(first, second)                                                                      \
	"{'place': {'item': '" first "', 'last': true}}, {'place': {'item': '" second "', 'last': true}}, " \
	"{'place': {'item': 'c', 'last': true}}"

#define RANKED2(first, second)                                                                     \
	"{'place': {'item': '" first "', 'last': true}}, {'place': {'item': '" second "', 'last': true}}"

/*
 * a takes all of the team on days 0 and 1. b's task takes Anna on 2 and, behind the weekend, 5: that its period is the third quarter
 * holds nothing up. c waits for a: Ben on 2. e starts on the 23rd. What is a part of nothing comes last: Ben on 5.
 */
START_TEST(ranks_prerequisites_and_parts_hold)
{
	struct made m;

	open_plan(&m, 30, WORK, RANKED("a", "b"));
	ck_assert_uint_eq(m.plan->count, 8);
	ck_assert_uint_eq(m.plan->problem.initiatives, 7);
	ck_assert_uint_eq(m.plan->heads[0], plan_text_slot(&m.text, "initiative/a"));
	ck_assert_uint_eq(m.plan->heads[2], plan_text_slot(&m.text, "initiative/c"));
	ck_assert_uint_eq(m.plan->heads[6], plan_text_slot(&m.text, "task/alone"));
	ck_assert_uint_eq(m.plan->unknown, 1);
	is_at(&m, "initiative/a", PLAN_EFFORT, 0, 2);
	is_at(&m, "task/b1", PLAN_EFFORT, 2, 6);
	is_at(&m, "initiative/b", PLAN_BEGIN, 0, 0);
	is_at(&m, "initiative/b", PLAN_END, 6, 6);
	is_at(&m, "initiative/c", PLAN_EFFORT, 2, 3);
	is_at(&m, "initiative/e", PLAN_EFFORT, 8, 9);
	is_at(&m, "task/alone", PLAN_EFFORT, 5, 6);
	is_at(&m, "initiative/d", PLAN_EFFORT, SCHEDULE_BEYOND, SCHEDULE_BEYOND);
	ck_assert_uint_eq(m.schedule->line, 3);
	ck_assert_int_eq(m.schedule->initiative[1].finish, 6);
	close_plan(&m);
}
END_TEST

/* b first: Anna on 0 and 1; a gets 100, 100 and 160 of the 180 of day 2; c waits for it: Ben on 5. */
START_TEST(another_order_is_another_schedule)
{
	struct made m;

	open_plan(&m, 30, WORK, RANKED("b", "a"));
	is_at(&m, "task/b1", PLAN_EFFORT, 0, 2);
	is_at(&m, "initiative/a", PLAN_EFFORT, 0, 3);
	is_at(&m, "initiative/c", PLAN_EFFORT, 5, 6);
	close_plan(&m);
}
END_TEST

/* What is asked of the team for the whole has its member's part in it: 160 of 360. Anna does it on days 0 and 1, the team the rest. */
START_TEST(parts_are_in_the_whole)
{
	struct made m;

	open_plan(&m, 30, QUARTERS PEOPLE
	    "initiative/a {'status': 'ACTIVE', 'needs': [{'who': 't', 'effort': '360'}]}\n"
	    "task/a1 {'initiative': 'a', 'effort': '160', 'members': ['anna']}\n", NULL);
	ck_assert_uint_eq(m.plan->problem.needs, 2);
	ck_assert_int_eq(m.plan->need[0].effort + m.plan->need[1].effort, 360);
	ck_assert_int_eq(m.schedule->initiative[0].finish, 2);
	close_plan(&m);
}
END_TEST

/* a and its own part wait for each other: neither is ever done, and the plan's other work is. */
START_TEST(circles_are_left_out)
{
	struct made m;

	open_plan(&m, 30, QUARTERS PEOPLE
	    "initiative/a {'status': 'ACTIVE', 'after': ['b'], 'estimate': {'likely': '100'}, 'members': ['ben']}\n"
	    "initiative/b {'status': 'ACTIVE', 'after': ['a']}\n"
	    "initiative/c {'status': 'ACTIVE', 'estimate': {'likely': '100'}, 'members': ['ben']}\n", NULL);
	is_at(&m, "initiative/a", PLAN_EFFORT, SCHEDULE_BEYOND, SCHEDULE_BEYOND);
	is_at(&m, "initiative/b", PLAN_END, SCHEDULE_BEYOND, SCHEDULE_BEYOND);
	is_at(&m, "initiative/c", PLAN_EFFORT, 0, 1);
	close_plan(&m);
}
END_TEST

START_TEST(the_horizon_has_limits)
{
	struct made m;

	open_plan(&m, 0, QUARTERS PEOPLE, NULL);
	ck_assert_int_eq(m.plan->problem.days, 1);
	ck_assert_ptr_null(plan_schedule_new(&m.ix, m.load, m.ix.today - 1, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_ptr_null(plan_schedule_new(&m.ix, m.load, m.ix.today + LIMIT_SCHEDULE_DAYS, &err));
	ck_assert_int_eq(err.code, ERR_LIMIT);
	close_plan(&m);
}
END_TEST

static int64_t
booked(struct made *m, const char *work, const char *who, int32_t day)
{
	uint32_t number = m->plan->number[plan_text_slot(&m->text, work)] * PLAN_STAGES + PLAN_EFFORT;
	uint32_t row = load_row_of(m->load, plan_text_slot(&m->text, who));
	int64_t sum = 0;

	for (size_t b = 0; b < m->schedule->bookings_count; b++)
		if (m->schedule->bookings[b].work == number && m->schedule->bookings[b].giver == row &&
		    m->schedule->bookings[b].day == day)
			sum += m->schedule->bookings[b].effort;
	return sum;
}

/*
 * Ben has one skill, Anna two, Cleo three: they give in this order. a takes all of them on day 0 and 20 more of Ben on day 1. b may take
 * half a day of the team's: 50 of Ben and 40 of Anna on day 1, 10 of Ben on day 2. c has its own need of Anna beside: 40 of hers on day 1,
 * and 30 of whoever has rust: what Ben has left on day 1.
 */
START_TEST(skills_are_given_by_those_who_have_them)
{
	struct made m;

	open_plan(&m, 30, QUARTERS
	    "team/t {}\n"
	    "person/anna {'team': 't', 'capacity': '400', 'skills': ['rust', 'design']}\n"
	    "person/ben {'team': 't', 'skills': ['Rust']}\n"
	    "person/cleo {'skills': ['rust', 'a', 'b', 'B']}\n"
	    "person/dan {'team': 't', 'skills': ['law']}\n"
	    "initiative/a {'status': 'ACTIVE', 'needs': [{'skill': 'rust', 'effort': '300'}]}\n"
	    "initiative/b {'status': 'ACTIVE', 'needs': [{'who': 't', 'skill': 'rust', 'effort': '100', 'most_share': 0.5}]}\n"
	    "task/c {'needs': [{'who': 'person/anna', 'skill': 'Design', 'effort': '40', 'whole': true}, {'skill': 'rust', 'effort': '30'}]}\n",
	    RANKED2("a", "b"));
	is_at(&m, "initiative/a", PLAN_EFFORT, 0, 2);
	ck_assert_int_eq(booked(&m, "initiative/a", "person/ben", 0), 100);
	ck_assert_int_eq(booked(&m, "initiative/a", "person/anna", 0), 80);
	ck_assert_int_eq(booked(&m, "initiative/a", "person/cleo", 0), 100);
	ck_assert_int_eq(booked(&m, "initiative/a", "person/ben", 1), 20);
	is_at(&m, "initiative/b", PLAN_EFFORT, 1, 3);
	ck_assert_int_eq(booked(&m, "initiative/b", "person/ben", 1), 50);
	ck_assert_int_eq(booked(&m, "initiative/b", "person/anna", 1), 40);
	ck_assert_int_eq(booked(&m, "initiative/b", "person/ben", 2), 10);
	is_at(&m, "task/c", PLAN_EFFORT, 1, 2);
	ck_assert_int_eq(booked(&m, "task/c", "person/anna", 1), 40);
	ck_assert_int_eq(booked(&m, "task/c", "person/ben", 1), 30);
	ck_assert_uint_eq(m.plan->problem.pools, 3 + 2); /* of all, and of the team */
	for (uint32_t n = 0; n < m.plan->problem.needs; n++)
		ck_assert_uint_eq(m.plan->need[n].is_whole,
		    m.plan->need[n].pool_count == 0); /* Anna's alone */
	close_plan(&m);
}
END_TEST

static void
is_never(struct made *m, const char *work, const char *why)
{
	uint32_t number = m->plan->number[plan_text_slot(&m->text, work)] * PLAN_STAGES + PLAN_EFFORT;
	struct schedule_why waits;
	struct str said;

	str_init(&said, 256);
	is_at(m, work, PLAN_EFFORT, SCHEDULE_BEYOND, SCHEDULE_BEYOND);
	ck_assert(schedule_why(m->schedule, &m->plan->problem, number, &waits, &err));
	ck_assert(waits.never);
	ck_assert_uint_eq(waits.giver, SCHEDULE_NONE);
	ck_assert(plan_need_why(m->plan, &m->ix, m->load, waits.need, &said));
	ck_assert_str_eq(said.data, why);
	str_fini(&said);
}

START_TEST(what_nobody_can_give_is_named)
{
	struct made m;
	struct str said;

	open_plan(&m, 30, QUARTERS
	    "team/t {}\nperson/ben {'team': 't', 'skills': ['rust']}\nperson/cleo {'skills': ['law']}\n"
	    "task/a {'needs': [{'skill': 'cobol', 'effort': '100'}]}\n"
	    "task/b {'needs': [{'who': 't', 'skill': 'law', 'effort': '100'}]}\n"
	    "task/c {'needs': [{'who': 'person/cleo', 'skill': 'Rust', 'effort': '100'}]}\n"
	    "task/d {'needs': [{'who': 't', 'effort': '100', 'least_share': 0.5, 'most_share': 0.2}]}\n"
	    "task/e {'needs': [{'who': 't', 'effort': '100', 'most_share': 0}]}\n"
	    "task/f {'needs': [{'who': 't', 'effort': '100', 'most_share': 1, 'least_share': 1}]}\n", NULL);
	is_never(&m, "task/a", "nobody has the skill \"cobol\"");
	is_never(&m, "task/b", "nobody in team/t has the skill \"law\"");
	is_never(&m, "task/c", "person/cleo does not have the skill \"Rust\"");
	is_never(&m, "task/d", "at least 50 % of a day is more than at most 20 %");
	is_never(&m, "task/e", "at most 0 % of a day may go into it");
	is_at(&m, "task/f", PLAN_EFFORT, 0, 1);
	str_init(&said, 256);
	ck_assert(plan_need_why(m.plan, &m.ix, m.load, m.schedule->bookings[0].need, &said));
	ck_assert_uint_eq(said.len, 0);
	str_fini(&said);
	close_plan(&m);
}
END_TEST

/*
 * y begins three days behind x, on Sunday, works on Monday and takes ten days in all; m comes behind it. d was done on Monday 13th, z
 * comes ten days behind: on Friday 24th (day 9). s began five days ago and takes ten; w would have, but waits for x.
 */
START_TEST(lags_and_durations_pass)
{
	struct made m;

	open_plan(&m, 60, QUARTERS PEOPLE
	    "task/x {'effort': '100', 'members': ['ben']}\n"
	    "task/y {'effort': '100', 'members': ['ben'], 'after_with_lag': [{'work': 'task/x', 'lag_days': 3}], 'duration_days': 10}\n"
	    "milestone/m {'after': ['y'], 'due': '2026-04-20'}\n"
	    "task/d {'done': '2026-04-13'}\n"
	    "task/z {'effort': '80', 'members': ['anna'], 'after_with_lag': [{'work': 'task/d', 'lag_days': 10}], 'after': ['d']}\n"
	    "task/s {'start': '2026-04-10', 'duration_days': 10}\n"
	    "task/old {'start': '2026-01-10', 'duration_days': 10}\n"
	    "task/w {'start': '2026-04-10', 'duration_days': 10, 'after': ['x']}\n", NULL);
	is_at(&m, "task/x", PLAN_END, 1, 1);
	is_at(&m, "task/y", PLAN_BEGIN, 4, 4);
	is_at(&m, "task/y", PLAN_EFFORT, 5, 6);
	is_at(&m, "task/y", PLAN_END, 14, 14);
	is_at(&m, "milestone/m", PLAN_END, 14, 14);
	is_at(&m, "task/z", PLAN_EFFORT, 9, 10);
	is_at(&m, "task/s", PLAN_END, 5, 5);
	is_at(&m, "task/old", PLAN_END, 0, 0);
	is_at(&m, "task/w", PLAN_END, 11, 11);
	close_plan(&m);
}
END_TEST

static int64_t
asked(struct made *m, const char *work)
{
	uint32_t number = m->plan->number[plan_text_slot(&m->text, work)] * PLAN_STAGES + PLAN_EFFORT;
	const struct schedule_work *w = &m->plan->work[number];
	int64_t sum = 0;

	for (uint32_t n = 0; n < w->needs_count; n++)
		sum += m->plan->need[w->needs_first + n].effort;
	return sum;
}

/*
 * Of i, 360 planned, 100 remain: its part speaks for itself, half of 160, so 20 are left of the other 200, as 15 of Anna's 150 and 5 of
 * Ben's 50. j says that a quarter is done, k is all done, l has more to do than was planned. o: what remains is less than its part has; p: of
 * nobody. Old check-ins, and newer ones that say neither, count as they come: the newest only.
 */
START_TEST(what_remains_is_scheduled)
{
	struct made m;

	open_plan(&m, 60, QUARTERS PEOPLE
	    "initiative/i {'status': 'ACTIVE', 'needs': [{'who': 'person/anna', 'effort': '310'}, {'who': 'person/ben', 'effort': '50'}]}\n"
	    "task/i1 {'initiative': 'i', 'effort': '160', 'members': ['anna']}\n"
	    "check-in/i {'status': 'ON_TRACK', 'remaining': '100', 'progress': 0.1} {'about': 'initiative/i', 'at': '2026-04-01', 'by': 'anna'}\n"
	    "check-in/i0 {'status': 'ON_TRACK', 'remaining': '7'} {'about': 'initiative/i', 'at': '2026-03-01', 'by': 'anna'}\n"
	    "check-in/i1 {'status': 'ON_TRACK', 'progress': 0.5} {'about': 'task/i1', 'at': '2026-04-01', 'by': 'anna'}\n"
	    "initiative/j {'status': 'ACTIVE'}\n"
	    "task/j1 {'initiative': 'j', 'effort': '100', 'members': ['ben']}\n"
	    "task/j2 {'initiative': 'j', 'effort': '300', 'members': ['ben']}\n"
	    "check-in/j {'progress': 0.25} {'about': 'initiative/j', 'at': '2026-04-01', 'by': 'anna'}\n"
	    "task/k {'effort': '100', 'members': ['ben']}\n"
	    "check-in/k {'progress': 1} {'about': 'task/k', 'at': '2026-04-01', 'by': 'anna'}\n"
	    "task/l {'effort': '100', 'members': ['ben']}\n"
	    "check-in/l {'remaining': '250'} {'about': 'task/l', 'at': '2026-04-01', 'by': 'anna'}\n"
	    "initiative/o {'status': 'ACTIVE', 'needs': [{'who': 'person/ben', 'effort': '300'}]}\n"
	    "task/o1 {'initiative': 'o', 'effort': '100', 'members': ['ben']}\n"
	    "check-in/o {'remaining': '50'} {'about': 'initiative/o', 'at': '2026-04-01', 'by': 'anna'}\n"
	    "check-in/o1 {'remaining': '90'} {'about': 'task/o1', 'at': '2026-04-01', 'by': 'anna'}\n"
	    "task/p {}\n"
	    "check-in/p {'remaining': '90'} {'about': 'task/p', 'at': '2026-04-01', 'by': 'anna'}\n"
	    "task/q {'effort': '100', 'members': ['ben']}\n"
	    "check-in/q0 {'remaining': '90'} {'about': 'task/q', 'at': '2026-04-01', 'by': 'anna'}\n"
	    "check-in/q1 {'status': 'AT_RISK'} {'about': 'task/q', 'at': '2026-04-02', 'by': 'anna'}\n", NULL);
	ck_assert_int_eq(asked(&m, "task/i1"), 80);
	ck_assert_int_eq(asked(&m, "initiative/i"), 20);
	ck_assert_int_eq(asked(&m, "task/j1") + asked(&m, "task/j2"), 300);
	ck_assert_int_eq(asked(&m, "task/j1"), 75);
	ck_assert_int_eq(asked(&m, "task/k"), 0);
	is_at(&m, "task/k", PLAN_END, 0, 0);
	ck_assert_int_eq(asked(&m, "task/l"), 250);
	ck_assert_int_eq(asked(&m, "initiative/o"), 0);
	ck_assert_int_eq(asked(&m, "task/o1"), 90);
	ck_assert_int_eq(asked(&m, "task/q"), 100);
	ck_assert_uint_eq(m.plan->unknown, 1);
	close_plan(&m);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("plan_schedule");
	TCase *tcase = tcase_create("plan_schedule");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, days_have_what_people_give);
	tcase_add_test(tcase, stated_capacity_is_spread_and_adds_up);
	tcase_add_test(tcase, ranks_prerequisites_and_parts_hold);
	tcase_add_test(tcase, another_order_is_another_schedule);
	tcase_add_test(tcase, parts_are_in_the_whole);
	tcase_add_test(tcase, circles_are_left_out);
	tcase_add_test(tcase, the_horizon_has_limits);
	tcase_add_test(tcase, skills_are_given_by_those_who_have_them);
	tcase_add_test(tcase, what_nobody_can_give_is_named);
	tcase_add_test(tcase, lags_and_durations_pass);
	tcase_add_test(tcase, what_remains_is_scheduled);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
