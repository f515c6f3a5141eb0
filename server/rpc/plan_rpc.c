/*
 * Apply and Get: what runs on the loop.
 *
 * A reply is released only when what it saw is durable. Apply's own comes with its commit; a refusal, dry run or duplicate
 * waits for everything that was taken before it, and is decided anew if some of that was taken back.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/calendar.h"
#include "common/crypto.h"
#include "common/parse.h"
#include "common/pb.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/insight/check/local.h"
#include "server/insight/check/rules.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/control.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/apply_call.h"
#include "server/rpc/audit.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/diff.h"
#include "server/rpc/dry_run.h"
#include "server/rpc/findings.h"
#include "server/rpc/handlers.h"
#include "server/rpc/keys.h"
#include "server/rpc/ownership.h"
#include "server/rpc/refusal.h"
#include "server/rpc/rpc.h"
#include "server/rpc/system.h"

#define REPLY_MAX LIMIT_FRAME_BODY
/* A reply with room for its frame, and for what is not counted beforehand. */
#define REPLY_ROOM (LIMIT_FRAME_BODY - 4096u)

/* A logged change set must fit into a message to watchers, with its author and times. */
#define BODY_MAX (LIMIT_FRAME_BODY - 16384u)

/* Fixed, so that the hash of a request means the same after a restart. */
static const uint64_t request_key[2] = {0x706c756d626c696e, 0x652d72657175657};

/* ---- answers that wait ---------------------------------------------------------------------------------- */

static void
give_answer(struct apply_call *ac)
{
	if (ac->refused)
		rpc_fail_detail(ac->call, &ac->err, ac->detail);
	else if (rpc_send_bytes(ac->call, ac->reply, ac->reply_len))
		rpc_finish(ac->call);
}

/* Decodes the request once more: the plan has filled in the first copy. */
static void
decide_again(struct apply_call *ac)
{
	struct rpc_call *call = ac->call;
	struct err err = {0};

	call->faults->count = call->faults->total = 0;
	if (ac->came != &ac->request->base) {
		ac->again(call, ac->came);
		return;
	}
	ac->request->change_set = (Plumb__V1__ChangeSet *)pb_decode(
	    &plumb__v1__change_set__descriptor, ac->bytes, ac->bytes_len, true, call->arena, &err);
	if (ac->request->change_set == NULL)
		rpc_fail(call, &err);
	else
		ac->again(call, ac->came);
}

static void
answer_go_on(struct waiter *waiter)
{
	struct apply_call *ac = (struct apply_call *)waiter;

	ac->call->handler_data = NULL;
	ac->call->on_cancel = NULL;
	if (ac->undo_epoch == ac->ws->undo_epoch)
		give_answer(ac);
	else
		decide_again(ac);
}

static void
answer_cancel(struct rpc_call *call)
{
	struct apply_call *ac = call->handler_data;

	waiter_remove(&ac->waiter);
	call->handler_data = NULL;
}

/* Now, if everything that was taken is durable; else when it is. */
void
apply_answer(struct apply_call *ac)
{
	struct workspace *ws = ac->ws;

	if (plan_revision(ws->plan) == plan_durable(ws->plan)) {
		give_answer(ac);
		return;
	}
	ac->undo_epoch = ws->undo_epoch;
	ac->waiter.go_on = answer_go_on;
	ac->call->handler_data = ac;
	ac->call->on_cancel = answer_cancel;
	waiter_add(&ws->undurable, &ac->waiter, plan_revision(ws->plan));
}

void
apply_refuse(struct apply_call *ac, const struct err *err, const ProtobufCMessage *detail)
{
	ac->refused = true;
	ac->err = *err;
	ac->detail = detail;
	apply_answer(ac);
}

/* ---- what is wrong with the request by itself ---------------------------------------------------------- */

/* A setting must name a rule that there is, under the id at which checks look for it. */
static void
check_setting(const Plumb__V1__Item *item, size_t change, struct faults *faults)
{
	struct control_rule_setting setting;
	char path[80], id[ID_MAX_LEN + 1];

	if (!control_stated_setting(&item->base, faults->arena, &setting))
		return;
	snprintf(path, sizeof path, "change_set.changes[%zu].put.item.rule_setting", change);
	rules_check_setting(&setting, path, faults);
	snprintf(id, sizeof id, "%s", setting.rule);
	for (char *slash = strchr(id, '/'); slash != NULL; slash = strchr(slash, '/'))
		*slash = '.';
	if (strcmp(id, item->id) == 0)
		return;
	snprintf(path, sizeof path, "change_set.changes[%zu].put.item.id", change);
	faults_add(faults, path, "a setting's id is its rule's name with '.' for '/': %s", id);
}

static void
check_changes(const Plumb__V1__ChangeSet *set, struct faults *faults)
{
	for (size_t i = 0; i < set->n_changes; i++) {
		const Plumb__V1__Change *change = set->changes[i];
		enum kind kind;
		char path[80];

		if (change->change_case != PLUMB__V1__CHANGE__CHANGE_PUT ||
		    change->put->item == NULL)
			continue;
		if (change->put->before != NULL) {
			snprintf(path, sizeof path, "change_set.changes[%zu].put.before", i);
			faults_add(faults, path, "is set by the server; leave it out");
		}
		if (change->put->item->body_case == PLUMB__V1__ITEM__BODY_RULE_SETTING)
			check_setting(change->put->item, i, faults);
		kind = codec_item_kind(&change->put->item->base);
		if (!system_is_entry(kind))
			continue;
		snprintf(
		    path, sizeof path, "change_set.changes[%zu].put.item.%s", i, kind_name(kind));
		faults_add(faults, path,
		    "a %s is not part of a plan; see: plumb help workspace, plumb help admin",
		    kind_name(kind));
	}
}

static bool
check_request(const Plumb__V1__ApplyRequest *request, struct faults *faults, struct err *err)
{
	const Plumb__V1__ChangeSet *set = request->change_set;

	if (set == NULL) {
		faults_add(faults, "change_set", "is required: what shall be changed");
		return faults_none(faults, err);
	}
	if (request->findings && !request->dry_run)
		faults_add(faults, "findings", "goes with dry_run");
	if (set->request_hash != 0)
		faults_add(faults, "change_set.request_hash", "is set by the server; leave it out");
	if (set->applied_scenario[0] != '\0')
		faults_add(
		    faults, "change_set.applied_scenario", "is set by the server; leave it out");
	if (strlen(set->idempotency_key) > LIMIT_KEY)
		faults_add(faults, "change_set.idempotency_key", "has %zu bytes, more than %u",
		    strlen(set->idempotency_key), LIMIT_KEY);
	check_changes(set, faults);
	return faults_none(faults, err);
}

/* The time that the change counts from. */
static bool
find_time(const struct apply_call *ac, int64_t *time_us, struct err *err)
{
	const char *text = ac->request->change_set->effective;
	int64_t last_us = plan_time(ac->ws->plan);
	struct faults *faults = ac->call->faults;
	char last[TIME_TEXT_LEN];

	*time_us = last_us > ac->now_us ? last_us : ac->now_us;
	if (text[0] == '\0')
		return true;
	if (!time_or_date_parse(text, time_us))
		faults_add(faults, "change_set.effective",
		    "'%.40s' is not a time; write it like 2026-03-31T09:00:00Z", text);
	else if (*time_us > ac->now_us)
		faults_add(faults, "change_set.effective",
		    "'%.40s' lies in the future; a change counts from now or from a time before",
		    text);
	else if (*time_us < last_us)
		faults_add(faults, "change_set.effective",
		    "'%.40s' lies before the last change, which is of %s; the log is in order of "
		    "time",
		    text, time_format(last_us, last));
	return faults_none(faults, err);
}

/* ---- replies ------------------------------------------------------------------------------------------- */

static const char *
ref_text(struct arena *arena, const char *kind, const char *id)
{
	const char *text = arena_printf(arena, "%s/%s", kind, id);

	return text != NULL ? text : "";
}

static const char *
place_ref(struct arena *arena, const Plumb__V1__Place *place)
{
	return strchr(place->item, '/') != NULL ? place->item
						: ref_text(arena, "initiative", place->item);
}

static const char *
rename_ref(struct arena *arena, const Plumb__V1__Rename *rename)
{
	const char *slash = strchr(rename->ref, '/');
	const char *text;

	if (slash == NULL)
		return rename->ref;
	text = arena_printf(arena, "%.*s/%s", (int)(slash - rename->ref), rename->ref, rename->id);
	return text != NULL ? text : "";
}

static const char *
redact_ref(struct arena *arena, const Plumb__V1__Redact *redact)
{
	if (redact->what_case != PLUMB__V1__REDACT__WHAT_PERSON)
		return redact->ref;
	return strchr(redact->person, '/') != NULL ? redact->person
						   : ref_text(arena, "person", redact->person);
}

/* "kind/id" of what a change as it is logged touched. */
static const char *
change_ref(struct arena *arena, const Plumb__V1__Change *change)
{
	switch (change->change_case) {
	case PLUMB__V1__CHANGE__CHANGE_PUT:
		return ref_text(arena, kind_name(codec_item_kind(&change->put->item->base)),
		    change->put->item->id);
	case PLUMB__V1__CHANGE__CHANGE_REMOVE:
		return change->remove->ref;
	case PLUMB__V1__CHANGE__CHANGE_RENAME:
		return rename_ref(arena, change->rename);
	case PLUMB__V1__CHANGE__CHANGE_PLACE:
		return place_ref(arena, change->place);
	case PLUMB__V1__CHANGE__CHANGE_ADD:
		return ref_text(arena, kind_name(codec_item_kind(&change->add->record->base)),
		    change->add->record->id);
	case PLUMB__V1__CHANGE__CHANGE_RETRACT:
		return change->retract->ref;
	case PLUMB__V1__CHANGE__CHANGE_REDACT:
		return redact_ref(arena, change->redact);
	default:
		return "";
	}
}

static bool
has_cascade(const Plumb__V1__ChangeSet *set)
{
	for (size_t i = 0; i < set->n_changes; i++) {
		if (set->changes[i]->change_case == PLUMB__V1__CHANGE__CHANGE_REMOVE &&
		    set->changes[i]->remove->cascade)
			return true;
	}
	return false;
}

/* What went because of a cascade, the named entry itself among it. */
static void
put_removed(struct pb_out *out, const struct patch *patch)
{
	size_t count;
	const struct patch_op *ops = patch_ops(patch, &count);

	for (size_t i = 0; i < count; i++) {
		const struct item *new = ops[i].new;
		char ref[REF_TEXT_LEN];

		if (new == ops[i].old ||
		    (new->flags &(ITEM_REMOVED | ITEM_RENAMED)) != ITEM_REMOVED)
			continue;
		pb_out_bytes(out, 6, ref, ref_format(new, ref));
	}
}

static void
put_reply(struct pb_out *out, struct arena *arena, const Plumb__V1__ChangeSet *set,
    uint64_t revision, int64_t time_us, bool duplicate)
{
	char time[TIME_TEXT_LEN];

	pb_out_varint(out, 1, revision);
	pb_out_string(out, 2, time_format(time_us, time));
	for (size_t i = 0; i < set->n_changes; i++)
		pb_out_string(out, 3, change_ref(arena, set->changes[i]));
	pb_out_varint(out, 4, duplicate);
}

/* ---- duplicates ---------------------------------------------------------------------------------------- */

/* The first outcome is read from the log by a worker. */
struct duplicate {
	struct rpc_call *call; /* pinned */
	struct fold_source source;
	uint64_t revision;
	struct arena *arena;
	struct pb_out out;
	bool ok;
	struct err err;
};

static bool
on_duplicate(void *arg, const struct store_entry *entry)
{
	struct duplicate *dup = arg;
	const Plumb__V1__ChangeSet *set;
	bool cascade;

	set = (const Plumb__V1__ChangeSet *)pb_decode(&plumb__v1__change_set__descriptor,
	    entry->body, entry->body_len, false, dup->arena, &dup->err);
	if (set == NULL)
		return false;
	cascade = has_cascade(set);
	put_reply(&dup->out, dup->arena, set, entry->revision, entry->time_us, true);
	dup->ok = !cascade;
	if (cascade)
		dup->err.code = ERR_OK;
	return false;
}

static bool
on_cascade(void *arg, const struct store_entry *entry, const struct patch *patch, struct err *err)
{
	struct duplicate *dup = arg;

	(void)entry;
	(void)err;
	put_removed(&dup->out, patch);
	return true;
}

/* What a cascade removed is only known by doing it again, on the plan before it. */
static bool
replay_cascade(struct duplicate *dup)
{
	struct plan *plan = fold_plan(&dup->source, dup->revision - 1, NULL, &dup->err);
	bool ok;

	if (plan == NULL)
		return false;
	ok = fold_replay(&dup->source, plan, dup->revision, on_cascade, dup, NULL, &dup->err);
	plan_free(plan);
	return ok;
}

static void
duplicate_run(void *arg)
{
	struct duplicate *dup = arg;

	err_set(&dup->err, ERR_INTERNAL, "revision %" PRIu64 " is not in the log", dup->revision);
	if (!store_read(dup->source.store, dup->source.workspace, dup->revision, dup->revision,
		on_duplicate, dup, &dup->err))
		return;
	if (!dup->ok && dup->err.code == ERR_OK)
		dup->ok = replay_cascade(dup);
	if (dup->ok && dup->out.failed)
		dup->ok =
		    err_set(&dup->err, ERR_LIMIT, "the first reply does not fit into a message");
}

static void
duplicate_done(void *arg)
{
	struct duplicate *dup = arg;
	struct rpc_call *call = dup->call;

	if (!dup->ok)
		rpc_fail(call, &dup->err);
	else if (rpc_send_bytes(call, dup->out.p, dup->out.len))
		rpc_finish(call);
	arena_free(dup->arena);
	rpc_unpin(call);
}

static void
answer_duplicate(struct apply_call *ac, uint64_t revision)
{
	struct rpc_call *call = ac->call;
	struct duplicate *dup = arena_zalloc(call->arena, sizeof *dup);
	struct err err = {0};

	if (dup != NULL)
		dup->arena = arena_new(LIMIT_CALL_ARENA);
	if (dup == NULL || dup->arena == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	dup->call = call;
	dup->revision = revision;
	workspace_fold_source(ac->ws, &call->cancelled, &dup->source);
	pb_out_init(&dup->out, dup->arena, REPLY_MAX);
	if (!jobs_start(call->daemon->jobs, duplicate_run, duplicate_done, dup, &err)) {
		arena_free(dup->arena);
		rpc_fail(call, &err);
		return;
	}
	rpc_pin(call);
}

/*
 * Was the key used before? True: the call is answered, or waits for the first use to become durable and is decided
 * again then.
 */
bool
apply_is_duplicate(struct apply_call *ac)
{
	const char *key = ac->request->change_set->idempotency_key;
	const struct key_entry *entry;
	struct err err = {0};

	if (key[0] == '\0')
		return false;
	ac->key_hash = keys_hash(ac->ws->keys, ac->call->caller.name, key);
	entry = keys_find(ac->ws->keys, ac->key_hash, ac->now_us);
	if (entry == NULL)
		return false;
	if (entry->revision > plan_durable(ac->ws->plan)) {
		workspace_wait_call(ac->ws, entry->revision, ac->call, ac->again, ac->came);
		return true;
	}
	if (entry->request_hash == ac->request_hash) {
		answer_duplicate(ac, entry->revision);
		return true;
	}
	err_set(&err, ERR_PRECONDITION,
	    "idempotency key '%.60s' was used for another change, which became revision %" PRIu64
	    "; choose another key",
	    key, entry->revision);
	rpc_fail(ac->call, &err);
	return true;
}

/* ---- taking it ----------------------------------------------------------------------------------------- */

/* The entry that is there instead of the expected one. */
static Plumb__V1__Envelope *
envelope_of(struct apply_call *ac, const char *ref)
{
	struct arena *arena = ac->call->arena;
	const struct item *item = NULL;
	const char *id;
	enum kind kind;
	struct pb_out out;
	struct err ignored;
	size_t id_len;

	if (ref_parse(ref, KIND_NONE, &kind, &id, &id_len))
		item = plan_find(ac->ws->plan, kind, id, id_len);
	if (item == NULL || (item->flags & ITEM_ABSENT) != 0)
		return NULL;
	pb_out_init(&out, arena, REPLY_ROOM);
	codec_envelope(plan_now(ac->ws->plan), item, &out);
	if (out.failed)
		return NULL;
	return (Plumb__V1__Envelope *)pb_decode(
	    &plumb__v1__envelope__descriptor, out.p, out.len, false, arena, &ignored);
}

const ProtobufCMessage *
apply_conflict(struct apply_call *ac, const struct plan_conflict *conflict)
{
	Plumb__V1__Conflict *detail = arena_alloc(ac->call->arena, sizeof *detail);

	if (detail == NULL)
		return NULL;
	plumb__v1__conflict__init(detail);
	detail->ref = arena_strdup(ac->call->arena, conflict->ref);
	if (detail->ref == NULL)
		detail->ref = pb_str("");
	detail->expected = conflict->expected;
	detail->actual = conflict->actual;
	if (conflict->ref[0] != '\0')
		detail->entry = envelope_of(ac, conflict->ref);
	return &detail->base;
}

static bool
encode_refusal(struct apply_call *ac, struct pb_out *out, struct err *err)
{
	const uint8_t *p;
	size_t len;

	if (ac->refusal == NULL)
		return true;
	p = pb_encode(&ac->refusal->base, ac->call->arena, &len);
	if (p == NULL)
		return err_oom(err);
	pb_out_message(out, 8, p, len);
	return true;
}

static bool
encode_dry_run(
    struct apply_call *ac, const struct patch *patch, struct pb_out *out, struct err *err)
{
	const struct view *now = plan_now(ac->ws->plan);
	struct arena *arena = ac->call->arena;
	struct diff diff;
	size_t total = out->len;
	size_t room = REPLY_ROOM - (ac->request->findings ? FINDINGS_CHANGE_MAX : 0);

	diff_init(&diff, arena, now, now, plan_revision(ac->ws->plan) - 1);
	if (!diff_patch(&diff, patch, err))
		return false;
	for (size_t i = 0; i < diff.count; i++)
		total += protobuf_c_message_get_packed_size(&diff.list[i]->base) + 8;
	if (total > room)
		diff_shorten(&diff);
	for (size_t i = 0; i < diff.count; i++) {
		size_t len;
		const uint8_t *p = pb_encode(&diff.list[i]->base, arena, &len);

		if (p == NULL)
			return err_oom(err);
		pb_out_message(out, 5, p, len);
	}
	return encode_refusal(ac, out, err);
}

bool
apply_encode(
    struct apply_call *ac, const struct patch *patch, const struct stamp *stamp, struct err *err)
{
	const Plumb__V1__ChangeSet *set = ac->request->change_set;
	struct pb_out out;

	pb_out_init(&out, ac->call->arena, REPLY_MAX);
	put_reply(&out, ac->call->arena, set, stamp->revision, stamp->time_us, false);
	if (ac->request->dry_run && !encode_dry_run(ac, patch, &out, err))
		return false;
	if (has_cascade(set))
		put_removed(&out, patch);
	if (out.failed)
		return err_set(err, ERR_LIMIT,
		    "the reply does not fit into a message; send several change sets");
	ac->reply = out.p;
	ac->reply_len = out.len;
	return true;
}

/* The change set as plan_apply() has completed it, and the hash of what came. */
static bool
encode_body(struct apply_call *ac, struct commit *commit, struct err *err)
{
	size_t size = protobuf_c_message_get_packed_size(&ac->request->change_set->base);
	struct pb_out out;

	if (size > BODY_MAX)
		return err_set(err, ERR_LIMIT,
		    "the change set has %zu bytes as it would be logged, more than %u; send "
		    "several",
		    size, BODY_MAX);
	pb_out_init(&out, ac->call->arena, size + 16);
	out.p = arena_alloc(ac->call->arena, size + 16);
	if (out.p == NULL)
		return err_oom(err);
	out.cap = size + 16;
	out.len = protobuf_c_message_pack(&ac->request->change_set->base, out.p);
	pb_out_fixed64(&out, 20, ac->request_hash);
	if (out.failed)
		return err_oom(err);
	commit->body = out.p;
	commit->body_len = out.len;
	return true;
}

static bool
remember_key(struct apply_call *ac, const struct commit *commit, struct err *err)
{
	struct key_entry entry = {
	    .hash = ac->key_hash,
	    .request_hash = ac->request_hash,
	    .revision = commit->stamp.revision,
	    .time_us = commit->stamp.time_us,
	    .logged_us = commit->logged_us,
	};

	return ac->key_hash == 0 || keys_add(ac->ws->keys, &entry, ac->now_us, err);
}

/* From the plan to the store. On false the patch is still there. */
static bool
prepare_commit(struct apply_call *ac, struct commit *commit, struct err *err)
{
	if (ac->reply == NULL && !apply_encode(ac, commit->patch, &commit->stamp, err))
		return false;
	if (!encode_body(ac, commit, err))
		return false;
	commit->reply = ac->reply;
	commit->reply_len = ac->reply_len;
	commit->key_hash = ac->key_hash;
	commit->logged_us = ac->now_us;
	return remember_key(ac, commit, err);
}

void
apply_commit(struct apply_call *ac, struct commit *commit)
{
	const char *key = ac->request->change_set->idempotency_key;
	struct err err = {0};

	if (!prepare_commit(ac, commit, &err)) {
		plan_undo(ac->ws->plan, commit->patch);
		rpc_fail(ac->call, &err);
		return;
	}
	if (workspace_commit(commit, ac->call->caller.name, key, &err))
		return;
	if (ac->key_hash != 0)
		keys_remove(ac->ws->keys, ac->key_hash, commit->stamp.revision);
	rpc_fail(ac->call, &err);
}

/* The findings come behind the rest of the reply; what they rest on may have been taken back meanwhile. */
static void
dry_run_done(struct dry_run *run)
{
	struct apply_call *ac = run->arg;
	struct pb_out out;

	if (ac->call->state != RPC_RUNNING)
		return;
	if (!run->ok) {
		rpc_fail(ac->call, &run->err);
		return;
	}
	if (ac->undo_epoch != ac->ws->undo_epoch) {
		decide_again(ac);
		return;
	}
	pb_out_init(&out, ac->call->arena, REPLY_MAX);
	pb_out_raw(&out, ac->reply, ac->reply_len);
	pb_out_message(&out, 7, run->bytes, run->len);
	if (out.failed) {
		err_set(&run->err, ERR_LIMIT,
		    "the reply does not fit into a message; send several change sets");
		rpc_fail(ac->call, &run->err);
		return;
	}
	ac->reply = out.p;
	ac->reply_len = out.len;
	apply_answer(ac);
}

/* The change that after shows is undone. */
void
apply_add_findings(
    struct apply_call *ac, struct view *before, struct view *after, uint64_t revision)
{
	struct plan *plan = ac->ws->plan;
	struct dry_run *run = arena_zalloc(ac->call->arena, sizeof *run);
	struct err err = {0};

	if (run == NULL) {
		plan_view_release(plan, before);
		plan_view_release(plan, after);
		err_oom(&err);
		rpc_fail(ac->call, &err);
		return;
	}
	ac->undo_epoch = ac->ws->undo_epoch;
	run->call = ac->call;
	run->ws = ac->ws;
	run->before = before;
	run->after = after;
	run->revision = revision;
	run->today = workspace_today(ac->ws);
	run->done = dry_run_done;
	run->arg = ac;
	if (!dry_run_start(run, &err))
		rpc_fail(ac->call, &err);
}

static void
answer_dry_run(struct apply_call *ac, struct commit *commit)
{
	struct err err = {0};
	bool ok = apply_encode(ac, commit->patch, &commit->stamp, &err);
	struct view *after = ok && ac->request->findings ? plan_view_pending(ac->ws->plan) : NULL;

	plan_undo(ac->ws->plan, commit->patch);
	if (!ok)
		rpc_fail(ac->call, &err);
	else if (ac->request->findings)
		apply_add_findings(
		    ac, plan_view_pending(ac->ws->plan), after, plan_revision(ac->ws->plan));
	else
		apply_answer(ac);
}

/* Does the workspace refuse what was just taken? Then it is taken back, and the call answered. A dry run only tells. */
static bool
is_refused(struct apply_call *ac, struct commit *commit, const struct local_rules *rules)
{
	Plumb__V1__Refusal *refusal = NULL;
	struct err err = {0};
	bool ok;

	if (rules->count == 0)
		return false;
	ok = refusal_find(
	    ac->ws, commit->patch, rules, commit->stamp.time_us, ac->call->arena, &refusal, &err);
	if (ok && (refusal == NULL || ac->request->dry_run)) {
		ac->refusal = refusal;
		return false;
	}
	plan_undo(ac->ws->plan, commit->patch);
	if (ok)
		refusal_say(refusal, &err);
	apply_refuse(ac, &err, refusal != NULL ? &refusal->base : NULL);
	return true;
}

/* The rules that refuse, as they are set before the change. With an override nobody asks them, but a dry run does. */
bool
apply_rules(const struct apply_call *ac, struct local_rules *rules, struct err *err)
{
	rules->count = 0;
	if (ac->request->change_set->override_reason[0] != '\0' && !ac->request->dry_run)
		return true;
	return local_rules_read(plan_now(ac->ws->plan), rules, err);
}

static struct commit *
commit_new(struct apply_call *ac)
{
	struct commit *commit = arena_zalloc(ac->call->arena, sizeof *commit);

	if (commit == NULL)
		return NULL;
	commit->ws = ac->ws;
	commit->call = ac->call;
	commit->stamp.revision = plan_revision(ac->ws->plan) + 1;
	commit->stamp.author = ac->call->caller.name;
	return commit;
}

void
apply_take(struct apply_call *ac)
{
	struct rpc_call *call = ac->call;
	struct plan_conflict conflict = {0};
	struct commit *commit = commit_new(ac);
	struct local_rules rules;
	struct err err = {0};

	if (ac->request->change_set->scenario[0] != '\0' && !apply_find_scenario(ac))
		return;
	if (commit == NULL)
		err_oom(&err);
	if (commit == NULL || !apply_rules(ac, &rules, &err)) {
		rpc_fail(call, &err);
		return;
	}
	if (!ownership_check(call, ac->ws->plan, ac->scenario, ac->request->change_set, &err)) {
		if (err.code == ERR_DENIED)
			audit_event(call->daemon, &call->caller, "refused", ac->ws->id,
			    "changes of what is not theirs");
		apply_refuse(ac, &err, NULL);
		return;
	}
	if (!find_time(ac, &commit->stamp.time_us, &err)) {
		apply_refuse(ac, &err, NULL);
		return;
	}
	if (ac->scenario != NULL) {
		apply_in_scenario(ac, commit);
		return;
	}
	if (!plan_apply(ac->ws->plan, &ac->request->change_set->base, &commit->stamp, false,
		call->arena, call->faults, &conflict, &commit->patch, &err)) {
		apply_refuse(
		    ac, &err, err.code == ERR_CONFLICT ? apply_conflict(ac, &conflict) : NULL);
		return;
	}
	if (is_refused(ac, commit, &rules))
		return;
	if (ac->request->dry_run)
		answer_dry_run(ac, commit);
	else
		apply_commit(ac, commit);
}

struct apply_call *
apply_begin(struct rpc_call *call, Plumb__V1__ApplyRequest *request, rpc_handler_fn again,
    const ProtobufCMessage *came)
{
	struct apply_call *ac = arena_zalloc(call->arena, sizeof *ac);
	bool is_apply = came == &request->base;
	struct err err = {0};

	if (ac == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return NULL;
	}
	ac->call = call;
	ac->request = request;
	ac->again = again;
	ac->came = came;
	ac->now_us = daemon_clock_us(call->daemon);
	ac->ws = workspace_for_call(call, request->workspace, again, came);
	if (ac->ws == NULL)
		return NULL;
	if (!request->dry_run && !workspace_is_writable(ac->ws, &err)) {
		rpc_fail(call, &err);
		return NULL;
	}
	ac->bytes =
	    pb_encode(is_apply ? &request->change_set->base : came, call->arena, &ac->bytes_len);
	if (ac->bytes == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return NULL;
	}
	ac->request_hash = siphash(request_key, ac->bytes, ac->bytes_len);
	return ac;
}

static void
apply_again(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct apply_call *ac;
	Plumb__V1__ApplyRequest *request;
	struct err err = {0};

	request = arena_memdup(call->arena, message, sizeof *request);
	if (request == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	ac = apply_begin(call, request, apply_again, &request->base);
	if (ac != NULL && (request->dry_run || !apply_is_duplicate(ac)))
		apply_take(ac);
}

void
handle_plan_apply(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__ApplyRequest *request = (const Plumb__V1__ApplyRequest *)message;
	struct err err = {0};

	if (check_request(request, call->faults, &err))
		apply_again(call, message);
	else
		rpc_fail(call, &err);
}

/* ---- Get ----------------------------------------------------------------------------------------------- */

/* "kind/id" of the request; a fault where it is none. */
static bool
parse_ref(const char *ref, enum kind *kind, const char **id, size_t *id_len, struct faults *faults,
    struct err *err)
{
	if (ref_parse(ref, KIND_NONE, kind, id, id_len))
		return true;
	faults_add(
	    faults, "ref", "'%.100s' is not a reference; write it like initiative/onboarding", ref);
	return faults_none(faults, err);
}

static bool
not_found(const struct view *names, const struct item *item, const char *ref, struct err *err)
{
	if (item == NULL || (item->flags & ITEM_REMOVED) == 0)
		return err_set(err, ERR_NOT_FOUND, "%s does not exist", ref);
	if ((item->flags & ITEM_RENAMED) != 0) {
		const struct item *to = view_item(names, item->refs[0].slot);

		return err_set(err, ERR_NOT_FOUND, "%s was renamed to %s/%.*s in revision %" PRIu64,
		    ref, kind_name(to->kind), to->id_len, item_id(to), item->revision);
	}
	return err_set(err, ERR_NOT_FOUND,
	    "%s was removed in revision %" PRIu64 "; plumb history %s tells more", ref,
	    item->revision, ref);
}

static bool
encode_get(struct pb_out *out, const struct view *names, const struct item *item, uint64_t revision)
{
	size_t mark = pb_out_begin(out, 1);

	codec_envelope(names, item, out);
	pb_out_end(out, mark);
	pb_out_varint(out, 2, revision);
	return !out->failed;
}

static bool
get_run(struct view_job *job, struct err *err)
{
	const Plumb__V1__GetRequest *request = job->arg;
	const struct item *item;
	struct pb_out out;
	const char *id;
	enum kind kind;
	size_t id_len;

	if (!parse_ref(request->ref, &kind, &id, &id_len, job->faults, err))
		return false;
	item = view_find(job->view, kind, id, id_len);
	if (!item_is_live(item))
		return not_found(job->view, item, request->ref, err);
	pb_out_init(&out, job->arena, REPLY_MAX);
	if (!encode_get(&out, job->view, item, job->revision))
		return err_oom(err);
	return view_job_send_bytes(job, out.p, out.len, err);
}

/* The past, a scenario, a revision to wait for: not the short way. */
static bool
is_plain(const Plumb__V1__At *at)
{
	return at == NULL || (at->as_of_case == PLUMB__V1__AT__AS_OF__NOT_SET &&
				 at->at_least == 0 && at->scenario[0] == '\0');
}

static void
get_newest(struct rpc_call *call, struct workspace *ws, const Plumb__V1__GetRequest *request)
{
	const struct item *item;
	struct err err = {0};
	struct pb_out out;
	const char *id;
	enum kind kind;
	size_t id_len;

	if (!parse_ref(request->ref, &kind, &id, &id_len, call->faults, &err)) {
		rpc_fail(call, &err);
		return;
	}
	item = plan_find(ws->plan, kind, id, id_len);
	if (item != NULL && item->revision > plan_durable(ws->plan)) {
		workspace_wait_call(ws, item->revision, call, handle_plan_get, &request->base);
		return;
	}
	if (!item_is_live(item)) {
		(void)not_found(plan_now(ws->plan), item, request->ref, &err);
		rpc_fail(call, &err);
		return;
	}
	pb_out_init(&out, call->arena, REPLY_MAX);
	if (!encode_get(&out, plan_now(ws->plan), item, plan_durable(ws->plan))) {
		err_oom(&err);
		rpc_fail(call, &err);
	} else if (rpc_send_bytes(call, out.p, out.len)) {
		rpc_finish(call);
	}
}

void
handle_plan_get(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__GetRequest *request = (const Plumb__V1__GetRequest *)message;
	struct workspace *ws;

	if (!is_plain(request->at)) {
		job_view(call, request->at, get_run, (void *)(uintptr_t)request);
		return;
	}
	ws = workspace_for_call(
	    call, request->at != NULL ? request->at->workspace : "", handle_plan_get, message);
	if (ws != NULL)
		get_newest(call, ws, request);
}
