/*
 * The table of slots and the index of names.
 *
 * Both lie in pages that views share: taking a view moves plan->gen on, and a
 * page that is older than the newest view is copied before it is written. What
 * was replaced is retired and freed once no view is old enough to see it.
 */
#include "server/plan/plan_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto.h"
#include "common/parse.h"
#include "server/limits.h"

/* ---- memory that views may still see ------------------------------------------------------------- */

bool
table_reserve_retired(struct plan *plan, size_t more)
{
	size_t need = plan->retired_count + plan->promised + more;
	size_t cap = plan->retired_cap == 0 ? 256 : plan->retired_cap;
	struct retired *ring;

	if (need <= plan->retired_cap)
		return true;
	while (cap < need)
		cap *= 2;
	ring = malloc(cap * sizeof *ring);
	if (ring == NULL)
		return false;
	for (size_t i = 0; i < plan->retired_count; i++)
		ring[i] = plan->retired[(plan->retired_at + i) % plan->retired_cap];
	free(plan->retired);
	plan->retired = ring;
	plan->retired_at = 0;
	plan->retired_cap = cap;
	return true;
}

/* Can one more be retired without allocating? Makes it so. Without views it is freed at once. */
static bool
can_retire(struct plan *plan)
{
	return plan->oldest_view == NULL || table_reserve_retired(plan, 1);
}

/* One more of what settling or undoing the patch at hand will retire. */
static bool
promise(struct plan *plan)
{
	if (!can_retire(plan))
		return false;
	plan->promised++;
	return true;
}

void
table_retire(struct plan *plan, const void *p)
{
	if (p == NULL)
		return;
	if (plan->oldest_view == NULL && plan->retired_count == 0) {
		free((void *)(uintptr_t)p);
		return;
	}
	assert(plan->retired_count < plan->retired_cap);
	plan->retired[(plan->retired_at + plan->retired_count++) % plan->retired_cap] =
	    (struct retired){(void *)(uintptr_t)p, plan->gen};
}

void
table_sweep(struct plan *plan)
{
	while (plan->retired_count > 0) {
		struct retired *r = &plan->retired[plan->retired_at];

		if (plan->oldest_view != NULL && plan->oldest_view->gen < r->gen)
			break;
		free(r->p);
		plan->retired_at = (plan->retired_at + 1) % plan->retired_cap;
		plan->retired_count--;
	}
}

/* Is a page of that generation seen by a view? */
static bool
is_shared(const struct plan *plan, uint64_t gen)
{
	return plan->newest_view != NULL && plan->newest_view->gen >= gen;
}

static struct slot_page *
writable_page(struct plan *plan, size_t i)
{
	struct slot_page *page = plan->now.pages[i], *copy;

	if (!is_shared(plan, page->gen)) {
		page->gen = plan->gen;
		return page;
	}
	copy = can_retire(plan) ? malloc(sizeof *copy) : NULL;
	if (copy == NULL)
		return NULL;
	memcpy(copy, page, sizeof *copy);
	copy->gen = plan->gen;
	plan->now.pages[i] = copy;
	table_retire(plan, page);
	return copy;
}

/* ---- the index: extendible hashing [Fagin et al. 1979] ------------------------------------------- */

static uint64_t
hash_name(const struct view *view, enum kind kind, const char *id, size_t id_len)
{
	char name[ID_MAX_LEN + 64];

	assert(id_len < sizeof name);
	name[0] = (char)kind;
	memcpy(name + 1, id, id_len);
	return siphash(view->hash_key, name, id_len + 1);
}

static bool
is_named(const struct item *item, enum kind kind, const char *id, size_t id_len)
{
	return item->kind == kind && item->id_len == id_len &&
	       memcmp(item_id(item), id, id_len) == 0;
}

static size_t
directory_at(const struct view *view, uint64_t hash)
{
	return view->directory_bits == 0 ? 0 : hash & ((UINT64_C(1) << view->directory_bits) - 1);
}

uint32_t
view_slot(const struct view *view, enum kind kind, const char *id, size_t id_len)
{
	uint64_t hash, tag;
	const struct bucket *bucket;

	if (id_len > ID_MAX_LEN + 8)
		return SLOT_NONE;
	hash = hash_name(view, kind, id, id_len);
	tag = hash >> 32;
	bucket = view->directory[directory_at(view, hash)];
	for (size_t i = tag % BUCKET_ENTRIES;; i = (i + 1) % BUCKET_ENTRIES) {
		uint64_t entry = bucket->entries[i];
		uint32_t slot = (uint32_t)entry - 1;
		const struct item *item;

		if (entry == 0)
			return SLOT_NONE;
		if (entry >> 32 != tag || slot >= view->slots)
			continue;
		item = view->pages[slot / SLOTS_PER_PAGE]->items[slot % SLOTS_PER_PAGE];
		if (item != NULL && is_named(item, kind, id, id_len))
			return slot;
	}
}

static void
bucket_add(struct bucket *bucket, uint64_t hash, uint32_t slot)
{
	size_t i = (hash >> 32) % BUCKET_ENTRIES;

	while (bucket->entries[i] != 0)
		i = (i + 1) % BUCKET_ENTRIES;
	bucket->entries[i] = hash >> 32 << 32 | (slot + 1);
	bucket->count++;
}

static struct bucket *
bucket_new(const struct plan *plan, uint32_t depth)
{
	struct bucket *bucket = calloc(1, sizeof *bucket);

	if (bucket != NULL) {
		bucket->gen = plan->gen;
		bucket->depth = depth;
	}
	return bucket;
}

/* Points every directory entry that led to bucket i's old page to page. */
static void
directory_point(struct view *view, uint64_t hash, uint32_t depth, struct bucket *page)
{
	size_t step = (size_t)1 << depth;

	for (size_t i = hash & (step - 1); i < (size_t)1 << view->directory_bits; i += step)
		view->directory[i] = page;
}

static struct bucket *
writable_bucket(struct plan *plan, uint64_t hash)
{
	struct bucket *bucket = plan->now.directory[directory_at(&plan->now, hash)], *copy;

	if (!is_shared(plan, bucket->gen)) {
		bucket->gen = plan->gen;
		return bucket;
	}
	copy = can_retire(plan) ? malloc(sizeof *copy) : NULL;
	if (copy == NULL)
		return NULL;
	memcpy(copy, bucket, sizeof *copy);
	copy->gen = plan->gen;
	directory_point(&plan->now, hash, copy->depth, copy);
	table_retire(plan, bucket);
	return copy;
}

static bool
directory_double(struct plan *plan)
{
	struct view *now = &plan->now;
	size_t count = (size_t)1 << now->directory_bits;
	struct bucket **grown;

	if (now->directory_bits >= 26)
		return false;
	grown = realloc(now->directory, 2 * count * sizeof *grown);
	if (grown == NULL)
		return false;
	memcpy(grown + count, grown, count * sizeof *grown);
	now->directory = grown;
	now->directory_bits++;
	return true;
}

static bool
bucket_split(struct plan *plan, uint64_t hash)
{
	struct view *now = &plan->now;
	struct bucket *full = now->directory[directory_at(now, hash)];
	struct bucket *low, *high;
	uint32_t depth = full->depth;

	if (!can_retire(plan) || (depth == now->directory_bits && !directory_double(plan)))
		return false;
	low = bucket_new(plan, depth + 1);
	high = bucket_new(plan, depth + 1);
	if (low == NULL || high == NULL) {
		free(low);
		free(high);
		return false;
	}
	for (size_t i = 0; i < BUCKET_ENTRIES; i++) {
		uint32_t slot = (uint32_t)full->entries[i] - 1;
		const struct item *item;
		uint64_t h;

		if (full->entries[i] == 0 || slot >= now->slots)
			continue;
		item = now->pages[slot / SLOTS_PER_PAGE]->items[slot % SLOTS_PER_PAGE];
		h = hash_name(now, item->kind, item_id(item), item->id_len);
		if (h >> 32 != full->entries[i] >> 32)
			continue; /* left over: see index_remove() */
		bucket_add((h >> depth & 1) != 0 ? high : low, h, slot);
	}
	directory_point(now, hash & ~(UINT64_C(1) << depth), depth + 1, low);
	directory_point(now, hash | UINT64_C(1) << depth, depth + 1, high);
	table_retire(plan, full);
	return true;
}

static bool
index_add(struct plan *plan, uint64_t hash, uint32_t slot)
{
	struct view *now = &plan->now;
	struct bucket *bucket;

	while (now->directory[directory_at(now, hash)]->count >= BUCKET_FULL) {
		if (!bucket_split(plan, hash))
			return false;
	}
	bucket = writable_bucket(plan, hash);
	if (bucket == NULL)
		return false;
	bucket_add(bucket, hash, slot);
	return true;
}

/*
 * Takes a name out and closes the gap that it leaves in its probe chain. Without memory for a copy of the page the entry stays:
 * who follows it finds no such slot, or another name in it, and goes on.
 */
static void
index_remove(struct plan *plan, uint64_t hash, uint32_t slot)
{
	struct bucket *bucket = writable_bucket(plan, hash);
	size_t i = (hash >> 32) % BUCKET_ENTRIES, gap;

	if (bucket == NULL)
		return;
	while (bucket->entries[i] != (hash >> 32 << 32 | (slot + 1)))
		i = (i + 1) % BUCKET_ENTRIES;
	gap = i;
	for (;;) {
		size_t home;

		i = (i + 1) % BUCKET_ENTRIES;
		if (bucket->entries[i] == 0)
			break;
		home = (bucket->entries[i] >> 32) % BUCKET_ENTRIES;
		if ((i + BUCKET_ENTRIES - home) % BUCKET_ENTRIES >=
		    (i + BUCKET_ENTRIES - gap) % BUCKET_ENTRIES) {
			bucket->entries[gap] = bucket->entries[i];
			gap = i;
		}
	}
	bucket->entries[gap] = 0;
	bucket->count--;
}

/* ---- slots ---------------------------------------------------------------------------------------- */

static bool
grow_pages(struct plan *plan)
{
	struct view *now = &plan->now;
	struct slot_page *page, **grown;
	size_t cap;

	if (now->slots < now->pages_count * SLOTS_PER_PAGE)
		return true;
	if (now->pages_count == now->pages_cap) {
		cap = now->pages_cap == 0 ? 64 : 2 * now->pages_cap;
		grown = realloc(now->pages, cap * sizeof *grown);
		if (grown == NULL)
			return false;
		now->pages = grown;
		now->pages_cap = cap;
	}
	page = calloc(1, sizeof *page);
	if (page == NULL)
		return false;
	page->gen = plan->gen;
	now->pages[now->pages_count++] = page;
	return true;
}

static bool
grow_private(struct plan *plan)
{
	size_t cap = plan->private_cap;
	struct slot_private *grown;

	if (plan->now.slots < cap)
		return true;
	cap = cap == 0 ? 512 : cap + cap / 2;
	grown = realloc(plan->private, cap * sizeof *grown);
	if (grown == NULL)
		return false;
	plan->private = grown;
	plan->private_cap = cap;
	return true;
}

static bool
grow_rankings(struct plan *plan)
{
	size_t cap = plan->rankings_cap == 0 ? 16 : 2 * plan->rankings_cap;
	uint32_t *grown;

	if (plan->rankings_count < plan->rankings_cap)
		return true;
	grown = realloc(plan->rankings, cap * sizeof *grown);
	if (grown == NULL)
		return false;
	plan->rankings = grown;
	plan->rankings_cap = cap;
	return true;
}

uint32_t
table_slot(struct plan *plan, enum kind kind, const char *id, size_t id_len)
{
	struct view *now = &plan->now;
	uint32_t slot = view_slot(now, kind, id, id_len);
	char name[ID_MAX_LEN + 16];
	struct slot_page *page;
	struct item *stub;

	if (slot != SLOT_NONE)
		return slot;
	if (now->slots >= LIMIT_ENTRIES || id_len >= sizeof name || !grow_pages(plan) ||
	    !grow_private(plan) || (kind == KIND_RANKING && !grow_rankings(plan)))
		return SLOT_NONE;
	page = writable_page(plan, now->slots / SLOTS_PER_PAGE);
	if (page == NULL || !promise(plan))
		return SLOT_NONE;
	memcpy(name, id, id_len);
	name[id_len] = '\0';
	slot = now->slots;
	stub = codec_build_bare(
	    &(struct version){.slot = slot, .kind = kind, .id = name, .flags = ITEM_ABSENT}, NULL,
	    0);
	if (stub == NULL || !index_add(plan, hash_name(now, kind, id, id_len), slot)) {
		free(stub);
		plan->promised--;
		return SLOT_NONE;
	}
	page->items[slot % SLOTS_PER_PAGE] = stub;
	plan->private[slot] = (struct slot_private){EDGE_NONE, EDGE_NONE};
	if (kind == KIND_RANKING)
		plan->rankings[plan->rankings_count++] = slot;
	now->slots++;
	return slot;
}

static void
count_live(struct plan *plan, const struct item *item, uint32_t by)
{
	if (item == NULL || !item_is_live(item))
		return;
	if (kind_is_record(item->kind))
		plan->live_records += by;
	else
		plan->live_items += by;
	if (item->kind == KIND_SCENARIO)
		plan->live_scenarios += by;
}

/*
 * Writes a slot and returns what was there. When it is undone without memory for a copy of the page, in place: every view that
 * shares the page was taken while the patch was not durable, and lays what it shall show over this slot (see list_hidden() and
 * list_pending()), or doesn't reach that far.
 */
static const struct item *
exchange(struct plan *plan, uint32_t slot, const struct item *item)
{
	struct slot_page *page = writable_page(plan, slot / SLOTS_PER_PAGE);
	const struct item *old;

	if (page == NULL)
		page = plan->now.pages[slot / SLOTS_PER_PAGE];
	old = page->items[slot % SLOTS_PER_PAGE];
	__atomic_store_n(&page->items[slot % SLOTS_PER_PAGE], item, __ATOMIC_RELAXED);
	count_live(plan, old, UINT32_MAX); /* one less */
	count_live(plan, item, 1);
	return old;
}

bool
table_expect(struct plan *plan, uint32_t slots)
{
	struct view *now = &plan->now;
	struct bucket **directory;
	unsigned bits = 0;

	assert(now->slots == 0 && now->directory_bits == 0);
	while ((UINT64_C(1) << bits) * (BUCKET_FULL * 2 / 3) < slots)
		bits++;
	if (bits == 0)
		return true;
	directory = calloc((size_t)1 << bits, sizeof *directory);
	if (directory == NULL)
		return false;
	for (size_t i = 0; i < (size_t)1 << bits; i++) {
		directory[i] = bucket_new(plan, bits);
		if (directory[i] != NULL)
			continue;
		while (i-- > 0)
			free(directory[i]);
		free(directory);
		return false;
	}
	free(now->directory[0]);
	free(now->directory);
	now->directory = directory;
	now->directory_bits = bits;
	return true;
}

bool
table_append(struct plan *plan, const struct item *item)
{
	struct view *now = &plan->now;
	uint32_t slot = now->slots;
	struct slot_page *page;

	assert(item->slot == slot && plan->oldest_view == NULL);
	if (slot >= LIMIT_ENTRIES ||
	    view_slot(now, item->kind, item_id(item), item->id_len) != SLOT_NONE ||
	    !grow_pages(plan) || !grow_private(plan) ||
	    (item->kind == KIND_RANKING && !grow_rankings(plan)))
		return false;
	page = now->pages[slot / SLOTS_PER_PAGE];
	page->items[slot % SLOTS_PER_PAGE] = item;
	if (!index_add(plan, hash_name(now, item->kind, item_id(item), item->id_len), slot)) {
		page->items[slot % SLOTS_PER_PAGE] = NULL;
		return false;
	}
	plan->private[slot] = (struct slot_private){EDGE_NONE, EDGE_NONE};
	if (item->kind == KIND_RANKING)
		plan->rankings[plan->rankings_count++] = slot;
	now->slots++;
	count_live(plan, item, 1);
	return true;
}

void
table_drop_slots(struct plan *plan, uint32_t count)
{
	struct view *now = &plan->now;

	while (now->slots > count) {
		uint32_t slot = now->slots - 1;
		const struct item *stub = exchange(plan, slot, NULL);

		assert(
		    (stub->flags & ITEM_ABSENT) != 0 && plan->private[slot].first_in == EDGE_NONE);
		index_remove(plan, hash_name(now, stub->kind, item_id(stub), stub->id_len), slot);
		if (stub->kind == KIND_RANKING)
			plan->rankings_count--;
		table_retire(plan, stub);
		now->slots--;
	}
}

/* ---- edges: who refers to a slot ------------------------------------------------------------------ */

static unsigned
run_class(uint32_t len)
{
	unsigned bits;

	if (len <= 16)
		return len - 1;
	bits = 32 - (unsigned)__builtin_clz(len - 1);
	return 16 + bits - 5;
}

static uint32_t
run_len(uint32_t len)
{
	return len <= 16 ? len : UINT32_C(1) << (32 - __builtin_clz(len - 1));
}

/* Is a run of that length there or to be had without allocating? Makes it so. */
static bool
reserve_run(struct plan *plan, uint32_t len)
{
	uint32_t need, cap;
	struct edge *grown;

	if (len == 0 || plan->runs[run_class(len)] != EDGE_NONE)
		return true;
	need = run_len(len);
	if (plan->edges_cap - plan->edges_used >= need)
		return true;
	cap = plan->edges_cap + plan->edges_cap / 2;
	if (cap < plan->edges_used + need)
		cap = plan->edges_used + need + 1024;
	if (cap >= EDGE_NONE / 2)
		return false;
	grown = realloc(plan->edges, cap * sizeof *grown);
	if (grown == NULL)
		return false;
	plan->edges = grown;
	plan->edges_cap = cap;
	return true;
}

static uint32_t
take_run(struct plan *plan, uint32_t len)
{
	uint32_t *free_list = &plan->runs[run_class(len)];
	uint32_t run = *free_list;

	if (run != EDGE_NONE) {
		*free_list = plan->edges[run].next;
		return run;
	}
	assert(plan->edges_cap - plan->edges_used >= run_len(len));
	run = plan->edges_used;
	plan->edges_used += run_len(len);
	return run;
}

uint32_t
item_edges(const struct item *item)
{
	if (item->kind == KIND_RANKING || (item->flags & ITEM_REMOVED) != 0)
		return 0;
	return item->refs_count;
}

static void
link_refs(struct plan *plan, const struct item *item)
{
	uint32_t count = item_edges(item), run;

	if (count == 0) {
		plan->private[item->slot].out = EDGE_NONE;
		return;
	}
	run = take_run(plan, count);
	plan->private[item->slot].out = run;
	for (uint32_t i = 0; i < count; i++) {
		struct slot_private *target = &plan->private[item->refs[i].slot];
		struct edge *edge = &plan->edges[run + i];

		*edge = (struct edge){item->slot, target->first_in, EDGE_NONE};
		if (edge->next != EDGE_NONE)
			plan->edges[edge->next].prev = run + i;
		target->first_in = run + i;
	}
}

static void
unlink_refs(struct plan *plan, const struct item *item)
{
	uint32_t count = item_edges(item), run = plan->private[item->slot].out;

	if (count == 0)
		return;
	for (uint32_t i = 0; i < count; i++) {
		struct edge *edge = &plan->edges[run + i];

		if (edge->prev != EDGE_NONE)
			plan->edges[edge->prev].next = edge->next;
		else
			plan->private[item->refs[i].slot].first_in = edge->next;
		if (edge->next != EDGE_NONE)
			plan->edges[edge->next].prev = edge->prev;
	}
	plan->edges[run].next = plan->runs[run_class(count)];
	plan->runs[run_class(count)] = run;
	plan->private[item->slot].out = EDGE_NONE;
}

bool
table_link(struct plan *plan, uint32_t slot)
{
	const struct item *item = view_item(&plan->now, slot);

	if (!reserve_run(plan, item_edges(item)))
		return false;
	link_refs(plan, item);
	return true;
}

/* ---- putting --------------------------------------------------------------------------------------- */

bool
table_reserve(struct plan *plan, uint32_t slot, const struct item *item)
{
	return writable_page(plan, slot / SLOTS_PER_PAGE) != NULL &&
	       reserve_run(plan, item_edges(item)) && promise(plan);
}

const struct item *
table_put(struct plan *plan, uint32_t slot, const struct item *item)
{
	const struct item *old;

	assert(slot < plan->now.slots && item->slot == slot);
	old = exchange(plan, slot, item);
	unlink_refs(plan, old);
	link_refs(plan, item);
	return old;
}

/* ---- texts: authors and sources -------------------------------------------------------------------- */

#define TEXTS_MAX 65536u

static bool
grow_text_index(struct plan *plan)
{
	size_t cap = plan->text_index_cap == 0 ? 64 : 2 * plan->text_index_cap;
	uint32_t *grown = calloc(cap, sizeof *grown);

	if (grown == NULL)
		return false;
	for (uint32_t t = 1; t < plan->now.texts_count; t++) {
		size_t i =
		    siphash(plan->now.hash_key, plan->now.texts[t], strlen(plan->now.texts[t])) %
		    cap;

		while (grown[i] != 0)
			i = (i + 1) % cap;
		grown[i] = t + 1;
	}
	free(plan->text_index);
	plan->text_index = grown;
	plan->text_index_cap = cap;
	return true;
}

static bool
grow_texts(struct plan *plan)
{
	size_t cap = plan->texts_cap == 0 ? 64 : 2 * plan->texts_cap;
	char **grown = can_retire(plan) ? malloc(cap * sizeof *grown) : NULL;

	if (grown == NULL)
		return false;
	if (plan->now.texts != NULL)
		memcpy(grown, plan->now.texts, plan->now.texts_count * sizeof *grown);
	table_retire(plan, plan->now.texts);
	plan->now.texts = grown;
	plan->texts_cap = cap;
	return true;
}

uint32_t
table_text(struct plan *plan, const char *text)
{
	size_t len = strlen(text), i;

	if (len == 0)
		return 0;
	if ((plan->now.texts_count + 1) * 2 > plan->text_index_cap && !grow_text_index(plan))
		return UINT32_MAX;
	i = siphash(plan->now.hash_key, text, len) % plan->text_index_cap;
	for (; plan->text_index[i] != 0; i = (i + 1) % plan->text_index_cap) {
		if (strcmp(plan->now.texts[plan->text_index[i] - 1], text) == 0)
			return plan->text_index[i] - 1;
	}
	if (plan->now.texts_count >= TEXTS_MAX)
		return UINT32_MAX;
	if (plan->now.texts_count == plan->texts_cap && !grow_texts(plan))
		return UINT32_MAX;
	if (!promise(plan))
		return UINT32_MAX;
	plan->now.texts[plan->now.texts_count] = strdup(text);
	if (plan->now.texts[plan->now.texts_count] == NULL) {
		plan->promised--;
		return UINT32_MAX;
	}
	plan->text_index[i] = plan->now.texts_count + 1;
	return plan->now.texts_count++;
}

void
table_drop_texts(struct plan *plan, uint32_t count)
{
	while (plan->now.texts_count > count) {
		uint32_t t = --plan->now.texts_count;
		const char *text = plan->now.texts[t];
		size_t i = siphash(plan->now.hash_key, text, strlen(text)) % plan->text_index_cap;

		/* The newest text ends its probe chain: nothing was put behind it. */
		while (plan->text_index[i] != t + 1)
			i = (i + 1) % plan->text_index_cap;
		plan->text_index[i] = 0;
		table_retire(plan, text);
		/* A view may share the array and count the text; its own copy of the pointer is the array. */
	}
}

/* ---- begin and end ---------------------------------------------------------------------------------- */

bool
table_init(struct plan *plan)
{
	struct view *now = &plan->now;

	for (size_t i = 0; i < RUN_CLASSES; i++)
		plan->runs[i] = EDGE_NONE;
	plan->gen = 1;
	if (!random_bytes(now->hash_key, sizeof now->hash_key))
		return false;
	now->directory = malloc(sizeof *now->directory);
	if (now->directory == NULL)
		return false;
	now->directory[0] = bucket_new(plan, 0);
	if (now->directory[0] == NULL || !grow_texts(plan))
		return false;
	now->texts[0] = strdup("");
	now->texts_count = 1;
	return now->texts[0] != NULL;
}

void
table_fini(struct plan *plan)
{
	struct view *now = &plan->now;

	assert(plan->oldest_view == NULL);
	table_sweep(plan);
	for (uint32_t i = 0; i < now->slots; i++)
		free((void *)(uintptr_t)now->pages[i / SLOTS_PER_PAGE]->items[i % SLOTS_PER_PAGE]);
	for (size_t i = 0; i < now->pages_count; i++)
		free(now->pages[i]);
	if (now->directory != NULL) {
		for (size_t i = (size_t)1 << now->directory_bits; i-- > 0;) {
			struct bucket *bucket = now->directory[i];

			/* Several entries lead to one page: free it at the lowest of them, when no other is looked at any more. */
			if (bucket != NULL && (i >> bucket->depth) == 0)
				free(bucket);
		}
	}
	for (uint32_t i = 0; i < now->texts_count; i++)
		free(now->texts[i]);
	free(now->texts);
	free(now->directory);
	free(now->pages);
	free(plan->private);
	free(plan->rankings);
	free(plan->edges);
	free(plan->retired);
	free(plan->text_index);
}
