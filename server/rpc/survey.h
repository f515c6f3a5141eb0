/*
 * Clarity surveys: what a round of type CLARITY has settled, and what of its answers may be published.
 *
 * When somebody is first shown a round's questions, the confidential store settles from which revision of the plan they are
 * made, with which seed, and whether it is too near to another round. So the same person always has the same questions, whatever
 * becomes of the plan meanwhile. docs/CLARITY.md says what may be published, and why.
 */
#ifndef SERVER_RPC_SURVEY_H
#define SERVER_RPC_SURVEY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/parse.h"
#include "server/insight/clarity/score.h"
#include "server/rpc/fold.h"

struct confidential;
struct item;
struct view;
struct voices;

/* Rounds that are open within so many days of each other are held against each other. */
#define SURVEY_NEAR_DAYS 28

struct survey_terms {
	bool is_set;
	bool sealed;
	int32_t closes;    /* as the newest plan had it when it was asked last */
	uint64_t revision; /* of the plan that questions are made of */
	uint32_t seed;
	int32_t opens;
	clarity_near near;
};

/* The id of a round as text. */
void survey_id(const struct item *round, char id[ID_MAX_LEN + 1]);
/* Is it a round of a clarity survey? */
bool survey_is(const struct item *item);

bool survey_terms(struct confidential *store, uint32_t workspace, const char *id,
    struct survey_terms *out, struct err *err) MUST_CHECK;

/*
 * Settles a round of the newest plan from the plan as it was when it opened, unless that was done before; then only its last day
 * is taken over. source: where plans of the past are folded from, for rounds nearby.
 */
struct survey_settle {
	struct confidential *store;
	uint32_t workspace;
	struct fold_source source;
	const struct view *newest;
	const struct view *opening; /* as the plan was when it opened */
	uint64_t revision;          /* of opening */
	const struct item *round;   /* of newest */
};
bool survey_settle(
    const struct survey_settle *with, struct survey_terms *out, struct err *err) MUST_CHECK;

/* Over, by the newest plan and by what was settled; today is the real day. */
bool survey_is_over(const struct item *round, const struct survey_terms *terms, int32_t today);

/*
 * What may be published of a round that is over; seals it. *enough: something is. ERR_PRECONDITION: it is not over.
 * ERR_UNAVAILABLE.
 */
bool survey_publish(struct confidential *store, uint32_t workspace, const char *id, int32_t today,
    struct clarity_published *out, bool *enough, struct err *err) MUST_CHECK;

/* For rules (server/insight/check/voices.h). */
bool survey_tell(const struct voices *voices, const struct item *round,
    struct clarity_published *out, struct err *err);

#endif
