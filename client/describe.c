#include "client/describe.h"

#include <inttypes.h>
#include <string.h>

#include "common/pb.h"
#include "common/str.h"
#include "common/utf8.h"

#define LABEL_WIDTH 22

static const char *
or_empty(const char *text)
{
	return text ? text : "";
}

/* The members share their place: which one is there must be asked first. */
const Plumb__V1__Item *
describe_item(const Plumb__V1__Envelope *entry)
{
	return entry->entry_case == PLUMB__V1__ENVELOPE__ENTRY_ITEM ? entry->item : NULL;
}

const Plumb__V1__Record *
describe_record(const Plumb__V1__Envelope *entry)
{
	return entry->entry_case == PLUMB__V1__ENVELOPE__ENTRY_RECORD ? entry->record : NULL;
}

static const Plumb__V1__RankingList *
ranking_of(const Plumb__V1__Envelope *entry)
{
	return entry->entry_case == PLUMB__V1__ENVELOPE__ENTRY_RANKING ? entry->ranking : NULL;
}

static const char *
enum_word(struct context *ctx, const ProtobufCEnumDescriptor *type, int value)
{
	char buf[48];

	pb_enum_name(type, value, buf, sizeof buf);
	for (char *p = buf; *p; p++) {
		if (*p == '_')
			*p = ' ';
	}
	return or_empty(arena_strdup(ctx->arena, buf));
}

static const char *
dated(struct context *ctx, const char *word, const char *date)
{
	return date[0] ? or_empty(arena_printf(ctx->arena, "%s %s", word, date)) : "open";
}

static const char *
work_status(struct context *ctx, int status)
{
	/* not stated is read as proposed */
	return enum_word(ctx, &plumb__v1__work_status__descriptor,
	    status ? status : PLUMB__V1__WORK_STATUS__PROPOSED);
}

static const char *
item_status(struct context *ctx, const Plumb__V1__Item *item)
{
	switch (item->body_case) {
	case PLUMB__V1__ITEM__BODY_OBJECTIVE:
		return enum_word(
		    ctx, &plumb__v1__objective__status__descriptor, item->objective->status);
	case PLUMB__V1__ITEM__BODY_INITIATIVE:
		return work_status(ctx, item->initiative->status);
	case PLUMB__V1__ITEM__BODY_WORKSTREAM:
		return work_status(ctx, item->workstream->status);
	case PLUMB__V1__ITEM__BODY_MILESTONE:
		return dated(ctx, "done", item->milestone->done);
	case PLUMB__V1__ITEM__BODY_TASK:
		return dated(ctx, "done", item->task->done);
	case PLUMB__V1__ITEM__BODY_ASK:
		return enum_word(ctx, &plumb__v1__ask__state__descriptor, item->ask->state);
	case PLUMB__V1__ITEM__BODY_RULE_SETTING:
		return item->rule_setting->off ? "off" : "";
	default:
		return "";
	}
}

const char *
describe_status(struct context *ctx, const Plumb__V1__Envelope *entry)
{
	const Plumb__V1__Item *item = describe_item(entry);
	const Plumb__V1__Record *record = describe_record(entry);

	if (entry->removed)
		return "removed";
	if (record && record->redacted)
		return "redacted";
	if (record && record->retracted)
		return "withdrawn";
	if (record && record->body_case == PLUMB__V1__RECORD__BODY_CHECK_IN)
		return enum_word(
		    ctx, &plumb__v1__check_in__status__descriptor, record->check_in->status);
	return item ? item_status(ctx, item) : "";
}

enum output_colour
describe_status_colour(const char *status)
{
	static const struct {
		const char *word;
		enum output_colour colour;
	} colours[] = {
	    {"on track", COLOUR_GREEN},
	    {"done", COLOUR_GREEN},
	    {"met", COLOUR_GREEN},
	    {"committed", COLOUR_GREEN},
	    {"at risk", COLOUR_YELLOW},
	    {"paused", COLOUR_YELLOW},
	    {"countered", COLOUR_YELLOW},
	    {"off track", COLOUR_RED},
	    {"declined", COLOUR_RED},
	    {"missed", COLOUR_RED},
	    {"stopped", COLOUR_DIM},
	    {"dropped", COLOUR_DIM},
	    {"withdrawn", COLOUR_DIM},
	    {"removed", COLOUR_DIM},
	};

	for (size_t i = 0; i < sizeof colours / sizeof colours[0]; i++) {
		if (strncmp(status, colours[i].word, strlen(colours[i].word)) == 0)
			return colours[i].colour;
	}
	return COLOUR_NONE;
}

static const char *
later(const char *a, const char *b)
{
	return strcmp(a, b) > 0 ? a : b;
}

/* The last day of the periods: what counts where no date is stated. */
static const char *
periods_end(struct context *ctx, char *const *periods, size_t count)
{
	const char *end = "";

	for (size_t i = 0; i < count; i++)
		end = later(end, context_period_end(ctx, periods[i]));
	return end;
}

static const char *
stated_or_periods(struct context *ctx, const char *stated, char *const *periods, size_t count)
{
	return stated[0] ? stated : periods_end(ctx, periods, count);
}

/* The latest due date of the targets: when the objective is to be met. */
static const char *
targets_due(struct context *ctx, const Plumb__V1__Objective *objective)
{
	const char *due = "";

	for (size_t i = 0; i < objective->n_targets; i++)
		due = later(due, stated_or_periods(ctx, objective->targets[i]->due,
				     objective->periods, objective->n_periods));
	return stated_or_periods(ctx, due, objective->periods, objective->n_periods);
}

const char *
describe_due(struct context *ctx, const Plumb__V1__Envelope *entry)
{
	const Plumb__V1__Item *item = describe_item(entry);

	if (describe_record(entry))
		return entry->record->at;
	if (!item)
		return "";
	switch (item->body_case) {
	case PLUMB__V1__ITEM__BODY_OBJECTIVE:
		return targets_due(ctx, item->objective);
	case PLUMB__V1__ITEM__BODY_INITIATIVE:
		return stated_or_periods(ctx, item->initiative->finish, item->initiative->periods,
		    item->initiative->n_periods);
	case PLUMB__V1__ITEM__BODY_WORKSTREAM:
		return stated_or_periods(ctx, item->workstream->finish, item->workstream->periods,
		    item->workstream->n_periods);
	case PLUMB__V1__ITEM__BODY_MILESTONE:
		return item->milestone->due;
	case PLUMB__V1__ITEM__BODY_TASK:
		return item->task->due;
	case PLUMB__V1__ITEM__BODY_ASK:
		return item->ask->needed_by;
	case PLUMB__V1__ITEM__BODY_STRATEGY:
		return item->strategy->last_day;
	case PLUMB__V1__ITEM__BODY_PERIOD:
		return item->period->last_day;
	case PLUMB__V1__ITEM__BODY_PERSON:
		return item->person->last_day;
	case PLUMB__V1__ITEM__BODY_WAIVER:
		return item->waiver->until;
	default:
		return "";
	}
}

const char *
describe_when(const char *time, char *buf)
{
	if (strlen(time) < 17 || time[10] != 'T')
		snprintf(buf, DESCRIBE_WHEN, "%.31s", time);
	else
		snprintf(buf, DESCRIBE_WHEN, "%.10s %.5s", time, time + 11);
	return buf;
}

/* "anna" names a person, "team/cs" is said as it is. */
static const char *
named(struct context *ctx, const char *who)
{
	const char *ref = strchr(who, '/') ? who : arena_printf(ctx->arena, "person/%s", who);

	return ref ? context_person(ctx, ref) : who;
}

static bool
should_have_owner(Plumb__V1__Kind kind)
{
	return (kind >= PLUMB__V1__KIND__GOAL && kind <= PLUMB__V1__KIND__OBJECTIVE) ||
	       kind == PLUMB__V1__KIND__INITIATIVE || kind == PLUMB__V1__KIND__WORKSTREAM;
}

const char *
describe_owner(struct context *ctx, const Plumb__V1__Envelope *entry)
{
	const Plumb__V1__Item *item = describe_item(entry);

	if (describe_record(entry))
		return entry->record->by[0] ? named(ctx, entry->record->by) : "";
	if (!item)
		return "";
	if (item->body_case == PLUMB__V1__ITEM__BODY_TEAM && item->n_owners == 0)
		return item->team->lead[0] ? named(ctx, item->team->lead) : "";
	if (item->body_case == PLUMB__V1__ITEM__BODY_WAIVER)
		return item->waiver->who[0] ? named(ctx, item->waiver->who) : "";
	if (item->n_owners > 1)
		return or_empty(arena_printf(ctx->arena, "%zu owners", item->n_owners));
	if (item->n_owners == 1)
		return named(ctx, item->owners[0]);
	return should_have_owner(entry->kind) ? "nobody" : "";
}

const char *
describe_about(const Plumb__V1__Envelope *entry)
{
	return describe_record(entry) ? entry->record->about : "";
}

static const char *
ranking_title(struct context *ctx, const Plumb__V1__RankingList *ranking)
{
	return or_empty(arena_printf(ctx->arena, "%zu in the order of %s", ranking->n_items,
	    ranking->team[0] ? ranking->team : "the workspace"));
}

const char *
describe_title(struct context *ctx, const Plumb__V1__Envelope *entry)
{
	const Plumb__V1__Record *record = describe_record(entry);
	const Plumb__V1__Item *item = describe_item(entry);

	if (ranking_of(entry))
		return ranking_title(ctx, entry->ranking);
	if (item && !item->title[0] && item->body_case == PLUMB__V1__ITEM__BODY_WAIVER)
		return item->waiver->reason;
	if (item)
		return item->title;
	if (!record)
		return "";
	if (record->body_case == PLUMB__V1__RECORD__BODY_MEASUREMENT)
		return or_empty(arena_printf(ctx->arena, "%.15g%s%s", record->measurement->value,
		    record->note[0] ? "  " : "", record->note));
	return record->note;
}

const char *
describe_days(int64_t hundredths, char buf[40])
{
	snprintf(buf, 40, "%.12g %s", (double)hundredths / 100, hundredths == 100 ? "day" : "days");
	return buf;
}

/* Effort in hundredths of a person-day as "2.5 days". */
static const char *
describe_effort(struct context *ctx, int64_t hundredths)
{
	char buf[40];

	return or_empty(arena_strdup(ctx->arena, describe_days(hundredths, buf)));
}

/* ---- all fields */

bool
describe_is_effort(const char *name)
{
	static const char *const names[] = {"effort", "optimistic", "likely", "pessimistic",
	    "capacity", "remaining", "capacity_per_week", "per_week"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static bool
is_share(const char *name)
{
	static const char *const names[] = {
	    "weight", "share", "effort_share", "progress", "confidence"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static bool
is_people(const char *name)
{
	static const char *const names[] = {"owners", "reviewer", "by", "lead", "members",
	    "manager", "dotted_managers", "answered_by"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static void
add_value(struct context *ctx, struct str *out, const struct pb_value *value)
{
	const char *name = value->field->name;
	size_t from = out->len;

	if (value->field->type == PROTOBUF_C_TYPE_INT64 && describe_is_effort(name)) {
		str_add(out, describe_effort(ctx, *(const int64_t *)value->p));
	} else if (value->field->type == PROTOBUF_C_TYPE_DOUBLE && is_share(name)) {
		str_addf(out, "%.6g %%", *(const double *)value->p * 100);
	} else if (value->field->type == PROTOBUF_C_TYPE_ENUM) {
		pb_value_text(value, out);
		for (char *p = out->data + from; *p; p++) {
			if (*p == '_')
				*p = ' ';
		}
	} else if (is_people(name) && value->field->type == PROTOBUF_C_TYPE_STRING) {
		const char *who = *(char *const *)value->p;
		const char *title = named(ctx, who);

		if (strcmp(title, who) == 0 || strncmp(title, "person/", 7) == 0)
			str_add(out, who);
		else
			str_addf(out, "%s (%s)", title, who);
	} else {
		pb_value_text(value, out);
	}
}

/* "effort_share" as "effort share ". */
static void
add_words(struct str *out, const char *before, const char *name)
{
	str_add(out, before);
	for (; *name; name++)
		str_add_char(out, *name == '_' ? ' ' : *name);
	str_add_char(out, ' ');
}

/* A small message on one line: "measure activation, target 40, due 2026-06-30". */
static void
add_inline(struct context *ctx, struct str *out, const ProtobufCMessage *message)
{
	/* all numbers of a target are in its measure's unit */
	const char *unit = message->descriptor == &plumb__v1__target__descriptor
			       ? describe_unit(ctx, ((const Plumb__V1__Target *)message)->measure)
			       : "";
	bool first = true;

	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		size_t count = pb_count(message, field);

		for (size_t j = 0; j < count; j++) {
			struct pb_value value = pb_get(message, field, j);

			if (j == 0)
				add_words(out, first ? "" : ", ", field->name);
			else
				str_add(out, ", ");
			if (field->type == PROTOBUF_C_TYPE_MESSAGE)
				add_inline(ctx, out, pb_message(&value));
			else
				add_value(ctx, out, &value);
			if (field->type == PROTOBUF_C_TYPE_DOUBLE && unit[0])
				str_addf(out, " %s", unit);
			first = false;
		}
	}
}

static void
add_label(char label[LABEL_WIDTH + 8], const char *name)
{
	size_t n = 0;

	memcpy(label, "  ", 2);
	n = 2;
	for (; *name && n < LABEL_WIDTH - 1; name++)
		label[n++] = *name == '_' ? ' ' : *name;
	while (n < LABEL_WIDTH)
		label[n++] = ' ';
	label[n] = '\0';
}

void
describe_line(struct context *ctx, const char *name, const char *text)
{
	char label[LABEL_WIDTH + 8];

	add_label(label, name);
	output_wrap(&ctx->out, label, text ? text : "");
}

static void
field_lines(
    struct context *ctx, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	size_t count = pb_count(message, field);
	struct str text;

	str_init(&text, 4u << 20);
	for (size_t i = 0; i < count; i++) {
		struct pb_value value = pb_get(message, field, i);

		if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
			add_inline(ctx, &text, pb_message(&value));
			describe_line(ctx, i ? "" : field->name, text.data);
			str_reset(&text);
		} else {
			if (i > 0)
				str_add(&text, ", ");
			add_value(ctx, &text, &value);
		}
	}
	if (count > 0 && field->type != PROTOBUF_C_TYPE_MESSAGE)
		describe_line(ctx, field->name, text.data);
	str_fini(&text);
}

/* Fields of an item or record, then those of its body; id and title are the heading already. */
static void
message_lines(struct context *ctx, const ProtobufCMessage *message)
{
	const ProtobufCMessage *body = NULL;

	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];

		if (strcmp(field->name, "id") == 0 || strcmp(field->name, "title") == 0 ||
		    pb_count(message, field) == 0)
			continue;
		if (field->type == PROTOBUF_C_TYPE_MESSAGE &&
		    (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)) {
			struct pb_value value = pb_get(message, field, 0);

			body = pb_message(&value);
		} else {
			field_lines(ctx, message, field);
		}
	}
	for (unsigned i = 0; body && i < body->descriptor->n_fields; i++)
		field_lines(ctx, body, &body->descriptor->fields[i]);
}

static void
ranking_lines(struct context *ctx, const Plumb__V1__RankingList *ranking)
{
	for (size_t i = 0; i < ranking->n_items; i++)
		output_printf(&ctx->out, "  %5" PRIu32 "  %s\n", ranking->items[i]->rank,
		    ranking->items[i]->ref);
}

static void
envelope_lines(struct context *ctx, const Plumb__V1__Envelope *entry)
{
	char text[400], when[DESCRIBE_WHEN];

	if (entry->rank)
		describe_line(ctx, "rank", arena_printf(ctx->arena, "%" PRIu32, entry->rank));
	snprintf(text, sizeof text, "%s UTC, by %.150s", describe_when(entry->created, when),
	    entry->created_by[0] ? entry->created_by : "someone");
	if (entry->created[0])
		describe_line(ctx, "created", text);
	snprintf(text, sizeof text, "%s UTC, by %.150s, in revision %" PRIu64,
	    describe_when(entry->updated, when),
	    entry->updated_by[0] ? entry->updated_by : "someone", entry->revision);
	if (entry->updated[0])
		describe_line(ctx, "last changed", text);
	if (entry->source[0])
		describe_line(ctx, "kept in", entry->source);
}

void
describe_entry(struct context *ctx, const Plumb__V1__Envelope *entry)
{
	const Plumb__V1__Item *item = describe_item(entry);
	const char *title = item ? item->title : "";

	char lead[LABEL_WIDTH + 8];

	output_coloured(&ctx->out, COLOUR_BOLD, entry->ref);
	output_printf(&ctx->out, "%s\n", entry->removed ? "  (removed)" : "");
	add_label(lead, "title");
	if (title[0])
		output_wrap(&ctx->out, lead, title);
	if (entry->renamed_to[0])
		describe_line(ctx, "renamed to", entry->renamed_to);
	if (item && item->body_case == PLUMB__V1__ITEM__BODY_OBJECTIVE) {
		title = describe_aim(ctx, item->objective);
		if (title[0])
			describe_line(ctx, "aim", title);
	}
	if (item)
		message_lines(ctx, &item->base);
	else if (describe_record(entry))
		message_lines(ctx, &entry->record->base);
	else if (ranking_of(entry))
		ranking_lines(ctx, entry->ranking);
	envelope_lines(ctx, entry);
}
