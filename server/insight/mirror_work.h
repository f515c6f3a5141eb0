/* The work that the mirror looks at, piece by piece. Private to mirror*.c. */
#ifndef SERVER_INSIGHT_MIRROR_WORK_H
#define SERVER_INSIGHT_MIRROR_WORK_H

#include "server/insight/mirror.h"

/* An initiative; or a workstream that has an objective of its own, and is taken out of its initiative. */
struct piece {
	uint32_t slot;
	uint8_t from;  /* enum mirror_from */
	bool timeless; /* there is a period, and it says not when it is worked on */
	bool done_known;
	double effort;  /* hundredths of a person-day, whenever it falls; NAN not stated */
	double taken;   /* of it: by workstreams with objectives of their own */
	double planned; /* what of the rest falls into the period; 0 where it isn't known */
	double done;
};

struct pieces {
	struct piece *list; /* initiatives by slot, then workstreams by slot */
	uint32_t count;
};

/* To be given back with free(list). */
bool mirror_pieces(const struct index *ix, const struct mirror_query *query, struct pieces *out,
    struct err *err) MUST_CHECK;

#endif
