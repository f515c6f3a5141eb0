/* TaskJuggler's tasks as initiatives, workstreams, tasks and milestones. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "client/import_tjp_internal.h"
#include "common/crypto.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/utf8.h"

#define TITLE_MAX 500u
#define LAG_MAX   3660

/* ---- ids --------------------------------------------------------------------------------------------------------------- */

const char *
tjp_ref(struct tjp *tj, Plumb__V1__Kind kind, const char *id)
{
	static const char *const words[] = {[PLUMB__V1__KIND__INITIATIVE] = "initiative",
	    [PLUMB__V1__KIND__WORKSTREAM] = "workstream",
	    [PLUMB__V1__KIND__MILESTONE] = "milestone",
	    [PLUMB__V1__KIND__TASK] = "task",
	    [PLUMB__V1__KIND__PERSON] = "person",
	    [PLUMB__V1__KIND__TEAM] = "team",
	    [PLUMB__V1__KIND__PERIOD] = "period",
	    [PLUMB__V1__KIND__CALENDAR] = "calendar"};

	return tjp_fmt(tj, "%s/%s", words[kind], id);
}

/* As the plan writes it where a bare id means that kind. */
static const char *
bare(struct tjp *tj, const char *ref, Plumb__V1__Kind kind)
{
	const char *prefix = tjp_ref(tj, kind, "");
	size_t len = strlen(prefix);

	return strncmp(ref, prefix, len) == 0 ? ref + len : ref;
}

static const char *
digest_of(struct tjp *tj, const char *text)
{
	uint8_t digest[SHA256_LEN];

	sha256(text, strlen(text), digest);
	return tjp_fmt(tj, "%02x%02x%02x%02x", digest[0], digest[1], digest[2], digest[3]);
}

/* Small letters, digits, dots, underscores; no more than fit. */
static void
plain(const char *id, char out[ID_MAX_LEN + 1])
{
	size_t len = 0, start = 0;

	for (const unsigned char *p = (const unsigned char *)id; *p != '\0' && len < ID_MAX_LEN;
	     p++) {
		int c = *p < 0x80 ? tolower(*p) : '-';

		if (len > 0 || isalnum(c))
			out[len++] = (char)c;
	}
	while (len > start && !isalnum((unsigned char)out[len - 1]))
		len--;
	out[len] = '\0';
}

const char *
tjp_slug(
    struct tjp *tj, Plumb__V1__Kind kind, const char *id, const char *external, struct tjp_place at)
{
	const struct import_known *known = refmap_get(tj->known, external);
	const char *ref, *prefix = tjp_ref(tj, kind, "");
	char word[ID_MAX_LEN + 1];

	plain(id, word);
	if (known != NULL && strncmp(known->ref, prefix, strlen(prefix)) == 0) {
		ref = known->ref;
	} else {
		ref = tjp_ref(tj, kind, word);
		if (*word == '\0' || strlen(id) > ID_MAX_LEN ||
		    refmap_get(tj->taken, ref) != NULL) {
			word[ID_MAX_LEN - 9] = '\0';
			ref = tjp_fmt(tj, "%s%s%s%s", prefix, word, *word != '\0' ? "-" : "",
			    digest_of(tj, external));
		}
	}
	if (!tj->failed && strcmp(ref + strlen(prefix), id) != 0)
		tjp_note(tj, TJP_READ_AS, at,
		    "ids in another spelling (small letters, at most %d characters, no two alike); "
		    "the external id keeps the original",
		    ID_MAX_LEN);
	if (!tj->failed && !refmap_put(tj->taken, ref, tj))
		tjp_oom(tj);
	return tjp_fmt(tj, "%s", ref + strlen(prefix));
}

/* ---- items ------------------------------------------------------------------------------------------------------------- */

void
tjp_add_string(struct tjp *tj, char ***list, size_t *count, const char *text)
{
	/* Grown at 1, 2, 4, 8 …: full whenever the count is a power of two. */
	if (*count == 0 || (*count & (*count - 1)) == 0) {
		char **bigger = tjp_new(tj, (*count == 0 ? 1 : *count * 2) * sizeof *bigger);

		if (bigger == NULL)
			return;
		if (*count > 0)
			memcpy(bigger, *list, *count * sizeof *bigger);
		*list = bigger;
	}
	(*list)[(*count)++] = pb_str(text);
}

static const char *
clip(struct tjp *tj, const char *text, size_t max)
{
	size_t len = 0, step;

	while (text[len] != '\0' && (step = utf8_char_len(text + len, strlen(text + len))) > 0 &&
	       len + step <= max)
		len += step;
	return tjp_fmt(tj, "%.*s", (int)len, text);
}

/* On one line, blanks collapsed. */
static const char *
one_line(struct tjp *tj, const char *text)
{
	char *line = pb_str(tjp_fmt(tj, "%s", text));
	size_t len = 0;

	for (const char *p = line; *p != '\0' && len < TITLE_MAX + 8; p++) {
		unsigned char c = (unsigned char)*p;
		bool blank = c <= ' ' || c == 0x7f;

		if (!blank)
			line[len++] = *p;
		else if (len > 0 && line[len - 1] != ' ')
			line[len++] = ' ';
	}
	while (len > 0 && line[len - 1] == ' ')
		len--;
	if (*line != '\0')
		line[len] = '\0';
	return clip(tj, line, TITLE_MAX);
}

Plumb__V1__Item *
tjp_item(struct tjp *tj, Plumb__V1__Kind kind, const char *id, const char *title,
    const char *external, struct tjp_place at)
{
	struct planfile_place place = {at.file, at.line, at.column};
	struct planfile_entry *entry = planfile_add_item(tj->plan, tj->step, kind, id, place);
	const char *line = one_line(tj, title);

	if (entry == NULL) {
		tjp_oom(tj);
		return NULL;
	}
	entry->item->title = pb_str(*line != '\0' ? line : id);
	tjp_add_string(tj, &entry->item->external_ids, &entry->item->n_external_ids, external);
	return tj->failed ? NULL : entry->item;
}

static char *
day_text(struct tjp *tj, int32_t day)
{
	char text[DATE_TEXT_LEN];

	return pb_str(tjp_fmt(tj, "%s", date_format(day, text)));
}

/* ---- what comes after what ------------------------------------------------------------------------------------------------ */

static bool
add_after(struct tjp *tj, struct tjp_task *task, const struct tjp_link *link,
    const struct tjp_task *first)
{
	int32_t end = first->events[EVENT_END], lag = tjp_behind(tj, link, end) - end;
	struct tjp_after *after;

	if (lag > LAG_MAX)
		return tjp_refuse(tj, ERR_LIMIT, link->at, "a gap of more than %d days", LAG_MAX);
	for (after = task->afters; after != NULL; after = after->next) {
		if (strcmp(after->ref, first->ref) == 0) {
			after->lag = lag > after->lag ? lag : after->lag;
			return true;
		}
	}
	if (++task->afters_count > TJP_LIST_MAX)
		return tjp_refuse(tj, ERR_LIMIT, link->at, "more than %u tasks before %.80s",
		    TJP_LIST_MAX, task->id);
	after = tjp_new(tj, sizeof *after);
	if (after == NULL)
		return false;
	after->ref = first->ref;
	after->lag = lag;
	after->next = task->afters;
	task->afters = after;
	tj->report->links++;
	return true;
}

static bool
link_tasks(struct tjp *tj)
{
	for (struct tjp_task *task = tj->tasks; task != NULL; task = task->next) {
		for (struct tjp_link *link = task->depends; link != NULL; link = link->next)
			if (!link->on_start && !add_after(tj, task, link, link->task))
				return false;
		for (struct tjp_link *link = task->precedes; link != NULL; link = link->next)
			if (!link->on_end && !add_after(tj, link->task, link, task))
				return false;
	}
	return true;
}

/* The list was put together back to front. */
static bool
say_after(struct tjp *tj, const struct tjp_task *task, Plumb__V1__Kind kind, char ***plain_list,
    size_t *plain_count, Plumb__V1__After ***list, size_t *count)
{
	*list = tjp_new(tj, (task->afters_count + (size_t)1) * sizeof **list);
	for (const struct tjp_after *after = task->afters; after != NULL && !tj->failed;
	     after = after->next) {
		Plumb__V1__After *one;

		if (after->lag == 0) {
			tjp_add_string(tj, plain_list, plain_count, bare(tj, after->ref, kind));
			continue;
		}
		one = tjp_new(tj, sizeof *one);
		if (one == NULL)
			return false;
		plumb__v1__after__init(one);
		one->work = pb_str(after->ref);
		one->lag_days = after->lag;
		(*list)[(*count)++] = one;
	}
	return !tj->failed;
}

/* ---- work ----------------------------------------------------------------------------------------------------------------- */

static bool
starts_with_another(const struct tjp_task *task)
{
	for (const struct tjp_link *link = task->depends; link != NULL; link = link->next)
		if (link->on_start)
			return true;
	return false;
}

/* The day that it is held to, where the plan's links alone would not; DATE_NONE. */
static int32_t
held_to(struct tjp *tj, const struct tjp_task *task)
{
	if (task->children == NULL && task->late && !task->spans) {
		tjp_note(tj, TJP_READ_AS, task->at,
		    "as late as possible: not before the day that this gives");
		return task->events[EVENT_START];
	}
	if (starts_with_another(task)) {
		tjp_note(tj, TJP_READ_AS, task->at,
		    "begins with another's start: not before the day that this gives");
		return task->events[EVENT_LOWER];
	}
	return task->start != DATE_NONE && task->start > tj->first ? task->start : DATE_NONE;
}

static bool
is_moment(const struct tjp_task *task)
{
	return task->children == NULL && task->measure == MEASURE_NONE && !task->spans;
}

static Plumb__V1__Kind
kind_of(const struct tjp_task *task)
{
	if (task->children != NULL)
		return task->parent == NULL ? PLUMB__V1__KIND__INITIATIVE
					    : PLUMB__V1__KIND__WORKSTREAM;
	/* A milestone has no start that would hold it. */
	return is_moment(task) && task->held == DATE_NONE ? PLUMB__V1__KIND__MILESTONE
							  : PLUMB__V1__KIND__TASK;
}

static bool
name_tasks(struct tjp *tj)
{
	for (struct tjp_task *task = tj->tasks; task != NULL && !tj->failed; task = task->next) {
		task->held = held_to(tj, task);
		task->kind = kind_of(task);
		task->slug =
		    tjp_slug(tj, task->kind, task->id, tjp_fmt(tj, "tjp:%s", task->id), task->at);
		task->ref = tjp_ref(tj, task->kind, task->slug);
		if (task->parent != NULL && task->priority != task->parent->priority)
			tjp_note(tj, TJP_LEFT_OUT, task->at,
			    "priorities within a task of the outermost level: only that one has a "
			    "rank");
	}
	return !tj->failed;
}

static void
add_common(struct tjp *tj, const struct tjp_task *task, Plumb__V1__Item *item)
{
	item->description = pb_str(clip(tj, task->note, TJP_TEXT_MAX));
	for (const struct tjp_skill *flag = task->flags; flag != NULL; flag = flag->next) {
		char label[ID_MAX_LEN + 1];

		plain(flag->name, label);
		if (*label != '\0' && item->n_labels < TJP_LIST_MAX)
			tjp_add_string(
			    tj, &item->labels, &item->n_labels, tjp_fmt(tj, "%s", label));
	}
	for (const struct tjp_skill *who = task->responsible; who != NULL; who = who->next) {
		const struct tjp_resource *one = refmap_get(tj->resource_ids, who->name);

		if (one == NULL)
			tjp_refuse(tj, ERR_INVALID, task->at,
			    "there is no resource \"%.60s\", who is responsible", who->name);
		else if (item->n_owners < TJP_LIST_MAX)
			tjp_add_string(tj, &item->owners, &item->n_owners,
			    bare(tj, one->ref, PLUMB__V1__KIND__PERSON));
	}
}

/* The last day before the moment by which it has to be done; "" none. */
static char *
due_of(struct tjp *tj, const struct tjp_task *task)
{
	int32_t end = task->max_end != DATE_NONE ? task->max_end : task->end;

	return end != DATE_NONE ? day_text(tj, end - 1) : pb_str("");
}

static bool
build_initiative(struct tjp *tj, const struct tjp_task *task, const char *slug,
    const char *external, const char *period)
{
	Plumb__V1__Item *item =
	    tjp_item(tj, PLUMB__V1__KIND__INITIATIVE, slug, task->name, external, task->at);

	if (item == NULL)
		return false;
	tj->report->initiatives++;
	item->initiative->status = PLUMB__V1__WORK_STATUS__ACTIVE;
	/* Nothing begins before the project does. */
	item->initiative->start = day_text(
	    tj, task->held != DATE_NONE && task->children != NULL ? task->held : tj->first);
	item->initiative->finish = due_of(tj, task);
	tjp_add_string(tj, &item->initiative->periods, &item->initiative->n_periods, period);
	if (task->children == NULL)
		return !tj->failed; /* its task says the rest */
	add_common(tj, task, item);
	return say_after(tj, task, PLUMB__V1__KIND__INITIATIVE, &item->initiative->after,
	    &item->initiative->n_after, &item->initiative->after_with_lag,
	    &item->initiative->n_after_with_lag);
}

static bool
build_workstream(struct tjp *tj, const struct tjp_task *task, Plumb__V1__Item *item)
{
	Plumb__V1__Workstream *body = item->workstream;

	tj->report->workstreams++;
	body->initiative = pb_str(bare(tj, task->parent->ref, PLUMB__V1__KIND__INITIATIVE));
	body->status = PLUMB__V1__WORK_STATUS__ACTIVE;
	body->start = task->held != DATE_NONE ? day_text(tj, task->held) : pb_str("");
	body->finish = due_of(tj, task);
	return say_after(tj, task, PLUMB__V1__KIND__WORKSTREAM, &body->after, &body->n_after,
	    &body->after_with_lag, &body->n_after_with_lag);
}

static bool
build_milestone(struct tjp *tj, const struct tjp_task *task, Plumb__V1__Item *item)
{
	Plumb__V1__Milestone *body = item->milestone;

	tj->report->milestones++;
	body->initiative = pb_str(
	    task->parent != NULL ? bare(tj, task->parent->ref, PLUMB__V1__KIND__INITIATIVE) : "");
	body->due = due_of(tj, task);
	return say_after(tj, task, PLUMB__V1__KIND__TASK, &body->after, &body->n_after,
	    &body->after_with_lag, &body->n_after_with_lag);
}

static bool
build_task(
    struct tjp *tj, const struct tjp_task *task, const char *initiative, Plumb__V1__Item *item)
{
	Plumb__V1__Task *body = item->task;
	int32_t days = task->events[EVENT_END] - task->events[EVENT_START];

	tj->report->tasks++;
	body->initiative = pb_str(bare(tj, task->parent != NULL ? task->parent->ref : initiative,
	    PLUMB__V1__KIND__INITIATIVE));
	body->start = task->held != DATE_NONE ? day_text(tj, task->held) : pb_str("");
	body->due = due_of(tj, task);
	if (is_moment(task))
		tjp_add_string(tj, &item->labels, &item->n_labels, "milestone");
	if (days > LAG_MAX)
		return tjp_refuse(
		    tj, ERR_LIMIT, task->at, "%.80s takes more than %d days", task->id, LAG_MAX);
	if (task->measure != MEASURE_EFFORT && days > 0) {
		body->duration_days = days;
		body->duration_days__case = PLUMB__V1__TASK__DURATION_DAYS__DURATION_DAYS;
	}
	return say_after(tj, task, PLUMB__V1__KIND__TASK, &body->after, &body->n_after,
		   &body->after_with_lag, &body->n_after_with_lag) &&
	       (is_moment(task) || tjp_add_needs(tj, task, body));
}

/* A task at the outermost level is an initiative with that one task in it, so that it has a rank. */
static const char *
build_around(struct tjp *tj, struct tjp_task *task, const char *period)
{
	const char *external = tjp_fmt(tj, "tjp:%s#initiative", task->id);
	const char *slug = tjp_slug(tj, PLUMB__V1__KIND__INITIATIVE, task->id, external, task->at);

	if (tj->failed || !build_initiative(tj, task, slug, external, period))
		return "";
	task->ranked = tjp_ref(tj, PLUMB__V1__KIND__INITIATIVE, slug);
	return task->ranked;
}

static bool
build_one(struct tjp *tj, struct tjp_task *task, const char *period)
{
	const char *external = tjp_fmt(tj, "tjp:%s", task->id), *initiative = "";
	Plumb__V1__Item *item;

	if (task->kind == PLUMB__V1__KIND__INITIATIVE) {
		task->ranked = task->ref;
		return build_initiative(tj, task, task->slug, external, period);
	}
	if (task->kind == PLUMB__V1__KIND__TASK && task->parent == NULL)
		initiative = build_around(tj, task, period);
	item = tj->failed ? NULL
			  : tjp_item(tj, task->kind, task->slug, task->name, external, task->at);
	if (item == NULL)
		return false;
	add_common(tj, task, item);
	return task->kind == PLUMB__V1__KIND__WORKSTREAM  ? build_workstream(tj, task, item)
	       : task->kind == PLUMB__V1__KIND__MILESTONE ? build_milestone(tj, task, item)
							  : build_task(tj, task, initiative, item);
}

/* ---- ranks ------------------------------------------------------------------------------------------------------------- */

static int
compare_priority(const void *a, const void *b)
{
	const struct tjp_task *x = *(struct tjp_task *const *)a, *y = *(struct tjp_task *const *)b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? 1 : -1;
	return x->number > y->number ? 1 : -1;
}

static bool
rank(struct tjp *tj)
{
	struct tjp_task **list;
	size_t count = 0;

	list = tjp_new(tj, (tj->tasks_count + (size_t)1) * sizeof(void *));
	if (list == NULL)
		return false;
	for (struct tjp_task *task = tj->roots; task != NULL; task = task->sibling)
		if (task->ranked != NULL)
			list[count++] = task;
	qsort(list, count, sizeof(void *), compare_priority);
	for (size_t i = 0; i < count; i++) {
		struct tjp_place at = list[i]->at;

		if (i > 0 && list[i]->priority == list[i - 1]->priority)
			tjp_note(tj, TJP_READ_AS, at,
			    "the same priority as another: ranked in the order of the file");
		if (!planfile_add_ranked(tj->plan, tj->step, "", list[i]->ranked, false,
			(struct planfile_place){at.file, at.line, at.column}))
			return tjp_oom(tj);
	}
	return true;
}

/* ---- all of it --------------------------------------------------------------------------------------------------------- */

static const char *
build_period(struct tjp *tj)
{
	const char *id = *tj->id != '\0' ? tj->id : "project";
	const char *external = tjp_fmt(tj, "tjp:project:%s", id);
	const char *slug = tjp_slug(tj, PLUMB__V1__KIND__PERIOD, id, external, tj->at);
	Plumb__V1__Item *item =
	    tj->failed ? NULL
		       : tjp_item(tj, PLUMB__V1__KIND__PERIOD, slug, tj->name, external, tj->at);

	if (item == NULL)
		return NULL;
	item->period->first_day = day_text(tj, tj->first);
	item->period->last_day = day_text(tj, tj->last - 1);
	tj->report->title = tj->name;
	tj->report->first_day = item->period->first_day;
	tj->report->last_day = item->period->last_day;
	return slug;
}

bool
tjp_build(struct tjp *tj)
{
	const char *period = build_period(tj);

	if (period == NULL || !tjp_build_people(tj) || !name_tasks(tj) || !link_tasks(tj))
		return false;
	for (struct tjp_task *task = tj->tasks; task != NULL; task = task->next)
		if (!build_one(tj, task, period) || tj->failed)
			return false;
	return rank(tj);
}
