#include "server/insight/trace.h"

#include <assert.h>
#include <stdlib.h>

#include "common/arena.h"
#include "server/insight/check/index.h"
#include "server/insight/check/words.h"
#include "server/limits.h"
#include "server/plan/kinds.h"

/* Chains can be longer than belonging is deep, through links; recursion stops here. */
#define DEPTH_MAX (3 * LIMIT_DEPTH)
#define GAPS_MAX  1000u

enum way { WAY_OUT, WAY_IN };

/* One step that a trace takes from an item of a kind. */
struct step {
	enum kind from; /* KIND_NONE: any */
	enum way way;   /* along the item's own reference, or back along one to it */
	enum role role;
	enum kind to; /* KIND_NONE: any */
	const char *relation;
	bool purpose; /* up: a reason for it to exist */
};

/*
 * Up is why. The relation is said of the node that the step leads from: "initiative/x serves objective/y"
 * shows y as what x "serves".
 */
static const struct step ups[] = {
    {KIND_NONE, WAY_OUT, ROLE_PART_OF, KIND_NONE, "is part of", true},
    {KIND_NONE, WAY_OUT, ROLE_OBJECTIVE, KIND_NONE, "serves", true},
    {KIND_NONE, WAY_OUT, ROLE_CONTRIBUTION, KIND_NONE, "contributes to", true},
    {KIND_NONE, WAY_OUT, ROLE_STRATEGY, KIND_NONE, "carries out", true},
    {KIND_NONE, WAY_OUT, ROLE_GOAL, KIND_NONE, "serves", true},
    {KIND_NONE, WAY_OUT, ROLE_FURTHER_GOAL, KIND_NONE, "serves", true},
    {KIND_NONE, WAY_OUT, ROLE_PARENT, KIND_NONE, "is part of", true},
    {KIND_NONE, WAY_OUT, ROLE_LINK_CONTRIBUTES, KIND_NONE, "contributes to", true},
    {KIND_NONE, WAY_OUT, ROLE_LINK_SUPPORTS, KIND_NONE, "supports", false},
    {KIND_NONE, WAY_OUT, ROLE_ANSWERS, KIND_NONE, "answers", false},
    {KIND_NONE, WAY_OUT, ROLE_WORKS_ON, KIND_STEP, "works on", false},
    {KIND_NONE, WAY_OUT, ROLE_IN, KIND_NONE, "is part of", true},
    {KIND_NONE, WAY_OUT, ROLE_SEGMENT, KIND_SEGMENT, "is of", true},
    {KIND_EXPECTATION, WAY_OUT, ROLE_OUTCOME, KIND_DESIRED_OUTCOME, "helps to", true},
    {KIND_MEASURE, WAY_IN, ROLE_JUDGED_BY, KIND_STEP, "judges", true},
    {KIND_NONE, WAY_IN, ROLE_BACKSTAGE, KIND_STEP, "is behind", true},
    {KIND_TEAM, WAY_IN, ROLE_MET_BY, KIND_STEP, "meets customers at", true},
    {KIND_MEASURE, WAY_IN, ROLE_TARGET_MEASURE, KIND_OBJECTIVE, "measures", true},
    {KIND_MEASURE, WAY_OUT, ROLE_INLINE_UNDER, KIND_OBJECTIVE, "measures", true},
    {KIND_MEASURE, WAY_IN, ROLE_CONTRIBUTION_MEASURE, KIND_NONE, "shows the effect of", true},
    {KIND_NONE, WAY_OUT, ROLE_ABOUT, KIND_NONE, "is about", true},
    {KIND_PERSON, WAY_IN, ROLE_OWNER, KIND_NONE, "owns", true},
    {KIND_PERSON, WAY_IN, ROLE_MEMBER, KIND_NONE, "works on", true},
    {KIND_PERSON, WAY_IN, ROLE_WHO, KIND_ALLOCATION, "is given by", true},
    {KIND_PERSON, WAY_IN, ROLE_NEED, KIND_NONE, "is needed by", true},
    {KIND_TEAM, WAY_IN, ROLE_TEAM, KIND_OBJECTIVE, "answers for", true},
    {KIND_TEAM, WAY_IN, ROLE_OWNER, KIND_NONE, "owns", true},
    {KIND_TEAM, WAY_IN, ROLE_WHO, KIND_ALLOCATION, "is given by", true},
    {KIND_TEAM, WAY_IN, ROLE_NEED, KIND_NONE, "is needed by", true},
    {KIND_TEAM, WAY_IN, ROLE_TO, KIND_ASK, "is asked by", true},
};

/* Down is what rests on it: "objective/y" shows initiative/x as what it "is served by". */
static const struct step downs[] = {
    {KIND_NONE, WAY_OUT, ROLE_OWNER, KIND_NONE, "is owned by", false},
    {KIND_OBJECTIVE, WAY_OUT, ROLE_TEAM, KIND_TEAM, "is answered for by", false},
    {KIND_NONE, WAY_OUT, ROLE_TARGET_MEASURE, KIND_NONE, "is measured by", false},
    {KIND_OBJECTIVE, WAY_IN, ROLE_INLINE_UNDER, KIND_MEASURE, "is measured by", false},
    {KIND_NONE, WAY_OUT, ROLE_CONTRIBUTION_MEASURE, KIND_NONE, "is measured by", false},
    {KIND_NONE, WAY_IN, ROLE_PARENT, KIND_NONE, "has the part", false},
    {KIND_NONE, WAY_IN, ROLE_GOAL, KIND_NONE, "is served by", false},
    {KIND_NONE, WAY_IN, ROLE_FURTHER_GOAL, KIND_NONE, "is served by", false},
    {KIND_NONE, WAY_IN, ROLE_OBJECTIVE, KIND_NONE, "is served by", false},
    {KIND_NONE, WAY_IN, ROLE_CONTRIBUTION, KIND_NONE, "is contributed to by", false},
    {KIND_NONE, WAY_IN, ROLE_STRATEGY, KIND_NONE, "is carried out by", false},
    {KIND_NONE, WAY_IN, ROLE_LINK_CONTRIBUTES, KIND_NONE, "is contributed to by", false},
    {KIND_NONE, WAY_IN, ROLE_LINK_SUPPORTS, KIND_NONE, "is supported by", false},
    {KIND_NONE, WAY_IN, ROLE_ANSWERS, KIND_NONE, "is answered by", false},
    {KIND_STEP, WAY_IN, ROLE_WORKS_ON, KIND_NONE, "is worked on by", false},
    {KIND_NONE, WAY_IN, ROLE_IN, KIND_NONE, "has the part", false},
    {KIND_SEGMENT, WAY_IN, ROLE_SEGMENT, KIND_EXPECTATION, "expects", false},
    {KIND_STEP, WAY_OUT, ROLE_MET_BY, KIND_TEAM, "is met by", false},
    {KIND_STEP, WAY_OUT, ROLE_JUDGED_BY, KIND_MEASURE, "is judged by", false},
    {KIND_STEP, WAY_OUT, ROLE_BACKSTAGE, KIND_NONE, "has behind it", false},
    {KIND_ASSESSMENT, WAY_OUT, ROLE_INFLUENCER, KIND_NONE, "comes from", false},
    {KIND_NONE, WAY_IN, ROLE_PART_OF, KIND_NONE, "has the part", false},
    {KIND_NONE, WAY_IN, ROLE_AFTER, KIND_NONE, "is awaited by", false},
    {KIND_TEAM, WAY_OUT, ROLE_LEAD, KIND_NONE, "is led by", false},
    {KIND_NONE, WAY_OUT, ROLE_MEMBER, KIND_NONE, "is worked on by", false},
    {KIND_NONE, WAY_OUT, ROLE_NEED, KIND_NONE, "needs", false},
    {KIND_ALLOCATION, WAY_OUT, ROLE_WHO, KIND_NONE, "gives", false},
    {KIND_ASK, WAY_OUT, ROLE_TO, KIND_NONE, "asks", false},
    {KIND_TEAM, WAY_IN, ROLE_TEAM, KIND_PERSON, "has the member", false},
    {KIND_PERSON, WAY_IN, ROLE_MANAGER, KIND_PERSON, "manages", false},
    {KIND_PERSON, WAY_IN, ROLE_LEAD, KIND_TEAM, "leads", false},
};
#define COUNT_OF(list) (sizeof(list) / sizeof((list)[0]))

struct walk {
	struct index ix;
	const struct trace_query *query;
	struct arena *arena;
	struct trace_node *nodes;
	size_t count;
	size_t cap;
	const char **gaps;
	size_t gaps_count;
	uint8_t *seen; /* by slot, in this direction */
	bool up;
	bool reaches_goal;
	bool full;
	bool deep;
	bool oom;
	bool cancelled;
};

/* What a step led to, before it becomes a node. */
struct reached {
	uint32_t slot;
	uint32_t step;
};

struct reach {
	struct walk *walk;
	struct reached *list; /* heap */
	size_t count;
	size_t cap;
};

static bool
is_cancelled(void *arg)
{
	const struct walk *walk = arg;

	return walk->query->cancelled != NULL && walk->query->cancelled(walk->query->arg);
}

static void
add_gap(struct walk *walk, const char *text)
{
	if (text == NULL)
		walk->oom = true;
	else if (walk->gaps_count < GAPS_MAX)
		walk->gaps[walk->gaps_count++] = text;
}

static const char *
ref_text(struct walk *walk, uint32_t slot)
{
	const struct item *item = walk->ix.items[slot];
	const char *text = arena_printf(
	    walk->arena, "%s/%.*s", kind_name(item->kind), item->id_len, item_id(item));

	if (text == NULL)
		walk->oom = true;
	return text != NULL ? text : "";
}

static uint32_t
one_owner(const struct index *ix, uint32_t slot)
{
	struct edges out = index_out(ix, slot);
	uint32_t owner = SLOT_NONE;

	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].role != ROLE_OWNER)
			continue;
		if (owner != SLOT_NONE && owner != out.list[i].slot)
			return SLOT_NONE;
		owner = out.list[i].slot;
	}
	return owner != SLOT_NONE && ix->kinds[owner] == KIND_PERSON ? owner : SLOT_NONE;
}

/* -1: there is no room. */
static int32_t
add_node(struct walk *walk, uint32_t slot, int32_t parent, const char *relation, int32_t level)
{
	struct index *ix = &walk->ix;
	bool live = index_is(ix, slot, STANDING_LIVE);

	if (walk->count == LIMIT_TRACE_NODES) {
		walk->full = true;
		return -1;
	}
	if (walk->count == walk->cap) {
		size_t cap = walk->cap * 2;
		struct trace_node *bigger = realloc(walk->nodes, cap * sizeof bigger[0]);

		if (bigger == NULL) {
			walk->oom = true;
			return -1;
		}
		walk->nodes = bigger;
		walk->cap = cap;
	}
	walk->nodes[walk->count] = (struct trace_node){slot, parent, relation, level,
	    walk->seen[slot] != 0, !item_is_live(ix->items[slot]),
	    live ? one_owner(ix, slot) : SLOT_NONE, live ? status_name(ix->items[slot]) : ""};
	return (int32_t)walk->count++;
}

/* ---- what a step leads to */

static bool
reach_add(struct reach *reach, uint32_t slot, uint32_t step)
{
	/* The same thing in two roles is shown by the first: steps are in order of what says most. */
	for (size_t i = 0; i < reach->count && reach->count < 64; i++) {
		if (reach->list[i].slot == slot)
			return true;
	}
	if (reach->count == reach->cap) {
		size_t cap = reach->cap > 0 ? reach->cap * 2 : 16;
		struct reached *bigger = realloc(reach->list, cap * sizeof bigger[0]);

		if (bigger == NULL) {
			reach->walk->oom = true;
			return false;
		}
		reach->list = bigger;
		reach->cap = cap;
	}
	reach->list[reach->count++] = (struct reached){slot, step};
	return true;
}

static int
compare_reached(const void *pa, const void *pb, void *arg)
{
	const struct reached *a = pa;
	const struct reached *b = pb;
	const struct index *ix = arg;

	if (a->step != b->step)
		return a->step < b->step ? -1 : 1;
	if (ix->rank[a->slot] != ix->rank[b->slot])
		return ix->rank[a->slot] < ix->rank[b->slot] ? -1 : 1;
	return index_compare(ix, a->slot, b->slot);
}

static bool
step_fits(const struct index *ix, const struct step *step, uint32_t from, uint32_t to)
{
	if (step->from != KIND_NONE && ix->kinds[from] != step->from)
		return false;
	return step->to == KIND_NONE || ix->kinds[to] == step->to;
}

static void
collect(
    struct reach *reach, uint32_t slot, const struct step *steps, size_t steps_count, enum way way)
{
	const struct index *ix = &reach->walk->ix;
	struct edges edges = way == WAY_OUT ? index_out(ix, slot) : index_in(ix, slot);

	for (uint32_t i = 0; i < edges.count; i++) {
		const struct edge *e = &edges.list[i];

		for (uint32_t s = 0; s < steps_count; s++) {
			if (steps[s].way != way || steps[s].role != e->role ||
			    !step_fits(ix, &steps[s], slot, e->slot))
				continue;
			if (!reach_add(reach, e->slot, s))
				return;
			break;
		}
	}
}

/* ---- walking */

static void visit(struct walk *walk, uint32_t slot, int32_t node, uint32_t depth);

/* A goal that is part of no other leads to the vision, by what they are. */
static void
visit_visions(struct walk *walk, int32_t node, int32_t level)
{
	uint32_t count;
	const uint32_t *visions = index_kind(&walk->ix, KIND_VISION, &count);

	for (uint32_t i = 0; i < count; i++) {
		if (add_node(walk, visions[i], node, "leads towards", level - 1) >= 0)
			walk->seen[visions[i]] = 1;
	}
}

static void
visit_goals(struct walk *walk, int32_t node, int32_t level, uint32_t depth)
{
	uint32_t count;
	const uint32_t *goals = index_kind(&walk->ix, KIND_GOAL, &count);

	for (uint32_t i = 0; i < count; i++) {
		int32_t child;

		if (walk->ix.roles[goals[i]] & ROLE_BIT(ROLE_PARENT))
			continue;
		child = add_node(walk, goals[i], node, "is led to by", level + 1);
		if (child >= 0)
			visit(walk, goals[i], child, depth + 1);
	}
}

static const char *
lacks_words(unsigned kind)
{
	switch (kind) {
	case KIND_OBJECTIVE:
	case KIND_STRATEGY:
		return "names no goal";
	case KIND_INITIATIVE:
		return "names no objective";
	case KIND_WORKSTREAM:
	case KIND_MILESTONE:
	case KIND_TASK:
	case KIND_ASK:
	case KIND_ALLOCATION:
		return "is part of no initiative";
	case KIND_MEASURE:
		return "is used by no objective";
	case KIND_PERSON:
		return "owns nothing and works on nothing";
	case KIND_TEAM:
		return "answers for no objective and is needed by nothing";
	default:
		return NULL;
	}
}

static void
note_end(struct walk *walk, uint32_t slot, bool purposes, bool supports)
{
	const char *lacks = lacks_words(walk->ix.kinds[slot]);

	if (purposes || lacks == NULL)
		return;
	add_gap(walk, arena_printf(walk->arena, "%s %s%s", ref_text(walk, slot), lacks,
			  supports ? "; what it supports is no purpose of its own" : ""));
}

static void
visit_reached(struct walk *walk, const struct reached *reached, const struct step *step,
    uint32_t from, int32_t node, uint32_t depth)
{
	int32_t level = walk->nodes[node].level;
	int32_t child =
	    add_node(walk, reached->slot, node, step->relation, walk->up ? level - 1 : level + 1);

	if (child < 0)
		return;
	if (walk->nodes[child].missing && walk->up)
		add_gap(walk, arena_printf(walk->arena, "%s names %s, which is not in the plan",
				  ref_text(walk, from), ref_text(walk, reached->slot)));
	/* What is merely supported is shown, but is no way to a goal. */
	if (walk->up && !step->purpose)
		return;
	if (!walk->nodes[child].again && !walk->nodes[child].missing)
		visit(walk, reached->slot, child, depth + 1);
}

/* People and measures are ends of the way down: what else they carry is another question. */
static bool
is_opened(const struct walk *walk, uint32_t slot)
{
	unsigned kind = walk->ix.kinds[slot];

	return walk->up || slot == walk->query->slot ||
	       (kind != KIND_PERSON && kind != KIND_TEAM && kind != KIND_MEASURE);
}

static void
visit_all(struct walk *walk, struct reach *reach, const struct step *steps, uint32_t slot,
    int32_t node, uint32_t depth)
{
	bool purposes = false;

	if (reach->count > 1)
		qsort_r(
		    reach->list, reach->count, sizeof reach->list[0], compare_reached, &walk->ix);
	for (size_t i = 0; i < reach->count; i++)
		purposes = purposes || steps[reach->list[i].step].purpose;
	if (walk->up)
		note_end(walk, slot, purposes, reach->count > 0);
	for (size_t i = 0; i < reach->count && !walk->oom && !walk->full; i++)
		visit_reached(
		    walk, &reach->list[i], &steps[reach->list[i].step], slot, node, depth);
}

static void
visit(struct walk *walk, uint32_t slot, int32_t node, uint32_t depth)
{
	const struct step *steps = walk->up ? ups : downs;
	size_t steps_count = walk->up ? COUNT_OF(ups) : COUNT_OF(downs);
	unsigned kind = walk->ix.kinds[slot];
	struct reach reach = {walk, NULL, 0, 0};

	walk->seen[slot] = 1;
	if (walk->up && kind == KIND_GOAL)
		walk->reaches_goal = true;
	if ((walk->query->depth != 0 && depth >= walk->query->depth) || !is_opened(walk, slot))
		return;
	if (depth >= DEPTH_MAX) {
		walk->deep = true;
		return;
	}
	if (is_cancelled(walk)) {
		walk->cancelled = true;
		return;
	}
	collect(&reach, slot, steps, steps_count, WAY_OUT);
	collect(&reach, slot, steps, steps_count, WAY_IN);
	visit_all(walk, &reach, steps, slot, node, depth);
	free(reach.list);
	if (walk->up && kind == KIND_GOAL && (walk->ix.roles[slot] & ROLE_BIT(ROLE_PARENT)) == 0)
		visit_visions(walk, node, walk->nodes[node].level);
	if (!walk->up && kind == KIND_VISION)
		visit_goals(walk, node, walk->nodes[node].level, depth);
}

static bool
direction(struct walk *walk, bool up)
{
	free(walk->seen);
	walk->seen = calloc((size_t)walk->ix.slots + 1, 1);
	if (walk->seen == NULL)
		return false;
	walk->up = up;
	visit(walk, walk->query->slot, 0, 0);
	return !walk->oom;
}

static bool
hand_over(struct walk *walk, struct trace *out)
{
	if (walk->full || walk->deep)
		add_gap(walk, arena_printf(walk->arena, "the trace is cut: it has more than %u %s",
				  walk->full ? LIMIT_TRACE_NODES : DEPTH_MAX,
				  walk->full ? "entries" : "levels"));
	out->nodes = arena_memdup(walk->arena, walk->nodes, walk->count * sizeof walk->nodes[0]);
	out->nodes_count = walk->count;
	out->gaps = walk->gaps;
	out->gaps_count = walk->gaps_count;
	out->reaches_goal = walk->reaches_goal;
	return out->nodes != NULL && !walk->oom;
}

static bool
run(struct walk *walk)
{
	walk->seen = calloc((size_t)walk->ix.slots + 1, 1);
	if (walk->nodes == NULL || walk->gaps == NULL || walk->seen == NULL)
		return false;
	add_node(walk, walk->query->slot, -1, "", 0);
	if (walk->query->up && !direction(walk, true))
		return false;
	return !walk->query->down || direction(walk, false);
}

bool
trace_run(const struct view *view, const struct trace_query *query, struct arena *arena,
    struct trace *out, struct err *err)
{
	struct walk walk = {.query = query, .arena = arena, .cap = 64};
	bool ok = false;

	if (!index_init(&walk.ix, view, query->today, ROLES_ALL, is_cancelled, &walk, err))
		return false;
	assert(query->slot < walk.ix.slots);
	walk.nodes = malloc(walk.cap * sizeof walk.nodes[0]);
	walk.gaps = arena_array(arena, GAPS_MAX + 1, sizeof walk.gaps[0]);
	if (!run(&walk) || !hand_over(&walk, out))
		err_oom(err);
	else if (walk.cancelled)
		err_set(err, ERR_CANCELLED, "the trace was cancelled");
	else
		ok = true;
	free(walk.nodes);
	free(walk.seen);
	index_fini(&walk.ix);
	return ok;
}
