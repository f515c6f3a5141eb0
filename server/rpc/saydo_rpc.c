/* plumb.v1.Insight.SayDo: commitments kept over made, with the list behind it. */
#include <math.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "plumb/v1/insight.pb-c.h"
#include "server/insight/saydo.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/request_day.h"
#include "server/rpc/rpc.h"
#include "server/rpc/saydo_rpc.h"

/* Under the limit of a message, with room for the last one. */
#define REPLY_BYTES ((size_t)3 << 20)

struct saydo_call {
	const Plumb__V1__SayDoRequest *request;
	struct saydo_query query;
};

static char *
copy_ref(const struct view_job *job, uint32_t slot)
{
	return reply_ref(job->arena, view_item(job->view, slot));
}

static char *
copy_title(const struct view_job *job, uint32_t slot)
{
	return reply_title(job->arena, view_item(job->view, slot));
}

static char *
copy_date(const struct view_job *job, int32_t day)
{
	return reply_date(job->arena, day);
}

/* ---- the list */

static bool
fill_to(const struct view_job *job, const struct item *item, Plumb__V1__Promise *out)
{
	out->to = arena_array(job->arena, item->refs_count + 1u, sizeof out->to[0]);
	for (uint32_t i = 0; out->to != NULL && i < item->refs_count; i++) {
		if (item->refs[i].role != ROLE_TO)
			continue;
		out->to[out->n_to] = copy_ref(job, item->refs[i].slot);
		if (out->to[out->n_to++] == NULL)
			return false;
	}
	return out->to != NULL;
}

Plumb__V1__Promise *
saydo_promise_message(const struct view_job *job, const struct saydo_promise *p)
{
	const struct item *item = view_item(job->view, p->slot);
	const Plumb__V1__Item *message = (const Plumb__V1__Item *)codec_decode(item, job->arena);
	Plumb__V1__Promise *out = arena_alloc(job->arena, sizeof *out);

	if (out == NULL || message == NULL)
		return NULL;
	plumb__v1__promise__init(out);
	out->ref = copy_ref(job, p->slot);
	out->title = copy_title(job, p->slot);
	out->by = p->by != SLOT_NONE ? copy_ref(job, p->by) : pb_str("");
	out->made = copy_date(job, item->start);
	out->due = copy_date(job, item->finish);
	out->settled = copy_date(job, item->done);
	out->first_due = copy_date(job, p->first_due);
	out->standing = (Plumb__V1__Promise__Standing)p->standing;
	out->why = pb_str(p->why != NULL ? p->why : message->commitment->reason);
	out->moved = p->moved;
	out->days = p->days;
	if (out->ref == NULL || out->title == NULL || out->by == NULL || out->made == NULL ||
	    out->due == NULL || out->settled == NULL || out->first_due == NULL ||
	    !fill_to(job, item, out))
		return NULL;
	return out;
}

static bool
fill_promises(const struct view_job *job, const struct saydo *saydo, size_t bytes,
    Plumb__V1__SayDoReply *reply)
{
	reply->promises =
	    arena_array(job->arena, saydo->promises_count + 1u, sizeof reply->promises[0]);
	for (uint32_t i = 0; reply->promises != NULL && i < saydo->promises_count; i++) {
		Plumb__V1__Promise *one;

		if (bytes >= REPLY_BYTES) {
			reply->cut = true;
			break;
		}
		one = saydo_promise_message(job, &saydo->promises[i]);
		if (one == NULL)
			return false;
		bytes += protobuf_c_message_get_packed_size(&one->base) + 6;
		reply->promises[reply->n_promises++] = one;
	}
	return reply->promises != NULL;
}

/* ---- rows */

Plumb__V1__SayDoRow *
saydo_row_message(const struct view_job *job, const struct saydo_row *row)
{
	Plumb__V1__SayDoRow *out = arena_alloc(job->arena, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__say_do_row__init(out);
	out->who = row->who != SLOT_NONE ? copy_ref(job, row->who) : pb_str("");
	out->name = row->who != SLOT_NONE ? copy_title(job, row->who) : pb_str("");
	out->kept = row->counts[SAYDO_KEPT];
	out->kept_late = row->counts[SAYDO_KEPT_LATE];
	out->broken = row->counts[SAYDO_BROKEN];
	out->overdue = row->counts[SAYDO_OVERDUE];
	out->made = row->made;
	out->open = row->counts[SAYDO_OPEN];
	out->withdrawn = row->counts[SAYDO_WITHDRAWN];
	out->unjudged = row->counts[SAYDO_UNJUDGED];
	out->moved = row->moved;
	out->moves = row->moves;
	out->kept_by_first = row->kept_by_first;
	out->of_teams = row->of_teams;
	out->too_few = isnan(row->low);
	if (!isnan(row->ratio)) {
		out->ratio__case = PLUMB__V1__SAY_DO_ROW__RATIO__RATIO;
		out->ratio = row->ratio;
	}
	out->low = out->too_few ? 0 : row->low;
	out->high = out->too_few ? 0 : row->high;
	return out->who != NULL && out->name != NULL ? out : NULL;
}

static bool
fill_rows(const struct view_job *job, const struct saydo *saydo, size_t *bytes,
    Plumb__V1__SayDoReply *reply)
{
	reply->rows = arena_array(job->arena, saydo->rows_count + 1u, sizeof reply->rows[0]);
	for (uint32_t i = 0; reply->rows != NULL && i < saydo->rows_count; i++) {
		Plumb__V1__SayDoRow *row;

		if (*bytes >= REPLY_BYTES) {
			reply->cut = true;
			break;
		}
		row = saydo_row_message(job, &saydo->rows[i]);
		if (row == NULL)
			return false;
		*bytes += protobuf_c_message_get_packed_size(&row->base) + 6;
		reply->rows[reply->n_rows++] = row;
	}
	return reply->rows != NULL;
}

static bool
send_saydo(struct view_job *job, const struct saydo *saydo, struct err *err)
{
	const struct saydo_call *sc = job->arg;
	Plumb__V1__SayDoReply reply;
	char today[DATE_TEXT_LEN];
	size_t bytes = 0;

	plumb__v1__say_do_reply__init(&reply);
	if (!fill_rows(job, saydo, &bytes, &reply) ||
	    (sc->request->list && !fill_promises(job, saydo, bytes, &reply)))
		return err_oom(err);
	reply.revision = job->revision;
	reply.today = date_format(job->today, today);
	return view_job_send(job, &reply.base, err);
}

/* ---- asking */

static bool
take_who(struct view_job *job, const char *field, const char *name, enum kind kind, uint32_t *who,
    struct err *err)
{
	const struct item *item;
	enum kind named;
	const char *id;
	size_t len;

	if (name[0] == '\0')
		return true;
	if (!ref_parse(name, kind, &named, &id, &len) || named != kind) {
		faults_add(job->faults, field, "'%.100s' is no %s", name, kind_name(kind));
		return faults_none(job->faults, err);
	}
	item = view_find(job->view, kind, id, len);
	if (!item_is_live(item))
		return err_set(
		    err, ERR_NOT_FOUND, "there is no %s/%.*s", kind_name(kind), (int)len, id);
	*who = item->slot;
	return true;
}

static bool
run_saydo(struct view_job *job, struct err *err)
{
	struct saydo_call *sc = job->arg;
	struct saydo saydo;
	struct index ix;
	bool ok;

	sc->query.who = SLOT_NONE;
	if (!take_who(job, "person", sc->request->person, KIND_PERSON, &sc->query.who, err) ||
	    !take_who(job, "team", sc->request->team, KIND_TEAM, &sc->query.who, err) ||
	    !index_init(&ix, job->view, job->today, ROLE_BIT(ROLE_MEMBER) | ROLE_BIT(ROLE_LEAD),
		view_job_is_over, job, err))
		return false;
	ok = saydo_run(&ix, &sc->query, &saydo, err) && send_saydo(job, &saydo, err);
	saydo_fini(&saydo);
	index_fini(&ix);
	return ok;
}

void
handle_insight_say_do(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__SayDoRequest *request = (const Plumb__V1__SayDoRequest *)message;
	struct saydo_call *sc = arena_zalloc(call->arena, sizeof *sc);
	struct err err;

	if (sc == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	sc->request = request;
	sc->query.from = request_day(call->faults, "from", request->from);
	sc->query.to = request_day(call->faults, "to", request->to);
	if (sc->query.to != DATE_NONE && sc->query.to < sc->query.from)
		faults_add(call->faults, "from", "the first day lies behind the last one");
	if (request->person[0] != '\0' && request->team[0] != '\0')
		faults_add(call->faults, "team", "ask about a person or a team, not both");
	if (faults_none(call->faults, &err))
		job_view(call, request->at, run_saydo, sc);
	else
		rpc_fail(call, &err);
}
