/*
 * Trends of workspaces: history is folded forward once, each day's end is judged, and what came of it is kept in memory
 * and in DATA/cache, where the next question goes on from it.
 *
 * Disposable: deleting the file costs time, nothing else. It is believed only if the log has its revision with the same
 * chain, and the rules, the formula and the time zone are the ones that it was made with; a redaction forgets it.
 */
#ifndef SERVER_RPC_TREND_H
#define SERVER_RPC_TREND_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/trend.h"

struct daemon;
struct trend_book;
struct trend_page;
struct view;
struct workspace;

struct trend_book *trend_book_new(void) MUST_CHECK;
void trend_book_free(struct trend_book *book); /* takes NULL; nothing may be lent */
/* What was kept of the workspace counts no more. Any thread. */
void trend_forget(struct daemon *daemon, uint32_t workspace);

/* The ends of the days first..last of the plan as its log has it up to revision, each judged as of that day. */
struct trend_query {
	struct daemon *daemon;
	const struct workspace *ws;  /* for what never changes: number and zone */
	const struct view *view;     /* of that revision, settled */
	const struct view *baseline; /* beside it, as job_view_baseline() gives them */
	uint32_t baseline_slot;
	uint64_t revision;
	int32_t first;
	int32_t last; /* at most LIMIT_TREND_DAYS from first */
	const bool *cancelled;
	void (*progress)(void *arg, double part); /* 0..1; may be NULL */
	void *arg;
};

struct trend_loan {
	const struct trend *trend; /* has first..last at least */
	size_t judged;             /* days that had to be worked out for this */
	/* private */
	struct trend own;
	struct trend_book *book;
	struct trend_page *page;
};

/* On a worker; others who ask about this workspace wait until it is given back. ERR_CANCELLED, ERR_LIMIT, ERR_DATA_LOSS. */
bool trend_take(
    const struct trend_query *query, struct trend_loan *loan, struct err *err) MUST_CHECK;
void trend_give(struct trend_loan *loan);

/* Day of the log's first entry in the workspace's zone; DATE_NONE where it has none. Blocks. */
bool trend_first_day(
    struct daemon *daemon, const struct workspace *ws, int32_t *day, struct err *err) MUST_CHECK;

#endif
