/*
 * One change after the other: what each kind of change asks for, and does.
 *
 * A fault doesn't stop the set: the next changes are looked at too, so that
 * everything that is wrong is said at once; the caller takes it all back.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/calendar.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/plan_internal.h"

/* Referrers named in one message. */
#define NAMED_MAX 20u

/* ---- saying what is wrong ----------------------------------------------------------------------------- */

static void refuse(struct apply *apply, enum err_code code, const char *field, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* field is relative to the change: "put.item". */
static void
refuse(struct apply *apply, enum err_code code, const char *field, const char *fmt, ...)
{
	char path[160], text[900];
	va_list ap;

	snprintf(path, sizeof path, "change_set.changes[%zu].%s", apply->change, field);
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	faults_add(apply->faults, path, "%s", text);
	if (apply->refused == ERR_OK)
		apply->refused = code;
	else if (apply->refused != code)
		apply->refused = ERR_INVALID;
}

static const char *
ref_text(const struct item *item, char *buf, size_t len)
{
	snprintf(buf, len, "%s/%.*s", kind_name(item->kind), item->id_len, item_id(item));
	return buf;
}
#define REF_TEXT_LEN (ID_MAX_LEN + 40)

static const struct item *
slot_item(const struct apply *apply, uint32_t slot)
{
	return view_item(&apply->plan->now, slot);
}

/* Does the entry have the revision that the change expects? Otherwise notes the conflict. */
static bool
expect_holds(struct apply *apply, const Plumb__V1__Change *change, const struct item *item, const char *ref)
{
	uint64_t actual = item_is_live(item) ? item->revision : 0, expected;

	if (apply->replay || change->expect_case == PLUMB__V1__CHANGE__EXPECT__NOT_SET)
		return true;
	expected = change->expect_case == PLUMB__V1__CHANGE__EXPECT_EXPECTED_REVISION ? change->expected_revision : 0;
	if (expected == actual)
		return true;
	if (!apply->conflicted) {
		snprintf(apply->conflict->ref, sizeof apply->conflict->ref, "%s", ref);
		apply->conflict->expected = expected;
		apply->conflict->actual = actual;
		apply->conflicted = true;
	}
	return false;
}

/* ---- versions ------------------------------------------------------------------------------------------ */

/* The envelope of the version that follows old (which may be absent or a tombstone). */
static struct version
next_version(const struct apply *apply, const struct item *old, const char *id)
{
	const struct stamp *stamp = &apply->patch->stamp;
	struct version v = {
	    .slot = old->slot,
	    .kind = old->kind,
	    .id = id,
	    .revision = stamp->revision,
	    .previous = (old->flags & ITEM_ABSENT) != 0 ? 0 : old->revision,
	    .created_revision = stamp->revision,
	    .created_us = stamp->time_us,
	    .updated_us = stamp->time_us,
	    .created_by = apply->author,
	    .updated_by = apply->author,
	};

	if (item_is_live(old)) {
		v.created_revision = old->created_revision;
		v.created_us = old->created_us;
		v.created_by = old->created_by;
	}
	return v;
}

/* Keeps what the source last applied beside an edit that it didn't make. */
static void
keep_source(struct version *v, const struct item *old)
{
	v->source = old->source;
	if (old->source == 0)
		return;
	v->source_revision = item_source_revision(old);
	v->last_applied = item_last_applied(old, &v->last_applied_len);
}

static void
set_source(struct version *v, const struct apply *apply, const struct item *old)
{
	if (apply->source != 0) {
		v->source = apply->source;
		v->source_revision = v->revision;
	} else if (item_is_live(old)) {
		keep_source(v, old);
	}
}

/* Builds and puts; what the message says has been checked. */
static bool
put_version(struct apply *apply, const ProtobufCMessage *message, const struct version *version)
{
	struct err err = {0};
	struct item *item = codec_build(apply->plan, message, version, apply->arena, &err);

	return patch_put(apply, version->slot, item);
}

/* An op that changes nothing, so that the change has one. */
static void
put_unchanged(struct apply *apply, const struct item *item)
{
	struct patch *patch = apply->patch;
	struct patch_op *grown = realloc(patch->ops, (patch->ops_count + 1) * sizeof *grown);

	if (grown == NULL) {
		apply->oom = true;
		return;
	}
	patch->ops = grown;
	patch->ops_cap = patch->ops_count + 1;
	patch->ops[patch->ops_count++] = (struct patch_op){item, item};
}

static bool
same_bytes(const struct item *a, const struct item *b)
{
	return a->bytes_len == b->bytes_len && memcmp(item_bytes(a), item_bytes(b), a->bytes_len) == 0;
}

/* ---- put ------------------------------------------------------------------------------------------------- */

static bool
is_source_version(const struct item *item)
{
	return item_tail(item) == NULL || item_tail(item)->last_applied_len == 0;
}

static bool
is_checked(struct apply *apply, const ProtobufCMessage *message, const char *field)
{
	char prefix[64];
	size_t before = apply->faults->total;

	if (apply->replay)
		return true;
	snprintf(prefix, sizeof prefix, "change_set.changes[%zu].%s", apply->change, field);
	codec_check(message, prefix, apply->faults);
	if (apply->faults->total == before) {
		if (protobuf_c_message_get_packed_size(message) <= LIMIT_ITEM_BYTES)
			return true;
		faults_add(apply->faults, prefix, "is larger than %u bytes encoded: shorten its texts or lists",
		    LIMIT_ITEM_BYTES);
	}
	apply->refused = ERR_INVALID;
	return false;
}

/* Put.applied: what the source itself states, kept beside the item that holds others' edits too. */
static bool
set_applied(struct apply *apply, const Plumb__V1__Put *put, struct version *version)
{
	const Plumb__V1__Item *applied = put->applied;

	if (applied == NULL)
		return true;
	if (apply->source == 0 || applied->body_case != put->item->body_case ||
	    strcmp(applied->id, put->item->id) != 0) {
		refuse(apply, ERR_INVALID, "put.applied",
		    apply->source == 0 ? "is for a change set with a source" : "must have the kind and id of the item");
		return false;
	}
	if (!is_checked(apply, &applied->base, "put.applied"))
		return false;
	version->last_applied = pb_encode(&applied->base, apply->arena, &version->last_applied_len);
	if (version->last_applied == NULL)
		apply->oom = true;
	return version->last_applied != NULL;
}

static void
apply_put(struct apply *apply, const Plumb__V1__Change *change)
{
	Plumb__V1__Item *message = change->put->item;
	struct version version;
	const struct item *old;
	struct item *new;
	enum kind kind;
	uint32_t slot;
	struct err err = {0};
	char ref[REF_TEXT_LEN];

	if (message == NULL) {
		refuse(apply, ERR_INVALID, "put.item", "is missing");
		return;
	}
	if (!is_checked(apply, &message->base, "put.item"))
		return;
	kind = codec_item_kind(&message->base);
	slot = table_slot(apply->plan, kind, message->id, strlen(message->id));
	if (slot == SLOT_NONE) {
		apply->oom = true;
		return;
	}
	old = slot_item(apply, slot);
	if (!expect_holds(apply, change, old, ref_text(old, ref, sizeof ref)))
		return;
	if (kind == KIND_BASELINE && message->baseline->revision == 0)
		message->baseline->revision = apply->patch->stamp.revision;
	version = next_version(apply, old, message->id);
	set_source(&version, apply, old);
	if (!set_applied(apply, change->put, &version))
		return;
	new = codec_build(apply->plan, &message->base, &version, apply->arena, &err);
	if (new == NULL) {
		apply->oom = true;
		return;
	}
	if (item_is_live(old) && same_bytes(old, new) &&
	    (apply->source == 0 ||
	        (apply->source == old->source && is_source_version(old) && change->put->applied == NULL))) {
		free(new);
		put_unchanged(apply, old);
		return;
	}
	patch_put(apply, slot, new);
}

/* ---- rankings --------------------------------------------------------------------------------------------- */

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
	return expect_holds(apply, change, item, ref_text(item, ref, sizeof ref)) ? item : NULL;
}

static void
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

/* ---- remove ------------------------------------------------------------------------------------------------ */

/* The live entry that a change names; NULL when it was refused. */
static const struct item *
named_entry(struct apply *apply, const Plumb__V1__Change *change, const char *ref, const char *field)
{
	enum kind kind;
	const char *id;
	size_t len;
	const struct item *item;

	if (!ref_parse(ref, KIND_NONE, &kind, &id, &len)) {
		refuse(apply, ERR_INVALID, field, "'%.80s' is no reference: write kind/id, for example "
		    "initiative/new-portal", ref);
		return NULL;
	}
	item = view_find(&apply->plan->now, kind, id, len);
	if (!expect_holds(apply, change, item, ref))
		return NULL;
	if (!item_is_live(item)) {
		refuse(apply, ERR_NOT_FOUND, field, "there is no %s/%s", kind_name(kind), id);
		return NULL;
	}
	return item;
}

static bool
put_tombstone(struct apply *apply, const struct item *old, uint32_t renamed_to)
{
	char id[ID_MAX_LEN + 1];
	struct version version;
	struct ref to = {renamed_to, ROLE_NONE, 0, 0};
	bool renamed = renamed_to != SLOT_NONE;

	snprintf(id, sizeof id, "%.*s", old->id_len, item_id(old));
	version = next_version(apply, old, id);
	version.flags = ITEM_REMOVED | (renamed ? ITEM_RENAMED : 0);
	return patch_put(apply, old->slot, codec_build_bare(&version, renamed ? &to : NULL, renamed ? 1 : 0));
}

static void
remove_one(struct apply *apply, const struct item *item)
{
	if (item->kind == KIND_INITIATIVE)
		each_ranking_with(apply, item->slot, ranking_without, 0);
	if (!apply->oom)
		put_tombstone(apply, item, SLOT_NONE);
}

/* Does the reference make its holder a part of what it points at? */
static bool
is_belonging(enum role role)
{
	return role == ROLE_ABOUT || role == ROLE_INLINE_UNDER || role == ROLE_PART_OF;
}

static bool
belongs_to(const struct item *holder, uint32_t slot)
{
	for (uint32_t i = 0; i < holder->refs_count; i++) {
		if (holder->refs[i].slot == slot && is_belonging((enum role)holder->refs[i].role))
			return true;
	}
	return false;
}

/* The item and all that belongs to it, breadth first. */
static void
remove_cascade(struct apply *apply, uint32_t slot)
{
	struct plan *plan = apply->plan;
	uint32_t *queue = arena_array(apply->arena, LIMIT_CHANGES, sizeof *queue);
	size_t count = 0;

	if (queue == NULL) {
		apply->oom = true;
		return;
	}
	queue[count++] = slot;
	for (size_t i = 0; i < count; i++) {
		const struct item *item = slot_item(apply, queue[i]);

		if (!item_is_live(item))
			continue;
		FOR_EDGES_IN (plan, queue[i], edge) {
			uint32_t from = plan->edges[edge].from;

			if (!belongs_to(slot_item(apply, from), queue[i]))
				continue;
			if (count == LIMIT_CHANGES) {
				refuse(apply, ERR_LIMIT, "remove.cascade", "would remove more than %u entries: remove its parts "
				    "first", LIMIT_CHANGES);
				return;
			}
			queue[count++] = from;
		}
		remove_one(apply, item);
		if (apply->oom)
			return;
	}
}

static void
apply_remove(struct apply *apply, const Plumb__V1__Change *change)
{
	const struct item *item = named_entry(apply, change, change->remove->ref, "remove.ref");

	if (item == NULL)
		return;
	if (kind_is_record(item->kind)) {
		refuse(apply, ERR_INVALID, "remove.ref", "'%.120s' is a record: records stay; retract it instead",
		    change->remove->ref);
		return;
	}
	if (item->kind == KIND_RANKING || item->kind == KIND_WORKSPACE) {
		refuse(apply, ERR_INVALID, "remove.ref", "a %s cannot be removed", kind_name(item->kind));
		return;
	}
	if (change->remove->cascade) {
		remove_cascade(apply, item->slot);
		return;
	}
	apply->removed[apply->removed_count++] = (struct removal){item->slot, (uint32_t)apply->change};
	remove_one(apply, item);
}

/* Says who still refers to a removed item, with the first NAMED_MAX of them. */
static void
refuse_referred(struct apply *apply, uint32_t slot)
{
	struct plan *plan = apply->plan;
	struct str names;
	size_t count = 0;
	uint32_t last = SLOT_NONE;
	char ref[REF_TEXT_LEN];

	str_init(&names, 800);
	FOR_EDGES_IN (plan, slot, edge) {
		uint32_t from = plan->edges[edge].from;

		if (from == last)
			continue;
		last = from;
		if (count++ < NAMED_MAX)
			str_addf(&names, "%s%s", count > 1 ? ", " : "", ref_text(slot_item(apply, from), ref, sizeof ref));
	}
	refuse(apply, ERR_PRECONDITION, "remove.ref", "%s is referred to by %s%s: change those first, or remove with "
	    "cascade", ref_text(slot_item(apply, slot), ref, sizeof ref), names.data,
	    count > NAMED_MAX ? " and more" : "");
	str_fini(&names);
}

/* ---- rename -------------------------------------------------------------------------------------------------- */

/* Gives a holder of references the new id in them; its own revision moves on, since its content does. */
static void
follow_rename(struct apply *apply, const struct item *holder, enum kind kind, const char *from, const char *to)
{
	ProtobufCMessage *message = (ProtobufCMessage *)(uintptr_t)codec_decode(holder, apply->arena);
	char id[ID_MAX_LEN + 1];
	struct version version;

	if (message == NULL || !codec_rename_refs(message, kind, from, to, apply->arena)) {
		apply->oom = true;
		return;
	}
	snprintf(id, sizeof id, "%.*s", holder->id_len, item_id(holder));
	version = next_version(apply, holder, id);
	keep_source(&version, holder);
	version.flags = holder->flags & (ITEM_RETRACTED | ITEM_REDACTED);
	put_version(apply, message, &version);
}

/* The holders of references to slot, each once, in the order of their edges. */
static uint32_t *
holders_of(struct apply *apply, uint32_t slot, size_t *count)
{
	struct plan *plan = apply->plan;
	uint32_t *holders, last = SLOT_NONE;
	size_t n = 0;

	FOR_EDGES_IN (plan, slot, edge)
		n++;
	holders = arena_array(apply->arena, n + 1, sizeof *holders);
	*count = 0;
	if (holders == NULL) {
		apply->oom = true;
		return NULL;
	}
	FOR_EDGES_IN (plan, slot, edge) {
		if (plan->edges[edge].from != last)
			holders[(*count)++] = plan->edges[edge].from;
		last = plan->edges[edge].from;
	}
	return holders;
}

static void
rename_entry(struct apply *apply, const struct item *item, uint32_t slot, const char *to)
{
	ProtobufCMessage *message = (ProtobufCMessage *)(uintptr_t)codec_decode(item, apply->arena);
	enum kind kind = item->kind;
	char from[ID_MAX_LEN + 1];
	struct version version;
	uint32_t *holders;
	size_t count;

	snprintf(from, sizeof from, "%.*s", item->id_len, item_id(item));
	if (message == NULL || !codec_rename_refs(message, kind, from, to, apply->arena)) {
		apply->oom = true;
		return;
	}
	((Plumb__V1__Item *)message)->id = pb_str(to);
	version = next_version(apply, item, to);
	version.slot = slot;
	keep_source(&version, item);
	holders = holders_of(apply, item->slot, &count);
	if (holders == NULL || !put_version(apply, message, &version) || !put_tombstone(apply, item, slot))
		return;
	for (size_t i = 0; i < count && !apply->oom; i++) {
		const struct item *holder = slot_item(apply, holders[i]);

		if (item_is_live(holder))
			follow_rename(apply, holder, kind, from, to);
	}
	if (kind == KIND_INITIATIVE && !apply->oom)
		each_ranking_with(apply, item->slot, ranking_with_other, slot);
}

static void
apply_rename(struct apply *apply, const Plumb__V1__Change *change)
{
	const struct item *item = named_entry(apply, change, change->rename->ref, "rename.ref"), *there;
	const char *to = change->rename->id;
	uint32_t slot;

	if (!parse_is_id(to, strlen(to))) {
		refuse(apply, ERR_INVALID, "rename.id", "'%.60s' is no id: use 1 to %d of a-z 0-9 . _ -", to, ID_MAX_LEN);
		return;
	}
	if (item == NULL)
		return;
	if (kind_is_record(item->kind) || item->kind == KIND_RANKING || item->kind == KIND_WORKSPACE) {
		refuse(apply, ERR_INVALID, "rename.ref", "a %s cannot be renamed", kind_name(item->kind));
		return;
	}
	there = view_find(&apply->plan->now, item->kind, to, strlen(to));
	if (item_is_live(there)) {
		refuse(apply, ERR_EXISTS, "rename.id", "%s/%s is there already: choose another id", kind_name(item->kind),
		    to);
		return;
	}
	slot = table_slot(apply->plan, item->kind, to, strlen(to));
	if (slot == SLOT_NONE) {
		apply->oom = true;
		return;
	}
	rename_entry(apply, item, slot, to);
}

/* ---- records --------------------------------------------------------------------------------------------------- */

/* The person behind an author: "person/anna", "unverified:person/anna", "uid:1000 as person/anna". */
static const char *
author_person(const char *author)
{
	const char *person = strstr(author, "person/");
	enum kind kind;
	const char *id;
	size_t len;

	return person != NULL && ref_parse(person, KIND_NONE, &kind, &id, &len) ? person : "";
}

/* Fills in what the caller left to us. old: the record that is there under that id, or absent. */
static bool
complete_record(struct apply *apply, Plumb__V1__Record *record, const struct item *old)
{
	const struct stamp *stamp = &apply->patch->stamp;
	const Plumb__V1__Record *before = NULL;
	char time[TIME_TEXT_LEN];

	if (item_is_live(old)) {
		before = (const Plumb__V1__Record *)codec_decode(old, apply->arena);
		if (before == NULL)
			return false;
	}
	if (record->by[0] == '\0' && !record->redacted)
		record->by = before != NULL ? before->by : arena_strdup(apply->arena, author_person(stamp->author));
	if (record->at[0] == '\0')
		record->at = before != NULL ? before->at
					    : arena_strdup(apply->arena, time_format(stamp->time_us, time));
	return record->by != NULL && record->at != NULL;
}

/* Is it the record that is there, be that retracted or not? */
static bool
is_same_record(struct apply *apply, const Plumb__V1__Record *record, const struct item *old)
{
	Plumb__V1__Record *before = (Plumb__V1__Record *)(uintptr_t)codec_decode(old, apply->arena);

	if (before == NULL) {
		apply->oom = true;
		return false;
	}
	before->retracted = false;
	before->retracted_reason = pb_str("");
	return pb_equal(record->base.descriptor, &before->base, &record->base);
}

static bool
record_is_clean(struct apply *apply, const Plumb__V1__Record *record)
{
	if (!apply->replay && (record->retracted || record->redacted || record->retracted_reason[0] != '\0')) {
		refuse(apply, ERR_INVALID, "add.record", "retracted and redacted are set by retract and redact only");
		return false;
	}
	return true;
}

static void
apply_add(struct apply *apply, const Plumb__V1__Change *change)
{
	Plumb__V1__Record *record = change->add->record;
	char ref[REF_TEXT_LEN];
	struct version version;
	const struct item *old;
	enum kind kind;
	uint32_t slot;

	if (record == NULL) {
		refuse(apply, ERR_INVALID, "add.record", "is missing");
		return;
	}
	if (!record_is_clean(apply, record) || !is_checked(apply, &record->base, "add.record"))
		return;
	if (record->id[0] == '\0')
		record->id = arena_printf(apply->arena, "r%" PRIu64 ".%zu", apply->patch->stamp.revision, apply->change);
	kind = codec_item_kind(&record->base);
	slot = record->id != NULL ? table_slot(apply->plan, kind, record->id, strlen(record->id)) : SLOT_NONE;
	if (slot == SLOT_NONE || !complete_record(apply, record, slot_item(apply, slot))) {
		apply->oom = true;
		return;
	}
	old = slot_item(apply, slot);
	if (!expect_holds(apply, change, old, ref_text(old, ref, sizeof ref)))
		return;
	if (item_is_live(old)) {
		if (record->redacted || is_same_record(apply, record, old))
			put_unchanged(apply, old);
		else
			refuse(apply, ERR_EXISTS, "add.record.id", "%s is there with other content: records don't change; "
			    "retract it and add another", ref_text(old, ref, sizeof ref));
		return;
	}
	version = next_version(apply, old, record->id);
	set_source(&version, apply, old);
	put_version(apply, &record->base, &version);
}

static void
apply_retract(struct apply *apply, const Plumb__V1__Change *change)
{
	const struct item *item = named_entry(apply, change, change->retract->ref, "retract.ref");
	struct version version;
	Plumb__V1__Record *record;
	char id[ID_MAX_LEN + 1];

	if (item == NULL)
		return;
	if (!kind_is_record(item->kind)) {
		refuse(apply, ERR_INVALID, "retract.ref", "'%.120s' is no record: remove it instead", change->retract->ref);
		return;
	}
	if (strlen(change->retract->reason) > LIMIT_TEXT) {
		refuse(apply, ERR_INVALID, "retract.reason", "has more than %u bytes", LIMIT_TEXT);
		return;
	}
	if ((item->flags & ITEM_RETRACTED) != 0) {
		put_unchanged(apply, item);
		return;
	}
	record = (Plumb__V1__Record *)(uintptr_t)codec_decode(item, apply->arena);
	if (record == NULL) {
		apply->oom = true;
		return;
	}
	record->retracted = true;
	record->retracted_reason = change->retract->reason;
	snprintf(id, sizeof id, "%.*s", item->id_len, item_id(item));
	version = next_version(apply, item, id);
	keep_source(&version, item);
	put_version(apply, &record->base, &version);
}

static void
redact_one(struct apply *apply, const struct item *item)
{
	Plumb__V1__Record *record = (Plumb__V1__Record *)(uintptr_t)codec_decode(item, apply->arena);
	struct version version;

	if (record == NULL) {
		apply->oom = true;
		return;
	}
	record->note = record->by = record->retracted_reason = pb_str("");
	record->redacted = true;
	version = next_version(apply, item, record->id);
	version.source = item->source;
	version.source_revision = item_source_revision(item);
	put_version(apply, &record->base, &version);
}

static void
redact_person(struct apply *apply, Plumb__V1__Redact *redact)
{
	const char *person = redact->person;
	enum kind kind;
	const char *id;
	size_t len, count = 0;
	uint32_t *holders, slot = SLOT_NONE;

	if (ref_parse(person, KIND_PERSON, &kind, &id, &len) && kind == KIND_PERSON)
		slot = view_slot(&apply->plan->now, kind, id, len);
	if (slot == SLOT_NONE) {
		refuse(apply, ERR_NOT_FOUND, "redact.person", "nothing is known of '%.80s'", person);
		return;
	}
	holders = holders_of(apply, slot, &count);
	redact->refs = arena_array(apply->arena, count + 1, sizeof *redact->refs);
	if (holders == NULL || redact->refs == NULL) {
		apply->oom = true;
		return;
	}
	put_unchanged(apply, slot_item(apply, slot)); /* the change is about the person */
	for (size_t i = 0; i < count && !apply->oom; i++) {
		const struct item *holder = slot_item(apply, holders[i]);
		char ref[REF_TEXT_LEN];

		if (!kind_is_record(holder->kind))
			continue;
		redact->refs[redact->n_refs++] = arena_strdup(apply->arena, ref_text(holder, ref, sizeof ref));
		redact_one(apply, holder);
	}
}

/* From the log: the names have left the records by now, so it says which ones they were. */
static void
redact_logged(struct apply *apply, const Plumb__V1__Redact *redact)
{
	enum kind kind;
	const char *id;
	size_t len;

	uint32_t slot = SLOT_NONE;

	if (ref_parse(redact->person, KIND_PERSON, &kind, &id, &len))
		slot = table_slot(apply->plan, kind, id, len);
	if (slot == SLOT_NONE) {
		apply->oom = true;
		return;
	}
	put_unchanged(apply, slot_item(apply, slot));
	for (size_t i = 0; i < redact->n_refs && !apply->oom; i++) {
		const struct item *item = NULL;

		if (ref_parse(redact->refs[i], KIND_NONE, &kind, &id, &len))
			item = view_find(&apply->plan->now, kind, id, len);
		if (item_is_live(item))
			redact_one(apply, item);
	}
}

static void
apply_redact(struct apply *apply, const Plumb__V1__Change *change)
{
	Plumb__V1__Redact *redact = change->redact;
	const struct item *item;

	if (apply->replay && redact->n_refs > 0) {
		redact_logged(apply, redact);
		return;
	}
	if (redact->n_refs > 0) {
		refuse(apply, ERR_INVALID, "redact.refs", "is set by the server only");
		return;
	}
	if (redact->reason[0] == '\0' || strlen(redact->reason) > LIMIT_TEXT) {
		refuse(apply, ERR_INVALID, "redact.reason", "is required: 1 to %u bytes", LIMIT_TEXT);
		return;
	}
	switch (redact->what_case) {
	case PLUMB__V1__REDACT__WHAT_PERSON:
		redact_person(apply, redact);
		break;
	case PLUMB__V1__REDACT__WHAT_REF:
		item = named_entry(apply, change, redact->ref, "redact.ref");
		if (item != NULL && kind_is_record(item->kind))
			redact_one(apply, item);
		else if (item != NULL)
			refuse(apply, ERR_INVALID, "redact.ref", "'%.120s' is no record", redact->ref);
		break;
	default:
		refuse(apply, ERR_INVALID, "redact", "say what: a record (ref), or all records by a person");
	}
}

/* ---- all -------------------------------------------------------------------------------------------------------- */

void
change_apply(struct apply *apply, const void *message)
{
	const Plumb__V1__Change *change = message;

	apply->patch->first_op[apply->change] = (uint32_t)apply->patch->ops_count;
	switch (change->change_case) {
	case PLUMB__V1__CHANGE__CHANGE_PUT:
		apply_put(apply, change);
		break;
	case PLUMB__V1__CHANGE__CHANGE_REMOVE:
		apply_remove(apply, change);
		break;
	case PLUMB__V1__CHANGE__CHANGE_RENAME:
		apply_rename(apply, change);
		break;
	case PLUMB__V1__CHANGE__CHANGE_PLACE:
		apply_place(apply, change);
		break;
	case PLUMB__V1__CHANGE__CHANGE_ADD:
		apply_add(apply, change);
		break;
	case PLUMB__V1__CHANGE__CHANGE_RETRACT:
		apply_retract(apply, change);
		break;
	case PLUMB__V1__CHANGE__CHANGE_REDACT:
		apply_redact(apply, change);
		break;
	default:
		refuse(apply, ERR_INVALID, "change", "is missing: put, remove, rename, place, add, retract or redact");
	}
}

/* What the item is directly contained in, by its first such reference; SLOT_NONE none. */
static uint32_t
container_of(const struct item *item)
{
	for (uint32_t i = 0; i < item->refs_count; i++) {
		enum role role = (enum role)item->refs[i].role;

		if (role == ROLE_PARENT || role == ROLE_MANAGER)
			return item->refs[i].slot;
		if (role == ROLE_PART_OF && kind_is_work(item->kind))
			return item->refs[i].slot;
	}
	return SLOT_NONE;
}

static void
check_contained(struct apply *apply, const struct item *item)
{
	uint32_t at = container_of(item);
	struct str chain;
	char ref[REF_TEXT_LEN];
	unsigned depth = 0;

	if (at == SLOT_NONE)
		return;
	str_init(&chain, 600);
	str_add(&chain, ref_text(item, ref, sizeof ref));
	for (; at != SLOT_NONE && depth <= LIMIT_DEPTH; depth++) {
		const struct item *above = slot_item(apply, at);

		if (chain.len + sizeof ref < chain.max)
			str_addf(&chain, " -> %s", ref_text(above, ref, sizeof ref));
		if (above == item) {
			refuse(apply, ERR_INVALID, "put.item", "contains itself: %s; take one of these steps out", chain.data);
			break;
		}
		at = item_is_live(above) ? container_of(above) : SLOT_NONE;
	}
	if (depth > LIMIT_DEPTH)
		refuse(apply, ERR_INVALID, "put.item", "%s lies more than %u levels deep, or in a circle: make the tree "
		    "flatter", ref_text(item, ref, sizeof ref), LIMIT_DEPTH);
	str_fini(&chain);
}

/* The change that led to op i. */
static size_t
change_of_op(const struct patch *patch, size_t op)
{
	size_t low = 0, high = patch->changes_count;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (patch->first_op[middle] <= op)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void
change_check_end(struct apply *apply)
{
	struct patch *patch = apply->patch;

	if (apply->replay)
		return;
	for (size_t i = 0; i < patch->ops_count; i++) {
		const struct item *new = patch->ops[i].new;

		if (!item_is_live(new) || slot_item(apply, new->slot) != new || new == patch->ops[i].old)
			continue;
		apply->change = change_of_op(patch, i);
		check_contained(apply, new);
	}
	for (size_t i = 0; i < apply->removed_count; i++) {
		uint32_t slot = apply->removed[i].slot;

		apply->change = apply->removed[i].change;
		if (!item_is_live(slot_item(apply, slot)) && apply->plan->private[slot].first_in != EDGE_NONE)
			refuse_referred(apply, slot);
	}
}
