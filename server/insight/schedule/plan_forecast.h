/*
 * The forecast of a plan: when each initiative is done, and how likely by when.
 *
 * Of every piece of running work the effort that is not done yet is drawn many times (forecast.h), around what is planned: by its own
 * three-point estimate, that of what it is a part of, or what done work took. Two ways from draws to dates:
 * - re-scheduled: each draw is laid anew, best rank first, in the order of the base schedule (a priority-list policy; Möhring, Radermacher,
 *   Weiss, "Stochastic scheduling problems II: set strategies", Zeitschrift für Operations Research 29, 1985): a lower rank never delays a
 *   higher one in any draw;
 * - the fixed plan: who hands whose days to what stays as in the base schedule (resource flow, Artigues, Michelon, Reusser, "Insertion
 *   techniques for static and dynamic resource-constrained project scheduling", EJOR 149, 2003; earliest-start policies), and durations
 *   stretch.
 * docs/FORECAST.md has every definition.
 */
#ifndef SERVER_INSIGHT_SCHEDULE_PLAN_FORECAST_H
#define SERVER_INSIGHT_SCHEDULE_PLAN_FORECAST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/schedule/forecast.h"
#include "server/insight/schedule/forecast_history.h"
#include "server/insight/schedule/plan_case.h"
#include "server/insight/schedule/schedule.h"

/* Where nothing says how sure an estimate is: the widest of AACE 18R-97's class 4 (study, feasibility) without its tails. */
#define PLAN_FORECAST_LOW  0.7
#define PLAN_FORECAST_HIGH 1.5

#define PLAN_FORECAST_DRIVERS 5u

enum plan_forecast_mode { MODE_RESCHEDULE, MODE_FIXED, MODES };
/* Numbers of plumb.v1.ForecastWork.Source. */
enum plan_forecast_source {
	RANGE_OWN,
	RANGE_WHOLE,
	RANGE_TEAM,
	RANGE_ALL_TEAMS,
	RANGE_NOTHING,
	RANGES
};

struct plan_forecast_options {
	uint32_t draws; /* 0: fewer for a plan that is so large that 10,000 would take long */
	uint64_t seed;
	double overall; /* correlations */
	double team;
	enum forecast_shape shape; /* of three-point estimates */
	bool wanted[MODES];
	uint32_t tries;   /* of the base schedule; 0: PLAN_CASE_TRIES */
	bool no_drivers;  /* which estimates matter most is not wanted */
	unsigned threads; /* 0: as many as the machine has */
	/* Asked now and then with what part is done, by the calling thread; true: stop. NULL: never. */
	bool (*stop)(void *arg, double done);
	void *arg;
};

/* A piece of running work with effort. */
struct plan_forecast_piece {
	uint32_t number;                /* in the plan's schedule */
	int64_t left;                   /* hundredths of a person-day, asked of whomever */
	uint32_t team;                  /* row of load; UINT32_MAX none */
	uint8_t source;                 /* enum plan_forecast_source */
	struct forecast_estimate range; /* factors on what is left */
	double low, middle, high;       /* the same for people: of history P10, P50, P90 */
};

struct plan_forecast_problem {
	uint32_t slot;
	const char *what; /* static */
};

struct plan_forecast_driver {
	uint32_t piece;
	double correlation;
};

struct plan_forecast {
	struct plan_case
	    pc; /* its needs ask for what is left; its days go on behind until, to looked_until */
	int32_t until;
	int32_t looked_until;
	uint32_t draws;
	struct forecast_history history;
	struct plan_forecast_piece *pieces;
	uint32_t pieces_count;
	uint32_t *piece_of; /* by number in the plan's schedule; SCHEDULE_NONE */
	uint32_t counts[RANGES];
	struct plan_forecast_problem *problems;
	uint32_t problems_count;
	struct schedule *base;
	struct forecast *factors; /* by piece */
	/*
	 * Work whose ends are kept: initiatives of the problem, then those of kept (END stages' numbers of pieces), then everything. Ends by
	 * row and draw: days from today, exclusive; INFINITY behind looked_until. NULL: not wanted.
	 */
	const uint32_t *kept;
	uint32_t kept_count;
	uint32_t rows;
	float *ends[MODES];
	struct forecast_dates *dates[MODES]; /* by row */
	float *above
	    [MODES]; /* by initiative: share of draws in which it and all better ones are done by until */
	float *critical; /* by piece; NULL without the fixed plan */
	struct plan_forecast_driver *
	    drivers; /* PLAN_FORECAST_DRIVERS by initiative, then of everything; piece SCHEDULE_NONE: no more. NULL: not wanted */
};

/* False: close it all the same. */
bool plan_forecast_open(struct plan_forecast *pf, const struct view *view, int32_t today,
    int32_t until, index_stop_fn stop, void *arg, struct err *err) MUST_CHECK;
/*
 * The same with an index and a load that there are already (plan_case_lend()). Only those whom running work asks for something have
 * a row of days in its problem.
 */
bool plan_forecast_lend(struct plan_forecast *pf, const struct index *ix, struct load *load,
    struct err *err) MUST_CHECK;
/*
 * ERR_LIMIT: too many draws for so many initiatives (says how many can be), ERR_CANCELLED, ERR_INVALID. Kept: numbers of pieces whose ends are
 * wanted besides; borrowed.
 */
bool plan_forecast_run(struct plan_forecast *pf, const struct plan_forecast_options *options,
    const uint32_t *kept, uint32_t kept_count, struct err *err) MUST_CHECK;
void plan_forecast_close(struct plan_forecast *pf); /* takes one that is all zero */
/* Ends of a row by draw. */
static inline const float *
plan_forecast_ends(const struct plan_forecast *pf, enum plan_forecast_mode mode, uint32_t row)
{
	return pf->ends[mode] + (size_t)row * pf->draws;
}

#endif
