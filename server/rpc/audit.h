/*
 * The audit file: who granted, failed to prove themselves, was refused, or read in bulk; and when the daemon ran.
 *
 * Events are queued and written by a thread of their own. The head of the file is put into the log now and then (an anchor), so
 * that neither can be changed without the other. docs/SECURITY.md lists the events. Loop thread only, unless said otherwise.
 */
#ifndef SERVER_RPC_AUDIT_H
#define SERVER_RPC_AUDIT_H

#include <stdbool.h>

#include "common/err.h"
#include "server/store/audit_file.h"

struct audit;
struct caller;
struct daemon;

/*
 * Queues a line. what is a short fixed word ("token-create", "refused"), about what it was done to ("main", "token/7"), outcome "ok" or
 * why not; caller NULL: the daemon itself. Never blocks or fails: a line that finds no room is counted, and the count is recorded.
 * The same line again within a moment is counted in the first one. Nothing secret, and nothing of RPC_CONFIDENTIAL
 * methods. Does nothing in a daemon without an audit file. Any thread.
 */
void audit_event(struct daemon *daemon, const struct caller *caller, const char *what,
    const char *about, const char *outcome);

struct view_job;
/* A job that reads in bulk has ended: ok, or err says why not. detail (may be NULL) says more of what. From its worker. */
void audit_read(const struct view_job *job, const char *what, const char *detail, bool ok,
    const struct err *err);

/* ---- for daemon.c */
/* Opens the file in the daemon's directory, compares it with the last anchor, and starts the thread. */
struct audit *audit_new(struct daemon *daemon, struct err *err) MUST_CHECK;
/* Anchors what is due. */
void audit_tick(struct daemon *daemon);
/* The last line; waits until it is written, and anchors it. The store must still be served until that is durable. */
void audit_stop(struct daemon *daemon);
void audit_free(struct audit *audit); /* takes NULL */

/* Of the last durable line. Any thread. */
struct audit_head audit_head(struct audit *audit);

#endif
