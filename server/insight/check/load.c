/* The family "load": can these people do this much? */
#include "server/insight/check/pass.h"

const struct rule *const rules_load[] = {
    NULL,
};
