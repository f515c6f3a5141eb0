/*
 * A strategy's change areas, beyond its spine: for insight, which sees no messages.
 */
#ifndef SERVER_PLAN_CHANGE_AREA_H
#define SERVER_PLAN_CHANGE_AREA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/plan/item.h"

struct arena;
struct view;

/* Texts are in the arena; "" is not stated. */
struct change_area {
	uint32_t strategy; /* slot */
	uint32_t number;   /* in the strategy, from 0 */
	const char *title;
	const char *end_state;
	int32_t timeframe;       /* DATE_NONE not stated */
	const uint32_t *answers; /* slots of live assessments */
	size_t answers_count;
};

/* Of a live strategy of the view. False when the arena is full. */
bool change_areas_read(const struct view *view, const struct item *strategy, struct arena *arena,
    struct change_area **areas, size_t *count) MUST_CHECK;

#endif
