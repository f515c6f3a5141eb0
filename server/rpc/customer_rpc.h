/* What the answers about customers share: names out of an index as texts of a reply. Texts are in the arena; NULL or false: it is full. */
#ifndef SERVER_RPC_CUSTOMER_RPC_H
#define SERVER_RPC_CUSTOMER_RPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plumb/v1/journey.pb-c.h"
#include "server/insight/customer/journeys.h"

struct arena;
struct view_job;

/*
 * The live entry that a name from the request ("kind/id" or the id) means; SLOT_NONE for "". ERR_NOT_FOUND, or ERR_INVALID under the
 * field's name.
 */
bool customer_find(struct view_job *job, const char *field, const char *text, enum kind kind,
    uint32_t *slot, struct err *err) MUST_CHECK;

/* A stated text; its first 500 bytes and "â¦" where it is longer: the whole stands in the item. */
char *customer_cut(struct arena *arena, const char *text);
/* "kind/id"; "" for SLOT_NONE. */
char *customer_ref(struct arena *arena, const struct index *ix, uint32_t slot);
char *customer_title(struct arena *arena, const struct index *ix, uint32_t slot);
/* The first `most` of a list; *more (may be NULL) gets how many are left out. */
bool customer_refs(struct arena *arena, const struct index *ix, const struct slots *slots,
    size_t most, char ***list, size_t *count, uint32_t *more);
bool customer_holes(struct arena *arena, unsigned holes, Plumb__V1__Hole **list, size_t *count);
/* Live steps in no live stage, or in one of no live journey; by name. */
bool customer_loose(
    struct arena *arena, const struct index *ix, char ***list, size_t *count, uint32_t *more);

#endif
