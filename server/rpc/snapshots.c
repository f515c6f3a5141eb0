#include "server/rpc/snapshots.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "server/plan/view.h"
#include "server/rpc/daemon_internal.h"
#include "server/store/snapshot.h"

/* Replaying this much takes well under a second. */
#define LOG_BYTES_MIN (4u << 20)
#define LOG_CHANGES   50000u
#define RETRY_US      (INT64_C(60) * 1000000)
/* Under heavy writing the time between two is at least this, and ten times what one takes. */
#define PAUSE_US (INT64_C(10) * 1000000)

struct snapshot_job {
	struct workspace *ws;
	struct shared_view *shared;
	struct store *store;
	const char *directory;
	struct fold_stats before; /* what the view has behind the last snapshot, at most */
	int64_t started_us;
	bool written;
	struct err err;
	void (*done)(void *arg, bool written);
	void *done_arg;
};

static bool
on_entry(void *arg, const struct store_entry *entry)
{
	struct snapshot_info *info = arg;

	memcpy(info->chain, entry->chain, sizeof info->chain);
	info->layout = PLAN_SNAPSHOT_LAYOUT;
	return false;
}

static bool
write_view(struct store *store, const char *directory, uint32_t workspace, const struct view *view,
    struct err *err)
{
	struct snapshot_info info = {.workspace = workspace, .revision = view_revision(view)};
	struct snapshot_writer *writer;

	if (!store_read(store, workspace, info.revision, info.revision, on_entry, &info, err))
		return false;
	if (info.layout != PLAN_SNAPSHOT_LAYOUT)
		return err_set(
		    err, ERR_INTERNAL, "revision %" PRIu64 " is not in the log", info.revision);
	writer = snapshot_create(directory, &info, err);
	if (writer == NULL)
		return false;
	if (!view_save(view, writer, err)) {
		snapshot_abandon(writer);
		return false;
	}
	return snapshot_finish(writer, err);
}

static void
snapshot_run(void *arg)
{
	struct snapshot_job *job = arg;

	if (!shared_view_settle(job->shared)) {
		err_oom(&job->err);
		return;
	}
	job->written =
	    write_view(job->store, job->directory, job->ws->number, job->shared->view, &job->err);
}

static void
snapshot_written(struct workspace *ws, uint64_t revision, const struct fold_stats *before)
{
	struct fold_stats *since = &ws->since_snapshot;

	since->snapshot_revision = revision;
	since->snapshot_len +=
	    before->log_bytes; /* near enough to decide when the next one is due */
	since->log_bytes -= before->log_bytes;
	since->log_changes -= before->log_changes;
	log_info("snapshot", "workspace=%s revision=%" PRIu64, ws->id, revision);
}

static void
snapshot_failed(struct workspace *ws, const struct err *err)
{
	log_warn("snapshot", "workspace=%s why=\"%s\"", ws->id, err->msg);
	ws->snapshot_after_us = daemon_monotonic_us() + RETRY_US;
}

static void
snapshot_done(void *arg)
{
	struct snapshot_job *job = arg;
	struct workspace *ws = job->ws;

	int64_t now_us = daemon_monotonic_us(), took_us = now_us - job->started_us;

	ws->snapshot_running = false;
	ws->snapshot_after_us = now_us + (10 * took_us > PAUSE_US ? 10 * took_us : PAUSE_US);
	if (job->written)
		snapshot_written(ws, job->shared->revision, &job->before);
	else
		snapshot_failed(ws, &job->err);
	shared_view_unref(job->shared);
	if (job->done != NULL)
		job->done(job->done_arg, job->written);
	free(job);
}

bool
snapshots_needed(const struct workspace *ws)
{
	return ws->state == WORKSPACE_READY && ws->daemon->data_dir != NULL &&
	       plan_durable(ws->plan) > ws->since_snapshot.snapshot_revision;
}

/* NULL without memory. */
static struct snapshot_job *
job_new(struct workspace *ws)
{
	struct snapshot_job *job = calloc(1, sizeof *job);

	if (job == NULL)
		return NULL;
	job->ws = ws;
	job->store = ws->daemon->store;
	job->directory = ws->daemon->data_dir;
	job->before = ws->since_snapshot;
	job->started_us = daemon_monotonic_us();
	job->shared = workspace_view(ws);
	if (job->shared == NULL) {
		free(job);
		return NULL;
	}
	return job;
}

bool
snapshots_start(struct workspace *ws, void (*done)(void *arg, bool written), void *arg)
{
	struct snapshot_job *job;
	struct err err = {0};

	if (ws->snapshot_running || !snapshots_needed(ws))
		return false;
	job = job_new(ws);
	if (job == NULL)
		return false;
	job->done = done;
	job->done_arg = arg;
	if (!jobs_start(ws->daemon->jobs, snapshot_run, snapshot_done, job, &err)) {
		shared_view_unref(job->shared);
		free(job);
		return false;
	}
	ws->snapshot_running = true;
	return true;
}

void
snapshots_consider(struct workspace *ws)
{
	const struct fold_stats *since = &ws->since_snapshot;
	size_t due =
	    since->snapshot_len / 2 > LOG_BYTES_MIN ? since->snapshot_len / 2 : LOG_BYTES_MIN;

	if (since->log_bytes <= due && since->log_changes <= LOG_CHANGES)
		return;
	if (ws->snapshot_running || daemon_monotonic_us() < ws->snapshot_after_us)
		return;
	(void)snapshots_start(ws, NULL, NULL);
}

void
snapshots_write_now(struct workspace *ws)
{
	struct snapshot_job *job;

	if (!snapshots_needed(ws))
		return;
	job = job_new(ws);
	if (job == NULL)
		return;
	snapshot_run(job);
	snapshot_done(job);
}

void
snapshots_delete_before(const char *data_dir, uint32_t workspace, uint64_t revision)
{
	char path[4096];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof path, "%s/snapshots", data_dir);
	dir = opendir(path);
	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		uint64_t of;
		uint32_t number;
		int end = 0;

		if (sscanf(entry->d_name, "%" SCNu32 "-%" SCNu64 ".%n", &number, &of, &end) != 2 ||
		    end == 0 || number != workspace || of >= revision)
			continue;
		if (unlinkat(dirfd(dir), entry->d_name, 0) != 0)
			log_warn(
			    "snapshot", "file=\"%s\" why=\"cannot be deleted\"", entry->d_name);
	}
	closedir(dir);
}
