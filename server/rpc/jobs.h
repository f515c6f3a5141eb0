/*
 * Jobs: what takes longer than a loop turn runs on a small pool of workers and comes back to the loop.
 *
 * Loop thread only, unless said otherwise.
 *
 * Most handlers want job_view(): it finds the workspace, revision and day that a
 * request asks about, hands a view to a function on a worker, and ends the call
 * with what that function returns.
 */
#ifndef SERVER_RPC_JOBS_H
#define SERVER_RPC_JOBS_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "common/faults.h"

struct daemon;
struct jobs;
struct job;
struct rpc_call;
struct view;
struct view_call;
struct voices;
struct workspace;
struct worlds;

/* ---- the pool */
typedef void (*job_fn)(void *arg);

/* Whose jobs: parties take turns. All zero at first; must outlive its jobs. */
struct jobs_party {
	size_t count;      /* waiting, running or not yet polled; loop only */
	struct job *first; /* waiting; the pool's, as what follows */
	struct job **last;
	struct jobs_party *next; /* in turn */
};

/* wake() as in struct daemon_options. Starts its threads. */
struct jobs *jobs_new(void (*wake)(void *arg), void *wake_arg, struct err *err) MUST_CHECK;
/* Runs what is queued, then stops; done() is called for each. Takes NULL. */
void jobs_free(struct jobs *jobs);
/* The daemon's own work: run(arg) on a worker, then done(arg) on the loop from jobs_poll(). Calls use quota_start(). */
bool jobs_start(struct jobs *jobs, job_fn run, job_fn done, void *arg, struct err *err) MUST_CHECK;
/* The same in the turn of whose party it is; also counted for another (may be NULL). */
bool jobs_start_for(struct jobs *jobs, struct jobs_party *party, struct jobs_party *counted,
    job_fn run, job_fn done, void *arg, struct err *err) MUST_CHECK;
/* How long one took lately, microseconds. */
int64_t jobs_took_us(const struct jobs *jobs);
void jobs_poll(struct jobs *jobs);
/* From a job, around waiting for a slow reader: another job may run meanwhile. */
void jobs_block(struct jobs *jobs);
void jobs_unblock(struct jobs *jobs);
/* Those that no worker has taken yet, and those that run. */
void jobs_depth(struct jobs *jobs, size_t *waiting, size_t *running);
/* Waiting, running or not yet polled. */
size_t jobs_count(const struct jobs *jobs);

/* ---- jobs that read a view and answer a call */
/* One of those that are compared: the plan, or a scenario. */
struct job_course {
	const struct view *view;
	const struct view *baseline; /* NULL where there is none */
	uint32_t baseline_slot;
	const char *scenario;     /* its id; "" the plan */
	const uint8_t *conflicts; /* as below */
	size_t conflicts_len;
};

struct view_job {
	/* For the worker, read-only. Settled already: do not call view_settle(). */
	const struct view *view;
	const struct view *other;          /* job_views(): the second; else NULL */
	const struct view *baseline;       /* job_view_baseline(): NULL where there is none */
	uint32_t baseline_slot;            /* of the baseline in view */
	const struct view *other_baseline; /* job_views_baseline(): the same for other */
	uint32_t other_baseline_slot;
	uint64_t baseline_revision;
	uint64_t revision; /* of view */
	uint64_t other_revision;
	int32_t today;      /* the date that the answer takes as today (of `to` for two views) */
	int32_t from_today; /* job_views(): the same of `from` */
	const struct workspace *ws; /* for what never changes */
	const char *workspace;      /* its id */
	uint32_t workspace_number;  /* in the store */
	const char *scenario;       /* the id of the one that view shows; "" the plan */
	const char *other_scenario;
	const uint8_t
	    *conflicts; /* of that scenario: an encoded ConflictsReply without its revision */
	size_t conflicts_len;
	const struct job_course *courses; /* job_view_scenarios(): the plan, then each scenario */
	size_t courses_count;
	const struct voices *voices; /* for checks (struct check_query), as what follows */
	const struct worlds *worlds; /* job_view_check(): where they are asked for; else NULL */
	void *arg;                   /* as given */
	/* The job's own memory, LIMIT_CALL_ARENA; the request in the call's arena may be read, call->arena not used. */
	struct arena *arena;
	struct faults *faults; /* go out as google.rpc.BadRequest when run returns false */
	struct rpc_call
	    *call; /* not for workers, except call->method, call->caller and call->daemon */
	struct view_call *own; /* the implementation's */
};

/*
 * On a worker. True ends the call well, false with err. arg typically is the request, which lives as long as the
 * call does (the call is pinned until the job is done).
 */
typedef bool (*job_view_fn)(struct view_job *job, struct err *err);

struct Plumb__V1__At;

/*
 * Answers the call from a view of what at asks (NULL: the newest of "main"). Everything goes through the call:
 * unknown workspace, revision not there, limit reached end it with an error, so that a handler ends with this. The call
 * must have no handler_data or callbacks of its own.
 */
void job_view(struct rpc_call *call, const struct Plumb__V1__At *at, job_view_fn run, void *arg);
/* The same, beside the plan at the baseline that was drawn last (of those that the view knows). */
void job_view_baseline(
    struct rpc_call *call, const struct Plumb__V1__At *at, job_view_fn run, void *arg);
/* The same for a check: what of the newest baseline and of scenarios its rules look at. */
void job_view_check(struct rpc_call *call, const struct Plumb__V1__At *at, bool baseline,
    bool worlds, job_view_fn run, void *arg);
/* The same with two views of one workspace. */
void job_views(struct rpc_call *call, const struct Plumb__V1__At *from,
    const struct Plumb__V1__At *to, job_view_fn run, void *arg);
/* Two views, each beside the plan at its own newest baseline. */
void job_views_baseline(struct rpc_call *call, const struct Plumb__V1__At *from,
    const struct Plumb__V1__At *to, job_view_fn run, void *arg);
/*
 * The plan and scenarios on top of it (1 to LIMIT_WHATIF_SCENARIOS, no two the same), all as of one revision, each beside the newest
 * baseline. at names no scenario.
 */
void job_view_scenarios(struct rpc_call *call, const struct Plumb__V1__At *at,
    char *const *scenarios, size_t count, job_view_fn run, void *arg);

/*
 * From the worker: one reply message, encoded now. Waits while the stream has no room. False when the call was cancelled
 * (err is ERR_CANCELLED then) or the message is too large (ERR_LIMIT); return false with it.
 */
bool view_job_send(
    struct view_job *job, const ProtobufCMessage *message, struct err *err) MUST_CHECK;
bool view_job_send_bytes(
    struct view_job *job, const uint8_t *p, size_t len, struct err *err) MUST_CHECK;
/* Ask now and then, for instance every 1,024 items; return false with ERR_CANCELLED when it says true. */
bool view_job_cancelled(const struct view_job *job);
/* The same as a stop function for what runs long; its arg is the job. */
bool view_job_is_over(void *job);

#endif
