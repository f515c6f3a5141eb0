/* See err.h. Messages travel as UTF-8, so they are made valid here. */
#include "common/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

#define OUT_OF_MEMORY "out of memory"
#define WHY_LEN       96 /* room kept for the system's own words */

static const char *const names[] = {
    [ERR_OK] = "OK",
    [ERR_CANCELLED] = "CANCELLED",
    [ERR_UNKNOWN] = "UNKNOWN",
    [ERR_INVALID] = "INVALID_ARGUMENT",
    [ERR_DEADLINE] = "DEADLINE_EXCEEDED",
    [ERR_NOT_FOUND] = "NOT_FOUND",
    [ERR_EXISTS] = "ALREADY_EXISTS",
    [ERR_DENIED] = "PERMISSION_DENIED",
    [ERR_LIMIT] = "RESOURCE_EXHAUSTED",
    [ERR_PRECONDITION] = "FAILED_PRECONDITION",
    [ERR_CONFLICT] = "ABORTED",
    [ERR_RANGE] = "OUT_OF_RANGE",
    [ERR_UNIMPLEMENTED] = "UNIMPLEMENTED",
    [ERR_INTERNAL] = "INTERNAL",
    [ERR_UNAVAILABLE] = "UNAVAILABLE",
    [ERR_DATA_LOSS] = "DATA_LOSS",
    [ERR_UNAUTHENTICATED] = "UNAUTHENTICATED",
};

/* What is no UTF-8 (torn by a cut, or quoted from a peer) becomes "?". */
static void
mend(char *text)
{
	size_t left = strlen(text);
	size_t len;

	for (; left > 0; text += len, left -= len) {
		len = utf8_char_len(text, left);
		if (len == 0) {
			*text = '?';
			len = 1;
		}
	}
}

static void
set_text(struct err *err, const char *prefix, const char *text)
{
	char msg[sizeof err->msg];

	snprintf(msg, sizeof msg, "%s%s", prefix, text);
	mend(msg);
	memcpy(err->msg, msg, sizeof msg);
}

bool
err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	char text[sizeof err->msg];
	va_list ap;

	assert(code != ERR_OK);
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	err->code = code;
	set_text(err, "", text);
	return false;
}

bool
err_oom(struct err *err)
{
	return err_set(err, ERR_LIMIT, OUT_OF_MEMORY);
}

bool
err_is_oom(const struct err *err)
{
	return err->code == ERR_LIMIT && strcmp(err->msg, OUT_OF_MEMORY) == 0;
}

bool
err_errno(struct err *err, const char *fmt, ...)
{
	char text[sizeof err->msg - WHY_LEN - 2];
	char why[WHY_LEN];
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	err->code = ERR_UNAVAILABLE;
	snprintf(err->msg, sizeof err->msg, "%s: %.*s", text, WHY_LEN - 1,
	    strerror_r(saved, why, sizeof why));
	mend(err->msg);
	return false;
}

void
err_wrap(struct err *err, const char *fmt, ...)
{
	char prefix[sizeof err->msg];
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	vsnprintf(prefix, sizeof prefix - 2, fmt, ap);
	va_end(ap);
	len = strlen(prefix);
	memcpy(prefix + len, ": ", 3);
	set_text(err, prefix, err->msg);
}

const char *
err_code_name(enum err_code code)
{
	if ((size_t)code >= sizeof names / sizeof names[0])
		return "UNKNOWN";
	return names[code];
}
