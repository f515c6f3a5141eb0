/*
 * Moves: the shortest lists of changes with which one initiative is done by a day, and what they cost the others.
 *
 * What may be changed is a list of candidates (docs/MOVES.md has it exactly), each with an amount from 1 to its most. A combination is
 * a set of candidates, of which at most one changes ranks. It does it if the schedule with all of them at their most is in time.
 * Combinations are gone through by size; one that has a smaller one in it that does it is left out. So whatever is
 * found is as short as can be; then its amounts are brought down one after the other, by halving, to the least found.
 *
 * More is not always better: a schedule that takes one piece of work after the other may end later with less work or more people
 * (Graham, "Bounds on multiprocessing timing anomalies", 1969). So no amount is told that was not scheduled, and with the whole plan.
 *
 * Plain C on the numbers of schedule.h: no view, no I/O, no clock.
 */
#ifndef SERVER_INSIGHT_SCHEDULE_MOVES_H
#define SERVER_INSIGHT_SCHEDULE_MOVES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/schedule/schedule.h"

#define MOVES_DEPTH_MAX 3u
/* Percent: who gives or does without more than that has another plan, not this one with a change. */
#define MOVES_CUT_MAX  50
#define MOVES_LEND_MAX 50
#define MOVES_ADD_MAX  100

enum move_kind {
	MOVE_RAISE,   /* so many places up; those that it passes go down one */
	MOVE_SWAP,    /* changes places with the one that stands so many above */
	MOVE_EARLIER, /* its stated starts that are still to come are so many days earlier */
	MOVE_LATER,   /* it begins so many days later than it would */
	MOVE_CUT,     /* so many percent less effort, of each of its needs */
	MOVE_LEND,    /* so many percent of what one gives, on each day, go to another */
	MOVE_ADD,     /* so many percent more on each day */
	MOVE_TAKE,    /* one does so many percent of a need of others */
	MOVE_JOIN,    /* all needs of one piece of work are split evenly with one more */
	MOVE_KINDS
};

struct move {
	enum move_kind kind;
	uint32_t
	    initiative; /* RAISE, SWAP: whose place it takes; else which is changed; SCHEDULE_NONE */
	uint32_t from;  /* LEND: giver; SCHEDULE_NONE */
	uint32_t to;    /* LEND, ADD, TAKE, JOIN */
	uint32_t work;  /* TAKE, JOIN: which; else 0 */
	uint32_t need;  /* TAKE: which of the problem; else 0 */
	int32_t amount; /* places, days or percent */
	int32_t most;
	int32_t since; /* LATER: the first day that is worked on it now */
	int64_t
	    effort; /* CUT, LEND, ADD, TAKE, JOIN: that is cut, lent, …; hundredths of a person-day */
};

/* One that changes nothing yet: of nobody. */
struct move moves_move(enum move_kind kind, uint32_t initiative, int32_t most);

struct moves_ask {
	const struct schedule_problem *problem;
	struct schedule_policy
	    policy; /* with ranks; its stop function is asked between schedules too */
	uint32_t target;
	int32_t by; /* exclusive, 1 to the horizon */
	uint32_t
	    ranked; /* the first so many initiatives have a rank, and any other can be put before one */
	bool is_ranked;    /* the target has one, or can have: behind those at least */
	const bool *lends; /* by giver: it may lend, be lent to, and get more */
	int32_t lent;      /* capacity changes from day 0 to before this one */
	const int32_t
	    *starts;    /* by work: the start that is stated for it, where it can be another; 0 */
	bool lend_only; /* no other kind of move is wanted, but for: */
	const struct move
	    *extra; /* TAKE and JOIN, of the target; who can do what is for the caller to know */
	uint32_t extra_count;
	uint32_t depth; /* 1 to MOVES_DEPTH_MAX */
	uint32_t most;  /* ways; with so many, longer ones are not looked for */
	/* Pieces of work that may be laid to find them, in all schedules and all orders that these try; half as many more to compare them. */
	uint64_t work;
	void (*progress)(
	    void *arg, uint64_t looked, uint64_t total); /* NULL: nobody wants to know */
	void *progress_arg;
};

/* Another initiative that ends later. */
struct moves_cost {
	uint32_t initiative;
	int32_t before; /* exclusive ends */
	int32_t after;  /* SCHEDULE_BEYOND: falls below the line */
};

struct moves_way {
	struct move moves[MOVES_DEPTH_MAX];
	uint32_t count;
	int32_t finish;           /* of the target */
	uint32_t below;           /* that fall below the line */
	int64_t days;             /* by which the others that end later do, together */
	int64_t effort;           /* that is cut, lent and added, together */
	uint32_t sooner;          /* others that end sooner */
	struct moves_cost *costs; /* best rank first */
	uint32_t costs_count;
};

struct moves {
	int32_t finish; /* as it is */
	int64_t left;
	bool is_there; /* it is in time as it is: nothing was looked for */
	int32_t alone; /* its finish if it had the best rank of all */
	int32_t bound; /* no order finishes it earlier */
	uint32_t
	    short_giver; /* lacks most of what it asks of them until then, even if nobody else had any; SCHEDULE_NONE */
	int64_t short_asked;
	int64_t short_has;
	uint32_t candidates;
	uint64_t left_out; /* candidates beyond LIMIT_MOVES_CANDIDATES */
	uint32_t depth;    /* the size of the longest combinations that were looked at */
	uint64_t looked;   /* at so many, */
	uint64_t total;    /* of so many of up to that size */
	uint64_t found;    /* of these do it, without those that have a shorter one in them */
	uint32_t compared; /* of these were brought down to the least and weighed */
	struct moves_way
	    *ways; /* fewest moves; then fewest below the line, days, effort; at most ask.most */
	uint32_t ways_count;
};

/* NULL: ERR_INVALID (a number out of place), ERR_LIMIT, ERR_CANCELLED. */
struct moves *moves_find(const struct moves_ask *ask, struct err *err) MUST_CHECK;
void moves_free(struct moves *moves); /* takes NULL */

#endif
