/*
 * What if: the plan beside scenarios, on findings, load, dates and chances; and what choosing each may cost.
 *
 * Each course of action (the plan, a scenario) is a view, and is judged by what answers about a view say: check/check.h, load/load.h,
 * schedule/schedule.h, schedule/plan_forecast.h. All share the draws: of the same piece of work, as far as scenarios leave it alone.
 *
 * Regret: what a course gives away on a criterion beside the best of all courses (Savage, "The theory of statistical decision", Journal
 * of the American Statistical Association 46, 1951). Criteria have different units: to find the course whose largest regret is the
 * smallest, each is taken as a share of the range between worst and best.
 *
 * Robustness: in how many scenarios an initiative is in time with a chance of at least one half. What holds in too few of them is
 * fragile: the rule horizon/fragile says how many are (server/insight/check/horizon_fragile.c asks here, too).
 */
#ifndef SERVER_INSIGHT_WHATIF_H
#define SERVER_INSIGHT_WHATIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/check.h"
#include "server/insight/check/compare.h"
#include "server/insight/schedule/plan_forecast.h"
#include "server/plan/item.h"

/* A range below this is none: chances that differ in a draw or two, and what rounding leaves. */
#define WHATIF_NOTHING 0.005
#define WHATIF_BEST    3u /* initiatives that best_p80 is about */

/* The figures of one course. Items are borrowed from its view. */
struct whatif_figures {
	uint32_t errors;
	uint32_t warnings;
	uint32_t notes;
	int64_t score; /* millionths */
	uint32_t cells;
	uint32_t over;
	double highest;                 /* share of the capacity */
	const struct item *highest_who; /* NULL: nothing is asked of anybody */
	const struct item *highest_period;
	uint32_t initiatives;
	uint32_t pieces; /* of work whose end is drawn */
	uint32_t ranked;
	uint32_t above;
	uint32_t late;
	const struct item *line; /* NULL: all are finished */
	int32_t until;
	int32_t looked_until;
	double in_time; /* chances, added up */
	double objectives_met;
	uint32_t objectives;
	int32_t
	    best_p80; /* whatif_finish(); DATE_NONE: behind looked_until, or one of them is not there */
};

struct whatif_cell {
	const struct item *item; /* NULL: this course does not have it */
	uint32_t rank;           /* RANK_NONE */
	int32_t due;             /* dates; DATE_NONE */
	int32_t finish;
	int32_t late_days;
	int32_t p80;
	double chance; /* NAN: unknown */
};

/* An initiative, running work that is a part of none, or an objective, and what each course makes of it. */
struct whatif_row {
	uint32_t first;     /* of its cells, one for each course */
	uint32_t scenarios; /* that have it and know its chance */
	uint32_t holds;     /* of these, with a chance of at least one half */
};

enum whatif_criterion {
	WHATIF_ERRORS,     /* findings */
	WHATIF_SCORE,      /* points */
	WHATIF_OVER,       /* cells of load */
	WHATIF_ABOVE,      /* per cent of what is ranked */
	WHATIF_IN_TIME,    /* initiatives, expected */
	WHATIF_OBJECTIVES, /* met, expected */
	WHATIF_BEST_P80,   /* days from today */
	WHATIF_CRITERIA
};

struct whatif_regret {
	bool known[WHATIF_CRITERIA]; /* of all courses */
	double *values;              /* by criterion and course, as the two that follow */
	double *regrets;
	double *shares; /* of the range; 0 where there is none */
	double *worst;  /* by course: the largest of its shares */
	double *mean;   /* by course: of its shares, of the criteria that are known */
	uint32_t
	    least; /* the course with the smallest worst; of several the smallest mean, the first of these */
};

struct str;
struct whatif_entry;

struct whatif {
	uint32_t courses; /* room for so many */
	uint32_t count;   /* that were judged */
	int32_t today;
	struct whatif_figures *figures; /* by course; the plan is the first */
	struct check *plan;             /* its check: what the others' findings are compared with */
	uint32_t draws;                 /* as the plan's forecast took them */
	const struct item
	    *best[WHATIF_BEST]; /* initiatives that the plan ranks best; NULL: no more */
	struct whatif_entry *entries;
	size_t entries_count;
	size_t entries_cap;
	/* whatif_finish(): by the plan's rank, those without one last, then objectives, by name */
	struct whatif_row *rows;
	uint32_t rows_count;
	struct whatif_cell *cells;
	struct whatif_regret regret;
};

/* One course; its view must outlive the comparison. */
struct whatif_course {
	const struct view *view;
	const struct check_baseline *baseline; /* NULL: there is none */
	const struct voices *voices;           /* NULL: see struct check_query */
	int32_t today;
	int32_t until; /* DATE_NONE: as plan_case_open() has it */
	enum plan_forecast_mode mode;
	struct plan_forecast_options forecast; /* draws 0: as many as the plan's take */
	bool (*cancelled)(void *arg);
	void *arg;
};

/* What a course's findings are beside the plan's. */
struct whatif_findings {
	struct check *check; /* NULL for the plan: its own is kept */
	struct compare compare;
};

bool whatif_init(
    struct whatif *whatif, uint32_t courses, int32_t today, struct err *err) MUST_CHECK;
void whatif_fini(struct whatif *whatif); /* takes one that is all zero */
/* Judges the next course, the plan first. ERR_LIMIT, ERR_CANCELLED, ERR_INVALID as of the answers it is made of. */
bool whatif_judge(struct whatif *whatif, const struct whatif_course *course,
    struct whatif_findings *findings, struct err *err) MUST_CHECK;
void whatif_findings_fini(struct whatif_findings *findings); /* takes one that is all zero */
/* The same for nothing but ranks, due dates and chances. */
bool whatif_chances(
    struct whatif *whatif, const struct whatif_course *course, struct err *err) MUST_CHECK;
/* When all are judged: the table, and the regrets. */
bool whatif_finish(struct whatif *whatif, struct err *err) MUST_CHECK;
/* The table alone. */
bool whatif_rows(struct whatif *whatif, struct err *err) MUST_CHECK;

/* The thresholds of horizon/fragile, as the rule has them. */
enum whatif_fragile { FRAGILE_SHARE, FRAGILE_SCENARIOS };
#define WHATIF_FRAGILE "horizon/fragile"
/* Ranked by the plan, and without a chance of at least one half in more than that share of at least so many scenarios. */
bool whatif_is_fragile(
    const struct whatif *whatif, const struct whatif_row *row, const double *limits);
/* What a sentence says of it behind its name. */
void whatif_fragile_words(uint32_t rank, uint32_t holds, uint32_t scenarios, struct str *out);
/* The first of a row's cells that is there. */
const struct whatif_cell *whatif_cell_there(
    const struct whatif *whatif, const struct whatif_row *row);

/* Of values[criterion * courses + course]; NAN in one: the criterion is left out. Out is whatif_regret_fini()'s. */
bool whatif_regret_run(
    const double *values, uint32_t courses, struct whatif_regret *out, struct err *err) MUST_CHECK;
void whatif_regret_fini(struct whatif_regret *regret);
bool whatif_more_is_better(enum whatif_criterion criterion);

#endif
