/*
 * The customer room's book: what it counts. Definitions: docs/ROOM.md.
 *
 * Plain C on an index (check/index.h) and on journeys (customer/journeys.h): no protobuf, no I/O, no clock.
 */
#ifndef SERVER_INSIGHT_ROOM_H
#define SERVER_INSIGHT_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/index.h"
#include "server/insight/customer/journeys.h"

/* ---- quarters of the civil year */

/* "2027-Q1" or "2027-q1". */
bool room_quarter_parse(const char *text, int32_t *first, int32_t *last) MUST_CHECK;
#define ROOM_QUARTER_LEN 8 /* "2027-Q1" and NUL */
/* The quarter of a day, into buf of ROOM_QUARTER_LEN bytes, which it returns. */
char *room_quarter_of(int32_t day, char *buf);

/* ---- segments; the index has the way back of ROLE_SEGMENT */

/* The customers in the plan that are of it. */
struct room_crowd {
	uint32_t rows;
	uint32_t valued; /* of them: state a value */
	double value;    /* of these */
};
void room_crowd(const struct index *ix, uint32_t segment, struct room_crowd *out);

/* Is it of the way as it is, or at no step? Others are wishes. */
bool room_is_as_is(const struct index *ix, uint32_t expectation);
/* Of a segment: its expectations as they are. */
struct room_met {
	uint32_t expectations;
	uint32_t rated; /* importance and how well it is met are known */
	double met;     /* of these, weighted by importance; NAN: none has any */
};
void room_met(const struct journeys *js, uint32_t segment, int32_t day, struct room_met *out);
/* Better opportunities first, unknown ones last, then by name. */
int room_compare_wants(const struct journeys *js, const struct expected *a, uint32_t slot_a,
    const struct expected *b, uint32_t slot_b);

/* The segment that a customer is of, or the segment itself; SLOT_NONE. */
uint32_t room_segment_of(const struct index *ix, uint32_t slot);

/* ---- what is about customers */

/*
 * By slot: segments, journeys and all that belongs to them; objectives that answer an expectation; work that changes a step, has customers in
 * its scope or contributes to such an objective, and its parts; promises to customers; decisions and requests about any of these, and
 * decisions of a customer room. To be freed; NULL out of memory.
 */
uint8_t *room_about_customers(const struct journeys *js) MUST_CHECK;

#endif
