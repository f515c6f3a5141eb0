/*
 * Three-way merge of two edits of one message, field by field, by descriptor.
 *
 * A field is: a scalar, a list as a whole, or a message inside, which is merged field by field itself. With
 * b(ase), o(urs) and t(heirs):  o = t: that;  b = o: theirs is kept;  b = t: ours is taken;  all three differ: a
 * conflict, theirs is kept, or ours taken by force.
 */
#ifndef COMMON_THREEWAY_H
#define COMMON_THREEWAY_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "common/err.h"

struct arena;

enum threeway_result {
	THREEWAY_TAKEN,    /* ours goes over theirs */
	THREEWAY_KEPT,     /* theirs, which only others changed */
	THREEWAY_CONFLICT, /* both changed it differently */
};

/* A field where ours and theirs differ. path is "objective.due", "initiative.scope.in". A message is NULL where it is unset. */
struct threeway_field {
	enum threeway_result result;
	const char *path;
	const ProtobufCFieldDescriptor *field;
	const ProtobufCMessage *base; /* the messages that hold the field */
	const ProtobufCMessage *ours;
	const ProtobufCMessage *theirs;
};
typedef void (*threeway_fn)(void *arg, const struct threeway_field *field);

/*
 * A new message in arena that shares what lies behind pointers with the three; base may be NULL (nothing was
 * stated before). NULL when out of memory. fn hears of every field where ours and theirs differ.
 */
ProtobufCMessage *threeway_merge(const ProtobufCMessage *base, const ProtobufCMessage *ours,
    const ProtobufCMessage *theirs, bool force, struct arena *arena, threeway_fn fn,
    void *arg) MUST_CHECK;

#endif
