/* Views: taking, settling, reading, giving back. */
#include "server/plan/view.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/plan/plan_internal.h"

/* ---- taking ----------------------------------------------------------------------------------------- */

static size_t
count_hidden(const struct plan *plan)
{
	size_t count = 0;

	for (const struct patch *p = plan->oldest_patch; p != NULL; p = p->newer)
		count += p->ops_count;
	return count;
}

/* The versions to show instead of what is not durable: newest first, so that the oldest wins in the end. */
static void
list_hidden(const struct plan *plan, struct view *view)
{
	for (const struct patch *p = plan->newest_patch; p != NULL; p = p->older) {
		for (size_t i = p->ops_count; i-- > 0;) {
			if (p->ops[i].old != p->ops[i].new)
				view->hidden[view->hidden_count++] =
				    (struct hidden){p->ops[i].old->slot, p->ops[i].old};
		}
	}
}

/* The same for a view of all that was taken: what is undone later may be written in place (see exchange()). */
static void
list_pending(const struct plan *plan, struct view *view)
{
	for (const struct patch *p = plan->oldest_patch; p != NULL; p = p->newer) {
		for (size_t i = 0; i < p->ops_count; i++) {
			uint32_t slot = p->ops[i].new->slot;

			view->hidden[view->hidden_count++] =
			    (struct hidden){slot, view_item(&plan->now, slot)};
		}
	}
	if (plan->oldest_patch == NULL)
		return;
	for (uint32_t slot = plan->oldest_patch->slots_before; slot < plan->now.slots; slot++)
		view->hidden[view->hidden_count++] =
		    (struct hidden){slot, view_item(&plan->now, slot)};
}

/* Texts that came with what is not durable: undoing that gives their places to others. */
static bool
keep_texts(const struct plan *plan, struct view *view)
{
	size_t size = plan->now.texts_count * sizeof *view->texts;

	if (plan->oldest_patch == NULL || plan->oldest_patch->texts_before == plan->now.texts_count)
		return true;
	view->own_texts = malloc(size);
	if (view->own_texts == NULL)
		return false;
	memcpy(view->own_texts, plan->now.texts, size);
	view->texts = view->own_texts;
	return true;
}

static void
view_free(struct view *view)
{
	if (view == NULL)
		return;
	free(view->pages);
	free(view->directory);
	free(view->hidden);
	free(view->own_texts);
	free(view);
}

/* A copy of what the plan's own view leads to; not linked yet. */
static struct view *
view_new(struct plan *plan, size_t hidden)
{
	const struct view *now = &plan->now;
	size_t directory = ((size_t)1 << now->directory_bits) * sizeof *now->directory;
	size_t pages = now->pages_count * sizeof *now->pages;
	struct view *view = table_reserve_retired(plan, 0) ? calloc(1, sizeof *view) : NULL;

	if (view == NULL)
		return NULL;
	*view = *now;
	view->pages = malloc(pages + 1);
	view->directory = malloc(directory);
	view->hidden = malloc(hidden * sizeof *view->hidden + 1);
	if (view->pages == NULL || view->directory == NULL || view->hidden == NULL) {
		view_free(view);
		return NULL;
	}
	if (pages > 0)
		memcpy(view->pages, now->pages, pages);
	memcpy(view->directory, now->directory, directory);
	return view;
}

static struct view *
view_link(struct plan *plan, struct view *view)
{
	view->gen = plan->gen++;
	view->older = plan->newest_view;
	if (plan->newest_view != NULL)
		plan->newest_view->newer = view;
	else
		plan->oldest_view = view;
	plan->newest_view = view;
	return view;
}

struct view *
plan_view(struct plan *plan)
{
	struct view *view = view_new(plan, count_hidden(plan));

	if (view == NULL)
		return NULL;
	list_hidden(plan, view);
	if (plan->oldest_patch != NULL) {
		view->slots = plan->oldest_patch->slots_before;
		view->texts_count = plan->oldest_patch->texts_before;
		view->revision = plan->oldest_patch->revision_before;
		view->time_us = plan->oldest_patch->time_before;
	}
	return view_link(plan, view);
}

struct view *
plan_view_pending(struct plan *plan)
{
	size_t fresh =
	    plan->oldest_patch != NULL ? plan->now.slots - plan->oldest_patch->slots_before : 0;
	struct view *view = view_new(plan, count_hidden(plan) + fresh);

	if (view == NULL)
		return NULL;
	if (!keep_texts(plan, view)) {
		view_free(view);
		return NULL;
	}
	list_pending(plan, view);
	return view_link(plan, view);
}

void
plan_view_release(struct plan *plan, struct view *view)
{
	if (view == NULL)
		return;
	if (view->older != NULL)
		view->older->newer = view->newer;
	else
		plan->oldest_view = view->newer;
	if (view->newer != NULL)
		view->newer->older = view->older;
	else
		plan->newest_view = view->older;
	for (size_t i = 0; i < view->pages_count; i++) {
		if (view->hidden_count > 0 && view->pages[i]->gen == GEN_PRIVATE)
			free(view->pages[i]);
	}
	view_free(view);
	table_sweep(plan);
}

bool
view_settle(struct view *view)
{
	for (size_t i = 0; i < view->hidden_count; i++) {
		uint32_t slot = view->hidden[i].slot;
		struct slot_page **page, *copy;

		if (slot >= view->slots)
			continue;
		page = &view->pages[slot / SLOTS_PER_PAGE];
		if ((*page)->gen != GEN_PRIVATE) {
			copy = malloc(sizeof *copy);
			if (copy == NULL)
				return false;
			memcpy(copy->items, (*page)->items, sizeof copy->items);
			copy->gen = GEN_PRIVATE;
			*page = copy;
		}
		(*page)->items[slot % SLOTS_PER_PAGE] = view->hidden[i].old;
	}
	return true;
}

/* ---- reading ------------------------------------------------------------------------------------------ */

uint64_t
view_revision(const struct view *view)
{
	return view->revision;
}

int64_t
view_time(const struct view *view)
{
	return view->time_us;
}

uint32_t
view_slots(const struct view *view)
{
	return view->slots;
}

const struct item *
view_item(const struct view *view, uint32_t slot)
{
	if (slot >= view->slots)
		return NULL;
	return view->pages[slot / SLOTS_PER_PAGE]->items[slot % SLOTS_PER_PAGE];
}

const struct item *
view_find(const struct view *view, enum kind kind, const char *id, size_t id_len)
{
	uint32_t slot = view_slot(view, kind, id, id_len);

	return slot != SLOT_NONE ? view_item(view, slot) : NULL;
}

const char *
view_text(const struct view *view, uint32_t text)
{
	return text < view->texts_count ? view->texts[text] : "";
}

const struct ref *
item_ref(const struct item *item, enum role role)
{
	for (uint32_t i = 0; i < item->refs_count; i++) {
		if (item->refs[i].role == role)
			return &item->refs[i];
	}
	return NULL;
}

const struct item *
view_ref(const struct view *view, const struct item *item, enum role role)
{
	const struct ref *ref = item_ref(item, role);
	const struct item *target = ref != NULL ? view_item(view, ref->slot) : NULL;

	return item_is_live(target) ? target : NULL;
}
