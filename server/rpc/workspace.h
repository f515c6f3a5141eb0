/*
 * A workspace: a plan, the changes of it that are on their way to disk, and who waits for them.
 *
 * Loop thread only. Knows nothing of requests; plan_rpc.c and the other handlers do.
 *
 *     COLD --first use--> LOADING --folded--> READY
 *                            |
 *                            +--the log does not fold--> BROKEN (every use answers why)
 */
#ifndef SERVER_RPC_WORKSPACE_H
#define SERVER_RPC_WORKSPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/calendar.h"
#include "common/err.h"
#include "common/parse.h"
#include "server/insight/check/voices.h"
#include "server/plan/plan.h"
#include "server/rpc/fold.h"
#include "server/rpc/quota.h"
#include "server/rpc/rpc.h"
#include "server/rpc/waiter.h"

struct keys;
struct watch_hub;

enum workspace_state { WORKSPACE_COLD, WORKSPACE_LOADING, WORKSPACE_READY, WORKSPACE_BROKEN };

/* The newest durable view, shared by the jobs that were started before the next one; workers settle it once. */
struct shared_view {
	struct workspace *ws;
	struct view *view;
	uint64_t revision;
	unsigned refs;
	bool settled; /* under the lock of shared_view_settle() */
	/* of a scenario: what was taken, durable or not (workspace_scenario_view()) */
	struct shared_view *next; /* in ws->scenario_views */
	char scenario[ID_MAX_LEN + 1];
	uint64_t undo_epoch;
	uint8_t *conflicts; /* owned; a plumb.v1.ConflictsReply without its revision */
	size_t conflicts_len;
};

/* A change set that was taken and is on its way to disk. In the arena of its call, which is pinned. */
struct commit {
	struct commit *next; /* newer */
	struct commit *prev;
	struct workspace *ws;
	struct rpc_call *call; /* NULL: the daemon's own */
	struct patch *patch;   /* NULL once it was taken back */
	struct stamp stamp;
	int64_t logged_us;
	int64_t taken_us;  /* monotonic */
	uint64_t key_hash; /* 0: without key */
	const uint8_t *body;
	size_t body_len;
	const uint8_t *reply; /* what the caller gets when it is durable */
	size_t reply_len;
	void (*on_done)(
	    struct commit *commit, enum err_code code); /* NULL: the call gets reply or the error */
	void (*free)(struct commit *commit); /* of the daemon's own: the store is done with it */
	void (*on_outcome)(
	    struct commit *commit, enum err_code code); /* just before; NULL nothing */
};

struct workspace {
	struct daemon *daemon;
	struct workspace *next;
	uint32_t number; /* in the store */
	enum workspace_state state;
	char id[ID_MAX_LEN + 1];
	char *title;                /* owned */
	char *time_zone;            /* owned; "" is UTC */
	struct zone *zone;          /* owned; NULL is UTC */
	struct err broken;          /* BROKEN: why */
	struct plan *plan;          /* owned; READY, as the rest */
	struct keys *keys;          /* owned */
	struct watch_hub *hub;      /* owned; NULL without watchers */
	struct shared_view *newest; /* NULL: none is out at the newest revision */
	struct shared_view *judged; /* the newest, kept for what checks found of it; a reference */
	struct shared_view *scenario_views; /* kept until the plan moves on; a reference each */
	struct waiters loading;
	struct waiters undurable;
	struct commit *oldest_commit;
	struct commit *newest_commit;
	struct voices voices; /* never changes, as number and zone */
	struct quota_party party;
	unsigned taken_back; /* commits undone whose completion is still to come */
	uint64_t undo_epoch; /* grows with every undo */
	bool moved;          /* waiters must be looked at */
	struct fold_stats since_snapshot;
	bool snapshot_running;
	bool redact_running;
	bool redact_wanted;
	/* monotonic; not before that after a failure */
	int64_t snapshot_after_us;
	int64_t redact_after_us;
};

/* For the daemon itself. "" is "main". NULL with ERR_NOT_FOUND. Any state. */
struct workspace *workspace_find(struct daemon *daemon, const char *id, struct err *err) MUST_CHECK;
/*
 * For calls, which name workspaces nowhere else: the same, but one that the caller may not enter is as one that does not
 * exist, and is not even looked for.
 */
struct workspace *workspace_enter(
    struct rpc_call *call, const char *id, struct err *err) MUST_CHECK;
struct workspace *workspace_by_number(struct daemon *daemon, uint32_t number);
/* Adds one to the daemon's list, COLD. zone is checked: an unknown one is logged and read as UTC. */
struct workspace *workspace_add(struct daemon *daemon, const char *id, const char *title,
    const char *time_zone, uint32_t number, struct err *err) MUST_CHECK;
void workspace_free(struct workspace *ws);

/* READY without waiting; blocks, for start-up. */
bool workspace_load_now(struct workspace *ws, struct err *err) MUST_CHECK;
/* Starts loading a COLD one. Then wait in ws->loading (any revision). */
void workspace_load(struct workspace *ws);

/*
 * For handlers: the workspace when it is READY. Else NULL: the call was failed, or it waits and handler(call,
 * request) is called again. The call must not use handler_data.
 */
struct workspace *workspace_for_call(
    struct rpc_call *call, const char *id, rpc_handler_fn handler, const ProtobufCMessage *request);
/* The handler is called again when the revision is durable, or was undone. */
void workspace_wait_call(struct workspace *ws, uint64_t revision, struct rpc_call *call,
    rpc_handler_fn handler, const ProtobufCMessage *request);

/*
 * Hands what plan_apply() has taken to the store. commit is filled by the caller (ws, call, patch, stamp, …), who
 * has checked nothing else is wrong; it lives until on_done. False: it was taken back, err says why.
 */
bool workspace_commit(
    struct commit *commit, const char *author, const char *key, struct err *err) MUST_CHECK;
/* May the workspace be written now? ERR_UNAVAILABLE. */
bool workspace_is_writable(const struct workspace *ws, struct err *err) MUST_CHECK;
/* After store_poll(): those who wait for a revision. */
void workspace_after_poll(struct workspace *ws);
/* Snapshots and redactions that are due. */
void workspace_tick(struct workspace *ws);

/* The durable view; a reference. NULL out of memory. Settle it on the worker before use. */
struct shared_view *workspace_view(struct workspace *ws) MUST_CHECK;
/*
 * The plan as a scenario shows it, with all that was taken: good once ->revision is durable and ->undo_epoch still the
 * workspace's. A reference. NULL: ERR_NOT_FOUND, ERR_LIMIT.
 */
struct shared_view *workspace_scenario_view(
    struct workspace *ws, const char *id, struct err *err) MUST_CHECK;
bool shared_view_settle(struct shared_view *view) MUST_CHECK; /* any thread; false out of memory */
void shared_view_unref(struct shared_view *view);             /* takes NULL */
/* Where it is the newest and a check of it is kept (check_book.h), it stays until the plan moves on. */
void workspace_keep_judged(struct shared_view *view);

/* Its civil date now. Any thread: nothing that it reads ever changes. */
int32_t workspace_today(const struct workspace *ws);
void workspace_fold_source(
    const struct workspace *ws, const bool *cancelled, struct fold_source *out);

#endif
