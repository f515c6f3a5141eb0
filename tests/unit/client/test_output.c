/* Text that wraps, widths from the environment, messages as YAML and JSON. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/output.h"
#include "common/pb.h"
#include "common/str.h"
#include "plumb/v1/plan.pb-c.h"

static void
check_wrap(int width, const char *lead, const char *text, const char *expected)
{
	struct str out;

	str_init(&out, 10000);
	output_wrap_str(&out, width, lead, text);
	ck_assert_str_eq(out.data, expected);
	str_fini(&out);
}

START_TEST(lines_break_at_blanks_and_hang_under_the_first_word)
{
	check_wrap(20, "who: ", "Anna Brandt, Bert Olsen", "who: Anna Brandt,\n     Bert Olsen\n");
	/* exactly as wide as there is room: 15 */
	check_wrap(20, "who: ", "123456789012345", "who: 123456789012345\n");
	check_wrap(20, "who: ", "1234567890123456", "who: 123456789012345\n     6\n");
	check_wrap(20, "", "", "\n");
	check_wrap(20, "  ", "one\ntwo\n\nthree", "  one\n  two\n\n  three\n");
}
END_TEST

START_TEST(a_lead_wider_than_the_terminal_leaves_a_few_columns)
{
	/* never less than eight columns for the text */
	check_wrap(10, "a long lead: ", "word word", "a long lead: word\n             word\n");
}
END_TEST

START_TEST(a_character_is_never_cut_in_two)
{
	/* four wide characters in a room of 8 columns fill it; the fifth goes below */
	check_wrap(8, "", "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5",
	    "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\n\xe6\x97\xa5\n");
}
END_TEST

START_TEST(columns_and_no_color_are_honoured)
{
	struct output out;
	FILE *file = tmpfile();

	ck_assert_ptr_nonnull(file);
	setenv("COLUMNS", "57", 1);
	output_init(&out, file);
	ck_assert_int_eq(out.width, 57);
	ck_assert(!out.colour); /* a file is no terminal */
	ck_assert(!out.terminal);
	setenv("COLUMNS", "nonsense", 1);
	output_init(&out, file);
	ck_assert_int_eq(out.width, 80);
	unsetenv("COLUMNS");
	output_init(&out, file);
	ck_assert_int_eq(out.width, 80);
	fclose(file);
}
END_TEST

static void
check_yaml(const ProtobufCMessage *message, const char *expected)
{
	struct str out;

	str_init(&out, 10000);
	output_yaml(&out, message, 0);
	ck_assert_str_eq(out.data, expected);
	str_fini(&out);
}

START_TEST(yaml_names_enums_and_leaves_out_what_is_not_stated)
{
	Plumb__V1__Item item;
	Plumb__V1__Goal goal;
	char *owners[2] = {pb_str("anna"), pb_str("bert")};

	plumb__v1__item__init(&item);
	check_yaml(&item.base, "{}\n");
	plumb__v1__goal__init(&goal);
	goal.weight__case = PLUMB__V1__GOAL__WEIGHT__WEIGHT;
	goal.weight = 0; /* a stated zero is stated */
	item.id = pb_str("growth");
	item.title = pb_str("Grow: faster");
	item.owners = owners;
	item.n_owners = 2;
	item.body_case = PLUMB__V1__ITEM__BODY_GOAL;
	item.goal = &goal;
	check_yaml(&item.base, "id: growth\n"
			       "title: \"Grow: faster\"\n"
			       "owners:\n"
			       "  - anna\n"
			       "  - bert\n"
			       "goal:\n"
			       "  weight: 0\n");
}
END_TEST

START_TEST(yaml_lists_of_messages_begin_behind_their_dash)
{
	Plumb__V1__EntryDiff diff;
	Plumb__V1__FieldDiff fields[2];
	Plumb__V1__FieldDiff *list[2] = {&fields[0], &fields[1]};

	plumb__v1__entry_diff__init(&diff);
	plumb__v1__field_diff__init(&fields[0]);
	plumb__v1__field_diff__init(&fields[1]);
	diff.action = PLUMB__V1__ENTRY_DIFF__ACTION__CHANGED;
	fields[0].field = pb_str("title");
	fields[0].old = pb_str("a");
	diff.fields = list;
	diff.n_fields = 2;
	check_yaml(&diff.base, "action: changed\n"
			       "fields:\n"
			       "  - field: title\n"
			       "    old: a\n"
			       "  - {}\n");
}
END_TEST

START_TEST(yaml_maps_are_maps)
{
	Plumb__V1__RuleSetting setting;
	Plumb__V1__RuleSetting__ThresholdsEntry entries[2];
	Plumb__V1__RuleSetting__ThresholdsEntry *list[2] = {&entries[0], &entries[1]};

	plumb__v1__rule_setting__init(&setting);
	plumb__v1__rule_setting__thresholds_entry__init(&entries[0]);
	plumb__v1__rule_setting__thresholds_entry__init(&entries[1]);
	entries[0].key = pb_str("days");
	entries[0].value = 45;
	entries[1].key = pb_str("share");
	setting.thresholds = list;
	setting.n_thresholds = 2;
	check_yaml(&setting.base, "thresholds:\n  days: 45\n  share: 0\n");
}
END_TEST

/* What a YAML reader would take for something else than this text is quoted. */
static const struct {
	const char *text;
	const char *yaml;
} scalars[] = {
    {"plain words", "plain words"},
    {"goal/growth", "goal/growth"},
    {"yes", "\"yes\""},
    {"Null", "\"Null\""},
    {"42", "\"42\""},
    {"2026-03-31", "\"2026-03-31\""},
    {"-5", "\"-5\""},
    {"- item", "\"- item\""},
    {"a: b", "\"a: b\""},
    {"a:", "\"a:\""},
    {"a #b", "\"a #b\""},
    {" lead", "\" lead\""},
    {"trail ", "\"trail \""},
    {"#1", "\"#1\""},
    {"*x", "\"*x\""},
    {"say \"hi\"", "say \"hi\""},
    {"\"hi\"", "\"\\\"hi\\\"\""},
    {"two\nlines", "\"two\\nlines\""},
    {"esc\x1b[31m", "\"esc\\x1b[31m\""},
    {"c1\xc2\x9b", "\"c1\\x9b\""},
    {"\xc3\xa4", "\xc3\xa4"},
};

START_TEST(yaml_scalars_read_back_as_text)
{
	Plumb__V1__Mission mission;
	char expected[100];

	plumb__v1__mission__init(&mission);
	mission.text = pb_str(scalars[_i].text);
	snprintf(expected, sizeof expected, "text: %s\n", scalars[_i].yaml);
	check_yaml(&mission.base, expected);
}
END_TEST

START_TEST(lists_of_messages_are_one_json_array)
{
	struct output out = {.format = OUTPUT_JSON, .width = 80};
	Plumb__V1__Mission mission;
	char *text = NULL;
	size_t len = 0;

	plumb__v1__mission__init(&mission);
	mission.text = pb_str("x");
	out.file = open_memstream(&text, &len);
	output_list_begin(&out);
	output_list_add(&out, &mission.base);
	output_list_add(&out, &mission.base);
	output_list_end(&out);
	fclose(out.file);
	ck_assert_str_eq(
	    text, "[\n  {\n    \"text\": \"x\"\n  },\n  {\n    \"text\": \"x\"\n  }\n]\n");
	free(text);
	out.file = open_memstream(&text, &len);
	output_list_begin(&out);
	output_list_end(&out);
	fclose(out.file);
	ck_assert_str_eq(text, "[]\n");
	free(text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("output");
	TCase *tcase = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, lines_break_at_blanks_and_hang_under_the_first_word);
	tcase_add_test(tcase, a_lead_wider_than_the_terminal_leaves_a_few_columns);
	tcase_add_test(tcase, a_character_is_never_cut_in_two);
	tcase_add_test(tcase, columns_and_no_color_are_honoured);
	tcase_add_test(tcase, yaml_names_enums_and_leaves_out_what_is_not_stated);
	tcase_add_test(tcase, yaml_lists_of_messages_begin_behind_their_dash);
	tcase_add_test(tcase, yaml_maps_are_maps);
	tcase_add_loop_test(
	    tcase, yaml_scalars_read_back_as_text, 0, (int)(sizeof scalars / sizeof scalars[0]));
	tcase_add_test(tcase, lists_of_messages_are_one_json_array);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
