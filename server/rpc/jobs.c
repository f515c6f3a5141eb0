/* The pool of workers. See jobs.h; what answers calls from views is in view_job.c. */
#include "server/rpc/jobs.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Run at once; more threads are there for those that wait for slow readers. */
#define WORKERS     2
#define THREADS     8
#define WORKER_NICE 10

/* In one list at a time: waiting, then done. Owned by the pool. */
struct job {
	struct job *next;
	job_fn run;
	job_fn done;
	void *arg;
	struct jobs_party *party;   /* whose turn */
	struct jobs_party *counted; /* NULL: nobody else's */
	int64_t took_us;
};

struct job_list {
	struct job *first;
	struct job **last;
};

struct jobs {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct jobs_party *turn; /* under lock: the parties with jobs that wait, in turn */
	struct jobs_party **turn_last;
	struct jobs_party own; /* the daemon's */
	struct job_list done;  /* under lock */
	bool stopping;         /* under lock */
	unsigned running;      /* under lock; without those that wait for readers */
	size_t count;          /* loop only */
	int64_t took_us;       /* lately; loop only */
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

/* At the end of its party's; a party that had none comes in last. */
static void
enqueue(struct jobs *jobs, struct job *job)
{
	struct jobs_party *party = job->party;

	job->next = NULL;
	if (party->first == NULL) {
		party->last = &party->first;
		party->next = NULL;
		*jobs->turn_last = party;
		jobs->turn_last = &party->next;
	}
	*party->last = job;
	party->last = &job->next;
}

/* One of whoever's turn it is, who then is last. */
static struct job *
dequeue(struct jobs *jobs)
{
	struct jobs_party *party = jobs->turn;
	struct job *job;

	if (party == NULL)
		return NULL;
	jobs->turn = party->next;
	if (jobs->turn == NULL)
		jobs->turn_last = &jobs->turn;
	job = party->first;
	party->first = job->next;
	if (party->first != NULL) {
		party->next = NULL;
		*jobs->turn_last = party;
		jobs->turn_last = &party->next;
	}
	return job;
}

static int64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static bool
may_run(const struct jobs *jobs)
{
	return jobs->turn != NULL && jobs->running < WORKERS;
}

static void *
worker_main(void *arg)
{
	struct jobs *jobs = arg;
	struct job *job;
	int64_t started_us;

	/* Linux keeps a nice value for each thread: where cores are few, answers on the loop go before analyses. */
	setpriority(PRIO_PROCESS, (id_t)gettid(), WORKER_NICE);
	pthread_mutex_lock(&jobs->lock);
	for (;;) {
		while (!may_run(jobs) && !(jobs->stopping && jobs->turn == NULL))
			pthread_cond_wait(&jobs->work, &jobs->lock);
		job = dequeue(jobs);
		if (job == NULL)
			break;
		jobs->running++;
		pthread_mutex_unlock(&jobs->lock);
		started_us = now_us();
		job->run(job->arg);
		job->took_us = now_us() - started_us;
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
	jobs->turn_last = &jobs->turn;
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
jobs_start_for(struct jobs *jobs, struct jobs_party *party, struct jobs_party *counted, job_fn run,
    job_fn done, void *arg, struct err *err)
{
	struct job *job = calloc(1, sizeof *job);

	if (job == NULL)
		return err_oom(err);
	job->run = run;
	job->done = done;
	job->arg = arg;
	job->party = party;
	job->counted = counted;
	jobs->count++;
	party->count++;
	if (counted != NULL)
		counted->count++;
	pthread_mutex_lock(&jobs->lock);
	enqueue(jobs, job);
	pthread_cond_signal(&jobs->work);
	pthread_mutex_unlock(&jobs->lock);
	return true;
}

bool
jobs_start(struct jobs *jobs, job_fn run, job_fn done, void *arg, struct err *err)
{
	return jobs_start_for(jobs, &jobs->own, NULL, run, done, arg, err);
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
		job->party->count--;
		if (job->counted != NULL)
			job->counted->count--;
		jobs->took_us += (job->took_us - jobs->took_us) / 8;
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
	for (const struct jobs_party *party = jobs->turn; party != NULL; party = party->next) {
		for (const struct job *job = party->first; job != NULL; job = job->next)
			++*waiting;
	}
	*running = jobs->running;
	pthread_mutex_unlock(&jobs->lock);
}

int64_t
jobs_took_us(const struct jobs *jobs)
{
	return jobs->took_us;
}
