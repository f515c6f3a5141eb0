/* See err.h. Messages are cut at whole characters, since they travel as UTF-8. */
#include "common/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WHY_LEN 96 /* room kept for the system's own words */

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

/* Drops the torn character that a cut at a byte may have left at the end. */
static void
trim_torn(char *text)
{
	size_t len = strlen(text);
	size_t start = len;
	unsigned char lead;

	while (start > 0 && len - start < 4 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start == 0)
		return;
	lead = (unsigned char)text[start - 1];
	if ((lead >= 0xf0 && len - start < 3) || (lead >= 0xe0 && len - start < 2) ||
	    (lead >= 0xc0 && len - start < 1))
		text[start - 1] = '\0';
}

static void
set_text(struct err *err, const char *prefix, const char *text)
{
	char msg[sizeof err->msg];

	if (snprintf(msg, sizeof msg, "%s%s", prefix, text) >= (int)sizeof msg)
		trim_torn(msg);
	memcpy(err->msg, msg, sizeof msg);
}

bool
err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	char text[sizeof err->msg];
	va_list ap;
	int len;

	assert(code != ERR_OK);
	va_start(ap, fmt);
	len = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (len >= (int)sizeof text)
		trim_torn(text);
	err->code = code;
	set_text(err, "", text);
	return false;
}

bool
err_oom(struct err *err)
{
	return err_set(err, ERR_LIMIT, "out of memory");
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
	trim_torn(text);
	err->code = ERR_UNAVAILABLE;
	snprintf(err->msg, sizeof err->msg, "%s: %.*s", text, WHY_LEN - 1,
	    strerror_r(saved, why, sizeof why));
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
	trim_torn(prefix);
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
