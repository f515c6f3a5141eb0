/* plumb.v1.Survey.Clarity: how clear it is to people, by level and kind of question, of a round that is over. */
#include <math.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "plumb/v1/survey.pb-c.h"
#include "server/insight/clarity/questions.h"
#include "server/insight/clarity/score.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/rpc.h"
#include "server/rpc/speaker.h"
#include "server/rpc/survey.h"

struct clarity {
	struct view_job *job;
	struct confidential *store;
	const struct item *round;
	struct survey_terms terms;
	struct clarity_published now;
	bool enough;
	const struct item *before_round; /* NULL: there is none */
	struct clarity_published before;
	uint32_t invited[CLARITY_LEVELS + 1];
};

static bool
terms_of(
    const struct clarity *c, const struct item *round, struct survey_terms *terms, struct err *err)
{
	char id[ID_MAX_LEN + 1];

	survey_id(round, id);
	return survey_terms(c->store, c->job->workspace_number, id, terms, err);
}

/* ---- which round --------------------------------------------------------------------------------------------- */

/* The one that closed last, of those that are over and close before `until`; NULL. */
static bool
newest_over(struct clarity *c, int32_t until, const struct item **out, struct err *err)
{
	*out = NULL;
	for (uint32_t s = 0; s < view_slots(c->job->view); s++) {
		const struct item *round = view_item(c->job->view, s);
		struct survey_terms terms;

		if (!survey_is(round) || round->finish >= until ||
		    (*out != NULL && round->finish <= (*out)->finish))
			continue;
		if (!terms_of(c, round, &terms, err))
			return false;
		if (terms.is_set && survey_is_over(round, &terms, c->job->today))
			*out = round;
	}
	return true;
}

static bool
named_round(struct clarity *c, const char *name, struct err *err)
{
	enum kind kind;
	const char *id;
	size_t len;

	if (!ref_parse(name, KIND_ROUND, &kind, &id, &len) || kind != KIND_ROUND) {
		faults_add(
		    c->job->faults, "round", "must name a round, for example \"clarity-q2\"");
		return err_set(err, ERR_INVALID, "\"%.100s\" is no round", name);
	}
	c->round = view_find(c->job->view, KIND_ROUND, id, len);
	if (!item_is_live(c->round))
		return err_set(err, ERR_NOT_FOUND,
		    "there is no round/%.*s; plumb list kind:round shows those there are", (int)len,
		    id);
	return survey_is(c->round) ||
	       err_set(err, ERR_INVALID,
		   "round/%.*s is a ballot, not a clarity survey: plumb concord %.*s", (int)len, id,
		   (int)len, id);
}

static bool
find_round(struct clarity *c, const char *name, struct err *err)
{
	if (name[0] != '\0')
		return named_round(c, name, err);
	if (!newest_over(c, c->job->today, &c->round, err))
		return false;
	return c->round != NULL ||
	       err_set(err, ERR_NOT_FOUND,
		   "no clarity survey is over yet; plumb list kind:round shows the rounds there "
		   "are");
}

static bool
is_over(struct clarity *c, struct err *err)
{
	char day[DATE_TEXT_LEN];

	if (!terms_of(c, c->round, &c->terms, err))
		return false;
	if (survey_is_over(c->round, &c->terms, c->job->today))
		return true;
	return err_set(err, ERR_PRECONDITION,
	    "round/%.*s is not over: nothing is told of it before its last day, %s, has passed",
	    c->round->id_len, item_id(c->round), date_format(c->round->finish, day));
}

/* ---- numbers ------------------------------------------------------------------------------------------------- */

static bool
publish(struct clarity *c, const struct item *round, struct clarity_published *out, bool *enough,
    struct err *err)
{
	char id[ID_MAX_LEN + 1];

	survey_id(round, id);
	return survey_publish(
	    c->store, c->job->workspace_number, id, c->job->today, out, enough, err);
}

static void
count_invited(struct clarity *c)
{
	for (uint32_t s = 0; s < view_slots(c->job->view); s++) {
		const struct item *person = view_item(c->job->view, s);

		if (!item_is_live(person) || person->kind != KIND_PERSON ||
		    !clarity_asks(c->round, c->job->view, s))
			continue;
		c->invited[person->extra < CLARITY_LEVELS ? person->extra : 0]++;
		c->invited[CLARITY_LEVELS]++;
	}
}

/* ---- the reply ----------------------------------------------------------------------------------------------- */

static void
fill_score(const struct clarity_cell *cell, const struct clarity_cell *before,
    Plumb__V1__ClarityScore *out)
{
	out->asked = cell->count.asked;
	out->known = cell->count.known;
	out->share = cell->share;
	out->low = cell->low;
	out->high = cell->high;
	if (!before->shown)
		return;
	out->before__case = PLUMB__V1__CLARITY_SCORE__BEFORE__BEFORE;
	out->before = before->share;
	clarity_difference(&cell->count, &before->count, &out->change_low, &out->change_high);
}

/* level CLARITY_LEVELS is everybody. */
static Plumb__V1__ClarityLevel *
fill_level(const struct clarity *c, unsigned level, const struct clarity_row *row,
    const struct clarity_row *before)
{
	Plumb__V1__ClarityLevel *out = arena_alloc(c->job->arena, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__clarity_level__init(out);
	if (level < CLARITY_LEVELS) {
		out->of__case = PLUMB__V1__CLARITY_LEVEL__OF__LEVEL;
		out->level = (Plumb__V1__Person__Level)level;
	}
	if (!isnan(clarity_found(level))) {
		out->found__case = PLUMB__V1__CLARITY_LEVEL__FOUND__FOUND;
		out->found = clarity_found(level);
	}
	out->people = row->people;
	out->invited = c->invited[level];
	out->scores = arena_array(c->job->arena, CLARITY_SCORES, sizeof out->scores[0]);
	if (out->scores == NULL)
		return NULL;
	for (unsigned k = 0; k < CLARITY_SCORES; k++) {
		Plumb__V1__ClarityScore *score;

		if (!row->cells[k].shown)
			continue;
		score = arena_alloc(c->job->arena, sizeof *score);
		if (score == NULL)
			return NULL;
		plumb__v1__clarity_score__init(score);
		score->kind = (Plumb__V1__SurveyQuestion__Kind)(k + 1);
		fill_score(&row->cells[k], &before->cells[k], score);
		out->scores[out->n_scores++] = score;
	}
	return out;
}

static bool
add_level(const struct clarity *c, unsigned level, Plumb__V1__ClarityReply *reply)
{
	const struct clarity_row *row =
	    level < CLARITY_LEVELS ? &c->now.levels[level] : &c->now.all;
	const struct clarity_row *before =
	    level < CLARITY_LEVELS ? &c->before.levels[level] : &c->before.all;

	if (!row->shown)
		return true;
	reply->levels[reply->n_levels] = fill_level(c, level, row, before);
	return reply->levels[reply->n_levels++] != NULL;
}

/* Of the plan, and so no secret, other than that of a level too few have answered. */
static bool
fill_nobody(const struct clarity *c, Plumb__V1__ClarityReply *reply)
{
	reply->nobody = arena_array(c->job->arena, CLARITY_LEVELS, sizeof reply->nobody[0]);
	for (unsigned l = 1; reply->nobody != NULL && l < CLARITY_LEVELS; l++) {
		if (c->invited[l] == 0 && !c->now.levels[l].shown)
			reply->nobody[reply->n_nobody++] = (Plumb__V1__Person__Level)l;
	}
	return reply->nobody != NULL;
}

/* From the top; unknown levels before everybody. */
static bool
fill_levels(const struct clarity *c, Plumb__V1__ClarityReply *reply)
{
	reply->levels = arena_array(c->job->arena, CLARITY_LEVELS + 1, sizeof reply->levels[0]);
	if (reply->levels == NULL)
		return false;
	for (unsigned l = 1; l < CLARITY_LEVELS; l++) {
		if (!add_level(c, l, reply))
			return false;
	}
	return add_level(c, 0, reply) && add_level(c, CLARITY_LEVELS, reply);
}

static char *
copy_ref(const struct clarity *c, const struct item *round)
{
	return reply_ref(c->job->arena, round);
}

static bool
send_clarity(struct clarity *c, struct err *err)
{
	char opens[DATE_TEXT_LEN], closes[DATE_TEXT_LEN], today[DATE_TEXT_LEN];
	Plumb__V1__ClarityReply reply;

	plumb__v1__clarity_reply__init(&reply);
	reply.round = copy_ref(c, c->round);
	reply.title = reply_title(c->job->arena, c->round);
	if (c->before_round != NULL)
		reply.before = copy_ref(c, c->before_round);
	if (reply.round == NULL || reply.title == NULL || reply.before == NULL ||
	    !fill_levels(c, &reply) || !fill_nobody(c, &reply))
		return err_oom(err);
	reply.opens = date_format(c->round->start, opens);
	reply.closes = date_format(c->round->finish, closes);
	reply.questions_revision = c->terms.revision;
	reply.withheld = c->now.withheld;
	if (!c->enough)
		reply.why_not =
		    pb_str("can't be judged, because too few people answered: what is published is "
			   "groups of at least five, with none or at least five beside them");
	reply.revision = c->job->revision;
	reply.today = date_format(c->job->today, today);
	return view_job_send(c->job, &reply.base, err);
}

static bool
run_clarity(struct view_job *job, struct err *err)
{
	const Plumb__V1__ClarityRequest *request = job->arg;
	struct clarity c = {.job = job, .store = job->call->daemon->confidential};
	bool enough;

	if (!find_round(&c, request->round, err) || !is_over(&c, err) ||
	    !publish(&c, c.round, &c.now, &c.enough, err) ||
	    !newest_over(&c, c.round->start, &c.before_round, err))
		return false;
	if (c.before_round != NULL && !publish(&c, c.before_round, &c.before, &enough, err))
		return false;
	count_invited(&c);
	return send_clarity(&c, err);
}

void
handle_survey_clarity(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__ClarityRequest *request = (const Plumb__V1__ClarityRequest *)message;
	const Plumb__V1__At *at = speaker_at(call, request->workspace);

	if (at != NULL)
		job_view(call, at, run_clarity, (void *)(uintptr_t)message);
}
