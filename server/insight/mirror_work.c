/* How much effort each piece of work has, how much of it falls into a period, and how much of it is done. */
#include "server/insight/mirror_work.h"

#include <math.h>
#include <stdlib.h>

#include "server/insight/burnup.h"
#include "server/insight/load/load.h"
#include "server/insight/load/workdays.h"
#include "server/insight/progress.h"
#include "server/limits.h"

enum { WORK_APPROVED = 2, WORK_DONE = 5, WORK_STOPPED = 6 };

#define NO_PIECE   UINT32_MAX
#define STOP_EVERY 1024u
/* What progress needs, and parts. */
#define IN_ROLES                                                                                   \
	(ROLE_BIT(ROLE_PARENT) | ROLE_BIT(ROLE_GOAL) | ROLE_BIT(ROLE_FURTHER_GOAL) |               \
	    ROLE_BIT(ROLE_OBJECTIVE) | ROLE_BIT(ROLE_CONTRIBUTION) | ROLE_BIT(ROLE_PART_OF) |      \
	    ROLE_BIT(ROLE_TARGET_MEASURE) | ROLE_BIT(ROLE_INLINE_UNDER))

/* ---- effort */

/* What allocations to it and its parts state in days; -1 nothing. A share of somebody is no number of days. */
static int64_t
allocated(const struct index *ix, uint32_t work, unsigned depth)
{
	struct edges in = index_in(ix, work);
	int64_t sum = -1;

	for (uint32_t i = 0; i < in.count && depth < LIMIT_DEPTH; i++) {
		uint32_t slot = in.list[i].slot;
		const struct item *item = ix->items[slot];
		int64_t effort = -1;

		if (in.list[i].role != ROLE_PART_OF || !index_is(ix, slot, STANDING_LIVE))
			continue;
		if (kind_is_work(item->kind))
			effort = allocated(ix, slot, depth + 1);
		else if (item->kind == KIND_ALLOCATION && item->extra == 1)
			effort = item->effort;
		if (effort >= 0)
			sum = (sum > 0 ? sum : 0) + effort;
	}
	return sum;
}

static void
weigh(const struct index *ix, struct piece *piece)
{
	int64_t effort = burnup_effort(ix, piece->slot);

	piece->from =
	    (ix->has[piece->slot] & HAS_VALUE) != 0 ? MIRROR_FROM_ESTIMATE : MIRROR_FROM_NEEDS;
	if (effort < 0) {
		effort = allocated(ix, piece->slot, 0);
		piece->from = MIRROR_FROM_ALLOCATIONS;
	}
	piece->effort = effort >= 0 ? (double)effort : NAN;
	if (effort < 0)
		piece->from = MIRROR_FROM_NOTHING;
}

static double
rest_of(const struct piece *piece)
{
	return isnan(piece->effort) ? 0 : fmax(0, piece->effort - piece->taken);
}

/* ---- which pieces */

static bool
has_status(const struct index *ix, uint32_t slot)
{
	uint8_t status = ix->items[slot]->status;

	return status >= WORK_APPROVED && status <= WORK_DONE;
}

/* What it is a part of and has work's own effort: up to an initiative, or a workstream that is a part of nothing. */
static uint32_t
above(const struct index *ix, uint32_t slot)
{
	uint32_t up = ix->part_of[slot];

	return up != SLOT_NONE && index_is(ix, up, STANDING_LIVE) && kind_is_work(ix->kinds[up])
		   ? up
		   : SLOT_NONE;
}

static uint32_t
root_of(const struct index *ix, uint32_t slot)
{
	for (unsigned depth = 0; depth < LIMIT_DEPTH && above(ix, slot) != SLOT_NONE; depth++)
		slot = above(ix, slot);
	return slot;
}

/* The nearest work above it with an objective: what it says for its parts too. */
static uint32_t
holder_of(const struct index *ix, uint32_t slot)
{
	uint32_t up = above(ix, slot);

	for (unsigned depth = 0; depth < LIMIT_DEPTH && up != SLOT_NONE; depth++) {
		if (ix->kinds[up] == KIND_INITIATIVE ||
		    (ix->roles[up] & ROLE_BIT(ROLE_OBJECTIVE)) != 0)
			return up;
		up = above(ix, up);
	}
	return SLOT_NONE;
}

/* Does a workstream serve another objective than what it is a part of, or is it a part of nothing? */
static bool
stands_alone(const struct index *ix, uint32_t slot)
{
	uint32_t objective = index_target(ix, slot, ROLE_OBJECTIVE);
	uint32_t holder = holder_of(ix, slot);

	if (ix->items[slot]->status == WORK_STOPPED || !has_status(ix, root_of(ix, slot)))
		return false;
	if (holder == SLOT_NONE)
		return above(ix, slot) == SLOT_NONE;
	return objective != SLOT_NONE && index_target(ix, holder, ROLE_OBJECTIVE) != objective;
}

static void
gather(const struct index *ix, struct pieces *out, uint32_t *piece_of)
{
	static const enum kind kinds[] = {KIND_INITIATIVE, KIND_WORKSTREAM};

	for (size_t k = 0; k < 2; k++) {
		uint32_t count;
		const uint32_t *slots = index_kind(ix, kinds[k], &count);

		for (uint32_t i = 0; i < count; i++) {
			uint32_t slot = slots[i];

			if (kinds[k] == KIND_INITIATIVE ? !has_status(ix, slot)
							: !stands_alone(ix, slot))
				continue;
			piece_of[slot] = out->count;
			out->list[out->count] = (struct piece){.slot = slot};
			weigh(ix, &out->list[out->count++]);
		}
	}
}

/* What a workstream takes along is no longer its initiative's. */
static void
take_out(const struct index *ix, struct pieces *pieces, const uint32_t *piece_of)
{
	for (uint32_t i = 0; i < pieces->count; i++) {
		const struct piece *piece = &pieces->list[i];
		uint32_t up = above(ix, piece->slot);

		for (unsigned depth = 0; depth < LIMIT_DEPTH && up != SLOT_NONE; depth++) {
			if (piece_of[up] != NO_PIECE) {
				if (!isnan(piece->effort))
					pieces->list[piece_of[up]].taken += piece->effort;
				break;
			}
			up = above(ix, up);
		}
	}
}

/* ---- when */

static double
part_in_period(const struct index *ix, const struct mirror_query *query, struct piece *piece)
{
	static const struct workdays week = {WORKDAYS_MONDAY_TO_FRIDAY, NULL, 0};
	int32_t start, finish, from, to;
	int64_t all;

	if (query->from == DATE_NONE)
		return 1;
	start = load_start(ix, piece->slot);
	finish = load_finish(ix, piece->slot);
	all = start != DATE_NONE && finish != DATE_NONE ? workdays_count(&week, start, finish) : 0;
	piece->timeless = all == 0;
	if (piece->timeless)
		return 0;
	from = start > query->from ? start : query->from;
	to = finish < query->to ? finish : query->to;
	return (double)workdays_count(&week, from, to) / (double)all;
}

/* ---- done */

/* The plan's records as they were at the end of a day. */
struct moment {
	struct index own;
	const struct index *ix;
	struct progress *progress;
	int32_t day;
};

static bool
moment_init(struct moment *m, const struct index *ix, int32_t day, const struct mirror_query *query,
    struct err *err)
{
	m->ix = ix;
	m->day = day;
	if (day != ix->today) {
		if (!index_init(&m->own, ix->view, day, IN_ROLES, query->stop, query->arg, err))
			return false;
		m->ix = &m->own;
	}
	m->progress = progress_new(m->ix);
	return m->progress != NULL || err_oom(err);
}

static void
moment_fini(struct moment *m)
{
	progress_free(m->progress);
	if (m->ix == &m->own)
		index_fini(&m->own);
}

/* How far the work was; NAN not known. What is done was done on its last day, else by now. False out of memory. */
static bool
work_at(struct moment *m, uint32_t slot, int32_t today, double *out)
{
	uint32_t check_in = m->ix->check_in[slot];
	int32_t finish = load_finish(m->ix, slot);
	struct progress_of of;

	if (m->ix->items[slot]->status != WORK_DONE) {
		if (!progress_of(m->progress, slot, &of))
			return false;
		*out = of.work.value;
		return true;
	}
	if (finish == DATE_NONE || finish > today)
		finish = today;
	if (m->day >= finish)
		*out = 1;
	else if (check_in != SLOT_NONE && (m->ix->has[check_in] & HAS_VALUE) != 0)
		*out = m->ix->items[check_in]->value;
	else
		*out = NAN;
	return true;
}

static bool
fill_done(struct moment *begin, struct moment *end, struct piece *piece, int32_t today,
    const struct mirror_query *query)
{
	double before = 0, after, rest = rest_of(piece);
	int32_t start = load_start(end->ix, piece->slot);

	if (!work_at(end, piece->slot, today, &after))
		return false;
	if (begin != NULL && !work_at(begin, piece->slot, today, &before))
		return false;
	/* Where it begins later nothing was done before. */
	if (isnan(before) && start != DATE_NONE && start >= query->from)
		before = 0;
	piece->done_known = !isnan(before) && !isnan(after);
	piece->done = piece->done_known ? rest * fmax(0, fmin(after, 1) - fmax(before, 0)) : 0;
	return true;
}

static bool
fill_all_done(const struct index *ix, const struct mirror_query *query, struct pieces *pieces,
    struct err *err)
{
	bool dated = query->from != DATE_NONE;
	int32_t last = dated && query->to < ix->today ? query->to : ix->today;
	struct moment begin = {0}, end = {0};
	bool ok = moment_init(&end, ix, last, query, err) &&
		  (!dated || moment_init(&begin, ix, query->from - 1, query, err));

	for (uint32_t i = 0; ok && i < pieces->count; i++) {
		if (i % STOP_EVERY == 0 && query->stop != NULL && query->stop(query->arg))
			ok = err_set(err, ERR_CANCELLED, "cancelled");
		else if (!fill_done(
			     dated ? &begin : NULL, &end, &pieces->list[i], ix->today, query))
			ok = err_oom(err);
	}
	moment_fini(&begin);
	moment_fini(&end);
	return ok;
}

bool
mirror_pieces(
    const struct index *ix, const struct mirror_query *query, struct pieces *out, struct err *err)
{
	uint32_t initiatives, workstreams;
	uint32_t *piece_of = index_alloc((size_t)ix->slots + 1, sizeof piece_of[0]);
	bool ok = false;

	*out = (struct pieces){NULL, 0};
	(void)index_kind(ix, KIND_INITIATIVE, &initiatives);
	(void)index_kind(ix, KIND_WORKSTREAM, &workstreams);
	out->list = calloc((size_t)initiatives + workstreams + 1, sizeof out->list[0]);
	if (piece_of == NULL || out->list == NULL) {
		err_oom(err);
		goto out;
	}
	for (uint32_t i = 0; i < ix->slots; i++)
		piece_of[i] = NO_PIECE;
	gather(ix, out, piece_of);
	take_out(ix, out, piece_of);
	for (uint32_t i = 0; i < out->count; i++) {
		struct piece *piece = &out->list[i];

		piece->planned = rest_of(piece) * part_in_period(ix, query, piece);
	}
	ok = !query->both_ways || fill_all_done(ix, query, out, err);
out:
	free(piece_of);
	return ok;
}
