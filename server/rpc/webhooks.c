#include "server/rpc/webhooks.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/parse.h"
#include "common/pb.h"
#include "server/limits.h"
#include "server/plan/view.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/rpc.h"
#include "server/rpc/system.h"
#include "server/store/store.h"

#define HEARTBEAT_US INT64_C(10000000)

/* One that is there, or that the sender must still be told is gone. */
struct hook {
	struct hook *next;
	char key[ID_MAX_LEN + 1]; /* the entry's id */
	bool gone;
	bool untold;
};

/* A call that waits until the sender has tried. */
struct test {
	struct test *next;
	struct webhooks *webhooks;
	struct rpc_call *call;
	char key[ID_MAX_LEN + 1];
	uint64_t number;
	bool told;
};

struct webhooks {
	struct daemon *daemon;
	struct hook *hooks; /* owned */
	struct test *tests; /* owned */
	unsigned count;     /* not gone */
	uint64_t last_test;
	struct rpc_call *sender; /* NULL: none */
	bool greeted;            /* it knows all that there were when it came */
	bool due;                /* something is to be told */
	int64_t told_us;
};

/* ---- which there are ----------------------------------------------------------------------------------- */

static struct hook *
find(const struct webhooks *webhooks, const char *key)
{
	for (struct hook *hook = webhooks->hooks; hook != NULL; hook = hook->next) {
		if (strcmp(hook->key, key) == 0)
			return hook;
	}
	return NULL;
}

static bool
add(struct webhooks *webhooks, const char *key)
{
	struct hook *hook = find(webhooks, key);

	if (hook == NULL) {
		hook = calloc(1, sizeof *hook);
		if (hook == NULL)
			return false;
		snprintf(hook->key, sizeof hook->key, "%s", key);
		hook->next = webhooks->hooks;
		hook->gone = true;
		webhooks->hooks = hook;
	}
	webhooks->count += hook->gone;
	hook->gone = false;
	hook->untold = true;
	webhooks->due = true;
	return true;
}

/* Those that are gone, and nobody must be told of. */
static void
sweep(struct webhooks *webhooks)
{
	struct hook **at = &webhooks->hooks;

	while (*at != NULL) {
		struct hook *hook = *at;

		if (!hook->gone || hook->untold) {
			at = &hook->next;
			continue;
		}
		*at = hook->next;
		free(hook);
	}
}

static void
take_away(struct webhooks *webhooks, const char *key)
{
	struct hook *hook = find(webhooks, key);

	if (hook == NULL || hook->gone)
		return;
	webhooks->count--;
	hook->gone = true;
	hook->untold = webhooks->sender != NULL;
	webhooks->due = true;
}

static void
key_of(const struct item *entry, char key[ID_MAX_LEN + 1])
{
	snprintf(key, ID_MAX_LEN + 1, "%.*s", (int)entry->id_len, item_id(entry));
}

static void
on_durable(void *arg, uint32_t workspace, uint64_t revision, int64_t time_us,
    const struct patch_op *ops, size_t count)
{
	struct webhooks *webhooks = arg;
	char key[ID_MAX_LEN + 1];

	(void)revision;
	(void)time_us;
	if (workspace != STORE_SYSTEM_WORKSPACE)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct item *entry = ops[i].new;

		if (entry->kind != KIND_WEBHOOK && entry->kind != KIND_WEBHOOK_STATE)
			continue;
		key_of(entry, key);
		if (!item_is_live(entry))
			take_away(webhooks, key);
		else if (!add(webhooks, key))
			log_error("webhooks", "key=%s why=\"out of memory\"", key);
	}
}

struct webhooks *
webhooks_new(struct daemon *daemon, struct err *err)
{
	const struct view *now = plan_now(daemon->system->plan);
	struct webhooks *webhooks = calloc(1, sizeof *webhooks);
	bool ok = webhooks != NULL;
	char key[ID_MAX_LEN + 1];

	for (uint32_t slot = 0; ok && slot < view_slots(now); slot++) {
		const struct item *entry = view_item(now, slot);

		if (!item_is_live(entry) || entry->kind != KIND_WEBHOOK)
			continue;
		key_of(entry, key);
		ok = add(webhooks, key);
	}
	if (!ok) {
		webhooks_free(webhooks);
		err_oom(err);
		return NULL;
	}
	webhooks->daemon = daemon;
	daemon_observe(daemon, on_durable, webhooks);
	return webhooks;
}

void
webhooks_free(struct webhooks *webhooks)
{
	if (webhooks == NULL)
		return;
	assert(webhooks->sender == NULL && webhooks->tests == NULL);
	while (webhooks->hooks != NULL) {
		struct hook *hook = webhooks->hooks;

		webhooks->hooks = hook->next;
		free(hook);
	}
	free(webhooks);
}

unsigned
webhooks_count(const struct webhooks *webhooks)
{
	return webhooks->count;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

unsigned
webhooks_keys(
    const struct webhooks *webhooks, const struct workspace *ws, const char **keys, unsigned max)
{
	char prefix[16];
	size_t len = (size_t)snprintf(prefix, sizeof prefix, "%" PRIu32 ".", ws->number);
	unsigned count = 0;

	for (const struct hook *hook = webhooks->hooks; hook != NULL; hook = hook->next) {
		if (hook->gone || strncmp(hook->key, prefix, len) != 0)
			continue;
		if (count < max)
			keys[count] = hook->key;
		count++;
	}
	if (max > 0)
		qsort(keys, count < max ? count : max, sizeof *keys, by_text);
	return count;
}

unsigned
webhooks_count_of(const struct webhooks *webhooks, const struct workspace *ws)
{
	return webhooks_keys(webhooks, ws, NULL, 0);
}

/* ---- tests --------------------------------------------------------------------------------------------- */

static void
forget_test(struct test *test)
{
	struct test **at = &test->webhooks->tests;

	while (*at != test)
		at = &(*at)->next;
	*at = test->next;
	test->call->handler_data = NULL;
	test->call->on_cancel = NULL;
	free(test);
}

static void
on_test_cancel(struct rpc_call *call)
{
	forget_test(call->handler_data);
}

static void
fail_tests(struct webhooks *webhooks)
{
	struct err err = {0};

	err_set(&err, ERR_UNAVAILABLE, "the sender went away before it had answered");
	while (webhooks->tests != NULL) {
		struct rpc_call *call = webhooks->tests->call;

		forget_test(webhooks->tests);
		rpc_fail(call, &err);
	}
}

bool
webhooks_test(struct webhooks *webhooks, struct rpc_call *call, const char *key, struct err *err)
{
	struct test *test;

	if (webhooks->sender == NULL)
		return err_set(err, ERR_UNAVAILABLE,
		    "no sender of webhooks runs; start plumb-webhooks (docs/WEBHOOKS.md)");
	test = calloc(1, sizeof *test);
	if (test == NULL)
		return err_oom(err);
	test->webhooks = webhooks;
	test->call = call;
	test->number = ++webhooks->last_test;
	snprintf(test->key, sizeof test->key, "%s", key);
	test->next = webhooks->tests;
	webhooks->tests = test;
	call->handler_data = test;
	call->on_cancel = on_test_cancel;
	webhooks->due = true;
	webhooks_poll(webhooks);
	return true;
}

void
webhooks_tested(struct webhooks *webhooks, const Plumb__V1__TestOutcome *outcome)
{
	for (struct test *test = webhooks->tests; test != NULL; test = test->next) {
		struct rpc_call *call = test->call;
		Plumb__V1__TestWebhookReply reply;

		if (test->number != outcome->number)
			continue;
		forget_test(test);
		plumb__v1__test_webhook_reply__init(&reply);
		if (outcome->reply != NULL)
			reply = *outcome->reply;
		if (rpc_send(call, &reply.base))
			rpc_finish(call);
		return;
	}
}

/* ---- the sender ---------------------------------------------------------------------------------------- */

static void
leave(struct webhooks *webhooks)
{
	webhooks->sender->handler_data = NULL;
	webhooks->sender->on_cancel = NULL;
	webhooks->sender->on_writable = NULL;
	webhooks->sender = NULL;
	log_info("webhooks", "sender=gone");
	for (struct hook *hook = webhooks->hooks; hook != NULL; hook = hook->next)
		hook->untold = false;
	sweep(webhooks);
	fail_tests(webhooks);
}

static void
on_sender_cancel(struct rpc_call *call)
{
	leave(call->handler_data);
}

static void
on_sender_writable(struct rpc_call *call)
{
	struct webhooks *webhooks = call->handler_data;

	webhooks->due = true;
	webhooks_poll(webhooks);
}

bool
webhooks_join(struct webhooks *webhooks, struct rpc_call *call, struct err *err)
{
	if (webhooks->sender != NULL)
		return err_set(err, ERR_PRECONDITION,
		    "another sender, '%s', watches the webhooks; two would send everything twice",
		    webhooks->sender->caller.name);
	webhooks->sender = call;
	webhooks->greeted = false;
	webhooks->due = true;
	for (struct hook *hook = webhooks->hooks; hook != NULL; hook = hook->next)
		hook->untold = true;
	call->handler_data = webhooks;
	call->on_cancel = on_sender_cancel;
	call->on_writable = on_sender_writable;
	log_info("webhooks", "sender=%s", call->caller.name);
	webhooks_poll(webhooks);
	return true;
}

/* What the dead letters say that somebody wants to be sent once more. False: out of memory. */
static bool
fill_retry(
    const Plumb__V1__WebhookState *state, Plumb__V1__WebhookOrder *order, struct arena *arena)
{
	order->retry = arena_array(arena, state->n_dead + 1, sizeof *order->retry);
	if (order->retry == NULL)
		return false;
	for (size_t i = 0; i < state->n_dead; i++) {
		if (state->dead[i]->retry)
			order->retry[order->n_retry++] = state->dead[i]->revision;
	}
	return true;
}

static bool
fill_order(
    struct webhooks *webhooks, const char *key, Plumb__V1__WebhookOrder *order, struct arena *arena)
{
	bool starved = false;
	const Plumb__V1__Item *hook =
	    system_find(webhooks->daemon, KIND_WEBHOOK, key, arena, &starved);
	const Plumb__V1__Item *state =
	    system_find(webhooks->daemon, KIND_WEBHOOK_STATE, key, arena, &starved);

	if (hook == NULL)
		return false;
	plumb__v1__webhook_order__init(order);
	order->key = pb_str(key);
	order->id = hook->webhook->id;
	order->workspace = hook->webhook->workspace;
	order->url = hook->webhook->url;
	order->filter = hook->webhook->filter;
	order->secret = hook->webhook->secret;
	order->previous_secret = hook->webhook->previous_secret;
	order->paused = hook->webhook->paused;
	if (state == NULL)
		return !starved;
	order->delivered = state->webhook_state->delivered;
	return fill_retry(state->webhook_state, order, arena);
}

/* Is what we would tell of it on disk? */
static bool
is_durable(const struct webhooks *webhooks, const char *key)
{
	static const enum kind kinds[] = {KIND_WEBHOOK, KIND_WEBHOOK_STATE};
	const struct plan *plan = webhooks->daemon->system->plan;

	for (size_t i = 0; i < 2; i++) {
		const struct item *entry = plan_find(plan, kinds[i], key, strlen(key));

		if (entry != NULL && entry->revision > plan_durable(plan))
			return false;
	}
	return true;
}

/* Within a pin. False: it can take no more now, or is gone. */
static bool
tell(struct webhooks *webhooks, const Plumb__V1__WatchWebhooksReply *reply)
{
	struct rpc_call *call = webhooks->sender;

	if (!rpc_send(call, &reply->base)) {
		if (webhooks->sender != NULL && call->state != RPC_RUNNING)
			leave(webhooks);
		return false;
	}
	webhooks->told_us = daemon_monotonic_us();
	return webhooks->sender != NULL;
}

static bool
tell_hook(struct webhooks *webhooks, struct hook *hook)
{
	struct arena *arena;
	Plumb__V1__WatchWebhooksReply reply;
	Plumb__V1__WebhookOrder order;
	bool ok = true;

	plumb__v1__watch_webhooks_reply__init(&reply);
	if (hook->gone) {
		reply.removed = hook->key;
		hook->untold = false;
		return tell(webhooks, &reply);
	}
	arena = arena_new(LIMIT_CALL_ARENA);
	if (arena == NULL || !fill_order(webhooks, hook->key, &order, arena)) {
		log_error("webhooks", "key=%s why=\"out of memory\"", hook->key);
		arena_free(arena);
		return true; /* stays untold: the next tick tries again */
	}
	reply.webhook = &order;
	hook->untold = false;
	ok = tell(webhooks, &reply);
	arena_free(arena);
	return ok;
}

static bool
tell_hooks(struct webhooks *webhooks)
{
	for (struct hook *hook = webhooks->hooks; hook != NULL; hook = hook->next) {
		if (!hook->untold || (!hook->gone && !is_durable(webhooks, hook->key)))
			continue;
		if (!rpc_is_writable(webhooks->sender) || !tell_hook(webhooks, hook))
			return false;
	}
	return true;
}

static bool
tell_tests(struct webhooks *webhooks)
{
	for (struct test *test = webhooks->tests; test != NULL; test = test->next) {
		Plumb__V1__WatchWebhooksReply reply;
		Plumb__V1__WebhookTest order;

		if (test->told)
			continue;
		if (!rpc_is_writable(webhooks->sender))
			return false;
		plumb__v1__watch_webhooks_reply__init(&reply);
		plumb__v1__webhook_test__init(&order);
		order.key = test->key;
		order.number = test->number;
		reply.test = &order;
		test->told = true;
		if (!tell(webhooks, &reply))
			return false;
	}
	return true;
}

static bool
beat(struct webhooks *webhooks)
{
	Plumb__V1__WatchWebhooksReply reply;

	plumb__v1__watch_webhooks_reply__init(&reply);
	reply.heartbeat = true;
	return rpc_is_writable(webhooks->sender) && tell(webhooks, &reply);
}

void
webhooks_poll(struct webhooks *webhooks)
{
	struct rpc_call *call = webhooks->sender;

	if (!webhooks->due)
		return;
	webhooks->due = false;
	if (call != NULL) {
		rpc_pin(call);
		if (tell_hooks(webhooks) && !webhooks->greeted)
			webhooks->greeted = beat(webhooks);
		if (webhooks->sender != NULL)
			(void)tell_tests(webhooks);
		rpc_unpin(call);
	}
	sweep(webhooks);
}

void
webhooks_tick(struct webhooks *webhooks, int64_t now_us)
{
	webhooks->due = true; /* what wanted memory, or was undone meanwhile */
	webhooks_poll(webhooks);
	if (webhooks->sender != NULL && webhooks->greeted &&
	    now_us - webhooks->told_us >= HEARTBEAT_US) {
		struct rpc_call *call = webhooks->sender;

		rpc_pin(call);
		(void)beat(webhooks);
		rpc_unpin(call);
	}
}

void
webhooks_stop(struct webhooks *webhooks)
{
	if (webhooks->sender != NULL)
		rpc_cancel(webhooks->sender, ERR_UNAVAILABLE);
	fail_tests(webhooks);
}
