/*
 * Errors: a small value that travels up the stack.
 *
 * The codes are gRPC's and go out unchanged on every protocol. A function that
 * can fail takes a struct err * last, returns false (or NULL), and leaves it
 * untouched on success. msg is for users: no SQL, paths or errno texts of ours.
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#include <stdbool.h>
#include <stddef.h>

#define MUST_CHECK        __attribute__((warn_unused_result))
#define PRINTF_LIKE(a, b) __attribute__((format(printf, a, b)))

enum err_code {
	ERR_OK = 0,
	ERR_CANCELLED = 1,
	ERR_UNKNOWN = 2,
	ERR_INVALID = 3,
	ERR_DEADLINE = 4,
	ERR_NOT_FOUND = 5,
	ERR_EXISTS = 6,
	ERR_DENIED = 7,
	ERR_LIMIT = 8,
	ERR_PRECONDITION = 9,
	ERR_CONFLICT = 10,
	ERR_RANGE = 11,
	ERR_UNIMPLEMENTED = 12,
	ERR_INTERNAL = 13,
	ERR_UNAVAILABLE = 14,
	ERR_DATA_LOSS = 15,
	ERR_UNAUTHENTICATED = 16,
};

struct err {
	enum err_code code;
	char msg[256];
};

/* Sets code and message; always returns false, so that it can be returned. */
bool err_set(struct err *err, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Out of memory inside a call. Always false. */
bool err_oom(struct err *err);
/* For those who go on without what was too much, but not when memory ran out. */
bool err_is_oom(const struct err *err);

/* ERR_UNAVAILABLE with strerror(errno) behind the formatted text. Always false. */
bool err_errno(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Puts "context: " before the message and keeps the code. */
void err_wrap(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "NOT_FOUND" and so on; static. */
const char *err_code_name(enum err_code code);

#endif
