/* Walking messages by descriptor, of pb.h: what is set, as text, what differs. */
#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/pb.h"
#include "common/str.h"

#define PATH_CAP 512 /* our messages nest at most 8 deep; longer paths are cut */

/* ---- access ---------------------------------------------------------------------------------- */

static const void *
at_offset(const ProtobufCMessage *message, unsigned offset)
{
	return (const char *)message + offset;
}

/* Size of one element in memory, by type. */
static const size_t sizes[] = {
    [PROTOBUF_C_TYPE_INT32] = sizeof(int32_t),
    [PROTOBUF_C_TYPE_SINT32] = sizeof(int32_t),
    [PROTOBUF_C_TYPE_SFIXED32] = sizeof(int32_t),
    [PROTOBUF_C_TYPE_INT64] = sizeof(int64_t),
    [PROTOBUF_C_TYPE_SINT64] = sizeof(int64_t),
    [PROTOBUF_C_TYPE_SFIXED64] = sizeof(int64_t),
    [PROTOBUF_C_TYPE_UINT32] = sizeof(uint32_t),
    [PROTOBUF_C_TYPE_FIXED32] = sizeof(uint32_t),
    [PROTOBUF_C_TYPE_UINT64] = sizeof(uint64_t),
    [PROTOBUF_C_TYPE_FIXED64] = sizeof(uint64_t),
    [PROTOBUF_C_TYPE_FLOAT] = sizeof(float),
    [PROTOBUF_C_TYPE_DOUBLE] = sizeof(double),
    [PROTOBUF_C_TYPE_BOOL] = sizeof(protobuf_c_boolean),
    [PROTOBUF_C_TYPE_ENUM] = sizeof(int),
    [PROTOBUF_C_TYPE_STRING] = sizeof(char *),
    [PROTOBUF_C_TYPE_BYTES] = sizeof(ProtobufCBinaryData),
    [PROTOBUF_C_TYPE_MESSAGE] = sizeof(ProtobufCMessage *),
};

size_t
pb_size(const ProtobufCFieldDescriptor *field)
{
	return sizes[field->type];
}

const ProtobufCMessage *
pb_message(const struct pb_value *value)
{
	assert(value->field->type == PROTOBUF_C_TYPE_MESSAGE);
	return *(const ProtobufCMessage *const *)value->p;
}

static const char *
text_of(const struct pb_value *value)
{
	const char *text = *(const char *const *)value->p;

	return text != NULL ? text : "";
}

/* Not the value that a proto3 field without presence has when it is left out? */
static bool
is_nonzero(const struct pb_value *value)
{
	static const uint64_t zero;
	const ProtobufCBinaryData *bytes = value->p;

	switch (value->field->type) {
	case PROTOBUF_C_TYPE_STRING:
		return text_of(value)[0] != '\0';
	case PROTOBUF_C_TYPE_BYTES:
		return bytes->len > 0;
	case PROTOBUF_C_TYPE_MESSAGE:
		return pb_message(value) != NULL;
	case PROTOBUF_C_TYPE_FLOAT:
		return *(const float *)value->p != 0;
	case PROTOBUF_C_TYPE_DOUBLE:
		return *(const double *)value->p != 0; /* -0 is not sent by protobuf-c either */
	default:
		return memcmp(value->p, &zero, sizes[value->field->type]) != 0;
	}
}

bool
pb_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	struct pb_value value = {field, at_offset(message, field->offset)};
	const void *quantifier = at_offset(message, field->quantifier_offset);

	assert(field->label != PROTOBUF_C_LABEL_REPEATED);
	if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
		if (*(const uint32_t *)quantifier != field->id)
			return false;
		return field->type != PROTOBUF_C_TYPE_MESSAGE || pb_message(&value) != NULL;
	}
	return is_nonzero(&value);
}

size_t
pb_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *)at_offset(message, field->quantifier_offset);
	return pb_is_set(message, field);
}

struct pb_value
pb_get(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t i)
{
	const void *p = at_offset(message, field->offset);

	assert(i < pb_count(message, field));
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		p = *(const char *const *)p + i * sizes[field->type];
	return (struct pb_value){field, p};
}

const ProtobufCMessageDescriptor *
pb_map_entry(const ProtobufCFieldDescriptor *field)
{
	static const char suffix[] = "Entry";
	const ProtobufCMessageDescriptor *type = field->descriptor;
	size_t len;

	if (field->label != PROTOBUF_C_LABEL_REPEATED || field->type != PROTOBUF_C_TYPE_MESSAGE)
		return NULL;
	len = strlen(type->short_name);
	if (type->n_fields != 2 || strcmp(type->fields[0].name, "key") != 0 ||
	    strcmp(type->fields[1].name, "value") != 0 || len < sizeof suffix ||
	    strcmp(type->short_name + len - (sizeof suffix - 1), suffix) != 0)
		return NULL;
	return type->fields[0].type == PROTOBUF_C_TYPE_STRING ? type : NULL;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* digits: the fewest that may do, and the most that always do. */
static void
add_shortest(double value, int digits, int most, bool single, struct str *out)
{
	char text[40];
	char *comma;

	for (; digits <= most; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, value);
		if (single ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value)
			break;
	}
	/* printf follows the locale, which our text must not. */
	comma = strchr(text, ',');
	if (comma != NULL)
		*comma = '.';
	str_add(out, text);
}

static void
add_hex(const ProtobufCBinaryData *bytes, struct str *out)
{
	for (size_t i = 0; i < bytes->len; i++)
		str_addf(out, "%02x", bytes->data[i]);
}

void
pb_value_text(const struct pb_value *value, struct str *out)
{
	char name[80];

	switch (value->field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		str_addf(out, "%" PRId32, *(const int32_t *)value->p);
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		str_addf(out, "%" PRId64, *(const int64_t *)value->p);
		break;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		str_addf(out, "%" PRIu32, *(const uint32_t *)value->p);
		break;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		str_addf(out, "%" PRIu64, *(const uint64_t *)value->p);
		break;
	case PROTOBUF_C_TYPE_FLOAT:
		add_shortest((double)*(const float *)value->p, 6, 9, true, out);
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		add_shortest(*(const double *)value->p, 15, 17, false, out);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		str_add(out, *(const protobuf_c_boolean *)value->p ? "true" : "false");
		break;
	case PROTOBUF_C_TYPE_ENUM:
		str_add(out, pb_enum_name(value->field->descriptor, *(const int *)value->p, name,
				 sizeof name));
		break;
	case PROTOBUF_C_TYPE_STRING:
		str_add(out, text_of(value));
		break;
	case PROTOBUF_C_TYPE_BYTES:
		add_hex(value->p, out);
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		str_add(out, "{}");
		break;
	}
}

static char
folded(char c)
{
	return c == '-' ? '_' : (char)tolower((unsigned char)c);
}

static bool
same_name(const char *a, const char *b)
{
	for (; *a != '\0' && folded(*a) == folded(*b); a++, b++)
		;
	return *a == '\0' && *b == '\0';
}

bool
pb_enum_parse(const ProtobufCEnumDescriptor *type, const char *name, int *out)
{
	for (unsigned i = 0; i < type->n_value_names; i++) {
		if (same_name(type->values_by_name[i].name, name)) {
			*out = type->values[type->values_by_name[i].index].value;
			return true;
		}
	}
	return false;
}

char *
pb_enum_name(const ProtobufCEnumDescriptor *type, int value, char *buf, size_t len)
{
	const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);

	if (found == NULL) {
		snprintf(buf, len, "%d", value);
		return buf;
	}
	snprintf(buf, len, "%s", found->name);
	for (char *c = buf; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return buf;
}

/* ---- differences ----------------------------------------------------------------------------- */

struct diff {
	pb_diff_fn fn;
	void *arg;
	char path[PATH_CAP];
};

static bool
is_empty(const ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;

	for (unsigned i = 0; i < type->n_fields; i++)
		if (pb_count(message, &type->fields[i]) > 0)
			return false;
	return true;
}

static bool
same_scalar(const struct pb_value *a, const struct pb_value *b)
{
	const ProtobufCBinaryData *x = a->p;
	const ProtobufCBinaryData *y = b->p;

	switch (a->field->type) {
	case PROTOBUF_C_TYPE_STRING:
		return strcmp(text_of(a), text_of(b)) == 0;
	case PROTOBUF_C_TYPE_BYTES:
		return x->len == y->len && (x->len == 0 || memcmp(x->data, y->data, x->len) == 0);
	default:
		return memcmp(a->p, b->p, sizes[a->field->type]) == 0;
	}
}

static bool diff_message(struct diff *diff, size_t path_len, const ProtobufCMessageDescriptor *type,
    const ProtobufCMessage *old, const ProtobufCMessage *new);

/* One element; old or new may be NULL, not both. */
static bool
diff_value(
    struct diff *diff, size_t path_len, const struct pb_value *old, const struct pb_value *new)
{
	const ProtobufCFieldDescriptor *field = old != NULL ? old->field : new->field;
	const ProtobufCMessage *was, *is;

	if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
		if (old != NULL && new != NULL && same_scalar(old, new))
			return true;
		return diff->fn(diff->arg, diff->path, old, new);
	}
	was = old != NULL ? pb_message(old) : NULL;
	is = new != NULL ? pb_message(new) : NULL;
	/* An empty message has no leaves to show that it came or went: it is one itself. */
	if ((was == NULL && is != NULL && is_empty(is)) ||
	    (is == NULL && was != NULL && is_empty(was)))
		return diff->fn(diff->arg, diff->path, old, new);
	return diff_message(diff, path_len, field->descriptor, was, is);
}

static size_t
add_step(struct diff *diff, size_t path_len, const ProtobufCFieldDescriptor *field, size_t i)
{
	size_t left = sizeof diff->path - path_len;
	const char *dot = path_len > 0 ? "." : "";
	int len;

	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		len = snprintf(diff->path + path_len, left, "%s%s[%zu]", dot, field->name, i);
	else
		len = snprintf(diff->path + path_len, left, "%s%s", dot, field->name);
	return (size_t)len < left ? path_len + (size_t)len : sizeof diff->path - 1;
}

static bool
diff_field(struct diff *diff, size_t path_len, const ProtobufCFieldDescriptor *field,
    const ProtobufCMessage *old, const ProtobufCMessage *new)
{
	size_t old_count = old != NULL ? pb_count(old, field) : 0;
	size_t new_count = new != NULL ? pb_count(new, field) : 0;
	size_t count = old_count > new_count ? old_count : new_count;

	for (size_t i = 0; i < count; i++) {
		struct pb_value was = {0};
		struct pb_value is = {0};
		size_t len = add_step(diff, path_len, field, i);

		if (i < old_count)
			was = pb_get(old, field, i);
		if (i < new_count)
			is = pb_get(new, field, i);
		if (!diff_value(diff, len, i < old_count ? &was : NULL, i < new_count ? &is : NULL))
			return false;
	}
	return true;
}

static bool
diff_message(struct diff *diff, size_t path_len, const ProtobufCMessageDescriptor *type,
    const ProtobufCMessage *old, const ProtobufCMessage *new)
{
	if (old == new)
		return true;
	for (unsigned i = 0; i < type->n_fields; i++)
		if (!diff_field(diff, path_len, &type->fields[i], old, new))
			return false;
	return true;
}

bool
pb_diff(const ProtobufCMessageDescriptor *type, const ProtobufCMessage *old,
    const ProtobufCMessage *new, pb_diff_fn fn, void *arg)
{
	struct diff diff = {.fn = fn, .arg = arg};

	return diff_message(&diff, 0, type, old, new);
}

static bool
stop_at_difference(
    void *arg, const char *path, const struct pb_value *old, const struct pb_value *new)
{
	(void)arg;
	(void)path;
	(void)old;
	(void)new;
	return false;
}

bool
pb_equal(
    const ProtobufCMessageDescriptor *type, const ProtobufCMessage *a, const ProtobufCMessage *b)
{
	return pb_diff(type, a, b, stop_at_difference, NULL);
}
