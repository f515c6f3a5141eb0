/*
 * Cadence: when standing meetings are due, and what was held of them. Definitions: docs/RHYTHM.md.
 *
 * For the rules, for what is due from a person, for agendas and calendars alike. Plain C on an index (check/index.h): no
 * protobuf, no I/O, no clock.
 */
#ifndef SERVER_INSIGHT_RHYTHM_CADENCE_H
#define SERVER_INSIGHT_RHYTHM_CADENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/calendar.h"
#include "common/err.h"
#include "server/insight/check/index.h"
#include "server/insight/load/workdays.h"

/* The numbers of plumb.v1.Review.Type. */
enum review_type { REVIEW_LEVELS, REVIEW_ONE_TO_ONE, REVIEW_COUNCIL, REVIEW_CUSTOMER_ROOM };

struct meeting_plan {
	uint32_t review;
	uint32_t last; /* the newest meeting that is not after today; SLOT_NONE: none was held */
	uint32_t held; /* how many were held until today */
	int32_t last_day;
	/*
	 * The next one: last + cadence, or the first day. `planned` may be a holiday, `due` is the working day that stands
	 * for it. DATE_NONE: nothing says when.
	 */
	int32_t planned;
	int32_t due;
	int32_t every_days; /* 0: not regular, or each quarter */
	bool
	    quarterly; /* a customer room without a cadence: by the last working day of each quarter */
	struct workdays working; /* holidays borrowed from the cadence */
};

struct quarter {
	int32_t first;
	int32_t last;
	uint32_t period; /* SLOT_NONE: of the civil year, since the plan has none there */
};

struct cadence {
	const struct index *ix;
	struct meeting_plan *plans; /* in order of index_kind(KIND_REVIEW) */
	uint32_t count;
	/* private */
	struct workdays *calendars;
	uint32_t calendars_count;
	struct quarter *quarters; /* the plan's own, by first day */
	uint32_t quarters_count;
};

/* Out of memory: false, and nothing to be freed. */
bool cadence_init(struct cadence *cadence, const struct index *ix, struct err *err) MUST_CHECK;
void cadence_fini(struct cadence *cadence);
/* NULL: it is no live review. */
const struct meeting_plan *cadence_of(const struct cadence *cadence, uint32_t review);
/* The first planned day behind that one; DATE_NONE: there is none. */
int32_t cadence_next(const struct cadence *cadence, const struct meeting_plan *plan, int32_t after);
/* The working day that stands for a planned one. */
int32_t cadence_day(const struct meeting_plan *plan, int32_t planned);
/* The quarter of a day: a period of the plan of QUARTER_LEAST to QUARTER_MOST days, else that of the civil year. */
#define QUARTER_LEAST 80
#define QUARTER_MOST  100
struct quarter cadence_quarter(const struct cadence *cadence, int32_t day);
/* Is the person in the plan and here on that day? */
bool cadence_is_here(const struct index *ix, uint32_t person, int32_t day);

#endif
