/* The core that lays schedules: where activities go in a timetable, lanes of several resources, what comes before what. */
#include <check.h>
#include <stdlib.h>

#include "server/insight/schedule/sgs.h"

static struct err err;

static int32_t
put(struct timetable *table, uint32_t resources, const int32_t *demand, int32_t earliest,
    int32_t duration)
{
	uint64_t words[16];

	timetable_pack(table, resources, demand, words);
	return timetable_place(table, words, earliest, duration);
}

/*
 * Of 3: one takes 2 in 0..4. What takes 1 fits beside it; what takes 2 for one unit, only behind at 4; then a gap of 2 at 1..4 is
 * left to nobody, and what takes 3 goes behind all.
 */
START_TEST(each_goes_to_the_first_room)
{
	const int32_t capacity[] = {3}, one[] = {1}, two[] = {2}, three[] = {3}, none[] = {0};
	struct timetable table;

	ck_assert(timetable_init(&table, 1, capacity, 20, &err));
	ck_assert_int_eq(put(&table, 1, two, 0, 4), 0);
	ck_assert_int_eq(put(&table, 1, one, 0, 1), 0);
	ck_assert_int_eq(put(&table, 1, two, 0, 1), 4);
	ck_assert_int_eq(put(&table, 1, three, 0, 2), 5);
	ck_assert_int_eq(put(&table, 1, one, 0, 4), 1);
	ck_assert_int_eq(put(&table, 1, one, 0, 1), 7);
	ck_assert_int_eq(put(&table, 1, none, 5, 3), 5);
	ck_assert_int_eq(put(&table, 1, three, 6, 0), 6);
	ck_assert_uint_eq(table.used_end, 8);
	timetable_clear(&table);
	ck_assert_int_eq(put(&table, 1, three, 0, 9), 0);
	timetable_fini(&table);
}
END_TEST

/* As many resources as lanes in a word, and one more; the last one alone is full, and must be seen to be. */
START_TEST(every_resource_counts)
{
	int32_t capacity[9], demand[9] = {0}, last[9] = {0};
	uint32_t resources = (uint32_t)_i;
	struct timetable table;

	for (uint32_t r = 0; r < resources; r++)
		capacity[r] = 5;
	ck_assert(timetable_init(&table, resources, capacity, 10, &err));
	ck_assert_uint_eq(table.words, (resources + 3) / 4);
	for (uint32_t r = 0; r < resources; r++)
		demand[r] = 3;
	last[resources - 1] = 3;
	ck_assert_int_eq(put(&table, resources, demand, 0, 2), 0);
	ck_assert_int_eq(put(&table, resources, last, 0, 1), 2);
	last[resources - 1] = 2;
	ck_assert_int_eq(put(&table, resources, last, 0, 1), 0);
	timetable_fini(&table);
}
END_TEST

/* The largest capacity of a narrow lane, the next one, and the largest of all: full, one too many, and the neighbour untouched. */
START_TEST(lanes_hold_their_capacity)
{
	static const int32_t most[] = {32767, 32768, INT32_MAX};
	const int32_t capacity[] = {1, most[_i], 1};
	const int32_t all[] = {0, most[_i], 0}, all_but_one[] = {0, most[_i] - 1, 0};
	const int32_t one[] = {0, 1, 0}, others[] = {1, 0, 1};
	struct timetable table;

	ck_assert(timetable_init(&table, 3, capacity, 10, &err));
	ck_assert_uint_eq(table.lane, _i == 0 ? 16 : 32);
	ck_assert_int_eq(put(&table, 3, all, 0, 1), 0);
	ck_assert_int_eq(put(&table, 3, all, 0, 1), 1);
	ck_assert_int_eq(put(&table, 3, one, 0, 1), 2);
	ck_assert_int_eq(put(&table, 3, all, 0, 1), 3);
	ck_assert_int_eq(put(&table, 3, all_but_one, 0, 1), 2);
	ck_assert_int_eq(put(&table, 3, others, 0, 4), 0);
	ck_assert_int_eq(put(&table, 3, others, 0, 1), 4);
	timetable_fini(&table);
}
END_TEST

static int32_t
place_anywhere(void *arg, uint32_t activity, int32_t earliest, int32_t *start)
{
	const int32_t *duration = arg;

	*start = earliest;
	return earliest + duration[activity];
}

/* 1 after 0, 2 after both with 3 between 0 and it: 0 at 0..2, 1 at 2..4, 2 at max(4, 2 + 3) = 5..6. */
START_TEST(befores_and_lags_hold)
{
	uint32_t first[] = {0, 0, 1, 3}, before[] = {0, 0, 1};
	int32_t lag[] = {0, 3, 0}, duration[] = {2, 2, 1}, start[3], finish[3];
	const uint32_t order[] = {0, 1, 2};
	const struct sgs_net net = {.count = 3, .first = first, .before = before, .lag = lag};
	const struct sgs_net without = {.count = 3, .first = first, .before = before};

	ck_assert_int_eq(sgs_serial(&net, order, place_anywhere, duration, start, finish), 6);
	ck_assert_int_eq(start[1], 2);
	ck_assert_int_eq(start[2], 5);
	ck_assert_int_eq(sgs_serial(&without, order, place_anywhere, duration, start, finish), 5);
	ck_assert_int_eq(start[2], 4);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sgs");
	TCase *tcase = tcase_create("sgs");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, each_goes_to_the_first_room);
	tcase_add_loop_test(tcase, every_resource_counts, 1, 10);
	tcase_add_loop_test(tcase, lanes_hold_their_capacity, 0, 3);
	tcase_add_test(tcase, befores_and_lags_hold);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
