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
/* Is there anything that the newest one doesn't have? */
bool snapshots_needed(const struct workspace *ws);
/*
 * Starts one where it is needed; done(arg, written) is called later, once. False: nothing was started (not needed, or
 * one is being written already), and done is not called. done may be NULL.
 */
bool snapshots_start(struct workspace *ws, void (*done)(void *arg, bool written), void *arg);
/* The same in the foreground, at the end of the daemon. */
void snapshots_write_now(struct workspace *ws);
/* Deletes those of revisions below: what they hold was redacted. Any thread. */
void snapshots_delete_before(const char *data_dir, uint32_t workspace, uint64_t revision);

#endif
