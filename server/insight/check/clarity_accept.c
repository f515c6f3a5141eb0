/* The family "clarity", of acceptance: has everybody said yes to the plan that they carry, and is it still that plan? */
#include <math.h>
#include <stdlib.h>

#include "common/calendar.h"
#include "common/str.h"
#include "server/insight/check/pass.h"
#include "server/insight/clarity/acceptance.h"
#include "server/plan/control.h"
#include "server/plan/kinds.h"

#define TURN "whose turn it is"

/* Who carries the newest baseline's plan, and what they said. */
struct carrying {
	struct pass *pass;
	const struct check_baseline *baseline;
	struct carriers carriers;
	uint32_t *about; /* acceptance_newest() */
	uint32_t *last;
};

static bool
is_stopped(void *arg)
{
	return !pass_goes_on(arg);
}

/* False: there is no baseline, or the pass has to end. */
static bool
carrying_init(struct carrying *c, struct pass *pass)
{
	struct err err = {0};

	*c = (struct carrying){.pass = pass, .baseline = pass_baseline(pass)};
	if (c->baseline == NULL)
		return false;
	if (!acceptance_carriers(c->baseline->view, is_stopped, pass, &c->carriers, &err)) {
		if (err_is_oom(&err))
			pass_out_of_memory(pass);
		return false;
	}
	c->about = acceptance_newest(pass->ix, c->baseline->slot);
	c->last = acceptance_newest(pass->ix, SLOT_NONE);
	if (c->about == NULL || c->last == NULL)
		pass_out_of_memory(pass);
	return c->about != NULL && c->last != NULL;
}

static void
carrying_fini(struct carrying *c)
{
	carriers_fini(&c->carriers);
	free(c->about);
	free(c->last);
}

/* What a person of today's plan carries; 0: nothing, or they have left. */
static uint32_t
carried_by(const struct carrying *c, uint32_t person, const struct carried **list)
{
	const struct item *now = c->pass->ix->items[person];
	const struct item *then =
	    view_find(c->baseline->view, KIND_PERSON, item_id(now), now->id_len);
	uint32_t count = 0;

	if (item_is_live(then) && acceptance_is_there(now, c->pass->today))
		*list = carriers_of(&c->carriers, then->slot, &count);
	return count;
}

static enum acceptance_state
state_of(const struct carrying *c, uint32_t person)
{
	return acceptance_state_of(c->pass->ix, c->about[person], c->last[person]);
}

/* ---- not-accepted */

enum { ACCEPT_DAYS, CLEAR_DAYS };

static int32_t
drawn_on(const struct carrying *c)
{
	return zone_date(NULL, c->pass->ix->items[c->baseline->slot]->created_us);
}

static void
judge_silence(struct carrying *c)
{
	const struct index *ix = c->pass->ix;
	int32_t due = drawn_on(c) + (int32_t)c->pass->limits[ACCEPT_DAYS];
	uint32_t carrying = 0, silent = 0, people;
	const uint32_t *slots = index_kind(ix, KIND_PERSON, &people);
	const struct carried *list;
	struct draft d;

	if (c->pass->today <= due)
		return;
	draft_init(&d, c->baseline->slot, SLOT_NONE);
	draft_date(&d, c->baseline->slot, "drawn on", drawn_on(c));
	for (uint32_t i = 0; i < people && pass_goes_on(c->pass); i++) {
		if (carried_by(c, slots[i], &list) == 0)
			continue;
		carrying++;
		if (state_of(c, slots[i]) != ACCEPTANCE_NOT_YET)
			continue;
		if (silent++ < FINDING_EVIDENCE - 3)
			draft_slot(&d, c->baseline->slot, TURN, slots[i]);
	}
	draft_count(&d, c->baseline->slot, "people who carry it", carrying);
	draft_count(&d, c->baseline->slot, "without an answer", silent);
	d.from = due + 1;
	if (silent > 0)
		pass_emit(c->pass, &d);
}

static void
judge_obstacle(struct carrying *c, uint32_t person)
{
	const struct index *ix = c->pass->ix;
	uint32_t record = c->last[person];
	uint32_t about, clears;
	struct draft d;
	int32_t due;

	if (record == SLOT_NONE || acceptance_state_of(ix, record, record) != ACCEPTANCE_BLOCKED)
		return;
	due = ix->items[record]->start + (int32_t)c->pass->limits[CLEAR_DAYS];
	about = index_target(ix, record, ROLE_ABOUT);
	if (c->pass->today <= due || about == SLOT_NONE)
		return;
	clears = acceptance_clears(ix, record);
	draft_init(&d, about, record);
	draft_slot(&d, record, "in the way of", person);
	draft_slot(&d, record, TURN, clears != SLOT_NONE ? clears : person);
	draft_date(&d, record, "since", ix->items[record]->start);
	draft_count(&d, record, "days in the way", c->pass->today - ix->items[record]->start);
	d.from = due + 1;
	pass_emit(c->pass, &d);
}

static void
run_not_accepted(struct pass *pass)
{
	struct carrying c;

	if (carrying_init(&c, pass)) {
		uint32_t people;
		const uint32_t *slots = index_kind(pass->ix, KIND_PERSON, &people);

		judge_silence(&c);
		for (uint32_t i = 0; i < people && pass_goes_on(pass); i++)
			judge_obstacle(&c, slots[i]);
	}
	carrying_fini(&c);
}

static void
message_not_accepted(const struct check *check, const struct finding *f, struct str *out)
{
	if (finding_evidence(check, f, "in the way of") != NULL) {
		message_evidence(check, f, "in the way of", out);
		str_add(out, " can't accept ");
		message_subject(check, f, 0, out);
		str_add(out, ": what stands in the way has been there for ");
		message_evidence(check, f, "days in the way", out);
		str_add(out, " days.");
		return;
	}
	message_evidence(check, f, "without an answer", out);
	str_add(out, " of ");
	message_evidence(check, f, "people who carry it", out);
	str_add(out, " people who carry the plan of ");
	message_subject(check, f, 0, out);
	str_add(out, ", drawn on ");
	message_evidence(check, f, "drawn on", out);
	str_add(out, ", have neither accepted it nor said what stands in the way.");
}

static const struct rule clarity_not_accepted = {
    .name = "clarity/not-accepted",
    .baseline = true,
    .severity = SEVERITY_WARNING,
    .thresholds = {{"days", 14, 0, 3660, "days", "how long people may take to answer"},
	{"clear_days", 14, 0, 3660, "days", "how long something may stand in the way"}},
    .actor = TURN,
    .asks = "Has everybody who carries the plan said yes to it?",
    .meaning =
	"The newest baseline, more than `days` old: people who carry its plan have neither "
	"accepted "
	"it nor said what stands in the way. Somebody carries what was open at the baseline and "
	"what "
	"they own, work on or are needed for, or what belongs to a team that they lead; who has "
	"left "
	"is not asked. And what somebody said stands in the way for more than `clear_days`: it is "
	"open until that person's next acceptance.",
    .hurts = "Who never said yes does something else when it gets tight, and what stood in the way "
	     "in the first week is the excuse in the last one.",
    .mend = "Ask each of them for a yes or for what stands in the way, and clear that.",
    .unknown_when = "",
    .fix = "Accept it, or say what stands in the way: plumb accept BASELINE.",
    .run = run_not_accepted,
    .message = message_not_accepted,
};

/* ---- outdated-acceptance */

enum { OUTDATED_DAYS };

/* The references of a role, in order: of another plan, by name. */
static bool
same_refs(const struct carrying *c, const struct item *then, const struct item *now, enum role role)
{
	uint32_t a = 0, b = 0;

	for (;;) {
		const struct item *x, *y;

		while (a < then->refs_count && then->refs[a].role != role)
			a++;
		while (b < now->refs_count && now->refs[b].role != role)
			b++;
		if (a == then->refs_count || b == now->refs_count)
			return a == then->refs_count && b == now->refs_count;
		x = view_item(c->baseline->view, then->refs[a].slot);
		y = c->pass->ix->items[now->refs[b].slot];
		if (x == NULL || y == NULL || ref_compare(x, y) != 0 ||
		    then->refs[a].amount != now->refs[b].amount)
			return false;
		a++;
		b++;
	}
}

static bool
same_number(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

static bool
same_targets(const struct item *then, const struct item *now)
{
	if (then->targets_count != now->targets_count)
		return false;
	for (unsigned i = 0; i < then->targets_count; i++) {
		const struct target *a = &item_targets(then)[i];
		const struct target *b = &item_targets(now)[i];

		if (a->due != b->due || !same_number(a->target, b->target) ||
		    !same_number(a->commit, b->commit) || !same_number(a->stretch, b->stretch))
			return false;
	}
	return true;
}

static bool
is_initiative(const struct item *item)
{
	return item->kind == KIND_INITIATIVE || item->kind == KIND_WORKSTREAM;
}

/* What of it somebody said yes to has changed, in a word; NULL: nothing. */
static const char *
change_of(const struct carrying *c, const struct item *then, const struct item *now)
{
	static const struct {
		enum role role;
		const char *word;
	} roles[] = {{ROLE_OWNER, "owner"}, {ROLE_GOAL, "goal"}, {ROLE_OBJECTIVE, "objective"},
	    {ROLE_PART_OF, "what it is a part of"}, {ROLE_PERIOD, "period"},
	    {ROLE_TARGET_MEASURE, "measure"}, {ROLE_NEED, "what it needs"}};

	if (!item_is_live(now))
		return "removed";
	if (index_is(c->pass->ix, now->slot, STANDING_GIVEN_UP))
		return "given up";
	if (then->start != now->start || then->finish != now->finish)
		return "dates";
	if ((then->has & HAS_VALUE) != (now->has & HAS_VALUE) || then->effort != now->effort)
		return then->kind == KIND_OBJECTIVE || then->kind == KIND_GOAL ? "weight"
									       : "effort";
	if (!same_targets(then, now))
		return "targets";
	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
		if (!same_refs(c, then, now, roles[i].role))
			return roles[i].word;
	}
	if (is_initiative(then) && control_scope_in(then) != control_scope_in(now))
		return "scope";
	return NULL;
}

/* SLOT_NONE: nothing of the kind; else of the plan of today, and *word. */
static uint32_t
changed(const struct carrying *c, uint32_t slot, const char **word)
{
	const struct item *baseline = c->pass->ix->items[c->baseline->slot];
	uint64_t revision = baseline->effort > 0 ? (uint64_t)baseline->effort : baseline->revision;
	const struct item *then = view_item(c->baseline->view, slot);
	const struct item *now =
	    view_find(c->pass->ix->view, (enum kind)then->kind, item_id(then), then->id_len);

	if (now == NULL || now->revision <= revision ||
	    zone_date(NULL, now->updated_us) + c->pass->limits[OUTDATED_DAYS] >= c->pass->today)
		return SLOT_NONE;
	*word = change_of(c, then, now);
	return *word != NULL ? now->slot : SLOT_NONE;
}

static void
judge_outdated(struct carrying *c, uint32_t person)
{
	const struct index *ix = c->pass->ix;
	const struct carried *list = NULL;
	uint32_t count = carried_by(c, person, &list), changes = 0;
	struct draft d;

	if (count == 0 || state_of(c, person) != ACCEPTANCE_ACCEPTED)
		return;
	draft_init(&d, person, c->baseline->slot);
	draft_date(&d, c->about[person], "accepted on", ix->items[c->about[person]]->start);
	for (uint32_t i = 0; i < count && pass_goes_on(c->pass); i++) {
		const char *word = NULL;
		uint32_t slot = changed(c, list[i].item, &word);
		int32_t since;

		if (slot == SLOT_NONE)
			continue;
		since = zone_date(NULL, ix->items[slot]->updated_us) +
			(int32_t)c->pass->limits[OUTDATED_DAYS] + 1;
		if (changes == 0 || since < d.from)
			d.from = since;
		if (changes++ < FINDING_EVIDENCE - 3)
			draft_text(&d, slot, "changed", word);
	}
	draft_count(&d, person, "of what they carry", count);
	draft_count(&d, person, "changed since", changes);
	if (changes > 0)
		pass_emit(c->pass, &d);
}

static void
run_outdated(struct pass *pass)
{
	struct carrying c;

	if (carrying_init(&c, pass)) {
		uint32_t people;
		const uint32_t *slots = index_kind(pass->ix, KIND_PERSON, &people);

		for (uint32_t i = 0; i < people && pass_goes_on(pass); i++)
			judge_outdated(&c, slots[i]);
	}
	carrying_fini(&c);
}

static void
message_outdated(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " accepted ");
	message_subject(check, f, 1, out);
	str_add(out, " on ");
	message_evidence(check, f, "accepted on", out);
	str_add(out, "; since the baseline ");
	message_evidence(check, f, "changed since", out);
	str_add(out, " of the ");
	message_evidence(check, f, "of what they carry", out);
	str_add(out, " things they carry have changed or were removed.");
}

static const struct rule clarity_outdated_acceptance = {
    .name = "clarity/outdated-acceptance",
    .baseline = true,
    .severity = SEVERITY_NOTE,
    .thresholds = {{"days", 14, 0, 3660, "days", "how long a change may go without a new yes"}},
    .asks = "Is it still the plan that people said yes to?",
    .meaning =
	"Somebody accepted the newest baseline, and of what they carry in it something has changed "
	"for more than `days`: it was removed or given up, or its dates, effort, weight, targets, "
	"owner, goal, objective, period, needs or the number of entries of its scope are others. "
	"Words, progress and what is done are no such change.",
    .hurts = "People stand by a plan that no longer exists, and learn of the new one when they are "
	     "held to it.",
    .mend = "Tell them what has changed and why; draw a new baseline, and let them accept that.",
    .unknown_when = "",
    .fix = "Draw a new baseline (plumb baseline set NAME) and ask for a new yes.",
    .run = run_outdated,
    .message = message_outdated,
};

const struct rule *const rules_clarity_accept[] = {
    &clarity_not_accepted,
    &clarity_outdated_acceptance,
    NULL,
};
