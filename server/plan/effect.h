/* What an initiative shall do to a measure, as a contribution of it states. */
#ifndef SERVER_PLAN_EFFECT_H
#define SERVER_PLAN_EFFECT_H

#include "server/plan/item.h"

/* Of the contribution at that position of a live initiative, in the measure's unit; NAN where it is not stated. */
double effect_expected(const struct item *initiative, uint16_t position);

#endif
