/* Several orders of the same things: how far they agree, and which lies nearest to all. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/concord/concord.h"
#include "server/insight/concord/plan_order.h"
#include "server/limits.h"
#include "server/plan/view.h"
#include "tests/support/plan_text.h"
#include "tests/unit/insight/concord_expected.h"

static struct err err;

static struct agreement
agree(const uint32_t *places, uint32_t judges, uint32_t objects)
{
	const struct ballots ballots = {judges, objects, places};
	struct agreement a;

	ck_assert(concord_agreement(&ballots, 1, &a, &err));
	return a;
}

/*
 * Sums of ranks 4, 6, 8, 12 about 7.5: squares 12.25 + 2.25 + 0.25 + 20.25 = 35; W = 12 * 35 / (9 * 60) = 7/9. All 24 * 24
 * arrangements are looked at.
 */
START_TEST(three_judges_of_four)
{
	const uint32_t places[] = {1, 2, 3, 4, 1, 3, 2, 4, 2, 1, 3, 4};
	struct agreement a = agree(places, 3, 4);

	ck_assert(a.is_known && a.is_exact);
	ck_assert_double_eq_tol(a.w, 7.0 / 9, 1e-12);
	ck_assert_double_eq_tol(a.chi_square, 7, 1e-12);
	ck_assert_uint_eq(a.freedom, 3);
	ck_assert_uint_eq(a.draws, 576);
}
END_TEST

/*
 * Hollander & Wolfe, Nonparametric Statistical Methods (1973), 140: times of 22 players rounding first base by three methods; as
 * R prints it: Friedman chi-squared = 11.143, df = 2, p-value = 0.003805. The chi-square of Friedman's test is m (n - 1) W.
 */
START_TEST(a_published_example_with_ties)
{
	static const uint32_t times[] = {540, 550, 555, 585, 570, 575, 520, 560, 550, 555, 550, 540,
	    590, 585, 570, 545, 555, 560, 540, 540, 535, 545, 550, 535, 525, 515, 500, 585, 580,
	    570, 525, 520, 510, 565, 555, 545, 560, 535, 545, 505, 500, 495, 550, 550, 540, 545,
	    555, 550, 555, 555, 535, 545, 550, 555, 550, 545, 525, 565, 560, 540, 570, 565, 555,
	    630, 630, 625};
	struct agreement a = agree(times, 22, 3);

	ck_assert_double_eq_tol(a.chi_square, 11.143, 0.0005);
	ck_assert_uint_eq(a.freedom, 2);
	ck_assert(!a.is_exact);
	/* 9,999 draws of a chance of 0.0038 or a little less: +/- 3 * sqrt(0.0038 / 9999) and the test's own approximation */
	ck_assert_double_eq_tol(a.p, 0.0030, 0.0025);
}
END_TEST

/* Two judges of three, all the same: 1 of 6 arrangements of the second agrees as much. Opposed: all 6 do. */
START_TEST(the_chance_counts_arrangements)
{
	const uint32_t same[] = {1, 2, 3, 1, 2, 3}, opposed[] = {1, 2, 3, 3, 2, 1};
	struct agreement a = agree(same, 2, 3);

	ck_assert_double_eq_tol(a.w, 1, 1e-12);
	ck_assert_double_eq_tol(a.p, 1.0 / 6, 1e-12);
	a = agree(opposed, 2, 3);
	ck_assert_double_eq_tol(a.w, 0, 1e-12);
	ck_assert_double_eq_tol(a.p, 1, 1e-12);
}
END_TEST

START_TEST(what_cannot_be_judged)
{
	const uint32_t tied[] = {1, 1, 1, 1}, one[] = {1, 2};

	ck_assert(!agree(tied, 2, 2).is_known);
	ck_assert(!agree(one, 1, 2).is_known);
	ck_assert(!agree(one, 2, 1).is_known);
	ck_assert(!agree(NULL, 0, 0).is_known);
}
END_TEST

START_TEST(limits)
{
	struct ballots ballots = {LIMIT_BALLOTS, 1, NULL};
	uint32_t *places = calloc((size_t)LIMIT_BALLOTS * 2, sizeof places[0]);
	struct agreement a;
	struct consensus c;

	ck_assert_ptr_nonnull(places);
	ballots.places = places;
	ck_assert(concord_agreement(&ballots, 1, &a, &err));
	ck_assert(concord_consensus(&ballots, &c, &err));
	consensus_fini(&c);
	ballots.judges++;
	ck_assert(!concord_agreement(&ballots, 1, &a, &err));
	ck_assert_int_eq(err.code, ERR_LIMIT);
	ck_assert(!concord_consensus(&ballots, &c, &err));
	ballots = (struct ballots){1, LIMIT_BALLOT_OBJECTIVES, places};
	ck_assert(concord_consensus(&ballots, &c, &err));
	consensus_fini(&c);
	ballots.objects++;
	ck_assert(!concord_consensus(&ballots, &c, &err));
	free(places);
}
END_TEST

/* Opposite pairs are 2 halves, tied in one 1: {1,2,3} against {1,1,2}: 1; against {3,2,1}: 6. */
START_TEST(distances)
{
	const uint32_t a[] = {1, 2, 3}, b[] = {1, 1, 2}, c[] = {3, 2, 1};

	ck_assert_uint_eq(concord_distance(a, a, 3), 0);
	ck_assert_uint_eq(concord_distance(a, b, 3), 1);
	ck_assert_uint_eq(concord_distance(a, c, 3), 6);
	ck_assert_uint_eq(concord_distance(b, c, 3), 5);
}
END_TEST

/* Condorcet's circle: A B C, B C A, C A B. Each of the three is 8 halves from all of them together (0 + 4 + 4). */
START_TEST(a_circle_of_majorities)
{
	const uint32_t places[] = {1, 2, 3, 3, 1, 2, 2, 3, 1};
	const struct ballots ballots = {3, 3, places};
	struct consensus c;

	ck_assert(concord_consensus(&ballots, &c, &err));
	ck_assert_uint_eq(c.distance, 8);
	ck_assert_uint_eq(c.bound, 8);
	ck_assert_uint_eq(c.orders, 3);
	ck_assert_uint_eq(c.order[0], 0);
	ck_assert_uint_eq(c.order[1], 1);
	ck_assert_uint_eq(c.order[2], 2);
	consensus_fini(&c);
}
END_TEST

/* ---- a twin that looks at all orders */

struct best {
	uint64_t distance;
	uint64_t orders;
	uint32_t order[8];
};

static void
try_order(const struct ballots *ballots, const uint32_t *order, struct best *best)
{
	uint32_t places[8];
	uint64_t total = 0;

	for (uint32_t i = 0; i < ballots->objects; i++)
		places[order[i]] = i;
	for (uint32_t j = 0; j < ballots->judges; j++)
		total += concord_distance(
		    places, ballots->places + (size_t)j * ballots->objects, ballots->objects);
	if (total < best->distance) {
		best->distance = total;
		best->orders = 0;
		memcpy(best->order, order, sizeof best->order);
	}
	best->orders += total == best->distance;
}

static void
try_all(const struct ballots *ballots, uint32_t *order, uint32_t used, uint32_t place,
    struct best *best)
{
	if (place == ballots->objects)
		try_order(ballots, order, best);
	for (uint32_t i = 0; i < ballots->objects; i++) {
		if (used >> i & 1)
			continue;
		order[place] = i;
		try_all(ballots, order, used | 1u << i, place + 1, best);
	}
}

START_TEST(nothing_lies_nearer)
{
	uint32_t seed = (uint32_t)_i * 7919 + 1;
	uint32_t places[5 * 6], order[8] = {0};
	struct ballots ballots = {1 + (uint32_t)_i % 5, 1 + (uint32_t)_i % 6, places};
	struct best best = {.distance = UINT64_MAX};
	struct consensus c;

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		seed = seed * 1664525 + 1013904223;
		places[i] = seed >> 29; /* ties are common */
	}
	try_all(&ballots, order, 0, 0, &best);
	ck_assert(concord_consensus(&ballots, &c, &err));
	ck_assert_uint_eq(c.distance, best.distance);
	ck_assert_uint_eq(c.bound, best.distance);
	/* The groups one behind the other allow no other orders that are as good. */
	ck_assert_uint_eq(c.orders, best.orders);
	memset(order, 0, sizeof order);
	memcpy(order, c.order, ballots.objects * sizeof order[0]);
	best.orders = 0;
	try_order(&ballots, order, &best);
	ck_assert_uint_eq(best.orders, 1);
	consensus_fini(&c);
}
END_TEST

/* As many as are ordered exactly, and one more, all of them in one circle: the ballots are turned by one. */
START_TEST(large_circles_have_a_bound)
{
	uint32_t n = CONCORD_EXACT + (uint32_t)_i;
	uint32_t *places = calloc((size_t)n * n, sizeof places[0]);
	struct ballots ballots = {n, n, places};
	struct consensus c;

	ck_assert_ptr_nonnull(places);
	for (uint32_t j = 0; j < n; j++)
		for (uint32_t k = 0; k < n; k++)
			places[(size_t)j * n + k] = (k + j) % n;
	ck_assert(concord_consensus(&ballots, &c, &err));
	/* each turn of the order costs as much, and nothing costs less */
	ck_assert_uint_eq(c.orders, _i == 0 ? n : 0);
	ck_assert(_i == 0 ? c.bound == c.distance : c.bound < c.distance);
	consensus_fini(&c);
	free(places);
}
END_TEST

/* Three judges, two pairs: 0 and 1 are disagreed on 2 : 1; 0 and 2 by none (one tie); 1 and 2 by 1 : 2. */
START_TEST(pairs)
{
	const uint32_t places[] = {1, 2, 3, 2, 1, 2, 1, 3, 2};
	const struct ballots ballots = {3, 3, places};
	struct pair_votes *p = concord_pairs(&ballots);

	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(p[0].a * 10 + p[0].b, 1);
	ck_assert_uint_eq(p[0].first * 100 + p[0].second * 10 + p[0].tied, 210);
	ck_assert_uint_eq(p[1].a * 10 + p[1].b, 12);
	ck_assert_uint_eq(p[1].first * 100 + p[1].second * 10 + p[1].tied, 210);
	ck_assert_uint_eq(p[2].a * 10 + p[2].b, 2);
	ck_assert_uint_eq(p[2].first * 100 + p[2].second * 10 + p[2].tied, 201);
	free(p);
}
END_TEST

/*
 * Two judges, two cases: 1 3 and 5 3. By case they lie 2 and 0 from their mean: system^2 = (4 + 4 + 0 + 0) / 4 = 2. Their means
 * are 2 and 4: level^2 = 1. What is left: 1.
 */
START_TEST(noise_has_two_parts)
{
	const double values[] = {1, 3, 5, 3};
	struct noise n;

	concord_noise(values, 2, 2, &n);
	ck_assert_double_eq_tol(n.system * n.system, 2, 1e-12);
	ck_assert_double_eq_tol(n.level, 1, 1e-12);
	ck_assert_double_eq_tol(n.pattern, 1, 1e-12);
}
END_TEST

/* ---- beside R */

START_TEST(as_r_has_it)
{
	const struct expected *e = &expected[_i];
	const struct ballots ballots = {e->judges, e->objects, e->places};
	struct agreement a = agree(e->places, e->judges, e->objects);
	struct consensus c;

	ck_assert_double_eq_tol(a.w, e->w, 1e-12);
	ck_assert_double_eq_tol(a.chi_square, e->chi_square, 1e-9);
	ck_assert_double_eq_tol(concord_chi_square_chance(a.chi_square, a.freedom), e->p, 1e-12);
	/* what was drawn, or counted, is near to what is only nearly so */
	ck_assert_double_eq_tol(a.p, e->p, 0.05);
	ck_assert(concord_consensus(&ballots, &c, &err));
	ck_assert_uint_eq(c.distance, e->least);
	consensus_fini(&c);
}
END_TEST

/* Q(1, x) = exp(-x); Q(2, x) = exp(-x) (1 + x): Abramowitz & Stegun 6.5.13. The table's 0.05 points: 26.8. */
START_TEST(chances_of_chi_square)
{
	ck_assert_double_eq_tol(concord_chi_square_chance(3, 2), exp(-1.5), 1e-15);
	ck_assert_double_eq_tol(concord_chi_square_chance(40, 4), exp(-20.0) * 21, 1e-20);
	ck_assert_double_eq_tol(concord_chi_square_chance(3.841459, 1), 0.05, 1e-7);
	ck_assert_double_eq_tol(concord_chi_square_chance(124.3421, 100), 0.05, 1e-6);
	ck_assert_double_eq(concord_chi_square_chance(0, 3), 1);
	ck_assert_double_lt(concord_chi_square_chance(5000, 3), 1e-300);
}
END_TEST

/* One more than CONCORD_CELLS: nothing is drawn any more. All the same order: m (n - 1) = 501, of 1 degree of freedom. */
START_TEST(very_many_are_not_drawn)
{
	uint32_t judges = CONCORD_CELLS / 2, *places = calloc(CONCORD_CELLS + 2, sizeof places[0]);
	struct agreement a;

	ck_assert_ptr_nonnull(places);
	for (uint32_t i = 0; i <= judges; i++)
		places[2 * i + 1] = 1;
	a = agree(places, judges, 2);
	ck_assert_uint_eq(a.draws, CONCORD_DRAWS);
	ck_assert_double_eq_tol(a.p, 1.0 / (CONCORD_DRAWS + 1), 1e-12);
	a = agree(places, judges + 1, 2);
	ck_assert_uint_eq(a.draws, 0);
	ck_assert_double_eq_tol(a.w, 1, 1e-12);
	ck_assert_double_eq_tol(a.chi_square, judges + 1, 1e-9);
	ck_assert_double_lt(a.p, 1e-100);
	free(places);
}
END_TEST

START_TEST(ranks_share)
{
	const uint32_t places[] = {7, 2, 7, 9};
	double ranks[4];

	concord_ranks(places, 4, ranks);
	ck_assert_double_eq(ranks[0], 2.5);
	ck_assert_double_eq(ranks[1], 1);
	ck_assert_double_eq(ranks[2], 2.5);
	ck_assert_double_eq(ranks[3], 4);
}
END_TEST

/*
 * Two judges, two cases, twice: 1 3 | 3 3 and 5 3 | 3 3. Means of the two times: 2 3 and 4 3. By case these lie 1 and 0 from
 * their mean: 2 / 4 = 0.5; judges' means are 2.5 and 3.5: level^2 = 0.25, stable^2 = 0.25. Halves of the differences: 1 0 and 1 0:
 * occasion^2 = 2 / 4 = 0.5. So pattern^2 = 0.75, system^2 = 1.
 */
START_TEST(noise_of_two_times_has_three_parts)
{
	const double first[] = {1, 3, 5, 3}, second[] = {3, 3, 3, 3};
	struct noise_twice n;

	ck_assert(concord_noise_twice(first, second, 2, 2, &n, &err));
	ck_assert_double_eq_tol(pow(n.both.system, 2), 1, 1e-12);
	ck_assert_double_eq_tol(pow(n.both.level, 2), 0.25, 1e-12);
	ck_assert_double_eq_tol(pow(n.both.pattern, 2), 0.75, 1e-12);
	ck_assert_double_eq_tol(pow(n.stable, 2), 0.25, 1e-12);
	ck_assert_double_eq_tol(pow(n.occasion, 2), 0.5, 1e-12);
}
END_TEST

/* ---- the plan's own order */

static void
order_of(const char *lines, const char *const *names, uint32_t count, struct plan_order *out)
{
	const struct item *objectives[8] = {NULL};
	struct plan_text text;
	const struct view *view;

	plan_text_init(&text);
	plan_text_put(&text, "2026-01-05", lines);
	view = plan_text_view(&text);
	for (uint32_t i = 0; i < count; i++)
		objectives[i] = view_find(view, KIND_OBJECTIVE, names[i], strlen(names[i]));
	ck_assert(plan_order_init(out, view, objectives, count, &err));
	plan_text_fini(&text);
}

/* a weighs more than b; c has no weight but comes before b, over x, which is not asked about; d stands alone. */
START_TEST(a_plan_orders_by_weight_then_by_what_precedes)
{
	const char *const names[] = {"a", "b", "c", "d"};
	const uint32_t places[] = {3, 1, 1, 2};
	struct plan_order order;

	order_of("objective/a {'weight': 0.3}\n"
		 "objective/b {'weight': 0.2, 'precedes': ['a']}\n" /* weights say otherwise */
		 "objective/c {'precedes': ['x']}\n"
		 "objective/x {'precedes': ['b']}\n"
		 "objective/d {}\n",
	    names, 4, &order);
	/* a-b by weight; c before b, and before a over b, which precedes it */
	ck_assert_uint_eq(order.pairs, 3);
	ck_assert_uint_eq(plan_order_place(&order, 2), 1);
	ck_assert_uint_eq(plan_order_place(&order, 0), 2);
	ck_assert_uint_eq(plan_order_place(&order, 1), 3);
	ck_assert_uint_eq(plan_order_place(&order, 3), 0);
	/* b before a: 2; c and b at one place: 1; c before a: 0 */
	ck_assert_uint_eq(plan_order_distance(&order, places), 3);
	plan_order_fini(&order);
}
END_TEST

START_TEST(a_circle_orders_nothing)
{
	const char *const names[] = {"a", "b", "gone"};
	struct plan_order order;

	order_of("objective/a {'weight': 1, 'precedes': ['b']}\n"
		 "objective/b {'weight': 1, 'precedes': ['a']}\n",
	    names, 3, &order);
	ck_assert_uint_eq(order.pairs, 0);
	plan_order_fini(&order);
}
END_TEST

START_TEST(so_many_places_are_told)
{
	ck_assert(concord_tells_places(400, 250));
	ck_assert(!concord_tells_places(401, 250));
	ck_assert(concord_tells_places(1, 100000));
	ck_assert(!concord_tells_places(1, 100001));
	ck_assert(!concord_tells_places(1u << 16, 1u << 16));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("concord");
	TCase *tcase = tcase_create("concord");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, three_judges_of_four);
	tcase_add_test(tcase, a_published_example_with_ties);
	tcase_add_test(tcase, the_chance_counts_arrangements);
	tcase_add_test(tcase, what_cannot_be_judged);
	tcase_add_test(tcase, limits);
	tcase_add_test(tcase, distances);
	tcase_add_test(tcase, a_circle_of_majorities);
	tcase_add_loop_test(tcase, nothing_lies_nearer, 0, 60);
	tcase_add_loop_test(tcase, large_circles_have_a_bound, 0, 2);
	tcase_add_test(tcase, pairs);
	tcase_add_test(tcase, noise_has_two_parts);
	tcase_add_loop_test(tcase, as_r_has_it, 0, (int)(sizeof expected / sizeof expected[0]));
	tcase_add_test(tcase, chances_of_chi_square);
	tcase_add_test(tcase, very_many_are_not_drawn);
	tcase_add_test(tcase, ranks_share);
	tcase_add_test(tcase, noise_of_two_times_has_three_parts);
	tcase_add_test(tcase, a_plan_orders_by_weight_then_by_what_precedes);
	tcase_add_test(tcase, a_circle_orders_nothing);
	tcase_add_test(tcase, so_many_places_are_told);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
