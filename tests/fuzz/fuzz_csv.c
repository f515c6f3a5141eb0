/*
 * Any bytes as a table of customers, read with several options. What is accepted makes customers whom the daemon could take, whose
 * numbers are those that the report tells; and the same rows written anew, each cell in quotes, say the same.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client/csv.h"
#include "client/import_csv.h"
#include "client/import_text.h"
#include "client/planfile.h"
#include "common/arena.h"
#include "common/calendar.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"
#include "common/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static bool
is_text(const char *text, size_t max)
{
	return strlen(text) <= max && utf8_is_valid(text, strlen(text));
}

static void
check_customer(const struct planfile_entry *entry, const struct csv_options *options)
{
	const Plumb__V1__Customer *customer = entry->item->customer;
	int32_t day;

	must(entry->kind == PLUMB__V1__KIND__CUSTOMER);
	must(parse_is_id(entry->id, strlen(entry->id)));
	must(is_text(entry->item->title, 500) && is_text(customer->came_from, CSV_CELL_MAX));
	must(*customer->segment == '\0' ||
	     parse_is_id(customer->segment, strlen(customer->segment)));
	must(*customer->since == '\0' || date_parse(customer->since, &day));
	must(isfinite(customer->value) && customer->growth >= -1 && customer->growth <= 10);
	for (size_t i = 0; i < customer->n_ratings; i++) {
		double value = customer->ratings[i]->value;

		must(parse_is_id(customer->ratings[i]->key, strlen(customer->ratings[i]->key)));
		must(value >= 0 && value <= 1000);
		must(!options->has_scale || (value >= options->low && value <= options->high));
		for (size_t j = 0; j < i; j++)
			must(strcmp(customer->ratings[i]->key, customer->ratings[j]->key) != 0);
	}
}

static void
check_report(const struct csv_report *report, const struct planfile_step *step)
{
	size_t answers = 0, told = 0;
	struct str text;

	must(report->customers == step->count && report->silent <= report->customers);
	for (size_t i = 0; i < step->count; i++)
		answers += step->entries[i]->item->customer->n_ratings;
	for (size_t i = 0; i < report->questions_count; i++) {
		told += report->questions[i].answered;
		must(report->questions[i].answered == 0 ||
		     report->questions[i].least <= report->questions[i].most);
	}
	must(answers == told);
	must(answers + report->missing == report->customers * report->questions_count);
	str_init(&text, 1u << 24);
	csv_report_print(report, "t.csv", &text);
	must(str_ok(&text) && utf8_is_valid(text.data, text.len));
	str_fini(&text);
}

/* The rows as they were read, each cell in quotes, with commas. */
static void
write_anew(const uint8_t *data, size_t size, struct arena *arena, struct str *out)
{
	static const char *cells[CSV_COLUMNS_MAX];
	struct err err = {0};
	struct csv csv;
	unsigned line;
	size_t count;
	const char *text = import_text((const char *)data, size, CSV_BYTES_MAX, arena, &line, &err);

	must(text != NULL);
	csv_begin(&csv, text, CSV_CELL_MAX);
	while (!csv_at_end(&csv)) {
		must(csv_row(&csv, cells, CSV_COLUMNS_MAX, &count, &err));
		for (size_t i = 0; i < count; i++) {
			str_add(out, i > 0 ? ",\"" : "\"");
			for (const char *p = cells[i]; *p != '\0'; p++) {
				if (*p == '"')
					str_add_char(out, '"');
				str_add_char(out, *p);
			}
			str_add_char(out, '"');
		}
		str_add(out, "\r\n");
	}
	csv_end(&csv);
	must(str_ok(out));
}

static struct planfile *
run(const char *bytes, size_t size, const struct csv_options *options)
{
	struct err err = {0};
	struct planfile *plan = planfile_new(&err);
	struct csv_report *report;

	must(plan != NULL);
	if (!csv_import(bytes, size, options, plan, &report, &err)) {
		must(err.code == ERR_INVALID || err.code == ERR_LIMIT);
		must(strncmp(err.msg, "t.csv", 5) == 0 && utf8_is_valid(err.msg, strlen(err.msg)));
		planfile_free(plan);
		return NULL;
	}
	check_report(report, planfile_present(plan));
	return plan;
}

static void
check(const uint8_t *data, size_t size, const struct csv_options *options)
{
	struct planfile *plan = run((const char *)data, size, options), *again;
	const struct planfile_step *step, *other;
	struct str anew;

	if (plan == NULL)
		return;
	step = planfile_present(plan);
	str_init(&anew, 1u << 24);
	write_anew(data, size, plan->arena, &anew);
	again = run(anew.data, anew.len, options);
	must(again != NULL);
	other = planfile_present(again);
	must(other->count == step->count);
	for (size_t i = 0; i < step->count; i++) {
		check_customer(step->entries[i], options);
		must(strcmp(step->entries[i]->ref, other->entries[i]->ref) == 0);
		must(pb_equal(&plumb__v1__item__descriptor, &step->entries[i]->item->base,
		    &other->entries[i]->item->base));
	}
	str_fini(&anew);
	planfile_free(again);
	planfile_free(plan);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct csv_options plain = {.name = "t.csv"};
	const struct csv_options named = {.name = "t.csv",
	    .id = "who",
	    .titles = "name",
	    .segment = "group",
	    .value = "value",
	    .growth = "growth",
	    .since = "since",
	    .came_from = "from",
	    .ratings = "q1,q2",
	    .has_scale = true,
	    .low = 1,
	    .high = 5};

	check(data, size, &plain);
	check(data, size, &named);
	return 0;
}
