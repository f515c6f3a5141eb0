/* Online backup of a log, and building a data directory from one. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "server/store/disk.h"
#include "server/store/store_internal.h"

/* ---- backup: begin, step and end run on the commit thread, the rest on the caller's ------------------------ */

struct backup {
	const char *path;
	uint64_t left;
	uint64_t total;
	bool complete;
};

static bool
run_begin(struct store *store, void *arg, struct err *err)
{
	const struct backup *backup = arg;

	if (store->copy)
		return err_set(err, ERR_PRECONDITION, "another backup is running; wait for it");
	store->copy = log_copy_begin(store->db, backup->path, store->vfs, err);
	return store->copy != NULL;
}

static bool
run_step(struct store *store, void *arg, struct err *err)
{
	struct backup *backup = arg;

	if (!store->copy)
		return err_set(
		    err, ERR_UNAVAILABLE, "the disk failed during the backup; begin it anew");
	return log_copy_step(store->copy, &backup->left, &backup->total, err);
}

static bool
run_end(struct store *store, void *arg, struct err *err)
{
	const struct backup *backup = arg;
	struct log_copy *copy = store->copy;

	if (!copy)
		return err_set(
		    err, ERR_UNAVAILABLE, "the disk failed during the backup; begin it anew");
	store->copy = NULL;
	return log_copy_end(copy, backup->complete, err);
}

static bool
copy_in_slices(struct store *store, struct backup *backup, store_progress_fn progress, void *arg,
    struct err *err)
{
	struct err ignored;
	bool ok = true;

	if (!request_call(store, run_begin, backup, err))
		return false;
	do {
		ok = request_call(store, run_step, backup, err);
		if (ok && progress && !progress(arg, backup->total - backup->left, backup->total))
			ok = err_set(err, ERR_CANCELLED, "cancelled");
	} while (ok && backup->left > 0);
	backup->complete = ok;
	if (!request_call(store, run_end, backup, ok ? err : &ignored))
		ok = false;
	return ok;
}

static bool
sync_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return err_errno(err, "open '%s'", path);
	ok = fsync(fd) == 0 || err_errno(err, "sync '%s'", path);
	close(fd);
	return ok;
}

/* O_EXCL: not over another's file, and not over what another backup is just writing. */
static bool
claim(const char *path, const char *partial, struct err *err)
{
	int fd;

	if (access(path, F_OK) == 0)
		return err_set(
		    err, ERR_EXISTS, "'%.200s' is there already; choose another name", path);
	fd = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return err_set(err, ERR_EXISTS,
		    "'%.200s' is there already: a backup is running or was cut off; remove it or "
		    "choose another name",
		    partial);
	if (fd < 0)
		return err_errno(err, "create '%s'", partial);
	close(fd);
	return true;
}

bool
store_backup(
    struct store *store, const char *path, store_progress_fn progress, void *arg, struct err *err)
{
	char partial[PATH_MAX];
	struct backup backup = {.path = partial};
	bool ok;

	if (snprintf(partial, sizeof partial, "%s.part", path) >= (int)sizeof partial)
		return err_set(err, ERR_INVALID, "the name of the backup is too long");
	if (!claim(path, partial, err))
		return false;
	ok = copy_in_slices(store, &backup, progress, arg, err) && sync_file(partial, err) &&
	     disk_rename(partial, path, err);
	if (!ok)
		unlink(partial);
	return ok;
}

/* ---- restore ----------------------------------------------------------------------------------------------------- */

#define ROWS_PER_COMMIT 10000

struct restore {
	struct log_db *from;
	struct log_db *to;
	struct heads heads;    /* next: as far as it was copied */
	struct heads expected; /* durable: what the backup's index has */
	bool expects;
	struct sha256 *hash;
	uint32_t workspace;
	uint64_t revision; /* of that workspace; 0 all */
	int64_t seq;
	uint64_t copied;
};

static bool
restore_row(struct restore *restore, struct log_row *row, struct err *err)
{
	struct head *head;

	restore->seq = row->seq;
	if (restore->revision > 0 && row->entry.workspace == restore->workspace &&
	    row->entry.revision > restore->revision)
		return true;
	head = heads_get(&restore->heads, row->entry.workspace);
	if (!head)
		return err_oom(err);
	if (!entry_check_crc(row, err) ||
	    !entry_check_chain(restore->hash, row, head->next.chain, err))
		return false;
	if (row->entry.revision != head->next.revision + 1)
		return err_set(err, ERR_DATA_LOSS,
		    "the backup is damaged: workspace %" PRIu32 " goes from revision %" PRIu64
		    " to %" PRIu64,
		    row->entry.workspace, head->next.revision, row->entry.revision);
	head->next.revision = row->entry.revision;
	if (restore->copied++ % ROWS_PER_COMMIT == ROWS_PER_COMMIT - 1 &&
	    (!log_db_commit(restore->to, err) || !log_db_checkpoint(restore->to, false, err) ||
		!log_db_begin(restore->to, err)))
		return false;
	return log_db_insert(restore->to, row, err);
}

static bool
restore_rows(struct restore *restore, struct err *err)
{
	struct slice slice = {0};
	bool ok = log_db_begin(restore->to, err), more = true;

	while (ok && more) {
		struct log_row row;
		size_t offset = 0;

		slice_reset(&slice);
		ok = log_db_read_seq(restore->from, restore->seq, &slice, err);
		more = slice.count > 0;
		while (ok && slice_next(&slice, &offset, &row))
			ok = restore_row(restore, &row, err);
	}
	slice_fini(&slice);
	return ok && log_db_commit(restore->to, err) && log_db_checkpoint(restore->to, true, err);
}

/*
 * What the backup's own index says is its newest must have been met in the table. Its newest entries may be the damaged
 * ones that a restore to an earlier revision wants to leave behind: then only that revision is asked for.
 */
static bool
load_expected(struct restore *restore, struct err *err)
{
	struct err reason;

	restore->expects = log_db_load_heads(restore->from, &restore->expected, &reason);
	if (restore->expects || (restore->revision > 0 && reason.code == ERR_DATA_LOSS))
		return true;
	*err = reason;
	return false;
}

static bool
check_complete(struct restore *restore, struct err *err)
{
	size_t count = 0;
	struct store_head *heads = heads_copy(&restore->expected, &count);
	struct head *head =
	    restore->revision > 0 ? heads_get(&restore->heads, restore->workspace) : NULL;
	bool ok = true;

	if (!heads || (restore->revision > 0 && !head)) {
		free(heads);
		return err_oom(err);
	}
	if (head && head->next.revision < restore->revision)
		ok = err_set(err, ERR_RANGE,
		    "the backup has revisions up to %" PRIu64 " of that workspace, not %" PRIu64,
		    head->next.revision, restore->revision);
	for (size_t i = 0; ok && restore->expects && i < count; i++) {
		head = heads_get(&restore->heads, heads[i].workspace);
		if (restore->revision > 0 && heads[i].workspace == restore->workspace)
			continue;
		ok = head && head->next.revision == heads[i].revision;
		if (!ok)
			err_set(err, ERR_DATA_LOSS,
			    "the backup is damaged: workspace %" PRIu32
			    " ends before revision %" PRIu64,
			    heads[i].workspace, heads[i].revision);
	}
	free(heads);
	return ok;
}

static bool
restore_into(struct restore *restore, const char *backup, const char *path, struct err *err)
{
	struct log_db_options from = {.path = backup, .read_only = true};
	struct log_db_options to = {.path = path, .create = true};
	bool ok;

	restore->hash = sha256_new();
	restore->from = restore->hash ? log_db_open(&from, err) : NULL;
	restore->to = restore->from ? log_db_open(&to, err) : NULL;
	if (!restore->hash)
		err_oom(err);
	ok = restore->to && load_expected(restore, err) && restore_rows(restore, err) &&
	     check_complete(restore, err);
	log_db_close(restore->from, false);
	log_db_close(restore->to, ok);
	sha256_free(restore->hash);
	return ok;
}

static void
remove_partial(const char *path)
{
	char wal[PATH_MAX];

	unlink(path);
	if (snprintf(wal, sizeof wal, "%s-wal", path) < (int)sizeof wal)
		unlink(wal);
}

bool
store_restore(const char *backup, const char *directory, uint32_t workspace, uint64_t revision,
    struct err *err)
{
	struct restore restore = {.workspace = workspace, .revision = revision};
	char partial[PATH_MAX], path[PATH_MAX];
	bool empty, ok;
	int lock;

	if (!disk_is_empty(directory, &empty, err))
		return false;
	if (!empty)
		return err_set(err, ERR_EXISTS,
		    "'%.200s' is not empty; restore into a new directory", directory);
	if (snprintf(partial, sizeof partial, "%s/log.db.part", directory) >= (int)sizeof partial ||
	    snprintf(path, sizeof path, "%s/log.db", directory) >= (int)sizeof path)
		return err_set(err, ERR_INVALID, "the path of the data directory is too long");
	if (access(backup, R_OK) != 0)
		return err_errno(err, "read '%s'", backup);
	if (!disk_make_directory(directory, err))
		return false;
	lock = disk_lock_directory(directory, err);
	if (lock < 0)
		return false;
	ok = heads_init(&restore.heads, err);
	if (ok && !heads_init(&restore.expected, err)) {
		heads_fini(&restore.heads);
		ok = false;
	} else if (ok) {
		ok =
		    restore_into(&restore, backup, partial, err) && disk_rename(partial, path, err);
		heads_fini(&restore.expected);
		heads_fini(&restore.heads);
	}
	if (!ok) {
		remove_partial(partial);
		remove_partial(path);
	}
	disk_unlock_directory(lock);
	return ok;
}

/* ---- reading a backup -------------------------------------------------------------------------------------------- */

#define READ_ROWS 1000

bool
store_read_backup(
    const char *backup, uint32_t workspace, store_entry_fn fn, void *arg, struct err *err)
{
	const struct log_db_options options = {.path = backup, .read_only = true};
	struct log_db *db = log_db_open(&options, err);
	struct slice slice = {0};
	uint64_t from = 1;
	bool ok = db != NULL, more = true;

	while (ok && more) {
		struct log_row row;
		size_t offset = 0;

		slice_reset(&slice);
		ok = log_db_read(db, workspace, from, UINT64_MAX, READ_ROWS, &slice, err);
		more = slice.count > 0;
		while (ok && more && slice_next(&slice, &offset, &row)) {
			from = row.entry.revision + 1;
			ok = entry_check_crc(&row, err);
			more = ok && fn(arg, &row.entry);
		}
	}
	slice_fini(&slice);
	log_db_close(db, false);
	return ok;
}
