#include "client/scale.h"

#include <stdio.h>
#include <string.h>

#include "common/parse.h"

bool
scale_parse(const char *text, double *low, double *high)
{
	const char *dash = strchr(text, '-');
	char first[32];
	double a, b;

	if (dash == NULL || (size_t)(dash - text) >= sizeof first)
		return false;
	snprintf(first, sizeof first, "%.*s", (int)(dash - text), text);
	if (!parse_double(first, &a) || !parse_double(dash + 1, &b) || !(a >= 0 && a < b) ||
	    b > SCALE_MOST)
		return false;
	*low = a;
	*high = b;
	return true;
}
