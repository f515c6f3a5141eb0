/*
 * The log in SQLite: one file, one connection, one thread at a time. The only user of sqlite3.h.
 *
 * Blocking and without any idea of queues or completions; store.c drives it from the commit thread.
 */
#ifndef SERVER_STORE_LOG_DB_H
#define SERVER_STORE_LOG_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/store/entry.h"

struct heads;
struct log_db;

struct log_db_options {
	const char *path; /* NULL: in memory */
	const char *vfs;  /* NULL: the default */
	const char *synchronous;
	bool create;
	bool read_only; /* a backup: nothing is written, whatever its journal mode */
	bool check;     /* run quick_check if the file wasn't closed cleanly */
};

/*
 * ERR_NOT_FOUND without create; ERR_PRECONDITION: of a newer version, or not a log; ERR_DATA_LOSS: damaged;
 * ERR_UNAVAILABLE: the disk refuses.
 */
struct log_db *log_db_open(const struct log_db_options *options, struct err *err) MUST_CHECK;
/* Takes NULL. Clean: the write-ahead log is folded into the file and removed; else the files are left as they are. */
void log_db_close(struct log_db *db, bool clean);

bool log_db_begin(struct log_db *db, struct err *err) MUST_CHECK;
/* Durable when it returns true. After false the connection must be closed uncleanly. */
bool log_db_commit(struct log_db *db, struct err *err) MUST_CHECK;
void log_db_rollback(struct log_db *db);
bool log_db_insert(struct log_db *db, const struct log_row *row, struct err *err) MUST_CHECK;
/* Replaces what redaction replaces: body, body_hash, redacted, crc. */
bool log_db_replace(struct log_db *db, const struct log_row *row, struct err *err) MUST_CHECK;
/* While on, what is overwritten is zeroed in the file. */
bool log_db_set_erase(struct log_db *db, bool on, struct err *err) MUST_CHECK;
/* A small durable transaction. */
bool log_db_probe(struct log_db *db, struct err *err) MUST_CHECK;

/* Pages in the write-ahead log that aren't in the file yet. */
unsigned log_db_wal_pages(const struct log_db *db);
/* Folds them in; truncate also cuts the write-ahead log to nothing. */
bool log_db_checkpoint(struct log_db *db, bool truncate, struct err *err) MUST_CHECK;

/*
 * Appends rows from..to of a workspace to slice: at most limit, about 1 MiB and 1 ms. Checksums are not checked.
 */
bool log_db_read(struct log_db *db, uint32_t workspace, uint64_t from, uint64_t to, size_t limit,
    struct slice *slice, struct err *err) MUST_CHECK;
/* Rows with a key, by (logged_us, seq), after the given place. */
bool log_db_read_keys(struct log_db *db, uint32_t workspace, int64_t logged_us, int64_t after_seq,
    struct slice *slice, struct err *err) MUST_CHECK;
/* Rows by arrival, after that one. */
bool log_db_read_seq(
    struct log_db *db, int64_t after_seq, struct slice *slice, struct err *err) MUST_CHECK;

/* Walks the table itself (not the indexes) after *seq: counts up to 10,000 rows, moves *seq; *more false at the end. */
bool log_db_count(struct log_db *db, int64_t *seq, int64_t last_seq, uint64_t *rows, uint64_t *keys,
    bool *more, struct err *err) MUST_CHECK;
bool log_db_last_seq(struct log_db *db, int64_t *seq, struct err *err) MUST_CHECK;

/* Fills empty heads from the indexes and checks heads and the tail (checksums and chain). */
bool log_db_load_heads(struct log_db *db, struct heads *heads, struct err *err) MUST_CHECK;

/* ---- online copy */
struct log_copy;
struct log_copy *log_copy_begin(
    struct log_db *db, const char *path, const char *vfs, struct err *err) MUST_CHECK;
/* About 1 MiB more; *left 0 when all is there. */
bool log_copy_step(
    struct log_copy *copy, uint64_t *left, uint64_t *total, struct err *err) MUST_CHECK;
/* Closes the new file (not yet synced). Takes NULL. */
bool log_copy_end(struct log_copy *copy, bool complete, struct err *err);

#endif
