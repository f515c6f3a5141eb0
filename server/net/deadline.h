/*
 * Deadlines: a binary heap, the earliest on top. Knows neither clocks nor calls.
 */
#ifndef SERVER_NET_DEADLINE_H
#define SERVER_NET_DEADLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/* Lies in what has the deadline. */
struct deadline {
	/* Called by net.c when the time has come, with the deadline out of the heap. */
	void (*expired)(struct deadline *deadline);
	int64_t at_us;
	size_t place; /* 0: not in a heap; else index + 1 */
};

struct deadlines {
	struct deadline **heap;
	size_t count;
	size_t cap;
};

void deadlines_fini(struct deadlines *deadlines);
/* False: out of memory. */
bool deadlines_add(
    struct deadlines *deadlines, struct deadline *deadline, int64_t at_us) MUST_CHECK;
/* Does nothing if it isn't in there. */
void deadlines_remove(struct deadlines *deadlines, struct deadline *deadline);
/* NULL: none. */
struct deadline *deadlines_first(const struct deadlines *deadlines);

#endif
