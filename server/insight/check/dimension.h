/* Dimensions of measures as people mean them: whatever the case of the letters, and blanks around them. */
#ifndef SERVER_INSIGHT_CHECK_DIMENSION_H
#define SERVER_INSIGHT_CHECK_DIMENSION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "server/plan/item.h"

/* Equal for equal dimensions, and for few others; 0: it has none. False: out of memory. */
bool dimension_hash(const struct item *measure, uint64_t *hash) MUST_CHECK;
/* 1 yes, 0 no, -1 out of memory. */
int dimension_is_same(const struct item *a, const struct item *b) MUST_CHECK;

#endif
