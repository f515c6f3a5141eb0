#include "server/rpc/state_hash.h"

#include <stdlib.h>

#include "server/plan/kinds.h"
#include "server/plan/view.h"

/* What the plan itself counts as state; how an entry is stored (ITEM_HAS_TAIL) is not. */
#define FLAGS (ITEM_REMOVED | ITEM_RETRACTED | ITEM_REDACTED | ITEM_RENAMED)

static int
by_name(const void *a, const void *b)
{
	return ref_compare(*(const struct item *const *)a, *(const struct item *const *)b);
}

static void
add_number(struct sha256 *h, uint64_t number)
{
	uint8_t bytes[8];

	for (unsigned i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(number >> 8 * i);
	sha256_update(h, bytes, sizeof bytes);
}

static void
add_bytes(struct sha256 *h, const void *p, size_t len)
{
	add_number(h, len);
	sha256_update(h, p, len);
}

static void
add_entry(struct sha256 *h, const struct view *view, const struct item *item)
{
	bool bare = item->kind == KIND_RANKING || (item->flags & ITEM_REMOVED) != 0;
	const uint8_t *sets;
	size_t len;

	add_number(h, item->kind);
	add_bytes(h, item_id(item), item->id_len);
	add_number(h, item->revision);
	add_number(h, item->created_revision);
	add_number(h, item->flags & FLAGS);
	if (!bare) {
		add_bytes(h, item_bytes(item), item->bytes_len);
		sets = item_sets(item, &len);
		if (len > 0)
			add_bytes(h, sets, len);
		return;
	}
	for (unsigned i = 0; i < item->refs_count; i++) {
		const struct item *to = view_item(view, item->refs[i].slot);

		add_bytes(h, to != NULL ? item_id(to) : "", to != NULL ? to->id_len : 0);
		add_number(h, (uint64_t)item->refs[i].amount);
	}
}

static size_t
gather(const struct view *view, const struct item **items)
{
	size_t count = 0;

	for (uint32_t slot = 0; slot < view_slots(view); slot++) {
		const struct item *item = view_item(view, slot);

		if (item == NULL || (item->flags & ITEM_ABSENT) != 0)
			continue;
		if (items != NULL)
			items[count] = item;
		count++;
	}
	return count;
}

bool
state_hash(const struct view *view, const bool *cancelled, uint8_t out[SHA256_LEN], struct err *err)
{
	size_t count = gather(view, NULL);
	const struct item **items = malloc((count + 1) * sizeof *items);
	struct sha256 *h = sha256_new();
	bool ok = items != NULL && h != NULL;

	if (!ok)
		err_oom(err);
	if (ok) {
		gather(view, items);
		qsort(items, count, sizeof *items, by_name);
	}
	for (size_t i = 0; i < count && ok; i++) {
		if (i % 1024 == 0 && cancelled != NULL &&
		    __atomic_load_n(cancelled, __ATOMIC_RELAXED))
			ok = err_set(err, ERR_CANCELLED, "cancelled");
		else
			add_entry(h, view, items[i]);
	}
	if (ok)
		sha256_final(h, out);
	sha256_free(h);
	free(items);
	return ok;
}
