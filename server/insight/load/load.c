#include "server/insight/load/load.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "server/insight/load/load_internal.h"

/* A table that people can look at; and what a hostile plan can make us hold. */
#define COLUMNS_MAX 512u
#define CELLS_MAX   (UINT32_C(4) << 20)
/* One decoded entry at a time. */
#define SCRATCH_MAX ((size_t)16 << 20)

bool
load_grow(void **p, size_t *cap, size_t count, size_t size)
{
	size_t want = *cap > 0 ? 2 * *cap : 256;
	void *bigger;

	if (count < *cap)
		return true;
	bigger = realloc(*p, want * size);
	if (bigger == NULL)
		return false;
	*p = bigger;
	*cap = want;
	return true;
}

bool
load_grow_big(void **p, size_t *cap, size_t count, size_t size, size_t many)
{
	size_t want = *cap > 0 ? 2 * *cap : many + 256;
	void *bigger;

	if (count < *cap)
		return true;
	bigger = index_alloc(want, size);
	if (bigger == NULL)
		return false;
	if (count > 0)
		memcpy(bigger, *p, count * size);
	free(*p);
	*p = bigger;
	*cap = want;
	return true;
}

bool
load_is_stopped(const struct load *load, struct err *err)
{
	if (load->stop == NULL || !load->stop(load->arg))
		return false;
	err_set(err, ERR_CANCELLED, "working out the load was cancelled");
	return true;
}

int64_t
load_part(int64_t a, int64_t b, int64_t c)
{
	__extension__ typedef unsigned __int128 wide;
	uint64_t product;

	assert(a >= 0 && b >= 0 && c > 0);
	if (!__builtin_mul_overflow((uint64_t)a, (uint64_t)b, &product))
		return (int64_t)(product / (uint64_t)c);
	return (int64_t)((wide)a * (wide)b / (wide)c);
}

/* ---- bookings by cell */

static bool
is_same(const struct load_booking *a, const struct load_booking *b)
{
	return a->work == b->work && a->source == b->source && a->how == b->how &&
	       a->is_for_member == b->is_for_member;
}

/* What one entry asks of several members of a team is one booking of the team. */
static void
put(struct load *load, struct load_cell *cell, const struct load_booking *booking)
{
	struct load_booking *last = &load->bookings[cell->first + cell->count];

	cell->demand += booking->effort;
	if (cell->count > 0 && is_same(last - 1, booking)) {
		last[-1].effort += booking->effort;
		return;
	}
	*last = *booking;
	cell->count++;
}

static void
count(struct load *load, struct load_cell *cell, const struct load_booking *booking)
{
	(void)load;
	(void)booking;
	cell->count++;
}

static struct load_cell *
cell_of(const struct load *load, uint32_t row, uint32_t column)
{
	return &load->cells[(size_t)row * load->columns_count + column];
}

/* In its own row, in that of the skill that is asked for, of the person's team and of their skills. */
static void
take_raw(struct load *load, const struct raw_booking *raw,
    void (*take)(struct load *load, struct load_cell *cell, const struct load_booking *booking))
{
	const struct giver *giver = &load->givers[raw->row];
	struct load_booking booking = raw->booking;

	take(load, cell_of(load, raw->row, raw->column), &booking);
	booking.is_for_member = true;
	if (raw->skill != NO_ROW)
		take(load, cell_of(load, raw->skill, raw->column), &booking);
	if (giver->home != NO_ROW)
		take(load, cell_of(load, giver->home, raw->column), &booking);
	for (uint32_t i = 0; i < giver->skills_count; i++)
		take(load, cell_of(load, load->skill_rows[giver->skills_first + i], raw->column),
		    &booking);
}

static bool
lay_bookings(struct load *load, size_t cells, struct err *err)
{
	uint32_t first = 0;

	for (size_t i = 0; i < load->raw_count; i++)
		take_raw(load, &load->raw[i], count);
	for (size_t i = 0; i < cells; i++) {
		load->cells[i].first = first;
		first += load->cells[i].count;
		load->cells[i].count = 0;
	}
	load->bookings = index_alloc((size_t)first + 1, sizeof load->bookings[0]);
	load->sorted = calloc(cells + 1, 1);
	if (load->bookings == NULL || load->sorted == NULL)
		return err_oom(err);
	for (size_t i = 0; i < load->raw_count; i++)
		take_raw(load, &load->raw[i], put);
	free(load->raw);
	load->raw = NULL;
	return true;
}

/* ---- all of it */

static bool
lay_table(struct load *load, uint32_t most, struct err *err)
{
	size_t cells;

	if (!load_lay_columns(load, most, err))
		return false;
	cells = (size_t)load->all_rows * load->columns_count;
	free(load->cells);
	load->cells = index_zalloc(cells + 1, sizeof load->cells[0]);
	if (load->cells == NULL)
		return err_oom(err);
	free(load->last.before);
	load->last.before = NULL;
	load->raw_count = load->unplaced_count = load->asks_count = 0;
	load->laid = 0;
	load->too_many = false;
	return load_lay_capacity(load, err) && load_lay_demand(load, err);
}

/* Where there would be more bookings than fit, fewer periods are looked at. */
static bool
run(struct load *load, struct err *err)
{
	uint32_t most = COLUMNS_MAX;

	load->scratch = arena_new(SCRATCH_MAX);
	if (load->scratch == NULL)
		return err_oom(err);
	if (!load_find_skills(load, err) || !load_lay_rows(load, err))
		return false;
	if (load->all_rows > CELLS_MAX / most)
		most = load->all_rows < CELLS_MAX ? CELLS_MAX / load->all_rows : 1;
	for (;;) {
		if (!lay_table(load, most, err))
			return false;
		if (!load->too_many)
			break;
		if (most == 1)
			return err_oom(err);
		most = (most + 3) / 4;
	}
	return lay_bookings(load, (size_t)load->all_rows * load->columns_count, err);
}

static struct load *
run_new(const struct load *how, struct err *err)
{
	struct load *load = malloc(sizeof *load);

	if (load == NULL) {
		err_oom(err);
		return NULL;
	}
	*load = *how;
	if (!run(load, err)) {
		load_free(load);
		return NULL;
	}
	return load;
}

struct load *
load_run(const struct index *ix, index_stop_fn stop, void *arg, struct err *err)
{
	return run_new(&(struct load){.ix = ix, .stop = stop, .arg = arg}, err);
}

struct load *
load_run_asks(const struct index *ix, index_stop_fn stop, void *arg, struct err *err)
{
	return run_new(&(struct load){.ix = ix, .stop = stop, .arg = arg, .keep_asks = true}, err);
}

struct load *
load_run_weeks(const struct index *ix, int32_t from, int32_t to, index_stop_fn stop, void *arg,
    struct err *err)
{
	if (to < from) {
		err_set(err, ERR_INVALID, "the last day is before the first");
		return NULL;
	}
	if ((int64_t)to - from >= 7 * (int64_t)COLUMNS_MAX) {
		err_set(err, ERR_LIMIT, "more than %u weeks: ask for fewer", COLUMNS_MAX);
		return NULL;
	}
	return run_new(&(struct load){.ix = ix,
			   .stop = stop,
			   .arg = arg,
			   .by_week = true,
			   .week_from = from,
			   .week_to = to},
	    err);
}

void
load_free(struct load *load)
{
	if (load == NULL)
		return;
	for (uint32_t i = 0; i < load->calendars_count; i++)
		free(load->calendars[i].holidays);
	for (uint32_t i = 0; i < load->skills_count; i++)
		free(load->skills[i]);
	free(load->skills);
	free(load->skill_rows);
	free(load->capacities);
	arena_free(load->scratch);
	free(load->columns);
	free(load->who);
	free(load->row_of);
	free(load->givers);
	free(load->absences);
	free(load->calendars);
	free(load->calendar_slots);
	free(load->days);
	free(load->cells);
	free(load->raw);
	free(load->bookings);
	free(load->sorted);
	free(load->unplaced);
	free(load->asks);
	free(load->last.before);
	free(load);
}

/* ---- reading */

const struct load_ask *
load_asks(const struct load *load, size_t *count)
{
	*count = load->asks_count;
	return load->asks;
}

uint32_t
load_columns(const struct load *load)
{
	return load->columns_count;
}

uint32_t
load_left_out(const struct load *load)
{
	return load->left_out_before + load->left_out_after;
}

uint32_t
load_period(const struct load *load, uint32_t column)
{
	assert(column < load->columns_count);
	return load->columns[column].period;
}

int32_t
load_first_day(const struct load *load, uint32_t column)
{
	assert(column < load->columns_count);
	return load->columns[column].first;
}

int32_t
load_last_day(const struct load *load, uint32_t column)
{
	assert(column < load->columns_count);
	return load->columns[column].last;
}

uint32_t
load_column_of(const struct load *load, int32_t day)
{
	uint32_t low = 0;
	uint32_t high = load->columns_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (load->columns[middle].first <= day)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && load->columns[low - 1].last >= day ? low - 1 : NO_COLUMN;
}

uint32_t
load_rows(const struct load *load)
{
	return load->rows;
}

uint32_t
load_who(const struct load *load, uint32_t row)
{
	assert(row < load->rows);
	return load->who[row];
}

uint32_t
load_row_of(const struct load *load, uint32_t slot)
{
	assert(slot < load->ix->slots);
	return load->row_of[slot];
}

uint32_t
load_team(const struct load *load, uint32_t row)
{
	assert(row < load->rows);
	return load->givers[row].home != NO_ROW ? load->who[load->givers[row].home] : SLOT_NONE;
}

uint32_t
load_next_member(const struct load *load, uint32_t row)
{
	assert(row < load->rows);
	return load->givers[row].next;
}

const struct load_cell *
load_cell(const struct load *load, uint32_t row, uint32_t column)
{
	assert(row < load->all_rows && column < load->columns_count);
	return cell_of(load, row, column);
}

static int
compare_names(const struct index *ix, uint32_t a, uint32_t b)
{
	return a == b ? 0 : index_compare(ix, a, b);
}

static int
compare_bookings(const void *pa, const void *pb, void *arg)
{
	const struct load_booking *a = pa;
	const struct load_booking *b = pb;
	const struct index *ix = ((const struct load *)arg)->ix;
	int c;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	c = compare_names(ix, a->work, b->work);
	c = c != 0 ? c : compare_names(ix, a->source, b->source);
	if (c == 0 && a->how != b->how)
		c = a->how < b->how ? -1 : 1;
	return c != 0 ? c : (int)a->is_for_member - (int)b->is_for_member;
}

/* Most cells are never opened: they are put in order when somebody looks. */
const struct load_booking *
load_bookings(const struct load *load, const struct load_cell *cell)
{
	struct load_booking *list = load->bookings + cell->first;
	size_t number = (size_t)(cell - load->cells);

	if (load->sorted[number] == 0) {
		qsort_r(
		    list, cell->count, sizeof list[0], compare_bookings, (void *)(uintptr_t)load);
		load->sorted[number] = 1;
	}
	return list;
}

static int
compare_unplaced(const void *pa, const void *pb, void *arg)
{
	const struct load_unplaced *a = pa;
	const struct load_unplaced *b = pb;
	const struct index *ix = ((const struct load *)arg)->ix;
	int c = compare_names(ix, a->work, b->work);

	c = c != 0 ? c : compare_names(ix, a->source, b->source);
	c = c != 0 ? c : (int)a->why - (int)b->why;
	return c != 0 ? c : (a->effort > b->effort) - (a->effort < b->effort);
}

const struct load_unplaced *
load_unplaced(const struct load *load, uint32_t *count)
{
	uint8_t *is_sorted = &load->sorted[(size_t)load->all_rows * load->columns_count];

	if (*is_sorted == 0 && load->unplaced_count > 0)
		qsort_r(load->unplaced, load->unplaced_count, sizeof load->unplaced[0],
		    compare_unplaced, (void *)(uintptr_t)load);
	*is_sorted = 1;
	*count = (uint32_t)load->unplaced_count;
	return load->unplaced;
}
