#include "server/plan/belong.h"

#include "server/plan/plan_internal.h"

static bool
has_parent(unsigned kind)
{
	return kind == KIND_GOAL || kind == KIND_OBJECTIVE;
}

/* Does the reference say what its holder belongs to? */
static bool
is_upward(const struct item *item, unsigned role)
{
	return role == ROLE_PART_OF || role == ROLE_IN || role == ROLE_INLINE_UNDER ||
	       role == ROLE_ABOUT || (role == ROLE_PARENT && has_parent(item->kind));
}

uint32_t
belong_above(const struct item *item)
{
	for (uint32_t i = 0; i < item->refs_count; i++) {
		if (is_upward(item, item->refs[i].role))
			return item->refs[i].slot;
	}
	return SLOT_NONE;
}

/* As a Remove with cascade sees it: what is contained only is left behind. */
static bool
goes_with(const struct item *holder, uint32_t slot)
{
	for (uint32_t i = 0; i < holder->refs_count; i++) {
		if (holder->refs[i].slot == slot && holder->refs[i].role != ROLE_PARENT &&
		    is_upward(holder, holder->refs[i].role))
			return true;
	}
	return false;
}

/* The entries to be looked at, breadth first. */
struct queue {
	uint32_t *slots;
	size_t at;
	size_t count;
};

static enum belong_result
add_holders(const struct plan *plan, uint32_t slot, uint32_t *budget, struct queue *queue,
    belong_fn fn, void *arg)
{
	uint32_t last = SLOT_NONE;

	FOR_EDGES_IN(plan, slot, edge)
	{
		uint32_t from = plan->edges[edge].from;
		const struct item *holder = view_item(&plan->now, from);

		if (*budget == 0)
			return BELONG_TOO_MANY;
		--*budget;
		if (from == last || !item_is_live(holder) || !goes_with(holder, slot))
			continue;
		last = from;
		if (!fn(arg, holder))
			return BELONG_STOPPED;
		queue->slots[queue->count++] = from; /* each took one off the budget */
	}
	return BELONG_ALL;
}

enum belong_result
belong_walk(const struct plan *plan, uint32_t slot, uint32_t *budget, uint32_t *room, belong_fn fn,
    void *arg)
{
	struct queue queue = {room, 0, 1};
	enum belong_result result = BELONG_ALL;

	queue.slots[0] = slot;
	while (queue.at < queue.count && result == BELONG_ALL)
		result = add_holders(plan, queue.slots[queue.at++], budget, &queue, fn, arg);
	return result;
}

enum belong_result
belong_parts(const struct plan *plan, uint32_t slot, uint32_t *budget, belong_fn fn, void *arg)
{
	FOR_EDGES_IN(plan, slot, edge)
	{
		const struct item *holder = view_item(&plan->now, plan->edges[edge].from);

		if (*budget == 0)
			return BELONG_TOO_MANY;
		--*budget;
		if (item_is_live(holder) && !kind_is_record(holder->kind) &&
		    belong_above(holder) == slot && !fn(arg, holder))
			return BELONG_STOPPED;
	}
	return BELONG_ALL;
}
