/*
 * The chance of each objective: whether its measures get to where they shall be, if their trends go on; and whether the work that it
 * rests on is done by then. Two numbers that are never mixed. That both are so is at most as likely as the less likely of them,
 * whatever they have to do with each other (Fréchet's bound).
 */
#ifndef SERVER_INSIGHT_SCHEDULE_FORECAST_OBJECTIVE_H
#define SERVER_INSIGHT_SCHEDULE_FORECAST_OBJECTIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/schedule/forecast_trend.h"
#include "server/insight/schedule/plan_forecast.h"

struct forecast_objective {
	uint32_t slot;
	int32_t due;          /* the last of its measures', else of its periods; DATE_NONE */
	uint32_t aims;        /* how many */
	double outcome;       /* NAN: unknown */
	uint32_t unknown;     /* the first measure that is; SLOT_NONE */
	const char *why;      /* outcome is unknown; static. NULL */
	uint32_t works_first; /* of works */
	uint32_t works_count;
	uint32_t done;        /* contributing work that is done */
	uint32_t not_running; /* that is proposed or paused */
	double work;          /* NAN: unknown */
};

struct forecast_objectives {
	struct index ix; /* with the ways back that objectives need */
	bool has_index;
	struct forecast_objective *list; /* open ones, by name */
	uint32_t count;
	uint32_t *works; /* places in kept */
	uint32_t works_count;
	uint32_t works_cap;
	uint32_t *kept; /* numbers of pieces of work, for plan_forecast_run() */
	uint32_t kept_count;
};

/* What each open objective rests on. False: close it all the same. */
bool forecast_objectives_open(struct forecast_objectives *fo, const struct plan_forecast *pf,
    index_stop_fn stop, void *arg, struct err *err) MUST_CHECK;
/* Their chances, by the draws of that mode. */
void forecast_objectives_judge(
    struct forecast_objectives *fo, const struct plan_forecast *pf, enum plan_forecast_mode mode);
void forecast_objectives_close(struct forecast_objectives *fo); /* takes one that is all zero */

#endif
