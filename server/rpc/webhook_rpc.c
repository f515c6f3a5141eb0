/* plumb.v1.Webhooks. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base64.h"
#include "common/calendar.h"
#include "common/crypto.h"
#include "common/parse.h"
#include "common/pb.h"
#include "plumb/v1/webhook.pb-c.h"
#include "server/limits.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/handlers.h"
#include "server/rpc/rpc.h"
#include "server/rpc/system.h"
#include "server/rpc/watch.h"
#include "server/rpc/webhooks.h"

#define SECRET_LEN  32
#define SECRET_TEXT (sizeof "whsec_" + BASE64_LEN(SECRET_LEN))

/* A webhook with its state, both in the call's arena and ours to change. */
struct both {
	struct workspace *ws;
	char key[ID_MAX_LEN + 1];
	Plumb__V1__Item *item;
	Plumb__V1__Item *state;
};

struct changes {
	Plumb__V1__Change *list[2];
	Plumb__V1__Change change[2];
	Plumb__V1__Put put[2];
	Plumb__V1__Remove remove[2];
	char ref[2][ID_MAX_LEN + 20];
	size_t count;
};

/* ---- what is asked for ----------------------------------------------------------------------------------- */

/* No dots: they divide what is signed. */
static bool
is_hook_id(const char *id)
{
	size_t len = strlen(id);

	return len > 0 && len <= LIMIT_WEBHOOK_ID &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len &&
	       isalnum((unsigned char)id[0]) && isalnum((unsigned char)id[len - 1]);
}

static bool
key_for(const struct workspace *ws, const char *id, char key[ID_MAX_LEN + 1])
{
	return is_hook_id(id) &&
	       snprintf(key, ID_MAX_LEN + 1, "%u.%s", ws->number, id) <= ID_MAX_LEN;
}

static size_t
scheme_len(const char *url)
{
	if (strncasecmp(url, "https://", 8) == 0)
		return 8;
	return strncasecmp(url, "http://", 7) == 0 ? 7 : 0;
}

/* As far as can be said without asking anybody; the sender looks at where it leads. */
static void
check_url(const char *url, struct faults *faults)
{
	size_t begin = scheme_len(url);
	size_t authority = strcspn(url + begin, "/?#");

	if (strlen(url) > LIMIT_WEBHOOK_URL)
		faults_add(
		    faults, "url", "has %zu bytes, more than %u", strlen(url), LIMIT_WEBHOOK_URL);
	else if (begin == 0 || authority == 0)
		faults_add(faults, "url", "'%.60s' is no address: write https://HOST/PATH", url);
	else if (memchr(url + begin, '@', authority) != NULL)
		faults_add(faults, "url",
		    "must not have a user or password in it; the receiver knows us by the "
		    "signature");
	else if (strchr(url, '#') != NULL)
		faults_add(faults, "url", "must not have a fragment (#…): it is never sent");
	else
		for (const char *p = url; *p != '\0'; p++) {
			if (*p > ' ' && *p < 0x7f && *p != '\\' && *p != '"')
				continue;
			faults_add(faults, "url", "character %zu must be written percent-encoded",
			    (size_t)(p - url) + 1);
			return;
		}
}

static void
no_such(const struct workspace *ws, const char *id, struct err *err)
{
	err_set(err, ERR_NOT_FOUND,
	    "workspace '%s' has no webhook '%.60s'; plumb webhook list "
	    "shows which there are",
	    ws->id, id);
}

/*
 * What is there, newest version; waits until that is durable where it must be told. NULL: the call was failed, or is
 * called again.
 */
static struct both *
load(struct rpc_call *call, struct workspace *ws, const char *key, const char *id, struct err *err)
{
	struct both *both = arena_zalloc(call->arena, sizeof *both);
	bool starved = both == NULL;
	const Plumb__V1__Item *item =
	    starved ? NULL : system_find(call->daemon, KIND_WEBHOOK, key, call->arena, &starved);
	const Plumb__V1__Item *state =
	    starved ? NULL
		    : system_find(call->daemon, KIND_WEBHOOK_STATE, key, call->arena, &starved);

	if (starved) {
		err_oom(err);
		return NULL;
	}
	if (item == NULL || state == NULL) {
		no_such(ws, id, err);
		return NULL;
	}
	both->ws = ws;
	snprintf(both->key, sizeof both->key, "%s", key);
	both->item = (Plumb__V1__Item *)(uintptr_t)item;
	both->state = (Plumb__V1__Item *)(uintptr_t)state;
	return both;
}

static struct both *
find_both(struct rpc_call *call, const char *workspace, const char *id, rpc_handler_fn handler,
    const ProtobufCMessage *message)
{
	struct workspace *ws = workspace_for_call(call, workspace, handler, message);
	char key[ID_MAX_LEN + 1] = "";
	struct both *both = NULL;
	struct err err = {0};

	if (ws == NULL)
		return NULL;
	if (key_for(ws, id, key))
		both = load(call, ws, key, id, &err);
	else
		no_such(ws, id, &err);
	if (both == NULL)
		rpc_fail(call, &err);
	return both;
}

/* Does the call wait until everything that was taken is durable? Then it is called again. */
static bool
waits(struct rpc_call *call, rpc_handler_fn handler, const ProtobufCMessage *message)
{
	struct workspace *system = call->daemon->system;
	uint64_t newest = plan_revision(system->plan);

	if (newest <= plan_durable(system->plan))
		return false;
	workspace_wait_call(system, newest, call, handler, message);
	return true;
}

/* ---- what is answered, and changed -------------------------------------------------------------------------- */

static void
fill_info(Plumb__V1__WebhookInfo *info, const struct both *both)
{
	const Plumb__V1__Webhook *hook = both->item->webhook;
	const Plumb__V1__WebhookState *state = both->state->webhook_state;

	plumb__v1__webhook_info__init(info);
	info->workspace = hook->workspace;
	info->id = hook->id;
	info->url = hook->url;
	info->filter = hook->filter;
	info->paused = hook->paused;
	info->paused_reason = hook->paused_reason;
	info->delivered = state->delivered;
	info->revision = store_head(both->ws->daemon->store, both->ws->number).revision;
	info->dead_letters = (uint32_t)state->n_dead;
	info->dropped = state->dropped;
	info->last_error = state->last_error;
	info->keeps_previous = hook->previous_secret.len > 0;
	info->created = hook->created;
	info->created_by = hook->created_by;
}

static void
put(struct changes *changes, Plumb__V1__Item *item)
{
	size_t i = changes->count++;

	plumb__v1__change__init(&changes->change[i]);
	plumb__v1__put__init(&changes->put[i]);
	changes->put[i].item = item;
	changes->change[i].change_case = PLUMB__V1__CHANGE__CHANGE_PUT;
	changes->change[i].put = &changes->put[i];
	changes->list[i] = &changes->change[i];
}

static void
take_out(struct changes *changes, const char *kind, const char *key)
{
	size_t i = changes->count++;

	snprintf(changes->ref[i], sizeof changes->ref[i], "%s/%s", kind, key);
	plumb__v1__change__init(&changes->change[i]);
	plumb__v1__remove__init(&changes->remove[i]);
	changes->remove[i].ref = changes->ref[i];
	changes->change[i].change_case = PLUMB__V1__CHANGE__CHANGE_REMOVE;
	changes->change[i].remove = &changes->remove[i];
	changes->list[i] = &changes->change[i];
}

/* A new secret in the webhook, and as text. */
static bool
make_secret(
    struct rpc_call *call, Plumb__V1__Webhook *hook, char text[SECRET_TEXT], struct err *err)
{
	uint8_t *secret = arena_alloc(call->arena, SECRET_LEN);

	if (secret == NULL)
		return err_oom(err);
	if (!random_bytes(secret, SECRET_LEN))
		return err_set(err, ERR_INTERNAL, "the machine gives no random numbers");
	hook->secret.data = secret;
	hook->secret.len = SECRET_LEN;
	memcpy(text, "whsec_", sizeof "whsec_");
	base64_encode(secret, SECRET_LEN, text + strlen("whsec_"));
	return true;
}

/* ---- Create ---------------------------------------------------------------------------------------------- */

struct created {
	struct both both;
	struct changes changes;
	Plumb__V1__Item item;
	Plumb__V1__Item state_item;
	Plumb__V1__Webhook hook;
	Plumb__V1__WebhookState state;
	Plumb__V1__WebhookInfo info;
	Plumb__V1__CreateWebhookReply reply;
	char secret[SECRET_TEXT];
	char now[TIME_TEXT_LEN];
};

static bool
check_create(struct rpc_call *call, const struct workspace *ws,
    const Plumb__V1__CreateWebhookRequest *request, struct err *err)
{
	struct webhooks *webhooks = call->daemon->webhooks;

	if (!is_hook_id(request->id))
		faults_add(call->faults, "id", "'%.60s' is not an id (1 to %u of a-z 0-9 _ -)",
		    request->id, LIMIT_WEBHOOK_ID);
	check_url(request->url, call->faults);
	if (!watch_check_filter(request->filter, call->faults, err) ||
	    !faults_none(call->faults, err))
		return false;
	if (request->from_revision > plan_durable(ws->plan) + 1)
		return err_set(err, ERR_RANGE,
		    "from_revision %" PRIu64 " is beyond the next one, which is %" PRIu64,
		    request->from_revision, plan_durable(ws->plan) + 1);
	if (webhooks_count_of(webhooks, ws) >= LIMIT_WEBHOOKS_OF_WORKSPACE)
		return err_set(err, ERR_LIMIT,
		    "workspace '%s' has %u webhooks already; remove one first", ws->id,
		    LIMIT_WEBHOOKS_OF_WORKSPACE);
	if (webhooks_count(webhooks) >= LIMIT_WEBHOOKS)
		return err_set(
		    err, ERR_LIMIT, "the daemon has %u webhooks already", LIMIT_WEBHOOKS);
	return true;
}

static void
fill_created(
    struct created *created, struct rpc_call *call, const Plumb__V1__CreateWebhookRequest *request)
{
	uint64_t durable = plan_durable(created->both.ws->plan);

	plumb__v1__item__init(&created->item);
	plumb__v1__item__init(&created->state_item);
	plumb__v1__webhook__init(&created->hook);
	plumb__v1__webhook_state__init(&created->state);
	created->hook.workspace = created->both.ws->id;
	created->hook.id = request->id;
	created->hook.url = request->url;
	created->hook.filter = request->filter;
	created->hook.created = time_format(daemon_clock_us(call->daemon), created->now);
	created->hook.created_by = call->caller.name;
	created->state.delivered =
	    request->from_revision == 0 ? durable : request->from_revision - 1;
	created->item.id = created->state_item.id = created->both.key;
	created->item.body_case = PLUMB__V1__ITEM__BODY_WEBHOOK;
	created->item.webhook = &created->hook;
	created->state_item.body_case = PLUMB__V1__ITEM__BODY_WEBHOOK_STATE;
	created->state_item.webhook_state = &created->state;
	created->both.item = &created->item;
	created->both.state = &created->state_item;
	put(&created->changes, &created->item);
	put(&created->changes, &created->state_item);
}

static bool
create(struct rpc_call *call, struct workspace *ws, const Plumb__V1__CreateWebhookRequest *request,
    struct err *err)
{
	struct created *created = arena_zalloc(call->arena, sizeof *created);

	if (created == NULL)
		return err_oom(err);
	created->both.ws = ws;
	if (!key_for(ws, request->id, created->both.key))
		return err_set(err, ERR_INVALID, "the id is too long");
	if (system_entry(call->daemon, KIND_WEBHOOK, created->both.key) != NULL)
		return err_set(err, ERR_EXISTS, "workspace '%s' has a webhook '%s' already", ws->id,
		    request->id);
	fill_created(created, call, request);
	if (!make_secret(call, &created->hook, created->secret, err))
		return false;
	plumb__v1__create_webhook_reply__init(&created->reply);
	fill_info(&created->info, &created->both);
	created->reply.webhook = &created->info;
	created->reply.secret = created->secret;
	return system_change(
	    call, created->changes.list, created->changes.count, &created->reply.base, err);
}

void
handle_webhooks_create(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__CreateWebhookRequest *request =
	    (const Plumb__V1__CreateWebhookRequest *)message;
	struct workspace *ws =
	    workspace_for_call(call, request->workspace, handle_webhooks_create, message);
	struct err err = {0};

	/* What is counted must be durable. */
	if (ws == NULL || waits(call, handle_webhooks_create, message))
		return;
	if (!check_create(call, ws, request, &err) || !create(call, ws, request, &err))
		rpc_fail(call, &err);
}

/* ---- List ------------------------------------------------------------------------------------------------ */

void
handle_webhooks_list(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__ListWebhooksRequest *request =
	    (const Plumb__V1__ListWebhooksRequest *)message;
	struct workspace *ws =
	    workspace_for_call(call, request->workspace, handle_webhooks_list, message);
	const char *keys[LIMIT_WEBHOOKS_OF_WORKSPACE];
	Plumb__V1__WebhookInfo infos[LIMIT_WEBHOOKS_OF_WORKSPACE];
	Plumb__V1__WebhookInfo *list[LIMIT_WEBHOOKS_OF_WORKSPACE];
	Plumb__V1__ListWebhooksReply reply;
	struct err err = {0};
	unsigned count;

	if (ws == NULL || waits(call, handle_webhooks_list, message))
		return;
	plumb__v1__list_webhooks_reply__init(&reply);
	reply.webhooks = list;
	count = webhooks_keys(call->daemon->webhooks, ws, keys, LIMIT_WEBHOOKS_OF_WORKSPACE);
	for (unsigned i = 0; i < count && i < LIMIT_WEBHOOKS_OF_WORKSPACE; i++) {
		struct both *both = load(call, ws, keys[i], keys[i], &err);

		if (both == NULL) {
			rpc_fail(call, &err);
			return;
		}
		fill_info(&infos[i], both);
		list[reply.n_webhooks++] = &infos[i];
	}
	if (rpc_send(call, &reply.base))
		rpc_finish(call);
}

/* ---- Update, Remove, RotateSecret --------------------------------------------------------------------------- */

/* Puts the webhook, and fails the call where that can't be. */
static void
change_hook(struct rpc_call *call, struct both *both, const ProtobufCMessage *reply)
{
	struct changes *changes = arena_zalloc(call->arena, sizeof *changes);
	struct err err = {0};
	bool ok = changes != NULL || err_oom(&err);

	if (ok) {
		put(changes, both->item);
		ok = system_change(call, changes->list, changes->count, reply, &err);
	}
	if (!ok)
		rpc_fail(call, &err);
}

void
handle_webhooks_update(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__UpdateWebhookRequest *request =
	    (const Plumb__V1__UpdateWebhookRequest *)message;
	struct both *both =
	    find_both(call, request->workspace, request->id, handle_webhooks_update, message);
	Plumb__V1__UpdateWebhookReply reply;
	Plumb__V1__WebhookInfo info;
	Plumb__V1__Webhook *hook;
	struct err err = {0};

	if (both == NULL)
		return;
	hook = both->item->webhook;
	if (request->url__case == PLUMB__V1__UPDATE_WEBHOOK_REQUEST__URL__URL) {
		check_url(request->url, call->faults);
		hook->url = request->url;
	}
	if (request->filter__case == PLUMB__V1__UPDATE_WEBHOOK_REQUEST__FILTER__FILTER)
		hook->filter = request->filter;
	if (request->paused__case == PLUMB__V1__UPDATE_WEBHOOK_REQUEST__PAUSED__PAUSED) {
		hook->paused = request->paused;
		hook->paused_reason = pb_str("");
	}
	if (!watch_check_filter(hook->filter, call->faults, &err) ||
	    !faults_none(call->faults, &err)) {
		rpc_fail(call, &err);
		return;
	}
	plumb__v1__update_webhook_reply__init(&reply);
	fill_info(&info, both);
	reply.webhook = &info;
	change_hook(call, both, &reply.base);
}

void
handle_webhooks_remove(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__RemoveWebhookRequest *request =
	    (const Plumb__V1__RemoveWebhookRequest *)message;
	struct both *both =
	    find_both(call, request->workspace, request->id, handle_webhooks_remove, message);
	struct changes *changes = arena_zalloc(call->arena, sizeof *changes);
	Plumb__V1__RemoveWebhookReply reply;
	struct err err = {0};

	if (both == NULL)
		return;
	plumb__v1__remove_webhook_reply__init(&reply);
	if (changes == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	take_out(changes, "webhook", both->key);
	take_out(changes, "webhook-state", both->key);
	if (!system_change(call, changes->list, changes->count, &reply.base, &err))
		rpc_fail(call, &err);
}

void
handle_webhooks_rotate_secret(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__RotateSecretRequest *request =
	    (const Plumb__V1__RotateSecretRequest *)message;
	struct both *both = find_both(
	    call, request->workspace, request->id, handle_webhooks_rotate_secret, message);
	Plumb__V1__RotateSecretReply reply;
	Plumb__V1__WebhookInfo info;
	Plumb__V1__Webhook *hook;
	char secret[SECRET_TEXT] = "";
	struct err err = {0};

	if (both == NULL)
		return;
	hook = both->item->webhook;
	if (request->keep_previous && request->drop_previous) {
		err_set(&err, ERR_INVALID, "keep_previous and drop_previous contradict each other");
		rpc_fail(call, &err);
		return;
	}
	hook->previous_secret = (ProtobufCBinaryData){0, NULL};
	if (request->keep_previous)
		hook->previous_secret = hook->secret;
	if (!request->drop_previous && !make_secret(call, hook, secret, &err)) {
		rpc_fail(call, &err);
		return;
	}
	plumb__v1__rotate_secret_reply__init(&reply);
	fill_info(&info, both);
	reply.webhook = &info;
	reply.secret = secret;
	change_hook(call, both, &reply.base);
}

/* ---- dead letters ---------------------------------------------------------------------------------------------- */

void
handle_webhooks_list_dead_letters(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__ListDeadLettersRequest *request =
	    (const Plumb__V1__ListDeadLettersRequest *)message;
	Plumb__V1__ListDeadLettersReply reply;
	struct both *both;

	if (waits(call, handle_webhooks_list_dead_letters, message))
		return;
	both = find_both(
	    call, request->workspace, request->id, handle_webhooks_list_dead_letters, message);
	if (both == NULL)
		return;
	plumb__v1__list_dead_letters_reply__init(&reply);
	reply.n_dead_letters = both->state->webhook_state->n_dead;
	reply.dead_letters = both->state->webhook_state->dead;
	reply.dropped = both->state->webhook_state->dropped;
	if (rpc_send(call, &reply.base))
		rpc_finish(call);
}

static bool
is_among(uint64_t revision, const uint64_t *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i] == revision)
			return true;
	}
	return false;
}

/* Takes out those that are among the revisions. */
static uint32_t
drop_dead(Plumb__V1__WebhookState *state, const uint64_t *revisions, size_t count, bool all)
{
	size_t kept = 0;

	for (size_t i = 0; i < state->n_dead; i++) {
		if (!all && !is_among(state->dead[i]->revision, revisions, count))
			state->dead[kept++] = state->dead[i];
	}
	count = state->n_dead - kept;
	state->n_dead = kept;
	return (uint32_t)count;
}

static uint32_t
mark_dead(Plumb__V1__WebhookState *state, const uint64_t *revisions, size_t count, bool all)
{
	uint32_t marked = 0;

	for (size_t i = 0; i < state->n_dead; i++) {
		if (!all && !is_among(state->dead[i]->revision, revisions, count))
			continue;
		state->dead[i]->retry = true;
		marked++;
	}
	return marked;
}

static bool
put_state(struct rpc_call *call, struct both *both, bool with_hook, const ProtobufCMessage *reply,
    struct err *err)
{
	struct changes *changes = arena_zalloc(call->arena, sizeof *changes);

	if (changes == NULL)
		return err_oom(err);
	put(changes, both->state);
	if (with_hook)
		put(changes, both->item);
	return system_change(call, changes->list, changes->count, reply, err);
}

void
handle_webhooks_retry_dead_letters(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__RetryDeadLettersRequest *request =
	    (const Plumb__V1__RetryDeadLettersRequest *)message;
	struct both *both = find_both(
	    call, request->workspace, request->id, handle_webhooks_retry_dead_letters, message);
	Plumb__V1__RetryDeadLettersReply reply;
	bool all = request->n_revisions == 0;
	struct err err = {0};

	if (both == NULL)
		return;
	plumb__v1__retry_dead_letters_reply__init(&reply);
	reply.count = (request->drop ? drop_dead : mark_dead)(
	    both->state->webhook_state, request->revisions, request->n_revisions, all);
	if (reply.count < request->n_revisions)
		err_set(&err, ERR_NOT_FOUND,
		    "not all of these revisions are dead letters; plumb webhook dead %s lists them",
		    request->id);
	else if (put_state(call, both, false, &reply.base, &err))
		return;
	rpc_fail(call, &err);
}

/* ---- the sender's, and Test ----------------------------------------------------------------------------------- */

void
handle_webhooks_test(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__TestWebhookRequest *request =
	    (const Plumb__V1__TestWebhookRequest *)message;
	struct both *both;
	struct err err = {0};

	if (waits(call, handle_webhooks_test, message))
		return;
	both = find_both(call, request->workspace, request->id, handle_webhooks_test, message);
	if (both != NULL && !webhooks_test(call->daemon->webhooks, call, both->key, &err))
		rpc_fail(call, &err);
}

void
handle_webhooks_watch(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct err err = {0};

	(void)message;
	if (call->daemon->stopping)
		err_set(&err, ERR_UNAVAILABLE, "the daemon is stopping; try again in a moment");
	else if (webhooks_join(call->daemon->webhooks, call, &err))
		return;
	rpc_fail(call, &err);
}

static char *
cut_error(struct arena *arena, const char *text)
{
	size_t len = strlen(text);

	while (len > LIMIT_WEBHOOK_ERROR)
		len--;
	while (len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80) /* not within a character */
		len--;
	return arena_strndup(arena, text, len);
}

/* Adds one, instead of what was there of its revision; the oldest goes where there are too many. In order of revision. */
static bool
bury(Plumb__V1__WebhookState *state, Plumb__V1__DeadLetter *dead, struct arena *arena)
{
	Plumb__V1__DeadLetter **list;
	size_t at = 0, first;

	(void)drop_dead(state, &dead->revision, 1, false);
	list = arena_array(arena, state->n_dead + 1, sizeof *list);
	dead->last_error = cut_error(arena, dead->last_error);
	if (list == NULL || dead->last_error == NULL)
		return false;
	dead->retry = false;
	while (at < state->n_dead && state->dead[at]->revision < dead->revision)
		at++;
	if (at > 0)
		memcpy(list, state->dead, at * sizeof *list);
	list[at] = dead;
	if (at < state->n_dead)
		memcpy(list + at + 1, state->dead + at, (state->n_dead - at) * sizeof *list);
	first = state->n_dead >= LIMIT_DEAD_LETTERS ? state->n_dead + 1 - LIMIT_DEAD_LETTERS : 0;
	state->dropped += first;
	state->n_dead = state->n_dead + 1 - first;
	state->dead = list + first;
	return true;
}

static bool
take_report(struct both *both, const Plumb__V1__ReportDeliveryRequest *report, struct arena *arena,
    struct err *err)
{
	Plumb__V1__WebhookState *state = both->state->webhook_state;

	if (report->delivered > state->delivered)
		state->delivered = report->delivered;
	state->last_error = cut_error(arena, report->last_error);
	if (state->last_error == NULL)
		return err_oom(err);
	(void)drop_dead(state, report->retried, report->n_retried, false);
	for (size_t i = 0; i < report->n_dead; i++) {
		if (!bury(state, report->dead[i], arena))
			return err_oom(err);
	}
	if (report->pause[0] != '\0') {
		both->item->webhook->paused = true;
		both->item->webhook->paused_reason = cut_error(arena, report->pause);
		if (both->item->webhook->paused_reason == NULL)
			return err_oom(err);
	}
	return true;
}

/* The workspace of a webhook, by its key; NULL. */
static struct workspace *
workspace_of(struct daemon *daemon, const char *key)
{
	char number[16];
	uint64_t n;
	size_t len = strcspn(key, ".");

	snprintf(number, sizeof number, "%.*s", (int)(len < sizeof number ? len : 0), key);
	return parse_u64(number, 1, UINT32_MAX, &n) ? workspace_by_number(daemon, (uint32_t)n)
						    : NULL;
}

static bool
report(struct rpc_call *call, const Plumb__V1__ReportDeliveryRequest *request, struct err *err)
{
	struct workspace *ws = workspace_of(call->daemon, request->key);
	Plumb__V1__ReportDeliveryReply reply;
	struct both *both;

	if (ws == NULL || !parse_is_id(request->key, strlen(request->key)))
		return err_set(err, ERR_NOT_FOUND, "there is no webhook '%.60s'", request->key);
	if (request->delivered > store_head(call->daemon->store, ws->number).revision)
		return err_set(
		    err, ERR_RANGE, "revision %" PRIu64 " does not exist", request->delivered);
	if (request->n_dead > LIMIT_DEAD_LETTERS)
		return err_set(err, ERR_LIMIT, "more than %u dead letters", LIMIT_DEAD_LETTERS);
	plumb__v1__report_delivery_reply__init(&reply);
	both = load(call, ws, request->key, request->key, err);
	return both != NULL && take_report(both, request, call->arena, err) &&
	       put_state(call, both, request->pause[0] != '\0', &reply.base, err);
}

void
handle_webhooks_report(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__ReportDeliveryRequest *request =
	    (const Plumb__V1__ReportDeliveryRequest *)message;
	Plumb__V1__ReportDeliveryReply reply;
	struct err err = {0};

	if (request->test != NULL) {
		webhooks_tested(call->daemon->webhooks, request->test);
		plumb__v1__report_delivery_reply__init(&reply);
		if (rpc_send(call, &reply.base))
			rpc_finish(call);
	} else if (!report(call, request, &err)) {
		rpc_fail(call, &err);
	}
}
