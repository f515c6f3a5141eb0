/* The family "mirror", what is given and what is said: stated weight against share of planned effort. */
#include "server/insight/mirror.h"

#include <math.h>

#include "common/str.h"
#include "server/insight/check/mirror.h"
#include "server/insight/check/pass.h"

static bool
pass_stopped(void *arg)
{
	return !pass_goes_on(arg);
}

static bool
mirror_of_pass(struct pass *pass, const struct mirror_limits *limits, struct mirror *out)
{
	const struct mirror_query query = {.from = DATE_NONE,
	    .to = DATE_NONE,
	    .limits = *limits,
	    .stop = pass_stopped,
	    .arg = pass};
	struct err err = {0};

	if (mirror_run(pass->ix, &query, out, &err))
		return true;
	mirror_fini(out);
	if (err.code != ERR_CANCELLED)
		pass_out_of_memory(pass);
	return false;
}

/* In percent, to a tenth. */
static double
percent(double share)
{
	return round(share * 1000) / 10;
}

static uint32_t
slot_of_whole(const struct mirror *mirror, const struct mirror_node *node)
{
	return node->whole != MIRROR_TOP ? mirror->nodes[node->whole].slot : SLOT_NONE;
}

static void
emit_judged(struct pass *pass, const struct mirror *mirror, const struct mirror_node *node)
{
	uint32_t whole = slot_of_whole(mirror, node);
	struct draft d;

	draft_init(&d, node->slot, SLOT_NONE);
	draft_number(&d, node->slot, "stated percent", percent(node->stated));
	draft_number(&d, node->slot, "percent of planned effort", percent(node->planned_share));
	draft_number(&d, node->slot, "planned days", round(node->planned) / 100);
	if (whole != SLOT_NONE)
		draft_slot(&d, node->slot, "within", whole);
	for (uint32_t i = 0; i < node->parts_count && i < 3; i++) {
		const struct mirror_part *part = &mirror->parts[node->parts_first + i];

		draft_number(&d, part->slot, "days of it", round(part->planned) / 100);
	}
	pass_emit(pass, &d);
}

/* One for all that lack the same. */
static void
emit_unjudged(struct pass *pass, const struct mirror *mirror, enum mirror_why why,
    bool (*is_one)(const struct mirror_node *node), const char *text)
{
	struct draft d;

	draft_init(&d, SLOT_NONE, SLOT_NONE);
	for (uint32_t i = 0; i < mirror->nodes_count; i++) {
		const struct mirror_node *node = &mirror->nodes[i];

		if (node->why != why || !is_one(node))
			continue;
		if (d.subjects_count < FINDING_SUBJECTS)
			d.subjects[d.subjects_count++] = node->slot;
		else
			d.more++;
	}
	if (d.subjects_count == 0)
		return;
	draft_missing(&d, d.subjects[0], text);
	pass_emit(pass, &d);
}

static bool
is_any(const struct mirror_node *node)
{
	(void)node;
	return true;
}

static bool
lacks_weight(const struct mirror_node *node)
{
	return isnan(node->weight);
}

static bool
has_work(const struct mirror_node *node)
{
	return node->works > 0;
}

static bool
seems_starved(const struct mirror_node *node)
{
	return node->stated > node->planned_share;
}

static bool
seems_unstated(const struct mirror_node *node)
{
	return !seems_starved(node);
}

/* Nothing in the plan says what weighs how much. */
static bool
states_no_weight(const struct mirror *mirror)
{
	uint32_t open = 0;

	for (uint32_t i = 0; i < mirror->nodes_count; i++) {
		if (!isnan(mirror->nodes[i].weight))
			return false;
		open += mirror->nodes[i].why == MIRROR_NO_WEIGHTS;
	}
	return open > 0;
}

/* ---- starved */

enum { RATIO, LEAST };

/* Without any work sight/unserved and sight/empty-goal say so. */
static void
run_starved(struct pass *pass)
{
	const struct mirror_limits limits = {
	    .starved_ratio = pass->limits[RATIO],
	    .starved_least = pass->limits[LEAST],
	    .unstated_ratio = HUGE_VAL,
	    .unstated_least = 1,
	};
	struct mirror mirror;
	struct draft d;

	if (!mirror_of_pass(pass, &limits, &mirror))
		return;
	for (uint32_t i = 0; i < mirror.nodes_count; i++) {
		const struct mirror_node *node = &mirror.nodes[i];

		if (node->verdict == MIRROR_STARVED && node->works > 0)
			emit_judged(pass, &mirror, node);
	}
	emit_unjudged(pass, &mirror, MIRROR_OVERWEIGHT, is_any,
	    "the weights within a whole sum to more than 1");
	emit_unjudged(pass, &mirror, MIRROR_NO_WEIGHT, lacks_weight,
	    "no weight, while others beside it state one");
	emit_unjudged(pass, &mirror, MIRROR_NO_EFFORT, has_work,
	    "none of the work behind it, or beside it, states its effort");
	emit_unjudged(pass, &mirror, MIRROR_SOME_EFFORT, seems_starved,
	    "the effort of some of the work behind it");
	if (states_no_weight(&mirror)) {
		draft_init(&d, SLOT_NONE, SLOT_NONE);
		draft_missing(&d, SLOT_NONE, "no goal and no objective states its weight");
		pass_emit(pass, &d);
	}
	mirror_fini(&mirror);
}

static void
add_shares(const struct check *check, const struct finding *f, struct str *out)
{
	str_add(out, " has ");
	message_evidence(check, f, "percent of planned effort", out);
	str_add(out, " % of the planned effort");
	if (finding_evidence(check, f, "within") != NULL) {
		str_add(out, " in ");
		message_evidence(check, f, "within", out);
	}
}

static void
message_starved(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " is said to weigh ");
	message_evidence(check, f, "stated percent", out);
	str_add(out, " %, and");
	add_shares(check, f, out);
	str_add(out, ": ");
	message_evidence(check, f, "planned days", out);
	str_add(out, " days.");
}

static const struct rule mirror_starved = {
    .name = "mirror/starved",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"ratio", 2, 1.1, 100, "times",
		       "how much larger the stated share must be than that of effort"},
	{"least", 0.1, 0, 1, "part", "the smallest stated share that is judged"}},
    .asks = "Do resources match the words?",
    .meaning =
	"A goal or objective whose stated weight is at least `least` of what is stated beside it, "
	"and at least `ratio` times its share of planned effort. Goals are compared with goals of "
	"the "
	"same parent, objectives with those in the same goal or under the same objective; what "
	"counts is "
	"what is open today and has begun, and the effort of initiatives that are approved, "
	"active, "
	"paused or done, by their effort shares (docs/MIRROR.md). What has no work at all is found "
	"by "
	"sight/unserved and sight/empty-goal.",
    .hurts = "People believe what is given, not what is said. The next time something is called "
	     "important, they wait and see.",
    .mend = "Move people or initiatives to it, or say openly that it weighs less. plumb mirror "
	    "shows the "
	    "work behind each number.",
    .unknown_when =
	"Weights are missing beside others that are stated, or sum to more than 1; nothing "
	"states a weight; work behind it states no effort.",
    .fix = "Give it the effort that its weight promises, or lower the weight.",
    .run = run_starved,
    .message = message_starved,
};

/* ---- unstated */

static void
run_unstated(struct pass *pass)
{
	const struct mirror_limits limits = {
	    .starved_ratio = HUGE_VAL,
	    .starved_least = 1,
	    .unstated_ratio = pass->limits[RATIO],
	    .unstated_least = pass->limits[LEAST],
	};
	struct mirror mirror;

	if (!mirror_of_pass(pass, &limits, &mirror))
		return;
	for (uint32_t i = 0; i < mirror.nodes_count; i++) {
		if (mirror.nodes[i].verdict == MIRROR_UNSTATED)
			emit_judged(pass, &mirror, &mirror.nodes[i]);
	}
	emit_unjudged(pass, &mirror, MIRROR_SOME_EFFORT, seems_unstated,
	    "the effort of some of the work beside it");
	mirror_fini(&mirror);
}

static void
message_unstated(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	add_shares(check, f, out);
	str_add(out, " (");
	message_evidence(check, f, "planned days", out);
	str_add(out, " days), and is said to weigh ");
	message_evidence(check, f, "stated percent", out);
	str_add(out, " %.");
}

static const struct rule mirror_unstated = {
    .name = "mirror/unstated",
    .severity = SEVERITY_NOTE,
    .thresholds = {{"ratio", 2, 1.1, 100, "times",
		       "how much larger the share of effort must be than the stated one"},
	{"least", 0.1, 0, 1, "part", "the smallest share of effort that is judged"}},
    .asks = "Is what we really work on what we say?",
    .meaning = "A goal or objective with at least `least` of the planned effort beside it, and at "
	       "least `ratio` "
	       "times the share that is stated for it. Compared and counted as in mirror/starved.",
    .hurts = "A strategy is being carried out that nobody has decided on, and what was decided on "
	     "waits for the people who do it.",
    .mend = "If it matters that much, say so and raise its weight. If it doesn't, take effort off: "
	    "plumb mirror shows which initiatives bring it.",
    .unknown_when = "Work beside it states no effort, with which its share might be smaller.",
    .fix = "Raise its weight openly, or move effort to what weighs more.",
    .run = run_unstated,
    .message = message_unstated,
};

const struct rule *const rules_mirror[] = {
    &mirror_starved,
    &mirror_unstated,
    &mirror_broken_commitment,
    &mirror_contradiction,
    &mirror_value_on_the_wall,
    &mirror_at_odds,
    NULL,
};
