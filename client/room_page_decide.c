/* Of the customer room's page: what was promised to customers, and what to decide. */
#include <inttypes.h>

#include "client/customer.h"
#include "client/room_page_internal.h"

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
put_kept(struct room_writer *w, const char *lead, const Plumb__V1__SayDoRow *row)
{
	str_addf(&w->text, "%s: %" PRIu32 " of %" PRIu32 " that were due were kept", lead,
	    row->kept, row->made);
	if (HAS(row, SAY_DO_ROW, RATIO, ratio))
		str_addf(&w->text, " (%.0f %%)", row->ratio * 100);
	str_addf(&w->text,
	    "; %" PRIu32 " kept late, %" PRIu32 " broken, %" PRIu32 " overdue; %" PRIu32
	    " not due yet, %" PRIu32 " withdrawn.",
	    row->kept_late, row->broken, row->overdue, row->open, row->withdrawn);
	room_put_text(w);
}

static void
cell_standing(struct room_writer *w, const Plumb__V1__Promise *p)
{
	str_add(&w->text, standing_words(p->standing));
	if (p->standing == PLUMB__V1__PROMISE__STANDING__OVERDUE) {
		str_add(&w->text, " by ");
		room_add_plural(&w->text, (uint32_t)p->days, "day", "days");
	} else if (p->settled[0]) {
		str_addf(&w->text, " on %s", p->settled);
	}
	if (p->moved) {
		str_add(&w->text, ", put off ");
		room_add_plural(&w->text, p->moved, "time", "times");
	}
	if (p->why[0])
		str_addf(&w->text, ": %s", p->why);
	room_put_cell(w);
}

void
room_write_promises(struct room_writer *w)
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

		page_cell(&w->page, room_named(p->title, p->ref));
		page_cell(&w->page, p->by[0] ? room_who(w, p->by) : "nobody");
		for (size_t k = 0; k < p->n_to; k++)
			str_addf(&w->text, "%s%s", k ? ", " : "", room_who(w, p->to[k]));
		room_put_cell(w);
		page_cell(&w->page, p->due);
		cell_standing(w, p);
	}
	room_put_more(w, b->more_promises, "promises", "plumb saydo --list");
}

/* ---- what to decide */

static void
write_last_room(struct room_writer *w)
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

		str_addf(&w->text, "%s: ", room_named(m->title, m->review));
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
		room_put_text(w);
		for (size_t k = 0; k < m->n_decisions; k++) {
			const Plumb__V1__RoomDecision *d = m->decisions[k];

			str_addf(&w->text, "%s (%s%s%s)", room_named(d->title, d->ref), d->status,
			    d->decided[0] ? " " : "", d->decided);
			if (d->chosen[0])
				str_addf(&w->text, ": %s", d->chosen);
			if (d->reason[0])
				str_addf(&w->text, ". %s", d->reason);
			room_put_point(w);
		}
		if (m->last_day[0] && m->n_decisions == 0)
			page_missing(&w->page,
			    "No decision of it is written down: name them in the meeting's "
			    "\"decisions\", or the room in a decision's \"made_in\".");
		room_put_more(w, m->more_decisions, "decisions", "plumb list kind:decision");
	}
}

static void
write_decisions(struct room_writer *w)
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

		str_add(&w->text, room_named(d->title, d->ref));
		if (d->context[0])
			str_addf(&w->text, ". %s", d->context);
		room_put_cell(w);
		str_add(&w->text, d->decide_by[0] ? d->decide_by : "no day");
		if (d->overdue_days > 0)
			str_addf(&w->text, " (%" PRId32 " days ago)", d->overdue_days);
		room_put_cell(w);
		page_cell(&w->page, d->owner[0] ? room_who(w, d->owner) : "");
		room_add_list(&w->text, d->options, d->n_options, "none stated");
		room_put_cell(w);
	}
	room_put_more(w, b->more_to_decide, "decisions about customers",
	    "plumb list \"kind:decision status:proposed\"");
	room_put_more(w, b->to_decide_elsewhere, "proposed, about no customer",
	    "plumb list \"kind:decision status:proposed\"");
}

static void
write_requests(struct room_writer *w)
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

		page_cell(&w->page, room_named(p->title, p->ref));
		page_cell(&w->page, p->from[0] ? room_who(w, p->from) : "");
		page_cell(&w->page, p->to[0] ? room_who(w, p->to) : "");
		page_cell(&w->page, p->waits[0] ? room_who(w, p->waits) : "");
		str_add(&w->text, p->due[0] ? p->due : "no day");
		if (p->overdue_days > 0)
			str_addf(&w->text, " (%" PRId32 " days ago)", p->overdue_days);
		room_put_cell(w);
	}
	room_put_more(w, b->more_requests, "requests for customers' work", "plumb request list");
	room_put_more(w, b->requests_elsewhere, "open, for other work", "plumb request list");
}

static void
write_holes(struct room_writer *w)
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

		page_cell(&w->page, room_named(s->title, s->step));
		for (size_t k = 0; k < s->n_holes; k++)
			str_addf(&w->text, "%s%s", k ? "; " : "", customer_hole(s->holes[k]));
		room_put_cell(w);
	}
	room_put_more(w, b->more_holes, "steps lack something", "plumb ecosystem");
	if (b->n_unanswered)
		page_table(&w->page, wants, sizeof wants / sizeof wants[0]);
	for (size_t i = 0; i < b->n_unanswered; i++) {
		const Plumb__V1__RoomWant *want = b->unanswered[i];

		page_cell(&w->page, room_named(want->title, want->ref));
		page_cell(&w->page, want->segment[0] ? room_who(w, want->segment) : "no segment");
		room_cells_rating(w, want);
	}
	room_put_more(w, b->more_unanswered, "expectations without an answer",
	    "plumb check --rule customer/uncovered-expectation");
}

void
room_write_to_decide(struct room_writer *w)
{
	page_section(&w->page, "6. What to decide", true);
	write_last_room(w);
	write_decisions(w);
	write_requests(w);
	write_holes(w);
}
