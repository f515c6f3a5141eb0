#include "server/net/stream_table.h"

#include <assert.h>
#include <stdlib.h>

#define CAP_MIN 8

void
stream_table_fini(struct stream_table *table)
{
	assert(table->count == 0);
	free(table->slots);
}

/* A client's ids are odd; the lowest bit says nothing. */
static size_t
home(const struct stream_table *table, uint32_t id)
{
	return (id >> 1) & (table->cap - 1);
}

static void
place(struct stream_table *table, struct stream_entry *entry)
{
	size_t i = home(table, entry->id);

	while (table->slots[i] != NULL)
		i = (i + 1) & (table->cap - 1);
	table->slots[i] = entry;
}

static bool
grow(struct stream_table *table)
{
	struct stream_table bigger = {.cap = table->cap == 0 ? CAP_MIN : table->cap * 2};

	bigger.slots = calloc(bigger.cap, sizeof(struct stream_entry *));
	if (bigger.slots == NULL)
		return false;
	for (size_t i = 0; i < table->cap; i++) {
		if (table->slots[i] != NULL)
			place(&bigger, table->slots[i]);
	}
	free(table->slots);
	table->slots = bigger.slots;
	table->cap = bigger.cap;
	return true;
}

bool
stream_table_add(struct stream_table *table, struct stream_entry *entry)
{
	if (table->count * 2 >= table->cap && !grow(table))
		return false;
	place(table, entry);
	table->count++;
	return true;
}

struct stream_entry *
stream_table_find(const struct stream_table *table, uint32_t id)
{
	if (table->count == 0)
		return NULL;
	for (size_t i = home(table, id); table->slots[i] != NULL; i = (i + 1) & (table->cap - 1)) {
		if (table->slots[i]->id == id)
			return table->slots[i];
	}
	return NULL;
}

void
stream_table_remove(struct stream_table *table, struct stream_entry *entry)
{
	size_t mask = table->cap - 1;
	size_t gap = home(table, entry->id);

	while (table->slots[gap] != entry) {
		assert(table->slots[gap] != NULL);
		gap = (gap + 1) & mask;
	}
	/* Moves back whoever would no longer be found past the gap. */
	for (size_t i = (gap + 1) & mask; table->slots[i] != NULL; i = (i + 1) & mask) {
		size_t distance = (i - home(table, table->slots[i]->id)) & mask;
		if (distance >= ((i - gap) & mask)) {
			table->slots[gap] = table->slots[i];
			gap = i;
		}
	}
	table->slots[gap] = NULL;
	table->count--;
}
