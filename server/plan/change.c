/*
 * One change after the other, and what shows only when all are in.
 *
 * A fault doesn't stop the set: the next changes are looked at too, so that
 * everything that is wrong is said at once; the caller takes it all back.
 */
#include "server/plan/change_internal.h"

#include <string.h>

#include "common/str.h"
#include "server/limits.h"

void
change_apply(struct apply *apply, const void *message)
{
	const Plumb__V1__Change *change = message;

	apply->patch->first_op[apply->change] = (uint32_t)apply->patch->ops_count;
	switch (change->change_case) {
	case PLUMB__V1__CHANGE__CHANGE_PUT:
		apply_put(apply, change);
		break;
	case PLUMB__V1__CHANGE__CHANGE_REMOVE:
		apply_remove(apply, change);
		break;
	case PLUMB__V1__CHANGE__CHANGE_RENAME:
		apply_rename(apply, change);
		break;
	case PLUMB__V1__CHANGE__CHANGE_PLACE:
		apply_place(apply, change);
		break;
	case PLUMB__V1__CHANGE__CHANGE_ADD:
		apply_add(apply, change);
		break;
	case PLUMB__V1__CHANGE__CHANGE_RETRACT:
		apply_retract(apply, change);
		break;
	case PLUMB__V1__CHANGE__CHANGE_REDACT:
		apply_redact(apply, change);
		break;
	default:
		refuse(apply, ERR_INVALID, "change",
		    "is missing: put, remove, rename, place, add, retract or redact");
	}
}

/* What the item is directly contained in, by its first such reference; SLOT_NONE none. */
static uint32_t
container_of(const struct item *item)
{
	for (uint32_t i = 0; i < item->refs_count; i++) {
		enum role role = (enum role)item->refs[i].role;

		if (role == ROLE_PARENT || role == ROLE_MANAGER)
			return item->refs[i].slot;
		if (role == ROLE_PART_OF && kind_is_work(item->kind))
			return item->refs[i].slot;
	}
	return SLOT_NONE;
}

static void
check_contained(struct apply *apply, const struct item *item)
{
	uint32_t at = container_of(item);
	struct str chain;
	char ref[REF_TEXT_LEN];
	unsigned depth = 0;

	if (at == SLOT_NONE)
		return;
	str_init(&chain, 600);
	str_add(&chain, ref_text(item, ref));
	for (; at != SLOT_NONE && depth <= LIMIT_DEPTH; depth++) {
		const struct item *above = slot_item(apply, at);

		if (chain.len + sizeof ref < chain.max)
			str_addf(&chain, " -> %s", ref_text(above, ref));
		if (above == item) {
			refuse(apply, ERR_INVALID, "put.item",
			    "contains itself: %s; take one of these steps out", chain.data);
			break;
		}
		at = item_is_live(above) ? container_of(above) : SLOT_NONE;
	}
	if (depth > LIMIT_DEPTH)
		refuse(apply, ERR_INVALID, "put.item",
		    "%s lies more than %u levels deep, or in a circle: make the tree "
		    "flatter",
		    ref_text(item, ref), LIMIT_DEPTH);
	str_fini(&chain);
}

/* The change that led to op i. */
static size_t
change_of_op(const struct patch *patch, size_t op)
{
	size_t low = 0, high = patch->changes_count;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (patch->first_op[middle] <= op)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void
change_check_end(struct apply *apply)
{
	struct patch *patch = apply->patch;

	ranks_finish(apply);
	if (apply->replay || apply->oom)
		return;
	for (size_t i = 0; i < patch->ops_count; i++) {
		const struct item *new = patch->ops[i].new;

		if (!item_is_live(new) || slot_item(apply, new->slot) != new ||
		    new == patch->ops[i].old)
			continue;
		apply->change = change_of_op(patch, i);
		check_contained(apply, new);
	}
	for (size_t i = 0; i < apply->removed_count; i++) {
		uint32_t slot = apply->removed[i].slot;

		apply->change = apply->removed[i].change;
		if (!item_is_live(slot_item(apply, slot)) &&
		    apply->plan->private[slot].first_in != EDGE_NONE)
			refuse_referred(apply, slot);
	}
}
