/* plumb.v1.Insight.Mine: what one person owns, executes, owes and is owed. */
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "common/str.h"
#include "plumb/v1/insight.pb-c.h"
#include "server/insight/check/check.h"
#include "server/insight/check/words.h"
#include "server/insight/mine.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/check_book.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/reply_text.h"
#include "server/rpc/rpc.h"

#define PREFIX      "person/"
#define WHO_MAX     4u
#define MATTERS_MAX 600u
/* Under the limit of a message, with room for the last item. */
#define REPLY_BYTES ((size_t)3 << 20)

static char *
copy_ref(const struct view_job *job, uint32_t slot)
{
	return reply_ref(job->arena, view_item(job->view, slot));
}

/* "uid:1000 as person/anna", "unverified:person/anna": whom the caller says they are. */
static const char *
caller_person(const struct view_job *job)
{
	const char *person = strstr(job->call->caller.name, PREFIX);

	return person != NULL ? person : "";
}

static const struct item *
find_person(struct view_job *job, const Plumb__V1__MineRequest *request, struct err *err)
{
	const char *name = request->person[0] != '\0' ? request->person : caller_person(job);
	const struct item *item = NULL;
	enum kind kind;
	const char *id;
	size_t len;

	if (name[0] == '\0') {
		faults_add(job->faults, "person",
		    "say whose: a person's id, or say who you are when calling");
		err_set(err, ERR_INVALID, "whose? You have not said who you are");
		return NULL;
	}
	if (!ref_parse(name, KIND_PERSON, &kind, &id, &len) || kind != KIND_PERSON) {
		faults_add(job->faults, "person", "must be a person, for example \"anna\"");
		err_set(err, ERR_INVALID, "\"%.100s\" is no person", name);
		return NULL;
	}
	item = view_find(job->view, kind, id, len);
	if (item_is_live(item))
		return item;
	err_set(err, ERR_NOT_FOUND, "there is no person/%.*s", (int)len, id);
	return NULL;
}

/* ---- limits and findings */

static double
limit_of(const struct rule_state states[RULES_MAX], const char *rule)
{
	return states[rule_find(rule, strlen(rule))].limits[0];
}

static bool
fill_limits(const struct view *view, struct mine_query *query, struct err *err)
{
	struct rule_state states[RULES_MAX];

	if (!rules_states(view, states, err))
		return false;
	query->check_in_days = limit_of(states, "rhythm/check-in-late");
	query->acknowledge_days = limit_of(states, "rhythm/not-acknowledged");
	query->answer_days = limit_of(states, "ask/unanswered");
	query->request_days = limit_of(states, "rhythm/request-blocked");
	query->accept_days = limit_of(states, "clarity/not-accepted");
	return true;
}

static bool
acts(const struct check *check, const struct finding *finding, uint32_t person)
{
	uint32_t who[WHO_MAX];
	size_t count;

	if ((finding->flags & (FINDING_UNKNOWN | FINDING_WAIVED)) != 0)
		return false;
	count = check_who(check, finding, who, WHO_MAX);
	for (size_t i = 0; i < count; i++) {
		if (who[i] == person)
			return true;
	}
	return false;
}

static bool
count_findings(struct view_job *job, uint32_t person, uint32_t *count, struct err *err)
{
	struct check_loan loan;

	if (!check_book_of_job(job, view_job_is_over, NULL, job, &loan, err))
		return false;
	*count = 0;
	for (size_t i = 0; i < check_findings(loan.check); i++)
		*count += acts(loan.check, check_finding(loan.check, i), person);
	check_book_give(job->call->daemon->checks, &loan);
	return true;
}

/* ---- the reply */

/* Titles from the nearest up: "Onboarding in 30 days > Customers stay". */
static char *
matters(const struct view_job *job, const struct mine_item *item)
{
	struct str text;
	char *copy;

	str_init(&text, (size_t)1 << 16);
	for (size_t i = 0; i < item->chain_count && text.len < MATTERS_MAX; i++) {
		const struct item *up = view_item(job->view, item->chain[i]);

		str_add(&text, i > 0 ? " > " : "");
		if (up->title_len > 0)
			str_add_len(&text, item_title(up), up->title_len);
		else
			str_add_len(&text, item_id(up), up->id_len);
	}
	copy = str_ok(&text) ? arena_strdup(job->arena, text.data) : NULL;
	str_fini(&text);
	return copy;
}

static bool
fill_chain(const struct view_job *job, const struct mine_item *item, Plumb__V1__MineItem *out)
{
	out->chain = arena_array(job->arena, item->chain_count + 1, sizeof out->chain[0]);
	if (out->chain == NULL)
		return false;
	for (size_t i = 0; i < item->chain_count; i++) {
		out->chain[i] = copy_ref(job, item->chain[i]);
		if (out->chain[i] == NULL)
			return false;
	}
	out->n_chain = item->chain_count;
	out->matters = matters(job, item);
	return out->matters != NULL;
}

static bool
fill_item(const struct view_job *job, const struct mine_item *item, Plumb__V1__MineItem *out)
{
	const struct item *entry = view_item(job->view, item->slot);

	plumb__v1__mine_item__init(out);
	out->why = (Plumb__V1__MineItem__Why)item->why;
	out->ref = copy_ref(job, item->slot);
	out->title = reply_title(job->arena, entry);
	out->rank = item->rank != RANK_NONE ? item->rank : 0;
	out->what = pb_str(item->what);
	out->due = reply_date(job->arena, item->due);
	out->status = pb_str(status_name(entry));
	return out->ref != NULL && out->title != NULL && out->due != NULL &&
	       fill_chain(job, item, out);
}

static bool
send_mine(struct view_job *job, const struct item *person, const struct mine *mine,
    uint32_t findings, struct err *err)
{
	Plumb__V1__MineReply reply;
	char today[DATE_TEXT_LEN];
	size_t bytes = 0;

	plumb__v1__mine_reply__init(&reply);
	reply.items = arena_array(job->arena, mine->items_count + 1, sizeof reply.items[0]);
	reply.person = copy_ref(job, person->slot);
	reply.name = arena_strndup(job->arena, item_title(person), person->title_len);
	if (reply.items == NULL || reply.person == NULL || reply.name == NULL)
		return err_oom(err);
	for (size_t i = 0; i < mine->items_count && bytes < REPLY_BYTES; i++) {
		Plumb__V1__MineItem *item = arena_alloc(job->arena, sizeof *item);

		if (item == NULL || !fill_item(job, &mine->items[i], item))
			return err_oom(err);
		bytes += protobuf_c_message_get_packed_size(&item->base);
		reply.items[reply.n_items++] = item;
	}
	reply.cut = reply.n_items < mine->items_count;
	reply.revision = job->revision;
	reply.today = date_format(job->today, today);
	reply.findings = findings;
	return view_job_send(job, &reply.base, err);
}

static bool
run_mine(struct view_job *job, struct err *err)
{
	const struct item *person = find_person(job, job->arg, err);
	struct mine_query query = {.stop = view_job_is_over, .arg = job};
	struct index ix;
	struct mine mine;
	uint32_t findings;
	bool ok;

	if (person == NULL || !fill_limits(job->view, &query, err) ||
	    !count_findings(job, person->slot, &findings, err))
		return false;
	query.person = person->slot;
	if (!index_init(&ix, job->view, job->today, ROLES_ALL, view_job_is_over, job, err))
		return false;
	ok = mine_run(&ix, &query, job->arena, &mine, err);
	index_fini(&ix);
	return ok && send_mine(job, person, &mine, findings, err);
}

void
handle_insight_mine(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__MineRequest *request = (const Plumb__V1__MineRequest *)message;

	job_view_check(call, request->at, true, true, run_mine, (void *)(uintptr_t)message);
}
