#include "client/room_page.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "client/context.h"
#include "client/room_page_internal.h"

#define TEXT_MAX (1u << 20)

/* ---- pieces */

void
room_put_text(struct room_writer *w)
{
	page_text(&w->page, w->text.data);
	str_reset(&w->text);
}

void
room_put_point(struct room_writer *w)
{
	page_point(&w->page, w->text.data);
	str_reset(&w->text);
}

void
room_put_cell(struct room_writer *w)
{
	page_cell(&w->page, w->text.data);
	str_reset(&w->text);
}

void
room_put_missing(struct room_writer *w)
{
	page_missing(&w->page, w->text.data);
	str_reset(&w->text);
}

void
room_put_heading(struct room_writer *w, unsigned level)
{
	page_heading(&w->page, level, w->text.data);
	str_reset(&w->text);
}

const char *
room_named(const char *title, const char *ref)
{
	return title[0] ? title : ref;
}

const char *
room_who(struct room_writer *w, const char *ref)
{
	const char *title;

	if (strncmp(ref, "person/", 7) == 0 || strncmp(ref, "team/", 5) == 0)
		return context_person(w->ctx, ref);
	for (size_t i = 0; i < w->count; i++) {
		if (strcmp(w->parts[i].segment->ref, ref) == 0)
			return room_named(w->parts[i].segment->title, ref);
	}
	title = ref[0] ? context_title(w->ctx, ref) : "";
	return room_named(title, ref);
}

void
room_add_thousands(struct str *out, double value)
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

void
room_add_money(struct str *out, double value, const char *currency)
{
	room_add_thousands(out, value);
	if (currency[0])
		str_addf(out, " %s", currency);
}

void
room_add_degree(struct str *out, bool known, double value)
{
	if (known)
		str_addf(out, "%.2g", value);
	else
		str_add(out, "?");
}

void
room_add_plural(struct str *out, uint32_t n, const char *one, const char *many)
{
	str_addf(out, "%" PRIu32 " %s", n, n == 1 ? one : many);
}

void
room_put_more(struct room_writer *w, uint32_t more, const char *what, const char *command)
{
	if (!more)
		return;
	str_addf(&w->text, "%" PRIu32 " more %s: %s", more, what, command);
	room_put_text(w);
}

void
room_add_list(struct str *out, char *const *list, size_t count, const char *none)
{
	for (size_t i = 0; i < count; i++)
		str_addf(out, "%s%s", i ? "; " : "", list[i]);
	if (!count)
		str_add(out, none);
}

/* ---- at a glance */

static void
put_promise_fact(struct room_writer *w)
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
put_facts(struct room_writer *w)
{
	const Plumb__V1__RoomBook *b = w->book;
	struct page *page = &w->page;

	if (HAS(b, ROOM_BOOK, CUSTOMERS, customers))
		room_add_thousands(&w->text, b->customers);
	else
		str_add(&w->text, "not stated");
	page_fact(page, "Customers", w->text.data);
	str_reset(&w->text);
	if (HAS(b, ROOM_BOOK, VALUE, value))
		room_add_money(&w->text, b->value, b->currency);
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

/* ---- all of it */

static void
begin(struct room_writer *w, bool html)
{
	const Plumb__V1__RoomBook *b = w->book;
	struct str title;

	str_init(&title, TEXT_MAX);
	str_addf(&title, "Customer room: %s", room_named(b->title, b->quarter));
	str_addf(&w->text, "%s to %s, %s %s. Changes are against %s. Revision %" PRIu64 ".",
	    b->first_day, b->last_day, b->running ? "still running, as it stands on" : "as of",
	    b->day, b->before, b->revision);
	page_begin(&w->page, html, title.data, w->text.data);
	str_reset(&w->text);
	str_fini(&title);
}

static bool
end(struct room_writer *w)
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
	struct room_writer w = {.ctx = ctx, .book = book, .parts = parts, .count = count};
	bool ok;

	str_init(&w.text, TEXT_MAX);
	begin(&w, html);
	put_facts(&w);
	room_write_segments(&w);
	ok = room_write_journeys(&w);
	if (ok) {
		room_write_why(&w);
		room_write_wants(&w);
		room_write_promises(&w);
		room_write_to_decide(&w);
	}
	ok = end(&w) && ok;
	if (ok)
		str_add_len(out, w.page.out.data, w.page.out.len);
	page_fini(&w.page);
	str_fini(&w.text);
	return ok && str_ok(out);
}
