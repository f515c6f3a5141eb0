/*
 * What the schedule books of teams and people in each period, and what they can still give.
 *
 * Rows and columns are those of the forecast's load. Somebody's booking counts for their team too, once. A period counts from today on.
 */
#ifndef SERVER_INSIGHT_CHECK_BOOKED_H
#define SERVER_INSIGHT_CHECK_BOOKED_H

#include <stdbool.h>
#include <stdint.h>

#include "server/insight/schedule/plan_forecast.h"

struct pass;

/* What is booked of a row in a column for an initiative. */
struct booked_part {
	uint32_t row;
	uint32_t column;
	uint32_t initiative; /* of the problem: best rank first */
	int64_t effort;
	int64_t allocated; /* of that, what allocations of the row or its members say */
};

struct booked {
	const struct plan_forecast *forecast;
	const struct load *load;
	struct booked_part *parts; /* in order of row, column, initiative */
	size_t count;
	size_t cap;
	int64_t *due;    /* by row and column */
	int64_t *before; /* by day from today: what one row can give before it */
	uint32_t row;    /* that row */
	int32_t known;   /* for so many days */
	int32_t *days;   /* of one who has no row in the schedule */
};

/*
 * Rules have one of pass_booked(). False: the pass is stopped, or the plan is too large, which is said. Call booked_fini() all the
 * same.
 */
bool booked_init(struct booked *b, struct pass *pass);
void booked_fini(struct booked *b); /* takes one that is all zero */

/* Those of one cell. */
const struct booked_part *booked_parts(
    const struct booked *b, uint32_t row, uint32_t column, size_t *count);
int64_t booked_sum(const struct booked *b, uint32_t row, uint32_t column);
/* What is booked of the row, whenever, for work that shall be done by the column's last day. */
int64_t booked_due(const struct booked *b, uint32_t row, uint32_t column);
/* What the row can give in the column, from today on; and from today until its last day. */
int64_t booked_gives(struct booked *b, uint32_t row, uint32_t column);
int64_t booked_gives_until(struct booked *b, uint32_t row, uint32_t column);

#endif
