/* What the files of the customer room's book share; nobody else includes it. */
#ifndef SERVER_RPC_ROOM_INTERNAL_H
#define SERVER_RPC_ROOM_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "plumb/v1/room.pb-c.h"
#include "server/insight/room.h"
#include "server/insight/saydo.h"
#include "server/rpc/jobs.h"
#include "server/rpc/journey_call.h"

/* What a segment says of itself, or its customers in the plan where it does not. */
struct room_size {
	int64_t customers; /* -1: nobody says */
	bool counted;
	double value; /* NAN */
	bool added;
	double growth; /* NAN */
};

struct room_segment {
	uint32_t slot;
	bool core;
	bool told;
	struct room_size size;
	char *currency;
	struct saydo_row promises;
};

struct room_call {
	struct journey_call jc;
	struct view_job *job;
	const Plumb__V1__RoomRequest *request;
	/* The quarter; before is the day before it, day the one that the book is of. */
	int32_t first;
	int32_t last;
	int32_t before;
	int32_t day;
	struct index then; /* of the plan by the end of `before` */
	uint32_t journey;  /* SLOT_NONE: all, as what follows */
	uint32_t segment;
	uint8_t *about_customers;      /* by slot */
	struct room_segment *segments; /* all of the plan, in the order in which they are told */
	size_t segments_count;
	int64_t customers; /* of all; -1: not all say */
	double value;      /* of all; NAN: not all say, or in several currencies */
	Plumb__V1__RoomBook book;
	char *notes[LIMIT_ROOM_NOTES + LIMIT_JOURNEY_LIST];
};

/* Of the job's view or the other one, found by the index's own slot; texts in the job's arena. */
bool room_size(struct room_call *rc, const struct index *ix, uint32_t slot, struct room_size *out,
    char **currency) MUST_CHECK;
/* The expectation as a message, in that arena; NULL: it is full. */
Plumb__V1__RoomWant *room_want(struct room_call *rc, struct arena *arena, uint32_t expectation);
/* In the journey call's arena; NULL: it is full. */
Plumb__V1__RoomSegment *room_segment_message(
    struct room_call *rc, const struct room_segment *segment);
/* Outcomes in some arena, most important first. */
bool room_outcomes(struct room_call *rc, struct arena *arena, struct slots *slots,
    Plumb__V1__RoomOutcome ***list, size_t *count, uint32_t *more) MUST_CHECK;
/* The parts of the book beside its head, in the job's arena. */
bool room_fill_promises(struct room_call *rc, struct err *err) MUST_CHECK;
bool room_fill_decisions(struct room_call *rc) MUST_CHECK;
bool room_fill_requests(struct room_call *rc) MUST_CHECK;
bool room_fill_holes(struct room_call *rc, struct err *err) MUST_CHECK;
bool room_fill_rooms(struct room_call *rc, struct err *err) MUST_CHECK;

#endif
