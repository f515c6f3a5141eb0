/* Opening and closing the database: settings read back, mended write-ahead log, checkpoints. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "server/store/disk.h"
#include "server/store/log_db_internal.h"

/* SQLite 3.40's unix VFS writes nothing where 128 KiB or more are left, and calls that a full disk. */
#define WAL_PIECE 65536

/* A larger file would hold up the start for too long; "plumb admin verify" looks at it then. */
#define QUICK_CHECK_MAX (INT64_C(1) << 30)

static int
on_wal(void *arg, sqlite3 *sqlite, const char *name, int pages)
{
	struct log_db *db = arg;

	(void)sqlite;
	(void)name;
	db->wal_pages = (unsigned)pages;
	return SQLITE_OK;
}

bool
log_db_exec(struct log_db *db, const char *sql, const char *what, struct err *err)
{
	int rc = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK || log_db_fail(db, rc, what, err);
}

/*
 * Runs a pragma and holds its answer against what is needed: a setting that isn't taken must not go unnoticed. To its
 * end: journal_mode first gives its answer and then commits, and only the end says that the commit failed.
 */
static bool
setting(struct log_db *db, const char *sql, const char *expected, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	char actual[32] = "nothing";
	int rc = sqlite3_prepare_v2(db->sqlite, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		snprintf(actual, sizeof actual, "%s", (const char *)sqlite3_column_text(stmt, 0));
		rc = sqlite3_step(stmt);
	}
	sqlite3_finalize(stmt);
	if (rc != SQLITE_DONE)
		return log_db_fail(db, rc, sql, err);
	if (strcmp(actual, expected) != 0)
		return err_set(err, ERR_PRECONDITION,
		    "SQLite did not take a setting the log needs (%s gave %s)", sql, actual);
	return true;
}

static bool
synchronous(struct log_db *db, const char *level, struct err *err)
{
	bool normal = level && strcmp(level, "NORMAL") == 0;

	if (level && !normal && strcmp(level, "FULL") != 0)
		return err_set(err, ERR_INVALID, "synchronous is FULL or NORMAL, not %s", level);
	return log_db_exec(db, normal ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL",
		   "set up", err) &&
	       setting(db, "PRAGMA synchronous", normal ? "1" : "2", err);
}

static bool
configure(struct log_db *db, const struct log_db_options *options, struct err *err)
{
	static const char common[] = "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF; "
				     "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768; "
				     "PRAGMA mmap_size = 0;";

	sqlite3_extended_result_codes(db->sqlite, 1);
	sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* Exclusive before the first look at the file: no shared memory, no second process. */
	if (!db->in_memory && !setting(db, "PRAGMA locking_mode = EXCLUSIVE", "exclusive", err))
		return false;
	if (!log_db_exec(db, common, "set up", err) || !log_db_set_erase(db, false, err))
		return false;
	if (db->in_memory)
		return setting(db, "PRAGMA journal_mode", "memory", err);
	if (options->read_only)
		return true;
	if (!log_db_exec(db, "PRAGMA page_size = 4096", "set up", err) ||
	    !setting(db, "PRAGMA journal_mode = WAL", "wal", err) ||
	    !setting(db, "PRAGMA journal_mode", "wal", err) ||
	    !setting(db, "PRAGMA wal_autocheckpoint = 0", "0", err) ||
	    !setting(db, "PRAGMA journal_size_limit = 16777216", "16777216", err) ||
	    !setting(db, "PRAGMA page_size", "4096", err) ||
	    !synchronous(db, options->synchronous, err))
		return false;
	sqlite3_wal_hook(db->sqlite, on_wal, db);
	return true;
}

/*
 * Writes the write-ahead log once more onto itself and syncs it.
 *
 * After a failed or forgotten sync the kernel may show bytes that never reached the disk and will not write them
 * again, since it takes them for clean [Rebello, USENIX ATC 2020]. Recovery would believe them, checkpoint half of
 * them, and a power cut would leave a file that no log explains. Written anew they are dirty again, and the sync says
 * the truth; whatever commits are then found in it are durable.
 */
static bool
rewrite_wal(sqlite3_vfs *vfs, const char *path, bool *found, struct err *err)
{
	char name[PATH_MAX];
	sqlite3_file *file = NULL;
	sqlite3_int64 size = 0;
	uint8_t *buf = NULL;
	int rc, exists = 0;

	/* SQLite's own convention for names given to xOpen wants parameters behind the NUL: none. */
	memset(name, 0, sizeof name);
	if (snprintf(name, sizeof name - 4, "%s-wal", path) >= (int)sizeof name - 4)
		return err_set(err, ERR_INVALID, "the path of the data directory is too long");
	rc = vfs->xAccess(vfs, name, SQLITE_ACCESS_EXISTS, &exists);
	*found = exists != 0;
	if (rc == SQLITE_OK && !exists)
		return true;
	file = calloc(1, (size_t)vfs->szOsFile);
	buf = malloc(WAL_PIECE);
	if (!file || !buf) {
		free(file);
		free(buf);
		return err_oom(err);
	}
	if (rc == SQLITE_OK)
		rc = vfs->xOpen(vfs, name, file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_WAL, NULL);
	if (rc == SQLITE_OK)
		rc = file->pMethods->xFileSize(file, &size);
	for (sqlite3_int64 at = 0; rc == SQLITE_OK && at < size; at += WAL_PIECE) {
		int n = size - at < WAL_PIECE ? (int)(size - at) : WAL_PIECE;

		rc = file->pMethods->xRead(file, buf, n, at);
		if (rc == SQLITE_OK)
			rc = file->pMethods->xWrite(file, buf, n, at);
	}
	if (rc == SQLITE_OK)
		rc = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
	if (file->pMethods)
		file->pMethods->xClose(file);
	free(file);
	free(buf);
	return rc == SQLITE_OK ||
	       err_set(err, ERR_UNAVAILABLE, "the disk failed (write-ahead log, code %d)", rc);
}

/* Creates the file with our permissions and makes its name durable; SQLite does neither. */
static bool
create_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		return true;
	if (fd < 0)
		return err_errno(err, "create '%s'", path);
	if (close(fd) != 0)
		return err_errno(err, "create '%s'", path);
	return true;
}

static bool
quick_check(struct log_db *db, const char *path, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	const char *text = NULL;
	int64_t size = 0;
	bool ok;
	int rc;

	rc = sqlite3_prepare_v2(db->sqlite,
	    "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", -1, &stmt,
	    NULL);
	if (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
		size = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	stmt = NULL;
	if (size >= QUICK_CHECK_MAX) {
		log_warn("store.unclean",
		    "path=%s bytes=%lld checked=tail advice=\"run plumb admin verify\"", path,
		    (long long)size);
		return true;
	}
	rc = sqlite3_prepare_v2(db->sqlite, "PRAGMA quick_check(1)", -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		text = (const char *)sqlite3_column_text(stmt, 0);
	ok = text && strcmp(text, "ok") == 0;
	if (ok)
		log_info("store.unclean", "path=%s bytes=%lld checked=all", path, (long long)size);
	else if (rc == SQLITE_ROW)
		err_set(err, ERR_DATA_LOSS,
		    "the log is damaged after an unclean stop (%.120s); restore a backup",
		    text ? text : "no answer");
	else
		log_db_fail(db, rc, "check after an unclean stop", err);
	sqlite3_finalize(stmt);
	return ok;
}

static bool
file_exists(sqlite3_vfs *vfs, const char *path)
{
	int exists = 0;

	/* A disk that doesn't answer is found out, and named, by whoever opens the file. */
	return vfs->xAccess(vfs, path, SQLITE_ACCESS_EXISTS, &exists) != SQLITE_OK || exists;
}

/* "file:PATH?immutable=1", so that nothing is locked, recovered or created beside it. */
static bool
immutable_uri(const char *path, char *out, size_t size)
{
	size_t len = (size_t)snprintf(out, size, "file:");

	for (; *path; path++) {
		bool plain = strchr("%?#", *path) == NULL;

		if (size - len < 16)
			return false;
		len += (size_t)snprintf(
		    out + len, size - len, plain ? "%c" : "%%%02x", (unsigned char)*path);
	}
	snprintf(out + len, size - len, "?immutable=1");
	return true;
}

/* A backup is one file; a bare copy of a log may have its write-ahead log beside it, which counts. */
static bool
open_read_only(struct log_db *db, const char *path, sqlite3_vfs *vfs, struct err *err)
{
	char uri[3 * PATH_MAX], wal[PATH_MAX];
	int rc;

	if (snprintf(wal, sizeof wal, "%s-wal", path) >= (int)sizeof wal ||
	    !immutable_uri(path, uri, sizeof uri))
		return err_set(err, ERR_INVALID, "the path of the backup is too long");
	if (file_exists(vfs, wal))
		rc = sqlite3_open_v2(
		    path, &db->sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, vfs->zName);
	else
		rc = sqlite3_open_v2(uri, &db->sqlite,
		    SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, vfs->zName);
	if (!db->sqlite)
		return err_oom(err);
	return rc == SQLITE_OK || log_db_fail(db, rc, "open", err);
}

static bool
open_connection(
    struct log_db *db, const struct log_db_options *options, sqlite3_vfs *vfs, struct err *err)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
	int rc;

	if (options->read_only)
		return open_read_only(db, options->path, vfs, err);
	if (db->in_memory)
		rc = sqlite3_open_v2(":memory:", &db->sqlite, flags | SQLITE_OPEN_CREATE, NULL);
	else
		rc = sqlite3_open_v2(options->path, &db->sqlite, flags, vfs->zName);
	if (!db->sqlite)
		return err_oom(err);
	return rc == SQLITE_OK || log_db_fail(db, rc, "open", err);
}

static bool
prepare_files(
    sqlite3_vfs *vfs, const struct log_db_options *options, bool *unclean, struct err *err)
{
	if (options->read_only)
		return file_exists(vfs, options->path) ||
		       err_set(err, ERR_NOT_FOUND, "there is no file '%s'", options->path);
	if (options->create && !create_file(options->path, err))
		return false;
	if (!options->create && !file_exists(vfs, options->path))
		return err_set(err, ERR_NOT_FOUND, "there is no log in '%s'", options->path);
	return rewrite_wal(vfs, options->path, unclean, err);
}

struct log_db *
log_db_open(const struct log_db_options *options, struct err *err)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(options->vfs);
	struct log_db *db = calloc(1, sizeof *db);
	bool unclean = false;

	if (!db || !vfs) {
		free(db);
		if (vfs)
			err_oom(err);
		else
			err_set(err, ERR_INVALID, "there is no SQLite VFS of that name");
		return NULL;
	}
	db->in_memory = options->path == NULL;
	if ((!db->in_memory && !prepare_files(vfs, options, &unclean, err)) ||
	    !open_connection(db, options, vfs, err) || !configure(db, options, err) ||
	    !log_schema_prepare(db, options, err))
		goto fail;
	if (options->create && !db->in_memory && !disk_sync_parent(options->path, err))
		goto fail;
	if (unclean && options->check && !quick_check(db, options->path, err))
		goto fail;
	return db;
fail:
	log_db_close(db, false);
	return NULL;
}

void
log_db_close(struct log_db *db, bool clean)
{
	struct err err;
	int rc;

	if (!db)
		return;
	if (clean && !db->in_memory && !log_db_checkpoint(db, true, &err))
		clean = false;
	for (size_t i = 0; i < LOG_STATEMENTS; i++)
		sqlite3_finalize(db->statements[i]);
	/* Closing would checkpoint once more through a handle that failed. */
	if (db->sqlite && !clean)
		sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	rc = sqlite3_close(db->sqlite);
	if (rc != SQLITE_OK)
		log_error("store.close", "code=%d", rc);
	free(db);
}

unsigned
log_db_wal_pages(const struct log_db *db)
{
	return db->wal_pages;
}

bool
log_db_checkpoint(struct log_db *db, bool truncate, struct err *err)
{
	int rc;

	if (db->in_memory)
		return true;
	rc = sqlite3_wal_checkpoint_v2(db->sqlite, NULL,
	    truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (rc != SQLITE_OK)
		return log_db_fail(db, rc, "checkpoint", err);
	db->wal_pages = 0;
	return true;
}

/*
 * FAST, not OFF, otherwise: appending frees nothing, so it costs nothing, and a page that is split keeps no stale copy
 * of a row that may have to be erased later.
 */
bool
log_db_set_erase(struct log_db *db, bool on, struct err *err)
{
	return setting(db, on ? "PRAGMA secure_delete = ON" : "PRAGMA secure_delete = FAST",
	    on ? "1" : "2", err);
}
