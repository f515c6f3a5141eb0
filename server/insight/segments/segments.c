#include "server/insight/segments/segments.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/schedule/philox.h"
#include "server/limits.h"

struct maker {
	const struct segments_query *query;
	struct segments *out;
	uint32_t rows;
	uint32_t columns;
	float *scaled; /* as the ratings, standardised */
	uint32_t *sample;
	float *sampled;
	uint32_t medoids[SEGMENTS_MOST + 1][SEGMENTS_MOST]; /* by number of groups */
};

static float
at(const struct ratings *r, uint32_t row, uint32_t column)
{
	return r->values[(size_t)row * r->columns + column];
}

static bool
stopped(struct maker *m, double part, struct err *err)
{
	const struct segments_query *q = m->query;

	if (q->progress != NULL)
		q->progress(q->arg, part);
	if (q->stop == NULL || !q->stop(q->arg))
		return false;
	return !err_set(err, ERR_CANCELLED, "finding segments was cancelled");
}

/* ---- scales */

static bool
check_values(const struct segments_query *q, struct err *err)
{
	const struct ratings *r = &q->ratings;
	bool has_scale = q->scale_min != 0 || q->scale_max != 0;

	if (r->rows > LIMIT_SEGMENTS_CUSTOMERS || r->columns > LIMIT_SEGMENTS_QUESTIONS)
		return err_set(err, ERR_LIMIT, "at most %u rows of %u ratings",
		    LIMIT_SEGMENTS_CUSTOMERS, LIMIT_SEGMENTS_QUESTIONS);
	if (r->columns == 0 || q->k > SEGMENTS_MOST || (has_scale && q->scale_min >= q->scale_max))
		return err_set(err, ERR_INVALID,
		    "no ratings, a scale from %g to %g, or more than %u groups", q->scale_min,
		    q->scale_max, SEGMENTS_MOST);
	for (uint32_t i = 0; i < r->rows; i++) {
		for (uint32_t c = 0; c < r->columns; c++) {
			double v = (double)at(r, i, c);

			if (isinf(v) || (has_scale && (v < q->scale_min || v > q->scale_max)))
				return err_set(err, ERR_INVALID,
				    "row %u, rating %u: %g is not between %g and %g", i + 1, c + 1,
				    v, q->scale_min, q->scale_max);
		}
	}
	return true;
}

static void
measure_column(struct maker *m, uint32_t column)
{
	const struct segments_query *q = m->query;
	double sum = 0, away = 0;
	uint32_t count = 0;

	for (uint32_t i = 0; i < m->rows; i++) {
		double v = (double)at(&q->ratings, i, column);

		sum += isnan(v) ? 0 : v;
		count += !isnan(v);
	}
	m->out->missing += m->rows - count;
	m->out->centre[column] = count > 0 ? sum / count : 0;
	for (uint32_t i = 0; i < m->rows; i++) {
		double v = (double)at(&q->ratings, i, column);

		away += isnan(v) ? 0 : fabs(v - m->out->centre[column]);
	}
	m->out->width[column] = count > 0 ? away / count : 0;
	if (m->out->width[column] > 0 && q->scale_max > q->scale_min)
		m->out->width[column] = q->scale_max - q->scale_min;
}

/*
 * A column in which all say the same tells nothing apart: 0 for all. On one scale the answers are compared as they are, so that those that are
 * equally far apart stay so to the last bit, and only the distance is divided.
 */
static float
scaled_answer(const struct segments *s, uint32_t column, double v)
{
	if (isnan(v))
		return NAN;
	if (!(s->width[column] > 0))
		return 0;
	return s->one_scale ? (float)v : (float)((v - s->centre[column]) / s->width[column]);
}

static bool
standardise(struct maker *m)
{
	bool varies = false;

	for (uint32_t c = 0; c < m->columns; c++) {
		measure_column(m, c);
		varies |= m->out->width[c] > 0;
	}
	for (uint32_t i = 0; i < m->rows; i++) {
		for (uint32_t c = 0; c < m->columns; c++)
			m->scaled[(size_t)i * m->columns + c] =
			    scaled_answer(m->out, c, (double)at(&m->query->ratings, i, c));
	}
	return varies;
}

static uint32_t
nearest(const struct maker *m, uint32_t row, const uint32_t *medoids, uint32_t k, double *distance)
{
	uint32_t best = 0;

	*distance = DBL_MAX;
	for (uint32_t g = 0; g < k; g++) {
		double d = ratings_apart(m->scaled + (size_t)row * m->columns,
		    m->scaled + (size_t)medoids[g] * m->columns, m->columns);

		if (d >= 0 && d < *distance) {
			*distance = d;
			best = g;
		}
	}
	if (*distance == DBL_MAX)
		*distance = 0;
	return best;
}

/* ---- rows that are looked at together */

/* Without putting back; all of them, in order, where there are no more. */
static uint32_t
draw_sample(struct maker *m, uint32_t most, uint64_t stream)
{
	struct philox random;
	uint32_t count = m->rows < most ? m->rows : most, taken = 0;

	philox_init(&random, m->query->seed, stream);
	for (uint32_t i = 0; i < m->rows && taken < count; i++) {
		if (philox_below(&random, m->rows - i) < count - taken)
			m->sample[taken++] = i;
	}
	return taken;
}

static void
draw_again(struct maker *m, uint32_t count, uint64_t stream)
{
	struct philox random;

	philox_init(&random, m->query->seed, stream);
	for (uint32_t i = 0; i < count; i++)
		m->sample[i] = philox_below(&random, m->rows);
}

static bool
sample_distances(struct maker *m, uint32_t count, struct distances *d, struct err *err)
{
	const struct ratings ratings = {count, m->columns, m->sampled};

	for (uint32_t i = 0; i < count; i++)
		memcpy(m->sampled + (size_t)i * m->columns,
		    m->scaled + (size_t)m->sample[i] * m->columns, m->columns * sizeof(float));
	return distances_new(&ratings, d, err);
}

/* ---- how many groups, and which */

static double
cost_of(const struct maker *m, const uint32_t *medoids, uint32_t k)
{
	double sum = 0, d;

	for (uint32_t i = 0; i < m->rows; i++) {
		(void)nearest(m, i, medoids, k, &d);
		sum += d;
	}
	return sum;
}

static bool
try_k(struct maker *m, const struct distances *d, uint32_t k, const uint32_t *built, double *costs,
    struct err *err)
{
	const struct segments_query *q = m->query;
	uint32_t medoids[SEGMENTS_MOST];
	struct pam pam;
	double cost;

	if (!pam_run_from(d, k, built, q->stop, q->arg, &pam, err))
		return false;
	for (uint32_t g = 0; g < k; g++)
		medoids[g] = m->sample[pam.medoids[g]];
	cost = cost_of(m, medoids, k);
	if (cost < costs[k]) {
		costs[k] = cost;
		memcpy(m->medoids[k], medoids, sizeof medoids);
		m->out->silhouettes[k] = pam_silhouette(d, &pam, NULL);
		m->out->tried[k] = true;
	}
	pam_fini(&pam);
	return true;
}

static bool
try_sample(struct maker *m, uint32_t number, uint32_t rows, double *costs, struct err *err)
{
	uint32_t low = m->query->k > 0 ? m->query->k : 2;
	uint32_t high = m->query->k > 0 ? m->query->k : SEGMENTS_MOST;
	uint32_t count = draw_sample(m, rows, number);
	uint32_t built[PAM_GROUPS];
	struct distances d;
	bool ok;

	high = high < count ? high : count - 1;
	ok = sample_distances(m, count, &d, err) && pam_build(&d, high, built, err);
	for (uint32_t k = low; ok && k <= high; k++)
		ok = !stopped(m,
			 0.5 * (number + (double)k / high) /
			     (m->rows > SEGMENTS_EXACT ? SEGMENTS_SAMPLES : 1),
			 err) &&
		     try_k(m, &d, k, built, costs, err);
	distances_fini(&d);
	return ok;
}

static bool
find_groups(struct maker *m, struct err *err)
{
	bool all = m->rows <= SEGMENTS_EXACT;
	uint32_t samples = all ? 1 : SEGMENTS_SAMPLES;
	double costs[SEGMENTS_MOST + 1];

	for (uint32_t k = 0; k <= SEGMENTS_MOST; k++)
		costs[k] = DBL_MAX;
	for (uint32_t s = 0; s < samples; s++) {
		if (!try_sample(m, s, all ? SEGMENTS_EXACT : SEGMENTS_SAMPLE, costs, err))
			return false;
	}
	for (uint32_t k = 1; k <= SEGMENTS_MOST; k++) {
		if (costs[k] < DBL_MAX &&
		    (m->out->k == 0 || m->out->silhouettes[k] > m->out->silhouette)) {
			m->out->k = k;
			m->out->silhouette = m->out->silhouettes[k];
		}
	}
	return true;
}

static uint32_t
nearest_type(const struct segments *s, const float *row, double distances[SEGMENTS_MOST])
{
	uint32_t best = SEGMENTS_NONE;

	for (uint32_t g = 0; g < s->k; g++) {
		double d = ratings_apart(row, s->type + (size_t)g * s->columns, s->columns);

		distances[g] = d;
		if (d >= 0 && (best == SEGMENTS_NONE || d < distances[best]))
			best = g;
	}
	return best;
}

static void
assign_to_types(struct maker *m)
{
	double distances[SEGMENTS_MOST];

	for (uint32_t i = 0; i < m->rows; i++) {
		uint32_t g = nearest_type(m->out, m->scaled + (size_t)i * m->columns, distances);

		m->out->group[i] = g != SEGMENTS_NONE ? g : 0;
	}
}

/* What a medoid left open: the mean of those in its group who did answer. */
static void
fill_types(struct maker *m)
{
	for (uint32_t g = 0; g < m->out->k; g++) {
		float *type = m->out->type + (size_t)g * m->columns;

		for (uint32_t c = 0; c < m->columns; c++) {
			double sum = 0;
			uint32_t count = 0;

			if (!isnan(type[c]))
				continue;
			for (uint32_t i = 0; i < m->rows; i++) {
				float v = m->scaled[(size_t)i * m->columns + c];

				if (m->out->group[i] != g || isnan(v))
					continue;
				sum += (double)v;
				count++;
			}
			if (count > 0)
				type[c] = (float)(sum / count);
		}
	}
}

/* Medoids by size of their groups, the largest first. */
static void
sort_groups(struct maker *m)
{
	struct segments *out = m->out;
	uint32_t sizes[SEGMENTS_MOST] = {0};

	for (uint32_t i = 0; i < m->rows; i++)
		sizes[out->group[i]]++;
	for (uint32_t g = 0; g < out->k; g++) {
		struct segment one = {.medoid = m->medoids[out->k][g], .size = sizes[g]};
		uint32_t place = g;

		for (; place > 0 && out->of[place - 1].size < one.size; place--)
			out->of[place] = out->of[place - 1];
		out->of[place] = one;
	}
}

static void
assign_rows(struct maker *m)
{
	struct segments *out = m->out;

	for (uint32_t g = 0; g < out->k; g++)
		out->of[g].medoid = m->medoids[out->k][g];
	for (int again = 0; again < 2; again++) {
		for (uint32_t g = 0; g < out->k; g++)
			memcpy(out->type + (size_t)g * m->columns,
			    m->scaled + (size_t)out->of[g].medoid * m->columns,
			    m->columns * sizeof out->type[0]);
		assign_to_types(m);
		fill_types(m);
		assign_to_types(m);
		if (!again)
			sort_groups(m);
	}
	for (uint32_t g = 0; g < out->k; g++)
		out->of[g].size = 0;
	for (uint32_t i = 0; i < m->rows; i++)
		out->of[out->group[i]].size++;
}

/* ---- how firm */

static bool
find_again(struct maker *m, uint32_t number, struct err *err)
{
	uint32_t count = m->rows < SEGMENTS_AGAIN_ROWS ? m->rows : SEGMENTS_AGAIN_ROWS;
	uint32_t before[SEGMENTS_AGAIN_ROWS];
	double in_common[SEGMENTS_MOST];
	struct distances d;
	struct pam pam;
	bool ok;

	if (stopped(m, 0.5 + 0.4 * number / SEGMENTS_AGAIN, err))
		return false;
	draw_again(m, count, 1000 + number);
	ok = sample_distances(m, count, &d, err);
	if (ok)
		ok = pam_run(&d, m->out->k, m->query->stop, m->query->arg, &pam, err);
	if (ok) {
		for (uint32_t i = 0; i < count; i++)
			before[i] = m->out->group[m->sample[i]];
		pam_jaccard(before, m->out->k, pam.group, m->out->k, count, in_common);
		for (uint32_t g = 0; g < m->out->k; g++)
			m->out->of[g].jaccard += in_common[g] / SEGMENTS_AGAIN;
		pam_fini(&pam);
	}
	distances_fini(&d);
	return ok;
}

/* Of the groups as they are assigned, on one sample of all rows. */
static bool
fill_silhouettes(struct maker *m, struct err *err)
{
	uint32_t count = draw_sample(m, SEGMENTS_SAMPLE, 0), sizes[SEGMENTS_MOST] = {0};
	double *widths = calloc(count + 1, sizeof widths[0]);
	struct pam pam = {.k = m->out->k, .group = calloc(count + 1, sizeof pam.group[0])};
	struct distances d = {0};
	bool ok = widths != NULL && pam.group != NULL ? sample_distances(m, count, &d, err)
						      : err_oom(err);

	if (ok) {
		for (uint32_t i = 0; i < count; i++)
			pam.group[i] = m->out->group[m->sample[i]];
		(void)pam_silhouette(&d, &pam, widths);
		for (uint32_t i = 0; i < count; i++) {
			m->out->of[pam.group[i]].silhouette += widths[i];
			sizes[pam.group[i]]++;
		}
		for (uint32_t g = 0; g < m->out->k; g++)
			m->out->of[g].silhouette /= sizes[g] > 0 ? sizes[g] : 1;
	}
	distances_fini(&d);
	free(widths);
	pam_fini(&pam);
	return ok;
}

/* Rows that are spread evenly over what each column has: whatever groups they seem to have are chance. */
static void
draw_chance(struct maker *m, uint32_t count, uint64_t stream)
{
	struct philox random;

	philox_init(&random, m->query->seed, stream);
	for (uint32_t c = 0; c < m->columns; c++) {
		float low = FLT_MAX, high = -FLT_MAX;

		for (uint32_t i = 0; i < m->rows; i++) {
			float v = m->scaled[(size_t)i * m->columns + c];

			low = v < low ? v : low;
			high = v > high ? v : high;
		}
		for (uint32_t i = 0; i < count; i++)
			m->sampled[(size_t)i * m->columns + c] =
			    high > low
				? low + (high - low) * (float)philox_below(&random, 1u << 20) /
					    (float)((1u << 20) - 1)
				: 0;
	}
}

static bool
try_chance(struct maker *m, uint32_t number, struct err *err)
{
	uint32_t count = m->rows < SEGMENTS_AGAIN_ROWS ? m->rows : SEGMENTS_AGAIN_ROWS;
	const struct ratings ratings = {count, m->columns, m->sampled};
	struct distances d;
	struct pam pam;
	bool ok;

	if (stopped(m, 0.9 + 0.1 * number / SEGMENTS_CHANCES, err))
		return false;
	draw_chance(m, count, 2000 + number);
	ok = distances_new(&ratings, &d, err) &&
	     pam_run(&d, m->out->k, m->query->stop, m->query->arg, &pam, err);
	if (ok) {
		m->out->by_chance = fmax(m->out->by_chance, pam_silhouette(&d, &pam, NULL));
		pam_fini(&pam);
	}
	distances_fini(&d);
	return ok;
}

static bool
judge(struct maker *m, struct err *err)
{
	struct segments *out = m->out;

	for (uint32_t n = 0; n < SEGMENTS_AGAIN; n++) {
		if (!find_again(m, n, err))
			return false;
	}
	for (uint32_t n = 0; n < SEGMENTS_CHANCES; n++) {
		if (!try_chance(m, n, err))
			return false;
	}
	if (!fill_silhouettes(m, err))
		return false;
	if (out->silhouette <= SEGMENTS_SILHOUETTE || out->silhouette <= out->by_chance) {
		out->lack = SEGMENTS_NO_STRUCTURE;
		return true;
	}
	for (uint32_t g = 0; g < out->k; g++) {
		if (out->of[g].jaccard < SEGMENTS_JACCARD)
			out->lack = SEGMENTS_UNSTABLE;
	}
	return true;
}

/* ---- what they expect */

struct sums {
	double count;
	double sum;
	double squares;
};

static void
describe(struct maker *m, uint32_t column)
{
	struct sums of[SEGMENTS_MOST] = {{0}}, all = {0};
	struct segments *out = m->out;

	for (uint32_t i = 0; i < m->rows; i++) {
		double v = (double)at(&m->query->ratings, i, column);
		struct sums *s = &of[out->group[i]];

		if (isnan(v))
			continue;
		s->count++;
		s->sum += v;
		all.count++;
		all.sum += v;
		all.squares += (v - out->centre[column]) * (v - out->centre[column]);
	}
	for (uint32_t g = 0; g < out->k; g++) {
		size_t cell = (size_t)g * m->columns + column;
		double others = all.count - of[g].count, spread;

		out->mean[cell] = of[g].count > 0 ? of[g].sum / of[g].count : NAN;
		spread = all.count > 1 ? sqrt(all.squares / (all.count - 1)) : 0;
		if (spread > 0 && of[g].count > 0 && others > 0)
			out->differs[cell] =
			    (out->mean[cell] - (all.sum - of[g].sum) / others) / spread;
	}
}

static bool
make(struct maker *m, struct err *err)
{
	if (m->rows < SEGMENTS_LEAST_ROWS) {
		m->out->lack = SEGMENTS_TOO_FEW;
		return true;
	}
	if (!standardise(m)) {
		m->out->lack = SEGMENTS_NO_VARIANCE;
		return true;
	}
	if (!find_groups(m, err))
		return false;
	assign_rows(m);
	if (!judge(m, err))
		return false;
	for (uint32_t c = 0; c < m->columns; c++)
		describe(m, c);
	return true;
}

struct segments *
segments_run(const struct segments_query *query, struct err *err)
{
	struct maker m = {
	    .query = query, .rows = query->ratings.rows, .columns = query->ratings.columns};
	size_t cells = (size_t)m.rows * m.columns;
	bool ok;

	if (!check_values(query, err))
		return NULL;
	m.out = calloc(1, sizeof *m.out);
	if (m.out == NULL) {
		err_oom(err);
		return NULL;
	}
	m.out->columns = m.columns;
	m.out->scale = query->scale_max - query->scale_min;
	m.out->one_scale = m.out->scale > 0;
	m.out->group = calloc((size_t)m.rows + 1, sizeof m.out->group[0]);
	m.out->type = calloc((size_t)SEGMENTS_MOST * m.columns, sizeof m.out->type[0]);
	m.out->mean = calloc((size_t)SEGMENTS_MOST * m.columns, sizeof m.out->mean[0]);
	m.out->differs = calloc((size_t)SEGMENTS_MOST * m.columns, sizeof m.out->differs[0]);
	m.scaled = calloc(cells + 1, sizeof m.scaled[0]);
	m.sample = calloc(SEGMENTS_EXACT, sizeof m.sample[0]);
	m.sampled = calloc((size_t)SEGMENTS_EXACT * m.columns, sizeof m.sampled[0]);
	ok = m.out->group != NULL && m.out->type != NULL && m.out->mean != NULL &&
		     m.out->differs != NULL && m.scaled != NULL && m.sample != NULL &&
		     m.sampled != NULL
		 ? make(&m, err)
		 : err_oom(err);
	free(m.scaled);
	free(m.sample);
	free(m.sampled);
	if (ok)
		return m.out;
	segments_free(m.out);
	return NULL;
}

void
segments_free(struct segments *segments)
{
	if (segments == NULL)
		return;
	free(segments->group);
	free(segments->type);
	free(segments->mean);
	free(segments->differs);
	free(segments);
}

uint32_t
segments_assign(const struct segments *segments, const float *row, double distances[SEGMENTS_MOST])
{
	float scaled[LIMIT_SEGMENTS_QUESTIONS];
	uint32_t best;

	for (uint32_t c = 0; c < segments->columns; c++)
		scaled[c] = scaled_answer(segments, c, (double)row[c]);
	best = nearest_type(segments, scaled, distances);
	for (uint32_t g = 0; g < segments->k; g++) {
		if (distances[g] > 0 && segments->one_scale)
			distances[g] /= segments->scale;
	}
	return best;
}

static double
pairs(uint64_t count)
{
	return (double)count * (double)(count - (count > 0)) / 2;
}

bool
segments_agree(const uint32_t *a, uint32_t groups_a, const uint32_t *b, uint32_t groups_b,
    uint32_t count, double *out, struct err *err)
{
	uint32_t *both = calloc((size_t)groups_b * SEGMENTS_MOST + 1, sizeof both[0]);
	double in_a = 0, in_b = 0, in_both = 0, chance;

	if (both == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < count; i++)
		both[(size_t)b[i] * SEGMENTS_MOST + a[i]]++;
	for (uint32_t g = 0; g < groups_a; g++) {
		uint64_t size = 0;

		for (uint32_t h = 0; h < groups_b; h++)
			size += both[(size_t)h * SEGMENTS_MOST + g];
		in_a += pairs(size);
	}
	for (uint32_t h = 0; h < groups_b; h++) {
		uint64_t size = 0;

		for (uint32_t g = 0; g < groups_a; g++) {
			size += both[(size_t)h * SEGMENTS_MOST + g];
			in_both += pairs(both[(size_t)h * SEGMENTS_MOST + g]);
		}
		in_b += pairs(size);
	}
	chance = count > 1 ? in_a * in_b / pairs(count) : 0;
	*out = (in_a + in_b) / 2 - chance != 0 ? (in_both - chance) / ((in_a + in_b) / 2 - chance)
					       : NAN;
	free(both);
	return true;
}
