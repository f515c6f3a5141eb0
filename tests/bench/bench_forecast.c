/*
 * How long the forecast of a fixed plan takes: bench_forecast [ACTIVITIES DRAWS [THREADS]].
 *
 * A plan is made up: initiatives of 25 activities over 40 teams, each activity with a three-point, PERT or lognormal
 * estimate of its own, behind up to two earlier ones of its initiative, and behind the one that its team did before (as the
 * arcs of resources are). Told are the ends of all initiatives and of everything, what is critical, and what matters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "common/parse.h"
#include "server/insight/schedule/forecast.h"
#include "server/insight/schedule/philox.h"

#define TEAMS      40u
#define INITIATIVE 25u
#define ROUNDS     5

struct made {
	uint32_t count;
	struct forecast_activity *activity;
	uint32_t *group;
	struct forecast_arc *arc;
	size_t arcs;
};

static double
now_ms(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static bool
make(struct made *made, uint32_t count)
{
	uint32_t before[TEAMS];
	struct philox random;

	made->count = count;
	made->activity = calloc(count, sizeof *made->activity);
	made->group = calloc(count, sizeof *made->group);
	made->arc = calloc((size_t)count * 3, sizeof *made->arc);
	if (made->activity == NULL || made->group == NULL || made->arc == NULL)
		return false;
	philox_init(&random, 1, 0);
	for (uint32_t t = 0; t < TEAMS; t++)
		before[t] = FORECAST_NONE;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t in = i % INITIATIVE, team = philox_below(&random, TEAMS);
		double likely = 1 + philox_below(&random, 10);

		made->group[i] = i / INITIATIVE;
		made->activity[i] = (struct forecast_activity){
		    .estimate = {.shape = (enum forecast_shape)(
				     FORECAST_TRIANGULAR + philox_below(&random, 3)),
			.low = likely / 2,
			.likely = likely,
			.high = likely * (2 + philox_below(&random, 4) / 2.0)},
		    .stream = i + 1,
		    .team = team + 1};
		for (uint32_t k = in > 0 ? philox_below(&random, 3) : 0; k > 0; k--)
			made->arc[made->arcs++] =
			    (struct forecast_arc){i - 1 - philox_below(&random, in), i, 0};
		if (before[team] != FORECAST_NONE)
			made->arc[made->arcs++] = (struct forecast_arc){before[team], i, 0};
		before[team] = i;
	}
	return true;
}

/* The best of some rounds in milliseconds, and of all threads' processor time; the digest of all finishes is the same however they were made. */
static double
measure(const struct made *made, uint32_t draws, unsigned threads, enum forecast_path path,
    bool sensitivity, double *cpu, double *digest)
{
	const struct forecast_model model = {.seed = 1,
	    .overall = FORECAST_OVERALL,
	    .team = FORECAST_TEAM,
	    .count = made->count,
	    .activity = made->activity,
	    .path = path};
	double best = 0;

	for (int round = 0; round < ROUNDS; round++) {
		struct err err = {0};
		double began = now_ms(CLOCK_MONOTONIC), took;
		double began_cpu = now_ms(CLOCK_PROCESS_CPUTIME_ID), took_cpu;
		struct forecast *forecast = forecast_new(&model, &err);
		struct forecast_plan plan = {.forecast = forecast,
		    .group = made->group,
		    .groups = (made->count + INITIATIVE - 1) / INITIATIVE,
		    .arc = made->arc,
		    .arcs = made->arcs,
		    .horizon = 1000,
		    .draws = draws,
		    .sensitivity = sensitivity,
		    .how = {.threads = threads}};
		struct forecast_result *result =
		    forecast != NULL ? forecast_fixed(&plan, &err) : NULL;

		took = now_ms(CLOCK_MONOTONIC) - began;
		took_cpu = now_ms(CLOCK_PROCESS_CPUTIME_ID) - began_cpu;
		if (result == NULL) {
			fprintf(stderr, "bench_forecast: %s\n", err.msg);
			exit(1);
		}
		best = round == 0 || took < best ? took : best;
		*cpu = round == 0 || took_cpu < *cpu ? took_cpu : *cpu;
		*digest = result->all.mean;
		for (uint32_t g = 0; g < result->groups; g++)
			*digest += result->group[g].mean;
		forecast_result_free(result);
		forecast_free(forecast);
	}
	return best;
}

int
main(int argc, char **argv)
{
	static const struct {
		enum forecast_path path;
		const char *name;
	} paths[] = {
	    {FORECAST_PLAIN, "plain"}, {FORECAST_AVX2, "avx2"}, {FORECAST_AVX512, "avx512"}};
	uint64_t activities = 10000, draws = 10000, threads = 2;
	struct made made = {0};
	struct rusage usage;
	double digest;

	if ((argc > 1 && !parse_u64(argv[1], 1, 1000000, &activities)) ||
	    (argc > 2 && !parse_u64(argv[2], 1, 1000000, &draws)) ||
	    (argc > 3 && !parse_u64(argv[3], 1, PARALLEL_MAX, &threads))) {
		fputs("usage: bench_forecast [ACTIVITIES DRAWS [THREADS]]\n", stderr);
		return 2;
	}
	if (!make(&made, (uint32_t)activities)) {
		fputs("bench_forecast: out of memory\n", stderr);
		return 1;
	}
	printf("%u activities, %zu arcs, %u draws, %u threads; best of %d\n", made.count, made.arcs,
	    (unsigned)draws, (unsigned)threads, ROUNDS);
	for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
		double dates, all, dates_cpu, all_cpu;

		if (!forecast_has_path(paths[p].path))
			continue;
		dates = measure(&made, (uint32_t)draws, (unsigned)threads, paths[p].path, false,
		    &dates_cpu, &digest);
		all = measure(&made, (uint32_t)draws, (unsigned)threads, paths[p].path, true,
		    &all_cpu, &digest);
		printf("%-6s  dates and what is critical %.0f ms (CPU %.0f), with what matters "
		       "%.0f ms (CPU %.0f); sum of means %.6f\n",
		    paths[p].name, dates, dates_cpu, all, all_cpu, digest);
	}
	getrusage(RUSAGE_SELF, &usage);
	printf("memory: %ld MiB\n", usage.ru_maxrss / 1024);
	free(made.activity);
	free(made.group);
	free(made.arc);
	return 0;
}
