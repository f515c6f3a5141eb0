/* What daemon.c shares with the modules that make it up; nobody else includes it. */
#ifndef SERVER_RPC_DAEMON_INTERNAL_H
#define SERVER_RPC_DAEMON_INTERNAL_H

#include <pthread.h>

#include "server/rpc/as_of.h"
#include "server/rpc/daemon.h"
#include "server/rpc/jobs.h"
#include "server/rpc/workspace.h"
#include "server/store/store.h"

struct audit;
struct check_book;
struct access_book;
struct confidential;
struct projection;
struct quota;
struct trend_book;
struct view_call;
struct voice_book;
struct webhooks;

struct observer {
	daemon_observer_fn fn;
	void *arg;
};

struct daemon {
	struct store *store; /* owned, as what follows */
	struct jobs *jobs;
	struct workspace *system;     /* the list of workspaces, as a plan */
	struct workspace *workspaces; /* list, without system */
	unsigned workspaces_count;
	bool relist; /* a new one could not be taken into the list for want of memory */
	struct as_of_cache as_of;
	struct observer observers[DAEMON_OBSERVERS];
	size_t observers_count;
	struct access_book *access;
	struct confidential *confidential;
	struct voice_book *voices;
	struct check_book *checks;
	struct trend_book *trends;
	struct quota *quota;
	struct audit *audit;           /* NULL: none is written */
	struct projection *projection; /* NULL: in memory, without tables */
	struct webhooks *webhooks;
	char *data_dir; /* NULL: memory */
	void (*wake)(void *arg);
	void *wake_arg;
	/* the clock */
	int64_t
	    clock_base_us; /* wall clock at start_monotonic_us; CLOCK_REALTIME where it was not set */
	int64_t start_monotonic_us;
	bool clock_set;
	bool clock_frozen;
	int64_t started_us;
	bool stopping;
	unsigned connections;
	struct rpc_pool *rpc_pool;
	void (*free_rpc_pool)(struct rpc_pool *);
	/* view jobs with output for the loop (view_job.c) */
	pthread_mutex_t output_lock;
	struct view_call *output;    /* under output_lock */
	pthread_mutex_t settle_lock; /* of shared views */
};

/* view_job.c: sends what workers have made. */
void view_calls_poll(struct daemon *daemon);
/* Blocks until what was handed to the store is in the log, or isn't; for start-up. */
void daemon_wait_for_store(struct daemon *daemon);
/* What became durable in the system workspace: new workspaces join the list. */
bool workspaces_on_change(struct daemon *daemon, const struct patch_op *ops, size_t count);

#endif
