/* What is asked of whom, and on which days it falls. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "server/insight/load/load_internal.h"
#include "server/limits.h"

/* Belonging is as deep as the limit; a log of an older version may hold a circle. */
#define DEPTH_MAX  (2 * LIMIT_DEPTH)
#define STOP_EVERY 1024u
#define AHEAD      8u

/* An entry's claim on one row. */
struct source {
	uint32_t row;
	uint32_t slot;   /* the entry */
	uint32_t number; /* in the order in which they are stated */
	uint32_t need;   /* LOAD_NO_NEED */
	uint32_t skill;  /* row of the one that is asked for of somebody by name; NO_ROW */
	enum load_how how;
	int32_t start; /* DATE_NONE not known */
	int32_t finish;
	int64_t effort;
	int32_t share; /* in 1/10,000 of what the row can give; -1: it is an effort */
};

/* What is asked of a row for a piece of work and its parts. */
struct asked {
	uint32_t row;
	int64_t effort;
};

/* A piece of work on the way down. */
struct node {
	uint32_t slot;
	uint32_t rank;
	int32_t start;
	int32_t finish;
	bool runs;
	bool counts; /* runs, or is finished: what it states is not asked for once more above it */
	unsigned depth;
};

struct demand {
	struct load *load;
	const struct index *ix;
	struct source *sources; /* of one piece of work */
	size_t sources_count;
	size_t sources_cap;
	struct asked *asked; /* a stack: of the parts that are done with */
	size_t asked_count;
	size_t asked_cap;
	int64_t *sum;      /* by row: of the parts, while a piece of work is looked at */
	uint32_t *touched; /* rows with a sum, by their place in it */
	uint32_t touched_count;
	uint8_t *is_touched;
	uint32_t nodes;
	struct err *err;
	bool failed;
};

static void
fail(struct demand *d)
{
	if (!d->failed)
		err_oom(d->err);
	d->failed = true;
}

/* ---- placing */

static void
unplace(struct demand *d, uint32_t work, uint32_t source, int64_t effort, enum load_why why)
{
	if (!load_unplace(d->load, work, source, effort, why))
		fail(d);
}

/* In the row of a skill, a person's bookings are there anyway. */
static struct spot
spot_of(const struct demand *d, const struct node *node, const struct source *s)
{
	return (struct spot){node->slot, s->slot, node->rank, s->how, s->row,
	    s->row < d->load->teams ? s->skill : NO_ROW, s->start, s->finish};
}

static bool
has_time(const struct source *s)
{
	return s->start != DATE_NONE && s->finish != DATE_NONE;
}

/* A share is of somebody's time: what of it is past is past. */
static int64_t
ahead_of(struct demand *d, const struct node *node, const struct source *s, int64_t effort)
{
	struct spot spot = spot_of(d, node, s);
	int64_t all, left = 0;

	if (s->share < 0 || effort <= 0 || spot.start >= d->ix->today)
		return effort;
	all = load_share(d->load, &spot, s->share);
	spot.start = d->ix->today;
	if (spot.start <= spot.finish)
		left = load_share(d->load, &spot, s->share);
	return all > 0 ? load_part(effort, left, all) : 0;
}

static void
keep_ask(struct demand *d, const struct node *node, const struct source *s, int64_t effort)
{
	struct load *load = d->load;
	void *grown = load->asks;

	if (s->share >= 0 && !has_time(s))
		effort = -1;
	if (effort == 0)
		return;
	if (!load_grow(&grown, &load->asks_cap, load->asks_count, sizeof load->asks[0])) {
		fail(d);
		return;
	}
	load->asks = grown;
	load->asks[load->asks_count++] = (struct load_ask){node->slot, s->row, effort,
	    ahead_of(d, node, s, effort), s->need, s->how == LOAD_ALLOCATION};
}

static void
place(struct demand *d, const struct node *node, const struct source *s, int64_t effort)
{
	struct spot spot = spot_of(d, node, s);
	bool ok = true;

	if (d->load->keep_asks)
		keep_ask(d, node, s, effort);
	if (!has_time(s) && (effort > 0 || s->share >= 0))
		unplace(d, node->slot, s->slot, effort, LOAD_NO_TIME);
	else if (s->share >= 0)
		ok = load_place_share(d->load, &spot, s->share, effort);
	else if (effort > 0)
		ok = load_place_effort(d->load, &spot, effort);
	if (!ok)
		fail(d);
}

/* ---- what a piece of work states */

static void
add_source(struct demand *d, const struct source *s)
{
	void *grown = d->sources;

	if (!load_grow(&grown, &d->sources_cap, d->sources_count, sizeof *s)) {
		fail(d);
		return;
	}
	d->sources = grown;
	d->sources[d->sources_count] = *s;
	d->sources[d->sources_count].number = (uint32_t)d->sources_count;
	d->sources_count++;
}

/* Allocations with an effort or a share above 0. False: it says nothing. */
static bool
add_allocation(struct demand *d, const struct node *node, uint32_t slot)
{
	const struct item *item = d->ix->items[slot];
	uint32_t who = index_target(d->ix, slot, ROLE_WHO);
	struct source s = {.slot = slot,
	    .need = LOAD_NO_NEED,
	    .skill = NO_ROW,
	    .how = LOAD_ALLOCATION,
	    .share = -1};

	if (!index_is(d->ix, slot, STANDING_LIVE) || (item->has & HAS_VALUE) == 0)
		return false;
	if (item->extra == 1)
		s.effort = item->effort;
	else
		s.share = (int32_t)lround(item->value * 10000);
	if (s.effort == 0 && s.share <= 0)
		return false;
	if (!node->runs)
		return true;
	s.row = who != SLOT_NONE ? d->load->row_of[who] : NO_ROW;
	s.start = index_periods_start(d->ix, slot);
	s.finish = index_periods_end(d->ix, slot);
	s.start = s.start != DATE_NONE ? s.start : node->start;
	s.finish = s.finish != DATE_NONE ? s.finish : node->finish;
	if (s.row == NO_ROW)
		unplace(d, node->slot, slot, s.effort, LOAD_NOBODY);
	else
		add_source(d, &s);
	return true;
}

static bool
is_allocated(const struct demand *d, uint32_t row)
{
	for (size_t i = 0; i < d->sources_count; i++) {
		if (d->sources[i].how == LOAD_ALLOCATION && d->sources[i].row == row)
			return true;
	}
	return false;
}

/* Of the persons and teams that needs name; stated says more of them, where there is more. */
static bool
add_named_needs(struct demand *d, const struct node *node, const struct control_need *stated)
{
	const struct item *item = d->ix->items[node->slot];
	bool any = false;

	for (uint32_t i = 0; i < item->refs_count; i++) {
		const struct ref *ref = &item->refs[i];
		struct source s = {d->load->row_of[ref->slot], node->slot, 0, ref->position, NO_ROW,
		    LOAD_NEED, node->start, node->finish, ref->amount, -1};

		if (ref->role != ROLE_NEED || ref->amount <= 0)
			continue;
		any = true;
		if (!node->runs)
			continue;
		if (stated != NULL)
			s.skill = load_skill_row(d->load, stated[ref->position].skill);
		if (s.row == NO_ROW)
			unplace(d, node->slot, node->slot, s.effort, LOAD_NOBODY);
		else if (!is_allocated(d, s.row))
			add_source(d, &s);
	}
	return any;
}

/* Needs that name nobody: of those who have the skill, if they ask for one. */
static bool
add_open_needs(
    struct demand *d, const struct node *node, const struct control_need *needs, size_t count)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		struct source s = {load_skill_row(d->load, needs[i].skill), node->slot, 0,
		    (uint32_t)i, NO_ROW, LOAD_NEED, node->start, node->finish, needs[i].effort, -1};

		if (needs[i].who[0] != '\0' || needs[i].effort <= 0)
			continue;
		any = true;
		if (node->runs && s.row == NO_ROW)
			unplace(d, node->slot, node->slot, s.effort, LOAD_NOBODY);
		else if (node->runs)
			add_source(d, &s);
	}
	return any;
}

static bool
add_needs(struct demand *d, const struct node *node)
{
	const struct control_need *needs = NULL;
	size_t count = 0;
	bool any = false;

	if ((d->ix->has[node->slot] & (HAS_OPEN_NEED | HAS_NEED_TERMS)) != 0) {
		arena_reset(d->load->scratch);
		if (!control_needs(d->ix->items[node->slot], d->load->scratch, &needs, &count)) {
			fail(d);
			return false;
		}
	}
	if ((d->ix->roles[node->slot] & ROLE_BIT(ROLE_NEED)) != 0)
		any = add_named_needs(d, node, needs);
	return add_open_needs(d, node, needs, count) || any;
}

/* The row of the i-th reference, where it is a member who is there; NO_ROW. */
static uint32_t
member_row(const struct demand *d, const struct edges *out, uint32_t i)
{
	uint32_t row = d->load->row_of[out->list[i].slot];

	if (out->list[i].role != ROLE_MEMBER || row == NO_ROW || row < d->load->teams ||
	    index_is_again(out, i))
		return NO_ROW;
	return row;
}

/* The estimate in equal parts over those who do it. */
static void
add_estimate(struct demand *d, const struct node *node, int64_t effort)
{
	struct edges out = index_out(d->ix, node->slot);
	struct source s = {0, node->slot, 0, LOAD_NO_NEED, NO_ROW,
	    d->ix->kinds[node->slot] == KIND_TASK ? LOAD_TASK : LOAD_ESTIMATE, node->start,
	    node->finish, 0, -1};
	int64_t members = 0;
	int64_t done = 0;

	for (uint32_t i = 0; i < out.count; i++)
		members += member_row(d, &out, i) != NO_ROW;
	if (members == 0) {
		unplace(d, node->slot, node->slot, effort, LOAD_NOBODY);
		return;
	}
	for (uint32_t i = 0; i < out.count; i++) {
		s.row = member_row(d, &out, i);
		if (s.row == NO_ROW)
			continue;
		s.effort = effort * (done + 1) / members - effort * done / members;
		done++;
		if (s.effort > 0)
			add_source(d, &s);
	}
}

/* ---- one row's claims */

static int
compare_sources(const void *pa, const void *pb, void *arg)
{
	const struct source *a = pa;
	const struct source *b = pb;
	int c;

	if (a->row != b->row)
		return a->row < b->row ? -1 : 1;
	if (a->slot != b->slot) {
		c = index_compare(arg, a->slot, b->slot);
		if (c != 0)
			return c;
	}
	return a->number < b->number ? -1 : 1;
}

static void
add_sum(struct demand *d, uint32_t row, int64_t effort)
{
	if (!d->is_touched[row]) {
		d->is_touched[row] = 1;
		d->touched[d->touched_count++] = row;
	}
	d->sum[row] += effort;
}

static int64_t
stated(const struct demand *d, const struct node *node, const struct source *s)
{
	struct spot spot = spot_of(d, node, s);

	if (s->share < 0)
		return s->effort;
	return has_time(s) ? load_share(d->load, &spot, s->share) : 0;
}

/*
 * All that is asked of one row for this work; what is asked for its parts, or of a team's members, or of anybody for that skill, is in
 * it already.
 */
static void
place_group(struct demand *d, const struct node *node, const struct source *list, size_t count)
{
	uint32_t row = list[0].row;
	uint32_t home = d->load->givers[row].home;
	int64_t already = d->is_touched[row] ? d->sum[row] : 0;
	int64_t all = 0;
	int64_t until = 0;
	int64_t rest;

	for (size_t i = 0; i < count; i++)
		all += stated(d, node, &list[i]);
	rest = all > already ? all - already : 0;
	for (size_t i = 0; i < count; i++) {
		int64_t own = stated(d, node, &list[i]);

		int64_t part =
		    all == 0 ? 0 : load_part(rest, until + own, all) - load_part(rest, until, all);

		place(d, node, &list[i], part);
		if (list[i].skill != NO_ROW)
			add_sum(d, list[i].skill, part);
		until += own;
	}
	add_sum(d, row, rest);
	if (home != NO_ROW)
		add_sum(d, home, rest);
}

/* Persons first, then teams, then skills: the former are a part of what is asked of the latter. */
static void
place_sources(struct demand *d, const struct node *node)
{
	size_t ends[4] = {0, 0, 0, d->sources_count}; /* teams, persons, skills */
	static const int order[] = {1, 0, 2};
	size_t n = d->sources_count;

	if (n > 1)
		qsort_r(
		    d->sources, n, sizeof d->sources[0], compare_sources, (void *)(uintptr_t)d->ix);
	while (ends[1] < n && d->sources[ends[1]].row < d->load->teams)
		ends[1]++;
	for (ends[2] = ends[1]; ends[2] < n && d->sources[ends[2]].row < d->load->rows;)
		ends[2]++;
	for (int pass = 0; pass < 3; pass++) {
		size_t from = ends[order[pass]];
		size_t to = ends[order[pass] + 1];

		while (from < to && !d->failed) {
			size_t end = from + 1;

			while (end < to && d->sources[end].row == d->sources[from].row)
				end++;
			place_group(d, node, d->sources + from, end - from);
			from = end;
		}
	}
}

/* ---- the tree of work */

static struct node
node_of(const struct demand *d, uint32_t slot, const struct node *above)
{
	const struct index *ix = d->ix;
	const struct brief *brief = &ix->briefs[slot];
	struct node node = {.slot = slot,
	    .rank = above != NULL ? above->rank : RANK_NONE,
	    .start = brief->start,
	    .finish = brief->finish,
	    .depth = above != NULL ? above->depth + 1 : 0};

	if (ix->kinds[slot] == KIND_INITIATIVE && ix->rank[slot] != RANK_NONE)
		node.rank = ix->rank[slot];
	if ((ix->roles[slot] & ROLE_BIT(ROLE_PERIOD)) != 0) {
		if (node.start == DATE_NONE)
			node.start = index_periods_start(ix, slot);
		if (node.finish == DATE_NONE)
			node.finish = index_periods_end(ix, slot);
	}
	if (above != NULL) {
		node.start = node.start != DATE_NONE ? node.start : above->start;
		node.finish = node.finish != DATE_NONE ? node.finish : above->finish;
	}
	node.runs = index_is(ix, slot, STANDING_JUDGED) && load_is_under_way(ix, slot) &&
		    (above == NULL || above->runs);
	node.counts =
	    node.runs ||
	    (index_is(ix, slot, STANDING_FINISHED) && !index_is(ix, slot, STANDING_GIVEN_UP)) ||
	    (above != NULL && !above->runs && above->counts);
	return node;
}

static void
push_asked(struct demand *d, size_t base)
{
	void *grown;

	d->asked_count = base;
	for (uint32_t i = 0; i < d->touched_count; i++) {
		uint32_t row = d->touched[i];

		grown = d->asked;
		if (!load_grow(&grown, &d->asked_cap, d->asked_count, sizeof d->asked[0])) {
			fail(d);
			return;
		}
		d->asked = grown;
		if (d->sum[row] > 0)
			d->asked[d->asked_count++] = (struct asked){row, d->sum[row]};
	}
}

static void
sum_parts(struct demand *d, size_t base)
{
	d->touched_count = 0;
	for (size_t i = base; i < d->asked_count; i++)
		add_sum(d, d->asked[i].row, d->asked[i].effort);
}

static void
clear_sums(struct demand *d)
{
	for (uint32_t i = 0; i < d->touched_count; i++) {
		d->sum[d->touched[i]] = 0;
		d->is_touched[d->touched[i]] = 0;
	}
	d->touched_count = 0;
}

/* True: it states effort of its own, or its parts do (those that have_parts tells). */
static bool
take_own(struct demand *d, const struct node *node, bool have_parts, size_t base)
{
	const struct brief *brief = &d->ix->briefs[node->slot];
	struct edges in = index_in(d->ix, node->slot);
	bool any = false;

	d->sources_count = 0;
	for (uint32_t i = 0; i < in.count; i++) {
		if (in.list[i].role == ROLE_PART_OF &&
		    d->ix->kinds[in.list[i].slot] == KIND_ALLOCATION)
			any |= add_allocation(d, node, in.list[i].slot);
	}
	any |= add_needs(d, node);
	if (!any && !have_parts && (d->ix->has[node->slot] & HAS_VALUE) != 0 && brief->effort > 0) {
		any = true;
		if (node->runs)
			add_estimate(d, node, brief->effort);
	}
	if (d->sources_count > 0) {
		sum_parts(d, base);
		place_sources(d, node);
		push_asked(d, base);
		clear_sums(d);
	}
	return any || have_parts;
}

static bool
is_part(const struct index *ix, const struct edge *e)
{
	unsigned kind = ix->kinds[e->slot];

	return e->role == ROLE_PART_OF && kind_is_work(kind) && kind != KIND_INITIATIVE &&
	       index_is(ix, e->slot, STANDING_LIVE) && !index_is(ix, e->slot, STANDING_GIVEN_UP);
}

/* Of a task only the brief is read; of other work, and of allocations, the item. */
static void
prefetch(const struct index *ix, uint32_t slot)
{
	__builtin_prefetch(&ix->briefs[slot]);
	if (ix->kinds[slot] != KIND_TASK)
		index_prefetch(ix, slot);
}

/* Their memory lies anywhere: ask for it before it is needed. */
static void
prefetch_parts(const struct index *ix, uint32_t slot)
{
	struct edges in = index_in(ix, slot);

	for (uint32_t i = 0; i < in.count && i < AHEAD; i++)
		prefetch(ix, in.list[i].slot);
}

static void
prefetch_first_parts(const struct index *ix, uint32_t slot)
{
	struct edges in = index_in(ix, slot);

	if (in.count > 0)
		prefetch_parts(ix, in.list[0].slot);
}

/* True: it or a part of it states effort that is not to be asked for once more above it. */
static bool
visit(struct demand *d, uint32_t slot, const struct node *above)
{
	struct node node = node_of(d, slot, above);
	struct edges in = index_in(d->ix, slot);
	size_t base = d->asked_count;
	bool any = false;

	if (d->failed || node.depth > DEPTH_MAX)
		return false;
	if (++d->nodes % STOP_EVERY == 0 && load_is_stopped(d->load, d->err)) {
		d->failed = true;
		return false;
	}
	if (!node.counts)
		return false;
	for (uint32_t i = 0; i < in.count; i++) {
		if (i + AHEAD < in.count)
			prefetch(d->ix, in.list[i + AHEAD].slot);
		if (i + 1 < in.count)
			prefetch_parts(d->ix, in.list[i + 1].slot);
		if (is_part(d->ix, &in.list[i]))
			any |= visit(d, in.list[i].slot, &node);
	}
	if (d->ix->kinds[slot] == KIND_MILESTONE)
		return any;
	return take_own(d, &node, any, base);
}

/* Not a part of other work that is there. */
static bool
is_root(const struct index *ix, uint32_t slot)
{
	uint32_t up = ix->part_of[slot];

	return up == SLOT_NONE || ix->kinds[slot] == KIND_INITIATIVE ||
	       !index_is(ix, up, STANDING_LIVE) || !kind_is_work(ix->kinds[up]);
}

static void
visit_kind(struct demand *d, enum kind kind)
{
	uint32_t count;
	const uint32_t *slots = index_kind(d->ix, kind, &count);

	for (uint32_t i = 0; i < count && !d->failed && !d->load->too_many; i++) {
		if (i + AHEAD < count)
			prefetch(d->ix, slots[i + AHEAD]);
		if (i + 2 < count)
			prefetch_parts(d->ix, slots[i + 2]);
		if (i + 1 < count)
			prefetch_first_parts(d->ix, slots[i + 1]);
		if (is_root(d->ix, slots[i]) && index_is(d->ix, slots[i], STANDING_JUDGED)) {
			visit(d, slots[i], NULL);
			d->asked_count = 0;
		}
	}
}

/* Allocations to what is not there, or is no work. */
static void
find_workless(struct demand *d)
{
	uint32_t count;
	const uint32_t *slots = index_kind(d->ix, KIND_ALLOCATION, &count);

	for (uint32_t i = 0; i < count; i++) {
		const struct item *item = d->ix->items[slots[i]];
		uint32_t work = d->ix->part_of[slots[i]];
		bool is_effort = (item->has & HAS_VALUE) != 0 && item->extra == 1;

		if (work != SLOT_NONE && index_is(d->ix, work, STANDING_LIVE) &&
		    kind_is_work(d->ix->kinds[work]) && d->ix->kinds[work] != KIND_MILESTONE)
			continue;
		unplace(d, slots[i], slots[i], is_effort ? item->effort : 0, LOAD_NO_WORK);
	}
}

bool
load_lay_demand(struct load *load, struct err *err)
{
	struct demand d = {.load = load, .ix = load->ix, .err = err};
	size_t rows = (size_t)load->all_rows + 1;

	d.sum = calloc(rows, sizeof d.sum[0]);
	d.touched = malloc(rows * sizeof d.touched[0]);
	d.is_touched = calloc(rows, 1);
	if (d.sum == NULL || d.touched == NULL || d.is_touched == NULL) {
		fail(&d);
	} else {
		visit_kind(&d, KIND_INITIATIVE);
		visit_kind(&d, KIND_WORKSTREAM);
		visit_kind(&d, KIND_TASK);
		visit_kind(&d, KIND_MILESTONE);
		find_workless(&d);
	}
	free(d.sources);
	free(d.asked);
	free(d.sum);
	free(d.touched);
	free(d.is_touched);
	return !d.failed;
}
