/* Items and records between their messages and the spine. */
#include "server/plan/codec_internal.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/calendar.h"
#include "common/parse.h"
#include "common/pb.h"

/* ---- kinds ------------------------------------------------------------------------------------------- */

static const struct {
	unsigned body;
	enum kind kind;
} item_kinds[] = {
    {PLUMB__V1__ITEM__BODY_VISION, KIND_VISION},
    {PLUMB__V1__ITEM__BODY_MISSION, KIND_MISSION},
    {PLUMB__V1__ITEM__BODY_VALUE, KIND_VALUE},
    {PLUMB__V1__ITEM__BODY_GOAL, KIND_GOAL},
    {PLUMB__V1__ITEM__BODY_OBJECTIVE, KIND_OBJECTIVE},
    {PLUMB__V1__ITEM__BODY_MEASURE, KIND_MEASURE},
    {PLUMB__V1__ITEM__BODY_STRATEGY, KIND_STRATEGY},
    {PLUMB__V1__ITEM__BODY_INITIATIVE, KIND_INITIATIVE},
    {PLUMB__V1__ITEM__BODY_WORKSTREAM, KIND_WORKSTREAM},
    {PLUMB__V1__ITEM__BODY_MILESTONE, KIND_MILESTONE},
    {PLUMB__V1__ITEM__BODY_TASK, KIND_TASK},
    {PLUMB__V1__ITEM__BODY_PERSON, KIND_PERSON},
    {PLUMB__V1__ITEM__BODY_TEAM, KIND_TEAM},
    {PLUMB__V1__ITEM__BODY_PERIOD, KIND_PERIOD},
    {PLUMB__V1__ITEM__BODY_CALENDAR, KIND_CALENDAR},
    {PLUMB__V1__ITEM__BODY_ALLOCATION, KIND_ALLOCATION},
    {PLUMB__V1__ITEM__BODY_ASK, KIND_ASK},
    {PLUMB__V1__ITEM__BODY_COMMITMENT, KIND_COMMITMENT},
    {PLUMB__V1__ITEM__BODY_DECISION, KIND_DECISION},
    {PLUMB__V1__ITEM__BODY_POLICY, KIND_POLICY},
    {PLUMB__V1__ITEM__BODY_REVIEW, KIND_REVIEW},
    {PLUMB__V1__ITEM__BODY_MATURITY, KIND_MATURITY},
    {PLUMB__V1__ITEM__BODY_REQUEST, KIND_REQUEST},
    {PLUMB__V1__ITEM__BODY_ROUND, KIND_ROUND},
    {PLUMB__V1__ITEM__BODY_SEGMENT, KIND_SEGMENT},
    {PLUMB__V1__ITEM__BODY_JOURNEY, KIND_JOURNEY},
    {PLUMB__V1__ITEM__BODY_STAGE, KIND_STAGE},
    {PLUMB__V1__ITEM__BODY_STEP, KIND_STEP},
    {PLUMB__V1__ITEM__BODY_EXPECTATION, KIND_EXPECTATION},
    {PLUMB__V1__ITEM__BODY_DESIRED_OUTCOME, KIND_DESIRED_OUTCOME},
    {PLUMB__V1__ITEM__BODY_FEELING, KIND_FEELING},
    {PLUMB__V1__ITEM__BODY_CUSTOMER, KIND_CUSTOMER},
    {PLUMB__V1__ITEM__BODY_INFLUENCER, KIND_INFLUENCER},
    {PLUMB__V1__ITEM__BODY_ASSESSMENT, KIND_ASSESSMENT},
    {PLUMB__V1__ITEM__BODY_COMPETITOR_MOVE, KIND_COMPETITOR_MOVE},
    {PLUMB__V1__ITEM__BODY_RISK, KIND_RISK},
    {PLUMB__V1__ITEM__BODY_BASELINE, KIND_BASELINE},
    {PLUMB__V1__ITEM__BODY_WAIVER, KIND_WAIVER},
    {PLUMB__V1__ITEM__BODY_RULE_SETTING, KIND_RULE_SETTING},
    {PLUMB__V1__ITEM__BODY_WORKSPACE, KIND_WORKSPACE},
    {PLUMB__V1__ITEM__BODY_TOKEN, KIND_TOKEN},
    {PLUMB__V1__ITEM__BODY_WEBHOOK, KIND_WEBHOOK},
    {PLUMB__V1__ITEM__BODY_WEBHOOK_STATE, KIND_WEBHOOK_STATE},
    {PLUMB__V1__ITEM__BODY_AUDIT_ANCHOR, KIND_AUDIT_ANCHOR},
    {PLUMB__V1__ITEM__BODY_SCENARIO, KIND_SCENARIO},
};

enum kind
codec_item_kind(const ProtobufCMessage *message)
{
	if (message->descriptor == &plumb__v1__record__descriptor) {
		switch (((const Plumb__V1__Record *)message)->body_case) {
		case PLUMB__V1__RECORD__BODY_MEASUREMENT:
			return KIND_MEASUREMENT;
		case PLUMB__V1__RECORD__BODY_CHECK_IN:
			return KIND_CHECK_IN;
		case PLUMB__V1__RECORD__BODY_ACKNOWLEDGEMENT:
			return KIND_ACKNOWLEDGEMENT;
		case PLUMB__V1__RECORD__BODY_ACCEPTANCE:
			return KIND_ACCEPTANCE;
		case PLUMB__V1__RECORD__BODY_VOTE:
			return KIND_VOTE;
		case PLUMB__V1__RECORD__BODY_EXPERIENCE:
			return KIND_EXPERIENCE;
		case PLUMB__V1__RECORD__BODY_MEETING:
			return KIND_MEETING;
		default:
			return KIND_NONE;
		}
	}
	for (size_t i = 0; i < sizeof item_kinds / sizeof item_kinds[0]; i++) {
		if (item_kinds[i].body == (unsigned)((const Plumb__V1__Item *)message)->body_case)
			return item_kinds[i].kind;
	}
	return KIND_NONE;
}

/* ---- the spine ---------------------------------------------------------------------------------------- */

static int32_t
date_of(const char *text)
{
	int32_t date;

	return date_parse(text, &date) ? date : DATE_NONE;
}

#define STATED(message, field, Field) ((message)->field##__case == Field)

static void
spine_effort(struct item *item, bool stated, int64_t effort)
{
	if (stated) {
		item->effort = effort;
		item->has |= HAS_VALUE;
	}
}

static void
spine_value(struct item *item, bool stated, double value)
{
	if (stated) {
		item->value = value;
		item->has |= HAS_VALUE;
	}
}

static uint8_t
scope_has(const Plumb__V1__Scope *scope)
{
	uint8_t has = 0;

	if (scope != NULL && scope->n_in > 0)
		has |= HAS_SCOPE | HAS_SCOPE_IN;
	if (scope != NULL && scope->n_out > 0)
		has |= HAS_SCOPE | HAS_SCOPE_OUT;
	return has;
}

static void
spine_objective(struct item *item, struct target *targets, const Plumb__V1__Objective *o)
{
	item->status = (uint8_t)o->status;
	item->extra = (uint8_t)o->roll_up;
	item->done = date_of(o->closed);
	spine_value(item, STATED(o, weight, PLUMB__V1__OBJECTIVE__WEIGHT__WEIGHT), o->weight);
	if (o->expectation[0] != '\0')
		item->has |= HAS_EXPECTATION;
	for (size_t i = 0; i < o->n_targets; i++) {
		const Plumb__V1__Target *t = o->targets[i];

		targets[i] = (struct target){
		    .measure = SLOT_NONE,
		    .due = date_of(t->due),
		    .baseline = STATED(t, baseline, PLUMB__V1__TARGET__BASELINE__BASELINE)
				    ? t->baseline
				    : NAN,
		    .target =
			STATED(t, target, PLUMB__V1__TARGET__TARGET__TARGET) ? t->target : NAN,
		    .commit =
			STATED(t, commit, PLUMB__V1__TARGET__COMMIT__COMMIT) ? t->commit : NAN,
		    .stretch =
			STATED(t, stretch, PLUMB__V1__TARGET__STRETCH__STRETCH) ? t->stretch : NAN,
		    .has_text = t->text[0] != '\0',
		};
	}
	for (uint32_t i = 0; i < item->refs_count; i++) {
		if (item->refs[i].role == ROLE_TARGET_MEASURE &&
		    item->refs[i].amount < item->targets_count)
			targets[item->refs[i].amount].measure = item->refs[i].slot;
	}
}

static bool
has_range(const Plumb__V1__Measure *m)
{
	return STATED(m, low, PLUMB__V1__MEASURE__LOW__LOW) &&
	       STATED(m, high, PLUMB__V1__MEASURE__HIGH__HIGH);
}

static void
spine_measure(struct item *item, struct target *targets, const Plumb__V1__Measure *m)
{
	item->extra = (uint8_t)m->direction;
	if (STATED(m, every_days, PLUMB__V1__MEASURE__EVERY_DAYS__EVERY_DAYS))
		item->every_days = (uint16_t)m->every_days;
	if (m->dimension[0] != '\0')
		item->has |= HAS_DIMENSION;
	if (m->unit[0] != '\0')
		item->has |= HAS_UNIT;
	if (has_range(m)) {
		item->has |= HAS_RANGE;
		targets[0] =
		    (struct target){SLOT_NONE, DATE_NONE, m->low, m->high, NAN, NAN, false};
	}
}

static uint8_t
needs_has(Plumb__V1__Need *const *needs, size_t count)
{
	unsigned has = 0;

	for (size_t i = 0; i < count; i++) {
		const Plumb__V1__Need *n = needs[i];

		if (n->who[0] == '\0')
			has |= HAS_OPEN_NEED;
		if (n->skill[0] != '\0' || n->whole ||
		    n->most_share__case != PLUMB__V1__NEED__MOST_SHARE___NOT_SET ||
		    n->least_share__case != PLUMB__V1__NEED__LEAST_SHARE___NOT_SET)
			has |= HAS_NEED_TERMS;
	}
	return (uint8_t)has;
}

/* Its own method, and whether a contribution states another. */
static uint8_t
initiative_roll_up(const Plumb__V1__Initiative *i)
{
	uint8_t extra = (uint8_t)i->roll_up;

	for (size_t k = 0; k < i->n_contributions; k++)
		extra |= i->contributions[k]->roll_up != 0 ? ROLL_UP_IN_CONTRIBUTIONS : 0;
	return extra;
}

static void
spine_initiative(struct item *item, const Plumb__V1__Initiative *i)
{
	item->extra = initiative_roll_up(i);
	item->has |= needs_has(i->needs, i->n_needs);
	item->status = (uint8_t)i->status;
	item->start = date_of(i->start);
	item->finish = date_of(i->finish);
	item->has |= scope_has(i->scope);
	item->has |= i->outcome_intended[0] != '\0' ? HAS_TEXT : 0;
	item->has |= i->outcome_realised[0] != '\0' ? HAS_REALISED : 0;
	if (i->estimate != NULL)
		spine_effort(item, STATED(i->estimate, likely, PLUMB__V1__ESTIMATE__LIKELY__LIKELY),
		    i->estimate->likely);
}

static void
spine_workstream(struct item *item, const Plumb__V1__Workstream *w)
{
	item->extra = (uint8_t)w->roll_up;
	item->has |= needs_has(w->needs, w->n_needs);
	item->status = (uint8_t)w->status;
	item->start = date_of(w->start);
	item->finish = date_of(w->finish);
	item->has |= scope_has(w->scope);
	if (w->estimate != NULL)
		spine_effort(item, STATED(w->estimate, likely, PLUMB__V1__ESTIMATE__LIKELY__LIKELY),
		    w->estimate->likely);
}

static void
spine_ask(struct item *item, const Plumb__V1__Ask *a)
{
	item->status = (uint8_t)a->state;
	item->start = date_of(a->promised_for);
	item->finish = date_of(a->needed_by);
	item->done = date_of(a->answered);
	spine_effort(item, STATED(a, effort, PLUMB__V1__ASK__EFFORT__EFFORT), a->effort);
}

static void
spine_allocation(struct item *item, const Plumb__V1__Allocation *a)
{
	if (STATED(a, share, PLUMB__V1__ALLOCATION__SHARE__SHARE)) {
		spine_value(item, true, a->share);
	} else if (STATED(a, effort, PLUMB__V1__ALLOCATION__EFFORT__EFFORT)) {
		item->extra = 1;
		spine_effort(item, true, a->effort);
	}
}

/* How well it is met and how much it matters lie side by side, as a range does. */
static void
spine_expectation(struct target *targets, const Plumb__V1__Expectation *e)
{
	targets[0] = (struct target){SLOT_NONE, DATE_NONE,
	    STATED(e, met, PLUMB__V1__EXPECTATION__MET__MET) ? e->met : NAN,
	    STATED(e, importance, PLUMB__V1__EXPECTATION__IMPORTANCE__IMPORTANCE) ? e->importance
										  : NAN,
	    NAN, NAN, false};
}

static void
spine_customers(struct item *item, struct target *targets, const Plumb__V1__Item *m)
{
	switch (m->body_case) {
	case PLUMB__V1__ITEM__BODY_SEGMENT:
		item->extra = m->segment->core ? 1 : 0;
		spine_value(item, STATED(m->segment, value, PLUMB__V1__SEGMENT__VALUE__VALUE),
		    m->segment->value);
		break;
	case PLUMB__V1__ITEM__BODY_JOURNEY:
		item->extra = (uint8_t)m->journey->state;
		break;
	case PLUMB__V1__ITEM__BODY_STEP:
		item->extra = (uint8_t)m->step->value_state;
		spine_value(item, STATED(m->step, emotion, PLUMB__V1__STEP__EMOTION__EMOTION),
		    m->step->emotion);
		break;
	case PLUMB__V1__ITEM__BODY_EXPECTATION:
		spine_expectation(targets, m->expectation);
		break;
	case PLUMB__V1__ITEM__BODY_DESIRED_OUTCOME:
		spine_value(item,
		    STATED(m->desired_outcome, importance,
			PLUMB__V1__DESIRED_OUTCOME__IMPORTANCE__IMPORTANCE),
		    m->desired_outcome->importance);
		break;
	case PLUMB__V1__ITEM__BODY_CUSTOMER:
		item->start = date_of(m->customer->since);
		spine_value(item, STATED(m->customer, value, PLUMB__V1__CUSTOMER__VALUE__VALUE),
		    m->customer->value);
		break;
	default:
		break;
	}
}

static void
spine_governance(struct item *item, const Plumb__V1__Item *m)
{
	switch (m->body_case) {
	case PLUMB__V1__ITEM__BODY_COMMITMENT:
		item->status = (uint8_t)m->commitment->state;
		item->start = date_of(m->commitment->made);
		item->finish = date_of(m->commitment->due);
		item->done = date_of(m->commitment->settled);
		break;
	case PLUMB__V1__ITEM__BODY_DECISION:
		item->status = (uint8_t)m->decision->status;
		item->extra = m->decision->example ? 1 : 0;
		item->finish = date_of(m->decision->decide_by);
		item->done = date_of(m->decision->decided);
		break;
	case PLUMB__V1__ITEM__BODY_POLICY:
		item->extra = (uint8_t)m->policy->type;
		item->start = date_of(m->policy->since);
		item->has |= m->policy->text[0] != '\0' ? HAS_TEXT : 0;
		break;
	case PLUMB__V1__ITEM__BODY_REVIEW:
		item->extra = (uint8_t)m->review->type;
		item->start = date_of(m->review->first_day);
		if (STATED(m->review, every_days, PLUMB__V1__REVIEW__EVERY_DAYS__EVERY_DAYS))
			item->every_days = (uint16_t)m->review->every_days;
		break;
	case PLUMB__V1__ITEM__BODY_REQUEST:
		item->status = (uint8_t)m->request->state;
		item->extra = (uint8_t)m->request->type;
		item->start = date_of(m->request->asked);
		item->finish = date_of(m->request->needed_by);
		item->done = date_of(m->request->answered);
		break;
	case PLUMB__V1__ITEM__BODY_ROUND:
		item->extra = (uint8_t)m->round->type;
		item->start = date_of(m->round->opens);
		item->finish = date_of(m->round->closes);
		break;
	case PLUMB__V1__ITEM__BODY_MATURITY:
		item->finish = date_of(m->maturity->due);
		item->done = date_of(m->maturity->assessed);
		item->extra = (uint8_t)(m->maturity->n_levels < UINT8_MAX ? m->maturity->n_levels
									  : UINT8_MAX);
		item->has |= m->maturity->next_step[0] != '\0' ? HAS_TEXT : 0;
		spine_value(item, STATED(m->maturity, level, PLUMB__V1__MATURITY__LEVEL__LEVEL),
		    m->maturity->level);
		break;
	default:
		break;
	}
}

/* A day that is put off or taken back counts; one that comes earlier does not. */
static void
spine_moves(struct item *item, const struct item *before)
{
	bool was_stated = before != NULL && before->effort != 0;

	item->effort = was_stated ? before->effort : 0;
	item->every_days = before != NULL ? before->every_days : 0;
	if (!was_stated && item->finish != DATE_NONE)
		item->effort = COMMITMENT_FIRST_DUE(item->finish);
	if (before == NULL || before->finish == DATE_NONE ||
	    (item->finish != DATE_NONE && item->finish <= before->finish))
		return;
	if (item->every_days < UINT16_MAX)
		item->every_days++;
}

static void
spine_surroundings(struct item *item, const Plumb__V1__Item *m)
{
	switch (m->body_case) {
	case PLUMB__V1__ITEM__BODY_INFLUENCER:
		item->extra = (uint8_t)m->influencer->type;
		item->start = date_of(m->influencer->since);
		break;
	case PLUMB__V1__ITEM__BODY_ASSESSMENT:
		item->extra = (uint8_t)m->assessment->type;
		item->done = date_of(m->assessment->assessed);
		break;
	case PLUMB__V1__ITEM__BODY_COMPETITOR_MOVE:
		item->start = date_of(m->competitor_move->on);
		item->has |= m->competitor_move->response[0] != '\0' ? HAS_TEXT : 0;
		break;
	case PLUMB__V1__ITEM__BODY_RISK:
		item->status = (uint8_t)m->risk->state;
		item->finish = date_of(m->risk->due);
		if (STATED(m->risk, impact, PLUMB__V1__RISK__IMPACT__IMPACT))
			item->extra = (uint8_t)m->risk->impact;
		spine_value(item,
		    STATED(m->risk, probability, PLUMB__V1__RISK__PROBABILITY__PROBABILITY),
		    m->risk->probability);
		break;
	default:
		break;
	}
}

static void
spine_person(struct item *item, const Plumb__V1__Person *p)
{
	item->extra = (uint8_t)p->level;
	item->has |= p->n_absences > 0 ? HAS_ABSENCES : 0;
	item->has |= p->n_skills > 0 ? HAS_SKILLS : 0;
	item->has |= p->n_capacities > 0 ? HAS_CAPACITIES : 0;
	item->start = date_of(p->first_day);
	item->finish = date_of(p->last_day);
	spine_effort(item, STATED(p, capacity, PLUMB__V1__PERSON__CAPACITY__CAPACITY), p->capacity);
}

static void
spine_task(struct item *item, const Plumb__V1__Task *t)
{
	item->extra = (uint8_t)t->roll_up;
	item->start = date_of(t->start);
	item->finish = date_of(t->due);
	item->done = date_of(t->done);
	item->has |= needs_has(t->needs, t->n_needs);
	if (STATED(t, duration_days, PLUMB__V1__TASK__DURATION_DAYS__DURATION_DAYS))
		item->has |= HAS_DURATION;
	spine_effort(item, STATED(t, effort, PLUMB__V1__TASK__EFFORT__EFFORT), t->effort);
	if (t->effort__case == PLUMB__V1__TASK__EFFORT___NOT_SET && t->estimate != NULL)
		spine_effort(item, STATED(t->estimate, likely, PLUMB__V1__ESTIMATE__LIKELY__LIKELY),
		    t->estimate->likely);
}

static void
spine_item(struct item *item, struct target *targets, const Plumb__V1__Item *m)
{
	switch (m->body_case) {
	case PLUMB__V1__ITEM__BODY_VISION:
		item->has |= m->vision->text[0] != '\0' ? HAS_TEXT : 0;
		break;
	case PLUMB__V1__ITEM__BODY_MISSION:
		item->has |= m->mission->text[0] != '\0' ? HAS_TEXT : 0;
		break;
	case PLUMB__V1__ITEM__BODY_VALUE:
		item->has |= m->value->text[0] != '\0' ? HAS_TEXT : 0;
		break;
	case PLUMB__V1__ITEM__BODY_GOAL:
		spine_value(item, STATED(m->goal, weight, PLUMB__V1__GOAL__WEIGHT__WEIGHT),
		    m->goal->weight);
		break;
	case PLUMB__V1__ITEM__BODY_OBJECTIVE:
		spine_objective(item, targets, m->objective);
		break;
	case PLUMB__V1__ITEM__BODY_MEASURE:
		spine_measure(item, targets, m->measure);
		break;
	case PLUMB__V1__ITEM__BODY_STRATEGY:
		item->start = date_of(m->strategy->first_day);
		item->finish = date_of(m->strategy->last_day);
		break;
	case PLUMB__V1__ITEM__BODY_INITIATIVE:
		spine_initiative(item, m->initiative);
		break;
	case PLUMB__V1__ITEM__BODY_WORKSTREAM:
		spine_workstream(item, m->workstream);
		break;
	case PLUMB__V1__ITEM__BODY_MILESTONE:
		item->extra = (uint8_t)m->milestone->roll_up;
		item->finish = date_of(m->milestone->due);
		item->done = date_of(m->milestone->done);
		break;
	case PLUMB__V1__ITEM__BODY_TASK:
		spine_task(item, m->task);
		break;
	case PLUMB__V1__ITEM__BODY_PERSON:
		spine_person(item, m->person);
		break;
	case PLUMB__V1__ITEM__BODY_PERIOD:
		item->start = date_of(m->period->first_day);
		item->finish = date_of(m->period->last_day);
		break;
	case PLUMB__V1__ITEM__BODY_ALLOCATION:
		spine_allocation(item, m->allocation);
		break;
	case PLUMB__V1__ITEM__BODY_ASK:
		spine_ask(item, m->ask);
		break;
	case PLUMB__V1__ITEM__BODY_BASELINE:
		spine_effort(item, true, (int64_t)m->baseline->revision);
		break;
	case PLUMB__V1__ITEM__BODY_SCENARIO:
		spine_effort(item, true, (int64_t)m->scenario->began_at);
		break;
	case PLUMB__V1__ITEM__BODY_WAIVER:
		item->finish = date_of(m->waiver->until);
		break;
	default:
		spine_customers(item, targets, m);
		spine_governance(item, m);
		spine_surroundings(item, m);
		break;
	}
}

static void
spine_record(struct item *item, const Plumb__V1__Record *m, int64_t at_us)
{
	item->start = zone_date(NULL, at_us);
	if (m->retracted)
		item->flags |= ITEM_RETRACTED;
	if (m->redacted)
		item->flags |= ITEM_REDACTED;
	if (m->body_case == PLUMB__V1__RECORD__BODY_MEASUREMENT) {
		item->extra = (uint8_t)m->measurement->role;
		spine_value(item, true, m->measurement->value);
	} else if (m->body_case == PLUMB__V1__RECORD__BODY_CHECK_IN) {
		item->status = (uint8_t)m->check_in->status;
		spine_value(item,
		    STATED(m->check_in, progress, PLUMB__V1__CHECK_IN__PROGRESS__PROGRESS),
		    m->check_in->progress);
		if (STATED(m->check_in, remaining, PLUMB__V1__CHECK_IN__REMAINING__REMAINING))
			item->has |= HAS_REMAINING;
	} else if (m->body_case == PLUMB__V1__RECORD__BODY_ACCEPTANCE) {
		item->status = (uint8_t)m->acceptance->answer;
	} else if (m->body_case == PLUMB__V1__RECORD__BODY_VOTE) {
		item->status = (uint8_t)m->vote->choice;
	} else if (m->body_case == PLUMB__V1__RECORD__BODY_EXPERIENCE) {
		item->extra = (uint8_t)m->experience->value_state;
		spine_value(item,
		    STATED(m->experience, emotion, PLUMB__V1__EXPERIENCE__EMOTION__EMOTION),
		    m->experience->emotion);
	}
}

/* ---- building ----------------------------------------------------------------------------------------- */

struct parts {
	const struct ref *refs;
	uint32_t refs_count;
	uint16_t targets_count;
	bool has_tail;
	int64_t at_us;
	size_t bytes_len;
};

static struct item *
item_alloc(const struct version *v, const struct parts *parts)
{
	size_t head =
	    (sizeof(struct item) + parts->refs_count * sizeof(struct ref) + 7) & ~(size_t)7;
	size_t tail = parts->has_tail ? sizeof(struct item_tail) : 0;
	size_t targets = parts->targets_count * sizeof(struct target);
	size_t sets = parts->has_tail ? v->sets_len : 0;
	struct item *item =
	    malloc(head + targets + tail + parts->bytes_len + v->last_applied_len + sets);

	if (item == NULL)
		return NULL;
	memset(item, 0, head + targets + tail);
	item->slot = v->slot;
	item->kind = (uint8_t)v->kind;
	item->flags = (uint8_t)(v->flags | (parts->has_tail ? ITEM_HAS_TAIL : 0u));
	item->refs_count = parts->refs_count;
	item->targets_count = parts->targets_count;
	item->revision = v->revision;
	item->previous = v->previous;
	item->created_revision = v->created_revision;
	item->created_us = v->created_us;
	item->updated_us = v->updated_us;
	item->created_by = v->created_by;
	item->updated_by = v->updated_by;
	item->source = v->source;
	item->start = item->finish = item->done = DATE_NONE;
	item->id_len = (uint8_t)strlen(v->id);
	item->bytes_len = (uint32_t)parts->bytes_len;
	if (parts->refs_count > 0)
		memcpy(item->refs, parts->refs, parts->refs_count * sizeof(struct ref));
	if (parts->has_tail) {
		struct item_tail *t = (struct item_tail *)(uintptr_t)item_tail(item);

		t->at_us = parts->at_us;
		t->source_revision = v->source_revision;
		t->last_applied_len = (uint32_t)v->last_applied_len;
		if (v->last_applied_len > 0)
			memcpy((uint8_t *)(uintptr_t)item_bytes(item) + parts->bytes_len,
			    v->last_applied, v->last_applied_len);
		t->sets_len = (uint32_t)v->sets_len;
		if (v->sets_len > 0)
			memcpy((uint8_t *)(uintptr_t)item_sets(item, &sets), v->sets, v->sets_len);
	}
	return item;
}

/* Where id and title lie in the packed bytes: fields 1 and 2 come first, in that order. */
static void
find_texts(struct item *item)
{
	struct pb_in in;
	struct pb_field field;
	const uint8_t *bytes = item_bytes(item);

	pb_in_init(&in, bytes, item->bytes_len);
	while (pb_in_next(&in, &field) && field.number <= 2) {
		if (field.number == 1) {
			assert(field.len == item->id_len);
			item->id_off = (uint8_t)(field.bytes - bytes);
		} else if (!kind_is_record(item->kind)) {
			item->title_off = (uint8_t)(field.bytes - bytes);
			item->title_len = (uint16_t)field.len;
		}
	}
}

static size_t
targets_of(const ProtobufCMessage *message)
{
	const Plumb__V1__Item *item = (const Plumb__V1__Item *)message;

	if (message->descriptor != &plumb__v1__item__descriptor)
		return 0;
	if (item->body_case == PLUMB__V1__ITEM__BODY_OBJECTIVE)
		return item->objective->n_targets;
	if (item->body_case == PLUMB__V1__ITEM__BODY_MEASURE)
		return has_range(item->measure) ? 1 : 0;
	if (item->body_case == PLUMB__V1__ITEM__BODY_EXPECTATION)
		return 1;
	return 0;
}

struct item *
codec_build(struct plan *plan, const ProtobufCMessage *message, const struct version *version,
    struct arena *arena, struct err *err)
{
	struct ref_list list = {
	    .plan = plan, .arena = arena, .about_bare = codec_about_bare(version->kind)};
	bool record = kind_is_record(version->kind);
	struct parts parts = {0};
	struct item *item;

	collect_refs(&list, rules_of(message), message, 0);
	if (list.failed) {
		err_set(err, ERR_LIMIT, "no room for more entries in this workspace");
		return NULL;
	}
	parts.refs = list.refs;
	parts.refs_count = list.count;
	parts.targets_count = (uint16_t)targets_of(message);
	parts.has_tail = record || version->source != 0 || version->sets_len > 0;
	if (record && !time_or_date_parse(((const Plumb__V1__Record *)message)->at, &parts.at_us))
		parts.at_us = version->updated_us;
	parts.bytes_len = protobuf_c_message_get_packed_size(message);
	item = item_alloc(version, &parts);
	if (item == NULL) {
		err_oom(err);
		return NULL;
	}
	protobuf_c_message_pack(message, (uint8_t *)(uintptr_t)item_bytes(item));
	find_texts(item);
	if (record)
		spine_record(item, (const Plumb__V1__Record *)message, parts.at_us);
	else
		spine_item(item, (struct target *)(uintptr_t)item_targets(item),
		    (const Plumb__V1__Item *)message);
	if (item->kind == KIND_COMMITMENT)
		spine_moves(item, version->before);
	return item;
}

struct item *
codec_add_set(const struct item *old, const uint8_t *set, size_t len)
{
	size_t head = item_targets_at(old) + old->targets_count * sizeof(struct target);
	size_t applied = item_tail(old) != NULL ? item_tail(old)->last_applied_len : 0;
	size_t sets, bytes = old->bytes_len + applied;
	const uint8_t *before = item_sets(old, &sets);
	struct item *item = malloc(head + sizeof(struct item_tail) + bytes + sets + len);
	struct item_tail *tail;
	uint8_t *at;

	if (item == NULL)
		return NULL;
	memcpy(item, old, head);
	item->flags |= ITEM_HAS_TAIL;
	tail = (struct item_tail *)(uintptr_t)item_tail(item);
	memset(tail, 0, sizeof *tail);
	if (item_tail(old) != NULL)
		*tail = *item_tail(old);
	tail->sets_len = (uint32_t)(sets + len);
	at = (uint8_t *)(uintptr_t)item_bytes(item);
	memcpy(at, item_bytes(old), bytes);
	if (sets > 0)
		memcpy(at + bytes, before, sets);
	memcpy(at + bytes + sets, set, len);
	return item;
}

struct item *
codec_build_bare(const struct version *version, const struct ref *refs, uint32_t refs_count)
{
	struct parts parts = {
	    .refs = refs, .refs_count = refs_count, .bytes_len = strlen(version->id)};
	struct item *item = item_alloc(version, &parts);

	if (item != NULL)
		memcpy((uint8_t *)(uintptr_t)item_bytes(item), version->id, parts.bytes_len);
	return item;
}

/* ---- out again ---------------------------------------------------------------------------------------- */

const ProtobufCMessage *
codec_decode(const struct item *item, struct arena *arena)
{
	struct err ignored;

	if (item->kind == KIND_RANKING || (item->flags & (ITEM_ABSENT | ITEM_REMOVED)) != 0)
		return NULL;
	return pb_decode(kind_is_record(item->kind) ? &plumb__v1__record__descriptor
						    : &plumb__v1__item__descriptor,
	    item_bytes(item), item->bytes_len, false, arena, &ignored);
}

static void
out_ref(struct pb_out *out, uint32_t field, const struct item *item)
{
	char ref[REF_TEXT_LEN];

	pb_out_bytes(out, field, ref, ref_format(item, ref));
}

/* plumb.v1.RankingList; ranks count places, ties share: 1, 2, 2, 4. */
static void
out_ranking(const struct view *view, const struct item *ranking, struct pb_out *out)
{
	size_t mark = pb_out_begin(out, 13);
	uint32_t rank = 0;

	if (ranking->id_len > 5 && memcmp(item_id(ranking), "team.", 5) == 0)
		pb_out_bytes(out, 1, item_id(ranking) + 5, ranking->id_len - 5u);
	for (uint32_t i = 0; i < ranking->refs_count; i++) {
		size_t one = pb_out_begin(out, 2);

		if (ranking->refs[i].amount == 0)
			rank = i + 1;
		out_ref(out, 1, view_item(view, ranking->refs[i].slot));
		pb_out_varint(out, 2, rank);
		pb_out_end(out, one);
	}
	pb_out_end(out, mark);
}

void
codec_envelope(const struct view *view, const struct item *item, struct pb_out *out)
{
	char time[TIME_TEXT_LEN];

	out_ref(out, 1, item);
	pb_out_varint(out, 2, item->kind);
	pb_out_varint(out, 3, item->revision);
	pb_out_varint(out, 4, item->created_revision);
	pb_out_string(out, 5, time_format(item->created_us, time));
	pb_out_string(out, 6, time_format(item->updated_us, time));
	pb_out_string(out, 7, view_text(view, item->created_by));
	pb_out_string(out, 8, view_text(view, item->updated_by));
	pb_out_string(out, 9, view_text(view, item->source));
	pb_out_varint(out, 10, item_source_revision(item));
	if ((item->flags & ITEM_REMOVED) != 0) {
		pb_out_varint(out, 14, 1);
		if ((item->flags & ITEM_RENAMED) != 0)
			out_ref(out, 15, view_item(view, item->refs[0].slot));
	} else if (item->kind == KIND_RANKING) {
		out_ranking(view, item, out);
	} else {
		pb_out_message(
		    out, kind_is_record(item->kind) ? 12 : 11, item_bytes(item), item->bytes_len);
	}
}
