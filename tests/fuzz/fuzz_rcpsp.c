/*
 * Any bytes as a scheduling problem of the field. What is refused is named with its line; what is accepted and small is solved, and
 * the result is a schedule of the length that it states, no shorter than its bound.
 */
#include <stdint.h>
#include <stdlib.h>

#include "server/insight/schedule/rcpsp_read.h"
#include "server/insight/schedule/rcpsp_search.h"

#define SMALL       40
#define SMALL_TIMES 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
solve(const struct rcpsp *problem, uint64_t seed)
{
	const struct rcpsp_search search = {.schedules = 12, .seed = seed};
	struct rcpsp_result result;
	struct err err = {0};
	int32_t start[SMALL];
	int32_t last = 0;

	must(rcpsp_search(problem, &search, start, &result, &err));
	must(rcpsp_is_feasible(problem, start));
	for (uint32_t i = 0; i < problem->count; i++)
		if (start[i] + problem->duration[i] > last)
			last = start[i] + problem->duration[i];
	must(last == result.makespan && result.lower_bound <= last);
	must(problem->critical_path <= result.lower_bound);
	must(result.schedules >= 1 && result.schedules <= search.schedules);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	struct rcpsp *problem = rcpsp_read((const char *)data, size, &err);

	if (problem == NULL) {
		must(err.code != ERR_OK && err.msg[0] >= '1' && err.msg[0] <= '9');
		return 0;
	}
	if (problem->count <= SMALL && problem->horizon <= SMALL_TIMES)
		solve(problem, size);
	rcpsp_free(problem);
	return 0;
}
