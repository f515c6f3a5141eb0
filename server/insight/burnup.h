/*
 * Burn-up: how much effort is planned, and how much of it is done, on one day. Definitions: docs/PICTURES.md.
 *
 * Plain C on an index (check/index.h) with all ways back: no protobuf, no I/O, no clock.
 */
#ifndef SERVER_INSIGHT_BURNUP_H
#define SERVER_INSIGHT_BURNUP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/index.h"

/* In hundredths of a person-day. */
struct burnup {
	int64_t scope;
	int64_t done;
	int64_t unknown; /* the scope of what is not known to be anywhere */
	uint32_t items;
	uint32_t without_effort;
};

/* Of a live piece of work; SLOT_NONE: of all initiatives that are approved, active, paused or done. False out of memory. */
bool burnup_of(
    const struct index *ix, uint32_t slot, struct burnup *out, struct err *err) MUST_CHECK;

/* Of a live piece of work, in hundredths of a person-day, whatever its status; -1: it states none. The index needs ROLE_PART_OF. */
int64_t burnup_effort(const struct index *ix, uint32_t work);

#endif
