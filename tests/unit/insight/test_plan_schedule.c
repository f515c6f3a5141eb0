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
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
