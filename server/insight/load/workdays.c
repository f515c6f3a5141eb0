#include "server/insight/load/workdays.h"

#include <stdbool.h>
#include <stdlib.h>

#include "common/calendar.h"

static int
compare_days(const void *pa, const void *pb)
{
	const int32_t *a = pa;
	const int32_t *b = pb;

	return *a < *b ? -1 : *a > *b;
}

static bool
is_in_week(const struct workdays *w, int32_t day)
{
	return (w->week >> (date_weekday(day) - 1) & 1) != 0;
}

void
workdays_settle(struct workdays *w)
{
	size_t kept = 0;

	if (w->holidays_count == 0)
		return;
	qsort(w->holidays, w->holidays_count, sizeof w->holidays[0], compare_days);
	for (size_t i = 0; i < w->holidays_count; i++) {
		if (!is_in_week(w, w->holidays[i]) ||
		    (kept > 0 && w->holidays[kept - 1] == w->holidays[i]))
			continue;
		w->holidays[kept++] = w->holidays[i];
	}
	w->holidays_count = kept;
}

int
workdays_per_week(const struct workdays *w)
{
	return __builtin_popcount(w->week);
}

/* Days of the week that are worked, from Monday 1969-12-29 to the day before that day; below 0 for days before it. */
static int64_t
before(const struct workdays *w, int64_t day)
{
	int64_t days = day + 3;
	int64_t weeks = days >= 0 ? days / 7 : -((-days + 6) / 7);
	unsigned rest = (unsigned)(days - weeks * 7);

	return weeks * workdays_per_week(w) + __builtin_popcount(w->week & ((1u << rest) - 1));
}

static size_t
holidays_before(const struct workdays *w, int64_t day)
{
	size_t low = 0;
	size_t high = w->holidays_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (w->holidays[middle] < day)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int64_t
workdays_count(const struct workdays *w, int32_t first, int32_t last)
{
	int64_t behind = (int64_t)last + 1;

	if (last < first)
		return 0;
	return before(w, behind) - before(w, first) -
	       (int64_t)(holidays_before(w, behind) - holidays_before(w, first));
}
