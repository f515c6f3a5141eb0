/* See rcpsp_bound.h. */
#include "server/insight/schedule/rcpsp_bound.h"

#include <stdlib.h>
#include <string.h>

/*
 * Two long activities can push each other along by a unit a round: after so many rounds a makespan counts as possible, which
 * makes the bound weaker, never wrong.
 */
#define ROUNDS_MAX 50
/* Activities cubed times resources: above this, intervals are not looked at. */
#define INTERVALS_MAX (UINT64_C(1) << 24)

/* One makespan on trial. */
struct trial {
	const struct rcpsp *problem;
	int32_t *earliest; /* start */
	int32_t *latest;   /* finish */
	uint8_t *apart;    /* by two activities: cannot run at once */
	int64_t *use;      /* by slot: what runs anyway */
	int32_t makespan;
};

static int64_t
demand_of(const struct rcpsp *problem, uint32_t i, uint32_t r)
{
	return problem->demand[(size_t)i * problem->resources + r];
}

static int
by_number(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

/* The different ones, in order. */
static uint32_t
distinct(int32_t *values, uint32_t count)
{
	uint32_t kept = 0;

	qsort(values, count, sizeof *values, by_number);
	for (uint32_t i = 0; i < count; i++)
		if (kept == 0 || values[i] != values[kept - 1])
			values[kept++] = values[i];
	return kept;
}

/* Of those that start at `head` or later: the best bound over all tails. They come by tail, longest first. */
static int32_t
energy_from(const struct rcpsp *problem, uint32_t r, int32_t head, const uint32_t *by_tail)
{
	const int32_t *heads = problem->tail[RCPSP_BACKWARD];
	const int32_t *tails = problem->tail[RCPSP_FORWARD];
	int64_t energy = 0;
	int64_t best = 0;

	for (uint32_t p = 0; p < problem->count; p++) {
		uint32_t i = by_tail[p];
		int64_t bound;

		if (heads[i] < head || demand_of(problem, i, r) == 0 || problem->duration[i] == 0)
			continue;
		energy += demand_of(problem, i, r) * problem->duration[i];
		bound =
		    head + (energy + problem->capacity[r] - 1) / problem->capacity[r] + tails[i];
		best = bound > best ? bound : best;
	}
	return (int32_t)best;
}

static int
by_tail_down(const void *a, const void *b, void *arg)
{
	const int32_t *tails = arg;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;

	if (tails[i] != tails[j])
		return tails[i] > tails[j] ? -1 : 1;
	return (i > j) - (i < j);
}

/* For every head that occurs; of very many only the smallest ones, which have most behind them. */
#define HEADS_MAX 256u

static bool
energy_bound(const struct rcpsp *problem, int32_t *bound, struct err *err)
{
	uint32_t *by_tail = calloc(problem->count, sizeof *by_tail);
	int32_t *heads = calloc(problem->count, sizeof *heads);
	uint32_t count;

	if (by_tail == NULL || heads == NULL) {
		free(by_tail);
		free(heads);
		return err_oom(err);
	}
	for (uint32_t i = 0; i < problem->count; i++)
		by_tail[i] = i;
	memcpy(heads, problem->tail[RCPSP_BACKWARD], problem->count * sizeof *heads);
	qsort_r(
	    by_tail, problem->count, sizeof *by_tail, by_tail_down, problem->tail[RCPSP_FORWARD]);
	count = distinct(heads, problem->count);
	for (uint32_t r = 0; r < problem->resources; r++) {
		if (problem->capacity[r] == 0)
			continue;
		for (uint32_t h = 0; h < count && h < HEADS_MAX; h++) {
			int32_t found = energy_from(problem, r, heads[h], by_tail);

			*bound = found > *bound ? found : *bound;
		}
	}
	free(by_tail);
	free(heads);
	return true;
}

static bool
raise_to(int32_t *value, int32_t at_least)
{
	if (*value >= at_least)
		return false;
	*value = at_least;
	return true;
}

static bool
lower_to(int32_t *value, int32_t at_most)
{
	if (*value <= at_most)
		return false;
	*value = at_most;
	return true;
}

static bool
narrow_by_net(struct trial *trial)
{
	const struct rcpsp *problem = trial->problem;
	const struct sgs_net *net = &problem->net[RCPSP_FORWARD];
	bool changed = false;

	for (uint32_t p = 0; p < problem->count; p++) {
		uint32_t i = problem->order[RCPSP_FORWARD][p];

		for (uint32_t e = net->first[i]; e < net->first[i + 1]; e++) {
			uint32_t j = net->before[e];

			changed |= raise_to(
			    &trial->earliest[i], trial->earliest[j] + problem->duration[j]);
		}
	}
	for (uint32_t p = problem->count; p-- > 0;) {
		uint32_t i = problem->order[RCPSP_FORWARD][p];

		for (uint32_t e = net->first[i]; e < net->first[i + 1]; e++)
			changed |= lower_to(&trial->latest[net->before[e]],
			    trial->latest[i] - problem->duration[i]);
	}
	return changed;
}

/* Where i cannot be finished before j starts, j is before i. False: neither can be before the other. */
static bool
narrow_by_pairs(struct trial *trial, bool *changed)
{
	const int32_t *duration = trial->problem->duration;
	uint32_t count = trial->problem->count;

	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t j = i + 1; j < count; j++) {
			bool i_first, j_first;

			if (!trial->apart[(size_t)i * count + j])
				continue;
			i_first =
			    trial->earliest[i] + duration[i] <= trial->latest[j] - duration[j];
			j_first =
			    trial->earliest[j] + duration[j] <= trial->latest[i] - duration[i];
			if (!i_first && !j_first)
				return false;
			if (i_first && j_first)
				continue;
			if (i_first) {
				*changed |=
				    raise_to(&trial->earliest[j], trial->earliest[i] + duration[i]);
				*changed |=
				    lower_to(&trial->latest[i], trial->latest[j] - duration[j]);
			} else {
				*changed |=
				    raise_to(&trial->earliest[i], trial->earliest[j] + duration[j]);
				*changed |=
				    lower_to(&trial->latest[j], trial->latest[i] - duration[i]);
			}
		}
	}
	return true;
}

/* Past what runs anyway and leaves no room: the first start, and the other way round the last finish, with room. */
static void
push(struct trial *trial, uint32_t i, uint32_t r, bool *changed)
{
	const struct rcpsp *problem = trial->problem;
	int32_t duration = problem->duration[i];
	int64_t room = problem->capacity[r] - demand_of(problem, i, r);
	int32_t core = trial->latest[i] - duration; /* its own, from here to earliest + duration */
	int32_t core_end = trial->earliest[i] + duration;

	for (int32_t t = trial->earliest[i];
	     t < trial->earliest[i] + duration && t < trial->makespan; t++) {
		int64_t own = t >= core && t < core_end ? demand_of(problem, i, r) : 0;

		if (trial->use[t] - own > room)
			*changed |= raise_to(&trial->earliest[i], t + 1);
	}
	for (int32_t t = trial->latest[i] - 1; t >= trial->latest[i] - duration && t >= 0; t--) {
		int64_t own = t >= core && t < core_end ? demand_of(problem, i, r) : 0;

		if (trial->use[t] - own > room)
			*changed |= lower_to(&trial->latest[i], t);
	}
}

static bool
narrow_by_cores(struct trial *trial, uint32_t r, bool *changed)
{
	const struct rcpsp *problem = trial->problem;

	memset(trial->use, 0, (size_t)trial->makespan * sizeof *trial->use);
	for (uint32_t i = 0; i < problem->count; i++) {
		int32_t from = trial->latest[i] - problem->duration[i];

		for (int32_t t = from; t < trial->earliest[i] + problem->duration[i]; t++)
			trial->use[t] += demand_of(problem, i, r);
	}
	for (int32_t t = 0; t < trial->makespan; t++)
		if (trial->use[t] > problem->capacity[r])
			return false;
	for (uint32_t i = 0; i < problem->count; i++) {
		if (demand_of(problem, i, r) > 0 && problem->duration[i] > 0)
			push(trial, i, r, changed);
		/* A core that grew is not in use[] yet: the next round has it; a window that closed ends the trial. */
		if (trial->latest[i] - trial->earliest[i] < problem->duration[i])
			return false;
	}
	return true;
}

/* What must lie within from..to of an activity, wherever in its window it is. */
static int64_t
inside(const struct trial *trial, uint32_t i, int32_t from, int32_t to)
{
	int32_t duration = trial->problem->duration[i];
	int32_t least = to - from < duration ? to - from : duration;
	int32_t left = trial->earliest[i] + duration - from;
	int32_t right = to - (trial->latest[i] - duration);

	least = left < least ? left : least;
	least = right < least ? right : least;
	return least > 0 ? least : 0;
}

static bool
has_room(const struct trial *trial, uint32_t r, int32_t *starts, int32_t *ends)
{
	const struct rcpsp *problem = trial->problem;
	uint32_t starts_count, ends_count;

	memcpy(starts, trial->earliest, problem->count * sizeof *starts);
	memcpy(ends, trial->latest, problem->count * sizeof *ends);
	starts_count = distinct(starts, problem->count);
	ends_count = distinct(ends, problem->count);
	for (uint32_t a = 0; a < starts_count; a++) {
		for (uint32_t b = ends_count; b-- > 0 && ends[b] > starts[a];) {
			int64_t need = 0;

			for (uint32_t i = 0; i < problem->count; i++)
				need +=
				    inside(trial, i, starts[a], ends[b]) * demand_of(problem, i, r);
			if (need > (int64_t)problem->capacity[r] * (ends[b] - starts[a]))
				return false;
		}
	}
	return true;
}

/* False: no schedule is that short. starts and ends are scratch. */
static bool
is_possible(struct trial *trial, int32_t makespan, int32_t *starts, int32_t *ends)
{
	const struct rcpsp *problem = trial->problem;
	bool changed = true;

	trial->makespan = makespan;
	for (uint32_t i = 0; i < problem->count; i++) {
		trial->earliest[i] = problem->tail[RCPSP_BACKWARD][i];
		trial->latest[i] = makespan - problem->tail[RCPSP_FORWARD][i];
	}
	for (int round = 0; changed && round < ROUNDS_MAX; round++) {
		changed = narrow_by_net(trial);
		for (uint32_t i = 0; i < problem->count; i++)
			if (trial->latest[i] - trial->earliest[i] < problem->duration[i])
				return false;
		if (!narrow_by_pairs(trial, &changed))
			return false;
		for (uint32_t i = 0; i < problem->count; i++)
			if (trial->latest[i] - trial->earliest[i] < problem->duration[i])
				return false;
		for (uint32_t r = 0; r < problem->resources; r++)
			if (!narrow_by_cores(trial, r, &changed))
				return false;
	}
	if ((uint64_t)problem->count * problem->count * problem->count * problem->resources >
	    INTERVALS_MAX)
		return true;
	for (uint32_t r = 0; r < problem->resources; r++)
		if (!has_room(trial, r, starts, ends))
			return false;
	return true;
}

static void
find_apart(struct trial *trial)
{
	const struct rcpsp *problem = trial->problem;

	for (uint32_t i = 0; i < problem->count; i++)
		for (uint32_t j = 0; j < problem->count; j++)
			for (uint32_t r = 0; r < problem->resources && problem->duration[i] > 0 &&
					     problem->duration[j] > 0;
			     r++)
				if (demand_of(problem, i, r) + demand_of(problem, j, r) >
				    problem->capacity[r])
					trial->apart[(size_t)i * problem->count + j] = 1;
}

/* Steps of 1, 2, 4 … while impossible, then halves: the longest impossible makespan and one more. */
static int32_t
climb(struct trial *trial, int32_t bound, int32_t *starts, int32_t *ends)
{
	int32_t step = 1;
	int32_t low = bound - 1; /* impossible */
	int32_t high;            /* possible */

	while (
	    low + step < trial->problem->horizon && !is_possible(trial, low + step, starts, ends)) {
		low += step;
		step *= 2;
	}
	high = low + step < trial->problem->horizon ? low + step : trial->problem->horizon;
	while (high - low > 1) {
		int32_t middle = low + (high - low) / 2;

		if (is_possible(trial, middle, starts, ends))
			high = middle;
		else
			low = middle;
	}
	return low + 1;
}

static bool
destroy(const struct rcpsp *problem, int32_t *bound, struct err *err)
{
	struct trial trial = {.problem = problem};
	int32_t *starts = calloc(problem->count, sizeof *starts);
	int32_t *ends = calloc(problem->count, sizeof *ends);
	bool ok;

	trial.earliest = calloc(problem->count, sizeof *trial.earliest);
	trial.latest = calloc(problem->count, sizeof *trial.latest);
	trial.apart = calloc((size_t)problem->count, problem->count);
	trial.use = calloc((size_t)problem->horizon + 1, sizeof *trial.use);
	ok = starts != NULL && ends != NULL && trial.earliest != NULL && trial.latest != NULL &&
	     trial.apart != NULL && trial.use != NULL;
	if (ok) {
		find_apart(&trial);
		*bound = climb(&trial, *bound, starts, ends);
	} else {
		err_oom(err);
	}
	free(starts);
	free(ends);
	free(trial.earliest);
	free(trial.latest);
	free(trial.apart);
	free(trial.use);
	return ok;
}

bool
rcpsp_lower_bound(const struct rcpsp *problem, int32_t *bound, struct err *err)
{
	*bound = problem->critical_path;
	if (!energy_bound(problem, bound, err))
		return false;
	if (problem->count > BOUND_DESTRUCTIVE_MAX || problem->horizon > BOUND_DESTRUCTIVE_HORIZON)
		return true;
	return destroy(problem, bound, err);
}
