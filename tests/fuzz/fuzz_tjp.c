/*
 * Any bytes as a plan of TaskJuggler. What is accepted makes a plan whose entries the daemon could take: ids are slugs, texts are
 * UTF-8 within their limits, days exist, what a task comes after and is a part of is there, lags and durations are in range;
 * and a second import that knows of the first gives everything the same id.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client/import_text.h"
#include "client/import_tjp.h"
#include "client/planfile.h"
#include "common/calendar.h"
#include "common/parse.h"
#include "common/str.h"
#include "common/utf8.h"

#define ENTRIES_MAX 2048u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
must_be_day(const char *text)
{
	int32_t day;

	must(*text == '\0' || date_parse(text, &day));
}

static void
must_have(const struct planfile_step *step, const char *kind, const char *name)
{
	char ref[128];
	struct str text;

	if (*name == '\0')
		return;
	str_init(&text, sizeof ref);
	if (strchr(name, '/') == NULL)
		str_addf(&text, "%s/", kind);
	str_add(&text, name);
	must(str_ok(&text) && planfile_find(step, text.data) != NULL);
	str_fini(&text);
}

static void
check_afters(const struct planfile_step *step, const char *kind, char **plain, size_t plain_count,
    Plumb__V1__After **list, size_t count)
{
	must(plain_count + count <= TJP_LIST_MAX);
	for (size_t i = 0; i < plain_count; i++)
		must_have(step, kind, plain[i]);
	for (size_t i = 0; i < count; i++) {
		must_have(step, "task", list[i]->work);
		must(list[i]->lag_days >= 1 && list[i]->lag_days <= 3660);
	}
}

static void
check_task(const struct planfile_step *step, const Plumb__V1__Task *task)
{
	must_have(step, "initiative", task->initiative);
	must_be_day(task->start);
	must_be_day(task->due);
	must(task->duration_days >= 0 && task->duration_days <= 3660 && task->effort >= 0);
	check_afters(
	    step, "task", task->after, task->n_after, task->after_with_lag, task->n_after_with_lag);
	for (size_t i = 0; i < task->n_members; i++)
		must_have(step, "person", task->members[i]);
	for (size_t i = 0; i < task->n_needs; i++) {
		must_have(step, "team", task->needs[i]->who);
		must(task->needs[i]->effort > 0 && task->needs[i]->most_share >= 0 &&
		     task->needs[i]->most_share <= 1);
	}
}

static void
check_item(const struct planfile_step *step, const Plumb__V1__Item *item)
{
	must(strlen(item->title) > 0 && strlen(item->title) <= 500);
	must(utf8_is_valid(item->title, strlen(item->title)));
	must(strlen(item->description) <= 65536);
	must(item->n_external_ids == 1);
	for (size_t i = 0; i < item->n_labels; i++)
		must(parse_is_id(item->labels[i], strlen(item->labels[i])));
	for (size_t i = 0; i < item->n_owners; i++)
		must_have(step, "person", item->owners[i]);
	if (item->body_case == PLUMB__V1__ITEM__BODY_TASK)
		check_task(step, item->task);
	if (item->body_case == PLUMB__V1__ITEM__BODY_MILESTONE)
		check_afters(step, "task", item->milestone->after, item->milestone->n_after,
		    item->milestone->after_with_lag, item->milestone->n_after_with_lag);
	if (item->body_case == PLUMB__V1__ITEM__BODY_WORKSTREAM)
		check_afters(step, "workstream", item->workstream->after, item->workstream->n_after,
		    item->workstream->after_with_lag, item->workstream->n_after_with_lag);
	if (item->body_case == PLUMB__V1__ITEM__BODY_PERSON)
		must(item->person->capacity >= 0 && item->person->capacity <= 700);
}

/* Whatever it is called, an included file says a little. */
static char *
include(void *arg, const char *name, size_t *len, struct err *err)
{
	(void)arg;
	(void)err;
	must(strpbrk(name, "/\\") == NULL && *name != '.');
	*len = strlen("macro m [flags f]\n");
	return strdup("macro m [flags f]\n");
}

static struct planfile *
run(const uint8_t *data, size_t size, struct tjp_options *options)
{
	struct err err = {0};
	struct planfile *plan = planfile_new(&err);
	struct tjp_report *report = NULL;
	struct str text;

	must(plan != NULL);
	if (!tjp_import((const char *)data, size, options, plan, &report, &err)) {
		must(err.code != ERR_OK && err.msg[0] != '\0');
		planfile_free(plan);
		return NULL;
	}
	must(plan->faults_total == 0);
	str_init(&text, 1u << 24);
	tjp_report_print(report, options->name, &text);
	must(str_ok(&text) && utf8_is_valid(text.data, text.len));
	str_fini(&text);
	return plan;
}

static void
run_again(const uint8_t *data, size_t size, struct tjp_options *options,
    const struct planfile_step *first)
{
	struct import_known *known = calloc(first->count + 1, sizeof *known);
	struct planfile *plan;

	must(known != NULL);
	for (size_t i = 0; i < first->count; i++)
		known[i] = (struct import_known){.ref = first->entries[i]->ref,
		    .title = first->entries[i]->item->title,
		    .source = options->source,
		    .at = "",
		    .external_ids = (const char *const *)first->entries[i]->item->external_ids,
		    .external_ids_count = first->entries[i]->item->n_external_ids};
	options->known = known;
	options->known_count = first->count;
	plan = run(data, size, options);
	must(plan != NULL && planfile_present(plan)->count == first->count);
	for (size_t i = 0; i < first->count; i++)
		must(strcmp(planfile_present(plan)->entries[i]->ref, first->entries[i]->ref) == 0);
	planfile_free(plan);
	free(known);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tjp_options options = {.name = "p.tjp", .source = "tjp:p.tjp", .include = include};
	struct planfile *plan = run(data, size, &options);
	const struct planfile_step *step;

	if (plan == NULL)
		return 0;
	step = planfile_present(plan);
	for (size_t i = 0; i < step->count; i++) {
		must(parse_is_id(step->entries[i]->id, strlen(step->entries[i]->id)));
		check_item(step, step->entries[i]->item);
	}
	if (step->count <= ENTRIES_MAX)
		run_again(data, size, &options, step);
	planfile_free(plan);
	return 0;
}
