/*
 * What the imports share: ids from texts that people wrote, and what the workspace has already.
 */
#ifndef CLIENT_IMPORT_TEXT_H
#define CLIENT_IMPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct arena;

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

/*
 * Text that somebody's program wrote: UTF-8 without its mark of order, NUL-terminated in the arena. NULL: ERR_INVALID (UTF-16, a NUL byte,
 * not UTF-8; *line says where, 0 the document as a whole) or ERR_LIMIT (larger than max).
 */
const char *import_text(const char *bytes, size_t len, size_t max, struct arena *arena,
    unsigned *line, struct err *err) MUST_CHECK;

#endif
