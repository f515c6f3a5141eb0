/*
 * The plan as a problem for strict priority (schedule.h): who gives what on which day, which work asks for how much of whom, what
 * comes before what.
 *
 * Asked for is what load.h says, by running work; what is proposed or paused is not scheduled. Initiatives come by rank,
 * those that have none behind, by name; then running work that is a part of no initiative, each a piece of its own. Every
 * piece of work is three: its beginning (not before its own stated start, and behind all that it comes after), its effort, its
 * end (not before the days have passed that it takes, whoever works on it). Its parts lie between beginning and end. What it
 * comes after and is done or given up holds nothing up, but for a lag from the day on which it was done; what is neither done nor
 * running holds it up for ever. Periods and dues say what was planned, and hold nothing up.
 *
 * Effort is what is still to do: by the newest check-in that says what remains, or else progress; what nobody has checked in
 * on is as planned (plan_left.c).
 *
 * A need that asks for a skill is of a pool: those of its team who have it, or, where nobody is named, all who have it. Who has the
 * fewest skills of all gives first (others can be of use elsewhere; this depends on no work, so lower ranks change nothing), then
 * by name. Where nobody has it, and where shares of a day leave nothing to be done, nobody can give it, and it is never done.
 */
#ifndef SERVER_INSIGHT_SCHEDULE_PLAN_SCHEDULE_H
#define SERVER_INSIGHT_SCHEDULE_PLAN_SCHEDULE_H

#include "common/str.h"
#include "server/insight/check/index.h"
#include "server/insight/load/load.h"
#include "server/insight/schedule/schedule.h"

enum plan_stage { PLAN_BEGIN, PLAN_EFFORT, PLAN_END, PLAN_STAGES };

enum plan_need_fault {
	PLAN_NEED_FINE,
	PLAN_NEED_SKILL, /* nobody has the skill: of the team, or the person */
	PLAN_NEED_SHARES /* at least so much of a day is more than at most so much; or at most nothing */
};

/* What is asked for, as the plan says it. */
struct plan_need {
	uint32_t
	    row; /* of the load: a team or person; SCHEDULE_NONE: of anybody who has the skill */
	uint32_t skill;     /* row of the load: load_skill(); SCHEDULE_NONE */
	int32_t most_share; /* of a day, in 1/10,000 */
	int32_t least_share;
	uint8_t fault;     /* enum plan_need_fault: why nobody can give it */
	bool is_allocated; /* allocations say so, and when */
};

struct plan_schedule {
	struct schedule_problem
	    problem;       /* its arrays are here; work of a slot: 3 * number + stage */
	int32_t first_day; /* of which day 0 is */
	uint32_t count;    /* of pieces of work */
	uint32_t *slots;   /* by number */
	uint32_t *heads;   /* slot by initiative of the problem */
	uint32_t *number;  /* by slot; SCHEDULE_NONE */
	size_t
	    unknown; /* shares of nobody knows what, and what remains of nobody, that are left out */
	struct plan_need *stated; /* by need of the problem */

	int32_t *capacity;
	uint32_t *rows; /* NULL: each giver has a row */
	uint8_t *worked;
	uint32_t *home;
	uint64_t *streams;
	struct schedule_work *work;
	struct schedule_need *need;
	uint32_t *pool;
	struct schedule_arc *arc;
	size_t arcs_cap;
};

/*
 * From the index's today to the last day. The load must be of load_run_asks(), the index have ROLE_PART_OF among its ways back; both
 * are borrowed until it returns. NULL: ERR_INVALID (last is before today), ERR_LIMIT.
 */
struct plan_schedule *plan_schedule_new(
    const struct index *ix, const struct load *load, int32_t last, struct err *err) MUST_CHECK;
/* The same, but only those whom running work asks for something, and their teams, have a row of days in it. */
struct plan_schedule *plan_schedule_new_asked(
    const struct index *ix, const struct load *load, int32_t last, struct err *err) MUST_CHECK;
void plan_schedule_free(struct plan_schedule *plan); /* takes NULL */

/*
 * Why nobody can give what the need asks for, as a sentence's end: "nobody in team/t has the skill \"rust\"". Nothing where somebody
 * can. False: out of memory.
 */
bool plan_need_why(const struct plan_schedule *plan, const struct index *ix,
    const struct load *load, uint32_t need, struct str *out);

#endif
