/* Plain problems from files: the three forms say the same, and what is wrong is named with its line. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/insight/schedule/rcpsp_read.h"
#include "server/insight/schedule/rcpsp_search.h"
#include "server/limits.h"

/* Four jobs, the first and last of no length; 2 and 3 need 2 and 1 of two resources. Lines are numbered by hand below. */
static const char psplib[] =
    "************************************************************************\n" /* 1 */
    "file with basedata            : made.bas\n"
    "initial value random generator: 1\n"
    "************************************************************************\n"
    "projects                      :  1\n" /* 5 */
    "jobs (incl. supersource/sink ):  4\n"
    "horizon                       :  7\n"
    "RESOURCES\n"
    "  - renewable                 :  2   R\n"
    "  - nonrenewable              :  0   N\n" /* 10 */
    "  - doubly constrained        :  0   D\n"
    "************************************************************************\n"
    "PROJECT INFORMATION:\n"
    "pronr.  #jobs rel.date duedate tardcost  MPM-Time\n"
    "    1      2      0        7        0        4\n" /* 15 */
    "************************************************************************\n"
    "PRECEDENCE RELATIONS:\n"
    "jobnr.    #modes  #successors   successors\n"
    "   1        1          2           2   3\n"
    "   2        1          1           4\n" /* 20 */
    "   3        1          1           4\n"
    "   4        1          0\n"
    "************************************************************************\n"
    "REQUESTS/DURATIONS:\n"
    "jobnr. mode duration  R 1  R 2\n" /* 25 */
    "------------------------------------------------------------------------\n"
    "  1      1     0       0    0\n"
    "  2      1     3       2    1\n"
    "  3      1     4       2    0\n"
    "  4      1     0       0    0\n" /* 30 */
    "************************************************************************\n"
    "RESOURCEAVAILABILITIES:\n"
    "  R 1  R 2\n"
    "    3    1\n"
    "************************************************************************\n";

static const char patterson[] = "  4  2\n"
				"  3  1\n"
				"  0  0 0  2  2\n"
				"     3\n"
				"  3  2 1  1  4\r\n"
				"\n"
				"  4  2 0  1  4\n"
				"  0  0 0  0\n";

/* The same as two projects, the second after the first, to be started from 2 and 5 on. */
static const char projects[] = "   2\n" /* 1 */
			       "   2\n"
			       "   3   1\n"
			       "\n"
			       "2\t2\t10\n" /* 5 */
			       "   1   1\n"
			       "\n"
			       "   3   2   1   2 1:2 2:1\n"
			       "   0   0   0   0\n"
			       "2\t5\n" /* 10 */
			       "   1   0\n"
			       "   4   2   0   1 2\n"
			       "   0   0   0   0\n";

static struct err err;

static struct rcpsp *
read_text(const char *text)
{
	err = (struct err){0};
	return rcpsp_read(text, strlen(text), &err);
}

static int32_t
best_of(const struct rcpsp *problem, int32_t *start)
{
	const struct rcpsp_search search = {.schedules = 50, .seed = 1};
	struct rcpsp_result result;

	ck_assert(rcpsp_search(problem, &search, start, &result, &err));
	return result.makespan;
}

/* 2 and 3 need 4 of 3 together: one after the other, 3 + 4. */
START_TEST(both_forms_of_one_project_are_the_same)
{
	const char *text = _i == 0 ? psplib : patterson;
	struct rcpsp *problem = read_text(text);
	int32_t start[4];

	ck_assert_msg(problem != NULL, "%s", err.msg);
	ck_assert_uint_eq(problem->count, 4);
	ck_assert_uint_eq(problem->listed, 4);
	ck_assert_uint_eq(problem->resources, 2);
	ck_assert_int_eq(problem->capacity[0], 3);
	ck_assert_int_eq(problem->capacity[1], 1);
	ck_assert_int_eq(problem->demand[2], 2);
	ck_assert_int_eq(problem->demand[3], 1);
	ck_assert_int_eq(problem->critical_path, 4);
	ck_assert_int_eq(best_of(problem, start), 7);
	ck_assert_int_eq(start[3], 7);
	rcpsp_free(problem);
}
END_TEST

/* From 2 on: 2..5, and then, also released at 5: 5..9. */
START_TEST(projects_have_release_dates)
{
	struct rcpsp *problem = read_text(projects);
	int32_t start[6];

	ck_assert_msg(problem != NULL, "%s", err.msg);
	ck_assert_uint_eq(problem->listed, 4);
	ck_assert_uint_eq(problem->count, 6);
	ck_assert_int_eq(best_of(problem, start), 9);
	ck_assert_int_eq(start[0], 2);
	ck_assert_int_eq(start[2], 5);
	rcpsp_free(problem);
}
END_TEST

START_TEST(psplib_has_a_release_date_too)
{
	char text[sizeof psplib];
	struct rcpsp *problem;
	int32_t start[5];

	memcpy(text, psplib, sizeof psplib);
	*strstr(text, "0        7        0        4") = '6';
	problem = read_text(text);
	ck_assert_msg(problem != NULL, "%s", err.msg);
	ck_assert_int_eq(best_of(problem, start), 13);
	rcpsp_free(problem);
}
END_TEST

/* In which text what is replaced by what, and what is said of it. */
static const struct {
	const char *text, *find, *put, *message;
} hostile[] = {
    {psplib, "projects                      :  1", "projects                      :  2",
	"5: \"2\" cannot be the number of projects (only one is read from this form)"},
    {psplib, "jobs (incl. supersource/sink ):  4", "jobs (incl. supersource/sink ):  5",
	"23: \"**********************~\" cannot be the number of the next job: expected a number "
	"from 5 to 5"},
    {psplib, "jobs (incl. supersource/sink ):  4", "jobs (incl. supersource/sink )   4",
	"6: \"jobs\" without a colon and a number"},
    {psplib, "):  4", "):  99999999999999999999",
	"6: \"99999999999999999999\" cannot be the number of jobs"},
    {psplib, "nonrenewable              :  0", "nonrenewable              :  2",
	"10: \"2\" cannot be the number of nonrenewable resources (none is read)"},
    {psplib, "renewable                 :  2", "renewable                 :  65",
	"9: \"65\" cannot be the number of resources: expected a number from 0 to 64"},
    {psplib, "   2        1          1           4", "   2        2          1           4",
	"20: \"2\" cannot be the number of modes (only one is read)"},
    {psplib, "   2        1          1           4", "   3        1          1           4",
	"20: \"3\" cannot be the number of the next job: expected a number from 2 to 2"},
    {psplib, "   3        1          1           4", "   3        1          1           5",
	"21: \"5\" cannot be the number of an activity: expected a number from 1 to 4"},
    {psplib, "   3        1          1           4", "   3        1          1           1",
	"must be finished before itself"},
    {psplib, "  3      1     4       2    0", "  3      1     4       4    0",
	"29: activity 3 can never be done: it needs 4 of resource 1, of which there is 3"},
    {psplib, "  3      1     4       2    0", "  3      1    -4       2    0",
	"29: \"-4\" cannot be the duration of an activity: expected a number from 0 to 4194304"},
    {psplib, "  3      1     4       2    0", "  3      1     4       x    0",
	"29: \"x\" cannot be what an activity needs"},
    {psplib, "RESOURCEAVAILABILITIES:", "RESOURCES:",
	"36: the file ends before a line \"RESOURCEAVAILABILITIES\""},
    {psplib, "    3    1\n*", "    *", "34: nothing stands under \"RESOURCEAVAILABILITIES\""},
    {psplib, "    3    1\n*", "    3\n*", "35: \"**********************~\" cannot be the capacity"},
    {patterson, "  4  2\n", "  4  2 1\n", "1: neither PSPLIB"},
    {patterson, "  4  2\n", "  5  2\n",
	"9: the file ends where the duration of an activity should be"},
    {patterson, "  0  0 0  0\n", "  0  0 0  0\n7\n", "9: \"7\" stands behind the last activity"},
    {patterson, "  4  2\n", "  0  2\n",
	"1: \"0\" cannot be the number of activities: expected a number from 1 to 20000"},
    {patterson, "  3  2 1  1  4", "  3  2 1  1  2", "5: activity 2 must be finished before itself"},
    {patterson, "  3  2 1  1  4", "  3  2 1  4000000000  4",
	"5: \"4000000000\" cannot be the number of activities after this one"},
    {patterson, "  3  2 1  1  4", "  3  9 1  1  4",
	"5: activity 2 can never be done: it needs 9 of resource 1"},
    {projects, "2:1", "3:1",
	"8: \"3:1\" is not an activity: expected project:activity, with projects 1 to 2"},
    {projects, "2:1", "2:3", "8: project 2 has no activity 3; its last one is 2"},
    {projects, "2:1", "2:", "8: \"2:\" is not an activity"},
    {projects, "2:1", ":1", "8: \":1\" is not an activity"},
    {projects, "2:1", "2:1:1", "8: \"2:1:1\" is not an activity"},
    {projects, "2\t5\n", "2\t-5\n", "10: \"-5\" cannot be the release date of a project"},
    {projects, "   2\n   2\n", "   3\n   2\n",
	"14: the file ends where the number of activities of a project should be"},
};

START_TEST(what_is_wrong_is_named_with_its_line)
{
	const char *from = strstr(hostile[_i].text, hostile[_i].find);
	char text[4096];

	ck_assert_ptr_nonnull(from);
	snprintf(text, sizeof text, "%.*s%s%s", (int)(from - hostile[_i].text), hostile[_i].text,
	    hostile[_i].put, from + strlen(hostile[_i].find));
	ck_assert_ptr_null(read_text(text));
	ck_assert_msg(strstr(err.msg, hostile[_i].message) != NULL, "%s", err.msg);
	ck_assert(err.msg[0] >= '1' && err.msg[0] <= '9');
}
END_TEST

/* Cut off anywhere, a file is refused with a line, unless only what nobody reads is missing. */
START_TEST(a_file_may_end_anywhere)
{
	static const char *const texts[] = {psplib, patterson, projects};
	const char *text = texts[_i];

	for (size_t len = 0; len < strlen(text); len++) {
		struct rcpsp *problem;

		err = (struct err){0};
		problem = rcpsp_read(text, len, &err);
		ck_assert(problem != NULL || (err.msg[0] >= '1' && err.msg[0] <= '9'));
		rcpsp_free(problem);
	}
}
END_TEST

/* Zero bytes, bytes that are no text, nothing at all, too much. */
START_TEST(what_is_no_text_is_refused)
{
	char *large = malloc(LIMIT_RCPSP_BYTES + 1);

	ck_assert_ptr_nonnull(large);
	memset(large, '\n', LIMIT_RCPSP_BYTES + 1);
	ck_assert_ptr_null(read_text(""));
	ck_assert_str_eq(err.msg, "1: the file is empty");
	ck_assert_ptr_null(rcpsp_read("4 2\0\0", 5, &err));
	ck_assert_ptr_null(rcpsp_read("4 2\n\xff\xfe", 6, &err));
	ck_assert_str_eq(err.msg, "2: \"\?\?\" cannot be the capacity of a resource: expected a "
				  "number from 0 to 2147483647");
	ck_assert_ptr_null(rcpsp_read(large, LIMIT_RCPSP_BYTES, &err));
	ck_assert_str_eq(err.msg, "1: the file is empty");
	ck_assert_ptr_null(rcpsp_read(large, (size_t)LIMIT_RCPSP_BYTES + 1, &err));
	ck_assert_int_eq(err.code, ERR_LIMIT);
	free(large);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rcpsp_read");
	TCase *tcase = tcase_create("rcpsp_read");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, both_forms_of_one_project_are_the_same, 0, 2);
	tcase_add_test(tcase, projects_have_release_dates);
	tcase_add_test(tcase, psplib_has_a_release_date_too);
	tcase_add_loop_test(
	    tcase, what_is_wrong_is_named_with_its_line, 0, sizeof hostile / sizeof hostile[0]);
	tcase_add_loop_test(tcase, a_file_may_end_anywhere, 0, 3);
	tcase_add_test(tcase, what_is_no_text_is_refused);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
