/*
 * The part of a plan around a change, as two small plans: before the change and with it. On the plan's thread; what it costs
 * goes with the entries around the change, not with the plan.
 *
 * It holds what decides every rule that the table of rules marks local. Such a rule judges an entry S by nothing but
 *
 *   - S itself, the entries that S is part of, up to the top, and the periods of all these;
 *   - the entries that S refers to, and what those are part of;
 *   - S a person: the work, allocations and parts of work that name S as owner, member, needed or booked, each seen
 *     like S above;
 *   - S an objective: the measures written under it;
 *   - S not in the plan: the records about it.
 *
 * So a change can only touch what is judged of
 *
 *   - the entries that it changes (T), and all that is part of those, downwards (D);
 *   - the holders of references to D; where it is a period that they refer to, all that is part of them, too;
 *   - persons whom D, or work in a period that was changed, names before or after; objectives and missing entries that T
 *     names.
 *
 * These are `judged`; with them the two plans hold all that they are judged by, whole. What is only referred to is there with
 * its own fields and what it is part of. An entry of which only words have changed touches itself alone.
 */
#ifndef SERVER_PLAN_PART_H
#define SERVER_PLAN_PART_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct patch;
struct plan;

/* The same entry has the same slot in both plans. Rankings and waivers are in neither. */
struct part {
	struct plan *before;
	struct plan *after;
	uint32_t *judged; /* slots in both */
	size_t judged_count;
};

/*
 * Around the newest patch, which is still there. also: slots of control entries that both plans shall have as they were
 * before. ERR_LIMIT: more than `most` entries, or out of memory.
 */
bool part_init(struct part *part, const struct plan *plan, const struct patch *patch,
    const uint32_t *also, size_t also_count, size_t most, struct err *err) MUST_CHECK;
void part_fini(struct part *part);

#endif
