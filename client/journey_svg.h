/* A picture of how customers fare step by step: a curve of emotion, with the one before and the one to be. docs/PICTURES.md. */
#ifndef CLIENT_JOURNEY_SVG_H
#define CLIENT_JOURNEY_SVG_H

#include <stdbool.h>

#include "client/svg.h"
#include "plumb/v1/journey.pb-c.h"

/*
 * A new picture; since "" draws no curve of before. part: 0 a file of its own, else the number of a part of a page
 * (svg_begin_part()). False: out of memory. svg_fini() whatever comes.
 */
bool journey_svg(const Plumb__V1__JourneyPath *path, const char *since, unsigned part,
    struct svg *svg) MUST_CHECK;

#endif
