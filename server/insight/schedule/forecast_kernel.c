/* See forecast_kernel.h. */
#include "server/insight/schedule/forecast_kernel.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define W      FORECAST_BLOCK
#define QUAD   4u /* rows that are made at once: four counters of each */

enum { KIND_OWN, KIND_TEAM, KIND_OVERALL };

#define ROUND(x0, x1, x2, x3, k0, k1)                                                              \
	do {                                                                                       \
		uint64_t a_ = UINT64_C(0xd2511f53) * (x0);                                         \
		uint64_t b_ = UINT64_C(0xcd9e8d57) * (x2);                                         \
		x0 = (uint32_t)(b_ >> 32) ^ (x1) ^ (k0);                                           \
		x1 = (uint32_t)b_;                                                                 \
		x2 = (uint32_t)(a_ >> 32) ^ (x3) ^ (k1);                                           \
		x3 = (uint32_t)a_;                                                                 \
		k0 += UINT32_C(0x9e3779b9);                                                        \
		k1 += UINT32_C(0xbb67ae85);                                                        \
	} while (0)

/* Philox in 16 lanes: words[row][draw]. */
INLINE void
random_words(const uint32_t key[2], uint32_t kind, const uint32_t low[QUAD],
    const uint32_t high[QUAD], const uint32_t block[QUAD], uint32_t words[QUAD][W])
{
	uint32_t x0[W], x1[W], x2[W], x3[W];

	for (uint32_t l = 0; l < W; l++) {
		x0[l] = block[l / 4] * 4 + l % 4;
		x1[l] = kind;
		x2[l] = low[l / 4];
		x3[l] = high[l / 4];
	}
	for (uint32_t l = 0; l < W; l++) {
		uint32_t a = x0[l], b = x1[l], c = x2[l], d = x3[l], k0 = key[0], k1 = key[1];

		ROUND(a, b, c, d, k0, k1);
		ROUND(a, b, c, d, k0, k1);
		ROUND(a, b, c, d, k0, k1);
		ROUND(a, b, c, d, k0, k1);
		ROUND(a, b, c, d, k0, k1);
		ROUND(a, b, c, d, k0, k1);
		ROUND(a, b, c, d, k0, k1);
		ROUND(a, b, c, d, k0, k1);
		ROUND(a, b, c, d, k0, k1);
		ROUND(a, b, c, d, k0, k1);
		x0[l] = a;
		x1[l] = b;
		x2[l] = c;
		x3[l] = d;
	}
	for (uint32_t q = 0; q < QUAD; q++) {
		memcpy(&words[q][0], &x0[4 * q], 16);
		memcpy(&words[q][4], &x1[4 * q], 16);
		memcpy(&words[q][8], &x2[4 * q], 16);
		memcpy(&words[q][12], &x3[4 * q], 16);
	}
}

INLINE float
normal(const float *knots, uint32_t word)
{
	float at = (float)(int32_t)(word & INT32_MAX) + 0.5f;
	uint32_t bits, sign = word & UINT32_C(0x80000000);
	uint32_t k;
	float part, z;

	memcpy(&bits, &at, 4);
	k = (bits >> (23 - NORMAL_BITS)) - (126u << NORMAL_BITS);
	part = (float)(int32_t)(bits & ((1u << (23 - NORMAL_BITS)) - 1)) *
	       (1.0f / (1 << (23 - NORMAL_BITS)));
	z = knots[k] + part * (knots[k + 1] - knots[k]);
	memcpy(&bits, &z, 4);
	bits ^= sign;
	memcpy(&z, &bits, 4);
	return z;
}

INLINE float
quantile(const float *knots, float z)
{
	float at = z * (float)(SHAPE_KNOTS / 2 / SHAPE_REACH) + (float)(SHAPE_KNOTS / 2);
	int32_t k;

	at = at > 0 ? at : 0;
	at = at < (float)(SHAPE_KNOTS - 1) ? at : (float)(SHAPE_KNOTS - 1);
	k = (int32_t)at;
	k = k < (int32_t)SHAPE_KNOTS - 2 ? k : (int32_t)SHAPE_KNOTS - 2;
	return knots[k] + (at - (float)k) * (knots[k + 1] - knots[k]);
}

/* Four rows: each an activity in a block, with the block's factors. */
INLINE void
quad_body(const struct forecast *f, const uint32_t activity[QUAD], const uint32_t block[QUAD],
    const float *const factors[QUAD], float *const days[QUAD])
{
	uint32_t words[QUAD][W], low[QUAD], high[QUAD];

	for (uint32_t q = 0; q < QUAD; q++) {
		low[q] = f->stream_low[activity[q]];
		high[q] = f->stream_high[activity[q]];
	}
	random_words(f->key, KIND_OWN, low, high, block, words);
	for (uint32_t q = 0; q < QUAD; q++) {
		uint32_t i = activity[q];
		const float *common = factors[q] + (size_t)f->team[i] * W;
		const float *knots = f->knots + f->shape[i];
		const float *normals = f->normal;
		float offset = f->offset[i], scale = f->scale[i];
		float own = f->team[i] == 0 ? f->of_own_alone : f->of_own;
		float *out = days[q];

		for (uint32_t l = 0; l < W; l++) {
			float z = common[l] + own * normal(normals, words[q][l]);

			out[l] = offset + scale * quantile(knots, z);
		}
	}
}

INLINE void
days_body(const struct forecast *f, const uint32_t *order, uint32_t count, uint32_t block,
    const float *factors, float *days)
{
	const uint32_t blocks[QUAD] = {block, block, block, block};
	const float *const same[QUAD] = {factors, factors, factors, factors};

	for (uint32_t i = 0; i < count; i += QUAD) {
		uint32_t activity[QUAD];
		float *rows[QUAD], spare[W];

		for (uint32_t q = 0; q < QUAD; q++) {
			uint32_t at = i + q < count ? i + q : i;

			activity[q] = order != NULL ? order[at] : at;
			rows[q] = i + q < count ? days + (size_t)at * W : spare;
		}
		quad_body(f, activity, blocks, same, rows);
	}
}

INLINE void
row_body(const struct forecast *f, uint32_t i, uint32_t blocks, const float *factors, float *days)
{
	const uint32_t activity[QUAD] = {i, i, i, i};
	const size_t stride = (size_t)(f->teams + 1) * W;

	for (uint32_t b = 0; b < blocks; b += QUAD) {
		const float *common[QUAD];
		uint32_t block[QUAD];
		float *rows[QUAD], spare[W];

		for (uint32_t q = 0; q < QUAD; q++) {
			block[q] = b + q < blocks ? b + q : b;
			common[q] = factors + block[q] * stride;
			rows[q] = b + q < blocks ? days + (size_t)block[q] * W : spare;
		}
		quad_body(f, activity, block, common, rows);
	}
}

INLINE void
finish_body(const struct forecast_net *net, float *finish)
{
	for (uint32_t i = 0; i < net->count; i++) {
		float *row = finish + (size_t)i * W;
		float start[W];

		for (uint32_t l = 0; l < W; l++)
			start[l] = net->not_before[i];
		for (uint32_t e = net->first[i]; e < net->first[i + 1]; e++) {
			const float *before = finish + (size_t)net->before[e] * W;
			float lag = net->lag[e];

			for (uint32_t l = 0; l < W; l++) {
				float at = before[l] + lag;

				start[l] = at > start[l] ? at : start[l];
			}
		}
		for (uint32_t l = 0; l < W; l++)
			row[l] += start[l];
	}
}

INLINE void
latest_body(
    const uint32_t *places, uint32_t count, const float *finish, float *latest, uint32_t *last)
{
	for (uint32_t l = 0; l < W; l++) {
		latest[l] = -1;
		last[l] = FORECAST_NONE;
	}
	for (uint32_t p = 0; p < count; p++) {
		const float *row = finish + (size_t)places[p] * W;

		for (uint32_t l = 0; l < W; l++) {
			last[l] = row[l] > latest[l] ? places[p] : last[l];
			latest[l] = row[l] > latest[l] ? row[l] : latest[l];
		}
	}
}

/* Each loop once for all machines, and once for each set of instructions. */
#define VARIANTS(name, parameters, arguments)                                                      \
	static void name##_plain parameters                                                        \
	{                                                                                          \
		name##_body arguments;                                                             \
	}                                                                                          \
	WIDER(name, parameters, arguments)
#ifdef __x86_64__
#define AVX512 "avx2,avx512f,avx512bw,avx512dq,avx512vl"
#define WIDER(name, parameters, arguments)                                                         \
	__attribute__((target("avx2"))) static void name##_avx2 parameters                         \
	{                                                                                          \
		name##_body arguments;                                                             \
	}                                                                                          \
	__attribute__((target(AVX512))) static void name##_avx512 parameters                       \
	{                                                                                          \
		name##_body arguments;                                                             \
	}
#define CALL(path, name, arguments)                                                                \
	do {                                                                                       \
		if ((path) == FORECAST_AVX512)                                                     \
			name##_avx512 arguments;                                                   \
		else if ((path) == FORECAST_AVX2)                                                  \
			name##_avx2 arguments;                                                     \
		else                                                                               \
			name##_plain arguments;                                                    \
	} while (0)
#else
#define WIDER(name, parameters, arguments)
#define CALL(path, name, arguments) name##_plain arguments
#endif

VARIANTS(days,
    (const struct forecast *f, const uint32_t *order, uint32_t count, uint32_t block,
	const float *factors, float *days),
    (f, order, count, block, factors, days))
VARIANTS(row,
    (const struct forecast *f, uint32_t i, uint32_t blocks, const float *factors, float *days),
    (f, i, blocks, factors, days))
VARIANTS(finish, (const struct forecast_net *net, float *finish), (net, finish))
VARIANTS(latest,
    (const uint32_t *places, uint32_t count, const float *finish, float *latest, uint32_t *last),
    (places, count, finish, latest, last))

bool
forecast_has_path(enum forecast_path path)
{
	switch (path) {
	case FORECAST_BEST:
	case FORECAST_PLAIN:
		return true;
#ifdef __x86_64__
	case FORECAST_AVX2:
		return __builtin_cpu_supports("avx2");
	case FORECAST_AVX512:
		return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
	case FORECAST_AVX2:
	case FORECAST_AVX512:
		return false;
#endif
	}
	return false;
}

void
kernel_days(const struct forecast *forecast, const uint32_t *order, uint32_t count, uint32_t block,
    const float *factors, float *days)
{
	CALL(forecast->path, days, (forecast, order, count, block, factors, days));
}

void
kernel_row(const struct forecast *forecast, uint32_t activity, uint32_t blocks,
    const float *factors, float *days)
{
	CALL(forecast->path, row, (forecast, activity, blocks, factors, days));
}

void
kernel_finish(enum forecast_path path, const struct forecast_net *net, float *days)
{
	CALL(path, finish, (net, days));
}

void
kernel_latest(enum forecast_path path, const uint32_t *places, uint32_t count, const float *finish,
    float *latest, uint32_t *last)
{
	CALL(path, latest, (places, count, finish, latest, last));
}

/* Factors and single draws are few: need not be fast. */
static void
common_row(
    const struct forecast *f, uint32_t kind, uint64_t stream, uint32_t block, float by, float *row)
{
	const uint32_t blocks[QUAD] = {block, block, block, block};
	const uint32_t low[QUAD] = {(uint32_t)stream}, high[QUAD] = {(uint32_t)(stream >> 32)};
	uint32_t words[QUAD][W];

	random_words(f->key, kind, low, high, blocks, words);
	for (uint32_t l = 0; l < W; l++)
		row[l] += by * normal(f->normal, words[0][l]);
}

static void
factors_row(const struct forecast *f, uint32_t row, uint32_t block, float *factors)
{
	memset(factors, 0, W * sizeof *factors);
	common_row(f, KIND_OVERALL, 0, block, f->of_overall, factors);
	if (row > 0)
		common_row(f, KIND_TEAM, f->team_stream[row - 1], block, f->of_team, factors);
}

void
forecast_factors(const struct forecast *f, uint32_t block, float *factors)
{
	for (uint32_t row = 0; row <= f->teams; row++)
		factors_row(f, row, block, factors + (size_t)row * W);
}

float
forecast_sample(const struct forecast *f, uint32_t i, uint32_t draw)
{
	uint32_t block = draw / W, l = draw % W, words[QUAD][W];
	const uint32_t blocks[QUAD] = {block, block, block, block};
	const uint32_t low[QUAD] = {f->stream_low[i]}, high[QUAD] = {f->stream_high[i]};
	float factors[W], own = f->team[i] == 0 ? f->of_own_alone : f->of_own;

	factors_row(f, f->team[i], block, factors);
	random_words(f->key, KIND_OWN, low, high, blocks, words);
	return f->offset[i] + f->scale[i] * quantile(f->knots + f->shape[i],
						factors[l] + own * normal(f->normal, words[0][l]));
}
