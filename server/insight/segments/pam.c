#include "server/insight/segments/pam.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Four sums, since one would wait for itself; their order is the same on every machine. */
double
ratings_apart(const float *a, const float *b, uint32_t columns)
{
	double sums[4] = {0};
	uint32_t both = 0;

	for (uint32_t c = 0; c < columns; c++) {
		double d = (double)a[c] - (double)b[c];
		bool has = !isnan(d);

		sums[c % 4] += has ? d * d : 0;
		both += has;
	}
	return both > 0 ? sqrt((sums[0] + sums[1] + sums[2] + sums[3]) * columns / both) : -1;
}

static float
fill_distances(const struct ratings *ratings, struct distances *out)
{
	uint32_t n = ratings->rows;
	float farthest = 0;

	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < i; k++) {
			float d =
			    (float)ratings_apart(ratings->values + (size_t)i * ratings->columns,
				ratings->values + (size_t)k * ratings->columns, ratings->columns);

			out->of[(size_t)i * n + k] = out->of[(size_t)k * n + i] = d;
			farthest = d > farthest ? d : farthest;
		}
	}
	return farthest;
}

bool
distances_new(const struct ratings *ratings, struct distances *out, struct err *err)
{
	size_t cells = (size_t)ratings->rows * ratings->rows;
	float farthest;

	*out = (struct distances){.count = ratings->rows};
	if (ratings->rows > PAM_EXACT)
		return err_set(err, ERR_LIMIT, "at most %u rows at once", PAM_EXACT);
	out->of = calloc(cells + 1, sizeof out->of[0]);
	if (out->of == NULL)
		return err_oom(err);
	farthest = fill_distances(ratings, out);
	for (size_t p = 0; p < cells; p++) {
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
	float *nearest; /* by object: distance to its medoid, and to the next one */
	float *second;
	bool *is_medoid;
};

/* How much nearer all come if it becomes a medoid. */
static double
gain_of(const struct distances *d, const float *nearest, uint32_t candidate)
{
	const float *from = distances_from(d, candidate);
	double gain = 0;

	for (uint32_t o = 0; o < d->count; o++)
		gain += from[o] < nearest[o] ? (double)nearest[o] - (double)from[o] : 0;
	return gain;
}

static bool
is_in(const uint32_t *list, uint32_t count, uint32_t value)
{
	for (uint32_t i = 0; i < count; i++) {
		if (list[i] == value)
			return true;
	}
	return false;
}

/* Of equal ones the last, as Kaufman's program does. */
static void
build(const struct distances *d, uint32_t k, float *nearest, uint32_t *built)
{
	float far = 1;

	for (size_t p = 0; p < (size_t)d->count * d->count; p++)
		far = fmaxf(far, 2 * d->of[p]);
	for (uint32_t o = 0; o < d->count; o++)
		nearest[o] = far;
	for (uint32_t m = 0; m < k; m++) {
		double most = -1;

		for (uint32_t c = 0; c < d->count; c++) {
			double gain = is_in(built, m, c) ? -1 : gain_of(d, nearest, c);

			if (gain >= 0 && gain >= most) {
				most = gain;
				built[m] = c;
			}
		}
		for (uint32_t o = 0; o < d->count; o++)
			nearest[o] = fminf(nearest[o], distances_from(d, built[m])[o]);
	}
}

static bool
check_groups(const struct distances *d, uint32_t k, struct err *err)
{
	if (k >= 1 && k <= PAM_GROUPS && k < d->count)
		return true;
	return err_set(err, ERR_INVALID,
	    "%u groups of %u: at least 1, at most %u, and fewer than there are rows", k, d->count,
	    PAM_GROUPS);
}

bool
pam_build(const struct distances *d, uint32_t k, uint32_t built[PAM_GROUPS], struct err *err)
{
	float *nearest;

	if (!check_groups(d, k, err))
		return false;
	nearest = calloc(d->count, sizeof nearest[0]);
	if (nearest == NULL)
		return err_oom(err);
	build(d, k, nearest, built);
	free(nearest);
	return true;
}

static void
assign(struct search *s)
{
	for (uint32_t o = 0; o < s->d->count; o++) {
		const float *from = distances_from(s->d, o);

		s->nearest[o] = s->second[o] = FLT_MAX;
		for (uint32_t m = 0; m < s->pam->k; m++) {
			float d = from[s->pam->medoids[m]];

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
	const float *from = distances_from(s->d, candidate);
	double joined = 0;

	memcpy(changes, removal, s->pam->k * sizeof changes[0]);
	for (uint32_t o = 0; o < s->d->count; o++) {
		double d = (double)from[o], near = (double)s->nearest[o],
		       second = (double)s->second[o];

		if (d >= second)
			continue;
		if (d < near) {
			joined += d - near;
			changes[s->pam->group[o]] += near - second;
		} else {
			changes[s->pam->group[o]] += d - second;
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
		removal[s->pam->group[o]] += (double)s->second[o] - (double)s->nearest[o];
		all += (double)s->nearest[o];
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
		s->pam->cost += (double)s->nearest[o] / s->d->count;
	return true;
}

bool
pam_run_from(const struct distances *d, uint32_t k, const uint32_t *built, pam_stop_fn stop,
    void *arg, struct pam *out, struct err *err)
{
	struct search s = {.d = d, .pam = out};
	bool ok;

	*out = (struct pam){.k = k};
	if (!check_groups(d, k, err))
		return false;
	memcpy(out->medoids, built, k * sizeof out->medoids[0]);
	out->group = calloc(d->count, sizeof out->group[0]);
	s.nearest = calloc(d->count, sizeof s.nearest[0]);
	s.second = calloc(d->count, sizeof s.second[0]);
	s.is_medoid = calloc(d->count, sizeof s.is_medoid[0]);
	ok = out->group != NULL && s.nearest != NULL && s.second != NULL && s.is_medoid != NULL;
	for (uint32_t m = 0; ok && m < k; m++)
		s.is_medoid[built[m]] = true;
	ok = ok ? optimise(&s, stop, arg, err) : err_oom(err);
	free(s.nearest);
	free(s.second);
	free(s.is_medoid);
	if (!ok)
		pam_fini(out);
	return ok;
}

bool
pam_run(const struct distances *d, uint32_t k, pam_stop_fn stop, void *arg, struct pam *out,
    struct err *err)
{
	uint32_t built[PAM_GROUPS];

	*out = (struct pam){0};
	return pam_build(d, k, built, err) && pam_run_from(d, k, built, stop, arg, out, err);
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
	const float *from = distances_from(d, i);
	double sums[PAM_GROUPS] = {0}, own, other = DBL_MAX;
	uint32_t mine = pam->group[i];

	if (sizes[mine] < 2)
		return 0;
	for (uint32_t o = 0; o < d->count; o++)
		sums[pam->group[o]] += (double)from[o];
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
