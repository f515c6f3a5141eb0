/*
 * The schema of log.db and the ways from each version to the next.
 *
 * PRAGMA user_version says which version a file is of, application_id that it is ours. The table state stays readable
 * as it is in every version: it says which program made the schema.
 */
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "server/store/log_db_internal.h"

#define APPLICATION_ID 0x504c4d42 /* "PLMB" */

/*
 * Rows lie in order of arrival, so that appending writes at the right edge whatever the number of workspaces.
 * The index of keys isn't unique: a key may come again when it is no longer remembered (plan keeps them apart);
 * it is there so that those still remembered are found at start without reading the log.
 */
#define SQL_LOG                                                                                    \
	"CREATE TABLE log (seq INTEGER PRIMARY KEY, workspace INTEGER NOT NULL, "                  \
	"revision INTEGER NOT NULL, time_us INTEGER NOT NULL, logged_us INTEGER NOT NULL, "        \
	"author TEXT NOT NULL, key TEXT, kind INTEGER NOT NULL, format INTEGER NOT NULL, "         \
	"redacted INTEGER NOT NULL, body_hash BLOB, chain BLOB NOT NULL, crc INTEGER NOT NULL, "   \
	"body BLOB NOT NULL) STRICT"
#define SQL_LOG_KEY      "CREATE INDEX log_key ON log (workspace, logged_us) WHERE key IS NOT NULL"
#define SQL_LOG_REVISION "CREATE UNIQUE INDEX log_revision ON log (workspace, revision)"
#define SQL_STATE                                                                                  \
	"CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), program TEXT NOT NULL, "       \
	"probe INTEGER NOT NULL) STRICT"

/* By name. */
static const char *const schema_sql[] = {SQL_LOG, SQL_LOG_KEY, SQL_LOG_REVISION, SQL_STATE};
#define SCHEMA_COUNT (sizeof schema_sql / sizeof schema_sql[0])

static bool
create_schema(struct log_db *db, struct err *err)
{
	for (size_t i = 0; i < SCHEMA_COUNT; i++) {
		if (!log_db_exec(db, schema_sql[i], "create the schema", err))
			return false;
	}
	return log_db_exec(db,
	    "INSERT INTO state (id, program, probe) VALUES (1, '" PLUMB_VERSION "', 0)",
	    "create the schema", err);
}

/* migrations[n] leads from version n to n + 1, inside a transaction that the caller opens. */
static bool (*const migrations[])(struct log_db *db, struct err *err) = {
    create_schema,
};
#define VERSION ((int)(sizeof migrations / sizeof migrations[0]))

static bool
get_int(struct log_db *db, const char *sql, int *out, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db->sqlite, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW || log_db_fail(db, rc, "read the schema", err);
}

static bool
refuse_newer(struct log_db *db, int version, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	const char *program = NULL;

	if (sqlite3_prepare_v2(db->sqlite, "SELECT program FROM state", -1, &stmt, NULL) ==
		SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		program = (const char *)sqlite3_column_text(stmt, 0);
	err_set(err, ERR_PRECONDITION,
	    "the log is of version %d, made by plumbd %s; this plumbd " PLUMB_VERSION
	    " knows up to %d: "
	    "run plumbd %s or newer",
	    version, program ? program : "of a later release", VERSION,
	    program ? program : "of that release");
	sqlite3_finalize(stmt);
	return false;
}

static bool
migrate(struct log_db *db, int version, struct err *err)
{
	char sql[80];

	if (!log_db_begin(db, err))
		return false;
	for (int v = version; v < VERSION; v++) {
		if (!migrations[v](db, err))
			goto fail;
	}
	snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d",
	    APPLICATION_ID, VERSION);
	if (!log_db_exec(db, sql, "mark the schema", err) || !log_db_commit(db, err))
		goto fail;
	log_info("store.schema", "from=%d to=%d", version, VERSION);
	return true;
fail:
	log_db_rollback(db);
	return false;
}

/* Word for word: an index whose definition was damaged would silently miss rows. */
static bool
check_schema(struct log_db *db, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	size_t i = 0;
	int rc;

	rc = sqlite3_prepare_v2(
	    db->sqlite, "SELECT sql FROM sqlite_schema ORDER BY name", -1, &stmt, NULL);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		const char *sql;

		rc = sqlite3_step(stmt);
		if (rc != SQLITE_ROW)
			break;
		sql = (const char *)sqlite3_column_text(stmt, 0);
		if (!sql && sqlite3_errcode(db->sqlite) == SQLITE_NOMEM)
			rc = SQLITE_NOMEM;
		if (i >= SCHEMA_COUNT || !sql || strcmp(sql, schema_sql[i]) != 0)
			break;
		i++;
	}
	sqlite3_finalize(stmt);
	if (rc == SQLITE_DONE && i == SCHEMA_COUNT)
		return true;
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		return log_db_fail(db, rc, "read the schema", err);
	return err_set(err, ERR_DATA_LOSS, "the log is damaged (its schema); restore a backup");
}

bool
log_schema_prepare(struct log_db *db, const struct log_db_options *options, struct err *err)
{
	int version = 0, application = 0, tables = 0;

	if (!get_int(db, "PRAGMA user_version", &version, err) ||
	    !get_int(db, "PRAGMA application_id", &application, err) ||
	    !get_int(db, "SELECT count(*) FROM sqlite_schema", &tables, err))
		return false;
	if (application != APPLICATION_ID && (tables > 0 || version != 0 || application != 0))
		return err_set(err, ERR_PRECONDITION,
		    "log.db is not a Plumbline log, or its first page is damaged: use another "
		    "directory, or restore a backup");
	if (version > VERSION)
		return refuse_newer(db, version, err);
	if (version < VERSION && options->read_only)
		return err_set(err, ERR_PRECONDITION,
		    "the log is of version %d, this plumbd needs version %d; "
		    "restore it with the plumbd that made it and then start this one",
		    version, VERSION);
	if (version < 0 || (version > 0 && tables == 0))
		return err_set(
		    err, ERR_DATA_LOSS, "the log is damaged (its version); restore a backup");
	if (version < VERSION && !migrate(db, version, err))
		return false;
	return check_schema(db, err);
}
