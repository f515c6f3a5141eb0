#include "server/insight/impact.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/burnup.h"
#include "server/insight/progress.h"
#include "server/plan/effect.h"

#define NONE UINT32_MAX

/* How much of a whole rests on one of its parts. */
struct part {
	uint32_t slot;
	double share;
	double part;
	double of;
};

/* The parts of one whole, by slot. */
struct whole {
	struct part *parts;
	size_t count;
};

/* What those that refer to an item in one role come to together. */
struct sum {
	double of;
	uint8_t role; /* ROLE_NONE: not worked out yet */
};

struct impact {
	const struct index *ix;
	struct progress *progress;
	struct whole *wholes; /* worked out once, when first asked for */
	uint32_t wholes_count;
	uint32_t wholes_cap;
	uint32_t *whole_of; /* by slot, 1-based */
	uint32_t *node_of;  /* by slot, 1-based; of the answer under way */
	struct sum *sums;   /* by slot: a thousand that rest on one would each add it up anew */
	bool *no_aims;      /* by slot: no aim refers to it in a way that leads on */
	uint64_t looked;
	bool oom;
};

const char *
impact_relation_name(enum impact_relation relation)
{
	static const char *const names[IMPACT_RELATIONS] = {
	    [IMPACT_START] = "",
	    [IMPACT_PART] = "has it as a part",
	    [IMPACT_EFFECT] = "is moved by it",
	    [IMPACT_TARGET] = "has a target on it",
	    [IMPACT_SERVES] = "is served by it",
	    [IMPACT_AFTER] = "comes after it",
	    [IMPACT_ASK] = "waits for it",
	    [IMPACT_EXPECTATION] = "is answered by it",
	    [IMPACT_SEGMENT] = "expects it",
	    [IMPACT_STEP] = "is worked on by it",
	    [IMPACT_PROMISE] = "promises it",
	    [IMPACT_DECISION] = "affects it",
	    [IMPACT_RISK] = "is to be mitigated by it",
	    [IMPACT_ASKED] = "was asked for it",
	};

	return names[relation];
}

bool
impact_has(unsigned kind)
{
	return kind_is_work(kind) || kind == KIND_ASK || kind == KIND_MEASURE ||
	       kind == KIND_OBJECTIVE;
}

bool
impact_is_customer(const struct index *ix, uint32_t slot)
{
	return ix->kinds[slot] == KIND_OBJECTIVE &&
	       ((ix->has[slot] & HAS_EXPECTATION) != 0 ||
		   (ix->roles[slot] & ROLE_BIT(ROLE_ANSWERS)) != 0);
}

/* ---- what is a part of what */

static int
by_slot(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	return x->slot < y->slot ? -1 : x->slot > y->slot;
}

/* What a contribution of the initiative to the measure shall do: all of those that name it. */
static double
effect_on(const struct index *ix, uint32_t initiative, uint32_t measure)
{
	struct edges out = index_out(ix, initiative);
	double sum = 0;

	for (uint32_t i = 0; i < out.count; i++) {
		double effect;

		if (out.list[i].role != ROLE_CONTRIBUTION_MEASURE || out.list[i].slot != measure)
			continue;
		effect = effect_expected(ix->items[initiative], out.list[i].position);
		if (isfinite(effect))
			sum += fabs(effect);
	}
	return sum;
}

/* Who moves the measure, by expected effect. */
static void
find_movers(struct impact *im, uint32_t measure, struct whole *whole)
{
	const struct index *ix = im->ix;
	struct edges in = index_in(ix, measure);
	double sum = 0;

	whole->parts = calloc(in.count + 1u, sizeof whole->parts[0]);
	if (whole->parts == NULL) {
		im->oom = true;
		return;
	}
	for (uint32_t i = 0; i < in.count; i++) {
		uint32_t slot = in.list[i].slot;
		bool again = i > 0 && in.list[i - 1].slot == slot;
		double effect;

		if (in.list[i].role != ROLE_CONTRIBUTION_MEASURE || again ||
		    !index_is(ix, slot, STANDING_LIVE) || index_is(ix, slot, STANDING_GIVEN_UP))
			continue;
		effect = effect_on(ix, slot, measure);
		if (effect <= 0)
			continue;
		whole->parts[whole->count++] = (struct part){slot, 0, effect, 0};
		sum += effect;
	}
	for (size_t i = 0; i < whole->count; i++) {
		whole->parts[i].of = sum;
		whole->parts[i].share = whole->parts[i].part / sum;
	}
}

/* Does all that it does for the objective go through measures on which its effect is stated? */
static bool
goes_by_measures(const struct index *ix, uint32_t work, uint32_t objective)
{
	struct edges out = index_out(ix, work);
	bool any = false;

	for (uint32_t i = 0; i < out.count; i++) {
		double effect;

		if (out.list[i].role != ROLE_CONTRIBUTION || out.list[i].slot != objective)
			continue;
		effect = effect_expected(ix->items[work], out.list[i].position);
		if (!isfinite(effect) || effect == 0)
			return false;
		any = true;
	}
	return any;
}

/* The efforts that go there, where all parts are work and state one: what the weights were made from. NAN: not so. */
static double
sum_efforts(const struct progress_part *parts, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += parts[i].is_work && parts[i].roll_up == ROLL_UP_WEIGHTED
			   ? parts[i].stated * parts[i].share
			   : (double)NAN;
	return sum;
}

static struct part
part_of(const struct progress_part *p, size_t count, double weights, double efforts)
{
	struct part part = {p->slot, p->weight, (double)NAN, (double)NAN};

	if (p->roll_up == ROLL_UP_WEAKEST || p->roll_up == ROLL_UP_ALL || count == 1) {
		part.share = 1;
	} else if (!(weights > 0)) {
		part.share = (double)NAN;
	} else if (efforts > 0) {
		part.part = p->stated * p->share;
		part.of = efforts;
	}
	return part;
}

/* What rolls up into it, as its progress does. */
static void
find_parts(struct impact *im, uint32_t slot, struct whole *whole)
{
	struct progress_part *parts = NULL;
	size_t count = 0;
	double sum = 0, efforts;

	if (!progress_parts(im->progress, slot, &parts, &count) ||
	    (whole->parts = calloc(count + 1, sizeof whole->parts[0])) == NULL) {
		im->oom = true;
		free(parts);
		return;
	}
	for (size_t i = 0; i < count; i++)
		sum += parts[i].weight;
	efforts = sum_efforts(parts, count);
	for (size_t i = 0; i < count; i++) {
		if (im->ix->kinds[slot] == KIND_OBJECTIVE && parts[i].is_work &&
		    goes_by_measures(im->ix, parts[i].slot, slot))
			continue;
		whole->parts[whole->count++] = part_of(&parts[i], count, sum, efforts);
	}
	free(parts);
}

static const struct whole *
whole_of(struct impact *im, uint32_t slot)
{
	static const struct whole nothing;
	struct whole whole = {NULL, 0};

	if (im->whole_of[slot] != 0)
		return &im->wholes[im->whole_of[slot] - 1];
	if (im->wholes_count == im->wholes_cap) {
		uint32_t cap = im->wholes_cap > 0 ? 2 * im->wholes_cap : 64;
		struct whole *larger = realloc(im->wholes, cap * sizeof larger[0]);

		if (larger == NULL) {
			im->oom = true;
			return &nothing;
		}
		im->wholes = larger;
		im->wholes_cap = cap;
	}
	if (im->ix->kinds[slot] == KIND_MEASURE)
		find_movers(im, slot, &whole);
	else
		find_parts(im, slot, &whole);
	if (whole.count > 0)
		qsort(whole.parts, whole.count, sizeof whole.parts[0], by_slot);
	im->wholes[im->wholes_count++] = whole;
	im->whole_of[slot] = im->wholes_count;
	return &im->wholes[im->wholes_count - 1];
}

/* ---- edges */

struct walk {
	struct impact *im;
	struct impact_result *out;
	uint32_t nodes_cap;
	uint32_t edges_cap;
	const struct impact_ask *ask;
};

static bool
counts(const struct index *ix, uint32_t slot)
{
	return index_is(ix, slot, STANDING_LIVE) &&
	       (ix->standing[slot] & (STANDING_FINISHED | STANDING_GIVEN_UP)) == 0;
}

static void *
grow(void *list, uint32_t count, uint32_t *cap, size_t size)
{
	uint32_t larger = *cap > 0 ? 2 * *cap : 64;
	void *grown = list;

	if (count < *cap)
		return list;
	grown = realloc(list, larger * size);
	if (grown != NULL)
		*cap = larger;
	return grown;
}

/* The node of the slot; NONE: there are too many, or memory is out. */
static uint32_t
node_at(struct walk *w, uint32_t slot, uint32_t depth)
{
	struct impact *im = w->im;
	struct impact_node *nodes;

	if (im->node_of[slot] != 0)
		return im->node_of[slot] - 1;
	if (w->out->nodes_count == w->ask->most) {
		w->out->more = true;
		return NONE;
	}
	nodes = grow(w->out->nodes, w->out->nodes_count, &w->nodes_cap, sizeof nodes[0]);
	if (nodes == NULL) {
		im->oom = true;
		return NONE;
	}
	w->out->nodes = nodes;
	nodes[w->out->nodes_count] = (struct impact_node){
	    .slot = slot, .depth = depth, .via = NONE, .planned = DATE_NONE, .then = DATE_NONE};
	im->node_of[slot] = ++w->out->nodes_count;
	return w->out->nodes_count - 1;
}

static void
add_edge(
    struct walk *w, uint32_t from, uint32_t slot, enum impact_relation relation, struct part part)
{
	struct impact_edge *edges;
	uint32_t to;

	if (!counts(w->im->ix, slot) || w->im->oom)
		return;
	to = node_at(w, slot, w->out->nodes[from].depth + 1);
	if (to == NONE)
		return;
	edges = grow(w->out->edges, w->out->edges_count, &w->edges_cap, sizeof edges[0]);
	if (edges == NULL) {
		w->im->oom = true;
		return;
	}
	w->out->edges = edges;
	edges[w->out->edges_count++] =
	    (struct impact_edge){from, to, relation, false, part.share, part.part, part.of};
}

/* Where it is a part of that whole. */
static void
add_part(
    struct walk *w, uint32_t from, uint32_t slot, uint32_t whole, enum impact_relation relation)
{
	const struct whole *parts;
	struct part key = {.slot = slot}, *part;

	if (!counts(w->im->ix, whole))
		return;
	parts = whole_of(w->im, whole);
	part = parts->count > 0 ? bsearch(&key, parts->parts, parts->count, sizeof key, by_slot)
				: NULL;
	if (part != NULL)
		add_edge(w, from, whole, relation, *part);
}

static uint32_t
count_all(const struct index *ix, uint32_t slot, enum role role)
{
	struct edges in = index_in(ix, slot);
	uint32_t n = 0;

	for (uint32_t i = 0; i < in.count; i++)
		n += in.list[i].role == role && counts(ix, in.list[i].slot) &&
		     (i == 0 || in.list[i - 1].slot != in.list[i].slot ||
			 in.list[i - 1].role != role);
	return n;
}

/* One of those that have the role there. */
static struct part
one_of(struct impact *im, uint32_t slot, enum role role)
{
	struct sum *sum = &im->sums[slot];

	if (sum->role != role)
		*sum = (struct sum){count_all(im->ix, slot, role), (uint8_t)role};
	return (struct part){.share = sum->of > 0 ? 1.0 / sum->of : 1, .part = 1, .of = sum->of};
}

static const struct part all_of_it = {.share = 1, .part = (double)NAN, .of = (double)NAN};

static struct part
ask_part(const struct index *ix, uint32_t ask, uint32_t work)
{
	int64_t whole = burnup_effort(ix, work);
	const struct item *item = ix->items[ask];
	struct part part = all_of_it;

	if ((item->has & HAS_VALUE) == 0 || whole <= 0)
		return part;
	part.part = (double)item->effort;
	part.of = (double)whole;
	part.share = fmin(1, part.part / part.of);
	return part;
}

static double
importance(const struct index *ix, uint32_t expectation)
{
	const struct item *item = ix->items[expectation];

	return item->targets_count > 0 ? item_targets(item)->target : (double)NAN;
}

static double
add_importances(const struct index *ix, uint32_t segment)
{
	struct edges in = index_in(ix, segment);
	double sum = 0;

	for (uint32_t i = 0; i < in.count; i++) {
		double value;

		if (ix->kinds[in.list[i].slot] != KIND_EXPECTATION ||
		    !index_is(ix, in.list[i].slot, STANDING_LIVE))
			continue;
		value = importance(ix, in.list[i].slot);
		sum += isfinite(value) ? value : 0;
	}
	return sum;
}

/* Of all that the segment expects. */
static struct part
segment_part(struct impact *im, uint32_t expectation, uint32_t segment)
{
	struct sum *sum = &im->sums[segment];
	struct part part = {.share = (double)NAN, .part = importance(im->ix, expectation)};

	if (sum->role != ROLE_SEGMENT)
		*sum = (struct sum){add_importances(im->ix, segment), ROLE_SEGMENT};
	part.of = sum->of;
	if (isfinite(part.part) && part.of > 0)
		part.share = part.part / part.of;
	return part;
}

static struct part
target_part(const struct index *ix, uint32_t objective)
{
	unsigned n = ix->items[objective]->targets_count;

	return (struct part){.share = n > 0 ? 1.0 / n : 1, .part = 1, .of = n};
}

/* What its own references lead on to. */
static void
follow_out(struct walk *w, uint32_t node, uint32_t slot, const struct edge *e)
{
	const struct index *ix = w->im->ix;
	unsigned kind = ix->kinds[slot];

	switch (e->role) {
	case ROLE_PART_OF:
		if (kind == KIND_ASK && counts(ix, e->slot))
			add_edge(w, node, e->slot, IMPACT_ASK, ask_part(ix, slot, e->slot));
		else if (kind_is_work(kind))
			add_part(w, node, slot, e->slot, IMPACT_PART);
		break;
	case ROLE_OBJECTIVE:
	case ROLE_CONTRIBUTION:
	case ROLE_PARENT:
	case ROLE_GOAL:
	case ROLE_FURTHER_GOAL:
		if (kind_is_work(kind) || kind == KIND_OBJECTIVE || kind == KIND_GOAL)
			add_part(w, node, slot, e->slot, IMPACT_SERVES);
		break;
	case ROLE_CONTRIBUTION_MEASURE:
		add_part(w, node, slot, e->slot, IMPACT_EFFECT);
		break;
	case ROLE_ANSWERS:
		if (!w->ask->aims && kind == KIND_OBJECTIVE)
			add_edge(w, node, e->slot, IMPACT_EXPECTATION,
			    one_of(w->im, e->slot, ROLE_ANSWERS));
		break;
	case ROLE_WORKS_ON:
		if (!w->ask->aims)
			add_edge(
			    w, node, e->slot, IMPACT_STEP, one_of(w->im, e->slot, ROLE_WORKS_ON));
		break;
	case ROLE_SEGMENT:
		if (kind == KIND_EXPECTATION)
			add_edge(
			    w, node, e->slot, IMPACT_SEGMENT, segment_part(w->im, slot, e->slot));
		break;
	default:
		break;
	}
}

/* What refers to it. */
static void
follow_in(struct walk *w, uint32_t node, uint32_t slot, const struct edge *e)
{
	const struct index *ix = w->im->ix;
	unsigned kind = ix->kinds[e->slot];

	switch (e->role) {
	case ROLE_AFTER:
		add_edge(w, node, e->slot, IMPACT_AFTER, all_of_it);
		break;
	case ROLE_TARGET_MEASURE:
		add_edge(w, node, e->slot, IMPACT_TARGET, target_part(ix, e->slot));
		break;
	case ROLE_AFFECTS:
		if (!w->ask->aims && kind == KIND_COMMITMENT)
			add_edge(w, node, e->slot, IMPACT_PROMISE, all_of_it);
		else if (!w->ask->aims && kind == KIND_DECISION)
			add_edge(w, node, e->slot, IMPACT_DECISION, all_of_it);
		break;
	case ROLE_MITIGATED_BY:
		/* Who mitigates are references of the risk itself. */
		if (!w->ask->aims) {
			struct edges out = index_out(ix, e->slot);
			unsigned n = 0;

			for (uint32_t i = 0; i < out.count; i++)
				n += out.list[i].role == ROLE_MITIGATED_BY;
			add_edge(w, node, e->slot, IMPACT_RISK,
			    (struct part){.share = 1.0 / n, .part = 1, .of = n});
		}
		break;
	case ROLE_PART_OF:
		if (!w->ask->aims && kind == KIND_ASK && kind_is_work(ix->kinds[slot]))
			add_edge(w, node, e->slot, IMPACT_ASKED, all_of_it);
		break;
	default:
		break;
	}
}

/* Does something rest on it? What was asked for is the end, unless it is what was asked about. */
static bool
leads_on(const struct index *ix, uint32_t slot, bool start)
{
	unsigned kind = ix->kinds[slot];

	return kind_is_work(kind) || kind == KIND_MEASURE || kind == KIND_OBJECTIVE ||
	       kind == KIND_GOAL || kind == KIND_EXPECTATION || (kind == KIND_ASK && start);
}

static int
by_target(const void *a, const void *b, void *arg)
{
	const struct impact_edge *x = a, *y = b;
	const struct walk *w = arg;
	const struct impact_node *nodes = w->out->nodes;

	if (x->to != y->to)
		return index_compare(w->im->ix, nodes[x->to].slot, nodes[y->to].slot);
	return (int)x->relation - (int)y->relation;
}

/* The edges of a node, by kind and name of where they lead; each once. */
static void
expand(struct walk *w, uint32_t node)
{
	const struct index *ix = w->im->ix;
	uint32_t slot = w->out->nodes[node].slot;
	struct edges out = index_out(ix, slot), in = index_in(ix, slot);
	uint32_t first = w->out->edges_count, kept = first, own;

	for (uint32_t i = 0; i < out.count; i++)
		follow_out(w, node, slot, &out.list[i]);
	own = w->out->edges_count;
	if (w->ask->aims && w->im->no_aims[slot])
		in.count = 0;
	for (uint32_t i = 0; i < in.count; i++)
		follow_in(w, node, slot, &in.list[i]);
	w->im->no_aims[slot] = w->ask->aims && w->out->edges_count == own && !w->out->more;
	w->im->looked += 1 + (uint64_t)out.count + in.count;
	if (w->im->oom || w->out->edges_count == first)
		return;
	qsort_r(w->out->edges + first, w->out->edges_count - first, sizeof w->out->edges[0],
	    by_target, w);
	for (uint32_t i = first; i < w->out->edges_count; i++) {
		const struct impact_edge *e = &w->out->edges[i];

		if (kept > first && w->out->edges[kept - 1].to == e->to &&
		    w->out->edges[kept - 1].relation == e->relation)
			continue;
		w->out->edges[kept++] = *e;
	}
	w->out->edges_count = kept;
}

/* ---- the order */

enum colour { WHITE, GREY, BLACK };

struct frame {
	uint32_t node;
	uint32_t edge;
};

struct dfs {
	uint8_t *colour;
	uint32_t *first; /* of the edges, by node */
	uint32_t *order; /* last finished last */
	uint32_t ordered;
	struct frame *stack;
	uint32_t depth;
};

static void
enter(struct dfs *d, uint32_t node)
{
	d->colour[node] = GREY;
	d->stack[d->depth++] = (struct frame){node, d->first[node]};
}

/* Depth first; what leads back to a node on the way is cut. */
static void
search(struct impact_result *out, struct dfs *d)
{
	enter(d, 0);
	while (d->depth > 0) {
		struct frame *top = &d->stack[d->depth - 1];
		struct impact_edge *e;

		if (top->edge == d->first[top->node + 1]) {
			d->colour[top->node] = BLACK;
			d->order[d->ordered++] = top->node;
			d->depth--;
			continue;
		}
		e = &out->edges[top->edge++];
		if (d->colour[e->to] == GREY)
			e->cut = true;
		else if (d->colour[e->to] == WHITE)
			enter(d, e->to);
	}
}

/* ---- dates */

static int32_t
end_of(const struct index *ix, uint32_t slot)
{
	const struct item *item = ix->items[slot];
	int32_t end = DATE_NONE;

	switch (item->kind) {
	case KIND_OBJECTIVE:
		for (unsigned i = 0; i < item->targets_count; i++) {
			if (item_targets(item)[i].due > end)
				end = item_targets(item)[i].due;
		}
		return end != DATE_NONE ? end : index_periods_end(ix, slot);
	case KIND_ASK:
		return item->start != DATE_NONE ? item->start : item->finish;
	case KIND_INITIATIVE:
	case KIND_WORKSTREAM:
		return item->finish != DATE_NONE ? item->finish : index_periods_end(ix, slot);
	case KIND_TASK:
	case KIND_MILESTONE:
	case KIND_COMMITMENT:
	case KIND_DECISION:
		return item->finish;
	default:
		return DATE_NONE;
	}
}

static int32_t
start_of(const struct index *ix, uint32_t slot)
{
	const struct item *item = ix->items[slot];

	if (item->kind == KIND_MILESTONE)
		return item->finish;
	return item->start != DATE_NONE ? item->start : index_periods_start(ix, slot);
}

/* Of the objective's target on the measure, else all of it. */
static int32_t
due_on(const struct index *ix, uint32_t objective, uint32_t measure)
{
	const struct item *item = ix->items[objective];

	for (unsigned i = 0; i < item->targets_count; i++) {
		if (item_targets(item)[i].measure == measure &&
		    item_targets(item)[i].due != DATE_NONE)
			return item_targets(item)[i].due;
	}
	return index_periods_end(ix, objective);
}

static int32_t
lag_of(const struct index *ix, uint32_t work, uint32_t after)
{
	const struct item *item = ix->items[work];
	int32_t lag = 0;

	for (uint32_t i = 0; i < item->refs_count; i++) {
		if (item->refs[i].role == ROLE_AFTER && item->refs[i].slot == after &&
		    item->refs[i].amount > lag)
			lag = item->refs[i].amount;
	}
	return lag;
}

/*
 * The day up to which u may end without making v late; DATE_NONE: nothing says so. *is_start: it is the start of v that moves.
 */
static int32_t
room(const struct index *ix, const struct impact_edge *e, uint32_t u, uint32_t v)
{
	int32_t start;

	switch (e->relation) {
	case IMPACT_AFTER:
		start = start_of(ix, v);
		return start != DATE_NONE ? start - 1 - lag_of(ix, v, u) : DATE_NONE;
	case IMPACT_ASK:
		return ix->items[u]->finish;
	case IMPACT_TARGET:
		return due_on(ix, v, u);
	default:
		return end_of(ix, v);
	}
}

/* Those that have a day of their own to keep. */
static bool
keeps_a_day(enum impact_relation relation)
{
	return relation == IMPACT_PART || relation == IMPACT_TARGET || relation == IMPACT_SERVES ||
	       relation == IMPACT_AFTER || relation == IMPACT_ASK || relation == IMPACT_PROMISE;
}

static void
pass_days(const struct index *ix, struct impact_result *out, const struct impact_edge *e)
{
	const struct impact_node *u = &out->nodes[e->from];
	struct impact_node *v = &out->nodes[e->to];
	int32_t late = u->late, until = DATE_NONE;
	bool assumed = u->assumed;

	if (late <= 0 || e->relation == IMPACT_ASKED || v->scheduled)
		return;
	if (keeps_a_day(e->relation) && ix->kinds[v->slot] != KIND_GOAL) {
		until = room(ix, e, u->slot, v->slot);
		if (until == DATE_NONE || u->then == DATE_NONE)
			assumed = true;
		else if ((int64_t)u->then - until < late)
			late = u->then - until;
	}
	if (late > v->late) {
		v->late = late;
		v->assumed = assumed;
		/* A measure has no day of its own: it moves when what moves it ends. */
		v->then = v->planned != DATE_NONE        ? v->planned + late
			  : e->relation == IMPACT_EFFECT ? u->then
							 : DATE_NONE;
	}
}

/* ---- all of it */

static void
pass_share(struct impact_result *out, uint32_t edge, double *best)
{
	const struct impact_edge *e = &out->edges[edge];
	const struct impact_node *u = &out->nodes[e->from];
	struct impact_node *v = &out->nodes[e->to];
	double brought = isnan(e->share) ? 0 : u->share * e->share;

	v->unstated = v->unstated || u->unstated || isnan(e->share);
	v->share = fmin(1, v->share + brought);
	if (v->via == NONE || brought > best[e->to]) {
		best[e->to] = brought;
		v->via = edge;
	}
}

/* Where it is scheduled the schedule says how late it is; else the way there will. */
static void
take_schedule(const struct impact_ask *ask, const struct index *ix, struct impact_node *node)
{
	node->planned = end_of(ix, node->slot);
	if (ask->before == NULL || ask->before[node->slot] == DATE_NONE ||
	    ask->before[node->slot] == IMPACT_BEYOND)
		return;
	node->scheduled = true;
	node->planned = ask->before[node->slot];
	node->then = ask->after[node->slot];
	if (node->then == IMPACT_BEYOND) {
		node->late = ask->days;
		node->then = DATE_NONE;
		node->assumed = true;
	} else if (node->then > node->planned) {
		node->late = node->then - node->planned;
	}
}

static bool
settle(struct walk *w, struct dfs *d)
{
	const struct index *ix = w->im->ix;
	struct impact_result *out = w->out;
	double *best = calloc(out->nodes_count + 1u, sizeof *best);

	if (best == NULL)
		return false;
	for (uint32_t i = 0; i < out->nodes_count; i++)
		take_schedule(w->ask, ix, &out->nodes[i]);
	out->nodes[0].share = 1;
	out->nodes[0].late = w->ask->days;
	if (out->nodes[0].planned != DATE_NONE)
		out->nodes[0].then = out->nodes[0].planned + w->ask->days;
	for (uint32_t i = d->ordered; i-- > 0;) {
		uint32_t node = d->order[i];

		for (uint32_t e = d->first[node]; e < d->first[node + 1]; e++) {
			if (out->edges[e].cut)
				continue;
			pass_share(out, e, best);
			pass_days(ix, out, &out->edges[e]);
		}
	}
	free(best);
	return true;
}

/* Breadth first; first[i] is the first edge of node i. */
static bool
gather(struct walk *w, const uint32_t *starts, uint32_t count, uint32_t **first)
{
	uint32_t cap = 0;

	for (uint32_t i = 0; i < count; i++)
		(void)node_at(w, starts[i], 0);
	for (uint32_t i = 0; !w->im->oom && i <= w->out->nodes_count; i++) {
		uint32_t *list = grow(*first, i, &cap, sizeof *list);

		w->im->oom = list == NULL;
		if (list == NULL)
			break;
		*first = list;
		list[i] = w->out->edges_count;
		if (i < w->out->nodes_count &&
		    leads_on(w->im->ix, w->out->nodes[i].slot, i < count))
			expand(w, i);
	}
	for (uint32_t i = 0; i < w->out->nodes_count; i++)
		w->im->node_of[w->out->nodes[i].slot] = 0;
	return !w->im->oom;
}

bool
impact_reach(struct impact *im, const uint32_t *slots, uint32_t count, struct impact_result *out,
    struct err *err)
{
	const struct impact_ask ask = {.aims = true, .most = UINT32_MAX};
	struct walk w = {.im = im, .out = out, .ask = &ask};
	uint32_t *first = NULL;
	bool ok;

	impact_result_fini(out);
	ok = gather(&w, slots, count, &first);
	free(first);
	return ok || err_oom(err);
}

uint64_t
impact_looked(const struct impact *im)
{
	return im->looked;
}

bool
impact_of(
    struct impact *im, const struct impact_ask *ask, struct impact_result *out, struct err *err)
{
	struct walk w = {.im = im, .out = out, .ask = ask};
	struct dfs d = {0};
	bool ok;

	impact_result_fini(out);
	ok = gather(&w, &ask->slot, 1, &d.first);
	d.colour = calloc(out->nodes_count + 1u, sizeof d.colour[0]);
	d.order = calloc(out->nodes_count + 1u, sizeof d.order[0]);
	d.stack = calloc(out->nodes_count + 1u, sizeof d.stack[0]);
	ok = ok && d.colour != NULL && d.order != NULL && d.stack != NULL;
	if (ok) {
		search(out, &d);
		ok = settle(&w, &d);
	}
	free(d.colour);
	free(d.order);
	free(d.stack);
	free(d.first);
	return ok || err_oom(err);
}

void
impact_result_fini(struct impact_result *result)
{
	free(result->nodes);
	free(result->edges);
	*result = (struct impact_result){0};
}

struct impact *
impact_new(const struct index *ix)
{
	struct impact *im = calloc(1, sizeof *im);

	if (im == NULL)
		return NULL;
	im->ix = ix;
	im->progress = progress_new(ix);
	im->whole_of = calloc((size_t)ix->slots + 1, sizeof im->whole_of[0]);
	im->node_of = calloc((size_t)ix->slots + 1, sizeof im->node_of[0]);
	im->sums = calloc((size_t)ix->slots + 1, sizeof im->sums[0]);
	im->no_aims = calloc((size_t)ix->slots + 1, sizeof im->no_aims[0]);
	if (im->progress != NULL && im->whole_of != NULL && im->node_of != NULL &&
	    im->sums != NULL && im->no_aims != NULL)
		return im;
	impact_free(im);
	return NULL;
}

void
impact_free(struct impact *im)
{
	if (im == NULL)
		return;
	for (uint32_t i = 0; i < im->wholes_count; i++)
		free(im->wholes[i].parts);
	free(im->wholes);
	free(im->whole_of);
	free(im->node_of);
	free(im->sums);
	free(im->no_aims);
	progress_free(im->progress);
	free(im);
}
