/*
 * The plan of one workspace in memory: the fold of its log.
 *
 * Loop thread only (an as-of plan: its worker only). A change set is taken or
 * refused whole; what was taken can be undone until it is settled, newest first.
 * Views (view.h) are cheap and see durable revisions only.
 */
#ifndef SERVER_PLAN_PLAN_H
#define SERVER_PLAN_PLAN_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "common/faults.h"
#include "server/plan/item.h"

struct plan;
struct patch;
struct view;
struct snapshot_writer;

struct plan *plan_new(void) MUST_CHECK;
void plan_free(struct plan *plan); /* takes NULL; no view may be out */

/* What a change set is stamped with. */
struct stamp {
	uint64_t revision;
	int64_t time_us; /* effective */
	const char *author;
	/* A scenario's change set, laid over the plan to be looked at and undone: revision and time of the plan stay. */
	bool overlay;
};

/* What Apply says of an expected revision that did not hold. */
struct plan_conflict {
	char ref[160]; /* "kind/id", "" the workspace */
	uint64_t expected;
	uint64_t actual;
};

/*
 * Checks a decoded plumb.v1.ChangeSet (as it is, or will be, logged) and takes it. On success *out is the patch, owned by the plan until settled or undone. On refusal
 * nothing has changed: faults lists all that is wrong (ERR_INVALID; ERR_PRECONDITION for a Remove that is referred
 * to; ERR_NOT_FOUND; ERR_EXISTS), or conflict is filled (ERR_CONFLICT). replay: the set comes from the log; rules
 * that a past version did not have are not applied.
 */
bool plan_apply(struct plan *plan, const ProtobufCMessage *change_set, const struct stamp *stamp,
    bool replay, struct arena *arena, struct faults *faults, struct plan_conflict *conflict,
    struct patch **out, struct err *err) MUST_CHECK;
/* The oldest unsettled patch is durable: what it replaced may go once no view sees it. */
void plan_settle(struct plan *plan, struct patch *patch);
/* Takes the newest unsettled patch back; cannot fail. */
void plan_undo(struct plan *plan, struct patch *patch);

/* What a patch did, in order; for replies, dry runs, history and the projection. Valid until settle or undo. */
struct patch_op {
	const struct item *old; /* NULL: new; may be a tombstone */
	const struct item *new; /* a tombstone where removed */
};
const struct patch_op *patch_ops(const struct patch *patch, size_t *count);
/* The op that change i of the set led to first (others follow from it: cascade, references of a rename). Where nothing had to
 * change, old and new of that op are the same. */
size_t patch_change_op(const struct patch *patch, size_t change);

uint64_t plan_revision(const struct plan *plan); /* newest taken */
uint64_t plan_durable(const struct plan *plan);  /* newest settled */
int64_t plan_time(const struct plan *plan);      /* effective time of the newest taken */

/* How many entries the newest state has that are not removed: items, and records. */
void plan_sizes(const struct plan *plan, uint32_t *items, uint32_t *records);
/* Of the items, scenarios. */
uint32_t plan_scenarios(const struct plan *plan);
/* The newest state, settled or not, as a view; valid until the next change, on the plan's thread only. */
const struct view *plan_now(const struct plan *plan);
/* The newest version, settled or not; NULL if the name was never used. */
const struct item *plan_find(
    const struct plan *plan, enum kind kind, const char *id, size_t id_len);

/* ---- views */
/* The durable plan as it is now; shared read-only, any thread. Costs a copy of the page directories. */
struct view *plan_view(struct plan *plan) MUST_CHECK;
/*
 * The same of everything that was taken, durable or not: for asking what a change would do. It stays whole when that is
 * undone, settled or changed again meanwhile.
 */
struct view *plan_view_pending(struct plan *plan) MUST_CHECK;
/* Gives it back, on the plan's thread. Takes NULL. */
void plan_view_release(struct plan *plan, struct view *view);

/* ---- snapshots */
#define PLAN_SNAPSHOT_LAYOUT 3u
bool view_save(const struct view *view, struct snapshot_writer *writer, struct err *err) MUST_CHECK;
/* Into an empty plan. False: the payload does not hold together; the plan must be freed. */
bool plan_load(struct plan *plan, const uint8_t *payload, size_t len, struct err *err) MUST_CHECK;

#endif
