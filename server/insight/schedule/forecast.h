/*
 * Forecast: how long work takes is not known, only how likely which duration is. Many draws of all durations, and what
 * comes of each, say how likely which date is.
 *
 * Numbers only: no view, no I/O, no clock. Three parts:
 * - struct forecast: the durations. What one is in one draw depends on the seed, the activity's own stream, its team and the number
 *   of the draw alone: the same wherever, in whatever order and on whatever thread it is asked, and whatever else the plan
 *   has. Two plans that share activities share their luck.
 * - struct forecast_plan: a fixed net of them; finishes by longest path, in each draw (forecast_fixed()).
 * - What is said about the draws: quantiles, chances, rank correlation; for other ways to get finishes too.
 *
 * Durations of one team go up and down together, and all do (one-factor Gaussian: Vasicek 1987; Li 2000): in each draw z =
 * sqrt(overall) G + sqrt(team) F + sqrt(1 - overall - team) e with G, F of its team and e of its own independent and standard
 * normal; the duration is the estimate's quantile at Phi(z). So z of two activities correlate by overall + team in
 * one team, by overall in two.
 */
#ifndef SERVER_INSIGHT_SCHEDULE_FORECAST_H
#define SERVER_INSIGHT_SCHEDULE_FORECAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/schedule/parallel.h"

#define FORECAST_NONE  UINT32_MAX
#define FORECAST_BLOCK 16u /* draws that are made at once */

/* Where nobody says how strongly: 0.3 within a team, a third of it with everybody. */
#define FORECAST_OVERALL 0.1
#define FORECAST_TEAM    0.2

/* ---- estimates */
enum forecast_shape {
	FORECAST_FIXED,      /* likely, in every draw */
	FORECAST_TRIANGULAR, /* from low to high, most often likely */
	/*
	 * Beta from low to high with shapes 1 + 4 (likely - low) / (high - low) and 1 + 4 (high - likely) / (high - low):
	 * its mean is (low + 4 likely + high) / 6 (Malcolm, Roseboom, Clark, Fazar 1959; Clark 1962).
	 */
	FORECAST_PERT,
	/* The median is likely, and one in ten is above high. */
	FORECAST_LOGNORMAL,
	/* Likely times what actual durations were of estimated ones, interpolated between them (Hyndman & Fan 1996, type 7). */
	FORECAST_EMPIRICAL,
};

struct forecast_estimate {
	enum forecast_shape shape;
	double low; /* days, or whatever unit the caller counts in; none is below 0 */
	double likely;
	double high;
	const double *ratios; /* in any order; borrowed until the call returns */
	uint32_t ratios_count;
};

#define FORECAST_DAYS_MAX  1e6
#define FORECAST_RATIO_MAX 1e3

/* ERR_INVALID: what is wrong with it. */
bool forecast_estimate_check(const struct forecast_estimate *estimate, struct err *err) MUST_CHECK;
/* The exact quantile, u in (0, 1), of one that is in order; ratios must be sorted. Slow. */
double forecast_quantile(const struct forecast_estimate *estimate, double u);

/* ---- durations */
/* A number for a name: the same name has the same draws in every plan. */
uint64_t forecast_stream(const char *name);

struct forecast_activity {
	struct forecast_estimate estimate;
	uint64_t stream; /* forecast_stream() of its name; two with the same one are drawn alike */
	uint64_t team;   /* of its team; 0: of none */
};

enum forecast_path { FORECAST_BEST, FORECAST_PLAIN, FORECAST_AVX2, FORECAST_AVX512 };

struct forecast_model {
	uint64_t seed;
	double overall; /* share of the variance of z, 0..1 */
	double team;    /* overall + team at most 1 */
	uint32_t count;
	const struct forecast_activity *activity;
	enum forecast_path path; /* by what instructions; all give the same to the last bit */
};

struct forecast; /* read-only once made, for any number of threads */

/* NULL: ERR_INVALID (activity number, from 0, and what is wrong), ERR_LIMIT. The model is borrowed until it returns. */
struct forecast *forecast_new(const struct forecast_model *model, struct err *err) MUST_CHECK;
void forecast_free(struct forecast *forecast); /* takes NULL */
/* How long it takes in that draw. Slow: for many, ask for blocks. */
float forecast_sample(const struct forecast *forecast, uint32_t activity, uint32_t draw);
/*
 * All activities in the FORECAST_BLOCK draws from FORECAST_BLOCK * block on: days[FORECAST_BLOCK * activity + draw]. Days has room for
 * forecast_block_room() numbers, more than that: what is behind is scratch.
 */
size_t forecast_block_room(const struct forecast *forecast);
void forecast_block(const struct forecast *forecast, uint32_t block, float *days);
bool forecast_has_path(enum forecast_path path); /* this machine */

/* ---- what is said about draws */
struct forecast_dates {
	double mean;      /* INFINITY where a draw never ends */
	double deviation; /* of one draw; the mean's error is this by the root of the draws */
	float p50;        /* the earliest by which at least half of the draws are done */
	float p80;
	float p95;
	float
	    p50_error; /* standard error: half of what lies one error of the rank to either side */
	float p80_error;
	float p95_error;
	double
	    in_horizon; /* share of draws done by the horizon; error: root of p (1 - p) by draws */
	double by_due;  /* and by the due date; -1 where there is none */
};

/* Where there is none: not below 0, so that it is never met by accident. */
#define FORECAST_NO_DUE (-1.0f)

/* Finishes by draw; INFINITY for never, none below 0. Scratch has room for twice as many. */
void forecast_dates(const float *finish, uint32_t draws, float horizon, float due, float *scratch,
    struct forecast_dates *dates);
/* Spearman's, those alike share the mean of their ranks; 0 where all of one are alike. Scratch: room for 6 times as many. */
double forecast_rank_correlation(const float *a, const float *b, uint32_t count, void *scratch);

/* ---- a fixed plan */
struct forecast_arc {
	uint32_t before;
	uint32_t after;
	float lag; /* from the finish of the one to the start of the other, at least 0 */
};

struct forecast_plan {
	const struct forecast *forecast; /* whose activities these are */
	const float *not_before;         /* by activity; NULL: 0 */
	const uint32_t *group;           /* by activity; FORECAST_NONE; NULL: all of none */
	uint32_t groups;
	const float *due; /* by group; FORECAST_NO_DUE; NULL: none has one */
	const struct forecast_arc *arc;
	size_t arcs;
	const uint32_t *kept; /* activities whose finishes are wanted too */
	uint32_t kept_count;
	float horizon;
	uint32_t draws;
	bool sensitivity; /* wanted; from the first FORECAST_SENSITIVITY_DRAWS */
	struct parallel how;
};

/* So many tell a rank correlation to within 0.022. */
#define FORECAST_SENSITIVITY_DRAWS 2048u

struct forecast_result {
	uint32_t draws;
	uint32_t groups;
	uint32_t kept;
	struct forecast_dates all;    /* the end of everything */
	struct forecast_dates *group; /* by group; of one without activities all 0 */
	struct forecast_dates *keep;  /* by place in kept; due: none */
	/* Finishes by row and draw, draws of a row side by side: groups, then kept, then everything. */
	float *finish;
	/*
	 * By activity: the share of draws in which it is on the path that is walked back from the end of its group, step by step to what
	 * it waited for, until that is nothing or of another group.
	 */
	float *critical;
	float *critical_all; /* the same from the end of everything, through all groups */
	float
	    *outside; /* by group: the share in which that walk ends at another group's activity */
	float *
	    sensitivity; /* by activity: rank correlation with its group's end; NULL where not wanted */
};

/* NULL: ERR_INVALID (a cycle, a number out of place), ERR_LIMIT, ERR_CANCELLED. The plan is borrowed until it returns. */
struct forecast_result *forecast_fixed(
    const struct forecast_plan *plan, struct err *err) MUST_CHECK;
void forecast_result_free(struct forecast_result *result); /* takes NULL */
/* Row of finish: groups, then kept, then everything. */
const float *forecast_row(const struct forecast_result *result, uint32_t row);

#endif
