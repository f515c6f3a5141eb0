/*
 * Plans of the past: folded on a worker, kept for the next question of the same revision.
 *
 * Loop thread only. An entry that somebody uses stays; of the others a few are kept for a while.
 */
#ifndef SERVER_RPC_AS_OF_H
#define SERVER_RPC_AS_OF_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/parse.h"
#include "server/rpc/fold.h"
#include "server/rpc/waiter.h"

struct daemon;
struct plan;
struct view;
struct workspace;

#define AS_OF_KEPT    3
#define AS_OF_KEPT_US (INT64_C(60) * 1000000)

enum as_of_state { AS_OF_BUILDING, AS_OF_READY, AS_OF_FAILED };

struct as_of {
	struct as_of *next;
	struct daemon *daemon;
	struct workspace *ws;
	uint64_t revision;
	char scenario[ID_MAX_LEN + 1]; /* laid over it; "" none */
	uint8_t *conflicts;            /* owned; of the scenario, as in struct shared_view */
	size_t conflicts_len;
	enum as_of_state state;
	struct err err; /* FAILED */
	unsigned refs;
	bool forgotten; /* not to be found any more; freed with the last reference */
	int64_t used_us;
	struct waiters waiting; /* woken when it is READY or FAILED */
	struct plan *plan;      /* owned */
	struct view *view;      /* of plan, settled; READY */
	struct fold_source source;
};

struct as_of_cache {
	struct as_of *first; /* most recently used in front */
};

/*
 * One reference. BUILDING: wait in ->waiting. NULL with err. scenario: the id of one that was there then and is laid over it, or
 * "".
 */
struct as_of *as_of_get(struct daemon *daemon, struct workspace *ws, uint64_t revision,
    const char *scenario, struct err *err) MUST_CHECK;
void as_of_unref(struct as_of *as_of); /* takes NULL */
/* Forgets those of a workspace (NULL: of all), for instance after a redaction. */
void as_of_forget(struct daemon *daemon, const struct workspace *ws);
/* Frees what nobody used for a while. */
void as_of_tick(struct daemon *daemon, int64_t now_us);

#endif
