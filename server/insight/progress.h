/*
 * Progress: how far the work is and how far the outcome is, two numbers that are never mixed, rolled up the plan.
 *
 * Plain C on an index (check/index.h): no protobuf, no I/O, no clock. The formula is in docs/PROGRESS.md.
 */
#ifndef SERVER_INSIGHT_PROGRESS_H
#define SERVER_INSIGHT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/index.h"

struct arena;
struct progress;

/* From the least to the worst. */
enum progress_status {
	PROGRESS_UNKNOWN,
	PROGRESS_WORK_DONE, /* all its parts are done, itself not yet declared */
	PROGRESS_ON_TRACK,
	PROGRESS_PAUSED,
	PROGRESS_AT_RISK,
	PROGRESS_OFF_TRACK,
	/* Final: what rolls up no longer matters. */
	PROGRESS_DONE,
	PROGRESS_CLOSED,
	PROGRESS_STOPPED,
	PROGRESS_DROPPED,
};

enum progress_from {
	FROM_NOTHING,
	FROM_DONE,     /* declared done */
	FROM_OPEN,     /* a task or milestone: done or not */
	FROM_CHECK_IN, /* the newest one states it */
	FROM_PARTS,
	FROM_MEASURES,
};

enum progress_held { HELD_NOT, HELD_UNKNOWN, HELD_BY_WEAKEST, HELD_BY_ALL };

/* One number and what it rests on. */
struct progress_number {
	double value;   /* NAN: unknown */
	double known;   /* which part of the weight is known, 0..1 */
	uint32_t count; /* parts or measures */
	uint32_t known_count;
	uint32_t held_by; /* the part that holds it down, or back as unknown; SLOT_NONE */
	uint8_t from;     /* enum progress_from */
	uint8_t held;     /* enum progress_held */
};

struct progress_of {
	struct progress_number work;    /* 0..1 */
	struct progress_number outcome; /* below 0 and above 1 too */
	uint32_t behind; /* the item whose check-in or state makes the status; SLOT_NONE */
	uint8_t status;  /* enum progress_status */
};

/*
 * The index must have the ways back of ROLE_PARENT, ROLE_GOAL, ROLE_FURTHER_GOAL, ROLE_OBJECTIVE, ROLE_CONTRIBUTION,
 * ROLE_PART_OF, ROLE_TARGET_MEASURE and ROLE_INLINE_UNDER, and outlive it. NULL out of memory.
 */
struct progress *progress_new(const struct index *ix) MUST_CHECK;
void progress_free(struct progress *progress); /* takes NULL */
/* Of a live entry; of kinds without progress everything is unknown. False out of memory. */
bool progress_of(struct progress *progress, uint32_t slot, struct progress_of *out) MUST_CHECK;

/* Something that rolls up into a whole. */
struct progress_part {
	uint32_t slot;
	uint8_t roll_up; /* enum roll_up: WEIGHTED, WEAKEST or ALL */
	bool is_work;    /* weighs effort, not stated importance */
	double stated;   /* effort in hundredths of a person-day, or importance; NAN not stated */
	double share;    /* of the stated effort that goes to this whole */
	double weight;   /* in the mean; those of all parts sum to 1, or all are 0 */
};
/* The parts of a whole, by kind, rank and name; to be freed. False out of memory. */
bool progress_parts(struct progress *progress, uint32_t whole, struct progress_part **parts,
    size_t *count) MUST_CHECK;

/*
 * Which part of an initiative's effort goes where: the effort shares of its contributions; what they leave of 1 is spread evenly over
 * the contributions that state none (and the primary objective, if no contribution names it).
 */
struct progress_shares {
	uint32_t primary; /* SLOT_NONE */
	bool primary_named;
	double stated; /* what the stated ones sum to */
	unsigned open; /* how many share the rest */
};
void progress_shares(struct progress_shares *shares, const struct item *initiative);
/* By one reference of the initiative; 0 where it gives none. */
double progress_share(const struct progress_shares *shares, const struct ref *ref);

/* ---- as a tree, in words */

struct progress_fact {
	uint32_t slot;
	const char *what;
	const char *value;
};

struct progress_node {
	uint32_t slot;
	int32_t parent; /* -1 none */
	uint8_t roll_up;
	double weight;
	struct progress_of of;
	const char *work_from;
	const char *outcome_from;
	const char *status;
	const char *reason;
	bool again;
	struct progress_fact *facts;
	size_t facts_count;
};

struct progress_query {
	const uint32_t *slots; /* of live entries; none: all goals that are part of no other */
	size_t slots_count;
	uint32_t depth;               /* levels below them; 0: all */
	bool (*cancelled)(void *arg); /* asked now and then; may be NULL */
	void *arg;
};

/* In the arena: each node behind the one above it. At most LIMIT_TRACE_NODES: cut says that there were more. */
struct progress_tree {
	struct progress_node *nodes;
	size_t nodes_count;
	bool cut;
};
bool progress_list(const struct index *ix, const struct progress_query *query, struct arena *arena,
    struct progress_tree *out, struct err *err) MUST_CHECK;

#endif
