/* Strict priority: hand-made plans, a checker of its own for plans by chance, and what must not change when a lower rank does. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/schedule/schedule.h"
#include "server/limits.h"

#define DAYS_MAX   60
#define GIVERS_MAX 6
#define RANKS_MAX  5
#define WORKS_MAX  24
#define NEEDS_MAX  48
#define ARCS_MAX   64
#define POOLS_MAX  64

/* A problem with room of its own. */
struct plan {
	struct schedule_problem p;
	int32_t capacity[GIVERS_MAX * DAYS_MAX];
	uint32_t home[GIVERS_MAX];
	uint64_t streams[RANKS_MAX];
	struct schedule_work work[WORKS_MAX];
	struct schedule_need need[NEEDS_MAX];
	struct schedule_arc arc[ARCS_MAX];
	uint32_t pool[POOLS_MAX];
};

static struct err err;

static void
begin(struct plan *plan, int32_t days, uint32_t givers, uint32_t initiatives)
{
	memset(plan, 0, sizeof *plan);
	plan->p = (struct schedule_problem){.days = days,
	    .givers = givers,
	    .capacity = plan->capacity,
	    .home = plan->home,
	    .initiatives = initiatives,
	    .streams = plan->streams,
	    .work = plan->work,
	    .need = plan->need,
	    .arc = plan->arc,
	    .pool = plan->pool};
	for (uint32_t g = 0; g < givers; g++)
		plan->home[g] = SCHEDULE_NONE;
	for (uint32_t i = 0; i < initiatives; i++)
		plan->streams[i] = 1000 + i;
}

/* The same on each day. */
static void
gives(struct plan *plan, uint32_t giver, int32_t a_day)
{
	for (int32_t day = 0; day < plan->p.days; day++)
		plan->capacity[(int32_t)giver * plan->p.days + day] = a_day;
}

static void
off(struct plan *plan, uint32_t giver, int32_t day)
{
	plan->capacity[(int32_t)giver * plan->p.days + day] = 0;
}

static uint32_t
add_work(struct plan *plan, uint32_t initiative)
{
	ck_assert_uint_lt(plan->p.works, WORKS_MAX);
	plan->work[plan->p.works] =
	    (struct schedule_work){.initiative = initiative, .needs_first = plan->p.needs};
	return plan->p.works++;
}

/* Of the work that was added last. */
static void
add_need(struct plan *plan, uint32_t giver, int64_t effort, int32_t most, int32_t least)
{
	ck_assert_uint_lt(plan->p.needs, NEEDS_MAX);
	plan->need[plan->p.needs++] =
	    (struct schedule_need){.giver = giver, .effort = effort, .most = most, .least = least};
	plan->work[plan->p.works - 1].needs_count++;
}

/* The need that was added last is of that one too. */
static void
add_to_pool(struct plan *plan, uint32_t giver)
{
	struct schedule_need *need = &plan->need[plan->p.needs - 1];

	ck_assert_uint_lt(plan->p.pools, POOLS_MAX);
	if (need->pool_count == 0)
		need->pool_first = plan->p.pools;
	need->giver = need->pool_count == 0 || need->giver == plan->home[giver] ? plan->home[giver]
										: SCHEDULE_NONE;
	need->pool_count++;
	plan->pool[plan->p.pools++] = giver;
}

static uint32_t
add(struct plan *plan, uint32_t initiative, uint32_t giver, int64_t effort)
{
	uint32_t work = add_work(plan, initiative);

	add_need(plan, giver, effort, 0, 0);
	return work;
}

static void
add_arc(struct plan *plan, uint32_t before, uint32_t after, int32_t lag)
{
	ck_assert_uint_lt(plan->p.arcs, ARCS_MAX);
	plan->arc[plan->p.arcs++] = (struct schedule_arc){before, after, lag};
}

static struct schedule *
run(const struct plan *plan, bool backfill, uint32_t tries)
{
	const struct schedule_policy policy = {.backfill = backfill, .tries = tries, .seed = 1};
	struct schedule *schedule;

	err = (struct err){0};
	schedule = schedule_run(&plan->p, &policy, &err);
	ck_assert_msg(schedule != NULL, "%s", err.msg);
	return schedule;
}

static void
is_at(const struct schedule *schedule, uint32_t work, int32_t start, int32_t finish)
{
	ck_assert_msg(schedule->work[work].start == start && schedule->work[work].finish == finish,
	    "work %u: %d to %d, not %d to %d", work, schedule->work[work].start,
	    schedule->work[work].finish, start, finish);
}

/* ---- a checker: looks at bookings only, day by day */

static int64_t
booked(const struct schedule *schedule, const struct plan *plan, uint32_t giver, int32_t day,
    uint32_t need)
{
	int64_t sum = 0;

	for (size_t b = 0; b < schedule->bookings_count; b++) {
		const struct schedule_booking *one = &schedule->bookings[b];

		if (one->day == day && (need == SCHEDULE_NONE || one->need == need) &&
		    (one->giver == giver ||
			(need == SCHEDULE_NONE && plan->home[one->giver] == giver)))
			sum += one->effort;
	}
	return sum;
}

static void
check_capacity(const struct schedule *schedule, const struct plan *plan)
{
	for (size_t b = 0; b < schedule->bookings_count; b++) {
		ck_assert_int_gt(schedule->bookings[b].effort, 0);
		ck_assert_int_ge(schedule->bookings[b].day, 0);
		ck_assert_int_lt(schedule->bookings[b].day, plan->p.days);
		ck_assert_uint_ge(
		    schedule->bookings[b].need, plan->work[schedule->bookings[b].work].needs_first);
		ck_assert_uint_lt(
		    schedule->bookings[b].need - plan->work[schedule->bookings[b].work].needs_first,
		    plan->work[schedule->bookings[b].work].needs_count);
	}
	for (uint32_t g = 0; g < plan->p.givers; g++)
		for (int32_t day = 0; day < plan->p.days; day++)
			ck_assert_int_le(booked(schedule, plan, g, day, SCHEDULE_NONE),
			    plan->capacity[(int32_t)g * plan->p.days + day]);
}

/* May that one give it? */
static bool
may_give(const struct plan *plan, const struct schedule_need *need, uint32_t giver)
{
	for (uint32_t k = 0; k < need->pool_count; k++)
		if (plan->pool[need->pool_first + k] == giver)
			return true;
	return need->pool_count == 0 && need->giver == giver;
}

/* A share of a day as whole hundredths, rounded up; slowly. */
static int64_t
share(int32_t capacity, int32_t ten_thousandths)
{
	int64_t hundredths = 0;

	while (hundredths * 10000 < (int64_t)capacity * ten_thousandths)
		hundredths++;
	return hundredths;
}

/* What the one gives on the day, of so much that is left to do. */
static int64_t
check_day(const struct schedule *schedule, const struct plan *plan, uint32_t w, uint32_t n,
    uint32_t giver, int32_t day, int64_t remaining)
{
	const struct schedule_need *need = &plan->need[n];
	int64_t today = booked(schedule, plan, giver, day, n);
	int32_t capacity = plan->capacity[(int32_t)giver * plan->p.days + day];

	if (today == 0)
		return 0;
	ck_assert_int_ge(day, schedule->work[w].start);
	ck_assert_int_lt(day, schedule->work[w].finish);
	ck_assert(need->most == 0 || today <= share(capacity, need->most));
	ck_assert(today >= share(capacity, need->least) || today == remaining);
	return today;
}

static void
check_need(
    const struct schedule *schedule, const struct plan *plan, uint32_t w, uint32_t n, int64_t *left)
{
	const struct schedule_need *need = &plan->need[n];
	int64_t remaining = need->effort;
	bool gap = false;

	for (int32_t day = 0; day < plan->p.days; day++) {
		int64_t today = 0;
		bool has = false;

		for (uint32_t k = 0;
		     k < need->pool_count || (k == 0 && need->giver != SCHEDULE_NONE); k++) {
			uint32_t g =
			    need->pool_count > 0 ? plan->pool[need->pool_first + k] : need->giver;

			today += check_day(schedule, plan, w, n, g, day, remaining - today);
			has |= plan->capacity[(int32_t)g * plan->p.days + day] > 0;
		}
		for (uint32_t g = 0; g < plan->p.givers; g++)
			ck_assert(
			    may_give(plan, need, g) || booked(schedule, plan, g, day, n) == 0);
		if (today > 0)
			ck_assert(!gap || !need->is_whole);
		else if (has && remaining < need->effort && remaining > 0)
			gap = true;
		remaining -= today;
	}
	ck_assert_int_ge(remaining, 0);
	*left += remaining;
}

static void
check_work(const struct schedule *schedule, const struct plan *plan, uint32_t w)
{
	const struct schedule_result *result = &schedule->work[w];
	int64_t left = 0;

	for (uint32_t n = 0; n < plan->work[w].needs_count; n++)
		check_need(schedule, plan, w, plan->work[w].needs_first + n, &left);
	ck_assert_int_eq(left, result->left);
	ck_assert_int_eq(
	    left > 0, plan->work[w].needs_count > 0 && result->finish == SCHEDULE_BEYOND);
	if (result->start == SCHEDULE_BEYOND)
		return;
	ck_assert_int_ge(result->start, plan->work[w].not_before);
	for (uint32_t e = 0; e < plan->p.arcs; e++)
		if (plan->arc[e].after == w)
			ck_assert_int_ge(result->start,
			    schedule->work[plan->arc[e].before].finish + plan->arc[e].lag);
}

static void
check(const struct schedule *schedule, const struct plan *plan)
{
	check_capacity(schedule, plan);
	for (uint32_t w = 0; w < plan->p.works; w++)
		check_work(schedule, plan, w);
	for (uint32_t i = 0; i < plan->p.initiatives; i++) {
		int32_t finish = 0;

		for (uint32_t w = 0; w < plan->p.works; w++)
			if (plan->work[w].initiative == i && schedule->work[w].finish > finish)
				finish = schedule->work[w].finish;
		ck_assert_int_eq(schedule->initiative[i].finish, finish);
		ck_assert_int_le(schedule->initiative[i].bound, finish);
		ck_assert(finish != SCHEDULE_BEYOND || schedule->line <= i);
	}
	ck_assert_int_le(schedule->bound, schedule->finish);
	if (schedule->line != SCHEDULE_NONE)
		ck_assert_int_eq(schedule->initiative[schedule->line].finish, SCHEDULE_BEYOND);
}

/* ---- by hand */

/*
 * One team with a day a day. First: 3 days of work, then 2 after it. Second: 2 days from day 0 on, which get what is left: days
 * 5 and 6. Third does not fit into 8 days: 1 of its 2 days is done.
 */
START_TEST(lower_ranks_get_what_is_left)
{
	struct plan plan;
	struct schedule *schedule;
	struct schedule_why why;
	uint32_t works[4], count;

	begin(&plan, 8, 1, 3);
	gives(&plan, 0, 100);
	add(&plan, 0, 0, 300);
	add(&plan, 0, 0, 200);
	add_arc(&plan, 0, 1, 0);
	add(&plan, 1, 0, 200);
	add(&plan, 2, 0, 200);
	schedule = run(&plan, true, 1);
	check(schedule, &plan);
	is_at(schedule, 0, 0, 3);
	is_at(schedule, 1, 3, 5);
	is_at(schedule, 2, 5, 7);
	is_at(schedule, 3, 7, SCHEDULE_BEYOND);
	ck_assert_int_eq(schedule->work[3].left, 100);
	ck_assert_uint_eq(schedule->line, 2);
	ck_assert_int_eq(schedule->initiative[0].bound, 5);
	ck_assert_int_eq(schedule->initiative[1].bound, 2);
	ck_assert(schedule_why(schedule, &plan.p, 2, &why, &err));
	ck_assert_uint_eq(why.giver, 0);
	ck_assert_uint_eq(why.holder, 0);
	ck_assert_int_eq(why.held, 500);
	ck_assert_uint_eq(why.before, SCHEDULE_NONE);
	ck_assert(!why.never);
	ck_assert(schedule_why(schedule, &plan.p, 1, &why, &err));
	ck_assert_uint_eq(why.before, 0);
	ck_assert_uint_eq(why.giver, SCHEDULE_NONE);
	ck_assert(schedule_chain(schedule, &plan.p, 0, works, 4, &count, &err));
	ck_assert_uint_eq(count, 2);
	ck_assert_uint_eq(works[0], 1);
	ck_assert_uint_eq(works[1], 0);
	schedule_free(schedule);
}
END_TEST

/*
 * First: waits until day 4. Second: 2 days. With backfill it uses days 0 and 1; without, it comes behind the first one's last day,
 * which is full: 5 and 6.
 */
START_TEST(backfill_is_a_choice)
{
	struct plan plan;
	struct schedule *schedule;

	begin(&plan, 10, 1, 2);
	gives(&plan, 0, 100);
	add(&plan, 0, 0, 100);
	plan.work[0].not_before = 4;
	add(&plan, 1, 0, 200);
	schedule = run(&plan, true, 1);
	check(schedule, &plan);
	is_at(schedule, 0, 4, 5);
	is_at(schedule, 1, 0, 2);
	schedule_free(schedule);
	schedule = run(&plan, false, 1);
	check(schedule, &plan);
	is_at(schedule, 0, 4, 5);
	is_at(schedule, 1, 5, 7);
	schedule_free(schedule);
}
END_TEST

/*
 * A team of Anna and Ben, a day each; Ben is off on day 1. Rank 1 takes 300 of the team: 200, 100. Rank 2 takes 100 of Anna: on day 2,
 * since the team has nothing left before. Rank 3 takes 100 of Ben: day 2 as well, rank 4 100 of the team: day 3.
 */
START_TEST(a_person_counts_for_their_team_once)
{
	struct plan plan;
	struct schedule *schedule;
	struct schedule_why why;

	begin(&plan, 10, 3, 4);
	gives(&plan, 0, 200);
	gives(&plan, 1, 100);
	gives(&plan, 2, 100);
	plan.home[1] = plan.home[2] = 0;
	off(&plan, 2, 1);
	plan.capacity[1] = 100;
	add(&plan, 0, 0, 300);
	add(&plan, 1, 1, 100);
	add(&plan, 2, 2, 100);
	add(&plan, 3, 0, 100);
	schedule = run(&plan, true, 1);
	check(schedule, &plan);
	is_at(schedule, 0, 0, 2);
	is_at(schedule, 1, 2, 3);
	is_at(schedule, 2, 2, 3);
	is_at(schedule, 3, 3, 4);
	ck_assert(schedule_why(schedule, &plan.p, 1, &why, &err));
	ck_assert_uint_eq(why.giver, 1);
	ck_assert_uint_eq(why.holder, 0);
	schedule_free(schedule);
}
END_TEST

/*
 * Rank 1 takes at most 40 a day: days 0 to 2. Rank 2 takes at least 70 a day until less is to be done: not beside that on days 0
 * and 1, of which 60 is left. Rank 3 takes what there is.
 */
START_TEST(shares_are_kept)
{
	struct plan plan;
	struct schedule *schedule;

	begin(&plan, 10, 1, 3);
	gives(&plan, 0, 100);
	add_work(&plan, 0);
	add_need(&plan, 0, 100, 4000, 0);
	add_work(&plan, 1);
	add_need(&plan, 0, 130, 0, 7000);
	add_work(&plan, 2);
	add_need(&plan, 0, 70, 0, 0);
	schedule = run(&plan, true, 1);
	check(schedule, &plan);
	is_at(schedule, 0, 0, 3); /* 40, 40, 20 */
	is_at(schedule, 1, 2, 4); /* 80, 50: what is left of it */
	is_at(schedule, 2, 0, 2); /* 60, 10 */
	schedule_free(schedule);
}
END_TEST

/* Rank 1 holds day 2. Three days as a whole: not 0, 1, 3, but 3, 4, 6, over day 5 that nobody works; in pieces: 0, 1, 3. */
START_TEST(what_is_whole_is_not_interrupted)
{
	struct plan plan;
	struct schedule *schedule;

	begin(&plan, 10, 1, 2);
	gives(&plan, 0, 100);
	off(&plan, 0, 5);
	add(&plan, 0, 0, 100);
	plan.work[0].not_before = 2;
	add(&plan, 1, 0, 300);
	schedule = run(&plan, true, 1);
	check(schedule, &plan);
	is_at(schedule, 1, 0, 4);
	schedule_free(schedule);
	plan.need[1].is_whole = true;
	schedule = run(&plan, true, 1);
	check(schedule, &plan);
	is_at(schedule, 1, 3, 7);
	schedule_free(schedule);
}
END_TEST

/*
 * A team of two, of whom the first is off on day 1, and one of no team. Rank 1 has the first for half of each day until 100 is done:
 * days 0, 2. Rank 2 takes 200 of any of the three, in that order: 50 + 100 on day 0, and 50 of the second on day 1: the second
 * has 50 left, the third, off on day 0, all of day 1. Rank 3 takes 300 of whom nobody is: never, named. Rank 4: 120 of the
 * team's two: 50 on day 1 of the second, on day 2 50 of the first, who has so much left, and 20 of the second.
 */
START_TEST(a_pool_gives_in_its_order)
{
	struct plan plan;
	struct schedule *schedule;
	struct schedule_why why;

	begin(&plan, 10, 4, 4);
	gives(&plan, 0, 200);
	for (uint32_t g = 1; g < 4; g++)
		gives(&plan, g, 100);
	plan.home[1] = plan.home[2] = 0;
	off(&plan, 1, 1);
	plan.capacity[1] = 100;
	add_work(&plan, 0);
	add_need(&plan, 1, 100, 5000, 0);
	add_work(&plan, 1);
	add_need(&plan, 0, 200, 0, 0);
	add_to_pool(&plan, 1);
	add_to_pool(&plan, 2);
	add_to_pool(&plan, 3);
	plan.capacity[3 * 10] = 0;
	add_work(&plan, 2);
	add_need(&plan, SCHEDULE_NONE, 300, 0, 0);
	add_work(&plan, 3);
	add_need(&plan, 0, 120, 0, 0);
	add_to_pool(&plan, 1);
	add_to_pool(&plan, 2);
	ck_assert_uint_eq(plan.need[1].giver, SCHEDULE_NONE);
	ck_assert_uint_eq(plan.need[3].giver, 0);
	schedule = run(&plan, true, 1);
	check(schedule, &plan);
	is_at(schedule, 0, 0, 3);
	is_at(schedule, 1, 0, 2);
	is_at(schedule, 2, SCHEDULE_BEYOND, SCHEDULE_BEYOND);
	is_at(schedule, 3, 1, 3);
	ck_assert_int_eq(booked(schedule, &plan, 1, 0, 1), 50);
	ck_assert_int_eq(booked(schedule, &plan, 2, 0, 1), 100);
	ck_assert_int_eq(booked(schedule, &plan, 2, 1, 1), 50);
	ck_assert_int_eq(booked(schedule, &plan, 2, 1, 3), 50);
	ck_assert_int_eq(booked(schedule, &plan, 1, 2, 3), 50);
	ck_assert_int_eq(booked(schedule, &plan, 2, 2, 3), 20);
	/* Alone: 120 of 200 on day 0. On days 0 to 2 150 of each are held, 200 of both by rank 2. */
	ck_assert_int_eq(schedule->initiative[3].bound, 1);
	ck_assert(schedule_why(schedule, &plan.p, 3, &why, &err));
	ck_assert_uint_eq(why.need, 3);
	ck_assert_uint_eq(why.giver, 1);
	ck_assert_uint_eq(why.holder, 1);
	ck_assert_int_eq(why.held, 200);
	ck_assert(!why.never);
	ck_assert(schedule_why(schedule, &plan.p, 2, &why, &err));
	ck_assert_uint_eq(why.need, 2);
	ck_assert_uint_eq(why.giver, SCHEDULE_NONE);
	ck_assert(why.never);
	ck_assert_uint_eq(schedule->line, 2);
	schedule_free(schedule);
}
END_TEST

/* Half of what one has on a day: 50 of 100, 25 of 49 (rounded up), and 0 of 0. At least 60 %: not on a day of which half is taken. */
START_TEST(shares_are_of_the_day)
{
	struct plan plan;
	struct schedule *schedule;

	begin(&plan, 10, 1, 2);
	gives(&plan, 0, 100);
	plan.capacity[1] = 49;
	off(&plan, 0, 2);
	add_work(&plan, 0);
	add_need(&plan, 0, 125, 5000, 0);
	add_work(&plan, 1);
	add_need(&plan, 0, 200, 0, 6000);
	schedule = run(&plan, true, 1);
	check(schedule, &plan);
	is_at(schedule, 0, 0, 4);
	ck_assert_int_eq(booked(schedule, &plan, 0, 0, 0), 50);
	ck_assert_int_eq(booked(schedule, &plan, 0, 1, 0), 25);
	ck_assert_int_eq(booked(schedule, &plan, 0, 3, 0), 50);
	is_at(schedule, 1, 4, 6);
	schedule_free(schedule);
}
END_TEST

/*
 * Rank 1 waits for work of rank 3, two days behind its end: that work goes first, before rank 2. A milestone is done when what is
 * before it is.
 */
START_TEST(prerequisites_inherit_the_better_rank)
{
	struct plan plan;
	struct schedule *schedule;

	begin(&plan, 20, 1, 3);
	gives(&plan, 0, 100);
	add(&plan, 0, 0, 100);
	add(&plan, 1, 0, 500);
	add(&plan, 2, 0, 200);
	add(&plan, 2, 0, 100);
	add_work(&plan, 2);
	add_arc(&plan, 2, 0, 2);
	add_arc(&plan, 3, 4, 0);
	schedule = run(&plan, true, 1);
	check(schedule, &plan);
	is_at(schedule, 2, 0, 2);
	is_at(schedule, 0, 4, 5);
	is_at(schedule, 1, 2, 8); /* 2, 3, 5, 6, 7 */
	is_at(schedule, 3, 8, 9);
	is_at(schedule, 4, 9, 9);
	ck_assert_uint_eq(schedule->work[2].with, 0);
	ck_assert_uint_eq(schedule->work[3].with, 2);
	schedule_free(schedule);
}
END_TEST

/* 0 and 1 wait for each other, 2 for 1, 3 for nobody; nobody gives what 4 needs. */
START_TEST(what_cannot_be_done_is_named)
{
	struct plan plan;
	struct schedule *schedule;
	struct schedule_why why;

	begin(&plan, 5, 2, 3);
	gives(&plan, 0, 100);
	add(&plan, 0, 0, 100);
	add(&plan, 0, 0, 100);
	add(&plan, 0, 0, 100);
	add(&plan, 1, 0, 100);
	add(&plan, 2, 1, 100);
	add_arc(&plan, 0, 1, 0);
	add_arc(&plan, 1, 0, 0);
	add_arc(&plan, 1, 2, 0);
	schedule = run(&plan, true, 5);
	check(schedule, &plan);
	for (uint32_t w = 0; w < 3; w++) {
		is_at(schedule, w, SCHEDULE_BEYOND, SCHEDULE_BEYOND);
		ck_assert_int_eq(schedule->work[w].in_circle, w < 2);
		ck_assert_int_eq(schedule->work[w].left, 100);
	}
	is_at(schedule, 3, 0, 1);
	ck_assert(schedule_why(schedule, &plan.p, 2, &why, &err));
	ck_assert_uint_eq(why.before, 1);
	ck_assert_uint_eq(schedule->line, 0);
	is_at(schedule, 4, SCHEDULE_BEYOND, SCHEDULE_BEYOND);
	ck_assert(schedule_why(schedule, &plan.p, 4, &why, &err));
	ck_assert_uint_eq(why.giver, 1);
	ck_assert(why.never);
	ck_assert_uint_eq(why.holder, SCHEDULE_NONE);
	schedule_free(schedule);
}
END_TEST

/*
 * The first of two people has 7 days of work: one of 5, and two of 1 that 4 days of the second follow, at half a day a day. The short
 * ones first, and all is done on day 7: 0..1 and 1..5, 1..2 and 2..6, 2..7. The first try takes the longest way
 * first, and of these, all of 5, the first: 0..5, and the short ones' ways end at 6 + 4 and 7 + 4. Were the long one of 4, it
 * would be last in the first try already.
 */
START_TEST(orders_are_tried)
{
	struct plan plan;
	struct schedule *one, *many;

	begin(&plan, 30, 2, 1);
	gives(&plan, 0, 100);
	gives(&plan, 1, 100);
	add(&plan, 0, 0, 500);
	add(&plan, 0, 0, 100);
	add(&plan, 0, 0, 100);
	add_work(&plan, 0);
	add_need(&plan, 1, 200, 5000, 0);
	add_work(&plan, 0);
	add_need(&plan, 1, 200, 5000, 0);
	add_arc(&plan, 1, 3, 0);
	add_arc(&plan, 2, 4, 0);
	one = run(&plan, true, 1);
	many = run(&plan, true, 200);
	check(one, &plan);
	check(many, &plan);
	ck_assert_int_eq(many->initiative[0].finish, 7);
	ck_assert_int_eq(one->initiative[0].finish, 11);
	ck_assert_int_eq(many->initiative[0].bound, 7);
	schedule_free(one);
	schedule_free(many);
	plan.need[0].effort = 400;
	one = run(&plan, true, 1);
	is_at(one, 0, 2, 6);
	ck_assert_int_eq(one->initiative[0].finish, 6);
	schedule_free(one);
}
END_TEST

/*
 * Anna has 3 days for rank 1 and a day for rank 2, on which 4 days of Ben's wait. By rank: Anna 0..3, 3..4, Ben 4..8. Ignoring it:
 * 0..1, Ben 1..5, Anna 1..4: done on day 5, which is the bound (1 + 4). Of rank 1 alone: 3.
 */
START_TEST(ranks_have_a_price)
{
	struct schedule_policy policy = {.backfill = true, .tries = 10};
	struct schedule *schedule;
	struct plan plan;

	begin(&plan, 20, 2, 2);
	gives(&plan, 0, 100);
	gives(&plan, 1, 100);
	add(&plan, 0, 0, 300);
	add(&plan, 1, 0, 100);
	add(&plan, 1, 1, 400);
	add_arc(&plan, 1, 2, 0);
	schedule = run(&plan, true, 10);
	check(schedule, &plan);
	ck_assert_int_eq(schedule->finish, 8);
	ck_assert_int_eq(schedule->bound, 5);
	ck_assert_int_eq(schedule->initiative[0].bound, 3);
	schedule_free(schedule);
	policy.ignores_ranks = true;
	schedule = schedule_run(&plan.p, &policy, &err);
	ck_assert_ptr_nonnull(schedule);
	check(schedule, &plan);
	ck_assert_int_eq(schedule->finish, 5);
	ck_assert_int_eq(schedule->initiative[0].finish, 4);
	ck_assert_uint_eq(schedule->work[1].with, 1);
	schedule_free(schedule);
}
END_TEST

/* Three pieces of 2 days each of one person, next to each other: 6 days of work; a team of two with a fourth piece of 7: 13 on 2. */
START_TEST(bounds_add_up_what_is_asked)
{
	struct schedule *schedule;
	struct plan plan;

	begin(&plan, 20, 3, 2);
	gives(&plan, 0, 200);
	gives(&plan, 1, 100);
	gives(&plan, 2, 100);
	plan.home[1] = plan.home[2] = 0;
	for (int k = 0; k < 3; k++)
		add(&plan, 0, 1, 200);
	schedule = run(&plan, true, 1);
	ck_assert_int_eq(schedule->initiative[0].bound, 6);
	ck_assert_int_eq(schedule->bound, 6);
	schedule_free(schedule);
	add(&plan, 1, 0, 700);
	schedule = run(&plan, true, 1);
	check(schedule, &plan);
	ck_assert_int_eq(schedule->initiative[1].bound, 4);
	ck_assert_int_eq(schedule->bound, 7);
	ck_assert_int_eq(schedule->finish, 7);
	schedule_free(schedule);
}
END_TEST

/* ---- by chance */

static uint32_t
dice(uint32_t *state, uint32_t below)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 8) % below;
}

/* Some of the people, in some order; now and then nobody. */
static void
draw_pool(struct plan *plan, uint32_t *state)
{
	uint32_t first = dice(state, 5);

	plan->need[plan->p.needs - 1].giver = SCHEDULE_NONE;
	for (uint32_t k = 0; k < 5; k++) {
		uint32_t giver = (first + 2 * k) % 5 + 1;

		if (giver != 3 && dice(state, 3) > 0 && plan->p.pools < POOLS_MAX)
			add_to_pool(plan, giver);
	}
}

static void
draw_work(struct plan *plan, uint32_t *state)
{
	uint32_t w = add_work(plan, dice(state, plan->p.initiatives));
	uint32_t giver = dice(state, plan->p.givers);

	bool is_whole = dice(state, 3) == 0;

	plan->work[w].not_before = dice(state, 4) == 0 ? (int32_t)dice(state, 20) : 0;
	for (uint32_t n = dice(state, 3); n > 0; n--) {
		int32_t most = dice(state, 3) == 0 ? 2000 + (int32_t)dice(state, 6000) : 0;

		add_need(plan, giver, 1 + dice(state, 500), most,
		    dice(state, 3) == 0 ? (int32_t)dice(state, 2000) : 0);
		plan->need[plan->p.needs - 1].is_whole = is_whole;
		if (dice(state, 3) == 0)
			draw_pool(plan, state);
		giver = (giver + 1) % plan->p.givers;
	}
	for (uint32_t b = 0; b < w; b++)
		if (dice(state, 8) == 0 && plan->p.arcs < ARCS_MAX)
			add_arc(plan, b, w, (int32_t)dice(state, 3));
}

/* Two teams, the first of two people, and two people of no team. */
static void
draw(struct plan *plan, uint32_t *state)
{
	begin(plan, 20 + (int32_t)dice(state, 40), 6, 1 + dice(state, RANKS_MAX));
	plan->home[1] = plan->home[2] = 0;
	for (uint32_t g = 0; g < 6; g++) {
		gives(plan, g, g == 0 ? 180 : 50 + (int32_t)dice(state, 60));
		for (int32_t day = 0; day < plan->p.days; day++)
			if (dice(state, 6) == 0)
				off(plan, g, day);
	}
	for (uint32_t w = dice(state, WORKS_MAX); w > 0; w--)
		draw_work(plan, state);
}

START_TEST(every_schedule_is_one)
{
	uint32_t state = 11;
	int unfinished = 0;

	for (int n = 0; n < 400; n++) {
		struct schedule *schedule;
		struct plan plan;

		draw(&plan, &state);
		schedule = run(&plan, n % 2 == 0, 1 + (uint32_t)n % 3 * 10);
		check(schedule, &plan);
		unfinished += schedule->line != SCHEDULE_NONE;
		for (uint32_t w = 0; w < plan.p.works; w++) {
			struct schedule_why why;

			ck_assert(schedule_why(schedule, &plan.p, w, &why, &err));
			ck_assert(
			    why.holder == SCHEDULE_NONE || why.holder <= schedule->work[w].with);
		}
		schedule_free(schedule);
	}
	ck_assert_int_gt(unfinished, 20);
	ck_assert_int_lt(unfinished, 380);
}
END_TEST

static void
same_work(const struct schedule *a, uint32_t wa, const struct schedule *b, uint32_t wb)
{
	ck_assert_int_eq(a->work[wa].start, b->work[wb].start);
	ck_assert_int_eq(a->work[wa].finish, b->work[wb].finish);
	ck_assert_int_eq(a->work[wa].left, b->work[wb].left);
	for (int32_t day = 0; day < DAYS_MAX; day++) {
		for (uint32_t g = 0; g < GIVERS_MAX; g++) {
			int64_t of_a = 0, of_b = 0;

			for (size_t k = 0; k < a->bookings_count; k++)
				if (a->bookings[k].work == wa && a->bookings[k].day == day &&
				    a->bookings[k].giver == g)
					of_a += a->bookings[k].effort;
			for (size_t k = 0; k < b->bookings_count; k++)
				if (b->bookings[k].work == wb && b->bookings[k].day == day &&
				    b->bookings[k].giver == g)
					of_b += b->bookings[k].effort;
			ck_assert_int_eq(of_a, of_b);
		}
	}
}

/* Adds work to the last rank, some of it waiting for that of others: nothing above moves, to the last hundredth. */
START_TEST(what_is_added_below_moves_nothing_above)
{
	uint32_t state = 5;

	for (int n = 0; n < 100; n++) {
		struct schedule *without, *with;
		struct plan plan;
		uint32_t works;

		draw(&plan, &state);
		works = plan.p.works < 18 ? plan.p.works : 18;
		plan.p.works = works;
		for (uint32_t w = 0; w < works; w++)
			plan.work[w].initiative %= plan.p.initiatives;
		for (uint32_t e = plan.p.arcs; e-- > 0;)
			if (plan.arc[e].after >= works)
				plan.p.arcs = e;
		without = run(&plan, n % 2 == 0, 20);
		if (plan.p.initiatives == RANKS_MAX) {
			schedule_free(without);
			continue;
		}
		plan.streams[plan.p.initiatives++] = 7;
		for (int k = 0; k < 3; k++) {
			uint32_t w = add(&plan, plan.p.initiatives - 1, dice(&state, 6), 300);

			if (works > 0 && plan.p.arcs < ARCS_MAX)
				add_arc(&plan, dice(&state, works), w, 0);
		}
		with = run(&plan, n % 2 == 0, 20);
		check(with, &plan);
		for (uint32_t w = 0; w < works; w++)
			same_work(without, w, with, w);
		schedule_free(without);
		schedule_free(with);
	}
}
END_TEST

/* The last two ranks change places: what is scheduled with those above stays as it is. */
START_TEST(ranks_change_places_below)
{
	uint32_t state = 9;

	for (int n = 0; n < 100; n++) {
		struct schedule *before, *after;
		struct plan plan;
		uint32_t last;

		draw(&plan, &state);
		if (plan.p.initiatives < 3)
			continue;
		last = plan.p.initiatives - 1;
		before = run(&plan, true, 10);
		for (uint32_t w = 0; w < plan.p.works; w++)
			if (plan.work[w].initiative >= last - 1)
				plan.work[w].initiative = 2 * last - 1 - plan.work[w].initiative;
		plan.streams[last] = 1000 + last - 1;
		plan.streams[last - 1] = 1000 + last;
		after = run(&plan, true, 10);
		check(after, &plan);
		for (uint32_t w = 0; w < plan.p.works; w++)
			if (before->work[w].with < last - 1)
				same_work(before, w, after, w);
		schedule_free(before);
		schedule_free(after);
	}
}
END_TEST

/* ---- what is refused */

static void
refused(const struct plan *plan, enum err_code code)
{
	const struct schedule_policy policy = {.backfill = true, .tries = 1};

	err = (struct err){0};
	ck_assert_ptr_null(schedule_run(&plan->p, &policy, &err));
	ck_assert_int_eq(err.code, code);
	ck_assert_int_ne(err.msg[0], '\0');
}

START_TEST(what_is_out_of_range_is_refused)
{
	struct plan good, bad;

	begin(&good, 5, 2, 1);
	gives(&good, 0, 100);
	add(&good, 0, 0, 100);
	add(&good, 0, 0, 100);
	add_arc(&good, 0, 1, 0);
	schedule_free(run(&good, true, 1));
	for (int fault = 0; fault < 22; fault++) {
		memcpy(&bad, &good, sizeof bad);
		bad.p.capacity = bad.capacity;
		bad.p.home = bad.home;
		bad.p.streams = bad.streams;
		bad.p.work = bad.work;
		bad.p.need = bad.need;
		bad.p.arc = bad.arc;
		bad.p.pool = bad.pool;
		switch (fault) {
		case 0:
			bad.p.days = 0;
			break;
		case 1:
			bad.p.days = LIMIT_SCHEDULE_DAYS + 1;
			break;
		case 2:
			bad.p.givers = LIMIT_SCHEDULE_CELLS / 5 + 1;
			break;
		case 3:
			bad.capacity[3] = -1;
			break;
		case 4:
			bad.capacity[3] = LIMIT_EFFORT + 1;
			break;
		case 5:
			bad.home[0] = 2;
			break;
		case 6:
			bad.home[0] = 0;
			break;
		case 7:
			bad.work[1].initiative = 1;
			break;
		case 8:
			bad.work[1].needs_count = 2;
			break;
		case 9:
			bad.work[1].not_before = -1;
			break;
		case 10:
			bad.need[1].giver = 2;
			break;
		case 11:
			bad.need[1].effort = 0;
			break;
		case 12:
			bad.need[1].effort = LIMIT_EFFORT + 1;
			break;
		case 13:
			bad.arc[0].before = 2;
			break;
		case 14:
			bad.arc[0].lag = LIMIT_SCHEDULE_DAYS + 1;
			break;
		case 15:
			bad.p.pools = LIMIT_SCHEDULE_POOLS + 1;
			break;
		case 16:
			bad.need[1].pool_count = 1;
			break;
		case 17:
			bad.p.pools = 1;
			bad.pool[0] = 2;
			break;
		case 18:
			bad.need[1].most = SCHEDULE_ALL + 1;
			break;
		case 19:
			bad.need[1].least = -1;
			break;
		case 20:
			bad.need[1].most = 5000;
			bad.need[1].least = 5001;
			break;
		default:
			bad.p.works = LIMIT_SCHEDULE_WORK + 1;
			break;
		}
		refused(&bad, fault < 3 || fault == 15 || fault == 21 ? ERR_LIMIT : ERR_INVALID);
	}
}
END_TEST

static bool
at_once(void *arg)
{
	(void)arg;
	return true;
}

START_TEST(it_can_be_stopped_and_tries_are_limited)
{
	struct schedule_policy policy = {.tries = 1, .stop = at_once};
	struct plan plan;

	begin(&plan, 5, 1, 1);
	add(&plan, 0, 0, 100);
	ck_assert_ptr_null(schedule_run(&plan.p, &policy, &err));
	ck_assert_int_eq(err.code, ERR_CANCELLED);
	policy = (struct schedule_policy){.tries = 0};
	ck_assert_ptr_null(schedule_run(&plan.p, &policy, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	policy.tries = LIMIT_SCHEDULE_TRIES + 1;
	ck_assert_ptr_null(schedule_run(&plan.p, &policy, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("schedule");
	TCase *tcase = tcase_create("schedule");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, lower_ranks_get_what_is_left);
	tcase_add_test(tcase, backfill_is_a_choice);
	tcase_add_test(tcase, a_person_counts_for_their_team_once);
	tcase_add_test(tcase, shares_are_kept);
	tcase_add_test(tcase, what_is_whole_is_not_interrupted);
	tcase_add_test(tcase, a_pool_gives_in_its_order);
	tcase_add_test(tcase, shares_are_of_the_day);
	tcase_add_test(tcase, prerequisites_inherit_the_better_rank);
	tcase_add_test(tcase, what_cannot_be_done_is_named);
	tcase_add_test(tcase, orders_are_tried);
	tcase_add_test(tcase, ranks_have_a_price);
	tcase_add_test(tcase, bounds_add_up_what_is_asked);
	tcase_add_test(tcase, every_schedule_is_one);
	tcase_add_test(tcase, what_is_added_below_moves_nothing_above);
	tcase_add_test(tcase, ranks_change_places_below);
	tcase_add_test(tcase, what_is_out_of_range_is_refused);
	tcase_add_test(tcase, it_can_be_stopped_and_tries_are_limited);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
