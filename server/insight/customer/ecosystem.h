/*
 * The ecosystem of a step: what each team, initiative, objective and measure contributes there for a segment, before the customers'
 * eyes and behind. Definitions: docs/CUSTOMERS.md.
 *
 * Plain C on an index with all ways back: no protobuf, no I/O, no clock.
 */
#ifndef SERVER_INSIGHT_CUSTOMER_ECOSYSTEM_H
#define SERVER_INSIGHT_CUSTOMER_ECOSYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/insight/customer/journeys.h"

/* The numbers of plumb.v1.Support.Side and .How. */
enum support_side { SUPPORT_FRONT, SUPPORT_BACK };
enum support_how {
	SUPPORT_MEETS = 1,
	SUPPORT_JUDGES,
	SUPPORT_WORKS_ON,
	SUPPORT_ANSWERS,
	SUPPORT_BEHIND,
	SUPPORT_MEASURES,
	SUPPORT_SERVES,
	SUPPORT_NEEDED,
};

struct support {
	uint32_t slot;
	uint32_t through; /* SLOT_NONE */
	uint32_t team;    /* whose contribution it is; SLOT_NONE: nobody's */
	uint8_t side;
	uint8_t how;
};

/* Starts all zero; the lists keep their room from step to step. */
struct supports {
	struct support *list;
	size_t count;
	size_t cap;
	struct slots expectations; /* of the segment at the step */
	struct slots unanswered;   /* of them: those that no open objective answers */
	struct slots work;         /* open, that works on the step */
	struct slots scratch;
	unsigned holes;
	bool oom;
};
void supports_fini(struct supports *supports);

/*
 * For a segment (SLOT_NONE: whomever), by side, how, name, each once. False: out of memory.
 */
bool ecosystem_of(const struct journeys *js, uint32_t step, uint32_t segment, int32_t day,
    struct supports *out) MUST_CHECK;

/* How many different ones contribute on a side, of a team (SLOT_NONE: of all). */
struct support_count {
	uint32_t teams;
	uint32_t work;
	uint32_t objectives;
	uint32_t measures;
};
/* False: out of memory. */
bool ecosystem_count(const struct index *ix, struct supports *supports, enum support_side side,
    uint32_t team, struct support_count *count) MUST_CHECK;

/* The team that answers for it: itself, the objective's, that of the first owner who is there; SLOT_NONE. */
uint32_t ecosystem_team(const struct index *ix, uint32_t slot);

#endif
