/* What the files of load share. */
#ifndef SERVER_INSIGHT_LOAD_LOAD_INTERNAL_H
#define SERVER_INSIGHT_LOAD_LOAD_INTERNAL_H

#include "server/insight/load/load.h"
#include "server/insight/load/workdays.h"
#include "server/plan/control.h"

struct arena;

#define NO_ROW    UINT32_MAX
#define NO_COLUMN UINT32_MAX

struct column {
	uint32_t period;
	int32_t first;
	int32_t last;
};

/* Who gives; by row. */
struct giver {
	uint32_t calendar; /* number */
	uint32_t home;     /* a person's team: its row; NO_ROW */
	int32_t first;     /* a person's days */
	int32_t last;
	int64_t per_week; /* a person's */
	uint32_t absences_first;
	uint32_t absences_count;   /* in order, apart from each other */
	uint32_t capacities_first; /* a person's, for a time: in order, apart from each other */
	uint32_t capacities_count;
	uint32_t skills_first; /* a person's rows of skills, in order */
	uint32_t skills_count;
	uint32_t skills_stated; /* also those that nothing asks for */
	uint32_t next; /* a team's first member, a person's next one of the same team; NO_ROW */
};

/* Of a person, it stands for that of their team and of their skills too. */
struct raw_booking {
	uint32_t row;
	uint32_t column;
	uint32_t skill; /* that is asked for of a team: its row; NO_ROW */
	struct load_booking booking;
};

/* The working days of a time, as they fall on columns: that of the work that was placed last. */
struct days {
	uint32_t calendar;
	int32_t start;
	int32_t finish;
	int64_t all;
	uint32_t first; /* column */
	uint32_t count;
	int64_t *before; /* by column from first: days before it, and up to its end */
	int64_t *until;
};

struct load {
	const struct index *ix;
	index_stop_fn stop;
	void *arg;
	struct arena *scratch;

	struct column *columns;
	uint32_t columns_count;
	bool overlap; /* some day is in several columns */
	bool by_week; /* columns are weeks: */
	int32_t week_from;
	int32_t week_to;
	uint32_t left_out_before;
	uint32_t left_out_after;

	uint32_t *who; /* slot by row: teams, then persons */
	uint32_t rows;
	uint32_t teams;
	char **skills; /* behind the other rows */
	uint32_t skills_count;
	size_t skills_cap;
	uint32_t all_rows; /* with skills */
	uint32_t *skill_rows;
	size_t skill_rows_count;
	size_t skill_rows_cap;
	struct control_capacity *capacities;
	size_t capacities_count;
	size_t capacities_cap;
	uint32_t *row_of; /* by slot */
	struct giver *givers;
	struct control_span *absences;
	size_t absences_count;
	size_t absences_cap;

	struct workdays *calendars; /* number 0: Monday to Friday */
	uint32_t *calendar_slots;
	uint32_t calendars_count;
	int64_t *days; /* working days by calendar and column */

	struct load_cell *cells; /* by row and column */
	struct raw_booking *raw; /* until they are laid by cell */
	size_t raw_count;
	size_t raw_cap;
	uint64_t laid; /* bookings, with those of teams and skills */
	struct load_booking *bookings;
	uint8_t *sorted; /* by cell: its bookings are in order; the last one: the unplaced are */
	struct load_unplaced *unplaced;
	size_t unplaced_count;
	size_t unplaced_cap;
	bool too_many; /* bookings */
	bool keep_asks;
	struct load_ask *asks;
	size_t asks_count;
	size_t asks_cap;
	struct days last;
};

/* Doubles an array where it has no room for one more; false out of memory. */
bool load_grow(void **p, size_t *cap, size_t count, size_t size);
/* The same for arrays as long as the plan; many is a first guess. */
bool load_grow_big(void **p, size_t *cap, size_t count, size_t size, size_t many);
/* True and the error set when the caller wants no more. */
bool load_is_stopped(const struct load *load, struct err *err);
/* a * b / c, rounded down; all at least 0, c not 0. */
int64_t load_part(int64_t a, int64_t b, int64_t c);

/* columns.c: at most `most` columns. */
bool load_lay_columns(struct load *load, uint32_t most, struct err *err) MUST_CHECK;
/* skills.c: those that running work asks for; then which of them a person has. */
bool load_find_skills(struct load *load, struct err *err) MUST_CHECK;
bool load_read_skills(
    struct load *load, struct giver *giver, uint32_t person, struct err *err) MUST_CHECK;
/* capacity.c: rows with their calendars and days; then what they can give. */
bool load_lay_rows(struct load *load, struct err *err) MUST_CHECK;
bool load_lay_capacity(struct load *load, struct err *err) MUST_CHECK;
/* What a row can give from day to day, both within the column. */
int64_t load_give(
    const struct load *load, uint32_t row, uint32_t column, int32_t first, int32_t last);
/* place.c: what lies where. */
struct spot {
	uint32_t work;
	uint32_t source;
	uint32_t rank;
	enum load_how how;
	uint32_t row;
	uint32_t skill;
	int32_t start;
	int32_t finish;
};
bool load_unplace(
    struct load *load, uint32_t work, uint32_t source, int64_t effort, enum load_why why);
/* False: out of memory. */
bool load_place_effort(struct load *load, const struct spot *spot, int64_t effort);
/* share in 1/10,000 of what the row can give; effort: as much of it as is not asked for already. */
bool load_place_share(struct load *load, const struct spot *spot, int32_t share, int64_t effort);
int64_t load_share(const struct load *load, const struct spot *spot, int32_t share);
/* demand.c: fills raw and unplaced; too_many where raw would be too long. */
bool load_lay_demand(struct load *load, struct err *err) MUST_CHECK;

#endif
