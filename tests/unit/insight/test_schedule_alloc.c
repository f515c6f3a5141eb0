/* Each allocation of what leads from a plan to its schedule fails once: an error, nothing lost, nothing read that is not there. */
#include <check.h>
#include <stdlib.h>

#include "server/insight/load/load.h"
#include "server/insight/schedule/plan_case.h"
#include "server/insight/schedule/schedule.h"
#include "tests/support/alloc_fault.h"
#include "tests/support/plan_text.h"

/* clang-format off */

#define PLAN                                                                                       \
	"period/q2 {'first_day': '2026-04-01', 'last_day': '2026-06-30'}\n"                        \
	"calendar/c {'working_days': [1, 2, 3, 4], 'holidays': ['2026-05-01']}\n"                  \
	"team/t {'calendar': 'c', 'capacities': [{'period': 'q2', 'effort': '6500'}]}\n"           \
	"person/anna {'team': 't', 'skills': ['rust', 'law'], 'capacities': [{'first_day': '2026-05-01', 'capacity': '200'}]}\n" \
	"person/ben {'skills': ['rust'], 'absences': [{'first_day': '2026-05-04', 'last_day': '2026-05-08'}]}\n" \
	"initiative/a {'status': 'ACTIVE', 'periods': ['q2'], 'needs': [{'skill': 'rust', 'effort': '900'}, {'who': 't', 'effort': '300', 'most_share': 0.5}]}\n" \
	"task/b {'initiative': 'a', 'effort': '160', 'members': ['anna'], 'after_with_lag': [{'work': 'task/c', 'lag_days': 3}]}\n" \
	"task/c {'duration_days': 4, 'needs': [{'who': 't', 'skill': 'law', 'effort': '70', 'whole': true}]}\n" \
	"task/d {'needs': [{'skill': 'cobol', 'effort': '70'}]}\n"                                 \
	"check-in/b {'remaining': '100'} {'about': 'task/b', 'at': '2026-04-01', 'by': 'anna'}\n"

/* clang-format on */

static struct plan_text text;
static const struct view *view;
static int32_t today;

static void
open_plan(void)
{
	ck_assert(date_parse("2026-04-15", &today));
	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", PLAN);
	view = plan_text_view(&text);
}

static void
close_plan(void)
{
	plan_text_fini(&text);
}

/* The plan as a case, its schedule, and what everything waits for. */
static bool
work_out(struct err *err)
{
	const struct schedule_policy policy = {.backfill = true, .tries = 3};
	struct plan_case pc;
	struct schedule *schedule = NULL;
	bool ok = plan_case_open(&pc, view, today, DATE_NONE, NULL, NULL, err);

	if (ok) {
		schedule = schedule_run(&pc.plan->problem, &policy, err);
		ok = schedule != NULL;
	}
	for (uint32_t w = 0; ok && w < pc.plan->problem.works; w++) {
		struct schedule_why why;

		ok = schedule_why(schedule, &pc.plan->problem, w, &why, err);
	}
	schedule_free(schedule);
	plan_case_close(&pc);
	return ok;
}

static bool
by_week(struct err *err)
{
	struct index ix;
	struct load *load;
	bool ok;

	if (!index_init(&ix, view, today, ROLE_BIT(ROLE_PART_OF), NULL, NULL, err))
		return false;
	load = load_run_weeks(&ix, today, today + 30, NULL, NULL, err);
	ok = load != NULL;
	load_free(load);
	index_fini(&ix);
	return ok;
}

static void
each_fails_once(bool (*run)(struct err *err))
{
	uint64_t n;

	open_plan();
	for (n = 1;; n++) {
		struct err err = {0};
		bool ok;

		alloc_fault_at(n, 1);
		ok = run(&err);
		alloc_fault_end();
		if (ok) {
			ck_assert(!alloc_fault_hit());
			break;
		}
		ck_assert_int_eq(err.code, ERR_LIMIT);
		ck_assert_uint_lt(n, 2000);
	}
	ck_assert_uint_gt(n, 40);
	close_plan();
}

START_TEST(a_schedule_without_memory_is_an_error)
{
	each_fails_once(work_out);
}
END_TEST

START_TEST(weeks_without_memory_are_an_error)
{
	each_fails_once(by_week);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("schedule_alloc");
	TCase *tcase = tcase_create("schedule_alloc");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_schedule_without_memory_is_an_error);
	tcase_add_test(tcase, weeks_without_memory_are_an_error);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
