#include "server/insight/clarity/acceptance.h"

#include <stdlib.h>

#include "server/plan/kinds.h"

#define STOP_EVERY 4096u

/* plumb.v1.Acceptance.Answer, WorkStatus, Objective.Status */
enum { SAID_ACCEPTED, SAID_BLOCKED };
enum { WORK_DONE = 5, WORK_STOPPED = 6 };
enum { OBJECTIVE_OPEN = 0 };

/* ---- what somebody said */

static bool
is_newer(const struct item *a, const struct item *b)
{
	if (item_at_us(a) != item_at_us(b))
		return item_at_us(a) > item_at_us(b);
	if (a->created_revision != b->created_revision)
		return a->created_revision > b->created_revision;
	return a->slot > b->slot;
}

uint32_t *
acceptance_newest(const struct index *ix, uint32_t baseline)
{
	uint32_t *newest = index_alloc((size_t)ix->slots + 1, sizeof newest[0]);
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_ACCEPTANCE, &count);

	if (newest == NULL)
		return NULL;
	for (uint32_t s = 0; s <= ix->slots; s++)
		newest[s] = SLOT_NONE;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t by = index_target(ix, slots[i], ROLE_BY);

		if (by == SLOT_NONE || ix->items[slots[i]]->start > ix->today ||
		    (baseline != SLOT_NONE && index_target(ix, slots[i], ROLE_ABOUT) != baseline))
			continue;
		if (newest[by] == SLOT_NONE || is_newer(ix->items[slots[i]], ix->items[newest[by]]))
			newest[by] = slots[i];
	}
	return newest;
}

enum acceptance_state
acceptance_state_of(const struct index *ix, uint32_t record, uint32_t last)
{
	if (record == SLOT_NONE)
		return ACCEPTANCE_NOT_YET;
	if (ix->items[record]->status == SAID_ACCEPTED)
		return ACCEPTANCE_ACCEPTED;
	return record == last ? ACCEPTANCE_BLOCKED : ACCEPTANCE_CLEARED;
}

uint32_t
acceptance_clears(const struct index *ix, uint32_t record)
{
	return index_target(ix, record, ROLE_ANSWERED_BY);
}

uint32_t
acceptance_baseline(const struct index *ix)
{
	uint32_t newest = SLOT_NONE, count;
	const uint32_t *slots = index_kind(ix, KIND_BASELINE, &count);

	for (uint32_t i = 0; i < count; i++) {
		if (newest == SLOT_NONE ||
		    ix->items[slots[i]]->created_revision >= ix->items[newest]->created_revision)
			newest = slots[i];
	}
	return newest;
}

/* ---- what somebody carries */

static bool
is_open(const struct item *item)
{
	switch (item->kind) {
	case KIND_GOAL:
	case KIND_STRATEGY:
		return true;
	case KIND_OBJECTIVE:
		return item->status == OBJECTIVE_OPEN;
	case KIND_INITIATIVE:
	case KIND_WORKSTREAM:
		return item->status != WORK_DONE && item->status != WORK_STOPPED;
	case KIND_MILESTONE:
	case KIND_TASK:
		return item->done == DATE_NONE;
	default:
		return false;
	}
}

bool
acceptance_is_there(const struct item *person, int32_t day)
{
	return item_is_live(person) && person->kind == KIND_PERSON &&
	       (person->start == DATE_NONE || person->start <= day) &&
	       (person->finish == DATE_NONE || person->finish >= day);
}

/* The person behind a reference: a person, or the lead of a team. */
static const struct item *
carrier(const struct view *plan, const struct ref *ref)
{
	const struct item *item = view_item(plan, ref->slot);

	if (item_is_live(item) && item->kind == KIND_TEAM)
		item = view_ref(plan, item, ROLE_LEAD);
	return item_is_live(item) && item->kind == KIND_PERSON ? item : NULL;
}

static bool
carries(unsigned role)
{
	return role == ROLE_OWNER || role == ROLE_MEMBER || role == ROLE_NEED || role == ROLE_TEAM;
}

static bool
add(struct carriers *out, size_t *cap, uint32_t person, uint32_t item)
{
	if (out->count == *cap) {
		size_t bigger = *cap > 0 ? *cap * 2 : 256;
		struct carried *list = realloc(out->list, bigger * sizeof list[0]);

		if (list == NULL)
			return false;
		out->list = list;
		*cap = bigger;
	}
	out->list[out->count++] = (struct carried){person, item};
	return true;
}

static int
compare(const void *pa, const void *pb)
{
	const struct carried *a = pa;
	const struct carried *b = pb;

	if (a->person != b->person)
		return a->person < b->person ? -1 : 1;
	return a->item < b->item ? -1 : a->item > b->item;
}

static void
sort(struct carriers *out)
{
	uint32_t kept = 0;

	if (out->count > 1)
		qsort(out->list, out->count, sizeof out->list[0], compare);
	for (uint32_t i = 0; i < out->count; i++) {
		if (kept == 0 || compare(&out->list[kept - 1], &out->list[i]) != 0)
			out->list[kept++] = out->list[i];
	}
	out->count = kept;
}

bool
acceptance_carriers(
    const struct view *plan, index_stop_fn stop, void *arg, struct carriers *out, struct err *err)
{
	size_t cap = 0;

	*out = (struct carriers){NULL, 0};
	for (uint32_t s = 0; s < view_slots(plan); s++) {
		const struct item *item = view_item(plan, s);

		if (s % STOP_EVERY == 0 && stop != NULL && stop(arg)) {
			carriers_fini(out);
			return err_set(err, ERR_CANCELLED, "cancelled");
		}
		if (!item_is_live(item) || !is_open(item))
			continue;
		for (uint32_t i = 0; i < item->refs_count; i++) {
			const struct item *person =
			    carries(item->refs[i].role) ? carrier(plan, &item->refs[i]) : NULL;

			if (person != NULL && !add(out, &cap, person->slot, s)) {
				carriers_fini(out);
				return err_oom(err);
			}
		}
	}
	sort(out);
	return true;
}

void
carriers_fini(struct carriers *carriers)
{
	free(carriers->list);
	*carriers = (struct carriers){NULL, 0};
}

const struct carried *
carriers_of(const struct carriers *carriers, uint32_t person, uint32_t *count)
{
	uint32_t low = 0, high = carriers->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (carriers->list[middle].person < person)
			low = middle + 1;
		else
			high = middle;
	}
	for (high = low; high < carriers->count && carriers->list[high].person == person;)
		high++;
	*count = high - low;
	return carriers->list + low;
}

static bool
is_carried(const struct index *ix, const struct edges *in, uint64_t revision)
{
	for (uint32_t i = 0; i < in->count; i++) {
		const struct item *item = ix->items[in->list[i].slot];

		if (carries(in->list[i].role) && index_is(ix, item->slot, STANDING_LIVE) &&
		    is_open(item) && item->created_revision <= revision)
			return true;
	}
	return false;
}

bool
acceptance_carries(const struct index *ix, uint32_t person, uint64_t revision)
{
	struct edges in = index_in(ix, person);

	if (is_carried(ix, &in, revision))
		return true;
	for (uint32_t i = 0; i < in.count; i++) {
		struct edges of = index_in(ix, in.list[i].slot);

		if (in.list[i].role == ROLE_LEAD && is_carried(ix, &of, revision))
			return true;
	}
	return false;
}
