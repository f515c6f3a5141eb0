/* What each piece of work may take; see plan_forecast.h. */
#include <math.h>
#include <stdlib.h>

#include "common/arena.h"
#include "server/insight/schedule/plan_forecast_internal.h"
#include "server/limits.h"
#include "server/plan/estimate.h"
#include "server/plan/kinds.h"

#define SCRATCH_MEMORY ((size_t)32 << 20)
/* Belonging is as deep as the limit; a log of an older version may hold a circle. */
#define DEPTH_MAX (2 * LIMIT_DEPTH)

struct ranger {
	struct plan_forecast *pf;
	const struct index *ix;
	struct arena *scratch;
	struct estimate *stated; /* by number: in order and likely above 0; else likely is 0 */
};

static bool
complain(struct plan_forecast *pf, uint32_t slot, const char *what, struct err *err)
{
	struct plan_forecast_problem *grown;

	if ((pf->problems_count & (pf->problems_count - 1)) == 0) {
		grown = realloc(pf->problems,
		    (pf->problems_count > 0 ? 2 * (size_t)pf->problems_count : 1) * sizeof *grown);
		if (grown == NULL)
			return err_oom(err);
		pf->problems = grown;
	}
	pf->problems[pf->problems_count++] = (struct plan_forecast_problem){slot, what};
	return true;
}

/* Why no range comes of an estimate whose ends are filled in; NULL: one does. */
static const char *
unusable(const struct estimate *e)
{
	if (e->likely <= 0)
		return "its estimate has a range, but no likely effort above 0: not used";
	if (e->optimistic > e->likely || e->likely > e->pessimistic)
		return "its estimate is not in order, optimistic, likely, pessimistic: not used";
	if ((double)e->pessimistic / (double)e->likely > FORECAST_DAYS_MAX)
		return "its pessimistic effort is more than a million times the likely one: not "
		       "used";
	return NULL;
}

/* One end may be missing: it is the likely one then. Without a likely one it is in the middle. */
static bool
read_estimate(struct ranger *r, uint32_t number, struct err *err)
{
	uint32_t slot = r->pf->pc.plan->slots[number];
	struct estimate *e = &r->stated[number];
	const char *what;

	arena_reset(r->scratch);
	if (!estimate_read(r->ix->items[slot], r->scratch, e))
		return err_oom(err);
	if (e->optimistic < 0 && e->pessimistic < 0) {
		e->likely = 0;
		return true;
	}
	if (e->likely < 0 && e->optimistic >= 0 && e->pessimistic >= 0)
		e->likely = (e->optimistic + e->pessimistic) / 2;
	e->optimistic = e->optimistic >= 0 ? e->optimistic : e->likely;
	e->pessimistic = e->pessimistic >= 0 ? e->pessimistic : e->likely;
	what = unusable(e);
	if (what == NULL)
		return true;
	if (!complain(r->pf, slot, what, err))
		return false;
	e->likely = 0;
	return true;
}

/* The piece of running work that it is a part of; SCHEDULE_NONE. */
static uint32_t
whole_of(const struct ranger *r, uint32_t number)
{
	uint32_t slot = r->pf->pc.plan->slots[number];
	uint32_t up = r->ix->part_of[slot];

	if (r->ix->kinds[slot] == KIND_INITIATIVE || up == SLOT_NONE)
		return SCHEDULE_NONE;
	return r->pf->pc.plan->number[up];
}

static int64_t
asked(const struct plan_schedule *plan, uint32_t number)
{
	const struct schedule_work *work = &plan->work[number * PLAN_STAGES + PLAN_EFFORT];
	int64_t sum = 0;

	for (uint32_t n = 0; n < work->needs_count; n++)
		sum += plan->need[work->needs_first + n].effort;
	return sum;
}

/* ---- what it may take */

static uint32_t
team_of(const struct plan_forecast *pf, uint32_t number)
{
	const struct schedule_problem *p = &pf->pc.plan->problem;
	const struct schedule_need *need =
	    &p->need[p->work[number * PLAN_STAGES + PLAN_EFFORT].needs_first];
	uint32_t giver = need->giver;

	if (giver == SCHEDULE_NONE && need->pool_count > 0)
		giver = p->pool[need->pool_first];
	if (giver == SCHEDULE_NONE)
		return UINT32_MAX;
	if (pf->pc.ix.kinds[load_who(pf->pc.load, giver)] == KIND_TEAM)
		return giver;
	return p->home[giver];
}

static void
take_estimate(struct plan_forecast_piece *piece, const struct estimate *e)
{
	piece->low = (double)e->optimistic / (double)e->likely;
	piece->middle = 1;
	piece->high = (double)e->pessimistic / (double)e->likely;
}

static void
take_history(struct plan_forecast_piece *piece, const double *ratios, uint32_t count)
{
	piece->low = forecast_quantile_of(ratios, count, 0.1);
	piece->middle = forecast_quantile_of(ratios, count, 0.5);
	piece->high = forecast_quantile_of(ratios, count, 0.9);
	piece->range = (struct forecast_estimate){
	    .shape = FORECAST_EMPIRICAL, .likely = 1, .ratios = ratios, .ratios_count = count};
}

static void
find_range(const struct ranger *r, struct plan_forecast_piece *piece)
{
	const struct forecast_history *history = &r->pf->history;
	const double *ratios = NULL;
	uint32_t up = piece->number, count = 0;

	for (unsigned depth = 0; up != SCHEDULE_NONE && depth < DEPTH_MAX; depth++) {
		if (r->stated[up].likely > 0) {
			piece->source = up == piece->number ? RANGE_OWN : RANGE_WHOLE;
			take_estimate(piece, &r->stated[up]);
			return;
		}
		up = whole_of(r, up);
	}
	piece->source = RANGE_TEAM;
	if (piece->team < history->teams)
		ratios = forecast_history_of(history, piece->team, &count);
	if (ratios == NULL) {
		piece->source = RANGE_ALL_TEAMS;
		ratios = forecast_history_of(history, UINT32_MAX, &count);
	}
	if (ratios != NULL) {
		take_history(piece, ratios, count);
		return;
	}
	piece->source = RANGE_NOTHING;
	piece->low = PLAN_FORECAST_LOW;
	piece->middle = 1;
	piece->high = PLAN_FORECAST_HIGH;
}

static bool
lay_pieces(struct ranger *r, struct err *err)
{
	struct plan_forecast *pf = r->pf;
	struct plan_schedule *plan = pf->pc.plan;

	pf->pieces = calloc((size_t)plan->count + 1, sizeof pf->pieces[0]);
	pf->piece_of = calloc((size_t)plan->count + 1, sizeof pf->piece_of[0]);
	if (pf->pieces == NULL || pf->piece_of == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < plan->count; i++) {
		struct plan_forecast_piece *piece = &pf->pieces[pf->pieces_count];

		pf->piece_of[i] = SCHEDULE_NONE;
		piece->left = asked(plan, i);
		if (piece->left == 0)
			continue;
		pf->piece_of[i] = pf->pieces_count++;
		piece->number = i;
		piece->team = team_of(pf, i);
		find_range(r, piece);
		pf->counts[piece->source]++;
	}
	return true;
}

bool
forecast_ranges(struct plan_forecast *pf, struct err *err)
{
	struct ranger r = {.pf = pf,
	    .ix = &pf->pc.ix,
	    .scratch = arena_new(SCRATCH_MEMORY),
	    .stated = calloc((size_t)pf->pc.plan->count + 1, sizeof r.stated[0])};
	bool ok = (r.scratch != NULL && r.stated != NULL) || err_oom(err);

	for (uint32_t i = 0; ok && i < pf->pc.plan->count; i++)
		ok = read_estimate(&r, i, err);
	ok = ok && lay_pieces(&r, err);
	free(r.stated);
	arena_free(r.scratch);
	return ok;
}

void
forecast_shape_ranges(struct plan_forecast *pf, enum forecast_shape shape)
{
	for (uint32_t i = 0; i < pf->pieces_count; i++) {
		struct plan_forecast_piece *piece = &pf->pieces[i];

		if (piece->range.shape == FORECAST_EMPIRICAL)
			continue;
		piece->range = (struct forecast_estimate){.shape = shape,
		    .low = piece->low,
		    .likely = piece->middle,
		    .high = piece->high};
		if (!(piece->high > piece->low) ||
		    (shape == FORECAST_LOGNORMAL && !(piece->high > piece->middle)))
			piece->range.shape = FORECAST_FIXED;
	}
}

/* ---- names */

uint64_t
forecast_stream_of(const struct plan_forecast *pf, uint32_t slot)
{
	char ref[REF_TEXT_LEN];

	ref_format(pf->pc.ix.items[slot], ref);
	return forecast_stream(ref);
}

uint64_t
forecast_team_of(const struct plan_forecast *pf, const struct plan_forecast_piece *piece)
{
	if (piece->team >= load_rows(pf->pc.load))
		return 0;
	return forecast_stream_of(pf, load_who(pf->pc.load, piece->team));
}
