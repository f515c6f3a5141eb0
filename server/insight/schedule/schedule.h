/*
 * Schedule under strict priority: who works on what on which day, best rank first.
 *
 * Lexicographic: the best initiative is scheduled as if it were alone, the next into what that leaves, and so on. So a lower rank
 * never delays a higher one, and what stands at k or below changes nothing above it, to the last hundredth of a day. Only
 * what a better-ranked initiative must wait for is scheduled with it, whatever its own rank: it inherits the better one.
 *
 * Work is driven by effort: a need of so many hundredths of a person-day is booked day by day into what its giver (team or
 * person, or any of several) has left, from the first day that prerequisites allow, until it is used up. What is booked for a person is booked for
 * their team as well, once. Within one initiative several orders are tried, and the one that ends first is kept.
 *
 * Plain C on numbers: no view, no I/O, no clock. Days count from 0, the first day that can be worked on; ends are exclusive.
 */
#ifndef SERVER_INSIGHT_SCHEDULE_SCHEDULE_H
#define SERVER_INSIGHT_SCHEDULE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

#define SCHEDULE_NONE   UINT32_MAX
#define SCHEDULE_BEYOND (INT32_MAX / 2) /* a day behind the horizon */

#define SCHEDULE_ALL 10000 /* a share: all that a giver has on a day */

/*
 * So much of one giver; or of a pool, each of whom can give any part of it: on each day the first of them gives what they have left,
 * then the next. Without a giver and a pool: nobody can give it, and it is never done.
 */
struct schedule_need {
	int64_t effort; /* hundredths of a person-day, above 0 */
	uint32_t giver; /* with a pool: the team that all of it are in; SCHEDULE_NONE */
	uint32_t pool_first;
	uint32_t pool_count; /* 0: of the giver alone */
	/* Ten-thousandths of what a giver has on a day, rounded up to whole hundredths of a person-day: */
	int32_t most; /* at most so much of it; 0: all of it */
	int32_t
	    least; /* at least, where they work on it at all, as long as so much is left to do; 0: anything */
	bool is_whole; /* once begun, worked on on each day that one of its givers works */
};

struct schedule_work {
	uint32_t initiative;
	uint32_t needs_first;
	uint32_t needs_count; /* none: a milestone, done when what is before it is */
	int32_t not_before;   /* day */
};

struct schedule_arc {
	uint32_t before;
	uint32_t after;
	int32_t lag; /* days from the end of the one to the start of the other, at least 0 */
};

struct schedule_problem {
	int32_t days; /* the horizon */
	uint32_t givers;
	const int32_t *capacity; /* by row and day */
	/*
	 * The row of each giver; those who give to no need may have none (SCHEDULE_NONE). NULL: of each their own number. Where there are
	 * rows, worked says by day whether anybody works, with or without one.
	 */
	const uint32_t *rows;
	uint32_t rows_count;
	const uint8_t *worked;
	const uint32_t *home; /* by giver: a person's team; SCHEDULE_NONE. A team has none itself */
	uint32_t initiatives; /* best rank first */
	const uint64_t *streams; /* by initiative: a number that is its own whatever its rank */
	uint32_t works;
	const struct schedule_work *work;
	uint32_t needs;
	const struct schedule_need *need;
	uint32_t pools;
	const uint32_t *pool; /* givers; none twice in one pool, no team beside its members */
	uint32_t arcs;
	const struct schedule_arc *arc;
};

static inline uint32_t
schedule_rows(const struct schedule_problem *p)
{
	return p->rows != NULL ? p->rows_count : p->givers;
}

/* Of a giver who has a row: where it begins in what is laid by row and day. */
static inline size_t
schedule_cell(const struct schedule_problem *p, uint32_t giver)
{
	return (size_t)(p->rows != NULL ? p->rows[giver] : giver) * (size_t)p->days;
}

struct schedule_policy {
	bool
	    ignores_ranks; /* all work as one: what strict priority costs can be told from how soon everything could be done */
	bool
	    backfill; /* a lower rank may use days that lie before the last one of a higher rank with the same giver */
	uint32_t
	    tries; /* orders of one initiative's work that are tried; at least 1. Of more than 5,000 pieces: one */
	uint64_t seed;
	bool (*stop)(void *arg); /* asked now and then; NULL: never */
	void (*progress)(
	    void *arg, double part); /* 0..1, for each order that is tried; NULL: not asked for */
	void *arg;
};

struct schedule_booking {
	uint32_t work;
	uint32_t need;
	uint32_t giver; /* one of the need's */
	int32_t day;
	int32_t effort;
};

struct schedule_result {
	int32_t start; /* the first day worked on; SCHEDULE_BEYOND */
	int32_t
	    finish; /* behind the last one; SCHEDULE_BEYOND where it is not finished in the horizon */
	int64_t left; /* effort that is not done in the horizon */
	uint32_t
	    with; /* the initiative that it was scheduled with: its own, or a better-ranked one that waits for it */
	bool in_circle; /* it is its own prerequisite: never done */
};

struct schedule_end {
	int32_t start;
	int32_t finish;
	int32_t bound; /* no schedule finishes it earlier, whatever the ranks */
	uint32_t last; /* the work that ends last; SCHEDULE_NONE without any */
	int64_t left;
};

struct schedule {
	bool ignores_ranks; /* as the policy said */
	uint32_t works;
	struct schedule_result *work;
	uint32_t initiatives;
	struct schedule_end *initiative;
	int32_t finish; /* of everything */
	int32_t bound;  /* no schedule finishes everything earlier */
	uint32_t line; /* the first initiative that is not finished in the horizon; SCHEDULE_NONE */
	struct schedule_booking *bookings; /* by work, giver, day, need */
	size_t bookings_count;
	uint32_t *
	    order; /* work as it was placed, none ahead of its befores; what is never done is not in it */
	uint32_t ordered;
};

/* NULL: ERR_INVALID (which number is out of place), ERR_LIMIT, ERR_CANCELLED. The problem is borrowed until it returns. */
struct schedule *schedule_run(const struct schedule_problem *problem,
    const struct schedule_policy *policy, struct err *err) MUST_CHECK;
void schedule_free(struct schedule *schedule); /* takes NULL */

/* What a piece of work waits for; all that apply. */
struct schedule_why {
	uint32_t before; /* the prerequisite that lets it start last; SCHEDULE_NONE */
	bool by_date;    /* its own date lets it start last */
	uint32_t
	    need; /* ends last, and later than it would with all that its givers have; SCHEDULE_NONE */
	uint32_t
	    giver; /* has too little left for it, of a pool the one whose days are held most; SCHEDULE_NONE: nobody can give it */
	uint32_t
	    holder; /* the initiative that holds most of theirs in that time, perhaps its own; SCHEDULE_NONE */
	int64_t held; /* so much */
	bool
	    never; /* its givers have too little within the horizon, even if nobody else had any of it */
};

bool schedule_why(const struct schedule *schedule, const struct schedule_problem *problem,
    uint32_t work, struct schedule_why *why, struct err *err) MUST_CHECK;
/*
 * Why the initiative ends when it does: its last work, the prerequisite that lets this start last, and so on back to one that no
 * prerequisite holds up. At most max of them; *count says how many.
 */
bool schedule_chain(const struct schedule *schedule, const struct schedule_problem *problem,
    uint32_t initiative, uint32_t *works, uint32_t max, uint32_t *count,
    struct err *err) MUST_CHECK;

#endif
