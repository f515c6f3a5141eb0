/*
 * Journeys as messages, one after the other: what Journey answers with, and the book of the customer room has for each segment.
 *
 * On a worker. Starts all zero, then `send` and what is asked about are set.
 */
#ifndef SERVER_RPC_JOURNEY_CALL_H
#define SERVER_RPC_JOURNEY_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "plumb/v1/journey.pb-c.h"
#include "server/insight/customer/journeys.h"
#include "server/limits.h"

struct arena;
struct view_job;

struct journey_call {
	/* Takes some steps of a journey; the first piece of it has all the rest. Valid until it returns. */
	bool (*send)(struct journey_call *jc, Plumb__V1__JourneyPath *path, struct err *err);
	uint32_t segment; /* SLOT_NONE: all that take it, together */
	int32_t since;    /* how it was by then beside; DATE_NONE: not asked */
	bool to_be;       /* beside the journey as it shall become */
	/* Filled by journey_call_begin(). */
	struct view_job *job;
	struct index ix; /* with all ways back */
	struct journeys js;
	struct arena *arena;             /* of one message */
	char *notes[LIMIT_JOURNEY_LIST]; /* sentences, in the job's arena: what could not be told */
	size_t notes_count;
	struct slots segments; /* private, as what follows: of the journey that is shown */
	struct slots found;
};

/* Sees job->view on that day. journey_call_end() only if it was true. */
bool journey_call_begin(
    struct journey_call *jc, struct view_job *job, int32_t today, struct err *err) MUST_CHECK;
void journey_call_end(struct journey_call *jc);
bool journey_call_show(struct journey_call *jc, uint32_t journey, struct err *err) MUST_CHECK;

#endif
