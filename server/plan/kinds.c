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
    [KIND_COMMITMENT] = "commitment",
    [KIND_DECISION] = "decision",
    [KIND_POLICY] = "policy",
    [KIND_REVIEW] = "review",
    [KIND_MATURITY] = "maturity",
    [KIND_REQUEST] = "request",
    [KIND_ROUND] = "round",
    [KIND_MEASUREMENT] = "measurement",
    [KIND_CHECK_IN] = "check-in",
    [KIND_ACKNOWLEDGEMENT] = "acknowledgement",
    [KIND_ACCEPTANCE] = "acceptance",
    [KIND_VOTE] = "vote",
    [KIND_EXPERIENCE] = "experience",
    [KIND_MEETING] = "meeting",
    [KIND_BASELINE] = "baseline",
    [KIND_WAIVER] = "waiver",
    [KIND_RULE_SETTING] = "rule-setting",
    [KIND_WORKSPACE] = "workspace",
    [KIND_TOKEN] = "token",
    [KIND_WEBHOOK] = "webhook",
    [KIND_WEBHOOK_STATE] = "webhook-state",
    [KIND_AUDIT_ANCHOR] = "audit-anchor",
    [KIND_SEGMENT] = "segment",
    [KIND_JOURNEY] = "journey",
    [KIND_STAGE] = "stage",
    [KIND_STEP] = "step",
    [KIND_EXPECTATION] = "expectation",
    [KIND_DESIRED_OUTCOME] = "desired-outcome",
    [KIND_FEELING] = "feeling",
    [KIND_CUSTOMER] = "customer",
    [KIND_SCENARIO] = "scenario",
    [KIND_INFLUENCER] = "influencer",
    [KIND_ASSESSMENT] = "assessment",
    [KIND_COMPETITOR_MOVE] = "competitor-move",
    [KIND_RISK] = "risk",
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
    {KIND_COMMITMENT, "commitments"},
    {KIND_DECISION, "decisions"},
    {KIND_POLICY, "policies"},
    {KIND_REVIEW, "reviews"},
    {KIND_MATURITY, "maturities"},
    {KIND_REQUEST, "requests"},
    {KIND_ROUND, "rounds"},
    {KIND_MEASUREMENT, "measurements"},
    {KIND_CHECK_IN, "check-ins"},
    {KIND_ACKNOWLEDGEMENT, "acknowledgements"},
    {KIND_ACCEPTANCE, "acceptances"},
    {KIND_VOTE, "votes"},
    {KIND_EXPERIENCE, "experiences"},
    {KIND_MEETING, "meetings"},
    {KIND_BASELINE, "baselines"},
    {KIND_WAIVER, "waivers"},
    {KIND_RULE_SETTING, "rule-settings"},
    {KIND_WORKSPACE, "workspaces"},
    {KIND_TOKEN, "tokens"},
    {KIND_WEBHOOK, "webhooks"},
    {KIND_WEBHOOK_STATE, "webhook-states"},
    {KIND_AUDIT_ANCHOR, "audit-anchors"},
    {KIND_SEGMENT, "segments"},
    {KIND_JOURNEY, "journeys"},
    {KIND_STAGE, "stages"},
    {KIND_STEP, "steps"},
    {KIND_EXPECTATION, "expectations"},
    {KIND_DESIRED_OUTCOME, "desired-outcomes"},
    {KIND_FEELING, "feelings"},
    {KIND_CUSTOMER, "customers"},
    {KIND_SCENARIO, "scenarios"},
    {KIND_INFLUENCER, "influencers"},
    {KIND_ASSESSMENT, "assessments"},
    {KIND_COMPETITOR_MOVE, "competitor-moves"},
    {KIND_RISK, "risks"},
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
    {"Objective.expectations", ROLE_ANSWERS, KIND_EXPECTATION, 0},
    {"ChangeArea.answers", ROLE_ANSWERS, KIND_ASSESSMENT, 0},
    {"Initiative.steps", ROLE_WORKS_ON, KIND_STEP, 0},
    {"Workstream.steps", ROLE_WORKS_ON, KIND_STEP, 0},
    {"Journey.segments", ROLE_SEGMENT, KIND_SEGMENT, 0},
    {"Journey.improves", ROLE_INSTEAD, KIND_JOURNEY, 0},
    {"Journey.shaped_by", ROLE_SHAPED_BY, KIND_CUSTOMER, 0},
    {"Stage.journey", ROLE_IN, KIND_JOURNEY, REF_BELONGS},
    {"Stage.follows", ROLE_FOLLOWS, KIND_STAGE, 0},
    {"Step.stage", ROLE_IN, KIND_STAGE, REF_BELONGS},
    {"Step.follows", ROLE_FOLLOWS, KIND_STEP, 0},
    {"Step.met_by", ROLE_MET_BY, KIND_TEAM, 0},
    {"Step.judged_by", ROLE_JUDGED_BY, KIND_MEASURE, 0},
    {"Step.backstage", ROLE_BACKSTAGE, KIND_TEAM, 0},
    {"Step.replaces", ROLE_INSTEAD, KIND_STEP, 0},
    {"Expectation.segment", ROLE_SEGMENT, KIND_SEGMENT, 0},
    {"Expectation.step", ROLE_IN, KIND_STEP, REF_BELONGS},
    {"Expectation.outcome", ROLE_OUTCOME, KIND_DESIRED_OUTCOME, 0},
    {"DesiredOutcome.segments", ROLE_SEGMENT, KIND_SEGMENT, 0},
    {"DesiredOutcome.measure", ROLE_OUTCOME, KIND_MEASURE, 0},
    {"Feeling.segments", ROLE_SEGMENT, KIND_SEGMENT, 0},
    {"Customer.segment", ROLE_SEGMENT, KIND_SEGMENT, 0},
    {"Experience.segment", ROLE_SEGMENT, KIND_SEGMENT, 0},
    {"Commitment.promised_by", ROLE_FROM, KIND_PERSON, 0},
    {"Commitment.promised_to", ROLE_TO, KIND_PERSON, 0},
    {"Commitment.concerns", ROLE_AFFECTS, KIND_NONE, 0},
    {"Decision.affects", ROLE_AFFECTS, KIND_PERSON, 0},
    {"Decision.honours", ROLE_HONOURS, KIND_COMMITMENT, 0},
    {"Decision.breaks", ROLE_BREAKS, KIND_COMMITMENT, 0},
    {"Decision.superseded_by", ROLE_INSTEAD, KIND_DECISION, 0},
    {"Decision.made_in", ROLE_DECIDED, KIND_REVIEW, 0},
    {"Review.attendees", ROLE_ATTENDEE, KIND_PERSON, 0},
    {"Review.about", ROLE_AFFECTS, KIND_NONE, 0},
    {"Seat.person", ROLE_SEAT, KIND_PERSON, 0},
    {"Seat.speaks_for", ROLE_SPEAKS_FOR, KIND_INITIATIVE, 0},
    {"Request.from", ROLE_FROM, KIND_PERSON, 0},
    {"Request.to", ROLE_TO, KIND_PERSON, 0},
    {"Request.work", ROLE_AFFECTS, KIND_INITIATIVE, 0},
    {"Request.answered_by", ROLE_ANSWERED_BY, KIND_PERSON, 0},
    {"Round.people", ROLE_ASKED, KIND_PERSON, 0},
    {"Round.objectives", ROLE_ASKED, KIND_OBJECTIVE, 0},
    {"Round.period", ROLE_PERIOD, KIND_PERIOD, 0},
    {"Round.repeats", ROLE_INSTEAD, KIND_ROUND, 0},
    {"Acceptance.cleared_by", ROLE_ANSWERED_BY, KIND_PERSON, 0},
    {"Meeting.attendees", ROLE_ATTENDEE, KIND_PERSON, 0},
    {"Meeting.decisions", ROLE_DECIDED, KIND_DECISION, 0},
    {"Assessment.influencer", ROLE_INFLUENCER, KIND_INFLUENCER, 0},
    {"Assessment.affects", ROLE_AFFECTS, KIND_NONE, 0},
    {"CompetitorMove.competitor", ROLE_INFLUENCER, KIND_INFLUENCER, 0},
    {"CompetitorMove.affects", ROLE_AFFECTS, KIND_NONE, 0},
    {"CompetitorMove.answered_by", ROLE_MITIGATED_BY, KIND_INITIATIVE, 0},
    {"Risk.threatens", ROLE_AFFECTS, KIND_NONE, 0},
    {"Risk.mitigated_by", ROLE_MITIGATED_BY, KIND_INITIATIVE, 0},
    {"Scenario.outside", ROLE_INFLUENCER, KIND_NONE, 0},
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

int
ref_compare(const struct item *a, const struct item *b)
{
	size_t len = a->id_len < b->id_len ? a->id_len : b->id_len;
	int c;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	c = memcmp(item_id(a), item_id(b), len);
	return c != 0 ? c : (int)a->id_len - (int)b->id_len;
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
