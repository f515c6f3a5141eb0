/*
 * People who could help an initiative: whose skills or team fit what it asks of others, as moves that moves.h can try.
 *
 * A need for a skill fits those who have it. What is asked of a person fits those of their team and those who share a skill with
 * them; what is asked of a team, those outside it who share a skill with one of its members; what the members of a piece of work
 * do, those who fit one of them. Nobody is named who is asked for it already, gives nothing, or works on better-ranked
 * initiatives alone: they count more there. First those who are on nothing, then those who are on the lowest ranks.
 *
 * Plain C on an index with all ways back: no protobuf, no I/O, no clock.
 */
#ifndef SERVER_INSIGHT_SCHEDULE_MOVES_PEOPLE_H
#define SERVER_INSIGHT_SCHEDULE_MOVES_PEOPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "server/insight/load/involved.h"
#include "server/insight/schedule/moves.h"
#include "server/insight/schedule/plan_case.h"

#define MOVES_PEOPLE_GIVES 5u /* initiatives of lower ranks, named of one person */

struct moves_person {
	struct move move;
	const char *skill; /* that they have; "" their team fits */
	uint32_t
	    with; /* slot of the person or team whose skill or team it is too; SLOT_NONE: it is asked for */
	/* Initiatives of the problem that they are on and that are ranked behind the target, the lowest rank first. */
	uint32_t gives[MOVES_PEOPLE_GIVES];
	uint32_t gives_count;
};

struct moves_people {
	struct moves_person
	    *list; /* in the arena; TAKE twice, with all and with half of it at most */
	uint32_t count;
	uint32_t people; /* different ones of these */
	uint32_t more;   /* people who fit too, beyond LIMIT_INFLIGHT_PEOPLE */
};

/* `ix` is that of `inv`, with all ways back; slots are those of pc's view. False: ERR_LIMIT. */
bool moves_people_find(const struct plan_case *pc, struct involved *inv, uint32_t target,
    struct arena *arena, struct moves_people *out, struct err *err) MUST_CHECK;

#endif
