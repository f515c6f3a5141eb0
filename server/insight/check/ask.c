/* The family "ask": do the teams needed know and agree? */
#include "server/insight/check/pass.h"

const struct rule *const rules_ask[] = {
    NULL,
};
