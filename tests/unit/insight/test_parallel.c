/* The same work on several threads. */
#include <check.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "server/insight/schedule/parallel.h"

#define PIECES 1000

struct count {
	atomic_int done[PIECES];
	atomic_int inside[PARALLEL_MAX];
	uint32_t fails_from;
	uint32_t stops_at;
};

static bool
do_piece(void *arg, uint32_t piece, unsigned worker, struct err *err)
{
	struct count *count = arg;

	ck_assert_int_eq(atomic_fetch_add(&count->inside[worker], 1), 0);
	atomic_fetch_add(&count->done[piece], 1);
	atomic_fetch_sub(&count->inside[worker], 1);
	if (piece >= count->fails_from)
		return err_set(err, ERR_INVALID, "piece %u", piece);
	return true;
}

static bool
stop(void *arg, uint32_t done)
{
	struct count *count = arg;

	ck_assert_uint_le(done, PIECES);
	return count->stops_at > 0 && done >= count->stops_at;
}

/* By any number of threads. */
START_TEST(each_piece_is_done_once)
{
	static struct count count;
	struct parallel how = {.threads = (unsigned)_i, .stop = stop, .arg = &count};
	struct err err = {0};

	count = (struct count){.fails_from = PIECES};
	ck_assert(parallel_run(&how, PIECES, do_piece, &count, &err));
	for (int i = 0; i < PIECES; i++)
		ck_assert_int_eq(count.done[i], 1);
	ck_assert(parallel_run(&how, 0, do_piece, &count, &err));
}
END_TEST

START_TEST(the_first_that_fails_is_told_and_no_more_are_begun)
{
	static struct count count;
	struct parallel how = {.threads = (unsigned)_i};
	struct err err = {0};
	int done = 0;

	count = (struct count){.fails_from = 10};
	ck_assert(!parallel_run(&how, PIECES, do_piece, &count, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	/* All before it have been begun, and so were told if they had failed. */
	ck_assert_str_eq(err.msg, "piece 10");
	for (int i = 0; i < PIECES; i++)
		done += count.done[i];
	ck_assert_int_ge(done, 11);
	ck_assert_int_le(done, 10 + _i);
}
END_TEST

START_TEST(it_stops_when_told)
{
	static struct count count;
	struct parallel how = {.threads = (unsigned)_i, .stop = stop, .arg = &count};
	struct err err = {0};

	count = (struct count){.fails_from = PIECES, .stops_at = 1};
	/* The thread that called may find all done when it comes to ask. */
	if (!parallel_run(&how, PIECES, do_piece, &count, &err))
		ck_assert_int_eq(err.code, ERR_CANCELLED);
	else
		ck_assert_int_gt(_i, 1);
}
END_TEST

START_TEST(there_are_no_more_threads_than_pieces_or_than_allowed)
{
	struct parallel how = {.threads = 8};

	ck_assert_uint_eq(parallel_threads(&how, 3), 3);
	ck_assert_uint_eq(parallel_threads(&how, 0), 1);
	how.threads = PARALLEL_MAX + 1;
	ck_assert_uint_eq(parallel_threads(&how, 1000), PARALLEL_MAX);
	how.threads = 0;
	ck_assert_uint_ge(parallel_threads(&how, 1000), 1);
}
END_TEST

int
main(void)
{
	TCase *tcase = tcase_create("parallel");
	Suite *suite = suite_create("parallel");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, each_piece_is_done_once, 1, 9);
	tcase_add_loop_test(tcase, the_first_that_fails_is_told_and_no_more_are_begun, 1, 9);
	tcase_add_loop_test(tcase, it_stops_when_told, 1, 5);
	tcase_add_test(tcase, there_are_no_more_threads_than_pieces_or_than_allowed);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
