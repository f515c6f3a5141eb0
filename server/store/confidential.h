/*
 * Confidential records: what people say in confidence, apart from the plan, its log and everything that is made of it.
 *
 * A file of its own (confidential.db) holds, for each thing that somebody said, the four weeks in which they did, the week
 * of the last time, what it is about, and a token: a keyed one-way hash of the person and all that. The same person saying the same
 * again in those weeks gives the same token, so nobody counts twice; nobody's tokens of different weeks or things can be
 * put together. Rows lie in the order of their tokens, which is none. The key is in confidential.key. docs/SECURITY.md
 * says what whoever has both files can do.
 *
 * Any thread, but never the loop: every call waits for the disk, and for the one before it.
 */
#ifndef SERVER_STORE_CONFIDENTIAL_H
#define SERVER_STORE_CONFIDENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct confidential;

/* Published together, once they are over. */
#define CONFIDENTIAL_WEEKS 4

/* Weeks are counted from Monday 1970-01-05, which is in week 0. */
int32_t confidential_week(int32_t date);
/* The Monday of a week. */
int32_t confidential_monday(int32_t week);
/* The stretch of CONFIDENTIAL_WEEKS weeks that a week is in. */
int32_t confidential_block(int32_t week);

/* directory NULL: in memory. The files are opened at first use. NULL when out of memory. */
struct confidential *confidential_new(const char *directory) MUST_CHECK;
void confidential_free(struct confidential *store); /* takes NULL */

/* What somebody says; nothing of it is kept but what this module's comment names. */
struct confidential_record {
	uint32_t workspace;
	int32_t week;
	uint8_t kind;
	const char *about;  /* "kind/id"; "" the plan as a whole */
	const char *person; /* id */
};

/*
 * Durable when it returns true. *replaced: the same was said in that week before. ERR_UNAVAILABLE: the disk refuses, or key and
 * records do not belong together.
 */
bool confidential_put(struct confidential *store, const struct confidential_record *record,
    bool *replaced, struct err *err) MUST_CHECK;

/* How many people said the same of the same in the weeks of a block; about is borrowed. */
typedef bool (*confidential_fn)(
    void *arg, int32_t block, uint8_t kind, const char *about, uint32_t people);
/*
 * Calls fn for blocks first..last, in order of block, kind and about, until it returns false. What it is told is not fit
 * to be published: that is the caller's part.
 */
bool confidential_count(struct confidential *store, uint32_t workspace, int32_t first, int32_t last,
    confidential_fn fn, void *arg, struct err *err) MUST_CHECK;

#endif
