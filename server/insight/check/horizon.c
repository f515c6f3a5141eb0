/* The family "horizon": does the strategy meet the outside? */
#include "common/arena.h"
#include "common/calendar.h"
#include "common/str.h"
#include "server/insight/check/pass.h"
#include "server/insight/outside.h"

#define OUTSIDE_MEMORY ((size_t)64 << 20)

/* Strategies that are not over, with what they say of the outside; NULL: the pass is stopped. */
static struct arena *
open_outside(struct pass *pass, struct outside *outside)
{
	struct arena *arena = arena_new(OUTSIDE_MEMORY);
	struct err ignored;

	if (arena != NULL && outside_init(outside, pass->ix, arena, &ignored))
		return arena;
	arena_free(arena);
	pass_out_of_memory(pass);
	return NULL;
}

static bool
is_running(const struct pass *pass, uint32_t strategy)
{
	return index_is(pass->ix, strategy, STANDING_JUDGED);
}

/* The areas of the strategy begin at *area, which moves on behind them. */
static size_t
count_areas(const struct outside *outside, uint32_t strategy, size_t *area)
{
	size_t first = *area;

	while (*area < outside->areas_count && outside->areas[*area].strategy == strategy)
		++*area;
	return *area - first;
}

typedef void (*judge_fn)(struct pass *pass, const struct outside *outside, uint32_t strategy,
    size_t first, size_t count);

static void
each_strategy(struct pass *pass, judge_fn judge)
{
	uint32_t count;
	const uint32_t *slots = index_kind(pass->ix, KIND_STRATEGY, &count);
	struct outside outside;
	struct arena *arena = count > 0 ? open_outside(pass, &outside) : NULL;
	size_t area = 0;

	for (uint32_t i = 0; arena != NULL && i < count && pass_goes_on(pass); i++) {
		size_t first = area, areas = count_areas(&outside, slots[i], &area);

		if (is_running(pass, slots[i]))
			judge(pass, &outside, slots[i], first, areas);
	}
	arena_free(arena);
}

/* ---- no-end-state */

static void
judge_end_state(
    struct pass *pass, const struct outside *outside, uint32_t strategy, size_t first, size_t count)
{
	struct draft d;
	unsigned lacking = 0;

	draft_init(&d, strategy, SLOT_NONE);
	for (size_t i = first; i < first + count; i++) {
		const struct change_area *area = &outside->areas[i];

		if (area->end_state[0] != '\0' && area->timeframe != DATE_NONE)
			continue;
		draft_text(&d, strategy,
		    area->end_state[0] == '\0' ? "change area without an end state"
					       : "change area without a day",
		    pass_keep(pass, area->title));
		lacking++;
	}
	if (count == 0)
		draft_count(&d, strategy, "change areas", 0);
	if (lacking > 0 || count == 0)
		pass_emit(pass, &d);
}

static void
run_no_end_state(struct pass *pass)
{
	each_strategy(pass, judge_end_state);
}

static void
message_no_end_state(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	if (finding_evidence(check, f, "change areas") != NULL) {
		str_add(out, " names no change area: nobody can say what will be different.");
		return;
	}
	if (finding_evidence(check, f, "change area without an end state") != NULL) {
		str_add(out, " does not say how it will be when it is done in: ");
		message_evidence(check, f, "change area without an end state", out);
	} else {
		str_add(out, " does not say by when it changes: ");
		message_evidence(check, f, "change area without a day", out);
	}
	str_add(out, ".");
}

static const struct rule horizon_no_end_state = {
    .name = "horizon/no-end-state",
    .severity = SEVERITY_WARNING,
    .asks = "How will it be, by when?",
    .meaning =
	"A strategy that is not over and has no change area, or one without the state that it "
	"shall end in or without the day by which it is reached.",
    .hurts =
	"Whoever does not know what shall be different can only be busy; and nobody can say that "
	"it is done.",
    .mend = "Say for each change area of the strategy (`change_areas:`) its `end_state` and "
	    "`timeframe`.",
    .unknown_when = "",
    .fix = "Write each change area's end state and day.",
    .run = run_no_end_state,
    .message = message_no_end_state,
};

/* ---- untested */

static bool
answers_something(const struct outside *outside, size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++) {
		if (outside->areas[i].answers_count > 0)
			return true;
	}
	return false;
}

static void
judge_untested(
    struct pass *pass, const struct outside *outside, uint32_t strategy, size_t first, size_t count)
{
	uint32_t assessments;
	struct draft d;

	(void)index_kind(pass->ix, KIND_ASSESSMENT, &assessments);
	if (answers_something(outside, first, count))
		return;
	draft_init(&d, strategy, SLOT_NONE);
	draft_count(&d, strategy, "change areas", (int64_t)count);
	draft_count(&d, SLOT_NONE, "assessments in the plan", assessments);
	pass_emit(pass, &d);
}

/* What weakens or threatens us, and no strategy that goes on answers. */
static void
judge_unanswered(struct pass *pass, const struct outside *outside, uint32_t slot)
{
	enum { WEAKNESS = 2, THREAT = 4 };
	const struct item *item = pass->ix->items[slot];
	struct draft d;

	if (item->extra != WEAKNESS && item->extra != THREAT)
		return;
	for (uint32_t i = outside->first[slot]; i < outside->first[slot + 1]; i++) {
		if (is_running(pass, outside->areas[outside->answered_by[i]].strategy))
			return;
	}
	draft_init(&d, slot, SLOT_NONE);
	draft_text(&d, slot, "means", item->extra == THREAT ? "threat" : "weakness");
	if (index_target(pass->ix, slot, ROLE_INFLUENCER) != SLOT_NONE)
		draft_slot(&d, slot, "influencer", index_target(pass->ix, slot, ROLE_INFLUENCER));
	pass_emit(pass, &d);
}

/* Nothing of the outside is known: said once. */
static void
judge_nothing_known(struct pass *pass)
{
	uint32_t count;
	const uint32_t *slots = index_kind(pass->ix, KIND_STRATEGY, &count);
	struct draft d;

	for (uint32_t i = 0; i < count; i++) {
		if (!is_running(pass, slots[i]))
			continue;
		draft_init(&d, SLOT_NONE, SLOT_NONE);
		draft_missing(&d, SLOT_NONE, "the plan has no assessment of the outside");
		pass_emit(pass, &d);
		return;
	}
}

static void
run_untested(struct pass *pass)
{
	uint32_t count, strategies;
	const uint32_t *slots = index_kind(pass->ix, KIND_ASSESSMENT, &count);
	struct outside outside;
	struct arena *arena;

	(void)index_kind(pass->ix, KIND_STRATEGY, &strategies);
	if (count == 0 || strategies == 0) {
		judge_nothing_known(pass);
		return;
	}
	each_strategy(pass, judge_untested);
	arena = pass->stop ? NULL : open_outside(pass, &outside);
	for (uint32_t i = 0; arena != NULL && i < count && pass_goes_on(pass); i++)
		judge_unanswered(pass, &outside, slots[i]);
	arena_free(arena);
}

static void
message_untested(const struct check *check, const struct finding *f, struct str *out)
{
	bool strategy = finding_evidence(check, f, "means") == NULL;

	message_subject(check, f, 0, out);
	if (strategy) {
		str_add(out, " answers none of the plan's ");
		message_evidence(check, f, "assessments in the plan", out);
		str_add(out, " assessments of the outside.");
		return;
	}
	str_add(out, ", a ");
	message_evidence(check, f, "means", out);
	str_add(out, ", is answered by no change area of a strategy that goes on.");
}

static const struct rule horizon_untested = {
    .name = "horizon/untested",
    .severity = SEVERITY_NOTE,
    .asks = "Does the strategy answer what happens outside?",
    .meaning =
	"A strategy that is not over, none of whose change areas answers an assessment; and a "
	"weakness or threat that no change area of such a strategy answers. Strengths and "
	"opportunities may be left alone.",
    .hurts = "A strategy that was never held against competitors, regulation and trends meets them "
	     "for the first time when it fails.",
    .mend =
	"Name under `answers:` of a change area the assessments that it answers; or decide to bear "
	"the threat, and waive the finding with that reason.",
    .unknown_when = "The plan has strategies and no assessment at all.",
    .fix = "Name the assessments that the strategy's change areas answer.",
    .run = run_untested,
    .message = message_untested,
};

/* ---- out-of-range */

enum { RANGE_MONTHS };

static void
judge_range(
    struct pass *pass, const struct outside *outside, uint32_t strategy, size_t first, size_t count)
{
	const struct item *item = pass->ix->items[strategy];
	bool spans = item->start != DATE_NONE && item->finish != DATE_NONE;
	int months = spans && item->start <= item->finish
			 ? date_months_within(item->start, item->finish)
			 : 0;
	bool found = false;
	struct draft d;

	draft_init(&d, strategy, SLOT_NONE);
	if (!spans) {
		draft_missing(&d, strategy,
		    item->start == DATE_NONE ? "it states no first day" : "it states no last day");
	} else if (months < pass->limits[RANGE_MONTHS]) {
		draft_count(&d, strategy, "whole months", months);
		found = true;
	}
	for (size_t i = first; i < first + count; i++) {
		const struct change_area *area = &outside->areas[i];

		if (area->timeframe == DATE_NONE ||
		    ((item->start == DATE_NONE || area->timeframe >= item->start) &&
			(item->finish == DATE_NONE || area->timeframe <= item->finish)))
			continue;
		draft_text(&d, strategy, "change area", pass_keep(pass, area->title));
		draft_date(&d, strategy, "reached by", area->timeframe);
		d.unknown = false;
		found = true;
	}
	if (found || !spans)
		pass_emit(pass, &d);
}

static void
run_out_of_range(struct pass *pass)
{
	each_strategy(pass, judge_range);
}

static void
message_out_of_range(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	if (finding_evidence(check, f, "whole months") != NULL) {
		str_add(out, " spans ");
		message_evidence(check, f, "whole months", out);
		str_add(out, " whole months: that is a project's time, not a strategy's.");
		return;
	}
	str_add(out, " plans to have changed '");
	message_evidence(check, f, "change area", out);
	str_add(out, "' by ");
	message_evidence(check, f, "reached by", out);
	str_add(out, ", which is outside its own time.");
}

static const struct rule horizon_out_of_range = {
    .name = "horizon/out-of-range",
    .severity = SEVERITY_NOTE,
    .thresholds = {{"months", 12, 1, 120, "months", "what a strategy spans at least"}},
    .asks = "Is it a strategy's time?",
    .meaning =
	"A strategy that is not over and spans less than `months` whole months, or one of whose "
	"change areas is to be reached on a day outside its own first and last day. One that is "
	"too long is found by scope/too-long.",
    .hurts =
	"What is called a strategy and lasts two quarters is a project: the next one contradicts "
	"it before anybody has seen an effect.",
    .mend = "Give it its real horizon (12 to 36 months), or make an initiative of it.",
    .unknown_when = "The strategy does not state its first or its last day.",
    .fix = "State the strategy's real first and last day, and days of change areas within them.",
    .run = run_out_of_range,
    .message = message_out_of_range,
};

const struct rule *const rules_horizon[] = {
    &horizon_no_end_state,
    &horizon_untested,
    &horizon_out_of_range,
    NULL,
};
