/*
 * plumb.v1.Signal: what people say in confidence, and what of it may be published.
 *
 * Published are stretches of four whole weeks that are over, each by itself: no two published numbers overlap, so there is
 * no difference that singles somebody out, and a new pulse never changes a number that was there. Of a stretch, what at
 * least five people said of the same thing, if everybody in the plan did or at least five did not. docs/SECURITY.md,
 * "Confidential records".
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/parse.h"
#include "common/pb.h"
#include "common/str.h"
#include "plumb/v1/plan.pb-c.h"
#include "plumb/v1/signal.pb-c.h"
#include "server/insight/check/check.h"
#include "server/limits.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/findings.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/rpc.h"
#include "server/rpc/speaker.h"
#include "server/store/confidential.h"

#define PEOPLE_MIN    5u   /* in a group that is published, and in the others */
#define WEEKS_DEFAULT 12   /* asked about where the question does not say */
#define WEEKS_MAX     520  /* ten years */
#define CLUSTERS_MAX  500u /* in an answer */
#define FINDINGS_MAX  10u  /* of a cluster */
#define EXPLAINED_MAX 50u  /* clusters that findings are shown of */
#define TEAMS_MAX     20u
#define WEEK_TEXT_LEN 32

/* ---- weeks as ISO 8601 has them ---------------------------------------------------------------------------------- */

/* "2026-W14" */
static char *
week_format(int32_t week, char text[WEEK_TEXT_LEN])
{
	int32_t thursday = confidential_monday(week) + 3;
	int year, month, day;

	date_to_civil(thursday, &year, &month, &day);
	snprintf(text, WEEK_TEXT_LEN, "%04d-W%02d", year,
	    (int)((thursday - date_from_civil(year, 1, 1)) / 7 + 1));
	return text;
}

static bool
week_parse(const char *text, int32_t *week)
{
	char canonical[WEEK_TEXT_LEN];
	int year, number, used = 0;
	int32_t date;

	if (date_parse(text, &date)) {
		*week = confidential_week(date);
		return true;
	}
	if (strlen(text) != 8 || sscanf(text, "%4d-W%2d%n", &year, &number, &used) != 2 ||
	    used != 8 || year < 1 || year > 9999 || number < 1 || number > 53)
		return false;
	/* the week of 4 January is the first one */
	*week = confidential_week(date_from_civil(year, 1, 4)) + number - 1;
	return strcmp(week_format(*week, canonical), text) == 0;
}

/* ---- Pulse ---------------------------------------------------------------------------------------------------------- */

/* What can be said something about: all that is in the plan, but people. */
static bool
check_about(struct view_job *job, const char *about, char ref[REF_TEXT_LEN], struct err *err)
{
	const struct item *item;
	enum kind kind;
	const char *id;
	size_t len;

	ref[0] = '\0';
	if (about[0] == '\0')
		return true;
	if (!ref_parse(about, KIND_NONE, &kind, &id, &len)) {
		faults_add(job->faults, "about",
		    "must be \"kind/id\", for example \"initiative/onboarding\"");
		return err_set(
		    err, ERR_INVALID, "\"%.100s\" is not a name: write \"kind/id\"", about);
	}
	if (kind == KIND_PERSON || kind >= KIND_MEASUREMENT || kind == KIND_RANKING) {
		faults_add(job->faults, "about", "must be work, an aim or a team");
		return err_set(err, ERR_INVALID,
		    "a pulse is about work, an aim or a team, not about %s",
		    kind == KIND_PERSON ? "a person" : about);
	}
	item = view_find(job->view, kind, id, len);
	if (!item_is_live(item))
		return err_set(err, ERR_NOT_FOUND, "there is no %.150s", about);
	ref_format(item, ref);
	return true;
}

static bool
run_pulse(struct view_job *job, struct err *err)
{
	const Plumb__V1__PulseRequest *request = job->arg;
	struct confidential_record record = {.workspace = job->workspace_number,
	    .week = confidential_week(job->today),
	    .kind = (uint8_t)request->kind};
	Plumb__V1__PulseReply reply;
	char about[REF_TEXT_LEN], week[WEEK_TEXT_LEN];
	bool replaced = false;

	record.person = speaker_id(job, "send pulses", err);
	if (record.person == NULL || !check_about(job, request->about, about, err))
		return false;
	record.about = about;
	if (!confidential_put(job->call->daemon->confidential, &record, &replaced, err))
		return false;
	plumb__v1__pulse_reply__init(&reply);
	reply.week = week_format(record.week, week);
	reply.replaced = replaced;
	return view_job_send(job, &reply.base, err);
}

void
handle_signal_pulse(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__PulseRequest *request = (const Plumb__V1__PulseRequest *)message;
	const Plumb__V1__At *at;
	struct err err = {0};

	if (request->kind == PLUMB__V1__PULSE_KIND__PULSE_UNSPECIFIED) {
		faults_add(call->faults, "kind", "must be one of the kinds of PulseKind");
		err_set(&err, ERR_INVALID, "a pulse says what is the matter: state its kind");
		rpc_fail(call, &err);
		return;
	}
	at = speaker_at(call, request->workspace);
	if (at != NULL)
		job_view(call, at, run_pulse, (void *)(uintptr_t)message);
}

/* ---- Signals: what may be published ------------------------------------------------------------------------------- */

struct cluster {
	int32_t block;
	uint8_t kind;
	const char *about;
	uint32_t people;
};

struct signals {
	struct view_job *job;
	const Plumb__V1__SignalsRequest *request;
	struct cluster *clusters;
	size_t count;
	size_t cap;
	uint32_t withheld;
	int32_t population_block; /* whose population is known */
	uint32_t population;
	bool starved;
};

/* People of the plan who were there in the weeks of a block: they could have said something. */
static uint32_t
population(struct signals *s, int32_t block)
{
	int32_t first = confidential_monday(block * CONFIDENTIAL_WEEKS);
	int32_t last = first + 7 * CONFIDENTIAL_WEEKS - 1;

	if (s->population_block == block)
		return s->population;
	s->population_block = block;
	s->population = 0;
	for (uint32_t slot = 0; slot < view_slots(s->job->view); slot++) {
		const struct item *item = view_item(s->job->view, slot);

		if (!item_is_live(item) || item->kind != KIND_PERSON)
			continue;
		if ((item->start != DATE_NONE && item->start > last) ||
		    (item->finish != DATE_NONE && item->finish < first))
			continue;
		s->population++;
	}
	return s->population;
}

static bool
is_asked(const struct signals *s, const char *about)
{
	for (size_t i = 0; i < s->request->n_about; i++)
		if (strcmp(s->request->about[i], about) == 0)
			return true;
	return s->request->n_about == 0;
}

static bool
add_cluster(struct signals *s, const struct cluster *cluster)
{
	if (s->count == s->cap) {
		size_t cap = s->cap == 0 ? 32 : s->cap * 2;
		struct cluster *bigger = arena_array(s->job->arena, cap, sizeof *bigger);

		if (bigger == NULL)
			return false;
		if (s->count > 0)
			memcpy(bigger, s->clusters, s->count * sizeof *bigger);
		s->clusters = bigger;
		s->cap = cap;
	}
	s->clusters[s->count] = *cluster;
	s->clusters[s->count].about = arena_strdup(s->job->arena, cluster->about);
	return s->clusters[s->count++].about != NULL;
}

/* What is withheld is counted for the whole workspace, so that no question can ask about one thing. */
static bool
on_group(void *arg, int32_t block, uint8_t kind, const char *about, uint32_t people)
{
	struct signals *s = arg;
	const struct cluster cluster = {block, kind, about, people};
	uint32_t all = population(s, block);

	if (people < PEOPLE_MIN || (all > people && all - people < PEOPLE_MIN)) {
		s->withheld++;
		return true;
	}
	if (is_asked(s, about) && !add_cluster(s, &cluster))
		s->starved = true;
	return !s->starved;
}

static int
by_people(const void *a, const void *b)
{
	const struct cluster *x = a, *y = b;

	if (x->people != y->people)
		return x->people > y->people ? -1 : 1;
	if (x->block != y->block)
		return x->block > y->block ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strcmp(x->about, y->about);
}

/* ---- what explains them ---------------------------------------------------------------------------------------- */

/* Rules whose findings explain a kind of pulse: a family, or one rule of it. */
static const char *const explaining[][6] = {
    [PLUMB__V1__PULSE_KIND__PRIORITIES_UNKNOWN] = {"priority/", "sight/"},
    [PLUMB__V1__PULSE_KIND__NO_HELP] = {"ask/"},
    [PLUMB__V1__PULSE_KIND__TOO_MUCH] = {"load/"},
    [PLUMB__V1__PULSE_KIND__DROPPED] = {"ask/missed", "ask/declined", "ask/late", "owner/"},
    [PLUMB__V1__PULSE_KIND__OTHER_PULSE] = {NULL},
};
#define KINDS (sizeof explaining / sizeof *explaining)

/* False: no rule explains that kind. */
static bool
select_rules(uint8_t kind, bool rules[RULES_MAX])
{
	size_t count;
	const struct rule *const *all = rules_all(&count);
	bool any = false;

	memset(rules, 0, RULES_MAX * sizeof *rules);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < 6 && kind < KINDS && explaining[kind][k] != NULL; k++) {
			const char *word = explaining[kind][k];
			size_t len = strlen(word);

			if (word[len - 1] == '/' ? strncmp(all[i]->name, word, len) == 0
						 : strcmp(all[i]->name, word) == 0)
				any = rules[i] = true;
		}
	return any;
}

static const struct item *
thing(const struct view_job *job, const char *about)
{
	enum kind kind;
	const char *id;
	size_t len;

	if (!ref_parse(about, KIND_NONE, &kind, &id, &len))
		return NULL;
	return view_find(job->view, kind, id, len);
}

/* The thing itself, and the teams that it belongs to or needs; answers how many. The thing is first. */
static size_t
slots_of(const struct view_job *job, const char *about, uint32_t slots[TEAMS_MAX])
{
	const struct item *item = thing(job, about);
	size_t count = 0;

	if (!item_is_live(item))
		return 0;
	slots[count++] = item->slot;
	for (uint32_t i = 0; i < item->refs_count && count < TEAMS_MAX; i++) {
		const struct item *team = view_item(job->view, item->refs[i].slot);
		bool there = false;

		if (!item_is_live(team) || team->kind != KIND_TEAM)
			continue;
		for (size_t k = 0; k < count && !there; k++)
			there = slots[k] == team->slot;
		if (!there)
			slots[count++] = team->slot;
	}
	return count;
}

static bool
is_about(
    const struct check *check, const struct finding *f, const uint32_t *slots, size_t slots_count)
{
	const uint32_t *subjects = check_subjects(check, f);

	for (size_t i = 0; i < f->subjects_count; i++)
		for (size_t k = 0; k < slots_count; k++)
			if (subjects[i] == slots[k])
				return true;
	return false;
}

static bool
fill_findings(struct view_job *job, const struct check *check, const struct cluster *cluster,
    Plumb__V1__SignalCluster *out)
{
	uint32_t slots[TEAMS_MAX];
	size_t count = slots_of(job, cluster->about, slots);
	struct str words;
	bool ok = true;

	out->findings = arena_array(job->arena, FINDINGS_MAX, sizeof out->findings[0]);
	if (out->findings == NULL)
		return false;
	str_init(&words, FINDINGS_WORDS_MAX);
	for (size_t i = 0; i < check_findings(check) && out->n_findings < FINDINGS_MAX && ok; i++) {
		const struct finding *f = check_finding(check, i);
		Plumb__V1__Finding *finding;

		if ((f->flags & FINDING_UNKNOWN) != 0 ||
		    (cluster->about[0] != '\0' && !is_about(check, f, slots, count)))
			continue;
		finding = arena_alloc(job->arena, sizeof *finding);
		ok = finding != NULL && findings_fill(check, f, job->arena, &words, finding);
		out->findings[out->n_findings++] = finding;
	}
	str_fini(&words);
	return ok;
}

/* One check for each kind of pulse that there is. */
static bool
explain(struct signals *s, uint8_t kind, Plumb__V1__SignalCluster **out, struct err *err)
{
	struct check_query query = {
	    .today = s->job->today, .cancelled = view_job_is_over, .arg = s->job};
	bool rules[RULES_MAX], wanted = false, ok = true;
	struct check *check;

	for (size_t i = 0; i < s->count && i < EXPLAINED_MAX; i++)
		wanted = wanted || s->clusters[i].kind == kind;
	if (!wanted || !select_rules(kind, rules))
		return true;
	query.rules = rules;
	query.at_least = SEVERITY_NOTE;
	check = check_run(s->job->view, &query, err);
	if (check == NULL)
		return false;
	for (size_t i = 0; i < s->count && i < EXPLAINED_MAX && ok; i++)
		if (s->clusters[i].kind == kind)
			ok = fill_findings(s->job, check, &s->clusters[i], out[i]);
	check_free(check);
	return ok || err_oom(err);
}

/* ---- the answer ---------------------------------------------------------------------------------------------------- */

static bool
fill_teams(struct view_job *job, const struct cluster *cluster, Plumb__V1__SignalCluster *out)
{
	uint32_t slots[TEAMS_MAX];
	size_t count = slots_of(job, cluster->about, slots);
	char ref[REF_TEXT_LEN];

	out->teams = arena_array(job->arena, TEAMS_MAX, sizeof out->teams[0]);
	if (out->teams == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct item *item = view_item(job->view, slots[i]);

		if (item->kind != KIND_TEAM)
			continue;
		ref_format(item, ref);
		out->teams[out->n_teams] = arena_strdup(job->arena, ref);
		if (out->teams[out->n_teams++] == NULL)
			return false;
	}
	return true;
}

static Plumb__V1__SignalCluster *
fill_cluster(struct view_job *job, const struct cluster *cluster)
{
	Plumb__V1__SignalCluster *out = arena_alloc(job->arena, sizeof *out);
	int32_t first = cluster->block * CONFIDENTIAL_WEEKS;
	char text[WEEK_TEXT_LEN];

	if (out == NULL)
		return NULL;
	plumb__v1__signal_cluster__init(out);
	out->kind = (Plumb__V1__PulseKind)cluster->kind;
	out->about = pb_str(cluster->about);
	out->people = cluster->people;
	out->from = arena_strdup(job->arena, week_format(first, text));
	out->to = arena_strdup(job->arena, week_format(first + CONFIDENTIAL_WEEKS - 1, text));
	if (out->from == NULL || out->to == NULL || !fill_teams(job, cluster, out))
		return NULL;
	return out;
}

static bool
answer(struct signals *s, struct err *err)
{
	Plumb__V1__SignalsReply reply;
	char today[DATE_TEXT_LEN];

	plumb__v1__signals_reply__init(&reply);
	if (s->count > 0)
		qsort(s->clusters, s->count, sizeof *s->clusters, by_people);
	if (s->count > CLUSTERS_MAX)
		s->count = CLUSTERS_MAX;
	reply.clusters = arena_array(s->job->arena, s->count + 1, sizeof reply.clusters[0]);
	for (size_t i = 0; i < s->count && reply.clusters != NULL; i++)
		if ((reply.clusters[i] = fill_cluster(s->job, &s->clusters[i])) == NULL)
			return err_oom(err);
	if (reply.clusters == NULL)
		return err_oom(err);
	for (uint8_t kind = 1; kind < KINDS; kind++)
		if (!explain(s, kind, reply.clusters, err))
			return false;
	reply.n_clusters = s->count;
	/* Fewer than five withheld groups might be one person's words. */
	reply.withheld = s->withheld >= PEOPLE_MIN ? s->withheld : 0;
	reply.revision = s->job->revision;
	reply.today = date_format(s->job->today, today);
	return view_job_send(s->job, &reply.base, err);
}

static bool
read_week(struct view_job *job, const char *text, const char *field, int32_t *week, struct err *err)
{
	if (text[0] == '\0' || week_parse(text, week))
		return true;
	faults_add(job->faults, field, "must be a week or a date: 2026-W14 or 2026-03-31");
	return err_set(err, ERR_INVALID, "\"%.40s\" is no week: write 2026-W14, or a date", text);
}

/* The stretches whose last week is asked about, and which are over. */
static bool
read_range(struct view_job *job, const Plumb__V1__SignalsRequest *request, int32_t *first,
    int32_t *last, struct err *err)
{
	int32_t over = confidential_week(job->today) - 1, to = over, from;

	if (!read_week(job, request->to, "to", &to, err))
		return false;
	from = to - WEEKS_DEFAULT + 1;
	if (!read_week(job, request->from, "from", &from, err))
		return false;
	if (from > to || to - from >= WEEKS_MAX) {
		faults_add(
		    job->faults, "from", "must be before \"to\", by %d weeks at most", WEEKS_MAX);
		return err_set(err, ERR_INVALID,
		    from > to ? "the first week is after the last one"
			      : "more than %d weeks at once",
		    WEEKS_MAX);
	}
	if (to > over)
		to = over;
	*last = confidential_block(to + 1) - 1;
	*first = confidential_block(from);
	return true;
}

static bool
run_signals(struct view_job *job, struct err *err)
{
	const Plumb__V1__SignalsRequest *request = job->arg;
	struct signals s = {.job = job, .request = request, .population_block = INT32_MIN};
	int32_t first = 0, last = 0;

	if (request->n_about > LIMIT_NAMES) {
		faults_add(job->faults, "about", "at most %u names at once", LIMIT_NAMES);
		return faults_none(job->faults, err);
	}
	for (size_t i = 0; i < request->n_about; i++) {
		enum kind kind;
		const char *id;
		size_t len;

		if (ref_parse(request->about[i], KIND_NONE, &kind, &id, &len))
			continue;
		faults_add(job->faults, "about", "must be \"kind/id\"");
		return err_set(err, ERR_INVALID, "\"%.100s\" is not a name: write \"kind/id\"",
		    request->about[i]);
	}
	if (!read_range(job, request, &first, &last, err))
		return false;
	if (!confidential_count(job->call->daemon->confidential, job->workspace_number, first, last,
		on_group, &s, err))
		return false;
	return s.starved ? err_oom(err) : answer(&s, err);
}

void
handle_signal_signals(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__SignalsRequest *request = (const Plumb__V1__SignalsRequest *)message;
	const Plumb__V1__At *at = speaker_at(call, request->workspace);

	if (at != NULL)
		job_view(call, at, run_signals, (void *)(uintptr_t)message);
}
