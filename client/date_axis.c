#include "client/date_axis.h"

#include <stddef.h>
#include <stdio.h>

#include "common/calendar.h"

#define MONTH_DAYS 30

static const struct date_axis steps[] = {{1, 0}, {7, 0}, {0, 1}, {0, 2}, {0, 3}, {0, 6}, {0, 12},
    {0, 24}, {0, 60}, {0, 120}, {0, 300}, {0, 600}, {0, 1200}, {0, 12000}};

struct date_axis
date_axis_choose(int32_t first, int32_t last, int labels)
{
	size_t i = 0;
	int64_t span = (int64_t)last - first;

	while (i + 1 < sizeof steps / sizeof steps[0]) {
		int64_t days = steps[i].days > 0 ? steps[i].days : steps[i].months * MONTH_DAYS;

		if (span / days + 1 <= labels)
			break;
		i++;
	}
	return steps[i];
}

/* Months since January of year 0; the first day of such a month. */
static int32_t
first_of_month(int month)
{
	return date_from_civil(month / 12, month % 12 + 1, 1);
}

int32_t
date_axis_at(const struct date_axis *axis, int32_t day)
{
	int year, month, of_month;
	int32_t place;

	if (axis->days == 1)
		return day;
	if (axis->days == 7)
		return day + (8 - date_weekday(day)) % 7;
	date_to_civil(day, &year, &month, &of_month);
	month = (year * 12 + month - 1) / axis->months * axis->months;
	place = first_of_month(month);
	return place < day ? first_of_month(month + axis->months) : place;
}

int32_t
date_axis_next(const struct date_axis *axis, int32_t place)
{
	return date_axis_at(axis, place + 1);
}

char *
date_axis_label(const struct date_axis *axis, int32_t place, char *buf)
{
	int year, month, day;

	date_to_civil(place, &year, &month, &day);
	if (axis->days > 0)
		snprintf(buf, DATE_AXIS_LABEL_LEN, "%02u-%02u", (unsigned)month % 100,
		    (unsigned)day % 100);
	else if (axis->months < 12)
		snprintf(buf, DATE_AXIS_LABEL_LEN, "%04u-%02u", (unsigned)year % 10000,
		    (unsigned)month % 100);
	else
		snprintf(buf, DATE_AXIS_LABEL_LEN, "%04u", (unsigned)year % 10000);
	return buf;
}
