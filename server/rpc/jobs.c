/* The pool of workers. See jobs.h; what answers calls from views is in view_job.c. */
#include "server/rpc/jobs.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "server/limits.h"

/* Run at once; more threads are there for those that wait for slow readers. */
#define WORKERS 2
#define THREADS 8

/* In one list at a time: waiting, then done. Owned by the pool. */
struct job {
	struct job *next;
	job_fn run;
	job_fn done;
	void *arg;
};

struct job_list {
	struct job *first;
	struct job **last;
};

struct jobs {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct job_list waiting; /* under lock */
	struct job_list done;    /* under lock */
	bool stopping;           /* under lock */
	unsigned running;        /* under lock; without those that wait for readers */
	size_t count;            /* loop only */
	void (*wake)(void *arg);
	void *wake_arg;
	unsigned threads_count;
	pthread_t threads[THREADS];
};

static void
list_init(struct job_list *list)
{
	list->first = NULL;
	list->last = &list->first;
}

static void
list_push(struct job_list *list, struct job *job)
{
	job->next = NULL;
	*list->last = job;
	list->last = &job->next;
}

static struct job *
list_pop(struct job_list *list)
{
	struct job *job = list->first;

	if (job == NULL)
		return NULL;
	list->first = job->next;
	if (list->first == NULL)
		list->last = &list->first;
	return job;
}

static bool
may_run(const struct jobs *jobs)
{
	return jobs->waiting.first != NULL && jobs->running < WORKERS;
}

static void *
worker_main(void *arg)
{
	struct jobs *jobs = arg;
	struct job *job;

	pthread_mutex_lock(&jobs->lock);
	for (;;) {
		while (!may_run(jobs) && !(jobs->stopping && jobs->waiting.first == NULL))
			pthread_cond_wait(&jobs->work, &jobs->lock);
		job = list_pop(&jobs->waiting);
		if (job == NULL)
			break;
		jobs->running++;
		pthread_mutex_unlock(&jobs->lock);
		job->run(job->arg);
		pthread_mutex_lock(&jobs->lock);
		jobs->running--;
		pthread_cond_signal(&jobs->work);
		list_push(&jobs->done, job);
		if (jobs->wake != NULL)
			jobs->wake(jobs->wake_arg);
	}
	/* With the last job gone every other thread may leave too. */
	pthread_cond_broadcast(&jobs->work);
	pthread_mutex_unlock(&jobs->lock);
	return NULL;
}

void
jobs_block(struct jobs *jobs)
{
	pthread_mutex_lock(&jobs->lock);
	assert(jobs->running > 0);
	jobs->running--;
	pthread_cond_signal(&jobs->work);
	pthread_mutex_unlock(&jobs->lock);
}

void
jobs_unblock(struct jobs *jobs)
{
	pthread_mutex_lock(&jobs->lock);
	jobs->running++;
	pthread_mutex_unlock(&jobs->lock);
}

/* Signals are the loop's business: workers start with all of them blocked. */
static bool
start_threads(struct jobs *jobs)
{
	sigset_t all;
	sigset_t old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (; jobs->threads_count < THREADS; jobs->threads_count++) {
		if (pthread_create(&jobs->threads[jobs->threads_count], NULL, worker_main, jobs) !=
		    0)
			break;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return jobs->threads_count == THREADS;
}

struct jobs *
jobs_new(void (*wake)(void *arg), void *wake_arg, struct err *err)
{
	struct jobs *jobs = calloc(1, sizeof *jobs);

	if (jobs == NULL) {
		err_oom(err);
		return NULL;
	}
	pthread_mutex_init(&jobs->lock, NULL);
	pthread_cond_init(&jobs->work, NULL);
	list_init(&jobs->waiting);
	list_init(&jobs->done);
	jobs->wake = wake;
	jobs->wake_arg = wake_arg;
	if (!start_threads(jobs)) {
		jobs_free(jobs);
		err_set(err, ERR_UNAVAILABLE, "the system refuses another thread");
		return NULL;
	}
	return jobs;
}

void
jobs_free(struct jobs *jobs)
{
	if (jobs == NULL)
		return;
	pthread_mutex_lock(&jobs->lock);
	jobs->stopping = true;
	pthread_cond_broadcast(&jobs->work);
	pthread_mutex_unlock(&jobs->lock);
	for (unsigned i = 0; i < jobs->threads_count; i++)
		pthread_join(jobs->threads[i], NULL);
	jobs_poll(jobs);
	pthread_cond_destroy(&jobs->work);
	pthread_mutex_destroy(&jobs->lock);
	free(jobs);
}

bool
jobs_start(struct jobs *jobs, job_fn run, job_fn done, void *arg, bool force, struct err *err)
{
	struct job *job;

	if (!force && jobs->count >= LIMIT_JOBS)
		return err_set(err, ERR_LIMIT,
		    "%u questions are being answered already; try again in a moment", LIMIT_JOBS);
	job = calloc(1, sizeof *job);
	if (job == NULL)
		return err_oom(err);
	job->run = run;
	job->done = done;
	job->arg = arg;
	jobs->count++;
	pthread_mutex_lock(&jobs->lock);
	list_push(&jobs->waiting, job);
	pthread_cond_signal(&jobs->work);
	pthread_mutex_unlock(&jobs->lock);
	return true;
}

/* One at a time, since done() may start others. */
void
jobs_poll(struct jobs *jobs)
{
	struct job *job;

	for (;;) {
		pthread_mutex_lock(&jobs->lock);
		job = list_pop(&jobs->done);
		pthread_mutex_unlock(&jobs->lock);
		if (job == NULL)
			return;
		jobs->count--;
		job->done(job->arg);
		free(job);
	}
}

size_t
jobs_count(const struct jobs *jobs)
{
	return jobs->count;
}

void
jobs_depth(struct jobs *jobs, size_t *waiting, size_t *running)
{
	*waiting = 0;
	pthread_mutex_lock(&jobs->lock);
	for (const struct job *job = jobs->waiting.first; job != NULL; job = job->next)
		++*waiting;
	*running = jobs->running;
	pthread_mutex_unlock(&jobs->lock);
}
