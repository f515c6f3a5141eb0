/* A journey beside the one that it shall become: which steps change, in what, and which come or go. */
#include <math.h>
#include <string.h>

#include "common/arena.h"
#include "common/pb.h"
#include "common/str.h"
#include "server/plan/kinds.h"
#include "server/rpc/customer_rpc.h"
#include "server/rpc/jobs.h"
#include "server/rpc/journey_internal.h"

static bool
add_difference(struct journey_call *jc, Plumb__V1__StepChange *out, const char *field,
    const char *from, const char *to)
{
	Plumb__V1__StepDifference *d;

	if (from == NULL || to == NULL)
		return false;
	if (strcmp(from, to) == 0)
		return true;
	d = arena_alloc(jc->arena, sizeof *d);
	if (d == NULL)
		return false;
	plumb__v1__step_difference__init(d);
	d->field = pb_str(field);
	d->from = customer_cut(jc->arena, from);
	d->to = customer_cut(jc->arena, to);
	out->differences[out->n_differences++] = d;
	return d->from != NULL && d->to != NULL;
}

static char *
joined(const struct journey_call *jc, char **list, size_t count)
{
	struct str text;
	char *copy;

	str_init(&text, 1u << 18); /* LIMIT_LIST names */
	for (size_t i = 0; i < count; i++)
		str_addf(&text, "%s%s", i > 0 ? ", " : "", list[i]);
	copy = str_ok(&text) ? arena_strdup(jc->arena, text.data) : NULL;
	str_fini(&text);
	return copy;
}

static bool
add_differences(struct journey_call *jc, uint32_t as_is, uint32_t to_be, Plumb__V1__StepChange *out)
{
	Plumb__V1__PathStep from, to;

	plumb__v1__path_step__init(&from);
	plumb__v1__path_step__init(&to);
	out->differences = arena_array(jc->arena, 6, sizeof out->differences[0]);
	return out->differences != NULL && journey_stated(jc, as_is, &from) &&
	       journey_stated(jc, to_be, &to) &&
	       add_difference(jc, out, "title", from.title, to.title) &&
	       add_difference(jc, out, "touchpoint", from.touchpoint, to.touchpoint) &&
	       add_difference(jc, out, "met_by", from.met_by, to.met_by) &&
	       add_difference(jc, out, "judged_by", from.judged_by, to.judged_by) &&
	       add_difference(jc, out, "owners", joined(jc, from.owners, from.n_owners),
		   joined(jc, to.owners, to.n_owners)) &&
	       add_difference(jc, out, "backstage", joined(jc, from.backstage, from.n_backstage),
		   joined(jc, to.backstage, to.n_backstage));
}

/* One of both may be SLOT_NONE. */
static bool
add_change(struct journey_call *jc, uint32_t as_is, uint32_t to_be, Plumb__V1__JourneyTarget *out)
{
	Plumb__V1__StepChange *change;
	struct fared fared;

	if (out->n_changes == LIMIT_JOURNEY_CHANGES) {
		out->more_changes++;
		return true;
	}
	change = arena_alloc(jc->arena, sizeof *change);
	if (change == NULL)
		return false;
	plumb__v1__step_change__init(change);
	out->changes[out->n_changes++] = change;
	change->as_is = customer_ref(jc->arena, &jc->ix, as_is);
	change->to_be = customer_ref(jc->arena, &jc->ix, to_be);
	change->title = customer_title(jc->arena, &jc->ix, to_be != SLOT_NONE ? to_be : as_is);
	if (as_is != SLOT_NONE) {
		journeys_fared_all(&jc->js, as_is, &jc->segments, jc->ix.today, &fared);
		change->value_as_is = (Plumb__V1__Step__ValueState)fared.value_state;
		if (!isnan(fared.emotion)) {
			change->emotion_as_is__case =
			    STATE(STEP_CHANGE__EMOTION_AS_IS__EMOTION_AS_IS);
			change->emotion_as_is = fared.emotion;
		}
	}
	if (to_be != SLOT_NONE) {
		journeys_fared_all(&jc->js, to_be, &jc->segments, jc->ix.today, &fared);
		change->value_to_be = (Plumb__V1__Step__ValueState)fared.value_state;
		if (!isnan(fared.emotion)) {
			change->emotion_to_be__case =
			    STATE(STEP_CHANGE__EMOTION_TO_BE__EMOTION_TO_BE);
			change->emotion_to_be = fared.emotion;
		}
	}
	return change->as_is != NULL && change->to_be != NULL && change->title != NULL &&
	       (as_is == SLOT_NONE || to_be == SLOT_NONE ||
		   add_differences(jc, as_is, to_be, change));
}

static bool
is_replaced(const struct journey_call *jc, uint32_t as_is, uint32_t target)
{
	struct edges in = index_in(&jc->ix, as_is);

	for (uint32_t i = 0; i < in.count; i++) {
		if (in.list[i].role == ROLE_INSTEAD &&
		    journeys_journey_of(&jc->ix, in.list[i].slot) == target)
			return true;
	}
	return false;
}

static bool
fill_changes(struct journey_call *jc, const struct path *as_is, uint32_t target,
    Plumb__V1__JourneyTarget *out)
{
	struct path path;
	bool ok = journeys_path(&jc->js, target, &path);

	out->changes = arena_array(jc->arena, LIMIT_JOURNEY_CHANGES, sizeof out->changes[0]);
	ok = ok && out->changes != NULL;
	for (size_t i = 0; ok && i < path.count; i++) {
		uint32_t step = path.steps[i].step;

		if (step != SLOT_NONE)
			ok =
			    add_change(jc, journeys_target(&jc->ix, step, ROLE_INSTEAD), step, out);
	}
	for (size_t i = 0; ok && i < as_is->count; i++) {
		uint32_t step = as_is->steps[i].step;

		if (step != SLOT_NONE && !is_replaced(jc, step, target))
			ok = add_change(jc, step, SLOT_NONE, out);
	}
	out->not_ordered = ok ? journey_circle(jc, &path) : NULL;
	path_fini(&path);
	return out->not_ordered != NULL;
}

bool
journey_target(struct journey_call *jc, uint32_t journey, const struct path *as_is,
    Plumb__V1__JourneyPath *out)
{
	struct edges in = index_in(&jc->ix, journey);
	struct slots targets = {0};
	bool ok = true;

	for (uint32_t i = 0; ok && i < in.count; i++) {
		uint32_t slot = in.list[i].slot;

		if (in.list[i].role == ROLE_INSTEAD && jc->ix.kinds[slot] == KIND_JOURNEY &&
		    jc->ix.items[slot]->extra == JOURNEY_TO_BE)
			ok = slots_add(&targets, slot);
	}
	slots_by_name(&jc->ix, &targets);
	if (ok && targets.count > 0) {
		struct slots others = {targets.list + 1, targets.count - 1, 0};
		uint32_t target = targets.list[0];

		out->target = arena_alloc(jc->arena, sizeof *out->target);
		ok = out->target != NULL;
		if (ok) {
			plumb__v1__journey_target__init(out->target);
			out->target->ref = customer_ref(jc->arena, &jc->ix, target);
			out->target->title = customer_title(jc->arena, &jc->ix, target);
			ok = out->target->ref != NULL && out->target->title != NULL &&
			     journey_refs(jc, target, ROLE_SHAPED_BY, &out->target->shaped_by,
				 &out->target->n_shaped_by) &&
			     customer_refs(jc->arena, &jc->ix, &others, LIMIT_JOURNEY_LIST,
				 &out->target->others, &out->target->n_others, NULL) &&
			     fill_changes(jc, as_is, target, out->target);
		}
	} else if (ok) {
		ok = journey_note(jc,
		    arena_printf(jc->job->arena,
			"Nobody has said how journey/%.*s shall become: no journey with the state "
			"to_be improves it.",
			jc->ix.items[journey]->id_len, item_id(jc->ix.items[journey])));
	}
	slots_fini(&targets);
	return ok;
}
