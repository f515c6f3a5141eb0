/* The parts of the confidential store: its file, and how tokens are made. The caller holds the lock. */
#ifndef SERVER_STORE_CONFIDENTIAL_INTERNAL_H
#define SERVER_STORE_CONFIDENTIAL_INTERNAL_H

#include <pthread.h>
#include <sqlite3.h>

#include "common/crypto.h"
#include "server/store/confidential.h"

#define CONFIDENTIAL_KEY 32u
#define SECRET_TOKEN_MAX 512u

struct confidential {
	pthread_mutex_t lock; /* for all below */
	char *directory;      /* owned; NULL: memory */
	sqlite3 *db;          /* NULL: not open */
	uint8_t key[CONFIDENTIAL_KEY];
	uint64_t calls; /* confidential_calls(); atomic */
};

/* At first use; what failed is tried again. */
bool confidential_open(struct confidential *store, struct err *err) MUST_CHECK;
/* What SQLite says goes to the log; it says nothing of anybody. The file is opened anew next time. Always false. */
bool confidential_failed(struct confidential *store, struct err *err);
bool confidential_run(struct confidential *store, const char *sql, struct err *err) MUST_CHECK;
sqlite3_stmt *confidential_prepare(
    struct confidential *store, const char *sql, struct err *err) MUST_CHECK;
/*
 * Within its pages SQLite puts what is new in front of what was there, so the bytes would tell who came before whom. Written
 * anew they lie in the order of their tokens. What was said is durable already: that this fails is no failure.
 */
void confidential_forget_order(struct confidential *store);

/* What a token is made of: numbers and texts in turn. */
struct secret_token {
	uint8_t bytes[SECRET_TOKEN_MAX];
	size_t len;
	bool too_long;
};
void secret_token_number(struct secret_token *message, uint32_t number);
void secret_token_text(struct secret_token *message, const char *text);
/* Wipes the message. ERR_INVALID: the texts are too long. */
bool confidential_token(const struct confidential *store, struct secret_token *message,
    uint8_t token[SHA256_LEN], struct err *err) MUST_CHECK;

#endif
