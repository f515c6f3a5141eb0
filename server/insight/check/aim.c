#include "server/insight/check/aim.h"

#include <math.h>
#include <string.h>

static double
recorded(const struct point *point)
{
	return point->slot != SLOT_NONE ? point->value : NAN;
}

static void
take_records(const struct index *ix, struct aim *aim)
{
	const struct series *series = index_series(ix, aim->measure);

	if (series == NULL)
		return;
	if (isnan(aim->baseline))
		aim->baseline = recorded(&series->baseline);
	if (isnan(aim->target)) {
		aim->target = recorded(&series->target);
		if (aim->due == DATE_NONE && series->target.slot != SLOT_NONE)
			aim->due = series->target.date;
	}
}

static void
take_measure(const struct index *ix, struct aim *aim)
{
	const struct item *measure = ix->items[aim->measure];

	aim->direction = (enum direction)measure->extra;
	aim->has_range = (measure->has & HAS_RANGE) != 0;
	aim->low = aim->high = NAN;
	if (aim->has_range) {
		/* The range stands where other kinds have targets. */
		aim->low = item_targets(measure)[0].baseline;
		aim->high = item_targets(measure)[0].target;
	}
}

static void
complete(const struct index *ix, struct aim *aim)
{
	take_measure(ix, aim);
	take_records(ix, aim);
	if (aim->due == DATE_NONE && aim->objective != SLOT_NONE)
		aim->due = index_periods_end(ix, aim->objective);
}

static struct aim
bare_aim(uint32_t objective, uint32_t measure)
{
	return (struct aim){.objective = objective,
	    .measure = measure,
	    .baseline = NAN,
	    .target = NAN,
	    .due = DATE_NONE};
}

static void
target_aim(const struct index *ix, uint32_t objective, const struct target *target, struct aim *aim)
{
	*aim = bare_aim(objective, target->measure);
	aim->baseline = target->baseline;
	aim->target = isnan(target->target) ? target->commit : target->target;
	aim->due = target->due;
	aim->in_words = target->has_text;
	complete(ix, aim);
}

static bool
is_live_measure(const struct index *ix, uint32_t slot)
{
	return slot != SLOT_NONE && index_is(ix, slot, STANDING_LIVE) &&
	       ix->kinds[slot] == KIND_MEASURE;
}

/* Does a target of the objective name the measure already? */
static bool
is_targeted(const struct index *ix, uint32_t objective, uint32_t measure)
{
	struct edges in = index_in(ix, measure);

	for (uint32_t i = 0; i < in.count; i++) {
		if (in.list[i].role == ROLE_TARGET_MEASURE && in.list[i].slot == objective)
			return true;
	}
	return false;
}

void
aims_init(struct aims *aims, const struct index *ix, uint32_t objective)
{
	*aims = (struct aims){ix, objective, 0, 0};
}

bool
aims_next(struct aims *aims, struct aim *aim)
{
	const struct index *ix = aims->ix;
	const struct item *item = ix->items[aims->objective];
	struct edges in = index_in(ix, aims->objective);

	while (aims->next_target < item->targets_count) {
		const struct target *target = &item_targets(item)[aims->next_target++];

		if (!is_live_measure(ix, target->measure))
			continue;
		target_aim(ix, aims->objective, target, aim);
		return true;
	}
	while (aims->next_inline < in.count) {
		const struct edge *e = &in.list[aims->next_inline++];

		if (e->role != ROLE_INLINE_UNDER || !is_live_measure(ix, e->slot) ||
		    is_targeted(ix, aims->objective, e->slot))
			continue;
		*aim = bare_aim(aims->objective, e->slot);
		complete(ix, aim);
		return true;
	}
	return false;
}

void
aim_find(const struct index *ix, uint32_t objective, uint32_t measure, struct aim *aim)
{
	const struct item *item;

	if (objective != SLOT_NONE && index_is(ix, objective, STANDING_LIVE) &&
	    ix->kinds[objective] == KIND_OBJECTIVE) {
		item = ix->items[objective];
		for (uint32_t i = 0; i < item->targets_count; i++) {
			if (item_targets(item)[i].measure != measure)
				continue;
			target_aim(ix, objective, &item_targets(item)[i], aim);
			return;
		}
	}
	*aim = bare_aim(SLOT_NONE, measure);
	complete(ix, aim);
}

const char *
aim_lacks(const struct aim *aim)
{
	switch (aim->direction) {
	case DIRECTION_HOLD:
		return aim->has_range ? NULL
				      : "the range in which its measure shall stay is not stated";
	case DIRECTION_UP:
	case DIRECTION_DOWN:
		break;
	default:
		return "the direction in which its measure shall move is not stated";
	}
	if (isnan(aim->baseline))
		return "the baseline of its measure is not known";
	if (isnan(aim->target))
		return "the target of its measure is not known";
	if (aim->baseline == aim->target)
		return "baseline and target of its measure are the same";
	return NULL;
}

double
aim_progress(const struct aim *aim, double value)
{
	if (aim->direction == DIRECTION_HOLD)
		return value >= aim->low && value <= aim->high ? 1 : 0;
	return (value - aim->baseline) / (aim->target - aim->baseline);
}
