/* The rules of the family "mirror" that stand in files of their own. Private to server/insight/check. */
#ifndef SERVER_INSIGHT_CHECK_MIRROR_H
#define SERVER_INSIGHT_CHECK_MIRROR_H

#include <stdbool.h>

#include "server/insight/check/rules.h"

/* What the organisation claims or has bound itself to: vision, mission, value, policy. What conflicts with one is found here. */
bool mirror_is_word(unsigned kind);

extern const struct rule mirror_broken_commitment;
extern const struct rule mirror_contradiction;
extern const struct rule mirror_value_on_the_wall;
extern const struct rule mirror_at_odds;

#endif
