/*
 * What stands between strategies and the outside: the change areas of all live strategies, and which assessment each answers
 * [BMM 1.3: an assessment of an influencer motivates a course of action]. Definitions: docs/OUTSIDE.md.
 *
 * Plain C on an index (check/index.h): no protobuf, no I/O, no clock.
 */
#ifndef SERVER_INSIGHT_OUTSIDE_H
#define SERVER_INSIGHT_OUTSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/index.h"
#include "server/plan/change_area.h"

struct arena;

struct outside {
	struct change_area
	    *areas; /* strategy by strategy, in the order of the index; in each as stated */
	size_t areas_count;
	/* By slot of an assessment: areas[first[slot]..first[slot + 1]) of `answered_by` answer it. */
	const uint32_t *first;
	const uint32_t *answered_by;
};

/* Strategies that are over are in it too. Everything is in the arena. ERR_LIMIT out of memory. */
bool outside_init(struct outside *outside, const struct index *ix, struct arena *arena,
    struct err *err) MUST_CHECK;

/* A chance times an impact of 1 to 5 [ISO 31000; PMI's probability-impact matrix]; NAN where one is not stated. */
double outside_exposure(const struct item *risk);

/* Why a change area can't be held against the outside; NULL: it has an end state and a day within its strategy. */
const char *outside_lack(const struct index *ix, const struct change_area *area);

#endif
