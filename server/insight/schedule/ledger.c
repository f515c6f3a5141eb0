/* Booking effort into days; see schedule_internal.h. */
#include <stdlib.h>
#include <string.h>

#include "server/insight/schedule/schedule_internal.h"

bool
ledger_init(struct ledger *ledger, const struct schedule_problem *problem, struct err *err)
{
	size_t cells = (size_t)problem->givers * (size_t)problem->days;

	*ledger = (struct ledger){.problem = problem};
	ledger->left = malloc((cells + 1) * sizeof *ledger->left);
	ledger->frontier = calloc((size_t)problem->givers + 1, sizeof *ledger->frontier);
	ledger->keeper = malloc(((size_t)problem->givers + 1) * sizeof *ledger->keeper);
	ledger->first_day = calloc((size_t)problem->givers + 1, sizeof *ledger->first_day);
	if (ledger->left == NULL || ledger->frontier == NULL || ledger->keeper == NULL ||
	    ledger->first_day == NULL)
		return err_oom(err);
	if (cells > 0)
		memcpy(ledger->left, problem->capacity, cells * sizeof *ledger->left);
	for (uint32_t g = 0; g < problem->givers; g++)
		ledger->keeper[g] = SCHEDULE_NONE;
	return true;
}

void
ledger_fini(struct ledger *ledger)
{
	free(ledger->left);
	free(ledger->frontier);
	free(ledger->keeper);
	free(ledger->first_day);
	free(ledger->bookings);
	*ledger = (struct ledger){0};
}

static int32_t *
left_of(const struct ledger *ledger, uint32_t giver)
{
	return ledger->left + (size_t)giver * (size_t)ledger->problem->days;
}

void
ledger_undo(struct ledger *ledger, size_t count)
{
	while (ledger->count > count) {
		const struct schedule_booking *booking = &ledger->bookings[--ledger->count];
		uint32_t home = ledger->problem->home[booking->giver];

		left_of(ledger, booking->giver)[booking->day] += booking->effort;
		if (ledger->first_day[booking->giver] > booking->day)
			ledger->first_day[booking->giver] = booking->day;
		if (home != SCHEDULE_NONE)
			left_of(ledger, home)[booking->day] += booking->effort;
		if (home != SCHEDULE_NONE && ledger->first_day[home] > booking->day)
			ledger->first_day[home] = booking->day;
	}
}

static void
advance(struct ledger *ledger, uint32_t giver, int32_t day, uint32_t initiative)
{
	if (ledger->frontier[giver] > day)
		return;
	ledger->frontier[giver] = day;
	ledger->keeper[giver] = initiative;
}

void
ledger_settle(struct ledger *ledger, size_t from, uint32_t initiative)
{
	for (size_t b = from; b < ledger->count; b++) {
		const struct schedule_booking *booking = &ledger->bookings[b];
		uint32_t home = ledger->problem->home[booking->giver];

		/* The last day may still be shared: what is left of it is nobody's. */
		advance(ledger, booking->giver, booking->day, initiative);
		if (home != SCHEDULE_NONE)
			advance(ledger, home, booking->day, initiative);
	}
}

static bool
book(struct ledger *ledger, uint32_t work, uint32_t giver, int32_t day, int32_t effort)
{
	uint32_t home = ledger->problem->home[giver];

	if (ledger->count == ledger->cap) {
		size_t cap = ledger->cap == 0 ? 1024 : ledger->cap * 2;
		struct schedule_booking *grown = realloc(ledger->bookings, cap * sizeof *grown);

		if (grown == NULL) {
			ledger->failed = true;
			return false;
		}
		ledger->bookings = grown;
		ledger->cap = cap;
	}
	ledger->bookings[ledger->count++] = (struct schedule_booking){work, giver, day, effort};
	left_of(ledger, giver)[day] -= effort;
	if (home != SCHEDULE_NONE)
		left_of(ledger, home)[day] -= effort;
	return true;
}

static int64_t
lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* How much of the need goes into a day with so much room. */
static int32_t
share_of(const struct schedule_need *need, int64_t remaining, int32_t room)
{
	int64_t take = lesser(remaining, room);

	if (need->most > 0)
		take = lesser(take, need->most);
	if (take <= 0 || take < lesser(need->least, remaining))
		return 0;
	return (int32_t)take;
}

static int32_t
room_on(const struct ledger *ledger, uint32_t giver, int32_t day)
{
	uint32_t home = ledger->problem->home[giver];
	int32_t room = left_of(ledger, giver)[day];

	if (home != SCHEDULE_NONE && left_of(ledger, home)[day] < room)
		room = left_of(ledger, home)[day];
	return room;
}

/* Days on which nothing is left are not looked at again. */
static int32_t
first_day_with_room(struct ledger *ledger, uint32_t giver, int32_t from)
{
	int32_t *first = &ledger->first_day[giver];
	const int32_t *left = left_of(ledger, giver);

	while (*first < ledger->problem->days && left[*first] <= 0)
		++*first;
	return from > *first ? from : *first;
}

/* Without backfill, where the giver's frontier and their team's are behind. */
static int32_t
behind_frontier(const struct ledger *ledger, uint32_t giver, int32_t from)
{
	uint32_t home = ledger->problem->home[giver];

	from = ledger->frontier[giver] > from ? ledger->frontier[giver] : from;
	if (home != SCHEDULE_NONE && ledger->frontier[home] > from)
		from = ledger->frontier[home];
	return from;
}

static int64_t
place_need(struct ledger *ledger, uint32_t work, const struct schedule_need *need, int32_t from,
    int32_t *first, int32_t *end)
{
	const int32_t *capacity =
	    ledger->problem->capacity + (size_t)need->giver * (size_t)ledger->problem->days;
	bool is_whole = ledger->problem->work[work].is_whole;
	size_t mark = ledger->count;
	int64_t remaining = need->effort;

	from = first_day_with_room(ledger, need->giver, from);
	for (int32_t day = from; day < ledger->problem->days && remaining > 0; day++) {
		int32_t take = share_of(need, remaining, room_on(ledger, need->giver, day));

		if (take > 0) {
			if (!book(ledger, work, need->giver, day, take))
				return remaining;
			if (remaining == need->effort)
				*first = day;
			remaining -= take;
			*end = day + 1;
		} else if (is_whole && capacity[day] > 0 && remaining < need->effort) {
			/* Whatever day before this one it begins on, this one would interrupt it. */
			ledger_undo(ledger, mark);
			remaining = need->effort;
		}
	}
	return remaining;
}

int32_t
ledger_place(struct ledger *ledger, uint32_t work, int32_t from, bool backfill, int32_t *start,
    int64_t *left)
{
	const struct schedule_work *w = &ledger->problem->work[work];
	int32_t finish = from;

	*start = w->needs_count == 0 ? from : SCHEDULE_BEYOND;
	*left = 0;
	if (w->needs_count == 0 && from > ledger->problem->days) {
		*start = SCHEDULE_BEYOND;
		return SCHEDULE_BEYOND;
	}
	for (uint32_t n = w->needs_first; n < w->needs_first + w->needs_count; n++) {
		const struct schedule_need *need = &ledger->problem->need[n];
		int32_t day = backfill ? from : behind_frontier(ledger, need->giver, from);
		int32_t first = SCHEDULE_BEYOND;
		int32_t end = from;
		int64_t remaining = place_need(ledger, work, need, day, &first, &end);

		if (remaining == need->effort)
			first = SCHEDULE_BEYOND;
		*start = first < *start ? first : *start;
		*left += remaining;
		finish = remaining > 0 ? SCHEDULE_BEYOND : end > finish ? end : finish;
	}
	return finish;
}

int32_t
ledger_alone(const struct schedule_problem *problem, const struct schedule_need *need, int32_t from)
{
	const int32_t *own = problem->capacity + (size_t)need->giver * (size_t)problem->days;
	uint32_t home = problem->home[need->giver];
	const int32_t *team =
	    home != SCHEDULE_NONE ? problem->capacity + (size_t)home * (size_t)problem->days : own;
	int64_t remaining = need->effort;

	for (int32_t day = from; day < problem->days; day++) {
		remaining -= share_of(need, remaining, own[day] < team[day] ? own[day] : team[day]);
		if (remaining == 0)
			return day + 1;
	}
	return SCHEDULE_BEYOND;
}
