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

#define PAM_EXACT  4000u /* rows: 32 MB of distances */
#define PAM_GROUPS 30u

typedef bool (*pam_stop_fn)(void *arg);

/* By row, then column; NaN where nothing was answered. */
struct ratings {
	uint32_t rows;
	uint32_t columns;
	const float *values;
};

/* Distances of all pairs: i > k at i * (i - 1) / 2 + k. */
struct distances {
	uint32_t count;
	float *of;
};
bool distances_new(
    const struct ratings *ratings, struct distances *out, struct err *err) MUST_CHECK;
void distances_fini(struct distances *distances);

static inline double
distance_of(const struct distances *d, uint32_t i, uint32_t k)
{
	if (i == k)
		return 0;
	return i > k ? (double)d->of[(size_t)i * (i - 1) / 2 + k]
		     : (double)d->of[(size_t)k * (k - 1) / 2 + i];
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
void pam_fini(struct pam *pam);

/* Of each object, into widths (may be NULL); returns the mean. 0 for one group. */
double pam_silhouette(const struct distances *d, const struct pam *pam, double *widths);

/* By group of a, the largest part of it and one group of b that both have in common (Jaccard), over the objects listed. */
void pam_jaccard(const uint32_t *a, uint32_t groups_a, const uint32_t *b, uint32_t groups_b,
    uint32_t count, double *out);

#endif
