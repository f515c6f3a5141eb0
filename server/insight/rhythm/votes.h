/*
 * Votes on decisions: of each person the newest one that is not retracted and not after today.
 */
#ifndef SERVER_INSIGHT_RHYTHM_VOTES_H
#define SERVER_INSIGHT_RHYTHM_VOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/index.h"

/* The numbers of plumb.v1.Vote.Choice. */
enum vote_choice { VOTE_ABSTAIN, VOTE_FOR, VOTE_AGAINST };

struct vote {
	uint32_t decision;
	uint32_t person; /* SLOT_NONE: nobody knows whose; each of these counts */
	uint32_t record;
};

struct votes {
	struct vote *list; /* by decision, person */
	size_t count;
};

bool votes_init(struct votes *votes, const struct index *ix, struct err *err) MUST_CHECK;
void votes_fini(struct votes *votes);
/* Those on one decision. */
const struct vote *votes_on(const struct votes *votes, uint32_t decision, size_t *count);
bool votes_has(const struct votes *votes, uint32_t decision, uint32_t person);

#endif
