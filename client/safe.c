#include "client/safe.h"

#include <stddef.h>

#include "common/str.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* Bytes of a character at p that a terminal could take as an order, or that reorder what is read; 0: harmless. */
static size_t
harmful(const unsigned char *p)
{
	if (p[0] < 0x20 || p[0] == 0x7f)
		return 1;
	if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
		return 2; /* C1 controls */
	if (p[0] == 0xe2 && p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae)
		return 3; /* U+202A..U+202E */
	if (p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)
		return 3; /* U+2066..U+2069 */
	return 0;
}

void
safe_text(struct str *out, const char *text, bool newlines)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p) {
		const unsigned char *begin = p;
		size_t n = 0;

		while (*p && (n = harmful(p)) == 0)
			p++;
		str_add_len(out, (const char *)begin, (size_t)(p - begin));
		if (!*p)
			break;
		if (*p == '\n' && newlines)
			str_add_char(out, '\n');
		else if (*p == '\n' || *p == '\t' || *p == '\r')
			str_add_char(out, ' ');
		else
			str_add(out, REPLACEMENT);
		p += n;
	}
}
