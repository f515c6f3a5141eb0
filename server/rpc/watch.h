/*
 * Watching: every durable change set of a workspace, encoded once for all who watch it.
 *
 * Loop thread only. See WatchRequest for what is promised.
 */
#ifndef SERVER_RPC_WATCH_H
#define SERVER_RPC_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct commit;
struct daemon;
struct workspace;

struct err;
struct faults;

/* Is it a filter as Watch takes it? False with a fault. */
bool watch_check_filter(const char *text, struct faults *faults, struct err *err);
/* One change became durable; in order. Cheap where nobody watches. */
void watch_publish(struct workspace *ws, const struct commit *commit);
/* Heartbeats. */
void watch_tick(struct workspace *ws, int64_t now_us);
/* Ends every watcher with ERR_UNAVAILABLE and where to resume. */
void watch_stop(struct workspace *ws);
/* Forgets what it keeps for watchers that are behind: it was redacted in the log. */
void watch_forget(struct workspace *ws);
/* All watchers have ended. */
void watch_free(struct workspace *ws);

#endif
