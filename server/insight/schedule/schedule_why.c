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

/* Behind the last day on which somebody works on that need of it; SCHEDULE_BEYOND where it is not all done. */
static int32_t
end_of(const struct schedule *schedule, const struct schedule_problem *problem, uint32_t work,
    uint32_t need)
{
	int64_t left = problem->need[need].effort;
	int32_t end = 0;

	for (size_t b = first_booking(schedule, work);
	     b < schedule->bookings_count && schedule->bookings[b].work == work; b++) {
		if (schedule->bookings[b].need != need)
			continue;
		left -= schedule->bookings[b].effort;
		if (schedule->bookings[b].day + 1 > end)
			end = schedule->bookings[b].day + 1;
	}
	return left > 0 ? SCHEDULE_BEYOND : end;
}

/* The need that ends last, where that is later than with all that its givers have. */
static void
find_need(const struct schedule *schedule, const struct schedule_problem *problem, uint32_t work,
    int32_t from, struct schedule_why *why, int32_t *until)
{
	const struct schedule_work *w = &problem->work[work];

	*until = 0;
	for (uint32_t n = w->needs_first; n < w->needs_first + w->needs_count; n++) {
		int32_t end = end_of(schedule, problem, work, n);
		int32_t alone = ledger_alone(problem, &problem->need[n], from);

		if (end <= *until)
			continue;
		*until = end;
		why->need = end > alone || alone == SCHEDULE_BEYOND ? n : SCHEDULE_NONE;
		why->never = alone == SCHEDULE_BEYOND;
	}
}

/* What was taken of the need's givers, until it was done. */
struct taking {
	uint8_t *mark;  /* by giver: GIVES, TEAM_GIVES */
	int64_t *of;    /* by giver */
	int64_t *by;    /* by initiative: of them, their teams, their members */
	int64_t *aside; /* by initiative: of colleagues, which is their team's too */
};

enum { GIVES = 1, TEAM_GIVES = 2 };

static void
mark_givers(const struct schedule_problem *problem, uint32_t need, struct taking *t)
{
	uint32_t count;
	const uint32_t *givers = ledger_givers(problem, &problem->need[need], &count);

	for (uint32_t g = 0; g < count; g++) {
		uint32_t home = problem->home[givers[g]];

		t->mark[givers[g]] |= GIVES;
		if (home != SCHEDULE_NONE)
			t->mark[home] |= TEAM_GIVES;
	}
}

static void
add_taken(const struct schedule_problem *problem, const struct schedule_booking *b, uint32_t with,
    struct taking *t)
{
	uint32_t home = problem->home[b->giver];
	unsigned team = home != SCHEDULE_NONE ? t->mark[home] : 0;

	if (t->mark[b->giver] != 0 || (team & GIVES) != 0)
		t->by[with] += b->effort;
	else if ((team & TEAM_GIVES) != 0)
		t->aside[with] += b->effort;
	t->of[b->giver] += b->effort;
}

/* A lower rank took only what this one could not use. */
static void
find_holder(
    const struct schedule *schedule, uint32_t with, const int64_t *held, struct schedule_why *why)
{
	for (uint32_t i = 0; i < schedule->initiatives; i++) {
		if (held[i] <= why->held || (!schedule->ignores_ranks && i > with))
			continue;
		why->held = held[i];
		why->holder = i;
	}
}

static void
find_giver(const struct schedule_problem *problem, const int64_t *of, struct schedule_why *why)
{
	uint32_t count;
	const uint32_t *givers = ledger_givers(problem, &problem->need[why->need], &count);

	for (uint32_t g = 0; g < count; g++)
		if (why->giver == SCHEDULE_NONE || of[givers[g]] > of[why->giver])
			why->giver = givers[g];
}

static bool
find_taken(const struct schedule *schedule, const struct schedule_problem *problem, uint32_t work,
    int32_t from, int32_t until, struct schedule_why *why, struct err *err)
{
	size_t initiatives = (size_t)schedule->initiatives + 1,
	       givers = (size_t)problem->givers + 1;
	struct taking t = {.mark = calloc(givers, sizeof *t.mark),
	    .of = calloc(givers, sizeof *t.of),
	    .by = calloc(initiatives, sizeof *t.by),
	    .aside = calloc(initiatives, sizeof *t.aside)};
	bool ok = t.mark != NULL && t.of != NULL && t.by != NULL && t.aside != NULL;

	if (ok) {
		mark_givers(problem, why->need, &t);
		for (size_t b = 0; b < schedule->bookings_count; b++) {
			const struct schedule_booking *booking = &schedule->bookings[b];

			if (booking->work != work && booking->day >= from && booking->day < until)
				add_taken(problem, booking, schedule->work[booking->work].with, &t);
		}
		find_giver(problem, t.of, why);
		find_holder(schedule, schedule->work[work].with, t.by, why);
		if (why->holder == SCHEDULE_NONE)
			find_holder(schedule, schedule->work[work].with, t.aside, why);
	}
	free(t.mark);
	free(t.of);
	free(t.by);
	free(t.aside);
	return ok || err_oom(err);
}

bool
schedule_why(const struct schedule *schedule, const struct schedule_problem *problem, uint32_t work,
    struct schedule_why *why, struct err *err)
{
	int32_t from, until;

	*why = (struct schedule_why){.before = SCHEDULE_NONE,
	    .need = SCHEDULE_NONE,
	    .giver = SCHEDULE_NONE,
	    .holder = SCHEDULE_NONE};
	from = earliest(schedule, problem, work, why);
	if (from >= problem->days || schedule->work[work].in_circle)
		return true;
	find_need(schedule, problem, work, from, why, &until);
	return why->need == SCHEDULE_NONE ||
	       find_taken(schedule, problem, work, from, until, why, err);
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
