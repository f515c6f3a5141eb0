/* See arena.h. Blocks double in size, so that a call of any size makes few allocations. */
#include "common/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define HIDE(p, len) ASAN_POISON_MEMORY_REGION(p, len)
#define SHOW(p, len) ASAN_UNPOISON_MEMORY_REGION(p, len)
#define GUARD_LEN    ALIGN /* between neighbours, so that an overrun is seen */
#else
#define HIDE(p, len) ((void)(p), (void)(len))
#define SHOW(p, len) ((void)(p), (void)(len))
#define GUARD_LEN    0
#endif

#define ALIGN       _Alignof(max_align_t)
#define FIRST_BLOCK (8u << 10)
#define LARGE_BLOCK (1u << 20) /* blocks stop doubling here */

struct block {
	struct block *next; /* the older one */
	size_t cap;
	_Alignas(max_align_t) uint8_t data[];
};

struct arena {
	uint8_t *at;  /* next free byte of the newest block */
	uint8_t *end; /* of the newest block */
	size_t left;  /* of the limit */
	size_t limit;
	struct block *blocks; /* newest first; NULL until the first allocation */
	struct block *first;
};

struct arena *
arena_new(size_t limit)
{
	struct arena *arena = calloc(1, sizeof *arena);

	if (arena == NULL)
		return NULL;
	if (limit > SIZE_MAX / 2)
		limit = SIZE_MAX / 2; /* so that rounding up cannot overflow */
	arena->limit = limit;
	arena->left = limit;
	return arena;
}

static void
block_free(struct block *block)
{
	SHOW(block->data, block->cap);
	free(block);
}

static void
free_blocks_until(struct arena *arena, const struct block *last)
{
	struct block *next;

	for (struct block *block = arena->blocks; block != last; block = next) {
		next = block->next;
		block_free(block);
	}
}

void
arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	free_blocks_until(arena, NULL);
	free(arena);
}

void
arena_reset(struct arena *arena)
{
	free_blocks_until(arena, arena->first);
	arena->blocks = arena->first;
	arena->left = arena->limit;
	if (arena->first == NULL)
		return;
	HIDE(arena->first->data, arena->first->cap);
	arena->at = arena->first->data;
	arena->end = arena->at + arena->first->cap;
}

size_t
arena_used(const struct arena *arena)
{
	return arena->limit - arena->left;
}

/* A block with room for size bytes; the newest from then on. */
static bool
add_block(struct arena *arena, size_t size)
{
	size_t cap = FIRST_BLOCK - sizeof(struct block);
	struct block *block;

	if (arena->blocks != NULL)
		cap = arena->blocks->cap * 2;
	if (cap > LARGE_BLOCK)
		cap = LARGE_BLOCK;
	if (cap < size)
		cap = size;
	block = malloc(sizeof *block + cap);
	if (block == NULL)
		return false;
	HIDE(block->data, cap);
	block->cap = cap;
	block->next = arena->blocks;
	arena->blocks = block;
	if (arena->first == NULL)
		arena->first = block;
	arena->at = block->data;
	arena->end = block->data + cap;
	return true;
}

/* Nothing takes a place too, so that it has an address of its own. */
static inline size_t
rounded(size_t size)
{
	if (size == 0)
		return ALIGN;
	return (size + ALIGN - 1) & ~(ALIGN - 1);
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	size_t want;
	void *p;

	if (size > arena->left)
		return NULL;
	want = rounded(size) + GUARD_LEN;
	if (want > (size_t)(arena->end - arena->at) && !add_block(arena, want))
		return NULL;
	p = arena->at;
	arena->at += want;
	/*
	 * The rounding may take the last few bytes past the limit; it never lets a caller have
	 * more.
	 */
	arena->left -= want - GUARD_LEN < arena->left ? want - GUARD_LEN : arena->left;
	SHOW(p, size);
	return p;
}

bool
arena_extend(struct arena *arena, void *p, size_t old_size, size_t size)
{
	uint8_t *start = p;
	size_t more;

	assert(size >= old_size);
	if (start + rounded(old_size) + GUARD_LEN != arena->at || size - old_size > arena->left)
		return false;
	more = rounded(size) - rounded(old_size);
	if (more > (size_t)(arena->end - arena->at))
		return false;
	arena->at += more;
	arena->left -= more < arena->left ? more : arena->left;
	SHOW(start, size);
	return true;
}

void *
arena_zalloc(struct arena *arena, size_t size)
{
	void *p = arena_alloc(arena, size);

	if (p != NULL)
		memset(p, 0, size);
	return p;
}

void *
arena_array(struct arena *arena, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		return NULL;
	return arena_zalloc(arena, total);
}

void *
arena_append(struct arena *arena, void *list, size_t count, size_t *cap, const void *more, size_t n,
    size_t size)
{
	size_t all;
	char *out = list;

	if (__builtin_add_overflow(count, n, &all) || all > SIZE_MAX / 2)
		return NULL;
	if (list == NULL || all > *cap) {
		out = arena_array(arena, all * 2, size);
		if (out == NULL)
			return NULL;
		if (count > 0)
			memcpy(out, list, count * size);
		*cap = all * 2;
	}
	if (n > 0)
		memcpy(out + count * size, more, n * size);
	return out;
}

char *
arena_strndup(struct arena *arena, const char *s, size_t len)
{
	char *copy;

	if (len == SIZE_MAX)
		return NULL;
	copy = arena_alloc(arena, len + 1);
	if (copy == NULL)
		return NULL;
	if (len > 0)
		memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *
arena_strdup(struct arena *arena, const char *s)
{
	return arena_strndup(arena, s, strlen(s));
}

void *
arena_memdup(struct arena *arena, const void *p, size_t len)
{
	void *copy = arena_alloc(arena, len);

	if (copy != NULL && len > 0)
		memcpy(copy, p, len);
	return copy;
}

char *
arena_printf(struct arena *arena, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		return NULL;
	text = arena_alloc(arena, (size_t)len + 1);
	if (text == NULL)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(text, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return text;
}
