/*
 * protobuf-c, made safe and pleasant: decode into an arena, check every string, walk by descriptor.
 *
 * Sees the protobuf-c library's header only, never a generated one.
 */
#ifndef COMMON_PB_H
#define COMMON_PB_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"

struct str;

/*
 * Decodes bytes into arena. ERR_INVALID if malformed, a string is not UTF-8 or holds a NUL, or
 * (strict) there is an unknown field or an enum value that the descriptor does not name; the
 * message names the field path. ERR_LIMIT when the arena is full.
 */
ProtobufCMessage *pb_decode(const ProtobufCMessageDescriptor *type, const uint8_t *p, size_t len,
    bool strict, struct arena *arena, struct err *err) MUST_CHECK;

/* Encodes into arena; *len gets the length. NULL when the arena is full. */
uint8_t *pb_encode(const ProtobufCMessage *message, struct arena *arena, size_t *len) MUST_CHECK;

/* Casts const away for protobuf-c's char * fields, which it never writes through. */
char *pb_str(const char *s);

/* A field's text for people: numbers shortest, enums by their lower-case name, bools true/false. */
struct pb_value {
	const ProtobufCFieldDescriptor *field;
	const void *p; /* the value itself (not the repeated array) */
};
void pb_value_text(const struct pb_value *value, struct str *out);
/* Is the singular field set? (proto3: not the zero value; oneof: selected; message: not NULL) */
bool pb_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
/* Elements of the field: 0 or 1 for a singular one. */
size_t pb_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
/* Element i < pb_count(). */
struct pb_value pb_get(
    const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t i);
/* The message behind a value of type MESSAGE. */
const ProtobufCMessage *pb_message(const struct pb_value *value);
/*
 * protobuf-c shows map<string, x> as a repeated message with the members key (fields[0]) and value
 * (fields[1]): that message's type; NULL if the field is no map.
 */
const ProtobufCMessageDescriptor *pb_map_entry(const ProtobufCFieldDescriptor *field);
/* Bytes that one element of the field takes in memory, in the array of a repeated one too. */
size_t pb_size(const ProtobufCFieldDescriptor *field);
/* Enum value by name, case-insensitive, "-" and "_" alike; false if there is none. */
bool pb_enum_parse(const ProtobufCEnumDescriptor *type, const char *name, int *out) MUST_CHECK;
/* Lower-case name of an enum value into buf ("on_track"); the number if it has none. */
char *pb_enum_name(const ProtobufCEnumDescriptor *type, int value, char *buf, size_t len);

/*
 * Walks the scalar leaves that differ between two messages of one type (either may be NULL =
 * empty). Path is "targets[0].due"; old or new is NULL where absent. Repeated elements are matched
 * by place. A message without any field set that came or went counts as a leaf (its text is "{}").
 * Stops when fn returns false and returns false too.
 */
typedef bool (*pb_diff_fn)(
    void *arg, const char *path, const struct pb_value *old, const struct pb_value *new);
bool pb_diff(const ProtobufCMessageDescriptor *type, const ProtobufCMessage *old,
    const ProtobufCMessage *new, pb_diff_fn fn, void *arg);

/* Are they equal field by field? Either may be NULL (an empty message). */
bool pb_equal(
    const ProtobufCMessageDescriptor *type, const ProtobufCMessage *a, const ProtobufCMessage *b);

/* ---- writing the wire by hand, for replies that copy stored bytes ---------------------------- */

struct pb_out {
	uint8_t *p; /* grows in the arena or on the heap; see the init */
	size_t len;
	size_t cap;
	size_t max;
	struct arena *arena; /* NULL: heap, freed by pb_out_fini */
	bool failed;
};
void pb_out_init(struct pb_out *out, struct arena *arena, size_t max);
void pb_out_fini(struct pb_out *out);
void pb_out_varint(struct pb_out *out, uint32_t field, uint64_t value);           /* skips 0 */
void pb_out_double(struct pb_out *out, uint32_t field, double value);             /* skips 0 */
void pb_out_fixed64(struct pb_out *out, uint32_t field, uint64_t value);          /* skips 0 */
void pb_out_bytes(struct pb_out *out, uint32_t field, const void *p, size_t len); /* skips empty */
void pb_out_string(struct pb_out *out, uint32_t field, const char *s); /* skips NULL and "" */
/* Never skips. */
void pb_out_message(struct pb_out *out, uint32_t field, const void *p, size_t len);
/* A sub-message of unknown length: begin, write its fields, end. Nests. */
size_t pb_out_begin(struct pb_out *out, uint32_t field);
void pb_out_end(struct pb_out *out, size_t mark);
void pb_out_raw(struct pb_out *out, const void *p, size_t len);

/* ---- reading the wire by hand ---------------------------------------------------------------- */

struct pb_in {
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
};
struct pb_field {
	uint32_t number;
	uint8_t wire_type; /* 0 varint, 1 fixed64, 2 length, 5 fixed32 */
	uint64_t value;    /* of the scalar types */
	const uint8_t *bytes;
	size_t len; /* of wire type 2 */
};
void pb_in_init(struct pb_in *in, const uint8_t *p, size_t len);
/* False at the end, or when the bytes are malformed (then in->bad). */
bool pb_in_next(struct pb_in *in, struct pb_field *field);

#endif
