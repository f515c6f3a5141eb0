#include "server/insight/check/claims.h"

#include <stdlib.h>

#include "server/insight/check/pass.h"
#include "server/limits.h"

enum claims_state
claims_ready(struct pass *pass, const struct load **load)
{
	const struct index *ix = pass->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_INITIATIVE, &count);
	uint32_t running = 0;
	bool ranked = false;

	for (uint32_t i = 0; i < count && pass_goes_on_at(pass, slots, count, i); i++) {
		if (!load_is_running(ix, slots[i]))
			continue;
		running++;
		ranked |= ix->rank[slots[i]] != RANK_NONE;
	}
	if (pass->stop || running == 0)
		return CLAIMS_NOTHING;
	if (!ranked && running > 1)
		return CLAIMS_NO_ORDER;
	*load = pass_load(pass);
	if (*load == NULL)
		return CLAIMS_NOTHING;
	return load_columns(*load) > 0 ? CLAIMS_READY : CLAIMS_NO_PERIODS;
}

uint32_t
claims_initiative(const struct index *ix, uint32_t work)
{
	for (unsigned depth = 0; depth < 2 * LIMIT_DEPTH; depth++) {
		uint32_t up = ix->part_of[work];

		if (ix->kinds[work] == KIND_INITIATIVE || up == SLOT_NONE ||
		    !index_is(ix, up, STANDING_LIVE))
			break;
		work = up;
	}
	return work;
}

bool
claims_are_open(const struct index *ix, const struct load *load, uint32_t column)
{
	return load_last_day(load, column) >= ix->today;
}

static int
compare_claims(const void *pa, const void *pb, void *arg)
{
	const struct claim *a = pa;
	const struct claim *b = pb;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return index_compare(arg, a->initiative, b->initiative);
}

/* Those of one initiative stand side by side. */
static void
merge(struct claims *claims)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < claims->count; i++) {
		const struct claim *c = &claims->list[i];
		struct claim *last = count > 0 ? &claims->list[count - 1] : NULL;

		if (last == NULL || last->initiative != c->initiative) {
			claims->list[count++] = *c;
			continue;
		}
		last->asked += c->asked;
		last->held += c->held;
	}
	claims->count = count;
}

bool
claims_of(struct claims *claims, const struct index *ix, const struct load *load, uint32_t row,
    uint32_t column)
{
	const struct load_cell *cell = load_cell(load, row, column);
	const struct load_booking *bookings = load_bookings(load, cell);
	struct claim *bigger;
	union {
		const struct index *ix;
		void *arg;
	} order = {.ix = ix};

	if (cell->count > claims->cap) {
		bigger = realloc(claims->list, cell->count * sizeof claims->list[0]);
		if (bigger == NULL)
			return false;
		claims->list = bigger;
		claims->cap = cell->count;
	}
	claims->count = 0;
	for (uint32_t i = 0; i < cell->count; i++) {
		uint32_t initiative = claims_initiative(ix, bookings[i].work);

		claims->list[claims->count++] = (struct claim){
		    .initiative = initiative,
		    .rank = ix->rank[initiative],
		    .asked = bookings[i].effort,
		    .held = bookings[i].how == LOAD_ALLOCATION
				? load_allocated_from(load, &bookings[i], column, ix->today)
				: 0,
		};
	}
	if (claims->count > 1)
		qsort_r(
		    claims->list, claims->count, sizeof claims->list[0], compare_claims, order.arg);
	merge(claims);
	return true;
}

void
claims_fini(struct claims *claims)
{
	free(claims->list);
}
