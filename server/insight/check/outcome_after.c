/* The family "outcome", after the work: was it closed too soon, did the number move, is anybody still looking? */
#include <math.h>

#include "common/str.h"
#include "server/insight/check/aim.h"
#include "server/insight/check/pass.h"
#include "server/insight/progress.h"

/* ---- both numbers: how far the work is stands beside how far the outcome is */

/* Rounded down, so that a near miss does not read as reached. */
static double
rounded(double progress)
{
	return floor(progress * 1000) / 1000;
}

/* Worked out where there is a finding only: most plans have few. */
static void
draft_work(struct pass *pass, struct progress **progress, struct draft *d, uint32_t slot)
{
	struct progress_of of;

	if (*progress == NULL)
		*progress = progress_new(pass->ix);
	if (*progress == NULL || !progress_of(*progress, slot, &of))
		pass_out_of_memory(pass);
	else if (isnan(of.work.value))
		draft_text(d, slot, "progress of the work", "unknown");
	else
		draft_number(d, slot, "progress of the work", rounded(of.work.value));
}

/* " (work 80 %, outcome 25 %)": two numbers side by side. */
static void
add_both(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *work = finding_evidence(check, f, "progress of the work");
	const struct evidence *outcome = finding_evidence(check, f, "progress of the outcome");

	if (work != NULL && work->type == VALUE_NUMBER)
		str_addf(out, " (work %.0f %%, ", floor(work->value.number * 100));
	else
		str_add(out, " (work unknown, ");
	if (outcome != NULL && outcome->type == VALUE_NUMBER)
		str_addf(out, "outcome %.0f %%)", floor(outcome->value.number * 100));
	else
		str_add(out, "outcome unknown)");
}

/* ---- closed-early */

enum { EARLY_REACHED };

static bool
is_reached(const struct pass *pass, const struct aim *aim, const struct point *point)
{
	return point != NULL && aim_progress(aim, point->value) >= pass->limits[EARLY_REACHED];
}

static void
early_evidence(struct draft *d, const struct aim *aim, const struct point *point, int32_t closed)
{
	draft_date(d, aim->objective, "closed", closed);
	draft_date(d, aim->objective, "due", aim->due);
	draft_number(d, point->slot, "value at closing", point->value);
	draft_date(d, point->slot, "taken on", point->date);
	draft_number(
	    d, aim->measure, "progress of the outcome", rounded(aim_progress(aim, point->value)));
	if (aim->direction == DIRECTION_HOLD) {
		draft_number(d, aim->measure, "low", aim->low);
		draft_number(d, aim->measure, "high", aim->high);
		return;
	}
	draft_number(d, aim->objective, "target", aim->target);
}

/* A value that came in after the closing may show that it was met, never that it was not. */
static void
judge_early(struct pass *pass, struct progress **progress, const struct aim *aim, int32_t closed)
{
	const struct series *series = index_series(pass->ix, aim->measure);
	const struct point *then = series_until(series, closed);
	const struct point *now = series_until(series, pass->today);
	struct draft d;

	if (aim->due != DATE_NONE && closed >= aim->due)
		return;
	draft_init(&d, aim->objective, aim->measure);
	if (aim_lacks(aim) != NULL) {
		draft_missing(&d, aim->measure, aim_lacks(aim));
	} else if (is_reached(pass, aim, then) || is_reached(pass, aim, now)) {
		return;
	} else if (then == NULL) {
		draft_missing(&d, aim->measure, "no actual was taken before it was closed");
	} else if (aim->due == DATE_NONE) {
		draft_missing(&d, aim->objective, "no date says by when its target was due");
	} else {
		early_evidence(&d, aim, then, closed);
		draft_work(pass, progress, &d, aim->objective);
	}
	pass_emit(pass, &d);
}

static void
judge_closed(struct pass *pass, struct progress **progress, uint32_t objective)
{
	int32_t closed = pass->ix->items[objective]->done;
	struct aims aims;
	struct aim aim;
	struct draft d;

	if (closed == DATE_NONE) {
		draft_init(&d, objective, SLOT_NONE);
		draft_missing(&d, objective, "the day on which it was closed is not stated");
		pass_emit(pass, &d);
		return;
	}
	aims_init(&aims, pass->ix, objective);
	while (aims_next(&aims, &aim))
		judge_early(pass, progress, &aim, closed);
}

static void
run_closed_early(struct pass *pass)
{
	uint32_t count;
	const uint32_t *slots = index_kind(pass->ix, KIND_OBJECTIVE, &count);
	struct progress *progress = NULL;

	for (uint32_t i = 0; i < count && pass_goes_on_at(pass, slots, count, i); i++) {
		if (index_is(pass->ix, slots[i], STANDING_FINISHED))
			judge_closed(pass, &progress, slots[i]);
	}
	progress_free(progress);
}

static void
message_closed_early(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " was closed on ");
	message_evidence(check, f, "closed", out);
	str_add(out, ", before its date ");
	message_evidence(check, f, "due", out);
	str_add(out, ", with ");
	message_subject(check, f, 1, out);
	str_add(out, " at ");
	message_evidence(check, f, "value at closing", out);
	if (finding_evidence(check, f, "target") != NULL) {
		str_add(out, " of ");
		message_evidence(check, f, "target", out);
	} else {
		str_add(out, ", out of its range");
	}
	add_both(check, f, out);
	str_add_char(out, '.');
}

static const struct rule outcome_closed_early = {
    .name = "outcome/closed-early",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"reached", 1, 0, 1, "of the way",
	"progress that counts as having reached the target"}},
    .asks = "Was it closed because it was met?",
    .meaning =
	"An objective that was closed before the date of a target, while the newest actual of that "
	"day had not come `reached` of the way from baseline to target (for measures that hold: "
	"was out of range). How far the work on it is stands beside that and changes nothing: it "
	"is "
	"another number. A later value that shows the target reached clears it. Closing on the "
	"day or after it is honest, met or not, and is not found; neither are dropped objectives.",
    .hurts = "The number stops being looked at just when it could still be changed, and a miss is "
	     "filed as a success.",
    .mend = "Open it again until its date, or drop it and say why.",
    .unknown_when =
	"The day of closing or of the target is not stated, there was no actual by then, or the "
	"measure's direction, baseline or target is not known or baseline equals target.",
    .fix = "Open it again, or drop it with a reason.",
    .run = run_closed_early,
    .message = message_closed_early,
};

/* ---- what a finished initiative was to move */

/*
 * The day on which it was delivered: its finish where that has passed, else the last day of its periods where that
 * has, else the day on which its newest version (which says "done") was written. DATE_NONE: not known.
 */
static int32_t
delivered(const struct index *ix, uint32_t initiative)
{
	const struct item *item = ix->items[initiative];
	int32_t days[3] = {
	    item->finish, index_periods_end(ix, initiative), zone_date(NULL, item->updated_us)};

	for (unsigned i = 0; i < 3; i++) {
		if (days[i] != DATE_NONE && days[i] <= ix->today)
			return days[i];
	}
	return DATE_NONE;
}

/*
 * What to look at: each measure that its contributions name; where they name none, the objective that it serves
 * (primary, else those it contributes to) with all its measures together, since which of them it was to move is not said.
 */
struct trail {
	const struct index *ix;
	uint32_t initiative;
	enum role role;
	uint32_t next;
};

struct lead {
	uint32_t subject;   /* measure or objective */
	uint32_t objective; /* of a measure; SLOT_NONE */
	bool is_measure;
};

static bool
has_live(const struct index *ix, uint32_t slot, enum role role, enum kind kind)
{
	struct edges out = index_out(ix, slot);

	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].role == role && index_is(ix, out.list[i].slot, STANDING_LIVE) &&
		    ix->kinds[out.list[i].slot] == kind)
			return true;
	}
	return false;
}

static void
trail_init(struct trail *trail, const struct index *ix, uint32_t initiative)
{
	*trail = (struct trail){ix, initiative, ROLE_CONTRIBUTION, 0};
	if (has_live(ix, initiative, ROLE_CONTRIBUTION_MEASURE, KIND_MEASURE))
		trail->role = ROLE_CONTRIBUTION_MEASURE;
	else if (has_live(ix, initiative, ROLE_OBJECTIVE, KIND_OBJECTIVE))
		trail->role = ROLE_OBJECTIVE;
}

/* The objective of the contribution that names the measure. */
static uint32_t
contribution_at(const struct edges *out, unsigned position)
{
	for (uint32_t i = 0; i < out->count; i++) {
		if (out->list[i].role == ROLE_CONTRIBUTION && out->list[i].position == position)
			return out->list[i].slot;
	}
	return SLOT_NONE;
}

static bool
has_measures(const struct index *ix, uint32_t objective)
{
	struct aims aims;
	struct aim aim;

	aims_init(&aims, ix, objective);
	return aims_next(&aims, &aim);
}

static bool
trail_next(struct trail *trail, struct lead *lead)
{
	const struct index *ix = trail->ix;
	struct edges out = index_out(ix, trail->initiative);
	bool measure = trail->role == ROLE_CONTRIBUTION_MEASURE;

	while (trail->next < out.count) {
		const struct edge *e = &out.list[trail->next++];

		if (e->role != trail->role || !index_is(ix, e->slot, STANDING_LIVE) ||
		    ix->kinds[e->slot] != (measure ? KIND_MEASURE : KIND_OBJECTIVE))
			continue;
		if (!measure && !has_measures(ix, e->slot))
			continue;
		*lead = (struct lead){
		    e->slot, measure ? contribution_at(&out, e->position) : e->slot, measure};
		return true;
	}
	return false;
}

static bool
is_delivered(const struct index *ix, uint32_t slot)
{
	return index_is(ix, slot, STANDING_FINISHED) && !index_is(ix, slot, STANDING_GIVEN_UP);
}

static void
emit_missing(struct pass *pass, uint32_t initiative, uint32_t slot, const char *text)
{
	struct draft d;

	draft_init(&d, initiative, SLOT_NONE);
	draft_missing(&d, slot, text);
	pass_emit(pass, &d);
}

#define NO_DAY     "the day on which it was finished is not known"
#define NO_MEASURE "neither it nor an objective that it serves names a measure"

/* ---- done-unmoved */

enum { UNMOVED_LEAST, UNMOVED_WAIT, UNMOVED_FORGET };
enum movement { MOVED, UNMOVED, CANNOT_SAY };

/* A target is not needed: any step in the right direction counts without one. */
static const char *
cannot_say(const struct aim *aim, const struct point *after, double not_before)
{
	bool moves = aim->direction == DIRECTION_UP || aim->direction == DIRECTION_DOWN;

	if (aim_lacks(aim) != NULL && !(moves && !isnan(aim->baseline) && isnan(aim->target)))
		return aim_lacks(aim);
	if (after == NULL || after->date <= not_before)
		return "no actual was taken after it was finished";
	return NULL;
}

static bool
has_moved(const struct aim *aim, double value, double least)
{
	if (aim_lacks(aim) == NULL)
		return aim_progress(aim, value) >= least;
	return aim->direction == DIRECTION_UP ? value > aim->baseline : value < aim->baseline;
}

static enum movement
judge_movement(struct pass *pass, const struct aim *aim, int32_t finished, struct draft *d)
{
	const struct point *after = series_until(index_series(pass->ix, aim->measure), pass->today);
	const char *lacks = cannot_say(aim, after, finished + pass->limits[UNMOVED_WAIT]);

	if (lacks != NULL) {
		draft_missing(d, aim->measure, lacks);
		return CANNOT_SAY;
	}
	if (has_moved(aim, after->value, pass->limits[UNMOVED_LEAST]))
		return MOVED;
	if (aim_lacks(aim) == NULL)
		draft_number(d, aim->measure, "progress of the outcome",
		    rounded(aim_progress(aim, after->value)));
	if (aim->direction != DIRECTION_HOLD)
		draft_number(d, aim->measure, "baseline", aim->baseline);
	draft_number(d, after->slot, "latest actual", after->value);
	draft_date(d, after->slot, "taken on", after->date);
	return UNMOVED;
}

/* The first subject is the initiative. */
static void
emit_unmoved(struct pass *pass, struct progress **progress, struct draft *d)
{
	if (!d->unknown)
		draft_work(pass, progress, d, d->subjects[0]);
	pass_emit(pass, d);
}

static void
judge_measure(struct pass *pass, struct progress **progress, struct draft *d,
    const struct lead *lead, int32_t finished)
{
	struct aim aim;

	aim_find(pass->ix, lead->objective, lead->subject, &aim);
	if (judge_movement(pass, &aim, finished, d) != MOVED)
		emit_unmoved(pass, progress, d);
}

/* One measure that moved clears it; one that cannot be told makes it unknown. */
static void
judge_objective(struct pass *pass, struct progress **progress, struct draft *d,
    const struct lead *lead, int32_t finished)
{
	struct draft missing;
	struct aims aims;
	struct aim aim;
	bool unknown = false;

	aims_init(&aims, pass->ix, lead->subject);
	while (aims_next(&aims, &aim)) {
		struct draft one = *d;

		switch (judge_movement(pass, &aim, finished, &one)) {
		case MOVED:
			return;
		case UNMOVED:
			*d = one;
			break;
		case CANNOT_SAY:
			missing = one;
			unknown = true;
			break;
		}
	}
	emit_unmoved(pass, progress, unknown ? &missing : d);
}

static void
judge_unmoved(struct pass *pass, struct progress **progress, uint32_t initiative)
{
	const struct index *ix = pass->ix;
	int32_t finished = delivered(ix, initiative);
	struct trail trail;
	struct lead lead;
	struct draft d;
	bool any = false;

	if (finished == DATE_NONE) {
		emit_missing(pass, initiative, initiative, NO_DAY);
		return;
	}
	if (pass->today - finished > pass->limits[UNMOVED_FORGET])
		return;
	trail_init(&trail, ix, initiative);
	for (; trail_next(&trail, &lead); any = true) {
		draft_init(&d, initiative, lead.subject);
		draft_date(&d, initiative, "finished", finished);
		if (lead.is_measure)
			judge_measure(pass, progress, &d, &lead, finished);
		else
			judge_objective(pass, progress, &d, &lead, finished);
	}
	if (!any)
		emit_missing(pass, initiative, initiative, NO_MEASURE);
}

static void
run_done_unmoved(struct pass *pass)
{
	uint32_t count;
	const uint32_t *slots = index_kind(pass->ix, KIND_INITIATIVE, &count);
	struct progress *progress = NULL;

	for (uint32_t i = 0; i < count && pass_goes_on_at(pass, slots, count, i); i++) {
		if (is_delivered(pass->ix, slots[i]))
			judge_unmoved(pass, &progress, slots[i]);
	}
	progress_free(progress);
}

static void
message_done_unmoved(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *e = finding_evidence(check, f, "baseline");

	message_subject(check, f, 0, out);
	str_add(out, " was finished on ");
	message_evidence(check, f, "finished", out);
	str_add(out, ", but ");
	if (e == NULL) {
		message_subject(check, f, 1, out);
		str_add(out, " is out of its range, at ");
	} else {
		check_ref(check, e->slot, out);
		str_add(out, " has not moved: from ");
		check_value(check, e, out);
		str_add(out, " to ");
	}
	message_evidence(check, f, "latest actual", out);
	str_add(out, " on ");
	message_evidence(check, f, "taken on", out);
	add_both(check, f, out);
	str_add_char(out, '.');
}

static const struct rule outcome_done_unmoved = {
    .name = "outcome/done-unmoved",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"movement", 0.05, 0, 1, "of the way",
		       "progress of the measure below which it has not moved"},
	{"wait_days", 0, 0, 3660, "days",
	    "how long after the work an actual counts as taken after it"},
	{"forget_days", 730, 1, 36500, "days", "work finished longer ago is left alone"}},
    .asks = "The work is done; did the number move?",
    .meaning = "An initiative that is done, while the newest actual of the measure that it was to "
	       "move, taken after it was finished (and `wait_days` have passed), has come less "
	       "than `movement` of the way from baseline to target. Where no target is known any "
	       "step in the right direction counts; a measure that holds must be in its range. The "
	       "measures are those that its contributions name, one finding each; where they name "
	       "none, those of the objectives that it serves, and then one that moved is enough. "
	       "Finished is its `finish` date where that has passed, else the last day of its "
	       "periods where that has, else the day on which it was last changed.",
    .hurts = "The organisation was busy and nothing got better. Unless somebody says so, the next "
	     "initiative of the kind is started.",
    .mend = "Look at it together: was the assumption wrong, is it too early, is something missing? "
	    "Write down the realised outcome, and decide what follows.",
    .unknown_when = "No measure is named, its direction or baseline is not known, baseline equals "
		    "target, or no actual was taken after the work was finished.",
    .fix = "Find out why the number stands still, and write down the realised outcome.",
    .run = run_done_unmoved,
    .message = message_done_unmoved,
};

/* ---- untracked-after */

enum { UNTRACKED_DAYS, UNTRACKED_FORGET };

static bool
is_tracked(const struct index *ix, uint32_t measure, int32_t finished)
{
	const struct point *last = series_until(index_series(ix, measure), ix->today);

	return last != NULL && last->date > finished;
}

static bool
is_lead_tracked(const struct index *ix, const struct lead *lead, int32_t finished)
{
	struct aims aims;
	struct aim aim;

	if (lead->is_measure)
		return is_tracked(ix, lead->subject, finished);
	aims_init(&aims, ix, lead->subject);
	while (aims_next(&aims, &aim)) {
		if (is_tracked(ix, aim.measure, finished))
			return true;
	}
	return false;
}

static void
emit_untracked(struct pass *pass, uint32_t initiative, const struct lead *lead, int32_t finished)
{
	const struct point *last = series_until(index_series(pass->ix, lead->subject), pass->today);
	struct draft d;

	draft_init(&d, initiative, lead->subject);
	draft_date(&d, initiative, "finished", finished);
	draft_count(&d, initiative, "days since", pass->today - finished);
	if (last != NULL)
		draft_date(&d, last->slot, "latest actual on", last->date);
	d.from = finished + (int32_t)pass->limits[UNTRACKED_DAYS] + 1;
	pass_emit(pass, &d);
}

static void
judge_untracked(struct pass *pass, uint32_t initiative)
{
	const struct index *ix = pass->ix;
	int32_t finished = delivered(ix, initiative);
	struct trail trail;
	struct lead lead;
	bool any = false;

	if (finished == DATE_NONE) {
		emit_missing(pass, initiative, initiative, NO_DAY);
		return;
	}
	if (pass->today - finished <= pass->limits[UNTRACKED_DAYS] ||
	    pass->today - finished > pass->limits[UNTRACKED_FORGET])
		return;
	trail_init(&trail, ix, initiative);
	for (; trail_next(&trail, &lead); any = true) {
		if (!is_lead_tracked(ix, &lead, finished))
			emit_untracked(pass, initiative, &lead, finished);
	}
	if (!any)
		emit_missing(pass, initiative, initiative, NO_MEASURE);
}

static void
run_untracked_after(struct pass *pass)
{
	uint32_t count;
	const uint32_t *slots = index_kind(pass->ix, KIND_INITIATIVE, &count);

	for (uint32_t i = 0; i < count && pass_goes_on_at(pass, slots, count, i); i++) {
		if (is_delivered(pass->ix, slots[i]))
			judge_untracked(pass, slots[i]);
	}
}

static void
message_untracked_after(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " was finished ");
	message_evidence(check, f, "days since", out);
	str_add(out, " days ago, and ");
	if (check_index(check)->kinds[check_subjects(check, f)[1]] == KIND_OBJECTIVE)
		str_add(out, "no measure of ");
	message_subject(check, f, 1, out);
	str_add(out, check_index(check)->kinds[check_subjects(check, f)[1]] == KIND_OBJECTIVE
			 ? " was taken since."
			 : " was not taken since.");
}

static const struct rule outcome_untracked_after = {
    .name = "outcome/untracked-after",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"days", 45, 0, 3660, "days",
		       "how long after the work an actual may be awaited"},
	{"forget_days", 730, 1, 36500, "days", "work finished longer ago is left alone"}},
    .asks = "After delivery, is anybody still looking at the number?",
    .meaning = "An initiative that was finished more than `days` ago, and the measure that it was "
	       "to move has no actual from after that day. Which measures and which day are those "
	       "of outcome/done-unmoved; where its contributions name no measure, one actual of "
	       "any measure of the objective is enough.",
    .hurts = "Effects show after delivery. If nobody looks then, the work is paid for but nothing "
	     "is learnt from it.",
    .mend = "Record the current value, and keep taking it until the effect is clear.",
    .unknown_when = "Neither the initiative nor an objective that it serves names a measure, or "
		    "the day on which it was finished is not known.",
    .fix = "Record the measure's value after the delivery.",
    .run = run_untracked_after,
    .message = message_untracked_after,
};

const struct rule *const rules_outcome_after[] = {
    &outcome_closed_early,
    &outcome_done_unmoved,
    &outcome_untracked_after,
    NULL,
};
