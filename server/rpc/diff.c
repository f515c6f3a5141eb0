#include "server/rpc/diff.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/pb.h"
#include "common/str.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/plan/plan.h"
#include "server/plan/view.h"
#include "server/limits.h"

#define RENAMES_MAX  1000u
#define PLACINGS_MAX 1000u /* told of one ranking */

void
diff_init(struct diff *diff, struct arena *arena, const struct view *old_names,
    const struct view *new_names, uint64_t base)
{
	*diff = (struct diff){
	    .arena = arena, .old_names = old_names, .new_names = new_names, .base = base};
}

/* ---- fields -------------------------------------------------------------------------------------------- */

struct fields {
	struct diff *diff;
	Plumb__V1__FieldDiff **list;
	size_t count;
	size_t cap;
};

/* Doubles an array of pointers in the arena; false, and diff->oom, when that is full. */
static bool
grow(struct diff *diff, void ***list, size_t count, size_t *cap)
{
	size_t larger = *cap == 0 ? 8 : 2 * *cap;
	void **grown;

	if (count < *cap)
		return true;
	grown = arena_array(diff->arena, larger, sizeof *grown);
	if (grown == NULL) {
		diff->oom = true;
		return false;
	}
	if (count > 0)
		memcpy(grown, *list, count * sizeof *grown);
	*list = grown;
	*cap = larger;
	return true;
}

static void
add_field(struct fields *fields, const char *field, const char *old, const char *new)
{
	struct diff *diff = fields->diff;
	Plumb__V1__FieldDiff *message = arena_alloc(diff->arena, sizeof *message);

	if (message == NULL) {
		diff->oom = true;
		return;
	}
	plumb__v1__field_diff__init(message);
	message->field = arena_strdup(diff->arena, field);
	message->old = arena_strdup(diff->arena, old);
	message->new_ = arena_strdup(diff->arena, new);
	if (message->field == NULL || message->old == NULL || message->new_ == NULL) {
		diff->oom = true;
		return;
	}
	if (grow(diff, (void ***)&fields->list, fields->count, &fields->cap))
		fields->list[fields->count++] = message;
}

static const char *
text_of(struct diff *diff, const struct pb_value *value)
{
	struct str text;
	char *copy;

	if (value == NULL)
		return "";
	str_init(&text, LIMIT_ITEM_BYTES + 1);
	pb_value_text(value, &text);
	copy = str_ok(&text) ? arena_strdup(diff->arena, text.data) : NULL;
	str_fini(&text);
	if (copy == NULL) {
		diff->oom = true;
		return "";
	}
	return copy;
}

static bool
on_leaf(void *arg, const char *path, const struct pb_value *old, const struct pb_value *new)
{
	struct fields *fields = arg;

	if (strcmp(path, "id") == 0)
		return true;
	add_field(fields, path, text_of(fields->diff, old), text_of(fields->diff, new));
	return !fields->diff->oom;
}

static void
message_fields(struct fields *fields, const struct item *old, const struct item *new)
{
	struct arena *arena = fields->diff->arena;
	const ProtobufCMessage *before = old != NULL ? codec_decode(old, arena) : NULL;
	const ProtobufCMessage *after = new != NULL ? codec_decode(new, arena) : NULL;
	const ProtobufCMessage *either = before != NULL ? before : after;

	if ((old != NULL && before == NULL) || (new != NULL &&after == NULL)) {
		fields->diff->oom = true;
		return;
	}
	if (either != NULL)
		pb_diff(either->descriptor, before, after, on_leaf, fields);
}

/* ---- rankings: what was placed, told by the fewest moves ------------------------------------------- */

struct order {
	const struct item *old;
	const struct item *new;
	uint32_t *from; /* per place in new: place in old, or SLOT_NONE */
	uint32_t *to;   /* per place in old: place in new, or SLOT_NONE */
	bool *kept;     /* per place in new: is in the longest run that kept its order */
};

static const char *
name_of(struct diff *diff, const struct view *names, uint32_t slot)
{
	const struct item *item = view_item(names, slot);
	const char *name = item == NULL ? NULL
					: arena_printf(diff->arena, "%s/%.*s",
					      kind_name(item->kind), item->id_len, item_id(item));

	if (name == NULL)
		diff->oom = true;
	return name != NULL ? name : "";
}

/* The entry of the new side that carries on an entry of the old one; follows renames. NULL if it has none. */
static const struct item *
successor(const struct diff *diff, const struct item *old)
{
	const struct item *item =
	    view_find(diff->new_names, (enum kind)old->kind, item_id(old), old->id_len);

	for (unsigned i = 0; item != NULL && (item->flags & ITEM_RENAMED) != 0 && i < RENAMES_MAX;
	     i++)
		item = view_item(diff->new_names, item->refs[0].slot);
	return item;
}

static uint32_t
refs_of(const struct item *ranking)
{
	return ranking != NULL ? ranking->refs_count : 0;
}

struct place {
	uint32_t slot;
	uint32_t at;
};

static int
by_slot(const void *a, const void *b)
{
	const struct place *x = a;
	const struct place *y = b;

	return x->slot < y->slot ? -1 : x->slot > y->slot;
}

static bool
match_places(struct diff *diff, struct order *order)
{
	uint32_t old_count = refs_of(order->old);
	uint32_t new_count = refs_of(order->new);
	struct place *places = arena_array(diff->arena, new_count + 1, sizeof *places);

	order->from = arena_array(diff->arena, new_count + 1, sizeof *order->from);
	order->kept = arena_array(diff->arena, new_count + 1, sizeof *order->kept);
	order->to = arena_array(diff->arena, old_count + 1, sizeof *order->to);
	if (places == NULL || order->from == NULL || order->kept == NULL || order->to == NULL)
		return false;
	for (uint32_t i = 0; i < new_count; i++) {
		places[i] = (struct place){order->new->refs[i].slot, i};
		order->from[i] = SLOT_NONE;
	}
	qsort(places, new_count, sizeof *places, by_slot);
	for (uint32_t i = 0; i < old_count; i++) {
		const struct item *old = view_item(diff->old_names, order->old->refs[i].slot);
		const struct item *now = old != NULL ? successor(diff, old) : NULL;
		struct place key = {now != NULL ? now->slot : SLOT_NONE, 0};
		const struct place *found =
		    new_count > 0 ? bsearch(&key, places, new_count, sizeof *places, by_slot)
				  : NULL;

		order->to[i] = found != NULL ? found->at : SLOT_NONE;
		if (found != NULL)
			order->from[found->at] = i;
	}
	return true;
}

/* The longest increasing run of old places (patience sorting). */
static bool
find_kept(struct diff *diff, struct order *order)
{
	uint32_t count = refs_of(order->new);
	uint32_t *tails = arena_array(diff->arena, count + 1, sizeof *tails);
	uint32_t *before = arena_array(diff->arena, count + 1, sizeof *before);
	uint32_t longest = 0;

	if (tails == NULL || before == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t low = 0;
		uint32_t high = longest;

		if (order->from[i] == SLOT_NONE)
			continue;
		while (low < high) {
			uint32_t middle = (low + high) / 2;

			if (order->from[tails[middle]] < order->from[i])
				low = middle + 1;
			else
				high = middle;
		}
		before[i] = low > 0 ? tails[low - 1] : SLOT_NONE;
		tails[low] = i;
		if (low == longest)
			longest++;
	}
	for (uint32_t i = longest > 0 ? tails[longest - 1] : SLOT_NONE; i != SLOT_NONE;
	     i = before[i])
		order->kept[i] = true;
	return true;
}

/* 1, 2, 2, 4: those that share a rank have that of the first. */
static uint32_t
rank_at(const struct item *ranking, uint32_t at)
{
	while (at > 0 && ranking->refs[at].amount != 0)
		at--;
	return at + 1;
}

static void
tell_place(struct fields *fields, const struct order *order, uint32_t at)
{
	struct diff *diff = fields->diff;
	const struct item *new = order->new;
	const char *name = name_of(diff, diff->new_names, new->refs[at].slot);
	const char *where = " (last)";
	char old[16] = "";
	char *text;

	if (order->from[at] != SLOT_NONE)
		snprintf(old, sizeof old, "%u", rank_at(order->old, order->from[at]));
	if (new->refs[at].amount != 0)
		where = arena_printf(diff->arena, " (tied with %s)",
		    name_of(diff, diff->new_names, new->refs[at - 1].slot));
	else if (at + 1u < new->refs_count)
		where = arena_printf(diff->arena, " (before %s)",
		    name_of(diff, diff->new_names, new->refs[at + 1].slot));
	text = where != NULL ? arena_printf(diff->arena, "%u%s", rank_at(new, at), where) : NULL;
	if (text == NULL)
		diff->oom = true;
	else
		add_field(fields, name, old, text);
}

static void
tell_unranked(struct fields *fields, const struct order *order)
{
	for (uint32_t i = 0; i < refs_of(order->old) && fields->count < PLACINGS_MAX; i++) {
		char rank[16];

		if (order->to[i] != SLOT_NONE)
			continue;
		snprintf(rank, sizeof rank, "%u", rank_at(order->old, i));
		add_field(fields,
		    name_of(fields->diff, fields->diff->old_names, order->old->refs[i].slot), rank,
		    "");
	}
}

static void
ranking_fields(struct fields *fields, const struct item *old, const struct item *new)
{
	struct order order = {.old = old, .new = new};
	uint32_t count = refs_of(new);

	if (!match_places(fields->diff, &order) || !find_kept(fields->diff, &order)) {
		fields->diff->oom = true;
		return;
	}
	for (uint32_t i = 0; i < count && fields->count < PLACINGS_MAX; i++) {
		if (!order.kept[i])
			tell_place(fields, &order, i);
	}
	tell_unranked(fields, &order);
	if (fields->count > 0)
		return;
	/* Nothing moved: ties were made or broken. */
	for (uint32_t i = 0; i < count && fields->count < PLACINGS_MAX; i++) {
		if (order.from[i] != SLOT_NONE &&
		    old->refs[order.from[i]].amount != new->refs[i].amount)
			tell_place(fields, &order, i);
	}
}

/* ---- entries ------------------------------------------------------------------------------------------- */

static char *
title_of(struct diff *diff, const struct item *item)
{
	char *title = arena_strndup(diff->arena, item_title(item), item->title_len);

	if (title == NULL)
		diff->oom = true;
	return title;
}

static char *
ref_of(struct diff *diff, const struct item *item)
{
	char *ref = arena_printf(
	    diff->arena, "%s/%.*s", kind_name(item->kind), item->id_len, item_id(item));

	if (ref == NULL)
		diff->oom = true;
	return ref;
}

static void
add_entry(struct diff *diff, Plumb__V1__EntryDiff__Action action, const struct item *named,
    const struct item *titled, const struct item *renamed_to, const struct fields *fields)
{
	Plumb__V1__EntryDiff *message = arena_alloc(diff->arena, sizeof *message);

	if (message == NULL) {
		diff->oom = true;
		return;
	}
	plumb__v1__entry_diff__init(message);
	message->action = action;
	message->ref = ref_of(diff, named);
	message->title = title_of(diff, titled);
	if (renamed_to != NULL)
		message->renamed_to = ref_of(diff, renamed_to);
	if (fields != NULL) {
		message->n_fields = fields->count;
		message->fields = fields->list;
	}
	if (!diff->oom && grow(diff, (void ***)&diff->list, diff->count, &diff->cap))
		diff->list[diff->count++] = message;
}

static void
add_changed(struct diff *diff, const struct item *old, const struct item *new)
{
	unsigned marked = new->flags & ~(unsigned)old->flags;
	struct fields fields = {.diff = diff};

	/* What was redacted is not told again. */
	if ((marked & ITEM_REDACTED) != 0) {
		add_entry(diff, PLUMB__V1__ENTRY_DIFF__ACTION__REDACTED, new, new, NULL, NULL);
		return;
	}
	if (new->kind == KIND_RANKING)
		ranking_fields(&fields, old, new);
	else
		message_fields(&fields, old, new);
	if ((marked & ITEM_RETRACTED) != 0)
		add_entry(diff, PLUMB__V1__ENTRY_DIFF__ACTION__RETRACTED, new, new, NULL, &fields);
	else if (fields.count == 0 && (new->flags &ITEM_REDACTED) != 0)
		/* From a log whose past was redacted since: the texts had gone before. */
		add_entry(diff, PLUMB__V1__ENTRY_DIFF__ACTION__REDACTED, new, new, NULL, NULL);
	else if (fields.count > 0)
		add_entry(diff,
		    new->kind == KIND_RANKING ? PLUMB__V1__ENTRY_DIFF__ACTION__PLACED
					      : PLUMB__V1__ENTRY_DIFF__ACTION__CHANGED,
		    new, new, NULL, &fields);
}

static void
add_gone(struct diff *diff, const struct item *old, const struct item *new)
{
	const struct item *now =
	    new != NULL && (new->flags &ITEM_RENAMED) != 0 ? successor(diff, old) : NULL;
	struct fields fields = {.diff = diff};

	if (!item_is_live(now)) {
		add_entry(diff, PLUMB__V1__ENTRY_DIFF__ACTION__REMOVED, old, old, NULL, NULL);
		return;
	}
	message_fields(&fields, old, now);
	add_entry(diff, PLUMB__V1__ENTRY_DIFF__ACTION__RENAMED, old, now, now, &fields);
}

static void
add_created(struct diff *diff, const struct item *old, const struct item *new)
{
	bool by_scenario = (new->flags &ITEM_OVERLAY_NEW) != 0 ||
			   (old != NULL && (old->flags & ITEM_OVERLAID) != 0);
	struct fields fields = {.diff = diff};

	/* Older than the old side, yet not there under this name: it came by a rename. */
	if (new->created_revision <= diff->base && !by_scenario)
		return;
	if (new->kind == KIND_RANKING)
		ranking_fields(&fields, NULL, new);
	else
		message_fields(&fields, NULL, new);
	add_entry(diff,
	    new->kind == KIND_RANKING ? PLUMB__V1__ENTRY_DIFF__ACTION__PLACED
				      : PLUMB__V1__ENTRY_DIFF__ACTION__CREATED,
	    new, new, NULL, &fields);
}

void
diff_add(struct diff *diff, const struct item *old, const struct item *new)
{
	bool was = item_is_live(old);
	bool is = item_is_live(new);

	if (old == new || diff->oom)
		return;
	if (was && is)
		add_changed(diff, old, new);
	else if (was)
		add_gone(diff, old, new);
	else if (is)
		add_created(diff, old, new);
}

/* ---- lists --------------------------------------------------------------------------------------------- */

struct touched {
	uint32_t slot;
	uint32_t op;
};

static int
by_touched(const void *a, const void *b)
{
	const struct touched *x = a;
	const struct touched *y = b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return x->op < y->op ? -1 : x->op > y->op;
}

/* An entry may be changed twice by one set: the first op that touched it leads to the last one's version. */
bool
diff_patch(struct diff *diff, const struct patch *patch, struct err *err)
{
	size_t count;
	const struct patch_op *ops = patch_ops(patch, &count);
	struct touched *touched = arena_array(diff->arena, count + 1, sizeof *touched);
	uint32_t *first = arena_array(diff->arena, count + 1, sizeof *first);
	uint32_t *last = arena_array(diff->arena, count + 1, sizeof *last);

	if (touched == NULL || first == NULL || last == NULL)
		return err_oom(err);
	for (size_t i = 0; i < count; i++)
		touched[i] = (struct touched){ops[i].new->slot, (uint32_t)i};
	qsort(touched, count, sizeof *touched, by_touched);
	for (size_t i = 0; i < count; i++) {
		bool same = i > 0 && touched[i].slot == touched[i - 1].slot;

		first[touched[i].op] = same ? first[touched[i - 1].op] : touched[i].op;
		last[first[touched[i].op]] = touched[i].op;
	}
	for (size_t i = 0; i < count && !diff->oom; i++) {
		if (first[i] == i)
			diff_add(diff, ops[i].old, ops[last[i]].new);
	}
	return diff->oom ? err_oom(err) : true;
}

struct pair {
	const struct item *old;
	const struct item *new;
};

static int
by_name(const void *a, const void *b)
{
	const struct item *x = ((const struct pair *)a)->old != NULL
				   ? ((const struct pair *)a)->old
				   : ((const struct pair *)a)->new;
	const struct item *y = ((const struct pair *)b)->old != NULL
				   ? ((const struct pair *)b)->old
				   : ((const struct pair *)b)->new;

	return ref_compare(x, y);
}

static bool
same_version(const struct item *old, const struct item *new)
{
	if (old == NULL || new == NULL || ((old->flags | new->flags) & ITEM_OVERLAID) != 0)
		return old == new;
	return old->revision == new->revision && old->flags == new->flags;
}

/* The pairs that may differ: counts only where pairs is NULL. */
static size_t
gather(const struct diff *diff, struct pair *pairs)
{
	size_t count = 0;

	for (uint32_t slot = 0; slot < view_slots(diff->new_names); slot++) {
		const struct item *new = view_item(diff->new_names, slot);
		const struct item *old;

		if (new == NULL || (new->flags &ITEM_ABSENT) != 0)
			continue;
		old = view_find(diff->old_names, (enum kind) new->kind, item_id(new), new->id_len);
		if (same_version(old, new))
			continue;
		if (pairs != NULL)
			pairs[count] = (struct pair){old, new};
		count++;
	}
	/* What a scenario made on the old side the new one may never have heard of. */
	for (uint32_t slot = 0; slot < view_slots(diff->old_names); slot++) {
		const struct item *old = view_item(diff->old_names, slot);
		const struct item *new;

		if (old == NULL || (old->flags & ITEM_OVERLAID) == 0)
			continue;
		new = view_find(diff->new_names, (enum kind)old->kind, item_id(old), old->id_len);
		if (new != NULL && (new->flags &ITEM_ABSENT) == 0)
			continue;
		if (pairs != NULL)
			pairs[count] = (struct pair){old, NULL};
		count++;
	}
	return count;
}

bool
diff_views(struct diff *diff, const bool *cancelled, struct err *err)
{
	size_t count = gather(diff, NULL);
	struct pair *pairs = arena_array(diff->arena, count + 1, sizeof *pairs);

	if (pairs == NULL)
		return err_set(err, ERR_LIMIT,
		    "more than a million entries differ; ask for revisions that lie closer");
	gather(diff, pairs);
	qsort(pairs, count, sizeof *pairs, by_name);
	for (size_t i = 0; i < count && !diff->oom; i++) {
		if (i % 256 == 0 && __atomic_load_n(cancelled, __ATOMIC_RELAXED))
			return err_set(err, ERR_CANCELLED, "cancelled");
		diff_add(diff, pairs[i].old, pairs[i].new);
	}
	if (diff->oom)
		return err_set(err, ERR_LIMIT,
		    "the difference is too large for one answer; ask for revisions that lie "
		    "closer");
	return true;
}

static void
invert_fields(Plumb__V1__EntryDiff *entry)
{
	for (size_t i = 0; i < entry->n_fields; i++) {
		char *old = entry->fields[i]->old;

		entry->fields[i]->old = entry->fields[i]->new_;
		entry->fields[i]->new_ = old;
	}
}

void
diff_invert(struct diff *diff)
{
	for (size_t i = 0; i < diff->count; i++) {
		Plumb__V1__EntryDiff *entry = diff->list[i];
		char *ref = entry->ref;

		invert_fields(entry);
		switch (entry->action) {
		case PLUMB__V1__ENTRY_DIFF__ACTION__CREATED:
			entry->action = PLUMB__V1__ENTRY_DIFF__ACTION__REMOVED;
			entry->n_fields = 0;
			break;
		case PLUMB__V1__ENTRY_DIFF__ACTION__REMOVED:
			entry->action = PLUMB__V1__ENTRY_DIFF__ACTION__CREATED;
			break;
		case PLUMB__V1__ENTRY_DIFF__ACTION__RENAMED:
			entry->ref = entry->renamed_to;
			entry->renamed_to = ref;
			break;
		case PLUMB__V1__ENTRY_DIFF__ACTION__RETRACTED:
			entry->action = PLUMB__V1__ENTRY_DIFF__ACTION__CHANGED;
			break;
		default:
			break;
		}
	}
}

void
diff_shorten(struct diff *diff)
{
	for (size_t i = 0; i < diff->count; i++) {
		if (diff->list[i]->action == PLUMB__V1__ENTRY_DIFF__ACTION__CREATED)
			diff->list[i]->n_fields = 0;
	}
}
