/*
 * A view: the plan at one durable revision, shared read-only by analysis.
 *
 * Slots are dense numbers 0..view_slots()-1; a slot may be empty. Iterate them in
 * order; follow item->refs by slot. No locks: everything seen is immutable.
 */
#ifndef SERVER_PLAN_VIEW_H
#define SERVER_PLAN_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/plan/item.h"

struct view;

/* Lays what was not yet durable when the view was taken aside; call first, on the worker. */
bool view_settle(struct view *view);

uint64_t view_revision(const struct view *view);
int64_t view_time(const struct view *view); /* effective time of that revision */
uint32_t view_slots(const struct view *view);
/* NULL for an empty slot; check item_is_live() before use. */
const struct item *view_item(const struct view *view, uint32_t slot);
/* By name; NULL if never used; may be a tombstone or absent. */
const struct item *view_find(
    const struct view *view, enum kind kind, const char *id, size_t id_len);
/* Interned text (authors, sources); "" for 0. */
const char *view_text(const struct view *view, uint32_t text);

/* First reference with that role, or NULL. */
const struct ref *item_ref(const struct item *item, enum role role);
/* The live item behind it, or NULL. */
const struct item *view_ref(const struct view *view, const struct item *item, enum role role);

#endif
