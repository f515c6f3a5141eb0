/*
 * The daemon's log: one line per event, key=value, on standard error.
 *
 * Peer text is escaped. Nothing secret is logged. Thread-safe.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include "common/err.h"

enum log_level {
	LOG_LEVEL_ERROR, /* a human must act */
	LOG_LEVEL_WARN,  /* odd but handled */
	LOG_LEVEL_INFO,  /* lifecycle */
	LOG_LEVEL_DEBUG, /* per call */
};

void log_set_level(enum log_level level);
/* From "error", "warn", "info", "debug". */
bool log_parse_level(const char *text, enum log_level *out) MUST_CHECK;
/* event is a short name; the rest is key=value text. Control bytes come out as \xNN. */
void log_event(enum log_level level, const char *event, const char *fmt, ...) PRINTF_LIKE(3, 4);

#define log_error(event, ...) log_event(LOG_LEVEL_ERROR, event, __VA_ARGS__)
#define log_warn(event, ...)  log_event(LOG_LEVEL_WARN, event, __VA_ARGS__)
#define log_info(event, ...)  log_event(LOG_LEVEL_INFO, event, __VA_ARGS__)
#define log_debug(event, ...) log_event(LOG_LEVEL_DEBUG, event, __VA_ARGS__)

#endif
