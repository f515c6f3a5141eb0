#include "server/plan/change_area.h"

#include "common/arena.h"
#include "common/calendar.h"
#include "plumb/v1/item.pb-c.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"

static bool
take_answers(struct change_area *area, const struct view *view, const Plumb__V1__ChangeArea *from,
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
			item = view_find(view, kind, id, len);
		if (item_is_live(item))
			slots[area->answers_count++] = item->slot;
	}
	area->answers = slots;
	return true;
}

bool
change_areas_read(const struct view *view, const struct item *strategy, struct arena *arena,
    struct change_area **areas, size_t *count)
{
	const Plumb__V1__Item *message = (const Plumb__V1__Item *)codec_decode(strategy, arena);
	const Plumb__V1__Strategy *s = message != NULL ? message->strategy : NULL;

	*count = 0;
	*areas = s != NULL ? arena_array(arena, s->n_change_areas + 1, sizeof **areas) : NULL;
	if (*areas == NULL)
		return false;
	for (size_t i = 0; i < s->n_change_areas; i++) {
		const Plumb__V1__ChangeArea *from = s->change_areas[i];
		struct change_area *area = &(*areas)[(*count)++];

		*area = (struct change_area){.strategy = strategy->slot,
		    .number = (uint32_t)i,
		    .title = from->title,
		    .end_state = from->end_state,
		    .timeframe = date_or(from->timeframe, DATE_NONE)};
		if (!take_answers(area, view, from, arena))
			return false;
	}
	return true;
}
