#include "server/net/outq.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/rpc/rpc.h"

#define CHUNK_CAP  (8192 - sizeof(struct out_segment))
#define POOL_MAX   1024 /* 8 MiB */
#define SHARED_MIN 256  /* below this a copy is cheaper than a segment and two iovecs */

struct out_segment {
	struct out_segment *next;
	struct rpc_bytes *shared; /* sent behind data; NULL in chunks */
	size_t start;             /* of what is unsent, over data and shared */
	size_t len;               /* of data */
	size_t cap;
	uint8_t data[];
};

void
out_pool_fini(struct out_pool *pool)
{
	struct out_segment *next;

	for (struct out_segment *s = pool->free; s != NULL; s = next) {
		next = s->next;
		free(s);
	}
}

static struct out_segment *
segment_new(struct out_pool *pool, size_t cap)
{
	struct out_segment *s = NULL;

	if (cap == CHUNK_CAP && pool->free != NULL) {
		s = pool->free;
		pool->free = s->next;
		pool->free_count--;
	} else {
		s = malloc(sizeof *s + cap);
	}
	if (s == NULL)
		return NULL;
	*s = (struct out_segment){.cap = cap};
	pool->owned += cap;
	return s;
}

static void
segment_free(struct out_pool *pool, struct out_segment *s)
{
	pool->owned -= s->cap;
	rpc_bytes_unref(s->shared);
	if (s->cap != CHUNK_CAP || pool->free_count >= POOL_MAX) {
		free(s);
		return;
	}
	s->next = pool->free;
	pool->free = s;
	pool->free_count++;
}

void
outq_fini(struct outq *q, struct out_pool *pool)
{
	struct out_segment *next;

	for (struct out_segment *s = q->head; s != NULL; s = next) {
		next = s->next;
		segment_free(pool, s);
	}
	*q = (struct outq){NULL, NULL, 0};
}

static void
append(struct outq *q, struct out_segment *s)
{
	if (q->tail == NULL)
		q->head = s;
	else
		q->tail->next = s;
	q->tail = s;
}

uint8_t *
outq_reserve(struct outq *q, struct out_pool *pool, size_t len)
{
	struct out_segment *s = q->tail;
	uint8_t *p;

	if (s == NULL || s->shared != NULL || s->cap - s->len < len) {
		s = segment_new(pool, len > CHUNK_CAP ? len : CHUNK_CAP);
		if (s == NULL)
			return NULL;
		append(q, s);
	}
	p = s->data + s->len;
	s->len += len;
	q->len += len;
	return p;
}

bool
outq_add(struct outq *q, struct out_pool *pool, const uint8_t *p, size_t len)
{
	uint8_t *to;

	if (len == 0)
		return true;
	to = outq_reserve(q, pool, len);
	if (to == NULL)
		return false;
	memcpy(to, p, len);
	return true;
}

bool
outq_add_shared(struct outq *q, struct out_pool *pool, const uint8_t *head, size_t head_len,
    struct rpc_bytes *bytes)
{
	struct out_segment *s;

	assert(head_len <= OUTQ_HEAD_MAX);
	if (bytes->len < SHARED_MIN)
		return outq_add(q, pool, head, head_len) && outq_add(q, pool, bytes->p, bytes->len);
	s = segment_new(pool, OUTQ_HEAD_MAX);
	if (s == NULL)
		return false;
	memcpy(s->data, head, head_len);
	s->len = head_len;
	s->shared = rpc_bytes_ref(bytes);
	append(q, s);
	q->len += head_len + bytes->len;
	return true;
}

static size_t
segment_total(const struct out_segment *s)
{
	return s->len + (s->shared == NULL ? 0 : s->shared->len);
}

int
outq_peek(const struct outq *q, struct iovec *iov, int max)
{
	int n = 0;

	for (struct out_segment *s = q->head; s != NULL && n + 2 <= max; s = s->next) {
		size_t start = s->start;
		if (start < s->len)
			iov[n++] = (struct iovec){s->data + start, s->len - start};
		start = start > s->len ? start - s->len : 0;
		if (s->shared != NULL)
			iov[n++] = (struct iovec){s->shared->p + start, s->shared->len - start};
	}
	return n;
}

void
outq_drop(struct outq *q, struct out_pool *pool, size_t len)
{
	assert(len <= q->len);
	q->len -= len;
	while (q->head != NULL) {
		struct out_segment *s = q->head;
		size_t left = segment_total(s) - s->start;
		if (len < left) {
			s->start += len;
			return;
		}
		len -= left;
		q->head = s->next;
		if (q->head == NULL)
			q->tail = NULL;
		segment_free(pool, s);
	}
	assert(len == 0);
}
