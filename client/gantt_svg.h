/* A picture of what is done when: a bar for each initiative, best rank first, and the line. docs/PICTURES.md. */
#ifndef CLIENT_GANTT_SVG_H
#define CLIENT_GANTT_SVG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/svg.h"
#include "client/whiskers.h"
#include "common/calendar.h"
#include "plumb/v1/insight.pb-c.h"

struct arena;

#define GANTT_BEYOND BARS_BEYOND /* a day behind `until`, whichever */

struct gantt_row {
	const char *ref;
	const char *title; /* "" none */
	uint32_t rank;     /* 0 none */
	bool is_part;      /* a piece of work of the initiative above it */
	bool is_line;      /* the line lies above it */
	int32_t start;     /* DATE_NONE: not until then */
	int32_t finish;    /* the last day; GANTT_BEYOND: not until then */
	int32_t due;       /* DATE_NONE: none */
	/* When it is finished with 50, 80 and 95 %; GANTT_BEYOND; DATE_NONE: not known. */
	int32_t p50;
	int32_t p80;
	int32_t p95;
};

/* What one waits for: rows. */
struct gantt_tie {
	size_t from;
	size_t to;
	bool is_order; /* it comes after that; else that has whom it needs */
};

struct gantt {
	int32_t today; /* the first day that is booked */
	int32_t until; /* the last one */
	struct gantt_row *rows;
	size_t count;
	struct gantt_tie *ties;
	size_t ties_count;
	/* private */
	struct gantt_row **by_ref;
};

/* False: out of memory. */
bool gantt_of_schedule(
    struct arena *arena, const Plumb__V1__ScheduleReply *reply, struct gantt *out) MUST_CHECK;
/* Those of rows that are there. */
void gantt_add_whiskers(struct gantt *gantt, const struct whisker *whiskers, size_t count);
/* A new picture; False: out of memory. svg_fini() whatever comes. */
bool gantt_svg(const struct gantt *gantt, struct svg *svg) MUST_CHECK;

#endif
