#include "server/insight/rhythm/agenda.h"

#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "server/insight/check/rhythm.h"

#define STOP_EVERY 4096u

/* What of an item belongs to it in any case; and what else hangs below that which a meeting is said to be about. */
#define PARTS                                                                                      \
	(ROLE_BIT(ROLE_PART_OF) | ROLE_BIT(ROLE_INLINE_UNDER) | ROLE_BIT(ROLE_IN) |                \
	    ROLE_BIT(ROLE_ABOUT))
#define BELOW                                                                                      \
	(PARTS | ROLE_BIT(ROLE_PARENT) | ROLE_BIT(ROLE_OBJECTIVE) | ROLE_BIT(ROLE_CONTRIBUTION) |  \
	    ROLE_BIT(ROLE_GOAL) | ROLE_BIT(ROLE_STRATEGY))

struct maker {
	struct agenda *a;
	const struct index *ix;
	const struct cadence *cadence;
	struct arena *arena;
	index_stop_fn stop;
	void *arg;
	uint32_t *queue; /* as long as the plan */
	size_t points_cap;
	unsigned ticks;
	bool oom;
	bool stopped;
};

static bool
goes_on(struct maker *m)
{
	if (m->ticks++ % STOP_EVERY == 0 && m->stop != NULL && m->stop(m->arg))
		m->stopped = true;
	return !m->stopped && !m->oom;
}

/* No two are the same: lists are short, or what they hold is marked. */
static void
add_slot(struct maker *m, struct slots *slots, uint32_t slot)
{
	size_t cap = slots->count;

	if ((slots->count & (slots->count - 1)) == 0) { /* full at each power of two */
		uint32_t *grown =
		    arena_array(m->arena, cap > 0 ? 2 * cap : 1, sizeof slots->list[0]);

		if (grown == NULL) {
			m->oom = true;
			return;
		}
		if (cap > 0)
			memcpy(grown, slots->list, cap * sizeof grown[0]);
		slots->list = grown;
	}
	slots->list[slots->count++] = slot;
}

static bool
has_slot(const struct slots *slots, uint32_t slot)
{
	for (size_t i = 0; i < slots->count; i++) {
		if (slots->list[i] == slot)
			return true;
	}
	return false;
}

/* ---- whom it concerns */

static void
add_person(struct maker *m, uint32_t person)
{
	const struct index *ix = m->ix;

	if (ix->kinds[person] == KIND_TEAM)
		return;
	if (!cadence_is_here(ix, person, ix->today)) {
		if (!has_slot(&m->a->gone, person))
			add_slot(m, &m->a->gone, person);
		return;
	}
	if (agenda_is(m->a, person, AGENDA_PERSON))
		return;
	m->a->marks[person] |= AGENDA_PERSON;
	add_slot(m, &m->a->people, person);
}

static void
find_people(struct maker *m)
{
	const struct index *ix = m->ix;
	struct edges out = index_out(ix, m->a->plan->review);

	for (uint32_t i = 0; i < out.count && !m->oom; i++) {
		if (out.list[i].role == ROLE_ATTENDEE || out.list[i].role == ROLE_SEAT ||
		    out.list[i].role == ROLE_OWNER)
			add_person(m, out.list[i].slot);
	}
	for (size_t i = 0; i < m->a->people.count; i++) {
		struct edges in = index_in(ix, m->a->people.list[i]);

		for (uint32_t k = 0; k < in.count; k++) {
			if (ix->kinds[in.list[k].slot] == KIND_TEAM &&
			    (in.list[k].role == ROLE_LEAD || in.list[k].role == ROLE_OWNER))
				m->a->marks[in.list[k].slot] |= AGENDA_TEAM;
		}
	}
}

/* ---- what it is about */

/* Besides enum agenda_mark: is among the roots already. */
#define ROOT 8u

static void
add_root(struct maker *m, struct slots *roots, uint32_t slot)
{
	if (!index_is(m->ix, slot, STANDING_LIVE) || (m->a->marks[slot] & ROOT) != 0)
		return;
	m->a->marks[slot] |= ROOT;
	add_slot(m, roots, slot);
}

/* Marks the roots and what hangs below them by these roles. */
static void
spread(struct maker *m, const uint32_t *roots, size_t count, uint64_t roles)
{
	const struct index *ix = m->ix;
	size_t done = 0, waiting = 0;

	for (size_t i = 0; i < count; i++) {
		if (!agenda_is(m->a, roots[i], AGENDA_SCOPE))
			m->queue[waiting++] = roots[i];
		m->a->marks[roots[i]] |= AGENDA_SCOPE;
	}
	for (; done < waiting && goes_on(m); done++) {
		struct edges in = index_in(ix, m->queue[done]);
		struct edges out = index_out(ix, m->queue[done]);

		m->a->scope += !kind_is_record(ix->kinds[m->queue[done]]);
		for (uint32_t i = 0; i < in.count + out.count; i++) {
			const struct edge *e = i < in.count ? &in.list[i] : &out.list[i - in.count];
			bool follows = i < in.count ? (roles & ROLE_BIT(e->role)) != 0
						    : e->role == ROLE_TARGET_MEASURE;

			if (!follows || agenda_is(m->a, e->slot, AGENDA_SCOPE) ||
			    !index_is(ix, e->slot, STANDING_LIVE))
				continue;
			m->a->marks[e->slot] |= AGENDA_SCOPE;
			m->queue[waiting++] = e->slot;
		}
	}
}

/* What is owned by a person or team that is marked so. */
static void
add_owned(struct maker *m, struct slots *roots, uint32_t owner)
{
	struct edges in = index_in(m->ix, owner);

	for (uint32_t i = 0; i < in.count && !m->oom; i++) {
		unsigned kind = m->ix->kinds[in.list[i].slot];

		if (in.list[i].role == ROLE_OWNER && kind != KIND_REVIEW && kind != KIND_TEAM &&
		    kind != KIND_SCENARIO && index_is(m->ix, in.list[i].slot, STANDING_JUDGED))
			add_root(m, roots, in.list[i].slot);
	}
}

static void
find_stated(struct maker *m, struct slots *roots, enum role role)
{
	struct edges out = index_out(m->ix, m->a->plan->review);

	for (uint32_t i = 0; i < out.count && !m->oom; i++) {
		if (out.list[i].role == role)
			add_root(m, roots, out.list[i].slot);
	}
}

/* A customer room that says nothing else is about the customers, and about what answers their expectations. */
static void
find_customers(struct maker *m, struct slots *roots)
{
	static const enum kind kinds[] = {
	    KIND_SEGMENT, KIND_JOURNEY, KIND_EXPECTATION, KIND_OBJECTIVE};
	uint32_t count;

	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
		const uint32_t *slots = index_kind(m->ix, kinds[k], &count);

		for (uint32_t i = 0; i < count && goes_on(m); i++) {
			if (kinds[k] != KIND_OBJECTIVE ||
			    (m->ix->roles[slots[i]] & ROLE_BIT(ROLE_ANSWERS)) != 0)
				add_root(m, roots, slots[i]);
		}
	}
}

/* What these people and their teams answer for. */
static void
find_own(struct maker *m, struct slots *roots)
{
	for (size_t i = 0; i < m->a->people.count; i++)
		add_owned(m, roots, m->a->people.list[i]);
	for (uint32_t slot = 0; slot < m->ix->slots && goes_on(m); slot++) {
		if (agenda_is(m->a, slot, AGENDA_TEAM))
			add_owned(m, roots, slot);
	}
}

static void
find_scope(struct maker *m)
{
	const struct index *ix = m->ix;
	struct agenda *a = m->a;
	size_t stated;

	find_stated(m, &a->about, ROLE_AFFECTS);
	stated = a->about.count;
	/* Of a person or team that it is about, what they answer for. */
	for (size_t i = 0; i < stated && !m->oom; i++) {
		if (ix->kinds[a->about.list[i]] == KIND_TEAM ||
		    ix->kinds[a->about.list[i]] == KIND_PERSON)
			add_owned(m, &a->about, a->about.list[i]);
	}
	if (stated == 0 && ix->items[a->plan->review]->extra == REVIEW_CUSTOMER_ROOM)
		find_customers(m, &a->about);
	spread(m, a->about.list, a->about.count, BELOW);
	stated = a->about.count;
	find_stated(m, &a->about, ROLE_SPEAKS_FOR);
	a->stated = a->about.count > 0;
	if (!a->stated)
		find_own(m, &a->about);
	if (!m->oom)
		spread(m, a->about.list + stated, a->about.count - stated, PARTS);
}

/* ---- what is open */

static bool
is_one_of_them(const struct maker *m, uint32_t who)
{
	return agenda_is(m->a, who, AGENDA_PERSON | AGENDA_TEAM);
}

/* Of what it is about; of these people among each other; of any of them, where it is about what is theirs. */
static bool
concerns(const struct maker *m, uint32_t from, uint32_t to, uint32_t work)
{
	bool of_from = is_one_of_them(m, from), of_to = is_one_of_them(m, to);

	return agenda_is(m->a, work, AGENDA_SCOPE) || (of_from && of_to) ||
	       (!m->a->stated && (of_from || of_to));
}

static void
add_point(struct maker *m, struct agenda_point point)
{
	struct agenda *a = m->a;
	struct agenda_point *grown;

	if (a->points_count == m->points_cap) {
		size_t cap = m->points_cap > 0 ? 2 * m->points_cap : 64;

		grown = arena_array(m->arena, cap, sizeof grown[0]);
		if (grown == NULL) {
			m->oom = true;
			return;
		}
		if (a->points_count > 0)
			memcpy(grown, a->points, a->points_count * sizeof grown[0]);
		a->points = grown;
		m->points_cap = cap;
	}
	point.rank = point.waits != SLOT_NONE ? rhythm_rank(m->ix, point.waits) : RANK_NONE;
	a->points[a->points_count++] = point;
}

static int32_t
created_on(const struct item *item)
{
	return zone_date(NULL, item->created_us);
}

static void
find_asks(struct maker *m)
{
	enum { ASKED = 0, COUNTERED = 3 };
	const struct index *ix = m->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_ASK, &count);

	for (uint32_t i = 0; i < count && goes_on(m); i++) {
		const struct item *ask = ix->items[slots[i]];
		uint32_t from = index_target(ix, slots[i], ROLE_FROM);
		uint32_t to = index_target(ix, slots[i], ROLE_TO);

		if (!index_is(ix, slots[i], STANDING_JUDGED) ||
		    (ask->status != ASKED && ask->status != COUNTERED) ||
		    !concerns(m, from, to, ix->part_of[slots[i]]))
			continue;
		add_point(m, (struct agenda_point){.kind = AGENDA_ASK,
				 .slot = slots[i],
				 .from = from,
				 .to = to,
				 .waits = ix->part_of[slots[i]],
				 .since = created_on(ask),
				 .due = ask->finish});
	}
}

static void
find_requests(struct maker *m)
{
	const struct index *ix = m->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_REQUEST, &count);

	for (uint32_t i = 0; i < count && goes_on(m); i++) {
		const struct item *request = ix->items[slots[i]];
		uint32_t from = index_target(ix, slots[i], ROLE_FROM);
		uint32_t to = index_target(ix, slots[i], ROLE_TO);
		uint32_t work = index_target(ix, slots[i], ROLE_AFFECTS);

		if (!index_is(ix, slots[i], STANDING_JUDGED) || !concerns(m, from, to, work))
			continue;
		add_point(m,
		    (struct agenda_point){.kind = AGENDA_REQUEST,
			.slot = slots[i],
			.from = from,
			.to = to,
			.waits = work,
			.since = request->start != DATE_NONE ? request->start : created_on(request),
			.due = request->finish});
	}
}

/* The first target of a role that is one of them, else the first. */
static uint32_t
one_of(const struct maker *m, uint32_t slot, enum role role)
{
	struct edges out = index_out(m->ix, slot);
	uint32_t first = SLOT_NONE;

	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].role != role)
			continue;
		if (is_one_of_them(m, out.list[i].slot) ||
		    agenda_is(m->a, out.list[i].slot, AGENDA_SCOPE))
			return out.list[i].slot;
		if (first == SLOT_NONE)
			first = out.list[i].slot;
	}
	return first;
}

static int32_t
horizon(const struct maker *m)
{
	const struct meeting_plan *plan = m->a->plan;
	int32_t today = m->ix->today;
	int32_t next =
	    cadence_next(m->cadence, plan, plan->planned > today ? plan->planned : today);

	return next != DATE_NONE ? cadence_day(plan, next) : today + AGENDA_AHEAD;
}

static void
find_commitments(struct maker *m)
{
	const struct index *ix = m->ix;
	int32_t until = horizon(m);
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_COMMITMENT, &count);

	for (uint32_t i = 0; i < count && goes_on(m); i++) {
		const struct item *commitment = ix->items[slots[i]];
		uint32_t from = index_target(ix, slots[i], ROLE_FROM);
		uint32_t to = one_of(m, slots[i], ROLE_TO);
		uint32_t about = one_of(m, slots[i], ROLE_AFFECTS);

		if (!index_is(ix, slots[i], STANDING_JUDGED) || commitment->finish == DATE_NONE ||
		    commitment->finish > until || !concerns(m, from, to, about))
			continue;
		add_point(m, (struct agenda_point){.kind = AGENDA_COMMITMENT,
				 .slot = slots[i],
				 .from = from,
				 .to = to,
				 .waits = about,
				 .since = commitment->start != DATE_NONE ? commitment->start
									 : created_on(commitment),
				 .due = commitment->finish});
	}
}

/* ---- who cannot accept a baseline yet */

/* The newest word of a person on a baseline first. */
static int
by_baseline(const void *pa, const void *pb, void *arg)
{
	const struct index *ix = arg;
	const uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
	uint32_t baseline_a = index_target(ix, a, ROLE_ABOUT);
	uint32_t baseline_b = index_target(ix, b, ROLE_ABOUT);
	uint32_t person_a = index_target(ix, a, ROLE_BY);
	uint32_t person_b = index_target(ix, b, ROLE_BY);
	const struct item *ia = ix->items[a], *ib = ix->items[b];

	if (baseline_a != baseline_b)
		return baseline_a < baseline_b ? -1 : 1;
	if (person_a != person_b)
		return person_a < person_b ? -1 : 1;
	if (item_at_us(ia) != item_at_us(ib))
		return item_at_us(ia) > item_at_us(ib) ? -1 : 1;
	if (ia->created_revision != ib->created_revision)
		return ia->created_revision > ib->created_revision ? -1 : 1;
	return index_compare(ix, b, a);
}

static void
judge_acceptance(struct maker *m, uint32_t slot)
{
	enum { BLOCKED = 1 };
	const struct index *ix = m->ix;
	uint32_t by = index_target(ix, slot, ROLE_BY);
	uint32_t clears = index_target(ix, slot, ROLE_ANSWERED_BY);

	if (ix->items[slot]->status != BLOCKED ||
	    (!is_one_of_them(m, by) && !is_one_of_them(m, clears)))
		return;
	add_point(m, (struct agenda_point){.kind = AGENDA_ACCEPTANCE,
			 .slot = slot,
			 .from = by,
			 .to = clears,
			 .waits = index_target(ix, slot, ROLE_ABOUT),
			 .since = ix->items[slot]->start,
			 .due = DATE_NONE});
}

static void
find_acceptances(struct maker *m)
{
	const struct index *ix = m->ix;
	uint32_t count, n = 0;
	const uint32_t *slots = index_kind(ix, KIND_ACCEPTANCE, &count);

	/* the queue is free by now, and as long as the plan */
	for (uint32_t i = 0; i < count && goes_on(m); i++) {
		if (ix->items[slots[i]]->start <= ix->today)
			m->queue[n++] = slots[i];
	}
	if (n > 1)
		qsort_r(m->queue, n, sizeof m->queue[0], by_baseline, (void *)(uintptr_t)ix);
	for (uint32_t i = 0; i < n && goes_on(m); i++) {
		uint32_t before = i > 0 ? m->queue[i - 1] : SLOT_NONE;

		if (before != SLOT_NONE &&
		    index_target(ix, before, ROLE_ABOUT) ==
			index_target(ix, m->queue[i], ROLE_ABOUT) &&
		    index_target(ix, before, ROLE_BY) == index_target(ix, m->queue[i], ROLE_BY))
			continue;
		judge_acceptance(m, m->queue[i]);
	}
}

/* ---- decisions */

static bool
is_to_decide(const struct maker *m, uint32_t decision)
{
	const struct index *ix = m->ix;
	uint32_t made_in = index_target(ix, decision, ROLE_DECIDED);

	if (made_in != SLOT_NONE && index_is(ix, made_in, STANDING_LIVE))
		return made_in == m->a->plan->review;
	return concerns(
	    m, one_of(m, decision, ROLE_OWNER), SLOT_NONE, one_of(m, decision, ROLE_AFFECTS));
}

/* At the last meeting, or in this review since then. */
static bool
was_decided(const struct maker *m, uint32_t decision)
{
	const struct meeting_plan *plan = m->a->plan;
	int32_t day = m->ix->items[decision]->done;

	if (plan->last == SLOT_NONE)
		return false;
	return index_has_target(m->ix, plan->last, ROLE_DECIDED, decision) ||
	       (index_has_target(m->ix, decision, ROLE_DECIDED, plan->review) && day != DATE_NONE &&
		   day >= plan->last_day && day <= m->ix->today);
}

static void
find_decisions(struct maker *m)
{
	enum { DECISION_PROPOSED = 0 };
	const struct index *ix = m->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_DECISION, &count);

	for (uint32_t i = 0; i < count && goes_on(m); i++) {
		if (ix->items[slots[i]]->status == DECISION_PROPOSED) {
			if (is_to_decide(m, slots[i]))
				add_slot(m, &m->a->to_decide, slots[i]);
		} else if (was_decided(m, slots[i])) {
			add_slot(m, &m->a->decided, slots[i]);
		}
	}
	if (m->a->to_decide.count > 1)
		qsort_r(m->a->to_decide.list, m->a->to_decide.count, sizeof(uint32_t),
		    index_by_finish, (void *)(uintptr_t)ix);
	if (m->a->decided.count > 1)
		qsort_r(m->a->decided.list, m->a->decided.count, sizeof(uint32_t), index_by_finish,
		    (void *)(uintptr_t)ix);
}

/* ---- all of it */

static int
by_urgency(const void *pa, const void *pb, void *arg)
{
	const struct agenda_point *a = pa, *b = pb;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->due != b->due)
		return date_compare(a->due, b->due);
	return index_compare(arg, a->slot, b->slot);
}

bool
agenda_run(const struct cadence *cadence, const struct meeting_plan *plan, index_stop_fn stop,
    void *arg, struct arena *arena, struct agenda *out, struct err *err)
{
	const struct index *ix = cadence->ix;
	struct maker m = {
	    .a = out, .ix = ix, .cadence = cadence, .arena = arena, .stop = stop, .arg = arg};

	*out = (struct agenda){.ix = ix, .plan = plan};
	out->marks = arena_zalloc(arena, (size_t)ix->slots + 1);
	m.queue = malloc(((size_t)ix->slots + 1) * sizeof m.queue[0]);
	if (out->marks == NULL || m.queue == NULL) {
		free(m.queue);
		return err_oom(err);
	}
	find_people(&m);
	find_scope(&m);
	find_asks(&m);
	find_requests(&m);
	find_commitments(&m);
	find_acceptances(&m);
	find_decisions(&m);
	free(m.queue);
	if (m.stopped)
		return err_set(err, ERR_CANCELLED, "cancelled");
	if (m.oom)
		return err_oom(err);
	if (out->points_count > 1)
		qsort_r(out->points, out->points_count, sizeof out->points[0], by_urgency,
		    (void *)(uintptr_t)ix);
	return true;
}
