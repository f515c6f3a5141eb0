#include "server/plan/kinds.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "common/parse.h"

/* The entries that there are, by number. */
static const char *const by_kind[KIND_MAX] = {
    [KIND_VISION] = "vision",
    [KIND_MISSION] = "mission",
    [KIND_VALUE] = "value",
    [KIND_GOAL] = "goal",
    [KIND_OBJECTIVE] = "objective",
    [KIND_MEASURE] = "measure",
    [KIND_STRATEGY] = "strategy",
    [KIND_INITIATIVE] = "initiative",
    [KIND_WORKSTREAM] = "workstream",
    [KIND_MILESTONE] = "milestone",
    [KIND_TASK] = "task",
    [KIND_PERSON] = "person",
    [KIND_TEAM] = "team",
    [KIND_PERIOD] = "period",
    [KIND_CALENDAR] = "calendar",
    [KIND_ALLOCATION] = "allocation",
    [KIND_RANKING] = "ranking",
    [KIND_ASK] = "ask",
    [KIND_MEASUREMENT] = "measurement",
    [KIND_CHECK_IN] = "check-in",
    [KIND_ACKNOWLEDGEMENT] = "acknowledgement",
    [KIND_BASELINE] = "baseline",
    [KIND_WAIVER] = "waiver",
    [KIND_RULE_SETTING] = "rule-setting",
    [KIND_WORKSPACE] = "workspace",
    [KIND_TOKEN] = "token",
    [KIND_WEBHOOK] = "webhook",
    [KIND_WEBHOOK_STATE] = "webhook-state",
    [KIND_AUDIT_ANCHOR] = "audit-anchor",
    [KIND_SCENARIO] = "scenario",
};

static const struct {
	enum kind kind;
	const char *plural;
} plurals[] = {
    {KIND_VISION, "visions"},
    {KIND_MISSION, "missions"},
    {KIND_VALUE, "values"},
    {KIND_GOAL, "goals"},
    {KIND_OBJECTIVE, "objectives"},
    {KIND_MEASURE, "measures"},
    {KIND_STRATEGY, "strategies"},
    {KIND_INITIATIVE, "initiatives"},
    {KIND_WORKSTREAM, "workstreams"},
    {KIND_MILESTONE, "milestones"},
    {KIND_TASK, "tasks"},
    {KIND_PERSON, "people"},
    {KIND_TEAM, "teams"},
    {KIND_PERIOD, "periods"},
    {KIND_CALENDAR, "calendars"},
    {KIND_ALLOCATION, "allocations"},
    {KIND_RANKING, "rankings"},
    {KIND_ASK, "asks"},
    {KIND_MEASUREMENT, "measurements"},
    {KIND_CHECK_IN, "check-ins"},
    {KIND_ACKNOWLEDGEMENT, "acknowledgements"},
    {KIND_BASELINE, "baselines"},
    {KIND_WAIVER, "waivers"},
    {KIND_RULE_SETTING, "rule-settings"},
    {KIND_WORKSPACE, "workspaces"},
    {KIND_TOKEN, "tokens"},
    {KIND_WEBHOOK, "webhooks"},
    {KIND_WEBHOOK_STATE, "webhook-states"},
    {KIND_AUDIT_ANCHOR, "audit-anchors"},
    {KIND_SCENARIO, "scenarios"},
};

static const struct ref_field ref_fields[] = {
    {"Item.owners", ROLE_OWNER, KIND_PERSON, 0},
    {"Item.reviewer", ROLE_REVIEWER, KIND_PERSON, 0},
    {"Link.to", ROLE_LINK_RELATES, KIND_NONE, 0}, /* + Link.type */
    {"Goal.parent", ROLE_PARENT, KIND_GOAL, REF_CONTAINS},
    {"Target.measure", ROLE_TARGET_MEASURE, KIND_MEASURE, 0},
    {"Objective.goal", ROLE_GOAL, KIND_GOAL, 0},
    {"Objective.further_goals", ROLE_FURTHER_GOAL, KIND_GOAL, 0},
    {"Objective.parent", ROLE_PARENT, KIND_OBJECTIVE, REF_CONTAINS},
    {"Objective.team", ROLE_TEAM, KIND_TEAM, 0},
    {"Objective.periods", ROLE_PERIOD, KIND_PERIOD, 0},
    {"Objective.precedes", ROLE_PRECEDES, KIND_OBJECTIVE, 0},
    {"Measure.inline_under", ROLE_INLINE_UNDER, KIND_OBJECTIVE, REF_BELONGS},
    {"Strategy.goals", ROLE_GOAL, KIND_GOAL, 0},
    {"Contribution.to", ROLE_CONTRIBUTION, KIND_OBJECTIVE, 0},
    {"Contribution.measure", ROLE_CONTRIBUTION_MEASURE, KIND_MEASURE, 0},
    {"Need.who", ROLE_NEED, KIND_TEAM, 0},
    {"Initiative.objective", ROLE_OBJECTIVE, KIND_OBJECTIVE, 0},
    {"Initiative.periods", ROLE_PERIOD, KIND_PERIOD, 0},
    {"Initiative.after", ROLE_AFTER, KIND_INITIATIVE, 0},
    {"Initiative.members", ROLE_MEMBER, KIND_PERSON, 0},
    {"Initiative.strategy", ROLE_STRATEGY, KIND_STRATEGY, 0},
    {"Workstream.initiative", ROLE_PART_OF, KIND_INITIATIVE, REF_BELONGS | REF_CONTAINS},
    {"Workstream.objective", ROLE_OBJECTIVE, KIND_OBJECTIVE, 0},
    {"Workstream.periods", ROLE_PERIOD, KIND_PERIOD, 0},
    {"Workstream.after", ROLE_AFTER, KIND_WORKSTREAM, 0},
    {"Workstream.members", ROLE_MEMBER, KIND_PERSON, 0},
    {"Milestone.initiative", ROLE_PART_OF, KIND_INITIATIVE, REF_BELONGS | REF_CONTAINS},
    {"Task.initiative", ROLE_PART_OF, KIND_INITIATIVE, REF_BELONGS | REF_CONTAINS},
    {"Milestone.after", ROLE_AFTER, KIND_TASK, 0},
    {"Task.members", ROLE_MEMBER, KIND_PERSON, 0},
    {"Task.after", ROLE_AFTER, KIND_TASK, 0},
    {"After.work", ROLE_AFTER, KIND_NONE, 0},
    {"Person.manager", ROLE_MANAGER, KIND_PERSON, REF_CONTAINS},
    {"Person.dotted_managers", ROLE_DOTTED_MANAGER, KIND_PERSON, 0},
    {"Person.team", ROLE_TEAM, KIND_TEAM, 0},
    {"Team.lead", ROLE_LEAD, KIND_PERSON, 0},
    {"Team.members", ROLE_MEMBER, KIND_PERSON, 0},
    {"Team.parent", ROLE_PARENT, KIND_TEAM, REF_CONTAINS},
    {"TeamCapacity.period", ROLE_CAPACITY_PERIOD, KIND_PERIOD, 0},
    {"Team.calendar", ROLE_CALENDAR, KIND_CALENDAR, 0},
    {"Period.parent", ROLE_PARENT, KIND_PERIOD, REF_CONTAINS},
    {"Allocation.who", ROLE_WHO, KIND_PERSON, 0},
    {"Allocation.initiative", ROLE_PART_OF, KIND_INITIATIVE, REF_BELONGS},
    {"Allocation.period", ROLE_PERIOD, KIND_PERIOD, 0},
    {"Ask.from", ROLE_FROM, KIND_TEAM, 0},
    {"Ask.to", ROLE_TO, KIND_TEAM, 0},
    {"Ask.initiative", ROLE_PART_OF, KIND_INITIATIVE, REF_BELONGS},
    {"Ask.answered_by", ROLE_ANSWERED_BY, KIND_PERSON, 0},
    {"Waiver.who", ROLE_WAIVED_BY, KIND_PERSON, 0},
    {"Record.about", ROLE_ABOUT, KIND_NONE,
	REF_BELONGS}, /* bare: measurement -> measure, acknowledgement -> check-in */
    {"Record.by", ROLE_BY, KIND_PERSON, 0},
};

const char *
kind_name(unsigned kind)
{
	return kind < KIND_MAX ? by_kind[kind] : NULL;
}

static bool
text_is(const char *text, size_t len, const char *name)
{
	if (strlen(name) != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = text[i] == '_' ? '-' : text[i];

		if (c != name[i])
			return false;
	}
	return true;
}

enum kind
kind_parse(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof plurals / sizeof plurals[0]; i++) {
		if (text_is(text, len, by_kind[plurals[i].kind]) ||
		    text_is(text, len, plurals[i].plural))
			return plurals[i].kind;
	}
	return KIND_NONE;
}

const struct ref_field *
kind_ref_fields(size_t *count)
{
	*count = sizeof ref_fields / sizeof ref_fields[0];
	return ref_fields;
}

size_t
ref_format(const struct item *item, char *buf)
{
	const char *name = kind_name(item->kind);
	size_t len = strlen(name);

	assert(len + 1 + item->id_len < REF_TEXT_LEN);
	memcpy(buf, name, len);
	buf[len++] = '/';
	memcpy(buf + len, item_id(item), item->id_len);
	len += item->id_len;
	buf[len] = '\0';
	return len;
}

bool
ref_parse(const char *text, enum kind bare, enum kind *kind, const char **id, size_t *id_len)
{
	const char *slash = strchr(text, '/');
	const char *name = slash != NULL ? slash + 1 : text;
	size_t len = strlen(name);

	if (!parse_is_id(name, len))
		return false;
	if (slash != NULL) {
		enum kind found = kind_parse(text, (size_t)(slash - text));

		if (found == KIND_NONE)
			return false;
		*kind = found;
	} else {
		if (bare == KIND_NONE)
			return false;
		*kind = bare;
	}
	*id = name;
	*id_len = len;
	return true;
}
