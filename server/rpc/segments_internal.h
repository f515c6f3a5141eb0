/* The parts of Segments: who answered what, which groups came of it, and who belongs where. On a worker. */
#ifndef SERVER_RPC_SEGMENTS_INTERNAL_H
#define SERVER_RPC_SEGMENTS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "plumb/v1/segments.pb-c.h"
#include "server/insight/segments/segments.h"
#include "server/limits.h"
#include "server/rpc/job_progress.h"

struct item;
struct view_job;

struct segments_question {
	const char *key; /* in an item's bytes or the request */
	size_t len;
};

struct segments_customer {
	const struct item *item;
	double growth;   /* NAN not stated */
	uint32_t stated; /* number of the segment that it states; SLOT_NONE */
};

struct segments_call {
	struct view_job *job;
	const Plumb__V1__SegmentsRequest *request;
	struct job_progress progress;
	struct segments_customer
	    *customers; /* those that match, by id; then those with answers only */
	uint32_t customers_count;
	uint32_t used;
	struct segments_question questions[LIMIT_SEGMENTS_QUESTIONS];
	uint32_t columns;
	float *ratings; /* of those used */
	struct segments_query query;
	struct segments *found;
	uint32_t *segments; /* slots of the segments that are stated, ascending */
	uint32_t segments_count;
	Plumb__V1__SegmentsFound reply;
};

/* ---- segments_rows.c: the customers, the questions and the answers, as rows and columns */

/* Fills customers, questions and ratings. */
bool segments_call_rows(struct segments_call *sc, struct err *err) MUST_CHECK;
/* The answers of one, and how many of the questions it answered. ERR_INVALID: out of the scale. */
bool segments_call_row(struct segments_call *sc, struct segments_customer *customer, float *row,
    uint32_t *answered, struct err *err) MUST_CHECK;
/* Its column; SLOT_NONE: it is none of the questions. Looks first at the column `hint`. */
uint32_t segments_call_question(
    const struct segments_call *sc, struct segments_question q, uint32_t hint);

/* ---- segments_found.c: what was found, in words and numbers. False: out of memory */

bool segments_call_questions(struct segments_call *sc) MUST_CHECK;
bool segments_call_tries(struct segments_call *sc) MUST_CHECK;
bool segments_call_groups(struct segments_call *sc) MUST_CHECK;

/* ---- segments_stated.c: the groups beside the segments that customers state */

bool segments_call_compare(struct segments_call *sc, struct err *err) MUST_CHECK;

/* ---- segments_assign.c: who belongs where */

/* What is asked for must be there, firm or not; it is assigned to firm groups only. */
bool segments_call_assign(struct segments_call *sc, struct err *err) MUST_CHECK;
/* All of them, some a message. */
bool segments_call_members(struct segments_call *sc, struct err *err) MUST_CHECK;

#endif
