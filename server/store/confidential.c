#include "server/store/confidential_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/calendar.h"
#include "common/crypto.h"
#include "common/log.h"
#include "server/store/disk.h"

#define FIRST_MONDAY 4 /* 1970-01-05 */
#define FORMAT       2 /* 1: records only */

/* ---- weeks ------------------------------------------------------------------------------------------------ */

static int32_t
floor_div(int32_t a, int32_t b)
{
	return a >= 0 ? a / b : -((-a + b - 1) / b);
}

int32_t
confidential_week(int32_t date)
{
	return floor_div(date - FIRST_MONDAY, 7);
}

int32_t
confidential_monday(int32_t week)
{
	return week * 7 + FIRST_MONDAY;
}

int32_t
confidential_block(int32_t week)
{
	return floor_div(week, CONFIDENTIAL_WEEKS);
}

/* ---- the file ----------------------------------------------------------------------------------------------- */

bool
confidential_failed(struct confidential *store, struct err *err)
{
	bool oom = store->db == NULL || sqlite3_errcode(store->db) == SQLITE_NOMEM;

	log_error("confidential", "error=\"%s\"",
	    store->db != NULL ? sqlite3_errmsg(store->db) : "out of memory");
	if (store->directory != NULL) {
		sqlite3_close(store->db);
		store->db = NULL;
	} else if (store->db != NULL && !sqlite3_get_autocommit(store->db)) {
		/* In memory there is nothing that could be opened again. */
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	}
	if (oom)
		return err_oom(err);
	return err_set(
	    err, ERR_UNAVAILABLE, "the disk refuses confidential records; nothing was kept");
}

bool
confidential_run(struct confidential *store, const char *sql, struct err *err)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
	       confidential_failed(store, err);
}

/* Durably: the key must not be lost after the first record. */
static bool
write_key(const char *path, uint8_t key[CONFIDENTIAL_KEY], struct err *err)
{
	char tmp[PATH_MAX];
	int fd;
	bool ok;

	if (snprintf(tmp, sizeof tmp, "%s.new", path) >= (int)sizeof tmp)
		return err_set(err, ERR_INVALID, "the data directory's name is too long");
	if (!random_bytes(key, CONFIDENTIAL_KEY))
		return err_set(err, ERR_UNAVAILABLE, "the system gives no random bytes");
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, "create the key of confidential records");
	ok = disk_write_all(fd, key, CONFIDENTIAL_KEY, err);
	if (ok && fsync(fd) != 0)
		ok = err_errno(err, "write the key of confidential records");
	close(fd);
	ok = ok && disk_rename(tmp, path, err);
	if (!ok)
		unlink(tmp);
	return ok;
}

static bool
read_key(const char *path, uint8_t key[CONFIDENTIAL_KEY], bool *there, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool ok;

	*there = fd >= 0 || errno != ENOENT;
	if (fd < 0)
		return !*there || err_errno(err, "read the key of confidential records");
	ok = disk_read_all(fd, key, CONFIDENTIAL_KEY, err);
	close(fd);
	return ok;
}

/* A mark of the key that tells nothing of it: does it belong to the records? */
static bool
fingerprint(const uint8_t key[CONFIDENTIAL_KEY], int32_t *mark)
{
	static const char label[] = "confidential.db";
	uint8_t digest[SHA256_LEN];

	if (!hmac_sha256(key, CONFIDENTIAL_KEY, label, sizeof label, digest))
		return false;
	*mark = (int32_t)(((uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 |
			      (uint32_t)digest[2] << 8 | digest[3]) &
			  0x7fffffff) |
		1;
	return true;
}

static bool
pragma(struct confidential *store, const char *sql, int32_t *value, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	bool ok = sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) == SQLITE_OK &&
		  sqlite3_step(stmt) == SQLITE_ROW;

	if (ok)
		*value = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return ok || confidential_failed(store, err);
}

static bool
mismatch(struct err *err)
{
	log_error("confidential",
	    "why=\"confidential.key is not the key of confidential.db, or of a newer version\" "
	    "next=\"bring the right confidential.key back, or move confidential.db away\"");
	return err_set(err, ERR_UNAVAILABLE,
	    "the key of the confidential records is missing; the daemon's log says what to do");
}

#define SCHEMA_RECORDS                                                                             \
	"CREATE TABLE record (token BLOB PRIMARY KEY, workspace INTEGER NOT NULL, block INTEGER "  \
	"NOT NULL, week INTEGER NOT NULL, kind INTEGER NOT NULL, about TEXT NOT NULL) WITHOUT "    \
	"ROWID; CREATE INDEX record_cell ON record (workspace, block, kind, about); "
#define SCHEMA_ROUNDS                                                                              \
	"CREATE TABLE round (workspace INTEGER NOT NULL, id TEXT NOT NULL, sealed INTEGER NOT "    \
	"NULL, closes INTEGER NOT NULL, asked INTEGER NOT NULL, terms BLOB NOT NULL, PRIMARY KEY " \
	"(workspace, id)) WITHOUT ROWID; CREATE TABLE answer (token BLOB PRIMARY KEY, workspace "  \
	"INTEGER NOT NULL, round TEXT NOT NULL, name TEXT, body BLOB NOT NULL) WITHOUT ROWID; "    \
	"CREATE INDEX answer_round ON answer (workspace, round); "

/*
 * A rollback journal rather than a WAL, which would keep rows in the order in which they came; what is deleted or
 * replaced is overwritten.
 */
static bool
make_schema(struct confidential *store, bool new_key, struct err *err)
{
	int32_t mark, there = 0, format = 0;
	char sql[900];

	if (!fingerprint(store->key, &mark))
		return err_oom(err);
	if (!confidential_run(store,
		"PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; PRAGMA secure_delete = "
		"ON; PRAGMA temp_store = MEMORY",
		err) ||
	    !pragma(store, "PRAGMA application_id", &there, err) ||
	    !pragma(store, "PRAGMA user_version", &format, err))
		return false;
	if (there != 0 && (new_key || there != mark || format < 1 || format > FORMAT))
		return mismatch(err);
	if (format == FORMAT)
		return true;
	snprintf(sql, sizeof sql,
	    "BEGIN IMMEDIATE; %s" SCHEMA_ROUNDS
	    "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
	    there == 0 ? SCHEMA_RECORDS : "", (int)mark, FORMAT);
	return confidential_run(store, sql, err);
}

static bool
open_key(struct confidential *store, bool *new_key, struct err *err)
{
	char path[PATH_MAX];
	bool there = false;

	*new_key = true;
	if (store->directory == NULL)
		return random_bytes(store->key, CONFIDENTIAL_KEY) ||
		       err_set(err, ERR_UNAVAILABLE, "the system gives no random bytes");
	if (snprintf(path, sizeof path, "%s/confidential.key", store->directory) >=
	    (int)sizeof path)
		return err_set(err, ERR_INVALID, "the data directory's name is too long");
	if (!read_key(path, store->key, &there, err))
		return false;
	*new_key = !there;
	return there || write_key(path, store->key, err);
}

/* Only the daemon's user may read it, whatever the umask. */
static bool
open_file(struct confidential *store, struct err *err)
{
	char path[PATH_MAX] = ":memory:";
	int fd;

	if (store->directory != NULL) {
		if (snprintf(path, sizeof path, "%s/confidential.db", store->directory) >=
		    (int)sizeof path)
			return err_set(err, ERR_INVALID, "the data directory's name is too long");
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0 || fchmod(fd, 0600) != 0) {
			err_errno(err, "open confidential.db");
			if (fd >= 0)
				close(fd);
			return false;
		}
		close(fd);
	}
	if (sqlite3_open_v2(path, &store->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK)
		return confidential_failed(store, err);
	sqlite3_busy_timeout(store->db, 1000);
	return true;
}

bool
confidential_open(struct confidential *store, struct err *err)
{
	bool new_key;

	if (store->db != NULL)
		return true;
	if (open_key(store, &new_key, err) && open_file(store, err) &&
	    make_schema(store, new_key, err))
		return true;
	/* What is half open would fail for ever: the disk may have room the next time. */
	sqlite3_close(store->db);
	store->db = NULL;
	return false;
}

struct confidential *
confidential_new(const char *directory)
{
	struct confidential *store = calloc(1, sizeof *store);

	if (store == NULL)
		return NULL;
	if (directory != NULL && (store->directory = strdup(directory)) == NULL) {
		free(store);
		return NULL;
	}
	pthread_mutex_init(&store->lock, NULL);
	return store;
}

void
confidential_free(struct confidential *store)
{
	if (store == NULL)
		return;
	sqlite3_close(store->db);
	pthread_mutex_destroy(&store->lock);
	explicit_bzero(store->key, sizeof store->key);
	free(store->directory);
	free(store);
}

/* ---- tokens --------------------------------------------------------------------------------------------------- */

void
secret_token_number(struct secret_token *message, uint32_t number)
{
	for (int i = 0; i < 4 && message->len < SECRET_TOKEN_MAX; i++)
		message->bytes[message->len++] = (uint8_t)(number >> (8 * i));
}

/* With its length in front, so that no two records make the same message. */
void
secret_token_text(struct secret_token *message, const char *text)
{
	size_t len = strlen(text);

	if (len > SECRET_TOKEN_MAX - message->len || SECRET_TOKEN_MAX - message->len - len < 8) {
		message->too_long = true;
		return;
	}
	secret_token_number(message, (uint32_t)len);
	memcpy(message->bytes + message->len, text, len);
	message->len += len;
}

bool
confidential_token(const struct confidential *store, struct secret_token *message,
    uint8_t token[SHA256_LEN], struct err *err)
{
	bool ok = message->too_long ? err_set(err, ERR_INVALID, "the names are too long")
				    : hmac_sha256(store->key, CONFIDENTIAL_KEY, message->bytes,
					  message->len, token) ||
					  err_oom(err);

	explicit_bzero(message, sizeof *message);
	return ok;
}

static bool
record_token(const struct confidential *store, const struct confidential_record *record,
    uint8_t token[SHA256_LEN], struct err *err)
{
	struct secret_token message = {.len = 0};

	secret_token_number(&message, record->workspace);
	secret_token_number(&message, (uint32_t)confidential_block(record->week));
	secret_token_number(&message, record->kind);
	secret_token_text(&message, record->about);
	secret_token_text(&message, record->person);
	return confidential_token(store, &message, token, err);
}

/* ---- records -------------------------------------------------------------------------------------------------- */

sqlite3_stmt *
confidential_prepare(struct confidential *store, const char *sql, struct err *err)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) != SQLITE_OK) {
		sqlite3_finalize(stmt);
		confidential_failed(store, err);
		return NULL;
	}
	return stmt;
}

static bool
was_said(struct confidential *store, const uint8_t token[SHA256_LEN], int32_t week, bool *replaced,
    struct err *err)
{
	sqlite3_stmt *stmt =
	    confidential_prepare(store, "SELECT week FROM record WHERE token = ?", err);
	int rc;

	if (stmt == NULL)
		return false;
	sqlite3_bind_blob(stmt, 1, token, SHA256_LEN, SQLITE_STATIC);
	rc = sqlite3_step(stmt);
	*replaced = rc == SQLITE_ROW && sqlite3_column_int(stmt, 0) == week;
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW || rc == SQLITE_DONE || confidential_failed(store, err);
}

static bool
insert(struct confidential *store, const struct confidential_record *record,
    const uint8_t token[SHA256_LEN], struct err *err)
{
	sqlite3_stmt *stmt = confidential_prepare(store,
	    "INSERT OR REPLACE INTO record (token, workspace, block, week, kind, about) VALUES "
	    "(?, ?, ?, ?, ?, ?)",
	    err);
	int rc;

	if (stmt == NULL)
		return false;
	sqlite3_bind_blob(stmt, 1, token, SHA256_LEN, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, record->workspace);
	sqlite3_bind_int(stmt, 3, confidential_block(record->week));
	sqlite3_bind_int(stmt, 4, record->week);
	sqlite3_bind_int(stmt, 5, record->kind);
	sqlite3_bind_text(stmt, 6, record->about, -1, SQLITE_STATIC);
	rc = sqlite3_step(stmt);
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE || confidential_failed(store, err);
}

void
confidential_forget_order(struct confidential *store)
{
	if (sqlite3_exec(store->db, "VACUUM", NULL, NULL, NULL) != SQLITE_OK)
		log_warn("confidential", "error=\"%s\"", sqlite3_errmsg(store->db));
}

bool
confidential_put(struct confidential *store, const struct confidential_record *record,
    bool *replaced, struct err *err)
{
	uint8_t token[SHA256_LEN];
	bool ok;

	pthread_mutex_lock(&store->lock);
	ok = confidential_open(store, err) && record_token(store, record, token, err) &&
	     was_said(store, token, record->week, replaced, err) &&
	     (*replaced || insert(store, record, token, err));
	if (ok && !*replaced)
		confidential_forget_order(store);
	pthread_mutex_unlock(&store->lock);
	return ok;
}

bool
confidential_count(struct confidential *store, uint32_t workspace, int32_t first, int32_t last,
    confidential_fn fn, void *arg, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = SQLITE_DONE;
	bool ok;

	pthread_mutex_lock(&store->lock);
	ok = confidential_open(store, err) &&
	     (stmt = confidential_prepare(store,
		  "SELECT block, kind, about, count(*) FROM record WHERE workspace = ? AND block "
		  "BETWEEN ? AND ? GROUP BY block, kind, about ORDER BY block, kind, about",
		  err)) != NULL;
	if (ok) {
		sqlite3_bind_int64(stmt, 1, workspace);
		sqlite3_bind_int(stmt, 2, first);
		sqlite3_bind_int(stmt, 3, last);
		while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
			if (!fn(arg, sqlite3_column_int(stmt, 0),
				(uint8_t)sqlite3_column_int(stmt, 1),
				(const char *)sqlite3_column_text(stmt, 2),
				(uint32_t)sqlite3_column_int64(stmt, 3)))
				break;
	}
	sqlite3_finalize(stmt);
	if (ok && rc != SQLITE_ROW && rc != SQLITE_DONE)
		ok = confidential_failed(store, err);
	pthread_mutex_unlock(&store->lock);
	return ok;
}
