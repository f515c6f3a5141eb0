/*
 * See utf8.h. Validity is our own (it runs over every string that comes in); the rest is
 * utf8proc's.
 */
#include "common/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)
#define LOW_BITS  UINT64_C(0x0101010101010101)

/* Bytes of the well-formed character at p (Unicode 15, table 3-7); 0 if there is none. */
static size_t
char_len(const uint8_t *p, size_t left)
{
	uint8_t low = 0x80; /* range of the second byte */
	uint8_t high = 0xbf;
	size_t len;

	if (p[0] < 0x80)
		return p[0] != 0;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (left < len)
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0; /* overlong */
	else if (p[0] == 0xed)
		high = 0x9f; /* surrogates */
	else if (p[0] == 0xf0)
		low = 0x90; /* overlong */
	else if (p[0] == 0xf4)
		high = 0x8f; /* past U+10FFFF */
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

size_t
utf8_char_len(const char *text, size_t left)
{
	return left > 0 ? char_len((const uint8_t *)text, left) : 0;
}

bool
utf8_is_valid(const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text;
	const uint8_t *end = p + len;
	uint64_t word;
	size_t n;

	while (p < end) {
		/*
		 * Eight bytes of ASCII at once; the subtraction sets a high bit where a byte is
		 * NUL.
		 */
		if (end - p >= 8) {
			memcpy(&word, p, sizeof word);
			if (((word | (word - LOW_BITS)) & HIGH_BITS) == 0) {
				p += 8;
				continue;
			}
		}
		n = char_len(p, (size_t)(end - p));
		if (n == 0)
			return false;
		p += n;
	}
	return true;
}

/* Regional indicators: two of them are one flag. */
static bool
is_regional(utf8proc_int32_t c)
{
	return c >= 0x1f1e6 && c <= 0x1f1ff;
}

/* Does U+FE0F make an emoji of it, two columns wide? Pictures, and the digits of key caps. */
static bool
may_be_emoji(utf8proc_int32_t c)
{
	return (c >= '0' && c <= '9') || c == '#' || c == '*' ||
	       utf8proc_get_property(c)->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

static size_t
width_of(utf8proc_int32_t c)
{
	int width = utf8proc_charwidth(c);

	return width > 0 ? (size_t)width : 0;
}

/* What the first character and one that joins it take together. */
static size_t
joined_width(utf8proc_int32_t first, utf8proc_int32_t joined, size_t width)
{
	if (joined == 0xfe0f)
		return may_be_emoji(first) ? 2 : width;
	if (is_regional(first) && is_regional(joined))
		return 2;
	return width_of(joined) > width ? width_of(joined) : width;
}

/* The well-formed character at p; its bytes, 0 if there is none. */
static size_t
decode(const char *text, size_t left, utf8proc_int32_t *c)
{
	size_t len = left > 0 ? char_len((const uint8_t *)text, left) : 0;

	if (len > 0)
		utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len, c);
	return len;
}

size_t
utf8_cluster(const char *text, size_t left, size_t *width)
{
	utf8proc_int32_t first, before, c, state = 0;
	size_t at, len;

	/* nearly all there is: a letter before another or the end */
	if (left > 0 && (uint8_t)text[0] < 0x80 && (left == 1 || (uint8_t)text[1] < 0x80)) {
		*width = text[0] >= 0x20 && text[0] != 0x7f;
		return 1;
	}
	at = decode(text, left, &first);
	if (at == 0) {
		*width = 1;
		return left > 0;
	}
	*width = width_of(first);
	for (before = first; (len = decode(text + at, left - at, &c)) > 0; at += len, before = c) {
		if (utf8proc_grapheme_break_stateful(before, c, &state))
			break;
		*width = joined_width(first, c, *width);
	}
	return at;
}

size_t
utf8_width(const char *text)
{
	size_t left = strlen(text);
	size_t total = 0;
	size_t width;
	size_t len;

	for (; left > 0; text += len, left -= len) {
		len = utf8_cluster(text, left, &width);
		total += width;
	}
	return total;
}

size_t
utf8_fit(const char *text, size_t columns)
{
	size_t total = strlen(text);
	size_t at = 0;
	size_t width;
	size_t len;

	for (; at < total; at += len) {
		len = utf8_cluster(text + at, total - at, &width);
		if (width > columns)
			break;
		columns -= width;
	}
	return at;
}

char *
utf8_fold(const char *text)
{
	utf8proc_uint8_t *out = NULL;

	if (!utf8_is_valid(text, strlen(text)))
		return NULL;
	if (utf8proc_map((const utf8proc_uint8_t *)text, 0, &out,
		UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD) < 0)
		return NULL;
	return (char *)out;
}
