#include "server/insight/check/words.h"

#include <stddef.h>

#include "common/calendar.h"
#include "server/plan/item.h"

static const char *const work_names[] = {
    "proposed", "proposed", "approved", "active", "paused", "done", "stopped"};
static const char *const objective_names[] = {"open", "closed", "dropped"};
static const char *const ask_names[] = {
    "asked", "committed", "declined", "countered", "met", "missed", "withdrawn"};

static const char *const commitment_names[] = {"open", "kept", "broken", "withdrawn"};
static const char *const decision_names[] = {
    "proposed", "rejected", "accepted", "deprecated", "superseded"};
static const char *const request_names[] = {"open", "given", "refused", "withdrawn"};
static const char *const risk_names[] = {"open", "closed", "happened"};

#define NAME_OF(names, i) ((i) < sizeof(names) / sizeof((names)[0]) ? (names)[i] : "")

const char *
status_name(const struct item *item)
{
	switch (item->kind) {
	case KIND_INITIATIVE:
	case KIND_WORKSTREAM:
		return NAME_OF(work_names, item->status);
	case KIND_OBJECTIVE:
		return NAME_OF(objective_names, item->status);
	case KIND_ASK:
		return NAME_OF(ask_names, item->status);
	case KIND_COMMITMENT:
		return NAME_OF(commitment_names, item->status);
	case KIND_DECISION:
		return NAME_OF(decision_names, item->status);
	case KIND_REQUEST:
		return NAME_OF(request_names, item->status);
	case KIND_RISK:
		return NAME_OF(risk_names, item->status);
	case KIND_MILESTONE:
	case KIND_TASK:
		return item->done != DATE_NONE ? "done" : "open";
	default:
		return "";
	}
}

const char *
role_name(unsigned role)
{
	static const char *const names[ROLE_COUNT] = {
	    [ROLE_OWNER] = "owner",
	    [ROLE_REVIEWER] = "reviewer",
	    [ROLE_LINK_RELATES] = "link",
	    [ROLE_LINK_SUPPORTS] = "what it supports",
	    [ROLE_LINK_CONFLICTS] = "what it conflicts with",
	    [ROLE_LINK_CONTRIBUTES] = "what it contributes to",
	    [ROLE_LINK_AT_ODDS] = "what it is at odds with",
	    [ROLE_LINK_EASES] = "what it eases",
	    [ROLE_LINK_REMOVES] = "what it removes",
	    [ROLE_PARENT] = "parent",
	    [ROLE_GOAL] = "goal",
	    [ROLE_FURTHER_GOAL] = "further goal",
	    [ROLE_TEAM] = "team",
	    [ROLE_PERIOD] = "period",
	    [ROLE_TARGET_MEASURE] = "measure",
	    [ROLE_PRECEDES] = "what it precedes",
	    [ROLE_INLINE_UNDER] = "objective",
	    [ROLE_OBJECTIVE] = "objective",
	    [ROLE_CONTRIBUTION] = "contribution",
	    [ROLE_CONTRIBUTION_MEASURE] = "contribution's measure",
	    [ROLE_STRATEGY] = "strategy",
	    [ROLE_NEED] = "need",
	    [ROLE_AFTER] = "prerequisite",
	    [ROLE_MEMBER] = "member",
	    [ROLE_PART_OF] = "the work that it is a part of",
	    [ROLE_MANAGER] = "manager",
	    [ROLE_DOTTED_MANAGER] = "dotted-line manager",
	    [ROLE_LEAD] = "lead",
	    [ROLE_CAPACITY_PERIOD] = "capacity period",
	    [ROLE_CALENDAR] = "calendar",
	    [ROLE_WHO] = "who is allocated",
	    [ROLE_FROM] = "whose it is",
	    [ROLE_TO] = "to whom it is",
	    [ROLE_ANSWERED_BY] = "who answered",
	    [ROLE_IN] = "what it is a part of",
	    [ROLE_SEGMENT] = "segment",
	    [ROLE_FOLLOWS] = "what comes before it",
	    [ROLE_INSTEAD] = "what it stands for or gave way to",
	    [ROLE_SHAPED_BY] = "customer who helped to shape it",
	    [ROLE_MET_BY] = "who meets the customer",
	    [ROLE_JUDGED_BY] = "measure that it is judged by",
	    [ROLE_BACKSTAGE] = "what is behind it",
	    [ROLE_WORKS_ON] = "step that it works on",
	    [ROLE_ANSWERS] = "what it answers",
	    [ROLE_OUTCOME] = "outcome",
	    [ROLE_AFFECTS] = "what it affects",
	    [ROLE_HONOURS] = "what it honours",
	    [ROLE_BREAKS] = "what it breaks",
	    [ROLE_DECIDED] = "decision or where it was made",
	    [ROLE_ATTENDEE] = "attendee",
	    [ROLE_SEAT] = "representative",
	    [ROLE_SPEAKS_FOR] = "what a representative speaks for",
	    [ROLE_ASKED] = "who or what is asked about",
	    [ROLE_INFLUENCER] = "influencer",
	    [ROLE_MITIGATED_BY] = "what mitigates it",
	    [ROLE_WAIVED_BY] = "who waived",
	    [ROLE_ABOUT] = "what it is about",
	    [ROLE_BY] = "who said it",
	    [ROLE_RANKED] = "ranked item",
	    [ROLE_RANKING_OF] = "whose order it is",
	};

	return role < ROLE_COUNT && names[role] != NULL ? names[role] : "reference";
}
