/* plumb.v1.Survey.Acceptances: who carries a baseline's plan, who has accepted it, and what stands in the way. */
#include <stdlib.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "plumb/v1/survey.pb-c.h"
#include "server/insight/clarity/acceptance.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/rpc.h"

#define CARRIED_MAX 5u
/* Under the limit of a message, with room for the last one. */
#define REPLY_BYTES ((size_t)3 << 20)

/* One who carries, or has said something. */
struct one {
	uint32_t person; /* slot of the newest plan */
	enum acceptance_state state;
	uint32_t record; /* SLOT_NONE */
	const struct carried *carried;
	uint32_t carried_count;
};

struct list {
	struct view_job *job;
	const struct view *now;
	const struct view *then; /* as it was at the baseline */
	uint32_t baseline;       /* slot, now */
	struct index ix;         /* of now */
	struct carriers carriers;
	uint32_t *about; /* acceptance_newest() */
	uint32_t *last;
	struct one *ones; /* in the arena */
	size_t count;
};

/* ---- gathering ----------------------------------------------------------------------------------------------- */

/* What they carry, in the plan of the baseline. */
static void
find_carried(const struct list *l, const struct item *person, struct one *one)
{
	const struct item *then = view_find(l->then, KIND_PERSON, item_id(person), person->id_len);

	one->carried_count = 0;
	if (item_is_live(then))
		one->carried = carriers_of(&l->carriers, then->slot, &one->carried_count);
}

/* Who has left owes nothing, but what they said stays. */
static bool
gather(struct list *l, struct err *err)
{
	uint32_t people;
	const uint32_t *slots = index_kind(&l->ix, KIND_PERSON, &people);

	l->ones = arena_array(l->job->arena, (size_t)people + 1, sizeof l->ones[0]);
	if (l->ones == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < people; i++) {
		const struct item *person = l->ix.items[slots[i]];
		struct one one = {.person = slots[i], .record = l->about[slots[i]]};

		if (acceptance_is_there(person, l->ix.today))
			find_carried(l, person, &one);
		one.state = acceptance_state_of(&l->ix, one.record, l->last[slots[i]]);
		if (one.carried_count > 0 || one.record != SLOT_NONE)
			l->ones[l->count++] = one;
	}
	return true;
}

static int
compare(const void *pa, const void *pb, void *arg)
{
	static const int order[] = {1, 3, 0, 2};
	const struct one *a = pa;
	const struct one *b = pb;

	if (a->state != b->state)
		return order[a->state] - order[b->state];
	return index_compare(arg, a->person, b->person);
}

/* ---- the reply ----------------------------------------------------------------------------------------------- */

static char *
copy_ref(const struct list *l, const struct item *item)
{
	return reply_ref(l->job->arena, item);
}

static bool
fill_record(const struct list *l, uint32_t slot, Plumb__V1__PersonAcceptance *out)
{
	const struct item *record = l->ix.items[slot];
	const Plumb__V1__Record *message =
	    (const Plumb__V1__Record *)codec_decode(record, l->job->arena);
	uint32_t clears = acceptance_clears(&l->ix, slot);

	if (message == NULL || message->body_case != PLUMB__V1__RECORD__BODY_ACCEPTANCE)
		return false;
	out->record = copy_ref(l, record);
	out->since = reply_date(l->job->arena, record->start);
	out->days = (uint32_t)(l->ix.today - record->start);
	out->in_the_way = message->acceptance->in_the_way;
	if (clears != SLOT_NONE)
		out->cleared_by = copy_ref(l, l->ix.items[clears]);
	return out->record != NULL && out->since != NULL && out->cleared_by != NULL;
}

static Plumb__V1__PersonAcceptance *
fill_one(const struct list *l, const struct one *one)
{
	Plumb__V1__PersonAcceptance *out = arena_alloc(l->job->arena, sizeof *out);
	const struct item *person = l->ix.items[one->person];

	if (out == NULL)
		return NULL;
	plumb__v1__person_acceptance__init(out);
	out->person = copy_ref(l, person);
	out->name = reply_title(l->job->arena, person);
	out->state = (Plumb__V1__PersonAcceptance__State)one->state;
	out->carries = one->carried_count;
	out->carried = arena_array(l->job->arena, CARRIED_MAX, sizeof out->carried[0]);
	if (out->person == NULL || out->name == NULL || out->carried == NULL ||
	    (one->record != SLOT_NONE && !fill_record(l, one->record, out)))
		return NULL;
	for (uint32_t i = 0; i < one->carried_count && i < CARRIED_MAX; i++) {
		char *ref = copy_ref(l, view_item(l->then, one->carried[i].item));

		if (ref == NULL)
			return NULL;
		out->carried[out->n_carried++] = ref;
	}
	return out;
}

static void
count_states(const struct list *l, Plumb__V1__AcceptancesReply *reply)
{
	for (size_t i = 0; i < l->count; i++) {
		bool carries = l->ones[i].carried_count > 0;

		reply->carriers += carries;
		reply->accepted += carries && l->ones[i].state == ACCEPTANCE_ACCEPTED;
		reply->blocked += l->ones[i].state == ACCEPTANCE_BLOCKED;
	}
}

static bool
send_list(struct list *l, struct err *err)
{
	const struct item *baseline = l->ix.items[l->baseline];
	struct arena *arena = l->job->arena;
	Plumb__V1__AcceptancesReply reply;
	char today[DATE_TEXT_LEN];
	size_t bytes = 0;

	plumb__v1__acceptances_reply__init(&reply);
	reply.baseline = copy_ref(l, baseline);
	reply.title = reply_title(arena, baseline);
	reply.baseline_revision =
	    baseline->effort > 0 ? (uint64_t)baseline->effort : baseline->revision;
	reply.people = arena_array(arena, l->count + 1, sizeof reply.people[0]);
	if (reply.baseline == NULL || reply.title == NULL || reply.people == NULL)
		return err_oom(err);
	count_states(l, &reply);
	for (size_t i = 0; i < l->count && bytes < REPLY_BYTES; i++) {
		Plumb__V1__PersonAcceptance *one = fill_one(l, &l->ones[i]);

		if (one == NULL)
			return err_oom(err);
		bytes += protobuf_c_message_get_packed_size(&one->base);
		reply.people[reply.n_people++] = one;
	}
	reply.left_out = (uint32_t)(l->count - reply.n_people);
	reply.revision = l->job->other != NULL ? l->job->other_revision : l->job->revision;
	reply.today = date_format(l->job->today, today);
	return view_job_send(l->job, &reply.base, err);
}

/* ---- running ------------------------------------------------------------------------------------------------- */

static bool
run_list(struct list *l, struct err *err)
{
	if (!index_init(&l->ix, l->now, l->job->today, 0, view_job_is_over, l->job, err))
		return false;
	if (!acceptance_carriers(l->then, view_job_is_over, l->job, &l->carriers, err))
		return false;
	l->about = acceptance_newest(&l->ix, l->baseline);
	l->last = acceptance_newest(&l->ix, SLOT_NONE);
	if (l->about == NULL || l->last == NULL)
		return err_oom(err);
	if (!gather(l, err))
		return false;
	if (l->count > 1)
		qsort_r(l->ones, l->count, sizeof l->ones[0], compare, &l->ix);
	return send_list(l, err);
}

static bool
run_and_free(struct list *l, struct err *err)
{
	bool ok = run_list(l, err);

	index_fini(&l->ix);
	carriers_fini(&l->carriers);
	free(l->about);
	free(l->last);
	return ok;
}

/* The named one: its plan is the first view. */
static bool
run_named(struct view_job *job, struct err *err)
{
	const Plumb__V1__AcceptancesRequest *request = job->arg;
	struct list l = {.job = job, .now = job->other, .then = job->view};
	const struct item *baseline = NULL;
	enum kind kind;
	const char *id;
	size_t len;

	if (ref_parse(request->baseline, KIND_BASELINE, &kind, &id, &len))
		baseline = view_find(job->other, KIND_BASELINE, id, len);
	if (!item_is_live(baseline))
		return err_set(
		    err, ERR_NOT_FOUND, "there was no baseline '%.64s' then", request->baseline);
	l.baseline = baseline->slot;
	return run_and_free(&l, err);
}

static bool
run_newest(struct view_job *job, struct err *err)
{
	struct list l = {
	    .job = job, .now = job->view, .then = job->baseline, .baseline = job->baseline_slot};

	if (job->baseline == NULL)
		return err_set(err, ERR_NOT_FOUND,
		    "the plan has no baseline yet: plumb baseline create NAME draws one");
	return run_and_free(&l, err);
}

void
handle_survey_acceptances(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__AcceptancesRequest *request =
	    (const Plumb__V1__AcceptancesRequest *)message;
	void *arg = (void *)(uintptr_t)message;
	Plumb__V1__At *from;
	struct err err = {0};

	if (request->baseline[0] == '\0') {
		job_view_baseline(call, request->at, run_newest, arg);
		return;
	}
	from = arena_alloc(call->arena, sizeof *from);
	if (from == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	plumb__v1__at__init(from);
	if (request->at != NULL)
		from->workspace = request->at->workspace;
	from->as_of_case = PLUMB__V1__AT__AS_OF_BASELINE;
	from->baseline = request->baseline;
	job_views(call, from, request->at, run_named, arg);
}
