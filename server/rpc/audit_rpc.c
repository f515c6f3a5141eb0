/* plumb.v1.Audit: is the audit file whole, and what stands in it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/calendar.h"
#include "common/json.h"
#include "common/pb.h"
#include "plumb/v1/audit.pb-c.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/limits.h"
#include "server/rpc/access.h"
#include "server/rpc/audit.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/handlers.h"
#include "server/rpc/rpc.h"

#define PROGRESS_US  INT64_C(250000)
#define PAGE         100u
#define PROBLEMS_MAX 1000u

/* ---- asking -------------------------------------------------------------------------------------------- */

/* The file is of all workspaces: a token of some of them reads none of it. */
static bool
check(const struct rpc_call *call, struct err *err)
{
	if (!access_may_enter(call, "system"))
		return err_set(err, ERR_DENIED,
		    "the audit file is of all workspaces: ask with a token that is not limited to "
		    "some");
	if (call->daemon->audit == NULL)
		return err_set(err, ERR_PRECONDITION,
		    "this daemon writes no audit file: it runs in memory, or with audit = no");
	return true;
}

/* ---- Verify -------------------------------------------------------------------------------------------- */

struct verifying {
	struct view_job *job;
	const Plumb__V1__VerifyAuditRequest *request;
	struct audit_anchor *anchors; /* heap */
	size_t anchors_count;
	Plumb__V1__AuditProblem *problems[PROBLEMS_MAX]; /* not sent yet */
	size_t problems_count;
	size_t problems_kept;
	int64_t sent_us;
	uint64_t lines;
	uint64_t bytes;
	uint64_t total;
	struct err err;
	bool failed;
};

static bool
send_verified(struct verifying *v, const struct audit_result *result)
{
	Plumb__V1__VerifyAuditReply reply;
	char chain[2 * SHA256_LEN + 1];

	plumb__v1__verify_audit_reply__init(&reply);
	reply.lines = v->lines;
	reply.bytes = v->bytes;
	reply.total = v->total;
	reply.n_problems = v->problems_count;
	reply.problems = v->problems;
	if (result != NULL) {
		reply.lines = result->lines;
		reply.done = true;
		reply.problem_count = result->problems;
		reply.anchors = result->anchors;
		reply.sequence = result->head.sequence;
		hex_encode(result->head.chain, SHA256_LEN, chain);
		reply.chain = chain;
	}
	v->failed |= !view_job_send(v->job, &reply.base, &v->err);
	v->problems_count = 0;
	v->sent_us = daemon_monotonic_us();
	return !v->failed;
}

static bool
on_progress(void *arg, uint64_t lines, uint64_t done, uint64_t total)
{
	struct verifying *v = arg;

	v->lines = lines;
	v->bytes = done;
	v->total = total;
	if (view_job_cancelled(v->job)) {
		v->failed = true;
		return err_set(&v->err, ERR_CANCELLED, "cancelled by the caller");
	}
	return daemon_monotonic_us() - v->sent_us < PROGRESS_US || send_verified(v, NULL);
}

/* Those past the limit are counted only. */
static bool
on_problem(void *arg, const struct audit_problem *found)
{
	struct verifying *v = arg;
	Plumb__V1__AuditProblem *problem;

	if (v->problems_kept == PROBLEMS_MAX)
		return true;
	v->problems_kept++;
	problem = arena_alloc(v->job->arena, sizeof *problem);
	if (problem == NULL) {
		v->failed = true;
		return err_oom(&v->err);
	}
	plumb__v1__audit_problem__init(problem);
	problem->file = arena_strdup(v->job->arena, found->file);
	problem->line = found->number;
	problem->sequence = found->sequence;
	problem->message = arena_strdup(v->job->arena, found->what);
	if (problem->file == NULL || problem->message == NULL) {
		v->failed = true;
		return err_oom(&v->err);
	}
	v->problems[v->problems_count++] = problem;
	return true;
}

static bool
add_anchor(struct verifying *v, const Plumb__V1__AuditAnchor *body, uint64_t revision)
{
	size_t count = v->anchors_count;
	struct audit_anchor *list = v->anchors;

	/* Doubled when full. */
	if ((count & (count - 1)) == 0) {
		list = reallocarray(list, count == 0 ? 1 : 2 * count, sizeof *list);
		if (list == NULL)
			return false;
		v->anchors = list;
	}
	list[count].revision = revision;
	list[count].head.sequence = body->sequence;
	memcpy(list[count].head.chain, body->chain.data, SHA256_LEN);
	v->anchors_count++;
	return true;
}

static bool
take_anchors(struct verifying *v, const struct store_entry *entry, struct arena *arena)
{
	const Plumb__V1__ChangeSet *set;

	set = (const Plumb__V1__ChangeSet *)pb_decode(&plumb__v1__change_set__descriptor,
	    entry->body, entry->body_len, false, arena, &v->err);
	if (set == NULL)
		return false;
	for (size_t i = 0; i < set->n_changes; i++) {
		const Plumb__V1__Change *change = set->changes[i];
		const Plumb__V1__Item *item;

		if (change->change_case != PLUMB__V1__CHANGE__CHANGE_PUT)
			continue;
		item = change->put->item;
		if (item != NULL && item->body_case == PLUMB__V1__ITEM__BODY_AUDIT_ANCHOR &&
		    item->audit_anchor->chain.len == SHA256_LEN &&
		    !add_anchor(v, item->audit_anchor, entry->revision))
			return err_oom(&v->err);
	}
	return true;
}

static bool
on_entry(void *arg, const struct store_entry *entry)
{
	struct verifying *v = arg;
	struct arena *arena = arena_new(LIMIT_CALL_ARENA);
	bool ok = arena != NULL ? take_anchors(v, entry, arena) : err_oom(&v->err);

	arena_free(arena);
	v->failed |= !ok;
	return ok && !view_job_cancelled(v->job);
}

/* All that the log ever knew, and what the daemon has in mind since. */
static bool
read_anchors(struct verifying *v, const struct audit_head *now, struct err *err)
{
	struct store *store = v->job->call->daemon->store;
	uint64_t newest = store_head(store, STORE_SYSTEM_WORKSPACE).revision;
	struct audit_anchor *list;

	if (newest > 0 && !store_read(store, STORE_SYSTEM_WORKSPACE, 1, newest, on_entry, v, err))
		return false;
	if (v->failed) {
		*err = v->err;
		return false;
	}
	if (view_job_cancelled(v->job))
		return err_set(err, ERR_CANCELLED, "cancelled by the caller");
	list = reallocarray(v->anchors, v->anchors_count + 1, sizeof *list);
	if (list == NULL)
		return err_oom(err);
	v->anchors = list;
	list[v->anchors_count++] = (struct audit_anchor){*now, 0};
	return true;
}

static bool
verify_run(struct view_job *job, struct err *err)
{
	struct verifying *v = job->arg;
	struct daemon *daemon = job->call->daemon;
	struct audit_result result;
	struct audit_verify ask = {
	    .directory = daemon->data_dir,
	    .first = v->request->first,
	    .problem = on_problem,
	    .progress = on_progress,
	    .arg = v,
	};
	struct audit_head now = audit_head(daemon->audit);
	bool ok;

	v->job = job;
	v->sent_us = daemon_monotonic_us();
	/* A daemon whose first line is on its way looks at all there is. */
	ask.until = now.sequence;
	ok = read_anchors(v, &now, err);
	ask.anchors = v->anchors;
	ask.anchors_count = v->anchors_count;
	ok = ok && audit_file_verify(&ask, &result, err) && send_verified(v, &result);
	free(v->anchors);
	if (v->failed)
		*err = v->err;
	return ok;
}

void
handle_audit_verify(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct verifying *v = arena_zalloc(call->arena, sizeof *v);
	struct err err = {0};

	if (v == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	v->request = (const Plumb__V1__VerifyAuditRequest *)message;
	if (check(call, &err))
		job_view(call, NULL, verify_run, v);
	else
		rpc_fail(call, &err);
}

/* ---- List ---------------------------------------------------------------------------------------------- */

struct found {
	char *text; /* heap */
	size_t len;
	uint64_t sequence;
};

struct listing {
	const Plumb__V1__ListAuditRequest *request;
	struct view_job *job;
	int64_t since_us;
	int64_t until_us;
	size_t page;
	struct found *ring; /* of page + 1 */
	size_t count;       /* that matched; the newest are in the ring */
	struct arena *scratch;
};

static bool
matches(const struct listing *listing, const Plumb__V1__AuditLine *line)
{
	const Plumb__V1__ListAuditRequest *request = listing->request;
	int64_t time_us;

	if (!time_parse(line->time, &time_us))
		return false;
	return time_us >= listing->since_us && time_us < listing->until_us &&
	       (request->event[0] == '\0' || strcmp(request->event, line->event) == 0) &&
	       (request->who[0] == '\0' || strcmp(request->who, line->who) == 0);
}

static const Plumb__V1__AuditLine *
parse(const char *text, size_t len, struct arena *arena)
{
	struct err ignored;

	return (const Plumb__V1__AuditLine *)json_parse(
	    &plumb__v1__audit_line__descriptor, text, len, arena, &ignored);
}

/* Lines that are no lines are Verify's business. */
static bool
on_line(void *arg, const struct audit_place *place, const char *text, size_t len)
{
	struct listing *listing = arg;
	const Plumb__V1__AuditLine *line;
	struct audit_claim claim;
	struct found *found;

	if (view_job_cancelled(listing->job))
		return false;
	if (!place->is_whole || !audit_line_parse(text, len, &claim) ||
	    claim.sequence <= listing->request->after)
		return true;
	arena_reset(listing->scratch);
	line = parse(text, len, listing->scratch);
	if (line == NULL || !matches(listing, line))
		return true;
	found = &listing->ring[listing->count % (listing->page + 1)];
	free(found->text);
	found->text = malloc(len);
	if (found->text == NULL)
		return false;
	memcpy(found->text, text, len);
	found->len = len;
	found->sequence = claim.sequence;
	listing->count++;
	return listing->request->newest || listing->count <= listing->page;
}

static bool
reply_with(struct listing *listing, struct err *err)
{
	size_t size = listing->page + 1;
	size_t count = listing->count < listing->page ? listing->count : listing->page;
	size_t from = listing->request->newest ? listing->count - count : 0;
	Plumb__V1__ListAuditReply reply;

	plumb__v1__list_audit_reply__init(&reply);
	reply.lines = arena_array(listing->job->arena, size, sizeof(void *));
	if (reply.lines == NULL)
		return err_oom(err);
	for (size_t i = 0; i < count; i++) {
		const struct found *found = &listing->ring[(from + i) % size];

		reply.lines[i] = (Plumb__V1__AuditLine *)(uintptr_t)parse(
		    found->text, found->len, listing->job->arena);
		if (reply.lines[i] == NULL)
			return err_oom(err);
	}
	reply.n_lines = count;
	if (!listing->request->newest && listing->count > count)
		reply.next = listing->ring[count - 1].sequence;
	return view_job_send(listing->job, &reply.base, err);
}

static bool
list_run(struct view_job *job, struct err *err)
{
	struct listing *listing = job->arg;
	bool ok;

	listing->job = job;
	listing->scratch = arena_new(LIMIT_CALL_ARENA);
	listing->ring = calloc(listing->page + 1, sizeof *listing->ring);
	ok = listing->scratch != NULL && listing->ring != NULL
		 ? audit_file_read(
		       job->call->daemon->data_dir, listing->request->after, on_line, listing, err)
		 : err_oom(err);
	if (ok && view_job_cancelled(job))
		ok = err_set(err, ERR_CANCELLED, "cancelled by the caller");
	ok = ok && reply_with(listing, err);
	for (size_t i = 0; listing->ring != NULL && i <= listing->page; i++)
		free(listing->ring[i].text);
	free(listing->ring);
	arena_free(listing->scratch);
	return ok;
}

static bool
check_list(struct rpc_call *call, struct listing *listing, struct err *err)
{
	const Plumb__V1__ListAuditRequest *request = listing->request;

	listing->since_us = INT64_MIN;
	listing->until_us = INT64_MAX;
	listing->page = request->page_size == 0 ? PAGE : request->page_size;
	if (request->page_size > LIMIT_PAGE)
		faults_add(call->faults, "page_size", "is %u, more than %u", request->page_size,
		    LIMIT_PAGE);
	if (request->since[0] != '\0' && !time_or_date_parse(request->since, &listing->since_us))
		faults_add(call->faults, "since",
		    "'%.40s' is no time: 2026-03-31 or 2026-03-31T09:00:00Z", request->since);
	if (request->until[0] != '\0' && !time_or_date_parse(request->until, &listing->until_us))
		faults_add(call->faults, "until",
		    "'%.40s' is no time: 2026-03-31 or 2026-03-31T09:00:00Z", request->until);
	return faults_none(call->faults, err);
}

void
handle_audit_list(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct listing *listing = arena_zalloc(call->arena, sizeof *listing);
	struct err err = {0};

	if (listing == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	listing->request = (const Plumb__V1__ListAuditRequest *)message;
	if (check(call, &err) && check_list(call, listing, &err))
		job_view(call, NULL, list_run, listing);
	else
		rpc_fail(call, &err);
}
