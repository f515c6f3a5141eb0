/* See rcpsp_search.h. */
#include "server/insight/schedule/rcpsp_search.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/schedule/philox.h"
#include "server/insight/schedule/rcpsp_bound.h"
#include "server/limits.h"

#define POPULATION_MIN   5u
#define POPULATION_MAX   4096u
#define POPULATION_BYTES (UINT64_C(256) << 20) /* of schedules held at once */
#define LAST_SLOTS       8 /* in which little work makes a schedule the better one */
#define RADIX_BITS       12

/* A schedule, and how the next one in the other direction starts from it: times from the other end, and their order. */
struct member {
	int32_t makespan;
	int64_t late; /* work in the last slots */
	uint64_t hash;
	int32_t *key;
	uint32_t *order;
};

/* Best first; the schedules themselves lie in one block. */
struct population {
	struct member **members;
	uint32_t count;
};

struct run {
	const struct rcpsp *problem;
	const struct rcpsp_search *search;
	struct rcpsp_decoder decoder;
	struct philox random;
	struct rcpsp_result *result;
	int32_t *best; /* starts */

	uint32_t first_count; /* of each population, at first and at the end */
	uint32_t last_count;
	struct member *block;
	struct member **free_members;
	uint32_t free_count;
	struct population populations[2]; /* by the direction in which they were laid */

	int32_t *start;  /* scratch by activity, as the rest */
	uint32_t *order; /* the child's */
	uint32_t *sorted;
	uint32_t *place;
	uint32_t *stack;
	uint8_t *mark;
	uint32_t *buckets; /* of a radix */
	int64_t *use;      /* by slot: how much of all capacities */
	uint32_t use_slots;
};

static uint64_t
cube_root(uint64_t n)
{
	uint64_t root = 1;

	while ((root + 1) * (root + 1) * (root + 1) <= n)
		root++;
	return root;
}

/*
 * 0.7 × schedules^(2/3): 70 at 1,000, 200 at 5,000, 950 at 50,000; fewer for larger problems, which need more generations. At the
 * end a twelfth of it.
 */
static uint32_t
population_size(const struct rcpsp *problem, uint64_t schedules)
{
	uint64_t root = cube_root(schedules);
	uint64_t size = root * root * 7 / 10;
	uint64_t bytes = (uint64_t)problem->count * (sizeof(int32_t) + sizeof(uint32_t)) * 2;

	for (uint64_t n = problem->count; n >= 120 && size > 10; n /= 4)
		size = size * 7 / 10;
	size = size > POPULATION_MAX ? POPULATION_MAX : size;
	size = size > POPULATION_BYTES / bytes ? POPULATION_BYTES / bytes : size;
	return size < POPULATION_MIN ? POPULATION_MIN : (uint32_t)size;
}

static bool
allocate_members(struct run *run, uint32_t count)
{
	uint32_t activities = run->problem->count;
	int32_t *keys = calloc((size_t)count * activities, sizeof *keys);
	uint32_t *orders = calloc((size_t)count * activities, sizeof *orders);

	run->block = calloc(count, sizeof *run->block);
	run->free_members = calloc(count, sizeof *run->free_members);
	for (int d = 0; d < 2; d++)
		run->populations[d].members = calloc(count, sizeof *run->populations[d].members);
	if (run->block == NULL || keys == NULL || orders == NULL) {
		free(keys);
		free(orders);
		return false;
	}
	for (uint32_t m = 0; m < count; m++) {
		run->block[m].key = keys + (size_t)m * activities;
		run->block[m].order = orders + (size_t)m * activities;
		if (run->free_members != NULL)
			run->free_members[m] = &run->block[m];
	}
	run->free_count = count;
	return run->free_members != NULL && run->populations[0].members != NULL &&
	       run->populations[1].members != NULL;
}

static void
run_fini(struct run *run)
{
	rcpsp_decoder_fini(&run->decoder);
	if (run->block != NULL) {
		free(run->block[0].key);
		free(run->block[0].order);
	}
	free(run->block);
	free(run->free_members);
	free(run->populations[0].members);
	free(run->populations[1].members);
	free(run->start);
	free(run->order);
	free(run->sorted);
	free(run->place);
	free(run->stack);
	free(run->mark);
	free(run->buckets);
	free(run->use);
}

static bool
run_init(struct run *run, struct err *err)
{
	uint32_t count = run->problem->count;

	run->first_count = population_size(run->problem, run->search->schedules);
	run->last_count = run->first_count / 12;
	if (run->last_count < POPULATION_MIN)
		run->last_count = POPULATION_MIN;
	philox_init(&run->random, run->search->seed, 0);
	run->start = calloc(count, sizeof *run->start);
	run->order = calloc(count, sizeof *run->order);
	run->sorted = calloc(count, sizeof *run->sorted);
	run->place = calloc(count, sizeof *run->place);
	run->stack = calloc(count, sizeof *run->stack);
	run->mark = calloc(count, sizeof *run->mark);
	run->buckets = calloc((UINT32_C(1) << RADIX_BITS) + 1, sizeof *run->buckets);
	if (!rcpsp_decoder_init(&run->decoder, run->problem, err))
		return false;
	/* Both populations, and a child. */
	if (!allocate_members(run, 2 * run->first_count + 1) || run->start == NULL ||
	    run->order == NULL || run->sorted == NULL || run->place == NULL || run->stack == NULL ||
	    run->mark == NULL || run->buckets == NULL)
		return err_oom(err);
	return true;
}

/* Activities by key, smallest first; of the same key in an order that keeps to the net. Radix sort, one pass for short times. */
static void
sort_by_key(struct run *run, int direction, const int32_t *key, int32_t last, uint32_t *order)
{
	uint32_t count = run->problem->count;
	uint32_t *from = run->sorted;
	uint32_t *to = order;

	memcpy(from, run->problem->order[direction], count * sizeof *from);
	for (int shift = 0; shift == 0 || last >> shift > 0; shift += RADIX_BITS) {
		uint32_t top = (uint32_t)last >> shift;
		uint32_t mask = (UINT32_C(1) << RADIX_BITS) - 1;
		uint32_t width = (top < mask ? top : mask) + 1;

		memset(run->buckets, 0, (width + 1) * sizeof *run->buckets);
		for (uint32_t p = 0; p < count; p++)
			run->buckets[((uint32_t)key[p] >> shift & mask) + 1]++;
		for (uint32_t b = 1; b < width; b++)
			run->buckets[b] += run->buckets[b - 1];
		for (uint32_t p = 0; p < count; p++)
			to[run->buckets[(uint32_t)key[from[p]] >> shift & mask]++] = from[p];
		if (last >> shift < INT32_C(1) << RADIX_BITS)
			break;
		memcpy(from, to, count * sizeof *from);
	}
}

/* A pass in run->order, into a member. */
static void
lay(struct run *run, int direction, struct member *member)
{
	const struct rcpsp *problem = run->problem;
	int32_t *start = run->start;
	int32_t makespan = rcpsp_decode(&run->decoder, direction, run->order, start);
	uint64_t hash = 0;
	int64_t late = 0;

	run->result->schedules++;
	for (uint32_t i = 0; i < problem->count; i++) {
		int32_t duration = problem->duration[i];
		int32_t key = makespan - start[i] - duration;
		int32_t over = LAST_SLOTS - key;

		hash = (hash ^ (uint32_t)start[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
		if (over > 0)
			late += (int64_t)(over < duration ? over : duration) * problem->energy[i];
		member->key[i] = key;
	}
	member->makespan = makespan;
	member->late = late;
	member->hash = hash;
	sort_by_key(run, !direction, member->key, makespan, member->order);
	if (makespan >= run->result->makespan)
		return;
	run->result->makespan = makespan;
	memcpy(run->best, direction == RCPSP_FORWARD ? start : member->key,
	    problem->count * sizeof *start);
}

static bool
is_better(const struct member *a, const struct member *b)
{
	if (a->makespan != b->makespan)
		return a->makespan < b->makespan;
	return a->late < b->late;
}

/* Where it belongs: behind all that are better, ahead of its equals, so that the newer one stays. */
static uint32_t
position_of(const struct population *population, const struct member *member)
{
	uint32_t low = 0, high = population->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (is_better(population->members[middle], member))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_there(const struct population *population, uint32_t position, const struct member *member)
{
	for (uint32_t p = position;
	     p < population->count && !is_better(member, population->members[p]); p++)
		if (population->members[p]->hash == member->hash)
			return true;
	return false;
}

static void
drop_worst(struct run *run, struct population *population)
{
	run->free_members[run->free_count++] = population->members[--population->count];
}

static void
join(struct run *run, struct population *population, struct member *member, uint32_t most)
{
	uint32_t position = position_of(population, member);

	if (is_there(population, position, member) || position == most) {
		run->free_members[run->free_count++] = member;
		return;
	}
	if (population->count == most)
		drop_worst(run, population);
	memmove(population->members + position + 1, population->members + position,
	    (population->count - position) * sizeof *population->members);
	population->members[position] = member;
	population->count++;
}

static struct member *
take_free(struct run *run)
{
	assert(run->free_count > 0);
	return run->free_members[--run->free_count];
}

/*
 * A random order: each time one of the activities whose befores are placed, with the more chance the longer the way behind it is
 * than the shortest of theirs. The first one of all: always the longest.
 */
static void
sample(struct run *run, bool is_first)
{
	const struct rcpsp *problem = run->problem;
	const struct sgs_net *net = &problem->net[RCPSP_FORWARD];
	const struct sgs_net *back = &problem->net[RCPSP_BACKWARD];
	const int32_t *tail = problem->tail[RCPSP_FORWARD];
	uint32_t *eligible = run->stack;
	uint32_t *left = run->place;
	uint32_t count = 0;

	for (uint32_t i = 0; i < problem->count; i++) {
		left[i] = net->first[i + 1] - net->first[i];
		if (left[i] == 0)
			eligible[count++] = i;
	}
	for (uint32_t p = 0; p < problem->count; p++) {
		int32_t least = tail[eligible[0]];
		uint64_t sum = 0;
		uint64_t drawn;
		uint32_t pick = 0;

		for (uint32_t e = 1; e < count; e++) {
			least = tail[eligible[e]] < least ? tail[eligible[e]] : least;
			if (is_first && tail[eligible[e]] > tail[eligible[pick]])
				pick = e;
		}
		for (uint32_t e = 0; e < count; e++)
			sum += (uint64_t)(tail[eligible[e]] - least) + 1;
		if (!is_first) {
			drawn = ((uint64_t)philox_next(&run->random) << 32 |
				    philox_next(&run->random)) %
				sum;
			while (drawn >= (uint64_t)(tail[eligible[pick]] - least) + 1)
				drawn -= (uint64_t)(tail[eligible[pick++]] - least) + 1;
		}
		run->order[p] = eligible[pick];
		eligible[pick] = eligible[--count];
		for (uint32_t e = back->first[run->order[p]]; e < back->first[run->order[p] + 1];
		     e++)
			if (--left[back->before[e]] == 0)
				eligible[count++] = back->before[e];
	}
}

/* How much of the capacities is used by slot of the father's time, summed up from 0 on. */
static bool
sum_use(struct run *run, const struct member *father)
{
	const struct rcpsp *problem = run->problem;
	uint32_t slots = (uint32_t)father->makespan + 2;

	if (slots > run->use_slots) {
		int64_t *use = realloc(run->use, slots * sizeof *use);

		if (use == NULL)
			return false;
		run->use = use;
		run->use_slots = slots;
	}
	memset(run->use, 0, slots * sizeof *run->use);
	for (uint32_t i = 0; i < problem->count; i++) {
		run->use[father->key[i] + 1] += problem->energy[i];
		run->use[father->key[i] + problem->duration[i] + 1] -= problem->energy[i];
	}
	/* Once for the level, once for the sum of the levels. */
	for (int twice = 0; twice < 2; twice++)
		for (uint32_t t = 1; t < slots; t++)
			run->use[t] += run->use[t - 1];
	return true;
}

struct window {
	int32_t from;
	int32_t to;
};

/* The better used of two windows of a length of 5 to 50 % of the father's time. */
static bool
choose_window(struct run *run, const struct member *father, struct window *window)
{
	uint32_t makespan = (uint32_t)father->makespan;
	uint32_t length = makespan / 20 + philox_below(&run->random, makespan * 9 / 20 + 1) + 1;
	uint32_t first, second;

	length = length > makespan ? makespan : length;
	if (!sum_use(run, father))
		return false;
	first = philox_below(&run->random, makespan - length + 1);
	second = philox_below(&run->random, makespan - length + 1);
	if (run->use[second + length] - run->use[second] >
	    run->use[first + length] - run->use[first])
		first = second;
	*window = (struct window){(int32_t)first, (int32_t)(first + length)};
	return true;
}

enum zone { ZONE_AHEAD, ZONE_WINDOW, ZONE_BEHIND };

static uint8_t
zone_of(int32_t key, const struct window *window)
{
	return key < window->from ? ZONE_AHEAD : key < window->to ? ZONE_WINDOW : ZONE_BEHIND;
}

/*
 * The father's order in his window, the mother's ahead of it and behind it. What lies outside of his window is ahead or behind as
 * with the father or, the other half of the times, as with the mother where she has it outside too.
 */
static bool
cross(struct run *run, const struct member *father, const struct member *mother)
{
	uint32_t count = run->problem->count;
	bool as_mother = philox_below(&run->random, 2) == 1;
	struct window window;
	uint32_t filled = 0;

	if (!choose_window(run, father, &window))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		run->mark[i] = zone_of(father->key[i], &window);
		if (as_mother && run->mark[i] != ZONE_WINDOW &&
		    zone_of(mother->key[i], &window) != ZONE_WINDOW)
			run->mark[i] = zone_of(mother->key[i], &window);
	}
	for (uint8_t zone = ZONE_AHEAD; zone <= ZONE_BEHIND; zone++) {
		const uint32_t *order = zone == ZONE_WINDOW ? father->order : mother->order;

		for (uint32_t p = 0; p < count; p++)
			if (run->mark[order[p]] == zone)
				run->order[filled++] = order[p];
	}
	return true;
}

/* The same order, but ahead of each what must be before it, where that is not placed yet. */
static void
mend(struct run *run, int direction)
{
	const struct sgs_net *net = &run->problem->net[direction];
	uint32_t count = run->problem->count;
	uint32_t filled = 0;

	for (uint32_t p = 0; p < count; p++)
		run->place[run->order[p]] = p;
	memcpy(run->sorted, run->order, count * sizeof *run->sorted);
	memset(run->mark, 0, count);
	for (uint32_t p = 0; p < count; p++) {
		uint32_t depth = 0;

		if (run->mark[run->sorted[p]])
			continue;
		run->stack[depth++] = run->sorted[p];
		while (depth > 0) {
			uint32_t i = run->stack[depth - 1];
			uint32_t next = UINT32_MAX;

			for (uint32_t e = net->first[i]; e < net->first[i + 1]; e++) {
				uint32_t j = net->before[e];

				if (!run->mark[j] &&
				    (next == UINT32_MAX || run->place[j] < run->place[next]))
					next = j;
			}
			if (next != UINT32_MAX) {
				run->stack[depth++] = next;
				continue;
			}
			run->mark[i] = 1;
			run->order[filled++] = i;
			depth--;
		}
	}
}

/* Moves one activity to a place between what must be before it and what must be after it. */
static void
mutate(struct run *run, int direction)
{
	const struct sgs_net *net = &run->problem->net[direction];
	const struct sgs_net *back = &run->problem->net[!direction];
	uint32_t count = run->problem->count;
	uint32_t *order = run->order;
	uint32_t from = philox_below(&run->random, count);
	uint32_t moved = order[from];
	uint32_t low = 0, high = count - 1; /* places that it may have */
	uint32_t to;

	for (uint32_t p = 0; p < count; p++)
		run->place[order[p]] = p;
	for (uint32_t e = net->first[moved]; e < net->first[moved + 1]; e++)
		if (run->place[net->before[e]] + 1 > low)
			low = run->place[net->before[e]] + 1;
	for (uint32_t e = back->first[moved]; e < back->first[moved + 1]; e++)
		if (run->place[back->before[e]] - 1 < high)
			high = run->place[back->before[e]] - 1;
	to = low + philox_below(&run->random, high - low + 1);
	if (to < from)
		memmove(order + to + 1, order + to, (from - to) * sizeof *order);
	else
		memmove(order + from, order + from + 1, (to - from) * sizeof *order);
	order[to] = moved;
}

/* The better of two. */
static uint32_t
choose(struct run *run, const struct population *population)
{
	uint32_t a = philox_below(&run->random, population->count);
	uint32_t b = philox_below(&run->random, population->count);

	return a < b ? a : b;
}

static bool
is_done(const struct run *run)
{
	return run->result->schedules >= run->search->schedules ||
	       run->result->makespan <= run->result->lower_bound;
}

static bool
is_stopped(const struct run *run, struct err *err)
{
	if (run->search->stop == NULL || !run->search->stop(run->search->arg))
		return false;
	err_set(err, ERR_CANCELLED, "the search was cancelled");
	return true;
}

static bool
begin(struct run *run, struct err *err)
{
	struct population *forward = &run->populations[RCPSP_FORWARD];

	for (uint32_t m = 0; m < run->first_count && !is_done(run); m++) {
		struct member *member = take_free(run);

		if (is_stopped(run, err))
			return false;
		sample(run, m == 0);
		lay(run, RCPSP_FORWARD, member);
		join(run, forward, member, run->first_count);
	}
	for (uint32_t m = 0; m < forward->count && !is_done(run); m++) {
		struct member *member = take_free(run);

		if (is_stopped(run, err))
			return false;
		memcpy(run->order, forward->members[m]->order,
		    run->problem->count * sizeof *run->order);
		lay(run, RCPSP_BACKWARD, member);
		join(run, &run->populations[RCPSP_BACKWARD], member, run->first_count);
	}
	return true;
}

static bool
breed(struct run *run, int direction, uint32_t most, struct err *err)
{
	struct population *parents = &run->populations[!direction];
	uint32_t father = choose(run, parents);
	uint32_t mother = choose(run, parents);
	struct member *child;

	for (int again = 0; again < 8 && mother == father; again++)
		mother = choose(run, parents);
	if (!cross(run, parents->members[father], parents->members[mother]))
		return err_oom(err);
	mend(run, direction);
	mutate(run, direction);
	child = take_free(run);
	lay(run, direction, child);
	join(run, &run->populations[direction], child, most);
	return true;
}

static bool
evolve(struct run *run, struct err *err)
{
	int direction = RCPSP_FORWARD;

	while (!is_done(run)) {
		uint64_t shrink = (run->first_count - run->last_count) * run->result->schedules /
				  run->search->schedules;
		uint32_t most = run->first_count - (uint32_t)shrink;

		if (is_stopped(run, err))
			return false;
		for (int d = 0; d < 2; d++)
			while (run->populations[d].count > most)
				drop_worst(run, &run->populations[d]);
		if (!breed(run, direction, most, err))
			return false;
		direction = !direction;
	}
	return true;
}

bool
rcpsp_search(const struct rcpsp *problem, const struct rcpsp_search *search, int32_t *start,
    struct rcpsp_result *result, struct err *err)
{
	struct rcpsp_result found = {.makespan = INT32_MAX};
	struct run run = {.problem = problem, .search = search, .result = &found, .best = start};
	bool ok;

	if (search->schedules < 1 || search->schedules > LIMIT_RCPSP_SCHEDULES)
		return err_set(err, ERR_INVALID, "the number of schedules must be 1 to %u",
		    LIMIT_RCPSP_SCHEDULES);
	if (!rcpsp_lower_bound(problem, &found.lower_bound, err))
		return false;
	ok = run_init(&run, err) && begin(&run, err) && evolve(&run, err);
	run_fini(&run);
	if (ok)
		*result = found;
	return ok;
}
