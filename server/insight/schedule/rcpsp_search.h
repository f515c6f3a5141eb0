/*
 * Short schedules for a plain problem: a genetic algorithm on two populations.
 *
 * One population holds schedules that were laid from the start, the other from the end (bi-population: Debels & Vanhoucke 2005). A
 * child of the one is laid in the other direction, in the order of its parents' times; so every child is also an improvement by
 * justification (forward-backward: Li & Willis 1992; Tormos & Lova 2001; Valls, Ballestín & Quintanilla 2005), and no pass is
 * spent on that alone. A child keeps its father's order within a window of time in which he uses capacity well, and
 * follows its mother outside (peak crossover: Valls, Ballestín & Quintanilla 2008); then one activity moves to another place that
 * prerequisites allow. It takes the place of the worst, unless it is there already. Of schedules of the same length, the one
 * with less work in its last units of time is better: it is nearer to being shorter. The populations shrink
 * while the budget is spent: broad at first, narrow at the end. First schedules: biased random sampling by longest tail.
 *
 * What counts as a schedule: every pass of the core that places all activities, in either direction, whatever becomes of it.
 * There are no partial passes and none that are broken off. So `schedules` is the number of calls of sgs_serial().
 *
 * Ends early where the lower bound is reached. Whole numbers only, and one counter-based stream of random numbers: the same
 * problem, schedules and seed give the same result everywhere.
 */
#ifndef SERVER_INSIGHT_SCHEDULE_RCPSP_SEARCH_H
#define SERVER_INSIGHT_SCHEDULE_RCPSP_SEARCH_H

#include "server/insight/schedule/rcpsp.h"

struct rcpsp_search {
	uint64_t schedules; /* at most; at least 1, at most LIMIT_RCPSP_SCHEDULES */
	uint64_t seed;
	bool (*stop)(void *arg); /* asked before each schedule; NULL: never */
	void *arg;
};

struct rcpsp_result {
	int32_t makespan;
	int32_t lower_bound;
	uint64_t schedules; /* that were laid */
};

/* Start has room for all activities. ERR_LIMIT (out of memory), ERR_CANCELLED. */
bool rcpsp_search(const struct rcpsp *problem, const struct rcpsp_search *search, int32_t *start,
    struct rcpsp_result *result, struct err *err) MUST_CHECK;

/*
 * One pass: lays all activities in that order (none ahead of its prerequisites; for RCPSP_BACKWARD of what needs it, and
 * times count from the end), returns the makespan. The timetable has the problem's capacities, demands are packed by
 * timetable_pack(), finish is scratch.
 */
struct rcpsp_decoder {
	const struct rcpsp *problem;
	struct timetable table;
	uint64_t *demand; /* by activity and word */
	int32_t *finish;
};

bool rcpsp_decoder_init(
    struct rcpsp_decoder *decoder, const struct rcpsp *problem, struct err *err) MUST_CHECK;
void rcpsp_decoder_fini(struct rcpsp_decoder *decoder);
int32_t rcpsp_decode(
    struct rcpsp_decoder *decoder, int direction, const uint32_t *order, int32_t *start);

#endif
