/*
 * The same work on several threads: pieces that do not depend on each other, taken one after another by whoever is free.
 *
 * What comes out must not depend on which thread took which piece, or in what order; then it does not depend on the
 * number of threads either.
 */
#ifndef SERVER_INSIGHT_SCHEDULE_PARALLEL_H
#define SERVER_INSIGHT_SCHEDULE_PARALLEL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

#define PARALLEL_MAX 64u

struct parallel {
	unsigned threads; /* at most PARALLEL_MAX; 0: as many as the machine has */
	/* Asked between pieces, with how many are done, by the thread that called; true: stop. NULL: never. */
	bool (*stop)(void *arg, uint32_t done);
	void *arg;
};

/* Does one piece. Worker: 0 to parallel_threads() - 1, no two at once with the same: for memory of one's own. */
typedef bool (*parallel_fn)(void *arg, uint32_t piece, unsigned worker, struct err *err);

/* How many threads it would be. */
unsigned parallel_threads(const struct parallel *how, uint32_t pieces);
/*
 * Does pieces 0 to pieces - 1; the calling thread is worker 0. Where a piece fails no more are begun, and of those that failed the
 * first one's error is told. ERR_CANCELLED. Where the machine gives fewer threads, with those.
 */
bool parallel_run(const struct parallel *how, uint32_t pieces, parallel_fn fn, void *arg,
    struct err *err) MUST_CHECK;

#endif
