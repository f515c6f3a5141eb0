/* Faults: all are counted, the first hundred are kept, one sentence sums them up. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/faults.h"

static struct arena *arena;
static struct faults faults;

static void
setup(void)
{
	arena = arena_new(1u << 20);
	faults_init(&faults, arena);
}

static void
teardown(void)
{
	arena_free(arena);
}

START_TEST(no_faults_is_fine)
{
	struct err err = {0};

	ck_assert(faults_none(&faults, &err));
	ck_assert_int_eq(err.code, ERR_OK);
}
END_TEST

START_TEST(one_fault_is_said_in_full)
{
	struct err err = {0};

	ck_assert(!faults_add(&faults, "item.id", "'%s' is not an id", "A B"));
	ck_assert(!faults_none(&faults, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_str_eq(err.msg, "item.id: 'A B' is not an id");
	ck_assert_str_eq(faults.list[0].field, "item.id");
}
END_TEST

START_TEST(more_than_the_ceiling_are_counted)
{
	struct err err = {0};

	for (int i = 0; i < FAULTS_MAX + 1; i++)
		faults_add(&faults, "f", "fault %d", i);
	ck_assert_uint_eq(faults.count, FAULTS_MAX);
	ck_assert_uint_eq(faults.total, FAULTS_MAX + 1);
	ck_assert(!faults_none(&faults, &err));
	ck_assert_str_eq(err.msg, "f: fault 0 (and 100 more)");
}
END_TEST

START_TEST(a_full_arena_hides_the_text_not_the_fault)
{
	struct arena *tiny = arena_new(0);
	struct err err = {0};

	faults_init(&faults, tiny);
	faults_add(&faults, "f", "x");
	ck_assert(!faults_none(&faults, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_str_eq(err.msg, "faults in the request: 1");
	arena_free(tiny);
}
END_TEST

START_TEST(text_of_a_peer_is_bounded)
{
	char text[5000];

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	faults_add(&faults, text, "%s", text);
	ck_assert_uint_eq(strlen(faults.list[0].description), 255);
	ck_assert_uint_eq(strlen(faults.list[0].field), 255);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("faults");
	TCase *tc = tcase_create("faults");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, no_faults_is_fine);
	tcase_add_test(tc, one_fault_is_said_in_full);
	tcase_add_test(tc, more_than_the_ceiling_are_counted);
	tcase_add_test(tc, a_full_arena_hides_the_text_not_the_fault);
	tcase_add_test(tc, text_of_a_peer_is_bounded);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
