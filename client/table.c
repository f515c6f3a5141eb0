/* Tables: how wide each column may be, and the rows in it. */
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client/output.h"
#include "client/safe.h"
#include "common/json.h"
#include "common/parse.h"
#include "common/str.h"
#include "common/utf8.h"

#define COLUMNS_MAX 24
#define GAP         2
#define SHRUNK_MIN  10
#define WRAPPED_MIN 20
#define MAIN_MIN    44
#define HARD_MIN    3
#define CELL_MAX    (1u << 20)
#define OBJECTS_MAX (1u << 30)

struct column {
	char *title;
	unsigned flags;
};

struct cell {
	char *text;
	char *hang; /* what further lines begin with; NULL nothing */
	enum output_colour colour;
};

/* The layout: of the first rows, kept for all that come after. */
struct layout {
	size_t widths[COLUMNS_MAX];
	bool dropped[COLUMNS_MAX];
	bool narrow[COLUMNS_MAX]; /* dropped though something stands in it */
	bool words;               /* what otherwise stays whole wraps, too */
};

struct table {
	struct column columns[COLUMNS_MAX];
	size_t columns_count;
	struct cell *cells;
	size_t count;
	size_t cap;
	size_t printed; /* rows, by table_flush */
	bool begun;     /* the heading is out */
	bool failed;    /* out of memory: shown at the end */
	struct layout layout;
};

struct table *
table_new(void)
{
	return calloc(1, sizeof(struct table));
}

static void
clear_cells(struct table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		free(table->cells[i].text);
		free(table->cells[i].hang);
	}
	table->count = 0;
}

void
table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->columns_count; i++)
		free(table->columns[i].title);
	clear_cells(table);
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
	cell->hang = NULL;
	cell->colour = COLOUR_NONE;
	table->failed = table->failed || !cell->text;
}

PRINTF_LIKE(2, 0)
static void
cell_fmt(struct table *table, const char *fmt, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	table->failed = table->failed || !text;
	table_cell(table, text);
	free(text);
}

void
table_cellf(struct table *table, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	cell_fmt(table, fmt, ap);
	va_end(ap);
}

void
table_cell_if(struct table *table, bool has, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (has)
		cell_fmt(table, fmt, ap);
	else
		table_cell(table, "");
	va_end(ap);
}

void
table_colour(struct table *table, enum output_colour colour)
{
	if (table->count)
		table->cells[table->count - 1].colour = colour;
}

void
table_hang(struct table *table, const char *lead)
{
	struct cell *cell;

	if (table->count == 0)
		return;
	cell = &table->cells[table->count - 1];
	free(cell->hang);
	cell->hang = strdup(lead);
	table->failed = table->failed || !cell->hang;
}

/* Rows that are held and not printed yet. */
static size_t
held(const struct table *table)
{
	return table->columns_count ? table->count / table->columns_count : 0;
}

size_t
table_rows(const struct table *table)
{
	return table->printed + held(table);
}

/* ---- layout */

static size_t
width_of(const struct cell *cell, struct str *scratch)
{
	str_reset(scratch);
	safe_text(scratch, cell->text, false);
	return utf8_width(scratch->data);
}

static void
find_natural(const struct table *table, struct layout *layout)
{
	const struct cell *cell = table->cells;
	struct str safe;

	str_init(&safe, CELL_MAX);
	memset(layout, 0, sizeof *layout);
	for (size_t i = 0; i < table->columns_count; i++)
		layout->widths[i] = utf8_width(table->columns[i].title);
	for (size_t row = 0; row < held(table); row++) {
		for (size_t i = 0; i < table->columns_count; i++, cell++) {
			size_t width = width_of(cell, &safe);

			if (width > layout->widths[i])
				layout->widths[i] = width;
		}
	}
	str_fini(&safe);
}

/* A column in which nothing stands is not worth its title. */
static void
drop_empty(const struct table *table, struct layout *layout)
{
	for (size_t i = 0; i < table->columns_count; i++) {
		bool any = false;

		for (size_t row = 0; row < held(table) && !any; row++)
			any = table->cells[row * table->columns_count + i].text[0] != '\0';
		if (!any && held(table) > 0 && (table->columns[i].flags & TABLE_DROP))
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
	size_t min = column->flags & TABLE_MAIN   ? MAIN_MIN
		     : column->flags & TABLE_WRAP ? WRAPPED_MIN
						  : SHRUNK_MIN;

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
drop_one(const struct table *table, size_t width, struct layout *layout)
{
	unsigned may = width < OUTPUT_NARROW ? TABLE_DROP | TABLE_WIDE : TABLE_DROP;

	for (size_t i = table->columns_count; i-- > 0;) {
		if ((table->columns[i].flags & may) && !layout->dropped[i]) {
			layout->dropped[i] = true;
			layout->narrow[i] = true;
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

/* Words that nothing was said of, like ids: on a narrow terminal they wrap before it breaks their lines. */
static bool
is_words(const struct column *column)
{
	return (column->flags & (TABLE_RIGHT | TABLE_SHRINK | TABLE_WRAP)) == 0;
}

static bool
shrink_words(const struct table *table, struct layout *layout)
{
	size_t widest = table->columns_count;

	for (size_t i = 0; i < table->columns_count; i++) {
		if (layout->dropped[i] || !is_words(&table->columns[i]) ||
		    layout->widths[i] <= SHRUNK_MIN)
			continue;
		if (widest == table->columns_count || layout->widths[i] > layout->widths[widest])
			widest = i;
	}
	if (widest == table->columns_count)
		return false;
	layout->widths[widest]--;
	return true;
}

/* more: rows are still to come, so that a column in which nothing stands yet is kept. */
static void
lay_out(const struct table *table, size_t width, bool more, struct layout *layout)
{
	find_natural(table, layout);
	if (!more)
		drop_empty(table, layout);
	while (total_width(table, layout, true) > width && drop_one(table, width, layout))
		;
	while (total_width(table, layout, false) > width && shrink_one(table, layout, false))
		;
	layout->words = width < OUTPUT_NARROW && total_width(table, layout, false) > width;
	while (layout->words && total_width(table, layout, false) > width &&
	       shrink_words(table, layout))
		;
	/* a very narrow terminal: better a few letters than a broken line */
	while (total_width(table, layout, false) > width && shrink_one(table, layout, true))
		;
}

/* ---- printing */

/* Where the words begin: after blanks and the lines of a tree (U+2500 to U+257F). */
static size_t
words_begin(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t at = 0;

	for (;;) {
		if (p[at] == ' ')
			at++;
		else if (p[at] == 0xe2 && (p[at + 1] == 0x94 || p[at + 1] == 0x95))
			at += 3;
		else
			return at;
	}
}

/* Bytes of text on the next line of a wrapped cell: up to a blank, else after a dash or slash, else what fits. */
static size_t
wrap_fit(const char *text, size_t columns)
{
	size_t fit = utf8_fit(text, columns);
	size_t begin = words_begin(text);
	size_t cut;

	if (!text[fit])
		return fit;
	for (cut = fit; cut > begin && text[cut] != ' '; cut--)
		;
	if (cut > begin)
		return cut;
	for (cut = fit; cut > begin + 1 && text[cut - 1] != '-' && text[cut - 1] != '/'; cut--)
		;
	if (cut > begin + 1)
		return cut;
	return fit > 0 ? fit : strlen(text);
}

/* A cell while it is printed: what is left of its text, made safe. */
struct part {
	const char *text; /* NULL: nothing is left */
	const char *hang;
	enum output_colour colour;
	bool continued;
};

/* How many columns of a line the hanging lead may take: at least half are left to the text. */
static size_t
hang_width(const char *hang, size_t width)
{
	size_t wanted = hang ? utf8_width(hang) : 0;

	return wanted > width / 2 ? width / 2 : wanted;
}

/* The part of a cell for this line; part->text moves on by it. Cut cells get their "…". */
static void
take_part(
    const struct column *column, struct part *part, size_t width, bool words, struct str *line)
{
	const char *p = part->text;
	bool wraps = (column->flags & TABLE_WRAP) || (words && is_words(column));
	size_t len;

	str_reset(line);
	part->text = NULL;
	if (!p)
		return;
	if (part->continued && part->hang) {
		size_t hang = hang_width(part->hang, width);

		str_add_len(line, part->hang, utf8_fit(part->hang, hang));
		width -= hang;
	}
	if ((!can_shrink(column) && !wraps) || utf8_width(p) <= width) {
		str_add(line, p);
	} else if (wraps) {
		len = wrap_fit(p, width);
		str_add_len(line, p, len);
		p += len;
		p += strspn(p, " ");
		part->text = *p ? p : NULL;
		part->continued = true;
	} else {
		len = utf8_fit(p, width - 1);
		str_add_len(line, p, len);
		str_add(line, "\xe2\x80\xa6");
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

/* One row; wrapped cells go on on further lines. */
static void
print_row(const struct table *table, struct output *out, struct part *parts, struct str *line)
{
	const struct layout *layout = &table->layout;
	bool more = true;

	while (more) {
		size_t pending = 0;

		more = false;
		for (size_t i = 0; i < table->columns_count; i++) {
			if (layout->dropped[i])
				continue;
			take_part(
			    &table->columns[i], &parts[i], layout->widths[i], layout->words, line);
			print_part(out, &table->columns[i], parts[i].colour, line,
			    layout->widths[i], &pending);
			more = more || parts[i].text;
		}
		fputc('\n', out->file);
	}
}

static void
print_heading(const struct table *table, struct output *out, struct str *line)
{
	struct part parts[COLUMNS_MAX] = {{0}};

	for (size_t i = 0; i < table->columns_count; i++) {
		parts[i].text = table->columns[i].title;
		parts[i].colour = COLOUR_BOLD;
	}
	print_row(table, out, parts, line);
}

/* Says to people what they do not see. */
static void
print_left_out(const struct table *table, struct output *out)
{
	struct str text;
	bool any = false;

	str_init(&text, CELL_MAX);
	for (size_t i = 0; i < table->columns_count; i++) {
		if (!table->layout.narrow[i])
			continue;
		str_addf(&text, "%s%s", any ? ", " : "(too narrow for ", table->columns[i].title);
		any = true;
	}
	str_add(&text, any ? ")" : "");
	if (any && out->terminal)
		output_wrap(out, "", text.data);
	str_fini(&text);
}

static void
print_plain(struct table *table, struct output *out, bool more)
{
	struct part parts[COLUMNS_MAX] = {{0}};
	struct str safe[COLUMNS_MAX];
	const struct cell *cell = table->cells;
	struct str line;

	str_init(&line, CELL_MAX);
	if (!table->begun) {
		lay_out(table, (size_t)out->width, more, &table->layout);
		print_heading(table, out, &line);
	}
	for (size_t i = 0; i < table->columns_count; i++)
		str_init(&safe[i], CELL_MAX);
	for (size_t row = 0; row < held(table); row++) {
		for (size_t i = 0; i < table->columns_count; i++, cell++) {
			str_reset(&safe[i]);
			safe_text(&safe[i], cell->text, false);
			parts[i] = (struct part){safe[i].data, cell->hang, cell->colour, false};
		}
		print_row(table, out, parts, &line);
	}
	if (!more)
		print_left_out(table, out);
	for (size_t i = 0; i < table->columns_count; i++)
		str_fini(&safe[i]);
	str_fini(&line);
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

/* "DUE BY" as programs have it: "due_by". */
static void
field_name(const char *title, char *name, size_t size)
{
	size_t n = 0;

	for (const char *p = title; *p && n + 1 < size; p++)
		name[n++] = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p == ' ' ? '_' : *p);
	name[n] = '\0';
}

static void
print_csv_heading(const struct table *table, struct output *out)
{
	for (size_t i = 0; i < table->columns_count; i++) {
		char name[64];

		field_name(table->columns[i].title, name, sizeof name);
		fputs(i ? "," : "", out->file);
		print_field(out->file, name);
	}
	fputc('\n', out->file);
}

static void
print_csv(const struct table *table, struct output *out)
{
	if (!table->begun)
		print_csv_heading(table, out);
	for (size_t i = 0; i < held(table) * table->columns_count; i++) {
		print_field(out->file, table->cells[i].text);
		fputc(i % table->columns_count + 1 < table->columns_count ? ',' : '\n', out->file);
	}
}

/* ---- rows as JSON or YAML: an object each, its fields the columns in lower case; empty ones are left out */

static bool
is_number(const struct column *column, const char *text)
{
	double value;

	return (column->flags & TABLE_RIGHT) && parse_double(text, &value);
}

static void
add_object(const struct table *table, const struct cell *cells, bool json, struct str *out)
{
	const char *between = json ? "{" : "- ";

	for (size_t i = 0; i < table->columns_count; i++) {
		char name[64];

		if (!cells[i].text[0])
			continue;
		field_name(table->columns[i].title, name, sizeof name);
		str_addf(out, json ? "%s\"%s\": " : "%s%s: ", between, name);
		if (is_number(&table->columns[i], cells[i].text))
			str_add(out, cells[i].text);
		else
			json_print_string(cells[i].text, out); /* YAML reads it too */
		between = json ? ", " : "\n  ";
	}
	if (json)
		str_add(out, between[0] == '{' ? "{}" : "}");
	else
		str_add(out, between[0] == '-' ? "- {}\n" : "\n");
}

static void
print_objects(const struct table *table, struct output *out, bool more)
{
	bool json = out->format == OUTPUT_JSON;
	struct str text;

	str_init(&text, OBJECTS_MAX);
	if (json && !table->begun)
		str_add(&text, "[");
	for (size_t row = 0; row < held(table); row++) {
		if (json)
			str_add(&text, out->lines ? (table->printed + row ? ", " : "")
						  : (table->printed + row ? ",\n  " : "\n  "));
		add_object(table, &table->cells[row * table->columns_count], json, &text);
	}
	if (json && !more)
		str_add(&text, table_rows(table) && !out->lines ? "\n]\n" : "]\n");
	else if (!json && !more && table_rows(table) == 0)
		str_add(&text, "[]\n");
	fputs(text.data, out->file);
	str_fini(&text);
}

static void
flush(struct table *table, struct output *out, bool more)
{
	if (table->failed) {
		fputs("plumb: out of memory\n", stderr);
		return;
	}
	if (out->format == OUTPUT_CSV)
		print_csv(table, out);
	else if (out->format == OUTPUT_JSON || out->format == OUTPUT_YAML)
		print_objects(table, out, more);
	else
		print_plain(table, out, more);
	if (more) {
		table->begun = true;
		table->printed += held(table);
		clear_cells(table);
	}
}

void
table_flush(struct table *table, struct output *out)
{
	flush(table, out, true);
}

void
table_print(struct table *table, struct output *out)
{
	flush(table, out, false);
}
