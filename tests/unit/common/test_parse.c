/* Numbers, efforts and ids from text. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"

START_TEST(whole_numbers_within_their_range)
{
	uint64_t u = 7;
	int64_t i = 7;

	ck_assert(parse_u64("18446744073709551615", 0, UINT64_MAX, &u));
	ck_assert_uint_eq(u, UINT64_MAX);
	ck_assert(parse_u64("007", 0, 10, &u));
	ck_assert_uint_eq(u, 7);
	ck_assert(parse_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &i));
	ck_assert_int_eq(i, INT64_MIN);
	ck_assert(parse_i64("9223372036854775807", INT64_MIN, INT64_MAX, &i));
	ck_assert_int_eq(i, INT64_MAX);
	ck_assert(parse_i64("-0", -1, 1, &i));
	ck_assert_int_eq(i, 0);
}
END_TEST

START_TEST(other_text_is_refused_and_out_left_alone)
{
	static const char *const bad[] = {"", "-", "+1", " 1", "1 ", "1x", "0x10", "1.0", "--1",
	    "18446744073709551616", "99999999999999999999999"};
	uint64_t u = 7;
	int64_t i = 7;

	ck_assert(!parse_u64(bad[_i], 0, UINT64_MAX, &u));
	ck_assert(!parse_i64(bad[_i], INT64_MIN, INT64_MAX, &i));
	ck_assert_uint_eq(u, 7);
	ck_assert_int_eq(i, 7);
}
END_TEST

START_TEST(ranges_are_inclusive)
{
	uint64_t u;
	int64_t i;

	ck_assert(parse_u64("10", 10, 20, &u));
	ck_assert(parse_u64("20", 10, 20, &u));
	ck_assert(!parse_u64("9", 10, 20, &u));
	ck_assert(!parse_u64("21", 10, 20, &u));
	ck_assert(!parse_i64("-3", -2, 2, &i));
	ck_assert(parse_i64("-2", -2, 2, &i));
	ck_assert(!parse_u64("-1", 0, 20, &u));
}
END_TEST

START_TEST(doubles_have_a_point_and_are_finite)
{
	double d = 7;

	ck_assert(parse_double("1.5", &d));
	ck_assert_double_eq(d, 1.5);
	ck_assert(parse_double("-2e3", &d));
	ck_assert_double_eq(d, -2000);
	ck_assert(parse_double("+0.1", &d));
	ck_assert_double_eq(d, 0.1);
	ck_assert(!parse_double("", &d) && !parse_double("1,5", &d) && !parse_double("nan", &d) &&
		  !parse_double("inf", &d) && !parse_double("0x1p3", &d) &&
		  !parse_double(" 1", &d) && !parse_double("1 ", &d) && !parse_double(".5", &d) &&
		  !parse_double("5.", &d) && !parse_double("1e", &d) &&
		  !parse_double("1e999", &d) && !parse_double("-", &d));
	ck_assert_double_eq(d, 0.1);
}
END_TEST

START_TEST(effort_in_days_or_hundredths)
{
	static const struct {
		const char *text;
		int64_t hundredths; /* -1: refused */
	} cases[] = {
	    {"2d", 200},
	    {"1.5d", 150},
	    {"0.25d", 25},
	    {"1.50d", 150},
	    {"0d", 0},
	    {"250", 250},
	    {"0", 0},
	    {"3h", -1},
	    {"", -1},
	    {"d", -1},
	    {".5d", -1},
	    {"1.d", -1},
	    {"1.005d", -1},
	    {"-1d", -1},
	    {"-1", -1},
	    {"1.5", -1},
	    {"2d ", -1},
	    {"2dd", -1},
	    {"92233720368547758.07d", INT64_MAX},
	    {"92233720368547758.08d", -1},
	    {"99999999999999999999d", -1},
	};
	int64_t out = -1;

	ck_assert_uint_lt((unsigned)_i, sizeof cases / sizeof cases[0]);
	ck_assert_msg(parse_effort(cases[_i].text, &out) == (cases[_i].hundredths >= 0), "%s",
	    cases[_i].text);
	ck_assert_int_eq(out, cases[_i].hundredths);
}
END_TEST

START_TEST(ids_are_slugs)
{
	char longest[ID_MAX_LEN + 2];

	memset(longest, 'a', sizeof longest);
	ck_assert(parse_is_id("a", 1) && parse_is_id("2026-q1", 7) && parse_is_id("a.b_c-d", 7));
	ck_assert(parse_is_id(longest, ID_MAX_LEN) && !parse_is_id(longest, ID_MAX_LEN + 1));
	ck_assert(!parse_is_id("", 0) && !parse_is_id("-a", 2) && !parse_is_id("a-", 2) &&
		  !parse_is_id(".", 1) && !parse_is_id("A", 1) && !parse_is_id("a b", 3) &&
		  !parse_is_id("a/b", 3) && !parse_is_id("a\0b", 3) && !parse_is_id("\xc3\xbc", 2));
}
END_TEST

START_TEST(slugs_of_any_text)
{
	static const struct {
		const char *text;
		const char *slug;
	} cases[] = {
	    {"Grow Revenue", "grow-revenue"},
	    {"  Grow -- revenue!! ", "grow-revenue"},
	    {"v1.2_b", "v1.2_b"},
	    {"Z\xc3\xbcrich", "z-rich"},
	    {"", ""},
	    {"!!!", ""},
	    {"._-a-_.", "a"},
	    {"x ... y", "x-...-y"},
	};
	char out[ID_MAX_LEN + 1];

	ck_assert_uint_lt((unsigned)_i, sizeof cases / sizeof cases[0]);
	parse_slug(cases[_i].text, out);
	ck_assert_str_eq(out, cases[_i].slug);
	ck_assert(out[0] == '\0' || parse_is_id(out, strlen(out)));
}
END_TEST

START_TEST(long_slugs_are_cut_and_still_ids)
{
	char text[200];
	char out[ID_MAX_LEN + 1];

	/* "aaa…" with a blank that becomes the 64th byte: cut there, a slug would end in "-". */
	memset(text, 'a', sizeof text - 1);
	text[63] = ' ';
	text[sizeof text - 1] = '\0';
	parse_slug(text, out);
	ck_assert_uint_eq(strlen(out), 63);
	ck_assert(parse_is_id(out, strlen(out)));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("parse");
	TCase *tc = tcase_create("parse");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, whole_numbers_within_their_range);
	tcase_add_loop_test(tc, other_text_is_refused_and_out_left_alone, 0, 11);
	tcase_add_test(tc, ranges_are_inclusive);
	tcase_add_test(tc, doubles_have_a_point_and_are_finite);
	tcase_add_loop_test(tc, effort_in_days_or_hundredths, 0, 21);
	tcase_add_test(tc, ids_are_slugs);
	tcase_add_loop_test(tc, slugs_of_any_text, 0, 8);
	tcase_add_test(tc, long_slugs_are_cut_and_still_ids);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
