#include "server/plan/part.h"

#include <stdlib.h>
#include <string.h>

#include "server/plan/plan_internal.h"

#define ROLE_BIT(role) (UINT64_C(1) << (role))
#define NAMES_PERSON                                                                               \
	(ROLE_BIT(ROLE_OWNER) | ROLE_BIT(ROLE_MEMBER) | ROLE_BIT(ROLE_WHO) | ROLE_BIT(ROLE_NEED))
/* Following a reference back costs less than an entry does in both plans. */
#define STEPS_PER_ENTRY 8u

enum mark {
	MARK_WHOLE = 1,  /* with its references; else only with what it is part of */
	MARK_JUDGED = 2, /* the change may touch its findings */
	MARK_DOWN = 4,   /* its parts are reached, too */
	MARK_WENT = 8,   /* and were */
};

/* An entry on the way. */
struct place {
	uint32_t slot;
	unsigned marks;
	const struct item *old;
	const struct item *new; /* the same as old where the patch left it */
};

struct walk {
	const struct plan *plan;
	struct place *places; /* as they are found */
	size_t count;
	size_t cap;
	uint32_t *table; /* by slot: number of the place + 1 */
	size_t mask;
	size_t most;
	size_t steps;
	bool over; /* more than most */
	bool oom;
};

/* ---- finding places ------------------------------------------------------------------------------------ */

static size_t
table_at(const struct walk *w, uint32_t slot)
{
	size_t at = slot * UINT64_C(0x9e3779b97f4a7c15) >> 32 & w->mask;

	while (w->table[at] != 0 && w->places[w->table[at] - 1].slot != slot)
		at = (at + 1) & w->mask;
	return at;
}

static bool
grow(struct walk *w)
{
	size_t cap = w->cap == 0 ? 64 : 2 * w->cap;
	struct place *places = realloc(w->places, cap * sizeof *places);
	uint32_t *table = calloc(2 * cap, sizeof *table);

	if (places != NULL)
		w->places = places;
	if (places == NULL || table == NULL) {
		free(table);
		return false;
	}
	free(w->table);
	w->table = table;
	w->cap = cap;
	w->mask = 2 * cap - 1;
	for (size_t i = 0; i < w->count; i++)
		w->table[table_at(w, w->places[i].slot)] = (uint32_t)i + 1;
	return true;
}

/* Marks the entry; true where that was new to it. */
static bool
mark(struct walk *w, uint32_t slot, unsigned marks)
{
	const struct item *item = view_item(&w->plan->now, slot);
	struct place *place;
	size_t at;

	if (w->oom || w->over || item == NULL)
		return false;
	if (w->count == w->cap && !grow(w)) {
		w->oom = true;
		return false;
	}
	at = table_at(w, slot);
	if (w->table[at] == 0) {
		w->over = w->count >= w->most;
		if (w->over)
			return false;
		w->places[w->count++] = (struct place){slot, marks, item, item};
		w->table[at] = (uint32_t)w->count;
		return true;
	}
	place = &w->places[w->table[at] - 1];
	if ((place->marks & marks) == marks)
		return false;
	place->marks |= marks;
	return true;
}

static struct place *
place_of(const struct walk *w, uint32_t slot)
{
	return &w->places[w->table[table_at(w, slot)] - 1];
}

/* ---- references, both ways ------------------------------------------------------------------------------- */

/* Of an entry that counts: what is gone, or withdrawn, refers to nothing any more. */
static uint32_t
refs_count(const struct item *item)
{
	if (!item_is_live(item) || (item->flags & ITEM_RETRACTED) != 0)
		return 0;
	return item_edges(item);
}

/* Marks the targets of roles, before and after. */
static void
mark_targets(struct walk *w, size_t i, uint64_t roles, unsigned marks, int kind)
{
	for (unsigned side = 0; side < 2; side++) {
		const struct item *item = side == 0 ? w->places[i].old : w->places[i].new;

		for (uint32_t r = 0; r < refs_count(item); r++) {
			const struct item *to = view_item(&w->plan->now, item->refs[r].slot);

			if ((roles & ROLE_BIT(item->refs[r].role)) != 0 &&
			    (kind == KIND_NONE || (to != NULL && to->kind == kind)))
				(void)mark(w, item->refs[r].slot, marks);
		}
		if (w->places[i].old == w->places[i].new)
			return;
	}
}

/* Marks those who refer to the slot in roles now; who did so only before is changed itself. */
static void
mark_holders(struct walk *w, uint32_t slot, uint64_t roles, bool records, unsigned marks)
{
	const struct plan *plan = w->plan;

	FOR_EDGES_IN(plan, slot, edge)
	{
		uint32_t from = plan->edges[edge].from;
		const struct item *item = view_item(&plan->now, from);
		uint32_t i = edge - plan->private[from].out;

		w->over |= ++w->steps > w->most * STEPS_PER_ENTRY;
		if (w->over || w->oom)
			return;
		if ((roles & ROLE_BIT(item->refs[i].role)) != 0 &&
		    (records || !kind_is_record(item->kind)))
			(void)mark(w, from, marks);
	}
}

/* ---- what the change touches -------------------------------------------------------------------------------- */

/* Is all the same that others can see of it? */
static bool
looks_same(const struct item *a, const struct item *b)
{
	const unsigned seen = ITEM_ABSENT | ITEM_REMOVED | ITEM_RETRACTED;

	return a->start == b->start && a->finish == b->finish && a->done == b->done &&
	       a->status == b->status && a->extra == b->extra && a->has == b->has &&
	       (a->flags & seen) == (b->flags & seen) && a->every_days == b->every_days &&
	       memcmp(&a->effort, &b->effort, sizeof a->effort) == 0 &&
	       a->refs_count == b->refs_count && a->targets_count == b->targets_count &&
	       memcmp(a->refs, b->refs, a->refs_count * sizeof a->refs[0]) == 0 &&
	       memcmp(item_targets(a), item_targets(b), a->targets_count * sizeof(struct target)) ==
		   0;
}

static void
mark_touched(struct walk *w, const struct patch *patch)
{
	for (size_t i = 0; i < patch->ops_count; i++) {
		const struct patch_op *op = &patch->ops[i];
		uint32_t slot = op->new->slot;

		if (op->old == op->new || op->new->kind == KIND_RANKING)
			continue;
		if (mark(w, slot, MARK_JUDGED | MARK_WHOLE))
			place_of(w, slot)->old = op->old;
	}
	for (size_t i = 0; i < w->count; i++) {
		if (!looks_same(w->places[i].old, w->places[i].new))
			w->places[i].marks |= MARK_DOWN;
	}
}

/* All that is part of what is to be gone down; an entry may be found to be so when others come behind it. */
static void
mark_parts(struct walk *w)
{
	bool more = true;

	while (more && !w->over && !w->oom) {
		more = false;
		for (size_t i = 0; i < w->count; i++) {
			if ((w->places[i].marks & (MARK_DOWN | MARK_WENT)) != MARK_DOWN)
				continue;
			w->places[i].marks |= MARK_WENT;
			mark_holders(w, w->places[i].slot, ROLE_BIT(ROLE_PART_OF), false,
			    MARK_DOWN | MARK_JUDGED | MARK_WHOLE);
			more = true;
		}
	}
}

static bool
was_or_is_missing(const struct place *place)
{
	return !item_is_live(place->old) || !item_is_live(place->new);
}

static void
mark_judged(struct walk *w)
{
	size_t touched = w->count, down;

	mark_parts(w);
	/* Work takes its time from its period: persons are judged by that, too. */
	down = w->count;
	for (size_t i = 0; i < down; i++) {
		if ((w->places[i].marks & MARK_DOWN) != 0)
			mark_holders(w, w->places[i].slot, ROLE_BIT(ROLE_PERIOD), false,
			    MARK_DOWN | MARK_JUDGED | MARK_WHOLE);
	}
	mark_parts(w);
	for (size_t i = 0, all = w->count; i < all; i++) {
		if ((w->places[i].marks & MARK_DOWN) != 0)
			mark_targets(w, i, NAMES_PERSON, MARK_JUDGED | MARK_WHOLE, KIND_PERSON);
	}
	for (size_t i = 0; i < touched; i++) {
		mark_targets(
		    w, i, ROLE_BIT(ROLE_INLINE_UNDER), MARK_JUDGED | MARK_WHOLE, KIND_NONE);
		if (kind_is_record(w->places[i].new->kind))
			mark_targets(
			    w, i, ROLE_BIT(ROLE_ABOUT), MARK_JUDGED | MARK_WHOLE, KIND_NONE);
	}
	for (size_t i = 0; i < down; i++) {
		const struct place *place = &w->places[i];

		if ((place->marks & MARK_DOWN) != 0)
			mark_holders(w, place->slot, UINT64_MAX, was_or_is_missing(place),
			    MARK_JUDGED | MARK_WHOLE);
	}
}

/* ---- what they are judged by ---------------------------------------------------------------------------------- */

static void
mark_needed(struct walk *w)
{
	for (size_t i = 0, judged = w->count; i < judged; i++) {
		const struct place place = w->places[i];

		if ((place.marks & MARK_JUDGED) == 0)
			continue;
		if (place.new->kind == KIND_PERSON)
			mark_holders(w, place.slot, NAMES_PERSON, false, MARK_WHOLE);
		if (place.new->kind == KIND_OBJECTIVE)
			mark_holders(w, place.slot, ROLE_BIT(ROLE_INLINE_UNDER), false, MARK_WHOLE);
		if (was_or_is_missing(&place))
			mark_holders(w, place.slot, ROLE_BIT(ROLE_ABOUT), true, MARK_WHOLE);
	}
	for (size_t i = 0; i < w->count; i++) {
		if ((w->places[i].marks & MARK_WHOLE) != 0)
			mark_targets(w, i, ROLE_BIT(ROLE_PART_OF), MARK_WHOLE, KIND_NONE);
	}
	for (size_t i = 0; i < w->count; i++) {
		if ((w->places[i].marks & MARK_WHOLE) != 0)
			mark_targets(w, i, UINT64_MAX, 0, KIND_NONE);
		else
			mark_targets(w, i, ROLE_BIT(ROLE_PART_OF), 0, KIND_NONE);
	}
}

/* As they were before, whatever the patch makes of them. */
static void
add_fixed(struct walk *w, const uint32_t *slots, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		(void)mark(w, slots[i], MARK_WHOLE);
		if (w->over || w->oom)
			return;
		place_of(w, slots[i])->new = place_of(w, slots[i])->old;
	}
}

/* ---- the two plans ---------------------------------------------------------------------------------------------- */

static int
compare_places(const void *pa, const void *pb)
{
	const struct place *a = pa, *b = pb;

	return a->slot < b->slot ? -1 : a->slot > b->slot;
}

/* Numbers them in the order of the plan, so that they come in the same order in whatever goes through all slots. */
static void
number_places(struct walk *w)
{
	if (w->count > 1)
		qsort(w->places, w->count, sizeof w->places[0], compare_places);
	memset(w->table, 0, (w->mask + 1) * sizeof w->table[0]);
	for (size_t i = 0; i < w->count; i++)
		w->table[table_at(w, w->places[i].slot)] = (uint32_t)i + 1;
}

static uint32_t
number_of(const struct walk *w, uint32_t slot)
{
	return slot == SLOT_NONE ? SLOT_NONE : w->table[table_at(w, slot)] - 1;
}

/* References to what isn't there are those that no local rule follows. */
static bool
is_kept(const struct walk *w, const struct ref *ref, bool whole)
{
	return (whole || ref->role == ROLE_PART_OF) && number_of(w, ref->slot) != SLOT_NONE;
}

static void
copy_behind(const struct walk *w, struct item *copy, const struct item *item)
{
	struct target *targets = (struct target *)(void *)((char *)copy + item_targets_at(copy));
	size_t behind = item->targets_count * sizeof *targets;
	struct item_tail *tail;

	memcpy(targets, item_targets(item), behind);
	for (uint32_t i = 0; i < item->targets_count; i++)
		targets[i].measure = number_of(w, targets[i].measure);
	tail = (struct item_tail *)(void *)(targets + item->targets_count);
	if ((item->flags & ITEM_HAS_TAIL) != 0) {
		*tail = *item_tail(item);
		tail->last_applied_len = 0;
		tail->sets_len = 0;
		behind += sizeof *tail;
	}
	memcpy((char *)targets + behind, item_bytes(item), item->bytes_len);
}

static struct item *
copy_item(const struct walk *w, const struct item *item, uint32_t slot, bool whole)
{
	uint32_t count = refs_count(item), kept = 0;
	size_t size = sizeof *item + count * sizeof item->refs[0] + 8 +
		      item->targets_count * sizeof(struct target) + sizeof(struct item_tail) +
		      item->bytes_len;
	struct item *copy = malloc(size);

	if (copy == NULL)
		return NULL;
	memcpy(copy, item, sizeof *copy);
	for (uint32_t i = 0; i < count; i++) {
		if (!is_kept(w, &item->refs[i], whole))
			continue;
		copy->refs[kept] = item->refs[i];
		copy->refs[kept++].slot = number_of(w, item->refs[i].slot);
	}
	copy->slot = slot;
	copy->refs_count = kept;
	copy_behind(w, copy, item);
	return copy;
}

static struct plan *
lay_plan(const struct walk *w, bool after)
{
	struct plan *plan = plan_new();

	if (plan == NULL)
		return NULL;
	for (size_t i = 0; i < w->count; i++) {
		const struct place *place = &w->places[i];
		struct item *copy = copy_item(w, after ? place->new : place->old, (uint32_t)i,
		    (place->marks & MARK_WHOLE) != 0);

		if (copy == NULL || !table_append(plan, copy)) {
			free(copy);
			plan_free(plan);
			return NULL;
		}
	}
	return plan;
}

static bool
lay(const struct walk *w, struct part *part)
{
	part->before = lay_plan(w, false);
	part->after = lay_plan(w, true);
	part->judged = malloc((w->count + 1) * sizeof part->judged[0]);
	if (part->before == NULL || part->after == NULL || part->judged == NULL)
		return false;
	for (size_t i = 0; i < w->count; i++) {
		if ((w->places[i].marks & MARK_JUDGED) != 0)
			part->judged[part->judged_count++] = (uint32_t)i;
	}
	return true;
}

bool
part_init(struct part *part, const struct plan *plan, const struct patch *patch,
    const uint32_t *also, size_t also_count, size_t most, struct err *err)
{
	struct walk w = {.plan = plan, .most = most};
	bool ok = false;

	memset(part, 0, sizeof *part);
	mark_touched(&w, patch);
	mark_judged(&w);
	mark_needed(&w);
	add_fixed(&w, also, also_count);
	if (w.over) {
		err_set(err, ERR_LIMIT, "more than %zu entries lie around this change", most);
		goto out;
	}
	if (!w.oom && w.count > 0)
		number_places(&w);
	ok = (!w.oom && lay(&w, part)) || err_oom(err);
	if (!ok)
		part_fini(part);
out:
	free(w.places);
	free(w.table);
	return ok;
}

void
part_fini(struct part *part)
{
	plan_free(part->before);
	plan_free(part->after);
	free(part->judged);
	memset(part, 0, sizeof *part);
}
