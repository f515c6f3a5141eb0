/* Tables: how wide each column may be, and the rows in it. */
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client/output.h"
#include "client/safe.h"
#include "common/str.h"
#include "common/utf8.h"

#define COLUMNS_MAX 24
#define GAP         2
#define SHRUNK_MIN  10
#define MAIN_MIN    30
#define HARD_MIN    3
#define CELL_MAX    (1u << 20)

struct column {
	char *title;
	unsigned flags;
};

struct cell {
	char *text;
	enum output_colour colour;
};

struct table {
	struct column columns[COLUMNS_MAX];
	size_t columns_count;
	struct cell *cells;
	size_t count;
	size_t cap;
	bool failed; /* out of memory: shown at the end */
};

/* The layout for one printing. */
struct layout {
	size_t widths[COLUMNS_MAX];
	bool dropped[COLUMNS_MAX];
};

struct table *
table_new(void)
{
	return calloc(1, sizeof(struct table));
}

void
table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->columns_count; i++)
		free(table->columns[i].title);
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i].text);
	free(table->cells);
	free(table);
}

void
table_column(struct table *table, const char *title, unsigned flags)
{
	struct column *column;

	if (table->columns_count == COLUMNS_MAX)
		return;
	column = &table->columns[table->columns_count++];
	column->title = strdup(title);
	column->flags = flags;
	table->failed = table->failed || !column->title;
}

void
table_cell(struct table *table, const char *text)
{
	struct cell *cell;

	if (table->count == table->cap) {
		size_t cap = table->cap ? table->cap * 2 : 64;
		struct cell *cells = reallocarray(table->cells, cap, sizeof *cells);

		if (!cells) {
			table->failed = true;
			return;
		}
		table->cells = cells;
		table->cap = cap;
	}
	cell = &table->cells[table->count++];
	cell->text = strdup(text ? text : "");
	cell->colour = COLOUR_NONE;
	table->failed = table->failed || !cell->text;
}

void
table_cellf(struct table *table, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	table->failed = table->failed || !text;
	table_cell(table, text);
	free(text);
}

void
table_colour(struct table *table, enum output_colour colour)
{
	if (table->count)
		table->cells[table->count - 1].colour = colour;
}

size_t
table_rows(const struct table *table)
{
	return table->columns_count ? table->count / table->columns_count : 0;
}

/* ---- layout */

static void
find_natural(const struct table *table, struct layout *layout)
{
	struct str safe;

	str_init(&safe, CELL_MAX);
	memset(layout, 0, sizeof *layout);
	for (size_t i = 0; i < table->columns_count; i++)
		layout->widths[i] = utf8_width(table->columns[i].title);
	for (size_t i = 0; i < table_rows(table) * table->columns_count; i++) {
		size_t column = i % table->columns_count;
		size_t width;

		str_reset(&safe);
		safe_text(&safe, table->cells[i].text, false);
		width = utf8_width(safe.data);
		if (width > layout->widths[column])
			layout->widths[column] = width;
	}
	str_fini(&safe);
}

/* A column in which nothing stands is not worth its title. */
static void
drop_empty(const struct table *table, struct layout *layout)
{
	for (size_t i = 0; i < table->columns_count; i++) {
		bool any = false;

		for (size_t row = 0; row < table_rows(table) && !any; row++)
			any = table->cells[row * table->columns_count + i].text[0] != '\0';
		if (!any && table_rows(table) > 0 && (table->columns[i].flags & TABLE_DROP))
			layout->dropped[i] = true;
	}
}

static bool
can_shrink(const struct column *column)
{
	return (column->flags & (TABLE_SHRINK | TABLE_WRAP)) != 0;
}

/* How narrow a column may get while others can still be left out. */
static size_t
least(const struct column *column)
{
	size_t title = utf8_width(column->title);
	size_t min = column->flags & TABLE_MAIN ? MAIN_MIN : SHRUNK_MIN;

	return title > min ? title : min;
}

static size_t
total_width(const struct table *table, const struct layout *layout, bool shrunk)
{
	size_t total = 0;

	for (size_t i = 0; i < table->columns_count; i++) {
		size_t width = layout->widths[i];

		if (layout->dropped[i])
			continue;
		if (shrunk && can_shrink(&table->columns[i]) && width > least(&table->columns[i]))
			width = least(&table->columns[i]);
		total += width + (total ? GAP : 0);
	}
	return total;
}

static bool
drop_one(const struct table *table, struct layout *layout)
{
	for (size_t i = table->columns_count; i-- > 0;) {
		if ((table->columns[i].flags & TABLE_DROP) && !layout->dropped[i]) {
			layout->dropped[i] = true;
			return true;
		}
	}
	return false;
}

/*
 * Takes a column from the widest that may shrink: down to what each should have, or (hard) to a few letters. False
 * if there is none.
 */
static bool
shrink_one(const struct table *table, struct layout *layout, bool hard)
{
	size_t widest = table->columns_count;

	for (size_t i = 0; i < table->columns_count; i++) {
		size_t min = hard ? HARD_MIN : least(&table->columns[i]);

		if (layout->dropped[i] || !can_shrink(&table->columns[i]) ||
		    layout->widths[i] <= min)
			continue;
		if (widest == table->columns_count || layout->widths[i] > layout->widths[widest])
			widest = i;
	}
	if (widest == table->columns_count)
		return false;
	layout->widths[widest]--;
	return true;
}

static void
lay_out(const struct table *table, size_t width, struct layout *layout)
{
	find_natural(table, layout);
	drop_empty(table, layout);
	while (total_width(table, layout, true) > width && drop_one(table, layout))
		;
	while (total_width(table, layout, false) > width && shrink_one(table, layout, false))
		;
	/* a very narrow terminal: better a few letters than a broken line */
	while (total_width(table, layout, false) > width && shrink_one(table, layout, true))
		;
}

/* ---- printing */

/* Bytes of text on the next line of a wrapped cell. */
static size_t
wrap_fit(const char *text, size_t columns)
{
	size_t fit = utf8_fit(text, columns);
	size_t cut;

	if (!text[fit])
		return fit;
	for (cut = fit; cut > 0 && text[cut] != ' '; cut--)
		;
	if (cut > 0)
		return cut;
	return fit > 0 ? fit : strlen(text);
}

/*
 * The part of a cell for this line: *text moves on by it; NULL when nothing is left. Cut cells get their "…".
 */
static void
take_part(const struct column *column, const char **text, size_t width, struct str *part)
{
	const char *p = *text;
	size_t len;

	str_reset(part);
	*text = NULL;
	if (!p)
		return;
	if (utf8_width(p) <= width || !can_shrink(column)) {
		str_add(part, p);
	} else if (column->flags & TABLE_WRAP) {
		len = wrap_fit(p, width);
		str_add_len(part, p, len);
		p += len;
		p += strspn(p, " ");
		*text = *p ? p : NULL;
	} else {
		len = utf8_fit(p, width - 1);
		str_add_len(part, p, len);
		str_add(part, "\xe2\x80\xa6");
	}
}

static void
print_blanks(FILE *file, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fputc(' ', file);
}

/* *pending are the blanks not printed yet: none stand at the end of a line. */
static void
print_part(struct output *out, const struct column *column, enum output_colour colour,
    const struct str *part, size_t width, size_t *pending)
{
	size_t used = utf8_width(part->data);
	size_t padding = width > used ? width - used : 0;

	if (part->len == 0) {
		*pending += width + GAP;
		return;
	}
	if (column->flags & TABLE_RIGHT)
		*pending += padding;
	print_blanks(out->file, *pending);
	output_coloured(out, colour, part->data);
	*pending = GAP + (column->flags & TABLE_RIGHT ? 0 : padding);
}

/* One row of made-safe texts; wrapped cells go on on further lines. */
static void
print_row(const struct table *table, const struct layout *layout, struct output *out,
    const char **texts, const enum output_colour *colours)
{
	struct str part;
	bool more = true;

	str_init(&part, CELL_MAX);
	while (more) {
		size_t pending = 0;

		more = false;
		for (size_t i = 0; i < table->columns_count; i++) {
			if (layout->dropped[i])
				continue;
			take_part(&table->columns[i], &texts[i], layout->widths[i], &part);
			print_part(out, &table->columns[i], colours[i], &part, layout->widths[i],
			    &pending);
			more = more || texts[i];
		}
		fputc('\n', out->file);
	}
	str_fini(&part);
}

static void
print_plain(const struct table *table, struct output *out)
{
	struct layout layout;
	const char *texts[COLUMNS_MAX];
	enum output_colour colours[COLUMNS_MAX];
	struct str safe[COLUMNS_MAX];

	lay_out(table, (size_t)out->width, &layout);
	for (size_t i = 0; i < table->columns_count; i++) {
		texts[i] = table->columns[i].title;
		colours[i] = COLOUR_BOLD;
		str_init(&safe[i], CELL_MAX);
	}
	print_row(table, &layout, out, texts, colours);
	for (size_t row = 0; row < table_rows(table); row++) {
		for (size_t i = 0; i < table->columns_count; i++) {
			const struct cell *cell = &table->cells[row * table->columns_count + i];

			str_reset(&safe[i]);
			safe_text(&safe[i], cell->text, false);
			texts[i] = safe[i].data;
			colours[i] = cell->colour;
		}
		print_row(table, &layout, out, texts, colours);
	}
	for (size_t i = 0; i < table->columns_count; i++)
		str_fini(&safe[i]);
}

/* RFC 4180, with "\n" for the line ends. */
static void
print_field(FILE *file, const char *text)
{
	/* a leading sign makes a spreadsheet compute; an apostrophe would change the data, so it stays */
	if (!text[strcspn(text, ",\"\n\r")] && text[0] != ' ') {
		fputs(text, file);
		return;
	}
	fputc('"', file);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', file);
		fputc(*text, file);
	}
	fputc('"', file);
}

static void
print_csv(const struct table *table, struct output *out)
{
	for (size_t i = 0; i < table->columns_count; i++) {
		char name[64];
		size_t n = 0;

		for (const char *p = table->columns[i].title; *p && n + 1 < sizeof name; p++)
			name[n++] = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a'
					   : *p == ' '            ? '_'
								  : *p);
		name[n] = '\0';
		fputs(i ? "," : "", out->file);
		print_field(out->file, name);
	}
	fputc('\n', out->file);
	for (size_t i = 0; i < table_rows(table) * table->columns_count; i++) {
		print_field(out->file, table->cells[i].text);
		fputc(i % table->columns_count + 1 < table->columns_count ? ',' : '\n', out->file);
	}
}

void
table_print(const struct table *table, struct output *out)
{
	if (table->failed) {
		fputs("plumb: out of memory\n", stderr);
		return;
	}
	if (out->format == OUTPUT_CSV)
		print_csv(table, out);
	else
		print_plain(table, out);
}
