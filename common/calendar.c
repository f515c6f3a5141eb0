/*
 * See calendar.h. Civil days from and to dates by Howard Hinnant's "chrono-compatible low-level
 * date algorithms" (days_from_civil, civil_from_days): eras of 400 years, years that begin in
 * March.
 */
#include "common/calendar.h"

#include <stdio.h>
#include <string.h>

#define SECOND_US   INT64_C(1000000)
#define ERA_DAYS    146097
#define EPOCH_SHIFT 719468    /* days from 0000-03-01 to 1970-01-01 */
#define DATE_CHARS  10        /* "2026-03-31" */
#define FIRST_DATE  (-719162) /* 0001-01-01 */
#define LAST_DATE   2932896   /* 9999-12-31 */

int32_t
date_from_civil(int year, int month, int day)
{
	int y = month <= 2 ? year - 1 : year;
	int era = (y >= 0 ? y : y - 399) / 400;
	int year_of_era = y - era * 400;
	int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return (int32_t)((int64_t)era * ERA_DAYS + day_of_era - EPOCH_SHIFT);
}

void
date_to_civil(int32_t date, int *year, int *month, int *day)
{
	int64_t z = (int64_t)date + EPOCH_SHIFT;
	int64_t era = (z >= 0 ? z : z - (ERA_DAYS - 1)) / ERA_DAYS;
	int day_of_era = (int)(z - era * ERA_DAYS);
	int year_of_era =
	    (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int shifted = (5 * day_of_year + 2) / 153; /* months since March */

	*day = day_of_year - (153 * shifted + 2) / 5 + 1;
	*month = shifted < 10 ? shifted + 3 : shifted - 9;
	*year = (int)(year_of_era + era * 400) + (*month <= 2);
}

int32_t
date_after_months(int32_t start, int months)
{
	int year, month, day;
	int32_t first, next;

	date_to_civil(start, &year, &month, &day);
	month += months - 1;
	year += month / 12;
	month = month % 12 + 1;
	first = date_from_civil(year, month, 1);
	next = month == 12 ? date_from_civil(year + 1, 1, 1) : date_from_civil(year, month + 1, 1);
	return first + day - 1 < next ? first + day - 1 : next;
}

int
date_months_within(int32_t start, int32_t finish)
{
	int y1, m1, d1, y2, m2, d2;
	int months;

	date_to_civil(start, &y1, &m1, &d1);
	date_to_civil(finish, &y2, &m2, &d2);
	months = (y2 - y1) * 12 + m2 - m1 + 1;
	while (months > 0 && date_after_months(start, months) - 1 > finish)
		months--;
	return months;
}

int
date_weekday(int32_t date)
{
	/* 1970-01-01 was a Thursday. */
	return (int)((((int64_t)date + 3) % 7 + 7) % 7) + 1;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

/* n digits at *text, which moves past them; -1 if they aren't all digits. */
static int
take_digits(const char **text, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		char c = (*text)[i];

		if (c < '0' || c > '9')
			return -1;
		value = value * 10 + (c - '0');
	}
	*text += n;
	return value;
}

static bool
take_char(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

static bool
take_date(const char **text, int32_t *out)
{
	int year, month, day;

	year = take_digits(text, 4);
	if (year < 1 || !take_char(text, '-'))
		return false;
	month = take_digits(text, 2);
	if (month < 1 || month > 12 || !take_char(text, '-'))
		return false;
	day = take_digits(text, 2);
	if (day < 1 || day > days_in_month(year, month))
		return false;
	*out = date_from_civil(year, month, day);
	return true;
}

bool
date_parse(const char *text, int32_t *out)
{
	int32_t date;

	if (!take_date(&text, &date) || *text != '\0')
		return false;
	*out = date;
	return true;
}

int32_t
date_or(const char *text, int32_t otherwise)
{
	int32_t date;

	return date_parse(text, &date) ? date : otherwise;
}

int
date_compare(int32_t a, int32_t b)
{
	if (a == DATE_NONE || b == DATE_NONE)
		return (a == DATE_NONE) - (b == DATE_NONE);
	return (a > b) - (a < b);
}

char *
date_format(int32_t date, char *buf)
{
	int year, month, day;

	buf[0] = '\0';
	if (date == DATE_NONE)
		return buf;
	/*
	 * No stored date lies outside; a computed one is shown as the nearest that can be written.
	 */
	if (date < FIRST_DATE)
		date = FIRST_DATE;
	if (date > LAST_DATE)
		date = LAST_DATE;
	date_to_civil(date, &year, &month, &day);
	for (int i = 3; i >= 0; i--, year /= 10)
		buf[i] = (char)('0' + year % 10);
	buf[4] = '-';
	buf[5] = (char)('0' + month / 10);
	buf[6] = (char)('0' + month % 10);
	buf[7] = '-';
	buf[8] = (char)('0' + day / 10);
	buf[9] = (char)('0' + day % 10);
	buf[10] = '\0';
	return buf;
}

/* "17:05:00" or "17:05:00.123456", in microseconds of the day. */
static bool
take_clock(const char **text, int64_t *out)
{
	int hour, minute, second, digit;
	int64_t unit = SECOND_US;
	int64_t time;

	hour = take_digits(text, 2);
	if (hour < 0 || hour > 23 || !take_char(text, ':'))
		return false;
	minute = take_digits(text, 2);
	if (minute < 0 || minute > 59 || !take_char(text, ':'))
		return false;
	/*
	 * RFC 3339 knows leap seconds; a log of microseconds has no place for one, so 60 is
	 * refused.
	 */
	second = take_digits(text, 2);
	if (second < 0 || second > 59)
		return false;
	time = ((int64_t)hour * 3600 + minute * 60 + second) * SECOND_US;
	if (take_char(text, '.')) {
		if (**text < '0' || **text > '9')
			return false;
		while (unit > 1 && (digit = take_digits(text, 1)) >= 0) {
			unit /= 10;
			time += digit * unit;
		}
	}
	*out = time;
	return true;
}

/* "Z" or "+02:00", in microseconds to the east of UTC. */
static bool
take_offset(const char **text, int64_t *out)
{
	int64_t sign = **text == '-' ? -1 : 1;
	int hour, minute;

	if (take_char(text, 'Z') || take_char(text, 'z')) {
		*out = 0;
		return true;
	}
	if (!take_char(text, '+') && !take_char(text, '-'))
		return false;
	hour = take_digits(text, 2);
	if (hour < 0 || hour > 23 || !take_char(text, ':'))
		return false;
	minute = take_digits(text, 2);
	if (minute < 0 || minute > 59)
		return false;
	*out = sign * ((int64_t)hour * 60 + minute) * 60 * SECOND_US;
	return true;
}

bool
time_parse(const char *text, int64_t *out)
{
	int32_t date;
	int64_t clock, offset, time;

	if (!take_date(&text, &date) || (*text != 'T' && *text != 't' && *text != ' '))
		return false;
	text++;
	if (!take_clock(&text, &clock) || !take_offset(&text, &offset) || *text != '\0')
		return false;
	time = (int64_t)date * DAY_US + clock - offset;
	/* An offset may lead out of the years that can be written. */
	if (time < FIRST_DATE * DAY_US || time >= (LAST_DATE + INT64_C(1)) * DAY_US)
		return false;
	*out = time;
	return true;
}

bool
time_or_date_parse(const char *text, int64_t *out)
{
	int32_t date;

	if (date_parse(text, &date)) {
		*out = (int64_t)date * DAY_US;
		return true;
	}
	return time_parse(text, out);
}

/* By hand: every reply has times in it, and snprintf() takes as long as all the rest. */
static char *
put_digits(char *at, char before, int number, int digits)
{
	*at = before;
	for (int i = digits; i > 0; i--, number /= 10)
		at[i] = (char)('0' + number % 10);
	return at + digits + 1;
}

char *
time_format(int64_t time_us, char *buf)
{
	int64_t day = time_us / DAY_US - (time_us % DAY_US < 0);
	int64_t rest = time_us % DAY_US + (time_us % DAY_US < 0 ? DAY_US : 0);
	int second = (int)(rest / SECOND_US);
	char *at = buf + DATE_CHARS;
	int micros;

	if (day < FIRST_DATE || day > LAST_DATE) {
		rest = 0;
		second = 0;
		day = day < 0 ? FIRST_DATE : LAST_DATE;
	}
	micros = (int)(rest % SECOND_US);
	date_format((int32_t)day, buf);
	at = put_digits(at, 'T', second / 3600, 2);
	at = put_digits(at, ':', second / 60 % 60, 2);
	at = put_digits(at, ':', second % 60, 2);
	if (micros != 0) {
		at = put_digits(at, '.', micros, 6);
		while (at[-1] == '0')
			at--;
	}
	memcpy(at, "Z", 2);
	return buf;
}
