/* The loop's side of the store: appending, handing over, completions; opening and closing. */
#include "server/store/store.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "server/store/disk.h"
#include "server/store/store_internal.h"

#define SPARE_MAX        64 /* batches: 16 MiB */
#define CHECKPOINT_PAGES 1000

/* ---- lists ------------------------------------------------------------------------------------------- */

void
jobs_init(struct jobs *jobs)
{
	jobs->first = NULL;
	jobs->last = &jobs->first;
}

void
jobs_add(struct jobs *jobs, struct job *job)
{
	job->next = NULL;
	*jobs->last = job;
	jobs->last = &job->next;
}

void
jobs_move(struct jobs *to, struct jobs *from)
{
	if (!from->first)
		return;
	*to->last = from->first;
	to->last = from->last;
	jobs_init(from);
}

struct job *
jobs_take(struct jobs *jobs)
{
	struct job *job = jobs->first;

	if (!job)
		return NULL;
	jobs->first = job->next;
	if (!jobs->first)
		jobs->last = &jobs->first;
	return job;
}

struct node *
batch_next(const struct batch *batch, const struct node *node)
{
	const uint8_t *next = (const uint8_t *)node + node->size;

	return next < batch->mem + batch->used ? (struct node *)(uintptr_t)next : NULL;
}

struct node *
batch_first(const struct batch *batch)
{
	return batch->count > 0 ? (struct node *)(uintptr_t)batch->mem : NULL;
}

/* ---- opening and closing --------------------------------------------------------------------------------- */

static bool
copy_text(char **out, const char *text, struct err *err)
{
	if (!text)
		return true;
	*out = strdup(text);
	return *out != NULL || err_oom(err);
}

static bool
use_directory(struct store *store, const char *directory, struct err *err)
{
	if (!disk_make_directory(directory, err))
		return false;
	store->lock_fd = disk_lock_directory(directory, err);
	if (store->lock_fd < 0)
		return false;
	return asprintf(&store->path, "%s/log.db", directory) >= 0 || err_oom(err);
}

static bool
start_thread(struct store *store, struct err *err)
{
	pthread_condattr_t attr;
	int rc;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&store->work, &attr);
	pthread_condattr_destroy(&attr);
	pthread_cond_init(&store->answered, NULL);
	pthread_mutex_init(&store->lock, NULL);
	rc = pthread_create(&store->thread, NULL, commit_main, store);
	if (rc == 0)
		return true;
	pthread_mutex_destroy(&store->lock);
	pthread_cond_destroy(&store->answered);
	pthread_cond_destroy(&store->work);
	errno = rc;
	return err_errno(err, "start the commit thread");
}

static void
free_store(struct store *store)
{
	while (store->spare) {
		struct batch *batch = store->spare;

		store->spare = (struct batch *)(void *)batch->job.next;
		free(batch);
	}
	log_db_close(store->db, true);
	sha256_free(store->hash);
	heads_fini(&store->heads);
	disk_unlock_directory(store->lock_fd);
	free(store->path);
	free(store->vfs);
	free(store->synchronous);
	free(store);
}

struct store *
store_open(const struct store_options *options, struct err *err)
{
	struct store *store = calloc(1, sizeof *store);

	if (!store) {
		err_oom(err);
		return NULL;
	}
	if (!heads_init(&store->heads, err)) {
		free(store);
		return NULL;
	}
	store->options = *options;
	store->lock_fd = -1;
	store->checkpoint_pages =
	    options->checkpoint_pages ? options->checkpoint_pages : CHECKPOINT_PAGES;
	jobs_init(&store->open);
	jobs_init(&store->queue);
	jobs_init(&store->held);
	jobs_init(&store->finished);
	store->requests_last = &store->requests;
	atomic_init(&store->writable, true);
	store->hash = sha256_new();
	if (!store->hash) {
		err_oom(err);
		goto fail;
	}
	if (!copy_text(&store->vfs, options->vfs, err) ||
	    !copy_text(&store->synchronous, options->synchronous, err) ||
	    (options->directory && !use_directory(store, options->directory, err)) ||
	    !commit_open_db(store, true, err) || !start_thread(store, err))
		goto fail;
	return store;
fail:
	free_store(store);
	return NULL;
}

void
store_close(struct store *store)
{
	if (!store)
		return;
	store_flush(store);
	pthread_mutex_lock(&store->lock);
	store->stop = true;
	pthread_cond_signal(&store->work);
	pthread_mutex_unlock(&store->lock);
	pthread_join(store->thread, NULL);
	atomic_store(&store->writable, false); /* a completion that appends is told so */
	while (store_poll(store) > 0)
		;
	pthread_mutex_destroy(&store->lock);
	pthread_cond_destroy(&store->answered);
	pthread_cond_destroy(&store->work);
	free_store(store);
}

struct store_head
store_head(struct store *store, uint32_t workspace)
{
	return heads_durable(&store->heads, workspace);
}

bool
store_is_writable(struct store *store)
{
	return atomic_load_explicit(&store->writable, memory_order_acquire);
}

void
store_queued(const struct store *store, size_t *entries, size_t *bytes)
{
	*entries = store->queued_entries;
	*bytes = store->queued_bytes;
}

/* ---- appending --------------------------------------------------------------------------------------------- */

static bool
check_entry(const struct store_entry *entry, size_t author_len, size_t key_len, struct err *err)
{
	if (entry->workspace == 0 || entry->revision == 0 || entry->revision > INT64_MAX ||
	    entry->redacted)
		return err_set(err, ERR_INVALID,
		    "a new entry has a workspace and a revision and isn't redacted");
	if (author_len > STORE_NAME_MAX || key_len > STORE_NAME_MAX)
		return err_set(err, ERR_INVALID, "author and idempotency key have at most %u bytes",
		    STORE_NAME_MAX);
	if (entry->body_len > STORE_BODY_MAX)
		return err_set(err, ERR_INVALID, "an entry has at most %u bytes", STORE_BODY_MAX);
	return true;
}

static struct batch *
new_batch(struct store *store, size_t size)
{
	struct batch *batch = store->spare;
	size_t cap = size > BATCH_BYTES ? size : BATCH_BYTES;

	if (batch && cap == BATCH_BYTES) {
		store->spare = (struct batch *)(void *)batch->job.next;
		store->spare_count--;
	} else {
		batch = malloc(sizeof *batch + cap);
		if (!batch)
			return NULL;
		batch->cap = cap;
	}
	batch->job.type = JOB_BATCH;
	batch->job.epoch = store->epoch;
	batch->used = 0;
	batch->count = 0;
	jobs_add(&store->open, &batch->job);
	store->filling = batch;
	return batch;
}

static void
recycle(struct store *store, struct batch *batch)
{
	if (batch->cap != BATCH_BYTES || store->spare_count >= SPARE_MAX) {
		free(batch);
		return;
	}
	batch->job.next = (struct job *)(void *)store->spare;
	store->spare = batch;
	store->spare_count++;
}

static void
fill_node(struct node *node, const struct store_entry *entry, size_t author_len, size_t key_len)
{
	uint8_t *p = (uint8_t *)(node + 1);

	node->revision = entry->revision;
	node->time_us = entry->time_us;
	node->logged_us = entry->logged_us;
	node->workspace = entry->workspace;
	node->body_len = (uint32_t)entry->body_len;
	node->author_len = (uint16_t)author_len;
	node->key_len = (uint16_t)key_len;
	node->kind = entry->kind;
	node->format = entry->format;
	node->outcome = STORE_FAILED;
	memcpy(p, entry->author, author_len);
	p[author_len] = 0;
	p += author_len + 1;
	memcpy(p, entry->key, key_len);
	p[key_len] = 0;
	p += key_len + 1;
	if (entry->body_len > 0)
		memcpy(p, entry->body, entry->body_len);
}

bool
store_append(struct store *store, const struct store_entry *entry, store_done_fn done, void *arg,
    struct err *err)
{
	size_t author_len = strlen(entry->author);
	size_t key_len = strlen(entry->key);
	size_t size =
	    (sizeof(struct node) + author_len + key_len + 2 + entry->body_len + 15) & ~(size_t)15;
	struct batch *batch = store->filling;
	struct node *node;

	if (!check_entry(entry, author_len, key_len, err))
		return false;
	if (store->failing || !store_is_writable(store))
		return err_set(err, ERR_UNAVAILABLE,
		    "the log cannot be written at the moment; try again later");
	if (store->queued_entries >= STORE_QUEUE_MAX_ENTRIES ||
	    store->queued_bytes + size > STORE_QUEUE_MAX_BYTES)
		return err_set(
		    err, ERR_LIMIT, "too many changes are waiting for the disk; try again later");
	if (!batch || batch->cap - batch->used < size) {
		batch = new_batch(store, size);
		if (!batch)
			return err_oom(err);
	}
	node = (struct node *)(void *)(batch->mem + batch->used);
	node->done = done;
	node->arg = arg;
	node->size = (uint32_t)size;
	fill_node(node, entry, author_len, key_len);
	batch->used += size;
	batch->count++;
	store->queued_entries++;
	store->queued_bytes += size;
	return true;
}

void
store_flush(struct store *store)
{
	if (!store->open.first)
		return;
	store->filling = NULL;
	pthread_mutex_lock(&store->lock);
	jobs_move(&store->queue, &store->open);
	if (store->idle) {
		store->idle = false;
		pthread_cond_signal(&store->work);
	}
	pthread_mutex_unlock(&store->lock);
}

/* ---- completions ----------------------------------------------------------------------------------------------- */

static size_t
finish_batch(struct store *store, struct batch *batch, bool fail)
{
	size_t count = batch->count;

	for (struct node *node = batch_first(batch); node; node = batch_next(batch, node)) {
		store->queued_entries--;
		store->queued_bytes -= node->size;
		node->done(node->arg, fail ? STORE_FAILED : (enum store_outcome)node->outcome);
	}
	recycle(store, batch);
	return count;
}

static void
deliver_read(struct read_job *read)
{
	struct store_entry *entries = NULL;
	struct log_row row;
	size_t offset = 0, count = 0;

	if (read->request.ok) {
		entries = calloc(read->slice.count + 1, sizeof *entries);
		if (!entries) {
			err_oom(&read->request.err);
			read->request.ok = false;
		}
	}
	while (entries && slice_next(&read->slice, &offset, &row))
		entries[count++] = row.entry;
	read->done(read->arg, entries, count, read->request.ok ? NULL : &read->request.err);
	free(entries);
	slice_fini(&read->slice);
	free(read);
}

static bool
is_behind(const struct store *store, const struct job *job)
{
	return job->type == JOB_BATCH && job->epoch < store->epoch;
}

/* What is due; what was handed over or begun on top of a failure that the loop has now learned of comes with it. */
static struct job *
next_due(struct store *store, struct jobs *due)
{
	struct job *job = jobs_take(due);

	if (job)
		return job;
	pthread_mutex_lock(&store->lock);
	jobs_move(due, &store->finished);
	if (store->failing) {
		while (store->queue.first && is_behind(store, store->queue.first))
			jobs_add(due, jobs_take(&store->queue));
	}
	pthread_mutex_unlock(&store->lock);
	job = jobs_take(due);
	if (job || !store->failing)
		return job;
	job = jobs_take(&store->open);
	if (!job)
		store->filling = NULL;
	return job;
}

size_t
store_poll(struct store *store)
{
	struct jobs due;
	struct job *job;
	size_t count = 0;

	assert(!store->polling);
	store->polling = true;
	jobs_init(&due);
	while ((job = next_due(store, &due))) {
		switch (job->type) {
		case JOB_BATCH:
			count +=
			    finish_batch(store, (struct batch *)(void *)job, is_behind(store, job));
			break;
		case JOB_READ:
			deliver_read((struct read_job *)(void *)job);
			count++;
			break;
		case JOB_FAILURE:
			store->epoch = job->epoch;
			store->failing = true;
			free(job);
			break;
		}
	}
	store->failing = false;
	store->polling = false;
	return count;
}
