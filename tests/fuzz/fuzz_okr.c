/*
 * Any bytes as objectives and key results, in each format. What is accepted makes a plan whose entries the daemon could take: ids
 * are slugs, texts are UTF-8 within their limits, numbers are finite, references of the plan's own are there, no
 * objective is above itself; and a second import that knows of the first says the same.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/import_okr.h"
#include "client/import_text.h"
#include "client/planfile.h"
#include "common/calendar.h"
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
must_have(const struct planfile_step *step, const char *kind, const char *id)
{
	char ref[ID_MAX_LEN + 32];

	if (*id == '\0')
		return;
	snprintf(ref, sizeof ref, "%s/%s", kind, id);
	must(planfile_find(step, ref) != NULL);
}

static void
must_be_day(const char *text)
{
	int32_t day;

	must(*text == '\0' || date_parse(text, &day));
}

static void
check_objective(const struct planfile_step *step, const Plumb__V1__Item *item)
{
	const Plumb__V1__Item *above = item;

	must_have(step, "objective", item->objective->parent);
	must_have(step, "team", item->objective->team);
	must_be_day(item->objective->closed);
	for (size_t i = 0; i < item->objective->n_targets; i++) {
		const Plumb__V1__Target *target = item->objective->targets[i];

		must_have(step, "measure", target->measure);
		must_be_day(target->due);
		must(isfinite(target->target) && isfinite(target->baseline));
		must(target->target__case != 0 || *target->text != '\0');
	}
	for (unsigned depth = 0; *above->objective->parent != '\0'; depth++) {
		char ref[ID_MAX_LEN + 32];

		must(depth <= OKR_DEPTH_MAX);
		snprintf(ref, sizeof ref, "objective/%s", above->objective->parent);
		above = planfile_find(step, ref)->item;
	}
}

static void
check_item(const struct planfile_step *step, const Plumb__V1__Item *item)
{
	must(strlen(item->title) > 0 && strlen(item->title) <= 500);
	must(utf8_is_valid(item->title, strlen(item->title)));
	must(strlen(item->description) <= 65536);
	must(utf8_is_valid(item->description, strlen(item->description)));
	for (size_t i = 0; i < item->n_owners; i++)
		must(strchr(item->owners[i], '/') != NULL
			 ? planfile_find(step, item->owners[i]) != NULL
			 : parse_is_id(item->owners[i], strlen(item->owners[i])));
	for (size_t i = 0; i < item->n_links; i++)
		must(planfile_find(step, item->links[i]->to) != NULL);
	if (item->body_case == PLUMB__V1__ITEM__BODY_OBJECTIVE)
		check_objective(step, item);
	if (item->body_case == PLUMB__V1__ITEM__BODY_MEASURE)
		must_have(step, "objective", item->measure->inline_under);
}

static void
check_entries(const struct planfile *plan, const struct planfile_step *step)
{
	must(plan->faults_total == 0);
	for (size_t i = 0; i < step->count; i++) {
		const struct planfile_entry *entry = step->entries[i];

		must(parse_is_id(entry->id, strlen(entry->id)));
		if (entry->item != NULL) {
			check_item(step, entry->item);
			continue;
		}
		must_be_day(entry->record->at);
		must(*entry->record->about != '\0' && strlen(entry->record->note) <= 65536);
		if (entry->record->body_case == PLUMB__V1__RECORD__BODY_MEASUREMENT)
			must(isfinite(entry->record->measurement->value));
		else
			must(entry->record->check_in->progress >= 0 &&
			     entry->record->check_in->progress <= 1);
	}
}

static struct planfile *
run(const uint8_t *data, size_t size, struct okr_options *options)
{
	struct err err = {0};
	struct planfile *plan = planfile_new(&err);
	struct okr_report *report = NULL;
	struct str text;

	must(plan != NULL);
	if (!okr_import((const char *)data, size, options, plan, &report, &err)) {
		must(err.code != ERR_OK && err.msg[0] != '\0');
		planfile_free(plan);
		return NULL;
	}
	str_init(&text, 1u << 24);
	okr_report_print(report, options->name, &text);
	must(str_ok(&text) && utf8_is_valid(text.data, text.len));
	str_fini(&text);
	return plan;
}

static void
run_again(const uint8_t *data, size_t size, struct okr_options *options,
    const struct planfile_step *first)
{
	struct import_known *known = calloc(first->count + 1, sizeof *known);
	struct planfile_step *second;
	struct planfile *plan;

	must(known != NULL);
	for (size_t i = 0; i < first->count; i++) {
		const struct planfile_entry *entry = first->entries[i];

		known[i] = (struct import_known){
		    .ref = entry->ref, .title = "", .at = "", .source = options->source};
		if (entry->item == NULL) {
			known[i].at = entry->record->at;
			continue;
		}
		known[i].title = entry->item->title;
		known[i].external_ids = (const char *const *)entry->item->external_ids;
		known[i].external_ids_count = entry->item->n_external_ids;
	}
	options->known = known;
	options->known_count = first->count;
	options->today = "2026-07-01"; /* another day: what has no date keeps its first one */
	plan = run(data, size, options);
	must(plan != NULL);
	second = planfile_present(plan);
	must(second->count == first->count);
	for (size_t i = 0; i < first->count; i++) {
		const struct planfile_entry *a = first->entries[i];
		const struct planfile_entry *b = planfile_find(second, a->ref);

		must(b != NULL && (a->item != NULL) == (b->item != NULL));
		must(a->item != NULL
			 ? pb_equal(&plumb__v1__item__descriptor, &a->item->base, &b->item->base)
			 : pb_equal(
			       &plumb__v1__record__descriptor, &a->record->base, &b->record->base));
	}
	planfile_free(plan);
	free(known);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int format = OKR_ANY; format <= OKR_JIRA; format++) {
		struct okr_options options = {.name = "q2.md",
		    .source = "okr:q2.md",
		    .today = "2026-05-10",
		    .format = (enum okr_format)format};
		struct planfile *plan = run(data, size, &options);

		if (plan == NULL)
			continue;
		check_entries(plan, planfile_present(plan));
		if (planfile_present(plan)->count <= ENTRIES_MAX)
			run_again(data, size, &options, planfile_present(plan));
		planfile_free(plan);
	}
	return 0;
}
