/* What work waits for; see schedule.h. Asked for a few at a time: each answer looks through all bookings. */
#include <stdlib.h>

#include "server/insight/schedule/schedule_internal.h"

/* From which day prerequisites and its own date let it start. */
static int32_t
earliest(const struct schedule *schedule, const struct schedule_problem *problem, uint32_t work,
    struct schedule_why *why)
{
	int32_t date = problem->work[work].not_before;
	int32_t from = 0;

	for (uint32_t e = 0; e < problem->arcs; e++) {
		const struct schedule_arc *arc = &problem->arc[e];
		int32_t at;

		if (arc->after != work)
			continue;
		at = schedule->work[arc->before].finish;
		at = at == SCHEDULE_BEYOND ? at : at + arc->lag;
		if (at < from || (at == from && (at == 0 || why->before < arc->before)))
			continue;
		from = at;
		why->before = arc->before;
	}
	if (date <= 0 || date < from)
		return from;
	why->before = SCHEDULE_NONE;
	why->by_date = true;
	return date;
}

/* Its bookings: they lie together. */
static size_t
first_booking(const struct schedule *schedule, uint32_t work)
{
	size_t low = 0, high = schedule->bookings_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (schedule->bookings[middle].work < work)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Behind the last day on which the giver works on it, and what they do in all. */
static int32_t
end_with(const struct schedule *schedule, uint32_t work, uint32_t giver, int64_t *done)
{
	int32_t end = 0;

	*done = 0;
	for (size_t b = first_booking(schedule, work);
	     b < schedule->bookings_count && schedule->bookings[b].work == work; b++) {
		if (schedule->bookings[b].giver != giver)
			continue;
		*done += schedule->bookings[b].effort;
		if (schedule->bookings[b].day + 1 > end)
			end = schedule->bookings[b].day + 1;
	}
	return end;
}

static int64_t
asked_of(const struct schedule_problem *problem, uint32_t work, uint32_t giver)
{
	const struct schedule_work *w = &problem->work[work];
	int64_t sum = 0;

	for (uint32_t n = w->needs_first; n < w->needs_first + w->needs_count; n++)
		if (problem->need[n].giver == giver)
			sum += problem->need[n].effort;
	return sum;
}

/* The need that ends last, where that is later than with all that its giver has. */
static void
find_giver(const struct schedule *schedule, const struct schedule_problem *problem, uint32_t work,
    int32_t from, struct schedule_why *why, int32_t *until)
{
	const struct schedule_work *w = &problem->work[work];

	*until = 0;
	for (uint32_t n = w->needs_first; n < w->needs_first + w->needs_count; n++) {
		const struct schedule_need *need = &problem->need[n];
		int64_t done;
		int32_t end = end_with(schedule, work, need->giver, &done);
		int32_t alone = ledger_alone(problem, need, from);

		if (done < asked_of(problem, work, need->giver))
			end = SCHEDULE_BEYOND;
		if (end <= *until)
			continue;
		*until = end;
		why->giver = end > alone || alone == SCHEDULE_BEYOND ? need->giver : SCHEDULE_NONE;
		why->never = alone == SCHEDULE_BEYOND;
	}
}

enum { DIRECT, POOL };

/* Does what is booked for the one leave less for the other: the same, their team, their members; in the pool: a colleague. */
static bool
takes_from(const struct schedule_problem *problem, uint32_t one, uint32_t other, int how)
{
	if (how == POOL)
		return problem->home[one] != SCHEDULE_NONE &&
		       problem->home[one] == problem->home[other];
	return one == other || problem->home[one] == other || problem->home[other] == one;
}

static void
find_holder(const struct schedule *schedule, const struct schedule_problem *problem, uint32_t work,
    int32_t from, int32_t until, int how, int64_t *held, struct schedule_why *why)
{
	for (uint32_t i = 0; i < schedule->initiatives; i++)
		held[i] = 0;
	for (size_t b = 0; b < schedule->bookings_count; b++) {
		const struct schedule_booking *booking = &schedule->bookings[b];

		if (booking->work != work && booking->day >= from && booking->day < until &&
		    takes_from(problem, booking->giver, why->giver, how))
			held[schedule->work[booking->work].with] += booking->effort;
	}
	for (uint32_t i = 0; i < schedule->initiatives; i++) {
		/* A lower rank took only what this one could not use. */
		if (held[i] <= why->held ||
		    (!schedule->ignores_ranks && i > schedule->work[work].with))
			continue;
		why->held = held[i];
		why->holder = i;
	}
}

bool
schedule_why(const struct schedule *schedule, const struct schedule_problem *problem, uint32_t work,
    struct schedule_why *why, struct err *err)
{
	int64_t *held;
	int32_t from, until;

	*why = (struct schedule_why){
	    .before = SCHEDULE_NONE, .giver = SCHEDULE_NONE, .holder = SCHEDULE_NONE};
	from = earliest(schedule, problem, work, why);
	if (from >= problem->days || schedule->work[work].in_circle)
		return true;
	find_giver(schedule, problem, work, from, why, &until);
	if (why->giver == SCHEDULE_NONE)
		return true;
	held = calloc((size_t)schedule->initiatives + 1, sizeof *held);
	if (held == NULL)
		return err_oom(err);
	find_holder(schedule, problem, work, from, until, DIRECT, held, why);
	if (why->holder == SCHEDULE_NONE)
		find_holder(schedule, problem, work, from, until, POOL, held, why);
	free(held);
	return true;
}

bool
schedule_chain(const struct schedule *schedule, const struct schedule_problem *problem,
    uint32_t initiative, uint32_t *works, uint32_t max, uint32_t *count, struct err *err)
{
	uint32_t work = schedule->initiative[initiative].last;
	struct schedule_why why;

	*count = 0;
	while (work != SCHEDULE_NONE && *count < max) {
		works[(*count)++] = work;
		if (schedule->work[work].in_circle)
			return true;
		if (!schedule_why(schedule, problem, work, &why, err))
			return false;
		work = why.before;
	}
	return true;
}
