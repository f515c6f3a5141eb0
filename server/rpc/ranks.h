/* Ranks of initiatives in the workspace's ranking: 1, 2, 2, 4. Any thread. */
#ifndef SERVER_RPC_RANKS_H
#define SERVER_RPC_RANKS_H

#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"

struct item;
struct ranks;
struct view;

/* In the arena; NULL when that is full. */
struct ranks *ranks_new(const struct view *view, struct arena *arena) MUST_CHECK;
/* 0: not ranked. */
uint32_t ranks_of(const struct ranks *ranks, const struct item *item);

#endif
