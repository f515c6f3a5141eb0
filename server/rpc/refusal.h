/*
 * Changes that a workspace refuses: those that add a finding of a rule that it set to refuse. On the loop; what it costs goes
 * with what stands around the change.
 */
#ifndef SERVER_RPC_REFUSAL_H
#define SERVER_RPC_REFUSAL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "plumb/v1/finding.pb-c.h"

struct arena;
struct local_rules;
struct patch;
struct workspace;

/*
 * What the newest patch adds, which was taken and is not settled; *out stays NULL where that is nothing. rules as they were
 * before it. ERR_LIMIT: too much stands around the change, or out of memory.
 */
bool refusal_find(const struct workspace *ws, const struct patch *patch,
    const struct local_rules *rules, int64_t time_us, struct arena *arena, Plumb__V1__Refusal **out,
    struct err *err) MUST_CHECK;
/* ERR_PRECONDITION: the first finding, and what to do about it. False always. */
bool refusal_say(const Plumb__V1__Refusal *refusal, struct err *err);

#endif
