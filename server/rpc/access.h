/*
 * Who callers are, and how far they are let in: tokens, roles, and what becomes of attempts that fail (docs/SECURITY.md).
 *
 * The table of tokens follows the system workspace: a token lets in once it is durable, and no longer once its revocation is.
 * Loop thread only.
 */
#ifndef SERVER_RPC_ACCESS_H
#define SERVER_RPC_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "plumb/v1/item.pb-c.h"
#include "server/plan/item.h"
#include "server/rpc/rpc.h"

struct access_book;

/* "none", "reader", …, "admin". False: another word. */
bool access_parse_role(const char *name, enum access *out) MUST_CHECK;
const char *access_role_name(enum access access);

/* The metadata key of tokens. */
#define ACCESS_KEY "authorization"

/* ---- what a daemon has one of */
/* clock tells the daemon's time in microseconds. NULL: out of memory. */
struct access_book *access_new(
    enum access anonymous, int64_t (*clock_us)(void *arg), void *arg) MUST_CHECK;
void access_free(struct access_book *book); /* takes NULL */
/* A token as the system workspace has it now; item->id is its number. False: out of memory, or it is none. */
bool access_put(struct access_book *book, const Plumb__V1__Item *item) MUST_CHECK;
/* What callers may do who show nothing. */
enum access access_anonymous(const struct access_book *book);
/* How many there are that hold. */
size_t access_count(const struct access_book *book);
/* When it was last used, microseconds since 1970; 0 not since the daemon started. */
int64_t access_last_used_us(const struct access_book *book, uint32_t number);
/* What is due: tokens that have expired, answers that were held back, streams to be ended. Every 100 ms or so. */
void access_tick(struct access_book *book, struct daemon *daemon);

/* ---- for transports */
/*
 * The caller that an "authorization" value ("Bearer plumb_…") makes: fills name, verified, access, token and secret.
 * ERR_UNAUTHENTICATED says what is wrong with it; caller->claimed is then the number it says it has, 0 unknown.
 */
bool access_check(struct access_book *book, const char *authorization, size_t len,
    struct caller *caller, struct err *err) MUST_CHECK;
/* Another call of a caller that access_check() made. */
void access_used(struct access_book *book, uint32_t number);
/* Another number when a caller that was made before may no longer hold. Never 0. */
uint64_t access_epoch(const struct access_book *book);
/*
 * Ends a call whose token was wrong: after a delay that grows with each failure from the caller's address, so that guessing is slow,
 * while nobody else waits. Takes the call over.
 */
void access_refuse(struct access_book *book, struct rpc_call *call, const struct err *err);

/* ---- for handlers */
/* Is the workspace in the caller's scope? A refusal must read as if it did not exist. */
bool access_may_enter(const struct rpc_call *call, const char *workspace);
/* Is the kind not among those that the caller's token only reads? */
bool access_may_write(const struct rpc_call *call, enum kind kind);

/* ---- access_system.c */
/* The table, filled from the system workspace; what becomes durable there follows by itself. */
struct access_book *access_load(
    struct daemon *daemon, enum access anonymous, struct err *err) MUST_CHECK;
/* The daemon's table. */
struct access_book *daemon_access(struct daemon *daemon);
/*
 * The first start: makes a token for an administrator, durable when it returns, and writes it to file, mode 0600 (NULL: it is only
 * in text, TOKEN_TEXT_LEN bytes). text is "" where there are tokens already.
 */
bool access_first_token(
    struct daemon *daemon, const char *file, char *text, struct err *err) MUST_CHECK;

/* ---- access.c, for access_system.c */
bool access_scope_has(const struct access_book *book, uint32_t number, const char *workspace);
bool access_scope_is_all(const struct access_book *book, uint32_t number);
bool access_scope_writes(const struct access_book *book, uint32_t number, enum kind kind);
/* The largest number so far; 0 none. */
uint32_t access_newest(const struct access_book *book);

#endif
