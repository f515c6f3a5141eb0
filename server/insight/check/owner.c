/* The family "owner": who answers for it? */
#include <string.h>

#include "common/str.h"
#include "server/insight/check/pass.h"
#include "server/limits.h"

/* What shall have somebody who answers for it. Tasks and milestones rest with the work that they are a part of. */
static const enum kind owned[] = {
    KIND_GOAL, KIND_OBJECTIVE, KIND_STRATEGY, KIND_INITIATIVE, KIND_WORKSTREAM};
#define OWNED_COUNT (sizeof owned / sizeof owned[0])
/* Where several, or the wrong ones, are found as well. */
static const enum kind assigned[] = {KIND_GOAL, KIND_OBJECTIVE, KIND_MEASURE, KIND_STRATEGY,
    KIND_INITIATIVE, KIND_WORKSTREAM, KIND_MILESTONE, KIND_TASK};
#define ASSIGNED_COUNT (sizeof assigned / sizeof assigned[0])

typedef void (*judge_fn)(struct pass *pass, uint32_t slot);

/* Judged items of the kinds that have references of the roles; roles 0: all. */
static void
each(struct pass *pass, const enum kind *kinds, size_t kinds_count, uint64_t roles, judge_fn judge)
{
	for (size_t k = 0; k < kinds_count; k++) {
		uint32_t count;
		const uint32_t *slots = index_kind(pass->ix, kinds[k], &count);

		for (uint32_t i = 0; i < count && pass_goes_on(pass); i++) {
			if (index_is(pass->ix, slots[i], STANDING_JUDGED) &&
			    (roles == 0 || (pass->ix->roles[slots[i]] & roles) != 0))
				judge(pass, slots[i]);
		}
	}
}

/* Different ones; a name that stands twice counts once. */
static unsigned
count_owners(const struct index *ix, uint32_t slot)
{
	struct edges out = index_out(ix, slot);
	unsigned count = 0;

	for (uint32_t i = 0; i < out.count; i++) {
		count += out.list[i].role == ROLE_OWNER && !index_is_again(&out, i);
	}
	return count;
}

/* ---- none */

static void
judge_none(struct pass *pass, uint32_t slot)
{
	struct draft d;

	if ((pass->ix->roles[slot] & ROLE_BIT(ROLE_OWNER)) != 0)
		return;
	draft_init(&d, slot, SLOT_NONE);
	draft_count(&d, slot, "owners", 0);
	pass_emit(pass, &d);
}

static void
run_none(struct pass *pass)
{
	each(pass, owned, OWNED_COUNT, 0, judge_none);
}

static void
message_none(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " has no owner.");
}

static const struct rule owner_none = {
    .name = "owner/none",
    .severity = SEVERITY_ERROR,
    .local = true,
    .asks = "Does somebody answer for it?",
    .meaning =
	"A goal, open objective, running strategy, open initiative or open workstream without an "
	"owner. Tasks and milestones need none of their own: the owner of the work that they are a "
	"part of answers for them. An owner who is named but not in the plan is found by "
	"sight/dangling instead. Not judged: what is done, stopped, closed or dropped.",
    .hurts = "What everybody could answer for, nobody does: questions go round, decisions wait, it "
	     "slips unseen.",
    .mend = "Name one person, and make sure that they know and agree.",
    .unknown_when = "",
    .fix = "Name one person as its owner.",
    .run = run_none,
    .message = message_none,
};

/* ---- many */

enum { MANY_MOST };

static void
judge_many(struct pass *pass, uint32_t slot)
{
	struct edges out = index_out(pass->ix, slot);
	unsigned owners = count_owners(pass->ix, slot);
	struct draft d;

	if (owners <= pass->limits[MANY_MOST])
		return;
	draft_init(&d, slot, SLOT_NONE);
	draft_count(&d, slot, "owners", owners);
	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].role == ROLE_OWNER)
			draft_slot(&d, slot, "owner", out.list[i].slot);
	}
	pass_emit(pass, &d);
}

static void
run_many(struct pass *pass)
{
	each(pass, assigned, ASSIGNED_COUNT, ROLE_BIT(ROLE_OWNER), judge_many);
}

static void
message_many(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *e = check_evidence(check, f);

	message_subject(check, f, 0, out);
	str_add(out, " has ");
	check_value(check, &e[0], out);
	str_add(out, " owners: ");
	for (unsigned i = 1; i < f->evidence_count; i++) {
		if (i > 1)
			str_add(out, ", ");
		check_value(check, &e[i], out);
	}
	str_add(out, e[0].value.count > f->evidence_count - 1 ? " and others." : ".");
}

static const struct rule owner_many = {
    .name = "owner/many",
    .severity = SEVERITY_WARNING,
    .local = true,
    .thresholds = {{"most", 1, 1, 20, "owners", "how many owners are accepted"}},
    .asks = "Does exactly one answer for it?",
    .meaning = "A goal, objective, measure, strategy, or piece of work that is open and has more "
	       "than `most` different owners. Those who do the work are members, not owners.",
    .hurts = "Shared ownership is none: each believes that the other has it, and in a conflict "
	     "there is nobody to decide.",
    .mend = "Agree on the one who answers for it; make the others members, or give them a "
	    "workstream of their own.",
    .unknown_when = "",
    .fix = "Leave one owner, make the others members.",
    .run = run_many,
    .message = message_many,
};

/* ---- not-a-person */

static void
judge_not_a_person(struct pass *pass, uint32_t slot)
{
	const struct index *ix = pass->ix;
	struct edges out = index_out(ix, slot);
	struct draft d;

	for (uint32_t i = 0; i < out.count; i++) {
		uint32_t owner = out.list[i].slot;

		if (out.list[i].role != ROLE_OWNER || !index_is(ix, owner, STANDING_LIVE) ||
		    ix->kinds[owner] == KIND_PERSON)
			continue;
		draft_init(&d, slot, owner);
		draft_slot(&d, slot, "owner", owner);
		pass_emit(pass, &d);
	}
}

static void
run_not_a_person(struct pass *pass)
{
	each(pass, assigned, ASSIGNED_COUNT, ROLE_BIT(ROLE_OWNER), judge_not_a_person);
}

static void
message_not_a_person(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " is owned by ");
	message_subject(check, f, 1, out);
	str_add(out, ", which is no person.");
}

static const struct rule owner_not_a_person = {
    .name = "owner/not-a-person",
    .severity = SEVERITY_WARNING,
    .local = true,
    .asks = "Is the one who answers a person?",
    .meaning = "An owner of a goal, objective, measure, strategy or open piece of work that is "
	       "there, but is a team or something else. One finding for each such owner.",
    .hurts = "A team cannot be asked, cannot decide and cannot be thanked; in the end its lead "
	     "carries it without having been asked.",
    .mend = "Name the person in the team who answers for it, often its lead; the team itself "
	    "belongs among the needs.",
    .unknown_when = "",
    .fix = "Name a person in its place.",
    .run = run_not_a_person,
    .message = message_not_a_person,
};

/* ---- gone */

enum { GONE_AHEAD };

static void
judge_gone(struct pass *pass, uint32_t slot)
{
	const struct index *ix = pass->ix;
	struct edges out = index_out(ix, slot);
	struct draft d;

	for (uint32_t i = 0; i < out.count; i++) {
		uint32_t owner = out.list[i].slot;
		int32_t last;

		if (out.list[i].role != ROLE_OWNER || !index_is(ix, owner, STANDING_LIVE) ||
		    ix->kinds[owner] != KIND_PERSON)
			continue;
		last = ix->items[owner]->finish;
		if (last == DATE_NONE || last >= pass->today + pass->limits[GONE_AHEAD])
			continue;
		draft_init(&d, slot, owner);
		draft_slot(&d, slot, "owner", owner);
		draft_date(&d, owner, "last day", last);
		d.from = last + 1 - (int32_t)pass->limits[GONE_AHEAD];
		pass_emit(pass, &d);
	}
}

static void
run_gone(struct pass *pass)
{
	each(pass, assigned, ASSIGNED_COUNT, ROLE_BIT(ROLE_OWNER), judge_gone);
}

static void
message_gone(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " is owned by ");
	message_subject(check, f, 1, out);
	str_add(out, ", whose last day is ");
	check_value(check, finding_evidence(check, f, "last day"), out);
	str_add_char(out, '.');
}

static const struct rule owner_gone = {
    .name = "owner/gone",
    .severity = SEVERITY_ERROR,
    .local = true,
    .thresholds = {{"ahead_days", 0, 0, 365, "days",
	"how long before the last day it is found already"}},
    .asks = "Is the owner still here?",
    .meaning = "An owner of something open whose last day has passed (or is less than `ahead_days` "
	       "away). On the last day itself they are still there. A person who was taken out of "
	       "the plan is found by sight/dangling. Persons without a last day stay.",
    .hurts = "On paper somebody answers for it; in truth nobody has since they left.",
    .mend = "Hand it over: name the new owner, or stop the work.",
    .unknown_when = "",
    .fix = "Name a new owner.",
    .run = run_gone,
    .message = message_gone,
};

/* ---- no-team */

enum { ALONE_EFFORT };

static bool
helps(const struct index *ix, uint32_t initiative, uint32_t who)
{
	return !index_has_target(ix, initiative, ROLE_OWNER, who);
}

/* Does the item itself bring in somebody who does not own the initiative? */
static bool
brings_others(const struct index *ix, uint32_t initiative, uint32_t slot)
{
	struct edges out = index_out(ix, slot);
	bool part = slot != initiative;

	for (uint32_t i = 0; i < out.count; i++) {
		switch (out.list[i].role) {
		case ROLE_NEED:
		case ROLE_MEMBER:
		case ROLE_WHO:
			if (helps(ix, initiative, out.list[i].slot))
				return true;
			break;
		case ROLE_OWNER:
			if (part && helps(ix, initiative, out.list[i].slot))
				return true;
			break;
		default:
			break;
		}
	}
	return false;
}

/* As deep as belonging goes. */
static bool
others_below(const struct index *ix, uint32_t initiative, uint32_t slot, unsigned depth)
{
	struct edges in = index_in(ix, slot);

	if (brings_others(ix, initiative, slot))
		return true;
	for (uint32_t i = 0; i < in.count && depth < LIMIT_DEPTH; i++) {
		uint32_t part = in.list[i].slot;

		if (in.list[i].role != ROLE_PART_OF || index_is(ix, part, STANDING_GIVEN_UP))
			continue;
		if (index_is_agreed_ask(ix, part) || others_below(ix, initiative, part, depth + 1))
			return true;
	}
	return false;
}

static bool
has_owner_not_a_person(const struct index *ix, uint32_t slot)
{
	struct edges out = index_out(ix, slot);

	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].role == ROLE_OWNER && ix->kinds[out.list[i].slot] != KIND_PERSON)
			return true;
	}
	return false;
}

static void
judge_no_team(struct pass *pass, uint32_t slot)
{
	const struct index *ix = pass->ix;
	const struct item *item = ix->items[slot];
	double days = pass->limits[ALONE_EFFORT];
	struct draft d;

	if (count_owners(ix, slot) != 1 || has_owner_not_a_person(ix, slot) ||
	    others_below(ix, slot, slot, 0))
		return;
	if ((item->has & HAS_VALUE) != 0 && (double)item->effort / 100 <= days)
		return;
	draft_init(&d, slot, SLOT_NONE);
	draft_slot(&d, slot, "owner", index_target(ix, slot, ROLE_OWNER));
	draft_count(&d, slot, "others on it", 0);
	if ((item->has & HAS_VALUE) != 0)
		draft_number(&d, slot, "estimate in person-days", (double)item->effort / 100);
	pass_emit(pass, &d);
}

static void
run_no_team(struct pass *pass)
{
	static const enum kind initiatives[] = {KIND_INITIATIVE};

	each(pass, initiatives, 1, ROLE_BIT(ROLE_OWNER), judge_no_team);
}

static void
message_no_team(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " has nobody on it but its owner ");
	check_value(check, &check_evidence(check, f)[0], out);
	str_add_char(out, '.');
}

static const struct rule owner_no_team = {
    .name = "owner/no-team",
    .severity = SEVERITY_NOTE,
    .thresholds = {{"alone_days", 5, 0, 10000, "person-days",
	"work estimated at most at this may be done alone"}},
    .asks = "Does anybody but the owner work on it?",
    .meaning =
	"An open initiative with one person as owner and nobody else on it: no member, no need of "
	"a team or person, no allocation, no ask that another team agreed to, and no part "
	"(workstream, milestone, task, at any depth) with another owner or member. Small work "
	"(likely estimate of at most `alone_days`) may be done alone; where nothing is estimated "
	"it is judged. Parts that were stopped bring nobody. Initiatives with several owners, or a "
	"team as owner, are left to owner/many and owner/not-a-person.",
    .hurts = "The owner will do it in the evenings or not at all, and it ends with them.",
    .mend = "Say who does the work: members, a need of a team, or an ask to one.",
    .unknown_when = "",
    .fix = "Say who else works on it, or which team it needs.",
    .run = run_no_team,
    .message = message_no_team,
};

/* ---- split */

struct parts {
	const struct index *ix;
	struct draft *d;
	unsigned owned;
};

static void
count_parts(struct parts *parts, uint32_t slot, unsigned depth)
{
	const struct index *ix = parts->ix;
	struct edges in = index_in(ix, slot);

	for (uint32_t i = 0; i < in.count && depth < LIMIT_DEPTH; i++) {
		uint32_t part = in.list[i].slot;

		if (in.list[i].role != ROLE_PART_OF || ix->kinds[part] != KIND_WORKSTREAM ||
		    !index_is(ix, part, STANDING_JUDGED))
			continue;
		if ((ix->roles[part] & ROLE_BIT(ROLE_OWNER)) != 0) {
			parts->owned++;
			draft_slot(parts->d, part, "owner", index_target(ix, part, ROLE_OWNER));
		}
		count_parts(parts, part, depth + 1);
	}
}

static void
judge_split(struct pass *pass, uint32_t slot)
{
	unsigned owners = count_owners(pass->ix, slot);
	struct draft d;
	struct parts parts = {pass->ix, &d, 0};

	if (owners == 1)
		return;
	draft_init(&d, slot, SLOT_NONE);
	draft_count(&d, slot, "owners", owners);
	count_parts(&parts, slot, 0);
	if (parts.owned > 0)
		pass_emit(pass, &d);
}

static void
run_split(struct pass *pass)
{
	static const enum kind initiatives[] = {KIND_INITIATIVE};

	each(pass, initiatives, 1, 0, judge_split);
}

static void
message_split(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *e = check_evidence(check, f);

	str_add(out, "The owned parts of ");
	message_subject(check, f, 0, out);
	str_add(out, " (");
	for (unsigned i = 1; i < f->evidence_count; i++) {
		if (i > 1)
			str_add(out, ", ");
		check_ref(check, e[i].slot, out);
	}
	str_add(out, f->evidence_count == FINDING_EVIDENCE ? ", …" : "");
	if (e[0].value.count == 0)
		str_add(out, ") roll up to nobody: it has no owner.");
	else
		str_addf(out, ") roll up to %u owners instead of one.", (unsigned)e[0].value.count);
}

static const struct rule owner_split = {
    .name = "owner/split",
    .severity = SEVERITY_WARNING,
    .asks = "Do the owners of the parts roll up to one?",
    .meaning = "An open initiative with open workstreams (at any depth) that have owners, while "
	       "the initiative itself has no owner, or several. It comes beside owner/none or "
	       "owner/many because it weighs more: the parts are led, the whole is not.",
    .hurts = "Each part is on track and the whole is late: between the parts nobody decides, and "
	     "what falls between them is nobody's.",
    .mend = "Name one owner of the initiative to whom the owners of its workstreams answer.",
    .unknown_when = "",
    .fix = "Name the one to whom the owners of its parts answer.",
    .run = run_split,
    .message = message_split,
};

/* ---- reviews-self */

static void
judge_reviews_self(struct pass *pass, uint32_t slot)
{
	uint32_t reviewer = index_target(pass->ix, slot, ROLE_REVIEWER);
	struct draft d;

	if (!index_has_target(pass->ix, slot, ROLE_OWNER, reviewer) ||
	    !index_is(pass->ix, reviewer, STANDING_LIVE))
		return;
	draft_init(&d, slot, reviewer);
	draft_slot(&d, slot, "owner", reviewer);
	draft_slot(&d, slot, "reviewer", reviewer);
	pass_emit(pass, &d);
}

static void
run_reviews_self(struct pass *pass)
{
	each(pass, assigned, ASSIGNED_COUNT, ROLE_BIT(ROLE_REVIEWER), judge_reviews_self);
}

static void
message_reviews_self(const struct check *check, const struct finding *f, struct str *out)
{
	message_subject(check, f, 0, out);
	str_add(out, " is owned and reviewed by ");
	message_subject(check, f, 1, out);
	str_add_char(out, '.');
}

static const struct rule owner_reviews_self = {
    .name = "owner/reviews-self",
    .severity = SEVERITY_NOTE,
    .local = true,
    .asks = "Is there a second pair of eyes?",
    .meaning = "Something open whose stated reviewer is one of its owners. Where no reviewer is "
	       "stated the owner's manager reviews, who is somebody else by definition.",
    .hurts = "Bad news is acknowledged by the one who wrote it, and reaches nobody.",
    .mend = "Take the reviewer out (the owner's manager then reviews), or name somebody else.",
    .unknown_when = "",
    .fix = "Name another reviewer, or none: then the owner's manager reviews.",
    .run = run_reviews_self,
    .message = message_reviews_self,
};

const struct rule *const rules_owner[] = {
    &owner_none,
    &owner_many,
    &owner_not_a_person,
    &owner_gone,
    &owner_no_team,
    &owner_split,
    &owner_reviews_self,
    NULL,
};
