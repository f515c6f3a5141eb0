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

/*
 * Columns of the character at text and its length in bytes; a byte that is no character takes one
 * column.
 */
static size_t
char_width(const char *text, size_t left, size_t *len)
{
	const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)text;
	utf8proc_int32_t codepoint;
	int width;

	*len = char_len(p, left);
	if (*len == 0) {
		*len = 1;
		return 1;
	}
	utf8proc_iterate(p, (utf8proc_ssize_t)*len, &codepoint);
	width = utf8proc_charwidth(codepoint);
	return width > 0 ? (size_t)width : 0;
}

size_t
utf8_width(const char *text)
{
	size_t left = strlen(text);
	size_t width = 0;
	size_t len;

	for (; left > 0; text += len, left -= len)
		width += char_width(text, left, &len);
	return width;
}

size_t
utf8_fit(const char *text, size_t columns)
{
	size_t total = strlen(text);
	size_t at = 0;
	size_t width;
	size_t len;

	for (; at < total; at += len) {
		width = char_width(text + at, total - at, &len);
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
