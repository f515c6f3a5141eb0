/* Waiters: who wants to go on when a revision is durable, or a workspace is loaded. Intrusive; loop thread only. */
#ifndef SERVER_RPC_WAITER_H
#define SERVER_RPC_WAITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct waiter {
	struct waiter *next;
	struct waiter *prev;
	struct waiters *list; /* NULL: in none */
	uint64_t revision;
	void (*go_on)(struct waiter *waiter); /* it is in no list by then */
};

struct waiters {
	struct waiter *first;
	struct waiter *last;
};

void waiter_add(struct waiters *list, struct waiter *waiter, uint64_t revision);
/* Does nothing where it is in no list. */
void waiter_remove(struct waiter *waiter);
/* Lets those go on whose revision is at most durable, or newer than taken (it was undone). */
void waiters_wake(struct waiters *list, uint64_t durable, uint64_t taken);

#endif
