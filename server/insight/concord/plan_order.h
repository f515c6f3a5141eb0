/*
 * The order of objectives that a plan states, as far as it does: by weight, the larger first; where two have the same weight, or not
 * both have one, by what precedes what, over any number of steps. Pairs that precede each other in a circle, and all others, it
 * does not compare.
 */
#ifndef SERVER_INSIGHT_CONCORD_PLAN_ORDER_H
#define SERVER_INSIGHT_CONCORD_PLAN_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct item;
struct view;

struct plan_order {
	uint32_t objects;
	uint32_t pairs; /* that the plan compares; 0: it states no order */
	bool *before;   /* owned: before[a * objects + b] */
};

/* objectives: NULL for one that the plan does not have any more. ERR_LIMIT out of memory. */
bool plan_order_init(struct plan_order *order, const struct view *view,
    const struct item *const *objectives, uint32_t objects, struct err *err) MUST_CHECK;
void plan_order_fini(struct plan_order *order);

/* How many are before it, and one; 0: it is compared with none. */
uint32_t plan_order_place(const struct plan_order *order, uint32_t object);
/* In halves: pairs that the plan compares and places put the other way round (2) or at one place (1). */
uint64_t plan_order_distance(const struct plan_order *order, const uint32_t *places);

#endif
