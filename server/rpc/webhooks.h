/*
 * Webhooks as the daemon knows them: which there are, and the one sender that is told of them and of tests.
 *
 * The daemon never opens a connection for them; plumb-webhooks does (docs/WEBHOOKS.md). Loop thread only.
 */
#ifndef SERVER_RPC_WEBHOOKS_H
#define SERVER_RPC_WEBHOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "plumb/v1/webhook.pb-c.h"

struct daemon;
struct rpc_call;
struct webhooks;
struct workspace;

/* Reads which there are from the system workspace, and hears of what becomes durable there. NULL: err. */
struct webhooks *webhooks_new(struct daemon *daemon, struct err *err) MUST_CHECK;
/* Takes NULL. */
void webhooks_free(struct webhooks *webhooks);
/* Sends what is due. */
void webhooks_poll(struct webhooks *webhooks);
void webhooks_tick(struct webhooks *webhooks, int64_t now_us);
/* Ends the sender's stream and all tests: the daemon stops. */
void webhooks_stop(struct webhooks *webhooks);

/* How many there are: in the daemon, and of a workspace. */
unsigned webhooks_count(const struct webhooks *webhooks);
unsigned webhooks_count_of(const struct webhooks *webhooks, const struct workspace *ws);
/* The keys of a workspace's, by id: their number. At most max are written; they are borrowed until the loop turns. */
unsigned webhooks_keys(
    const struct webhooks *webhooks, const struct workspace *ws, const char **keys, unsigned max);

/* The call becomes the sender's stream. ERR_PRECONDITION where there is one. */
bool webhooks_join(struct webhooks *webhooks, struct rpc_call *call, struct err *err) MUST_CHECK;
/* The call waits for the outcome of a test. ERR_UNAVAILABLE without a sender. */
bool webhooks_test(
    struct webhooks *webhooks, struct rpc_call *call, const char *key, struct err *err) MUST_CHECK;
void webhooks_tested(struct webhooks *webhooks, const Plumb__V1__TestOutcome *outcome);

#endif
