/* The family "outcome": will we know that it worked? Data about objectives and measures. */
#include <math.h>

#include "common/str.h"
#include "server/insight/check/aim.h"
#include "server/insight/check/pass.h"

/* ---- none */

static void
run_none(struct pass *pass)
{
	const struct index *ix = pass->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_INITIATIVE, &count);
	struct draft d;

	for (uint32_t i = 0; i < count && pass_goes_on(pass); i++) {
		bool words = (ix->has[slots[i]] & HAS_TEXT) != 0;
		bool measured = (ix->roles[slots[i]] & ROLE_BIT(ROLE_CONTRIBUTION_MEASURE)) != 0;

		if (!index_is(ix, slots[i], STANDING_JUDGED) || words || measured)
			continue;
		draft_init(&d, slots[i], SLOT_NONE);
		draft_text(&d, slots[i], "intended outcome", "not stated");
		pass_emit(pass, &d);
	}
}

static void
message_none(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " does not say what will be different once it is done.");
}

static const struct rule outcome_none = {
    .name = "outcome/none",
    .severity = SEVERITY_WARNING,
    .local = true,
    .asks = "Does every initiative say what shall be different afterwards?",
    .meaning = "An open initiative that states no intended outcome in words and has no "
	       "contribution that names a measure. Naming an objective is not enough: several "
	       "initiatives serve one objective, and what this one adds to it is not said. Not "
	       "judged: initiatives that are done or stopped.",
    .hurts = "It can only be judged by whether it was busy. When it ends, nobody can say whether "
	     "it worked.",
    .mend = "State the intended outcome in a sentence, better still the measure that it moves and "
	    "by how much (a contribution with `measure` and `expected_effect`).",
    .unknown_when = "",
    .fix = "State its intended outcome, or the measure that it shall move.",
    .run = run_none,
    .message = message_none,
};

/* ---- what objectives lack */

static const uint32_t *
objectives(const struct pass *pass, uint32_t *count)
{
	return index_kind(pass->ix, KIND_OBJECTIVE, count);
}

static void
run_no_measure(struct pass *pass)
{
	uint32_t count;
	const uint32_t *slots = objectives(pass, &count);
	struct aims aims;
	struct aim aim;
	struct draft d;

	for (uint32_t i = 0; i < count && pass_goes_on_at(pass, slots, count, i); i++) {
		if (!index_is(pass->ix, slots[i], STANDING_JUDGED))
			continue;
		aims_init(&aims, pass->ix, slots[i]);
		if (aims_next(&aims, &aim) ||
		    (pass->ix->roles[slots[i]] & ROLE_BIT(ROLE_TARGET_MEASURE)) != 0)
			continue;
		draft_init(&d, slots[i], SLOT_NONE);
		if (pass->ix->items[slots[i]]->targets_count > 0)
			draft_text(&d, slots[i], "targets", "in words only");
		pass_emit(pass, &d);
	}
}

static void
message_no_measure(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, f->evidence_count > 0
			 ? " has a target in words, but no measure that would show it."
			 : " has no measure: nothing will show whether it was met.");
}

static const struct rule outcome_no_measure = {
    .name = "outcome/no-measure",
    .severity = SEVERITY_WARNING,
    .local = true,
    .asks = "Does every objective have a number that shows it?",
    .meaning = "An open objective whose targets name no measure, and under which no measure is "
	       "written. A target in words is shown as evidence but is no measure. A measure that "
	       "is named but not in the plan is found by sight/dangling instead. Not judged: "
	       "objectives that are closed or dropped.",
    .hurts = "Whether it was met becomes a matter of opinion, and the opinion of whoever is asked "
	     "first.",
    .mend = "Add a measure and a target for it; an imperfect number beats none.",
    .unknown_when = "",
    .fix = "Add a measure with a baseline, a target and a date.",
    .run = run_no_measure,
    .message = message_no_measure,
};

static bool
lacks_baseline(const struct aim *aim)
{
	return isnan(aim->baseline) && aim->direction != DIRECTION_HOLD;
}

static bool
lacks_target(const struct aim *aim)
{
	if (aim->direction == DIRECTION_HOLD)
		return !aim->has_range;
	return isnan(aim->target);
}

/* One finding for each objective and measure that lack something. */
static void
run_lacking(
    struct pass *pass, bool (*lacks)(const struct aim *aim), const char *what, bool words_count)
{
	uint32_t count;
	const uint32_t *slots = objectives(pass, &count);
	struct aims aims;
	struct aim aim;
	struct draft d;

	for (uint32_t i = 0; i < count && pass_goes_on_at(pass, slots, count, i); i++) {
		if (!index_is(pass->ix, slots[i], STANDING_JUDGED))
			continue;
		aims_init(&aims, pass->ix, slots[i]);
		while (aims_next(&aims, &aim)) {
			if (!lacks(&aim))
				continue;
			draft_init(&d, slots[i], aim.measure);
			draft_text(&d, slots[i], what,
			    words_count && aim.in_words ? "in words only" : "not stated");
			pass_emit(pass, &d);
		}
	}
}

static void
run_no_baseline(struct pass *pass)
{
	run_lacking(pass, lacks_baseline, "baseline", false);
}

static void
message_no_baseline(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " does not say where ");
	message_subject(check, f, 1, out);
	str_add(out, " stood at the start.");
}

static const struct rule outcome_no_baseline = {
    .name = "outcome/no-baseline",
    .severity = SEVERITY_WARNING,
    .asks = "Do we know where each number stood at the start?",
    .meaning =
	"A measure of an open objective for which neither the target states a baseline nor a "
	"baseline value was recorded. Measures that shall stay within a range (direction hold) "
	"need none. An actual is not taken as the baseline: somebody has to say which one counts.",
    .hurts = "Progress is a distance. Without the point of departure any value can be told as a "
	     "success.",
    .mend = "State `baseline` with the target, or record a measurement of the role baseline.",
    .unknown_when = "",
    .fix = "State the baseline of the target.",
    .run = run_no_baseline,
    .message = message_no_baseline,
};

static void
run_no_target(struct pass *pass)
{
	run_lacking(pass, lacks_target, "target", true);
}

static void
message_no_target(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *e = finding_evidence(check, f, "target");

	message_subject(check, f, 0, out);
	str_add(out, " does not say what number ");
	message_subject(check, f, 1, out);
	str_add(out, " shall reach");
	str_add(out, e->value.text[0] == 'i' ? ", only words." : ".");
}

static const struct rule outcome_no_target = {
    .name = "outcome/no-target",
    .severity = SEVERITY_WARNING,
    .asks = "Does a number say when it is done?",
    .meaning = "A measure of an open objective without a number to reach: neither `target` nor "
	       "`commit` is stated, and no target value was recorded about the measure. For "
	       "measures that shall stay within a range (direction hold) the range is the target. "
	       "A target in words counts as none, and is shown as evidence.",
    .hurts =
	"Without a number there is no \"done\", so there is no finishing and no learning either.",
    .mend = "State `target` (or what is committed) in the measure's unit.",
    .unknown_when = "",
    .fix = "State the number to reach.",
    .run = run_no_target,
    .message = message_no_target,
};

/* ---- no-date */

struct dates {
	unsigned dated;
	unsigned undated;
};

static void
count_dates(const struct index *ix, uint32_t objective, struct dates *dates, struct draft *d)
{
	const struct item *item = ix->items[objective];
	struct aims aims;
	struct aim aim;

	aims_init(&aims, ix, objective);
	while (aims_next(&aims, &aim)) {
		if (aim.due != DATE_NONE) {
			dates->dated++;
			continue;
		}
		dates->undated++;
		draft_text(d, aim.measure, "due", "not stated");
	}
	for (uint32_t i = 0; i < item->targets_count; i++) {
		if (item_targets(item)[i].measure != SLOT_NONE)
			continue;
		if (item_targets(item)[i].due != DATE_NONE)
			dates->dated++;
		else
			dates->undated++;
	}
}

static void
judge_no_date(struct pass *pass, uint32_t objective)
{
	const struct index *ix = pass->ix;
	struct dates dates = {0, 0};
	uint32_t period;
	struct draft d;

	if (index_periods_end(ix, objective) != DATE_NONE)
		return;
	draft_init(&d, objective, SLOT_NONE);
	count_dates(ix, objective, &dates, &d);
	if (dates.undated == 0 && dates.dated > 0)
		return;
	if ((ix->roles[objective] & ROLE_BIT(ROLE_PERIOD)) != 0) {
		draft_init(&d, objective, SLOT_NONE);
		period = index_target(ix, objective, ROLE_PERIOD);
		draft_missing(&d, period,
		    index_is(ix, period, STANDING_LIVE) ? "its period has no last day"
							: "its period is not in the plan");
	}
	pass_emit(pass, &d);
}

static void
run_no_date(struct pass *pass)
{
	uint32_t count;
	const uint32_t *slots = objectives(pass, &count);

	for (uint32_t i = 0; i < count && pass_goes_on_at(pass, slots, count, i); i++) {
		if (index_is(pass->ix, slots[i], STANDING_JUDGED))
			judge_no_date(pass, slots[i]);
	}
}

static void
message_no_date(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *e = finding_evidence(check, f, "due");

	message_subject(check, f, 0, out);
	if (e == NULL) {
		str_add(out, " has neither a period nor a due date.");
		return;
	}
	str_add(out, " does not say by when ");
	check_ref(check, e->slot, out);
	if (f->evidence_count > 1)
		str_addf(out, " and %u other measure%s", f->evidence_count - 1u,
		    f->evidence_count > 2 ? "s" : "");
	str_add(out, " shall be there.");
}

static const struct rule outcome_no_date = {
    .name = "outcome/no-date",
    .severity = SEVERITY_WARNING,
    .asks = "By when shall it be met?",
    .meaning =
	"An open objective without a period that has a last day, and with a target that has no due "
	"date of its own (or without any target). A recorded target value carries its date. A "
	"parent objective's period is not taken over: it may be wider than meant.",
    .hurts = "What has no date is always less urgent than what has one; it slips without ever "
	     "being late.",
    .mend = "Give the objective a period, or its targets a due date.",
    .unknown_when =
	"The objective names a period, but that period is not in the plan or has no last day.",
    .fix = "Give it a period, or its targets a due date.",
    .run = run_no_date,
    .message = message_no_date,
};

/* ---- stale */

enum { STALE_GRACE, STALE_DEFAULT };

/* When the objective began: its first period's first day, else the day on which it was written. */
static int32_t
begin_of(const struct index *ix, uint32_t objective)
{
	int32_t start = index_periods_start(ix, objective);

	return start != DATE_NONE ? start : zone_date(NULL, ix->items[objective]->created_us);
}

/* The open objective that has waited longest for the measure; SLOT_NONE. */
static uint32_t
user_of(const struct index *ix, uint32_t measure, int32_t *since)
{
	struct edges in = index_in(ix, measure);
	uint32_t inline_under = index_target(ix, measure, ROLE_INLINE_UNDER);
	uint32_t found = SLOT_NONE;

	for (uint32_t i = 0; i <= in.count; i++) {
		uint32_t objective = i < in.count ? in.list[i].slot : inline_under;
		int32_t begin;

		if (i < in.count && in.list[i].role != ROLE_TARGET_MEASURE)
			continue;
		if (objective == SLOT_NONE || !index_is(ix, objective, STANDING_JUDGED) ||
		    ix->kinds[objective] != KIND_OBJECTIVE)
			continue;
		begin = begin_of(ix, objective);
		if (begin <= ix->today && (found == SLOT_NONE || begin < *since)) {
			found = objective;
			*since = begin;
		}
	}
	return found;
}

#define BY_DEFAULT "days between actuals, by default"

static void
judge_stale(struct pass *pass, uint32_t measure)
{
	const struct index *ix = pass->ix;
	const struct item *item = ix->items[measure];
	const struct point *last = series_until(index_series(ix, measure), pass->today);
	double every = item->every_days > 0 ? item->every_days : pass->limits[STALE_DEFAULT];
	int32_t since = DATE_NONE;
	uint32_t user = user_of(ix, measure, &since);
	int32_t created = zone_date(NULL, item->created_us);
	struct draft d;

	if (user == SLOT_NONE)
		return;
	if (last != NULL)
		since = last->date;
	else if (created > since)
		since = created;
	if (pass->today - since <= every + pass->limits[STALE_GRACE])
		return;
	draft_init(&d, measure, SLOT_NONE);
	draft_slot(&d, measure, "used by", user);
	draft_number(
	    &d, measure, item->every_days > 0 ? "days between actuals" : BY_DEFAULT, every);
	if (last != NULL) {
		draft_number(&d, last->slot, "latest actual", last->value);
		draft_date(&d, last->slot, "taken on", last->date);
	}
	draft_count(&d, measure, "days without", pass->today - since);
	d.from = since + (int32_t)(every + pass->limits[STALE_GRACE]) + 1;
	pass_emit(pass, &d);
}

static void
run_stale(struct pass *pass)
{
	uint32_t count;
	const uint32_t *slots = index_kind(pass->ix, KIND_MEASURE, &count);

	for (uint32_t i = 0; i < count && pass_goes_on_at(pass, slots, count, i); i++)
		judge_stale(pass, slots[i]);
}

static void
message_stale(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *e = check_evidence(check, f);
	bool by_default;

	message_subject(check, f, 0, out);
	if (finding_evidence(check, f, "taken on") == NULL) {
		str_add(out, " was never taken, ");
		message_evidence(check, f, "days without", out);
		str_add(out, " days after ");
		check_value(check, &e[0], out);
		str_add(out, " began to rest on it.");
		return;
	}
	by_default = finding_evidence(check, f, BY_DEFAULT) != NULL;
	str_add(out, by_default ? " does not say how often it is taken, so every "
				: " should be taken every ");
	check_value(check, &e[1], out);
	str_add(out, by_default ? " days is expected; its latest actual is of "
				: " days; its latest actual is of ");
	message_evidence(check, f, "taken on", out);
	str_add(out, ", ");
	message_evidence(check, f, "days without", out);
	str_add(out, " days ago.");
}

static const struct rule outcome_stale = {
    .name = "outcome/stale",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"grace_days", 7, 0, 3660, "days",
		       "how late an actual may be before it is found"},
	{"default_every_days", 92, 1, 3660, "days",
	    "how often a measure is taken that does not say so itself"}},
    .asks = "Are the numbers fresh enough to steer by?",
    .meaning = "A measure that an open objective rests on, whose latest actual is older than "
	       "`every_days` (of the measure; where it does not say, `default_every_days`) and "
	       "`grace_days` together. Where no actual was ever taken, days count from the first "
	       "day of the objective's first period (where it has none, from the day it was "
	       "written), but not from before the measure was written. Objectives that have not "
	       "begun do not count, nor do retracted measurements and those dated after today.",
    .hurts = "Reviews are held over an old number, and surprises come at the end of the quarter.",
    .mend = "Record the current value (`plumb measure`); if the measure is taken less often, say "
	    "so in `every_days`; if nobody needs it, take it out of the objective.",
    .unknown_when = "",
    .fix = "Record its current value.",
    .run = run_stale,
    .message = message_stale,
};

const struct rule *const rules_outcome[] = {
    &outcome_none,
    &outcome_no_measure,
    &outcome_no_baseline,
    &outcome_no_target,
    &outcome_no_date,
    &outcome_stale,
    NULL,
};
