/*
 * plumb.v1.Insight.Room: the book of the quarterly customer room. Its parts are in room_segment.c and room_book.c.
 *
 * Which quarter is meant is found on the loop, since it decides of which revision the answer is; the rest is done by a worker.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "plumb/v1/insight.pb-c.h"
#include "server/plan/kinds.h"
#include "server/rpc/customer_rpc.h"
#include "server/rpc/handlers.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/room_internal.h"
#include "server/rpc/rpc.h"
#include "server/rpc/workspace.h"

/* A sentence in the job's arena; NULL: out of memory, false. Beyond LIMIT_ROOM_NOTES it is left out. */
static bool
room_note(struct room_call *rc, char *text)
{
	if (text != NULL && rc->book.n_notes < LIMIT_ROOM_NOTES)
		rc->notes[rc->book.n_notes++] = text;
	return text != NULL;
}

/* ---- segments */

/* Core ones first, then by value, then by name. */
static int
compare_segments(const void *pa, const void *pb, void *arg)
{
	const struct room_segment *a = pa, *b = pb;
	double x = a->size.value, y = b->size.value;

	if (a->core != b->core)
		return a->core ? -1 : 1;
	if (isnan(x) != isnan(y))
		return isnan(x) ? 1 : -1;
	if (x > y || x < y)
		return x > y ? -1 : 1;
	return index_compare(arg, a->slot, b->slot);
}

static bool
has_none(struct room_call *rc, struct err *err)
{
	char day[DATE_TEXT_LEN];

	date_format(rc->day, day);
	if (rc->job->revision == 0)
		return err_set(err, ERR_PRECONDITION,
		    "the book has no customers: by %s there was no plan yet", day);
	return err_set(err, ERR_PRECONDITION,
	    "the book has no customers: by %s the plan has no segment; add some to a plan file, "
	    "for example \"segments: {small-firms: {title: Small firms, customers: 40}}\"",
	    day);
}

static bool
find_segments(struct room_call *rc, struct err *err)
{
	const struct index *ix = &rc->jc.ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_SEGMENT, &count);

	if (count == 0)
		return has_none(rc, err);
	rc->segments = calloc(count, sizeof rc->segments[0]);
	if (rc->segments == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < count; i++) {
		struct room_segment *s = &rc->segments[rc->segments_count++];

		s->slot = s->promises.who = slots[i];
		s->core = ix->items[slots[i]]->extra != 0;
		if (!room_size(rc, ix, slots[i], &s->size, &s->currency))
			return err_oom(err);
	}
	qsort_r(
	    rc->segments, count, sizeof rc->segments[0], compare_segments, (void *)(uintptr_t)ix);
	rc->book.segments = count;
	return true;
}

/* Why shares can't be told goes to the notes. */
static bool
add_up(struct room_call *rc, struct err *err)
{
	size_t silent = 0, worthless = 0, negative = 0;
	bool mixed = false, ok = true;

	for (size_t i = 0; i < rc->segments_count; i++) {
		const struct room_segment *s = &rc->segments[i];

		silent += s->size.customers < 0;
		worthless += isnan(s->size.value);
		negative += s->size.value < 0;
		mixed |= strcmp(s->currency, rc->segments[0].currency) != 0;
		rc->customers += s->size.customers;
		rc->value += s->size.value;
	}
	if (silent > 0) {
		rc->customers = -1;
		ok = room_note(rc,
		    arena_printf(rc->job->arena,
			"Shares of customers can't be told, because %zu of %zu segments do not say "
			"how many they are.",
			silent, rc->segments_count));
	}
	if (worthless > 0 || mixed || negative > 0) {
		rc->value = NAN;
		ok = ok &&
		     room_note(rc,
			 worthless > 0
			     ? arena_printf(rc->job->arena,
				   "Shares of value can't be told, because %zu of %zu segments do "
				   "not say what they bring in a year.",
				   worthless, rc->segments_count)
			     : arena_strdup(rc->job->arena,
				   mixed ? "Shares of value can't be told, because the segments "
					   "state it in several currencies."
					 : "Shares of value can't be told, because a segment "
					   "brings less than nothing."));
	}
	return ok || err_oom(err);
}

/* Those asked for, as many as there is room for. */
static bool
choose_segments(struct room_call *rc, struct err *err)
{
	uint32_t told = 0;

	for (size_t i = 0; i < rc->segments_count; i++) {
		struct room_segment *s = &rc->segments[i];

		if (rc->segment != SLOT_NONE && s->slot != rc->segment)
			continue;
		if (rc->journey != SLOT_NONE && !journeys_takes(&rc->jc.ix, rc->journey, s->slot))
			continue;
		if (told == LIMIT_ROOM_SEGMENTS) {
			rc->book.segments_left_out++;
			continue;
		}
		s->told = true;
		told++;
	}
	if (told > 0)
		return true;
	faults_add(rc->job->faults, rc->segment != SLOT_NONE ? "segment" : "journey",
	    "journey/%.*s is not taken by %s: it names other segments",
	    rc->jc.ix.items[rc->journey]->id_len, item_id(rc->jc.ix.items[rc->journey]),
	    rc->segment != SLOT_NONE ? "that segment" : "any segment of the plan");
	return faults_none(rc->job->faults, err);
}

/* ---- sending */

static bool
send_path(struct journey_call *jc, Plumb__V1__JourneyPath *path, struct err *err)
{
	Plumb__V1__RoomReply reply;

	plumb__v1__room_reply__init(&reply);
	reply.path = path;
	return view_job_send(jc->job, &reply.base, err);
}

static bool
send_paths(struct room_call *rc, uint32_t segment, const struct slots *journeys, struct err *err)
{
	rc->jc.segment = segment;
	for (size_t i = 0; i < journeys->count; i++) {
		if (!journeys_takes(&rc->jc.ix, journeys->list[i], segment))
			continue;
		if (rc->book.paths == LIMIT_ROOM_PATHS) {
			rc->book.paths_left_out++;
			continue;
		}
		rc->book.paths++;
		if (!journey_call_show(&rc->jc, journeys->list[i], err))
			return false;
	}
	return true;
}

static bool
send_segment(struct room_call *rc, const struct room_segment *segment, struct err *err)
{
	Plumb__V1__RoomReply reply;

	plumb__v1__room_reply__init(&reply);
	reply.segment = room_segment_message(rc, segment);
	if (reply.segment == NULL)
		return err_oom(err);
	return view_job_send(rc->job, &reply.base, err);
}

/* The one asked for, else all as they are; by name. */
static bool
find_journeys(struct room_call *rc, struct slots *out)
{
	const struct index *ix = &rc->jc.ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_JOURNEY, &count);
	bool ok = true;

	for (uint32_t i = 0; ok && i < count; i++) {
		bool as_is = ix->items[slots[i]]->extra == JOURNEY_AS_IS;

		rc->book.journeys += as_is;
		if (rc->journey != SLOT_NONE ? slots[i] == rc->journey : as_is)
			ok = slots_add(out, slots[i]);
	}
	slots_by_name(ix, out);
	return ok;
}

static bool
send_segments(struct room_call *rc, struct err *err)
{
	struct slots journeys = {0};
	bool ok = find_journeys(rc, &journeys) || err_oom(err);

	for (size_t i = 0; ok && i < rc->segments_count; i++) {
		if (view_job_cancelled(rc->job))
			ok = err_set(err, ERR_CANCELLED, "the call was cancelled");
		else if (rc->segments[i].told)
			ok = send_segment(rc, &rc->segments[i], err) &&
			     send_paths(rc, rc->segments[i].slot, &journeys, err);
	}
	slots_fini(&journeys);
	return ok;
}

/* ---- the book */

static bool
fill_outcomes(struct room_call *rc)
{
	const struct index *ix = &rc->jc.ix;
	struct slots all = {0};
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_DESIRED_OUTCOME, &count);
	bool ok = true;

	for (uint32_t i = 0; ok && i < count; i++) {
		if (index_target(ix, slots[i], ROLE_SEGMENT) == SLOT_NONE)
			ok = slots_add(&all, slots[i]);
	}
	ok = ok && room_outcomes(rc, rc->job->arena, &all, &rc->book.outcomes, &rc->book.n_outcomes,
		       &rc->book.more_outcomes);
	slots_fini(&all);
	return ok;
}

static void
count_experiences(struct room_call *rc)
{
	const struct index *ix = &rc->jc.ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_EXPERIENCE, &count);

	for (uint32_t i = 0; i < count; i++) {
		int32_t day = ix->items[slots[i]]->start;

		rc->book.experiences += day <= rc->day;
		rc->book.experiences_in_quarter += day >= rc->first && day <= rc->day;
	}
}

static bool
fill_head(struct room_call *rc)
{
	Plumb__V1__RoomBook *book = &rc->book;
	const struct view_job *job = rc->job;

	book->first_day = reply_date(job->arena, rc->first);
	book->last_day = reply_date(job->arena, rc->last);
	book->day = reply_date(job->arena, rc->day);
	book->before = reply_date(job->arena, rc->before);
	book->today = reply_date(job->arena, job->from_today);
	book->running = rc->day < rc->last;
	book->revision = job->revision;
	book->revision_before = job->other_revision;
	book->currency = rc->segments[0].currency;
	book->notes = rc->notes;
	if (rc->customers >= 0) {
		book->customers__case = PLUMB__V1__ROOM_BOOK__CUSTOMERS__CUSTOMERS;
		book->customers = (uint32_t)rc->customers;
	}
	if (!isnan(rc->value)) {
		book->value__case = PLUMB__V1__ROOM_BOOK__VALUE__VALUE;
		book->value = rc->value;
	}
	return book->first_day != NULL && book->last_day != NULL && book->day != NULL &&
	       book->before != NULL && book->today != NULL;
}

/* What could not be told of journeys stands behind what could not be told of segments. */
static bool
send_book(struct room_call *rc, struct err *err)
{
	Plumb__V1__RoomReply reply;

	count_experiences(rc);
	if (!room_fill_holes(rc, err) || !room_fill_rooms(rc, err))
		return false;
	if (!fill_head(rc) || !fill_outcomes(rc) || !room_fill_decisions(rc) ||
	    !room_fill_requests(rc))
		return err_oom(err);
	for (size_t i = 0; i < rc->jc.notes_count; i++)
		rc->notes[rc->book.n_notes++] = rc->jc.notes[i];
	plumb__v1__room_reply__init(&reply);
	reply.book = &rc->book;
	return view_job_send(rc->job, &reply.base, err);
}

static bool
make_book(struct room_call *rc, struct err *err)
{
	return find_segments(rc, err) && add_up(rc, err) && choose_segments(rc, err) &&
	       room_fill_promises(rc, err) && send_segments(rc, err) && send_book(rc, err);
}

/* ---- asking */

static bool
check_day(struct room_call *rc, int32_t today, struct faults *faults, struct err *err)
{
	char first[DATE_TEXT_LEN], day[DATE_TEXT_LEN];

	rc->day = today < rc->last ? today : rc->last;
	if (rc->first > today)
		faults_add(faults, "quarter", "%s has not come yet: it begins on %s, and it is %s",
		    rc->book.quarter, date_format(rc->first, first), date_format(today, day));
	return faults_none(faults, err);
}

static bool
run_room(struct view_job *job, struct err *err)
{
	struct room_call *rc = job->arg;
	bool ok = false;

	rc->job = job;
	if (!check_day(rc, job->from_today, job->faults, err) ||
	    !customer_find(job, "journey", rc->request->journey, KIND_JOURNEY, &rc->journey, err) ||
	    !customer_find(job, "segment", rc->request->segment, KIND_SEGMENT, &rc->segment, err) ||
	    !journey_call_begin(&rc->jc, job, rc->day, err))
		return false;
	rc->jc.send = send_path;
	rc->jc.since = rc->before;
	rc->about_customers = room_about_customers(&rc->jc.js);
	if (rc->about_customers == NULL)
		err_oom(err);
	else if (index_init(&rc->then, job->other, rc->before, ROLE_BIT(ROLE_SEGMENT),
		     view_job_is_over, job, err)) {
		ok = make_book(rc, err);
		index_fini(&rc->then);
	}
	free(rc->about_customers);
	free(rc->segments);
	journey_call_end(&rc->jc);
	return ok;
}

/* ---- which quarter */

/* The plan's period of that id; false, and nothing is said, if there is none with a first and a last day. */
static bool
take_period(
    struct room_call *rc, struct rpc_call *call, const struct workspace *ws, const char *text)
{
	char lower[REF_TEXT_LEN];
	const struct item *item;
	enum kind kind;
	const char *id;
	size_t len = strlen(text);

	if (len >= sizeof lower)
		return false;
	for (size_t i = 0; i <= len; i++)
		lower[i] = (char)tolower((unsigned char)text[i]);
	if (!ref_parse(lower, KIND_PERIOD, &kind, &id, &len) || kind != KIND_PERIOD)
		return false;
	item = plan_find(ws->plan, kind, id, len);
	if (!item_is_live(item) || item->start == DATE_NONE || item->finish == DATE_NONE ||
	    item->finish < item->start)
		return false;
	rc->first = item->start;
	rc->last = item->finish;
	rc->book.quarter = arena_printf(call->arena, "period/%.*s", item->id_len, item_id(item));
	rc->book.title = reply_title(call->arena, item);
	return rc->book.quarter != NULL && rc->book.title != NULL;
}

static bool
find_quarter(struct room_call *rc, struct rpc_call *call, const struct workspace *ws, int32_t today,
    struct err *err)
{
	const char *text = rc->request->quarter;
	char buf[ROOM_QUARTER_LEN];

	if (text[0] == '\0')
		text = room_quarter_of(today, buf);
	if (take_period(rc, call, ws, text))
		return true;
	if (room_quarter_parse(text, &rc->first, &rc->last)) {
		rc->book.quarter = arena_strdup(call->arena, room_quarter_of(rc->first, buf));
		return rc->book.quarter != NULL || err_oom(err);
	}
	faults_add(call->faults, "quarter",
	    "'%.100s' is no quarter, and no period of the plan with a first and a last day; write "
	    "it like 2027-Q1, or name a period: plumb list kind:period",
	    text);
	return faults_none(call->faults, err);
}

/*
 * The day that the request takes as today; where it names a past of its own, that one's day is not known yet, and the clock's decides
 * nothing but the quarter that "" means.
 */
static bool
find_today(struct rpc_call *call, const struct workspace *ws, const Plumb__V1__At *at,
    int32_t *today, struct err *err)
{
	*today = workspace_today(ws);
	if (at == NULL || at->today[0] == '\0')
		return true;
	if (!date_parse(at->today, today))
		faults_add(call->faults, "at.today",
		    "'%.40s' is not a date; write it like 2026-03-31", at->today);
	return faults_none(call->faults, err);
}

/* The plan of then is the plan's own: a scenario need not have been there. */
static void
choose_views(const struct room_call *rc, int32_t today, Plumb__V1__At *now, Plumb__V1__At *then,
    char days[2][DATE_TEXT_LEN])
{
	plumb__v1__at__init(now);
	plumb__v1__at__init(then);
	if (rc->request->at != NULL)
		*now = *rc->request->at;
	then->workspace = now->workspace;
	then->as_of_case = PLUMB__V1__AT__AS_OF_TIME;
	then->time = date_format(rc->before, days[0]);
	if (now->as_of_case == PLUMB__V1__AT__AS_OF__NOT_SET && rc->last < today) {
		now->as_of_case = PLUMB__V1__AT__AS_OF_TIME;
		now->time = date_format(rc->last, days[1]);
	}
}

struct views {
	Plumb__V1__At now;
	Plumb__V1__At then;
	char days[2][DATE_TEXT_LEN];
};

static bool
prepare(struct room_call *rc, struct rpc_call *call, const struct workspace *ws,
    struct views *views, struct err *err)
{
	const Plumb__V1__At *at = rc->request->at;
	int32_t today;

	if (!find_today(call, ws, at, &today, err) || !find_quarter(rc, call, ws, today, err))
		return false;
	/* year 1 has no day before it */
	rc->before = date_parse(date_format(rc->first - 1, views->days[0]), &rc->before)
			 ? rc->first - 1
			 : rc->first;
	if ((at == NULL || at->as_of_case == PLUMB__V1__AT__AS_OF__NOT_SET) &&
	    !check_day(rc, today, call->faults, err))
		return false;
	choose_views(rc, today, &views->now, &views->then, views->days);
	return true;
}

void
handle_insight_room(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__RoomRequest *request = (const Plumb__V1__RoomRequest *)message;
	struct workspace *ws = workspace_for_call(
	    call, request->at != NULL ? request->at->workspace : "", handle_insight_room, message);
	struct room_call *rc;
	struct views *views;
	struct err err;

	if (ws == NULL)
		return;
	rc = arena_zalloc(call->arena, sizeof *rc);
	views = arena_zalloc(call->arena, sizeof *views);
	if (rc == NULL || views == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	rc->request = request;
	plumb__v1__room_book__init(&rc->book);
	if (prepare(rc, call, ws, views, &err))
		job_views(call, &views->now, &views->then, run_room, rc);
	else
		rpc_fail(call, &err);
}
