/*
 * Ballots: what a round of type BALLOT asks, whom, and what was answered once it may be published.
 *
 * What a round asks is settled in the confidential store when it is first shown: which objectives, and whether names will be
 * told. docs/VOICE.md says what may be published, and why.
 */
#ifndef SERVER_RPC_BALLOT_H
#define SERVER_RPC_BALLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/concord/concord.h"
#include "server/store/confidential.h"

struct arena;
struct confidential;
struct item;
struct view;

/* ---- what is asked, of the plan */
/* Is the person asked? On that day: nobody is who has left. */
bool ballot_asks(
    const struct view *view, const struct item *round, const struct item *person, int32_t day);
/* ---- what is asked, as settled */
struct ballot_terms {
	bool named;
	uint32_t count;   /* objectives */
	const char **ids; /* in order of their names */
};
/*
 * The round as it was settled, or as it is settled now that it is shown; view is of the plan as it is. ERR_PRECONDITION: it is over, or
 * has fewer than two objectives, or too many.
 */
bool ballot_show(struct confidential *store, uint32_t workspace, const struct view *view,
    const struct item *round, int32_t today, struct arena *arena, struct ballot_terms *out,
    struct err *err) MUST_CHECK;
/* What the plan says now of when it closes and whom it asks is kept, if the round was ever shown. */
bool ballot_refresh(struct confidential *store, uint32_t workspace, const struct view *view,
    const struct item *round, int32_t today, struct err *err) MUST_CHECK;

/* ---- what was answered */
/* A body: for each objective of the terms its place, 2 bytes. */
uint8_t *ballot_body(const uint32_t *places, uint32_t count, struct arena *arena) MUST_CHECK;

enum ballot_state {
	BALLOT_OPEN,    /* or not open yet */
	BALLOT_TOO_FEW, /* over, and nothing may be said of it */
	BALLOT_PUBLISHED,
};

struct ballot_set {
	enum ballot_state state;
	struct ballot_terms terms; /* unless open */
	/* if published: */
	uint32_t asked;
	struct ballots ballots;
	const char **names; /* of the judges, ids of people; NULL in a secret round */
};

/*
 * In the arena. round is of the view at hand, today the real day: over is what the store and the view both call over. What
 * is given out is sealed. ERR_UNAVAILABLE, ERR_LIMIT.
 */
bool ballot_read(struct confidential *store, uint32_t workspace, const struct item *round,
    int32_t today, struct arena *arena, struct ballot_set *out, struct err *err) MUST_CHECK;

#endif
