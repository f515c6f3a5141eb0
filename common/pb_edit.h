/*
 * Messages by descriptor, where common/pb.h only reads: setting fields, and comparing one of them.
 */
#ifndef COMMON_PB_EDIT_H
#define COMMON_PB_EDIT_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "common/err.h"

struct arena;

/* Where the field's value (of a repeated one: its array) lies. */
void *pb_field_at(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
/* A zeroed message of the type, in arena. */
ProtobufCMessage *pb_new(const ProtobufCMessageDescriptor *type, struct arena *arena) MUST_CHECK;
/* Says that the field is set, where it stands in a oneof. */
void pb_mark_set(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
/* Makes the field unset, also where another member of its oneof was set. */
void pb_clear(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
/* Makes to's field what from's is, sharing what lies behind pointers. */
void pb_copy_field(
    ProtobufCMessage *to, const ProtobufCMessage *from, const ProtobufCFieldDescriptor *field);
bool pb_field_equal(
    const ProtobufCMessage *a, const ProtobufCMessage *b, const ProtobufCFieldDescriptor *field);

#endif
