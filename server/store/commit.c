/*
 * The commit thread: the only user of the database while the store is open.
 *
 * Each turn takes what has piled up, commits it as one transaction with one sync, posts the completions, then gives
 * readers about a millisecond. While it syncs, the next batches collect: that is the group commit, without a timer.
 * After a failed write the handle is given up at once; see fail() and settle().
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "server/store/store_internal.h"

#define TRANSACTION_BYTES (8u << 20)
#define READ_MS           1
#define RETRY_MS          1000
#define WAL_GROWTH                                                                                 \
	4 /* times checkpoint_pages: then the checkpoint no longer waits for a quiet moment */

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
wake(struct store *store)
{
	if (store->options.wake)
		store->options.wake(store->options.wake_arg);
}

static void
finish(struct store *store, struct jobs *jobs)
{
	bool was_empty;

	if (!jobs->first)
		return;
	pthread_mutex_lock(&store->lock);
	was_empty = !store->finished.first;
	jobs_move(&store->finished, jobs);
	pthread_mutex_unlock(&store->lock);
	if (was_empty)
		wake(store);
}

/* ---- opening and reopening ----------------------------------------------------------------------------- */

/* The reopened file must still hold all that was acknowledged; anything else must never be built upon. */
static bool
check_nothing_lost(struct store *store, struct heads *fresh, struct err *err)
{
	size_t count = 0;
	struct store_head *known = heads_copy(&store->heads, &count);
	bool ok = true;

	if (!known)
		return err_oom(err);
	for (size_t i = 0; ok && i < count; i++) {
		struct store_head now = heads_durable(fresh, known[i].workspace);

		ok = now.revision >= known[i].revision &&
		     (now.revision > known[i].revision ||
			 memcmp(now.chain, known[i].chain, SHA256_LEN) == 0);
		if (!ok) {
			store->lost = true;
			err_set(err, ERR_DATA_LOSS,
			    "the disk lost acknowledged entries of workspace %" PRIu32
			    " (now at revision %" PRIu64 ", was %" PRIu64
			    "); stop plumbd and restore a backup",
			    known[i].workspace, now.revision, known[i].revision);
		}
	}
	free(known);
	return ok;
}

static bool
adopt_heads(struct store *store, struct heads *fresh, struct err *err)
{
	size_t count = 0;
	struct store_head *now = heads_copy(fresh, &count);
	bool ok = now != NULL || err_oom(err);

	for (size_t i = 0; ok && i < count; i++) {
		struct head *head = heads_get(&store->heads, now[i].workspace);

		ok = head != NULL || err_oom(err);
		if (ok) {
			head->next = now[i];
			heads_touch(&store->heads, head);
		}
	}
	if (ok)
		heads_publish(&store->heads);
	else
		heads_revert(&store->heads);
	free(now);
	return ok;
}

static bool
reload_heads(struct store *store, struct log_db *db, struct err *err)
{
	struct heads fresh;
	bool ok;

	if (!heads_init(&fresh, err))
		return false;
	ok = log_db_load_heads(db, &fresh, err) && check_nothing_lost(store, &fresh, err) &&
	     adopt_heads(store, &fresh, err);
	heads_fini(&fresh);
	return ok;
}

bool
commit_open_db(struct store *store, bool first, struct err *err)
{
	struct log_db_options options = {
	    .path = store->path,
	    .vfs = store->vfs,
	    .synchronous = store->synchronous,
	    .create = first,
	    .check = first,
	};
	struct log_db *db = log_db_open(&options, err);

	if (!db)
		return false;
	if (first ? !log_db_load_heads(db, &store->heads, err) : !reload_heads(store, db, err)) {
		log_db_close(db, false);
		return false;
	}
	store->db = db;
	return true;
}

/* ---- failure and recovery -------------------------------------------------------------------------------- */

/* Gives the handle up: what it says after a failed write or sync can no longer be believed. */
static void
abandon_db(struct store *store)
{
	struct err ignored;

	if (!store->db)
		return;
	if (store->copy && !log_copy_end(store->copy, false, &ignored))
		log_warn("store.copy", "reason=\"%s\"", ignored.msg);
	store->copy = NULL;
	if (!store->path) {
		log_db_rollback(store->db);
		return;
	}
	log_db_close(store->db, false);
	store->db = NULL;
}

static void
fail(struct store *store, struct jobs *batches, const struct err *err)
{
	log_error("store.failed", "reason=\"%s\" action=\"reopen and look what is in the log\"",
	    err->msg);
	heads_revert(&store->heads);
	pthread_mutex_lock(&store->lock);
	atomic_store_explicit(&store->writable, false, memory_order_release);
	store->failures++;
	store->holding = true;
	if (batches)
		jobs_move(&store->held, batches);
	jobs_move(&store->held, &store->queue);
	pthread_mutex_unlock(&store->lock);
	abandon_db(store);
	store->retry_ms = now_ms();
}

void
commit_failed(struct store *store, const struct err *err)
{
	fail(store, NULL, err);
}

/* Whether an entry that was attempted is in the log after all, by revision and chain. */
static bool
is_in_log(
    struct store *store, const struct node *node, struct slice *slice, bool *found, struct err *err)
{
	struct log_row row;
	size_t offset = 0;

	*found = false;
	if (node->outcome != STORE_OK ||
	    heads_durable(&store->heads, node->workspace).revision < node->revision)
		return true;
	slice_reset(slice);
	if (!log_db_read(store->db, node->workspace, node->revision, node->revision, 1, slice, err))
		return false;
	*found = slice_next(slice, &offset, &row) && entry_crc(&row) == row.crc &&
		 memcmp(row.entry.chain, node->chain, SHA256_LEN) == 0;
	return true;
}

static bool
resolve_batch(struct store *store, struct batch *batch, struct slice *slice, struct err *err)
{
	for (struct node *node = batch_first(batch); node; node = batch_next(batch, node)) {
		bool found;

		if (!is_in_log(store, node, slice, &found, err))
			return false;
		node->outcome = found ? STORE_OK : STORE_FAILED;
	}
	return true;
}

/* Finishes what was held, now that its outcome is known, and behind it the mark of the failure. */
static bool
settle(struct store *store, bool give_up, struct err *err)
{
	struct job *mark = malloc(sizeof *mark);
	struct slice slice = {0};
	bool ok = mark != NULL || err_oom(err);

	/* Only this thread takes from held while it is holding. */
	for (struct job *job = store->held.first; ok && job; job = job->next) {
		struct batch *batch = (struct batch *)(void *)job;

		if (!give_up)
			ok = resolve_batch(store, batch, &slice, err);
		for (struct node *node = batch_first(batch); give_up && node;
		     node = batch_next(batch, node))
			node->outcome = STORE_FAILED;
	}
	slice_fini(&slice);
	if (!ok) {
		free(mark);
		return false;
	}
	mark->type = JOB_FAILURE;
	pthread_mutex_lock(&store->lock);
	mark->epoch = store->failures;
	jobs_add(&store->held, mark);
	store->holding = false;
	pthread_mutex_unlock(&store->lock);
	finish(store, &store->held);
	return true;
}

static bool
reopen(struct store *store, struct err *err)
{
	if (store->lost)
		return err_set(err, ERR_DATA_LOSS, "the disk lost acknowledged entries");
	return store->db || commit_open_db(store, false, err);
}

/* A real write and a checkpoint, so that a full disk is noticed as well as a broken one. */
static bool
probe(struct store *store, struct err *err)
{
	return log_db_probe(store->db, err) && log_db_checkpoint(store->db, false, err);
}

static void
retry(struct store *store)
{
	struct err err = {0};

	store->retry_ms = now_ms() + RETRY_MS;
	if (store->lost)
		return;
	if (!reopen(store, &err) || (store->holding && !settle(store, false, &err)))
		goto refused;
	if (!probe(store, &err)) {
		abandon_db(store);
		log_warn(
		    "store.refused", "reason=\"%s\" action=\"try again in a second\"", err.msg);
		/* Reads go on while the disk is full. */
		if (!reopen(store, &err))
			goto refused;
		return;
	}
	atomic_store_explicit(&store->writable, true, memory_order_release);
	log_info("store.recovered", "failures=%" PRIu64, store->failures);
	return;
refused:
	/* There is nothing to wait for: whoever waits is told that it isn't in the log any more. */
	if (store->lost && store->holding && !settle(store, true, &err))
		store->lost = false; /* out of memory: once more in a second */
	log_warn("store.refused", "reason=\"%s\" action=\"try again in a second\"", err.msg);
}

/* ---- committing ------------------------------------------------------------------------------------------- */

static void
node_to_row(const struct node *node, struct log_row *row)
{
	const char *p = (const char *)(node + 1);
	struct store_entry *entry = &row->entry;

	row->author_len = node->author_len;
	row->key_len = node->key_len;
	entry->workspace = node->workspace;
	entry->revision = node->revision;
	entry->time_us = node->time_us;
	entry->logged_us = node->logged_us;
	entry->author = p;
	entry->key = p + node->author_len + 1;
	entry->kind = node->kind;
	entry->format = node->format;
	entry->redacted = false;
	entry->body = (const uint8_t *)entry->key + node->key_len + 1;
	entry->body_len = node->body_len;
}

static bool
is_next(const struct store_head *head, const struct node *node)
{
	if (node->revision != head->revision + 1)
		return false;
	if (head->revision == 0 || node->time_us >= head->time_us)
		return true;
	log_error("store.time",
	    "workspace=%" PRIu32 " revision=%" PRIu64 " reason=\"earlier than the one before\"",
	    node->workspace, node->revision);
	return false;
}

static bool
append_node(struct store *store, struct node *node, struct err *err)
{
	struct head *head = heads_get(&store->heads, node->workspace);
	struct log_row row;

	if (!head)
		return err_oom(err);
	if (!is_next(&head->next, node)) {
		node->outcome = STORE_CONFLICT;
		return true;
	}
	node_to_row(node, &row);
	sha256_update(store->hash, row.entry.body, row.entry.body_len);
	sha256_final(store->hash, row.body_hash);
	entry_chain(store->hash, head->next.chain, &row, row.entry.chain);
	row.crc = entry_crc(&row);
	memcpy(node->chain, row.entry.chain, SHA256_LEN);
	if (!log_db_insert(store->db, &row, err))
		return false;
	node->outcome = STORE_OK;
	head->next.revision = node->revision;
	head->next.time_us = node->time_us;
	memcpy(head->next.chain, row.entry.chain, SHA256_LEN);
	heads_touch(&store->heads, head);
	return true;
}

static bool
append_batches(struct store *store, struct jobs *batches, struct err *err)
{
	for (struct job *job = batches->first; job; job = job->next) {
		struct batch *batch = (struct batch *)(void *)job;

		for (struct node *node = batch_first(batch); node; node = batch_next(batch, node)) {
			if (!append_node(store, node, err))
				return false;
		}
	}
	return true;
}

static void
commit_batches(struct store *store, struct jobs *batches)
{
	struct err err;

	if (!log_db_begin(store->db, &err) || !append_batches(store, batches, &err) ||
	    !log_db_commit(store->db, &err)) {
		fail(store, batches, &err);
		return;
	}
	heads_publish(&store->heads);
	finish(store, batches);
}

static bool
queue_is_empty(struct store *store)
{
	bool empty;

	pthread_mutex_lock(&store->lock);
	empty = !store->queue.first;
	pthread_mutex_unlock(&store->lock);
	return empty;
}

/* Keeps the write-ahead log short, so that it is overwritten in place: growing it makes commits up to twice as dear. */
static void
checkpoint(struct store *store)
{
	struct err err;
	unsigned pages = log_db_wal_pages(store->db);

	if (pages < store->checkpoint_pages ||
	    (pages < WAL_GROWTH * store->checkpoint_pages && !queue_is_empty(store)))
		return;
	if (!log_db_checkpoint(store->db, false, &err))
		fail(store, NULL, &err);
}

/* ---- requests of other threads -------------------------------------------------------------------------------- */

void
request_post(struct store *store, struct request *request)
{
	request->next = NULL;
	request->answered = false;
	pthread_mutex_lock(&store->lock);
	*store->requests_last = request;
	store->requests_last = &request->next;
	store->idle = false;
	pthread_cond_signal(&store->work);
	pthread_mutex_unlock(&store->lock);
}

bool
request_wait(struct store *store, struct request *request, struct err *err)
{
	pthread_mutex_lock(&store->lock);
	while (!request->answered)
		pthread_cond_wait(&store->answered, &store->lock);
	pthread_mutex_unlock(&store->lock);
	if (!request->ok)
		*err = request->err;
	return request->ok;
}

bool
request_call(struct store *store, bool (*run)(struct store *store, void *arg, struct err *err),
    void *arg, struct err *err)
{
	struct request request = {.run = run, .arg = arg};

	request_post(store, &request);
	return request_wait(store, &request, err);
}

static void
serve(struct store *store, struct request *request)
{
	struct jobs finished;

	if (store->db)
		request->ok = request->run(store, request->arg, &request->err);
	else
		request->ok = err_set(&request->err, store->lost ? ERR_DATA_LOSS : ERR_UNAVAILABLE,
		    "the log cannot be read after a failure of the disk; try again later");
	if (request->finish) {
		jobs_init(&finished);
		jobs_add(&finished, request->finish);
		finish(store, &finished);
		return;
	}
	pthread_mutex_lock(&store->lock);
	request->answered = true;
	pthread_cond_broadcast(&store->answered);
	pthread_mutex_unlock(&store->lock);
}

static struct request *
take_request(struct store *store)
{
	struct request *request;

	pthread_mutex_lock(&store->lock);
	request = store->requests;
	if (request) {
		store->requests = request->next;
		if (!store->requests)
			store->requests_last = &store->requests;
	}
	pthread_mutex_unlock(&store->lock);
	return request;
}

static void
serve_requests(struct store *store)
{
	int64_t until = now_ms() + READ_MS;
	struct request *request;

	while ((request = take_request(store))) {
		serve(store, request);
		if (now_ms() >= until)
			break;
	}
}

/* ---- the loop ------------------------------------------------------------------------------------------------- */

/* Batches that were begun before the loop knew of a failure fail with it. Under the lock; true if any is due. */
static bool
sort_out_old(struct store *store)
{
	bool due = false;

	while (store->queue.first && store->queue.first->epoch < store->failures) {
		jobs_add(
		    store->holding ? &store->held : &store->finished, jobs_take(&store->queue));
		due = !store->holding;
	}
	return due;
}

static void
take_batches(struct store *store, struct jobs *batches)
{
	size_t bytes = 0;

	while (store->queue.first && bytes < TRANSACTION_BYTES) {
		struct job *job = jobs_take(&store->queue);

		bytes += ((struct batch *)(void *)job)->used;
		jobs_add(batches, job);
	}
}

static void
sleep_until_work(struct store *store, bool retrying)
{
	struct timespec until = {
	    .tv_sec = store->retry_ms / 1000, .tv_nsec = store->retry_ms % 1000 * 1000000};

	store->idle = true;
	if (retrying)
		pthread_cond_timedwait(&store->work, &store->lock, &until);
	else
		pthread_cond_wait(&store->work, &store->lock);
	store->idle = false;
}

/* False when it is time to end. */
static bool
next_turn(struct store *store, struct jobs *batches)
{
	bool must_wake = false, more;

	pthread_mutex_lock(&store->lock);
	for (;;) {
		bool retrying = !store_is_writable(store) && !store->lost;

		must_wake |= sort_out_old(store);
		more = store->queue.first || store->requests ||
		       (retrying && !store->stop && store->retry_ms <= now_ms());
		if (more || store->stop || must_wake)
			break;
		sleep_until_work(store, retrying);
	}
	take_batches(store, batches);
	more = more || !store->stop;
	pthread_mutex_unlock(&store->lock);
	if (must_wake)
		wake(store);
	return more;
}

void *
commit_main(void *arg)
{
	struct store *store = arg;
	struct jobs batches;
	struct err err = {0};
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	jobs_init(&batches);
	while (next_turn(store, &batches)) {
		if (batches.first)
			commit_batches(store, &batches);
		serve_requests(store);
		if (store->db && store_is_writable(store))
			checkpoint(store);
		if (!store_is_writable(store) && store->retry_ms <= now_ms())
			retry(store);
	}
	if (store->holding && (!reopen(store, &err) || !settle(store, false, &err))) {
		log_error("store.stopped",
		    "reason=\"%s\" advice=\"what was waiting may or may not be in the log\"",
		    err.msg);
		/* A last small allocation that fails leaves them without completion, and nothing else could be done. */
		if (!settle(store, true, &err))
			log_error("store.stopped", "reason=\"%s\"", err.msg);
	}
	if (store->copy)
		abandon_db(store);
	return NULL;
}
