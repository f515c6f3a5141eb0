/* Errors: codes are gRPC's, messages are valid UTF-8 and bounded. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"

START_TEST(set_returns_false_and_keeps_code_and_text)
{
	struct err err = {0};

	ck_assert(!err_set(&err, ERR_NOT_FOUND, "no %s '%s'", "goal", "x"));
	ck_assert_int_eq(err.code, 5); /* gRPC: NOT_FOUND */
	ck_assert_str_eq(err.msg, "no goal 'x'");
}
END_TEST

START_TEST(a_message_that_is_too_long_is_cut_and_stays_utf8)
{
	struct err err = {0};
	char text[600];

	/*
	 * 254 ASCII bytes, then two-byte characters: the cut at 255 falls into the first of them.
	 */
	memset(text, 'a', 254);
	for (size_t i = 254; i < 596; i += 2)
		memcpy(text + i, "\xc3\xbc", 2);
	text[596] = '\0';
	err_set(&err, ERR_INVALID, "%s", text);
	ck_assert_uint_eq(strlen(err.msg), 255);
	ck_assert_int_eq(err.msg[254], '?');
}
END_TEST

START_TEST(bytes_of_a_peer_that_are_no_utf8_are_replaced)
{
	struct err err = {0};

	err_set(&err, ERR_INVALID, "'%s'", "a\xff\xc3\xbc");
	ck_assert_str_eq(err.msg, "'a?\xc3\xbc'");
}
END_TEST

START_TEST(wrap_puts_context_in_front_and_keeps_the_code)
{
	struct err err = {0};

	err_set(&err, ERR_UNAVAILABLE, "disk full");
	err_wrap(&err, "snapshot %d", 7);
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	ck_assert_str_eq(err.msg, "snapshot 7: disk full");
}
END_TEST

START_TEST(wrap_of_a_full_message_stays_within_bounds)
{
	struct err err = {0};
	char text[400];

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	err_set(&err, ERR_INVALID, "%s", text);
	err_wrap(&err, "%s", text);
	ck_assert_uint_eq(strlen(err.msg), sizeof err.msg - 1);
}
END_TEST

START_TEST(errno_is_said_in_words)
{
	struct err err = {0};

	errno = ENOSPC;
	ck_assert(!err_errno(&err, "write log"));
	ck_assert_int_eq(err.code, ERR_UNAVAILABLE);
	ck_assert_str_eq(err.msg, "write log: No space left on device");
}
END_TEST

START_TEST(out_of_memory_is_a_limit)
{
	struct err err = {0};

	ck_assert(!err_oom(&err));
	ck_assert_int_eq(err.code, 8); /* gRPC: RESOURCE_EXHAUSTED */
}
END_TEST

START_TEST(code_names_are_those_of_grpc)
{
	ck_assert_str_eq(err_code_name(ERR_OK), "OK");
	ck_assert_str_eq(err_code_name(ERR_CONFLICT), "ABORTED");
	ck_assert_str_eq(err_code_name((enum err_code)16), "UNAUTHENTICATED");
	ck_assert_str_eq(err_code_name((enum err_code)17), "UNKNOWN");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("err");
	TCase *tc = tcase_create("err");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, set_returns_false_and_keeps_code_and_text);
	tcase_add_test(tc, a_message_that_is_too_long_is_cut_and_stays_utf8);
	tcase_add_test(tc, bytes_of_a_peer_that_are_no_utf8_are_replaced);
	tcase_add_test(tc, wrap_puts_context_in_front_and_keeps_the_code);
	tcase_add_test(tc, wrap_of_a_full_message_stays_within_bounds);
	tcase_add_test(tc, errno_is_said_in_words);
	tcase_add_test(tc, out_of_memory_is_a_limit);
	tcase_add_test(tc, code_names_are_those_of_grpc);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
