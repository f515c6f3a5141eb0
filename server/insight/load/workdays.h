/*
 * Working days of a calendar, counted by arithmetic: a span of centuries costs what a week costs.
 */
#ifndef SERVER_INSIGHT_LOAD_WORKDAYS_H
#define SERVER_INSIGHT_LOAD_WORKDAYS_H

#include <stddef.h>
#include <stdint.h>

#define WORKDAYS_MONDAY_TO_FRIDAY 0x1f

struct workdays {
	uint8_t week;      /* bit 0 Monday .. bit 6 Sunday; not 0 */
	int32_t *holidays; /* in order, different, on days of the week that are worked; borrowed */
	size_t holidays_count;
};

/* Brings the holidays into that shape. */
void workdays_settle(struct workdays *w);
/* Days of its week, 1..7. */
int workdays_per_week(const struct workdays *w);
/* How many from first to last, both inclusive; 0 where last is before first. */
int64_t workdays_count(const struct workdays *w, int32_t first, int32_t last);

#endif
