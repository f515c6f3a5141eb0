#include "server/net/deadline.h"

#include <assert.h>
#include <stdlib.h>

void
deadlines_fini(struct deadlines *deadlines)
{
	assert(deadlines->count == 0);
	free(deadlines->heap);
}

static void
put(struct deadlines *deadlines, size_t i, struct deadline *deadline)
{
	deadlines->heap[i] = deadline;
	deadline->place = i + 1;
}

static void
sift_up(struct deadlines *deadlines, size_t i, struct deadline *deadline)
{
	while (i > 0 && deadlines->heap[(i - 1) / 2]->at_us > deadline->at_us) {
		put(deadlines, i, deadlines->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(deadlines, i, deadline);
}

static void
sift_down(struct deadlines *deadlines, size_t i, struct deadline *deadline)
{
	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= deadlines->count)
			break;
		if (child + 1 < deadlines->count &&
		    deadlines->heap[child + 1]->at_us < deadlines->heap[child]->at_us)
			child++;
		if (deadlines->heap[child]->at_us >= deadline->at_us)
			break;
		put(deadlines, i, deadlines->heap[child]);
		i = child;
	}
	put(deadlines, i, deadline);
}

bool
deadlines_add(struct deadlines *deadlines, struct deadline *deadline, int64_t at_us)
{
	assert(deadline->place == 0);
	if (deadlines->count == deadlines->cap) {
		size_t cap = deadlines->cap == 0 ? 64 : deadlines->cap * 2;
		struct deadline **heap =
		    reallocarray(deadlines->heap, cap, sizeof(struct deadline *));
		if (heap == NULL)
			return false;
		deadlines->heap = heap;
		deadlines->cap = cap;
	}
	deadline->at_us = at_us;
	sift_up(deadlines, deadlines->count++, deadline);
	return true;
}

void
deadlines_remove(struct deadlines *deadlines, struct deadline *deadline)
{
	struct deadline *last;
	size_t i = deadline->place;

	if (i == 0)
		return;
	i--;
	assert(i < deadlines->count && deadlines->heap[i] == deadline);
	deadline->place = 0;
	last = deadlines->heap[--deadlines->count];
	if (last == deadline)
		return;
	if (i > 0 && deadlines->heap[(i - 1) / 2]->at_us > last->at_us)
		sift_up(deadlines, i, last);
	else
		sift_down(deadlines, i, last);
}

struct deadline *
deadlines_first(const struct deadlines *deadlines)
{
	return deadlines->count == 0 ? NULL : deadlines->heap[0];
}
