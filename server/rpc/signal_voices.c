/* What rules are told of pulses: what of the newest four weeks that are over may be published. */
#include <stddef.h>

#include "server/plan/view.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/voices.h"
#include "server/rpc/workspace.h"
#include "server/store/confidential.h"

#define PEOPLE_MIN 5u

struct telling {
	const struct view *view;
	uint32_t population;
	int32_t from;
	int32_t to;
	voices_pulse_fn fn;
	void *arg;
};

/*
 * Those of the plan who were there in these weeks. Whom only a scenario adds or moves does not count: nobody shall make a group
 * large enough by trying.
 */
static uint32_t
count_people(const struct telling *t)
{
	uint32_t count = 0;

	for (uint32_t s = 0; s < view_slots(t->view); s++) {
		const struct item *item = view_item(t->view, s);

		count += item_is_live(item) && item->kind == KIND_PERSON &&
			 (item->flags & ITEM_OVERLAID) == 0 &&
			 (item->start == DATE_NONE || item->start <= t->to) &&
			 (item->finish == DATE_NONE || item->finish >= t->from);
	}
	return count;
}

/* Stricter than Signals, since a rule may be asked of past plans: with others of whom nobody said it always. */
static bool
on_group(void *arg, int32_t block, uint8_t kind, const char *about, uint32_t people)
{
	const struct telling *t = arg;
	const struct voices_pulse pulse = {about, kind, people, t->from, t->to};

	(void)block;
	if (people >= PEOPLE_MIN && t->population >= people + PEOPLE_MIN)
		t->fn(t->arg, &pulse);
	return true;
}

bool
signals_tell(const struct voices *voices, const struct view *view, int32_t today,
    voices_pulse_fn fn, void *arg, struct err *err)
{
	const struct workspace *ws =
	    (const struct workspace *)(const void *)((const char *)voices -
						     offsetof(struct workspace, voices));
	int32_t now = workspace_today(ws);
	int32_t block = confidential_block(confidential_week(today < now ? today : now)) - 1;
	struct telling t = {.view = view, .fn = fn, .arg = arg};

	t.from = confidential_monday(block * CONFIDENTIAL_WEEKS);
	t.to = t.from + 7 * CONFIDENTIAL_WEEKS - 1;
	t.population = count_people(&t);
	return confidential_count(
	    ws->daemon->confidential, ws->number, block, block, on_group, &t, err);
}
