#include "server/rpc/redact.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/log.h"
#include "common/pb.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/check_book.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/snapshots.h"
#include "server/rpc/trend.h"
#include "server/rpc/watch.h"

#define RETRY_US (INT64_C(60) * 1000000)

struct redact_job {
	struct workspace *ws;
	struct shared_view *shared;
	struct store *store;
	const char *directory;
	uint32_t workspace;
	struct arena *arena; /* of one entry */
	uint64_t *revisions; /* to look at; owned */
	size_t count;
	size_t cap;
	/* of the entry at hand */
	uint8_t *body;
	size_t body_len;
	bool hit;
	bool failed;
	size_t rewritten;
	struct err err;
};

static bool
is_redacted(const struct view *view, enum kind kind, const char *id, size_t id_len)
{
	const struct item *item = view_find(view, kind, id, id_len);

	return item_is_live(item) && (item->flags & ITEM_REDACTED) != 0;
}

static bool
clean_add(const struct view *view, Plumb__V1__Record *record)
{
	enum kind kind = record != NULL ? codec_item_kind(&record->base) : KIND_NONE;

	if (kind == KIND_NONE || record->redacted ||
	    !is_redacted(view, kind, record->id, strlen(record->id)))
		return false;
	record->note = pb_str("");
	record->by = pb_str("");
	record->redacted = true;
	return true;
}

static bool
clean_retract(const struct view *view, Plumb__V1__Retract *retract)
{
	enum kind kind;
	const char *id;
	size_t id_len;

	if (retract->reason[0] == '\0' ||
	    !ref_parse(retract->ref, KIND_NONE, &kind, &id, &id_len) ||
	    !is_redacted(view, kind, id, id_len))
		return false;
	retract->reason = pb_str("");
	return true;
}

/* Takes the texts of redacted records out of a logged change set. True if there were any. */
static bool
clean(const struct view *view, Plumb__V1__ChangeSet *set)
{
	bool changed = false;

	for (size_t i = 0; i < set->n_changes; i++) {
		Plumb__V1__Change *change = set->changes[i];

		if (change->change_case == PLUMB__V1__CHANGE__CHANGE_ADD)
			changed |= clean_add(view, change->add->record);
		else if (change->change_case == PLUMB__V1__CHANGE__CHANGE_RETRACT)
			changed |= clean_retract(view, change->retract);
	}
	return changed;
}

static Plumb__V1__ChangeSet *
decode(struct redact_job *job, const struct store_entry *entry)
{
	Plumb__V1__ChangeSet *set;

	arena_reset(job->arena);
	set = (Plumb__V1__ChangeSet *)pb_decode(&plumb__v1__change_set__descriptor, entry->body,
	    entry->body_len, false, job->arena, &job->err);
	if (set == NULL)
		job->failed = true;
	return set;
}

static bool
remember(struct redact_job *job, uint64_t revision)
{
	if (job->count == job->cap) {
		size_t cap = job->cap == 0 ? 64 : 2 * job->cap;
		uint64_t *grown = realloc(job->revisions, cap * sizeof *grown);

		if (grown == NULL)
			return err_oom(&job->err);
		job->revisions = grown;
		job->cap = cap;
	}
	job->revisions[job->count++] = revision;
	return true;
}

static bool
on_scanned(void *arg, const struct store_entry *entry)
{
	struct redact_job *job = arg;
	Plumb__V1__ChangeSet *set = decode(job, entry);

	if (set != NULL && clean(job->shared->view, set) && !remember(job, entry->revision))
		job->failed = true;
	return !job->failed;
}

static bool
on_rewritten(void *arg, const struct store_entry *entry)
{
	struct redact_job *job = arg;
	Plumb__V1__ChangeSet *set = decode(job, entry);

	job->hit = set != NULL && clean(job->shared->view, set);
	if (job->hit) {
		job->body = pb_encode(&set->base, job->arena, &job->body_len);
		if (job->body == NULL)
			job->failed = !err_oom(&job->err);
	}
	return false;
}

static bool
read_one(struct redact_job *job, uint64_t revision)
{
	job->hit = false;
	return store_read(
		   job->store, job->workspace, revision, revision, on_rewritten, job, &job->err) &&
	       !job->failed;
}

/*
 * The oldest revision at which a redacted record's text still stands, 0 if none does. Newest entries are rewritten
 * first, so a record whose first entry is clean is clean.
 */
static bool
find_oldest(struct redact_job *job, uint64_t *oldest)
{
	const struct view *view = job->shared->view;

	*oldest = 0;
	for (uint32_t slot = 0; slot < view_slots(view); slot++) {
		const struct item *item = view_item(view, slot);

		if (!item_is_live(item) || (item->flags & ITEM_REDACTED) == 0)
			continue;
		if (*oldest != 0 && item->created_revision >= *oldest)
			continue;
		if (!read_one(job, item->created_revision))
			return false;
		if (job->hit)
			*oldest = item->created_revision;
	}
	return true;
}

static bool
rewrite(struct redact_job *job)
{
	for (size_t i = job->count; i > 0; i--) {
		uint64_t revision = job->revisions[i - 1];

		if (!read_one(job, revision))
			return false;
		if (job->hit && !store_redact(job->store, job->workspace, revision, job->body,
				    job->body_len, &job->err))
			return false;
		job->rewritten += job->hit;
	}
	return true;
}

static bool
redact_log(struct redact_job *job)
{
	uint64_t oldest;

	if (!shared_view_settle(job->shared))
		return err_oom(&job->err);
	job->arena = arena_new(LIMIT_CALL_ARENA);
	if (job->arena == NULL)
		return err_oom(&job->err);
	if (!find_oldest(job, &oldest))
		return false;
	if (oldest == 0)
		return true;
	/* what was found with what is about to go; and again when it has gone, for what was asked meanwhile */
	trend_forget(job->ws->daemon, job->workspace);
	if (!store_read(job->store, job->workspace, oldest, job->shared->revision, on_scanned, job,
		&job->err) ||
	    job->failed || !rewrite(job))
		return false;
	if (job->directory != NULL)
		snapshots_delete_before(job->directory, job->workspace, job->shared->revision);
	return true;
}

static void
redact_run(void *arg)
{
	struct redact_job *job = arg;

	job->failed = !redact_log(job);
	arena_free(job->arena);
	free(job->revisions);
}

static void
redact_done(void *arg)
{
	struct redact_job *job = arg;
	struct workspace *ws = job->ws;

	ws->redact_running = false;
	if (job->failed) {
		log_error("redact", "workspace=%s why=\"%s\" next=\"tried again in a minute\"",
		    ws->id, job->err.msg);
		ws->redact_wanted = true;
		ws->redact_after_us = daemon_monotonic_us() + RETRY_US;
	} else if (job->rewritten > 0) {
		log_info("redact", "workspace=%s entries=%zu", ws->id, job->rewritten);
		as_of_forget(ws->daemon, ws);
		check_book_forget(ws->daemon->checks, NULL);
		trend_forget(ws->daemon, ws->number);
		watch_forget(ws);
		/* The snapshots that held the texts are gone; the log must be read from its beginning, or a new one. */
		ws->since_snapshot.snapshot_revision = 0;
		(void)snapshots_start(ws, NULL, NULL);
	}
	shared_view_unref(job->shared);
	free(job);
}

void
redact_check(struct workspace *ws)
{
	struct redact_job *job;
	struct err err = {0};

	ws->redact_wanted = true;
	/* A snapshot under way may be of before the redaction: it must be there to be deleted. */
	if (ws->redact_running || ws->snapshot_running ||
	    daemon_monotonic_us() < ws->redact_after_us)
		return;
	job = calloc(1, sizeof *job);
	if (job == NULL)
		return;
	job->ws = ws;
	job->store = ws->daemon->store;
	job->directory = ws->daemon->data_dir;
	job->workspace = ws->number;
	job->shared = workspace_view(ws);
	if (job->shared == NULL ||
	    !jobs_start(ws->daemon->jobs, redact_run, redact_done, job, &err)) {
		shared_view_unref(job->shared);
		free(job);
		return;
	}
	ws->redact_wanted = false;
	ws->redact_running = true;
}

void
redact_on_change(struct workspace *ws, const struct patch_op *ops, size_t count)
{
	for (size_t i = 0; i < count && !ws->redact_wanted; i++) {
		const struct item *new = ops[i].new;

		ws->redact_wanted = new != ops[i].old && (new->flags &ITEM_REDACTED) != 0;
	}
}
