/*
 * Output for people and for programs: tables that fit the terminal, wrapped text, and messages as JSON or YAML.
 *
 * Colour only repeats what words say already. Text from the plan is made safe for a terminal: control
 * characters come out as a replacement character.
 */
#ifndef CLIENT_OUTPUT_H
#define CLIENT_OUTPUT_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/err.h"

struct str;

enum output_format {
	OUTPUT_TABLE,
	OUTPUT_JSON,
	OUTPUT_YAML,
	OUTPUT_CSV,
	OUTPUT_NAME,
	OUTPUT_MARKDOWN,
	OUTPUT_HTML
};

enum output_colour {
	COLOUR_NONE,
	COLOUR_RED,
	COLOUR_YELLOW,
	COLOUR_GREEN,
	COLOUR_BLUE,
	COLOUR_DIM,
	COLOUR_BOLD
};

struct output {
	FILE *file;
	enum output_format format;
	int width;   /* columns */
	bool colour; /* a terminal that wants it */
	bool terminal;
	bool lines;    /* JSON on one line, since more of it follows */
	size_t listed; /* of output_list_add */
};

/* Format aside, from the environment: tty, COLUMNS, NO_COLOR, TERM. */
void output_init(struct output *out, FILE *file);
bool output_parse_format(const char *text, enum output_format *format) MUST_CHECK;

/* Text in a colour where there is one. */
void output_coloured(struct output *out, enum output_colour colour, const char *text);
/* Plain text, made safe. */
void output_text(struct output *out, const char *text);
void output_printf(struct output *out, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Wrapped to the width: the first line begins with lead, the others with as many blanks. Ends with a newline. */
void output_wrap(struct output *out, const char *lead, const char *text);
/*
 * Text beside what stands on the line already (used columns), two blanks after it, wrapped under itself; on a line of
 * its own, indented, where little room is left. Ends with a newline.
 */
void output_beside(struct output *out, size_t used, size_t indent, const char *text);
/* The id alone of a reference of that kind where out has fewer columns: the title of the column says the kind. */
const char *output_short_ref(
    const struct output *out, int columns, const char *ref, const char *kind);
/* As output_wrap, into a string; width in columns. A newline in text stays one. */
void output_wrap_str(struct str *out, int width, const char *lead, const char *text);

/* One message as JSON or YAML by its descriptor (format JSON or YAML). */
void output_message(struct output *out, const ProtobufCMessage *message);
/* One JSON object on one line, for streams. */
void output_json_line(struct output *out, const ProtobufCMessage *message);
/* YAML by descriptor into a string; enums in lower case, unset fields left out. */
void output_yaml(struct str *out, const ProtobufCMessage *message, int indent);
/*
 * Many messages of one type: a JSON array, a YAML list. Begin, each, end.
 */
void output_list_begin(struct output *out);
void output_list_add(struct output *out, const ProtobufCMessage *message);
void output_list_end(struct output *out);

/* ---- tables: also CSV, by the format of the output */

#define OUTPUT_NARROW 60 /* on less, words wrap that else stay whole, like ids */

enum table_flag {
	TABLE_RIGHT = 1,  /* numbers */
	TABLE_SHRINK = 2, /* is cut (with …) when the table is too wide; the widest first */
	TABLE_WRAP = 4,   /* wraps instead */
	TABLE_DROP = 8,   /* left out first when even that is not enough */
	TABLE_MAIN = 16, /* the one that matters most: others are left out before it is cut short */
	TABLE_WIDE = 32, /* as TABLE_DROP where the terminal is narrow */
};

struct table;
struct table *table_new(void) MUST_CHECK;
void table_free(struct table *table);
void table_column(struct table *table, const char *title, unsigned flags);
/* Cells of the row in order; text is copied. The row ends by itself. */
void table_cell(struct table *table, const char *text);
void table_cellf(struct table *table, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Empty unless it has what is said. */
void table_cell_if(struct table *table, bool has, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The cell added last is shown in a colour. */
void table_colour(struct table *table, enum output_colour colour);
/* The cell added last wraps, and its further lines begin with lead (the lines of a tree). */
void table_hang(struct table *table, const char *lead);
/* Rows so far, those already printed too. */
size_t table_rows(const struct table *table);
/*
 * Prints the rows so far and forgets them; more come. The widths are those of the first time. A program that reads
 * the beginning need not wait for the end.
 */
void table_flush(struct table *table, struct output *out);
/*
 * Prints what is left. As JSON and YAML a row is an object, its fields the titles in lower case, those of
 * TABLE_RIGHT numbers; empty ones are left out.
 */
void table_print(struct table *table, struct output *out);

/* ---- progress on standard error, from the second second on, on a terminal only */
struct progress;
struct progress *progress_new(const char *what);
/* part 0..1; negative unknown. Takes NULL. */
void progress_update(struct progress *progress, double part);
/* Is one on its way that tells more than another could? */
bool progress_is_shown(void);
/* Clears the line. Takes NULL. */
void progress_free(struct progress *progress);

#endif
