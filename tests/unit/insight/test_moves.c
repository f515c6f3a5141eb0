/* Moves: plans worked out by hand, and plans by chance against a twin that goes through all sets of changes in another way. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/schedule/moves.h"
#include "server/insight/schedule/philox.h"

#define DAYS_MAX       12
#define GIVERS_MAX     3
#define RANKS_MAX      4
#define WORKS_MAX      12
#define ARCS_MAX       12
#define CANDIDATES_MAX 32
#define SETS_MAX       6000

/* A problem with room of its own. */
struct plan {
	struct schedule_problem p;
	int32_t capacity[GIVERS_MAX * DAYS_MAX];
	uint32_t home[GIVERS_MAX];
	bool lends[GIVERS_MAX];
	uint64_t streams[RANKS_MAX];
	struct schedule_work work[WORKS_MAX];
	int32_t starts[WORKS_MAX];
	struct schedule_need need[WORKS_MAX];
	struct schedule_arc arc[ARCS_MAX];
};

static struct err err;

/* A copy's pointers lead into the copy. */
static void
settle(struct plan *plan)
{
	plan->p.capacity = plan->capacity;
	plan->p.home = plan->home;
	plan->p.streams = plan->streams;
	plan->p.work = plan->work;
	plan->p.need = plan->need;
	plan->p.arc = plan->arc;
}

static void
begin(struct plan *plan, int32_t days, uint32_t givers, uint32_t initiatives)
{
	memset(plan, 0, sizeof *plan);
	plan->p.days = days;
	plan->p.givers = givers;
	plan->p.initiatives = initiatives;
	for (uint32_t g = 0; g < givers; g++) {
		plan->home[g] = SCHEDULE_NONE;
		plan->lends[g] = true;
		for (int32_t day = 0; day < days; day++)
			plan->capacity[(int32_t)g * days + day] = 100;
	}
	for (uint32_t i = 0; i < initiatives; i++)
		plan->streams[i] = 1000 + i;
	settle(plan);
}

static uint32_t
add(struct plan *plan, uint32_t initiative, uint32_t giver, int64_t effort, int32_t not_before)
{
	ck_assert_uint_lt(plan->p.works, WORKS_MAX);
	plan->need[plan->p.needs] = (struct schedule_need){.giver = giver, .effort = effort};
	plan->work[plan->p.works] = (struct schedule_work){.initiative = initiative,
	    .needs_first = plan->p.needs++,
	    .needs_count = 1,
	    .not_before = not_before};
	plan->starts[plan->p.works] = not_before;
	return plan->p.works++;
}

static void
add_arc(struct plan *plan, uint32_t before, uint32_t after)
{
	ck_assert_uint_lt(plan->p.arcs, ARCS_MAX);
	plan->arc[plan->p.arcs++] = (struct schedule_arc){before, after, 0};
}

static struct moves_ask
ask_of(const struct plan *plan, uint32_t target, int32_t by)
{
	return (struct moves_ask){.problem = &plan->p,
	    .policy = {.backfill = true, .tries = 3, .seed = 1},
	    .target = target,
	    .by = by,
	    .ranked = plan->p.initiatives,
	    .is_ranked = true,
	    .work = UINT64_MAX,
	    .lends = plan->lends,
	    .lent = plan->p.days,
	    .starts = plan->starts,
	    .depth = 3,
	    .most = 5};
}

static struct moves *
find(const struct moves_ask *ask)
{
	struct moves *moves;

	err = (struct err){0};
	moves = moves_find(ask, &err);
	ck_assert_msg(moves != NULL, "%s", err.msg);
	return moves;
}

static void
is_way(const struct moves *moves, uint32_t w, enum move_kind kind, uint32_t initiative,
    int32_t amount, int64_t effort, uint32_t below)
{
	const struct moves_way *way = &moves->ways[w];

	ck_assert_uint_lt(w, moves->ways_count);
	ck_assert_uint_eq(way->count, 1);
	ck_assert_msg(way->moves[0].kind == kind && way->moves[0].initiative == initiative &&
			  way->moves[0].amount == amount && way->effort == effort &&
			  way->below == below,
	    "way %u: kind %d of %u by %d, effort %d, %u below", w, way->moves[0].kind,
	    way->moves[0].initiative, way->moves[0].amount, (int)way->effort, way->below);
}

/* ---- by hand */

/*
 * One team with a day a day for 5 days; two initiatives of 3 days each. Together they lack a day.
 * - More: 5 days of 1.2 are 6; 0.2 on 5 days is 1 day.
 * - Less of either: 34 % of 3 days, rounded down to 1.02; 33 % is 0.99, too little.
 * - One place up: the other one is not finished.
 * - The other one 3 days later: the same; 2 days later it has days 2 to 4.
 */
START_TEST(each_kind_at_its_least)
{
	struct plan plan;
	struct moves_ask ask;
	struct moves *moves;

	begin(&plan, 5, 1, 2);
	add(&plan, 0, 0, 300, 0);
	add(&plan, 1, 0, 300, 0);
	ask = ask_of(&plan, 1, 5);
	moves = find(&ask);
	ck_assert(!moves->is_there);
	ck_assert_int_eq(moves->finish, SCHEDULE_BEYOND);
	ck_assert_int_eq(moves->left, 100);
	ck_assert_int_eq(moves->alone, 3);
	ck_assert_int_eq(moves->bound, 3);
	ck_assert_uint_eq(moves->short_giver, SCHEDULE_NONE);
	ck_assert_uint_eq(moves->ways_count, 5);
	is_way(moves, 0, MOVE_ADD, SCHEDULE_NONE, 20, 100, 0);
	is_way(moves, 1, MOVE_CUT, 0, 34, 102, 0);
	is_way(moves, 2, MOVE_CUT, 1, 34, 102, 0);
	is_way(moves, 3, MOVE_RAISE, 0, 1, 0, 1);
	is_way(moves, 4, MOVE_LATER, 0, 3, 0, 1);
	ck_assert_uint_eq(moves->ways[3].costs_count, 1);
	ck_assert_uint_eq(moves->ways[3].costs[0].initiative, 0);
	ck_assert_int_eq(moves->ways[3].costs[0].before, 3);
	ck_assert_int_eq(moves->ways[3].costs[0].after, SCHEDULE_BEYOND);
	ck_assert_int_eq(moves->ways[3].finish, 3);
	/* RAISE, SWAP, LATER, CUT, CUT, ADD: all alone, all do it. */
	ck_assert_uint_eq(moves->candidates, 6);
	ck_assert_uint_eq(moves->looked, 6);
	ck_assert_uint_eq(moves->total, 6);
	ck_assert_uint_eq(moves->found, 6);
	ck_assert_uint_eq(moves->depth, 1);
	moves_free(moves);
}
END_TEST

/*
 * The only one has 2 days of work from day 4 on, and 5 days: a day earlier does it; or half of the work, or twice the people (that
 * much on 5 days).
 */
START_TEST(a_stated_start_is_moved)
{
	struct plan plan;
	struct moves_ask ask;
	struct moves *moves;

	begin(&plan, 5, 1, 1);
	add(&plan, 0, 0, 200, 4);
	ask = ask_of(&plan, 0, 5);
	moves = find(&ask);
	ck_assert_uint_eq(moves->ways_count, 3);
	is_way(moves, 0, MOVE_EARLIER, 0, 1, 0, 0);
	is_way(moves, 1, MOVE_CUT, 0, 50, 100, 0);
	is_way(moves, 2, MOVE_ADD, SCHEDULE_NONE, 100, 500, 0);
	ck_assert_int_eq(moves->bound, SCHEDULE_BEYOND);
	moves_free(moves);
}
END_TEST

/*
 * Two teams. The target asks 5 days of the first by day 4; nobody is before it. Lent: 25 % of a day on 4 days is one day;
 * the second team's own work of 4 days then ends on day 5 (4 days of 0.75 are 3), one later. A fifth less work does it as well, and a
 * quarter more people, which for the days until then are a day.
 */
START_TEST(lending_costs_the_lender)
{
	struct plan plan;
	struct moves_ask ask;
	struct moves *moves;

	begin(&plan, 6, 2, 2);
	add(&plan, 0, 0, 500, 0);
	add(&plan, 1, 1, 400, 0);
	ask = ask_of(&plan, 0, 4);
	ask.lent = 4;
	moves = find(&ask);
	ck_assert_uint_eq(moves->ways_count, 3);
	is_way(moves, 0, MOVE_CUT, 0, 20, 100, 0);
	is_way(moves, 1, MOVE_ADD, SCHEDULE_NONE, 25, 100, 0);
	is_way(moves, 2, MOVE_LEND, SCHEDULE_NONE, 25, 100, 0);
	ck_assert_uint_eq(moves->ways[2].moves[0].from, 1);
	ck_assert_uint_eq(moves->ways[2].moves[0].to, 0);
	ck_assert_int_eq(moves->ways[2].days, 1);
	ck_assert_uint_eq(moves->ways[2].costs[0].initiative, 1);
	ck_assert_int_eq(moves->ways[2].costs[0].after, 5);
	/* 5 days asked by day 4 of 4 that there are. */
	ck_assert_uint_eq(moves->short_giver, 0);
	ck_assert_int_eq(moves->short_asked, 500);
	ck_assert_int_eq(moves->short_has, 400);
	moves_free(moves);
}
END_TEST

/*
 * The target asks the first for 8 days by day 6; the second is on the lower rank for 3 days. A quarter (2 days) leaves 6; 24 %
 * leave 6.08. All of it would take the second 8 days: only with half at most it is found. The lower rank then ends 2 days later.
 */
START_TEST(one_takes_a_part_of_what_another_is_asked)
{
	struct move extra[2];
	struct plan plan;
	struct moves_ask ask;
	struct moves *moves;

	begin(&plan, 12, 2, 2);
	add(&plan, 0, 0, 800, 0);
	add(&plan, 1, 1, 300, 0);
	ask = ask_of(&plan, 0, 6);
	ask.lend_only = true;
	ask.lent = 0;
	extra[0] = moves_move(MOVE_TAKE, 0, 100);
	extra[0].from = 0;
	extra[0].to = 1;
	extra[1] = extra[0];
	extra[1].most = 50;
	ask.extra = extra;
	ask.extra_count = 2;
	moves = find(&ask);
	ck_assert_uint_eq(moves->candidates, 2);
	ck_assert_uint_eq(moves->ways_count, 1);
	is_way(moves, 0, MOVE_TAKE, 0, 25, 200, 0);
	ck_assert_int_eq(moves->ways[0].finish, 6);
	ck_assert_uint_eq(moves->ways[0].costs_count, 1);
	ck_assert_int_eq(moves->ways[0].costs[0].before, 3);
	ck_assert_int_eq(moves->ways[0].costs[0].after, 5);
	moves_free(moves);
	/* What is asked of the problem itself stays as it was. */
	ck_assert_int_eq(plan.need[0].effort, 800);
	extra[1].most = 101;
	ck_assert_ptr_null(moves_find(&ask, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	extra[1].most = 50;
	extra[1].need = 1;
	ck_assert_ptr_null(moves_find(&ask, &err));
}
END_TEST

/* All of it, where the other is as fast: the first is not asked any more. */
START_TEST(one_takes_all_of_it)
{
	struct move extra = moves_move(MOVE_TAKE, 0, 100);
	struct plan plan;
	struct moves_ask ask;
	struct moves *moves;

	/* The first gives half a day on each day: 4 days of it take 8; the second does them in 4. */
	begin(&plan, 12, 2, 1);
	for (int32_t day = 0; day < 12; day++)
		plan.capacity[day] = 50;
	add(&plan, 0, 0, 400, 0);
	ask = ask_of(&plan, 0, 4);
	ask.lend_only = true;
	ask.lent = 0;
	extra.from = 0;
	extra.to = 1;
	ask.extra = &extra;
	ask.extra_count = 1;
	moves = find(&ask);
	/* Half (2 days of 50 in 4 days) is enough. */
	is_way(moves, 0, MOVE_TAKE, 0, 50, 200, 0);
	moves_free(moves);
	/* With nothing to give there it must be all. */
	memset(plan.capacity, 0, 12 * sizeof plan.capacity[0]);
	moves = find(&ask);
	is_way(moves, 0, MOVE_TAKE, 0, 100, 400, 0);
	moves_free(moves);
}
END_TEST

/* Two members have 6 days each; a third one makes it 4 each, and 12 hundredths in thirds are 4 each. */
START_TEST(one_more_member_shares_evenly)
{
	struct move extra = moves_move(MOVE_JOIN, 0, 1);
	struct plan plan;
	struct moves_ask ask;
	struct moves *moves;

	begin(&plan, 12, 3, 1);
	(void)add(&plan, 0, 0, 600, 0);
	plan.need[1] = (struct schedule_need){.giver = 2, .effort = 600};
	plan.p.needs = 2;
	plan.work[0].needs_count = 2;
	ask = ask_of(&plan, 0, 4);
	ask.lend_only = true;
	ask.lent = 0;
	extra.to = 1;
	ask.extra = &extra;
	ask.extra_count = 1;
	moves = find(&ask);
	ck_assert_int_eq(moves->finish, 6);
	ck_assert_uint_eq(moves->ways_count, 1);
	is_way(moves, 0, MOVE_JOIN, 0, 1, 400, 0);
	ck_assert_int_eq(moves->ways[0].finish, 4);
	moves_free(moves);
}
END_TEST

/*
 * Alone with 4 times what there is: no single change of at most half or twice does it. Half of the work and twice the people do, and
 * just so: in 2 days there are 2, with twice the people 4, asked is 8.
 */
START_TEST(two_together_where_one_is_too_little)
{
	struct plan plan;
	struct moves_ask ask;
	struct moves *moves;

	begin(&plan, 2, 1, 1);
	add(&plan, 0, 0, 800, 0);
	ask = ask_of(&plan, 0, 2);
	moves = find(&ask);
	ck_assert_uint_eq(moves->ways_count, 1);
	ck_assert_uint_eq(moves->depth, 2);
	ck_assert_uint_eq(moves->looked, 3);
	ck_assert_uint_eq(moves->ways[0].count, 2);
	ck_assert_int_eq(moves->ways[0].moves[0].kind, MOVE_CUT);
	ck_assert_int_eq(moves->ways[0].moves[0].amount, 50);
	ck_assert_int_eq(moves->ways[0].moves[1].kind, MOVE_ADD);
	ck_assert_int_eq(moves->ways[0].moves[1].amount, 100);
	moves_free(moves);
	/* At depth 1 there is none; nor with a hundredth more. */
	ask.depth = 1;
	moves = find(&ask);
	ck_assert_uint_eq(moves->ways_count, 0);
	ck_assert_uint_eq(moves->looked, 2);
	moves_free(moves);
	plan.need[0].effort = 802;
	ask.depth = 3;
	moves = find(&ask);
	ck_assert_uint_eq(moves->ways_count, 0);
	ck_assert_uint_eq(moves->looked, 3);
	ck_assert_uint_eq(moves->total, 3);
	moves_free(moves);
}
END_TEST

/*
 * Places: 1 day each of one team, and the target, third of four, by day 2: one place up is enough, whoever it changes places with;
 * by day 1 it is two. Going up delays two by a day each, changing places one by two; the fourth is not touched.
 */
START_TEST(the_next_place_that_is_enough)
{
	struct plan plan;
	struct moves_ask ask;
	struct moves *moves;

	begin(&plan, 4, 1, 4);
	for (uint32_t i = 0; i < 4; i++)
		add(&plan, i, 0, 100, 0);
	ask = ask_of(&plan, 2, 2);
	moves = find(&ask);
	for (uint32_t w = 0; w < moves->ways_count; w++)
		ck_assert_int_ne(moves->ways[w].moves[0].kind, MOVE_SWAP);
	moves_free(moves);
	ask.by = 1;
	ask.depth = 1;
	ask.most = 20;
	moves = find(&ask);
	for (uint32_t w = 0; w < moves->ways_count; w++) {
		const struct moves_way *way = &moves->ways[w];

		if (way->moves[0].kind > MOVE_SWAP)
			continue;
		ck_assert_int_eq(way->moves[0].amount, 2);
		ck_assert_uint_eq(way->moves[0].initiative, 0);
		ck_assert_int_eq(way->days, 2);
		ck_assert_uint_eq(way->costs_count, way->moves[0].kind == MOVE_RAISE ? 2 : 1);
	}
	ck_assert_uint_ge(moves->ways_count, 2);
	moves_free(moves);
	/* One without a rank gets one, the last or a better; it changes places with nobody. */
	ask.ranked = 1;
	ask.by = 2;
	moves = find(&ask);
	for (uint32_t w = 0; w < moves->ways_count; w++) {
		ck_assert_int_ne(moves->ways[w].moves[0].kind, MOVE_SWAP);
		if (moves->ways[w].moves[0].kind == MOVE_RAISE)
			ck_assert_int_eq(moves->ways[w].moves[0].amount, 1);
	}
	moves_free(moves);
	ask.target = 3;
	ask.by = 3;
	moves = find(&ask);
	for (uint32_t w = 0; w < moves->ways_count; w++)
		if (moves->ways[w].moves[0].kind == MOVE_RAISE)
			ck_assert_int_eq(moves->ways[w].moves[0].amount, 2);
	moves_free(moves);
	/* What can have none changes none. */
	ask.is_ranked = false;
	moves = find(&ask);
	for (uint32_t w = 0; w < moves->ways_count; w++)
		ck_assert_int_gt(moves->ways[w].moves[0].kind, MOVE_SWAP);
	moves_free(moves);
}
END_TEST

START_TEST(what_is_in_time_needs_nothing)
{
	struct plan plan;
	struct moves_ask ask;
	struct moves *moves;

	begin(&plan, 5, 1, 1);
	add(&plan, 0, 0, 200, 0);
	ask = ask_of(&plan, 0, 2);
	moves = find(&ask);
	ck_assert(moves->is_there);
	ck_assert_int_eq(moves->finish, 2);
	ck_assert_uint_eq(moves->looked, 0);
	ck_assert_uint_eq(moves->ways_count, 0);
	moves_free(moves);
}
END_TEST

static bool
stop_after(void *arg)
{
	return (*(int *)arg)-- <= 0;
}

START_TEST(it_keeps_to_its_limits)
{
	struct plan plan;
	struct moves_ask ask;
	struct moves *moves;
	int calls;

	begin(&plan, 2, 1, 1);
	add(&plan, 0, 0, 800, 0);
	ask = ask_of(&plan, 0, 2);
	/*
	 * A schedule of one piece of work in 3 orders takes 4, a bound 2. One schedule tells how it is alone; the bounds of less work and
	 * of more people say that neither is enough; with both there is a bound and a schedule.
	 */
	ask.work = 8;
	moves = find(&ask);
	ck_assert_uint_eq(moves->looked, 2);
	ck_assert_uint_eq(moves->total, 3);
	ck_assert_uint_eq(moves->ways_count, 0);
	moves_free(moves);
	ask.work = 9;
	moves = find(&ask);
	ck_assert_uint_eq(moves->looked, 3);
	ck_assert_uint_eq(moves->ways_count, 1);
	moves_free(moves);
	/* Stopped wherever it asks. */
	ask.policy.stop = stop_after;
	ask.policy.arg = &calls;
	moves = NULL;
	for (int after = 0; moves == NULL; after++) {
		calls = after;
		err = (struct err){0};
		moves = moves_find(&ask, &err);
		ck_assert_int_eq(err.code, moves == NULL ? ERR_CANCELLED : ERR_OK);
		ck_assert_int_lt(after, 1000);
	}
	ck_assert_uint_eq(moves->ways_count, 1);
	moves_free(moves);
}
END_TEST

START_TEST(what_is_out_of_range_is_refused)
{
	struct plan plan;
	struct moves_ask good, ask;

	begin(&plan, 5, 1, 1);
	add(&plan, 0, 0, 200, 0);
	good = ask_of(&plan, 0, 2);
	for (int i = 0; i < 9; i++) {
		ask = good;
		switch (i) {
		case 0:
			ask.target = 1;
			break;
		case 1:
			ask.by = 0;
			break;
		case 2:
			ask.by = 6;
			break;
		case 3:
			ask.ranked = 2;
			break;
		case 4:
			ask.lent = 6;
			break;
		case 5:
			ask.depth = 0;
			break;
		case 6:
			ask.depth = MOVES_DEPTH_MAX + 1;
			break;
		case 7:
			ask.most = 0;
			break;
		default:
			ask.policy.ignores_ranks = true;
		}
		err = (struct err){0};
		ck_assert_ptr_null(moves_find(&ask, &err));
		ck_assert_int_eq(err.code, ERR_INVALID);
	}
}
END_TEST

/* ---- the twin: changes plans itself, schedules the whole of each, and goes through sets as numbers in base two */

struct twin {
	const struct plan *plan;
	const struct moves_ask *ask;
	struct move list[CANDIDATES_MAX];
	uint32_t count;
	uint8_t does[1u << 20]; /* by set: 1 does it, and none within it does */
};

static void
change(const struct twin *twin, struct plan *out, const struct move *move, uint32_t *order)
{
	int32_t days = out->p.days;
	uint32_t target = twin->ask->target;

	for (int32_t k = 0; move->kind == MOVE_RAISE && k < move->amount; k++) {
		order[target - (uint32_t)k] = order[target - (uint32_t)k - 1];
		order[target - (uint32_t)k - 1] = target;
	}
	if (move->kind == MOVE_SWAP) {
		order[target] = target - (uint32_t)move->amount;
		order[target - (uint32_t)move->amount] = target;
	}
	for (uint32_t w = 0; w < out->p.works; w++) {
		int32_t *start = &out->work[w].not_before;
		int64_t *effort = &out->need[out->work[w].needs_first].effort;

		if (twin->plan->work[w].initiative != move->initiative)
			continue;
		if (move->kind == MOVE_EARLIER && twin->plan->starts[w] > 0)
			*start = *start - move->amount < 0 ? 0 : *start - move->amount;
		if (move->kind == MOVE_LATER && *start < move->since + move->amount)
			*start = move->since + move->amount;
		if (move->kind == MOVE_CUT)
			*effort -= *effort * move->amount / 100;
	}
	for (int32_t day = 0; day < twin->ask->lent; day++) {
		int32_t from = (int32_t)move->from * days + day,
			to = (int32_t)move->to * days + day;
		int32_t part;

		if (move->kind == MOVE_ADD)
			out->capacity[to] += twin->plan->capacity[to] * move->amount / 100;
		if (move->kind != MOVE_LEND)
			continue;
		part = twin->plan->capacity[from] * move->amount / 100;
		part = part < out->capacity[from] ? part : out->capacity[from];
		out->capacity[from] -= part;
		out->capacity[to] += part;
	}
}

static struct schedule *
schedule_with(const struct twin *twin, const struct move *moves, uint32_t count, uint32_t *place)
{
	struct plan plan = *twin->plan;
	uint32_t order[RANKS_MAX];
	struct schedule *schedule;

	settle(&plan);
	for (uint32_t i = 0; i < plan.p.initiatives; i++)
		order[i] = i;
	for (uint32_t m = 0; m < count; m++)
		change(twin, &plan, &moves[m], order);
	for (uint32_t i = 0; i < plan.p.initiatives; i++) {
		place[order[i]] = i;
		plan.streams[i] = twin->plan->streams[order[i]];
	}
	for (uint32_t w = 0; w < plan.p.works; w++)
		plan.work[w].initiative = place[twin->plan->work[w].initiative];
	schedule = schedule_run(&plan.p, &twin->ask->policy, &err);
	ck_assert_msg(schedule != NULL, "%s", err.msg);
	return schedule;
}

static bool
is_in_time(const struct twin *twin, const struct move *moves, uint32_t count)
{
	uint32_t place[RANKS_MAX];
	struct schedule *schedule = schedule_with(twin, moves, count, place);
	bool is = schedule->initiative[place[twin->ask->target]].finish <= twin->ask->by;

	schedule_free(schedule);
	return is;
}

static void
list(struct twin *twin, enum move_kind kind, uint32_t initiative, uint32_t from, uint32_t to,
    int32_t most, int32_t since)
{
	ck_assert_uint_lt(twin->count, 20);
	if (most > 0)
		twin->list[twin->count++] = (struct move){.kind = kind,
		    .initiative = initiative,
		    .from = from,
		    .to = to,
		    .amount = most,
		    .most = most,
		    .since = since};
}

/* Does the target wait for it, at however many removes, or is it of a rank that is no worse? */
static bool
is_ahead(const struct plan *plan, uint32_t target, uint32_t w, unsigned depth)
{
	if (plan->work[w].initiative <= target)
		return true;
	for (uint32_t e = 0; depth < WORKS_MAX && e < plan->p.arcs; e++)
		if (plan->arc[e].before == w &&
		    is_ahead(plan, target, plan->arc[e].after, depth + 1))
			return true;
	return false;
}

/* As docs/MOVES.md lists them. */
static void
list_all(struct twin *twin, const struct schedule *before)
{
	const struct plan *plan = twin->plan;
	uint32_t target = twin->ask->target;
	bool ahead[RANKS_MAX] = {false}, wanted[GIVERS_MAX] = {false};
	int32_t starts[RANKS_MAX] = {0}, begins[RANKS_MAX];

	for (uint32_t i = 0; i < plan->p.initiatives; i++) {
		begins[i] = DAYS_MAX;
		ahead[i] = i <= target;
	}
	for (uint32_t w = 0; w < plan->p.works; w++) {
		uint32_t i = plan->work[w].initiative, g = plan->need[w].giver;

		starts[i] = plan->starts[w] > starts[i] ? plan->starts[w] : starts[i];
		begins[i] = before->work[w].start < begins[i] ? before->work[w].start : begins[i];
		if (!is_ahead(plan, target, w, 0))
			continue;
		ahead[i] = true;
		wanted[g] = true;
		if (plan->home[g] != SCHEDULE_NONE)
			wanted[plan->home[g]] = true;
	}
	list(twin, MOVE_RAISE, SCHEDULE_NONE, 0, 0, (int32_t)target, 0);
	list(twin, MOVE_SWAP, SCHEDULE_NONE, 0, 0, (int32_t)target, 0);
	for (uint32_t i = 0; i < plan->p.initiatives; i++) {
		if (!ahead[i])
			continue;
		list(twin, MOVE_EARLIER, i, 0, 0, starts[i], 0);
		list(twin, MOVE_CUT, i, 0, 0, 50, 0);
		if (i < target)
			list(twin, MOVE_LATER, i, 0, 0, twin->ask->by - begins[i], begins[i]);
	}
	for (uint32_t to = 0; to < plan->p.givers; to++) {
		if (!wanted[to] || !plan->lends[to])
			continue;
		list(twin, MOVE_ADD, SCHEDULE_NONE, 0, to, 100, 0);
		for (uint32_t from = 0; from < plan->p.givers; from++)
			if (from != to && plan->lends[from])
				list(twin, MOVE_LEND, SCHEDULE_NONE, from, to, 50, 0);
	}
}

/* Changes in the engine's order, which counts where one lends what is lent to it. */
static uint32_t
moves_of(const struct twin *twin, uint32_t set, struct move *moves)
{
	uint32_t count = 0;

	for (int kind = 0; kind < MOVE_KINDS; kind++)
		for (uint32_t i = 0; i < twin->count; i++)
			if ((set >> i & 1) && (int)twin->list[i].kind == kind)
				moves[count++] = twin->list[i];
	return count;
}

/* Sets of up to 3, smaller ones first; all that have one that does it within them are left out. */
static void
go_through(struct twin *twin, uint64_t *found)
{
	struct move moves[MOVES_DEPTH_MAX];

	memset(twin->does, 0, sizeof twin->does);
	for (uint32_t size = 1; size <= 3; size++) {
		for (uint32_t set = 1; set < 1u << twin->count; set++) {
			bool has = false;

			if ((uint32_t)__builtin_popcount(set) != size ||
			    (twin->ask->target > 0 && (set & 3) == 3))
				continue;
			for (uint32_t within = (set - 1) & set; within > 0 && !has;
			     within = (within - 1) & set)
				has = twin->does[within] != 0;
			if (has)
				continue;
			twin->does[set] = is_in_time(twin, moves, moves_of(twin, set, moves));
			found[size] += twin->does[set];
		}
	}
}

static bool
is_same(const struct move *a, const struct move *b)
{
	bool rank = a->kind <= MOVE_SWAP;

	return a->kind == b->kind && (rank || a->initiative == b->initiative) &&
	       (a->kind < MOVE_ADD ? a->kind != MOVE_LEND || a->from == b->from : true) &&
	       (a->kind < MOVE_LEND || a->to == b->to);
}

static uint32_t
set_of(const struct twin *twin, const struct moves_way *way)
{
	uint32_t set = 0;

	for (uint32_t m = 0; m < way->count; m++)
		for (uint32_t i = 0; i < twin->count; i++)
			if (is_same(&way->moves[m], &twin->list[i]))
				set |= 1u << i;
	return set;
}

/* Costs and ends are what the twin's own schedules say; one less of what was brought down last is too little. */
static void
check_way(const struct twin *twin, const struct schedule *before, const struct moves_way *way)
{
	struct move moves[MOVES_DEPTH_MAX];
	uint32_t place[RANKS_MAX], told = 0;
	struct schedule *after = schedule_with(twin, way->moves, way->count, place);
	bool least = false;

	ck_assert_int_le(way->finish, twin->ask->by);
	ck_assert_int_eq(after->initiative[place[twin->ask->target]].finish, way->finish);
	for (uint32_t i = 0; i < twin->plan->p.initiatives; i++) {
		int32_t was = before->initiative[i].finish, is = after->initiative[place[i]].finish;

		if (i == twin->ask->target || is <= was)
			continue;
		ck_assert_uint_lt(told, way->costs_count);
		ck_assert_uint_eq(way->costs[told].initiative, i);
		ck_assert_int_eq(way->costs[told].before, was);
		ck_assert_int_eq(way->costs[told++].after, is);
	}
	ck_assert_uint_eq(told, way->costs_count);
	schedule_free(after);
	for (uint32_t m = 0; m < way->count; m++) {
		memcpy(moves, way->moves, sizeof moves);
		least |= --moves[m].amount == 0 || !is_in_time(twin, moves, way->count);
	}
	ck_assert(least);
}

static void
check_order(const struct moves_way *a, const struct moves_way *b)
{
	ck_assert_uint_le(a->count, b->count);
	if (a->count < b->count)
		return;
	ck_assert_uint_le(a->below, b->below);
	if (a->below < b->below)
		return;
	ck_assert_int_le(a->days, b->days);
	if (a->days == b->days)
		ck_assert_int_le(a->effort, b->effort);
}

/* Team 0; team 1; a person of team 1, who is asked by name. */
static void
plan_by_chance(struct plan *plan, struct philox *random)
{
	uint32_t initiatives = 1 + philox_below(random, RANKS_MAX);

	begin(plan, 4 + (int32_t)philox_below(random, 6), 3, initiatives);
	plan->home[2] = 1;
	plan->lends[2] = false;
	plan->lends[0] = philox_below(random, 4) > 0;
	for (int32_t day = 0; day < plan->p.days; day++) {
		plan->capacity[day] = 50 * (int32_t)philox_below(random, 4);
		plan->capacity[plan->p.days + day] = 100 + 100 * (int32_t)philox_below(random, 2);
	}
	for (uint32_t w = 0; w < initiatives + philox_below(random, 5); w++)
		add(plan, w < initiatives ? w : philox_below(random, initiatives),
		    philox_below(random, 3), 50 + 50 * (int64_t)philox_below(random, 7),
		    philox_below(random, 3) > 0 ? 0 : (int32_t)philox_below(random, 5));
	/* What else holds work up until a day is not to be changed. */
	for (uint32_t w = 0; w < plan->p.works; w++)
		plan->starts[w] = philox_below(random, 4) > 0 ? plan->starts[w] : 0;
	for (uint32_t e = philox_below(random, 3); e > 0 && plan->p.works > 1; e--) {
		uint32_t after = philox_below(random, plan->p.works);
		uint32_t before = philox_below(random, plan->p.works);

		if (before != after) /* circles too, now and then */
			add_arc(plan, before, after);
	}
}

static void
check_against_twin(struct twin *twin, uint64_t *seen)
{
	const struct schedule_policy *policy = &twin->ask->policy;
	struct moves *moves = find(twin->ask);
	struct schedule *before = schedule_run(&twin->plan->p, policy, &err);
	uint64_t found[MOVES_DEPTH_MAX + 1] = {0};
	uint32_t swaps = 0;

	ck_assert(before != NULL);
	ck_assert_int_eq(moves->finish, before->initiative[twin->ask->target].finish);
	ck_assert_int_eq(moves->is_there, moves->finish <= twin->ask->by);
	seen[0] += moves->is_there;
	if (!moves->is_there) {
		list_all(twin, before);
		ck_assert_uint_eq(moves->candidates, twin->count);
		go_through(twin, found);
		ck_assert_uint_eq(moves->looked, moves->total);
		ck_assert_uint_eq(moves->found, found[1] + found[2] + found[3]);
	}
	for (uint32_t w = 0; w < moves->ways_count; w++) {
		uint32_t set = set_of(twin, &moves->ways[w]);

		/* Each is one of the twin's, and comes once. */
		ck_assert_uint_eq((uint32_t)__builtin_popcount(set), moves->ways[w].count);
		ck_assert_uint_eq(twin->does[set], 1);
		twin->does[set] = 2;
		seen[moves->ways[w].count]++;
		check_way(twin, before, &moves->ways[w]);
		if (w > 0)
			check_order(&moves->ways[w - 1], &moves->ways[w]);
	}
	for (uint32_t set = 1; !moves->is_there && set < 1u << twin->count; set++)
		swaps += twin->does[set] == 1 && twin->ask->target > 0 && (set & 2) != 0;
	/* What is missing is a change of places with the next one up, which is told as one place up. */
	ck_assert_uint_eq(moves->is_there ? 0 : moves->found, moves->ways_count + swaps);
	schedule_free(before);
	moves_free(moves);
}

START_TEST(nothing_shorter_is_there)
{
	struct twin *twin = malloc(sizeof *twin);
	uint64_t seen[MOVES_DEPTH_MAX + 1] = {0};

	ck_assert(twin != NULL);
	for (uint64_t n = 0; n < 150; n++) {
		struct philox random;
		struct plan plan;
		struct moves_ask ask;

		philox_init(&random, 7, n);
		plan_by_chance(&plan, &random);
		ask = ask_of(&plan, philox_below(&random, plan.p.initiatives),
		    1 + (int32_t)philox_below(&random, (uint32_t)plan.p.days));
		ask.most = SETS_MAX;
		twin->plan = &plan;
		twin->ask = &ask;
		twin->count = 0;
		check_against_twin(twin, seen);
	}
	/* All sizes come up. */
	for (int k = 0; k <= 3; k++)
		ck_assert_uint_gt(seen[k], 5);
	free(twin);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("moves");
	TCase *by_hand = tcase_create("by hand");
	TCase *twin = tcase_create("twin");
	SRunner *runner;
	int failed;

	tcase_add_test(by_hand, each_kind_at_its_least);
	tcase_add_test(by_hand, a_stated_start_is_moved);
	tcase_add_test(by_hand, lending_costs_the_lender);
	tcase_add_test(by_hand, one_takes_a_part_of_what_another_is_asked);
	tcase_add_test(by_hand, one_takes_all_of_it);
	tcase_add_test(by_hand, one_more_member_shares_evenly);
	tcase_add_test(by_hand, two_together_where_one_is_too_little);
	tcase_add_test(by_hand, the_next_place_that_is_enough);
	tcase_add_test(by_hand, what_is_in_time_needs_nothing);
	tcase_add_test(by_hand, it_keeps_to_its_limits);
	tcase_add_test(by_hand, what_is_out_of_range_is_refused);
	tcase_set_timeout(twin, 120);
	tcase_add_test(twin, nothing_shorter_is_there);
	suite_add_tcase(suite, by_hand);
	suite_add_tcase(suite, twin);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
