/*
 * Any bytes as a StratML document. What is accepted makes a plan whose entries the daemon could take: ids are slugs,
 * texts are UTF-8 within their limits, references of the plan's own are there; and a second import that knows of
 * the first says the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/import_stratml.h"
#include "client/import_text.h"
#include "client/planfile.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"
#include "common/utf8.h"

#define ENTRIES_MAX 4096u /* that the second import is told of */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
check_item(const struct planfile_step *step, const Plumb__V1__Item *item)
{
	must(strlen(item->title) > 0 && strlen(item->title) <= 500);
	must(utf8_is_valid(item->title, strlen(item->title)));
	must(strlen(item->description) <= 65536);
	must(utf8_is_valid(item->description, strlen(item->description)));
	must(item->n_links <= 1000);
	must(item->n_external_ids == 1 && strlen(item->external_ids[0]) <= 200);
	for (size_t i = 0; i < item->n_links; i++)
		must(planfile_find(step, item->links[i]->to) != NULL);
	if (item->body_case == PLUMB__V1__ITEM__BODY_OBJECTIVE) {
		must(*item->objective->goal != '\0');
		must(item->objective->n_targets <= 1000);
	}
}

static void
check_record(const struct planfile_step *step, const Plumb__V1__Record *record)
{
	char ref[80];

	snprintf(ref, sizeof ref, "measure/%s", record->about);
	must(planfile_find(step, ref) != NULL);
	must(*record->at != '\0' && strlen(record->note) <= 65536);
}

static void
check_entries(const struct planfile *plan, const struct planfile_step *step)
{
	must(plan->faults_total == 0);
	for (size_t i = 0; i < step->count; i++) {
		const struct planfile_entry *entry = step->entries[i];

		must(parse_is_id(entry->id, strlen(entry->id)));
		if (entry->item != NULL)
			check_item(step, entry->item);
		else
			check_record(step, entry->record);
	}
}

static struct planfile *
run(const uint8_t *data, size_t size, struct stratml_options *options)
{
	struct err err = {0};
	struct planfile *plan = planfile_new(&err);
	struct stratml_report *report = NULL;
	struct str text;

	must(plan != NULL);
	if (!stratml_import((const char *)data, size, options, plan, &report, &err)) {
		must(err.code != ERR_OK && err.msg[0] != '\0');
		planfile_free(plan);
		return NULL;
	}
	str_init(&text, 1u << 20);
	stratml_report_print(report, options->name, &text);
	must(str_ok(&text) && utf8_is_valid(text.data, text.len));
	str_fini(&text);
	return plan;
}

static void
run_again(const uint8_t *data, size_t size, struct stratml_options *options,
    const struct planfile_step *first)
{
	struct import_known *known = calloc(first->count + 1, sizeof *known);
	struct planfile *plan;
	struct planfile_step *second;

	must(known != NULL);
	for (size_t i = 0; i < first->count; i++) {
		const Plumb__V1__Item *item = first->entries[i]->item;

		known[i] = (struct import_known){
		    .ref = first->entries[i]->ref, .title = "", .source = options->source};
		if (item == NULL)
			continue;
		known[i].title = item->title;
		known[i].external_ids = (const char *const *)item->external_ids;
		known[i].external_ids_count = item->n_external_ids;
	}
	options->known = known;
	options->known_count = first->count;
	plan = run(data, size, options);
	must(plan != NULL);
	second = planfile_present(plan);
	must(second->count == first->count);
	for (size_t i = 0; i < first->count; i++) {
		const struct planfile_entry *a = first->entries[i];
		const struct planfile_entry *b = planfile_find(second, a->ref);

		must(b != NULL && (a->item != NULL) == (b->item != NULL));
		must(a->item == NULL ||
		     pb_equal(&plumb__v1__item__descriptor, &a->item->base, &b->item->base));
	}
	planfile_free(plan);
	free(known);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stratml_options options = {.name = "plan.xml", .source = "stratml:plan.xml"};
	struct planfile *plan;

	options.untyped_are_people = size % 2 == 1;
	plan = run(data, size, &options);
	if (plan == NULL)
		return 0;
	check_entries(plan, planfile_present(plan));
	if (planfile_present(plan)->count <= ENTRIES_MAX)
		run_again(data, size, &options, planfile_present(plan));
	planfile_free(plan);
	return 0;
}
