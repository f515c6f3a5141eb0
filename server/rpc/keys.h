/*
 * Idempotency keys of one workspace that are still remembered, and what they led to.
 *
 * Keyed by a keyed hash of author and key. Entries older than LIMIT_KEY_AGE_US are
 * forgotten. One owner at a time; knows nothing of calls or the log.
 */
#ifndef SERVER_RPC_KEYS_H
#define SERVER_RPC_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct keys;

/* The first outcome under a key. */
struct key_entry {
	uint64_t hash;         /* of author and key; never 0 */
	uint64_t request_hash; /* of the content */
	uint64_t revision;
	int64_t time_us; /* effective */
	int64_t logged_us;
};

/* NULL without memory or randomness. */
struct keys *keys_new(void) MUST_CHECK;
void keys_free(struct keys *keys); /* takes NULL */

uint64_t keys_hash(const struct keys *keys, const char *author, const char *key);
/* NULL if there is none that is younger than the limit; valid until the next change. */
const struct key_entry *keys_find(const struct keys *keys, uint64_t hash, int64_t now_us);
/*
 * Remembers; an entry of the same hash is replaced. ERR_LIMIT with LIMIT_KEYS young ones, or without memory.
 */
bool keys_add(
    struct keys *keys, const struct key_entry *entry, int64_t now_us, struct err *err) MUST_CHECK;
/* Forgets one, if it is of that revision. */
void keys_remove(struct keys *keys, uint64_t hash, uint64_t revision);
size_t keys_count(const struct keys *keys);

#endif
