/* The forecast of a plan: independent of threads, as planned where nothing is left to luck; trends by hand. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/schedule/forecast_objective.h"
#include "server/insight/schedule/forecast_trend.h"
#include "server/insight/schedule/plan_forecast.h"
#include "server/limits.h"
#include "tests/support/plan_text.h"

/* Plans are laid out by hand. */
/* clang-format off */

#define PEOPLE                                                                                     \
	"period/q2 {'first_day': '2026-04-01', 'last_day': '2026-06-30'}\n"                        \
	"team/t {}\n"                                                                              \
	"team/u {}\n"                                                                              \
	"person/anna {'team': 't'}\n"                                                              \
	"person/ben {'team': 't'}\n"                                                               \
	"person/cleo {'team': 'u'}\n"

#define WORK                                                                                       \
	"initiative/a {'status': 3, 'needs': [{'who': 'person/anna', 'effort': '950'}], 'estimate': {'optimistic': '500', 'likely': '900', 'pessimistic': '2000'}}\n" \
	"initiative/b {'status': 3, 'after': ['a'], 'needs': [{'who': 'person/ben', 'effort': '430'}, {'who': 'person/cleo', 'effort': '200'}]}\n" \
	"initiative/c {'status': 3, 'needs': [{'who': 'team/t', 'effort': '2170'}]}\n"             \
	"workstream/w {'initiative': 'c', 'status': 3, 'needs': [{'who': 'person/cleo', 'effort': '700'}]}\n"

/* clang-format on */

static struct err err;

static void
forecast(struct plan_forecast *pf, struct plan_text *text, const char *lines,
    const struct plan_forecast_options *options)
{
	int32_t today;

	ck_assert(date_parse("2026-04-15", &today));
	plan_text_init(text);
	plan_text_put(text, "2026-01-05", lines);
	ck_assert_msg(
	    plan_forecast_open(pf, plan_text_view(text), today, DATE_NONE, NULL, NULL, &err), "%s",
	    err.msg);
	ck_assert_msg(plan_forecast_run(pf, options, NULL, 0, &err), "%s", err.msg);
}

START_TEST(threads_change_nothing)
{
	struct plan_forecast_options options = {.draws = 1000,
	    .seed = 3,
	    .overall = 0.1,
	    .team = 0.2,
	    .shape = FORECAST_PERT,
	    .wanted = {true, true}};
	struct plan_forecast one, more;
	struct plan_text texts[2];

	options.threads = 1;
	forecast(&one, &texts[0], PEOPLE WORK, &options);
	options.threads = 3;
	forecast(&more, &texts[1], PEOPLE WORK, &options);
	ck_assert_uint_eq(one.rows, 4);
	ck_assert_uint_eq(one.pieces_count, 4);
	for (int mode = 0; mode < MODES; mode++)
		ck_assert_mem_eq(
		    one.ends[mode], more.ends[mode], (size_t)one.rows * one.draws * sizeof(float));
	ck_assert_mem_eq(one.critical, more.critical, one.pieces_count * sizeof(float));
	for (uint32_t k = 0; k < one.rows * PLAN_FORECAST_DRIVERS; k++) {
		ck_assert_uint_eq(one.drivers[k].piece, more.drivers[k].piece);
		ck_assert(one.drivers[k].correlation == more.drivers[k].correlation);
	}
	plan_forecast_close(&one);
	plan_forecast_close(&more);
	plan_text_fini(&texts[0]);
	plan_text_fini(&texts[1]);
}
END_TEST

/* b waits for a in every draw, and nothing ends before its work can be done by all that its givers have. */
START_TEST(no_draw_breaks_the_plan)
{
	const struct plan_forecast_options options = {.draws = 500,
	    .seed = 1,
	    .shape = FORECAST_TRIANGULAR,
	    .wanted = {true, true},
	    .threads = 2};
	struct plan_forecast pf;
	struct plan_text text;

	forecast(&pf, &text, PEOPLE WORK, &options);
	for (int mode = 0; mode < MODES; mode++) {
		for (uint32_t d = 0; d < 500; d++) {
			float a = plan_forecast_ends(&pf, (enum plan_forecast_mode)mode, 0)[d];
			float b = plan_forecast_ends(&pf, (enum plan_forecast_mode)mode, 1)[d];
			float all = plan_forecast_ends(&pf, (enum plan_forecast_mode)mode, 3)[d];

			/* At least 5 of 9 times 9.5 days of one who gives one a day, from a Wednesday on. */
			ck_assert_float_ge(a, 8);
			ck_assert_float_gt(b, a);
			ck_assert_float_ge(all, b);
		}
	}
	plan_forecast_close(&pf);
	plan_text_fini(&text);
}
END_TEST

START_TEST(too_many_draws_say_how_many_can_be)
{
	struct plan_forecast_options options = {
	    .draws = LIMIT_PLAN_FORECAST_DRAWS, .shape = FORECAST_PERT, .wanted = {false, true}};
	struct plan_forecast pf;
	struct plan_text text;

	forecast(&pf, &text, PEOPLE WORK, &options);
	plan_forecast_close(&pf);
	options.draws++;
	ck_assert(
	    plan_forecast_open(&pf, plan_text_view(&text), 20558, DATE_NONE, NULL, NULL, &err));
	ck_assert(!plan_forecast_run(&pf, &options, NULL, 0, &err));
	ck_assert_int_eq(err.code, ERR_LIMIT);
	ck_assert_str_eq(
	    err.msg, "100001 draws of 4 ends are too many; at most 100000 draws of these");
	err = (struct err){0};
	plan_forecast_close(&pf);
	plan_text_fini(&text);
}
END_TEST

static bool
at_once(void *arg, double done)
{
	double *last = arg;

	ck_assert(done >= *last && done <= 1);
	*last = done;
	return done > 0.3;
}

START_TEST(it_can_be_stopped)
{
	double done = 0;
	const struct plan_forecast_options options = {.draws = 2000,
	    .shape = FORECAST_PERT,
	    .wanted = {true, true},
	    .threads = 1,
	    .stop = at_once,
	    .arg = &done};
	struct plan_forecast pf;
	struct plan_text text;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", PEOPLE WORK);
	ck_assert(
	    plan_forecast_open(&pf, plan_text_view(&text), 20558, DATE_NONE, NULL, NULL, &err));
	ck_assert(!plan_forecast_run(&pf, &options, NULL, 0, &err));
	ck_assert_int_eq(err.code, ERR_CANCELLED);
	ck_assert(done > 0.3 && done < 0.5);
	err = (struct err){0};
	plan_forecast_close(&pf);
	plan_text_fini(&text);
}
END_TEST

/* Printed tables of Student's t: 0.975 and 0.95 quantiles; with one degree of freedom it is Cauchy's, 1/2 + atan(t) / pi. */
START_TEST(students_t_is_that_of_the_tables)
{
	static const struct {
		double t, p;
		unsigned freedom;
	} rows[] = {{1, 0.75, 1}, {12.706205, 0.975, 1}, {1, 0.788675, 2}, {4.302653, 0.975, 2},
	    {3.182446, 0.975, 3}, {2.776445, 0.975, 4}, {2.570582, 0.975, 5}, {1.943180, 0.95, 6},
	    {1.894579, 0.95, 7}, {1.812461, 0.95, 10}, {1.697261, 0.95, 30}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		ck_assert_double_eq_tol(
		    forecast_student(rows[i].t, rows[i].freedom), rows[i].p, 1e-6);
		ck_assert_double_eq_tol(
		    forecast_student(-rows[i].t, rows[i].freedom), 1 - rows[i].p, 1e-6);
		ck_assert(forecast_student(0, rows[i].freedom) == 0.5);
	}
}
END_TEST

/*
 * Through (0, 10), (10, 20), (20, 40), (30, 50): means 15 and 30, Sxx 500, Sxy 700, residuals 1, -3, 3, -1. On day 40: 30 + 1.4 * 25, and
 * sqrt(20 / 2) sqrt(1 + 1/4 + 625 / 500) = 5.
 */
START_TEST(a_trend_by_hand)
{
	struct point points[14] = {{.date = 0, .value = 10}, {.date = 10, .value = 20},
	    {.date = 20, .value = 40}, {.date = 30, .value = 50}};
	struct forecast_trend trend;

	ck_assert(forecast_trend(points, 4, 40, &trend));
	ck_assert_double_eq_tol(trend.slope, 1.4, 1e-12);
	ck_assert_double_eq_tol(trend.expected, 65, 1e-12);
	ck_assert_double_eq_tol(trend.error, 5, 1e-12);
	ck_assert_uint_eq(trend.freedom, 2);
	ck_assert(!forecast_trend(points, 3, 40, &trend));
	points[1].date = points[2].date = 0;
	ck_assert(!forecast_trend(points, 4, 40, &trend)); /* two days */
	/* Only the newest twelve count: what was before is another line. */
	for (int i = 0; i < 14; i++)
		points[i] = (struct point){.date = i, .value = i < 2 ? 1000 : i};
	ck_assert(forecast_trend(points, 14, 20, &trend));
	ck_assert_double_eq_tol(trend.expected, 20, 1e-9);
	ck_assert_uint_eq(trend.points, TREND_POINTS);
}
END_TEST

START_TEST(quantiles_of_a_sample)
{
	static const double sorted[] = {1, 2, 4, 8};

	ck_assert(forecast_quantile_of(sorted, 4, 0) == 1);
	ck_assert(forecast_quantile_of(sorted, 4, 0.5) == 3);
	ck_assert(forecast_quantile_of(sorted, 4, 1) == 8);
	ck_assert_double_eq_tol(forecast_quantile_of(sorted, 4, 0.9), 6.8, 1e-12);
	ck_assert(forecast_quantile_of(sorted, 1, 0.3) == 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("plan_forecast");
	TCase *tcase = tcase_create("plan_forecast");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, threads_change_nothing);
	tcase_add_test(tcase, no_draw_breaks_the_plan);
	tcase_add_test(tcase, too_many_draws_say_how_many_can_be);
	tcase_add_test(tcase, it_can_be_stopped);
	tcase_add_test(tcase, students_t_is_that_of_the_tables);
	tcase_add_test(tcase, a_trend_by_hand);
	tcase_add_test(tcase, quantiles_of_a_sample);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
