/* Days, and quarters by name. A day that may be two is none; a fiscal quarter has days only where the document says so. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/import_okr_internal.h"
#include "common/calendar.h"

static const char *const months[] = {
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const month_names[] = {"january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december"};

/* ---- days --------------------------------------------------------------------------------------------------- */

static const char *
write_day(struct okr *okr, int year, int month, int day)
{
	char text[48];
	int32_t date;

	if (year >= 0 && year < 100)
		year += 2000;
	if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31)
		return "";
	snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
	return date_parse(text, &date) ? okr_fmt(okr, "%s", text) : "";
}

/* The month whose name begins at p: 1..12 and what is behind; 0. */
static int
month_at(const char *p, const char **after)
{
	for (int i = 0; i < 12; i++) {
		size_t len = strlen(month_names[i]);

		if (strncasecmp(p, month_names[i], len) != 0) {
			len = 3;
			if (strncasecmp(p, months[i], 3) != 0)
				continue;
		}
		if (isalpha((unsigned char)p[len]))
			continue;
		*after = p + len;
		return i + 1;
	}
	return 0;
}

/* Digits at *p and what separates them from the next part; -1. */
static int
number_part(const char **p, size_t max)
{
	size_t len = strspn(*p, "0123456789");
	int value;

	if (len == 0 || len > max)
		return -1;
	value = (int)strtol(*p, NULL, 10);
	*p += len;
	return value;
}

/* "March 31, 2026", "Mar 31 2026" */
static const char *
named_first(struct okr *okr, const char *text, const char **end)
{
	const char *p;
	int month = month_at(text, &p), day, year;

	if (month == 0)
		return "";
	p += strspn(p, ". ");
	day = number_part(&p, 2);
	if (strncasecmp(p, "st", 2) == 0 || strncasecmp(p, "nd", 2) == 0 ||
	    strncasecmp(p, "rd", 2) == 0 || strncasecmp(p, "th", 2) == 0)
		p += 2;
	p += strspn(p, ", ");
	year = number_part(&p, 4);
	*end = p;
	return year >= 1000 ? write_day(okr, year, month, day) : "";
}

/* "31/Mar/26", "31 March 2026", "31-Mar-2026" */
static const char *
named_second(struct okr *okr, const char *text, const char **end)
{
	const char *p = text;
	int day = number_part(&p, 2), month, year;

	if (day < 0)
		return "";
	p += strspn(p, "/-. ");
	month = month_at(p, &p);
	if (month == 0)
		return "";
	p += strspn(p, "/-., ");
	year = number_part(&p, 4);
	*end = p;
	return year >= 0 ? write_day(okr, year, month, day) : "";
}

static const char *
numeric(struct okr *okr, const char *text, const char **end)
{
	const char *p = text;
	int a = number_part(&p, 4), b, c;
	char mark = *p;

	if (a < 0 || (mark != '-' && mark != '.' && mark != '/'))
		return "";
	p++;
	b = number_part(&p, 2);
	if (b < 0 || *p != mark)
		return "";
	p++;
	c = number_part(&p, 4);
	*end = p;
	if (a > 31) /* 2026-03-31, 2026/03/31 */
		return write_day(okr, a, b, c);
	if (c < 1000)
		return "";
	if (mark == '.') /* 31.03.2026 */
		return write_day(okr, c, b, a);
	/* 03/31/2026 and 31/03/2026 are sure; 03/04/2026 is not. */
	if (a > 12 && b <= 12)
		return write_day(okr, c, b, a);
	if (b > 12 && a <= 12)
		return write_day(okr, c, a, b);
	return a == b ? write_day(okr, c, a, b) : "";
}

static const char *
day_at(struct okr *okr, const char *text, const char **end)
{
	const char *day = numeric(okr, text, end);

	if (*day == '\0')
		day = named_first(okr, text, end);
	if (*day == '\0')
		day = named_second(okr, text, end);
	return day;
}

const char *
okr_day(struct okr *okr, const char *text)
{
	const char *end = text;
	const char *day = day_at(okr, text, &end);

	/* A time of day may follow. */
	end += strspn(end, " T");
	if (*end != '\0' && end[strspn(end, "0123456789:.+-ZAPMapm ")] != '\0')
		return "";
	return day;
}

/* ---- periods -------------------------------------------------------------------------------------------------- */

/* What a name says of a period. */
struct named {
	int year;
	int part; /* 1..4 of quarters, 1..2 of halves, 0 the year */
	bool half;
	bool fiscal;
};

/* "2026", "26" (only with more), "FY26", "'26" */
static const char *
year_at(const char *p, struct named *named, bool short_too)
{
	const char *start = p;
	bool fiscal = strncasecmp(p, "fy", 2) == 0;
	int year;
	size_t len;

	if (fiscal)
		p += 2 + strspn(p + 2, " -'");
	else if (*p == '\'' && short_too)
		p++;
	len = strspn(p, "0123456789");
	if ((len != 4 && len != 2) || (len == 2 && !fiscal && !short_too) ||
	    isalpha((unsigned char)p[len]) != 0)
		if (!(len == 4 || len == 2) || toupper((unsigned char)p[len]) != 'Q')
			return NULL;
	if (len == 2 && !fiscal && p == start)
		return NULL;
	year = (int)strtol(p, NULL, 10);
	if (len == 2)
		year += 2000;
	if (year < 1990 || year > 2100)
		return NULL;
	named->year = year;
	named->fiscal = fiscal;
	return p + len;
}

static const char *
part_at(const char *p, struct named *named)
{
	bool half = toupper((unsigned char)*p) == 'H';

	if ((!half && toupper((unsigned char)*p) != 'Q') || p[1] < '1' ||
	    p[1] > (half ? '2' : '4') || isdigit((unsigned char)p[2]))
		return NULL;
	named->half = half;
	named->part = p[1] - '0';
	return p + 2;
}

/* The period whose name begins at p; answers what is behind it, NULL: none. */
static const char *
period_at(const char *p, struct named *named)
{
	const char *after, *next;

	*named = (struct named){0};
	after = part_at(p, named);
	if (after != NULL) {
		next = year_at(after + strspn(after, " -/_"), named, true);
		return next;
	}
	after = year_at(p, named, false);
	if (after == NULL)
		return NULL;
	next = part_at(after + strspn(after, " -/_"), named);
	return next != NULL ? next : after;
}

/* Where in text a period is named, all of it or (loose) some of it. */
static const char *
find_period(const char *text, bool loose, struct named *named, const char **end)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (p > text && isalnum((unsigned char)p[-1]))
			continue;
		*end = period_at(p, named);
		/* A bare year within a text may be any number. */
		if (*end != NULL && !isalnum((unsigned char)**end) &&
		    (named->part > 0 || named->fiscal || (p == text && **end == '\0')))
			return p;
		if (!loose)
			break;
	}
	return NULL;
}

static void
set_days(struct okr *okr, struct okr_period *period, const struct named *named)
{
	int length = named->part == 0 ? 12 : named->half ? 6 : 3;
	int first = named->part == 0 ? 1 : (named->part - 1) * length + 1;
	int last = first + length - 1;
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (named->fiscal)
		return;
	period->first_day = write_day(okr, named->year, first, 1);
	period->last_day = write_day(okr, named->year, last, days[last - 1]);
}

struct okr_period *
okr_period(struct okr *okr, const char *text, bool loose)
{
	struct named named;
	const char *end, *name;
	struct okr_period *period;

	while (*text == ' ')
		text++;
	if (find_period(text, loose, &named, &end) == NULL || (!loose && *end != '\0'))
		return NULL;
	if (named.part == 0)
		name = okr_fmt(okr, named.fiscal ? "FY%02d" : "%04d",
		    named.fiscal ? named.year % 100 : named.year);
	else
		name = okr_fmt(okr, named.fiscal ? "FY%02d %c%d" : "%04d %c%d",
		    named.fiscal ? named.year % 100 : named.year, named.half ? 'H' : 'Q',
		    named.part);
	period = refmap_get(okr->periods, name);
	if (period != NULL || okr->failed)
		return period;
	period = arena_zalloc(okr->arena, sizeof *period);
	if (period == NULL || !refmap_put(okr->periods, name, period)) {
		okr_oom(okr);
		return NULL;
	}
	*period = (struct okr_period){.name = name, .id = "", .first_day = "", .last_day = ""};
	set_days(okr, period, &named);
	return period;
}

const char *
okr_without_period(struct okr *okr, const char *text)
{
	struct named named;
	const char *end, *start = find_period(text, true, &named, &end);
	size_t head;

	if (start == NULL)
		return text;
	head = (size_t)(start - text);
	while (head > 0 && strchr(" -:,(|", text[head - 1]) != NULL)
		head--;
	while (*end != '\0' && strchr(" -:,)|", *end) != NULL)
		end++;
	return okr_cut(okr, okr_fmt(okr, "%.*s %s", (int)head, text, end), head + 1 + strlen(end));
}

/* "… from November 1, 2019 to January 31, 2020." */
static bool
stated_days(struct okr *okr, const char *text, const char **first, const char **last)
{
	for (const char *p = strcasestr(text, "from "); p != NULL; p = strcasestr(p + 1, "from ")) {
		const char *end;

		*first = day_at(okr, p + 5, &end);
		if (**first == '\0')
			continue;
		end += strspn(end, " ,");
		if (strncasecmp(end, "to ", 3) == 0)
			end += 3;
		else if (strncasecmp(end, "until ", 6) == 0)
			end += 6;
		else
			continue;
		*last = day_at(okr, end, &end);
		if (**last != '\0' && strcmp(*first, *last) < 0)
			return true;
	}
	return false;
}

bool
okr_states_days(struct okr *okr, const char *text)
{
	const char *first, *last;

	return stated_days(okr, text, &first, &last);
}

void
okr_settle_periods(struct okr *okr)
{
	struct okr_period *only = NULL;
	const char *first, *last;

	/* Only where there is one period, so that nobody can be wrong about which is meant. */
	if (refmap_count(okr->periods) != 1 || *okr->stated_days == '\0' ||
	    !stated_days(okr, okr->stated_days, &first, &last))
		return;
	for (const struct okr_node *node = okr->nodes; node != NULL && only == NULL;
	     node = node->next) {
		const struct okr_fact *fact = okr_said(node, FIELD_PERIOD);

		if (fact != NULL)
			only = okr_period(okr, fact->text, true);
	}
	if (only == NULL || *only->first_day != '\0')
		return;
	only->first_day = first;
	only->last_day = last;
}

const char *
okr_middle(struct okr *okr, const struct okr_period *period)
{
	char text[DATE_TEXT_LEN];
	int32_t first, last;

	if (!date_parse(period->first_day, &first) || !date_parse(period->last_day, &last))
		return "";
	return okr_fmt(okr, "%s", date_format(first + (last - first) / 2, text));
}
