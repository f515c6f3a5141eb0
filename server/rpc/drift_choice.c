/* Drift: which items are looked at, by kind, by name and by what they are called now. */
#include <stdio.h>
#include <stdlib.h>

#include "common/faults.h"
#include "server/limits.h"
#include "server/plan/kinds.h"
#include "server/plan/view.h"
#include "server/rpc/drift_internal.h"
#include "server/rpc/jobs.h"

#define RENAMES_MAX 1000u
#define BELONGS     (2 * LIMIT_DEPTH)

/* Records and what runs the plan do not drift, nor do people: but for what fields of theirs are in the table. */
bool
drift_is_told_of(unsigned kind)
{
	return kind != KIND_RANKING && !kind_is_record(kind) && kind != KIND_CUSTOMER &&
	       (kind < KIND_BASELINE || kind > KIND_AUDIT_ANCHOR) && kind != KIND_SCENARIO;
}

const struct item *
drift_above(const struct view *view, const struct item *item)
{
	static const enum role roles[] = {ROLE_PART_OF, ROLE_PARENT, ROLE_IN, ROLE_INLINE_UNDER};

	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
		const struct item *up = view_ref(view, item, roles[i]);

		if (up != NULL)
			return up;
	}
	return NULL;
}

bool
drift_is_chosen(const struct view *view, const bool *chosen, const struct item *item)
{
	for (unsigned i = 0; item != NULL && i < BELONGS; i++) {
		if (chosen[item->slot])
			return true;
		item = drift_above(view, item);
	}
	return false;
}

bool
drift_is_asked_about(const struct drift_call *dc, const struct item *old, const struct item *now)
{
	if (dc->chosen_now == NULL)
		return true;
	return (now != NULL && drift_is_chosen(dc->now, dc->chosen_now, now)) ||
	       (old != NULL && drift_is_chosen(dc->then, dc->chosen_then, old));
}

const struct item *
drift_successor(const struct drift_call *dc, const struct item *item)
{
	for (unsigned i = 0; item != NULL && (item->flags & ITEM_RENAMED) != 0 && i < RENAMES_MAX;
	     i++)
		item = view_item(dc->now, item->refs[0].slot);
	return item_is_live(item) ? item : NULL;
}

const struct item *
drift_find_then(const struct drift_call *dc, const struct item *now)
{
	const struct item *old =
	    view_find(dc->then, (enum kind)now->kind, item_id(now), now->id_len);

	return item_is_live(old) ? old : NULL;
}

static bool
choose(struct drift_call *dc, const char *ref, size_t i, struct err *err)
{
	const struct item *then, *now;
	enum kind kind;
	const char *id;
	size_t len;
	char field[32];

	snprintf(field, sizeof field, "refs[%zu]", i);
	if (!ref_parse(ref, KIND_NONE, &kind, &id, &len) || !drift_is_told_of(kind)) {
		faults_add(dc->job->faults, field,
		    "'%.100s' is nothing that drifts; name an item of the plan, for example "
		    "\"initiative/portal\"",
		    ref);
		return faults_none(dc->job->faults, err);
	}
	then = view_find(dc->then, kind, id, len);
	now = view_find(dc->now, kind, id, len);
	if (!item_is_live(then) && !item_is_live(now))
		return err_set(err, ERR_NOT_FOUND, "there is no %.150s, neither then nor now", ref);
	now = drift_successor(dc, now);
	if (now != NULL)
		dc->chosen_now[now->slot] = true;
	if (item_is_live(then))
		dc->chosen_then[then->slot] = true;
	return true;
}

bool
drift_choose(struct drift_call *dc, struct err *err)
{
	const Plumb__V1__DriftRequest *request = dc->request;

	if (request->n_refs == 0)
		return true;
	dc->chosen_then = calloc((size_t)view_slots(dc->then) + 1, 1);
	dc->chosen_now = calloc((size_t)view_slots(dc->now) + 1, 1);
	if (dc->chosen_then == NULL || dc->chosen_now == NULL)
		return err_oom(err);
	for (size_t i = 0; i < request->n_refs; i++) {
		if (!choose(dc, request->refs[i], i, err))
			return false;
	}
	return true;
}
