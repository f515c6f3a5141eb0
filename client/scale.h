/* What commands about customers' ratings share: a scale as it is typed. */
#ifndef CLIENT_SCALE_H
#define CLIENT_SCALE_H

#include <stdbool.h>

#include "common/err.h"

#define SCALE_MOST 1000 /* as docs/PROTOCOL.md, "Limits", has it */

/* "1-10": from a lower to a higher number, both from 0 to 1,000. */
bool scale_parse(const char *text, double *low, double *high) MUST_CHECK;

#endif
