/*
 * Which findings a dry run would bring, worked out beside the loop from two views: of the plan without the change and with it.
 */
#ifndef SERVER_RPC_DRY_RUN_H
#define SERVER_RPC_DRY_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/check.h"
#include "server/rpc/waiter.h"

struct as_of;
struct rpc_call;
struct view;
struct workspace;

/* The plan at the newest baseline, for one of the two. */
struct dry_run_baseline {
	uint64_t revision;   /* 0: there is none */
	struct as_of *as_of; /* owned; NULL where one of the two views is of that revision */
	struct check_baseline plan;
};

/* In the call's arena. */
struct dry_run {
	struct waiter waiter;  /* first */
	struct rpc_call *call; /* pinned */
	struct workspace *ws;
	struct view *before; /* owned, not settled yet */
	struct view *after;
	uint64_t revision; /* of before; after is the next */
	int32_t today;
	/* On the loop, once; ok says how it ended. The views are given back by then, bytes are the call's. */
	void (*done)(struct dry_run *run);
	void *arg; /* of done */
	bool ok;
	struct err err;
	const uint8_t *bytes; /* an encoded plumb.v1.FindingsChange */
	size_t len;
	struct arena *arena;                  /* the worker's */
	uint64_t undo_epoch;                  /* when it began */
	struct dry_run_baseline baselines[2]; /* of before, of after */
};

/* All but what comes out is filled. False: ERR_LIMIT; the views were given back, done is not called. */
bool dry_run_start(struct dry_run *run, struct err *err) MUST_CHECK;

#endif
