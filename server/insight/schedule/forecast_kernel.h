/*
 * The inner loops of the forecast: a block of draws at once, for whatever vector instructions the machine has.
 *
 * The same C is compiled several times. Each step is one operation of IEEE 754 on single floats or a whole number (products and sums
 * are not contracted: see the build file), in the same order per draw, so all of them give the same bits.
 *
 * Random words: Philox4x32-10 under the seed, counter {16 draws: 4 * block + draw % 4, kind, stream}; of its four words,
 * draw / 4 within the block.
 */
#ifndef SERVER_INSIGHT_SCHEDULE_FORECAST_KERNEL_H
#define SERVER_INSIGHT_SCHEDULE_FORECAST_KERNEL_H

#include "server/insight/schedule/forecast_internal.h"

/* The longest paths' net, by place in an order that has each behind those it waits for. */
struct forecast_net {
	uint32_t count;
	uint32_t *activity; /* at that place */
	uint32_t *first;    /* of its arcs; one more than count */
	uint32_t *before;   /* by arc: a place */
	float *lag;
	float *not_before;
};

/* Durations of count activities, in that order (NULL: as they are), in the block's draws. */
void kernel_days(const struct forecast *forecast, const uint32_t *order, uint32_t count,
    uint32_t block, const float *factors, float *days);
/* Durations of one activity in blocks 0 to blocks - 1; factors of all of them, one behind the other. */
void kernel_row(const struct forecast *forecast, uint32_t activity, uint32_t blocks,
    const float *factors, float *days);
/* Durations by place become finishes. */
void kernel_finish(enum forecast_path path, const struct forecast_net *net, float *days);
/* By draw the latest of the finishes at count places, and the first place that has it. */
void kernel_latest(enum forecast_path path, const uint32_t *places, uint32_t count,
    const float *finish, float *latest, uint32_t *last);

#endif
