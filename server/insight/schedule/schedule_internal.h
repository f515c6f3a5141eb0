/* What the files of the schedule share. */
#ifndef SERVER_INSIGHT_SCHEDULE_SCHEDULE_INTERNAL_H
#define SERVER_INSIGHT_SCHEDULE_SCHEDULE_INTERNAL_H

#include "server/insight/schedule/philox.h"
#include "server/insight/schedule/schedule.h"
#include "server/insight/schedule/sgs.h"

/* The capacity that is left, and what was booked of it. */
struct ledger {
	const struct schedule_problem *problem;
	int32_t *left; /* by row and day */
	int32_t *
	    frontier; /* by giver: behind the last day that better ranks booked; for those without backfill */
	uint32_t *keeper;   /* by giver: who booked that day; SCHEDULE_NONE */
	int32_t *first_day; /* by giver: nothing is left before it */
	struct schedule_booking *bookings;
	size_t count;
	size_t cap;
	uint64_t
	    steps; /* givers looked at, day by day: work that was done since the caller set it to 0 */
	bool failed; /* out of memory */
};

bool ledger_init(
    struct ledger *ledger, const struct schedule_problem *problem, struct err *err) MUST_CHECK;
void ledger_fini(struct ledger *ledger);
/* Gives back what was booked from there on. */
void ledger_undo(struct ledger *ledger, size_t count);
/* Those booked from there on are of that initiative: its rank is behind them now. */
void ledger_settle(struct ledger *ledger, size_t from, uint32_t initiative);

/*
 * Books all of a work's needs from the day on; what is not done in the horizon stays booked up to there. Says the first day and
 * what is left to do; returns the day behind the last one, or SCHEDULE_BEYOND.
 */
int32_t ledger_place(struct ledger *ledger, uint32_t work, int32_t from, bool backfill,
    int32_t *start, int64_t *left);

/* The need's givers: its pool, or the one. */
const uint32_t *ledger_givers(
    const struct schedule_problem *problem, const struct schedule_need *need, uint32_t *count);
/*
 * When a need alone would be done from that day on with all that its givers have, at the earliest; SCHEDULE_BEYOND. Does not look at is_whole,
 * nor at what each of a pool gives at least.
 */
int32_t ledger_alone(
    const struct schedule_problem *problem, const struct schedule_need *need, int32_t from);

#endif
