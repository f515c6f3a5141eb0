/* Bars in the terminal: columns counted by hand. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "client/bars.h"
#include "client/date_axis.h"
#include "common/calendar.h"
#include "common/str.h"

static int32_t
day(const char *text)
{
	int32_t date;

	ck_assert(date_parse(text, &date));
	return date;
}

static void
expect_row(const struct bars *axis, const struct bar *bar, const char *expected)
{
	struct str out;

	str_init(&out, 10000);
	bars_row(&out, axis, bar);
	ck_assert_str_eq(out.data, expected);
	str_fini(&out);
}

/* A column a day: days 3 to 5 are columns 2 to 4. */
START_TEST(test_row)
{
	struct bars axis = {day("2026-03-01"), day("2026-03-10"), 10, true};
	struct bar bar = BAR_INIT;

	expect_row(&axis, &bar, "          ");
	bar.start = day("2026-03-03");
	bar.finish = day("2026-03-05");
	expect_row(&axis, &bar, "  ###     ");
	bar.due = day("2026-03-08");
	expect_row(&axis, &bar, "  ###  D  ");
	bar.p50 = day("2026-03-05");
	bar.p80 = day("2026-03-06");
	bar.p95 = day("2026-03-09");
	expect_row(&axis, &bar, "  ##[+-D] ");
	axis.ascii = false;
	bar.due = DATE_NONE;
	expect_row(&axis, &bar,
	    "  "
	    "\xe2\x96\x88\xe2\x96\x88\xe2\x94\x9c\xe2\x94\xbc\xe2\x94\x80\xe2\x94\x80\xe2\x94\xa4"
	    " ");
}
END_TEST

/* What lies outside is cut off; what has no end has an arrow. */
START_TEST(test_edges)
{
	struct bars axis = {day("2026-03-01"), day("2026-03-10"), 5, true};
	struct bar bar = BAR_INIT;

	bar.start = day("2026-02-01");
	bar.finish = day("2026-03-02"); /* two days a column */
	expect_row(&axis, &bar, "#    ");
	bar.start = day("2026-03-07");
	bar.finish = BARS_BEYOND;
	expect_row(&axis, &bar, "   #>");
	bar.finish = day("2026-04-01");
	bar.due = day("2026-04-02");
	expect_row(&axis, &bar, "   ##");
	bar.start = day("2026-05-01");
	bar.finish = day("2026-05-02");
	expect_row(&axis, &bar, "     ");
	bar = BAR_INIT;
	bar.finish = BARS_BEYOND; /* never begun */
	expect_row(&axis, &bar, "     ");
	axis.last = axis.first;
	ck_assert_uint_eq(bars_column(&axis, axis.first), 0);
	axis.width = 0;
	expect_row(&axis, &bar, " ");
}
END_TEST

/* A column a day; there is no room for dates of weeks. */
START_TEST(test_dates)
{
	struct bars axis = {day("2026-03-01"), day("2026-04-30"), 61, true};
	struct str out;

	str_init(&out, 10000);
	bars_dates(&out, &axis);
	ck_assert_uint_eq(strlen(out.data), 61);
	/* 61 days in 61 columns, room for 6 dates: weeks would be 9, so months; April is column 31 */
	ck_assert(strncmp(out.data, "2026-03                        2026-04   ", 41) == 0);
	str_fini(&out);
}
END_TEST

START_TEST(test_axis)
{
	static const struct {
		const char *first, *last;
		int labels;
		const char *places[4]; /* the first ones */
	} cases[] = {
	    {"2026-03-30", "2026-04-02", 5, {"03-30", "03-31", "04-01", "04-02"}},
	    {"2026-03-31", "2026-05-10", 6, {"04-06", "04-13", "04-20", "04-27"}}, /* Mondays */
	    {"2026-02-02", "2026-12-31", 12, {"2026-03", "2026-04", "2026-05", "2026-06"}},
	    {"2026-02-02", "2026-12-31", 5, {"2026-04", "2026-07", "2026-10", "2027-01"}},
	    {"2026-02-02", "2126-02-02", 11, {"2030", "2040", "2050", "2060"}},
	    {"2026-02-02", "9999-12-31", 1, {"3000", "4000", "5000", "6000"}},
	};
	char label[DATE_AXIS_LABEL_LEN];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct date_axis axis =
		    date_axis_choose(day(cases[i].first), day(cases[i].last), cases[i].labels);
		int32_t place = date_axis_at(&axis, day(cases[i].first));

		for (size_t k = 0; k < 4; k++) {
			ck_assert_str_eq(date_axis_label(&axis, place, label), cases[i].places[k]);
			place = date_axis_next(&axis, place);
		}
	}
}
END_TEST

START_TEST(test_share)
{
	static const struct {
		double share;
		const char *ascii;
		const char *blocks;
	} cases[] = {
	    {0, "....", "\xc2\xb7\xc2\xb7\xc2\xb7\xc2\xb7"},
	    {0.5, "##..", "\xe2\x96\x88\xe2\x96\x88\xc2\xb7\xc2\xb7"},
	    {0.625, "##..", "\xe2\x96\x88\xe2\x96\x88\xe2\x96\x8c\xc2\xb7"}, /* 2.5 columns */
	    {7, "####", "\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88\xe2\x96\x88"},
	    {-1, "....", "\xc2\xb7\xc2\xb7\xc2\xb7\xc2\xb7"},
	};
	struct str out;

	str_init(&out, 1000);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		str_reset(&out);
		bars_share(&out, 4, cases[i].share, true);
		ck_assert_str_eq(out.data, cases[i].ascii);
		str_reset(&out);
		bars_share(&out, 4, cases[i].share, false);
		ck_assert_str_eq(out.data, cases[i].blocks);
	}
	str_fini(&out);
}
END_TEST

START_TEST(test_locale)
{
	unsetenv("LC_ALL");
	unsetenv("LC_CTYPE");
	unsetenv("LANG");
	ck_assert(!bars_ascii());
	setenv("LANG", "C", 1);
	ck_assert(bars_ascii());
	setenv("LC_CTYPE", "de_DE.UTF-8", 1);
	ck_assert(!bars_ascii());
	setenv("LC_ALL", "de_DE.ISO-8859-1", 1);
	ck_assert(bars_ascii());
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("bars");
	TCase *tcase = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, test_row);
	tcase_add_test(tcase, test_edges);
	tcase_add_test(tcase, test_dates);
	tcase_add_test(tcase, test_axis);
	tcase_add_test(tcase, test_share);
	tcase_add_test(tcase, test_locale);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
