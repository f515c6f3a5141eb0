/*
 * Snapshots: the fold of a workspace at one revision as one file, to start fast from.
 *
 * DIRECTORY/snapshots/<workspace>-<revision>.snap. A snapshot is disposable: it is written beside, made durable
 * and renamed, carries a checksum over everything, and whatever is wrong with one, the log still has it all. What
 * is inside is the plan's business (opaque bytes in order).
 */
#ifndef SERVER_STORE_SNAPSHOT_H
#define SERVER_STORE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/crypto.h"
#include "common/err.h"

struct snapshot_info {
	uint32_t workspace;
	uint64_t revision;
	uint8_t chain
	    [SHA256_LEN]; /* of the log at that revision; a snapshot of another history is refused */
	uint32_t layout;  /* version of what is inside; another one is ignored */
};

/* ---- writing (worker threads) */
struct snapshot_writer;
struct snapshot_writer *snapshot_create(
    const char *directory, const struct snapshot_info *info, struct err *err) MUST_CHECK;
bool snapshot_put(
    struct snapshot_writer *writer, const void *p, size_t len, struct err *err) MUST_CHECK;
/* Makes it durable, renames it into place, deletes those that are no longer worth keeping. Frees the writer. */
bool snapshot_finish(struct snapshot_writer *writer, struct err *err) MUST_CHECK;
void snapshot_abandon(struct snapshot_writer *writer); /* takes NULL */

/* ---- reading */
struct snapshot;
/*
 * The newest valid snapshot of the workspace with layout and revision <= max_revision; damaged ones are logged,
 * renamed aside to *.bad and skipped. NULL with ERR_NOT_FOUND where there is none.
 * The whole payload is read and its checksum verified before this returns.
 */
struct snapshot *snapshot_open(const char *directory, uint32_t workspace, uint64_t max_revision,
    uint32_t layout, struct err *err) MUST_CHECK;
void snapshot_close(struct snapshot *snapshot); /* takes NULL */
const struct snapshot_info *snapshot_info(const struct snapshot *snapshot);
/* The payload; aligned to 16 bytes, borrowed until close. */
const uint8_t *snapshot_payload(const struct snapshot *snapshot, size_t *len);

#endif
