/* Building blocks by level, as a picture. */
#ifndef CLIENT_MATURITY_SVG_H
#define CLIENT_MATURITY_SVG_H

#include <stdbool.h>

#include "client/svg.h"
#include "plumb/v1/maturity.pb-c.h"

/* A row for each block: filled up to its level, striped what it wants next, "?" where it cannot be judged. False: out of memory. */
bool maturity_svg(const Plumb__V1__MaturityReply *reply, struct svg *svg) MUST_CHECK;

#endif
