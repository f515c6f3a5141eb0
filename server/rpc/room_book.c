/* The customer room's book: what was promised, what is to be decided, what is missing, and what came of the last room. */
#include <stdlib.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "plumb/v1/item.pb-c.h"
#include "server/insight/check/words.h"
#include "server/insight/rhythm/cadence.h"
#include "server/plan/codec.h"
#include "server/rpc/customer_rpc.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/room_internal.h"
#include "server/rpc/saydo_rpc.h"

/* Promises of the list, which may name a thousand people each: the book is one message. */
#define PROMISE_BYTES ((size_t)1 << 20)

static uint32_t
target(const struct room_call *rc, uint32_t slot, enum role role)
{
	return index_target(&rc->jc.ix, slot, role);
}

/* By the day by which it is needed. */
static void
sort_by_need(const struct room_call *rc, struct slots *slots)
{
	if (slots->count > 1)
		qsort_r(slots->list, slots->count, sizeof slots->list[0], index_by_finish,
		    (void *)(uintptr_t)&rc->jc.ix);
}

/* ---- promises */

static int
standing_place(uint8_t standing)
{
	static const uint8_t places[SAYDO_STANDINGS] = {
	    [SAYDO_OVERDUE] = 0,
	    [SAYDO_BROKEN] = 1,
	    [SAYDO_UNJUDGED] = 2,
	    [SAYDO_OPEN] = 3,
	    [SAYDO_KEPT_LATE] = 4,
	    [SAYDO_KEPT] = 5,
	    [SAYDO_WITHDRAWN] = 6,
	};

	return places[standing];
}

static int
by_standing(const void *pa, const void *pb, void *arg)
{
	const struct saydo_promise *a = pa, *b = pb;
	int c = standing_place(a->standing) - standing_place(b->standing);

	return c != 0 ? c : index_compare_finish(arg, a->slot, b->slot);
}

/* Counts it for each told segment that it was made to, itself or one of its customers; false: to none of them. */
static bool
count_promise(struct room_call *rc, const struct saydo_promise *p)
{
	struct edges out = index_out(&rc->jc.ix, p->slot);
	bool any = false;

	for (size_t s = 0; s < rc->segments_count; s++) {
		bool to = false;

		for (uint32_t i = 0; i < out.count && !to; i++)
			to = out.list[i].role == ROLE_TO &&
			     room_segment_of(&rc->jc.ix, out.list[i].slot) == rc->segments[s].slot;
		if (to && rc->segments[s].told)
			saydo_count(&rc->segments[s].promises, &rc->jc.ix, p);
		any |= to && rc->segments[s].told;
	}
	return any;
}

static bool
is_within(const struct room_call *rc, int32_t day)
{
	return day != DATE_NONE && day >= rc->first && day <= rc->last;
}

static bool
is_listed(const struct room_call *rc, const struct saydo_promise *p)
{
	const struct item *item = rc->jc.ix.items[p->slot];

	return p->standing == SAYDO_OPEN || p->standing == SAYDO_OVERDUE ||
	       p->standing == SAYDO_UNJUDGED || is_within(rc, item->finish) ||
	       is_within(rc, item->done);
}

static bool
list_promises(struct room_call *rc, struct saydo_promise *list, size_t count)
{
	Plumb__V1__RoomBook *book = &rc->book;
	size_t bytes = 0;

	qsort_r(list, count, sizeof *list, by_standing, (void *)(uintptr_t)&rc->jc.ix);
	book->promise_list =
	    arena_array(rc->job->arena, LIMIT_ROOM_LIST, sizeof book->promise_list[0]);
	for (size_t i = 0; book->promise_list != NULL && i < count; i++) {
		Plumb__V1__Promise *one;

		if (book->n_promise_list == LIMIT_ROOM_LIST || bytes > PROMISE_BYTES) {
			book->more_promises = (uint32_t)(count - i);
			break;
		}
		one = saydo_promise_message(rc->job, &list[i]);
		if (one == NULL)
			return false;
		bytes += protobuf_c_message_get_packed_size(&one->base);
		book->promise_list[book->n_promise_list++] = one;
	}
	return book->promise_list != NULL;
}

bool
room_fill_promises(struct room_call *rc, struct err *err)
{
	const struct index *ix = &rc->jc.ix;
	struct saydo_row all = {.who = SLOT_NONE}, quarter = {.who = SLOT_NONE};
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_COMMITMENT, &count);
	struct saydo_promise *list = calloc((size_t)count + 1, sizeof *list);
	size_t n = 0;
	bool ok;

	if (list == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < count; i++) {
		if (rc->about_customers[slots[i]] == 0)
			continue;
		saydo_judge(ix, slots[i], &list[n]);
		if (!count_promise(rc, &list[n]))
			continue;
		saydo_count(&all, ix, &list[n]);
		if (is_within(rc, ix->items[slots[i]]->finish))
			saydo_count(&quarter, ix, &list[n]);
		n += is_listed(rc, &list[n]);
	}
	saydo_close(&all);
	saydo_close(&quarter);
	for (size_t i = 0; i < rc->segments_count; i++)
		saydo_close(&rc->segments[i].promises);
	rc->book.promises = saydo_row_message(rc->job, &all);
	rc->book.promises_in_quarter = saydo_row_message(rc->job, &quarter);
	ok = rc->book.promises != NULL && rc->book.promises_in_quarter != NULL &&
	     list_promises(rc, list, n);
	free(list);
	return ok || err_oom(err);
}

/* ---- decisions */

static bool
fill_options(
    struct room_call *rc, const Plumb__V1__Decision *d, bool all, Plumb__V1__RoomDecision *out)
{
	out->options = arena_array(rc->job->arena, LIMIT_ROOM_LIST, sizeof out->options[0]);
	for (size_t i = 0; out->options != NULL && i < d->n_options; i++) {
		char *title = customer_cut(rc->job->arena, d->options[i]->title);

		if (title == NULL)
			return false;
		if (d->options[i]->chosen)
			out->chosen = title;
		if (all && out->n_options < LIMIT_ROOM_LIST)
			out->options[out->n_options++] = title;
	}
	return out->options != NULL;
}

/* The item is decoded into the arena of a message, which is free by now. */
static Plumb__V1__RoomDecision *
make_decision(struct room_call *rc, uint32_t slot, bool open)
{
	const struct index *ix = &rc->jc.ix;
	struct arena *arena = rc->job->arena;
	Plumb__V1__RoomDecision *out = arena_alloc(arena, sizeof *out);
	const Plumb__V1__Item *item;

	arena_reset(rc->jc.arena);
	item = (const Plumb__V1__Item *)codec_decode(ix->items[slot], rc->jc.arena);
	if (out == NULL || item == NULL || item->decision == NULL)
		return NULL;
	plumb__v1__room_decision__init(out);
	out->ref = customer_ref(arena, ix, slot);
	out->title = customer_title(arena, ix, slot);
	out->status = pb_str(status_name(ix->items[slot]));
	out->decide_by = reply_date(rc->job->arena, ix->items[slot]->finish);
	out->decided = reply_date(rc->job->arena, ix->items[slot]->done);
	out->overdue_days = open ? reply_overdue(ix->items[slot]->finish, rc->day) : 0;
	out->owner = customer_ref(arena, ix, index_only_target(&rc->jc.ix, slot, ROLE_OWNER));
	out->context = customer_cut(arena, item->decision->context);
	out->reason = customer_cut(arena, item->decision->reason);
	return out->ref != NULL && out->title != NULL && out->decide_by != NULL &&
		       out->decided != NULL && out->owner != NULL && out->context != NULL &&
		       out->reason != NULL && fill_options(rc, item->decision, open, out)
		   ? out
		   : NULL;
}

static bool
make_decisions(struct room_call *rc, const struct slots *slots, bool open,
    Plumb__V1__RoomDecision ***list, size_t *n, uint32_t *more)
{
	size_t count = slots->count < LIMIT_ROOM_LIST ? slots->count : LIMIT_ROOM_LIST;

	*more = (uint32_t)(slots->count - count);
	*list = arena_array(rc->job->arena, count + 1, sizeof **list);
	for (*n = 0; *list != NULL && *n < count; (*n)++) {
		(*list)[*n] = make_decision(rc, slots->list[*n], open);
		if ((*list)[*n] == NULL)
			return false;
	}
	return *list != NULL;
}

bool
room_fill_decisions(struct room_call *rc)
{
	enum { DECISION_PROPOSED = 0 };
	const struct index *ix = &rc->jc.ix;
	Plumb__V1__RoomBook *book = &rc->book;
	struct slots open = {0};
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_DECISION, &count);
	bool ok = true;

	for (uint32_t i = 0; ok && i < count; i++) {
		if (ix->items[slots[i]]->status != DECISION_PROPOSED)
			continue;
		if (rc->about_customers[slots[i]] != 0)
			ok = slots_add(&open, slots[i]);
		else
			book->to_decide_elsewhere++;
	}
	sort_by_need(rc, &open);
	ok = ok && make_decisions(rc, &open, true, &book->to_decide, &book->n_to_decide,
		       &book->more_to_decide);
	slots_fini(&open);
	return ok;
}

/* ---- requests */

static Plumb__V1__AgendaPoint *
make_request(struct room_call *rc, uint32_t slot)
{
	const struct index *ix = &rc->jc.ix;
	struct arena *arena = rc->job->arena;
	const struct item *item = ix->items[slot];
	uint32_t work = target(rc, slot, ROLE_AFFECTS);
	Plumb__V1__AgendaPoint *out = arena_alloc(arena, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__agenda_point__init(out);
	out->kind = PLUMB__V1__AGENDA_POINT__KIND__REQUEST;
	out->ref = customer_ref(arena, ix, slot);
	out->title = customer_title(arena, ix, slot);
	out->from = customer_ref(arena, ix, target(rc, slot, ROLE_FROM));
	out->to = customer_ref(arena, ix, target(rc, slot, ROLE_TO));
	out->waits = customer_ref(arena, ix, work);
	out->due = reply_date(rc->job->arena, item->finish);
	out->status = pb_str(status_name(item));
	out->overdue_days = reply_overdue(item->finish, rc->day);
	if (item->start != DATE_NONE && item->start <= rc->day)
		out->age_days = (uint32_t)(rc->day - item->start);
	if (work != SLOT_NONE && ix->rank[work] != RANK_NONE)
		out->rank = ix->rank[work];
	return out->ref != NULL && out->title != NULL && out->from != NULL && out->to != NULL &&
		       out->waits != NULL && out->due != NULL
		   ? out
		   : NULL;
}

bool
room_fill_requests(struct room_call *rc)
{
	enum { REQUEST_OPEN = 0 };
	const struct index *ix = &rc->jc.ix;
	Plumb__V1__RoomBook *book = &rc->book;
	struct slots open = {0};
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_REQUEST, &count);
	bool ok = true;

	for (uint32_t i = 0; ok && i < count; i++) {
		if (ix->items[slots[i]]->status != REQUEST_OPEN)
			continue;
		if (rc->about_customers[slots[i]] != 0)
			ok = slots_add(&open, slots[i]);
		else
			book->requests_elsewhere++;
	}
	sort_by_need(rc, &open);
	book->requests = arena_array(rc->job->arena, LIMIT_ROOM_LIST, sizeof book->requests[0]);
	ok = ok && book->requests != NULL;
	for (size_t i = 0; ok && i < open.count && i < LIMIT_ROOM_LIST; i++) {
		book->requests[i] = make_request(rc, open.list[i]);
		ok = book->requests[i] != NULL;
		book->n_requests += ok;
	}
	book->more_requests = (uint32_t)(open.count - book->n_requests);
	slots_fini(&open);
	return ok;
}

/* ---- what is missing */

struct bare_step {
	uint32_t step;
	uint32_t journey;
	unsigned holes;
};

static int
by_holes(const void *pa, const void *pb, void *arg)
{
	const struct bare_step *a = pa, *b = pb;
	int c = __builtin_popcount(b->holes) - __builtin_popcount(a->holes);

	return c != 0 ? c : index_compare(arg, a->step, b->step);
}

/* What it lacks for the segment that was asked about, or for all; false: out of memory. */
static bool
step_holes(struct room_call *rc, uint32_t step, unsigned *holes)
{
	struct journeys *js = &rc->jc.js;
	size_t expectations;

	if (!journeys_expectations(js, step, rc->segment, rc->day, &rc->jc.found))
		return false;
	expectations = rc->jc.found.count;
	if (!journeys_work(js, step, rc->segment, &rc->jc.found))
		return false;
	*holes = journeys_holes(js, step, expectations, rc->jc.found.count);
	return true;
}

static bool
find_bare(struct room_call *rc, struct bare_step *list, size_t *count, struct err *err)
{
	const struct index *ix = &rc->jc.ix;
	uint32_t n;
	const uint32_t *steps = index_kind(ix, KIND_STEP, &n);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t journey = journeys_journey_of(ix, steps[i]);
		unsigned holes;

		if (i % 1024 == 0 && view_job_cancelled(rc->job))
			return err_set(err, ERR_CANCELLED, "the call was cancelled");
		if (journey == SLOT_NONE || (rc->journey != SLOT_NONE && journey != rc->journey) ||
		    (rc->journey == SLOT_NONE && ix->items[journey]->extra != JOURNEY_AS_IS) ||
		    (rc->segment != SLOT_NONE && !journeys_takes(ix, journey, rc->segment)))
			continue;
		rc->book.steps++;
		if (!step_holes(rc, steps[i], &holes))
			return err_oom(err);
		if (holes != 0)
			list[(*count)++] = (struct bare_step){steps[i], journey, holes};
	}
	return true;
}

static bool
list_bare(struct room_call *rc, const struct bare_step *list, size_t count)
{
	Plumb__V1__RoomBook *book = &rc->book;
	struct arena *arena = rc->job->arena;
	size_t n = count < LIMIT_ROOM_LIST ? count : LIMIT_ROOM_LIST;

	book->more_holes = (uint32_t)(count - n);
	book->holes = arena_array(arena, n + 1, sizeof book->holes[0]);
	for (size_t i = 0; book->holes != NULL && i < n; i++) {
		Plumb__V1__RoomStep *out = arena_alloc(arena, sizeof *out);

		if (out == NULL)
			return false;
		plumb__v1__room_step__init(out);
		out->step = customer_ref(arena, &rc->jc.ix, list[i].step);
		out->title = customer_title(arena, &rc->jc.ix, list[i].step);
		out->journey = customer_ref(arena, &rc->jc.ix, list[i].journey);
		if (out->step == NULL || out->title == NULL || out->journey == NULL ||
		    !customer_holes(arena, list[i].holes, &out->holes, &out->n_holes))
			return false;
		book->holes[book->n_holes++] = out;
	}
	return book->holes != NULL;
}

struct ranked_want {
	struct expected expected;
	uint32_t slot;
	const struct journeys *js;
};

static int
by_opportunity(const void *pa, const void *pb)
{
	const struct ranked_want *a = pa, *b = pb;

	return room_compare_wants(a->js, &a->expected, a->slot, &b->expected, b->slot);
}

static bool
is_asked_about(const struct room_call *rc, uint32_t expectation)
{
	const struct index *ix = &rc->jc.ix;
	uint32_t step = journeys_target(ix, expectation, ROLE_IN);
	uint32_t journey = step != SLOT_NONE ? journeys_journey_of(ix, step) : SLOT_NONE;

	if (rc->segment != SLOT_NONE &&
	    journeys_target(ix, expectation, ROLE_SEGMENT) != rc->segment)
		return false;
	return rc->journey != SLOT_NONE ? journey == rc->journey : room_is_as_is(ix, expectation);
}

static bool
find_unanswered(struct room_call *rc, struct ranked_want *list, size_t *count, struct err *err)
{
	const struct index *ix = &rc->jc.ix;
	uint32_t n;
	const uint32_t *slots = index_kind(ix, KIND_EXPECTATION, &n);

	for (uint32_t i = 0; i < n; i++) {
		if (i % 1024 == 0 && view_job_cancelled(rc->job))
			return err_set(err, ERR_CANCELLED, "the call was cancelled");
		if (!is_asked_about(rc, slots[i]))
			continue;
		rc->book.expectations++;
		if (!journeys_answers(&rc->jc.js, slots[i], &rc->jc.found))
			return err_oom(err);
		if (rc->jc.found.count > 0)
			continue;
		list[*count].slot = slots[i];
		list[*count].js = &rc->jc.js;
		journeys_expected(&rc->jc.js, slots[i], rc->day, &list[(*count)++].expected);
	}
	return true;
}

static bool
list_unanswered(struct room_call *rc, struct ranked_want *list, size_t count)
{
	Plumb__V1__RoomBook *book = &rc->book;
	size_t n = count < LIMIT_ROOM_LIST ? count : LIMIT_ROOM_LIST;

	qsort(list, count, sizeof *list, by_opportunity);
	book->more_unanswered = (uint32_t)(count - n);
	book->unanswered = arena_array(rc->job->arena, n + 1, sizeof book->unanswered[0]);
	for (size_t i = 0; book->unanswered != NULL && i < n; i++) {
		book->unanswered[i] = room_want(rc, rc->job->arena, list[i].slot);
		if (book->unanswered[i] == NULL)
			return false;
		book->n_unanswered++;
	}
	return book->unanswered != NULL;
}

bool
room_fill_holes(struct room_call *rc, struct err *err)
{
	uint32_t steps, expectations;
	size_t bare_count = 0, wants_count = 0;
	struct bare_step *bare;
	struct ranked_want *wants;
	bool ok = false;

	(void)index_kind(&rc->jc.ix, KIND_STEP, &steps);
	(void)index_kind(&rc->jc.ix, KIND_EXPECTATION, &expectations);
	bare = calloc((size_t)steps + 1, sizeof *bare);
	wants = calloc((size_t)expectations + 1, sizeof *wants);
	if (bare == NULL || wants == NULL) {
		err_oom(err);
		goto out;
	}
	if (!find_bare(rc, bare, &bare_count, err) ||
	    !find_unanswered(rc, wants, &wants_count, err))
		goto out;
	qsort_r(bare, bare_count, sizeof *bare, by_holes, &rc->jc.ix);
	ok = (list_bare(rc, bare, bare_count) && list_unanswered(rc, wants, wants_count)) ||
	     err_oom(err);
out:
	free(bare);
	free(wants);
	return ok;
}

/* ---- the last room */

/* Those that the meeting names, and those that say that they were taken in this review since. */
static bool
fill_outcome(struct room_call *rc, const struct meeting_plan *plan, Plumb__V1__RoomMeeting *out)
{
	enum { DECISION_PROPOSED = 0 };
	const struct index *ix = &rc->jc.ix;
	struct slots taken = {0};
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_DECISION, &count);
	bool ok = true;

	for (uint32_t i = 0; ok && i < count && plan->last != SLOT_NONE; i++) {
		const struct item *d = ix->items[slots[i]];

		if (index_has_target(ix, plan->last, ROLE_DECIDED, slots[i]) ||
		    (d->status != DECISION_PROPOSED && d->done != DATE_NONE &&
			d->done >= plan->last_day && d->done <= rc->day &&
			index_has_target(ix, slots[i], ROLE_DECIDED, plan->review)))
			ok = slots_add(&taken, slots[i]);
	}
	slots_by_name(ix, &taken);
	ok = ok && make_decisions(
		       rc, &taken, false, &out->decisions, &out->n_decisions, &out->more_decisions);
	slots_fini(&taken);
	return ok;
}

static bool
fill_minutes(struct room_call *rc, const struct meeting_plan *plan, Plumb__V1__RoomMeeting *out)
{
	const Plumb__V1__Record *record;

	if (plan->last == SLOT_NONE)
		return true;
	arena_reset(rc->jc.arena);
	record = (const Plumb__V1__Record *)codec_decode(rc->jc.ix.items[plan->last], rc->jc.arena);
	if (record == NULL || record->meeting == NULL)
		return record != NULL;
	out->minutes = customer_cut(rc->job->arena, record->meeting->minutes);
	return out->minutes != NULL;
}

static Plumb__V1__RoomMeeting *
make_room(struct room_call *rc, const struct meeting_plan *plan)
{
	const struct index *ix = &rc->jc.ix;
	struct arena *arena = rc->job->arena;
	Plumb__V1__RoomMeeting *out = arena_alloc(arena, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__room_meeting__init(out);
	out->review = customer_ref(arena, ix, plan->review);
	out->title = customer_title(arena, ix, plan->review);
	out->last_meeting = customer_ref(arena, ix, plan->last);
	out->last_day =
	    reply_date(rc->job->arena, plan->last != SLOT_NONE ? plan->last_day : DATE_NONE);
	out->in_quarter = plan->last != SLOT_NONE && is_within(rc, plan->last_day);
	out->due = reply_date(rc->job->arena, plan->due);
	out->overdue_days = reply_overdue(plan->due, rc->day);
	return out->review != NULL && out->title != NULL && out->last_meeting != NULL &&
		       out->last_day != NULL && out->due != NULL && fill_minutes(rc, plan, out) &&
		       fill_outcome(rc, plan, out)
		   ? out
		   : NULL;
}

bool
room_fill_rooms(struct room_call *rc, struct err *err)
{
	Plumb__V1__RoomBook *book = &rc->book;
	struct slots rooms = {0};
	struct cadence cadence;
	bool ok;

	if (!cadence_init(&cadence, &rc->jc.ix, err))
		return false;
	book->rooms = arena_array(rc->job->arena, LIMIT_ROOM_LIST, sizeof book->rooms[0]);
	ok = book->rooms != NULL;
	for (uint32_t i = 0; ok && i < cadence.count; i++) {
		if (rc->jc.ix.items[cadence.plans[i].review]->extra == REVIEW_CUSTOMER_ROOM)
			ok = slots_add(&rooms, cadence.plans[i].review);
	}
	slots_by_name(&rc->jc.ix, &rooms);
	for (size_t i = 0; ok && i < rooms.count && i < LIMIT_ROOM_LIST; i++) {
		book->rooms[i] = make_room(rc, cadence_of(&cadence, rooms.list[i]));
		ok = book->rooms[i] != NULL;
		book->n_rooms += ok;
	}
	book->more_rooms = (uint32_t)(rooms.count - book->n_rooms);
	cadence_fini(&cadence);
	slots_fini(&rooms);
	return ok || err_oom(err);
}
