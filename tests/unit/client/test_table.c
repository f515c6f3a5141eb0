/* Tables: they fit, they drop and cut in the right order, and CSV is CSV. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/output.h"

static char *
print(struct table *table, int width, enum output_format format, bool colour)
{
	struct output out = {.format = format, .width = width, .colour = colour};
	char *text = NULL;
	size_t len = 0;

	out.file = open_memstream(&text, &len);
	ck_assert_ptr_nonnull(out.file);
	table_print(table, &out);
	fclose(out.file);
	return text;
}

/* ID, TITLE (cut), OWNER (cut, dropped), RANK (right, dropped) with two rows. */
static struct table *
sample(void)
{
	struct table *table = table_new();

	ck_assert_ptr_nonnull(table);
	table_column(table, "ID", 0);
	table_column(table, "TITLE", TABLE_SHRINK);
	table_column(table, "OWNER", TABLE_SHRINK | TABLE_DROP);
	table_column(table, "RANK", TABLE_RIGHT | TABLE_DROP);
	table_cell(table, "goal/a");
	table_cell(table, "A short title");
	table_cell(table, "Anna");
	table_cell(table, "7");
	table_cell(table, "goal/bb");
	table_cell(table, "A title that is longer");
	table_cell(table, "");
	table_cellf(table, "%d", 12);
	return table;
}

START_TEST(columns_are_as_wide_as_their_widest_cell_and_numbers_stand_right)
{
	struct table *table = sample();
	char *text = print(table, 80, OUTPUT_TABLE, false);

	ck_assert_str_eq(text, "ID       TITLE                   OWNER  RANK\n"
			       "goal/a   A short title           Anna      7\n"
			       "goal/bb  A title that is longer           12\n");
	ck_assert_uint_eq(table_rows(table), 2);
	free(text);
	table_free(table);
}
END_TEST

START_TEST(a_narrow_terminal_cuts_the_widest_column_and_shows_that_it_did)
{
	struct table *table = sample();
	/* natural width 44 (7+2+22+2+5+2+4); 36 takes 8 columns from the title: 14 left, 13 and the mark */
	char *text = print(table, 36, OUTPUT_TABLE, false);

	ck_assert_str_eq(text, "ID       TITLE           OWNER  RANK\n"
			       "goal/a   A short title   Anna      7\n"
			       "goal/bb  A title that \xe2\x80\xa6           12\n");
	free(text);
	table_free(table);
}
END_TEST

START_TEST(columns_that_may_go_go_before_the_others_are_cut_to_nothing)
{
	struct table *table = sample();
	/* title at its least is 10: 7+2+10 = 19, with OWNER 26, with RANK 32; at 27 RANK (the last) goes */
	char *text = print(table, 27, OUTPUT_TABLE, false);

	ck_assert_str_eq(text,
	    "ID       TITLE        OWNER\n"
	    "goal/a   A short ti\xe2\x80\xa6  Anna\n"
	    "goal/bb  A title th\xe2\x80\xa6\n"); /* no blanks at the end of a line */
	free(text);
	table_free(table);
}
END_TEST

START_TEST(no_line_is_wider_than_the_terminal_while_the_ids_fit)
{
	struct table *table = sample();

	/* 7 for the ids, 2, and 3 for what is left of the title */
	for (int width = 12; width < 60; width++) {
		char *text = print(table, width, OUTPUT_TABLE, false);
		int column = 0;

		for (const char *p = text; *p; p++) {
			if (*p == '\n') {
				ck_assert_int_le(column, width);
				column = 0;
			} else if (((unsigned char)*p & 0xc0) != 0x80) {
				column++;
			}
		}
		free(text);
	}
	table_free(table);
}
END_TEST

/* 25 + 2 + 10 + 2 + 4 are 43: at 34 the id has 16, and neither the day nor the number is broken */
START_TEST(on_a_narrow_terminal_ids_wrap_before_their_lines_break)
{
	struct table *table = table_new();
	char *text;

	table_column(table, "ID", 0);
	table_column(table, "DUE", 0);
	table_column(table, "RANK", TABLE_RIGHT);
	table_cell(table, "initiative/mobile-offline");
	table_cell(table, "2026-06-30");
	table_cell(table, "3");
	text = print(table, 34, OUTPUT_TABLE, false);
	ck_assert_str_eq(text, "ID                DUE         RANK\n"
			       "initiative/       2026-06-30     3\n"
			       "mobile-offline\n");
	free(text);
	/* as wide as that, a terminal takes the whole */
	text = print(table, 60, OUTPUT_TABLE, false);
	ck_assert_ptr_nonnull(strstr(text, "initiative/mobile-offline  2026-06-30     3\n"));
	free(text);
	table_free(table);
}
END_TEST

START_TEST(a_droppable_column_in_which_nothing_stands_is_left_out)
{
	struct table *table = table_new();
	char *text;

	table_column(table, "ID", 0);
	table_column(table, "DUE", TABLE_DROP);
	table_column(table, "TITLE", TABLE_SHRINK);
	table_cell(table, "x");
	table_cell(table, "");
	table_cell(table, "t");
	text = print(table, 80, OUTPUT_TABLE, false);
	ck_assert_str_eq(text, "ID  TITLE\nx   t\n");
	free(text);
	table_free(table);
}
END_TEST

START_TEST(wrapped_columns_go_on_below_at_a_blank)
{
	struct table *table = table_new();
	char *text;

	table_column(table, "RULE", 0);
	table_column(table, "ASKS", TABLE_WRAP);
	table_cell(table, "a/b");
	table_cell(table, "one two three four five");
	/* 4 + 2 leave 14 columns: "one two three" is 13, "four five" 9 */
	text = print(table, 20, OUTPUT_TABLE, false);
	ck_assert_str_eq(text, "RULE  ASKS\n"
			       "a/b   one two three\n"
			       "      four five\n");
	free(text);
	table_free(table);
}
END_TEST

START_TEST(wide_characters_take_two_columns)
{
	struct table *table = table_new();
	char *text;

	table_column(table, "A", 0);
	table_column(table, "B", 0);
	table_cell(table, "\xe6\x97\xa5\xe6\x9c\xac"); /* two characters, four columns */
	table_cell(table, "x");
	table_cell(table, "abcd");
	table_cell(table, "y");
	text = print(table, 80, OUTPUT_TABLE, false);
	ck_assert_str_eq(text, "A     B\n\xe6\x97\xa5\xe6\x9c\xac  x\nabcd  y\n");
	free(text);
	table_free(table);
}
END_TEST

START_TEST(text_of_others_cannot_steer_the_terminal)
{
	struct table *table = table_new();
	char *text;

	table_column(table, "T", 0);
	table_cell(table, "a\x1b[31mb\nc\td\xc2\x9b\xe2\x80\xae!");
	text = print(table, 80, OUTPUT_TABLE, true);
	ck_assert_ptr_null(strstr(text, "\x1b[31mb"));
	/* escape, C1 control and right-to-left override are replaced, line break and tab become blanks */
	ck_assert_ptr_nonnull(strstr(text, "a\xef\xbf\xbd[31mb c d\xef\xbf\xbd\xef\xbf\xbd!"));
	free(text);
	table_free(table);
}
END_TEST

START_TEST(colour_is_there_only_where_it_is_wanted)
{
	struct table *table = table_new();
	char *text;

	table_column(table, "S", 0);
	table_cell(table, "at risk");
	table_colour(table, COLOUR_YELLOW);
	text = print(table, 80, OUTPUT_TABLE, false);
	ck_assert_str_eq(text, "S\nat risk\n");
	free(text);
	text = print(table, 80, OUTPUT_TABLE, true);
	ck_assert_ptr_nonnull(strstr(text, "\x1b[33mat risk\x1b[0m"));
	free(text);
	table_free(table);
}
END_TEST

START_TEST(csv_quotes_what_must_be_and_cuts_nothing)
{
	struct table *table = table_new();
	char *text;

	table_column(table, "ID", 0);
	table_column(table, "TIME ZONE", TABLE_SHRINK | TABLE_DROP);
	table_cell(table, "a,b");
	table_cell(table, "say \"hi\"\nthere");
	table_cell(table, "plain");
	table_cell(table, "");
	text = print(table, 5, OUTPUT_CSV, true);
	ck_assert_str_eq(text, "id,time_zone\n\"a,b\",\"say \"\"hi\"\"\nthere\"\nplain,\n");
	free(text);
	table_free(table);
}
END_TEST

/* Two columns, printed in two goes: the widths are those of the first. */
START_TEST(pages_keep_the_widths_of_the_first)
{
	struct output out = {.format = OUTPUT_TABLE, .width = 80};
	struct table *table = table_new();
	char *text = NULL;
	size_t len = 0;

	ck_assert_ptr_nonnull(table);
	out.file = open_memstream(&text, &len);
	table_column(table, "ID", 0);
	table_column(table, "TITLE", TABLE_WRAP);
	table_column(table, "RANK", TABLE_RIGHT | TABLE_DROP);
	table_cell(table, "goal/a");
	table_cell(table, "Ten letters and more");
	table_cell(table, "");
	table_flush(table, &out);
	fflush(out.file);
	/* RANK stays, though empty: a rank may still come */
	ck_assert_str_eq(
	    text, "ID      TITLE                 RANK\ngoal/a  Ten letters and more\n");
	table_cell(table, "goal/b");
	table_cell(table, "Twenty-five letters, wraps");
	table_cell(table, "7");
	ck_assert_uint_eq(table_rows(table), 2);
	table_print(table, &out);
	fclose(out.file);
	ck_assert_str_eq(text, "ID      TITLE                 RANK\ngoal/a  Ten letters and more\n"
			       "goal/b  Twenty-five letters,     7\n        wraps\n");
	free(text);
	table_free(table);
}
END_TEST

START_TEST(a_hanging_cell_goes_on_under_its_lead)
{
	struct table *table = table_new();
	char *text;

	ck_assert_ptr_nonnull(table);
	table_column(table, "PLAN", TABLE_WRAP);
	table_column(table, "N", TABLE_RIGHT);
	table_cell(table, "\xe2\x94\x94\xe2\x94\x80 goal/a  one two three four");
	table_hang(table, "   |  ");
	table_cell(table, "1");
	/* 20 columns are the least for what wraps; two between, one for N */
	text = print(table, 23, OUTPUT_TABLE, false);
	ck_assert_str_eq(text, "PLAN                  N\n"
			       "\xe2\x94\x94\xe2\x94\x80 goal/a  one two    1\n"
			       "   |  three four\n");
	free(text);
	table_free(table);
}
END_TEST

START_TEST(a_word_that_does_not_fit_breaks_after_a_dash_but_not_before_its_tree)
{
	struct table *table = table_new();
	char *text;

	ck_assert_ptr_nonnull(table);
	table_column(table, "PLAN", TABLE_WRAP);
	table_cell(table, "\xe2\x94\x94\xe2\x94\x80 goal/a-very-long-name-indeed");
	text = print(table, 20, OUTPUT_TABLE, false);
	ck_assert_str_eq(text, "PLAN\n\xe2\x94\x94\xe2\x94\x80 goal/a-very-long-\nname-indeed\n");
	free(text);
	table_free(table);
}
END_TEST

START_TEST(rows_are_objects_for_programs)
{
	struct table *table = sample();
	char *json = print(table, 20, OUTPUT_JSON, false);
	char *yaml = print(table, 20, OUTPUT_YAML, false);
	struct table *empty = table_new();
	char *none;

	ck_assert_ptr_nonnull(empty);
	table_column(empty, "ID", 0);
	none = print(empty, 20, OUTPUT_JSON, false);
	ck_assert_str_eq(json,
	    "[\n  {\"id\": \"goal/a\", \"title\": \"A short title\", \"owner\": \"Anna\", "
	    "\"rank\": 7},\n"
	    "  {\"id\": \"goal/bb\", \"title\": \"A title that is longer\", \"rank\": 12}\n]\n");
	ck_assert_str_eq(yaml,
	    "- id: \"goal/a\"\n  title: \"A short title\"\n  owner: \"Anna\"\n  rank: 7\n"
	    "- id: \"goal/bb\"\n  title: \"A title that is longer\"\n  rank: 12\n");
	ck_assert_str_eq(none, "[]\n");
	free(json);
	free(yaml);
	free(none);
	table_free(table);
	table_free(empty);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("table");
	TCase *tcase = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, pages_keep_the_widths_of_the_first);
	tcase_add_test(tcase, a_hanging_cell_goes_on_under_its_lead);
	tcase_add_test(tcase, a_word_that_does_not_fit_breaks_after_a_dash_but_not_before_its_tree);
	tcase_add_test(tcase, rows_are_objects_for_programs);
	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, columns_are_as_wide_as_their_widest_cell_and_numbers_stand_right);
	tcase_add_test(tcase, a_narrow_terminal_cuts_the_widest_column_and_shows_that_it_did);
	tcase_add_test(tcase, columns_that_may_go_go_before_the_others_are_cut_to_nothing);
	tcase_add_test(tcase, no_line_is_wider_than_the_terminal_while_the_ids_fit);
	tcase_add_test(tcase, on_a_narrow_terminal_ids_wrap_before_their_lines_break);
	tcase_add_test(tcase, a_droppable_column_in_which_nothing_stands_is_left_out);
	tcase_add_test(tcase, wrapped_columns_go_on_below_at_a_blank);
	tcase_add_test(tcase, wide_characters_take_two_columns);
	tcase_add_test(tcase, text_of_others_cannot_steer_the_terminal);
	tcase_add_test(tcase, colour_is_there_only_where_it_is_wanted);
	tcase_add_test(tcase, csv_quotes_what_must_be_and_cuts_nothing);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
