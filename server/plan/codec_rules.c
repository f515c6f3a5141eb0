/*
 * What each field of item.proto means: a date, a share, a reference …
 *
 * One table, joined with the descriptors once, so that a new field needs a row
 * here only where it is more than plain text or a plain number.
 */
#include "server/plan/codec_internal.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "server/limits.h"

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
    {"Need.most_share", WHAT_RANGE, 0, 1, false},
    {"Need.least_share", WHAT_RANGE, 0, 1, false},
    {"After.work", WHAT_REF, 0, 0, true},
    {"After.lag_days", WHAT_RANGE, 0, LIMIT_LAG_DAYS, false},
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
    {"Task.duration_days", WHAT_RANGE, 0, LIMIT_LAG_DAYS, false},
    {"PersonCapacity.first_day", WHAT_DATE, 0, 0, true},
    {"PersonCapacity.last_day", WHAT_DATE, 0, 0, false},
    {"PersonCapacity.capacity", WHAT_RANGE, 0, 700, false},
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
    {"Segment.value", WHAT_RANGE, 0, 1e15, false},
    {"Segment.currency", WHAT_NAME, 0, 0, false},
    {"Segment.customers", WHAT_RANGE, 0, INT32_MAX, false},
    {"Segment.growth", WHAT_RANGE, -1, 10, false},
    {"Step.emotion", WHAT_RANGE, -2, 2, false},
    {"Expectation.importance", WHAT_RANGE, 0, 10, false},
    {"Expectation.met", WHAT_RANGE, 0, 10, false},
    {"DesiredOutcome.importance", WHAT_RANGE, 0, 10, false},
    {"Customer.value", WHAT_RANGE, 0, 1e15, false},
    {"Customer.growth", WHAT_RANGE, -1, 10, false},
    {"Customer.since", WHAT_DATE, 0, 0, false},
    {"Experience.emotion", WHAT_RANGE, -2, 2, false},
    {"Experience.importance", WHAT_RANGE, 0, 10, false},
    {"Experience.met", WHAT_RANGE, 0, 10, false},
    {"Experience.people", WHAT_RANGE, 1, INT32_MAX, false},
    {"Commitment.due", WHAT_DATE, 0, 0, false},
    {"Commitment.made", WHAT_DATE, 0, 0, false},
    {"Commitment.settled", WHAT_DATE, 0, 0, false},
    {"Decision.decided", WHAT_DATE, 0, 0, false},
    {"Decision.decide_by", WHAT_DATE, 0, 0, false},
    {"DecisionOption.title", WHAT_TITLE, 0, 0, true},
    {"Policy.since", WHAT_DATE, 0, 0, false},
    {"Seat.person", WHAT_REF, 0, 0, true},
    {"Review.every_days", WHAT_RANGE, 1, 3660, false},
    {"Review.first_day", WHAT_DATE, 0, 0, false},
    {"Review.minutes", WHAT_RANGE, 1, 1440, false},
    {"Request.asked", WHAT_DATE, 0, 0, false},
    {"Request.needed_by", WHAT_DATE, 0, 0, false},
    {"Request.answered", WHAT_DATE, 0, 0, false},
    {"Round.opens", WHAT_DATE, 0, 0, true},
    {"Round.closes", WHAT_DATE, 0, 0, true},
    {"Maturity.level", WHAT_RANGE, 0, 9, false},
    {"Maturity.wanted", WHAT_RANGE, 0, 9, false},
    {"Maturity.due", WHAT_DATE, 0, 0, false},
    {"Maturity.assessed", WHAT_DATE, 0, 0, false},
    {"Influencer.since", WHAT_DATE, 0, 0, false},
    {"Assessment.assessed", WHAT_DATE, 0, 0, false},
    {"CompetitorMove.on", WHAT_DATE, 0, 0, false},
    {"Risk.probability", WHAT_RANGE, 0, 1, false},
    {"Risk.impact", WHAT_RANGE, 1, 5, false},
    {"Risk.due", WHAT_DATE, 0, 0, false},
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

/* Room for the contract as it is and twice as much; static, since the first change must not fail for want of memory. */
#define TYPES_MAX  128
#define FIELDS_MAX 1024
static struct type_rules types[TYPES_MAX];
static size_t types_count;
static struct field_rule fields[FIELDS_MAX];
static size_t fields_count;
static const struct type_rules *item_rules;
static const struct type_rules *record_rules;
static pthread_once_t rules_once = PTHREAD_ONCE_INIT;

static bool
names_field(const char *row, const ProtobufCMessageDescriptor *type, const char *field)
{
	size_t len = strlen(type->short_name);

	return strncmp(row, type->short_name, len) == 0 && row[len] == '.' &&
	       strcmp(row + len + 1, field) == 0;
}

static const struct type_rules *join_type(const ProtobufCMessageDescriptor *type);

static void
join_field(struct field_rule *rule, const ProtobufCMessageDescriptor *type,
    const ProtobufCFieldDescriptor *field)
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
	assert(fields_count + type->n_fields <= FIELDS_MAX);
	rules->fields = &fields[fields_count];
	fields_count += type->n_fields;
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

const struct type_rules *
rules_of(const ProtobufCMessage *message)
{
	pthread_once(&rules_once, join_all);
	if (message->descriptor == &plumb__v1__item__descriptor)
		return item_rules;
	assert(message->descriptor == &plumb__v1__record__descriptor);
	return record_rules;
}
