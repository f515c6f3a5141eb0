/* See rcpsp.h. */
#include "server/insight/schedule/rcpsp.h"

#include <stdlib.h>
#include <string.h>

#include "server/limits.h"

#define ENERGY_UNIT 64 /* a whole capacity, in struct rcpsp's energy */

static bool
check_sizes(const struct rcpsp_input *input, struct err *err)
{
	if (input->count == 0)
		return err_set(err, ERR_INVALID, "there are no activities");
	if (input->count > LIMIT_RCPSP_ACTIVITIES)
		return err_set(err, ERR_LIMIT, "%u activities are too many; at most %u",
		    input->count, LIMIT_RCPSP_ACTIVITIES);
	if (input->resources > LIMIT_RCPSP_RESOURCES)
		return err_set(err, ERR_LIMIT, "%u resources are too many; at most %u",
		    input->resources, LIMIT_RCPSP_RESOURCES);
	if (input->arcs_count > LIMIT_RCPSP_ARCS)
		return err_set(err, ERR_LIMIT, "%u prerequisites are too many; at most %u",
		    input->arcs_count, LIMIT_RCPSP_ARCS);
	return true;
}

static bool
check_activity(const struct rcpsp_input *input, uint32_t i, struct err *err)
{
	if (input->duration[i] < 0)
		return err_set(err, ERR_INVALID, "activity %u has the negative duration %d", i + 1,
		    input->duration[i]);
	for (uint32_t r = 0; r < input->resources; r++) {
		int32_t demand = input->demand[(size_t)i * input->resources + r];

		if (demand < 0)
			return err_set(err, ERR_INVALID, "activity %u needs %d of resource %u",
			    i + 1, demand, r + 1);
		if (demand > input->capacity[r] && input->duration[i] > 0)
			return err_set(err, ERR_INVALID,
			    "activity %u can never be done: it needs %d of resource %u, of which "
			    "there is %d",
			    i + 1, demand, r + 1, input->capacity[r]);
	}
	return true;
}

static void
blame(const struct rcpsp_input *input, uint32_t activity)
{
	if (input->fault != NULL)
		*input->fault = activity;
}

static bool
check(const struct rcpsp_input *input, int32_t *horizon, struct err *err)
{
	int64_t sum = 0;

	if (!check_sizes(input, err))
		return false;
	for (uint32_t r = 0; r < input->resources; r++)
		if (input->capacity[r] < 0)
			return err_set(err, ERR_INVALID, "resource %u has the negative capacity %d",
			    r + 1, input->capacity[r]);
	for (uint32_t i = 0; i < input->count; i++) {
		if (!check_activity(input, i, err)) {
			blame(input, i);
			return false;
		}
		sum += input->duration[i];
	}
	if (sum > LIMIT_RCPSP_HORIZON)
		return err_set(err, ERR_LIMIT,
		    "all durations together are %lld units of time; at most %d: take a coarser "
		    "unit",
		    (long long)sum, LIMIT_RCPSP_HORIZON);
	for (uint32_t e = 0; e < input->arcs_count; e++)
		if (input->arcs[e].before >= input->count || input->arcs[e].after >= input->count)
			return err_set(err, ERR_INVALID,
			    "there is no activity %u; the last one is %u",
			    (input->arcs[e].before >= input->count ? input->arcs[e].before
								   : input->arcs[e].after) +
				1,
			    input->count);
	*horizon = (int32_t)sum;
	return true;
}

/* By activity those at the other end of its arcs. */
static bool
lay_net(const struct rcpsp_input *input, int direction, struct sgs_net *net, struct err *err)
{
	uint32_t *first = calloc((size_t)input->count + 2, sizeof *first);
	uint32_t *before = calloc((size_t)input->arcs_count + 1, sizeof *before);

	*net = (struct sgs_net){.count = input->count, .first = first, .before = before};
	if (first == NULL || before == NULL)
		return err_oom(err);
	/* Counted two places on, so that filling leaves first[] as it must be. */
	for (uint32_t e = 0; e < input->arcs_count; e++) {
		const struct rcpsp_arc *arc = &input->arcs[e];

		first[(direction == RCPSP_FORWARD ? arc->after : arc->before) + 2]++;
	}
	for (uint32_t i = 0; i < input->count; i++)
		first[i + 2] += first[i + 1];
	for (uint32_t e = 0; e < input->arcs_count; e++) {
		const struct rcpsp_arc *arc = &input->arcs[e];

		if (direction == RCPSP_FORWARD)
			before[first[arc->after + 1]++] = arc->before;
		else
			before[first[arc->before + 1]++] = arc->after;
	}
	return true;
}

/* Kahn's order; false: a cycle is left over, through an activity that is named. */
static bool
sort(struct rcpsp *problem, const struct rcpsp_input *input, int direction, struct err *err)
{
	const struct sgs_net *net = &problem->net[direction];
	const struct sgs_net *back = &problem->net[!direction];
	uint32_t *order = problem->order[direction];
	uint32_t *left = calloc(problem->count, sizeof *left);
	uint32_t count = 0;

	if (left == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < problem->count; i++) {
		left[i] = net->first[i + 1] - net->first[i];
		if (left[i] == 0)
			order[count++] = i;
	}
	for (uint32_t p = 0; p < count; p++) {
		for (uint32_t e = back->first[order[p]]; e < back->first[order[p] + 1]; e++)
			if (--left[back->before[e]] == 0)
				order[count++] = back->before[e];
	}
	if (count < problem->count) {
		uint32_t on = 0;

		/* Each that is left has one before it that is left: going back so often as there are activities ends in the cycle. */
		while (left[on] == 0)
			on++;
		for (uint32_t step = 0; step < problem->count; step++) {
			uint32_t e = net->first[on];

			while (left[net->before[e]] == 0)
				e++;
			on = net->before[e];
		}
		blame(input, on);
		err_set(err, ERR_INVALID,
		    "activity %u must be finished before itself: a cycle of prerequisites", on + 1);
	}
	free(left);
	return count == problem->count;
}

static void
measure(struct rcpsp *problem)
{
	for (int direction = 0; direction < 2; direction++) {
		const struct sgs_net *back = &problem->net[!direction];
		int32_t *tail = problem->tail[direction];

		for (uint32_t p = problem->count; p-- > 0;) {
			uint32_t i = problem->order[direction][p];

			for (uint32_t e = back->first[i]; e < back->first[i + 1]; e++) {
				uint32_t next = back->before[e];
				int32_t way = tail[next] + problem->duration[next];

				tail[i] = way > tail[i] ? way : tail[i];
			}
			if (tail[i] + problem->duration[i] > problem->critical_path)
				problem->critical_path = tail[i] + problem->duration[i];
		}
	}
	for (uint32_t i = 0; i < problem->count; i++) {
		for (uint32_t r = 0; r < problem->resources; r++) {
			int64_t demand = problem->demand[(size_t)i * problem->resources + r];

			if (problem->capacity[r] > 0 && problem->duration[i] > 0)
				problem->energy[i] +=
				    (int32_t)(demand * ENERGY_UNIT / problem->capacity[r]);
		}
	}
}

static int32_t *
copy(const int32_t *numbers, size_t count)
{
	int32_t *own = calloc(count + 1, sizeof *own);

	if (own != NULL && count > 0)
		memcpy(own, numbers, count * sizeof *own);
	return own;
}

static bool
fill(struct rcpsp *problem, const struct rcpsp_input *input, struct err *err)
{
	problem->duration = copy(input->duration, input->count);
	problem->demand = copy(input->demand, (size_t)input->count * input->resources);
	problem->capacity = copy(input->capacity, input->resources);
	problem->energy = calloc(input->count, sizeof *problem->energy);
	for (int d = 0; d < 2; d++) {
		problem->order[d] = calloc(input->count, sizeof *problem->order[d]);
		problem->tail[d] = calloc(input->count, sizeof *problem->tail[d]);
		if (problem->order[d] == NULL || problem->tail[d] == NULL ||
		    !lay_net(input, d, &problem->net[d], err))
			return err_oom(err);
	}
	if (problem->duration == NULL || problem->demand == NULL || problem->capacity == NULL ||
	    problem->energy == NULL)
		return err_oom(err);
	if (!sort(problem, input, RCPSP_FORWARD, err) || !sort(problem, input, RCPSP_BACKWARD, err))
		return false;
	measure(problem);
	return true;
}

struct rcpsp *
rcpsp_new(const struct rcpsp_input *input, struct err *err)
{
	struct rcpsp *problem;
	int32_t horizon = 0;

	if (!check(input, &horizon, err))
		return NULL;
	problem = calloc(1, sizeof *problem);
	if (problem == NULL) {
		err_oom(err);
		return NULL;
	}
	problem->count = input->count;
	problem->resources = input->resources;
	problem->listed = input->listed;
	problem->horizon = horizon;
	if (!fill(problem, input, err)) {
		rcpsp_free(problem);
		return NULL;
	}
	return problem;
}

void
rcpsp_free(struct rcpsp *problem)
{
	if (problem == NULL)
		return;
	for (int d = 0; d < 2; d++) {
		free(problem->net[d].first);
		free(problem->net[d].before);
		free(problem->order[d]);
		free(problem->tail[d]);
	}
	free(problem->duration);
	free(problem->demand);
	free(problem->capacity);
	free(problem->energy);
	free(problem);
}

/* Capacity of one resource can only be passed where something starts. */
static bool
fits(const struct rcpsp *problem, const int32_t *start, uint32_t r, int32_t at)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < problem->count; i++)
		if (start[i] <= at && at < start[i] + problem->duration[i])
			sum += problem->demand[(size_t)i * problem->resources + r];
	return sum <= problem->capacity[r];
}

bool
rcpsp_is_feasible(const struct rcpsp *problem, const int32_t *start)
{
	const struct sgs_net *net = &problem->net[RCPSP_FORWARD];

	for (uint32_t i = 0; i < problem->count; i++) {
		if (start[i] < 0)
			return false;
		for (uint32_t e = net->first[i]; e < net->first[i + 1]; e++)
			if (start[net->before[e]] + problem->duration[net->before[e]] > start[i])
				return false;
		for (uint32_t r = 0; r < problem->resources; r++)
			if (problem->duration[i] > 0 && !fits(problem, start, r, start[i]))
				return false;
	}
	return true;
}
