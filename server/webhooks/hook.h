/*
 * One webhook as the sender has it: where it stands in its workspace's log, and what is being delivered.
 *
 *     reading --a change--> holding --a slot--> sending --2xx--> reading
 *                              ^                   |
 *                              +----waiting <------+ else; too often: a dead letter, which must be reported first
 *
 * It takes nothing new while it holds something, so that the order is the log's, and what one receiver does not take
 * waits in the daemon's log and nowhere else.
 */
#ifndef SERVER_WEBHOOKS_HOOK_H
#define SERVER_WEBHOOKS_HOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "plumb/v1/webhook.pb-c.h"

struct hook;
struct sender;

struct hook *hook_new(struct sender *sender, const char *key);
/* Takes NULL. */
void hook_free(struct hook *hook);
const char *hook_key(const struct hook *hook);

/* It is so from now on. first: since the connection was made. False: out of memory, and nothing changed. */
bool hook_order(struct hook *hook, const Plumb__V1__WebhookOrder *order, bool first);
/* When the daemon last told of it, by a count that the sender keeps. */
void hook_set_seen(struct hook *hook, unsigned seen);
unsigned hook_seen(const struct hook *hook);
void hook_test(struct hook *hook, uint64_t number);

/* Goes as far as it can without waiting. */
void hook_turn(struct hook *hook, int64_t now_ms);
/* Tells the daemon how far it came, now. */
void hook_report(struct hook *hook, int64_t now_ms);
/* The socket whose being readable makes it go on; -1: none. */
int hook_fd(const struct hook *hook);
/* When it wants a turn without that; INT64_MAX: never. */
int64_t hook_due_ms(const struct hook *hook);

#endif
