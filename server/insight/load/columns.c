/* Which periods are columns. */
#include <stdlib.h>

#include "server/insight/load/load_internal.h"

struct candidate {
	const struct index *ix;
	struct column column;
};

/* A period comes before all that lie within it; of those with the same days the one named first comes last. */
static int
compare_candidates(const void *pa, const void *pb)
{
	const struct candidate *a = pa;
	const struct candidate *b = pb;

	if (a->column.first != b->column.first)
		return a->column.first < b->column.first ? -1 : 1;
	if (a->column.last != b->column.last)
		return a->column.last > b->column.last ? -1 : 1;
	return index_compare(a->ix, b->column.period, a->column.period);
}

/* Leaves the finest, in order of both their days. */
static uint32_t
keep_finest(struct candidate *list, uint32_t count)
{
	int32_t earliest = INT32_MAX; /* last day of those behind */
	uint32_t kept = count;

	qsort(list, count, sizeof list[0], compare_candidates);
	for (uint32_t i = count; i-- > 0;) {
		if (list[i].column.last >= earliest)
			continue;
		earliest = list[i].column.last;
		list[--kept] = list[i];
	}
	for (uint32_t i = kept; i < count; i++)
		list[i - kept] = list[i];
	return count - kept;
}

/* Some of the past, and then what comes. */
static void
take(struct load *load, const struct candidate *list, uint32_t count, uint32_t most)
{
	uint32_t past = 0;
	uint32_t first;
	uint32_t room = count < most ? count : most;

	while (past < count && list[past].column.last < load->ix->today)
		past++;
	first = past > most / 4 ? past - most / 4 : 0;
	if (first + room > count)
		first = count - room;
	load->overlap = false;
	for (uint32_t i = 0; i < room; i++) {
		load->columns[i] = list[first + i].column;
		load->overlap |= i > 0 && load->columns[i].first <= load->columns[i - 1].last;
	}
	load->columns_count = room;
	load->left_out_before = first;
	load->left_out_after = count - room - first;
}

/* The Monday of its week; day 0, 1970-01-01, is a Thursday. */
static int32_t
monday_of(int32_t day)
{
	return day - (int32_t)((((int64_t)day + 3) % 7 + 7) % 7);
}

/* From the first to the last day of all periods and of what is asked for; of too many those from there on. */
static void
take_weeks(struct load *load, const struct candidate *list, uint32_t count, uint32_t most)
{
	int32_t first = load->week_from;
	int32_t last = load->week_to;
	int64_t weeks;

	for (uint32_t i = 0; i < count; i++) {
		first = list[i].column.first < first ? list[i].column.first : first;
		last = list[i].column.last > last ? list[i].column.last : last;
	}
	first = monday_of(first);
	weeks = ((int64_t)monday_of(last) - first) / 7 + 1;
	if (weeks > most) {
		first = monday_of(load->week_from);
		weeks = ((int64_t)monday_of(last) - first) / 7 + 1;
	}
	load->columns_count = weeks < most ? (uint32_t)weeks : most;
	for (uint32_t i = 0; i < load->columns_count; i++) {
		int32_t monday = first + 7 * (int32_t)i;

		load->columns[i] = (struct column){SLOT_NONE, monday, monday + 6};
	}
	last = first + 7 * (int32_t)load->columns_count - 1;
	load->left_out_after =
	    load->week_to > last ? ((uint32_t)(load->week_to - last) + 6) / 7 : 0;
}

bool
load_lay_columns(struct load *load, uint32_t most, struct err *err)
{
	uint32_t count;
	const uint32_t *slots = index_kind(load->ix, KIND_PERIOD, &count);
	struct candidate *list = malloc(((size_t)count + 1) * sizeof list[0]);
	uint32_t n = 0;

	free(load->columns);
	load->columns = malloc(((size_t)most + 1) * sizeof load->columns[0]);
	if (list == NULL || load->columns == NULL) {
		free(list);
		return err_oom(err);
	}
	for (uint32_t i = 0; i < count; i++) {
		const struct item *item = load->ix->items[slots[i]];

		if (item->start == DATE_NONE || item->finish < item->start)
			continue;
		list[n++] = (struct candidate){load->ix, {slots[i], item->start, item->finish}};
	}
	if (load->by_week)
		take_weeks(load, list, n, most);
	else
		take(load, list, keep_finest(list, n), most);
	free(list);
	return true;
}
