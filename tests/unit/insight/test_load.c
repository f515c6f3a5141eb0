/*
 * Demand and capacity. All figures are worked out by hand, beside where they stand. Today is 2026-04-15 where nothing
 * else is said; the second quarter of 2026 has 65 days from Monday to Friday (April 22, May 21, June 22), the third 66.
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/insight/load/load.h"
#include "server/insight/load/workdays.h"
#include "tests/support/plan_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

#define QUARTERS                                                                                   \
	"period/q2 {'first_day': '2026-04-01', 'last_day': '2026-06-30'}\n"                        \
	"period/q3 {'first_day': '2026-07-01', 'last_day': '2026-09-30'}\n"

struct table {
	struct plan_text text;
	struct index ix;
	struct load *load;
};

static void
open_on(struct table *t, const char *today, const char *lines)
{
	struct err err;
	int32_t day;

	ck_assert(date_parse(today, &day));
	plan_text_init(&t->text);
	plan_text_put(&t->text, "2026-01-05", lines);
	ck_assert(index_init(&t->ix, plan_text_view(&t->text), day,
	    ROLE_BIT(ROLE_PART_OF) | ROLE_BIT(ROLE_MEMBER) | ROLE_BIT(ROLE_TEAM) | ROLE_BIT(ROLE_WHO),
	    NULL, NULL, &err));
	t->load = load_run(&t->ix, NULL, NULL, &err);
	ck_assert(t->load != NULL);
}

static void
open_table(struct table *t, const char *lines)
{
	open_on(t, "2026-04-15", lines);
}

static void
close_table(struct table *t)
{
	load_free(t->load);
	index_fini(&t->ix);
	plan_text_fini(&t->text);
}

static const struct load_cell *
cell_of(struct table *t, const char *who, const char *period)
{
	uint32_t row = load_row_of(t->load, plan_text_slot(&t->text, who));
	uint32_t slot = plan_text_slot(&t->text, period);

	for (uint32_t c = 0; c < load_columns(t->load); c++) {
		if (load_period(t->load, c) == slot)
			return load_cell(t->load, row, c);
	}
	ck_abort_msg("%s is no column", period);
	return NULL;
}

static void
is_cell(struct table *t, const char *who, const char *period, int64_t demand, int64_t capacity)
{
	const struct load_cell *cell = cell_of(t, who, period);

	ck_assert_msg(cell->demand == demand && cell->capacity == capacity,
	    "%s in %s: %" PRId64 "/%" PRId64 ", expected %" PRId64 "/%" PRId64, who, period,
	    cell->demand, cell->capacity, demand, capacity);
}

static void
is_unplaced(struct table *t, const char *work, int64_t effort, enum load_why why)
{
	uint32_t count;
	const struct load_unplaced *list = load_unplaced(t->load, &count);
	uint32_t slot = plan_text_slot(&t->text, work);

	for (uint32_t i = 0; i < count; i++) {
		if (list[i].work == slot && list[i].effort == effort && list[i].why == why)
			return;
	}
	ck_abort_msg("%s is not among %u unplaced", work, count);
}

static void
none_is_unplaced(struct table *t)
{
	uint32_t count;

	(void)load_unplaced(t->load, &count);
	ck_assert_uint_eq(count, 0);
}

START_TEST(effort_is_spread_over_the_working_days_of_its_time)
{
	struct table t;

	/* 2026-06-22 to 2026-07-03: 7 working days in June, 3 in July; 10 days of effort. */
	open_table(&t, QUARTERS
	    "person/p {}\n"
	    "task/t {'start': '2026-06-22', 'due': '2026-07-03', 'effort': '1000', 'members': ['p']}\n");
	is_cell(&t, "person/p", "period/q2", 700, 6500);
	is_cell(&t, "person/p", "period/q3", 300, 6600);
	none_is_unplaced(&t);
	close_table(&t);
}
END_TEST

/*
 * Anna gives 3.33 a week: until the n-th day 3.33 * n / 5, rounded: 0.67 1.33 2 2.66 3.33, so 0.67 0.66 0.67 0.66 0.67 a day. She is away on
 * Wednesday of the second week: 4.00 4.66 - 5.33 5.99; from there on weeks are alike: 6.66 7.33 7.99 8.66 9.32. From 1 March 2027 on she gives 5.
 * Her team gives what she does.
 */
START_TEST(weeks_behind_all_periods_are_alike)
{
	static const int32_t expected[] = {67, 66, 67, 66, 67, 0, 0, 67, 66, 0, 67, 66, 0, 0, 67, 67, 66, 67, 66, 0, 0, 67, 67, 66, 67,
	    66, 0, 0, 100, 100, 100, 100, 100, 0, 0, 100, 100, 100, 100, 100, 0, 0};
	struct table t;
	int32_t days[42], first;

	ck_assert(date_parse("2027-02-01", &first));
	open_table(&t, QUARTERS "team/t {}\n"
	    "person/anna {'team': 't', 'capacity': 333, 'absences': [{'first_day': '2027-02-10', 'last_day': '2027-02-10'}], "
	    "'capacities': [{'first_day': '2027-03-01', 'capacity': 500}]}\n");
	load_days(t.load, load_row_of(t.load, plan_text_slot(&t.text, "person/anna")), first, first + 41, days);
	for (int i = 0; i < 42; i++)
		ck_assert_msg(days[i] == expected[i], "day %d: %d, not %d", i, days[i], expected[i]);
	load_days(t.load, load_row_of(t.load, plan_text_slot(&t.text, "team/t")), first, first + 41, days);
	ck_assert_mem_eq(days, expected, sizeof expected);
	close_table(&t);
}
END_TEST

START_TEST(no_hundredth_is_lost)
{
	struct table t;

	/* One day over three: a third of it by the end of June, rounded down; the rest behind. */
	open_table(&t, QUARTERS
	    "person/p {}\n"
	    "task/t {'start': '2026-06-30', 'due': '2026-07-02', 'effort': '100', 'members': ['p']}\n");
	is_cell(&t, "person/p", "period/q2", 33, 6500);
	is_cell(&t, "person/p", "period/q3", 67, 6600);
	close_table(&t);
}
END_TEST

/* ---- what is asked */

START_TEST(a_need_asks_its_team)
{
	struct table t;

	open_table(&t, QUARTERS
	    "team/t {}\nteam/with {}\nperson/p {'team': 'with'}\n"
	    "initiative/i {'status': 'ACTIVE', 'periods': ['q2'], 'needs': [{'who': 't', 'effort': '2000'},"
	    " {'who': 'with', 'effort': '300'}, {'who': 'person/p', 'effort': '100'}, {'who': 'with', 'skill': 'x'}]}\n");
	is_cell(&t, "team/t", "period/q2", 2000, 0);
	ck_assert(!cell_of(&t, "team/t", "period/q2")->is_known);
	/* what is needed of p is a part of what is needed of the team */
	is_cell(&t, "person/p", "period/q2", 100, 6500);
	is_cell(&t, "team/with", "period/q2", 300, 6500);
	ck_assert(cell_of(&t, "team/with", "period/q2")->is_known);
	ck_assert_uint_eq(cell_of(&t, "team/with", "period/q2")->count, 2);
	none_is_unplaced(&t);
	close_table(&t);
}
END_TEST

START_TEST(an_allocation_speaks_for_the_one_it_is_about)
{
	struct table t;

	open_table(&t, QUARTERS
	    "team/t {}\nteam/u {}\nteam/v {}\n"
	    "initiative/i {'status': 'APPROVED', 'periods': ['q2'], 'estimate': {'likely': '9999'}, 'needs':"
	    " [{'who': 't', 'effort': '2000'}, {'who': 'u', 'effort': '500'}, {'who': 'v', 'effort': '700'}]}\n"
	    "allocation/a {'who': 'team/t', 'initiative': 'i', 'effort': '1200', 'period': 'q3'}\n"
	    "allocation/b {'who': 'team/v', 'initiative': 'i'}\n" /* says nothing */
	    "allocation/c {'who': 'team/u', 'initiative': 'i', 'effort': '0'}\n");
	is_cell(&t, "team/t", "period/q2", 0, 0);
	is_cell(&t, "team/t", "period/q3", 1200, 0);
	is_cell(&t, "team/u", "period/q2", 500, 0);
	is_cell(&t, "team/v", "period/q2", 700, 0);
	none_is_unplaced(&t);
	close_table(&t);
}
END_TEST

START_TEST(a_share_is_of_what_one_can_give_then)
{
	struct table t;

	open_table(&t, QUARTERS
	    "team/t {'capacities': [{'period': 'q3', 'effort': '9000'}]}\n"
	    "person/p {'team': 't'}\n"
	    "person/away {'absences': [{'first_day': '2026-04-01', 'last_day': '2026-04-14'}]}\n"
	    "initiative/i {'status': 'ACTIVE', 'start': '2026-04-01', 'finish': '2026-04-30'}\n"
	    "initiative/j {'status': 'ACTIVE'}\n"
	    "allocation/a {'who': 'p', 'initiative': 'i', 'share': 0.5}\n"
	    "allocation/b {'who': 'away', 'initiative': 'j', 'share': 0.25, 'period': 'q2'}\n"
	    "allocation/c {'who': 'team/t', 'initiative': 'j', 'share': 0.1, 'period': 'q3'}\n"
	    "allocation/d {'who': 'team/t', 'initiative': 'j', 'share': 0.1}\n");
	/* no period: the initiative's time, April with 22 days; half of 2200 */
	is_cell(&t, "person/p", "period/q2", 1100, 6500);
	/* 10 of the 65 days away: a quarter of 5500 */
	is_cell(&t, "person/away", "period/q2", 1375, 5500);
	is_cell(&t, "team/t", "period/q2", 1100, 6500); /* p's */
	is_cell(&t, "team/t", "period/q3", 900, 9000);
	is_unplaced(&t, "initiative/j", 0, LOAD_NO_TIME);
	close_table(&t);
}
END_TEST

START_TEST(a_booking_counts_for_the_team_once)
{
	struct table t;

	open_table(&t, QUARTERS
	    "team/t {}\nperson/p {'team': 't'}\nperson/q {'team': 't'}\nperson/alone {}\n"
	    "initiative/i {'status': 'ACTIVE', 'periods': ['q2'], 'needs': [{'who': 't', 'effort': '2000'}]}\n"
	    "allocation/a {'who': 'p', 'initiative': 'i', 'effort': '600'}\n"
	    "allocation/b {'who': 'alone', 'initiative': 'i', 'effort': '50'}\n"
	    "initiative/j {'status': 'ACTIVE', 'periods': ['q3'], 'needs': [{'who': 't', 'effort': '500'}]}\n"
	    "allocation/c {'who': 'q', 'initiative': 'j', 'effort': '800'}\n");
	is_cell(&t, "person/p", "period/q2", 600, 6500);
	is_cell(&t, "person/alone", "period/q2", 50, 6500);
	is_cell(&t, "team/t", "period/q2", 2000, 13000); /* 600 by p, 1400 by whom it will be */
	is_cell(&t, "team/t", "period/q3", 800, 13200);  /* more than was asked of the team */
	close_table(&t);
}
END_TEST

START_TEST(a_part_is_within_the_whole)
{
	struct table t;

	open_table(&t, QUARTERS
	    "team/t {}\nperson/p {'team': 't'}\n"
	    "initiative/i {'status': 'ACTIVE', 'periods': ['q2'], 'needs': [{'who': 't', 'effort': '1000'}]}\n"
	    "workstream/w {'initiative': 'i', 'status': 'ACTIVE', 'needs': [{'who': 't', 'effort': '400'}]}\n"
	    "milestone/m {'initiative': 'workstream/w'}\n"
	    "task/a {'initiative': 'milestone/m', 'effort': '150', 'members': ['p']}\n"
	    "allocation/p {'who': 'p', 'initiative': 'i', 'effort': '200'}\n"
	    "initiative/j {'status': 'ACTIVE', 'periods': ['q3'], 'estimate': {'likely': '700'}, 'members': ['p']}\n"
	    "task/b {'initiative': 'j', 'effort': '150', 'members': ['p']}\n"
	    "task/c {'initiative': 'j', 'effort': '30', 'members': ['p'], 'done': '2026-04-01'}\n"
	    "initiative/k {'status': 'ACTIVE', 'periods': ['q3'], 'estimate': {'likely': '70'}, 'members': ['p']}\n"
	    "task/d {'initiative': 'k', 'effort': '30', 'members': ['p'], 'done': '2026-04-01'}\n"
	    "initiative/l {'status': 'ACTIVE', 'periods': ['q3'], 'estimate': {'likely': '11'}, 'members': ['p']}\n"
	    "workstream/v {'initiative': 'l', 'estimate': {'likely': '30'}, 'members': ['p']}\n");
	/* the 150 of the task are within the 200 of the allocation */
	is_cell(&t, "person/p", "period/q2", 200, 6500);
	/* 150 by p for the task, 250 more for the workstream; 50 more by p, 550 more for the initiative */
	is_cell(&t, "team/t", "period/q2", 1000, 6500);
	/* j and k: parts with effort speak for the estimate, done or not; l: a part that is only proposed does not */
	is_cell(&t, "person/p", "period/q3", 150 + 11, 6600);
	none_is_unplaced(&t);
	close_table(&t);
}
END_TEST

START_TEST(an_estimate_is_shared_by_the_members)
{
	struct table t;

	open_table(&t, QUARTERS
	    "person/p {}\nperson/q {}\nperson/r {}\n"
	    "initiative/i {'status': 'ACTIVE', 'periods': ['q2'], 'estimate': {'likely': '1000'},"
	    " 'members': ['p', 'q', 'nobody', 'p', 'r']}\n"
	    "workstream/none {'initiative': 'i', 'status': 'ACTIVE'}\n"
	    "initiative/j {'status': 'ACTIVE', 'periods': ['q2'], 'estimate': {'likely': '70'}}\n"
	    "task/t {'effort': '5', 'members': ['nobody']}\n");
	is_cell(&t, "person/p", "period/q2", 333, 6500);
	is_cell(&t, "person/q", "period/q2", 333, 6500);
	is_cell(&t, "person/r", "period/q2", 334, 6500);
	is_unplaced(&t, "initiative/j", 70, LOAD_NOBODY);
	is_unplaced(&t, "task/t", 5, LOAD_NOBODY);
	close_table(&t);
}
END_TEST

START_TEST(only_what_is_under_way_asks)
{
	struct table t;

	open_table(&t, QUARTERS
	    "person/p {}\n"
	    "initiative/a {'status': 'PROPOSED', 'periods': ['q2'], 'estimate': {'likely': '1'}, 'members': ['p']}\n"
	    "task/a {'initiative': 'a', 'effort': '2', 'members': ['p']}\n"
	    "initiative/b {'periods': ['q2'], 'estimate': {'likely': '4'}, 'members': ['p']}\n"
	    "initiative/c {'status': 'PAUSED', 'periods': ['q2'], 'estimate': {'likely': '8'}, 'members': ['p']}\n"
	    "initiative/d {'status': 'DONE', 'periods': ['q2'], 'estimate': {'likely': '16'}, 'members': ['p']}\n"
	    "initiative/e {'status': 'STOPPED', 'periods': ['q2'], 'estimate': {'likely': '32'}, 'members': ['p']}\n"
	    "initiative/f {'status': 'ACTIVE', 'periods': ['q2']}\n"
	    "workstream/f {'initiative': 'f', 'estimate': {'likely': '64'}, 'members': ['p']}\n"
	    "task/f {'initiative': 'f', 'effort': '128', 'members': ['p'], 'done': '2026-04-10'}\n"
	    "initiative/g {'status': 'APPROVED', 'periods': ['q2'], 'estimate': {'likely': '256'}, 'members': ['p']}\n"
	    "task/h {'start': '2026-04-01', 'due': '2026-04-20', 'effort': '512', 'members': ['p']}\n"
	    "workstream/i {'initiative': 'gone', 'status': 'ACTIVE', 'periods': ['q2'], 'estimate': {'likely': '1024'}, 'members': ['p']}\n");
	is_cell(&t, "person/p", "period/q2", 256 + 512 + 1024, 6500);
	ck_assert(load_is_running(&t.ix, plan_text_slot(&t.text, "task/h")));
	ck_assert(!load_is_running(&t.ix, plan_text_slot(&t.text, "task/a")));
	ck_assert(!load_is_running(&t.ix, plan_text_slot(&t.text, "task/f")));
	ck_assert(!load_is_running(&t.ix, plan_text_slot(&t.text, "workstream/f")));
	ck_assert(load_is_running(&t.ix, plan_text_slot(&t.text, "initiative/f")));
	none_is_unplaced(&t);
	close_table(&t);
}
END_TEST

START_TEST(time_comes_from_what_it_is_a_part_of)
{
	struct table t;

	open_table(&t, QUARTERS
	    "person/p {}\n"
	    "initiative/i {'status': 'ACTIVE', 'periods': ['q3', 'q2']}\n"
	    "workstream/w {'initiative': 'i', 'status': 'ACTIVE', 'start': '2026-06-29'}\n"
	    "task/t {'initiative': 'workstream/w', 'due': '2026-07-03', 'effort': '500', 'members': ['p']}\n");
	/* Monday to Friday, two days of it in June */
	is_cell(&t, "person/p", "period/q2", 200, 6500);
	is_cell(&t, "person/p", "period/q3", 300, 6600);
	ck_assert_int_eq(load_start(&t.ix, plan_text_slot(&t.text, "task/t")), date_from_civil(2026, 6, 29));
	ck_assert_int_eq(load_finish(&t.ix, plan_text_slot(&t.text, "workstream/w")), date_from_civil(2026, 9, 30));
	ck_assert_int_eq(load_start(&t.ix, plan_text_slot(&t.text, "initiative/i")), date_from_civil(2026, 4, 1));
	close_table(&t);
}
END_TEST

START_TEST(what_lies_nowhere_is_told)
{
	struct table t;

	open_table(&t, QUARTERS
	    "person/p {}\n"
	    "task/no-time {'due': '2026-05-01', 'effort': '10', 'members': ['p']}\n"
	    "task/weekend {'start': '2026-05-02', 'due': '2026-05-03', 'effort': '20', 'members': ['p']}\n"
	    "task/backwards {'start': '2026-05-20', 'due': '2026-05-13', 'effort': '30', 'members': ['p']}\n"
	    /* Monday March 30 to Friday April 3: two of five days before the first period */
	    "task/early {'start': '2026-03-30', 'due': '2026-04-03', 'effort': '500', 'members': ['p']}\n"
	    "initiative/open {'status': 'ACTIVE', 'periods': ['q2'], 'estimate': {'likely': '9'}, 'members': ['p'],"
	    " 'needs': [{'technology': 'paper', 'effort': '40'}, {'who': 'team/gone', 'effort': '50'}]}\n"
	    "allocation/nothing {'who': 'p', 'initiative': 'gone', 'effort': '60'}\n"
	    "allocation/goal {'who': 'p', 'initiative': 'goal/g', 'share': 0.5}\ngoal/g {}\n"
	    "allocation/nobody {'who': 'gone', 'initiative': 'open', 'effort': '70'}\n"
	    /* a share of what nobody can know: days centuries away, and none at all */
	    "initiative/far {'status': 'ACTIVE', 'start': '2500-01-01', 'finish': '2500-12-31'}\n"
	    "allocation/far {'who': 'p', 'initiative': 'far', 'share': 0.5}\n"
	    "initiative/reversed {'status': 'ACTIVE', 'start': '2026-06-01', 'finish': '2026-05-01'}\n"
	    "allocation/reversed {'who': 'p', 'initiative': 'reversed', 'share': 0.5}\n");
	is_cell(&t, "person/p", "period/q2", 300, 6500);
	is_unplaced(&t, "initiative/far", 0, LOAD_OUTSIDE_PERIODS);
	is_unplaced(&t, "initiative/reversed", 0, LOAD_NO_WORKING_DAY);
	is_unplaced(&t, "task/no-time", 10, LOAD_NO_TIME);
	is_unplaced(&t, "task/weekend", 20, LOAD_NO_WORKING_DAY);
	is_unplaced(&t, "task/backwards", 30, LOAD_NO_WORKING_DAY);
	is_unplaced(&t, "task/early", 200, LOAD_OUTSIDE_PERIODS);
	is_unplaced(&t, "allocation/nothing", 60, LOAD_NO_WORK);
	is_unplaced(&t, "allocation/goal", 0, LOAD_NO_WORK);
	is_unplaced(&t, "initiative/open", 70, LOAD_NOBODY); /* by the allocation */
	is_unplaced(&t, "initiative/open", 90, LOAD_NOBODY); /* its two needs */
	close_table(&t);
}
END_TEST

/* ---- what can be given */

START_TEST(capacity_is_working_days_less_absence)
{
	struct table t;

	open_table(&t, QUARTERS
	    "period/one-day {'first_day': '2027-03-01', 'last_day': '2027-03-01'}\n"
	    "calendar/four {'working_days': [1, 2, 3, 4], 'holidays': ['2026-04-06', '2026-04-06', '2026-04-03']}\n"
	    "team/f {'calendar': 'four'}\nteam/g {'calendar': 'gone'}\n"
	    "person/f {'team': 'f'}\nperson/f3 {'team': 'f', 'capacity': '300'}\nperson/g {'team': 'g'}\n"
	    "person/none {'capacity': '0'}\nperson/half {'capacity': '250'}\nperson/odd {'capacity': '333'}\n"
	    "person/away {'absences': [{'first_day': '2026-04-08', 'last_day': '2026-04-14'},"
	    " {'first_day': '2026-04-01', 'last_day': '2026-04-10'}, {'first_day': '2026-05-10', 'last_day': '2026-05-01'}]}\n"
	    "person/leaves {'last_day': '2026-04-30'}\nperson/comes {'first_day': '2026-06-30', 'last_day': '2026-07-01'}\n"
	    "person/never {'first_day': '2026-06-30', 'last_day': '2026-05-01'}\n");
	/* 13 Fridays are no working days, Easter Monday is a holiday; Good Friday was no working day anyway */
	is_cell(&t, "person/f", "period/q2", 0, 5100);
	is_cell(&t, "person/f3", "period/q2", 0, 3825); /* three days a week over four: 51 * 0.75 */
	is_cell(&t, "team/f", "period/q2", 0, 8925);
	is_cell(&t, "person/g", "period/q2", 0, 6500);
	is_cell(&t, "person/none", "period/q2", 0, 0);
	is_cell(&t, "person/half", "period/q2", 0, 3250);
	is_cell(&t, "person/odd", "period/one-day", 0, 67); /* 66.6 */
	is_cell(&t, "person/away", "period/q2", 0, 5500);   /* April 1 to 14: ten days, once */
	is_cell(&t, "person/leaves", "period/q2", 0, 2200);
	is_cell(&t, "person/leaves", "period/q3", 0, 0);
	is_cell(&t, "person/comes", "period/q2", 0, 100);
	is_cell(&t, "person/comes", "period/q3", 0, 100);
	is_cell(&t, "person/never", "period/q2", 0, 0);
	close_table(&t);
}
END_TEST

START_TEST(a_team_may_state_its_capacity)
{
	struct table t;

	/* the second half has 132 working days, the third quarter 66 of them */
	open_table(&t, QUARTERS
	    "period/h2 {'first_day': '2026-07-01', 'last_day': '2026-12-31'}\n"
	    "period/year {'first_day': '2026-01-01', 'last_day': '2026-12-31'}\n"
	    "team/t {'capacities': [{'period': 'year', 'effort': '1'}, {'period': 'h2', 'effort': '10001'}, {'period': 'q2', 'effort': '4000'}]}\n"
	    "person/p {'team': 't'}\n"
	    "team/zero {'capacities': [{'period': 'q2', 'effort': '0'}, {'period': 'gone', 'effort': '7'}]}\n");
	is_cell(&t, "team/t", "period/q2", 0, 4000);
	is_cell(&t, "team/t", "period/q3", 0, 5000);
	is_cell(&t, "team/zero", "period/q2", 0, 0);
	ck_assert(cell_of(&t, "team/zero", "period/q2")->is_known);
	ck_assert(!cell_of(&t, "team/zero", "period/q3")->is_known);
	close_table(&t);
}
END_TEST

START_TEST(a_person_is_in_one_team)
{
	struct table t;

	open_table(&t, QUARTERS
	    "team/a {'members': ['p', 'q', 'r']}\nteam/b {'members': ['p', 'q']}\n"
	    "person/p {'team': 'b'}\nperson/q {}\nperson/r {'team': 'gone'}\nperson/s {'team': 'person/p'}\n");
	is_cell(&t, "team/a", "period/q2", 0, 13000); /* q and r */
	is_cell(&t, "team/b", "period/q2", 0, 6500);
	ck_assert_uint_eq(load_team(t.load, load_row_of(t.load, plan_text_slot(&t.text, "person/p"))),
	    plan_text_slot(&t.text, "team/b"));
	ck_assert_uint_eq(load_team(t.load, load_row_of(t.load, plan_text_slot(&t.text, "person/s"))), SLOT_NONE);
	close_table(&t);
}
END_TEST

/* ---- periods */

START_TEST(columns_are_the_finest_periods)
{
	struct table t;

	open_table(&t, QUARTERS
	    "period/year {'first_day': '2026-01-01', 'last_day': '2026-12-31'}\n"
	    "period/again {'first_day': '2026-07-01', 'last_day': '2026-09-30'}\n"
	    "period/open {'first_day': '2026-01-01'}\nperiod/backwards {'first_day': '2026-02-01', 'last_day': '2026-01-01'}\n"
	    /* the fiscal calendar changes: 4-4-5 */
	    "period/x {'first_day': '2026-06-29', 'last_day': '2026-09-27'}\n"
	    "person/p {}\n"
	    "task/t {'start': '2026-06-29', 'due': '2026-07-03', 'effort': '500', 'members': ['p']}\n");
	ck_assert_uint_eq(load_columns(t.load), 3);
	ck_assert_uint_eq(load_period(t.load, 0), plan_text_slot(&t.text, "period/q2"));
	ck_assert_uint_eq(load_period(t.load, 1), plan_text_slot(&t.text, "period/x"));
	ck_assert_uint_eq(load_period(t.load, 2), plan_text_slot(&t.text, "period/again"));
	/* a day in two periods counts in both */
	is_cell(&t, "person/p", "period/q2", 200, 6500);
	is_cell(&t, "person/p", "period/x", 500, 6500);
	is_cell(&t, "person/p", "period/again", 300, 6600);
	none_is_unplaced(&t);
	ck_assert_uint_eq(load_column_of(t.load, date_from_civil(2026, 6, 28)), 0);
	ck_assert_uint_eq(load_column_of(t.load, date_from_civil(2026, 6, 29)), 1);
	ck_assert_uint_eq(load_column_of(t.load, date_from_civil(2026, 7, 1)), 2);
	ck_assert_uint_eq(load_column_of(t.load, date_from_civil(2026, 9, 30)), 2);
	ck_assert_uint_eq(load_column_of(t.load, date_from_civil(2026, 10, 1)), UINT32_MAX);
	ck_assert_uint_eq(load_column_of(t.load, date_from_civil(2026, 3, 31)), UINT32_MAX);
	close_table(&t);
}
END_TEST

START_TEST(centuries_are_counted_by_arithmetic)
{
	struct table t;

	/* 400 Gregorian years have 146,097 days, 20,871 whole weeks: 104,355 from Monday to Friday */
	open_table(&t,
	    "period/long {'first_day': '2000-01-01', 'last_day': '2399-12-31'}\n"
	    "person/p {}\n"
	    "task/t {'start': '0001-01-01', 'due': '9999-12-31', 'effort': '100000000', 'members': ['p']}\n"
	    "task/u {'start': '2000-01-01', 'due': '2399-12-31', 'effort': '1', 'members': ['p']}\n");
	/* the years 1 to 9999 have 3,652,059 days from a Monday to a Friday: 2,608,615 working days, 521,465 before 2000 */
	is_cell(&t, "person/p", "period/long",
	    INT64_C(100000000) * (521465 + 104355) / 2608615 - INT64_C(100000000) * 521465 / 2608615 + 1, 10435500);
	close_table(&t);
}
END_TEST

START_TEST(of_too_many_periods_the_nearest_are_looked_at)
{
	struct table t;
	char *lines = malloc(700 * 100);
	size_t len = 0;
	char day[DATE_TEXT_LEN];

	/* 600 days from 2025-04-01; 512 fit, a quarter of them past */
	for (int i = 0; i < 600; i++) {
		date_format(date_from_civil(2025, 4, 1) + i, day);
		len += (size_t)snprintf(lines + len, 700 * 100 - len,
		    "period/d%d {'first_day': '%s', 'last_day': '%s'}\n", i, day, day);
	}
	snprintf(lines + len, 700 * 100 - len, "person/p {}\n"
	    "task/t {'start': '2020-01-01', 'due': '2026-11-21', 'effort': '5000', 'members': ['p']}\n");
	open_table(&t, lines);
	ck_assert_uint_eq(load_columns(t.load), 512);
	ck_assert_uint_eq(load_left_out(t.load), 88);
	ck_assert_int_eq(load_last_day(t.load, 511), date_from_civil(2025, 4, 1) + 599);
	none_is_unplaced(&t); /* what falls on periods that are not looked at has a place all the same */
	close_table(&t);
	free(lines);
}
END_TEST

START_TEST(bookings_are_in_order_of_rank)
{
	struct table t;
	const struct load_booking *list;
	const struct load_cell *cell;

	open_table(&t, QUARTERS
	    "team/t {}\nperson/p {'team': 't'}\nperson/q {'team': 't'}\n"
	    "initiative/second {'status': 'ACTIVE', 'periods': ['q2'], 'estimate': {'likely': '20'}, 'members': ['p', 'q']}\n"
	    "initiative/first {'status': 'ACTIVE', 'periods': ['q2']}\n"
	    "task/of-first {'initiative': 'first', 'effort': '7', 'members': ['p']}\n"
	    "initiative/b {'status': 'ACTIVE', 'periods': ['q2'], 'needs': [{'who': 't', 'effort': '5'}]}\n"
	    "initiative/a {'status': 'ACTIVE', 'periods': ['q2'], 'needs': [{'who': 't', 'effort': '3'}]}\n");
	load_free(t.load);
	index_fini(&t.ix);
	plan_text_apply(&t.text, "2026-01-06",
	    "{'place': {'item': 'first', 'first': true}}, {'place': {'item': 'second', 'after': 'first'}}");
	ck_assert(index_init(&t.ix, plan_text_view(&t.text), date_from_civil(2026, 4, 15),
	    ROLE_BIT(ROLE_PART_OF), NULL, NULL, &(struct err){0}));
	t.load = load_run(&t.ix, NULL, NULL, &(struct err){0});
	cell = cell_of(&t, "team/t", "period/q2");
	list = load_bookings(t.load, cell);
	ck_assert_uint_eq(cell->count, 4);
	ck_assert_uint_eq(list[0].work, plan_text_slot(&t.text, "task/of-first"));
	ck_assert_uint_eq(list[0].rank, 1);
	ck_assert_uint_eq(list[0].how, LOAD_TASK);
	/* p's and q's halves in one */
	ck_assert_uint_eq(list[1].work, plan_text_slot(&t.text, "initiative/second"));
	ck_assert_int_eq(list[1].effort, 20);
	ck_assert(list[1].is_for_member);
	ck_assert_uint_eq(list[2].work, plan_text_slot(&t.text, "initiative/a"));
	ck_assert(!list[2].is_for_member);
	ck_assert_uint_eq(list[2].rank, RANK_NONE);
	ck_assert_uint_eq(list[3].work, plan_text_slot(&t.text, "initiative/b"));
	close_table(&t);
}
END_TEST

START_TEST(an_empty_plan_has_an_empty_table)
{
	struct table t;

	open_table(&t, "vision/v {}\n");
	ck_assert_uint_eq(load_columns(t.load), 0);
	ck_assert_uint_eq(load_rows(t.load), 0);
	none_is_unplaced(&t);
	close_table(&t);
	/* nobody, and no period, but work */
	open_table(&t, "person/p {}\ntask/t {'start': '2026-04-01', 'due': '2026-04-30', 'effort': '22', 'members': ['p']}\n");
	is_unplaced(&t, "task/t", 22, LOAD_OUTSIDE_PERIODS);
	close_table(&t);
}
END_TEST

static bool
always(void *arg)
{
	(void)arg;
	return true;
}

START_TEST(a_run_can_be_cancelled)
{
	struct table t;
	struct err err = {0};
	struct load *load;
	char *lines = malloc(2000 * 40);
	size_t len = 0;

	for (int i = 0; i < 2000; i++)
		len += (size_t)snprintf(lines + len, 2000 * 40 - len, "task/t%d {}\n", i);
	open_table(&t, lines);
	load = load_run(&t.ix, always, NULL, &err);
	ck_assert(load == NULL);
	ck_assert_int_eq(err.code, ERR_CANCELLED);
	close_table(&t);
	free(lines);
}
END_TEST

/* ---- days, counted by hand one after the other */

static void
count_days(unsigned week)
{
	int32_t holidays[] = {date_from_civil(2026, 5, 1), date_from_civil(2026, 1, 1), date_from_civil(2026, 5, 2)};
	struct workdays w = {(uint8_t)week, holidays, 3};
	int32_t first = date_from_civil(2025, 12, 1);
	int64_t counted = 0;

	workdays_settle(&w);
	for (int32_t day = first; day < date_from_civil(2026, 6, 1); day++) {
		bool is_worked = (week >> (date_weekday(day) - 1) & 1) != 0;

		counted += is_worked && day != date_from_civil(2026, 5, 1) && day != date_from_civil(2026, 1, 1) &&
			   day != date_from_civil(2026, 5, 2);
		ck_assert_int_eq(workdays_count(&w, first, day), counted);
	}
	ck_assert_int_eq(workdays_count(&w, 5, 4), 0);
	/* before 1970, and across it: four weeks */
	ck_assert_int_eq(workdays_count(&w, -10, 17), 4 * workdays_per_week(&w));
}

START_TEST(working_days_agree_with_counting)
{
	for (unsigned week = 1; week < 128; week++)
		count_days(week);
}
END_TEST

/* ---- skills, other capacities, tasks, weeks */

static void
is_skill(struct table *t, const char *name, uint32_t column, int64_t demand, int64_t capacity)
{
	uint32_t row = load_skill_row(t->load, name);
	const struct load_cell *cell;

	ck_assert_uint_ne(row, UINT32_MAX);
	cell = load_cell(t->load, row, column);
	ck_assert_msg(cell->demand == demand && cell->capacity == capacity && cell->is_known,
	    "%s: %" PRId64 "/%" PRId64, name, cell->demand, cell->capacity);
}

/*
 * Anna's task of 3 days is a part of the 5 that are asked of the team. The other two, which are asked for the skill, are a part of the
 * 20 that are asked for it of nobody: 18 more. Her task may be of any of her skills, and comes on top. Nobody has cobol; what nothing asks for is no row, nor what is asked for by work that does not run.
 */
START_TEST(skills_are_rows_of_those_who_have_them)
{
	struct table t;
	const struct load_booking *list;
	const struct load_cell *cell;

	open_table(&t, QUARTERS
	    "team/t {}\n"
	    "person/a {'team': 't', 'skills': ['Design', 'rust', 'design']}\n"
	    "person/b {'team': 't', 'skills': ['design']}\n"
	    "person/c {'skills': ['rust'], 'capacity': '400'}\n"
	    "initiative/i {'status': 'ACTIVE', 'periods': ['q2'], 'needs': [{'skill': 'DESIGN', 'effort': '2000'},"
	    " {'who': 't', 'skill': 'design', 'effort': '500'}, {'skill': 'cobol', 'effort': '100'}]}\n"
	    "initiative/later {'status': 'PROPOSED', 'periods': ['q2'], 'needs': [{'skill': 'law', 'effort': '2000'}]}\n"
	    "task/k {'initiative': 'i', 'effort': '300', 'members': ['a']}\n");
	ck_assert_uint_eq(load_rows(t.load), 4);
	ck_assert_uint_eq(load_skills(t.load), 2);
	ck_assert_str_eq(load_skill(t.load, 4), "cobol");
	ck_assert_str_eq(load_skill(t.load, 5), "DESIGN");
	ck_assert_uint_eq(load_skill_row(t.load, "law"), UINT32_MAX);
	is_cell(&t, "person/a", "period/q2", 300, 6500);
	is_cell(&t, "team/t", "period/q2", 500, 13000);
	is_cell(&t, "person/c", "period/q2", 0, 5200);
	is_skill(&t, "design", 0, 2300, 13000);
	is_skill(&t, "cobol", 0, 100, 0);
	is_skill(&t, "design", 1, 0, 13200);
	cell = load_cell(t.load, 5, 0);
	list = load_bookings(t.load, cell);
	ck_assert_uint_eq(cell->count, 3); /* of nobody by name, of the team, of Anna */
	ck_assert_int_eq(list[0].effort, 1800);
	ck_assert(!list[0].is_for_member);
	ck_assert_int_eq(list[1].effort, 200);
	ck_assert(list[1].is_for_member);
	ck_assert_int_eq(list[2].effort, 300);
	ck_assert(list[2].is_for_member);
	none_is_unplaced(&t);
	close_table(&t);
}
END_TEST

/*
 * p: 22 days of April at 1; from May 1 at 0.4, until from May 18, which began last, it is 0.6 for good: 11 and 10 of May, 22 of June.
 * n: 0.8 all the time, but for a week in April at nothing; a statement that ends before it begins is none. s: of two that begin on
 * one day the second.
 */
START_TEST(capacity_changes_for_a_time)
{
	struct table t;

	open_table(&t, QUARTERS
	    "person/p {'capacities': [{'first_day': '2026-05-18', 'capacity': '300'},"
	    " {'first_day': '2026-05-01', 'last_day': '2026-05-31', 'capacity': '200'}]}\n"
	    "person/n {'capacities': [{'first_day': '2026-04-01', 'capacity': '400'},"
	    " {'first_day': '2026-04-06', 'last_day': '2026-04-10', 'capacity': '0'},"
	    " {'first_day': '2026-06-10', 'last_day': '2026-06-01', 'capacity': '700'}]}\n"
	    "person/s {'capacities': [{'first_day': '2026-04-01', 'capacity': '400'},"
	    " {'first_day': '2026-04-01', 'capacity': '100'}], 'absences': [{'first_day': '2026-04-01', 'last_day': '2026-06-29'}]}\n");
	is_cell(&t, "person/p", "period/q2", 0, 2200 + 11 * 40 + 10 * 60 + 22 * 60);
	is_cell(&t, "person/p", "period/q3", 0, 66 * 60);
	is_cell(&t, "person/n", "period/q2", 0, 60 * 80);
	is_cell(&t, "person/n", "period/q3", 0, 66 * 80);
	is_cell(&t, "person/s", "period/q2", 0, 20);
	close_table(&t);
}
END_TEST

/* What k needs of the team goes before its effort; l has a likely estimate and no effort. Seven of ten days are in the quarter. */
START_TEST(tasks_have_needs_and_estimates)
{
	struct table t;

	open_table(&t, QUARTERS
	    "team/t {}\nperson/p {'team': 't'}\n"
	    "task/k {'start': '2026-06-22', 'due': '2026-07-03', 'effort': '300', 'members': ['p'],"
	    " 'needs': [{'who': 't', 'effort': '1000'}]}\n"
	    "task/l {'start': '2026-06-22', 'due': '2026-07-03', 'estimate': {'optimistic': '50', 'likely': '100'}, 'members': ['p']}\n");
	is_cell(&t, "person/p", "period/q2", 70, 6500);
	is_cell(&t, "person/p", "period/q3", 30, 6600);
	is_cell(&t, "team/t", "period/q2", 770, 6500);
	is_cell(&t, "team/t", "period/q3", 330, 6600);
	none_is_unplaced(&t);
	close_table(&t);
}
END_TEST

static const struct load_cell *
in_week(struct table *t, const char *who, const char *monday)
{
	int32_t day;

	ck_assert(date_parse(monday, &day));
	for (uint32_t c = 0; c < load_columns(t->load); c++)
		if (load_first_day(t->load, c) == day)
			return load_cell(t->load, load_row_of(t->load, plan_text_slot(&t->text, who)), c);
	ck_abort_msg("no week begins on %s", monday);
	return NULL;
}

/*
 * From Monday March 30, the week in which the second quarter begins, to the week of September 30. The team states 65 for the 65 days of
 * the second quarter, one a day; on other days its member gives half a day. The allocation is half of p in the quarter.
 */
START_TEST(weeks_are_columns)
{
	struct table t;
	struct err err;
	int32_t from, to;

	open_table(&t, QUARTERS
	    "team/t {'capacities': [{'period': 'q2', 'effort': '6500'}]}\nperson/p {'team': 't', 'capacity': '250'}\n"
	    "initiative/i {'status': 'ACTIVE'}\n"
	    "allocation/a {'who': 'p', 'initiative': 'i', 'share': 0.5, 'period': 'q2'}\n"
	    "task/k {'start': '2026-06-22', 'due': '2026-07-03', 'effort': '1000', 'members': ['p']}\n"
	    "task/far {'start': '2030-06-22', 'due': '2030-07-03', 'effort': '1000', 'members': ['p']}\n");
	load_free(t.load);
	ck_assert(date_parse("2026-04-15", &from) && date_parse("2026-05-03", &to));
	t.load = load_run_weeks(&t.ix, from, to, NULL, NULL, &err);
	ck_assert_ptr_nonnull(t.load);
	ck_assert_uint_eq(load_columns(t.load), 27);
	ck_assert_uint_eq(load_period(t.load, 0), SLOT_NONE);
	ck_assert_uint_eq(load_left_out(t.load), 0);
	ck_assert_int_eq(in_week(&t, "person/p", "2026-06-22")->demand, 500 + 125);
	ck_assert_int_eq(in_week(&t, "person/p", "2026-06-29")->demand, 500 + 50);
	ck_assert_int_eq(in_week(&t, "person/p", "2026-03-30")->demand, 75);
	ck_assert_int_eq(in_week(&t, "person/p", "2026-03-30")->capacity, 250);
	ck_assert_int_eq(in_week(&t, "team/t", "2026-03-30")->capacity, 2 * 50 + 3 * 100);
	ck_assert_int_eq(in_week(&t, "team/t", "2026-04-06")->capacity, 500);
	ck_assert_int_eq(in_week(&t, "team/t", "2026-06-29")->capacity, 2 * 100 + 3 * 50);
	none_is_unplaced(&t); /* what is in no week is in one that was not asked for */
	load_free(t.load);
	t.load = load_run_weeks(&t.ix, from, from + 7 * 512 - 1, NULL, NULL, &err);
	ck_assert_ptr_nonnull(t.load);
	ck_assert_uint_eq(load_columns(t.load), 512);
	ck_assert_int_eq(load_first_day(t.load, 0), from - 2); /* Monday */
	ck_assert_uint_eq(load_left_out(t.load), 1);
	ck_assert_ptr_null(load_run_weeks(&t.ix, from, from + 7 * 512, NULL, NULL, &err));
	ck_assert_int_eq(err.code, ERR_LIMIT);
	ck_assert_ptr_null(load_run_weeks(&t.ix, from, from - 1, NULL, NULL, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	close_table(&t);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("load");
	TCase *tcase = tcase_create("load");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, effort_is_spread_over_the_working_days_of_its_time);
	tcase_add_test(tcase, weeks_behind_all_periods_are_alike);
	tcase_add_test(tcase, no_hundredth_is_lost);
	tcase_add_test(tcase, a_need_asks_its_team);
	tcase_add_test(tcase, an_allocation_speaks_for_the_one_it_is_about);
	tcase_add_test(tcase, a_share_is_of_what_one_can_give_then);
	tcase_add_test(tcase, a_booking_counts_for_the_team_once);
	tcase_add_test(tcase, a_part_is_within_the_whole);
	tcase_add_test(tcase, an_estimate_is_shared_by_the_members);
	tcase_add_test(tcase, only_what_is_under_way_asks);
	tcase_add_test(tcase, time_comes_from_what_it_is_a_part_of);
	tcase_add_test(tcase, what_lies_nowhere_is_told);
	tcase_add_test(tcase, capacity_is_working_days_less_absence);
	tcase_add_test(tcase, a_team_may_state_its_capacity);
	tcase_add_test(tcase, a_person_is_in_one_team);
	tcase_add_test(tcase, columns_are_the_finest_periods);
	tcase_add_test(tcase, centuries_are_counted_by_arithmetic);
	tcase_add_test(tcase, of_too_many_periods_the_nearest_are_looked_at);
	tcase_add_test(tcase, bookings_are_in_order_of_rank);
	tcase_add_test(tcase, an_empty_plan_has_an_empty_table);
	tcase_add_test(tcase, a_run_can_be_cancelled);
	tcase_add_test(tcase, skills_are_rows_of_those_who_have_them);
	tcase_add_test(tcase, capacity_changes_for_a_time);
	tcase_add_test(tcase, tasks_have_needs_and_estimates);
	tcase_add_test(tcase, weeks_are_columns);
	tcase_add_test(tcase, working_days_agree_with_counting);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
