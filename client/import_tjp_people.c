/* TaskJuggler's resources as people and teams, and what work asks of them. */
#include <math.h>
#include <string.h>

#include "client/import_tjp_internal.h"
#include "common/pb.h"

#define NOTE_MAX 500u

/* ---- who can do what ---------------------------------------------------------------------------------------------- */

static void
add_skill(struct tjp *tj, struct tjp_resource *person, const char *name)
{
	struct tjp_skill *skill;

	for (skill = person->skills; skill != NULL; skill = skill->next)
		if (strcmp(skill->name, name) == 0)
			return;
	skill = tjp_new(tj, sizeof *skill);
	if (skill == NULL)
		return;
	skill->name = name;
	skill->next = person->skills;
	person->skills = skill;
}

static bool
is_in(const struct tjp_resource *one, const struct tjp_resource *group)
{
	while (one != NULL && one != group)
		one = one->parent;
	return one != NULL;
}

static void
give_skill(struct tjp *tj, struct tjp_resource *whom, const char *name)
{
	if (!whom->is_group) {
		add_skill(tj, whom, name);
		return;
	}
	for (struct tjp_resource *one = whom->next; one != NULL; one = one->next)
		if (!one->is_group && is_in(one, whom))
			add_skill(tj, one, name);
}

static const char *
names_of(
    struct tjp *tj, const char *first, const struct tjp_allocation *others, const char *between)
{
	struct str name;
	const char *done;

	str_init(&name, 4096);
	str_add(&name, first);
	for (; others != NULL; others = others->next)
		if (name.len < 400)
			str_addf(&name, "%s%.60s", between, others->who);
	done = tjp_fmt(tj, "%.480s", name.data);
	str_fini(&name);
	return done;
}

/* "anna or ben": whoever may do it instead. */
static const char *
skill_of(struct tjp *tj, const struct tjp_allocation *one)
{
	return names_of(tj, one->who, one->alternatives, " or ");
}

/* "anna and ben": whoever works on it, each as much as they can. */
static const char *
joint_skill_of(struct tjp *tj, const struct tjp_task *task)
{
	return names_of(tj, task->allocations->who, task->allocations->next, " and ");
}

static bool
is_pool(const struct tjp_allocation *one)
{
	return one->alternatives != NULL || one->resource->has_groups;
}

static bool
is_joint(const struct tjp_task *task)
{
	for (const struct tjp_allocation *one = task->allocations; one != NULL; one = one->next)
		if (one->alternatives != NULL || one->daily_max > 0)
			return false;
	return task->allocations_count > 1;
}

static void
give_skills_for(struct tjp *tj, const struct tjp_task *task)
{
	bool joint = is_joint(task);

	for (const struct tjp_allocation *one = task->allocations; one != NULL; one = one->next) {
		if (joint) {
			give_skill(tj, one->resource, joint_skill_of(tj, task));
			continue;
		}
		if (!is_pool(one))
			continue;
		give_skill(tj, one->resource, skill_of(tj, one));
		for (const struct tjp_allocation *other = one->alternatives; other != NULL;
		     other = other->next)
			give_skill(tj, other->resource, skill_of(tj, one));
	}
}

/* Whoever is one of those who do it together, or of whom one will do, gets their names as a skill. */
static bool
give_skills(struct tjp *tj)
{
	for (const struct tjp_task *task = tj->tasks; task != NULL && !tj->failed;
	     task = task->next)
		if (task->children == NULL)
			give_skills_for(tj, task);
	return !tj->failed;
}

/* ---- people and teams -------------------------------------------------------------------------------------------- */

static bool
add_absences(struct tjp *tj, const struct tjp_resource *one, Plumb__V1__Person *person)
{
	const struct tjp_leave *leave;
	size_t count = 0;

	for (leave = one->leaves; leave != NULL; leave = leave->next)
		count++;
	if (count > TJP_LIST_MAX)
		return tjp_refuse(
		    tj, ERR_LIMIT, one->at, "more than %u leaves of one", TJP_LIST_MAX);
	person->absences = tjp_new(tj, (count + 1) * sizeof *person->absences);
	for (leave = one->leaves; leave != NULL && !tj->failed; leave = leave->next) {
		Plumb__V1__Absence *absence = tjp_new(tj, sizeof *absence);
		char first[DATE_TEXT_LEN], last[DATE_TEXT_LEN];

		if (absence == NULL)
			return false;
		plumb__v1__absence__init(absence);
		absence->first_day = pb_str(tjp_fmt(tj, "%s", date_format(leave->first, first)));
		absence->last_day = pb_str(tjp_fmt(tj, "%s", date_format(leave->last, last)));
		absence->note = pb_str(tjp_fmt(tj, "%.*s", (int)NOTE_MAX, leave->note));
		person->absences[person->n_absences++] = absence;
	}
	return !tj->failed;
}

static void
add_capacity(struct tjp *tj, const struct tjp_resource *one, Plumb__V1__Person *person)
{
	int64_t weekly = llround(one->weekly * 100);
	bool same = memcmp(one->minutes, tj->minutes, sizeof one->minutes) == 0;

	if (!same)
		tjp_note(tj, TJP_READ_AS, one->at,
		    "somebody's own working hours: as much a week, spread over the team's days");
	if (one->weekly >= 7)
		tjp_note(tj, TJP_READ_AS, one->at, "more than seven days of work a week: seven");
	if (weekly == 100 * tjp_week(tj))
		return;
	person->capacity = weekly;
	person->capacity__case = PLUMB__V1__PERSON__CAPACITY__CAPACITY;
}

static bool
build_person(struct tjp *tj, struct tjp_resource *one, const char *own_team)
{
	Plumb__V1__Item *item = tjp_item(tj, PLUMB__V1__KIND__PERSON, one->slug, one->name,
	    tjp_fmt(tj, "tjp:resource:%s", one->id), one->at);

	if (item == NULL)
		return false;
	item->person->team = pb_str(one->parent != NULL ? one->parent->slug : own_team);
	item->person->email = pb_str(tjp_fmt(tj, "%.254s", one->email));
	add_capacity(tj, one, item->person);
	for (const struct tjp_skill *skill = one->skills; skill != NULL; skill = skill->next)
		if (item->person->n_skills < TJP_LIST_MAX)
			tjp_add_string(
			    tj, &item->person->skills, &item->person->n_skills, skill->name);
	tj->report->people++;
	return add_absences(tj, one, item->person);
}

static bool
build_team(struct tjp *tj, const char *slug, const char *name, const char *parent,
    const char *calendar, const char *external, struct tjp_place at)
{
	Plumb__V1__Item *item = tjp_item(tj, PLUMB__V1__KIND__TEAM, slug, name, external, at);

	if (item == NULL)
		return false;
	item->team->parent = pb_str(parent);
	item->team->calendar = pb_str(calendar);
	tj->report->teams++;
	return !tj->failed;
}

/* Those that others put there under the same id and name are meant. */
static bool
is_there(struct tjp *tj, const struct tjp_resource *one)
{
	const struct import_known *known = refmap_get(tj->taken,
	    tjp_ref(tj, one->is_group ? PLUMB__V1__KIND__TEAM : PLUMB__V1__KIND__PERSON, one->id));

	return known != NULL && strcmp(known->source, tj->options->source) != 0 &&
	       strcmp(known->title, one->name) == 0;
}

static void
name_people(struct tjp *tj)
{
	for (struct tjp_resource *one = tj->resources; one != NULL; one = one->next) {
		Plumb__V1__Kind kind =
		    one->is_group ? PLUMB__V1__KIND__TEAM : PLUMB__V1__KIND__PERSON;

		one->is_there = is_there(tj, one);
		if (one->is_there)
			tjp_note(tj, TJP_READ_AS, one->at,
			    "people and teams that are there already: only referred to");
		one->slug = one->is_there ? one->id
					  : tjp_slug(tj, kind, one->id,
						tjp_fmt(tj, "tjp:resource:%s", one->id), one->at);
		one->ref = tjp_ref(tj, kind, one->slug);
	}
}

static bool
build_calendar(struct tjp *tj, const char *slug, const char *external)
{
	Plumb__V1__Item *item =
	    tjp_item(tj, PLUMB__V1__KIND__CALENDAR, slug, tj->name, external, tj->at);
	Plumb__V1__Calendar *calendar;
	char day[DATE_TEXT_LEN];

	if (item == NULL)
		return false;
	calendar = item->calendar;
	calendar->working_days = tjp_new(tj, 7 * sizeof *calendar->working_days);
	if (calendar->working_days == NULL)
		return false;
	for (int weekday = 1; weekday <= 7; weekday++)
		if (tj->minutes[weekday] > 0)
			calendar->working_days[calendar->n_working_days++] = weekday;
	/* A day that would be worked on, and is not. */
	for (int32_t i = 0; i < tj->last - tj->first; i++) {
		int32_t date = tj->first + i;

		if (tj->minutes[date_weekday(date)] == 0 || tjp_worked(tj, date, date + 1) > 0)
			continue;
		if (calendar->n_holidays == TJP_LIST_MAX)
			return tjp_refuse(tj, ERR_LIMIT, tj->at,
			    "more than %u days of leaves for all", TJP_LIST_MAX);
		tjp_add_string(tj, &calendar->holidays, &calendar->n_holidays,
		    tjp_fmt(tj, "%s", date_format(date, day)));
	}
	return !tj->failed;
}

bool
tjp_build_people(struct tjp *tj)
{
	const char *id = *tj->id != '\0' ? tj->id : "project", *team = "", *calendar;
	const char *team_external = tjp_fmt(tj, "tjp:team:%s", id);
	const char *calendar_external = tjp_fmt(tj, "tjp:calendar:%s", id);

	if (tj->resources == NULL)
		return true;
	calendar = tjp_slug(tj, PLUMB__V1__KIND__CALENDAR, id, calendar_external, tj->at);
	if (tj->failed || !build_calendar(tj, calendar, calendar_external) || !give_skills(tj))
		return false;
	name_people(tj);
	for (struct tjp_resource *one = tj->resources; one != NULL && !tj->failed;
	     one = one->next) {
		if (one->is_there)
			continue;
		if (!one->is_group && one->parent == NULL && *team == '\0') {
			team = tjp_slug(tj, PLUMB__V1__KIND__TEAM, id, team_external, tj->at);
			if (!build_team(tj, team, tj->name, "", calendar, team_external, tj->at))
				return false;
		}
		if (one->is_group ? !build_team(tj, one->slug, one->name,
					one->parent != NULL ? one->parent->slug : "", calendar,
					tjp_fmt(tj, "tjp:resource:%s", one->id), one->at)
				  : !build_person(tj, one, team))
			return false;
	}
	return !tj->failed;
}

/* ---- what is asked of whom ----------------------------------------------------------------------------------------- */

/* The part of what each can give on a day that goes into it. */
static double
most_share(const struct tjp *tj, const struct tjp_task *task, const struct tjp_allocation *one)
{
	double weekly = one->resource->weekly, people = (double)one->resource->people, share = 1;
	double hours = one->daily_max;
	const struct tjp_allocation *other = is_joint(task) ? one->next : one->alternatives;

	for (; other != NULL; other = other->next) {
		weekly += other->resource->weekly;
		people += (double)other->resource->people;
	}
	if (one->alternatives != NULL && people > 0)
		share = (double)one->resource->people / people;
	if (task->daily_max > 0 && (hours <= 0 || task->daily_max < hours))
		hours = task->daily_max;
	if (hours > 0 && weekly > 0 && hours / tj->daily_hours / (weekly / tjp_week(tj)) < share)
		share = hours / tj->daily_hours / (weekly / tjp_week(tj));
	return share;
}

static bool
add_need(struct tjp *tj, const struct tjp_task *task, const struct tjp_allocation *one,
    int64_t effort, Plumb__V1__Task *body)
{
	Plumb__V1__Need *need = tjp_new(tj, sizeof *need);
	double share = most_share(tj, task, one);

	if (need == NULL)
		return false;
	plumb__v1__need__init(need);
	if (is_joint(task))
		need->skill = pb_str(joint_skill_of(tj, task));
	else if (is_pool(one))
		need->skill = pb_str(skill_of(tj, one));
	else
		need->who =
		    pb_str(one->resource->is_group ? one->resource->slug : one->resource->ref);
	need->effort = effort;
	need->effort__case = PLUMB__V1__NEED__EFFORT__EFFORT;
	if (share < 1) {
		need->most_share = round(share * 1e4) / 1e4;
		need->most_share__case = PLUMB__V1__NEED__MOST_SHARE__MOST_SHARE;
	}
	body->needs[body->n_needs++] = need;
	return true;
}

/* Effort that a task with a length or duration takes of those who are allocated: all their working days in it. */
static int64_t
effort_of(struct tjp *tj, const struct tjp_task *task)
{
	double weekly = 0;
	int32_t days;

	if (task->measure == MEASURE_EFFORT)
		return llround(task->amount * 100);
	days = tjp_worked(tj, task->events[EVENT_START], task->events[EVENT_END]);
	for (const struct tjp_allocation *one = task->allocations; one != NULL; one = one->next)
		weekly += one->resource->weekly;
	if (days > 0)
		tjp_note(tj, TJP_READ_AS, task->at,
		    "people allocated to a length or duration: the effort of all their days in it");
	return llround(days * weekly / tjp_week(tj) * 100);
}

static void
note_allocations(struct tjp *tj, const struct tjp_task *task)
{
	const struct tjp_allocation *one = task->allocations;

	if (is_joint(task))
		tjp_note(tj, TJP_READ_AS, one->at,
		    "several who do it together: a skill that all of them have");
	else if (task->allocations_count > 1)
		tjp_note(tj, TJP_READ_AS, one->at,
		    "several who do it together, some with alternatives or limits: the effort in "
		    "equal parts");
	for (; one != NULL; one = one->next)
		if (one->alternatives != NULL)
			tjp_note(tj, TJP_READ_AS, one->at,
			    "alternatives: a skill that all of them have, of each of two half a "
			    "day at most");
}

bool
tjp_add_needs(struct tjp *tj, const struct tjp_task *task, Plumb__V1__Task *body)
{
	const struct tjp_allocation *one = task->allocations;
	int64_t effort = one != NULL ? effort_of(tj, task) : 0;
	int64_t parts = is_joint(task) ? 1 : task->allocations_count;

	if (effort <= 0)
		return !tj->failed;
	body->effort = effort;
	body->effort__case = PLUMB__V1__TASK__EFFORT__EFFORT;
	note_allocations(tj, task);
	if (parts == 1 && !is_joint(task) && !is_pool(one) && !one->resource->is_group &&
	    most_share(tj, task, one) >= 1) {
		tjp_add_string(tj, &body->members, &body->n_members, one->resource->slug);
		return !tj->failed;
	}
	body->needs = tjp_new(tj, (size_t)parts * sizeof *body->needs);
	for (int64_t i = 0; i < parts && !tj->failed; i++, one = one->next) {
		int64_t part = effort * (i + 1) / parts - effort * i / parts;

		if (part > 0 && !add_need(tj, task, one, part, body))
			return false;
	}
	return !tj->failed;
}
