/*
 * What can stay is the heaviest chain: one rank of theirs for each group of ours, ranks increasing with the groups, as
 * many items as possible. A longest increasing subsequence with weights, in n log n by a tree of prefix maxima.
 */
#include "client/planfile_rank.h"

#include <stdint.h>
#include <stdlib.h>

#include "client/planfile_index.h"
#include "common/arena.h"

/* Keeping the items of one group of ours that theirs has at one rank. */
struct option {
	size_t group; /* index of the group's first item */
	unsigned rank;
	size_t total;    /* items kept up to here */
	size_t previous; /* option before it, or NONE */
};

#define NONE ((size_t)-1)

struct chain {
	struct option *options;
	size_t count;
	size_t *tree; /* by rank: the option with the largest total among the ranks it covers */
	size_t tree_size;
};

static size_t
best_below(const struct chain *c, unsigned rank)
{
	size_t best = NONE;

	for (size_t at = rank; at > 0; at -= at & -at) {
		size_t option = c->tree[at];

		if (option != NONE &&
		    (best == NONE || c->options[option].total > c->options[best].total))
			best = option;
	}
	return best;
}

static void
offer(struct chain *c, size_t option)
{
	for (size_t at = c->options[option].rank + 1; at < c->tree_size; at += at & -at) {
		if (c->tree[at] == NONE || c->options[option].total > c->options[c->tree[at]].total)
			c->tree[at] = option;
	}
}

static int
compare_ranks(const void *left, const void *right)
{
	unsigned a = *(const unsigned *)left, b = *(const unsigned *)right;

	return a < b ? -1 : a > b;
}

/* The options of the group ours[first..end), from the sorted ranks that theirs has its items at. */
static void
add_group(struct chain *c, size_t first, const unsigned *ranks, size_t count)
{
	size_t begin = c->count, before;

	for (size_t i = 0; i < count; i++) {
		if (i > 0 && ranks[i] == ranks[i - 1]) {
			c->options[c->count - 1].total++;
			continue;
		}
		before = best_below(c, ranks[i]);
		c->options[c->count++] = (struct option){
		    first, ranks[i], 1 + (before == NONE ? 0 : c->options[before].total), before};
	}
	for (size_t i = begin; i < c->count; i++)
		offer(c, i);
}

static bool
chain_init(struct chain *c, size_t ours_count, unsigned max_rank, struct arena *arena)
{
	c->count = 0;
	c->tree_size = (size_t)max_rank + 2;
	c->options = arena_array(arena, ours_count + 1, sizeof *c->options);
	c->tree = arena_array(arena, c->tree_size, sizeof *c->tree);
	if (c->options == NULL || c->tree == NULL)
		return false;
	for (size_t i = 0; i < c->tree_size; i++)
		c->tree[i] = NONE;
	return true;
}

/* The rank that theirs keeps for each group, 0 none, at the index of the group's first item. */
static bool
choose(const unsigned *at, const struct rank_item *ours, size_t ours_count, unsigned max_rank,
    struct arena *arena, unsigned *kept)
{
	unsigned *ranks = arena_array(arena, ours_count + 1, sizeof *ranks);
	struct chain chain;
	size_t best;

	if (ranks == NULL || !chain_init(&chain, ours_count, max_rank, arena))
		return false;
	for (size_t first = 0, end; first < ours_count; first = end) {
		size_t count = 0;

		for (end = first; end < ours_count && ours[end].rank == ours[first].rank; end++) {
			if (at[end] != 0)
				ranks[count++] = at[end];
		}
		qsort(ranks, count, sizeof *ranks, compare_ranks);
		add_group(&chain, first, ranks, count);
	}
	best = best_below(&chain, max_rank + 1);
	for (; best != NONE; best = chain.options[best].previous)
		kept[chain.options[best].group] = chain.options[best].rank;
	return true;
}

/* The rank, from 1, that theirs has each item of ours at; 0: not ranked. */
static bool
locate(const struct rank_item *theirs, size_t theirs_count, const struct rank_item *ours,
    size_t ours_count, struct arena *arena, unsigned *at)
{
	struct refmap *map = refmap_new(arena);
	const struct rank_item *found;

	if (map == NULL)
		return false;
	for (size_t i = 0; i < theirs_count; i++) {
		if (!refmap_put(map, theirs[i].ref, (void *)(uintptr_t)&theirs[i]))
			return false;
	}
	for (size_t i = 0; i < ours_count; i++) {
		found = refmap_get(map, ours[i].ref);
		at[i] = found == NULL ? 0 : found->rank;
	}
	return true;
}

/* The first item of ours from `from` on that stays; NONE. */
static size_t
next_kept(const unsigned *at, const unsigned *kept, const struct rank_item *ours, size_t ours_count,
    size_t from)
{
	for (size_t first = from, end; first < ours_count; first = end) {
		for (end = first; end < ours_count && ours[end].rank == ours[first].rank; end++) {
			if (kept[first] != 0 && at[end] == kept[first])
				return end;
		}
	}
	return NONE;
}

static struct rank_move
move_of(const struct rank_item *ours, size_t index, size_t in_group, size_t before, size_t behind)
{
	struct rank_move move = {ours[index].ref, RANK_FIRST, NULL, index};

	if (in_group != NONE) {
		move.where = RANK_TIED;
		move.anchor = ours[in_group].ref;
	} else if (before != NONE) {
		move.where = RANK_AFTER;
		move.anchor = ours[before].ref;
	} else if (behind != NONE) {
		move.where = RANK_BEFORE;
		move.anchor = ours[behind].ref;
	}
	return move;
}

struct rank_move *
rank_moves(const struct rank_item *theirs, size_t theirs_count, const struct rank_item *ours,
    size_t ours_count, struct arena *arena, size_t *count)
{
	struct rank_move *moves = arena_array(arena, ours_count + 1, sizeof *moves);
	unsigned *at = arena_array(arena, ours_count + 1, sizeof *at);
	unsigned *kept = arena_array(arena, ours_count + 1, sizeof *kept);
	unsigned max_rank = theirs_count == 0 ? 0 : theirs[theirs_count - 1].rank;
	size_t placed, before = NONE, all;

	if (moves == NULL || at == NULL || kept == NULL ||
	    !locate(theirs, theirs_count, ours, ours_count, arena, at) ||
	    !choose(at, ours, ours_count, max_rank, arena, kept))
		return NULL;
	*count = 0;
	all = next_kept(at, kept, ours, ours_count, 0);
	for (size_t first = 0, end; first < ours_count; first = end) {
		for (end = first; end < ours_count && ours[end].rank == ours[first].rank; end++)
			continue;
		/* One that stays anchors its group; else the first one that was moved does. */
		placed = kept[first] != 0 ? next_kept(at, kept, ours, end, first) : NONE;
		for (size_t i = first; i < end; i++) {
			if (kept[first] != 0 && at[i] == kept[first])
				continue;
			moves[(*count)++] = move_of(ours, i, placed, before, all);
			if (placed == NONE)
				placed = i;
		}
		before = placed;
	}
	return moves;
}
