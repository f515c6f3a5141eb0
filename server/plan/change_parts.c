/* What every kind of change needs: faults, conflicts, versions and names. */
#include "server/plan/change_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/limits.h"
#include "server/plan/codec.h"

/* field is relative to the change: "put.item". */
void
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

const char *
ref_text(const struct item *item, char *buf)
{
	ref_format(item, buf);
	return buf;
}

const struct item *
slot_item(const struct apply *apply, uint32_t slot)
{
	return view_item(&apply->plan->now, slot);
}

/* Does the entry have the revision that the change expects? Otherwise notes the conflict. */
bool
expect_holds(
    struct apply *apply, const Plumb__V1__Change *change, const struct item *item, const char *ref)
{
	uint64_t actual = item_is_live(item) ? item->revision : 0, expected;

	if (apply->replay || change->expect_case == PLUMB__V1__CHANGE__EXPECT__NOT_SET)
		return true;
	expected = change->expect_case == PLUMB__V1__CHANGE__EXPECT_EXPECTED_REVISION
		       ? change->expected_revision
		       : 0;
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

/* The envelope of the version that follows old (which may be absent or a tombstone). */
struct version
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
		v.before = old;
		v.created_revision = old->created_revision;
		v.created_us = old->created_us;
		v.created_by = old->created_by;
		v.sets = item_sets(old, &v.sets_len);
	}
	return v;
}

/* Keeps what the source last applied beside an edit that it didn't make. */
void
keep_source(struct version *v, const struct item *old)
{
	v->source = old->source;
	if (old->source == 0)
		return;
	v->source_revision = item_source_revision(old);
	v->last_applied = item_last_applied(old, &v->last_applied_len);
}

void
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
bool
put_version(struct apply *apply, const ProtobufCMessage *message, const struct version *version)
{
	struct err err = {0};
	struct item *item = codec_build(apply->plan, message, version, apply->arena, &err);

	return patch_put(apply, version->slot, item);
}

/* An op that changes nothing, so that the change has one. */
void
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

/* "change_set.changes[3].put.item", by hand since every change passes here. */
static void
path_prefix(size_t change, const char *field, char prefix[64])
{
	static const char before[] = "change_set.changes[";
	char digits[24], *at = prefix + sizeof before - 1;
	size_t count = 0;

	memcpy(prefix, before, sizeof before);
	do {
		digits[count++] = (char)('0' + change % 10);
		change /= 10;
	} while (change > 0);
	while (count > 0)
		*at++ = digits[--count];
	*at++ = ']';
	*at++ = '.';
	memcpy(at, field, strlen(field) + 1);
}

/* What the log holds was checked when it came; a log of another's making still has to name its entries. */
static bool
is_named(const ProtobufCMessage *message)
{
	bool is_record = message->descriptor == &plumb__v1__record__descriptor;
	const char *id = is_record ? ((const Plumb__V1__Record *)message)->id
				   : ((const Plumb__V1__Item *)message)->id;

	return codec_item_kind(message) != KIND_NONE &&
	       ((is_record && id[0] == '\0') || parse_is_id(id, strlen(id)));
}

bool
is_checked(struct apply *apply, const ProtobufCMessage *message, const char *field)
{
	size_t before = apply->faults->total;
	char prefix[64];

	if (apply->replay) {
		if (is_named(message))
			return true;
		refuse(apply, ERR_INVALID, field, "has no kind or no id");
		return false;
	}
	path_prefix(apply->change, field, prefix);
	codec_check(message, prefix, apply->faults);
	if (apply->faults->total == before) {
		if (protobuf_c_message_get_packed_size(message) <= LIMIT_ITEM_BYTES)
			return true;
		faults_add(apply->faults, prefix,
		    "is larger than %u bytes encoded: shorten its texts or lists",
		    LIMIT_ITEM_BYTES);
	}
	apply->refused = ERR_INVALID;
	return false;
}

/* The live entry that a change names; NULL when it was refused. */
const struct item *
named_entry(
    struct apply *apply, const Plumb__V1__Change *change, const char *ref, const char *field)
{
	enum kind kind;
	const char *id;
	size_t len;
	const struct item *item;

	if (!ref_parse(ref, KIND_NONE, &kind, &id, &len)) {
		refuse(apply, ERR_INVALID, field,
		    "'%.80s' is no reference: write kind/id, for example "
		    "initiative/new-portal",
		    ref);
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

/* The holders of references to slot, each once, in the order of their edges. */
uint32_t *
holders_of(struct apply *apply, uint32_t slot, size_t *count)
{
	struct plan *plan = apply->plan;
	uint32_t *holders, last = SLOT_NONE;
	size_t n = 0;

	FOR_EDGES_IN(plan, slot, edge)
	n++;
	holders = arena_array(apply->arena, n + 1, sizeof *holders);
	*count = 0;
	if (holders == NULL) {
		apply->oom = true;
		return NULL;
	}
	FOR_EDGES_IN(plan, slot, edge)
	{
		if (plan->edges[edge].from != last)
			holders[(*count)++] = plan->edges[edge].from;
		last = plan->edges[edge].from;
	}
	return holders;
}
