/* Arena: aligned, bounded, reusable. */
#include <check.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new(1u << 20);
	ck_assert_ptr_nonnull(arena);
}

static void
teardown(void)
{
	arena_free(arena);
}

START_TEST(every_allocation_is_aligned_and_apart)
{
	char *last = NULL;

	for (size_t size = 0; size < 2000; size += 7) {
		char *p = arena_alloc(arena, size);

		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
		memset(p, 0x5a, size);
		if (last != NULL)
			ck_assert_int_eq(*last, 0x33);
		last = arena_alloc(arena, 1);
		ck_assert_ptr_nonnull(last);
		*last = 0x33;
	}
}
END_TEST

START_TEST(the_limit_is_held_to_the_byte)
{
	struct arena *small = arena_new(64);
	void *p;

	p = arena_alloc(small, 65);
	ck_assert_ptr_null(p);
	p = arena_alloc(small, 64);
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(arena_used(small), 64);
	p = arena_alloc(small, 1);
	ck_assert_ptr_null(p);
	arena_free(small);
}
END_TEST

START_TEST(sums_that_overflow_are_refused)
{
	ck_assert_ptr_null(arena_alloc(arena, SIZE_MAX));
	ck_assert_ptr_null(arena_array(arena, SIZE_MAX / 2, 3));
	ck_assert_ptr_null(arena_strndup(arena, "x", SIZE_MAX));
	ck_assert_uint_eq(arena_used(arena), 0);
}
END_TEST

START_TEST(an_arena_without_limit_still_refuses_what_cannot_be)
{
	struct arena *wide = arena_new(SIZE_MAX);

	ck_assert_ptr_null(arena_alloc(wide, SIZE_MAX - 3));
	ck_assert_ptr_nonnull(arena_alloc(wide, 1));
	arena_free(wide);
}
END_TEST

START_TEST(nothing_has_an_address_too)
{
	struct arena *fresh = arena_new(0);
	void *p = arena_alloc(fresh, 0);
	void *q = arena_alloc(fresh, 0);

	/* NULL would mean that the arena is full. */
	ck_assert_ptr_nonnull(p);
	ck_assert_ptr_nonnull(q);
	ck_assert_ptr_ne(p, q);
	arena_free(fresh);
}
END_TEST

START_TEST(large_allocations_get_a_block_of_their_own)
{
	char *p = arena_alloc(arena, 500000);

	ck_assert_ptr_nonnull(p);
	memset(p, 1, 500000);
	ck_assert_uint_eq(arena_used(arena), 500000);
}
END_TEST

START_TEST(reset_forgets_all_and_keeps_the_first_block)
{
	void *first = arena_alloc(arena, 100);
	void *again;

	ck_assert_ptr_nonnull(arena_alloc(arena, 100000));
	arena_reset(arena);
	ck_assert_uint_eq(arena_used(arena), 0);
	again = arena_alloc(arena, 100);
	ck_assert_ptr_eq(first, again);
	arena_reset(arena);
	arena_reset(arena);
}
END_TEST

START_TEST(an_unused_arena_can_be_reset)
{
	arena_reset(arena);
	ck_assert_uint_eq(arena_used(arena), 0);
}
END_TEST

START_TEST(zeroed_means_zeroed_after_a_reset_too)
{
	char *p = arena_alloc(arena, 64);

	memset(p, 0xff, 64);
	arena_reset(arena);
	p = arena_zalloc(arena, 64);
	for (int i = 0; i < 64; i++)
		ck_assert_int_eq(p[i], 0);
}
END_TEST

START_TEST(only_the_newest_allocation_can_be_extended)
{
	char *a = arena_alloc(arena, 10);
	char *b;

	memcpy(a, "123456789", 10);
	ck_assert(arena_extend(arena, a, 10, 1000));
	memset(a + 10, 'x', 990);
	ck_assert_str_eq(a, "123456789");
	b = arena_alloc(arena, 10);
	ck_assert(b >= a + 1000);
	ck_assert(!arena_extend(arena, a, 1000, 1001 + 16));
	ck_assert(!arena_extend(arena, b, 10, 1u << 19)); /* the block ends before that */
	ck_assert(!arena_extend(arena, b, 10, 2u << 20)); /* and the limit */
}
END_TEST

START_TEST(extending_counts_towards_the_limit)
{
	struct arena *small = arena_new(64);
	char *p = arena_alloc(small, 16);

	ck_assert(!arena_extend(small, p, 16, 65));
	ck_assert(arena_extend(small, p, 16, 64));
	ck_assert_uint_eq(arena_used(small), 64);
	ck_assert_ptr_null(arena_alloc(small, 1));
	arena_free(small);
}
END_TEST

START_TEST(copies_are_terminated)
{
	char *s = arena_strndup(arena, "hello", 3);

	ck_assert_str_eq(s, "hel");
	ck_assert_str_eq(arena_strdup(arena, ""), "");
	ck_assert_str_eq(arena_printf(arena, "%s/%d", "goal", 7), "goal/7");
	ck_assert_ptr_nonnull(arena_memdup(arena, NULL, 0));
	ck_assert_mem_eq(arena_memdup(arena, "abc", 3), "abc", 3);
}
END_TEST

START_TEST(a_list_grows_and_keeps_what_it_had)
{
	uint32_t *list = NULL;
	size_t cap = 0;

	for (uint32_t n = 0; n < 1000; n++) {
		uint32_t more[2] = {2 * n, 2 * n + 1};

		list = arena_append(arena, list, 2 * (size_t)n, &cap, more, 2, sizeof more[0]);
		ck_assert_ptr_nonnull(list);
	}
	for (uint32_t i = 0; i < 2000; i++)
		ck_assert_uint_eq(list[i], i);
	ck_assert_ptr_eq(arena_append(arena, list, 2000, &cap, NULL, 0, sizeof list[0]), list);
	ck_assert_ptr_null(arena_append(arena, list, 2000, &cap, list, SIZE_MAX, sizeof list[0]));
	ck_assert_ptr_null(arena_append(arena, list, 2000, &cap, list, SIZE_MAX / 4, 8));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("arena");
	TCase *tc = tcase_create("arena");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, every_allocation_is_aligned_and_apart);
	tcase_add_test(tc, the_limit_is_held_to_the_byte);
	tcase_add_test(tc, sums_that_overflow_are_refused);
	tcase_add_test(tc, an_arena_without_limit_still_refuses_what_cannot_be);
	tcase_add_test(tc, nothing_has_an_address_too);
	tcase_add_test(tc, large_allocations_get_a_block_of_their_own);
	tcase_add_test(tc, reset_forgets_all_and_keeps_the_first_block);
	tcase_add_test(tc, an_unused_arena_can_be_reset);
	tcase_add_test(tc, zeroed_means_zeroed_after_a_reset_too);
	tcase_add_test(tc, only_the_newest_allocation_can_be_extended);
	tcase_add_test(tc, extending_counts_towards_the_limit);
	tcase_add_test(tc, copies_are_terminated);
	tcase_add_test(tc, a_list_grows_and_keeps_what_it_had);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
