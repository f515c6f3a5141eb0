/*
 * History and Diff.
 *
 * What a revision changed is found by doing it again: the plan before the page is folded, and each change set of the
 * page taken into it, so that cascades, references that follow a rename and rankings are told as they were. The history
 * of an item starts at its creation. Costs a replay on a worker; no index is kept for it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/calendar.h"
#include "common/parse.h"
#include "common/pb.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/insight/check/check.h"
#include "server/insight/check/effect.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/plan/plan.h"
#include "server/plan/scenario.h"
#include "server/plan/view.h"
#include "server/rpc/audit.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/diff.h"
#include "server/rpc/findings.h"
#include "server/rpc/handlers.h"
#include "server/rpc/rpc.h"
#include "server/store/store.h"

#define PAGE_DEFAULT 50u
/* What a reply holds besides its last entry, and an entry at most. */
#define PAGE_BYTES  (LIMIT_FRAME_BODY / 2)
#define ENTRY_BYTES (LIMIT_FRAME_BODY / 2 - 4096u)
#define NAMES_MAX   64u

/* ---- entries, encoded; a ring of the newest ------------------------------------------------------------ */

struct page_entry {
	uint64_t revision;
	uint8_t *p; /* owned */
	size_t len;
};

struct page {
	struct page_entry *entries; /* a ring of cap */
	size_t cap;
	size_t count; /* ever pushed */
};

static bool
page_init(struct page *page, size_t cap)
{
	*page = (struct page){.cap = cap};
	page->entries = calloc(cap, sizeof *page->entries);
	return page->entries != NULL;
}

static void
page_reset(struct page *page)
{
	for (size_t i = 0; i < page->cap; i++)
		free(page->entries[i].p);
	memset(page->entries, 0, page->cap * sizeof *page->entries);
	page->count = 0;
}

static void
page_fini(struct page *page)
{
	if (page->entries != NULL)
		page_reset(page);
	free(page->entries);
}

static bool
page_push(struct page *page, uint64_t revision, const ProtobufCMessage *message, struct err *err)
{
	struct page_entry *entry = &page->entries[page->count % page->cap];
	size_t len = protobuf_c_message_get_packed_size(message);
	uint8_t *p = malloc(len + 1);

	if (p == NULL)
		return err_oom(err);
	free(entry->p);
	*entry = (struct page_entry){revision, p, protobuf_c_message_pack(message, p)};
	page->count++;
	return true;
}

/* Newest first, as many as fit; the rest is behind the token. */
static bool
page_send(struct view_job *job, const struct page *page, uint64_t more_below, struct err *err)
{
	size_t kept = page->count < page->cap ? page->count : page->cap;
	uint64_t token = more_below;
	struct pb_out out;
	char text[24];

	pb_out_init(&out, job->arena, LIMIT_FRAME_BODY);
	for (size_t i = 0; i < kept; i++) {
		const struct page_entry *entry = &page->entries[(page->count - 1 - i) % page->cap];

		if (out.len > PAGE_BYTES)
			break;
		pb_out_message(&out, 1, entry->p, entry->len);
		if (i + 1 < kept || page->count > kept)
			token = entry->revision;
		else
			token = more_below;
	}
	if (token > 1) {
		snprintf(text, sizeof text, "%" PRIu64, token);
		pb_out_string(&out, 2, text);
	}
	if (out.failed)
		return err_oom(err);
	return view_job_send_bytes(job, out.p, out.len, err);
}

/* ---- one revision -------------------------------------------------------------------------------------- */

static Plumb__V1__HistoryEntry *
entry_new(
    const struct store_entry *logged, const Plumb__V1__ChangeSet *set, const struct diff *diff)
{
	Plumb__V1__HistoryEntry *entry = arena_alloc(diff->arena, sizeof *entry);
	char time[TIME_TEXT_LEN];

	if (entry == NULL)
		return NULL;
	plumb__v1__history_entry__init(entry);
	entry->revision = logged->revision;
	entry->time = arena_strdup(diff->arena, time_format(logged->time_us, time));
	entry->author = pb_str(logged->author);
	entry->reason = set->reason;
	entry->override_reason = set->override_reason;
	entry->scenario = set->scenario;
	entry->applied_scenario = set->applied_scenario;
	if (set->source != NULL)
		entry->source = set->source->name;
	entry->n_differences = diff->count;
	entry->differences = diff->list;
	return entry->time != NULL ? entry : NULL;
}

/* A change set of thousands of entries is told shorter, then only in part. */
static void
fit(Plumb__V1__HistoryEntry *entry, struct diff *diff)
{
	if (protobuf_c_message_get_packed_size(&entry->base) <= ENTRY_BYTES)
		return;
	diff_shorten(diff);
	while (entry->n_differences > 0 &&
	       protobuf_c_message_get_packed_size(&entry->base) > ENTRY_BYTES)
		entry->n_differences /= 2;
}

/* ---- of the workspace ---------------------------------------------------------------------------------- */

struct history {
	struct view_job *job;
	const Plumb__V1__HistoryRequest *request;
	struct plan *plan;
	struct arena *arena; /* of one revision */
	struct page page;
	/* of an item */
	enum kind kind;
	char names[NAMES_MAX][ID_MAX_LEN + 1]; /* newest first; the last one is the oldest known */
	uint64_t since
	    [NAMES_MAX]; /* the revision at which it got that name; 0: it was created with it */
	size_t names_count;
	char earlier[ID_MAX_LEN +
		     1]; /* the name before the oldest known one, found by this pass; "" none */
	uint64_t renamed_at;
};

static const Plumb__V1__ChangeSet *
decode_set(struct history *history, const struct store_entry *entry, struct err *err)
{
	return (const Plumb__V1__ChangeSet *)pb_decode(&plumb__v1__change_set__descriptor,
	    entry->body, entry->body_len, false, history->arena, err);
}

static bool
keep(struct history *history, const struct store_entry *logged, const Plumb__V1__ChangeSet *set,
    struct diff *diff, struct err *err)
{
	Plumb__V1__HistoryEntry *entry = diff->oom ? NULL : entry_new(logged, set, diff);

	if (entry == NULL)
		return err_oom(err);
	fit(entry, diff);
	return page_push(&history->page, logged->revision, &entry->base, err);
}

/* Adds to the diff what a patch did that is told of; plan_now() has it. */
typedef bool (*tell_fn)(struct history *history, const struct store_entry *entry,
    const Plumb__V1__ChangeSet *set, const struct patch *patch, struct diff *diff, struct err *err);

static bool
tell_all(struct history *history, const struct store_entry *entry, const Plumb__V1__ChangeSet *set,
    const struct patch *patch, struct diff *diff, struct err *err)
{
	(void)history;
	(void)entry;
	(void)set;
	return diff_patch(diff, patch, err);
}

static bool
tell(struct history *history, const struct store_entry *entry, const Plumb__V1__ChangeSet *set,
    const struct patch *patch, tell_fn fn, struct err *err)
{
	const struct view *now = plan_now(history->plan);
	struct diff diff;

	diff_init(&diff, history->arena, now, now, entry->revision - 1);
	if (!fn(history, entry, set, patch, &diff, err))
		return false;
	if (diff.count == 0 && !diff.oom && fn != tell_all)
		return true;
	return keep(history, entry, set, &diff, err);
}

/* The same of a set that changed a scenario: on the plan as that showed it then. */
static bool
tell_in_scenario(struct history *history, const struct store_entry *entry,
    const Plumb__V1__ChangeSet *set, tell_fn fn, struct err *err)
{
	struct stamp stamp = {entry->revision, entry->time_us, entry->author, true};
	struct plan *plan = history->plan;
	const struct item *scenario =
	    plan_find(plan, KIND_SCENARIO, set->scenario, strlen(set->scenario));
	struct scenario_lay *lay = arena_alloc(history->arena, sizeof *lay);
	struct plan_conflict conflict = {0};
	struct patch *patch;
	bool ok;

	if (lay == NULL)
		return err_oom(err);
	if (!scenario_lay(plan, scenario, entry->revision, history->arena, lay, err))
		return false;
	faults_init(lay->faults, history->arena);
	ok = plan_apply(
	    plan, &set->base, &stamp, true, history->arena, lay->faults, &conflict, &patch, err);
	if (ok) {
		ok = tell(history, entry, set, patch, fn, err);
		plan_undo(plan, patch);
	}
	scenario_lift(lay);
	return ok;
}

static bool
on_workspace_revision(
    void *arg, const struct store_entry *entry, const struct patch *patch, struct err *err)
{
	struct history *history = arg;
	const Plumb__V1__ChangeSet *set;

	arena_reset(history->arena);
	set = decode_set(history, entry, err);
	if (set == NULL)
		return false;
	if (set->scenario[0] != '\0')
		return tell_in_scenario(history, entry, set, tell_all, err);
	return tell(history, entry, set, patch, tell_all, err);
}

static void
source_of(const struct view_job *job, struct fold_source *out)
{
	struct daemon *daemon = job->call->daemon;

	*out = (struct fold_source){
	    daemon->store, daemon->data_dir, job->workspace_number, &job->call->cancelled};
}

static bool
replay(struct history *history, uint64_t from, uint64_t to, fold_fn fn, struct err *err)
{
	struct fold_source source;
	bool ok;

	source_of(history->job, &source);
	history->plan = fold_plan(&source, from - 1, NULL, err);
	if (history->plan == NULL)
		return false;
	ok = fold_replay(&source, history->plan, to, fn, history, NULL, err);
	plan_free(history->plan);
	history->plan = NULL;
	return ok;
}

static bool
workspace_history(struct history *history, uint64_t newest, struct err *err)
{
	uint64_t size = history->page.cap;
	uint64_t oldest = newest > size ? newest - size + 1 : 1;

	if (newest > 0 && !replay(history, oldest, newest, on_workspace_revision, err))
		return false;
	return page_send(history->job, &history->page, oldest > 1 ? oldest : 0, err);
}

/* ---- of an item ---------------------------------------------------------------------------------------- */

/* Did the item bear this name at that revision? */
static bool
is_name(const struct history *history, const char *id, size_t len, uint64_t revision)
{
	uint64_t until = UINT64_MAX;

	for (size_t i = 0; i < history->names_count; i++) {
		bool then = revision >= history->since[i] && revision <= until;

		if (then && strlen(history->names[i]) == len &&
		    memcmp(history->names[i], id, len) == 0)
			return true;
		until = history->since[i];
	}
	return false;
}

static bool
is_ours(const struct history *history, const struct item *item, uint64_t revision)
{
	return item->kind == history->kind &&
	       is_name(history, item_id(item), item->id_len, revision);
}

/* A record about the item, or an acknowledgement of one. */
static bool
is_about(const struct history *history, const struct view *now, const struct item *record,
    uint64_t revision)
{
	const struct ref *about =
	    kind_is_record(record->kind) ? item_ref(record, ROLE_ABOUT) : NULL;
	const struct item *target = about != NULL ? view_item(now, about->slot) : NULL;

	if (target == NULL)
		return false;
	if (is_ours(history, target, revision))
		return true;
	about = kind_is_record(target->kind) ? item_ref(target, ROLE_ABOUT) : NULL;
	target = about != NULL ? view_item(now, about->slot) : NULL;
	return target != NULL && is_ours(history, target, revision);
}

static bool
places_it(const struct history *history, const Plumb__V1__ChangeSet *set, uint64_t revision)
{
	for (size_t i = 0; i < set->n_changes && history->kind == KIND_INITIATIVE; i++) {
		const Plumb__V1__Change *change = set->changes[i];
		enum kind kind;
		const char *id;
		size_t len;

		if (change->change_case == PLUMB__V1__CHANGE__CHANGE_PLACE &&
		    ref_parse(change->place->item, KIND_INITIATIVE, &kind, &id, &len) &&
		    kind == KIND_INITIATIVE && is_name(history, id, len, revision))
			return true;
	}
	return false;
}

/* Of the placings in a ranking only the item's own. */
static void
keep_own_places(const struct history *history, Plumb__V1__EntryDiff *entry, uint64_t revision)
{
	size_t kept = 0;

	for (size_t i = 0; i < entry->n_fields; i++) {
		enum kind kind;
		const char *id;
		size_t len;

		if (ref_parse(entry->fields[i]->field, KIND_NONE, &kind, &id, &len) &&
		    kind == history->kind && is_name(history, id, len, revision))
			entry->fields[kept++] = entry->fields[i];
	}
	entry->n_fields = kept;
}

static void
note_rename(
    struct history *history, const struct view *now, const struct item *new, uint64_t revision)
{
	const char *oldest = history->names[history->names_count - 1];
	const struct item *to;

	if ((new->flags &ITEM_RENAMED) == 0 || new->kind != history->kind ||
	    history->since[history->names_count - 1] != 0)
		return;
	to = view_item(now, new->refs[0].slot);
	if (strlen(oldest) != to->id_len || memcmp(oldest, item_id(to), to->id_len) != 0)
		return;
	snprintf(history->earlier, sizeof history->earlier, "%.*s", new->id_len, item_id(new));
	history->renamed_at = revision;
}

/* The first op that touched each entry of ours leads to its last version in the set. */
static void
add_ours(struct history *history, struct diff *diff, const struct patch_op *ops, size_t count,
    size_t i, bool placed)
{
	const struct view *now = diff->new_names;
	const struct item *old = ops[i].old;
	const struct item *new = ops[i].new;
	uint64_t revision = diff->base + 1;
	size_t before = diff->count;
	bool ours = is_ours(history, new, revision);

	if (!ours && !(placed && new->kind == KIND_RANKING) &&
	    !(history->request->records && is_about(history, now, new, revision)))
		return;
	for (size_t j = 0; j < i; j++) {
		if (ops[j].new->slot == new->slot)
			return;
	}
	for (size_t j = i + 1; j < count; j++) {
		if (ops[j].new->slot == new->slot)
			new = ops[j].new;
	}
	diff_add(diff, old, new);
	if (new->kind == KIND_RANKING && !ours && diff->count > before) {
		keep_own_places(history, diff->list[before], revision);
		diff->count -= diff->list[before]->n_fields == 0;
	}
}

static bool
tell_ours(struct history *history, const struct store_entry *entry, const Plumb__V1__ChangeSet *set,
    const struct patch *patch, struct diff *diff, struct err *err)
{
	bool placed = places_it(history, set, entry->revision);
	size_t count;
	const struct patch_op *ops = patch_ops(patch, &count);

	(void)err;
	for (size_t i = 0; i < count; i++) {
		note_rename(history, diff->new_names, ops[i].new, entry->revision);
		if (ops[i].old != ops[i].new)
			add_ours(history, diff, ops, count, i, placed);
	}
	return true;
}

/* Of scenarios the one that is asked about, and all that changed one in its own history. */
static bool
on_item_revision(
    void *arg, const struct store_entry *entry, const struct patch *patch, struct err *err)
{
	struct history *history = arg;
	const Plumb__V1__ChangeSet *set;

	arena_reset(history->arena);
	set = decode_set(history, entry, err);
	if (set == NULL)
		return false;
	if (set->scenario[0] == '\0')
		return tell(history, entry, set, patch, tell_ours, err);
	if (history->kind == KIND_SCENARIO &&
	    is_name(history, set->scenario, strlen(set->scenario), entry->revision))
		return tell_in_scenario(history, entry, set, tell_all, err);
	return strcmp(history->job->scenario, set->scenario) != 0 ||
	       tell_in_scenario(history, entry, set, tell_ours, err);
}

/*
 * Where the name was used before and given up, the history goes on behind that; so the start is looked for until the
 * name was not there.
 */
static bool
find_start(struct history *history, const struct item *item, uint64_t *start, struct err *err)
{
	struct fold_source source;

	*start = item->created_revision;
	source_of(history->job, &source);
	for (unsigned i = 0; i<NAMES_MAX && * start> 1; i++) {
		struct plan *plan = fold_plan(&source, *start - 1, NULL, err);
		const struct item *before = NULL;
		uint64_t earlier = 0;

		if (plan == NULL)
			return false;
		before =
		    plan_find(plan, history->kind, history->names[0], strlen(history->names[0]));
		if (before != NULL && (before->flags & ITEM_ABSENT) == 0)
			earlier = before->created_revision;
		plan_free(plan);
		if (earlier == 0 || earlier >= *start)
			break;
		*start = earlier;
	}
	return true;
}

static bool
item_history(struct history *history, const struct item *item, uint64_t newest, struct err *err)
{
	uint64_t start;

	if (!find_start(history, item, &start, err))
		return false;
	/* Each pass may find that it had another name before; then all is told once more, knowing that. */
	for (;;) {
		history->earlier[0] = '\0';
		page_reset(&history->page);
		if (start <= newest && !replay(history, start, newest, on_item_revision, err))
			return false;
		if (history->earlier[0] == '\0' || history->names_count == NAMES_MAX)
			break;
		history->since[history->names_count - 1] = history->renamed_at;
		memcpy(history->names[history->names_count++], history->earlier,
		    sizeof history->earlier);
	}
	return page_send(history->job, &history->page, 0, err);
}

static bool
find_item(struct history *history, const struct item **item, struct err *err)
{
	const struct view_job *job = history->job;
	const char *ref = history->request->ref;
	const char *id;
	size_t len;

	if (!ref_parse(ref, KIND_NONE, &history->kind, &id, &len)) {
		faults_add(job->faults, "ref",
		    "'%.100s' is not a reference; write it like initiative/onboarding", ref);
		return faults_none(job->faults, err);
	}
	*item = view_find(job->view, history->kind, id, len);
	if (*item == NULL || ((*item)->flags & ITEM_ABSENT) != 0)
		return err_set(err, ERR_NOT_FOUND, "%.120s was never there", ref);
	snprintf(history->names[0], sizeof history->names[0], "%.*s", (int)len, id);
	history->names_count = 1;
	return true;
}

/* ---- the handler --------------------------------------------------------------------------------------- */

static bool
history_of(struct history *history, uint64_t newest, struct err *err)
{
	const struct item *item = NULL;

	if (history->request->ref[0] == '\0')
		return workspace_history(history, newest, err);
	return find_item(history, &item, err) && item_history(history, item, newest, err);
}

static bool
history_all(struct view_job *job, struct err *err)
{
	const Plumb__V1__HistoryRequest *request = job->arg;
	struct history *history = arena_zalloc(job->arena, sizeof *history);
	uint64_t newest = job->revision;
	uint64_t below;
	bool ok;

	if (history == NULL)
		return err_oom(err);
	if (request->page_token[0] != '\0') {
		if (!parse_u64(request->page_token, 1, UINT64_MAX, &below)) {
			faults_add(job->faults, "page_token",
			    "is not one that a reply gave; start from the first page");
			return faults_none(job->faults, err);
		}
		newest = below - 1 < newest ? below - 1 : newest;
	}
	history->job = job;
	history->request = request;
	history->arena = arena_new(LIMIT_CALL_ARENA);
	ok = history->arena != NULL &&
	     page_init(&history->page, request->page_size == 0 ? PAGE_DEFAULT : request->page_size);
	ok = ok ? history_of(history, newest, err) : err_oom(err);
	page_fini(&history->page);
	arena_free(history->arena);
	return ok;
}

static bool
history_run(struct view_job *job, struct err *err)
{
	const Plumb__V1__HistoryRequest *request = job->arg;
	bool ok = history_all(job, err);

	if (request->ref[0] == '\0')
		audit_read(job, "history", NULL, ok, err);
	return ok;
}

void
handle_plan_history(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__HistoryRequest *request = (const Plumb__V1__HistoryRequest *)message;
	struct err err = {0};

	if (request->page_size > LIMIT_PAGE)
		faults_add(call->faults, "page_size", "%u is more than %u", request->page_size,
		    LIMIT_PAGE);
	if (faults_none(call->faults, &err))
		job_view(call, request->at, history_run, (void *)(uintptr_t)request);
	else
		rpc_fail(call, &err);
}

/* ---- Diff ---------------------------------------------------------------------------------------------- */

/* Which findings are on one side only. */
static Plumb__V1__FindingsChange *
diff_findings(struct view_job *job, struct err *err)
{
	const struct check_baseline from = {job->baseline, job->baseline_slot};
	const struct check_baseline to = {job->other_baseline, job->other_baseline_slot};
	struct effect_side before = {
	    job->view, job->from_today, from.view != NULL ? &from : NULL, job->voices};
	struct effect_side after = {
	    job->other, job->today, to.view != NULL ? &to : NULL, job->voices};
	Plumb__V1__FindingsChange *change;
	struct effect effect;

	if (!effect_run(&before, &after, view_job_is_over, job, &effect, err))
		return NULL;
	change = findings_change(&effect, job->arena);
	effect_fini(&effect);
	if (change == NULL)
		err_oom(err);
	return change;
}

static bool
send_diff(struct view_job *job, struct diff *diff, struct err *err)
{
	const Plumb__V1__DiffRequest *request = job->arg;
	Plumb__V1__DiffReply reply;

	plumb__v1__diff_reply__init(&reply);
	reply.n_differences = diff->count;
	reply.differences = diff->list;
	reply.from_revision = job->revision;
	reply.to_revision = job->other_revision;
	/* From the beginning on it is the whole plan. */
	if (diff->count > LIMIT_AUDIT_ROWS)
		audit_read(job, "diff", NULL, true, NULL);
	if (request->findings && (reply.findings = diff_findings(job, err)) == NULL)
		return false;
	if (protobuf_c_message_get_packed_size(&reply.base) > LIMIT_FRAME_BODY - 4096u)
		diff_shorten(diff);
	return view_job_send(job, &reply.base, err);
}

static bool
diff_run(struct view_job *job, struct err *err)
{
	/* From a scenario to the plan is the other way round from the plan to it. */
	bool backwards = job->revision > job->other_revision ||
			 (job->revision == job->other_revision && job->scenario[0] != '\0' &&
			     job->other_scenario[0] == '\0');
	const struct view *old = backwards ? job->other : job->view;
	const struct view *new = backwards ? job->view : job->other;
	struct diff diff;

	diff_init(&diff, job->arena, old, new, backwards ? job->other_revision : job->revision);
	if (!diff_views(&diff, &job->call->cancelled, err))
		return false;
	if (backwards)
		diff_invert(&diff);
	return send_diff(job, &diff, err);
}

void
handle_plan_diff(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__DiffRequest *request = (const Plumb__V1__DiffRequest *)message;

	if (request->findings)
		job_views_baseline(
		    call, request->from, request->to, diff_run, (void *)(uintptr_t)request);
	else
		job_views(call, request->from, request->to, diff_run, (void *)(uintptr_t)request);
}
