/* See plan_schedule.h. */
#include "server/insight/schedule/plan_schedule_internal.h"

#include <stdlib.h>
#include <string.h>

#include "server/limits.h"
#include "server/plan/control.h"
#include "server/plan/kinds.h"

/* Belonging is as deep as the limit; a log of an older version may hold a circle. */
#define DEPTH_MAX (2 * LIMIT_DEPTH)

static uint32_t
above(const struct index *ix, uint32_t work)
{
	uint32_t up = ix->part_of[work];

	if (ix->kinds[work] == KIND_INITIATIVE || up == SLOT_NONE ||
	    !index_is(ix, up, STANDING_LIVE) || !kind_is_work(ix->kinds[up]))
		return SLOT_NONE;
	return up;
}

/* The initiative, or the outermost work, that it is a part of. */
static uint32_t
head_of(const struct index *ix, uint32_t work)
{
	for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
		uint32_t up = above(ix, work);

		if (up == SLOT_NONE)
			return work;
		work = up;
	}
	return work;
}

/* A log of an older version may hold work that is a part of itself: it is under no head. */
static bool
has_head(const struct index *ix, uint32_t work)
{
	return above(ix, head_of(ix, work)) == SLOT_NONE;
}

/* The name as a number: the same whatever the rank and whatever else is in the plan (FNV-1a). */
static uint64_t
stream_of(const struct item *item)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ item->kind;

	for (size_t i = 0; i < item->id_len; i++)
		hash = (hash ^ (uint8_t)item_id(item)[i]) * UINT64_C(0x100000001b3);
	return hash;
}

struct named {
	const struct index *ix;
	uint32_t slot;
};

static int
compare_names(const void *pa, const void *pb)
{
	const struct named *a = pa, *b = pb;

	return index_compare(a->ix, a->slot, b->slot);
}

/* Initiatives with a rank first. */
static int
compare_heads(const void *pa, const void *pb)
{
	const struct named *a = pa, *b = pb;
	bool a_is = a->ix->kinds[a->slot] == KIND_INITIATIVE;
	bool b_is = b->ix->kinds[b->slot] == KIND_INITIATIVE;

	if (a_is != b_is)
		return a_is ? -1 : 1;
	if (a_is && a->ix->rank[a->slot] != b->ix->rank[b->slot])
		return a->ix->rank[a->slot] < b->ix->rank[b->slot] ? -1 : 1;
	return index_compare(a->ix, a->slot, b->slot);
}

/* All running work, by name, so that numbers do not depend on slots. */
static bool
find_work(struct builder *b, struct named **list, struct err *err)
{
	static const enum kind kinds[] = {
	    KIND_INITIATIVE, KIND_WORKSTREAM, KIND_TASK, KIND_MILESTONE};
	const struct index *ix = b->ix;
	size_t most = 1;
	uint32_t count;

	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
		(void)index_kind(ix, kinds[k], &count);
		most += count;
	}
	*list = malloc(most * sizeof **list);
	if (*list == NULL)
		return err_oom(err);
	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
		const uint32_t *slots = index_kind(ix, kinds[k], &count);

		for (uint32_t i = 0; i < count; i++)
			if (load_is_running(ix, slots[i]) && has_head(ix, slots[i]))
				(*list)[b->plan->count++] = (struct named){ix, slots[i]};
	}
	if (b->plan->count > LIMIT_SCHEDULE_WORK / PLAN_STAGES)
		return err_set(err, ERR_LIMIT, "%u pieces of running work are too many; at most %u",
		    b->plan->count, LIMIT_SCHEDULE_WORK / PLAN_STAGES);
	if (b->plan->count > 0)
		qsort(*list, b->plan->count, sizeof **list, compare_names);
	return true;
}

static bool
lay_numbers(struct builder *b, struct named *list, struct err *err)
{
	struct plan_schedule *plan = b->plan;
	size_t slots = (size_t)b->ix->slots + 1;

	plan->slots = calloc((size_t)plan->count + 1, sizeof *plan->slots);
	plan->heads = calloc((size_t)plan->count + 1, sizeof *plan->heads);
	plan->streams = calloc((size_t)plan->count + 1, sizeof *plan->streams);
	plan->number = malloc(slots * sizeof *plan->number);
	b->order = malloc(slots * sizeof *b->order);
	if (plan->slots == NULL || plan->heads == NULL || plan->streams == NULL ||
	    plan->number == NULL || b->order == NULL)
		return err_oom(err);
	memset(plan->number, 0xff, slots * sizeof *plan->number);
	for (uint32_t i = 0; i < plan->count; i++) {
		plan->slots[i] = list[i].slot;
		plan->number[list[i].slot] = i;
	}
	/* The heads among them, in order of rank. */
	for (uint32_t i = 0; i < plan->count; i++)
		if (head_of(b->ix, plan->slots[i]) == plan->slots[i])
			list[plan->problem.initiatives++].slot = plan->slots[i];
	if (plan->problem.initiatives > 0)
		qsort(list, plan->problem.initiatives, sizeof *list, compare_heads);
	for (uint32_t i = 0; i < plan->problem.initiatives; i++) {
		plan->heads[i] = list[i].slot;
		plan->streams[i] = stream_of(b->ix->items[list[i].slot]);
		b->order[list[i].slot] = i;
	}
	return true;
}

static bool
lay_givers(struct builder *b, int32_t last, struct err *err)
{
	struct plan_schedule *plan = b->plan;
	struct schedule_problem *p = &plan->problem;

	if (last < b->ix->today)
		return err_set(err, ERR_INVALID, "the last day is before today");
	if ((int64_t)last - b->ix->today >= LIMIT_SCHEDULE_DAYS)
		return err_set(err, ERR_LIMIT, "more than %d days", LIMIT_SCHEDULE_DAYS);
	plan->first_day = b->ix->today;
	p->days = last - b->ix->today + 1;
	p->givers = load_rows(b->load);
	if ((uint64_t)p->givers * (uint64_t)p->days > LIMIT_SCHEDULE_CELLS)
		return err_set(err, ERR_LIMIT,
		    "%u teams and people over %d days are more than %u days to plan: shorten the "
		    "horizon",
		    p->givers, p->days, LIMIT_SCHEDULE_CELLS);
	plan->home = calloc((size_t)p->givers + 1, sizeof *plan->home);
	if (plan->home == NULL)
		return err_oom(err);
	for (uint32_t row = 0; row < p->givers; row++) {
		uint32_t team = load_team(b->load, row);

		plan->home[row] = team != SLOT_NONE ? load_row_of(b->load, team) : SCHEDULE_NONE;
	}
	return true;
}

static void
mark_asked(struct plan_schedule *plan, uint32_t giver)
{
	plan->rows[giver] = 0;
	if (plan->home[giver] != SCHEDULE_NONE)
		plan->rows[plan->home[giver]] = 0;
}

/* Those who give to some need, and their teams. */
static bool
number_rows(struct plan_schedule *plan, struct err *err)
{
	struct schedule_problem *p = &plan->problem;

	plan->rows = malloc(((size_t)p->givers + 1) * sizeof *plan->rows);
	if (plan->rows == NULL)
		return err_oom(err);
	memset(plan->rows, 0xff, ((size_t)p->givers + 1) * sizeof *plan->rows);
	for (uint32_t n = 0; n < p->needs; n++)
		if (plan->need[n].giver != SCHEDULE_NONE)
			mark_asked(plan, plan->need[n].giver);
	for (uint32_t k = 0; k < p->pools; k++)
		mark_asked(plan, plan->pool[k]);
	for (uint32_t row = 0; row < p->givers; row++)
		if (plan->rows[row] != SCHEDULE_NONE)
			plan->rows[row] = p->rows_count++;
	p->rows = plan->rows;
	return true;
}

/* Of the others only matters on which days anybody works. */
static bool
lay_worked(struct builder *b, int32_t last, struct err *err)
{
	struct plan_schedule *plan = b->plan;
	struct schedule_problem *p = &plan->problem;

	plan->worked = calloc((size_t)p->days + 1, 1);
	if (plan->worked == NULL)
		return err_oom(err);
	for (uint32_t row = 0; row < p->rows_count; row++)
		for (int32_t day = 0; day < p->days; day++)
			plan->worked[day] |=
			    plan->capacity[(size_t)row * (size_t)p->days + (size_t)day] > 0;
	p->worked = plan->worked;
	return load_worked(b->load, plan->first_day, last, plan->worked) || err_oom(err);
}

static bool
lay_capacity(struct builder *b, int32_t last, bool only_asked, struct err *err)
{
	struct plan_schedule *plan = b->plan;
	struct schedule_problem *p = &plan->problem;

	if (only_asked && !number_rows(plan, err))
		return false;
	plan->capacity =
	    index_alloc((size_t)schedule_rows(p) * (size_t)p->days + 1, sizeof *plan->capacity);
	if (plan->capacity == NULL)
		return err_oom(err);
	for (uint32_t row = 0; row < p->givers; row++)
		if (!only_asked || plan->rows[row] != SCHEDULE_NONE)
			load_days(b->load, row, plan->first_day, last,
			    plan->capacity + schedule_cell(p, row));
	p->capacity = plan->capacity;
	return !only_asked || lay_worked(b, last, err);
}

static bool
add_arc(struct builder *b, uint32_t before, uint32_t after, int32_t lag, struct err *err)
{
	struct plan_schedule *plan = b->plan;

	if (plan->problem.arcs == plan->arcs_cap) {
		size_t cap = plan->arcs_cap == 0 ? 1024 : 2 * plan->arcs_cap;
		struct schedule_arc *grown = realloc(plan->arc, cap * sizeof *grown);

		if (grown == NULL)
			return err_oom(err);
		plan->arc = grown;
		plan->arcs_cap = cap;
	}
	plan->arc[plan->problem.arcs++] = (struct schedule_arc){before, after, lag};
	return true;
}

uint32_t
plan_above(const struct builder *b, uint32_t i)
{
	uint32_t up = above(b->ix, b->plan->slots[i]);

	return up != SLOT_NONE ? b->plan->number[up] : SCHEDULE_NONE;
}

/* Not before that day, a date. */
static void
hold_up(struct plan_schedule *plan, uint32_t work, int64_t day)
{
	int64_t at = day - plan->first_day;

	at = at < SCHEDULE_BEYOND ? at : SCHEDULE_BEYOND;
	if (at > plan->work[work].not_before)
		plan->work[work].not_before = (int32_t)at;
}

/*
 * What it comes after: behind its end; where that is over, only a lag counts, from the day on which it was done; never where it is
 * neither over nor running. Says whether any of it is still to come.
 */
static bool
lay_afters(struct builder *b, uint32_t i, bool *waits, struct err *err)
{
	struct plan_schedule *plan = b->plan;
	const struct item *item = b->ix->items[plan->slots[i]];
	uint32_t begin = i * PLAN_STAGES + PLAN_BEGIN;

	*waits = false;
	if ((b->ix->roles[plan->slots[i]] & ROLE_BIT(ROLE_AFTER)) == 0)
		return true;
	for (uint32_t k = 0; k < item->refs_count; k++) {
		const struct ref *ref = &item->refs[k];

		if (ref->role != ROLE_AFTER || !index_is(b->ix, ref->slot, STANDING_LIVE) ||
		    !kind_is_work(b->ix->kinds[ref->slot]))
			continue;
		if (plan->number[ref->slot] != SCHEDULE_NONE) {
			*waits = true;
			if (!add_arc(b, plan->number[ref->slot] * PLAN_STAGES + PLAN_END, begin,
				ref->amount, err))
				return false;
		} else if (index_is(b->ix, ref->slot, STANDING_JUDGED)) {
			*waits = true;
			plan->work[begin].not_before = SCHEDULE_BEYOND;
		} else if (ref->amount > 0 && b->ix->items[ref->slot]->done != DATE_NONE &&
			   !index_is(b->ix, ref->slot, STANDING_GIVEN_UP)) {
			hold_up(
			    plan, begin, (int64_t)b->ix->items[ref->slot]->done + 1 + ref->amount);
		}
	}
	return true;
}

/* The days that a task takes; of one that has begun, those that are to come. */
static int32_t
days_of(const struct builder *b, uint32_t slot, bool waits)
{
	int32_t days = control_duration(b->ix->items[slot]);
	int32_t start = b->ix->briefs[slot].start;
	int64_t passed;

	if (waits || start == DATE_NONE || start >= b->plan->first_day)
		return days;
	passed = (int64_t)b->plan->first_day - start;
	return passed < days ? days - (int32_t)passed : 0;
}

static bool
lay_piece(struct builder *b, uint32_t i, struct err *err)
{
	struct plan_schedule *plan = b->plan;
	uint32_t slot = plan->slots[i];
	uint32_t up = plan_above(b, i);
	uint32_t first = i * PLAN_STAGES;
	int32_t start = b->ix->briefs[slot].start;
	bool waits;

	for (uint32_t stage = 0; stage < PLAN_STAGES; stage++)
		plan->work[first + stage].initiative = b->order[head_of(b->ix, slot)];
	if (start != DATE_NONE)
		hold_up(plan, first + PLAN_BEGIN, start);
	if (!add_arc(b, first + PLAN_BEGIN, first + PLAN_EFFORT, 0, err) ||
	    !add_arc(b, first + PLAN_EFFORT, first + PLAN_END, 0, err) ||
	    !lay_afters(b, i, &waits, err))
		return false;
	if ((b->ix->has[slot] & HAS_DURATION) != 0 && b->ix->kinds[slot] == KIND_TASK &&
	    !add_arc(b, first + PLAN_BEGIN, first + PLAN_END, days_of(b, slot, waits), err))
		return false;
	if (up == SCHEDULE_NONE)
		return true;
	return add_arc(b, up * PLAN_STAGES + PLAN_BEGIN, first + PLAN_BEGIN, 0, err) &&
	       add_arc(b, first + PLAN_END, up * PLAN_STAGES + PLAN_END, 0, err);
}

static bool
lay_all(struct builder *b, struct err *err)
{
	struct plan_schedule *plan = b->plan;

	plan->work = calloc((size_t)plan->count * PLAN_STAGES + 1, sizeof *plan->work);
	if (plan->work == NULL)
		return err_oom(err);
	plan->problem.works = plan->count * PLAN_STAGES;
	for (uint32_t i = 0; i < plan->count; i++)
		if (!lay_piece(b, i, err))
			return false;
	return plan_lay_needs(b, err);
}

static struct plan_schedule *
make(
    const struct index *ix, const struct load *load, int32_t last, bool only_asked, struct err *err)
{
	struct builder b = {.ix = ix, .load = load, .plan = calloc(1, sizeof *b.plan)};
	struct named *list = NULL;
	struct schedule_problem *p;
	bool ok;

	if (b.plan == NULL) {
		err_oom(err);
		return NULL;
	}
	ok = lay_givers(&b, last, err) && find_work(&b, &list, err) && lay_numbers(&b, list, err) &&
	     lay_all(&b, err) && lay_capacity(&b, last, only_asked, err);
	free(list);
	free(b.order);
	if (!ok) {
		plan_schedule_free(b.plan);
		return NULL;
	}
	p = &b.plan->problem;
	p->home = b.plan->home;
	p->streams = b.plan->streams;
	p->work = b.plan->work;
	p->need = b.plan->need;
	p->arc = b.plan->arc;
	p->pool = b.plan->pool;
	return b.plan;
}

struct plan_schedule *
plan_schedule_new(const struct index *ix, const struct load *load, int32_t last, struct err *err)
{
	return make(ix, load, last, false, err);
}

struct plan_schedule *
plan_schedule_new_asked(
    const struct index *ix, const struct load *load, int32_t last, struct err *err)
{
	return make(ix, load, last, true, err);
}

void
plan_schedule_free(struct plan_schedule *plan)
{
	if (plan == NULL)
		return;
	free(plan->slots);
	free(plan->heads);
	free(plan->number);
	free(plan->capacity);
	free(plan->rows);
	free(plan->worked);
	free(plan->home);
	free(plan->streams);
	free(plan->work);
	free(plan->need);
	free(plan->arc);
	free(plan->pool);
	free(plan->stated);
	free(plan);
}

bool
plan_need_why(const struct plan_schedule *plan, const struct index *ix, const struct load *load,
    uint32_t need, struct str *out)
{
	const struct plan_need *stated = &plan->stated[need];
	char ref[REF_TEXT_LEN] = "";
	bool is_team = false;

	if (stated->row != SCHEDULE_NONE) {
		uint32_t who = load_who(load, stated->row);

		ref_format(ix->items[who], ref);
		is_team = ix->kinds[who] == KIND_TEAM;
	}
	if (stated->fault == PLAN_NEED_SHARES && stated->most_share == 0)
		str_addf(out, "at most 0 %% of a day may go into it");
	else if (stated->fault == PLAN_NEED_SHARES)
		str_addf(out, "at least %g %% of a day is more than at most %g %%",
		    stated->least_share / 100.0, stated->most_share / 100.0);
	else if (stated->fault == PLAN_NEED_SKILL && (is_team || ref[0] == '\0'))
		str_addf(out, "nobody%s%s has the skill \"%s\"", is_team ? " in " : "", ref,
		    load_skill(load, stated->skill));
	else if (stated->fault == PLAN_NEED_SKILL)
		str_addf(
		    out, "%s does not have the skill \"%s\"", ref, load_skill(load, stated->skill));
	return str_ok(out);
}
