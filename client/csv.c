#include "client/csv.h"

#include <string.h>

/* What stands most often in the first line, outside of quotes. */
static char
find_between(const char *text)
{
	static const char candidates[] = ",;\t";
	size_t counts[3] = {0};
	bool quoted = false;
	size_t best = 0;

	for (const char *p = text; *p != '\0' && (quoted || (*p != '\n' && *p != '\r')); p++) {
		if (*p == '"')
			quoted = !quoted;
		for (size_t i = 0; i < 3; i++)
			counts[i] += !quoted && *p == candidates[i];
	}
	for (size_t i = 1; i < 3; i++)
		if (counts[i] > counts[best])
			best = i;
	return candidates[best];
}

void
csv_begin(struct csv *csv, const char *text, size_t cell_max)
{
	*csv =
	    (struct csv){.p = text, .between = find_between(text), .line = 1, .cell_max = cell_max};
	str_init(&csv->text, strlen(text) + 2);
}

void
csv_end(struct csv *csv)
{
	str_fini(&csv->text);
}

bool
csv_at_end(const struct csv *csv)
{
	return *csv->p == '\0';
}

static bool
at_end_of_row(const struct csv *csv)
{
	return *csv->p == '\0' || *csv->p == '\n' || *csv->p == '\r';
}

/* A cell in quotes; csv->p is behind the first one. */
static bool
read_quoted(struct csv *csv, struct err *err)
{
	unsigned first = csv->line;

	for (;;) {
		if (*csv->p == '\0') {
			csv->row_line = first;
			return err_set(err, ERR_INVALID,
			    "a cell begins with a quote (\") that is never closed; put a second "
			    "one behind its text");
		}
		if (*csv->p == '"' && csv->p[1] != '"')
			break;
		csv->p += *csv->p == '"';
		csv->line += *csv->p == '\n';
		str_add_char(&csv->text, *csv->p++);
	}
	csv->p++;
	return true;
}

/* What follows the quotes belongs to the cell, as spreadsheets have it. */
static bool
read_cell(struct csv *csv, struct err *err)
{
	size_t before = csv->text.len;
	unsigned line = csv->line;

	if (*csv->p == '"') {
		csv->p++;
		if (!read_quoted(csv, err))
			return false;
	}
	while (!at_end_of_row(csv) && *csv->p != csv->between)
		str_add_char(&csv->text, *csv->p++);
	if (str_ok(&csv->text) && csv->text.len - before > csv->cell_max) {
		csv->row_line = line;
		return err_set(err, ERR_LIMIT, "a cell has more than %zu bytes", csv->cell_max);
	}
	str_add_len(&csv->text, "", 1);
	return str_ok(&csv->text) || err_oom(err);
}

bool
csv_row(struct csv *csv, const char **cells, size_t max, size_t *count, struct err *err)
{
	const char *p;

	*count = 0;
	csv->row_line = csv->line;
	str_reset(&csv->text);
	for (;;) {
		if (*count == max)
			return err_set(err, ERR_LIMIT, "more than %zu columns", max);
		if (!read_cell(csv, err))
			return false;
		(*count)++;
		if (*csv->p != csv->between)
			break;
		csv->p++;
	}
	csv->line += *csv->p != '\0';
	csv->p += *csv->p == '\r' && csv->p[1] == '\n' ? 2 : *csv->p != '\0';
	p = csv->text.data;
	for (size_t i = 0; i < *count; i++) {
		cells[i] = p;
		p += strlen(p) + 1;
	}
	return true;
}
