#include "tests/support/alloc_fault.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

/* The linker's names: __real_x is what x was. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t len);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t len);

static _Atomic uint64_t first; /* the first that fails; 0 none */
static _Atomic uint64_t last;
static _Atomic uint64_t seen;
static atomic_bool hit;
static _Thread_local unsigned paused;

static bool
must_fail(void)
{
	uint64_t n, from;

	if (paused > 0)
		return false;
	n = atomic_fetch_add(&seen, 1) + 1;
	from = atomic_load(&first);
	if (from == 0 || n < from || n > atomic_load(&last))
		return false;
	atomic_store(&hit, true);
	return true;
}

void
alloc_fault_at(uint64_t n, uint64_t count)
{
	atomic_store(&first, 0);
	atomic_store(&seen, 0);
	atomic_store(&hit, false);
	atomic_store(&last, count > UINT64_MAX - n ? UINT64_MAX : n + count - 1);
	atomic_store(&first, n);
}

void
alloc_fault_end(void)
{
	atomic_store(&first, 0);
}

bool
alloc_fault_hit(void)
{
	return atomic_load(&hit);
}

uint64_t
alloc_fault_seen(void)
{
	return atomic_load(&seen);
}

void
alloc_fault_pause(void)
{
	paused++;
}

void
alloc_fault_resume(void)
{
	assert(paused > 0);
	paused--;
}

void *
__wrap_malloc(size_t size)
{
	return must_fail() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return must_fail() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t size)
{
	return must_fail() ? NULL : __real_realloc(p, size);
}

void *
__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return must_fail() ? NULL : __real_reallocarray(p, n, size);
}

char *
__wrap_strdup(const char *s)
{
	return must_fail() ? NULL : __real_strdup(s);
}

char *
__wrap_strndup(const char *s, size_t len)
{
	return must_fail() ? NULL : __real_strndup(s, len);
}

/* ---- SQLite's -------------------------------------------------------------------------------------------- */

static sqlite3_mem_methods sqlite_own;

static void *
sqlite_malloc(int size)
{
	return must_fail() ? NULL : sqlite_own.xMalloc(size);
}

static void *
sqlite_realloc(void *p, int size)
{
	return must_fail() ? NULL : sqlite_own.xRealloc(p, size);
}

void
alloc_fault_sqlite(void)
{
	sqlite3_mem_methods methods;
	int rc = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_own);

	assert(rc == SQLITE_OK);
	methods = sqlite_own;
	methods.xMalloc = sqlite_malloc;
	methods.xRealloc = sqlite_realloc;
	rc = sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
	assert(rc == SQLITE_OK);
}
