#include "server/insight/load/involved.h"

#include <stdlib.h>
#include <string.h>

#include "server/insight/load/load.h"
#include "server/limits.h"

/* Belonging is as deep as the limit; a log of an older version may hold a circle. */
#define DEPTH_MAX (2 * LIMIT_DEPTH)

/* In tops, beside slot + 1. */
#define UNASKED 0
#define NO_TOP  UINT32_MAX

bool
involved_init(struct involved *inv, const struct index *ix, struct err *err)
{
	*inv = (struct involved){.ix = ix};
	inv->tops = calloc((size_t)ix->slots + 1, sizeof inv->tops[0]);
	return inv->tops != NULL || err_oom(err);
}

void
involved_fini(struct involved *inv)
{
	free(inv->tops);
	free(inv->list);
	free(inv->days);
}

/* ---- what work belongs to */

static uint32_t
find_top(const struct index *ix, uint32_t work)
{
	uint32_t up = work;

	if (!load_is_running(ix, work))
		return NO_TOP;
	for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
		work = up;
		up = ix->part_of[work];
		if (ix->kinds[work] == KIND_INITIATIVE || up == SLOT_NONE ||
		    !index_is(ix, up, STANDING_LIVE) || !kind_is_work(ix->kinds[up]))
			break;
	}
	if (ix->kinds[work] != KIND_INITIATIVE && ix->kinds[work] != KIND_WORKSTREAM)
		return NO_TOP;
	return work + 1;
}

uint32_t
involved_top(struct involved *inv, uint32_t work)
{
	uint32_t *top = &inv->tops[work];

	if (*top == UNASKED)
		*top = find_top(inv->ix, work);
	return *top != NO_TOP ? *top - 1 : SLOT_NONE;
}

/* ---- a person's */

static bool
add(struct involved *inv, const struct involvement *i)
{
	size_t want = inv->cap > 0 ? 2 * inv->cap : 64;
	struct involvement *bigger;

	if (inv->count == inv->cap) {
		bigger = realloc(inv->list, want * sizeof inv->list[0]);
		if (bigger == NULL)
			return false;
		inv->list = bigger;
		inv->cap = want;
	}
	inv->list[inv->count++] = *i;
	return true;
}

/* False: it is over. */
static bool
set_time(const struct index *ix, uint32_t work, uint32_t allocation, struct involvement *out)
{
	int32_t from = load_start(ix, work);
	int32_t to = load_finish(ix, work);
	bool is_late = to != DATE_NONE && to < ix->today;

	if (allocation != SLOT_NONE) {
		int32_t first = index_periods_start(ix, allocation);
		int32_t last = index_periods_end(ix, allocation);

		if (last != DATE_NONE && last < ix->today)
			return false;
		is_late &= last == DATE_NONE;
		from = first != DATE_NONE ? first : from;
		to = last != DATE_NONE ? last : to;
	}
	if (from != DATE_NONE && to != DATE_NONE && to < from)
		from = to = DATE_NONE;
	else if (is_late)
		to = ix->today;
	out->from = from != DATE_NONE ? from : INT32_MIN;
	out->to = to != DATE_NONE ? to : INT32_MAX;
	return true;
}

/* The work that a reference to a person puts them on, and the allocation that does; SLOT_NONE. */
static uint32_t
work_of(const struct index *ix, const struct edge *e, uint32_t *allocation)
{
	uint32_t work = e->slot;

	*allocation = SLOT_NONE;
	switch (e->role) {
	case ROLE_OWNER:
	case ROLE_MEMBER:
	case ROLE_NEED:
		break;
	case ROLE_WHO:
		*allocation = work;
		work = ix->part_of[work];
		break;
	default:
		return SLOT_NONE;
	}
	return work != SLOT_NONE && kind_is_work(ix->kinds[work]) ? work : SLOT_NONE;
}

static bool
take_edge(struct involved *inv, const struct edge *e)
{
	uint32_t allocation;
	uint32_t work = work_of(inv->ix, e, &allocation);
	struct involvement i;

	if (work == SLOT_NONE)
		return true;
	i.initiative = involved_top(inv, work);
	if (i.initiative == SLOT_NONE || !set_time(inv->ix, work, allocation, &i))
		return true;
	i.leads = e->role == ROLE_OWNER && work == i.initiative;
	return add(inv, &i);
}

static int
compare(const void *pa, const void *pb)
{
	const struct involvement *a = pa;
	const struct involvement *b = pb;

	if (a->initiative != b->initiative)
		return a->initiative < b->initiative ? -1 : 1;
	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return a->to < b->to ? -1 : a->to > b->to;
}

/* Times that meet become one; who leads an initiative leads it whatever else they do for it. */
static void
merge(struct involved *inv)
{
	size_t kept = 0;

	for (size_t i = 0; i < inv->count; i++) {
		struct involvement *one = &inv->list[i];
		struct involvement *last = kept > 0 ? &inv->list[kept - 1] : NULL;

		if (last == NULL || last->initiative != one->initiative || one->from > last->to) {
			inv->list[kept++] = *one;
			continue;
		}
		last->to = one->to > last->to ? one->to : last->to;
		last->leads |= one->leads;
	}
	inv->count = kept;
	for (size_t i = 1; i < kept; i++) {
		if (inv->list[i].initiative == inv->list[i - 1].initiative)
			inv->list[i].leads |= inv->list[i - 1].leads;
	}
	for (size_t i = kept; i-- > 1;) {
		if (inv->list[i].initiative == inv->list[i - 1].initiative)
			inv->list[i - 1].leads |= inv->list[i].leads;
	}
}

bool
involved_read(struct involved *inv, uint32_t person, struct err *err)
{
	struct edges in = index_in(inv->ix, person);

	inv->count = 0;
	for (uint32_t i = 0; i < in.count; i++) {
		if (!take_edge(inv, &in.list[i]))
			return err_oom(err);
	}
	if (inv->count > 1)
		qsort(inv->list, inv->count, sizeof inv->list[0], compare);
	merge(inv);
	return true;
}

/* Without their times, for which most of the work's memory would be read. */
bool
involved_count(struct involved *inv, uint32_t person, size_t *count, struct err *err)
{
	struct edges in = index_in(inv->ix, person);
	size_t n = 0;

	inv->count = 0;
	for (uint32_t i = 0; i < in.count; i++) {
		uint32_t allocation;
		uint32_t work = work_of(inv->ix, &in.list[i], &allocation);
		struct involvement one = {.from = INT32_MIN, .to = INT32_MAX};

		one.initiative = work != SLOT_NONE ? involved_top(inv, work) : SLOT_NONE;
		if (one.initiative == SLOT_NONE)
			continue;
		if (inv->count > 0 && inv->list[inv->count - 1].initiative == one.initiative)
			continue;
		if (!add(inv, &one))
			return err_oom(err);
	}
	if (inv->count > 1)
		qsort(inv->list, inv->count, sizeof inv->list[0], compare);
	for (size_t i = 0; i < inv->count; i++)
		n += i == 0 || inv->list[i].initiative != inv->list[i - 1].initiative;
	*count = n;
	return true;
}

/* ---- at a time */

static int
compare_days(const void *pa, const void *pb)
{
	const int32_t *a = pa;
	const int32_t *b = pb;

	return *a < *b ? -1 : *a > *b;
}

/* The number only grows on days on which something begins. */
bool
involved_most(struct involved *inv, int32_t *day, size_t *most, struct err *err)
{
	size_t n = inv->count;
	size_t over = 0;
	int32_t *begins, *ends;

	if (2 * n > inv->days_cap) {
		free(inv->days);
		inv->days_cap = 0;
		inv->days = malloc(4 * n * sizeof inv->days[0]);
		if (inv->days == NULL)
			return err_oom(err);
		inv->days_cap = 4 * n;
	}
	begins = inv->days;
	ends = begins + n;
	for (size_t i = 0; i < n; i++) {
		bool is_ahead = inv->list[i].from > inv->ix->today;

		begins[i] = is_ahead ? inv->list[i].from : inv->ix->today;
		ends[i] = inv->list[i].to;
	}
	*most = 0;
	*day = inv->ix->today;
	if (n == 0)
		return true;
	qsort(begins, n, sizeof begins[0], compare_days);
	qsort(ends, n, sizeof ends[0], compare_days);
	for (size_t i = 0; i < n; i++) {
		while (over < n && ends[over] < begins[i])
			over++;
		if (i + 1 - over > *most) {
			*most = i + 1 - over;
			*day = begins[i];
		}
	}
	return true;
}
