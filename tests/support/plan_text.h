/*
 * Plans for tests, written as text: change sets in JSON (plumb.v1.ChangeSet), in which ' stands for " so that they
 * read well in C.
 *
 * A fault in the text or a refusal ends the test program with a message.
 */
#ifndef TESTS_SUPPORT_PLAN_TEXT_H
#define TESTS_SUPPORT_PLAN_TEXT_H

#include <stdint.h>

#include "server/plan/item.h"

struct plan;
struct view;

struct plan_text {
	struct plan *plan;
	struct view *view; /* out since plan_text_view(); NULL */
	uint64_t revision;
};

void plan_text_init(struct plan_text *text);
void plan_text_fini(struct plan_text *text);
/* Takes the changes (what stands in ChangeSet.changes, without the brackets) as of noon of that day, and settles them. */
void plan_text_apply(struct plan_text *text, const char *day, const char *changes);
/*
 * The same from lines of "kind/id {fields of the body}" or "kind/id {...} {fields of the item or record}", one entry a
 * line: puts for items, adds for records. Empty lines and lines that begin with # are skipped.
 */
void plan_text_put(struct plan_text *text, const char *day, const char *lines);
/* The plan now; one at a time, given back by the next change or the end. Settled. */
const struct view *plan_text_view(struct plan_text *text);
/* Slot of "kind/id"; ends the program if the name was never used. */
uint32_t plan_text_slot(struct plan_text *text, const char *ref);

#endif
