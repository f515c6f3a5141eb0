/*
 * What the daemon counts about itself, for /metrics (docs/METRICS.md): calls by method and status with their times, commits,
 * connections, refusals, queues, plans.
 *
 * Loop thread only; a few additions per call. Text format: Prometheus exposition format 0.0.4.
 */
#ifndef SERVER_RPC_METRICS_H
#define SERVER_RPC_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct access_book;
struct daemon;
struct rpc_method;
struct str;

/* A call has ended. */
void metrics_call(const struct rpc_method *method, enum err_code code, int64_t us);
/* A change set became durable so long after it was taken. */
void metrics_commit(int64_t us);
/* So many change sets became durable together. */
void metrics_batch(size_t count);
/* A connection has told what it speaks (1), or has ended (-1). protocol: static. */
void metrics_connection(const char *protocol, bool tls, int by);
/* A connection or request was refused before it became a call. reason: static, a few of them. */
void metrics_refused(const char *reason);

/* Who reads them: of workspaces that they may not enter nothing is told, not even how many there are. */
struct metrics_scope {
	const struct access_book *book;
	uint32_t token; /* 0: none was needed, all workspaces */
	bool plans;     /* false: nothing of any */
};
/* All of it, with the daemon's present sizes. */
void metrics_text(struct daemon *daemon, const struct metrics_scope *scope, struct str *out);

#endif
