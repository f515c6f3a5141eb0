/*
 * The plan as its scenarios show it: views that are kept until the plan moves on, and the past.
 */
#ifndef SERVER_RPC_SCENARIO_VIEW_H
#define SERVER_RPC_SCENARIO_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct arena;
struct item;
struct plan;
struct view;
struct workspace;

/* "scenario/x" or "x": the id; NULL with ERR_INVALID where it is neither. */
const char *scenario_id(const char *name, struct err *err) MUST_CHECK;
/* ERR_NOT_FOUND, in the words that all use; item: what is there instead, or NULL. */
void scenario_absent(const char *id, const struct item *item, struct err *err);

/*
 * A view of all that the plan has taken with the scenario laid over it (not settled), and what conflicts as an encoded
 * plumb.v1.ConflictsReply (malloc()ed). On the plan's thread. NULL with err.
 */
struct view *scenario_view_take(struct plan *plan, const char *id, uint8_t **conflicts, size_t *len,
    struct err *err) MUST_CHECK;

/*
 * The scenarios that a check of the newest plan looks at (server/insight/check/worlds.h): names in the arena. Why there are none, static
 * (*count is 0): too many, too much. NULL: none of them is missing. False: out of memory.
 */
bool scenario_worlds(const struct plan *plan, struct arena *arena, char ***names, size_t *count,
    const char **missing) MUST_CHECK;

/* Lets go of those that the plan has left behind; of all. */
void scenario_views_drop(struct workspace *ws, bool all);

#endif
