/* Online copy of the database, a slice at a time, on the thread that owns the connection. */
#include <stdlib.h>

#include "common/log.h"
#include "server/store/log_db_internal.h"

#define COPY_PAGES 256 /* 1 MiB */

struct log_copy {
	struct log_db target; /* only its connection is used */
	sqlite3_backup *backup;
};

struct log_copy *
log_copy_begin(struct log_db *db, const char *path, const char *vfs, struct err *err)
{
	struct log_copy *copy = calloc(1, sizeof *copy);
	int rc;

	if (!copy) {
		err_oom(err);
		return NULL;
	}
	rc = sqlite3_open_v2(path, &copy->target.sqlite,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
		SQLITE_OPEN_PRIVATECACHE,
	    vfs);
	if (rc != SQLITE_OK) {
		log_db_fail(&copy->target, rc, "create the copy", err);
		goto fail;
	}
	/* Nobody relies on it before it is synced as a whole and renamed. */
	if (!log_db_exec(&copy->target,
		"PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; PRAGMA synchronous = "
		"OFF",
		"set up the copy", err))
		goto fail;
	copy->backup = sqlite3_backup_init(copy->target.sqlite, "main", db->sqlite, "main");
	if (!copy->backup) {
		log_db_fail(
		    &copy->target, sqlite3_errcode(copy->target.sqlite), "begin the copy", err);
		goto fail;
	}
	return copy;
fail:
	sqlite3_close(copy->target.sqlite);
	free(copy);
	return NULL;
}

bool
log_copy_step(struct log_copy *copy, uint64_t *left, uint64_t *total, struct err *err)
{
	int rc = sqlite3_backup_step(copy->backup, COPY_PAGES);

	if (rc != SQLITE_OK && rc != SQLITE_DONE)
		return log_db_fail(&copy->target, rc, "copy", err);
	*left = (uint64_t)sqlite3_backup_remaining(copy->backup);
	*total = (uint64_t)sqlite3_backup_pagecount(copy->backup);
	if (rc == SQLITE_OK && *left == 0)
		*left = 1; /* not done yet, whatever the count says */
	return true;
}

bool
log_copy_end(struct log_copy *copy, bool complete, struct err *err)
{
	bool ok = true;
	int rc;

	if (!copy)
		return true;
	rc = sqlite3_backup_finish(copy->backup);
	if (complete && rc != SQLITE_OK)
		ok = log_db_fail(&copy->target, rc, "finish the copy", err);
	/* A plain file: whoever opens it needs nothing beside it. */
	if (complete && ok)
		ok = log_db_exec(
		    &copy->target, "PRAGMA journal_mode = DELETE", "finish the copy", err);
	rc = sqlite3_close(copy->target.sqlite);
	if (rc != SQLITE_OK)
		log_error("store.copy", "close=%d", rc);
	free(copy);
	return ok;
}
