/*
 * Groups around medoids: k of the objects themselves, so that all together lie as near as possible to their nearest one.
 *
 * - PAM (Kaufman & Rousseeuw 1990, chapter 2): BUILD, then the best swap until none is better, found as FastPAM1 does (Schubert &
 *   Rousseeuw 2019): the same swaps as PAM's for 1/k of the work.
 * - Silhouette (Rousseeuw 1987): s(i) = (b - a) / max(a, b) with a the mean distance to its own group, b that to the nearest other
 *   one; 0 for one that is alone. Its mean says how many groups there are.
 * - Distance of two rows of ratings: sqrt(p / q * sum (x - y)^2) over the q of p columns that both have (as R's daisy does);
 *   rows with no column in common are as far apart as the farthest two.
 *
 * Plain C on numbers; the same result on every machine for the same rows in the same order.
 */
#ifndef SERVER_INSIGHT_SEGMENTS_PAM_H
#define SERVER_INSIGHT_SEGMENTS_PAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define PAM_EXACT  4000u /* rows: 64 MB of distances */
#define PAM_GROUPS 30u

typedef bool (*pam_stop_fn)(void *arg);

/* By row, then column; NaN where nothing was answered. */
struct ratings {
	uint32_t rows;
	uint32_t columns;
	const float *values;
};

/* Of two rows, in the columns that both have; -1 where there is none. */
double ratings_apart(const float *a, const float *b, uint32_t columns);

/* Distances of all pairs: a row of the square for each object, so that what is looked at together lies together. */
struct distances {
	uint32_t count;
	float *of;
};
bool distances_new(
    const struct ratings *ratings, struct distances *out, struct err *err) MUST_CHECK;
void distances_fini(struct distances *distances);

static inline const float *
distances_from(const struct distances *d, uint32_t i)
{
	return d->of + (size_t)i * d->count;
}

struct pam {
	uint32_t k;
	uint32_t medoids[PAM_GROUPS]; /* ascending */
	uint32_t *group;              /* by object: number of its medoid */
	double cost;                  /* mean distance to the medoid */
};

/* 1 <= k <= PAM_GROUPS, k < count. ERR_INVALID, ERR_LIMIT, ERR_CANCELLED. Free it. */
bool pam_run(const struct distances *d, uint32_t k, pam_stop_fn stop, void *arg, struct pam *out,
    struct err *err) MUST_CHECK;
/*
 * BUILD alone, which for fewer groups begins with the same medoids: made once for the most, `built` serves pam_run_from() for
 * each k up to it. 1 <= k <= PAM_GROUPS, k < count. ERR_INVALID, ERR_LIMIT.
 */
bool pam_build(
    const struct distances *d, uint32_t k, uint32_t built[PAM_GROUPS], struct err *err) MUST_CHECK;
bool pam_run_from(const struct distances *d, uint32_t k, const uint32_t *built, pam_stop_fn stop,
    void *arg, struct pam *out, struct err *err) MUST_CHECK;
void pam_fini(struct pam *pam);

/* Of each object, into widths (may be NULL); returns the mean. 0 for one group. */
double pam_silhouette(const struct distances *d, const struct pam *pam, double *widths);

/* By group of a, the largest part of it and one group of b that both have in common (Jaccard), over the objects listed. */
void pam_jaccard(const uint32_t *a, uint32_t groups_a, const uint32_t *b, uint32_t groups_b,
    uint32_t count, double *out);

#endif
