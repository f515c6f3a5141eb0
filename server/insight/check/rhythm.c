/* The family "rhythm": do levels keep talking? */
#include "server/insight/check/pass.h"

const struct rule *const rules_rhythm[] = {
    NULL,
};
