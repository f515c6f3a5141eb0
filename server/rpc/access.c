#include "server/rpc/access.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/calendar.h"
#include "common/crypto.h"
#include "common/log.h"
#include "common/parse.h"
#include "server/limits.h"
#include "server/rpc/audit.h"
#include "server/rpc/daemon.h"
#include "server/rpc/metrics.h"
#include "server/rpc/source.h"
#include "server/rpc/token.h"

#define NEVER        INT64_MAX
#define SCHEME       "Bearer "
#define SCHEME_LEN   (sizeof SCHEME - 1)
#define FORGET_US    INT64_C(60000000) /* a source that behaves is as new after a minute */
#define SAY_US       INT64_C(1000000)
#define SOURCES      1024u
#define DELAY_MIN_US INT64_C(100000)
#define DELAY_DOUBLE 5u /* times: 3.2 s at most */

/* What the daemon needs of a token; the whole of it is in the system workspace. */
struct token {
	uint32_t number;
	enum access access;
	char subject[LIMIT_AUTHOR + 1];
	uint8_t hash[SHA256_LEN];
	uint8_t previous[SHA256_LEN];
	int64_t previous_until_us; /* 0: there is no previous one */
	int64_t expires_us;        /* NEVER */
	bool is_revoked;
	int64_t last_used_us;
	uint64_t read_only; /* a bit for each kind */
	size_t workspaces_count;
	char (*workspaces)[ID_MAX_LEN + 1]; /* owned; NULL: all */
};

/* Where wrong tokens came from. Two that fall together share their delay: nobody who has a token waits for it. */
struct source {
	uint64_t hash;
	unsigned failures;
	unsigned held;
	int64_t last_us;
};

/* A refusal that is held back; in its call's arena. */
struct held {
	TAILQ_ENTRY(held) link;
	struct access_book *book;
	struct rpc_call *call;
	struct source *source;
	int64_t due_us;
	struct err err;
};

struct access_book {
	enum access anonymous;
	int64_t (*clock_us)(void *arg);
	void *clock_arg;
	struct token **tokens; /* owned, by number */
	uint32_t tokens_cap;
	uint32_t newest;
	size_t count;           /* that are not revoked */
	int64_t next_change_us; /* when the first one expires, or its previous secret does */
	int64_t now_us;         /* of the last tick */
	uint64_t epoch;
	uint64_t swept; /* epoch for which the streams were looked at */
	uint64_t source_key[2];
	struct source sources[SOURCES];
	TAILQ_HEAD(, held) held;
	size_t held_count;
	unsigned unsaid; /* refusals without a line of their own */
	int64_t said_us;
};

static const char *const role_names[] = {
    [ACCESS_NONE] = "none",
    [ACCESS_READER] = "reader",
    [ACCESS_CONTRIBUTOR] = "contributor",
    [ACCESS_PLANNER] = "planner",
    [ACCESS_ADMIN] = "admin",
};

bool
access_parse_role(const char *name, enum access *out)
{
	for (size_t i = 0; i < sizeof role_names / sizeof role_names[0]; i++) {
		if (strcmp(name, role_names[i]) == 0) {
			*out = (enum access)i;
			return true;
		}
	}
	return false;
}

const char *
access_role_name(enum access access)
{
	return role_names[access];
}

/* ---- the table ---- */

struct access_book *
access_new(enum access anonymous, int64_t (*clock_us)(void *arg), void *arg)
{
	struct access_book *book = calloc(1, sizeof *book);

	if (book == NULL)
		return NULL;
	if (!random_bytes(book->source_key, sizeof book->source_key)) {
		free(book);
		return NULL;
	}
	book->anonymous = anonymous;
	book->clock_us = clock_us;
	book->clock_arg = arg;
	book->next_change_us = NEVER;
	book->now_us = clock_us(arg);
	book->epoch = book->swept = 1;
	TAILQ_INIT(&book->held);
	return book;
}

static void
token_free(struct token *token)
{
	if (token == NULL)
		return;
	free(token->workspaces);
	free(token);
}

void
access_free(struct access_book *book)
{
	if (book == NULL)
		return;
	assert(TAILQ_EMPTY(&book->held));
	for (uint32_t i = 0; i < book->tokens_cap; i++)
		token_free(book->tokens[i]);
	free(book->tokens);
	free(book);
}

static struct token *
find(const struct access_book *book, uint32_t number)
{
	return number < book->tokens_cap ? book->tokens[number] : NULL;
}

/* Numbers follow each other, so that a table is enough. */
static bool
reserve(struct access_book *book, uint32_t number)
{
	uint32_t cap = book->tokens_cap < 16 ? 16 : book->tokens_cap;
	struct token **tokens;

	while (cap <= number)
		cap *= 2;
	if (cap == book->tokens_cap)
		return true;
	tokens = reallocarray(book->tokens, cap, sizeof(struct token *));
	if (tokens == NULL)
		return false;
	memset(tokens + book->tokens_cap, 0, (cap - book->tokens_cap) * sizeof(struct token *));
	book->tokens = tokens;
	book->tokens_cap = cap;
	return true;
}

static bool
copy_workspaces(struct token *token, const Plumb__V1__Token *body)
{
	if (body->n_workspaces == 0)
		return true;
	token->workspaces = calloc(body->n_workspaces, sizeof *token->workspaces);
	if (token->workspaces == NULL)
		return false;
	for (size_t i = 0; i < body->n_workspaces; i++) {
		size_t len = strlen(body->workspaces[i]);

		if (len > ID_MAX_LEN)
			return false;
		memcpy(token->workspaces[i], body->workspaces[i], len);
	}
	token->workspaces_count = body->n_workspaces;
	return true;
}

/* A time that cannot be read has passed: what is not understood lets nobody in. */
static int64_t
time_of(const char *text, int64_t unstated)
{
	int64_t us;

	if (text[0] == '\0')
		return unstated;
	return time_parse(text, &us) ? us : INT64_MIN;
}

static struct token *
token_of(uint32_t number, const Plumb__V1__Token *body)
{
	struct token *token = calloc(1, sizeof *token);
	size_t len = strlen(body->subject);

	if (token == NULL || !copy_workspaces(token, body) || len > LIMIT_AUTHOR ||
	    body->hash.len != SHA256_LEN || body->role < PLUMB__V1__ROLE__READER ||
	    body->role > PLUMB__V1__ROLE__ADMIN) {
		token_free(token);
		return NULL;
	}
	token->number = number;
	token->access = (enum access)body->role;
	memcpy(token->subject, body->subject, len);
	memcpy(token->hash, body->hash.data, SHA256_LEN);
	token->expires_us = time_of(body->expires, NEVER);
	token->is_revoked = body->revoked[0] != '\0';
	if (body->previous_hash.len == SHA256_LEN) {
		memcpy(token->previous, body->previous_hash.data, SHA256_LEN);
		token->previous_until_us = time_of(body->previous_until, 0);
	}
	for (size_t i = 0; i < body->n_read_only; i++) {
		if (body->read_only[i] > 0 && body->read_only[i] < 64)
			token->read_only |= UINT64_C(1) << body->read_only[i];
	}
	return token;
}

static void
expect(struct access_book *book, int64_t at_us)
{
	if (at_us > book->now_us && at_us < book->next_change_us)
		book->next_change_us = at_us;
}

bool
access_put(struct access_book *book, const Plumb__V1__Item *item)
{
	struct token *token, *before;
	uint64_t number;

	if (item->body_case != PLUMB__V1__ITEM__BODY_TOKEN ||
	    !parse_u64(item->id, 1, LIMIT_ENTRIES, &number) || !reserve(book, (uint32_t)number))
		return false;
	token = token_of((uint32_t)number, item->token);
	if (token == NULL)
		return false;
	before = book->tokens[number];
	if (before != NULL) {
		token->last_used_us = before->last_used_us;
		book->count -= !before->is_revoked;
		token_free(before);
	}
	book->tokens[number] = token;
	book->count += !token->is_revoked;
	if (number > book->newest)
		book->newest = (uint32_t)number;
	book->epoch++;
	expect(book, token->expires_us);
	expect(book, token->previous_until_us);
	return true;
}

enum access
access_anonymous(const struct access_book *book)
{
	return book->anonymous;
}

size_t
access_count(const struct access_book *book)
{
	return book->count;
}

uint32_t
access_newest(const struct access_book *book)
{
	return book->newest;
}

int64_t
access_last_used_us(const struct access_book *book, uint32_t number)
{
	const struct token *token = find(book, number);

	return token != NULL ? token->last_used_us : 0;
}

bool
access_scope_has(const struct access_book *book, uint32_t number, const char *workspace)
{
	const struct token *token = find(book, number);

	if (token == NULL)
		return false;
	for (size_t i = 0; i < token->workspaces_count; i++) {
		if (strcmp(token->workspaces[i], workspace) == 0)
			return true;
	}
	return token->workspaces_count == 0;
}

bool
access_scope_is_all(const struct access_book *book, uint32_t number)
{
	const struct token *token = find(book, number);

	return token != NULL && token->workspaces_count == 0;
}

bool
access_scope_writes(const struct access_book *book, uint32_t number, enum kind kind)
{
	const struct token *token = find(book, number);

	return token != NULL && (kind >= 64 || (token->read_only >> kind & 1) == 0);
}

/* ---- checking ---- */

/* Without "Bearer " and blanks around; NULL: it does not begin so. */
static const char *
bearer(const char *text, size_t *len)
{
	if (*len < SCHEME_LEN || strncasecmp(text, SCHEME, SCHEME_LEN) != 0)
		return NULL;
	text += SCHEME_LEN;
	*len -= SCHEME_LEN;
	while (*len > 0 && *text == ' ') {
		text++;
		(*len)--;
	}
	while (*len > 0 && text[*len - 1] == ' ')
		(*len)--;
	return text;
}

static uint32_t
first_bytes(const uint8_t *hash)
{
	uint32_t n;

	memcpy(&n, hash, sizeof n);
	return n;
}

static bool
has_expired(const struct token *token, int64_t now_us)
{
	return token->expires_us <= now_us;
}

/* Both secrets are always looked at, and one of nobody where there is no such token: all take the same time. */
static bool
has_secret(const struct token *token, const uint8_t *hash, int64_t now_us, bool *is_old)
{
	static const struct token nobody;
	const struct token *t = token != NULL ? token : &nobody;
	bool current = crypto_equal(t->hash, hash, SHA256_LEN);
	bool previous = crypto_equal(t->previous, hash, SHA256_LEN);

	*is_old = token != NULL && !current && previous && t->previous_until_us <= now_us;
	return token != NULL && (current || (previous && t->previous_until_us > now_us));
}

static bool
check_token(
    const struct access_book *book, const struct token *token, const uint8_t *hash, struct err *err)
{
	int64_t now_us = book->clock_us(book->clock_arg);
	char time[TIME_TEXT_LEN];
	bool is_old;

	if (!has_secret(token, hash, now_us, &is_old)) {
		if (is_old)
			return err_set(err, ERR_UNAUTHENTICATED,
			    "token %" PRIu32 " was rotated: show its new secret, or make another "
			    "with: plumb admin token rotate %" PRIu32,
			    token->number, token->number);
		return err_set(err, ERR_UNAUTHENTICATED,
		    "this token is not known here: is it another daemon's? An administrator makes "
		    "one with: plumb admin token create");
	}
	if (token->is_revoked)
		return err_set(err, ERR_UNAUTHENTICATED,
		    "token %" PRIu32 " was revoked; an administrator makes another with: plumb "
		    "admin token create",
		    token->number);
	if (has_expired(token, now_us))
		return err_set(err, ERR_UNAUTHENTICATED,
		    "token %" PRIu32 " has expired (%s); an administrator makes another with: "
		    "plumb admin token create",
		    token->number,
		    token->expires_us > 0 ? time_format(token->expires_us, time) : "long ago");
	return true;
}

bool
access_check(struct access_book *book, const char *authorization, size_t len, struct caller *caller,
    struct err *err)
{
	const char *text = bearer(authorization, &len);
	uint8_t hash[SHA256_LEN];
	struct token *token;
	uint32_t number = 0;

	if (text == NULL)
		return err_set(err, ERR_UNAUTHENTICATED,
		    "authorization is the word Bearer, a blank and a token: Bearer plumb_…");
	switch (token_parse(text, len, &number, hash)) {
	case TOKEN_FOREIGN:
		return err_set(err, ERR_UNAUTHENTICATED,
		    "this is no token of Plumbline: they begin with " TOKEN_PREFIX
		    "; an administrator makes one with: plumb admin token create");
	case TOKEN_MISTYPED:
		return err_set(err, ERR_UNAUTHENTICATED,
		    "the token was mistyped or cut: copy it whole, from " TOKEN_PREFIX " on");
	case TOKEN_WELL:
		break;
	}
	token = find(book, number);
	if (!check_token(book, token, hash, err)) {
		caller->claimed = number;
		return false;
	}
	token->last_used_us = book->clock_us(book->clock_arg);
	memcpy(caller->name, token->subject, sizeof token->subject);
	caller->token = number;
	caller->verified = true;
	caller->access = token->access;
	caller->secret = first_bytes(hash);
	return true;
}

void
access_used(struct access_book *book, uint32_t number)
{
	struct token *token = find(book, number);

	if (token != NULL)
		token->last_used_us = book->now_us;
}

uint64_t
access_epoch(const struct access_book *book)
{
	return book->epoch;
}

/* ---- attempts that failed ---- */

static struct source *
source_of(struct access_book *book, const char *from)
{
	char key[SOURCE_LEN];
	uint64_t hash = siphash(book->source_key, key, source_key(from, key));
	struct source *source = &book->sources[hash % SOURCES];

	if (source->held == 0 && source->hash != hash)
		*source = (struct source){.hash = hash};
	return source;
}

static int64_t
delay_of(struct source *source, int64_t now_us)
{
	unsigned doubled;

	if (now_us - source->last_us > FORGET_US)
		source->failures = 0;
	source->last_us = now_us;
	doubled = source->failures < DELAY_DOUBLE ? source->failures : DELAY_DOUBLE;
	source->failures++;
	return DELAY_MIN_US << doubled;
}

static void
held_drop(struct held *held)
{
	struct access_book *book = held->book;

	TAILQ_REMOVE(&book->held, held, link);
	book->held_count--;
	held->source->held--;
}

static void
on_cancel(struct rpc_call *call)
{
	held_drop(call->handler_data);
}

static void
say(const struct rpc_call *call, const struct err *err)
{
	char about[24];

	snprintf(about, sizeof about, "token/%" PRIu32, call->caller.claimed);
	audit_event(call->daemon, &call->caller, "token-refused", about, err->msg);
	log_warn("access", "refused from=%s token=%" PRIu32 " method=%s/%s why=\"%s\"",
	    call->caller.from != NULL ? call->caller.from : "unknown", call->caller.claimed,
	    call->method->service, call->method->name, err->msg);
}

static bool
hold(struct access_book *book, struct rpc_call *call, struct source *source, int64_t due_us,
    const struct err *err)
{
	struct held *held;

	if (source->held >= LIMIT_HELD_PER_SOURCE || book->held_count >= LIMIT_HELD)
		return false;
	held = arena_alloc(call->arena, sizeof *held);
	if (held == NULL)
		return false;
	held->book = book;
	held->call = call;
	held->source = source;
	held->due_us = due_us;
	held->err = *err;
	TAILQ_INSERT_TAIL(&book->held, held, link);
	book->held_count++;
	source->held++;
	call->refused = true;
	call->handler_data = held;
	call->on_cancel = on_cancel;
	return true;
}

void
access_refuse(struct access_book *book, struct rpc_call *call, const struct err *err)
{
	int64_t now_us = daemon_monotonic_us();
	struct source *source = source_of(book, call->caller.from);
	int64_t delay_us = delay_of(source, now_us);
	struct err full;

	metrics_refused("token");
	call->refused = true;
	if (hold(book, call, source, now_us + delay_us, err)) {
		say(call, err);
		return;
	}
	book->unsaid++;
	call->retry_us = delay_us;
	err_set(&full, ERR_UNAUTHENTICATED,
	    "too many wrong tokens came from your address; try again in %d s, with another one",
	    (int)(delay_us / 1000000) + 1);
	rpc_fail(call, &full);
}

/* ---- what is due ---- */

static void
answer_held(struct access_book *book, int64_t now_us)
{
	struct held *held, *next;

	for (held = TAILQ_FIRST(&book->held); held != NULL; held = next) {
		next = TAILQ_NEXT(held, link);
		if (held->due_us > now_us)
			continue;
		held_drop(held);
		held->call->on_cancel = NULL;
		rpc_fail(held->call, &held->err);
	}
}

static void
say_rest(struct access_book *book, struct daemon *daemon, int64_t now_us)
{
	char text[48];

	if (book->unsaid == 0 || now_us - book->said_us < SAY_US)
		return;
	snprintf(text, sizeof text, "%u more were refused at once", book->unsaid);
	audit_event(daemon, NULL, "token-refused", "", text);
	log_warn("access", "refused more=%u", book->unsaid);
	book->unsaid = 0;
	book->said_us = now_us;
}

static void
expire(struct access_book *book)
{
	book->now_us = book->clock_us(book->clock_arg);
	if (book->now_us < book->next_change_us)
		return;
	book->epoch++;
	book->next_change_us = NEVER;
	for (uint32_t i = 0; i < book->tokens_cap; i++) {
		const struct token *token = book->tokens[i];

		if (token == NULL || token->is_revoked)
			continue;
		expect(book, token->expires_us);
		expect(book, token->previous_until_us);
	}
}

static bool
holds(void *arg, const struct caller *caller)
{
	const struct access_book *book = arg;
	const struct token *token = find(book, caller->token);

	if (token == NULL || token->is_revoked || has_expired(token, book->now_us))
		return false;
	return first_bytes(token->hash) == caller->secret ||
	       (token->previous_until_us > book->now_us &&
		   first_bytes(token->previous) == caller->secret);
}

void
access_tick(struct access_book *book, struct daemon *daemon)
{
	int64_t now_us = daemon_monotonic_us();

	expire(book);
	if (book->swept != book->epoch) {
		book->swept = book->epoch;
		rpc_end_long(daemon, holds, book);
	}
	answer_held(book, now_us);
	say_rest(book, daemon, now_us);
}
