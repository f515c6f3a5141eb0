#include "server/insight/segments/pam.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static float
row_distance(const struct ratings *r, uint32_t i, uint32_t k)
{
	const float *a = r->values + (size_t)i * r->columns;
	const float *b = r->values + (size_t)k * r->columns;
	uint32_t both = 0;
	double sum = 0;

	for (uint32_t c = 0; c < r->columns; c++) {
		if (isnan(a[c]) || isnan(b[c]))
			continue;
		sum += ((double)a[c] - (double)b[c]) * ((double)a[c] - (double)b[c]);
		both++;
	}
	return both > 0 ? (float)sqrt(sum * r->columns / both) : -1;
}

bool
distances_new(const struct ratings *ratings, struct distances *out, struct err *err)
{
	size_t n = ratings->rows, pairs = n * (n - (n > 0)) / 2, at = 0;
	float farthest = 0;

	*out = (struct distances){.count = ratings->rows};
	if (ratings->rows > PAM_EXACT)
		return err_set(err, ERR_LIMIT, "at most %u rows at once", PAM_EXACT);
	out->of = calloc(pairs + 1, sizeof out->of[0]);
	if (out->of == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < ratings->rows; i++) {
		for (uint32_t k = 0; k < i; k++) {
			out->of[at] = row_distance(ratings, i, k);
			farthest = out->of[at] > farthest ? out->of[at] : farthest;
			at++;
		}
	}
	for (size_t p = 0; p < pairs; p++) {
		if (out->of[p] < 0)
			out->of[p] = farthest;
	}
	return true;
}

void
distances_fini(struct distances *distances)
{
	free(distances->of);
	distances->of = NULL;
}

/* ---- PAM */

struct search {
	const struct distances *d;
	struct pam *pam;
	double *nearest; /* by object: distance to its medoid, and to the next one */
	double *second;
	bool *is_medoid;
};

/* How much nearer all come if it becomes a medoid. */
static double
gain_of(const struct search *s, uint32_t candidate)
{
	double gain = 0;

	for (uint32_t o = 0; o < s->d->count; o++) {
		double nearer = s->nearest[o] - distance_of(s->d, o, candidate);

		gain += nearer > 0 ? nearer : 0;
	}
	return gain;
}

/* Of equal ones the last, as Kaufman's program does. */
static void
build(struct search *s)
{
	double far = 1;

	for (size_t p = 0; p < (size_t)s->d->count * (s->d->count - 1) / 2; p++)
		far = fmax(far, 2 * (double)s->d->of[p]);
	for (uint32_t o = 0; o < s->d->count; o++)
		s->nearest[o] = far;
	for (uint32_t m = 0; m < s->pam->k; m++) {
		double most = -1;
		uint32_t best = 0;

		for (uint32_t c = 0; c < s->d->count; c++) {
			double gain = s->is_medoid[c] ? -1 : gain_of(s, c);

			if (gain >= 0 && gain >= most) {
				most = gain;
				best = c;
			}
		}
		s->pam->medoids[m] = best;
		s->is_medoid[best] = true;
		for (uint32_t o = 0; o < s->d->count; o++)
			s->nearest[o] = fmin(s->nearest[o], distance_of(s->d, o, best));
	}
}

static void
assign(struct search *s)
{
	for (uint32_t o = 0; o < s->d->count; o++) {
		s->nearest[o] = s->second[o] = DBL_MAX;
		for (uint32_t m = 0; m < s->pam->k; m++) {
			double d = distance_of(s->d, o, s->pam->medoids[m]);

			if (d < s->nearest[o]) {
				s->second[o] = s->nearest[o];
				s->nearest[o] = d;
				s->pam->group[o] = m;
			} else if (d < s->second[o]) {
				s->second[o] = d;
			}
		}
	}
}

/* By medoid: how much farther all are if the candidate takes its place (negative: nearer). */
static void
changes_of(const struct search *s, uint32_t candidate, const double *removal, double *changes)
{
	double joined = 0;

	memcpy(changes, removal, s->pam->k * sizeof changes[0]);
	for (uint32_t o = 0; o < s->d->count; o++) {
		double d = distance_of(s->d, o, candidate);

		if (d < s->nearest[o]) {
			joined += d - s->nearest[o];
			changes[s->pam->group[o]] += s->nearest[o] - s->second[o];
		} else if (d < s->second[o]) {
			changes[s->pam->group[o]] += d - s->second[o];
		}
	}
	for (uint32_t m = 0; m < s->pam->k; m++)
		changes[m] += joined;
}

/* The best swap, where one is better; rounding may not make it swap for ever. */
static bool
swap(struct search *s)
{
	double removal[PAM_GROUPS] = {0}, changes[PAM_GROUPS], least = 0, all = 0;
	uint32_t out = 0, in = 0;

	for (uint32_t o = 0; o < s->d->count; o++) {
		removal[s->pam->group[o]] += s->second[o] - s->nearest[o];
		all += s->nearest[o];
	}
	for (uint32_t c = 0; c < s->d->count; c++) {
		if (s->is_medoid[c])
			continue;
		changes_of(s, c, removal, changes);
		for (uint32_t m = 0; m < s->pam->k; m++) {
			if (changes[m] < least) {
				least = changes[m];
				out = m;
				in = c;
			}
		}
	}
	if (least >= -1e-12 * all)
		return false;
	s->is_medoid[s->pam->medoids[out]] = false;
	s->is_medoid[in] = true;
	s->pam->medoids[out] = in;
	return true;
}

static int
compare_numbers(const void *pa, const void *pb)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return (a > b) - (a < b);
}

static bool
optimise(struct search *s, pam_stop_fn stop, void *arg, struct err *err)
{
	build(s);
	if (s->pam->k == 1) { /* BUILD's first is the best there is */
		assign(s);
	} else {
		do {
			if (stop != NULL && stop(arg))
				return err_set(err, ERR_CANCELLED, "finding groups was cancelled");
			assign(s);
		} while (swap(s));
	}
	qsort(s->pam->medoids, s->pam->k, sizeof s->pam->medoids[0], compare_numbers);
	assign(s);
	for (uint32_t o = 0; o < s->d->count; o++)
		s->pam->cost += s->nearest[o] / s->d->count;
	return true;
}

bool
pam_run(const struct distances *d, uint32_t k, pam_stop_fn stop, void *arg, struct pam *out,
    struct err *err)
{
	struct search s = {.d = d, .pam = out};
	bool ok;

	*out = (struct pam){.k = k};
	if (k < 1 || k > PAM_GROUPS || k >= d->count)
		return err_set(err, ERR_INVALID,
		    "%u groups of %u: at least 1, at most %u, and "
		    "fewer than there are rows",
		    k, d->count, PAM_GROUPS);
	out->group = calloc(d->count, sizeof out->group[0]);
	s.nearest = calloc(d->count, sizeof s.nearest[0]);
	s.second = calloc(d->count, sizeof s.second[0]);
	s.is_medoid = calloc(d->count, sizeof s.is_medoid[0]);
	ok = out->group != NULL && s.nearest != NULL && s.second != NULL && s.is_medoid != NULL
		 ? optimise(&s, stop, arg, err)
		 : err_oom(err);
	free(s.nearest);
	free(s.second);
	free(s.is_medoid);
	if (!ok)
		pam_fini(out);
	return ok;
}

void
pam_fini(struct pam *pam)
{
	free(pam->group);
	pam->group = NULL;
}

/* ---- how good the groups are */

static double
width_of(const struct distances *d, const struct pam *pam, uint32_t i, const uint32_t *sizes)
{
	double sums[PAM_GROUPS] = {0}, own, other = DBL_MAX;
	uint32_t mine = pam->group[i];

	if (sizes[mine] < 2)
		return 0;
	for (uint32_t o = 0; o < d->count; o++)
		sums[pam->group[o]] += distance_of(d, i, o);
	own = sums[mine] / (sizes[mine] - 1);
	for (uint32_t m = 0; m < pam->k; m++) {
		if (m != mine && sizes[m] > 0)
			other = fmin(other, sums[m] / sizes[m]);
	}
	return own == other || other == DBL_MAX ? 0 : (other - own) / fmax(own, other);
}

double
pam_silhouette(const struct distances *d, const struct pam *pam, double *widths)
{
	uint32_t sizes[PAM_GROUPS] = {0};
	double sum = 0;

	for (uint32_t o = 0; o < d->count; o++)
		sizes[pam->group[o]]++;
	for (uint32_t o = 0; o < d->count; o++) {
		double width = pam->k > 1 ? width_of(d, pam, o, sizes) : 0;

		if (widths != NULL)
			widths[o] = width;
		sum += width;
	}
	return d->count > 0 ? sum / d->count : 0;
}

void
pam_jaccard(const uint32_t *a, uint32_t groups_a, const uint32_t *b, uint32_t groups_b,
    uint32_t count, double *out)
{
	uint32_t both[PAM_GROUPS][PAM_GROUPS] = {{0}}, in_a[PAM_GROUPS] = {0},
		 in_b[PAM_GROUPS] = {0};

	for (uint32_t i = 0; i < count; i++) {
		both[a[i]][b[i]]++;
		in_a[a[i]]++;
		in_b[b[i]]++;
	}
	for (uint32_t g = 0; g < groups_a; g++) {
		out[g] = 0;
		for (uint32_t h = 0; h < groups_b; h++) {
			uint32_t any = in_a[g] + in_b[h] - both[g][h];

			if (any > 0)
				out[g] = fmax(out[g], (double)both[g][h] / any);
		}
	}
}
