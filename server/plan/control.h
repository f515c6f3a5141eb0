/*
 * Control entries as plain C: what a workspace set about rules and findings.
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

#endif
