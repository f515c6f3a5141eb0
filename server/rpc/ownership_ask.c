/*
 * Asks have two sides. Who asks (the owners of the ask or of the work that waits, and who answers for the asking team) says
 * what is asked and withdraws it; who gives (who answers for the team that is asked) answers, as themselves; either may say
 * that it was met or missed.
 */
#include <string.h>

#include "common/pb.h"
#include "server/plan/codec.h"
#include "server/plan/plan.h"
#include "server/plan/view.h"
#include "server/rpc/ownership_internal.h"
#include "server/rpc/rpc.h"

#define STATE(name) PLUMB__V1__ASK__STATE__##name

struct ask_sides {
	bool asks;
	bool gives;
};

const struct item *
judge_side(const struct judge *judge, const struct item *ask, enum role role)
{
	const struct ref *ref = item_ref(ask, role);

	return ref != NULL ? view_item(plan_now(judge->plan), ref->slot) : NULL;
}

bool
judge_asks(struct judge *judge, const struct item *ask)
{
	return own_has(&judge->own, ask) ||
	       own_speaks_for(&judge->own, judge_side(judge, ask, ROLE_FROM));
}

static bool
speaks_for_name(struct judge *judge, const char *team)
{
	return own_speaks_for(&judge->own, judge_find(judge, team, KIND_TEAM));
}

/* Whose ask would it be as it is written? */
static bool
would_ask(struct judge *judge, const Plumb__V1__Ask *ask)
{
	return (ask->initiative[0] != '\0' &&
		   judge_is_own_name(judge, ask->initiative, KIND_INITIATIVE)) ||
	       speaks_for_name(judge, ask->from);
}

/* ---- what is different ---- */

static bool
same_answer(const Plumb__V1__Ask *a, const Plumb__V1__Ask *b)
{
	return strcmp(a->answer, b->answer) == 0 && strcmp(a->answered_by, b->answered_by) == 0 &&
	       strcmp(a->answered, b->answered) == 0 &&
	       strcmp(a->promised_for, b->promised_for) == 0;
}

static bool
has_answer(const Plumb__V1__Ask *ask)
{
	return ask->answer[0] != '\0' || ask->answered_by[0] != '\0' || ask->answered[0] != '\0' ||
	       ask->promised_for[0] != '\0';
}

/* To another team, however each is written. */
static bool
is_turned(const struct judge *judge, const Plumb__V1__Ask *was, const Plumb__V1__Ask *ask)
{
	const struct item *before = judge_find(judge, was->to, KIND_TEAM);
	const struct item *after = judge_find(judge, ask->to, KIND_TEAM);

	return before != NULL ? before != after : strcmp(was->to, ask->to) != 0;
}

static bool
same_question(const Plumb__V1__Item *a, const Plumb__V1__Item *b)
{
	Plumb__V1__Ask ask = *b->ask;
	Plumb__V1__Item item = *b;

	ask.state = a->ask->state;
	ask.answer = a->ask->answer;
	ask.answered_by = a->ask->answered_by;
	ask.answered = a->ask->answered;
	ask.promised_for = a->ask->promised_for;
	item.ask = &ask;
	return pb_equal(a->base.descriptor, &a->base, &item.base);
}

static bool
may_become(const struct ask_sides *sides, Plumb__V1__Ask__State state)
{
	switch (state) {
	case STATE(ASKED):
	case STATE(WITHDRAWN):
		return sides->asks;
	case STATE(MET):
	case STATE(MISSED):
		return sides->asks || sides->gives;
	default:
		return sides->gives;
	}
}

/* ---- judging ---- */

static void
judge_answer(struct judge *judge, const struct ask_sides *sides, const Plumb__V1__Ask *was,
    const Plumb__V1__Ask *ask)
{
	const char *me = own_person(&judge->call->caller);
	const struct item *who = judge_find(judge, ask->answered_by, KIND_PERSON);

	if (ask->state != was->state && !may_become(sides, ask->state))
		judge_refuse(judge, "put.item.ask.state", "%s says so, or a planner",
		    sides->asks ? "the lead or owner of the team that is asked" : "whoever asks");
	if (same_answer(was, ask))
		return;
	/* Who turns it to another team leaves the answer of the one before behind. */
	if (sides->asks && !has_answer(ask) && is_turned(judge, was, ask))
		return;
	if (!sides->gives)
		judge_refuse(judge, "put.item.ask.answer",
		    "the lead or owner of the team that is asked answers, or a planner");
	else if (strcmp(was->answered_by, ask->answered_by) != 0 && ask->answered_by[0] != '\0' &&
		 (me == NULL || who == NULL || who->slot != judge->own.person))
		judge_refuse(
		    judge, "put.item.ask.answered_by", "you answer as yourself, as %s", me);
}

static bool
is_answered(Plumb__V1__Ask__State state)
{
	return state != STATE(ASKED) && state != STATE(WITHDRAWN);
}

static void
judge_question(struct judge *judge, const struct ask_sides *sides, const Plumb__V1__Item *was,
    const Plumb__V1__Item *item, const struct item *old)
{
	if (same_question(was, item))
		return;
	if (!sides->asks)
		judge_refuse_others(judge, "put.item", old);
	else if ((strcmp(was->ask->from, item->ask->from) != 0 ||
		     strcmp(was->ask->initiative, item->ask->initiative) != 0) &&
		 !would_ask(judge, item->ask))
		judge_refuse(judge, "put.item.ask",
		    "an ask comes from a team that you lead, or is for work of yours");
	/* An answer is of the team that gave it. */
	else if (is_turned(judge, was->ask, item->ask) &&
		 (is_answered(item->ask->state) || has_answer(item->ask)) &&
		 !speaks_for_name(judge, item->ask->to))
		judge_refuse(judge, "put.item.ask.to",
		    "who is asked now has not answered: ask again (state: asked), without the "
		    "answer");
}

static void
judge_new(struct judge *judge, const Plumb__V1__Item *item)
{
	struct ask_sides sides = {true, speaks_for_name(judge, item->ask->to)};
	Plumb__V1__Ask nothing;

	if (!would_ask(judge, item->ask)) {
		judge_refuse(judge, "put.item.ask",
		    "an ask comes from a team that you lead, or is for work of yours");
		return;
	}
	plumb__v1__ask__init(&nothing);
	judge_answer(judge, &sides, &nothing, item->ask);
}

void
judge_ask(struct judge *judge, const Plumb__V1__Item *item, const struct item *old)
{
	const Plumb__V1__Item *was;
	struct ask_sides sides;

	if (old == NULL) {
		judge_new(judge, item);
		return;
	}
	was = (const Plumb__V1__Item *)codec_decode(old, judge->call->arena);
	if (was == NULL || was->body_case != PLUMB__V1__ITEM__BODY_ASK) {
		judge->starved = true;
		return;
	}
	sides = (struct ask_sides){
	    judge_asks(judge, old), own_speaks_for(&judge->own, judge_side(judge, old, ROLE_TO))};
	if (!sides.asks && !sides.gives) {
		judge_refuse_others(judge, "put.item", old);
		return;
	}
	judge_question(judge, &sides, was, item, old);
	judge_answer(judge, &sides, was->ask, item->ask);
}
