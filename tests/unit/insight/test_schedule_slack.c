/*
 * Slack: a plan by hand, the latest ends of plans by chance as a schedule of their own, and against all schedules that there are.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/schedule/philox.h"
#include "server/insight/schedule/schedule_slack.h"

#define DAYS_MAX  40
#define GIVERS    3
#define WORKS_MAX 12
#define ARCS_MAX  24
#define BOOKED    400

struct plan {
	struct schedule_problem p;
	int32_t capacity[GIVERS * DAYS_MAX];
	uint32_t home[GIVERS];
	uint64_t streams[3];
	struct schedule_work work[WORKS_MAX];
	struct schedule_need need[WORKS_MAX];
	struct schedule_arc arc[ARCS_MAX];
};

static struct err err;

static void
begin(struct plan *plan, int32_t days, uint32_t initiatives)
{
	memset(plan, 0, sizeof *plan);
	plan->p = (struct schedule_problem){.days = days,
	    .givers = GIVERS,
	    .capacity = plan->capacity,
	    .home = plan->home,
	    .initiatives = initiatives,
	    .streams = plan->streams,
	    .work = plan->work,
	    .need = plan->need,
	    .arc = plan->arc};
	for (int g = 0; g < GIVERS; g++) {
		plan->home[g] = SCHEDULE_NONE;
		for (int32_t day = 0; day < days; day++)
			plan->capacity[g * days + day] = 100;
	}
}

/* Effort 0: none. */
static uint32_t
add(struct plan *plan, uint32_t initiative, uint32_t giver, int64_t effort)
{
	uint32_t w = plan->p.works++;

	ck_assert_uint_lt(w, WORKS_MAX);
	plan->work[w] = (struct schedule_work){
	    .initiative = initiative, .needs_first = plan->p.needs, .needs_count = effort > 0};
	if (effort > 0)
		plan->need[plan->p.needs++] =
		    (struct schedule_need){.effort = effort, .giver = giver};
	return w;
}

static void
after(struct plan *plan, uint32_t one, uint32_t before, int32_t lag)
{
	ck_assert_uint_lt(plan->p.arcs, ARCS_MAX);
	plan->arc[plan->p.arcs++] = (struct schedule_arc){before, one, lag};
}

static struct schedule *
run(const struct plan *plan)
{
	const struct schedule_policy policy = {.backfill = true, .tries = 1};
	struct schedule *s = schedule_run(&plan->p, &policy, &err);

	ck_assert_msg(s != NULL, "%s", err.msg);
	return s;
}

static struct slack *
slack_of(const struct plan *plan, const struct schedule *s)
{
	struct slack *slack = slack_new(s, &plan->p, NULL, NULL, NULL, &err);

	ck_assert_msg(slack != NULL, "%s", err.msg);
	return slack;
}

/*
 * Day 0 is a Monday. Anna (0): a, 2 days; then b, 1 day. Ben (1): c, 1 day; d after b and c, 1 day. e is rank 2 and takes 5 days of Ben.
 *
 *	    Mo Tu We Th Fr
 *	Anna a  a  b
 *	Ben  c  e  e  d  e ...
 *
 * d ends on Thursday and with it the initiative. b can't end later, a neither: b is behind it. c may be done on Wednesday, two days
 * later: e makes way. If nothing else moves there is no such day: Tuesday and Wednesday are e's.
 */
START_TEST(by_hand)
{
	struct plan plan;
	struct schedule *s;
	struct slack *slack;
	uint32_t a, b, c, d, e;

	begin(&plan, 20, 2);
	a = add(&plan, 0, 0, 200);
	b = add(&plan, 0, 0, 100);
	c = add(&plan, 0, 1, 100);
	d = add(&plan, 0, 1, 100);
	e = add(&plan, 1, 1, 500);
	after(&plan, b, a, 0);
	after(&plan, d, b, 0);
	after(&plan, d, c, 0);
	s = run(&plan);
	ck_assert_int_eq(s->initiative[0].finish, 4);
	ck_assert_int_eq(s->work[c].finish, 1);
	ck_assert_int_eq(s->work[e].finish, 7);
	slack = slack_of(&plan, s);
	ck_assert_int_eq(slack_latest(slack, a), 2);
	ck_assert_int_eq(slack_latest(slack, b), 3);
	ck_assert_int_eq(slack_latest(slack, c), 3);
	ck_assert_int_eq(slack_latest(slack, d), 4);
	ck_assert_int_eq(slack_latest(slack, e), 7);
	ck_assert_int_eq(slack_alone(slack, a), 2);
	ck_assert_int_eq(slack_alone(slack, c), 1);
	ck_assert_int_eq(slack_beside(slack, a), 2);
	ck_assert_int_eq(slack_beside(slack, c), 3);
	slack_free(slack);
	schedule_free(s);
}
END_TEST

/* The same without e: then nothing has to move for c to end on Wednesday. A day off is no day to end on. */
START_TEST(days_off_are_no_days_to_end_on)
{
	struct plan plan;
	struct schedule *s;
	struct slack *slack;
	uint32_t c, d, point;
	uint32_t end_of[] = {0, 1, 2};

	begin(&plan, 20, 1);
	c = add(&plan, 0, 1, 100);
	d = add(&plan, 0, 0, 500);
	point = add(&plan, 0, 0, 0);
	after(&plan, point, c, 1);
	plan.capacity[20 + 3] = plan.capacity[20 + 4] = 0;
	s = run(&plan);
	slack = slack_of(&plan, s);
	/* All ends behind day 4; point a day behind c's end at the latest then, so c by day 3; that day is off. */
	ck_assert_int_eq(slack_latest(slack, d), 5);
	ck_assert_int_eq(slack_latest(slack, point), 5);
	ck_assert_int_eq(slack_latest(slack, c), 3);
	ck_assert_int_eq(s->work[point].finish, 2);
	/* point waits for c: c can't end later without it. */
	ck_assert_int_eq(slack_alone(slack, c), 1);
	slack_free(slack);
	/* But where point is its end, it can. */
	end_of[c] = point;
	slack = slack_new(s, &plan.p, end_of, NULL, NULL, &err);
	ck_assert_int_eq(slack_alone(slack, c), 3);
	ck_assert_int_eq(slack_beside(slack, c), 3);
	slack_free(slack);
	schedule_free(s);
}
END_TEST

/* Whole work of three days stays in one piece: a day off behind it takes it to Monday, and all three days with it. */
START_TEST(whole_work_moves_as_one)
{
	struct plan plan;
	struct schedule *s;
	struct slack *slack;
	uint32_t w;
	int32_t first, last;

	begin(&plan, 20, 1);
	w = add(&plan, 0, 0, 300);
	plan.need[0].is_whole = true;
	(void)add(&plan, 0, 1, 800);
	/* Days 4 and 5 are off; all ends behind day 7. So 3, 6 and 7 are the last three days that follow each other. */
	plan.capacity[4] = plan.capacity[5] = 0;
	s = run(&plan);
	slack = slack_of(&plan, s);
	ck_assert_int_eq(slack_latest(slack, w), 8);
	for (size_t b = 0; b < 3; b++) {
		static const int32_t days[] = {3, 6, 7};

		slack_days(slack, b, &first, &last);
		ck_assert_int_eq(first, days[b]);
		ck_assert_int_eq(last, days[b]);
	}
	slack_free(slack);
	schedule_free(s);
}
END_TEST

START_TEST(what_is_not_finished_has_none)
{
	struct plan plan;
	struct schedule *s;
	struct slack *slack;
	uint32_t w, v;

	begin(&plan, 5, 2);
	w = add(&plan, 0, 0, 100);
	(void)add(&plan, 0, 1, 1000);
	v = add(&plan, 1, 0, 100);
	s = run(&plan);
	slack = slack_of(&plan, s);
	ck_assert_int_eq(slack_latest(slack, w), SCHEDULE_BEYOND);
	ck_assert_int_eq(slack_alone(slack, w), SCHEDULE_BEYOND);
	ck_assert_int_eq(slack_latest(slack, v), s->work[v].finish);
	slack_free(slack);
	schedule_free(s);
}
END_TEST

static bool
always(void *arg)
{
	(void)arg;
	return true;
}

START_TEST(it_can_be_stopped)
{
	struct plan plan;
	struct schedule *s;

	begin(&plan, 5, 1);
	(void)add(&plan, 0, 0, 100);
	s = run(&plan);
	ck_assert_ptr_null(slack_new(s, &plan.p, NULL, always, NULL, &err));
	ck_assert_int_eq(err.code, ERR_CANCELLED);
	schedule_free(s);
}
END_TEST

/* ---- by chance */

/* Efforts and capacities in whole days where simple; else with shares, whole work, a team with one member, and inherited ranks. */
static void
make(struct plan *plan, struct philox *r, bool simple)
{
	uint32_t works = simple ? 3 + philox_below(r, 2) : 4 + philox_below(r, 6);
	uint32_t ranks = simple ? 2 : 3;

	begin(plan, simple ? 8 : DAYS_MAX, ranks);
	if (!simple)
		plan->home[1] = 0;
	for (size_t c = 0; c < (size_t)GIVERS * (size_t)plan->p.days; c++)
		plan->capacity[c] = philox_below(r, 5) == 0 ? 0
				    : simple                ? 100
							    : (int32_t)(50 + philox_below(r, 100));
	for (uint32_t w = 0; w < works; w++) {
		uint32_t rank = philox_below(r, ranks);
		uint32_t giver = philox_below(r, simple ? 2 : GIVERS);
		uint32_t days = philox_below(r, 3);

		add(plan, rank, giver, simple ? days * 100 : days * (50 + philox_below(r, 100)));
		if (!simple && days > 0) {
			struct schedule_need *need = &plan->need[plan->p.needs - 1];

			need->most = philox_below(r, 3) == 0 ? 5000 : 0;
			need->is_whole = philox_below(r, 3) == 0;
		}
		for (uint32_t b = 0; b < w; b++)
			if (philox_below(r, 4) == 0 &&
			    (!simple || plan->work[b].initiative <= rank))
				after(plan, w, b, (int32_t)philox_below(r, 2));
	}
}

static int32_t
late_end(const struct plan *plan, const struct schedule *s, const struct slack *slack, uint32_t w)
{
	int32_t latest = slack_latest(slack, w);

	(void)plan;
	return latest == SCHEDULE_BEYOND ? s->work[w].finish : latest;
}

static int32_t
late_start(const struct schedule *s, const struct slack *slack, uint32_t w)
{
	int32_t start = SCHEDULE_BEYOND, first, last;

	for (size_t b = 0; b < s->bookings_count; b++) {
		if (s->bookings[b].work != w)
			continue;
		slack_days(slack, b, &first, &last);
		start = first < start ? first : start;
	}
	return start < SCHEDULE_BEYOND                    ? start
	       : slack_latest(slack, w) < SCHEDULE_BEYOND ? slack_latest(slack, w)
							  : s->work[w].start;
}

/* On each day: what better ranks have as they are, and this one at the latest. Bookings that were cut are on two days: either. */
static void
check_room(
    const struct plan *plan, const struct schedule *s, const struct slack *slack, uint32_t with)
{
	int64_t used[GIVERS][DAYS_MAX] = {{0}};

	for (size_t b = 0; b < s->bookings_count; b++) {
		const struct schedule_booking *k = &s->bookings[b];
		uint32_t rank = s->work[k->work].with;
		int32_t first = k->day, last = k->day;

		if (rank > with)
			continue;
		if (rank == with)
			slack_days(slack, b, &first, &last);
		if (first != last)
			continue;
		used[k->giver][first] += k->effort;
		if (plan->home[k->giver] != SCHEDULE_NONE)
			used[plan->home[k->giver]][first] += k->effort;
	}
	for (uint32_t g = 0; g < GIVERS; g++)
		for (int32_t day = 0; day < plan->p.days; day++)
			ck_assert_int_le(
			    used[g][day], plan->capacity[(int32_t)g * plan->p.days + day]);
}

/* In sequence, none earlier than it was, and whole work without a gap. */
static void
check_days(const struct plan *plan, const struct schedule *s, const struct slack *slack)
{
	for (size_t b = 0; b < s->bookings_count; b++) {
		const struct schedule_booking *k = &s->bookings[b];
		int32_t first, last, next, next_last;

		slack_days(slack, b, &first, &last);
		ck_assert_int_ge(first, k->day);
		ck_assert_int_ge(last, first);
		if (b + 1 == s->bookings_count || s->bookings[b + 1].need != k->need)
			continue;
		slack_days(slack, b + 1, &next, &next_last);
		ck_assert_int_le(last, next);
		if (plan->need[k->need].most > 0)
			ck_assert_int_lt(last, next);
		if (!plan->need[k->need].is_whole)
			continue;
		for (int32_t day = last + 1; day < next; day++)
			ck_assert_int_eq(plan->capacity[(int32_t)k->giver * plan->p.days + day], 0);
	}
}

static void
check_ends(const struct plan *plan, const struct schedule *s, struct slack *slack)
{
	for (uint32_t w = 0; w < plan->p.works; w++) {
		int32_t end = late_end(plan, s, slack, w);

		ck_assert_int_ge(end, s->work[w].finish);
		if (slack_latest(slack, w) == SCHEDULE_BEYOND)
			continue;
		ck_assert_int_le(end, s->initiative[plan->work[w].initiative].finish);
		ck_assert_int_ge(slack_alone(slack, w), s->work[w].finish);
		ck_assert_int_le(
		    slack_alone(slack, w), s->initiative[plan->work[w].initiative].finish);
	}
	for (uint32_t e = 0; e < plan->p.arcs; e++) {
		const struct schedule_arc *arc = &plan->arc[e];

		if (s->work[arc->after].finish == SCHEDULE_BEYOND ||
		    (s->work[arc->after].with != s->work[arc->before].with &&
			plan->work[arc->after].initiative != plan->work[arc->before].initiative))
			continue;
		ck_assert_int_le(late_end(plan, s, slack, arc->before) + arc->lag,
		    late_start(s, slack, arc->after));
	}
}

START_TEST(the_latest_ends_are_a_schedule)
{
	struct philox r;
	struct plan plan;

	philox_init(&r, 7, 1);
	for (int k = 0; k < 2000; k++) {
		struct schedule *s;
		struct slack *slack;

		make(&plan, &r, false);
		s = run(&plan);
		slack = slack_of(&plan, s);
		check_days(&plan, s, slack);
		check_ends(&plan, s, slack);
		for (uint32_t i = 0; i < plan.p.initiatives; i++)
			check_room(&plan, s, slack, i);
		slack_free(slack);
		schedule_free(s);
	}
}
END_TEST

/* ---- all schedules of an initiative that keep the sequence, in whole days */

struct all {
	const struct plan *plan;
	const struct schedule *s;
	uint32_t with;
	int32_t day[BOOKED];      /* by booking */
	int32_t point[WORKS_MAX]; /* by work without effort */
	int32_t latest[WORKS_MAX];
	uint64_t seen;
};

static void
times(const struct all *all, uint32_t w, int32_t *start, int32_t *end)
{
	*start = SCHEDULE_BEYOND;
	*end = 0;
	for (size_t b = 0; b < all->s->bookings_count; b++) {
		if (all->s->bookings[b].work != w)
			continue;
		*start = all->day[b] < *start ? all->day[b] : *start;
		*end = all->day[b] + 1 > *end ? all->day[b] + 1 : *end;
	}
	if (all->plan->work[w].needs_count == 0)
		*start = *end = all->point[w];
}

static bool
is_one(const struct all *all)
{
	const struct plan *plan = all->plan;
	int32_t start, end, other, other_end;

	for (uint32_t w = 0; w < plan->p.works; w++) {
		if (all->s->work[w].with != all->with)
			continue;
		times(all, w, &start, &end);
		if (end > all->s->initiative[plan->work[w].initiative].finish)
			return false;
		for (uint32_t e = 0; e < plan->p.arcs; e++) {
			if (plan->arc[e].before != w ||
			    all->s->work[plan->arc[e].after].with != all->with)
				continue;
			times(all, plan->arc[e].after, &other, &other_end);
			if (end + plan->arc[e].lag > other)
				return false;
		}
	}
	return true;
}

/* May booking b lie on the day, beside what better ranks have and those from b + 1 on? All take a whole day. */
static bool
fits(const struct all *all, size_t b, int32_t day)
{
	const struct schedule_booking *k = &all->s->bookings[b];

	if (all->plan->capacity[(int32_t)k->giver * all->plan->p.days + day] == 0)
		return false;
	for (size_t o = 0; o < all->s->bookings_count; o++) {
		const struct schedule_booking *other = &all->s->bookings[o];
		uint32_t rank = all->s->work[other->work].with;

		if (other->giver != k->giver || o == b)
			continue;
		if (rank < all->with && other->day == day)
			return false;
		if (rank == all->with && o > b &&
		    (all->day[o] == day || (all->day[o] < day) != (other->day < k->day)))
			return false;
	}
	return true;
}

static void
try_points(struct all *all, uint32_t w)
{
	int32_t start, end;

	while (w > 0 &&
	       (all->plan->work[w - 1].needs_count > 0 || all->s->work[w - 1].with != all->with))
		w--;
	if (w > 0) {
		int32_t by = all->s->initiative[all->plan->work[w - 1].initiative].finish;

		for (int32_t at = 0; at <= by; at++) {
			all->point[w - 1] = at;
			try_points(all, w - 1);
		}
		return;
	}
	if (!is_one(all))
		return;
	all->seen++;
	for (w = 0; w < all->plan->p.works; w++) {
		times(all, w, &start, &end);
		if (all->s->work[w].with == all->with && end > all->latest[w])
			all->latest[w] = end;
	}
}

static void
try_days(struct all *all, size_t b)
{
	int32_t by;

	while (b > 0 && all->s->work[all->s->bookings[b - 1].work].with != all->with)
		b--;
	if (b == 0) {
		try_points(all, all->plan->p.works);
		return;
	}
	by = all->s->initiative[all->plan->work[all->s->bookings[b - 1].work].initiative].finish;
	for (int32_t day = 0; day < by; day++) {
		if (!fits(all, b - 1, day))
			continue;
		all->day[b - 1] = day;
		try_days(all, b - 1);
	}
}

/* With it a piece of work ends at its latest in some schedule; a day more, and there is none. */
START_TEST(no_schedule_ends_a_piece_later)
{
	struct philox r;
	struct plan plan;
	uint64_t later = 0;

	philox_init(&r, 11, 1);
	for (int k = 0; k < 400; k++) {
		struct schedule *s;
		struct slack *slack;

		make(&plan, &r, true);
		s = run(&plan);
		slack = slack_of(&plan, s);
		for (uint32_t i = 0; i < plan.p.initiatives && s->line == SCHEDULE_NONE; i++) {
			struct all all = {.plan = &plan, .s = s, .with = i};

			try_days(&all, s->bookings_count);
			ck_assert_uint_gt(all.seen, 0);
			for (uint32_t w = 0; w < plan.p.works; w++) {
				if (s->work[w].with != i)
					continue;
				ck_assert_int_eq(slack_latest(slack, w), all.latest[w]);
				later += all.latest[w] > s->work[w].finish;
			}
		}
		slack_free(slack);
		schedule_free(s);
	}
	ck_assert_uint_gt(later, 150);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("schedule_slack");
	TCase *tc = tcase_create("slack");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, by_hand);
	tcase_add_test(tc, days_off_are_no_days_to_end_on);
	tcase_add_test(tc, whole_work_moves_as_one);
	tcase_add_test(tc, what_is_not_finished_has_none);
	tcase_add_test(tc, it_can_be_stopped);
	tcase_add_test(tc, the_latest_ends_are_a_schedule);
	tcase_add_test(tc, no_schedule_ends_a_piece_later);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
