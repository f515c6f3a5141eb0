/*
 * What rules may know of confidential rounds: what was published of those that are over, and nothing else.
 *
 * Rules see no store: whoever runs a check says how to ask (check_query.voices). A rule asks about a round of its view whose last
 * day is before the day that it judges; whoever answers knows better whether it is over, and what may be published.
 */
#ifndef SERVER_INSIGHT_CHECK_VOICES_H
#define SERVER_INSIGHT_CHECK_VOICES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/parse.h"

struct item;

#define VOICES_PAIRS 3u /* of objectives, those that are disagreed on most */

struct voices_pair {
	char first[ID_MAX_LEN + 1]; /* objectives, by id: a view may not have them any more */
	char second[ID_MAX_LEN + 1];
	uint32_t for_first; /* ballots that put it before the other */
	uint32_t for_second;
};

struct voices_ballot {
	bool is_published; /* false: too few ballots; nothing below is set */
	uint32_t ballots;
	uint32_t objectives;
	bool is_known; /* false: w and p are not: every leader ties all */
	double w;      /* Kendall's, and the chance of one as large */
	double p;
	uint32_t pairs_count; /* only pairs with votes on both sides */
	struct voices_pair pairs[VOICES_PAIRS];
};

/* False: it can't be known now; nothing is to be said of the round. From any thread but the loop's. */
struct voices {
	bool (*ballot)(
	    const struct voices *voices, const struct item *round, struct voices_ballot *out);
};

#endif
