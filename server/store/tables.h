/*
 * tables.db: ordinary SQL tables for people and tools that read plans with SQL.
 *
 * Disposable: built from the plan, never read back. Knows rows and values only; which tables there are and what
 * stands in them is its caller's business. One thread at a time.
 */
#ifndef SERVER_STORE_TABLES_H
#define SERVER_STORE_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct tables;

enum tables_type { TABLES_NULL, TABLES_INTEGER, TABLES_REAL, TABLES_TEXT };

struct tables_value {
	enum tables_type type;
	int64_t integer;
	double real;
	const char *text; /* borrowed during the call */
};

/*
 * Opens DIRECTORY/tables.db with this schema (statements joined by newlines). A file of another schema, or a damaged
 * one, is deleted and made anew. WAL, so that others can read while this writes; not synced, since it can be rebuilt.
 */
struct tables *tables_open(const char *directory, const char *schema, struct err *err) MUST_CHECK;
void tables_close(struct tables *tables); /* takes NULL */

/* The revision that the file shows of a workspace; 0 none. */
bool tables_revision(
    struct tables *tables, const char *workspace, uint64_t *revision, struct err *err) MUST_CHECK;

bool tables_begin(struct tables *tables, struct err *err) MUST_CHECK;
/* Notes the revision (and its time) and commits. */
bool tables_commit(struct tables *tables, const char *workspace, uint64_t revision,
    const char *time, struct err *err) MUST_CHECK;
void tables_rollback(struct tables *tables);

/* Deletes the entry's rows; id NULL: all of the workspace's. table is one of the schema's. */
bool tables_delete(struct tables *tables, const char *table, const char *workspace, const char *id,
    struct err *err) MUST_CHECK;
/* Inserts one row; values are all columns in order. */
bool tables_insert(struct tables *tables, const char *table, const struct tables_value *values,
    size_t count, struct err *err) MUST_CHECK;

#endif
