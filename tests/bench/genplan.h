/*
 * A made-up plan of any size: the same for the same seed, item by item, so that a million need no memory.
 *
 * Goals, cascading objectives, measures, ranked initiatives, workstreams and many tasks; people in teams, periods,
 * asks, allocations, values and check-ins, in the proportions of a company that plans in quarters. A share of the items
 * has the faults that real plans have.
 */
#ifndef TESTS_BENCH_GENPLAN_H
#define TESTS_BENCH_GENPLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plumb/v1/item.pb-c.h"

struct arena;

#define GENPLAN_ITEMS_MIN 200u
#define GENPLAN_RANKED                                                                             \
	50000u /* initiatives that have a place; placing costs the length of the list */

/* How many of each there are; adds up to the items asked for. */
struct genplan_counts {
	uint32_t values, periods, goals, strategies, teams, people, objectives, measures,
	    initiatives, workstreams, milestones, allocations, asks, tasks;
};

struct genplan {
	uint64_t seed;
	uint32_t items;
	double faults; /* share of items that have one, 0..1 */
	bool records;  /* values, check-ins and acknowledgements too, about a fifth of the items */
	int32_t today; /* days since 1970: what is planned lies around it */
	struct genplan_counts counts;
	struct arena *arena; /* what is handed out lives here; the sink may reset it */
	void *arg;
	/* Each is given what was made; what others belong to comes before them. */
	void (*item)(void *arg, Plumb__V1__Kind kind, Plumb__V1__Item *item);
	void (*record)(void *arg, Plumb__V1__Kind kind, Plumb__V1__Record *record);
	/* At the end of the workspace's ranking, or tied with the one that stands there. */
	void (*place)(void *arg, const char *initiative, const char *tied_with);
};

/* False if items is below GENPLAN_ITEMS_MIN. */
bool genplan_count(struct genplan *plan);
/* Hands everything out. Ends the program when the arena is full. */
void genplan_run(struct genplan *plan);

#endif
