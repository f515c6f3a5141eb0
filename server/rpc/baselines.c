#include "server/rpc/baselines.h"

#include "server/plan/item.h"
#include "server/plan/plan.h"
#include "server/plan/view.h"

/* Items between two looks at whether the caller has gone. */
#define CANCEL_EVERY 4096u
/* Items whose memory is asked for before it is read. */
#define AHEAD 16u

static bool
is_set(const bool *cancelled)
{
	return cancelled != NULL && __atomic_load_n(cancelled, __ATOMIC_RELAXED);
}

uint64_t
baselines_newest(const struct view *view, uint64_t up_to, const bool *cancelled, uint32_t *slot)
{
	uint64_t drawn = 0, named = 0;

	*slot = SLOT_NONE;
	for (uint32_t i = 0; i < view_slots(view); i++) {
		const struct item *item = view_item(view, i);
		uint64_t revision;

		if (i % CANCEL_EVERY == 0 && is_set(cancelled))
			break;
		if (i + AHEAD < view_slots(view))
			__builtin_prefetch(view_item(view, i + AHEAD));
		if (!item_is_live(item) || item->kind != KIND_BASELINE ||
		    item->created_revision < drawn)
			continue;
		revision = item->effort > 0 ? (uint64_t)item->effort : item->revision;
		if (revision > up_to)
			continue;
		drawn = item->created_revision;
		named = revision;
		*slot = i;
	}
	return named;
}
