/*
 * plumb.v1.Survey: what a clarity round asks somebody, and their answers.
 *
 * Questions are made of the plan as it was when the round opened: at the end of the day before, or, of a round that was made
 * later, with the change that made it. So they are the same from the first to the last moment in which they can be answered.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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
#include "server/rpc/workspace.h"
#include "server/store/confidential.h"

#define PREFIX "round/"

#define QUESTION_ID_LEN 32u

struct survey_call {
	const struct workspace *ws;
	const char *id;                         /* of the round */
	const Plumb__V1__AnswerRequest *answer; /* NULL: questions are asked for */
	/* on the worker */
	struct view_job *job;
	struct confidential *store;
	const struct item *round; /* as the newest plan has it */
	const char *person;       /* id */
	struct survey_terms terms;
	struct plan *plan; /* folded here; NULL: view is the job's */
	struct view *folded;
	const struct view *view; /* that the questions are made of */
	struct index ix;
	bool has_index;
	uint32_t person_slot;
	struct clarity_survey survey;
};

/* ---- which plan ---------------------------------------------------------------------------------------------- */

/* Only after somebody moved the opening day of a round that was shown already. */
static bool
fold_plan_of(struct survey_call *sc, struct err *err)
{
	struct fold_source source;

	workspace_fold_source(sc->ws, &sc->job->call->cancelled, &source);
	sc->plan = fold_plan(&source, sc->terms.revision, NULL, err);
	if (sc->plan == NULL)
		return false;
	sc->folded = plan_view(sc->plan);
	if (sc->folded == NULL || !view_settle(sc->folded))
		return err_oom(err);
	sc->view = sc->folded;
	return true;
}

static bool
settle(struct survey_call *sc, struct err *err)
{
	struct survey_settle with = {.store = sc->store,
	    .workspace = sc->job->workspace_number,
	    .newest = sc->job->other,
	    .opening = sc->job->view,
	    .revision = sc->job->revision,
	    .round = sc->round};

	workspace_fold_source(sc->ws, &sc->job->call->cancelled, &with.source);
	if (!survey_settle(&with, &sc->terms, err))
		return false;
	sc->view = sc->job->view;
	return sc->terms.revision == sc->job->revision || fold_plan_of(sc, err);
}

/* ---- whom, and when ------------------------------------------------------------------------------------------ */

static bool
find_person(struct survey_call *sc, struct err *err)
{
	struct view_job now = *sc->job;

	now.view = sc->job->other;
	sc->person = speaker_id(&now, "answer surveys", err);
	return sc->person != NULL;
}

static bool
has_opened(struct survey_call *sc, struct err *err)
{
	char day[DATE_TEXT_LEN];

	sc->round = view_find(sc->job->other, KIND_ROUND, sc->id, strlen(sc->id));
	if (!survey_is(sc->round))
		return err_set(err, ERR_NOT_FOUND, "there is no round/%s any more", sc->id);
	if (sc->job->today >= sc->round->start)
		return true;
	return err_set(err, ERR_PRECONDITION, "round/%s opens on %s", sc->id,
	    date_format(sc->round->start, day));
}

static bool
is_asked(struct survey_call *sc, struct err *err)
{
	const struct item *person =
	    view_find(sc->view, KIND_PERSON, sc->person, strlen(sc->person));
	const struct item *round = view_find(sc->view, KIND_ROUND, sc->id, strlen(sc->id));

	if (!item_is_live(person))
		return err_set(err, ERR_DENIED,
		    "round/%s asks those who were people of the plan when it opened, at revision "
		    "%" PRIu64,
		    sc->id, sc->terms.revision);
	if (!survey_is(round))
		return err_set(err, ERR_DATA_LOSS,
		    "the plan of revision %" PRIu64 " has no round/%s", sc->terms.revision, sc->id);
	if (!clarity_asks(round, sc->view, person->slot))
		return err_set(err, ERR_DENIED,
		    "round/%s does not ask you: plumb get round/%s shows whom", sc->id, sc->id);
	sc->person_slot = person->slot;
	return true;
}

static bool
make_questions(struct survey_call *sc, struct err *err)
{
	const struct item *round = view_find(sc->view, KIND_ROUND, sc->id, strlen(sc->id));

	if (!index_init(&sc->ix, sc->view, sc->terms.opens, CLARITY_IN_ROLES, view_job_is_over,
		sc->job, err))
		return false;
	sc->has_index = true;
	return clarity_questions(
	    &sc->ix, round->slot, sc->terms.seed, sc->person_slot, &sc->survey, err);
}

static bool
prepare(struct survey_call *sc, struct view_job *job, struct err *err)
{
	sc->job = job;
	sc->store = job->call->daemon->confidential;
	return find_person(sc, err) && has_opened(sc, err) && settle(sc, err) &&
	       is_asked(sc, err) && make_questions(sc, err);
}

static void
clean_up(struct survey_call *sc)
{
	if (sc->has_index)
		index_fini(&sc->ix);
	if (sc->folded != NULL)
		plan_view_release(sc->plan, sc->folded);
	plan_free(sc->plan);
}

/* ---- words ---------------------------------------------------------------------------------------------------- */

static const char *const kind_words[CLARITY_KINDS] = {"priorities", "serves", "first", "yours"};

/* plumb.v1.SurveyQuestion.Kind has 0 for none. */
static Plumb__V1__SurveyQuestion__Kind
kind_of(enum clarity_kind kind)
{
	return (Plumb__V1__SurveyQuestion__Kind)(kind + 1);
}

static void
question_id(const struct clarity_question *q, char id[QUESTION_ID_LEN])
{
	snprintf(id, QUESTION_ID_LEN, "%s-%u", kind_words[q->kind], q->number);
}

static char *
ref_of(const struct survey_call *sc, uint32_t slot)
{
	return reply_ref(sc->job->arena, sc->ix.items[slot]);
}

/* Its id, where it has no title. */
static char *
title_of(const struct survey_call *sc, uint32_t slot)
{
	const struct item *item = sc->ix.items[slot];

	if (item->title_len == 0)
		return arena_strndup(sc->job->arena, item_id(item), item->id_len);
	return reply_title(sc->job->arena, item);
}

static char *
text_of(const struct survey_call *sc, const struct clarity_question *q)
{
	struct arena *arena = sc->job->arena;
	const char *about = q->about != SLOT_NONE ? title_of(sc, q->about) : "";

	if (about == NULL)
		return NULL;
	switch (q->kind) {
	case CLARITY_PRIORITIES:
		return arena_printf(
		    arena, "Which %u of these are among our priorities?", q->choose);
	case CLARITY_SERVES:
		return arena_printf(arena, "Which goal does \"%s\" serve?", about);
	case CLARITY_FIRST:
		return arena_printf(arena, "Which of these two comes first in a pinch?");
	case CLARITY_YOURS:
		return arena_printf(arena, "Which %u of these %s yours to do for \"%s\"?",
		    q->choose, q->choose == 1 ? "is" : "are", about);
	}
	return NULL;
}

/* ---- Questions ------------------------------------------------------------------------------------------------ */

static bool
fill_options(const struct survey_call *sc, const struct clarity_question *q, bool right,
    Plumb__V1__SurveyQuestion *out)
{
	struct arena *arena = sc->job->arena;

	out->options = arena_array(arena, q->options_count, sizeof out->options[0]);
	out->right = arena_array(arena, q->options_count, sizeof out->right[0]);
	if (out->options == NULL || out->right == NULL)
		return false;
	for (unsigned i = 0; i < q->options_count; i++) {
		Plumb__V1__SurveyOption *option = arena_alloc(arena, sizeof *option);

		if (option == NULL)
			return false;
		plumb__v1__survey_option__init(option);
		option->ref = ref_of(sc, q->options[i].slot);
		option->title = title_of(sc, q->options[i].slot);
		if (option->ref == NULL || option->title == NULL)
			return false;
		out->options[out->n_options++] = option;
		if (right && q->options[i].right)
			out->right[out->n_right++] = option->ref;
	}
	return true;
}

static Plumb__V1__SurveyQuestion *
fill_question(const struct survey_call *sc, const struct clarity_question *q, bool right)
{
	Plumb__V1__SurveyQuestion *out = arena_alloc(sc->job->arena, sizeof *out);
	char id[QUESTION_ID_LEN];

	if (out == NULL)
		return NULL;
	plumb__v1__survey_question__init(out);
	question_id(q, id);
	out->id = arena_strdup(sc->job->arena, id);
	out->kind = kind_of(q->kind);
	out->text = text_of(sc, q);
	out->choose = q->choose;
	if (q->about != SLOT_NONE) {
		out->about = ref_of(sc, q->about);
		out->about_title = title_of(sc, q->about);
	}
	if (out->id == NULL || out->text == NULL || out->about == NULL || out->about_title == NULL)
		return NULL;
	return fill_options(sc, q, right, out) ? out : NULL;
}

static bool
fill_cannot(const struct survey_call *sc, Plumb__V1__QuestionsReply *reply)
{
	reply->cannot = arena_array(sc->job->arena, CLARITY_KINDS, sizeof reply->cannot[0]);
	if (reply->cannot == NULL)
		return false;
	for (unsigned k = 0; k < CLARITY_KINDS; k++) {
		Plumb__V1__SurveyCannot *cannot;

		if (sc->survey.cannot[k] == NULL)
			continue;
		cannot = arena_alloc(sc->job->arena, sizeof *cannot);
		if (cannot == NULL)
			return false;
		plumb__v1__survey_cannot__init(cannot);
		cannot->kind = kind_of((enum clarity_kind)k);
		cannot->why = arena_printf(
		    sc->job->arena, "can't be asked, because %s", sc->survey.cannot[k]);
		if (cannot->why == NULL)
			return false;
		reply->cannot[reply->n_cannot++] = cannot;
	}
	return true;
}

static bool
take_none(void *arg, const char *name, const uint8_t *body, size_t len)
{
	(void)arg;
	(void)name;
	(void)body;
	(void)len;
	return false;
}

/* What is right is told only when nobody can answer any more. */
static bool
seal(const struct survey_call *sc, struct err *err)
{
	const struct confidential_round round = {sc->job->workspace_number, sc->id};

	return confidential_answers(sc->store, &round, sc->job->today, take_none, NULL, err);
}

static bool
send_questions(struct survey_call *sc, struct err *err)
{
	const struct confidential_round round = {sc->job->workspace_number, sc->id};
	struct arena *arena = sc->job->arena;
	bool over = survey_is_over(sc->round, &sc->terms, sc->job->today), answered = false;
	char opens[DATE_TEXT_LEN], closes[DATE_TEXT_LEN];
	Plumb__V1__QuestionsReply reply;

	if ((over && !seal(sc, err)) ||
	    !confidential_has_answered(sc->store, &round, sc->person, &answered, err))
		return false;
	plumb__v1__questions_reply__init(&reply);
	reply.round = arena_printf(arena, PREFIX "%s", sc->id);
	reply.title = reply_title(arena, sc->round);
	reply.opens = date_format(sc->round->start, opens);
	reply.closes = date_format(sc->round->finish, closes);
	reply.revision = sc->terms.revision;
	reply.answered = answered;
	reply.over = over;
	reply.questions = arena_array(arena, CLARITY_QUESTIONS, sizeof reply.questions[0]);
	if (reply.round == NULL || reply.title == NULL || reply.questions == NULL ||
	    !fill_cannot(sc, &reply))
		return err_oom(err);
	for (unsigned i = 0; i < sc->survey.count; i++) {
		reply.questions[i] = fill_question(sc, &sc->survey.questions[i], over);
		if (reply.questions[i] == NULL)
			return err_oom(err);
		reply.n_questions++;
	}
	return view_job_send(sc->job, &reply.base, err);
}

static bool
run_questions(struct view_job *job, struct err *err)
{
	struct survey_call *sc = job->arg;
	bool ok = prepare(sc, job, err) && send_questions(sc, err);

	clean_up(sc);
	return ok;
}

/* ---- Answer --------------------------------------------------------------------------------------------------- */

/* The number of a question in the survey; -1. */
static int
find_question(const struct survey_call *sc, const char *id)
{
	for (unsigned i = 0; i < sc->survey.count; i++) {
		char known[QUESTION_ID_LEN];

		question_id(&sc->survey.questions[i], known);
		if (strcmp(known, id) == 0)
			return (int)i;
	}
	return -1;
}

static int
find_option(const struct survey_call *sc, const struct clarity_question *q, const char *ref)
{
	for (unsigned i = 0; i < q->options_count; i++) {
		char known[REF_TEXT_LEN];

		ref_format(sc->ix.items[q->options[i].slot], known);
		if (strcmp(known, ref) == 0)
			return (int)i;
	}
	return -1;
}

/* All of what is wrong goes to the faults. */
static void
read_answer(struct survey_call *sc, const Plumb__V1__SurveyAnswer *answer,
    bool seen[CLARITY_QUESTIONS], bool chosen[CLARITY_QUESTIONS][CLARITY_OPTIONS])
{
	struct faults *faults = sc->job->faults;
	int at = find_question(sc, answer->question);
	const struct clarity_question *q;

	if (at < 0) {
		faults_add(faults, "answers", "there is no question '%.40s' among yours",
		    answer->question);
		return;
	}
	q = &sc->survey.questions[at];
	if (seen[at]) {
		faults_add(faults, "answers", "%s is answered twice", answer->question);
		return;
	}
	seen[at] = true;
	if (answer->n_chosen > 0 && answer->n_chosen != q->choose)
		faults_add(faults, "answers", "%s: choose %u, or none if you don't know; not %zu",
		    answer->question, q->choose, answer->n_chosen);
	for (size_t i = 0; i < answer->n_chosen && i < CLARITY_OPTIONS; i++) {
		int option = find_option(sc, q, answer->chosen[i]);

		if (option < 0)
			faults_add(faults, "answers", "%s: '%.100s' is none of its options",
			    answer->question, answer->chosen[i]);
		else if (chosen[at][option])
			faults_add(faults, "answers", "%s: '%.100s' is chosen twice",
			    answer->question, answer->chosen[i]);
		else
			chosen[at][option] = true;
	}
}

static bool
read_answers(struct survey_call *sc, struct clarity_answer *out, struct err *err)
{
	bool chosen[CLARITY_QUESTIONS][CLARITY_OPTIONS] = {{false}};
	bool seen[CLARITY_QUESTIONS] = {false};

	for (size_t i = 0; i < sc->answer->n_answers && i <= CLARITY_QUESTIONS; i++)
		read_answer(sc, sc->answer->answers[i], seen, chosen);
	for (unsigned i = 0; i < sc->survey.count; i++) {
		char id[QUESTION_ID_LEN];

		question_id(&sc->survey.questions[i], id);
		if (!seen[i])
			faults_add(sc->job->faults, "answers",
			    "%s has no answer; choose nothing if you don't know", id);
	}
	if (!faults_none(sc->job->faults, err))
		return false;
	clarity_judge(&sc->survey, chosen, out);
	return true;
}

static bool
keep(struct survey_call *sc, const struct clarity_answer *answer, struct err *err)
{
	uint8_t bytes[CLARITY_BYTES];
	struct confidential_answer record = {.round = {sc->job->workspace_number, sc->id},
	    .person = sc->person,
	    .body = {bytes, sizeof bytes}};
	bool replaced;

	clarity_encode(answer, bytes);
	return confidential_answer(sc->store, &record, &replaced, err);
}

static bool
is_open(struct survey_call *sc, struct err *err)
{
	const struct confidential_round round = {sc->job->workspace_number, sc->id};
	char day[DATE_TEXT_LEN];
	bool answered;

	if (survey_is_over(sc->round, &sc->terms, sc->job->today))
		return err_set(err, ERR_PRECONDITION,
		    "round/%s closed on %s: it takes no more answers", sc->id,
		    date_format(
			sc->terms.closes < sc->round->finish ? sc->terms.closes : sc->round->finish,
			day));
	if (!confidential_has_answered(sc->store, &round, sc->person, &answered, err))
		return false;
	if (answered)
		return err_set(err, ERR_EXISTS,
		    "you have answered round/%s, and can do it once: nothing has changed", sc->id);
	if (sc->survey.count == 0)
		return err_set(err, ERR_PRECONDITION,
		    "the plan of revision %" PRIu64 " is too small to ask you anything",
		    sc->terms.revision);
	return true;
}

static bool
take_answers(struct survey_call *sc, struct err *err)
{
	const struct item *person = sc->ix.items[sc->person_slot];
	struct clarity_answer answer = {
	    .level = person->extra < CLARITY_LEVELS ? person->extra : 0};
	char closes[DATE_TEXT_LEN];
	Plumb__V1__AnswerReply reply;

	if (!is_open(sc, err) || !read_answers(sc, &answer, err) || !keep(sc, &answer, err))
		return false;
	plumb__v1__answer_reply__init(&reply);
	reply.round = arena_printf(sc->job->arena, PREFIX "%s", sc->id);
	reply.closes = date_format(sc->round->finish, closes);
	if (reply.round == NULL)
		return err_oom(err);
	return view_job_send(sc->job, &reply.base, err);
}

static bool
run_answer(struct view_job *job, struct err *err)
{
	struct survey_call *sc = job->arg;
	bool ok = prepare(sc, job, err) && take_answers(sc, err);

	clean_up(sc);
	return ok;
}

/* ---- the round, on the loop ----------------------------------------------------------------------------------- */

/* As the plan was when the round opened; NULL out of memory. */
static const Plumb__V1__At *
opening(struct rpc_call *call, const struct workspace *ws, const struct item *round)
{
	Plumb__V1__At *at = arena_alloc(call->arena, sizeof *at);
	char day[DATE_TEXT_LEN];

	if (at == NULL)
		return NULL;
	plumb__v1__at__init(at);
	at->workspace = pb_str(ws->id);
	if (zone_date(ws->zone, round->created_us) >= round->start) {
		at->as_of_case = PLUMB__V1__AT__AS_OF_REVISION;
		at->revision = round->created_revision;
		return at;
	}
	at->as_of_case = PLUMB__V1__AT__AS_OF_TIME;
	at->time = arena_strdup(call->arena, date_format(round->start - 1, day));
	return at->time != NULL ? at : NULL;
}

static bool
take_round(struct rpc_call *call, const char *text, struct survey_call *sc, struct err *err)
{
	const char *id;
	enum kind kind;
	size_t len;

	if (!ref_parse(text, KIND_ROUND, &kind, &id, &len) || kind != KIND_ROUND) {
		faults_add(call->faults, "round", "must name a round, for example \"clarity-q2\"");
		return err_set(err, ERR_INVALID,
		    text[0] == '\0' ? "which round? plumb list kind:round shows those there are"
				    : "\"%.100s\" is no round",
		    text);
	}
	sc->id = arena_strndup(call->arena, id, len);
	return sc->id != NULL || err_oom(err);
}

static bool
find_round(struct survey_call *sc, const struct item **round, struct err *err)
{
	*round = plan_find(sc->ws->plan, KIND_ROUND, sc->id, strlen(sc->id));
	if (!item_is_live(*round))
		return err_set(err, ERR_NOT_FOUND,
		    "there is no round/%s; plumb list kind:round shows those there are", sc->id);
	if (!survey_is(*round))
		return err_set(err, ERR_INVALID,
		    "round/%s is a ballot, not a clarity survey: plumb ballot %s", sc->id, sc->id);
	return true;
}

static void
start(struct rpc_call *call, struct survey_call *sc, const char *text, job_view_fn run)
{
	const Plumb__V1__At *from = NULL, *to = NULL;
	const struct item *round;
	struct err err = {0};

	if (take_round(call, text, sc, &err) && find_round(sc, &round, &err)) {
		from = opening(call, sc->ws, round);
		if (from == NULL)
			err_oom(&err);
	}
	if (from == NULL) {
		rpc_fail(call, &err);
		return;
	}
	to = speaker_at(call, pb_str(sc->ws->id));
	if (to != NULL)
		job_views(call, from, to, run, sc);
}

static struct survey_call *
new_call(struct rpc_call *call, const char *workspace, rpc_handler_fn handler,
    const ProtobufCMessage *message)
{
	struct workspace *ws = workspace_for_call(call, workspace, handler, message);
	struct survey_call *sc;
	struct err err = {0};

	if (ws == NULL)
		return NULL;
	sc = arena_zalloc(call->arena, sizeof *sc);
	if (sc == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return NULL;
	}
	sc->ws = ws;
	return sc;
}

void
handle_survey_questions(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__QuestionsRequest *request = (const Plumb__V1__QuestionsRequest *)message;
	struct survey_call *sc =
	    new_call(call, request->workspace, handle_survey_questions, message);

	if (sc == NULL)
		return;
	start(call, sc, request->round, run_questions);
}

void
handle_survey_answer(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__AnswerRequest *request = (const Plumb__V1__AnswerRequest *)message;
	struct survey_call *sc = new_call(call, request->workspace, handle_survey_answer, message);

	if (sc == NULL)
		return;
	sc->answer = request;
	start(call, sc, request->round, run_answer);
}
