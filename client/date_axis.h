/*
 * Where the dates of an axis stand: the finest of a row of round distances (days, weeks, months, years) that there is
 * room for. For bars in the terminal and for pictures.
 */
#ifndef CLIENT_DATE_AXIS_H
#define CLIENT_DATE_AXIS_H

#include <stdint.h>

#define DATE_AXIS_LABEL_LEN 12 /* "2026-04-13" and NUL */

struct date_axis {
	int days;   /* 1, or 7: Mondays; 0: months */
	int months; /* first days of every so many, counted from January of year 0 */
};

/* So that first..last has at most labels of them (or the coarsest there is). */
struct date_axis date_axis_choose(int32_t first, int32_t last, int labels);
/* The first place at or behind that day. */
int32_t date_axis_at(const struct date_axis *axis, int32_t day);
int32_t date_axis_next(const struct date_axis *axis, int32_t place);
/* "04-13", "2026-04" or "2026". Returns buf of DATE_AXIS_LABEL_LEN bytes. */
char *date_axis_label(const struct date_axis *axis, int32_t place, char *buf);

#endif
