/*
 * What the daemon itself keeps, as entries of the system workspace: workspaces, tokens, webhooks, anchors of the audit file.
 *
 * So they are durable, versioned, chained and in every backup like the plans. Loop thread only.
 */
#ifndef SERVER_RPC_SYSTEM_H
#define SERVER_RPC_SYSTEM_H

#include <stdbool.h>

#include "common/err.h"
#include "plumb/v1/item.pb-c.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/plan/item.h"

struct arena;
struct daemon;
struct rpc_call;

/* Is that a kind that the system workspace has, and nobody's plan? */
bool system_is_entry(enum kind kind);

/*
 * Puts an item on behalf of a call, which gets the reply when it is durable. False: nothing was put, and the call goes on; errors
 * as Plan.Apply's, and ERR_UNAVAILABLE where the disk refuses.
 */
bool system_put(struct rpc_call *call, Plumb__V1__Item *item, const ProtobufCMessage *reply,
    struct err *err) MUST_CHECK;
/* The same with several changes, puts and removals, at once. */
bool system_change(struct rpc_call *call, Plumb__V1__Change **changes, size_t count,
    const ProtobufCMessage *reply, struct err *err) MUST_CHECK;
/* The daemon's own. done (may be NULL) is called when it is durable, or isn't. */
typedef void (*system_done_fn)(void *arg, enum err_code code);
bool system_put_own(struct daemon *daemon, Plumb__V1__Item *item, const char *reason,
    system_done_fn done, void *arg, struct err *err) MUST_CHECK;

/* The newest version of a live entry, perhaps not durable yet; NULL without one. */
const struct item *system_entry(const struct daemon *daemon, enum kind kind, const char *id);
/* The same as a message in the arena; NULL without one or out of memory (*starved). */
const Plumb__V1__Item *system_find(const struct daemon *daemon, enum kind kind, const char *id,
    struct arena *arena, bool *starved);

#endif
