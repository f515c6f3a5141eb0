#include "server/insight/check/worlds.h"

#include "server/limits.h"

const char *
worlds_too_many(uint32_t slots, size_t scenarios)
{
	uint64_t most = LIMIT_FRAGILE_ENTRIES / ((uint64_t)slots + 1); /* the plan itself too */

	if (scenarios > LIMIT_WHATIF_SCENARIOS)
		return "more scenarios assume something of the outside than are compared at once";
	if (scenarios > 0 && most < 2)
		return "the plan is too large to lay scenarios over it for each check: ask plumb "
		       "whatif compare";
	if (scenarios > 0 && scenarios >= most)
		return "the plan and its scenarios are too large together to be judged in each "
		       "check: ask plumb whatif compare";
	return NULL;
}
