/* Ids from texts that people wrote. */
#include "client/import_text.h"

#include <ctype.h>
#include <string.h>

#include "common/parse.h"

/* Base letters of U+00C0..U+017F; a blank where there is none. */
static const char latin[] = "AAAAAAACEEEEIIII"
			    "DNOOOOO OUUUUYTs"
			    "aaaaaaaceeeeiiii"
			    "dnooooo ouuuuyty"
			    "AaAaAaCcCcCcCcDd"
			    "DdEeEeEeEeEeGgGg"
			    "GgGgHhHhIiIiIiIi"
			    "IiIiJjKkkLlLlLlL"
			    "lLlNnNnNnnNnOoOo"
			    "OoOoRrRrRrSsSsSs"
			    "SsTtTtTtUuUuUuUu"
			    "UuUuWwYyYZzZzZzs";
_Static_assert(sizeof latin == 193, "one letter for each of U+00C0..U+017F");

void
slug(const char *text, char *out)
{
	char plain[512];
	size_t len = 0;

	for (const unsigned char *p = (const unsigned char *)text;
	     *p != '\0' && len + 1 < sizeof plain; p++) {
		unsigned code = *p;

		if (*p >= 0xc3 && *p <= 0xc5 && (p[1] & 0xc0) == 0x80) {
			code = ((unsigned)(*p & 0x1f) << 6) | (p[1] & 0x3f);
			p++;
			plain[len++] = code - 0xc0 < sizeof latin - 1 ? latin[code - 0xc0] : ' ';
		} else if (*p == 0xe2 && p[1] == 0x80 && p[2] == 0x99) {
			p += 2; /* the apostrophe that word processors write */
		} else if (*p == '.') {
			/* "oecd.ai" and "1.2", but "u.s-policy" and "j-doe". */
			plain[len++] = isalnum(p[1]) ? '.' : ' ';
		} else if (*p != '\'') {
			plain[len++] = code < 0x80 && code != '_' ? (char)code : ' ';
		}
	}
	plain[len] = '\0';
	parse_slug(plain, out);
}

/* Cut at a word where one ends in the second half. */
void
cut_slug(char *text, size_t max)
{
	size_t len = strlen(text);

	if (len <= max)
		return;
	len = max;
	while (len > max / 2 && text[len] != '-')
		len--;
	if (text[len] != '-')
		len = max;
	while (len > 0 && !isalnum((unsigned char)text[len - 1]))
		len--;
	text[len] = '\0';
}
