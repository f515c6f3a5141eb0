/* Schedules as large as they may be: what is refused above that is in test_schedule.c. */
#include <check.h>
#include <stdlib.h>

#include "server/insight/schedule/schedule.h"
#include "server/insight/schedule/schedule_slack.h"
#include "server/limits.h"

static struct err err;

/* One giver, one initiative; all arrays are freed by end(). */
static struct schedule_problem
begin(int32_t days, uint32_t works, uint32_t needs, uint32_t arcs)
{
	int32_t *capacity = malloc((size_t)days * sizeof *capacity);
	uint32_t *home = malloc(sizeof *home);
	uint64_t *streams = calloc(1, sizeof *streams);
	struct schedule_work *work = calloc((size_t)works + 1, sizeof *work);
	struct schedule_need *need = calloc((size_t)needs + 1, sizeof *need);
	struct schedule_arc *arc = calloc((size_t)arcs + 1, sizeof *arc);

	ck_assert(capacity && home && streams && work && need && arc);
	for (int32_t day = 0; day < days; day++)
		capacity[day] = 100;
	*home = SCHEDULE_NONE;
	for (uint32_t n = 0; n < needs; n++)
		need[n] = (struct schedule_need){.effort = 1};
	for (uint32_t e = 0; e < arcs; e++)
		arc[e] = (struct schedule_arc){.before = 0, .after = 1 + e % (works - 1)};
	work[0].needs_count = needs;
	return (struct schedule_problem){.days = days,
	    .givers = 1,
	    .capacity = capacity,
	    .home = home,
	    .initiatives = 1,
	    .streams = streams,
	    .works = works,
	    .work = work,
	    .needs = needs,
	    .need = need,
	    .arcs = arcs,
	    .arc = arc};
}

static void
end(struct schedule_problem *p)
{
	free((void *)(uintptr_t)p->capacity);
	free((void *)(uintptr_t)p->home);
	free((void *)(uintptr_t)p->streams);
	free((void *)(uintptr_t)p->work);
	free((void *)(uintptr_t)p->need);
	free((void *)(uintptr_t)p->arc);
}

static void
is_answered(struct schedule_problem *p, uint32_t tries, int32_t finish)
{
	const struct schedule_policy policy = {.backfill = true, .tries = tries};
	struct schedule *s = schedule_run(p, &policy, &err);
	struct slack *slack;

	ck_assert_msg(s != NULL, "%s", err.msg);
	ck_assert_int_eq(s->finish, finish);
	slack = slack_new(s, p, NULL, NULL, NULL, &err);
	ck_assert_msg(slack != NULL, "%s", err.msg);
	ck_assert_int_eq(slack_latest(slack, 0), finish);
	slack_free(slack);
	schedule_free(s);
	end(p);
}

START_TEST(a_hundred_years)
{
	struct schedule_problem p = begin(LIMIT_SCHEDULE_DAYS, 1, 1, 0);

	((struct schedule_need *)(uintptr_t)p.need)->effort = 100 * (int64_t)LIMIT_SCHEDULE_DAYS;
	is_answered(&p, 1, LIMIT_SCHEDULE_DAYS);
}
END_TEST

START_TEST(a_million_pieces)
{
	struct schedule_problem p = begin(10, LIMIT_SCHEDULE_WORK, 1, LIMIT_SCHEDULE_ARCS);

	/* All others are points behind the first, which takes a day. */
	is_answered(&p, LIMIT_SCHEDULE_TRIES, 1);
}
END_TEST

START_TEST(a_million_needs)
{
	struct schedule_problem p = begin(LIMIT_SCHEDULE_WORK / 100, 1, LIMIT_SCHEDULE_WORK, 0);

	/* A hundred of them fit into a day. */
	is_answered(&p, 1, LIMIT_SCHEDULE_WORK / 100);
}
END_TEST

START_TEST(one_more_is_refused)
{
	struct schedule_problem p = begin(10, 2, 1, 1);
	const struct schedule_policy policy = {.tries = 1};

	for (int fault = 0; fault < 2; fault++) {
		struct schedule_problem bad = p;

		if (fault == 0)
			bad.needs = LIMIT_SCHEDULE_WORK + 1;
		else
			bad.arcs = LIMIT_SCHEDULE_ARCS + 1;
		ck_assert_ptr_null(schedule_run(&bad, &policy, &err));
		ck_assert_int_eq(err.code, ERR_LIMIT);
	}
	end(&p);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("schedule_limits");
	TCase *tc = tcase_create("limits");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_hundred_years);
	tcase_add_test(tc, a_million_pieces);
	tcase_add_test(tc, a_million_needs);
	tcase_add_test(tc, one_more_is_refused);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
