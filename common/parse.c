/* See parse.h. */
#include "common/parse.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define EFFORT_UNIT 100 /* hundredths in a person-day */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (!is_digit(*text) || __builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return false;
	}
	if (value < min || value > max)
		return false;
	*out = value;
	return true;
}

bool
parse_i64(const char *text, int64_t min, int64_t max, int64_t *out)
{
	bool negative = *text == '-';
	uint64_t size;
	int64_t value;

	if (!parse_u64(text + negative, 0, (uint64_t)INT64_MAX + negative, &size))
		return false;
	value = negative ? (int64_t)(0 - size) : (int64_t)size;
	if (value < min || value > max)
		return false;
	*out = value;
	return true;
}

static locale_t c_locale;

static void
make_c_locale(void)
{
	c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static const char *
skip_digits(const char *text)
{
	while (is_digit(*text))
		text++;
	return text;
}

/*
 * [+-] digits [. digits] [e [+-] digits], which is less than strtod takes: no hex, inf, nan or
 * blanks.
 */
static bool
looks_like_double(const char *text)
{
	const char *start;

	if (*text == '-' || *text == '+')
		text++;
	start = text;
	text = skip_digits(text);
	if (text == start)
		return false;
	if (*text == '.') {
		start = ++text;
		text = skip_digits(text);
		if (text == start)
			return false;
	}
	if (*text == 'e' || *text == 'E') {
		text++;
		if (*text == '-' || *text == '+')
			text++;
		start = text;
		text = skip_digits(text);
		if (text == start)
			return false;
	}
	return *text == '\0';
}

bool
parse_double(const char *text, double *out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	double value;

	if (!looks_like_double(text))
		return false;
	pthread_once(&once, make_c_locale);
	value = c_locale != (locale_t)0 ? strtod_l(text, NULL, c_locale) : strtod(text, NULL);
	if (!isfinite(value))
		return false;
	*out = value;
	return true;
}

/* "1.5d": whole and hundredths of days. */
static bool
parse_days(const char *text, int64_t *out)
{
	int64_t value = 0;
	int64_t decimal = EFFORT_UNIT;

	if (!is_digit(*text))
		return false;
	for (; is_digit(*text); text++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (int64_t)(*text - '0'), &value))
			return false;
	if (__builtin_mul_overflow(value, EFFORT_UNIT, &value))
		return false;
	if (*text == '.') {
		if (!is_digit(*++text))
			return false;
		for (; is_digit(*text) && decimal > 1; text++) {
			decimal /= 10;
			if (__builtin_add_overflow(value, (*text - '0') * decimal, &value))
				return false;
		}
	}
	if (strcmp(text, "d") != 0)
		return false;
	*out = value;
	return true;
}

bool
parse_effort(const char *text, int64_t *out)
{
	return parse_days(text, out) || parse_i64(text, 0, INT64_MAX, out);
}

static bool
is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z');
}

bool
parse_is_id(const char *text, size_t len)
{
	if (len == 0 || len > ID_MAX_LEN || !is_alnum(text[0]) || !is_alnum(text[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(text[i]) && text[i] != '.' && text[i] != '_' && text[i] != '-')
			return false;
	return true;
}

void
parse_slug(const char *text, char *out)
{
	size_t len = 0;

	for (; *text != '\0' && len < ID_MAX_LEN; text++) {
		char c = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;

		if (is_alnum(c) || (len > 0 && (c == '.' || c == '_')))
			out[len++] = c;
		else if (len > 0 && out[len - 1] != '-')
			out[len++] = '-';
	}
	while (len > 0 && !is_alnum(out[len - 1]))
		len--;
	out[len] = '\0';
}
