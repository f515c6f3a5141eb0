/* Prints docs/RULES.md from the table of rules. */
#include <stdio.h>

#include "common/str.h"
#include "server/insight/check/rules.h"

int
main(void)
{
	struct str text;
	int status = 1;

	str_init(&text, 1u << 20);
	rules_markdown(&text);
	if (str_ok(&text) && fputs(text.data, stdout) >= 0 && fflush(stdout) == 0)
		status = 0;
	str_fini(&text);
	return status;
}
