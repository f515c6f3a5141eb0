/*
 * The inner loops of the forecast: 16 draws at once, by whatever vector instructions the machine has, to the same bits.
 *
 * Random words: Philox4x32-10 under the seed, counter {4 * block + draw % 4, kind, stream}; of its four words that of number draw / 4
 * (draw: within the block).
 */
#ifndef SERVER_INSIGHT_SCHEDULE_FORECAST_KERNEL_H
#define SERVER_INSIGHT_SCHEDULE_FORECAST_KERNEL_H

#include "server/insight/schedule/forecast_internal.h"

enum { KERNEL_OWN, KERNEL_TEAM, KERNEL_OVERALL };

/* The longest paths' net, by place in an order that has each behind those it waits for. */
struct forecast_net {
	uint32_t count;
	uint32_t *activity; /* at that place */
	uint32_t *first;    /* of its arcs; one more than count */
	uint32_t *before;   /* by arc: a place */
	float *lag;
	float *not_before;
	uint32_t *group;
};

/* The ways back, by place. */
struct kernel_walk {
	uint16_t *mine; /* by bit, the draws in which it is on the way back from its group's end */
	uint16_t *all;  /* and from the end of everything */
	uint32_t *critical; /* in how many draws, so far */
	uint32_t *critical_all;
	uint32_t *outside; /* by group: in how many its way back led out of it */
};

struct forecast_kernel {
	/* Durations of count activities, in that order (NULL: as they are), in the block's draws. */
	void (*days)(const struct forecast *forecast, const uint32_t *order, uint32_t count,
	    uint32_t block, const float *factors, float *days);
	/* Durations of one activity in blocks 0 to blocks - 1; factors of all of them, one behind the other. */
	void (*row)(const struct forecast *forecast, uint32_t activity, uint32_t blocks,
	    const float *factors, float *days);
	/* A part of z in the block's draws: by times the standard normal of that kind and stream. */
	void (*part)(const struct forecast *forecast, uint32_t kind, uint64_t stream,
	    uint32_t block, float by, float *part);
	/* Durations by place become finishes. */
	void (*finish)(const struct forecast_net *net, float *days);
	/* By draw the latest of the finishes at count places, at least one, and the first place that has it. */
	void (*latest)(const uint32_t *places, uint32_t count, const float *finish, float *latest,
	    uint32_t *last);
	/* From the ends that are marked back to what begins of itself; counts, and takes the marks away. */
	void (*walk)(
	    const struct forecast_net *net, const float *finish, const struct kernel_walk *walk);
};

extern const struct forecast_kernel forecast_plain;
extern const struct forecast_kernel forecast_avx2;
extern const struct forecast_kernel forecast_avx512;

#endif
