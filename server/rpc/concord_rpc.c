/* plumb.v1.Voice.Concord: how far the ballots of a round that is over agree. Ballots themselves are in voice_rpc.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "plumb/v1/item.pb-c.h"
#include "plumb/v1/plan.pb-c.h"
#include "plumb/v1/voice.pb-c.h"
#include "server/insight/concord/concord.h"
#include "server/insight/concord/plan_order.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/view.h"
#include "server/rpc/ballot.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/rpc.h"
#include "server/rpc/speaker.h"
#include "server/rpc/voice_rpc.h"
#include "server/rpc/voices.h"

#define PAIRS_DEFAULT 10u

struct concord_call {
	struct view_job *job;
	const Plumb__V1__ConcordRequest *request;
	const struct item *round;
	const Plumb__V1__Item *message; /* of the round */
	struct ballot_set set;
	const struct item **objectives; /* NULL: not in the plan any more */
	double *ranks;                  /* by judge and objective */
	struct consensus consensus;
	uint32_t *places; /* in the consensus, by objective */
	struct plan_order plan;
	Plumb__V1__ConcordReply *reply;
};

static const Plumb__V1__Item *
decode_round(const struct concord_call *cc, const struct item *round, struct err *err)
{
	const Plumb__V1__Item *message =
	    (const Plumb__V1__Item *)codec_decode(round, cc->job->arena);

	if (message == NULL)
		err_oom(err);
	return message;
}

/* ---- which round */

static const struct item *
newest_over(const struct view_job *job, struct err *err)
{
	const struct item *newest = NULL;

	for (uint32_t slot = 0; slot < view_slots(job->view); slot++) {
		const struct item *item = view_item(job->view, slot);

		if (item_is_live(item) && item->kind == KIND_ROUND &&
		    item->extra == PLUMB__V1__ROUND__TYPE__BALLOT && item->finish < job->today &&
		    (newest == NULL || item->finish > newest->finish))
			newest = item;
	}
	if (newest == NULL)
		err_set(err, ERR_NOT_FOUND,
		    "no ballot round is over: put one into the plan (a round of type BALLOT), and "
		    "let "
		    "leaders answer it with plumb ballot");
	return newest;
}

/* ---- the parts of the answer */

static void *
zeroed(const struct concord_call *cc, size_t n, size_t size)
{
	return arena_array(cc->job->arena, n + 1, size);
}

static void
fill_agreement(Plumb__V1__ConcordReply *reply, const struct agreement *a, uint32_t judges)
{
	if (!a->is_known) {
		reply->not_judged = pb_str(judges < 2 ? "one order agrees with itself: Kendall's W "
							"needs two"
						      : "every leader put all objectives at one "
							"place: there is nothing to compare");
		return;
	}
	reply->w__case = PLUMB__V1__CONCORD_REPLY__W__W;
	reply->w = a->w;
	reply->chi_square = a->chi_square;
	reply->freedom = a->freedom;
	reply->p__case = PLUMB__V1__CONCORD_REPLY__P__P;
	reply->p = a->p;
	reply->p_is_exact = a->is_exact;
	reply->draws = a->draws;
}

static void
fill_spread(const struct concord_call *cc, uint32_t object, Plumb__V1__ConcordObjective *out)
{
	uint32_t judges = cc->set.ballots.judges, objects = cc->set.ballots.objects;
	double sum = 0, squares = 0;

	for (uint32_t j = 0; j < judges; j++)
		sum += cc->ranks[(size_t)j * objects + object];
	out->mean_rank = sum / judges;
	for (uint32_t j = 0; j < judges; j++)
		squares += pow(cc->ranks[(size_t)j * objects + object] - out->mean_rank, 2);
	out->spread = sqrt(squares / judges);
}

static bool
fill_objective(const struct concord_call *cc, uint32_t place)
{
	uint32_t object = cc->consensus.order[place], plan_place;
	const struct item *item = cc->objectives[object];
	Plumb__V1__ConcordObjective *out = arena_alloc(cc->job->arena, sizeof *out);

	if (out == NULL)
		return false;
	plumb__v1__concord_objective__init(out);
	out->objective = pb_str(cc->set.terms.ids[object]);
	if (item != NULL)
		out->title = reply_title(cc->job->arena, item);
	out->place = place + 1;
	plan_place = plan_order_place(&cc->plan, object);
	if (plan_place > 0) {
		out->plan_place__case = PLUMB__V1__CONCORD_OBJECTIVE__PLAN_PLACE__PLAN_PLACE;
		out->plan_place = plan_place;
	}
	fill_spread(cc, object, out);
	cc->reply->objectives[place] = out;
	return out->title != NULL;
}

static bool
fill_objectives(const struct concord_call *cc)
{
	uint32_t objects = cc->set.ballots.objects;

	cc->reply->objectives = zeroed(cc, objects, sizeof cc->reply->objectives[0]);
	if (cc->reply->objectives == NULL)
		return false;
	for (uint32_t i = 0; i < objects; i++)
		if (!fill_objective(cc, i))
			return false;
	cc->reply->n_objectives = objects;
	return true;
}

static Plumb__V1__ConcordPair *
make_pair(const struct concord_call *cc, const struct pair_votes *votes)
{
	Plumb__V1__ConcordPair *out = arena_alloc(cc->job->arena, sizeof *out);
	bool turned = votes->second > votes->first;

	if (out == NULL)
		return NULL;
	plumb__v1__concord_pair__init(out);
	out->first = pb_str(cc->set.terms.ids[turned ? votes->b : votes->a]);
	out->second = pb_str(cc->set.terms.ids[turned ? votes->a : votes->b]);
	out->for_first = turned ? votes->second : votes->first;
	out->for_second = turned ? votes->first : votes->second;
	out->tied = votes->tied;
	return out;
}

/* Only those that divide: a pair on which all agree is none. */
static bool
fill_pairs(const struct concord_call *cc)
{
	struct pair_votes *votes = concord_pairs(&cc->set.ballots);
	size_t objects = cc->set.ballots.objects, all = objects * (objects - 1) / 2;
	size_t most = cc->request->pairs > 0 ? cc->request->pairs : PAIRS_DEFAULT;
	bool ok = votes != NULL;

	cc->reply->pairs = zeroed(cc, most < all ? most : all, sizeof cc->reply->pairs[0]);
	ok = ok && cc->reply->pairs != NULL;
	for (size_t i = 0; ok && i < all && votes[i].first > 0 && votes[i].second > 0; i++) {
		cc->reply->pairs_disagreed++;
		if (i >= most)
			continue;
		cc->reply->pairs[i] = make_pair(cc, &votes[i]);
		ok = cc->reply->pairs[i] != NULL;
		cc->reply->n_pairs++;
	}
	free(votes);
	return ok;
}

static Plumb__V1__ConcordDistance *
make_distance(const struct concord_call *cc, uint64_t halves, uint32_t of)
{
	Plumb__V1__ConcordDistance *out = arena_alloc(cc->job->arena, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__concord_distance__init(out);
	out->pairs = (double)halves / 2;
	out->of = of;
	return out;
}

/* ---- leaders, in rounds that are called open */

static bool
fill_leader(const struct concord_call *cc, uint32_t judge, Plumb__V1__ConcordLeader *out)
{
	uint32_t objects = cc->set.ballots.objects;
	const uint32_t *places = cc->set.ballots.places + (size_t)judge * objects;
	const char *name = cc->set.names[judge];

	/* whoever has left the plan, or was redacted, is not named any more */
	if (name != NULL && item_is_live(view_find(cc->job->view, KIND_PERSON, name, strlen(name))))
		out->person = pb_str(name);
	out->consensus = make_distance(
	    cc, concord_distance(places, cc->places, objects), objects * (objects - 1) / 2);
	if (cc->plan.pairs > 0)
		out->plan =
		    make_distance(cc, plan_order_distance(&cc->plan, places), cc->plan.pairs);
	if (out->consensus == NULL || (cc->plan.pairs > 0 && out->plan == NULL))
		return false;
	if (!concord_tells_places(cc->set.ballots.judges, objects))
		return true;
	out->places = zeroed(cc, objects, sizeof out->places[0]);
	if (out->places == NULL)
		return false;
	for (uint32_t i = 0; i < objects; i++)
		out->places[out->n_places++] = places[cc->consensus.order[i]];
	return true;
}

static int
by_distance(const void *a, const void *b)
{
	const Plumb__V1__ConcordLeader *x = *(Plumb__V1__ConcordLeader *const *)a;
	const Plumb__V1__ConcordLeader *y = *(Plumb__V1__ConcordLeader *const *)b;

	if (x->consensus->pairs < y->consensus->pairs || x->consensus->pairs > y->consensus->pairs)
		return x->consensus->pairs < y->consensus->pairs ? -1 : 1;
	return strcmp(x->person, y->person);
}

static bool
fill_leaders(const struct concord_call *cc)
{
	uint32_t judges = cc->set.ballots.judges;
	Plumb__V1__ConcordLeader **list;

	if (cc->set.names == NULL)
		return true;
	list = zeroed(cc, judges, sizeof list[0]);
	if (list == NULL)
		return false;
	for (uint32_t j = 0; j < judges; j++) {
		list[j] = arena_alloc(cc->job->arena, sizeof *list[j]);
		if (list[j] == NULL)
			return false;
		plumb__v1__concord_leader__init(list[j]);
		if (!fill_leader(cc, j, list[j]))
			return false;
	}
	qsort(list, judges, sizeof list[0], by_distance);
	cc->reply->leaders = list;
	cc->reply->n_leaders = judges;
	return true;
}

/* ---- noise */

static Plumb__V1__ConcordNoise *
make_noise(const struct concord_call *cc, const struct noise *noise)
{
	Plumb__V1__ConcordNoise *out = arena_alloc(cc->job->arena, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__concord_noise__init(out);
	out->system = noise->system;
	out->level = noise->level;
	out->pattern = noise->pattern;
	return out;
}

static double *
make_ranks(const struct concord_call *cc, const struct ballots *ballots)
{
	size_t objects = ballots->objects;
	double *ranks = zeroed(cc, ballots->judges * objects, sizeof ranks[0]);

	for (uint32_t j = 0; j < ballots->judges && ranks != NULL; j++)
		concord_ranks(ballots->places + j * objects, ballots->objects, ranks + j * objects);
	return ranks;
}

/* What both rounds ask about, as ballots of these objectives only. */
struct common {
	uint32_t count;
	uint32_t *of_now; /* their numbers there */
	uint32_t *of_before;
	struct ballots now;
	struct ballots before;
};

static bool
narrow(const struct concord_call *cc, const struct ballots *from, const uint32_t *numbers,
    uint32_t count, struct ballots *out)
{
	uint32_t *places = zeroed(cc, (size_t)from->judges * count, sizeof places[0]);

	if (places == NULL)
		return false;
	for (uint32_t j = 0; j < from->judges; j++)
		for (uint32_t k = 0; k < count; k++)
			places[(size_t)j * count + k] =
			    from->places[(size_t)j * from->objects + numbers[k]];
	*out = (struct ballots){from->judges, count, places};
	return true;
}

/* Both lists are in order of names. */
static bool
find_common(const struct concord_call *cc, const struct ballot_set *before, struct common *out)
{
	const struct ballot_terms *a = &cc->set.terms, *b = &before->terms;

	*out = (struct common){.of_now = zeroed(cc, a->count, sizeof out->of_now[0]),
	    .of_before = zeroed(cc, a->count, sizeof out->of_before[0])};
	if (out->of_now == NULL || out->of_before == NULL)
		return false;
	for (uint32_t i = 0, k = 0; i < a->count && k < b->count;) {
		int order = strcmp(a->ids[i], b->ids[k]);

		if (order == 0) {
			out->of_now[out->count] = i;
			out->of_before[out->count++] = k;
		}
		i += order <= 0;
		k += order >= 0;
	}
	return narrow(cc, &cc->set.ballots, out->of_now, out->count, &out->now) &&
	       narrow(cc, &before->ballots, out->of_before, out->count, &out->before);
}

static bool
places_of_consensus(
    const struct concord_call *cc, const struct ballots *ballots, uint32_t **out, struct err *err)
{
	struct consensus consensus;

	if (!concord_consensus(ballots, &consensus, err))
		return false;
	*out = zeroed(cc, ballots->objects, sizeof **out);
	for (uint32_t i = 0; i < ballots->objects && *out != NULL; i++)
		(*out)[consensus.order[i]] = i;
	consensus_fini(&consensus);
	return *out != NULL || err_oom(err);
}

/* ---- the same leaders twice: only where names are known */

static bool
find_twice(const struct concord_call *cc, const struct ballot_set *before,
    const struct common *common, double **first, double **second, uint32_t *count)
{
	size_t n = common->count, judges = cc->set.ballots.judges;

	*first = zeroed(cc, judges * n, sizeof **first);
	*second = zeroed(cc, judges * n, sizeof **second);
	*count = 0;
	if (*first == NULL || *second == NULL)
		return false;
	for (uint32_t j = 0; j < judges; j++) {
		uint32_t k = 0;

		while (
		    k < before->ballots.judges && cc->set.names[j] != NULL &&
		    (before->names[k] == NULL || strcmp(before->names[k], cc->set.names[j]) != 0))
			k++;
		if (cc->set.names[j] == NULL || k == before->ballots.judges)
			continue;
		concord_ranks(common->before.places + k * n, common->count, *first + *count * n);
		concord_ranks(common->now.places + j * n, common->count, *second + *count * n);
		(*count)++;
	}
	return true;
}

static bool
fill_twice(const struct concord_call *cc, const struct ballot_set *before,
    const struct common *common, Plumb__V1__ConcordRepeat *out, struct err *err)
{
	struct noise_twice noise;
	double *first, *second;
	uint32_t count;

	if (cc->set.names == NULL || before->names == NULL ||
	    !concord_tells_places(cc->set.ballots.judges, before->ballots.judges))
		return true;
	if (!find_twice(cc, before, common, &first, &second, &count))
		return err_oom(err);
	out->leaders = count;
	if (count == 0)
		return true;
	if (!concord_noise_twice(first, second, count, common->count, &noise, err))
		return false;
	out->both = make_noise(cc, &noise.both);
	out->stable = noise.stable;
	out->occasion = noise.occasion;
	return out->both != NULL || err_oom(err);
}

/* ---- the same asked before */

static bool
fill_noise_of(const struct concord_call *cc, const struct ballots *ballots,
    Plumb__V1__ConcordNoise **out, struct err *err)
{
	const double *ranks = make_ranks(cc, ballots);
	struct noise noise;

	if (ranks == NULL)
		return err_oom(err);
	concord_noise(ranks, ballots->judges, ballots->objects, &noise);
	*out = make_noise(cc, &noise);
	return *out != NULL || err_oom(err);
}

static bool
compare_rounds(const struct concord_call *cc, const struct ballot_set *before,
    Plumb__V1__ConcordRepeat *out, struct err *err)
{
	struct agreement was, is;
	uint32_t *places_was, *places_is;
	struct common common;

	if (!find_common(cc, before, &common))
		return err_oom(err);
	out->ballots = before->ballots.judges;
	out->objectives = common.count;
	if (common.count < 2) {
		out->not_judged = pb_str("the two rounds have fewer than two objectives in common");
		return true;
	}
	if (!concord_agreement(&common.before, cc->reply->seed, &was, err) ||
	    !concord_agreement(&common.now, cc->reply->seed, &is, err) ||
	    !places_of_consensus(cc, &common.before, &places_was, err) ||
	    !places_of_consensus(cc, &common.now, &places_is, err) ||
	    !fill_noise_of(cc, &common.before, &out->before, err) ||
	    !fill_noise_of(cc, &common.now, &out->now, err))
		return false;
	if (was.is_known) {
		out->w_before__case = PLUMB__V1__CONCORD_REPEAT__W_BEFORE__W_BEFORE;
		out->w_before = was.w;
	}
	if (is.is_known) {
		out->w_now__case = PLUMB__V1__CONCORD_REPEAT__W_NOW__W_NOW;
		out->w_now = is.w;
	}
	out->consensus = make_distance(cc, concord_distance(places_was, places_is, common.count),
	    common.count * (common.count - 1) / 2);
	return out->consensus != NULL ? fill_twice(cc, before, &common, out, err) : err_oom(err);
}

static bool
read_set(const struct concord_call *cc, const struct item *round, struct ballot_set *out,
    struct err *err)
{
	struct confidential *store = cc->job->call->daemon->confidential;
	uint32_t workspace = cc->job->workspace_number;

	return ballot_refresh(store, workspace, cc->job->view, round, cc->job->today, err) &&
	       ballot_read(store, workspace, round, cc->job->today, cc->job->arena, out, err);
}

static bool
fill_repeat(const struct concord_call *cc, struct err *err)
{
	const char *name =
	    cc->request->repeats[0] != '\0' ? cc->request->repeats : cc->message->round->repeats;
	Plumb__V1__ConcordRepeat *out;
	const struct item *round;
	struct ballot_set before;

	if (name[0] == '\0')
		return true;
	round = voice_round(cc->job, name, "repeats", err);
	if (round == NULL)
		return false;
	if (round == cc->round)
		return err_set(err, ERR_INVALID, "a round does not repeat itself");
	out = arena_alloc(cc->job->arena, sizeof *out);
	if (out == NULL)
		return err_oom(err);
	plumb__v1__concord_repeat__init(out);
	cc->reply->repeat = out;
	out->round = arena_strndup(cc->job->arena, item_id(round), round->id_len);
	if (out->round == NULL)
		return err_oom(err);
	if (!read_set(cc, round, &before, err))
		return false;
	if (before.state == BALLOT_PUBLISHED)
		return compare_rounds(cc, &before, out, err);
	out->not_judged = pb_str(before.state == BALLOT_OPEN
				     ? "it is not over yet"
				     : "too few ballots were given in it to publish anything");
	return true;
}

/* ---- the answer */

static bool
find_objectives(struct concord_call *cc)
{
	cc->objectives = zeroed(cc, cc->set.terms.count, sizeof cc->objectives[0]);
	for (uint32_t i = 0; i < cc->set.terms.count && cc->objectives != NULL; i++) {
		const char *id = cc->set.terms.ids[i];
		const struct item *item = view_find(cc->job->view, KIND_OBJECTIVE, id, strlen(id));

		cc->objectives[i] = item_is_live(item) ? item : NULL;
	}
	return cc->objectives != NULL;
}

static bool
find_places(struct concord_call *cc)
{
	cc->places = zeroed(cc, cc->set.terms.count, sizeof cc->places[0]);
	for (uint32_t i = 0; i < cc->set.terms.count && cc->places != NULL; i++)
		cc->places[cc->consensus.order[i]] = i;
	return cc->places != NULL;
}

static bool
fill_all(struct concord_call *cc, struct err *err)
{
	Plumb__V1__ConcordReply *reply = cc->reply;
	struct agreement agreement;

	if (!concord_agreement(&cc->set.ballots, reply->seed, &agreement, err))
		return false;
	fill_agreement(reply, &agreement, cc->set.ballots.judges);
	reply->consensus_is_exact = cc->consensus.distance == cc->consensus.bound;
	reply->distance = (double)cc->consensus.distance / 2;
	reply->bound = (double)cc->consensus.bound / 2;
	reply->orders = cc->consensus.orders;
	if (cc->plan.pairs > 0) {
		reply->plan =
		    make_distance(cc, plan_order_distance(&cc->plan, cc->places), cc->plan.pairs);
		if (reply->plan == NULL)
			return err_oom(err);
	}
	if (!fill_objectives(cc) || !fill_pairs(cc) || !fill_leaders(cc))
		return err_oom(err);
	return fill_noise_of(cc, &cc->set.ballots, &reply->noise, err) && fill_repeat(cc, err);
}

static bool
publish(struct concord_call *cc, struct err *err)
{
	bool ok;

	cc->reply->published = true;
	cc->reply->asked = cc->set.asked;
	cc->reply->ballots = cc->set.ballots.judges;
	cc->reply->named = cc->set.terms.named;
	cc->ranks = make_ranks(cc, &cc->set.ballots);
	if (cc->ranks == NULL || !find_objectives(cc))
		return err_oom(err);
	if (!concord_consensus(&cc->set.ballots, &cc->consensus, err))
		return false;
	ok = plan_order_init(&cc->plan, cc->job->view, cc->objectives, cc->set.terms.count, err);
	if (ok) {
		ok = find_places(cc) ? fill_all(cc, err) : err_oom(err);
		plan_order_fini(&cc->plan);
	}
	consensus_fini(&cc->consensus);
	return ok;
}

static bool
find_answer(struct concord_call *cc, struct err *err)
{
	char date[DATE_TEXT_LEN];

	if (!read_set(cc, cc->round, &cc->set, err))
		return false;
	if (cc->set.state == BALLOT_OPEN)
		return err_set(err, ERR_PRECONDITION,
		    "round/%s is open until %s: nothing is said of it before that day is over",
		    cc->message->id, date_format(cc->round->finish, date));
	if (cc->set.state == BALLOT_PUBLISHED)
		return publish(cc, err);
	cc->reply->named = cc->message->round->named;
	cc->reply->withheld =
	    pb_str(cc->message->round->named
		       ? "nobody gave a ballot"
		       : "too few ballots to publish: a secret round is published when at least "
			 "five leaders "
			 "gave one, and of those whom it asked nobody, or at least five, did not");
	return true;
}

static bool
run_concord(struct view_job *job, struct err *err)
{
	const Plumb__V1__ConcordRequest *request = job->arg;
	struct concord_call cc = {.job = job, .request = request};
	char closes[DATE_TEXT_LEN], today[DATE_TEXT_LEN];
	Plumb__V1__ConcordReply reply;

	if (request->pairs > LIMIT_CONCORD_PAIRS) {
		faults_add(job->faults, "pairs", "at most %u", LIMIT_CONCORD_PAIRS);
		return faults_none(job->faults, err);
	}
	cc.round = request->round[0] != '\0' ? voice_round(job, request->round, "round", err)
					     : newest_over(job, err);
	if (cc.round == NULL || (cc.message = decode_round(&cc, cc.round, err)) == NULL)
		return false;
	plumb__v1__concord_reply__init(&reply);
	cc.reply = &reply;
	reply.round = cc.message->id;
	reply.title = cc.message->title;
	reply.closes = date_format(cc.round->finish, closes);
	reply.seed = request->seed__case == PLUMB__V1__CONCORD_REQUEST__SEED__SEED ? request->seed
										   : VOICES_SEED;
	reply.revision = job->revision;
	reply.today = date_format(job->today, today);
	return find_answer(&cc, err) && view_job_send(job, &reply.base, err);
}

void
handle_voice_concord(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__ConcordRequest *request = (const Plumb__V1__ConcordRequest *)message;
	const Plumb__V1__At *at = speaker_at(call, request->workspace);

	if (at != NULL)
		job_view(call, at, run_concord, (void *)(uintptr_t)message);
}
