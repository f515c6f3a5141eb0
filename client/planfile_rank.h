/*
 * The fewest moves that bring a ranking into an order: everything stays that can.
 */
#ifndef CLIENT_PLANFILE_RANK_H
#define CLIENT_PLANFILE_RANK_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct arena;

struct rank_item {
	const char *ref;
	unsigned rank; /* never decreasing along a list; equal: tied */
};

enum rank_where { RANK_FIRST, RANK_BEFORE, RANK_AFTER, RANK_TIED };

struct rank_move {
	const char *ref;
	enum rank_where where; /* before and after mean: of all that share the anchor's rank */
	const char *anchor;    /* NULL with RANK_FIRST */
	size_t index;          /* of the item in ours */
};

/*
 * Moves, to be done one after the other, after which the items of ours stand in theirs in the order and with the ties of
 * ours; items of theirs that ours does not name stay where they are. No moves: it is so already. NULL when out of
 * memory; *count may be 0 with a pointer that is not NULL.
 */
struct rank_move *rank_moves(const struct rank_item *theirs, size_t theirs_count,
    const struct rank_item *ours, size_t ours_count, struct arena *arena, size_t *count) MUST_CHECK;

#endif
