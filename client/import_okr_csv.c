/* Tables of objectives and key results as CSV. */
#include <string.h>

#include "client/csv.h"
#include "client/import_okr_internal.h"

/* Into a buffer of the caller's, so that rows of any width cost what they hold. */
static struct okr_row *
read_row(struct okr *okr, struct csv *csv, const char **buffer)
{
	struct okr_row *row = arena_zalloc(okr->arena, sizeof *row);
	struct err err = {0};
	size_t count;

	if (row == NULL) {
		okr_oom(okr);
		return NULL;
	}
	if (!csv_row(csv, buffer, OKR_COLUMNS_MAX, &count, &err)) {
		okr_refuse(okr, err.code, csv->row_line, "%s", err.msg);
		return NULL;
	}
	row->line = csv->row_line;
	for (size_t i = 0; i < count; i++)
		buffer[i] = okr_cut(okr, buffer[i], strlen(buffer[i]));
	row->cells = arena_memdup(okr->arena, buffer, count * sizeof *buffer);
	row->count = count;
	if (row->cells == NULL)
		okr_oom(okr);
	return okr->failed ? NULL : row;
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
	const char **buffer = arena_array(okr->arena, OKR_COLUMNS_MAX, sizeof *buffer);
	struct csv csv;

	*table = (struct okr_table){.period = "", .team = ""};
	table->end = &table->rows;
	if (buffer == NULL)
		return okr_oom(okr);
	csv_begin(&csv, text, OKR_LINE_MAX);
	while (!csv_at_end(&csv) && !okr->failed) {
		struct okr_row *row = read_row(okr, &csv, buffer);

		if (row != NULL && csv.line > OKR_LINES_MAX)
			okr_refuse(okr, ERR_LIMIT, 0,
			    "more than %u lines; import the parts one by one", OKR_LINES_MAX);
		if (row == NULL || okr->failed || is_blank(row))
			continue;
		*table->end = row;
		table->end = &row->next;
	}
	csv_end(&csv);
	return !okr->failed;
}

size_t
okr_csv_columns(struct okr *okr, const char *text, bool *jira)
{
	const char **buffer = arena_array(okr->arena, OKR_COLUMNS_MAX, sizeof *buffer);
	struct okr_row *row = NULL;
	bool key = false, type = false;
	size_t known = 0;
	struct csv csv;

	csv_begin(&csv, text, OKR_LINE_MAX);
	if (buffer != NULL)
		row = read_row(okr, &csv, buffer);
	csv_end(&csv);
	for (size_t i = 0; row != NULL && i < row->count && row->count > 1; i++) {
		known += okr_field(okr, row->cells[i]) != FIELD_NONE;
		key = key || strcmp(okr_fold(okr, row->cells[i]), "issue key") == 0;
		type = type || strcmp(okr_fold(okr, row->cells[i]), "issue type") == 0;
	}
	*jira = key && type;
	return known;
}
