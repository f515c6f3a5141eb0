/*
 * Jobs that read a view and answer a call; see jobs.h.
 *
 * A view_call goes through these on the loop, waiting where it must:
 *
 *     RESOLVE --workspace loaded, revision known and durable, view there--> RUN --run returned--> DRAIN --> freed
 *
 * What the worker sends lies in a queue under the lock; the loop gives it to the transport as that has room, and the worker
 * waits while the queue is long.
 */
#include "server/rpc/jobs.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/pb.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/insight/check/worlds.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/view.h"
#include "server/rpc/baselines.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/quota.h"
#include "server/rpc/rpc.h"
#include "server/rpc/scenario_view.h"

/* A worker that is this far ahead of its reader waits. */
#define QUEUE_HIGH (1u << 20)
#define VIEWS_MAX  (1 + LIMIT_WHATIF_SCENARIOS)

struct output {
	struct output *next;
	size_t len;
	uint8_t p[];
};

/* What one At of the request led to. */
struct want {
	const Plumb__V1__At *at; /* NULL: the newest of "main" */
	bool resolved;
	uint64_t revision;
	bool is_past;
	int32_t date;               /* as_of a time: its date; else DATE_NONE */
	struct shared_view *shared; /* one of these two */
	struct as_of *as_of;
	const char *scenario; /* the id of one that is laid over it; "" none */
	bool confirmed;       /* with a scenario: what shared shows is durable */
};

enum view_state { VIEW_RESOLVE, VIEW_RUN, VIEW_DRAIN };

struct view_call {
	struct view_job job;
	struct rpc_call *call; /* pinned */
	struct daemon *daemon;
	struct workspace *ws;
	enum view_state state;
	struct waiter waiter; /* RESOLVE */
	bool busy;            /* a job of ours is on a worker */
	struct want wants[VIEWS_MAX];
	size_t wants_count;
	bool is_comparison; /* wants are the plan and scenarios, all as of the same revision */
	struct job_course courses[VIEWS_MAX];
	/* job_view_baseline(): asked for, looked for on a worker, found; one for each of wants */
	bool wants_baseline;
	bool baseline_sought;
	uint32_t baseline_slots[VIEWS_MAX]; /* SLOT_NONE: there is none */
	struct want baselines[VIEWS_MAX];
	size_t baselines_count; /* of wants, the first ones */
	/* job_view_check(): scenarios are asked for, not chosen yet; then they are wants behind the plan */
	bool wants_worlds;
	struct worlds worlds;
	struct world world[VIEWS_MAX];
	job_view_fn run;
	bool ok;
	struct err err;
	/* RESOLVE, as_of a time: asked of the store on a worker */
	int64_t time_us;
	uint64_t time_revision;
	/* from worker to loop */
	pthread_mutex_t lock;
	pthread_cond_t room;
	struct output *first;
	struct output **last;
	size_t queued;
	bool cancelled; /* under lock; wakes the worker */
	bool in_output; /* under daemon->output_lock */
	struct view_call *next_output;
};

static void step(struct view_call *vc);

/* ---- the end ------------------------------------------------------------------------------------------- */

static void
drop_output(struct view_call *vc)
{
	while (vc->first != NULL) {
		struct output *output = vc->first;

		vc->first = output->next;
		free(output);
	}
}

static void
leave_output_list(struct view_call *vc)
{
	struct daemon *daemon = vc->daemon;

	pthread_mutex_lock(&daemon->output_lock);
	for (struct view_call **at = &daemon->output; *at != NULL; at = &(*at)->next_output) {
		if (*at == vc) {
			*at = vc->next_output;
			break;
		}
	}
	pthread_mutex_unlock(&daemon->output_lock);
}

static void
view_call_free(struct view_call *vc)
{
	struct rpc_call *call = vc->call;

	assert(!vc->busy);
	waiter_remove(&vc->waiter);
	leave_output_list(vc);
	for (size_t i = 0; i < vc->wants_count; i++) {
		shared_view_unref(vc->wants[i].shared);
		as_of_unref(vc->wants[i].as_of);
		shared_view_unref(vc->baselines[i].shared);
		as_of_unref(vc->baselines[i].as_of);
	}
	drop_output(vc);
	pthread_cond_destroy(&vc->room);
	pthread_mutex_destroy(&vc->lock);
	arena_free(vc->job.arena);
	call->handler_data = NULL;
	call->on_cancel = NULL;
	call->on_writable = NULL;
	free(vc);
	rpc_unpin(call);
}

/* Faults found on the worker lie in its arena; the call's take their place. */
static void
give_faults(struct view_call *vc)
{
	struct faults *from = vc->job.faults;
	struct faults *to = vc->call->faults;

	for (size_t i = 0; i < from->count; i++)
		faults_add(to, from->list[i].field, "%s", from->list[i].description);
	to->total += from->total - from->count;
}

static void
fail(struct view_call *vc, const struct err *err)
{
	give_faults(vc);
	rpc_fail(vc->call, err);
	view_call_free(vc);
}

static void
finish_if_drained(struct view_call *vc)
{
	if (vc->state != VIEW_DRAIN || vc->first != NULL)
		return;
	if (!vc->ok) {
		fail(vc, &vc->err);
		return;
	}
	rpc_finish(vc->call);
	view_call_free(vc);
}

/* ---- output -------------------------------------------------------------------------------------------- */

static bool
has_output(struct view_call *vc)
{
	bool has;

	pthread_mutex_lock(&vc->lock);
	has = vc->first != NULL;
	pthread_mutex_unlock(&vc->lock);
	return has;
}

/* There is one: only the loop takes them. */
static struct output *
take_output(struct view_call *vc)
{
	struct output *output;

	pthread_mutex_lock(&vc->lock);
	output = vc->first;
	vc->first = output->next;
	if (vc->first == NULL)
		vc->last = &vc->first;
	vc->queued -= output->len;
	pthread_cond_signal(&vc->room);
	pthread_mutex_unlock(&vc->lock);
	return output;
}

static bool
is_stream(const struct view_call *vc)
{
	return (vc->call->method->flags & RPC_STREAM) != 0;
}

/*
 * As much as the transport takes; the rest when it is writable again. A single reply goes with the
 * call's end: who has it may call again, and no limit still counts the call before.
 */
static void
pump(struct view_call *vc)
{
	bool stream = is_stream(vc);
	struct output *output;

	while (vc->call->state == RPC_RUNNING && (stream || vc->state == VIEW_DRAIN) &&
	       has_output(vc)) {
		if (stream && !rpc_is_writable(vc->call))
			return;
		output = take_output(vc);
		(void)rpc_send_bytes(vc->call, output->p, output->len);
		free(output);
	}
	if (vc->call->state != RPC_RUNNING) {
		pthread_mutex_lock(&vc->lock);
		vc->cancelled = true;
		drop_output(vc);
		vc->last = &vc->first;
		vc->queued = 0;
		pthread_cond_broadcast(&vc->room);
		pthread_mutex_unlock(&vc->lock);
	}
	finish_if_drained(vc);
}

void
view_calls_poll(struct daemon *daemon)
{
	for (;;) {
		struct view_call *vc;

		pthread_mutex_lock(&daemon->output_lock);
		vc = daemon->output;
		if (vc != NULL) {
			daemon->output = vc->next_output;
			vc->in_output = false;
		}
		pthread_mutex_unlock(&daemon->output_lock);
		if (vc == NULL)
			return;
		pump(vc);
	}
}

static void
tell_loop(struct view_call *vc)
{
	struct daemon *daemon = vc->daemon;
	bool tell;

	pthread_mutex_lock(&daemon->output_lock);
	tell = !vc->in_output;
	if (tell) {
		vc->in_output = true;
		vc->next_output = daemon->output;
		daemon->output = vc;
	}
	pthread_mutex_unlock(&daemon->output_lock);
	if (tell && daemon->wake != NULL)
		daemon->wake(daemon->wake_arg);
}

/* While this one waits for its reader another job may run. */
static void
wait_for_room(struct view_call *vc)
{
	if (vc->queued <= QUEUE_HIGH || vc->cancelled)
		return;
	jobs_block(vc->daemon->jobs);
	while (vc->queued > QUEUE_HIGH && !vc->cancelled)
		pthread_cond_wait(&vc->room, &vc->lock);
	jobs_unblock(vc->daemon->jobs);
}

static bool
queue_output(struct view_call *vc, struct output *output, struct err *err)
{
	bool cancelled;

	output->next = NULL;
	pthread_mutex_lock(&vc->lock);
	wait_for_room(vc);
	cancelled = vc->cancelled;
	if (!cancelled) {
		*vc->last = output;
		vc->last = &output->next;
		vc->queued += output->len;
	}
	pthread_mutex_unlock(&vc->lock);
	if (cancelled) {
		free(output);
		return err_set(err, ERR_CANCELLED, "cancelled");
	}
	if (is_stream(vc))
		tell_loop(vc); /* else the job's end does */
	return true;
}

static struct output *
output_new(size_t len, struct err *err)
{
	struct output *output;

	if (len > LIMIT_FRAME_BODY) {
		err_set(err, ERR_LIMIT,
		    "the answer has %zu bytes, more than the %u of a message; ask for less at a "
		    "time",
		    len, LIMIT_FRAME_BODY);
		return NULL;
	}
	output = malloc(sizeof *output + len);
	if (output == NULL) {
		err_oom(err);
		return NULL;
	}
	output->len = len;
	return output;
}

bool
view_job_send(struct view_job *job, const ProtobufCMessage *message, struct err *err)
{
	struct output *output;

	assert(message->descriptor == job->call->method->reply);
	output = output_new(protobuf_c_message_get_packed_size(message), err);
	if (output == NULL)
		return false;
	protobuf_c_message_pack(message, output->p);
	return queue_output(job->own, output, err);
}

bool
view_job_send_bytes(struct view_job *job, const uint8_t *p, size_t len, struct err *err)
{
	struct output *output = output_new(len, err);

	if (output == NULL)
		return false;
	if (len > 0)
		memcpy(output->p, p, len);
	return queue_output(job->own, output, err);
}

bool
view_job_cancelled(const struct view_job *job)
{
	return __atomic_load_n(&job->call->cancelled, __ATOMIC_RELAXED);
}

bool
view_job_is_over(void *job)
{
	return view_job_cancelled(job);
}

/* ---- running ------------------------------------------------------------------------------------------- */

static bool
settle_want(struct want *want)
{
	return want->shared == NULL || shared_view_settle(want->shared);
}

static bool
settle(struct view_call *vc)
{
	for (size_t i = 0; i < vc->wants_count; i++) {
		if (!settle_want(&vc->wants[i]) || !settle_want(&vc->baselines[i]))
			return false;
	}
	return true;
}

static void
run_job(void *arg)
{
	struct view_call *vc = arg;

	if (view_job_cancelled(&vc->job))
		vc->ok = err_set(&vc->err, ERR_CANCELLED, "cancelled");
	else if (!settle(vc))
		vc->ok = err_oom(&vc->err);
	else
		vc->ok = vc->run(&vc->job, &vc->err);
}

static void
job_done(void *arg)
{
	struct view_call *vc = arg;

	vc->busy = false;
	if (vc->wants[0].shared != NULL)
		workspace_keep_judged(vc->wants[0].shared);
	vc->state = VIEW_DRAIN;
	pump(vc);
}

static const struct view *
view_of(const struct want *want)
{
	return want->shared != NULL ? want->shared->view : want->as_of->view;
}

/* The request's day, else that of a past revision, else the clock's. */
static bool
find_today(struct view_call *vc, const struct want *want, const char *field, int32_t *today,
    struct err *err)
{
	if (want->at != NULL && want->at->today[0] != '\0') {
		if (date_parse(want->at->today, today))
			return true;
		faults_add(vc->call->faults, field,
		    "'%.40s' is not a date; write it like 2026-03-31", want->at->today);
		return faults_none(vc->call->faults, err);
	}
	if (want->date != DATE_NONE)
		*today = want->date;
	else if (want->is_past && want->revision > 0)
		*today = zone_date(vc->ws->zone, view_time(view_of(want)));
	else
		*today = workspace_today(vc->ws);
	return true;
}

static bool
set_today(struct view_call *vc, struct err *err)
{
	if (vc->wants_count == 1 || vc->is_comparison)
		return find_today(vc, &vc->wants[0], "at.today", &vc->job.today, err);
	return find_today(vc, &vc->wants[0], "from.today", &vc->job.from_today, err) &&
	       find_today(vc, &vc->wants[1], "to.today", &vc->job.today, err);
}

static void
give_course(struct view_call *vc, size_t i)
{
	const struct want *want = &vc->wants[i];
	struct job_course *course = &vc->courses[i];

	course->view = view_of(want);
	course->scenario = want->scenario;
	course->baseline_slot = vc->baseline_slots[i];
	if (course->baseline_slot != SLOT_NONE)
		course->baseline = view_of(&vc->baselines[i]);
	if (want->scenario[0] == '\0')
		return;
	course->conflicts = want->shared != NULL ? want->shared->conflicts : want->as_of->conflicts;
	course->conflicts_len =
	    want->shared != NULL ? want->shared->conflicts_len : want->as_of->conflicts_len;
}

static void
give_courses(struct view_call *vc)
{
	struct view_job *job = &vc->job;
	const struct job_course *courses = vc->courses;

	for (size_t i = 0; i < vc->wants_count; i++)
		give_course(vc, i);
	job->courses = courses;
	job->courses_count = vc->wants_count;
	job->view = courses[0].view;
	job->revision = vc->wants[0].revision;
	job->baseline = courses[0].baseline;
	job->baseline_slot = courses[0].baseline_slot;
	job->scenario = courses[0].scenario;
	job->conflicts = courses[0].conflicts;
	job->conflicts_len = courses[0].conflicts_len;
	job->other_scenario = "";
	if (vc->wants_count != 2)
		return;
	job->other = courses[1].view;
	job->other_revision = vc->wants[1].revision;
	job->other_baseline = courses[1].baseline;
	job->other_baseline_slot = courses[1].baseline_slot;
	job->other_scenario = courses[1].scenario;
}

static void
give_worlds(struct view_call *vc)
{
	if (vc->job.worlds == NULL)
		return;
	vc->worlds.list = vc->world;
	vc->worlds.count = vc->wants_count - 1;
	for (size_t i = 1; i < vc->wants_count; i++)
		vc->world[i - 1] = (struct world){vc->courses[i].view, vc->courses[i].scenario};
}

static void
start_run(struct view_call *vc)
{
	struct err err = {0};

	if (!set_today(vc, &err)) {
		fail(vc, &err);
		return;
	}
	give_courses(vc);
	vc->job.baseline_revision = vc->baselines[0].revision;
	vc->job.ws = vc->ws;
	vc->job.workspace = vc->ws->id;
	vc->job.workspace_number = vc->ws->number;
	vc->job.voices = &vc->ws->voices;
	give_worlds(vc);
	if (!quota_start(vc->call, run_job, job_done, vc, &err)) {
		fail(vc, &err);
		return;
	}
	vc->state = VIEW_RUN;
	vc->busy = true;
}

/* ---- resolving ----------------------------------------------------------------------------------------- */

enum progress { GO_ON, WAIT, FAILED };

static void
go_on(struct waiter *waiter)
{
	struct view_call *vc =
	    (struct view_call *)((char *)waiter - offsetof(struct view_call, waiter));

	step(vc);
}

static enum progress
wait_in(struct view_call *vc, struct waiters *list, uint64_t revision)
{
	vc->waiter.go_on = go_on;
	waiter_add(list, &vc->waiter, revision);
	return WAIT;
}

/* Both At may name the workspace, or one of them. */
static bool
name_workspace(const struct view_call *vc, const char **id, struct err *err)
{
	*id = "";
	for (size_t i = 0; i < vc->wants_count; i++) {
		const Plumb__V1__At *at = vc->wants[i].at;

		if (at == NULL || at->workspace[0] == '\0' || strcmp(at->workspace, *id) == 0)
			continue;
		if ((*id)[0] != '\0')
			return err_set(err, ERR_INVALID,
			    "both revisions must be of one workspace, not '%.64s' and '%.64s'", *id,
			    at->workspace);
		*id = at->workspace;
	}
	return true;
}

static enum progress
find_workspace(struct view_call *vc, struct err *err)
{
	struct workspace *ws;
	const char *id;

	if (!name_workspace(vc, &id, err))
		return FAILED;
	ws = workspace_enter(vc->call, id, err);
	if (ws == NULL)
		return FAILED;
	if (ws->state == WORKSPACE_COLD)
		workspace_load(ws);
	if (ws->state == WORKSPACE_LOADING)
		return wait_in(vc, &ws->loading, 0);
	if (ws->state == WORKSPACE_READY) {
		vc->ws = ws;
		return GO_ON;
	}
	if (ws->state == WORKSPACE_BROKEN)
		*err = ws->broken;
	else
		err_oom(err);
	return FAILED;
}

static void
ask_time(void *arg)
{
	struct view_call *vc = arg;

	vc->ok = store_revision_at(
	    vc->daemon->store, vc->ws->number, vc->time_us, &vc->time_revision, &vc->err);
}

static void
time_answered(void *arg)
{
	struct view_call *vc = arg;

	vc->busy = false;
	if (!vc->ok) {
		fail(vc, &vc->err);
		return;
	}
	for (size_t i = 0; i < vc->wants_count; i++) {
		if (!vc->wants[i].resolved) {
			vc->wants[i].revision = vc->time_revision;
			vc->wants[i].resolved = true;
			break;
		}
	}
	step(vc);
}

/* The last microsecond of a civil date in the zone; dates never decrease with time. */
static int64_t
end_of_date(const struct zone *zone, int32_t date)
{
	int64_t within = ((int64_t)date - 1) * DAY_US;
	int64_t beyond = ((int64_t)date + 2) * DAY_US;

	while (beyond - within > 1) {
		int64_t middle = within + (beyond - within) / 2;

		if (zone_date(zone, middle) <= date)
			within = middle;
		else
			beyond = middle;
	}
	return within;
}

/* "Not after a date" takes in the whole of that day. */
static bool
parse_time(const struct view_call *vc, const char *text, int64_t *time_us, int32_t *date)
{
	if (date_parse(text, date)) {
		*time_us = end_of_date(vc->ws->zone, *date);
		return true;
	}
	if (!time_parse(text, time_us))
		return false;
	*date = zone_date(vc->ws->zone, *time_us);
	return true;
}

static enum progress
resolve_time(struct view_call *vc, struct want *want, struct err *err)
{
	const char *text = want->at->time;

	if (!parse_time(vc, text, &vc->time_us, &want->date)) {
		faults_add(vc->call->faults, "at.time",
		    "'%.40s' is not a time; write it like 2026-03-31 or 2026-03-31T09:00:00Z",
		    text);
		(void)!faults_none(vc->call->faults, err);
		return FAILED;
	}
	if (!quota_start(vc->call, ask_time, time_answered, vc, err))
		return FAILED;
	vc->busy = true;
	return WAIT;
}

static uint64_t
baseline_revision(const struct item *item, struct arena *arena)
{
	const Plumb__V1__Item *message = (const Plumb__V1__Item *)codec_decode(item, arena);

	if (message == NULL || message->body_case != PLUMB__V1__ITEM__BODY_BASELINE)
		return item->revision;
	return message->baseline->revision != 0 ? message->baseline->revision : item->revision;
}

/* "2026-02-30": what is meant as a day, and is none. */
static bool
is_like_date(const char *text)
{
	return strlen(text) == 10 && strspn(text, "0123456789-") == 10 && text[4] == '-' &&
	       text[7] == '-';
}

static enum progress
resolve_baseline(struct view_call *vc, struct want *want, struct err *err)
{
	const char *id = want->at->baseline;
	const struct item *item;

	if (strncmp(id, "baseline/", 9) == 0)
		id += 9;
	item = plan_find(vc->ws->plan, KIND_BASELINE, id, strlen(id));
	if (item != NULL && item->revision > plan_durable(vc->ws->plan))
		return wait_in(vc, &vc->ws->undurable, item->revision);
	if (!item_is_live(item)) {
		err_set(err, ERR_NOT_FOUND,
		    is_like_date(id)
			? "there is no day '%.64s', and no baseline of that name"
			: "baseline '%.64s' does not exist; plumb list kind:baseline shows those "
			  "that do",
		    id);
		return FAILED;
	}
	want->revision = baseline_revision(item, vc->job.arena);
	want->resolved = true;
	return GO_ON;
}

static enum progress
resolve_revision(struct view_call *vc, struct want *want, struct err *err)
{
	const Plumb__V1__At *at = want->at;

	if (at != NULL && at->scenario[0] != '\0') {
		want->scenario = scenario_id(at->scenario, err);
		if (want->scenario == NULL)
			return FAILED;
	}
	if (at == NULL || at->as_of_case == PLUMB__V1__AT__AS_OF__NOT_SET) {
		want->revision = plan_durable(vc->ws->plan);
		want->resolved = true;
		return GO_ON;
	}
	want->is_past = true;
	if (at->as_of_case == PLUMB__V1__AT__AS_OF_TIME)
		return resolve_time(vc, want, err);
	if (at->as_of_case == PLUMB__V1__AT__AS_OF_BASELINE)
		return resolve_baseline(vc, want, err);
	want->revision = at->revision;
	want->resolved = true;
	return GO_ON;
}

/* A revision that is taken is waited for until it is durable; one that does not exist is an error. */
static enum progress
wait_for_revision(struct view_call *vc, uint64_t revision, enum err_code code, struct err *err)
{
	if (revision <= plan_durable(vc->ws->plan))
		return GO_ON;
	if (revision <= plan_revision(vc->ws->plan))
		return wait_in(vc, &vc->ws->undurable, revision);
	err_set(err, code, "revision %" PRIu64 " does not exist; the newest is %" PRIu64, revision,
	    plan_durable(vc->ws->plan));
	return FAILED;
}

/* It shows all that was taken: to be waited for, and taken anew where some of that was taken back. */
static bool
take_scenario(struct view_call *vc, struct want *want, struct err *err)
{
	struct workspace *ws = vc->ws;

	if (want->shared != NULL && want->shared->undo_epoch != ws->undo_epoch) {
		shared_view_unref(want->shared);
		want->shared = NULL;
	}
	if (want->shared == NULL)
		want->shared = workspace_scenario_view(ws, want->scenario, err);
	if (want->shared == NULL)
		return false;
	want->revision = want->shared->revision;
	return true;
}

static enum progress
get_scenario(struct view_call *vc, struct want *want, struct err *err)
{
	enum progress progress;

	if (want->confirmed)
		return GO_ON;
	if (!take_scenario(vc, want, err))
		return FAILED;
	progress = wait_for_revision(vc, want->revision, ERR_INTERNAL, err);
	want->confirmed = progress == GO_ON;
	return progress;
}

static enum progress
get_view(struct view_call *vc, struct want *want, struct err *err)
{
	if (want->shared != NULL)
		return GO_ON;
	if (want->as_of == NULL && want->scenario[0] == '\0' &&
	    want->revision == plan_durable(vc->ws->plan)) {
		want->shared = workspace_view(vc->ws);
		if (want->shared != NULL)
			return GO_ON;
		err_oom(err);
		return FAILED;
	}
	if (want->as_of == NULL)
		want->as_of = as_of_get(vc->daemon, vc->ws, want->revision, want->scenario, err);
	if (want->as_of == NULL)
		return FAILED;
	if (want->as_of->state == AS_OF_BUILDING)
		return wait_in(vc, &want->as_of->waiting, 0);
	if (want->as_of->state == AS_OF_FAILED) {
		*err = want->as_of->err;
		return FAILED;
	}
	return GO_ON;
}

/* The newest of all that are compared are of one moment: taken in one turn; then the plan is asked for as of that. */
static enum progress
take_scenarios(struct view_call *vc, struct err *err)
{
	const Plumb__V1__At *at = vc->wants[0].at;
	enum progress progress =
	    wait_for_revision(vc, at != NULL ? at->at_least : 0, ERR_RANGE, err);

	if (progress != GO_ON || vc->wants[1].confirmed ||
	    (at != NULL && at->as_of_case != PLUMB__V1__AT__AS_OF__NOT_SET))
		return progress;
	for (size_t i = 1; i < vc->wants_count; i++) {
		struct want *want = &vc->wants[i];

		if (!want->resolved && resolve_revision(vc, want, err) != GO_ON)
			return FAILED;
		if (!take_scenario(vc, want, err))
			return FAILED;
	}
	progress = wait_for_revision(vc, vc->wants[1].revision, ERR_INTERNAL, err);
	if (progress != GO_ON)
		return progress;
	vc->wants[0].revision = vc->wants[1].revision;
	vc->wants[0].resolved = true;
	for (size_t i = 1; i < vc->wants_count; i++)
		vc->wants[i].confirmed = true;
	return GO_ON;
}

static bool
is_newest(const Plumb__V1__At *at)
{
	return at == NULL ||
	       (at->as_of_case == PLUMB__V1__AT__AS_OF__NOT_SET && at->scenario[0] == '\0');
}

/* Wants n scenarios of the newest plan. */
static bool
want_scenarios(struct view_call *vc, char *const *names, size_t count)
{
	const Plumb__V1__At *at = vc->wants[0].at;
	Plumb__V1__At *each = arena_array(vc->job.arena, count + 1, sizeof *each);

	if (each == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (at != NULL)
			each[i] = *at;
		else
			plumb__v1__at__init(&each[i]);
		each[i].scenario = names[i];
		vc->wants[i + 1].at = &each[i];
	}
	vc->wants_count = count + 1;
	vc->is_comparison = count > 0;
	return true;
}

/* In the turn in which their views are taken: none of them can go before. */
static enum progress
choose_worlds(struct view_call *vc, struct err *err)
{
	const Plumb__V1__At *at = vc->wants[0].at;
	enum progress progress =
	    wait_for_revision(vc, at != NULL ? at->at_least : 0, ERR_RANGE, err);
	char **names;
	size_t count;

	if (progress != GO_ON)
		return progress;
	vc->wants_worlds = false;
	vc->job.worlds = &vc->worlds;
	if (!is_newest(at)) {
		vc->worlds.missing = "scenarios are held against the newest plan only";
		return GO_ON;
	}
	if (scenario_worlds(vc->ws->plan, vc->job.arena, &names, &count, &vc->worlds.missing) &&
	    want_scenarios(vc, names, count))
		return GO_ON;
	err_oom(err);
	return FAILED;
}

static enum progress
resolve(struct view_call *vc, struct want *want, struct err *err)
{
	uint64_t at_least = want->at != NULL ? want->at->at_least : 0;
	enum progress progress;

	progress = wait_for_revision(vc, at_least, ERR_RANGE, err);
	if (progress == GO_ON && !want->resolved)
		progress = resolve_revision(vc, want, err);
	if (progress != GO_ON)
		return progress;
	if (want->is_past && at_least > want->revision) {
		err_set(err, ERR_RANGE,
		    "revision %" PRIu64 " is asked for, and at least %" PRIu64 ": not both",
		    want->revision, at_least);
		return FAILED;
	}
	if (want->scenario[0] != '\0' && !want->is_past)
		return get_scenario(vc, want, err);
	progress = wait_for_revision(vc, want->revision, ERR_NOT_FOUND, err);
	return progress == GO_ON ? get_view(vc, want, err) : progress;
}

static void
run_seek(void *arg)
{
	struct view_call *vc = arg;

	vc->ok = settle(vc) || err_oom(&vc->err);
	for (size_t i = 0; vc->ok && i < vc->baselines_count; i++)
		vc->baselines[i].revision = baselines_newest(view_of(&vc->wants[i]),
		    vc->wants[i].revision, &vc->call->cancelled, &vc->baseline_slots[i]);
}

static void
sought(void *arg)
{
	struct view_call *vc = arg;

	vc->busy = false;
	vc->baseline_sought = true;
	if (vc->ok)
		step(vc);
	else
		fail(vc, &vc->err);
}

static enum progress
get_baselines(struct view_call *vc, struct err *err)
{
	enum progress progress = GO_ON;

	for (size_t i = 0; i < vc->baselines_count && progress == GO_ON; i++) {
		if (vc->baseline_slots[i] != SLOT_NONE)
			progress = get_view(vc, &vc->baselines[i], err);
	}
	return progress;
}

static enum progress
resolve_newest_baselines(struct view_call *vc, struct err *err)
{
	if (!vc->wants_baseline)
		return GO_ON;
	if (vc->baseline_sought)
		return get_baselines(vc, err);
	if (!quota_start(vc->call, run_seek, sought, vc, err))
		return FAILED;
	vc->busy = true;
	return WAIT;
}

/* On from wherever it stands, until it waits, runs or has ended. */
static void
step(struct view_call *vc)
{
	struct err err = {0};
	enum progress progress = GO_ON;

	assert(vc->state == VIEW_RESOLVE && !vc->busy);
	if (vc->call->state != RPC_RUNNING) {
		view_call_free(vc);
		return;
	}
	if (vc->ws == NULL)
		progress = find_workspace(vc, &err);
	if (progress == GO_ON && vc->wants_worlds)
		progress = choose_worlds(vc, &err);
	if (progress == GO_ON && vc->is_comparison)
		progress = take_scenarios(vc, &err);
	for (size_t i = 0; i < vc->wants_count && progress == GO_ON; i++)
		progress = resolve(vc, &vc->wants[i], &err);
	if (progress == GO_ON)
		progress = resolve_newest_baselines(vc, &err);
	if (progress == GO_ON)
		start_run(vc);
	else if (progress == FAILED)
		fail(vc, &err);
}

static void
on_cancel(struct rpc_call *call)
{
	struct view_call *vc = call->handler_data;

	if (vc->state == VIEW_RESOLVE && !vc->busy)
		view_call_free(vc);
	else
		pump(vc);
}

static void
on_writable(struct rpc_call *call)
{
	pump(call->handler_data);
}

static struct view_call *
view_call_new(struct rpc_call *call, job_view_fn run, void *arg)
{
	struct view_call *vc = calloc(1, sizeof *vc);

	if (vc == NULL)
		return NULL;
	vc->job.arena = arena_new(LIMIT_CALL_ARENA);
	vc->job.faults =
	    vc->job.arena != NULL ? arena_alloc(vc->job.arena, sizeof *vc->job.faults) : NULL;
	if (vc->job.faults == NULL) {
		arena_free(vc->job.arena);
		free(vc);
		return NULL;
	}
	faults_init(vc->job.faults, vc->job.arena);
	pthread_mutex_init(&vc->lock, NULL);
	pthread_cond_init(&vc->room, NULL);
	vc->last = &vc->first;
	vc->job.call = call;
	vc->job.arg = arg;
	vc->job.own = vc;
	vc->call = call;
	vc->daemon = call->daemon;
	vc->run = run;
	for (size_t i = 0; i < VIEWS_MAX; i++) {
		vc->wants[i].date = DATE_NONE;
		vc->wants[i].scenario = vc->baselines[i].scenario = "";
	}
	for (size_t i = 0; i < VIEWS_MAX; i++)
		vc->baseline_slots[i] = SLOT_NONE;
	return vc;
}

static void
start(struct view_call *vc, size_t count, bool baseline)
{
	vc->wants_count = vc->baselines_count = count;
	vc->wants_baseline = baseline;
	rpc_pin(vc->call);
	step(vc);
}

static struct view_call *
begin(struct rpc_call *call, job_view_fn run, void *arg)
{
	struct view_call *vc = view_call_new(call, run, arg);
	struct err err = {0};

	assert(call->handler_data == NULL);
	if (vc == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return NULL;
	}
	call->handler_data = vc;
	call->on_cancel = on_cancel;
	call->on_writable = on_writable;
	return vc;
}

void
job_view_check(struct rpc_call *call, const struct Plumb__V1__At *at, bool baseline, bool worlds,
    job_view_fn run, void *arg)
{
	struct view_call *vc = begin(call, run, arg);

	if (vc == NULL)
		return;
	vc->wants[0].at = at;
	vc->wants_worlds = worlds;
	start(vc, 1, baseline);
}

static void
start_two(struct rpc_call *call, const struct Plumb__V1__At *from, const struct Plumb__V1__At *to,
    bool baseline, job_view_fn run, void *arg)
{
	struct view_call *vc = begin(call, run, arg);

	if (vc == NULL)
		return;
	vc->wants[0].at = from;
	vc->wants[1].at = to;
	start(vc, 2, baseline);
}

void
job_view(struct rpc_call *call, const struct Plumb__V1__At *at, job_view_fn run, void *arg)
{
	job_view_check(call, at, false, false, run, arg);
}

void
job_view_baseline(struct rpc_call *call, const struct Plumb__V1__At *at, job_view_fn run, void *arg)
{
	job_view_check(call, at, true, false, run, arg);
}

void
job_views(struct rpc_call *call, const struct Plumb__V1__At *from, const struct Plumb__V1__At *to,
    job_view_fn run, void *arg)
{
	start_two(call, from, to, false, run, arg);
}

void
job_views_baseline(struct rpc_call *call, const struct Plumb__V1__At *from,
    const struct Plumb__V1__At *to, job_view_fn run, void *arg)
{
	start_two(call, from, to, true, run, arg);
}

void
job_view_scenarios(struct rpc_call *call, const struct Plumb__V1__At *at, char *const *scenarios,
    size_t count, job_view_fn run, void *arg)
{
	struct view_call *vc = begin(call, run, arg);
	struct err err = {0};

	assert(count > 0 && count < VIEWS_MAX);
	if (vc == NULL)
		return;
	vc->wants[0].at = at;
	if (want_scenarios(vc, scenarios, count)) {
		start(vc, count + 1, true);
		return;
	}
	err_oom(&err);
	rpc_pin(call);
	fail(vc, &err);
}
