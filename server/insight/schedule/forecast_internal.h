/* What the files of the forecast share. */
#ifndef SERVER_INSIGHT_SCHEDULE_FORECAST_INTERNAL_H
#define SERVER_INSIGHT_SCHEDULE_FORECAST_INTERNAL_H

#include "server/insight/schedule/forecast.h"

/*
 * A shape's quantile at Phi(z), by z: knots from -6 to 6, straight lines between, and the end ones' values beyond (once in
 * 10^9). By z and not by Phi(z), so that tails without end are as good as the middle. Shapes that differ by
 * place and size only share one: the quantile is offset + scale * knot.
 */
#define SHAPE_KNOTS 513u
#define SHAPE_REACH 6.0

/* What shapes differ by. */
struct shape {
	enum forecast_shape kind;
	double parameter;     /* where the mode lies between low and high; or sigma */
	const double *ratios; /* of empirical ones, sorted */
	uint32_t ratios_count;
};

/* Splits an estimate that is in order. */
void shape_split(
    const struct forecast_estimate *estimate, struct shape *shape, double *offset, double *scale);
void shape_knots(const struct shape *shape, float knots[SHAPE_KNOTS]);

/*
 * z for a random word of 32 bits: for its lower 31 bits h, z at (h + 1/2) / 2^32, that is below 0; the upper bit is its sign. The
 * knots lie where h + 1/2 as a float has only NORMAL_BITS bits behind the first: denser the farther out.
 */
#define NORMAL_BITS  5
#define NORMAL_KNOTS ((32u << NORMAL_BITS) + 2)

void normal_knots(float knots[NORMAL_KNOTS]);

struct forecast_kernel;

struct forecast {
	uint32_t count;
	uint32_t teams;
	uint32_t key[2];
	const struct forecast_kernel *kernel;
	float of_overall; /* what is multiplied with each part of z */
	float of_team;
	float of_own;       /* of one that has a team */
	float of_own_alone; /* of one that has none */
	/* By activity. */
	uint32_t *stream_low;
	uint32_t *stream_high;
	uint32_t *team;  /* row of factors, 0: everybody's only */
	uint32_t *shape; /* first of its knots */
	float *offset;
	float *scale;
	uint64_t *team_stream; /* by row of factors less 1 */
	float *knots;
	float normal[NORMAL_KNOTS];
};

/* The factors of the draws of a block by row: G's part, then G's and each team's parts; rows: teams + 1. */
void forecast_factors(const struct forecast *forecast, uint32_t block, float *factors);

/* Twice the rank of each, less the mean of all; those alike share the mean of theirs. Room: for 4 times as many. */
void stats_ranks(const float *values, uint32_t count, int32_t *rank, void *room);
/* Of ranks; 0 where all of one are alike. */
double stats_correlation(const int32_t *a, const int32_t *b, uint32_t count);

#endif
