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

struct clarity_published;
struct err;
struct item;
struct view;

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

/* What people said of one thing in the newest four weeks that are over (docs/SECURITY.md). */
struct voices_pulse {
	const char *about; /* "kind/id"; "" the plan as a whole */
	uint8_t kind;      /* plumb.v1.PulseKind */
	uint32_t people;
	int32_t from; /* Monday of the first week */
	int32_t to;   /* Sunday of the last one */
};
typedef void (*voices_pulse_fn)(void *arg, const struct voices_pulse *pulse);

/*
 * False: nothing is to be said of the round; or, with err, it can't be known now, for want of memory or of a disk that can be read. From
 * any thread but the loop's.
 */
struct voices {
	bool (*ballot)(const struct voices *voices, const struct item *round,
	    struct voices_ballot *out, struct err *err);
	/* Of a survey that is over (server/insight/clarity/score.h). */
	bool (*clarity)(const struct voices *voices, const struct item *round,
	    struct clarity_published *out, struct err *err);
	/* Each, in order of kind and name; none of a scenario's people count. today: the day that is judged. */
	bool (*pulses)(const struct voices *voices, const struct view *view, int32_t today,
	    voices_pulse_fn fn, void *arg, struct err *err);
};

#endif
