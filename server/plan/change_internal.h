/* What the files of the changes share: change.c, change_parts.c, change_item.c, change_rank.c, change_record.c. */
#ifndef SERVER_PLAN_CHANGE_INTERNAL_H
#define SERVER_PLAN_CHANGE_INTERNAL_H

#include "common/parse.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/plan/plan_internal.h"

/* ---- change_parts.c: faults, versions and names, for all of them */

/* Notes a fault; field is relative to the change: "put.item". */
void refuse(struct apply *apply, enum err_code code, const char *field, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
/* "kind/id" into buf, which has REF_TEXT_LEN bytes. Returns buf. */
const char *ref_text(const struct item *item, char *buf);
const struct item *slot_item(const struct apply *apply, uint32_t slot);
/* Does the entry have the revision that the change expects? Otherwise notes the conflict. */
bool expect_holds(
    struct apply *apply, const Plumb__V1__Change *change, const struct item *item, const char *ref);
/* The envelope of the version that follows old (which may be absent or a tombstone). */
struct version next_version(const struct apply *apply, const struct item *old, const char *id);
/* Keeps what the source last applied beside an edit that it didn't make. */
void keep_source(struct version *v, const struct item *old);
/* The set's source where it has one, else the old version's. */
void set_source(struct version *v, const struct apply *apply, const struct item *old);
/* Builds and puts; what the message says has been checked. */
bool put_version(
    struct apply *apply, const ProtobufCMessage *message, const struct version *version);
/* An op that changes nothing, so that the change has one. */
void put_unchanged(struct apply *apply, const struct item *item);
/* codec_check() with the change's path before each field; false when there were faults. */
bool is_checked(struct apply *apply, const ProtobufCMessage *message, const char *field);
/* The live entry that a change names; NULL when it was refused. */
const struct item *named_entry(
    struct apply *apply, const Plumb__V1__Change *change, const char *ref, const char *field);
/* The holders of references to slot, each once; in the arena. NULL: out of memory. */
uint32_t *holders_of(struct apply *apply, uint32_t slot, size_t *count);

/* ---- change_item.c */
void apply_put(struct apply *apply, const Plumb__V1__Change *change);
void apply_remove(struct apply *apply, const Plumb__V1__Change *change);
void apply_rename(struct apply *apply, const Plumb__V1__Change *change);
/* Says who still refers to a removed item. */
void refuse_referred(struct apply *apply, uint32_t slot);

/* ---- change_rank.c */
void apply_place(struct apply *apply, const Plumb__V1__Change *change);
/* Takes an initiative off every ranking. */
void unrank(struct apply *apply, uint32_t slot);
/* Puts another slot where this one stands in rankings. */
void rank_instead(struct apply *apply, uint32_t slot, uint32_t other);

/* Makes the versions of the rankings that the set changed, and frees what was kept for that. Once, at the end. */
void ranks_finish(struct apply *apply);

/* ---- scenario.c */
/* Keeps a scenario's change set with the scenario; the plan stays as it is. */
void scenario_take(struct apply *apply, const Plumb__V1__ChangeSet *set);

/* ---- change_record.c */
void apply_add(struct apply *apply, const Plumb__V1__Change *change);
void apply_retract(struct apply *apply, const Plumb__V1__Change *change);
void apply_redact(struct apply *apply, const Plumb__V1__Change *change);

#endif
