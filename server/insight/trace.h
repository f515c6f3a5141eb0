/*
 * Trace: from an item up to what it is there for, and down to what rests on it.
 *
 * No protobuf, no I/O, no clock. Runs on a worker.
 */
#ifndef SERVER_INSIGHT_TRACE_H
#define SERVER_INSIGHT_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct arena;
struct view;

struct trace_node {
	uint32_t slot;
	int32_t parent; /* the node that it was reached from; -1 the item itself */
	const char *
	    relation; /* static: how, seen from this node: "serves", "is part of"; "" the item itself */
	int32_t level;      /* <0 up, >0 down */
	bool again;         /* shown before, not opened a second time */
	bool missing;       /* not in the plan */
	uint32_t owner;     /* the one owner; SLOT_NONE */
	const char *status; /* static; "" */
};

struct trace_query {
	uint32_t slot; /* of a live entry */
	int32_t today;
	bool up;
	bool down;
	uint32_t depth;               /* 0: all */
	bool (*cancelled)(void *arg); /* asked now and then; may be NULL */
	void *arg;
};

/* In the arena. Nodes come in the order of a tree that is printed: the item, all above it, all below it. */
struct trace {
	const struct trace_node *nodes;
	size_t nodes_count;
	const char *const
	    *gaps; /* sentences: where a chain ends before a goal, and where the trace was cut */
	size_t gaps_count;
	bool reaches_goal;
};

/*
 * At most LIMIT_TRACE_NODES. The view must be settled. ERR_CANCELLED, ERR_LIMIT (out of memory).
 */
bool trace_run(const struct view *view, const struct trace_query *query, struct arena *arena,
    struct trace *out, struct err *err) MUST_CHECK;

#endif
