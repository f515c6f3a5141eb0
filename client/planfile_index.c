#include "client/planfile_index.h"

#include <stdint.h>
#include <string.h>

#include "common/arena.h"
#include "common/crypto.h"

struct refmap_slot {
	const char *name; /* NULL: free */
	void *value;
};

struct refmap {
	struct arena *arena;
	struct refmap_slot *slots;
	size_t cap; /* a power of two */
	size_t count;
	uint64_t key[2];
};

struct refmap *
refmap_new(struct arena *arena)
{
	struct refmap *map = arena_zalloc(arena, sizeof *map);

	if (map == NULL)
		return NULL;
	map->arena = arena;
	map->cap = 64;
	map->slots = arena_array(arena, map->cap, sizeof *map->slots);
	/* Names come from files that others wrote: a keyed hash keeps them from colliding on purpose. */
	if (map->slots == NULL || !random_bytes(map->key, sizeof map->key))
		return NULL;
	return map;
}

static struct refmap_slot *
find_slot(const struct refmap *map, const char *name)
{
	size_t at = siphash(map->key, name, strlen(name)) & (map->cap - 1);

	while (map->slots[at].name != NULL && strcmp(map->slots[at].name, name) != 0)
		at = (at + 1) & (map->cap - 1);
	return &map->slots[at];
}

void *
refmap_get(const struct refmap *map, const char *name)
{
	return find_slot(map, name)->value;
}

static bool
grow(struct refmap *map)
{
	struct refmap_slot *old = map->slots;
	size_t old_cap = map->cap;
	struct refmap_slot *slots = arena_array(map->arena, old_cap * 2, sizeof *slots);

	if (slots == NULL)
		return false;
	map->slots = slots;
	map->cap = old_cap * 2;
	for (size_t i = 0; i < old_cap; i++) {
		if (old[i].name != NULL)
			*find_slot(map, old[i].name) = old[i];
	}
	return true;
}

bool
refmap_put(struct refmap *map, const char *name, void *value)
{
	struct refmap_slot *slot;

	if (map->count >= map->cap / 2 && !grow(map))
		return false;
	slot = find_slot(map, name);
	if (slot->name == NULL) {
		slot->name = name;
		map->count++;
	}
	slot->value = value;
	return true;
}

size_t
refmap_count(const struct refmap *map)
{
	return map->count;
}
