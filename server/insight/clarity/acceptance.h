/*
 * Acceptance: who carries the plan of a baseline, who has accepted it, and what stands in the way.
 *
 * Somebody carries what is open of a plan's aims and work that they own, work on or are needed for, or that belongs to a team they
 * lead. What somebody says of a baseline is an acceptance record; the newest of theirs about it counts, and what stands in the
 * way is open until their next one, about whichever baseline. docs/CLARITY.md.
 *
 * Plain C on views and an index: no protobuf, no I/O, no clock.
 */
#ifndef SERVER_INSIGHT_CLARITY_ACCEPTANCE_H
#define SERVER_INSIGHT_CLARITY_ACCEPTANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/index.h"

/* The numbers of plumb.v1.PersonAcceptance.State. */
enum acceptance_state {
	ACCEPTANCE_NOT_YET,
	ACCEPTANCE_ACCEPTED,
	ACCEPTANCE_BLOCKED,
	ACCEPTANCE_CLEARED
};

/* ---- what somebody said; slots of the index's view */
/* Of each person, by slot, their newest acceptance record; SLOT_NONE. To be freed; NULL out of memory. baseline SLOT_NONE: about any. */
uint32_t *acceptance_newest(const struct index *ix, uint32_t baseline) MUST_CHECK;
/* record: of acceptance_newest() about a baseline; last: of that about any. */
enum acceptance_state acceptance_state_of(const struct index *ix, uint32_t record, uint32_t last);
/* Who shall clear what stands in the way: as stated; SLOT_NONE. */
uint32_t acceptance_clears(const struct index *ix, uint32_t record);
/* The newest live baseline, by the change that drew it; SLOT_NONE. */
uint32_t acceptance_baseline(const struct index *ix);

/* ---- what somebody carries */
/* One thing that somebody carries; both slots are of the plan of the baseline. */
struct carried {
	uint32_t person;
	uint32_t item;
};
struct carriers {
	struct carried *list; /* owned; by person, then item; each pair once */
	uint32_t count;
};
/* plan: of the baseline, as it was. ERR_LIMIT out of memory, ERR_CANCELLED. stop may be NULL. */
bool acceptance_carriers(const struct view *plan, index_stop_fn stop, void *arg,
    struct carriers *out, struct err *err) MUST_CHECK;
void carriers_fini(struct carriers *carriers);

/* Those in the list of one person of the plan. */
const struct carried *carriers_of(
    const struct carriers *carriers, uint32_t person, uint32_t *count);

/* Is the person there on that day, and in that plan? */
bool acceptance_is_there(const struct item *person, int32_t day);

/* Does the person carry, in the index's plan, anything that was there at that revision? The index has all ways back. */
bool acceptance_carries(const struct index *ix, uint32_t person, uint64_t revision);

#endif
