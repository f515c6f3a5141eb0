/* What the files of plan_schedule share. */
#ifndef SERVER_INSIGHT_SCHEDULE_PLAN_SCHEDULE_INTERNAL_H
#define SERVER_INSIGHT_SCHEDULE_PLAN_SCHEDULE_INTERNAL_H

#include "server/insight/schedule/plan_schedule.h"

struct builder {
	const struct index *ix;
	const struct load *load;
	struct plan_schedule *plan;
	uint32_t *order; /* by slot of a head: its place */
};

/* The running work that the i-th piece is a part of; SCHEDULE_NONE. */
uint32_t plan_above(const struct builder *b, uint32_t i);
/* plan_left.c: what of the asks is still to do; those of one piece lie together. */
bool plan_take_left(
    struct builder *b, struct load_ask *asks, size_t count, struct err *err) MUST_CHECK;
/* plan_needs.c: all asks as needs. */
bool plan_lay_needs(struct builder *b, struct err *err) MUST_CHECK;

#endif
