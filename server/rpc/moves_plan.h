/*
 * What a list of moves changes in the plan: change sets for Plan.Apply, and words.
 */
#ifndef SERVER_RPC_MOVES_PLAN_H
#define SERVER_RPC_MOVES_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "plumb/v1/moves.pb-c.h"
#include "server/insight/schedule/moves.h"
#include "server/insight/schedule/plan_case.h"

struct moves_plan {
	const struct plan_case *pc;
	uint32_t target;
	uint32_t ranked; /* the first so many of the problem have a rank */
	int32_t lent;    /* capacity changes before this day */
};

/*
 * How far capacity is changed for something to be done before the day by: it is stated by period, so to the end of that in which the day
 * before is. 0: the plan has no period until then.
 */
int32_t moves_plan_lent(const struct plan_case *pc, int32_t by);
/*
 * The start that a piece of work states itself, as a day of the problem; 0: none that is still to come, or it waits out a lag after
 * something that is done, which no other start changes.
 */
int32_t moves_plan_start(const struct plan_case *pc, uint32_t number);

/* All of it: moves, costs and changes. */
bool moves_plan_way(const struct moves_plan *mp, const struct moves_way *way, struct arena *arena,
    Plumb__V1__MovesWay *out, struct err *err) MUST_CHECK;

#endif
