/*
 * Taking, settling and undoing change sets.
 *
 *            plan_apply             plan_settle (durable)
 *   nothing ------------> unsettled ---------------------> settled
 *                             |
 *                             +--> nothing  plan_undo (commit failed, dry run)
 *
 * Patches are settled oldest first and undone newest first. The ops of a patch
 * hold the versions that were there; they are freed when it is settled and no
 * view is old enough to see them.
 */
#include "server/plan/plan.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/pb.h"
#include "plumb/v1/plan.pb-c.h"
#include "server/limits.h"
#include "server/plan/change_internal.h"

struct plan *
plan_new(void)
{
	struct plan *plan = calloc(1, sizeof *plan);

	if (plan != NULL && !table_init(plan)) {
		table_fini(plan);
		free(plan);
		return NULL;
	}
	return plan;
}

void
plan_free(struct plan *plan)
{
	if (plan == NULL)
		return;
	while (plan->newest_patch != NULL)
		plan_undo(plan, plan->newest_patch);
	table_fini(plan);
	free(plan);
}

uint64_t
plan_revision(const struct plan *plan)
{
	return plan->now.revision;
}

uint64_t
plan_durable(const struct plan *plan)
{
	return plan->durable;
}

int64_t
plan_time(const struct plan *plan)
{
	return plan->now.time_us;
}

void
plan_sizes(const struct plan *plan, uint32_t *items, uint32_t *records)
{
	*items = plan->live_items;
	*records = plan->live_records;
}

uint32_t
plan_scenarios(const struct plan *plan)
{
	return plan->live_scenarios;
}

const struct view *
plan_now(const struct plan *plan)
{
	return &plan->now;
}

const struct item *
plan_find(const struct plan *plan, enum kind kind, const char *id, size_t id_len)
{
	return view_find(&plan->now, kind, id, id_len);
}

/* ---- patches --------------------------------------------------------------------------------------- */

static struct patch *
patch_new(struct plan *plan, const struct stamp *stamp, size_t changes)
{
	struct patch *patch = calloc(1, sizeof *patch + changes * sizeof patch->first_op[0]);

	if (patch == NULL)
		return NULL;
	patch->plan = plan;
	patch->stamp = *stamp;
	patch->stamp.author = NULL; /* the caller's, and not needed any more */
	patch->revision_before = plan->now.revision;
	patch->time_before = plan->now.time_us;
	patch->slots_before = plan->now.slots;
	patch->texts_before = plan->now.texts_count;
	patch->changes_count = changes;
	return patch;
}

/* A later version of the plan's own entry is a later version of what the scenario shows. */
void
patch_mark(const struct apply *apply, struct item *item, const struct item *old)
{
	bool is_new = item->created_revision == apply->patch->stamp.revision ||
		      (old->flags & ITEM_OVERLAY_NEW) != 0;

	item->flags |= ITEM_OVERLAID | (is_new ? ITEM_OVERLAY_NEW : 0);
	if (old->revision > item->revision)
		item->revision = old->revision;
}

bool
patch_put(struct apply *apply, uint32_t slot, struct item *item)
{
	struct patch *patch = apply->patch;
	struct patch_op *grown;
	size_t cap;

	if (item == NULL) {
		apply->oom = true;
		return false;
	}
	if (apply->overlay)
		patch_mark(apply, item, slot_item(apply, slot));
	if (patch->ops_count == patch->ops_cap) {
		cap = patch->ops_cap == 0 ? 2 : 2 * patch->ops_cap;
		grown = realloc(patch->ops, cap * sizeof *grown);
		if (grown == NULL) {
			free(item);
			apply->oom = true;
			return false;
		}
		patch->ops = grown;
		patch->ops_cap = cap;
	}
	if (!table_reserve(patch->plan, slot, item)) {
		free(item);
		apply->oom = true;
		return false;
	}
	patch->ops[patch->ops_count].old = table_put(patch->plan, slot, item);
	patch->ops[patch->ops_count++].new = item;
	return true;
}

const struct patch_op *
patch_ops(const struct patch *patch, size_t *count)
{
	*count = patch->ops_count;
	return patch->ops;
}

size_t
patch_change_op(const struct patch *patch, size_t change)
{
	assert(change < patch->changes_count);
	return patch->first_op[change];
}

/* Takes everything back that the patch did, newest first. */
static void
patch_roll_back(struct plan *plan, struct patch *patch)
{
	while (patch->ops_count > 0) {
		const struct patch_op *op = &patch->ops[--patch->ops_count];

		if (op->old == op->new)
			continue;
		table_put(plan, op->old->slot, op->old);
		table_retire(plan, op->new);
	}
	table_drop_slots(plan, patch->slots_before);
	table_drop_texts(plan, patch->texts_before);
	plan->now.revision = patch->revision_before;
	plan->now.time_us = patch->time_before;
}

static void
patch_free(struct patch *patch)
{
	free(patch->ops);
	free(patch);
}

void
plan_settle(struct plan *plan, struct patch *patch)
{
	assert(patch == plan->oldest_patch);
	plan->oldest_patch = patch->newer;
	if (patch->newer != NULL)
		patch->newer->older = NULL;
	else
		plan->newest_patch = NULL;
	plan->durable = patch->stamp.revision;
	for (size_t i = 0; i < patch->ops_count; i++) {
		if (patch->ops[i].old != patch->ops[i].new)
			table_retire(plan, patch->ops[i].old);
	}
	plan->promised -= patch->promised;
	patch_free(patch);
	table_sweep(plan);
}

void
plan_undo(struct plan *plan, struct patch *patch)
{
	assert(patch == plan->newest_patch);
	plan->newest_patch = patch->older;
	if (patch->older != NULL)
		patch->older->newer = NULL;
	else
		plan->oldest_patch = NULL;
	patch_roll_back(plan, patch);
	plan->promised -= patch->promised;
	patch_free(patch);
	table_sweep(plan);
}

/* ---- applying --------------------------------------------------------------------------------------- */

/* What is wrong with the set as a whole. */
static void
check_set(const Plumb__V1__ChangeSet *set, struct faults *faults)
{
	if (set->n_changes == 0)
		faults_add(faults, "change_set.changes", "is empty: say what to change");
	if (set->n_changes > LIMIT_CHANGES)
		faults_add(faults, "change_set.changes",
		    "has %zu changes: at most %u; send several change sets", set->n_changes,
		    LIMIT_CHANGES);
	if (strlen(set->reason) > LIMIT_TEXT)
		faults_add(faults, "change_set.reason", "has more than %u bytes", LIMIT_TEXT);
	if (strlen(set->override_reason) > LIMIT_OVERRIDE)
		faults_add(
		    faults, "change_set.override_reason", "has more than %u bytes", LIMIT_OVERRIDE);
	if (strlen(set->idempotency_key) > LIMIT_KEY)
		faults_add(
		    faults, "change_set.idempotency_key", "has more than %u bytes", LIMIT_KEY);
	if (set->source != NULL &&
	    (set->source->name[0] == '\0' || strlen(set->source->name) > LIMIT_SOURCE))
		faults_add(
		    faults, "change_set.source.name", "must have 1 to %u bytes", LIMIT_SOURCE);
}

static bool
check_expected(const struct plan *plan, const Plumb__V1__ChangeSet *set,
    struct plan_conflict *conflict, struct err *err)
{
	if (set->expected_case != PLUMB__V1__CHANGE_SET__EXPECTED_EXPECTED_REVISION ||
	    set->expected_revision == plan->now.revision)
		return true;
	*conflict = (struct plan_conflict){"", set->expected_revision, plan->now.revision};
	return err_set(err, ERR_CONFLICT,
	    "the plan is at revision %" PRIu64 ", not at %" PRIu64
	    ": read it again and repeat the change",
	    plan->now.revision, set->expected_revision);
}

static bool
set_texts(struct apply *apply, const Plumb__V1__ChangeSet *set, const struct stamp *stamp)
{
	apply->author = table_text(apply->plan, stamp->author);
	apply->source = set->source != NULL ? table_text(apply->plan, set->source->name) : 0;
	return apply->author != UINT32_MAX && apply->source != UINT32_MAX;
}

/* Why the set was refused, in err; false always. */
static bool
say_refusal(const struct apply *apply, struct err *err)
{
	struct err first;

	if (apply->oom)
		return err_set(err, ERR_LIMIT, "no memory for this change: try a smaller one");
	if (!faults_none(apply->faults, &first))
		return err_set(
		    err, apply->refused != ERR_OK ? apply->refused : ERR_INVALID, "%s", first.msg);
	return err_set(err, ERR_CONFLICT,
	    "%s is at revision %" PRIu64 ", not at %" PRIu64
	    ": read it again and repeat the change",
	    apply->conflict->ref, apply->conflict->actual, apply->conflict->expected);
}

static void
change_all(struct apply *apply, const Plumb__V1__ChangeSet *set)
{
	for (apply->change = 0; apply->change < set->n_changes && !apply->oom; apply->change++)
		change_apply(apply, set->changes[apply->change]);
	change_check_end(apply);
}

bool
plan_apply(struct plan *plan, const ProtobufCMessage *change_set, const struct stamp *stamp,
    bool replay, struct arena *arena, struct faults *faults, struct plan_conflict *conflict,
    struct patch **out, struct err *err)
{
	const Plumb__V1__ChangeSet *set = (const Plumb__V1__ChangeSet *)change_set;
	struct apply apply = {.plan = plan,
	    .arena = arena,
	    .faults = faults,
	    .conflict = conflict,
	    .replay = replay,
	    .overlay = stamp->overlay};
	size_t promised = plan->promised;

	assert(change_set->descriptor == &plumb__v1__change_set__descriptor);
	assert(stamp->overlay || stamp->revision == plan->now.revision + 1);
	if (!replay) {
		check_set(set, faults);
		if (!faults_none(faults, err) || !check_expected(plan, set, conflict, err))
			return false;
	}
	apply.patch = patch_new(plan, stamp, set->n_changes);
	apply.removed = arena_array(arena, set->n_changes, sizeof *apply.removed);
	if (apply.patch == NULL || apply.removed == NULL) {
		free(apply.patch);
		return err_oom(err);
	}
	apply.patch->stamp.author = stamp->author;
	apply.oom = !set_texts(&apply, set, stamp);
	if (set->scenario[0] != '\0' && !stamp->overlay)
		scenario_take(&apply, set);
	else
		change_all(&apply, set);
	apply.patch->promised = plan->promised - promised;
	apply.patch->stamp.author = NULL;
	if (apply.oom || faults->total > 0 || apply.conflicted) {
		patch_roll_back(plan, apply.patch);
		plan->promised = promised;
		patch_free(apply.patch);
		table_sweep(plan);
		return say_refusal(&apply, err);
	}
	if (!stamp->overlay) {
		plan->now.revision = stamp->revision;
		plan->now.time_us = stamp->time_us;
	}
	apply.patch->older = plan->newest_patch;
	if (plan->newest_patch != NULL)
		plan->newest_patch->newer = apply.patch;
	else
		plan->oldest_patch = apply.patch;
	plan->newest_patch = apply.patch;
	*out = apply.patch;
	return true;
}
