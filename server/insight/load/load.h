/*
 * Load: how much is asked of people and teams in each period, and how much they can give.
 *
 * Plain C on an index (check/index.h): no protobuf, no I/O, no clock. Effort is in whole hundredths of a person-day; sums
 * are exact, what is spread over days never loses a hundredth. docs/LOAD.md has every definition with an example.
 *
 * Columns are the finest live periods (no other period lies within them) with both days stated, in order of their first
 * day; of several with the same days the one named first. Rows are teams and persons.
 *
 * Demand of a piece of work (initiative, workstream, task) that is under way (load_is_running(); proposed and paused work
 * asks for nothing yet):
 * - its allocations: `effort`, or `share` of what the one can give in the allocation's period;
 * - its needs with an effort, of whom no allocation to that work speaks;
 * - where it has neither of these, and no part with effort of its own: the likely estimate (a task's effort, or its likely
 *   estimate), in equal parts over its members. Without members nobody is asked: the effort is unplaced.
 * It is spread evenly over the working days of its time: of the allocation's period, else start to finish, each where not
 * stated from its periods, else from the work that it is a part of. What is asked of somebody for a part of the work is a
 * part of what is asked of them for the whole. A person's booking counts for their team too, once: of what is asked of a
 * team for a piece of work, what its members are booked for it is already a part.
 *
 * Capacity: a person's per week (not stated: as many days as the calendar's week has) for each working day of their
 * team's calendar (not stated: Monday to Friday), without holidays, absences, and days before the first or after the last.
 * A team's: what it states for the period (or, by its working days, for a longer one around it), else the sum of its
 * members. A person is a member of one team: the one they name, else the first by name of those that name them.
 *
 * A skill that running work asks for is a row too, as if it were a team of all who have it, whatever the case of its
 * letters: what is asked of them by name counts there, and what is asked for it of nobody by name, or of a team. Of what is asked
 * for a skill of nobody by name, that is a part which is asked of somebody by name for that very skill.
 */
#ifndef SERVER_INSIGHT_LOAD_LOAD_H
#define SERVER_INSIGHT_LOAD_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/insight/check/index.h"

struct load;

enum load_how { LOAD_NEED, LOAD_ALLOCATION, LOAD_ESTIMATE, LOAD_TASK };

/* Effort of one piece of work, asked of one row in one column. */
struct load_booking {
	uint32_t work;   /* slot */
	uint32_t source; /* slot of the entry that states it: the work itself or an allocation */
	uint32_t rank;   /* of the initiative that it belongs to; RANK_NONE */
	uint16_t how;    /* enum load_how */
	bool
	    is_for_member; /* in a team's row: booked for its members; in a skill's: of somebody by name */
	int64_t effort;
};

struct load_cell {
	int64_t demand;
	int64_t capacity;
	uint32_t first; /* of its bookings; load_bookings() */
	uint32_t count;
	bool
	    is_known; /* false: a team without members that states nothing for the period; capacity is 0 */
};

enum load_why {
	LOAD_NOBODY,
	LOAD_NO_TIME,
	LOAD_NO_WORKING_DAY,
	LOAD_OUTSIDE_PERIODS,
	LOAD_NO_WORK
};

/* Effort that lies nowhere. */
struct load_unplaced {
	uint32_t work; /* for LOAD_NO_WORK the allocation */
	uint32_t source;
	int64_t effort; /* 0: a share of nobody knows what */
	enum load_why why;
};

/* What is asked of one row for one piece of work, wherever and whenever it falls; what its parts or members are asked is not in it. */
struct load_ask {
	uint32_t work;
	uint32_t row;
	int64_t effort;    /* -1: a share of nobody knows what */
	int64_t ahead;     /* of a share: what falls on today and later; of effort: all of it */
	uint32_t need;     /* which of the work's needs says so, in their order; LOAD_NO_NEED */
	bool is_allocated; /* allocations say so */
};
#define LOAD_NO_NEED UINT32_MAX

/*
 * The index must have ROLE_PART_OF among its ways back, and must outlive it. Not to be read by several threads at once.
 * NULL: ERR_LIMIT (out of memory), ERR_CANCELLED.
 */
struct load *load_run(
    const struct index *ix, index_stop_fn stop, void *arg, struct err *err) MUST_CHECK;
/*
 * The same by weeks (ISO 8601, from Monday on): columns are those from the first day of a period, or `from` where that is earlier, to the
 * last day of a period or `to`; of too many, those from `from` on. They have no period. What a team states counts on the days of its
 * period. Also: ERR_LIMIT (from and to are too far apart), ERR_INVALID (to is before from).
 */
struct load *load_run_weeks(const struct index *ix, int32_t from, int32_t to, index_stop_fn stop,
    void *arg, struct err *err) MUST_CHECK;
void load_free(struct load *load); /* takes NULL */
/* The same, and keeps what load_asks() tells. */
struct load *load_run_asks(
    const struct index *ix, index_stop_fn stop, void *arg, struct err *err) MUST_CHECK;
/* In no order that means anything, but the same for the same plan. */
const struct load_ask *load_asks(const struct load *load, size_t *count);
/*
 * What a row can give on each day from first to last, in whole hundredths that add up to its columns. A team that states
 * something gives that; where no column is, its members.
 */
void load_days(const struct load *load, uint32_t row, int32_t first, int32_t last, int32_t *out);

/* Marks those days from first to last on which somebody of load_rows() gives anything; worked: what is known of them. False: out of memory. */
bool load_worked(const struct load *load, int32_t first, int32_t last, uint8_t *worked) MUST_CHECK;

uint32_t load_columns(const struct load *load);
/* Periods that would be columns, but are too many for one table: those furthest from today. */
uint32_t load_left_out(const struct load *load);
uint32_t load_period(const struct load *load, uint32_t column); /* slot; SLOT_NONE: a week */
int32_t load_first_day(const struct load *load, uint32_t column);
int32_t load_last_day(const struct load *load, uint32_t column);
/* The column whose period has that day; UINT32_MAX none. Where periods overlap: the one that began last. */
uint32_t load_column_of(const struct load *load, int32_t day);
/* The first column that ends on that day or later; load_columns() where there is none. */
uint32_t load_first_column(const struct load *load, int32_t day);

/* Rows: teams, then persons, each by name; behind them load_skills() skills, each by name. */
uint32_t load_rows(const struct load *load);
uint32_t load_who(const struct load *load, uint32_t row);     /* slot */
uint32_t load_row_of(const struct load *load, uint32_t slot); /* UINT32_MAX none */
/* Slot of the team whose member the row's person is; SLOT_NONE. */
uint32_t load_team(const struct load *load, uint32_t row);
/* The row of a team's first member, or of the person's next one in the same team; UINT32_MAX none. */
uint32_t load_next_member(const struct load *load, uint32_t row);
uint32_t load_skills(const struct load *load);
const char *load_skill(const struct load *load, uint32_t row);
/* The row of a skill that running work asks for; UINT32_MAX. */
uint32_t load_skill_row(const struct load *load, const char *name);
/* The rows of skills that a row's person has; none of a team. */
const uint32_t *load_skills_of(const struct load *load, uint32_t row, uint32_t *count);
/* How many the person states, also those that nothing asks for. */
uint32_t load_skills_stated(const struct load *load, uint32_t person);
/* Of a row of load_rows(), or of a skill. */
const struct load_cell *load_cell(const struct load *load, uint32_t row, uint32_t column);
/* Best rank first (unranked last), then by name of the work and of the source. */
const struct load_booking *load_bookings(const struct load *load, const struct load_cell *cell);
/* What of an allocation's booking in that column falls on the day or later. */
int64_t load_allocated_from(
    const struct load *load, const struct load_booking *booking, uint32_t column, int32_t day);
/* By name of the work and of the source. */
const struct load_unplaced *load_unplaced(const struct load *load, uint32_t *count);

/* The time of a piece of work as demand sees it: own days, its periods', those of what it is a part of; DATE_NONE. */
int32_t load_start(const struct index *ix, uint32_t work);
int32_t load_finish(const struct index *ix, uint32_t work);
/* Open, approved or active, and so is what it is a part of: does it ask for effort? */
bool load_is_running(const struct index *ix, uint32_t work);
/* By its own status alone; tasks and milestones have none. */
bool load_is_under_way(const struct index *ix, uint32_t work);

#endif
