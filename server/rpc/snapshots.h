/*
 * When snapshots are written, on a worker. Loop thread only.
 */
#ifndef SERVER_RPC_SNAPSHOTS_H
#define SERVER_RPC_SNAPSHOTS_H

#include <stdbool.h>
#include <stdint.h>

struct workspace;

/* Starts one if the log behind the last one has grown enough. */
void snapshots_consider(struct workspace *ws);
/*
 * Starts one now; done(arg, written) is called when it is written, or was not needed (true) or failed (false). False: one
 * is being written already, done is not called.
 */
bool snapshots_start(struct workspace *ws, void (*done)(void *arg, bool written), void *arg);
/* The same in the foreground, at the end of the daemon. */
void snapshots_write_now(struct workspace *ws);
/* Deletes those of revisions below: what they hold was redacted. Any thread. */
void snapshots_delete_before(const char *data_dir, uint32_t workspace, uint64_t revision);

#endif
