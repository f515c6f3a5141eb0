/*
 * Makes allocations fail when told to: the n-th from now on, one or more of them, in any thread.
 *
 * Programs linked to the CMake target plumb_test_alloc have the calls of malloc, calloc, realloc, reallocarray, strdup and
 * strndup of their own objects wrapped by the linker; SQLite's are taken over by alloc_fault_sqlite(). What tests allocate for
 * themselves goes between pause and resume.
 */
#ifndef TESTS_SUPPORT_ALLOC_FAULT_H
#define TESTS_SUPPORT_ALLOC_FAULT_H

#include <stdbool.h>
#include <stdint.h>

/* Before SQLite's first use. */
void alloc_fault_sqlite(void);

/* From now the n-th allocation (from 1) fails, and count - 1 after it. */
void alloc_fault_at(uint64_t n, uint64_t count);
/* No more of them fail. */
void alloc_fault_end(void);
/* Whether one has failed since alloc_fault_at(). */
bool alloc_fault_hit(void);
/* Allocations since alloc_fault_at(). */
uint64_t alloc_fault_seen(void);

/* This thread's allocations neither count nor fail until resumed; they nest. */
void alloc_fault_pause(void);
void alloc_fault_resume(void);

#endif
