/* The family "priority": is there one order, and is it lived? */
#include "server/insight/check/pass.h"

const struct rule *const rules_priority[] = {
    NULL,
};
