/* The family "customer": is the plan about customers? What is expected, lived and answered along their journeys. */
#include <math.h>
#include <stdlib.h>

#include "common/str.h"
#include "server/insight/check/pass.h"
#include "server/insight/customer/journeys.h"

/* Of a finding: enough to see whom it is about, few enough to read. */
#define SEGMENTS_SHOWN 2u

/* ---- shared */

/* Runs on each live entry of a kind until the pass stops; then frees. */
typedef void (*judge_fn)(struct pass *pass, struct journeys *js, uint32_t slot, void *arg);

static void
judge_kind(struct pass *pass, enum kind kind, judge_fn judge, void *arg)
{
	struct journeys *js = pass_journeys(pass);
	uint32_t count;
	const uint32_t *slots = index_kind(pass->ix, kind, &count);

	for (uint32_t i = 0; js != NULL && i < count && pass_goes_on(pass); i++)
		judge(pass, js, slots[i], arg);
}

/* Steps of journeys as they are, and those on no way; the to-be ones are a wish and no life yet. */
static bool
is_lived(const struct index *ix, uint32_t step)
{
	uint32_t journey = journeys_journey_of(ix, step);

	return journey == SLOT_NONE || ix->items[journey]->extra == JOURNEY_AS_IS;
}

/* Who can do something at a step: those who own it, else the team that meets the customers there. */
static void
draft_answerable(struct draft *d, const struct index *ix, uint32_t step)
{
	uint32_t who = journeys_target(ix, step, ROLE_OWNER);

	if (who == SLOT_NONE)
		who = journeys_target(ix, step, ROLE_MET_BY);
	if (who != SLOT_NONE)
		draft_slot(d, step, "answerable", who);
}

/* What could not be judged, once for the whole plan: how many, and the first of them by name. */
struct unjudged {
	uint32_t first;
	uint32_t count;
};

static void
unjudged_add(struct unjudged *u, const struct index *ix, uint32_t slot)
{
	if (u->count == 0 || index_compare(ix, slot, u->first) < 0)
		u->first = slot;
	u->count++;
}

static void
unjudged_emit(struct pass *pass, const struct unjudged *u, const char *missing)
{
	struct draft d;

	if (u->count == 0 || pass->stop)
		return;
	draft_init(&d, SLOT_NONE, SLOT_NONE);
	draft_missing(&d, u->first, missing);
	draft_count(&d, u->first, "not judged", u->count);
	pass_emit(pass, &d);
}

/* ---- uncovered-expectation */

enum { UNCOVERED_IMPORTANCE, UNCOVERED_MET };

static void
judge_uncovered(struct pass *pass, struct journeys *js, uint32_t slot, void *arg)
{
	const struct index *ix = pass->ix;
	struct slots answers = {0};
	struct expected expected;
	struct draft d;
	bool answered;

	journeys_expected(js, slot, pass->today, &expected);
	if (expected.step != SLOT_NONE && !is_lived(ix, expected.step))
		return;
	if (!journeys_answers(js, slot, &answers))
		pass_out_of_memory(pass);
	answered = answers.count > 0;
	slots_fini(&answers);
	if (answered || pass->stop)
		return;
	if (isnan(expected.importance) ||
	    (expected.importance >= pass->limits[UNCOVERED_IMPORTANCE] && isnan(expected.met))) {
		unjudged_add(arg, ix, slot);
		return;
	}
	if (expected.importance < pass->limits[UNCOVERED_IMPORTANCE] ||
	    expected.met > pass->limits[UNCOVERED_MET])
		return;
	draft_init(&d, slot, expected.step);
	draft_number(&d, slot, "importance", expected.importance);
	draft_number(&d, slot, "met", expected.met);
	draft_number(&d, slot, "opportunity", expected.opportunity);
	if (expected.segment != SLOT_NONE)
		draft_slot(&d, slot, "segment", expected.segment);
	if (expected.step != SLOT_NONE && index_is(ix, expected.step, STANDING_LIVE))
		draft_answerable(&d, ix, expected.step);
	pass_emit(pass, &d);
}

static void
run_uncovered(struct pass *pass)
{
	struct unjudged unjudged = {SLOT_NONE, 0};

	judge_kind(pass, KIND_EXPECTATION, judge_uncovered, &unjudged);
	unjudged_emit(pass, &unjudged,
	    "expectations that no open objective answers do not say how much they matter, or how "
	    "well they are met");
}

static void
message_uncovered(const struct check *check, const struct finding *f, struct str *out)
{
	if (finding_evidence(check, f, "segment") != NULL) {
		message_evidence(check, f, "segment", out);
		str_add(out, " expects ");
	}
	message_subject(check, f, 0, out);
	str_add(out, " (importance ");
	message_evidence(check, f, "importance", out);
	str_add(out, ", met ");
	message_evidence(check, f, "met", out);
	str_add(out, "), and no open objective answers it.");
}

static const struct rule customer_uncovered = {
    .name = "customer/uncovered-expectation",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"importance", 7, 0, 10, "of 10", "what matters at least"},
	{"met", 5, 0, 10, "of 10", "up to where it is badly met"}},
    .actor = "answerable",
    .asks = "Does the plan answer what matters most to customers and is badly met?",
    .meaning =
	"An expectation of at least `importance` that is met no better than `met`, and that no "
	"open objective names among its expectations. The newest experience about it says how "
	"important and how well met it is; where there is none, the expectation itself. Its "
	"opportunity is importance + max(importance - met, 0) [Ulwick 2005]. Expectations at "
	"steps of a journey to be are not judged, and words of an objective (`expectation`) name "
	"none.",
    .hurts = "Customers leave for what matters to them, not for what the plan was busy with.",
    .mend = "Let an objective answer it (its `expectations`), with a number and a date, or say why "
	    "not: waive it, or correct how important and how well met it is.",
    .unknown_when = "An expectation without objective states no importance, or an important one "
		    "does not say how well it is met.",
    .fix = "Let an objective answer it, or measure again how well it is met.",
    .run = run_uncovered,
    .message = message_uncovered,
};

/* ---- no-owner-at-step */

static void
judge_no_owner(struct pass *pass, struct journeys *js, uint32_t step, void *arg)
{
	const struct index *ix = pass->ix;
	uint32_t stage = journeys_stage_of(ix, step);
	struct edges in = index_in(ix, step);
	struct draft d;
	int64_t expectations = 0;

	(void)js;
	(void)arg;
	if (!is_lived(ix, step) || journeys_target(ix, step, ROLE_OWNER) != SLOT_NONE ||
	    journeys_target(ix, step, ROLE_MET_BY) != SLOT_NONE)
		return;
	for (uint32_t i = 0; i < in.count; i++)
		expectations += in.list[i].role == ROLE_IN;
	draft_init(&d, step, SLOT_NONE);
	draft_text(&d, step, "met by", "nobody who is in the plan");
	draft_count(&d, step, "expectations", expectations);
	if (stage != SLOT_NONE)
		draft_slot(&d, step, "stage", stage);
	pass_emit(pass, &d);
}

static void
run_no_owner(struct pass *pass)
{
	judge_kind(pass, KIND_STEP, judge_no_owner, NULL);
}

static void
message_no_owner(const struct check *check, const struct finding *f, struct str *out)
{
	str_add(out, "Nobody answers for ");
	message_subject(check, f, 0, out);
	str_add(out, ": it has no owner, and no team meets the customers there (expectations: ");
	message_evidence(check, f, "expectations", out);
	str_add(out, ").");
}

static const struct rule customer_no_owner = {
    .name = "customer/no-owner-at-step",
    .severity = SEVERITY_WARNING,
    .asks = "Does somebody answer for each step of the customers' way?",
    .meaning = "A step of a journey as it is, or of none, that has neither an owner nor a team "
	       "that meets the customers there (`met_by`), of those that are in the plan. Steps "
	       "of a journey to be are not judged.",
    .hurts = "Customers fall between two departments exactly here, and nobody hears of it.",
    .mend = "Name the team that meets the customers at this step, or one person who answers for "
	    "it.",
    .unknown_when = "",
    .fix = "Name the team that meets the customers there, or an owner.",
    .run = run_no_owner,
    .message = message_no_owner,
};

/* ---- pain-unattended */

enum { PAIN_EMOTION };

/* Segments that suffer at a step. */
struct pain {
	struct slots segments; /* SLOT_NONE: everybody */
	struct fared worst;
	bool known;
};

static bool
feel(struct pass *pass, struct journeys *js, uint32_t step, uint32_t segment, struct pain *pain)
{
	struct slots work = {0};
	struct fared fared;
	bool hurts, ok;

	journeys_fared(js, step, segment, pass->today, &fared);
	pain->known |= !isnan(fared.emotion) || fared.value_state != VALUE_UNKNOWN;
	hurts = fared.emotion <= pass->limits[PAIN_EMOTION] || fared.value_state == VALUE_LOST;
	if (!hurts)
		return true;
	ok = journeys_work(js, step, segment, &work);
	if (ok && work.count == 0) {
		if (pain->segments.count == 0 || fared.emotion < pain->worst.emotion ||
		    isnan(pain->worst.emotion))
			pain->worst = fared;
		ok = slots_add(&pain->segments, segment);
	}
	slots_fini(&work);
	return ok;
}

static void
emit_pain(struct pass *pass, uint32_t step, const struct pain *pain)
{
	static const char *const states[] = {NULL, "gained", "kept", "lost"};
	uint32_t stage = journeys_stage_of(pass->ix, step);
	struct draft d;

	draft_init(&d, step, SLOT_NONE);
	if (!isnan(pain->worst.emotion))
		draft_number(&d, step, "emotion", pain->worst.emotion);
	if (pain->worst.value_state != VALUE_UNKNOWN)
		draft_text(&d, step, "value", states[pain->worst.value_state]);
	for (size_t i = 0; i < pain->segments.count && i < SEGMENTS_SHOWN; i++) {
		if (pain->segments.list[i] != SLOT_NONE)
			draft_slot(&d, step, "segment", pain->segments.list[i]);
	}
	draft_count(&d, step, "segments that suffer", (int64_t)pain->segments.count);
	if (pain->worst.emotion_record != SLOT_NONE)
		draft_slot(&d, step, "said by", pain->worst.emotion_record);
	draft_answerable(&d, pass->ix, step);
	if (stage != SLOT_NONE)
		draft_slot(&d, step, "stage", stage);
	pass_emit(pass, &d);
}

static void
judge_pain(struct pass *pass, struct journeys *js, uint32_t step, const struct slots *segments,
    struct unjudged *unjudged)
{
	struct pain pain = {.worst = {.emotion = NAN}};
	bool ok = true;

	for (size_t i = 0; ok && i < segments->count; i++)
		ok = feel(pass, js, step, segments->list[i], &pain);
	if (ok && segments->count == 0)
		ok = feel(pass, js, step, SLOT_NONE, &pain);
	if (!ok)
		pass_out_of_memory(pass);
	else if (!pain.known)
		unjudged_add(unjudged, pass->ix, step);
	else if (pain.segments.count > 0 && !journeys_has_work_behind(pass->ix, step))
		emit_pain(pass, step, &pain);
	slots_fini(&pain.segments);
}

static void
judge_journey_pain(struct pass *pass, struct journeys *js, uint32_t journey, void *arg)
{
	struct slots segments = {0};
	struct path path;

	if (pass->ix->items[journey]->extra != JOURNEY_AS_IS)
		return;
	if (!journeys_path(js, journey, &path) || !journeys_segments(js, journey, &path, &segments))
		pass_out_of_memory(pass);
	for (size_t i = 0; i < path.count && pass_goes_on(pass); i++) {
		if (path.steps[i].step != SLOT_NONE)
			judge_pain(pass, js, path.steps[i].step, &segments, arg);
	}
	path_fini(&path);
	slots_fini(&segments);
}

static void
run_pain(struct pass *pass)
{
	struct unjudged unjudged = {SLOT_NONE, 0};

	judge_kind(pass, KIND_JOURNEY, judge_journey_pain, &unjudged);
	unjudged_emit(
	    pass, &unjudged, "nobody has said how steps feel, nor what customers gain there");
}

static void
message_pain(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *segments = finding_evidence(check, f, "segments that suffer");

	if (finding_evidence(check, f, "segment") != NULL) {
		message_evidence(check, f, "segment", out);
		if (segments != NULL && segments->value.count > 1)
			str_addf(out, " and %lld more", (long long)segments->value.count - 1);
	} else {
		str_add(out, "Customers");
	}
	str_add(out, segments != NULL && segments->value.count == 1 &&
			     finding_evidence(check, f, "segment") != NULL
			 ? " suffers at "
			 : " suffer at ");
	message_subject(check, f, 0, out);
	str_add(out, " (");
	if (finding_evidence(check, f, "emotion") != NULL) {
		str_add(out, "emotion ");
		message_evidence(check, f, "emotion", out);
	}
	if (finding_evidence(check, f, "value") != NULL) {
		str_add(out, finding_evidence(check, f, "emotion") != NULL ? ", value " : "value ");
		message_evidence(check, f, "value", out);
	}
	str_add(out, "), and nothing open works on it for them.");
}

static const struct rule customer_pain = {
    .name = "customer/pain-unattended",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"emotion", -1, -2, 2, "of -2 to 2", "up to where it hurts"}},
    .actor = "answerable",
    .asks = "Does somebody work where customers suffer?",
    .meaning =
	"A step of a journey as it is at which a segment that takes it feels no better than "
	"`emotion`, or loses value, and on which no open initiative or workstream works for that "
	"segment: none names the step (`steps`), or its stage in its scope, and none stands behind "
	"the step. The newest experience of the segment or of everybody counts; where there is "
	"none, the step itself.",
    .hurts = "Pain that nobody works on is told to others, and the next customer does not come.",
    .mend = "Start the work that takes the pain away, or point what is under way at the step "
	    "(`steps`). Where it no longer hurts, record what customers say now.",
    .unknown_when = "Nobody has said how a step feels nor what customers gain there.",
    .fix = "Let an initiative work on the step, or record how it feels now.",
    .run = run_pain,
    .message = message_pain,
};

/* ---- core-unserved */

struct core {
	struct unjudged silent; /* core segments that expect nothing */
	uint32_t cores;
};

static void
judge_core(struct pass *pass, struct journeys *js, uint32_t segment, void *arg)
{
	const struct index *ix = pass->ix;
	struct edges in = index_in(ix, segment);
	struct slots answers = {0};
	struct core *core = arg;
	struct expected expected, top = {.importance = NAN};
	uint32_t first = SLOT_NONE;
	int64_t count = 0;
	bool answered = false;
	struct draft d;

	if (ix->items[segment]->extra == 0)
		return;
	core->cores++;
	for (uint32_t i = 0; i < in.count && !answered && pass_goes_on(pass); i++) {
		uint32_t slot = in.list[i].slot;

		if (in.list[i].role != ROLE_SEGMENT || ix->kinds[slot] != KIND_EXPECTATION)
			continue;
		journeys_expected(js, slot, pass->today, &expected);
		if (expected.step != SLOT_NONE && !is_lived(ix, expected.step))
			continue;
		if (!journeys_answers(js, slot, &answers))
			pass_out_of_memory(pass);
		answered = answers.count > 0;
		count++;
		if (first == SLOT_NONE || expected.importance > top.importance ||
		    (isnan(top.importance) && !isnan(expected.importance))) {
			first = slot;
			top = expected;
		}
	}
	slots_fini(&answers);
	if (answered || pass->stop)
		return;
	if (count == 0) {
		unjudged_add(&core->silent, ix, segment);
		return;
	}
	draft_init(&d, segment, SLOT_NONE);
	draft_count(&d, segment, "expectations", count);
	draft_slot(&d, segment, "expects first", first);
	if (!isnan(top.importance))
		draft_number(&d, first, "importance", top.importance);
	if ((ix->items[segment]->has & HAS_VALUE) != 0)
		draft_number(&d, segment, "value", ix->items[segment]->value);
	pass_emit(pass, &d);
}

static void
run_core(struct pass *pass)
{
	struct core core = {{SLOT_NONE, 0}, 0};
	struct unjudged all = {SLOT_NONE, 0};
	uint32_t count;
	const uint32_t *segments = index_kind(pass->ix, KIND_SEGMENT, &count);

	judge_kind(pass, KIND_SEGMENT, judge_core, &core);
	for (uint32_t i = 0; core.cores == 0 && i < count; i++)
		unjudged_add(&all, pass->ix, segments[i]);
	unjudged_emit(pass, &all, "no segment is marked as core: whom are you there for first?");
	unjudged_emit(pass, &core.silent, "core segments expect nothing: nobody has said what");
}

static void
message_core(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " is core, and no open objective answers any of its expectations (");
	message_evidence(check, f, "expectations", out);
	str_add(out, "; first: ");
	message_evidence(check, f, "expects first", out);
	str_add(out, ").");
}

static const struct rule customer_core = {
    .name = "customer/core-unserved",
    .severity = SEVERITY_ERROR,
    .asks = "Does the plan do something for those whom the organisation is there for first?",
    .meaning = "A core segment of whose expectations none is answered by an open objective, "
	       "whatever their importance. Expectations at steps of a journey to be do not count.",
    .hurts = "The plan may succeed and the customers it lives from be none the better for it.",
    .mend = "Let an objective answer what this segment expects most; or, if it is core no longer, "
	    "say so.",
    .unknown_when = "No segment is marked as core, or a core segment expects nothing.",
    .fix = "Let an objective answer what the segment expects first.",
    .run = run_core,
    .message = message_core,
};

/* ---- no-journey */

/* Segments that a journey with steps takes along. */
struct ways {
	uint8_t *named; /* by slot */
	bool all;       /* one of them is everybody's */
};

static bool
has_parts(const struct index *ix, uint32_t whole, enum kind kind)
{
	struct edges in = index_in(ix, whole);

	for (uint32_t i = 0; i < in.count; i++) {
		if (in.list[i].role == ROLE_IN && ix->kinds[in.list[i].slot] == kind &&
		    (kind == KIND_STEP || has_parts(ix, in.list[i].slot, KIND_STEP)))
			return true;
	}
	return false;
}

static void
mark_ways(struct pass *pass, struct ways *ways)
{
	const struct index *ix = pass->ix;
	uint32_t count;
	const uint32_t *journeys = index_kind(ix, KIND_JOURNEY, &count);

	for (uint32_t i = 0; i < count && pass_goes_on(pass); i++) {
		struct edges out = index_out(ix, journeys[i]);
		bool named = false;

		if (ix->items[journeys[i]]->extra != JOURNEY_AS_IS)
			continue;
		for (uint32_t k = 0; k < out.count; k++) {
			if (out.list[k].role != ROLE_SEGMENT)
				continue;
			named = true;
			ways->named[out.list[k].slot] = 1;
		}
		ways->all |= !named;
	}
}

/* A journey that cannot be followed: it has no steps, or they go round in a circle. */
static void
judge_way(struct pass *pass, struct journeys *js, uint32_t journey, void *arg)
{
	struct path path;
	struct draft d;

	(void)arg;
	if (!journeys_path(js, journey, &path)) {
		pass_out_of_memory(pass);
	} else if (!has_parts(pass->ix, journey, KIND_STAGE)) {
		draft_init(&d, journey, SLOT_NONE);
		draft_text(&d, journey, "steps", "none");
		pass_emit(pass, &d);
	} else if (path.circle.count > 0) {
		draft_init(&d, journey, SLOT_NONE);
		for (size_t i = 0; i < path.circle.count && i < FINDING_EVIDENCE - 1; i++)
			draft_slot(&d, path.circle.list[i], "followed by",
			    path.circle.list[(i + 1) % path.circle.count]);
		pass_emit(pass, &d);
	}
	path_fini(&path);
}

static void
judge_segment_way(struct pass *pass, const struct ways *ways, uint32_t segment)
{
	struct draft d;

	if (ways->all || ways->named[segment])
		return;
	draft_init(&d, segment, SLOT_NONE);
	draft_text(&d, segment, "journey as it is", "none");
	pass_emit(pass, &d);
}

static void
judge_loose(struct pass *pass, struct journeys *js, uint32_t step, void *arg)
{
	uint32_t stage = journeys_stage_of(pass->ix, step);
	struct draft d;

	(void)js;
	(void)arg;
	if (journeys_journey_of(pass->ix, step) != SLOT_NONE)
		return;
	draft_init(&d, step, SLOT_NONE);
	if (stage != SLOT_NONE)
		draft_slot(&d, step, "stage of no journey", stage);
	else
		draft_text(&d, step, "stage", "none");
	pass_emit(pass, &d);
}

/* One finding for a plan that says nothing of customers, and only where there is a plan. */
static void
judge_plan(struct pass *pass)
{
	static const enum kind said[] = {
	    KIND_SEGMENT, KIND_JOURNEY, KIND_STAGE, KIND_STEP, KIND_EXPECTATION};
	uint32_t count, plans = 0;
	struct draft d;

	for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
		(void)index_kind(pass->ix, said[i], &count);
		if (count > 0)
			return;
	}
	(void)index_kind(pass->ix, KIND_OBJECTIVE, &plans);
	if (plans == 0)
		return;
	draft_init(&d, SLOT_NONE, SLOT_NONE);
	draft_count(&d, SLOT_NONE, "objectives", plans);
	draft_text(&d, SLOT_NONE, "segments and journeys", "none");
	pass_emit(pass, &d);
}

static void
run_no_journey(struct pass *pass)
{
	struct ways ways = {calloc((size_t)pass->ix->slots + 1, 1), false};
	uint32_t count;
	const uint32_t *segments = index_kind(pass->ix, KIND_SEGMENT, &count);

	if (ways.named == NULL) {
		pass_out_of_memory(pass);
		return;
	}
	judge_plan(pass);
	mark_ways(pass, &ways);
	judge_kind(pass, KIND_JOURNEY, judge_way, NULL);
	for (uint32_t i = 0; i < count && pass_goes_on(pass); i++)
		judge_segment_way(pass, &ways, segments[i]);
	judge_kind(pass, KIND_STEP, judge_loose, NULL);
	free(ways.named);
}

static void
message_no_journey(const struct check *check, const struct finding *f, struct str *out)
{
	if (f->subjects_count == 0) {
		str_add(
		    out, "The plan says nothing of customers: it has no segment and no journey.");
		return;
	}
	if (finding_evidence(check, f, "journey as it is") != NULL) {
		str_add(out, "No journey shows the way that ");
		message_subject(check, f, 0, out);
		str_add(out, " takes.");
		return;
	}
	message_subject(check, f, 0, out);
	if (finding_evidence(check, f, "steps") != NULL) {
		str_add(out, " has no steps.");
	} else if (finding_evidence(check, f, "followed by") != NULL) {
		const struct evidence *e = check_evidence(check, f);

		str_add(out, " can't be followed: its steps or stages go round in a circle: ");
		for (unsigned i = 0; i < f->evidence_count; i++) {
			check_ref(check, e[i].slot, out);
			str_add(out, " -> ");
		}
		check_value(check, &e[f->evidence_count - 1], out);
		str_add_char(out, '.');
	} else {
		str_add(out, " is on no customer's way: it is in no stage of a journey.");
	}
}

static const struct rule customer_no_journey = {
    .name = "customer/no-journey",
    .severity = SEVERITY_NOTE,
    .asks = "Does the plan show the way that customers take?",
    .meaning =
	"A segment that no journey as it is names, while each of these names other ones; a journey "
	"without steps, or whose stages or steps follow each other in a circle; a step in no stage "
	"of a journey. A plan that has objectives but neither segments, journeys, steps nor "
	"expectations gets this one finding, and the other rules of the family are silent.",
    .hurts = "What customers live through is known in pieces, each to another department, and the "
	     "whole to nobody.",
    .mend = "Write the journey down with those who meet customers: stages, steps, who meets whom. "
	    "docs/CUSTOMERS.md shows how.",
    .unknown_when = "",
    .fix = "Describe the journey: stages, steps and what comes after what.",
    .run = run_no_journey,
    .message = message_no_journey,
};

/* ---- not-co-created */

static void
judge_not_created(struct pass *pass, struct journeys *js, uint32_t journey, void *arg)
{
	const struct index *ix = pass->ix;
	struct draft d;

	(void)js;
	(void)arg;
	if (ix->items[journey]->extra != JOURNEY_TO_BE ||
	    journeys_target(ix, journey, ROLE_SHAPED_BY) != SLOT_NONE)
		return;
	draft_init(&d, journey, SLOT_NONE);
	draft_text(&d, journey, "shaped by",
	    (ix->roles[journey] & ROLE_BIT(ROLE_SHAPED_BY)) != 0 ? "nobody who is in the plan"
								 : "not stated");
	pass_emit(pass, &d);
}

static void
run_not_created(struct pass *pass)
{
	judge_kind(pass, KIND_JOURNEY, judge_not_created, NULL);
}

static void
message_not_created(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " says how customers shall fare, and none of them helped to shape it.");
}

static const struct rule customer_not_created = {
    .name = "customer/not-co-created",
    .severity = SEVERITY_WARNING,
    .asks = "Did customers help to shape what they shall live through?",
    .meaning = "A journey to be that names no customer and no segment that is in the plan among "
	       "those who helped to shape it (`shaped_by`).",
    .hurts = "What was made for customers without them fits those who made it.",
    .mend = "Go through it with customers who take the journey, change what they say, and name "
	    "them.",
    .unknown_when = "",
    .fix = "Shape it with customers, and name them in shaped_by.",
    .run = run_not_created,
    .message = message_not_created,
};

const struct rule *const rules_customer[] = {
    &customer_uncovered,
    &customer_no_owner,
    &customer_pain,
    &customer_core,
    &customer_no_journey,
    &customer_not_created,
    NULL,
};
