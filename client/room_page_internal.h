/* The parts of the customer room's page, and the pieces that they are put together from. */
#ifndef CLIENT_ROOM_PAGE_INTERNAL_H
#define CLIENT_ROOM_PAGE_INTERNAL_H

#include <stdint.h>

#include "client/page.h"
#include "client/room_page.h"
#include "common/str.h"

struct room_writer {
	struct context *ctx;
	const Plumb__V1__RoomBook *book;
	const struct room_part *parts;
	size_t count;
	struct page page;
	struct str text; /* what is being put together */
};

#define HAS(message, Type, FIELD, field)                                                           \
	((message)->field##__case == PLUMB__V1__##Type##__##FIELD##__##FIELD)

/* ---- room_page.c: pieces */

/* What was put together as a piece of the page; then it is empty for the next. */
void room_put_text(struct room_writer *w);
void room_put_point(struct room_writer *w);
void room_put_cell(struct room_writer *w);
void room_put_missing(struct room_writer *w);
void room_put_heading(struct room_writer *w, unsigned level);
/* How many are left out, and what to type to see them; nothing for none. */
void room_put_more(struct room_writer *w, uint32_t more, const char *what, const char *command);

/* The title, where there is one. */
const char *room_named(const char *title, const char *ref);
/* A person or team by name; of the others the title. */
const char *room_who(struct room_writer *w, const char *ref);

/* "2,400,000" */
void room_add_thousands(struct str *out, double value);
void room_add_money(struct str *out, double value, const char *currency);
/* "5.3", "?" */
void room_add_degree(struct str *out, bool known, double value);
void room_add_plural(struct str *out, uint32_t n, const char *one, const char *many);
void room_add_list(struct str *out, char *const *list, size_t count, const char *none);

/* ---- room_page_segments.c */

void room_write_segments(struct room_writer *w);
void room_write_why(struct room_writer *w);
void room_write_wants(struct room_writer *w);
/* Importance, met and opportunity: three cells. */
void room_cells_rating(struct room_writer *w, const Plumb__V1__RoomWant *want);

/* ---- room_page_path.c. False: out of memory */

bool room_write_journeys(struct room_writer *w) MUST_CHECK;

/* ---- room_page_decide.c */

void room_write_promises(struct room_writer *w);
void room_write_to_decide(struct room_writer *w);

#endif
