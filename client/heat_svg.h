/* A picture of who is asked for how much: a row for each team and person, a column for each period. docs/PICTURES.md. */
#ifndef CLIENT_HEAT_SVG_H
#define CLIENT_HEAT_SVG_H

#include <stdbool.h>
#include <stddef.h>

#include "client/svg.h"
#include "plumb/v1/insight.pb-c.h"

struct heat_row {
	size_t row;     /* of the reply */
	bool is_member; /* of the team above */
};

/* A new picture; what does not fit beside each other stands below. False: out of memory. svg_fini() whatever comes. */
bool heat_svg(const Plumb__V1__LoadReply *reply, const struct heat_row *rows, size_t count,
    struct svg *svg) MUST_CHECK;

#endif
