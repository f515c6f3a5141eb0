#include "client/gantt_svg.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"

#define PAGE_WIDTH   1120.0
#define HEAD_HEIGHT  64.0
#define AXIS_HEIGHT  22.0
#define ROW_HEIGHT   24.0
#define PART_HEIGHT  17.0
#define FOOT_HEIGHT  56.0
#define NAME_LEAST   120.0
#define NAME_MOST    340.0
#define RANK_WIDTH   34.0
#define INDENT       14.0
#define FINISH_WIDTH 128.0
#define NAME_SIZE    12.0
#define PART_SIZE    10.0
#define ROWS_AN_AXIS 40 /* so that dates are never far from a bar on a long page */

/* Where a row lies. */
struct place {
	double top;
	double height;
};

struct drawing {
	const struct gantt *gantt;
	struct svg *svg;
	struct svg_axis axis;
	double names; /* where they begin */
	double name_room;
	double top; /* of the first axis */
	double bottom;
	bool whiskers;
};

/* ---- from the answer */

static struct gantt_row
new_row(const char *ref, const char *title, const char *start, const char *finish)
{
	return (struct gantt_row){.ref = ref,
	    .title = title,
	    .start = date_or(start, DATE_NONE),
	    .finish = date_or(finish, GANTT_BEYOND),
	    .due = DATE_NONE,
	    .p50 = DATE_NONE,
	    .p80 = DATE_NONE,
	    .p95 = DATE_NONE};
}

static void
add_rows(struct gantt *out, const Plumb__V1__ScheduledInitiative *one)
{
	struct gantt_row *row = &out->rows[out->count++];

	*row = new_row(one->ref, one->title, one->start, one->finish);
	row->rank = one->rank;
	row->is_line = one->is_line;
	row->due = date_or(one->due, DATE_NONE);
	for (size_t k = 0; k < one->n_work; k++) {
		const Plumb__V1__ScheduledWork *w = one->work[k];

		if (strcmp(w->ref, one->ref) == 0)
			continue;
		out->rows[out->count] = new_row(w->ref, w->title, w->start, w->finish);
		out->rows[out->count++].is_part = true;
	}
}

static int
compare_rows(const void *a, const void *b)
{
	return strcmp((*(struct gantt_row *const *)a)->ref, (*(struct gantt_row *const *)b)->ref);
}

static bool
sort_names(struct arena *arena, struct gantt *gantt)
{
	gantt->by_ref = arena_array(arena, gantt->count + 1, sizeof(void *));
	if (!gantt->by_ref)
		return false;
	for (size_t i = 0; i < gantt->count; i++)
		gantt->by_ref[i] = &gantt->rows[i];
	qsort(gantt->by_ref, gantt->count, sizeof(void *), compare_rows);
	return true;
}

/* gantt->count: there is none. */
static size_t
find_row(const struct gantt *gantt, const char *ref)
{
	struct gantt_row key = {.ref = ref}, *p = &key;
	struct gantt_row **found =
	    bsearch(&p, gantt->by_ref, gantt->count, sizeof(void *), compare_rows);

	return found ? (size_t)(*found - gantt->rows) : gantt->count;
}

static bool
is_part_of(const struct gantt *gantt, size_t part, size_t whole)
{
	size_t i = part;

	while (i > 0 && gantt->rows[i].is_part)
		i--;
	return i == whole;
}

/* To the work that waits where that is drawn, else to its initiative. */
static void
add_ties(struct gantt *out, const Plumb__V1__ScheduledInitiative *one)
{
	size_t whole = find_row(out, one->ref);
	size_t first = out->ties_count;

	for (size_t k = 0; k < 2 * one->n_waits; k++) {
		const Plumb__V1__ScheduleWait *w = one->waits[k / 2];
		bool is_order = k % 2 == 0;
		size_t from = find_row(out, is_order ? w->after : w->holder);
		size_t to = find_row(out, w->work);
		bool is_new = true;

		to = to < out->count ? to : whole;
		for (size_t i = first; i < out->ties_count; i++)
			is_new &= out->ties[i].from != from || out->ties[i].to != to;
		if (is_new && from < out->count && from != to && from != whole &&
		    !(to == whole && is_part_of(out, from, whole)))
			out->ties[out->ties_count++] = (struct gantt_tie){from, to, is_order};
	}
}

bool
gantt_of_schedule(struct arena *arena, const Plumb__V1__ScheduleReply *reply, struct gantt *out)
{
	size_t rows = 0, ties = 0;

	memset(out, 0, sizeof *out);
	out->today = date_or(reply->today, 0);
	out->until = date_or(reply->until, out->today);
	for (size_t i = 0; i < reply->n_initiatives; i++) {
		rows += 1 + reply->initiatives[i]->n_work;
		ties += 2 * reply->initiatives[i]->n_waits;
	}
	out->rows = arena_array(arena, rows + 1, sizeof out->rows[0]);
	out->ties = arena_array(arena, ties + 1, sizeof out->ties[0]);
	if (!out->rows || !out->ties)
		return false;
	for (size_t i = 0; i < reply->n_initiatives; i++)
		add_rows(out, reply->initiatives[i]);
	if (!sort_names(arena, out))
		return false;
	for (size_t i = 0; i < reply->n_initiatives; i++)
		add_ties(out, reply->initiatives[i]);
	return true;
}

void
gantt_add_whiskers(struct gantt *gantt, const struct whisker *whiskers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t at = find_row(gantt, whiskers[i].ref);

		if (at == gantt->count)
			continue;
		gantt->rows[at].p50 = whiskers[i].p50;
		gantt->rows[at].p80 = whiskers[i].p80;
		gantt->rows[at].p95 = whiskers[i].p95;
	}
}

/* ---- laying out */

static void
reach(int32_t *last, int32_t day)
{
	if (day != DATE_NONE && day != GANTT_BEYOND && day > *last)
		*last = day;
}

/* From today to the last day of anything; to the last one that is booked where something is not finished by then. */
static int32_t
last_day(const struct gantt *gantt)
{
	int32_t last = gantt->today + 6;

	for (size_t i = 0; i < gantt->count; i++) {
		const struct gantt_row *row = &gantt->rows[i];

		if (row->finish == GANTT_BEYOND || row->p95 == GANTT_BEYOND)
			reach(&last, gantt->until);
		reach(&last, row->finish);
		reach(&last, row->p50);
		reach(&last, row->p80);
		reach(&last, row->p95);
		/* far behind the rest it would make that small: it is a mark at the edge */
		if (row->due <= gantt->until)
			reach(&last, row->due);
	}
	return last;
}

static const char *
name_of(const struct gantt_row *row)
{
	return row->title[0] ? row->title : row->ref;
}

static double
size_of(const struct gantt_row *row)
{
	return row->is_part ? PART_SIZE : NAME_SIZE;
}

static double
indent_of(const struct gantt_row *row)
{
	return row->is_part ? INDENT : 0;
}

static double
height_of(const struct gantt_row *row)
{
	return row->is_part ? PART_HEIGHT : ROW_HEIGHT;
}

static bool
has_axis_above(size_t i)
{
	return i > 0 && i % ROWS_AN_AXIS == 0;
}

static void
lay_out(struct drawing *d)
{
	double height = 0;

	d->name_room = NAME_LEAST;
	for (size_t i = 0; i < d->gantt->count; i++) {
		const struct gantt_row *row = &d->gantt->rows[i];
		double width = svg_text_width(name_of(row), size_of(row)) + indent_of(row) + 2;

		d->name_room = width > d->name_room ? width : d->name_room;
		d->whiskers |= row->p50 != DATE_NONE;
		height += height_of(row) + (has_axis_above(i) ? AXIS_HEIGHT : 0);
	}
	d->name_room = d->name_room < NAME_MOST ? d->name_room : NAME_MOST;
	d->names = SVG_MARGIN + RANK_WIDTH;
	d->axis = (struct svg_axis){.first = d->gantt->today,
	    .last = last_day(d->gantt),
	    .left = d->names + d->name_room + 14,
	    .right = PAGE_WIDTH - SVG_MARGIN - FINISH_WIDTH};
	d->top = HEAD_HEIGHT;
	d->bottom = d->top + AXIS_HEIGHT + height;
}

/* ---- a row */

static void
draw_due(struct drawing *d, const struct gantt_row *row, double middle)
{
	int32_t due = row->due;
	const struct svg_axis *axis = &d->axis;
	double x = svg_axis_x(axis, due) + (svg_axis_x(axis, due + 1) - svg_axis_x(axis, due)) / 2;
	const double diamond[] = {x, middle - 6, x + 6, middle, x, middle + 6, x - 6, middle};
	const double before[] = {
	    axis->left + 1, middle, axis->left + 9, middle - 5, axis->left + 9, middle + 5};
	/* beside the arrow of a bar that goes on */
	double edge = axis->right - (row->finish == GANTT_BEYOND ? 12 : 1);
	const double behind[] = {edge, middle, edge - 8, middle - 5, edge - 8, middle + 5};

	if (due < axis->first)
		svg_shape(d->svg, "due", before, 3, true);
	else if (due > axis->last)
		svg_shape(d->svg, "due", behind, 3, true);
	else
		svg_shape(d->svg, "due", diamond, 4, true);
}

/* Behind its day; behind the last that is booked where it is not known how far behind. */
static double
end_x(const struct drawing *d, int32_t day)
{
	return svg_axis_x(&d->axis, (day == GANTT_BEYOND ? d->gantt->until : day) + 1);
}

static void
draw_whisker(struct drawing *d, const struct gantt_row *row, double middle)
{
	const int32_t days[] = {row->p50, row->p80, row->p95};
	static const double half[] = {4, 6, 4};
	double right = d->axis.right;
	const double head[] = {right, middle, right - 7, middle - 4, right - 7, middle + 4};
	double x[3];

	if (row->p50 == DATE_NONE || row->p80 == DATE_NONE || row->p95 == DATE_NONE)
		return;
	/* behind all that is looked at is behind all that is drawn */
	for (size_t i = 0; i < 3; i++)
		x[i] = days[i] == GANTT_BEYOND ? right : end_x(d, days[i]);
	svg_line(d->svg, "whisker", x[0], middle, x[2], middle);
	for (size_t i = 0; i < 3; i++) {
		if (days[i] != GANTT_BEYOND)
			svg_line(d->svg, "whisker", x[i], middle - half[i], x[i], middle + half[i]);
	}
	if (row->p95 == GANTT_BEYOND)
		svg_shape(d->svg, "arrow", head, 3, true);
}

static bool
is_late(const struct gantt_row *row)
{
	return row->due != DATE_NONE && row->finish > row->due;
}

static void
draw_bar(struct drawing *d, const struct gantt_row *row, double top, double height)
{
	double left = svg_axis_x(&d->axis, row->start);
	double right = end_x(d, row->finish);
	double middle = top + height / 2;
	const double head[] = {
	    right, middle, right - 9, middle - height / 2, right - 9, middle + height / 2};
	const char *class = row->finish == GANTT_BEYOND ? "open"
			    : is_late(row)              ? "late"
			    : row->is_part              ? "part"
							: "bar";

	if (row->start == DATE_NONE || row->start > d->axis.last)
		return;
	/* a day in a hundred years would not be seen */
	svg_rect(d->svg, class, left, top, right - left > 1.5 ? right - left : 1.5, height);
	if (row->finish == GANTT_BEYOND)
		svg_shape(d->svg, "arrow", head, 3, true);
}

static void
format_finish(const struct drawing *d, const struct gantt_row *row, char *out, size_t size)
{
	char day[DATE_TEXT_LEN];

	if (row->finish == GANTT_BEYOND)
		snprintf(out, size, "not by %s", date_format(d->gantt->until, day));
	else
		snprintf(
		    out, size, "%s%s", date_format(row->finish, day), is_late(row) ? " late" : "");
}

static void
describe(const struct drawing *d, const struct gantt_row *row, struct str *out)
{
	char day[DATE_TEXT_LEN];
	char finish[64];

	format_finish(d, row, finish, sizeof finish);
	str_addf(out, "%s: from %s, finished %s", row->ref,
	    row->start == DATE_NONE ? "no day" : date_format(row->start, day), finish);
	if (row->due != DATE_NONE)
		str_addf(out, ", due %s", date_format(row->due, day));
	if (row->p50 != DATE_NONE)
		str_addf(out, ", with 50 %% by %s",
		    row->p50 == GANTT_BEYOND ? "no day" : date_format(row->p50, day));
	if (row->p80 != DATE_NONE)
		str_addf(out, ", with 80 %% by %s",
		    row->p80 == GANTT_BEYOND ? "no day" : date_format(row->p80, day));
	if (row->p95 != DATE_NONE)
		str_addf(out, ", with 95 %% by %s",
		    row->p95 == GANTT_BEYOND ? "no day" : date_format(row->p95, day));
}

static void
draw_words(struct drawing *d, const struct gantt_row *row, const struct place *at)
{
	double base = at->top + at->height / 2 + size_of(row) * 0.36;
	char text[64];

	if (row->rank > 0) {
		snprintf(text, sizeof text, "%" PRIu32, row->rank);
		svg_text(d->svg, "dim", SVG_END, d->names - 8, base, NAME_SIZE,
		    RANK_WIDTH - 8 + SVG_MARGIN / 2, text);
	}
	svg_text(d->svg, row->is_part ? "dim" : "name", SVG_START, d->names + indent_of(row), base,
	    size_of(row), d->name_room - indent_of(row), name_of(row));
	format_finish(d, row, text, sizeof text);
	svg_text(d->svg, row->is_part ? "dim" : "finish", SVG_START, d->axis.right + 8, base,
	    size_of(row) - 1, FINISH_WIDTH - 8, text);
}

static void
draw_row(struct drawing *d, const struct gantt_row *row, const struct place *at)
{
	double pad = row->is_part ? 4 : 5;
	struct str title;

	str_init(&title, 10000);
	describe(d, row, &title);
	svg_group(d->svg, row->is_part ? "row part-row" : "row", row->ref,
	    str_ok(&title) ? title.data : NULL);
	str_fini(&title);
	draw_words(d, row, at);
	draw_bar(d, row, at->top + pad, at->height - 2 * pad);
	draw_whisker(d, row, at->top + at->height / 2);
	if (row->due != DATE_NONE)
		draw_due(d, row, at->top + at->height / 2);
	svg_group_end(d->svg);
}

/* ---- what waits for what */

static double
clamp(double value, double least, double most)
{
	return value > most ? most : value < least ? least : value;
}

/* From the end of the one along its row, then down or up to the bar of the other. */
static void
draw_tie(struct drawing *d, const struct gantt_tie *tie, const struct place *places)
{
	const struct gantt_row *from = &d->gantt->rows[tie->from];
	const struct gantt_row *to = &d->gantt->rows[tie->to];
	const struct place *a = &places[tie->from], *b = &places[tie->to];
	bool down = b->top > a->top;
	double x0, x, y0 = a->top + a->height / 2, y1 = down ? b->top + 4 : b->top + b->height - 4;
	double back = down ? -6 : 6;

	if (from->start == DATE_NONE || to->start == DATE_NONE)
		return;
	x0 = end_x(d, from->finish);
	x = clamp(x0, svg_axis_x(&d->axis, to->start) + 3, end_x(d, to->finish) - 3);
	{
		const double way[] = {x0, y0, x, y0, x, y1 + back};
		const double head[] = {x, y1, x - 3.5, y1 + back, x + 3.5, y1 + back};

		svg_group(d->svg, "tie", to->ref, NULL);
		svg_shape(d->svg, tie->is_order ? "order" : "lack", way, 3, false);
		svg_shape(d->svg, "arrow", head, 3, true);
		svg_group_end(d->svg);
	}
}

/* ---- the whole */

static void
draw_line(struct drawing *d, const struct gantt_row *row, double y)
{
	char day[DATE_TEXT_LEN];
	struct str title;

	str_init(&title, 10000);
	str_addf(&title, "The line: %s is the best-ranked that is not finished by %s", row->ref,
	    date_format(d->gantt->until, day));
	svg_group(d->svg, "line", row->ref, str_ok(&title) ? title.data : NULL);
	svg_line(d->svg, "theline", SVG_MARGIN, y, PAGE_WIDTH - SVG_MARGIN, y);
	svg_group_end(d->svg);
	str_fini(&title);
}

static void
draw_head(struct drawing *d, const char *title)
{
	char from[DATE_TEXT_LEN], to[DATE_TEXT_LEN];
	char text[200];
	size_t unfinished = 0, all = 0;

	for (size_t i = 0; i < d->gantt->count; i++) {
		all += !d->gantt->rows[i].is_part;
		unfinished +=
		    !d->gantt->rows[i].is_part && d->gantt->rows[i].finish == GANTT_BEYOND;
	}
	svg_text(d->svg, "strong", SVG_START, SVG_MARGIN, 28, 16, 0, title);
	snprintf(text, sizeof text, "From %s to %s. %zu shown, %zu not finished by then.",
	    date_format(d->gantt->today, from), date_format(d->gantt->until, to), all, unfinished);
	svg_text(d->svg, "dim", SVG_START, SVG_MARGIN, 47, 11, 0, text);
}

/* One sign of the legend and its words; answers where the next one begins. */
static double
explain(struct drawing *d, double x, double y, const char *class, const char *words)
{
	const double diamond[] = {x + 11, y - 10, x + 17, y - 4, x + 11, y + 2, x + 5, y - 4};

	if (strcmp(class, "due") == 0)
		svg_shape(d->svg, class, diamond, 4, true);
	else if (strcmp(class, "whisker") == 0 || strcmp(class, "theline") == 0 ||
		 strcmp(class, "order") == 0 || strcmp(class, "lack") == 0)
		svg_line(d->svg, class, x, y - 4, x + 22, y - 4);
	else
		svg_rect(d->svg, class, x, y - 10, 22, 11);
	svg_text(d->svg, "dim", SVG_START, x + 27, y, 11, 0, words);
	return x + 27 + svg_text_width(words, 11) + 20;
}

static void
draw_legend(struct drawing *d, double y)
{
	double x = SVG_MARGIN;

	svg_group(d->svg, "legend", NULL, NULL);
	x = explain(d, x, y, "bar", "worked on");
	x = explain(d, x, y, "late", "finished after its due date");
	x = explain(d, x, y, "open", "not finished by then");
	x = explain(d, x, y, "due", "due");
	(void)explain(d, x, y, "theline", "the line");
	x = SVG_MARGIN;
	y += 20;
	if (d->whiskers)
		x = explain(d, x, y, "whisker", "finished with 50, 80, 95 %");
	if (d->gantt->ties_count > 0) {
		x = explain(d, x, y, "order", "comes after");
		(void)explain(d, x, y, "lack", "waits for whom that one has");
	}
	svg_group_end(d->svg);
}

static void
draw_rows(struct drawing *d, struct place *places)
{
	double y = d->top + AXIS_HEIGHT;

	for (size_t i = 0; i < d->gantt->count; i++) {
		const struct gantt_row *row = &d->gantt->rows[i];

		if (has_axis_above(i)) {
			svg_rect(d->svg, "page", d->axis.left, y, d->axis.right - d->axis.left,
			    AXIS_HEIGHT);
			svg_axis_labels(d->svg, &d->axis, y + AXIS_HEIGHT - 6);
			y += AXIS_HEIGHT;
		}
		places[i] = (struct place){y, height_of(row)};
		if (row->is_line)
			draw_line(d, row, y);
		draw_row(d, row, &places[i]);
		y += places[i].height;
	}
}

bool
gantt_svg(const struct gantt *gantt, struct svg *svg)
{
	struct drawing d = {.gantt = gantt, .svg = svg};
	struct place *places = calloc(gantt->count + 1, sizeof places[0]);
	bool ok;

	lay_out(&d);
	svg_begin(svg, PAGE_WIDTH, d.bottom + FOOT_HEIGHT, "What is done when",
	    "A bar for each initiative, best rank first, from its first to its last day of work.");
	if (!places)
		return false;
	draw_head(&d, "What is done when");
	svg_axis_lines(svg, &d.axis, d.top + AXIS_HEIGHT, d.bottom);
	svg_axis_labels(svg, &d.axis, d.top + AXIS_HEIGHT - 6);
	draw_rows(&d, places);
	for (size_t i = 0; i < gantt->ties_count; i++)
		draw_tie(&d, &gantt->ties[i], places);
	svg_rect(svg, "frame", d.axis.left, d.top + AXIS_HEIGHT, d.axis.right - d.axis.left,
	    d.bottom - d.top - AXIS_HEIGHT);
	draw_legend(&d, d.bottom + 24);
	ok = svg_end(svg);
	free(places);
	return ok;
}
