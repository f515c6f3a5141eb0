/* plumb.v1.Insight.Reviews: standing meetings, and when each is due. */
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "plumb/v1/insight.pb-c.h"
#include "server/insight/rhythm/cadence.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/rpc.h"

/* Under the limit of a message, with room for the last review. */
#define REPLY_BYTES ((size_t)3 << 20)

struct reviews {
	struct view_job *job;
	const Plumb__V1__ReviewsRequest *request;
	struct index ix;
	struct cadence cadence;
	uint32_t person; /* SLOT_NONE: all */
	Plumb__V1__ReviewsReply reply;
	size_t bytes;
};

static char *
copy_ref(const struct reviews *r, uint32_t slot)
{
	return reply_ref(r->job->arena, r->ix.items[slot]);
}

static char *
copy_date(const struct reviews *r, int32_t date)
{
	return reply_date(r->job->arena, date);
}

static bool
is_of(const struct reviews *r, uint32_t review)
{
	struct edges out = index_out(&r->ix, review);

	for (uint32_t i = 0; i < out.count && r->person != SLOT_NONE; i++) {
		if (out.list[i].slot == r->person &&
		    (out.list[i].role == ROLE_OWNER || out.list[i].role == ROLE_ATTENDEE ||
			out.list[i].role == ROLE_SEAT))
			return true;
	}
	return r->person == SLOT_NONE;
}

/* The targets of these two roles, each once. */
static bool
fill_refs(const struct reviews *r, uint32_t review, enum role role, enum role other, char ***list,
    size_t *count)
{
	struct edges out = index_out(&r->ix, review);

	*list = arena_array(r->job->arena, out.count + 1u, sizeof **list);
	for (uint32_t i = 0; i < out.count && *list != NULL; i++) {
		bool again = out.list[i].role != role && out.list[i].role != other;

		for (uint32_t k = 0; k < i && !again; k++)
			again = out.list[k].slot == out.list[i].slot &&
				(out.list[k].role == role || out.list[k].role == other);
		if (again)
			continue;
		if (((*list)[*count] = copy_ref(r, out.list[i].slot)) == NULL)
			return false;
		(*count)++;
	}
	return *list != NULL;
}

static bool
add_day(const struct reviews *r, const struct meeting_plan *plan, int32_t planned,
    Plumb__V1__ReviewPlan *out)
{
	Plumb__V1__MeetingDay *day = arena_alloc(r->job->arena, sizeof *day);
	int32_t due = cadence_day(plan, planned);

	if (day == NULL)
		return false;
	plumb__v1__meeting_day__init(day);
	day->day = copy_date(r, due);
	/* a weekend of daily ones is one Monday */
	if (day->day != NULL && out->n_next > 0 &&
	    strcmp(out->next[out->n_next - 1]->day, day->day) == 0)
		return true;
	if (planned != due)
		day->planned = copy_date(r, planned);
	out->next[out->n_next++] = day;
	return day->day != NULL && day->planned != NULL;
}

/* The next one whenever it is; those behind it and today as far as was asked. */
static bool
fill_next(const struct reviews *r, const struct meeting_plan *plan, Plumb__V1__ReviewPlan *out)
{
	int32_t until = r->ix.today + (int32_t)r->request->ahead_days;
	int32_t planned = plan->planned;

	out->next =
	    arena_array(r->job->arena, (size_t)r->request->ahead_days + 2, sizeof out->next[0]);
	if (out->next == NULL)
		return false;
	while (planned != DATE_NONE) {
		if (!add_day(r, plan, planned, out))
			return false;
		planned =
		    cadence_next(&r->cadence, plan, planned > r->ix.today ? planned : r->ix.today);
		if (planned > until)
			break;
	}
	return true;
}

static bool
fill_stated(const struct reviews *r, uint32_t review, Plumb__V1__ReviewPlan *out)
{
	const Plumb__V1__Item *item =
	    (const Plumb__V1__Item *)codec_decode(r->ix.items[review], r->job->arena);

	if (item == NULL || item->body_case != PLUMB__V1__ITEM__BODY_REVIEW)
		return false;
	out->title = item->title;
	out->description = item->description;
	out->type = item->review->type;
	if (item->review->minutes__case == PLUMB__V1__REVIEW__MINUTES__MINUTES)
		out->minutes = (uint32_t)item->review->minutes;
	return true;
}

/* A meeting that was held moves those behind it. */
static bool
fill_version(const struct reviews *r, const struct meeting_plan *plan, Plumb__V1__ReviewPlan *out)
{
	const struct item *newer = r->ix.items[plan->review];
	char text[TIME_TEXT_LEN];

	if (plan->last != SLOT_NONE && r->ix.items[plan->last]->revision > newer->revision)
		newer = r->ix.items[plan->last];
	out->revision = newer->revision;
	out->updated = arena_strdup(r->job->arena, time_format(newer->updated_us, text));
	return out->updated != NULL;
}

static Plumb__V1__ReviewPlan *
make_plan(const struct reviews *r, const struct meeting_plan *plan)
{
	Plumb__V1__ReviewPlan *out = arena_alloc(r->job->arena, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__review_plan__init(out);
	out->ref = copy_ref(r, plan->review);
	out->last_meeting = plan->last != SLOT_NONE ? copy_ref(r, plan->last) : pb_str("");
	out->last_day = copy_date(r, plan->last_day);
	if (out->ref == NULL || out->last_meeting == NULL || out->last_day == NULL ||
	    !fill_stated(r, plan->review, out) ||
	    !fill_refs(r, plan->review, ROLE_OWNER, ROLE_OWNER, &out->owners, &out->n_owners) ||
	    !fill_refs(r, plan->review, ROLE_ATTENDEE, ROLE_SEAT, &out->people, &out->n_people) ||
	    !fill_next(r, plan, out))
		return NULL;
	out->every_days = (uint32_t)plan->every_days;
	out->quarterly = plan->quarterly;
	out->held = plan->held;
	out->overdue_days = reply_overdue(plan->due, r->ix.today);
	return fill_version(r, plan, out) ? out : NULL;
}

static int
by_due(const void *pa, const void *pb, void *arg)
{
	const struct meeting_plan *a = *(const struct meeting_plan *const *)pa;
	const struct meeting_plan *b = *(const struct meeting_plan *const *)pb;

	if (a->due != b->due)
		return date_compare(a->due, b->due);
	return index_compare(arg, a->review, b->review);
}

static bool
fill_reviews(struct reviews *r, struct err *err)
{
	const struct meeting_plan **plans =
	    arena_array(r->job->arena, r->cadence.count + 1u, sizeof plans[0]);
	size_t count = 0;

	r->reply.reviews =
	    arena_array(r->job->arena, r->cadence.count + 1u, sizeof r->reply.reviews[0]);
	if (plans == NULL || r->reply.reviews == NULL)
		return err_oom(err);
	for (uint32_t i = 0; i < r->cadence.count; i++) {
		if (is_of(r, r->cadence.plans[i].review))
			plans[count++] = &r->cadence.plans[i];
	}
	if (count > 1)
		qsort_r(plans, count, sizeof plans[0], by_due, &r->ix);
	for (size_t i = 0; i < count && r->bytes < REPLY_BYTES; i++) {
		Plumb__V1__ReviewPlan *plan = make_plan(r, plans[i]);

		if (plan == NULL)
			return err_oom(err);
		r->bytes += protobuf_c_message_get_packed_size(&plan->base);
		r->reply.reviews[r->reply.n_reviews++] = plan;
	}
	r->reply.cut = r->reply.n_reviews < count;
	return true;
}

static bool
find_person(struct reviews *r, struct err *err)
{
	const char *name = r->request->person, *id;
	const struct item *item;
	enum kind kind;
	size_t len;

	r->person = SLOT_NONE;
	if (name[0] == '\0')
		return true;
	if (!ref_parse(name, KIND_PERSON, &kind, &id, &len) || kind != KIND_PERSON) {
		faults_add(r->job->faults, "person", "must be a person, for example \"anna\"");
		return err_set(err, ERR_INVALID, "\"%.100s\" is no person", name);
	}
	item = view_find(r->job->view, kind, id, len);
	if (!item_is_live(item))
		return err_set(err, ERR_NOT_FOUND, "there is no person/%.*s", (int)len, id);
	r->person = item->slot;
	return true;
}

static bool
run_reviews(struct view_job *job, struct err *err)
{
	struct reviews r = {.job = job, .request = job->arg};
	char today[DATE_TEXT_LEN];
	bool ok;

	plumb__v1__reviews_reply__init(&r.reply);
	if (!find_person(&r, err) ||
	    !index_init(&r.ix, job->view, job->today, 0, view_job_is_over, job, err))
		return false;
	ok = cadence_init(&r.cadence, &r.ix, err);
	if (ok) {
		ok = fill_reviews(&r, err);
		cadence_fini(&r.cadence);
	}
	index_fini(&r.ix);
	r.reply.revision = job->revision;
	r.reply.today = date_format(job->today, today);
	return ok && view_job_send(job, &r.reply.base, err);
}

void
handle_insight_reviews(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__ReviewsRequest *request = (const Plumb__V1__ReviewsRequest *)message;
	struct err err;

	if (request->ahead_days > LIMIT_MEETING_DAYS)
		faults_add(call->faults, "ahead_days", "at most %u days are listed, not %u",
		    LIMIT_MEETING_DAYS, request->ahead_days);
	if (!faults_none(call->faults, &err)) {
		rpc_fail(call, &err);
		return;
	}
	job_view(call, request->at, run_reviews, (void *)(uintptr_t)message);
}
