/* What each piece of work may take, and what of it is still to do; see plan_forecast.h. */
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
	uint32_t *depth;         /* by number */
	int64_t *parts;          /* by number: what its parts ask for */
	int64_t *parts_left;
	uint32_t deepest;
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

/* One end may be missing: it is the likely one then. Without a likely one it is in the middle. */
static bool
read_estimate(struct ranger *r, uint32_t number, struct err *err)
{
	uint32_t slot = r->pf->pc.plan->slots[number];
	struct estimate *e = &r->stated[number];

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
	if (e->likely > 0 && e->optimistic <= e->likely && e->likely <= e->pessimistic)
		return true;
	if (!complain(r->pf, slot,
		e->likely <= 0 ? "its estimate has a range, but no likely effort above 0: not used"
			       : "its estimate is not in order, optimistic, likely, pessimistic: "
				 "not used",
		err))
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

static void
find_depths(struct ranger *r)
{
	for (uint32_t i = 0; i < r->pf->pc.plan->count; i++) {
		uint32_t up = i;

		while ((up = whole_of(r, up)) != SCHEDULE_NONE && r->depth[i] < DEPTH_MAX)
			r->depth[i]++;
		r->deepest = r->depth[i] > r->deepest ? r->depth[i] : r->deepest;
	}
}

/* ---- what is still to do */

static int64_t
asked(const struct plan_schedule *plan, uint32_t number)
{
	const struct schedule_work *work = &plan->work[number * PLAN_STAGES + PLAN_EFFORT];
	int64_t sum = 0;

	for (uint32_t n = 0; n < work->needs_count; n++)
		sum += plan->need[work->needs_first + n].effort;
	return sum;
}

/*
 * By the newest check-in about it: what it says remains, else what its progress leaves. Of a whole that is for its parts too: what they
 * still ask for is in it.
 */
static bool
find_left(struct ranger *r, uint32_t number, int64_t own, int64_t *left, struct err *err)
{
	uint32_t check_in = r->ix->check_in[r->pf->pc.plan->slots[number]];
	int64_t all = own + r->parts[number];
	int64_t remaining;
	const struct item *item;

	*left = own;
	if (check_in == SLOT_NONE)
		return true;
	item = r->ix->items[check_in];
	arena_reset(r->scratch);
	if (!estimate_remaining(item, r->scratch, &remaining))
		return err_oom(err);
	if (remaining >= 0) {
		*left = remaining - r->parts_left[number];
	} else if ((item->has & HAS_VALUE) != 0 && item->value >= 0 && item->value <= 1) {
		*left = llround((1 - item->value) * (double)all) - r->parts_left[number];
		*left = *left < own ? *left : own; /* only what is said remains can be more */
	}
	*left = *left > 0 ? *left : 0;
	return true;
}

/* Parts before wholes. */
static bool
find_all_left(struct ranger *r, int64_t *planned, int64_t *left, struct err *err)
{
	uint32_t count = r->pf->pc.plan->count;

	for (uint32_t d = r->deepest + 1; d-- > 0;) {
		for (uint32_t i = 0; i < count; i++) {
			uint32_t up = whole_of(r, i);

			if (r->depth[i] != d)
				continue;
			planned[i] = asked(r->pf->pc.plan, i);
			if (!find_left(r, i, planned[i], &left[i], err))
				return false;
			if (up == SCHEDULE_NONE)
				continue;
			r->parts[up] += planned[i] + r->parts[i];
			r->parts_left[up] += left[i] + r->parts_left[i];
		}
	}
	return true;
}

/* The needs in the same proportion; a hundredth at least, since what is not done is not done. */
static void
scale_needs(struct plan_schedule *plan, const struct plan_forecast_piece *piece)
{
	const struct schedule_work *work = &plan->work[piece->number * PLAN_STAGES + PLAN_EFFORT];

	for (uint32_t n = 0; n < work->needs_count; n++) {
		struct schedule_need *need = &plan->need[work->needs_first + n];
		double part = (double)need->effort / (double)piece->planned * (double)piece->left;
		int64_t effort = llround(part);

		need->effort = effort < 1 ? 1 : effort > LIMIT_EFFORT ? LIMIT_EFFORT : effort;
	}
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
			piece->whole = r->pf->pc.plan->slots[up];
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
lay_pieces(struct ranger *r, const int64_t *planned, const int64_t *left, struct err *err)
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
		if (planned[i] == 0)
			continue;
		pf->piece_of[i] = pf->pieces_count++;
		piece->number = i;
		piece->planned = planned[i];
		piece->left = left[i];
		piece->team = team_of(pf, i);
		piece->whole = SLOT_NONE;
		find_range(r, piece);
		pf->counts[piece->source]++;
		scale_needs(plan, piece);
	}
	return true;
}

bool
forecast_ranges(struct plan_forecast *pf, struct err *err)
{
	size_t n = (size_t)pf->pc.plan->count + 1;
	struct ranger r = {.pf = pf, .ix = &pf->pc.ix, .scratch = arena_new(SCRATCH_MEMORY)};
	int64_t *planned = calloc(n, sizeof planned[0]);
	int64_t *left = calloc(n, sizeof left[0]);
	bool ok = false;

	r.stated = calloc(n, sizeof r.stated[0]);
	r.depth = calloc(n, sizeof r.depth[0]);
	r.parts = calloc(n, sizeof r.parts[0]);
	r.parts_left = calloc(n, sizeof r.parts_left[0]);
	if (r.scratch == NULL || planned == NULL || left == NULL || r.stated == NULL ||
	    r.depth == NULL || r.parts == NULL || r.parts_left == NULL) {
		err_oom(err);
		goto out;
	}
	for (uint32_t i = 0; i < pf->pc.plan->count; i++)
		if (!read_estimate(&r, i, err))
			goto out;
	find_depths(&r);
	ok = find_all_left(&r, planned, left, err) && lay_pieces(&r, planned, left, err);
out:
	free(planned);
	free(left);
	free(r.stated);
	free(r.depth);
	free(r.parts);
	free(r.parts_left);
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
