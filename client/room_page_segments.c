/* Of the customer room's page: who the customers are, why they choose us, what they want next. */
#include <inttypes.h>
#include <math.h>

#include "client/room_page_internal.h"

/* ---- who they are */

static void
cell_customers(struct room_writer *w, const Plumb__V1__RoomSegment *s)
{
	if (HAS(s, ROOM_SEGMENT, CUSTOMERS, customers))
		room_add_thousands(&w->text, s->customers);
	else
		str_add(&w->text, "?");
	if (s->is_new)
		str_add(&w->text, " (new)");
	else if (HAS(s, ROOM_SEGMENT, CUSTOMERS_BEFORE, customers_before) &&
		 s->customers_before != s->customers) {
		str_add(&w->text, " (was ");
		room_add_thousands(&w->text, s->customers_before);
		str_add_char(&w->text, ')');
	}
	room_put_cell(w);
	page_share(&w->page,
	    HAS(s, ROOM_SEGMENT, CUSTOMERS_SHARE, customers_share) ? s->customers_share : NAN);
}

static void
cell_value(struct room_writer *w, const Plumb__V1__RoomSegment *s)
{
	if (HAS(s, ROOM_SEGMENT, VALUE, value))
		room_add_money(&w->text, s->value, s->currency);
	else
		str_add(&w->text, "?");
	if (HAS(s, ROOM_SEGMENT, VALUE_BEFORE, value_before) &&
	    fabs(s->value_before - s->value) > 0) {
		str_add(&w->text, " (was ");
		room_add_thousands(&w->text, s->value_before);
		str_add_char(&w->text, ')');
	}
	room_put_cell(w);
	page_share(&w->page, HAS(s, ROOM_SEGMENT, VALUE_SHARE, value_share) ? s->value_share : NAN);
}

static void
cell_growth(struct room_writer *w, const Plumb__V1__RoomSegment *s)
{
	if (HAS(s, ROOM_SEGMENT, GROWTH, growth))
		str_addf(&w->text, "%+.0f %%", s->growth * 100);
	else
		str_add(&w->text, "?");
	if (HAS(s, ROOM_SEGMENT, GROWTH_VALUE, growth_value)) {
		str_add(&w->text, ", ");
		room_add_money(&w->text, s->growth_value, s->currency);
	}
	room_put_cell(w);
}

void
room_write_segments(struct room_writer *w)
{
	static const char *const titles[] = {"Segment", ">Customers", ">Share", ">Value in a year",
	    ">Share", ">May grow in a year by"};
	const Plumb__V1__RoomBook *b = w->book;

	page_section(&w->page, "1. Who our customers are", false);
	page_table(&w->page, titles, sizeof titles / sizeof titles[0]);
	for (size_t i = 0; i < w->count; i++) {
		const Plumb__V1__RoomSegment *s = w->parts[i].segment;

		str_addf(&w->text, "%s%s", room_named(s->title, s->ref), s->core ? " (core)" : "");
		room_put_cell(w);
		cell_customers(w, s);
		cell_value(w, s);
		cell_growth(w, s);
	}
	for (size_t i = 0; i < w->count; i++) {
		const Plumb__V1__RoomSegment *s = w->parts[i].segment;

		if (!s->description[0])
			continue;
		str_addf(&w->text, "%s: %s", room_named(s->title, s->ref), s->description);
		room_put_point(w);
	}
	room_put_more(w, b->segments_left_out, "segments are left out",
	    "plumb room --segment SEGMENT tells of one");
	for (size_t i = 0; i < b->n_notes; i++)
		page_missing(&w->page, b->notes[i]);
}

/* ---- why us, and where from */

static void
cell_sources(struct room_writer *w, const Plumb__V1__RoomSegment *s)
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
	room_put_cell(w);
}

void
room_write_why(struct room_writer *w)
{
	static const char *const titles[] = {
	    "Segment", "Why us, in their words", "Where they come from", "Counted among customers"};
	bool stated = false;

	page_section(&w->page, "3. Why us, and where from", false);
	page_table(&w->page, titles, sizeof titles / sizeof titles[0]);
	for (size_t i = 0; i < w->count; i++) {
		const Plumb__V1__RoomSegment *s = w->parts[i].segment;

		page_cell(&w->page, room_named(s->title, s->ref));
		room_add_list(&w->text, s->why_us, s->n_why_us, "not stated");
		room_put_cell(w);
		room_add_list(&w->text, s->come_from, s->n_come_from, "not stated");
		room_put_cell(w);
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
cell_answers(struct room_writer *w, const Plumb__V1__RoomWant *want)
{
	for (size_t i = 0; i < want->n_objectives; i++)
		str_addf(&w->text, "%s%s", i ? "; " : "",
		    room_named(want->objectives[i]->title, want->objectives[i]->ref));
	if (want->more_objectives)
		str_addf(&w->text, "; %" PRIu32 " more", want->more_objectives);
	if (!want->n_objectives)
		str_add(&w->text, "no objective");
	room_put_cell(w);
}

void
room_cells_rating(struct room_writer *w, const Plumb__V1__RoomWant *want)
{
	room_add_degree(&w->text, HAS(want, ROOM_WANT, IMPORTANCE, importance), want->importance);
	room_put_cell(w);
	room_add_degree(&w->text, HAS(want, ROOM_WANT, MET, met), want->met);
	if (HAS(want, ROOM_WANT, MET_BEFORE, met_before) && fabs(want->met_before - want->met) > 0)
		str_addf(&w->text, " (was %.2g)", want->met_before);
	room_put_cell(w);
	room_add_degree(
	    &w->text, HAS(want, ROOM_WANT, OPPORTUNITY, opportunity), want->opportunity);
	room_put_cell(w);
}

static void
write_unmet(struct room_writer *w, const Plumb__V1__RoomSegment *s)
{
	static const char *const titles[] = {"Not met as it is important", "At the step",
	    ">Importance", ">Met", ">Opportunity", "Answered by"};

	if (s->n_unmet == 0)
		return;
	page_table(&w->page, titles, sizeof titles / sizeof titles[0]);
	for (size_t i = 0; i < s->n_unmet; i++) {
		page_cell(&w->page, room_named(s->unmet[i]->title, s->unmet[i]->ref));
		page_cell(&w->page, room_named(s->unmet[i]->step_title, s->unmet[i]->step));
		room_cells_rating(w, s->unmet[i]);
		cell_answers(w, s->unmet[i]);
	}
	room_put_more(w, s->more_unmet, "are not met", "plumb journey --segment SEGMENT has them");
}

static void
put_outcomes(struct room_writer *w, Plumb__V1__RoomOutcome **list, size_t count, uint32_t more)
{
	for (size_t i = 0; i < count; i++) {
		str_addf(
		    &w->text, "They want to achieve: %s", room_named(list[i]->title, list[i]->ref));
		if (HAS(list[i], ROOM_OUTCOME, IMPORTANCE, importance))
			str_addf(&w->text, " (importance %.2g)", list[i]->importance);
		room_put_point(w);
	}
	room_put_more(w, more, "desired outcomes", "plumb list kind:desired-outcome");
}

void
room_write_wants(struct room_writer *w)
{
	page_section(&w->page, "4. What they want next", false);
	page_text(&w->page, "Opportunity is importance plus what is missing to it: above 10 "
			    "something that matters is "
			    "not met.");
	for (size_t i = 0; i < w->count; i++) {
		const Plumb__V1__RoomSegment *s = w->parts[i].segment;

		str_add(&w->text, room_named(s->title, s->ref));
		room_put_heading(w, 3);
		for (size_t k = 0; k < s->n_want_next; k++) {
			str_addf(&w->text, "They ask for: %s", s->want_next[k]);
			room_put_point(w);
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
