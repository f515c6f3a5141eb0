#include "server/rpc/system.h"

#include <string.h>

#include "common/arena.h"
#include "common/faults.h"
#include "common/pb.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/rpc/audit.h"
#include "server/rpc/daemon_internal.h"
#include "server/rpc/rpc.h"
#include "server/rpc/workspace.h"

#define AUTHOR "plumbd"

/* In an arena: the call's, or one of its own. */
struct system_put {
	struct commit commit; /* first: on_done gets it */
	struct arena *own;    /* NULL: the call's */
	system_done_fn done;
	void *arg;
	const char **
	    told; /* what is written down of each change, with its durable outcome; two texts each */
	size_t told_count;
	Plumb__V1__ChangeSet set;
	Plumb__V1__Change change;
	Plumb__V1__Change *changes[1];
	Plumb__V1__Put put;
};

bool
system_is_entry(enum kind kind)
{
	return kind >= KIND_WORKSPACE && kind <= KIND_AUDIT_ANCHOR;
}

static void
fill(struct system_put *put, Plumb__V1__Item *item, const char *reason)
{
	plumb__v1__change_set__init(&put->set);
	plumb__v1__change__init(&put->change);
	plumb__v1__put__init(&put->put);
	put->put.item = item;
	put->change.change_case = PLUMB__V1__CHANGE__CHANGE_PUT;
	put->change.put = &put->put;
	put->changes[0] = &put->change;
	put->set.n_changes = 1;
	put->set.changes = put->changes;
	if (reason != NULL)
		put->set.reason = pb_str(reason);
}

/* The daemon's own entries may be put while it stops, until daemon_free() has waited for them. */
static bool
is_writable(const struct workspace *system, bool own, struct err *err)
{
	if (!own || !system->daemon->stopping)
		return workspace_is_writable(system, err);
	return (system->taken_back == 0 && store_is_writable(system->daemon->store)) ||
	       err_set(err, ERR_UNAVAILABLE, "the disk refuses to be written");
}

/* Applies and hands to the store; author is copied. */
static bool
commit(struct system_put *put, struct daemon *daemon, const char *author, struct arena *arena,
    struct faults *faults, struct err *err)
{
	struct workspace *system = daemon->system;
	struct plan_conflict conflict = {0};
	int64_t now_us = daemon_clock_us(daemon);
	int64_t last_us = plan_time(system->plan);

	if (!is_writable(system, put->own != NULL, err))
		return false;
	put->commit.ws = system;
	put->commit.stamp = (struct stamp){
	    plan_revision(system->plan) + 1, now_us > last_us ? now_us : last_us, author, false};
	put->commit.logged_us = now_us;
	if (!plan_apply(system->plan, &put->set.base, &put->commit.stamp, false, arena, faults,
		&conflict, &put->commit.patch, err))
		return false;
	put->commit.body = pb_encode(&put->set.base, arena, &put->commit.body_len);
	if (put->commit.body == NULL) {
		plan_undo(system->plan, put->commit.patch);
		return err_oom(err);
	}
	return workspace_commit(&put->commit, author, "", err);
}

/* For the audit file: "token-create", "token/7". Out of memory it says nothing. */
static void
tell(struct system_put *put, struct rpc_call *call)
{
	size_t count;
	const struct patch_op *ops = patch_ops(put->commit.patch, &count);
	const char **told = arena_array(call->arena, 2 * count, sizeof *told);

	for (size_t i = 0; told != NULL && i < count; i++) {
		const struct item *item = ops[i].new;
		const char *done = !item_is_live(item)        ? "remove"
				   : item_is_live(ops[i].old) ? "change"
							      : "create";
		size_t at = 2 * put->told_count;

		if (item->kind == KIND_WEBHOOK_STATE)
			continue; /* how far a sender came, every few seconds */
		told[at] = arena_printf(call->arena, "%s-%s", kind_name(item->kind), done);
		told[at + 1] = arena_printf(call->arena, "%s/%.*s", kind_name(item->kind),
		    (int)item->id_len, item_id(item));
		if (told[at] != NULL && told[at + 1] != NULL)
			put->told_count++;
	}
	put->told = told;
}

static void
on_outcome(struct commit *commit, enum err_code code)
{
	const struct system_put *put = (const struct system_put *)commit;
	const struct rpc_call *call = commit->call;

	for (size_t i = 0; i < put->told_count; i++)
		audit_event(call->daemon, &call->caller, put->told[2 * i], put->told[2 * i + 1],
		    code == ERR_OK ? "ok" : err_code_name(code));
}

static bool
put_for_call(
    struct system_put *put, struct rpc_call *call, const ProtobufCMessage *reply, struct err *err)
{
	put->commit.call = call;
	put->commit.reply = pb_encode(reply, call->arena, &put->commit.reply_len);
	if (put->commit.reply == NULL)
		return err_oom(err);
	put->commit.on_outcome = on_outcome;
	if (!commit(put, call->daemon, call->caller.name, call->arena, call->faults, err))
		return false;
	tell(put, call);
	return true;
}

bool
system_put(
    struct rpc_call *call, Plumb__V1__Item *item, const ProtobufCMessage *reply, struct err *err)
{
	struct system_put *put = arena_zalloc(call->arena, sizeof *put);

	if (put == NULL)
		return err_oom(err);
	fill(put, item, NULL);
	return put_for_call(put, call, reply, err);
}

bool
system_change(struct rpc_call *call, Plumb__V1__Change **changes, size_t count,
    const ProtobufCMessage *reply, struct err *err)
{
	struct system_put *put = arena_zalloc(call->arena, sizeof *put);

	if (put == NULL)
		return err_oom(err);
	plumb__v1__change_set__init(&put->set);
	put->set.n_changes = count;
	put->set.changes = changes;
	return put_for_call(put, call, reply, err);
}

static void
own_done(struct commit *commit, enum err_code code)
{
	struct system_put *put = (struct system_put *)commit;

	if (put->done != NULL)
		put->done(put->arg, code);
}

static void
own_free(struct commit *commit)
{
	arena_free(((struct system_put *)commit)->own);
}

bool
system_put_own(struct daemon *daemon, Plumb__V1__Item *item, const char *reason,
    system_done_fn done, void *arg, struct err *err)
{
	struct arena *arena = arena_new(LIMIT_CALL_ARENA);
	struct system_put *put = arena != NULL ? arena_zalloc(arena, sizeof *put) : NULL;
	struct faults *faults = arena != NULL ? arena_alloc(arena, sizeof *faults) : NULL;

	if (put == NULL || faults == NULL) {
		arena_free(arena);
		return err_oom(err);
	}
	faults_init(faults, arena);
	fill(put, item, reason);
	put->own = arena;
	put->done = done;
	put->arg = arg;
	put->commit.on_done = own_done;
	put->commit.free = own_free;
	if (commit(put, daemon, AUTHOR, arena, faults, err))
		return true;
	arena_free(arena);
	return false;
}

const struct item *
system_entry(const struct daemon *daemon, enum kind kind, const char *id)
{
	const struct item *entry = plan_find(daemon->system->plan, kind, id, strlen(id));

	return item_is_live(entry) ? entry : NULL;
}

const Plumb__V1__Item *
system_find(
    const struct daemon *daemon, enum kind kind, const char *id, struct arena *arena, bool *starved)
{
	const struct item *entry = system_entry(daemon, kind, id);
	const Plumb__V1__Item *item = NULL;

	if (entry != NULL) {
		item = (const Plumb__V1__Item *)codec_decode(entry, arena);
		*starved |= item == NULL;
	}
	return item;
}
