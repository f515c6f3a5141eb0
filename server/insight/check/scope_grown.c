/* The family "scope", against the baseline: has it grown since everybody said yes? */
#include <stdlib.h>

#include "common/calendar.h"
#include "common/str.h"
#include "server/insight/check/pass.h"
#include "server/limits.h"
#include "server/plan/control.h"

enum { CREPT_PERCENT };
enum work_status { WORK_APPROVED = 2, WORK_ACTIVE = 3, WORK_PAUSED = 4, WORK_STOPPED = 6 };

/* Far enough ahead for memory to answer. */
#define AHEAD 16u

/* Parts at any depth, by slot of their initiative in that view. */
struct tally {
	const struct view *view;
	uint32_t *parts;
	int64_t *effort;
};

static bool
is_part(const struct item *item)
{
	return item->kind == KIND_WORKSTREAM || item->kind == KIND_MILESTONE ||
	       item->kind == KIND_TASK;
}

static bool
states_effort(const struct item *part)
{
	return part->kind != KIND_MILESTONE && (part->has & HAS_VALUE) != 0;
}

/* What is stated for a part holds what is stated for its own parts: the outermost counts. */
static void
tally_part(struct tally *t, const struct item *part)
{
	const struct item *up = part;
	bool counts = states_effort(part);

	for (unsigned depth = 0; depth < 2 * LIMIT_DEPTH; depth++) {
		if (up->kind == KIND_WORKSTREAM && up->status == WORK_STOPPED)
			return;
		up = view_ref(t->view, up, ROLE_PART_OF);
		if (up == NULL || !kind_is_work(up->kind))
			return;
		if (up->kind == KIND_INITIATIVE)
			break;
		counts = counts && !states_effort(up);
	}
	t->parts[up->slot]++;
	if (counts &&
	    __builtin_add_overflow(t->effort[up->slot], part->effort, &t->effort[up->slot]))
		t->effort[up->slot] = INT64_MAX;
}

static bool
tally_init(struct tally *t, const struct view *view, struct pass *pass)
{
	uint32_t slots = view_slots(view);

	t->view = view;
	t->parts = calloc((size_t)slots + 1, sizeof t->parts[0]);
	t->effort = calloc((size_t)slots + 1, sizeof t->effort[0]);
	if (t->parts == NULL || t->effort == NULL)
		return false;
	for (uint32_t s = 0; s < slots && pass_goes_on(pass); s++) {
		const struct item *item = view_item(view, s);

		if (s + AHEAD < slots)
			__builtin_prefetch(view_item(view, s + AHEAD));
		if (item_is_live(item) && is_part(item))
			tally_part(t, item);
	}
	return true;
}

static void
tally_fini(struct tally *t)
{
	free(t->parts);
	free(t->effort);
}

/* An initiative as one view has it; what is not stated is 0 or DATE_NONE. */
struct extent {
	int64_t estimate;
	int64_t effort;
	int64_t parts;
	int64_t scope;
	int32_t start;
	int32_t finish;
};

static struct extent
extent_of(const struct tally *t, const struct item *initiative)
{
	struct extent e = {
	    .estimate = (initiative->has & HAS_VALUE) != 0 ? initiative->effort : 0,
	    .effort = t->effort[initiative->slot],
	    .parts = t->parts[initiative->slot],
	    .scope = control_scope_in(initiative),
	    .start = initiative->start,
	    .finish = initiative->finish,
	};
	int32_t start = DATE_NONE, finish = DATE_NONE;

	for (uint32_t i = 0; i < initiative->refs_count; i++) {
		const struct item *period;

		if (initiative->refs[i].role != ROLE_PERIOD)
			continue;
		period = view_item(t->view, initiative->refs[i].slot);
		if (!item_is_live(period))
			continue;
		if (period->start != DATE_NONE && (start == DATE_NONE || period->start < start))
			start = period->start;
		if (period->finish > finish)
			finish = period->finish;
	}
	if (e.start == DATE_NONE)
		e.start = start;
	if (e.finish == DATE_NONE)
		e.finish = finish;
	return e;
}

/* From nothing it cannot grow by a part of it: that is planning. */
static bool
has_grown(int64_t then, int64_t now, double percent)
{
	return then > 0 && ((double)now - (double)then) * 100 > percent * (double)then;
}

static bool
ends_later(const struct extent *then, const struct extent *now, double percent)
{
	if (then->start == DATE_NONE || then->finish == DATE_NONE || now->finish == DATE_NONE ||
	    then->finish < then->start)
		return false;
	return ((double)now->finish - then->finish) * 100 >
	       percent * ((double)then->finish - then->start + 1);
}

#define ESTIMATE_THEN "estimate at the baseline"
#define FINISH_THEN   "finish at the baseline"
#define SCOPE_THEN    "entries of scope.in at the baseline"
#define EFFORT_THEN   "effort of its parts at the baseline"
#define PARTS_THEN    "parts at the baseline"

/* Four of five fit into the evidence; the first ones weigh most. */
static void
compare(struct draft *d, uint32_t slot, const struct extent *then, const struct extent *now,
    double percent)
{
	if (has_grown(then->estimate, now->estimate, percent)) {
		draft_number(d, slot, ESTIMATE_THEN, (double)then->estimate / 100);
		draft_number(d, slot, "estimate", (double)now->estimate / 100);
	}
	if (ends_later(then, now, percent)) {
		draft_date(d, slot, FINISH_THEN, then->finish);
		draft_date(d, slot, "finish", now->finish);
	}
	if (has_grown(then->scope, now->scope, percent)) {
		draft_count(d, slot, SCOPE_THEN, then->scope);
		draft_count(d, slot, "entries of scope.in", now->scope);
	}
	if (has_grown(then->effort, now->effort, percent)) {
		draft_number(d, slot, EFFORT_THEN, (double)then->effort / 100);
		draft_number(d, slot, "effort of its parts", (double)now->effort / 100);
	}
	if (has_grown(then->parts, now->parts, percent) && d->evidence_count < FINDING_EVIDENCE) {
		draft_count(d, slot, PARTS_THEN, then->parts);
		draft_count(d, slot, "parts", now->parts);
	}
}

static bool
is_agreed(const struct index *ix, uint32_t slot)
{
	unsigned status = ix->items[slot]->status;

	return index_is(ix, slot, STANDING_JUDGED) &&
	       (status == WORK_APPROVED || status == WORK_ACTIVE || status == WORK_PAUSED);
}

static void
judge_crept(struct pass *pass, const struct tally *then, const struct tally *now, uint32_t slot)
{
	const struct item *item = pass->ix->items[slot];
	const struct item *before =
	    view_find(then->view, KIND_INITIATIVE, item_id(item), item->id_len);
	struct extent a, b;
	struct draft d;

	draft_init(&d, slot, pass_baseline(pass)->slot);
	if (!item_is_live(before)) {
		d.subjects_count = 1;
		draft_missing(&d, slot, "it was not in the plan at the newest baseline");
		pass_emit(pass, &d);
		return;
	}
	a = extent_of(then, before);
	b = extent_of(now, item);
	compare(&d, slot, &a, &b, pass->limits[CREPT_PERCENT]);
	if (d.evidence_count > 0)
		pass_emit(pass, &d);
}

static void
judge_all(struct pass *pass, const struct tally *then, const struct tally *now)
{
	uint32_t count;
	const uint32_t *slots = index_kind(pass->ix, KIND_INITIATIVE, &count);

	for (uint32_t i = 0; i < count && pass_goes_on_at(pass, slots, count, i); i++) {
		if (is_agreed(pass->ix, slots[i]))
			judge_crept(pass, then, now, slots[i]);
	}
}

static void
say_no_baseline(struct pass *pass)
{
	uint32_t count;
	const uint32_t *slots = index_kind(pass->ix, KIND_INITIATIVE, &count);
	struct draft d;

	for (uint32_t i = 0; i < count && pass_goes_on_at(pass, slots, count, i); i++) {
		if (!is_agreed(pass->ix, slots[i]))
			continue;
		draft_init(&d, SLOT_NONE, SLOT_NONE);
		draft_missing(&d, SLOT_NONE, "it has no baseline to compare with");
		pass_emit(pass, &d);
		return;
	}
}

static void
run_crept(struct pass *pass)
{
	const struct check_baseline *baseline = pass_baseline(pass);
	struct tally then = {0}, now = {0};

	if (baseline == NULL) {
		say_no_baseline(pass);
		return;
	}
	if (!tally_init(&then, baseline->view, pass) || !tally_init(&now, pass->ix->view, pass))
		pass_out_of_memory(pass);
	if (!pass->stop)
		judge_all(pass, &then, &now);
	tally_fini(&then);
	tally_fini(&now);
}

static void
message_crept(const struct check *check, const struct finding *f, struct str *out)
{
	static const struct {
		const char *then;
		const char *now;
		const char *unit;
	} shown[] = {
	    {ESTIMATE_THEN, "estimate", " person-days"},
	    {FINISH_THEN, "finish", ""},
	    {SCOPE_THEN, "entries of scope.in", ""},
	    {EFFORT_THEN, "effort of its parts", " person-days"},
	    {PARTS_THEN, "parts", ""},
	};
	const char *between = ": ";

	check_ref(check, check_subjects(check, f)[0], out);
	str_add(out, " has grown since ");
	check_ref(check, check_subjects(check, f)[1], out);
	for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
		const struct evidence *then = finding_evidence(check, f, shown[i].then);

		if (then == NULL)
			continue;
		str_addf(out, "%s%s from ", between, shown[i].now);
		check_value(check, then, out);
		str_add(out, " to ");
		check_value(check, finding_evidence(check, f, shown[i].now), out);
		str_add(out, shown[i].unit);
		between = ", ";
	}
	str_add_char(out, '.');
}

static const struct rule scope_crept = {
    .name = "scope/crept",
    .baseline = true,
    .severity = SEVERITY_WARNING,
    .thresholds = {{"percent", 20, 0, 1000, "percent",
	"growth since the baseline that is let pass"}},
    .asks = "Is it still the work that was agreed?",
    .meaning =
	"An approved, active or paused initiative of which something has grown by more than "
	"`percent` since the newest baseline: the likely estimate, the effort of its parts (tasks "
	"and workstreams at any depth, of nested ones the outermost that states any; not those "
	"that were stopped), their number, the number of entries in `scope.in`, or the finish "
	"(later by more than `percent` of its length from start to finish at the baseline). What "
	"was not stated at the baseline cannot have grown: planning in more detail is no creep. "
	"The newest baseline is the one that was drawn last; it is compared with what it holds "
	"under the same id.",
    .hurts = "Each step was small and nobody decided on the whole; the date and the people stayed "
	     "as they were.",
    .mend = "Decide on what came in since: take it out, or accept it with the time and the people "
	    "that it takes, and draw a new baseline.",
    .unknown_when = "The plan has no baseline (said once), or the initiative was not in it.",
    .fix = "Take out what came in, or agree on it anew and draw a new baseline.",
    .run = run_crept,
    .message = message_crept,
};

const struct rule *const rules_scope_grown[] = {
    &scope_crept,
    NULL,
};
