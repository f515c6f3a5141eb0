/* The way: stages and steps in order. */
#include <stdlib.h>
#include <string.h>

#include "server/insight/customer/journeys.h"

/* Live holders of ROLE_IN of that kind, by name. */
static bool
parts_of(const struct index *ix, uint32_t whole, enum kind kind, struct slots *out)
{
	struct edges in = index_in(ix, whole);

	for (uint32_t i = 0; i < in.count; i++) {
		if (in.list[i].role == ROLE_IN && ix->kinds[in.list[i].slot] == kind &&
		    !slots_add(out, in.list[i].slot))
			return false;
	}
	slots_by_name(ix, out);
	return true;
}

/* Those that may come next, the first name on top: a heap of numbers in the list. */
struct heap {
	uint32_t *list;
	size_t count;
};

static void
heap_push(struct heap *heap, uint32_t value)
{
	size_t i = heap->count++;

	for (; i > 0 && heap->list[(i - 1) / 2] > value; i = (i - 1) / 2)
		heap->list[i] = heap->list[(i - 1) / 2];
	heap->list[i] = value;
}

static uint32_t
heap_pop(struct heap *heap)
{
	uint32_t top = heap->list[0], last = heap->list[--heap->count];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < heap->count && heap->list[child + 1] < heap->list[child])
			child++;
		if (child >= heap->count || heap->list[child] >= last)
			break;
		heap->list[i] = heap->list[child];
		i = child;
	}
	heap->list[i] = last;
	return top;
}

/* js->place has 1 + the number in the list; 0: not of it, since what follows something elsewhere comes first here. */
static uint32_t
waits_for(const struct journeys *js, uint32_t slot)
{
	struct edges out = index_out(js->ix, slot);
	uint32_t count = 0;

	for (uint32_t i = 0; i < out.count; i++)
		count += out.list[i].role == ROLE_FOLLOWS && js->place[out.list[i].slot] != 0;
	return count;
}

/* Some entry that is not laid yet and that this one follows; there is one. */
static uint32_t
one_before(const struct journeys *js, const struct slots *list, const uint32_t *waits, uint32_t i)
{
	struct edges out = index_out(js->ix, list->list[i]);
	uint32_t before = UINT32_MAX;

	for (uint32_t k = 0; k < out.count; k++) {
		uint32_t place = js->place[out.list[k].slot];

		if (out.list[k].role == ROLE_FOLLOWS && place != 0 && waits[place - 1] > 0 &&
		    place - 1 < before)
			before = place - 1;
	}
	return before;
}

/* Back from the first that was not laid, until one comes again; then the way round, from the first name on. */
static bool
name_circle(
    const struct journeys *js, const struct slots *list, const uint32_t *waits, struct slots *out)
{
	uint32_t *seen = calloc(list->count, sizeof seen[0]);
	uint32_t i = 0, first;
	bool ok = seen != NULL;

	while (ok && waits[i] == 0)
		i++;
	while (ok && !seen[i]) {
		seen[i] = 1;
		i = one_before(js, list, waits, i);
	}
	first = i;
	for (uint32_t k = ok ? one_before(js, list, waits, i) : i; k != i;
	     k = one_before(js, list, waits, k))
		first = k < first ? k : first;
	i = first;
	do {
		ok = ok && slots_add(out, list->list[i]);
		i = ok ? one_before(js, list, waits, i) : first;
	} while (i != first);
	/* Found backwards: turn what is behind the first. */
	for (size_t a = 1, b = out->count; ok && b > 0 && a < --b; a++) {
		uint32_t kept = out->list[a];

		out->list[a] = out->list[b];
		out->list[b] = kept;
	}
	free(seen);
	return ok;
}

/* Kahn's order, the first name of those that may come next [A. B. Kahn, CACM 5 (1962) 558]. */
static bool
lay(struct journeys *js, struct slots *list, uint32_t *waits, struct heap *heap, struct slots *laid)
{
	const struct index *ix = js->ix;

	for (uint32_t i = 0; i < list->count; i++) {
		waits[i] = waits_for(js, list->list[i]);
		if (waits[i] == 0)
			heap_push(heap, i);
	}
	while (heap->count > 0) {
		uint32_t slot = list->list[heap_pop(heap)];
		struct edges in = index_in(ix, slot);

		if (!slots_add(laid, slot))
			return false;
		for (uint32_t k = 0; k < in.count; k++) {
			uint32_t place = js->place[in.list[k].slot];

			if (in.list[k].role == ROLE_FOLLOWS && place != 0 &&
			    --waits[place - 1] == 0)
				heap_push(heap, place - 1);
		}
	}
	return true;
}

/* Puts a list that is by name in order; where it has a circle, names the first one (circle is empty yet) and leaves it by name. */
static bool
order(struct journeys *js, struct slots *list, struct slots *circle)
{
	struct slots laid = {0};
	struct heap heap = {malloc((list->count + 1) * sizeof heap.list[0]), 0};
	uint32_t *waits = malloc((list->count + 1) * sizeof waits[0]);
	bool ok = heap.list != NULL && waits != NULL;

	for (size_t i = 0; i < list->count; i++)
		js->place[list->list[i]] = (uint32_t)i + 1;
	ok = ok && lay(js, list, waits, &heap, &laid);
	if (ok && laid.count < list->count)
		ok = circle->count > 0 || name_circle(js, list, waits, circle);
	else if (ok && list->count > 0)
		memcpy(list->list, laid.list, list->count * sizeof laid.list[0]);
	/* The list has the same entries, whatever came. */
	for (size_t i = 0; i < list->count; i++)
		js->place[list->list[i]] = 0;
	slots_fini(&laid);
	free(heap.list);
	free(waits);
	return ok;
}

static bool
path_add(struct path *path, size_t *cap, uint32_t stage, uint32_t step)
{
	size_t want = *cap > 0 ? 2 * *cap : 32;
	struct path_step *bigger;

	if (path->count == *cap) {
		bigger = realloc(path->steps, want * sizeof bigger[0]);
		if (bigger == NULL)
			return false;
		path->steps = bigger;
		*cap = want;
	}
	path->steps[path->count++] = (struct path_step){stage, step};
	path->steps_count += step != SLOT_NONE;
	return true;
}

bool
journeys_path(struct journeys *js, uint32_t journey, struct path *path)
{
	struct slots stages = {0}, steps = {0};
	size_t cap = 0;
	bool ok;

	*path = (struct path){0};
	ok = parts_of(js->ix, journey, KIND_STAGE, &stages) && order(js, &stages, &path->circle);
	for (size_t i = 0; ok && i < stages.count; i++) {
		steps.count = 0;
		ok = parts_of(js->ix, stages.list[i], KIND_STEP, &steps) &&
		     order(js, &steps, &path->circle);
		if (ok && steps.count == 0)
			ok = path_add(path, &cap, stages.list[i], SLOT_NONE);
		for (size_t k = 0; ok && k < steps.count; k++)
			ok = path_add(path, &cap, stages.list[i], steps.list[k]);
	}
	slots_fini(&stages);
	slots_fini(&steps);
	return ok;
}

void
path_fini(struct path *path)
{
	free(path->steps);
	slots_fini(&path->circle);
	*path = (struct path){0};
}

static uint32_t
live_whole(const struct index *ix, uint32_t part, enum kind kind)
{
	uint32_t whole = part != SLOT_NONE ? index_target(ix, part, ROLE_IN) : SLOT_NONE;

	return whole != SLOT_NONE && ix->kinds[whole] == kind && index_is(ix, whole, STANDING_LIVE)
		   ? whole
		   : SLOT_NONE;
}

uint32_t
journeys_stage_of(const struct index *ix, uint32_t step)
{
	return live_whole(ix, step, KIND_STAGE);
}

uint32_t
journeys_journey_of(const struct index *ix, uint32_t step)
{
	return live_whole(ix, journeys_stage_of(ix, step), KIND_JOURNEY);
}
