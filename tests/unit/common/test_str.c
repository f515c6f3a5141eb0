/* Growing text: terminated, bounded, failing once and for all. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"

START_TEST(an_untouched_string_is_empty_text)
{
	struct str s;

	str_init(&s, 10);
	ck_assert_str_eq(s.data, "");
	str_reset(&s);
	str_add(&s, "");
	ck_assert_str_eq(s.data, "");
	ck_assert(str_ok(&s));
	str_fini(&s);
}
END_TEST

START_TEST(appends_join_up)
{
	struct str s;

	str_init(&s, 1000);
	str_add(&s, "a");
	str_add_char(&s, '/');
	str_add_len(&s, "bcd", 2);
	str_addf(&s, "=%d", 42);
	ck_assert_str_eq(s.data, "a/bc=42");
	ck_assert_uint_eq(s.len, 7);
	str_fini(&s);
}
END_TEST

START_TEST(the_ceiling_is_exact_and_a_failed_string_takes_no_more)
{
	struct str s;

	str_init(&s, 5);
	str_add(&s, "12345");
	ck_assert(str_ok(&s));
	str_add_char(&s, '6');
	ck_assert(!str_ok(&s));
	ck_assert_str_eq(s.data, "12345");
	str_reset(&s);
	ck_assert(str_ok(&s));
	str_addf(&s, "%s", "123456");
	ck_assert(!str_ok(&s));
	str_add(&s, "x");
	ck_assert_str_eq(s.data, "");
	str_fini(&s);
}
END_TEST

START_TEST(growth_keeps_what_was_there)
{
	struct str s;

	str_init(&s, 100000);
	for (int i = 0; i < 10000; i++)
		str_addf(&s, "%d", i % 10);
	ck_assert_uint_eq(s.len, 10000);
	for (size_t i = 0; i < 10000; i++)
		ck_assert_int_eq(s.data[i], '0' + (char)(i % 10));
	str_fini(&s);
}
END_TEST

START_TEST(take_hands_over_and_leaves_an_empty_string)
{
	struct str s;
	char *text;

	str_init(&s, 100);
	str_add(&s, "mine");
	text = str_take(&s);
	ck_assert_str_eq(text, "mine");
	ck_assert_str_eq(s.data, "");
	free(text);
	text = str_take(&s);
	ck_assert_str_eq(text, "");
	free(text);
	str_add(&s, "again");
	ck_assert_str_eq(s.data, "again");
	str_fini(&s);
}
END_TEST

START_TEST(take_of_a_failed_string_is_null)
{
	struct str s;

	str_init(&s, 3);
	str_add(&s, "abc");
	str_add(&s, "d");
	ck_assert_ptr_null(str_take(&s));
	str_fini(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("str");
	TCase *tc = tcase_create("str");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, an_untouched_string_is_empty_text);
	tcase_add_test(tc, appends_join_up);
	tcase_add_test(tc, the_ceiling_is_exact_and_a_failed_string_takes_no_more);
	tcase_add_test(tc, growth_keeps_what_was_there);
	tcase_add_test(tc, take_hands_over_and_leaves_an_empty_string);
	tcase_add_test(tc, take_of_a_failed_string_is_null);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
