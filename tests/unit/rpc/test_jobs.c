/* The pool of workers: whose turn it is. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "server/rpc/jobs.h"

/* What runs at once (jobs.c). */
#define WORKERS 2

/* A has six jobs, then B two, then C one: each has a turn before anybody has a second. */
#define ORDER "ABCABAAAA"

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned held;  /* jobs at the gate */
	unsigned open;  /* so many of them may go */
	char order[64]; /* which jobs ran */
	size_t ran;
	size_t done;
} gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, "", 0, 0};

static void
hold(void *arg)
{
	unsigned number;

	(void)arg;
	pthread_mutex_lock(&gate.lock);
	number = ++gate.held;
	pthread_cond_broadcast(&gate.changed);
	while (gate.open < number)
		pthread_cond_wait(&gate.changed, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
}

static void
note(void *arg)
{
	pthread_mutex_lock(&gate.lock);
	gate.order[gate.ran++] = *(const char *)arg;
	if (gate.ran == sizeof ORDER - 1)
		gate.open = WORKERS;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

static void
done(void *arg)
{
	(void)arg;
	gate.done++;
}

static void
start(struct jobs *jobs, struct jobs_party *party, job_fn run, const char *name)
{
	struct err err = {0};

	ck_assert_msg(jobs_start_for(jobs, party, NULL, run, done, (void *)(uintptr_t)name, &err),
	    "%s", err.msg);
}

/* One worker is held until the end, so that the other takes one at a time. */
START_TEST(parties_take_turns)
{
	struct jobs_party a = {0}, b = {0}, c = {0}, holder = {0};
	struct err err = {0};
	struct jobs *jobs = jobs_new(NULL, NULL, &err);

	ck_assert_ptr_nonnull(jobs);
	for (unsigned i = 0; i < WORKERS; i++)
		start(jobs, &holder, hold, "");
	pthread_mutex_lock(&gate.lock);
	while (gate.held < WORKERS)
		pthread_cond_wait(&gate.changed, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
	for (unsigned i = 0; i < 6; i++)
		start(jobs, &a, note, "A");
	start(jobs, &b, note, "B");
	start(jobs, &b, note, "B");
	start(jobs, &c, note, "C");
	ck_assert_uint_eq(a.count, 6);
	ck_assert_uint_eq(jobs_count(jobs), WORKERS + 9);
	pthread_mutex_lock(&gate.lock);
	gate.open = WORKERS - 1;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
	while (jobs_count(jobs) > 0)
		jobs_poll(jobs);
	ck_assert_uint_eq(a.count, 0);
	ck_assert_uint_eq(gate.done, WORKERS + 9);
	gate.order[gate.ran] = '\0';
	ck_assert_str_eq(gate.order, ORDER);
	jobs_free(jobs);
}
END_TEST

/* A job is counted for its party and for whom else it is said to be, until its done(). */
START_TEST(jobs_are_counted)
{
	struct jobs_party caller = {0}, workspace = {0};
	struct err err = {0};
	struct jobs *jobs = jobs_new(NULL, NULL, &err);

	ck_assert_ptr_nonnull(jobs);
	ck_assert(
	    jobs_start_for(jobs, &caller, &workspace, note, done, (void *)(uintptr_t) "x", &err));
	ck_assert_uint_eq(caller.count, 1);
	ck_assert_uint_eq(workspace.count, 1);
	while (jobs_count(jobs) > 0)
		jobs_poll(jobs);
	ck_assert_uint_eq(caller.count, 0);
	ck_assert_uint_eq(workspace.count, 0);
	jobs_free(jobs);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rpc/jobs");
	TCase *tcase = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, parties_take_turns);
	tcase_add_test(tcase, jobs_are_counted);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
