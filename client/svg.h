/*
 * A small renderer of pictures: shapes, text and an axis of dates, as SVG 1.1 [W3C, Scalable Vector Graphics 1.1].
 *
 * Why not a library: what is drawn are rectangles, lines and text. Cairo would bring PDF and PNG, exact widths of text and a
 * dependency of some 20 shared libraries (Pango, fontconfig, freetype, pixman) on every machine that runs plumb; its text
 * comes out as outlines that nobody can search, and its files differ with the fonts of the machine. This costs some hundred
 * lines, and estimates widths from a table. Every browser shows and prints the file; rsvg-convert makes PNG or PDF of it.
 *
 * What comes out is one file without scripts, links or fonts of its own, the same bytes for the same input. Text of others
 * is escaped. Colours differ in lightness too, so that a grey print tells them apart. Lengths are pixels of 1/96 inch,
 * written to a tenth without regard to the locale.
 */
#ifndef CLIENT_SVG_H
#define CLIENT_SVG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

#define SVG_MARGIN 20.0

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };

struct svg {
	struct str out;
	double width;
	double height;
};

/* Every picture has a title and a description, for those who have it read to them. Call svg_fini() whatever happens. */
void svg_begin(struct svg *svg, double width, double height, const char *title, const char *desc);
/*
 * The same as a part of an HTML page: without what makes it a file of its own. Its ids end with the number, which is not 0. The page has
 * svg_style() in its head, once.
 */
void svg_begin_part(struct svg *svg, unsigned number, double width, double height,
    const char *title, const char *desc);
const char *svg_style(void);
/* False: out of memory, or too large. */
bool svg_end(struct svg *svg) MUST_CHECK;
void svg_fini(struct svg *svg);

/* What is drawn until the end belongs together; ref (data-ref) and title may be NULL. Browsers show the title. */
void svg_group(struct svg *svg, const char *class, const char *ref, const char *title);
void svg_group_end(struct svg *svg);
void svg_rect(struct svg *svg, const char *class, double x, double y, double width, double height);
void svg_line(struct svg *svg, const char *class, double x1, double y1, double x2, double y2);
/* x and y of each point in turn. */
void svg_shape(struct svg *svg, const char *class, const double *xy, size_t points, bool closed);
/*
 * x is where the text begins, has its middle or ends, y its base line. What needs more than room is cut, with "…", and has
 * the whole as its title; room 0: never.
 */
void svg_text(struct svg *svg, const char *class, enum svg_anchor anchor, double x, double y,
    double size, double room, const char *text);
/* What it takes at most in the usual fonts without serifs. */
double svg_text_width(const char *text, double size);

/* ---- an axis of days */

struct svg_axis {
	int32_t first;
	int32_t last;
	double left;  /* of the first day */
	double right; /* behind the last one */
};

/* Where a day begins; the days outside at the edges. */
double svg_axis_x(const struct svg_axis *axis, int32_t day);
/* A label at each date that there is room for, its base line at y. */
void svg_axis_labels(struct svg *svg, const struct svg_axis *axis, double y);
void svg_axis_lines(struct svg *svg, const struct svg_axis *axis, double top, double bottom);

/* ---- where it goes */

struct context;
/* To the file, or to standard output for "-"; answers the exit code. */
int svg_put(struct context *ctx, const struct svg *svg, const char *path);
/* The option, for tables of options. */
#define SVG_OPTION(what)                                                                           \
	{                                                                                          \
		0, "svg", "FILE", what, NULL                                                       \
	}

#endif
