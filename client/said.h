/*
 * What people say in one line: asks, commitments, decisions. Looking up what they name, and putting it without overwriting what
 * somebody else said meanwhile.
 */
#ifndef CLIENT_SAID_H
#define CLIENT_SAID_H

#include "client/command.h"
#include "client/context.h"

/* "team/x" and "x" alike, without the kind. */
const char *said_bare(const char *ref);
/* "anna" for a person, "team/x" for a team: where a bare id means a person, and is written so. */
const char *said_who(const char *ref);
/*
 * "kind/id" of a name of one of these kinds ("team"; "person,team"). With one kind it is looked up even where the kind is written, so that a
 * typing mistake is told with what was meant. NULL: return context_fail(ctx).
 */
const char *said_ref(struct context *ctx, const char *text, const char *kinds) MUST_CHECK;
/* The entry now; NULL: return context_fail(ctx). */
const Plumb__V1__Envelope *said_get(struct context *ctx, const char *ref) MUST_CHECK;
/* The same of one kind, looked up by what was typed; said where it is not there. NULL: return the code. */
const Plumb__V1__Envelope *said_find(
    struct context *ctx, const char *text, const char *kind, int *code) MUST_CHECK;

struct said_now {
	const char *today;  /* the daemon's, or --today */
	const char *caller; /* "anna", as far as known; "" */
};
/* False: return context_fail(ctx). */
bool said_now(struct context *ctx, struct said_now *now) MUST_CHECK;

/* An id of words, where none was given: "two-people-for-the-import", at most 40 letters; "" out of memory. */
const char *said_id(struct context *ctx, const char *words);

/*
 * Puts the item in place of that entry (NULL: as a new one), and tells `done` as write_finish() does. EXIT_NO and nothing said where
 * somebody was faster: ctx->status tells.
 */
int said_put(struct context *ctx, const struct args *args, Plumb__V1__Item *item,
    const Plumb__V1__Envelope *entry, const char *done);
/* The same, and that somebody was faster is said. */
int said_put_or_tell(struct context *ctx, const struct args *args, Plumb__V1__Item *item,
    const Plumb__V1__Envelope *entry, const char *done);

/* All entries of a kind, each given to fn, sorted as List does. False: return context_fail(ctx). */
typedef void (*said_each_fn)(void *arg, const Plumb__V1__Envelope *entry);
bool said_list(
    struct context *ctx, const char *kind, const char *sort, said_each_fn fn, void *arg) MUST_CHECK;

/* Those of a kind that are taken, by the day on which they are due, in the format that is wanted. */
struct said_rows {
	const char *kind;
	const char *none; /* what people read where there are none */
	bool (*takes)(const void *arg, const Plumb__V1__Envelope *entry);
	void (*row)(const void *arg, struct table *table, const Plumb__V1__Envelope *entry);
	const void *arg;
	struct table *table; /* with its columns; said_show() gives it back. NULL: out of memory */
};
int said_show(struct context *ctx, const struct said_rows *rows);

#endif
