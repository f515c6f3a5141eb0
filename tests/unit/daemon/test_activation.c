/* Sockets of the service manager, as sd_listen_fds(3) describes them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/activation.h"

static struct activation activation;
static struct err err;

static void
set(const char *pid, const char *count, const char *names)
{
	char own[16];

	snprintf(own, sizeof own, "%ld", (long)getpid());
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (pid != NULL)
		setenv("LISTEN_PID", pid[0] == '\0' ? own : pid, 1);
	if (count != NULL)
		setenv("LISTEN_FDS", count, 1);
	if (names != NULL)
		setenv("LISTEN_FDNAMES", names, 1);
	memset(&err, 0, sizeof err);
}

START_TEST(without_a_manager_there_are_none)
{
	set(NULL, NULL, NULL);
	ck_assert(activation_read(&activation, &err));
	ck_assert_uint_eq(activation.count, 0);
}
END_TEST

START_TEST(those_of_another_process_are_not_ours)
{
	set("1", "2", NULL);
	ck_assert(activation_read(&activation, &err));
	ck_assert_uint_eq(activation.count, 0);
	ck_assert_ptr_null(getenv("LISTEN_FDS"));
}
END_TEST

/* "" as the process id stands for ours. */
START_TEST(names_say_what_is_spoken)
{
	set("", "4", "plumb:http:plumbd.socket:plumbd-http.socket");
	ck_assert_msg(activation_read(&activation, &err), "%s", err.msg);
	ck_assert_uint_eq(activation.count, 4);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(activation.sockets[i].fd, 3 + i);
		ck_assert_int_eq(activation.sockets[i].http, i % 2);
	}
	ck_assert_ptr_null(getenv("LISTEN_PID"));
	ck_assert_ptr_null(getenv("LISTEN_FDS"));
	ck_assert_ptr_null(getenv("LISTEN_FDNAMES"));
}
END_TEST

START_TEST(without_names_all_are_of_the_daemons_own_protocols)
{
	set("", "2", NULL);
	ck_assert(activation_read(&activation, &err));
	ck_assert_uint_eq(activation.count, 2);
	ck_assert(!activation.sockets[0].http && !activation.sockets[1].http);
}
END_TEST

START_TEST(sixteen_are_taken)
{
	set("", "16", NULL);
	ck_assert(activation_read(&activation, &err));
	ck_assert_uint_eq(activation.count, 16);
}
END_TEST

static const struct {
	const char *pid, *count, *names, *says;
} wrong[] = {
    {"", "17", NULL, "LISTEN_FDS '17' is no number from 0 to 16"},
    {"", "-1", NULL, "LISTEN_FDS '-1'"},
    {"", "two", NULL, "LISTEN_FDS 'two'"},
    {"me", "1", NULL, "LISTEN_PID 'me' is no process id"},
    {"", "1", "ssh", "a socket named 'ssh'"},
    {"", "1", "", "a socket named ''"},
    {"", "2", "plumb", "LISTEN_FDNAMES has 1 names, LISTEN_FDS says 2 sockets"},
    {"", "1", "plumb:http", "more names than LISTEN_FDS sockets"},
};

START_TEST(what_makes_no_sense_is_refused)
{
	set(wrong[_i].pid, wrong[_i].count, wrong[_i].names);
	ck_assert(!activation_read(&activation, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_msg(strstr(err.msg, wrong[_i].says) != NULL, "%s", err.msg);
	ck_assert_ptr_null(getenv("LISTEN_FDS"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("activation");
	TCase *tcase = tcase_create("activation");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, without_a_manager_there_are_none);
	tcase_add_test(tcase, those_of_another_process_are_not_ours);
	tcase_add_test(tcase, names_say_what_is_spoken);
	tcase_add_test(tcase, without_names_all_are_of_the_daemons_own_protocols);
	tcase_add_test(tcase, sixteen_are_taken);
	tcase_add_loop_test(
	    tcase, what_makes_no_sense_is_refused, 0, sizeof wrong / sizeof wrong[0]);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
