/* See parallel.h. */
#include "server/insight/schedule/parallel.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

struct crew {
	const struct parallel *how;
	parallel_fn fn;
	void *arg;
	uint32_t pieces;
	atomic_uint next;
	atomic_uint done;
	atomic_bool ended;
	pthread_mutex_t lock; /* of what follows */
	uint32_t failed;      /* the first piece that did; pieces: none */
	struct err err;
};

struct hand {
	struct crew *crew;
	unsigned worker;
	pthread_t thread;
};

unsigned
parallel_threads(const struct parallel *how, uint32_t pieces)
{
	long online = how->threads > 0 ? (long)how->threads : sysconf(_SC_NPROCESSORS_ONLN);

	if (online < 1)
		online = 1;
	if (online > (long)PARALLEL_MAX)
		online = PARALLEL_MAX;
	return (uint32_t)online < pieces ? (unsigned)online : pieces > 0 ? pieces : 1;
}

static void
fail(struct crew *crew, uint32_t piece, const struct err *err)
{
	pthread_mutex_lock(&crew->lock);
	if (piece < crew->failed) {
		crew->failed = piece;
		crew->err = *err;
	}
	pthread_mutex_unlock(&crew->lock);
	atomic_store(&crew->ended, true);
}

static void
work(struct crew *crew, unsigned worker)
{
	while (!atomic_load(&crew->ended)) {
		struct err err = {0};
		uint32_t piece;

		if (worker == 0 && crew->how->stop != NULL &&
		    crew->how->stop(crew->how->arg, atomic_load(&crew->done))) {
			err_set(&err, ERR_CANCELLED, "cancelled");
			fail(crew, 0, &err);
			return;
		}
		piece = atomic_fetch_add(&crew->next, 1);
		if (piece >= crew->pieces)
			return;
		if (!crew->fn(crew->arg, piece, worker, &err))
			fail(crew, piece, &err);
		atomic_fetch_add(&crew->done, 1);
	}
}

static void *
hand_main(void *arg)
{
	struct hand *hand = arg;

	work(hand->crew, hand->worker);
	return NULL;
}

bool
parallel_run(
    const struct parallel *how, uint32_t pieces, parallel_fn fn, void *arg, struct err *err)
{
	struct crew crew = {
	    .how = how, .fn = fn, .arg = arg, .pieces = pieces, .failed = UINT32_MAX};
	struct hand hands[PARALLEL_MAX];
	unsigned threads = parallel_threads(how, pieces), begun = 1;

	/* The next piece is counted past the last one, once by each worker. */
	assert(pieces < UINT32_MAX - PARALLEL_MAX);
	pthread_mutex_init(&crew.lock, NULL);
	for (; begun < threads; begun++) {
		hands[begun] = (struct hand){.crew = &crew, .worker = begun};
		if (pthread_create(&hands[begun].thread, NULL, hand_main, &hands[begun]) != 0)
			break;
	}
	work(&crew, 0);
	while (begun > 1)
		pthread_join(hands[--begun].thread, NULL);
	pthread_mutex_destroy(&crew.lock);
	if (crew.failed < UINT32_MAX) {
		*err = crew.err;
		return false;
	}
	return true;
}
