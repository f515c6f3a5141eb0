/* See plan_forecast.h. */
#include "server/insight/schedule/plan_forecast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/schedule/plan_forecast_internal.h"
#include "server/limits.h"

#define YEAR          365
#define DEFAULT_DRAWS 10000u
#define LEAST_DRAWS   1000u
/* Pieces of work times draws that are made where nobody says how many: some seconds. */
#define DEFAULT_WORK UINT64_C(50000000)

/* ---- the plan */

/* Draws go on behind the time that is planned: as long again, and a year. */
static bool
look_further(struct plan_forecast *pf, struct err *err)
{
	struct plan_case *pc = &pf->pc;
	uint32_t rows = load_rows(pc->load) > 0 ? load_rows(pc->load) : 1;
	int64_t days = 2 * ((int64_t)pf->until - pc->ix.today + 1) + YEAR;

	days = days < LIMIT_SCHEDULE_DAYS ? days : LIMIT_SCHEDULE_DAYS;
	days = days < LIMIT_SCHEDULE_CELLS / rows ? days : LIMIT_SCHEDULE_CELLS / rows;
	if (pc->ix.today + days - 1 < pf->until)
		days = (int64_t)pf->until - pc->ix.today + 1;
	pf->looked_until = (int32_t)(pc->ix.today + days - 1);
	pc->plan = pc->has_index
		       ? plan_schedule_new(&pc->ix, pc->load, pf->looked_until, err)
		       : plan_schedule_new_asked(&pc->ix, pc->load, pf->looked_until, err);
	return pc->plan != NULL;
}

static bool
open_case(struct plan_forecast *pf, struct err *err)
{
	pf->until = pf->pc.last;
	return look_further(pf, err) &&
	       forecast_history_init(&pf->history, &pf->pc.ix, pf->pc.load, err) &&
	       forecast_ranges(pf, err);
}

bool
plan_forecast_open(struct plan_forecast *pf, const struct view *view, int32_t today, int32_t until,
    index_stop_fn stop, void *arg, struct err *err)
{
	*pf = (struct plan_forecast){.until = until};
	return plan_case_begin(&pf->pc, view, today, until, stop, arg, err) && open_case(pf, err);
}

bool
plan_forecast_lend(
    struct plan_forecast *pf, const struct index *ix, struct load *load, struct err *err)
{
	*pf = (struct plan_forecast){0};
	plan_case_lend(&pf->pc, ix, load);
	return open_case(pf, err);
}

void
plan_forecast_close(struct plan_forecast *pf)
{
	for (int mode = 0; mode < MODES; mode++) {
		free(pf->ends[mode]);
		free(pf->dates[mode]);
		free(pf->above[mode]);
	}
	forecast_free(pf->factors);
	schedule_free(pf->base);
	forecast_history_fini(&pf->history);
	free(pf->pieces);
	free(pf->piece_of);
	free(pf->problems);
	free(pf->critical);
	free(pf->drivers);
	plan_case_close(&pf->pc);
	*pf = (struct plan_forecast){.until = 0};
}

/* ---- draws */

static uint32_t
most_draws(const struct plan_forecast *pf, uint32_t kept_count)
{
	uint64_t rows = (uint64_t)pf->pc.plan->problem.initiatives + kept_count + 1;
	uint64_t most = LIMIT_PLAN_FORECAST_ENDS / rows;

	return most < LIMIT_PLAN_FORECAST_DRAWS ? (uint32_t)most : LIMIT_PLAN_FORECAST_DRAWS;
}

/* Fewer for plans that are so large that 10,000 would take long. */
static uint32_t
plan_forecast_default_draws(const struct plan_forecast *pf, uint32_t kept_count)
{
	uint64_t draws = DEFAULT_WORK / ((uint64_t)pf->pc.plan->count + 1);
	uint32_t most = most_draws(pf, kept_count);

	draws = draws > LEAST_DRAWS ? draws : LEAST_DRAWS;
	draws = draws < DEFAULT_DRAWS ? draws : DEFAULT_DRAWS;
	return draws < most ? (uint32_t)draws : most;
}

/* What part of the whole the step at hand is, for who waits. */
struct progress {
	const struct plan_forecast_options *options;
	double before;
	double share;
	uint32_t pieces;
};

static bool
is_stopped(void *arg, uint32_t done)
{
	const struct progress *p = arg;

	return p->options->stop != NULL &&
	       p->options->stop(p->options->arg,
		   p->before + p->share * (p->pieces > 0 ? fmin(1, (double)done / p->pieces) : 0));
}

static bool
schedule_stops(void *arg)
{
	return is_stopped(arg, 0);
}

static bool
lay_base(struct plan_forecast *pf, struct progress *progress, struct err *err)
{
	const struct schedule_policy policy = {.backfill = true,
	    .tries = progress->options->tries > 0 ? progress->options->tries : PLAN_CASE_TRIES,
	    .seed = PLAN_CASE_SEED,
	    .stop = schedule_stops,
	    .arg = progress};

	pf->base = schedule_run(&pf->pc.plan->problem, &policy, err);
	return pf->base != NULL;
}

static bool
make_factors(struct plan_forecast *pf, const struct plan_forecast_options *options, struct err *err)
{
	struct forecast_model model = {.seed = options->seed,
	    .overall = options->overall,
	    .team = options->team,
	    .count = pf->pieces_count,
	    .path = FORECAST_BEST};
	struct forecast_activity *list = calloc((size_t)pf->pieces_count + 1, sizeof *list);

	if (list == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < pf->pieces_count; i++) {
		const struct plan_forecast_piece *piece = &pf->pieces[i];

		list[i].estimate = piece->range;
		list[i].stream = forecast_stream_of(pf, pf->pc.plan->slots[piece->number]);
		list[i].team = forecast_team_of(pf, piece);
	}
	model.activity = list;
	pf->factors = forecast_new(&model, err);
	free(list);
	return pf->factors != NULL;
}

/* ---- what comes of them */

/* Days from today on which, at the end, something that is due is done; FORECAST_NO_DUE. What is past is met by none. */
static float
due_of(const struct plan_forecast *pf, uint32_t row)
{
	int32_t due = DATE_NONE;

	if (row < pf->pc.plan->problem.initiatives)
		due = plan_case_due(&pf->pc, row);
	if (due == DATE_NONE)
		return FORECAST_NO_DUE;
	return due >= pf->pc.ix.today ? (float)(due - pf->pc.ix.today + 1) : 0;
}

static bool
sum_up(struct plan_forecast *pf, enum plan_forecast_mode mode, struct err *err)
{
	uint32_t initiatives = pf->pc.plan->problem.initiatives;
	float horizon = (float)(pf->until - pf->pc.ix.today + 1);
	float *scratch = malloc(2 * (size_t)pf->draws * sizeof *scratch);
	uint8_t *is_above = malloc((size_t)pf->draws);

	pf->dates[mode] = calloc((size_t)pf->rows + 1, sizeof pf->dates[mode][0]);
	pf->above[mode] = calloc((size_t)initiatives + 1, sizeof pf->above[mode][0]);
	if (scratch == NULL || is_above == NULL || pf->dates[mode] == NULL ||
	    pf->above[mode] == NULL) {
		free(scratch);
		free(is_above);
		return err_oom(err);
	}
	for (uint32_t row = 0; row < pf->rows; row++)
		forecast_dates(plan_forecast_ends(pf, mode, row), pf->draws, horizon,
		    due_of(pf, row), scratch, &pf->dates[mode][row]);
	memset(is_above, 1, pf->draws);
	for (uint32_t i = 0; i < initiatives; i++) {
		const float *ends = plan_forecast_ends(pf, mode, i);
		uint32_t count = 0;

		for (uint32_t d = 0; d < pf->draws; d++) {
			is_above[d] &= ends[d] <= horizon;
			count += is_above[d];
		}
		pf->above[mode][i] = (float)count / (float)pf->draws;
	}
	free(scratch);
	free(is_above);
	return true;
}

static bool
run_mode(struct plan_forecast *pf, enum plan_forecast_mode mode,
    const struct plan_forecast_options *options, struct progress *progress, struct err *err)
{
	const struct parallel how = {
	    .threads = options->threads, .stop = is_stopped, .arg = progress};

	progress->before += progress->share;
	progress->share = (options->wanted[MODE_FIXED] ? 0.1 : 0.8);
	if (mode == MODE_RESCHEDULE)
		progress->share = options->wanted[MODE_FIXED] ? 0.7 : 0.8;
	progress->pieces = (pf->draws + FORECAST_BLOCK - 1) / FORECAST_BLOCK;
	pf->ends[mode] = calloc((size_t)pf->rows * pf->draws + 1, sizeof pf->ends[mode][0]);
	if (pf->ends[mode] == NULL)
		return err_oom(err);
	return (mode == MODE_FIXED ? forecast_net(pf, options, &how, err)
				   : forecast_reschedule(pf, &how, err)) &&
	       sum_up(pf, mode, err);
}

static bool
check_draws(struct plan_forecast *pf, uint32_t draws, struct err *err)
{
	uint32_t most = most_draws(pf, pf->kept_count);

	pf->draws = draws > 0 ? draws : plan_forecast_default_draws(pf, pf->kept_count);
	if (pf->draws < 1)
		return err_set(err, ERR_LIMIT,
		    "%u initiatives and other ends are too many to forecast", pf->rows);
	if (pf->draws > most)
		return err_set(err, ERR_LIMIT,
		    "%u draws of %u ends are too many; at most %u draws of these", pf->draws,
		    pf->rows, most);
	return true;
}

bool
plan_forecast_run(struct plan_forecast *pf, const struct plan_forecast_options *options,
    const uint32_t *kept, uint32_t kept_count, struct err *err)
{
	struct progress progress = {.options = options, .share = 0.05};
	const struct parallel last = {
	    .threads = options->threads, .stop = is_stopped, .arg = &progress};
	enum plan_forecast_mode mode =
	    options->wanted[MODE_RESCHEDULE] ? MODE_RESCHEDULE : MODE_FIXED;

	pf->kept = kept;
	pf->kept_count = kept_count;
	pf->rows = pf->pc.plan->problem.initiatives + kept_count + 1;
	if (!check_draws(pf, options->draws, err))
		return false;
	forecast_shape_ranges(pf, options->shape);
	if (!lay_base(pf, &progress, err) || !make_factors(pf, options, err))
		return false;
	for (int m = 0; m < MODES; m++)
		if (options->wanted[m] &&
		    !run_mode(pf, (enum plan_forecast_mode)m, options, &progress, err))
			return false;
	progress.before = 0.9;
	progress.share = 0;
	return options->no_drivers || forecast_drivers(pf, mode, &last, err);
}
