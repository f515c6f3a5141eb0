#include "server/plan/estimate.h"

#include "common/arena.h"
#include "plumb/v1/item.pb-c.h"
#include "server/plan/codec.h"

static void
take(const Plumb__V1__Estimate *estimate, struct estimate *out)
{
	if (estimate == NULL)
		return;
	if (estimate->optimistic__case == PLUMB__V1__ESTIMATE__OPTIMISTIC__OPTIMISTIC)
		out->optimistic = estimate->optimistic;
	if (estimate->likely__case == PLUMB__V1__ESTIMATE__LIKELY__LIKELY)
		out->likely = estimate->likely;
	if (estimate->pessimistic__case == PLUMB__V1__ESTIMATE__PESSIMISTIC__PESSIMISTIC)
		out->pessimistic = estimate->pessimistic;
}

bool
estimate_read(const struct item *work, struct arena *arena, struct estimate *out)
{
	const Plumb__V1__Item *message;

	*out = (struct estimate){-1, -1, -1};
	if (!item_is_live(work) || !kind_is_work(work->kind) || work->kind == KIND_MILESTONE)
		return true;
	message = (const Plumb__V1__Item *)codec_decode(work, arena);
	if (message == NULL)
		return false;
	switch (message->body_case) {
	case PLUMB__V1__ITEM__BODY_INITIATIVE:
		take(message->initiative->estimate, out);
		break;
	case PLUMB__V1__ITEM__BODY_WORKSTREAM:
		take(message->workstream->estimate, out);
		break;
	case PLUMB__V1__ITEM__BODY_TASK:
		take(message->task->estimate, out);
		if (out->likely < 0 &&
		    message->task->effort__case == PLUMB__V1__TASK__EFFORT__EFFORT)
			out->likely = message->task->effort;
		break;
	default:
		break;
	}
	return true;
}
