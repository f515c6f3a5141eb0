/* Booking effort into days; see schedule_internal.h. */
#include <stdlib.h>
#include <string.h>

#include "server/insight/check/index.h"
#include "server/insight/schedule/schedule_internal.h"

bool
ledger_init(struct ledger *ledger, const struct schedule_problem *problem, struct err *err)
{
	size_t cells = (size_t)schedule_rows(problem) * (size_t)problem->days;

	*ledger = (struct ledger){.problem = problem};
	ledger->left = index_alloc(cells + 1, sizeof *ledger->left);
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
	return ledger->left + schedule_cell(ledger->problem, giver);
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
book(struct ledger *ledger, struct schedule_booking booking)
{
	uint32_t home = ledger->problem->home[booking.giver];

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
	ledger->bookings[ledger->count++] = booking;
	left_of(ledger, booking.giver)[booking.day] -= booking.effort;
	if (home != SCHEDULE_NONE)
		left_of(ledger, home)[booking.day] -= booking.effort;
	return true;
}

static int64_t
lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

const uint32_t *
ledger_givers(
    const struct schedule_problem *problem, const struct schedule_need *need, uint32_t *count)
{
	*count = need->pool_count;
	if (need->pool_count > 0)
		return problem->pool + need->pool_first;
	*count = need->giver != SCHEDULE_NONE;
	return &need->giver;
}

static int64_t
part_of(int32_t capacity, int32_t share)
{
	return ((int64_t)capacity * share + SCHEDULE_ALL - 1) / SCHEDULE_ALL;
}

/* How much of the need goes into a giver's day with so much room. */
static int32_t
share_of(const struct schedule_need *need, int64_t remaining, int32_t room, int32_t capacity)
{
	int64_t take = lesser(remaining, room);

	if (need->most > 0)
		take = lesser(take, part_of(capacity, need->most));
	if (take <= 0 ||
	    (need->least > 0 && take < lesser(part_of(capacity, need->least), remaining)))
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

/* What is booked of one need, as it goes. */
struct laying {
	struct ledger *ledger;
	uint32_t work;
	uint32_t number; /* of the need */
	const struct schedule_need *need;
	const uint32_t *givers;
	uint32_t count;
	bool backfill;
	int64_t remaining;
	int32_t first;
	int32_t end;
};

static const int32_t *
capacity_of(const struct schedule_problem *problem, uint32_t giver)
{
	return problem->capacity + schedule_cell(problem, giver);
}

/* The first day on which one of them may have something left. */
static int32_t
first_day_of(const struct laying *l, int32_t from)
{
	int32_t first = SCHEDULE_BEYOND;

	for (uint32_t g = 0; g < l->count; g++) {
		int32_t day = l->backfill ? from : behind_frontier(l->ledger, l->givers[g], from);

		day = first_day_with_room(l->ledger, l->givers[g], day);
		first = day < first ? day : first;
	}
	return first;
}

/* One day, giver after giver. False: out of memory. */
static bool
lay_day(struct laying *l, int32_t day, bool *is_worked)
{
	*is_worked = false;
	for (uint32_t g = 0; g < l->count && l->remaining > 0; g++) {
		uint32_t giver = l->givers[g];
		int32_t capacity = capacity_of(l->ledger->problem, giver)[day];
		int32_t take;

		*is_worked |= capacity > 0;
		if (!l->backfill && behind_frontier(l->ledger, giver, day) > day)
			continue;
		take = share_of(l->need, l->remaining, room_on(l->ledger, giver, day), capacity);
		if (take == 0)
			continue;
		if (!book(
			l->ledger, (struct schedule_booking){l->work, l->number, giver, day, take}))
			return false;
		if (l->remaining == l->need->effort)
			l->first = day;
		l->remaining -= take;
		l->end = day + 1;
	}
	return true;
}

static void
lay_need(struct laying *l, int32_t from)
{
	struct ledger *ledger = l->ledger;
	size_t mark = ledger->count;
	int32_t day = first_day_of(l, from);
	bool is_worked;

	ledger->steps += l->count;
	for (; day < ledger->problem->days && l->remaining > 0; day++) {
		ledger->steps += l->count;
		if (!lay_day(l, day, &is_worked))
			return;
		if (l->need->is_whole && is_worked && l->remaining < l->need->effort &&
		    l->remaining > 0 && l->end <= day) {
			/* Whatever day before this one it begins on, this one would interrupt it. */
			ledger_undo(ledger, mark);
			l->remaining = l->need->effort;
		}
	}
	if (l->remaining == l->need->effort)
		l->first = SCHEDULE_BEYOND;
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
		struct laying l = {.ledger = ledger,
		    .work = work,
		    .number = n,
		    .need = need,
		    .backfill = backfill,
		    .remaining = need->effort,
		    .first = SCHEDULE_BEYOND,
		    .end = from};

		l.givers = ledger_givers(ledger->problem, need, &l.count);
		lay_need(&l, from);
		*start = l.first < *start ? l.first : *start;
		*left += l.remaining;
		finish = l.remaining > 0 ? SCHEDULE_BEYOND : l.end > finish ? l.end : finish;
	}
	return finish;
}

/* As much as the need's givers can put into a day; of a pool, what each alone could. */
static int64_t
most_on(const struct schedule_problem *problem, const struct schedule_need *need, int64_t remaining,
    const uint32_t *givers, uint32_t count, int32_t day)
{
	struct schedule_need each = *need;
	int64_t sum = 0;

	if (need->pool_count > 0)
		each.least = 0;
	for (uint32_t g = 0; g < count; g++) {
		uint32_t home = problem->home[givers[g]];
		int32_t own = capacity_of(problem, givers[g])[day];
		int32_t room = own;

		if (home != SCHEDULE_NONE && capacity_of(problem, home)[day] < room)
			room = capacity_of(problem, home)[day];
		sum += share_of(&each, remaining, room, own);
	}
	if (need->pool_count > 0 && need->giver != SCHEDULE_NONE)
		sum = lesser(sum, capacity_of(problem, need->giver)[day]);
	return sum;
}

int32_t
ledger_alone(const struct schedule_problem *problem, const struct schedule_need *need, int32_t from)
{
	uint32_t count;
	const uint32_t *givers = ledger_givers(problem, need, &count);
	int64_t remaining = need->effort;

	for (int32_t day = from; day < problem->days && count > 0; day++) {
		remaining -= most_on(problem, need, remaining, givers, count, day);
		if (remaining <= 0)
			return day + 1;
	}
	return SCHEDULE_BEYOND;
}
