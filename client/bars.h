/*
 * Bars in the columns of a terminal: days of work with whiskers, and how far something is. Unicode, or ASCII where the
 * locale asks for it.
 */
#ifndef CLIENT_BARS_H
#define CLIENT_BARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/calendar.h"

struct str;

#define BARS_BEYOND INT32_MAX /* a day behind the last one, whichever */

/* Does the locale ($LC_ALL, $LC_CTYPE, $LANG) name another encoding than UTF-8? */
bool bars_ascii(void);

/* The days that a row of columns stands for. */
struct bars {
	int32_t first;
	int32_t last;
	size_t width; /* columns, 1 to 4,096 */
	bool ascii;
};

/* Days may be DATE_NONE: there is none. What lies outside of the axis is cut off; BARS_BEYOND gets an arrow. */
struct bar {
	int32_t start;
	int32_t finish; /* the last day, inclusive; BARS_BEYOND: not finished */
	int32_t due;
	int32_t p50; /* the whisker: from p50 by way of p80 to p95 */
	int32_t p80;
	int32_t p95;
};
#define BAR_INIT ((struct bar){DATE_NONE, DATE_NONE, DATE_NONE, DATE_NONE, DATE_NONE, DATE_NONE})

/* The column of a day, cut to the axis. */
size_t bars_column(const struct bars *axis, int32_t day);
/* "  ████├─┼───┤  ◆ ": as many columns as the axis has. */
void bars_row(struct str *out, const struct bars *axis, const struct bar *bar);
/* "2026-04   2026-05   ": dates where they begin, as many as there is room for, in as many columns. */
void bars_dates(struct str *out, const struct bars *axis);
/* What the marks mean, in a line of words. */
const char *bars_legend(const struct bars *axis, bool whiskers);
/* "███████▌······": a share, 0..1. */
void bars_share(struct str *out, size_t width, double share, bool ascii);

#endif
