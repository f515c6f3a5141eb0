#include "server/insight/schedule/forecast_objective.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/limits.h"

#define WAYS_BACK                                                                                  \
	(ROLE_BIT(ROLE_PARENT) | ROLE_BIT(ROLE_OBJECTIVE) | ROLE_BIT(ROLE_CONTRIBUTION) |          \
	    ROLE_BIT(ROLE_TARGET_MEASURE) | ROLE_BIT(ROLE_INLINE_UNDER))

struct collector {
	struct forecast_objectives *fo;
	const struct plan_forecast *pf;
	uint32_t *stamps; /* by slot: the objective, from 1, for which it was looked at */
	uint32_t stamp;
	uint32_t *place; /* by number of a piece: in kept, from 1; 0 none */
	bool failed;
};

static void
add_work(struct collector *c, struct forecast_objective *o, uint32_t number)
{
	struct forecast_objectives *fo = c->fo;

	if (fo->works_count == fo->works_cap) {
		uint32_t cap = fo->works_cap == 0 ? 256 : 2 * fo->works_cap;
		uint32_t *grown = realloc(fo->works, (size_t)cap * sizeof *grown);

		if (grown == NULL) {
			c->failed = true;
			return;
		}
		fo->works = grown;
		fo->works_cap = cap;
	}
	if (c->place[number] == 0) {
		fo->kept[fo->kept_count++] = number;
		c->place[number] = fo->kept_count;
	}
	fo->works[fo->works_count++] = c->place[number] - 1;
	o->works_count++;
}

static void
take_work(struct collector *c, struct forecast_objective *o, uint32_t slot)
{
	const struct index *ix = &c->fo->ix;

	if (index_is(ix, slot, STANDING_GIVEN_UP))
		return;
	if (c->pf->pc.plan->number[slot] != SCHEDULE_NONE)
		add_work(c, o, c->pf->pc.plan->number[slot]);
	else if (index_is(ix, slot, STANDING_FINISHED))
		o->done++;
	else
		o->not_running++;
}

/* Of the objective and of those below it. */
static void
collect(struct collector *c, struct forecast_objective *o, uint32_t objective, unsigned depth)
{
	const struct index *ix = &c->fo->ix;
	struct edges in = index_in(ix, objective);

	for (uint32_t i = 0; i < in.count && !c->failed; i++) {
		uint32_t slot = in.list[i].slot;
		unsigned kind = ix->kinds[slot], role = in.list[i].role;

		if (!index_is(ix, slot, STANDING_LIVE) || c->stamps[slot] == c->stamp)
			continue;
		if (kind == KIND_OBJECTIVE && role == ROLE_PARENT && depth < LIMIT_DEPTH) {
			c->stamps[slot] = c->stamp;
			if (!index_is(ix, slot, STANDING_GIVEN_UP))
				collect(c, o, slot, depth + 1);
		} else if ((kind == KIND_INITIATIVE || kind == KIND_WORKSTREAM) &&
			   (role == ROLE_OBJECTIVE || role == ROLE_CONTRIBUTION)) {
			c->stamps[slot] = c->stamp;
			take_work(c, o, slot);
		}
	}
}

static int
compare_objectives(const void *pa, const void *pb, void *arg)
{
	const struct forecast_objective *a = pa, *b = pb;

	return index_compare(arg, a->slot, b->slot);
}

static void
look_at(struct collector *c, struct forecast_objective *o)
{
	struct forecast_objectives *fo = c->fo;
	struct aims aims;
	struct aim aim;

	c->stamp++;
	c->stamps[o->slot] = c->stamp;
	o->works_first = fo->works_count;
	collect(c, o, o->slot, 0);
	o->due = DATE_NONE;
	aims_init(&aims, &fo->ix, o->slot);
	for (; aims_next(&aims, &aim); o->aims++)
		if (aim.due != DATE_NONE && (o->due == DATE_NONE || aim.due > o->due))
			o->due = aim.due;
	if (o->due == DATE_NONE)
		o->due = index_periods_end(&fo->ix, o->slot);
}

bool
forecast_objectives_open(struct forecast_objectives *fo, const struct plan_forecast *pf,
    index_stop_fn stop, void *arg, struct err *err)
{
	struct collector c = {.fo = fo, .pf = pf};
	const uint32_t *slots;
	uint32_t count;

	*fo = (struct forecast_objectives){.count = 0};
	if (!index_init(&fo->ix, pf->pc.ix.view, pf->pc.ix.today, WAYS_BACK, stop, arg, err))
		return false;
	fo->has_index = true;
	slots = index_kind(&fo->ix, KIND_OBJECTIVE, &count);
	fo->list = calloc((size_t)count + 1, sizeof fo->list[0]);
	fo->kept = calloc((size_t)pf->pc.plan->count + 1, sizeof fo->kept[0]);
	c.stamps = calloc((size_t)fo->ix.slots + 1, sizeof c.stamps[0]);
	c.place = calloc((size_t)pf->pc.plan->count + 1, sizeof c.place[0]);
	c.failed = fo->list == NULL || fo->kept == NULL || c.stamps == NULL || c.place == NULL;
	for (uint32_t i = 0; !c.failed && i < count; i++)
		if (index_is(&fo->ix, slots[i], STANDING_JUDGED))
			fo->list[fo->count++].slot = slots[i];
	if (!c.failed && fo->count > 0)
		qsort_r(fo->list, fo->count, sizeof fo->list[0], compare_objectives, &fo->ix);
	for (uint32_t i = 0; !c.failed && i < fo->count; i++) {
		if (stop != NULL && stop(arg)) {
			free(c.stamps);
			free(c.place);
			return err_set(err, ERR_CANCELLED, "the forecast was cancelled");
		}
		look_at(&c, &fo->list[i]);
	}
	free(c.stamps);
	free(c.place);
	return !c.failed || err_oom(err);
}

void
forecast_objectives_close(struct forecast_objectives *fo)
{
	if (fo->has_index)
		index_fini(&fo->ix);
	free(fo->list);
	free(fo->works);
	free(fo->kept);
	*fo = (struct forecast_objectives){.count = 0};
}

/* ---- chances */

static void
judge_outcome(const struct forecast_objectives *fo, struct forecast_objective *o)
{
	struct aims aims;
	struct aim aim;

	o->outcome = NAN;
	o->unknown = SLOT_NONE;
	if (o->aims == 0) {
		o->why = "it has no measure";
		return;
	}
	aims_init(&aims, &fo->ix, o->slot);
	while (aims_next(&aims, &aim)) {
		struct forecast_chance chance = forecast_aim(&fo->ix, &aim, aim.due);

		if (isnan(chance.chance)) {
			o->outcome = NAN;
			o->unknown = aim.measure;
			o->why = chance.why;
			return;
		}
		if (isnan(o->outcome) || chance.chance < o->outcome)
			o->outcome = chance.chance;
	}
}

static void
judge_work(const struct forecast_objectives *fo, const struct plan_forecast *pf,
    enum plan_forecast_mode mode, struct forecast_objective *o)
{
	uint32_t initiatives = pf->pc.plan->problem.initiatives;
	float by = (float)((int64_t)o->due - pf->pc.ix.today + 1);
	uint32_t met = 0;

	o->work = NAN;
	if (o->due == DATE_NONE || o->works_count + o->done == 0)
		return;
	for (uint32_t d = 0; d < pf->draws; d++) {
		bool all = true;

		for (uint32_t k = 0; k < o->works_count && all; k++) {
			uint32_t row = initiatives + fo->works[o->works_first + k];

			all = plan_forecast_ends(pf, mode, row)[d] <= by;
		}
		met += all;
	}
	o->work = (double)met / pf->draws;
}

void
forecast_objectives_judge(
    struct forecast_objectives *fo, const struct plan_forecast *pf, enum plan_forecast_mode mode)
{
	for (uint32_t i = 0; i < fo->count; i++) {
		judge_outcome(fo, &fo->list[i]);
		judge_work(fo, pf, mode, &fo->list[i]);
	}
}
