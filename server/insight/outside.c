#include "server/insight/outside.h"

#include <math.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "plumb/v1/item.pb-c.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"

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

static bool
take_answers(struct change_area *area, const struct index *ix, const Plumb__V1__ChangeArea *from,
    struct arena *arena)
{
	uint32_t *slots = arena_array(arena, from->n_answers + 1, sizeof *slots);

	if (slots == NULL)
		return false;
	for (size_t i = 0; i < from->n_answers; i++) {
		enum kind kind;
		const char *id;
		size_t len;
		const struct item *item = NULL;

		if (ref_parse(from->answers[i], KIND_ASSESSMENT, &kind, &id, &len) &&
		    kind == KIND_ASSESSMENT)
			item = view_find(ix->view, kind, id, len);
		if (item_is_live(item))
			slots[area->answers_count++] = item->slot;
	}
	area->answers = slots;
	return true;
}

static bool
take_strategy(struct outside *outside, const struct index *ix, uint32_t slot,
    const Plumb__V1__Strategy *strategy, struct arena *arena)
{
	for (size_t i = 0; i < strategy->n_change_areas; i++) {
		const Plumb__V1__ChangeArea *from = strategy->change_areas[i];
		struct change_area *area = &outside->areas[outside->areas_count];

		*area = (struct change_area){.strategy = slot,
		    .number = (uint32_t)i,
		    .title = from->title,
		    .end_state = from->end_state,
		    .timeframe = date_or(from->timeframe, DATE_NONE)};
		if (!take_answers(area, ix, from, arena))
			return false;
		outside->areas_count++;
	}
	return true;
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

bool
outside_init(struct outside *outside, const struct index *ix, struct arena *arena, struct err *err)
{
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_STRATEGY, &count);
	const Plumb__V1__Strategy **strategies = arena_array(arena, count + 1u, sizeof *strategies);
	size_t areas = 0;

	*outside = (struct outside){0};
	if (strategies == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < count; i++) {
		const Plumb__V1__Item *item =
		    (const Plumb__V1__Item *)codec_decode(ix->items[slots[i]], arena);

		if (item == NULL)
			return err_oom(err);
		strategies[i] = item->strategy;
		areas += item->strategy->n_change_areas;
	}
	outside->areas = arena_array(arena, areas + 1, sizeof *outside->areas);
	if (outside->areas == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < count; i++) {
		if (!take_strategy(outside, ix, slots[i], strategies[i], arena))
			return err_oom(err);
	}
	return turn_round(outside, ix, arena) || err_oom(err);
}
