#include "server/insight/rhythm/cadence.h"

#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "server/plan/control.h"

#define SCRATCH ((size_t)4 << 20)
/* A calendar without any working day in so long has none. */
#define SHIFT_MOST 366

/* ---- calendars */

static bool
read_calendar(const struct item *item, struct arena *arena, struct workdays *out)
{
	struct control_calendar stated;

	arena_reset(arena);
	if (!control_calendar(item, arena, &stated))
		return false;
	*out =
	    (struct workdays){.week = stated.week != 0 ? stated.week : WORKDAYS_MONDAY_TO_FRIDAY};
	if (stated.holidays_count == 0)
		return true;
	out->holidays = malloc(stated.holidays_count * sizeof out->holidays[0]);
	if (out->holidays == NULL)
		return false;
	memcpy(out->holidays, stated.holidays, stated.holidays_count * sizeof out->holidays[0]);
	out->holidays_count = stated.holidays_count;
	workdays_settle(out);
	return true;
}

/* In order of index_kind(KIND_CALENDAR). */
static bool
read_calendars(struct cadence *cadence)
{
	uint32_t count;
	const uint32_t *slots = index_kind(cadence->ix, KIND_CALENDAR, &count);
	struct arena *arena = count > 0 ? arena_new(SCRATCH) : NULL;
	bool ok = count == 0 || arena != NULL;

	cadence->calendars = calloc((size_t)count + 1, sizeof cadence->calendars[0]);
	ok = ok && cadence->calendars != NULL;
	for (uint32_t i = 0; i < count && ok; i++) {
		ok = read_calendar(cadence->ix->items[slots[i]], arena, &cadence->calendars[i]);
		cadence->calendars_count += ok;
	}
	arena_free(arena);
	return ok;
}

/* That of the team of who calls the meeting; else the only one that the plan has; else Monday to Friday. */
static struct workdays
working_days(const struct cadence *cadence, uint32_t review)
{
	const struct index *ix = cadence->ix;
	uint32_t owner = index_target(ix, review, ROLE_OWNER);
	uint32_t team = owner == SLOT_NONE              ? SLOT_NONE
			: ix->kinds[owner] == KIND_TEAM ? owner
							: index_target(ix, owner, ROLE_TEAM);
	uint32_t calendar = team != SLOT_NONE ? index_target(ix, team, ROLE_CALENDAR) : SLOT_NONE;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_CALENDAR, &count);

	for (uint32_t i = 0; i < count; i++) {
		if (slots[i] == calendar || count == 1)
			return cadence->calendars[i];
	}
	return (struct workdays){.week = WORKDAYS_MONDAY_TO_FRIDAY};
}

static bool
is_working(const struct workdays *working, int32_t day)
{
	return workdays_count(working, day, day) > 0;
}

/* The first working day from there on in steps of +1 or -1; the day itself where there is none. */
static int32_t
shift(const struct workdays *working, int32_t day, int step)
{
	int32_t at = day;

	for (int i = 0; i < SHIFT_MOST; i++, at += step) {
		if (is_working(working, at))
			return at;
	}
	return day;
}

/* ---- quarters */

static int
by_first_day(const void *pa, const void *pb)
{
	const struct quarter *a = pa, *b = pb;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->period < b->period ? -1 : a->period > b->period;
}

static bool
read_quarters(struct cadence *cadence)
{
	uint32_t count;
	const uint32_t *slots = index_kind(cadence->ix, KIND_PERIOD, &count);

	cadence->quarters = calloc((size_t)count + 1, sizeof cadence->quarters[0]);
	for (uint32_t i = 0; i < count && cadence->quarters != NULL; i++) {
		const struct item *period = cadence->ix->items[slots[i]];
		int64_t days = (int64_t)period->finish - period->start + 1;

		if (period->start == DATE_NONE || period->finish == DATE_NONE ||
		    days < QUARTER_LEAST || days > QUARTER_MOST)
			continue;
		cadence->quarters[cadence->quarters_count++] =
		    (struct quarter){period->start, period->finish, slots[i]};
	}
	if (cadence->quarters_count > 1)
		qsort(cadence->quarters, cadence->quarters_count, sizeof cadence->quarters[0],
		    by_first_day);
	return cadence->quarters != NULL;
}

static struct quarter
civil_quarter(int32_t day)
{
	int year, month, of_month;

	date_to_civil(day, &year, &month, &of_month);
	month = (month - 1) / 3 * 3 + 1;
	return (struct quarter){date_from_civil(year, month, 1),
	    (month == 10 ? date_from_civil(year + 1, 1, 1) : date_from_civil(year, month + 3, 1)) -
		1,
	    SLOT_NONE};
}

struct quarter
cadence_quarter(const struct cadence *cadence, int32_t day)
{
	uint32_t low = 0, high = cadence->quarters_count;

	while (low < high) { /* the first that begins behind the day */
		uint32_t middle = low + (high - low) / 2;

		if (cadence->quarters[middle].first <= day)
			low = middle + 1;
		else
			high = middle;
	}
	if (low > 0 && cadence->quarters[low - 1].last >= day)
		return cadence->quarters[low - 1];
	return civil_quarter(day);
}

/* ---- meetings */

/* Those about each review, until today; of one day the one that was recorded last. */
static void
note_meetings(struct cadence *cadence, const uint32_t *number_of)
{
	const struct index *ix = cadence->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_MEETING, &count);

	for (uint32_t i = 0; i < count; i++) {
		const struct item *meeting = ix->items[slots[i]];
		uint32_t about = index_target(ix, slots[i], ROLE_ABOUT);
		struct meeting_plan *plan;

		if (about == SLOT_NONE || number_of[about] == 0 || meeting->start > ix->today)
			continue;
		plan = &cadence->plans[number_of[about] - 1];
		plan->held++;
		if (plan->last == SLOT_NONE ||
		    item_at_us(meeting) > item_at_us(ix->items[plan->last]) ||
		    (item_at_us(meeting) == item_at_us(ix->items[plan->last]) &&
			meeting->created_revision >= ix->items[plan->last]->created_revision)) {
			plan->last = slots[i];
			plan->last_day = meeting->start;
		}
	}
}

/* Once each quarter: by the end of the one behind that of the last; before the first one, of that in which it is to begin. */
static int32_t
next_quarter_end(const struct cadence *cadence, const struct meeting_plan *plan, int32_t from)
{
	struct quarter quarter = cadence_quarter(cadence, from);

	if (plan->last_day != DATE_NONE && plan->last_day >= quarter.first)
		quarter = cadence_quarter(cadence, quarter.last + 1);
	return quarter.last;
}

static int32_t
next_planned(const struct cadence *cadence, const struct meeting_plan *plan)
{
	const struct item *review = cadence->ix->items[plan->review];
	int32_t first = review->start;
	int32_t from = first != DATE_NONE ? first : zone_date(NULL, review->created_us);

	if (plan->quarterly)
		return next_quarter_end(cadence, plan,
		    plan->last_day != DATE_NONE && plan->last_day > from ? plan->last_day : from);
	/* A first day behind the last meeting begins it anew. */
	if (first != DATE_NONE && (plan->last_day == DATE_NONE || first > plan->last_day))
		return first;
	if (plan->every_days == 0)
		return DATE_NONE;
	return (plan->last_day != DATE_NONE ? plan->last_day : from) + plan->every_days;
}

static void
settle(struct cadence *cadence, struct meeting_plan *plan)
{
	const struct item *review = cadence->ix->items[plan->review];

	plan->working = working_days(cadence, plan->review);
	plan->every_days = review->every_days;
	plan->quarterly = review->extra == REVIEW_CUSTOMER_ROOM && review->every_days == 0;
	plan->planned = next_planned(cadence, plan);
	plan->due = cadence_day(plan, plan->planned);
}

int32_t
cadence_day(const struct meeting_plan *plan, int32_t planned)
{
	if (planned == DATE_NONE)
		return DATE_NONE;
	return shift(&plan->working, planned, plan->quarterly ? -1 : 1);
}

int32_t
cadence_next(const struct cadence *cadence, const struct meeting_plan *plan, int32_t after)
{
	int64_t day = plan->planned;

	if (plan->planned == DATE_NONE || plan->planned > after)
		return plan->planned;
	if (plan->quarterly)
		day = cadence_quarter(cadence, after + 1).last;
	else if (plan->every_days > 0)
		day += (((int64_t)after - day) / plan->every_days + 1) * plan->every_days;
	return day > after && day <= date_from_civil(9999, 12, 31) ? (int32_t)day : DATE_NONE;
}

bool
cadence_init(struct cadence *cadence, const struct index *ix, struct err *err)
{
	uint32_t *number_of = calloc((size_t)ix->slots + 1, sizeof number_of[0]);
	const uint32_t *slots;
	bool ok;

	*cadence = (struct cadence){.ix = ix};
	slots = index_kind(ix, KIND_REVIEW, &cadence->count);
	cadence->plans = calloc((size_t)cadence->count + 1, sizeof cadence->plans[0]);
	ok = number_of != NULL && cadence->plans != NULL && read_calendars(cadence) &&
	     read_quarters(cadence);
	for (uint32_t i = 0; i < cadence->count && ok; i++) {
		cadence->plans[i] = (struct meeting_plan){
		    .review = slots[i], .last = SLOT_NONE, .last_day = DATE_NONE};
		number_of[slots[i]] = i + 1;
	}
	if (ok)
		note_meetings(cadence, number_of);
	for (uint32_t i = 0; i < cadence->count && ok; i++)
		settle(cadence, &cadence->plans[i]);
	free(number_of);
	if (ok)
		return true;
	cadence_fini(cadence);
	return err_oom(err);
}

void
cadence_fini(struct cadence *cadence)
{
	for (uint32_t i = 0; i < cadence->calendars_count; i++)
		free(cadence->calendars[i].holidays);
	free(cadence->calendars);
	free(cadence->quarters);
	free(cadence->plans);
	*cadence = (struct cadence){0};
}

const struct meeting_plan *
cadence_of(const struct cadence *cadence, uint32_t review)
{
	for (uint32_t i = 0; i < cadence->count; i++) {
		if (cadence->plans[i].review == review)
			return &cadence->plans[i];
	}
	return NULL;
}

bool
cadence_is_here(const struct index *ix, uint32_t person, int32_t day)
{
	const struct item *item;

	if (person == SLOT_NONE || !index_is(ix, person, STANDING_LIVE) ||
	    ix->kinds[person] != KIND_PERSON)
		return false;
	item = ix->items[person];
	return (item->finish == DATE_NONE || item->finish >= day);
}
