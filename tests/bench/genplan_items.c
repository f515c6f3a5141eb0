/* What a made-up plan consists of; see genplan.h. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "tests/bench/genplan.h"

#define PERIODS 10u /* two years and their quarters */

static const char *const verbs[] = {"Shorten", "Renew", "Open", "Automate", "Measure", "Simplify",
    "Move", "Unite", "Explain", "Repair", "Extend", "Test", "Teach", "Document", "Retire",
    "Review"};
static const char *const things[] = {"onboarding", "the help centre", "renewals", "the price list",
    "partner support", "the data export", "incident calls", "the customer portal", "handovers",
    "reporting", "the mobile app", "invoicing", "the training", "health scores",
    "the release train", "search"};
static const char *const dimensions[] = {"Time to first value", "Renewal rate", "Open tickets",
    "Satisfaction", "Response time", "Adoption", "Churned revenue", "Errors per release"};
static const char *const units[] = {
    "days", "%", "tickets", "points", "hours", "%", "EUR", "errors"};
static const char *const first_names[] = {"Anna", "Ben", "Chiara", "David", "Elif", "Femi", "Grace",
    "Hugo", "Ines", "Jonas", "Kim", "Lena", "Marek", "Nadia", "Omar", "Pia"};
static const char *const last_names[] = {"Adler", "Baker", "Costa", "Dubois", "Eriksen", "Fischer",
    "Garcia", "Haddad", "Ivanova", "Jensen", "Kowalski", "Lopes", "Meyer", "Novak", "Okafor",
    "Peeters"};
static const char *const areas[] = {
    "Support", "Success", "Product", "Platform", "Sales", "Finance", "Data", "Operations"};

/* ---- chance: a number for each item and question, whatever was asked before -------------------------- */

static uint64_t
mix(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static uint64_t
dice(const struct genplan *plan, Plumb__V1__Kind kind, uint32_t index, unsigned question)
{
	uint64_t x = mix(plan->seed + UINT64_C(0x9e3779b97f4a7c15) * ((uint64_t)kind + 1));

	return mix(x ^ ((uint64_t)index << 16) ^ question);
}

static uint32_t
below(const struct genplan *plan, Plumb__V1__Kind kind, uint32_t index, unsigned question,
    uint32_t limit)
{
	return (uint32_t)(dice(plan, kind, index, question) % limit);
}

static bool
chance(const struct genplan *plan, Plumb__V1__Kind kind, uint32_t index, unsigned question,
    double share)
{
	return (double)(dice(plan, kind, index, question) >> 11) * 0x1p-53 < share;
}

/* Which of `kinds` faults the item has; kinds if none. */
static uint32_t
fault(const struct genplan *plan, Plumb__V1__Kind kind, uint32_t index, uint32_t kinds)
{
	return chance(plan, kind, index, 900, plan->faults) ? below(plan, kind, index, 901, kinds)
							    : kinds;
}

/* ---- pieces -------------------------------------------------------------------------------------------- */

static void *
make(struct genplan *plan, size_t size)
{
	void *p = arena_zalloc(plan->arena, size);

	if (p == NULL) {
		fprintf(stderr, "genplan: out of memory\n");
		exit(1);
	}
	return p;
}

static char *PRINTF_LIKE(2, 3) text(struct genplan *plan, const char *format, ...)
{
	va_list ap;
	char buf[256];
	char *p;

	va_start(ap, format);
	vsnprintf(buf, sizeof buf, format, ap);
	va_end(ap);
	p = arena_strdup(plan->arena, buf);
	if (p == NULL) {
		fprintf(stderr, "genplan: out of memory\n");
		exit(1);
	}
	return p;
}

static char *
date(struct genplan *plan, int32_t day)
{
	char buf[DATE_TEXT_LEN];

	return text(plan, "%s", date_format(day, buf));
}

/* A repeated string field with one more. */
static void
append(struct genplan *plan, char ***list, size_t *count, char *value)
{
	char **bigger = make(plan, (*count + 1) * sizeof *bigger);

	if (*count > 0)
		memcpy(bigger, *list, *count * sizeof *bigger);
	bigger[(*count)++] = value;
	*list = bigger;
}

static char *
id_of(struct genplan *plan, char letter, uint32_t index)
{
	return text(plan, "%c%" PRIu32, letter, index);
}

static int
first_year(const struct genplan *plan)
{
	int year, month, day;

	date_to_civil(plan->today, &year, &month, &day);
	return year - 1;
}

/* Quarter 0..7 of the two years: first day of it, and of the one behind it. */
static int32_t
quarter_start(const struct genplan *plan, uint32_t quarter)
{
	return date_from_civil(
	    first_year(plan) + (int)(quarter / 4), (int)(quarter % 4) * 3 + 1, 1);
}

static char *
quarter_id(struct genplan *plan, uint32_t quarter)
{
	return text(plan, "%d-q%" PRIu32, first_year(plan) + (int)(quarter / 4), quarter % 4 + 1);
}

static char *
some_person(struct genplan *plan, Plumb__V1__Kind kind, uint32_t index, unsigned question)
{
	return id_of(plan, 'p', below(plan, kind, index, question, plan->counts.people));
}

static char *
some_team(struct genplan *plan, Plumb__V1__Kind kind, uint32_t index, unsigned question)
{
	return id_of(plan, 't', below(plan, kind, index, question, plan->counts.teams));
}

static Plumb__V1__Item *
new_item(struct genplan *plan, char *id, char *title)
{
	Plumb__V1__Item *item = make(plan, sizeof *item);

	plumb__v1__item__init(item);
	item->id = id;
	item->title = title;
	return item;
}

/* One owner; by fault none, two, or a team. */
static void
set_owner(struct genplan *plan, Plumb__V1__Item *item, Plumb__V1__Kind kind, uint32_t index,
    uint32_t broken)
{
	if (broken == 0)
		return;
	if (broken == 2) {
		append(plan, &item->owners, &item->n_owners,
		    text(plan, "team/%s", some_team(plan, kind, index, 1)));
		return;
	}
	append(plan, &item->owners, &item->n_owners, some_person(plan, kind, index, 1));
	if (broken == 1)
		append(plan, &item->owners, &item->n_owners, some_person(plan, kind, index, 2));
}

static char *
work_title(struct genplan *plan, Plumb__V1__Kind kind, uint32_t index)
{
	return text(plan, "%s %s (%" PRIu32 ")", verbs[below(plan, kind, index, 10, 16)],
	    things[below(plan, kind, index, 11, 16)], index);
}

/* ---- the frame ----------------------------------------------------------------------------------------- */

static void
make_statements(struct genplan *plan)
{
	static const char *const values[] = {"Openness", "Care", "Courage", "Thrift"};
	Plumb__V1__Item *item = new_item(plan, text(plan, "vision"), text(plan, "Vision"));

	item->body_case = PLUMB__V1__ITEM__BODY_VISION;
	item->vision = make(plan, sizeof *item->vision);
	plumb__v1__vision__init(item->vision);
	item->vision->text = text(plan, "Every customer reaches what they came for.");
	plan->item(plan->arg, PLUMB__V1__KIND__VISION, item);
	item = new_item(plan, text(plan, "mission"), text(plan, "Mission"));
	item->body_case = PLUMB__V1__ITEM__BODY_MISSION;
	item->mission = make(plan, sizeof *item->mission);
	plumb__v1__mission__init(item->mission);
	item->mission->text = text(plan, "We make software that people want to keep.");
	plan->item(plan->arg, PLUMB__V1__KIND__MISSION, item);
	for (uint32_t i = 0; i < plan->counts.values; i++) {
		item = new_item(plan, id_of(plan, 'v', i), text(plan, "%s", values[i % 4]));
		item->body_case = PLUMB__V1__ITEM__BODY_VALUE;
		item->value = make(plan, sizeof *item->value);
		plumb__v1__value__init(item->value);
		plan->item(plan->arg, PLUMB__V1__KIND__VALUE, item);
	}
}

static void
make_calendar(struct genplan *plan)
{
	Plumb__V1__Item *item =
	    new_item(plan, text(plan, "office"), text(plan, "Monday to Friday"));
	Plumb__V1__Calendar *calendar = make(plan, sizeof *calendar);

	plumb__v1__calendar__init(calendar);
	calendar->working_days = make(plan, 5 * sizeof *calendar->working_days);
	for (calendar->n_working_days = 0; calendar->n_working_days < 5; calendar->n_working_days++)
		calendar->working_days[calendar->n_working_days] =
		    (int32_t)calendar->n_working_days + 1;
	append(plan, &calendar->holidays, &calendar->n_holidays,
	    date(plan, date_from_civil(first_year(plan) + 1, 1, 1)));
	item->body_case = PLUMB__V1__ITEM__BODY_CALENDAR;
	item->calendar = calendar;
	plan->item(plan->arg, PLUMB__V1__KIND__CALENDAR, item);
}

static void
make_period(struct genplan *plan, char *id, int32_t first, int32_t behind, char *parent)
{
	Plumb__V1__Item *item = new_item(plan, id, text(plan, "%s", id));

	item->body_case = PLUMB__V1__ITEM__BODY_PERIOD;
	item->period = make(plan, sizeof *item->period);
	plumb__v1__period__init(item->period);
	item->period->first_day = date(plan, first);
	item->period->last_day = date(plan, behind - 1);
	if (parent != NULL)
		item->period->parent = parent;
	plan->item(plan->arg, PLUMB__V1__KIND__PERIOD, item);
}

static void
make_periods(struct genplan *plan)
{
	for (uint32_t year = 0; year < 2; year++)
		make_period(plan, text(plan, "%d", first_year(plan) + (int)year),
		    quarter_start(plan, year * 4), quarter_start(plan, year * 4 + 4), NULL);
	for (uint32_t q = 0; q < 8; q++)
		make_period(plan, quarter_id(plan, q), quarter_start(plan, q),
		    quarter_start(plan, q + 1), text(plan, "%d", first_year(plan) + (int)(q / 4)));
}

/* ---- people -------------------------------------------------------------------------------------------- */

static void
make_team(struct genplan *plan, uint32_t i)
{
	Plumb__V1__Item *item = new_item(plan, id_of(plan, 't', i),
	    text(plan, "%s %" PRIu32, areas[below(plan, PLUMB__V1__KIND__TEAM, i, 10, 8)], i));

	item->body_case = PLUMB__V1__ITEM__BODY_TEAM;
	item->team = make(plan, sizeof *item->team);
	plumb__v1__team__init(item->team);
	item->team->calendar = text(plan, "office");
	item->team->lead =
	    id_of(plan, 'p', (uint32_t)((uint64_t)i * plan->counts.people / plan->counts.teams));
	if (i > 0)
		item->team->parent = id_of(plan, 't', (i - 1) / 6);
	plan->item(plan->arg, PLUMB__V1__KIND__TEAM, item);
}

static Plumb__V1__Person__Level
level_of(const struct genplan *plan, uint32_t i)
{
	if (i < 1 + plan->counts.people / 500)
		return PLUMB__V1__PERSON__LEVEL__EXECUTIVE;
	if (i < 2 + plan->counts.people / 60)
		return PLUMB__V1__PERSON__LEVEL__DIRECTOR;
	return i < 3 + plan->counts.people / 8 ? PLUMB__V1__PERSON__LEVEL__MANAGER
					       : PLUMB__V1__PERSON__LEVEL__INDIVIDUAL;
}

static void
make_person(struct genplan *plan, uint32_t i)
{
	Plumb__V1__Item *item = new_item(plan, id_of(plan, 'p', i),
	    text(plan, "%s %s %" PRIu32,
		first_names[below(plan, PLUMB__V1__KIND__PERSON, i, 10, 16)],
		last_names[below(plan, PLUMB__V1__KIND__PERSON, i, 11, 16)], i));
	Plumb__V1__Person *person = make(plan, sizeof *person);

	plumb__v1__person__init(person);
	person->level = level_of(plan, i);
	if (i > 0)
		person->manager =
		    id_of(plan, 'p', (i - 1) / 8); /* eight report to each: few levels */
	person->team =
	    id_of(plan, 't', (uint32_t)((uint64_t)i * plan->counts.teams / plan->counts.people));
	person->capacity__case = PLUMB__V1__PERSON__CAPACITY__CAPACITY;
	person->capacity = below(plan, PLUMB__V1__KIND__PERSON, i, 3, 5) == 0 ? 300 : 500;
	if (fault(plan, PLUMB__V1__KIND__PERSON, i, 10) ==
	    0) /* gone, and may still own something */
		person->last_day = date(plan, plan->today - 30);
	item->body_case = PLUMB__V1__ITEM__BODY_PERSON;
	item->person = person;
	plan->item(plan->arg, PLUMB__V1__KIND__PERSON, item);
}

/* ---- ends ---------------------------------------------------------------------------------------------- */

static void
make_goal(struct genplan *plan, uint32_t i)
{
	Plumb__V1__Item *item =
	    new_item(plan, id_of(plan, 'g', i), work_title(plan, PLUMB__V1__KIND__GOAL, i));

	set_owner(plan, item, PLUMB__V1__KIND__GOAL, i, fault(plan, PLUMB__V1__KIND__GOAL, i, 3));
	item->body_case = PLUMB__V1__ITEM__BODY_GOAL;
	item->goal = make(plan, sizeof *item->goal);
	plumb__v1__goal__init(item->goal);
	item->goal->weight__case = PLUMB__V1__GOAL__WEIGHT__WEIGHT;
	item->goal->weight = 1.0 / plan->counts.goals;
	plan->item(plan->arg, PLUMB__V1__KIND__GOAL, item);
}

static void
make_strategy(struct genplan *plan, uint32_t i)
{
	Plumb__V1__Item *item =
	    new_item(plan, id_of(plan, 's', i), work_title(plan, PLUMB__V1__KIND__STRATEGY, i));

	set_owner(
	    plan, item, PLUMB__V1__KIND__STRATEGY, i, fault(plan, PLUMB__V1__KIND__STRATEGY, i, 3));
	item->body_case = PLUMB__V1__ITEM__BODY_STRATEGY;
	item->strategy = make(plan, sizeof *item->strategy);
	plumb__v1__strategy__init(item->strategy);
	append(plan, &item->strategy->goals, &item->strategy->n_goals,
	    id_of(plan, 'g', i % plan->counts.goals));
	item->strategy->first_day = date(plan, quarter_start(plan, 0));
	item->strategy->last_day = date(plan, quarter_start(plan, 8) - 1);
	plan->item(plan->arg, PLUMB__V1__KIND__STRATEGY, item);
}

/* Where measure i stands at the start, and where it shall go; half of them shall fall. */
static double
start_of(const struct genplan *plan, uint32_t i)
{
	return 20 + below(plan, PLUMB__V1__KIND__MEASURE, i, 20, 80);
}

static bool
falls(const struct genplan *plan, uint32_t i)
{
	return below(plan, PLUMB__V1__KIND__MEASURE, i, 21, 2) == 0;
}

static double
aim_of(const struct genplan *plan, uint32_t i)
{
	return falls(plan, i) ? start_of(plan, i) / 2 : start_of(plan, i) * 1.5;
}

static Plumb__V1__Target *
make_target(struct genplan *plan, uint32_t measure, uint32_t broken)
{
	Plumb__V1__Target *target = make(plan, sizeof *target);

	plumb__v1__target__init(target);
	target->measure = id_of(plan, 'm', measure);
	target->target__case = PLUMB__V1__TARGET__TARGET__TARGET;
	target->target = aim_of(plan, measure);
	if (broken != 5 && fault(plan, PLUMB__V1__KIND__MEASURE, measure, 3) != 1) {
		target->baseline__case = PLUMB__V1__TARGET__BASELINE__BASELINE;
		target->baseline = start_of(plan, measure);
	}
	return target;
}

/* The first tenth hangs on goals, the others each on one before them: five below each. */
static uint32_t
top_objectives(const struct genplan *plan)
{
	return plan->counts.objectives / 10 + 1;
}

static uint32_t
goal_of(const struct genplan *plan, uint32_t objective)
{
	while (objective >= top_objectives(plan))
		objective = (objective - top_objectives(plan)) / 5;
	return objective % plan->counts.goals;
}

static void
make_objective(struct genplan *plan, uint32_t i)
{
	Plumb__V1__Item *item =
	    new_item(plan, id_of(plan, 'o', i), work_title(plan, PLUMB__V1__KIND__OBJECTIVE, i));
	Plumb__V1__Objective *objective = make(plan, sizeof *objective);
	uint32_t broken = fault(plan, PLUMB__V1__KIND__OBJECTIVE, i, 7);
	uint32_t most = plan->counts.measures / plan->counts.objectives + 1;

	plumb__v1__objective__init(objective);
	set_owner(plan, item, PLUMB__V1__KIND__OBJECTIVE, i, broken);
	objective->goal = broken == 6 ? text(plan, "gone") : id_of(plan, 'g', goal_of(plan, i));
	if (i >= top_objectives(plan))
		objective->parent = id_of(plan, 'o', (i - top_objectives(plan)) / 5);
	objective->team = some_team(plan, PLUMB__V1__KIND__OBJECTIVE, i, 3);
	if (broken != 4)
		append(plan, &objective->periods, &objective->n_periods,
		    quarter_id(plan, 2 + below(plan, PLUMB__V1__KIND__OBJECTIVE, i, 4, 6)));
	objective->targets = make(plan, most * sizeof(Plumb__V1__Target *));
	for (uint32_t m = i; m < plan->counts.measures && broken != 3; m += plan->counts.objectives)
		objective->targets[objective->n_targets++] = make_target(plan, m, broken);
	item->body_case = PLUMB__V1__ITEM__BODY_OBJECTIVE;
	item->objective = objective;
	plan->item(plan->arg, PLUMB__V1__KIND__OBJECTIVE, item);
}

static void
make_measure(struct genplan *plan, uint32_t i)
{
	uint32_t which = below(plan, PLUMB__V1__KIND__MEASURE, i, 10, 8);
	Plumb__V1__Item *item =
	    new_item(plan, id_of(plan, 'm', i), text(plan, "%s %" PRIu32, dimensions[which], i));
	Plumb__V1__Measure *measure = make(plan, sizeof *measure);

	plumb__v1__measure__init(measure);
	set_owner(plan, item, PLUMB__V1__KIND__MEASURE, i, 9);
	measure->dimension = text(plan, "%s", dimensions[which]);
	measure->unit = text(plan, "%s", units[which]);
	if (fault(plan, PLUMB__V1__KIND__MEASURE, i, 3) != 0)
		measure->direction = falls(plan, i) ? PLUMB__V1__MEASURE__DIRECTION__DOWN
						    : PLUMB__V1__MEASURE__DIRECTION__UP;
	measure->timing = PLUMB__V1__MEASURE__TIMING__LAGGING;
	measure->every_days__case = PLUMB__V1__MEASURE__EVERY_DAYS__EVERY_DAYS;
	measure->every_days = 91;
	item->body_case = PLUMB__V1__ITEM__BODY_MEASURE;
	item->measure = measure;
	plan->item(plan->arg, PLUMB__V1__KIND__MEASURE, item);
}

/* ---- means --------------------------------------------------------------------------------------------- */

static char *
some_objective(struct genplan *plan, Plumb__V1__Kind kind, uint32_t i)
{
	return id_of(plan, 'o', below(plan, kind, i, 5, plan->counts.objectives));
}

static Plumb__V1__Estimate *
make_estimate(struct genplan *plan, Plumb__V1__Kind kind, uint32_t i, int64_t least)
{
	Plumb__V1__Estimate *estimate = make(plan, sizeof *estimate);
	int64_t likely = least + below(plan, kind, i, 30, 100) * least / 20;

	plumb__v1__estimate__init(estimate);
	estimate->optimistic__case = PLUMB__V1__ESTIMATE__OPTIMISTIC__OPTIMISTIC;
	estimate->optimistic = likely * 3 / 4;
	estimate->likely__case = PLUMB__V1__ESTIMATE__LIKELY__LIKELY;
	estimate->likely = likely;
	estimate->pessimistic__case = PLUMB__V1__ESTIMATE__PESSIMISTIC__PESSIMISTIC;
	estimate->pessimistic = likely * 2;
	return estimate;
}

/* Quarters past are done, the one that runs is active. */
static Plumb__V1__WorkStatus
status_in(const struct genplan *plan, uint32_t quarter)
{
	if (quarter_start(plan, quarter + 1) <= plan->today)
		return PLUMB__V1__WORK_STATUS__DONE;
	return quarter_start(plan, quarter) <= plan->today ? PLUMB__V1__WORK_STATUS__ACTIVE
							   : PLUMB__V1__WORK_STATUS__PROPOSED;
}

static uint32_t
quarter_of_initiative(const struct genplan *plan, uint32_t i)
{
	return 2 + below(plan, PLUMB__V1__KIND__INITIATIVE, i, 6, 6);
}

static void
make_initiative(struct genplan *plan, uint32_t i)
{
	const Plumb__V1__Kind kind = PLUMB__V1__KIND__INITIATIVE;
	Plumb__V1__Item *item = new_item(plan, id_of(plan, 'i', i), work_title(plan, kind, i));
	Plumb__V1__Initiative *body = make(plan, sizeof *body);
	Plumb__V1__Need *need = make(plan, sizeof *need);
	uint32_t broken = fault(plan, kind, i, 7);
	uint32_t quarter = quarter_of_initiative(plan, i);

	plumb__v1__initiative__init(body);
	set_owner(plan, item, kind, i, broken);
	item->description =
	    text(plan, "We %s it, so that customers wait less and colleagues see why.",
		verbs[below(plan, kind, i, 12, 16)]);
	if (broken != 3) /* 3: serves nothing */
		body->objective = broken == 4 ? text(plan, "gone") : some_objective(plan, kind, i);
	append(plan, &body->periods, &body->n_periods, quarter_id(plan, quarter));
	for (unsigned k = 0; k < 2 + below(plan, kind, i, 7, 3); k++)
		append(plan, &body->members, &body->n_members, some_person(plan, kind, i, 40 + k));
	plumb__v1__need__init(need);
	need->who = some_team(plan, kind, i, 8);
	need->effort__case = PLUMB__V1__NEED__EFFORT__EFFORT;
	need->effort = 1000 + below(plan, kind, i, 9, 5000);
	body->needs = make(plan, sizeof(Plumb__V1__Need *));
	body->needs[body->n_needs++] = need;
	if (i > 0 && below(plan, kind, i, 13, 5) == 0)
		append(plan, &body->after, &body->n_after,
		    id_of(plan, 'i', below(plan, kind, i, 14, i)));
	body->estimate = make_estimate(plan, kind, i, 4000);
	body->status = status_in(plan, quarter);
	body->outcome_intended = text(plan, "Fewer questions, sooner answers.");
	item->body_case = PLUMB__V1__ITEM__BODY_INITIATIVE;
	item->initiative = body;
	plan->item(plan->arg, kind, item);
}

static void
make_places(struct genplan *plan)
{
	const Plumb__V1__Kind kind = PLUMB__V1__KIND__INITIATIVE;
	const char *before = NULL;

	for (uint32_t i = 0; i < plan->counts.initiatives && i < GENPLAN_RANKED; i++) {
		uint32_t broken = fault(plan, kind, i, 7);
		const char *id = id_of(plan, 'i', i);

		if (broken == 5) /* nobody decided */
			continue;
		plan->place(plan->arg, id, broken == 6 ? before : NULL);
		before = id_of(plan, 'i', i); /* the sink may have reset the arena */
	}
}

static void
make_workstream(struct genplan *plan, uint32_t i)
{
	const Plumb__V1__Kind kind = PLUMB__V1__KIND__WORKSTREAM;
	Plumb__V1__Item *item = new_item(plan, id_of(plan, 'w', i), work_title(plan, kind, i));
	uint32_t initiative = i % plan->counts.initiatives;

	set_owner(plan, item, kind, i, fault(plan, kind, i, 3));
	item->body_case = PLUMB__V1__ITEM__BODY_WORKSTREAM;
	item->workstream = make(plan, sizeof *item->workstream);
	plumb__v1__workstream__init(item->workstream);
	item->workstream->initiative = id_of(plan, 'i', initiative);
	item->workstream->estimate = make_estimate(plan, kind, i, 1500);
	item->workstream->status = status_in(plan, quarter_of_initiative(plan, initiative));
	append(plan, &item->workstream->members, &item->workstream->n_members,
	    some_person(plan, kind, i, 40));
	plan->item(plan->arg, kind, item);
}

/* A day in the quarter of the initiative. */
static int32_t
day_in(const struct genplan *plan, Plumb__V1__Kind kind, uint32_t i, uint32_t initiative)
{
	return quarter_start(plan, quarter_of_initiative(plan, initiative)) +
	       (int32_t)below(plan, kind, i, 6, 90);
}

static void
make_milestone(struct genplan *plan, uint32_t i)
{
	const Plumb__V1__Kind kind = PLUMB__V1__KIND__MILESTONE;
	Plumb__V1__Item *item = new_item(plan, id_of(plan, 'd', i), work_title(plan, kind, i));
	uint32_t initiative = i % plan->counts.initiatives;
	int32_t due = day_in(plan, kind, i, initiative);

	set_owner(plan, item, kind, i, 9);
	item->body_case = PLUMB__V1__ITEM__BODY_MILESTONE;
	item->milestone = make(plan, sizeof *item->milestone);
	plumb__v1__milestone__init(item->milestone);
	item->milestone->initiative = id_of(plan, 'i', initiative);
	item->milestone->due = date(plan, due);
	if (due < plan->today && fault(plan, kind, i, 1) != 0)
		item->milestone->done = date(plan, due);
	plan->item(plan->arg, kind, item);
}

static void
make_task(struct genplan *plan, uint32_t i)
{
	const Plumb__V1__Kind kind = PLUMB__V1__KIND__TASK;
	Plumb__V1__Item *item = new_item(plan, id_of(plan, 'k', i), work_title(plan, kind, i));
	Plumb__V1__Task *task = make(plan, sizeof *task);
	uint32_t broken = fault(plan, kind, i, 3);
	uint32_t workstream = below(plan, kind, i, 5, plan->counts.workstreams);
	int32_t due = day_in(plan, kind, i, workstream % plan->counts.initiatives);

	plumb__v1__task__init(task);
	set_owner(plan, item, kind, i, broken == 0 ? 0 : 9);
	if (broken == 1)
		task->initiative = text(plan, "workstream/gone");
	else if (below(plan, kind, i, 7, 5) == 0)
		task->initiative = id_of(plan, 'i', workstream % plan->counts.initiatives);
	else
		task->initiative = text(plan, "workstream/w%" PRIu32, workstream);
	task->due = date(plan, due);
	if (due < plan->today && broken != 2)
		task->done = date(plan, due - (int32_t)below(plan, kind, i, 8, 5));
	task->effort__case = PLUMB__V1__TASK__EFFORT__EFFORT;
	task->effort = 50 + 50 * below(plan, kind, i, 9, 12);
	item->body_case = PLUMB__V1__ITEM__BODY_TASK;
	item->task = task;
	plan->item(plan->arg, kind, item);
}

/* ---- between people and work -------------------------------------------------------------------------- */

static void
make_allocation(struct genplan *plan, uint32_t i)
{
	const Plumb__V1__Kind kind = PLUMB__V1__KIND__ALLOCATION;
	Plumb__V1__Item *item =
	    new_item(plan, id_of(plan, 'a', i), text(plan, "Allocation %" PRIu32, i));
	uint32_t initiative = below(plan, kind, i, 5, plan->counts.initiatives);

	item->body_case = PLUMB__V1__ITEM__BODY_ALLOCATION;
	item->allocation = make(plan, sizeof *item->allocation);
	plumb__v1__allocation__init(item->allocation);
	item->allocation->who = some_person(plan, kind, i, 1);
	item->allocation->initiative = id_of(plan, 'i', initiative);
	item->allocation->share__case = PLUMB__V1__ALLOCATION__SHARE__SHARE;
	item->allocation->share = (1 + below(plan, kind, i, 2, 5)) / 10.0;
	item->allocation->period = quarter_id(plan, quarter_of_initiative(plan, initiative));
	plan->item(plan->arg, kind, item);
}

static void
make_ask(struct genplan *plan, uint32_t i)
{
	const Plumb__V1__Kind kind = PLUMB__V1__KIND__ASK;
	Plumb__V1__Item *item = new_item(plan, id_of(plan, 'q', i), work_title(plan, kind, i));
	uint32_t initiative = below(plan, kind, i, 5, plan->counts.initiatives);
	uint32_t from = below(plan, kind, i, 1, plan->counts.teams);
	uint32_t state = below(plan, kind, i, 2, 10);
	int32_t needed = day_in(plan, kind, i, initiative);
	Plumb__V1__Ask *ask = make(plan, sizeof *ask);

	plumb__v1__ask__init(ask);
	ask->from = id_of(plan, 't', from);
	ask->to = id_of(plan, 't',
	    (from + 1 + below(plan, kind, i, 3, plan->counts.teams - 1)) % plan->counts.teams);
	ask->initiative = id_of(plan, 'i', initiative);
	ask->what = text(plan, "Two people for a week");
	ask->needed_by = date(plan, needed);
	if (needed < plan->today)
		ask->state = state < 8 ? PLUMB__V1__ASK__STATE__MET : PLUMB__V1__ASK__STATE__MISSED;
	else if (state < 6)
		ask->state = PLUMB__V1__ASK__STATE__COMMITTED;
	else if (state < 7)
		ask->state = PLUMB__V1__ASK__STATE__DECLINED;
	if (ask->state == PLUMB__V1__ASK__STATE__COMMITTED) {
		ask->promised_for = date(plan, needed);
		ask->answered = date(plan, plan->today - 20);
	}
	item->body_case = PLUMB__V1__ITEM__BODY_ASK;
	item->ask = ask;
	plan->item(plan->arg, kind, item);
}

/* ---- records ------------------------------------------------------------------------------------------- */

static Plumb__V1__Record *
new_record(struct genplan *plan, char *id, char *about, int32_t day)
{
	Plumb__V1__Record *record = make(plan, sizeof *record);

	plumb__v1__record__init(record);
	record->id = id;
	record->about = about;
	record->at = date(plan, day);
	return record;
}

/* Where it began, and a value for each quarter that has ended: on the way to the aim, more or less. */
static void
make_measurements(struct genplan *plan, uint32_t measure)
{
	const Plumb__V1__Kind kind = PLUMB__V1__KIND__MEASUREMENT;
	double start = start_of(plan, measure), way = aim_of(plan, measure) - start;

	uint32_t broken = fault(plan, PLUMB__V1__KIND__MEASURE, measure, 3);
	int32_t until = broken == 2 ? plan->today - 200 : plan->today; /* nobody looks any more */

	if (broken == 1) /* nobody ever did */
		return;
	for (uint32_t q = 0; q < 8 && quarter_start(plan, q) < until; q++) {
		Plumb__V1__Record *record =
		    new_record(plan, text(plan, "m%" PRIu32 "-%" PRIu32, measure, q),
			id_of(plan, 'm', measure), quarter_start(plan, q));

		record->by = some_person(plan, kind, measure, 50);
		record->body_case = PLUMB__V1__RECORD__BODY_MEASUREMENT;
		record->measurement = make(plan, sizeof *record->measurement);
		plumb__v1__measurement__init(record->measurement);
		if (q == 0)
			record->measurement->role = PLUMB__V1__MEASUREMENT__ROLE__BASELINE_VALUE;
		record->measurement->value =
		    q == 0 ? start : start + way * (q + below(plan, kind, measure, q, 3)) / 10.0;
		plan->record(plan->arg, kind, record);
	}
}

static void
make_check_in(struct genplan *plan, char letter, const char *about, uint32_t i, unsigned nth)
{
	const Plumb__V1__Kind kind = PLUMB__V1__KIND__CHECK_IN;
	static const char *const notes[] = {"As planned.",
	    "Waiting for an answer from the other team.",
	    "Slower than we thought; the first part is out.",
	    "Two customers have tried it and like it."};
	Plumb__V1__Record *record = new_record(plan, text(plan, "%c%" PRIu32 "-%u", letter, i, nth),
	    text(plan, "%s/%c%" PRIu32, about, letter, i), plan->today - 7 - 14 * (int32_t)nth);
	Plumb__V1__CheckIn *body = make(plan, sizeof *body);

	plumb__v1__check_in__init(body);
	record->by = some_person(plan, kind, i, 1);
	record->note = text(plan, "%s", notes[below(plan, kind, i, nth + 2, 4)]);
	body->status = 1 + (Plumb__V1__CheckIn__Status)(below(plan, kind, i, nth + 5, 10) / 5);
	body->progress__case = PLUMB__V1__CHECK_IN__PROGRESS__PROGRESS;
	body->progress = below(plan, kind, i, nth + 8, 20) / 20.0;
	body->confidence__case = PLUMB__V1__CHECK_IN__CONFIDENCE__CONFIDENCE;
	body->confidence = 0.5 + below(plan, kind, i, nth + 11, 10) / 20.0;
	record->body_case = PLUMB__V1__RECORD__BODY_CHECK_IN;
	record->check_in = body;
	plan->record(plan->arg, kind, record);
}

static void
make_acknowledgement(struct genplan *plan, uint32_t i)
{
	const Plumb__V1__Kind kind = PLUMB__V1__KIND__ACKNOWLEDGEMENT;
	Plumb__V1__Record *record = new_record(plan, text(plan, "i%" PRIu32, i),
	    text(plan, "check-in/i%" PRIu32 "-1", i), plan->today - 5);

	record->by = some_person(plan, kind, i, 1);
	record->body_case = PLUMB__V1__RECORD__BODY_ACKNOWLEDGEMENT;
	record->acknowledgement = make(plan, sizeof *record->acknowledgement);
	plumb__v1__acknowledgement__init(record->acknowledgement);
	plan->record(plan->arg, kind, record);
}

static void
make_records(struct genplan *plan)
{
	for (uint32_t i = 0; i < plan->counts.measures; i++)
		make_measurements(plan, i);
	for (uint32_t i = 0; i < plan->counts.initiatives; i++) {
		make_check_in(plan, 'i', "initiative", i, 1);
		make_check_in(plan, 'i', "initiative", i, 0);
		if (i % 2 == 0)
			make_acknowledgement(plan, i);
	}
	for (uint32_t i = 0; i < plan->counts.workstreams; i++)
		make_check_in(plan, 'w', "workstream", i, 0);
}

/* ---- all of it ------------------------------------------------------------------------------------------ */

static uint32_t
share(uint32_t items, uint32_t per_mille, uint32_t least)
{
	uint64_t count = (uint64_t)items * per_mille / 1000;

	return count < least ? least : (uint32_t)count;
}

bool
genplan_count(struct genplan *plan)
{
	struct genplan_counts *c = &plan->counts;
	uint32_t others;

	if (plan->items < GENPLAN_ITEMS_MIN)
		return false;
	*c = (struct genplan_counts){.values = 4, .periods = PERIODS};
	c->goals = plan->items / 20000 < 3    ? 3
		   : plan->items / 20000 > 12 ? 12
					      : plan->items / 20000;
	c->strategies = c->goals / 2 + 1;
	c->teams = share(plan->items, 6, 3);
	c->people = share(plan->items, 50, 10);
	c->objectives = share(plan->items, 15, 5);
	c->measures = c->objectives + c->objectives / 3;
	c->initiatives = share(plan->items, 25, 5);
	c->workstreams = share(plan->items, 50, 8);
	c->milestones = share(plan->items, 50, 5);
	c->allocations = share(plan->items, 30, 5);
	c->asks = share(plan->items, 15, 3);
	others = 3 + c->values + c->periods + c->goals + c->strategies + c->teams + c->people +
		 c->objectives + c->measures + c->initiatives + c->workstreams + c->milestones +
		 c->allocations + c->asks;
	if (others >= plan->items)
		return false;
	c->tasks = plan->items - others; /* the bulk, nearly three quarters */
	return true;
}

void
genplan_run(struct genplan *plan)
{
	const struct {
		uint32_t count;
		void (*make)(struct genplan *plan, uint32_t index);
	} people[] = {{plan->counts.teams, make_team}, {plan->counts.people, make_person},
	    {plan->counts.goals, make_goal}, {plan->counts.strategies, make_strategy},
	    {plan->counts.objectives, make_objective}, {plan->counts.measures, make_measure},
	    {plan->counts.initiatives, make_initiative}},
	  work[] = {{plan->counts.workstreams, make_workstream},
	      {plan->counts.milestones, make_milestone}, {plan->counts.tasks, make_task},
	      {plan->counts.allocations, make_allocation}, {plan->counts.asks, make_ask}};

	make_statements(plan);
	make_calendar(plan);
	make_periods(plan);
	for (size_t k = 0; k < sizeof people / sizeof *people; k++)
		for (uint32_t i = 0; i < people[k].count; i++)
			people[k].make(plan, i);
	make_places(plan);
	for (size_t k = 0; k < sizeof work / sizeof *work; k++)
		for (uint32_t i = 0; i < work[k].count; i++)
			work[k].make(plan, i);
	if (plan->records)
		make_records(plan);
}
