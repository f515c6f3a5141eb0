/* The family "rhythm": do the levels keep talking? */
#include "server/insight/check/rhythm.h"

#include <stdlib.h>

#include "common/str.h"
#include "server/insight/check/pass.h"
#include "server/limits.h"

/* ---- shared with what is due from a person */

bool
rhythm_is_reported(const struct index *ix, uint32_t slot)
{
	enum { WORK_ACTIVE = 3 };

	return (ix->kinds[slot] == KIND_INITIATIVE || ix->kinds[slot] == KIND_WORKSTREAM) &&
	       index_is(ix, slot, STANDING_JUDGED) && ix->items[slot]->status == WORK_ACTIVE;
}

int32_t
rhythm_last_word(const struct index *ix, uint32_t slot)
{
	const struct item *item = ix->items[slot];
	int32_t day = item->start;

	if (ix->check_in[slot] != SLOT_NONE)
		return ix->items[ix->check_in[slot]]->start;
	if (day == DATE_NONE)
		day = index_periods_start(ix, slot);
	return day != DATE_NONE ? day : zone_date(NULL, item->created_us);
}

static void
add_reviewer(const struct index *ix, uint32_t person, struct reviewers *out)
{
	if (person != SLOT_NONE && index_is(ix, person, STANDING_LIVE) &&
	    ix->kinds[person] == KIND_PERSON && out->count < REVIEWERS_MAX &&
	    !reviewers_have(out, person))
		out->slots[out->count++] = person;
}

void
rhythm_reviewers(const struct index *ix, uint32_t slot, struct reviewers *out)
{
	struct edges edges = index_out(ix, slot);

	out->count = 0;
	add_reviewer(ix, index_target(ix, slot, ROLE_REVIEWER), out);
	if (out->count > 0)
		return;
	for (uint32_t i = 0; i < edges.count; i++) {
		if (edges.list[i].role == ROLE_OWNER)
			add_reviewer(ix, index_target(ix, edges.list[i].slot, ROLE_MANAGER), out);
	}
}

bool
reviewers_have(const struct reviewers *reviewers, uint32_t person)
{
	for (unsigned i = 0; i < reviewers->count; i++) {
		if (reviewers->slots[i] == person)
			return true;
	}
	return false;
}

/* What a check-in that counts as the newest one is about; SLOT_NONE. */
static uint32_t
newest_about(const struct index *ix, uint32_t check_in)
{
	uint32_t about = index_target(ix, check_in, ROLE_ABOUT);

	return about != SLOT_NONE && ix->check_in[about] == check_in ? about : SLOT_NONE;
}

uint8_t *
rhythm_acknowledged(const struct index *ix)
{
	uint8_t *marks = calloc((size_t)ix->slots + 1, 1);
	struct reviewers reviewers;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_ACKNOWLEDGEMENT, &count);

	for (uint32_t i = 0; i < count && marks != NULL; i++) {
		uint32_t check_in = index_target(ix, slots[i], ROLE_ABOUT);
		uint32_t about = check_in != SLOT_NONE ? newest_about(ix, check_in) : SLOT_NONE;

		if (about == SLOT_NONE || ix->items[slots[i]]->start > ix->today)
			continue;
		rhythm_reviewers(ix, about, &reviewers);
		if (reviewers.count == 0 ||
		    reviewers_have(&reviewers, index_target(ix, slots[i], ROLE_BY)))
			marks[check_in] = 1;
	}
	slots = index_kind(ix, KIND_CHECK_IN, &count);
	for (uint32_t i = 0; i < count && marks != NULL; i++) {
		uint32_t about = newest_about(ix, slots[i]);

		if (about == SLOT_NONE)
			continue;
		rhythm_reviewers(ix, about, &reviewers);
		if (reviewers_have(&reviewers, index_target(ix, slots[i], ROLE_BY)))
			marks[slots[i]] = 1;
	}
	return marks;
}

uint32_t
rhythm_rank(const struct index *ix, uint32_t slot)
{
	for (unsigned depth = 0; slot != SLOT_NONE && depth < 2 * LIMIT_DEPTH; depth++) {
		if (ix->rank[slot] != RANK_NONE)
			return ix->rank[slot];
		slot = ix->part_of[slot];
	}
	return RANK_NONE;
}

/* ---- check-in-late */

enum { LATE_DAYS };

static void
judge_late(struct pass *pass, uint32_t slot)
{
	const struct index *ix = pass->ix;
	uint32_t last = ix->check_in[slot];
	int32_t from;
	struct draft d;

	if (!rhythm_is_reported(ix, slot))
		return;
	from = rhythm_last_word(ix, slot);
	if (pass->today - from <= pass->limits[LATE_DAYS])
		return;
	draft_init(&d, slot, SLOT_NONE);
	draft_count(&d, slot, "days without a check-in", pass->today - from);
	if (last != SLOT_NONE)
		draft_date(&d, last, "last check-in", from);
	else
		draft_date(&d, slot, "active since", from);
	d.from = from + (int32_t)pass->limits[LATE_DAYS] + 1;
	pass_emit(pass, &d);
}

static void
run_check_in_late(struct pass *pass)
{
	static const enum kind kinds[] = {KIND_INITIATIVE, KIND_WORKSTREAM};

	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
		uint32_t count;
		const uint32_t *slots = index_kind(pass->ix, kinds[k], &count);

		for (uint32_t i = 0; i < count && pass_goes_on_at(pass, slots, count, i); i++)
			judge_late(pass, slots[i]);
	}
}

static void
message_check_in_late(const struct check *check, const struct finding *f, struct str *out)
{
	bool ever = finding_evidence(check, f, "last check-in") != NULL;

	str_add(out, ever ? "The last check-in on " : "Nobody has checked in on ");
	message_subject(check, f, 0, out);
	if (ever) {
		str_add(out, " is of ");
		message_evidence(check, f, "last check-in", out);
		str_add(out, ", ");
		message_evidence(check, f, "days without a check-in", out);
		str_add(out, " days ago.");
		return;
	}
	str_add(out, ", active since ");
	message_evidence(check, f, "active since", out);
	str_add(out, " (");
	message_evidence(check, f, "days without a check-in", out);
	str_add(out, " days).");
}

static const struct rule rhythm_check_in_late = {
    .name = "rhythm/check-in-late",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"days", 14, 1, 3660, "days", "how long there may be no check-in"}},
    .asks = "Do we hear how it stands?",
    .meaning =
	"An active initiative or workstream whose newest check-in is more than `days` old. Where "
	"nobody has ever checked in the time counts from its start, else from the first day of its "
	"periods, else from the day on which it came into the plan; what starts after today is not "
	"judged. A check-in on a part does not stand for the whole: its owner says how the whole "
	"stands.",
    .hurts = "Silence reads as \"on track\". What went wrong two weeks ago is heard when it can no "
	     "longer be mended.",
    .mend = "Check in, in one minute: how it stands, how far it is, what is in the way. If it does "
	    "not go on, say that: pause or stop it.",
    .unknown_when = "",
    .fix = "Say how it stands: plumb checkin KIND/ID on-track, at-risk or off-track.",
    .run = run_check_in_late,
    .message = message_check_in_late,
};

/* ---- not-acknowledged */

enum { ACKNOWLEDGE_DAYS };

static const char *
status_words(unsigned status)
{
	static const char *const words[] = {"no status", "on track", "at risk", "off track"};

	return status < sizeof words / sizeof words[0] ? words[status] : words[0];
}

static void
judge_not_acknowledged(struct pass *pass, uint32_t slot, const uint8_t *acknowledged)
{
	const struct index *ix = pass->ix;
	uint32_t check_in = ix->check_in[slot];
	struct reviewers reviewers;
	const struct item *item;
	struct draft d;

	if (check_in == SLOT_NONE || acknowledged[check_in] || !index_is(ix, slot, STANDING_JUDGED))
		return;
	item = ix->items[check_in];
	if (pass->today - item->start <= pass->limits[ACKNOWLEDGE_DAYS])
		return;
	rhythm_reviewers(ix, slot, &reviewers);
	draft_init(&d, slot, check_in);
	if (reviewers.count == 0)
		draft_missing(&d, slot,
		    "no reviewer is stated, and no owner of it has a manager who could be");
	for (unsigned i = 0; i < reviewers.count && i < 4; i++)
		draft_slot(&d, slot, "reviewer", reviewers.slots[i]);
	draft_date(&d, check_in, "checked in on", item->start);
	draft_text(&d, check_in, "status", status_words(item->status));
	draft_count(&d, check_in, "days since", pass->today - item->start);
	d.from = item->start + (int32_t)pass->limits[ACKNOWLEDGE_DAYS] + 1;
	pass_emit(pass, &d);
}

static void
run_not_acknowledged(struct pass *pass)
{
	static const enum kind kinds[] = {KIND_GOAL, KIND_OBJECTIVE, KIND_STRATEGY, KIND_INITIATIVE,
	    KIND_WORKSTREAM, KIND_MILESTONE, KIND_TASK};
	uint8_t *acknowledged = rhythm_acknowledged(pass->ix);

	if (acknowledged == NULL) {
		pass_out_of_memory(pass);
		return;
	}
	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
		uint32_t count;
		const uint32_t *slots = index_kind(pass->ix, kinds[k], &count);

		for (uint32_t i = 0; i < count && pass_goes_on(pass); i++)
			judge_not_acknowledged(pass, slots[i], acknowledged);
	}
	free(acknowledged);
}

static void
message_not_acknowledged(const struct check *check, const struct finding *f, struct str *out)
{
	message_evidence(check, f, "reviewer", out);
	str_add(out, " has not acknowledged ");
	message_subject(check, f, 1, out);
	str_add(out, " (");
	message_evidence(check, f, "status", out);
	str_add(out, ") on ");
	message_subject(check, f, 0, out);
	str_add(out, ", of ");
	message_evidence(check, f, "checked in on", out);
	str_add(out, ", ");
	message_evidence(check, f, "days since", out);
	str_add(out, " days ago.");
}

static const struct rule rhythm_not_acknowledged = {
    .name = "rhythm/not-acknowledged",
    .severity = SEVERITY_NOTE,
    .thresholds = {{"days", 7, 0, 3660, "days", "how long an acknowledgement may take"}},
    .actor = "reviewer",
    .asks = "Is what is reported also read?",
    .meaning =
	"Something open whose newest check-in is more than `days` old and was not acknowledged by "
	"its reviewer: the one who is stated, else a manager of an owner. A check-in that the "
	"reviewer wrote needs no acknowledgement. Older check-ins are not looked at: the newest "
	"one says how it stands.",
    .hurts = "Who reports into the void stops reporting, first the bad news, then at all.",
    .mend =
	"The reviewer reads it, answers where there is something to answer, and acknowledges it.",
    .unknown_when = "No reviewer is stated and no owner has a manager, and nobody else has "
		    "acknowledged it.",
    .fix = "Read the check-in and acknowledge it: plumb ack KIND/ID.",
    .run = run_not_acknowledged,
    .message = message_not_acknowledged,
};

const struct rule *const rules_rhythm[] = {
    &rhythm_check_in_late,
    &rhythm_not_acknowledged,
    NULL,
};
