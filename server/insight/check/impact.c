/* The family "impact": what else falls? */
#include "server/insight/impact.h"

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

static bool
mark_sources(struct exposed *e, uint32_t *count)
{
	const struct index *ix = e->pass->ix;

	e->off = calloc((size_t)ix->slots + 1, sizeof e->off[0]);
	*count = 0;
	for (uint32_t s = 0; e->off != NULL && s < ix->slots; s++) {
		if (!index_is(ix, s, STANDING_LIVE) || !impact_has(ix->kinds[s]) ||
		    (ix->kinds[s] != KIND_ASK && ix->check_in[s] == SLOT_NONE))
			continue;
		e->off[s] = is_off_track(ix, s);
		*count += e->off[s];
	}
	return e->off != NULL;
}

static void
run_exposed(struct pass *pass)
{
	struct exposed e = {.pass = pass};
	uint32_t count = 0;

	if (!mark_sources(&e, &count)) {
		pass_out_of_memory(pass);
		return;
	}
	if (count > 0) {
		e.impact = impact_new(pass->ix);
		if (e.impact == NULL)
			pass_out_of_memory(pass);
	}
	for (uint32_t s = 0; count > 0 && s < pass->ix->slots && pass_goes_on(pass); s++) {
		if (e.off[s])
			judge_source(&e, s);
	}
	impact_result_fini(&e.result);
	impact_free(e.impact);
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
    .unknown_when = "Nothing states how much rests on it: no effort, expected effect or weight.",
    .fix = "Bring it back on track, or find another way to the objective.",
    .run = run_exposed,
    .message = message_exposed,
};

const struct rule *const rules_impact[] = {
    &impact_exposed,
    NULL,
};
