/* The family "mirror", what is claimed and what is done: values, feelings, and what contradicts what. Only links prove anything here. */
#include <stdlib.h>

#include "common/str.h"
#include "server/insight/check/mirror.h"
#include "server/insight/check/pass.h"
#include "server/plan/control.h"

enum { DECISION_ACCEPTED = 2, COMMITMENT_OPEN = 0, COMMITMENT_BROKEN = 2 };

bool
mirror_is_word(unsigned kind)
{
	return kind == KIND_VISION || kind == KIND_MISSION || kind == KIND_VALUE ||
	       kind == KIND_POLICY;
}

static bool
has_edge(const struct index *ix, uint32_t from, uint32_t to, unsigned role, uint32_t before)
{
	struct edges out = index_out(ix, from);

	for (uint32_t i = 0; i < out.count && i < before; i++) {
		if (out.list[i].role == role && out.list[i].slot == to)
			return true;
	}
	return false;
}

/* ---- value-on-the-wall */

static bool
honours(unsigned role)
{
	return role == ROLE_HONOURS || role == ROLE_LINK_SUPPORTS || role == ROLE_LINK_RELATES ||
	       role == ROLE_LINK_CONTRIBUTES;
}

static bool
is_act(unsigned kind)
{
	return kind == KIND_GOAL || kind == KIND_OBJECTIVE || kind == KIND_STRATEGY ||
	       kind == KIND_INITIATIVE || kind == KIND_POLICY || kind == KIND_DECISION ||
	       kind == KIND_COMMITMENT;
}

/* Either may hold the link. */
static void
mark_honoured(const struct index *ix, uint32_t slot, uint8_t *marks)
{
	struct edges out = index_out(ix, slot);
	bool is_value = ix->kinds[slot] == KIND_VALUE;

	if (!index_is(ix, slot, STANDING_LIVE) || index_is(ix, slot, STANDING_GIVEN_UP) ||
	    (!is_value && !is_act(ix->kinds[slot])))
		return;
	for (uint32_t i = 0; i < out.count; i++) {
		uint32_t to = out.list[i].slot;

		if (!honours(out.list[i].role))
			continue;
		if (!is_value && ix->kinds[to] == KIND_VALUE)
			marks[to] = 1;
		else if (is_value && is_act(ix->kinds[to]) && index_is(ix, to, STANDING_LIVE))
			marks[slot] = 1;
	}
}

static void
run_value_on_the_wall(struct pass *pass)
{
	const struct index *ix = pass->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_VALUE, &count);
	const uint64_t roles = ROLE_BIT(ROLE_HONOURS) | ROLE_BIT(ROLE_LINK_SUPPORTS) |
			       ROLE_BIT(ROLE_LINK_RELATES) | ROLE_BIT(ROLE_LINK_CONTRIBUTES);
	uint8_t *marks = count > 0 ? calloc((size_t)ix->slots + 1, 1) : NULL;
	struct draft d;

	if (marks == NULL && count > 0)
		pass_out_of_memory(pass);
	for (uint32_t s = 0; marks != NULL && s < ix->slots && pass_goes_on(pass); s++) {
		if ((ix->roles[s] & roles) != 0)
			mark_honoured(ix, s, marks);
	}
	for (uint32_t i = 0; marks != NULL && i < count && pass_goes_on(pass); i++) {
		if (marks[slots[i]])
			continue;
		draft_init(&d, slots[i], SLOT_NONE);
		draft_count(&d, slots[i], "what honours or links to it", 0);
		pass_emit(pass, &d);
	}
	free(marks);
}

static void
message_value_on_the_wall(const struct check *check, const struct finding *f, struct str *out)
{
	str_add(out, "No objective, policy or decision honours ");
	message_subject(check, f, 0, out);
	str_add(out, " or links to it.");
}

const struct rule mirror_value_on_the_wall = {
    .name = "mirror/value-on-the-wall",
    .severity = SEVERITY_NOTE,
    .asks = "Do our values decide anything?",
    .meaning = "A value that no goal, objective, strategy, initiative, policy, commitment or "
	       "decision honours or is linked "
	       "with (`supports`, `contributes`, `relates`, from either side). What breaks it does "
	       "not count; nor what was "
	       "rejected, dropped, stopped or withdrawn.",
    .hurts = "A value that never decided anything is a poster. New colleagues see that first.",
    .mend = "Look at the last hard decisions: which of them was taken because of it? Record that "
	    "(`honours`). If there is "
	    "none, write the policy that it asks for, or take the value down.",
    .unknown_when = "",
    .fix = "Link what honours it: a policy, an objective, a decision; or take it down.",
    .run = run_value_on_the_wall,
    .message = message_value_on_the_wall,
};

/* ---- at-odds */

static void
judge_odds(struct pass *pass, uint32_t slot)
{
	const struct index *ix = pass->ix;
	struct edges out = index_out(ix, slot);
	struct draft d;

	for (uint32_t i = 0; i < out.count; i++) {
		uint32_t to = out.list[i].slot;

		if (out.list[i].role != ROLE_LINK_AT_ODDS || ix->kinds[to] != KIND_FEELING ||
		    !index_is(ix, to, STANDING_LIVE) ||
		    has_edge(ix, slot, to, ROLE_LINK_AT_ODDS, i) ||
		    has_edge(ix, slot, to, ROLE_LINK_SUPPORTS, UINT32_MAX))
			continue;
		draft_init(&d, slot, to);
		draft_slot(&d, slot, "at odds with", to);
		draft_count(&d, slot, "link", (int64_t)out.list[i].position + 1);
		pass_emit(pass, &d);
	}
}

static void
run_at_odds(struct pass *pass)
{
	const struct index *ix = pass->ix;

	for (uint32_t s = 0; s < ix->slots && pass_goes_on(pass); s++) {
		if ((ix->roles[s] & ROLE_BIT(ROLE_LINK_AT_ODDS)) != 0 &&
		    mirror_is_word(ix->kinds[s]) && index_is(ix, s, STANDING_LIVE))
			judge_odds(pass, s);
	}
}

static void
message_at_odds(const struct check *check, const struct finding *f, struct str *out)
{
	const struct evidence *link = finding_evidence(check, f, "link");
	const struct item *item = link != NULL ? check_index(check)->items[link->slot] : NULL;
	const char *note;
	size_t len = 0;

	message_subject(check, f, 0, out);
	str_add(out, " works against what customers should feel, ");
	message_subject(check, f, 1, out);
	note = item != NULL ? control_link_note(item, (uint32_t)(link->value.count - 1), &len) : "";
	if (len > 0) {
		str_add(out, ": ");
		str_add_len(out, note, len);
	}
	if (len == 0 || note[len - 1] != '.')
		str_add_char(out, '.');
}

const struct rule mirror_at_odds = {
    .name = "mirror/at-odds",
    .severity = SEVERITY_WARNING,
    .asks = "Do our rules let customers feel what we want them to feel?",
    .meaning = "A vision, mission, value or policy (rule, reward, budget criterion, structure) "
	       "with a link of type `at_odds` "
	       "to a feeling that customers should have. The note of the link is the gap that it "
	       "leaves. An entry that also "
	       "supports the same feeling cannot be judged: mirror/contradiction says so.",
    .hurts = "People do what they are paid, measured and organised for. No campaign talks "
	     "customers out of what they "
	     "live through.",
    .mend = "Change the policy, the reward or the structure; or say openly that this feeling is "
	    "not for now.",
    .unknown_when = "",
    .fix = "Change what works against it, or give up the feeling.",
    .run = run_at_odds,
    .message = message_at_odds,
};

/* ---- contradiction */

static void
emit_pair(struct pass *pass, uint32_t a, uint32_t b, const char *what)
{
	struct draft d;

	draft_init(&d, a, b);
	draft_slot(&d, a, what, b);
	pass_emit(pass, &d);
}

static void
emit_conflicting(struct pass *pass, uint32_t a, uint32_t b, const char *text)
{
	struct draft d;

	draft_init(&d, a, b);
	draft_missing(&d, b, text);
	pass_emit(pass, &d);
}

/* What was withdrawn or kept all the same was not broken. */
static bool
can_be_broken(const struct index *ix, uint32_t slot)
{
	uint8_t status = ix->items[slot] != NULL ? ix->items[slot]->status : 0;

	if (!index_is(ix, slot, STANDING_LIVE))
		return false;
	return ix->kinds[slot] != KIND_COMMITMENT || status == COMMITMENT_OPEN ||
	       status == COMMITMENT_BROKEN;
}

static void
judge_decision(struct pass *pass, uint32_t slot)
{
	const struct index *ix = pass->ix;
	struct edges out = index_out(ix, slot);

	for (uint32_t i = 0; i < out.count; i++) {
		uint32_t to = out.list[i].slot;

		if (out.list[i].role != ROLE_BREAKS || !can_be_broken(ix, to) ||
		    has_edge(ix, slot, to, ROLE_BREAKS, i))
			continue;
		if (has_edge(ix, slot, to, ROLE_HONOURS, UINT32_MAX))
			emit_conflicting(pass, slot, to,
			    "conflicting stances: it says that it honours it and that it breaks "
			    "it");
		else
			emit_pair(pass, slot, to, "breaks");
	}
}

/* Both may say so: then it is the one's whose name comes first. */
static void
judge_conflict(struct pass *pass, uint32_t slot, unsigned role)
{
	const struct index *ix = pass->ix;
	struct edges out = index_out(ix, slot);

	for (uint32_t i = 0; i < out.count; i++) {
		uint32_t to = out.list[i].slot;
		bool first = index_compare(ix, slot, to) < 0;

		if (out.list[i].role != role || to == slot || ix->kinds[to] == KIND_FEELING ||
		    !index_is(ix, to, STANDING_JUDGED) ||
		    (!mirror_is_word(ix->kinds[slot]) && !mirror_is_word(ix->kinds[to])) ||
		    has_edge(ix, slot, to, role, i) ||
		    (!first && has_edge(ix, to, slot, role, UINT32_MAX)))
			continue;
		emit_pair(pass, first ? slot : to, first ? to : slot, "in conflict with");
	}
}

/* Two stances to one feeling. */
static void
judge_stances(struct pass *pass, uint32_t slot)
{
	const struct index *ix = pass->ix;
	struct edges out = index_out(ix, slot);

	for (uint32_t i = 0; i < out.count; i++) {
		uint32_t to = out.list[i].slot;

		if (out.list[i].role == ROLE_LINK_AT_ODDS && ix->kinds[to] == KIND_FEELING &&
		    index_is(ix, to, STANDING_LIVE) &&
		    !has_edge(ix, slot, to, ROLE_LINK_AT_ODDS, i) &&
		    has_edge(ix, slot, to, ROLE_LINK_SUPPORTS, UINT32_MAX))
			emit_conflicting(pass, slot, to,
			    "conflicting stances: it is said to support the feeling and to be at "
			    "odds "
			    "with it");
	}
}

/*
 * Decisions that supersede each other in a circle: none of them holds. Each has at most one behind it; the walk from each colours
 * what it comes by, and a circle is told by its first name.
 */
static void
judge_circle(struct pass *pass, uint32_t start, uint32_t *walks, uint32_t walk)
{
	const struct index *ix = pass->ix;
	uint32_t slot = start, first;
	struct draft d;

	while (slot != SLOT_NONE && ix->kinds[slot] == KIND_DECISION && walks[slot] == 0) {
		walks[slot] = walk;
		slot = index_target(ix, slot, ROLE_INSTEAD);
	}
	if (slot == SLOT_NONE || ix->kinds[slot] != KIND_DECISION || walks[slot] != walk)
		return;
	first = slot;
	for (uint32_t s = index_target(ix, slot, ROLE_INSTEAD); s != slot;
	     s = index_target(ix, s, ROLE_INSTEAD)) {
		if (index_compare(ix, s, first) < 0)
			first = s;
	}
	draft_init(&d, first, SLOT_NONE);
	draft_slot(&d, first, "superseded by", index_target(ix, first, ROLE_INSTEAD));
	for (uint32_t s = index_target(ix, first, ROLE_INSTEAD); s != first;
	     s = index_target(ix, s, ROLE_INSTEAD)) {
		if (d.subjects_count < FINDING_SUBJECTS)
			d.subjects[d.subjects_count++] = s;
		else
			d.more++;
		draft_slot(&d, s, "superseded by", index_target(ix, s, ROLE_INSTEAD));
	}
	pass_emit(pass, &d);
}

static void
run_decisions(struct pass *pass)
{
	const struct index *ix = pass->ix;
	uint32_t count;
	const uint32_t *slots = index_kind(ix, KIND_DECISION, &count);
	uint32_t *walks = count > 0 ? calloc((size_t)ix->slots + 1, sizeof walks[0]) : NULL;

	if (count > 0 && walks == NULL)
		pass_out_of_memory(pass);
	for (uint32_t i = 0; walks != NULL && i < count && pass_goes_on(pass); i++) {
		if (ix->items[slots[i]]->status == DECISION_ACCEPTED)
			judge_decision(pass, slots[i]);
		judge_circle(pass, slots[i], walks, i + 1);
	}
	free(walks);
}

static void
run_contradiction(struct pass *pass)
{
	const struct index *ix = pass->ix;
	const uint64_t roles = ROLE_BIT(ROLE_LINK_CONFLICTS) | ROLE_BIT(ROLE_LINK_AT_ODDS);

	run_decisions(pass);
	for (uint32_t s = 0; s < ix->slots && pass_goes_on(pass); s++) {
		if ((ix->roles[s] & roles) == 0 || !index_is(ix, s, STANDING_JUDGED))
			continue;
		judge_conflict(pass, s, ROLE_LINK_CONFLICTS);
		judge_conflict(pass, s, ROLE_LINK_AT_ODDS);
		judge_stances(pass, s);
	}
}

static void
message_contradiction(const struct check *check, const struct finding *f, struct str *out)
{
	if (finding_evidence(check, f, "superseded by") != NULL) {
		message_subject(check, f, 0, out);
		if (f->subjects_count == 1) {
			str_add(out, " is said to be superseded by itself.");
			return;
		}
		str_addf(out, " and %u more supersede each other in a circle: none of them holds.",
		    f->subjects_count - 1u + f->more);
		return;
	}
	message_subject(check, f, 0, out);
	if (finding_evidence(check, f, "breaks") != NULL) {
		str_add(out, " breaks ");
		message_subject(check, f, 1, out);
		str_add(out, ", by its own words.");
		return;
	}
	str_add(out, " and ");
	message_subject(check, f, 1, out);
	str_add(out, " contradict each other: ");
	check_ref(check, check_evidence(check, f)[0].slot, out);
	str_add(out, " says so.");
}

const struct rule mirror_contradiction = {
    .name = "mirror/contradiction",
    .severity = SEVERITY_WARNING,
    .asks = "Do our decisions keep our word?",
    .meaning = "Only what the plan itself says, never what words seem to mean. An accepted "
	       "decision that names among its "
	       "`breaks` a value, a policy, or a commitment that is open or broken. A link of type "
	       "`conflicts` or `at_odds` "
	       "between two entries of which one is a vision, mission, value or policy. Decisions "
	       "that are superseded by "
	       "themselves or by each other in a circle.",
    .hurts = "Everybody sees which of the two counts. The other one, and those who stood up for "
	     "it, lose.",
    .mend = "Decide which of the two holds. Change the other one: supersede the decision, withdraw "
	    "the commitment with "
	    "its reason and tell those it was given to, rewrite the policy or the value.",
    .unknown_when = "An entry both supports a feeling and is at odds with it, or both honours and "
		    "breaks the same thing.",
    .fix = "Decide which of the two holds, and change the other one.",
    .run = run_contradiction,
    .message = message_contradiction,
};
