/*
 * 256 small open-addressing tables rather than one large: when one grows, the loop stalls for a 256th. Old entries
 * go when their table would grow.
 */
#include "server/rpc/keys.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto.h"
#include "server/limits.h"

#define SHARDS    256u
#define SHARD_MIN 16u

struct shard {
	struct key_entry *entries; /* hash 0: free */
	size_t cap;                /* a power of two, or 0 */
	size_t count;
};

struct keys {
	uint64_t secret[2];
	size_t count;
	struct shard shards[SHARDS];
};

struct keys *
keys_new(void)
{
	struct keys *keys = calloc(1, sizeof *keys);

	if (keys == NULL)
		return NULL;
	if (!random_bytes(keys->secret, sizeof keys->secret)) {
		free(keys);
		return NULL;
	}
	return keys;
}

void
keys_free(struct keys *keys)
{
	if (keys == NULL)
		return;
	for (size_t i = 0; i < SHARDS; i++)
		free(keys->shards[i].entries);
	free(keys);
}

/* Chained, so that ("ab", "c") and ("a", "bc") differ. */
uint64_t
keys_hash(const struct keys *keys, const char *author, const char *key)
{
	uint64_t chained[2] = {
	    keys->secret[0] ^ siphash(keys->secret, author, strlen(author)), keys->secret[1]};
	uint64_t hash = siphash(chained, key, strlen(key));

	return hash == 0 ? 1 : hash;
}

static bool
is_young(const struct key_entry *entry, int64_t now_us)
{
	return now_us - entry->logged_us <= LIMIT_KEY_AGE_US;
}

static size_t
home_of(const struct shard *shard, uint64_t hash)
{
	return (size_t)(hash >> 8) & (shard->cap - 1);
}

/* Where hash is, or the free place where it would go. The table always has a free place. */
static size_t
place_of(const struct shard *shard, uint64_t hash)
{
	size_t i = home_of(shard, hash);

	while (shard->entries[i].hash != 0 && shard->entries[i].hash != hash)
		i = (i + 1) & (shard->cap - 1);
	return i;
}

const struct key_entry *
keys_find(const struct keys *keys, uint64_t hash, int64_t now_us)
{
	const struct shard *shard = &keys->shards[hash % SHARDS];
	const struct key_entry *entry;

	if (shard->cap == 0)
		return NULL;
	entry = &shard->entries[place_of(shard, hash)];
	return entry->hash != 0 && is_young(entry, now_us) ? entry : NULL;
}

/* Makes room for one more: the old ones go, and the table doubles if that leaves it half full. */
static bool
shard_rebuild(struct keys *keys, struct shard *shard, int64_t now_us)
{
	struct shard fresh = {.cap = SHARD_MIN};
	size_t young = 0;

	for (size_t i = 0; i < shard->cap; i++)
		young += shard->entries[i].hash != 0 && is_young(&shard->entries[i], now_us);
	while (fresh.cap < 2 * (young + 1))
		fresh.cap *= 2;
	fresh.entries = calloc(fresh.cap, sizeof *fresh.entries);
	if (fresh.entries == NULL)
		return false;
	for (size_t i = 0; i < shard->cap; i++) {
		const struct key_entry *entry = &shard->entries[i];

		if (entry->hash != 0 && is_young(entry, now_us))
			fresh.entries[place_of(&fresh, entry->hash)] = *entry;
	}
	fresh.count = young;
	keys->count -= shard->count - young;
	free(shard->entries);
	*shard = fresh;
	return true;
}

bool
keys_add(struct keys *keys, const struct key_entry *entry, int64_t now_us, struct err *err)
{
	struct shard *shard = &keys->shards[entry->hash % SHARDS];
	size_t at;

	assert(entry->hash != 0);
	if (4 * (shard->count + 1) > 3 * shard->cap && !shard_rebuild(keys, shard, now_us))
		return err_oom(err);
	at = place_of(shard, entry->hash);
	if (shard->entries[at].hash == 0) {
		if (keys->count >= LIMIT_KEYS)
			return err_set(err, ERR_LIMIT,
			    "%u idempotency keys were used within 7 days; leave the key out",
			    LIMIT_KEYS);
		shard->count++;
		keys->count++;
	}
	shard->entries[at] = *entry;
	return true;
}

void
keys_remove(struct keys *keys, uint64_t hash, uint64_t revision)
{
	struct shard *shard = &keys->shards[hash % SHARDS];
	size_t mask = shard->cap - 1;
	size_t hole;

	if (shard->cap == 0)
		return;
	hole = place_of(shard, hash);
	if (shard->entries[hole].hash == 0 || shard->entries[hole].revision != revision)
		return;
	/* Those behind that could not be found across the hole move into it. */
	for (size_t i = (hole + 1) & mask; shard->entries[i].hash != 0; i = (i + 1) & mask) {
		size_t home = home_of(shard, shard->entries[i].hash);

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		shard->entries[hole] = shard->entries[i];
		hole = i;
	}
	shard->entries[hole].hash = 0;
	shard->count--;
	keys->count--;
}

size_t
keys_count(const struct keys *keys)
{
	return keys->count;
}
