/* Ids from texts that people wrote. */
#include "client/import_text.h"

#include <ctype.h>
#include <string.h>

#include "common/arena.h"
#include "common/parse.h"
#include "common/utf8.h"

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

static unsigned
line_of(const char *bytes, size_t offset)
{
	unsigned line = 1;

	for (size_t i = 0; i < offset; i++)
		line += bytes[i] == '\n';
	return line;
}

/* Where the text stops being UTF-8. */
static size_t
bad_byte(const char *bytes, size_t len)
{
	size_t at = 0;

	while (at < len) {
		size_t step = utf8_char_len(bytes + at, len - at);

		if (step == 0)
			return at;
		at += step;
	}
	return len;
}

static bool
check_text(const char *bytes, size_t len, size_t max, unsigned *line, struct err *err)
{
	size_t bad;

	*line = 0;
	if (len > max)
		return err_set(
		    err, ERR_LIMIT, "larger than %zu MiB; import the parts one by one", max >> 20);
	if (len >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0))
		return err_set(err, ERR_INVALID,
		    "is UTF-16; save it as UTF-8 (in Excel: CSV UTF-8), or: iconv -f UTF-16 -t "
		    "UTF-8");
	bad = bad_byte(bytes, len);
	if (bad == len)
		return true;
	*line = line_of(bytes, bad);
	return err_set(err, ERR_INVALID, "%s",
	    bytes[bad] == '\0' ? "holds a NUL byte: this is no text"
			       : "is not UTF-8; save it as UTF-8, or: iconv -f WINDOWS-1252 -t "
				 "UTF-8");
}

const char *
import_text(
    const char *bytes, size_t len, size_t max, struct arena *arena, unsigned *line, struct err *err)
{
	const char *text;

	if (!check_text(bytes, len, max, line, err))
		return NULL;
	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
		bytes += 3;
		len -= 3;
	}
	text = arena_strndup(arena, bytes, len);
	if (text == NULL)
		err_oom(err);
	return text;
}
