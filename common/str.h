/*
 * Growing text with a ceiling, always NUL-terminated.
 *
 * An append that would pass the ceiling, or finds no memory, marks the string
 * failed; later appends do nothing. Check str_ok() once at the end.
 */
#ifndef COMMON_STR_H
#define COMMON_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct str {
	char *data; /* owned; "" until the first append */
	size_t len;
	size_t cap;
	size_t max;
	bool failed;
};

void str_init(struct str *s, size_t max);
void str_fini(struct str *s);
void str_reset(struct str *s); /* empty again, keeps the memory, clears failed */
void str_add(struct str *s, const char *text);
void str_add_len(struct str *s, const char *text, size_t len);
void str_add_char(struct str *s, char c);
void str_addf(struct str *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
bool str_ok(const struct str *s);
/* Hands over the text (caller frees) and leaves s empty; NULL if it failed. */
char *str_take(struct str *s) MUST_CHECK;

#endif
