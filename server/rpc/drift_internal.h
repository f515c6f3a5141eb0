/* The parts of Drift: which items are looked at, what is different about them, in what order they stand, and the answer. On a worker. */
#ifndef SERVER_RPC_DRIFT_INTERNAL_H
#define SERVER_RPC_DRIFT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "plumb/v1/drift.pb-c.h"
#include "server/rpc/drift.h"
#include "server/rpc/job_progress.h"

struct view_job;
struct workspace;

#define DRIFT_ASPECTS 7u

struct drift_call {
	const Plumb__V1__DriftRequest *request;
	const struct workspace *ws; /* for what never changes */
	struct view_job *job;
	struct job_progress progress;
	const struct view *then;
	const struct view *now;
	uint64_t from; /* revisions */
	uint64_t to;
	int32_t today;
	const char *scenario;
	bool wanted[DRIFT_ASPECTS];
	bool *chosen_then; /* by slot; NULL: all */
	bool *chosen_now;
	bool *told; /* by slot of now: was told of under its old name */
	struct drift_item *items;
	size_t count;
	size_t cap;
	size_t changes;
	struct arena *scratch;
	Plumb__V1__DriftSummary summary;
};

/* Nobody waits any more; arg is the call. */
bool drift_is_over(void *arg);

/* ---- drift_choice.c: which items are looked at */

/* Do fields of its kind drift? */
bool drift_is_told_of(unsigned kind);
/* What it is a part of; NULL. */
const struct item *drift_above(const struct view *view, const struct item *item);
/* It, or what it belongs to; chosen is by slot of view. */
bool drift_is_chosen(const struct view *view, const bool *chosen, const struct item *item);
/* One of the two may be NULL. */
bool drift_is_asked_about(
    const struct drift_call *dc, const struct item *old, const struct item *now);
/* What an entry of now is called by now; NULL: it is gone, and for NULL. */
const struct item *drift_successor(const struct drift_call *dc, const struct item *item);
/* What had the same name then; NULL. */
const struct item *drift_find_then(const struct drift_call *dc, const struct item *now);
/* Those that the request names. */
bool drift_choose(struct drift_call *dc, struct err *err) MUST_CHECK;

/* ---- drift_changes.c: what is different about each */

/* NULL: the arena is full. */
struct drift_item *drift_add_item(
    struct drift_call *dc, const struct item *old, const struct item *now) MUST_CHECK;
bool drift_add_change(struct drift_call *dc, struct drift_item *item,
    const struct drift_change *change, struct err *err) MUST_CHECK;
/* First what has another name now, so that nothing is told of twice. */
bool drift_gather(struct drift_call *dc, bool renamed, struct err *err) MUST_CHECK;

/* ---- drift_ranks.c: the places of initiatives. When all else is gathered */

bool drift_gather_ranks(struct drift_call *dc, struct err *err) MUST_CHECK;

/* ---- drift_totals.c: what it comes to */

/* Effort and ends. */
bool drift_sum_up(struct drift_call *dc, struct err *err) MUST_CHECK;
/* What only others' places changed is counted, and told with `all` alone. */
void drift_drop_passed(struct drift_call *dc);
void drift_count_changes(struct drift_call *dc, Plumb__V1__DriftCount counts[DRIFT_ASPECTS]);
/* Who made the last steps, most of them first. False: the arena is full. */
bool drift_count_people(struct drift_call *dc) MUST_CHECK;

/* ---- drift_reply.c: the messages */

bool drift_send_items(struct drift_call *dc, struct err *err) MUST_CHECK;
bool drift_send_summary(struct drift_call *dc, struct err *err) MUST_CHECK;

#endif
