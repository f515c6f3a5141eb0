#include "server/insight/concord/plan_order.h"

#include <math.h>
#include <stdlib.h>

#include "server/plan/item.h"
#include "server/plan/view.h"

struct walk {
	const struct view *view;
	uint32_t *seen; /* by slot: the objective from which it was reached last, 1-based */
	uint32_t *stack;
};

/* Marks all that precedes-links lead to. */
static void
follow(struct walk *w, const struct item *from, uint32_t mark)
{
	uint32_t depth = 0;

	w->stack[depth++] = from->slot;
	while (depth > 0) {
		const struct item *item = view_item(w->view, w->stack[--depth]);

		for (uint32_t i = 0; i < item->refs_count; i++) {
			uint32_t slot = item->refs[i].slot;

			if (item->refs[i].role != ROLE_PRECEDES || w->seen[slot] == mark ||
			    !item_is_live(view_item(w->view, slot)))
				continue;
			w->seen[slot] = mark;
			w->stack[depth++] = slot;
		}
	}
}

static bool
find_before(struct plan_order *order, const struct view *view, const struct item *const *objectives)
{
	size_t slots = view_slots(view);
	struct walk w = {.view = view,
	    .seen = calloc(slots + 1, sizeof w.seen[0]),
	    .stack = calloc(slots + 1, sizeof w.stack[0])};
	bool ok = w.seen != NULL && w.stack != NULL;

	for (uint32_t a = 0; ok && a < order->objects; a++) {
		if (objectives[a] == NULL)
			continue;
		follow(&w, objectives[a], a + 1);
		for (uint32_t b = 0; b < order->objects; b++)
			order->before[(size_t)a * order->objects + b] =
			    a != b && objectives[b] != NULL && w.seen[objectives[b]->slot] == a + 1;
	}
	free(w.seen);
	free(w.stack);
	return ok;
}

/* NAN: not stated. */
static double
weight_of(const struct item *objective)
{
	return objective != NULL && (objective->has & HAS_VALUE) != 0 ? objective->value : NAN;
}

static void
settle_pair(struct plan_order *order, const struct item *const *objectives, uint32_t a, uint32_t b)
{
	bool *ab = &order->before[(size_t)a * order->objects + b];
	bool *ba = &order->before[(size_t)b * order->objects + a];
	double wa = weight_of(objectives[a]), wb = weight_of(objectives[b]);

	if (wa > wb || wa < wb) {
		*ab = wa > wb;
		*ba = wa < wb;
	} else if (*ab && *ba) {
		*ab = *ba = false;
	}
	order->pairs += *ab || *ba;
}

bool
plan_order_init(struct plan_order *order, const struct view *view,
    const struct item *const *objectives, uint32_t objects, struct err *err)
{
	*order = (struct plan_order){.objects = objects};
	order->before = calloc((size_t)objects * objects + 1, sizeof order->before[0]);
	if (order->before == NULL || !find_before(order, view, objectives)) {
		plan_order_fini(order);
		return err_oom(err);
	}
	for (uint32_t a = 0; a < objects; a++)
		for (uint32_t b = a + 1; b < objects; b++)
			settle_pair(order, objectives, a, b);
	return true;
}

void
plan_order_fini(struct plan_order *order)
{
	free(order->before);
	order->before = NULL;
}

uint32_t
plan_order_place(const struct plan_order *order, uint32_t object)
{
	uint32_t before = 0, behind = 0;

	for (uint32_t k = 0; k < order->objects; k++) {
		before += order->before[(size_t)k * order->objects + object];
		behind += order->before[(size_t)object * order->objects + k];
	}
	return before + behind > 0 ? before + 1 : 0;
}

uint64_t
plan_order_distance(const struct plan_order *order, const uint32_t *places)
{
	uint64_t halves = 0;

	for (uint32_t a = 0; a < order->objects; a++)
		for (uint32_t b = 0; b < order->objects; b++)
			if (order->before[(size_t)a * order->objects + b])
				halves +=
				    (uint64_t)(places[a] >= places[b]) + (places[a] > places[b]);
	return halves;
}
