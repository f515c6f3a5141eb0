/*
 * See json.h. Reading is jansson's, as far as a tree of values; what they mean is said by the
 * descriptors.
 */
#include "common/json.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "common/arena.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"

#define PATH_MAX_LEN 160

/* A key or element on the way from the outermost object. */
struct step {
	const struct step *up;
	const char *key; /* NULL: an element */
	size_t index;
};

struct reader {
	struct arena *arena;
	struct err *err;
};

static void
add_path(const struct step *step, struct str *out)
{
	if (step == NULL)
		return;
	add_path(step->up, out);
	if (step->key == NULL)
		str_addf(out, "[%zu]", step->index);
	else
		str_addf(out, "%s%.64s", out->len > 0 ? "." : "", step->key);
}

static bool
refuse(const struct reader *reader, const struct step *step, const char *what)
{
	struct str path;

	str_init(&path, PATH_MAX_LEN);
	add_path(step, &path);
	err_set(reader->err, ERR_INVALID, "%s%s%s", path.data, path.len > 0 ? ": " : "", what);
	str_fini(&path);
	return false;
}

static bool
refuse_full(const struct reader *reader)
{
	return err_set(reader->err, ERR_LIMIT, "the message takes more memory than it may have");
}

static void *
at_offset(ProtobufCMessage *message, unsigned offset)
{
	return (char *)message + offset;
}

/* A whole number from a JSON number or a string of digits, as proto3 JSON has it both ways. */
static bool
read_i64(const struct reader *reader, const struct step *step, const json_t *json, int64_t min,
    int64_t max, int64_t *out)
{
	double real = json_real_value(json);
	int64_t value = json_integer_value(json);

	if (json_is_string(json)) {
		if (!parse_i64(json_string_value(json), min, max, out))
			return refuse(reader, step, "not a whole number in its range");
		return true;
	}
	if (json_is_real(json)) {
		/* 2^53: beyond, a real no longer tells whole numbers apart. */
		if (real != floor(real) || fabs(real) > 9007199254740992.0)
			return refuse(reader, step, "not a whole number");
		value = (int64_t)real;
	} else if (!json_is_integer(json)) {
		return refuse(reader, step, "a whole number is wanted here");
	}
	if (value < min || value > max)
		return refuse(reader, step, "the number is out of range");
	*out = value;
	return true;
}

static bool
read_u64(const struct reader *reader, const struct step *step, const json_t *json, uint64_t *out)
{
	int64_t value;

	if (json_is_string(json)) {
		if (!parse_u64(json_string_value(json), 0, UINT64_MAX, out))
			return refuse(reader, step, "not a whole number in its range");
		return true;
	}
	if (!read_i64(reader, step, json, 0, INT64_MAX, &value))
		return false;
	*out = (uint64_t)value;
	return true;
}

static bool
read_double(const struct reader *reader, const struct step *step, const json_t *json, double *out)
{
	const char *text = json_string_value(json);

	if (json_is_number(json))
		*out = json_number_value(json);
	else if (text == NULL)
		return refuse(reader, step, "a number is wanted here");
	else if (strcmp(text, "NaN") == 0)
		*out = NAN;
	else if (strcmp(text, "Infinity") == 0)
		*out = INFINITY;
	else if (strcmp(text, "-Infinity") == 0)
		*out = -INFINITY;
	else if (!parse_double(text, out))
		return refuse(reader, step, "not a number");
	return true;
}

static bool
read_float(const struct reader *reader, const struct step *step, const json_t *json, float *out)
{
	double value;

	if (!read_double(reader, step, json, &value))
		return false;
	if (isfinite(value) && fabs(value) > (double)__FLT_MAX__)
		return refuse(reader, step, "the number is out of range");
	*out = (float)value;
	return true;
}

static bool
read_bool(const struct reader *reader, const struct step *step, const json_t *json,
    protobuf_c_boolean *out)
{
	if (!json_is_boolean(json))
		return refuse(reader, step, "true or false is wanted here");
	*out = json_is_true(json);
	return true;
}

static bool
refuse_enum(
    const struct reader *reader, const struct step *step, const ProtobufCEnumDescriptor *type)
{
	struct str what;
	char name[80];

	str_init(&what, 160);
	str_add(&what, "not one of its values");
	for (unsigned i = 0; i < type->n_values; i++)
		str_addf(&what, "%s%s", i == 0 ? ": " : ", ",
		    pb_enum_name(type, type->values[i].value, name, sizeof name));
	refuse(reader, step, what.data);
	str_fini(&what);
	return false;
}

static bool
read_enum(const struct reader *reader, const struct step *step, const json_t *json,
    const ProtobufCEnumDescriptor *type, int *out)
{
	int64_t number;

	if (json_is_string(json)) {
		if (!pb_enum_parse(type, json_string_value(json), out))
			return refuse_enum(reader, step, type);
		return true;
	}
	if (!json_is_number(json))
		return refuse(reader, step, "a name is wanted here");
	if (!read_i64(reader, step, json, INT32_MIN, INT32_MAX, &number))
		return false;
	if (protobuf_c_enum_descriptor_get_value(type, (int)number) == NULL)
		return refuse_enum(reader, step, type);
	*out = (int)number;
	return true;
}

static bool
read_string(const struct reader *reader, const struct step *step, const json_t *json, char **out)
{
	if (!json_is_string(json))
		return refuse(reader, step, "text is wanted here; put it in quotes");
	/* jansson has refused invalid UTF-8 and \u0000. */
	*out = arena_strndup(reader->arena, json_string_value(json), json_string_length(json));
	return *out != NULL || refuse_full(reader);
}

/* base64url is accepted too. */
static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

static bool
read_bytes(const struct reader *reader, const struct step *step, const json_t *json,
    ProtobufCBinaryData *out)
{
	const char *text = json_string_value(json);
	size_t len = json_string_length(json);
	uint32_t group = 0;
	int bits = 0;

	if (text == NULL)
		return refuse(reader, step, "base64 text is wanted here");
	while (len > 0 && json_string_length(json) - len < 2 && text[len - 1] == '=')
		len--;
	if (len % 4 == 1)
		return refuse(reader, step, "not base64");
	out->len = 0;
	out->data = arena_alloc(reader->arena, len / 4 * 3 + 3);
	if (out->data == NULL)
		return refuse_full(reader);
	for (size_t i = 0; i < len; i++) {
		int value = base64_value(text[i]);

		if (value < 0)
			return refuse(reader, step, "not base64");
		group = group << 6 | (uint32_t)value;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out->data[out->len++] = (uint8_t)(group >> bits);
		}
	}
	return true;
}

static ProtobufCMessage *read_message(const struct reader *reader, const struct step *step,
    const ProtobufCMessageDescriptor *type, const json_t *json);

/* Writes the value where to points, whose type is the field's. */
static bool
read_value(const struct reader *reader, const struct step *step,
    const ProtobufCFieldDescriptor *field, const json_t *json, void *to)
{
	int64_t number;
	uint64_t size;

	switch (field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		if (!read_i64(reader, step, json, INT32_MIN, INT32_MAX, &number))
			return false;
		*(int32_t *)to = (int32_t)number;
		return true;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		if (!read_i64(reader, step, json, 0, UINT32_MAX, &number))
			return false;
		*(uint32_t *)to = (uint32_t)number;
		return true;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		if (!read_i64(reader, step, json, INT64_MIN, INT64_MAX, &number))
			return false;
		*(int64_t *)to = number;
		return true;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		if (!read_u64(reader, step, json, &size))
			return false;
		*(uint64_t *)to = size;
		return true;
	case PROTOBUF_C_TYPE_FLOAT:
		return read_float(reader, step, json, to);
	case PROTOBUF_C_TYPE_DOUBLE:
		return read_double(reader, step, json, to);
	case PROTOBUF_C_TYPE_BOOL:
		return read_bool(reader, step, json, to);
	case PROTOBUF_C_TYPE_ENUM:
		return read_enum(reader, step, json, field->descriptor, to);
	case PROTOBUF_C_TYPE_STRING:
		return read_string(reader, step, json, to);
	case PROTOBUF_C_TYPE_BYTES:
		return read_bytes(reader, step, json, to);
	case PROTOBUF_C_TYPE_MESSAGE:
		*(ProtobufCMessage **)to = read_message(reader, step, field->descriptor, json);
		return *(ProtobufCMessage **)to != NULL;
	}
	return refuse(reader, step, "cannot be read from JSON");
}

/* Room for count elements of a repeated field; NULL when the arena is full. */
static char *
make_array(const struct reader *reader, const ProtobufCFieldDescriptor *field,
    ProtobufCMessage *message, size_t count)
{
	char *array = arena_array(reader->arena, count, pb_size(field));

	if (array == NULL) {
		refuse_full(reader);
		return NULL;
	}
	*(size_t *)at_offset(message, field->quantifier_offset) = count;
	*(char **)at_offset(message, field->offset) = array;
	return array;
}

static bool
read_array(const struct reader *reader, const struct step *step,
    const ProtobufCFieldDescriptor *field, const json_t *json, ProtobufCMessage *message)
{
	size_t count = json_array_size(json);
	char *array;

	if (!json_is_array(json))
		return refuse(reader, step, "a list is wanted here; put it in [ ]");
	array = make_array(reader, field, message, count);
	if (array == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct step element = {.up = step, .index = i};

		if (!read_value(reader, &element, field, json_array_get(json, i),
			array + i * pb_size(field)))
			return false;
	}
	return true;
}

static bool
read_pair(const struct reader *reader, const struct step *step,
    const ProtobufCMessageDescriptor *type, const char *key, const json_t *json,
    ProtobufCMessage **out)
{
	ProtobufCMessage *pair = arena_alloc(reader->arena, type->sizeof_message);
	char *name = arena_strdup(reader->arena, key);

	if (pair == NULL || name == NULL)
		return refuse_full(reader);
	protobuf_c_message_init(type, pair);
	*(char **)at_offset(pair, type->fields[0].offset) = name;
	*out = pair;
	return read_value(
	    reader, step, &type->fields[1], json, at_offset(pair, type->fields[1].offset));
}

static bool
read_map(const struct reader *reader, const struct step *step,
    const ProtobufCFieldDescriptor *field, json_t *json, ProtobufCMessage *message)
{
	const char *key;
	json_t *value;
	char *array;
	size_t i = 0;

	if (!json_is_object(json))
		return refuse(reader, step, "names and values are wanted here; put them in { }");
	array = make_array(reader, field, message, json_object_size(json));
	if (array == NULL)
		return false;
	json_object_foreach(json, key, value)
	{
		struct step member = {.up = step, .key = key};

		if (!read_pair(reader, &member, field->descriptor, key, value,
			(ProtobufCMessage **)(void *)array + i++))
			return false;
	}
	return true;
}

/* Is key the field's name, or that name in lowerCamelCase? */
static bool
is_key_of(const ProtobufCFieldDescriptor *field, const char *key)
{
	const char *name = field->name;

	if (strcmp(name, key) == 0)
		return true;
	for (; *name != '\0' && *key != '\0'; name++, key++) {
		char want = *name;

		if (want == '_') {
			want = *++name;
			if (want >= 'a' && want <= 'z')
				want = (char)(want - 'a' + 'A');
		}
		if (want != *key)
			return false;
	}
	return *key == '\0' && *name == '\0';
}

static const ProtobufCFieldDescriptor *
find_field(const ProtobufCMessageDescriptor *type, const char *key)
{
	for (unsigned i = 0; i < type->n_fields; i++)
		if (is_key_of(&type->fields[i], key))
			return &type->fields[i];
	return NULL;
}

static bool
read_member(const struct reader *reader, const struct step *step,
    const ProtobufCFieldDescriptor *field, json_t *json, ProtobufCMessage *message)
{
	uint32_t *selected = at_offset(message, field->quantifier_offset);
	bool one_of = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;

	if (json_is_null(json))
		return true; /* not stated */
	if (pb_map_entry(field) != NULL)
		return read_map(reader, step, field, json, message);
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return read_array(reader, step, field, json, message);
	if (one_of && *selected != 0)
		return refuse(
		    reader, step, "stands beside another member, of which there may be one only");
	if (one_of)
		*selected = field->id;
	return read_value(reader, step, field, json, at_offset(message, field->offset));
}

/* A field by both of its names. jansson has refused the same key twice. */
static bool
is_doubled(json_t *json, const ProtobufCFieldDescriptor *field, const char *key)
{
	return strcmp(field->name, key) != 0 && json_object_get(json, field->name) != NULL;
}

static bool
read_members(
    const struct reader *reader, const struct step *step, json_t *json, ProtobufCMessage *message)
{
	const char *key;
	json_t *value;

	json_object_foreach(json, key, value)
	{
		struct step member = {.up = step, .key = key};
		const ProtobufCFieldDescriptor *field = find_field(message->descriptor, key);

		if (field == NULL)
			return refuse(reader, &member, "no such field");
		if (is_doubled(json, field, key))
			return refuse(reader, &member, "stated twice, under both of its names");
		if (!read_member(reader, &member, field, value, message))
			return false;
	}
	return true;
}

static ProtobufCMessage *
read_message(const struct reader *reader, const struct step *step,
    const ProtobufCMessageDescriptor *type, const json_t *json)
{
	ProtobufCMessage *message;
	/* Walking an object wants it writable, though nothing writes. */
	union {
		const json_t *in;
		json_t *out;
	} cast = {.in = json};

	if (!json_is_object(json)) {
		refuse(reader, step, "an object is wanted here; put it in { }");
		return NULL;
	}
	message = arena_alloc(reader->arena, type->sizeof_message);
	if (message == NULL) {
		refuse_full(reader);
		return NULL;
	}
	protobuf_c_message_init(type, message);
	return read_members(reader, step, cast.out, message) ? message : NULL;
}

size_t
json_count(const char *text, size_t len)
{
	bool quoted = false;
	size_t count = 1;

	for (size_t i = 0; i < len; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted)
			count += text[i] == ',' || text[i] == '{' || text[i] == '[';
	}
	return count;
}

ProtobufCMessage *
json_parse(const ProtobufCMessageDescriptor *type, const char *text, size_t len,
    struct arena *arena, struct err *err)
{
	struct reader reader = {.arena = arena, .err = err};
	ProtobufCMessage *message;
	json_error_t error;
	json_t *json;

	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (json == NULL) {
		err_set(err, ERR_INVALID, "line %d, column %d: %s", error.line, error.column,
		    error.text);
		return NULL;
	}
	message = read_message(&reader, NULL, type, json);
	json_decref(json);
	return message;
}
