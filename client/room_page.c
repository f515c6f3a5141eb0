#include "client/room_page.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "client/context.h"
#include "client/customer.h"
#include "client/journey_svg.h"
#include "client/page.h"
#include "common/str.h"

#define TEXT_MAX     (1u << 20)
#define STEPS_A_LINE 9 /* of a picture: readable on A4 */

struct writer {
	struct context *ctx;
	const Plumb__V1__RoomBook *book;
	const struct room_part *parts;
	size_t count;
	struct page page;
	struct str text; /* what is being put together */
};

#define HAS(message, Type, FIELD, field)                                                           \
	((message)->field##__case == PLUMB__V1__##Type##__##FIELD##__##FIELD)

/* ---- pieces */

/* What was put together; then it is empty for the next. */
static void
put_text(struct writer *w)
{
	page_text(&w->page, w->text.data);
	str_reset(&w->text);
}

static void
put_point(struct writer *w)
{
	page_point(&w->page, w->text.data);
	str_reset(&w->text);
}

static void
put_cell(struct writer *w)
{
	page_cell(&w->page, w->text.data);
	str_reset(&w->text);
}

static void
put_missing(struct writer *w)
{
	page_missing(&w->page, w->text.data);
	str_reset(&w->text);
}

static void
put_heading(struct writer *w, unsigned level)
{
	page_heading(&w->page, level, w->text.data);
	str_reset(&w->text);
}

static const char *
named(const char *title, const char *ref)
{
	return title[0] ? title : ref;
}

/* A person or team by name; of the others the title. */
static const char *
who(struct writer *w, const char *ref)
{
	const char *title;

	if (strncmp(ref, "person/", 7) == 0 || strncmp(ref, "team/", 5) == 0)
		return context_person(w->ctx, ref);
	for (size_t i = 0; i < w->count; i++) {
		if (strcmp(w->parts[i].segment->ref, ref) == 0)
			return named(w->parts[i].segment->title, ref);
	}
	title = ref[0] ? context_title(w->ctx, ref) : "";
	return named(title, ref);
}

/* "2,400,000" */
static void
add_thousands(struct str *out, double value)
{
	char digits[40];
	size_t len;

	if (!(fabs(value) < 1e15)) {
		str_addf(out, "%.3g", value);
		return;
	}
	snprintf(digits, sizeof digits, "%.0f", fabs(round(value)));
	len = strlen(digits);
	str_add(out, round(value) < 0 ? "-" : "");
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			str_add_char(out, ',');
		str_add_char(out, digits[i]);
	}
}

static void
add_money(struct str *out, double value, const char *currency)
{
	add_thousands(out, value);
	if (currency[0])
		str_addf(out, " %s", currency);
}

/* "5.3", "?" */
static void
add_degree(struct str *out, bool known, double value)
{
	if (known)
		str_addf(out, "%.2g", value);
	else
		str_add(out, "?");
}

static void
add_plural(struct str *out, uint32_t n, const char *one, const char *many)
{
	str_addf(out, "%" PRIu32 " %s", n, n == 1 ? one : many);
}

static void
put_more(struct writer *w, uint32_t more, const char *what, const char *command)
{
	if (!more)
		return;
	str_addf(&w->text, "%" PRIu32 " more %s: %s", more, what, command);
	put_text(w);
}

static void
add_list(struct str *out, char *const *list, size_t count, const char *none)
{
	for (size_t i = 0; i < count; i++)
		str_addf(out, "%s%s", i ? "; " : "", list[i]);
	if (!count)
		str_add(out, none);
}

/* ---- at a glance */

static bool
has_met(const Plumb__V1__RoomSegment *s)
{
	return HAS(s, ROOM_SEGMENT, MET, met);
}

static void
put_promise_fact(struct writer *w)
{
	const Plumb__V1__SayDoRow *p = w->book->promises;

	if (p->made > 0)
		str_addf(&w->text, "%" PRIu32 " of %" PRIu32 " kept", p->kept, p->made);
	else
		str_add(&w->text, p->open > 0 ? "none due yet" : "none made");
	page_fact(&w->page, "Promises", w->text.data);
	str_reset(&w->text);
}

static void
put_facts(struct writer *w)
{
	const Plumb__V1__RoomBook *b = w->book;
	struct page *page = &w->page;

	if (HAS(b, ROOM_BOOK, CUSTOMERS, customers))
		add_thousands(&w->text, b->customers);
	else
		str_add(&w->text, "not stated");
	page_fact(page, "Customers", w->text.data);
	str_reset(&w->text);
	if (HAS(b, ROOM_BOOK, VALUE, value))
		add_money(&w->text, b->value, b->currency);
	else
		str_add(&w->text, "not stated");
	page_fact(page, "Value in a year", w->text.data);
	str_reset(&w->text);
	str_addf(&w->text, "%" PRIu32 " of %" PRIu32,
	    b->expectations - (uint32_t)b->n_unanswered - b->more_unanswered, b->expectations);
	page_fact(page, "Expectations that an objective answers", w->text.data);
	str_reset(&w->text);
	put_promise_fact(w);
	str_addf(&w->text, "%zu", b->n_to_decide + b->more_to_decide);
	page_fact(page, "Decisions to take", w->text.data);
	str_reset(&w->text);
}

/* ---- who they are */

static void
cell_customers(struct writer *w, const Plumb__V1__RoomSegment *s)
{
	if (HAS(s, ROOM_SEGMENT, CUSTOMERS, customers))
		add_thousands(&w->text, s->customers);
	else
		str_add(&w->text, "?");
	if (s->is_new)
		str_add(&w->text, " (new)");
	else if (HAS(s, ROOM_SEGMENT, CUSTOMERS_BEFORE, customers_before) &&
		 s->customers_before != s->customers) {
		str_add(&w->text, " (was ");
		add_thousands(&w->text, s->customers_before);
		str_add_char(&w->text, ')');
	}
	put_cell(w);
	page_share(&w->page,
	    HAS(s, ROOM_SEGMENT, CUSTOMERS_SHARE, customers_share) ? s->customers_share : NAN);
}

static void
cell_value(struct writer *w, const Plumb__V1__RoomSegment *s)
{
	if (HAS(s, ROOM_SEGMENT, VALUE, value))
		add_money(&w->text, s->value, s->currency);
	else
		str_add(&w->text, "?");
	if (HAS(s, ROOM_SEGMENT, VALUE_BEFORE, value_before) &&
	    fabs(s->value_before - s->value) > 0) {
		str_add(&w->text, " (was ");
		add_thousands(&w->text, s->value_before);
		str_add_char(&w->text, ')');
	}
	put_cell(w);
	page_share(&w->page, HAS(s, ROOM_SEGMENT, VALUE_SHARE, value_share) ? s->value_share : NAN);
}

static void
cell_growth(struct writer *w, const Plumb__V1__RoomSegment *s)
{
	if (HAS(s, ROOM_SEGMENT, GROWTH, growth))
		str_addf(&w->text, "%+.0f %%", s->growth * 100);
	else
		str_add(&w->text, "?");
	if (HAS(s, ROOM_SEGMENT, GROWTH_VALUE, growth_value)) {
		str_add(&w->text, ", ");
		add_money(&w->text, s->growth_value, s->currency);
	}
	put_cell(w);
}

static void
write_segments(struct writer *w)
{
	static const char *const titles[] = {"Segment", ">Customers", ">Share", ">Value in a year",
	    ">Share", ">May grow in a year by"};
	const Plumb__V1__RoomBook *b = w->book;

	page_section(&w->page, "1. Who our customers are", false);
	page_table(&w->page, titles, sizeof titles / sizeof titles[0]);
	for (size_t i = 0; i < w->count; i++) {
		const Plumb__V1__RoomSegment *s = w->parts[i].segment;

		str_addf(&w->text, "%s%s", named(s->title, s->ref), s->core ? " (core)" : "");
		put_cell(w);
		cell_customers(w, s);
		cell_value(w, s);
		cell_growth(w, s);
	}
	for (size_t i = 0; i < w->count; i++) {
		const Plumb__V1__RoomSegment *s = w->parts[i].segment;

		if (!s->description[0])
			continue;
		str_addf(&w->text, "%s: %s", named(s->title, s->ref), s->description);
		put_point(w);
	}
	put_more(w, b->segments_left_out, "segments are left out",
	    "plumb room --segment SEGMENT tells of one");
	for (size_t i = 0; i < b->n_notes; i++)
		page_missing(&w->page, b->notes[i]);
}

/* ---- how they move through */

static void
cell_feels(struct writer *w, const Plumb__V1__PathStep *step)
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
	put_cell(w);
}

static void
cell_expected(struct writer *w, const Plumb__V1__PathStep *step)
{
	for (size_t i = 0; i < step->n_expectations; i++) {
		const Plumb__V1__PathExpectation *e = step->expectations[i];

		str_addf(&w->text, "%s%s: ", i ? "; " : "", named(e->title, e->ref));
		add_degree(&w->text, HAS(e, PATH_EXPECTATION, MET, met), e->met);
		str_add(&w->text, " of ");
		add_degree(
		    &w->text, HAS(e, PATH_EXPECTATION, IMPORTANCE, importance), e->importance);
		if (HAS(e, PATH_EXPECTATION, MET_BEFORE, met_before) &&
		    fabs(e->met_before - e->met) > 0)
			str_addf(&w->text, " (was %.2g)", e->met_before);
	}
	if (step->more_expectations)
		str_addf(&w->text, "; %" PRIu32 " more", step->more_expectations);
	put_cell(w);
}

static void
cell_lacks(struct writer *w, const Plumb__V1__PathStep *step)
{
	/* that a segment expects nothing at a step is no hole: others may */
	for (size_t i = 0; i < step->n_holes; i++) {
		if (step->holes[i] != PLUMB__V1__HOLE__NO_EXPECTATION)
			str_addf(&w->text, "%s%s", w->text.len ? "; " : "",
			    customer_hole(step->holes[i]));
	}
	put_cell(w);
}

static void
write_steps(struct writer *w, const Plumb__V1__JourneyPath *path)
{
	static const char *const titles[] = {"Stage and step", "Who meets them", "How it feels",
	    "Expected: met of how important", "What is missing"};

	page_table(&w->page, titles, sizeof titles / sizeof titles[0]);
	for (size_t i = 0; i < path->n_steps; i++) {
		const Plumb__V1__PathStep *step = path->steps[i];

		str_addf(&w->text, "%s: %s", named(step->stage_title, step->stage),
		    step->ref[0] ? named(step->title, step->ref) : "the stage has no steps");
		put_cell(w);
		page_cell(&w->page, step->met_by[0] ? who(w, step->met_by) : "");
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
write_pictures(struct writer *w, const Plumb__V1__JourneyPath *path)
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
write_path(struct writer *w, const Plumb__V1__JourneyPath *path)
{
	uint32_t known, better, worse;

	str_add(&w->text, named(path->title, path->ref));
	put_heading(w, 4);
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
		put_text(w);
	}
	if (!write_pictures(w, path))
		return false;
	write_steps(w, path);
	return true;
}

static void
write_met(struct writer *w, const Plumb__V1__RoomSegment *s)
{
	if (s->expectations == 0) {
		page_missing(&w->page,
		    "Nobody has written down what they expect. Add it to a plan file, for example "
		    "\"expectations: {fast-answer: {segment: SEGMENT, step: STEP, importance: 8, "
		    "met: "
		    "5}}\".");
		return;
	}
	if (!has_met(s)) {
		str_addf(&w->text,
		    "How well their %" PRIu32
		    " expectations are met can't be told: none states both "
		    "importance and met.",
		    s->expectations);
		put_missing(w);
		return;
	}
	str_addf(&w->text, "What they expect is met to %.1f of 10, weighted by importance", s->met);
	if (HAS(s, ROOM_SEGMENT, MET_BEFORE, met_before))
		str_addf(&w->text, " (%s: %.1f)", w->book->before, s->met_before);
	str_addf(&w->text, "; %" PRIu32 " of %" PRIu32 " expectations are rated.", s->rated,
	    s->expectations);
	put_text(w);
}

static bool
write_journeys(struct writer *w)
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

		str_add(&w->text, named(part->segment->title, part->segment->ref));
		put_heading(w, 3);
		write_met(w, part->segment);
		for (size_t k = 0; k < part->count; k++) {
			if (!write_path(w, part->paths[k]))
				return false;
		}
		if (part->count == 0 && b->journeys > 0 && b->paths_left_out == 0)
			page_missing(
			    &w->page, "No journey is theirs: none names them in its \"segments\".");
	}
	put_more(w, b->paths_left_out, "journeys of segments are left out",
	    "plumb room --segment SEGMENT tells of one");
	return true;
}

/* ---- why us, and where from */

static void
cell_sources(struct writer *w, const Plumb__V1__RoomSegment *s)
{
	for (size_t i = 0; i < s->n_sources; i++)
		str_addf(&w->text, "%s%s: %" PRIu32, i ? "; " : "", s->sources[i]->from,
		    s->sources[i]->customers);
	if (s->from_others)
		str_addf(&w->text, "; elsewhere: %" PRIu32, s->from_others);
	if (s->from_unknown)
		str_addf(
		    &w->text, "%snot said: %" PRIu32, s->n_sources ? "; " : "", s->from_unknown);
	if (s->rows == 0)
		str_add(&w->text, "none is in the plan by name");
	put_cell(w);
}

static void
write_why(struct writer *w)
{
	static const char *const titles[] = {
	    "Segment", "Why us, in their words", "Where they come from", "Counted among customers"};
	bool stated = false;

	page_section(&w->page, "3. Why us, and where from", false);
	page_table(&w->page, titles, sizeof titles / sizeof titles[0]);
	for (size_t i = 0; i < w->count; i++) {
		const Plumb__V1__RoomSegment *s = w->parts[i].segment;

		page_cell(&w->page, named(s->title, s->ref));
		add_list(&w->text, s->why_us, s->n_why_us, "not stated");
		put_cell(w);
		add_list(&w->text, s->come_from, s->n_come_from, "not stated");
		put_cell(w);
		cell_sources(w, s);
		stated |= s->n_why_us > 0;
	}
	if (!stated)
		page_missing(&w->page,
		    "No segment says why its customers choose us. Ask them, and add \"why_us: [in "
		    "their words]\" and \"come_from: [...]\" to the segments in a plan file.");
}

/* ---- what they want next */

static void
cell_answers(struct writer *w, const Plumb__V1__RoomWant *want)
{
	for (size_t i = 0; i < want->n_objectives; i++)
		str_addf(&w->text, "%s%s", i ? "; " : "",
		    named(want->objectives[i]->title, want->objectives[i]->ref));
	if (want->more_objectives)
		str_addf(&w->text, "; %" PRIu32 " more", want->more_objectives);
	if (!want->n_objectives)
		str_add(&w->text, "no objective");
	put_cell(w);
}

static void
cells_rating(struct writer *w, const Plumb__V1__RoomWant *want)
{
	add_degree(&w->text, HAS(want, ROOM_WANT, IMPORTANCE, importance), want->importance);
	put_cell(w);
	add_degree(&w->text, HAS(want, ROOM_WANT, MET, met), want->met);
	if (HAS(want, ROOM_WANT, MET_BEFORE, met_before) && fabs(want->met_before - want->met) > 0)
		str_addf(&w->text, " (was %.2g)", want->met_before);
	put_cell(w);
	add_degree(&w->text, HAS(want, ROOM_WANT, OPPORTUNITY, opportunity), want->opportunity);
	put_cell(w);
}

static void
write_unmet(struct writer *w, const Plumb__V1__RoomSegment *s)
{
	static const char *const titles[] = {"Not met as it is important", "At the step",
	    ">Importance", ">Met", ">Opportunity", "Answered by"};

	if (s->n_unmet == 0)
		return;
	page_table(&w->page, titles, sizeof titles / sizeof titles[0]);
	for (size_t i = 0; i < s->n_unmet; i++) {
		page_cell(&w->page, named(s->unmet[i]->title, s->unmet[i]->ref));
		page_cell(&w->page, named(s->unmet[i]->step_title, s->unmet[i]->step));
		cells_rating(w, s->unmet[i]);
		cell_answers(w, s->unmet[i]);
	}
	put_more(w, s->more_unmet, "are not met", "plumb journey --segment SEGMENT has them");
}

static void
put_outcomes(struct writer *w, Plumb__V1__RoomOutcome **list, size_t count, uint32_t more)
{
	for (size_t i = 0; i < count; i++) {
		str_addf(&w->text, "They want to achieve: %s", named(list[i]->title, list[i]->ref));
		if (HAS(list[i], ROOM_OUTCOME, IMPORTANCE, importance))
			str_addf(&w->text, " (importance %.2g)", list[i]->importance);
		put_point(w);
	}
	put_more(w, more, "desired outcomes", "plumb list kind:desired-outcome");
}

static void
write_wants(struct writer *w)
{
	page_section(&w->page, "4. What they want next", false);
	page_text(&w->page, "Opportunity is importance plus what is missing to it: above 10 "
			    "something that matters is "
			    "not met.");
	for (size_t i = 0; i < w->count; i++) {
		const Plumb__V1__RoomSegment *s = w->parts[i].segment;

		str_add(&w->text, named(s->title, s->ref));
		put_heading(w, 3);
		for (size_t k = 0; k < s->n_want_next; k++) {
			str_addf(&w->text, "They ask for: %s", s->want_next[k]);
			put_point(w);
		}
		put_outcomes(w, s->outcomes, s->n_outcomes, s->more_outcomes);
		write_unmet(w, s);
		if (s->n_want_next + s->n_outcomes + s->n_unmet == 0)
			page_missing(&w->page,
			    s->rated > 0
				? "All that is rated is met. What they ask for next is not stated: "
				  "add "
				  "\"want_next: [...]\" to the segment."
				: "Nobody has written down what they want. Add \"want_next: "
				  "[...]\" to "
				  "the segment, and its expectations with importance and met.");
	}
	if (w->book->n_outcomes) {
		page_heading(&w->page, 3, "All of them");
		put_outcomes(w, w->book->outcomes, w->book->n_outcomes, w->book->more_outcomes);
	}
}

/* ---- what we promised */

static const char *
standing_words(Plumb__V1__Promise__Standing standing)
{
	static const char *const words[] = {
	    [PLUMB__V1__PROMISE__STANDING__CANT_BE_JUDGED] = "can't be judged",
	    [PLUMB__V1__PROMISE__STANDING__OPEN] = "open",
	    [PLUMB__V1__PROMISE__STANDING__OVERDUE] = "overdue",
	    [PLUMB__V1__PROMISE__STANDING__KEPT] = "kept",
	    [PLUMB__V1__PROMISE__STANDING__KEPT_LATE] = "kept late",
	    [PLUMB__V1__PROMISE__STANDING__BROKEN] = "broken",
	    [PLUMB__V1__PROMISE__STANDING__WITHDRAWN] = "withdrawn",
	};

	return (unsigned)standing < sizeof words / sizeof words[0] ? words[standing] : "";
}

static void
put_kept(struct writer *w, const char *lead, const Plumb__V1__SayDoRow *row)
{
	str_addf(&w->text, "%s: %" PRIu32 " of %" PRIu32 " that were due were kept", lead,
	    row->kept, row->made);
	if (HAS(row, SAY_DO_ROW, RATIO, ratio))
		str_addf(&w->text, " (%.0f %%)", row->ratio * 100);
	str_addf(&w->text,
	    "; %" PRIu32 " kept late, %" PRIu32 " broken, %" PRIu32 " overdue; %" PRIu32
	    " not due yet, %" PRIu32 " withdrawn.",
	    row->kept_late, row->broken, row->overdue, row->open, row->withdrawn);
	put_text(w);
}

static void
cell_standing(struct writer *w, const Plumb__V1__Promise *p)
{
	str_add(&w->text, standing_words(p->standing));
	if (p->standing == PLUMB__V1__PROMISE__STANDING__OVERDUE) {
		str_add(&w->text, " by ");
		add_plural(&w->text, (uint32_t)p->days, "day", "days");
	} else if (p->settled[0]) {
		str_addf(&w->text, " on %s", p->settled);
	}
	if (p->moved) {
		str_add(&w->text, ", put off ");
		add_plural(&w->text, p->moved, "time", "times");
	}
	if (p->why[0])
		str_addf(&w->text, ": %s", p->why);
	put_cell(w);
}

static void
write_promises(struct writer *w)
{
	static const char *const titles[] = {
	    "What we promised", "Who promised", "To whom", "Due", "How it stands"};
	const Plumb__V1__RoomBook *b = w->book;
	const Plumb__V1__SayDoRow *all = b->promises;

	page_section(&w->page, "5. What we promised them", false);
	if (all->made + all->open + all->withdrawn + all->unjudged == 0) {
		page_missing(&w->page,
		    "Nothing is promised to a segment or a customer. Who promises something types, "
		    "for "
		    "example: plumb commitment new --what WORDS --to segment/SEGMENT --due DAY; "
		    "or "
		    "adds \"promised_to: [segment/SEGMENT]\" to a commitment in a plan file.");
		return;
	}
	put_kept(w, "In this quarter", b->promises_in_quarter);
	put_kept(w, "Until now", all);
	if (b->n_promise_list == 0)
		return;
	page_table(&w->page, titles, sizeof titles / sizeof titles[0]);
	for (size_t i = 0; i < b->n_promise_list; i++) {
		const Plumb__V1__Promise *p = b->promise_list[i];

		page_cell(&w->page, named(p->title, p->ref));
		page_cell(&w->page, p->by[0] ? who(w, p->by) : "nobody");
		for (size_t k = 0; k < p->n_to; k++)
			str_addf(&w->text, "%s%s", k ? ", " : "", who(w, p->to[k]));
		put_cell(w);
		page_cell(&w->page, p->due);
		cell_standing(w, p);
	}
	put_more(w, b->more_promises, "promises", "plumb saydo --list");
}

/* ---- what to decide */

static void
write_last_room(struct writer *w)
{
	const Plumb__V1__RoomBook *b = w->book;

	page_heading(&w->page, 3, "What came of the last room");
	if (b->n_rooms == 0)
		page_missing(&w->page,
		    "The plan has no customer room. Add one to a plan file: \"reviews: "
		    "{customer-room: "
		    "{type: customer_room, owner: PERSON, attendees: [...]}}\".");
	for (size_t i = 0; i < b->n_rooms; i++) {
		const Plumb__V1__RoomMeeting *m = b->rooms[i];

		str_addf(&w->text, "%s: ", named(m->title, m->review));
		if (m->last_day[0])
			str_addf(&w->text, "last held on %s%s", m->last_day,
			    m->in_quarter ? ", in this quarter" : "");
		else
			str_add(&w->text, "never held");
		if (m->due[0])
			str_addf(&w->text, "; the next one is due on %s", m->due);
		str_add_char(&w->text, '.');
		if (m->minutes[0])
			str_addf(&w->text, " %s", m->minutes);
		put_text(w);
		for (size_t k = 0; k < m->n_decisions; k++) {
			const Plumb__V1__RoomDecision *d = m->decisions[k];

			str_addf(&w->text, "%s (%s%s%s)", named(d->title, d->ref), d->status,
			    d->decided[0] ? " " : "", d->decided);
			if (d->chosen[0])
				str_addf(&w->text, ": %s", d->chosen);
			if (d->reason[0])
				str_addf(&w->text, ". %s", d->reason);
			put_point(w);
		}
		if (m->last_day[0] && m->n_decisions == 0)
			page_missing(&w->page,
			    "No decision of it is written down: name them in the meeting's "
			    "\"decisions\", or the room in a decision's \"made_in\".");
		put_more(w, m->more_decisions, "decisions", "plumb list kind:decision");
	}
}

static void
write_decisions(struct writer *w)
{
	static const char *const titles[] = {"To be decided", "By", "Who brings it", "Options"};
	const Plumb__V1__RoomBook *b = w->book;

	page_heading(&w->page, 3, "Decisions to take");
	if (b->n_to_decide == 0)
		page_missing(&w->page,
		    "No decision about customers is proposed. One is made with: "
		    "plumb decision new --what WORDS --by DAY --affects segment/SEGMENT.");
	else
		page_table(&w->page, titles, sizeof titles / sizeof titles[0]);
	for (size_t i = 0; i < b->n_to_decide; i++) {
		const Plumb__V1__RoomDecision *d = b->to_decide[i];

		str_add(&w->text, named(d->title, d->ref));
		if (d->context[0])
			str_addf(&w->text, ". %s", d->context);
		put_cell(w);
		str_add(&w->text, d->decide_by[0] ? d->decide_by : "no day");
		if (d->overdue_days > 0)
			str_addf(&w->text, " (%" PRId32 " days ago)", d->overdue_days);
		put_cell(w);
		page_cell(&w->page, d->owner[0] ? who(w, d->owner) : "");
		add_list(&w->text, d->options, d->n_options, "none stated");
		put_cell(w);
	}
	put_more(w, b->more_to_decide, "decisions about customers",
	    "plumb list \"kind:decision status:proposed\"");
	put_more(w, b->to_decide_elsewhere, "proposed, about no customer",
	    "plumb list \"kind:decision status:proposed\"");
}

static void
write_requests(struct writer *w)
{
	static const char *const titles[] = {"Asked for", "By", "Of", "For", "Needed by"};
	const Plumb__V1__RoomBook *b = w->book;

	if (b->n_requests + b->requests_elsewhere == 0)
		return;
	page_heading(&w->page, 3, "Requests that wait for an answer");
	if (b->n_requests)
		page_table(&w->page, titles, sizeof titles / sizeof titles[0]);
	for (size_t i = 0; i < b->n_requests; i++) {
		const Plumb__V1__AgendaPoint *p = b->requests[i];

		page_cell(&w->page, named(p->title, p->ref));
		page_cell(&w->page, p->from[0] ? who(w, p->from) : "");
		page_cell(&w->page, p->to[0] ? who(w, p->to) : "");
		page_cell(&w->page, p->waits[0] ? who(w, p->waits) : "");
		str_add(&w->text, p->due[0] ? p->due : "no day");
		if (p->overdue_days > 0)
			str_addf(&w->text, " (%" PRId32 " days ago)", p->overdue_days);
		put_cell(w);
	}
	put_more(w, b->more_requests, "requests for customers' work", "plumb request list");
	put_more(w, b->requests_elsewhere, "open, for other work", "plumb request list");
}

static void
write_holes(struct writer *w)
{
	static const char *const steps[] = {"Step", "What is missing"};
	static const char *const wants[] = {
	    "Expected, and no objective answers it", "Of", ">Importance", ">Met", ">Opportunity"};
	const Plumb__V1__RoomBook *b = w->book;

	page_heading(&w->page, 3, "Holes");
	if (b->steps + b->expectations == 0)
		page_missing(
		    &w->page, "There are no steps and no expectations to look for holes in.");
	else if (b->n_holes + b->n_unanswered == 0)
		page_text(&w->page,
		    "None: each step has somebody who meets the customers, a measure, "
		    "work and expectations, and an objective answers each expectation.");
	if (b->n_holes)
		page_table(&w->page, steps, sizeof steps / sizeof steps[0]);
	for (size_t i = 0; i < b->n_holes; i++) {
		const Plumb__V1__RoomStep *s = b->holes[i];

		page_cell(&w->page, named(s->title, s->step));
		for (size_t k = 0; k < s->n_holes; k++)
			str_addf(&w->text, "%s%s", k ? "; " : "", customer_hole(s->holes[k]));
		put_cell(w);
	}
	put_more(w, b->more_holes, "steps lack something", "plumb ecosystem");
	if (b->n_unanswered)
		page_table(&w->page, wants, sizeof wants / sizeof wants[0]);
	for (size_t i = 0; i < b->n_unanswered; i++) {
		const Plumb__V1__RoomWant *want = b->unanswered[i];

		page_cell(&w->page, named(want->title, want->ref));
		page_cell(&w->page, want->segment[0] ? who(w, want->segment) : "no segment");
		cells_rating(w, want);
	}
	put_more(w, b->more_unanswered, "expectations without an answer",
	    "plumb check --rule customer/uncovered-expectation");
}

static void
write_to_decide(struct writer *w)
{
	page_section(&w->page, "6. What to decide", true);
	write_last_room(w);
	write_decisions(w);
	write_requests(w);
	write_holes(w);
}

/* ---- all of it */

static void
begin(struct writer *w, bool html)
{
	const Plumb__V1__RoomBook *b = w->book;
	struct str title;

	str_init(&title, TEXT_MAX);
	str_addf(&title, "Customer room: %s", named(b->title, b->quarter));
	str_addf(&w->text, "%s to %s, %s %s. Changes are against %s. Revision %" PRIu64 ".",
	    b->first_day, b->last_day, b->running ? "still running, as it stands on" : "as of",
	    b->day, b->before, b->revision);
	page_begin(&w->page, html, title.data, w->text.data);
	str_reset(&w->text);
	str_fini(&title);
}

static bool
end(struct writer *w)
{
	const Plumb__V1__RoomBook *b = w->book;
	bool ok;

	str_addf(&w->text,
	    "Made by plumb room %s. Each number can be opened: plumb journey --segment SEGMENT "
	    "--since %s, plumb saydo --list, plumb ecosystem, each with --as-of %" PRIu64
	    " --today %s. What each means: docs/ROOM.md.",
	    strncmp(b->quarter, "period/", 7) == 0 ? b->quarter + 7 : b->quarter, b->before,
	    b->revision, b->day);
	ok = page_end(&w->page, w->text.data);
	str_reset(&w->text);
	return ok;
}

bool
room_page(struct context *ctx, const Plumb__V1__RoomBook *book, const struct room_part *parts,
    size_t count, bool html, struct str *out)
{
	struct writer w = {.ctx = ctx, .book = book, .parts = parts, .count = count};
	bool ok;

	str_init(&w.text, TEXT_MAX);
	begin(&w, html);
	put_facts(&w);
	write_segments(&w);
	ok = write_journeys(&w);
	if (ok) {
		write_why(&w);
		write_wants(&w);
		write_promises(&w);
		write_to_decide(&w);
	}
	ok = end(&w) && ok;
	if (ok)
		str_add_len(out, w.page.out.data, w.page.out.len);
	page_fini(&w.page);
	str_fini(&w.text);
	return ok && str_ok(out);
}
