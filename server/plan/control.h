/*
 * Entries as plain C, beyond their spine: what a workspace set about rules and findings, and what capacity needs.
 *
 * For insight, which sees no messages.
 */
#ifndef SERVER_PLAN_CONTROL_H
#define SERVER_PLAN_CONTROL_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/plan/item.h"

struct arena;

struct control_threshold {
	const char *name;
	double value;
};

/* plumb.v1.RuleSetting. Texts are in the arena that it was read into. */
struct control_rule_setting {
	const char *rule;
	int severity; /* plumb.v1.Severity; 0 keeps the default */
	bool off;
	bool refuse;
	const struct control_threshold *thresholds;
	size_t thresholds_count;
};

/* plumb.v1.Waiver. */
struct control_waiver {
	const char *finding; /* the key */
	const char *reason;
	const char *who; /* as stated: "person/x" or the bare id */
	int32_t until;   /* inclusive; DATE_NONE not stated */
};

/* Reads a live entry of kind rule-setting; false when the arena is full or the entry is none. */
bool control_rule_setting(
    const struct item *item, struct arena *arena, struct control_rule_setting *out) MUST_CHECK;
/* The same from a decoded plumb.v1.Item, as somebody wants to put it. */
bool control_stated_setting(const ProtobufCMessage *message, struct arena *arena,
    struct control_rule_setting *out) MUST_CHECK;
/* The same of kind waiver. */
bool control_waiver(
    const struct item *item, struct arena *arena, struct control_waiver *out) MUST_CHECK;

/* Days, both inclusive. */
struct control_span {
	int32_t first;
	int32_t last;
};

struct control_calendar {
	uint8_t week; /* bit 0 Monday .. bit 6 Sunday; 0 not stated */
	const int32_t *holidays;
	size_t holidays_count;
};

struct control_need {
	const char *who; /* as stated; "" nobody */
	int64_t effort;  /* -1 not stated */
	const char *skill;
	int32_t most_share; /* in 1/10,000; -1 not stated */
	int32_t least_share;
	bool whole;
};

/* Another capacity for a time. */
struct control_capacity {
	int32_t first;
	int32_t last; /* INT32_MAX: from then on */
	int64_t per_week;
};

/*
 * What a person, calendar, initiative, workstream or task states, as they state it; lists are in the arena. False when the
 * arena is full or the entry is of another kind.
 */
bool control_absences(const struct item *person, struct arena *arena,
    const struct control_span **out, size_t *count) MUST_CHECK;
bool control_skills(const struct item *person, struct arena *arena, const char *const **out,
    size_t *count) MUST_CHECK;
bool control_calendar(
    const struct item *item, struct arena *arena, struct control_calendar *out) MUST_CHECK;
bool control_capacities(const struct item *person, struct arena *arena,
    const struct control_capacity **out, size_t *count) MUST_CHECK;
/* All its needs, in their order. */
bool control_needs(const struct item *work, struct arena *arena, const struct control_need **out,
    size_t *count) MUST_CHECK;

/*
 * How each contribution of an initiative counts in what it names, in order (enum roll_up). False when the arena is full
 * or the entry is no initiative.
 */
bool control_roll_ups(const struct item *initiative, struct arena *arena, const uint8_t **out,
    size_t *count) MUST_CHECK;

/* The dimension of a measure, within its bytes: not NUL-terminated, len 0 where none is stated. */
const char *control_dimension(const struct item *measure, size_t *len);
/* The note of one of its links, in their order; within its bytes, as above. */
const char *control_link_note(const struct item *item, uint32_t link, size_t *len);
/* Days that a task takes at least, whoever works on it; 0 where none are stated. */
int32_t control_duration(const struct item *task);
/* What is still to do, as a check-in states it; -1 where it does not. */
int64_t control_remaining(const struct item *check_in);
/* How many entries scope.in of an initiative or workstream has. */
uint32_t control_scope_in(const struct item *work);
/* Each entry of scope.segments and scope.stages of an initiative or workstream; text is not NUL-terminated. */
void control_scope_names(const struct item *work,
    void (*each)(void *arg, bool stage, const char *text, size_t len), void *arg);

/* What an experience says beyond its spine; NAN, and 0 people, where it does not. */
struct control_experience {
	double importance;
	double met;
	int32_t people;
};
void control_experience(const struct item *record, struct control_experience *out);

#endif
