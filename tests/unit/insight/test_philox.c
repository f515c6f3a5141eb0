/* Random numbers by counter: the published answers, and what streams promise. */
#include <check.h>
#include <stdlib.h>

#include "server/insight/schedule/philox.h"

/* The known answers for philox4x32-10 that the authors' library Random123 is tested with (kat_vectors). */
START_TEST(blocks_are_the_published_ones)
{
	static const struct {
		uint32_t counter[4], key[2], out[4];
	} known[] = {
	    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
	    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff},
		{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
	    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0},
		{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	};
	uint32_t out[4];

	philox_block(known[_i].counter, known[_i].key, out);
	for (int w = 0; w < 4; w++)
		ck_assert_uint_eq(out[w], known[_i].out[w]);
}
END_TEST

/* The words of a block from last to first, then those of the next counter. */
START_TEST(a_stream_is_blocks_one_after_another)
{
	const uint32_t key[2] = {7, 9};
	uint32_t counter[4] = {0, 0, 3, 0};
	uint32_t out[4];
	struct philox random;

	philox_init(&random, UINT64_C(9) << 32 | 7, 3);
	for (counter[0] = 0; counter[0] < 3; counter[0]++) {
		philox_block(counter, key, out);
		for (int w = 3; w >= 0; w--)
			ck_assert_uint_eq(philox_next(&random), out[w]);
	}
}
END_TEST

/* 60,000 throws of a die: 10,000 each, give or take five standard deviations (91 each). */
START_TEST(numbers_below_are_even)
{
	uint32_t seen[6] = {0};
	struct philox random;

	philox_init(&random, 1, 0);
	for (int i = 0; i < 60000; i++) {
		uint32_t face = philox_below(&random, 6);

		ck_assert_uint_lt(face, 6);
		seen[face]++;
	}
	for (int face = 0; face < 6; face++) {
		ck_assert_uint_gt(seen[face], 10000 - 457);
		ck_assert_uint_lt(seen[face], 10000 + 457);
	}
	ck_assert_uint_eq(philox_below(&random, 1), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("philox");
	TCase *tcase = tcase_create("philox");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, blocks_are_the_published_ones, 0, 3);
	tcase_add_test(tcase, a_stream_is_blocks_one_after_another);
	tcase_add_test(tcase, numbers_below_are_even);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
