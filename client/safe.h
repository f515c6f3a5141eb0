/* Text of others made safe to print: for a terminal, and for YAML. */
#ifndef CLIENT_SAFE_H
#define CLIENT_SAFE_H

#include <stdbool.h>

struct str;

/*
 * Appends text with every control character and every mark that turns the writing direction replaced by U+FFFD;
 * a newline stays where newlines is set, else it and tabs become blanks.
 */
void safe_text(struct str *out, const char *text, bool newlines);

#endif
