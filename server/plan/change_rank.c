/*
 * Rankings: entries whose references are the order.
 *
 * A reference with amount 1 shares the rank of the one before it.
 */
#include "server/plan/change_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "server/limits.h"

/* ---- drafts ---------------------------------------------------------------------------------------------- */

/*
 * The draft of a ranking that this set changes, made at the first touch; NULL: out of memory. The op that it makes
 * then shows the old order until ranks_finish().
 */
static struct ranking_draft *
draft_of(struct apply *apply, const struct item *ranking)
{
	struct ranking_draft *grown, *draft;
	char id[REF_TEXT_LEN];
	struct version version;

	for (size_t i = 0; i < apply->drafts_count; i++) {
		if (apply->drafts[i].slot == ranking->slot)
			return &apply->drafts[i];
	}
	grown = realloc(apply->drafts, (apply->drafts_count + 1) * sizeof *grown);
	if (grown == NULL) {
		apply->oom = true;
		return NULL;
	}
	apply->drafts = grown;
	draft = &grown[apply->drafts_count];
	*draft = (struct ranking_draft){.slot = ranking->slot,
	    .count = ranking->refs_count,
	    .cap = 2 * ranking->refs_count + 16};
	draft->refs = malloc(draft->cap * sizeof *draft->refs);
	if (draft->refs == NULL) {
		apply->oom = true;
		return NULL;
	}
	apply->drafts_count++;
	if (ranking->refs_count > 0)
		memcpy(draft->refs, ranking->refs, ranking->refs_count * sizeof *draft->refs);
	snprintf(id, sizeof id, "%.*s", ranking->id_len, item_id(ranking));
	version = next_version(apply, ranking, id);
	draft->op = apply->patch->ops_count;
	if (!patch_put(apply, ranking->slot,
		codec_build_bare(&version, ranking->refs, ranking->refs_count)))
		return NULL;
	return draft;
}

static bool
draft_grow(struct apply *apply, struct ranking_draft *draft)
{
	struct ref *grown;

	if (draft->count < draft->cap)
		return true;
	grown = realloc(draft->refs, 2u * draft->cap * sizeof *grown);
	if (grown == NULL) {
		apply->oom = true;
		return false;
	}
	draft->refs = grown;
	draft->cap *= 2;
	return true;
}

/* The order as it is now within this set. */
static const struct ref *
order_of(const struct apply *apply, const struct item *ranking, uint32_t *count)
{
	for (size_t i = 0; i < apply->drafts_count; i++) {
		if (apply->drafts[i].slot == ranking->slot) {
			*count = apply->drafts[i].count;
			return apply->drafts[i].refs;
		}
	}
	*count = ranking->refs_count;
	return ranking->refs;
}

static uint32_t
rank_find(const struct ref *refs, uint32_t count, uint32_t slot)
{
	for (uint32_t i = 0; i < count; i++) {
		if (refs[i].slot == slot)
			return i;
	}
	return UINT32_MAX;
}

/* refs without the one at i; whoever was tied behind it now leads the tie. */
static void
rank_cut(struct ref *refs, uint32_t *count, uint32_t i)
{
	if (i + 1 < *count && refs[i].amount == 0)
		refs[i + 1].amount = 0;
	memmove(refs + i, refs + i + 1, (*count - i - 1) * sizeof *refs);
	(*count)--;
}

static void
rank_insert(struct ref *refs, uint32_t *count, uint32_t at, uint32_t slot, bool tied)
{
	memmove(refs + at + 1, refs + at, (*count - at) * sizeof *refs);
	refs[at] = (struct ref){slot, ROLE_RANKED, 0, tied ? 1 : 0};
	(*count)++;
}

/* Where the item goes; false: the anchor isn't ranked. *tied for tied_with. */
static bool
rank_place(struct apply *apply, const Plumb__V1__Place *place, const struct ref *refs,
    uint32_t count, uint32_t *at, bool *tied)
{
	const char *anchor, *field, *id;
	enum kind kind;
	size_t len;
	uint32_t slot, i;

	*tied = false;
	switch (place->where_case) {
	case PLUMB__V1__PLACE__WHERE_FIRST:
		*at = 0;
		return true;
	case PLUMB__V1__PLACE__WHERE_LAST:
		*at = count;
		return true;
	case PLUMB__V1__PLACE__WHERE_BEFORE:
		anchor = place->before;
		field = "place.before";
		break;
	case PLUMB__V1__PLACE__WHERE_AFTER:
		anchor = place->after;
		field = "place.after";
		break;
	default:
		anchor = place->tied_with;
		field = "place.tied_with";
		*tied = true;
		break;
	}
	slot = ref_parse(anchor, KIND_INITIATIVE, &kind, &id, &len)
		   ? view_slot(&apply->plan->now, kind, id, len)
		   : SLOT_NONE;
	for (i = 0; i < count && (slot == SLOT_NONE || refs[i].slot != slot); i++)
		continue;
	if (i == count) {
		refuse(apply, ERR_INVALID, field,
		    "'%.80s' is not in this ranking: rank it first, or place by 'first' or "
		    "'last'",
		    anchor);
		return false;
	}
	if (place->where_case == PLUMB__V1__PLACE__WHERE_BEFORE) {
		while (i > 0 && refs[i].amount != 0)
			i--; /* before all that share its rank */
	} else {
		for (i++; i < count && refs[i].amount != 0; i++)
			continue; /* behind all that share its rank */
	}
	*at = i;
	return true;
}

/* The ranking's entry: "workspace", or "team.<id>". */
static const struct item *
ranking_entry(struct apply *apply, const char *team, char *id, size_t id_size)
{
	enum kind kind;
	const char *team_id;
	size_t len;
	uint32_t slot;

	snprintf(id, id_size, "workspace");
	if (team[0] != '\0') {
		if (!ref_parse(team, KIND_TEAM, &kind, &team_id, &len) || kind != KIND_TEAM) {
			refuse(apply, ERR_INVALID, "place.ranking", "'%.80s' is no team", team);
			return NULL;
		}
		if (!item_is_live(view_find(&apply->plan->now, kind, team_id, len))) {
			refuse(apply, ERR_NOT_FOUND, "place.ranking", "there is no team/%.64s",
			    team_id);
			return NULL;
		}
		if (snprintf(id, id_size, "team.%s", team_id) > ID_MAX_LEN) {
			refuse(apply, ERR_INVALID, "place.ranking",
			    "team ids up to %d bytes can have an order of their own",
			    ID_MAX_LEN - 5);
			return NULL;
		}
	}
	slot = table_slot(apply->plan, KIND_RANKING, id, strlen(id));
	if (slot == SLOT_NONE) {
		apply->oom = true;
		return NULL;
	}
	return slot_item(apply, slot);
}

/* The initiative to place; NULL when it was refused. */
static const struct item *
placed_item(struct apply *apply, const Plumb__V1__Change *change)
{
	enum kind kind;
	const char *id;
	size_t len;
	const struct item *item = NULL;
	char ref[REF_TEXT_LEN];

	if (!ref_parse(change->place->item, KIND_INITIATIVE, &kind, &id, &len) ||
	    kind != KIND_INITIATIVE) {
		refuse(apply, ERR_INVALID, "place.item",
		    "'%.80s' is no initiative: only initiatives are ranked", change->place->item);
		return NULL;
	}
	item = view_find(&apply->plan->now, kind, id, len);
	if (!item_is_live(item)) {
		refuse(apply, ERR_NOT_FOUND, "place.item", "there is no initiative/%.64s", id);
		return NULL;
	}
	return expect_holds(apply, change, item, ref_text(item, ref)) ? item : NULL;
}

void
apply_place(struct apply *apply, const Plumb__V1__Change *change)
{
	const Plumb__V1__Place *place = change->place;
	const struct item *item = placed_item(apply, change), *ranking;
	char id[2 * ID_MAX_LEN];
	struct ranking_draft *draft;
	struct ref before = {0};
	uint32_t at = 0, was;
	bool tied = false;

	if (place->where_case == PLUMB__V1__PLACE__WHERE__NOT_SET)
		refuse(apply, ERR_INVALID, "place",
		    "say where: before, after, first, last, tied_with or unranked");
	if (item == NULL || place->where_case == PLUMB__V1__PLACE__WHERE__NOT_SET)
		return;
	ranking = ranking_entry(apply, place->ranking, id, sizeof id);
	draft = ranking != NULL ? draft_of(apply, ranking) : NULL;
	if (draft == NULL || !draft_grow(apply, draft))
		return;
	if (apply->patch->ops_count == apply->patch->first_op[apply->change])
		put_unchanged(
		    apply, slot_item(apply, draft->slot)); /* its op is that of the first place */
	was = rank_find(draft->refs, draft->count, item->slot);
	if (was != UINT32_MAX) {
		before = draft->refs[was];
		rank_cut(draft->refs, &draft->count, was);
	}
	if (place->where_case == PLUMB__V1__PLACE__WHERE_UNRANKED)
		return;
	if (draft->count >= LIMIT_RANKED)
		refuse(apply, ERR_LIMIT, "place.item", "a ranking holds at most %u initiatives",
		    LIMIT_RANKED);
	else if (rank_place(apply, place, draft->refs, draft->count, &at, &tied))
		rank_insert(draft->refs, &draft->count, at, item->slot, tied);
	else if (was != UINT32_MAX)
		rank_insert(draft->refs, &draft->count, was, item->slot, before.amount != 0);
}

/* ---- what other changes do to rankings -------------------------------------------------------------------- */

/* Rankings are few: one a team at most. Takes slot off each that holds it, or puts other in its place. */
static void
rank_replace(struct apply *apply, uint32_t slot, uint32_t other)
{
	for (uint32_t i = 0; i < apply->plan->rankings_count && !apply->oom; i++) {
		const struct item *ranking = slot_item(apply, apply->plan->rankings[i]);
		struct ranking_draft *draft;
		const struct ref *refs;
		uint32_t count, at;

		refs = order_of(apply, ranking, &count);
		at = rank_find(refs, count, slot);
		draft = at != UINT32_MAX ? draft_of(apply, ranking) : NULL;
		if (draft == NULL)
			continue;
		if (other == SLOT_NONE)
			rank_cut(draft->refs, &draft->count, at);
		else
			draft->refs[at].slot = other;
	}
}

void
unrank(struct apply *apply, uint32_t slot)
{
	rank_replace(apply, slot, SLOT_NONE);
}

void
rank_instead(struct apply *apply, uint32_t slot, uint32_t other)
{
	rank_replace(apply, slot, other);
}

/* ---- the end of the set ------------------------------------------------------------------------------------ */

static bool
is_same_order(const struct item *ranking, const struct ranking_draft *draft)
{
	if (!item_is_live(ranking) || ranking->refs_count != draft->count)
		return false;
	for (uint32_t i = 0; i < draft->count; i++) {
		if (ranking->refs[i].slot != draft->refs[i].slot ||
		    ranking->refs[i].amount != draft->refs[i].amount)
			return false;
	}
	return true;
}

/* Lays the final order where the draft's stand-in is; nobody but this set has seen that. */
static void
finish_draft(struct apply *apply, struct ranking_draft *draft)
{
	struct patch *patch = apply->patch;
	const struct item *stand_in = patch->ops[draft->op].new, *old = patch->ops[draft->op].old,
			  *final = old;
	char id[REF_TEXT_LEN];
	struct version version;
	struct item *made;

	if (!is_same_order(old, draft)) {
		snprintf(id, sizeof id, "%.*s", old->id_len, item_id(old));
		version = next_version(apply, old, id);
		made = codec_build_bare(&version, draft->refs, draft->count);
		if (made == NULL) {
			apply->oom = true;
			return;
		}
		if (apply->overlay)
			patch_mark(apply, made, old);
		final = made;
	}
	table_put(apply->plan, draft->slot, final);
	for (size_t i = draft->op; i < patch->ops_count; i++) {
		if (i > draft->op && patch->ops[i].old == stand_in)
			patch->ops[i].old = final;
		if (patch->ops[i].new == stand_in)
			patch->ops[i].new = final;
	}
	free((void *)(uintptr_t)stand_in);
}

void
ranks_finish(struct apply *apply)
{
	for (size_t i = 0; i < apply->drafts_count; i++) {
		if (!apply->oom && apply->drafts[i].op < apply->patch->ops_count)
			finish_draft(apply, &apply->drafts[i]);
		free(apply->drafts[i].refs);
	}
	free(apply->drafts);
	apply->drafts = NULL;
	apply->drafts_count = 0;
}
