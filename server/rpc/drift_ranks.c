/* Drift: the places of initiatives in the workspace's ranking, then and now. */
#include <math.h>
#include <stdlib.h>

#include "common/arena.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/drift_internal.h"
#include "server/rpc/jobs.h"
#include "server/rpc/ranks.h"

#define ASPECT_RANKS PLUMB__V1__DRIFT_CHANGE__ASPECT__RANKS

static const char *
rank_text(struct drift_call *dc, uint32_t rank)
{
	return rank == 0 ? "" : arena_printf(dc->job->arena, "%u", rank);
}

struct moved {
	const struct item *old;
	const struct item *now;
	uint32_t from;
	uint32_t to;
};

static bool
add_rank(struct drift_call *dc, struct drift_item *item, const struct moved *moved, struct err *err)
{
	struct drift_change change = {
	    .what = DRIFT_RANK,
	    .aspect = ASPECT_RANKS,
	    .key = "",
	    .from = rank_text(dc, moved->from),
	    .to = rank_text(dc, moved->to),
	    .from_number = moved->from != 0 ? moved->from : (double)NAN,
	    .to_number = moved->to != 0 ? moved->to : (double)NAN,
	    .part_of = "",
	};

	if (change.from == NULL || change.to == NULL)
		return err_oom(err);
	return drift_add_change(dc, item, &change, err);
}

static const struct item *
ranking_of(const struct view *view)
{
	const struct item *ranking = view_find(view, KIND_RANKING, "workspace", 9);

	return item_is_live(ranking) ? ranking : NULL;
}

/* 0: item_of has an entry for it; else to be made. */
static bool
rank_one(struct drift_call *dc, const struct moved *moved, uint32_t *item_of, struct err *err)
{
	struct drift_item *item;

	if (moved->from == moved->to || !drift_is_asked_about(dc, moved->old, moved->now))
		return true;
	if (item_of[moved->now->slot] != 0)
		return add_rank(dc, &dc->items[item_of[moved->now->slot] - 1], moved, err);
	item = drift_add_item(dc, moved->old, moved->now);
	return item != NULL ? add_rank(dc, item, moved, err) : err_oom(err);
}

/* Of initiatives that were there then and are now. */
static bool
compare_ranks(struct drift_call *dc, uint32_t *item_of, struct err *err)
{
	const struct item *then = ranking_of(dc->then);
	const struct item *now = ranking_of(dc->now);
	struct ranks *before = ranks_new(dc->then, dc->job->arena);
	struct ranks *after = ranks_new(dc->now, dc->job->arena);

	if (before == NULL || after == NULL)
		return err_oom(err);
	for (uint32_t i = 0; then != NULL && i < then->refs_count; i++) {
		struct moved moved = {.old = view_item(dc->then, then->refs[i].slot)};

		if (!item_is_live(moved.old))
			continue;
		moved.now = drift_successor(
		    dc, view_find(dc->now, KIND_INITIATIVE, item_id(moved.old), moved.old->id_len));
		if (moved.now == NULL)
			continue;
		moved.from = ranks_of(before, moved.old);
		moved.to = ranks_of(after, moved.now);
		if (!rank_one(dc, &moved, item_of, err))
			return false;
	}
	/* Those that had none. */
	for (uint32_t i = 0; now != NULL && i < now->refs_count; i++) {
		struct moved moved = {.now = view_item(dc->now, now->refs[i].slot)};

		moved.old = item_is_live(moved.now) ? drift_find_then(dc, moved.now) : NULL;
		if (moved.old == NULL || ranks_of(before, moved.old) != 0)
			continue;
		moved.to = ranks_of(after, moved.now);
		if (!rank_one(dc, &moved, item_of, err))
			return false;
	}
	return true;
}

bool
drift_gather_ranks(struct drift_call *dc, struct err *err)
{
	const struct item *now = ranking_of(dc->now);
	uint32_t *item_of;
	bool ok;

	if (!dc->wanted[ASPECT_RANKS] ||
	    (now != NULL && now->revision <= dc->from && (now->flags & ITEM_OVERLAID) == 0))
		return true;
	item_of = calloc((size_t)view_slots(dc->now) + 1, sizeof *item_of);
	if (item_of == NULL)
		return err_oom(err);
	for (size_t i = 0; i < dc->count; i++) {
		if (dc->items[i].now != NULL)
			item_of[dc->items[i].now->slot] = (uint32_t)i + 1;
	}
	ok = compare_ranks(dc, item_of, err);
	free(item_of);
	return ok;
}
