/* The durations of activities in draws. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto.h"
#include "server/insight/schedule/forecast_kernel.h"
#include "server/limits.h"

uint64_t
forecast_stream(const char *name)
{
	/* Any key, always the same. */
	static const uint64_t key[2] = {UINT64_C(0x666f726563617374), UINT64_C(0x2073747265616d73)};

	return siphash(key, name, strlen(name));
}

static bool
check_model(const struct forecast_model *model, struct err *err)
{
	if (!(model->overall >= 0 && model->team >= 0 && model->overall + model->team <= 1))
		return err_set(err, ERR_INVALID,
		    "shares %g and %g of what durations have in common are not from 0 to 1 in all",
		    model->overall, model->team);
	if (model->count > LIMIT_FORECAST_ACTIVITIES)
		return err_set(err, ERR_LIMIT, "%u activities; at most %u can be forecast",
		    model->count, LIMIT_FORECAST_ACTIVITIES);
	for (uint32_t i = 0; i < model->count; i++) {
		if (!forecast_estimate_check(&model->activity[i].estimate, err)) {
			err_wrap(err, "activity %u", i);
			return false;
		}
	}
	return true;
}

static bool
allocate(struct forecast *f, struct err *err)
{
	size_t room = f->count > 0 ? f->count : 1;

	f->stream_low = malloc(room * sizeof *f->stream_low);
	f->stream_high = malloc(room * sizeof *f->stream_high);
	f->team = malloc(room * sizeof *f->team);
	f->shape = malloc(room * sizeof *f->shape);
	f->offset = malloc(room * sizeof *f->offset);
	f->scale = malloc(room * sizeof *f->scale);
	if (f->stream_low == NULL || f->stream_high == NULL || f->team == NULL ||
	    f->shape == NULL || f->offset == NULL || f->scale == NULL)
		return err_oom(err);
	return true;
}

static int
compare_u64(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool
number_teams(struct forecast *f, const struct forecast_model *model, struct err *err)
{
	uint64_t *teams = malloc((f->count > 0 ? f->count : 1) * sizeof *teams);
	uint32_t count = 0;

	if (teams == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < f->count; i++)
		if (model->activity[i].team != 0)
			teams[count++] = model->activity[i].team;
	qsort(teams, count, sizeof *teams, compare_u64);
	for (uint32_t t = 0; t < count; t++)
		if (t == 0 || teams[t] != teams[t - 1])
			teams[f->teams++] = teams[t];
	f->team_stream = teams;
	for (uint32_t i = 0; i < f->count; i++) {
		const uint64_t *row =
		    bsearch(&model->activity[i].team, teams, f->teams, sizeof *teams, compare_u64);

		f->team[i] = row != NULL ? (uint32_t)(row - teams) + 1 : 0;
	}
	return true;
}

/* ---- tables */
struct split {
	struct shape shape;
	uint32_t activity;
};

static int
compare_double(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Ratios are alike where they are the same array. */
static int
compare_split(const void *a, const void *b)
{
	const struct shape *x = &((const struct split *)a)->shape;
	const struct shape *y = &((const struct split *)b)->shape;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->ratios != y->ratios)
		return (uintptr_t)x->ratios < (uintptr_t)y->ratios ? -1 : 1;
	if (x->ratios_count != y->ratios_count)
		return x->ratios_count < y->ratios_count ? -1 : 1;
	return compare_double(&x->parameter, &y->parameter);
}

static bool
fill_table(const struct shape *shape, float *knots, struct err *err)
{
	struct shape sorted = *shape;
	size_t size = shape->ratios_count * sizeof *shape->ratios;
	double *ratios = NULL;

	if (size > 0) {
		ratios = malloc(size);
		if (ratios == NULL)
			return err_oom(err);
		memcpy(ratios, shape->ratios, size);
		qsort(ratios, shape->ratios_count, sizeof *ratios, compare_double);
		sorted.ratios = ratios;
	}
	shape_knots(&sorted, knots);
	free(ratios);
	return true;
}

/* One table for all that have the same shape. */
static bool
make_tables(struct forecast *f, struct split *split, struct err *err)
{
	uint32_t tables = 0;

	qsort(split, f->count, sizeof *split, compare_split);
	for (uint32_t s = 0; s < f->count; s++)
		tables += s == 0 || compare_split(&split[s], &split[s - 1]) != 0;
	if (tables > LIMIT_FORECAST_SHAPES)
		return err_set(err, ERR_LIMIT,
		    "%u estimates of different shape; at most %u can be forecast", tables,
		    LIMIT_FORECAST_SHAPES);
	f->knots = malloc((tables > 0 ? tables : 1) * SHAPE_KNOTS * sizeof *f->knots);
	if (f->knots == NULL)
		return err_oom(err);
	tables = 0;
	for (uint32_t s = 0; s < f->count; s++) {
		if (s == 0 || compare_split(&split[s], &split[s - 1]) != 0) {
			if (!fill_table(
				&split[s].shape, f->knots + (size_t)tables * SHAPE_KNOTS, err))
				return false;
			tables++;
		}
		f->shape[split[s].activity] = (tables - 1) * SHAPE_KNOTS;
	}
	return true;
}

static bool
read_activities(struct forecast *f, const struct forecast_model *model, struct err *err)
{
	struct split *split = malloc((f->count > 0 ? f->count : 1) * sizeof *split);
	bool ok;

	if (split == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < f->count; i++) {
		const struct forecast_activity *a = &model->activity[i];
		double offset, scale;

		f->stream_low[i] = (uint32_t)a->stream;
		f->stream_high[i] = (uint32_t)(a->stream >> 32);
		split[i].activity = i;
		shape_split(&a->estimate, &split[i].shape, &offset, &scale);
		f->offset[i] = (float)offset;
		f->scale[i] = (float)scale;
	}
	ok = make_tables(f, split, err);
	free(split);
	return ok;
}

/* ---- */
bool
forecast_has_path(enum forecast_path path)
{
#ifdef __x86_64__
	if (path == FORECAST_AVX2)
		return __builtin_cpu_supports("avx2");
	if (path == FORECAST_AVX512)
		return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
	return path == FORECAST_BEST || path == FORECAST_PLAIN;
}

static const struct forecast_kernel *
find_kernel(enum forecast_path path)
{
	if ((path == FORECAST_BEST || path == FORECAST_AVX512) &&
	    forecast_has_path(FORECAST_AVX512))
		return &forecast_avx512;
	if (path != FORECAST_PLAIN && forecast_has_path(FORECAST_AVX2))
		return &forecast_avx2;
	return &forecast_plain;
}

struct forecast *
forecast_new(const struct forecast_model *model, struct err *err)
{
	struct forecast *f;

	if (!check_model(model, err))
		return NULL;
	f = calloc(1, sizeof *f);
	if (f == NULL) {
		err_oom(err);
		return NULL;
	}
	f->count = model->count;
	f->key[0] = (uint32_t)model->seed;
	f->key[1] = (uint32_t)(model->seed >> 32);
	f->kernel = find_kernel(model->path);
	f->of_overall = (float)sqrt(model->overall);
	f->of_team = (float)sqrt(model->team);
	f->of_own = (float)sqrt(fmax(1 - model->overall - model->team, 0));
	f->of_own_alone = (float)sqrt(1 - model->overall);
	normal_knots(f->normal);
	if (!allocate(f, err) || !number_teams(f, model, err) || !read_activities(f, model, err)) {
		forecast_free(f);
		return NULL;
	}
	return f;
}

void
forecast_free(struct forecast *f)
{
	if (f == NULL)
		return;
	free(f->stream_low);
	free(f->stream_high);
	free(f->team);
	free(f->shape);
	free(f->offset);
	free(f->scale);
	free(f->team_stream);
	free(f->knots);
	free(f);
}

static void
factors_row(const struct forecast *f, uint32_t row, uint32_t block, float *factors)
{
	float part[FORECAST_BLOCK];

	f->kernel->part(f, KERNEL_OVERALL, 0, block, f->of_overall, factors);
	if (row == 0)
		return;
	f->kernel->part(f, KERNEL_TEAM, f->team_stream[row - 1], block, f->of_team, part);
	for (uint32_t l = 0; l < FORECAST_BLOCK; l++)
		factors[l] += part[l];
}

void
forecast_factors(const struct forecast *f, uint32_t block, float *factors)
{
	for (uint32_t row = 0; row <= f->teams; row++)
		factors_row(f, row, block, factors + (size_t)row * FORECAST_BLOCK);
}

float
forecast_sample(const struct forecast *f, uint32_t activity, uint32_t draw)
{
	float factors[2 * FORECAST_BLOCK], days[FORECAST_BLOCK];
	uint32_t block = draw / FORECAST_BLOCK, team = f->team[activity] > 0;
	struct forecast one = *f; /* with that activity only, and its team */

	one.team = &team;
	one.stream_low += activity;
	one.stream_high += activity;
	one.shape += activity;
	one.offset += activity;
	one.scale += activity;
	factors_row(f, f->team[activity], block, factors + (size_t)team * FORECAST_BLOCK);
	f->kernel->days(&one, NULL, 1, block, factors, days);
	return days[draw % FORECAST_BLOCK];
}

size_t
forecast_block_room(const struct forecast *f)
{
	return ((size_t)f->count + f->teams + 1) * FORECAST_BLOCK;
}

void
forecast_block(const struct forecast *f, uint32_t block, float *days)
{
	float *factors = days + (size_t)f->count * FORECAST_BLOCK;

	forecast_factors(f, block, factors);
	f->kernel->days(f, NULL, f->count, block, factors, days);
}
