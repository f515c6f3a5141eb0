#include "server/insight/check/dimension.h"

#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "server/plan/control.h"

static const char *
trimmed(const char *text, size_t *len)
{
	while (*len > 0 && (unsigned char)text[0] <= ' ') {
		text++;
		(*len)--;
	}
	while (*len > 0 && (unsigned char)text[*len - 1] <= ' ')
		(*len)--;
	return text;
}

/* FNV-1a: spreads well enough to find candidates; who has the same is compared letter by letter. */
static uint64_t
hash_bytes(const char *text, size_t len, bool *ascii)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	*ascii = true;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		*ascii &= c < 0x80;
		hash = (hash ^ (c >= 'A' && c <= 'Z' ? c + 32u : c)) * UINT64_C(1099511628211);
	}
	return hash;
}

/* Folded, for comparing; NULL: out of memory. */
static char *
folded(const struct item *measure)
{
	size_t len;
	const char *text = control_dimension(measure, &len);
	char *copy, *fold;

	text = trimmed(text, &len);
	copy = strndup(text, len);
	fold = copy != NULL ? utf8_fold(copy) : NULL;
	free(copy);
	return fold;
}

bool
dimension_hash(const struct item *measure, uint64_t *hash)
{
	size_t len;
	const char *text = control_dimension(measure, &len);
	bool ascii;
	char *fold;

	text = trimmed(text, &len);
	*hash = 0;
	if (len == 0)
		return true;
	*hash = hash_bytes(text, len, &ascii);
	if (ascii)
		return true;
	fold = folded(measure);
	if (fold == NULL)
		return false;
	*hash = hash_bytes(fold, strlen(fold), &ascii);
	free(fold);
	return true;
}

int
dimension_is_same(const struct item *a, const struct item *b)
{
	char *fa = folded(a);
	char *fb = folded(b);
	int same = fa == NULL || fb == NULL ? -1 : strcmp(fa, fb) == 0;

	free(fa);
	free(fb);
	return same;
}
