/* plumb.v1.Insight.Impact: what a missed or late item takes with it. */
#include <math.h>
#include <stdlib.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "plumb/v1/impact.pb-c.h"
#include "server/insight/impact.h"
#include "server/insight/impact_delay.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/rpc.h"

#define OTHERS_MAX 50u
/* Under the limit of a message, with room for the last node or edge. */
#define REPLY_BYTES ((size_t)3 << 20)

struct impact_call {
	struct view_job *job;
	const Plumb__V1__ImpactRequest *request;
	struct index ix;
	struct impact_result result;
	struct impact_delay delay;
	bool is_scheduled;
	uint32_t *order; /* of the nodes, as they are told */
	size_t bytes;
	Plumb__V1__ImpactReply reply;
};

static char *
ref_of(const struct impact_call *ic, uint32_t slot)
{
	return reply_ref(ic->job->arena, ic->ix.items[slot]);
}

static char *
date_of(const struct impact_call *ic, int32_t date)
{
	return reply_date(ic->job->arena, date);
}

static bool
fill_value(const struct impact_call *ic, const struct impact_node *node, Plumb__V1__ImpactNode *out)
{
	const struct item *item = ic->ix.items[node->slot];
	const Plumb__V1__Item *message;

	if (item->kind != KIND_SEGMENT || (item->has & HAS_VALUE) == 0)
		return true;
	message = (const Plumb__V1__Item *)codec_decode(item, ic->job->arena);
	if (message == NULL)
		return false;
	out->value__case = PLUMB__V1__IMPACT_NODE__VALUE__VALUE;
	out->value = item->value * node->share;
	if (message->body_case == PLUMB__V1__ITEM__BODY_SEGMENT)
		out->currency = message->segment->currency;
	return true;
}

static bool
fill_node(const struct impact_call *ic, const struct impact_node *node, Plumb__V1__ImpactNode *out)
{
	const struct item *item = ic->ix.items[node->slot];
	const struct impact_edge *via = &ic->result.edges[node->via];

	plumb__v1__impact_node__init(out);
	out->ref = ref_of(ic, node->slot);
	out->title = reply_title(ic->job->arena, item);
	out->depth = node->depth;
	out->share = node->share;
	out->unstated = node->unstated;
	out->customer = impact_is_customer(&ic->ix, node->slot);
	out->via = ref_of(ic, ic->result.nodes[via->from].slot);
	out->relation = pb_str(impact_relation_name(via->relation));
	out->owner = reply_owner(ic->job->arena, &ic->ix, node->slot);
	out->planned = date_of(ic, node->planned);
	out->then = pb_str("");
	if (ic->request->days > 0) {
		out->late__case = PLUMB__V1__IMPACT_NODE__LATE__LATE;
		out->late = node->late;
		out->assumed = node->assumed;
		out->scheduled = node->scheduled;
		out->then = date_of(ic, node->late > 0 ? node->then : node->planned);
	}
	return out->ref != NULL && out->title != NULL && out->via != NULL && out->owner != NULL &&
	       out->planned != NULL && out->then != NULL && fill_value(ic, node, out);
}

static bool
fill_edge(const struct impact_call *ic, const struct impact_edge *edge, Plumb__V1__ImpactEdge *out)
{
	plumb__v1__impact_edge__init(out);
	out->from = ref_of(ic, ic->result.nodes[edge->from].slot);
	out->to = ref_of(ic, ic->result.nodes[edge->to].slot);
	out->relation = pb_str(impact_relation_name(edge->relation));
	out->cut = edge->cut;
	if (!isnan(edge->share)) {
		out->share__case = PLUMB__V1__IMPACT_EDGE__SHARE__SHARE;
		out->share = edge->share;
	}
	if (!isnan(edge->part) && !isnan(edge->of)) {
		out->part__case = PLUMB__V1__IMPACT_EDGE__PART__PART;
		out->part = edge->part;
		out->of__case = PLUMB__V1__IMPACT_EDGE__OF__OF;
		out->of = edge->of;
	}
	return out->from != NULL && out->to != NULL;
}

/* Customer objectives above all. */
static int
by_weight(const void *a, const void *b, void *arg)
{
	const struct impact_call *ic = arg;
	const struct impact_node *x = &ic->result.nodes[*(const uint32_t *)a];
	const struct impact_node *y = &ic->result.nodes[*(const uint32_t *)b];
	bool cx = impact_is_customer(&ic->ix, x->slot), cy = impact_is_customer(&ic->ix, y->slot);

	if (cx != cy)
		return cx ? -1 : 1;
	if (!cx && x->depth != y->depth)
		return x->depth < y->depth ? -1 : 1;
	if (x->share < y->share || x->share > y->share)
		return x->share > y->share ? -1 : 1;
	return index_compare(&ic->ix, x->slot, y->slot);
}

static bool
fill_nodes(struct impact_call *ic)
{
	Plumb__V1__ImpactReply *reply = &ic->reply;
	uint32_t count = ic->result.nodes_count;

	ic->order = arena_array(ic->job->arena, count, sizeof ic->order[0]);
	reply->nodes = arena_array(ic->job->arena, count, sizeof reply->nodes[0]);
	if (ic->order == NULL || reply->nodes == NULL)
		return false;
	for (uint32_t i = 1; i < count; i++)
		ic->order[i - 1] = i;
	qsort_r(ic->order, count - 1, sizeof ic->order[0], by_weight, ic);
	for (uint32_t i = 0; i + 1 < count; i++) {
		const struct impact_node *node = &ic->result.nodes[ic->order[i]];
		Plumb__V1__ImpactNode *out;

		/* What only cut edges lead to was there before. */
		if (node->via == UINT32_MAX)
			continue;
		if (ic->bytes > REPLY_BYTES / 2) {
			reply->more = true;
			break;
		}
		out = arena_alloc(ic->job->arena, sizeof *out);
		if (out == NULL || !fill_node(ic, node, out))
			return false;
		ic->bytes += protobuf_c_message_get_packed_size(&out->base) + 4;
		reply->nodes[reply->n_nodes++] = out;
	}
	return true;
}

static bool
fill_edges(struct impact_call *ic)
{
	Plumb__V1__ImpactReply *reply = &ic->reply;

	reply->edges =
	    arena_array(ic->job->arena, ic->result.edges_count + 1, sizeof reply->edges[0]);
	if (reply->edges == NULL)
		return false;
	for (uint32_t i = 0; i < ic->result.edges_count; i++) {
		Plumb__V1__ImpactEdge *out = arena_alloc(ic->job->arena, sizeof *out);

		if (ic->bytes > REPLY_BYTES) {
			reply->more = true;
			break;
		}
		if (out == NULL || !fill_edge(ic, &ic->result.edges[i], out))
			return false;
		ic->bytes += protobuf_c_message_get_packed_size(&out->base) + 4;
		reply->edges[reply->n_edges++] = out;
	}
	return true;
}

/* ---- the schedule */

/* Does it rest on what is late? */
static bool *
mark_nodes(const struct impact_call *ic)
{
	bool *is_node = arena_zalloc(ic->job->arena, (size_t)ic->ix.slots + 1);

	for (uint32_t i = 0; is_node != NULL && i < ic->result.nodes_count; i++)
		is_node[ic->result.nodes[i].slot] = true;
	return is_node;
}

static Plumb__V1__ImpactOther *
new_other(const struct impact_call *ic, uint32_t slot)
{
	Plumb__V1__ImpactOther *out = arena_alloc(ic->job->arena, sizeof *out);
	int32_t before = ic->delay.before[slot], after = ic->delay.after[slot];

	if (out == NULL)
		return NULL;
	plumb__v1__impact_other__init(out);
	out->ref = ref_of(ic, slot);
	out->title = reply_title(ic->job->arena, ic->ix.items[slot]);
	out->planned = date_of(ic, before);
	out->then = date_of(ic, after != IMPACT_BEYOND ? after : DATE_NONE);
	out->late = (after != IMPACT_BEYOND ? after : ic->delay.pc.last + 1) - before;
	return out->ref != NULL && out->title != NULL && out->planned != NULL && out->then != NULL
		   ? out
		   : NULL;
}

/* Initiatives that end later without resting on it. */
static bool
fill_others(struct impact_call *ic)
{
	const struct plan_schedule *plan = ic->delay.pc.plan;
	Plumb__V1__ImpactReply *reply = &ic->reply;
	bool *is_node = mark_nodes(ic);

	reply->others = arena_array(ic->job->arena, OTHERS_MAX, sizeof reply->others[0]);
	if (is_node == NULL || reply->others == NULL)
		return false;
	for (uint32_t i = 0; i < plan->problem.initiatives; i++) {
		uint32_t slot = plan->heads[i];

		if (is_node[slot] || ic->delay.after[slot] <= ic->delay.before[slot])
			continue;
		if (reply->n_others == OTHERS_MAX) {
			reply->more_others++;
			continue;
		}
		reply->others[reply->n_others] = new_other(ic, slot);
		if (reply->others[reply->n_others++] == NULL)
			return false;
	}
	return true;
}

static bool
fill_basis(struct impact_call *ic)
{
	Plumb__V1__ImpactReply *reply = &ic->reply;

	reply->basis = pb_str(ic->is_scheduled ? "schedule" : "plan");
	reply->basis_why = pb_str(ic->delay.why_not != NULL ? ic->delay.why_not : "");
	if (!ic->is_scheduled)
		return true;
	if (ic->delay.slack >= 0) {
		reply->slack__case = PLUMB__V1__IMPACT_REPLY__SLACK__SLACK;
		reply->slack = ic->delay.slack;
	}
	return fill_others(ic);
}

static bool
send_impact(struct impact_call *ic, const struct item *item, struct err *err)
{
	Plumb__V1__ImpactReply *reply = &ic->reply;
	char today[DATE_TEXT_LEN];

	plumb__v1__impact_reply__init(reply);
	reply->ref = ref_of(ic, item->slot);
	reply->title = reply_title(ic->job->arena, item);
	reply->more = ic->result.more;
	reply->revision = ic->job->revision;
	reply->today = date_format(ic->job->today, today);
	reply->days = ic->request->days;
	if (reply->ref == NULL || reply->title == NULL || !fill_nodes(ic) || !fill_edges(ic) ||
	    (ic->request->days > 0 && !fill_basis(ic)))
		return err_oom(err);
	return view_job_send(ic->job, &reply->base, err);
}

static bool
find(const struct view_job *job, const char *ref, const struct item **item, struct err *err)
{
	enum kind kind;
	const char *id;
	size_t len;

	if (!ref_parse(ref, KIND_NONE, &kind, &id, &len)) {
		faults_add(job->faults, "ref",
		    "'%.100s' is not a reference; write it like initiative/portal", ref);
		return faults_none(job->faults, err);
	}
	if (!impact_has(kind)) {
		faults_add(job->faults, "ref",
		    "nothing is counted that rests on a %s; name an objective, measure, "
		    "initiative, workstream, task, milestone or ask",
		    kind_name(kind));
		return faults_none(job->faults, err);
	}
	*item = view_find(job->view, kind, id, len);
	return item_is_live(*item) || err_set(err, ERR_NOT_FOUND, "there is no %.150s", ref);
}

/* What the schedule makes of a delay of work, or of an ask. */
static bool
find_delay(struct impact_call *ic, const struct item *item, struct err *err)
{
	if (ic->request->days == 0 || ic->request->by_plan)
		return true;
	if (!kind_is_work(item->kind) && item->kind != KIND_ASK) {
		ic->delay.why_not = "only work is scheduled";
		return true;
	}
	if (!impact_delay_open(&ic->delay, &ic->ix, item->slot, (int32_t)ic->request->days,
		view_job_is_over, ic->job, err))
		return false;
	ic->is_scheduled = ic->delay.why_not == NULL;
	return true;
}

static bool
ask(struct impact_call *ic, struct impact *impact, const struct item *item, struct err *err)
{
	const struct impact_ask ask = {
	    .slot = item->slot,
	    .days = (int32_t)ic->request->days,
	    .most = LIMIT_IMPACT_NODES,
	    .before = ic->is_scheduled ? ic->delay.before : NULL,
	    .after = ic->is_scheduled ? ic->delay.after : NULL,
	};

	return impact_of(impact, &ask, &ic->result, err);
}

static bool
run_impact(struct view_job *job, struct err *err)
{
	struct impact_call ic = {.job = job, .request = job->arg};
	const struct item *item = NULL;
	struct impact *impact;
	bool ok;

	if (!find(job, ic.request->ref, &item, err) ||
	    !index_init(&ic.ix, job->view, job->today, IMPACT_IN_ROLES, view_job_is_over, job, err))
		return false;
	impact = impact_new(&ic.ix);
	ok = impact != NULL ? find_delay(&ic, item, err) && ask(&ic, impact, item, err)
			    : err_oom(err);
	ok = ok && send_impact(&ic, item, err);
	impact_delay_close(&ic.delay);
	impact_result_fini(&ic.result);
	impact_free(impact);
	index_fini(&ic.ix);
	return ok;
}

void
handle_insight_impact(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__ImpactRequest *request = (const Plumb__V1__ImpactRequest *)message;
	struct err err;

	if (request->days > LIMIT_IMPACT_DAYS)
		faults_add(
		    call->faults, "days", "is 1 to %u, or nothing: it is gone", LIMIT_IMPACT_DAYS);
	if (faults_none(call->faults, &err))
		job_view(call, request->at, run_impact, (void *)(uintptr_t)request);
	else
		rpc_fail(call, &err);
}
