/*
 * What a delay does to the schedule: the plan scheduled as it is, and once more with one piece of work that ends, or one ask that is
 * answered, so many days later. Nobody works more for it: it only ends later, and whatever waits for it begins later, with whoever is
 * free then.
 *
 * Up to its slack a delay takes nothing with it: the latest starts of all that waits for it are a schedule in which every initiative ends
 * as before (schedule_slack.h). Plain C on a view: no protobuf, no I/O, no clock.
 */
#ifndef SERVER_INSIGHT_IMPACT_DELAY_H
#define SERVER_INSIGHT_IMPACT_DELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/schedule/plan_case.h"

struct impact_delay {
	struct plan_case pc;
	struct load *load;
	const char *
	    why_not; /* static: why it can't be scheduled; NULL: it is, and what follows is there */
	int32_t *before; /* as impact.h wants them */
	int32_t *after;
	int32_t slack; /* -1: nothing that is scheduled waits for it */
};

/*
 * `slot` is work or an ask, days at least 1. The index has ROLE_PART_OF among its ways back and is borrowed. To be closed even if it
 * fails: ERR_LIMIT, ERR_CANCELLED.
 */
bool impact_delay_open(struct impact_delay *delay, const struct index *ix, uint32_t slot,
    int32_t days, index_stop_fn stop, void *arg, struct err *err) MUST_CHECK;
void impact_delay_close(struct impact_delay *delay); /* takes one that is all zero */

#endif
