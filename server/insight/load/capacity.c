/* Who there is, on which calendar, and what they can give. */
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "server/insight/load/load_internal.h"

/* ---- rows */

struct named {
	const struct index *ix;
	uint64_t start; /* of the id, so that few names need to be looked at */
	uint32_t slot;
};

static int
compare_named(const void *pa, const void *pb)
{
	const struct named *a = pa;
	const struct named *b = pb;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return index_compare(a->ix, a->slot, b->slot);
}

static uint64_t
start_of(const struct item *item)
{
	uint64_t start = 0;

	for (unsigned i = 0; i < 8; i++)
		start = start << 8 | (i < item->id_len ? (uint8_t)item_id(item)[i] : 0u);
	return start;
}

static bool
add_rows(struct load *load, enum kind kind, struct err *err)
{
	const struct index *ix = load->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, kind, &count);
	struct named *list = malloc(((size_t)count + 1) * sizeof list[0]);

	if (list == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < count; i++)
		list[i] = (struct named){ix, start_of(ix->items[slots[i]]), slots[i]};
	qsort(list, count, sizeof list[0], compare_named);
	for (uint32_t i = 0; i < count; i++) {
		load->row_of[list[i].slot] = load->rows;
		load->who[load->rows++] = list[i].slot;
	}
	free(list);
	return true;
}

/* ---- calendars */

static bool
read_calendar(struct load *load, uint32_t slot, struct workdays *out, struct err *err)
{
	struct control_calendar stated;

	arena_reset(load->scratch);
	if (!control_calendar(load->ix->items[slot], load->scratch, &stated))
		return err_oom(err);
	*out = (struct workdays){.week = WORKDAYS_MONDAY_TO_FRIDAY};
	if (stated.week != 0)
		out->week = stated.week;
	if (stated.holidays_count == 0)
		return true;
	out->holidays = malloc(stated.holidays_count * sizeof out->holidays[0]);
	if (out->holidays == NULL)
		return err_oom(err);
	memcpy(out->holidays, stated.holidays, stated.holidays_count * sizeof out->holidays[0]);
	out->holidays_count = stated.holidays_count;
	workdays_settle(out);
	return true;
}

/* Those that teams name; a calendar that is not there is as good as none. */
static bool
read_calendars(struct load *load, struct err *err)
{
	uint32_t count;
	const uint32_t *slots = index_kind(load->ix, KIND_CALENDAR, &count);

	load->calendars = calloc((size_t)count + 1, sizeof load->calendars[0]);
	load->calendar_slots = malloc(((size_t)count + 1) * sizeof load->calendar_slots[0]);
	if (load->calendars == NULL || load->calendar_slots == NULL)
		return err_oom(err);
	load->calendars[0].week = WORKDAYS_MONDAY_TO_FRIDAY;
	load->calendar_slots[0] = SLOT_NONE;
	load->calendars_count = 1;
	for (uint32_t i = 0; i < count; i++) {
		if (!read_calendar(load, slots[i], &load->calendars[i + 1], err))
			return false;
		load->calendar_slots[i + 1] = slots[i];
		load->calendars_count++;
	}
	return true;
}

/* Its number; calendars are in order of their slots. */
static uint32_t
calendar_of(const struct load *load, uint32_t team)
{
	uint32_t slot = index_target(load->ix, team, ROLE_CALENDAR);
	uint32_t low = 1;
	uint32_t high = load->calendars_count;

	while (slot != SLOT_NONE && low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (load->calendar_slots[middle] == slot)
			return middle;
		if (load->calendar_slots[middle] < slot)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

/* ---- people */

static uint32_t
stated_home(const struct load *load, uint32_t person)
{
	uint32_t team = index_target(load->ix, person, ROLE_TEAM);
	uint32_t row = team != SLOT_NONE ? load->row_of[team] : NO_ROW;

	return row < load->teams ? row : NO_ROW;
}

/* Persons that name no team are in the first of those that name them. */
static void
find_homes(struct load *load)
{
	const struct index *ix = load->ix;

	for (uint32_t row = load->teams; row < load->rows; row++)
		load->givers[row].home = stated_home(load, load->who[row]);
	for (uint32_t team = 0; team < load->teams; team++) {
		struct edges out = index_out(ix, load->who[team]);

		for (uint32_t i = 0; i < out.count; i++) {
			uint32_t row = load->row_of[out.list[i].slot];

			if (out.list[i].role == ROLE_MEMBER && row != NO_ROW &&
			    row >= load->teams && load->givers[row].home == NO_ROW)
				load->givers[row].home = team;
		}
	}
}

static int
compare_spans(const void *pa, const void *pb)
{
	const struct control_span *a = pa;
	const struct control_span *b = pb;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->last < b->last ? -1 : a->last > b->last;
}

/* In order, those that meet as one; one that ends before it starts is none. */
static bool
read_absences(struct load *load, struct giver *giver, uint32_t slot, struct err *err)
{
	const struct control_span *stated;
	struct control_span *sorted, *last = NULL;
	size_t count;
	void *grown;

	arena_reset(load->scratch);
	if (!control_absences(load->ix->items[slot], load->scratch, &stated, &count))
		return err_oom(err);
	sorted = arena_array(load->scratch, count + 1, sizeof sorted[0]);
	if (sorted == NULL)
		return err_oom(err);
	memcpy(sorted, stated, count * sizeof sorted[0]);
	qsort(sorted, count, sizeof sorted[0], compare_spans);
	for (size_t i = 0; i < count; i++) {
		if (sorted[i].last < sorted[i].first)
			continue;
		if (last != NULL && sorted[i].first <= last->last) {
			last->last = sorted[i].last > last->last ? sorted[i].last : last->last;
			continue;
		}
		grown = load->absences;
		if (!load_grow(&grown, &load->absences_cap, load->absences_count, sizeof sorted[0]))
			return err_oom(err);
		load->absences = grown;
		last = &load->absences[load->absences_count++];
		*last = sorted[i];
		giver->absences_count++;
	}
	return true;
}

/* ---- a person's other capacities: of those that overlap the one that began last */

static int
compare_capacities(const void *pa, const void *pb)
{
	const struct control_capacity *a = *(const struct control_capacity *const *)pa;
	const struct control_capacity *b = *(const struct control_capacity *const *)pb;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a < b ? -1 : a > b; /* of those that begin on the same day the last one counts */
}

static bool
add_capacity(struct load *load, struct giver *giver, const struct control_capacity *of,
    int32_t first, int32_t last)
{
	void *grown = load->capacities;

	if (first > last)
		return true;
	if (!load_grow(
		&grown, &load->capacities_cap, load->capacities_count, sizeof load->capacities[0]))
		return false;
	load->capacities = grown;
	load->capacities[load->capacities_count++] =
	    (struct control_capacity){first, last, of->per_week};
	giver->capacities_count++;
	return true;
}

/* Those that go on are kept as a stack, the one that began last on top. */
static bool
lay_capacities(struct load *load, struct giver *giver, const struct control_capacity **list,
    size_t count, const struct control_capacity **stack)
{
	size_t depth = 0;

	for (size_t i = 0; i <= count; i++) {
		int64_t next = i < count ? list[i]->first : (int64_t)INT32_MAX + 1;
		int64_t from = i > 0 ? list[i - 1]->first : next;

		while (depth > 0 && from < next) {
			const struct control_capacity *top = stack[depth - 1];
			int64_t last = top->last < next - 1 ? top->last : next - 1;

			if (last >= from &&
			    !add_capacity(load, giver, top, (int32_t)from, (int32_t)last))
				return false;
			from = last >= from ? last + 1 : from;
			if (top->last < next)
				depth--;
		}
		if (i < count)
			stack[depth++] = list[i];
	}
	return true;
}

static bool
read_capacities(struct load *load, struct giver *giver, uint32_t slot, struct err *err)
{
	const struct control_capacity *stated, **sorted, **stack;
	size_t count, kept = 0;

	arena_reset(load->scratch);
	if (!control_capacities(load->ix->items[slot], load->scratch, &stated, &count))
		return err_oom(err);
	sorted = arena_array(load->scratch, count + 1, sizeof sorted[0]);
	stack = arena_array(load->scratch, count + 1, sizeof stack[0]);
	if (sorted == NULL || stack == NULL)
		return err_oom(err);
	for (size_t i = 0; i < count; i++)
		if (stated[i].last >= stated[i].first)
			sorted[kept++] = &stated[i];
	if (kept > 1)
		qsort(sorted, kept, sizeof sorted[0], compare_capacities);
	return lay_capacities(load, giver, sorted, kept, stack) || err_oom(err);
}

static bool
read_person(struct load *load, uint32_t row, struct err *err)
{
	uint32_t slot = load->who[row];
	const struct item *item = load->ix->items[slot];
	struct giver *giver = &load->givers[row];

	giver->next = NO_ROW;
	if (giver->home != NO_ROW) {
		struct giver *home = &load->givers[giver->home];

		giver->calendar = home->calendar;
		giver->next = home->next;
		home->next = row;
	}
	giver->first = item->start != DATE_NONE ? item->start : INT32_MIN;
	giver->last = item->finish != DATE_NONE ? item->finish : INT32_MAX;
	giver->per_week = (item->has & HAS_VALUE) != 0
			      ? item->effort
			      : 100 * workdays_per_week(&load->calendars[giver->calendar]);
	giver->absences_first = (uint32_t)load->absences_count;
	giver->capacities_first = (uint32_t)load->capacities_count;
	giver->skills_first = (uint32_t)load->skill_rows_count;
	return ((item->has & HAS_ABSENCES) == 0 || read_absences(load, giver, slot, err)) &&
	       ((item->has & HAS_CAPACITIES) == 0 || read_capacities(load, giver, slot, err)) &&
	       ((item->has & HAS_SKILLS) == 0 || load->skills_count == 0 ||
		   load_read_skills(load, giver, slot, err));
}

bool
load_lay_rows(struct load *load, struct err *err)
{
	uint32_t teams, persons;

	(void)index_kind(load->ix, KIND_TEAM, &teams);
	(void)index_kind(load->ix, KIND_PERSON, &persons);
	load->row_of = malloc(((size_t)load->ix->slots + 1) * sizeof load->row_of[0]);
	load->who = malloc(((size_t)teams + persons + 1) * sizeof load->who[0]);
	load->givers =
	    calloc((size_t)teams + persons + load->skills_count + 1, sizeof load->givers[0]);
	if (load->row_of == NULL || load->who == NULL || load->givers == NULL)
		return err_oom(err);
	memset(load->row_of, 0xff, ((size_t)load->ix->slots + 1) * sizeof load->row_of[0]);
	if (!add_rows(load, KIND_TEAM, err))
		return false;
	load->teams = load->rows;
	if (!add_rows(load, KIND_PERSON, err) || !read_calendars(load, err))
		return false;
	load->all_rows = load->rows + load->skills_count;
	for (uint32_t row = load->rows; row < load->all_rows; row++)
		load->givers[row].home = load->givers[row].next = NO_ROW;
	for (uint32_t team = 0; team < load->teams; team++) {
		load->givers[team].home = NO_ROW;
		load->givers[team].next = NO_ROW;
		load->givers[team].calendar = calendar_of(load, load->who[team]);
	}
	find_homes(load);
	for (uint32_t row = load->teams; row < load->rows; row++) {
		if (!read_person(load, row, err))
			return false;
	}
	return true;
}

/* ---- capacity */

static int64_t
days_there(const struct load *load, const struct giver *giver, int32_t first, int32_t last)
{
	const struct workdays *w = &load->calendars[giver->calendar];
	int32_t from = first > giver->first ? first : giver->first;
	int32_t to = last < giver->last ? last : giver->last;
	int64_t days = workdays_count(w, from, to);
	const struct control_span *list = load->absences + giver->absences_first;
	uint32_t low = 0;
	uint32_t high = giver->absences_count;

	while (low < high) { /* the first that ends on that day or later */
		uint32_t middle = low + (high - low) / 2;

		if (list[middle].last < from)
			low = middle + 1;
		else
			high = middle;
	}
	for (uint32_t i = low; i < giver->absences_count && list[i].first <= to; i++) {
		const struct control_span *away = &list[i];

		days -= workdays_count(
		    w, from > away->first ? from : away->first, to < away->last ? to : away->last);
	}
	return days;
}

/* So many days with the usual capacity, rounded to the nearest hundredth, half up. */
static int64_t
usually(const struct load *load, const struct giver *giver, int64_t weighted)
{
	int64_t week = workdays_per_week(&load->calendars[giver->calendar]);

	return (2 * weighted + week) / (2 * week);
}

static int64_t
person_gives(const struct load *load, const struct giver *giver, int32_t first, int32_t last)
{
	const struct control_capacity *list = load->capacities + giver->capacities_first;
	int64_t weighted = giver->per_week * days_there(load, giver, first, last);
	uint32_t low = 0;
	uint32_t high = giver->capacities_count;

	while (low < high) { /* the first that ends on that day or later */
		uint32_t middle = low + (high - low) / 2;

		if (list[middle].last < first)
			low = middle + 1;
		else
			high = middle;
	}
	for (uint32_t i = low; i < giver->capacities_count && list[i].first <= last; i++)
		weighted += (list[i].per_week - giver->per_week) *
			    days_there(load, giver, first > list[i].first ? first : list[i].first,
				last < list[i].last ? last : list[i].last);
	return usually(load, giver, weighted);
}

static int64_t
members_give(const struct load *load, uint32_t team, int32_t first, int32_t last)
{
	int64_t sum = 0;

	for (uint32_t p = load->givers[team].next; p != NO_ROW; p = load->givers[p].next)
		sum += person_gives(load, &load->givers[p], first, last);
	return sum;
}

/* The stated capacity that is for the shortest period around these days; false: none is. */
static bool
find_stated(
    const struct load *load, uint32_t row, int32_t first, int32_t last, const struct ref **best)
{
	const struct index *ix = load->ix;
	const struct item *team = ix->items[load->who[row]];
	int32_t shortest = INT32_MAX;

	*best = NULL;
	if ((ix->roles[load->who[row]] & ROLE_BIT(ROLE_CAPACITY_PERIOD)) == 0)
		return false;
	for (uint32_t i = 0; i < team->refs_count; i++) {
		const struct ref *ref = &team->refs[i];
		const struct item *period = ix->items[ref->slot];

		if (ref->role != ROLE_CAPACITY_PERIOD || !index_is(ix, ref->slot, STANDING_LIVE) ||
		    period->kind != KIND_PERIOD || period->start == DATE_NONE ||
		    period->start > first || period->finish < last)
			continue;
		if (period->finish - period->start >= shortest)
			continue;
		shortest = period->finish - period->start;
		*best = ref;
	}
	return *best != NULL;
}

/* Of what is stated for a period, what falls on some days within it. */
static int64_t
stated_gives(
    const struct load *load, uint32_t row, const struct ref *stated, int32_t first, int32_t last)
{
	const struct workdays *w = &load->calendars[load->givers[row].calendar];
	const struct item *period = load->ix->items[stated->slot];
	int64_t all = workdays_count(w, period->start, period->finish);

	if (first == period->start && last == period->finish)
		return stated->amount;
	if (all == 0)
		return 0;
	return load_part(stated->amount, workdays_count(w, period->start, last), all) -
	       load_part(stated->amount, workdays_count(w, period->start, first - 1), all);
}

/* A week may begin in one period and end in another: days with the same statement go together. */
static int64_t
team_gives_by_day(
    const struct load *load, uint32_t row, int32_t first, int32_t last, bool *any_stated)
{
	const struct ref *stated, *next;
	int64_t sum = 0;
	int32_t from = first;

	*any_stated = false;
	(void)find_stated(load, row, first, first, &stated);
	for (int32_t day = first; day <= last; day++) {
		next = NULL;
		if (day < last &&
		    find_stated(load, row, day + 1, day + 1, &next) == (stated != NULL) &&
		    next == stated)
			continue;
		sum += stated != NULL ? stated_gives(load, row, stated, from, day)
				      : members_give(load, row, from, day);
		*any_stated |= stated != NULL;
		from = day + 1;
		stated = next;
	}
	return sum;
}

int64_t
load_give(const struct load *load, uint32_t row, uint32_t column, int32_t first, int32_t last)
{
	const struct column *c = &load->columns[column];
	const struct ref *stated;
	bool any;

	if (row >= load->teams)
		return person_gives(load, &load->givers[row], first, last);
	if (load->by_week)
		return team_gives_by_day(load, row, first, last, &any);
	if (find_stated(load, row, c->first, c->last, &stated))
		return stated_gives(load, row, stated, first, last);
	return members_give(load, row, first, last);
}

static bool
count_days(struct load *load, struct err *err)
{
	uint32_t n = load->columns_count;

	free(load->days);
	load->days = malloc(((size_t)load->calendars_count * n + 1) * sizeof load->days[0]);
	if (load->days == NULL)
		return err_oom(err);
	for (uint32_t k = 0; k < load->calendars_count; k++) {
		for (uint32_t c = 0; c < n; c++)
			load->days[(size_t)k * n + c] = workdays_count(
			    &load->calendars[k], load->columns[c].first, load->columns[c].last);
	}
	return true;
}

static void
lay_person(struct load *load, uint32_t row)
{
	const struct giver *giver = &load->givers[row];
	uint32_t n = load->columns_count;
	struct load_cell *cells = &load->cells[(size_t)row * n];
	struct load_cell *home =
	    giver->home != NO_ROW ? &load->cells[(size_t)giver->home * n] : NULL;

	for (uint32_t c = 0; c < n; c++) {
		const struct column *column = &load->columns[c];
		bool whole = giver->absences_count == 0 && giver->capacities_count == 0 &&
			     giver->first <= column->first && giver->last >= column->last;

		cells[c].capacity =
		    whole ? usually(load, giver,
				giver->per_week * load->days[(size_t)giver->calendar * n + c])
			  : person_gives(load, giver, column->first, column->last);
		cells[c].is_known = true;
		for (uint32_t i = 0; i < giver->skills_count; i++)
			load->cells[(size_t)load->skill_rows[giver->skills_first + i] * n + c]
			    .capacity += cells[c].capacity;
		if (home != NULL) {
			home[c].capacity += cells[c].capacity;
			home[c].is_known = true;
		}
	}
}

/* What a team states goes before what its members give. */
static void
lay_team(struct load *load, uint32_t row)
{
	const struct ref *stated;

	if ((load->ix->roles[load->who[row]] & ROLE_BIT(ROLE_CAPACITY_PERIOD)) == 0)
		return;
	for (uint32_t c = 0; c < load->columns_count; c++) {
		struct load_cell *cell = &load->cells[(size_t)row * load->columns_count + c];
		const struct column *column = &load->columns[c];
		bool any;

		if (load->by_week) {
			cell->capacity =
			    team_gives_by_day(load, row, column->first, column->last, &any);
			cell->is_known |= any;
		} else if (find_stated(load, row, column->first, column->last, &stated)) {
			cell->capacity =
			    stated_gives(load, row, stated, column->first, column->last);
			cell->is_known = true;
		}
	}
}

bool
load_lay_capacity(struct load *load, struct err *err)
{
	uint32_t n = load->columns_count;

	if (!count_days(load, err))
		return false;
	for (uint32_t row = load->teams; row < load->rows; row++)
		lay_person(load, row);
	for (uint32_t row = 0; row < load->teams; row++)
		lay_team(load, row);
	for (size_t i = (size_t)load->rows * n; i < (size_t)load->all_rows * n; i++)
		load->cells[i].is_known = true;
	return true;
}

/* From the first day of the column on, or of those asked for, where no column is. */
static int64_t
give_until(const struct load *load, uint32_t row, uint32_t column, int32_t first, int32_t day)
{
	if (column != NO_COLUMN)
		return load_give(load, row, column, load->columns[column].first, day);
	return row >= load->teams ? person_gives(load, &load->givers[row], first, day)
				  : members_give(load, row, first, day);
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The first day from which on a person's weeks are all alike. */
static int64_t
person_regular(const struct load *load, const struct giver *giver)
{
	const struct workdays *calendar = &load->calendars[giver->calendar];
	int64_t from = giver->first;

	for (size_t i = 0; i < giver->absences_count; i++)
		from = later(from, load->absences[giver->absences_first + i].last);
	for (size_t i = 0; i < giver->capacities_count; i++) {
		const struct control_capacity *c = &load->capacities[giver->capacities_first + i];

		from = later(from, c->first);
		from = later(from, c->last < INT32_MAX ? c->last : c->first);
	}
	if (giver->last < INT32_MAX)
		from = later(from, giver->last);
	if (calendar->holidays_count > 0)
		from = later(from, calendar->holidays[calendar->holidays_count - 1]);
	return from + 1;
}

static int64_t
regular_from(const struct load *load, uint32_t row)
{
	int64_t from = INT32_MIN;

	if (row >= load->teams)
		return person_regular(load, &load->givers[row]);
	for (uint32_t member = load->givers[row].next; member != NO_ROW;
	     member = load->givers[member].next)
		from = later(from, person_regular(load, &load->givers[member]));
	return from;
}

/* That of a day behind one that is in column before: the same while that lasts, and none behind them all. */
static uint32_t
next_column(const struct load *load, uint32_t before, int32_t day)
{
	uint32_t count = load->columns_count;

	if (before != NO_COLUMN && !load->overlap && day <= load->columns[before].last)
		return before;
	if (count == 0 || day > load->columns[count - 1].last)
		return NO_COLUMN;
	return load_column_of(load, day);
}

void
load_days(const struct load *load, uint32_t row, int32_t first, int32_t last, int32_t *out)
{
	uint32_t column = NO_COLUMN;
	int32_t from = first;
	int64_t until = 0, regular = regular_from(load, row);

	for (int32_t day = first; day <= last; day++) {
		uint32_t of_day = next_column(load, column, day);
		int64_t now;

		if (day == first || of_day != column) {
			column = of_day;
			from = day;
			until = column == NO_COLUMN || load->columns[column].first == day
				    ? 0
				    : give_until(load, row, column, from, day - 1);
		} else if (column == NO_COLUMN && day - 7 >= from && day - 7 >= regular) {
			out[day - first] = out[day - first - 7];
			continue;
		}
		now = give_until(load, row, column, from, day);
		out[day - first] = (int32_t)(now - until);
		until = now;
	}
}

/* Has the calendar a working day that nobody is known to work on? */
static bool
has_more(const struct workdays *calendar, int32_t first, int32_t last, const uint8_t *worked)
{
	for (int32_t day = first; day <= last; day++) {
		if (!worked[day - first] && workdays_count(calendar, day, day) > 0)
			return true;
	}
	return false;
}

/* What a team states may be for days on which its calendar has no work. */
static bool
states_capacity(const struct load *load, uint32_t row)
{
	return (load->ix->roles[load->who[row]] & ROLE_BIT(ROLE_CAPACITY_PERIOD)) != 0;
}

/* Most calendars are known after the first who has them. */
bool
load_worked(const struct load *load, int32_t first, int32_t last, uint8_t *worked)
{
	int32_t *days = malloc(((size_t)(last - first) + 2) * sizeof days[0]);
	bool *more = malloc(((size_t)load->calendars_count + 1) * sizeof more[0]);
	bool ok = days != NULL && more != NULL;

	for (uint32_t k = 0; ok && k < load->calendars_count; k++)
		more[k] = has_more(&load->calendars[k], first, last, worked);
	for (uint32_t row = 0; ok && row < load->rows; row++) {
		uint32_t calendar = load->givers[row].calendar;

		if (!more[calendar] && !states_capacity(load, row))
			continue;
		load_days(load, row, first, last, days);
		for (int32_t day = first; day <= last; day++)
			worked[day - first] |= days[day - first] > 0;
		more[calendar] = has_more(&load->calendars[calendar], first, last, worked);
	}
	free(days);
	free(more);
	return ok;
}
