#include "server/plan/control.h"

#include <math.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "plumb/v1/item.pb-c.h"
#include "server/plan/codec.h"

static const Plumb__V1__Item *
decode(const struct item *item, enum kind kind, struct arena *arena)
{
	if (!item_is_live(item) || item->kind != kind)
		return NULL;
	return (const Plumb__V1__Item *)codec_decode(item, arena);
}

bool
control_stated_setting(
    const ProtobufCMessage *message, struct arena *arena, struct control_rule_setting *out)
{
	const Plumb__V1__Item *item = (const Plumb__V1__Item *)message;
	const Plumb__V1__RuleSetting *setting;
	struct control_threshold *thresholds;

	if (item == NULL || item->body_case != PLUMB__V1__ITEM__BODY_RULE_SETTING)
		return false;
	setting = item->rule_setting;
	thresholds = arena_array(arena, setting->n_thresholds + 1, sizeof thresholds[0]);
	if (thresholds == NULL)
		return false;
	for (size_t i = 0; i < setting->n_thresholds; i++) {
		thresholds[i].name = setting->thresholds[i]->key;
		thresholds[i].value = setting->thresholds[i]->value;
	}
	out->rule = setting->rule;
	out->severity = (int)setting->severity;
	out->off = setting->off;
	out->refuse = setting->refuse;
	out->thresholds = thresholds;
	out->thresholds_count = setting->n_thresholds;
	return true;
}

bool
control_rule_setting(const struct item *item, struct arena *arena, struct control_rule_setting *out)
{
	const Plumb__V1__Item *message = decode(item, KIND_RULE_SETTING, arena);

	return message != NULL && control_stated_setting(&message->base, arena, out);
}

bool
control_waiver(const struct item *item, struct arena *arena, struct control_waiver *out)
{
	const Plumb__V1__Item *message = decode(item, KIND_WAIVER, arena);

	if (message == NULL || message->body_case != PLUMB__V1__ITEM__BODY_WAIVER)
		return false;
	out->finding = message->waiver->finding;
	out->reason = message->waiver->reason;
	out->who = message->waiver->who;
	out->until = item->finish;
	return true;
}

/* ---- capacity */

bool
control_absences(
    const struct item *person, struct arena *arena, const struct control_span **out, size_t *count)
{
	const Plumb__V1__Item *message = decode(person, KIND_PERSON, arena);
	struct control_span *spans;

	if (message == NULL || message->body_case != PLUMB__V1__ITEM__BODY_PERSON)
		return false;
	spans = arena_array(arena, message->person->n_absences + 1, sizeof spans[0]);
	if (spans == NULL)
		return false;
	*count = 0;
	for (size_t i = 0; i < message->person->n_absences; i++) {
		const Plumb__V1__Absence *a = message->person->absences[i];
		struct control_span *span = &spans[*count];

		if (date_parse(a->first_day, &span->first) && date_parse(a->last_day, &span->last))
			(*count)++;
	}
	*out = spans;
	return true;
}

bool
control_skills(
    const struct item *person, struct arena *arena, const char *const **out, size_t *count)
{
	const Plumb__V1__Item *message = decode(person, KIND_PERSON, arena);

	if (message == NULL || message->body_case != PLUMB__V1__ITEM__BODY_PERSON)
		return false;
	*out = (const char *const *)message->person->skills;
	*count = message->person->n_skills;
	return true;
}

bool
control_calendar(const struct item *item, struct arena *arena, struct control_calendar *out)
{
	const Plumb__V1__Item *message = decode(item, KIND_CALENDAR, arena);
	const Plumb__V1__Calendar *calendar;
	int32_t *holidays;

	if (message == NULL || message->body_case != PLUMB__V1__ITEM__BODY_CALENDAR)
		return false;
	calendar = message->calendar;
	holidays = arena_array(arena, calendar->n_holidays + 1, sizeof holidays[0]);
	if (holidays == NULL)
		return false;
	*out = (struct control_calendar){0, holidays, 0};
	for (size_t i = 0; i < calendar->n_working_days; i++) {
		if (calendar->working_days[i] >= 1 && calendar->working_days[i] <= 7)
			out->week |= (uint8_t)(1u << (calendar->working_days[i] - 1));
	}
	for (size_t i = 0; i < calendar->n_holidays; i++) {
		if (date_parse(calendar->holidays[i], &holidays[out->holidays_count]))
			out->holidays_count++;
	}
	return true;
}

bool
control_capacities(const struct item *person, struct arena *arena,
    const struct control_capacity **out, size_t *count)
{
	const Plumb__V1__Item *message = decode(person, KIND_PERSON, arena);
	struct control_capacity *list;

	if (message == NULL || message->body_case != PLUMB__V1__ITEM__BODY_PERSON)
		return false;
	list = arena_array(arena, message->person->n_capacities + 1, sizeof list[0]);
	if (list == NULL)
		return false;
	*count = 0;
	for (size_t i = 0; i < message->person->n_capacities; i++) {
		const Plumb__V1__PersonCapacity *c = message->person->capacities[i];
		struct control_capacity *one = &list[*count];

		*one = (struct control_capacity){0, INT32_MAX, c->capacity};
		if (date_parse(c->first_day, &one->first) &&
		    (c->last_day[0] == '\0' || date_parse(c->last_day, &one->last)))
			(*count)++;
	}
	*out = list;
	return true;
}

static int32_t
ten_thousandths(bool stated, double share)
{
	return stated ? (int32_t)lround(share * 10000) : -1;
}

static struct control_need
need_of(const Plumb__V1__Need *n)
{
	return (struct control_need){n->who,
	    n->effort__case == PLUMB__V1__NEED__EFFORT__EFFORT ? n->effort : -1, n->skill,
	    ten_thousandths(
		n->most_share__case == PLUMB__V1__NEED__MOST_SHARE__MOST_SHARE, n->most_share),
	    ten_thousandths(
		n->least_share__case == PLUMB__V1__NEED__LEAST_SHARE__LEAST_SHARE, n->least_share),
	    n->whole};
}

bool
control_needs(
    const struct item *work, struct arena *arena, const struct control_need **out, size_t *count)
{
	const Plumb__V1__Item *message;
	Plumb__V1__Need **needs = NULL;
	struct control_need *list;

	if (!item_is_live(work))
		return false;
	message = decode(work, (enum kind)work->kind, arena);
	if (message == NULL)
		return false;
	*count = 0;
	if (message->body_case == PLUMB__V1__ITEM__BODY_INITIATIVE) {
		needs = message->initiative->needs;
		*count = message->initiative->n_needs;
	} else if (message->body_case == PLUMB__V1__ITEM__BODY_WORKSTREAM) {
		needs = message->workstream->needs;
		*count = message->workstream->n_needs;
	} else if (message->body_case == PLUMB__V1__ITEM__BODY_TASK) {
		needs = message->task->needs;
		*count = message->task->n_needs;
	}
	list = arena_array(arena, *count + 1, sizeof list[0]);
	for (size_t i = 0; list != NULL && i < *count; i++)
		list[i] = need_of(needs[i]);
	*out = list;
	return list != NULL;
}

/* ---- roll-ups */

bool
control_roll_ups(
    const struct item *initiative, struct arena *arena, const uint8_t **out, size_t *count)
{
	const Plumb__V1__Item *message = decode(initiative, KIND_INITIATIVE, arena);
	uint8_t *list;

	if (message == NULL || message->body_case != PLUMB__V1__ITEM__BODY_INITIATIVE)
		return false;
	*count = message->initiative->n_contributions;
	list = arena_array(arena, *count + 1, sizeof list[0]);
	for (size_t i = 0; list != NULL && i < *count; i++)
		list[i] = (uint8_t)message->initiative->contributions[i]->roll_up;
	*out = list;
	return list != NULL;
}

/* ---- texts on the wire */

/* Numbers of item.proto; the messages themselves are too dear to decode for each item of a plan. */
enum wire {
	ITEM_LINKS = 7,
	LINK_NOTE = 3,
	ITEM_MEASURE = 25,
	ITEM_INITIATIVE = 27,
	ITEM_WORKSTREAM = 28,
	ITEM_TASK = 30,
	TASK_DURATION_DAYS = 12,
	RECORD_CHECK_IN = 21,
	CHECK_IN_REMAINING = 4,
	MEASURE_DIMENSION = 1,
	INITIATIVE_SCOPE = 5,
	WORKSTREAM_SCOPE = 3,
	SCOPE_IN = 1,
	SCOPE_SEGMENTS = 3,
	SCOPE_STAGES = 4,
	RECORD_EXPERIENCE = 25,
	EXPERIENCE_IMPORTANCE = 4,
	EXPERIENCE_MET = 5,
	EXPERIENCE_PEOPLE = 6,
};

/* The last field of that number, as protobuf wants it; false: there is none. */
static bool
find_field(const uint8_t *p, size_t len, uint32_t number, struct pb_field *out)
{
	struct pb_in in;
	struct pb_field field;
	bool found = false;

	pb_in_init(&in, p, len);
	while (pb_in_next(&in, &field)) {
		if (field.number != number || field.wire_type != 2)
			continue;
		*out = field;
		found = true;
	}
	return found;
}

const char *
control_dimension(const struct item *measure, size_t *len)
{
	struct pb_field field;

	*len = 0;
	if (!item_is_live(measure) || measure->kind != KIND_MEASURE ||
	    (measure->has & HAS_DIMENSION) == 0)
		return "";
	if (!find_field(item_bytes(measure), measure->bytes_len, ITEM_MEASURE, &field) ||
	    !find_field(field.bytes, field.len, MEASURE_DIMENSION, &field))
		return "";
	*len = field.len;
	return (const char *)field.bytes;
}

const char *
control_link_note(const struct item *item, uint32_t link, size_t *len)
{
	struct pb_field field;
	struct pb_in in;

	*len = 0;
	if (!item_is_live(item) || kind_is_record(item->kind) || item->kind == KIND_RANKING)
		return "";
	pb_in_init(&in, item_bytes(item), item->bytes_len);
	while (pb_in_next(&in, &field)) {
		if (field.number != ITEM_LINKS || link-- > 0)
			continue;
		if (!find_field(field.bytes, field.len, LINK_NOTE, &field))
			return "";
		*len = field.len;
		return (const char *)field.bytes;
	}
	return "";
}

/* The number in a message of the entry; otherwise where there is none. */
static int64_t
find_number(const struct item *item, uint32_t message, uint32_t number, int64_t otherwise)
{
	struct pb_field body, field;
	struct pb_in in;

	if (!item_is_live(item) || !find_field(item_bytes(item), item->bytes_len, message, &body))
		return otherwise;
	pb_in_init(&in, body.bytes, body.len);
	while (pb_in_next(&in, &field)) {
		if (field.number == number && field.wire_type == 0)
			otherwise = (int64_t)field.value;
	}
	return otherwise;
}

int32_t
control_duration(const struct item *task)
{
	if (task->kind != KIND_TASK || (task->has & HAS_DURATION) == 0)
		return 0;
	return (int32_t)find_number(task, ITEM_TASK, TASK_DURATION_DAYS, 0);
}

int64_t
control_remaining(const struct item *check_in)
{
	if (check_in->kind != KIND_CHECK_IN || (check_in->has & HAS_REMAINING) == 0)
		return -1;
	return find_number(check_in, RECORD_CHECK_IN, CHECK_IN_REMAINING, -1);
}

/* The scope of an initiative or workstream; false: it states none. */
static bool
find_scope(const struct item *work, struct pb_field *field)
{
	bool initiative = work->kind == KIND_INITIATIVE;

	return item_is_live(work) && (initiative || work->kind == KIND_WORKSTREAM) &&
	       find_field(item_bytes(work), work->bytes_len,
		   initiative ? ITEM_INITIATIVE : ITEM_WORKSTREAM, field) &&
	       find_field(field->bytes, field->len,
		   initiative ? INITIATIVE_SCOPE : WORKSTREAM_SCOPE, field);
}

uint32_t
control_scope_in(const struct item *work)
{
	uint32_t count = 0;
	struct pb_field field;
	struct pb_in in;

	if (!find_scope(work, &field))
		return 0;
	pb_in_init(&in, field.bytes, field.len);
	while (pb_in_next(&in, &field))
		count += field.number == SCOPE_IN;
	return count;
}

void
control_scope_names(const struct item *work,
    void (*each)(void *arg, bool stage, const char *text, size_t len), void *arg)
{
	struct pb_field field;
	struct pb_in in;

	if (!find_scope(work, &field))
		return;
	pb_in_init(&in, field.bytes, field.len);
	while (pb_in_next(&in, &field)) {
		if (field.wire_type == 2 &&
		    (field.number == SCOPE_SEGMENTS || field.number == SCOPE_STAGES))
			each(arg, field.number == SCOPE_STAGES, (const char *)field.bytes,
			    field.len);
	}
}

static double
double_of(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof value);
	return value;
}

void
control_experience(const struct item *record, struct control_experience *out)
{
	struct pb_field field;
	struct pb_in in;

	*out = (struct control_experience){NAN, NAN, 0};
	if (!item_is_live(record) || record->kind != KIND_EXPERIENCE ||
	    !find_field(item_bytes(record), record->bytes_len, RECORD_EXPERIENCE, &field))
		return;
	pb_in_init(&in, field.bytes, field.len);
	while (pb_in_next(&in, &field)) {
		if (field.number == EXPERIENCE_IMPORTANCE && field.wire_type == 1)
			out->importance = double_of(field.value);
		else if (field.number == EXPERIENCE_MET && field.wire_type == 1)
			out->met = double_of(field.value);
		else if (field.number == EXPERIENCE_PEOPLE && field.wire_type == 0)
			out->people = (int32_t)field.value;
	}
}
