/*
 * What Apply (plan_rpc.c) and what it does in scenarios (scenario_rpc.c) share; nobody else includes it.
 */
#ifndef SERVER_RPC_APPLY_CALL_H
#define SERVER_RPC_APPLY_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/rpc/rpc.h"
#include "server/rpc/waiter.h"

struct commit;
struct item;
struct local_rules;
struct patch;
struct plan_conflict;
struct stamp;
struct view;
struct workspace;

/* One Apply on its way through the loop; in the call's arena. */
struct apply_call {
	struct waiter waiter; /* first */
	struct rpc_call *call;
	struct workspace *ws;
	const struct item *scenario;      /* the one that is changed instead of the plan; NULL */
	Plumb__V1__ApplyRequest *request; /* our copy: plan_apply() completes its change set */
	rpc_handler_fn again;             /* begins anew with what came */
	const ProtobufCMessage *came;     /* the request as it came; Apply: ours */
	const uint8_t *bytes;             /* the change set as it came; else the request */
	size_t bytes_len;
	uint64_t request_hash;
	uint64_t key_hash;
	int64_t now_us;
	uint64_t undo_epoch;
	Plumb__V1__Refusal *refusal; /* of a dry run: what would be refused; NULL nothing */
	/* the answer that waits */
	bool refused;
	struct err err;
	const ProtobufCMessage *detail;
	const uint8_t *reply;
	size_t reply_len;
};

/*
 * A new one, when the workspace is READY and may be written: on with apply_is_duplicate() and apply_take(). NULL: the call was answered, or
 * waits. request is the caller's to fill: a copy of Apply's, or one that another request means.
 */
struct apply_call *apply_begin(struct rpc_call *call, Plumb__V1__ApplyRequest *request,
    rpc_handler_fn again, const ProtobufCMessage *came) MUST_CHECK;
/* Was the key used before? True: the call is answered, or waits. */
bool apply_is_duplicate(struct apply_call *ac) MUST_CHECK;
/* Decides, and answers when that is durable. */
void apply_take(struct apply_call *ac);

/* The steps of that. */
void apply_refuse(struct apply_call *ac, const struct err *err, const ProtobufCMessage *detail);
void apply_answer(struct apply_call *ac);
/* The rules that refuse; what was taken already is the state before the change. */
bool apply_rules(
    const struct apply_call *ac, struct local_rules *rules, struct err *err) MUST_CHECK;
/* The detail of ABORTED; NULL out of memory. */
const ProtobufCMessage *apply_conflict(
    struct apply_call *ac, const struct plan_conflict *conflict) MUST_CHECK;
/* The reply of what a patch did, while that is taken. */
bool apply_encode(struct apply_call *ac, const struct patch *patch, const struct stamp *stamp,
    struct err *err) MUST_CHECK;
/* What was taken goes to the log; the reply is encoded unless it was. */
void apply_commit(struct apply_call *ac, struct commit *commit);
/* A dry run's findings: what differs between two views of what was taken, both owned; before is of that revision. */
void apply_add_findings(
    struct apply_call *ac, struct view *before, struct view *after, uint64_t revision);

/* scenario_rpc.c: which one the set changes. False: the call is answered, or waits. */
bool apply_find_scenario(struct apply_call *ac) MUST_CHECK;
/* The rest of apply_take() for it. */
void apply_in_scenario(struct apply_call *ac, struct commit *commit);

#endif
