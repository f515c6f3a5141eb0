#include "client/planfile_kinds.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/pb_edit.h"
#include "common/str.h"

#define KIND(k) PLUMB__V1__KIND__##k

static const struct planfile_kind kinds[] = {
    {KIND(VISION), "vision", "visions", "vision", false},
    {KIND(MISSION), "mission", "missions", "mission", false},
    {KIND(VALUE), "value", "values", "value", false},
    {KIND(GOAL), "goal", "goals", "goal", false},
    {KIND(OBJECTIVE), "objective", "objectives", "objective", false},
    {KIND(MEASURE), "measure", "measures", "measure", false},
    {KIND(STRATEGY), "strategy", "strategies", "strategy", false},
    {KIND(INITIATIVE), "initiative", "initiatives", "initiative", false},
    {KIND(WORKSTREAM), "workstream", "workstreams", "workstream", false},
    {KIND(MILESTONE), "milestone", "milestones", "milestone", false},
    {KIND(TASK), "task", "tasks", "task", false},
    {KIND(PERSON), "person", "people", "person", false},
    {KIND(TEAM), "team", "teams", "team", false},
    {KIND(PERIOD), "period", "periods", "period", false},
    {KIND(CALENDAR), "calendar", "calendars", "calendar", false},
    {KIND(ALLOCATION), "allocation", "allocations", "allocation", false},
    {KIND(ASK), "ask", "asks", "ask", false},
    {KIND(COMMITMENT), "commitment", "commitments", "commitment", false},
    {KIND(DECISION), "decision", "decisions", "decision", false},
    {KIND(POLICY), "policy", "policies", "policy", false},
    {KIND(REVIEW), "review", "reviews", "review", false},
    {KIND(MATURITY), "maturity", "maturities", "maturity", false},
    {KIND(REQUEST), "request", "requests", "request", false},
    {KIND(ROUND), "round", "rounds", "round", false},
    {KIND(SEGMENT), "segment", "segments", "segment", false},
    {KIND(JOURNEY), "journey", "journeys", "journey", false},
    {KIND(STAGE), "stage", "stages", "stage", false},
    {KIND(STEP), "step", "steps", "step", false},
    {KIND(EXPECTATION), "expectation", "expectations", "expectation", false},
    {KIND(DESIRED_OUTCOME), "desired-outcome", "desired_outcomes", "desired_outcome", false},
    {KIND(FEELING), "feeling", "feelings", "feeling", false},
    {KIND(CUSTOMER), "customer", "customers", "customer", false},
    {KIND(INFLUENCER), "influencer", "influencers", "influencer", false},
    {KIND(ASSESSMENT), "assessment", "assessments", "assessment", false},
    {KIND(COMPETITOR_MOVE), "competitor-move", "competitor_moves", "competitor_move", false},
    {KIND(RISK), "risk", "risks", "risk", false},
    {KIND(BASELINE), "baseline", "baselines", "baseline", false},
    {KIND(WAIVER), "waiver", "waivers", "waiver", false},
    {KIND(RULE_SETTING), "rule-setting", "rule_settings", "rule_setting", false},
    {KIND(SCENARIO), "scenario", "scenarios", "scenario", false},
    {KIND(MEASUREMENT), "measurement", "measurements", "measurement", true},
    {KIND(CHECK_IN), "check-in", "check_ins", "check_in", true},
    {KIND(ACKNOWLEDGEMENT), "acknowledgement", "acknowledgements", "acknowledgement", true},
    {KIND(ACCEPTANCE), "acceptance", "acceptances", "acceptance", true},
    {KIND(VOTE), "vote", "votes", "vote", true},
    {KIND(EXPERIENCE), "experience", "experiences", "experience", true},
    {KIND(MEETING), "meeting", "meetings", "meeting", true},
};

/* Fields that refer, and the kind that a bare id means there (item.proto says the same in words). */
static const struct ref_row {
	const char *type;
	const char *field;
	Plumb__V1__Kind bare; /* KIND_UNSPECIFIED: the kind is always written */
	bool belongs;
} refs[] = {
    {"Item", "owners", KIND(PERSON), false},
    {"Item", "reviewer", KIND(PERSON), false},
    {"Link", "to", KIND(KIND_UNSPECIFIED), false},
    {"Goal", "parent", KIND(GOAL), false},
    {"Target", "measure", KIND(MEASURE), false},
    {"Objective", "goal", KIND(GOAL), false},
    {"Objective", "further_goals", KIND(GOAL), false},
    {"Objective", "parent", KIND(OBJECTIVE), false},
    {"Objective", "team", KIND(TEAM), false},
    {"Objective", "periods", KIND(PERIOD), false},
    {"Objective", "precedes", KIND(OBJECTIVE), false},
    {"Measure", "inline_under", KIND(OBJECTIVE), true},
    {"Strategy", "goals", KIND(GOAL), false},
    {"Contribution", "to", KIND(OBJECTIVE), false},
    {"Contribution", "measure", KIND(MEASURE), false},
    {"Need", "who", KIND(TEAM), false},
    {"Initiative", "objective", KIND(OBJECTIVE), false},
    {"Initiative", "periods", KIND(PERIOD), false},
    {"Initiative", "after", KIND(INITIATIVE), false},
    {"Initiative", "members", KIND(PERSON), false},
    {"Initiative", "strategy", KIND(STRATEGY), false},
    {"Workstream", "initiative", KIND(INITIATIVE), true},
    {"Workstream", "objective", KIND(OBJECTIVE), false},
    {"Workstream", "periods", KIND(PERIOD), false},
    {"Workstream", "after", KIND(WORKSTREAM), false},
    {"Workstream", "members", KIND(PERSON), false},
    {"Milestone", "initiative", KIND(INITIATIVE), true},
    {"Task", "initiative", KIND(INITIATIVE), true},
    {"Milestone", "after", KIND(TASK), false},
    {"Task", "members", KIND(PERSON), false},
    {"Task", "after", KIND(TASK), false},
    {"After", "work", KIND(KIND_UNSPECIFIED), false},
    {"Person", "manager", KIND(PERSON), false},
    {"Person", "dotted_managers", KIND(PERSON), false},
    {"Person", "team", KIND(TEAM), false},
    {"TeamCapacity", "period", KIND(PERIOD), false},
    {"Team", "lead", KIND(PERSON), false},
    {"Team", "members", KIND(PERSON), false},
    {"Team", "parent", KIND(TEAM), false},
    {"Team", "calendar", KIND(CALENDAR), false},
    {"Period", "parent", KIND(PERIOD), false},
    {"Allocation", "who", KIND(PERSON), false},
    {"Allocation", "initiative", KIND(INITIATIVE), true},
    {"Allocation", "period", KIND(PERIOD), false},
    {"Ask", "from", KIND(TEAM), false},
    {"Ask", "to", KIND(TEAM), false},
    {"Ask", "initiative", KIND(INITIATIVE), true},
    {"Ask", "answered_by", KIND(PERSON), false},
    {"Waiver", "who", KIND(PERSON), false},
    {"Objective", "expectations", KIND(EXPECTATION), false},
    {"ChangeArea", "answers", KIND(ASSESSMENT), false},
    {"Initiative", "steps", KIND(STEP), false},
    {"Workstream", "steps", KIND(STEP), false},
    {"Journey", "segments", KIND(SEGMENT), false},
    {"Journey", "improves", KIND(JOURNEY), false},
    {"Journey", "shaped_by", KIND(CUSTOMER), false},
    {"Stage", "journey", KIND(JOURNEY), true},
    {"Stage", "follows", KIND(STAGE), false},
    {"Step", "stage", KIND(STAGE), true},
    {"Step", "follows", KIND(STEP), false},
    {"Step", "met_by", KIND(TEAM), false},
    {"Step", "judged_by", KIND(MEASURE), false},
    {"Step", "backstage", KIND(TEAM), false},
    {"Step", "replaces", KIND(STEP), false},
    {"Expectation", "segment", KIND(SEGMENT), false},
    {"Expectation", "step", KIND(STEP), true},
    {"Expectation", "outcome", KIND(DESIRED_OUTCOME), false},
    {"DesiredOutcome", "segments", KIND(SEGMENT), false},
    {"DesiredOutcome", "measure", KIND(MEASURE), false},
    {"Feeling", "segments", KIND(SEGMENT), false},
    {"Customer", "segment", KIND(SEGMENT), false},
    {"Experience", "segment", KIND(SEGMENT), false},
    {"Commitment", "promised_by", KIND(PERSON), false},
    {"Commitment", "promised_to", KIND(PERSON), false},
    {"Commitment", "concerns", KIND(KIND_UNSPECIFIED), false},
    {"Decision", "affects", KIND(PERSON), false},
    {"Decision", "honours", KIND(COMMITMENT), false},
    {"Decision", "breaks", KIND(COMMITMENT), false},
    {"Decision", "superseded_by", KIND(DECISION), false},
    {"Decision", "made_in", KIND(REVIEW), false},
    {"Review", "attendees", KIND(PERSON), false},
    {"Review", "about", KIND(KIND_UNSPECIFIED), false},
    {"Seat", "person", KIND(PERSON), false},
    {"Seat", "speaks_for", KIND(INITIATIVE), false},
    {"Request", "from", KIND(PERSON), false},
    {"Request", "to", KIND(PERSON), false},
    {"Request", "work", KIND(INITIATIVE), false},
    {"Request", "answered_by", KIND(PERSON), false},
    {"Round", "people", KIND(PERSON), false},
    {"Round", "objectives", KIND(OBJECTIVE), false},
    {"Round", "period", KIND(PERIOD), false},
    {"Round", "repeats", KIND(ROUND), false},
    {"Acceptance", "cleared_by", KIND(PERSON), false},
    {"Meeting", "attendees", KIND(PERSON), false},
    {"Meeting", "decisions", KIND(DECISION), false},
    {"Assessment", "influencer", KIND(INFLUENCER), false},
    {"Assessment", "affects", KIND(KIND_UNSPECIFIED), false},
    {"CompetitorMove", "competitor", KIND(INFLUENCER), false},
    {"CompetitorMove", "affects", KIND(KIND_UNSPECIFIED), false},
    {"CompetitorMove", "answered_by", KIND(INITIATIVE), false},
    {"Risk", "threatens", KIND(KIND_UNSPECIFIED), false},
    {"Risk", "mitigated_by", KIND(INITIATIVE), false},
    {"Scenario", "outside", KIND(KIND_UNSPECIFIED), false},
    {"Record", "about", KIND(KIND_UNSPECIFIED), true},
    {"Record", "by", KIND(PERSON), false},
};

const struct planfile_kind *
planfile_kinds(size_t *count)
{
	*count = sizeof kinds / sizeof kinds[0];
	return kinds;
}

const struct planfile_kind *
planfile_kind(Plumb__V1__Kind kind)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (kinds[i].kind == kind)
			return &kinds[i];
	}
	return NULL;
}

const struct planfile_kind *
planfile_section(const char *name)
{
	if (strcmp(name, "rules") == 0)
		name = "rule_settings";
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(kinds[i].section, name) == 0 || strcmp(kinds[i].body, name) == 0)
			return &kinds[i];
	}
	return NULL;
}

const ProtobufCMessageDescriptor *
planfile_kind_type(const struct planfile_kind *kind)
{
	return kind->record ? &plumb__v1__record__descriptor : &plumb__v1__item__descriptor;
}

const ProtobufCFieldDescriptor *
planfile_kind_body(const struct planfile_kind *kind)
{
	return protobuf_c_message_descriptor_get_field_by_name(
	    planfile_kind_type(kind), kind->body);
}

/* ---- references ----------------------------------------------------------------------------------------- */

static const struct ref_row *
find_ref(const ProtobufCMessageDescriptor *type, const char *field)
{
	for (size_t i = 0; i < sizeof refs / sizeof refs[0]; i++) {
		if (strcmp(refs[i].type, type->short_name) == 0 &&
		    strcmp(refs[i].field, field) == 0)
			return &refs[i];
	}
	return NULL;
}

static Plumb__V1__Kind
bare_kind(const struct planfile_kind *body, const struct ref_row *row)
{
	if (row->bare == KIND(KIND_UNSPECIFIED) && strcmp(row->type, "Record") == 0 &&
	    body != NULL && body->kind == KIND(MEASUREMENT))
		return KIND(MEASURE);
	return row->bare;
}

bool
planfile_is_belongs(const ProtobufCMessageDescriptor *type, const char *field)
{
	const struct ref_row *row = find_ref(type, field);

	return row != NULL && row->belongs;
}

/* The kind whose name stands before the slash; NULL if it is none. */
static const struct planfile_kind *
kind_before_slash(const char *text, const char *slash)
{
	char name[32];
	size_t len = (size_t)(slash - text);

	if (len >= sizeof name)
		return NULL;
	for (size_t i = 0; i <= len; i++)
		name[i] = text[i] == '-' ? '_' : text[i];
	name[len] = '\0';
	return planfile_section(name);
}

const char *
planfile_ref_normal(const struct planfile_kind *body, const ProtobufCMessageDescriptor *type,
    const char *field, const char *text, struct arena *arena)
{
	const struct ref_row *row = find_ref(type, field);
	const char *slash = strchr(text, '/');
	const struct planfile_kind *kind;

	if (row == NULL || slash == NULL)
		return text;
	kind = kind_before_slash(text, slash);
	if (kind == NULL)
		return text;
	if (kind->kind == bare_kind(body, row))
		return slash + 1;
	if (strlen(kind->name) == (size_t)(slash - text) &&
	    strncmp(kind->name, text, strlen(kind->name)) == 0)
		return text;
	return arena_printf(arena, "%s/%s", kind->name, slash + 1);
}

const char *
planfile_ref_full(const struct planfile_kind *body, const ProtobufCMessageDescriptor *type,
    const char *field, const char *text, struct arena *arena)
{
	const struct ref_row *row = find_ref(type, field);
	const struct planfile_kind *kind;

	if (row == NULL || strchr(text, '/') != NULL)
		return text;
	kind = planfile_kind(bare_kind(body, row));
	return kind == NULL ? text : arena_printf(arena, "%s/%s", kind->name, text);
}

/* ---- did you mean --------------------------------------------------------------------------------------- */

/* Edits from a to b: insert, delete, replace. Names longer than the row are never near. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[48], len = strlen(b), above, corner;

	if (len >= 48 || strlen(a) >= 48)
		return 48;
	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		corner = row[0];
		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			above = row[j];
			row[j] = corner + (a[i - 1] != b[j - 1]);
			if (above + 1 < row[j])
				row[j] = above + 1;
			if (row[j - 1] + 1 < row[j])
				row[j] = row[j - 1] + 1;
			corner = above;
		}
	}
	return row[len];
}

const char *
planfile_suggest(const char *text, const char *const *names, size_t count)
{
	size_t len = strlen(text), best = len <= 3 ? 2 : len <= 6 ? 3 : 4, d;
	const char *found = NULL;

	for (size_t i = 0; i < count; i++) {
		d = distance(text, names[i]);
		if (d < best) {
			best = d;
			found = names[i];
		}
	}
	return found;
}

/* ---- values ---------------------------------------------------------------------------------------------- */

void
planfile_effort_text(int64_t effort, struct str *out)
{
	uint64_t amount = effort < 0 ? -(uint64_t)effort : (uint64_t)effort;

	str_addf(out, "%s%" PRIu64, effort < 0 ? "-" : "", amount / 100);
	if (amount % 10 != 0)
		str_addf(out, ".%02" PRIu64, amount % 100);
	else if (amount % 100 != 0)
		str_addf(out, ".%" PRIu64, amount % 100 / 10);
	str_add_char(out, 'd');
}

bool
planfile_is_map_entry(const ProtobufCFieldDescriptor *field)
{
	const ProtobufCMessageDescriptor *type = field->descriptor;
	size_t len;

	if (field->label != PROTOBUF_C_LABEL_REPEATED || field->type != PROTOBUF_C_TYPE_MESSAGE)
		return false;
	len = strlen(type->short_name);
	return len > 5 && strcmp(type->short_name + len - 5, "Entry") == 0 && type->n_fields == 2 &&
	       strcmp(type->fields[0].name, "key") == 0 &&
	       strcmp(type->fields[1].name, "value") == 0;
}

/* ---- messages ------------------------------------------------------------------------------------------- */

ProtobufCMessage *
planfile_clone(const ProtobufCMessage *message, struct arena *arena)
{
	size_t len;
	uint8_t *bytes = pb_encode(message, arena, &len);
	struct err err;

	if (bytes == NULL)
		return NULL;
	return pb_decode(message->descriptor, bytes, len, false, arena, &err);
}

ProtobufCMessage *
planfile_body(const struct planfile_kind *kind, const ProtobufCMessage *entry)
{
	const ProtobufCFieldDescriptor *field = planfile_kind_body(kind);

	if (!pb_is_set(entry, field))
		return NULL;
	return *(ProtobufCMessage **)pb_field_at(entry, field);
}

static int
compare_map_entries(const void *left, const void *right)
{
	const ProtobufCMessage *a = *(ProtobufCMessage *const *)left,
			       *b = *(ProtobufCMessage *const *)right;
	const ProtobufCFieldDescriptor *key = &a->descriptor->fields[0];

	return strcmp(*(char **)pb_field_at(a, key), *(char **)pb_field_at(b, key));
}

static bool normal_message(
    const struct planfile_kind *kind, ProtobufCMessage *message, struct arena *arena);

static bool
normal_field(const struct planfile_kind *kind, ProtobufCMessage *message,
    const ProtobufCFieldDescriptor *field, struct arena *arena)
{
	size_t count = pb_count(message, field);
	char **text;

	if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE)
		return true;
	for (size_t i = 0; i < count; i++) {
		text = field->label == PROTOBUF_C_LABEL_REPEATED
			   ? *(char ***)pb_field_at(message, field) + i
			   : (char **)pb_field_at(message, field);
		if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
			if (!normal_message(kind, *(ProtobufCMessage **)(void *)text, arena))
				return false;
			continue;
		}
		*text = pb_str(
		    planfile_ref_normal(kind, message->descriptor, field->name, *text, arena));
		if (*text == NULL)
			return false;
	}
	if (planfile_is_map_entry(field) && count > 1)
		qsort(*(void **)pb_field_at(message, field), count, sizeof(void *),
		    compare_map_entries);
	return true;
}

static bool
normal_message(const struct planfile_kind *kind, ProtobufCMessage *message, struct arena *arena)
{
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		if (!normal_field(kind, message, &message->descriptor->fields[i], arena))
			return false;
	}
	return true;
}

bool
planfile_normal(const struct planfile_kind *kind, ProtobufCMessage *entry, struct arena *arena)
{
	return normal_message(kind, entry, arena);
}

/* ---- text ------------------------------------------------------------------------------------------------ */

static void message_text(const ProtobufCMessage *message, struct str *out);

static void
value_text(const struct pb_value *value, struct str *out)
{
	if (value->field->type == PROTOBUF_C_TYPE_MESSAGE)
		message_text(pb_message(value), out);
	else if (value->field->type == PROTOBUF_C_TYPE_INT64)
		planfile_effort_text(*(const int64_t *)value->p, out);
	else
		pb_value_text(value, out);
}

static void
message_text(const ProtobufCMessage *message, struct str *out)
{
	const char *sep = "";

	str_add_char(out, '{');
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		if (pb_count(message, &message->descriptor->fields[i]) == 0)
			continue;
		str_addf(out, "%s%s: ", sep, message->descriptor->fields[i].name);
		planfile_field_text(message, &message->descriptor->fields[i], out);
		sep = ", ";
	}
	str_add_char(out, '}');
}

void
planfile_field_text(
    const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, struct str *out)
{
	size_t count = message == NULL ? 0 : pb_count(message, field);
	struct pb_value value;

	if (count > 0 && field->label == PROTOBUF_C_LABEL_REPEATED)
		str_add_char(out, '[');
	for (size_t i = 0; i < count; i++) {
		value = pb_get(message, field, i);
		if (i > 0)
			str_add(out, ", ");
		value_text(&value, out);
	}
	if (count > 0 && field->label == PROTOBUF_C_LABEL_REPEATED)
		str_add_char(out, ']');
}
