#include "common/threeway.h"

#include <stdio.h>

#include "common/pb_edit.h"
#include "common/arena.h"
#include "common/pb.h"

#define PATH_MAX_LEN 256 /* our messages nest at most 4 deep here */

struct merge {
	bool force;
	struct arena *arena;
	threeway_fn fn;
	void *arg;
};

/* One place of three messages, any of which may be missing. */
struct sides {
	const ProtobufCMessage *base;
	const ProtobufCMessage *ours;
	const ProtobufCMessage *theirs;
};

static bool
equal(const ProtobufCMessage *a, const ProtobufCMessage *b, const ProtobufCFieldDescriptor *field)
{
	if (a == NULL || b == NULL)
		return (a == NULL || pb_count(a, field) == 0) &&
		       (b == NULL || pb_count(b, field) == 0);
	return pb_field_equal(a, b, field);
}

static const ProtobufCMessage *
inside(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	if (message == NULL || !pb_is_set(message, field))
		return NULL;
	return *(ProtobufCMessage *const *)pb_field_at(message, field);
}

static ProtobufCMessage *merge_message(const struct merge *m,
    const ProtobufCMessageDescriptor *type, const struct sides *sides, const char *path);

/* The value of one field into out. */
static bool
merge_value(const struct merge *m, const struct sides *s, const ProtobufCFieldDescriptor *field,
    const char *path, ProtobufCMessage *out)
{
	struct threeway_field told = {THREEWAY_TAKEN, path, field, s->base, s->ours, s->theirs};
	const ProtobufCMessage *from = s->ours;

	if (!equal(s->ours, s->theirs, field)) {
		if (equal(s->base, s->ours, field))
			told.result = THREEWAY_KEPT;
		else if (!equal(s->base, s->theirs, field))
			told.result = THREEWAY_CONFLICT;
		if (told.result == THREEWAY_KEPT || (told.result == THREEWAY_CONFLICT && !m->force))
			from = s->theirs;
		m->fn(m->arg, &told);
	}
	if (from != NULL)
		pb_copy_field(out, from, field);
	return true;
}

static bool
merge_inside(const struct merge *m, const struct sides *s, const ProtobufCFieldDescriptor *field,
    const char *path, ProtobufCMessage *out)
{
	struct sides in = {
	    inside(s->base, field), inside(s->ours, field), inside(s->theirs, field)};
	ProtobufCMessage *merged;

	if (in.ours == NULL && in.theirs == NULL)
		return true;
	merged = merge_message(m, field->descriptor, &in, path);
	if (merged == NULL)
		return false;
	/* A message that nothing is left in was taken out by the one or the other. */
	if ((in.ours == NULL || in.theirs == NULL) && pb_equal(field->descriptor, merged, NULL))
		return true;
	*(ProtobufCMessage **)pb_field_at(out, field) = merged;
	pb_mark_set(out, field);
	return true;
}

static ProtobufCMessage *
merge_message(const struct merge *m, const ProtobufCMessageDescriptor *type,
    const struct sides *sides, const char *path)
{
	ProtobufCMessage *out = pb_new(type, m->arena);
	const ProtobufCFieldDescriptor *field;
	char inner[PATH_MAX_LEN];
	bool good = out != NULL;

	for (unsigned i = 0; good && i < type->n_fields; i++) {
		field = &type->fields[i];
		snprintf(
		    inner, sizeof inner, "%s%s%s", path, path[0] != '\0' ? "." : "", field->name);
		if (field->type == PROTOBUF_C_TYPE_MESSAGE &&
		    field->label != PROTOBUF_C_LABEL_REPEATED)
			good = merge_inside(m, sides, field, inner, out);
		else
			good = merge_value(m, sides, field, inner, out);
	}
	return good ? out : NULL;
}

ProtobufCMessage *
threeway_merge(const ProtobufCMessage *base, const ProtobufCMessage *ours,
    const ProtobufCMessage *theirs, bool force, struct arena *arena, threeway_fn fn, void *arg)
{
	const struct merge merge = {force, arena, fn, arg};
	const struct sides sides = {base, ours, theirs};

	return merge_message(&merge, ours->descriptor, &sides, "");
}
