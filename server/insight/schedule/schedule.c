/* See schedule.h. */
#include "server/insight/schedule/schedule.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/schedule/schedule_internal.h"
#include "server/limits.h"

#define STOP_EVERY 65536u /* steps of the ledger: givers and days */
/* Larger groups have one try: by chance, those that can be next are looked at one by one, which takes the square of the count. */
#define TRIED_MAX 5000u

struct run {
	const struct schedule_problem *problem;
	const struct schedule_policy *policy;
	struct schedule *out;
	struct ledger ledger;

	uint32_t *first; /* by work: its arcs back, in before */
	uint32_t *before;
	int32_t *lag;
	uint32_t *after_first; /* and on */
	uint32_t *after;
	uint32_t *
	    order; /* all work, none ahead of its befores; what is in a circle or behind one is not there */
	uint32_t *place; /* in it, by work */
	uint32_t ordered;
	uint8_t *in_circle;      /* by work */
	int32_t *length;         /* by work: days at full speed */
	uint32_t *by_initiative; /* work, initiative by initiative */
	uint32_t *initiative_first;
	uint8_t *is_placed;
	uint32_t *group_of; /* by work: the initiative that it was scheduled with */

	/* The work that is scheduled together now; numbers within it. */
	uint32_t *group;
	uint32_t count;
	uint32_t *number; /* by work */
	uint32_t *net_first;
	uint32_t *net_before;
	int32_t *net_lag;
	int32_t *from; /* by number: what is outside of it lets it start */
	int64_t *
	    tail; /* by number: days at full speed to the end of what is behind it in the group, its own with them */
	uint32_t *try; /* an order of numbers */
	uint32_t *best;
	uint32_t *waiting; /* by number: befores that are not placed yet */
	uint32_t *eligible;
	int32_t *start;
	int32_t *finish;
	int64_t *left;
	bool is_stopped;

	int64_t *energy; /* by giver */
	uint32_t *givers;
};

/* ---- what is refused */

static bool
check_sizes(const struct schedule_problem *p, struct err *err)
{
	if (p->days < 1 || p->days > LIMIT_SCHEDULE_DAYS)
		return err_set(err, ERR_LIMIT, "a horizon of %d days; expected 1 to %d", p->days,
		    LIMIT_SCHEDULE_DAYS);
	if (p->works > LIMIT_SCHEDULE_WORK || p->arcs > LIMIT_SCHEDULE_ARCS ||
	    p->needs > LIMIT_SCHEDULE_WORK || p->pools > LIMIT_SCHEDULE_POOLS)
		return err_set(err, ERR_LIMIT,
		    "%u pieces of work with %u needs of %u in pools and %u prerequisites; at most "
		    "%u, %u, %u and %u",
		    p->works, p->needs, p->pools, p->arcs, LIMIT_SCHEDULE_WORK, LIMIT_SCHEDULE_WORK,
		    LIMIT_SCHEDULE_POOLS, LIMIT_SCHEDULE_ARCS);
	if ((uint64_t)p->givers * (uint64_t)p->days > LIMIT_SCHEDULE_CELLS)
		return err_set(err, ERR_LIMIT,
		    "%u teams and people over %d days are more than %u days to plan: shorten the "
		    "horizon",
		    p->givers, p->days, LIMIT_SCHEDULE_CELLS);
	return true;
}

static bool
check_givers(const struct schedule_problem *p, struct err *err)
{
	for (uint32_t g = 0; g < p->givers; g++) {
		uint32_t home = p->home[g];

		if (home != SCHEDULE_NONE &&
		    (home >= p->givers || home == g || p->home[home] != SCHEDULE_NONE))
			return err_set(err, ERR_INVALID, "giver %u is in a team that is none", g);
		if (p->rows != NULL && p->rows[g] == SCHEDULE_NONE)
			continue;
		for (int32_t day = 0; day < p->days; day++) {
			int32_t capacity = p->capacity[schedule_cell(p, g) + (size_t)day];

			if (capacity < 0 || capacity > LIMIT_EFFORT)
				return err_set(err, ERR_INVALID, "giver %u has %d on day %d", g,
				    capacity, day);
		}
	}
	return true;
}

static bool
check_work(const struct schedule_problem *p, struct err *err)
{
	for (uint32_t w = 0; w < p->works; w++) {
		const struct schedule_work *work = &p->work[w];

		if (work->initiative >= p->initiatives || work->needs_first > p->needs ||
		    work->needs_count > p->needs - work->needs_first || work->not_before < 0 ||
		    work->not_before > SCHEDULE_BEYOND)
			return err_set(err, ERR_INVALID, "work %u is out of range", w);
	}
	for (uint32_t n = 0; n < p->needs; n++) {
		const struct schedule_need *need = &p->need[n];

		if ((need->giver >= p->givers && need->giver != SCHEDULE_NONE) ||
		    need->pool_first > p->pools || need->pool_count > p->pools - need->pool_first ||
		    need->effort < 1 || need->effort > LIMIT_EFFORT || need->most < 0 ||
		    need->most > SCHEDULE_ALL || need->least < 0 || need->least > SCHEDULE_ALL ||
		    (need->most > 0 && need->least > need->most))
			return err_set(err, ERR_INVALID, "need %u is out of range", n);
	}
	for (uint32_t k = 0; k < p->pools; k++)
		if (p->pool[k] >= p->givers)
			return err_set(err, ERR_INVALID, "giver %u of a pool is none", k);
	for (uint32_t e = 0; e < p->arcs; e++)
		if (p->arc[e].before >= p->works || p->arc[e].after >= p->works ||
		    p->arc[e].lag < 0 || p->arc[e].lag > LIMIT_SCHEDULE_DAYS)
			return err_set(err, ERR_INVALID, "prerequisite %u is out of range", e);
	return true;
}

/* ---- who is before whom */

static bool
lay_arcs(struct run *run, struct err *err)
{
	const struct schedule_problem *p = run->problem;

	run->first = calloc((size_t)p->works + 2, sizeof *run->first);
	run->after_first = calloc((size_t)p->works + 2, sizeof *run->after_first);
	run->before = calloc((size_t)p->arcs + 1, sizeof *run->before);
	run->after = calloc((size_t)p->arcs + 1, sizeof *run->after);
	run->lag = calloc((size_t)p->arcs + 1, sizeof *run->lag);
	if (run->first == NULL || run->after_first == NULL || run->before == NULL ||
	    run->after == NULL || run->lag == NULL)
		return err_oom(err);
	/* Counted two places on, so that filling leaves the firsts as they must be. */
	for (uint32_t e = 0; e < p->arcs; e++) {
		run->first[p->arc[e].after + 2]++;
		run->after_first[p->arc[e].before + 2]++;
	}
	for (uint32_t w = 0; w < p->works; w++) {
		run->first[w + 2] += run->first[w + 1];
		run->after_first[w + 2] += run->after_first[w + 1];
	}
	for (uint32_t e = 0; e < p->arcs; e++) {
		uint32_t at = run->first[p->arc[e].after + 1]++;

		run->before[at] = p->arc[e].before;
		run->lag[at] = p->arc[e].lag;
		run->after[run->after_first[p->arc[e].before + 1]++] = p->arc[e].after;
	}
	return true;
}

/* What is left over by order[] is in a circle, or behind one: those from which a way leads back are in one. */
static void
find_circles(struct run *run, uint32_t *left)
{
	uint32_t works = run->problem->works;
	uint32_t *queue = run->group;
	uint32_t count = 0;

	for (uint32_t w = 0; w < works; w++)
		run->in_circle[w] = run->place[w] == SCHEDULE_NONE;
	for (uint32_t w = 0; w < works; w++) {
		left[w] = 0;
		for (uint32_t e = run->after_first[w]; e < run->after_first[w + 1]; e++)
			left[w] += run->in_circle[run->after[e]];
		if (run->in_circle[w] && left[w] == 0)
			queue[count++] = w;
	}
	for (uint32_t q = 0; q < count; q++) {
		run->in_circle[queue[q]] = 0;
		for (uint32_t e = run->first[queue[q]]; e < run->first[queue[q] + 1]; e++)
			if (run->in_circle[run->before[e]] && --left[run->before[e]] == 0)
				queue[count++] = run->before[e];
	}
}

static void
sort(struct run *run)
{
	uint32_t works = run->problem->works;
	uint32_t *left = run->number;

	for (uint32_t w = 0; w < works; w++) {
		run->place[w] = SCHEDULE_NONE;
		left[w] = run->first[w + 1] - run->first[w];
		if (left[w] == 0)
			run->order[run->ordered++] = w;
	}
	for (uint32_t q = 0; q < run->ordered; q++) {
		uint32_t w = run->order[q];

		run->place[w] = q;
		for (uint32_t e = run->after_first[w]; e < run->after_first[w + 1]; e++)
			if (--left[run->after[e]] == 0)
				run->order[run->ordered++] = run->after[e];
	}
	find_circles(run, left);
}

static void
lay_initiatives(struct run *run)
{
	const struct schedule_problem *p = run->problem;
	uint32_t *first = run->initiative_first;

	/* Counted two places on, as above. */
	for (uint32_t w = 0; w < p->works; w++)
		first[p->work[w].initiative + 2]++;
	for (uint32_t i = 0; i < p->initiatives; i++)
		first[i + 2] += first[i + 1];
	for (uint32_t w = 0; w < p->works; w++)
		run->by_initiative[first[p->work[w].initiative + 1]++] = w;
}

/* Asked when so many steps were taken, whatever they were for. */
static bool
is_stopped(struct run *run)
{
	if (run->ledger.steps < STOP_EVERY)
		return run->is_stopped;
	run->ledger.steps = 0;
	if (run->policy->stop != NULL && run->policy->stop(run->policy->arg))
		run->is_stopped = true;
	return run->is_stopped;
}

/* ---- alone: bounds, and how long each piece of work takes */

static int32_t
alone(struct run *run, uint32_t w, int32_t from)
{
	const struct schedule_problem *p = run->problem;
	const struct schedule_work *work = &p->work[w];
	int32_t finish = from;

	for (uint32_t n = work->needs_first; n < work->needs_first + work->needs_count; n++) {
		int32_t end = ledger_alone(p, &p->need[n], from);
		int32_t looked = (end < p->days ? end : p->days) - from;

		run->ledger.steps += (uint64_t)looked * (p->need[n].pool_count + 1u);
		finish = end > finish ? end : finish;
	}
	return finish;
}

/* With everybody's whole capacity for each piece of work. */
static void
measure(struct run *run)
{
	const struct schedule_problem *p = run->problem;
	int32_t *finish = run->finish;

	for (uint32_t i = 0; i < p->initiatives; i++)
		run->out->initiative[i].bound = 0;
	for (uint32_t q = 0; q < run->ordered && !is_stopped(run); q++) {
		uint32_t w = run->order[q];
		int32_t from = p->work[w].not_before;

		for (uint32_t e = run->first[w]; e < run->first[w + 1]; e++) {
			int32_t at = finish[run->before[e]] + run->lag[e];

			from = at > from ? at : from;
		}
		from = from > SCHEDULE_BEYOND ? SCHEDULE_BEYOND : from;
		finish[w] = from > p->days ? SCHEDULE_BEYOND : alone(run, w, from);
		run->length[w] = finish[w] == SCHEDULE_BEYOND ? p->days : finish[w] - from;
	}
	for (uint32_t w = 0; w < p->works; w++) {
		struct schedule_end *end = &run->out->initiative[p->work[w].initiative];
		int32_t bound = run->place[w] == SCHEDULE_NONE ? SCHEDULE_BEYOND : finish[w];

		end->bound = bound > end->bound ? bound : end->bound;
	}
}

/* ---- energy: all that is asked of one giver has to fit into what they have */

/* Adds up what is asked, of a member's team too, of a pool of their team; the givers that come in are listed once. */
static void
add_energy(struct run *run, const struct schedule_need *need, uint32_t *count)
{
	uint32_t both[2] = {need->giver, SCHEDULE_NONE};

	if (need->giver != SCHEDULE_NONE)
		both[1] = run->problem->home[need->giver];
	for (int k = 0; k < 2 && both[k] != SCHEDULE_NONE; k++) {
		if (run->energy[both[k]] == 0)
			run->givers[(*count)++] = both[k];
		run->energy[both[k]] += need->effort;
	}
}

static int32_t
enough_by(const struct schedule_problem *p, uint32_t giver, int64_t energy)
{
	const int32_t *capacity = p->capacity + schedule_cell(p, giver);

	for (int32_t day = 0; day < p->days; day++) {
		energy -= capacity[day];
		if (energy <= 0)
			return day + 1;
	}
	return SCHEDULE_BEYOND;
}

/* Of the work by_initiative[from..to). Leaves the sums at 0. */
static int32_t
energy_bound(struct run *run, uint32_t from, uint32_t to)
{
	int32_t bound = 0;
	uint32_t count = 0;

	for (uint32_t k = from; k < to; k++) {
		const struct schedule_work *work = &run->problem->work[run->by_initiative[k]];

		for (uint32_t n = 0; n < work->needs_count; n++)
			add_energy(run, &run->problem->need[work->needs_first + n], &count);
	}
	for (uint32_t g = 0; g < count; g++) {
		int32_t by = enough_by(run->problem, run->givers[g], run->energy[run->givers[g]]);

		bound = by > bound ? by : bound;
		run->energy[run->givers[g]] = 0;
	}
	return bound;
}

static void
raise_bounds(struct run *run)
{
	struct schedule *out = run->out;

	out->bound = energy_bound(run, 0, run->problem->works);
	for (uint32_t i = 0; i < out->initiatives; i++) {
		int32_t bound =
		    energy_bound(run, run->initiative_first[i], run->initiative_first[i + 1]);

		if (bound > out->initiative[i].bound)
			out->initiative[i].bound = bound;
		if (out->initiative[i].bound > out->bound)
			out->bound = out->initiative[i].bound;
	}
}

/* ---- one initiative, or all as one */

static int
compare_places(const void *pa, const void *pb, void *arg)
{
	const uint32_t *place = arg;
	uint32_t a = place[*(const uint32_t *)pa], b = place[*(const uint32_t *)pb];

	return (a > b) - (a < b);
}

/*
 * Its own work, and all that this waits for and is not placed: those that are in no circle and behind none. In the order of
 * order[], which among these is the same whatever else there is that they do not wait for.
 */
static void
gather(struct run *run, uint32_t initiative)
{
	uint32_t end = run->policy->ignores_ranks ? run->problem->initiatives : initiative + 1;
	uint32_t count = 0;

	for (uint32_t k = run->initiative_first[initiative]; k < run->initiative_first[end]; k++) {
		uint32_t w = run->by_initiative[k];

		if (run->is_placed[w] || run->place[w] == SCHEDULE_NONE)
			continue;
		run->is_placed[w] = 1;
		run->group[count++] = w;
	}
	for (uint32_t q = 0; q < count; q++) {
		uint32_t w = run->group[q];

		run->group_of[w] = initiative;
		for (uint32_t e = run->first[w]; e < run->first[w + 1]; e++) {
			if (run->is_placed[run->before[e]])
				continue;
			run->is_placed[run->before[e]] = 1;
			run->group[count++] = run->before[e];
		}
	}
	run->count = count;
	if (count > 1)
		qsort_r(run->group, count, sizeof *run->group, compare_places, run->place);
}

/* The net of the group, as the core wants it. Those of group_of this initiative are within it. */
static void
lay_net(struct run *run, uint32_t initiative)
{
	uint32_t filled = 0;

	for (uint32_t i = 0; i < run->count; i++)
		run->number[run->group[i]] = i;
	for (uint32_t i = 0; i < run->count; i++) {
		uint32_t w = run->group[i];

		run->net_first[i] = filled;
		run->from[i] = run->problem->work[w].not_before;
		for (uint32_t e = run->first[w]; e < run->first[w + 1]; e++) {
			uint32_t b = run->before[e];
			int32_t at;

			if (run->group_of[b] == initiative) {
				run->net_before[filled] = run->number[b];
				run->net_lag[filled++] = run->lag[e];
				continue;
			}
			at = run->out->work[b].finish + run->lag[e];
			run->from[i] = at > run->from[i] ? at : run->from[i];
		}
	}
	run->net_first[run->count] = filled;
	/* Only what is in the group counts: work that waits for it from further down must not change it. */
	for (uint32_t i = 0; i < run->count; i++)
		run->tail[i] = run->length[run->group[i]];
	for (uint32_t i = run->count; i-- > 0;) {
		for (uint32_t e = run->net_first[i]; e < run->net_first[i + 1]; e++) {
			uint32_t b = run->net_before[e];
			int64_t way = run->length[run->group[b]] + run->net_lag[e] + run->tail[i];

			run->tail[b] = way > run->tail[b] ? way : run->tail[b];
		}
	}
}

/* Those that can be next, as a heap: the longest way to the end first, then the smaller number. */
static bool
is_ahead(const struct run *run, uint32_t a, uint32_t b)
{
	return run->tail[a] != run->tail[b] ? run->tail[a] > run->tail[b] : a < b;
}

static void
swap(uint32_t *heap, uint32_t a, uint32_t b)
{
	uint32_t kept = heap[a];

	heap[a] = heap[b];
	heap[b] = kept;
}

static void
heap_push(struct run *run, uint32_t count, uint32_t number)
{
	uint32_t *heap = run->eligible;
	uint32_t at = count;

	heap[at] = number;
	for (; at > 0 && is_ahead(run, heap[at], heap[(at - 1) / 2]); at = (at - 1) / 2)
		swap(heap, at, (at - 1) / 2);
}

static void
heap_remove(struct run *run, uint32_t count, uint32_t at)
{
	uint32_t *heap = run->eligible;
	uint32_t last = count - 1;

	heap[at] = heap[last];
	for (; at > 0 && is_ahead(run, heap[at], heap[(at - 1) / 2]); at = (at - 1) / 2)
		swap(heap, at, (at - 1) / 2);
	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child + 1 < last && is_ahead(run, heap[child + 1], heap[child]))
			child++;
		if (child >= last || !is_ahead(run, heap[child], heap[at]))
			return;
		swap(heap, at, child);
		at = child;
	}
}

/* One of those that can be next, by chance, with more for longer ways. */
static uint32_t
pick(const struct run *run, uint32_t count, struct philox *random)
{
	int64_t least = INT64_MAX;
	uint64_t sum = 0, drawn;

	for (uint32_t k = 0; k < count; k++)
		least = run->tail[run->eligible[k]] < least ? run->tail[run->eligible[k]] : least;
	for (uint32_t k = 0; k < count; k++)
		sum += (uint64_t)(run->tail[run->eligible[k]] - least) + 1;
	drawn = ((uint64_t)philox_next(random) << 32 | philox_next(random)) % sum;
	for (uint32_t k = 0;; k++) {
		uint64_t weight = (uint64_t)(run->tail[run->eligible[k]] - least) + 1;

		if (drawn < weight)
			return k;
		drawn -= weight;
	}
}

/* Without chance: the longest way first. */
static void
make_order(struct run *run, struct philox *random)
{
	uint32_t eligible = 0;

	for (uint32_t i = 0; i < run->count; i++) {
		run->waiting[i] = run->net_first[i + 1] - run->net_first[i];
		if (run->waiting[i] == 0)
			heap_push(run, eligible++, i);
	}
	for (uint32_t p = 0; p < run->count; p++) {
		uint32_t k = random != NULL ? pick(run, eligible, random) : 0;
		uint32_t i = run->eligible[k];
		uint32_t w = run->group[i];

		run->try[p] = i;
		heap_remove(run, eligible--, k);
		for (uint32_t e = run->after_first[w]; e < run->after_first[w + 1]; e++) {
			uint32_t a = run->after[e];

			if (run->group_of[a] == run->group_of[w] &&
			    --run->waiting[run->number[a]] == 0)
				heap_push(run, eligible++, run->number[a]);
		}
	}
}

static int32_t
place(void *arg, uint32_t number, int32_t earliest, int32_t *start)
{
	struct run *run = arg;
	int32_t from = earliest > run->from[number] ? earliest : run->from[number];

	run->ledger.steps++;
	if (is_stopped(run))
		from = SCHEDULE_BEYOND; /* nothing is booked, and nobody sees it */
	return ledger_place(&run->ledger, run->group[number], from, run->policy->backfill, start,
	    &run->left[number]);
}

/* How good a try is: the initiative's own end, then what is left of it, then the sum of all ends. */
struct score {
	int32_t finish;
	int64_t left;
	int64_t sum;
};

static struct score
try_order(struct run *run, uint32_t initiative, const uint32_t *order)
{
	const struct sgs_net net = {.count = run->count,
	    .first = run->net_first,
	    .before = run->net_before,
	    .lag = run->net_lag};
	struct score score = {0};

	sgs_serial(&net, order, place, run, run->start, run->finish);
	for (uint32_t i = 0; i < run->count; i++) {
		score.sum += run->finish[i];
		if (!run->policy->ignores_ranks &&
		    run->problem->work[run->group[i]].initiative != initiative)
			continue;
		score.finish = run->finish[i] > score.finish ? run->finish[i] : score.finish;
		score.left += run->left[i];
	}
	return score;
}

static bool
is_better(const struct score *a, const struct score *b)
{
	if (a->finish != b->finish)
		return a->finish < b->finish;
	if (a->left != b->left)
		return a->left < b->left;
	return a->sum < b->sum;
}

static void
keep(struct run *run)
{
	for (uint32_t i = 0; i < run->count; i++) {
		struct schedule_result *result = &run->out->work[run->group[i]];

		result->start = run->start[i];
		result->finish = run->finish[i];
		result->left = run->left[i];
		result->with = run->policy->ignores_ranks
				   ? run->problem->work[run->group[i]].initiative
				   : run->group_of[run->group[i]];
	}
	for (uint32_t i = 0; i < run->count; i++)
		run->out->order[run->out->ordered++] = run->group[run->best[i]];
}

/* So many of the tries of the work at hand are done. */
static void
tell(const struct run *run, uint32_t tried)
{
	double here = (double)run->count * tried / run->policy->tries;

	if (run->policy->progress != NULL)
		run->policy->progress(
		    run->policy->arg, (run->out->ordered + here) / run->problem->works);
}

static bool
schedule_group(struct run *run, uint32_t initiative, struct err *err)
{
	size_t mark = run->ledger.count;
	struct philox random;
	struct score best, score;
	int32_t bound;

	bound =
	    run->policy->ignores_ranks ? run->out->bound : run->out->initiative[initiative].bound;
	philox_init(&random, run->policy->seed, run->problem->streams[initiative]);
	make_order(run, NULL);
	memcpy(run->best, run->try, run->count * sizeof *run->best);
	best = try_order(run, initiative, run->try);
	for (uint32_t t = 1; t < run->policy->tries && run->count > 1 && run->count <= TRIED_MAX &&
			     !run->ledger.failed && !run->is_stopped && best.finish > bound;
	     t++) {
		tell(run, t);
		ledger_undo(&run->ledger, mark);
		make_order(run, &random);
		score = try_order(run, initiative, run->try);
		if (!is_better(&score, &best))
			continue;
		best = score;
		memcpy(run->best, run->try, run->count * sizeof *run->best);
	}
	ledger_undo(&run->ledger, mark);
	try_order(run, initiative, run->best);
	if (run->ledger.failed)
		return err_oom(err);
	if (run->is_stopped)
		return err_set(err, ERR_CANCELLED, "the schedule was cancelled");
	keep(run);
	ledger_settle(&run->ledger, mark, initiative);
	return true;
}

/* ---- all of them */

static void
give_up(struct run *run, uint32_t w)
{
	const struct schedule_work *work = &run->problem->work[w];
	struct schedule_result *result = &run->out->work[w];

	result->start = SCHEDULE_BEYOND;
	result->finish = SCHEDULE_BEYOND;
	result->with = work->initiative;
	result->in_circle = run->in_circle[w] != 0;
	for (uint32_t n = work->needs_first; n < work->needs_first + work->needs_count; n++)
		result->left += run->problem->need[n].effort;
}

static void
sum_up(struct run *run)
{
	struct schedule *out = run->out;

	for (uint32_t i = 0; i < out->initiatives; i++) {
		out->initiative[i].start = SCHEDULE_BEYOND;
		out->initiative[i].last = SCHEDULE_NONE;
	}
	for (uint32_t w = 0; w < out->works; w++) {
		const struct schedule_result *result = &out->work[w];
		struct schedule_end *end = &out->initiative[run->problem->work[w].initiative];

		end->start = result->start < end->start ? result->start : end->start;
		end->left += result->left;
		if (end->last == SCHEDULE_NONE || result->finish > end->finish) {
			end->finish = result->finish;
			end->last = w;
		}
	}
	out->line = SCHEDULE_NONE;
	for (uint32_t i = out->initiatives; i-- > 0;) {
		if (out->initiative[i].finish == SCHEDULE_BEYOND)
			out->line = i;
		if (out->initiative[i].finish > out->finish)
			out->finish = out->initiative[i].finish;
	}
}

static int
compare_bookings(const void *pa, const void *pb)
{
	const struct schedule_booking *a = pa, *b = pb;

	if (a->work != b->work)
		return a->work < b->work ? -1 : 1;
	if (a->giver != b->giver)
		return a->giver < b->giver ? -1 : 1;
	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	return (a->need > b->need) - (a->need < b->need);
}

static bool
schedule_all(struct run *run, struct err *err)
{
	const struct schedule_problem *p = run->problem;

	for (uint32_t w = 0; w < p->works; w++)
		if (run->place[w] == SCHEDULE_NONE)
			give_up(run, w);
	for (uint32_t i = 0; i < p->initiatives; i++) {
		if (run->is_stopped ||
		    (run->policy->stop != NULL && run->policy->stop(run->policy->arg)))
			return err_set(err, ERR_CANCELLED, "the schedule was cancelled");
		gather(run, i);
		lay_net(run, i);
		if (run->count > 0 && !schedule_group(run, i, err))
			return false;
		if (run->count > 0)
			tell(run, 0);
	}
	sum_up(run);
	run->out->bookings = run->ledger.bookings;
	run->out->bookings_count = run->ledger.count;
	run->ledger.bookings = NULL;
	if (run->out->bookings_count > 0)
		qsort(run->out->bookings, run->out->bookings_count, sizeof *run->out->bookings,
		    compare_bookings);
	return true;
}

static void
run_fini(struct run *run)
{
	ledger_fini(&run->ledger);
	free(run->first);
	free(run->before);
	free(run->lag);
	free(run->after_first);
	free(run->after);
	free(run->order);
	free(run->place);
	free(run->in_circle);
	free(run->tail);
	free(run->length);
	free(run->by_initiative);
	free(run->initiative_first);
	free(run->is_placed);
	free(run->group_of);
	free(run->group);
	free(run->number);
	free(run->net_first);
	free(run->net_before);
	free(run->net_lag);
	free(run->from);
	free(run->try);
	free(run->best);
	free(run->waiting);
	free(run->eligible);
	free(run->start);
	free(run->finish);
	free(run->left);
	free(run->energy);
	free(run->givers);
}

static bool
run_init(struct run *run, struct err *err)
{
	size_t n = (size_t)run->problem->works + 1;

	run->order = calloc(n, sizeof *run->order);
	run->place = calloc(n, sizeof *run->place);
	run->in_circle = calloc(n, sizeof *run->in_circle);
	run->tail = calloc(n, sizeof *run->tail);
	run->length = calloc(n, sizeof *run->length);
	run->by_initiative = calloc(n, sizeof *run->by_initiative);
	run->initiative_first =
	    calloc((size_t)run->problem->initiatives + 2, sizeof *run->initiative_first);
	run->is_placed = calloc(n, sizeof *run->is_placed);
	run->group_of = malloc(n * sizeof *run->group_of);
	run->group = calloc(n, sizeof *run->group);
	run->number = calloc(n, sizeof *run->number);
	run->net_first = calloc(n + 1, sizeof *run->net_first);
	run->net_before = calloc((size_t)run->problem->arcs + 1, sizeof *run->net_before);
	run->net_lag = calloc((size_t)run->problem->arcs + 1, sizeof *run->net_lag);
	run->from = calloc(n, sizeof *run->from);
	run->try = calloc(n, sizeof *run->try);
	run->best = calloc(n, sizeof *run->best);
	run->waiting = calloc(n, sizeof *run->waiting);
	run->eligible = calloc(n, sizeof *run->eligible);
	run->start = calloc(n, sizeof *run->start);
	run->finish = calloc(n, sizeof *run->finish);
	run->left = calloc(n, sizeof *run->left);
	run->energy = calloc((size_t)run->problem->givers + 1, sizeof *run->energy);
	run->givers = calloc((size_t)run->problem->givers + 1, sizeof *run->givers);
	if (run->order == NULL || run->place == NULL || run->in_circle == NULL ||
	    run->tail == NULL || run->length == NULL || run->by_initiative == NULL ||
	    run->initiative_first == NULL || run->is_placed == NULL || run->group_of == NULL ||
	    run->group == NULL || run->number == NULL || run->net_first == NULL ||
	    run->net_before == NULL || run->net_lag == NULL || run->from == NULL ||
	    run->try == NULL || run->best == NULL || run->waiting == NULL ||
	    run->eligible == NULL || run->start == NULL || run->finish == NULL ||
	    run->left == NULL || run->energy == NULL || run->givers == NULL)
		return err_oom(err);
	for (size_t w = 0; w < n; w++)
		run->group_of[w] = SCHEDULE_NONE;
	return lay_arcs(run, err) && ledger_init(&run->ledger, run->problem, err);
}

static struct schedule *
schedule_new(const struct schedule_problem *problem)
{
	struct schedule *schedule = calloc(1, sizeof *schedule);

	if (schedule == NULL)
		return NULL;
	schedule->works = problem->works;
	schedule->initiatives = problem->initiatives;
	schedule->work = calloc((size_t)problem->works + 1, sizeof *schedule->work);
	schedule->initiative =
	    calloc((size_t)problem->initiatives + 1, sizeof *schedule->initiative);
	schedule->order = calloc((size_t)problem->works + 1, sizeof *schedule->order);
	if (schedule->work != NULL && schedule->initiative != NULL && schedule->order != NULL)
		return schedule;
	schedule_free(schedule);
	return NULL;
}

struct schedule *
schedule_run(
    const struct schedule_problem *problem, const struct schedule_policy *policy, struct err *err)
{
	struct run run = {.problem = problem, .policy = policy};
	bool ok = false;

	if (policy->tries < 1 || policy->tries > LIMIT_SCHEDULE_TRIES) {
		err_set(
		    err, ERR_INVALID, "the number of tries must be 1 to %u", LIMIT_SCHEDULE_TRIES);
		return NULL;
	}
	if (!check_sizes(problem, err) || !check_givers(problem, err) || !check_work(problem, err))
		return NULL;
	run.out = schedule_new(problem);
	if (run.out == NULL) {
		err_oom(err);
		return NULL;
	}
	run.out->ignores_ranks = policy->ignores_ranks;
	if (run_init(&run, err)) {
		sort(&run);
		lay_initiatives(&run);
		measure(&run);
		raise_bounds(&run);
		ok = schedule_all(&run, err);
	}
	run_fini(&run);
	if (ok)
		return run.out;
	schedule_free(run.out);
	return NULL;
}

void
schedule_free(struct schedule *schedule)
{
	if (schedule == NULL)
		return;
	free(schedule->work);
	free(schedule->initiative);
	free(schedule->bookings);
	free(schedule->order);
	free(schedule);
}
