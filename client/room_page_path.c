/* Of the customer room's page: how customers move through their journeys. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "client/customer.h"
#include "client/journey_svg.h"
#include "client/room_page_internal.h"

#define STEPS_A_LINE 9 /* of a picture: readable on A4 */

static void
cell_feels(struct room_writer *w, const Plumb__V1__PathStep *step)
{
	char now[CUSTOMER_EMOTION], before[CUSTOMER_EMOTION];
	const char *state = customer_value_state(step->value_state);

	customer_emotion(HAS(step, PATH_STEP, EMOTION, emotion), step->emotion, now);
	customer_emotion(
	    HAS(step, PATH_STEP, EMOTION_BEFORE, emotion_before), step->emotion_before, before);
	str_add(&w->text, now);
	if (strcmp(now, before) != 0 && before[0] != '?')
		str_addf(&w->text, " (was %s)", before);
	if (state[0])
		str_addf(&w->text, ", value %s", state);
	room_put_cell(w);
}

static void
cell_expected(struct room_writer *w, const Plumb__V1__PathStep *step)
{
	for (size_t i = 0; i < step->n_expectations; i++) {
		const Plumb__V1__PathExpectation *e = step->expectations[i];

		str_addf(&w->text, "%s%s: ", i ? "; " : "", room_named(e->title, e->ref));
		room_add_degree(&w->text, HAS(e, PATH_EXPECTATION, MET, met), e->met);
		str_add(&w->text, " of ");
		room_add_degree(
		    &w->text, HAS(e, PATH_EXPECTATION, IMPORTANCE, importance), e->importance);
		if (HAS(e, PATH_EXPECTATION, MET_BEFORE, met_before) &&
		    fabs(e->met_before - e->met) > 0)
			str_addf(&w->text, " (was %.2g)", e->met_before);
	}
	if (step->more_expectations)
		str_addf(&w->text, "; %" PRIu32 " more", step->more_expectations);
	room_put_cell(w);
}

static void
cell_lacks(struct room_writer *w, const Plumb__V1__PathStep *step)
{
	/* that a segment expects nothing at a step is no hole: others may */
	for (size_t i = 0; i < step->n_holes; i++) {
		if (step->holes[i] != PLUMB__V1__HOLE__NO_EXPECTATION)
			str_addf(&w->text, "%s%s", w->text.len ? "; " : "",
			    customer_hole(step->holes[i]));
	}
	room_put_cell(w);
}

static void
write_steps(struct room_writer *w, const Plumb__V1__JourneyPath *path)
{
	static const char *const titles[] = {"Stage and step", "Who meets them", "How it feels",
	    "Expected: met of how important", "What is missing"};

	page_table(&w->page, titles, sizeof titles / sizeof titles[0]);
	for (size_t i = 0; i < path->n_steps; i++) {
		const Plumb__V1__PathStep *step = path->steps[i];

		str_addf(&w->text, "%s: %s", room_named(step->stage_title, step->stage),
		    step->ref[0] ? room_named(step->title, step->ref) : "the stage has no steps");
		room_put_cell(w);
		page_cell(&w->page, step->met_by[0] ? room_who(w, step->met_by) : "");
		if (step->ref[0])
			cell_feels(w, step);
		else
			page_cell(&w->page, "");
		cell_expected(w, step);
		cell_lacks(w, step);
	}
}

/* A long way goes over several pictures, of about as many steps each. */
static bool
write_pictures(struct room_writer *w, const Plumb__V1__JourneyPath *path)
{
	size_t lines = path->n_steps > 0 ? (path->n_steps - 1) / STEPS_A_LINE + 1 : 0;
	size_t each = lines > 0 ? (path->n_steps - 1) / lines + 1 : 1;
	bool ok = true;

	if (!w->page.html || path->not_ordered[0])
		return true;
	for (size_t i = 0; ok && i < path->n_steps; i += each) {
		Plumb__V1__JourneyPath part = *path;
		struct svg svg;

		part.steps = path->steps + i;
		part.n_steps = path->n_steps - i < each ? path->n_steps - i : each;
		ok = journey_svg(&part, w->book->before, w->page.pictures + 1, &svg);
		if (ok)
			page_picture(&w->page, &svg);
		svg_fini(&svg);
	}
	return ok;
}

static void
count_emotions(
    const Plumb__V1__JourneyPath *path, uint32_t *known, uint32_t *better, uint32_t *worse)
{
	*known = *better = *worse = 0;
	for (size_t i = 0; i < path->n_steps; i++) {
		const Plumb__V1__PathStep *s = path->steps[i];
		bool now = HAS(s, PATH_STEP, EMOTION, emotion);

		*known += now;
		if (!now || !HAS(s, PATH_STEP, EMOTION_BEFORE, emotion_before))
			continue;
		*better += s->emotion > s->emotion_before;
		*worse += s->emotion < s->emotion_before;
	}
}

static bool
write_path(struct room_writer *w, const Plumb__V1__JourneyPath *path)
{
	uint32_t known, better, worse;

	str_add(&w->text, room_named(path->title, path->ref));
	room_put_heading(w, 4);
	if (path->not_ordered[0])
		page_missing(&w->page, path->not_ordered);
	if (path->n_steps == 0) {
		page_missing(&w->page, "The journey has no steps yet. Add stages and steps to a "
				       "plan file, for example "
				       "\"steps: {first-call: {title: The first call, stage: "
				       "STAGE, met_by: TEAM}}\".");
		return true;
	}
	count_emotions(path, &known, &better, &worse);
	if (known == 0) {
		page_missing(&w->page, "Nobody has said how it feels. Add what customers say to a "
				       "plan file, for example "
				       "\"experiences: {call-1: {about: step/STEP, segment: "
				       "SEGMENT, emotion: -1}}\".");
	} else {
		str_addf(&w->text,
		    "Against %s it feels better at %" PRIu32 " and worse at %" PRIu32
		    " of its steps.",
		    w->book->before, better, worse);
		room_put_text(w);
	}
	if (!write_pictures(w, path))
		return false;
	write_steps(w, path);
	return true;
}

static void
write_met(struct room_writer *w, const Plumb__V1__RoomSegment *s)
{
	if (s->expectations == 0) {
		page_missing(&w->page,
		    "Nobody has written down what they expect. Add it to a plan file, for example "
		    "\"expectations: {fast-answer: {segment: SEGMENT, step: STEP, importance: 8, "
		    "met: "
		    "5}}\".");
		return;
	}
	if (!HAS(s, ROOM_SEGMENT, MET, met)) {
		str_addf(&w->text,
		    "How well their %" PRIu32
		    " expectations are met can't be told: none states both "
		    "importance and met.",
		    s->expectations);
		room_put_missing(w);
		return;
	}
	str_addf(&w->text, "What they expect is met to %.1f of 10, weighted by importance", s->met);
	if (HAS(s, ROOM_SEGMENT, MET_BEFORE, met_before))
		str_addf(&w->text, " (%s: %.1f)", w->book->before, s->met_before);
	str_addf(&w->text, "; %" PRIu32 " of %" PRIu32 " expectations are rated.", s->rated,
	    s->expectations);
	room_put_text(w);
}

bool
room_write_journeys(struct room_writer *w)
{
	const Plumb__V1__RoomBook *b = w->book;

	page_section(&w->page, "2. How they move through", true);
	if (b->journeys == 0)
		page_missing(&w->page,
		    "The plan has no journey. Add one to a plan file, for example \"journeys: "
		    "{first-year: {title: The first year}}\", with its stages and steps.");
	else if (b->experiences_in_quarter == 0)
		page_missing(&w->page, "In this quarter nobody has written down what customers "
				       "lived through: the curves "
				       "are older. Add \"experiences: {...}\" to a plan file.");
	for (size_t i = 0; i < w->count; i++) {
		const struct room_part *part = &w->parts[i];

		str_add(&w->text, room_named(part->segment->title, part->segment->ref));
		room_put_heading(w, 3);
		write_met(w, part->segment);
		for (size_t k = 0; k < part->count; k++) {
			if (!write_path(w, part->paths[k]))
				return false;
		}
		if (part->count == 0 && b->journeys > 0 && b->paths_left_out == 0)
			page_missing(
			    &w->page, "No journey is theirs: none names them in its \"segments\".");
	}
	room_put_more(w, b->paths_left_out, "journeys of segments are left out",
	    "plumb room --segment SEGMENT tells of one");
	return true;
}
