/*
 * Claims: what each initiative asks of a team or person in a period, and what it holds of them already.
 *
 * The bookings of a cell of the load (load.h), added up by initiative.
 */
#ifndef SERVER_INSIGHT_CHECK_CLAIMS_H
#define SERVER_INSIGHT_CHECK_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

#include "server/insight/load/load.h"

struct pass;

struct claim {
	uint32_t initiative; /* the outermost work, where it is a part of none */
	uint32_t rank;
	int64_t asked; /* all of it */
	int64_t held;  /* what is allocated from today on */
};

struct claims {
	struct claim *list; /* owned; best rank first, then by name */
	uint32_t count;
	uint32_t cap;
};

/* Replaces what claims hold. False: out of memory. */
bool claims_of(struct claims *claims, const struct index *ix, const struct load *load, uint32_t row,
    uint32_t column) MUST_CHECK;
void claims_fini(struct claims *claims);
/* What rules about claims need first. */
enum claims_state { CLAIMS_READY, CLAIMS_NOTHING, CLAIMS_NO_ORDER, CLAIMS_NO_PERIODS };
#define CLAIMS_LACK_ORDER   "its initiatives have no order"
#define CLAIMS_LACK_PERIODS "it has no period with a first and a last day"
/* CLAIMS_NOTHING: no initiative runs, or the pass has been stopped. *load is set with CLAIMS_READY. */
enum claims_state claims_ready(struct pass *pass, const struct load **load);
/* The initiative that the work is a part of; else the outermost work. */
uint32_t claims_initiative(const struct index *ix, uint32_t work);
/* Has the column's period days from today on? */
bool claims_are_open(const struct index *ix, const struct load *load, uint32_t column);

#endif
