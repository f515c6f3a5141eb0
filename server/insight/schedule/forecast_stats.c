/* What is said about draws. */
#include <math.h>
#include <string.h>

#include "server/insight/schedule/forecast_internal.h"

#define DIGIT_BITS 11
#define DIGITS     (1u << DIGIT_BITS)

/* Floats that are not below 0 sort as their bits do: three passes of a radix sort. Keys ascending; order too where it is not NULL. */
static void
sort_floats(float *keys, float *other, uint32_t *order, uint32_t *other_order, uint32_t count)
{
	for (int shift = 0; shift < 33; shift += DIGIT_BITS) {
		uint32_t at[DIGITS + 1] = {0}, bits;

		for (uint32_t i = 0; i < count; i++) {
			memcpy(&bits, &keys[i], 4);
			at[((bits >> shift) & (DIGITS - 1)) + 1]++;
		}
		for (uint32_t d = 0; d < DIGITS; d++)
			at[d + 1] += at[d];
		for (uint32_t i = 0; i < count; i++) {
			uint32_t to;

			memcpy(&bits, &keys[i], 4);
			to = at[(bits >> shift) & (DIGITS - 1)]++;
			other[to] = keys[i];
			if (order != NULL)
				other_order[to] = order[i];
		}
		memcpy(keys, other, count * sizeof *keys);
		if (order != NULL)
			memcpy(order, other_order, count * sizeof *order);
	}
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

/* Twice the rank of each, less the mean of all: whole numbers. Room: 4 * count. */
static void
ranks(const float *values, uint32_t count, int32_t *rank, void *room)
{
	float *keys = room, *other = keys + count;
	uint32_t *order = (uint32_t *)room + 2 * (size_t)count, *spare = order + count;

	for (uint32_t i = 0; i < count; i++) {
		keys[i] = values[i];
		order[i] = i;
	}
	sort_floats(keys, other, order, spare, count);
	for (uint32_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && keys[end] == keys[i];)
			end++;
		/* Those alike have ranks i to end - 1. */
		for (uint32_t k = i; k < end; k++)
			rank[order[k]] = (int32_t)(i + end) - (int32_t)count;
	}
}

double
forecast_rank_correlation(const float *a, const float *b, uint32_t count, void *scratch)
{
	int32_t *rank_a = scratch, *rank_b = rank_a + count;
	void *room = rank_b + count;
	int64_t aa = 0, bb = 0, ab = 0;

	ranks(a, count, rank_a, room);
	ranks(b, count, rank_b, room);
	for (uint32_t i = 0; i < count; i++) {
		aa += (int64_t)rank_a[i] * rank_a[i];
		bb += (int64_t)rank_b[i] * rank_b[i];
		ab += (int64_t)rank_a[i] * rank_b[i];
	}
	if (aa == 0 || bb == 0)
		return 0;
	return (double)ab / (sqrt((double)aa) * sqrt((double)bb));
}
