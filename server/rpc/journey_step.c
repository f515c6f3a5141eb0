/* A step of a journey as a message: what is stated, lived, expected and worked on there, and what is missing. */
#include <math.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "common/pb.h"
#include "plumb/v1/item.pb-c.h"
#include "server/insight/check/words.h"
#include "server/plan/codec.h"
#include "server/rpc/customer_rpc.h"
#include "server/rpc/journey_internal.h"
#include "server/rpc/reply_text.h"

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
		work->owner = customer_ref(jc->arena, ix, index_only_target(ix, slot, ROLE_OWNER));
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

	if (word == NULL)
		return NULL;
	plumb__v1__path_word__init(word);
	word->day = reply_date(jc->arena, lived->date);
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
	out->value_from = customer_ref(jc->arena, &jc->ix, now.value_record);
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
	return out->fared != NULL && out->emotion_from != NULL && out->value_from != NULL;
}
/* ---- all of it */

bool
journey_refs(struct journey_call *jc, uint32_t slot, enum role role, char ***list, size_t *count)
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

bool
journey_stated(struct journey_call *jc, uint32_t step, Plumb__V1__PathStep *out)
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
	       journey_refs(jc, step, ROLE_OWNER, &out->owners, &out->n_owners) &&
	       journey_refs(jc, step, ROLE_BACKSTAGE, &out->backstage, &out->n_backstage);
}

Plumb__V1__PathStep *
journey_step(struct journey_call *jc, const struct path_step *at)
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
	if (!journey_stated(jc, at->step, out) || !fill_fared(jc, at->step, out) ||
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
