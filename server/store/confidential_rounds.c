/* Answers to rounds, in the confidential store. */
#include <stdlib.h>
#include <string.h>

#include "server/limits.h"
#include "server/store/confidential_internal.h"

/* Where a record's message has its kind, which is a byte: no answer has the token of a record. */
#define IN_PLACE_OF_KIND UINT32_MAX

static bool
answer_token(const struct confidential *store, const struct confidential_round *round,
    const char *person, uint8_t token[SHA256_LEN], struct err *err)
{
	struct secret_token message = {.len = 0};

	secret_token_number(&message, round->workspace);
	secret_token_number(&message, 0);
	secret_token_number(&message, IN_PLACE_OF_KIND);
	secret_token_text(&message, round->id);
	secret_token_text(&message, person);
	return confidential_token(store, &message, token, err);
}

static void
bind_round(sqlite3_stmt *stmt, const struct confidential_round *round)
{
	sqlite3_bind_int64(stmt, 1, round->workspace);
	sqlite3_bind_text(stmt, 2, round->id, -1, SQLITE_STATIC);
}

/* NULL binds NULL, which an empty blob must not be. */
static void
bind_bytes(sqlite3_stmt *stmt, int at, const struct confidential_bytes *bytes)
{
	sqlite3_bind_blob(stmt, at, bytes->len > 0 ? (const void *)bytes->bytes : "",
	    (int)bytes->len, SQLITE_STATIC);
}

/* Runs a statement that gives no rows. */
static bool
finish(struct confidential *store, sqlite3_stmt *stmt, struct err *err)
{
	int rc = sqlite3_step(stmt);

	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE || confidential_failed(store, err);
}

static bool
too_large(struct err *err)
{
	return err_set(err, ERR_INVALID, "an answer has at most %u bytes", (unsigned)LIMIT_ANSWER);
}

/* ---- terms ------------------------------------------------------------------------------------------------- */

static bool
copy_terms(sqlite3_stmt *stmt, struct confidential_terms *terms)
{
	const void *bytes = sqlite3_column_blob(stmt, 3);
	size_t len = (size_t)sqlite3_column_bytes(stmt, 3);

	terms->bytes = malloc(len + 1);
	if (terms->bytes == NULL)
		return false;
	if (len > 0)
		memcpy(terms->bytes, bytes, len);
	terms->bytes[len] = 0;
	terms->len = len;
	terms->is_set = true;
	terms->sealed = sqlite3_column_int(stmt, 0) != 0;
	terms->call.closes = sqlite3_column_int(stmt, 1);
	terms->call.asked = (uint32_t)sqlite3_column_int64(stmt, 2);
	return true;
}

static bool
read_terms(struct confidential *store, const struct confidential_round *round,
    struct confidential_terms *terms, struct err *err)
{
	sqlite3_stmt *stmt = confidential_prepare(store,
	    "SELECT sealed, closes, asked, terms FROM round WHERE workspace = ? AND id = ?", err);
	bool copied = true;
	int rc;

	memset(terms, 0, sizeof *terms);
	if (stmt == NULL)
		return false;
	bind_round(stmt, round);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		copied = copy_terms(stmt, terms);
	sqlite3_finalize(stmt);
	if (!copied)
		return err_oom(err);
	return rc == SQLITE_ROW || rc == SQLITE_DONE || confidential_failed(store, err);
}

static bool
settle_terms(struct confidential *store, const struct confidential_round *round,
    const struct confidential_settle *settle, struct err *err)
{
	sqlite3_stmt *stmt = confidential_prepare(store,
	    "INSERT INTO round (workspace, id, sealed, closes, asked, terms) VALUES (?, ?, 0, ?, "
	    "?, "
	    "?) ON CONFLICT DO UPDATE SET closes = excluded.closes, asked = excluded.asked WHERE "
	    "sealed = 0",
	    err);

	if (stmt == NULL)
		return false;
	bind_round(stmt, round);
	sqlite3_bind_int(stmt, 3, settle->call.closes);
	sqlite3_bind_int64(stmt, 4, settle->call.asked);
	bind_bytes(stmt, 5, &settle->terms);
	return finish(store, stmt, err);
}

static bool
is_settled(const struct confidential_terms *terms, const struct confidential_settle *settle)
{
	return settle == NULL || terms->sealed ||
	       (terms->is_set && terms->call.closes == settle->call.closes &&
		   terms->call.asked == settle->call.asked);
}

bool
confidential_terms(struct confidential *store, const struct confidential_round *round,
    const struct confidential_settle *settle, struct confidential_terms *terms, struct err *err)
{
	bool ok;

	if (settle != NULL && settle->terms.len > LIMIT_ANSWER)
		return too_large(err);
	pthread_mutex_lock(&store->lock);
	ok = confidential_open(store, err) && read_terms(store, round, terms, err);
	if (ok && !is_settled(terms, settle)) {
		confidential_terms_fini(terms);
		ok =
		    settle_terms(store, round, settle, err) && read_terms(store, round, terms, err);
		__atomic_add_fetch(&store->calls, 1, __ATOMIC_RELAXED);
	}
	pthread_mutex_unlock(&store->lock);
	return ok;
}

uint64_t
confidential_calls(const struct confidential *store)
{
	return __atomic_load_n(&store->calls, __ATOMIC_RELAXED);
}

void
confidential_terms_fini(struct confidential_terms *terms)
{
	free(terms->bytes);
	memset(terms, 0, sizeof *terms);
}

/* ---- answers ----------------------------------------------------------------------------------------------- */

static bool
is_there(struct confidential *store, const uint8_t token[SHA256_LEN], bool *there, struct err *err)
{
	sqlite3_stmt *stmt =
	    confidential_prepare(store, "SELECT 1 FROM answer WHERE token = ?", err);
	int rc;

	if (stmt == NULL)
		return false;
	sqlite3_bind_blob(stmt, 1, token, SHA256_LEN, SQLITE_STATIC);
	rc = sqlite3_step(stmt);
	sqlite3_finalize(stmt);
	*there = rc == SQLITE_ROW;
	return rc == SQLITE_ROW || rc == SQLITE_DONE || confidential_failed(store, err);
}

static bool
keep(struct confidential *store, const struct confidential_answer *answer,
    const uint8_t token[SHA256_LEN], struct err *err)
{
	sqlite3_stmt *stmt = confidential_prepare(store,
	    "INSERT OR REPLACE INTO answer (workspace, round, token, name, body) VALUES (?, ?, ?, "
	    "?, ?)",
	    err);

	if (stmt == NULL)
		return false;
	bind_round(stmt, &answer->round);
	sqlite3_bind_blob(stmt, 3, token, SHA256_LEN, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 4, answer->name, -1, SQLITE_STATIC);
	bind_bytes(stmt, 5, &answer->body);
	return finish(store, stmt, err);
}

static bool
is_open(struct confidential *store, const struct confidential_round *round, struct err *err)
{
	struct confidential_terms terms;
	bool sealed, is_set;

	if (!read_terms(store, round, &terms, err))
		return false;
	sealed = terms.sealed;
	is_set = terms.is_set;
	confidential_terms_fini(&terms);
	if (sealed)
		return err_set(err, ERR_PRECONDITION,
		    "what was answered in this round has been given out: it takes no more answers");
	return is_set || err_set(err, ERR_PRECONDITION, "what this round asks is not settled");
}

static bool
put(struct confidential *store, const struct confidential_answer *answer, bool *replaced,
    struct err *err)
{
	uint8_t token[SHA256_LEN];

	if (!answer_token(store, &answer->round, answer->person, token, err) ||
	    !is_open(store, &answer->round, err) || !is_there(store, token, replaced, err))
		return false;
	if (*replaced && !answer->may_replace)
		return err_set(err, ERR_EXISTS, "you have answered already, and can do it once");
	return keep(store, answer, token, err);
}

/* After a failure the file may be closed already. */
static void
roll_back(struct confidential *store)
{
	if (store->db != NULL)
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

bool
confidential_answer(struct confidential *store, const struct confidential_answer *answer,
    bool *replaced, struct err *err)
{
	bool ok;

	if (answer->body.len > LIMIT_ANSWER)
		return too_large(err);
	pthread_mutex_lock(&store->lock);
	ok = confidential_open(store, err) && confidential_run(store, "BEGIN IMMEDIATE", err);
	if (ok) {
		ok = put(store, answer, replaced, err) && confidential_run(store, "COMMIT", err);
		if (ok)
			confidential_forget_order(store);
		else
			roll_back(store);
	}
	pthread_mutex_unlock(&store->lock);
	return ok;
}

bool
confidential_has_answered(struct confidential *store, const struct confidential_round *round,
    const char *person, bool *answered, struct err *err)
{
	uint8_t token[SHA256_LEN];
	bool ok;

	pthread_mutex_lock(&store->lock);
	ok = confidential_open(store, err) && answer_token(store, round, person, token, err) &&
	     is_there(store, token, answered, err);
	pthread_mutex_unlock(&store->lock);
	return ok;
}

/* ---- what may be given out ------------------------------------------------------------------------------------ */

bool
confidential_answers_count(struct confidential *store, const struct confidential_round *round,
    uint32_t *count, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	bool ok;

	pthread_mutex_lock(&store->lock);
	ok = confidential_open(store, err) &&
	     (stmt = confidential_prepare(store,
		  "SELECT count(*) FROM answer WHERE workspace = ? AND round = ?", err)) != NULL;
	if (ok) {
		bind_round(stmt, round);
		ok = sqlite3_step(stmt) == SQLITE_ROW;
		if (ok)
			*count = (uint32_t)sqlite3_column_int64(stmt, 0);
		sqlite3_finalize(stmt);
		ok = ok || confidential_failed(store, err);
	}
	pthread_mutex_unlock(&store->lock);
	return ok;
}

static bool
seal(struct confidential *store, const struct confidential_round *round, int32_t today,
    struct err *err)
{
	struct confidential_terms terms;
	sqlite3_stmt *stmt;
	bool is_sealed, is_over;

	if (!read_terms(store, round, &terms, err))
		return false;
	is_sealed = terms.sealed || !terms.is_set;
	is_over = terms.call.closes < today;
	confidential_terms_fini(&terms);
	if (is_sealed)
		return true;
	if (!is_over)
		return err_set(err, ERR_PRECONDITION, "the round is not over yet");
	stmt = confidential_prepare(
	    store, "UPDATE round SET sealed = 1 WHERE workspace = ? AND id = ?", err);
	if (stmt == NULL)
		return false;
	bind_round(stmt, round);
	return finish(store, stmt, err);
}

static bool
each(struct confidential *store, const struct confidential_round *round, confidential_answer_fn fn,
    void *arg, struct err *err)
{
	sqlite3_stmt *stmt = confidential_prepare(store,
	    "SELECT name, body FROM answer WHERE workspace = ? AND round = ? ORDER BY token", err);
	int rc;

	if (stmt == NULL)
		return false;
	bind_round(stmt, round);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const uint8_t *body = sqlite3_column_blob(stmt, 1);

		if (!fn(arg, (const char *)sqlite3_column_text(stmt, 0), body,
			(size_t)sqlite3_column_bytes(stmt, 1)))
			break;
	}
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW || rc == SQLITE_DONE || confidential_failed(store, err);
}

bool
confidential_answers(struct confidential *store, const struct confidential_round *round,
    int32_t today, confidential_answer_fn fn, void *arg, struct err *err)
{
	bool ok;

	pthread_mutex_lock(&store->lock);
	ok = confidential_open(store, err) && seal(store, round, today, err) &&
	     each(store, round, fn, arg, err);
	pthread_mutex_unlock(&store->lock);
	return ok;
}
