/* Heads of workspaces: an open-addressing table. */
#include "server/store/heads.h"

#include <stdlib.h>
#include <string.h>

#define HEADS_CAP 64

/* By the durable one's number, which stays: the commit thread writes next, while others look. */
static struct head *
find(struct head *slots, size_t cap, uint32_t workspace)
{
	/* Multiplicative, high bits: numbers are handed out one by one. */
	size_t i = (size_t)((workspace * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (cap - 1);

	while (slots[i].durable.workspace != 0 && slots[i].durable.workspace != workspace)
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

bool
heads_init(struct heads *heads, struct err *err)
{
	memset(heads, 0, sizeof *heads);
	heads->slots = calloc(HEADS_CAP, sizeof *heads->slots);
	heads->touched = calloc(HEADS_CAP, sizeof *heads->touched);
	if (!heads->slots || !heads->touched) {
		free(heads->slots);
		free(heads->touched);
		return err_oom(err);
	}
	heads->cap = HEADS_CAP;
	pthread_mutex_init(&heads->lock, NULL);
	return true;
}

void
heads_fini(struct heads *heads)
{
	free(heads->slots);
	free(heads->touched);
	pthread_mutex_destroy(&heads->lock);
}

struct store_head
heads_durable(struct heads *heads, uint32_t workspace)
{
	struct store_head head = {0};

	pthread_mutex_lock(&heads->lock);
	if (workspace != 0)
		head = find(heads->slots, heads->cap, workspace)->durable;
	pthread_mutex_unlock(&heads->lock);
	head.workspace = workspace;
	return head;
}

struct store_head *
heads_copy(struct heads *heads, size_t *count)
{
	struct store_head *out;
	size_t n = 0;

	pthread_mutex_lock(&heads->lock);
	out = calloc(heads->count + 1, sizeof *out);
	for (size_t i = 0; out && i < heads->cap; i++) {
		if (heads->slots[i].durable.revision != 0)
			out[n++] = heads->slots[i].durable;
	}
	pthread_mutex_unlock(&heads->lock);
	*count = n;
	return out;
}

static bool
grow(struct heads *heads)
{
	size_t cap = heads->cap * 2;
	struct head *slots = calloc(cap, sizeof *slots);
	uint32_t *touched = realloc(heads->touched, cap * sizeof *touched);
	struct head *old = heads->slots;

	if (touched)
		heads->touched = touched;
	if (!slots || !touched) {
		free(slots);
		return false;
	}
	for (size_t i = 0; i < heads->cap; i++) {
		if (old[i].durable.workspace != 0)
			*find(slots, cap, old[i].durable.workspace) = old[i];
	}
	pthread_mutex_lock(&heads->lock);
	heads->slots = slots;
	heads->cap = cap;
	pthread_mutex_unlock(&heads->lock);
	free(old);
	return true;
}

struct head *
heads_get(struct heads *heads, uint32_t workspace)
{
	struct head *head = find(heads->slots, heads->cap, workspace);

	if (head->next.workspace == workspace)
		return head;
	if (heads->count + 1 > heads->cap / 2) {
		if (!grow(heads))
			return NULL;
		head = find(heads->slots, heads->cap, workspace);
	}
	pthread_mutex_lock(&heads->lock);
	head->next.workspace = workspace;
	head->durable.workspace = workspace;
	heads->count++;
	pthread_mutex_unlock(&heads->lock);
	return head;
}

void
heads_touch(struct heads *heads, struct head *head)
{
	if (head->touched)
		return;
	head->touched = true;
	heads->touched[heads->touched_count++] = head->next.workspace;
}

void
heads_publish(struct heads *heads)
{
	pthread_mutex_lock(&heads->lock);
	for (size_t i = 0; i < heads->touched_count; i++) {
		struct head *head = find(heads->slots, heads->cap, heads->touched[i]);

		head->durable = head->next;
		head->touched = false;
	}
	heads->touched_count = 0;
	pthread_mutex_unlock(&heads->lock);
}

void
heads_revert(struct heads *heads)
{
	for (size_t i = 0; i < heads->touched_count; i++) {
		struct head *head = find(heads->slots, heads->cap, heads->touched[i]);

		head->next = head->durable;
		head->touched = false;
	}
	heads->touched_count = 0;
}
