/* yaml: what is read has its place, what is not plain YAML is refused with it, what is written reads back. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/yaml.h"
#include "common/arena.h"
#include "common/str.h"

static struct arena *arena;
static char faults[8192];

static void
note(void *arg, unsigned line, unsigned column, const char *message)
{
	size_t len = strlen(faults);

	(void)arg;
	snprintf(faults + len, sizeof faults - len, "%u:%u: %s\n", line, column, message);
}

static struct yaml_node *
read_text(const char *text, size_t len)
{
	bool oom = false;
	struct yaml_node *root;

	faults[0] = '\0';
	root = yaml_read(text, len, arena, note, NULL, &oom);
	ck_assert(!oom);
	return root;
}

static void
setup(void)
{
	arena = arena_new((size_t)1 << 30);
	ck_assert_ptr_nonnull(arena);
}

static void
teardown(void)
{
	arena_free(arena);
}

START_TEST(every_node_has_its_line_and_column_in_characters)
{
	static const char text[] = "goals:\n  a:\n    title: Ä, ö\n  \"b\": [x, 'ü', y]\n";
	struct yaml_node *root = read_text(text, strlen(text));
	struct yaml_node *goals, *title, *list;

	ck_assert_str_eq(faults, "");
	ck_assert_int_eq(root->type, YAML_MAP);
	goals = yaml_get(root, "goals");
	title = yaml_get(yaml_get(goals, "a"), "title");
	ck_assert_str_eq(title->text, "Ä, ö");
	ck_assert_uint_eq(title->line, 3);
	ck_assert_uint_eq(title->column, 12);
	list = yaml_get(goals, "b");
	ck_assert_uint_eq(list->count, 3);
	ck_assert(list->items[0]->plain && !list->items[1]->plain);
	/* y stands behind ü, which is two bytes but one column */
	ck_assert_uint_eq(list->items[2]->column, 17);
	ck_assert_uint_eq(list->items[2]->line, 4);
}
END_TEST

static const struct refused {
	const char *text;
	const char *faults; /* all of them, in the order in which they are found */
	bool tree;          /* is there still a tree to look into? */
} refused[] = {
    {"a: 1\nb: 2\na: 3\n", "3:1: 'a' stands here a second time, the first is at 1:1\n", true},
    {"a: &x 1\nb: *x\n",
	"1:4: the anchor '&x': plan files take no anchors and aliases; write it out\n"
	"2:4: the alias '*x': plan files take no aliases; write it out\n",
	true},
    {"a: !!int 1\n",
	"1:4: the tag 'tag:yaml.org,2002:int': plan files take no tags; leave it out\n", true},
    {"goals:\n\ta: 1\n", "2:1: a tab in the indentation: YAML is indented with spaces\n", false},
    {"goals:\n  a:\n  \tb: 1\n\tc: 2\n",
	"3:3: a tab in the indentation: YAML is indented with spaces\n"
	"4:1: a tab in the indentation: YAML is indented with spaces\n",
	false},
    {"a: [1, 2\nb: 3\n", "2:2: a ',' or ']' is missing in this list\n", false},
    {"a: b: c\n",
	"1:5: a ':' where none can stand: put text that holds ': ' in quotes, and check the "
	"indentation\n",
	false},
    {"a: @home\n", "1:4: text cannot begin with this character: put it in quotes\n", false},
    {"a: 1\n---\nb: 2\n", "2:1: a second document: a plan file holds one; take this '---' out\n",
	false},
    {"a: \"x\n", "2:1: the file ends inside quotes\n", false},
    {"a: \"\\0\"\n", "1:4: a NUL character: no text can hold one\n", true},
    {"? [a]\n: 1\n",
	"1:3: a list or map cannot be a key: put text that begins with '[' or '{' in quotes\n",
	true},
    {"a: b\x01\n", "1:5: a control character: only tab and line end can stand in a text file\n",
	false},
    {"a: 1\n- b\n",
	"2:1: the indentation fits nothing above, or text with quotes or special characters needs "
	"quotes around it\n",
	false},
    {"title: caf\xe9\nb: \xc3\x28\n",
	"1:11: the byte 0xe9 is not UTF-8: save the file in the encoding UTF-8\n"
	"2:4: the byte 0xc3 is not UTF-8: save the file in the encoding UTF-8\n",
	false},
};

START_TEST(what_is_no_plain_yaml_is_refused_with_its_place)
{
	const struct yaml_node *root = read_text(refused[_i].text, strlen(refused[_i].text));

	ck_assert_str_eq(faults, refused[_i].faults);
	ck_assert_int_eq(root != NULL, refused[_i].tree);
}
END_TEST

START_TEST(a_nul_byte_is_no_text)
{
	ck_assert_ptr_null(read_text("a: b\0c\n", 7));
	ck_assert_str_eq(faults, "1:5: a NUL byte: the file is not text\n");
}
END_TEST

START_TEST(a_bomb_of_aliases_costs_nothing)
{
	struct str text;

	str_init(&text, 1u << 20);
	str_add(&text, "a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
	for (char c = 'b'; c <= 'k'; c++)
		str_addf(&text, "%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n", c, c,
		    c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1);
	read_text(text.data, text.len);
	ck_assert_ptr_nonnull(strstr(faults, "2:8: the alias '*a'"));
	/* 11 lists of 9: no more nodes than are written down */
	ck_assert_uint_lt(arena_used(arena), 65536);
	str_fini(&text);
}
END_TEST

START_TEST(nesting_has_a_limit)
{
	char text[2 * YAML_DEPTH_MAX + 8] = "";

	memset(text, '[', YAML_DEPTH_MAX);
	memset(text + YAML_DEPTH_MAX, ']', YAML_DEPTH_MAX);
	ck_assert_ptr_nonnull(read_text(text, strlen(text)));
	memset(text, '[', YAML_DEPTH_MAX + 1);
	ck_assert_ptr_null(read_text(text, strlen(text)));
	ck_assert_str_eq(faults, "1:25: nested more than 24 deep: no plan file is\n");
}
END_TEST

START_TEST(a_hundred_thousand_brackets_end_quickly)
{
	char *text = malloc(100001);

	ck_assert_ptr_nonnull(text);
	memset(text, '[', 100000);
	text[100000] = '\0';
	ck_assert_ptr_null(read_text(text, 100000));
	free(text);
}
END_TEST

START_TEST(nothing_stated_is_null_only_without_quotes)
{
	static const char text[] = "a:\nb: ~\nc: null\nd: ''\ne: \"null\"\n";
	const struct yaml_node *root = read_text(text, strlen(text));

	ck_assert(yaml_is_null(yaml_get(root, "a")));
	ck_assert(yaml_is_null(yaml_get(root, "b")));
	ck_assert(yaml_is_null(yaml_get(root, "c")));
	ck_assert(!yaml_is_null(yaml_get(root, "d")));
	ck_assert(!yaml_is_null(yaml_get(root, "e")));
	ck_assert_ptr_null(yaml_get(root, "f"));
}
END_TEST

START_TEST(an_empty_file_is_fine)
{
	ck_assert_ptr_null(read_text("", 0));
	ck_assert_ptr_null(read_text("# only words\n", 13));
	ck_assert_str_eq(faults, "");
	/* a byte order mark is not text */
	ck_assert_ptr_nonnull(yaml_get(read_text("\xef\xbb\xbf"
						 "a: 1\n",
					   8),
	    "a"));
}
END_TEST

/* How texts are written: block, in [ ], as a key. */
static const struct written {
	const char *text;
	const char *block;
	const char *flow;
} written[] = {
    {"Onboard in 30 days", "Onboard in 30 days", "Onboard in 30 days"},
    {"2026-03-31", "2026-03-31", "2026-03-31"},
    {"", "\"\"", "\"\""},
    {"30", "\"30\"", "\"30\""},
    {"1e5", "\"1e5\"", "\"1e5\""},
    {"true", "\"true\"", "\"true\""},
    {"No", "\"No\"", "\"No\""},
    {"~", "\"~\"", "\"~\""},
    {"a: b", "\"a: b\"", "\"a: b\""},
    {"a:b", "a:b", "\"a:b\""},
    {"a, b", "a, b", "\"a, b\""},
    {"a #1", "\"a #1\"", "\"a #1\""},
    {"a#1", "a#1", "a#1"},
    {"- x", "\"- x\"", "\"- x\""},
    {" x", "\" x\"", "\" x\""},
    {"x:", "\"x:\"", "\"x:\""},
    {"10 °C", "10 °C", "10 °C"},
    {"a\tb", "\"a\\tb\"", "\"a\\tb\""},
    {"say \"hi\"", "say \"hi\"", "say \"hi\""},
    {"\x1b[2J", "\"\\x1b[2J\"", "\"\\x1b[2J\""},
    {"one\ntwo", "|-\n  one\n  two", "\"one\\ntwo\""},
    {"one\ntwo\n", "|\n  one\n  two", "\"one\\ntwo\\n\""},
    {"one\n\n", "|+\n  one\n", "\"one\\n\\n\""},
    {"one\n two", "\"one\\n two\"", "\"one\\n two\""},
};

START_TEST(text_is_written_as_plainly_as_can_be)
{
	struct str out;

	str_init(&out, 4096);
	yaml_write_text(&out, written[_i].text, YAML_BLOCK, 2);
	ck_assert_str_eq(out.data, written[_i].block);
	str_reset(&out);
	yaml_write_text(&out, written[_i].text, YAML_FLOW, 0);
	ck_assert_str_eq(out.data, written[_i].flow);
	str_fini(&out);
}
END_TEST

/* Any text at all: pseudo-random ones from characters that are hard to write. */
START_TEST(what_is_written_reads_back)
{
	static const char *const parts[] = {"a", " ", "\n", ":", "#", "-", "\"", "'", "\\", "\t",
	    "0", "ä", "\x7f", "\xc2\x85", "\xe2\x80\xa8", "\xef\xbb\xbf", "😀", "[", "]", "{", ",",
	    "&", "*", "!", "|", ">", "%", "@", "?", "\r", "null", "- ", ": "};
	struct str out, text;
	const struct yaml_node *root;
	unsigned seed = (unsigned)_i;

	str_init(&out, 1u << 20);
	str_init(&text, 1u << 16);
	for (unsigned round = 0; round < 300; round++) {
		str_reset(&text);
		str_reset(&out);
		for (unsigned n = (seed = seed * 1103515245 + 12345) >> 16 & 7; n > 0; n--) {
			seed = seed * 1103515245 + 12345;
			str_add(&text, parts[(seed >> 16) % (sizeof parts / sizeof parts[0])]);
		}
		str_add(&out, "k:\n  ");
		yaml_write_text(&out, text.data, YAML_KEY, 0);
		str_add(&out, ": ");
		yaml_write_text(&out, text.data, YAML_BLOCK, 4);
		str_add(&out, "\nl: [");
		yaml_write_text(&out, text.data, YAML_FLOW, 0);
		str_add(&out, "]\nm:\n  - ");
		yaml_write_text(&out, text.data, YAML_BLOCK, 4);
		str_add_char(&out, '\n');
		root = read_text(out.data, out.len);
		ck_assert_msg(root != NULL && faults[0] == '\0', "%s\n%s", out.data, faults);
		ck_assert_str_eq(yaml_get(root, "k")->pairs[0].key->text, text.data);
		ck_assert_str_eq(yaml_get(root, "k")->pairs[0].value->text, text.data);
		ck_assert(!yaml_is_null(yaml_get(root, "k")->pairs[0].value));
		ck_assert_str_eq(yaml_get(root, "l")->items[0]->text, text.data);
		ck_assert_str_eq(yaml_get(root, "m")->items[0]->text, text.data);
	}
	str_fini(&out);
	str_fini(&text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("yaml");
	TCase *tc = tcase_create("yaml");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_node_has_its_line_and_column_in_characters);
	tcase_add_loop_test(tc, what_is_no_plain_yaml_is_refused_with_its_place, 0,
	    (int)(sizeof refused / sizeof refused[0]));
	tcase_add_test(tc, a_nul_byte_is_no_text);
	tcase_add_test(tc, a_bomb_of_aliases_costs_nothing);
	tcase_add_test(tc, nesting_has_a_limit);
	tcase_add_test(tc, a_hundred_thousand_brackets_end_quickly);
	tcase_add_test(tc, nothing_stated_is_null_only_without_quotes);
	tcase_add_test(tc, an_empty_file_is_fine);
	tcase_add_loop_test(
	    tc, text_is_written_as_plainly_as_can_be, 0, (int)(sizeof written / sizeof written[0]));
	tcase_add_loop_test(tc, what_is_written_reads_back, 1, 11);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
