/* The log: one line, escaped, only what its level lets through. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

static int saved_stderr;
static int ends[2];
static char line[8192];

static void
setup(void)
{
	saved_stderr = dup(STDERR_FILENO);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	log_set_level(LOG_LEVEL_INFO);
}

static void
teardown(void)
{
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(ends[0]);
	close(ends[1]);
}

/* What was written, from "level=" on; the time before it varies. */
static const char *
written(void)
{
	ssize_t n;
	const char *start;

	ck_assert_int_eq(write(STDERR_FILENO, "END", 3), 3); /* so that read never waits */
	n = read(ends[0], line, sizeof line - 1);
	ck_assert_int_ge(n, 3);
	line[n - 3] = '\0';
	start = strstr(line, "level=");
	return start != NULL ? start : line;
}

START_TEST(an_event_is_one_line)
{
	log_info("ready", "port=%d", 7411);
	ck_assert_str_eq(written(), "level=info event=ready port=7411\n");
	ck_assert_int_eq(strncmp(line, "time=2", 6), 0);
}
END_TEST

START_TEST(an_event_may_stand_alone)
{
	log_error("stopped", "%s", "");
	ck_assert_str_eq(written(), "level=error event=stopped\n");
}
END_TEST

START_TEST(text_of_a_peer_cannot_break_the_line)
{
	/* newline, escape, DEL, a C1 control (U+009B) and a stray byte */
	log_warn("odd", "name=%s", "a\nb\x1b[0m\x7f\xc2\x9b\xff\xc3\xbc");
	ck_assert_str_eq(
	    written(), "level=warn event=odd name=a\\x0ab\\x1b[0m\\x7f\\xc2\\x9b\\xff\xc3\xbc\n");
}
END_TEST

START_TEST(levels_below_the_chosen_one_are_silent)
{
	log_debug("call", "id=%d", 1);
	ck_assert_str_eq(written(), "");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("call", "id=%d", 1);
	ck_assert_str_eq(written(), "level=debug event=call id=1\n");
}
END_TEST

START_TEST(long_text_is_cut_and_still_a_line)
{
	char text[5000];
	const char *out;

	memset(text, '\n', sizeof text - 1); /* each becomes four bytes */
	text[sizeof text - 1] = '\0';
	log_info("long", "%s", text);
	out = written();
	ck_assert_uint_le(strlen(line), 2048);
	ck_assert_uint_ge(strlen(line), 2000);
	ck_assert_ptr_eq(strchr(out, '\n'), out + strlen(out) - 1);
}
END_TEST

START_TEST(level_names)
{
	enum log_level level = LOG_LEVEL_INFO;

	ck_assert(log_parse_level("error", &level) && level == LOG_LEVEL_ERROR);
	ck_assert(log_parse_level("debug", &level) && level == LOG_LEVEL_DEBUG);
	ck_assert(!log_parse_level("Debug", &level) && !log_parse_level("", &level));
	ck_assert_int_eq(level, LOG_LEVEL_DEBUG);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("log");
	TCase *tc = tcase_create("log");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_event_is_one_line);
	tcase_add_test(tc, an_event_may_stand_alone);
	tcase_add_test(tc, text_of_a_peer_cannot_break_the_line);
	tcase_add_test(tc, levels_below_the_chosen_one_are_silent);
	tcase_add_test(tc, long_text_is_cut_and_still_a_line);
	tcase_add_test(tc, level_names);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
