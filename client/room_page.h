/* The customer room's book as a page: docs/ROOM.md. */
#ifndef CLIENT_ROOM_PAGE_H
#define CLIENT_ROOM_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "plumb/v1/room.pb-c.h"

struct context;
struct str;

/* A segment and its journeys, each in one piece. */
struct room_part {
	const Plumb__V1__RoomSegment *segment;
	Plumb__V1__JourneyPath **paths;
	size_t count;
	size_t cap;
};

/* False: out of memory. */
bool room_page(struct context *ctx, const Plumb__V1__RoomBook *book, const struct room_part *parts,
    size_t count, bool html, struct str *out) MUST_CHECK;

#endif
