/*
 * Rhythm: who reports on what, when the next word is due, and who reads it. For the rules and for what is due from a
 * person.
 */
#ifndef SERVER_INSIGHT_CHECK_RHYTHM_H
#define SERVER_INSIGHT_CHECK_RHYTHM_H

#include <stdbool.h>
#include <stdint.h>

#include "server/insight/check/index.h"

#define REVIEWERS_MAX 8

struct reviewers {
	uint32_t slots[REVIEWERS_MAX];
	unsigned count;
};

/* Is somebody expected to check in on it? Active initiatives and workstreams. */
bool rhythm_is_reported(const struct index *ix, uint32_t slot);
/*
 * The day from which the time to the next check-in counts: that of the newest one, else its start, else the first day
 * of its periods, else the day on which it came into the plan. It may be after today.
 */
int32_t rhythm_last_word(const struct index *ix, uint32_t slot);
/* The one that is stated, else the managers of its owners. */
void rhythm_reviewers(const struct index *ix, uint32_t slot, struct reviewers *out);
bool reviewers_have(const struct reviewers *reviewers, uint32_t person);
/*
 * By slot: 1 for each newest check-in on something that a reviewer acknowledged or wrote; where nobody is known to
 * review it, that anybody acknowledged. To be freed; NULL out of memory.
 */
uint8_t *rhythm_acknowledged(const struct index *ix) MUST_CHECK;
/* The rank of the initiative that the entry is or belongs to; RANK_NONE. */
uint32_t rhythm_rank(const struct index *ix, uint32_t slot);

#endif
