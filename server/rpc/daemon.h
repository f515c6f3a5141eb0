/*
 * The daemon without its sockets: the store, the workspaces, the workers, and the clock.
 *
 * Loop thread only, unless said otherwise. Knows nothing of libevent: whoever owns
 * the loop calls daemon_poll() after wake(), daemon_tick() every 100 ms and
 * rpc_turn_end() at the end of each turn.
 */
#ifndef SERVER_RPC_DAEMON_H
#define SERVER_RPC_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct daemon;
struct rpc_pool;
struct quota_limits;
struct patch_op;

struct daemon_options {
	const char *data_dir; /* NULL: everything in memory */
	/* --clock: the clock starts at clock_us, or stands still there. */
	int64_t clock_us;
	bool clock_set;
	bool clock_frozen;
	/* Called from other threads when daemon_poll() has work; must be thread-safe and cheap. */
	void (*wake)(void *arg);
	void *wake_arg;
	const char *synchronous;           /* as struct store_options; NULL the default */
	const char *vfs;                   /* likewise */
	int anonymous;                     /* enum access: what callers may do who show nothing */
	const struct quota_limits *limits; /* NULL: the defaults; copied */
	bool no_audit;                     /* don't write the audit file */
};

/*
 * Opens the store, creates workspace "main" at the first start, and reads the list of workspaces; their plans are
 * folded at first use, except that of "main". options' strings are copied. Errors as store_open().
 */
struct daemon *daemon_new(const struct daemon_options *options, struct err *err) MUST_CHECK;
/* Every call must have been finished. Waits for workers and the store. Takes NULL. */
void daemon_free(struct daemon *daemon);

/* After wake(): completions of commits, jobs and reads. */
void daemon_poll(struct daemon *daemon);
/* Heartbeats, old keys, snapshots that are due. Call every 100 ms or so. */
void daemon_tick(struct daemon *daemon);

/*
 * Begins to stop: writes are refused (ERR_UNAVAILABLE), watchers are ended with the revision to resume from, jobs
 * run on. daemon_is_idle() becomes true when no commit or job is left; daemon_free() then writes snapshots.
 */
void daemon_stop(struct daemon *daemon);
bool daemon_is_idle(const struct daemon *daemon);
bool daemon_is_stopping(const struct daemon *daemon);

/* The wall clock as --clock has it, microseconds since 1970. Any thread. */
int64_t daemon_clock_us(const struct daemon *daemon);
/* A monotonic clock, for deadlines and heartbeats. Any thread. */
int64_t daemon_monotonic_us(void);

/* Kept here for rpc.c: its calls that wait for reuse. free_pool is called by daemon_free(). */
void daemon_set_rpc_pool(
    struct daemon *daemon, struct rpc_pool *pool, void (*free_pool)(struct rpc_pool *));
struct rpc_pool *daemon_rpc_pool(const struct daemon *daemon);
/* For Info; counted by whoever listens. */
void daemon_set_connections(struct daemon *daemon, unsigned count);

/*
 * Who wants to know what became durable, on the loop, in order of revision; ops are valid during the call only. The
 * workspace's number is its store number. At most DAEMON_OBSERVERS of them.
 */
#define DAEMON_OBSERVERS 4
typedef void (*daemon_observer_fn)(void *arg, uint32_t workspace, uint64_t revision,
    int64_t time_us, const struct patch_op *ops, size_t count);
void daemon_observe(struct daemon *daemon, daemon_observer_fn fn, void *arg);

#endif
