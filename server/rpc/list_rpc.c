/*
 * List and Export: entries of a view, found, sorted and sent by a worker.
 *
 * A page token names the revision that the pages are of, how many entries were sent, and a hash of workspace, filter and sort, so that
 * it can't be used with another question.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto.h"
#include "common/pb.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/view.h"
#include "server/rpc/audit.h"
#include "server/rpc/filter.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/ranks.h"
#include "server/rpc/rpc.h"

#define PAGE_DEFAULT 100u
#define REPLY_MAX    LIMIT_FRAME_BODY
/* A page ends before it would pass this; one entry more always fits. */
#define PAGE_BYTES     (LIMIT_FRAME_BODY - 2u * LIMIT_ITEM_BYTES)
#define EXPORT_ENTRIES 100u
#define EXPORT_BYTES   (1u << 20)
#define CHECK_EVERY    4096u

/* ---- sorting ------------------------------------------------------------------------------------------- */

enum sort_by { SORT_ID, SORT_TITLE, SORT_RANK, SORT_UPDATED, SORT_DUE, SORT_REVISION };

static const char *const sort_names[] = {
    [SORT_ID] = "id",
    [SORT_TITLE] = "title",
    [SORT_RANK] = "rank",
    [SORT_UPDATED] = "updated",
    [SORT_DUE] = "due",
    [SORT_REVISION] = "revision",
};

struct order {
	enum sort_by by;
	bool reversed;
	const struct ranks *ranks;
};

static bool
parse_sort(const char *text, struct order *order, struct faults *faults, struct err *err)
{
	const char *name = text + (text[0] == '-');

	order->reversed = text[0] == '-';
	if (text[0] == '\0') {
		order->by = SORT_ID;
		return true;
	}
	for (size_t i = 0; i < sizeof sort_names / sizeof sort_names[0]; i++) {
		if (strcmp(sort_names[i], name) == 0) {
			order->by = (enum sort_by)i;
			return true;
		}
	}
	faults_add(faults, "sort",
	    "'%.40s' is not id, title, rank, updated, due or revision, with a - in front for the "
	    "reverse",
	    text);
	return faults_none(faults, err);
}

static int
compare_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int c = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return c != 0 ? c : (a_len > b_len) - (a_len < b_len);
}

static int
compare_name(const struct item *a, const struct item *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return compare_text(item_id(a), a->id_len, item_id(b), b->id_len);
}

static int
compare_number(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* Without a date or rank: last, whichever way it is sorted. */
static int
compare_known(int64_t a, int64_t b, int64_t unknown, bool reversed)
{
	if (a == unknown || b == unknown)
		return (a == unknown) - (b == unknown);
	return reversed ? compare_number(b, a) : compare_number(a, b);
}

static int32_t
due_of(const struct item *item)
{
	int32_t due = item->finish;

	for (unsigned i = 0; i < item->targets_count; i++) {
		int32_t target = item_targets(item)[i].due;

		if (target != DATE_NONE && (due == DATE_NONE || target < due))
			due = target;
	}
	return due;
}

static int
compare_items(const struct order *order, const struct item *a, const struct item *b)
{
	int c = 0;

	switch (order->by) {
	case SORT_ID:
		c = compare_name(a, b);
		return order->reversed ? -c : c;
	case SORT_TITLE:
		c = compare_text(item_title(a), a->title_len, item_title(b), b->title_len);
		c = order->reversed ? -c : c;
		break;
	case SORT_RANK:
		c = compare_known(
		    ranks_of(order->ranks, a), ranks_of(order->ranks, b), 0, order->reversed);
		break;
	case SORT_UPDATED:
		c = compare_number(a->updated_us, b->updated_us);
		c = order->reversed ? -c : c;
		break;
	case SORT_DUE:
		c = compare_known(due_of(a), due_of(b), DATE_NONE, order->reversed);
		break;
	case SORT_REVISION:
		c = compare_number((int64_t)a->revision, (int64_t)b->revision);
		c = order->reversed ? -c : c;
		break;
	}
	return c != 0 ? c : compare_name(a, b);
}

static int
by_order(const void *a, const void *b, void *order)
{
	return compare_items(order, *(const struct item *const *)a, *(const struct item *const *)b);
}

/* ---- the first so many of all, without sorting all: a heap with the last of them on top ------------- */

struct top {
	const struct item **items;
	size_t count;
	size_t cap;
	struct order *order;
};

static void
top_sink(struct top *top, size_t i)
{
	for (;;) {
		size_t child = 2 * i + 1;
		const struct item *item = top->items[i];

		if (child >= top->count)
			return;
		if (child + 1 < top->count &&
		    compare_items(top->order, top->items[child + 1], top->items[child]) > 0)
			child++;
		if (compare_items(top->order, top->items[child], item) <= 0)
			return;
		top->items[i] = top->items[child];
		top->items[child] = item;
		i = child;
	}
}

static void
top_add(struct top *top, const struct item *item)
{
	if (top->count < top->cap) {
		top->items[top->count++] = item;
		if (top->count == top->cap) {
			for (size_t i = top->count / 2; i > 0; i--)
				top_sink(top, i - 1);
		}
		return;
	}
	if (top->cap == 0 || compare_items(top->order, item, top->items[0]) >= 0)
		return;
	top->items[0] = item;
	top_sink(top, 0);
}

/* ---- List ---------------------------------------------------------------------------------------------- */

struct list {
	const Plumb__V1__ListRequest *request;
	Plumb__V1__At at; /* pinned to the token's revision */
	uint64_t offset;
	uint64_t token_revision; /* 0: the first page */
	uint64_t question;       /* hash of workspace, filter and sort */
	size_t page_size;
	/* on the worker */
	struct order order;
	uint64_t total;
};

static uint64_t
question_of(const Plumb__V1__ListRequest *request)
{
	static const uint64_t key[2] = {0x7061676520746f6b, 0x656e206f66206c69};
	const char *workspace = request->at != NULL && request->at->workspace[0] != '\0'
				    ? request->at->workspace
				    : "main";
	uint64_t chained[2] = {siphash(key, workspace, strlen(workspace)),
	    siphash(key, request->filter, strlen(request->filter))};

	return siphash(chained, request->sort, strlen(request->sort));
}

static bool
parse_token(struct list *list, struct faults *faults, struct err *err)
{
	const char *token = list->request->page_token;
	uint64_t question;
	char again[80];

	if (token[0] == '\0')
		return true;
	if (strlen(token) < sizeof again - 1 &&
	    sscanf(token, "%" SCNu64 "-%" SCNu64 "-%" SCNx64, &list->token_revision, &list->offset,
		&question) == 3) {
		snprintf(again, sizeof again, "%" PRIu64 "-%" PRIu64 "-%" PRIx64,
		    list->token_revision, list->offset, question);
		if (strcmp(again, token) == 0 && question == list->question)
			return true;
	}
	faults_add(faults, "page_token",
	    "is not one that a reply to this filter and sort gave in this workspace; start from "
	    "the first page");
	return faults_none(faults, err);
}

static struct top *
find_matches(struct view_job *job, struct list *list, const struct filter *filter, struct err *err)
{
	uint32_t slots = view_slots(job->view);
	struct top *top = arena_zalloc(job->arena, sizeof *top);
	uint64_t wanted = list->offset + list->page_size;

	if (top != NULL) {
		top->cap = wanted < slots ? (size_t)wanted : slots;
		top->items = arena_array(job->arena, top->cap + 1, sizeof(struct item *));
		top->order = &list->order;
	}
	if (top == NULL || top->items == NULL) {
		err_oom(err);
		return NULL;
	}
	for (uint32_t slot = 0; slot < slots; slot++) {
		const struct item *item = view_item(job->view, slot);

		if (slot % CHECK_EVERY == 0 && view_job_cancelled(job)) {
			err_set(err, ERR_CANCELLED, "cancelled");
			return NULL;
		}
		if (item == NULL || !filter_matches(filter, job->view, item))
			continue;
		list->total++;
		if (!list->request->count_only)
			top_add(top, item);
	}
	qsort_r(top->items, top->count, sizeof(struct item *), by_order, &list->order);
	return top;
}

static void
put_entry(
    struct pb_out *out, const struct view *view, const struct ranks *ranks, const struct item *item)
{
	size_t mark = pb_out_begin(out, 1);

	codec_envelope(view, item, out);
	pb_out_varint(out, 16, ranks_of(ranks, item));
	pb_out_end(out, mark);
}

static bool
send_page(struct view_job *job, struct list *list, const struct top *top, struct err *err)
{
	uint64_t end = list->offset;
	struct pb_out out;
	char token[80];

	pb_out_init(&out, job->arena, REPLY_MAX);
	for (; end < top->count && out.len < PAGE_BYTES; end++)
		put_entry(&out, job->view, list->order.ranks, top->items[end]);
	if (end < list->total && !list->request->count_only) {
		snprintf(token, sizeof token, "%" PRIu64 "-%" PRIu64 "-%" PRIx64, job->revision,
		    end, list->question);
		pb_out_string(&out, 2, token);
	}
	pb_out_varint(&out, 3, list->total);
	pb_out_varint(&out, 4, job->revision);
	if (out.failed)
		return err_set(err, ERR_LIMIT,
		    "the page does not fit into a message; ask for a smaller page_size");
	if (end > LIMIT_AUDIT_ROWS && !list->request->count_only) {
		snprintf(token, sizeof token, "up to entry %" PRIu64, end);
		audit_read(job, "list", token, true, NULL);
	}
	return view_job_send_bytes(job, out.p, out.len, err);
}

static bool
list_run(struct view_job *job, struct err *err)
{
	struct list *list = job->arg;
	const struct filter *filter;
	struct ranks *ranks;
	struct top *top;

	if (!parse_sort(list->request->sort, &list->order, job->faults, err))
		return false;
	filter = filter_parse(list->request->filter, job->view, job->arena, job->faults, err);
	if (filter == NULL)
		return false;
	ranks = ranks_new(job->view, job->arena);
	if (ranks == NULL)
		return err_oom(err);
	list->order.ranks = ranks;
	top = find_matches(job, list, filter, err);
	return top != NULL && send_page(job, list, top, err);
}

/* The pages are of one revision: the first one's, whatever happened since. */
static void
pin_revision(struct list *list)
{
	plumb__v1__at__init(&list->at);
	if (list->request->at != NULL)
		list->at = *list->request->at;
	if (list->token_revision == 0 && list->request->page_token[0] == '\0')
		return;
	list->at.as_of_case = PLUMB__V1__AT__AS_OF_REVISION;
	list->at.revision = list->token_revision;
	list->at.at_least = 0;
}

static bool
list_prepare(struct list *list, struct faults *faults, struct err *err)
{
	uint32_t size = list->request->page_size;

	if (size > LIMIT_PAGE) {
		faults_add(faults, "page_size", "%u is more than %u", size, LIMIT_PAGE);
		return faults_none(faults, err);
	}
	list->page_size = size == 0 ? PAGE_DEFAULT : size;
	list->question = question_of(list->request);
	if (!parse_token(list, faults, err))
		return false;
	pin_revision(list);
	return true;
}

void
handle_plan_list(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct list *list = arena_zalloc(call->arena, sizeof *list);
	struct err err = {0};

	if (list == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	list->request = (const Plumb__V1__ListRequest *)message;
	if (list_prepare(list, call->faults, &err))
		job_view(call, &list->at, list_run, list);
	else
		rpc_fail(call, &err);
}

/* ---- Export -------------------------------------------------------------------------------------------- */

static bool
is_exported(
    const Plumb__V1__ExportRequest *request, const struct view *view, const struct item *item)
{
	bool wanted = request->n_kinds == 0 ? !kind_is_record(item->kind) : false;

	if (!item_is_live(item))
		return false;
	if (request->source[0] != '\0' &&
	    (item->source == 0 || strcmp(view_text(view, item->source), request->source) != 0))
		return false;
	for (size_t i = 0; i < request->n_kinds && !wanted; i++)
		wanted = (unsigned)request->kinds[i] == item->kind;
	return wanted || (request->records && kind_is_record(item->kind));
}

static const struct item **
gather(
    struct view_job *job, const Plumb__V1__ExportRequest *request, size_t *count, struct err *err)
{
	uint32_t slots = view_slots(job->view);
	const struct item **items;
	size_t n = 0;

	for (uint32_t slot = 0; slot < slots; slot++) {
		const struct item *item = view_item(job->view, slot);

		n += item != NULL && is_exported(request, job->view, item);
	}
	items = malloc((n + 1) * sizeof *items);
	if (items == NULL) {
		err_oom(err);
		return NULL;
	}
	*count = 0;
	for (uint32_t slot = 0; slot < slots; slot++) {
		const struct item *item = view_item(job->view, slot);

		if (item != NULL && is_exported(request, job->view, item))
			items[(*count)++] = item;
	}
	return items;
}

/* The envelope with the entry as its source last applied it. */
static void
put_last_applied(
    struct pb_out *out, const struct view *view, const struct ranks *ranks, const struct item *item)
{
	uint32_t body = kind_is_record(item->kind) ? 12 : 11;
	struct pb_out whole;
	struct pb_field field;
	struct pb_in in;
	size_t mark = pb_out_begin(out, 1);
	const uint8_t *applied;
	size_t len;

	pb_out_init(&whole, NULL, REPLY_MAX);
	codec_envelope(view, item, &whole);
	out->failed |= whole.failed;
	pb_in_init(&in, whole.p, whole.failed ? 0 : whole.len);
	while (pb_in_next(&in, &field)) {
		if (field.wire_type == 2 && field.number != body)
			pb_out_message(out, field.number, field.bytes, field.len);
		else if (field.wire_type == 0)
			pb_out_varint(out, field.number, field.value);
	}
	applied = item_last_applied(item, &len);
	pb_out_message(out, body, applied, len);
	pb_out_varint(out, 16, ranks_of(ranks, item));
	pb_out_end(out, mark);
	pb_out_fini(&whole);
}

static bool
flush(struct view_job *job, struct pb_out *out, struct err *err)
{
	pb_out_varint(out, 2, job->revision);
	if (out->failed)
		return err_oom(err);
	if (!view_job_send_bytes(job, out->p, out->len, err))
		return false;
	out->len = 0;
	return true;
}

static bool
send_all(struct view_job *job, const Plumb__V1__ExportRequest *request, const struct item **items,
    size_t count, struct err *err)
{
	struct ranks *ranks = ranks_new(job->view, job->arena);
	struct pb_out out;
	size_t in_message = 0;
	bool ok = ranks != NULL || err_oom(err);

	pb_out_init(&out, NULL, REPLY_MAX);
	for (size_t i = 0; i < count && ok; i++) {
		if (request->last_applied && items[i]->kind != KIND_RANKING)
			put_last_applied(&out, job->view, ranks, items[i]);
		else
			put_entry(&out, job->view, ranks, items[i]);
		in_message++;
		if (in_message == EXPORT_ENTRIES || out.len > EXPORT_BYTES) {
			ok = flush(job, &out, err);
			in_message = 0;
		}
	}
	/* An empty plan has its revision too. */
	if (ok && (in_message > 0 || count == 0))
		ok = flush(job, &out, err);
	pb_out_fini(&out);
	return ok;
}

static bool
export_all(struct view_job *job, struct err *err)
{
	const Plumb__V1__ExportRequest *request = job->arg;
	struct order order = {.by = SORT_ID};
	const struct item **items;
	size_t count;
	bool ok;

	items = gather(job, request, &count, err);
	if (items == NULL)
		return false;
	qsort_r(items, count, sizeof *items, by_order, &order);
	ok = send_all(job, request, items, count, err);
	free(items);
	return ok;
}

static bool
export_run(struct view_job *job, struct err *err)
{
	bool ok = export_all(job, err);

	audit_read(job, "export", NULL, ok, err);
	return ok;
}

void
handle_plan_export(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__ExportRequest *request = (const Plumb__V1__ExportRequest *)message;
	struct err err = {0};

	if (request->last_applied && request->source[0] == '\0')
		faults_add(call->faults, "source", "is required with last_applied: whose version?");
	if (strlen(request->source) > LIMIT_SOURCE)
		faults_add(call->faults, "source", "has %zu bytes, more than %u",
		    strlen(request->source), LIMIT_SOURCE);
	if (faults_none(call->faults, &err))
		job_view(call, request->at, export_run, (void *)(uintptr_t)request);
	else
		rpc_fail(call, &err);
}
