/* See str.h. */
#include "common/str.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 64

/* What an empty string points to; never written, since cap is 0. */
static char empty[1];

void
str_init(struct str *s, size_t max)
{
	*s = (struct str){.data = empty, .max = max};
}

void
str_fini(struct str *s)
{
	if (s->cap > 0)
		free(s->data);
	str_init(s, s->max);
}

void
str_reset(struct str *s)
{
	s->len = 0;
	s->failed = false;
	if (s->cap > 0)
		s->data[0] = '\0';
}

/* Room for more bytes and the NUL; false (and failed) if there is none. */
static bool
reserve(struct str *s, size_t more)
{
	size_t need;
	size_t cap = s->cap > 0 ? s->cap : FIRST_CAP;
	char *data;

	if (s->failed)
		return false;
	assert(s->len <= s->max);
	if (more > s->max - s->len || __builtin_add_overflow(s->len + 1, more, &need)) {
		s->failed = true;
		return false;
	}
	if (need <= s->cap)
		return true;
	while (cap < need)
		cap = cap * 2 > cap ? cap * 2 : need;
	data = realloc(s->cap > 0 ? s->data : NULL, cap);
	if (data == NULL) {
		s->failed = true;
		return false;
	}
	s->data = data;
	s->cap = cap;
	s->data[s->len] = '\0';
	return true;
}

void
str_add_len(struct str *s, const char *text, size_t len)
{
	if (len == 0 || !reserve(s, len))
		return;
	memcpy(s->data + s->len, text, len);
	s->len += len;
	s->data[s->len] = '\0';
}

void
str_add(struct str *s, const char *text)
{
	str_add_len(s, text, strlen(text));
}

void
str_add_char(struct str *s, char c)
{
	str_add_len(s, &c, 1);
}

void
str_addf(struct str *s, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0) {
		s->failed = true;
		return;
	}
	if (len == 0 || !reserve(s, (size_t)len))
		return;
	va_start(ap, fmt);
	vsnprintf(s->data + s->len, (size_t)len + 1, fmt, ap);
	va_end(ap);
	s->len += (size_t)len;
}

bool
str_ok(const struct str *s)
{
	return !s->failed;
}

char *
str_take(struct str *s)
{
	char *data = NULL;

	if (!s->failed && s->cap > 0)
		data = s->data;
	else if (!s->failed)
		data = strdup("");
	else
		str_fini(s);
	str_init(s, s->max);
	return data;
}
