/*
 * What no schedule of a plain problem can beat.
 *
 * - The critical path.
 * - Energy between heads and tails: of activities that cannot start before a and need b after them, all the work on one
 *   resource lies between a and the end less b.
 * - Destructive improvement (Klein & Scholl 1999): a makespan is tried, time windows are narrowed by prerequisites, by pairs
 *   that cannot run at once and by what must be running anyway (core times); where a window closes or an interval
 *   must take more work than it has room for (energetic reasoning), that makespan is impossible and the bound one more.
 */
#ifndef SERVER_INSIGHT_SCHEDULE_RCPSP_BOUND_H
#define SERVER_INSIGHT_SCHEDULE_RCPSP_BOUND_H

#include "server/insight/schedule/rcpsp.h"

/* Above this many activities only the first two: the others take time in the cube of the count. */
#define BOUND_DESTRUCTIVE_MAX 150u
/* And above this sum of durations: core times are laid slot by slot. */
#define BOUND_DESTRUCTIVE_HORIZON 100000

bool rcpsp_lower_bound(const struct rcpsp *problem, int32_t *bound, struct err *err) MUST_CHECK;

#endif
