/*
 * What the loop's side of the store (store.c), the commit thread (commit.c) and the blocking calls share.
 *
 *   loop: open batch -> flush -> queue ==> commit thread -> finished ==> poll -> callbacks -> spare batches
 *   workers: request -> requests ==> commit thread -> answered
 *
 * "==>" crosses threads under the lock. When a commit fails, its batches and all behind them are held until a reopened
 * file has told what is in the log; then they are finished together, behind them the mark of the failure. Batches
 * carry the number of failures that the loop had seen when they were begun (epoch): one that is behind has built on
 * what failed, and fails too.
 */
#ifndef SERVER_STORE_STORE_INTERNAL_H
#define SERVER_STORE_STORE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/store/entry.h"
#include "server/store/heads.h"
#include "server/store/log_db.h"
#include "server/store/store.h"

/* An entry in a batch; behind it author NUL key NUL body. */
struct node {
	store_done_fn done;
	void *arg;
	uint64_t revision;
	int64_t time_us;
	int64_t logged_us;
	uint32_t size; /* to the next node */
	uint32_t workspace;
	uint32_t body_len;
	uint16_t author_len;
	uint16_t key_len;
	uint16_t kind;
	uint16_t format;
	uint8_t outcome; /* enum store_outcome */
	uint8_t chain[SHA256_LEN];
};

enum job_type { JOB_BATCH, JOB_READ, JOB_FAILURE };

/* What comes back to store_poll(), in order. */
struct job {
	struct job *next;
	enum job_type type;
	uint64_t epoch; /* of a batch: failures seen when it was begun; of a failure: its number */
};

struct jobs {
	struct job *first;
	struct job **last; /* where the next one is hung */
};

#define BATCH_BYTES (256u << 10)
struct batch {
	struct job job;
	size_t cap;
	size_t used;
	size_t count;
	_Alignas(16) uint8_t mem[];
};

/* Work for the commit thread on behalf of another; lives on the asker's stack, or (finish) belongs to it. */
struct request {
	struct request *next;
	bool (*run)(struct store *store, void *arg, struct err *err);
	void *arg;
	struct job *finish; /* NULL: somebody waits */
	bool ok;
	bool answered;
	struct err err;
};

struct read_job {
	struct job job;
	struct request request;
	uint32_t workspace;
	uint64_t from;
	size_t limit;
	struct slice slice;
	store_read_fn done;
	void *arg;
};

struct store {
	/* set at open, then constant */
	struct store_options options;
	char *path; /* of log.db; NULL in memory */
	char *vfs;
	char *synchronous;
	unsigned checkpoint_pages;
	int lock_fd;
	pthread_t thread;

	/* loop only */
	struct jobs open; /* batches not flushed yet; the last takes entries */
	struct batch *filling;
	struct batch *spare;
	size_t spare_count;
	size_t queued_entries;
	size_t queued_bytes;
	uint64_t epoch; /* failures seen */
	bool polling;
	bool failing; /* running the completions of a failure */

	/* shared, under lock */
	pthread_mutex_t lock;
	pthread_cond_t work;
	pthread_cond_t answered;
	struct jobs queue;
	struct jobs held;
	struct jobs finished;
	struct request *requests;
	struct request **requests_last;
	uint64_t failures;
	bool holding;
	bool idle; /* the thread waits for work */
	bool stop;

	struct heads heads;
	atomic_bool writable;

	/* commit thread only (before it starts: the opener) */
	struct log_db *db; /* NULL while it cannot be reopened */
	struct log_copy *copy;
	struct sha256 *hash;
	bool lost; /* the file went back behind what was acknowledged */
	int64_t retry_ms;
};

void jobs_init(struct jobs *jobs);
void jobs_add(struct jobs *jobs, struct job *job);
/* Moves all of from to the end of to. */
void jobs_move(struct jobs *to, struct jobs *from);
struct job *jobs_take(struct jobs *jobs);

struct node *batch_first(const struct batch *batch);
struct node *batch_next(const struct batch *batch, const struct node *node);

void *commit_main(void *store);
bool commit_open_db(struct store *store, bool first, struct err *err) MUST_CHECK;

/* Runs on the commit thread and waits for it. ERR_UNAVAILABLE where the log isn't open. */
bool request_call(struct store *store, bool (*run)(struct store *store, void *arg, struct err *err),
    void *arg, struct err *err) MUST_CHECK;
void request_post(struct store *store, struct request *request);
bool request_wait(struct store *store, struct request *request, struct err *err) MUST_CHECK;
/* For what changes the log beside appending (commit thread): begins to recover after a failed write. */
void commit_failed(struct store *store, const struct err *err);

#endif
