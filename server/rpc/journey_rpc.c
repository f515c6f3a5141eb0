/* plumb.v1.Insight.Journey: the way of customers through their steps. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "common/str.h"
#include "plumb/v1/insight.pb-c.h"
#include "plumb/v1/item.pb-c.h"
#include "server/insight/check/words.h"
#include "server/insight/customer/journeys.h"
#include "server/limits.h"
#include "server/plan/codec.h"
#include "server/plan/kinds.h"
#include "server/rpc/customer_rpc.h"
#include "server/rpc/handlers.h"
#include "server/rpc/jobs.h"
#include "server/rpc/journey_call.h"
#include "server/rpc/rpc.h"

#define STEPS_A_MESSAGE 8u

/* What Journey is asked. */
struct journey_ask {
	struct journey_call jc;
	const Plumb__V1__JourneyRequest *request;
	uint32_t journey; /* SLOT_NONE: all */
	Plumb__V1__JourneySummary summary;
};

static bool
is_cancelled(void *arg)
{
	return view_job_cancelled(arg);
}

static bool
add_note(struct journey_call *jc, char *text)
{
	if (text != NULL && jc->notes_count < LIMIT_JOURNEY_LIST)
		jc->notes[jc->notes_count++] = text;
	return text != NULL;
}

/* ---- pieces of a step */

#define STATE(x) PLUMB__V1__##x

static bool
fill_words(const struct journey_call *jc, uint32_t slot, Plumb__V1__PathExpectation *out)
{
	const Plumb__V1__Item *item =
	    (const Plumb__V1__Item *)codec_decode(jc->ix.items[slot], jc->arena);
	const Plumb__V1__Expectation *e = item != NULL ? item->expectation : NULL;
	size_t n = e != NULL && e->n_who < LIMIT_JOURNEY_LIST ? e->n_who : LIMIT_JOURNEY_LIST;

	out->who = arena_array(jc->arena, n + 1, sizeof out->who[0]);
	if (e == NULL || out->who == NULL)
		return false;
	out->when_met = customer_cut(jc->arena, e->when_met);
	out->when_missed = customer_cut(jc->arena, e->when_missed);
	for (; out->n_who < n; out->n_who++) {
		out->who[out->n_who] = customer_cut(jc->arena, e->who[out->n_who]);
		if (out->who[out->n_who] == NULL)
			return false;
	}
	return out->when_met != NULL && out->when_missed != NULL;
}

static void
fill_numbers(
    const struct journey_call *jc, const struct expected *now, Plumb__V1__PathExpectation *out)
{
	if (!isnan(now->importance)) {
		out->importance__case = STATE(PATH_EXPECTATION__IMPORTANCE__IMPORTANCE);
		out->importance = now->importance;
	}
	if (!isnan(now->met)) {
		out->met__case = STATE(PATH_EXPECTATION__MET__MET);
		out->met = now->met;
	}
	if (!isnan(now->opportunity)) {
		out->opportunity__case = STATE(PATH_EXPECTATION__OPPORTUNITY__OPPORTUNITY);
		out->opportunity = now->opportunity;
	}
	out->importance_from = customer_ref(jc->arena, &jc->ix, now->importance_record);
	out->met_from = customer_ref(jc->arena, &jc->ix, now->met_record);
}

static Plumb__V1__PathExpectation *
make_expectation(struct journey_call *jc, uint32_t slot)
{
	Plumb__V1__PathExpectation *out = arena_alloc(jc->arena, sizeof *out);
	struct expected now, before;

	if (out == NULL)
		return NULL;
	plumb__v1__path_expectation__init(out);
	journeys_expected(&jc->js, slot, jc->ix.today, &now);
	fill_numbers(jc, &now, out);
	if (jc->since != DATE_NONE) {
		journeys_expected(&jc->js, slot, jc->since, &before);
		if (!isnan(before.met)) {
			out->met_before__case = STATE(PATH_EXPECTATION__MET_BEFORE__MET_BEFORE);
			out->met_before = before.met;
		}
	}
	out->ref = customer_ref(jc->arena, &jc->ix, slot);
	out->title = customer_title(jc->arena, &jc->ix, slot);
	out->segment = customer_ref(jc->arena, &jc->ix, now.segment);
	if (out->ref == NULL || out->title == NULL || out->segment == NULL ||
	    out->importance_from == NULL || out->met_from == NULL || !fill_words(jc, slot, out) ||
	    !journeys_answers(&jc->js, slot, &jc->found) ||
	    !customer_refs(jc->arena, &jc->ix, &jc->found, LIMIT_JOURNEY_LIST, &out->objectives,
		&out->n_objectives, NULL))
		return NULL;
	return out;
}

static bool
fill_expectations(struct journey_call *jc, uint32_t step, Plumb__V1__PathStep *out)
{
	struct slots list = {0};
	bool ok = journeys_expectations(&jc->js, step, jc->segment, jc->ix.today, &list);
	size_t n = list.count < LIMIT_JOURNEY_LIST ? list.count : LIMIT_JOURNEY_LIST;

	out->expectations = arena_array(jc->arena, n + 1, sizeof out->expectations[0]);
	ok = ok && out->expectations != NULL;
	for (size_t i = 0; ok && i < list.count; i++) {
		ok = journeys_answers(&jc->js, list.list[i], &jc->found);
		out->unanswered += jc->found.count == 0;
	}
	for (size_t i = 0; ok && i < n; i++) {
		out->expectations[i] = make_expectation(jc, list.list[i]);
		ok = out->expectations[i] != NULL;
		out->n_expectations += ok;
	}
	out->more_expectations = (uint32_t)(list.count - n);
	slots_fini(&list);
	return ok;
}

static char *
one_owner(const struct journey_call *jc, uint32_t slot)
{
	const struct index *ix = &jc->ix;
	struct edges out = index_out(ix, slot);
	uint32_t owner = SLOT_NONE;

	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].role != ROLE_OWNER)
			continue;
		if (owner != SLOT_NONE)
			return pb_str("");
		owner = out.list[i].slot;
	}
	return customer_ref(jc->arena, ix, owner);
}

static bool
fill_work(struct journey_call *jc, uint32_t step, Plumb__V1__PathStep *out)
{
	const struct index *ix = &jc->ix;
	size_t n;

	if (!journeys_work(&jc->js, step, jc->segment, &jc->found))
		return false;
	n = jc->found.count < LIMIT_JOURNEY_LIST ? jc->found.count : LIMIT_JOURNEY_LIST;
	out->more_work = (uint32_t)(jc->found.count - n);
	out->work = arena_array(jc->arena, n + 1, sizeof out->work[0]);
	if (out->work == NULL)
		return false;
	for (; out->n_work < n; out->n_work++) {
		uint32_t slot = jc->found.list[out->n_work];
		Plumb__V1__PathWork *work = arena_alloc(jc->arena, sizeof *work);

		if (work == NULL)
			return false;
		plumb__v1__path_work__init(work);
		work->ref = customer_ref(jc->arena, ix, slot);
		work->title = customer_title(jc->arena, ix, slot);
		work->owner = one_owner(jc, slot);
		work->status = pb_str(status_name(ix->items[slot]));
		work->rank = ix->rank[slot] != RANK_NONE ? ix->rank[slot] : 0;
		if (work->ref == NULL || work->title == NULL || work->owner == NULL)
			return false;
		out->work[out->n_work] = work;
	}
	return true;
}

static Plumb__V1__PathWord *
make_word(const struct journey_call *jc, const struct lived *lived)
{
	Plumb__V1__PathWord *word = arena_alloc(jc->arena, sizeof *word);
	char day[DATE_TEXT_LEN];

	if (word == NULL)
		return NULL;
	plumb__v1__path_word__init(word);
	word->day = arena_strdup(jc->arena, date_format(lived->date, day));
	word->segment = customer_ref(jc->arena, &jc->ix, lived->segment);
	word->record = customer_ref(jc->arena, &jc->ix, lived->record);
	word->value_state = (Plumb__V1__Step__ValueState)lived->value_state;
	word->people = (uint32_t)lived->people;
	if (!isnan(lived->emotion)) {
		word->emotion__case = STATE(PATH_WORD__EMOTION__EMOTION);
		word->emotion = lived->emotion;
	}
	return word->day != NULL && word->segment != NULL && word->record != NULL ? word : NULL;
}

/* The words of the segments that are shown, and of everybody. */
static bool
fill_history(struct journey_call *jc, uint32_t step, Plumb__V1__PathStep *out)
{
	uint32_t count, n = 0, skip;
	const struct lived *lived = journeys_lived(&jc->js, step, &count);

#define IS_SHOWN(word) ((word).segment == SLOT_NONE || slots_have(&jc->segments, (word).segment))
	for (uint32_t i = 0; i < count; i++)
		n += IS_SHOWN(lived[i]);
	skip = n > LIMIT_JOURNEY_LIST ? n - LIMIT_JOURNEY_LIST : 0;
	out->older = skip;
	out->history = arena_array(jc->arena, n - skip + 1, sizeof out->history[0]);
	if (out->history == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (!IS_SHOWN(lived[i]) || (skip > 0 && skip-- > 0))
			continue;
		out->history[out->n_history] = make_word(jc, &lived[i]);
		if (out->history[out->n_history++] == NULL)
			return false;
	}
#undef IS_SHOWN
	return true;
}

static bool
fill_fared(struct journey_call *jc, uint32_t step, Plumb__V1__PathStep *out)
{
	struct fared now, before;
	size_t n = jc->segments.count > 1 ? jc->segments.count : 0;

	journeys_fared_all(&jc->js, step, &jc->segments, jc->ix.today, &now);
	if (jc->segments.count == 1)
		journeys_fared(&jc->js, step, jc->segments.list[0], jc->ix.today, &now);
	if (!isnan(now.emotion)) {
		out->emotion__case = STATE(PATH_STEP__EMOTION__EMOTION);
		out->emotion = now.emotion;
	}
	out->value_state = (Plumb__V1__Step__ValueState)now.value_state;
	out->emotion_from = customer_ref(jc->arena, &jc->ix, now.emotion_record);
	if (jc->since != DATE_NONE) {
		journeys_fared_all(&jc->js, step, &jc->segments, jc->since, &before);
		if (!isnan(before.emotion)) {
			out->emotion_before__case =
			    STATE(PATH_STEP__EMOTION_BEFORE__EMOTION_BEFORE);
			out->emotion_before = before.emotion;
		}
		out->value_before = (Plumb__V1__Step__ValueState)before.value_state;
	}
	n = n < LIMIT_JOURNEY_LIST ? n : LIMIT_JOURNEY_LIST;
	out->fared = arena_array(jc->arena, n + 1, sizeof out->fared[0]);
	for (; out->fared != NULL && out->n_fared < n; out->n_fared++) {
		Plumb__V1__PathFared *one = arena_alloc(jc->arena, sizeof *one);

		if (one == NULL)
			return false;
		plumb__v1__path_fared__init(one);
		journeys_fared(&jc->js, step, jc->segments.list[out->n_fared], jc->ix.today, &now);
		one->segment = customer_ref(jc->arena, &jc->ix, jc->segments.list[out->n_fared]);
		one->value_state = (Plumb__V1__Step__ValueState)now.value_state;
		if (!isnan(now.emotion)) {
			one->emotion__case = STATE(PATH_FARED__EMOTION__EMOTION);
			one->emotion = now.emotion;
		}
		out->fared[out->n_fared] = one;
		if (one->segment == NULL)
			return false;
	}
	return out->fared != NULL && out->emotion_from != NULL;
}

/* ---- a step */

static bool
refs_with_role(struct journey_call *jc, uint32_t slot, enum role role, char ***list, size_t *count)
{
	struct edges out = index_out(&jc->ix, slot);

	jc->found.count = 0;
	for (uint32_t i = 0; i < out.count; i++) {
		if (out.list[i].role == role && !slots_add(&jc->found, out.list[i].slot))
			return false;
	}
	return customer_refs(jc->arena, &jc->ix, &jc->found, LIMIT_LIST, list, count, NULL);
}

/* A journey is mostly short: the whole entry is read for one word of it. */
static const Plumb__V1__Step *
decode_step(const struct journey_call *jc, uint32_t step)
{
	const Plumb__V1__Item *item =
	    (const Plumb__V1__Item *)codec_decode(jc->ix.items[step], jc->arena);

	return item != NULL ? item->step : NULL;
}

static bool
fill_stated(struct journey_call *jc, uint32_t step, Plumb__V1__PathStep *out)
{
	const struct index *ix = &jc->ix;
	const Plumb__V1__Step *body = decode_step(jc, step);

	if (body == NULL)
		return false;
	out->ref = customer_ref(jc->arena, ix, step);
	out->title = customer_title(jc->arena, ix, step);
	out->touchpoint = customer_cut(jc->arena, body->touchpoint);
	out->met_by = customer_ref(jc->arena, ix, index_target(ix, step, ROLE_MET_BY));
	out->judged_by = customer_ref(jc->arena, ix, index_target(ix, step, ROLE_JUDGED_BY));
	return out->ref != NULL && out->title != NULL && out->touchpoint != NULL &&
	       out->met_by != NULL && out->judged_by != NULL &&
	       refs_with_role(jc, step, ROLE_OWNER, &out->owners, &out->n_owners) &&
	       refs_with_role(jc, step, ROLE_BACKSTAGE, &out->backstage, &out->n_backstage);
}

static Plumb__V1__PathStep *
make_step(struct journey_call *jc, const struct path_step *at)
{
	Plumb__V1__PathStep *out = arena_alloc(jc->arena, sizeof *out);
	unsigned holes;

	if (out == NULL)
		return NULL;
	plumb__v1__path_step__init(out);
	out->stage = customer_ref(jc->arena, &jc->ix, at->stage);
	out->stage_title = customer_title(jc->arena, &jc->ix, at->stage);
	if (out->stage == NULL || out->stage_title == NULL)
		return NULL;
	if (at->step == SLOT_NONE)
		return out;
	if (!fill_stated(jc, at->step, out) || !fill_fared(jc, at->step, out) ||
	    !fill_expectations(jc, at->step, out) || !fill_work(jc, at->step, out) ||
	    !fill_history(jc, at->step, out))
		return NULL;
	holes = journeys_holes(&jc->js, at->step, out->n_expectations, out->n_work);
	if (out->emotion__case != STATE(PATH_STEP__EMOTION__EMOTION))
		holes |= HOLE_NO_EMOTION;
	if (out->unanswered > 0)
		holes |= HOLE_UNANSWERED;
	return customer_holes(jc->arena, holes, &out->holes, &out->n_holes) ? out : NULL;
}

/* "its steps follow each other in a circle: step/a -> step/b -> step/a"; "" there is none. */
static char *
circle_words(const struct journey_call *jc, const struct path *path)
{
	const struct slots *circle = &path->circle;
	char ref[REF_TEXT_LEN];
	struct str text;
	char *copy;

	if (circle->count == 0)
		return pb_str("");
	str_init(&text, 1u << 16);
	str_addf(&text, "The path can't be ordered, because its %s follow each other in a circle: ",
	    jc->ix.kinds[circle->list[0]] == KIND_STAGE ? "stages" : "steps");
	for (size_t i = 0; i <= circle->count && i < LIMIT_JOURNEY_LIST; i++) {
		ref_format(jc->ix.items[circle->list[i % circle->count]], ref);
		str_addf(&text, "%s%s", i > 0 ? " -> " : "", ref);
	}
	if (circle->count >= LIMIT_JOURNEY_LIST)
		str_add(&text, " -> \xe2\x80\xa6");
	str_add_char(&text, '.');
	copy = arena_strdup(jc->arena, text.data);
	str_fini(&text);
	return copy;
}

/* ---- as it shall become */

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

	str_init(&text, 1u << 16);
	for (size_t i = 0; i < count; i++)
		str_addf(&text, "%s%s", i > 0 ? ", " : "", list[i]);
	copy = arena_strdup(jc->arena, text.data);
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
	return out->differences != NULL && fill_stated(jc, as_is, &from) &&
	       fill_stated(jc, to_be, &to) &&
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
	out->not_ordered = ok ? circle_words(jc, &path) : NULL;
	path_fini(&path);
	return out->not_ordered != NULL;
}

/* The first by name of the journeys to be that improve it. */
static bool
fill_target(struct journey_call *jc, uint32_t journey, const struct path *as_is,
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
			     refs_with_role(jc, target, ROLE_SHAPED_BY, &out->target->shaped_by,
				 &out->target->n_shaped_by) &&
			     customer_refs(jc->arena, &jc->ix, &others, LIMIT_JOURNEY_LIST,
				 &out->target->others, &out->target->n_others, NULL) &&
			     fill_changes(jc, as_is, target, out->target);
		}
	} else if (ok) {
		ok = add_note(jc,
		    arena_printf(jc->job->arena,
			"Nobody has said how journey/%.*s shall become: no journey with the state "
			"to_be improves it.",
			jc->ix.items[journey]->id_len, item_id(jc->ix.items[journey])));
	}
	slots_fini(&targets);
	return ok;
}

/* ---- a journey */

static bool
fill_head(
    struct journey_call *jc, uint32_t journey, const struct path *path, Plumb__V1__JourneyPath *out)
{
	const struct index *ix = &jc->ix;

	out->ref = customer_ref(jc->arena, ix, journey);
	out->title = customer_title(jc->arena, ix, journey);
	out->state = (Plumb__V1__Journey__State)ix->items[journey]->extra;
	out->not_ordered = circle_words(jc, path);
	out->improves = customer_ref(jc->arena, ix, index_target(ix, journey, ROLE_INSTEAD));
	return out->ref != NULL && out->title != NULL && out->not_ordered != NULL &&
	       out->improves != NULL &&
	       customer_refs(jc->arena, ix, &jc->segments, LIMIT_LIST, &out->segments,
		   &out->n_segments, NULL) &&
	       refs_with_role(jc, journey, ROLE_SHAPED_BY, &out->shaped_by, &out->n_shaped_by);
}

static bool
note_lacks(struct journey_call *jc, uint32_t journey, const struct path *path, size_t expectations)
{
	const struct item *item = jc->ix.items[journey];
	const struct item *segment = jc->segment != SLOT_NONE ? jc->ix.items[jc->segment] : NULL;

	if (path->steps_count == 0)
		return add_note(jc,
		    arena_printf(jc->job->arena,
			"journey/%.*s has no way to show, because no step is in one of its stages.",
			item->id_len, item_id(item)));
	if (segment != NULL && expectations == 0)
		return add_note(
		    jc, arena_printf(jc->job->arena,
			    "Whether journey/%.*s is what segment/%.*s expects can't be judged, "
			    "because no "
			    "expectation of it is stated at any of its steps.",
			    item->id_len, item_id(item), segment->id_len, item_id(segment)));
	return true;
}

/* Its steps, some a message; the first message has all the rest. */
static bool
send_path(struct journey_call *jc, uint32_t journey, const struct path *path, struct err *err)
{
	Plumb__V1__JourneyPath out;
	size_t expectations = 0;
	size_t i = 0;

	do {
		size_t n = path->count - i < STEPS_A_MESSAGE ? path->count - i : STEPS_A_MESSAGE;

		if (view_job_cancelled(jc->job))
			return err_set(err, ERR_CANCELLED, "the call was cancelled");
		arena_reset(jc->arena);
		plumb__v1__journey_path__init(&out);
		out.ref = customer_ref(jc->arena, &jc->ix, journey);
		out.steps = arena_array(jc->arena, n + 1, sizeof out.steps[0]);
		if (out.ref == NULL || out.steps == NULL ||
		    (i == 0 && (!fill_head(jc, journey, path, &out) ||
				   (jc->to_be && !fill_target(jc, journey, path, &out)))))
			return err_oom(err);
		for (; out.n_steps < n; i++) {
			Plumb__V1__PathStep *step = make_step(jc, &path->steps[i]);

			if (step == NULL)
				return err_oom(err);
			expectations += step->n_expectations;
			out.steps[out.n_steps++] = step;
		}
		if (!jc->send(jc, &out, err))
			return false;
	} while (i < path->count);
	return note_lacks(jc, journey, path, expectations) || err_oom(err);
}

bool
journey_call_show(struct journey_call *jc, uint32_t journey, struct err *err)
{
	struct path path;
	bool ok = journeys_path(&jc->js, journey, &path);

	jc->segments.count = 0;
	if (ok && jc->segment != SLOT_NONE)
		ok = slots_add(&jc->segments, jc->segment);
	else if (ok)
		ok = journeys_segments(&jc->js, journey, &path, &jc->segments);
	ok = ok ? send_path(jc, journey, &path, err) : err_oom(err);
	path_fini(&path);
	return ok;
}

bool
journey_call_begin(struct journey_call *jc, struct view_job *job, int32_t today, struct err *err)
{
	jc->job = job;
	if (!index_init(&jc->ix, job->view, today, ROLES_ALL, is_cancelled, job, err))
		return false;
	jc->arena = arena_new(LIMIT_CALL_ARENA);
	if (jc->arena == NULL)
		err_oom(err);
	else if (journeys_init(&jc->js, &jc->ix, is_cancelled, job, err))
		return true;
	journey_call_end(jc);
	return false;
}

void
journey_call_end(struct journey_call *jc)
{
	journeys_fini(&jc->js);
	slots_fini(&jc->segments);
	slots_fini(&jc->found);
	index_fini(&jc->ix);
	arena_free(jc->arena);
}

/* ---- Journey */

static bool
send_reply(struct journey_call *jc, Plumb__V1__JourneyPath *path, struct err *err)
{
	Plumb__V1__JourneyReply reply;

	plumb__v1__journey_reply__init(&reply);
	reply.path = path;
	return view_job_send(jc->job, &reply.base, err);
}

static bool
show_journey(struct journey_ask *ask, uint32_t journey, struct err *err)
{
	ask->summary.journeys++;
	return journey_call_show(&ask->jc, journey, err);
}

/* The one that was asked about, to be compared: as it is. */
static bool
show_one(struct journey_ask *ask, struct err *err)
{
	struct journey_call *jc = &ask->jc;
	const struct item *journey = jc->ix.items[ask->journey];
	uint32_t slot = ask->journey;

	if (jc->segment != SLOT_NONE && !journeys_takes(&jc->ix, slot, jc->segment)) {
		const struct item *segment = jc->ix.items[jc->segment];

		faults_add(jc->job->faults, "segment",
		    "segment/%.*s does not take journey/%.*s: that names other segments",
		    segment->id_len, item_id(segment), journey->id_len, item_id(journey));
		return faults_none(jc->job->faults, err);
	}
	if (ask->request->to_be && journey->extra == JOURNEY_TO_BE) {
		slot = journeys_target(&jc->ix, slot, ROLE_INSTEAD);
		if (slot == SLOT_NONE) {
			faults_add(jc->job->faults, "to_be",
			    "journey/%.*s improves no journey: there is nothing to compare it with",
			    journey->id_len, item_id(journey));
			return faults_none(jc->job->faults, err);
		}
	}
	return show_journey(ask, slot, err);
}

static bool
show_all(struct journey_ask *ask, struct err *err)
{
	struct journey_call *jc = &ask->jc;
	struct slots list = {0};
	uint32_t count;
	const uint32_t *journeys = index_kind(&jc->ix, KIND_JOURNEY, &count);
	bool ok = true;

	for (uint32_t i = 0; ok && i < count; i++) {
		if (jc->ix.items[journeys[i]]->extra == JOURNEY_AS_IS &&
		    (jc->segment == SLOT_NONE || journeys_takes(&jc->ix, journeys[i], jc->segment)))
			ok = slots_add(&list, journeys[i]) || err_oom(err);
	}
	slots_by_name(&jc->ix, &list);
	for (size_t i = 0; ok && i < list.count; i++)
		ok = show_journey(ask, list.list[i], err);
	if (ok && list.count == 0)
		ok = add_note(jc,
			 arena_strdup(jc->job->arena,
			     count == 0 ? "The plan has no journey: nobody has written down how "
					  "customers go through it."
			     : jc->segment != SLOT_NONE
				 ? "Its way can't be shown, because no journey as it is names it."
				 : "No journey is as it is: all are to be.")) ||
		     err_oom(err);
	slots_fini(&list);
	return ok;
}

static bool
send_summary(struct journey_ask *ask, struct err *err)
{
	struct journey_call *jc = &ask->jc;
	Plumb__V1__JourneyReply reply;
	char today[DATE_TEXT_LEN];

	arena_reset(jc->arena);
	plumb__v1__journey_reply__init(&reply);
	reply.summary = &ask->summary;
	ask->summary.revision = jc->job->revision;
	ask->summary.today = date_format(jc->job->today, today);
	ask->summary.notes = jc->notes;
	ask->summary.n_notes = jc->notes_count;
	if (!customer_loose(jc->arena, &jc->ix, &ask->summary.loose, &ask->summary.n_loose,
		&ask->summary.more_loose))
		return err_oom(err);
	return view_job_send(jc->job, &reply.base, err);
}

static bool
check_since(struct journey_ask *ask, struct err *err)
{
	struct journey_call *jc = &ask->jc;
	const char *text = ask->request->since;

	jc->since = DATE_NONE;
	if (text[0] != '\0' && !date_parse(text, &jc->since))
		faults_add(jc->job->faults, "since",
		    "'%.40s' is not a date; write it like 2026-03-31", text);
	else if (jc->since != DATE_NONE && jc->since > jc->job->today)
		faults_add(jc->job->faults, "since", "%s has not come yet", text);
	return faults_none(jc->job->faults, err);
}

static bool
run_journey(struct view_job *job, struct err *err)
{
	struct journey_ask *ask = job->arg;
	struct journey_call *jc = &ask->jc;
	bool ok;

	jc->job = job;
	jc->send = send_reply;
	jc->to_be = ask->request->to_be;
	if (!check_since(ask, err) ||
	    !customer_find(
		job, "journey", ask->request->journey, KIND_JOURNEY, &ask->journey, err) ||
	    !customer_find(
		job, "segment", ask->request->segment, KIND_SEGMENT, &jc->segment, err) ||
	    !journey_call_begin(jc, job, job->today, err))
		return false;
	ok = (ask->journey != SLOT_NONE ? show_one(ask, err) : show_all(ask, err)) &&
	     send_summary(ask, err);
	journey_call_end(jc);
	return ok;
}

void
handle_insight_journey(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Plumb__V1__JourneyRequest *request = (const Plumb__V1__JourneyRequest *)message;
	struct journey_ask *ask = arena_zalloc(call->arena, sizeof *ask);
	struct err err;

	if (ask == NULL) {
		err_oom(&err);
		rpc_fail(call, &err);
		return;
	}
	ask->request = request;
	plumb__v1__journey_summary__init(&ask->summary);
	job_view(call, request->at, run_journey, ask);
}
