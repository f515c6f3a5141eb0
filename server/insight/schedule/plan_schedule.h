/*
 * The plan as a problem for strict priority (schedule.h): who gives what on which day, which work asks for how much of whom, what
 * comes before what.
 *
 * Asked for is what load.h says, by running work; what is proposed or paused is not scheduled. Initiatives come by rank,
 * those that have none behind, by name; then running work that is a part of no initiative, each a piece of its own. Every
 * piece of work is three: its beginning (not before its own stated start, and behind all that it comes after), its effort, its
 * end. Its parts lie between beginning and end. What it comes after and is done or given up holds nothing up; what is
 * neither done nor running holds it up for ever. Periods say what was planned, and hold nothing up.
 */
#ifndef SERVER_INSIGHT_SCHEDULE_PLAN_SCHEDULE_H
#define SERVER_INSIGHT_SCHEDULE_PLAN_SCHEDULE_H

#include "server/insight/check/index.h"
#include "server/insight/load/load.h"
#include "server/insight/schedule/schedule.h"

enum plan_stage { PLAN_BEGIN, PLAN_EFFORT, PLAN_END, PLAN_STAGES };

struct plan_schedule {
	struct schedule_problem
	    problem;       /* its arrays are here; work of a slot: 3 * number + stage */
	int32_t first_day; /* of which day 0 is */
	uint32_t count;    /* of pieces of work */
	uint32_t *slots;   /* by number */
	uint32_t *heads;   /* slot by initiative of the problem */
	uint32_t *number;  /* by slot; SCHEDULE_NONE */
	size_t unknown;    /* shares of nobody knows what, that are left out */

	int32_t *capacity;
	uint32_t *home;
	uint64_t *streams;
	struct schedule_work *work;
	struct schedule_need *need;
	struct schedule_arc *arc;
	size_t arcs_cap;
};

/*
 * From the index's today to the last day. The load must be of load_run_asks(), the index have ROLE_PART_OF among its ways back; both
 * are borrowed until it returns. NULL: ERR_INVALID (last is before today), ERR_LIMIT.
 */
struct plan_schedule *plan_schedule_new(
    const struct index *ix, const struct load *load, int32_t last, struct err *err) MUST_CHECK;
void plan_schedule_free(struct plan_schedule *plan); /* takes NULL */

#endif
