/*
 * What done work took of what was planned, team by team: the reference class of work whose estimate has no range.
 *
 * Of a done task that states when it should start and be done: working days (Monday to Friday) from start to done, over those from
 * start to due. Nothing else in a plan says both: what effort a task took in the end is stated nowhere. Kahneman & Tversky,
 * "Intuitive prediction: biases and corrective procedures", TIMS Studies in Management Science 12, 1979; Flyvbjerg, "From Nobel
 * prize to project management: getting risks right", Project Management Journal 37(3), 2006.
 */
#ifndef SERVER_INSIGHT_SCHEDULE_FORECAST_HISTORY_H
#define SERVER_INSIGHT_SCHEDULE_FORECAST_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/index.h"
#include "server/insight/load/load.h"

/* Fewer say nothing about the next one. */
#define HISTORY_LEAST 8u

struct forecast_history {
	uint32_t teams;  /* rows of load */
	uint32_t *first; /* by team: of its ratios; then that of work of no team, and the end */
	double *ratios;  /* in order of size, team by team */
	double *all;     /* in order of size */
	uint32_t count;
};

bool forecast_history_init(struct forecast_history *history, const struct index *ix,
    const struct load *load, struct err *err) MUST_CHECK;
void forecast_history_fini(struct forecast_history *history); /* takes one that is all zero */
/* A team's row (UINT32_MAX: of all teams). Fewer than HISTORY_LEAST: none. */
const double *forecast_history_of(
    const struct forecast_history *history, uint32_t team, uint32_t *count);
/* The part q of a sample in order lies below: between neighbours in a straight line, (n - 1) q (Hyndman & Fan 1996, type 7). */
double forecast_quantile_of(const double *sorted, uint32_t count, double q);

#endif
