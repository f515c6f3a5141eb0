/* The family "impact": what else falls? */
#include "server/insight/impact.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/str.h"
#include "server/insight/check/pass.h"
#include "server/limits.h"

enum { EXPOSED_SHARE };

#define SHARE   "share that rests on it"
#define THROUGH "through"

/* How far a list of nodes is told: with the share and the status, all that fits. */
#define PATH_MAX_TOLD (FINDING_EVIDENCE - 2u)

/* The newest check-in says so; or an ask that was missed while what it was for is still open. */
static bool
is_off_track(const struct index *ix, uint32_t slot)
{
	enum { OFF_TRACK = 3, ASK_MISSED = 5 };
	uint32_t check_in = ix->check_in[slot];

	if (ix->kinds[slot] == KIND_ASK)
		return ix->items[slot]->status == ASK_MISSED && ix->part_of[slot] != SLOT_NONE &&
		       index_is(ix, ix->part_of[slot], STANDING_JUDGED);
	return index_is(ix, slot, STANDING_JUDGED) && check_in != SLOT_NONE &&
	       ix->items[check_in]->status == OFF_TRACK;
}

struct exposed {
	struct pass *pass;
	struct impact *impact;
	struct impact_result result;
	bool *off; /* by slot */
	bool *
	    near; /* by slot: from it a way leads to customers with nothing on it that is off track */
	uint32_t *sources;
	uint32_t sources_count;
	bool said_unknown;
};

/*
 * What is nearest to the objective is told, with what lies between. False: another one that is off track lies between, and tells it.
 */
static bool
draft_path(const struct exposed *e, struct draft *d, uint32_t node)
{
	const struct impact_node *nodes = e->result.nodes;
	uint32_t at = node;

	for (unsigned told = 0; at != 0; told++) {
		uint32_t from = e->result.edges[nodes[at].via].from;

		if (from != 0 && e->off[nodes[from].slot])
			return false;
		if (told < PATH_MAX_TOLD)
			draft_slot(d, nodes[at].slot, THROUGH, nodes[from].slot);
		at = from;
	}
	return true;
}

static void
draft_state(const struct exposed *e, struct draft *d, uint32_t source)
{
	const struct index *ix = e->pass->ix;

	if (ix->kinds[source] == KIND_ASK)
		draft_text(d, source, "state", "missed");
	else
		draft_text(d, ix->check_in[source], "status", "off_track");
}

static void
judge_node(struct exposed *e, uint32_t source, uint32_t node)
{
	const struct impact_node *n = &e->result.nodes[node];
	double limit = e->pass->limits[EXPOSED_SHARE];
	struct draft d;

	if (n->via == UINT32_MAX || e->off[n->slot] || !impact_is_customer(e->pass->ix, n->slot))
		return;
	draft_init(&d, n->slot, source);
	if (n->share >= limit) {
		draft_number(&d, n->slot, SHARE, n->share);
		draft_state(e, &d, source);
		if (draft_path(e, &d, node))
			pass_emit(e->pass, &d);
	} else if (n->unstated && !e->said_unknown && draft_path(e, &d, node)) {
		draft_init(&d, n->slot, source);
		draft_missing(
		    &d, n->slot, "nothing says how much of it rests on what is off track");
		e->said_unknown = true;
		pass_emit(e->pass, &d);
	}
}

static void
judge_source(struct exposed *e, uint32_t source)
{
	const struct impact_ask ask = {.slot = source, .aims = true, .most = LIMIT_IMPACT_NODES};
	struct err err;

	if (!impact_of(e->impact, &ask, &e->result, &err)) {
		pass_out_of_memory(e->pass);
		return;
	}
	for (uint32_t i = 1; i < e->result.nodes_count; i++)
		judge_node(e, source, i);
}

/* In order of slots. */
static bool
find_sources(struct exposed *e)
{
	const struct index *ix = e->pass->ix;

	e->off = calloc((size_t)ix->slots + 1, sizeof e->off[0]);
	e->sources = index_alloc((size_t)ix->slots + 1, sizeof e->sources[0]);
	if (e->off == NULL || e->sources == NULL)
		return false;
	for (uint32_t s = 0; s < ix->slots; s++) {
		if (!index_is(ix, s, STANDING_LIVE) || !impact_has(ix->kinds[s]) ||
		    (ix->kinds[s] != KIND_ASK && ix->check_in[s] == SLOT_NONE) ||
		    !is_off_track(ix, s))
			continue;
		e->off[s] = true;
		e->sources[e->sources_count++] = s;
	}
	return true;
}

/* The nodes from which an edge leads to node n are those from first[n] on, up to first[n + 1]. */
static void
turn_edges(const struct impact_result *all, uint32_t *first, uint32_t *from)
{
	for (uint32_t i = 0; i < all->edges_count; i++)
		first[all->edges[i].to]++;
	for (uint32_t n = 0; n < all->nodes_count; n++)
		first[n + 1] += first[n];
	for (uint32_t i = 0; i < all->edges_count; i++)
		from[--first[all->edges[i].to]] = all->edges[i].from;
}

/* Back from what customers wait for, up to the first that are off track. */
static void
mark_near(struct exposed *e, const struct impact_result *all, const uint32_t *first,
    const uint32_t *from, uint32_t *stack)
{
	uint32_t depth = 0;

	for (uint32_t n = 0; n < all->nodes_count; n++) {
		uint32_t slot = all->nodes[n].slot;

		e->near[slot] = !e->off[slot] && impact_is_customer(e->pass->ix, slot);
		if (e->near[slot])
			stack[depth++] = n;
	}
	while (depth > 0) {
		uint32_t n = stack[--depth];

		for (uint32_t i = first[n]; i < first[n + 1]; i++) {
			uint32_t slot = all->nodes[from[i]].slot;

			if (e->near[slot])
				continue;
			e->near[slot] = true;
			if (!e->off[slot])
				stack[depth++] = from[i];
		}
	}
}

/* One pass over all that rests on any of them leaves those from which a way leads to customers with none of the others on it. */
static bool
find_near(struct exposed *e)
{
	struct impact_result all = {0};
	uint32_t *first = NULL, *from = NULL, *stack = NULL;
	struct err err;
	bool ok = impact_reach(e->impact, e->sources, e->sources_count, &all, &err);

	e->near = calloc((size_t)e->pass->ix->slots + 1, sizeof e->near[0]);
	if (ok) {
		first = calloc((size_t)all.nodes_count + 1, sizeof *first);
		from = malloc(((size_t)all.edges_count + 1) * sizeof *from);
		stack = malloc(((size_t)all.nodes_count + 1) * sizeof *stack);
	}
	ok = e->near != NULL && first != NULL && from != NULL && stack != NULL;
	if (ok) {
		turn_edges(&all, first, from);
		mark_near(e, &all, first, from, stack);
	}
	free(first);
	free(from);
	free(stack);
	impact_result_fini(&all);
	return ok;
}

static void
tell_rest(struct exposed *e, uint32_t followed, uint32_t near)
{
	char text[128];
	struct draft d;

	(void)snprintf(text, sizeof text,
	    "only %u of %u that are off track were followed: more than %" PRIu64
	    " items and references rest on them",
	    followed, near, pass_looks(e->pass));
	draft_init(&d, SLOT_NONE, SLOT_NONE);
	draft_missing(&d, SLOT_NONE, pass_keep(e->pass, text));
	pass_emit(e->pass, &d);
}

/* Much may rest on each of many, one after the other. */
static void
judge_sources(struct exposed *e)
{
	uint64_t before = impact_looked(e->impact);
	uint32_t near = 0, followed = 0;

	for (uint32_t i = 0; i < e->sources_count && pass_goes_on(e->pass); i++) {
		if (!e->near[e->sources[i]])
			continue;
		near++;
		if (impact_looked(e->impact) - before >= pass_looks(e->pass))
			continue;
		followed++;
		judge_source(e, e->sources[i]);
	}
	if (followed < near)
		tell_rest(e, followed, near);
}

static void
run_exposed(struct pass *pass)
{
	struct exposed e = {.pass = pass};
	bool ok = find_sources(&e);

	if (ok && e.sources_count > 0) {
		e.impact = impact_new(pass->ix);
		ok = e.impact != NULL && find_near(&e);
		if (ok)
			judge_sources(&e);
	}
	if (!ok)
		pass_out_of_memory(pass);
	impact_result_fini(&e.result);
	impact_free(e.impact);
	free(e.near);
	free(e.sources);
	free(e.off);
}

static void
message_exposed(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *share = finding_evidence(check, f, SHARE);

	message_subject(check, f, 0, out);
	str_add(out, ", which customers wait for, rests on ");
	message_subject(check, f, 1, out);
	if (share != NULL)
		str_addf(out, " with %.0f %%", 100 * share->value.number);
	if (finding_evidence(check, f, "state") != NULL)
		str_add(out, ", and that was missed.");
	else
		str_add(out, ", and that is off track.");
}

static const struct rule impact_exposed = {
    .name = "impact/exposed",
    .severity = SEVERITY_WARNING,
    .thresholds =
	{
	    {"share", 0.3, 0.01, 1, "part",
		"how much of the objective rests on it at least, 0.3 = three tenths"},
	},
    .asks = "Do customers feel it, if what is off track stays so?",
    .meaning =
	"An objective that answers what customers expect rests by at least `share` on something "
	"whose "
	"newest check-in says off_track, or on an ask that was missed: work, a measure or another "
	"objective. How much rests on it is worked out as plumb impact does it: shares of effort, "
	"expected effect and weight, multiplied along a way and added over ways. Of several on one "
	"way the nearest to the objective is named.",
    .hurts =
	"Those who own the objective see their own numbers, which look well until the work behind "
	"them fails; the customers were told otherwise.",
    .mend = "Bring it back on track first, or let something else carry the objective; tell those "
	    "who were promised it (plumb impact shows whom).",
    .unknown_when =
	"Nothing states how much rests on it: no effort, expected effect or weight. Once "
	"for the plan, where so much rests on so many that not all of them are "
	"followed; it says how many are.",
    .fix = "Bring it back on track, or find another way to the objective.",
    .run = run_exposed,
    .message = message_exposed,
};

const struct rule *const rules_impact[] = {
    &impact_exposed,
    NULL,
};
