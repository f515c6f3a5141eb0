/*
 * What schedule, forecast, moves and comparisons begin with: the plan of a view as a problem for strict priority, with the index and
 * the load that it was made from.
 */
#ifndef SERVER_INSIGHT_SCHEDULE_PLAN_CASE_H
#define SERVER_INSIGHT_SCHEDULE_PLAN_CASE_H

#include <stdbool.h>
#include <stdint.h>

#include "server/insight/check/index.h"
#include "server/insight/load/load.h"
#include "server/insight/schedule/plan_schedule.h"

#define PLAN_CASE_TRIES 20u /* orders of each initiative's work, where nothing is said */
#define PLAN_CASE_SEED  1u

struct plan_case {
	struct index ix; /* with the ways back of ROLE_PART_OF */
	bool has_index;  /* its own, as the load is then */
	struct load *load;
	struct plan_schedule *plan;
	int32_t last; /* the last day that is booked */
};

/*
 * Index, load and last day, without the problem yet. Until DATE_NONE: the end of the last period, or a year where none is to
 * come. False: ERR_LIMIT, ERR_CANCELLED; close it all the same.
 */
bool plan_case_begin(struct plan_case *pc, const struct view *view, int32_t today, int32_t until,
    index_stop_fn stop, void *arg, struct err *err) MUST_CHECK;
/*
 * The same with an index and a load that there are already, until the end of the last period: the index has ROLE_PART_OF among its ways
 * back, the load is of load_run_asks(); both are borrowed until it is closed.
 */
void plan_case_lend(struct plan_case *pc, const struct index *ix, struct load *load);
/* plan_case_begin() and the problem, from today to the last day. ERR_INVALID too: until is before today. */
bool plan_case_open(struct plan_case *pc, const struct view *view, int32_t today, int32_t until,
    index_stop_fn stop, void *arg, struct err *err) MUST_CHECK;
void plan_case_close(struct plan_case *pc); /* takes one that is all zero */

/* The initiative of the problem whose head the slot is; SCHEDULE_NONE. */
uint32_t plan_case_initiative(const struct plan_case *pc, uint32_t slot);
/* When the plan says that the initiative shall be done: its finish or its periods'; DATE_NONE. */
int32_t plan_case_due(const struct plan_case *pc, uint32_t initiative);

#endif
