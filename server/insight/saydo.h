/*
 * Say-do: what was promised and what became of it, per person and team. The formula is in docs/COMMITMENTS.md.
 *
 * Plain C on an index (check/index.h): no protobuf, no I/O, no clock.
 */
#ifndef SERVER_INSIGHT_SAYDO_H
#define SERVER_INSIGHT_SAYDO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/index.h"

/* With fewer that were due a ratio tells nothing. */
#define SAYDO_LEAST 5u

/* The numbers of plumb.v1.Promise.Standing. */
enum saydo_standing {
	SAYDO_UNJUDGED,
	SAYDO_OPEN,
	SAYDO_OVERDUE,
	SAYDO_KEPT,
	SAYDO_KEPT_LATE,
	SAYDO_BROKEN,
	SAYDO_WITHDRAWN,
	SAYDO_STANDINGS,
};

struct saydo_promise {
	uint32_t slot;
	uint32_t by;       /* slot of a person or team; SLOT_NONE */
	uint32_t team;     /* the same team, or the person's; SLOT_NONE */
	int32_t first_due; /* DATE_NONE */
	int32_t days;      /* from its day to today, or to when it was settled */
	uint32_t moved;    /* how many times its day was put off or taken back */
	uint8_t standing;  /* enum saydo_standing */
	const char *why;   /* why it can't be judged; static */
};

/* What became of one commitment, by its day as it stands now. The index needs no ways back for it. */
void saydo_judge(const struct index *ix, uint32_t commitment, struct saydo_promise *out);

struct saydo_row {
	uint32_t who; /* slot; SLOT_NONE everybody */
	uint32_t counts[SAYDO_STANDINGS];
	uint32_t made;          /* kept, kept late, broken, overdue */
	uint32_t moved;         /* commitments */
	uint32_t moves;         /* times */
	uint32_t kept_by_first; /* of those kept: by their first day too */
	uint32_t of_teams;      /* of a team: what teams below it promised; it is in the counts */
	double ratio;           /* kept / made; NAN */
	double low;             /* Wilson, 95 %; NAN below SAYDO_LEAST */
	double high;
};

struct saydo_query {
	uint32_t who; /* a person, or a team with those below it; SLOT_NONE everybody */
	int32_t from; /* its day as it stands now; DATE_NONE. What has none always counts */
	int32_t to;
};

struct saydo {
	struct saydo_row *rows; /* everybody, teams, persons; each by name */
	uint32_t rows_count;
	struct saydo_promise *promises; /* by day, then by name; those without a day last */
	uint32_t promises_count;
};

/* Into a row that starts all zero but for `who`; then the numbers made of its counts. */
void saydo_count(struct saydo_row *row, const struct index *ix, const struct saydo_promise *p);
void saydo_close(struct saydo_row *row);

/* The index must have ROLE_MEMBER and ROLE_LEAD among its ways back. To be given back with saydo_fini() in any case. */
bool saydo_run(const struct index *ix, const struct saydo_query *query, struct saydo *out,
    struct err *err) MUST_CHECK;
void saydo_fini(struct saydo *saydo);

#endif
