/*
 * The three-point estimate of a piece of work, beyond its spine.
 *
 * Beside control.h, for insight, which sees no messages. Effort is in hundredths of a person-day.
 */
#ifndef SERVER_PLAN_ESTIMATE_H
#define SERVER_PLAN_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>

#include "server/plan/item.h"

struct arena;

/* -1: not stated. */
struct estimate {
	int64_t optimistic;
	int64_t likely; /* of a task without one, its effort */
	int64_t pessimistic;
};

/* Of an initiative, workstream or task. False when the arena is full. */
bool estimate_read(const struct item *work, struct arena *arena, struct estimate *out) MUST_CHECK;
#endif
