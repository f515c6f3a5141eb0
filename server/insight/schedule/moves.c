/* See moves.h. */
#include "server/insight/schedule/moves.h"

#include <stdlib.h>
#include <string.h>

#include "server/insight/schedule/moves_internal.h"
#include "server/limits.h"

#define DAYS_A_PIECE 64u /* that are gone through in the time in which one piece is laid */
#define REPORT_EVERY 16u

/* Candidates by number, in order. */
struct combination {
	uint32_t picked[MOVES_DEPTH_MAX];
	uint32_t count;
};

struct search {
	const struct moves_ask *ask;
	struct moves *out;
	struct moves_lab ahead;
	struct moves_lab whole;
	struct moves_lab alone;
	struct schedule *before; /* of the whole, as it is */
	struct moves_list list;
	uint32_t
	    *live; /* candidates that do not do it alone: only they can be in longer combinations */
	uint32_t count;      /* of these */
	uint32_t rank_moves; /* of these, the first so many change ranks */
	struct combination *found;
	size_t found_count;
	size_t found_cap;
	uint64_t spent; /* of ask->work */
};

/* ---- trying */

/* What a schedule takes: laying work, and beside that going through all days. */
static uint64_t
work_of(const struct moves_lab *lab, uint32_t tries)
{
	return (uint64_t)lab->problem.works * tries +
	       (uint64_t)lab->problem.givers * (uint64_t)lab->problem.days / DAYS_A_PIECE + 1;
}

static struct schedule *
lay(struct search *s, struct moves_lab *lab, struct move *moves, uint32_t count, uint32_t tries,
    struct err *err)
{
	struct schedule_policy policy = s->ask->policy;

	policy.tries = tries;
	if (policy.stop != NULL && policy.stop(policy.arg)) {
		err_set(err, ERR_CANCELLED, "looking for moves was cancelled");
		return NULL;
	}
	moves_lab_change(lab, moves, count);
	s->spent += work_of(lab, tries);
	return schedule_run(&lab->problem, &policy, err);
}

/* The target's end with these changes; SCHEDULE_BEYOND where no schedule ends it in time, whatever the ranks; -1: err. */
static int32_t
try_moves(struct search *s, struct move *moves, uint32_t count, struct err *err)
{
	struct schedule *schedule = lay(s, &s->alone, moves, count, 1, err);
	int32_t finish;

	if (schedule == NULL)
		return -1;
	finish = schedule->initiative[s->alone.place[s->ask->target]].bound;
	schedule_free(schedule);
	if (finish > s->ask->by)
		return SCHEDULE_BEYOND;
	schedule = lay(s, &s->ahead, moves, count, s->ask->policy.tries, err);
	if (schedule == NULL)
		return -1;
	finish = schedule->initiative[s->ahead.place[s->ask->target]].finish;
	schedule_free(schedule);
	return finish;
}

static uint32_t
take(const struct search *s, const struct combination *combination, struct move *moves)
{
	for (uint32_t k = 0; k < combination->count; k++)
		moves[k] = s->list.list[combination->picked[k]];
	return combination->count;
}

/* ---- combinations */

static uint64_t
choose(uint64_t n, uint32_t k)
{
	uint64_t ways = 1;

	for (uint32_t i = 0; i < k; i++)
		ways = n >= i ? ways * (n - i) / (i + 1) : 0;
	return ways;
}

/* With one that changes ranks at most. */
static uint64_t
combinations(const struct search *s, uint32_t size)
{
	uint64_t others = s->count - s->rank_moves;

	return choose(others, size) + s->rank_moves * choose(others, size - 1);
}

/* The next of its size in order; false: that was the last. */
static bool
next(const struct search *s, struct combination *c)
{
	for (uint32_t k = c->count; k-- > 0;) {
		uint32_t at = c->picked[k] + 1;

		/* One that changes ranks stands first, and alone. */
		if (k > 0 && at < s->rank_moves)
			at = s->rank_moves;
		if (at + (c->count - k) > s->count)
			continue;
		for (uint32_t j = k; j < c->count; j++, at++) {
			if (j > 0 && at < s->rank_moves)
				at = s->rank_moves;
			c->picked[j] = at;
		}
		if (c->picked[c->count - 1] < s->count)
			return true;
	}
	return false;
}

static bool
first(const struct search *s, struct combination *c)
{
	for (uint32_t k = 0; k < c->count; k++)
		c->picked[k] = k > 0 && s->rank_moves > 0 ? s->rank_moves + k - 1 : k;
	return c->picked[c->count - 1] < s->count;
}

static bool
is_within(const struct combination *small, const struct combination *large)
{
	uint32_t k = 0;

	for (uint32_t j = 0; j < large->count && k < small->count; j++)
		k += large->picked[j] == small->picked[k];
	return k == small->count;
}

static bool
has_shorter(const struct search *s, const struct combination *c, size_t shorter)
{
	for (size_t i = 0; i < shorter; i++)
		if (is_within(&s->found[i], c))
			return true;
	return false;
}

/* With candidates by their own numbers. */
static struct combination
named(const struct search *s, const struct combination *c)
{
	struct combination out = {.count = c->count};

	for (uint32_t k = 0; k < c->count; k++)
		out.picked[k] = s->live[c->picked[k]];
	return out;
}

static bool
keep(struct search *s, const struct combination *c, struct err *err)
{
	if (s->found_count == s->found_cap) {
		size_t cap = s->found_cap == 0 ? 64 : 2 * s->found_cap;
		struct combination *grown = realloc(s->found, cap * sizeof *grown);

		if (grown == NULL)
			return err_oom(err);
		s->found = grown;
		s->found_cap = cap;
	}
	s->found[s->found_count++] = *c;
	return true;
}

static bool
look_at(struct search *s, const struct combination *c, struct err *err)
{
	struct move moves[MOVES_DEPTH_MAX];
	int32_t finish = try_moves(s, moves, take(s, c, moves), err);

	return finish >= 0 && (finish > s->ask->by || keep(s, c, err));
}

/* All of one size; as many as may be laid. */
static bool
look(struct search *s, uint32_t size, struct err *err)
{
	struct combination places = {.count = size};
	size_t shorter = s->found_count;

	if (size > s->count || !first(s, &places))
		return true;
	do {
		struct combination c = named(s, &places);

		if (!has_shorter(s, &c, shorter)) {
			if (s->spent >= s->ask->work)
				return true;
			if (!look_at(s, &c, err))
				return false;
		}
		s->out->looked++;
		if (s->ask->progress != NULL && s->out->looked % REPORT_EVERY == 0)
			s->ask->progress(s->ask->progress_arg, s->out->looked, s->out->total);
	} while (next(s, &places));
	return true;
}

/* What does it alone is in nothing longer. */
static void
choose_live(struct search *s)
{
	size_t done = 0;

	s->count = s->rank_moves = 0;
	for (uint32_t i = 0; i < s->list.count; i++) {
		if (done < s->found_count && s->found[done].picked[0] == i) {
			done++;
			continue;
		}
		s->rank_moves += s->list.list[i].kind <= MOVE_SWAP;
		s->live[s->count++] = i;
	}
}

static bool
look_for_all(struct search *s, struct err *err)
{
	struct moves *out = s->out;

	s->live = calloc((size_t)s->list.count + 1, sizeof *s->live);
	if (s->live == NULL)
		return err_oom(err);
	out->candidates = s->list.count;
	out->left_out = s->list.left_out;
	for (uint32_t size = 1;
	     size <= s->ask->depth && s->found_count < s->ask->most && out->looked == out->total;
	     size++) {
		/* Longer than one, there are only those of one in found. */
		if (size <= 2)
			choose_live(s);
		if (combinations(s, size) == 0)
			break;
		out->depth = size;
		out->total += combinations(s, size);
		if (!look(s, size, err))
			return false;
	}
	out->found = s->found_count;
	return true;
}

/* ---- the least of each */

/* One amount, the others as they are: halves the way between one that is too little and one that does it. */
static bool
bring_down(struct search *s, struct move *moves, uint32_t count, uint32_t which, struct err *err)
{
	/* Without a rank, one gets at least the last. */
	int32_t little = moves[which].kind == MOVE_RAISE && s->ask->target > s->ask->ranked
			     ? (int32_t)(s->ask->target - s->ask->ranked) - 1
			     : 0;
	int32_t enough = moves[which].amount;

	while (enough - little > 1) {
		int32_t finish;

		moves[which].amount = little + (enough - little) / 2;
		finish = try_moves(s, moves, count, err);
		if (finish < 0)
			return false;
		if (finish <= s->ask->by)
			enough = moves[which].amount;
		else
			little = moves[which].amount;
	}
	moves[which].amount = enough;
	return true;
}

/* ---- what it costs */

static bool
weigh(struct search *s, const struct schedule *after, struct moves_way *way, struct err *err)
{
	uint32_t initiatives = s->ask->problem->initiatives;

	way->costs = malloc(((size_t)initiatives + 1) * sizeof *way->costs);
	if (way->costs == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < initiatives; i++) {
		int32_t was = s->before->initiative[i].finish;
		int32_t is = after->initiative[s->whole.place[i]].finish;

		if (i == s->ask->target || is == was)
			continue;
		way->sooner += is < was;
		if (is < was)
			continue;
		way->costs[way->costs_count++] = (struct moves_cost){i, was, is};
		if (is >= SCHEDULE_BEYOND)
			way->below++;
		else
			way->days += is - was;
	}
	return true;
}

/* Whose place it takes: what stands there as it is. */
static void
name_places(const struct search *s, struct moves_way *way)
{
	for (uint32_t m = 0; m < way->count; m++) {
		if (way->moves[m].kind == MOVE_RAISE || way->moves[m].kind == MOVE_SWAP)
			way->moves[m].initiative = s->ask->target - (uint32_t)way->moves[m].amount;
		way->effort += way->moves[m].effort;
	}
}

/* With the whole plan. */
static bool
verify(struct search *s, struct moves_way *way, struct err *err)
{
	struct schedule *after;
	bool ok;

	after = lay(s, &s->whole, way->moves, way->count, s->ask->policy.tries, err);
	if (after == NULL)
		return false;
	way->finish = after->initiative[s->whole.place[s->ask->target]].finish;
	name_places(s, way);
	/* Lower ranks change nothing (see moves_lab_open()). */
	ok = way->finish <= s->ask->by
		 ? weigh(s, after, way, err)
		 : err_set(err, ERR_INTERNAL, "a schedule depends on lower ranks");
	schedule_free(after);
	return ok;
}

static int
compare_ways(const void *pa, const void *pb)
{
	const struct moves_way *a = pa, *b = pb;

	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	if (a->below != b->below)
		return a->below < b->below ? -1 : 1;
	if (a->days != b->days)
		return a->days < b->days ? -1 : 1;
	if (a->effort != b->effort)
		return a->effort < b->effort ? -1 : 1;
	for (uint32_t m = 0; m < a->count; m++) {
		if (a->moves[m].kind != b->moves[m].kind)
			return a->moves[m].kind < b->moves[m].kind ? -1 : 1;
		if (a->moves[m].initiative != b->moves[m].initiative)
			return a->moves[m].initiative < b->moves[m].initiative ? -1 : 1;
		if (a->moves[m].to != b->moves[m].to)
			return a->moves[m].to < b->moves[m].to ? -1 : 1;
		if (a->moves[m].from != b->moves[m].from)
			return a->moves[m].from < b->moves[m].from ? -1 : 1;
		if (a->moves[m].work != b->moves[m].work)
			return a->moves[m].work < b->moves[m].work ? -1 : 1;
		if (a->moves[m].need != b->moves[m].need)
			return a->moves[m].need < b->moves[m].need ? -1 : 1;
	}
	return 0;
}

/* Changing places with the next one up is going up one place. */
static bool
is_twice(const struct moves_way *way)
{
	return way->moves[0].kind == MOVE_SWAP && way->moves[0].amount == 1;
}

/* Brought down one after the other, from that one on. */
static bool
bring_all_down(struct search *s, const struct combination *c, uint32_t from, struct moves_way *way,
    struct err *err)
{
	*way = (struct moves_way){0};
	way->count = take(s, c, way->moves);
	for (uint32_t k = 0; k < way->count; k++)
		if (!bring_down(s, way->moves, way->count, (from + k) % way->count, err))
			return false;
	return verify(s, way, err);
}

static void
swap_ways(struct moves_way *a, struct moves_way *b)
{
	struct moves_way kept = *a;

	*a = *b;
	*b = kept;
}

/* Each is brought down first once; the best of these is kept. */
static bool
compare_one(struct search *s, const struct combination *c, struct err *err)
{
	struct moves_way *best = &s->out->ways[s->out->ways_count];
	bool ok = bring_all_down(s, c, 0, best, err);

	for (uint32_t from = 1; ok && from < c->count; from++) {
		struct moves_way way;

		ok = bring_all_down(s, c, from, &way, err);
		if (ok && compare_ways(&way, best) < 0)
			swap_ways(&way, best);
		free(way.costs);
	}
	s->out->compared++;
	if (ok && !is_twice(best)) {
		s->out->ways_count++;
		return true;
	}
	free(best->costs);
	*best = (struct moves_way){0};
	return ok;
}

static bool
compare_found(struct search *s, struct err *err)
{
	struct moves *out = s->out;
	uint64_t until = s->spent + s->ask->work / 2;

	out->ways = calloc(s->found_count + 1, sizeof *out->ways);
	if (out->ways == NULL)
		return err_oom(err);
	for (size_t i = 0; i < s->found_count; i++) {
		if (out->compared >= s->ask->most && s->spent >= until)
			break;
		if (!compare_one(s, &s->found[i], err))
			return false;
	}
	if (out->ways_count > 1)
		qsort(out->ways, out->ways_count, sizeof *out->ways, compare_ways);
	while (out->ways_count > s->ask->most)
		free(out->ways[--out->ways_count].costs);
	return true;
}

/* ---- why not */

/* What the target asks of each, and of its team, against all that they have. */
static bool
find_short(struct search *s, struct err *err)
{
	const struct schedule_problem *p = s->ask->problem;
	int64_t *asked = calloc((size_t)p->givers + 1, sizeof *asked);

	if (asked == NULL)
		return err_oom(err);
	for (uint32_t w = 0; w < p->works; w++) {
		for (uint32_t n = 0; n < p->work[w].needs_count; n++) {
			const struct schedule_need *need = &p->need[p->work[w].needs_first + n];

			if (p->work[w].initiative != s->ask->target || need->giver == SCHEDULE_NONE)
				continue;
			asked[need->giver] += need->effort;
			if (p->home[need->giver] != SCHEDULE_NONE)
				asked[p->home[need->giver]] += need->effort;
		}
	}
	for (uint32_t g = 0; g < p->givers; g++) {
		int64_t has = 0;

		for (int32_t day = 0; day < s->ask->by; day++)
			has += p->capacity[(size_t)g * (size_t)p->days + (size_t)day];
		if (asked[g] - has <= s->out->short_asked - s->out->short_has)
			continue;
		s->out->short_giver = g;
		s->out->short_asked = asked[g];
		s->out->short_has = has;
	}
	free(asked);
	return true;
}

static bool
look_alone(struct search *s, struct err *err)
{
	struct move move = moves_move(MOVE_RAISE, SCHEDULE_NONE, (int32_t)s->ask->target);
	struct schedule *schedule;

	move.amount = move.most;
	schedule = lay(s, &s->ahead, &move, move.most > 0, s->ask->policy.tries, err);
	if (schedule == NULL)
		return false;
	s->out->alone = schedule->initiative[s->ahead.place[s->ask->target]].finish;
	schedule_free(schedule);
	return find_short(s, err);
}

/* ---- all of it */

static bool
check_extra(const struct moves_ask *ask)
{
	const struct schedule_problem *p = ask->problem;

	for (uint32_t i = 0; i < ask->extra_count; i++) {
		const struct move *m = &ask->extra[i];

		if ((m->kind != MOVE_TAKE && m->kind != MOVE_JOIN) || m->to >= p->givers ||
		    m->work >= p->works || m->most < 1 || m->most > 100 ||
		    p->work[m->work].needs_count == 0 ||
		    (m->kind == MOVE_TAKE &&
			m->need - p->work[m->work].needs_first >= p->work[m->work].needs_count))
			return false;
	}
	return true;
}

static bool
check_ask(const struct moves_ask *ask, struct err *err)
{
	if (ask->target >= ask->problem->initiatives || ask->by < 1 ||
	    ask->by > ask->problem->days || (ask->target < ask->ranked && !ask->is_ranked) ||
	    ask->ranked > ask->problem->initiatives || ask->lent < 0 ||
	    ask->lent > ask->problem->days || ask->depth < 1 || ask->depth > MOVES_DEPTH_MAX ||
	    ask->most < 1 || ask->policy.ignores_ranks || !check_extra(ask))
		return err_set(err, ERR_INVALID, "what is asked of moves is out of range");
	return true;
}

static bool
run(struct search *s, struct err *err)
{
	const struct moves_ask *ask = s->ask;
	struct moves *out = s->out;

	s->before = schedule_run(ask->problem, &ask->policy, err);
	if (s->before == NULL)
		return false;
	out->finish = s->before->initiative[ask->target].finish;
	out->bound = s->before->initiative[ask->target].bound;
	out->left = s->before->initiative[ask->target].left;
	out->is_there = out->finish <= ask->by;
	if (!moves_lab_open(&s->ahead, ask, MOVES_AHEAD, err) || !look_alone(s, err))
		return false;
	if (out->is_there)
		return true;
	if (!moves_lab_open(&s->whole, ask, MOVES_WHOLE, err) ||
	    !moves_lab_open(&s->alone, ask, MOVES_ALONE, err) ||
	    !moves_list_fill(&s->list, &s->ahead, s->before, err) || !look_for_all(s, err))
		return false;
	return compare_found(s, err);
}

struct moves *
moves_find(const struct moves_ask *ask, struct err *err)
{
	struct search s = {.ask = ask, .out = calloc(1, sizeof *s.out)};
	bool ok;

	if (s.out == NULL) {
		err_oom(err);
		return NULL;
	}
	s.out->short_giver = SCHEDULE_NONE;
	ok = check_ask(ask, err) && run(&s, err);
	moves_lab_close(&s.ahead);
	moves_lab_close(&s.whole);
	moves_lab_close(&s.alone);
	schedule_free(s.before);
	free(s.list.list);
	free(s.live);
	free(s.found);
	if (ok)
		return s.out;
	moves_free(s.out);
	return NULL;
}

void
moves_free(struct moves *moves)
{
	if (moves == NULL)
		return;
	for (uint32_t w = 0; w < moves->ways_count; w++)
		free(moves->ways[w].costs);
	free(moves->ways);
	free(moves);
}
