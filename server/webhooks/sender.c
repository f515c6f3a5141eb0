#include "server/webhooks/sender.h"

#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/log.h"
#include "plumb/v1/webhook.pb-c.h"
#include "server/limits.h"
#include "server/webhooks/hook.h"

#define CALL_MS    10000
#define SILENCE_MS 35000 /* three and a half heartbeats */
#define REST_MS    1000

int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- the daemon ------------------------------------------------------------------------------------------ */

struct rpc_client *
sender_connect(const struct sender *sender, struct rpc_status *status)
{
	struct rpc_options options = {
	    .timeout_ms = CALL_MS, .tls = {sender->options->server_ca, "", ""}};
	struct rpc_client *client = rpc_client_open(sender->options->server, &options, status);

	if (client != NULL)
		rpc_client_set_token(client, sender->options->token);
	return client;
}

static void
disconnect(struct sender *sender)
{
	rpc_client_free(sender->orders);
	rpc_client_free(sender->reports);
	sender->orders = sender->reports = NULL;
	sender->greeted = false;
}

/* Each time a little later; said once, and again when the reason is another. */
static void
connection_failed(struct sender *sender, const struct rpc_status *status)
{
	struct backoff backoff = {50, 5000, sender->backoff.random};

	if (sender->failures == 0 || sender->failures % 64 == 0)
		log_warn("daemon", "server=%s code=%s why=\"%s\" again=yes",
		    sender->options->server, err_code_name(status->err.code), status->err.msg);
	disconnect(sender);
	sender->connect_ms = now_ms() + backoff_ms(&backoff, ++sender->failures);
}

static void
connect_daemon(struct sender *sender)
{
	struct arena *arena = arena_new(LIMIT_CALL_ARENA);
	struct rpc_status status = {0};
	Plumb__V1__WatchWebhooksRequest request;

	plumb__v1__watch_webhooks_request__init(&request);
	sender->generation++;
	sender->heard_ms = now_ms();
	sender->orders = sender_connect(sender, &status);
	if (sender->orders != NULL)
		sender->reports = sender_connect(sender, &status);
	if (arena == NULL || sender->reports == NULL ||
	    !rpc_client_start(sender->orders, &plumb__v1__webhooks__descriptor, "Watch",
		&request.base, arena, &status))
		connection_failed(sender, &status);
	arena_free(arena);
}

bool
sender_report(struct sender *sender, const Plumb__V1__ReportDeliveryRequest *report)
{
	struct arena *arena = arena_new(LIMIT_CALL_ARENA);
	struct rpc_status status = {0};
	bool taken = false;

	if (arena != NULL && sender->reports != NULL) {
		taken = rpc_client_call(sender->reports, &plumb__v1__webhooks__descriptor, "Report",
			    &report->base, arena, &status) != NULL ||
			status.err.code == ERR_NOT_FOUND || status.err.code == ERR_RANGE;
		if (!taken)
			connection_failed(sender, &status);
	}
	arena_free(arena);
	return taken;
}

/* ---- which webhooks there are ------------------------------------------------------------------------------- */

static struct hook *
find(const struct sender *sender, const char *key)
{
	for (unsigned i = 0; i < sender->count; i++) {
		if (strcmp(hook_key(sender->hooks[i]), key) == 0)
			return sender->hooks[i];
	}
	return NULL;
}

static struct hook *
add(struct sender *sender, const char *key)
{
	struct hook *hook;

	if (sender->count == sender->cap) {
		unsigned cap = sender->cap * 2 + 16;
		struct hook **hooks = reallocarray(sender->hooks, cap, sizeof *hooks);

		if (hooks == NULL)
			return NULL;
		sender->hooks = hooks;
		sender->cap = cap;
	}
	hook = hook_new(sender, key);
	if (hook != NULL)
		sender->hooks[sender->count++] = hook;
	return hook;
}

static void
take_away(struct sender *sender, unsigned i)
{
	hook_free(sender->hooks[i]);
	sender->hooks[i] = sender->hooks[--sender->count];
}

/* False: out of memory; the connection is made anew, and all is told again. */
static bool
take_order(struct sender *sender, const Plumb__V1__WebhookOrder *order)
{
	struct hook *hook = find(sender, order->key);
	bool first;

	if (hook == NULL)
		hook = add(sender, order->key);
	if (hook == NULL)
		return false;
	first = hook_seen(hook) != sender->generation;
	hook_set_seen(hook, sender->generation);
	return hook_order(hook, order, first);
}

/* All were told: what wasn't is no more. */
static void
greet(struct sender *sender)
{
	sender->greeted = true;
	sender->failures = 0;
	for (unsigned i = sender->count; i-- > 0;) {
		if (hook_seen(sender->hooks[i]) != sender->generation)
			take_away(sender, i);
	}
	log_info("daemon", "server=%s webhooks=%u", sender->options->server, sender->count);
	if (sender->ready_told)
		return;
	sender->ready_told = true;
	dprintf(sender->options->ready_fd < 0 ? STDOUT_FILENO : sender->options->ready_fd,
	    "plumb-webhooks ready\n");
}

static bool
take_message(struct sender *sender, const Plumb__V1__WatchWebhooksReply *reply)
{
	struct hook *hook;

	if (reply->webhook != NULL)
		return take_order(sender, reply->webhook);
	if (reply->removed[0] != '\0') {
		for (unsigned i = sender->count; i-- > 0;) {
			if (strcmp(hook_key(sender->hooks[i]), reply->removed) == 0)
				take_away(sender, i);
		}
	} else if (reply->test != NULL) {
		hook = find(sender, reply->test->key);
		if (hook != NULL)
			hook_test(hook, reply->test->number);
	} else if (reply->heartbeat && !sender->greeted) {
		greet(sender);
	}
	return true;
}

static void
read_orders(struct sender *sender)
{
	while (sender->orders != NULL && rpc_client_ready(sender->orders)) {
		struct arena *arena = arena_new(LIMIT_CALL_ARENA);
		struct rpc_status status = {0};
		const Plumb__V1__WatchWebhooksReply *reply = NULL;

		if (arena != NULL)
			reply = rpc_client_next(sender->orders, arena, &status);
		sender->heard_ms = now_ms();
		if (reply == NULL || !take_message(sender, reply))
			connection_failed(sender, &status);
		arena_free(arena);
	}
	if (sender->orders != NULL && now_ms() - sender->heard_ms > SILENCE_MS)
		disconnect(sender);
}

/* ---- the loop ------------------------------------------------------------------------------------------------- */

static void
add_fd(struct sender *sender, unsigned *count, int fd)
{
	if (fd < 0)
		return;
	if (*count == sender->fds_cap) {
		unsigned cap = sender->fds_cap * 2 + 16;
		int *fds = reallocarray(sender->fds, cap, sizeof *fds);

		if (fds == NULL)
			return; /* it is looked at after REST_MS */
		sender->fds = fds;
		sender->fds_cap = cap;
	}
	sender->fds[(*count)++] = fd;
}

static void
rest(struct sender *sender, int stop_fd)
{
	int64_t at_ms = now_ms();
	int64_t due = at_ms + REST_MS;
	unsigned count = 0;

	add_fd(sender, &count, stop_fd);
	if (sender->orders != NULL)
		add_fd(sender, &count, rpc_client_fd(sender->orders));
	else if (sender->connect_ms < due)
		due = sender->connect_ms;
	for (unsigned i = 0; i < sender->count; i++) {
		int64_t wanted = hook_due_ms(sender->hooks[i]);

		add_fd(sender, &count, hook_fd(sender->hooks[i]));
		if (wanted < due)
			due = wanted;
	}
	deliveries_wait(
	    sender->deliveries, sender->fds, count, due > at_ms ? (int)(due - at_ms) : 0);
}

/* The first turn goes round, so that nobody is always last where there is little room. */
static void
turn(struct sender *sender)
{
	int64_t at_ms = now_ms();

	if (sender->orders == NULL && at_ms >= sender->connect_ms)
		connect_daemon(sender);
	read_orders(sender);
	for (unsigned i = 0; i < sender->count; i++)
		hook_turn(sender->hooks[(sender->first + i) % sender->count], at_ms);
	sender->first++;
	while (deliveries_poll(sender->deliveries))
		sender->busy = true;
}

static bool
is_readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) > 0;
}

static void
fini(struct sender *sender)
{
	for (unsigned i = 0; i < sender->count; i++) {
		if (sender->reports != NULL)
			hook_report(sender->hooks[i], now_ms());
		hook_free(sender->hooks[i]);
	}
	disconnect(sender);
	deliveries_free(sender->deliveries);
	free(sender->hooks);
	free(sender->fds);
}

bool
sender_run(const struct options *options, int stop_fd, struct err *err)
{
	struct sender sender = {.options = options,
	    .backoff = {options->retry_base_ms, options->retry_max_ms, options->seed}};

	sender.deliveries = deliveries_new(options, err);
	if (sender.deliveries == NULL)
		return false;
	while (!is_readable(stop_fd)) {
		sender.busy = false;
		turn(&sender);
		if (!sender.busy)
			rest(&sender, stop_fd);
	}
	fini(&sender);
	return true;
}
