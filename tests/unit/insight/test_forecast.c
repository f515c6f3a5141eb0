/*
 * Durations in draws and the forecast of a fixed plan: against closed forms, within four standard errors of what so many draws can tell.
 *
 * The seed is fixed: what passes once passes always.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/schedule/forecast.h"
#include "server/insight/schedule/philox.h"
#include "server/limits.h"
#include "tests/unit/insight/forecast_expected.h"

#define DRAWS 40000u

static struct err err;

static void
setup(void)
{
	err = (struct err){0};
}

static struct forecast *
durations(const struct forecast_activity *activity, uint32_t count, double overall, double team)
{
	const struct forecast_model model = {
	    .seed = 7, .overall = overall, .team = team, .count = count, .activity = activity};
	struct forecast *forecast = forecast_new(&model, &err);

	ck_assert_msg(forecast != NULL, "%s", err.msg);
	return forecast;
}

static struct forecast_result *
run(const struct forecast_plan *plan)
{
	struct forecast_result *result = forecast_fixed(plan, &err);

	ck_assert_msg(result != NULL, "%s", err.msg);
	return result;
}

static void
ck_near(double got, double expected, double most, const char *what)
{
	ck_assert_msg(fabs(got - expected) <= most, "%s: %.6f instead of %.6f, more than %.6f off",
	    what, got, expected, most);
}

/* ---- one activity, each shape */

static const double ratios[] = {1.5, 0.5, 4, 1, 2};

/*
 * Triangular 2, 4, 10: F(4) = 1/4, above it Q(p) = 10 - sqrt((1 - p) 8 * 6); mean (2 + 4 + 10) / 3.
 * PERT 2, 4, 10: Beta(2, 4), whose F(x) = 1 - (1 - x)^5 - 5 x (1 - x)^4, solved by bisection; mean (2 + 16 + 10) / 6.
 * Lognormal, median 10, P90 20: sigma = ln 2 / 1.2815516 = 0.5408656, Q(p) = 10 exp(sigma z), mean 10 exp(sigma^2 / 2).
 * Ratios 0.5, 1, 1.5, 2, 4, times 10: Q at 4 p between the sorted: 1.5; 2 + 0.2 * 2; 2 + 0.8 * 2. Mean: of straight lines between
 * them, (0.75 + 1.25 + 1.75 + 3) / 4.
 */
static const struct {
	const char *name;
	struct forecast_estimate estimate;
	double mean, p50, p80, p95;
} shapes[] = {
    {"fixed", {.shape = FORECAST_FIXED, .likely = 3.25}, 3.25, 3.25, 3.25, 3.25},
    {"triangular", {.shape = FORECAST_TRIANGULAR, .low = 2, .likely = 4, .high = 10}, 16.0 / 3,
	5.1010205, 6.9016133, 8.4508067},
    {"pert", {.shape = FORECAST_PERT, .low = 2, .likely = 4, .high = 10}, 14.0 / 3, 4.5104814,
	5.9215387, 7.2592665},
    {"lognormal", {.shape = FORECAST_LOGNORMAL, .likely = 10, .high = 20}, 11.5750614, 10,
	15.7649494, 24.3426479},
    {"history", {.shape = FORECAST_EMPIRICAL, .likely = 10, .ratios = ratios, .ratios_count = 5},
	16.875, 15, 24, 36},
};
#define SHAPES ((int)(sizeof shapes / sizeof *shapes))

START_TEST(one_activity_has_its_estimates_quantiles)
{
	const struct forecast_activity activity = {.estimate = shapes[_i].estimate, .stream = 5};
	struct forecast_plan plan = {.forecast = durations(&activity, 1, 0.1, 0.2),
	    .draws = DRAWS,
	    .horizon = (float)shapes[_i].p80};
	struct forecast_result *r = run(&plan);
	const struct forecast_dates *d = &r->all;
	double exact = 1e-4 * shapes[_i].mean;

	ck_near(d->mean, shapes[_i].mean, 4 * d->deviation / sqrt(DRAWS) + exact, "mean");
	ck_near((double)d->p50, shapes[_i].p50, 4 * (double)d->p50_error + exact, "P50");
	ck_near((double)d->p80, shapes[_i].p80, 4 * (double)d->p80_error + exact, "P80");
	ck_near((double)d->p95, shapes[_i].p95, 4 * (double)d->p95_error + exact, "P95");
	if (shapes[_i].estimate.shape != FORECAST_FIXED)
		ck_near(d->in_horizon, 0.8, 4 * sqrt(0.8 * 0.2 / DRAWS), "chance");
	else
		ck_assert_double_eq(d->in_horizon, 1);
	forecast_result_free(r);
	forecast_free((struct forecast *)(uintptr_t)plan.forecast);
}
END_TEST

/* The exact ones, to seven digits. */
START_TEST(quantiles_are_exact)
{
	struct forecast_estimate e = shapes[_i].estimate;
	double sorted[] = {0.5, 1, 1.5, 2, 4};

	if (e.ratios != NULL)
		e.ratios = sorted;
	ck_near(forecast_quantile(&e, 0.5), shapes[_i].p50, 1e-7 * 50, "P50");
	ck_near(forecast_quantile(&e, 0.8), shapes[_i].p80, 1e-7 * 50, "P80");
	ck_near(forecast_quantile(&e, 0.95), shapes[_i].p95, 1e-7 * 50, "P95");
}
END_TEST

/* The word that draw d of an activity comes from, as forecast_kernel.h says, and where it lies in (0, 1). */
static double
drawn(uint64_t seed, uint64_t stream, uint32_t draw)
{
	const uint32_t counter[4] = {
	    draw / 16 * 4 + draw % 4, 0, (uint32_t)stream, (uint32_t)(stream >> 32)};
	const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
	uint32_t words[4], word;
	double half;

	philox_block(counter, key, words);
	word = words[draw % 16 / 4];
	half = ((word & INT32_MAX) + 0.5) / 4294967296.0;
	return word & UINT32_C(0x80000000) ? 1 - half : half;
}

/*
 * Without anything in common a duration is the estimate's quantile of its own number. The tables are off by less than 1 in
 * 10,000 of the range (of the duration, where that has no end); of a history, by what lies within 0.01 of u to
 * either side, as it bends there.
 */
START_TEST(tables_are_close_to_the_exact_quantiles)
{
	struct forecast_estimate e = shapes[_i].estimate;
	double sorted[] = {0.5, 1, 1.5, 2, 4};
	const struct forecast_activity activity = {
	    .estimate = e, .stream = UINT64_C(0x123456789abcdef)};
	struct forecast *f = durations(&activity, 1, 0, 0);

	if (e.ratios != NULL)
		e.ratios = sorted;
	for (uint32_t d = 0; d < 20000; d++) {
		double got = (double)forecast_sample(f, 0, d);
		double u = drawn(7, activity.stream, d), exact = forecast_quantile(&e, u);
		double most = 1e-4 * (e.shape == FORECAST_LOGNORMAL ? exact : 8);

		if (e.shape == FORECAST_EMPIRICAL) {
			ck_assert_double_ge(got, forecast_quantile(&e, fmax(u - 0.01, 1e-9)));
			ck_assert_double_le(got, forecast_quantile(&e, fmin(u + 0.01, 1 - 1e-9)));
		} else {
			ck_near(got, exact, most, "draw");
		}
	}
	forecast_free(f);
}
END_TEST

/* ---- several: lognormal ones, whose sums and maxima have closed forms */
#define SIGMA 0.3

static struct forecast_activity
lognormal(double median, double sigma, uint64_t stream, uint64_t team)
{
	return (struct forecast_activity){.estimate = {.shape = FORECAST_LOGNORMAL,
					      .likely = median,
					      .high = median * exp(1.2815515655446004 * sigma)},
	    .stream = stream,
	    .team = team};
}

/* Correlations of pairs: of one team, of two. */
static const struct {
	double overall, team;
	bool same_team;
} common[] = {{0, 0, true}, {0.1, 0.2, true}, {0.1, 0.2, false}, {0.5, 0.5, true}, {1, 0, false}};

static double
correlation_of(int i)
{
	return common[i].overall + (common[i].same_team ? common[i].team : 0);
}

/* Of lognormals: covariance m_i m_j (exp(r s^2) - 1), with m their means. */
START_TEST(a_series_adds_means_and_covariances)
{
	enum { COUNT = 5 };
	struct forecast_activity activity[COUNT];
	struct forecast_arc arc[COUNT - 1];
	struct forecast_plan plan = {.arc = arc, .arcs = COUNT - 1, .draws = DRAWS};
	struct forecast_result *r;
	double mean = 0, variance = 0;

	for (uint32_t i = 0; i < COUNT; i++) {
		activity[i] = lognormal(i + 1, SIGMA, 100 + i, common[_i].same_team ? 9 : 9 + i);
		if (i > 0)
			arc[i - 1] = (struct forecast_arc){i - 1, i, 0.5f};
		for (uint32_t j = 0; j < COUNT; j++)
			variance += (i + 1) * (j + 1) * exp(SIGMA * SIGMA) *
				    (exp((i == j ? 1 : correlation_of(_i)) * SIGMA * SIGMA) - 1);
		mean += (i + 1) * exp(SIGMA * SIGMA / 2);
	}
	plan.forecast = durations(activity, COUNT, common[_i].overall, common[_i].team);
	r = run(&plan);
	/* Four lags of half a day. */
	ck_near(r->all.mean, mean + 2, 4 * sqrt(variance / DRAWS), "mean");
	/* The error of a deviation is some deviation / sqrt(2 n); of lognormal sums a little more. */
	ck_near(r->all.deviation, sqrt(variance), 5 * sqrt(variance / (2 * DRAWS)), "deviation");
	forecast_result_free(r);
	forecast_free((struct forecast *)(uintptr_t)plan.forecast);
}
END_TEST

/*
 * The logarithm of the later of two is the greater of two normals, alike: mean s sqrt((1 - r) / pi) above theirs, variance s^2 (1 - (1
 * - r) / pi) (Clark 1961). Which of the two is later is a toss.
 */
START_TEST(of_a_parallel_pair_the_later_counts)
{
	const struct forecast_activity pair[] = {
	    lognormal(10, SIGMA, 1, 9), lognormal(10, SIGMA, 2, common[_i].same_team ? 9 : 8)};
	const uint32_t group[] = {0, 0};
	struct forecast_plan plan = {
	    .forecast = durations(pair, 2, common[_i].overall, common[_i].team),
	    .group = group,
	    .groups = 1,
	    .draws = DRAWS};
	struct forecast_result *r = run(&plan);
	const float *row = forecast_row(r, 0);
	double apart = (1 - correlation_of(_i)) / M_PI, sum = 0, squares = 0;
	double variance = SIGMA * SIGMA * (1 - apart);

	for (uint32_t d = 0; d < DRAWS; d++)
		sum += log((double)row[d]);
	for (uint32_t d = 0; d < DRAWS; d++)
		squares += pow(log((double)row[d]) - sum / DRAWS, 2);
	ck_near(
	    sum / DRAWS, log(10) + SIGMA * sqrt(apart), 4 * sqrt(variance / DRAWS) + 1e-4, "mean");
	ck_near(squares / DRAWS, variance, 4 * variance * sqrt(2.0 / DRAWS), "variance");
	ck_near((double)(r->critical[0] + r->critical[1]), 1, 1e-6, "paths");
	if (correlation_of(_i) < 1)
		ck_near((double)r->critical[0], 0.5, 4 * 0.5 / sqrt(DRAWS), "share");
	forecast_result_free(r);
	forecast_free((struct forecast *)(uintptr_t)plan.forecast);
}
END_TEST

/* Of two in parallel the longer by median is later in Phi(ln(12 / 10) / (s sqrt(2 (1 - r)))) of the draws: 0.6957 for r = 0.3. */
START_TEST(the_longer_one_is_critical_more_often)
{
	const struct forecast_activity pair[] = {
	    lognormal(12, SIGMA, 1, 9), lognormal(10, SIGMA, 2, 9)};
	struct forecast_plan plan = {.forecast = durations(pair, 2, 0.1, 0.2), .draws = DRAWS};
	struct forecast_result *r = run(&plan);

	ck_near((double)r->critical_all[0], 0.5 * erfc(-log(1.2) / (SIGMA * sqrt(1.4)) / sqrt(2)),
	    4 * 0.46 / sqrt(DRAWS), "share");
	ck_assert_float_eq(r->critical[0], 0); /* it is of no group */
	forecast_result_free(r);
	forecast_free((struct forecast *)(uintptr_t)plan.forecast);
}
END_TEST

/*
 * What matters: two alike in a series, narrow (so nearly normal): each correlates with the sum by 1 / sqrt(2), by rank 6 / pi
 * asin(that / 2) = 0.690. One twice as wide: 2 / sqrt(5) by rank 0.885, the other 1 / sqrt(5), 0.431. Of 2,048: 4 errors are 0.09.
 */
START_TEST(the_wider_estimate_matters_more)
{
	const struct forecast_activity series[] = {lognormal(10, 0.04, 1, 0),
	    lognormal(10, 0.02, 2, 0), lognormal(10, 0.02, 3, 0), lognormal(10, 0.02, 4, 0),
	    {.estimate = {.likely = 5}, .stream = 5}, lognormal(1, 0.02, 6, 0)};
	const struct forecast_arc arc[] = {{0, 1, 0}, {2, 3, 0}, {3, 4, 0}};
	const uint32_t group[] = {0, 0, 1, 1, 1, 1};
	struct forecast_plan plan = {.forecast = durations(series, 6, 0, 0),
	    .group = group,
	    .groups = 2,
	    .arc = arc,
	    .arcs = 3,
	    .sensitivity = true,
	    .draws = DRAWS};
	struct forecast_result *r = run(&plan);

	ck_near((double)r->sensitivity[0], 0.885, 0.03, "wide");
	ck_near((double)r->sensitivity[1], 0.431, 0.09, "narrow");
	ck_near((double)r->sensitivity[2], 0.690, 0.06, "one of two alike");
	ck_near((double)r->sensitivity[3], 0.690, 0.06, "the other");
	ck_assert_float_eq(r->sensitivity[4], 0); /* does not vary */
	ck_assert_float_eq(r->sensitivity[5], 0); /* never on the way to the end */
	ck_assert_float_eq(r->critical[5], 0);
	forecast_result_free(r);
	forecast_free((struct forecast *)(uintptr_t)plan.forecast);
}
END_TEST

/* By hand: ranks 1 2.5 2.5 4 and 1 2 4 3 have deviations -1.5 0 0 1.5 and -1.5 -0.5 1.5 0.5: 3 / sqrt(4.5 * 5) = 0.632. */
START_TEST(rank_correlation_shares_ranks_of_those_alike)
{
	const float a[] = {1, 7, 7, 9}, b[] = {0, 20, 40, 30}, same[] = {5, 5, 5, 5};
	const float never[] = {1, INFINITY, 3, INFINITY};
	void *scratch = malloc(6 * 4 * sizeof(float));

	ck_near(forecast_rank_correlation(a, b, 4, scratch), 3 / sqrt(22.5), 1e-9, "ties");
	ck_near(forecast_rank_correlation(b, b, 4, scratch), 1, 1e-9, "itself");
	ck_assert_double_eq(forecast_rank_correlation(a, same, 4, scratch), 0);
	ck_assert_double_gt(forecast_rank_correlation(a, never, 4, scratch), 0);
	free(scratch);
}
END_TEST

/* Ten draws: half are done by the 5th, 80 of 100 by the 8th, 95 by the 10th: at least so many, never fewer. */
START_TEST(quantiles_are_days_by_which_at_least_so_many_are_done)
{
	const float finish[] = {9, 1, 8, 2, 7, 3, 6, 4, 5, INFINITY};
	float scratch[20];
	struct forecast_dates d;

	forecast_dates(finish, 10, 6, 3, scratch, &d);
	ck_assert_float_eq(d.p50, 5);
	ck_assert_float_eq(d.p80, 8);
	ck_assert(isinf(d.p95) && isinf(d.mean) && isinf(d.deviation) && isinf(d.p95_error));
	ck_assert_double_eq(d.in_horizon, 0.6);
	ck_assert_double_eq(d.by_due, 0.3);
	forecast_dates(finish, 9, 9, FORECAST_NO_DUE, scratch, &d);
	ck_assert_double_eq(d.mean, 5);
	ck_near(d.deviation, sqrt(7.5), 1e-9, "deviation of 1 to 9");
	ck_assert_double_eq(d.in_horizon, 1);
	ck_assert_double_eq(d.by_due, -1);
	forecast_dates(finish, 1, 9, 8, scratch, &d);
	ck_assert_float_eq(d.p50, 9);
	ck_assert_float_eq(d.p95_error, 0);
	ck_assert_double_eq(d.by_due, 0);
}
END_TEST

/* ---- made-up plans */
#define MADE   61u
#define GROUPS 7u

struct made {
	struct forecast_activity activity[MADE];
	struct forecast_arc arc[3 * MADE];
	uint32_t group[MADE];
	float not_before[MADE];
	size_t arcs;
};

static void
make(struct made *made, uint64_t number)
{
	struct philox random;

	philox_init(&random, number, 77);
	memset(made, 0, sizeof *made);
	for (uint32_t i = 0; i < MADE; i++) {
		double likely = philox_below(&random, 8);

		made->group[i] = philox_below(&random, GROUPS + 1);
		if (made->group[i] == GROUPS)
			made->group[i] = FORECAST_NONE;
		made->not_before[i] = (float)philox_below(&random, 20);
		made->activity[i] = (struct forecast_activity){
		    .estimate = {.shape = (enum forecast_shape)philox_below(&random, 5),
			.low = likely / 2,
			.likely = likely,
			.high = likely * 3,
			.ratios = ratios,
			.ratios_count = 1 + philox_below(&random, 5)},
		    .stream = 1000 + i,
		    .team = philox_below(&random, 4)};
		for (uint32_t k = i > 0 ? philox_below(&random, 4) : 0; k > 0; k--)
			made->arc[made->arcs++] = (struct forecast_arc){
			    philox_below(&random, i), i, (float)philox_below(&random, 3)};
	}
	/* Some arcs lead from higher numbers to lower ones, without a cycle: the first activity begins behind the last. */
	made->arc[made->arcs++] = (struct forecast_arc){MADE - 1, 0, 0};
	for (size_t e = 0; e < made->arcs;) {
		if (made->arc[e].before == 0)
			made->arc[e] = made->arc[--made->arcs];
		else
			e++;
	}
}

static struct forecast_plan
plan_of(const struct made *made, enum forecast_path path, unsigned threads, uint32_t draws)
{
	const struct forecast_model model = {.seed = 3,
	    .overall = FORECAST_OVERALL,
	    .team = FORECAST_TEAM,
	    .count = MADE,
	    .activity = made->activity,
	    .path = path};
	struct forecast_plan plan = {.forecast = forecast_new(&model, &err),
	    .not_before = made->not_before,
	    .group = made->group,
	    .groups = GROUPS,
	    .arc = made->arc,
	    .arcs = made->arcs,
	    .horizon = 40,
	    .sensitivity = true,
	    .draws = draws,
	    .how = {.threads = threads}};

	ck_assert_msg(plan.forecast != NULL, "%s", err.msg);
	return plan;
}

/* The finishes of one draw, one activity after another until nothing changes; and the way back, by looking at every arc. */
static void
finish_slowly(const struct made *made, const float *days, float *finish)
{
	bool changes = true;

	memset(finish, 0, MADE * sizeof *finish);
	while (changes) {
		changes = false;
		for (uint32_t i = 0; i < MADE; i++) {
			float start = made->not_before[i], at;

			for (size_t e = 0; e < made->arcs; e++)
				if (made->arc[e].after == i &&
				    finish[made->arc[e].before] + made->arc[e].lag > start)
					start = finish[made->arc[e].before] + made->arc[e].lag;
			at = start + days[i];
			changes = changes || at > finish[i] || at < finish[i];
			finish[i] = at;
		}
	}
}

static uint32_t
before_slowly(const struct made *made, const float *finish, uint32_t i)
{
	float start = made->not_before[i];
	uint32_t by = FORECAST_NONE;

	for (size_t e = 0; e < made->arcs; e++) {
		const struct forecast_arc *arc = &made->arc[e];

		if (arc->after == i && finish[arc->before] + arc->lag > start) {
			start = finish[arc->before] + arc->lag;
			by = arc->before;
		}
	}
	return by;
}

/* Each number of the answer recomputed from single samples. Several plans, a last block that is not full. */
START_TEST(a_slow_way_gives_the_same_to_the_last_bit)
{
	enum { N = 333 };
	static struct made made;
	static uint32_t outside[GROUPS];
	struct forecast_plan plan;
	struct forecast_result *r;
	uint32_t kept[] = {5, 60, 5};
	/* How often each is on a way back at least, and at most: where several end last at once either may be begun from. */
	static uint32_t least[MADE], most[MADE];

	make(&made, (uint64_t)_i);
	plan = plan_of(&made, FORECAST_BEST, 2, N);
	plan.kept = kept;
	plan.kept_count = 3;
	r = run(&plan);
	memset(least, 0, sizeof least);
	memset(most, 0, sizeof most);
	memset(outside, 0, sizeof outside);
	for (uint32_t d = 0; d < N; d++) {
		float days[MADE], finish[MADE], end[GROUPS + 1] = {0};

		for (uint32_t i = 0; i < MADE; i++)
			days[i] = forecast_sample(plan.forecast, i, d);
		finish_slowly(&made, days, finish);
		for (uint32_t i = 0; i < MADE; i++) {
			uint32_t g = made.group[i];

			end[GROUPS] = fmaxf(end[GROUPS], finish[i]);
			if (g != FORECAST_NONE)
				end[g] = fmaxf(end[g], finish[i]);
		}
		for (uint32_t g = 0; g < GROUPS; g++)
			ck_assert_float_eq(forecast_row(r, g)[d], end[g]);
		for (uint32_t k = 0; k < 3; k++)
			ck_assert_float_eq(forecast_row(r, GROUPS + k)[d], finish[kept[k]]);
		ck_assert_float_eq(forecast_row(r, GROUPS + 3)[d], end[GROUPS]);
		for (uint32_t g = 0; g < GROUPS; g++) {
			uint32_t ends = 0;
			bool on[MADE] = {false};

			for (uint32_t i = 0; i < MADE; i++)
				ends += made.group[i] == g && finish[i] >= end[g];
			for (uint32_t i = 0; i < MADE; i++) {
				uint32_t at = i;

				if (made.group[i] != g || finish[i] < end[g])
					continue;
				for (; at != FORECAST_NONE && made.group[at] == g;
				     at = before_slowly(&made, finish, at))
					on[at] = true;
				outside[g] += ends == 1 && at != FORECAST_NONE;
			}
			for (uint32_t i = 0; i < MADE; i++) {
				least[i] += on[i] && ends == 1;
				most[i] += on[i];
			}
		}
	}
	for (uint32_t i = 0; i < MADE; i++) {
		uint32_t count = (uint32_t)lroundf(r->critical[i] * N);

		ck_assert_uint_ge(count, least[i]);
		ck_assert_uint_le(count, most[i]);
	}
	for (uint32_t g = 0; g < GROUPS; g++)
		ck_assert_uint_ge((uint32_t)lroundf(r->outside[g] * N), outside[g]);
	forecast_result_free(r);
	forecast_free((struct forecast *)(uintptr_t)plan.forecast);
}
END_TEST

/* The twin has exact quantiles and double precision: finishes agree to 1 in 5,000, and a thousandth of a day. */
START_TEST(a_twin_of_other_code_has_the_same_finishes)
{
	const struct forecast_model model = {.seed = twin[_i].seed,
	    .overall = twin[_i].overall,
	    .team = twin[_i].team,
	    .count = twin[_i].count,
	    .activity = twin[_i].activity};
	uint32_t kept[16];
	struct forecast_plan plan = {.forecast = forecast_new(&model, &err),
	    .not_before = twin[_i].not_before,
	    .arc = twin[_i].arc,
	    .arcs = twin[_i].arcs,
	    .kept = kept,
	    .kept_count = model.count,
	    .draws = expected_draws[EXPECTED_DRAWS - 1] + 1};
	const double *finish = twin[_i].finish;
	struct forecast_result *r;

	ck_assert_msg(plan.forecast != NULL, "%s", err.msg);
	for (uint32_t i = 0; i < model.count; i++)
		kept[i] = i;
	r = run(&plan);
	for (uint32_t d = 0; d < EXPECTED_DRAWS; d++)
		for (uint32_t i = 0; i < model.count; i++, finish++)
			ck_near((double)forecast_row(r, i)[expected_draws[d]], *finish,
			    *finish / 5000 + 0.001, "finish");
	forecast_result_free(r);
	forecast_free((struct forecast *)(uintptr_t)plan.forecast);
}
END_TEST

static void
ck_same(const struct forecast_result *a, const struct forecast_result *b)
{
	size_t finishes = (size_t)(a->groups + a->kept + 1) * a->draws;

	ck_assert_mem_eq(a->finish, b->finish, finishes * sizeof(float));
	ck_assert_mem_eq(a->critical, b->critical, MADE * sizeof(float));
	ck_assert_mem_eq(a->critical_all, b->critical_all, MADE * sizeof(float));
	ck_assert_mem_eq(a->outside, b->outside, GROUPS * sizeof(float));
	ck_assert_mem_eq(a->sensitivity, b->sensitivity, MADE * sizeof(float));
	ck_assert_mem_eq(a->group, b->group, GROUPS * sizeof *a->group);
	ck_assert_mem_eq(&a->all, &b->all, sizeof a->all);
}

START_TEST(threads_and_instructions_change_nothing)
{
	static struct made made;
	struct forecast_plan plain;
	struct forecast_result *expected;

	make(&made, 50);
	plain = plan_of(&made, FORECAST_PLAIN, 1, 3001);
	expected = run(&plain);
	for (int path = FORECAST_BEST; path <= FORECAST_AVX512; path++) {
		if (!forecast_has_path((enum forecast_path)path))
			continue;
		for (unsigned threads = 1; threads <= 5; threads += 2) {
			struct forecast_plan plan =
			    plan_of(&made, (enum forecast_path)path, threads, 3001);
			struct forecast_result *r = run(&plan);

			ck_same(expected, r);
			forecast_result_free(r);
			forecast_free((struct forecast *)(uintptr_t)plan.forecast);
		}
	}
	forecast_result_free(expected);
	forecast_free((struct forecast *)(uintptr_t)plain.forecast);
}
END_TEST

/* Blocks are the samples; and an activity's draws are its own, whatever else there is, and in whatever order. */
START_TEST(draws_belong_to_the_name_and_not_to_the_place)
{
	static struct made made;
	struct forecast_activity few[2];
	struct forecast *f, *g;
	struct forecast_plan plan;
	float *days;

	make(&made, 51);
	plan = plan_of(&made, FORECAST_BEST, 1, 1);
	f = (struct forecast *)(uintptr_t)plan.forecast;
	few[0] = made.activity[40];
	few[1] = made.activity[3];
	{
		const struct forecast_model model = {.seed = 3,
		    .overall = FORECAST_OVERALL,
		    .team = FORECAST_TEAM,
		    .count = 2,
		    .activity = few};

		g = forecast_new(&model, &err);
	}
	ck_assert_ptr_nonnull(g);
	days = malloc(forecast_block_room(f) * sizeof *days);
	for (uint32_t block = 0; block < 3; block++) {
		forecast_block(f, block, days);
		for (uint32_t l = 0; l < FORECAST_BLOCK; l++) {
			uint32_t d = block * FORECAST_BLOCK + l;

			for (uint32_t i = 0; i < MADE; i++)
				ck_assert_float_eq(
				    days[i * FORECAST_BLOCK + l], forecast_sample(f, i, d));
			ck_assert_float_eq(forecast_sample(f, 40, d), forecast_sample(g, 0, d));
			ck_assert_float_eq(forecast_sample(f, 3, d), forecast_sample(g, 1, d));
		}
	}
	ck_assert_uint_eq(forecast_stream("task/a"), forecast_stream("task/a"));
	ck_assert_uint_ne(forecast_stream("task/a"), forecast_stream("task/b"));
	free(days);
	forecast_free(f);
	forecast_free(g);
}
END_TEST

/* With everything in common two alike are drawn alike, in two teams or none too; with nothing they are not. */
START_TEST(all_or_nothing_in_common)
{
	const struct forecast_activity two[] = {
	    lognormal(10, SIGMA, 1, 5), lognormal(10, SIGMA, 2, 6), lognormal(10, SIGMA, 3, 0)};
	struct forecast *all = durations(two, 3, 1, 0), *none = durations(two, 3, 0, 0);
	uint32_t same = 0;

	for (uint32_t d = 0; d < 100; d++) {
		ck_assert_float_eq(forecast_sample(all, 0, d), forecast_sample(all, 1, d));
		ck_assert_float_eq(forecast_sample(all, 0, d), forecast_sample(all, 2, d));
		same += forecast_sample(none, 0, d) <= forecast_sample(none, 1, d) &&
			forecast_sample(none, 0, d) >= forecast_sample(none, 1, d);
	}
	ck_assert_uint_eq(same, 0);
	forecast_free(all);
	forecast_free(none);
}
END_TEST

/* ---- what cannot be */
static const double below[] = {-0.5}, once[] = {1};

static const struct {
	struct forecast_estimate estimate;
	const char *says;
} wrong[] = {
    {{.shape = FORECAST_FIXED, .likely = -1}, "-1 is not between 0 and 1e+06"},
    {{.shape = FORECAST_FIXED, .likely = NAN}, "nan is not between 0 and 1e+06"},
    {{.shape = FORECAST_PERT, .low = 1, .likely = 3, .high = 2},
	"2, the highest, is not between 3, the likely, and 1e+06"},
    {{.shape = FORECAST_TRIANGULAR, .low = 4, .likely = 3, .high = 5},
	"4, the lowest, is not between 0 and 3, the likely"},
    {{.shape = FORECAST_TRIANGULAR, .low = -4, .likely = 3, .high = 5},
	"-4, the lowest, is not between 0 and 3, the likely"},
    {{.shape = FORECAST_TRIANGULAR, .likely = 3, .high = INFINITY},
	"inf, the highest, is not between 3, the likely, and 1e+06"},
    {{.shape = FORECAST_LOGNORMAL, .likely = 0, .high = 5}, "a median of 0 has no quantiles above"},
    {{.shape = FORECAST_EMPIRICAL, .likely = 1}, "there is no finished work to learn from"},
    {{.shape = FORECAST_EMPIRICAL, .likely = 1, .ratios = below, .ratios_count = 1},
	"ratio -0.5 of actual to estimate is not between 0 and 1000"},
};

START_TEST(wrong_estimates_are_named)
{
	const struct forecast_activity activity[2] = {
	    {.stream = 1}, {.estimate = wrong[_i].estimate}};
	const struct forecast_model model = {.count = 2, .activity = activity};
	char expected[200];

	ck_assert(!forecast_estimate_check(&wrong[_i].estimate, &err));
	ck_assert_str_eq(err.msg, wrong[_i].says);
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_ptr_null(forecast_new(&model, &err));
	snprintf(expected, sizeof expected, "activity 1: %s", wrong[_i].says);
	ck_assert_str_eq(err.msg, expected);
}
END_TEST

/* Those at the edge of what is allowed: all without spread. */
START_TEST(estimates_without_spread_are_fixed)
{
	static const struct forecast_estimate narrow[] = {
	    {.shape = FORECAST_PERT, .low = 2, .likely = 2, .high = 2},
	    {.shape = FORECAST_TRIANGULAR, .low = 2, .likely = 2, .high = 2},
	    {.shape = FORECAST_LOGNORMAL, .likely = 2, .high = 2},
	    {.shape = FORECAST_LOGNORMAL},
	    {.shape = FORECAST_EMPIRICAL, .likely = 2, .ratios = once, .ratios_count = 1},
	    {.shape = FORECAST_EMPIRICAL, .ratios = ratios, .ratios_count = 5},
	};
	struct forecast_activity activity[6];
	struct forecast *f;

	for (uint32_t i = 0; i < 6; i++)
		activity[i] =
		    (struct forecast_activity){.estimate = narrow[i], .stream = i, .team = 1};
	f = durations(activity, 6, 0.1, 0.2);
	for (uint32_t d = 0; d < 100; d++)
		for (uint32_t i = 0; i < 6; i++)
			ck_assert_float_eq(
			    forecast_sample(f, i, d), i == 3 || i == 5 ? 0.0f : 2.0f);
	forecast_free(f);
}
END_TEST

/* The widest that may be: durations stay numbers, and so does what comes of them. */
START_TEST(absurd_estimates_stay_numbers)
{
	const struct forecast_activity chain[] = {
	    {.estimate = {.shape = FORECAST_LOGNORMAL, .likely = 1e-300, .high = 1e6}},
	    {.estimate = {.shape = FORECAST_LOGNORMAL, .likely = 1e-3, .high = 1e6}},
	    {.estimate = {.shape = FORECAST_LOGNORMAL, .likely = 1e6, .high = 1e6}},
	    {.estimate = {.shape = FORECAST_PERT, .low = 0, .likely = 1e-12, .high = 1e6}},
	    {.estimate = {.shape = FORECAST_PERT, .likely = 1e6, .high = 1e6}}};
	const struct forecast_arc arc[] = {{0, 1, 0}, {1, 2, 0}, {2, 3, 1e6f}, {3, 4, 0}};
	struct forecast_plan plan = {
	    .forecast = durations(chain, 5, 1, 0), .arc = arc, .arcs = 4, .draws = DRAWS};
	struct forecast_result *r = run(&plan);

	ck_assert(isfinite(r->all.mean) && isfinite(r->all.deviation) && isfinite(r->all.p95));
	ck_assert_float_eq(r->critical_all[4], 1);
	forecast_result_free(r);
	forecast_free((struct forecast *)(uintptr_t)plan.forecast);
}
END_TEST

static bool
stop_at_once(void *arg, uint32_t done)
{
	(void)arg;
	(void)done;
	return true;
}

START_TEST(wrong_plans_are_named)
{
	const struct forecast_activity activity[3] = {{.stream = 1}, {.stream = 2}, {.stream = 3}};
	const float late[] = {0, NAN, 0};
	const uint32_t group[] = {0, 1, FORECAST_NONE}, kept[] = {3};
	const struct forecast_arc circle[] = {{0, 1, 0}, {1, 2, 0}, {2, 1, 0}};
	const struct forecast_arc self[] = {{0, 0, 0}}, out[] = {{0, 3, 0}}, back[] = {{0, 1, -1}};
	struct forecast *f = durations(activity, 3, 0, 0);
	const struct {
		struct forecast_plan plan;
		enum err_code code;
		const char *says;
	} cases[] = {
	    {{.draws = 0}, ERR_INVALID, "0 draws; from 1 to 1000000 can be made"},
	    {{.draws = LIMIT_FORECAST_DRAWS + 1}, ERR_INVALID,
		"1000001 draws; from 1 to 1000000 can be made"},
	    {{.draws = 1, .not_before = late}, ERR_INVALID, "activity 1: begins on day nan"},
	    {{.draws = 1, .group = group, .groups = 1}, ERR_INVALID,
		"activity 1: there is no group 1, only 1"},
	    {{.draws = 1, .kept = kept, .kept_count = 1}, ERR_INVALID,
		"there is no activity 3 to keep"},
	    {{.draws = 1, .arc = circle, .arcs = 3}, ERR_INVALID, "activity 1 waits for itself"},
	    {{.draws = 1, .arc = self, .arcs = 1}, ERR_INVALID, "activity 0 waits for itself"},
	    {{.draws = 1, .arc = out, .arcs = 1}, ERR_INVALID,
		"activity 3 is behind 0; there are only 3"},
	    {{.draws = 1, .arc = back, .arcs = 1}, ERR_INVALID, "activity 1 is -1 days behind 0"},
	    {{.draws = 1, .how = {.stop = stop_at_once}}, ERR_CANCELLED, "cancelled"},
	    {{.draws = 1, .arc = back, .arcs = LIMIT_FORECAST_ARCS + 1}, ERR_LIMIT,
		"4000001 prerequisites; at most 4000000 can be forecast"},
	    {{.draws = 1000000, .groups = LIMIT_FORECAST_CELLS / 1000000}, ERR_LIMIT,
		"68 dates in 1000000 draws are more than 67108864; ask for fewer draws"},
	};

	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		struct forecast_plan plan = cases[c].plan;

		plan.forecast = f;
		ck_assert_ptr_null(forecast_fixed(&plan, &err));
		ck_assert_str_eq(err.msg, cases[c].says);
		ck_assert_int_eq(err.code, cases[c].code);
	}
	forecast_free(f);
}
END_TEST

START_TEST(shares_in_common_are_from_0_to_1_in_all)
{
	static const double shares[][2] = {{-0.1, 0}, {0, -0.1}, {0.6, 0.5}, {NAN, 0}};
	const struct forecast_model model = {.overall = shares[_i][0], .team = shares[_i][1]};

	ck_assert_ptr_null(forecast_new(&model, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.msg, "are not from 0 to 1 in all"));
}
END_TEST

/* Limits, at n and one more. Those of shapes: as many of different spread. */
START_TEST(so_many_activities_and_shapes_and_no_more)
{
	const uint32_t count = LIMIT_FORECAST_ACTIVITIES;
	struct forecast_activity *activity = calloc(count, sizeof *activity);
	struct forecast_model model = {.count = count, .activity = activity};
	struct forecast *f;

	ck_assert_ptr_nonnull(activity);
	f = forecast_new(&model, &err);
	ck_assert_msg(f != NULL, "%s", err.msg);
	forecast_free(f);
	model.count++;
	ck_assert_ptr_null(forecast_new(&model, &err));
	ck_assert_str_eq(err.msg, "1000001 activities; at most 1000000 can be forecast");
	ck_assert_int_eq(err.code, ERR_LIMIT);
	for (uint32_t i = 0; i <= LIMIT_FORECAST_SHAPES; i++)
		activity[i] = lognormal(1, 0.1 + i * 1e-5, i, 0);
	model.count = LIMIT_FORECAST_SHAPES;
	f = forecast_new(&model, &err);
	ck_assert_msg(f != NULL, "%s", err.msg);
	forecast_free(f);
	model.count++;
	ck_assert_ptr_null(forecast_new(&model, &err));
	ck_assert_str_eq(
	    err.msg, "20001 estimates of different shape; at most 20000 can be forecast");
	free(activity);
}
END_TEST

/* Nothing to forecast is forecast too; and a group without work is done at once. */
START_TEST(empty_plans_are_done_at_once)
{
	struct forecast *f = durations(NULL, 0, 0.1, 0.2);
	struct forecast_plan plan = {
	    .forecast = f, .draws = 5, .groups = 2, .horizon = 1, .sensitivity = true};
	struct forecast_result *r = run(&plan);

	ck_assert_float_eq(r->group[1].p95, 0);
	ck_assert_double_eq(r->all.in_horizon, 1);
	forecast_result_free(r);
	forecast_free(f);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("forecast");
	TCase *tcase = tcase_create("forecast");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, one_activity_has_its_estimates_quantiles, 0, SHAPES);
	tcase_add_loop_test(tcase, quantiles_are_exact, 0, SHAPES);
	tcase_add_loop_test(tcase, tables_are_close_to_the_exact_quantiles, 0, SHAPES);
	tcase_add_loop_test(tcase, a_series_adds_means_and_covariances, 0, 5);
	tcase_add_loop_test(tcase, of_a_parallel_pair_the_later_counts, 0, 5);
	tcase_add_test(tcase, the_longer_one_is_critical_more_often);
	tcase_add_test(tcase, the_wider_estimate_matters_more);
	tcase_add_test(tcase, rank_correlation_shares_ranks_of_those_alike);
	tcase_add_test(tcase, quantiles_are_days_by_which_at_least_so_many_are_done);
	tcase_add_loop_test(tcase, a_slow_way_gives_the_same_to_the_last_bit, 0, 10);
	tcase_add_loop_test(tcase, a_twin_of_other_code_has_the_same_finishes, 0, EXPECTED_NETS);
	tcase_add_test(tcase, threads_and_instructions_change_nothing);
	tcase_add_test(tcase, draws_belong_to_the_name_and_not_to_the_place);
	tcase_add_test(tcase, all_or_nothing_in_common);
	tcase_add_loop_test(tcase, wrong_estimates_are_named, 0, 9);
	tcase_add_test(tcase, estimates_without_spread_are_fixed);
	tcase_add_test(tcase, absurd_estimates_stay_numbers);
	tcase_add_test(tcase, wrong_plans_are_named);
	tcase_add_loop_test(tcase, shares_in_common_are_from_0_to_1_in_all, 0, 4);
	tcase_add_test(tcase, so_many_activities_and_shapes_and_no_more);
	tcase_add_test(tcase, empty_plans_are_done_at_once);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
