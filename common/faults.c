/* See faults.h. */
#include "common/faults.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "common/arena.h"

void
faults_init(struct faults *faults, struct arena *arena)
{
	faults->arena = arena;
	faults->count = 0;
	faults->total = 0;
}

bool
faults_add(struct faults *faults, const char *field, const char *fmt, ...)
{
	struct err text; /* borrowed for its cut at whole characters */
	char raw[sizeof text.msg * 2];
	struct fault fault;
	va_list ap;

	faults->total++;
	if (faults->count == FAULTS_MAX)
		return false;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	err_set(&text, ERR_INVALID, "%s", raw);
	fault.description = arena_strdup(faults->arena, text.msg);
	err_set(&text, ERR_INVALID, "%s", field);
	fault.field = arena_strdup(faults->arena, text.msg);
	/* A full arena costs the text of the fault, not that there is one. */
	if (fault.field != NULL && fault.description != NULL)
		faults->list[faults->count++] = fault;
	return false;
}

bool
faults_none(const struct faults *faults, struct err *err)
{
	if (faults->total == 0)
		return true;
	if (faults->count == 0)
		return err_set(err, ERR_INVALID, "faults in the request: %zu", faults->total);
	if (faults->total == 1)
		return err_set(
		    err, ERR_INVALID, "%s: %s", faults->list[0].field, faults->list[0].description);
	return err_set(err, ERR_INVALID, "%s: %s (and %zu more)", faults->list[0].field,
	    faults->list[0].description, faults->total - 1);
}
