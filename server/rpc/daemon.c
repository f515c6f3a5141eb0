#include "server/rpc/daemon.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/arena.h"
#include "common/log.h"
#include "common/pb.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/view.h"
#include "server/rpc/audit.h"
#include "server/rpc/access.h"
#include "server/rpc/check_book.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/metrics.h"
#include "server/rpc/projection.h"
#include "server/rpc/quota.h"
#include "server/rpc/snapshots.h"
#include "server/rpc/system.h"
#include "server/rpc/trend.h"
#include "server/rpc/voices.h"
#include "server/rpc/watch.h"
#include "server/rpc/webhooks.h"
#include "server/store/confidential.h"

#define MAIN_NUMBER 2u

/* ---- clocks -------------------------------------------------------------------------------------------- */

static int64_t
read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
daemon_monotonic_us(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t
daemon_clock_us(const struct daemon *daemon)
{
	if (!daemon->clock_set)
		return read_clock(CLOCK_REALTIME);
	if (daemon->clock_frozen)
		return daemon->clock_base_us;
	return daemon->clock_base_us + (daemon_monotonic_us() - daemon->start_monotonic_us);
}

/* ---- the first start ----------------------------------------------------------------------------------- */

void
daemon_wait_for_store(struct daemon *daemon)
{
	const struct timespec pause = {0, 200000};

	store_flush(daemon->store);
	while (daemon->system->oldest_commit != NULL) {
		if (store_poll(daemon->store) == 0)
			nanosleep(&pause, NULL);
	}
}

/* Workspace "main", as an entry of the system workspace. */
static bool
create_main(struct daemon *daemon, struct err *err)
{
	uint64_t before = plan_durable(daemon->system->plan);
	Plumb__V1__Item item;
	Plumb__V1__Workspace body;

	plumb__v1__item__init(&item);
	plumb__v1__workspace__init(&body);
	body.number = MAIN_NUMBER;
	item.id = pb_str("main");
	item.title = pb_str("Main");
	item.body_case = PLUMB__V1__ITEM__BODY_WORKSPACE;
	item.workspace = &body;
	if (!system_put_own(daemon, &item, "first start", NULL, NULL, err))
		return false;
	daemon_wait_for_store(daemon);
	if (plan_durable(daemon->system->plan) == before)
		return err_set(err, ERR_UNAVAILABLE, "the disk refuses to be written");
	return true;
}

/* ---- the list of workspaces ---------------------------------------------------------------------------- */

static bool
add_workspace(struct daemon *daemon, const struct item *entry, struct arena *arena, struct err *err)
{
	const Plumb__V1__Item *item = (const Plumb__V1__Item *)codec_decode(entry, arena);

	if (item == NULL)
		return err_oom(err);
	if (item->body_case != PLUMB__V1__ITEM__BODY_WORKSPACE || item->workspace->number == 0 ||
	    workspace_by_number(daemon, item->workspace->number) != NULL)
		return true;
	return workspace_add(daemon, item->id, item->title, item->workspace->time_zone,
		   item->workspace->number, err) != NULL;
}

bool
workspaces_on_change(struct daemon *daemon, const struct patch_op *ops, size_t count)
{
	struct arena *arena = arena_new(LIMIT_CALL_ARENA);
	struct err err = {0};
	bool ok = arena != NULL;

	for (size_t i = 0; i < count && ok; i++) {
		if (item_is_live(ops[i].new) && ops[i].new->kind == KIND_WORKSPACE)
			ok = add_workspace(daemon, ops[i].new, arena, &err);
	}
	if (!ok)
		log_error("workspaces", "why=\"%s\"", arena != NULL ? err.msg : "out of memory");
	daemon->relist |= !ok; /* what was created is there: the list takes it up later */
	arena_free(arena);
	return ok;
}

static bool
list_workspaces(struct daemon *daemon, struct err *err)
{
	const struct view *now = plan_now(daemon->system->plan);
	struct arena *arena = arena_new(LIMIT_CALL_ARENA);
	bool ok = arena != NULL || err_oom(err);

	for (uint32_t slot = 0; slot < view_slots(now) && ok; slot++) {
		const struct item *item = view_item(now, slot);

		if (item_is_live(item) && item->kind == KIND_WORKSPACE) {
			ok = add_workspace(daemon, item, arena, err);
			arena_reset(arena);
		}
	}
	arena_free(arena);
	return ok;
}

static bool
load_system(struct daemon *daemon, struct err *err)
{
	if (workspace_add(daemon, "system", "", "", STORE_SYSTEM_WORKSPACE, err) == NULL ||
	    !workspace_load_now(daemon->system, err))
		return false;
	if (system_entry(daemon, KIND_WORKSPACE, "main") == NULL && !create_main(daemon, err))
		return false;
	daemon->webhooks = webhooks_new(daemon, err);
	return daemon->webhooks != NULL && list_workspaces(daemon, err);
}

/* ---- beginning and end --------------------------------------------------------------------------------- */

static void
set_clock(struct daemon *daemon, const struct daemon_options *options)
{
	daemon->clock_set = options->clock_set;
	daemon->clock_frozen = options->clock_frozen;
	daemon->clock_base_us = options->clock_us;
	daemon->start_monotonic_us = daemon_monotonic_us();
	daemon->started_us = daemon_clock_us(daemon);
}

/* The plan doesn't need the tables: what is wrong with them keeps nobody from it. */
static void
open_tables(struct daemon *daemon)
{
	struct err err = {0};

	daemon->projection = projection_new(daemon, daemon->data_dir, &err);
	if (daemon->projection == NULL)
		log_error("tables",
		    "why=\"%s\" next=\"goes on without tables.db until the next start\"", err.msg);
}

static bool
open_all(struct daemon *daemon, const struct daemon_options *options, struct err *err)
{
	struct store_options store_options = {
	    .directory = daemon->data_dir,
	    .vfs = options->vfs,
	    .synchronous = options->synchronous != NULL ? options->synchronous : "FULL",
	    .wake = options->wake,
	    .wake_arg = options->wake_arg,
	};
	struct workspace *ws;

	daemon->store = store_open(&store_options, err);
	if (daemon->store == NULL)
		return false;
	daemon->quota = quota_new(options->limits);
	daemon->trends = trend_book_new();
	/* A simulated disk holds the log only. */
	daemon->confidential = confidential_new(options->vfs == NULL ? daemon->data_dir : NULL);
	daemon->voices = voice_book_new();
	daemon->checks = check_book_new(LIMIT_CHECKS_KEPT, LIMIT_CHECKS_KEPT_SLOTS);
	if (daemon->quota == NULL || daemon->trends == NULL || daemon->confidential == NULL ||
	    daemon->voices == NULL || daemon->checks == NULL)
		return err_oom(err);
	daemon->jobs = jobs_new(options->wake, options->wake_arg, err);
	if (daemon->jobs == NULL || !load_system(daemon, err))
		return false;
	daemon->access = access_load(daemon, (enum access)options->anonymous, err);
	if (daemon->access == NULL)
		return false;
	ws = workspace_find(daemon, "", err);
	if (ws == NULL || !workspace_load_now(ws, err))
		return false;
	/* A simulated disk holds the log only. */
	if (daemon->data_dir == NULL || options->vfs != NULL)
		return true;
	open_tables(daemon);
	return options->no_audit || audit_new(daemon, err) != NULL;
}

struct daemon *
daemon_new(const struct daemon_options *options, struct err *err)
{
	struct daemon *daemon = calloc(1, sizeof *daemon);

	if (daemon == NULL) {
		err_oom(err);
		return NULL;
	}
	pthread_mutex_init(&daemon->output_lock, NULL);
	pthread_mutex_init(&daemon->settle_lock, NULL);
	daemon->wake = options->wake;
	daemon->wake_arg = options->wake_arg;
	set_clock(daemon, options);
	if (options->data_dir != NULL) {
		daemon->data_dir = strdup(options->data_dir);
		if (daemon->data_dir == NULL) {
			daemon_free(daemon);
			err_oom(err);
			return NULL;
		}
	}
	if (!open_all(daemon, options, err)) {
		daemon_free(daemon);
		return NULL;
	}
	return daemon;
}

/* Until nothing is under way any more. */
static void
drain(struct daemon *daemon)
{
	const struct timespec pause = {0, 200000};

	for (;;) {
		store_flush(daemon->store);
		daemon_poll(daemon);
		if (daemon_is_idle(daemon))
			return;
		nanosleep(&pause, NULL);
	}
}

static void
free_workspaces(struct daemon *daemon)
{
	while (daemon->workspaces != NULL) {
		struct workspace *ws = daemon->workspaces;

		daemon->workspaces = ws->next;
		workspace_free(ws);
	}
	workspace_free(daemon->system);
}

void
daemon_free(struct daemon *daemon)
{
	if (daemon == NULL)
		return;
	daemon->stopping = true;
	projection_stop(daemon->projection);
	if (daemon->store != NULL && daemon->jobs != NULL && daemon->system != NULL) {
		audit_stop(daemon);
		drain(daemon);
		as_of_forget(daemon, NULL);
		drain(daemon);
		for (struct workspace *ws = daemon->workspaces; ws != NULL; ws = ws->next)
			snapshots_write_now(ws);
		snapshots_write_now(daemon->system);
	}
	jobs_free(daemon->jobs);
	access_free(daemon->access);
	audit_free(daemon->audit);
	webhooks_free(daemon->webhooks);
	confidential_free(daemon->confidential);
	voice_book_free(daemon->voices);
	trend_book_free(daemon->trends);
	projection_free(daemon->projection);
	store_close(daemon->store);
	free_workspaces(daemon);
	check_book_free(daemon->checks);
	if (daemon->rpc_pool != NULL)
		daemon->free_rpc_pool(daemon->rpc_pool);
	quota_free(daemon->quota);
	pthread_mutex_destroy(&daemon->settle_lock);
	pthread_mutex_destroy(&daemon->output_lock);
	free(daemon->data_dir);
	free(daemon);
}

void
daemon_stop(struct daemon *daemon)
{
	daemon->stopping = true;
	projection_stop(daemon->projection);
	webhooks_stop(daemon->webhooks);
	for (struct workspace *ws = daemon->workspaces; ws != NULL; ws = ws->next)
		watch_stop(ws);
}

bool
daemon_is_stopping(const struct daemon *daemon)
{
	return daemon->stopping;
}

bool
daemon_is_idle(const struct daemon *daemon)
{
	if (jobs_count(daemon->jobs) > 0 || daemon->system->oldest_commit != NULL ||
	    daemon->system->taken_back > 0)
		return false;
	for (const struct workspace *ws = daemon->workspaces; ws != NULL; ws = ws->next) {
		if (ws->oldest_commit != NULL || ws->taken_back > 0 || ws->undurable.first != NULL)
			return false;
	}
	return true;
}

/* ---- the loop's calls ---------------------------------------------------------------------------------- */

void
daemon_poll(struct daemon *daemon)
{
	size_t done = store_poll(daemon->store);

	if (done > 0)
		metrics_batch(done);
	jobs_poll(daemon->jobs);
	view_calls_poll(daemon);
	workspace_after_poll(daemon->system);
	for (struct workspace *ws = daemon->workspaces; ws != NULL; ws = ws->next)
		workspace_after_poll(ws);
	if (daemon->webhooks != NULL) /* the start may have failed */
		webhooks_poll(daemon->webhooks);
}

void
daemon_tick(struct daemon *daemon)
{
	int64_t now_us = daemon_monotonic_us();
	struct err err;

	if (daemon->relist &&
	    plan_revision(daemon->system->plan) == plan_durable(daemon->system->plan))
		daemon->relist = !list_workspaces(daemon, &err);
	check_book_trim(daemon->checks, now_us - CHECK_BOOK_KEPT_US);
	for (struct workspace *ws = daemon->workspaces; ws != NULL; ws = ws->next) {
		watch_tick(ws, now_us);
		workspace_tick(ws);
	}
	workspace_tick(daemon->system);
	webhooks_tick(daemon->webhooks, now_us);
	access_tick(daemon->access, daemon);
	as_of_tick(daemon, now_us);
	projection_tick(daemon->projection);
	audit_tick(daemon);
	quota_tick(daemon->quota);
}

void
rpc_turn_end(struct daemon *daemon)
{
	store_flush(daemon->store);
}

/* ---- what others keep here ----------------------------------------------------------------------------- */

void
daemon_set_rpc_pool(
    struct daemon *daemon, struct rpc_pool *pool, void (*free_pool)(struct rpc_pool *))
{
	daemon->rpc_pool = pool;
	daemon->free_rpc_pool = free_pool;
}

struct rpc_pool *
daemon_rpc_pool(const struct daemon *daemon)
{
	return daemon->rpc_pool;
}

void
daemon_set_connections(struct daemon *daemon, unsigned count)
{
	daemon->connections = count;
}

void
daemon_observe(struct daemon *daemon, daemon_observer_fn fn, void *arg)
{
	assert(daemon->observers_count < DAEMON_OBSERVERS);
	daemon->observers[daemon->observers_count++] = (struct observer){fn, arg};
}
