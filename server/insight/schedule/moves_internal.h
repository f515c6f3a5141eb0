/* What the files of the moves share: problems that changes are tried on. */
#ifndef SERVER_INSIGHT_SCHEDULE_MOVES_INTERNAL_H
#define SERVER_INSIGHT_SCHEDULE_MOVES_INTERNAL_H

#include "server/insight/schedule/moves.h"

/*
 * AHEAD is what is ranked before the target, the target, and all that these wait for; a lower rank never changes a better one,
 * so that these are scheduled as in the whole, whatever is moved. ALONE is the target and all that it waits for: its bound is
 * that of the whole, and ranks are not changed.
 */
enum moves_scope { MOVES_WHOLE, MOVES_AHEAD, MOVES_ALONE };

/* A copy of a problem, or of what comes before one initiative is done. Initiatives are called by their numbers in the whole. */
struct moves_lab {
	const struct moves_ask *ask;
	enum moves_scope scope;
	struct schedule_problem problem; /* as changed last */
	struct schedule_work *plain;     /* as they were; .initiative as in the whole */
	struct schedule_work *work;
	uint32_t *whole; /* by work: its number in the whole */
	struct schedule_need *need;
	struct schedule_arc *arc;
	int32_t *capacity;
	uint64_t *streams;
	uint32_t *plain_order; /* of those that are here, best rank first */
	uint32_t *order;
	uint32_t *place; /* by initiative; SCHEDULE_NONE: not here */
	uint8_t *keeps;  /* by work of the whole */
};

/* To be closed even if it fails. */
bool moves_lab_open(struct moves_lab *lab, const struct moves_ask *ask, enum moves_scope scope,
    struct err *err) MUST_CHECK;
void moves_lab_close(struct moves_lab *lab);
/* Makes the problem anew with these changes, and says in each how much effort it moves. */
void moves_lab_change(struct moves_lab *lab, struct move *moves, uint32_t count);

/* What may be changed, each at its most; those that change ranks first. */
struct moves_list {
	struct move *list; /* owned */
	uint32_t count;
	uint32_t cap;
	uint64_t left_out;
};

/* Before is the schedule of the whole as it is. The caller frees list->list even if it fails. */
bool moves_list_fill(struct moves_list *list, const struct moves_lab *ahead,
    const struct schedule *before, struct err *err) MUST_CHECK;

#endif
