/*
 * Mine: what one person owns, executes, owes and is owed, and why it matters.
 *
 * Plain C on an index (check/index.h) with all ways back: no protobuf, no I/O, no clock.
 */
#ifndef SERVER_INSIGHT_MINE_H
#define SERVER_INSIGHT_MINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/index.h"

struct arena;

/* What is due is listed from this many days before. */
#define MINE_AHEAD 14

/* The numbers of plumb.v1.MineItem.Why. */
enum mine_why { MINE_OWNS, MINE_EXECUTES, MINE_OWES, MINE_IS_OWED };

struct mine_item {
	uint32_t slot;
	uint32_t rank; /* of the initiative that it belongs to; RANK_NONE */
	int32_t due;   /* DATE_NONE */
	enum mine_why why;
	const char *what;
	const uint32_t *chain; /* upwards, nearest first */
	size_t chain_count;
};

struct mine_query {
	uint32_t person; /* slot of a live person */
	double
	    check_in_days; /* the limits of rhythm/check-in-late, rhythm/not-acknowledged, ask/unanswered */
	double acknowledge_days;
	double answer_days;
	double request_days; /* of rhythm/request-blocked */
	double accept_days;  /* of clarity/not-accepted */
	index_stop_fn stop;  /* may be NULL */
	void *arg;
};

struct mine {
	const struct mine_item *items; /* by why, rank (unranked last), due (none last), name */
	size_t items_count;
};

/* In the arena. ERR_LIMIT out of memory, ERR_CANCELLED. */
bool mine_run(const struct index *ix, const struct mine_query *query, struct arena *arena,
    struct mine *out, struct err *err) MUST_CHECK;

#endif
