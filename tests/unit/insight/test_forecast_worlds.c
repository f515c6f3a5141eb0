/*
 * Do the dates hold? Plans are made up and forecast; then worlds are drawn in which they come true, by code that shares nothing with the
 * forecast: its own random numbers, its own normals (Box & Muller), its own shapes and its own way through the net.
 *
 * 80 of 100 worlds must be done by P80, give or take one, and so for P50 and P95. PLUMB_WORLDS says how many (20,000).
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/parse.h"
#include "server/insight/schedule/forecast.h"

#define PLANS      100u
#define ACTIVITIES 30u
#define TEAMS      4u
#define GROUPS     3u
#define DRAWS      10000u
#define STEPS      2000

/* ---- worlds: xorshift64* (Vigna 2016) and what is made of it */
static uint64_t state = 88172645463325252u;

static double
uniform(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return ((double)(state * 2685821657736338717u >> 11) + 0.5) / 9007199254740992.0;
}

static double
gauss(void)
{
	double r = sqrt(-2 * log(uniform()));

	return r * cos(2 * M_PI * uniform());
}

static uint32_t
below(uint32_t n)
{
	return (uint32_t)(uniform() * n);
}

/* The PERT beta's quantile: its density summed in small steps until there is as much as u. */
static double
pert(double low, double likely, double high, double u)
{
	double a = 4 * (likely - low) / (high - low), b = 4 * (high - likely) / (high - low);
	static double sums[STEPS];
	static double of_a = -1;
	int from = 0, to = STEPS - 1;
	double before;

	if (fabs(of_a - a) > 1e-9) {
		double sum = 0;

		of_a = a;
		for (int i = 0; i < STEPS; i++) {
			double x = (i + 0.5) / STEPS;

			sum += pow(x, a) * pow(1 - x, b);
			sums[i] = sum;
		}
	}
	u *= sums[STEPS - 1];
	while (from < to) {
		int middle = (from + to) / 2;

		if (sums[middle] < u)
			from = middle + 1;
		else
			to = middle;
	}
	before = from > 0 ? sums[from - 1] : 0;
	return low + (high - low) * (from + (u - before) / (sums[from] - before)) / STEPS;
}

static double
comes_true(const struct forecast_estimate *e, double z)
{
	double u = 0.5 * erfc(-z / sqrt(2)), range = e->high - e->low;

	switch (e->shape) {
	case FORECAST_TRIANGULAR:
		if (u * range < e->likely - e->low)
			return e->low + sqrt(u * range * (e->likely - e->low));
		return e->high - sqrt((1 - u) * range * (e->high - e->likely));
	case FORECAST_PERT:
		return pert(e->low, e->likely, e->high, u);
	case FORECAST_LOGNORMAL:
		return e->likely * exp(log(e->high / e->likely) / 1.2815515655446004 * z);
	default:
		return e->likely;
	}
}

/* ---- plans: each activity behind up to three of lower number */
struct made {
	struct forecast_activity activity[ACTIVITIES];
	uint32_t group[ACTIVITIES];
	struct forecast_arc arc[3 * ACTIVITIES];
	size_t arcs;
};

static void
make(struct made *made)
{
	/* Few shapes of beta, so that their sums are not made anew for each. */
	double mode = 0.1 * (1 + below(5));

	made->arcs = 0;
	for (uint32_t i = 0; i < ACTIVITIES; i++) {
		enum forecast_shape shape = (enum forecast_shape)below(4);
		double low = 1 + below(5), high = low * (1.5 + uniform() * 2);

		made->group[i] = below(GROUPS);
		made->activity[i] =
		    (struct forecast_activity){.estimate = {.shape = shape,
						   .low = low,
						   .likely = low + (high - low) * mode,
						   .high = high},
			.stream = i + 1,
			.team = 1 + below(TEAMS)};
		for (uint32_t k = i > 0 ? below(4) : 0; k > 0; k--)
			made->arc[made->arcs++] =
			    (struct forecast_arc){below(i), i, (float)below(3)};
	}
}

/* When the groups end in one world. */
static void
live(const struct made *made, double overall, double team, double ends[GROUPS])
{
	double everybody = gauss(), of_team[TEAMS], finish[ACTIVITIES], own = 1 - overall - team;
	const struct forecast_arc *arc = made->arc; /* they come in the order of what is behind */

	for (uint32_t t = 0; t < TEAMS; t++)
		of_team[t] = gauss();
	for (uint32_t g = 0; g < GROUPS; g++)
		ends[g] = 0;
	for (uint32_t i = 0; i < ACTIVITIES; i++) {
		double z = sqrt(overall) * everybody +
			   sqrt(team) * of_team[made->activity[i].team - 1] + sqrt(own) * gauss();
		double start = 0;

		for (; arc < made->arc + made->arcs && arc->after == i; arc++)
			start = fmax(start, finish[arc->before] + (double)arc->lag);
		finish[i] = start + comes_true(&made->activity[i].estimate, z);
		ends[made->group[i]] = fmax(ends[made->group[i]], finish[i]);
	}
}

static struct forecast_result *
forecast(const struct made *made, double overall, double team)
{
	const struct forecast_model model = {.seed = 11,
	    .overall = overall,
	    .team = team,
	    .count = ACTIVITIES,
	    .activity = made->activity};
	struct err err = {0};
	struct forecast *f = forecast_new(&model, &err);
	struct forecast_plan plan = {.forecast = f,
	    .group = made->group,
	    .groups = GROUPS,
	    .arc = made->arc,
	    .arcs = made->arcs,
	    .draws = DRAWS};
	struct forecast_result *r;

	ck_assert_msg(f != NULL, "%s", err.msg);
	r = forecast_fixed(&plan, &err);
	ck_assert_msg(r != NULL, "%s", err.msg);
	forecast_free(f);
	return r;
}

struct held {
	double p50, p80, p95; /* percent */
};

/* How many of the dates hold, where worlds are made with one correlation and forecast with another. */
static struct held
hold(double true_overall, double true_team, double overall, double team)
{
	const char *text = getenv("PLUMB_WORLDS");
	uint64_t worlds = 20000;
	uint64_t p50 = 0, p80 = 0, p95 = 0, all = 0;
	static struct made made;

	if (text != NULL)
		ck_assert(parse_u64(text, PLANS, 100000000, &worlds));
	for (uint32_t p = 0; p < PLANS; p++) {
		struct forecast_result *r;

		make(&made);
		r = forecast(&made, overall, team);
		for (uint64_t w = 0; w < worlds / PLANS; w++) {
			double ends[GROUPS];

			live(&made, true_overall, true_team, ends);
			for (uint32_t g = 0; g < GROUPS; g++) {
				p50 += ends[g] <= (double)r->group[g].p50 * (1 + 1e-6);
				p80 += ends[g] <= (double)r->group[g].p80 * (1 + 1e-6);
				p95 += ends[g] <= (double)r->group[g].p95 * (1 + 1e-6);
				all++;
			}
		}
		forecast_result_free(r);
	}
	printf("worlds of %.2f + %.2f in common, forecast with %.2f + %.2f: of %ju dates P50 held "
	       "%.2f %%, P80 %.2f %%, P95 %.2f %%\n",
	    true_overall, true_team, overall, team, (uintmax_t)all,
	    100.0 * (double)p50 / (double)all, 100.0 * (double)p80 / (double)all,
	    100.0 * (double)p95 / (double)all);
	return (struct held){100.0 * (double)p50 / (double)all, 100.0 * (double)p80 / (double)all,
	    100.0 * (double)p95 / (double)all};
}

static const double common[][2] = {{FORECAST_OVERALL, FORECAST_TEAM}, {0, 0}, {0.2, 0.4}};

START_TEST(dates_hold_as_often_as_they_say)
{
	struct held held = hold(common[_i][0], common[_i][1], common[_i][0], common[_i][1]);

	ck_assert_double_ge(held.p80, 79);
	ck_assert_double_le(held.p80, 81);
	ck_assert_double_ge(held.p50, 48.8);
	ck_assert_double_le(held.p50, 51.2);
	ck_assert_double_ge(held.p95, 94.4);
	ck_assert_double_le(held.p95, 95.6);
}
END_TEST

/* Who takes what goes together for independent is told dates that are too early: docs/FORECAST.md has the figures. */
START_TEST(dates_of_the_wrong_correlation_do_not_hold)
{
	struct held none = hold(0.2, 0.4, 0, 0), most = hold(0, 0, 0.2, 0.4);

	ck_assert_double_lt(none.p80, 78);
	ck_assert_double_lt(none.p95, 92);
	ck_assert_double_gt(most.p80, 82);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("forecast_worlds");
	TCase *tcase = tcase_create("forecast_worlds");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 600);
	tcase_add_loop_test(tcase, dates_hold_as_often_as_they_say, 0, 3);
	tcase_add_test(tcase, dates_of_the_wrong_correlation_do_not_hold);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
