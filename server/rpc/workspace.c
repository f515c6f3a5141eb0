#include "server/rpc/workspace.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/log.h"
#include "common/pb.h"
#include "server/limits.h"
#include "server/plan/view.h"
#include "server/rpc/access.h"
#include "server/rpc/audit.h"
#include "server/rpc/check_book.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/keys.h"
#include "server/rpc/metrics.h"
#include "server/rpc/redact.h"
#include "server/rpc/scenario_view.h"
#include "server/rpc/snapshots.h"
#include "server/rpc/voices.h"
#include "server/rpc/watch.h"

#define DEFAULT_WORKSPACE  "main"
#define REQUEST_HASH_FIELD 20
#define BODY_FORMAT        1

/* ---- the list ------------------------------------------------------------------------------------------ */

/* The one answer about what is not there, or not for the caller. */
static struct workspace *
absent(const char *id, struct err *err)
{
	if (parse_is_id(id, strlen(id)))
		err_set(err, ERR_NOT_FOUND,
		    "workspace '%s' does not exist; create it with: plumb workspace create %s", id,
		    id);
	else
		err_set(err, ERR_INVALID,
		    "workspace: '%.80s' is not an id (1 to 64 of a-z 0-9 . _ -)", id);
	return NULL;
}

struct workspace *
workspace_find(struct daemon *daemon, const char *id, struct err *err)
{
	if (id[0] == '\0')
		id = DEFAULT_WORKSPACE;
	for (struct workspace *ws = daemon->workspaces; ws != NULL; ws = ws->next) {
		if (strcmp(ws->id, id) == 0)
			return ws;
	}
	return absent(id, err);
}

struct workspace *
workspace_enter(struct rpc_call *call, const char *id, struct err *err)
{
	struct workspace *ws;

	if (id[0] == '\0')
		id = DEFAULT_WORKSPACE;
	/* Not looked for: what a caller may not enter takes as long whether it is there or not. */
	if (!access_may_enter(call, id)) {
		if (parse_is_id(id, strlen(id)))
			audit_event(
			    call->daemon, &call->caller, "refused", id, "not in the token's scope");
		return absent(id, err);
	}
	ws = workspace_find(call->daemon, id, err);
	return ws != NULL && quota_enter(call, ws, err) ? ws : NULL;
}

struct workspace *
workspace_by_number(struct daemon *daemon, uint32_t number)
{
	if (daemon->system != NULL && daemon->system->number == number)
		return daemon->system;
	for (struct workspace *ws = daemon->workspaces; ws != NULL; ws = ws->next) {
		if (ws->number == number)
			return ws;
	}
	return NULL;
}

static void
open_zone(struct workspace *ws)
{
	struct err err;

	if (ws->time_zone[0] == '\0')
		return;
	ws->zone = zone_open(ws->time_zone, &err);
	if (ws->zone == NULL)
		log_warn("time-zone", "workspace=%s zone=\"%s\" why=\"%s\" read-as=UTC", ws->id,
		    ws->time_zone, err.msg);
}

struct workspace *
workspace_add(struct daemon *daemon, const char *id, const char *title, const char *time_zone,
    uint32_t number, struct err *err)
{
	struct workspace *ws = calloc(1, sizeof *ws);

	assert(strlen(id) <= ID_MAX_LEN);
	if (ws == NULL) {
		err_oom(err);
		return NULL;
	}
	ws->daemon = daemon;
	ws->number = number;
	memcpy(ws->id, id, strlen(id) + 1);
	ws->title = strdup(title);
	ws->time_zone = strdup(time_zone);
	if (ws->title == NULL || ws->time_zone == NULL) {
		workspace_free(ws);
		err_oom(err);
		return NULL;
	}
	open_zone(ws);
	voices_init(ws);
	if (number == STORE_SYSTEM_WORKSPACE) {
		daemon->system = ws;
		return ws;
	}
	ws->next = daemon->workspaces;
	daemon->workspaces = ws;
	daemon->workspaces_count++;
	return ws;
}

void
workspace_free(struct workspace *ws)
{
	if (ws == NULL)
		return;
	assert(
	    ws->oldest_commit == NULL && ws->undurable.first == NULL && ws->loading.first == NULL);
	watch_free(ws);
	scenario_views_drop(ws, true);
	shared_view_unref(ws->judged);
	keys_free(ws->keys);
	plan_free(ws->plan);
	zone_free(ws->zone);
	free(ws->time_zone);
	free(ws->title);
	free(ws);
}

int32_t
workspace_today(const struct workspace *ws)
{
	return zone_date(ws->zone, daemon_clock_us(ws->daemon));
}

void
workspace_fold_source(const struct workspace *ws, const bool *cancelled, struct fold_source *out)
{
	out->store = ws->daemon->store;
	out->directory = ws->daemon->data_dir;
	out->workspace = ws->number;
	out->cancelled = cancelled;
}

/* ---- loading ------------------------------------------------------------------------------------------- */

struct load {
	struct workspace *ws;
	struct fold_source source;
	int64_t now_us;
	struct plan *plan;
	struct keys *keys;
	struct fold_stats stats;
	struct err err;
};

static uint64_t
request_hash_of(const uint8_t *body, size_t len)
{
	struct pb_in in;
	struct pb_field field;

	pb_in_init(&in, body, len);
	while (pb_in_next(&in, &field)) {
		if (field.number == REQUEST_HASH_FIELD && field.wire_type == 1)
			return field.value;
	}
	return 0;
}

static bool
on_key(void *arg, const struct store_entry *entry)
{
	struct load *load = arg;
	struct key_entry key = {
	    .hash = keys_hash(load->keys, entry->author, entry->key),
	    .request_hash = request_hash_of(entry->body, entry->body_len),
	    .revision = entry->revision,
	    .time_us = entry->time_us,
	    .logged_us = entry->logged_us,
	};
	struct err full;

	return keys_add(load->keys, &key, load->now_us, &full);
}

static void
load_run(void *arg)
{
	struct load *load = arg;
	struct store_head head = store_head(load->source.store, load->source.workspace);

	load->keys = keys_new();
	if (load->keys == NULL) {
		err_oom(&load->err);
		return;
	}
	if (!store_keys(load->source.store, load->source.workspace, load->now_us - LIMIT_KEY_AGE_US,
		on_key, load, &load->err))
		return;
	load->plan = fold_plan(&load->source, head.revision, &load->stats, &load->err);
}

static void
load_finish(struct load *load)
{
	struct workspace *ws = load->ws;

	if (load->plan == NULL) {
		keys_free(load->keys);
		ws->state = WORKSPACE_BROKEN;
		ws->broken = load->err;
		err_wrap(&ws->broken, "workspace '%s'", ws->id);
		return;
	}
	ws->plan = load->plan;
	ws->keys = load->keys;
	ws->since_snapshot = load->stats;
	ws->state = WORKSPACE_READY;
	redact_check(ws);
}

static void
load_init(struct load *load, struct workspace *ws)
{
	memset(load, 0, sizeof *load);
	load->ws = ws;
	load->now_us = daemon_clock_us(ws->daemon);
	workspace_fold_source(ws, NULL, &load->source);
}

bool
workspace_load_now(struct workspace *ws, struct err *err)
{
	struct load load;

	if (ws->state == WORKSPACE_COLD) {
		load_init(&load, ws);
		load_run(&load);
		load_finish(&load);
	}
	if (ws->state != WORKSPACE_READY)
		*err = ws->broken;
	return ws->state == WORKSPACE_READY;
}

static void
load_done(void *arg)
{
	struct load *load = arg;
	struct workspace *ws = load->ws;

	load_finish(load);
	free(load);
	waiters_wake(&ws->loading, UINT64_MAX, UINT64_MAX);
	/* Those who waited were told; want of memory and a disk that doesn't answer pass, so the next use tries again. */
	if (ws->state == WORKSPACE_BROKEN &&
	    (ws->broken.code == ERR_LIMIT || ws->broken.code == ERR_UNAVAILABLE))
		ws->state = WORKSPACE_COLD;
}

void
workspace_load(struct workspace *ws)
{
	struct load *load = malloc(sizeof *load);
	struct err err = {0};

	assert(ws->state == WORKSPACE_COLD);
	if (load == NULL)
		return; /* stays COLD: the next use tries again */
	load_init(load, ws);
	if (!jobs_start(ws->daemon->jobs, load_run, load_done, load, &err)) {
		free(load);
		return;
	}
	ws->state = WORKSPACE_LOADING;
}

/* ---- calls that wait ----------------------------------------------------------------------------------- */

struct parked {
	struct waiter waiter; /* first */
	struct rpc_call *call;
	rpc_handler_fn handler;
	const ProtobufCMessage *request;
};

static void
parked_go_on(struct waiter *waiter)
{
	struct parked *parked = (struct parked *)waiter;
	struct rpc_call *call = parked->call;

	call->handler_data = NULL;
	call->on_cancel = NULL;
	parked->handler(call, parked->request);
}

static void
parked_cancel(struct rpc_call *call)
{
	struct parked *parked = call->handler_data;

	waiter_remove(&parked->waiter);
	call->handler_data = NULL;
}

static void
park(struct waiters *list, uint64_t revision, struct rpc_call *call, rpc_handler_fn handler,
    const ProtobufCMessage *request)
{
	struct parked *parked = arena_zalloc(call->arena, sizeof *parked);
	struct err err;

	assert(call->handler_data == NULL);
	if (parked == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	parked->waiter.go_on = parked_go_on;
	parked->call = call;
	parked->handler = handler;
	parked->request = request;
	call->handler_data = parked;
	call->on_cancel = parked_cancel;
	waiter_add(list, &parked->waiter, revision);
}

void
workspace_wait_call(struct workspace *ws, uint64_t revision, struct rpc_call *call,
    rpc_handler_fn handler, const ProtobufCMessage *request)
{
	park(&ws->undurable, revision, call, handler, request);
}

struct workspace *
workspace_for_call(
    struct rpc_call *call, const char *id, rpc_handler_fn handler, const ProtobufCMessage *request)
{
	struct err err = {0};
	struct workspace *ws = workspace_enter(call, id, &err);

	if (ws == NULL) {
		rpc_fail(call, &err);
		return NULL;
	}
	if (ws->state == WORKSPACE_READY)
		return ws;
	if (ws->state == WORKSPACE_COLD)
		workspace_load(ws);
	if (ws->state == WORKSPACE_LOADING) {
		park(&ws->loading, 0, call, handler, request);
		return NULL;
	}
	if (ws->state == WORKSPACE_COLD)
		err_oom(&err);
	else
		err = ws->broken;
	rpc_fail(call, &err);
	return NULL;
}

/* ---- commits ------------------------------------------------------------------------------------------- */

static void
link_commit(struct workspace *ws, struct commit *commit)
{
	commit->next = NULL;
	commit->prev = ws->newest_commit;
	if (ws->newest_commit != NULL)
		ws->newest_commit->next = commit;
	else
		ws->oldest_commit = commit;
	ws->newest_commit = commit;
}

static void
unlink_commit(struct workspace *ws, struct commit *commit)
{
	if (commit->prev != NULL)
		commit->prev->next = commit->next;
	else
		ws->oldest_commit = commit->next;
	if (commit->next != NULL)
		commit->next->prev = commit->prev;
	else
		ws->newest_commit = commit->prev;
	commit->next = commit->prev = NULL;
}

/* Tells whoever asked for the change. */
static void
answer(struct commit *commit, enum err_code code)
{
	struct err err;

	if (commit->on_outcome != NULL)
		commit->on_outcome(commit, code);
	if (commit->on_done != NULL) {
		commit->on_done(commit, code);
		return;
	}
	if (code == ERR_OK) {
		if (rpc_send_bytes(commit->call, commit->reply, commit->reply_len))
			rpc_finish(commit->call);
		return;
	}
	err_set(&err, code,
	    "the disk refused the change; it was not made. Reading goes on; try again when %s",
	    "the disk is well");
	rpc_fail(commit->call, &err);
}

static void
release(struct commit *commit)
{
	struct rpc_call *call = commit->call;

	if (call != NULL)
		rpc_unpin(call);
	else
		commit->free(commit);
}

static void
take_back(struct workspace *ws, struct commit *commit)
{
	plan_undo(ws->plan, commit->patch);
	commit->patch = NULL;
	if (commit->key_hash != 0)
		keys_remove(ws->keys, commit->key_hash, commit->stamp.revision);
	unlink_commit(ws, commit);
	ws->undo_epoch++;
	ws->moved = true;
}

/* One failed: it and everything newer leaves the plan, newest first; then all are told. */
static void
commit_failed(struct commit *failed)
{
	struct workspace *ws = failed->ws;
	struct commit *told = NULL; /* oldest first, linked by next */

	log_error("commit", "workspace=%s revision=%" PRIu64 " outcome=failed", ws->id,
	    failed->stamp.revision);
	while (ws->newest_commit != NULL &&
	       ws->newest_commit->stamp.revision >= failed->stamp.revision) {
		struct commit *commit = ws->newest_commit;

		take_back(ws, commit);
		commit->next = told;
		told = commit;
		if (commit != failed)
			ws->taken_back++;
	}
	while (told != NULL) {
		struct commit *next = told->next;

		answer(told, ERR_UNAVAILABLE);
		told = next;
	}
	release(failed);
}

static void
tell_observers(const struct commit *commit)
{
	struct workspace *ws = commit->ws;
	struct daemon *daemon = ws->daemon;
	size_t count;
	const struct patch_op *ops = patch_ops(commit->patch, &count);

	if (ws == daemon->system)
		workspaces_on_change(daemon, ops, count);
	redact_on_change(ws, ops, count);
	for (size_t i = 0; i < daemon->observers_count; i++)
		daemon->observers[i].fn(daemon->observers[i].arg, ws->number,
		    commit->stamp.revision, commit->stamp.time_us, ops, count);
}

static void
commit_durable(struct commit *commit)
{
	struct workspace *ws = commit->ws;

	assert(ws->oldest_commit == commit);
	metrics_commit(daemon_monotonic_us() - commit->taken_us);
	tell_observers(commit);
	plan_settle(ws->plan, commit->patch);
	commit->patch = NULL;
	unlink_commit(ws, commit);
	ws->since_snapshot.log_bytes += commit->body_len;
	ws->since_snapshot.log_changes++;
	ws->moved = true;
	watch_publish(ws, commit);
	answer(commit, ERR_OK);
	release(commit);
}

static void
commit_done(void *arg, enum store_outcome outcome)
{
	struct commit *commit = arg;

	if (commit->patch == NULL) {
		/* Taken back with an older one; revisions are dense, so the log cannot have it. */
		assert(outcome != STORE_OK && commit->ws->taken_back > 0);
		commit->ws->taken_back--;
		release(commit);
		return;
	}
	if (outcome == STORE_OK) {
		commit_durable(commit);
		return;
	}
	if (outcome == STORE_CONFLICT)
		log_error("commit", "workspace=%s revision=%" PRIu64 " outcome=conflict",
		    commit->ws->id, commit->stamp.revision);
	commit_failed(commit);
}

bool
workspace_is_writable(const struct workspace *ws, struct err *err)
{
	if (ws->daemon->stopping)
		return err_set(
		    err, ERR_UNAVAILABLE, "the daemon is stopping; try again in a moment");
	if (ws->taken_back > 0 || !store_is_writable(ws->daemon->store))
		return err_set(err, ERR_UNAVAILABLE,
		    "the disk refuses to be written; reading goes on. Try again when the disk is "
		    "well");
	return true;
}

bool
workspace_commit(struct commit *commit, const char *author, const char *key, struct err *err)
{
	struct workspace *ws = commit->ws;
	struct store_entry entry = {
	    .workspace = ws->number,
	    .revision = commit->stamp.revision,
	    .time_us = commit->stamp.time_us,
	    .logged_us = commit->logged_us,
	    .author = author,
	    .key = key,
	    .kind = STORE_CHANGE_SET,
	    .format = BODY_FORMAT,
	    .body = commit->body,
	    .body_len = commit->body_len,
	};

	commit->taken_us = daemon_monotonic_us();
	if (!store_append(ws->daemon->store, &entry, commit_done, commit, err)) {
		plan_undo(ws->plan, commit->patch);
		commit->patch = NULL;
		return false;
	}
	link_commit(ws, commit);
	if (commit->call != NULL)
		rpc_pin(commit->call);
	return true;
}

/* The plan has moved on, or what was found is not kept any more. */
static void
drop_judged(struct workspace *ws)
{
	if (ws->judged == NULL || (ws->judged->revision == plan_durable(ws->plan) &&
				      check_book_has(ws->daemon->checks, ws->judged->view)))
		return;
	shared_view_unref(ws->judged);
	ws->judged = NULL;
}

void
workspace_keep_judged(struct shared_view *shared)
{
	struct workspace *ws = shared->ws;

	if (ws->newest != shared || ws->judged == shared ||
	    !check_book_has(ws->daemon->checks, shared->view))
		return;
	shared_view_unref(ws->judged);
	ws->judged = shared;
	shared->refs++;
}

void
workspace_after_poll(struct workspace *ws)
{
	if (ws->state != WORKSPACE_READY || !ws->moved)
		return;
	ws->moved = false;
	scenario_views_drop(ws, false);
	waiters_wake(&ws->undurable, plan_durable(ws->plan), plan_revision(ws->plan));
	workspace_tick(ws);
}

void
workspace_tick(struct workspace *ws)
{
	if (ws->state != WORKSPACE_READY)
		return;
	drop_judged(ws);
	if (ws->redact_wanted)
		redact_check(ws);
	snapshots_consider(ws);
}

/* ---- views --------------------------------------------------------------------------------------------- */

struct shared_view *
workspace_view(struct workspace *ws)
{
	struct shared_view *shared = ws->newest;

	if (shared != NULL && shared->revision == plan_durable(ws->plan)) {
		shared->refs++;
		return shared;
	}
	shared = calloc(1, sizeof *shared);
	if (shared == NULL)
		return NULL;
	shared->view = plan_view(ws->plan);
	if (shared->view == NULL) {
		free(shared);
		return NULL;
	}
	shared->ws = ws;
	shared->revision = plan_durable(ws->plan);
	shared->refs = 1;
	ws->newest = shared;
	return shared;
}

bool
shared_view_settle(struct shared_view *shared)
{
	pthread_mutex_t *lock = &shared->ws->daemon->settle_lock;
	bool settled;

	pthread_mutex_lock(lock);
	if (!shared->settled)
		shared->settled = view_settle(shared->view);
	settled = shared->settled;
	pthread_mutex_unlock(lock);
	return settled;
}

void
shared_view_unref(struct shared_view *shared)
{
	if (shared == NULL)
		return;
	assert(shared->refs > 0);
	if (--shared->refs > 0)
		return;
	if (shared->ws->newest == shared)
		shared->ws->newest = NULL;
	check_book_forget(shared->ws->daemon->checks, shared->view);
	plan_view_release(shared->ws->plan, shared->view);
	free(shared->conflicts);
	free(shared);
}
