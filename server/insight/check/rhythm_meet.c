/* The family "rhythm": are the standing meetings held, and who is at them? Definitions: docs/RHYTHM.md. */
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "server/insight/check/pass.h"
#include "server/insight/rhythm/cadence.h"

static bool
begin(struct pass *pass, struct cadence *cadence)
{
	struct err err = {0};

	if (cadence_init(cadence, pass->ix, &err))
		return true;
	pass_out_of_memory(pass);
	return false;
}

static bool
has_any(const struct index *ix, enum kind kind)
{
	uint32_t count;

	index_kind(ix, kind, &count);
	return count > 0;
}

/* ---- review-overdue */

enum { OVERDUE_DAYS };

/* Without an owner those who attend it should see to it. */
static void
name_actors(struct draft *d, const struct index *ix, uint32_t review)
{
	struct edges out = index_out(ix, review);

	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].role == ROLE_OWNER)
			return;
	}
	for (uint32_t i = 0; i < out.count && d->evidence_count < FINDING_EVIDENCE; i++) {
		if (out.list[i].role == ROLE_ATTENDEE)
			draft_slot(d, review, "attendee", out.list[i].slot);
	}
}

static void
judge_overdue(struct pass *pass, const struct meeting_plan *plan)
{
	struct draft d;

	/* the customer room has a rule of its own */
	if (pass->ix->items[plan->review]->extra == REVIEW_CUSTOMER_ROOM)
		return;
	draft_init(&d, plan->review, SLOT_NONE);
	if (plan->due == DATE_NONE) {
		draft_missing(&d, plan->review,
		    "it says neither how often it is held (every_days) nor a first day ahead");
		pass_emit(pass, &d);
		return;
	}
	if (pass->today - plan->due <= pass->limits[OVERDUE_DAYS])
		return;
	draft_date(&d, plan->review, "due", plan->due);
	draft_count(&d, plan->review, "days over", pass->today - plan->due);
	if (plan->last != SLOT_NONE)
		draft_date(&d, plan->last, "last held", plan->last_day);
	if (plan->every_days > 0)
		draft_count(&d, plan->review, "every days", plan->every_days);
	name_actors(&d, pass->ix, plan->review);
	d.from = plan->due + (int32_t)pass->limits[OVERDUE_DAYS] + 1;
	pass_emit(pass, &d);
}

static void
run_review_overdue(struct pass *pass)
{
	struct cadence cadence;

	if (!has_any(pass->ix, KIND_REVIEW) || !begin(pass, &cadence))
		return;
	for (uint32_t i = 0; i < cadence.count && pass_goes_on(pass); i++)
		judge_overdue(pass, &cadence.plans[i]);
	cadence_fini(&cadence);
}

static void
message_review_overdue(const struct check *check, const struct finding *f, struct str *out)
{
	bool ever = finding_evidence(check, f, "last held") != NULL;

	message_subject(check, f, 0, out);
	str_add(out, " was due on ");
	message_evidence(check, f, "due", out);
	str_add(out, ", ");
	message_evidence(check, f, "days over", out);
	str_add(out, ever ? " days ago; it was last held on " : " days ago, and was never held");
	message_evidence(check, f, "last held", out);
	str_add_char(out, '.');
}

static const struct rule rhythm_review_overdue = {
    .name = "rhythm/review-overdue",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"days", 3, 0, 3660, "days", "how far behind its day a meeting may be"}},
    .actor = "attendee",
    .asks = "Do the levels keep talking?",
    .meaning =
	"A review, one-to-one or council that was due more than `days` ago and was not held. Due "
	"is the last meeting and its `every_days`; before the first one its first day, else the "
	"day on which it came into the plan and `every_days`. What falls on a day that is no "
	"working day of the calendar is due on the next one that is. A meeting counts once its "
	"record is there (plumb review held).",
    .hurts = "What is not talked about is found out: by customers, at the end of the quarter, or "
	     "by leaving. The first meeting that is dropped is the one that would have told it.",
    .mend = "Hold it, and write down who was there and what was decided. If it is not worth its "
	    "time, hold it less often, or take it out of the plan.",
    .unknown_when = "The review states neither how often it is held nor a first day that is ahead.",
    .fix = "Hold it: plumb agenda REVIEW says what to talk about; then plumb review held REVIEW.",
    .run = run_review_overdue,
    .message = message_review_overdue,
};

/* ---- council-gap */

/* Why an initiative is a customer effort, by slot: a step or an expectation; SLOT_NONE: it is none. */
struct efforts {
	uint32_t *why;
	uint32_t count;
};

static bool
is_running(const struct index *ix, uint32_t slot)
{
	enum { WORK_APPROVED = 2, WORK_ACTIVE = 3 };

	return index_is(ix, slot, STANDING_JUDGED) &&
	       (ix->items[slot]->status == WORK_APPROVED || ix->items[slot]->status == WORK_ACTIVE);
}

static uint32_t
live_target(const struct index *ix, uint32_t slot, enum role role)
{
	struct edges out = index_out(ix, slot);

	if ((ix->roles[slot] & ROLE_BIT(role)) == 0)
		return SLOT_NONE;
	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].role == role && index_is(ix, out.list[i].slot, STANDING_LIVE))
			return out.list[i].slot;
	}
	return SLOT_NONE;
}

/* The expectation that an objective which the initiative serves answers. */
static uint32_t
answered(const struct index *ix, uint32_t initiative)
{
	struct edges out = index_out(ix, initiative);

	for (uint32_t i = 0; i < out.count; i++) {
		uint32_t to = out.list[i].slot, why;

		if ((out.list[i].role != ROLE_OBJECTIVE && out.list[i].role != ROLE_CONTRIBUTION) ||
		    ix->kinds[to] != KIND_OBJECTIVE || !index_is(ix, to, STANDING_JUDGED))
			continue;
		why = live_target(ix, to, ROLE_ANSWERS);
		if (why != SLOT_NONE)
			return why;
	}
	return SLOT_NONE;
}

/* The initiative that work is a part of; itself. */
static uint32_t
whole_of(const struct index *ix, uint32_t slot)
{
	for (unsigned depth = 0; slot != SLOT_NONE && depth < 64; depth++) {
		if (ix->kinds[slot] == KIND_INITIATIVE)
			return slot;
		slot = ix->part_of[slot];
	}
	return SLOT_NONE;
}

static void
note_effort(const struct index *ix, struct efforts *efforts, uint32_t initiative, uint32_t why)
{
	if (initiative == SLOT_NONE || why == SLOT_NONE || efforts->why[initiative] != SLOT_NONE ||
	    !is_running(ix, initiative))
		return;
	efforts->why[initiative] = why;
	efforts->count++;
}

/* Running initiatives that work on a step of a journey, themselves or by a workstream, or serve what answers an expectation. */
static bool
find_efforts(struct pass *pass, struct efforts *efforts)
{
	const struct index *ix = pass->ix;
	uint32_t initiatives, workstreams;
	const uint32_t *whole = index_kind(ix, KIND_INITIATIVE, &initiatives);
	const uint32_t *parts = index_kind(ix, KIND_WORKSTREAM, &workstreams);

	efforts->count = 0;
	efforts->why = malloc(((size_t)ix->slots + 1) * sizeof efforts->why[0]);
	if (efforts->why == NULL) {
		pass_out_of_memory(pass);
		return false;
	}
	memset(efforts->why, 0xff, ((size_t)ix->slots + 1) * sizeof efforts->why[0]);
	for (uint32_t i = 0; i < initiatives && pass_goes_on(pass); i++) {
		note_effort(ix, efforts, whole[i], live_target(ix, whole[i], ROLE_WORKS_ON));
		note_effort(ix, efforts, whole[i], answered(ix, whole[i]));
	}
	for (uint32_t i = 0; i < workstreams && pass_goes_on(pass); i++) {
		if ((ix->roles[parts[i]] & ROLE_BIT(ROLE_WORKS_ON)) != 0 &&
		    index_is(ix, parts[i], STANDING_JUDGED))
			note_effort(ix, efforts, whole_of(ix, parts[i]),
			    live_target(ix, parts[i], ROLE_WORKS_ON));
	}
	return !pass->stop;
}

/* Who speaks in a council for each initiative. */
struct voices {
	uint32_t *council; /* by slot; SLOT_NONE: none */
	uint32_t *person;  /* who is here; else one who has gone */
	uint32_t councils;
};

static void
take_seat(const struct index *ix, struct voices *voices, uint32_t council, uint32_t initiative,
    uint32_t person)
{
	if (initiative == SLOT_NONE)
		return;
	if (voices->council[initiative] != SLOT_NONE &&
	    cadence_is_here(ix, voices->person[initiative], ix->today))
		return;
	voices->council[initiative] = council;
	voices->person[initiative] = person;
}

static void
read_council(const struct index *ix, struct voices *voices, uint32_t council)
{
	struct edges out = index_out(ix, council);

	for (uint32_t i = 0; i < out.count; i++) {
		uint32_t person = SLOT_NONE;

		if (out.list[i].role != ROLE_SPEAKS_FOR)
			continue;
		for (uint32_t k = 0; k < out.count && person == SLOT_NONE; k++) {
			if (out.list[k].role == ROLE_SEAT &&
			    out.list[k].position == out.list[i].position)
				person = out.list[k].slot;
		}
		take_seat(ix, voices, council, whole_of(ix, out.list[i].slot), person);
	}
}

static bool
find_voices(struct pass *pass, struct voices *voices)
{
	const struct index *ix = pass->ix;
	size_t bytes = ((size_t)ix->slots + 1) * sizeof voices->council[0];
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_REVIEW, &count);

	voices->councils = 0;
	voices->council = malloc(bytes);
	voices->person = malloc(bytes);
	if (voices->council == NULL || voices->person == NULL) {
		pass_out_of_memory(pass);
		return false;
	}
	memset(voices->council, 0xff, bytes);
	memset(voices->person, 0xff, bytes);
	for (uint32_t i = 0; i < count && pass_goes_on(pass); i++) {
		if (ix->items[slots[i]]->extra != REVIEW_COUNCIL)
			continue;
		voices->councils++;
		read_council(ix, voices, slots[i]);
	}
	return !pass->stop;
}

/* One who was taken out of the plan is found by sight/dangling. */
static void
judge_gap(struct pass *pass, const struct voices *voices, uint32_t effort, uint32_t why)
{
	const struct index *ix = pass->ix;
	uint32_t council = voices->council[effort], person = voices->person[effort];
	struct draft d;

	if (person != SLOT_NONE &&
	    (!index_is(ix, person, STANDING_LIVE) || cadence_is_here(ix, person, pass->today)))
		return;
	draft_init(&d, effort, SLOT_NONE);
	draft_slot(&d, effort, "works for", why);
	if (person != SLOT_NONE) {
		draft_slot(&d, council, "council", council);
		draft_slot(&d, council, "representative", person);
		draft_date(&d, person, "last day", ix->items[person]->finish);
		d.from = ix->items[person]->finish + 1;
	}
	pass_emit(pass, &d);
}

/* There is no council at all: one finding, whatever there is. */
static void
judge_no_council(struct pass *pass, const struct efforts *efforts)
{
	const struct index *ix = pass->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_INITIATIVE, &count);
	struct draft d;

	draft_init(&d, SLOT_NONE, SLOT_NONE);
	draft_count(&d, SLOT_NONE, "customer efforts", efforts->count);
	for (uint32_t i = 0; i < count && d.evidence_count < FINDING_EVIDENCE; i++) {
		if (efforts->why[slots[i]] != SLOT_NONE)
			draft_slot(&d, slots[i], "customer effort", slots[i]);
	}
	pass_emit(pass, &d);
}

static void
run_council_gap(struct pass *pass)
{
	struct efforts efforts = {0};
	struct voices voices = {0};
	uint32_t count;
	const uint32_t *slots = index_kind(pass->ix, KIND_INITIATIVE, &count);

	if ((!has_any(pass->ix, KIND_STEP) && !has_any(pass->ix, KIND_EXPECTATION)) ||
	    !find_efforts(pass, &efforts) || efforts.count == 0 || !find_voices(pass, &voices))
		goto out;
	if (voices.councils == 0)
		judge_no_council(pass, &efforts);
	for (uint32_t i = 0; i < count && voices.councils > 0 && pass_goes_on(pass); i++) {
		if (efforts.why[slots[i]] != SLOT_NONE)
			judge_gap(pass, &voices, slots[i], efforts.why[slots[i]]);
	}
out:
	free(efforts.why);
	free(voices.council);
	free(voices.person);
}

static void
message_council_gap(const struct check *check, const struct finding *f, struct str *out)
{
	if (f->subjects_count == 0) {
		str_add(out, "There is no council in which the customer efforts talk to each other "
			     "(");
		message_evidence(check, f, "customer efforts", out);
		str_add(out, ", ");
		message_evidence(check, f, "customer effort", out);
		str_add(out, " for one).");
		return;
	}
	message_subject(check, f, 0, out);
	str_add(out, " works for ");
	message_evidence(check, f, "works for", out);
	if (finding_evidence(check, f, "representative") != NULL) {
		str_add(out, ", and ");
		message_evidence(check, f, "representative", out);
		str_add(out, ", who speaks for it in ");
		message_evidence(check, f, "council", out);
		str_add(out, ", left on ");
		message_evidence(check, f, "last day", out);
		str_add_char(out, '.');
		return;
	}
	str_add(out, ", and nobody speaks for it in a council.");
}

static const struct rule rhythm_council_gap = {
    .name = "rhythm/council-gap",
    .severity = SEVERITY_WARNING,
    .asks = "Does each customer effort have a voice where they meet?",
    .meaning =
	"A customer effort (an approved or active initiative that works on a step of a journey, "
	"itself or by a workstream, or serves an open objective that answers a customers' "
	"expectation) "
	"without a representative in any council, or whose representative has left. Where the plan "
	"has customer efforts and no council at all, that is one finding. A representative who was "
	"taken out of the plan is found by sight/dangling.",
    .hurts = "Efforts for the same customer that do not hear of each other answer one expectation "
	     "twice and another never, and the customer lives through the seams.",
    .mend = "Give each effort one seat in a council, with one person who can speak for it.",
    .unknown_when = "",
    .fix = "Name one who speaks for it among the seats of a council.",
    .run = run_council_gap,
    .message = message_council_gap,
};

/* ---- room-missing */

enum { ROOM_DAYS };

/* The quarter that is nearly over, else the one before. */
static struct quarter
judged_quarter(const struct pass *pass, const struct cadence *cadence)
{
	struct quarter quarter = cadence_quarter(cadence, pass->today);

	if (pass->today > quarter.last - (int32_t)pass->limits[ROOM_DAYS])
		return quarter;
	return cadence_quarter(cadence, quarter.first - 1);
}

struct rooms {
	const struct meeting_plan
	    *newest;   /* the one that was held last, else the first; NULL: there is none */
	int32_t since; /* since when there has been one */
};

static struct rooms
find_rooms(const struct index *ix, const struct cadence *cadence)
{
	struct rooms rooms = {NULL, INT32_MAX};

	for (uint32_t i = 0; i < cadence->count; i++) {
		const struct meeting_plan *plan = &cadence->plans[i];
		const struct item *review = ix->items[plan->review];
		int32_t since = review->start != DATE_NONE ? review->start
							   : zone_date(NULL, review->created_us);

		if (review->extra != REVIEW_CUSTOMER_ROOM)
			continue;
		if (rooms.newest == NULL || plan->last_day > rooms.newest->last_day)
			rooms.newest = plan;
		if (since < rooms.since)
			rooms.since = since;
	}
	return rooms;
}

static void
judge_no_room(struct pass *pass, const struct cadence *cadence)
{
	const struct index *ix = pass->ix;
	struct efforts efforts = {0};
	struct draft d;

	if (!has_any(ix, KIND_SEGMENT) && !has_any(ix, KIND_JOURNEY))
		return;
	/* A plan without any review is told so once: by council-gap, where it has customer efforts. */
	if (cadence->count == 0 && (!find_efforts(pass, &efforts) || efforts.count > 0)) {
		free(efforts.why);
		return;
	}
	free(efforts.why);
	draft_init(&d, SLOT_NONE, SLOT_NONE);
	draft_text(&d, SLOT_NONE, "review", "none of type CUSTOMER_ROOM");
	pass_emit(pass, &d);
}

static void
run_room_missing(struct pass *pass)
{
	struct cadence cadence;
	struct rooms rooms;
	struct quarter quarter;
	struct draft d;

	if (!begin(pass, &cadence))
		return;
	rooms = find_rooms(pass->ix, &cadence);
	quarter = judged_quarter(pass, &cadence);
	if (rooms.newest == NULL) {
		judge_no_room(pass, &cadence);
	} else if (rooms.since <= quarter.last && rooms.newest->last_day < quarter.first) {
		draft_init(&d, rooms.newest->review, quarter.period);
		draft_date(&d, rooms.newest->review, "quarter from", quarter.first);
		draft_date(&d, rooms.newest->review, "quarter to", quarter.last);
		if (rooms.newest->last != SLOT_NONE)
			draft_date(&d, rooms.newest->last, "last held", rooms.newest->last_day);
		name_actors(&d, pass->ix, rooms.newest->review);
		d.from = quarter.last - (int32_t)pass->limits[ROOM_DAYS] + 1;
		pass_emit(pass, &d);
	}
	cadence_fini(&cadence);
}

static void
message_room_missing(const struct check *check, const struct finding *f, struct str *out)
{
	if (f->subjects_count == 0) {
		str_add(out, "The plan has customers, and no customer room: nobody looks each "
			     "quarter at who "
			     "they are and what they live through.");
		return;
	}
	str_add(out, "No customer room was held in the quarter from ");
	message_evidence(check, f, "quarter from", out);
	str_add(out, " to ");
	message_evidence(check, f, "quarter to", out);
	if (finding_evidence(check, f, "last held") != NULL) {
		str_add(out, "; the last one was on ");
		message_evidence(check, f, "last held", out);
	} else {
		str_add(out, ", and none ever before");
	}
	str_add_char(out, '.');
}

static const struct rule rhythm_room_missing = {
    .name = "rhythm/room-missing",
    .severity = SEVERITY_WARNING,
    .thresholds = {{"days", 14, 0, 80, "days", "how long before the end of a quarter it is found"}},
    .actor = "attendee",
    .asks = "Do leaders meet the customers' side each quarter?",
    .meaning =
	"No customer room (a review of type CUSTOMER_ROOM) was held in the quarter that ended "
	"last, nor since; from `days` before its end on the running quarter is judged. Quarters "
	"are the plan's own periods of 80 to 100 days, else those of the civil year. A room that "
	"begins later is not judged before. A plan with segments or journeys, and with no room at "
	"all, is found once; a plan without customers and without a room is not judged.",
    .hurts = "A quarter without it is decided by those who talk loudest inside. Customers change "
	     "in between, and the plan answers those of last year.",
    .mend = "Hold it: the book of the customer room says who the customers are, how they move "
	    "through, and what to decide.",
    .unknown_when = "",
    .fix = "Hold the customer room: plumb agenda REVIEW; then plumb review held REVIEW.",
    .run = run_room_missing,
    .message = message_room_missing,
};

const struct rule *const rules_rhythm_meet[] = {
    &rhythm_review_overdue,
    &rhythm_council_gap,
    &rhythm_room_missing,
    NULL,
};
