#include "client/names.h"

#include <stdint.h>
#include <string.h>

#define CAP_FIRST 64

/* FNV-1a */
static uint64_t
hash(const char *text)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return h ^ h >> 32;
}

static struct name *
find(const struct names *names, const char *name)
{
	size_t i = (size_t)hash(name) & (names->cap - 1);

	while (names->slots[i].name && strcmp(names->slots[i].name, name) != 0)
		i = (i + 1) & (names->cap - 1);
	return &names->slots[i];
}

/* Kept at most half full, so that a search ends soon. */
static bool
grow(struct names *names, struct arena *arena)
{
	struct names larger = {.cap = names->cap ? names->cap * 2 : CAP_FIRST};

	larger.slots = arena_array(arena, larger.cap, sizeof *larger.slots);
	if (!larger.slots)
		return false;
	memset(larger.slots, 0, larger.cap * sizeof *larger.slots);
	for (size_t i = 0; i < names->cap; i++) {
		if (names->slots[i].name)
			*find(&larger, names->slots[i].name) = names->slots[i];
	}
	larger.count = names->count;
	*names = larger;
	return true;
}

void
names_put(struct names *names, struct arena *arena, const char *name, const char *text)
{
	struct name *slot;

	if ((names->count + 1) * 2 > names->cap && !grow(names, arena))
		return;
	slot = find(names, name);
	names->count += slot->name == NULL;
	slot->name = name;
	slot->text = text;
}

const char *
names_get(const struct names *names, const char *name)
{
	return names->cap ? find(names, name)->text : NULL;
}
