/*
 * Aims: what an objective wants of a measure, put together from its targets, what was recorded about the measure,
 * and its periods; and how far the measure has come.
 */
#ifndef SERVER_INSIGHT_CHECK_AIM_H
#define SERVER_INSIGHT_CHECK_AIM_H

#include <stdbool.h>
#include <stdint.h>

#include "server/insight/check/index.h"

enum direction { DIRECTION_UNKNOWN, DIRECTION_UP, DIRECTION_DOWN, DIRECTION_HOLD };

/* Numbers that are not known are NAN. */
struct aim {
	uint32_t objective; /* SLOT_NONE: the measure alone */
	uint32_t measure;
	enum direction direction;
	double baseline; /* stated with the target, else the newest one recorded */
	double target;   /* stated, else committed, else the newest one recorded */
	double low;      /* DIRECTION_HOLD */
	double high;
	int32_t
	    due; /* of the target, else the date recorded with it, else the last day of the objective's periods */
	bool in_words; /* the target is stated in words */
	bool has_range;
};

/* The live measures of an objective: of its targets, then those written under it without one. */
struct aims {
	const struct index *ix;
	uint32_t objective;
	uint32_t next_target;
	uint32_t next_inline;
};
void aims_init(struct aims *aims, const struct index *ix, uint32_t objective);
bool aims_next(struct aims *aims, struct aim *aim);
/* The aim that the objective has with the measure; where it has none, or is SLOT_NONE: that of the measure alone. */
void aim_find(const struct index *ix, uint32_t objective, uint32_t measure, struct aim *aim);

/* Why nothing can be said about progress; static sentences in aim.c. */
const char *aim_lacks(const struct aim *aim);
/*
 * (value - baseline) / (target - baseline): 0 at the baseline, 1 at the target in both directions. Within its range
 * (DIRECTION_HOLD) 1, else 0. Only where aim_lacks() is NULL.
 */
double aim_progress(const struct aim *aim, double value);

#endif
