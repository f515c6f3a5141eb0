/*
 * protobuf messages as JSON by descriptor (proto3 JSON rules): both names accepted in, proto field
 * names out, int64 as strings, enums by name, bytes in base64. The only user of jansson.
 */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "common/err.h"

struct str;
struct arena;

/*
 * Appends the message; unset fields are left out. indent 0: one line. Enums in lower case where
 * lower is set.
 */
void json_print(const ProtobufCMessage *message, int indent, bool lower, struct str *out);

/* Appends text in quotes. */
void json_print_string(const char *text, struct str *out);

/* How many objects, lists, members and elements text has at most, before it is parsed: what memory that takes. */
size_t json_count(const char *text, size_t len);
/*
 * Parses text into a message allocated in arena. ERR_INVALID names line and column, or the path of
 * the offending key: unknown or doubled keys, wrong types, numbers out of range.
 */
ProtobufCMessage *json_parse(const ProtobufCMessageDescriptor *type, const char *text, size_t len,
    struct arena *arena, struct err *err) MUST_CHECK;

#endif
