#include "client/import_csv.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/csv.h"
#include "client/import_text.h"
#include "client/planfile.h"
#include "client/safe.h"
#include "client/scale.h"
#include "common/arena.h"
#include "common/calendar.h"
#include "common/parse.h"
#include "common/pb.h"

#define TITLE_MAX 500u
#define SHOWN     40

enum use {
	USE_LEFT_OUT,
	USE_ID,
	USE_TITLE,
	USE_SEGMENT,
	USE_VALUE,
	USE_GROWTH,
	USE_SINCE,
	USE_CAME_FROM,
	USE_RATING,
};

struct column {
	const char *name;
	enum use use;
	size_t filled;
	size_t numbers;
	unsigned word_line; /* of the first cell that is no number; 0 none */
	const char *word;
	struct csv_question *question;
};

struct table {
	const struct csv_options *options;
	struct planfile *plan;
	struct csv csv;
	const char *cells[CSV_COLUMNS_MAX];
	size_t cells_count;
	struct column columns[CSV_COLUMNS_MAX];
	size_t columns_count;
	struct csv_report *report;
	struct err *err;
};

/* Always false. column: from 0; SIZE_MAX the row as a whole. */
static bool PRINTF_LIKE(5, 6)
    refuse(struct table *t, enum err_code code, unsigned line, size_t column, const char *fmt, ...)
{
	char text[400], where[160] = "", place[32] = "";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (line > 0)
		snprintf(place, sizeof place, "%u: ", line);
	if (column != SIZE_MAX)
		snprintf(where, sizeof where, "column %zu '%.*s': ", column + 1, SHOWN,
		    t->columns[column].name);
	return err_set(t->err, code, "%.100s:%s%s%s%s", t->options->name, line > 0 ? "" : " ",
	    place, where, text);
}

/* ---- the table */

static bool
next_row(struct table *t)
{
	struct err bad = {0};

	if (!csv_row(&t->csv, t->cells, CSV_COLUMNS_MAX, &t->cells_count, &bad))
		return refuse(t, bad.code, t->csv.row_line, SIZE_MAX, "%s", bad.msg);
	return true;
}

static bool
is_blank(const struct table *t)
{
	for (size_t i = 0; i < t->cells_count; i++) {
		if (t->cells[i][strspn(t->cells[i], " \t")] != '\0')
			return false;
	}
	return true;
}

/* Not empty and not "NA", as R writes what is missing. Blanks around it are cut. */
static bool
read_cell(const struct table *t, size_t column, char *out, size_t room)
{
	const char *text = t->cells[column] + strspn(t->cells[column], " \t");
	size_t len = strlen(text);

	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	snprintf(out, room, "%.*s", (int)len, text);
	return len > 0 && strcmp(out, "NA") != 0;
}

static bool
read_header(struct table *t)
{
	char name[600];

	if (csv_at_end(&t->csv))
		return refuse(
		    t, ERR_INVALID, 0, SIZE_MAX, "is empty; its first line names the columns");
	if (!next_row(t))
		return false;
	t->columns_count = t->cells_count;
	for (size_t i = 0; i < t->columns_count; i++) {
		(void)read_cell(t, i, name, sizeof name);
		t->columns[i].name = arena_strdup(t->plan->arena, name);
		if (t->columns[i].name == NULL)
			return err_oom(t->err);
	}
	return true;
}

/* ---- which column is what */

static bool
find_column(struct table *t, const char *option, const char *name, enum use use)
{
	struct str names;

	for (size_t i = 0; i < t->columns_count; i++) {
		if (strcmp(t->columns[i].name, name) != 0)
			continue;
		if (t->columns[i].use != USE_LEFT_OUT)
			return refuse(t, ERR_INVALID, 1, i, "is asked for twice");
		t->columns[i].use = use;
		return true;
	}
	str_init(&names, 300);
	for (size_t i = 0; i < t->columns_count && str_ok(&names) && names.len < 150; i++)
		str_addf(&names, "%s%.*s", i > 0 ? ", " : "", SHOWN, t->columns[i].name);
	refuse(t, ERR_INVALID, 1, SIZE_MAX, "there is no column '%.*s' for %s; there are: %s",
	    SHOWN, name, option, names.data);
	str_fini(&names);
	return false;
}

static bool
use_ratings(struct table *t)
{
	char *copy = arena_strdup(t->plan->arena, t->options->ratings), *rest = copy, *name;

	if (copy == NULL)
		return err_oom(t->err);
	while ((name = strtok_r(rest, ",", &rest)) != NULL) {
		if (!find_column(t, "--ratings", name, USE_RATING))
			return false;
	}
	return true;
}

static bool
use_columns(struct table *t)
{
	const struct csv_options *o = t->options;
	const struct {
		const char *option;
		const char *name;
		enum use use;
	} stated[] = {
	    {"--id", o->id != NULL ? o->id : "id", USE_ID},
	    {"--name", o->titles, USE_TITLE},
	    {"--segment", o->segment, USE_SEGMENT},
	    {"--value", o->value, USE_VALUE},
	    {"--growth", o->growth, USE_GROWTH},
	    {"--since", o->since, USE_SINCE},
	    {"--came-from", o->came_from, USE_CAME_FROM},
	};

	for (size_t i = 0; i < sizeof stated / sizeof stated[0]; i++) {
		if (stated[i].name != NULL &&
		    !find_column(t, stated[i].option, stated[i].name, stated[i].use))
			return false;
	}
	return o->ratings == NULL || use_ratings(t);
}

static bool
survey_row(struct table *t, size_t number)
{
	char text[600];
	double value;

	if (number > CSV_ROWS_MAX)
		return refuse(t, ERR_LIMIT, t->csv.row_line, SIZE_MAX, "more than %u customers",
		    CSV_ROWS_MAX);
	if (t->cells_count != t->columns_count)
		return refuse(t, ERR_INVALID, t->csv.row_line, SIZE_MAX,
		    "%zu cells, and the first line names %zu columns; put what holds a '%c' or a "
		    "new line in quotes",
		    t->cells_count, t->columns_count, t->csv.between);
	for (size_t i = 0; i < t->columns_count; i++) {
		struct column *column = &t->columns[i];

		if (!read_cell(t, i, text, sizeof text))
			continue;
		column->filled++;
		if (parse_double(text, &value)) {
			column->numbers++;
		} else if (column->word_line == 0) {
			column->word_line = t->csv.row_line;
			column->word = arena_strdup(t->plan->arena, text);
			if (column->word == NULL)
				return err_oom(t->err);
		}
	}
	return true;
}

/* What is in the columns, so that those of numbers are known before the first customer is made. */
static bool
survey(struct table *t)
{
	size_t rows = 0;

	while (!csv_at_end(&t->csv)) {
		if (!next_row(t))
			return false;
		if (!is_blank(t) && !survey_row(t, ++rows))
			return false;
	}
	return rows > 0 || refuse(t, ERR_INVALID, 0, SIZE_MAX, "names columns, and has no rows");
}

/* A column of numbers, but for some cells, is not left out in silence. */
static bool
choose_rating(struct table *t, size_t i)
{
	struct column *column = &t->columns[i];

	if (column->filled > 0 && column->name[0] == '\0')
		return refuse(t, ERR_INVALID, 1, i, "the column has no name");
	if (column->numbers > 0 && column->numbers * 2 >= column->filled && column->word_line > 0)
		return refuse(t, ERR_INVALID, column->word_line, i,
		    "'%.*s' is no number, as the others in its column are; leave it empty where "
		    "the answer is missing, or say with --ratings which columns count",
		    SHOWN, column->word);
	if (column->numbers > 0 && column->word_line == 0)
		column->use = USE_RATING;
	return true;
}

static bool
add_question(struct table *t, size_t i)
{
	struct csv_report *report = t->report;
	struct column *column = &t->columns[i];
	char name[ID_MAX_LEN + 1];

	slug(column->name, name);
	if (name[0] == '\0')
		return refuse(t, ERR_INVALID, 1, i, "no name for a question can be made of it");
	for (size_t k = 0; k < report->questions_count; k++) {
		if (strcmp(report->questions[k].question, name) == 0)
			return refuse(t, ERR_INVALID, 1, i,
			    "becomes question '%s', as column '%.*s' does; call one of them "
			    "something else",
			    name, SHOWN, report->questions[k].column);
	}
	if (report->questions_count == CSV_RATINGS_MAX)
		return refuse(t, ERR_LIMIT, 1, i,
		    "more than %u columns of ratings; say with --ratings which ones count",
		    CSV_RATINGS_MAX);
	column->question = &report->questions[report->questions_count++];
	column->question->column = column->name;
	column->question->question = arena_strdup(t->plan->arena, name);
	return column->question->question != NULL || err_oom(t->err);
}

static bool
choose_columns(struct table *t)
{
	for (size_t i = 0; i < t->columns_count; i++) {
		struct column *column = &t->columns[i];

		if (column->use == USE_LEFT_OUT && t->options->ratings == NULL &&
		    !choose_rating(t, i))
			return false;
		if (column->use == USE_RATING && !add_question(t, i))
			return false;
		if (column->use == USE_LEFT_OUT && column->name[0] != '\0')
			t->report->left_out[t->report->left_out_count++] = column->name;
	}
	return t->report->questions_count > 0 ||
	       refuse(t, ERR_INVALID, 1, SIZE_MAX,
		   "no column holds ratings, that is numbers; say which ones do: --ratings a,b,c");
}

/* ---- customers */

static bool
take_rating(struct table *t, size_t i, const char *text, Plumb__V1__Customer *customer)
{
	const struct csv_options *o = t->options;
	double low = o->has_scale ? o->low : 0, high = o->has_scale ? o->high : SCALE_MOST, value;
	struct csv_question *question = t->columns[i].question;
	Plumb__V1__Customer__RatingsEntry *entry;

	if (!parse_double(text, &value))
		return refuse(t, ERR_INVALID, t->csv.row_line, i,
		    "'%.*s' is no number; write it like 7 or 7.5, and leave the cell empty where "
		    "the answer is missing",
		    SHOWN, text);
	if (value < low || value > high)
		return refuse(t, ERR_INVALID, t->csv.row_line, i,
		    "%.*s is not between %g and %g; if the column holds no ratings, name those "
		    "that do: "
		    "--ratings a,b,c",
		    SHOWN, text, low, high);
	entry = arena_alloc(t->plan->arena, sizeof *entry);
	if (entry == NULL)
		return err_oom(t->err);
	plumb__v1__customer__ratings_entry__init(entry);
	entry->key = pb_str(question->question);
	entry->value = value;
	customer->ratings[customer->n_ratings++] = entry;
	question->least = question->answered == 0 ? value : fmin(question->least, value);
	question->most = question->answered == 0 ? value : fmax(question->most, value);
	question->answered++;
	return true;
}

static bool
take_number(struct table *t, size_t i, const char *text, double *out)
{
	char number[64];
	size_t len = strlen(text);
	bool percent = t->columns[i].use == USE_GROWTH && len > 1 && text[len - 1] == '%';

	snprintf(number, sizeof number, "%.*s", (int)(len - percent), text);
	if (len >= sizeof number || !parse_double(number, out))
		return refuse(t, ERR_INVALID, t->csv.row_line, i,
		    "'%.*s' is no number; write it like 1250.5", SHOWN, text);
	*out = percent ? *out / 100 : *out;
	if (t->columns[i].use == USE_GROWTH && !(*out >= -1 && *out <= 10))
		return refuse(t, ERR_INVALID, t->csv.row_line, i,
		    "%.*s is not between -1 and 10; a tenth more a year is 0.1 or 10%%", SHOWN,
		    text);
	return true;
}

static bool
take_cell(struct table *t, size_t i, const char *text, Plumb__V1__Item *item)
{
	Plumb__V1__Customer *customer = item->customer;
	char name[ID_MAX_LEN + 1];
	char **field = NULL;
	int32_t day;

	switch (t->columns[i].use) {
	case USE_RATING:
		return take_rating(t, i, text, customer);
	case USE_VALUE:
		customer->value__case = PLUMB__V1__CUSTOMER__VALUE__VALUE;
		return take_number(t, i, text, &customer->value);
	case USE_GROWTH:
		customer->growth__case = PLUMB__V1__CUSTOMER__GROWTH__GROWTH;
		return take_number(t, i, text, &customer->growth);
	case USE_SINCE:
		if (!date_parse(text, &day))
			return refuse(t, ERR_INVALID, t->csv.row_line, i,
			    "'%.*s' is not a date; write it like 2026-03-31", SHOWN, text);
		field = &customer->since;
		break;
	case USE_SEGMENT:
		slug(text, name);
		text = name;
		field = &customer->segment;
		break;
	case USE_CAME_FROM:
		field = &customer->came_from;
		break;
	case USE_TITLE:
		field = &item->title;
		break;
	default:
		return true;
	}
	*field = arena_strdup(t->plan->arena, text);
	return *field != NULL || err_oom(t->err);
}

static bool
read_id(struct table *t, char id[ID_MAX_LEN + 1])
{
	char text[600], ref[ID_MAX_LEN + 16];
	const struct planfile_entry *there;
	size_t i = 0;

	while (t->columns[i].use != USE_ID)
		i++;
	if (!read_cell(t, i, text, sizeof text))
		return refuse(
		    t, ERR_INVALID, t->csv.row_line, i, "is empty: nobody can say who answered");
	if (parse_is_id(text, strlen(text)))
		snprintf(id, ID_MAX_LEN + 1, "%.*s", ID_MAX_LEN, text);
	else
		slug(text, id);
	if (id[0] == '\0')
		return refuse(t, ERR_INVALID, t->csv.row_line, i,
		    "no id can be made of '%.*s'; it needs a letter or digit", SHOWN, text);
	snprintf(ref, sizeof ref, "customer/%s", id);
	there = planfile_find(planfile_present(t->plan), ref);
	if (there != NULL)
		return refuse(t, ERR_INVALID, t->csv.row_line, i,
		    "%s has answered in line %u already: one row for each customer", ref,
		    there->place.line);
	return true;
}

static bool
add_customer(struct table *t)
{
	struct planfile_place place = {.file = t->options->name, .line = t->csv.row_line};
	char id[ID_MAX_LEN + 1], text[CSV_CELL_MAX + 1];
	Plumb__V1__Customer *customer;
	struct planfile_entry *entry;

	if (!read_id(t, id))
		return false;
	entry = planfile_add_item(
	    t->plan, planfile_present(t->plan), PLUMB__V1__KIND__CUSTOMER, id, place);
	if (entry == NULL)
		return err_oom(t->err);
	customer = entry->item->customer;
	customer->ratings =
	    arena_array(t->plan->arena, t->report->questions_count, sizeof customer->ratings[0]);
	if (customer->ratings == NULL)
		return err_oom(t->err);
	for (size_t i = 0; i < t->columns_count; i++) {
		if (t->columns[i].use == USE_LEFT_OUT || t->columns[i].use == USE_ID)
			continue;
		if (read_cell(t, i, text, sizeof text) && !take_cell(t, i, text, entry->item))
			return false;
	}
	if (strlen(entry->item->title) > TITLE_MAX)
		return refuse(t, ERR_LIMIT, t->csv.row_line, SIZE_MAX,
		    "a name has more than %u bytes", TITLE_MAX);
	t->report->customers++;
	t->report->silent += customer->n_ratings == 0;
	t->report->missing += t->report->questions_count - customer->n_ratings;
	return true;
}

static bool
add_customers(struct table *t)
{
	while (!csv_at_end(&t->csv)) {
		if (!next_row(t))
			return false;
		if (!is_blank(t) && !add_customer(t))
			return false;
	}
	return true;
}

/* Twice through the text: what the columns hold, then the customers. */
static bool
read_table(struct table *t, const char *text)
{
	bool ok;

	csv_begin(&t->csv, text, CSV_CELL_MAX);
	ok = read_header(t) && use_columns(t) && survey(t) && choose_columns(t);
	csv_end(&t->csv);
	if (!ok)
		return false;
	csv_begin(&t->csv, text, CSV_CELL_MAX);
	ok = next_row(t) && add_customers(t);
	csv_end(&t->csv);
	return ok;
}

bool
csv_import(const char *bytes, size_t len, const struct csv_options *options, struct planfile *plan,
    struct csv_report **report, struct err *err)
{
	struct table *t = arena_zalloc(plan->arena, sizeof *t);
	struct err bad = {0};
	const char *text;
	unsigned line;

	*report = arena_zalloc(plan->arena, sizeof **report);
	if (t == NULL || *report == NULL)
		return err_oom(err);
	t->options = options;
	t->plan = plan;
	t->report = *report;
	t->err = err;
	text = import_text(bytes, len, CSV_BYTES_MAX, plan->arena, &line, &bad);
	if (text == NULL)
		return refuse(t, bad.code, line, SIZE_MAX, "%s", bad.msg);
	return read_table(t, text);
}

/* ---- for people */

static void
print_name(const char *name, struct str *out)
{
	struct str text;

	str_init(&text, 1000);
	str_addf(&text, "%.100s", name);
	safe_text(out, text.data, false);
	str_fini(&text);
}

void
csv_report_print(const struct csv_report *report, const char *name, struct str *out)
{
	print_name(name, out);
	str_addf(out, ": %zu customer%s, %zu question%s, %zu answer%s missing\n", report->customers,
	    report->customers == 1 ? "" : "s", report->questions_count,
	    report->questions_count == 1 ? "" : "s", report->missing,
	    report->missing == 1 ? "" : "s");
	if (report->silent > 0)
		str_addf(out, "  %zu of them answered nothing\n", report->silent);
	for (size_t i = 0; i < report->questions_count; i++) {
		const struct csv_question *q = &report->questions[i];

		str_addf(out, "  %s: ", q->question);
		if (q->answered > 0)
			str_addf(
			    out, "%zu answers from %g to %g\n", q->answered, q->least, q->most);
		else
			str_add(out, "nobody answered\n");
	}
	for (size_t i = 0; i < report->left_out_count; i++) {
		str_add(out, i == 0 ? "  left out: " : ", ");
		print_name(report->left_out[i], out);
	}
	if (report->left_out_count > 0)
		str_add_char(out, '\n');
}
