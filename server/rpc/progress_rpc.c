/* plumb.v1.Insight.Progress: work and outcome, rolled up the plan. */
#include <math.h>
#include <stdio.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "plumb/v1/insight.pb-c.h"
#include "server/insight/progress.h"
#include "server/limits.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/rpc.h"

/* Under the limit of a message, with room for the last node. */
#define REPLY_BYTES ((size_t)3 << 20)

static char *
copy_ref(const struct view_job *job, uint32_t slot)
{
	return reply_ref(job->arena, view_item(job->view, slot));
}

static bool
has_progress(enum kind kind)
{
	return kind == KIND_GOAL || kind == KIND_OBJECTIVE || kind_is_work(kind);
}

static bool
find_one(struct view_job *job, const char *ref, size_t i, uint32_t *slot, struct err *err)
{
	const struct item *item;
	enum kind kind;
	const char *id;
	size_t len;
	char field[32];

	snprintf(field, sizeof field, "refs[%zu]", i);
	if (!ref_parse(ref, KIND_NONE, &kind, &id, &len)) {
		faults_add(
		    job->faults, field, "must be \"kind/id\", for example \"goal/customers-stay\"");
		return err_set(
		    err, ERR_INVALID, "\"%.100s\" is not a name: write \"kind/id\"", ref);
	}
	if (!has_progress(kind)) {
		faults_add(job->faults, field,
		    "name a goal, objective, initiative, workstream, milestone or task");
		return err_set(err, ERR_INVALID,
		    "%.100s: there is no progress of such a kind; name a goal, an objective or "
		    "work",
		    ref);
	}
	item = view_find(job->view, kind, id, len);
	if (!item_is_live(item))
		return err_set(err, ERR_NOT_FOUND, "there is no %.150s", ref);
	*slot = item->slot;
	return true;
}

static bool
fill_facts(
    const struct view_job *job, const struct progress_node *node, Plumb__V1__ProgressNode *out)
{
	out->evidence = arena_array(job->arena, node->facts_count + 1, sizeof out->evidence[0]);
	if (out->evidence == NULL)
		return false;
	for (size_t i = 0; i < node->facts_count; i++) {
		Plumb__V1__Evidence *e = arena_alloc(job->arena, sizeof *e);

		if (e == NULL)
			return false;
		plumb__v1__evidence__init(e);
		e->ref = copy_ref(job, node->facts[i].slot);
		e->what = pb_str(node->facts[i].what);
		e->value = pb_str(node->facts[i].value);
		if (e->ref == NULL)
			return false;
		out->evidence[i] = e;
	}
	out->n_evidence = node->facts_count;
	return true;
}

static bool
fill_node(
    const struct view_job *job, const struct progress_node *node, Plumb__V1__ProgressNode *out)
{
	const struct item *item = view_item(job->view, node->slot);

	plumb__v1__progress_node__init(out);
	out->ref = copy_ref(job, node->slot);
	out->title = arena_strndup(job->arena, item_title(item), item->title_len);
	out->parent = node->parent;
	out->roll_up = (Plumb__V1__RollUp)node->roll_up;
	out->weight = node->weight;
	if (!isnan(node->of.work.value)) {
		out->work__case = PLUMB__V1__PROGRESS_NODE__WORK__WORK;
		out->work = node->of.work.value;
	}
	if (!isnan(node->of.outcome.value)) {
		out->outcome__case = PLUMB__V1__PROGRESS_NODE__OUTCOME__OUTCOME;
		out->outcome = node->of.outcome.value;
	}
	out->work_known = node->of.work.known;
	out->outcome_known = node->of.outcome.known;
	out->work_from = pb_str(node->work_from);
	out->outcome_from = pb_str(node->outcome_from);
	out->status = pb_str(node->status);
	out->reason = pb_str(node->reason);
	out->again = node->again;
	return out->ref != NULL && out->title != NULL && fill_facts(job, node, out);
}

static bool
send_tree(struct view_job *job, const struct progress_tree *tree, struct err *err)
{
	Plumb__V1__ProgressReply reply;
	char today[DATE_TEXT_LEN];
	size_t bytes = 0;

	plumb__v1__progress_reply__init(&reply);
	reply.nodes = arena_array(job->arena, tree->nodes_count + 1, sizeof reply.nodes[0]);
	if (reply.nodes == NULL)
		return err_oom(err);
	for (size_t i = 0; i < tree->nodes_count && bytes < REPLY_BYTES; i++) {
		Plumb__V1__ProgressNode *node = arena_alloc(job->arena, sizeof *node);

		if (node == NULL || !fill_node(job, &tree->nodes[i], node))
			return err_oom(err);
		bytes += protobuf_c_message_get_packed_size(&node->base);
		reply.nodes[reply.n_nodes++] = node;
	}
	reply.cut = tree->cut || reply.n_nodes < tree->nodes_count;
	reply.revision = job->revision;
	reply.today = date_format(job->today, today);
	return view_job_send(job, &reply.base, err);
}

static bool
run_progress(struct view_job *job, struct err *err)
{
	const Plumb__V1__ProgressRequest *request = job->arg;
	struct progress_query query = {
	    .depth = request->depth, .cancelled = view_job_is_over, .arg = job};
	uint32_t *slots;
	struct progress_tree tree;
	struct index ix;
	bool ok;

	if (request->n_refs > LIMIT_NAMES) {
		faults_add(job->faults, "refs", "at most %u names at once", LIMIT_NAMES);
		return faults_none(job->faults, err);
	}
	slots = arena_array(job->arena, request->n_refs + 1, sizeof slots[0]);
	if (slots == NULL)
		return err_oom(err);
	for (size_t i = 0; i < request->n_refs; i++) {
		if (!find_one(job, request->refs[i], i, &slots[i], err))
			return false;
	}
	query.slots = slots;
	query.slots_count = request->n_refs;
	if (!index_init(&ix, job->view, job->today, ROLES_ALL, view_job_is_over, job, err))
		return false;
	ok = progress_list(&ix, &query, job->arena, &tree, err);
	index_fini(&ix);
	return ok && send_tree(job, &tree, err);
}

void
handle_insight_progress(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__ProgressRequest *request = (const Plumb__V1__ProgressRequest *)message;

	job_view(call, request->at, run_progress, (void *)(uintptr_t)message);
}
