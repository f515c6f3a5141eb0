/*
 * Projects in flight: what each running initiative adds, what it doubles or works against, what came of it so far. Definitions:
 * docs/INFLIGHT.md.
 *
 * Plain C on an index (check/index.h) with all ways back: no protobuf, no I/O, no clock. Says only what links and numbers say.
 */
#ifndef SERVER_INSIGHT_INFLIGHT_H
#define SERVER_INSIGHT_INFLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/index.h"

#define INFLIGHT_OTHERS 5u /* named of those that do something about the same thing */

struct inflight_gain {
	uint32_t objective;
	uint32_t measure; /* SLOT_NONE */
	double share;     /* of its effort; NAN not known */
	double effect;    /* NAN not stated */
	uint32_t others;
	uint32_t movers;
};

struct inflight_overlap {
	uint32_t about;
	uint32_t with[INFLIGHT_OTHERS];
	uint32_t count; /* all of them */
};

struct inflight_conflict {
	uint32_t with;
	uint32_t about; /* SLOT_NONE: a link says so */
	double effect;
	double other_effect;
	uint32_t more;
};

struct inflight_patch {
	uint32_t eases;
	uint32_t removed_by;
};

struct inflight_result {
	uint32_t objective;
	uint32_t measure;
	double baseline; /* NAN: not known, as the others */
	double target;
	double latest;
	int32_t latest_at;
	double expected;
	double realised;
	double planned_per_unit; /* person-days */
	double spent_per_unit;
	const char *planned_why_not; /* static; "" it is known */
	const char *spent_why_not;
	uint32_t movers;
};

/* Of one initiative; the lists are reused by the next inflight_of(). */
struct inflight_of {
	uint32_t slot;
	int64_t planned; /* -1: states no effort */
	int64_t spent;   /* -1: nobody has told how far it is */
	struct inflight_gain *gains;
	struct inflight_overlap *overlaps;
	struct inflight_conflict *conflicts;
	struct inflight_patch *patches;
	struct inflight_result *results;
	uint32_t gains_count;
	uint32_t overlaps_count;
	uint32_t conflicts_count;
	uint32_t patches_count;
	uint32_t results_count;
};

struct inflight;

/* NULL out of memory. The index must outlive it. */
struct inflight *inflight_new(const struct index *ix) MUST_CHECK;
void inflight_free(struct inflight *flight); /* takes NULL */
/* Approved, active and paused initiatives, by rank, then name. */
const uint32_t *inflight_list(const struct inflight *flight, uint32_t *count);
/* Has the team a part in it: by a need, an allocation, an owner or a member? */
bool inflight_has_team(const struct index *ix, uint32_t initiative, uint32_t team);
/* Of one in the list; NULL out of memory. */
const struct inflight_of *inflight_of(struct inflight *flight, uint32_t initiative) MUST_CHECK;

#endif
