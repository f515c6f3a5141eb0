#include "client/journey_svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/customer.h"

#define TOP         96.0
#define BOTTOM      316.0
#define LEFT        64.0
#define STEP_WIDTH  96.0
#define PAGE_LEAST  560.0
#define PAGE_HEIGHT 420.0
#define LABEL_SIZE  11.0
#define DOT         7.0
#define WORST       -2
#define BEST        2

struct drawing {
	const Plumb__V1__JourneyPath *path;
	struct svg *svg;
	double right;
};

/* NAN where it is not known. */
typedef double (*emotion_fn)(const Plumb__V1__JourneyPath *path, const Plumb__V1__PathStep *step);

static double
emotion_now(const Plumb__V1__JourneyPath *path, const Plumb__V1__PathStep *step)
{
	(void)path;
	return step->emotion__case == PLUMB__V1__PATH_STEP__EMOTION__EMOTION ? step->emotion : NAN;
}

static double
emotion_before(const Plumb__V1__JourneyPath *path, const Plumb__V1__PathStep *step)
{
	(void)path;
	return step->emotion_before__case == PLUMB__V1__PATH_STEP__EMOTION_BEFORE__EMOTION_BEFORE
		   ? step->emotion_before
		   : NAN;
}

static double
emotion_to_be(const Plumb__V1__JourneyPath *path, const Plumb__V1__PathStep *step)
{
	const Plumb__V1__JourneyTarget *target = path->target;

	for (size_t i = 0; step->ref[0] && i < target->n_changes; i++) {
		const Plumb__V1__StepChange *change = target->changes[i];

		if (strcmp(change->as_is, step->ref) == 0 &&
		    change->emotion_to_be__case ==
			PLUMB__V1__STEP_CHANGE__EMOTION_TO_BE__EMOTION_TO_BE)
			return change->emotion_to_be;
	}
	return NAN;
}

static double
x_of(size_t i)
{
	return LEFT + ((double)i + 0.5) * STEP_WIDTH;
}

static double
y_of(double emotion)
{
	return BOTTOM - (emotion - WORST) / (BEST - WORST) * (BOTTOM - TOP);
}

static void
draw_frame(struct drawing *d)
{
	char text[CUSTOMER_EMOTION];

	for (int at = WORST; at <= BEST; at++) {
		svg_line(d->svg, "grid", LEFT, y_of(at), d->right, y_of(at));
		svg_text(d->svg, "dim", SVG_END, LEFT - 8, y_of(at) + 4, LABEL_SIZE,
		    LEFT - SVG_MARGIN, customer_emotion(true, at, text));
	}
	svg_text(d->svg, "dim", SVG_START, SVG_MARGIN, TOP - 26, LABEL_SIZE, 0, "emotion");
}

/* A band over each stage, every second one shaded. */
static void
draw_stages(struct drawing *d)
{
	const Plumb__V1__JourneyPath *path = d->path;
	size_t first = 0;
	bool shaded = false;

	for (size_t i = 1; i <= path->n_steps; i++) {
		double x = LEFT + (double)first * STEP_WIDTH;
		double width = (double)(i - first) * STEP_WIDTH;

		if (i < path->n_steps &&
		    strcmp(path->steps[i]->stage, path->steps[first]->stage) == 0)
			continue;
		if (shaded)
			svg_rect(d->svg, "band", x, TOP, width, BOTTOM - TOP);
		svg_text(d->svg, "strong", SVG_START, x + 4, TOP - 8, LABEL_SIZE,
		    (width - 8) / 1.15,
		    path->steps[first]->stage_title[0] ? path->steps[first]->stage_title
						       : path->steps[first]->stage);
		shaded = !shaded;
		first = i;
	}
}

/* Where nobody said how a step feels, the curve has a gap. */
static bool
draw_curve(struct drawing *d, const char *class, emotion_fn emotion)
{
	double *xy = calloc(2 * d->path->n_steps + 2, sizeof xy[0]);
	size_t n = 0;

	if (!xy)
		return false;
	for (size_t i = 0; i <= d->path->n_steps; i++) {
		double value = i < d->path->n_steps ? emotion(d->path, d->path->steps[i]) : NAN;

		if (!isnan(value)) {
			xy[2 * n] = x_of(i);
			xy[2 * n + 1] = y_of(value);
			n++;
			continue;
		}
		if (n > 1)
			svg_shape(d->svg, class, xy, n, false);
		n = 0;
	}
	free(xy);
	return true;
}

/* Above its dot; at the top, where the stages are named, below. */
static double
label_y(bool known, double value)
{
	if (!known)
		return y_of(0) + 4;
	return value > BEST - 0.4 ? y_of(value) + 18 : y_of(value) - 8;
}

static void
draw_steps(struct drawing *d)
{
	char text[CUSTOMER_EMOTION];

	for (size_t i = 0; i < d->path->n_steps; i++) {
		const Plumb__V1__PathStep *step = d->path->steps[i];
		double value = emotion_now(d->path, step), x = x_of(i);
		bool known = !isnan(value);
		double y = y_of(known ? value : 0);

		svg_group(d->svg, "step", step->ref, step->title);
		if (known)
			svg_rect(
			    d->svg, value < 0 ? "late" : "bar", x - DOT / 2, y - DOT / 2, DOT, DOT);
		if (step->ref[0])
			svg_text(d->svg, "dim", SVG_MIDDLE, x, label_y(known, value), LABEL_SIZE, 0,
			    customer_emotion(known, value, text));
		svg_text(d->svg, "", SVG_MIDDLE, x, BOTTOM + 18, LABEL_SIZE, STEP_WIDTH - 6,
		    step->title[0] ? step->title : step->ref);
		svg_text(d->svg, "dim", SVG_MIDDLE, x, BOTTOM + 33, LABEL_SIZE - 1, STEP_WIDTH - 6,
		    step->met_by);
		svg_text(d->svg, "dim", SVG_MIDDLE, x, BOTTOM + 47, LABEL_SIZE - 1, STEP_WIDTH - 6,
		    customer_value_state(step->value_state));
		svg_group_end(d->svg);
	}
}

static void
draw_legend(struct drawing *d, const char *since)
{
	double y = PAGE_HEIGHT - 18, x = LEFT;
	char text[40];

	svg_group(d->svg, "legend", NULL, NULL);
	svg_line(d->svg, "done", x, y - 4, x + 24, y - 4);
	svg_text(d->svg, "dim", SVG_START, x + 30, y, LABEL_SIZE, 0, "now");
	x += 80;
	if (since[0]) {
		snprintf(text, sizeof text, "on %.20s", since);
		svg_line(d->svg, "lack", x, y - 4, x + 24, y - 4);
		svg_text(d->svg, "dim", SVG_START, x + 30, y, LABEL_SIZE, 0, text);
		x += 130;
	}
	if (d->path->target) {
		svg_line(d->svg, "scope", x, y - 4, x + 24, y - 4);
		svg_text(d->svg, "dim", SVG_START, x + 30, y, LABEL_SIZE, 0, "to be");
	}
	svg_group_end(d->svg);
}

static void
draw_head(struct drawing *d, double width)
{
	const Plumb__V1__JourneyPath *path = d->path;
	struct str text;

	svg_text(d->svg, "strong", SVG_START, SVG_MARGIN, 28, 16, (width - 2 * SVG_MARGIN) / 1.15,
	    path->title[0] ? path->title : path->ref);
	str_init(&text, 1u << 16);
	str_addf(&text, "%s: how customers fare", path->ref);
	for (size_t i = 0; i < path->n_segments; i++)
		str_addf(&text, "%s%s", i ? ", " : " \xe2\x80\x93 ", path->segments[i]);
	svg_text(d->svg, "dim", SVG_START, SVG_MARGIN, 46, LABEL_SIZE, width - 2 * SVG_MARGIN,
	    text.data);
	str_fini(&text);
}

bool
journey_svg(const Plumb__V1__JourneyPath *path, const char *since, unsigned part, struct svg *svg)
{
	struct drawing d = {path, svg, LEFT + (double)path->n_steps * STEP_WIDTH};
	double width = d.right + SVG_MARGIN < PAGE_LEAST ? PAGE_LEAST : d.right + SVG_MARGIN;
	bool ordered = !path->not_ordered[0];
	static const char title[] = "How customers fare";
	static const char desc[] =
	    "A curve of emotion from -2 (bad) to +2 (good), step by step of a journey.";

	if (part)
		svg_begin_part(svg, part, width, PAGE_HEIGHT, title, desc);
	else
		svg_begin(svg, width, PAGE_HEIGHT, title, desc);
	draw_head(&d, width);
	if (!path->n_steps || !ordered) {
		svg_text(svg, "dim", SVG_START, SVG_MARGIN, TOP, 12, width - 2 * SVG_MARGIN,
		    ordered ? "It has no steps." : path->not_ordered);
		return svg_end(svg);
	}
	draw_stages(&d);
	draw_frame(&d);
	if ((since[0] && !draw_curve(&d, "lack", emotion_before)) ||
	    (path->target && !draw_curve(&d, "scope", emotion_to_be)) ||
	    !draw_curve(&d, "done", emotion_now))
		return false;
	svg_rect(svg, "frame", LEFT, TOP, d.right - LEFT, BOTTOM - TOP);
	draw_steps(&d);
	draw_legend(&d, since);
	return svg_end(svg);
}
