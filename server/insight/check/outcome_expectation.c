/* The family "outcome", whom it is for: does each objective answer what customers expect? */
#include "common/str.h"
#include "server/insight/check/pass.h"
#include "server/insight/customer/journeys.h"
#include "server/limits.h"

static bool
answers(const struct index *ix, uint32_t objective)
{
	return (ix->has[objective] & HAS_EXPECTATION) != 0 ||
	       journeys_target(ix, objective, ROLE_ANSWERS) != SLOT_NONE;
}

/* It, or what it is a part of. */
static bool
answers_at_all(const struct index *ix, uint32_t objective)
{
	for (unsigned depth = 0; objective != SLOT_NONE && depth < LIMIT_DEPTH; depth++) {
		if (answers(ix, objective))
			return true;
		objective = index_target(ix, objective, ROLE_PARENT);
	}
	return false;
}

/* Does the plan speak of expectations anywhere? Else it is customer/no-journey that says so, once. */
static bool
plan_has_expectations(const struct pass *pass)
{
	const struct index *ix = pass->ix;
	uint32_t count;
	const uint32_t *objectives;

	(void)index_kind(ix, KIND_EXPECTATION, &count);
	if (count > 0)
		return true;
	objectives = index_kind(ix, KIND_OBJECTIVE, &count);
	for (uint32_t i = 0; i < count; i++) {
		if (answers(ix, objectives[i]))
			return true;
	}
	return false;
}

static void
run_no_expectation(struct pass *pass)
{
	const struct index *ix = pass->ix;
	uint32_t count;
	const uint32_t *objectives = index_kind(ix, KIND_OBJECTIVE, &count);
	struct draft d;

	if (!plan_has_expectations(pass))
		return;
	for (uint32_t i = 0; i < count && pass_goes_on(pass); i++) {
		if (!index_is(ix, objectives[i], STANDING_JUDGED) ||
		    answers_at_all(ix, objectives[i]))
			continue;
		draft_init(&d, objectives[i], SLOT_NONE);
		draft_text(&d, objectives[i], "expectation",
		    (ix->roles[objectives[i]] & ROLE_BIT(ROLE_ANSWERS)) != 0
			? "none that is in the plan"
			: "not stated");
		pass_emit(pass, &d);
	}
}

static void
message_no_expectation(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " answers no expectation of customers: ");
	message_evidence(check, f, "expectation", out);
	str_add_char(out, '.');
}

static const struct rule outcome_no_expectation = {
    .name = "outcome/no-expectation",
    .severity = SEVERITY_NOTE,
    .asks = "Does every objective answer something that customers expect?",
    .meaning = "An open objective that names no expectation that is in the plan (`expectations`) "
	       "and states none in words (`expectation`), and is part of none that does. In a "
	       "plan that speaks of no expectation at all the rule is silent. Not judged: "
	       "objectives that are closed or dropped.",
    .hurts = "An aim that no customer would miss is met with effort that they would have liked to "
	     "see elsewhere.",
    .mend = "Name the expectation that it answers, so that it reads: to meet our customers' "
	    "expectation of X, our target is Y by Z. If it answers none, ask what it is for.",
    .unknown_when = "",
    .fix = "Name the expectation that the objective answers.",
    .run = run_no_expectation,
    .message = message_no_expectation,
};

const struct rule *const rules_outcome_expectation[] = {
    &outcome_no_expectation,
    NULL,
};
