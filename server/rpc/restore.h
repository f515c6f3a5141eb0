/*
 * A data directory from a backup: finds the workspace that is meant by its id, and leaves the rest to the store.
 *
 * Blocks; for plumbd --restore, where no daemon runs.
 */
#ifndef SERVER_RPC_RESTORE_H
#define SERVER_RPC_RESTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct restore_options {
	const char *backup;
	const char *directory; /* new or empty */
	const char *workspace; /* whose revision is meant; "" is "main" */
	uint64_t revision;     /* keep that workspace up to it; 0: everything whole */
};

/*
 * *revision: where that workspace ends now. ERR_DATA_LOSS: the backup is damaged, and nothing was made; else errors as
 * store_restore(), and ERR_NOT_FOUND where the backup has no such workspace.
 */
bool restore_run(
    const struct restore_options *options, uint64_t *revision, struct err *err) MUST_CHECK;

#endif
