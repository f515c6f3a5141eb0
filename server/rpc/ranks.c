#include "server/rpc/ranks.h"

#include <stdlib.h>

#include "server/plan/view.h"

struct rank {
	uint32_t slot;
	uint32_t rank;
};

struct ranks {
	uint32_t count;
	struct rank list[]; /* by slot */
};

static int
by_slot(const void *a, const void *b)
{
	const struct rank *x = a;
	const struct rank *y = b;

	return x->slot < y->slot ? -1 : x->slot > y->slot;
}

struct ranks *
ranks_new(const struct view *view, struct arena *arena)
{
	const struct item *ranking = view_find(view, KIND_RANKING, "workspace", 9);
	uint32_t count = item_is_live(ranking) ? ranking->refs_count : 0;
	struct ranks *ranks = arena_alloc(arena, sizeof *ranks + count * sizeof ranks->list[0]);
	uint32_t rank = 1;

	if (ranks == NULL)
		return NULL;
	ranks->count = count;
	for (uint32_t i = 0; i < count; i++) {
		if (ranking->refs[i].amount == 0)
			rank = i + 1;
		ranks->list[i] = (struct rank){ranking->refs[i].slot, rank};
	}
	qsort(ranks->list, count, sizeof ranks->list[0], by_slot);
	return ranks;
}

uint32_t
ranks_of(const struct ranks *ranks, const struct item *item)
{
	struct rank key = {item->slot, 0};
	const struct rank *found;

	if (item->kind != KIND_INITIATIVE || ranks->count == 0)
		return 0;
	found = bsearch(&key, ranks->list, ranks->count, sizeof key, by_slot);
	return found != NULL ? found->rank : 0;
}
