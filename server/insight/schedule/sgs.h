/*
 * Serial schedule generation: the one core of all schedules.
 *
 * Activities are placed one after another in a given order, each as early as those before it and the capacity that is left
 * allow (Kelley 1963; Kolisch 1996). What "allow" means is the caller's: sgs_serial() asks a function to place one. The plain
 * problem places into a timetable of constant capacity (below), the plan's schedule into each team's days.
 */
#ifndef SERVER_INSIGHT_SCHEDULE_SGS_H
#define SERVER_INSIGHT_SCHEDULE_SGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/* Who must be finished before whom: by activity, befores from first[i] to first[i + 1]. */
struct sgs_net {
	uint32_t count;
	uint32_t *first;
	uint32_t *before;
	int32_t *lag; /* by entry of before: time from its finish on; NULL: none */
};

/* Places it at `earliest` or later, says when it starts and returns when it is finished. */
typedef int32_t (*sgs_place_fn)(void *arg, uint32_t activity, int32_t earliest, int32_t *start);

/* The earliest start that its befores allow, 0 where it has none. */
static inline int32_t
sgs_earliest(const struct sgs_net *net, uint32_t activity, const int32_t *finish)
{
	int32_t earliest = 0;

	for (uint32_t e = net->first[activity]; e < net->first[activity + 1]; e++) {
		int32_t at = finish[net->before[e]] + (net->lag != NULL ? net->lag[e] : 0);

		earliest = at > earliest ? at : earliest;
	}
	return earliest;
}

/*
 * Order has every activity once, none ahead of its befores. Fills start and finish, returns the latest finish. Inline, so that
 * a caller's place function becomes a part of the loop.
 */
static inline __attribute__((always_inline)) int32_t
sgs_serial(const struct sgs_net *net, const uint32_t *order, sgs_place_fn place, void *arg,
    int32_t *start, int32_t *finish)
{
	int32_t last = 0;

	for (uint32_t p = 0; p < net->count; p++) {
		uint32_t i = order[p];

		finish[i] = place(arg, i, sgs_earliest(net, i, finish), &start[i]);
		last = finish[i] > last ? finish[i] : last;
	}
	return last;
}

/*
 * Renewable resources over time, in slots of one unit. Several resources share a word: each has a lane with a guard bit, so that
 * one subtraction compares them all. Lanes of 16 bits hold capacities up to 32,767; of 32 bits, up to 2^31 - 1.
 */
#define TIMETABLE_CAPACITY_MAX INT32_MAX

struct timetable {
	uint32_t words;     /* a slot has */
	uint32_t lane;      /* bits */
	uint32_t slots;     /* there are */
	uint32_t used_end;  /* no slot from here on is used */
	uint64_t guard;     /* of every word */
	uint64_t *capacity; /* by word, guards set */
	uint64_t *used;     /* by slot and word */
};

bool timetable_init(struct timetable *table, uint32_t resources, const int32_t *capacity,
    uint32_t slots, struct err *err) MUST_CHECK;
void timetable_fini(struct timetable *table);
/* All capacity is free again. */
void timetable_clear(struct timetable *table);
/* Lays demands (by resource) into words as place wants them. */
void timetable_pack(
    const struct timetable *table, uint32_t resources, const int32_t *demand, uint64_t *words);

/* The first start from earliest on at which it fits; takes the capacity. Earliest + duration and all later ones fit in slots. */
static inline int32_t
timetable_place(struct timetable *table, const uint64_t *demand, int32_t earliest, int32_t duration)
{
	const uint64_t guard = table->guard;
	const uint32_t words = table->words;
	int32_t start = earliest;

	for (int32_t t = start + duration - 1; t >= start; t--) {
		const uint64_t *used = table->used + (size_t)(uint32_t)t * words;

		for (uint32_t w = 0; w < words; w++) {
			if (((table->capacity[w] - used[w] - demand[w]) & guard) != guard) {
				start = t + 1;
				t = start + duration;
				break;
			}
		}
	}
	for (int32_t t = start; t < start + duration; t++)
		for (uint32_t w = 0; w < words; w++)
			table->used[(size_t)(uint32_t)t * words + w] += demand[w];
	if (duration > 0 && (uint32_t)(start + duration) > table->used_end)
		table->used_end = (uint32_t)(start + duration);
	return start;
}

#endif
