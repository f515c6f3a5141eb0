/*
 * Folding: a plan from the newest snapshot that helps and the log behind it.
 *
 * Blocks: for workers and start-up. A snapshot is believed only if the log has its revision with the same chain.
 */
#ifndef SERVER_RPC_FOLD_H
#define SERVER_RPC_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct patch;
struct plan;
struct store;
struct store_entry;

struct fold_source {
	struct store *store;
	const char *directory; /* of snapshots; NULL: none */
	uint32_t workspace;
	const bool *cancelled; /* read now and then with relaxed order; NULL: never */
};

/* What the fold read; for deciding when the next snapshot is due. */
struct fold_stats {
	uint64_t snapshot_revision;
	size_t snapshot_len;
	size_t log_bytes;
	size_t log_changes;
};

/* A plan of exactly that revision; stats may be NULL. ERR_DATA_LOSS where the log does not fold. */
struct plan *fold_plan(const struct fold_source *source, uint64_t revision,
    struct fold_stats *stats, struct err *err) MUST_CHECK;

/*
 * Takes the entries behind plan_revision() up to revision into plan. fn (may be NULL) sees each patch before it
 * is settled, and returns false to stop (err as fn left it).
 */
typedef bool (*fold_fn)(
    void *arg, const struct store_entry *entry, const struct patch *patch, struct err *err);
bool fold_replay(const struct fold_source *source, struct plan *plan, uint64_t revision, fold_fn fn,
    void *arg, struct fold_stats *stats, struct err *err) MUST_CHECK;

#endif
