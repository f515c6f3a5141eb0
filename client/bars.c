#include "client/bars.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/date_axis.h"
#include "common/calendar.h"
#include "common/str.h"

#define LABEL_ROOM 9 /* columns of a date, and between it and the next */
#define WIDTH_MAX  4096u

bool
bars_ascii(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *value = getenv(names[i]);

		if (value && value[0])
			return !strcasestr(value, "utf-8") && !strcasestr(value, "utf8");
	}
	return false;
}

/* ---- bars of days */

enum mark { MARK_NONE, MARK_BAR, MARK_LINE, MARK_P50, MARK_P80, MARK_P95, MARK_DUE, MARK_ARROW };

static const char *const marks[] = {" ", "\xe2\x96\x88", "\xe2\x94\x80", "\xe2\x94\x9c",
    "\xe2\x94\xbc", "\xe2\x94\xa4", "\xe2\x97\x86", "\xe2\x96\xb6"};
static const char *const ascii_marks[] = {" ", "#", "-", "[", "+", "]", "D", ">"};

static size_t
width_of(const struct bars *axis)
{
	return axis->width < 1 ? 1 : axis->width > WIDTH_MAX ? WIDTH_MAX : axis->width;
}

size_t
bars_column(const struct bars *axis, int32_t day)
{
	int64_t days = (int64_t)axis->last - axis->first + 1;
	size_t width = width_of(axis);

	if (day <= axis->first || days <= 0)
		return 0;
	if (day >= axis->last)
		return width - 1;
	return (size_t)(((int64_t)day - axis->first) * (int64_t)width / days);
}

static bool
is_on(const struct bars *axis, int32_t day)
{
	return day != DATE_NONE && day >= axis->first && day <= axis->last;
}

static void
put(unsigned char *cells, const struct bars *axis, int32_t day, enum mark mark)
{
	if (is_on(axis, day))
		cells[bars_column(axis, day)] = (unsigned char)mark;
}

static void
put_span(unsigned char *cells, const struct bars *axis, int32_t from, int32_t to, enum mark mark)
{
	if (from == DATE_NONE || to == DATE_NONE || to < axis->first || from > axis->last)
		return;
	for (size_t i = bars_column(axis, from); i <= bars_column(axis, to); i++)
		cells[i] = (unsigned char)mark;
}

void
bars_row(struct str *out, const struct bars *axis, const struct bar *bar)
{
	const char *const *of = axis->ascii ? ascii_marks : marks;
	unsigned char cells[WIDTH_MAX] = {MARK_NONE};

	put_span(cells, axis, bar->start, bar->finish, MARK_BAR);
	put_span(cells, axis, bar->p50, bar->p95, MARK_LINE);
	put(cells, axis, bar->p95, MARK_P95);
	put(cells, axis, bar->p80, MARK_P80);
	put(cells, axis, bar->p50, MARK_P50);
	put(cells, axis, bar->due, MARK_DUE);
	if ((bar->finish == BARS_BEYOND && bar->start != DATE_NONE) || bar->p95 == BARS_BEYOND)
		put(cells, axis, axis->last, MARK_ARROW);
	for (size_t i = 0; i < width_of(axis); i++)
		str_add(out, of[cells[i]]);
}

void
bars_dates(struct str *out, const struct bars *axis)
{
	size_t width = width_of(axis);
	struct date_axis dates =
	    date_axis_choose(axis->first, axis->last, (int)(width / LABEL_ROOM));
	int32_t place = date_axis_at(&dates, axis->first);
	char label[DATE_AXIS_LABEL_LEN];
	size_t at = 0;

	for (; place <= axis->last; place = date_axis_next(&dates, place)) {
		size_t column = bars_column(axis, place);
		size_t len = strlen(date_axis_label(&dates, place, label));

		if (column + len > width || (at > 0 && column <= at))
			continue;
		for (; at < column; at++)
			str_add_char(out, ' ');
		str_add(out, label);
		at += len;
	}
	for (; at < width; at++)
		str_add_char(out, ' ');
}

const char *
bars_legend(const struct bars *axis, bool whiskers)
{
	if (axis->ascii)
		return whiskers ? "[ + ] finished with 50, 80, 95 %, D due, > later"
				: "# worked on, D due, > not finished";
	return whiskers ? "\xe2\x94\x9c\xe2\x94\xbc\xe2\x94\xa4 finished "
			  "with 50, 80, 95 %, \xe2\x97\x86 due, \xe2\x96\xb6 later"
			: "\xe2\x96\x88 worked on, \xe2\x97\x86 due, \xe2\x96\xb6 not finished";
}

/* ---- shares */

void
bars_share(struct str *out, size_t width, double share, bool ascii)
{
	static const char *const eighths[] = {"", "\xe2\x96\x8f", "\xe2\x96\x8e", "\xe2\x96\x8d",
	    "\xe2\x96\x8c", "\xe2\x96\x8b", "\xe2\x96\x8a", "\xe2\x96\x89"};
	double part = !(share > 0) ? 0 : share > 1 ? 1 : share;
	size_t done = (size_t)(part * (double)width * 8);
	size_t i;

	for (i = 0; i < done / 8; i++)
		str_add(out, ascii ? "#" : "\xe2\x96\x88");
	if (!ascii && done % 8 > 0) {
		str_add(out, eighths[done % 8]);
		i++;
	}
	for (; i < width; i++)
		str_add(out, ascii ? "." : "\xc2\xb7");
}
