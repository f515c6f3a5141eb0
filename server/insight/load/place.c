/* On which days effort falls, and so in which columns. */
#include <stdlib.h>

#include "server/insight/load/load_internal.h"

#define BOOKINGS_MAX (UINT32_C(16) << 20)

bool
load_unplace(struct load *load, uint32_t work, uint32_t source, int64_t effort, enum load_why why)
{
	struct load_unplaced *last;
	void *grown = load->unplaced;

	if (load->unplaced_count > 0) {
		last = &load->unplaced[load->unplaced_count - 1];
		if (last->work == work && last->source == source && last->why == why) {
			last->effort += effort;
			return true;
		}
	}
	if (!load_grow(&grown, &load->unplaced_cap, load->unplaced_count, sizeof *last))
		return false;
	load->unplaced = grown;
	load->unplaced[load->unplaced_count++] = (struct load_unplaced){work, source, effort, why};
	return true;
}

/* ---- booking */

/* For a person, and for their team too. */
static bool
book(struct load *load, const struct spot *spot, uint32_t column, int64_t effort)
{
	const struct giver *giver = &load->givers[spot->row];
	void *grown = load->raw;

	if (effort == 0)
		return true;
	load->laid += 1u + (giver->home != NO_ROW) + (spot->skill != NO_ROW) + giver->skills_count;
	if (load->raw_count >= BOOKINGS_MAX || load->laid > 2 * BOOKINGS_MAX) {
		load->too_many = true;
		return true;
	}
	if (!load_grow_big(
		&grown, &load->raw_cap, load->raw_count, sizeof load->raw[0], load->ix->slots / 2))
		return false;
	load->raw = grown;
	load->raw[load->raw_count++] = (struct raw_booking){spot->row, column, spot->skill,
	    {spot->work, spot->source, spot->rank, (uint16_t)spot->how, false, effort}};
	return true;
}

uint32_t
load_first_column(const struct load *load, int32_t day)
{
	uint32_t low = 0;
	uint32_t high = load->columns_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (load->columns[middle].last < day)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- an effort */

static bool
count_days(struct load *load, uint32_t calendar, int32_t start, int32_t finish)
{
	struct days *days = &load->last;
	const struct workdays *w = &load->calendars[calendar];
	uint32_t n = load->columns_count;

	if (days->before == NULL) {
		days->before = malloc(((size_t)n + 1) * 2 * sizeof days->before[0]);
		if (days->before == NULL)
			return false;
		days->until = days->before + n + 1;
	} else if (days->calendar == calendar && days->start == start && days->finish == finish) {
		return true; /* parts of one piece of work mostly have its time */
	}
	*days = (struct days){calendar, start, finish, workdays_count(w, start, finish),
	    load_first_column(load, start), 0, days->before, days->until};
	for (uint32_t c = days->first; c < n && load->columns[c].first <= finish; c++) {
		int32_t last = load->columns[c].last;

		days->before[days->count] = workdays_count(w, start, load->columns[c].first - 1);
		days->until[days->count] = workdays_count(w, start, last < finish ? last : finish);
		days->count++;
	}
	return true;
}

/* Of days that columns share, each counts once; days of periods that were left out are not outside. */
static int64_t
outside(const struct load *load, int64_t effort)
{
	const struct days *days = &load->last;
	const struct workdays *w = &load->calendars[days->calendar];
	uint32_t n = load->columns_count;
	int64_t counted = 0; /* working days up to here are accounted for */
	int64_t end = days->all;
	int64_t sum = 0;

	if (n > 0 && load->left_out_before > 0)
		counted = workdays_count(w, days->start, load->columns[0].first - 1);
	if (n > 0 && load->left_out_after > 0 && days->finish > load->columns[n - 1].last)
		end = workdays_count(w, days->start, load->columns[n - 1].last);
	counted = counted < end ? counted : end;
	for (uint32_t i = 0; i < days->count; i++) {
		if (days->before[i] > counted)
			sum += load_part(effort, days->before[i], days->all) -
			       load_part(effort, counted, days->all);
		counted = days->until[i] > counted ? days->until[i] : counted;
	}
	if (end > counted)
		sum += load_part(effort, end, days->all) - load_part(effort, counted, days->all);
	return sum;
}

/*
 * Evenly over working days, in whole hundredths: what falls on the days up to the end of a column, rounded down, less what
 * fell before it.
 */
bool
load_place_effort(struct load *load, const struct spot *spot, int64_t effort)
{
	const struct days *days = &load->last;
	int64_t placed = 0;
	int64_t rest;

	if (!count_days(load, load->givers[spot->row].calendar, spot->start, spot->finish))
		return false;
	if (days->all == 0)
		return load_unplace(load, spot->work, spot->source, effort, LOAD_NO_WORKING_DAY);
	for (uint32_t i = 0; i < days->count; i++) {
		int64_t here = load_part(effort, days->until[i], days->all) -
			       load_part(effort, days->before[i], days->all);

		if (!book(load, spot, days->first + i, here))
			return false;
		placed += here;
	}
	if (load->by_week)
		return true; /* days of other weeks are on none of those asked for */
	rest = effort - placed;
	if (load->overlap || load->left_out_before > 0 || load->left_out_after > 0)
		rest = outside(load, effort);
	return rest == 0 ||
	       load_unplace(load, spot->work, spot->source, rest, LOAD_OUTSIDE_PERIODS);
}

/* ---- a share */

/* Of what the row can give in a column, to the nearest hundredth. */
static int64_t
share_in(const struct load *load, const struct spot *spot, int32_t share, uint32_t column)
{
	const struct column *c = &load->columns[column];
	int32_t first = c->first > spot->start ? c->first : spot->start;
	int32_t last = c->last < spot->finish ? c->last : spot->finish;
	int64_t gives;

	if (first > last)
		return 0;
	gives = first == c->first && last == c->last
		    ? load_cell(load, spot->row, column)->capacity
		    : load_give(load, spot->row, column, first, last);
	return (gives * share + 5000) / 10000;
}

int64_t
load_share(const struct load *load, const struct spot *spot, int32_t share)
{
	int64_t sum = 0;

	for (uint32_t c = load_first_column(load, spot->start);
	     c < load->columns_count && load->columns[c].first <= spot->finish; c++)
		sum += share_in(load, spot, share, c);
	return sum;
}

/* No column can say how much a share of that time is; those that were left out might. */
static bool
is_outside(const struct load *load, const struct spot *spot)
{
	uint32_t c = load_first_column(load, spot->start);

	return !load->by_week && load->left_out_before == 0 && load->left_out_after == 0 &&
	       (c == load->columns_count || load->columns[c].first > spot->finish);
}

bool
load_place_share(struct load *load, const struct spot *spot, int32_t share, int64_t effort)
{
	int64_t all = load_share(load, spot, share);
	int64_t until = 0;

	if (spot->start > spot->finish)
		return load_unplace(load, spot->work, spot->source, 0, LOAD_NO_WORKING_DAY);
	if (is_outside(load, spot))
		return load_unplace(load, spot->work, spot->source, 0, LOAD_OUTSIDE_PERIODS);
	if (effort == 0)
		return true;
	for (uint32_t c = load_first_column(load, spot->start);
	     c < load->columns_count && load->columns[c].first <= spot->finish; c++) {
		int64_t here = share_in(load, spot, share, c);

		if (here > 0 &&
		    !book(load, spot, c,
			load_part(effort, until + here, all) - load_part(effort, until, all)))
			return false;
		until += here;
	}
	return true;
}

static int32_t
later(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

/* Of a share, by what they can give; of an effort, by working days. */
int64_t
load_allocated_from(
    const struct load *load, const struct load_booking *booking, uint32_t column, int32_t day)
{
	const struct column *c = &load->columns[column];
	uint32_t row = load->row_of[index_target(load->ix, booking->source, ROLE_WHO)];
	int32_t first = index_periods_start(load->ix, booking->source);
	int32_t last = index_periods_end(load->ix, booking->source);
	const struct workdays *w = &load->calendars[load->givers[row].calendar];
	int64_t all, left;

	first = later(c->first, first != DATE_NONE ? first : load_start(load->ix, booking->work));
	last = last != DATE_NONE ? last : load_finish(load->ix, booking->work);
	last = last < c->last ? last : c->last;
	if (day <= first || day > last)
		return day <= first ? booking->effort : 0;
	if (load->ix->items[booking->source]->extra == 1) {
		all = workdays_count(w, first, last);
		left = workdays_count(w, day, last);
	} else {
		all = load_give(load, row, column, first, last);
		left = load_give(load, row, column, day, last);
	}
	return all > 0 ? load_part(booking->effort, left, all) : 0;
}
