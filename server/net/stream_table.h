/*
 * The streams of a connection by id: open addressing, grown by doubling, with deletion that leaves no gaps.
 *
 * Ids count up, so that neighbours seldom collide.
 */
#ifndef SERVER_NET_STREAM_TABLE_H
#define SERVER_NET_STREAM_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/* Lies at the front of what is kept. */
struct stream_entry {
	uint32_t id;
};

struct stream_table {
	struct stream_entry **slots;
	size_t cap; /* a power of two, or 0 */
	size_t count;
};

void stream_table_fini(struct stream_table *table);
/* The id must not be in there. False: out of memory. */
bool stream_table_add(struct stream_table *table, struct stream_entry *entry) MUST_CHECK;
struct stream_entry *stream_table_find(const struct stream_table *table, uint32_t id);
/* It must be in there. */
void stream_table_remove(struct stream_table *table, struct stream_entry *entry);

#endif
