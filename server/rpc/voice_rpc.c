/* plumb.v1.Voice.Ballot: leaders' own orders of the objectives. Concord is in concord_rpc.c. */
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "common/str.h"
#include "plumb/v1/item.pb-c.h"
#include "plumb/v1/plan.pb-c.h"
#include "plumb/v1/voice.pb-c.h"
#include "server/insight/schedule/philox.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/ballot.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/rpc.h"
#include "server/rpc/speaker.h"
#include "server/rpc/voice_rpc.h"

#define NAMED_AT_ONCE 5u /* objectives in a message about what is missing */

struct ballot_call {
	struct view_job *job;
	const Plumb__V1__BallotRequest *request;
	const char *person; /* id */
	const struct item *round;
	const Plumb__V1__Item *message; /* of the round */
	struct ballot_terms terms;
	uint32_t *places;
};

/* ---- which round */

static bool
is_ballot(const struct item *item)
{
	return item_is_live(item) && item->kind == KIND_ROUND &&
	       item->extra == PLUMB__V1__ROUND__TYPE__BALLOT;
}

static bool
is_open(const struct item *round, int32_t today)
{
	return (round->start == DATE_NONE || round->start <= today) && round->finish >= today;
}

const struct item *
voice_round(const struct view_job *job, const char *name, const char *field, struct err *err)
{
	const struct item *round = NULL;
	enum kind kind;
	const char *id;
	size_t len;

	if (!ref_parse(name, KIND_ROUND, &kind, &id, &len) || kind != KIND_ROUND) {
		faults_add(job->faults, field, "\"%.100s\" is no name of a round", name);
		(void)!faults_none(job->faults, err);
		return NULL;
	}
	round = view_find(job->view, KIND_ROUND, id, len);
	if (!item_is_live(round)) {
		err_set(err, ERR_NOT_FOUND,
		    "there is no round/%.*s; plumb list kind:round shows those there are", (int)len,
		    id);
		return NULL;
	}
	if (is_ballot(round))
		return round;
	err_set(err, ERR_INVALID, "round/%.*s is no ballot: it asks questions, not for an order",
	    (int)len, id);
	return NULL;
}

/* The one ballot that is open and asks the person. */
static const struct item *
find_round(const struct ballot_call *bc, const struct item *person, struct err *err)
{
	const struct view_job *job = bc->job;
	const struct item *found = NULL;

	if (bc->request->round[0] != '\0')
		return voice_round(job, bc->request->round, "round", err);
	for (uint32_t slot = 0; slot < view_slots(job->view); slot++) {
		const struct item *item = view_item(job->view, slot);

		if (!is_ballot(item) || !is_open(item, job->today) ||
		    !ballot_asks(job->view, item, person, job->today))
			continue;
		if (found != NULL) {
			err_set(err, ERR_INVALID,
			    "round/%.*s and round/%.*s both ask you now: say which",
			    (int)found->id_len, item_id(found), (int)item->id_len, item_id(item));
			return NULL;
		}
		found = item;
	}
	if (found == NULL)
		err_set(err, ERR_NOT_FOUND, "no round asks you to order anything now");
	return found;
}

static bool
check_round(const struct ballot_call *bc, const struct item *person, struct err *err)
{
	const struct item *round = bc->round;
	int32_t today = bc->job->today;
	char date[DATE_TEXT_LEN];

	if (!ballot_asks(bc->job->view, round, person, today))
		return err_set(err, ERR_DENIED, "round/%s does not ask you: it asks %s",
		    bc->message->id,
		    bc->message->round->n_people > 0 ? "the people whom it names"
						     : "executives and directors");
	if (round->start != DATE_NONE && round->start > today)
		return err_set(err, ERR_PRECONDITION, "round/%s is not open yet: it opens on %s",
		    bc->message->id, date_format(round->start, date));
	if (round->finish < today)
		return err_set(err, ERR_PRECONDITION,
		    "round/%s is over: it closed on %s. See what came of it: plumb concord %s",
		    bc->message->id, date_format(round->finish, date), bc->message->id);
	return true;
}

/* ---- an order */

static int
compare_ids(const void *key, const void *entry)
{
	return strcmp(key, *(const char *const *)entry);
}

/* Its number in the terms; -1. */
static int64_t
find_objective(const struct ballot_terms *terms, const char *name)
{
	const char *const *found;

	if (strncmp(name, "objective/", 10) == 0)
		name += 10;
	found = bsearch(name, terms->ids, terms->count, sizeof terms->ids[0], compare_ids);
	return found != NULL ? found - (const char *const *)terms->ids : -1;
}

static bool
take_objective(struct ballot_call *bc, size_t place, size_t at, struct err *err)
{
	const char *name = bc->request->places[place]->objectives[at];
	int64_t found = find_objective(&bc->terms, name);
	const char *field = arena_printf(bc->job->arena, "places[%zu].objectives[%zu]", place, at);

	if (field == NULL)
		return err_oom(err);
	if (found < 0) {
		faults_add(bc->job->faults, field,
		    "round/%s does not ask about objective \"%.80s\": plumb ballot %s shows what "
		    "it "
		    "asks about",
		    bc->message->id, name, bc->message->id);
		return faults_none(bc->job->faults, err);
	}
	if (bc->places[found] != 0) {
		faults_add(bc->job->faults, field,
		    "objective/%.64s is there twice: each has one place; those that share one are "
		    "written a=b",
		    bc->terms.ids[found]);
		return faults_none(bc->job->faults, err);
	}
	bc->places[found] = (uint32_t)place + 1;
	return true;
}

/* All that are missing, as far as there is room. */
static bool
check_missing(const struct ballot_call *bc, struct err *err)
{
	uint32_t missing = 0;
	struct str names;
	bool ok;

	str_init(&names, 1000);
	for (uint32_t i = 0; i < bc->terms.count; i++) {
		if (bc->places[i] != 0)
			continue;
		if (missing++ < NAMED_AT_ONCE)
			str_addf(
			    &names, "%sobjective/%s", missing > 1 ? ", " : "", bc->terms.ids[i]);
	}
	if (missing > NAMED_AT_ONCE)
		str_addf(&names, " and %u more", missing - NAMED_AT_ONCE);
	ok = str_ok(&names) || err_oom(err);
	if (ok && missing > 0) {
		faults_add(bc->job->faults, "places", "the order misses %s", names.data);
		ok = faults_none(bc->job->faults, err);
	}
	str_fini(&names);
	return ok;
}

static bool
read_order(struct ballot_call *bc, struct err *err)
{
	const Plumb__V1__BallotRequest *request = bc->request;

	bc->places = arena_array(bc->job->arena, bc->terms.count, sizeof bc->places[0]);
	if (bc->places == NULL)
		return err_oom(err);
	for (size_t p = 0; p < request->n_places; p++) {
		if (request->places[p]->n_objectives == 0) {
			faults_add(bc->job->faults, "places", "place %zu is empty", p + 1);
			return faults_none(bc->job->faults, err);
		}
		for (size_t k = 0; k < request->places[p]->n_objectives; k++)
			if (!take_objective(bc, p, k, err))
				return false;
	}
	return check_missing(bc, err);
}

/* Nobody's name is kept whom nobody told that it will be. */
static bool
check_named(const struct ballot_call *bc, struct err *err)
{
	if (bc->terms.named == (bc->request->named != 0))
		return true;
	faults_add(bc->job->faults, "named",
	    bc->terms.named
		? "round/%s is called open: once it is over everybody sees your order with your "
		  "name. Say that you know it: --named"
		: "ballots in round/%s are secret: --named is for rounds that are called open",
	    bc->message->id);
	return faults_none(bc->job->faults, err);
}

static bool
keep_order(struct ballot_call *bc, bool *replaced, struct err *err)
{
	struct confidential_answer answer = {.round = {bc->job->workspace_number, bc->message->id},
	    .person = bc->person,
	    .name = bc->terms.named ? bc->person : NULL,
	    .may_replace = true};

	if (!check_named(bc, err) || !read_order(bc, err))
		return false;
	answer.body.len = 2 * (size_t)bc->terms.count;
	answer.body.bytes = ballot_body(bc->places, bc->terms.count, bc->job->arena);
	if (answer.body.bytes == NULL)
		return err_oom(err);
	return confidential_answer(bc->job->call->daemon->confidential, &answer, replaced, err);
}

/* ---- the reply */

/* So that neighbouring seeds and names have nothing in common (FNV-1a, Fowler, Noll, Vo). */
static uint64_t
number_of(const char *text)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
	return hash;
}

static bool
fill_objective(const struct ballot_call *bc, const char *id, Plumb__V1__BallotObjective **out)
{
	struct arena *arena = bc->job->arena;
	const struct item *item = view_find(bc->job->view, KIND_OBJECTIVE, id, strlen(id));
	const Plumb__V1__Item *message =
	    item_is_live(item) ? (const Plumb__V1__Item *)codec_decode(item, arena) : NULL;

	*out = arena_alloc(arena, sizeof **out);
	if (*out == NULL)
		return false;
	plumb__v1__ballot_objective__init(*out);
	(*out)->objective = pb_str(id);
	if (message != NULL) {
		(*out)->title = message->title;
		(*out)->description = message->description;
	}
	return true;
}

static bool
fill_objectives(struct ballot_call *bc, Plumb__V1__BallotReply *reply)
{
	uint32_t count = bc->terms.count;
	Plumb__V1__BallotObjective **list =
	    arena_array(bc->job->arena, (size_t)count + 1, sizeof list[0]);
	struct philox random;

	if (list == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (!fill_objective(bc, bc->terms.ids[i], &list[i]))
			return false;
	philox_init(&random, bc->message->round->seed, number_of(bc->person));
	for (uint32_t k = count; k > 1; k--) {
		uint32_t other = philox_below(&random, k);
		Plumb__V1__BallotObjective *kept = list[k - 1];

		list[k - 1] = list[other];
		list[other] = kept;
	}
	reply->objectives = list;
	reply->n_objectives = count;
	return true;
}

static bool
answer(struct ballot_call *bc, Plumb__V1__BallotReply *reply, struct err *err)
{
	char opens[DATE_TEXT_LEN], closes[DATE_TEXT_LEN];

	reply->round = bc->message->id;
	reply->title = bc->message->title;
	if (bc->round->start != DATE_NONE)
		reply->opens = date_format(bc->round->start, opens);
	reply->closes = date_format(bc->round->finish, closes);
	reply->named = bc->terms.named;
	reply->seed = bc->message->round->seed;
	if (!fill_objectives(bc, reply))
		return err_oom(err);
	return view_job_send(bc->job, &reply->base, err);
}

static bool
run_ballot(struct view_job *job, struct err *err)
{
	struct ballot_call bc = {.job = job, .request = job->arg};
	struct confidential *store = job->call->daemon->confidential;
	const struct item *person;
	Plumb__V1__BallotReply reply;
	struct confidential_round round = {job->workspace_number, NULL};
	bool answered = false, replaced = false;

	bc.person = speaker_id(job, "give ballots", err);
	if (bc.person == NULL)
		return false;
	person = view_find(job->view, KIND_PERSON, bc.person, strlen(bc.person));
	bc.round = find_round(&bc, person, err);
	if (bc.round == NULL)
		return false;
	bc.message = (const Plumb__V1__Item *)codec_decode(bc.round, job->arena);
	if (bc.message == NULL)
		return err_oom(err);
	round.id = bc.message->id;
	if (!check_round(&bc, person, err) || !ballot_show(store, job->workspace_number, job->view,
						  bc.round, job->today, job->arena, &bc.terms, err))
		return false;
	plumb__v1__ballot_reply__init(&reply);
	if (bc.request->n_places > 0) {
		if (!keep_order(&bc, &replaced, err))
			return false;
		reply.kept = answered = true;
		reply.replaced = replaced;
	} else if (!confidential_has_answered(store, &round, bc.person, &answered, err)) {
		return false;
	}
	reply.answered = answered;
	return answer(&bc, &reply, err);
}

void
handle_voice_ballot(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__BallotRequest *request = (const Plumb__V1__BallotRequest *)message;
	const Plumb__V1__At *at = speaker_at(call, request->workspace);

	if (at != NULL)
		job_view(call, at, run_ballot, (void *)(uintptr_t)message);
}
