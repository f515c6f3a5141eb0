/* A picture of how much effort was planned, and how much of it done, day by day. docs/PICTURES.md. */
#ifndef CLIENT_BURNUP_SVG_H
#define CLIENT_BURNUP_SVG_H

#include <stdbool.h>
#include <stdint.h>

#include "client/svg.h"
#include "common/calendar.h"
#include "plumb/v1/burnup.pb-c.h"

#define BURNUP_BEYOND INT32_MAX /* a day behind all that is looked at */

struct burnup_fan {
	/* When all is done with 50, 80 and 95 %; BURNUP_BEYOND; DATE_NONE: not known. */
	int32_t p50;
	int32_t p80;
	int32_t p95;
};
#define BURNUP_NO_FAN ((struct burnup_fan){DATE_NONE, DATE_NONE, DATE_NONE})

/* A new picture; ref "" stands for all initiatives. False: out of memory. svg_fini() whatever comes. */
bool burnup_svg(const Plumb__V1__BurnUpReply *reply, const char *ref, const struct burnup_fan *fan,
    struct svg *svg) MUST_CHECK;

#endif
