#include "server/store/tables.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/crypto.h"
#include "common/log.h"
#include "common/str.h"

/* Statements that are kept prepared: three per table. */
#define STATEMENTS_MAX 1024
#define COLUMNS_MAX    64

struct statement {
	char key[96]; /* what it does and to which table */
	sqlite3_stmt *stmt;
};

struct tables {
	sqlite3 *db;
	struct statement statements[STATEMENTS_MAX];
	size_t count;
};

/* The text of SQLite's complaint goes to the log; users of the daemon never see it. */
static bool
failed(struct tables *tables, struct err *err)
{
	log_warn("tables", "error=\"%s\"", sqlite3_errmsg(tables->db));
	return err_set(err, ERR_UNAVAILABLE, "tables.db cannot be written");
}

static bool
run(struct tables *tables, const char *sql, struct err *err)
{
	return sqlite3_exec(tables->db, sql, NULL, NULL, NULL) == SQLITE_OK || failed(tables, err);
}

static sqlite3_stmt *
prepared(struct tables *tables, const char *key, const char *sql, struct err *err)
{
	struct statement *s;

	for (size_t i = 0; i < tables->count; i++) {
		if (strcmp(tables->statements[i].key, key) == 0)
			return tables->statements[i].stmt;
	}
	if (tables->count == STATEMENTS_MAX) {
		err_set(err, ERR_LIMIT, "too many tables");
		return NULL;
	}
	s = &tables->statements[tables->count];
	if (sqlite3_prepare_v3(tables->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->stmt, NULL) !=
	    SQLITE_OK) {
		failed(tables, err);
		return NULL;
	}
	snprintf(s->key, sizeof s->key, "%s", key);
	tables->count++;
	return s->stmt;
}

static bool
step(struct tables *tables, sqlite3_stmt *stmt, struct err *err)
{
	bool ok = sqlite3_step(stmt) == SQLITE_DONE;

	if (!ok)
		failed(tables, err);
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return ok;
}

/* The schema's number in the file: another schema is another number. */
static int
schema_number(const char *schema)
{
	return (int)(crc32c(0, schema, strlen(schema)) & 0x7fffffff);
}

static int
file_number(struct tables *tables)
{
	sqlite3_stmt *stmt = NULL;
	int number = -1;

	if (sqlite3_prepare_v2(tables->db, "PRAGMA user_version", -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		number = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return number;
}

static bool
is_sound(struct tables *tables)
{
	sqlite3_stmt *stmt = NULL;
	bool sound = false;

	if (sqlite3_prepare_v2(tables->db, "PRAGMA quick_check(1)", -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		sound = strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
	sqlite3_finalize(stmt);
	return sound;
}

static bool
open_file(struct tables *tables, const char *path, struct err *err)
{
	if (sqlite3_open_v2(path, &tables->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK)
		return failed(tables, err);
	sqlite3_busy_timeout(tables->db, 1000);
	return true;
}

static bool
make_schema(struct tables *tables, const char *schema, struct err *err)
{
	char number[64];

	snprintf(number, sizeof number, "PRAGMA user_version = %d", schema_number(schema));
	return run(tables, "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF", err) &&
	       run(tables,
		   "BEGIN; CREATE TABLE projection_state (workspace TEXT PRIMARY KEY, revision "
		   "INTEGER NOT NULL, time TEXT "
		   "NOT NULL)",
		   err) &&
	       run(tables, schema, err) && run(tables, number, err) && run(tables, "COMMIT", err);
}

static void
close_file(struct tables *tables)
{
	for (size_t i = 0; i < tables->count; i++)
		sqlite3_finalize(tables->statements[i].stmt);
	tables->count = 0;
	sqlite3_close(tables->db);
	tables->db = NULL;
}

static void
delete_files(const char *path)
{
	static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
	char name[4200];

	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
		snprintf(name, sizeof name, "%s%s", path, endings[i]);
		unlink(name);
	}
}

struct tables *
tables_open(const char *directory, const char *schema, struct err *err)
{
	struct tables *tables = calloc(1, sizeof *tables);
	char path[4096];

	if (tables == NULL) {
		err_oom(err);
		return NULL;
	}
	if (snprintf(path, sizeof path, "%s/tables.db", directory) >= (int)sizeof path) {
		err_set(err, ERR_INVALID, "the data directory's path is too long");
		goto bad;
	}
	if (!open_file(tables, path, err))
		goto bad;
	if (file_number(tables) != schema_number(schema) || !is_sound(tables)) {
		close_file(tables);
		delete_files(path);
		if (!open_file(tables, path, err) || !make_schema(tables, schema, err))
			goto bad;
	}
	if (!run(tables, "PRAGMA synchronous = OFF; PRAGMA journal_size_limit = 16777216", err))
		goto bad;
	return tables;
bad:
	tables_close(tables);
	return NULL;
}

void
tables_close(struct tables *tables)
{
	if (tables == NULL)
		return;
	close_file(tables);
	free(tables);
}

bool
tables_revision(struct tables *tables, const char *workspace, uint64_t *revision, struct err *err)
{
	sqlite3_stmt *stmt = prepared(
	    tables, "state", "SELECT revision FROM projection_state WHERE workspace = ?1", err);
	int rc;

	if (stmt == NULL)
		return false;
	sqlite3_bind_text(stmt, 1, workspace, -1, SQLITE_STATIC);
	rc = sqlite3_step(stmt);
	*revision = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(stmt, 0) : 0;
	sqlite3_reset(stmt);
	return rc == SQLITE_ROW || rc == SQLITE_DONE || failed(tables, err);
}

bool
tables_begin(struct tables *tables, struct err *err)
{
	return run(tables, "BEGIN IMMEDIATE", err);
}

bool
tables_commit(struct tables *tables, const char *workspace, uint64_t revision, const char *time,
    struct err *err)
{
	sqlite3_stmt *stmt = prepared(tables, "note",
	    "INSERT OR REPLACE INTO projection_state (workspace, revision, time) VALUES (?1, ?2, "
	    "?3)",
	    err);

	if (stmt == NULL)
		return false;
	sqlite3_bind_text(stmt, 1, workspace, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, (sqlite3_int64)revision);
	sqlite3_bind_text(stmt, 3, time, -1, SQLITE_STATIC);
	return step(tables, stmt, err) && run(tables, "COMMIT", err);
}

void
tables_rollback(struct tables *tables)
{
	sqlite3_exec(tables->db, "ROLLBACK", NULL, NULL, NULL);
}

bool
tables_delete(struct tables *tables, const char *table, const char *workspace, const char *id,
    struct err *err)
{
	char key[96], sql[256];
	sqlite3_stmt *stmt;

	snprintf(key, sizeof key, "%s %s", id != NULL ? "delete" : "clear", table);
	snprintf(sql, sizeof sql, "DELETE FROM \"%s\" WHERE workspace = ?1%s", table,
	    id != NULL ? " AND id = ?2" : "");
	stmt = prepared(tables, key, sql, err);
	if (stmt == NULL)
		return false;
	sqlite3_bind_text(stmt, 1, workspace, -1, SQLITE_STATIC);
	if (id != NULL)
		sqlite3_bind_text(stmt, 2, id, -1, SQLITE_STATIC);
	return step(tables, stmt, err);
}

static void
bind(sqlite3_stmt *stmt, int at, const struct tables_value *value)
{
	switch (value->type) {
	case TABLES_NULL:
		sqlite3_bind_null(stmt, at);
		break;
	case TABLES_INTEGER:
		sqlite3_bind_int64(stmt, at, value->integer);
		break;
	case TABLES_REAL:
		sqlite3_bind_double(stmt, at, value->real);
		break;
	case TABLES_TEXT:
		sqlite3_bind_text(stmt, at, value->text, -1, SQLITE_STATIC);
		break;
	}
}

bool
tables_insert(struct tables *tables, const char *table, const struct tables_value *values,
    size_t count, struct err *err)
{
	char key[96];
	struct str sql;
	sqlite3_stmt *stmt;

	if (count > COLUMNS_MAX)
		return err_set(err, ERR_LIMIT, "table %s has too many columns", table);
	snprintf(key, sizeof key, "insert %s", table);
	str_init(&sql, 1024);
	str_addf(&sql, "INSERT INTO \"%s\" VALUES (", table);
	for (size_t i = 0; i < count; i++)
		str_add(&sql, i == 0 ? "?" : ",?");
	str_add(&sql, ")");
	stmt = prepared(tables, key, sql.data, err);
	str_fini(&sql);
	if (stmt == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		bind(stmt, (int)i + 1, &values[i]);
	return step(tables, stmt, err);
}
