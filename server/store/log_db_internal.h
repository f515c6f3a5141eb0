/* What the files of log_db share. */
#ifndef SERVER_STORE_LOG_DB_INTERNAL_H
#define SERVER_STORE_LOG_DB_INTERNAL_H

#include <sqlite3.h>
#include <stdbool.h>

#include "common/err.h"
#include "server/store/log_db.h"

enum log_statement {
	LOG_BEGIN,
	LOG_COMMIT,
	LOG_ROLLBACK,
	LOG_PROBE,
	LOG_INSERT,
	LOG_REPLACE,
	LOG_READ,
	LOG_READ_KEYS,
	LOG_READ_SEQ,
	LOG_READ_HEAD,
	LOG_COUNT,
	LOG_LAST_SEQ,
	LOG_STATEMENTS,
};

struct log_db {
	sqlite3 *sqlite;
	sqlite3_stmt *statements[LOG_STATEMENTS];
	bool in_memory;
	unsigned wal_pages;
};

/* Logs what SQLite said and sets an error without its words. Always false. */
bool log_db_fail(struct log_db *db, int rc, const char *what, struct err *err);
/* Runs SQL that returns nothing. */
bool log_db_exec(struct log_db *db, const char *sql, const char *what, struct err *err) MUST_CHECK;
/* Brings the schema from version to the newest, or says why not. */
bool log_schema_prepare(
    struct log_db *db, const struct log_db_options *options, struct err *err) MUST_CHECK;

#endif
