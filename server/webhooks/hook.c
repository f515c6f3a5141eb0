#include "server/webhooks/hook.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/json.h"
#include "common/log.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"
#include "server/limits.h"
#include "server/webhooks/sender.h"

/* A change of 4 MiB grows in JSON, with its names and escapes; 32 MiB hold any that was ever made. */
#define BODY_MAX (64u << 20)
/* Passed over without a delivery: told again after that many, so that a restart reads little twice. */
#define PASSED_MAX   1000
#define HEARTBEAT_MS 10000
#define SILENCE_MS   35000
#define FETCH_MS     10000

struct order {
	char *id;
	char *workspace;
	char *url;
	char *filter;
	struct secret secret;
	struct secret previous;
	bool paused;
};

/* What is held, until it is delivered or given up. */
struct held {
	char *body; /* NULL: nothing is held */
	size_t len;
	uint64_t revision;
	bool again; /* a dead letter */
	unsigned attempts;
	char since[TIME_TEXT_LEN];
	int64_t due_ms;
};

struct hook {
	struct sender *sender;
	char key[ID_MAX_LEN + 1];
	struct order order;
	unsigned seen;
	uint64_t done;     /* everything up to it was taken, passed over, or is a dead letter */
	uint64_t ordered;  /* as the daemon told it last */
	uint64_t reported; /* what the daemon was told of that */
	struct rpc_client *watch;
	int64_t watch_ms; /* not before */
	int64_t heard_ms;
	unsigned watch_failures;
	struct held held;
	struct delivery *delivery;
	uint64_t *again; /* dead letters to be sent once more */
	size_t again_count;
	/* to report */
	bool news;   /* in time */
	bool urgent; /* before anything else is taken */
	int64_t reported_ms;
	char last_error[LIMIT_WEBHOOK_ERROR + 1];
	char pause[LIMIT_WEBHOOK_ERROR + 1];
	struct held dead; /* revision 0: none */
	uint64_t retried; /* 0: none */
	/* a test */
	uint64_t test_number; /* 0: none */
	char *test_body;
	struct delivery *test;
};

/* ---- beginning and end ------------------------------------------------------------------------------------- */

struct hook *
hook_new(struct sender *sender, const char *key)
{
	struct hook *hook = calloc(1, sizeof *hook);

	if (hook == NULL)
		return NULL;
	hook->sender = sender;
	snprintf(hook->key, sizeof hook->key, "%s", key);
	return hook;
}

static void
order_fini(struct order *order)
{
	free(order->id);
	free(order->workspace);
	free(order->url);
	free(order->filter);
	memset(order, 0, sizeof *order);
}

static void
let_go(struct hook *hook)
{
	delivery_cancel(hook->delivery);
	hook->delivery = NULL;
	free(hook->held.body);
	memset(&hook->held, 0, sizeof hook->held);
}

static void
stop_watching(struct hook *hook)
{
	rpc_client_free(hook->watch);
	hook->watch = NULL;
}

void
hook_free(struct hook *hook)
{
	if (hook == NULL)
		return;
	let_go(hook);
	stop_watching(hook);
	delivery_cancel(hook->test);
	free(hook->test_body);
	free(hook->again);
	order_fini(&hook->order);
	free(hook);
}

const char *
hook_key(const struct hook *hook)
{
	return hook->key;
}

void
hook_set_seen(struct hook *hook, unsigned seen)
{
	hook->seen = seen;
}

unsigned
hook_seen(const struct hook *hook)
{
	return hook->seen;
}

/* ---- what is ordered --------------------------------------------------------------------------------------- */

static void
take_secret(struct secret *out, const ProtobufCBinaryData *bytes)
{
	out->len = bytes->len <= sizeof out->p ? bytes->len : 0;
	if (out->len > 0)
		memcpy(out->p, bytes->data, out->len);
}

static bool
make_order(struct order *out, const Plumb__V1__WebhookOrder *order)
{
	memset(out, 0, sizeof *out);
	out->id = strdup(order->id);
	out->workspace = strdup(order->workspace);
	out->url = strdup(order->url);
	out->filter = strdup(order->filter);
	take_secret(&out->secret, &order->secret);
	take_secret(&out->previous, &order->previous_secret);
	out->paused = order->paused;
	if (out->id != NULL && out->workspace != NULL && out->url != NULL && out->filter != NULL)
		return true;
	order_fini(out);
	return false;
}

static bool
take_again(struct hook *hook, const Plumb__V1__WebhookOrder *order)
{
	uint64_t *again = calloc(order->n_retry + 1, sizeof *again);

	if (again == NULL)
		return false;
	if (order->n_retry > 0)
		memcpy(again, order->retry, order->n_retry * sizeof *again);
	free(hook->again);
	hook->again = again;
	hook->again_count = order->n_retry;
	return true;
}

/* Was it removed and made anew while we were away? */
static bool
is_another(const struct hook *hook, const struct order *order)
{
	return hook->order.secret.len != order->secret.len ||
	       memcmp(hook->order.secret.p, order->secret.p, order->secret.len) != 0;
}

bool
hook_order(struct hook *hook, const Plumb__V1__WebhookOrder *message, bool first)
{
	bool is_new = hook->order.id == NULL;
	struct order order;

	if (!make_order(&order, message))
		return false;
	if (!take_again(hook, message)) {
		order_fini(&order);
		return false;
	}
	if (is_new || (first && is_another(hook, &order))) {
		let_go(hook);
		stop_watching(hook);
		hook->done = hook->reported = message->delivered;
	} else if (strcmp(hook->order.filter, order.filter) != 0 || order.paused) {
		let_go(hook); /* it is read again, by the new filter, or when it goes on */
		stop_watching(hook);
	} else if (strcmp(hook->order.url, order.url) != 0) {
		hook->held.due_ms = 0;
	}
	order_fini(&hook->order);
	hook->order = order;
	hook->ordered = message->delivered;
	log_debug("webhook", "key=%s paused=%d done=%" PRIu64, hook->key, order.paused, hook->done);
	return true;
}

/* ---- reports -------------------------------------------------------------------------------------------------- */

void
hook_report(struct hook *hook, int64_t at_ms)
{
	Plumb__V1__ReportDeliveryRequest report;
	Plumb__V1__DeadLetter dead;
	Plumb__V1__DeadLetter *list[1] = {&dead};

	if (hook->done == hook->reported && !hook->news && !hook->urgent)
		return;
	plumb__v1__report_delivery_request__init(&report);
	report.key = hook->key;
	report.delivered = hook->done;
	report.last_error = hook->last_error;
	report.pause = hook->pause;
	if (hook->dead.revision != 0) {
		plumb__v1__dead_letter__init(&dead);
		dead.revision = hook->dead.revision;
		dead.attempts = hook->dead.attempts;
		dead.last_error = hook->last_error;
		dead.since = hook->dead.since;
		report.n_dead = 1;
		report.dead = list;
	}
	if (hook->retried != 0) {
		report.n_retried = 1;
		report.retried = &hook->retried;
	}
	if (!sender_report(hook->sender, &report))
		return;
	hook->reported = hook->done;
	hook->reported_ms = at_ms;
	hook->news = hook->urgent = false;
	hook->dead.revision = 0;
	hook->retried = 0;
	hook->pause[0] = '\0';
}

static bool
wants_to_report(const struct hook *hook)
{
	return hook->news || hook->urgent || hook->done - hook->reported >= PASSED_MAX;
}

static void
report_in_time(struct hook *hook, int64_t at_ms)
{
	if (!wants_to_report(hook) || hook->sender->reports == NULL)
		return;
	if (hook->urgent || at_ms - hook->reported_ms >= hook->sender->options->report_ms)
		hook_report(hook, at_ms);
}

/* ---- what is delivered ----------------------------------------------------------------------------------------- */

static void
set_error(struct hook *hook, const char *text)
{
	snprintf(hook->last_error, sizeof hook->last_error, "%s", text);
}

/* The list may have been told anew meanwhile. */
static void
drop_again(struct hook *hook, uint64_t revision)
{
	size_t kept = 0;

	for (size_t i = 0; i < hook->again_count; i++) {
		if (hook->again[i] != revision)
			hook->again[kept++] = hook->again[i];
	}
	hook->again_count = kept;
}

/* Done with what is held; a dead letter's place was passed long ago. */
static void
finish_held(struct hook *hook)
{
	if (hook->held.again)
		drop_again(hook, hook->held.revision);
	else
		hook->done = hook->held.revision;
	let_go(hook);
}

/* Forgets nothing before the daemon has written it down. */
static void
bury(struct hook *hook)
{
	log_warn("dead-letter", "key=%s revision=%" PRIu64 " attempts=%u why=\"%s\"", hook->key,
	    hook->held.revision, hook->held.attempts, hook->last_error);
	hook->dead = hook->held;
	hook->dead.body = NULL;
	hook->urgent = true;
	finish_held(hook);
}

static void
taken(struct hook *hook)
{
	hook->last_error[0] = '\0';
	hook->news = true;
	if (hook->held.again) {
		hook->retried = hook->held.revision;
		hook->urgent = true;
	}
	finish_held(hook);
}

static void
failed(struct hook *hook, const struct outcome *outcome)
{
	struct sender *sender = hook->sender;

	set_error(hook, outcome->error);
	hook->news = true;
	if (outcome->gone) {
		snprintf(hook->pause, sizeof hook->pause,
		    "the receiver answered 410 Gone: it wants nothing more");
		hook->urgent = true;
		hook->order.paused = true;
		let_go(hook);
		stop_watching(hook);
	} else if (hook->held.again || hook->held.attempts >= sender->options->attempts) {
		bury(hook);
	} else {
		hook->held.due_ms = now_ms() + backoff_ms(&sender->backoff, hook->held.attempts);
	}
}

static void
on_outcome(void *arg, const struct outcome *outcome)
{
	struct hook *hook = arg;

	assert(hook->held.body != NULL);
	hook->delivery = NULL;
	hook->sender->busy = true;
	hook->held.attempts++;
	log_debug("delivery", "key=%s revision=%" PRIu64 " attempt=%u status=%u ms=%u why=\"%s\"",
	    hook->key, hook->held.revision, hook->held.attempts, outcome->status, outcome->took_ms,
	    outcome->error);
	if (outcome->delivered)
		taken(hook);
	else
		failed(hook, outcome);
}

/* The key's dot would end the id for who splits what is signed. */
static void
message_id(const struct hook *hook, const char *what, uint64_t number, char out[160])
{
	snprintf(out, 160, "msg_%s_%s%" PRIu64, hook->key, what, number);
	for (char *p = out; *p != '\0'; p++) {
		if (*p == '.')
			*p = '_';
	}
}

static void
send_held(struct hook *hook)
{
	struct sender *sender = hook->sender;
	char id[160];
	struct letter letter = {.url = hook->order.url,
	    .id = id,
	    .body = hook->held.body,
	    .len = hook->held.len,
	    .secret = &hook->order.secret,
	    .previous = &hook->order.previous};
	struct outcome none = {0};
	struct err err = {0};

	message_id(hook, "", hook->held.revision, id);
	hook->delivery = delivery_start(sender->deliveries, &letter, on_outcome, hook, &err);
	if (hook->delivery != NULL)
		return;
	snprintf(none.error, sizeof none.error, "%.100s", err.msg);
	on_outcome(hook, &none);
}

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static char *
event_json(const struct hook *hook, const char *type, const char *at,
    const Plumb__V1__LoggedChange *change, size_t *len)
{
	Plumb__V1__WebhookEvent event;
	struct str text;
	char *json;

	plumb__v1__webhook_event__init(&event);
	event.type = pb_str(type);
	event.timestamp = pb_str(at);
	event.webhook = hook->order.id;
	event.workspace = hook->order.workspace;
	if (change != NULL) {
		event.revision = change->revision;
		event.data = (Plumb__V1__LoggedChange *)(uintptr_t)change;
	}
	str_init(&text, BODY_MAX);
	json_print(&event.base, 0, false, &text);
	*len = text.len;
	json = str_take(&text);
	str_fini(&text);
	return json;
}

static char *
wall_clock(char text[TIME_TEXT_LEN])
{
	struct timeval now;

	gettimeofday(&now, NULL);
	return time_format((int64_t)now.tv_sec * 1000000 + now.tv_usec, text);
}

void
hook_test(struct hook *hook, uint64_t number)
{
	hook->test_number = number;
}

static void
report_test(struct hook *hook, const struct outcome *outcome)
{
	Plumb__V1__ReportDeliveryRequest report;
	Plumb__V1__TestWebhookReply reply;
	Plumb__V1__TestOutcome test;

	plumb__v1__report_delivery_request__init(&report);
	plumb__v1__test_webhook_reply__init(&reply);
	plumb__v1__test_outcome__init(&test);
	reply.delivered = outcome->delivered;
	reply.status = outcome->status;
	reply.error = pb_str(outcome->error);
	reply.took_ms = outcome->took_ms;
	test.number = hook->test_number;
	test.reply = &reply;
	report.key = hook->key;
	report.test = &test;
	hook->test_number = 0;
	(void)sender_report(hook->sender, &report); /* who asked is gone with the connection */
}

static void
on_tested(void *arg, const struct outcome *outcome)
{
	struct hook *hook = arg;

	hook->test = NULL;
	free(hook->test_body);
	hook->test_body = NULL;
	hook->sender->busy = true;
	report_test(hook, outcome);
}

static void
send_test(struct hook *hook)
{
	struct sender *sender = hook->sender;
	char at[TIME_TEXT_LEN];
	char id[160];
	struct letter letter = {.url = hook->order.url,
	    .id = id,
	    .secret = &hook->order.secret,
	    .previous = &hook->order.previous};
	struct outcome none = {.error = "the request could not be made"};
	struct err err = {0};

	message_id(hook, "test_", hook->test_number, id);
	hook->test_body = event_json(hook, "webhook.test", wall_clock(at), NULL, &letter.len);
	letter.body = hook->test_body;
	if (letter.body != NULL)
		hook->test = delivery_start(sender->deliveries, &letter, on_tested, hook, &err);
	if (hook->test == NULL)
		on_tested(hook, &none);
}

/* ---- what is read --------------------------------------------------------------------------------------------- */

/* Takes hold of a change; one that is too large for us to write is given up at once. */
static void
hold(struct hook *hook, const Plumb__V1__LoggedChange *change, bool again)
{
	struct held *held = &hook->held;

	held->revision = change->revision;
	held->again = again;
	held->attempts = 0;
	held->due_ms = 0;
	(void)wall_clock(held->since);
	held->body = event_json(hook, "plan.changed", change->time, change, &held->len);
	if (held->body != NULL)
		return;
	set_error(hook, "the change is too large to be sent");
	bury(hook);
}

static void
watch_failed(struct hook *hook, const struct rpc_status *status, int64_t at_ms)
{
	struct backoff backoff = {100, 5000, hook->sender->backoff.random};

	log_debug("watch", "key=%s why=\"%s\"", hook->key, status->err.msg);
	stop_watching(hook);
	/* The log was restored from a backup, and ends before what we have seen: the backup knows how far we were then. */
	if (status->err.code == ERR_RANGE && hook->done > hook->ordered) {
		log_warn("watch", "key=%s done=%" PRIu64 " back-to=%" PRIu64 " why=\"%s\"",
		    hook->key, hook->done, hook->ordered, status->err.msg);
		hook->done = hook->reported = hook->ordered;
	}
	hook->watch_ms = at_ms + backoff_ms(&backoff, ++hook->watch_failures);
}

static bool
start_watch(const struct hook *hook, struct rpc_client *client, uint64_t from, const char *filter,
    struct rpc_status *status)
{
	struct arena *arena = arena_new(LIMIT_CALL_ARENA);
	Plumb__V1__WatchRequest request;
	bool ok = false;

	plumb__v1__watch_request__init(&request);
	request.workspace = hook->order.workspace;
	request.from_revision = from;
	request.heartbeat_ms = HEARTBEAT_MS;
	request.filter = pb_str(filter);
	if (arena != NULL)
		ok = rpc_client_start(
		    client, &plumb__v1__plan__descriptor, "Watch", &request.base, arena, status);
	arena_free(arena);
	return ok;
}

static void
open_watch(struct hook *hook, int64_t at_ms)
{
	struct rpc_status status = {0};

	hook->heard_ms = at_ms;
	hook->watch = sender_connect(hook->sender, &status);
	if (hook->watch == NULL ||
	    !start_watch(hook, hook->watch, hook->done + 1, hook->order.filter, &status))
		watch_failed(hook, &status, at_ms);
}

/* One message. Everything before a change that was sent had nothing for us. */
static void
take_message(struct hook *hook, const Plumb__V1__WatchReply *reply)
{
	hook->watch_failures = 0;
	if (reply->heartbeat) {
		if (reply->revision > hook->done)
			hook->done = reply->revision;
	} else if (reply->change != NULL && reply->change->revision > hook->done) {
		hook->done = reply->change->revision - 1;
		hold(hook, reply->change, false);
	}
}

static void
read_watch(struct hook *hook, int64_t at_ms)
{
	while (hook->watch != NULL && hook->held.body == NULL && !hook->urgent &&
	       rpc_client_ready(hook->watch)) {
		struct arena *arena = arena_new(LIMIT_CALL_ARENA);
		struct rpc_status status = {0};
		const Plumb__V1__WatchReply *reply = NULL;

		if (arena != NULL)
			reply = rpc_client_next(hook->watch, arena, &status);
		hook->heard_ms = at_ms;
		if (reply != NULL)
			take_message(hook, reply);
		else
			watch_failed(hook, &status, at_ms);
		arena_free(arena);
	}
	if (hook->watch != NULL && hook->held.body == NULL && at_ms - hook->heard_ms > SILENCE_MS)
		stop_watching(hook);
}

/* A dead letter's change from the log. It is waited for: the daemon is near, and this is rare. */
static void
fetch_again(struct hook *hook)
{
	struct arena *arena = arena_new(LIMIT_CALL_ARENA);
	struct rpc_status status = {0};
	struct rpc_client *client = sender_connect(hook->sender, &status);
	const Plumb__V1__WatchReply *reply = NULL;

	if (arena != NULL && client != NULL) {
		rpc_client_set_timeout(client, FETCH_MS);
		if (start_watch(hook, client, hook->again[0], "", &status))
			reply = rpc_client_next(client, arena, &status);
	}
	if (reply != NULL && reply->change != NULL && reply->revision == hook->again[0])
		hold(hook, reply->change, true);
	else
		hook->watch_ms = now_ms() + 1000; /* the daemon is away: later */
	rpc_client_free(client);
	arena_free(arena);
}

/* ---- the turn --------------------------------------------------------------------------------------------------- */

static bool
may_read(const struct hook *hook)
{
	return !hook->urgent && !hook->order.paused && hook->held.body == NULL;
}

/* A daemon that is away is not asked for each webhook. */
static bool
may_ask(const struct hook *hook)
{
	return may_read(hook) && hook->sender->orders != NULL;
}

void
hook_turn(struct hook *hook, int64_t at_ms)
{
	bool room;

	report_in_time(hook, at_ms);
	if (hook->order.id == NULL)
		return;
	if (may_ask(hook) && hook->again_count > 0 && at_ms >= hook->watch_ms)
		fetch_again(hook);
	if (may_ask(hook) && hook->watch == NULL && at_ms >= hook->watch_ms)
		open_watch(hook, at_ms);
	if (may_read(hook))
		read_watch(hook, at_ms);
	room = deliveries_have_room(hook->sender->deliveries);
	if (room && hook->held.body != NULL && hook->delivery == NULL && !hook->urgent &&
	    at_ms >= hook->held.due_ms)
		send_held(hook);
	if (deliveries_have_room(hook->sender->deliveries) && hook->test_number != 0 &&
	    hook->test == NULL)
		send_test(hook);
}

int
hook_fd(const struct hook *hook)
{
	return may_read(hook) && hook->watch != NULL ? rpc_client_fd(hook->watch) : -1;
}

int64_t
hook_due_ms(const struct hook *hook)
{
	int64_t due = INT64_MAX;
	bool room = deliveries_have_room(hook->sender->deliveries);

	if (hook->sender->reports != NULL && wants_to_report(hook))
		due = hook->urgent ? 0 : hook->reported_ms + hook->sender->options->report_ms;
	if (room && hook->held.body != NULL && hook->delivery == NULL && !hook->urgent &&
	    hook->held.due_ms < due)
		due = hook->held.due_ms;
	if (may_ask(hook) && (hook->watch == NULL || hook->again_count > 0) && hook->watch_ms < due)
		due = hook->watch_ms;
	return due;
}
