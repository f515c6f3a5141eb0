/*
 * What belongs to what: the way up from an entry to what it is a part of, and down to what goes when that goes.
 *
 * Each entry belongs to one thing at most; the way up has LIMIT_DEPTH steps at most. People, teams and periods are above
 * and below each other, but belong to nothing.
 */
#ifndef SERVER_PLAN_BELONG_H
#define SERVER_PLAN_BELONG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "server/plan/item.h"

struct plan;

/* The slot of what it belongs to; SLOT_NONE: nothing. The entry there may be absent. */
uint32_t belong_above(const struct item *item);

/* False stops the walk. */
typedef bool (*belong_fn)(void *arg, const struct item *item);
enum belong_result { BELONG_ALL, BELONG_STOPPED, BELONG_TOO_MANY };
/*
 * Everything live that a Remove with cascade of the slot takes with it, the entry itself not among it. Looks at *budget
 * references at most and takes what it used off it; queue has room for *budget + 1. The plan's thread only.
 */
enum belong_result belong_walk(const struct plan *plan, uint32_t slot, uint32_t *budget,
    uint32_t *queue, belong_fn fn, void *arg) MUST_CHECK;
/* The live items that name the entry, be it there or not, as what they belong to; records are not among them. */
enum belong_result belong_parts(
    const struct plan *plan, uint32_t slot, uint32_t *budget, belong_fn fn, void *arg) MUST_CHECK;

#endif
