/*
 * Rankings: entries whose references are the order.
 *
 * A reference with amount 1 shares the rank of the one before it.
 */
#include "server/plan/change_internal.h"

#include <stdio.h>
#include <string.h>

#include "common/parse.h"
#include "server/limits.h"

static bool
put_ranking(struct apply *apply, const struct item *old, const char *id, const struct ref *refs, uint32_t count)
{
	struct version version = next_version(apply, old, id);

	return patch_put(apply, old->slot, codec_build_bare(&version, refs, count));
}

static uint32_t
rank_find(const struct item *ranking, uint32_t slot)
{
	for (uint32_t i = 0; i < ranking->refs_count; i++) {
		if (ranking->refs[i].slot == slot)
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

static struct ref *
rank_copy(struct apply *apply, const struct item *ranking)
{
	struct ref *refs = arena_array(apply->arena, ranking->refs_count + 1u, sizeof *refs);

	if (refs == NULL)
		apply->oom = true;
	else if (ranking->refs_count > 0)
		memcpy(refs, ranking->refs, ranking->refs_count * sizeof *refs);
	return refs;
}

/* Where the item goes; false: the anchor isn't ranked. *tied for tied_with. */
static bool
rank_place(struct apply *apply, const Plumb__V1__Place *place, const struct ref *refs, uint32_t count, uint32_t *at,
    bool *tied)
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
	slot = ref_parse(anchor, KIND_INITIATIVE, &kind, &id, &len) ? view_slot(&apply->plan->now, kind, id, len)
								    : SLOT_NONE;
	for (i = 0; i < count && (slot == SLOT_NONE || refs[i].slot != slot); i++)
		continue;
	if (i == count) {
		refuse(apply, ERR_INVALID, field, "'%.80s' is not in this ranking: rank it first, or place by 'first' or "
		    "'last'", anchor);
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
			refuse(apply, ERR_NOT_FOUND, "place.ranking", "there is no team/%.64s", team_id);
			return NULL;
		}
		if (snprintf(id, id_size, "team.%s", team_id) > ID_MAX_LEN) {
			refuse(apply, ERR_INVALID, "place.ranking", "team ids up to %d bytes can have an order of their own",
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

static bool
same_order(const struct item *ranking, const struct ref *refs, uint32_t count)
{
	if (!item_is_live(ranking) || ranking->refs_count != count)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (ranking->refs[i].slot != refs[i].slot || ranking->refs[i].amount != refs[i].amount)
			return false;
	}
	return true;
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

	if (!ref_parse(change->place->item, KIND_INITIATIVE, &kind, &id, &len) || kind != KIND_INITIATIVE) {
		refuse(apply, ERR_INVALID, "place.item", "'%.80s' is no initiative: only initiatives are ranked",
		    change->place->item);
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
	struct ref *refs;
	uint32_t count, at = 0, was;
	bool tied = false;

	if (place->where_case == PLUMB__V1__PLACE__WHERE__NOT_SET)
		refuse(apply, ERR_INVALID, "place", "say where: before, after, first, last, tied_with or unranked");
	if (item == NULL || place->where_case == PLUMB__V1__PLACE__WHERE__NOT_SET)
		return;
	ranking = ranking_entry(apply, place->ranking, id, sizeof id);
	if (ranking == NULL)
		return;
	refs = rank_copy(apply, ranking);
	if (refs == NULL)
		return;
	count = ranking->refs_count;
	was = rank_find(ranking, item->slot);
	if (was != UINT32_MAX)
		rank_cut(refs, &count, was);
	if (place->where_case != PLUMB__V1__PLACE__WHERE_UNRANKED) {
		if (count >= LIMIT_RANKED) {
			refuse(apply, ERR_LIMIT, "place.item", "a ranking holds at most %u initiatives", LIMIT_RANKED);
			return;
		}
		if (!rank_place(apply, place, refs, count, &at, &tied))
			return;
		rank_insert(refs, &count, at, item->slot, tied);
	}
	if (same_order(ranking, refs, count))
		put_unchanged(apply, ranking);
	else
		put_ranking(apply, ranking, id, refs, count);
}

/* Rankings are few: one a team at most. Calls fn for each that holds slot. */
static void
each_ranking_with(struct apply *apply, uint32_t slot,
    void (*fn)(struct apply *, const struct item *ranking, uint32_t at, uint32_t arg), uint32_t arg)
{
	const struct view *now = &apply->plan->now;
	const struct item *main = view_find(now, KIND_RANKING, "workspace", 9);
	uint32_t at;

	if (main != NULL && (at = rank_find(main, slot)) != UINT32_MAX)
		fn(apply, main, at, arg);
	for (uint32_t i = 0; i < apply->plan->rankings_count && !apply->oom; i++) {
		const struct item *ranking = slot_item(apply, apply->plan->rankings[i]);

		if (ranking != main && item_is_live(ranking) && (at = rank_find(ranking, slot)) != UINT32_MAX)
			fn(apply, ranking, at, arg);
	}
}

static void
ranking_without(struct apply *apply, const struct item *ranking, uint32_t at, uint32_t arg)
{
	struct ref *refs = rank_copy(apply, ranking);
	uint32_t count = ranking->refs_count;
	char id[ID_MAX_LEN + 1];

	(void)arg;
	if (refs == NULL)
		return;
	rank_cut(refs, &count, at);
	snprintf(id, sizeof id, "%.*s", ranking->id_len, item_id(ranking));
	put_ranking(apply, ranking, id, refs, count);
}

static void
ranking_with_other(struct apply *apply, const struct item *ranking, uint32_t at, uint32_t slot)
{
	struct ref *refs = rank_copy(apply, ranking);
	char id[ID_MAX_LEN + 1];

	if (refs == NULL)
		return;
	refs[at].slot = slot;
	snprintf(id, sizeof id, "%.*s", ranking->id_len, item_id(ranking));
	put_ranking(apply, ranking, id, refs, ranking->refs_count);
}

void
unrank(struct apply *apply, uint32_t slot)
{
	each_ranking_with(apply, slot, ranking_without, 0);
}

void
rank_instead(struct apply *apply, uint32_t slot, uint32_t other)
{
	each_ranking_with(apply, slot, ranking_with_other, other);
}
