/* What an item states, as facts that can be held against those of another version. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/calendar.h"
#include "common/pb.h"
#include "common/str.h"
#include "server/limits.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/drift.h"

#define RENAMES_MAX 1000u

#define SCOPE   PLUMB__V1__DRIFT_CHANGE__ASPECT__SCOPE
#define DATES   PLUMB__V1__DRIFT_CHANGE__ASPECT__DATES
#define OWNERS  PLUMB__V1__DRIFT_CHANGE__ASPECT__OWNERS
#define NUMBERS PLUMB__V1__DRIFT_CHANGE__ASPECT__NUMBERS
#define EFFORT  PLUMB__V1__DRIFT_CHANGE__ASPECT__EFFORT

/* In order of field; a test holds that. */
static const struct drift_row rows[] = {
    {"After.lag_days", DATES, DRIFT_NUMBER, "days to wait after %s", KIND_NONE},
    {"After.work", DATES, DRIFT_SET, "prerequisite", KIND_INITIATIVE},
    {"Allocation.effort", EFFORT, DRIFT_EFFORT, "effort", KIND_NONE},
    {"Allocation.initiative", SCOPE, DRIFT_LIST, "work", KIND_INITIATIVE},
    {"Allocation.period", DATES, DRIFT_PERIODS, "period", KIND_PERIOD},
    {"Allocation.share", EFFORT, DRIFT_NUMBER, "share of capacity", KIND_NONE},
    {"Allocation.who", OWNERS, DRIFT_LIST, "who", KIND_PERSON},
    {"Ask.effort", EFFORT, DRIFT_EFFORT, "effort", KIND_NONE},
    {"Ask.initiative", SCOPE, DRIFT_LIST, "work that waits", KIND_INITIATIVE},
    {"Ask.needed_by", DATES, DRIFT_DATE, "needed by", KIND_NONE},
    {"Ask.promised_for", DATES, DRIFT_DATE, "promised for", KIND_NONE},
    {"Ask.state", SCOPE, DRIFT_STATE, "state", KIND_NONE},
    {"Ask.to", OWNERS, DRIFT_LIST, "asked of", KIND_TEAM},
    {"ChangeArea.timeframe", DATES, DRIFT_DATE, "end of '%s'", KIND_NONE},
    {"ChangeArea.title", SCOPE, DRIFT_SET, "change area", KIND_NONE},
    {"Commitment.due", DATES, DRIFT_DATE, "due", KIND_NONE},
    {"Commitment.promised_by", OWNERS, DRIFT_LIST, "promised by", KIND_PERSON},
    {"Commitment.state", SCOPE, DRIFT_STATE, "state", KIND_NONE},
    {"Contribution.effort_share", NUMBERS, DRIFT_NUMBER, "share of effort for %s", KIND_NONE},
    {"Contribution.expected_effect", NUMBERS, DRIFT_NUMBER, "expected effect on %s", KIND_NONE},
    {"Contribution.to", SCOPE, DRIFT_SET, "contribution", KIND_OBJECTIVE},
    {"Decision.decide_by", DATES, DRIFT_DATE, "decide by", KIND_NONE},
    {"Estimate.likely", EFFORT, DRIFT_EFFORT, "likely estimate", KIND_NONE},
    {"Estimate.optimistic", EFFORT, DRIFT_EFFORT, "optimistic estimate", KIND_NONE},
    {"Estimate.pessimistic", EFFORT, DRIFT_EFFORT, "pessimistic estimate", KIND_NONE},
    {"Expectation.importance", NUMBERS, DRIFT_NUMBER, "importance", KIND_NONE},
    {"Expectation.segment", SCOPE, DRIFT_LIST, "segment", KIND_SEGMENT},
    {"Goal.parent", SCOPE, DRIFT_LIST, "goal above", KIND_GOAL},
    {"Goal.weight", NUMBERS, DRIFT_NUMBER, "weight", KIND_NONE},
    {"Initiative.after", DATES, DRIFT_SET, "prerequisite", KIND_INITIATIVE},
    {"Initiative.finish", DATES, DRIFT_DATE, "finish", KIND_NONE},
    {"Initiative.members", OWNERS, DRIFT_LIST, "members", KIND_PERSON},
    {"Initiative.objective", SCOPE, DRIFT_LIST, "objective", KIND_OBJECTIVE},
    {"Initiative.periods", DATES, DRIFT_PERIODS, "periods", KIND_PERIOD},
    {"Initiative.start", DATES, DRIFT_DATE, "start", KIND_NONE},
    {"Initiative.status", SCOPE, DRIFT_STATE, "status", KIND_NONE},
    {"Initiative.steps", SCOPE, DRIFT_SET, "step worked on", KIND_STEP},
    {"Initiative.strategy", SCOPE, DRIFT_LIST, "strategy", KIND_STRATEGY},
    {"Item.owners", OWNERS, DRIFT_LIST, "owner", KIND_PERSON},
    {"Item.reviewer", OWNERS, DRIFT_LIST, "reviewer", KIND_PERSON},
    {"Maturity.due", DATES, DRIFT_DATE, "due", KIND_NONE},
    {"Maturity.wanted", NUMBERS, DRIFT_NUMBER, "wanted level", KIND_NONE},
    {"Measure.direction", NUMBERS, DRIFT_TEXT, "direction", KIND_NONE},
    {"Measure.high", NUMBERS, DRIFT_NUMBER, "upper end", KIND_NONE},
    {"Measure.low", NUMBERS, DRIFT_NUMBER, "lower end", KIND_NONE},
    {"Measure.unit", NUMBERS, DRIFT_TEXT, "unit", KIND_NONE},
    {"Milestone.after", DATES, DRIFT_SET, "prerequisite", KIND_TASK},
    {"Milestone.due", DATES, DRIFT_DATE, "due", KIND_NONE},
    {"Milestone.initiative", SCOPE, DRIFT_LIST, "part of", KIND_INITIATIVE},
    {"Need.effort", EFFORT, DRIFT_EFFORT, "effort of %s", KIND_NONE},
    {"Need.who", EFFORT, DRIFT_SET, "need", KIND_TEAM},
    {"Objective.expectations", SCOPE, DRIFT_SET, "expectation answered", KIND_EXPECTATION},
    {"Objective.further_goals", SCOPE, DRIFT_SET, "further goal", KIND_GOAL},
    {"Objective.goal", SCOPE, DRIFT_LIST, "goal", KIND_GOAL},
    {"Objective.parent", SCOPE, DRIFT_LIST, "objective above", KIND_OBJECTIVE},
    {"Objective.periods", DATES, DRIFT_PERIODS, "periods", KIND_PERIOD},
    {"Objective.status", SCOPE, DRIFT_STATE, "status", KIND_NONE},
    {"Objective.team", OWNERS, DRIFT_LIST, "team", KIND_TEAM},
    {"Objective.weight", NUMBERS, DRIFT_NUMBER, "weight", KIND_NONE},
    {"Period.first_day", DATES, DRIFT_DATE, "first day", KIND_NONE},
    {"Period.last_day", DATES, DRIFT_DATE, "last day", KIND_NONE},
    {"Request.needed_by", DATES, DRIFT_DATE, "needed by", KIND_NONE},
    {"Request.state", SCOPE, DRIFT_STATE, "state", KIND_NONE},
    {"Risk.due", DATES, DRIFT_DATE, "due", KIND_NONE},
    {"Risk.impact", NUMBERS, DRIFT_NUMBER, "impact", KIND_NONE},
    {"Risk.probability", NUMBERS, DRIFT_NUMBER, "probability", KIND_NONE},
    {"Scope.in", SCOPE, DRIFT_SET, "in scope", KIND_NONE},
    {"Scope.out", SCOPE, DRIFT_SET, "out of scope", KIND_NONE},
    {"Scope.segments", SCOPE, DRIFT_SET, "segment in scope", KIND_NONE},
    {"Scope.stages", SCOPE, DRIFT_SET, "stage in scope", KIND_NONE},
    {"Segment.value", NUMBERS, DRIFT_NUMBER, "value", KIND_NONE},
    {"Step.met_by", OWNERS, DRIFT_LIST, "met by", KIND_TEAM},
    {"Strategy.first_day", DATES, DRIFT_DATE, "first day", KIND_NONE},
    {"Strategy.goals", SCOPE, DRIFT_SET, "goal", KIND_GOAL},
    {"Strategy.last_day", DATES, DRIFT_DATE, "last day", KIND_NONE},
    {"Target.baseline", NUMBERS, DRIFT_NUMBER, "baseline of %s", KIND_NONE},
    {"Target.commit", NUMBERS, DRIFT_NUMBER, "commit of %s", KIND_NONE},
    {"Target.due", DATES, DRIFT_DATE, "due of %s", KIND_NONE},
    {"Target.measure", SCOPE, DRIFT_SET, "measure with a target", KIND_MEASURE},
    {"Target.stretch", NUMBERS, DRIFT_NUMBER, "stretch of %s", KIND_NONE},
    {"Target.target", NUMBERS, DRIFT_NUMBER, "target of %s", KIND_NONE},
    {"Target.text", NUMBERS, DRIFT_TEXT, "target of %s in words", KIND_NONE},
    {"Task.after", DATES, DRIFT_SET, "prerequisite", KIND_TASK},
    {"Task.due", DATES, DRIFT_DATE, "due", KIND_NONE},
    {"Task.duration_days", EFFORT, DRIFT_NUMBER, "days that pass", KIND_NONE},
    {"Task.effort", EFFORT, DRIFT_EFFORT, "effort", KIND_NONE},
    {"Task.initiative", SCOPE, DRIFT_LIST, "part of", KIND_INITIATIVE},
    {"Task.members", OWNERS, DRIFT_LIST, "members", KIND_PERSON},
    {"Task.start", DATES, DRIFT_DATE, "start", KIND_NONE},
    {"Team.lead", OWNERS, DRIFT_LIST, "lead", KIND_PERSON},
    {"Workstream.after", DATES, DRIFT_SET, "prerequisite", KIND_WORKSTREAM},
    {"Workstream.finish", DATES, DRIFT_DATE, "finish", KIND_NONE},
    {"Workstream.initiative", SCOPE, DRIFT_LIST, "part of", KIND_INITIATIVE},
    {"Workstream.members", OWNERS, DRIFT_LIST, "members", KIND_PERSON},
    {"Workstream.objective", SCOPE, DRIFT_LIST, "objective", KIND_OBJECTIVE},
    {"Workstream.periods", DATES, DRIFT_PERIODS, "periods", KIND_PERIOD},
    {"Workstream.start", DATES, DRIFT_DATE, "start", KIND_NONE},
    {"Workstream.status", SCOPE, DRIFT_STATE, "status", KIND_NONE},
    {"Workstream.steps", SCOPE, DRIFT_SET, "step worked on", KIND_STEP},
};
#define ROWS (sizeof rows / sizeof rows[0])

/* Which field tells elements of a repeated message apart. */
static const struct {
	const char *message;
	const char *field;
	enum kind bare; /* KIND_NONE: a text */
} keys[] = {
    {"After", "work", KIND_INITIATIVE},
    {"ChangeArea", "title", KIND_NONE},
    {"Contribution", "to", KIND_OBJECTIVE},
    {"Need", "who", KIND_TEAM},
    {"Target", "measure", KIND_MEASURE},
};

/* What says that work does not go on as planned; all else is progress. */
static const char *const states[] = {
    "broken", "declined", "dropped", "missed", "paused", "refused", "stopped", "withdrawn"};

const struct drift_row *
drift_rows(size_t *count)
{
	*count = ROWS;
	return rows;
}

struct walker {
	const struct view *view;
	const struct view *names;
	struct arena *arena;
	struct drift_facts *out;
	bool failed;
};

struct field_name {
	const char *message;
	const char *field;
};

static int
compare_row(const void *key, const void *row)
{
	const struct field_name *name = key;
	const char *text = ((const struct drift_row *)row)->field;
	size_t len = strlen(name->message);
	int c = strncmp(name->message, text, len);

	/* A name that another one begins with comes first, as '.' does before letters. */
	if (c == 0)
		c = '.' - (unsigned char)text[len];
	return c != 0 ? c : strcmp(name->field, text + len + 1);
}

static const struct drift_row *
find_row(const char *message, const char *field)
{
	struct field_name name = {message, field};

	return bsearch(&name, rows, ROWS, sizeof rows[0], compare_row);
}

/* The item behind a reference under whatever name it has now; NULL: the plan has never heard of it. */
static const struct item *
now_called(const struct view *names, const char *text, enum kind bare)
{
	const struct item *item = NULL;
	enum kind kind;
	const char *id;
	size_t len;

	if (ref_parse(text, bare, &kind, &id, &len))
		item = view_find(names, kind, id, len);
	for (unsigned i = 0; item != NULL && (item->flags & ITEM_RENAMED) != 0 && i < RENAMES_MAX;
	     i++)
		item = view_item(names, item->refs[0].slot);
	return item;
}

static const char *
ref_text(struct walker *w, const char *text, enum kind bare)
{
	const struct item *item = now_called(w->names, text, bare);
	char ref[REF_TEXT_LEN];

	if (item == NULL)
		return text;
	ref_format(item, ref);
	return arena_strdup(w->arena, ref);
}

static double
period_end(const struct walker *w, const char *text)
{
	const struct item *item = NULL;
	enum kind kind;
	const char *id;
	size_t len;

	if (w->view != NULL && ref_parse(text, KIND_PERIOD, &kind, &id, &len))
		item = view_find(w->view, kind, id, len);
	return item_is_live(item) && item->finish != DATE_NONE ? item->finish : (double)NAN;
}

static void
add(struct walker *w, const struct drift_row *row, const char *key, const char *text, double number)
{
	struct drift_fact fact = {row, key, text, number};
	struct drift_fact *list = text != NULL && key != NULL
				      ? arena_append(w->arena, w->out->list, w->out->count,
					    &w->out->cap, &fact, 1, sizeof fact)
				      : NULL;

	if (list == NULL) {
		w->failed = true;
		return;
	}
	w->out->list = list;
	w->out->count++;
}

static const char *
string_of(const struct pb_value *value)
{
	return *(char *const *)value->p;
}

static const char *
value_text(struct walker *w, const struct pb_value *value)
{
	struct str text;
	const char *copy;

	if (value->field->type == PROTOBUF_C_TYPE_STRING)
		return string_of(value);
	str_init(&text, 256);
	pb_value_text(value, &text);
	copy = str_ok(&text) ? arena_strdup(w->arena, text.data) : NULL;
	str_fini(&text);
	return copy;
}

static double
value_number(const struct pb_value *value)
{
	switch (value->field->type) {
	case PROTOBUF_C_TYPE_DOUBLE:
		return *(const double *)value->p;
	case PROTOBUF_C_TYPE_INT64:
		return (double)*(const int64_t *)value->p;
	case PROTOBUF_C_TYPE_INT32:
		return *(const int32_t *)value->p;
	default:
		return (double)NAN;
	}
}

static bool
is_told_state(const char *text)
{
	for (size_t i = 0; text != NULL && i < sizeof states / sizeof states[0]; i++) {
		if (strcmp(states[i], text) == 0)
			return true;
	}
	return false;
}

static void
take(struct walker *w, const struct drift_row *row, const char *key, const struct pb_value *value)
{
	const char *text = value_text(w, value);
	double number = value_number(value);
	int32_t day;

	switch (row->type) {
	case DRIFT_DATE:
		if (text != NULL && date_parse(text, &day))
			number = day;
		break;
	case DRIFT_PERIODS:
		number = text != NULL ? period_end(w, text) : (double)NAN;
		text = text != NULL ? ref_text(w, text, row->bare) : NULL;
		break;
	case DRIFT_LIST:
		text = text != NULL ? ref_text(w, text, row->bare) : NULL;
		break;
	case DRIFT_SET:
		if (row->bare != KIND_NONE && text != NULL)
			text = ref_text(w, text, row->bare);
		key = text;
		break;
	case DRIFT_STATE:
		if (text != NULL && !is_told_state(text))
			return;
		break;
	default:
		break;
	}
	add(w, row, key, text, number);
}

static const char *
key_of(struct walker *w, const ProtobufCMessage *message, const char *above)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		const ProtobufCFieldDescriptor *field;
		struct pb_value value;

		if (strcmp(type->short_name, keys[i].message) != 0)
			continue;
		field = protobuf_c_message_descriptor_get_field_by_name(type, keys[i].field);
		if (field == NULL || pb_count(message, field) == 0)
			return "anybody";
		value = pb_get(message, field, 0);
		if (keys[i].bare == KIND_NONE)
			return string_of(&value);
		return ref_text(w, string_of(&value), keys[i].bare);
	}
	return above;
}

/* Messages are nested as deep as their definitions are. */
static void
walk(struct walker *w, const ProtobufCMessage *message, const char *key)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;

	for (unsigned f = 0; f < type->n_fields && !w->failed; f++) {
		const ProtobufCFieldDescriptor *field = &type->fields[f];
		size_t count = pb_count(message, field);
		const struct drift_row *row = NULL;

		if (count > 0 && field->type != PROTOBUF_C_TYPE_MESSAGE)
			row = find_row(type->short_name, field->name);
		for (size_t i = 0; i < count && !w->failed; i++) {
			struct pb_value value = pb_get(message, field, i);

			if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
				const ProtobufCMessage *below = pb_message(&value);

				walk(w, below, key_of(w, below, key));
			} else if (row != NULL) {
				take(w, row, key, &value);
			}
		}
	}
}

int
drift_fact_compare(const struct drift_row *row, const char *key, const struct drift_fact *fact)
{
	if (row != fact->row)
		return row < fact->row ? -1 : 1;
	return strcmp(key, fact->key);
}

static int
by_key(const void *a, const void *b)
{
	const struct drift_fact *x = a;
	const struct drift_fact *y = b;
	int c = drift_fact_compare(x->row, x->key, y);

	return c != 0 ? c : strcmp(x->text, y->text);
}

/* One fact of those from i to before end, which have the same key. */
static struct drift_fact
join_run(struct walker *w, size_t i, size_t end)
{
	struct drift_fact one = w->out->list[i];
	struct str text;

	if (end - i == 1 || one.row->type == DRIFT_SET)
		return one;
	str_init(&text, LIMIT_ITEM_BYTES);
	for (size_t k = i; k < end; k++) {
		const struct drift_fact *fact = &w->out->list[k];

		str_addf(&text, "%s%s", k > i ? ", " : "", fact->text);
		one.number = fmax(one.number, fact->number);
	}
	if (one.row->type != DRIFT_PERIODS)
		one.number = (double)NAN;
	one.text = str_ok(&text) ? arena_strdup(w->arena, text.data) : NULL;
	str_fini(&text);
	w->failed = w->failed || one.text == NULL;
	return one;
}

/* What has the same key becomes one: lists, and what a plan states twice. */
static void
join(struct walker *w)
{
	struct drift_facts *facts = w->out;
	size_t kept = 0, end;

	if (facts->count > 0)
		qsort(facts->list, facts->count, sizeof facts->list[0], by_key);
	for (size_t i = 0; i < facts->count; i = end) {
		const struct drift_fact *first = &facts->list[i];

		for (end = i + 1; end < facts->count; end++) {
			if (drift_fact_compare(first->row, first->key, &facts->list[end]) != 0)
				break;
		}
		facts->list[kept++] = join_run(w, i, end);
	}
	facts->count = kept;
}

bool
drift_facts_of(const ProtobufCMessage *item, const struct view *view, const struct view *names,
    struct arena *arena, struct drift_facts *out)
{
	struct walker w = {view, names, arena, out, false};

	*out = (struct drift_facts){0};
	walk(&w, item, "");
	if (!w.failed)
		join(&w);
	return !w.failed;
}
