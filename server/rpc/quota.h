/*
 * How much of the daemon one caller, or one workspace, may have at a time, so that the others have theirs.
 *
 * A caller is a token, else a proven name, else an address; every call points to its party, and to its workspace's once that
 * is known. Refusals are ERR_LIMIT with google.rpc.RetryInfo. Loop thread only.
 */
#ifndef SERVER_RPC_QUOTA_H
#define SERVER_RPC_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/rpc/jobs.h"

struct daemon;
struct quota;
struct rpc_call;
struct workspace;

/* 0: no limit. */
struct quota_limits {
	unsigned calls_per_caller;    /* at once, streams included */
	unsigned analyses_per_caller; /* waiting and running */
	unsigned
	    rate_per_caller; /* calls a second, while others call too; an analysis costs QUOTA_ANALYSIS */
	unsigned mebibytes_per_caller; /* of requests that are being answered */
	unsigned calls_per_workspace;
	unsigned analyses_per_workspace;
	unsigned rate_per_workspace; /* always */
};
void quota_limits_init(struct quota_limits *limits); /* as server/limits.h has them */

#define QUOTA_ANALYSIS 20u /* what an analysis costs of the rate, in calls */

/* One caller's or one workspace's use. */
struct quota_party {
	struct jobs_party jobs;
	unsigned calls; /* running */
	unsigned refs;  /* calls that may still ask for jobs */
	uint64_t bytes;
	int64_t paid_ns;          /* monotonic: up to when the calls so far have used its rate */
	int64_t call_us;          /* how long its calls took lately */
	int64_t used_us;          /* its last call */
	struct quota_party *next; /* of the same hash */
	size_t key_len;
	char key[128];
};

struct quota *quota_new(
    const struct quota_limits *limits) MUST_CHECK; /* limits NULL: the defaults */
void quota_free(struct quota *quota);              /* takes NULL; after all calls and jobs */
/* Forgets callers who have been away for long. */
void quota_tick(struct quota *quota);

/* ---- for rpc.c */
/* The call belongs to its caller from here to quota_end(). False: out of memory. */
bool quota_begin(struct rpc_call *call) MUST_CHECK;
/* May it be answered? len: of its request. ERR_LIMIT; call->retry_us then says when to come again. */
bool quota_admit(struct rpc_call *call, size_t len, struct err *err) MUST_CHECK;
void quota_end(struct rpc_call *call, int64_t took_us);
/* Nobody holds the call any more. */
void quota_forget(struct rpc_call *call);

/* ---- for handlers */
/* The call is about that workspace: asked once. */
bool quota_enter(struct rpc_call *call, struct workspace *ws, struct err *err) MUST_CHECK;
/* As jobs_start(), in the caller's turn; ERR_LIMIT when it, the workspace or the daemon has too many. */
bool quota_start(
    struct rpc_call *call, job_fn run, job_fn done, void *arg, struct err *err) MUST_CHECK;

/* ---- for transports */
/*
 * After a call was refused for its caller's rate: how long nothing more should be read from its connection; else 0. Whoever doesn't
 * heed refusals would cost as much as without them.
 */
int64_t quota_take_hold(struct daemon *daemon);

#endif
