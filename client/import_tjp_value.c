/* Values of TaskJuggler's language: words, numbers, days, durations, times off and working hours. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/import_tjp_internal.h"

#define DAYS_MAX 36600.0 /* of one duration */

bool
tjp_is_mark(const struct tjp *tj, char mark)
{
	return tj->token.type == TOKEN_MARK && tj->token.text[0] == mark;
}

static bool
tjp_is_word(const struct tjp *tj, const char *word)
{
	return tj->token.type == TOKEN_WORD && strcmp(tj->token.text, word) == 0;
}

static const char *
found(struct tjp *tj)
{
	return tj->token.type == TOKEN_END ? "the end of the file"
					   : tjp_fmt(tj, "\"%.60s\"", tj->token.text);
}

bool
tjp_want_mark(struct tjp *tj, char mark, const char *where)
{
	if (!tjp_is_mark(tj, mark))
		return tjp_refuse(
		    tj, ERR_INVALID, tj->token.at, "%s instead of %c %s", found(tj), mark, where);
	return tjp_next(tj);
}

bool
tjp_word(struct tjp *tj, const char *what, const char **out)
{
	if (tj->token.type != TOKEN_WORD)
		return tjp_refuse(
		    tj, ERR_INVALID, tj->token.at, "%s instead of %s", found(tj), what);
	*out = tjp_fmt(tj, "%s", tj->token.text);
	return !tj->failed && tjp_next(tj);
}

bool
tjp_string(struct tjp *tj, const char *what, const char **out)
{
	if (tj->token.type != TOKEN_STRING)
		return tjp_refuse(
		    tj, ERR_INVALID, tj->token.at, "%s instead of %s in \"\"", found(tj), what);
	*out = tjp_fmt(tj, "%s", tj->token.text);
	return !tj->failed && tjp_next(tj);
}

bool
tjp_number(struct tjp *tj, const char *what, double min, double max, double *out)
{
	if (tj->token.type != TOKEN_NUMBER || tj->token.number < min || tj->token.number > max)
		return tjp_refuse(tj, ERR_INVALID, tj->token.at,
		    "%s instead of %s: a number from %g to %g", found(tj), what, min, max);
	*out = tj->token.number;
	return tjp_next(tj);
}

bool
tjp_date(struct tjp *tj, int32_t *day, bool *within)
{
	if (tj->token.type != TOKEN_DATE)
		return tjp_refuse(
		    tj, ERR_INVALID, tj->token.at, "%s instead of a day as 2026-03-31", found(tj));
	*day = tj->token.day;
	*within = tj->token.minute > 0;
	return tjp_next(tj);
}

/* Days of the unit that the token is; 0: none. */
static double
unit_days(const struct tjp *tj, bool works)
{
	const struct {
		const char *name;
		double passing, working;
	} units[] = {
	    {"min", 1.0 / 1440, 1.0 / 60 / tj->daily_hours},
	    {"h", 1.0 / 24, 1 / tj->daily_hours},
	    {"d", 1, 1},
	    {"w", 7, tj->yearly_days / 365.25 * 7},
	    {"m", 30.4375, tj->yearly_days / 12},
	    {"y", 365.25, tj->yearly_days},
	};

	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (tjp_is_word(tj, units[i].name))
			return works ? units[i].working : units[i].passing;
	return 0;
}

bool
tjp_duration(struct tjp *tj, bool works, double *out)
{
	struct tjp_place at = tj->token.at;
	double number, unit;

	if (!tjp_number(tj, "a duration as 5d", 0, 1e9, &number))
		return false;
	unit = unit_days(tj, works);
	if (unit <= 0)
		return tjp_refuse(tj, ERR_INVALID, tj->token.at,
		    "%s instead of a unit: min, h, d, w, m or y, as in 5d", found(tj));
	/* A week is five working days, not 4.9966 of them: what is off by less than a half per cent is meant to be whole. */
	*out = number * unit;
	if (works && fabs(*out - round(*out)) < 0.001 * *out)
		*out = round(*out);
	if (*out > DAYS_MAX)
		return tjp_refuse(tj, ERR_INVALID, at, "longer than a hundred years");
	return tjp_next(tj);
}

/* The day `months` later, the last one of a shorter month. */
static int32_t
months_later(int32_t day, int months)
{
	int year, month, dom;
	int32_t first, behind;

	date_to_civil(day, &year, &month, &dom);
	month += months - 1;
	first = date_from_civil(year + month / 12, month % 12 + 1, 1);
	month++;
	behind = date_from_civil(year + month / 12, month % 12 + 1, 1);
	return first + dom - 1 < behind ? first + dom - 1 : behind - 1;
}

/* "+4m" behind a day. */
static bool
add_duration(struct tjp *tj, int32_t day, int32_t *behind)
{
	struct tjp_place at = tj->token.at;
	double days, number = tj->token.number;

	if (tj->token.type == TOKEN_NUMBER && number == floor(number) && number <= 1200) {
		if (!tjp_next(tj))
			return false;
		if (tjp_is_word(tj, "m") || tjp_is_word(tj, "y")) {
			*behind = months_later(day, (int)number * (tjp_is_word(tj, "m") ? 1 : 12));
			return tjp_next(tj);
		}
		days = number * unit_days(tj, false);
		if (days <= 0 || days > DAYS_MAX)
			return tjp_refuse(tj, ERR_INVALID, at, "write a duration behind +, as +4m");
		*behind = day + (int32_t)ceil(days);
		return tjp_next(tj);
	}
	if (!tjp_duration(tj, false, &days))
		return false;
	*behind = day + (int32_t)ceil(days);
	return true;
}

bool
tjp_interval(struct tjp *tj, int32_t *first, int32_t *behind)
{
	struct tjp_place at = tj->token.at;
	bool within, open;

	if (!tjp_date(tj, first, &within))
		return false;
	*behind = *first + 1;
	open = within;
	if (tjp_is_mark(tj, '+')) {
		if (!tjp_next(tj) || !add_duration(tj, *first, behind))
			return false;
	} else if (tjp_is_mark(tj, '-')) {
		if (!tjp_next(tj) || !tjp_date(tj, behind, &within))
			return false;
		*behind += within; /* some of that day too */
		open = open || within;
	}
	if (*behind <= *first)
		return tjp_refuse(tj, ERR_INVALID, at,
		    "ends before it starts; days are from the first to the one behind the last");
	if (open)
		tjp_note(tj, TJP_READ_AS, at, "times of day: whole days are taken");
	return true;
}

/* "holiday "Labour day" 2026-05-01 - 2026-05-03, annual …"; without types: "vacation". */
bool
tjp_leaves(struct tjp *tj, bool typed, struct tjp_leave **list)
{
	for (;;) {
		struct tjp_leave *leave = tjp_new(tj, sizeof *leave);
		const char *type = "";
		int32_t behind;

		if (leave == NULL ||
		    (typed && !tjp_word(tj, "a kind of leave (holiday, annual …)", &type)))
			return false;
		leave->note = type;
		if (tj->token.type == TOKEN_STRING && !tjp_string(tj, "a name", &leave->note))
			return false;
		if (!tjp_interval(tj, &leave->first, &behind))
			return false;
		leave->last = behind - 1;
		leave->next = *list;
		*list = leave;
		if (!tjp_is_mark(tj, ','))
			return true;
		if (!tjp_next(tj))
			return false;
	}
}

/* 1 Monday .. 7 Sunday; 0: none of them. */
static int
weekday(const struct tjp *tj)
{
	static const char *const names[] = {"", "mon", "tue", "wed", "thu", "fri", "sat", "sun"};

	for (int i = 1; i <= 7; i++)
		if (tjp_is_word(tj, names[i]))
			return i;
	return 0;
}

/* "mon - fri, sun" */
static bool
weekdays(struct tjp *tj, bool picked[8])
{
	for (;;) {
		int first = weekday(tj), last = first;

		if (first == 0)
			return tjp_refuse(tj, ERR_INVALID, tj->token.at,
			    "%s instead of a day of the week (mon, tue …)", found(tj));
		if (!tjp_next(tj))
			return false;
		if (tjp_is_mark(tj, '-')) {
			if (!tjp_next(tj))
				return false;
			last = weekday(tj);
			if (last == 0)
				return tjp_refuse(tj, ERR_INVALID, tj->token.at,
				    "%s instead of a day of the week (mon, tue …)", found(tj));
			if (!tjp_next(tj))
				return false;
		}
		for (int day = first;; day = day % 7 + 1) {
			picked[day] = true;
			if (day == last)
				break;
		}
		if (!tjp_is_mark(tj, ','))
			return true;
		if (!tjp_next(tj))
			return false;
	}
}

/* "mon - fri 9:00 - 12:00, 13:00 - 18:00", "sat, sun off" */
bool
tjp_working_hours(struct tjp *tj, int32_t minutes[8])
{
	bool picked[8] = {false};
	int32_t sum = 0;

	if (!weekdays(tj, picked))
		return false;
	if (tjp_is_word(tj, "off")) {
		if (!tjp_next(tj))
			return false;
	} else {
		for (bool more = true; more;) {
			int32_t from = tj->token.minute;

			if (tj->token.type != TOKEN_TIME)
				return tjp_refuse(tj, ERR_INVALID, tj->token.at,
				    "%s instead of a time as 9:00, or off", found(tj));
			if (!tjp_next(tj) || !tjp_want_mark(tj, '-', "between two times"))
				return false;
			if (tj->token.type != TOKEN_TIME || tj->token.minute <= from)
				return tjp_refuse(tj, ERR_INVALID, tj->token.at,
				    "%s instead of a later time of the day", found(tj));
			sum += tj->token.minute - from;
			if (!tjp_next(tj))
				return false;
			more = tjp_is_mark(tj, ',');
			if (more && !tjp_next(tj))
				return false;
		}
	}
	if (sum > TJP_MINUTES_A_DAY)
		return tjp_refuse(
		    tj, ERR_INVALID, tj->token.at, "more than 24 working hours on a day");
	for (int day = 1; day <= 7; day++)
		if (picked[day])
			minutes[day] = sum;
	return true;
}
