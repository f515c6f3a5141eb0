/* Reading back: slices of the log for workers and for the loop, redaction, verification. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "server/store/store_internal.h"

/* ---- one slice --------------------------------------------------------------------------------------------- */

struct reader {
	struct request request;
	uint32_t workspace;
	uint64_t from;
	uint64_t to;
	struct slice slice;
};

static bool
run_reader(struct store *store, void *arg, struct err *err)
{
	struct reader *reader = arg;

	slice_reset(&reader->slice);
	return log_db_read(
	    store->db, reader->workspace, reader->from, reader->to, SIZE_MAX, &reader->slice, err);
}

static void
reader_begin(
    struct store *store, struct reader *reader, uint32_t workspace, uint64_t from, uint64_t to)
{
	reader->request = (struct request){.run = run_reader, .arg = reader};
	reader->workspace = workspace;
	reader->from = from;
	reader->to = to;
	request_post(store, &reader->request);
}

static bool
missing(uint32_t workspace, uint64_t revision, struct err *err)
{
	return err_set(err, ERR_DATA_LOSS,
	    "the log is damaged: workspace %" PRIu32 " revision %" PRIu64
	    " is missing; restore a backup",
	    workspace, revision);
}

static bool
check_row(const struct log_row *row, uint32_t workspace, uint64_t revision, struct err *err)
{
	if (row->entry.workspace != workspace || row->entry.revision != revision)
		return missing(workspace, revision, err);
	return entry_check_crc(row, err);
}

typedef bool (*row_fn)(void *arg, const struct log_row *row, struct err *err);

/* Like store_entry_fn, but with the whole row and errors; *stopped is set when fn stopped without one. */
struct walk {
	row_fn fn;
	void *arg;
};

static bool
walk_slice(const struct reader *reader, const struct walk *walk, struct err *err)
{
	uint64_t revision = reader->from;
	struct log_row row;
	size_t offset = 0;

	while (slice_next(&reader->slice, &offset, &row)) {
		if (!check_row(&row, reader->workspace, revision, err) ||
		    !walk->fn(walk->arg, &row, err))
			return false;
		revision++;
	}
	return true;
}

/* Two slices: while one is walked here, the commit thread reads the next. */
static bool
walk_log(struct store *store, uint32_t workspace, uint64_t from, uint64_t to,
    const struct walk *walk, struct err *err)
{
	struct reader readers[2] = {0};
	struct reader *reader = &readers[0], *next = &readers[1];
	bool pending = from <= to, ok = true;
	struct err ignored;

	if (pending)
		reader_begin(store, reader, workspace, from, to);
	while (ok && pending) {
		struct reader *swap = reader;

		pending = false;
		ok = request_wait(store, &reader->request, err);
		if (ok && reader->slice.count == 0)
			ok = missing(workspace, reader->from, err);
		if (!ok)
			break;
		from += reader->slice.count;
		if (from <= to) {
			reader_begin(store, next, workspace, from, to);
			pending = true;
		}
		ok = walk_slice(reader, walk, err);
		reader = next;
		next = swap;
	}
	if (pending && !request_wait(store, &reader->request, &ignored))
		log_debug("store.read", "reason=\"%s\"", ignored.msg);
	slice_fini(&readers[0].slice);
	slice_fini(&readers[1].slice);
	return ok;
}

struct plain_walk {
	store_entry_fn fn;
	void *arg;
	bool stopped;
};

static bool
on_row(void *arg, const struct log_row *row, struct err *err)
{
	struct plain_walk *plain = arg;

	(void)err;
	plain->stopped = !plain->fn(plain->arg, &row->entry);
	return !plain->stopped;
}

bool
store_read(struct store *store, uint32_t workspace, uint64_t from, uint64_t to, store_entry_fn fn,
    void *arg, struct err *err)
{
	struct plain_walk plain = {.fn = fn, .arg = arg};
	struct walk walk = {.fn = on_row, .arg = &plain};
	uint64_t head = store_head(store, workspace).revision;

	if (from == 0)
		from = 1;
	return walk_log(store, workspace, from, to < head ? to : head, &walk, err) || plain.stopped;
}

static bool
run_read_async(struct store *store, void *arg, struct err *err)
{
	struct read_job *read = arg;
	uint64_t revision = read->from;
	struct log_row row;
	size_t offset = 0;

	if (!log_db_read(
		store->db, read->workspace, read->from, INT64_MAX, read->limit, &read->slice, err))
		return false;
	while (slice_next(&read->slice, &offset, &row)) {
		if (!check_row(&row, read->workspace, revision++, err))
			return false;
	}
	if (read->slice.count == 0 && store_head(store, read->workspace).revision >= read->from)
		return missing(read->workspace, read->from, err);
	return true;
}

bool
store_read_async(struct store *store, uint32_t workspace, uint64_t from, size_t limit,
    store_read_fn done, void *arg, struct err *err)
{
	struct read_job *read = calloc(1, sizeof *read);

	if (!read)
		return err_oom(err);
	read->job.type = JOB_READ;
	read->request = (struct request){.run = run_read_async, .arg = read, .finish = &read->job};
	read->workspace = workspace;
	read->from = from ? from : 1;
	read->limit = limit ? limit : 1;
	read->done = done;
	read->arg = arg;
	request_post(store, &read->request);
	return true;
}

/* ---- by time, by key -------------------------------------------------------------------------------------------- */

struct time_search {
	uint32_t workspace;
	int64_t time_us;
	uint64_t revision;
};

static bool
run_time_search(struct store *store, void *arg, struct err *err)
{
	struct time_search *search = arg;
	uint64_t low = 0, high = store_head(store, search->workspace).revision;
	struct slice slice = {0};
	bool ok = true;

	/* The answer is in low..high; times never decrease. */
	while (ok && low < high) {
		uint64_t middle = low + (high - low + 1) / 2;
		struct log_row row;
		size_t offset = 0;

		slice_reset(&slice);
		ok = log_db_read(store->db, search->workspace, middle, middle, 1, &slice, err);
		if (!ok)
			break;
		ok = slice_next(&slice, &offset, &row)
			 ? check_row(&row, search->workspace, middle, err)
			 : missing(search->workspace, middle, err);
		if (ok && row.entry.time_us <= search->time_us)
			low = middle;
		else
			high = middle - 1;
	}
	slice_fini(&slice);
	search->revision = low;
	return ok;
}

bool
store_revision_at(
    struct store *store, uint32_t workspace, int64_t time_us, uint64_t *revision, struct err *err)
{
	struct time_search search = {.workspace = workspace, .time_us = time_us};

	if (!request_call(store, run_time_search, &search, err))
		return false;
	*revision = search.revision;
	return true;
}

struct key_reader {
	uint32_t workspace;
	int64_t logged_us;
	int64_t seq;
	struct slice slice;
};

static bool
run_key_reader(struct store *store, void *arg, struct err *err)
{
	struct key_reader *reader = arg;

	slice_reset(&reader->slice);
	return log_db_read_keys(
	    store->db, reader->workspace, reader->logged_us, reader->seq, &reader->slice, err);
}

static bool
walk_keys(struct store *store, uint32_t workspace, int64_t since_us, const struct walk *walk,
    struct err *err)
{
	struct key_reader reader = {.workspace = workspace, .logged_us = since_us};
	bool ok, more = true;

	do {
		struct log_row row;
		size_t offset = 0;

		ok = request_call(store, run_key_reader, &reader, err);
		more = reader.slice.count > 0;
		while (ok && slice_next(&reader.slice, &offset, &row)) {
			reader.logged_us = row.entry.logged_us;
			reader.seq = row.seq;
			ok = check_row(&row, workspace, row.entry.revision, err) &&
			     walk->fn(walk->arg, &row, err);
		}
	} while (ok && more);
	slice_fini(&reader.slice);
	return ok;
}

bool
store_keys(struct store *store, uint32_t workspace, int64_t since_us, store_entry_fn fn, void *arg,
    struct err *err)
{
	struct plain_walk plain = {.fn = fn, .arg = arg};
	struct walk walk = {.fn = on_row, .arg = &plain};

	return walk_keys(store, workspace, since_us, &walk, err) || plain.stopped;
}

/* ---- redaction ------------------------------------------------------------------------------------------------- */

struct redaction {
	uint32_t workspace;
	uint64_t revision;
	const uint8_t *body;
	size_t body_len;
};

static bool
redacted_row(struct store *store, const struct redaction *redaction, struct slice *slice,
    struct log_row *row, struct err *err)
{
	size_t offset = 0;

	if (!log_db_read(store->db, redaction->workspace, redaction->revision, redaction->revision,
		1, slice, err))
		return false;
	if (!slice_next(slice, &offset, row))
		return err_set(
		    err, ERR_NOT_FOUND, "there is no revision %" PRIu64, redaction->revision);
	if (!check_row(row, redaction->workspace, redaction->revision, err))
		return false;
	if (!row->entry.redacted) {
		sha256_update(store->hash, row->entry.body, row->entry.body_len);
		sha256_final(store->hash, row->body_hash);
	}
	row->entry.redacted = true;
	row->entry.body = redaction->body;
	row->entry.body_len = redaction->body_len;
	row->crc = entry_crc(row);
	return true;
}

static bool
replace(struct store *store, const struct log_row *row, struct err *err)
{
	/* Zeroes what is overwritten, and leaves no copy in the write-ahead log. */
	return log_db_set_erase(store->db, true, err) && log_db_begin(store->db, err) &&
	       log_db_replace(store->db, row, err) && log_db_commit(store->db, err) &&
	       log_db_set_erase(store->db, false, err) && log_db_checkpoint(store->db, true, err);
}

static bool
run_redaction(struct store *store, void *arg, struct err *err)
{
	const struct redaction *redaction = arg;
	struct slice slice = {0};
	struct log_row row;
	bool ok;

	if (!store_is_writable(store))
		return err_set(err, ERR_UNAVAILABLE,
		    "the log cannot be written at the moment; try again later");
	if (!redacted_row(store, redaction, &slice, &row, err)) {
		slice_fini(&slice);
		return false;
	}
	ok = replace(store, &row, err);
	if (!ok)
		commit_failed(store, err);
	slice_fini(&slice);
	return ok;
}

bool
store_redact(struct store *store, uint32_t workspace, uint64_t revision, const uint8_t *body,
    size_t body_len, struct err *err)
{
	struct redaction redaction = {workspace, revision, body, body_len};

	if (body_len > STORE_BODY_MAX)
		return err_set(err, ERR_INVALID, "an entry has at most %u bytes", STORE_BODY_MAX);
	if (revision == 0 || revision > INT64_MAX)
		return err_set(err, ERR_NOT_FOUND, "there is no revision %" PRIu64, revision);
	return request_call(store, run_redaction, &redaction, err);
}

/* ---- verification -------------------------------------------------------------------------------------------- */

struct verification {
	struct store_head *heads; /* what there was at the beginning */
	size_t heads_count;
	int64_t last_seq;
	store_progress_fn progress;
	void *progress_arg;
	uint64_t done;
	uint64_t total;
	struct sha256 *hash;
	uint8_t chain[SHA256_LEN];
	/* walking the table, then the index of keys */
	int64_t seq;
	uint64_t rows;
	uint64_t keys;
	bool more;
};

static bool
run_begin_verify(struct store *store, void *arg, struct err *err)
{
	struct verification *v = arg;

	v->heads = heads_copy(&store->heads, &v->heads_count);
	if (!v->heads)
		return err_oom(err);
	return log_db_last_seq(store->db, &v->last_seq, err);
}

static bool
verify_row(void *arg, const struct log_row *row, struct err *err)
{
	struct verification *v = arg;

	if (!entry_check_chain(v->hash, row, v->chain, err))
		return false;
	v->done++;
	if (v->progress && v->done % 1000 == 0 && !v->progress(v->progress_arg, v->done, v->total))
		return err_set(err, ERR_CANCELLED, "cancelled");
	return true;
}

static bool
verify_workspace(
    struct store *store, struct verification *v, const struct store_head *head, struct err *err)
{
	struct walk walk = {.fn = verify_row, .arg = v};

	memset(v->chain, 0, sizeof v->chain);
	if (!walk_log(store, head->workspace, 1, head->revision, &walk, err))
		return false;
	if (memcmp(v->chain, head->chain, SHA256_LEN) != 0)
		return err_set(err, ERR_DATA_LOSS,
		    "the log is damaged: workspace %" PRIu32 " revision %" PRIu64
		    " is not the one that was acknowledged; restore a backup",
		    head->workspace, head->revision);
	return true;
}

static bool
run_count(struct store *store, void *arg, struct err *err)
{
	struct verification *v = arg;

	return log_db_count(store->db, &v->seq, v->last_seq, &v->rows, &v->keys, &v->more, err);
}

struct key_count {
	uint64_t count;
	int64_t last_seq;
};

static bool
count_key(void *arg, const struct log_row *row, struct err *err)
{
	struct key_count *keys = arg;

	(void)err;
	keys->count += row->seq <= keys->last_seq;
	return true;
}

/* The indexes were walked entry by entry; that they lack none shows in the numbers. */
static bool
verify_counts(struct store *store, struct verification *v, struct err *err)
{
	struct key_count keys = {.last_seq = v->last_seq};
	struct walk walk = {.fn = count_key, .arg = &keys};

	v->more = true;
	while (v->more) {
		if (!request_call(store, run_count, v, err))
			return false;
	}
	for (size_t i = 0; i < v->heads_count; i++) {
		if (!walk_keys(store, v->heads[i].workspace, INT64_MIN, &walk, err))
			return false;
	}
	if (v->rows != v->total || keys.count != v->keys)
		return err_set(err, ERR_DATA_LOSS,
		    "the log is damaged: %" PRIu64 " rows for %" PRIu64 " entries, %" PRIu64
		    " of %" PRIu64 " keys indexed; restore a backup",
		    v->rows, v->total, keys.count, v->keys);
	return true;
}

static bool
verify_all(struct store *store, struct verification *v, uint32_t workspace, struct err *err)
{
	for (size_t i = 0; i < v->heads_count; i++) {
		if (workspace == 0 || v->heads[i].workspace == workspace)
			v->total += v->heads[i].revision;
	}
	for (size_t i = 0; i < v->heads_count; i++) {
		if (workspace != 0 && v->heads[i].workspace != workspace)
			continue;
		if (!verify_workspace(store, v, &v->heads[i], err))
			return false;
	}
	if (workspace == 0 && !verify_counts(store, v, err))
		return false;
	if (v->progress && !v->progress(v->progress_arg, v->total, v->total))
		return err_set(err, ERR_CANCELLED, "cancelled");
	return true;
}

bool
store_verify(
    struct store *store, uint32_t workspace, store_progress_fn progress, void *arg, struct err *err)
{
	struct verification v = {.progress = progress, .progress_arg = arg};
	bool ok;

	v.hash = sha256_new();
	if (!v.hash)
		return err_oom(err);
	ok =
	    request_call(store, run_begin_verify, &v, err) && verify_all(store, &v, workspace, err);
	free(v.heads);
	sha256_free(v.hash);
	return ok;
}
