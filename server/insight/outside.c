#include "server/insight/outside.h"

#include <math.h>
#include <string.h>

#include "common/arena.h"

double
outside_exposure(const struct item *risk)
{
	if ((risk->has & HAS_VALUE) == 0 || risk->extra == 0)
		return NAN;
	return risk->value * risk->extra;
}

const char *
outside_lack(const struct index *ix, const struct change_area *area)
{
	const struct item *strategy = ix->items[area->strategy];

	if (area->end_state[0] == '\0')
		return "no end state";
	if (area->timeframe == DATE_NONE)
		return "no day by which it is reached";
	if ((strategy->start != DATE_NONE && area->timeframe < strategy->start) ||
	    (strategy->finish != DATE_NONE && area->timeframe > strategy->finish))
		return "its day is outside the strategy's";
	return NULL;
}

/* Counts, then places: areas by the assessment that they answer, in their own order. */
static bool
turn_round(struct outside *outside, const struct index *ix, struct arena *arena)
{
	uint32_t *first = arena_zalloc(arena, ((size_t)ix->slots + 2) * sizeof *first);
	uint32_t *by, total = 0;

	if (first == NULL)
		return false;
	for (size_t a = 0; a < outside->areas_count; a++) {
		for (size_t i = 0; i < outside->areas[a].answers_count; i++) {
			first[outside->areas[a].answers[i] + 2]++;
			total++;
		}
	}
	by = arena_array(arena, (size_t)total + 1, sizeof *by);
	if (by == NULL)
		return false;
	for (uint32_t s = 2; s < ix->slots + 2; s++)
		first[s] += first[s - 1];
	for (uint32_t a = 0; a < outside->areas_count; a++) {
		for (size_t i = 0; i < outside->areas[a].answers_count; i++)
			by[first[outside->areas[a].answers[i] + 1]++] = a;
	}
	outside->first = first;
	outside->answered_by = by;
	return true;
}

/* One list of all strategies' areas, in their order. */
static bool
gather(struct outside *outside, const struct index *ix, struct arena *arena)
{
	struct part {
		struct change_area *areas;
		size_t count;
	} * parts;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_STRATEGY, &count);
	size_t all = 0;

	parts = arena_array(arena, count + 1u, sizeof *parts);
	for (uint32_t i = 0; parts != NULL && i < count; i++) {
		if (!change_areas_read(
			ix->view, ix->items[slots[i]], arena, &parts[i].areas, &parts[i].count))
			return false;
		all += parts[i].count;
	}
	outside->areas = parts != NULL ? arena_array(arena, all + 1, sizeof *outside->areas) : NULL;
	if (outside->areas == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		memcpy(outside->areas + outside->areas_count, parts[i].areas,
		    parts[i].count * sizeof *outside->areas);
		outside->areas_count += parts[i].count;
	}
	return true;
}

bool
outside_init(struct outside *outside, const struct index *ix, struct arena *arena, struct err *err)
{
	*outside = (struct outside){0};
	return (gather(outside, ix, arena) && turn_round(outside, ix, arena)) || err_oom(err);
}
