/* plumb.v1.Insight.Score: the alignment score, opened into its parts. */
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/parse.h"
#include "common/pb.h"
#include "plumb/v1/insight.pb-c.h"
#include "server/insight/check/check.h"
#include "server/insight/score/score.h"
#include "server/plan/view.h"
#include "server/rpc/check_book.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/rpc.h"

#define UNITS_DEFAULT 20u
#define UNITS_MAX     1000u
#define MICROS        1e6
#define WEIGHTS       100.0

static bool
is_wanted(const Plumb__V1__ScoreRequest *request, const char *family)
{
	for (size_t i = 0; i < request->n_families; i++) {
		if (strcmp(request->families[i], family) == 0)
			return true;
	}
	return request->n_families == 0;
}

static bool
fill_unit(const struct view_job *job, const struct score_unit *unit, Plumb__V1__ScoreUnit *out)
{
	const struct item *item = view_item(job->view, unit->slot);

	plumb__v1__score_unit__init(out);
	out->ref = reply_ref(job->arena, item);
	out->earned = unit->earned;
	out->lacks = arena_array(job->arena, unit->lacks_count + 1u, sizeof out->lacks[0]);
	out->rules = arena_array(job->arena, unit->lacks_count + 1u, sizeof out->rules[0]);
	if (out->ref == NULL || out->lacks == NULL || out->rules == NULL)
		return false;
	for (unsigned i = 0; i < unit->lacks_count; i++) {
		out->lacks[i] = pb_str(unit->lacks[i]);
		out->rules[i] = pb_str(unit->rules[i]);
	}
	out->n_lacks = out->n_rules = unit->lacks_count;
	return true;
}

static bool
fill_family(const struct view_job *job, const struct score_family *family, bool units,
    Plumb__V1__ScoreFamily *out)
{
	plumb__v1__score_family__init(out);
	out->family = pb_str(family->family);
	out->weight = family->weight / WEIGHTS;
	out->units = family->units;
	out->earned = family->earned;
	out->points = (double)family->micros / MICROS;
	out->unknown = family->unknown;
	out->waived = family->waived;
	if (!units)
		return true;
	out->lacking = arena_array(job->arena, family->lacking_count + 1, sizeof out->lacking[0]);
	if (out->lacking == NULL)
		return false;
	for (size_t i = 0; i < family->lacking_count; i++) {
		out->lacking[i] = arena_alloc(job->arena, sizeof *out->lacking[i]);
		if (out->lacking[i] == NULL ||
		    !fill_unit(job, &family->lacking[i], out->lacking[i]))
			return false;
		out->n_lacking++;
	}
	return true;
}

static bool
send_score(struct view_job *job, const struct score *score, struct err *err)
{
	const Plumb__V1__ScoreRequest *request = job->arg;
	Plumb__V1__ScoreReply reply;
	char today[DATE_TEXT_LEN];

	plumb__v1__score_reply__init(&reply);
	reply.score = (double)score->micros / MICROS;
	reply.formula = SCORE_FORMULA;
	reply.revision = job->revision;
	reply.today = date_format(job->today, today);
	reply.families = arena_array(job->arena, SCORE_FAMILIES, sizeof reply.families[0]);
	if (reply.families == NULL)
		return err_oom(err);
	for (size_t i = 0; i < SCORE_FAMILIES; i++) {
		const struct score_family *family = &score->families[i];

		reply.families[i] = arena_alloc(job->arena, sizeof *reply.families[i]);
		if (reply.families[i] == NULL ||
		    !fill_family(
			job, family, is_wanted(request, family->family), reply.families[i]))
			return err_oom(err);
		reply.n_families++;
	}
	return view_job_send(job, &reply.base, err);
}

static bool
run_score(struct view_job *job, struct err *err)
{
	const Plumb__V1__ScoreRequest *request = job->arg;
	struct check_loan loan;
	struct score score;
	bool ok;

	if (!check_book_of_job(job, view_job_is_over, NULL, job, &loan, err))
		return false;
	ok = score_of_check(loan.check, request->units != 0 ? request->units : UNITS_DEFAULT,
	    view_job_is_over, job, &score, err);
	check_book_give(job->call->daemon->checks, &loan);
	if (!ok)
		return false;
	ok = send_score(job, &score, err);
	score_fini(&score);
	return ok;
}

static bool
is_family(const char *name)
{
	for (unsigned i = 0; i < SCORE_FAMILIES; i++) {
		if (strcmp(score_family_name(i), name) == 0)
			return true;
	}
	return false;
}

void
handle_insight_score(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__ScoreRequest *request = (const Plumb__V1__ScoreRequest *)message;
	struct err err;

	for (size_t i = 0; i < request->n_families; i++) {
		if (!is_family(request->families[i]))
			faults_add(call->faults, "families",
			    "there is no family '%.40s'; those of the score are sight, priority, "
			    "outcome, scope, owner, load, ask, mirror, customer, clarity, rhythm "
			    "and horizon",
			    request->families[i]);
	}
	if (request->units > UNITS_MAX)
		faults_add(call->faults, "units", "at most %u are listed, not %u", UNITS_MAX,
		    request->units);
	if (!faults_none(call->faults, &err)) {
		rpc_fail(call, &err);
		return;
	}
	job_view_check(call, request->at, true, true, run_score, (void *)(uintptr_t)message);
}
