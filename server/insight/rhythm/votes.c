#include "server/insight/rhythm/votes.h"

#include <stdlib.h>

/* The newest one of a person first. */
static int
by_decision(const void *pa, const void *pb, void *arg)
{
	const struct vote *a = pa, *b = pb;
	const struct index *ix = arg;
	const struct item *ia = ix->items[a->record], *ib = ix->items[b->record];

	if (a->decision != b->decision)
		return a->decision < b->decision ? -1 : 1;
	if (a->person != b->person)
		return a->person < b->person ? -1 : 1;
	if (item_at_us(ia) != item_at_us(ib))
		return item_at_us(ia) > item_at_us(ib) ? -1 : 1;
	if (ia->created_revision != ib->created_revision)
		return ia->created_revision > ib->created_revision ? -1 : 1;
	return index_compare(ix, b->record, a->record);
}

bool
votes_init(struct votes *votes, const struct index *ix, struct err *err)
{
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_VOTE, &count);
	size_t all = 0, kept = 0;

	votes->count = 0;
	votes->list = calloc((size_t)count + 1, sizeof votes->list[0]);
	if (votes->list == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t decision = index_target(ix, slots[i], ROLE_ABOUT);

		if (decision != SLOT_NONE && ix->items[slots[i]]->start <= ix->today)
			votes->list[all++] =
			    (struct vote){decision, index_target(ix, slots[i], ROLE_BY), slots[i]};
	}
	if (all > 1)
		qsort_r(
		    votes->list, all, sizeof votes->list[0], by_decision, (void *)(uintptr_t)ix);
	for (size_t i = 0; i < all; i++) {
		const struct vote *vote = &votes->list[i];

		if (kept > 0 && vote->person != SLOT_NONE &&
		    votes->list[kept - 1].decision == vote->decision &&
		    votes->list[kept - 1].person == vote->person)
			continue;
		votes->list[kept++] = *vote;
	}
	votes->count = kept;
	return true;
}

void
votes_fini(struct votes *votes)
{
	free(votes->list);
	*votes = (struct votes){0};
}

const struct vote *
votes_on(const struct votes *votes, uint32_t decision, size_t *count)
{
	size_t low = 0, high = votes->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (votes->list[middle].decision < decision)
			low = middle + 1;
		else
			high = middle;
	}
	for (*count = 0; low + *count < votes->count; (*count)++) {
		if (votes->list[low + *count].decision != decision)
			break;
	}
	return votes->list + low;
}

bool
votes_has(const struct votes *votes, uint32_t decision, uint32_t person)
{
	size_t count;
	const struct vote *list = votes_on(votes, decision, &count);

	for (size_t i = 0; i < count; i++) {
		if (list[i].person == person)
			return true;
	}
	return false;
}
