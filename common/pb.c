/*
 * See pb.h. Decoding is two passes: ours over the wire bytes beside the descriptors, which sees
 * what protobuf-c hides (it takes any bytes for a string, cuts it at a NUL, and drops what it does
 * not know), and then protobuf-c's own. Both follow descriptors, none of which contains itself, so
 * the bytes cannot drive the recursion deeper.
 */
#include "common/pb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/str.h"
#include "common/utf8.h"

#define PATH_MAX_LEN 160 /* of a field path in an error; leaves room for the reason */

char *
pb_str(const char *s)
{
	union {
		const char *in;
		char *out;
	} cast = {.in = s};

	return cast.out;
}

/* ---- checking the wire bytes ----------------------------------------------------------------- */

/* One message of the way from the outermost to the one that is being checked. */
struct level {
	const struct level *up;                /* NULL: outermost */
	const ProtobufCFieldDescriptor *field; /* being looked at; NULL: none yet */
	const uint8_t *start;                  /* of the message */
	const uint8_t *end;
	const uint8_t *at; /* behind the field */
};

struct check {
	bool strict;
	const uint8_t *start; /* of the outermost message */
	size_t len;
	struct err *err;
};

/*
 * How many elements of the level's field came before this one; only found out when a fault has to
 * be named.
 */
static size_t
element_index(const struct level *level)
{
	struct pb_in in;
	struct pb_field field;
	size_t index = 0;

	pb_in_init(&in, level->start, (size_t)(level->end - level->start));
	while (pb_in_next(&in, &field) && in.p < level->at)
		index += field.number == level->field->id;
	return index;
}

static void
add_path(const struct level *level, struct str *out)
{
	if (level == NULL)
		return;
	add_path(level->up, out);
	if (level->field == NULL)
		return;
	if (out->len > 0)
		str_add_char(out, '.');
	str_add(out, level->field->name);
	if (level->field->label == PROTOBUF_C_LABEL_REPEATED)
		str_addf(out, "[%zu]", element_index(level));
}

static bool
refuse(const struct check *check, const struct level *level, const char *what)
{
	struct str path;

	str_init(&path, PATH_MAX_LEN);
	add_path(level, &path);
	if (path.len > 0)
		err_set(check->err, ERR_INVALID, "%s: %s", path.data, what);
	else
		err_set(check->err, ERR_INVALID, "%s", what);
	str_fini(&path);
	return false;
}

static const uint8_t wire_types[] = {
    [PROTOBUF_C_TYPE_INT32] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_SINT32] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_SFIXED32] = PROTOBUF_C_WIRE_TYPE_32BIT,
    [PROTOBUF_C_TYPE_INT64] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_SINT64] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_SFIXED64] = PROTOBUF_C_WIRE_TYPE_64BIT,
    [PROTOBUF_C_TYPE_UINT32] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_FIXED32] = PROTOBUF_C_WIRE_TYPE_32BIT,
    [PROTOBUF_C_TYPE_UINT64] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_FIXED64] = PROTOBUF_C_WIRE_TYPE_64BIT,
    [PROTOBUF_C_TYPE_FLOAT] = PROTOBUF_C_WIRE_TYPE_32BIT,
    [PROTOBUF_C_TYPE_DOUBLE] = PROTOBUF_C_WIRE_TYPE_64BIT,
    [PROTOBUF_C_TYPE_BOOL] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_ENUM] = PROTOBUF_C_WIRE_TYPE_VARINT,
    [PROTOBUF_C_TYPE_STRING] = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
    [PROTOBUF_C_TYPE_BYTES] = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
    [PROTOBUF_C_TYPE_MESSAGE] = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
};

static bool
check_enum(const struct check *check, const struct level *level, uint64_t value)
{
	/* protobuf-c keeps the low 32 bits, as proto3 wants. */
	int number = (int)(uint32_t)value;
	char what[80];

	if (!check->strict ||
	    protobuf_c_enum_descriptor_get_value(level->field->descriptor, number) != NULL)
		return true;
	snprintf(what, sizeof what, "%d is not one of its values", number);
	return refuse(check, level, what);
}

/*
 * Numbers of a repeated field in one run. Lengths that do not come out even are left to protobuf-c
 * to refuse.
 */
static bool
check_packed(const struct check *check, const struct level *level, const struct pb_field *field)
{
	uint64_t value = 0;
	unsigned shift = 0;

	if (level->field->type != PROTOBUF_C_TYPE_ENUM)
		return true;
	for (size_t i = 0; i < field->len; i++) {
		uint8_t byte = field->bytes[i];

		if (shift > 63)
			return refuse(check, level, "malformed number");
		value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
		if ((byte & 0x80) != 0)
			continue;
		if (!check_enum(check, level, value))
			return false;
		value = 0;
		shift = 0;
	}
	return true;
}

static bool
check_text(const struct check *check, const struct level *level, const struct pb_field *field)
{
	if (utf8_is_valid((const char *)field->bytes, field->len))
		return true;
	if (memchr(field->bytes, 0, field->len) != NULL)
		return refuse(check, level, "holds a NUL character; leave it out");
	return refuse(check, level, "is not valid UTF-8");
}

static bool check_message(const struct check *check, const struct level *up,
    const ProtobufCMessageDescriptor *type, const uint8_t *p, size_t len);

static bool
check_field(const struct check *check, const struct level *level, const struct pb_field *field)
{
	ProtobufCType type = level->field->type;
	bool length = field->wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;

	if (field->wire_type != wire_types[type]) {
		if (!length || level->field->label != PROTOBUF_C_LABEL_REPEATED)
			return refuse(check, level, "has another type on the wire");
		return check_packed(check, level, field);
	}
	switch (type) {
	case PROTOBUF_C_TYPE_STRING:
		return check_text(check, level, field);
	case PROTOBUF_C_TYPE_ENUM:
		return check_enum(check, level, field->value);
	case PROTOBUF_C_TYPE_MESSAGE:
		return check_message(
		    check, level, level->field->descriptor, field->bytes, field->len);
	default:
		return true;
	}
}

static bool
check_message(const struct check *check, const struct level *up,
    const ProtobufCMessageDescriptor *type, const uint8_t *p, size_t len)
{
	struct level level = {.up = up, .start = p, .end = p + len, .at = p};
	struct pb_in in;
	struct pb_field field;
	char what[96];

	pb_in_init(&in, p, len);
	while (pb_in_next(&in, &field)) {
		level.field = protobuf_c_message_descriptor_get_field(type, field.number);
		level.at = in.p;
		if (level.field != NULL) {
			if (!check_field(check, &level, &field))
				return false;
		} else if (check->strict) {
			snprintf(what, sizeof what,
			    "field %" PRIu32
			    " is not known here; leave it out, or ask a newer daemon",
			    field.number);
			return refuse(check, &level, what);
		}
	}
	level.field = NULL;
	if (!in.bad)
		return true;
	snprintf(what, sizeof what, "malformed message at byte %zu of %zu: cut off, or no protobuf",
	    (size_t)(level.at - check->start), check->len);
	return refuse(check, &level, what);
}

/* ---- decode and encode ----------------------------------------------------------------------- */

struct budget {
	struct arena *arena;
	bool full;
};

static void *
budget_alloc(void *data, size_t size)
{
	struct budget *budget = data;
	void *p = arena_alloc(budget->arena, size);

	budget->full |= p == NULL;
	return p;
}

static void
budget_free(void *data, void *p)
{
	(void)data;
	(void)p; /* goes with the arena */
}

ProtobufCMessage *
pb_decode(const ProtobufCMessageDescriptor *type, const uint8_t *p, size_t len, bool strict,
    struct arena *arena, struct err *err)
{
	static const uint8_t nothing[1];
	struct check check = {.strict = strict, .start = p, .len = len, .err = err};
	struct budget budget = {.arena = arena};
	ProtobufCAllocator allocator = {
	    .alloc = budget_alloc,
	    .free = budget_free,
	    .allocator_data = &budget,
	};
	ProtobufCMessage *message;

	/* An empty message may come without bytes at all. */
	if (p == NULL)
		check.start = p = nothing;
	if (!check_message(&check, NULL, type, p, len))
		return NULL;
	message = protobuf_c_message_unpack(type, &allocator, len, p);
	if (message == NULL && budget.full)
		err_set(err, ERR_LIMIT, "the message takes more memory than one call may have");
	else if (message == NULL)
		err_set(err, ERR_INVALID, "malformed message: not what its .proto describes");
	return message;
}

uint8_t *
pb_encode(const ProtobufCMessage *message, struct arena *arena, size_t *len)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *p = arena_alloc(arena, size);

	if (p == NULL)
		return NULL;
	*len = protobuf_c_message_pack(message, p);
	return p;
}
