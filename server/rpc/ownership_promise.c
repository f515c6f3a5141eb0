/*
 * Commitments: nobody promises for another. Who owns one, and who promised it (themselves, or as the lead or owner of a team), may change
 * it; it can be made, or given to, only whom they speak for.
 */
#include <string.h>

#include "server/plan/codec.h"
#include "server/plan/view.h"
#include "server/rpc/ownership_internal.h"
#include "server/rpc/rpc.h"

bool
judge_promises(struct judge *judge, const struct item *commitment)
{
	return own_has(&judge->own, commitment) ||
	       own_speaks_for(&judge->own, judge_side(judge, commitment, ROLE_FROM));
}

/* Is it the one who promised it already, however each is written? */
static bool
is_same(struct judge *judge, const struct item *old, const struct item *by)
{
	return old != NULL && by != NULL && by == judge_side(judge, old, ROLE_FROM);
}

void
judge_promise(struct judge *judge, const Plumb__V1__Item *item, const struct item *old)
{
	const char *name = item->commitment->promised_by;
	const struct item *by = judge_find(judge, name, KIND_PERSON);

	if (old != NULL && !judge_promises(judge, old))
		judge_refuse_others(judge, "put.item", old);
	else if (name[0] != '\0' && !is_same(judge, old, by) && !own_speaks_for(&judge->own, by))
		judge_refuse(judge, "put.item.commitment.promised_by",
		    "a promise comes from you or a team that you lead");
	else if (name[0] == '\0')
		judge_says(judge, item);
}
