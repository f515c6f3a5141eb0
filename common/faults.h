/*
 * Faults: everything that is wrong with a request, gathered before it is refused at once.
 *
 * Each has a field path ("change_set.changes[2].put.item.title") and a text that says what is wrong
 * and how to mend it. Bounded: the first FAULTS_MAX are kept, the others counted.
 */
#ifndef COMMON_FAULTS_H
#define COMMON_FAULTS_H

#include <stddef.h>

#include "common/err.h"

#define FAULTS_MAX 100

struct arena;

struct fault {
	const char *field;       /* in the arena */
	const char *description; /* in the arena */
};

struct faults {
	struct arena *arena; /* borrowed */
	struct fault list[FAULTS_MAX];
	size_t count; /* kept */
	size_t total; /* found */
};

void faults_init(struct faults *faults, struct arena *arena);
/* Always returns false. */
bool faults_add(struct faults *faults, const char *field, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* True if there are none; else sets ERR_INVALID with the first fault and the number of others. */
bool faults_none(const struct faults *faults, struct err *err) MUST_CHECK;

#endif
