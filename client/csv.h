/*
 * CSV as RFC 4180 has it and as spreadsheets write it: commas, semicolons or tabs between the cells, quotes round what
 * holds them, newlines within quotes, lines that end with LF, CR or both.
 *
 * A reader of text that is UTF-8 without NUL and byte order mark; it makes no decision about what cells mean. (Debian's libcsv tells no lines, and
 * messages about a file of 100,000 rows need them.)
 */
#ifndef CLIENT_CSV_H
#define CLIENT_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/str.h"

struct csv {
	const char *p;
	char between;
	unsigned line;     /* of what is read next; the first is 1 */
	unsigned row_line; /* in which the row that was read last began; or what is wrong */
	size_t cell_max;
	struct str text; /* of the cells of that row, each with its NUL */
};

/* cell_max: bytes of a cell. What stands most often in the first line, outside of quotes, is between the cells. */
void csv_begin(struct csv *csv, const char *text, size_t cell_max);
void csv_end(struct csv *csv);
bool csv_at_end(const struct csv *csv);
/*
 * The next row: not csv_at_end(). Cells stay until the next call. ERR_INVALID: a quote that is never closed; ERR_LIMIT: more than
 * max cells, or too large.
 */
bool csv_row(
    struct csv *csv, const char **cells, size_t max, size_t *count, struct err *err) MUST_CHECK;

#endif
