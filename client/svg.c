#include "client/svg.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "client/command.h"
#include "client/context.h"
#include "client/date_axis.h"
#include "client/put_file.h"
#include "client/safe.h"
#include "common/utf8.h"

#define SVG_MAX    (256u << 20)
#define ELLIPSIS   "\xe2\x80\xa6"
#define LABEL_SIZE 11.0
#define LABEL_ROOM 60.0

/* Lightness falls from h0 to h6, and from a bar in time to one that is late: prints in grey tell them apart. */
static const char style[] =
    "text{font-family:\"DejaVu Sans\",Verdana,Arial,Helvetica,sans-serif;fill:#1a1a1a}"
    ".page{fill:#fff}"
    ".dim{fill:#555}"
    ".light{fill:#fff}"
    ".strong{font-weight:bold}"
    ".grid{stroke:#dcdcdc;stroke-width:1}"
    ".frame{stroke:#767676;stroke-width:1;fill:none}"
    ".band{fill:#f4f4f4}"
    ".bar{fill:#84b0dc;stroke:#2b5a8a;stroke-width:1}"
    ".late{fill:#a8402c;stroke:#5e1a0e;stroke-width:1}"
    ".open{fill:url(#stripes);stroke:#444;stroke-width:1}"
    ".part{fill:#ccd9e6;stroke:#6f879e;stroke-width:1}"
    ".due{fill:#fff;stroke:#000;stroke-width:1.3}"
    ".whisker{stroke:#000;stroke-width:1.5;fill:none}"
    ".arrow{fill:#000}"
    ".today{stroke:#000;stroke-width:1;stroke-dasharray:2 3}"
    ".theline{stroke:#000;stroke-width:2;stroke-dasharray:9 4}"
    ".order{stroke:#333;stroke-width:1.2;fill:none}"
    ".lack{stroke:#333;stroke-width:1.2;fill:none;stroke-dasharray:3 2}"
    ".h0{fill:#fff}.h1{fill:#e6eef6}.h2{fill:#c5d8eb}.h3{fill:#9fbfde}.h4{fill:#6f9bc8}"
    ".h5{fill:#8a2a1a}.h6{fill:#3f0f08}"
    ".cell{stroke:#999;stroke-width:1}"
    ".over{stroke:#000;stroke-width:2}"
    ".scope{stroke:#000;stroke-width:2;fill:none}"
    ".done{stroke:#2b5a8a;stroke-width:2;fill:none}"
    ".fill{fill:#c5d8eb}"
    ".fan{fill:#e2e2e2}"
    ".fan2{fill:#bdbdbd}";

/* ---- pieces of the file */

/* A tenth of a pixel is more than anybody sees; "12", "12.5". */
static void
add_number(struct str *out, double value)
{
	long long tenths = isfinite(value) ? llround(value * 10) : 0;
	long long size = tenths < 0 ? -tenths : tenths;

	str_addf(out, "%s%lld", tenths < 0 ? "-" : "", size / 10);
	if (size % 10 > 0)
		str_addf(out, ".%lld", size % 10);
}

static void
add_length(struct str *out, const char *name, double value)
{
	str_addf(out, " %s=\"", name);
	add_number(out, value);
	str_add_char(out, '"');
}

/* U+FFFE and U+FFFF are no characters of XML; safe_text() has replaced those of control. */
static void
add_escaped(struct str *out, const char *text)
{
	struct str safe;

	str_init(&safe, SVG_MAX);
	safe_text(&safe, text, false);
	for (const char *p = str_ok(&safe) ? safe.data : ""; *p; p++) {
		if (*p == '&')
			str_add(out, "&amp;");
		else if (*p == '<')
			str_add(out, "&lt;");
		else if (*p == '>')
			str_add(out, "&gt;");
		else if (*p == '"')
			str_add(out, "&quot;");
		else if (strncmp(p, "\xef\xbf\xbe", 3) == 0 || strncmp(p, "\xef\xbf\xbf", 3) == 0)
			p += 2;
		else
			str_add_char(out, *p);
	}
	if (!str_ok(&safe))
		out->failed = true;
	str_fini(&safe);
}

static void
add_element(struct str *out, const char *name, const char *text)
{
	str_addf(out, "<%s>", name);
	add_escaped(out, text);
	str_addf(out, "</%s>", name);
}

static void
open_svg(struct svg *svg, const char *suffix, double width, double height, const char *title,
    const char *desc)
{
	struct str *out = &svg->out;

	svg->width = width;
	svg->height = height;
	str_addf(out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" role=\"img\" "
	    "aria-labelledby=\"title%s desc%s\"",
	    suffix, suffix);
	add_length(out, "width", width);
	add_length(out, "height", height);
	str_add(out, " viewBox=\"0 0 ");
	add_number(out, width);
	str_add_char(out, ' ');
	add_number(out, height);
	str_addf(out, "\">\n<title id=\"title%s\">", suffix);
	add_escaped(out, title);
	str_addf(out, "</title>\n<desc id=\"desc%s\">", suffix);
	add_escaped(out, desc);
	str_add(out, "</desc>\n");
}

void
svg_begin(struct svg *svg, double width, double height, const char *title, const char *desc)
{
	struct str *out = &svg->out;

	str_init(out, SVG_MAX);
	str_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	open_svg(svg, "", width, height, title, desc);
	str_addf(out,
	    "<style>%s</style>\n"
	    "<defs><pattern id=\"stripes\" width=\"6\" height=\"6\" "
	    "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
	    "<rect width=\"6\" height=\"6\" fill=\"#fff\"/>"
	    "<rect width=\"2.5\" height=\"6\" fill=\"#999\"/></pattern></defs>\n",
	    style);
	svg_rect(svg, "page", 0, 0, width, height);
}

void
svg_begin_part(struct svg *svg, unsigned number, double width, double height, const char *title,
    const char *desc)
{
	char suffix[16];

	snprintf(suffix, sizeof suffix, "-%u", number);
	str_init(&svg->out, SVG_MAX);
	open_svg(svg, suffix, width, height, title, desc);
	svg_rect(svg, "page", 0, 0, width, height);
}

const char *
svg_style(void)
{
	return style;
}

bool
svg_end(struct svg *svg)
{
	str_add(&svg->out, "</svg>\n");
	return str_ok(&svg->out);
}

void
svg_fini(struct svg *svg)
{
	str_fini(&svg->out);
}

void
svg_group(struct svg *svg, const char *class, const char *ref, const char *title)
{
	str_addf(&svg->out, "<g class=\"%s\"", class);
	if (ref) {
		str_add(&svg->out, " data-ref=\"");
		add_escaped(&svg->out, ref);
		str_add_char(&svg->out, '"');
	}
	str_add_char(&svg->out, '>');
	if (title)
		add_element(&svg->out, "title", title);
	str_add_char(&svg->out, '\n');
}

void
svg_group_end(struct svg *svg)
{
	str_add(&svg->out, "</g>\n");
}

void
svg_rect(struct svg *svg, const char *class, double x, double y, double width, double height)
{
	str_addf(&svg->out, "<rect class=\"%s\"", class);
	add_length(&svg->out, "x", x);
	add_length(&svg->out, "y", y);
	add_length(&svg->out, "width", width);
	add_length(&svg->out, "height", height);
	str_add(&svg->out, "/>\n");
}

void
svg_line(struct svg *svg, const char *class, double x1, double y1, double x2, double y2)
{
	str_addf(&svg->out, "<line class=\"%s\"", class);
	add_length(&svg->out, "x1", x1);
	add_length(&svg->out, "y1", y1);
	add_length(&svg->out, "x2", x2);
	add_length(&svg->out, "y2", y2);
	str_add(&svg->out, "/>\n");
}

void
svg_shape(struct svg *svg, const char *class, const double *xy, size_t points, bool closed)
{
	str_addf(&svg->out, "<%s class=\"%s\" points=\"", closed ? "polygon" : "polyline", class);
	for (size_t i = 0; i < 2 * points; i++) {
		if (i > 0)
			str_add_char(&svg->out, i % 2 == 0 ? ' ' : ',');
		add_number(&svg->out, xy[i]);
	}
	str_add(&svg->out, "\"/>\n");
}

/* ---- text */

/* Of a hundredth of the size: DejaVu Sans, from blank to tilde, wider than Arial and Helvetica throughout. */
static const unsigned char advances[] = {32, 41, 46, 84, 64, 96, 78, 28, 40, 40, 50, 84, 32, 37, 32,
    34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 54, 100, 69, 69, 70, 78, 64, 58,
    78, 76, 30, 30, 66, 56, 87, 75, 79, 61, 79, 70, 64, 62, 74, 69, 99, 69, 62, 69, 40, 34, 40, 84,
    50, 50, 62, 64, 55, 64, 62, 36, 64, 64, 28, 28, 58, 28, 98, 64, 62, 64, 64, 42, 53, 40, 64, 60,
    82, 60, 60, 53, 64, 34, 64, 84};

/* Of one character as it is read, of which so many bytes stand at p. */
static double
advance(const char *p, size_t bytes, size_t columns)
{
	unsigned char c = (unsigned char)*p;

	if (bytes == 1 && c >= ' ' && c <= '~')
		return advances[c - ' '] / 100.0;
	return columns >= 2 ? 1.1 : columns == 1 ? 0.85 : 0;
}

/* Bytes of as much as fits into room; *width: what that takes. */
static size_t
fit(const char *text, double size, double room, double *width)
{
	size_t left = strlen(text), at = 0;

	*width = 0;
	while (left > 0) {
		size_t columns;
		size_t bytes = utf8_cluster(text + at, left, &columns);
		double w = advance(text + at, bytes, columns) * size;

		if (bytes == 0 || *width + w > room)
			break;
		*width += w;
		at += bytes;
		left -= bytes;
	}
	return at;
}

double
svg_text_width(const char *text, double size)
{
	double width;

	(void)fit(text, size, INFINITY, &width);
	return width;
}

void
svg_text(struct svg *svg, const char *class, enum svg_anchor anchor, double x, double y,
    double size, double room, const char *text)
{
	static const char *const anchors[] = {
	    "", " text-anchor=\"middle\"", " text-anchor=\"end\""};
	struct str *out = &svg->out;
	double width;
	bool cut = room > 0 && svg_text_width(text, size) > room;
	size_t kept = cut ? fit(text, size, room - size, &width) : strlen(text);
	struct str shown;

	str_addf(out, "<text class=\"%s\"%s", class, anchors[anchor]);
	add_length(out, "x", x);
	add_length(out, "y", y);
	add_length(out, "font-size", size);
	str_add_char(out, '>');
	if (cut)
		add_element(out, "title", text);
	str_init(&shown, SVG_MAX);
	str_add_len(&shown, text, kept);
	str_add(&shown, cut ? ELLIPSIS : "");
	add_escaped(out, str_ok(&shown) ? shown.data : "");
	str_fini(&shown);
	str_add(out, "</text>\n");
}

/* ---- dates */

double
svg_axis_x(const struct svg_axis *axis, int32_t day)
{
	double days = (double)axis->last - axis->first + 1;
	double part = ((double)day - axis->first) / days;

	part = part < 0 ? 0 : part > 1 ? 1 : part;
	return axis->left + part * (axis->right - axis->left);
}

static struct date_axis
places(const struct svg_axis *axis)
{
	return date_axis_choose(
	    axis->first, axis->last, (int)((axis->right - axis->left) / LABEL_ROOM));
}

void
svg_axis_labels(struct svg *svg, const struct svg_axis *axis, double y)
{
	struct date_axis dates = places(axis);
	char label[DATE_AXIS_LABEL_LEN];
	double behind = 0;

	for (int32_t p = date_axis_at(&dates, axis->first); p <= axis->last;
	     p = date_axis_next(&dates, p)) {
		double x = svg_axis_x(axis, p);
		double width = svg_text_width(date_axis_label(&dates, p, label), LABEL_SIZE);

		if (x < behind || x + width > axis->right)
			continue;
		svg_text(svg, "dim", SVG_START, x, y, LABEL_SIZE, 0, label);
		behind = x + width + 4;
	}
}

void
svg_axis_lines(struct svg *svg, const struct svg_axis *axis, double top, double bottom)
{
	struct date_axis dates = places(axis);

	for (int32_t p = date_axis_at(&dates, axis->first); p <= axis->last;
	     p = date_axis_next(&dates, p)) {
		double x = svg_axis_x(axis, p);

		svg_line(svg, "grid", x, top, x, bottom);
	}
}

/* ---- where it goes */

int
svg_put(struct context *ctx, const struct svg *svg, const char *path)
{
	if (!str_ok(&svg->out))
		return context_error(ctx, EXIT_SERVER, "out of memory");
	if (strcmp(path, "-") == 0) {
		fwrite(svg->out.data, 1, svg->out.len, ctx->out.file);
		return EXIT_FINE;
	}
	if (put_file(path, &svg->out))
		return EXIT_FINE;
	if (errno == EISDIR)
		return context_error(ctx, EXIT_USAGE,
		    "%s is a directory; name a file in it: --svg %s/plan.svg", path, path);
	return context_error(ctx, EXIT_USAGE, "cannot write %s: %s", path, strerror(errno));
}
