/*
 * Items and records between their messages and the spine.
 *
 * One table says what each field of item.proto means (a date, a share, a
 * reference …). It is joined with the descriptors once, so that a new field
 * needs a row here only where it is more than plain text or a plain number.
 */
#include "server/plan/codec.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/calendar.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/limits.h"
#include "server/plan/plan_internal.h"

enum what {
	WHAT_PLAIN, /* text within LIMIT_TEXT, a finite number */
	WHAT_ID,
	WHAT_TITLE,
	WHAT_SLUG,
	WHAT_NAME, /* text within LIMIT_SOURCE */
	WHAT_REF,
	WHAT_DATE,
	WHAT_TIME,
	WHAT_RANGE,
};

struct meaning {
	const char *field; /* "Message.field" */
	enum what what;
	double min;
	double max;
	bool required;
};

static const struct meaning meanings[] = {
    {"Item.id", WHAT_ID, 0, 0, true},
    {"Item.title", WHAT_TITLE, 0, 0, false},
    {"Item.labels", WHAT_SLUG, 0, 0, false},
    {"Item.external_ids", WHAT_NAME, 0, 0, false},
    {"Link.to", WHAT_REF, 0, 0, true},
    {"Goal.weight", WHAT_RANGE, 0, 1, false},
    {"Target.due", WHAT_DATE, 0, 0, false},
    {"Objective.weight", WHAT_RANGE, 0, 1, false},
    {"Objective.closed", WHAT_DATE, 0, 0, false},
    {"Measure.every_days", WHAT_RANGE, 1, 3660, false},
    {"Strategy.first_day", WHAT_DATE, 0, 0, false},
    {"Strategy.last_day", WHAT_DATE, 0, 0, false},
    {"ChangeArea.timeframe", WHAT_DATE, 0, 0, false},
    {"Contribution.to", WHAT_REF, 0, 0, true},
    {"Contribution.effort_share", WHAT_RANGE, 0, 1, false},
    {"Need.effort", WHAT_RANGE, 0, LIMIT_EFFORT, false},
    {"Estimate.optimistic", WHAT_RANGE, 0, LIMIT_EFFORT, false},
    {"Estimate.likely", WHAT_RANGE, 0, LIMIT_EFFORT, false},
    {"Estimate.pessimistic", WHAT_RANGE, 0, LIMIT_EFFORT, false},
    {"Initiative.start", WHAT_DATE, 0, 0, false},
    {"Initiative.finish", WHAT_DATE, 0, 0, false},
    {"Workstream.start", WHAT_DATE, 0, 0, false},
    {"Workstream.finish", WHAT_DATE, 0, 0, false},
    {"Milestone.due", WHAT_DATE, 0, 0, false},
    {"Milestone.done", WHAT_DATE, 0, 0, false},
    {"Task.due", WHAT_DATE, 0, 0, false},
    {"Task.effort", WHAT_RANGE, 0, LIMIT_EFFORT, false},
    {"Task.done", WHAT_DATE, 0, 0, false},
    {"Task.start", WHAT_DATE, 0, 0, false},
    {"Absence.first_day", WHAT_DATE, 0, 0, true},
    {"Absence.last_day", WHAT_DATE, 0, 0, true},
    {"Person.capacity", WHAT_RANGE, 0, 700, false},
    {"Person.first_day", WHAT_DATE, 0, 0, false},
    {"Person.last_day", WHAT_DATE, 0, 0, false},
    {"TeamCapacity.period", WHAT_REF, 0, 0, true},
    {"TeamCapacity.effort", WHAT_RANGE, 0, LIMIT_EFFORT, false},
    {"Period.first_day", WHAT_DATE, 0, 0, false},
    {"Period.last_day", WHAT_DATE, 0, 0, false},
    {"Calendar.working_days", WHAT_RANGE, 1, 7, false},
    {"Calendar.holidays", WHAT_DATE, 0, 0, false},
    {"Allocation.share", WHAT_RANGE, 0, 1, false},
    {"Allocation.effort", WHAT_RANGE, 0, LIMIT_EFFORT, false},
    {"Ask.needed_by", WHAT_DATE, 0, 0, false},
    {"Ask.effort", WHAT_RANGE, 0, LIMIT_EFFORT, false},
    {"Ask.answered", WHAT_DATE, 0, 0, false},
    {"Ask.promised_for", WHAT_DATE, 0, 0, false},
    {"Waiver.finding", WHAT_PLAIN, 0, 0, true},
    {"Waiver.reason", WHAT_PLAIN, 0, 0, true},
    {"Waiver.until", WHAT_DATE, 0, 0, true},
    {"RuleSetting.rule", WHAT_NAME, 0, 0, true},
    {"Record.id", WHAT_ID, 0, 0, false},
    {"Record.about", WHAT_REF, 0, 0, true},
    {"Record.at", WHAT_TIME, 0, 0, false},
    {"CheckIn.progress", WHAT_RANGE, 0, 1, false},
    {"CheckIn.confidence", WHAT_RANGE, 0, 1, false},
    {"CheckIn.remaining", WHAT_RANGE, 0, LIMIT_EFFORT, false},
};

/* ---- the table joined with the descriptors --------------------------------------------------------- */

struct type_rules;

struct field_rule {
	const ProtobufCFieldDescriptor *field;
	enum what what;
	double min;
	double max;
	bool required;
	enum role role;
	enum kind bare;
	unsigned flags;
	const struct type_rules *sub; /* of a message field */
};

struct type_rules {
	const ProtobufCMessageDescriptor *type;
	unsigned count;
	struct field_rule *fields;
};

#define TYPES_MAX 64
static struct type_rules types[TYPES_MAX];
static size_t types_count;
static const struct type_rules *item_rules;
static const struct type_rules *record_rules;
static pthread_once_t rules_once = PTHREAD_ONCE_INIT;

static bool
names_field(const char *row, const ProtobufCMessageDescriptor *type, const char *field)
{
	size_t len = strlen(type->short_name);

	return strncmp(row, type->short_name, len) == 0 && row[len] == '.' && strcmp(row + len + 1, field) == 0;
}

static const struct type_rules *join_type(const ProtobufCMessageDescriptor *type);

static void
join_field(struct field_rule *rule, const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field)
{
	size_t refs_count;
	const struct ref_field *refs = kind_ref_fields(&refs_count);

	rule->field = field;
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
		if (names_field(meanings[i].field, type, field->name)) {
			rule->what = meanings[i].what;
			rule->min = meanings[i].min;
			rule->max = meanings[i].max;
			rule->required = meanings[i].required;
		}
	}
	for (size_t i = 0; i < refs_count; i++) {
		if (names_field(refs[i].field, type, field->name)) {
			rule->what = WHAT_REF;
			rule->role = refs[i].role;
			rule->bare = refs[i].bare;
			rule->flags = refs[i].flags;
		}
	}
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		rule->sub = join_type(field->descriptor);
}

static const struct type_rules *
join_type(const ProtobufCMessageDescriptor *type)
{
	struct type_rules *rules;

	for (size_t i = 0; i < types_count; i++) {
		if (types[i].type == type)
			return &types[i];
	}
	assert(types_count < TYPES_MAX);
	rules = &types[types_count++];
	rules->type = type;
	rules->count = type->n_fields;
	rules->fields = calloc(type->n_fields + 1, sizeof *rules->fields);
	if (rules->fields == NULL)
		abort(); /* at start */
	for (unsigned i = 0; i < type->n_fields; i++)
		join_field(&rules->fields[i], type, &type->fields[i]);
	return rules;
}

static void
join_all(void)
{
	item_rules = join_type(&plumb__v1__item__descriptor);
	record_rules = join_type(&plumb__v1__record__descriptor);
}

static const struct type_rules *
rules_of(const ProtobufCMessage *message)
{
	pthread_once(&rules_once, join_all);
	if (message->descriptor == &plumb__v1__item__descriptor)
		return item_rules;
	assert(message->descriptor == &plumb__v1__record__descriptor);
	return record_rules;
}

/* ---- checking ---------------------------------------------------------------------------------------- */

/* The way to a field, written out only when something is wrong with it. */
struct path {
	const struct path *above;
	const char *name;
	long index; /* -1: not repeated */
};

static void
path_write(const struct path *path, struct str *out)
{
	if (path == NULL)
		return;
	path_write(path->above, out);
	if (out->len > 0)
		str_add(out, ".");
	str_add(out, path->name);
	if (path->index >= 0)
		str_addf(out, "[%ld]", path->index);
}

struct check {
	const char *prefix;
	struct faults *faults;
};

static void fault(struct check *check, const struct path *path, const char *fmt, ...) PRINTF_LIKE(3, 4);

static void
fault(struct check *check, const struct path *path, const char *fmt, ...)
{
	struct str field;
	char text[400];
	va_list ap;

	str_init(&field, 1024);
	str_add(&field, check->prefix);
	path_write(path, &field);
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	faults_add(check->faults, field.data, "%s", text);
	str_fini(&field);
}

/* At most this much of somebody's text goes into a message. */
#define SHOWN(text) (int)(strlen(text) > 60 ? 60 : strlen(text)), text

static bool
ref_text_ok(const char *text, enum kind bare)
{
	enum kind kind;
	const char *id;
	size_t len;

	return ref_parse(text, bare, &kind, &id, &len);
}

static void
check_ref(struct check *check, const struct field_rule *rule, const struct path *path, const char *text)
{
	if (ref_text_ok(text, rule->bare))
		return;
	if (rule->bare == KIND_NONE)
		fault(check, path, "'%.*s' is no reference: write kind/id, for example initiative/new-portal",
		    SHOWN(text));
	else
		fault(check, path, "'%.*s' is no reference: write the id of a %s (lower-case letters, digits, '-', '.', "
		    "'_'), or kind/id", SHOWN(text), kind_name(rule->bare));
}

static void
check_string(struct check *check, const struct field_rule *rule, const struct path *path, const char *text)
{
	size_t len = strlen(text);
	int32_t date;
	int64_t time;

	switch (rule->what) {
	case WHAT_ID:
	case WHAT_SLUG:
		if (!parse_is_id(text, len))
			fault(check, path, "'%.*s' is no id: use 1 to %d of a-z 0-9 . _ -, beginning and ending with a "
			    "letter or digit", SHOWN(text), ID_MAX_LEN);
		break;
	case WHAT_TITLE:
		if (len > LIMIT_TITLE)
			fault(check, path, "has %zu bytes: a title takes at most %u; put the rest into description", len,
			    LIMIT_TITLE);
		break;
	case WHAT_NAME:
		if (len > LIMIT_SOURCE)
			fault(check, path, "has %zu bytes: at most %u", len, LIMIT_SOURCE);
		break;
	case WHAT_REF:
		check_ref(check, rule, path, text);
		break;
	case WHAT_DATE:
		if (!date_parse(text, &date))
			fault(check, path, "'%.*s' is no date: write year-month-day, for example 2026-03-31", SHOWN(text));
		break;
	case WHAT_TIME:
		if (!time_or_date_parse(text, &time))
			fault(check, path, "'%.*s' is no date or time: write 2026-03-31 or 2026-03-31T17:05:00Z",
			    SHOWN(text));
		break;
	case WHAT_PLAIN:
	case WHAT_RANGE:
		if (len > LIMIT_TEXT)
			fault(check, path, "has %zu bytes: a text takes at most %u", len, LIMIT_TEXT);
		break;
	}
}

static void
check_number(struct check *check, const struct field_rule *rule, const struct path *path, const struct pb_value *value)
{
	double number;

	switch (rule->field->type) {
	case PROTOBUF_C_TYPE_DOUBLE:
		number = *(const double *)value->p;
		break;
	case PROTOBUF_C_TYPE_INT64:
		number = (double)*(const int64_t *)value->p;
		break;
	case PROTOBUF_C_TYPE_INT32:
		number = *(const int32_t *)value->p;
		break;
	default:
		return;
	}
	if (!isfinite(number))
		fault(check, path, "is not a finite number");
	else if (rule->what == WHAT_RANGE && (number < rule->min || number > rule->max))
		fault(check, path, "%.15g is out of range: %.15g to %.15g", number, rule->min, rule->max);
}

static void check_message(struct check *check, const struct type_rules *rules, const ProtobufCMessage *message,
    const struct path *above);

static void
check_field(struct check *check, const struct field_rule *rule, const ProtobufCMessage *message,
    const struct path *above)
{
	const ProtobufCFieldDescriptor *field = rule->field;
	bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
	size_t count = pb_count(message, field);
	struct path path = {above, field->name, -1};

	if (count == 0) {
		if (rule->required)
			fault(check, &path, "is required");
		return;
	}
	if (count > LIMIT_LIST) {
		fault(check, &path, "has %zu elements: at most %u", count, LIMIT_LIST);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct pb_value value = pb_get(message, field, i);

		if (repeated)
			path.index = (long)i;
		if (field->type == PROTOBUF_C_TYPE_STRING)
			check_string(check, rule, &path, *(char *const *)value.p);
		else if (field->type == PROTOBUF_C_TYPE_MESSAGE)
			check_message(check, rule->sub, pb_message(&value), &path);
		else
			check_number(check, rule, &path, &value);
	}
}

static void
check_message(struct check *check, const struct type_rules *rules, const ProtobufCMessage *message,
    const struct path *above)
{
	for (unsigned i = 0; i < rules->count; i++)
		check_field(check, &rules->fields[i], message, above);
}

/* What a single field cannot tell. */
static void
check_item_whole(struct check *check, const Plumb__V1__Item *item)
{
	const struct path body = {NULL, "body", -1};

	if (item->body_case == PLUMB__V1__ITEM__BODY__NOT_SET)
		fault(check, &body, "is missing: say what kind of item '%.*s' is", SHOWN(item->id));
	if (item->body_case == PLUMB__V1__ITEM__BODY_OBJECTIVE) {
		for (size_t i = 0; i < item->objective->n_targets; i++) {
			const Plumb__V1__Target *t = item->objective->targets[i];
			const struct path targets = {&(struct path){NULL, "objective", -1}, "targets", (long)i};

			if (t->measure[0] == '\0' && t->text[0] == '\0')
				fault(check, &targets, "names no measure: set measure, or text where it has no number");
		}
	}
	if (item->body_case == PLUMB__V1__ITEM__BODY_MEASURE) {
		const Plumb__V1__Measure *m = item->measure;
		const struct path low = {&(struct path){NULL, "measure", -1}, "low", -1};

		if (m->low__case != PLUMB__V1__MEASURE__LOW___NOT_SET &&
		    m->high__case != PLUMB__V1__MEASURE__HIGH___NOT_SET && m->low > m->high)
			fault(check, &low, "%.15g is above high %.15g: exchange them", m->low, m->high);
	}
}

enum kind
codec_about_bare(enum kind record)
{
	if (record == KIND_MEASUREMENT)
		return KIND_MEASURE;
	if (record == KIND_ACKNOWLEDGEMENT)
		return KIND_CHECK_IN;
	return KIND_NONE;
}

static void
check_record_whole(struct check *check, const Plumb__V1__Record *record)
{
	const struct path body = {NULL, "body", -1}, about = {NULL, "about", -1};
	struct field_rule rule = {.bare = codec_about_bare(codec_item_kind(&record->base))};

	if (record->body_case == PLUMB__V1__RECORD__BODY__NOT_SET)
		fault(check, &body, "is missing: say what kind of record it is");
	if (record->about[0] != '\0')
		check_ref(check, &rule, &about, record->about);
}

void
codec_check(const ProtobufCMessage *message, const char *prefix, struct faults *faults)
{
	struct check check = {prefix, faults};

	if (message->descriptor == &plumb__v1__item__descriptor)
		check_item_whole(&check, (const Plumb__V1__Item *)message);
	else
		check_record_whole(&check, (const Plumb__V1__Record *)message);
	for (unsigned i = 0; i < rules_of(message)->count; i++) {
		const struct field_rule *rule = &rules_of(message)->fields[i];

		if (rule->role != ROLE_ABOUT || pb_count(message, rule->field) == 0)
			check_field(&check, rule, message, NULL);
	}
}

/* ---- kinds ------------------------------------------------------------------------------------------- */

static const struct {
	unsigned body;
	enum kind kind;
} item_kinds[] = {
    {PLUMB__V1__ITEM__BODY_VISION, KIND_VISION},
    {PLUMB__V1__ITEM__BODY_MISSION, KIND_MISSION},
    {PLUMB__V1__ITEM__BODY_VALUE, KIND_VALUE},
    {PLUMB__V1__ITEM__BODY_GOAL, KIND_GOAL},
    {PLUMB__V1__ITEM__BODY_OBJECTIVE, KIND_OBJECTIVE},
    {PLUMB__V1__ITEM__BODY_MEASURE, KIND_MEASURE},
    {PLUMB__V1__ITEM__BODY_STRATEGY, KIND_STRATEGY},
    {PLUMB__V1__ITEM__BODY_INITIATIVE, KIND_INITIATIVE},
    {PLUMB__V1__ITEM__BODY_WORKSTREAM, KIND_WORKSTREAM},
    {PLUMB__V1__ITEM__BODY_MILESTONE, KIND_MILESTONE},
    {PLUMB__V1__ITEM__BODY_TASK, KIND_TASK},
    {PLUMB__V1__ITEM__BODY_PERSON, KIND_PERSON},
    {PLUMB__V1__ITEM__BODY_TEAM, KIND_TEAM},
    {PLUMB__V1__ITEM__BODY_PERIOD, KIND_PERIOD},
    {PLUMB__V1__ITEM__BODY_CALENDAR, KIND_CALENDAR},
    {PLUMB__V1__ITEM__BODY_ALLOCATION, KIND_ALLOCATION},
    {PLUMB__V1__ITEM__BODY_ASK, KIND_ASK},
    {PLUMB__V1__ITEM__BODY_BASELINE, KIND_BASELINE},
    {PLUMB__V1__ITEM__BODY_WAIVER, KIND_WAIVER},
    {PLUMB__V1__ITEM__BODY_RULE_SETTING, KIND_RULE_SETTING},
    {PLUMB__V1__ITEM__BODY_WORKSPACE, KIND_WORKSPACE},
};

enum kind
codec_item_kind(const ProtobufCMessage *message)
{
	if (message->descriptor == &plumb__v1__record__descriptor) {
		switch (((const Plumb__V1__Record *)message)->body_case) {
		case PLUMB__V1__RECORD__BODY_MEASUREMENT:
			return KIND_MEASUREMENT;
		case PLUMB__V1__RECORD__BODY_CHECK_IN:
			return KIND_CHECK_IN;
		case PLUMB__V1__RECORD__BODY_ACKNOWLEDGEMENT:
			return KIND_ACKNOWLEDGEMENT;
		default:
			return KIND_NONE;
		}
	}
	for (size_t i = 0; i < sizeof item_kinds / sizeof item_kinds[0]; i++) {
		if (item_kinds[i].body == (unsigned)((const Plumb__V1__Item *)message)->body_case)
			return item_kinds[i].kind;
	}
	return KIND_NONE;
}

/* ---- references --------------------------------------------------------------------------------------- */

struct ref_list {
	struct plan *plan;
	struct arena *arena;
	struct ref *refs;
	uint32_t count;
	uint32_t cap;
	enum kind about_bare;
	bool failed;
};

static int32_t
part_of_ten_thousand(bool stated, double share)
{
	return stated ? (int32_t)lround(share * 10000) : -1;
}

static int32_t
clamp_effort(bool stated, int64_t effort)
{
	return stated ? (int32_t)(effort > INT32_MAX ? INT32_MAX : effort) : -1;
}

/* What goes with the reference, from the message that holds it. */
static int32_t
ref_amount(const ProtobufCMessage *holder, enum role role, size_t position)
{
	switch (role) {
	case ROLE_TARGET_MEASURE:
		return (int32_t)position;
	case ROLE_CONTRIBUTION: {
		const Plumb__V1__Contribution *c = (const Plumb__V1__Contribution *)holder;

		return part_of_ten_thousand(
		    c->effort_share__case == PLUMB__V1__CONTRIBUTION__EFFORT_SHARE__EFFORT_SHARE, c->effort_share);
	}
	case ROLE_NEED: {
		const Plumb__V1__Need *n = (const Plumb__V1__Need *)holder;

		return clamp_effort(n->effort__case == PLUMB__V1__NEED__EFFORT__EFFORT, n->effort);
	}
	case ROLE_CAPACITY_PERIOD:
		return clamp_effort(true, ((const Plumb__V1__TeamCapacity *)holder)->effort);
	default:
		return 0;
	}
}

static void
add_ref(struct ref_list *list, const struct field_rule *rule, const ProtobufCMessage *holder, const char *text,
    size_t position)
{
	enum role role = rule->role;
	enum kind kind, bare = rule->bare;
	const char *id;
	size_t id_len;
	struct ref *grown;
	uint32_t slot;

	if (role == ROLE_LINK_RELATES)
		role = (enum role)(ROLE_LINK_RELATES + (int)((const Plumb__V1__Link *)holder)->type);
	if (role == ROLE_ABOUT)
		bare = list->about_bare;
	if (!ref_parse(text, bare, &kind, &id, &id_len))
		return; /* checked before; a log of an older version may hold one that is no reference any more */
	slot = table_slot(list->plan, kind, id, id_len);
	if (list->count == list->cap) {
		list->cap = list->cap == 0 ? 16 : 2 * list->cap;
		grown = arena_array(list->arena, list->cap, sizeof *grown);
		if (grown != NULL && list->count > 0)
			memcpy(grown, list->refs, list->count * sizeof *grown);
		list->refs = grown;
	}
	if (slot == SLOT_NONE || list->refs == NULL) {
		list->failed = true;
		return;
	}
	list->refs[list->count++] = (struct ref){slot, (uint16_t)role, (uint16_t)position,
	    ref_amount(holder, role, position)};
}

static void
collect_refs(struct ref_list *list, const struct type_rules *rules, const ProtobufCMessage *message, size_t position)
{
	for (unsigned i = 0; i < rules->count && !list->failed; i++) {
		const struct field_rule *rule = &rules->fields[i];
		size_t count;

		if (rule->role == ROLE_NONE && rule->sub == NULL)
			continue;
		count = pb_count(message, rule->field);
		for (size_t k = 0; k < count && !list->failed; k++) {
			struct pb_value value = pb_get(message, rule->field, k);
			bool repeated = rule->field->label == PROTOBUF_C_LABEL_REPEATED;

			if (rule->sub != NULL)
				collect_refs(list, rule->sub, pb_message(&value), repeated ? k : position);
			else
				add_ref(list, rule, message, *(char *const *)value.p, repeated ? k : position);
		}
	}
}

static bool
renamed_text(const char *old, enum kind bare, enum kind kind, const char *from)
{
	enum kind k;
	const char *id;
	size_t len;

	return ref_parse(old, bare, &k, &id, &len) && k == kind && strcmp(id, from) == 0;
}

static bool
rename_refs(const struct type_rules *rules, ProtobufCMessage *message, enum kind kind, enum kind about_bare,
    const char *from, const char *to, struct arena *arena)
{
	for (unsigned i = 0; i < rules->count; i++) {
		const struct field_rule *rule = &rules->fields[i];
		enum kind bare = rule->role == ROLE_ABOUT ? about_bare : rule->bare;
		size_t count = rule->role == ROLE_NONE && rule->sub == NULL ? 0 : pb_count(message, rule->field);

		for (size_t k = 0; k < count; k++) {
			struct pb_value value = pb_get(message, rule->field, k);
			char **text = (char **)(uintptr_t)value.p;

			if (rule->sub != NULL) {
				if (!rename_refs(rule->sub, (ProtobufCMessage *)(uintptr_t)pb_message(&value), kind,
					about_bare, from, to, arena))
					return false;
				continue;
			}
			if (!renamed_text(*text, bare, kind, from))
				continue;
			*text = strchr(*text, '/') == NULL ? arena_strdup(arena, to)
							   : arena_printf(arena, "%s/%s", kind_name(kind), to);
			if (*text == NULL)
				return false;
		}
	}
	return true;
}

bool
codec_rename_refs(ProtobufCMessage *message, enum kind kind, const char *from, const char *to, struct arena *arena)
{
	return rename_refs(rules_of(message), message, kind, codec_about_bare(codec_item_kind(message)), from, to,
	    arena);
}

/* ---- the spine ---------------------------------------------------------------------------------------- */

static int32_t
date_of(const char *text)
{
	int32_t date;

	return date_parse(text, &date) ? date : DATE_NONE;
}

#define STATED(message, field, Field) ((message)->field##__case == Field)

static void
spine_effort(struct item *item, bool stated, int64_t effort)
{
	if (stated) {
		item->effort = effort;
		item->has |= HAS_VALUE;
	}
}

static void
spine_value(struct item *item, bool stated, double value)
{
	if (stated) {
		item->value = value;
		item->has |= HAS_VALUE;
	}
}

static uint8_t
scope_has(const Plumb__V1__Scope *scope)
{
	return scope != NULL && (scope->n_in > 0 || scope->n_out > 0) ? HAS_SCOPE : 0;
}

static void
spine_objective(struct item *item, struct target *targets, const Plumb__V1__Objective *o)
{
	item->status = (uint8_t)o->status;
	item->done = date_of(o->closed);
	spine_value(item, STATED(o, weight, PLUMB__V1__OBJECTIVE__WEIGHT__WEIGHT), o->weight);
	if (o->expectation[0] != '\0')
		item->has |= HAS_EXPECTATION;
	for (size_t i = 0; i < o->n_targets; i++) {
		const Plumb__V1__Target *t = o->targets[i];

		targets[i] = (struct target){
		    .measure = SLOT_NONE,
		    .due = date_of(t->due),
		    .baseline = STATED(t, baseline, PLUMB__V1__TARGET__BASELINE__BASELINE) ? t->baseline : NAN,
		    .target = STATED(t, target, PLUMB__V1__TARGET__TARGET__TARGET) ? t->target : NAN,
		    .commit = STATED(t, commit, PLUMB__V1__TARGET__COMMIT__COMMIT) ? t->commit : NAN,
		    .stretch = STATED(t, stretch, PLUMB__V1__TARGET__STRETCH__STRETCH) ? t->stretch : NAN,
		    .has_text = t->text[0] != '\0',
		};
	}
	for (uint32_t i = 0; i < item->refs_count; i++) {
		if (item->refs[i].role == ROLE_TARGET_MEASURE && item->refs[i].amount < item->targets_count)
			targets[item->refs[i].amount].measure = item->refs[i].slot;
	}
}

static bool
has_range(const Plumb__V1__Measure *m)
{
	return STATED(m, low, PLUMB__V1__MEASURE__LOW__LOW) && STATED(m, high, PLUMB__V1__MEASURE__HIGH__HIGH);
}

static void
spine_measure(struct item *item, struct target *targets, const Plumb__V1__Measure *m)
{
	item->extra = (uint8_t)m->direction;
	if (STATED(m, every_days, PLUMB__V1__MEASURE__EVERY_DAYS__EVERY_DAYS))
		item->every_days = (uint16_t)m->every_days;
	if (m->dimension[0] != '\0')
		item->has |= HAS_DIMENSION;
	if (m->unit[0] != '\0')
		item->has |= HAS_UNIT;
	if (has_range(m)) {
		item->has |= HAS_RANGE;
		targets[0] = (struct target){
		    SLOT_NONE, DATE_NONE, m->low, m->high, NAN, NAN, false};
	}
}

static void
spine_initiative(struct item *item, const Plumb__V1__Initiative *i)
{
	item->status = (uint8_t)i->status;
	item->start = date_of(i->start);
	item->finish = date_of(i->finish);
	item->has |= scope_has(i->scope);
	item->has |= i->outcome_intended[0] != '\0' ? HAS_TEXT : 0;
	item->has |= i->outcome_realised[0] != '\0' ? HAS_REALISED : 0;
	if (i->estimate != NULL)
		spine_effort(item, STATED(i->estimate, likely, PLUMB__V1__ESTIMATE__LIKELY__LIKELY),
		    i->estimate->likely);
}

static void
spine_workstream(struct item *item, const Plumb__V1__Workstream *w)
{
	item->status = (uint8_t)w->status;
	item->start = date_of(w->start);
	item->finish = date_of(w->finish);
	item->has |= scope_has(w->scope);
	if (w->estimate != NULL)
		spine_effort(item, STATED(w->estimate, likely, PLUMB__V1__ESTIMATE__LIKELY__LIKELY),
		    w->estimate->likely);
}

static void
spine_ask(struct item *item, const Plumb__V1__Ask *a)
{
	item->status = (uint8_t)a->state;
	item->start = date_of(a->promised_for);
	item->finish = date_of(a->needed_by);
	item->done = date_of(a->answered);
	spine_effort(item, STATED(a, effort, PLUMB__V1__ASK__EFFORT__EFFORT), a->effort);
}

static void
spine_allocation(struct item *item, const Plumb__V1__Allocation *a)
{
	if (STATED(a, share, PLUMB__V1__ALLOCATION__SHARE__SHARE)) {
		spine_value(item, true, a->share);
	} else if (STATED(a, effort, PLUMB__V1__ALLOCATION__EFFORT__EFFORT)) {
		item->extra = 1;
		spine_effort(item, true, a->effort);
	}
}

static void
spine_person(struct item *item, const Plumb__V1__Person *p)
{
	item->extra = (uint8_t)p->level;
	item->start = date_of(p->first_day);
	item->finish = date_of(p->last_day);
	spine_effort(item, STATED(p, capacity, PLUMB__V1__PERSON__CAPACITY__CAPACITY), p->capacity);
}

static void
spine_task(struct item *item, const Plumb__V1__Task *t)
{
	item->start = date_of(t->start);
	item->finish = date_of(t->due);
	item->done = date_of(t->done);
	spine_effort(item, STATED(t, effort, PLUMB__V1__TASK__EFFORT__EFFORT), t->effort);
}

static void
spine_item(struct item *item, struct target *targets, const Plumb__V1__Item *m)
{
	switch (m->body_case) {
	case PLUMB__V1__ITEM__BODY_VISION:
		item->has |= m->vision->text[0] != '\0' ? HAS_TEXT : 0;
		break;
	case PLUMB__V1__ITEM__BODY_MISSION:
		item->has |= m->mission->text[0] != '\0' ? HAS_TEXT : 0;
		break;
	case PLUMB__V1__ITEM__BODY_VALUE:
		item->has |= m->value->text[0] != '\0' ? HAS_TEXT : 0;
		break;
	case PLUMB__V1__ITEM__BODY_GOAL:
		spine_value(item, STATED(m->goal, weight, PLUMB__V1__GOAL__WEIGHT__WEIGHT), m->goal->weight);
		break;
	case PLUMB__V1__ITEM__BODY_OBJECTIVE:
		spine_objective(item, targets, m->objective);
		break;
	case PLUMB__V1__ITEM__BODY_MEASURE:
		spine_measure(item, targets, m->measure);
		break;
	case PLUMB__V1__ITEM__BODY_STRATEGY:
		item->start = date_of(m->strategy->first_day);
		item->finish = date_of(m->strategy->last_day);
		break;
	case PLUMB__V1__ITEM__BODY_INITIATIVE:
		spine_initiative(item, m->initiative);
		break;
	case PLUMB__V1__ITEM__BODY_WORKSTREAM:
		spine_workstream(item, m->workstream);
		break;
	case PLUMB__V1__ITEM__BODY_MILESTONE:
		item->finish = date_of(m->milestone->due);
		item->done = date_of(m->milestone->done);
		break;
	case PLUMB__V1__ITEM__BODY_TASK:
		spine_task(item, m->task);
		break;
	case PLUMB__V1__ITEM__BODY_PERSON:
		spine_person(item, m->person);
		break;
	case PLUMB__V1__ITEM__BODY_PERIOD:
		item->start = date_of(m->period->first_day);
		item->finish = date_of(m->period->last_day);
		break;
	case PLUMB__V1__ITEM__BODY_ALLOCATION:
		spine_allocation(item, m->allocation);
		break;
	case PLUMB__V1__ITEM__BODY_ASK:
		spine_ask(item, m->ask);
		break;
	case PLUMB__V1__ITEM__BODY_BASELINE:
		spine_effort(item, true, (int64_t)m->baseline->revision);
		break;
	case PLUMB__V1__ITEM__BODY_WAIVER:
		item->finish = date_of(m->waiver->until);
		break;
	default:
		break;
	}
}

static void
spine_record(struct item *item, const Plumb__V1__Record *m, int64_t at_us)
{
	item->start = zone_date(NULL, at_us);
	if (m->retracted)
		item->flags |= ITEM_RETRACTED;
	if (m->redacted)
		item->flags |= ITEM_REDACTED;
	if (m->body_case == PLUMB__V1__RECORD__BODY_MEASUREMENT) {
		item->extra = (uint8_t)m->measurement->role;
		spine_value(item, true, m->measurement->value);
	} else if (m->body_case == PLUMB__V1__RECORD__BODY_CHECK_IN) {
		item->status = (uint8_t)m->check_in->status;
		spine_value(item,
		    STATED(m->check_in, progress, PLUMB__V1__CHECK_IN__PROGRESS__PROGRESS), m->check_in->progress);
	}
}

/* ---- building ----------------------------------------------------------------------------------------- */

struct parts {
	const struct ref *refs;
	uint32_t refs_count;
	uint16_t targets_count;
	bool has_tail;
	int64_t at_us;
	size_t bytes_len;
};

static struct item *
item_alloc(const struct version *v, const struct parts *parts)
{
	size_t head = (sizeof(struct item) + parts->refs_count * sizeof(struct ref) + 7) & ~(size_t)7;
	size_t tail = parts->has_tail ? sizeof(struct item_tail) : 0;
	size_t targets = parts->targets_count * sizeof(struct target);
	struct item *item = malloc(head + targets + tail + parts->bytes_len + v->last_applied_len);

	if (item == NULL)
		return NULL;
	memset(item, 0, head + targets + tail);
	item->slot = v->slot;
	item->kind = (uint8_t)v->kind;
	item->flags = (uint8_t)(v->flags | (parts->has_tail ? ITEM_HAS_TAIL : 0u));
	item->refs_count = parts->refs_count;
	item->targets_count = parts->targets_count;
	item->revision = v->revision;
	item->previous = v->previous;
	item->created_revision = v->created_revision;
	item->created_us = v->created_us;
	item->updated_us = v->updated_us;
	item->created_by = v->created_by;
	item->updated_by = v->updated_by;
	item->source = v->source;
	item->start = item->finish = item->done = DATE_NONE;
	item->id_len = (uint8_t)strlen(v->id);
	item->bytes_len = (uint32_t)parts->bytes_len;
	if (parts->refs_count > 0)
		memcpy(item->refs, parts->refs, parts->refs_count * sizeof(struct ref));
	if (parts->has_tail) {
		struct item_tail *t = (struct item_tail *)(uintptr_t)item_tail(item);

		t->at_us = parts->at_us;
		t->source_revision = v->source_revision;
		t->last_applied_len = (uint32_t)v->last_applied_len;
		if (v->last_applied_len > 0)
			memcpy((uint8_t *)(uintptr_t)item_bytes(item) + parts->bytes_len, v->last_applied,
			    v->last_applied_len);
	}
	return item;
}

/* Where id and title lie in the packed bytes: fields 1 and 2 come first, in that order. */
static void
find_texts(struct item *item)
{
	struct pb_in in;
	struct pb_field field;
	const uint8_t *bytes = item_bytes(item);

	pb_in_init(&in, bytes, item->bytes_len);
	while (pb_in_next(&in, &field) && field.number <= 2) {
		if (field.number == 1) {
			assert(field.len == item->id_len);
			item->id_off = (uint8_t)(field.bytes - bytes);
		} else if (!kind_is_record(item->kind)) {
			item->title_off = (uint8_t)(field.bytes - bytes);
			item->title_len = (uint16_t)field.len;
		}
	}
}

static size_t
targets_of(const ProtobufCMessage *message)
{
	const Plumb__V1__Item *item = (const Plumb__V1__Item *)message;

	if (message->descriptor != &plumb__v1__item__descriptor)
		return 0;
	if (item->body_case == PLUMB__V1__ITEM__BODY_OBJECTIVE)
		return item->objective->n_targets;
	if (item->body_case == PLUMB__V1__ITEM__BODY_MEASURE)
		return has_range(item->measure) ? 1 : 0;
	return 0;
}

struct item *
codec_build(struct plan *plan, const ProtobufCMessage *message, const struct version *version, struct arena *arena,
    struct err *err)
{
	struct ref_list list = {.plan = plan, .arena = arena, .about_bare = codec_about_bare(version->kind)};
	bool record = kind_is_record(version->kind);
	struct parts parts = {0};
	struct item *item;

	collect_refs(&list, rules_of(message), message, 0);
	if (list.failed) {
		err_set(err, ERR_LIMIT, "no room for more entries in this workspace");
		return NULL;
	}
	parts.refs = list.refs;
	parts.refs_count = list.count;
	parts.targets_count = (uint16_t)targets_of(message);
	parts.has_tail = record || version->source != 0;
	if (record && !time_or_date_parse(((const Plumb__V1__Record *)message)->at, &parts.at_us))
		parts.at_us = version->updated_us;
	parts.bytes_len = protobuf_c_message_get_packed_size(message);
	item = item_alloc(version, &parts);
	if (item == NULL) {
		err_oom(err);
		return NULL;
	}
	protobuf_c_message_pack(message, (uint8_t *)(uintptr_t)item_bytes(item));
	find_texts(item);
	if (record)
		spine_record(item, (const Plumb__V1__Record *)message, parts.at_us);
	else
		spine_item(item, (struct target *)(uintptr_t)item_targets(item), (const Plumb__V1__Item *)message);
	return item;
}

struct item *
codec_build_bare(const struct version *version, const struct ref *refs, uint32_t refs_count)
{
	struct parts parts = {.refs = refs, .refs_count = refs_count, .bytes_len = strlen(version->id)};
	struct item *item = item_alloc(version, &parts);

	if (item != NULL)
		memcpy((uint8_t *)(uintptr_t)item_bytes(item), version->id, parts.bytes_len);
	return item;
}

/* ---- out again ---------------------------------------------------------------------------------------- */

const ProtobufCMessage *
codec_decode(const struct item *item, struct arena *arena)
{
	struct err ignored;

	if (item->kind == KIND_RANKING || (item->flags & (ITEM_ABSENT | ITEM_REMOVED)) != 0)
		return NULL;
	return pb_decode(kind_is_record(item->kind) ? &plumb__v1__record__descriptor : &plumb__v1__item__descriptor,
	    item_bytes(item), item->bytes_len, false, arena, &ignored);
}

static void
out_ref(struct pb_out *out, uint32_t field, const struct item *item)
{
	char ref[ID_MAX_LEN + 40];
	int len = snprintf(ref, sizeof ref, "%s/%.*s", kind_name(item->kind), item->id_len, item_id(item));

	pb_out_bytes(out, field, ref, (size_t)len);
}

/* plumb.v1.RankingList; ranks count places, ties share: 1, 2, 2, 4. */
static void
out_ranking(const struct view *view, const struct item *ranking, struct pb_out *out)
{
	size_t mark = pb_out_begin(out, 13);
	uint32_t rank = 0;

	if (ranking->id_len > 5 && memcmp(item_id(ranking), "team.", 5) == 0)
		pb_out_bytes(out, 1, item_id(ranking) + 5, ranking->id_len - 5u);
	for (uint32_t i = 0; i < ranking->refs_count; i++) {
		size_t one = pb_out_begin(out, 2);

		if (ranking->refs[i].amount == 0)
			rank = i + 1;
		out_ref(out, 1, view_item(view, ranking->refs[i].slot));
		pb_out_varint(out, 2, rank);
		pb_out_end(out, one);
	}
	pb_out_end(out, mark);
}

void
codec_envelope(const struct view *view, const struct item *item, struct pb_out *out)
{
	char time[TIME_TEXT_LEN];

	out_ref(out, 1, item);
	pb_out_varint(out, 2, item->kind);
	pb_out_varint(out, 3, item->revision);
	pb_out_varint(out, 4, item->created_revision);
	pb_out_string(out, 5, time_format(item->created_us, time));
	pb_out_string(out, 6, time_format(item->updated_us, time));
	pb_out_string(out, 7, view_text(view, item->created_by));
	pb_out_string(out, 8, view_text(view, item->updated_by));
	pb_out_string(out, 9, view_text(view, item->source));
	pb_out_varint(out, 10, item_source_revision(item));
	if ((item->flags & ITEM_REMOVED) != 0) {
		pb_out_varint(out, 14, 1);
		if ((item->flags & ITEM_RENAMED) != 0)
			out_ref(out, 15, view_item(view, item->refs[0].slot));
	} else if (item->kind == KIND_RANKING) {
		out_ranking(view, item, out);
	} else {
		pb_out_message(out, kind_is_record(item->kind) ? 12 : 11, item_bytes(item), item->bytes_len);
	}
}
