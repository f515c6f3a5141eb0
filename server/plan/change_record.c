/* Records: added, retracted, redacted; never changed otherwise. */
#include "server/plan/change_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/calendar.h"
#include "common/parse.h"
#include "common/pb.h"
#include "server/limits.h"
#include "server/plan/codec.h"

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
		record->by = before != NULL
				 ? before->by
				 : arena_strdup(apply->arena, author_person(stamp->author));
	if (record->at[0] == '\0')
		record->at = before != NULL
				 ? before->at
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
	if (!apply->replay &&
	    (record->retracted || record->redacted || record->retracted_reason[0] != '\0')) {
		refuse(apply, ERR_INVALID, "add.record",
		    "retracted and redacted are set by retract and redact only");
		return false;
	}
	return true;
}

void
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
		record->id = arena_printf(
		    apply->arena, "r%" PRIu64 ".%zu", apply->patch->stamp.revision, apply->change);
	kind = codec_item_kind(&record->base);
	slot = record->id != NULL ? table_slot(apply->plan, kind, record->id, strlen(record->id))
				  : SLOT_NONE;
	if (slot == SLOT_NONE || !complete_record(apply, record, slot_item(apply, slot))) {
		apply->oom = true;
		return;
	}
	old = slot_item(apply, slot);
	if (!expect_holds(apply, change, old, ref_text(old, ref)))
		return;
	if (item_is_live(old)) {
		if (record->redacted || is_same_record(apply, record, old))
			put_unchanged(apply, old);
		else
			refuse(apply, ERR_EXISTS, "add.record.id",
			    "%s is there with other content: records don't change; "
			    "retract it and add another",
			    ref_text(old, ref));
		return;
	}
	version = next_version(apply, old, record->id);
	set_source(&version, apply, old);
	put_version(apply, &record->base, &version);
}

void
apply_retract(struct apply *apply, const Plumb__V1__Change *change)
{
	const struct item *item = named_entry(apply, change, change->retract->ref, "retract.ref");
	struct version version;
	Plumb__V1__Record *record;
	char id[ID_MAX_LEN + 1];

	if (item == NULL)
		return;
	if (!kind_is_record(item->kind)) {
		refuse(apply, ERR_INVALID, "retract.ref",
		    "'%.120s' is no record: remove it instead", change->retract->ref);
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
	Plumb__V1__Record *record =
	    (Plumb__V1__Record *)(uintptr_t)codec_decode(item, apply->arena);
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
		refuse(
		    apply, ERR_NOT_FOUND, "redact.person", "nothing is known of '%.80s'", person);
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
		redact->refs[redact->n_refs++] = arena_strdup(apply->arena, ref_text(holder, ref));
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

void
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
		refuse(
		    apply, ERR_INVALID, "redact.reason", "is required: 1 to %u bytes", LIMIT_TEXT);
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
			refuse(
			    apply, ERR_INVALID, "redact.ref", "'%.120s' is no record", redact->ref);
		break;
	default:
		refuse(apply, ERR_INVALID, "redact",
		    "say what: a record (ref), or all records by a person");
	}
}
