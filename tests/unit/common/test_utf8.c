/* UTF-8: what is refused, what it takes on a terminal, what counts as the same name. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"

static const struct {
	const char *text;
	size_t len;
	bool valid;
} texts[] = {
    {"", 0, true},
    {"plain ASCII text that is longer than eight bytes", 48, true},
    {"\x7f", 1, true},
    {"Z\xc3\xbcrich", 7, true},
    {"\xe2\x82\xac", 3, true},      /* U+20AC */
    {"\xf0\x9f\x98\x80", 4, true},  /* U+1F600 */
    {"\xed\x9f\xbf", 3, true},      /* U+D7FF, below the surrogates */
    {"\xee\x80\x80", 3, true},      /* U+E000, above them */
    {"\xf4\x8f\xbf\xbf", 4, true},  /* U+10FFFF */
    {"\xed\xa0\x80", 3, false},     /* U+D800, a surrogate */
    {"\xf4\x90\x80\x80", 4, false}, /* U+110000 */
    {"\xf5\x80\x80\x80", 4, false},
    {"\xc0\x80", 2, false},         /* overlong NUL */
    {"\xc1\xbf", 2, false},         /* overlong */
    {"\xe0\x9f\xbf", 3, false},     /* overlong */
    {"\xf0\x8f\xbf\xbf", 4, false}, /* overlong */
    {"\x80", 1, false},
    {"\xff", 1, false},
    {"\xc3", 1, false}, /* torn */
    {"\xe2\x82", 2, false},
    {"\xf0\x9f\x98", 3, false},
    {"\xe2\x28\xa1", 3, false},
    {"a\0b", 3, false}, /* NUL in every place of a word of eight */
    {"\0bcdefgh", 8, false},
    {"abcdefg\0", 8, false},
    {"abc\0efghijkl", 12, false},
    {"abcdefgh\0", 9, false},
    {"abcdefg\x80", 8, false},
    {"\x01\x01\x01\x01\x01\x01\x01\x01", 8, true},
};

START_TEST(validity)
{
	ck_assert_int_eq(utf8_is_valid(texts[_i].text, texts[_i].len), texts[_i].valid);
}
END_TEST

START_TEST(a_character_is_not_read_past_the_end)
{
	/* The euro sign is there, but only two of its bytes are ours. */
	ck_assert_uint_eq(utf8_char_len("\xe2\x82\xac", 2), 0);
	ck_assert_uint_eq(utf8_char_len("\xe2\x82\xac", 3), 3);
	ck_assert_uint_eq(utf8_char_len("a", 1), 1);
	ck_assert_uint_eq(utf8_char_len("a", 0), 0);
	ck_assert_uint_eq(utf8_char_len("", 1), 0);
}
END_TEST

START_TEST(widths)
{
	ck_assert_uint_eq(utf8_width(""), 0);
	ck_assert_uint_eq(utf8_width("goal"), 4);
	ck_assert_uint_eq(utf8_width("Z\xc3\xbcrich"), 6);
	ck_assert_uint_eq(utf8_width("\xe6\x97\xa5\xe6\x9c\xac"), 4); /* two ideographs */
	ck_assert_uint_eq(utf8_width("\xf0\x9f\x98\x80"), 2);         /* an emoji */
	ck_assert_uint_eq(utf8_width("e\xcc\x81"), 1);                /* e, combining acute */
	ck_assert_uint_eq(utf8_width("a\xff"
				     "b"),
	    3); /* a stray byte takes one */
}
END_TEST

/* What is seen as one character takes the columns of its picture, not the sum of its parts. */
START_TEST(clusters_take_the_columns_of_one_picture)
{
	/* woman, joiner, woman, joiner, girl: one family */
	ck_assert_uint_eq(
	    utf8_width("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7"),
	    2);
	ck_assert_uint_eq(utf8_width("\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa"), 2); /* the flag DE */
	/* the flags DE and FR: four indicators, two pictures */
	ck_assert_uint_eq(
	    utf8_width("\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa\xf0\x9f\x87\xab\xf0\x9f\x87\xb7"), 4);
	ck_assert_uint_eq(utf8_width("\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd"), 2); /* thumb, skin tone */
	ck_assert_uint_eq(utf8_width("\xe2\x9d\xa4\xef\xb8\x8f"), 2);         /* heart as emoji */
	ck_assert_uint_eq(utf8_width("1\xef\xb8\x8f\xe2\x83\xa3"), 2);        /* key cap 1 */
	ck_assert_uint_eq(utf8_width("o\xcc\x88\xcc\x81"), 1);                /* o with two marks */
	ck_assert_uint_eq(utf8_width("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"), 2); /* han in Jamo */
}
END_TEST

START_TEST(a_cluster_is_not_cut_in_two)
{
	/* the flag needs two columns: in one there is room for nothing */
	ck_assert_uint_eq(utf8_fit("\xf0\x9f\x87\xa9\xf0\x9f\x87\xaax", 1), 0);
	ck_assert_uint_eq(utf8_fit("\xf0\x9f\x87\xa9\xf0\x9f\x87\xaax", 2), 8);
	/* a thumb with its skin tone is 8 bytes and two columns */
	ck_assert_uint_eq(utf8_fit("a\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", 2), 1);
	ck_assert_uint_eq(utf8_fit("a\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", 3), 9);
}
END_TEST

START_TEST(the_longest_prefix_that_fits)
{
	ck_assert_uint_eq(utf8_fit("goal", 10), 4);
	ck_assert_uint_eq(utf8_fit("goal", 2), 2);
	ck_assert_uint_eq(utf8_fit("goal", 0), 0);
	ck_assert_uint_eq(utf8_fit("\xe6\x97\xa5\xe6\x9c\xac", 3), 3); /* the second would take 4 */
	ck_assert_uint_eq(utf8_fit("e\xcc\x81x", 1), 3); /* the accent goes with its e */
}
END_TEST

START_TEST(names_that_look_alike_fold_alike)
{
	/* "Zürich" composed, "ZÜRICH" decomposed, and the German sharp s. */
	char *a = utf8_fold("Z\xc3\xbcrich");
	char *b = utf8_fold("ZU\xcc\x88RICH");
	char *c = utf8_fold("Stra\xc3\x9f"
			    "e");

	ck_assert_str_eq(a, b);
	ck_assert_str_eq(c, "strasse");
	free(a);
	free(b);
	free(c);
	ck_assert_ptr_null(utf8_fold("\xff"));
	a = utf8_fold("");
	ck_assert_str_eq(a, "");
	free(a);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("utf8");
	TCase *tc = tcase_create("utf8");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, validity, 0, (int)(sizeof texts / sizeof texts[0]));
	tcase_add_test(tc, a_character_is_not_read_past_the_end);
	tcase_add_test(tc, widths);
	tcase_add_test(tc, clusters_take_the_columns_of_one_picture);
	tcase_add_test(tc, a_cluster_is_not_cut_in_two);
	tcase_add_test(tc, the_longest_prefix_that_fits);
	tcase_add_test(tc, names_that_look_alike_fold_alike);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
