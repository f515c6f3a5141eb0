/* The family "scope", what is said about it: how far, by when, by whom? */
#include "common/calendar.h"
#include "common/str.h"
#include "server/insight/check/pass.h"
#include "server/limits.h"

enum work_status { WORK_APPROVED = 2, WORK_ACTIVE = 3, WORK_PAUSED = 4 };

typedef void (*judge_fn)(struct pass *pass, uint32_t slot);

/* Judged entries of a kind. */
static void
each(struct pass *pass, enum kind kind, judge_fn judge)
{
	uint32_t count;
	const uint32_t *slots = index_kind(pass->ix, kind, &count);

	for (uint32_t i = 0; i < count && pass_goes_on_at(pass, slots, count, i); i++) {
		if (index_is(pass->ix, slots[i], STANDING_JUDGED))
			judge(pass, slots[i]);
	}
}

/* Somebody said yes to it: its scope is no longer a proposal. */
static bool
is_agreed(const struct index *ix, uint32_t slot)
{
	unsigned status = ix->items[slot]->status;

	return status == WORK_APPROVED || status == WORK_ACTIVE || status == WORK_PAUSED;
}

static int32_t
own_start(const struct index *ix, uint32_t slot)
{
	int32_t start = ix->items[slot]->start;

	return start != DATE_NONE ? start : index_periods_start(ix, slot);
}

static int32_t
own_finish(const struct index *ix, uint32_t slot)
{
	int32_t finish = ix->items[slot]->finish;

	return finish != DATE_NONE ? finish : index_periods_end(ix, slot);
}

/* ---- none, no-limits */

static void
emit_status(struct pass *pass, uint32_t slot)
{
	struct draft d;

	draft_init(&d, slot, SLOT_NONE);
	draft_text(&d, slot, "status", status_name(pass->ix->items[slot]));
	pass_emit(pass, &d);
}

static void
judge_none(struct pass *pass, uint32_t slot)
{
	if ((pass->ix->has[slot] & HAS_SCOPE) == 0 && is_agreed(pass->ix, slot))
		emit_status(pass, slot);
}

static void
run_none(struct pass *pass)
{
	each(pass, KIND_INITIATIVE, judge_none);
}

static void
message_none(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " is ");
	message_evidence(check, f, "status", out);
	str_add(out, ", but nothing says what belongs to it and what does not.");
}

static const struct rule scope_none = {
    .name = "scope/none",
    .severity = SEVERITY_WARNING,
    .local = true,
    .asks = "Is it said how far the work goes?",
    .meaning = "An approved, active or paused initiative with neither `scope.in` nor `scope.out`. "
	       "A proposed one is still being cut and is not judged; segments and journey stages "
	       "alone say for whom, not how far. Workstreams share the scope of their initiative.",
    .hurts = "Everybody fills in what they hope for. Nobody can tell when it is done, and nobody "
	     "can say that a wish came later.",
    .mend = "Write down in a few lines what belongs to it, and what does not.",
    .unknown_when = "",
    .fix = "Write down what belongs to it and what does not.",
    .run = run_none,
    .message = message_none,
};

static void
judge_no_limits(struct pass *pass, uint32_t slot)
{
	unsigned has = pass->ix->has[slot];

	if ((has & HAS_SCOPE) != 0 && (has & HAS_SCOPE_OUT) == 0 && is_agreed(pass->ix, slot))
		emit_status(pass, slot);
}

static void
run_no_limits(struct pass *pass)
{
	each(pass, KIND_INITIATIVE, judge_no_limits);
}

static void
message_no_limits(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " says what belongs to it, but not what does not.");
}

static const struct rule scope_no_limits = {
    .name = "scope/no-limits",
    .severity = SEVERITY_NOTE,
    .local = true,
    .asks = "Is it said where the work ends?",
    .meaning = "An approved, active or paused initiative that has entries in `scope.in` and none "
	       "in `scope.out`. Where there is neither, scope/none says so instead.",
    .hurts = "What is not excluded creeps in: each wish is small, and none was ever ruled out.",
    .mend = "Name the two or three things that somebody could expect of it and will not get.",
    .unknown_when = "",
    .fix = "Name what does not belong to it.",
    .run = run_no_limits,
    .message = message_no_limits,
};

/* ---- no-period */

static void
judge_order_of_days(struct pass *pass, uint32_t slot)
{
	int32_t start = own_start(pass->ix, slot);
	int32_t finish = own_finish(pass->ix, slot);
	struct draft d;

	if (start == DATE_NONE || finish == DATE_NONE || finish >= start)
		return;
	draft_init(&d, slot, SLOT_NONE);
	draft_date(&d, slot, "start", start);
	draft_date(&d, slot, "finish", finish);
	pass_emit(pass, &d);
}

static void
judge_no_period(struct pass *pass, uint32_t slot)
{
	unsigned status = pass->ix->items[slot]->status;
	int32_t start = own_start(pass->ix, slot);
	struct draft d;

	if (own_finish(pass->ix, slot) != DATE_NONE ||
	    (status != WORK_APPROVED && status != WORK_ACTIVE)) {
		judge_order_of_days(pass, slot);
		return;
	}
	draft_init(&d, slot, SLOT_NONE);
	draft_text(&d, slot, "status", status_name(pass->ix->items[slot]));
	if (start != DATE_NONE)
		draft_date(&d, slot, "start", start);
	pass_emit(pass, &d);
}

static void
run_no_period(struct pass *pass)
{
	static const enum kind dated[] = {KIND_STRATEGY, KIND_WORKSTREAM, KIND_TASK, KIND_PERIOD};

	each(pass, KIND_INITIATIVE, judge_no_period);
	for (size_t k = 0; k < sizeof dated / sizeof dated[0]; k++)
		each(pass, dated[k], judge_order_of_days);
}

static void
message_no_period(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	if (finding_evidence(check, f, "finish") != NULL) {
		str_add(out, " ends on ");
		message_evidence(check, f, "finish", out);
		str_add(out, ", before it starts on ");
		message_evidence(check, f, "start", out);
		str_add_char(out, '.');
		return;
	}
	str_add(out, " is ");
	message_evidence(check, f, "status", out);
	if (finding_evidence(check, f, "start") != NULL) {
		str_add(out, " since ");
		message_evidence(check, f, "start", out);
	}
	str_add(out, ", but nothing says by when it shall be done.");
}

static const struct rule scope_no_period = {
    .name = "scope/no-period",
    .severity = SEVERITY_WARNING,
    .local = true,
    .asks = "By when shall it be done?",
    .meaning =
	"An approved or active initiative without a finish: neither its own date nor a period with "
	"a last day says by when it shall be done. Workstreams and tasks that state none have that "
	"of the work that they are a part of. Also found here: an initiative, workstream, task, "
	"strategy or period whose last day lies before its first (stated or from its periods).",
    .hurts = "Without an end nothing can be late, nothing can be planned behind it, and its people "
	     "never become free.",
    .mend = "Give it the period in which it shall be done (`periods:`), or a start and a finish.",
    .unknown_when = "",
    .fix = "Say from when to when it runs.",
    .run = run_no_period,
    .message = message_no_period,
};

/* ---- too-long */

enum { LONG_MONTHS, LONG_STRATEGY_MONTHS };

static void
judge_length(struct pass *pass, uint32_t slot, double most)
{
	int32_t start = own_start(pass->ix, slot);
	int32_t finish = own_finish(pass->ix, slot);
	struct draft d;

	if (start == DATE_NONE || finish == DATE_NONE || finish < start ||
	    finish < date_after_months(start, (int)most))
		return;
	draft_init(&d, slot, SLOT_NONE);
	draft_date(&d, slot, "start", start);
	draft_date(&d, slot, "finish", finish);
	draft_count(&d, slot, "whole months", date_months_within(start, finish));
	draft_count(&d, slot, "months at most", (int64_t)most);
	pass_emit(pass, &d);
}

static void
emit_no_day(struct pass *pass, uint32_t slot, const char *text)
{
	struct draft d;

	draft_init(&d, slot, SLOT_NONE);
	draft_missing(&d, slot, text);
	pass_emit(pass, &d);
}

static void
judge_too_long(struct pass *pass, uint32_t slot)
{
	if (!is_agreed(pass->ix, slot) ||
	    (own_start(pass->ix, slot) != DATE_NONE && own_finish(pass->ix, slot) != DATE_NONE))
		judge_length(pass, slot, pass->limits[LONG_MONTHS]);
	else
		emit_no_day(pass, slot,
		    own_finish(pass->ix, slot) == DATE_NONE ? "its finish is not stated"
							    : "its start is not stated");
}

static void
judge_strategy_too_long(struct pass *pass, uint32_t slot)
{
	if (own_start(pass->ix, slot) != DATE_NONE && own_finish(pass->ix, slot) != DATE_NONE)
		judge_length(pass, slot, pass->limits[LONG_STRATEGY_MONTHS]);
	else
		emit_no_day(pass, slot,
		    own_finish(pass->ix, slot) == DATE_NONE ? "its last day is not stated"
							    : "its first day is not stated");
}

static void
run_too_long(struct pass *pass)
{
	each(pass, KIND_INITIATIVE, judge_too_long);
	each(pass, KIND_STRATEGY, judge_strategy_too_long);
}

static void
message_too_long(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " runs from ");
	message_evidence(check, f, "start", out);
	str_add(out, " to ");
	message_evidence(check, f, "finish", out);
	str_add(out, ", longer than ");
	message_evidence(check, f, "months at most", out);
	str_add(out, " months.");
}

static const struct rule scope_too_long = {
    .name = "scope/too-long",
    .severity = SEVERITY_NOTE,
    .local = true,
    .thresholds = {{"months", 12, 1, 600, "months", "the longest that an initiative may run"},
	{"strategy_months", 36, 1, 1200, "months", "the longest that a strategy may run"}},
    .asks = "Is it short enough to be steered?",
    .meaning = "An open initiative that runs longer than `months`, or a strategy that runs longer "
	       "than `strategy_months`, from its first day to its last (its own, else those of its "
	       "periods). From 1 January to 31 December is twelve months, one day more is longer. "
	       "A finish before the start is found by scope/no-period.",
    .hurts = "What runs for years is judged in years: nobody sees in time that it goes wrong, and "
	     "the world for which it was planned is gone when it ends.",
    .mend = "Cut it into initiatives that each deliver something, and decide anew after each.",
    .unknown_when = "The first or the last day of an approved, active or paused initiative, or of "
		    "a strategy, is not known.",
    .fix = "Cut it into shorter pieces that each deliver something.",
    .run = run_too_long,
    .message = message_too_long,
};

/* ---- need-unidentified */

#define NAMING (ROLE_BIT(ROLE_NEED) | ROLE_BIT(ROLE_MEMBER) | ROLE_BIT(ROLE_WHO))

/* Does it, or a part of it at any depth, name somebody who does the work? */
static bool
names_somebody(const struct index *ix, uint32_t slot, unsigned depth)
{
	struct edges in = index_in(ix, slot);

	if ((ix->roles[slot] & NAMING) != 0)
		return true;
	for (uint32_t i = 0; i < in.count && depth < LIMIT_DEPTH; i++) {
		uint32_t part = in.list[i].slot;

		if (in.list[i].role != ROLE_PART_OF || index_is(ix, part, STANDING_GIVEN_UP))
			continue;
		if (index_is_agreed_ask(ix, part) || names_somebody(ix, part, depth + 1))
			return true;
	}
	return false;
}

static bool
is_allocated(const struct index *ix, uint32_t work, uint32_t who)
{
	struct edges in = index_in(ix, work);

	for (uint32_t i = 0; i < in.count; i++) {
		if (in.list[i].role == ROLE_PART_OF &&
		    ix->kinds[in.list[i].slot] == KIND_ALLOCATION &&
		    index_target(ix, in.list[i].slot, ROLE_WHO) == who)
			return true;
	}
	return false;
}

static bool
is_earlier_need(const struct item *work, uint32_t before)
{
	for (uint32_t i = 0; i < before; i++) {
		if (work->refs[i].role == ROLE_NEED && work->refs[i].amount < 0 &&
		    work->refs[i].slot == work->refs[before].slot)
			return true;
	}
	return false;
}

static void
judge_efforts(struct pass *pass, uint32_t slot)
{
	const struct index *ix = pass->ix;
	const struct item *work = ix->items[slot];
	struct draft d;

	for (uint32_t i = 0; i < work->refs_count; i++) {
		const struct ref *need = &work->refs[i];

		if (need->role != ROLE_NEED || need->amount >= 0 ||
		    !index_is(ix, need->slot, STANDING_LIVE) ||
		    is_allocated(ix, slot, need->slot) || is_earlier_need(work, i))
			continue;
		draft_init(&d, slot, need->slot);
		draft_slot(&d, slot, "need without effort", need->slot);
		pass_emit(pass, &d);
	}
}

static void
judge_needs(struct pass *pass, uint32_t slot)
{
	const struct index *ix = pass->ix;
	struct draft d;

	if (ix->kinds[slot] == KIND_TASK && (ix->has[slot] & HAS_OPEN_NEED) == 0 &&
	    (ix->roles[slot] & ROLE_BIT(ROLE_NEED)) == 0)
		return; /* most of them */
	if (!load_is_running(ix, slot))
		return;
	if ((ix->has[slot] & HAS_OPEN_NEED) != 0) {
		draft_init(&d, slot, SLOT_NONE);
		draft_text(&d, slot, "need", "names nobody");
		pass_emit(pass, &d);
	} else if (ix->kinds[slot] == KIND_INITIATIVE && !names_somebody(ix, slot, 0)) {
		draft_init(&d, slot, SLOT_NONE);
		draft_count(&d, slot, "needs, members and allocations", 0);
		pass_emit(pass, &d);
	}
	if ((ix->roles[slot] & ROLE_BIT(ROLE_NEED)) != 0)
		judge_efforts(pass, slot);
}

static void
run_need_unidentified(struct pass *pass)
{
	each(pass, KIND_INITIATIVE, judge_needs);
	each(pass, KIND_WORKSTREAM, judge_needs);
	each(pass, KIND_TASK, judge_needs);
}

static void
message_need_unidentified(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	if (f->subjects_count > 1) {
		str_add(out, " needs ");
		message_subject(check, f, 1, out);
		str_add(out, ", but does not say how much.");
	} else if (finding_evidence(check, f, "need") != NULL) {
		str_add(out, " has a need that names no team or person.");
	} else {
		str_add(out, " is to be done, but nobody is named to do it.");
	}
}

static const struct rule scope_need_unidentified = {
    .name = "scope/need-unidentified",
    .severity = SEVERITY_WARNING,
    .asks = "Is it known who is needed, and how much of them?",
    .meaning =
	"An approved or active initiative in which nobody is named to do the work: no need, "
	"member or allocation, no ask that a team agreed to, neither in itself nor in a part of it "
	"at any depth that was not stopped (owners lead, they are not counted here). Also: a need "
	"of such an initiative, workstream or task that names nobody, and one without an effort, "
	"unless "
	"an allocation of that team or person to that work says how much.",
    .hurts = "Work that asks for nobody is in nobody's calendar. It begins when somebody has time, "
	     "and each load figure is too low by what was not said.",
    .mend = "Write down which team or person is needed, and for how many person-days; a rough "
	    "number is better than none.",
    .unknown_when = "",
    .fix = "Say which team or person is needed, and how much.",
    .run = run_need_unidentified,
    .message = message_need_unidentified,
};

const struct rule *const rules_scope[] = {
    &scope_none,
    &scope_no_limits,
    &scope_no_period,
    &scope_too_long,
    &scope_need_unidentified,
    NULL,
};
