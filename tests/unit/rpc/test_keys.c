#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/limits.h"
#include "server/rpc/keys.h"

#define NOW INT64_C(1774947600000000)

static bool
add(struct keys *keys, uint64_t hash, uint64_t revision, int64_t logged_us, int64_t now_us)
{
	struct key_entry entry = {hash, hash * 7, revision, logged_us, logged_us};
	struct err err = {0};

	return keys_add(keys, &entry, now_us, &err);
}

START_TEST(author_and_key_count_both)
{
	struct keys *keys = keys_new();

	ck_assert(keys_hash(keys, "ab", "c") != keys_hash(keys, "a", "bc"));
	ck_assert(keys_hash(keys, "a", "k") != keys_hash(keys, "b", "k"));
	ck_assert(keys_hash(keys, "a", "k") == keys_hash(keys, "a", "k"));
	keys_free(keys);
}
END_TEST

START_TEST(seven_days_are_remembered)
{
	struct keys *keys = keys_new();

	ck_assert(add(keys, 5, 1, NOW, NOW));
	ck_assert_ptr_nonnull(keys_find(keys, 5, NOW + LIMIT_KEY_AGE_US));
	ck_assert_ptr_null(keys_find(keys, 5, NOW + LIMIT_KEY_AGE_US + 1));
	ck_assert_ptr_null(keys_find(keys, 6, NOW));
	/* Used again after that it is new. */
	ck_assert(add(keys, 5, 9, NOW + 2 * LIMIT_KEY_AGE_US, NOW + 2 * LIMIT_KEY_AGE_US));
	ck_assert_uint_eq(keys_find(keys, 5, NOW + 2 * LIMIT_KEY_AGE_US)->revision, 9);
	keys_free(keys);
}
END_TEST

/* Against an array: hashes 1..N collide in their shards and homes, and some are taken out again. */
START_TEST(removal_leaves_the_others_to_be_found)
{
	enum { N = 20000 };
	static bool there[N + 1];
	struct keys *keys = keys_new();
	unsigned random = 12345;
	size_t count = 0;

	for (unsigned step = 0; step < 100000; step++) {
		uint64_t hash;

		random = random * 1103515245 + 12345;
		hash = 1 + (random >> 8) % N;
		if (there[hash]) {
			keys_remove(keys, hash, hash + 1); /* of another revision: stays */
			ck_assert_ptr_nonnull(keys_find(keys, hash, NOW));
			keys_remove(keys, hash, hash);
			count--;
		} else {
			ck_assert(add(keys, hash, hash, NOW, NOW));
			count++;
		}
		there[hash] = !there[hash];
	}
	for (uint64_t hash = 1; hash <= N; hash++) {
		const struct key_entry *entry = keys_find(keys, hash, NOW);

		ck_assert_int_eq(entry != NULL, there[hash]);
		if (entry != NULL)
			ck_assert_uint_eq(entry->request_hash, hash * 7);
	}
	ck_assert_uint_eq(keys_count(keys), count);
	keys_free(keys);
}
END_TEST

START_TEST(old_ones_make_room)
{
	struct keys *keys = keys_new();
	bool all = true;

	for (uint64_t i = 1; i <= 100000; i++)
		all &= add(keys, i, i, NOW, NOW);
	for (uint64_t i = 1; i <= 100000; i++)
		all &= add(
		    keys, 200000 + i, i, NOW + LIMIT_KEY_AGE_US + 1, NOW + LIMIT_KEY_AGE_US + 1);
	ck_assert(all);
	/* A shard forgets when it would grow: of the old ones at most the last half of a table is left. */
	ck_assert_uint_lt(keys_count(keys), 200000);
	keys_free(keys);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rpc/keys");
	TCase *tcase = tcase_create("keys");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, author_and_key_count_both);
	tcase_add_test(tcase, seven_days_are_remembered);
	tcase_add_test(tcase, removal_leaves_the_others_to_be_found);
	tcase_add_test(tcase, old_ones_make_room);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
