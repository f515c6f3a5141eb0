#include "client/heat_svg.h"

#include <stdio.h>

#define PAGE_WIDTH  1120.0
#define HEAD_HEIGHT 64.0
#define NAMES_TOP   22.0 /* of periods, above a block */
#define ROW_HEIGHT  28.0
#define BLOCK_GAP   22.0
#define FOOT_HEIGHT 40.0
#define NAME_LEAST  100.0
#define NAME_MOST   260.0
#define CELL_LEAST  62.0
#define CELL_MOST   120.0
#define INDENT      14.0
#define NAME_SIZE   12.0

struct drawing {
	const Plumb__V1__LoadReply *reply;
	const struct heat_row *rows;
	size_t count;
	struct svg *svg;
	double name_room;
	double left;    /* of the cells */
	double cell;    /* how wide */
	size_t columns; /* in a block */
	size_t blocks;
};

/* ---- words */

static const char *
name_of(const Plumb__V1__LoadRow *row)
{
	return row->title[0] ? row->title : row->who;
}

/* Days of hundredths, without more digits than are needed: "12", "12.5". */
static void
add_days(struct str *out, int64_t hundredths)
{
	str_addf(out, "%.*f",
	    hundredths % 100 == 0  ? 0
	    : hundredths % 10 == 0 ? 1
				   : 2,
	    (double)hundredths / 100);
}

static bool
is_over(const Plumb__V1__LoadCell *cell)
{
	return !cell->unknown && cell->demand > cell->capacity;
}

/*
 * h0 nothing is asked, h1 to h4 up to a quarter, half, three quarters and all of what they can give, h5 more, h6 more than
 * one and a half of it.
 */
static const char *
shade_of(const Plumb__V1__LoadCell *cell)
{
	static const char *const shades[] = {"cell h1", "cell h2", "cell h3", "cell h4"};
	int64_t quarter;

	if (cell->unknown)
		return cell->demand > 0 ? "cell open" : "cell h0";
	if (cell->demand <= 0)
		return "cell h0";
	if (cell->demand > cell->capacity + cell->capacity / 2)
		return "over h6";
	if (cell->demand > cell->capacity)
		return "over h5";
	quarter = (cell->demand * 4 - 1) / cell->capacity;
	return shades[quarter];
}

static void
format_share(const Plumb__V1__LoadCell *cell, struct str *out)
{
	if (cell->unknown)
		str_add(out, cell->demand > 0 ? "?" : "");
	else if (cell->demand > 0 && cell->capacity <= 0)
		str_add(out, "! no room");
	else if (cell->demand > 0)
		str_addf(out, "%s%.0f %%", is_over(cell) ? "! " : "",
		    (double)cell->demand / (double)cell->capacity * 100);
}

static void
format_days(const Plumb__V1__LoadCell *cell, struct str *out)
{
	if (cell->demand > 0)
		add_days(out, cell->demand);
	else
		str_add(out, "0");
	str_add(out, "/");
	if (cell->unknown)
		str_add(out, "?");
	else
		add_days(out, cell->capacity);
}

/* ---- laying out */

static void
lay_out(struct drawing *d)
{
	const Plumb__V1__LoadReply *r = d->reply;
	double room;

	d->name_room = NAME_LEAST;
	for (size_t i = 0; i < d->count; i++) {
		double width = svg_text_width(name_of(r->rows[d->rows[i].row]), NAME_SIZE) +
			       (d->rows[i].is_member ? INDENT : 0) + 2;

		d->name_room = width > d->name_room ? width : d->name_room;
	}
	d->name_room = d->name_room < NAME_MOST ? d->name_room : NAME_MOST;
	d->left = SVG_MARGIN + d->name_room + 10;
	room = PAGE_WIDTH - SVG_MARGIN - d->left;
	d->columns = (size_t)(room / CELL_LEAST);
	if (d->columns > r->n_periods)
		d->columns = r->n_periods;
	d->cell = d->columns > 0 ? room / (double)d->columns : CELL_MOST;
	d->cell = d->cell < CELL_MOST ? d->cell : CELL_MOST;
	d->blocks = d->columns > 0 ? (r->n_periods + d->columns - 1) / d->columns : 0;
}

static double
block_height(const struct drawing *d)
{
	return NAMES_TOP + (double)d->count * ROW_HEIGHT + BLOCK_GAP;
}

/* ---- drawing */

static void
draw_cell(struct drawing *d, const Plumb__V1__LoadRow *row, size_t period, double x, double y)
{
	const Plumb__V1__LoadCell *cell = row->cells[period];
	const char *ink = is_over(cell) ? "light" : "figure";
	double middle = x + d->cell / 2;
	const double corner[] = {
	    x + d->cell - 11, y + 2, x + d->cell - 3, y + 2, x + d->cell - 3, y + 10};
	struct str share, days, title;

	str_init(&share, 100);
	str_init(&days, 100);
	str_init(&title, 10000);
	format_share(cell, &share);
	format_days(cell, &days);
	str_addf(&title, "%s, %s: %s person-days asked for / they can give", row->who,
	    d->reply->periods[period]->name, days.data);
	svg_group(d->svg, "heat", row->who, title.data);
	svg_rect(d->svg, shade_of(cell), x + 1, y + 1, d->cell - 2, ROW_HEIGHT - 2);
	if (is_over(cell))
		svg_shape(d->svg, "page", corner, 3, true);
	if (share.len > 0)
		svg_text(d->svg, ink, SVG_MIDDLE, middle, y + 12.5, 11, d->cell - 16, share.data);
	svg_text(d->svg, share.len > 0 ? ink : "dim", SVG_MIDDLE, middle,
	    y + (share.len > 0 ? 23.5 : 17.5), 9, d->cell - 4, days.data);
	svg_group_end(d->svg);
	str_fini(&share);
	str_fini(&days);
	str_fini(&title);
}

static void
draw_row(struct drawing *d, size_t i, size_t first, size_t behind, double y)
{
	const struct heat_row *at = &d->rows[i];
	const Plumb__V1__LoadRow *row = d->reply->rows[at->row];
	double indent = at->is_member ? INDENT : 0;

	svg_group(d->svg, "row", row->who, row->who);
	svg_text(d->svg, at->is_member ? "member" : "who", SVG_START, SVG_MARGIN + indent,
	    y + ROW_HEIGHT / 2 + 4, NAME_SIZE, d->name_room - indent, name_of(row));
	for (size_t p = first; p < behind; p++)
		draw_cell(d, row, p, d->left + (double)(p - first) * d->cell, y);
	svg_group_end(d->svg);
}

static void
draw_block(struct drawing *d, size_t first, double y)
{
	const Plumb__V1__LoadReply *r = d->reply;
	size_t behind = first + d->columns < r->n_periods ? first + d->columns : r->n_periods;

	for (size_t p = first; p < behind; p++)
		svg_text(d->svg, "dim", SVG_MIDDLE, d->left + ((double)(p - first) + 0.5) * d->cell,
		    y + NAMES_TOP - 7, 11, d->cell - 6, r->periods[p]->name);
	for (size_t i = 0; i < d->count; i++)
		draw_row(d, i, first, behind, y + NAMES_TOP + (double)i * ROW_HEIGHT);
}

static void
draw_legend(struct drawing *d, double y)
{
	static const struct {
		const char *class;
		const char *words;
	} steps[] = {{"cell h0", "nothing"}, {"cell h1", "up to 25 %"}, {"cell h2", "50 %"},
	    {"cell h3", "75 %"}, {"cell h4", "100 %"}, {"over h5", "! more"},
	    {"over h6", "! more than 150 %"}, {"cell open", "not known what they can give"}};
	double x = SVG_MARGIN;

	svg_group(d->svg, "legend", NULL, NULL);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		svg_rect(d->svg, steps[i].class, x, y - 11, 22, 13);
		svg_text(d->svg, "dim", SVG_START, x + 27, y, 11, 0, steps[i].words);
		x += 27 + svg_text_width(steps[i].words, 11) + 14;
	}
	svg_group_end(d->svg);
}

static void
draw_head(struct drawing *d)
{
	const Plumb__V1__LoadReply *r = d->reply;
	struct str text;

	str_init(&text, 1000);
	svg_text(d->svg, "strong", SVG_START, SVG_MARGIN, 28, 16, 0, "Who is asked for how much");
	if (r->n_periods > 0)
		str_addf(&text,
		    "From %s to %s, as of %s. Person-days that running work asks for, as a share "
		    "of what they can give.",
		    r->periods[0]->first_day, r->periods[r->n_periods - 1]->last_day, r->today);
	else
		str_add(&text, "There is no period in that time.");
	svg_text(d->svg, "dim", SVG_START, SVG_MARGIN, 47, 11, 0, text.data);
	str_fini(&text);
}

bool
heat_svg(
    const Plumb__V1__LoadReply *reply, const struct heat_row *rows, size_t count, struct svg *svg)
{
	struct drawing d = {.reply = reply, .rows = rows, .count = count, .svg = svg};
	double bottom;

	lay_out(&d);
	bottom = HEAD_HEIGHT + (double)d.blocks * block_height(&d);
	svg_begin(svg, PAGE_WIDTH, bottom + FOOT_HEIGHT, "Who is asked for how much",
	    "A row for each team and person, a column for each period; the darker, the more of "
	    "what they can give is asked for.");
	draw_head(&d);
	for (size_t b = 0; b < d.blocks; b++)
		draw_block(&d, b * d.columns, HEAD_HEIGHT + (double)b * block_height(&d));
	draw_legend(&d, bottom + 12);
	return svg_end(svg);
}
