#include "server/rpc/waiter.h"

#include <assert.h>

void
waiter_add(struct waiters *list, struct waiter *waiter, uint64_t revision)
{
	assert(waiter->list == NULL);
	waiter->list = list;
	waiter->revision = revision;
	waiter->next = NULL;
	waiter->prev = list->last;
	if (list->last != NULL)
		list->last->next = waiter;
	else
		list->first = waiter;
	list->last = waiter;
}

void
waiter_remove(struct waiter *waiter)
{
	struct waiters *list = waiter->list;

	if (list == NULL)
		return;
	if (waiter->prev != NULL)
		waiter->prev->next = waiter->next;
	else
		list->first = waiter->next;
	if (waiter->next != NULL)
		waiter->next->prev = waiter->prev;
	else
		list->last = waiter->prev;
	waiter->list = NULL;
}

/* Those that are due move to a list of their own first: going on may add to the list, or remove others from it. */
void
waiters_wake(struct waiters *list, uint64_t durable, uint64_t taken)
{
	struct waiters due = {NULL, NULL};
	struct waiter *next;

	for (struct waiter *waiter = list->first; waiter != NULL; waiter = next) {
		uint64_t revision = waiter->revision;

		next = waiter->next;
		if (revision > durable && revision <= taken)
			continue;
		waiter_remove(waiter);
		waiter_add(&due, waiter, revision);
	}
	while (due.first != NULL) {
		struct waiter *waiter = due.first;

		waiter_remove(waiter);
		waiter->go_on(waiter);
	}
}
