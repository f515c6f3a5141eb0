/* Rows in and out of the database; opening it is in log_open.c, copying it in log_copy.c. */
#include "server/store/log_db.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "server/store/heads.h"
#include "server/store/log_db_internal.h"

#define SLICE_BYTES (1u << 20)
#define SLICE_ROWS  1000u
#define SLICE_NS    1000000
#define TAIL_ROWS   256u
#define COUNT_ROWS  10000

#define COLUMNS                                                                                    \
	"seq, workspace, revision, time_us, logged_us, author, key, kind, format, redacted, "      \
	"body_hash, chain, crc, body"

/* INDEXED BY: a missing index is an error, never a scan. */
static const char *const statements[LOG_STATEMENTS] = {
    [LOG_BEGIN] = "BEGIN IMMEDIATE",
    [LOG_COMMIT] = "COMMIT",
    [LOG_ROLLBACK] = "ROLLBACK",
    [LOG_PROBE] = "UPDATE state SET probe = probe + 1",
    [LOG_INSERT] = "INSERT INTO log (workspace, revision, time_us, logged_us, author, key, kind, "
		   "format, redacted, body_hash, chain, crc, body) "
		   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    [LOG_REPLACE] = "UPDATE log SET redacted = 1, body_hash = ?2, crc = ?3, body = ?4 "
		    "WHERE seq = ?1",
    [LOG_READ] = "SELECT " COLUMNS " FROM log INDEXED BY log_revision "
		 "WHERE workspace = ?1 AND revision BETWEEN ?2 AND ?3 ORDER BY revision",
    [LOG_READ_KEYS] = "SELECT " COLUMNS " FROM log INDEXED BY log_key WHERE workspace = ?1 "
		      "AND key IS NOT NULL AND logged_us >= ?2 AND (logged_us > ?2 OR seq > ?3) "
		      "ORDER BY logged_us, seq",
    [LOG_READ_SEQ] = "SELECT " COLUMNS " FROM log NOT INDEXED WHERE seq > ?1 ORDER BY seq",
    [LOG_READ_HEAD] = "SELECT " COLUMNS " FROM log INDEXED BY log_revision WHERE workspace < ?1 "
		      "ORDER BY workspace DESC, revision DESC LIMIT 1",
    [LOG_COUNT] = "SELECT seq, key IS NOT NULL FROM log NOT INDEXED "
		  "WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3",
    [LOG_LAST_SEQ] = "SELECT ifnull(max(seq), 0) FROM log",
};

bool
log_db_fail(struct log_db *db, int rc, const char *what, struct err *err)
{
	int code = rc & 0xff;

	log_warn("store.sqlite", "what=\"%s\" code=%d text=\"%s\" system=%d", what, rc,
	    sqlite3_errmsg(db->sqlite), sqlite3_system_errno(db->sqlite));
	switch (code) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return err_set(
		    err, ERR_DATA_LOSS, "the log is damaged (%s); restore a backup", what);
	case SQLITE_NOMEM:
		return err_oom(err);
	case SQLITE_FULL:
		return err_set(err, ERR_UNAVAILABLE, "the disk is full (%s)", what);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(
		    err, ERR_PRECONDITION, "the log is in use by another process (%s)", what);
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return err_set(
		    err, ERR_UNAVAILABLE, "the log cannot be opened for writing (%s)", what);
	case SQLITE_IOERR:
		return err_set(err, ERR_UNAVAILABLE, "the disk failed (%s)", what);
	default:
		return err_set(
		    err, ERR_DATA_LOSS, "the log is damaged or not as expected (%s)", what);
	}
}

/* The statement, prepared at its first use, reset and without bindings. */
static sqlite3_stmt *
statement(struct log_db *db, enum log_statement which, struct err *err)
{
	int rc;

	if (db->statements[which])
		return db->statements[which];
	rc = sqlite3_prepare_v3(db->sqlite, statements[which], -1, SQLITE_PREPARE_PERSISTENT,
	    &db->statements[which], NULL);
	if (rc != SQLITE_OK)
		log_db_fail(db, rc, "prepare", err);
	return db->statements[which];
}

static bool
run(struct log_db *db, enum log_statement which, const char *what, struct err *err)
{
	sqlite3_stmt *stmt = statement(db, which, err);
	int rc;

	if (!stmt)
		return false;
	rc = sqlite3_step(stmt);
	sqlite3_reset(stmt);
	return rc == SQLITE_DONE || log_db_fail(db, rc, what, err);
}

bool
log_db_begin(struct log_db *db, struct err *err)
{
	return run(db, LOG_BEGIN, "begin", err);
}

bool
log_db_commit(struct log_db *db, struct err *err)
{
	return run(db, LOG_COMMIT, "commit", err);
}

void
log_db_rollback(struct log_db *db)
{
	struct err ignored;

	if (sqlite3_get_autocommit(db->sqlite))
		return;
	if (!run(db, LOG_ROLLBACK, "rollback", &ignored))
		log_warn("store.rollback", "reason=\"%s\"", ignored.msg);
}

bool
log_db_probe(struct log_db *db, struct err *err)
{
	return run(db, LOG_PROBE, "probe", err);
}

bool
log_db_insert(struct log_db *db, const struct log_row *row, struct err *err)
{
	const struct store_entry *entry = &row->entry;
	sqlite3_stmt *stmt = statement(db, LOG_INSERT, err);
	int rc;

	if (!stmt)
		return false;
	/* Binding cannot fail: the places exist, and the lengths are within SQLite's. */
	sqlite3_bind_int64(stmt, 1, entry->workspace);
	sqlite3_bind_int64(stmt, 2, (int64_t)entry->revision);
	sqlite3_bind_int64(stmt, 3, entry->time_us);
	sqlite3_bind_int64(stmt, 4, entry->logged_us);
	sqlite3_bind_text(stmt, 5, entry->author, (int)row->author_len, SQLITE_STATIC);
	if (row->key_len > 0)
		sqlite3_bind_text(stmt, 6, entry->key, (int)row->key_len, SQLITE_STATIC);
	else
		sqlite3_bind_null(stmt, 6);
	sqlite3_bind_int(stmt, 7, entry->kind);
	sqlite3_bind_int(stmt, 8, entry->format);
	sqlite3_bind_int(stmt, 9, entry->redacted);
	if (entry->redacted)
		sqlite3_bind_blob(stmt, 10, row->body_hash, SHA256_LEN, SQLITE_STATIC);
	else
		sqlite3_bind_null(stmt, 10);
	sqlite3_bind_blob(stmt, 11, entry->chain, SHA256_LEN, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 12, row->crc);
	sqlite3_bind_blob(stmt, 13, entry->body_len ? entry->body : (const uint8_t *)"",
	    (int)entry->body_len, SQLITE_STATIC);
	rc = sqlite3_step(stmt);
	sqlite3_reset(stmt);
	return rc == SQLITE_DONE || log_db_fail(db, rc, "insert", err);
}

bool
log_db_replace(struct log_db *db, const struct log_row *row, struct err *err)
{
	sqlite3_stmt *stmt = statement(db, LOG_REPLACE, err);
	int rc;

	if (!stmt)
		return false;
	sqlite3_bind_int64(stmt, 1, row->seq);
	sqlite3_bind_blob(stmt, 2, row->body_hash, SHA256_LEN, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 3, row->crc);
	sqlite3_bind_blob(stmt, 4, row->entry.body_len ? row->entry.body : (const uint8_t *)"",
	    (int)row->entry.body_len, SQLITE_STATIC);
	rc = sqlite3_step(stmt);
	sqlite3_reset(stmt);
	return rc == SQLITE_DONE || log_db_fail(db, rc, "redact", err);
}

/* ---- reading ----------------------------------------------------------------------------------------- */

static bool
bytes_of(sqlite3_stmt *stmt, int column, int type, size_t max, const void **p, uint32_t *len)
{
	int actual = sqlite3_column_type(stmt, column);

	*p = "";
	*len = 0;
	if (actual == SQLITE_NULL)
		return true;
	if (actual != type)
		return false;
	*p = sqlite3_column_blob(stmt, column);
	*len = (uint32_t)sqlite3_column_bytes(stmt, column);
	if (*len == 0)
		*p = "";
	return *p != NULL && *len <= max;
}

/* A damaged file can hold anything in any column. */
static bool
decode(sqlite3_stmt *stmt, struct log_row *row)
{
	struct store_entry *entry = &row->entry;
	const void *author, *key, *hash, *chain, *body;
	uint32_t hash_len, chain_len, body_len;
	int64_t workspace = sqlite3_column_int64(stmt, 1);
	int64_t revision = sqlite3_column_int64(stmt, 2);
	int64_t kind = sqlite3_column_int64(stmt, 7);
	int64_t format = sqlite3_column_int64(stmt, 8);
	int64_t redacted = sqlite3_column_int64(stmt, 9);

	if (!bytes_of(stmt, 5, SQLITE_TEXT, STORE_NAME_MAX, &author, &row->author_len) ||
	    !bytes_of(stmt, 6, SQLITE_TEXT, STORE_NAME_MAX, &key, &row->key_len) ||
	    !bytes_of(stmt, 10, SQLITE_BLOB, SHA256_LEN, &hash, &hash_len) ||
	    !bytes_of(stmt, 11, SQLITE_BLOB, SHA256_LEN, &chain, &chain_len) ||
	    !bytes_of(stmt, 13, SQLITE_BLOB, STORE_BODY_MAX, &body, &body_len))
		return false;
	if (workspace < 1 || workspace > UINT32_MAX || revision < 1 || kind < 0 ||
	    kind > UINT16_MAX || format < 0 || format > UINT16_MAX || redacted < 0 ||
	    redacted > 1 || chain_len != SHA256_LEN || hash_len != (redacted ? SHA256_LEN : 0))
		return false;
	row->seq = sqlite3_column_int64(stmt, 0);
	row->crc = (uint32_t)sqlite3_column_int64(stmt, 12);
	memcpy(row->body_hash, hash, hash_len);
	entry->workspace = (uint32_t)workspace;
	entry->revision = (uint64_t)revision;
	entry->time_us = sqlite3_column_int64(stmt, 3);
	entry->logged_us = sqlite3_column_int64(stmt, 4);
	entry->author = author;
	entry->key = key;
	entry->kind = (uint16_t)kind;
	entry->format = (uint16_t)format;
	entry->redacted = redacted != 0;
	entry->body = body;
	entry->body_len = body_len;
	memcpy(entry->chain, chain, SHA256_LEN);
	return true;
}

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Steps the statement, with its bindings made, into slice. */
static bool
collect(struct log_db *db, sqlite3_stmt *stmt, size_t limit, struct slice *slice, struct err *err)
{
	int64_t until = now_ns() + SLICE_NS;
	size_t count = 0;
	bool ok = true;
	int rc = SQLITE_DONE;

	while (ok && count < limit && slice->len < SLICE_BYTES &&
	       (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct log_row row = {0};

		ok = decode(stmt, &row);
		if (!ok)
			err_set(err, ERR_DATA_LOSS,
			    "the log is damaged: row %lld is not an entry; restore a backup",
			    (long long)sqlite3_column_int64(stmt, 0));
		else
			ok = slice_add(slice, &row, err);
		count++;
		if (count % 64 == 0 && now_ns() > until)
			break;
	}
	sqlite3_reset(stmt);
	if (ok && rc != SQLITE_ROW && rc != SQLITE_DONE)
		return log_db_fail(db, rc, "read", err);
	return ok;
}

bool
log_db_read(struct log_db *db, uint32_t workspace, uint64_t from, uint64_t to, size_t limit,
    struct slice *slice, struct err *err)
{
	sqlite3_stmt *stmt = statement(db, LOG_READ, err);

	if (!stmt)
		return false;
	sqlite3_bind_int64(stmt, 1, workspace);
	sqlite3_bind_int64(stmt, 2, (int64_t)from);
	sqlite3_bind_int64(stmt, 3, to > INT64_MAX ? INT64_MAX : (int64_t)to);
	return collect(db, stmt, limit < SLICE_ROWS ? limit : SLICE_ROWS, slice, err);
}

bool
log_db_read_keys(struct log_db *db, uint32_t workspace, int64_t logged_us, int64_t after_seq,
    struct slice *slice, struct err *err)
{
	sqlite3_stmt *stmt = statement(db, LOG_READ_KEYS, err);

	if (!stmt)
		return false;
	sqlite3_bind_int64(stmt, 1, workspace);
	sqlite3_bind_int64(stmt, 2, logged_us);
	sqlite3_bind_int64(stmt, 3, after_seq);
	return collect(db, stmt, SLICE_ROWS, slice, err);
}

bool
log_db_read_seq(struct log_db *db, int64_t after_seq, struct slice *slice, struct err *err)
{
	sqlite3_stmt *stmt = statement(db, LOG_READ_SEQ, err);

	if (!stmt)
		return false;
	sqlite3_bind_int64(stmt, 1, after_seq);
	return collect(db, stmt, SLICE_ROWS, slice, err);
}

/* The newest row of the highest numbered workspace below that one; ERR_NOT_FOUND if there is none. */
static bool
log_db_read_head(struct log_db *db, uint64_t below_workspace, struct slice *slice, struct err *err)
{
	sqlite3_stmt *stmt = statement(db, LOG_READ_HEAD, err);
	size_t count = slice->count;

	if (!stmt)
		return false;
	sqlite3_bind_int64(stmt, 1, (int64_t)below_workspace);
	if (!collect(db, stmt, 1, slice, err))
		return false;
	return slice->count > count || err_set(err, ERR_NOT_FOUND, "no more workspaces");
}

bool
log_db_count(struct log_db *db, int64_t *seq, int64_t last_seq, uint64_t *rows, uint64_t *keys,
    bool *more, struct err *err)
{
	sqlite3_stmt *stmt = statement(db, LOG_COUNT, err);
	int rc, n = 0;

	if (!stmt)
		return false;
	sqlite3_bind_int64(stmt, 1, *seq);
	sqlite3_bind_int64(stmt, 2, last_seq);
	sqlite3_bind_int(stmt, 3, COUNT_ROWS);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		*seq = sqlite3_column_int64(stmt, 0);
		*keys += sqlite3_column_int(stmt, 1) != 0;
		n++;
	}
	sqlite3_reset(stmt);
	*rows += (uint64_t)n;
	*more = n == COUNT_ROWS;
	return rc == SQLITE_DONE || log_db_fail(db, rc, "count", err);
}

bool
log_db_last_seq(struct log_db *db, int64_t *seq, struct err *err)
{
	sqlite3_stmt *stmt = statement(db, LOG_LAST_SEQ, err);
	int rc;

	if (!stmt)
		return false;
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*seq = sqlite3_column_int64(stmt, 0);
	sqlite3_reset(stmt);
	return rc == SQLITE_ROW || log_db_fail(db, rc, "count", err);
}

/* ---- heads and tail ------------------------------------------------------------------------------------ */

static bool
take_head(struct heads *heads, const struct log_row *row, struct err *err)
{
	struct head *head;

	if (!entry_check_crc(row, err))
		return false;
	head = heads_get(heads, row->entry.workspace);
	if (!head)
		return err_oom(err);
	head->next.revision = row->entry.revision;
	head->next.time_us = row->entry.time_us;
	memcpy(head->next.chain, row->entry.chain, SHA256_LEN);
	heads_touch(heads, head);
	return true;
}

/* One seek per workspace, from the highest number down: never a scan of the log. */
static bool
load_each_head(struct log_db *db, struct heads *heads, struct slice *slice, struct err *err)
{
	uint64_t below = (uint64_t)UINT32_MAX + 1;
	struct err reason;

	for (;;) {
		struct log_row row;
		size_t offset = 0;

		slice_reset(slice);
		if (!log_db_read_head(db, below, slice, &reason)) {
			if (reason.code == ERR_NOT_FOUND)
				break;
			*err = reason;
			return false;
		}
		if (!slice_next(slice, &offset, &row) || row.entry.workspace >= below)
			return err_set(
			    err, ERR_DATA_LOSS, "the log is damaged (heads); restore a backup");
		if (!take_head(heads, &row, err))
			return false;
		below = row.entry.workspace;
	}
	heads_publish(heads);
	return true;
}

static bool
chain_before(struct log_db *db, const struct log_row *row, struct slice *slice,
    uint8_t chain[SHA256_LEN], struct err *err)
{
	struct log_row before;
	size_t offset = 0;

	memset(chain, 0, SHA256_LEN);
	if (row->entry.revision == 1)
		return true;
	slice_reset(slice);
	if (!log_db_read(db, row->entry.workspace, row->entry.revision - 1, row->entry.revision - 1,
		1, slice, err))
		return false;
	if (!slice_next(slice, &offset, &before))
		return err_set(err, ERR_DATA_LOSS,
		    "the log is damaged: workspace %" PRIu32 " revision %" PRIu64
		    " is missing; restore a backup",
		    row->entry.workspace, row->entry.revision - 1);
	memcpy(chain, before.entry.chain, SHA256_LEN);
	return true;
}

static bool
check_tail_row(struct log_db *db, struct heads *heads, const struct log_row *row,
    struct slice *single, struct sha256 *h, struct err *err)
{
	uint8_t chain[SHA256_LEN];

	if (!entry_check_crc(row, err) || !chain_before(db, row, single, chain, err) ||
	    !entry_check_chain(h, row, chain, err))
		return false;
	if (heads_durable(heads, row->entry.workspace).revision < row->entry.revision)
		return err_set(err, ERR_DATA_LOSS,
		    "the log is damaged: its index lacks workspace %" PRIu32 " revision %" PRIu64
		    "; restore a backup",
		    row->entry.workspace, row->entry.revision);
	return true;
}

/* The rows that arrived last: what an unclean stop would have hurt. */
static bool
check_tail(
    struct log_db *db, struct heads *heads, struct slice *slice, struct sha256 *h, struct err *err)
{
	struct slice single = {0};
	int64_t seq = 0;
	bool ok, more = true;

	ok = log_db_last_seq(db, &seq, err);
	seq -= TAIL_ROWS;
	while (ok && more) {
		struct log_row row;
		size_t offset = 0;

		slice_reset(slice);
		ok = log_db_read_seq(db, seq, slice, err);
		more = slice->count > 0;
		while (ok && slice_next(slice, &offset, &row)) {
			seq = row.seq;
			ok = check_tail_row(db, heads, &row, &single, h, err);
		}
	}
	slice_fini(&single);
	return ok;
}

bool
log_db_load_heads(struct log_db *db, struct heads *heads, struct err *err)
{
	struct slice slice = {0};
	struct sha256 *h = sha256_new();
	bool ok;

	ok = h != NULL || err_oom(err);
	ok = ok && load_each_head(db, heads, &slice, err) && check_tail(db, heads, &slice, h, err);
	sha256_free(h);
	slice_fini(&slice);
	return ok;
}
