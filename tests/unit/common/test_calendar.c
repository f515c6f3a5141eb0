/*
 * Dates, times and zones. Numbers of days and seconds are those of GNU date (date -u -d 2026-03-31
 * +%s, / 86400); local days likewise, with TZ set.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/calendar.h"

static const struct {
	const char *text;
	int32_t days;
	int weekday;
} dates[] = {
    {"1970-01-01", 0, 4},
    {"1969-12-31", -1, 3},
    {"2000-02-29", 11016, 2},
    {"2026-03-31", 20543, 2},
    {"0001-01-01", -719162, 1},
    {"9999-12-31", 2932896, 5},
};

START_TEST(dates_are_days_since_1970)
{
	char buf[DATE_TEXT_LEN];
	int32_t date;

	ck_assert(date_parse(dates[_i].text, &date));
	ck_assert_int_eq(date, dates[_i].days);
	ck_assert_int_eq(date_weekday(date), dates[_i].weekday);
	ck_assert_str_eq(date_format(date, buf), dates[_i].text);
	ck_assert_int_eq(date_or(dates[_i].text, 7), dates[_i].days);
	ck_assert_int_eq(date_or("", 7), 7);
	ck_assert_int_eq(date_or("2026-02-30", 7), 7);
}
END_TEST

START_TEST(every_day_of_four_centuries_follows_the_last)
{
	/* 1600-01-01 .. 2000-01-01: 146097 days, one whole cycle of the Gregorian calendar. */
	int32_t date = date_from_civil(1600, 1, 1);
	int year, month, day, last_day = 31, last_month = 12;

	ck_assert_int_eq(date_from_civil(2000, 1, 1) - date, 146097);
	for (int i = 0; i < 146097; i++, date++) {
		date_to_civil(date, &year, &month, &day);
		ck_assert_int_eq(date_from_civil(year, month, day), date);
		if (day != last_day + 1) {
			ck_assert_int_eq(day, 1);
			ck_assert_int_eq(month, last_month % 12 + 1);
			ck_assert_int_ge(last_day, 28);
		}
		last_day = day;
		last_month = month;
	}
}
END_TEST

START_TEST(the_year_before_year_one_is_a_leap_year)
{
	int year, month, day;

	/* 0001-01-01 is day -719162; 307 days back lies the last day of the February before. */
	date_to_civil(-719162 - 307, &year, &month, &day);
	ck_assert_int_eq(year, 0);
	ck_assert_int_eq(month, 2);
	ck_assert_int_eq(day, 29);
	ck_assert_int_eq(date_from_civil(0, 2, 29), -719469);
	ck_assert_int_eq(date_from_civil(-1, 12, 31), -719529);
}
END_TEST

START_TEST(days_that_do_not_exist_are_refused)
{
	static const char *const bad[] = {"2026-02-29", "1900-02-29", "2026-04-31", "2026-00-10",
	    "2026-13-01", "2026-01-00", "2026-01-32", "0000-01-01", "2026-1-1", "26-01-01",
	    "2026-01-01 ", " 2026-01-01", "2026/01/01", "", "2026-01", "2026-01-0x", "-001-01-01",
	    "20260101", "2026-01-01T00:00:00Z"};
	int32_t date = 7;

	ck_assert_uint_lt((unsigned)_i, sizeof bad / sizeof bad[0]);
	ck_assert_msg(!date_parse(bad[_i], &date), "%s", bad[_i]);
	ck_assert_int_eq(date, 7);
}
END_TEST

START_TEST(no_date_is_empty_text)
{
	char buf[DATE_TEXT_LEN];

	ck_assert_str_eq(date_format(DATE_NONE, buf), "");
}
END_TEST

START_TEST(dates_beyond_what_can_be_written_show_as_the_nearest)
{
	char buf[DATE_TEXT_LEN];
	char time[TIME_TEXT_LEN];

	ck_assert_str_eq(date_format(2932897, buf), "9999-12-31");
	ck_assert_str_eq(date_format(INT32_MIN + 1, buf), "0001-01-01");
	ck_assert_str_eq(date_format(INT32_MAX, buf), "9999-12-31");
	ck_assert_str_eq(time_format(INT64_MAX, time), "9999-12-31T00:00:00Z");
	ck_assert_str_eq(time_format(INT64_MIN, time), "0001-01-01T00:00:00Z");
}
END_TEST

START_TEST(times_with_decimals_and_offsets)
{
	static const struct {
		const char *text;
		int64_t micros;
		const char *canonical;
	} cases[] = {
	    {"2026-03-31T17:05:00Z", INT64_C(1774976700000000), "2026-03-31T17:05:00Z"},
	    {"2026-03-31T19:05:00+02:00", INT64_C(1774976700000000), "2026-03-31T17:05:00Z"},
	    {"2026-03-31t12:05:00.0-05:00", INT64_C(1774976700000000), "2026-03-31T17:05:00Z"},
	    {"2026-03-31 17:05:00z", INT64_C(1774976700000000), "2026-03-31T17:05:00Z"},
	    {"2026-03-31T17:05:00.123456Z", INT64_C(1774976700123456),
		"2026-03-31T17:05:00.123456Z"},
	    {"2026-03-31T17:05:00.5Z", INT64_C(1774976700500000), "2026-03-31T17:05:00.5Z"},
	    {"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"},
	    {"1969-12-31T23:59:59.999999Z", -1, "1969-12-31T23:59:59.999999Z"},
	    {"1970-01-01T00:30:00+01:00", INT64_C(-1800000000), "1969-12-31T23:30:00Z"},
	};
	char buf[TIME_TEXT_LEN];
	int64_t time;

	ck_assert_uint_lt((unsigned)_i, sizeof cases / sizeof cases[0]);
	ck_assert(time_parse(cases[_i].text, &time));
	ck_assert_int_eq(time, cases[_i].micros);
	ck_assert_str_eq(time_format(time, buf), cases[_i].canonical);
}
END_TEST

START_TEST(malformed_times_are_refused)
{
	static const char *const bad[] = {"2026-03-31", "2026-03-31T17:05Z", "2026-03-31T17:05:00",
	    "2026-03-31T24:00:00Z", "2026-03-31T17:60:00Z", "2026-03-31T23:59:60Z",
	    "2026-03-31T17:05:00.Z", "2026-03-31T17:05:00.1234567Z", "2026-03-31T17:05:00+0200",
	    "2026-03-31T17:05:00+24:00", "2026-03-31T17:05:00Zx", "2026-02-30T00:00:00Z",
	    "0001-01-01T00:00:00+01:00", "9999-12-31T23:30:00-01:00", "", "T"};
	int64_t time = 7;

	ck_assert_uint_lt((unsigned)_i, sizeof bad / sizeof bad[0]);
	ck_assert_msg(!time_parse(bad[_i], &time), "%s", bad[_i]);
	ck_assert_int_eq(time, 7);
}
END_TEST

START_TEST(a_date_may_stand_for_its_first_instant)
{
	int64_t time;

	ck_assert(time_or_date_parse("2026-03-31", &time));
	ck_assert_int_eq(time, 20543 * DAY_US);
	ck_assert(time_or_date_parse("2026-03-31T17:05:00Z", &time));
	ck_assert_int_eq(time, INT64_C(1774976700000000));
	ck_assert(!time_or_date_parse("2026-03-32", &time));
}
END_TEST

START_TEST(utc_needs_no_file)
{
	static const char *const names[] = {"", "UTC"};
	struct err err = {0};

	for (int i = 0; i < 2; i++) {
		struct zone *zone = zone_open(names[i], &err);

		ck_assert_ptr_nonnull(zone);
		ck_assert_int_eq(zone_date(zone, -1), -1);
		ck_assert_int_eq(zone_date(zone, 0), 0);
		ck_assert_int_eq(zone_date(zone, DAY_US - 1), 0);
		zone_free(zone);
	}
	ck_assert_int_eq(zone_date(NULL, DAY_US), 1);
	zone_free(NULL);
}
END_TEST

static const struct {
	const char *zone;
	const char *time;
	const char *date;
} local_dates[] = {
    /* before, on and after both changes of 2026 */
    {"Europe/Zurich", "2026-03-28T22:59:59Z", "2026-03-28"},
    {"Europe/Zurich", "2026-03-28T23:00:00Z", "2026-03-29"},
    {"Europe/Zurich", "2026-03-29T21:59:59Z", "2026-03-29"},
    {"Europe/Zurich", "2026-03-29T22:00:00Z", "2026-03-30"},
    {"Europe/Zurich", "2026-10-25T22:59:59Z", "2026-10-25"},
    {"Europe/Zurich", "2026-10-25T23:00:00Z", "2026-10-26"},
    /* past what the file lists: its footer */
    {"Europe/Zurich", "2060-07-01T21:59:59Z", "2060-07-01"},
    {"Europe/Zurich", "2060-07-01T22:00:00Z", "2060-07-02"},
    {"Europe/Zurich", "2060-01-01T22:30:00Z", "2060-01-01"},
    {"Australia/Sydney", "2060-01-15T12:59:59Z", "2060-01-15"},
    {"Australia/Sydney", "2060-01-15T13:00:00Z", "2060-01-16"},
    {"Australia/Sydney", "2060-07-15T13:59:59Z", "2060-07-15"},
    {"Australia/Sydney", "2060-07-15T14:00:00Z", "2060-07-16"},
    /* Nuuk: "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", a rule with a negative hour */
    {"America/Nuuk", "2060-03-28T00:59:59Z", "2060-03-27"}, /* 22:59:59, and a second later */
    {"America/Nuuk", "2060-03-28T01:00:00Z", "2060-03-28"}, /* midnight */
    {"America/Nuuk", "2060-03-29T00:59:59Z", "2060-03-28"},
    {"America/Nuuk", "2060-07-01T01:00:00Z", "2060-07-01"},
    /* summer time ends there at midnight, and the day before comes back for an hour */
    {"America/Nuuk", "2060-10-31T01:30:00Z", "2060-10-30"},
    /* the last Sunday of a March whose fifth would be 1 April */
    {"America/Nuuk", "2040-03-25T01:30:00Z", "2040-03-25"},
    {"America/Nuuk", "2060-12-01T01:30:00Z", "2060-11-30"},
    /*
	 * before the first transition: local mean time, 34 min 08 s ahead, until 1853; then Bern's
	 */
    {"Europe/Zurich", "1893-12-31T23:30:00Z", "1893-12-31"},
    /* half hours, and a zone without changes */
    {"Asia/Kolkata", "2026-03-31T18:29:59Z", "2026-03-31"},
    {"Asia/Kolkata", "2026-03-31T18:30:00Z", "2026-04-01"},
    /* the day that Samoa left out: 2011-12-30 */
    {"Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29"},
    {"Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31"},
};

START_TEST(local_days_are_those_of_the_zone)
{
	struct err err = {0};
	struct zone *zone = zone_open(local_dates[_i].zone, &err);
	char buf[DATE_TEXT_LEN];
	int64_t time;

	ck_assert_msg(zone != NULL, "%s (is tzdata installed?)", err.msg);
	ck_assert(time_parse(local_dates[_i].time, &time));
	ck_assert_str_eq(date_format(zone_date(zone, time), buf), local_dates[_i].date);
	zone_free(zone);
}
END_TEST

START_TEST(zones_answer_at_the_ends_of_time)
{
	struct err err = {0};
	struct zone *zone = zone_open("Europe/Zurich", &err);

	ck_assert_ptr_nonnull(zone);
	ck_assert_int_eq(zone_date(zone, 0), 0);
	ck_assert_int_gt(
	    zone_date(zone, INT64_MAX), 106000000); /* 2^63 us are 106.7 million days */
	ck_assert_int_lt(zone_date(zone, INT64_MIN), -106000000);
	zone_free(zone);
}
END_TEST

START_TEST(names_that_lead_elsewhere_are_refused)
{
	static const char *const bad[] = {"/etc/passwd", "../../../etc/passwd", "Europe/../../x",
	    "Nowhere/Town", "Europe", "tzdata.zi", ".", "Europe/", "Europe/./Zurich", "a\nb",
	    "zone.tab", "Europe/Z\xc3\xbcrich",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	struct err err = {0};

	ck_assert_uint_lt((unsigned)_i, sizeof bad / sizeof bad[0]);
	ck_assert_ptr_null(zone_open(bad[_i], &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("calendar");
	TCase *tc = tcase_create("calendar");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, dates_are_days_since_1970, 0, 6);
	tcase_add_test(tc, every_day_of_four_centuries_follows_the_last);
	tcase_add_test(tc, the_year_before_year_one_is_a_leap_year);
	tcase_add_loop_test(tc, days_that_do_not_exist_are_refused, 0, 19);
	tcase_add_test(tc, no_date_is_empty_text);
	tcase_add_test(tc, dates_beyond_what_can_be_written_show_as_the_nearest);
	tcase_add_loop_test(tc, times_with_decimals_and_offsets, 0, 9);
	tcase_add_loop_test(tc, malformed_times_are_refused, 0, 16);
	tcase_add_test(tc, a_date_may_stand_for_its_first_instant);
	tcase_add_test(tc, utc_needs_no_file);
	tcase_add_loop_test(tc, local_days_are_those_of_the_zone, 0,
	    (int)(sizeof local_dates / sizeof local_dates[0]));
	tcase_add_test(tc, zones_answer_at_the_ends_of_time);
	tcase_add_loop_test(tc, names_that_lead_elsewhere_are_refused, 0, 13);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
