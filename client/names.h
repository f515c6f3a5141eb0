/*
 * Texts by name: titles by reference, the last day of a period by its id. Grows in an arena, forgets nothing.
 */
#ifndef CLIENT_NAMES_H
#define CLIENT_NAMES_H

#include <stddef.h>

#include "common/arena.h"

struct name {
	const char *name; /* NULL: free */
	const char *text;
};

/* All zero is empty. */
struct names {
	struct name *slots;
	size_t cap; /* a power of two, or 0 */
	size_t count;
};

/* Both are borrowed for as long as the arena lives. The last text of a name counts. Out of memory: it is not kept. */
void names_put(struct names *names, struct arena *arena, const char *name, const char *text);
/* NULL: not known. */
const char *names_get(const struct names *names, const char *name);

#endif
