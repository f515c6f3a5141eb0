/*
 * The score of what stands around the work: values, customers, acceptances and the outside.
 *
 * Everything earns by being there, and nothing by being absent: what is broken, refused, out of line or behind is found by rules and not
 * scored, since it would vanish with the promise, the answer or the number that it is about.
 */
#include "server/insight/score/score_internal.h"

#include <math.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "server/insight/customer/journeys.h"
#include "server/limits.h"
#include "server/plan/change_area.h"

#define STOP_EVERY      4096u
#define AREAS_MEMORY    ((size_t)8 << 20) /* of one strategy */
#define STRATEGY_MONTHS 12
#define THIRD           (SCORE_WHOLE / 3)

struct facts {
	const struct index *ix;
	uint8_t *of;
	index_stop_fn stop;
	void *arg;
	unsigned ticks;
};

static bool
goes_on(struct facts *f, struct err *err)
{
	if (++f->ticks % STOP_EVERY != 0 || f->stop == NULL || !f->stop(f->arg))
		return true;
	return err_set(err, ERR_CANCELLED, "cancelled");
}

/* ---- mirror */

/* What was done, and is stated to be: what is open, rejected or broken is as good as not said. */
static bool
is_act(const struct index *ix, uint32_t slot)
{
	enum { DECISION_ACCEPTED = 2, COMMITMENT_KEPT = 1 };
	unsigned status = ix->items[slot]->status;

	if (!index_is(ix, slot, STANDING_LIVE))
		return false;
	switch (ix->kinds[slot]) {
	case KIND_POLICY:
		return true;
	case KIND_DECISION:
		return status == DECISION_ACCEPTED;
	case KIND_COMMITMENT:
		return status == COMMITMENT_KEPT;
	default:
		return false;
	}
}

/* Either may hold the link. */
static void
see_honours(struct facts *f, uint32_t slot)
{
	const struct index *ix = f->ix;
	bool is_value = ix->kinds[slot] == KIND_VALUE;
	struct edges out = index_out(ix, slot);

	for (uint32_t i = 0; (is_value || is_act(ix, slot)) && i < out.count; i++) {
		uint32_t to = out.list[i].slot;
		unsigned role = out.list[i].role;

		if (role != ROLE_HONOURS && role != ROLE_LINK_SUPPORTS &&
		    role != ROLE_LINK_RELATES && role != ROLE_LINK_CONTRIBUTES)
			continue;
		if (is_value && is_act(ix, to))
			f->of[slot] |= FACT_HONOURED;
		else if (!is_value && ix->kinds[to] == KIND_VALUE)
			f->of[to] |= FACT_HONOURED;
	}
}

void
score_mirror(const uint8_t *facts, struct score_unit *unit)
{
	if ((facts[unit->slot] & FACT_HONOURED) == 0)
		score_lack(unit, "no policy, accepted decision or kept commitment honours it",
		    "mirror/value-on-the-wall");
	unit->earned = unit->lacks_count == 0 ? SCORE_WHOLE : 0;
}

/* ---- customer */

struct answered {
	bool any;
	unsigned best; /* twelfths of the expectation that earns most */
	bool is_rated;
	bool is_met_by;
};

static void
see_expectation(const struct index *ix, uint32_t slot, struct answered *a)
{
	const struct item *item = ix->items[slot];
	const struct target *own = item->targets_count > 0 ? item_targets(item) : NULL;
	uint32_t step = journeys_target(ix, slot, ROLE_IN);
	bool rated = own != NULL && !isnan(own->baseline) && !isnan(own->target);
	bool met = step != SLOT_NONE && journeys_target(ix, step, ROLE_MET_BY) != SLOT_NONE;
	unsigned earned = THIRD * ((unsigned)rated + met);

	/* of two that earn the same it must not hang on their order what is told */
	if (a->any && (earned < a->best || (earned == a->best && rated <= a->is_rated)))
		return;
	*a = (struct answered){true, earned, rated, met};
}

/* It, and what it is a part of. */
static bool
see_answers(const struct index *ix, uint32_t objective, struct answered *a)
{
	bool in_words = false;

	for (unsigned depth = 0; objective != SLOT_NONE && depth < LIMIT_DEPTH; depth++) {
		struct edges out = index_out(ix, objective);

		in_words |= (ix->has[objective] & HAS_EXPECTATION) != 0;
		for (uint32_t i = 0; i < out.count; i++) {
			if (out.list[i].role == ROLE_ANSWERS &&
			    ix->kinds[out.list[i].slot] == KIND_EXPECTATION &&
			    index_is(ix, out.list[i].slot, STANDING_LIVE))
				see_expectation(ix, out.list[i].slot, a);
		}
		objective = journeys_target(ix, objective, ROLE_PARENT);
	}
	return in_words || a->any;
}

void
score_customer(const struct index *ix, struct score_unit *unit)
{
	struct answered a = {.any = false};

	if (!see_answers(ix, unit->slot, &a)) {
		score_lack(
		    unit, "it answers nothing that customers expect", "outcome/no-expectation");
		return;
	}
	if (!a.is_rated)
		score_lack(unit,
		    "of no expectation that it answers is stated how important it is and how well "
		    "it is met",
		    "customer/pain-unattended");
	if (!a.is_met_by)
		score_lack(unit,
		    "of no expectation that it answers is stated who meets the customer there",
		    "customer/no-owner-at-step");
	unit->earned = (uint8_t)(THIRD + a.best);
}

/* ---- clarity */

static void
see_acceptance(struct facts *f, uint32_t slot)
{
	enum { SAID_ACCEPTED = 0 };
	const struct index *ix = f->ix;
	const struct item *record = ix->items[slot];
	uint32_t by = index_target(ix, slot, ROLE_BY);
	uint32_t about = index_target(ix, slot, ROLE_ABOUT);
	int32_t age = ix->today - record->start;

	if (record->status == SAID_ACCEPTED && by != SLOT_NONE && about != SLOT_NONE &&
	    ix->kinds[about] == KIND_BASELINE && age >= 0 &&
	    age <= SCORE_EVERY_DAYS + SCORE_GRACE_DAYS)
		f->of[by] |= FACT_ACCEPTED;
}

void
score_clarity(const struct index *ix, const uint8_t *facts, struct score_unit *unit)
{
	struct edges out = index_out(ix, unit->slot);

	for (uint32_t i = 0; i < out.count; i++) {
		uint32_t who = out.list[i].slot;

		if (out.list[i].role == ROLE_OWNER && ix->kinds[who] == KIND_PERSON &&
		    index_is(ix, who, STANDING_LIVE) && (facts[who] & FACT_ACCEPTED) != 0)
			unit->earned = SCORE_WHOLE;
	}
	if (unit->earned == 0)
		score_lack(unit, "none of its owners has accepted the plan in the last 99 days",
		    "clarity/not-accepted");
}

/* ---- horizon */

static bool
see_areas(struct facts *f, uint32_t slot, struct arena *arena)
{
	struct change_area *areas;
	size_t count;

	arena_reset(arena);
	if (!change_areas_read(f->ix->view, f->ix->items[slot], arena, &areas, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (areas[i].end_state[0] != '\0' && areas[i].timeframe != DATE_NONE)
			f->of[slot] |= FACT_AREA;
	}
	return true;
}

static bool
answers_assessment(const struct index *ix, uint32_t strategy)
{
	struct edges out = index_out(ix, strategy);

	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].role == ROLE_ANSWERS &&
		    ix->kinds[out.list[i].slot] == KIND_ASSESSMENT &&
		    index_is(ix, out.list[i].slot, STANDING_LIVE))
			return true;
	}
	return false;
}

void
score_horizon(const struct index *ix, const uint8_t *facts, struct score_unit *unit)
{
	const struct item *item = ix->items[unit->slot];
	bool spans = item->start != DATE_NONE && item->finish != DATE_NONE &&
		     item->start <= item->finish &&
		     date_months_within(item->start, item->finish) >= STRATEGY_MONTHS;
	bool area = (facts[unit->slot] & FACT_AREA) != 0;
	bool answers = answers_assessment(ix, unit->slot);

	if (!area)
		score_lack(unit, "no change area says how it will be, and by when",
		    "horizon/no-end-state");
	if (!answers)
		score_lack(unit, "it answers nothing that happens outside", "horizon/untested");
	if (!spans)
		score_lack(
		    unit, "it states no first and last day a year apart", "horizon/out-of-range");
	unit->earned = (uint8_t)(THIRD * ((unsigned)area + answers + spans));
}

/* ---- all */

static bool
see_strategies(struct facts *f, struct err *err)
{
	uint32_t count;
	const uint32_t *slots = index_kind(f->ix, KIND_STRATEGY, &count);
	struct arena *arena = count > 0 ? arena_new(AREAS_MEMORY) : NULL;
	bool ok = count == 0 || arena != NULL || err_oom(err);

	for (uint32_t i = 0; ok && i < count; i++)
		ok = goes_on(f, err) && (see_areas(f, slots[i], arena) || err_oom(err));
	arena_free(arena);
	return ok;
}

bool
score_facts(const struct index *ix, uint8_t *facts, index_stop_fn stop, void *arg, struct err *err)
{
	static const struct {
		enum kind kind;
		void (*see)(struct facts *f, uint32_t slot);
	} kinds[] = {{KIND_VALUE, see_honours}, {KIND_POLICY, see_honours},
	    {KIND_DECISION, see_honours}, {KIND_COMMITMENT, see_honours},
	    {KIND_ACCEPTANCE, see_acceptance}};
	struct facts f = {.ix = ix, .of = facts, .stop = stop, .arg = arg};

	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
		uint32_t count;
		const uint32_t *slots = index_kind(ix, kinds[k].kind, &count);

		for (uint32_t i = 0; i < count; i++) {
			if (!goes_on(&f, err))
				return false;
			kinds[k].see(&f, slots[i]);
		}
	}
	return see_strategies(&f, err);
}
