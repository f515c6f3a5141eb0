/* The renderer of pictures: numbers, text that is cut and escaped, dates; and marks of a schedule that no plan brings about. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/burnup_svg.h"
#include "client/gantt_svg.h"
#include "client/heat_svg.h"
#include "client/svg.h"

static void
begin(struct svg *svg)
{
	svg_begin(svg, 200, 100, "t", "d");
	str_reset(&svg->out);
}

static void
expect(struct svg *svg, const char *text)
{
	ck_assert_str_eq(svg->out.data, text);
	str_reset(&svg->out);
}

START_TEST(numbers_have_a_tenth_at_most_and_a_point)
{
	struct svg svg;

	begin(&svg);
	svg_line(&svg, "grid", 1, 2.04, -0.05, 3.96);
	expect(&svg, "<line class=\"grid\" x1=\"1\" y1=\"2\" x2=\"-0.1\" y2=\"4\"/>\n");
	svg_rect(&svg, "bar", 0, NAN, 1e3, INFINITY);
	expect(&svg, "<rect class=\"bar\" x=\"0\" y=\"0\" width=\"1000\" height=\"0\"/>\n");
	svg_fini(&svg);
}
END_TEST

START_TEST(text_is_escaped_and_cannot_steer)
{
	struct svg svg;

	begin(&svg);
	svg_text(&svg, "a", SVG_START, 1, 2, 10, 0, "<b> & \"c\"\n\x01\xc3\xa4\xef\xbf\xbf]]>");
	expect(&svg,
	    "<text class=\"a\" x=\"1\" y=\"2\" font-size=\"10\">&lt;b&gt; &amp; &quot;c&quot; "
	    "\xef\xbf\xbd\xc3\xa4]]&gt;</text>\n");
	svg_group(&svg, "row", "kind/\"x", "a&b");
	svg_group_end(&svg);
	expect(&svg, "<g class=\"row\" data-ref=\"kind/&quot;x\"><title>a&amp;b</title>\n</g>\n");
	svg_fini(&svg);
}
END_TEST

/* An "m" takes 0.98 of the size, an "i" 0.28, "…" is left room for as much as the size. */
START_TEST(text_is_cut_where_there_is_no_room)
{
	struct svg svg;

	ck_assert(fabs(svg_text_width("mi", 10) - 12.6) < 1e-9);
	ck_assert(svg_text_width("\xe6\x94\xaf", 10) > svg_text_width("m", 10));
	/* a letter and its accent are one */
	ck_assert(fabs(svg_text_width("e\xcc\x81", 10) - svg_text_width("\xc3\xa9", 10)) < 1e-9);
	begin(&svg);
	svg_text(&svg, "a", SVG_END, 0, 0, 10, 29.5, "mmm");
	ck_assert(strstr(svg.out.data, ">mmm</text>"));
	ck_assert(strstr(svg.out.data, "text-anchor=\"end\""));
	str_reset(&svg.out);
	svg_text(&svg, "a", SVG_MIDDLE, 0, 0, 10, 29.3, "mmm");
	ck_assert(strstr(svg.out.data, "<title>mmm</title>m\xe2\x80\xa6</text>"));
	svg_fini(&svg);
}
END_TEST

START_TEST(dates_begin_where_their_day_does)
{
	struct svg_axis axis = {.first = 100, .last = 109, .left = 50, .right = 150};

	ck_assert(fabs(svg_axis_x(&axis, 100) - 50) < 1e-9);
	ck_assert(fabs(svg_axis_x(&axis, 105) - 100) < 1e-9);
	ck_assert(fabs(svg_axis_x(&axis, 110) - 150) < 1e-9);
	ck_assert(fabs(svg_axis_x(&axis, INT32_MAX) - 150) < 1e-9);
	ck_assert(fabs(svg_axis_x(&axis, INT32_MIN) - 50) < 1e-9);
}
END_TEST

/* How often a text stands in another. */
static int
count(const char *in, const char *what)
{
	int n = 0;

	while ((in = strstr(in, what)) != NULL) {
		n++;
		in += strlen(what);
	}
	return n;
}

/* 100 days on the axis: what is behind all that is looked at ends at the edge, with an arrow. */
START_TEST(whiskers_without_an_end)
{
	struct gantt_row rows[] = {
	    {.ref = "initiative/a",
		.title = "A",
		.rank = 1,
		.start = 20000,
		.finish = 20009,
		.due = DATE_NONE,
		.p50 = 20019,
		.p80 = GANTT_BEYOND,
		.p95 = GANTT_BEYOND},
	    {.ref = "initiative/b",
		.title = "",
		.start = DATE_NONE,
		.finish = GANTT_BEYOND,
		.due = DATE_NONE,
		.p50 = GANTT_BEYOND,
		.p80 = GANTT_BEYOND,
		.p95 = GANTT_BEYOND},
	};
	struct gantt gantt = {.today = 20000, .until = 20099, .rows = rows, .count = 2};
	struct svg svg;

	ck_assert(gantt_svg(&gantt, &svg));
	/* a: its line and one tick; b: a line without length; one in the legend */
	ck_assert_int_eq(count(svg.out.data, "<line class=\"whisker\""), 4);
	ck_assert_int_eq(count(svg.out.data, "<polygon class=\"arrow\""), 2);
	/* names take 120 at least: the axis is from 188 to 972, 7.84 a day */
	ck_assert(
	    strstr(svg.out.data, "<line class=\"whisker\" x1=\"344.8\" y1=\"98\" x2=\"972\""));
	ck_assert(strstr(svg.out.data, ">initiative/b</text>"));
	svg_fini(&svg);
	gantt.count = 0;
	ck_assert(gantt_svg(&gantt, &svg));
	svg_fini(&svg);
}
END_TEST

START_TEST(pictures_of_nothing)
{
	Plumb__V1__LoadReply load;
	Plumb__V1__BurnUpReply burnup;
	Plumb__V1__BurnUpDay day, *days[] = {&day};
	char text[] = "2026-04-01";
	struct burnup_fan fan = {BURNUP_BEYOND, BURNUP_BEYOND, BURNUP_BEYOND};
	struct svg svg;

	plumb__v1__load_reply__init(&load);
	plumb__v1__burn_up_reply__init(&burnup);
	plumb__v1__burn_up_day__init(&day);
	ck_assert(heat_svg(&load, NULL, 0, &svg));
	svg_fini(&svg);
	ck_assert(burnup_svg(&burnup, "", &BURNUP_NO_FAN, &svg));
	ck_assert(strstr(svg.out.data, "had not begun"));
	svg_fini(&svg);
	day.day = text;
	burnup.days = days;
	burnup.n_days = 1;
	ck_assert(burnup_svg(&burnup, "", &fan, &svg)); /* one day, nothing planned */
	svg_fini(&svg);
	day.scope = INT64_MAX / 4;
	day.done = day.scope;
	ck_assert(burnup_svg(&burnup, "", &fan, &svg));
	svg_fini(&svg);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("svg");
	TCase *tcase = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, numbers_have_a_tenth_at_most_and_a_point);
	tcase_add_test(tcase, text_is_escaped_and_cannot_steer);
	tcase_add_test(tcase, text_is_cut_where_there_is_no_room);
	tcase_add_test(tcase, dates_begin_where_their_day_does);
	tcase_add_test(tcase, whiskers_without_an_end);
	tcase_add_test(tcase, pictures_of_nothing);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
