#include "common/pb_edit.h"

#include <string.h>

#include "common/arena.h"
#include "common/pb.h"

static uint32_t *
oneof_case(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	return (uint32_t *)(void *)((char *)(uintptr_t)message + field->quantifier_offset);
}

static size_t *
repeated_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	return (size_t *)(void *)((char *)(uintptr_t)message + field->quantifier_offset);
}

void *
pb_field_at(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	return (char *)(uintptr_t)message + field->offset;
}

ProtobufCMessage *
pb_new(const ProtobufCMessageDescriptor *type, struct arena *arena)
{
	ProtobufCMessage *message = arena_alloc(arena, type->sizeof_message);

	if (message != NULL)
		type->message_init(message);
	return message;
}

void
pb_mark_set(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
		*oneof_case(message, field) = field->id;
}

static size_t
value_size(const ProtobufCFieldDescriptor *field)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 8;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	default:
		return 4;
	}
}

void
pb_clear(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	void *value = pb_field_at(message, field);

	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		*repeated_count(message, field) = 0;
		*(void **)value = NULL;
		return;
	}
	memset(value, 0, value_size(field));
	if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
		*oneof_case(message, field) = 0;
	else if (field->type == PROTOBUF_C_TYPE_STRING)
		*(const char **)value = protobuf_c_empty_string;
}

void
pb_copy_field(
    ProtobufCMessage *to, const ProtobufCMessage *from, const ProtobufCFieldDescriptor *field)
{
	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		*repeated_count(to, field) = *repeated_count(from, field);
		*(void **)pb_field_at(to, field) = *(void **)pb_field_at(from, field);
		return;
	}
	if (!pb_is_set(from, field)) {
		if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 ||
		    *oneof_case(to, field) == field->id)
			pb_clear(to, field);
		return;
	}
	memcpy(pb_field_at(to, field), pb_field_at(from, field), value_size(field));
	pb_mark_set(to, field);
}

static bool
value_equal(const struct pb_value *a, const struct pb_value *b)
{
	switch (a->field->type) {
	case PROTOBUF_C_TYPE_STRING:
		return strcmp(*(const char *const *)a->p, *(const char *const *)b->p) == 0;
	case PROTOBUF_C_TYPE_MESSAGE:
		return pb_equal(a->field->descriptor, pb_message(a), pb_message(b));
	case PROTOBUF_C_TYPE_DOUBLE:
		return *(const double *)a->p == *(const double *)b->p;
	case PROTOBUF_C_TYPE_BYTES: /* no item has any */
		return false;
	default:
		return memcmp(a->p, b->p, value_size(a->field)) == 0;
	}
}

bool
pb_field_equal(
    const ProtobufCMessage *a, const ProtobufCMessage *b, const ProtobufCFieldDescriptor *field)
{
	size_t count = pb_count(a, field);
	struct pb_value left, right;

	if (count != pb_count(b, field))
		return false;
	for (size_t i = 0; i < count; i++) {
		left = pb_get(a, field, i);
		right = pb_get(b, field, i);
		if (!value_equal(&left, &right))
			return false;
	}
	return true;
}
