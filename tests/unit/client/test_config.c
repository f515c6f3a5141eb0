/* The configuration file: what is read, what is refused, and that a change touches nothing else. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/config.h"
#include "client/names.h"
#include "common/str.h"

static char path[] = "/tmp/plumbconfig-XXXXXX";

static void
write_config(const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void
set_up(void)
{
	int fd;

	memcpy(path + sizeof path - 7, "XXXXXX", 6);
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	setenv("PLUMB_CONFIG", path, 1);
}

static void
tear_down(void)
{
	unlink(path);
}

START_TEST(what_it_states_is_read)
{
	struct arena *arena = arena_new(1 << 16);
	const struct config_context *context;
	struct config config;
	struct err err = {0};

	write_config("; a comment\ncontext = b\npager = less -S\n\n[context a]\nserver = tcp:x:1\n"
		     "as=person/anna\n[context b]\nworkspace = w\ntimeout = 5\n");
	ck_assert(config_load(&config, arena, &err));
	ck_assert(config.there);
	ck_assert_str_eq(config.context, "b");
	ck_assert_str_eq(config.pager, "less -S");
	ck_assert_str_eq(config.color, "");
	context = config_find(&config, "a");
	ck_assert_ptr_nonnull(context);
	ck_assert_str_eq(context->server, "tcp:x:1");
	ck_assert_str_eq(context->as, "person/anna");
	ck_assert_str_eq(context->workspace, "");
	ck_assert_str_eq(config_find(&config, "b")->timeout, "5");
	ck_assert_ptr_null(config_find(&config, "c"));
	arena_free(arena);
}
END_TEST

START_TEST(no_file_is_an_empty_one)
{
	struct arena *arena = arena_new(1 << 16);
	struct config config;
	struct err err = {0};

	unlink(path);
	ck_assert(config_load(&config, arena, &err));
	ck_assert(!config.there);
	ck_assert_ptr_null(config.contexts);
	ck_assert_str_eq(config.context, "");
	arena_free(arena);
}
END_TEST

static const struct {
	const char *text;
	const char *says;
} wrong[] = {
    {"contxt = a\n", "line 1: there is no setting 'contxt'"},
    {"\n[context a]\nhost = x\n", "line 3: a context has no 'host'"},
    {"[server]\nx = y\n", "line 2: there is no section 'server'"},
    {"[context A B]\nserver = y\n", "line 2: there is no section 'context A B'"},
    {"[context a]\nserver\n", "line 2: this is no NAME = VALUE"},
};

START_TEST(a_fault_is_named_with_its_line)
{
	struct arena *arena = arena_new(1 << 16);
	struct config config;
	struct err err = {0};

	write_config(wrong[_i].text);
	ck_assert(!config_load(&config, arena, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_msg(strstr(err.msg, wrong[_i].says) != NULL, "%s", err.msg);
	ck_assert_msg(strstr(err.msg, path) != NULL, "%s", err.msg);
	arena_free(arena);
}
END_TEST

static const struct {
	const char *text, *section, *key, *value, *after;
} edits[] = {
    {"", "", "context", "a", "context = a\n"},
    {"", "context a", "server", "s", "[context a]\nserver = s\n"},
    {"context = a\n", "", "context", "b", "context = b\n"},
    {"context = a\npager = x\n", "", "context", NULL, "pager = x\n"},
    /* the top comes before all sections, and is divided from them */
    {"[context a]\nserver = s\n", "", "context", "a", "context = a\n\n[context a]\nserver = s\n"},
    /* a new key goes behind the last of its section, before the blank line */
    {"[context a]\nserver = s\n\n[context b]\nas = x\n", "context a", "as", "y",
	"[context a]\nserver = s\nas = y\n\n[context b]\nas = x\n"},
    /* the key of another section is another key */
    {"[context a]\nas = x\n[context b]\nas = y\n", "context b", "as", "z",
	"[context a]\nas = x\n[context b]\nas = z\n"},
    /* a whole section; a name that only begins alike stays */
    {"[context a]\nas = x\n; mine\n[context ab]\nas = y\n", "context a", NULL, NULL,
	"[context ab]\nas = y\n"},
    {"; c\n[context a]\n", "context b", NULL, NULL, "; c\n[context a]\n"},
    /* stated twice: the first place keeps the value */
    {"as = 1\nas = 2\n", "", "as", "3", "as = 3\n"},
    /* without a newline at the end */
    {"pager = x", "", "color", "never", "pager = x\ncolor = never\n"},
};

START_TEST(a_change_touches_nothing_else)
{
	struct str out;

	str_init(&out, 10000);
	config_edit(edits[_i].text, edits[_i].section, edits[_i].key, edits[_i].value, &out);
	ck_assert_str_eq(out.data, edits[_i].after);
	str_fini(&out);
}
END_TEST

START_TEST(a_change_is_read_back)
{
	struct arena *arena = arena_new(1 << 16);
	struct config config;
	struct err err = {0};

	write_config("[context old]\nserver = x\n");
	ck_assert(config_load(&config, arena, &err));
	ck_assert(config_change(&config, "context new", "server", "tcp:y:2", &err));
	ck_assert(config_change(&config, "", "context", "new", &err));
	/* what would be read back as something else is not written */
	ck_assert(!config_change(&config, "context new", "as", "a\nserver = evil", &err));
	ck_assert(!config_change(&config, "context new", "as", "a ; b", &err));
	ck_assert(config_load(&config, arena, &err));
	ck_assert_str_eq(config.context, "new");
	ck_assert_str_eq(config_find(&config, "new")->server, "tcp:y:2");
	ck_assert_str_eq(config_find(&config, "new")->as, "");
	ck_assert_str_eq(config_find(&config, "old")->server, "x");
	ck_assert_str_eq(config_suggest(&config, "nwe"), "new");
	ck_assert_ptr_null(config_suggest(&config, "other"));
	arena_free(arena);
}
END_TEST

START_TEST(names_are_found_again_however_many)
{
	struct arena *arena = arena_new(16 << 20);
	struct names names = {0};

	ck_assert_ptr_null(names_get(&names, "a"));
	for (int i = 0; i < 5000; i++)
		names_put(&names, arena, arena_printf(arena, "person/p%d", i),
		    arena_printf(arena, "Person %d", i));
	ck_assert_uint_eq(names.count, 5000);
	ck_assert_str_eq(names_get(&names, "person/p0"), "Person 0");
	ck_assert_str_eq(names_get(&names, "person/p4999"), "Person 4999");
	ck_assert_ptr_null(names_get(&names, "person/p5000"));
	names_put(&names, arena, "person/p0", "Another");
	ck_assert_uint_eq(names.count, 5000);
	ck_assert_str_eq(names_get(&names, "person/p0"), "Another");
	arena_free(arena);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("config");
	TCase *tcase = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, what_it_states_is_read);
	tcase_add_test(tcase, no_file_is_an_empty_one);
	tcase_add_loop_test(
	    tcase, a_fault_is_named_with_its_line, 0, (int)(sizeof wrong / sizeof wrong[0]));
	tcase_add_loop_test(
	    tcase, a_change_touches_nothing_else, 0, (int)(sizeof edits / sizeof edits[0]));
	tcase_add_test(tcase, a_change_is_read_back);
	tcase_add_test(tcase, names_are_found_again_however_many);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
