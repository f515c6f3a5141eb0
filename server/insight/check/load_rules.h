/* The rules of the family load that count heads instead of days; in load_count.c. */
#ifndef SERVER_INSIGHT_CHECK_LOAD_RULES_H
#define SERVER_INSIGHT_CHECK_LOAD_RULES_H

#include <stdint.h>

#include "server/insight/check/check.h"

struct str;

extern const struct rule load_rule_of_three, load_same_people, load_too_many;

/* "initiative/x (rank 2)". */
void load_add_work(const struct check *check, uint32_t work, struct str *out);

#endif
