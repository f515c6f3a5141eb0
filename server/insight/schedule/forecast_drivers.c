/* Which estimates matter most: rank correlations of what work takes with when initiatives end; see plan_forecast.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/schedule/forecast_internal.h"
#include "server/insight/schedule/plan_forecast_internal.h"

/* Of the first draws; numbers that are held, and multiplications that are made, in all. */
#define DRAWS_MAX 2048u
#define DRAWS_MIN 64u
#define HELD_MAX  ((uint64_t)16 << 20)
#define TIMES_MAX ((uint64_t)4 << 30)
/* Weaker ones are not told from chance: three standard errors. */
#define ERRORS 3.0
/* Ranks, and the room that stats_ranks() takes. */
#define ROOM 5

struct drivers {
	struct plan_forecast *pf;
	enum plan_forecast_mode mode;
	uint32_t draws;
	float *ranks; /* by piece: its factors, then their ranks */
	/* by worker */
	int32_t **rooms;
	float **rows;
};

/* Around 0, with squares that sum to 1, so that a sum of products is the correlation; all 0 where all are alike. */
static void
rank(const float *values, uint32_t count, int32_t *room, float *out)
{
	double squares = 0;

	stats_ranks(values, count, room, room + count);
	for (uint32_t d = 0; d < count; d++)
		squares += (double)room[d] * room[d];
	for (uint32_t d = 0; d < count; d++)
		out[d] = squares > 0 ? (float)(room[d] / sqrt(squares)) : 0;
}

/* A block of draws of everybody's factors, laid piece by piece. */
static bool
lay_factors(void *arg, uint32_t block, unsigned worker, struct err *err)
{
	struct drivers *d = arg;
	uint32_t count = d->pf->pieces_count;

	(void)err;
	forecast_block(d->pf->factors, block, d->rows[worker]);
	for (uint32_t i = 0; i < count; i++)
		memcpy(d->ranks + (size_t)i * d->draws + (size_t)block * FORECAST_BLOCK,
		    d->rows[worker] + (size_t)i * FORECAST_BLOCK, FORECAST_BLOCK * sizeof(float));
	return true;
}

static bool
rank_piece(void *arg, uint32_t piece, unsigned worker, struct err *err)
{
	struct drivers *d = arg;
	float *row = d->ranks + (size_t)piece * d->draws;

	(void)err;
	rank(row, d->draws, d->rooms[worker], row);
	return true;
}

static void
insert(struct plan_forecast_driver *list, uint32_t piece, double correlation)
{
	uint32_t at = PLAN_FORECAST_DRIVERS;

	while (at > 0 && (list[at - 1].piece == SCHEDULE_NONE ||
			     fabs(list[at - 1].correlation) < fabs(correlation)))
		at--;
	if (at == PLAN_FORECAST_DRIVERS)
		return;
	memmove(&list[at + 1], &list[at], (PLAN_FORECAST_DRIVERS - 1 - at) * sizeof list[0]);
	list[at] = (struct plan_forecast_driver){piece, correlation};
}

/* One initiative, or everything. */
static bool
find_drivers(void *arg, uint32_t initiative, unsigned worker, struct err *err)
{
	struct drivers *d = arg;
	struct plan_forecast *pf = d->pf;
	uint32_t all = pf->pc.plan->problem.initiatives;
	const float *ends =
	    plan_forecast_ends(pf, d->mode, initiative < all ? initiative : pf->rows - 1);
	struct plan_forecast_driver *list =
	    &pf->drivers[(size_t)initiative * PLAN_FORECAST_DRIVERS];
	float *row = d->rows[worker];

	(void)err;
	rank(ends, d->draws, d->rooms[worker], row);
	for (uint32_t k = 0; k < PLAN_FORECAST_DRIVERS; k++)
		list[k].piece = SCHEDULE_NONE;
	for (uint32_t i = 0; i < pf->pieces_count; i++) {
		const float *factors = d->ranks + (size_t)i * d->draws;
		float sum = 0;

		for (uint32_t k = 0; k < d->draws; k++)
			sum += factors[k] * row[k];
		if (fabs((double)sum) * sqrt(d->draws) > ERRORS)
			insert(list, i, (double)sum);
	}
	return true;
}

static uint32_t
draws_of(const struct plan_forecast *pf)
{
	uint64_t pieces = (uint64_t)pf->pieces_count + 1;
	uint64_t ends = (uint64_t)pf->pc.plan->problem.initiatives + 1;
	uint64_t draws = pf->draws < DRAWS_MAX ? pf->draws : DRAWS_MAX;

	draws = draws < HELD_MAX / pieces ? draws : HELD_MAX / pieces;
	draws = draws < TIMES_MAX / pieces / ends ? draws : TIMES_MAX / pieces / ends;
	draws = draws > DRAWS_MIN ? draws : DRAWS_MIN;
	return (uint32_t)draws / FORECAST_BLOCK * FORECAST_BLOCK;
}

bool
forecast_drivers(struct plan_forecast *pf, enum plan_forecast_mode mode, const struct parallel *how,
    struct err *err)
{
	struct drivers d = {.pf = pf, .mode = mode, .draws = draws_of(pf)};
	uint32_t ends = pf->pc.plan->problem.initiatives + 1;
	unsigned threads = parallel_threads(how, UINT32_MAX);
	size_t row = forecast_block_room(pf->factors);
	bool ok = false;

	row = row > d.draws ? row : d.draws;
	pf->drivers = calloc((size_t)ends * PLAN_FORECAST_DRIVERS, sizeof pf->drivers[0]);
	d.ranks = malloc(((size_t)pf->pieces_count * d.draws + 1) * sizeof d.ranks[0]);
	d.rooms = calloc(threads, sizeof d.rooms[0]);
	d.rows = calloc(threads, sizeof d.rows[0]);
	if (pf->drivers == NULL || d.ranks == NULL || d.rooms == NULL || d.rows == NULL) {
		err_oom(err);
		goto out;
	}
	for (unsigned t = 0; t < threads; t++) {
		d.rooms[t] = malloc((ROOM * (size_t)d.draws + 1) * sizeof d.rooms[t][0]);
		d.rows[t] = malloc((row + 1) * sizeof d.rows[t][0]);
		if (d.rooms[t] == NULL || d.rows[t] == NULL) {
			err_oom(err);
			goto out;
		}
	}
	ok = parallel_run(how, d.draws / FORECAST_BLOCK, lay_factors, &d, err) &&
	     parallel_run(how, pf->pieces_count, rank_piece, &d, err) &&
	     parallel_run(how, ends, find_drivers, &d, err);
out:
	for (unsigned t = 0; d.rooms != NULL && d.rows != NULL && t < threads; t++) {
		free(d.rooms[t]);
		free(d.rows[t]);
	}
	free(d.rooms);
	free(d.rows);
	free(d.ranks);
	return ok;
}
