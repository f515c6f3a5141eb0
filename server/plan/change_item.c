/* Items: put, removed (with what belongs to them), renamed (with what refers to them). */
#include "server/plan/change_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "common/pb.h"
#include "server/limits.h"
#include "server/plan/codec.h"

/* Referrers named in one message: so many bytes, or one name, that what to do about it fits the message too. */
#define NAMES_LEN 100u

/* ---- put ------------------------------------------------------------------------------------------------- */

static bool
same_bytes(const struct item *a, const struct item *b)
{
	return a->bytes_len == b->bytes_len &&
	       memcmp(item_bytes(a), item_bytes(b), a->bytes_len) == 0;
}

static bool
is_source_version(const struct item *item)
{
	return item_tail(item) == NULL || item_tail(item)->last_applied_len == 0;
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
		    apply->source == 0 ? "is for a change set with a source"
				       : "must have the kind and id of the item");
		return false;
	}
	if (!is_checked(apply, &applied->base, "put.applied"))
		return false;
	version->last_applied = pb_encode(&applied->base, apply->arena, &version->last_applied_len);
	if (version->last_applied == NULL)
		apply->oom = true;
	return version->last_applied != NULL;
}

/* Where it began is the plan's to say. */
static bool
begin_scenario(struct apply *apply, Plumb__V1__Scenario *scenario, const struct item *old)
{
	bool is_new = !item_is_live(old);

	if (apply->replay)
		return true; /* as it was logged */
	if (is_new && apply->plan->live_scenarios >= LIMIT_SCENARIOS) {
		refuse(apply, ERR_LIMIT, "put.item",
		    "there are %u scenarios, as many as a workspace holds: drop one first",
		    LIMIT_SCENARIOS);
		return false;
	}
	scenario->began_at = is_new ? apply->patch->stamp.revision : (uint64_t)old->effort;
	return true;
}

void
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
	if (!expect_holds(apply, change, old, ref_text(old, ref)))
		return;
	if (kind == KIND_BASELINE && message->baseline->revision == 0)
		message->baseline->revision = apply->patch->stamp.revision;
	if (kind == KIND_SCENARIO && !begin_scenario(apply, message->scenario, old))
		return;
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
	    (apply->source == 0 || (apply->source == old->source && is_source_version(old) &&
				       change->put->applied == NULL))) {
		free(new);
		put_unchanged(apply, old);
		return;
	}
	patch_put(apply, slot, new);
}

/* ---- remove ----------------------------------------------------------------------------------------------- */

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
	return patch_put(
	    apply, old->slot, codec_build_bare(&version, renamed ? &to : NULL, renamed ? 1 : 0));
}

static void
remove_one(struct apply *apply, const struct item *item)
{
	if (item->kind == KIND_INITIATIVE)
		unrank(apply, item->slot);
	if (!apply->oom)
		put_tombstone(apply, item, SLOT_NONE);
}

/* Does the reference make its holder a part of what it points at? */
static bool
is_belonging(enum role role)
{
	return role == ROLE_ABOUT || role == ROLE_INLINE_UNDER || role == ROLE_PART_OF ||
	       role == ROLE_IN;
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
		FOR_EDGES_IN(plan, queue[i], edge)
		{
			uint32_t from = plan->edges[edge].from;

			if (!belongs_to(slot_item(apply, from), queue[i]))
				continue;
			if (count == LIMIT_CHANGES) {
				refuse(apply, ERR_LIMIT, "remove.cascade",
				    "would remove more than %u entries: remove its parts "
				    "first",
				    LIMIT_CHANGES);
				return;
			}
			queue[count++] = from;
		}
		remove_one(apply, item);
		if (apply->oom)
			return;
	}
}

void
apply_remove(struct apply *apply, const Plumb__V1__Change *change)
{
	const struct item *item = named_entry(apply, change, change->remove->ref, "remove.ref");

	if (item == NULL)
		return;
	if (kind_is_record(item->kind)) {
		refuse(apply, ERR_INVALID, "remove.ref",
		    "'%.120s' is a record: records stay; retract it instead", change->remove->ref);
		return;
	}
	if (item->kind == KIND_RANKING || item->kind == KIND_WORKSPACE) {
		refuse(apply, ERR_INVALID, "remove.ref", "a %s cannot be removed",
		    kind_name(item->kind));
		return;
	}
	if (change->remove->cascade) {
		remove_cascade(apply, item->slot);
		return;
	}
	apply->removed[apply->removed_count++] =
	    (struct removal){item->slot, (uint32_t)apply->change};
	remove_one(apply, item);
}

/* Says who still refers to a removed item, with the first of them. */
void
refuse_referred(struct apply *apply, uint32_t slot)
{
	struct plan *plan = apply->plan;
	char names[NAMES_LEN + REF_TEXT_LEN], more[32] = "";
	size_t count = 0, named = 0, len = 0;
	uint32_t last = SLOT_NONE;
	char ref[REF_TEXT_LEN];

	names[0] = '\0';
	FOR_EDGES_IN(plan, slot, edge)
	{
		uint32_t from = plan->edges[edge].from;

		if (from == last)
			continue;
		last = from;
		count++;
		ref_text(slot_item(apply, from), ref);
		if (named + 1 < count || (named > 0 && len + 2 + strlen(ref) > NAMES_LEN))
			continue;
		len += (size_t)snprintf(
		    names + len, sizeof names - len, "%s%s", named > 0 ? ", " : "", ref);
		named++;
	}
	if (count > named)
		snprintf(more, sizeof more, " and %zu", count - named);
	refuse(apply, ERR_PRECONDITION, "remove.ref",
	    "%s is referred to by %s%s%s: change those first, or remove with "
	    "cascade",
	    ref_text(slot_item(apply, slot), ref), names, more, count > named ? " more" : "");
}

/* ---- rename ----------------------------------------------------------------------------------------------- */
/* Gives a holder of references the new id in them; its own revision moves on, since its content does. */
static void
follow_rename(struct apply *apply, const struct item *holder, enum kind kind, const char *from,
    const char *to)
{
	ProtobufCMessage *message =
	    (ProtobufCMessage *)(uintptr_t)codec_decode(holder, apply->arena);
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
	version.flags = item->flags & ITEM_OVERLAY_NEW;
	keep_source(&version, item);
	holders = holders_of(apply, item->slot, &count);
	if (holders == NULL || !put_version(apply, message, &version) ||
	    !put_tombstone(apply, item, slot))
		return;
	for (size_t i = 0; i < count && !apply->oom; i++) {
		const struct item *holder = slot_item(apply, holders[i]);

		if (item_is_live(holder))
			follow_rename(apply, holder, kind, from, to);
	}
	if (kind == KIND_INITIATIVE && !apply->oom)
		rank_instead(apply, item->slot, slot);
}

void
apply_rename(struct apply *apply, const Plumb__V1__Change *change)
{
	const struct item *item = named_entry(apply, change, change->rename->ref, "rename.ref"),
			  *there;
	const char *to = change->rename->id;
	uint32_t slot;

	if (!parse_is_id(to, strlen(to))) {
		refuse(apply, ERR_INVALID, "rename.id",
		    "'%.60s' is no id: use 1 to %d of a-z 0-9 . _ -", to, ID_MAX_LEN);
		return;
	}
	if (item == NULL)
		return;
	if (kind_is_record(item->kind) || item->kind == KIND_RANKING ||
	    item->kind == KIND_WORKSPACE) {
		refuse(apply, ERR_INVALID, "rename.ref", "a %s cannot be renamed",
		    kind_name(item->kind));
		return;
	}
	there = view_find(&apply->plan->now, item->kind, to, strlen(to));
	if (item_is_live(there)) {
		refuse(apply, ERR_EXISTS, "rename.id", "%s/%s is there already: choose another id",
		    kind_name(item->kind), to);
		return;
	}
	slot = table_slot(apply->plan, item->kind, to, strlen(to));
	if (slot == SLOT_NONE) {
		apply->oom = true;
		return;
	}
	rename_entry(apply, item, slot, to);
}
