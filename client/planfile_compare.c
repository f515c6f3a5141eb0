/*
 * What to do so that the daemon's plan becomes what the files say, and how that reads.
 *
 * Steps of the past that the workspace has not come to yet are change sets of their own; what all steps add up to is
 * compared last, as the present. Every entry is carried forward in memory as if the change sets before were applied.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/planfile_apply_internal.h"
#include "client/planfile_index.h"
#include "client/planfile_rank.h"
#include "common/threeway.h"
#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "common/pb_edit.h"

#define DEPTH_MAX 64 /* of parts within parts; the daemon refuses more than 32 */

/* ---- the text of the difference ----------------------------------------------------------------------------- */

/* Text from a plan, safe for a terminal and on one line; long texts are cut. */
static void
add_safe(struct str *out, const char *text)
{
	size_t shown = 0;

	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f ||
		    ((unsigned char)*text == 0xc2 && (unsigned char)text[1] < 0xa0)) {
			str_add(out, *text == '\n' ? " ⏎ " : "\xef\xbf\xbd");
			text += (unsigned char)*text == 0xc2;
		} else {
			if (++shown > 200 && ((unsigned char)*text & 0xc0) != 0x80) {
				str_add(out, "…");
				return;
			}
			str_add_char(out, *text);
		}
	}
}

static void
add_title(struct str *out, const ProtobufCMessage *entry)
{
	const ProtobufCFieldDescriptor *field;
	const char *title;

	if (entry == NULL)
		return;
	field = protobuf_c_message_descriptor_get_field_by_name(entry->descriptor, "title");
	title = field == NULL ? "" : *(char *const *)pb_field_at(entry, field);
	if (title[0] != '\0') {
		str_add(out, "  ");
		add_safe(out, title);
	}
}

static void
add_value(struct planfile_changes *c, const ProtobufCMessage *holder,
    const ProtobufCFieldDescriptor *field)
{
	struct str text;

	str_init(&text, 65536);
	planfile_field_text(holder, field, &text);
	add_safe(&c->text, text.len > 0 ? text.data : "(nothing)");
	str_fini(&text);
}

/* "due" of "objective.due". */
static const char *
short_path(const struct planfile_kind *kind, const char *path)
{
	size_t len = strlen(kind->body);

	return strncmp(path, kind->body, len) == 0 && path[len] == '.' ? path + len + 1 : path;
}

/* ---- change sets ------------------------------------------------------------------------------------------------ */

static struct planned_set *
begin_set(struct planfile_changes *c, const char *effective, const char *reason)
{
	struct planned_set *set = &c->sets[c->sets_count++];

	set->effective = effective;
	set->reason = reason;
	return set;
}

/* A change at the end of the set, to be filled; NULL when out of memory. */
static struct planned *
add_change(struct planfile_changes *c, struct planned_set *set, struct planfile_place place)
{
	struct planned *grown, *planned;

	if (set->count == set->cap) {
		grown = arena_array(c->arena, set->cap == 0 ? 64 : set->cap * 2, sizeof *grown);
		if (grown == NULL)
			goto oom;
		if (set->count > 0)
			memcpy(grown, set->list, set->count * sizeof *grown);
		set->list = grown;
		set->cap = set->cap == 0 ? 64 : set->cap * 2;
	}
	planned = &set->list[set->count];
	*planned = (struct planned){.place = place};
	planned->change = (Plumb__V1__Change *)pb_new(&plumb__v1__change__descriptor, c->arena);
	if (planned->change == NULL)
		goto oom;
	set->count++;
	return planned;
oom:
	c->oom = true;
	return NULL;
}

static void
add_put(struct planfile_changes *c, struct planned_set *set, const struct planfile_entry *entry,
    struct there *there, ProtobufCMessage *item, ProtobufCMessage *applied)
{
	struct planned *planned = add_change(c, set, entry->place);
	Plumb__V1__Put *put = (Plumb__V1__Put *)pb_new(&plumb__v1__put__descriptor, c->arena);

	if (planned == NULL || put == NULL) {
		c->oom = true;
		return;
	}
	put->item = (Plumb__V1__Item *)item;
	put->applied = (Plumb__V1__Item *)applied;
	planned->change->change_case = PLUMB__V1__CHANGE__CHANGE_PUT;
	planned->change->put = put;
	planned->change->expect_case = there->now == NULL
					   ? PLUMB__V1__CHANGE__EXPECT_EXPECTED_ABSENT
					   : PLUMB__V1__CHANGE__EXPECT_EXPECTED_REVISION;
	planned->change->expected_absent = there->now == NULL;
	planned->entry = entry;
	planned->there = there;
	there->claimed = true;
}

/* ---- one entry ---------------------------------------------------------------------------------------------- */

struct entry_merge {
	struct planfile_changes *c;
	const struct there *there;
	bool kept;
	bool conflict;
	struct str taken; /* lines */
};

/* Who has changed the entry since this source last applied it, where the newest version tells. */
static const char *
other_author(const struct planfile_changes *c, const struct there *there)
{
	bool by_us = strcmp(there->source, c->options.source) == 0 &&
		     there->revision == there->source_revision;

	return by_us ? "others" : there->updated_by;
}

static void
hear_field(void *arg, const struct threeway_field *f)
{
	struct entry_merge *m = arg;
	struct planfile_changes *c = m->c;
	struct str *text = &c->text;
	const char *path = short_path(m->there->kind, f->path);

	if (f->result == THREEWAY_TAKEN || (f->result == THREEWAY_CONFLICT && c->options.force)) {
		struct str swap = c->text;

		/* These lines come under the entry's own, which is not written yet. */
		c->text = m->taken;
		str_addf(&c->text, "-     %s: ", path);
		add_value(c, f->theirs, f->field);
		str_addf(&c->text, "\n+     %s: ", path);
		add_value(c, f->ours, f->field);
		str_add_char(&c->text, '\n');
		m->taken = c->text;
		c->text = swap;
		return;
	}
	if (f->result == THREEWAY_KEPT) {
		m->kept = true;
		c->summary.kept++;
		str_addf(text, "= %s %s stays ", m->there->ref, path);
		add_value(c, f->theirs, f->field);
		str_addf(text, ", changed by %s since; the files say ", other_author(c, m->there));
		add_value(c, f->ours, f->field);
		str_add_char(text, '\n');
		return;
	}
	m->conflict = true;
	c->summary.conflicts++;
	str_addf(text, "! %s %s: the files say ", m->there->ref, path);
	add_value(c, f->ours, f->field);
	str_add(text, ", there it is ");
	add_value(c, f->theirs, f->field);
	if (m->there->base != NULL) {
		str_addf(text, " by %s; before it was ", other_author(c, m->there));
		add_value(c, f->base, f->field);
	} else {
		str_addf(
		    text, " by %s, and these files have never applied it", m->there->updated_by);
	}
	str_add_char(text, '\n');
}

/* The revision of a baseline is the daemon's to say: what the files leave out is what is there. */
static ProtobufCMessage *
with_served_fields(
    struct planfile_changes *c, const struct planfile_entry *entry, struct there *there)
{
	Plumb__V1__Item *copy, *theirs = (Plumb__V1__Item *)there->now,
			       *base = (Plumb__V1__Item *)there->base;

	if (entry->kind != PLUMB__V1__KIND__BASELINE || theirs == NULL ||
	    entry->item->baseline->revision != 0)
		return &entry->item->base;
	copy = (Plumb__V1__Item *)planfile_clone(&entry->item->base, c->arena);
	if (copy == NULL) {
		c->oom = true;
		return &entry->item->base;
	}
	copy->baseline->revision = theirs->baseline->revision;
	if (base != NULL && base->baseline != NULL && base->baseline->revision == 0)
		base->baseline->revision = theirs->baseline->revision;
	return &copy->base;
}

static void
create_item(struct planfile_changes *c, struct planned_set *set, const struct planfile_entry *entry,
    struct there *there)
{
	const char *by =
	    c->options.force || there->claimed ? NULL : there_removed_by(c, entry->ref);

	if (by != NULL) {
		c->summary.conflicts++;
		str_addf(&c->text, "! %s was removed by %s since; the files still have it\n",
		    entry->ref, by);
		return;
	}
	add_put(c, set, entry, there, &entry->item->base, NULL);
	c->summary.created++;
	str_addf(&c->text, "+ %s", entry->ref);
	add_title(&c->text, &entry->item->base);
	str_add_char(&c->text, '\n');
	there->now = there->base = &entry->item->base;
}

static void
merge_item(struct planfile_changes *c, struct planned_set *set, const struct planfile_entry *entry,
    struct there *there)
{
	ProtobufCMessage *ours = with_served_fields(c, entry, there), *merged;
	struct entry_merge m = {.c = c, .there = there};

	if (pb_equal(ours->descriptor, ours, there->now))
		return;
	there_find_base(c, there);
	str_init(&m.taken, 1u << 20);
	merged = threeway_merge(
	    there->base, ours, there->now, c->options.force, c->arena, hear_field, &m);
	if (merged == NULL)
		c->oom = true;
	else if (!m.conflict && !pb_equal(ours->descriptor, merged, there->now)) {
		add_put(c, set, entry, there, merged, m.kept ? ours : NULL);
		c->summary.changed++;
		str_addf(&c->text, "~ %s", entry->ref);
		add_title(&c->text, there->now);
		str_addf(&c->text, "\n%s", m.taken.len > 0 ? m.taken.data : "");
		there->now = merged;
		there->base = ours;
	}
	str_fini(&m.taken);
}

/* Does the record that is there say everything that the files say? What they leave out the daemon has filled in. */
static bool
record_says(const struct planfile_entry *entry, const struct there *there)
{
	const Plumb__V1__Record *ours = entry->record;
	Plumb__V1__Record theirs = *(const Plumb__V1__Record *)there->now;
	int64_t a, b;

	theirs.retracted = false;
	theirs.retracted_reason = ours->retracted_reason;
	if (ours->by[0] == '\0')
		theirs.by = ours->by;
	if (ours->at[0] == '\0' ||
	    (time_or_date_parse(ours->at, &a) && time_or_date_parse(theirs.at, &b) && a == b))
		theirs.at = ours->at;
	return pb_equal(&plumb__v1__record__descriptor, &ours->base, &theirs.base);
}

static void
compare_record(struct planfile_changes *c, struct planned_set *set,
    const struct planfile_entry *entry, struct there *there)
{
	struct planned *planned;
	Plumb__V1__Add *add;

	if (there->now != NULL) {
		if (!((const Plumb__V1__Record *)there->now)->redacted &&
		    !record_says(entry, there)) {
			c->summary.conflicts++;
			str_addf(&c->text,
			    "! %s is there with other content: records don't change; retract it "
			    "and add another id\n",
			    entry->ref);
		}
		return;
	}
	planned = add_change(c, set, entry->place);
	add = (Plumb__V1__Add *)pb_new(&plumb__v1__add__descriptor, c->arena);
	if (planned == NULL || add == NULL) {
		c->oom = true;
		return;
	}
	add->record = entry->record;
	planned->change->change_case = PLUMB__V1__CHANGE__CHANGE_ADD;
	planned->change->add = add;
	planned->entry = entry;
	there->now = &entry->record->base;
	c->summary.records++;
	str_addf(&c->text, "+ %s", entry->ref);
	if (entry->record->about[0] != '\0') {
		str_add(&c->text, "  about ");
		add_safe(&c->text, entry->record->about);
	}
	str_add_char(&c->text, '\n');
}

static void
compare_entry(
    struct planfile_changes *c, struct planned_set *set, const struct planfile_entry *entry)
{
	struct there *there = there_get(c, planfile_kind(entry->kind), entry->ref);

	if (there == NULL)
		return;
	if (entry->record != NULL)
		compare_record(c, set, entry, there);
	else if (there->now == NULL)
		create_item(c, set, entry, there);
	else
		merge_item(c, set, entry, there);
}

/* ---- removals ----------------------------------------------------------------------------------------------- */

static void
remove_item(struct planfile_changes *c, struct planned_set *set, struct there *there,
    struct planfile_place place, bool cascade)
{
	struct planned *planned = add_change(c, set, place);
	Plumb__V1__Remove *remove =
	    (Plumb__V1__Remove *)pb_new(&plumb__v1__remove__descriptor, c->arena);

	if (planned == NULL || remove == NULL) {
		c->oom = true;
		return;
	}
	remove->ref = pb_str(there->ref);
	remove->cascade = cascade;
	planned->change->change_case = PLUMB__V1__CHANGE__CHANGE_REMOVE;
	planned->change->remove = remove;
	planned->change->expect_case = PLUMB__V1__CHANGE__EXPECT_EXPECTED_REVISION;
	planned->there = there;
	c->summary.removed++;
	str_addf(&c->text, "- %s", there->ref);
	add_title(&c->text, there->now);
	str_add_char(&c->text, '\n');
	there->now = NULL;
	there->claimed = true;
}

/* What the entry belongs to: "initiative/x", or NULL. */
static const char *
belongs_to(
    struct planfile_changes *c, const struct planfile_kind *kind, const ProtobufCMessage *entry)
{
	const ProtobufCMessage *holders[2] = {entry, planfile_body(kind, entry)};
	const ProtobufCFieldDescriptor *field;
	const char *text;

	for (size_t h = 0; h < 2; h++) {
		for (unsigned i = 0; holders[h] != NULL && i < holders[h]->descriptor->n_fields;
		     i++) {
			field = &holders[h]->descriptor->fields[i];
			if (!planfile_is_belongs(holders[h]->descriptor, field->name))
				continue;
			text = *(char *const *)pb_field_at(holders[h], field);
			if (text[0] == '\0')
				continue;
			text = planfile_ref_full(
			    kind, holders[h]->descriptor, field->name, text, c->arena);
			if (text == NULL)
				c->oom = true;
			return text;
		}
	}
	return NULL;
}

/* What went with a removed item is gone from what was carried forward, too: rounds, until none is found. */
static void
forget_parts(struct planfile_changes *c)
{
	const struct there *holder;
	const char *ref;
	bool again = true;

	while (again && !c->oom) {
		again = false;
		for (size_t i = 0; i < c->count; i++) {
			if (c->list[i]->now == NULL)
				continue;
			ref = belongs_to(c, c->list[i]->kind, c->list[i]->now);
			holder = ref == NULL ? NULL : there_find(c, ref);
			if (holder == NULL || holder->now != NULL || !holder->claimed)
				continue;
			c->list[i]->now = NULL;
			c->list[i]->claimed = true;
			again = true;
		}
	}
}

/* `remove:` of a dated file. */
static void
remove_stated(struct planfile_changes *c, struct planned_set *set, const struct planfile_step *step)
{
	struct there *there;

	for (size_t i = 0; i < step->removals_count; i++) {
		there = there_find(c, step->removals[i].ref);
		if (there == NULL || there->now == NULL) {
			planfile_fault(c->plan, step->removals[i].place,
			    "%s is not there at that time: nothing to remove",
			    step->removals[i].ref);
			continue;
		}
		remove_item(c, set, there, step->removals[i].place, true);
	}
	if (step->removals_count > 0)
		forget_parts(c);
}

/* How many things the entry is a part of, one in the other. */
static unsigned
part_depth(struct planfile_changes *c, const struct there *there)
{
	unsigned depth = 0;
	const char *holder;

	while (there != NULL && there->now != NULL && depth < DEPTH_MAX) {
		holder = belongs_to(c, there->kind, there->now);
		if (holder == NULL)
			break;
		there = there_find(c, holder);
		depth++;
	}
	return depth;
}

/* An entry of this source that the plan no longer has: to be removed? */
static bool
is_pruned(struct planfile_changes *c, const struct there *there)
{
	if (!c->options.prune) {
		c->summary.left++;
		return false;
	}
	if (there->revision > there->source_revision && !c->options.force) {
		c->summary.conflicts++;
		str_addf(&c->text, "! %s is gone from the files, but %s has changed it since\n",
		    there->ref, there->updated_by);
		return false;
	}
	return true;
}

/* What this source once put there and the plan no longer has. */
static void
prune(struct planfile_changes *c, struct planned_set *set, const struct refmap *fold)
{
	struct there **gone = arena_array(c->arena, c->count + 1, sizeof *gone), *there;
	unsigned *depths = arena_array(c->arena, c->count + 1, sizeof *depths), deepest = 0;
	size_t count = 0;

	if (gone == NULL || depths == NULL) {
		c->oom = true;
		return;
	}
	for (size_t i = 0; i < c->count && !c->oom; i++) {
		there = c->list[i];
		if (there->now == NULL || there->kind->record ||
		    refmap_get(fold, there->ref) != NULL ||
		    strcmp(there->source, c->options.source) != 0 || !is_pruned(c, there))
			continue;
		depths[count] = part_depth(c, there);
		deepest = depths[count] > deepest ? depths[count] : deepest;
		gone[count++] = there;
	}
	/* Parts before what they are a part of: else its cascade takes them first, and they are not there any more. */
	for (unsigned depth = deepest + 1; depth-- > 0;) {
		for (size_t i = 0; i < count && !c->oom; i++) {
			if (depths[i] == depth)
				remove_item(c, set, gone[i],
				    (struct planfile_place){c->options.source, 0, 0},
				    c->options.cascade);
		}
	}
}

/* ---- rankings ----------------------------------------------------------------------------------------------- */

static void
add_place(struct planfile_changes *c, struct planned_set *set,
    const struct planfile_ranking *ranking, const char *ref, const struct rank_move *move)
{
	struct planned *planned =
	    add_change(c, set, move == NULL ? ranking->place : ranking->list[move->index].place);
	Plumb__V1__Place *place =
	    (Plumb__V1__Place *)pb_new(&plumb__v1__place__descriptor, c->arena);

	if (planned == NULL || place == NULL) {
		c->oom = true;
		return;
	}
	place->item = pb_str(ref);
	place->ranking = pb_str(ranking->team);
	if (move == NULL) {
		place->where_case = PLUMB__V1__PLACE__WHERE_UNRANKED;
		place->unranked = true;
	} else if (move->where == RANK_FIRST) {
		place->where_case = PLUMB__V1__PLACE__WHERE_FIRST;
		place->first = true;
	} else if (move->where == RANK_BEFORE) {
		place->where_case = PLUMB__V1__PLACE__WHERE_BEFORE;
		place->before = pb_str(move->anchor);
	} else if (move->where == RANK_AFTER) {
		place->where_case = PLUMB__V1__PLACE__WHERE_AFTER;
		place->after = pb_str(move->anchor);
	} else {
		place->where_case = PLUMB__V1__PLACE__WHERE_TIED_WITH;
		place->tied_with = pb_str(move->anchor);
	}
	planned->change->change_case = PLUMB__V1__CHANGE__CHANGE_PLACE;
	planned->change->place = place;
	c->summary.placed++;
}

static struct rank_item *
their_order(struct planfile_changes *c, const Plumb__V1__RankingList *list, size_t *count)
{
	struct rank_item *items;

	*count = list == NULL ? 0 : list->n_items;
	items = arena_array(c->arena, *count + 1, sizeof *items);
	if (items == NULL)
		c->oom = true;
	for (size_t i = 0; items != NULL && i < *count; i++)
		items[i] = (struct rank_item){list->items[i]->ref, list->items[i]->rank};
	return items;
}

/* Do the initiatives that ours ranks stand in that list as in ours? */
static bool
agrees(struct planfile_changes *c, const Plumb__V1__RankingList *list, const struct rank_item *ours,
    size_t count, struct rank_move **moves, size_t *moves_count)
{
	size_t theirs_count;
	struct rank_item *theirs = their_order(c, list, &theirs_count);

	*moves_count = 0;
	*moves = theirs == NULL
		     ? NULL
		     : rank_moves(theirs, theirs_count, ours, count, c->arena, moves_count);
	if (*moves == NULL)
		c->oom = true;
	return *moves_count == 0;
}

static unsigned
rank_of(const Plumb__V1__RankingList *list, const char *ref)
{
	for (size_t i = 0; list != NULL && i < list->n_items; i++) {
		if (strcmp(list->items[i]->ref, ref) == 0)
			return list->items[i]->rank;
	}
	return 0;
}

static void
tell_move(struct planfile_changes *c, const struct planfile_ranking *ranking,
    const Plumb__V1__RankingList *theirs, const struct rank_move *move)
{
	static const char *const texts[] = {"first", "before ", "behind ", "beside "};
	unsigned rank = rank_of(theirs, move->ref);

	str_addf(&c->text, "> %s%s%s ", ranking->team[0] != '\0' ? "for team/" : "", ranking->team,
	    ranking->team[0] != '\0' ? ":" : "rank");
	str_addf(&c->text, "%s: %s%s", move->ref, texts[move->where],
	    move->anchor == NULL ? "" : strchr(move->anchor, '/') + 1);
	if (rank != 0)
		str_addf(&c->text, " (was %u)\n", rank);
	else
		str_add(&c->text, " (new)\n");
}

static bool
index_ranking(struct refmap *index, const struct planfile_ranking *ranking)
{
	for (size_t i = 0; i < ranking->count; i++) {
		if (!refmap_put(index, ranking->list[i].ref, &ranking->list[i]))
			return false;
	}
	return true;
}

/* What earlier statements of this ranking hold. */
static struct refmap *
ranked_before(struct planfile_changes *c, const struct planfile_ranking *ranking)
{
	struct refmap *index = refmap_new(c->arena);
	const struct planfile_step *step;

	for (size_t i = 0; index != NULL && i < c->plan->steps_count; i++) {
		step = c->plan->steps[i];
		for (size_t j = 0; j < step->rankings_count; j++) {
			if (&step->rankings[j] == ranking)
				return index;
			if (strcmp(step->rankings[j].team, ranking->team) == 0 &&
			    !index_ranking(index, &step->rankings[j]))
				return NULL;
		}
	}
	return index;
}

/*
 * Initiatives that are ranked there, and that the files once ranked (or, pruning, put there) and now leave out. set
 * NULL: only counts them.
 */
static size_t
unrank(struct planfile_changes *c, struct planned_set *set, const struct planfile_ranking *ranking,
    const Plumb__V1__RankingList *theirs, bool prune)
{
	struct refmap *ours = refmap_new(c->arena), *before = ranked_before(c, ranking);
	const struct there *there;
	const char *ref;
	size_t count = 0;

	if (ours == NULL || before == NULL || !index_ranking(ours, ranking)) {
		c->oom = true;
		return 0;
	}
	for (size_t i = 0; theirs != NULL && i < theirs->n_items; i++) {
		ref = theirs->items[i]->ref;
		there = there_find(c, ref);
		if (refmap_get(ours, ref) != NULL || there == NULL || there->now == NULL)
			continue;
		if (refmap_get(before, ref) == NULL &&
		    (!prune || strcmp(there->source, c->options.source) != 0))
			continue;
		count++;
		if (set == NULL)
			continue;
		add_place(c, set, ranking, ref, NULL);
		str_addf(&c->text, "> %s: unranked (was %u)\n", ref, theirs->items[i]->rank);
	}
	return count;
}

/* The order of the files as a list of the daemon's. */
static Plumb__V1__RankingList *
make_list(struct planfile_changes *c, const struct planfile_ranking *ranking,
    const struct rank_item *ours)
{
	Plumb__V1__RankingList *list =
	    (Plumb__V1__RankingList *)pb_new(&plumb__v1__ranking_list__descriptor, c->arena);

	if (list == NULL)
		return NULL;
	list->items = arena_array(c->arena, ranking->count + 1, sizeof *list->items);
	if (list->items == NULL)
		return NULL;
	list->team = pb_str(ranking->team);
	for (; list->n_items < ranking->count; list->n_items++) {
		Plumb__V1__RankedItem *item =
		    (Plumb__V1__RankedItem *)pb_new(&plumb__v1__ranked_item__descriptor, c->arena);

		if (item == NULL)
			return NULL;
		item->ref = pb_str(ours[list->n_items].ref);
		item->rank = ours[list->n_items].rank + 1;
		list->items[list->n_items] = item;
	}
	return list;
}

/* Carries the new order forward. */
static void
take_order(struct planfile_changes *c, const struct planfile_ranking *ranking,
    const struct rank_item *ours)
{
	Plumb__V1__RankingList *list = make_list(c, ranking, ours);
	const char *ref;
	const Plumb__V1__RankingList *theirs = there_ranking(c, ranking->team, &ref);

	if (list == NULL) {
		c->oom = true;
		return;
	}
	for (size_t i = 0; i < c->rankings_count; i++) {
		if (c->rankings[i] == theirs) {
			c->rankings[i] = list;
			return;
		}
	}
	/* No name yet: whoever asks for its history finds none. */
	there_add_ranking(c, list, "");
}

/* Did others move these initiatives since this source last did? Says so, and whether they stay. */
static bool
others_moved(struct planfile_changes *c, const struct planfile_ranking *ranking,
    const struct rank_item *ours, const Plumb__V1__RankingList *theirs, const char *ref)
{
	const Plumb__V1__RankingList *base;
	struct rank_item *there;
	struct rank_move *moves;
	size_t count, there_count;
	const char *what = ranking->team[0] != '\0' ? ranking->team : "the workspace";

	if (c->options.force || ref[0] == '\0' || (base = there_ranking_base(c, ref)) == NULL)
		return false;
	there = their_order(c, theirs, &there_count);
	if (there == NULL || agrees(c, base, there, there_count, &moves, &count))
		return false;
	if (agrees(c, base, ours, ranking->count, &moves, &count)) {
		c->summary.kept++;
		str_addf(
		    &c->text, "= the ranking of %s stays as others have changed it since\n", what);
		return true;
	}
	c->summary.conflicts++;
	str_addf(&c->text,
	    "! the ranking of %s: others have changed it since, and so have the files\n", what);
	return true;
}

static void
compare_ranking(struct planfile_changes *c, struct planned_set *set,
    const struct planfile_ranking *ranking, bool prune)
{
	const char *ref = "";
	const Plumb__V1__RankingList *theirs = there_ranking(c, ranking->team, &ref);
	struct rank_item *ours = arena_array(c->arena, ranking->count + 1, sizeof *ours);
	struct rank_move *moves;
	size_t count;

	if (ours == NULL) {
		c->oom = true;
		return;
	}
	for (size_t i = 0; i < ranking->count; i++)
		ours[i] = (struct rank_item){ranking->list[i].ref, ranking->list[i].group};
	if (agrees(c, theirs, ours, ranking->count, &moves, &count) &&
	    unrank(c, NULL, ranking, theirs, prune) == 0)
		return;
	if (others_moved(c, ranking, ours, theirs, ref))
		return;
	unrank(c, set, ranking, theirs, prune);
	agrees(c, theirs, ours, ranking->count, &moves, &count);
	for (size_t i = 0; i < count && !c->oom; i++) {
		add_place(c, set, ranking, moves[i].ref, &moves[i]);
		tell_move(c, ranking, theirs, &moves[i]);
	}
	take_order(c, ranking, ours);
}

/* ---- steps and the present ---------------------------------------------------------------------------------- */

/* The heading of a change set, before the lines from `before` on that are there already. */
static void
put_heading(struct planfile_changes *c, size_t before, const char *when, const char *reason)
{
	struct str text;

	if (!str_ok(&c->text))
		return;
	str_init(&text, c->text.max);
	str_add_len(&text, c->text.data, before);
	str_addf(&text, "@ %.10s", when);
	if (reason != NULL && reason[0] != '\0') {
		str_add(&text, "  ");
		add_safe(&text, reason);
	}
	str_add_char(&text, '\n');
	str_add(&text, c->text.data + before);
	str_fini(&c->text);
	c->text = text;
}

static void
compare_step(struct planfile_changes *c, const struct planfile_step *step)
{
	struct planned_set *set =
	    begin_set(c, step->effective, step->reason != NULL ? step->reason : c->options.reason);
	size_t before = c->text.len;

	for (size_t i = 0; i < step->count && !c->oom; i++)
		compare_entry(c, set, step->entries[i]);
	for (size_t i = 0; i < step->rankings_count && !c->oom; i++)
		compare_ranking(c, set, &step->rankings[i], false);
	remove_stated(c, set, step);
	if (set->count > 0)
		put_heading(c, before, step->effective, set->reason);
}

/* Takes out of the fold what a step removed, with what belongs to it. */
static void
unfold(struct planfile_changes *c, struct planfile_entry **fold, size_t count,
    const struct planfile_step *step)
{
	struct refmap *gone = refmap_new(c->arena);
	const char *holder;
	const ProtobufCMessage *message;
	bool again = step->removals_count > 0 && gone != NULL;

	for (size_t i = 0; gone != NULL && i < step->removals_count; i++) {
		if (!refmap_put(gone, step->removals[i].ref, &step->removals[i]))
			c->oom = true;
	}
	c->oom |= gone == NULL;
	while (again && !c->oom) {
		again = false;
		for (size_t i = 0; i < count; i++) {
			if (fold[i] == NULL)
				continue;
			message =
			    fold[i]->item != NULL ? &fold[i]->item->base : &fold[i]->record->base;
			holder = belongs_to(c, planfile_kind(fold[i]->kind), message);
			if (refmap_get(gone, fold[i]->ref) == NULL &&
			    (holder == NULL || refmap_get(gone, holder) == NULL))
				continue;
			if (!refmap_put(gone, fold[i]->ref, fold[i]))
				c->oom = true;
			fold[i] = NULL;
			again = true;
		}
	}
}

/* The newest version of every entry that the steps state, in the order of their first statement. */
static struct planfile_entry **
fold_steps(struct planfile_changes *c, struct refmap *index, size_t *count)
{
	const struct planfile *plan = c->plan;
	struct planfile_entry **fold, **slot;
	size_t total = 0;

	for (size_t i = 0; i < plan->steps_count; i++)
		total += plan->steps[i]->count;
	fold = arena_array(c->arena, total + 1, sizeof *fold);
	*count = 0;
	for (size_t i = 0; fold != NULL && i < plan->steps_count; i++) {
		for (size_t j = 0; j < plan->steps[i]->count; j++) {
			struct planfile_entry *entry = plan->steps[i]->entries[j];

			slot = refmap_get(index, entry->ref);
			if (slot == NULL) {
				slot = &fold[(*count)++];
				if (!refmap_put(index, entry->ref, slot))
					return NULL;
			}
			*slot = entry;
		}
		unfold(c, fold, *count, plan->steps[i]);
	}
	return fold;
}

/* The newest statement of each team's ranking. */
static void
compare_rankings(struct planfile_changes *c, struct planned_set *set)
{
	const struct planfile *plan = c->plan;
	const struct planfile_ranking *ranking;
	bool later;

	for (size_t i = 0; i < plan->steps_count; i++) {
		for (size_t j = 0; j < plan->steps[i]->rankings_count; j++) {
			ranking = &plan->steps[i]->rankings[j];
			later = false;
			for (size_t k = i + 1; k < plan->steps_count; k++) {
				for (size_t l = 0; l < plan->steps[k]->rankings_count; l++)
					later |= strcmp(plan->steps[k]->rankings[l].team,
						     ranking->team) == 0;
			}
			if (!later && !c->oom)
				compare_ranking(c, set, ranking, c->options.prune);
		}
	}
}

static void
compare_present(struct planfile_changes *c)
{
	const struct planfile_step *present = planfile_present(c->plan);
	struct planned_set *set = begin_set(
	    c, c->options.effective, present->reason != NULL ? present->reason : c->options.reason);
	struct refmap *index = refmap_new(c->arena), *live = refmap_new(c->arena);
	struct planfile_entry **fold;
	size_t count, before = c->text.len;

	fold = index == NULL || live == NULL ? NULL : fold_steps(c, index, &count);
	if (fold == NULL) {
		c->oom = true;
		return;
	}
	for (size_t i = 0; i < count && !c->oom; i++) {
		if (fold[i] == NULL)
			continue;
		if (!refmap_put(live, fold[i]->ref, fold[i]))
			c->oom = true;
		compare_entry(c, set, fold[i]);
	}
	compare_rankings(c, set);
	prune(c, set, live);
	if (before > 0 && set->count > 0)
		put_heading(
		    c, before, set->effective[0] != '\0' ? set->effective : "now", set->reason);
}

/* Has the workspace come past that time already? */
static bool
is_past(const struct planfile_changes *c, const struct planfile_step *step)
{
	int64_t newest;

	return time_or_date_parse(c->newest, &newest) && step->effective_us <= newest;
}

bool
changes_compare(struct planfile_changes *c, struct err *err)
{
	size_t kept = 0;

	c->sets = arena_array(c->arena, c->plan->steps_count, sizeof *c->sets);
	if (c->sets == NULL)
		return err_oom(err);
	for (size_t i = 0; i + 1 < c->plan->steps_count && !c->oom; i++) {
		if (!is_past(c, c->plan->steps[i]))
			compare_step(c, c->plan->steps[i]);
	}
	compare_present(c);
	if (c->oom || !str_ok(&c->text))
		return err_oom(err);
	for (size_t i = 0; i < c->sets_count; i++) {
		if (c->sets[i].count > 0)
			c->sets[kept++] = c->sets[i];
	}
	c->sets_count = kept;
	c->summary.change_sets = kept;
	if (c->plan->faults_total > 0)
		return err_set(err, ERR_INVALID, "%zu fault%s in the plan", c->plan->faults_total,
		    c->plan->faults_total == 1 ? "" : "s");
	return true;
}
