/*
 * An index from a name ("kind/id") to anything; in an arena, grows, never shrinks.
 */
#ifndef CLIENT_PLANFILE_INDEX_H
#define CLIENT_PLANFILE_INDEX_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct arena;
struct refmap;

struct refmap *refmap_new(struct arena *arena) MUST_CHECK;
/* NULL if there is none. */
void *refmap_get(const struct refmap *map, const char *name);
/* Adds or replaces; name is borrowed as long as the map. False when out of memory. */
bool refmap_put(struct refmap *map, const char *name, void *value) MUST_CHECK;
size_t refmap_count(const struct refmap *map);

#endif
