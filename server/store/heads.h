/*
 * Heads: the newest entry of every workspace.
 *
 * Each has two: the durable one, which any thread may read, and the next one, which is the commit thread's own and
 * runs ahead of it inside a transaction.
 */
#ifndef SERVER_STORE_HEADS_H
#define SERVER_STORE_HEADS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/store/store.h"

struct head {
	struct store_head durable; /* under the lock */
	struct store_head next;    /* commit thread only */
	bool touched;              /* next is ahead of durable */
};

struct heads {
	pthread_mutex_t lock; /* around slots and every durable */
	struct head *slots;   /* open addressing; workspace 0 is empty */
	size_t cap;
	size_t count;
	uint32_t *touched; /* workspaces to publish; room for cap */
	size_t touched_count;
};

bool heads_init(struct heads *heads, struct err *err) MUST_CHECK;
void heads_fini(struct heads *heads);
/* Any thread. */
struct store_head heads_durable(struct heads *heads, uint32_t workspace);
/* A copy of all durable heads that aren't empty, for the caller to free; NULL out of memory. Any thread. */
struct store_head *heads_copy(struct heads *heads, size_t *count) MUST_CHECK;
/* Commit thread: the slot of a workspace, made if need be; valid until the next call. NULL out of memory. */
struct head *heads_get(struct heads *heads, uint32_t workspace) MUST_CHECK;
void heads_touch(struct heads *heads, struct head *head);
/* What was touched becomes durable, or is forgotten. */
void heads_publish(struct heads *heads);
void heads_revert(struct heads *heads);

#endif
