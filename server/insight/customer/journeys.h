/*
 * Customers' journeys: in which order their steps come, what was lived at each, what is expected there, and who works on it.
 * Definitions: docs/CUSTOMERS.md.
 *
 * Plain C on an index (check/index.h) with the ways back of JOURNEYS_IN_ROLES at least: no protobuf, no I/O, no clock.
 * Built by one pass over the records and the open work; then each question costs what its answer is long.
 */
#ifndef SERVER_INSIGHT_CUSTOMER_JOURNEYS_H
#define SERVER_INSIGHT_CUSTOMER_JOURNEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/index.h"

#define JOURNEYS_IN_ROLES                                                                          \
	(ROLE_BIT(ROLE_IN) | ROLE_BIT(ROLE_SEGMENT) | ROLE_BIT(ROLE_FOLLOWS) |                     \
	    ROLE_BIT(ROLE_ANSWERS) | ROLE_BIT(ROLE_WORKS_ON) | ROLE_BIT(ROLE_INSTEAD))

/* The numbers of plumb.v1.Journey.State and plumb.v1.Step.ValueState. */
enum journey_state { JOURNEY_AS_IS, JOURNEY_TO_BE };
enum value_state { VALUE_UNKNOWN, VALUE_GAINED, VALUE_KEPT, VALUE_LOST };

/* A list of entries; starts all zero. */
struct slots {
	uint32_t *list;
	size_t count;
	size_t cap;
};
bool slots_add(struct slots *slots, uint32_t slot) MUST_CHECK; /* false: out of memory */
bool slots_have(const struct slots *slots, uint32_t slot);
/* Sorted by kind and id, each once. */
void slots_by_name(const struct index *ix, struct slots *slots);
void slots_fini(struct slots *slots);

/* What was lived, as a record about a step or an expectation says it. Numbers that are not stated are NAN. */
struct lived {
	int64_t at_us;
	uint32_t about;
	uint32_t record;
	uint32_t segment; /* SLOT_NONE: everybody */
	int32_t date;
	int32_t people; /* 0 not stated */
	uint8_t value_state;
	double emotion;
	double importance;
	double met;
};

struct scoped;

struct journeys {
	const struct index *ix;
	struct lived *lived; /* by what they are about, then in order of time */
	uint32_t *lived_first;
	struct scoped *scoped; /* work that names a stage in its scope, by stage */
	size_t scoped_count;
	struct scoped *limited; /* work that names segments in its scope, by work */
	size_t limited_count;
	uint32_t *place; /* scratch by slot, all zero between calls: not for two threads */
};

/* The index must outlive it. ERR_LIMIT out of memory, ERR_CANCELLED when stop (may be NULL) says so. */
bool journeys_init(struct journeys *js, const struct index *ix, index_stop_fn stop, void *arg,
    struct err *err) MUST_CHECK;
void journeys_fini(struct journeys *js);

/* ---- the way */

struct path_step {
	uint32_t stage;
	uint32_t step; /* SLOT_NONE: the stage has none */
};

/* The stages of a journey with their steps, in order: who follows comes later, ties by id. Call path_fini() whatever happens. */
struct path {
	struct path_step *steps;
	size_t count;
	size_t steps_count; /* without empty stages */
	/* What follows each other in a circle, in that order, the first once only; there is no order then, and the list is by id. */
	struct slots circle;
};
/* False: out of memory. */
bool journeys_path(struct journeys *js, uint32_t journey, struct path *path) MUST_CHECK;
void path_fini(struct path *path);

/* The live stage that a live step is in, and the live journey; SLOT_NONE: none. */
uint32_t journeys_stage_of(const struct index *ix, uint32_t step);
uint32_t journeys_journey_of(const struct index *ix, uint32_t step);

/* ---- who takes it */

/* A journey that names no segment is taken by all. */
bool journeys_takes(const struct index *ix, uint32_t journey, uint32_t segment);
/*
 * The live segments that a journey names; where it names none, those that expect or lived something at its steps. By name.
 * False: out of memory.
 */
bool journeys_segments(
    struct journeys *js, uint32_t journey, const struct path *path, struct slots *out) MUST_CHECK;

/* ---- what is lived and expected */

/* The records about a step or expectation, in order of time. */
const struct lived *journeys_lived(const struct journeys *js, uint32_t slot, uint32_t *count);

/* How a segment fared at a step by the end of a day. */
struct fared {
	double emotion; /* -2..2; NAN not known */
	uint8_t value_state;
	uint32_t emotion_record; /* SLOT_NONE: the step's own field */
	uint32_t value_record;
};
/*
 * The newest word of the segment or of everybody (SLOT_NONE: of everybody only), not after the day; where there is none, the step's
 * own field.
 */
void journeys_fared(
    const struct journeys *js, uint32_t step, uint32_t segment, int32_t day, struct fared *out);
/*
 * Of several segments together: the mean of the emotions that are known, each segment once, and the worst value state; no records.
 * None: what holds for everybody.
 */
void journeys_fared_all(const struct journeys *js, uint32_t step, const struct slots *segments,
    int32_t day, struct fared *out);

struct expected {
	uint32_t segment; /* SLOT_NONE */
	uint32_t step;
	double importance;          /* 0..10; NAN not known */
	double met;                 /* 0..10 */
	double opportunity;         /* journeys_opportunity() */
	uint32_t importance_record; /* SLOT_NONE: the expectation's own field */
	uint32_t met_record;
};
void journeys_expected(
    const struct journeys *js, uint32_t expectation, int32_t day, struct expected *out);
/*
 * importance + max(importance - met, 0): 0..20, above 10 where what matters is not met [A. W. Ulwick, "What customers want", 2005,
 * ch. 3]. NAN where one of them is not known.
 */
double journeys_opportunity(double importance, double met);

/* The live expectations at a step, of a segment or (SLOT_NONE) of all; the best opportunity first. False: out of memory. */
bool journeys_expectations(const struct journeys *js, uint32_t step, uint32_t segment, int32_t day,
    struct slots *out) MUST_CHECK;

/* ---- who answers */

/* The open objectives that answer an expectation, by name. False: out of memory. */
bool journeys_answers(
    const struct journeys *js, uint32_t expectation, struct slots *out) MUST_CHECK;
/*
 * The open initiatives and workstreams that work on a step for a segment (SLOT_NONE: whomever): they name the step, or name its stage in
 * their scope; and they name that segment in their scope, or none. By rank, then name. False: out of memory.
 */
bool journeys_work(
    const struct journeys *js, uint32_t step, uint32_t segment, struct slots *out) MUST_CHECK;

/* Sets marks[slot] of open work that names a stage or segment in its scope. */
void journeys_mark_scoped(const struct journeys *js, uint8_t *marks);
/* Does the step name open work behind it? */
bool journeys_has_work_behind(const struct index *ix, uint32_t step);
/* The first live target of that role; SLOT_NONE. */
uint32_t journeys_target(const struct index *ix, uint32_t slot, enum role role);

/* The numbers of plumb.v1.Hole, as bits. */
enum hole {
	HOLE_NO_OWNER = 1 << 1,
	HOLE_NO_FUNCTION = 1 << 2,
	HOLE_NO_MEASURE = 1 << 3,
	HOLE_NO_WORK = 1 << 4,
	HOLE_NO_EXPECTATION = 1 << 5,
	HOLE_NO_EMOTION = 1 << 6,
	HOLE_UNANSWERED = 1 << 7,
};
#define HOLES_END 8
/* What a step lacks where so many expectations and pieces of open work are there; of the first five. */
unsigned journeys_holes(const struct journeys *js, uint32_t step, size_t expectations, size_t work);

#endif
