/* What cannot be stored, said with its place and how to mend it. */
#include "server/plan/codec_internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/calendar.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"
#include "server/limits.h"

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

static void fault(struct check *check, const struct path *path, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

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
check_ref(
    struct check *check, const struct field_rule *rule, const struct path *path, const char *text)
{
	if (ref_text_ok(text, rule->bare))
		return;
	if (rule->bare == KIND_NONE)
		fault(check, path,
		    "'%.*s' is no reference: write kind/id, for example initiative/new-portal",
		    SHOWN(text));
	else
		fault(check, path,
		    "'%.*s' is no reference: write the id of a %s (lower-case letters, digits, "
		    "'-', '.', "
		    "'_'), or kind/id",
		    SHOWN(text), kind_name(rule->bare));
}

static void
check_string(
    struct check *check, const struct field_rule *rule, const struct path *path, const char *text)
{
	size_t len = strlen(text);
	int32_t date;
	int64_t time;

	switch (rule->what) {
	case WHAT_ID:
	case WHAT_SLUG:
		if (!parse_is_id(text, len))
			fault(check, path,
			    "'%.*s' is no id: use 1 to %d of a-z 0-9 . _ -, beginning and ending "
			    "with a "
			    "letter or digit",
			    SHOWN(text), ID_MAX_LEN);
		break;
	case WHAT_TITLE:
		if (len > LIMIT_TITLE)
			fault(check, path,
			    "has %zu bytes: a title takes at most %u; put the rest into "
			    "description",
			    len, LIMIT_TITLE);
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
			fault(check, path,
			    "'%.*s' is no date: write year-month-day, for example 2026-03-31",
			    SHOWN(text));
		break;
	case WHAT_TIME:
		if (!time_or_date_parse(text, &time))
			fault(check, path,
			    "'%.*s' is no date or time: write 2026-03-31 or 2026-03-31T17:05:00Z",
			    SHOWN(text));
		break;
	case WHAT_PLAIN:
	case WHAT_RANGE:
		if (len > LIMIT_TEXT)
			fault(
			    check, path, "has %zu bytes: a text takes at most %u", len, LIMIT_TEXT);
		break;
	}
}

static void
check_number(struct check *check, const struct field_rule *rule, const struct path *path,
    const struct pb_value *value)
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
		fault(check, path, "%.15g is out of range: %.15g to %.15g", number, rule->min,
		    rule->max);
}

static void check_message(struct check *check, const struct type_rules *rules,
    const ProtobufCMessage *message, const struct path *above);

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

static void
check_round(struct check *check, const Plumb__V1__Round *round)
{
	const struct path closes = {&(struct path){NULL, "round", -1}, "closes", -1};
	int32_t first, last;

	if (date_parse(round->opens, &first) && date_parse(round->closes, &last) && last < first)
		fault(check, &closes, "%s is before opens %s: exchange them", round->closes,
		    round->opens);
}

static void
check_ratings(struct check *check, const Plumb__V1__Customer *customer)
{
	const struct path body = {NULL, "customer", -1};

	for (size_t i = 0; i < customer->n_ratings; i++) {
		const Plumb__V1__Customer__RatingsEntry *rating = customer->ratings[i];
		const struct path path = {&body, "ratings", (long)i};

		if (!parse_is_id(rating->key, strlen(rating->key)))
			fault(check, &path,
			    "'%.*s' is no name of a question: use 1 to 64 of a-z, 0-9, '.', '_' "
			    "and '-', "
			    "beginning and ending with a letter or digit",
			    SHOWN(rating->key));
		else if (!(rating->value >= 0 && rating->value <= LIMIT_RATING))
			fault(check, &path, "%.15g of '%s' is not between 0 and %d", rating->value,
			    rating->key, LIMIT_RATING);
	}
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
			const struct path targets = {
			    &(struct path){NULL, "objective", -1}, "targets", (long)i};

			if (t->measure[0] == '\0' && t->text[0] == '\0')
				fault(check, &targets,
				    "names no measure: set measure, or text where it has no "
				    "number");
		}
	}
	if (item->body_case == PLUMB__V1__ITEM__BODY_MEASURE) {
		const Plumb__V1__Measure *m = item->measure;
		const struct path low = {&(struct path){NULL, "measure", -1}, "low", -1};

		if (m->low__case != PLUMB__V1__MEASURE__LOW___NOT_SET &&
		    m->high__case != PLUMB__V1__MEASURE__HIGH___NOT_SET && m->low > m->high)
			fault(check, &low, "%.15g is above high %.15g: exchange them", m->low,
			    m->high);
	}
	if (item->body_case == PLUMB__V1__ITEM__BODY_ROUND)
		check_round(check, item->round);
	if (item->body_case == PLUMB__V1__ITEM__BODY_CUSTOMER)
		check_ratings(check, item->customer);
}

enum kind
codec_about_bare(enum kind record)
{
	if (record == KIND_MEASUREMENT)
		return KIND_MEASURE;
	if (record == KIND_ACKNOWLEDGEMENT)
		return KIND_CHECK_IN;
	if (record == KIND_ACCEPTANCE)
		return KIND_BASELINE;
	if (record == KIND_VOTE)
		return KIND_DECISION;
	if (record == KIND_MEETING)
		return KIND_REVIEW;
	if (record == KIND_EXPERIENCE)
		return KIND_STEP;
	return KIND_NONE;
}

/* What some kinds of record can only be about. */
static void
check_about(struct check *check, const Plumb__V1__Record *record)
{
	static const struct {
		enum kind record;
		enum kind about;
		enum kind or_about;
	} rows[] = {
	    {KIND_ACCEPTANCE, KIND_BASELINE, KIND_NONE},
	    {KIND_VOTE, KIND_DECISION, KIND_NONE},
	    {KIND_MEETING, KIND_REVIEW, KIND_NONE},
	    {KIND_EXPERIENCE, KIND_STEP, KIND_EXPECTATION},
	};
	const struct path path = {NULL, "about", -1};
	enum kind kind, of = codec_item_kind(&record->base);
	const char *id;
	size_t len;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].record != of ||
		    !ref_parse(record->about, codec_about_bare(of), &kind, &id, &len) ||
		    kind == rows[i].about || kind == rows[i].or_about)
			continue;
		fault(check, &path, "'%.*s' is no %s%s%s: a %s is about one", SHOWN(record->about),
		    kind_name(rows[i].about), rows[i].or_about != KIND_NONE ? " or " : "",
		    rows[i].or_about != KIND_NONE ? kind_name(rows[i].or_about) : "",
		    kind_name(of));
	}
}

static void
check_record_whole(struct check *check, const Plumb__V1__Record *record)
{
	const struct path body = {NULL, "body", -1}, about = {NULL, "about", -1};
	const struct path in_the_way = {&(struct path){NULL, "acceptance", -1}, "in_the_way", -1};
	struct field_rule rule = {.bare = codec_about_bare(codec_item_kind(&record->base))};

	if (record->body_case == PLUMB__V1__RECORD__BODY__NOT_SET)
		fault(check, &body, "is missing: say what kind of record it is");
	if (record->about[0] != '\0')
		check_ref(check, &rule, &about, record->about);
	check_about(check, record);
	if (record->body_case == PLUMB__V1__RECORD__BODY_ACCEPTANCE &&
	    record->acceptance->answer == PLUMB__V1__ACCEPTANCE__ANSWER__BLOCKED &&
	    record->acceptance->in_the_way[0] == '\0' && !record->redacted)
		fault(check, &in_the_way, "is required: say what stands in the way");
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
