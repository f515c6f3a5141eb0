/*
 * Output queue of a connection: small bytes gathered in chunks, shared bytes by reference.
 *
 * Chunks come from a pool, so that an idle connection owns none. Never sees a socket: hands out iovecs.
 */
#ifndef SERVER_NET_OUTQ_H
#define SERVER_NET_OUTQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/err.h"

struct out_segment;
struct rpc_bytes;

/* Free chunks of all connections of a loop. */
struct out_pool {
	struct out_segment *free;
	size_t free_count;
	size_t owned; /* memory of all queues; shared bytes are not counted */
};

struct outq {
	struct out_segment *head;
	struct out_segment *tail;
	size_t len;
};

void out_pool_fini(struct out_pool *pool);
void outq_fini(struct outq *q, struct out_pool *pool);

/* Room for len bytes in one piece behind what is queued, which the caller fills; NULL out of memory. */
uint8_t *outq_reserve(struct outq *q, struct out_pool *pool, size_t len) MUST_CHECK;
bool outq_add(struct outq *q, struct out_pool *pool, const uint8_t *p, size_t len) MUST_CHECK;
/* head (OUTQ_HEAD_MAX at most) is copied, bytes are referred to if they are long enough for that to pay. */
#define OUTQ_HEAD_MAX 16
bool outq_add_shared(struct outq *q, struct out_pool *pool, const uint8_t *head, size_t head_len,
    struct rpc_bytes *bytes) MUST_CHECK;

/* Fills up to max iovecs from the front; returns how many. */
int outq_peek(const struct outq *q, struct iovec *iov, int max);
/* len bytes were sent. */
void outq_drop(struct outq *q, struct out_pool *pool, size_t len);

#endif
