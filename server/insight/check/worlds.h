/*
 * Worlds: the plan as the scenarios show it that assume something of the outside, for rules that hold the plan against them.
 *
 * A rule sees one view; whoever runs a check of the newest plan brings these (check_query.worlds). Comparisons bring none: what is found
 * of all scenarios together is no difference between two plans.
 */
#ifndef SERVER_INSIGHT_CHECK_WORLDS_H
#define SERVER_INSIGHT_CHECK_WORLDS_H

#include <stdbool.h>
#include <stddef.h>

#include "server/plan/item.h"
#include "server/plan/view.h"

struct world {
	const struct view *view;
	const char *scenario; /* its id */
};

struct worlds {
	const struct world *list;
	size_t count;
	const char *missing; /* static: why there are none, although the plan may have some; NULL */
};

/*
 * Why a plan of so many slots is not held against so many scenarios (LIMIT_FRAGILE_ENTRIES, LIMIT_WHATIF_SCENARIOS); static. NULL: it is.
 */
const char *worlds_too_many(uint32_t slots, size_t scenarios);

/* Is it a scenario that assumes something of the outside (Scenario.outside)? */
static inline bool
worlds_take_in(const struct item *item)
{
	return item_is_live(item) && item->kind == KIND_SCENARIO &&
	       item_ref(item, ROLE_INFLUENCER) != NULL;
}

#endif
