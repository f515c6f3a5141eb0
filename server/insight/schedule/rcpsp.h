/*
 * The plain problem that schedulers are compared on: activities with a duration and constant needs of renewable resources, some
 * finished before others start, everything done as early as possible (resource-constrained project scheduling).
 *
 * No calendars, no priorities, no I/O. Several projects over the same resources are one problem; a release date is an
 * activity of that duration that needs nothing, before what it releases.
 */
#ifndef SERVER_INSIGHT_SCHEDULE_RCPSP_H
#define SERVER_INSIGHT_SCHEDULE_RCPSP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/schedule/sgs.h"

struct rcpsp_arc {
	uint32_t before;
	uint32_t after;
};

/* What a problem is made of; borrowed by rcpsp_new() only. */
struct rcpsp_input {
	uint32_t count;
	uint32_t resources;
	const int32_t *duration; /* at least 0 */
	const int32_t *demand;   /* by activity and resource, at least 0 */
	const int32_t *capacity; /* by resource, at least 0 */
	const struct rcpsp_arc *arcs;
	uint32_t arcs_count;
	uint32_t
	    listed; /* the first so many activities are the file's own: those whose starts are shown */
	uint32_t *fault; /* what is wrong is wrong with this activity; NULL: not asked for */
};

enum { RCPSP_FORWARD, RCPSP_BACKWARD };

/* Read-only once made, for any number of threads. All arrays by activity. */
struct rcpsp {
	uint32_t count;
	uint32_t resources;
	uint32_t listed;
	int32_t *duration;
	int32_t *demand;
	int32_t *capacity;
	int32_t *energy;       /* duration-free: how much of all capacities it needs at a time */
	struct sgs_net net[2]; /* forward, and with all arcs turned round */
	uint32_t *order[2];    /* one that keeps to the net */
	int32_t *tail[2];      /* the longest way from its finish to the end, in that direction */
	int32_t critical_path;
	int32_t horizon; /* sum of durations: no schedule of the core is longer */
};

/*
 * NULL: ERR_INVALID what is wrong with which activity (a number from 1 on): a negative number, more needed than there is, a
 * cycle; ERR_LIMIT.
 */
struct rcpsp *rcpsp_new(const struct rcpsp_input *input, struct err *err) MUST_CHECK;
void rcpsp_free(struct rcpsp *problem); /* takes NULL */

/* Are these starts a schedule? Slow and plain, for tests and fuzzing. */
bool rcpsp_is_feasible(const struct rcpsp *problem, const int32_t *start) MUST_CHECK;

#endif
