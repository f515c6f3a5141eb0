/*
 * Mirror: do resources match the words? Stated weight against share of effort, planned and done, of each goal and objective
 * within its whole, with the work behind each number; and what strategy and activities give each other.
 *
 * Plain C on an index (check/index.h): no protobuf, no I/O, no clock. Definitions and formulae: docs/MIRROR.md.
 */
#ifndef SERVER_INSIGHT_MIRROR_H
#define SERVER_INSIGHT_MIRROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/index.h"

#define MIRROR_TOP UINT32_MAX

/* The numbers of plumb.v1.MirrorNode.Verdict. */
enum mirror_verdict { MIRROR_UNJUDGED, MIRROR_ALIKE, MIRROR_STARVED, MIRROR_UNSTATED };

/* Why it can't be judged. */
enum mirror_why {
	MIRROR_FINE,
	MIRROR_ALONE,       /* nothing to compare it with */
	MIRROR_NO_GOAL,     /* an objective that is in no goal: nobody says what it shall weigh */
	MIRROR_NO_WEIGHTS,  /* nothing in its whole states a weight */
	MIRROR_NO_WEIGHT,   /* some in its whole state one, some do not */
	MIRROR_OVERWEIGHT,  /* the weights of its whole sum to more than 1 */
	MIRROR_NO_EFFORT,   /* no effort is stated anywhere in its whole */
	MIRROR_SOME_EFFORT, /* with what states no effort it might be otherwise */
};

/* Where a number of effort comes from. */
enum mirror_from {
	MIRROR_FROM_NOTHING,
	MIRROR_FROM_ESTIMATE, /* a likely one */
	MIRROR_FROM_NEEDS,    /* needs, or parts */
	MIRROR_FROM_ALLOCATIONS,
	MIRROR_FROM_NODE, /* it is an objective or goal below */
};

struct mirror_part {
	uint32_t slot;
	uint32_t node; /* its number where it is one; MIRROR_TOP: work */
	double share;
	double planned; /* hundredths of a person-day */
	double done;
	bool done_known;
	uint8_t from; /* enum mirror_from */
};

struct mirror_node {
	uint32_t slot;
	uint32_t whole;       /* number of the node within which it is compared, or MIRROR_TOP */
	double weight;        /* as stated; NAN, as what follows */
	double stated;        /* its part of the stated weights of its whole */
	double planned_share; /* its part of the planned effort of its whole */
	double done_share;
	double planned;
	double done;
	double unknown; /* of planned: what nobody has told about */
	uint32_t works; /* each once, as in what follows */
	uint32_t without_effort;
	uint32_t estimated;
	uint32_t reported;
	uint32_t measures;
	uint32_t measurements;
	uint32_t check_ins;
	uint32_t finished;
	uint32_t realised;
	uint8_t verdict; /* enum mirror_verdict */
	uint8_t why;     /* enum mirror_why */
	uint32_t parts_first;
	uint32_t parts_count;
};

struct mirror_limits {
	double starved_ratio;
	double starved_least;
	double unstated_ratio;
	double unstated_least;
};

struct mirror_query {
	int32_t
	    from; /* a period; DATE_NONE: the whole plan, and what of it is open and has begun */
	int32_t to;
	bool both_ways; /* with what is done, and what activities give back */
	int32_t within_days;
	struct mirror_limits limits;
	index_stop_fn stop; /* may be NULL */
	void *arg;
};

struct mirror {
	struct mirror_node *nodes; /* each behind its whole; goals first, then by name */
	uint32_t nodes_count;
	struct mirror_part *parts; /* node by node: work by rank and name, then what is below */
	double planned;            /* of all work */
	double elsewhere;          /* of it: what reaches no node */
	uint32_t works;
	uint32_t without_effort;
	uint32_t without_time;
	uint32_t *over_shared; /* slots of work whose shares sum to more than 1 */
	uint32_t over_shared_count;
};

/*
 * The index must have the ways back that progress.h names, and ROLE_PART_OF. ERR_LIMIT out of memory, ERR_CANCELLED. To be given back
 * with mirror_fini() in any case.
 */
bool mirror_run(const struct index *ix, const struct mirror_query *query, struct mirror *out,
    struct err *err) MUST_CHECK;
void mirror_fini(struct mirror *mirror);

/* One sentence without full stop; static; "" where it is judged. */
const char *mirror_why_words(enum mirror_why why);
const char *mirror_from_words(enum mirror_from from);

#endif
