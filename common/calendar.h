/*
 * Civil dates as days, times as microseconds, and time zones; proleptic Gregorian [ISO 8601].
 *
 * No clock is read here: "now" and "today" are always parameters.
 */
#ifndef COMMON_CALENDAR_H
#define COMMON_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

#define DATE_NONE     INT32_MIN
#define DATE_TEXT_LEN 11 /* "2026-03-31" and NUL */
#define TIME_TEXT_LEN 28 /* "2026-03-31T17:05:00.123456Z" and NUL */
#define DAY_US        INT64_C(86400000000)

/* Days since 1970-01-01. "YYYY-MM-DD", years 0001..9999, a day that exists. */
bool date_parse(const char *text, int32_t *out) MUST_CHECK;
/* The date; otherwise what is given, for "" too. */
int32_t date_or(const char *text, int32_t otherwise);
/* buf has DATE_TEXT_LEN bytes; DATE_NONE writes "". Returns buf. */
char *date_format(int32_t date, char *buf);
/* Order of days, DATE_NONE last. */
int date_compare(int32_t a, int32_t b);
int32_t date_from_civil(int year, int month, int day);
void date_to_civil(int32_t date, int *year, int *month, int *day);
/* 1 Monday .. 7 Sunday. */
int date_weekday(int32_t date);
/* The day after that many months; where the month has no such day, the first of the next. */
int32_t date_after_months(int32_t start, int months);
/* Whole months from the first day to the last one, both included. */
int date_months_within(int32_t first, int32_t last);

/*
 * RFC 3339 in UTC or with an offset; up to six decimals. Microseconds since 1970-01-01T00:00:00Z.
 */
bool time_parse(const char *text, int64_t *out) MUST_CHECK;
/* As time_parse, and a bare date means its first instant in UTC. */
bool time_or_date_parse(const char *text, int64_t *out) MUST_CHECK;
/*
 * Shortest form: decimals only where they are not zero. buf has TIME_TEXT_LEN bytes. Returns buf.
 */
char *time_format(int64_t time_us, char *buf);

struct zone;
/*
 * From the system's zoneinfo by IANA name ("" and "UTC" always work); ERR_INVALID if unknown or
 * malformed name.
 */
struct zone *zone_open(const char *name, struct err *err) MUST_CHECK;
void zone_free(struct zone *zone);
/* The civil date in the zone at that time; zone NULL means UTC. */
int32_t zone_date(const struct zone *zone, int64_t time_us);
/* The last microsecond of that civil date. */
int64_t zone_end_of_date(const struct zone *zone, int32_t date);

#endif
