/*
 * Arena: memory that lives as long as one call and is freed whole.
 *
 * A bump allocator with a hard limit. Not thread-safe; one owner at a time.
 */
#ifndef COMMON_ARENA_H
#define COMMON_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct arena;

/* An arena that hands out limit bytes at most; NULL when out of memory. */
struct arena *arena_new(size_t limit) MUST_CHECK;
/* Takes NULL. */
void arena_free(struct arena *arena);
/* Forgets everything handed out and keeps the first block for reuse. */
void arena_reset(struct arena *arena);
/* Bytes handed out so far. */
size_t arena_used(const struct arena *arena);

/* size bytes, aligned for any type, not zeroed; NULL past the limit or out of memory. */
void *arena_alloc(struct arena *arena, size_t size) MUST_CHECK;
/*
 * Makes the newest allocation larger where it stands, the new bytes not zeroed. False, and nothing
 * changed, if p is not the newest or there is no room: then allocate anew and copy.
 */
bool arena_extend(struct arena *arena, void *p, size_t old_size, size_t size) MUST_CHECK;
/* Zeroed. */
void *arena_zalloc(struct arena *arena, size_t size) MUST_CHECK;
/* n objects of size bytes, zeroed; NULL on overflow too. */
void *arena_array(struct arena *arena, size_t n, size_t size) MUST_CHECK;
/*
 * n things behind a list of count that has room for *cap: the list, or a larger copy of it. NULL: out of memory, or past the limit.
 */
void *arena_append(struct arena *arena, void *list, size_t count, size_t *cap, const void *more,
    size_t n, size_t size) MUST_CHECK;
char *arena_strdup(struct arena *arena, const char *s) MUST_CHECK;
/* NUL-terminated copy of len bytes. */
char *arena_strndup(struct arena *arena, const char *s, size_t len) MUST_CHECK;
void *arena_memdup(struct arena *arena, const void *p, size_t len) MUST_CHECK;
char *arena_printf(struct arena *arena, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_CHECK;

#endif
