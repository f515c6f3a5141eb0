/* What is said about draws. */
#include <math.h>
#include <string.h>

#include "server/insight/schedule/forecast_internal.h"

#define DIGIT_BITS 11
#define DIGITS     (1u << DIGIT_BITS)
#define PASSES     3

static uint32_t
digit_of(float key, int pass)
{
	uint32_t bits;

	memcpy(&bits, &key, sizeof bits);
	return bits >> (pass * DIGIT_BITS) & (DIGITS - 1);
}

/*
 * Ascending; order, where it is not NULL, goes with the keys. Floats that are not below 0 sort as their bits do: three passes of a
 * radix sort.
 */
static void
sort_floats(float *keys, float *other, uint32_t *order, uint32_t *other_order, uint32_t count)
{
	uint32_t at[PASSES][DIGITS] = {{0}};
	float *from = keys, *to = other;
	uint32_t *order_from = order, *order_to = other_order;

	for (uint32_t i = 0; i < count; i++)
		for (int pass = 0; pass < PASSES; pass++)
			at[pass][digit_of(keys[i], pass)]++;
	for (int pass = 0; pass < PASSES; pass++) {
		float *keys_swap = from;
		uint32_t *order_swap = order_from;

		for (uint32_t d = 0, sum = 0, next; d < DIGITS; d++, sum = next) {
			next = sum + at[pass][d];
			at[pass][d] = sum;
		}
		for (uint32_t i = 0; i < count; i++) {
			uint32_t place = at[pass][digit_of(from[i], pass)]++;

			to[place] = from[i];
			if (order != NULL)
				order_to[place] = order_from[i];
		}
		from = to;
		to = keys_swap;
		order_from = order_to;
		order_to = order_swap;
	}
	memcpy(keys, other, count * sizeof *keys);
	if (order != NULL)
		memcpy(order, other_order, count * sizeof *order);
}

/* The earliest of the sorted that at least the share p is done by, and its standard error. */
static float
quantile_of(const float *sorted, uint32_t count, double p, float *error)
{
	double spread = sqrt(count * p * (1 - p));
	double rank = ceil(count * p - 1e-9) - 1;
	uint32_t k = (uint32_t)rank;
	float low = sorted[(uint32_t)fmax(rank - spread, 0)];
	float high = sorted[(uint32_t)fmin(rank + spread, count - 1)];

	*error = isinf(high) ? INFINITY : (high - low) / 2;
	return sorted[k];
}

static uint32_t
done_by(const float *sorted, uint32_t count, float day)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (sorted[middle] <= day)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void
forecast_dates(const float *finish, uint32_t draws, float horizon, float due, float *scratch,
    struct forecast_dates *dates)
{
	double sum = 0, squares = 0;

	memcpy(scratch, finish, draws * sizeof *scratch);
	sort_floats(scratch, scratch + draws, NULL, NULL, draws);
	for (uint32_t d = 0; d < draws; d++)
		sum += (double)scratch[d];
	dates->mean = sum / draws;
	for (uint32_t d = 0; d < draws; d++) {
		double off = (double)scratch[d] - dates->mean;

		squares += off * off;
	}
	dates->deviation = isinf(dates->mean) ? INFINITY
			   : draws > 1        ? sqrt(squares / (draws - 1))
					      : 0;
	dates->p50 = quantile_of(scratch, draws, 0.5, &dates->p50_error);
	dates->p80 = quantile_of(scratch, draws, 0.8, &dates->p80_error);
	dates->p95 = quantile_of(scratch, draws, 0.95, &dates->p95_error);
	dates->in_horizon = (double)done_by(scratch, draws, horizon) / draws;
	dates->by_due = due < 0 ? -1 : (double)done_by(scratch, draws, due) / draws;
}

void
stats_ranks(const float *values, uint32_t count, int32_t *rank, void *room)
{
	float *keys = room, *other = keys + count;
	uint32_t *order = (uint32_t *)room + 2 * (size_t)count, *spare = order + count;

	for (uint32_t i = 0; i < count; i++) {
		keys[i] = values[i];
		order[i] = i;
	}
	sort_floats(keys, other, order, spare, count);
	for (uint32_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && keys[end] <= keys[i];)
			end++;
		/* Those alike have ranks i to end - 1. */
		for (uint32_t k = i; k < end; k++)
			rank[order[k]] = (int32_t)(i + end) - (int32_t)count;
	}
}

double
stats_correlation(const int32_t *a, const int32_t *b, uint32_t count)
{
	int64_t aa = 0, bb = 0, ab = 0;

	for (uint32_t i = 0; i < count; i++) {
		aa += (int64_t)a[i] * a[i];
		bb += (int64_t)b[i] * b[i];
		ab += (int64_t)a[i] * b[i];
	}
	if (aa == 0 || bb == 0)
		return 0;
	return (double)ab / (sqrt((double)aa) * sqrt((double)bb));
}

double
forecast_rank_correlation(const float *a, const float *b, uint32_t count, void *scratch)
{
	int32_t *rank_a = scratch, *rank_b = rank_a + count;

	stats_ranks(a, count, rank_a, rank_b + count);
	stats_ranks(b, count, rank_b, rank_b + count);
	return stats_correlation(rank_a, rank_b, count);
}
