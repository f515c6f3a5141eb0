/* The forecast of a fixed plan: longest paths in many draws at once, and the way back along them. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/schedule/forecast_kernel.h"
#include "server/limits.h"

#define W            FORECAST_BLOCK
#define BLOCKS_PIECE 8u  /* blocks that one thread takes at a time */
#define ROWS_PIECE   16u /* activities, when correlations are counted */

/* One thread's own. */
struct own {
	float *days;    /* by place; durations, then finishes */
	float *factors; /* of one block */
	struct kernel_walk walk;
};

struct run {
	const struct forecast_plan *plan;
	const struct forecast *forecast;
	struct forecast_result *result;
	struct forecast_net net;
	uint32_t *place;      /* by activity */
	uint32_t *ends_first; /* by group, and last of everything: of its ends */
	uint32_t *ends;       /* places that nothing of the group waits for */
	struct own own[PARALLEL_MAX];
	unsigned threads;
	/* For correlations. */
	uint32_t some;    /* draws they are counted from */
	uint32_t blocks;  /* of them */
	float *factors;   /* of all those blocks */
	uint32_t *wanted; /* activities */
	uint32_t wanted_count;
	int32_t *ranks; /* by group and draw: of its finish */
	void *scratch[PARALLEL_MAX];
};

static uint32_t
group_of(const struct run *run, uint32_t activity)
{
	return run->plan->group != NULL ? run->plan->group[activity] : FORECAST_NONE;
}

/* ---- what may be asked */
static bool
is_day(float day)
{
	return day >= 0 && (double)day <= FORECAST_DAYS_MAX;
}

static bool
check_activities(const struct forecast_plan *plan, struct err *err)
{
	for (uint32_t i = 0; i < plan->forecast->count; i++) {
		if (plan->not_before != NULL && !is_day(plan->not_before[i]))
			return err_set(err, ERR_INVALID, "activity %u: begins on day %g", i,
			    (double)plan->not_before[i]);
		if (plan->group != NULL && plan->group[i] != FORECAST_NONE &&
		    plan->group[i] >= plan->groups)
			return err_set(err, ERR_INVALID,
			    "activity %u: there is no group %u, only %u", i, plan->group[i],
			    plan->groups);
	}
	return true;
}

static bool
check_arcs(const struct forecast_plan *plan, struct err *err)
{
	uint32_t count = plan->forecast->count;

	for (size_t e = 0; e < plan->arcs; e++) {
		const struct forecast_arc *arc = &plan->arc[e];

		if (arc->before >= count || arc->after >= count)
			return err_set(err, ERR_INVALID,
			    "activity %u is behind %u; there are only %u", arc->after, arc->before,
			    count);
		if (!is_day(arc->lag))
			return err_set(err, ERR_INVALID, "activity %u is %g days behind %u",
			    arc->after, (double)arc->lag, arc->before);
	}
	return true;
}

static bool
check_plan(const struct forecast_plan *plan, struct err *err)
{
	size_t rows = (size_t)plan->groups + plan->kept_count + 1;

	if (plan->draws == 0 || plan->draws > LIMIT_FORECAST_DRAWS)
		return err_set(err, ERR_INVALID, "%u draws; from 1 to %u can be made", plan->draws,
		    LIMIT_FORECAST_DRAWS);
	if (plan->arcs > LIMIT_FORECAST_ARCS)
		return err_set(err, ERR_LIMIT, "%zu prerequisites; at most %u can be forecast",
		    plan->arcs, LIMIT_FORECAST_ARCS);
	if (rows * plan->draws > LIMIT_FORECAST_CELLS)
		return err_set(err, ERR_LIMIT,
		    "%zu dates in %u draws are more than %u; ask for fewer draws", rows,
		    plan->draws, LIMIT_FORECAST_CELLS);
	for (uint32_t k = 0; k < plan->kept_count; k++)
		if (plan->kept[k] >= plan->forecast->count)
			return err_set(
			    err, ERR_INVALID, "there is no activity %u to keep", plan->kept[k]);
	return check_activities(plan, err) && check_arcs(plan, err);
}

/* ---- the net */

/* Arcs by the activity behind them (or before), as ranges of indices into plan->arc. */
static bool
index_arcs(const struct forecast_plan *plan, bool by_after, uint32_t **first, uint32_t **arcs,
    struct err *err)
{
	uint32_t count = plan->forecast->count;

	*first = calloc((size_t)count + 2, sizeof **first);
	*arcs = malloc((plan->arcs > 0 ? plan->arcs : 1) * sizeof **arcs);
	if (*first == NULL || *arcs == NULL)
		return err_oom(err);
	for (size_t e = 0; e < plan->arcs; e++)
		(*first)[(by_after ? plan->arc[e].after : plan->arc[e].before) + 2]++;
	for (uint32_t i = 0; i < count; i++)
		(*first)[i + 2] += (*first)[i + 1];
	for (size_t e = 0; e < plan->arcs; e++)
		(*arcs)[(*first)[(by_after ? plan->arc[e].after : plan->arc[e].before) + 1]++] =
		    (uint32_t)e;
	return true;
}

/* An order in which each is behind those that it waits for: the activity at each place. */
static bool
sort_net(struct run *run, struct err *err)
{
	const struct forecast_plan *plan = run->plan;
	uint32_t count = plan->forecast->count, done = 0;
	uint32_t *first = NULL, *arcs = NULL;
	uint32_t *waits = calloc((size_t)count + 1, sizeof *waits);
	bool ok = false;

	if (waits == NULL || !index_arcs(plan, false, &first, &arcs, err)) {
		if (waits == NULL)
			err_oom(err);
		goto out;
	}
	for (size_t e = 0; e < plan->arcs; e++)
		waits[plan->arc[e].after]++;
	for (uint32_t i = 0; i < count; i++)
		if (waits[i] == 0)
			run->net.activity[done++] = i;
	for (uint32_t p = 0; p < done; p++)
		for (uint32_t e = first[run->net.activity[p]]; e < first[run->net.activity[p] + 1];
		     e++)
			if (--waits[plan->arc[arcs[e]].after] == 0)
				run->net.activity[done++] = plan->arc[arcs[e]].after;
	for (uint32_t i = 0; i < count && done < count; i++) {
		if (waits[i] > 0) {
			err_set(err, ERR_INVALID, "activity %u waits for itself", i);
			goto out;
		}
	}
	ok = true;
out:
	free(first);
	free(arcs);
	free(waits);
	return ok;
}

static bool
make_net(struct run *run, struct err *err)
{
	const struct forecast_plan *plan = run->plan;
	struct forecast_net *net = &run->net;
	uint32_t *first = NULL, *arcs = NULL, next = 0;
	bool ok = index_arcs(plan, true, &first, &arcs, err);

	for (uint32_t p = 0; p < net->count; p++)
		run->place[net->activity[p]] = p;
	for (uint32_t p = 0; p < net->count && ok; p++) {
		uint32_t i = net->activity[p];

		net->first[p] = next;
		net->group[p] = group_of(run, i);
		net->not_before[p] = plan->not_before != NULL ? plan->not_before[i] : 0;
		for (uint32_t e = first[i]; e < first[i + 1]; e++) {
			net->before[next] = run->place[plan->arc[arcs[e]].before];
			net->lag[next++] = plan->arc[arcs[e]].lag;
		}
	}
	net->first[net->count] = next;
	free(first);
	free(arcs);
	return ok;
}

/*
 * Which activities can be their group's last, and everything's: nothing of it waits for them. In the net's order, so that of several
 * that end at once it is always the same one.
 */
static bool
find_ends(struct run *run, struct err *err)
{
	const struct forecast_plan *plan = run->plan;
	uint32_t count = plan->forecast->count, next = 0;
	uint8_t *inner = calloc((size_t)count + 1, 1); /* 1: in its group, 2: in everything */
	uint32_t *at = run->ends_first;

	if (inner == NULL)
		return err_oom(err);
	for (size_t e = 0; e < plan->arcs; e++) {
		uint32_t before = plan->arc[e].before;

		inner[before] |= group_of(run, before) == group_of(run, plan->arc[e].after) ? 3 : 2;
	}
	for (uint32_t i = 0; i < count; i++)
		if (group_of(run, i) != FORECAST_NONE && !(inner[i] & 1))
			at[group_of(run, i) + 2]++;
	for (uint32_t g = 0; g < plan->groups; g++)
		at[g + 2] += at[g + 1];
	for (uint32_t p = 0; p < count; p++) {
		uint32_t i = run->net.activity[p];

		if (group_of(run, i) != FORECAST_NONE && !(inner[i] & 1))
			run->ends[at[group_of(run, i) + 1]++] = p;
	}
	next = at[plan->groups];
	for (uint32_t p = 0; p < count; p++)
		if (!(inner[run->net.activity[p]] & 2))
			run->ends[next++] = p;
	at[plan->groups + 1] = next;
	free(inner);
	return true;
}

static void *
numbers(size_t count, struct err *err)
{
	void *p = calloc(count > 0 ? count : 1, sizeof(uint32_t));

	if (p == NULL)
		err_oom(err);
	return p;
}

static bool
allocate_net(struct run *run, struct err *err)
{
	size_t count = run->forecast->count, arcs = run->plan->arcs;
	struct forecast_net *net = &run->net;

	net->count = (uint32_t)count;
	return (net->activity = numbers(count, err)) != NULL &&
	       (net->first = numbers(count + 1, err)) != NULL &&
	       (net->before = numbers(arcs, err)) != NULL &&
	       (net->lag = numbers(arcs, err)) != NULL &&
	       (net->not_before = numbers(count, err)) != NULL &&
	       (net->group = numbers(count, err)) != NULL &&
	       (run->place = numbers(count, err)) != NULL &&
	       (run->ends = numbers(2 * count, err)) != NULL &&
	       (run->ends_first = numbers((size_t)run->plan->groups + 3, err)) != NULL;
}

/* ---- draws */

static float *
row_of(const struct run *run, uint32_t row, uint32_t draw)
{
	return run->result->finish + (size_t)row * run->plan->draws + draw;
}

/* The ends of groups and of everything, and where they are. */
static void
find_latest(const struct run *run, struct own *own, uint32_t draw, uint32_t draws)
{
	const struct forecast_plan *plan = run->plan;

	for (uint32_t g = 0; g <= plan->groups; g++) {
		uint32_t row = g < plan->groups ? g : g + plan->kept_count, last[W];
		uint32_t first = run->ends_first[g], count = run->ends_first[g + 1] - first;
		float latest[W];
		uint16_t *marks;

		if (count == 0)
			continue; /* its finishes are 0 */
		run->forecast->kernel->latest(run->ends + first, count, own->days, latest, last);
		memcpy(row_of(run, row, draw), latest, draws * sizeof *latest);
		marks = g < plan->groups ? own->walk.mine : own->walk.all;
		for (uint32_t l = 0; l < draws; l++)
			marks[last[l]] |= (uint16_t)(1u << l);
	}
}

static bool
draw_piece(void *arg, uint32_t piece, unsigned worker, struct err *err)
{
	const struct run *run = arg;
	const struct forecast_plan *plan = run->plan;
	struct own *own = &((struct run *)arg)->own[worker];

	(void)err;
	for (uint32_t b = piece * BLOCKS_PIECE; b < (piece + 1) * BLOCKS_PIECE; b++) {
		uint32_t draw = b * W, draws = plan->draws - draw < W ? plan->draws - draw : W;

		if (draw >= plan->draws)
			break;
		forecast_factors(run->forecast, b, own->factors);
		run->forecast->kernel->days(
		    run->forecast, run->net.activity, run->net.count, b, own->factors, own->days);
		run->forecast->kernel->finish(&run->net, own->days);
		find_latest(run, own, draw, draws);
		run->forecast->kernel->walk(&run->net, own->days, &own->walk);
		for (uint32_t k = 0; k < plan->kept_count; k++)
			memcpy(row_of(run, plan->groups + k, draw),
			    own->days + (size_t)run->place[plan->kept[k]] * W,
			    draws * sizeof(float));
	}
	return true;
}

static bool
allocate_own(struct run *run, struct err *err)
{
	size_t count = run->forecast->count;

	for (unsigned t = 0; t < run->threads; t++) {
		struct own *own = &run->own[t];

		if ((own->days = numbers(count * W, err)) == NULL ||
		    (own->factors = numbers((size_t)(run->forecast->teams + 1) * W, err)) == NULL ||
		    (own->walk.mine = numbers(count, err)) == NULL ||
		    (own->walk.all = numbers(count, err)) == NULL ||
		    (own->walk.critical = numbers(count, err)) == NULL ||
		    (own->walk.critical_all = numbers(count, err)) == NULL ||
		    (own->walk.outside = numbers(run->plan->groups, err)) == NULL)
			return false;
	}
	return true;
}

static void
count_critical(struct run *run)
{
	struct forecast_result *result = run->result;
	const struct kernel_walk *sum = &run->own[0].walk;
	float draws = (float)run->plan->draws;

	for (unsigned t = 1; t < run->threads; t++) {
		const struct kernel_walk *walk = &run->own[t].walk;

		for (uint32_t p = 0; p < run->net.count; p++) {
			sum->critical[p] += walk->critical[p];
			sum->critical_all[p] += walk->critical_all[p];
		}
		for (uint32_t g = 0; g < run->plan->groups; g++)
			sum->outside[g] += walk->outside[g];
	}
	for (uint32_t p = 0; p < run->net.count; p++) {
		uint32_t i = run->net.activity[p];

		result->critical[i] = (float)sum->critical[p] / draws;
		result->critical_all[i] = (float)sum->critical_all[p] / draws;
	}
	for (uint32_t g = 0; g < run->plan->groups; g++)
		result->outside[g] = (float)sum->outside[g] / draws;
}

static bool
make_draws(struct run *run, struct err *err)
{
	uint32_t pieces = (run->plan->draws + BLOCKS_PIECE * W - 1) / (BLOCKS_PIECE * W);

	run->threads = parallel_threads(&run->plan->how, pieces);
	if (!allocate_own(run, err) || !parallel_run(&run->plan->how, pieces, draw_piece, run, err))
		return false;
	count_critical(run);
	return true;
}

/* ---- what is said about them */
static bool
date_piece(void *arg, uint32_t row, unsigned worker, struct err *err)
{
	const struct run *run = arg;
	const struct forecast_plan *plan = run->plan;
	struct forecast_result *result = run->result;
	struct forecast_dates *dates = &result->all;
	float due = FORECAST_NO_DUE;

	(void)err;
	if (row < plan->groups) {
		dates = &result->group[row];
		if (plan->due != NULL)
			due = plan->due[row];
	} else if (row < plan->groups + plan->kept_count) {
		dates = &result->keep[row - plan->groups];
	}
	forecast_dates(
	    row_of(run, row, 0), plan->draws, plan->horizon, due, run->scratch[worker], dates);
	return true;
}

static bool
rank_piece(void *arg, uint32_t group, unsigned worker, struct err *err)
{
	const struct run *run = arg;

	(void)err;
	stats_ranks(row_of(run, group, 0), run->some, run->ranks + (size_t)group * run->some,
	    run->scratch[worker]);
	return true;
}

static bool
correlate_piece(void *arg, uint32_t piece, unsigned worker, struct err *err)
{
	const struct run *run = arg;
	float *days = run->scratch[worker];
	int32_t *rank = (int32_t *)run->scratch[worker] + (size_t)run->blocks * W;

	(void)err;
	for (uint32_t n = piece * ROWS_PIECE; n < (piece + 1) * ROWS_PIECE; n++) {
		uint32_t i;

		if (n >= run->wanted_count)
			break;
		i = run->wanted[n];
		run->forecast->kernel->row(run->forecast, i, run->blocks, run->factors, days);
		stats_ranks(days, run->some, rank, rank + run->some);
		run->result->sensitivity[i] = (float)stats_correlation(
		    rank, run->ranks + (size_t)group_of(run, i) * run->some, run->some);
	}
	return true;
}

/* Of those that were ever on the way to their group's end, and that vary. */
static bool
correlate(struct run *run, struct err *err)
{
	const struct forecast *f = run->forecast;
	const struct parallel *how = &run->plan->how;
	size_t row = (size_t)(f->teams + 1) * W;

	run->factors = malloc(run->blocks * row * sizeof *run->factors);
	run->ranks = numbers((size_t)run->plan->groups * run->some, err);
	run->wanted = numbers(f->count, err);
	if (run->factors == NULL || run->ranks == NULL || run->wanted == NULL)
		return err_oom(err);
	for (uint32_t b = 0; b < run->blocks; b++)
		forecast_factors(f, b, run->factors + b * row);
	for (uint32_t i = 0; i < f->count; i++)
		if (run->result->critical[i] > 0 && f->scale[i] > 0)
			run->wanted[run->wanted_count++] = i;
	return parallel_run(how, run->plan->groups, rank_piece, run, err) &&
	       parallel_run(how, (run->wanted_count + ROWS_PIECE - 1) / ROWS_PIECE, correlate_piece,
		   run, err);
}

static bool
tell(struct run *run, struct err *err)
{
	const struct forecast_plan *plan = run->plan;
	size_t most = 2 * (size_t)plan->draws;
	unsigned threads = parallel_threads(&plan->how, UINT32_MAX);

	run->some =
	    plan->draws < FORECAST_SENSITIVITY_DRAWS ? plan->draws : FORECAST_SENSITIVITY_DRAWS;
	run->blocks = (run->some + W - 1) / W;
	if (most < 6 * (size_t)run->blocks * W)
		most = 6 * (size_t)run->blocks * W;
	for (unsigned t = 0; t < threads; t++)
		if ((run->scratch[t] = malloc(most * sizeof(float))) == NULL)
			return err_oom(err);
	return parallel_run(
		   &plan->how, plan->groups + plan->kept_count + 1, date_piece, run, err) &&
	       (!plan->sensitivity || correlate(run, err));
}

static struct forecast_result *
new_result(const struct forecast_plan *plan, struct err *err)
{
	struct forecast_result *result = calloc(1, sizeof *result);
	size_t rows = (size_t)plan->groups + plan->kept_count + 1, count = plan->forecast->count;

	if (result == NULL) {
		err_oom(err);
		return NULL;
	}
	result->draws = plan->draws;
	result->groups = plan->groups;
	result->kept = plan->kept_count;
	result->group = calloc((size_t)plan->groups + 1, sizeof *result->group);
	result->keep = calloc((size_t)plan->kept_count + 1, sizeof *result->keep);
	if (result->group == NULL || result->keep == NULL ||
	    (result->finish = numbers(rows * plan->draws, err)) == NULL ||
	    (result->critical = numbers(count, err)) == NULL ||
	    (result->critical_all = numbers(count, err)) == NULL ||
	    (result->outside = numbers(plan->groups, err)) == NULL ||
	    (plan->sensitivity && (result->sensitivity = numbers(count, err)) == NULL)) {
		err_oom(err);
		forecast_result_free(result);
		return NULL;
	}
	return result;
}

static void
run_fini(struct run *run)
{
	free(run->net.activity);
	free(run->net.first);
	free(run->net.before);
	free(run->net.lag);
	free(run->net.not_before);
	free(run->net.group);
	free(run->place);
	free(run->ends);
	free(run->ends_first);
	free(run->factors);
	free(run->wanted);
	free(run->ranks);
	for (unsigned t = 0; t < PARALLEL_MAX; t++) {
		free(run->own[t].days);
		free(run->own[t].factors);
		free(run->own[t].walk.critical);
		free(run->own[t].walk.critical_all);
		free(run->own[t].walk.outside);
		free(run->own[t].walk.mine);
		free(run->own[t].walk.all);
		free(run->scratch[t]);
	}
}

struct forecast_result *
forecast_fixed(const struct forecast_plan *plan, struct err *err)
{
	struct run run = {.plan = plan, .forecast = plan->forecast};

	if (!check_plan(plan, err))
		return NULL;
	run.result = new_result(plan, err);
	if (run.result == NULL)
		return NULL;
	if (!allocate_net(&run, err) || !sort_net(&run, err) || !make_net(&run, err) ||
	    !find_ends(&run, err) || !make_draws(&run, err) || !tell(&run, err)) {
		forecast_result_free(run.result);
		run.result = NULL;
	}
	run_fini(&run);
	return run.result;
}

void
forecast_result_free(struct forecast_result *result)
{
	if (result == NULL)
		return;
	free(result->group);
	free(result->keep);
	free(result->finish);
	free(result->critical);
	free(result->critical_all);
	free(result->outside);
	free(result->sensitivity);
	free(result);
}

const float *
forecast_row(const struct forecast_result *result, uint32_t row)
{
	return result->finish + (size_t)row * result->draws;
}
