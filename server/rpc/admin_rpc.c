/* plumb.v1.Admin. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/calendar.h"
#include "common/crypto.h"
#include "common/parse.h"
#include "common/pb.h"
#include "plumb/v1/admin.pb-c.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/view.h"
#include "server/rpc/access.h"
#include "server/rpc/audit.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/quota.h"
#include "server/rpc/handlers.h"
#include "server/rpc/permit.h"
#include "server/rpc/projection.h"
#include "server/rpc/rpc.h"
#include "server/rpc/snapshots.h"
#include "server/rpc/state_hash.h"
#include "server/rpc/system.h"
#include "server/store/store.h"

#define PROGRESS_US INT64_C(250000)
#define SYSTEM      "system"

/* ---- Ping ---------------------------------------------------------------------------------------------- */

void
handle_admin_ping(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__PingRequest *request = (const Plumb__V1__PingRequest *)message;
	Plumb__V1__PingReply reply;

	plumb__v1__ping_reply__init(&reply);
	reply.payload = request->payload;
	if (rpc_send(call, &reply.base))
		rpc_finish(call);
}

/* ---- Info ---------------------------------------------------------------------------------------------- */

struct info {
	const Plumb__V1__InfoRequest *request;
	Plumb__V1__InfoReply reply;
	Plumb__V1__At at;
	char started[TIME_TEXT_LEN];
	char now[TIME_TEXT_LEN];
	char today[DATE_TEXT_LEN];
	char chain[2 * SHA256_LEN + 1];
	char hash[2 * SHA256_LEN + 1];
};

/* What is known on the loop. */
static void
info_of_daemon(struct info *info, const struct rpc_call *call)
{
	const struct daemon *daemon = call->daemon;
	Plumb__V1__InfoReply *reply = &info->reply;

	plumb__v1__info_reply__init(reply);
	reply->version = pb_str(PLUMB_VERSION);
	reply->started = time_format(daemon->started_us, info->started);
	reply->now = time_format(daemon_clock_us(daemon), info->now);
	reply->caller = pb_str(call->caller.name);
	if (permit_sees_daemon(call)) {
		if (daemon->data_dir != NULL)
			reply->data_directory = daemon->data_dir;
		reply->workspaces = daemon->workspaces_count;
		reply->connections = daemon->connections;
	}
	reply->writable = store_is_writable(daemon->store);
}

static void
count_entries(const struct view *view, Plumb__V1__InfoReply *reply)
{
	for (uint32_t slot = 0; slot < view_slots(view); slot++) {
		const struct item *item = view_item(view, slot);

		if (!item_is_live(item))
			continue;
		if (kind_is_record(item->kind))
			reply->records++;
		else
			reply->items++;
	}
}

static bool
on_chain(void *arg, const struct store_entry *entry)
{
	hex_encode(entry->chain, SHA256_LEN, arg);
	return false;
}

static bool
info_run(struct view_job *job, struct err *err)
{
	struct info *info = job->arg;
	uint8_t hash[SHA256_LEN];

	info->reply.revision = job->revision;
	info->reply.today = date_format(job->today, info->today);
	count_entries(job->view, &info->reply);
	if (job->revision > 0 && !store_read(job->call->daemon->store, job->workspace_number,
				     job->revision, job->revision, on_chain, info->chain, err))
		return false;
	info->reply.chain = info->chain;
	if (info->request->state_hash) {
		if (!state_hash(job->view, &job->call->cancelled, hash, err))
			return false;
		hex_encode(hash, sizeof hash, info->hash);
		info->reply.state_hash = info->hash;
	}
	return view_job_send(job, &info->reply.base, err);
}

static void
info_of_workspace(struct rpc_call *call, struct info *info, const struct workspace *ws)
{
	struct daemon *daemon = call->daemon;

	info->reply.snapshot_revision = ws->since_snapshot.snapshot_revision;
	info->reply.tables_revision = projection_revision(daemon->projection, ws->number);
	plumb__v1__at__init(&info->at);
	info->at.workspace = info->request->workspace;
	job_view(call, &info->at, info_run, info);
}

void
handle_admin_info(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__InfoRequest *request = (const Plumb__V1__InfoRequest *)message;
	struct info *info = arena_zalloc(call->arena, sizeof *info);
	struct workspace *ws = NULL;
	struct err err = {0};

	if (info == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	if (request->workspace[0] != '\0') {
		ws = workspace_for_call(call, request->workspace, handle_admin_info, message);
		if (ws == NULL)
			return;
	}
	info->request = request;
	info_of_daemon(info, call);
	if (ws != NULL)
		info_of_workspace(call, info, ws);
	else if (rpc_send(call, &info->reply.base))
		rpc_finish(call);
}

/* ---- workspaces ---------------------------------------------------------------------------------------- */

struct listed {
	Plumb__V1__WorkspaceInfo info;
	struct shared_view *shared; /* NULL: not loaded */
};

struct listing {
	struct rpc_call *call; /* pinned */
	struct listed *list;
	Plumb__V1__WorkspaceInfo **pointers;
	size_t count;
	bool starved;
};

static int
by_id(const void *a, const void *b)
{
	const struct listed *x = a;
	const struct listed *y = b;

	return strcmp(x->info.id, y->info.id);
}

static void
listing_run(void *arg)
{
	struct listing *listing = arg;

	for (size_t i = 0; i < listing->count; i++) {
		Plumb__V1__InfoReply counts = {.items = 0};

		if (listing->list[i].shared == NULL)
			continue;
		if (!shared_view_settle(listing->list[i].shared)) {
			listing->starved = true;
			return;
		}
		count_entries(listing->list[i].shared->view, &counts);
		listing->list[i].info.items = counts.items;
	}
}

static void
listing_done(void *arg)
{
	struct listing *listing = arg;
	struct rpc_call *call = listing->call;
	Plumb__V1__ListWorkspacesReply reply;
	struct err err;

	plumb__v1__list_workspaces_reply__init(&reply);
	qsort(listing->list, listing->count, sizeof *listing->list, by_id);
	for (size_t i = 0; i < listing->count; i++) {
		shared_view_unref(listing->list[i].shared);
		listing->pointers[i] = &listing->list[i].info;
	}
	reply.n_workspaces = listing->count;
	reply.workspaces = listing->pointers;
	if (listing->starved) {
		err_oom(&err);
		rpc_fail(call, &err);
	} else if (rpc_send(call, &reply.base)) {
		rpc_finish(call);
	}
	rpc_unpin(call);
}

static void
listing_fill(struct listing *listing)
{
	struct daemon *daemon = listing->call->daemon;

	for (struct workspace *ws = daemon->workspaces; ws != NULL; ws = ws->next) {
		struct listed *listed;

		if (!access_may_enter(listing->call, ws->id))
			continue;
		listed = &listing->list[listing->count++];
		plumb__v1__workspace_info__init(&listed->info);
		listed->info.id = ws->id;
		listed->info.title = ws->title;
		listed->info.time_zone = ws->time_zone;
		listed->info.revision = store_head(daemon->store, ws->number).revision;
		if (ws->state != WORKSPACE_READY)
			continue;
		listed->shared = workspace_view(ws);
		listing->starved |= listed->shared == NULL;
	}
}

void
handle_admin_list_workspaces(struct rpc_call *call, const ProtobufCMessage *message)
{
	size_t count = call->daemon->workspaces_count;
	struct listing *listing = arena_zalloc(call->arena, sizeof *listing);
	struct err err = {0};

	(void)message;
	if (listing != NULL) {
		listing->call = call;
		listing->list = arena_array(call->arena, count, sizeof *listing->list);
		listing->pointers = arena_array(call->arena, count, sizeof(void *));
	}
	if (listing == NULL || listing->list == NULL || listing->pointers == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	listing_fill(listing);
	if (quota_start(call, listing_run, listing_done, listing, &err)) {
		rpc_pin(call);
		return;
	}
	for (size_t i = 0; i < listing->count; i++)
		shared_view_unref(listing->list[i].shared);
	rpc_fail(call, &err);
}

/* 0: out of memory. A number that is taken would lead two workspaces into one log. */
static uint32_t
next_number(const struct view *system, struct arena *arena)
{
	uint32_t number = STORE_SYSTEM_WORKSPACE;

	for (uint32_t slot = 0; slot < view_slots(system); slot++) {
		const struct item *entry = view_item(system, slot);
		const Plumb__V1__Item *item;

		if (!item_is_live(entry) || entry->kind != KIND_WORKSPACE)
			continue;
		item = (const Plumb__V1__Item *)codec_decode(entry, arena);
		if (item == NULL)
			return 0;
		if (item->body_case == PLUMB__V1__ITEM__BODY_WORKSPACE &&
		    item->workspace->number > number)
			number = item->workspace->number;
	}
	return number + 1;
}

static bool
check_create(
    const Plumb__V1__CreateWorkspaceRequest *request, struct faults *faults, struct err *err)
{
	struct zone *zone;
	struct err why;

	if (!parse_is_id(request->id, strlen(request->id)))
		faults_add(faults, "id", "'%.80s' is not an id (1 to %d of a-z 0-9 . _ -)",
		    request->id, ID_MAX_LEN);
	else if (strcmp(request->id, SYSTEM) == 0)
		faults_add(faults, "id", "'" SYSTEM "' is the daemon's own; choose another");
	if (strlen(request->title) > LIMIT_TITLE)
		faults_add(faults, "title", "has %zu bytes, more than %u", strlen(request->title),
		    LIMIT_TITLE);
	zone = zone_open(request->time_zone, &why);
	if (zone == NULL && why.code == ERR_LIMIT) {
		*err = why;
		return false;
	}
	if (zone == NULL)
		faults_add(faults, "time_zone",
		    "'%.60s' is not known; write an IANA name like Europe/Zurich, or leave it out "
		    "for UTC",
		    request->time_zone);
	zone_free(zone);
	return faults_none(faults, err);
}

static bool
create(struct rpc_call *call, const Plumb__V1__CreateWorkspaceRequest *request, struct err *err)
{
	uint32_t number = next_number(plan_now(call->daemon->system->plan), call->arena);
	Plumb__V1__CreateWorkspaceReply reply;
	Plumb__V1__WorkspaceInfo info;
	Plumb__V1__Item item;
	Plumb__V1__Workspace body;

	if (number == 0)
		return err_oom(err);
	plumb__v1__create_workspace_reply__init(&reply);
	plumb__v1__workspace_info__init(&info);
	plumb__v1__item__init(&item);
	plumb__v1__workspace__init(&body);
	info.id = request->id;
	info.title = request->title;
	info.time_zone = request->time_zone;
	reply.workspace = &info;
	body.time_zone = request->time_zone;
	body.number = number;
	item.id = request->id;
	item.title = request->title;
	item.body_case = PLUMB__V1__ITEM__BODY_WORKSPACE;
	item.workspace = &body;
	return system_put(call, &item, &reply.base, err);
}

void
handle_admin_create_workspace(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__CreateWorkspaceRequest *request =
	    (const Plumb__V1__CreateWorkspaceRequest *)message;
	struct workspace *system = call->daemon->system;
	const struct item *there;
	struct err err = {0};

	if (!check_create(request, call->faults, &err) || !workspace_is_writable(system, &err)) {
		rpc_fail(call, &err);
		return;
	}
	there = plan_find(system->plan, KIND_WORKSPACE, request->id, strlen(request->id));
	if (there != NULL && there->revision > plan_durable(system->plan)) {
		workspace_wait_call(
		    system, there->revision, call, handle_admin_create_workspace, &request->base);
		return;
	}
	if (item_is_live(there))
		err_set(&err, ERR_EXISTS, "workspace '%s' exists already", request->id);
	else if (call->daemon->workspaces_count >= LIMIT_WORKSPACES)
		err_set(&err, ERR_LIMIT, "there are %u workspaces already", LIMIT_WORKSPACES);
	else if (create(call, request, &err))
		return;
	rpc_fail(call, &err);
}

/* ---- Verify and Backup: long, streaming how far they are ------------------------------------------- */

struct progress {
	struct view_job *job;
	int64_t sent_us;
	uint64_t done;
	uint64_t total;
	struct err err; /* of sending */
};

static bool
send_verified(struct progress *progress, bool done, struct err *err)
{
	Plumb__V1__VerifyReply reply;

	plumb__v1__verify_reply__init(&reply);
	reply.entries = progress->done;
	reply.total = progress->total;
	reply.done = done;
	return view_job_send(progress->job, &reply.base, err);
}

static bool
send_copied(struct progress *progress, bool done, struct err *err)
{
	Plumb__V1__BackupReply reply;

	plumb__v1__backup_reply__init(&reply);
	reply.pages = progress->done;
	reply.total = progress->total;
	reply.done = done;
	return view_job_send(progress->job, &reply.base, err);
}

/* Now and then, not for every page. */
static bool
is_due(struct progress *progress, uint64_t done, uint64_t total)
{
	int64_t now_us = daemon_monotonic_us();

	progress->done = done;
	progress->total = total;
	if (now_us - progress->sent_us < PROGRESS_US)
		return false;
	progress->sent_us = now_us;
	return true;
}

static bool
on_verified(void *arg, uint64_t done, uint64_t total)
{
	struct progress *progress = arg;

	if (view_job_cancelled(progress->job))
		return false;
	return !is_due(progress, done, total) || send_verified(progress, false, &progress->err);
}

static bool
on_copied(void *arg, uint64_t done, uint64_t total)
{
	struct progress *progress = arg;

	if (view_job_cancelled(progress->job))
		return false;
	return !is_due(progress, done, total) || send_copied(progress, false, &progress->err);
}

static bool
verify_run(struct view_job *job, struct err *err)
{
	const Plumb__V1__At *at = job->arg;
	struct progress progress = {.job = job, .sent_us = daemon_monotonic_us()};
	uint32_t number = at->workspace[0] != '\0' ? job->workspace_number : 0;

	return store_verify(job->call->daemon->store, number, on_verified, &progress, err) &&
	       send_verified(&progress, true, err);
}

void
handle_admin_verify(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__VerifyRequest *request = (const Plumb__V1__VerifyRequest *)message;
	Plumb__V1__At *at = arena_alloc(call->arena, sizeof *at);
	struct err err = {0};

	if (at == NULL)
		err_oom(&err);
	if (at == NULL || (request->workspace[0] == '\0' && !permit_whole(call, &err))) {
		rpc_fail(call, &err);
		return;
	}
	plumb__v1__at__init(at);
	at->workspace = request->workspace;
	job_view(call, at, verify_run, at);
}

static bool
backup_run(struct view_job *job, struct err *err)
{
	const Plumb__V1__BackupRequest *request = job->arg;
	struct progress progress = {.job = job, .sent_us = daemon_monotonic_us()};

	bool ok = store_backup(job->call->daemon->store, request->path, on_copied, &progress, err);

	audit_event(job->call->daemon, &job->call->caller, "backup", request->path,
	    ok ? "ok" : err_code_name(err->code));
	return ok && send_copied(&progress, true, err);
}

void
handle_admin_backup(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__BackupRequest *request = (const Plumb__V1__BackupRequest *)message;
	struct err err = {0};

	if (!call->caller.local) {
		err_set(&err, ERR_DENIED,
		    "a backup writes a file on the daemon's machine; ask for it there, through the "
		    "unix socket");
		rpc_fail(call, &err);
		return;
	}
	if (request->path[0] != '/')
		faults_add(call->faults, "path", "must be absolute, on the daemon's machine");
	if (faults_none(call->faults, &err))
		job_view(call, NULL, backup_run, (void *)(uintptr_t)request);
	else
		rpc_fail(call, &err);
}

/* ---- Snapshot ------------------------------------------------------------------------------------------ */

struct snapshots {
	struct rpc_call *call; /* pinned */
	unsigned pending;
	unsigned written;
	unsigned failed;
};

static void
snapshots_answer(struct snapshots *snapshots)
{
	struct rpc_call *call = snapshots->call;
	Plumb__V1__SnapshotReply reply;
	struct err err = {0};

	if (snapshots->pending > 0)
		return;
	plumb__v1__snapshot_reply__init(&reply);
	reply.written = snapshots->written;
	if (snapshots->failed > 0) {
		err_set(&err, ERR_UNAVAILABLE,
		    "%u of %u snapshots could not be written; the daemon's log says why",
		    snapshots->failed, snapshots->failed + snapshots->written);
		rpc_fail(call, &err);
	} else if (rpc_send(call, &reply.base)) {
		rpc_finish(call);
	}
	rpc_unpin(call);
}

static void
on_snapshot(void *arg, bool written)
{
	struct snapshots *snapshots = arg;

	snapshots->pending--;
	snapshots->written += written;
	snapshots->failed += !written;
	snapshots_answer(snapshots);
}

static void
snapshot_of(struct snapshots *snapshots, struct workspace *ws)
{
	if (!snapshots_needed(ws))
		return;
	snapshots->pending++;
	if (!snapshots_start(ws, on_snapshot, snapshots))
		snapshots->pending--;
}

void
handle_admin_snapshot(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct snapshots *snapshots = arena_zalloc(call->arena, sizeof *snapshots);
	struct err err = {0};

	(void)message;
	if (snapshots == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	snapshots->call = call;
	rpc_pin(call);
	snapshot_of(snapshots, call->daemon->system);
	for (struct workspace *ws = call->daemon->workspaces; ws != NULL; ws = ws->next)
		snapshot_of(snapshots, ws);
	snapshots_answer(snapshots);
}
