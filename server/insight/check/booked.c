#include "server/insight/check/booked.h"

#include <stdlib.h>

#include "server/insight/check/pass.h"

static void
add_up(struct booked_part *sum, const struct booked_part *part)
{
	sum->effort += part->effort;
	sum->allocated += part->allocated;
}

static bool
add_part(struct booked *b, const struct booked_part *part)
{
	struct booked_part *last = b->count > 0 ? &b->parts[b->count - 1] : NULL;
	size_t want = b->cap > 0 ? 2 * b->cap : 256;

	/* Days of one piece of work and giver follow one another. */
	for (unsigned back = 0; back < 2 && last != NULL && last >= b->parts; back++, last--) {
		if (last->row == part->row && last->column == part->column &&
		    last->initiative == part->initiative) {
			add_up(last, part);
			return true;
		}
	}
	if (b->count == b->cap) {
		struct booked_part *bigger = realloc(b->parts, want * sizeof bigger[0]);

		if (bigger == NULL)
			return false;
		b->parts = bigger;
		b->cap = want;
	}
	b->parts[b->count++] = *part;
	return true;
}

static bool
add_booking(struct booked *b, const struct schedule_booking *k, uint32_t row, uint32_t due)
{
	const struct plan_schedule *plan = b->forecast->pc.plan;
	uint32_t columns = load_columns(b->load);
	int32_t day = plan->first_day + k->day;
	struct booked_part part = {.row = row,
	    .initiative = plan->work[k->work].initiative,
	    .effort = k->effort,
	    .allocated = plan->stated[k->need].is_allocated ? k->effort : 0};

	if (due < columns)
		b->due[(size_t)row * columns + due] += k->effort;
	for (part.column = load_first_column(b->load, day);
	     part.column < columns && load_first_day(b->load, part.column) <= day; part.column++) {
		if (!add_part(b, &part))
			return false;
	}
	return true;
}

/* The first column at whose end the work shall be done. */
static uint32_t
due_column(const struct booked *b, uint32_t work)
{
	const struct plan_case *pc = &b->forecast->pc;
	int32_t due = load_finish(&pc->ix, pc->plan->slots[work / PLAN_STAGES]);

	return due != DATE_NONE ? load_first_column(b->load, due) : load_columns(b->load);
}

static bool
add_bookings(struct booked *b, struct pass *pass)
{
	const struct schedule *base = b->forecast->base;
	const uint32_t *home = b->forecast->pc.plan->home;
	uint32_t due = 0;

	for (size_t i = 0; i < base->bookings_count && pass_goes_on(pass); i++) {
		const struct schedule_booking *k = &base->bookings[i];

		if (i == 0 || k->work != k[-1].work)
			due = due_column(b, k->work);
		if (!add_booking(b, k, k->giver, due) ||
		    (home[k->giver] != SCHEDULE_NONE && !add_booking(b, k, home[k->giver], due)))
			return false;
	}
	return true;
}

static int
compare_parts(const void *pa, const void *pb)
{
	const struct booked_part *a = pa;
	const struct booked_part *b = pb;

	if (a->row != b->row)
		return a->row < b->row ? -1 : 1;
	if (a->column != b->column)
		return a->column < b->column ? -1 : 1;
	return a->initiative < b->initiative ? -1 : a->initiative > b->initiative;
}

static void
merge_parts(struct booked *b)
{
	size_t count = 0;

	if (b->count > 1)
		qsort(b->parts, b->count, sizeof b->parts[0], compare_parts);
	for (size_t i = 0; i < b->count; i++) {
		if (count > 0 && compare_parts(&b->parts[count - 1], &b->parts[i]) == 0)
			add_up(&b->parts[count - 1], &b->parts[i]);
		else
			b->parts[count++] = b->parts[i];
	}
	b->count = count;
}

static void
sum_up_due(struct booked *b)
{
	uint32_t columns = load_columns(b->load);

	for (uint32_t row = 0; row < load_rows(b->load); row++) {
		int64_t *due = b->due + (size_t)row * columns;

		for (uint32_t c = 1; c < columns; c++)
			due[c] += due[c - 1];
	}
}

bool
booked_init(struct booked *b, struct pass *pass)
{
	*b = (struct booked){.forecast = pass_forecast(pass), .row = UINT32_MAX};
	if (b->forecast == NULL) {
		struct draft d;

		if (pass->stop)
			return false;
		draft_init(&d, SLOT_NONE, SLOT_NONE);
		draft_missing(&d, SLOT_NONE, "the plan is too large to schedule");
		pass_emit(pass, &d);
		return false;
	}
	b->load = b->forecast->pc.load;
	b->due =
	    index_zalloc((size_t)load_rows(b->load) * load_columns(b->load) + 1, sizeof b->due[0]);
	b->before = malloc(((size_t)b->forecast->pc.plan->problem.days + 1) * sizeof b->before[0]);
	b->days = malloc(((size_t)b->forecast->pc.plan->problem.days + 1) * sizeof b->days[0]);
	if (b->due == NULL || b->before == NULL || b->days == NULL || !add_bookings(b, pass)) {
		pass_out_of_memory(pass);
		return false;
	}
	merge_parts(b);
	sum_up_due(b);
	return !pass->stop;
}

void
booked_fini(struct booked *b)
{
	free(b->parts);
	free(b->due);
	free(b->before);
	free(b->days);
	*b = (struct booked){.forecast = NULL};
}

const struct booked_part *
booked_parts(const struct booked *b, uint32_t row, uint32_t column, size_t *count)
{
	const struct booked_part cell = {.row = row, .column = column};
	size_t low = 0, high = b->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_parts(&b->parts[middle], &cell) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (high = low;
	     high < b->count && b->parts[high].row == row && b->parts[high].column == column;)
		high++;
	*count = high - low;
	return b->parts + low;
}

int64_t
booked_sum(const struct booked *b, uint32_t row, uint32_t column)
{
	size_t count;
	const struct booked_part *parts = booked_parts(b, row, column, &count);
	int64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += parts[i].effort;
	return sum;
}

int64_t
booked_due(const struct booked *b, uint32_t row, uint32_t column)
{
	return b->due[(size_t)row * load_columns(b->load) + column];
}

/* What the row can give on so many days from today on. Most have no row in the schedule: nothing is asked of them. */
static const int32_t *
days_of(struct booked *b, uint32_t row, int32_t days)
{
	const struct plan_schedule *plan = b->forecast->pc.plan;

	if (plan->rows == NULL || plan->rows[row] != SCHEDULE_NONE)
		return plan->capacity + schedule_cell(&plan->problem, row);
	load_days(b->load, row, plan->first_day, plan->first_day + days - 1, b->days);
	return b->days;
}

/* Of the row, before that date; the schedule's days go on behind the last column. */
static int64_t
gives_before(struct booked *b, uint32_t row, int32_t date)
{
	const struct plan_schedule *plan = b->forecast->pc.plan;
	int32_t days = plan->problem.days;

	if (date <= plan->first_day)
		return 0;
	days = date - plan->first_day < days ? date - plan->first_day : days;
	if (b->row != row || b->known < days) {
		const int32_t *capacity = days_of(b, row, days);

		b->row = row;
		b->known = days;
		b->before[0] = 0;
		for (int32_t day = 0; day < days; day++)
			b->before[day + 1] = b->before[day] + capacity[day];
	}
	return b->before[days];
}

int64_t
booked_gives_until(struct booked *b, uint32_t row, uint32_t column)
{
	return gives_before(b, row, load_last_day(b->load, column) + 1);
}

int64_t
booked_gives(struct booked *b, uint32_t row, uint32_t column)
{
	return booked_gives_until(b, row, column) -
	       gives_before(b, row, load_first_day(b->load, column));
}
