/* See schedule_slack.h. */
#include "server/insight/schedule/schedule_slack.h"

#include <stdlib.h>
#include <string.h>

#define STOP_EVERY 256u
/* Passes over one initiative until whole work is without gaps; then it stays where it is. */
#define ROUNDS_MAX 8u

/* The first day of what lies behind it: of bookings of later days, and of those of the day at hand, which do not count yet. */
struct fence {
	int32_t day;
	int32_t later;
	int32_t same;
};

/* What happens when: a booking on its day, work without needs at the beginning of one. */
struct event {
	int64_t time;
	uint32_t work;
	size_t booking; /* SIZE_MAX: none */
};

struct piece {
	uint32_t giver;
	int32_t day;
	int32_t effort;
};

struct slack {
	const struct schedule *schedule;
	const struct schedule_problem *problem;
	const uint32_t *end_of; /* as slack_new() */
	int32_t *
	    left; /* by giver and day: of the schedule; while passes run, of better ranks and those laid */
	uint32_t *first; /* by work: its arcs back, as numbers */
	uint32_t *arc;
	uint32_t *after_first; /* and on */
	uint32_t *after;
	uint32_t *place;       /* by work: none behind what it waits for */
	int32_t *kept;         /* by work: from initiatives behind, the latest end */
	int32_t *deadline;     /* by work */
	int32_t *late_start;   /* by work */
	size_t *booked;        /* by work: its first booking, and one behind all */
	uint32_t *todo;        /* by work: bookings that are not laid */
	int32_t *latest;       /* by work */
	int32_t *beside;       /* by work */
	int32_t *day[2];       /* by booking: the first and the last that it is laid on */
	int32_t *cap;          /* by booking: not behind it, for whole work */
	struct fence *own;     /* by giver */
	struct fence *members; /* by team */
	struct event *events;
	struct piece *pieces;
	size_t pieces_count;
	size_t pieces_cap;
	bool (*stop)(void *arg);
	void *arg;
	uint32_t steps; /* since it was asked */
};

/* Asked now and then. */
static bool
is_stopped(struct slack *slack, struct err *err)
{
	if (slack->stop == NULL || ++slack->steps % STOP_EVERY != 0 || !slack->stop(slack->arg))
		return false;
	err_set(err, ERR_CANCELLED, "working out slack was cancelled");
	return true;
}

/* ---- capacity */

static int32_t *
cell(const struct slack *slack, uint32_t giver, int32_t day)
{
	return &slack->left[schedule_cell(slack->problem, giver) + (size_t)day];
}

static void
take(const struct slack *slack, uint32_t giver, int32_t day, int32_t effort)
{
	uint32_t home = slack->problem->home[giver];

	*cell(slack, giver, day) -= effort;
	if (home != SCHEDULE_NONE)
		*cell(slack, home, day) -= effort;
}

/* How much of a need fits into a day of a giver. */
static int32_t
room_on(const struct slack *slack, const struct schedule_need *need, uint32_t giver, int32_t day)
{
	const struct schedule_problem *p = slack->problem;
	uint32_t home = p->home[giver];
	int32_t room = *cell(slack, giver, day);
	int64_t has = p->capacity[schedule_cell(p, giver) + (size_t)day];

	if (home != SCHEDULE_NONE && *cell(slack, home, day) < room)
		room = *cell(slack, home, day);
	if (need->most > 0) {
		has = (has * need->most + SCHEDULE_ALL - 1) / SCHEDULE_ALL;
		room = has < room ? (int32_t)has : room;
	}
	return room;
}

static const struct schedule_need *
need_of(const struct slack *slack, size_t booking)
{
	return &slack->problem->need[slack->schedule->bookings[booking].need];
}

/* Not to be cut, and on a day of its own. */
static bool
is_rigid(const struct schedule_need *need)
{
	return need->most > 0 || need->least > 0 || need->is_whole;
}

/* ---- who waits for whom */

static bool
lay_arcs(struct slack *slack, struct err *err)
{
	const struct schedule_problem *p = slack->problem;

	slack->first = calloc((size_t)p->works + 2, sizeof *slack->first);
	slack->after_first = calloc((size_t)p->works + 2, sizeof *slack->after_first);
	slack->arc = calloc((size_t)p->arcs + 1, sizeof *slack->arc);
	slack->after = calloc((size_t)p->arcs + 1, sizeof *slack->after);
	slack->place = calloc((size_t)p->works + 1, sizeof *slack->place);
	if (slack->first == NULL || slack->after_first == NULL || slack->arc == NULL ||
	    slack->after == NULL || slack->place == NULL)
		return err_oom(err);
	/* Counted two places on, so that filling leaves the firsts as they must be. */
	for (uint32_t e = 0; e < p->arcs; e++) {
		slack->first[p->arc[e].after + 2]++;
		slack->after_first[p->arc[e].before + 2]++;
	}
	for (uint32_t w = 0; w < p->works; w++) {
		slack->first[w + 2] += slack->first[w + 1];
		slack->after_first[w + 2] += slack->after_first[w + 1];
	}
	for (uint32_t e = 0; e < p->arcs; e++) {
		slack->arc[slack->first[p->arc[e].after + 1]++] = e;
		slack->after[slack->after_first[p->arc[e].before + 1]++] = e;
	}
	return true;
}

/* What is in a circle keeps place 0: it is never done and never asked about. */
static bool
sort_works(struct slack *slack, struct err *err)
{
	uint32_t works = slack->problem->works, count = 0;
	uint32_t *waits = calloc((size_t)works + 1, sizeof *waits);
	uint32_t *queue = calloc((size_t)works + 1, sizeof *queue);
	bool ok = waits != NULL && queue != NULL;

	for (uint32_t w = 0; ok && w < works; w++) {
		waits[w] = slack->first[w + 1] - slack->first[w];
		if (waits[w] == 0)
			queue[count++] = w;
	}
	for (uint32_t q = 0; ok && q < count; q++) {
		uint32_t w = queue[q];

		slack->place[w] = q;
		for (uint32_t k = slack->after_first[w]; k < slack->after_first[w + 1]; k++) {
			uint32_t after = slack->problem->arc[slack->after[k]].after;

			if (--waits[after] == 0)
				queue[count++] = after;
		}
	}
	free(waits);
	free(queue);
	return ok || err_oom(err);
}

/* ---- sequence */

static void
turn_to(struct fence *fence, int32_t day)
{
	if (fence->day == day)
		return;
	fence->later = fence->same < fence->later ? fence->same : fence->later;
	fence->same = INT32_MAX;
	fence->day = day;
}

static int32_t
fence_of(struct slack *slack, uint32_t giver, int32_t day)
{
	uint32_t home = slack->problem->home[giver];
	struct fence *other = home != SCHEDULE_NONE ? &slack->own[home] : &slack->members[giver];

	turn_to(&slack->own[giver], day);
	turn_to(other, day);
	return other->later < slack->own[giver].later ? other->later : slack->own[giver].later;
}

static void
add_fence(struct slack *slack, uint32_t giver, int32_t day, int32_t first)
{
	uint32_t home = slack->problem->home[giver];

	if (first < slack->own[giver].same)
		slack->own[giver].same = first;
	if (home == SCHEDULE_NONE)
		return;
	turn_to(&slack->members[home], day);
	if (first < slack->members[home].same)
		slack->members[home].same = first;
}

/* ---- one pass */

/* Work that may not end later: its own initiative's end is not known. */
static bool
is_pinned(const struct slack *slack, uint32_t work)
{
	const struct schedule *schedule = slack->schedule;

	return schedule->work[work].finish == SCHEDULE_BEYOND ||
	       schedule->initiative[slack->problem->work[work].initiative].finish ==
		   SCHEDULE_BEYOND;
}

/* Laid together, or of one initiative: what waits for it does not make way for it. */
static bool
is_near(const struct slack *slack, uint32_t work, uint32_t after)
{
	return slack->schedule->work[work].with == slack->schedule->work[after].with ||
	       slack->problem->work[work].initiative == slack->problem->work[after].initiative;
}

/* Its start is known now: what comes before it must end by then; what ranks behind its own initiative makes way. */
static void
settle(struct slack *slack, uint32_t work, int32_t start)
{
	const struct schedule_problem *p = slack->problem;

	slack->late_start[work] = start;
	for (uint32_t k = slack->first[work]; k < slack->first[work + 1]; k++) {
		const struct schedule_arc *arc = &p->arc[slack->arc[k]];
		int32_t *by =
		    slack->schedule->work[arc->before].with == slack->schedule->work[work].with
			? slack->deadline
			: slack->kept;

		if (!is_near(slack, arc->before, work))
			continue;
		if (start - arc->lag < by[arc->before])
			by[arc->before] = start - arc->lag;
	}
}

static bool
add_piece(struct slack *slack, uint32_t giver, int32_t day, int32_t effort, struct err *err)
{
	if (slack->pieces_count == slack->pieces_cap) {
		size_t cap = slack->pieces_cap == 0 ? 256 : 2 * slack->pieces_cap;
		struct piece *grown = realloc(slack->pieces, cap * sizeof *grown);

		if (grown == NULL)
			return err_oom(err);
		slack->pieces = grown;
		slack->pieces_cap = cap;
	}
	slack->pieces[slack->pieces_count++] = (struct piece){giver, day, effort};
	take(slack, giver, day, effort);
	return true;
}

static void
take_back(struct slack *slack)
{
	while (slack->pieces_count > 0) {
		const struct piece *piece = &slack->pieces[--slack->pieces_count];

		take(slack, piece->giver, piece->day, -piece->effort);
	}
}

/* The first day of the next booking of the same need and giver. */
static int32_t
next_first(const struct slack *slack, size_t booking)
{
	const struct schedule_booking *b = &slack->schedule->bookings[booking];

	for (size_t k = booking + 1; k < slack->schedule->bookings_count; k++) {
		const struct schedule_booking *next = &slack->schedule->bookings[k];

		if (next->work != b->work || next->giver != b->giver)
			break;
		if (next->need == b->need)
			return slack->day[0][k];
	}
	return INT32_MAX;
}

static int32_t
limit_of(struct slack *slack, size_t booking, bool rigid)
{
	const struct schedule_booking *b = &slack->schedule->bookings[booking];
	int32_t limit = fence_of(slack, b->giver, b->day);

	if (slack->deadline[b->work] - 1 < limit)
		limit = slack->deadline[b->work] - 1;
	if (slack->cap[booking] < limit)
		limit = slack->cap[booking];
	if (rigid) {
		int32_t next = next_first(slack, booking);

		limit = next <= limit ? next - 1 : limit;
	}
	/* Its own day always has the room that it has in the schedule. */
	return limit < b->day || is_pinned(slack, b->work) ? b->day : limit;
}

static bool
lay_booking(struct slack *slack, size_t booking, struct err *err)
{
	const struct schedule_booking *b = &slack->schedule->bookings[booking];
	const struct schedule_need *need = need_of(slack, booking);
	bool rigid = is_rigid(need);
	int32_t remaining = b->effort;

	slack->day[1][booking] = -1;
	for (int32_t day = limit_of(slack, booking, rigid); remaining > 0; day--) {
		int32_t room = room_on(slack, need, b->giver, day);
		int32_t part = room < remaining ? room : remaining;

		if (day <= b->day)
			part = remaining;
		else if (part <= 0 || (rigid && part < remaining))
			continue;
		if (!add_piece(slack, b->giver, day, part, err))
			return false;
		if (slack->day[1][booking] < 0)
			slack->day[1][booking] = day;
		slack->day[0][booking] = day;
		remaining -= part;
	}
	add_fence(slack, b->giver, b->day, slack->day[0][booking]);
	if (slack->day[1][booking] + 1 > slack->latest[b->work])
		slack->latest[b->work] = slack->day[1][booking] + 1;
	if (slack->day[0][booking] < slack->late_start[b->work])
		slack->late_start[b->work] = slack->day[0][booking];
	if (--slack->todo[b->work] == 0)
		settle(slack, b->work, slack->late_start[b->work]);
	return true;
}

static void
lay_point(struct slack *slack, uint32_t work)
{
	int32_t at = slack->deadline[work];

	if (is_pinned(slack, work))
		at = slack->schedule->work[work].start;
	slack->latest[work] = at;
	settle(slack, work, at);
}

static void
clear_fences(struct slack *slack, uint32_t giver)
{
	uint32_t both[2] = {giver, slack->problem->home[giver]};

	for (int k = 0; k < 2 && both[k] != SCHEDULE_NONE; k++) {
		slack->own[both[k]] = (struct fence){INT32_MAX, INT32_MAX, INT32_MAX};
		slack->members[both[k]] = slack->own[both[k]];
	}
}

static void
begin_pass(struct slack *slack, const struct event *events, size_t count)
{
	take_back(slack);
	for (size_t i = 0; i < count; i++) {
		uint32_t w = events[i].work;

		slack->deadline[w] = slack->kept[w];
		slack->latest[w] = 0;
		slack->late_start[w] = INT32_MAX;
		slack->todo[w] = (uint32_t)(slack->booked[w + 1] - slack->booked[w]);
		if (events[i].booking != SIZE_MAX)
			clear_fences(slack, slack->schedule->bookings[events[i].booking].giver);
	}
}

static bool
pass(struct slack *slack, const struct event *events, size_t count, struct err *err)
{
	begin_pass(slack, events, count);
	for (size_t i = 0; i < count; i++) {
		if (is_stopped(slack, err))
			return false;
		if (events[i].booking == SIZE_MAX)
			lay_point(slack, events[i].work);
		else if (!lay_booking(slack, events[i].booking, err))
			return false;
	}
	return true;
}

/* ---- whole work */

static bool
anyone_works(const struct slack *slack, const struct schedule_need *need, int32_t day)
{
	const struct schedule_problem *p = slack->problem;

	if (need->pool_count == 0)
		return p->capacity[schedule_cell(p, need->giver) + (size_t)day] > 0;
	for (uint32_t k = need->pool_first; k < need->pool_first + need->pool_count; k++)
		if (p->capacity[schedule_cell(p, p->pool[k]) + (size_t)day] > 0)
			return true;
	return false;
}

struct run_day {
	int32_t day;
	size_t booking;
};

static int
compare_run_days(const void *pa, const void *pb)
{
	const struct run_day *a = pa, *b = pb;

	if (a->day != b->day)
		return a->day > b->day ? -1 : 1;
	return (a->booking > b->booking) - (a->booking < b->booking);
}

/*
 * The latest days one behind another, none behind what the pass gave: puts them into cap. From the last day (run[0]) back; where an
 * earlier one is too late, all are moved on, and it is tried again. Is anything not where the pass has it?
 */
static bool
close_gaps(struct slack *slack, const struct schedule_need *need, struct run_day *run, size_t count)
{
	int32_t end = slack->day[1][run[0].booking];
	bool changed = false;
	size_t i = 0;

	while (i < count) {
		int32_t day = end;

		for (i = 0; i < count; i++) {
			if (i > 0 && run[i].day != run[i - 1].day)
				for (day--; day > run[i].day && !anyone_works(slack, need, day);)
					day--;
			if (slack->day[1][run[i].booking] < day)
				break;
			slack->cap[run[i].booking] = day;
		}
		end--;
	}
	for (i = 0; i < count; i++)
		changed |= slack->day[0][run[i].booking] != slack->cap[run[i].booking];
	return changed;
}

static bool
close_need(
    struct slack *slack, uint32_t work, uint32_t n, bool give_up, bool *changed, struct err *err)
{
	size_t room = slack->booked[work + 1] - slack->booked[work], count = 0;
	struct run_day *run = calloc(room + 1, sizeof *run);

	if (run == NULL)
		return err_oom(err);
	for (size_t b = slack->booked[work]; b < slack->booked[work + 1]; b++) {
		if (slack->schedule->bookings[b].need != n)
			continue;
		if (give_up)
			slack->cap[b] = slack->schedule->bookings[b].day;
		run[count++] = (struct run_day){slack->schedule->bookings[b].day, b};
	}
	if (count > 1 && !give_up) {
		qsort(run, count, sizeof *run, compare_run_days);
		*changed |= close_gaps(slack, &slack->problem->need[n], run, count);
	}
	free(run);
	return true;
}

/* Is all whole work of the events without gaps? If not, limits bring it nearer to that, or to where it is. */
static bool
close_all(struct slack *slack, const struct event *events, size_t count, bool give_up,
    bool *changed, struct err *err)
{
	const struct schedule_problem *p = slack->problem;

	*changed = false;
	for (size_t i = 0; i < count; i++) {
		const struct schedule_work *work = &p->work[events[i].work];

		/* Once for each work: at its first booking. */
		if (events[i].booking != slack->booked[events[i].work])
			continue;
		for (uint32_t n = work->needs_first; n < work->needs_first + work->needs_count; n++)
			if (p->need[n].is_whole &&
			    !close_need(slack, events[i].work, n, give_up, changed, err))
				return false;
	}
	return true;
}

/* ---- alone */

/* When what waits for it begins, or its initiative ends; near: only what does not make way for it. */
static int32_t
next_start(const struct slack *slack, uint32_t work, bool near)
{
	const struct schedule *schedule = slack->schedule;
	int32_t by = schedule->initiative[slack->problem->work[work].initiative].finish;

	for (uint32_t k = slack->after_first[work]; k < slack->after_first[work + 1]; k++) {
		const struct schedule_arc *arc = &slack->problem->arc[slack->after[k]];
		int32_t start = schedule->work[arc->after].start;

		if (near && !is_near(slack, work, arc->after))
			continue;
		if (start < SCHEDULE_BEYOND && start - arc->lag < by)
			by = start - arc->lag;
	}
	return by;
}

/* The latest day before `by`, and behind `from`, on which that much of a need fits; else `from`. */
static int32_t
latest_with(const struct slack *slack, const struct schedule_booking *b, int32_t by, int32_t least)
{
	const struct schedule_need *need = &slack->problem->need[b->need];
	int32_t day = by - 1;

	while (day > b->day && room_on(slack, need, b->giver, day) < least)
		day--;
	return day > b->day ? day : b->day;
}

/*
 * Behind the last day before `by` that takes a part of it: the last booking as it is where it may not be cut. Whole work of more than a
 * day would have a gap.
 */
static int32_t
latest_end(const struct slack *slack, uint32_t work, int32_t by)
{
	int32_t latest = slack->schedule->work[work].finish;
	uint32_t seen =
	    SCHEDULE_NONE; /* a giver who was looked at: any part is as good as another */

	for (size_t i = slack->booked[work + 1]; i-- > slack->booked[work];) {
		const struct schedule_booking *b = &slack->schedule->bookings[i];
		const struct schedule_need *need = need_of(slack, i);
		int32_t day = b->day;

		if (!is_rigid(need) && seen == b->giver)
			continue;
		if (!is_rigid(need))
			seen = b->giver;
		if (!need->is_whole || need->effort == b->effort)
			day = latest_with(slack, b, by, is_rigid(need) ? b->effort : 1);
		latest = day + 1 > latest ? day + 1 : latest;
	}
	return latest;
}

/* The latest end if nothing moves of what is in left, nor begins later of what waits for its end. */
static int32_t
move_alone(const struct slack *slack, uint32_t work, bool near)
{
	int32_t by = next_start(slack, slack->end_of != NULL ? slack->end_of[work] : work, near);
	int32_t finish = slack->schedule->work[work].finish;

	if (slack->booked[work] < slack->booked[work + 1])
		return latest_end(slack, work, by);
	return by > finish ? by : finish;
}

/* ---- initiatives, the last first */

/* What better ranks wait for is laid with them. */
static bool
lay_group(struct slack *slack, const struct event *events, size_t count, struct err *err)
{
	bool changed = true;

	/* As it is, beside better ranks. */
	for (size_t i = 0; i < count; i++) {
		uint32_t w = events[i].work;

		if (is_stopped(slack, err))
			return false;
		if (!is_pinned(slack, w) &&
		    (events[i].booking == SIZE_MAX || events[i].booking == slack->booked[w]))
			slack->beside[w] = move_alone(slack, w, true);
	}
	/* Its own bookings are taken out, and its days given to those before it. */
	for (size_t i = 0; i < count; i++) {
		const struct schedule_booking *b;

		if (events[i].booking == SIZE_MAX)
			continue;
		b = &slack->schedule->bookings[events[i].booking];
		take(slack, b->giver, b->day, -b->effort);
	}
	for (unsigned round = 0; changed; round++) {
		if (!pass(slack, events, count, err) ||
		    !close_all(slack, events, count, round == ROUNDS_MAX, &changed, err))
			return false;
		if (round == ROUNDS_MAX && !pass(slack, events, count, err))
			return false;
	}
	take_back(slack);
	return true;
}

static int
compare_events(const void *pa, const void *pb, void *arg)
{
	const struct event *a = pa, *b = pb;
	const struct slack *slack = arg;
	uint32_t a_with = slack->schedule->work[a->work].with;
	uint32_t b_with = slack->schedule->work[b->work].with;

	if (a_with != b_with)
		return a_with > b_with ? -1 : 1;
	if (a->time != b->time)
		return a->time > b->time ? -1 : 1;
	if (slack->place[a->work] != slack->place[b->work])
		return slack->place[a->work] > slack->place[b->work] ? -1 : 1;
	return (a->booking < b->booking) - (a->booking > b->booking);
}

/* A booking lies between the beginnings of its day and of the next one. */
static size_t
list_events(struct slack *slack)
{
	const struct schedule *schedule = slack->schedule;
	size_t count = 0;

	for (uint32_t w = 0; w < schedule->works; w++)
		if (slack->problem->work[w].needs_count == 0 &&
		    schedule->work[w].finish < SCHEDULE_BEYOND)
			slack->events[count++] =
			    (struct event){2 * (int64_t)schedule->work[w].finish, w, SIZE_MAX};
	for (size_t b = 0; b < schedule->bookings_count; b++)
		slack->events[count++] = (struct event){
		    2 * (int64_t)schedule->bookings[b].day + 1, schedule->bookings[b].work, b};
	if (count > 1)
		qsort_r(slack->events, count, sizeof *slack->events, compare_events, slack);
	return count;
}

static bool
lay_all(struct slack *slack, struct err *err)
{
	size_t count = list_events(slack);

	for (size_t from = 0, to; from < count; from = to) {
		uint32_t with = slack->schedule->work[slack->events[from].work].with;

		for (to = from;
		     to < count && slack->schedule->work[slack->events[to].work].with == with;)
			to++;
		if (!lay_group(slack, slack->events + from, to - from, err))
			return false;
	}
	return true;
}

/* ---- from a schedule */

static void
fill_works(struct slack *slack)
{
	const struct schedule *schedule = slack->schedule;
	size_t b = 0;

	for (uint32_t w = 0; w < schedule->works; w++) {
		int32_t end = schedule->initiative[slack->problem->work[w].initiative].finish;

		slack->booked[w] = b;
		while (b < schedule->bookings_count && schedule->bookings[b].work == w)
			b++;
		slack->kept[w] = end < SCHEDULE_BEYOND ? end : slack->problem->days;
	}
	slack->booked[schedule->works] = b;
	for (b = 0; b < schedule->bookings_count; b++)
		slack->cap[b] = INT32_MAX;
}

static void
book_all(struct slack *slack)
{
	const struct schedule *schedule = slack->schedule;
	size_t cells = (size_t)schedule_rows(slack->problem) * (size_t)slack->problem->days;

	if (cells > 0)
		memcpy(slack->left, slack->problem->capacity, cells * sizeof *slack->left);
	for (size_t b = 0; b < schedule->bookings_count; b++)
		take(slack, schedule->bookings[b].giver, schedule->bookings[b].day,
		    schedule->bookings[b].effort);
}

static bool
slack_init(struct slack *slack, struct err *err)
{
	const struct schedule_problem *p = slack->problem;
	size_t works = (size_t)p->works + 2;
	size_t bookings = slack->schedule->bookings_count + 1;
	size_t givers = (size_t)p->givers + 1;

	slack->left =
	    malloc(((size_t)schedule_rows(p) * (size_t)p->days + 1) * sizeof *slack->left);
	slack->kept = calloc(works, sizeof *slack->kept);
	slack->deadline = calloc(works, sizeof *slack->deadline);
	slack->late_start = calloc(works, sizeof *slack->late_start);
	slack->booked = calloc(works, sizeof *slack->booked);
	slack->todo = calloc(works, sizeof *slack->todo);
	slack->latest = calloc(works, sizeof *slack->latest);
	slack->beside = calloc(works, sizeof *slack->beside);
	slack->day[0] = calloc(bookings, sizeof *slack->day[0]);
	slack->day[1] = calloc(bookings, sizeof *slack->day[1]);
	slack->cap = calloc(bookings, sizeof *slack->cap);
	slack->own = calloc(givers, sizeof *slack->own);
	slack->members = calloc(givers, sizeof *slack->members);
	slack->events = calloc(works + bookings, sizeof *slack->events);
	if (slack->left == NULL || slack->kept == NULL || slack->deadline == NULL ||
	    slack->late_start == NULL || slack->booked == NULL || slack->todo == NULL ||
	    slack->latest == NULL || slack->beside == NULL || slack->day[0] == NULL ||
	    slack->day[1] == NULL || slack->cap == NULL || slack->own == NULL ||
	    slack->members == NULL || slack->events == NULL)
		return err_oom(err);
	return lay_arcs(slack, err) && sort_works(slack, err);
}

struct slack *
slack_new(const struct schedule *schedule, const struct schedule_problem *problem,
    const uint32_t *end_of, bool (*stop)(void *arg), void *arg, struct err *err)
{
	struct slack *slack = calloc(1, sizeof *slack);

	if (slack == NULL) {
		err_oom(err);
		return NULL;
	}
	slack->schedule = schedule;
	slack->problem = problem;
	slack->end_of = end_of;
	slack->stop = stop;
	slack->arg = arg;
	slack->steps = STOP_EVERY - 1; /* at once */
	if (slack_init(slack, err)) {
		fill_works(slack);
		book_all(slack);
		if (lay_all(slack, err)) {
			book_all(slack);
			return slack;
		}
	}
	slack_free(slack);
	return NULL;
}

void
slack_free(struct slack *slack)
{
	if (slack == NULL)
		return;
	free(slack->left);
	free(slack->first);
	free(slack->arc);
	free(slack->after_first);
	free(slack->after);
	free(slack->place);
	free(slack->kept);
	free(slack->deadline);
	free(slack->late_start);
	free(slack->booked);
	free(slack->todo);
	free(slack->latest);
	free(slack->beside);
	free(slack->day[0]);
	free(slack->day[1]);
	free(slack->cap);
	free(slack->own);
	free(slack->members);
	free(slack->events);
	free(slack->pieces);
	free(slack);
}

int32_t
slack_latest(const struct slack *slack, uint32_t work)
{
	return is_pinned(slack, work) ? SCHEDULE_BEYOND : slack->latest[work];
}

void
slack_days(const struct slack *slack, size_t booking, int32_t *first, int32_t *last)
{
	*first = slack->day[0][booking];
	*last = slack->day[1][booking];
}

int32_t
slack_beside(const struct slack *slack, uint32_t work)
{
	return is_pinned(slack, work) ? SCHEDULE_BEYOND : slack->beside[work];
}

int32_t
slack_alone(const struct slack *slack, uint32_t work)
{
	return is_pinned(slack, work) ? SCHEDULE_BEYOND : move_alone(slack, work, false);
}
