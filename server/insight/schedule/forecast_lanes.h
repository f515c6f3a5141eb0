/*
 * The inner loops of the forecast, as functions of the file that includes this, for the instructions that it is compiled for
 * (forecast_plain.c, forecast_avx2.c, forecast_avx512.c).
 *
 * Each step is one operation on single floats of IEEE 754 or a whole number, in the same order for each draw, and products
 * and sums are not contracted (see the build file): so all give the same bits.
 */
#ifndef SERVER_INSIGHT_SCHEDULE_FORECAST_LANES_H
#define SERVER_INSIGHT_SCHEDULE_FORECAST_LANES_H

#include <string.h>
#ifdef __SSE2__
#include <immintrin.h>
#endif

#include "server/insight/schedule/forecast_kernel.h"

#define INLINE static inline __attribute__((always_inline))
#define W      FORECAST_BLOCK
#define QUAD   4u /* rows that are made at once: four counters of each */

/* ---- a vector, as wide as the machine's */
#if defined(__AVX512F__)
#define LANES        16u
#define NATIVE(name) _mm512_##name
typedef __m512 native_f;
typedef __m512i native_i;
#elif defined(__AVX2__)
#define LANES        8u
#define NATIVE(name) _mm256_##name
typedef __m256 native_f;
typedef __m256i native_i;
#elif defined(__SSE2__)
#define LANES        4u
#define NATIVE(name) _mm_##name
typedef __m128 native_f;
typedef __m128i native_i;
#else
#define LANES 4u
#endif
#define PARTS (W / LANES) /* of a row */

typedef float lanes_f __attribute__((vector_size(4 * LANES)));
typedef int32_t lanes_i __attribute__((vector_size(4 * LANES)));
typedef uint32_t lanes_u __attribute__((vector_size(4 * LANES)));
typedef uint64_t lanes_wide __attribute__((vector_size(4 * LANES)));

INLINE lanes_f
lanes_load(const float *from)
{
	lanes_f v;

	memcpy(&v, from, sizeof v);
	return v;
}

INLINE void
lanes_store(float *to, lanes_f v)
{
	memcpy(to, &v, sizeof v);
}

#ifdef NATIVE
INLINE lanes_f
lanes_max(lanes_f a, lanes_f b)
{
	return (lanes_f)NATIVE(max_ps)((native_f)a, (native_f)b);
}

INLINE lanes_f
lanes_min(lanes_f a, lanes_f b)
{
	return (lanes_f)NATIVE(min_ps)((native_f)a, (native_f)b);
}

/* Products of the lower halves. */
INLINE lanes_wide
lanes_multiply(lanes_wide a, lanes_wide b)
{
	return (lanes_wide)NATIVE(mul_epu32)((native_i)a, (native_i)b);
}
#else
/* Where mask is set a, else b. */
INLINE lanes_f
lanes_choose(lanes_i mask, lanes_f a, lanes_f b)
{
	return (lanes_f)((mask & (lanes_i)a) | (~mask & (lanes_i)b));
}

INLINE lanes_f
lanes_max(lanes_f a, lanes_f b)
{
	return lanes_choose(a > b, a, b);
}

INLINE lanes_f
lanes_min(lanes_f a, lanes_f b)
{
	return lanes_choose(a < b, a, b);
}

INLINE lanes_wide
lanes_multiply(lanes_wide a, lanes_wide b)
{
	return (a & UINT32_MAX) * (b & UINT32_MAX);
}
#endif

INLINE lanes_f
lanes_gather(const float *from, lanes_i at)
{
#if defined(__AVX512F__)
	return (lanes_f)_mm512_i32gather_ps((__m512i)at, from, 4);
#else
	/* AVX2 has gathers too, but many machines do them more slowly than this. */
	int32_t each[LANES];
	float found[LANES];

	memcpy(each, &at, sizeof each);
	for (uint32_t l = 0; l < LANES; l++)
		found[l] = from[each[l]];
	return lanes_load(found);
#endif
}

/* The lanes that are set, as bits. */
INLINE uint32_t
lanes_bits(lanes_i set)
{
#if defined(__AVX512F__)
	return _mm512_movepi32_mask((__m512i)set);
#elif defined(NATIVE)
	return (uint32_t)NATIVE(movemask_ps)((native_f)set);
#else
	uint32_t bits = 0;

	for (uint32_t l = 0; l < LANES; l++)
		bits |= ((uint32_t)set[l] & 1) << l;
	return bits;
#endif
}

/* ---- random numbers */

/* a * by in 64 bits: the upper half, and the lower one. */
INLINE lanes_u
multiply(lanes_u a, uint32_t by, lanes_u *low)
{
	const lanes_wide factor = (lanes_wide){0} + by;
	lanes_wide even = lanes_multiply((lanes_wide)a, factor);
	lanes_wide odd = lanes_multiply((lanes_wide)a >> 32, factor);

	*low = (lanes_u)((even & UINT32_MAX) | odd << 32);
	return (lanes_u)(even >> 32 | (odd & ~(uint64_t)UINT32_MAX));
}

/* Philox4x32-10: as in philox.c, many counters at once. */
INLINE void
philox_lanes(const uint32_t key[2], lanes_u x[4])
{
	uint32_t k0 = key[0], k1 = key[1];

	for (int round = 0; round < 10; round++) {
		lanes_u a_low, b_low;
		lanes_u a = multiply(x[0], UINT32_C(0xd2511f53), &a_low);
		lanes_u b = multiply(x[2], UINT32_C(0xcd9e8d57), &b_low);

		x[0] = b ^ x[1] ^ k0;
		x[1] = b_low;
		x[2] = a ^ x[3] ^ k1;
		x[3] = a_low;
		k0 += UINT32_C(0x9e3779b9);
		k1 += UINT32_C(0xbb67ae85);
	}
}

INLINE void
random_words(const uint32_t key[2], uint32_t kind, const uint32_t low[QUAD],
    const uint32_t high[QUAD], const uint32_t block[QUAD], uint32_t words[QUAD][W])
{
	for (uint32_t q = 0; q < QUAD; q += LANES / 4) {
		uint32_t from[4][LANES];
		lanes_u x[4];

		for (uint32_t l = 0; l < LANES; l++) {
			from[0][l] = block[q + l / 4] * 4 + l % 4;
			from[1][l] = kind;
			from[2][l] = low[q + l / 4];
			from[3][l] = high[q + l / 4];
		}
		memcpy(x, from, sizeof x);
		philox_lanes(key, x);
		for (uint32_t l = 0; l < LANES; l += 4)
			for (uint32_t w = 0; w < 4; w++)
				memcpy(&words[q + l / 4][4 * w], (const char *)&x[w] + 4 * l, 16);
	}
}

INLINE lanes_f
normal(const float *knots, const uint32_t *words)
{
	const int behind = 23 - NORMAL_BITS; /* bits of the float that are the way between knots */
	lanes_u word, bits;
	lanes_i k;
	lanes_f at, from, to, z;

	memcpy(&word, words, sizeof word);
	at = __builtin_convertvector((lanes_i)(word & INT32_MAX), lanes_f) + 0.5f;
	bits = (lanes_u)at;
	k = (lanes_i)((bits >> behind) - (126u << NORMAL_BITS));
	at = __builtin_convertvector((lanes_i)(bits & ((1u << behind) - 1)), lanes_f) *
	     (1.0f / (float)(1 << behind));
	from = lanes_gather(knots, k);
	to = lanes_gather(knots + 1, k);
	z = from + at * (to - from);
	return (lanes_f)((lanes_u)z ^ (word & UINT32_C(0x80000000)));
}

INLINE lanes_f
quantile(const float *knots, lanes_f z)
{
	const float most = (float)(SHAPE_KNOTS - 1) - 1.0f / 32768; /* the float before it */
	lanes_f at = z * (float)(SHAPE_KNOTS / 2 / SHAPE_REACH) + (float)(SHAPE_KNOTS / 2);
	lanes_f from, to;
	lanes_i k;

	at = lanes_min(lanes_max(at, (lanes_f){0}), (lanes_f){0} + most);
	k = __builtin_convertvector(at, lanes_i);
	from = lanes_gather(knots, k);
	to = lanes_gather(knots + 1, k);
	return from + (at - __builtin_convertvector(k, lanes_f)) * (to - from);
}

/* ---- durations */

/* Four rows: each an activity in a block, with the block's factors. */
INLINE void
quad(const struct forecast *f, const uint32_t activity[QUAD], const uint32_t block[QUAD],
    const float *const factors[QUAD], float *const days[QUAD])
{
	uint32_t words[QUAD][W], low[QUAD], high[QUAD];

	for (uint32_t q = 0; q < QUAD; q++) {
		low[q] = f->stream_low[activity[q]];
		high[q] = f->stream_high[activity[q]];
	}
	random_words(f->key, KERNEL_OWN, low, high, block, words);
	for (uint32_t q = 0; q < QUAD; q++) {
		uint32_t i = activity[q];
		float own = f->team[i] == 0 ? f->of_own_alone : f->of_own;
		const float *common = factors[q] + (size_t)f->team[i] * W;
		const float *knots = f->knots + f->shape[i];

		for (uint32_t l = 0; l < W; l += LANES) {
			lanes_f z = lanes_load(common + l) + own * normal(f->normal, words[q] + l);

			lanes_store(days[q] + l, f->offset[i] + f->scale[i] * quantile(knots, z));
		}
	}
}

static void
lanes_days(const struct forecast *f, const uint32_t *order, uint32_t count, uint32_t block,
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
		quad(f, activity, blocks, same, rows);
	}
}

static void
lanes_row(const struct forecast *f, uint32_t i, uint32_t blocks, const float *factors, float *days)
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
		quad(f, activity, block, common, rows);
	}
}

static void
lanes_part(
    const struct forecast *f, uint32_t kind, uint64_t stream, uint32_t block, float by, float *part)
{
	const uint32_t low[QUAD] = {(uint32_t)stream}, high[QUAD] = {(uint32_t)(stream >> 32)};
	const uint32_t blocks[QUAD] = {block, block, block, block};
	uint32_t words[QUAD][W];

	random_words(f->key, kind, low, high, blocks, words);
	for (uint32_t l = 0; l < W; l += LANES)
		lanes_store(part + l, by * normal(f->normal, words[0] + l));
}

/* ---- the net */

/* When the activity can begin, in all draws. */
INLINE void
starts(const struct forecast_net *net, const float *finish, uint32_t i, lanes_f start[PARTS])
{
	for (uint32_t p = 0; p < PARTS; p++)
		start[p] = (lanes_f){0} + net->not_before[i];
	for (uint32_t e = net->first[i]; e < net->first[i + 1]; e++) {
		const float *before = finish + (size_t)net->before[e] * W;

		for (uint32_t p = 0; p < PARTS; p++)
			start[p] =
			    lanes_max(lanes_load(before + p * LANES) + net->lag[e], start[p]);
	}
}

static void
lanes_finish(const struct forecast_net *net, float *finish)
{
	for (uint32_t i = 0; i < net->count; i++) {
		float *row = finish + (size_t)i * W;
		lanes_f start[PARTS];

		starts(net, finish, i, start);
		for (uint32_t p = 0; p < PARTS; p++)
			lanes_store(row + p * LANES, lanes_load(row + p * LANES) + start[p]);
	}
}

static void
lanes_latest(
    const uint32_t *places, uint32_t count, const float *finish, float *latest, uint32_t *last)
{
	lanes_f most[PARTS];
	lanes_u who[PARTS];

	for (uint32_t p = 0; p < PARTS; p++) {
		most[p] = (lanes_f){0} - 1;
		who[p] = (lanes_u){0};
	}
	for (uint32_t n = 0; n < count; n++) {
		const float *row = finish + (size_t)places[n] * W;

		for (uint32_t p = 0; p < PARTS; p++) {
			lanes_f at = lanes_load(row + p * LANES);
			lanes_u later = (lanes_u)(at > most[p]);

			who[p] = (who[p] & ~later) | (((lanes_u){0} + places[n]) & later);
			most[p] = lanes_max(at, most[p]);
		}
	}
	memcpy(latest, most, sizeof most);
	memcpy(last, who, sizeof who);
}

/* Marks what the activity waited for, in the draws in which it is marked itself: the first of those that let it begin. */
INLINE void
mark_before(const struct forecast_net *net, const float *finish, const struct kernel_walk *walk,
    uint32_t i, uint32_t mine, uint32_t all)
{
	lanes_f start[PARTS];
	uint32_t left = 0;

	starts(net, finish, i, start);
	for (uint32_t p = 0; p < PARTS; p++)
		left |= lanes_bits(start[p] > net->not_before[i]) << (p * LANES);
	left &= mine | all;
	for (uint32_t e = net->first[i]; left != 0 && e < net->first[i + 1]; e++) {
		uint32_t before = net->before[e], held = 0;
		const float *row = finish + (size_t)before * W;

		for (uint32_t p = 0; p < PARTS; p++) {
			lanes_f at = lanes_load(row + p * LANES) + net->lag[e];

			held |= lanes_bits(at == start[p]) << (p * LANES);
		}
		held &= left;
		left &= ~held;
		walk->all[before] |= (uint16_t)(all & held);
		if (net->group[before] == net->group[i])
			walk->mine[before] |= (uint16_t)(mine & held);
		else if ((mine & held) != 0)
			walk->outside[net->group[i]] += (uint32_t)__builtin_popcount(mine & held);
	}
}

static void
lanes_walk(const struct forecast_net *net, const float *finish, const struct kernel_walk *walk)
{
	for (uint32_t i = net->count; i-- > 0;) {
		uint32_t mine = walk->mine[i], all = walk->all[i];

		if ((mine | all) == 0)
			continue;
		walk->mine[i] = walk->all[i] = 0;
		walk->critical[i] += (uint32_t)__builtin_popcount(mine);
		walk->critical_all[i] += (uint32_t)__builtin_popcount(all);
		mark_before(net, finish, walk, i, mine, all);
	}
}

#define KERNEL                                                                                     \
	{                                                                                          \
		.days = lanes_days, .row = lanes_row, .part = lanes_part, .finish = lanes_finish,  \
		.latest = lanes_latest, .walk = lanes_walk,                                        \
	}

#endif
