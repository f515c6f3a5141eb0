/*
 * What the imports share: ids from texts that people wrote, and what the workspace has already.
 */
#ifndef CLIENT_IMPORT_TEXT_H
#define CLIENT_IMPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* An entry that the workspace has already: its id must not be given away, and it may be meant by the document. */
struct import_known {
	const char *ref; /* "person/anna-brandt" */
	const char *title;
	const char *source; /* who put it there; "" nobody in particular */
	const char *at;     /* of a record: its day or time; "" */
	const char *const *external_ids;
	size_t external_ids_count;
	bool
	    retracted; /* a record that was withdrawn: what the document states again needs another id */
};

/* Latin letters without their marks, then parse_slug. out has ID_MAX_LEN + 1 bytes. */
void slug(const char *text, char *out);
/* Cut at a word where one ends in the second half. */
void cut_slug(char *text, size_t max);

#endif
