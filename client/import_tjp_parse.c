/* The statements of TaskJuggler's language, as far as a plan here can say what they say. */
#include <string.h>

#include "client/import_tjp_internal.h"
#include "common/parse.h"

enum {
	IN_FILE = 1,
	IN_PROJECT = 2,
	IN_TASK = 4,
	IN_RESOURCE = 8,
	IN_ALLOCATE = 16,
	IN_DEPEND = 32,
	ANYWHERE = 63,
};

/* What a statement is read into: one of them, by where it stands. */
struct into {
	unsigned where;
	struct tjp_task *task;
	struct tjp_resource *resource;
	struct tjp_allocation *allocation;
	struct tjp_link *link;
};

struct statement {
	const char *word;
	unsigned where;
	bool (*read)(struct tjp *tj, const struct into *into); /* behind the word; NULL: left out */
};

static bool body(struct tjp *tj, const struct into *into, const char *what);
static const struct statement *find(const char *word, unsigned where);

/* ---- left out ---------------------------------------------------------------------------------------------------- */

/* The token is a mark that opens or closes: across it. */
static bool
count_block(struct tjp *tj, unsigned *open)
{
	if (tjp_is_mark(tj, '{') && ++*open + tj->blocks > TJP_BLOCKS_MAX)
		return tjp_refuse(tj, ERR_LIMIT, tj->token.at,
		    "braces are more than %u deep in each other", TJP_BLOCKS_MAX);
	*open -= tjp_is_mark(tj, '}');
	return true;
}

/* From behind a word to the next one that begins something: what it says is not looked at. */
static bool
skip_statement(struct tjp *tj, unsigned where, struct tjp_place at)
{
	bool first = true, listed = false;
	unsigned open = 0;

	for (;; first = false) {
		if (tj->token.type == TOKEN_END)
			return open == 0 || tjp_refuse(tj, ERR_INVALID, at,
						"a { without its end: a } is missing");
		if (open == 0 && !first && !listed &&
		    (tj->token.type == TOKEN_SCENARIO ||
			(tj->token.type == TOKEN_WORD && find(tj->token.text, where) != NULL)))
			return true;
		if (open == 0 && tjp_is_mark(tj, '}'))
			return true;
		listed = tjp_is_mark(tj, ',') || tjp_is_mark(tj, '-') || tjp_is_mark(tj, '+');
		if (!count_block(tj, &open) || !tjp_next(tj))
			return false;
	}
}

/* "word … { … }" that is defined and not used here: the block ends it. */
static bool
skip_block(struct tjp *tj, const struct into *into)
{
	struct tjp_place at = tj->token.at;
	unsigned open = 0;

	(void)into;
	while (tj->token.type == TOKEN_STRING || tj->token.type == TOKEN_WORD ||
	       tj->token.type == TOKEN_DATE || tj->token.type == TOKEN_NUMBER ||
	       tjp_is_mark(tj, ',') || tjp_is_mark(tj, '-') || tjp_is_mark(tj, '+')) {
		if (tj->token.type == TOKEN_WORD && find(tj->token.text, IN_FILE) != NULL)
			return true;
		if (!tjp_next(tj))
			return false;
	}
	if (!tjp_is_mark(tj, '{'))
		return true;
	do {
		if (!count_block(tj, &open) || !tjp_next(tj))
			return false;
		if (open > 0 && tj->token.type == TOKEN_END)
			return tjp_refuse(
			    tj, ERR_INVALID, at, "a { without its end: a } is missing");
	} while (open > 0);
	return true;
}

/* ---- in any place ------------------------------------------------------------------------------------------------ */

static bool
read_macro(struct tjp *tj, const struct into *into)
{
	(void)into;
	if (tj->token.type != TOKEN_WORD)
		return tjp_refuse(tj, ERR_INVALID, tj->token.at, "write: macro name [ … ]");
	return tjp_lex_macro(tj);
}

static bool
read_include(struct tjp *tj, const struct into *into)
{
	struct tjp_place at = tj->token.at;
	const char *name;

	(void)into;
	/* The token behind the name would be read before the file: so the name is taken as it stands. */
	if (tj->token.type != TOKEN_STRING)
		return tjp_string(tj, "a file's name", &name);
	name = tjp_fmt(tj, "%s", tj->token.text);
	return !tj->failed && tjp_lex_include(tj, name, at);
}

static bool
read_flags(struct tjp *tj, const struct into *into)
{
	for (;;) {
		struct tjp_skill *flag = tjp_new(tj, sizeof *flag);

		if (flag == NULL || !tjp_word(tj, "a flag", &flag->name))
			return false;
		if (into->task != NULL) {
			flag->next = into->task->flags;
			into->task->flags = flag;
		}
		if (!tjp_is_mark(tj, ','))
			return true;
		if (!tjp_next(tj))
			return false;
	}
}

static bool
read_leaves(struct tjp *tj, const struct into *into)
{
	return tjp_leaves(tj, true, into->resource != NULL ? &into->resource->leaves : &tj->leaves);
}

static bool
read_vacation(struct tjp *tj, const struct into *into)
{
	return tjp_leaves(
	    tj, false, into->resource != NULL ? &into->resource->leaves : &tj->leaves);
}

static bool
read_working_hours(struct tjp *tj, const struct into *into)
{
	if (into->where == IN_RESOURCE && tj->token.type == TOKEN_WORD &&
	    strlen(tj->token.text) != 3) {
		tjp_note(tj, TJP_LEFT_OUT, tj->token.at, "working hours of a shift");
		return tjp_next(tj);
	}
	return tjp_working_hours(
	    tj, into->resource != NULL ? into->resource->minutes : tj->minutes);
}

/* "{ dailymax 6h weeklymax 3d }" */
static bool
read_limits(struct tjp *tj, const struct into *into)
{
	if (!tjp_want_mark(tj, '{', "behind limits"))
		return false;
	while (!tjp_is_mark(tj, '}')) {
		struct tjp_place at = tj->token.at;
		const char *word;
		double days;
		bool daily, weekly;

		if (!tjp_word(tj, "a limit (dailymax, weeklymax …)", &word) ||
		    !tjp_duration(tj, true, &days))
			return false;
		daily = strcmp(word, "dailymax") == 0 || strcmp(word, "maximum") == 0;
		weekly = strcmp(word, "weeklymax") == 0 && into->resource != NULL;
		if (tjp_is_mark(tj, '{')) { /* for some people or days only */
			if (!skip_block(tj, into))
				return false;
			daily = weekly = false;
		}
		if (daily && into->resource != NULL)
			into->resource->daily_max = days * tj->daily_hours;
		else if (daily && into->allocation != NULL)
			into->allocation->daily_max = days * tj->daily_hours;
		else if (daily && into->task != NULL)
			into->task->daily_max = days * tj->daily_hours;
		else if (weekly)
			into->resource->weekly_max = days * tj->daily_hours;
		else
			tjp_note(tj, TJP_LEFT_OUT, at,
			    "limits of a month, or for some people only: \"%.40s\"", word);
	}
	return tjp_next(tj);
}

/* ---- the project -------------------------------------------------------------------------------------------------- */

static bool
read_scenario(struct tjp *tj, const struct into *into)
{
	struct tjp_place at = tj->token.at;
	const char *id, *name = "";

	if (!tjp_word(tj, "the id of a scenario", &id))
		return false;
	if (tj->token.type == TOKEN_STRING && !tjp_string(tj, "a name", &name))
		return false;
	if (*tj->scenario == '\0')
		tj->scenario = id;
	else
		tjp_note(
		    tj, TJP_LEFT_OUT, at, "scenarios besides the first (\"%.40s\")", tj->scenario);
	if (!tjp_is_mark(tj, '{'))
		return true;
	return body(tj, into, "scenario");
}

static bool
read_daily_hours(struct tjp *tj, const struct into *into)
{
	(void)into;
	return tjp_number(tj, "working hours a day", 0.5, 24, &tj->daily_hours);
}

static bool
read_yearly_days(struct tjp *tj, const struct into *into)
{
	(void)into;
	return tjp_number(tj, "working days a year", 1, 366, &tj->yearly_days);
}

/* Attributes that the document adds to tasks or resources. */
static bool
read_extend(struct tjp *tj, const struct into *into)
{
	const char *what, *name, *type;

	(void)into;
	if (!tjp_word(tj, "task or resource", &what) || !tjp_want_mark(tj, '{', "behind extend"))
		return false;
	while (!tjp_is_mark(tj, '}')) {
		unsigned open = 0;

		if (!tjp_word(tj, "the type of an attribute", &type) ||
		    !tjp_word(tj, "the name of an attribute", &name))
			return false;
		if (!refmap_put(tj->custom, name, tj))
			return tjp_oom(tj);
		while (open > 0 || !(tj->token.type == TOKEN_WORD || tjp_is_mark(tj, '}'))) {
			if (tj->token.type == TOKEN_END)
				return tjp_refuse(
				    tj, ERR_INVALID, tj->token.at, "a } is missing for extend");
			if (!count_block(tj, &open) || !tjp_next(tj))
				return false;
		}
	}
	return tjp_next(tj);
}

static bool
set_built_in(struct tjp *tj)
{
	char day[DATE_TEXT_LEN];

	if (!tjp_lex_set_macro(tj, "projectstart", date_format(tj->first, day)))
		return false;
	/* TaskJuggler's clock stands at the start of the project where nothing says now. */
	return tjp_lex_set_macro(tj, "now", day) && tjp_lex_set_macro(tj, "today", day) &&
	       tjp_lex_set_macro(tj, "projectend", date_format(tj->last, day));
}

static bool
read_project(struct tjp *tj, const struct into *into)
{
	struct into inside = {.where = IN_PROJECT};
	const char *version;

	(void)into;
	if (tj->id != NULL)
		return tjp_refuse(
		    tj, ERR_INVALID, tj->token.at, "a second project; import one file for each");
	tj->at = tj->token.at;
	tj->id = "";
	if (tj->token.type == TOKEN_WORD && !tjp_word(tj, "the project's id", &tj->id))
		return false;
	if (!tjp_string(tj, "the project's name", &tj->name) ||
	    (tj->token.type == TOKEN_STRING && !tjp_string(tj, "the version", &version)) ||
	    !tjp_interval(tj, &tj->first, &tj->last))
		return false;
	if (tj->last - tj->first > TJP_DAYS_MAX)
		return tjp_refuse(
		    tj, ERR_LIMIT, tj->at, "the project is longer than a hundred years");
	if (!set_built_in(tj))
		return false;
	return !tjp_is_mark(tj, '{') || body(tj, &inside, "project");
}

/* ---- resources ---------------------------------------------------------------------------------------------------- */

static bool
own_id(struct tjp *tj, struct tjp_place at, const char *id)
{
	return strpbrk(id, ".!") == NULL ||
	       tjp_refuse(tj, ERR_INVALID, at,
		   "\"%.60s\" is no id of its own: letters, digits and _ only", id);
}

static struct tjp_resource *
new_resource(struct tjp *tj, const char *id, struct tjp_resource *parent, struct tjp_place at)
{
	struct tjp_resource *new = tjp_new(tj, sizeof *new);

	if (new == NULL)
		return NULL;
	*new = (struct tjp_resource){
	    .id = id, .name = "", .at = at, .parent = parent, .efficiency = 1, .email = ""};
	memcpy(new->minutes, parent != NULL ? parent->minutes : tj->minutes, sizeof new->minutes);
	if (parent != NULL) {
		parent->is_group = true;
		new->depth = parent->depth + 1;
		new->efficiency = parent->efficiency;
		new->daily_max = parent->daily_max;
		new->leaves = parent->leaves;
	}
	*tj->resources_end = new;
	tj->resources_end = &new->next;
	tj->resources_count++;
	if (!refmap_put(tj->resource_ids, id, new))
		tjp_oom(tj);
	return new;
}

static bool
read_resource(struct tjp *tj, const struct into *into)
{
	struct into inside = {.where = IN_RESOURCE};
	struct tjp_place at = tj->token.at;
	const struct tjp_resource *there;
	const char *id, *name = "";

	if (tj->token.type == TOKEN_STRING)
		id = tjp_fmt(tj, "resource_%zu", tj->resources_count + 1);
	else if (!tjp_word(tj, "the id of a resource", &id) || !own_id(tj, at, id))
		return false;
	there = refmap_get(tj->resource_ids, id);
	if (there != NULL)
		return tjp_refuse(tj, ERR_INVALID, at,
		    "the resource %s stands in line %u already; give it another id", id,
		    there->at.line);
	if (tj->resources_count == TJP_PEOPLE_MAX)
		return tjp_refuse(tj, ERR_LIMIT, at, "more than %u resources", TJP_PEOPLE_MAX);
	if (into->resource != NULL && into->resource->depth == TJP_DEPTH_MAX)
		return tjp_refuse(tj, ERR_LIMIT, at,
		    "resources are more than %u deep in each other", TJP_DEPTH_MAX);
	if (!tjp_string(tj, "the name of a resource", &name))
		return false;
	inside.resource = new_resource(tj, id, into->resource, at);
	if (inside.resource == NULL)
		return false;
	inside.resource->name = name;
	return !tjp_is_mark(tj, '{') || body(tj, &inside, "resource");
}

static bool
read_efficiency(struct tjp *tj, const struct into *into)
{
	return tjp_number(tj, "the efficiency", 0, 1000, &into->resource->efficiency);
}

static bool
read_email(struct tjp *tj, const struct into *into)
{
	return tjp_string(tj, "an address", &into->resource->email);
}

/* ---- tasks ---------------------------------------------------------------------------------------------------------- */

static struct tjp_task *
new_task(struct tjp *tj, const char *id, struct tjp_task *parent, struct tjp_place at)
{
	struct tjp_task *new = tjp_new(tj, sizeof *new);

	if (new == NULL)
		return NULL;
	*new = (struct tjp_task){.id = id,
	    .name = "",
	    .note = "",
	    .at = at,
	    .parent = parent,
	    .number = tj->tasks_count++,
	    .depth = parent != NULL ? parent->depth + 1 : 0,
	    .start = DATE_NONE,
	    .end = DATE_NONE,
	    .max_end = DATE_NONE,
	    .priority = 500};
	new->children_end = &new->children;
	if (parent != NULL) {
		new->late = parent->late;
		new->has_depends = parent->has_depends;
		new->has_precedes = parent->has_precedes;
		new->priority = parent->priority;
		new->allocations = parent->allocations;
		new->allocations_count = parent->allocations_count;
		new->responsible = parent->responsible;
		new->daily_max = parent->daily_max;
		*parent->children_end = new;
		parent->children_end = &new->sibling;
	} else {
		*tj->roots_end = new;
		tj->roots_end = &new->sibling;
	}
	*tj->tasks_end = new;
	tj->tasks_end = &new->next;
	if (!refmap_put(tj->task_ids, id, new))
		tjp_oom(tj);
	return new;
}

static bool
read_task(struct tjp *tj, const struct into *into)
{
	struct into inside = {.where = IN_TASK};
	struct tjp_place at = tj->token.at;
	const struct tjp_task *there;
	const char *id, *name;

	if (tj->token.type == TOKEN_STRING)
		id = tjp_fmt(tj, "task_%u", tj->tasks_count + 1);
	else if (!tjp_word(tj, "the id of a task", &id) || !own_id(tj, at, id))
		return false;
	if (into->task != NULL)
		id = tjp_fmt(tj, "%s.%s", into->task->id, id);
	there = refmap_get(tj->task_ids, id);
	if (there != NULL)
		return tjp_refuse(tj, ERR_INVALID, at,
		    "the task %.80s stands in line %u already; give it another id", id,
		    there->at.line);
	if (tj->tasks_count == TJP_TASKS_MAX)
		return tjp_refuse(tj, ERR_LIMIT, at, "more than %u tasks", TJP_TASKS_MAX);
	if (into->task != NULL && into->task->depth == TJP_DEPTH_MAX)
		return tjp_refuse(
		    tj, ERR_LIMIT, at, "tasks are more than %u deep in each other", TJP_DEPTH_MAX);
	if (!tjp_string(tj, "the name of a task", &name))
		return false;
	inside.task = new_task(tj, id, into->task, at);
	if (inside.task == NULL)
		return false;
	inside.task->name = name;
	return !tjp_is_mark(tj, '{') || body(tj, &inside, "task");
}

static bool
read_links(struct tjp *tj, struct tjp_link **list, unsigned *count)
{
	for (;;) {
		struct tjp_link *link = tjp_new(tj, sizeof *link);
		struct into inside = {.where = IN_DEPEND, .link = link};

		if (link == NULL)
			return false;
		link->at = tj->token.at;
		if (++*count > TJP_LIST_MAX)
			return tjp_refuse(tj, ERR_LIMIT, link->at, "more than %u links of one task",
			    TJP_LIST_MAX);
		if (!tjp_word(tj, "the id of a task", &link->to))
			return false;
		if (tjp_is_mark(tj, '{') && !body(tj, &inside, "link"))
			return false;
		link->next = *list;
		*list = link;
		if (!tjp_is_mark(tj, ','))
			return true;
		if (!tjp_next(tj))
			return false;
	}
}

static bool
read_depends(struct tjp *tj, const struct into *into)
{
	into->task->late = false;
	into->task->has_depends = true;
	return read_links(tj, &into->task->depends, &into->task->depends_count);
}

static bool
read_precedes(struct tjp *tj, const struct into *into)
{
	into->task->late = true;
	into->task->has_precedes = true;
	return read_links(tj, &into->task->precedes, &into->task->precedes_count);
}

static bool
read_gap_length(struct tjp *tj, const struct into *into)
{
	return tjp_duration(tj, true, &into->link->gap_works);
}

static bool
read_gap_duration(struct tjp *tj, const struct into *into)
{
	return tjp_duration(tj, false, &into->link->gap_days);
}

static bool
read_on_start(struct tjp *tj, const struct into *into)
{
	(void)tj;
	into->link->on_start = true;
	return true;
}

static bool
read_on_end(struct tjp *tj, const struct into *into)
{
	(void)tj;
	into->link->on_end = true;
	return true;
}

static bool
measured(struct tjp *tj, const struct into *into, enum tjp_measure measure)
{
	if (into->task->measure != MEASURE_NONE && into->task->measure != measure)
		return tjp_refuse(tj, ERR_INVALID, tj->token.at,
		    "only one of duration, length and effort can be said of a task");
	into->task->measure = measure;
	return tjp_duration(tj, measure != MEASURE_DURATION, &into->task->amount);
}

static bool
read_duration(struct tjp *tj, const struct into *into)
{
	return measured(tj, into, MEASURE_DURATION);
}

static bool
read_length(struct tjp *tj, const struct into *into)
{
	return measured(tj, into, MEASURE_LENGTH);
}

static bool
read_effort(struct tjp *tj, const struct into *into)
{
	return measured(tj, into, MEASURE_EFFORT);
}

static bool
read_milestone(struct tjp *tj, const struct into *into)
{
	(void)tj;
	into->task->is_milestone = true;
	return true;
}

static bool
read_start(struct tjp *tj, const struct into *into)
{
	bool within;

	into->task->late = false;
	return tjp_date(tj, &into->task->start, &within);
}

static bool
read_end(struct tjp *tj, const struct into *into)
{
	bool within;

	into->task->late = true;
	if (!tjp_date(tj, &into->task->end, &within))
		return false;
	into->task->end += within;
	return true;
}

static bool
read_max_end(struct tjp *tj, const struct into *into)
{
	bool within;

	if (!tjp_date(tj, &into->task->max_end, &within))
		return false;
	into->task->max_end += within;
	return true;
}

static bool
read_period(struct tjp *tj, const struct into *into)
{
	into->task->late = false;
	return tjp_interval(tj, &into->task->start, &into->task->end);
}

static bool
read_priority(struct tjp *tj, const struct into *into)
{
	double number;

	if (!tjp_number(tj, "a priority", 1, 1000, &number))
		return false;
	into->task->priority = (uint64_t)number;
	return true;
}

static bool
read_scheduling(struct tjp *tj, const struct into *into)
{
	const char *word;
	struct tjp_place at = tj->token.at;

	if (!tjp_word(tj, "asap or alap", &word))
		return false;
	if (strcmp(word, "asap") != 0 && strcmp(word, "alap") != 0)
		return tjp_refuse(tj, ERR_INVALID, at, "\"%.40s\" instead of asap or alap", word);
	into->task->late = word[1] == 'l';
	return true;
}

static bool
read_note(struct tjp *tj, const struct into *into)
{
	if (into->task != NULL)
		return tjp_string(tj, "a text", &into->task->note);
	return skip_statement(tj, into->where, tj->token.at);
}

static bool
read_responsible(struct tjp *tj, const struct into *into)
{
	into->task->responsible = NULL;
	for (;;) {
		struct tjp_skill *who = tjp_new(tj, sizeof *who);

		if (who == NULL || !tjp_word(tj, "the id of a resource", &who->name))
			return false;
		who->next = into->task->responsible;
		into->task->responsible = who;
		if (!tjp_is_mark(tj, ','))
			return true;
		if (!tjp_next(tj))
			return false;
	}
}

/* "allocate a, b { alternative c }" */
static bool
read_allocate(struct tjp *tj, const struct into *into)
{
	struct tjp_task *task = into->task;

	if (task->parent != NULL && task->allocations == task->parent->allocations) {
		task->allocations = NULL; /* its own instead of those from above */
		task->allocations_count = 0;
	}
	for (;;) {
		struct tjp_allocation *new = tjp_new(tj, sizeof *new), **end;
		struct into inside = {.where = IN_ALLOCATE, .allocation = new};

		if (new == NULL)
			return false;
		new->at = tj->token.at;
		if (++task->allocations_count > TJP_LIST_MAX)
			return tjp_refuse(tj, ERR_LIMIT, new->at,
			    "more than %u allocations of one task", TJP_LIST_MAX);
		if (!tjp_word(tj, "the id of a resource", &new->who))
			return false;
		if (tjp_is_mark(tj, '{') && !body(tj, &inside, "allocation"))
			return false;
		for (end = &task->allocations; *end != NULL;)
			end = &(*end)->next;
		*end = new;
		if (!tjp_is_mark(tj, ','))
			return true;
		if (!tjp_next(tj))
			return false;
	}
}

static bool
read_alternative(struct tjp *tj, const struct into *into)
{
	unsigned count = 0;

	for (;;) {
		struct tjp_allocation *new = tjp_new(tj, sizeof *new);

		if (new == NULL)
			return false;
		new->at = tj->token.at;
		if (++count > TJP_LIST_MAX)
			return tjp_refuse(
			    tj, ERR_LIMIT, new->at, "more than %u alternatives", TJP_LIST_MAX);
		if (!tjp_word(tj, "the id of a resource", &new->who))
			return false;
		new->next = into->allocation->alternatives;
		into->allocation->alternatives = new;
		if (!tjp_is_mark(tj, ','))
			return true;
		if (!tjp_next(tj))
			return false;
	}
}

/* What is said later of something that is there. */
static bool
read_supplement(struct tjp *tj, const struct into *into)
{
	struct into inside = {.where = IN_TASK};
	struct tjp_place at;
	const char *what, *id;

	if (into->task != NULL || into->resource != NULL)
		what = into->task != NULL ? "task" : "resource";
	else if (!tjp_word(tj, "task or resource", &what))
		return false;
	at = tj->token.at;
	if (strcmp(what, "report") == 0)
		return skip_block(tj, into);
	if (!tjp_word(tj, "an id", &id))
		return false;
	if (strcmp(what, "resource") == 0) {
		inside.where = IN_RESOURCE;
		inside.resource = refmap_get(tj->resource_ids, id);
	} else {
		inside.task = refmap_get(tj->task_ids,
		    into->task != NULL ? tjp_fmt(tj, "%s.%s", into->task->id, id) : id);
	}
	if (inside.task == NULL && inside.resource == NULL)
		return tjp_refuse(tj, ERR_INVALID, at,
		    "there is no %s \"%.60s\" above; define it before it is supplemented", what,
		    id);
	return body(tj, &inside, "supplement");
}

/* ---- which is which ------------------------------------------------------------------------------------------------- */

static const struct statement statements[] = {
    {"account", IN_FILE, NULL},
    {"accountprefix", IN_FILE, NULL},
    {"accountreport", IN_FILE, NULL},
    {"adopt", IN_TASK, NULL},
    {"alertlevels", IN_PROJECT, NULL},
    {"allocate", IN_TASK, read_allocate},
    {"alternative", IN_ALLOCATE, read_alternative},
    {"auxdir", IN_FILE, NULL},
    {"balance", IN_FILE, NULL},
    {"booking", IN_TASK | IN_RESOURCE, NULL},
    {"charge", IN_TASK, NULL},
    {"chargeset", IN_TASK | IN_RESOURCE, NULL},
    {"complete", IN_TASK, NULL},
    {"copyright", IN_FILE, NULL},
    {"currency", IN_PROJECT, NULL},
    {"currencyformat", IN_PROJECT, NULL},
    {"dailyworkinghours", IN_PROJECT, read_daily_hours},
    {"depends", IN_TASK, read_depends},
    {"duration", IN_TASK, read_duration},
    {"efficiency", IN_RESOURCE, read_efficiency},
    {"effort", IN_TASK, read_effort},
    {"effortdone", IN_TASK, NULL},
    {"effortleft", IN_TASK, NULL},
    {"email", IN_RESOURCE, read_email},
    {"end", IN_TASK, read_end},
    {"endcredit", IN_TASK, NULL},
    {"export", IN_FILE, NULL},
    {"extend", IN_PROJECT, read_extend},
    {"fail", IN_TASK | IN_RESOURCE, NULL},
    {"flags", IN_FILE | IN_TASK | IN_RESOURCE, read_flags},
    {"gapduration", IN_DEPEND, read_gap_duration},
    {"gaplength", IN_DEPEND, read_gap_length},
    {"icalreport", IN_FILE, NULL},
    {"include", IN_FILE | IN_PROJECT, read_include},
    {"journalentry", IN_PROJECT | IN_TASK | IN_RESOURCE, NULL},
    {"leaveallowances", IN_RESOURCE, NULL},
    {"leaves", IN_FILE | IN_RESOURCE, read_leaves},
    {"length", IN_TASK, read_length},
    {"limits", IN_TASK | IN_RESOURCE | IN_ALLOCATE, read_limits},
    {"macro", ANYWHERE, read_macro},
    {"managers", IN_RESOURCE, NULL},
    {"mandatory", IN_ALLOCATE, NULL},
    {"markdate", IN_PROJECT, NULL},
    {"maxend", IN_TASK, read_max_end},
    {"maxstart", IN_TASK, NULL},
    {"milestone", IN_TASK, read_milestone},
    {"minend", IN_TASK, NULL},
    {"minstart", IN_TASK, NULL},
    {"navigator", IN_FILE, NULL},
    {"nikureport", IN_FILE, NULL},
    {"note", IN_TASK, read_note},
    {"now", IN_PROJECT, NULL},
    {"numberformat", IN_PROJECT, NULL},
    {"onend", IN_DEPEND, read_on_end},
    {"onstart", IN_DEPEND, read_on_start},
    {"outputdir", IN_PROJECT, NULL},
    {"period", IN_TASK, read_period},
    {"persistent", IN_ALLOCATE, NULL},
    {"precedes", IN_TASK, read_precedes},
    {"priority", IN_TASK, read_priority},
    {"project", IN_FILE, read_project},
    {"projectid", IN_FILE | IN_TASK, NULL},
    {"projectids", IN_FILE, NULL},
    {"projection", IN_PROJECT, NULL},
    {"purge", IN_TASK | IN_RESOURCE, NULL},
    {"rate", IN_FILE | IN_RESOURCE, NULL},
    {"reportprefix", IN_FILE, NULL},
    {"resource", IN_FILE | IN_RESOURCE, read_resource},
    {"resourceprefix", IN_FILE, NULL},
    {"resourcereport", IN_FILE, NULL},
    {"responsible", IN_TASK, read_responsible},
    {"scenario", IN_PROJECT, read_scenario},
    {"scheduled", IN_TASK, NULL},
    {"scheduling", IN_TASK, read_scheduling},
    {"schedulingmode", IN_TASK, NULL},
    {"select", IN_ALLOCATE, NULL},
    {"shift", IN_FILE | IN_TASK | IN_RESOURCE | IN_ALLOCATE, NULL},
    {"shifts", IN_TASK | IN_RESOURCE | IN_ALLOCATE, NULL},
    {"shorttimeformat", IN_PROJECT, NULL},
    {"start", IN_TASK, read_start},
    {"startcredit", IN_TASK, NULL},
    {"statussheet", IN_FILE, NULL},
    {"statussheetreport", IN_FILE, NULL},
    {"supplement", IN_FILE | IN_TASK | IN_RESOURCE, read_supplement},
    {"tagfile", IN_FILE, NULL},
    {"task", IN_FILE | IN_TASK, read_task},
    {"taskprefix", IN_FILE, NULL},
    {"taskreport", IN_FILE, NULL},
    {"textreport", IN_FILE, NULL},
    {"timeformat", IN_PROJECT, NULL},
    {"timesheet", IN_FILE, NULL},
    {"timesheetreport", IN_FILE, NULL},
    {"timezone", IN_PROJECT, NULL},
    {"timingresolution", IN_PROJECT, NULL},
    {"tracereport", IN_FILE, NULL},
    {"trackingscenario", IN_PROJECT, NULL},
    {"vacation", IN_FILE | IN_RESOURCE, read_vacation},
    {"warn", IN_TASK | IN_RESOURCE, NULL},
    {"weekstartsmonday", IN_PROJECT, NULL},
    {"weekstartssunday", IN_PROJECT, NULL},
    {"workinghours", IN_PROJECT | IN_RESOURCE, read_working_hours},
    {"yearlyworkingdays", IN_PROJECT, read_yearly_days},
};

/* Is nothing behind the word? */
static bool
stands_alone(const char *word)
{
	static const char *const words[] = {"mandatory", "milestone", "persistent", "scheduled",
	    "weekstartsmonday", "weekstartssunday"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static const struct statement *
find(const char *word, unsigned where)
{
	size_t low = 0, high = sizeof statements / sizeof *statements;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(word, statements[middle].word);

		if (order == 0)
			return (statements[middle].where & where) != 0 ? &statements[middle] : NULL;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static bool
leave_out(struct tjp *tj, const char *word, unsigned where, struct tjp_place at)
{
	tjp_note(tj, TJP_LEFT_OUT, at, "\"%s\"", word);
	if (stands_alone(word))
		return true;
	if (where == IN_FILE)
		return skip_block(tj, NULL);
	return skip_statement(tj, where, at);
}

static bool
unknown(struct tjp *tj, const char *word, unsigned where, struct tjp_place at)
{
	static const struct {
		unsigned where;
		const char *words;
	} places[] = {{IN_FILE, "at the outermost level"}, {IN_PROJECT, "in a project"},
	    {IN_TASK, "in a task"}, {IN_RESOURCE, "in a resource"},
	    {IN_ALLOCATE, "in an allocation"}, {IN_DEPEND, "in a link of tasks"}};
	const char *place = "here";

	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (places[i].where == where)
			place = places[i].words;
	return tjp_refuse(tj, ERR_INVALID, at,
	    find(word, ANYWHERE) != NULL
		? "\"%.60s\" cannot stand %s; is a } missing above, or too much?"
		: "\"%.60s\" means nothing %s; is it misspelt?",
	    word, place);
}

/* "actual:start 2026-01-01", where actual is not the scenario that is taken. */
static bool
skip_scenario(struct tjp *tj, unsigned where, struct tjp_place at)
{
	bool alone = stands_alone(tj->token.text);

	tjp_note(tj, TJP_LEFT_OUT, at, "what is said of other scenarios than the first");
	if (tj->token.type != TOKEN_WORD)
		return tjp_refuse(
		    tj, ERR_INVALID, tj->token.at, "a word is missing behind the scenario");
	return tjp_next(tj) && (alone || skip_statement(tj, where, at));
}

/* One statement. */
static bool
read_statement(struct tjp *tj, const struct into *into)
{
	struct tjp_place at = tj->token.at;
	const struct statement *known;
	const char *word;

	if (tj->token.type == TOKEN_SCENARIO) {
		bool taken = strcmp(tj->token.text, tj->scenario) == 0;

		if (!tjp_next(tj))
			return false;
		if (!taken)
			return skip_scenario(tj, into->where, at);
		at = tj->token.at;
	}
	if (!tjp_word(tj, "a word that begins something", &word))
		return false;
	known = find(word, into->where);
	if (known == NULL && refmap_get(tj->custom, word) != NULL)
		return leave_out(tj, word, into->where, at);
	if (known == NULL)
		return unknown(tj, word, into->where, at);
	if (tj->id == NULL && known->read != read_project && known->read != read_macro &&
	    known->read != read_include)
		return tjp_refuse(tj, ERR_INVALID, at,
		    "\"%s\" before the project; begin with: project id \"Name\" 2026-01-01 +4m",
		    word);
	return known->read != NULL ? known->read(tj, into) : leave_out(tj, word, into->where, at);
}

/* "{ … }", where the token is the first brace. */
static bool
body(struct tjp *tj, const struct into *into, const char *what)
{
	struct tjp_place at = tj->token.at;

	if (++tj->blocks > TJP_BLOCKS_MAX)
		return tjp_refuse(tj, ERR_LIMIT, at, "braces are more than %u deep in each other",
		    TJP_BLOCKS_MAX);
	if (!tjp_want_mark(tj, '{', "before what belongs to it"))
		return false;
	while (!tjp_is_mark(tj, '}')) {
		if (tj->token.type == TOKEN_END)
			return tjp_refuse(tj, ERR_INVALID, at,
			    "the { of this %s has no end: a } is missing", what);
		if (!read_statement(tj, into))
			return false;
	}
	tj->blocks--;
	return tjp_next(tj);
}

bool
tjp_parse(struct tjp *tj)
{
	const struct into outside = {.where = IN_FILE};

	if (!tjp_next(tj))
		return false;
	while (tj->token.type != TOKEN_END) {
		if (tjp_is_mark(tj, '}'))
			return tjp_refuse(tj, ERR_INVALID, tj->token.at,
			    "a } too much; or the { for it is missing above");
		if (!read_statement(tj, &outside))
			return false;
	}
	if (tj->id == NULL)
		return tjp_refuse(tj, ERR_INVALID, (struct tjp_place){tj->options->name, 1, 1},
		    "holds no project; begin with: project id \"Name\" 2026-01-01 +4m");
	return true;
}
