#include "server/rpc/fold.h"

#include <inttypes.h>
#include <string.h>

#include "common/arena.h"
#include "common/faults.h"
#include "common/log.h"
#include "common/pb.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/limits.h"
#include "server/plan/plan.h"
#include "server/store/snapshot.h"
#include "server/store/store.h"

struct replay {
	const struct fold_source *source;
	struct plan *plan;
	struct arena *arena;
	struct faults *faults; /* not on the stack: 2 KiB, and workers have many frames below */
	fold_fn fn;
	void *fn_arg;
	struct fold_stats *stats;
	bool failed;
	struct err *err;
};

static bool
is_cancelled(const struct fold_source *source)
{
	return source->cancelled != NULL && __atomic_load_n(source->cancelled, __ATOMIC_RELAXED);
}

/* Want of memory says nothing about the log. */
static bool
does_not_fold(const struct replay *replay, const struct store_entry *entry, const struct err *why)
{
	if (why->code == ERR_LIMIT) {
		*replay->err = *why;
		return false;
	}
	log_error("fold", "workspace=%u revision=%" PRIu64 " why=\"%s\"", entry->workspace,
	    entry->revision, why->msg);
	return err_set(replay->err, ERR_DATA_LOSS,
	    "revision %" PRIu64 " of the log cannot be folded: %.150s", entry->revision, why->msg);
}

static bool
replay_one(struct replay *replay, const struct store_entry *entry)
{
	struct stamp stamp = {entry->revision, entry->time_us, entry->author, false};
	struct plan_conflict conflict = {0};
	const ProtobufCMessage *change_set;
	struct err why = {0};
	struct patch *patch;

	faults_init(replay->faults, replay->arena);
	if (entry->kind != STORE_CHANGE_SET) {
		err_set(&why, ERR_INTERNAL, "unknown kind %u of entry; it is of a newer version",
		    entry->kind);
		return does_not_fold(replay, entry, &why);
	}
	change_set = pb_decode(&plumb__v1__change_set__descriptor, entry->body, entry->body_len,
	    false, replay->arena, &why);
	if (change_set == NULL || !plan_apply(replay->plan, change_set, &stamp, true, replay->arena,
				      replay->faults, &conflict, &patch, &why))
		return does_not_fold(replay, entry, &why);
	if (replay->fn != NULL && !replay->fn(replay->fn_arg, entry, patch, replay->err)) {
		plan_undo(replay->plan, patch);
		return false;
	}
	plan_settle(replay->plan, patch);
	if (replay->stats != NULL) {
		replay->stats->log_bytes += entry->body_len;
		replay->stats->log_changes++;
	}
	return true;
}

static bool
on_entry(void *arg, const struct store_entry *entry)
{
	struct replay *replay = arg;

	arena_reset(replay->arena);
	replay->faults = arena_alloc(replay->arena, sizeof *replay->faults);
	if (replay->faults == NULL)
		replay->failed = !err_oom(replay->err);
	else if (is_cancelled(replay->source))
		replay->failed = !err_set(replay->err, ERR_CANCELLED, "cancelled");
	else
		replay->failed = !replay_one(replay, entry);
	return !replay->failed;
}

bool
fold_replay(const struct fold_source *source, struct plan *plan, uint64_t revision, fold_fn fn,
    void *arg, struct fold_stats *stats, struct err *err)
{
	struct replay replay = {
	    .source = source, .plan = plan, .fn = fn, .fn_arg = arg, .stats = stats, .err = err};
	uint64_t from = plan_revision(plan) + 1;
	bool ok = false;

	if (from > revision)
		return true;
	replay.arena = arena_new(LIMIT_CALL_ARENA);
	if (replay.arena == NULL)
		return err_oom(err);
	ok = store_read(source->store, source->workspace, from, revision, on_entry, &replay, err) &&
	     !replay.failed;
	if (ok && plan_revision(plan) != revision)
		ok = err_set(err, ERR_DATA_LOSS,
		    "the log ends at revision %" PRIu64 ", not %" PRIu64, plan_revision(plan),
		    revision);
	arena_free(replay.arena);
	return ok;
}

struct chain_match {
	const uint8_t *chain;
	bool matches;
};

static bool
on_chain(void *arg, const struct store_entry *entry)
{
	struct chain_match *match = arg;

	match->matches = memcmp(match->chain, entry->chain, SHA256_LEN) == 0;
	return false;
}

/* Is the snapshot of this log's history? */
static bool
snapshot_is_ours(const struct fold_source *source, const struct snapshot *snapshot)
{
	const struct snapshot_info *info = snapshot_info(snapshot);
	struct chain_match match = {.chain = info->chain};
	struct err ignored;

	return store_read(source->store, source->workspace, info->revision, info->revision,
		   on_chain, &match, &ignored) &&
	       match.matches;
}

static struct plan *
load_snapshot(
    const struct fold_source *source, const struct snapshot *snapshot, struct fold_stats *stats)
{
	uint64_t revision = snapshot_info(snapshot)->revision;
	struct plan *plan = NULL;
	const uint8_t *payload;
	struct err why = {0};
	size_t len;

	if (!snapshot_is_ours(source, snapshot)) {
		log_warn("snapshot-refused",
		    "workspace=%u revision=%" PRIu64 " why=\"of another log\"", source->workspace,
		    revision);
		return NULL;
	}
	plan = plan_new();
	if (plan == NULL)
		return NULL;
	payload = snapshot_payload(snapshot, &len);
	if (!plan_load(plan, payload, len, &why) || plan_revision(plan) != revision) {
		log_warn("snapshot-refused", "workspace=%u revision=%" PRIu64 " why=\"%s\"",
		    source->workspace, revision, why.msg);
		plan_free(plan);
		return NULL;
	}
	stats->snapshot_revision = revision;
	stats->snapshot_len = len;
	return plan;
}

/* From the newest snapshot that holds, older ones being tried after it; else empty. */
static struct plan *
start_plan(const struct fold_source *source, uint64_t revision, struct fold_stats *stats)
{
	uint64_t max = revision;

	while (source->directory != NULL && max > 0) {
		struct err why = {0};
		struct snapshot *snapshot = snapshot_open(
		    source->directory, source->workspace, max, PLAN_SNAPSHOT_LAYOUT, &why);
		struct plan *plan;

		if (snapshot == NULL)
			break;
		max = snapshot_info(snapshot)->revision - 1;
		plan = load_snapshot(source, snapshot, stats);
		snapshot_close(snapshot);
		if (plan != NULL)
			return plan;
	}
	return plan_new();
}

struct plan *
fold_plan(
    const struct fold_source *source, uint64_t revision, struct fold_stats *stats, struct err *err)
{
	struct fold_stats unwanted = {0};
	struct plan *plan;

	if (stats == NULL)
		stats = &unwanted;
	memset(stats, 0, sizeof *stats);
	plan = start_plan(source, revision, stats);
	if (plan == NULL) {
		err_oom(err);
		return NULL;
	}
	if (!fold_replay(source, plan, revision, NULL, NULL, stats, err)) {
		plan_free(plan);
		return NULL;
	}
	return plan;
}
