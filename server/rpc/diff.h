/*
 * Differences between versions of entries, as plumb.v1.EntryDiff; for dry runs, History and Diff.
 *
 * Any thread; everything is allocated in the arena.
 */
#ifndef SERVER_RPC_DIFF_H
#define SERVER_RPC_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "plumb/v1/plan.pb-c.h"

struct item;
struct patch;
struct view;

struct diff {
	struct arena *arena;
	const struct view *old_names; /* what the slots of old items mean */
	const struct view *new_names;
	uint64_t base; /* revision of the old side */
	Plumb__V1__EntryDiff **list;
	size_t count;
	size_t cap;
	bool oom;
};

void diff_init(struct diff *diff, struct arena *arena, const struct view *old_names,
    const struct view *new_names, uint64_t base);
/*
 * Adds what became of an entry; nothing where nothing did. Either may be NULL, absent or a tombstone. The entry
 * that a rename led to is told of under its old name.
 */
void diff_add(struct diff *diff, const struct item *old, const struct item *new);
/* All that a patch did, in its order; each entry once. names: the plan as it is with the patch (plan_now). */
bool diff_patch(struct diff *diff, const struct patch *patch, struct err *err) MUST_CHECK;
/* Everything that differs, in order of kind and id. The old side must not be of a newer revision. */
bool diff_views(struct diff *diff, const bool *cancelled, struct err *err) MUST_CHECK;
/* Turns the differences round: what leads from new to old. */
void diff_invert(struct diff *diff);
/* Leaves out the fields of created entries; for replies that would be too large. */
void diff_shorten(struct diff *diff);

#endif
