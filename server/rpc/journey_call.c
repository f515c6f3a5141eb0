#include "server/rpc/journey_call.h"

#include "common/arena.h"
#include "common/pb.h"
#include "common/str.h"
#include "server/plan/kinds.h"
#include "server/rpc/customer_rpc.h"
#include "server/rpc/jobs.h"
#include "server/rpc/journey_internal.h"

#define STEPS_A_MESSAGE 8u

bool
journey_note(struct journey_call *jc, char *text)
{
	if (text != NULL && jc->notes_count < LIMIT_JOURNEY_LIST)
		jc->notes[jc->notes_count++] = text;
	return text != NULL;
}

char *
journey_circle(const struct journey_call *jc, const struct path *path)
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
	copy = str_ok(&text) ? arena_strdup(jc->arena, text.data) : NULL;
	str_fini(&text);
	return copy;
}

static bool
fill_head(
    struct journey_call *jc, uint32_t journey, const struct path *path, Plumb__V1__JourneyPath *out)
{
	const struct index *ix = &jc->ix;

	out->ref = customer_ref(jc->arena, ix, journey);
	out->title = customer_title(jc->arena, ix, journey);
	out->state = (Plumb__V1__Journey__State)ix->items[journey]->extra;
	out->not_ordered = journey_circle(jc, path);
	out->improves = customer_ref(jc->arena, ix, index_target(ix, journey, ROLE_INSTEAD));
	return out->ref != NULL && out->title != NULL && out->not_ordered != NULL &&
	       out->improves != NULL &&
	       customer_refs(jc->arena, ix, &jc->segments, LIMIT_LIST, &out->segments,
		   &out->n_segments, NULL) &&
	       journey_refs(jc, journey, ROLE_SHAPED_BY, &out->shaped_by, &out->n_shaped_by);
}

static bool
note_lacks(struct journey_call *jc, uint32_t journey, const struct path *path, size_t expectations)
{
	const struct item *item = jc->ix.items[journey];
	const struct item *segment = jc->segment != SLOT_NONE ? jc->ix.items[jc->segment] : NULL;

	if (path->steps_count == 0)
		return journey_note(jc,
		    arena_printf(jc->job->arena,
			"journey/%.*s has no way to show, because no step is in one of its stages.",
			item->id_len, item_id(item)));
	if (segment != NULL && expectations == 0)
		return journey_note(
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
				   (jc->to_be && !journey_target(jc, journey, path, &out)))))
			return err_oom(err);
		for (; out.n_steps < n; i++) {
			Plumb__V1__PathStep *step = journey_step(jc, &path->steps[i]);

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
	if (!index_init(&jc->ix, job->view, today, ROLES_ALL, view_job_is_over, job, err))
		return false;
	jc->arena = arena_new(LIMIT_CALL_ARENA);
	if (jc->arena == NULL)
		err_oom(err);
	else if (journeys_init(&jc->js, &jc->ix, view_job_is_over, job, err))
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
