/* plumb.v1.Insight.Mirror: stated weight against share of effort, and what strategy and activities give each other. */
#include <math.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "plumb/v1/insight.pb-c.h"
#include "server/insight/check/rules.h"
#include "server/insight/mirror.h"
#include "server/limits.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/rpc.h"

#define DAYS_DEFAULT 30u
/* Under the limit of a message, with room for the last node. */
#define REPLY_BYTES ((size_t)3 << 20)

struct answer {
	struct view_job *job;
	const Plumb__V1__MirrorRequest *request;
	const struct index *ix;
	const struct mirror *mirror;
	bool *wanted; /* by node */
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

/* ---- what is asked */

static const struct item *
find_named(struct view_job *job, const char *field, const char *ref, enum kind bare, uint64_t kinds,
    const char *wanted, struct err *err)
{
	const struct item *item;
	enum kind kind;
	const char *id;
	size_t len;

	if (!ref_parse(ref, bare, &kind, &id, &len) || kind >= 64 || (kinds >> kind & 1) == 0) {
		faults_add(job->faults, field, "'%.100s' is no %s", ref, wanted);
		(void)!faults_none(job->faults, err);
		return NULL;
	}
	item = view_find(job->view, kind, id, len);
	if (item_is_live(item))
		return item;
	err_set(err, ERR_NOT_FOUND, "there is no %s/%.*s", kind_name(kind), (int)len, id);
	return NULL;
}

static bool
take_period(struct view_job *job, const char *name, struct mirror_query *query, struct err *err)
{
	const struct item *period;

	query->from = query->to = DATE_NONE;
	if (name[0] == '\0')
		return true;
	period = find_named(job, "period", name, KIND_PERIOD, UINT64_C(1) << KIND_PERIOD,
	    "period; name one like \"2026-q2\"", err);
	if (period == NULL)
		return false;
	query->from = period->start;
	query->to = period->finish;
	if (query->from == DATE_NONE || query->to == DATE_NONE || query->to < query->from)
		return err_set(err, ERR_PRECONDITION,
		    "period/%.*s can't be looked at: it does not say its first and last day, or "
		    "they "
		    "are the wrong way round",
		    period->id_len, item_id(period));
	return true;
}

static bool
take_limits(const struct view *view, struct mirror_limits *limits, struct err *err)
{
	struct rule_state states[RULES_MAX];
	const double *starved, *unstated;

	if (!rules_states(view, states, err))
		return false;
	starved = states[rule_find("mirror/starved", 14)].limits;
	unstated = states[rule_find("mirror/unstated", 15)].limits;
	*limits = (struct mirror_limits){starved[0], starved[1], unstated[0], unstated[1]};
	return true;
}

/* ---- nodes */

static Plumb__V1__MirrorPart *
make_part(const struct answer *a, const struct mirror_part *part)
{
	Plumb__V1__MirrorPart *out = arena_alloc(a->job->arena, sizeof *out);
	uint32_t rank = a->ix->rank[part->slot];

	if (out == NULL)
		return NULL;
	plumb__v1__mirror_part__init(out);
	out->ref = copy_ref(a->job, part->slot);
	out->title = copy_title(a->job, part->slot);
	out->rank = rank != RANK_NONE ? rank : 0;
	out->share = part->share;
	out->planned = llround(part->planned);
	out->done = llround(part->done);
	out->done_unknown = !part->done_known;
	out->from = pb_str(part->node != MIRROR_TOP ? kind_name(a->ix->kinds[part->slot])
						    : mirror_from_words(part->from));
	return out->ref != NULL && out->title != NULL ? out : NULL;
}

static bool
fill_parts(const struct answer *a, const struct mirror_node *node, Plumb__V1__MirrorNode *out)
{
	out->parts = arena_array(a->job->arena, node->parts_count + 1u, sizeof out->parts[0]);
	if (out->parts == NULL)
		return false;
	for (uint32_t i = 0; i < node->parts_count; i++) {
		out->parts[i] = make_part(a, &a->mirror->parts[node->parts_first + i]);
		if (out->parts[i] == NULL)
			return false;
		out->n_parts++;
	}
	return true;
}

static bool
is_in_goal(const struct answer *a, const struct mirror_node *node)
{
	for (unsigned depth = 0; depth < 4 * LIMIT_DEPTH; depth++) {
		if (a->ix->kinds[node->slot] == KIND_GOAL)
			return true;
		if (node->whole == MIRROR_TOP)
			break;
		node = &a->mirror->nodes[node->whole];
	}
	return false;
}

static bool
has_target(const struct item *objective)
{
	const struct target *targets = item_targets(objective);

	for (uint32_t i = 0; i < objective->targets_count; i++) {
		if (!isnan(targets[i].target) || !isnan(targets[i].commit))
			return true;
	}
	return false;
}

static bool
fill_both_ways(const struct answer *a, const struct mirror_node *node, Plumb__V1__MirrorNode *out)
{
	Plumb__V1__MirrorGives *gives = arena_alloc(a->job->arena, sizeof *gives);
	Plumb__V1__MirrorGivesBack *back = arena_alloc(a->job->arena, sizeof *back);

	if (gives == NULL || back == NULL)
		return false;
	plumb__v1__mirror_gives__init(gives);
	plumb__v1__mirror_gives_back__init(back);
	gives->goal = is_in_goal(a, node);
	gives->weight = !isnan(node->weight);
	gives->target =
	    a->ix->kinds[node->slot] == KIND_OBJECTIVE && has_target(a->ix->items[node->slot]);
	gives->effort = llround(node->planned);
	back->works = node->works;
	back->estimated = node->estimated;
	back->reported = node->reported;
	back->measures = node->measures;
	back->measurements = node->measurements;
	back->check_ins = node->check_ins;
	back->done = node->finished;
	back->realised = node->realised;
	back->silent = node->measurements + node->check_ins + node->realised == 0;
	out->gives = gives;
	out->gives_back = back;
	return true;
}

static void
fill_shares(const struct mirror_node *node, Plumb__V1__MirrorNode *out)
{
	if (!isnan(node->weight)) {
		out->weight__case = PLUMB__V1__MIRROR_NODE__WEIGHT__WEIGHT;
		out->weight = node->weight;
	}
	if (!isnan(node->stated)) {
		out->stated__case = PLUMB__V1__MIRROR_NODE__STATED__STATED;
		out->stated = node->stated;
	}
	if (!isnan(node->planned_share)) {
		out->planned_share__case = PLUMB__V1__MIRROR_NODE__PLANNED_SHARE__PLANNED_SHARE;
		out->planned_share = node->planned_share;
	}
	if (!isnan(node->done_share)) {
		out->done_share__case = PLUMB__V1__MIRROR_NODE__DONE_SHARE__DONE_SHARE;
		out->done_share = node->done_share;
	}
}

static Plumb__V1__MirrorNode *
make_node(const struct answer *a, const struct mirror_node *node)
{
	Plumb__V1__MirrorNode *out = arena_alloc(a->job->arena, sizeof *out);

	if (out == NULL)
		return NULL;
	plumb__v1__mirror_node__init(out);
	out->ref = copy_ref(a->job, node->slot);
	out->title = copy_title(a->job, node->slot);
	out->whole = node->whole != MIRROR_TOP
			 ? copy_ref(a->job, a->mirror->nodes[node->whole].slot)
			 : pb_str("");
	fill_shares(node, out);
	out->planned = llround(node->planned);
	out->done = llround(node->done);
	out->unknown = llround(node->unknown);
	out->works = node->works;
	out->without_effort = node->without_effort;
	out->verdict = (Plumb__V1__MirrorNode__Verdict)node->verdict;
	out->why = pb_str(mirror_why_words(node->why));
	if (out->ref == NULL || out->title == NULL || out->whole == NULL ||
	    !fill_both_ways(a, node, out) || (a->request->work && !fill_parts(a, node, out)))
		return NULL;
	return out;
}

/* Those that are asked about: one and all that is below it, whichever way. */
static void
want_below(const struct answer *a, uint32_t number)
{
	const struct mirror_node *node = &a->mirror->nodes[number];

	if (a->wanted[number])
		return;
	a->wanted[number] = true;
	for (uint32_t i = 0; i < node->parts_count; i++) {
		const struct mirror_part *part = &a->mirror->parts[node->parts_first + i];

		if (part->node != MIRROR_TOP)
			want_below(a, part->node);
	}
}

static bool
choose(struct answer *a, struct err *err)
{
	const uint64_t kinds = UINT64_C(1) << KIND_GOAL | UINT64_C(1) << KIND_OBJECTIVE;
	const struct item *item;

	a->wanted = arena_zalloc(a->job->arena, a->mirror->nodes_count + 1u);
	if (a->wanted == NULL)
		return err_oom(err);
	if (a->request->ref[0] == '\0') {
		memset(a->wanted, 1, a->mirror->nodes_count);
		return true;
	}
	item = find_named(a->job, "ref", a->request->ref, KIND_NONE, kinds,
	    "goal or objective; name one like \"objective/fast-start\"", err);
	if (item == NULL)
		return false;
	for (uint32_t i = 0; i < a->mirror->nodes_count; i++) {
		if (a->mirror->nodes[i].slot == item->slot) {
			want_below(a, i);
			return true;
		}
	}
	return err_set(err, ERR_PRECONDITION,
	    "%.100s is not looked at: it is closed, dropped, or has not begun; name a period that "
	    "it is in",
	    a->request->ref);
}

static bool
fill_nodes(const struct answer *a, Plumb__V1__MirrorReply *reply)
{
	size_t bytes = 0;

	reply->nodes =
	    arena_array(a->job->arena, a->mirror->nodes_count + 1u, sizeof reply->nodes[0]);
	for (uint32_t i = 0; reply->nodes != NULL && i < a->mirror->nodes_count; i++) {
		Plumb__V1__MirrorNode *node;

		if (!a->wanted[i])
			continue;
		if (bytes >= REPLY_BYTES) {
			reply->cut = true;
			break;
		}
		node = make_node(a, &a->mirror->nodes[i]);
		if (node == NULL)
			return false;
		bytes += protobuf_c_message_get_packed_size(&node->base) + 6;
		reply->nodes[reply->n_nodes++] = node;
	}
	return reply->nodes != NULL;
}

/* Named are the first; how many there are, the reader counts on. */
static bool
fill_over_shared(const struct answer *a, Plumb__V1__MirrorReply *reply)
{
	enum { NAMED = 100 };
	uint32_t count = a->mirror->over_shared_count;

	count = count < NAMED ? count : NAMED;
	reply->over_shared = arena_array(a->job->arena, count + 1u, sizeof reply->over_shared[0]);
	for (uint32_t i = 0; reply->over_shared != NULL && i < count; i++) {
		reply->over_shared[i] = copy_ref(a->job, a->mirror->over_shared[i]);
		if (reply->over_shared[i] == NULL)
			return false;
		reply->n_over_shared++;
	}
	return reply->over_shared != NULL;
}

static bool
send_mirror(struct answer *a, const struct mirror_query *query, struct err *err)
{
	Plumb__V1__MirrorReply reply;
	char from[DATE_TEXT_LEN], to[DATE_TEXT_LEN], today[DATE_TEXT_LEN];

	plumb__v1__mirror_reply__init(&reply);
	if (!choose(a, err))
		return false;
	if (!fill_nodes(a, &reply) || !fill_over_shared(a, &reply))
		return err_oom(err);
	reply.planned = llround(a->mirror->planned);
	reply.elsewhere = llround(a->mirror->elsewhere);
	reply.works = a->mirror->works;
	reply.without_effort = a->mirror->without_effort;
	reply.without_time = a->mirror->without_time;
	reply.from = date_format(query->from, from);
	reply.to = date_format(query->to, to);
	reply.within_days = (uint32_t)query->within_days;
	reply.revision = a->job->revision;
	reply.today = date_format(a->job->today, today);
	reply.starved_ratio = query->limits.starved_ratio;
	reply.starved_least = query->limits.starved_least;
	reply.unstated_ratio = query->limits.unstated_ratio;
	reply.unstated_least = query->limits.unstated_least;
	return view_job_send(a->job, &reply.base, err);
}

static bool
run_mirror(struct view_job *job, struct err *err)
{
	const Plumb__V1__MirrorRequest *request = job->arg;
	struct mirror_query query = {.both_ways = true, .stop = view_job_is_over, .arg = job};
	struct answer a = {.job = job, .request = request};
	struct mirror mirror;
	struct index ix;
	bool ok;

	query.within_days =
	    (int32_t)(request->within_days != 0 ? request->within_days : DAYS_DEFAULT);
	if (!take_period(job, request->period, &query, err) ||
	    !take_limits(job->view, &query.limits, err) ||
	    !index_init(&ix, job->view, job->today, ROLES_ALL, view_job_is_over, job, err))
		return false;
	ok = mirror_run(&ix, &query, &mirror, err);
	a.ix = &ix;
	a.mirror = &mirror;
	ok = ok && send_mirror(&a, &query, err);
	mirror_fini(&mirror);
	index_fini(&ix);
	return ok;
}

void
handle_insight_mirror(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__MirrorRequest *request = (const Plumb__V1__MirrorRequest *)message;
	struct err err;

	if (request->within_days > LIMIT_MIRROR_DAYS)
		faults_add(call->faults, "within_days", "at most %u days are looked back, not %u",
		    LIMIT_MIRROR_DAYS, request->within_days);
	if (faults_none(call->faults, &err))
		job_view(call, request->at, run_mirror, (void *)(uintptr_t)message);
	else
		rpc_fail(call, &err);
}
