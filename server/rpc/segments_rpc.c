/* plumb.v1.Insight.Segments: groups of customers by their ratings alone, as messages. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/faults.h"
#include "common/parse.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/rpc.h"
#include "server/rpc/segments_internal.h"

#define SEED 1u

static bool
is_over(void *arg)
{
	const struct segments_call *sc = arg;

	return job_progress_is_over(&sc->progress);
}

static void
tell(void *arg, double part)
{
	struct segments_call *sc = arg;
	Plumb__V1__SegmentsReply reply;

	if (!job_progress_is_due(&sc->progress))
		return;
	plumb__v1__segments_reply__init(&reply);
	reply.progress__case = PLUMB__V1__SEGMENTS_REPLY__PROGRESS__PROGRESS;
	reply.progress = part < 1 ? part : 1;
	job_progress_send(&sc->progress, &reply.base);
}

static char *
why(const struct segments_call *sc)
{
	struct arena *arena = sc->job->arena;
	const struct segments *found = sc->found;
	double least = 1;

	switch (sc->reply.lack) {
	case PLUMB__V1__SEGMENTS_FOUND__LACK__NO_RATINGS:
		return arena_strdup(arena, sc->customers_count == 0
					       ? "there are no customers to compare"
					       : "no customer has answered any of the questions");
	case PLUMB__V1__SEGMENTS_FOUND__LACK__TOO_FEW:
		return arena_printf(arena,
		    "%u customer%s answered; groups of fewer than %u would be chance", sc->used,
		    sc->used == 1 ? " has" : "s have", SEGMENTS_LEAST_ROWS);
	case PLUMB__V1__SEGMENTS_FOUND__LACK__NO_VARIANCE:
		return arena_strdup(arena, "all answers to each question are the same");
	case PLUMB__V1__SEGMENTS_FOUND__LACK__NO_STRUCTURE:
		if (found->silhouette > SEGMENTS_SILHOUETTE)
			return arena_printf(arena,
			    "the widest silhouette, that of %u groups, is %.3f, and answers by "
			    "chance reach %.3f",
			    found->k, found->silhouette, found->by_chance);
		return arena_printf(arena,
		    "the widest silhouette, that of %u groups, is %.3f: up to %.2f there is no "
		    "structure worth the name",
		    found->k, found->silhouette, SEGMENTS_SILHOUETTE);
	case PLUMB__V1__SEGMENTS_FOUND__LACK__UNSTABLE:
		for (uint32_t g = 0; g < found->k; g++)
			least = fmin(least, found->of[g].jaccard);
		return arena_printf(arena,
		    "of %u groups one is found again only in part (%.2f) among customers drawn "
		    "anew: below %.1f a group is not to be trusted",
		    found->k, least, SEGMENTS_JACCARD);
	default:
		return arena_strdup(arena, "");
	}
}

static bool
fill_reply(struct segments_call *sc, struct err *err)
{
	Plumb__V1__SegmentsFound *reply = &sc->reply;

	reply->lack = sc->found != NULL ? (Plumb__V1__SegmentsFound__Lack)sc->found->lack
					: PLUMB__V1__SEGMENTS_FOUND__LACK__NO_RATINGS;
	reply->customers = sc->customers_count;
	reply->used = sc->used;
	reply->standard = sc->request->scale != NULL
			      ? PLUMB__V1__SEGMENTS_FOUND__STANDARD__ONE_SCALE
			      : PLUMB__V1__SEGMENTS_FOUND__STANDARD__DEVIATION;
	reply->seed = sc->query.seed;
	reply->revision = sc->job->revision;
	reply->today = reply_date(sc->job->arena, sc->job->today);
	reply->why = why(sc);
	if (reply->today == NULL || reply->why == NULL || !segments_call_questions(sc))
		return err_oom(err);
	if (sc->found != NULL) {
		reply->groups = sc->found->k;
		reply->silhouette = sc->found->silhouette;
		reply->by_chance = sc->found->by_chance;
		if (!segments_call_tries(sc))
			return err_oom(err);
	}
	if (reply->lack == PLUMB__V1__SEGMENTS_FOUND__LACK__FIRM) {
		if (!segments_call_groups(sc))
			return err_oom(err);
		if (!segments_call_compare(sc, err))
			return false;
	}
	return segments_call_assign(sc, err);
}

static bool
answer(struct segments_call *sc, struct err *err)
{
	const Plumb__V1__SegmentsRequest *request = sc->request;
	Plumb__V1__SegmentsReply reply;

	if (!segments_call_rows(sc, err))
		return false;
	sc->query.ratings = (struct ratings){sc->used, sc->columns, sc->ratings};
	if (sc->used > 0) {
		sc->found = segments_run(&sc->query, err);
		if (sc->found == NULL)
			return false;
	}
	if (!fill_reply(sc, err))
		return false;
	plumb__v1__segments_reply__init(&reply);
	reply.found = &sc->reply;
	return view_job_send(sc->job, &reply.base, err) &&
	       (!request->members || sc->reply.lack != PLUMB__V1__SEGMENTS_FOUND__LACK__FIRM ||
		   segments_call_members(sc, err));
}

static bool
run_segments(struct view_job *job, struct err *err)
{
	const Plumb__V1__SegmentsRequest *request = job->arg;
	struct segments_call sc = {.job = job, .request = request};
	bool ok;

	plumb__v1__segments_found__init(&sc.reply);
	job_progress_begin(&sc.progress, job);
	sc.query = (struct segments_query){
	    .k = request->groups,
	    .seed = request->seed__case == PLUMB__V1__SEGMENTS_REQUEST__SEED__SEED ? request->seed
										   : SEED,
	    .stop = is_over,
	    .progress = tell,
	    .arg = &sc,
	};
	if (request->scale != NULL) {
		sc.query.scale_min = request->scale->low;
		sc.query.scale_max = request->scale->high;
	}
	ok = answer(&sc, err);
	if (!ok)
		job_progress_explain(&sc.progress, err);
	segments_free(sc.found);
	free(sc.customers);
	free(sc.ratings);
	free(sc.segments);
	return ok;
}

static void
check_questions(const Plumb__V1__SegmentsRequest *request, struct faults *faults)
{
	if (request->n_questions > LIMIT_SEGMENTS_QUESTIONS)
		faults_add(faults, "questions", "at most %u at once", LIMIT_SEGMENTS_QUESTIONS);
	for (size_t i = 0; i < request->n_questions && i < LIMIT_SEGMENTS_QUESTIONS; i++) {
		const char *key = request->questions[i];

		if (!parse_is_id(key, strlen(key)))
			faults_add(faults, "questions", "'%.64s' is no name of a question", key);
		for (size_t k = 0; k < i; k++) {
			if (strcmp(request->questions[k], key) == 0)
				faults_add(faults, "questions", "'%.64s' is named twice", key);
		}
	}
}

void
handle_insight_segments(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__SegmentsRequest *request = (const Plumb__V1__SegmentsRequest *)message;
	const Plumb__V1__Scale *scale = request->scale;
	struct err err;

	check_questions(request, call->faults);
	if (request->groups == 1 || request->groups > SEGMENTS_MOST)
		faults_add(
		    call->faults, "groups", "are 2 to %u; 0: as many as there are", SEGMENTS_MOST);
	if (scale != NULL &&
	    !(scale->low >= 0 && scale->high <= LIMIT_RATING && scale->low < scale->high))
		faults_add(call->faults, "scale",
		    "goes from a lower to a higher number between 0 and %d, not from %g to %g",
		    LIMIT_RATING, scale->low, scale->high);
	if (request->n_assign > LIMIT_NAMES)
		faults_add(call->faults, "assign", "at most %u names at once", LIMIT_NAMES);
	if (!faults_none(call->faults, &err)) {
		rpc_fail(call, &err);
		return;
	}
	job_view(call, request->at, run_segments, (void *)(uintptr_t)message);
}
