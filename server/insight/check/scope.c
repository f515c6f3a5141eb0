/* The family "scope": how far, by when? */
#include "server/insight/check/pass.h"

const struct rule *const rules_scope[] = {
    NULL,
};
