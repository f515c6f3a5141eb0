/*
 * A page to be read and printed, as HTML or as Markdown from the same calls: headings, paragraphs, lists, tables, pictures.
 *
 * HTML comes as one file without scripts, links or anything from elsewhere, with its style and what printers need in its head. All text is
 * taken as text: whatever stands in it stays words, in both. Control characters and marks that turn the writing direction are replaced.
 */
#ifndef CLIENT_PAGE_H
#define CLIENT_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/str.h"

struct svg;

#define PAGE_COLUMNS 10

struct page {
	struct str out;
	bool html;
	unsigned sections; /* so far; and pictures: their ids */
	unsigned pictures;
	/* private */
	bool in_list;
	bool in_facts;
	size_t columns; /* of the table that is open; 0: none */
	size_t column;  /* the next cell's */
	bool right[PAGE_COLUMNS];
};

void page_begin(struct page *page, bool html, const char *title, const char *subtitle);
/* False: out of memory. Call page_fini() whatever happens. */
bool page_end(struct page *page, const char *foot) MUST_CHECK;
void page_fini(struct page *page);

/* A section, from a new sheet of paper where apart says so. */
void page_section(struct page *page, const char *title, bool apart);
/* Within a section: level 3 or 4. */
void page_heading(struct page *page, unsigned level, const char *title);
void page_text(struct page *page, const char *text);
/* What is not there, and what to type so that it is. */
void page_missing(struct page *page, const char *text);
/* A point of a list, which ends with what comes behind. */
void page_point(struct page *page, const char *text);
/* A name and its number, side by side with others. */
void page_fact(struct page *page, const char *name, const char *value);
/* At most PAGE_COLUMNS titles; those of numbers begin with ">". Then the cells of each row in order. */
void page_table(struct page *page, const char *const *titles, size_t count);
void page_cell(struct page *page, const char *text);
/* A share, 0..1, with a bar; NAN: not known. */
void page_share(struct page *page, double share);
/* Drawn as part svg_begin_part(page->pictures + 1, ...); Markdown has no place for it. */
void page_picture(struct page *page, const struct svg *svg);

/* The pieces: text as the content of an element or of an attribute in double quotes, and as a line of Markdown. */
void page_escape_html(struct str *out, const char *text);
void page_escape_md(struct str *out, const char *text);

#endif
