/* Plain problems: what is refused and how it is named, bounds, passes, and searches against all permutations. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/schedule/rcpsp_bound.h"
#include "server/insight/schedule/rcpsp_search.h"
#include "server/limits.h"

#define FEW       7 /* activities of which all orders are tried */
#define RESOURCES 3

static struct err err;

static struct rcpsp *
make(const struct rcpsp_input *input)
{
	struct rcpsp *problem;

	err = (struct err){0};
	problem = rcpsp_new(input, &err);
	ck_assert_msg(problem != NULL, "%s", err.msg);
	return problem;
}

static void
refused(const struct rcpsp_input *input, enum err_code code, const char *why)
{
	err = (struct err){0};
	ck_assert_ptr_null(rcpsp_new(input, &err));
	ck_assert_int_eq(err.code, code);
	ck_assert_msg(strstr(err.msg, why) != NULL, "%s", err.msg);
}

START_TEST(what_cannot_be_is_named)
{
	int32_t duration[] = {1, 2, 3}, demand[] = {1, 1, 1}, capacity[] = {1};
	struct rcpsp_arc arcs[] = {{0, 1}, {1, 2}, {2, 1}};
	uint32_t fault = 99;
	struct rcpsp_input input = {.count = 3,
	    .resources = 1,
	    .duration = duration,
	    .demand = demand,
	    .capacity = capacity,
	    .arcs = arcs,
	    .arcs_count = 2,
	    .fault = &fault};

	rcpsp_free(make(&input));
	input.arcs_count = 3;
	refused(&input, ERR_INVALID, "must be finished before itself");
	ck_assert(fault == 1 || fault == 2);
	arcs[2] = (struct rcpsp_arc){0, 0};
	refused(&input, ERR_INVALID, "activity 1 must be finished before itself");
	arcs[2] = (struct rcpsp_arc){0, 3};
	refused(&input, ERR_INVALID, "no activity 4; the last one is 3");
	input.arcs_count = 2;
	demand[2] = 2;
	refused(&input, ERR_INVALID,
	    "activity 3 can never be done: it needs 2 of resource 1, of which there is 1");
	ck_assert_uint_eq(fault, 2);
	duration[2] = 0;
	rcpsp_free(make(&input));
	demand[2] = -1;
	refused(&input, ERR_INVALID, "activity 3 needs -1");
	demand[2] = 1;
	duration[1] = -4;
	refused(&input, ERR_INVALID, "activity 2 has the negative duration -4");
	duration[1] = 1;
	capacity[0] = -1;
	refused(&input, ERR_INVALID, "resource 1 has the negative capacity");
	input.count = 0;
	refused(&input, ERR_INVALID, "no activities");
}
END_TEST

/* Each limit holds at n and refuses n + 1. */
START_TEST(limits_hold)
{
	size_t most = (size_t)LIMIT_RCPSP_ARCS + 1;
	int32_t *numbers = calloc(LIMIT_RCPSP_ACTIVITIES + 1, sizeof *numbers);
	struct rcpsp_arc *arcs = calloc(most, sizeof *arcs);
	struct rcpsp_input input = {
	    .duration = numbers, .demand = numbers, .capacity = numbers, .arcs = arcs};

	ck_assert(numbers != NULL && arcs != NULL);
	input.count = LIMIT_RCPSP_ACTIVITIES;
	rcpsp_free(make(&input));
	input.count++;
	refused(&input, ERR_LIMIT, "20001 activities are too many; at most 20000");
	input.count = 2;
	input.resources = LIMIT_RCPSP_RESOURCES;
	rcpsp_free(make(&input));
	input.resources++;
	refused(&input, ERR_LIMIT, "65 resources are too many; at most 64");
	input.resources = 0;
	numbers[0] = LIMIT_RCPSP_HORIZON - 1;
	numbers[1] = 1;
	rcpsp_free(make(&input));
	numbers[1] = 2;
	refused(
	    &input, ERR_LIMIT, "all durations together are 4194305 units of time; at most 4194304");
	numbers[1] = 1;
	for (size_t e = 0; e < most; e++)
		arcs[e].after = 1;
	input.arcs_count = LIMIT_RCPSP_ARCS;
	rcpsp_free(make(&input));
	input.arcs_count++;
	refused(&input, ERR_LIMIT, "4000001 prerequisites are too many");
	free(numbers);
	free(arcs);
}
END_TEST

/*
 * Of one: A and B take a unit of time each, C three after B and needs nothing. In the order A B C: A 0-1, B 1-2, C 2-5. From the
 * end, latest finish first: C is the last three, B the one before, and A fits beside C: 4. Forward again: 4, which is the
 * critical path.
 */
START_TEST(a_pass_from_the_other_end_is_shorter)
{
	const int32_t duration[] = {1, 1, 3}, demand[] = {1, 1, 0}, capacity[] = {1};
	const struct rcpsp_arc arcs[] = {{1, 2}};
	const uint32_t forward[] = {0, 1, 2}, backward[] = {2, 1, 0}, again[] = {1, 2, 0};
	struct rcpsp *problem = make(&(struct rcpsp_input){.count = 3,
	    .resources = 1,
	    .duration = duration,
	    .demand = demand,
	    .capacity = capacity,
	    .arcs = arcs,
	    .arcs_count = 1});
	struct rcpsp_decoder decoder;
	int32_t start[3];

	ck_assert(rcpsp_decoder_init(&decoder, problem, &err));
	ck_assert_int_eq(rcpsp_decode(&decoder, RCPSP_FORWARD, forward, start), 5);
	ck_assert_int_eq(start[2], 2);
	ck_assert_int_eq(rcpsp_decode(&decoder, RCPSP_BACKWARD, backward, start), 4);
	ck_assert_int_eq(start[0], 0);
	ck_assert_int_eq(start[1], 3);
	ck_assert_int_eq(rcpsp_decode(&decoder, RCPSP_FORWARD, again, start), 4);
	ck_assert_int_eq(problem->critical_path, 4);
	rcpsp_decoder_fini(&decoder);
	rcpsp_free(problem);
}
END_TEST

/*
 * - Three in a row of 2, 3, 4: 9.
 * - Three of 2 that take 2 of 4 each: 12 of work on 4 is 3; but within 3 each of them must run from 1 to 2, which is 6 of 4: 4.
 * - Two of 2 that take 2 of 3 each: 8 on 3 is 3 at least; they cannot run at once: 4.
 * - Head and tail: 1 before, 1 behind two of 3 on one resource: 1 + 6 + 1.
 */
START_TEST(bounds_are_those_by_hand)
{
	static const struct {
		uint32_t count;
		int32_t duration[4], demand[4], capacity;
		uint32_t arcs_count;
		struct rcpsp_arc arcs[4];
		int32_t bound;
	} cases[] = {
	    {3, {2, 3, 4}, {0, 0, 0}, 1, 2, {{0, 1}, {1, 2}}, 9},
	    {3, {2, 2, 2}, {2, 2, 2}, 4, 0, {{0, 0}}, 4},
	    {2, {2, 2}, {2, 2}, 3, 0, {{0, 0}}, 4},
	    {4, {1, 3, 3, 1}, {0, 1, 1, 0}, 1, 4, {{0, 1}, {0, 2}, {1, 3}, {2, 3}}, 8},
	};
	struct rcpsp *problem = make(&(struct rcpsp_input){.count = cases[_i].count,
	    .resources = 1,
	    .duration = cases[_i].duration,
	    .demand = cases[_i].demand,
	    .capacity = &cases[_i].capacity,
	    .arcs = cases[_i].arcs,
	    .arcs_count = cases[_i].arcs_count});
	int32_t bound;

	ck_assert(rcpsp_lower_bound(problem, &bound, &err));
	ck_assert_int_eq(bound, cases[_i].bound);
	rcpsp_free(problem);
}
END_TEST

/* A small problem by chance, and its best makespan by trying every order. */
struct small {
	int32_t duration[FEW], demand[FEW * RESOURCES], capacity[RESOURCES];
	struct rcpsp_arc arcs[FEW * FEW];
	uint32_t arcs_count;
};

static uint32_t
dice(uint32_t *state, uint32_t below)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 8) % below;
}

static void
draw(struct small *small, uint32_t *state)
{
	*small = (struct small){0};
	for (int r = 0; r < RESOURCES; r++)
		small->capacity[r] = 2 + (int32_t)dice(state, 4);
	for (int i = 0; i < FEW; i++) {
		small->duration[i] = (int32_t)dice(state, 6);
		for (int r = 0; r < RESOURCES; r++)
			small->demand[i * RESOURCES + r] =
			    (int32_t)dice(state, (uint32_t)small->capacity[r] + 1);
		for (int j = 0; j < i; j++)
			if (dice(state, 5) == 0)
				small->arcs[small->arcs_count++] =
				    (struct rcpsp_arc){(uint32_t)j, (uint32_t)i};
	}
}

static bool
twin_fits(const struct small *small, int use[][RESOURCES], int i, int at)
{
	for (int t = at; t < at + small->duration[i]; t++)
		for (int r = 0; r < RESOURCES; r++)
			if (use[t][r] + small->demand[i * RESOURCES + r] > small->capacity[r])
				return false;
	return true;
}

/* Places what is not placed in every order; what is done so far are the finishes (-1: not placed). */
static int
twin(const struct small *small, int finish[FEW], int use[][RESOURCES], int left)
{
	int best = 1000;

	if (left == 0) {
		best = 0;
		for (int i = 0; i < FEW; i++)
			best = finish[i] > best ? finish[i] : best;
		return best;
	}
	for (int i = 0; i < FEW; i++) {
		bool ready = finish[i] < 0;
		int at = 0, found;

		for (uint32_t e = 0; e < small->arcs_count; e++) {
			if ((int)small->arcs[e].after != i)
				continue;
			ready = ready && finish[small->arcs[e].before] >= 0;
			at =
			    finish[small->arcs[e].before] > at ? finish[small->arcs[e].before] : at;
		}
		if (!ready)
			continue;
		while (!twin_fits(small, use, i, at))
			at++;
		for (int t = at; t < at + small->duration[i]; t++)
			for (int r = 0; r < RESOURCES; r++)
				use[t][r] += small->demand[i * RESOURCES + r];
		finish[i] = at + small->duration[i];
		found = twin(small, finish, use, left - 1);
		best = found < best ? found : best;
		finish[i] = -1;
		for (int t = at; t < at + small->duration[i]; t++)
			for (int r = 0; r < RESOURCES; r++)
				use[t][r] -= small->demand[i * RESOURCES + r];
	}
	return best;
}

static void
compare(const struct small *small, uint64_t seed)
{
	struct rcpsp *problem = make(&(struct rcpsp_input){.count = FEW,
	    .resources = RESOURCES,
	    .duration = small->duration,
	    .demand = small->demand,
	    .capacity = small->capacity,
	    .arcs = small->arcs,
	    .arcs_count = small->arcs_count});
	const struct rcpsp_search search = {.schedules = 300, .seed = seed};
	struct rcpsp_result result;
	int use[FEW * 6 + 1][RESOURCES] = {{0}};
	int finish[FEW] = {-1, -1, -1, -1, -1, -1, -1};
	int32_t start[FEW], makespan = 0;
	int best = twin(small, finish, use, FEW);

	ck_assert(rcpsp_search(problem, &search, start, &result, &err));
	for (int i = 0; i < FEW; i++)
		if (start[i] + small->duration[i] > makespan)
			makespan = start[i] + small->duration[i];
	ck_assert_int_eq(result.makespan, best);
	ck_assert_int_eq(makespan, best);
	ck_assert_int_le(result.lower_bound, best);
	ck_assert_int_ge(result.lower_bound, problem->critical_path);
	ck_assert(rcpsp_is_feasible(problem, start));
	rcpsp_free(problem);
}

START_TEST(small_problems_are_solved_as_all_orders_say)
{
	uint32_t state = 20;
	struct small small;

	for (uint64_t n = 0; n < 150; n++) {
		draw(&small, &state);
		compare(&small, n);
	}
}
END_TEST

/* Laid from the end and turned round, a schedule is one; and laying it again in its own order never makes it longer. */
START_TEST(every_pass_is_a_schedule)
{
	uint32_t state = 3;

	for (int n = 0; n < 200; n++) {
		struct rcpsp_decoder decoder;
		struct rcpsp *problem;
		struct small small;
		int32_t start[FEW], forward[FEW];
		int32_t makespan;

		draw(&small, &state);
		problem = make(&(struct rcpsp_input){.count = FEW,
		    .resources = RESOURCES,
		    .duration = small.duration,
		    .demand = small.demand,
		    .capacity = small.capacity,
		    .arcs = small.arcs,
		    .arcs_count = small.arcs_count});
		ck_assert(rcpsp_decoder_init(&decoder, problem, &err));
		makespan =
		    rcpsp_decode(&decoder, RCPSP_FORWARD, problem->order[RCPSP_FORWARD], start);
		ck_assert(rcpsp_is_feasible(problem, start));
		ck_assert_int_le(makespan, problem->horizon);
		makespan =
		    rcpsp_decode(&decoder, RCPSP_BACKWARD, problem->order[RCPSP_BACKWARD], start);
		for (int i = 0; i < FEW; i++)
			forward[i] = makespan - start[i] - small.duration[i];
		ck_assert(rcpsp_is_feasible(problem, forward));
		rcpsp_decoder_fini(&decoder);
		rcpsp_free(problem);
	}
}
END_TEST

START_TEST(what_is_no_schedule_is_seen)
{
	const int32_t duration[] = {2, 2, 1}, demand[] = {1, 1, 1}, capacity[] = {1};
	const struct rcpsp_arc arcs[] = {{0, 1}};
	struct rcpsp *problem = make(&(struct rcpsp_input){.count = 3,
	    .resources = 1,
	    .duration = duration,
	    .demand = demand,
	    .capacity = capacity,
	    .arcs = arcs,
	    .arcs_count = 1});

	ck_assert(rcpsp_is_feasible(problem, (const int32_t[]){0, 2, 4}));
	ck_assert(rcpsp_is_feasible(problem, (const int32_t[]){1, 3, 0}));
	ck_assert(!rcpsp_is_feasible(problem, (const int32_t[]){0, 2, 3}));
	ck_assert(!rcpsp_is_feasible(problem, (const int32_t[]){2, 0, 4}));
	ck_assert(!rcpsp_is_feasible(problem, (const int32_t[]){-1, 2, 4}));
	rcpsp_free(problem);
}
END_TEST

/* Three of 2 of which no two run at once take 6, and the bound is 4 (two cannot both be within 3, three can within 4). */
static struct rcpsp *
three(void)
{
	const int32_t duration[] = {2, 2, 2}, demand[] = {2, 2, 2}, capacity[] = {3};

	return make(&(struct rcpsp_input){.count = 3,
	    .resources = 1,
	    .duration = duration,
	    .demand = demand,
	    .capacity = capacity});
}

/* A bound that is never reached: as many as allowed are laid, none more, and each is counted. */
START_TEST(schedules_are_counted)
{
	static const uint64_t counts[] = {1, 2, 7, 8, 9, 100};
	struct rcpsp *problem = three();
	const struct rcpsp_search search = {.schedules = counts[_i], .seed = 1};
	struct rcpsp_result result;
	int32_t start[3];

	ck_assert(rcpsp_search(problem, &search, start, &result, &err));
	ck_assert_uint_eq(result.schedules, counts[_i]);
	ck_assert_int_eq(result.makespan, 6);
	ck_assert_int_eq(result.lower_bound, 4);
	rcpsp_free(problem);
}
END_TEST

static bool
at_once(void *arg)
{
	++*(int *)arg;
	return true;
}

START_TEST(searches_are_limited_and_can_be_stopped)
{
	struct rcpsp *problem = three();
	struct rcpsp_search search = {.schedules = 0, .seed = 1};
	struct rcpsp_result result;
	int asked = 0;
	int32_t start[3];

	ck_assert(!rcpsp_search(problem, &search, start, &result, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	search.schedules = (uint64_t)LIMIT_RCPSP_SCHEDULES + 1;
	ck_assert(!rcpsp_search(problem, &search, start, &result, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	search = (struct rcpsp_search){
	    .schedules = LIMIT_RCPSP_SCHEDULES, .seed = 1, .stop = at_once, .arg = &asked};
	ck_assert(!rcpsp_search(problem, &search, start, &result, &err));
	ck_assert_int_eq(err.code, ERR_CANCELLED);
	ck_assert_int_eq(asked, 1);
	rcpsp_free(problem);
}
END_TEST

/* Nothing takes time: done at 0. Durations of more than one radix digit: 5,000 + 5,000 on one resource. */
START_TEST(times_may_be_none_or_long)
{
	const int32_t none[] = {0, 0}, longs[] = {5000, 5000}, demand[] = {1, 1}, capacity[] = {1};
	struct rcpsp_input input = {
	    .count = 2, .resources = 1, .duration = none, .demand = demand, .capacity = capacity};
	const struct rcpsp_search search = {.schedules = 50, .seed = 1};
	struct rcpsp *problem = make(&input);
	struct rcpsp_result result;
	int32_t start[2];

	ck_assert(rcpsp_search(problem, &search, start, &result, &err));
	ck_assert_int_eq(result.makespan, 0);
	rcpsp_free(problem);
	input.duration = longs;
	problem = make(&input);
	ck_assert(rcpsp_search(problem, &search, start, &result, &err));
	ck_assert_int_eq(result.makespan, 10000);
	ck_assert_int_eq(result.lower_bound, 10000);
	rcpsp_free(problem);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rcpsp");
	TCase *tcase = tcase_create("rcpsp");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, what_cannot_be_is_named);
	tcase_add_test(tcase, limits_hold);
	tcase_add_test(tcase, a_pass_from_the_other_end_is_shorter);
	tcase_add_loop_test(tcase, bounds_are_those_by_hand, 0, 4);
	tcase_add_test(tcase, small_problems_are_solved_as_all_orders_say);
	tcase_add_test(tcase, every_pass_is_a_schedule);
	tcase_add_test(tcase, what_is_no_schedule_is_seen);
	tcase_add_loop_test(tcase, schedules_are_counted, 0, 6);
	tcase_add_test(tcase, searches_are_limited_and_can_be_stopped);
	tcase_add_test(tcase, times_may_be_none_or_long);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
