/*
 * CSV as RFC 4180 has it and as spreadsheets write it: commas, semicolons or tabs between the cells, quotes round what
 * holds them, newlines within quotes.
 */
#include <string.h>

#include "client/import_okr_internal.h"
#include "common/str.h"

struct reader {
	struct okr *okr;
	const char *p;
	char between;
	unsigned line;
};

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

static bool
at_end_of_row(const struct reader *in)
{
	return *in->p == '\0' || *in->p == '\n' || *in->p == '\r';
}

/* A cell in quotes; in->p is behind the first one. */
static bool
read_quoted(struct reader *in, struct str *cell)
{
	unsigned first = in->line;

	for (;;) {
		if (*in->p == '\0')
			return okr_refuse(in->okr, ERR_INVALID, first,
			    "a cell begins with a quote (\") that is never closed; put a second "
			    "one behind its text");
		if (*in->p == '"' && in->p[1] != '"')
			break;
		in->p += *in->p == '"';
		in->line += *in->p == '\n';
		str_add_char(cell, *in->p++);
	}
	in->p++;
	/* What follows the quotes belongs to the cell, as spreadsheets have it. */
	while (!at_end_of_row(in) && *in->p != in->between)
		str_add_char(cell, *in->p++);
	return true;
}

static const char *
read_cell(struct reader *in)
{
	unsigned line = in->line;
	const char *text = NULL;
	struct str cell;
	bool ok = true;

	str_init(&cell, OKR_LINE_MAX);
	if (*in->p == '"') {
		in->p++;
		ok = read_quoted(in, &cell);
	} else {
		while (!at_end_of_row(in) && *in->p != in->between)
			str_add_char(&cell, *in->p++);
	}
	if (ok && !str_ok(&cell))
		okr_refuse(in->okr, ERR_LIMIT, line, "a cell has more than %u bytes", OKR_LINE_MAX);
	else if (ok)
		text = okr_cut(in->okr, cell.data, cell.len);
	str_fini(&cell);
	return text;
}

/* Into a buffer of the caller's, so that rows of any width cost what they hold. */
static struct okr_row *
read_row(struct reader *in, const char **buffer)
{
	struct okr_row *row = arena_zalloc(in->okr->arena, sizeof *row);
	size_t count = 0;

	if (row == NULL) {
		okr_oom(in->okr);
		return NULL;
	}
	row->line = in->line;
	for (;;) {
		if (count == OKR_COLUMNS_MAX) {
			okr_refuse(
			    in->okr, ERR_LIMIT, row->line, "more than %u columns", OKR_COLUMNS_MAX);
			return NULL;
		}
		buffer[count] = read_cell(in);
		if (buffer[count++] == NULL || in->okr->failed)
			return NULL;
		if (*in->p != in->between)
			break;
		in->p++;
	}
	in->line += *in->p != '\0';
	in->p += *in->p == '\r' && in->p[1] == '\n' ? 2 : *in->p != '\0';
	row->cells = arena_memdup(in->okr->arena, buffer, count * sizeof *buffer);
	row->count = count;
	if (row->cells == NULL) {
		okr_oom(in->okr);
		return NULL;
	}
	return row;
}

static bool
is_blank(const struct okr_row *row)
{
	for (size_t i = 0; i < row->count; i++)
		if (*row->cells[i] != '\0')
			return false;
	return true;
}

bool
okr_read_csv(struct okr *okr, const char *text, struct okr_table *table)
{
	struct reader in = {.okr = okr, .p = text, .between = find_between(text), .line = 1};
	const char **buffer = arena_array(okr->arena, OKR_COLUMNS_MAX, sizeof *buffer);

	*table = (struct okr_table){.period = "", .team = ""};
	table->end = &table->rows;
	if (buffer == NULL)
		return okr_oom(okr);
	while (*in.p != '\0') {
		struct okr_row *row = read_row(&in, buffer);

		if (row == NULL)
			return false;
		if (in.line > OKR_LINES_MAX)
			return okr_refuse(okr, ERR_LIMIT, 0,
			    "more than %u lines; import the parts one by one", OKR_LINES_MAX);
		if (is_blank(row))
			continue;
		*table->end = row;
		table->end = &row->next;
	}
	return true;
}

size_t
okr_csv_columns(struct okr *okr, const char *text, bool *jira)
{
	const char **buffer = arena_array(okr->arena, OKR_COLUMNS_MAX, sizeof *buffer);
	struct reader in = {.okr = okr, .p = text, .between = find_between(text), .line = 1};
	struct okr_row *row = buffer != NULL ? read_row(&in, buffer) : NULL;
	bool key = false, type = false;
	size_t known = 0;

	for (size_t i = 0; row != NULL && i < row->count && row->count > 1; i++) {
		known += okr_field(okr, row->cells[i]) != FIELD_NONE;
		key = key || strcmp(okr_fold(okr, row->cells[i]), "issue key") == 0;
		type = type || strcmp(okr_fold(okr, row->cells[i]), "issue type") == 0;
	}
	*jira = key && type;
	return known;
}
