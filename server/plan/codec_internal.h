/* What codec_rules.c, codec_check.c, codec_refs.c and codec.c share. */
#ifndef SERVER_PLAN_CODEC_INTERNAL_H
#define SERVER_PLAN_CODEC_INTERNAL_H

#include "plumb/v1/plan.pb-c.h"
#include "server/plan/codec.h"
#include "server/plan/plan_internal.h"

enum what {
	WHAT_PLAIN, /* text within LIMIT_TEXT, a finite number */
	WHAT_ID,
	WHAT_TITLE,
	WHAT_SLUG,
	WHAT_NAME, /* text within LIMIT_SOURCE */
	WHAT_REF,
	WHAT_DATE,
	WHAT_TIME,
	WHAT_RANGE,
};

struct type_rules;

struct field_rule {
	const ProtobufCFieldDescriptor *field;
	enum what what;
	double min;
	double max;
	bool required;
	enum role role;
	enum kind bare;
	unsigned flags;
	const struct type_rules *sub; /* of a message field */
};

struct type_rules {
	const ProtobufCMessageDescriptor *type;
	unsigned count;
	struct field_rule *fields;
};

/* The rules of an Item or a Record; static. */
const struct type_rules *rules_of(const ProtobufCMessage *message);

/* The references of a message, in the order of its fields. */
struct ref_list {
	struct plan *plan;
	struct arena *arena;
	struct ref *refs;
	uint32_t count;
	uint32_t cap;
	enum kind about_bare;
	bool failed;
};
void collect_refs(struct ref_list *list, const struct type_rules *rules,
    const ProtobufCMessage *message, size_t position);

#endif
