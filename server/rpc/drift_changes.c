/* Drift: what is different about an item: its fields then and now, or that it came or went. */
#include <math.h>
#include <string.h>

#include "common/arena.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/drift_internal.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"

#define ASPECT_SCOPE PLUMB__V1__DRIFT_CHANGE__ASPECT__SCOPE

struct drift_item *
drift_add_item(struct drift_call *dc, const struct item *old, const struct item *now)
{
	struct drift_item item = {.old = old, .now = now};
	struct drift_item *list =
	    arena_append(dc->job->arena, dc->items, dc->count, &dc->cap, &item, 1, sizeof item);

	if (list == NULL)
		return NULL;
	dc->items = list;
	return &list[dc->count++];
}

bool
drift_add_change(struct drift_call *dc, struct drift_item *item, const struct drift_change *change,
    struct err *err)
{
	struct drift_change *list = arena_append(
	    dc->job->arena, item->changes, item->count, &item->cap, change, 1, sizeof *change);

	if (list == NULL)
		return err_oom(err);
	if (++dc->changes > LIMIT_DRIFT_CHANGES)
		return err_set(err, ERR_LIMIT,
		    "more than %u changes: name a baseline that lies closer, items or aspects",
		    LIMIT_DRIFT_CHANGES);
	item->changes = list;
	item->count++;
	return true;
}

static const char *
keep(struct drift_call *dc, const char *text)
{
	return text[0] != '\0' ? arena_strdup(dc->job->arena, text) : "";
}

/* One side may lack the fact. */
static bool
add_field(struct drift_call *dc, struct drift_item *item, const struct drift_fact *then,
    const struct drift_fact *now, struct err *err)
{
	const struct drift_fact *either = now != NULL ? now : then;
	struct drift_change change = {
	    .what = DRIFT_FIELD,
	    .aspect = either->row->aspect,
	    .row = either->row,
	    .key = keep(dc, either->key),
	    .from = then != NULL ? keep(dc, then->text) : "",
	    .to = now != NULL ? keep(dc, now->text) : "",
	    .from_number = then != NULL ? then->number : (double)NAN,
	    .to_number = now != NULL ? now->number : (double)NAN,
	    .part_of = "",
	};

	if (change.key == NULL || change.from == NULL || change.to == NULL)
		return err_oom(err);
	return drift_add_change(dc, item, &change, err);
}

static bool
compare_facts(struct drift_call *dc, struct drift_item *item, const struct drift_facts *then,
    const struct drift_facts *now, struct err *err)
{
	size_t i = 0, j = 0;

	while (i < then->count || j < now->count) {
		const struct drift_fact *a = i < then->count ? &then->list[i] : NULL;
		const struct drift_fact *b = j < now->count ? &now->list[j] : NULL;
		int c = a == NULL ? 1 : b == NULL ? -1 : drift_fact_compare(a->row, a->key, b);

		if (c > 0)
			a = NULL;
		if (c < 0)
			b = NULL;
		i += a != NULL;
		j += b != NULL;
		if (a != NULL && b != NULL && strcmp(a->text, b->text) == 0)
			continue;
		if (dc->wanted[(a != NULL ? a : b)->row->aspect] && !add_field(dc, item, a, b, err))
			return false;
	}
	return true;
}

static bool
compare_versions(
    struct drift_call *dc, const struct item *old, const struct item *now, struct err *err)
{
	const ProtobufCMessage *before, *after;
	struct drift_facts then, here;
	struct drift_item *item;

	arena_reset(dc->scratch);
	before = codec_decode(old, dc->scratch);
	after = codec_decode(now, dc->scratch);
	if (before == NULL || after == NULL ||
	    !drift_facts_of(before, dc->then, dc->now, dc->scratch, &then) ||
	    !drift_facts_of(after, dc->now, dc->now, dc->scratch, &here))
		return err_oom(err);
	item = drift_add_item(dc, old, now);
	if (item == NULL)
		return err_oom(err);
	if (!compare_facts(dc, item, &then, &here, err))
		return false;
	if (item->count == 0)
		dc->count--;
	return true;
}

/* Do its coming and going count? */
static bool
is_scope(unsigned kind)
{
	return drift_is_told_of(kind) && (kind < KIND_PERSON || kind > KIND_CALENDAR);
}

/* It came or went, and belongs to the plan's scope. */
static bool
add_whole(struct drift_call *dc, const struct item *old, const struct item *now, uint64_t revision,
    struct err *err)
{
	struct drift_change change = {
	    .what = now != NULL ? DRIFT_ADDED : DRIFT_REMOVED,
	    .aspect = ASPECT_SCOPE,
	    .key = "",
	    .from = now != NULL ? "" : "in the plan",
	    .to = now != NULL ? "in the plan" : "",
	    .from_number = (double)NAN,
	    .to_number = (double)NAN,
	    .part_of = reply_ref(dc->job->arena,
		now != NULL ? drift_above(dc->now, now) : drift_above(dc->then, old)),
	};
	struct drift_item *item;

	if (!dc->wanted[ASPECT_SCOPE] || !is_scope(now != NULL ? now->kind : old->kind))
		return true;
	item = drift_add_item(dc, old, now);
	if (item == NULL || change.part_of == NULL)
		return err_oom(err);
	item->revision = revision;
	dc->summary.added += now != NULL;
	dc->summary.removed += now == NULL;
	return drift_add_change(dc, item, &change, err);
}

/* What became of an entry of the newest plan that was touched since. */
static bool
look_at(struct drift_call *dc, const struct item *entry, struct err *err)
{
	const struct item *old = drift_find_then(dc, entry);
	const struct item *now = drift_successor(dc, entry);
	bool by_scenario = (entry->flags & ITEM_OVERLAY_NEW) != 0;

	/* Came by a rename: told of where its old name stands. */
	if (old == NULL && now != NULL &&
	    (now != entry || dc->told[now->slot] ||
		(!by_scenario && now->created_revision <= dc->from)))
		return true;
	if ((old == NULL && now == NULL) || !drift_is_asked_about(dc, old, now))
		return true;
	if (now != NULL && dc->told[now->slot])
		return true;
	if (now != NULL)
		dc->told[now->slot] = true;
	if (old != NULL && now != NULL)
		return compare_versions(dc, old, now, err);
	return add_whole(dc, old, now, now != NULL ? now->created_revision : entry->revision, err);
}

bool
drift_gather(struct drift_call *dc, bool renamed, struct err *err)
{
	uint32_t slots = view_slots(dc->now);

	for (uint32_t s = 0; s < slots; s++) {
		const struct item *item = view_item(dc->now, s);

		if (s % 1024 == 0 && drift_is_over(dc))
			return err_set(err, ERR_CANCELLED, "cancelled");
		if (item == NULL || (item->flags & ITEM_ABSENT) != 0 ||
		    !drift_is_told_of(item->kind) ||
		    ((item->flags & ITEM_RENAMED) != 0) != renamed ||
		    (item->revision <= dc->from && (item->flags & ITEM_OVERLAID) == 0))
			continue;
		if (!look_at(dc, item, err))
			return false;
	}
	return true;
}
