/* Progress as a tree of nodes, in words. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "server/insight/check/aim.h"
#include "server/insight/progress.h"
#include "server/limits.h"
#include "server/plan/kinds.h"

#define FACTS_MAX 12

struct walk {
	const struct index *ix;
	const struct progress_query *query;
	struct arena *arena;
	struct progress *progress;
	struct progress_node *nodes; /* heap */
	size_t count;
	size_t cap;
	uint8_t *seen;
	bool full;
	bool cancelled;
	bool oom;
};

static const char *const status_words[] = {
    [PROGRESS_UNKNOWN] = "unknown",
    [PROGRESS_WORK_DONE] = "work done",
    [PROGRESS_ON_TRACK] = "on track",
    [PROGRESS_PAUSED] = "paused",
    [PROGRESS_AT_RISK] = "at risk",
    [PROGRESS_OFF_TRACK] = "off track",
    [PROGRESS_DONE] = "done",
    [PROGRESS_CLOSED] = "closed",
    [PROGRESS_STOPPED] = "stopped",
    [PROGRESS_DROPPED] = "dropped",
};

/* NULL is remembered: out of memory. */
static const char *
text(struct walk *walk, const char *made)
{
	if (made == NULL)
		walk->oom = true;
	return made != NULL ? made : "";
}

static const char *
ref_of(struct walk *walk, uint32_t slot)
{
	char ref[REF_TEXT_LEN];

	ref_format(walk->ix->items[slot], ref);
	return text(walk, arena_strdup(walk->arena, ref));
}

static const char *
number_text(struct walk *walk, double number)
{
	return text(walk, arena_printf(walk->arena, "%.15g", number == 0 ? 0 : number));
}

static const char *
date_text(struct walk *walk, int32_t date)
{
	char buf[DATE_TEXT_LEN];

	return text(walk, arena_strdup(walk->arena, date_format(date, buf)));
}

/* ---- what a number rests on */

static const char *
held_words(struct walk *walk, const struct progress_number *n)
{
	switch ((enum progress_held)n->held) {
	case HELD_UNKNOWN:
		return text(walk, arena_printf(walk->arena, "; the weakest, %s, is not known",
				      ref_of(walk, n->held_by)));
	case HELD_BY_WEAKEST:
		return text(walk, arena_printf(walk->arena, "; no more than the weakest, %s",
				      ref_of(walk, n->held_by)));
	case HELD_BY_ALL:
		return text(walk, arena_printf(walk->arena, "; not complete without %s",
				      ref_of(walk, n->held_by)));
	case HELD_NOT:
		break;
	}
	return "";
}

static const char *
counted_words(struct walk *walk, const struct progress_number *n, const char *one, const char *many)
{
	const char *held = held_words(walk, n);
	const char *share = "";

	if (!isnan(n->value) && n->known < 1)
		share = text(walk, arena_printf(walk->arena, " (%.0f %% of the weight)",
				       floor(n->known * 100 + 0.5)));
	if (n->known_count == n->count)
		return text(walk, arena_printf(walk->arena, "%u %s%s%s", n->count,
				      n->count == 1 ? one : many, share, held));
	return text(walk,
	    arena_printf(walk->arena, "%u of %u %s%s%s%s", n->known_count, n->count, many,
		n->held == HELD_NOT && isnan(n->value) ? " known: too few" : "", share, held));
}

static const char *
work_words(struct walk *walk, uint32_t slot, const struct progress_number *n)
{
	const struct index *ix = walk->ix;

	switch ((enum progress_from)n->from) {
	case FROM_DONE:
		return "done";
	case FROM_OPEN:
		return ix->kinds[slot] == KIND_MILESTONE ? "not reached" : "not done";
	case FROM_CHECK_IN:
		return text(
		    walk, arena_printf(walk->arena, "%s of %s", ref_of(walk, ix->check_in[slot]),
			      date_text(walk, ix->items[ix->check_in[slot]]->start)));
	case FROM_PARTS:
		return counted_words(walk, n, "part", "parts");
	case FROM_NOTHING:
	case FROM_MEASURES:
		break;
	}
	return kind_is_work(ix->kinds[slot]) ? "no check-in says how far it is, and it has no parts"
					     : "it has no parts";
}

/* The one measure of an aim: "measure/nps: 31, from 20 to 40". */
static const char *
aim_words(struct walk *walk, const struct aim *aim)
{
	const struct point *point =
	    series_until(index_series(walk->ix, aim->measure), walk->ix->today);
	const char *ref = ref_of(walk, aim->measure);

	if (aim_lacks(aim) != NULL)
		return text(walk, arena_printf(walk->arena, "%s: %s", ref, aim_lacks(aim)));
	if (point == NULL)
		return text(walk, arena_printf(walk->arena, "%s: never taken", ref));
	if (aim->direction == DIRECTION_HOLD)
		return text(walk, arena_printf(walk->arena, "%s: %s, shall stay within %s..%s", ref,
				      number_text(walk, point->value), number_text(walk, aim->low),
				      number_text(walk, aim->high)));
	return text(walk,
	    arena_printf(walk->arena, "%s: %s, from %s to %s", ref, number_text(walk, point->value),
		number_text(walk, aim->baseline), number_text(walk, aim->target)));
}

static const char *
outcome_words(struct walk *walk, uint32_t slot, const struct progress_number *n)
{
	struct aims aims;
	struct aim aim;

	if (n->from == FROM_PARTS)
		return counted_words(walk, n, "part", "parts");
	if (n->from != FROM_MEASURES)
		return walk->ix->kinds[slot] == KIND_INITIATIVE
			   ? "its contributions name no measure"
		       : kind_is_work(walk->ix->kinds[slot]) ? "work has no outcome of its own"
							     : "no measure";
	if (n->count == 1 && walk->ix->kinds[slot] == KIND_OBJECTIVE) {
		aims_init(&aims, walk->ix, slot);
		if (aims_next(&aims, &aim))
			return aim_words(walk, &aim);
	}
	return counted_words(walk, n, "measure", "measures");
}

/* ---- facts */

static void
add_fact(struct progress_node *node, uint32_t slot, const char *what, const char *value)
{
	if (node->facts_count < FACTS_MAX)
		node->facts[node->facts_count++] = (struct progress_fact){slot, what, value};
}

static void
add_check_in(struct walk *walk, struct progress_node *node)
{
	uint32_t check_in = walk->ix->check_in[node->slot];
	const struct item *item;

	if (check_in == SLOT_NONE)
		return;
	item = walk->ix->items[check_in];
	add_fact(node, check_in, "checked in on", date_text(walk, item->start));
	if ((item->has & HAS_VALUE) != 0)
		add_fact(node, check_in, "work", number_text(walk, item->value));
}

static void
add_aims(struct walk *walk, struct progress_node *node)
{
	const struct index *ix = walk->ix;
	struct aims aims;
	struct aim aim;

	if (ix->kinds[node->slot] != KIND_OBJECTIVE)
		return;
	aims_init(&aims, ix, node->slot);
	while (aims_next(&aims, &aim)) {
		const struct point *point = series_until(index_series(ix, aim.measure), ix->today);

		if (point != NULL)
			add_fact(
			    node, point->slot, "latest actual", number_text(walk, point->value));
		if (aim_lacks(&aim) != NULL)
			add_fact(node, aim.measure, "missing", aim_lacks(&aim));
		else if (point != NULL)
			add_fact(node, aim.measure, "progress",
			    number_text(walk, aim_progress(&aim, point->value)));
	}
}

static void
add_facts(struct walk *walk, struct progress_node *node)
{
	node->facts = arena_array(walk->arena, FACTS_MAX, sizeof node->facts[0]);
	if (node->facts == NULL) {
		walk->oom = true;
		return;
	}
	add_check_in(walk, node);
	add_aims(walk, node);
	if (node->of.work.from == FROM_PARTS)
		add_fact(node, node->slot, "known part of the work",
		    number_text(walk, node->of.work.known));
	if (node->of.outcome.from == FROM_PARTS || node->of.outcome.from == FROM_MEASURES)
		add_fact(node, node->slot, "known part of the outcome",
		    number_text(walk, node->of.outcome.known));
}

/* Names the item behind the status. */
static const char *
reason_of(struct walk *walk, const struct progress_node *node)
{
	const struct index *ix = walk->ix;
	uint32_t behind = node->of.behind;
	uint32_t check_in = behind != SLOT_NONE ? ix->check_in[behind] : SLOT_NONE;

	if (node->of.status == PROGRESS_WORK_DONE)
		return "all its parts are done";
	if (behind == SLOT_NONE)
		return "nobody has checked in";
	if (node->of.status >= PROGRESS_DONE || node->of.status == PROGRESS_PAUSED ||
	    check_in == SLOT_NONE)
		return text(walk, arena_printf(walk->arena, "%s is %s", ref_of(walk, behind),
				      status_words[node->of.status]));
	return text(walk, arena_printf(walk->arena, "%s is %s (%s of %s)", ref_of(walk, behind),
			      status_words[node->of.status], ref_of(walk, check_in),
			      date_text(walk, ix->items[check_in]->start)));
}

/* ---- walking */

static int32_t
add_node(struct walk *walk, uint32_t slot, int32_t parent, const struct progress_part *part)
{
	struct progress_node *node;

	if (walk->count == LIMIT_TRACE_NODES) {
		walk->full = true;
		return -1;
	}
	if (walk->count == walk->cap) {
		size_t cap = walk->cap > 0 ? walk->cap * 2 : 64;
		struct progress_node *bigger = realloc(walk->nodes, cap * sizeof bigger[0]);

		if (bigger == NULL) {
			walk->oom = true;
			return -1;
		}
		walk->nodes = bigger;
		walk->cap = cap;
	}
	node = &walk->nodes[walk->count];
	*node =
	    (struct progress_node){.slot = slot, .parent = parent, .again = walk->seen[slot] != 0};
	if (part != NULL) {
		node->roll_up = part->roll_up;
		node->weight = part->weight;
	}
	if (!progress_of(walk->progress, slot, &node->of)) {
		walk->oom = true;
		return -1;
	}
	node->work_from = work_words(walk, slot, &node->of.work);
	node->outcome_from = outcome_words(walk, slot, &node->of.outcome);
	node->status = status_words[node->of.status];
	node->reason = reason_of(walk, node);
	add_facts(walk, node);
	return (int32_t)walk->count++;
}

static bool
goes_on(struct walk *walk)
{
	if (walk->query->cancelled != NULL && walk->query->cancelled(walk->query->arg))
		walk->cancelled = true;
	return !walk->cancelled && !walk->oom && !walk->full;
}

static void
visit(struct walk *walk, uint32_t slot, int32_t parent, const struct progress_part *part,
    uint32_t depth)
{
	struct progress_part *parts;
	size_t count;
	int32_t node = add_node(walk, slot, parent, part);

	if (node < 0 || walk->nodes[node].again || !goes_on(walk))
		return;
	walk->seen[slot] = 1;
	if (walk->query->depth != 0 && depth >= walk->query->depth)
		return;
	if (!progress_parts(walk->progress, slot, &parts, &count)) {
		walk->oom = true;
		free(parts);
		return;
	}
	for (size_t i = 0; i < count && goes_on(walk); i++)
		visit(walk, parts[i].slot, node, &parts[i], depth + 1);
	free(parts);
}

static bool
has_live_parent(const struct index *ix, uint32_t goal)
{
	uint32_t parent = index_target(ix, goal, ROLE_PARENT);

	return parent != SLOT_NONE && index_is(ix, parent, STANDING_LIVE);
}

/* By name: slots are in the order in which names were first used. */
static void
visit_roots(struct walk *walk)
{
	const struct index *ix = walk->ix;
	uint32_t count;
	const uint32_t *goals = index_kind(ix, KIND_GOAL, &count);
	uint32_t *order = calloc(count + 1u, sizeof order[0]);
	size_t n = 0;

	if (order == NULL) {
		walk->oom = true;
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (!has_live_parent(ix, goals[i]))
			order[n++] = goals[i];
	}
	qsort_r(order, n, sizeof order[0], index_by_name, (void *)(uintptr_t)ix);
	for (size_t i = 0; i < n && goes_on(walk); i++)
		visit(walk, order[i], -1, NULL, 0);
	free(order);
}

bool
progress_list(const struct index *ix, const struct progress_query *query, struct arena *arena,
    struct progress_tree *out, struct err *err)
{
	struct walk walk = {.ix = ix, .query = query, .arena = arena};
	bool ok = false;

	walk.progress = progress_new(ix);
	walk.seen = calloc((size_t)ix->slots + 1, 1);
	if (walk.progress == NULL || walk.seen == NULL) {
		err_oom(err);
		goto out;
	}
	for (size_t i = 0; i < query->slots_count && goes_on(&walk); i++)
		visit(&walk, query->slots[i], -1, NULL, 0);
	if (query->slots_count == 0)
		visit_roots(&walk);
	out->nodes = arena_array(arena, walk.count + 1, sizeof walk.nodes[0]);
	if (out->nodes != NULL && walk.count > 0)
		memcpy(out->nodes, walk.nodes, walk.count * sizeof walk.nodes[0]);
	out->nodes_count = walk.count;
	out->cut = walk.full;
	if (walk.cancelled)
		err_set(err, ERR_CANCELLED, "cancelled");
	else if (walk.oom || out->nodes == NULL)
		err_oom(err);
	else
		ok = true;
out:
	progress_free(walk.progress);
	free(walk.seen);
	free(walk.nodes);
	return ok;
}
