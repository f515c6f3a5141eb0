#include "client/burnup_svg.h"

#include <stdio.h>
#include <stdlib.h>

#define PAGE_WIDTH  900.0
#define PAGE_HEIGHT 470.0
#define TOP         84.0
#define BOTTOM      404.0
#define LEFT        90.0
#define RIGHT       760.0
#define TICKS       6
#define LABEL_SIZE  11.0
#define LABEL_GAP   15.0

struct drawing {
	const Plumb__V1__BurnUpReply *reply;
	const struct burnup_fan *fan;
	struct svg *svg;
	struct svg_axis axis;
	int64_t most;     /* at the top, in hundredths of a person-day */
	int64_t distance; /* of lines */
};

static int32_t
day_at(const struct drawing *d, size_t i)
{
	int32_t day;

	return date_parse(d->reply->days[i]->day, &day) ? day : 0;
}

static double
y_of(const struct drawing *d, int64_t effort)
{
	return BOTTOM - (double)effort / (double)d->most * (BOTTOM - TOP);
}

/* The end of the day: that is when it stood so. */
static double
x_of(const struct drawing *d, int32_t day)
{
	return svg_axis_x(&d->axis, day == BURNUP_BEYOND ? day : day + 1);
}

/* 1, 2 or 5 times a power of ten, in whole person-days. */
static int64_t
round_distance(int64_t most)
{
	static const int64_t factors[] = {1, 2, 5};
	int64_t ten = 100;

	for (size_t i = 0;; i++) {
		int64_t distance = factors[i % 3] * ten;

		if (most <= distance * TICKS || ten >= INT64_MAX / 1000)
			return distance;
		if (i % 3 == 2)
			ten *= 10;
	}
}

static void
lay_out(struct drawing *d)
{
	const Plumb__V1__BurnUpReply *r = d->reply;
	int32_t last = 0, furthest;

	d->axis = (struct svg_axis){.left = LEFT, .right = RIGHT};
	d->most = 100;
	for (size_t i = 0; i < r->n_days; i++) {
		d->most = r->days[i]->scope > d->most ? r->days[i]->scope : d->most;
		last = day_at(d, i);
	}
	d->distance = round_distance(d->most);
	d->most = (d->most + d->distance - 1) / d->distance * d->distance;
	d->axis.first = r->n_days > 0 ? day_at(d, 0) : 0;
	furthest = d->fan->p95 == BURNUP_BEYOND ? d->fan->p80 : d->fan->p95;
	if (furthest == BURNUP_BEYOND)
		furthest = d->fan->p50;
	if (furthest == BURNUP_BEYOND)
		furthest = last + (last - d->axis.first);
	d->axis.last = furthest > last ? furthest : last;
}

/* ---- drawing */

static void
draw_frame(struct drawing *d)
{
	char text[64];

	for (int64_t at = 0; at <= d->most; at += d->distance) {
		double y = y_of(d, at);

		svg_line(d->svg, "grid", LEFT, y, RIGHT, y);
		snprintf(text, sizeof text, "%lld", (long long)(at / 100));
		svg_text(
		    d->svg, "dim", SVG_END, LEFT - 8, y + 4, LABEL_SIZE, LEFT - SVG_MARGIN, text);
	}
	svg_text(d->svg, "dim", SVG_START, SVG_MARGIN, TOP - 14, LABEL_SIZE, 0, "person-days");
	svg_axis_lines(d->svg, &d->axis, TOP, BOTTOM);
	svg_axis_labels(d->svg, &d->axis, BOTTOM + 16);
}

/* From the end of one day that is known to that of the next; down to the bottom where it is closed. */
static bool
draw_course(struct drawing *d, const char *class, bool scope, bool closed)
{
	size_t n = d->reply->n_days, k = 0;
	double *xy = calloc(2 * n + 6, sizeof xy[0]);

	if (!xy)
		return false;
	if (closed) {
		xy[k++] = d->axis.left;
		xy[k++] = BOTTOM;
	}
	for (size_t i = 0; i < n; i++) {
		const Plumb__V1__BurnUpDay *day = d->reply->days[i];
		double y = y_of(d, scope ? day->scope : day->done);

		if (i == 0) {
			xy[k++] = d->axis.left;
			xy[k++] = y;
		}
		xy[k++] = x_of(d, day_at(d, i));
		xy[k++] = y;
	}
	if (closed) {
		xy[k] = xy[k - 2];
		xy[k + 1] = BOTTOM;
		k += 2;
	}
	svg_shape(d->svg, class, xy, k / 2, closed);
	free(xy);
	return true;
}

/* From where it stands to the last scope, on the days that are likely. */
static void
draw_fan(struct drawing *d)
{
	const Plumb__V1__BurnUpDay *end = d->reply->days[d->reply->n_days - 1];
	double x0 = x_of(d, day_at(d, d->reply->n_days - 1)), y0 = y_of(d, end->done);
	double y1 = y_of(d, end->scope);
	double x50 = x_of(d, d->fan->p50), x80 = x_of(d, d->fan->p80), x95 = x_of(d, d->fan->p95);
	const double wide[] = {x0, y0, x50, y1, x95, y1};
	const double narrow[] = {x0, y0, x50, y1, x80, y1};

	svg_group(d->svg, "fan", NULL, NULL);
	svg_shape(d->svg, "fan", wide, 3, true);
	svg_shape(d->svg, "fan2", narrow, 3, true);
	svg_line(d->svg, "order", x0, y0, x50, y1);
	svg_line(d->svg, "lack", x0, y1, x95, y1);
	svg_group_end(d->svg);
}

static void
add_days(struct str *out, const char *what, int64_t hundredths)
{
	str_addf(out, "%s %.1f", what, (double)hundredths / 100);
}

/* At the end of the lines, apart where these are close to each other. */
static void
draw_ends(struct drawing *d)
{
	const Plumb__V1__BurnUpDay *end = d->reply->days[d->reply->n_days - 1];
	double scope = y_of(d, end->scope), done = y_of(d, end->done);
	struct str text;

	if (done - scope < LABEL_GAP)
		scope = done - LABEL_GAP;
	str_init(&text, 100);
	add_days(&text, "planned", end->scope);
	svg_text(d->svg, "end", SVG_START, RIGHT + 8, scope + 4, 12,
	    PAGE_WIDTH - SVG_MARGIN - RIGHT - 8, text.data);
	str_reset(&text);
	add_days(&text, "done", end->done);
	svg_text(d->svg, "end", SVG_START, RIGHT + 8, done + 4, 12,
	    PAGE_WIDTH - SVG_MARGIN - RIGHT - 8, text.data);
	str_fini(&text);
}

static void
draw_head(struct drawing *d, const char *ref)
{
	const char *title = d->reply->title;
	struct str text;

	svg_text(d->svg, "strong", SVG_START, SVG_MARGIN, 28, 16,
	    (PAGE_WIDTH - 2 * SVG_MARGIN) / 1.15,
	    title[0] ? title
	    : ref[0] ? ref
		     : "All initiatives");
	str_init(&text, 1000);
	str_addf(&text, "%s%sPlanned and done effort", ref, ref[0] ? ": " : "");
	if (d->reply->n_days > 0)
		str_addf(&text, " from %s to %s", d->reply->days[0]->day,
		    d->reply->days[d->reply->n_days - 1]->day);
	svg_text(d->svg, "dim", SVG_START, SVG_MARGIN, 46, LABEL_SIZE, PAGE_WIDTH - 2 * SVG_MARGIN,
	    text.data);
	str_fini(&text);
}

static void
draw_legend(struct drawing *d)
{
	double y = PAGE_HEIGHT - 22;

	svg_group(d->svg, "legend", NULL, NULL);
	svg_line(d->svg, "scope", LEFT, y - 4, LEFT + 24, y - 4);
	svg_text(d->svg, "dim", SVG_START, LEFT + 30, y, LABEL_SIZE, 0, "planned");
	svg_rect(d->svg, "fill", LEFT + 110, y - 10, 24, 11);
	svg_line(d->svg, "done", LEFT + 110, y - 10, LEFT + 134, y - 10);
	svg_text(d->svg, "dim", SVG_START, LEFT + 140, y, LABEL_SIZE, 0, "done");
	if (d->fan->p50 != DATE_NONE) {
		svg_rect(d->svg, "fan2", LEFT + 210, y - 10, 24, 11);
		svg_rect(d->svg, "fan", LEFT + 234, y - 10, 24, 11);
		svg_text(d->svg, "dim", SVG_START, LEFT + 264, y, LABEL_SIZE, 0,
		    "done with 50, 80, 95 %");
	}
	svg_group_end(d->svg);
}

bool
burnup_svg(const Plumb__V1__BurnUpReply *reply, const char *ref, const struct burnup_fan *fan,
    struct svg *svg)
{
	struct drawing d = {.reply = reply, .fan = fan, .svg = svg};

	lay_out(&d);
	svg_begin(svg, PAGE_WIDTH, PAGE_HEIGHT, "Planned and done effort",
	    "A line of planned effort and an area of what of it was done, day by day.");
	draw_head(&d, ref);
	if (reply->n_days == 0) {
		svg_text(svg, "dim", SVG_START, SVG_MARGIN, TOP + 20, 12, 0,
		    "The plan had not begun by then.");
		return svg_end(svg);
	}
	draw_frame(&d);
	if (fan->p50 != DATE_NONE && fan->p95 != DATE_NONE)
		draw_fan(&d);
	if (!draw_course(&d, "fill", false, true) || !draw_course(&d, "done", false, false) ||
	    !draw_course(&d, "scope", true, false))
		return false;
	svg_rect(svg, "frame", LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP);
	draw_ends(&d);
	draw_legend(&d);
	return svg_end(svg);
}
