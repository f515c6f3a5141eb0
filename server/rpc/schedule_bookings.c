#include "server/rpc/schedule_bookings.h"

#include <stdlib.h>
#include <string.h>

#include "common/calendar.h"
#include "plumb/v1/insight.pb-c.h"
#include "server/limits.h"

#define BATCH        1000u
#define CANCEL_EVERY 4096u

/* The days of a period, or of a month without any, that lie in the schedule. They need not follow each other. */
struct span {
	uint32_t column; /* UINT32_MAX: a month */
	int32_t first;
	int32_t last;
};

/* Of one giver, span and initiative. */
struct sum {
	uint32_t giver;
	uint32_t span;
	uint32_t initiative;
	int64_t effort;
};

struct sender {
	const struct schedule_booked *booked;
	const struct schedule_problem *problem;
	struct span *spans; /* in order of their first days */
	uint32_t spans_count;
	uint32_t *span_of; /* by day */
	struct sum *sums;
	size_t sums_count;
	int64_t *used; /* by giver and span */
	Plumb__V1__ScheduleBooking *list[BATCH];
	size_t count;
};

static bool
is_cancelled(const struct sender *s, struct err *err)
{
	return view_job_cancelled(s->booked->job) &&
	       !err_set(err, ERR_CANCELLED, "working out the schedule was cancelled");
}

/* ---- spans */

static int32_t
month_of(int32_t date)
{
	int year, month, day;

	date_to_civil(date, &year, &month, &day);
	return year * 12 + month;
}

static bool
is_of(const struct sender *s, const struct span *span, uint32_t column, int32_t day)
{
	int32_t first = s->booked->pc->plan->first_day;

	return span->column == column &&
	       (column != UINT32_MAX || month_of(first + span->first) == month_of(first + day));
}

/* The day's period: as load says, the one that began last. Periods that lie in each other are taken up again. */
static void
put_day(struct sender *s, int32_t day)
{
	const struct plan_case *pc = s->booked->pc;
	uint32_t column = load_column_of(pc->load, pc->plan->first_day + day);
	uint32_t span = s->spans_count;

	while (span > 0 && !is_of(s, &s->spans[span - 1], column, day))
		span--;
	if (span == 0) {
		s->spans[s->spans_count] = (struct span){column, day, day};
		span = ++s->spans_count;
	}
	s->spans[span - 1].last = day;
	s->span_of[day] = span - 1;
}

static bool
lay_spans(struct sender *s, struct err *err)
{
	size_t days = (size_t)s->problem->days;

	s->spans = calloc(days + 1, sizeof *s->spans);
	s->span_of = calloc(days + 1, sizeof *s->span_of);
	if (s->spans == NULL || s->span_of == NULL)
		return err_oom(err);
	for (int32_t day = 0; day < s->problem->days; day++)
		put_day(s, day);
	return true;
}

/* ---- sums */

static int
compare_sums(const void *pa, const void *pb)
{
	const struct sum *a = pa, *b = pb;

	if (a->giver != b->giver)
		return a->giver < b->giver ? -1 : 1;
	if (a->span != b->span)
		return a->span < b->span ? -1 : 1;
	return (a->initiative > b->initiative) - (a->initiative < b->initiative);
}

/* Bookings of a piece of work and giver lie together, in order of days. */
static void
merge(struct sender *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->sums_count; i++) {
		if (kept > 0 && compare_sums(&s->sums[kept - 1], &s->sums[i]) == 0)
			s->sums[kept - 1].effort += s->sums[i].effort;
		else
			s->sums[kept++] = s->sums[i];
	}
	s->sums_count = kept;
}

static bool
add_up(struct sender *s, struct err *err)
{
	const struct schedule *schedule = s->booked->schedule;

	s->sums = calloc(schedule->bookings_count + 1, sizeof *s->sums);
	s->used = calloc((size_t)s->problem->givers * s->spans_count + 1, sizeof *s->used);
	if (s->sums == NULL || s->used == NULL)
		return err_oom(err);
	for (size_t b = 0; b < schedule->bookings_count; b++) {
		const struct schedule_booking *k = &schedule->bookings[b];
		uint32_t span = s->span_of[k->day], home = s->problem->home[k->giver];

		s->sums[s->sums_count++] =
		    (struct sum){k->giver, span, s->problem->work[k->work].initiative, k->effort};
		s->used[(size_t)k->giver * s->spans_count + span] += k->effort;
		if (home != SCHEDULE_NONE)
			s->used[(size_t)home * s->spans_count + span] += k->effort;
	}
	merge(s);
	if (s->sums_count > 1)
		qsort(s->sums, s->sums_count, sizeof *s->sums, compare_sums);
	merge(s);
	return true;
}

static int64_t
capacity_of(const struct sender *s, uint32_t giver, uint32_t span)
{
	const int32_t *days = s->problem->capacity + (size_t)giver * (size_t)s->problem->days;
	int64_t sum = 0;

	for (int32_t day = s->spans[span].first; day <= s->spans[span].last; day++)
		if (s->span_of[day] == span)
			sum += days[day];
	return sum;
}

/* ---- messages */

static bool
flush(struct sender *s, struct err *err)
{
	Plumb__V1__ScheduleReply reply;
	char today[DATE_TEXT_LEN], until[DATE_TEXT_LEN];
	bool ok;

	plumb__v1__schedule_reply__init(&reply);
	reply.bookings = s->list;
	reply.n_bookings = s->count;
	reply.revision = s->booked->job->revision;
	reply.today = date_format(s->booked->job->today, today);
	reply.until = date_format(s->booked->pc->last, until);
	ok = view_job_send(s->booked->job, &reply.base, err);
	s->count = 0;
	arena_reset(s->booked->arena);
	return ok;
}

/* NULL: out of memory. */
static Plumb__V1__ScheduleBooking *
add(struct sender *s, uint32_t giver, uint32_t initiative, int32_t first, int32_t last)
{
	const struct plan_case *pc = s->booked->pc;
	struct arena *arena = s->booked->arena;
	Plumb__V1__ScheduleBooking *out = arena_alloc(arena, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__schedule_booking__init(out);
	out->giver = case_ref(pc, arena, load_who(pc->load, giver));
	out->initiative = case_ref(pc, arena, pc->plan->heads[initiative]);
	out->first_day = case_day(pc, arena, first);
	out->last_day = case_day(pc, arena, last);
	s->list[s->count++] = out;
	return out->giver != NULL && out->initiative != NULL && out->first_day != NULL &&
		       out->last_day != NULL
		   ? out
		   : NULL;
}

static bool
is_wanted(const struct sender *s, uint32_t initiative)
{
	return s->booked->wanted == NULL || s->booked->wanted[initiative];
}

static bool
send_days(struct sender *s, struct err *err)
{
	const struct schedule *schedule = s->booked->schedule;
	const struct plan_case *pc = s->booked->pc;

	for (size_t b = 0; b < schedule->bookings_count; b++) {
		const struct schedule_booking *k = &schedule->bookings[b];
		uint32_t initiative = s->problem->work[k->work].initiative;
		uint32_t slot = pc->plan->slots[k->work / PLAN_STAGES];
		Plumb__V1__ScheduleBooking *out;

		if (b % CANCEL_EVERY == 0 && is_cancelled(s, err))
			return false;
		if (!is_wanted(s, initiative))
			continue;
		out = add(s, k->giver, initiative, k->day, k->day);
		if (out == NULL)
			return err_oom(err);
		out->effort = k->effort;
		out->capacity =
		    s->problem
			->capacity[(size_t)k->giver * (size_t)s->problem->days + (size_t)k->day];
		out->work = case_ref(pc, s->booked->arena, slot);
		if (out->work == NULL)
			return err_oom(err);
		if (s->count == BATCH && !flush(s, err))
			return false;
	}
	return s->count == 0 || flush(s, err);
}

static bool
send_spans(struct sender *s, struct err *err)
{
	const struct plan_case *pc = s->booked->pc;

	for (size_t i = 0; i < s->sums_count; i++) {
		const struct sum *sum = &s->sums[i];
		const struct span *span = &s->spans[sum->span];
		Plumb__V1__ScheduleBooking *out;

		if (i % CANCEL_EVERY == 0 && is_cancelled(s, err))
			return false;
		if (!is_wanted(s, sum->initiative))
			continue;
		out = add(s, sum->giver, sum->initiative, span->first, span->last);
		if (out == NULL)
			return err_oom(err);
		if (span->column != UINT32_MAX)
			out->period =
			    case_ref(pc, s->booked->arena, load_period(pc->load, span->column));
		out->effort = sum->effort;
		out->capacity = capacity_of(s, sum->giver, sum->span);
		out->used = s->used[(size_t)sum->giver * s->spans_count + sum->span];
		if (out->period == NULL)
			return err_oom(err);
		if (s->count == BATCH && !flush(s, err))
			return false;
	}
	return s->count == 0 || flush(s, err);
}

bool
schedule_send_bookings(const struct schedule_booked *booked, struct err *err)
{
	struct sender s = {.booked = booked, .problem = &booked->pc->plan->problem};
	bool ok;

	if (booked->by_day)
		return send_days(&s, err);
	ok = lay_spans(&s, err) && add_up(&s, err) && send_spans(&s, err);
	free(s.spans);
	free(s.span_of);
	free(s.sums);
	free(s.used);
	return ok;
}
