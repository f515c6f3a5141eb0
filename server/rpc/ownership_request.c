/*
 * Requests have two sides, as asks have. Who asks (the owners of the request, and whoever it is from or answers for that team) says
 * what is needed and withdraws it; who is asked answers or refuses, as themselves.
 */
#include <string.h>

#include "common/pb.h"
#include "server/plan/codec.h"
#include "server/plan/plan.h"
#include "server/rpc/ownership_internal.h"
#include "server/rpc/rpc.h"

#define STATE(name) PLUMB__V1__REQUEST__STATE__##name

static bool
has_answer(const Plumb__V1__Request *request)
{
	return request->answer[0] != '\0' || request->answered_by[0] != '\0' ||
	       request->answered[0] != '\0';
}

static bool
same_answer(const Plumb__V1__Request *a, const Plumb__V1__Request *b)
{
	return strcmp(a->answer, b->answer) == 0 && strcmp(a->answered_by, b->answered_by) == 0 &&
	       strcmp(a->answered, b->answered) == 0;
}

static bool
same_question(const Plumb__V1__Item *a, const Plumb__V1__Item *b)
{
	Plumb__V1__Request request = *b->request;
	Plumb__V1__Item item = *b;

	request.state = a->request->state;
	request.answer = a->request->answer;
	request.answered_by = a->request->answered_by;
	request.answered = a->request->answered;
	item.request = &request;
	return pb_equal(a->base.descriptor, &a->base, &item.base);
}

static bool
is_answered(Plumb__V1__Request__State state)
{
	return state == STATE(GIVEN) || state == STATE(REFUSED);
}

/* Whose would it be as it is written? Nobody asks in another's name: an owner does where it does not say who asks. */
static bool
would_ask(struct judge *judge, const Plumb__V1__Item *item)
{
	if (item->request->from[0] != '\0')
		return own_speaks_for(
		    &judge->own, judge_find(judge, item->request->from, KIND_PERSON));
	for (size_t i = 0; i < item->n_owners; i++) {
		const struct item *owner = judge_find(judge, item->owners[i], KIND_PERSON);

		if (owner != NULL && owner->slot == judge->own.person)
			return true;
	}
	return false;
}

static void
judge_answer(struct judge *judge, bool asks, bool gives, const Plumb__V1__Request *was,
    const Plumb__V1__Request *request)
{
	const char *me = own_person(&judge->call->caller);
	const struct item *who = judge_find(judge, request->answered_by, KIND_PERSON);

	if (request->state != was->state && !(is_answered(request->state) ? gives : asks))
		judge_refuse(judge, "put.item.request.state", "%s says so, or a planner",
		    asks ? "whoever is asked" : "whoever asks");
	if (same_answer(was, request))
		return;
	/* Who turns it to another leaves the answer of the one before behind. */
	if (asks && !has_answer(request) && strcmp(was->to, request->to) != 0)
		return;
	if (!gives)
		judge_refuse(
		    judge, "put.item.request.answer", "whoever is asked answers, or a planner");
	else if (strcmp(was->answered_by, request->answered_by) != 0 &&
		 request->answered_by[0] != '\0' &&
		 (me == NULL || who == NULL || who->slot != judge->own.person))
		judge_refuse(
		    judge, "put.item.request.answered_by", "you answer as yourself, as %s", me);
}

static void
judge_question(struct judge *judge, bool asks, const Plumb__V1__Item *was,
    const Plumb__V1__Item *item, const struct item *old)
{
	const Plumb__V1__Request *request = item->request;

	if (same_question(was, item))
		return;
	if (!asks)
		judge_refuse_others(judge, "put.item", old);
	else if (strcmp(was->request->from, request->from) != 0 && !would_ask(judge, item))
		judge_refuse(judge, "put.item.request.from",
		    "a request comes from you or a team that you lead");
	else if (strcmp(was->request->to, request->to) != 0 &&
		 (is_answered(request->state) || has_answer(request)) &&
		 !own_speaks_for(&judge->own, judge_find(judge, request->to, KIND_PERSON)))
		judge_refuse(judge, "put.item.request.to",
		    "who is asked now has not answered: ask again (state: open), without the "
		    "answer");
}

bool
judge_requests(struct judge *judge, const struct item *request)
{
	return own_has(&judge->own, request) ||
	       own_speaks_for(&judge->own, judge_side(judge, request, ROLE_FROM));
}

void
judge_request(struct judge *judge, const Plumb__V1__Item *item, const struct item *old)
{
	const Plumb__V1__Item *was;
	Plumb__V1__Request nothing;
	bool asks, gives;

	if (old == NULL) {
		if (!would_ask(judge, item)) {
			judge_refuse(judge, "put.item.request.from",
			    "a request comes from you or a team that you lead");
			return;
		}
		plumb__v1__request__init(&nothing);
		gives =
		    own_speaks_for(&judge->own, judge_find(judge, item->request->to, KIND_PERSON));
		judge_answer(judge, true, gives, &nothing, item->request);
		return;
	}
	was = (const Plumb__V1__Item *)codec_decode(old, judge->call->arena);
	if (was == NULL || was->body_case != PLUMB__V1__ITEM__BODY_REQUEST) {
		judge->starved = true;
		return;
	}
	asks = judge_requests(judge, old);
	gives = own_speaks_for(&judge->own, judge_side(judge, old, ROLE_TO));
	if (!asks && !gives) {
		judge_refuse_others(judge, "put.item", old);
		return;
	}
	judge_question(judge, asks, was, item, old);
	judge_answer(judge, asks, gives, was->request, item->request);
}
