/*
 * Who and what a TaskJuggler plan names, and when its work is, if everybody is free.
 *
 * Every task has four events: the earliest moment that allows it to begin (lower), the latest at which it must have ended (upper), its
 * start and its end. Each follows from others: they are computed in an order in which what is needed is there; where there is
 * none, a task waits for itself.
 */
#include <math.h>
#include <string.h>

#include "client/import_tjp_internal.h"

#define MARGIN_DAYS 3660 /* before and behind the project, that working days are counted for */

/* ---- working days ------------------------------------------------------------------------------------------------ */

static bool
count_days(struct tjp *tj)
{
	tj->from = tj->first - MARGIN_DAYS;
	tj->days = tj->last - tj->first + 2 * MARGIN_DAYS;
	tj->worked = tjp_new(tj, ((size_t)tj->days + 1) * sizeof *tj->worked);
	if (tj->worked == NULL)
		return false;
	for (int32_t i = 0; i < tj->days; i++)
		tj->worked[i + 1] = tj->minutes[date_weekday(tj->from + i)] > 0;
	for (const struct tjp_leave *leave = tj->leaves; leave != NULL; leave = leave->next)
		for (int32_t day = leave->first; day <= leave->last; day++)
			if (day >= tj->from && day < tj->from + tj->days)
				tj->worked[day - tj->from + 1] = 0;
	for (int32_t i = 0; i < tj->days; i++)
		tj->worked[i + 1] += tj->worked[i];
	return true;
}

static int32_t
within(const struct tjp *tj, int32_t day)
{
	return day < tj->from ? 0 : day > tj->from + tj->days ? tj->days : day - tj->from;
}

/* Whole days for that much, a hair more or less forgiven. */
static int32_t
whole(double days)
{
	return days > INT32_MAX / 4 ? INT32_MAX / 4 : (int32_t)ceil(days - 1e-6);
}

static int32_t
forward(const struct tjp *tj, int32_t day, double works)
{
	int32_t low = within(tj, day), high = tj->days;
	int32_t wanted = tj->worked[low] + whole(works);

	if (works <= 0)
		return day;
	while (low < high) {
		int32_t middle = low + (high - low) / 2;

		if (tj->worked[middle] >= wanted)
			high = middle;
		else
			low = middle + 1;
	}
	return tj->from + low;
}

/* The last moment from which that many working days pass until day. */
static int32_t
backward(const struct tjp *tj, int32_t day, double works)
{
	int32_t low = 0, high = within(tj, day);
	int32_t wanted = tj->worked[high] - whole(works);

	if (works <= 0)
		return day;
	while (low < high) {
		int32_t middle = low + (high - low + 1) / 2;

		if (tj->worked[middle] <= wanted)
			low = middle;
		else
			high = middle - 1;
	}
	return tj->from + low;
}

int32_t
tjp_worked(const struct tjp *tj, int32_t day, int32_t behind)
{
	return tj->worked[within(tj, behind)] - tj->worked[within(tj, day)];
}

int32_t
tjp_behind(const struct tjp *tj, const struct tjp_link *link, int32_t day)
{
	int32_t works = forward(tj, day, link->gap_works), days = day + whole(link->gap_days);

	return works > days ? works : days;
}

static int32_t
before(const struct tjp *tj, const struct tjp_link *link, int32_t day)
{
	int32_t works = backward(tj, day, link->gap_works), days = day - whole(link->gap_days);

	return works < days ? works : days;
}

/* ---- names --------------------------------------------------------------------------------------------------------- */

/* "a.b" from the outermost level or beside the task, "!a" beside it, "!!a" beside what it is a part of. */
static struct tjp_task *
find_task(struct tjp *tj, const struct tjp_task *from, const char *name)
{
	const struct tjp_task *above = from;
	unsigned up = 0;

	if (*name != '!')
		return refmap_get(tj->task_ids, name);
	for (; *name == '!'; name++)
		up++;
	for (; up > 0 && above != NULL; up--)
		above = above->parent;
	if (up > 0)
		return NULL;
	if (*name == '\0')
		return NULL;
	return refmap_get(
	    tj->task_ids, above != NULL ? tjp_fmt(tj, "%s.%s", above->id, name) : name);
}

static bool
is_above(const struct tjp_task *above, const struct tjp_task *task)
{
	while (task != NULL && task != above)
		task = task->parent;
	return task == above;
}

static bool
find_links(struct tjp *tj, const struct tjp_task *task, struct tjp_link *links)
{
	for (struct tjp_link *link = links; link != NULL; link = link->next) {
		link->task = find_task(tj, task, link->to);
		if (link->task == NULL)
			return tjp_refuse(tj, ERR_INVALID, link->at,
			    "there is no task \"%.60s\" as seen from %.60s; ids are a.b from the "
			    "outermost level, !a beside the task, !!a one level above",
			    link->to, task->id);
		if (is_above(link->task, task) || is_above(task, link->task))
			return tjp_refuse(tj, ERR_INVALID, link->at,
			    "%.60s cannot wait for %.60s: one is a part of the other, or they are "
			    "the same",
			    task->id, link->task->id);
	}
	return !tj->failed;
}

static bool
find_people(struct tjp *tj, struct tjp_allocation *list)
{
	for (struct tjp_allocation *one = list; one != NULL; one = one->next) {
		if (one->resource != NULL)
			continue; /* inherited, and found */
		one->resource = refmap_get(tj->resource_ids, one->who);
		if (one->resource == NULL)
			return tjp_refuse(tj, ERR_INVALID, one->at,
			    "there is no resource \"%.60s\"; define it above the tasks", one->who);
		if (!find_people(tj, one->alternatives))
			return false;
	}
	return true;
}

/* Working days a week: of a person by their hours and limits, of a group all of its people's. */
static double
weekly_of(const struct tjp *tj, const struct tjp_resource *one)
{
	double week = 0;

	for (int day = 1; day <= 7; day++) {
		double hours = one->minutes[day] / 60.0;

		week += one->daily_max > 0 && hours > one->daily_max ? one->daily_max : hours;
	}
	if (one->weekly_max > 0 && week > one->weekly_max)
		week = one->weekly_max;
	week *= one->efficiency / tj->daily_hours;
	return week > 7 ? 7 : week;
}

static void
count_people(struct tjp *tj)
{
	for (struct tjp_resource *one = tj->resources; one != NULL; one = one->next) {
		if (one->is_group && one->parent != NULL)
			one->parent->has_groups = true;
		if (one->is_group)
			continue;
		one->weekly = weekly_of(tj, one);
		one->people = 1;
		for (struct tjp_resource *above = one->parent; above != NULL;
		     above = above->parent) {
			above->weekly += one->weekly;
			above->people++;
		}
	}
}

/* ---- when ----------------------------------------------------------------------------------------------------------- */

int
tjp_week(const struct tjp *tj)
{
	int days = 0;

	for (int day = 1; day <= 7; day++)
		days += tj->minutes[day] > 0;
	return days;
}

/* Working days of the calendar that the work takes, if everybody is free. */
static double
tjp_working_days(const struct tjp *tj, const struct tjp_task *task)
{
	int week = tjp_week(tj);
	double hours = 0, given = 0;

	if (task->measure == MEASURE_LENGTH) {
		for (int day = 1; day <= 7; day++)
			hours += tj->minutes[day] / 60.0;
		return task->amount * tj->daily_hours * week / hours;
	}
	for (const struct tjp_allocation *one = task->allocations; one != NULL; one = one->next) {
		double days = one->resource->weekly / week;

		if (one->daily_max > 0 && days > one->daily_max / tj->daily_hours)
			days = one->daily_max / tj->daily_hours;
		given += days;
	}
	if (task->daily_max > 0 && given > task->daily_max / tj->daily_hours)
		given = task->daily_max / tj->daily_hours;
	return given > 0 ? task->amount / given : 0;
}

static int32_t
from_start(const struct tjp *tj, const struct tjp_task *task, int32_t start)
{
	if (task->measure == MEASURE_NONE)
		return start;
	if (task->measure == MEASURE_DURATION)
		return start + whole(task->amount);
	return forward(tj, start, tjp_working_days(tj, task));
}

static int32_t
from_end(const struct tjp *tj, const struct tjp_task *task, int32_t end)
{
	if (task->measure == MEASURE_NONE)
		return end;
	if (task->measure == MEASURE_DURATION)
		return end - whole(task->amount);
	return backward(tj, end, tjp_working_days(tj, task));
}

static int32_t
later(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

static int32_t
lower_of(const struct tjp *tj, const struct tjp_task *task)
{
	int32_t day = task->parent != NULL ? task->parent->events[EVENT_LOWER] : tj->first;

	if (task->start != DATE_NONE)
		day = later(day, task->start);
	for (const struct tjp_link *link = task->depends; link != NULL; link = link->next)
		day = later(day, tjp_behind(tj, link,
				     link->task->events[link->on_start ? EVENT_START : EVENT_END]));
	return day;
}

static int32_t
upper_of(const struct tjp *tj, const struct tjp_task *task)
{
	int32_t day = task->parent != NULL ? task->parent->events[EVENT_UPPER] : tj->last;

	if (task->end != DATE_NONE && task->end < day)
		day = task->end;
	for (const struct tjp_link *link = task->precedes; link != NULL; link = link->next) {
		int32_t limit =
		    before(tj, link, link->task->events[link->on_end ? EVENT_END : EVENT_START]);

		day = limit < day ? limit : day;
	}
	return day;
}

static int32_t
start_of(const struct tjp *tj, const struct tjp_task *task)
{
	int32_t day = task->children != NULL && task->start != DATE_NONE ? task->start : INT32_MAX;

	for (const struct tjp_task *part = task->children; part != NULL; part = part->sibling)
		day = part->events[EVENT_START] < day ? part->events[EVENT_START] : day;
	if (task->children != NULL)
		return day;
	return task->late && !task->spans ? from_end(tj, task, task->events[EVENT_UPPER])
					  : task->events[EVENT_LOWER];
}

static int32_t
end_of(const struct tjp *tj, const struct tjp_task *task)
{
	int32_t day = INT32_MIN;

	for (const struct tjp_task *part = task->children; part != NULL; part = part->sibling)
		day = later(day, part->events[EVENT_END]);
	if (task->children != NULL)
		return day;
	if (task->spans)
		return later(task->events[EVENT_UPPER], task->events[EVENT_LOWER]);
	return task->late ? task->events[EVENT_UPPER]
			  : from_start(tj, task, task->events[EVENT_START]);
}

/* Calls each for every event that the event of the task is computed from. */
static void
each_needed(const struct tjp_task *task, unsigned event,
    void (*each)(void *arg, const struct tjp_task *task, unsigned event), void *arg)
{
	bool is_start = event == EVENT_START;

	switch (event) {
	case EVENT_LOWER:
	case EVENT_UPPER:
		if (task->parent != NULL)
			each(arg, task->parent, event);
		for (const struct tjp_link *link = event == EVENT_LOWER ? task->depends
									: task->precedes;
		     link != NULL; link = link->next) {
			bool start = event == EVENT_LOWER ? link->on_start : !link->on_end;

			each(arg, link->task, start ? EVENT_START : EVENT_END);
		}
		return;
	default:
		for (const struct tjp_task *part = task->children; part != NULL;
		     part = part->sibling)
			each(arg, part, event);
		if (task->children != NULL)
			return;
		if (task->spans) {
			each(arg, task, EVENT_LOWER);
			if (!is_start)
				each(arg, task, EVENT_UPPER);
		} else if (task->late) {
			each(arg, task, EVENT_UPPER);
		} else {
			each(arg, task, is_start ? EVENT_LOWER : EVENT_START);
		}
	}
}

/* Events by number: four of each task. What waits for an event follows in lists. */
struct order {
	struct tjp_task **tasks;
	uint32_t *needs; /* by event: how many it waits for */
	uint32_t *first; /* by event, + 1: into waiting */
	uint32_t *waiting;
	uint32_t current;
	bool filling;
};

static void
add_needed(void *arg, const struct tjp_task *task, unsigned event)
{
	struct order *order = arg;
	uint32_t needed = task->number * EVENTS + event;

	if (order->filling) {
		order->waiting[order->first[needed]++] = order->current;
	} else {
		order->first[needed + 1]++;
		order->needs[order->current]++;
	}
}

static void
walk_needs(struct order *order, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		order->current = i;
		each_needed(order->tasks[i / EVENTS], i % EVENTS, add_needed, order);
	}
}

static bool
open_order(struct tjp *tj, struct order *order)
{
	uint32_t count = tj->tasks_count * EVENTS, i = 0;

	order->tasks = tjp_new(tj, (tj->tasks_count + (size_t)1) * sizeof(void *));
	order->needs = tjp_new(tj, (count + (size_t)1) * sizeof(uint32_t));
	order->first = tjp_new(tj, (count + (size_t)2) * sizeof(uint32_t));
	if (order->tasks == NULL || order->needs == NULL || order->first == NULL)
		return false;
	for (struct tjp_task *task = tj->tasks; task != NULL; task = task->next)
		order->tasks[i++] = task;
	walk_needs(order, count);
	for (i = 0; i < count; i++)
		order->first[i + 1] += order->first[i];
	order->waiting = tjp_new(tj, (order->first[count] + (size_t)1) * sizeof(uint32_t));
	if (order->waiting == NULL)
		return false;
	order->filling = true;
	walk_needs(order, count);
	/* Filling moved each list's begin to its end. */
	memmove(order->first + 1, order->first, count * sizeof(uint32_t));
	order->first[0] = 0;
	return true;
}

static void
compute(const struct tjp *tj, struct tjp_task *task, unsigned event)
{
	static int32_t (*const of[EVENTS])(const struct tjp *, const struct tjp_task *) = {
	    [EVENT_LOWER] = lower_of,
	    [EVENT_UPPER] = upper_of,
	    [EVENT_START] = start_of,
	    [EVENT_END] = end_of};

	task->events[event] = of[event](tj, task);
}

struct search {
	const struct order *order;
	uint32_t found;
	bool any;
};

static void
find_waiting(void *arg, const struct tjp_task *task, unsigned event)
{
	struct search *search = arg;
	uint32_t needed = task->number * EVENTS + event;

	if (!search->any && search->order->needs[needed] > 0) {
		search->found = needed;
		search->any = true;
	}
}

/* What is left waits for itself, or for what does: back from any of it one comes into the circle. */
static bool
refuse_circle(struct tjp *tj, const struct order *order, uint32_t count)
{
	struct search search = {.order = order};
	struct tjp_task *last = NULL, *first;
	struct str names;
	uint32_t event = 0, begin;
	bool *seen = tjp_new(tj, count * sizeof *seen);

	if (seen == NULL)
		return false;
	while (order->needs[event] == 0)
		event++;
	for (; !seen[event]; event = search.found) {
		seen[event] = true;
		search.any = false;
		each_needed(order->tasks[event / EVENTS], event % EVENTS, find_waiting, &search);
	}
	begin = event;
	first = order->tasks[begin / EVENTS];
	str_init(&names, 160);
	str_addf(&names, "%.60s", first->id);
	do {
		search.any = false;
		each_needed(order->tasks[event / EVENTS], event % EVENTS, find_waiting, &search);
		event = search.found;
		if (order->tasks[event / EVENTS] != last && names.len < 90) {
			last = order->tasks[event / EVENTS];
			if (last != first || event == begin)
				str_addf(&names, " → %.40s", last->id);
		}
	} while (event != begin);
	tjp_refuse(tj, ERR_INVALID, first->at,
	    "tasks wait for each other in a circle: %s%s; take one of these links out", names.data,
	    names.len >= 90 ? " → …" : "");
	str_fini(&names);
	return false;
}

static bool
compute_days(struct tjp *tj)
{
	struct order order = {0};
	uint32_t count = tj->tasks_count * EVENTS, ready = 0, done = 0;
	uint32_t *queue = tjp_new(tj, (count + (size_t)1) * sizeof *queue);

	if (queue == NULL || !open_order(tj, &order))
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (order.needs[i] == 0)
			queue[ready++] = i;
	for (; done < ready; done++) {
		uint32_t event = queue[done];

		compute(tj, order.tasks[event / EVENTS], event % EVENTS);
		for (uint32_t i = order.first[event]; i < order.first[event + 1]; i++)
			if (--order.needs[order.waiting[i]] == 0)
				queue[ready++] = order.waiting[i];
	}
	return done == count || refuse_circle(tj, &order, count);
}

/* ---- what kind of task ----------------------------------------------------------------------------------------------- */

/*
 * A task of which nothing says how long it takes is a moment; but where both its ends are given, it lasts from one to the other.
 * As TaskJuggler has it, what is planned forwards and has no start of its own, or backwards and no end, lasts too.
 */
static bool
settle_kind(struct tjp *tj, struct tjp_task *task)
{
	bool start = task->start != DATE_NONE || task->has_depends;
	bool end = task->end != DATE_NONE || task->has_precedes;

	if (task->children != NULL) {
		if (task->measure != MEASURE_NONE || task->is_milestone)
			return tjp_refuse(tj, ERR_INVALID, task->at,
			    "%.80s has parts, so it can have no effort, length or duration of its "
			    "own",
			    task->id);
		return true;
	}
	if (task->is_milestone && task->measure != MEASURE_NONE)
		return tjp_refuse(tj, ERR_INVALID, task->at,
		    "%.80s is a milestone: it can have no effort, length or duration", task->id);
	if (task->measure == MEASURE_EFFORT && task->amount > 0 && task->allocations == NULL)
		return tjp_refuse(tj, ERR_INVALID, task->at,
		    "%.80s has effort, and nobody to do it; add: allocate WHO", task->id);
	if (task->measure == MEASURE_NONE && !task->is_milestone && (start || end) &&
	    !(start && !task->late && !end) && !(!start && task->late && end))
		task->spans = true;
	return true;
}

bool
tjp_settle(struct tjp *tj)
{
	if (tjp_week(tj) == 0)
		return tjp_refuse(tj, ERR_INVALID, tj->at, "no day of the week is a working day");
	if (!count_days(tj))
		return false;
	count_people(tj);
	for (struct tjp_task *task = tj->tasks; task != NULL; task = task->next) {
		if (!find_links(tj, task, task->depends) || !find_links(tj, task, task->precedes) ||
		    !find_people(tj, task->allocations) || !settle_kind(tj, task))
			return false;
	}
	return compute_days(tj);
}
