/* See log.h. A line goes out with one write, so that lines of several threads never mix. */
#include "common/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/calendar.h"
#include "common/utf8.h"

#define LINE_MAX_LEN 2048
#define ESCAPE_LEN   4 /* \xNN */

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

static atomic_int max_level = LOG_LEVEL_INFO;

void
log_set_level(enum log_level level)
{
	atomic_store_explicit(&max_level, (int)level, memory_order_relaxed);
}

bool
log_parse_level(const char *text, enum log_level *out)
{
	for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

/* Bytes of the printable character at text; 0 if what stands there has to be escaped. */
static size_t
printable_len(const char *text, size_t left)
{
	unsigned char c = (unsigned char)text[0];

	if (c < 0x20 || c == 0x7f)
		return 0;
	/* U+0080 to U+009F: terminals take them for control codes. */
	if (c == 0xc2 && left > 1 && (unsigned char)text[1] < 0xa0)
		return 0;
	return utf8_char_len(text, left);
}

/*
 * Appends text to the line of len bytes, escaped; what does not fit into max is cut. Returns the
 * new length.
 */
static size_t
add_escaped(char *line, size_t len, size_t max, const char *text)
{
	size_t left = strlen(text);
	size_t n;

	for (; left > 0; text += n, left -= n) {
		n = printable_len(text, left);
		if (len + (n > 0 ? n : ESCAPE_LEN) > max)
			break;
		if (n > 0) {
			memcpy(line + len, text, n);
			len += n;
		} else {
			n = 1;
			snprintf(line + len, ESCAPE_LEN + 1, "\\x%02x", (unsigned char)*text);
			len += ESCAPE_LEN;
		}
	}
	return len;
}

static void
write_line(const char *line, size_t len)
{
	/* A log that cannot be written has nowhere to say so. */
	ssize_t written = write(STDERR_FILENO, line, len);

	(void)written;
}

void
log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	char line[LINE_MAX_LEN];
	char text[LINE_MAX_LEN];
	char when[TIME_TEXT_LEN];
	struct timespec now;
	va_list ap;
	size_t len;

	if ((int)level > atomic_load_explicit(&max_level, memory_order_relaxed))
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	time_format((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000, when);
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	len = (size_t)snprintf(
	    line, sizeof line, "time=%s level=%s event=", when, level_names[level]);
	len = add_escaped(line, len, sizeof line - 2, event);
	if (text[0] != '\0') {
		line[len++] = ' ';
		len = add_escaped(line, len, sizeof line - 1 - ESCAPE_LEN, text);
	}
	line[len++] = '\n';
	write_line(line, len);
}
