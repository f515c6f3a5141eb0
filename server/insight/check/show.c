/* The words of findings, made when they are shown. */
#include <stdio.h>
#include <string.h>

#include "common/calendar.h"
#include "common/str.h"
#include "server/insight/check/check.h"
#include "server/insight/check/pass.h"
#include "server/limits.h"
#include "server/plan/kinds.h"

void
check_ref(const struct check *check, uint32_t slot, struct str *out)
{
	const struct item *item = check_index(check)->items[slot];

	str_addf(out, "%s/%.*s", kind_name(item->kind), item->id_len, item_id(item));
}

void
check_key(const struct check *check, const struct finding *f, struct str *out)
{
	size_t count;
	const struct rule *rule = rules_all(&count)[f->rule];
	const uint32_t *subjects = check_subjects(check, f);

	str_addf(out, "%s:%s", rule->name, f->subjects_count == 0 ? "plan" : "");
	for (unsigned i = 0; i < f->subjects_count; i++) {
		if (i > 0)
			str_add_char(out, ',');
		check_ref(check, subjects[i], out);
	}
	if (f->qualifier != NULL)
		str_addf(out, "@%s", f->qualifier);
}

static void
add_number(double number, struct str *out)
{
	char text[32];

	/* The shortest of at most 15 digits reads back as what was typed in. */
	snprintf(text, sizeof text, "%.15g", number == 0 ? 0 : number);
	str_add(out, text);
}

void
check_value(const struct check *check, const struct evidence *e, struct str *out)
{
	char date[DATE_TEXT_LEN];

	switch ((enum value_type)e->type) {
	case VALUE_TEXT:
		str_add(out, e->value.text);
		break;
	case VALUE_NUMBER:
		add_number(e->value.number, out);
		break;
	case VALUE_COUNT:
		str_addf(out, "%lld", (long long)e->value.count);
		break;
	case VALUE_DATE:
		str_add(out, date_format(e->value.date, date));
		break;
	case VALUE_SLOT:
		check_ref(check, e->value.slot, out);
		break;
	}
}

const struct evidence *
finding_evidence(const struct check *check, const struct finding *f, const char *what)
{
	const struct evidence *e = check_evidence(check, f);

	for (unsigned i = 0; i < f->evidence_count; i++) {
		if (strcmp(e[i].what, what) == 0)
			return &e[i];
	}
	return NULL;
}

static void
unknown_message(
    const struct check *check, const struct finding *f, const struct rule *rule, struct str *out)
{
	const struct evidence *e = finding_evidence(check, f, "missing");

	str_addf(out, "%s cannot judge ", rule->name);
	if (f->subjects_count == 0)
		str_add(out, "the plan");
	else
		check_ref(check, check_subjects(check, f)[0], out);
	str_addf(out, ": %s", e->value.text);
	if (f->subjects_count > 0 && e->slot != check_subjects(check, f)[0]) {
		str_add(out, " (");
		check_ref(check, e->slot, out);
		str_add_char(out, ')');
	}
	str_add_char(out, '.');
}

void
check_message(const struct check *check, const struct finding *f, struct str *out)
{
	size_t count;
	const struct rule *rule = rules_all(&count)[f->rule];

	if (f->flags & FINDING_UNKNOWN)
		unknown_message(check, f, rule, out);
	else
		rule->message(check, f, out);
}

const char *
check_fix(const struct check *check, const struct finding *f)
{
	size_t count;
	const struct rule *rule = rules_all(&count)[f->rule];

	(void)check;
	if (f->flags & FINDING_UNKNOWN)
		return "State what is missing, or switch the rule off where it shall not judge.";
	return rule->fix;
}

/* ---- who should act */

struct who {
	const struct index *ix;
	uint32_t *slots;
	size_t count;
	size_t max;
};

static bool
can_act(const struct index *ix, uint32_t slot)
{
	const struct item *item = slot == SLOT_NONE ? NULL : ix->items[slot];

	if (item == NULL || !index_is(ix, slot, STANDING_LIVE))
		return false;
	if (item->kind == KIND_PERSON)
		return item->finish == DATE_NONE || item->finish >= ix->today;
	return item->kind == KIND_TEAM;
}

/* For a team its lead acts, where it has one. False: cannot act. */
static bool
add_who(struct who *who, uint32_t slot)
{
	if (!can_act(who->ix, slot))
		return false;
	if (who->ix->kinds[slot] == KIND_TEAM &&
	    can_act(who->ix, index_target(who->ix, slot, ROLE_LEAD)))
		slot = index_target(who->ix, slot, ROLE_LEAD);
	for (size_t i = 0; i < who->count; i++) {
		if (who->slots[i] == slot)
			return true;
	}
	if (who->count < who->max)
		who->slots[who->count++] = slot;
	return true;
}

static bool
add_with_role(struct who *who, uint32_t slot, enum role role)
{
	struct edges out = index_out(who->ix, slot);
	bool any = false;

	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].role == role)
			any |= add_who(who, out.list[i].slot);
	}
	return any;
}

/* A gone person's manager, a team's lead; then the owners of what the item belongs to or serves. */
static uint32_t
next_above(const struct index *ix, uint32_t slot)
{
	static const enum role ways[] = {ROLE_PART_OF, ROLE_OBJECTIVE, ROLE_CONTRIBUTION,
	    ROLE_INLINE_UNDER, ROLE_PARENT, ROLE_GOAL, ROLE_IN, ROLE_ABOUT};

	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		uint32_t above = index_target(ix, slot, ways[i]);

		if (above != SLOT_NONE && index_is(ix, above, STANDING_LIVE))
			return above;
	}
	return SLOT_NONE;
}

static bool
add_those_of(struct who *who, uint32_t slot)
{
	unsigned kind = who->ix->kinds[slot];

	return add_with_role(who, slot, kind == KIND_PERSON ? ROLE_MANAGER : ROLE_OWNER) ||
	       add_with_role(who, slot, kind == KIND_TEAM ? ROLE_LEAD : ROLE_TEAM);
}

/* The nearest ones on the way up from a subject. */
static void
add_nearest(struct who *who, uint32_t slot)
{
	for (unsigned depth = 0; slot != SLOT_NONE && depth < LIMIT_DEPTH; depth++) {
		if (add_those_of(who, slot))
			return;
		slot = next_above(who->ix, slot);
	}
}

/* Nobody answers for it: those who do the work, or who recorded what the finding rests on. */
static void
add_bystanders(struct who *who, const struct check *check, const struct finding *f)
{
	const struct evidence *e = check_evidence(check, f);

	for (unsigned i = 0; i < f->subjects_count; i++)
		add_with_role(who, check_subjects(check, f)[i], ROLE_MEMBER);
	for (unsigned i = 0; i < f->evidence_count; i++) {
		if (e[i].type == VALUE_SLOT)
			add_with_role(who, e[i].value.slot, ROLE_BY);
	}
}

/* Nobody is near it: those who answer for the vision or the mission answer for all that nobody does. */
static void
add_first(struct who *who)
{
	static const enum kind kinds[] = {KIND_VISION, KIND_MISSION};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && who->count == 0; i++) {
		uint32_t count;
		const uint32_t *slots = index_kind(who->ix, kinds[i], &count);

		if (count > 0)
			add_with_role(who, slots[0], ROLE_OWNER);
	}
}

/* Those whom the rule's evidence names. */
static void
add_actors(struct who *who, const struct check *check, const struct finding *f, const char *actor)
{
	const struct evidence *e = check_evidence(check, f);

	for (unsigned i = 0; i < f->evidence_count; i++) {
		if (e[i].type == VALUE_SLOT && strcmp(e[i].what, actor) == 0)
			add_who(who, e[i].value.slot);
	}
}

size_t
check_who(const struct check *check, const struct finding *f, uint32_t *slots, size_t max)
{
	struct who who = {check_index(check), slots, 0, max};
	size_t count;
	/* In a circle all are in it together. */
	bool all = rules_all(&count)[f->rule] == &sight_cycle;

	if (rules_all(&count)[f->rule]->actor != NULL)
		add_actors(&who, check, f, rules_all(&count)[f->rule]->actor);
	for (unsigned i = 0; i < f->subjects_count && (all || who.count == 0); i++)
		add_nearest(&who, check_subjects(check, f)[i]);
	if (who.count == 0)
		add_bystanders(&who, check, f);
	if (who.count == 0)
		add_first(&who);
	return who.count;
}

/* ---- parts of a message */

void
message_subject(const struct check *check, const struct finding *f, unsigned i, struct str *out)
{
	check_ref(check, check_subjects(check, f)[i], out);
}

void
message_evidence(
    const struct check *check, const struct finding *f, const char *what, struct str *out)
{
	const struct evidence *e = finding_evidence(check, f, what);

	if (e != NULL)
		check_value(check, e, out);
}
