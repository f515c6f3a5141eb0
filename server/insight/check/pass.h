/*
 * What a rule's function works with. Private to server/insight/check.
 */
#ifndef SERVER_INSIGHT_CHECK_PASS_H
#define SERVER_INSIGHT_CHECK_PASS_H

#include <stdbool.h>
#include <stdint.h>

#include "server/insight/check/check.h"
#include "server/insight/check/index.h"
#include "server/insight/check/words.h"
#include "server/insight/customer/journeys.h"
#include "server/insight/load/load.h"
#include "server/insight/schedule/plan_forecast.h"

struct booked;

struct pass {
	struct check *check;
	const struct index *ix;
	const struct rule *rule;
	unsigned number; /* of the rule */
	int32_t today;
	const double *limits;
	bool stop; /* cancelled or out of memory: return */
	unsigned ticks;
};

/* A finding in the making. */
struct draft {
	uint32_t subjects[FINDING_SUBJECTS];
	struct evidence evidence[FINDING_EVIDENCE + 1]; /* the last one takes what is too much */
	unsigned subjects_count;
	unsigned evidence_count;
	uint32_t more;
	bool unknown;
	int32_t from; /* the day on which time alone made it so; DATE_NONE */
	const char *qualifier;
};

/* SLOT_NONE: about the plan as a whole, or no second subject. */
void draft_init(struct draft *d, uint32_t subject, uint32_t second);
/* Evidence beyond FINDING_EVIDENCE is left out. Texts live as long as the check: pass_keep() makes those of entries so. */
void draft_text(struct draft *d, uint32_t slot, const char *what, const char *text);
void draft_number(struct draft *d, uint32_t slot, const char *what, double number);
void draft_count(struct draft *d, uint32_t slot, const char *what, int64_t count);
void draft_date(struct draft *d, uint32_t slot, const char *what, int32_t date);
void draft_slot(struct draft *d, uint32_t slot, const char *what, uint32_t value);
/* Makes it unknown: what is missing, and on which entry. */
void draft_missing(struct draft *d, uint32_t slot, const char *text);

/* Counts the finding and keeps it where the query wants it. */
void pass_emit(struct pass *pass, const struct draft *d);
/* Call for every item; false: stop now. */
bool pass_goes_on(struct pass *pass);
/* The same before item i of a list whose items' memory will be read. */
bool pass_goes_on_at(struct pass *pass, const uint32_t *slots, uint32_t count, uint32_t i);

/* A copy for evidence. "" out of memory: the check will fail. */
const char *pass_keep(struct pass *pass, const char *text);
/* The check will fail; return. */
void pass_out_of_memory(struct pass *pass);

/* For message functions: the first evidence of that name; NULL. */
const struct evidence *finding_evidence(
    const struct check *check, const struct finding *f, const char *what);
/* The name of a subject; the value of the first evidence of that name, where there is one. */
void message_subject(
    const struct check *check, const struct finding *f, unsigned i, struct str *out);
void message_evidence(
    const struct check *check, const struct finding *f, const char *what, struct str *out);
const struct index *check_index(const struct check *check);

/* The families, each ending with NULL; in their own files, which are named like them. */
extern const struct rule *const rules_sight[];
extern const struct rule *const rules_priority[];
extern const struct rule *const rules_priority_use[];
extern const struct rule *const rules_priority_easy[];
extern const struct rule *const rules_priority_conflict[];
extern const struct rule *const rules_outcome[];
extern const struct rule *const rules_outcome_after[];
extern const struct rule *const rules_outcome_expectation[];
extern const struct rule *const rules_scope[];
extern const struct rule *const rules_scope_fit[];
extern const struct rule *const rules_scope_grown[];
extern const struct rule *const rules_owner[];
extern const struct rule *const rules_load[];
extern const struct rule *const rules_maturity[];
extern const struct rule *const rules_ask[];
extern const struct rule *const rules_horizon[];
extern const struct rule *const rules_horizon_fragile[];
extern const struct rule *const rules_impact[];
extern const struct rule *const rules_clarity[];
extern const struct rule *const rules_clarity_leaders[];
extern const struct rule *const rules_clarity_accept[];
extern const struct rule *const rules_mirror[];
extern const struct rule *const rules_customer[];
extern const struct rule *const rules_customer_conflict[];
extern const struct rule *const rules_rhythm[];
extern const struct rule *const rules_rhythm_meet[];
extern const struct rule *const rules_rhythm_request[];
/* Names all that is in the cycle as who should act. */
extern const struct rule sight_cycle;

/* Demand and capacity, worked out when the first rule asks for them; NULL: out of memory or cancelled, return. */
const struct load *pass_load(struct pass *pass);
/* Customers' journeys, in the same way. */
struct journeys *pass_journeys(struct pass *pass);

/*
 * What is done when: the schedule under strict priority until the end of the last period, and the fixed plan's forecast of PASS_DRAWS
 * draws, worked out when the first rule asks. NULL: out of memory or cancelled (the pass is stopped), or the plan is too large.
 */
#define PASS_DRAWS       1000u
#define PASS_DRAWS_LEAST 100u     /* an error of 5 points at most */
#define PASS_WORK        5000000u /* pieces of work times draws; plans with more have fewer draws */
const struct plan_forecast *pass_forecast(struct pass *pass);

/* What that schedule books (booked.h); NULL: the pass is stopped, or the plan is too large, which is said. */
struct booked *pass_booked(struct pass *pass);

/* NULL: the plan has none, or nobody asked for it. */
const struct check_baseline *pass_baseline(const struct pass *pass);
/* What was published of confidential rounds (voices.h); NULL: nobody knows. */
const struct voices *pass_voices(const struct pass *pass);
/* Scenarios of the outside (worlds.h); NULL: none are judged beside this plan. */
const struct worlds *pass_worlds(const struct pass *pass);
/* How many items and references a rule may look at that begins anew from many. */
uint64_t pass_looks(const struct pass *pass);
/* For answers that a rule asks for, with the pass as arg. */
bool pass_is_cancelled(void *pass);

/* The roles whose way back the rules need. */
#define CHECK_IN_ROLES                                                                             \
	(ROLE_BIT(ROLE_OBJECTIVE) | ROLE_BIT(ROLE_CONTRIBUTION) |                                  \
	    ROLE_BIT(ROLE_LINK_CONTRIBUTES) | ROLE_BIT(ROLE_PARENT) | ROLE_BIT(ROLE_GOAL) |        \
	    ROLE_BIT(ROLE_FURTHER_GOAL) | ROLE_BIT(ROLE_TARGET_MEASURE) |                          \
	    ROLE_BIT(ROLE_INLINE_UNDER) | ROLE_BIT(ROLE_PART_OF) | ROLE_BIT(ROLE_MEMBER) |         \
	    ROLE_BIT(ROLE_OWNER) | ROLE_BIT(ROLE_TEAM) | ROLE_BIT(ROLE_LEAD) |                     \
	    ROLE_BIT(ROLE_AFTER) | ROLE_BIT(ROLE_RANKING_OF) | ROLE_BIT(ROLE_PRECEDES) |           \
	    ROLE_BIT(ROLE_WHO) | ROLE_BIT(ROLE_NEED) | ROLE_BIT(ROLE_MET_BY) |                     \
	    ROLE_BIT(ROLE_CONTRIBUTION_MEASURE) | JOURNEYS_IN_ROLES)

#endif
