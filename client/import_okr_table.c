/*
 * Tables of objectives and key results: one row for each, or the key results beside their objective. Which row stands
 * where makes no difference, but where a table leaves the objective's cell empty below the one it continues.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "client/import_okr_internal.h"

struct columns {
	const struct okr_table *table;
	enum okr_field *fields;
	const char **names;
	size_t count;
	size_t objective, key_result, title; /* SIZE_MAX: there is none */
	size_t owners;                       /* columns of owners of either */
	bool jira;
	bool okr_types; /* of Jira: issues are called objectives or key results */
};

static const char *
cell(const struct columns *columns, const struct okr_row *row, size_t column)
{
	(void)columns;
	return column < row->count ? row->cells[column] : "";
}

/* ---- the names of the columns ------------------------------------------------------------------------------- */

static bool
read_names(struct okr *okr, struct columns *columns)
{
	const struct okr_row *head = columns->table->rows;

	columns->count = head->count;
	columns->fields = arena_array(okr->arena, head->count, sizeof *columns->fields);
	columns->names = arena_array(okr->arena, head->count, sizeof *columns->names);
	columns->objective = columns->key_result = columns->title = SIZE_MAX;
	if (columns->fields == NULL || columns->names == NULL)
		return okr_oom(okr);
	for (size_t i = 0; i < head->count; i++) {
		enum okr_field field = okr_field(okr, head->cells[i]);

		columns->names[i] = okr_plain(okr, head->cells[i], NULL);
		columns->fields[i] = field;
		if (field == FIELD_OBJECTIVE && columns->objective == SIZE_MAX)
			columns->objective = i;
		if (field == FIELD_KEY_RESULT && columns->key_result == SIZE_MAX)
			columns->key_result = i;
		if (field == FIELD_TITLE && columns->title == SIZE_MAX)
			columns->title = i;
	}
	/* "IPFS Project Operations | Priority | Owner": the first column has the titles, whatever it is called */
	if (columns->objective == SIZE_MAX && columns->key_result == SIZE_MAX &&
	    columns->title == SIZE_MAX && columns->table->markdown) {
		columns->title = 0;
		columns->fields[0] = FIELD_TITLE;
	}
	return columns->objective != SIZE_MAX || columns->key_result != SIZE_MAX ||
	       columns->title != SIZE_MAX;
}

/* ---- what a row is -------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum okr_type type;
} types[] = {{"objective", OKR_OBJECTIVE}, {"company objective", OKR_OBJECTIVE},
    {"team objective", OKR_OBJECTIVE}, {"o", OKR_OBJECTIVE}, {"goal", OKR_OBJECTIVE},
    {"key result", OKR_KEY_RESULT}, {"keyresult", OKR_KEY_RESULT}, {"kr", OKR_KEY_RESULT},
    {"initiative", OKR_INITIATIVE}, {"epic", OKR_INITIATIVE}, {"project", OKR_INITIATIVE},
    {"story", OKR_TASK}, {"task", OKR_TASK}, {"sub-task", OKR_TASK}, {"subtask", OKR_TASK},
    {"bug", OKR_TASK}};

static enum okr_type
stated_type(const struct columns *columns, const char *text)
{
	enum okr_type type = OKR_UNTYPED;

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcasecmp(types[i].name, text) == 0)
			type = types[i].type;
	/* Where nothing is called an objective, epics are, and what stands below them are the key results. */
	if (columns->jira && !columns->okr_types && type == OKR_INITIATIVE)
		return OKR_OBJECTIVE;
	if (columns->jira && !columns->okr_types && type == OKR_TASK)
		return OKR_KEY_RESULT;
	return type;
}

static const char *
text_of(const struct columns *columns, const struct okr_row *row, enum okr_field field)
{
	for (size_t i = 0; i < columns->count && i < row->count; i++)
		if (columns->fields[i] == field && *row->cells[i] != '\0')
			return row->cells[i];
	return "";
}

static void
look_at_types(struct okr *okr, struct columns *columns)
{
	if (!columns->jira)
		return;
	for (const struct okr_row *row = columns->table->rows->next; row != NULL; row = row->next) {
		const char *type = okr_fold(okr, text_of(columns, row, FIELD_TYPE));

		if (strstr(type, "objective") != NULL || strstr(type, "key result") != NULL ||
		    strcmp(type, "kr") == 0 || strcmp(type, "goal") == 0)
			columns->okr_types = true;
	}
	if (!columns->okr_types)
		okr_note(okr, OKR_READ_AS,
		    "no issue type is called objective or key result: epics and initiatives are "
		    "taken as objectives, issues below them as key results",
		    1, "");
}

/* ---- what a row says ---------------------------------------------------------------------------------------------- */

/* Does the column speak of the objective of a row that has a key result, too? */
static bool
is_of_objective(const struct columns *columns, size_t column)
{
	enum okr_field field = columns->fields[column];

	if (field == FIELD_OBJECTIVE_OWNER || field == FIELD_TEAM || field == FIELD_PERIOD ||
	    field == FIELD_PARENT)
		return true;
	/* "Objective | Owner | Key Result | Owner": what stands before the key result is its objective's. */
	return columns->objective < column && column < columns->key_result;
}

static void
say_cells(struct okr *okr, const struct columns *columns, const struct okr_row *row,
    struct okr_node *node, int of_objective)
{
	for (size_t i = 0; i < columns->count; i++) {
		const char *text = okr_plain(okr, cell(columns, row, i), NULL);
		enum okr_field field = columns->fields[i];

		if (i == columns->title || i == columns->objective || i == columns->key_result ||
		    *text == '\0' || field == FIELD_IGNORED ||
		    (of_objective >= 0 && is_of_objective(columns, i) != (of_objective > 0)))
			continue;
		if (columns->jira && field == FIELD_NONE)
			continue; /* hundreds of them */
		if (field == FIELD_OBJECTIVE_OWNER)
			field = FIELD_OWNER;
		if (field == FIELD_DESCRIPTION)
			text = cell(columns, row, i);
		okr_say(okr, node, field, columns->names[i], text, row->line);
	}
	if (*columns->table->period != '\0' && okr_said(node, FIELD_PERIOD) == NULL)
		okr_say(okr, node, FIELD_PERIOD, "period", columns->table->period, row->line);
	if (*columns->table->team != '\0' && node->type == OKR_OBJECTIVE &&
	    okr_said(node, FIELD_TEAM) == NULL)
		okr_say(okr, node, FIELD_TEAM, "team", columns->table->team, row->line);
}

static void
set_key(struct okr *okr, struct okr_node *node)
{
	const struct okr_fact *id = okr_said(node, FIELD_ID);

	if (id != NULL)
		node->key = okr_fold(okr, id->text);
}

/* ---- objective and key result side by side --------------------------------------------------------------------- */

/*
 * The objective of that title, team and quarter: one, however many rows repeat it. Rows may say different things of it;
 * what is taken does not depend on which comes first.
 */
static struct okr_node *
find_objective(struct okr *okr, const struct columns *columns, struct refmap *objectives,
    const struct okr_row *row)
{
	const char *text = okr_plain(okr, cell(columns, row, columns->objective), NULL);
	const char *number, *name = text, *key;
	struct okr_node *node;

	(void)okr_marker(okr, text, &number, &name);
	if (*name == '\0')
		name = text;
	key = okr_fmt(okr, "%s\n%s\n%s", okr_fold(okr, name),
	    okr_fold(okr, text_of(columns, row, FIELD_TEAM)), text_of(columns, row, FIELD_PERIOD));
	node = refmap_get(objectives, key);
	if (node != NULL)
		return node;
	node = okr_add(okr, OKR_OBJECTIVE, name, row->line);
	if (node != NULL && !refmap_put(objectives, key, node))
		okr_oom(okr);
	return node;
}

/* What is said before already is not said again. */
static void
say_new(struct okr *okr, const struct columns *columns, const struct okr_row *row,
    struct okr_node *node, int of_objective)
{
	struct okr_node once = {.type = node->type, .title = "", .line = row->line};

	once.facts_end = &once.facts;
	say_cells(okr, columns, row, &once, of_objective);
	for (const struct okr_fact *fact = once.facts; fact != NULL; fact = fact->next) {
		bool said = false;

		for (const struct okr_fact *f = node->facts; f != NULL && !said; f = f->next)
			said = f->field == fact->field && strcmp(f->text, fact->text) == 0 &&
			       strcmp(f->name, fact->name) == 0;
		if (!said)
			okr_say(okr, node, fact->field, fact->name, fact->text, fact->line);
	}
}

static struct okr_node *
add_key_result(struct okr *okr, const struct columns *columns, const struct okr_row *row,
    const char *text, struct okr_node *objective)
{
	const char *number, *name = text;
	struct okr_node *node;

	(void)okr_marker(okr, text, &number, &name);
	node = okr_add(okr, OKR_KEY_RESULT, *name != '\0' ? name : text, row->line);
	if (node == NULL)
		return NULL;
	node->title = okr_title(okr, node, node->title, row->line);
	node->parent = objective;
	say_cells(
	    okr, columns, row, node, objective != NULL && columns->objective != SIZE_MAX ? 0 : -1);
	set_key(okr, node);
	return node;
}

static bool
read_beside(struct okr *okr, const struct columns *columns)
{
	struct refmap *objectives = refmap_new(okr->arena);
	struct okr_node *objective = columns->table->above;

	if (objectives == NULL)
		return okr_oom(okr);
	for (const struct okr_row *row = columns->table->rows->next; row != NULL && !okr->failed;
	     row = row->next) {
		const char *text =
		    columns->key_result != SIZE_MAX
			? okr_plain(okr, cell(columns, row, columns->key_result), NULL)
			: "";

		if (columns->objective != SIZE_MAX &&
		    *okr_plain(okr, cell(columns, row, columns->objective), NULL) != '\0')
			objective = find_objective(okr, columns, objectives, row);
		if (okr->failed)
			return false;
		if (objective == NULL || (*text == '\0' && objective == columns->table->above)) {
			okr_note(okr, OKR_LEFT_OUT, "rows without an objective", row->line,
			    *text != '\0' ? text : cell(columns, row, 0));
			continue;
		}
		if (objective != columns->table->above)
			say_new(okr, columns, row, objective, *text != '\0' ? 1 : -1);
		if (*text != '\0')
			(void)add_key_result(okr, columns, row, text, objective);
	}
	return !okr->failed;
}

/* ---- one row for each -------------------------------------------------------------------------------------------- */

/* "KR1.2" is below "O1". */
static const char *
key_above(struct okr *okr, const char *key)
{
	const char *digits = key + 2, *dot = strchr(key, '.');

	if (strncasecmp(key, "kr", 2) != 0 || dot == NULL || dot == digits ||
	    digits[strspn(digits, "0123456789.")] != '\0')
		return "";
	return okr_fmt(okr, "o%.*s", (int)(strrchr(key, '.') - digits), digits);
}

static bool
is_alone(const struct columns *columns, const struct okr_row *row)
{
	for (size_t i = 0; i < row->count; i++)
		if (i != columns->title && *row->cells[i] != '\0')
			return false;
	return true;
}

static const char *
first_text(const struct okr_row *row)
{
	for (size_t i = 0; i < row->count; i++)
		if (row->cells[i][strspn(row->cells[i], "* ")] != '\0')
			return row->cells[i];
	return "";
}

/* "Ship it (Alan, Steven)" where there is a column of owners, and it is empty. */
static const char *
take_names(struct okr *okr, struct okr_node *node, const char *title, unsigned line)
{
	size_t len = strlen(title);
	const char *start = strrchr(title, '(');

	if (len == 0 || title[len - 1] != ')' || start == NULL || start == title)
		return title;
	for (const char *p = start + 1; *p != ')';) {
		if (!isupper((unsigned char)*p))
			return title;
		p += strcspn(p, ",) ");
		p += strspn(p, ", ");
	}
	okr_say(okr, node, FIELD_OWNER, "owners",
	    okr_cut(okr, start + 1, len - (size_t)(start - title) - 2), line);
	okr_note(okr, OKR_READ_AS, "names in brackets behind an objective: taken as its owners",
	    line, start);
	return okr_cut(okr, title, (size_t)(start - title));
}

static bool
has_owners(const struct columns *columns)
{
	for (size_t i = 0; i < columns->count; i++)
		if (columns->fields[i] == FIELD_OWNER)
			return true;
	return false;
}

static struct okr_node *
read_row(struct okr *okr, const struct columns *columns, const struct okr_row *row,
    struct okr_node **objective)
{
	const char *number = "", *title, *rest;
	bool bold;
	const char *text = okr_plain(okr, cell(columns, row, columns->title), &bold);
	enum okr_type type = stated_type(columns, text_of(columns, row, FIELD_TYPE));
	enum okr_type marked = okr_marker(okr, text, &number, &rest);
	struct okr_node *node;

	title = marked != OKR_UNTYPED && *rest != '\0' ? rest : text;
	if (type == OKR_UNTYPED && *text_of(columns, row, FIELD_TYPE) != '\0') {
		okr_note(okr, OKR_LEFT_OUT, "rows of another type", row->line,
		    okr_fmt(okr, "%s: %s", text_of(columns, row, FIELD_TYPE), text));
		return NULL;
	}
	if (type == OKR_UNTYPED)
		type = marked;
	if (type == OKR_UNTYPED && *text_of(columns, row, FIELD_ID) != '\0')
		type = okr_marker(
		    okr, okr_fmt(okr, "%s: x", text_of(columns, row, FIELD_ID)), &number, &rest);
	if (type == OKR_UNTYPED && columns->table->markdown && bold && is_alone(columns, row)) {
		type = OKR_OBJECTIVE;
		/* "1 Quality releases" */
		while (isdigit((unsigned char)*title))
			title++;
		title = okr_cut(okr, title, strlen(title));
	} else if (type == OKR_UNTYPED &&
		   (*objective != NULL || *text_of(columns, row, FIELD_PARENT) != '\0')) {
		type = OKR_KEY_RESULT;
	}
	if (*title == '\0' || type == OKR_UNTYPED) {
		if (*text != '\0' || !is_alone(columns, row))
			okr_note(okr, OKR_LEFT_OUT,
			    *text != '\0' ? "rows that are neither objective nor key result"
					  : "rows without a title",
			    row->line, *text != '\0' ? text : first_text(row));
		return NULL;
	}
	node = okr_add(okr, type, title, row->line);
	if (node == NULL)
		return NULL;
	node->title = okr_title(okr, node, node->title, row->line);
	if (type == OKR_OBJECTIVE && columns->table->markdown && has_owners(columns) &&
	    *text_of(columns, row, FIELD_OWNER) == '\0')
		node->title = take_names(okr, node, node->title, row->line);
	say_cells(okr, columns, row, node, -1);
	set_key(okr, node);
	if (*node->key == '\0' && marked == OKR_KEY_RESULT && *number != '\0' &&
	    okr_said(node, FIELD_PARENT) == NULL)
		node->key = okr_fmt(okr, "kr%s", number);
	if (*node->key == '\0' && marked == OKR_OBJECTIVE && *number != '\0')
		node->key = okr_fmt(okr, "o%s", number);
	if (okr_said(node, FIELD_PARENT) == NULL && *key_above(okr, node->key) != '\0')
		okr_say(okr, node, FIELD_PARENT, "parent", key_above(okr, node->key), row->line);
	return node;
}

/* In a Markdown table without parents, a key result stands below the objective before it. */
static bool
read_rows(struct okr *okr, struct columns *columns)
{
	struct okr_node *objective = columns->table->above;

	look_at_types(okr, columns);
	for (const struct okr_row *row = columns->table->rows->next; row != NULL && !okr->failed;
	     row = row->next) {
		struct okr_node *node = read_row(okr, columns, row, &objective);

		if (node == NULL)
			continue;
		if (node->type == OKR_OBJECTIVE && columns->table->markdown) {
			node->parent = columns->table->above;
			objective = node;
		} else if (node->type == OKR_KEY_RESULT && okr_said(node, FIELD_PARENT) == NULL) {
			node->parent = objective;
		}
	}
	return !okr->failed;
}

/* ---- both --------------------------------------------------------------------------------------------------------- */

static void
note_columns(struct okr *okr, const struct columns *columns)
{
	for (size_t i = 0; i < columns->count; i++) {
		if (columns->fields[i] != FIELD_NONE || *columns->names[i] == '\0')
			continue;
		okr_note(okr, columns->jira ? OKR_LEFT_OUT : OKR_KEPT,
		    columns->jira ? "columns that say nothing of objectives and key results"
				  : "columns of other names: kept in the descriptions",
		    columns->table->rows->line, columns->names[i]);
	}
}

bool
okr_read_table(struct okr *okr, const struct okr_table *table, bool jira)
{
	struct columns columns = {.table = table, .jira = jira};

	if (!read_names(okr, &columns)) {
		if (!okr->failed && table->markdown)
			okr_note(okr, OKR_LEFT_OUT, "tables without objectives or key results",
			    table->rows->line, table->rows->cells[0]);
		else if (!okr->failed)
			okr_refuse(okr, ERR_INVALID, 1,
			    "no column is called Objective, Key Result, Title or Summary; name the "
			    "columns in the first row");
		return !okr->failed;
	}
	note_columns(okr, &columns);
	if (columns.title == SIZE_MAX)
		return read_beside(okr, &columns);
	return read_rows(okr, &columns);
}
