/*
 * Two checks compared: which findings appeared, and which are gone.
 *
 * A finding is the same where its key (rule, subjects, qualifier) is, and where it still can, or still cannot, be
 * judged: what was unknown and is now found has appeared. Subjects are the same where their names are; the two plans
 * may number them differently.
 */
#ifndef SERVER_INSIGHT_CHECK_COMPARE_H
#define SERVER_INSIGHT_CHECK_COMPARE_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct check;

/* Numbers for check_finding(), in its order. */
struct compare {
	uint32_t *appeared; /* of the check after */
	size_t appeared_count;
	uint32_t *gone; /* of the check before */
	size_t gone_count;
	size_t same_count;
};

/* Compares what was kept of both. Needs both views; ERR_LIMIT out of memory. out need not be freed then. */
bool compare_checks(const struct check *before, const struct check *after, struct compare *out,
    struct err *err) MUST_CHECK;
void compare_fini(struct compare *compare);

#endif
