#include "server/insight/customer/ecosystem.h"

#include <stdlib.h>

void
supports_fini(struct supports *supports)
{
	free(supports->list);
	slots_fini(&supports->expectations);
	slots_fini(&supports->unanswered);
	slots_fini(&supports->work);
	slots_fini(&supports->scratch);
	*supports = (struct supports){0};
}

uint32_t
ecosystem_team(const struct index *ix, uint32_t slot)
{
	uint32_t team, owner;

	if (ix->kinds[slot] == KIND_TEAM)
		return slot;
	team = ix->kinds[slot] == KIND_OBJECTIVE ? journeys_target(ix, slot, ROLE_TEAM) : SLOT_NONE;
	if (team != SLOT_NONE)
		return team;
	owner = journeys_target(ix, slot, ROLE_OWNER);
	if (owner == SLOT_NONE || ix->kinds[owner] == KIND_TEAM)
		return owner;
	return journeys_target(ix, owner, ROLE_TEAM);
}

static void
add(struct supports *out, struct support support)
{
	size_t cap = out->cap > 0 ? 2 * out->cap : 32;
	struct support *bigger;

	if (out->count == out->cap) {
		bigger = realloc(out->list, cap * sizeof bigger[0]);
		if (bigger == NULL) {
			out->oom = true;
			return;
		}
		out->list = bigger;
		out->cap = cap;
	}
	out->list[out->count++] = support;
}

static void
add_of(const struct index *ix, struct supports *out, uint32_t slot, uint32_t through,
    enum support_side side, enum support_how how)
{
	add(out,
	    (struct support){slot, through, ecosystem_team(ix, slot), (uint8_t)side, (uint8_t)how});
}

static bool
is_open_work(const struct index *ix, uint32_t slot)
{
	return (ix->kinds[slot] == KIND_INITIATIVE || ix->kinds[slot] == KIND_WORKSTREAM) &&
	       index_is(ix, slot, STANDING_JUDGED);
}

/* Teams that work needs: they are behind it, whoever leads it. */
static void
add_needed(const struct index *ix, struct supports *out, uint32_t work)
{
	struct edges edges = index_out(ix, work);

	for (uint32_t i = 0; i < edges.count; i++) {
		uint32_t team = edges.list[i].slot;

		if (edges.list[i].role == ROLE_NEED && ix->kinds[team] == KIND_TEAM &&
		    index_is(ix, team, STANDING_LIVE))
			add_of(ix, out, team, work, SUPPORT_BACK, SUPPORT_NEEDED);
	}
}

/* What the step itself says. */
static void
add_stated(const struct index *ix, struct supports *out, uint32_t step)
{
	uint32_t team = journeys_target(ix, step, ROLE_MET_BY);
	uint32_t measure = journeys_target(ix, step, ROLE_JUDGED_BY);
	struct edges edges = index_out(ix, step);

	if (team != SLOT_NONE)
		add_of(ix, out, team, SLOT_NONE, SUPPORT_FRONT, SUPPORT_MEETS);
	if (measure != SLOT_NONE)
		add(out, (struct support){measure, SLOT_NONE,
			     team != SLOT_NONE ? team : ecosystem_team(ix, measure), SUPPORT_FRONT,
			     SUPPORT_JUDGES});
	for (uint32_t i = 0; i < edges.count; i++) {
		uint32_t slot = edges.list[i].slot;
		bool work =
		    ix->kinds[slot] == KIND_INITIATIVE || ix->kinds[slot] == KIND_WORKSTREAM;

		if (edges.list[i].role != ROLE_BACKSTAGE || !index_is(ix, slot, STANDING_LIVE) ||
		    (work && !index_is(ix, slot, STANDING_JUDGED)))
			continue;
		add_of(ix, out, slot, SLOT_NONE, SUPPORT_BACK, SUPPORT_BEHIND);
		if (work)
			add_needed(ix, out, slot);
	}
}

/* What shows whether it is met, and the open work for it. */
static void
add_behind_objective(const struct index *ix, struct supports *out, uint32_t objective)
{
	struct edges edges = index_out(ix, objective), in = index_in(ix, objective);

	for (uint32_t i = 0; i < edges.count; i++) {
		if (edges.list[i].role == ROLE_TARGET_MEASURE &&
		    index_is(ix, edges.list[i].slot, STANDING_LIVE))
			add(out,
			    (struct support){edges.list[i].slot, objective,
				ecosystem_team(ix, objective), SUPPORT_BACK, SUPPORT_MEASURES});
	}
	for (uint32_t i = 0; i < in.count; i++) {
		if ((in.list[i].role == ROLE_OBJECTIVE || in.list[i].role == ROLE_CONTRIBUTION) &&
		    is_open_work(ix, in.list[i].slot))
			add_of(ix, out, in.list[i].slot, objective, SUPPORT_BACK, SUPPORT_SERVES);
	}
}

static bool
add_answers(const struct journeys *js, struct supports *out)
{
	for (size_t i = 0; i < out->expectations.count; i++) {
		uint32_t expectation = out->expectations.list[i];

		if (!journeys_answers(js, expectation, &out->scratch))
			return false;
		if (out->scratch.count == 0 && !slots_add(&out->unanswered, expectation))
			return false;
		for (size_t k = 0; k < out->scratch.count; k++) {
			add_of(js->ix, out, out->scratch.list[k], expectation, SUPPORT_FRONT,
			    SUPPORT_ANSWERS);
			add_behind_objective(js->ix, out, out->scratch.list[k]);
		}
	}
	return true;
}

static int
compare_supports(const void *pa, const void *pb, void *arg)
{
	const struct support *a = pa, *b = pb;
	const struct index *ix = arg;
	int c;

	if (a->side != b->side)
		return a->side < b->side ? -1 : 1;
	if (a->how != b->how)
		return a->how < b->how ? -1 : 1;
	c = index_compare(ix, a->slot, b->slot);
	if (c != 0 || a->through == b->through)
		return c;
	return index_compare(ix, a->through, b->through);
}

/* Two expectations may lead to one objective. */
static void
settle(const struct index *ix, struct supports *out)
{
	size_t kept = 0;

	if (out->count < 2)
		return;
	qsort_r(
	    out->list, out->count, sizeof out->list[0], compare_supports, (void *)(uintptr_t)ix);
	for (size_t i = 0; i < out->count; i++) {
		if (kept == 0 || compare_supports(&out->list[i], &out->list[kept - 1],
				     (void *)(uintptr_t)ix) != 0)
			out->list[kept++] = out->list[i];
	}
	out->count = kept;
}

static void
count_one(const struct index *ix, uint32_t slot, struct support_count *count)
{
	switch (ix->kinds[slot]) {
	case KIND_TEAM:
		count->teams++;
		break;
	case KIND_OBJECTIVE:
		count->objectives++;
		break;
	case KIND_MEASURE:
		count->measures++;
		break;
	default:
		count->work++;
	}
}

bool
ecosystem_count(const struct index *ix, struct supports *supports, enum support_side side,
    uint32_t team, struct support_count *count)
{
	struct slots *slots = &supports->scratch;

	*count = (struct support_count){0};
	slots->count = 0;
	for (size_t i = 0; i < supports->count; i++) {
		const struct support *s = &supports->list[i];

		if (s->side == side && (team == SLOT_NONE || s->team == team) &&
		    !slots_add(slots, s->slot))
			return false;
	}
	slots_by_name(ix, slots);
	for (size_t i = 0; i < slots->count; i++)
		count_one(ix, slots->list[i], count);
	return true;
}

bool
ecosystem_of(
    const struct journeys *js, uint32_t step, uint32_t segment, int32_t day, struct supports *out)
{
	const struct index *ix = js->ix;

	out->count = out->unanswered.count = 0;
	if (!journeys_expectations(js, step, segment, day, &out->expectations) ||
	    !journeys_work(js, step, segment, &out->work))
		return false;
	out->holes = journeys_holes(js, step, out->expectations.count, out->work.count);
	add_stated(ix, out, step);
	for (size_t i = 0; i < out->work.count; i++) {
		add_of(ix, out, out->work.list[i], SLOT_NONE, SUPPORT_FRONT, SUPPORT_WORKS_ON);
		add_needed(ix, out, out->work.list[i]);
	}
	if (!add_answers(js, out))
		return false;
	if (out->unanswered.count > 0)
		out->holes |= HOLE_UNANSWERED;
	settle(ix, out);
	return !out->oom;
}
