/* UTF-8: validity at the edge, width on a terminal. */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/* Well-formed UTF-8 without NUL (no surrogates, no overlong forms, at most U+10FFFF). */
bool utf8_is_valid(const char *text, size_t len) MUST_CHECK;
/*
 * Bytes of the well-formed character at text, of which left bytes are there; 0 if there is none (or
 * a NUL).
 */
size_t utf8_char_len(const char *text, size_t left);
/*
 * What is read as one character (a grapheme cluster: a letter with its accents, a flag, a family of emoji
 * joined by U+200D): its bytes, and the columns that it takes on a terminal. A byte that is no character takes one.
 */
size_t utf8_cluster(const char *text, size_t left, size_t *width);
/*
 * Columns that text takes on a terminal; East Asian wide and emoji take two, combining marks none.
 */
size_t utf8_width(const char *text);
/* Length in bytes of the longest prefix of text that fits into columns; no cluster is cut in two. */
size_t utf8_fit(const char *text, size_t columns);
/*
 * Unicode NFC and case folding into a heap string, for comparing names; NULL out of memory or
 * invalid.
 */
char *utf8_fold(const char *text) MUST_CHECK;

#endif
