/* What ownership.c, ownership_ask.c and ownership_request.c share; nobody else includes it. */
#ifndef SERVER_RPC_OWNERSHIP_INTERNAL_H
#define SERVER_RPC_OWNERSHIP_INTERNAL_H

#include "common/err.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/plan/item.h"
#include "server/rpc/own.h"

struct made;
struct rpc_call;

/* One change set before its judge. */
struct judge {
	struct rpc_call *call;
	const struct plan *plan;
	const Plumb__V1__ChangeSet *set;
	bool is_planner; /* owns everything */
	bool starved;
	uint32_t budget; /* references that may still be looked at */
	uint32_t *queue;
	uint8_t *renamed;  /* a bit for each slot whose name the set gave up; NULL: none did */
	struct made *made; /* NULL until asked for */
	size_t made_count;
	size_t change; /* the one at hand */
	struct own own;
};

/* Notes a fault; field is relative to the change: "put.item". */
void judge_refuse(struct judge *judge, const char *field, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The same of what is another's, with whose it is. */
void judge_refuse_others(struct judge *judge, const char *field, const struct item *item);
/* The live entry of that name, or NULL. */
const struct item *judge_find(const struct judge *judge, const char *ref, enum kind bare);
/* Is what has that name theirs, be it there already or made by this very set? */
bool judge_is_own_name(struct judge *judge, const char *ref, enum kind bare);

/* Is the caller on the side that asks? */
bool judge_asks(struct judge *judge, const struct item *ask);
/* A put of an ask; old is NULL where it is new. */
void judge_ask(struct judge *judge, const Plumb__V1__Item *item, const struct item *old);

/* Who is on that side of an ask or request; NULL: nobody. */
const struct item *judge_side(const struct judge *judge, const struct item *ask, enum role role);
/* The same two of requests: ownership_request.c. */
bool judge_requests(struct judge *judge, const struct item *request);
void judge_request(struct judge *judge, const Plumb__V1__Item *item, const struct item *old);

/* It belongs to nothing: whose it is it must say, among its owners. */
void judge_says(struct judge *judge, const Plumb__V1__Item *item);

/* Is the caller its owner, or who promised it? */
bool judge_promises(struct judge *judge, const struct item *commitment);
/* A put of a commitment; old is NULL where it is new. */
void judge_promise(struct judge *judge, const Plumb__V1__Item *item, const struct item *old);

#endif
