#include "server/insight/score/score.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/check/aim.h"
#include "server/insight/score/score_internal.h"

#define STOP_EVERY 4096u
/* More numbers of the formula. */
#define RHYTHM_DAYS   14
#define AT_ONCE       3u
#define MICROS        UINT64_C(1000000)
#define WORK_APPROVED 2u
#define WORK_ACTIVE   3u
#define WORK_DONE     5u

enum mark {
	MARK_CONNECTED = 1, /* reaches a live goal */
	MARK_SERVED =
	    2, /* objective: running or done work serves it; goal: a judged objective does */
};

struct counting {
	const struct index *ix;
	index_stop_fn stop;
	void *arg;
	uint8_t *marks;  /* by slot: enum mark */
	uint32_t *queue; /* of slots whose marks are to be carried on */
	size_t queue_count;
	uint32_t
	    *at_once; /* by slot of a person: active initiatives that they lead alone, or execute */
	uint32_t ownerless; /* active initiatives that anybody could have to lead */
	uint32_t *sharing;  /* by rank: judged initiatives on it */
	uint32_t ranks;
	uint8_t *asks;  /* by slot of an initiative: enum asked */
	uint8_t *facts; /* by slot: enum score_fact */
	unsigned ticks;
};

enum asked { ASKED_WRONG = 1, ASKED_UNKNOWN = 2, ASKED_NOT_AGREED = 4, ASKED_LATE = 8 };

typedef void (*judge_fn)(const struct counting *c, uint32_t slot, struct score_unit *unit);

struct family {
	const char *name;
	uint32_t weight;
	enum kind kinds[3];
	bool active_only; /* of initiatives: those that are approved do not count yet */
	judge_fn judge;
};

static bool
stopped(struct counting *c, struct err *err)
{
	if (++c->ticks % STOP_EVERY != 0 || c->stop == NULL || !c->stop(c->arg))
		return false;
	err_set(err, ERR_CANCELLED, "cancelled");
	return true;
}

static bool
is_live(const struct index *ix, uint32_t slot)
{
	return index_is(ix, slot, STANDING_LIVE);
}

static bool
is_kept_up(const struct index *ix, uint32_t slot)
{
	return is_live(ix, slot) && !index_is(ix, slot, STANDING_GIVEN_UP);
}

static unsigned
status_of(const struct index *ix, uint32_t slot)
{
	return ix->items[slot]->status;
}

static bool
is_running(const struct index *ix, uint32_t slot)
{
	return index_is(ix, slot, STANDING_JUDGED) &&
	       (status_of(ix, slot) == WORK_APPROVED || status_of(ix, slot) == WORK_ACTIVE);
}

static bool
is_active(const struct index *ix, uint32_t slot)
{
	return index_is(ix, slot, STANDING_JUDGED) && status_of(ix, slot) == WORK_ACTIVE;
}

static bool
is_unit(const struct index *ix, uint32_t slot)
{
	switch (ix->kinds[slot]) {
	case KIND_INITIATIVE:
		return is_running(ix, slot);
	case KIND_VALUE:
	case KIND_STRATEGY: /* over or not: else taking its last day away would bring it back */
		return is_live(ix, slot);
	default:
		return index_is(ix, slot, STANDING_JUDGED);
	}
}

void
score_lack(struct score_unit *unit, const char *what, const char *rule)
{
	assert(unit->lacks_count < SCORE_LACKS_MAX);
	unit->lacks[unit->lacks_count] = what;
	unit->rules[unit->lacks_count] = rule;
	unit->lacks_count++;
}

/* ---- what reaches a goal, and what is served */

static void
mark(struct counting *c, uint32_t slot, enum mark bit)
{
	if (c->marks[slot] & bit)
		return;
	c->marks[slot] |= (uint8_t)bit;
	c->queue[c->queue_count++] = slot;
}

/* Does the reference lead from an aim, a strategy or work towards the goal that it is there for? */
static bool
leads_up(const struct index *ix, uint32_t from, unsigned role, uint32_t to)
{
	unsigned kind = ix->kinds[from];
	bool link = role == ROLE_LINK_CONTRIBUTES;

	if (kind == KIND_OBJECTIVE && ix->kinds[to] == KIND_GOAL)
		return link || role == ROLE_GOAL || role == ROLE_FURTHER_GOAL;
	if (kind == KIND_OBJECTIVE && ix->kinds[to] == KIND_OBJECTIVE)
		return link || role == ROLE_PARENT;
	if (kind == KIND_STRATEGY)
		return ix->kinds[to] == KIND_GOAL && (link || role == ROLE_GOAL);
	if (kind != KIND_INITIATIVE && kind != KIND_WORKSTREAM)
		return false;
	if (ix->kinds[to] == KIND_GOAL)
		return link;
	return ix->kinds[to] == KIND_OBJECTIVE &&
	       (link || role == ROLE_OBJECTIVE || role == ROLE_CONTRIBUTION);
}

static bool
mark_connected(struct counting *c, struct err *err)
{
	const struct index *ix = c->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_GOAL, &count);

	for (uint32_t i = 0; i < count; i++)
		mark(c, slots[i], MARK_CONNECTED);
	while (c->queue_count > 0) {
		uint32_t to = c->queue[--c->queue_count];
		struct edges in = index_in(ix, to);

		if (stopped(c, err))
			return false;
		for (uint32_t i = 0; i < in.count; i++) {
			uint32_t from = in.list[i].slot;

			if (is_kept_up(ix, from) && leads_up(ix, from, in.list[i].role, to))
				mark(c, from, MARK_CONNECTED);
		}
	}
	return true;
}

/* Carries MARK_SERVED from what was served to what it is a step towards. */
static bool
carry_served(struct counting *c, enum kind kind, struct err *err)
{
	const struct index *ix = c->ix;

	while (c->queue_count > 0) {
		uint32_t from = c->queue[--c->queue_count];
		struct edges out = index_out(ix, from);

		if (stopped(c, err))
			return false;
		for (uint32_t i = 0; i < out.count; i++) {
			uint32_t to = out.list[i].slot;
			bool up = kind == KIND_GOAL ? out.list[i].role == ROLE_PARENT
						    : leads_up(ix, from, out.list[i].role, to);

			if (up && ix->kinds[to] == kind && is_kept_up(ix, to))
				mark(c, to, MARK_SERVED);
		}
	}
	return true;
}

static void
mark_targets(struct counting *c, uint32_t from, enum kind kind)
{
	struct edges out = index_out(c->ix, from);

	for (uint32_t i = 0; i < out.count; i++) {
		uint32_t to = out.list[i].slot;

		if (c->ix->kinds[to] == kind && is_kept_up(c->ix, to) &&
		    leads_up(c->ix, from, out.list[i].role, to))
			mark(c, to, MARK_SERVED);
	}
}

static bool
mark_served(struct counting *c, struct err *err)
{
	static const enum kind works[] = {KIND_INITIATIVE, KIND_WORKSTREAM};
	const struct index *ix = c->ix;
	const uint32_t *slots;
	uint32_t count;

	for (size_t k = 0; k < sizeof works / sizeof works[0]; k++) {
		slots = index_kind(ix, works[k], &count);
		for (uint32_t i = 0; i < count; i++) {
			unsigned status = status_of(ix, slots[i]);

			if (stopped(c, err))
				return false;
			if (is_kept_up(ix, slots[i]) &&
			    (status == WORK_APPROVED || status == WORK_ACTIVE ||
				status == WORK_DONE))
				mark_targets(c, slots[i], KIND_OBJECTIVE);
		}
	}
	if (!carry_served(c, KIND_OBJECTIVE, err))
		return false;
	slots = index_kind(ix, KIND_OBJECTIVE, &count);
	for (uint32_t i = 0; i < count; i++) {
		if (index_is(ix, slots[i], STANDING_JUDGED))
			mark_targets(c, slots[i], KIND_GOAL);
	}
	return carry_served(c, KIND_GOAL, err);
}

static void
judge_sight(const struct counting *c, uint32_t slot, struct score_unit *unit)
{
	unsigned kind = c->ix->kinds[slot];
	uint8_t marks = c->marks[slot];

	if (kind == KIND_GOAL && (marks & MARK_SERVED) == 0)
		score_lack(unit, "no open objective serves it", "sight/empty-goal");
	if ((marks & MARK_CONNECTED) == 0)
		score_lack(unit, "it reaches no goal", "sight/orphan");
	if (kind == KIND_OBJECTIVE && (marks & MARK_SERVED) == 0)
		score_lack(unit, "no running or finished work serves it", "sight/unserved");
	unit->earned = unit->lacks_count == 0 ? SCORE_WHOLE : 0;
}

/* ---- priority */

static bool
count_ranks(struct counting *c, struct err *err)
{
	const struct index *ix = c->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_INITIATIVE, &count);

	for (uint32_t i = 0; i < count; i++) {
		if (ix->rank[slots[i]] != RANK_NONE && ix->rank[slots[i]] >= c->ranks)
			c->ranks = ix->rank[slots[i]] + 1;
	}
	c->sharing = calloc((size_t)c->ranks + 1, sizeof c->sharing[0]);
	if (c->sharing == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < count; i++) {
		if (ix->rank[slots[i]] != RANK_NONE && index_is(ix, slots[i], STANDING_JUDGED))
			c->sharing[ix->rank[slots[i]]]++;
	}
	return true;
}

static void
judge_priority(const struct counting *c, uint32_t slot, struct score_unit *unit)
{
	uint32_t rank = c->ix->rank[slot];

	if (rank == RANK_NONE)
		score_lack(unit, "it has no rank", "priority/unranked");
	else if (c->sharing[rank] > 1)
		score_lack(unit, "it shares its rank", "priority/tie");
	unit->earned = unit->lacks_count == 0 ? SCORE_WHOLE : 0;
}

/* ---- outcome */

enum { OUT_BASELINE = 1, OUT_TARGET = 2, OUT_DUE = 4, OUT_ACTUAL = 8, OUT_UNKNOWN = 16 };

static bool
has_fresh_actual(const struct index *ix, uint32_t measure)
{
	const struct point *newest = series_until(index_series(ix, measure), ix->today);
	int32_t days = ix->items[measure]->every_days;

	return newest != NULL &&
	       ix->today - newest->date <=
		   (days > SCORE_EVERY_DAYS ? days : SCORE_EVERY_DAYS) + SCORE_GRACE_DAYS;
}

/*
 * Each of the four by itself, so that what is taken away from one never helps another: a recorded target dates the
 * aim even where its number is stated.
 */
static unsigned
judge_aim(const struct index *ix, const struct aim *aim)
{
	const struct series *series = index_series(ix, aim->measure);
	bool hold = aim->direction == DIRECTION_HOLD;
	unsigned has = 0;

	if (hold ? aim->has_range : aim->direction != DIRECTION_UNKNOWN && !isnan(aim->baseline))
		has |= OUT_BASELINE;
	if (hold ? aim->has_range : !isnan(aim->target))
		has |= OUT_TARGET;
	if (aim->due != DATE_NONE || (series != NULL && series->target.slot != SLOT_NONE))
		has |= OUT_DUE;
	if (has_fresh_actual(ix, aim->measure))
		has |= OUT_ACTUAL;
	if (aim->direction == DIRECTION_UNKNOWN || series == NULL || series->actuals_count == 0)
		has |= OUT_UNKNOWN;
	return has;
}

static unsigned
twelfths(unsigned has)
{
	return 3 * (unsigned)__builtin_popcount(
		       has & (OUT_BASELINE | OUT_TARGET | OUT_DUE | OUT_ACTUAL));
}

static void
judge_outcome(const struct counting *c, uint32_t slot, struct score_unit *unit)
{
	unsigned best = 0;
	bool any = false;
	struct aims aims;
	struct aim aim;

	aims_init(&aims, c->ix, slot);
	while (aims_next(&aims, &aim)) {
		unsigned has = judge_aim(c->ix, &aim);

		/* of two that earn the same the one that says more; which one that is must not hang on their order */
		if (!any || twelfths(has) > twelfths(best) ||
		    (twelfths(has) == twelfths(best) && (has ^ OUT_UNKNOWN) > (best ^ OUT_UNKNOWN)))
			best = has;
		any = true;
	}
	unit->earned = (uint8_t)twelfths(best);
	unit->unknown = any && (best & OUT_UNKNOWN) != 0;
	if (!any) {
		score_lack(unit, "no measure", "outcome/no-measure");
		return;
	}
	if ((best & OUT_BASELINE) == 0)
		score_lack(
		    unit, "no measure with a direction and a baseline", "outcome/no-baseline");
	if ((best & OUT_TARGET) == 0)
		score_lack(unit, "no target in numbers", "outcome/no-target");
	if ((best & OUT_DUE) == 0)
		score_lack(unit, "no date by which it shall be met", "outcome/no-date");
	if ((best & OUT_ACTUAL) == 0)
		score_lack(unit, "no fresh actual", "outcome/stale");
}

/* ---- scope */

static bool
has_time(const struct index *ix, uint32_t slot)
{
	const struct item *item = ix->items[slot];
	struct edges out = index_out(ix, slot);

	if (item->start != DATE_NONE && item->finish != DATE_NONE)
		return true;
	for (uint32_t i = 0; i < out.count; i++) {
		const struct edge *e = &out.list[i];

		if (e->role == ROLE_PERIOD && is_live(ix, e->slot) &&
		    ix->kinds[e->slot] == KIND_PERIOD && ix->items[e->slot]->start != DATE_NONE &&
		    ix->items[e->slot]->finish != DATE_NONE)
			return true;
	}
	return false;
}

static void
judge_scope(const struct counting *c, uint32_t slot, struct score_unit *unit)
{
	uint8_t has = c->ix->has[slot];
	bool in = (has & HAS_SCOPE_IN) != 0;
	bool out = (has & HAS_SCOPE_OUT) != 0;
	bool time = has_time(c->ix, slot);

	if (!in)
		score_lack(unit, "it does not say what is in", "scope/none");
	if (!out)
		score_lack(unit, "it does not say what is left out", "scope/no-limits");
	if (!time)
		score_lack(unit, "it states no period", "scope/no-period");
	unit->earned = (uint8_t)(4 * (in + out + time));
}

/* ---- owner and load */

static bool
is_person(const struct index *ix, const struct edge *e)
{
	return e->role == ROLE_OWNER && ix->kinds[e->slot] == KIND_PERSON && is_live(ix, e->slot);
}

/* The one person who owns it; SLOT_NONE: nobody does, or several. *any: somebody does. */
static uint32_t
sole_owner(const struct index *ix, uint32_t slot, bool *any)
{
	struct edges out = index_out(ix, slot);
	uint32_t sole = SLOT_NONE;

	*any = false;
	for (uint32_t i = 0; i < out.count; i++) {
		if (!is_person(ix, &out.list[i]))
			continue;
		if (*any && sole != out.list[i].slot)
			return SLOT_NONE;
		sole = out.list[i].slot;
		*any = true;
	}
	return sole;
}

static void
judge_owner(const struct counting *c, uint32_t slot, struct score_unit *unit)
{
	bool any;

	(void)sole_owner(c->ix, slot, &any);
	if (!any)
		score_lack(unit, "no person owns it", "owner/none");
	unit->earned = any ? SCORE_WHOLE : 0;
}

/*
 * An initiative counts for the one person who owns it and for those who execute it. Where nobody owns it, anybody may
 * have to lead it: it counts for everybody. Where several own it, it counts for none of them as its owner: else taking
 * one of them away would make room for the others' work, and pay.
 */
static bool
count_load(struct counting *c, struct err *err)
{
	const struct index *ix = c->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_INITIATIVE, &count);

	for (uint32_t i = 0; i < count; i++) {
		struct edges out = index_out(ix, slots[i]);
		uint32_t sole;
		bool any;

		if (stopped(c, err))
			return false;
		if (!is_active(ix, slots[i]))
			continue;
		sole = sole_owner(ix, slots[i], &any);
		if (!any) {
			c->ownerless++;
			continue;
		}
		if (sole != SLOT_NONE && !index_has_target(ix, slots[i], ROLE_MEMBER, sole))
			c->at_once[sole]++;
		for (uint32_t k = 0; k < out.count; k++) {
			if (out.list[k].role == ROLE_MEMBER && !index_is_again(&out, k))
				c->at_once[out.list[k].slot]++;
		}
	}
	return true;
}

/* How many this person would have at once, this one included. */
static uint32_t
at_once(const struct counting *c, uint32_t slot, uint32_t who)
{
	bool any;
	uint32_t sole = sole_owner(c->ix, slot, &any);
	bool counted = is_active(c->ix, slot) &&
		       (sole == who || index_has_target(c->ix, slot, ROLE_MEMBER, who));

	return c->at_once[who] + c->ownerless + !counted;
}

static bool
has_effort(const struct index *ix, uint32_t slot)
{
	const struct item *item = ix->items[slot];

	if (item->has & HAS_VALUE)
		return true;
	for (uint32_t i = 0; i < item->refs_count; i++) {
		if (item->refs[i].role == ROLE_NEED && item->refs[i].amount >= 0)
			return true;
	}
	return false;
}

static void
judge_load(const struct counting *c, uint32_t slot, struct score_unit *unit)
{
	struct edges out = index_out(c->ix, slot);
	bool owner_can = false, members_can = true, owned = false;

	for (uint32_t i = 0; i < out.count; i++) {
		if (is_person(c->ix, &out.list[i])) {
			owned = true;
			owner_can |= at_once(c, slot, out.list[i].slot) <= AT_ONCE;
		} else if (out.list[i].role == ROLE_MEMBER) {
			members_can &= at_once(c, slot, out.list[i].slot) <= AT_ONCE;
		}
	}
	if (!owned)
		score_lack(unit, "no person owns it", "owner/none");
	if (!has_effort(c->ix, slot))
		score_lack(unit, "it does not say how much work it is", "load/over");
	if (!has_time(c->ix, slot))
		score_lack(unit, "it states no period", "scope/no-period");
	unit->unknown = unit->lacks_count > 0;
	if ((owned && !owner_can) || !members_can)
		score_lack(unit,
		    "somebody who leads or executes it would have more than three at once",
		    "load/rule-of-three");
	unit->earned = unit->lacks_count == 0 ? SCORE_WHOLE : 0;
}

/* ---- ask */

enum { ASK_STATE_ASKED, ASK_STATE_COMMITTED, ASK_STATE_MET = 4, ASK_STATE_WITHDRAWN = 6 };

static unsigned
ask_lacks(const struct index *ix, const struct item *ask)
{
	switch (ask->status) {
	case ASK_STATE_MET:
	case ASK_STATE_WITHDRAWN:
		return 0;
	case ASK_STATE_ASKED:
		return ASKED_WRONG;
	case ASK_STATE_COMMITTED:
		if (ask->start == DATE_NONE || ask->finish == DATE_NONE)
			return ASKED_UNKNOWN;
		return ask->start > ask->finish || ask->start < ix->today ? ASKED_LATE : 0;
	default:
		return ASKED_NOT_AGREED;
	}
}

static bool
count_asks(struct counting *c, struct err *err)
{
	const struct index *ix = c->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_ASK, &count);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t up = ix->part_of[slots[i]];
		unsigned lacks = ask_lacks(ix, ix->items[slots[i]]);

		if (stopped(c, err))
			return false;
		for (unsigned depth = 0; up != SLOT_NONE && depth < 64; depth++) {
			c->asks[up] |= (uint8_t)lacks;
			up = ix->part_of[up];
		}
	}
	return true;
}

static void
judge_ask(const struct counting *c, uint32_t slot, struct score_unit *unit)
{
	uint8_t asks = c->asks[slot];

	if (asks & ASKED_WRONG)
		score_lack(unit, "an ask is not answered", "ask/unanswered");
	if (asks & ASKED_NOT_AGREED)
		score_lack(unit, "an ask was declined, countered or missed", "ask/declined");
	if (asks & ASKED_UNKNOWN)
		score_lack(unit, "an ask was committed to without both dates", "ask/late");
	if (asks & ASKED_LATE)
		score_lack(unit, "an ask is promised for too late, or is overdue", "ask/late");
	unit->unknown = (asks & ASKED_UNKNOWN) != 0;
	unit->earned = unit->lacks_count == 0 ? SCORE_WHOLE : 0;
}

/* ---- rhythm */

static void
judge_rhythm(const struct counting *c, uint32_t slot, struct score_unit *unit)
{
	uint32_t check_in = c->ix->check_in[slot];

	if (check_in == SLOT_NONE)
		score_lack(unit, "no check-in", "rhythm/check-in-late");
	else if (c->ix->today - c->ix->items[check_in]->start > RHYTHM_DAYS)
		score_lack(
		    unit, "the newest check-in is older than 14 days", "rhythm/check-in-late");
	unit->earned = unit->lacks_count == 0 ? SCORE_WHOLE : 0;
}

/* ---- what stands around the work */

static void
judge_mirror(const struct counting *c, uint32_t slot, struct score_unit *unit)
{
	(void)slot;
	score_mirror(c->facts, unit);
}

static void
judge_customer(const struct counting *c, uint32_t slot, struct score_unit *unit)
{
	(void)slot;
	score_customer(c->ix, unit);
}

static void
judge_clarity(const struct counting *c, uint32_t slot, struct score_unit *unit)
{
	(void)slot;
	score_clarity(c->ix, c->facts, unit);
}

static void
judge_horizon(const struct counting *c, uint32_t slot, struct score_unit *unit)
{
	(void)slot;
	score_horizon(c->ix, c->facts, unit);
}

/* ---- families */

static const struct family families[SCORE_FAMILIES] = {
    {"sight", 16, {KIND_GOAL, KIND_OBJECTIVE, KIND_INITIATIVE}, false, judge_sight},
    {"priority", 8, {KIND_INITIATIVE}, false, judge_priority},
    {"outcome", 16, {KIND_OBJECTIVE}, false, judge_outcome},
    {"scope", 8, {KIND_INITIATIVE}, false, judge_scope},
    {"owner", 12, {KIND_GOAL, KIND_OBJECTIVE, KIND_INITIATIVE}, false, judge_owner},
    {"load", 8, {KIND_INITIATIVE}, false, judge_load},
    {"ask", 4, {KIND_INITIATIVE}, false, judge_ask},
    {"mirror", 4, {KIND_VALUE}, false, judge_mirror},
    {"customer", 8, {KIND_OBJECTIVE}, false, judge_customer},
    {"clarity", 4, {KIND_OBJECTIVE, KIND_INITIATIVE}, false, judge_clarity},
    {"rhythm", 8, {KIND_INITIATIVE}, true, judge_rhythm},
    {"horizon", 4, {KIND_STRATEGY}, false, judge_horizon},
};

/* What is not connected earns nothing; a goal is connected where an objective serves it, and values lead nowhere. */
static void
judge(const struct counting *c, const struct family *family, uint32_t slot, struct score_unit *unit)
{
	bool goal = c->ix->kinds[slot] == KIND_GOAL;

	*unit = (struct score_unit){.slot = slot};
	family->judge(c, slot, unit);
	if (family->judge == judge_sight || family->judge == judge_mirror ||
	    (c->marks[slot] & (goal ? MARK_SERVED : MARK_CONNECTED)) != 0)
		return;
	unit->earned = 0;
	unit->unknown = false;
	score_lack(unit, goal ? "no open objective serves it" : "it reaches no goal",
	    goal ? "sight/empty-goal" : "sight/orphan");
}

struct lacking {
	const struct index *ix;
	uint32_t slot;
	uint8_t earned;
};

static int
compare_lacking(const void *pa, const void *pb)
{
	const struct lacking *a = pa;
	const struct lacking *b = pb;
	uint32_t ra = a->ix->rank[a->slot];
	uint32_t rb = b->ix->rank[b->slot];

	if (a->earned != b->earned)
		return a->earned < b->earned ? -1 : 1;
	if (ra != rb)
		return ra < rb ? -1 : 1;
	return index_compare(a->ix, a->slot, b->slot);
}

static bool
keep_lacking(const struct counting *c, const struct family *family, struct lacking *list,
    size_t count, size_t keep, struct score_family *out)
{
	if (keep > count)
		keep = count;
	out->lacking = calloc(keep + 1, sizeof out->lacking[0]);
	if (out->lacking == NULL)
		return false;
	qsort(list, count, sizeof list[0], compare_lacking);
	for (size_t i = 0; i < keep; i++)
		judge(c, family, list[i].slot, &out->lacking[i]);
	out->lacking_count = keep;
	return true;
}

const char *
score_family_name(unsigned family)
{
	return families[family].name;
}

bool
score_is_unit(const struct index *ix, unsigned family, uint32_t slot)
{
	for (size_t k = 0; k < 3; k++) {
		if (families[family].kinds[k] == ix->kinds[slot] && ix->kinds[slot] != KIND_NONE)
			return is_unit(ix, slot) &&
			       (!families[family].active_only || is_active(ix, slot));
	}
	return false;
}

static size_t
most_units(const struct index *ix, const struct family *family)
{
	size_t most = 0;
	uint32_t count;

	for (size_t k = 0; k < 3 && family->kinds[k] != KIND_NONE; k++) {
		(void)index_kind(ix, family->kinds[k], &count);
		most += count;
	}
	return most;
}

static bool
run_family(struct counting *c, const struct family *family, size_t keep, struct score_family *out,
    struct err *err)
{
	const struct index *ix = c->ix;
	struct lacking *list =
	    keep > 0 ? malloc((most_units(ix, family) + 1) * sizeof list[0]) : NULL;
	struct score_unit unit;
	size_t lacking = 0;
	bool ok = false;

	out->family = family->name;
	out->weight = family->weight;
	if (keep > 0 && list == NULL)
		return err_oom(err);
	for (size_t k = 0; k < 3 && family->kinds[k] != KIND_NONE; k++) {
		uint32_t count;
		const uint32_t *slots = index_kind(ix, family->kinds[k], &count);

		for (uint32_t i = 0; i < count; i++) {
			if (stopped(c, err))
				goto out;
			if (!score_is_unit(ix, (unsigned)(family - families), slots[i]))
				continue;
			judge(c, family, slots[i], &unit);
			out->units++;
			out->earned += unit.earned;
			out->unknown += unit.unknown;
			if (keep > 0 && unit.earned < SCORE_WHOLE)
				list[lacking++] = (struct lacking){ix, slots[i], unit.earned};
		}
	}
	if (out->units > 0)
		out->micros =
		    (int64_t)(out->weight * MICROS * out->earned / (SCORE_WHOLE * out->units));
	ok = keep == 0 || keep_lacking(c, family, list, lacking, keep, out) || err_oom(err);
out:
	free(list);
	return ok;
}

static bool
count_all(struct counting *c, struct err *err)
{
	size_t slots = (size_t)c->ix->slots + 1;

	c->marks = calloc(slots, sizeof c->marks[0]);
	/* twice: each slot is queued at most once for each mark */
	c->queue = malloc(2 * slots * sizeof c->queue[0]);
	c->at_once = calloc(slots, sizeof c->at_once[0]);
	c->asks = calloc(slots, sizeof c->asks[0]);
	c->facts = calloc(slots, sizeof c->facts[0]);
	if (c->marks == NULL || c->queue == NULL || c->at_once == NULL || c->asks == NULL ||
	    c->facts == NULL)
		return err_oom(err);
	return mark_connected(c, err) && mark_served(c, err) && count_ranks(c, err) &&
	       count_load(c, err) && count_asks(c, err) &&
	       score_facts(c->ix, c->facts, c->stop, c->arg, err);
}

bool
score_run(const struct index *ix, size_t keep, index_stop_fn stop, void *arg, struct score *out,
    struct err *err)
{
	struct counting c = {.ix = ix, .stop = stop, .arg = arg};
	bool ok;

	memset(out, 0, sizeof *out);
	ok = count_all(&c, err);
	for (size_t i = 0; i < SCORE_FAMILIES && ok; i++) {
		ok = run_family(&c, &families[i], keep, &out->families[i], err);
		out->micros += out->families[i].micros;
	}
	free(c.marks);
	free(c.queue);
	free(c.at_once);
	free(c.sharing);
	free(c.asks);
	free(c.facts);
	if (!ok)
		score_fini(out);
	return ok;
}

void
score_fini(struct score *score)
{
	for (size_t i = 0; i < SCORE_FAMILIES; i++) {
		free(score->families[i].lacking);
		score->families[i].lacking = NULL;
		score->families[i].lacking_count = 0;
	}
}
