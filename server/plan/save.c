/*
 * A view as bytes, and a plan from them: what snapshots hold.
 *
 * Entries are written as they lie in memory, so that loading is one copy each; the
 * layout number, the size check and the file's checksum keep other builds and damage out.
 *
 *   header | texts: u32 length, bytes | entries in slot order: u32 size, u32 0, bytes padded to 8
 */
#include <stdlib.h>
#include <string.h>

#include "server/limits.h"
#include "server/plan/plan_internal.h"
#include "server/store/snapshot.h"

struct save_header {
	uint32_t item_size; /* sizeof(struct item): another one is another layout */
	uint32_t ref_size;
	uint32_t slots;
	uint32_t texts;
	uint64_t revision;
	int64_t time_us;
};

/* The size of an entry's allocation. */
static size_t
item_size(const struct item *item)
{
	size_t size = (size_t)(item_bytes(item) - (const uint8_t *)item) + item->bytes_len;

	if (item_tail(item) != NULL)
		size += (size_t)item_tail(item)->last_applied_len + item_tail(item)->sets_len;
	return size;
}

static bool
save_blob(struct snapshot_writer *writer, const void *p, size_t len, struct err *err)
{
	static const uint8_t zeros[8];
	uint32_t head[2] = {(uint32_t)len, 0};
	size_t padding = (8 - len % 8) % 8;

	return snapshot_put(writer, head, sizeof head, err) &&
	       (len == 0 || snapshot_put(writer, p, len, err)) &&
	       (padding == 0 || snapshot_put(writer, zeros, padding, err));
}

bool
view_save(const struct view *view, struct snapshot_writer *writer, struct err *err)
{
	struct save_header header = {sizeof(struct item), sizeof(struct ref), view->slots,
	    view->texts_count, view->revision, view->time_us};

	if (!snapshot_put(writer, &header, sizeof header, err))
		return false;
	for (uint32_t i = 1; i < view->texts_count; i++) {
		if (!save_blob(writer, view->texts[i], strlen(view->texts[i]), err))
			return false;
	}
	for (uint32_t i = 0; i < view->slots; i++) {
		const struct item *item = view_item(view, i);

		if (!save_blob(writer, item, item_size(item), err))
			return false;
	}
	return true;
}

struct reader {
	const uint8_t *p;
	size_t left;
};

static const uint8_t *
next_blob(struct reader *reader, size_t *len)
{
	uint32_t head[2];
	size_t padded;
	const uint8_t *blob;

	if (reader->left < sizeof head)
		return NULL;
	memcpy(head, reader->p, sizeof head);
	padded = ((size_t)head[0] + 7) & ~(size_t)7;
	if (reader->left - sizeof head < padded)
		return NULL;
	blob = reader->p + sizeof head;
	*len = head[0];
	reader->p = blob + padded;
	reader->left -= sizeof head + padded;
	return blob;
}

/* Do the lengths inside the entry add up to its size, and do its numbers point at what is there? */
static bool
is_whole(const struct item *item, size_t len, uint32_t slot, const struct save_header *header)
{
	size_t fixed;

	if (len < sizeof *item || item->refs_count > len / sizeof(struct ref) ||
	    item->slot != slot || kind_name(item->kind) == NULL)
		return false;
	fixed = item_targets_at(item) + item->targets_count * sizeof(struct target) +
		((item->flags & ITEM_HAS_TAIL) != 0 ? sizeof(struct item_tail) : 0);
	if (fixed > len || item_size(item) != len || item->created_by >= header->texts ||
	    item->updated_by >= header->texts || item->source >= header->texts ||
	    (size_t)item->id_off + item->id_len > item->bytes_len ||
	    (size_t)item->title_off + item->title_len > item->bytes_len)
		return false;
	for (uint32_t i = 0; i < item->refs_count; i++) {
		if (item->refs[i].slot >= header->slots || item->refs[i].role >= ROLE_COUNT)
			return false;
	}
	return true;
}

static bool
load_texts(struct plan *plan, struct reader *reader, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		size_t len;
		const uint8_t *blob = next_blob(reader, &len);
		char *text = blob != NULL ? strndup((const char *)blob, len) : NULL;
		bool ok = text != NULL && table_text(plan, text) == i;

		free(text);
		if (!ok)
			return false;
	}
	return true;
}

/* First all entries, so that references find their slots; then the references. */
static bool
load_entries(struct plan *plan, struct reader *reader, const struct save_header *header)
{
	size_t len;

	if (header->slots > LIMIT_ENTRIES || !table_expect(plan, header->slots))
		return false;
	for (uint32_t slot = 0; slot < header->slots; slot++) {
		const uint8_t *blob = next_blob(reader, &len);
		struct item *item;

		if (blob == NULL ||
		    !is_whole((const struct item *)(const void *)blob, len, slot, header))
			return false;
		item = malloc(len);
		if (item == NULL)
			return false;
		memcpy(item, blob, len);
		if (!table_append(plan, item)) {
			free(item);
			return false;
		}
	}
	for (uint32_t slot = 0; slot < header->slots; slot++) {
		if (!table_link(plan, slot))
			return false;
	}
	return true;
}

bool
plan_load(struct plan *plan, const uint8_t *payload, size_t len, struct err *err)
{
	struct reader reader = {payload, len};
	struct save_header header;

	if (len < sizeof header)
		return err_set(err, ERR_DATA_LOSS, "the snapshot is too short");
	memcpy(&header, payload, sizeof header);
	reader.p += sizeof header;
	reader.left -= sizeof header;
	if (header.item_size != sizeof(struct item) || header.ref_size != sizeof(struct ref))
		return err_set(err, ERR_DATA_LOSS, "the snapshot has another layout");
	if (header.texts == 0 || !load_texts(plan, &reader, header.texts) ||
	    !load_entries(plan, &reader, &header) || reader.left != 0)
		return err_set(err, ERR_DATA_LOSS, "the snapshot doesn't hold together");
	plan->now.revision = header.revision;
	plan->now.time_us = header.time_us;
	plan->durable = header.revision;
	plan->promised = 0; /* there is nothing to undo */
	return true;
}
