/*
 * The Connect protocol's texts (connectrpc.com/docs/protocol): content types, error codes, HTTP statuses, envelopes.
 *
 * Pure functions.
 */
#ifndef SERVER_NET_CONNECT_WIRE_H
#define SERVER_NET_CONNECT_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct str;

#define CONNECT_ENVELOPE_LEN    5u
#define CONNECT_FLAG_COMPRESSED 1u
#define CONNECT_FLAG_END        2u

enum connect_type {
	CONNECT_NONE,
	CONNECT_JSON,
	CONNECT_PROTO,
	CONNECT_STREAM_JSON,
	CONNECT_STREAM_PROTO
};

/* Of a content-type field, parameters aside; p NULL: there is none. */
enum connect_type connect_type_of(const char *p, size_t len);
const char *connect_type_name(enum connect_type type);
static inline bool
connect_is_json(enum connect_type type)
{
	return type == CONNECT_JSON || type == CONNECT_STREAM_JSON;
}
static inline bool
connect_is_stream(enum connect_type type)
{
	return type == CONNECT_STREAM_JSON || type == CONNECT_STREAM_PROTO;
}
/* "not_found". */
const char *connect_code_name(enum err_code code);
int connect_http_status(enum err_code code);
/* connect-timeout-ms: 1 to 10 digits. */
bool connect_timeout_parse(const char *p, size_t len, int64_t *timeout_ms) MUST_CHECK;
/* Are these bytes one envelope with a message, and nothing else? */
bool connect_envelope_parse(const uint8_t *p, size_t len, bool *compressed) MUST_CHECK;
/*
 * {"code":…,"message":…,"details":[{"type":…,"value":…,"debug":…}]}; details as fields of google.rpc.Status. debug is there
 * where we know the type.
 */
void connect_error_json(
    const struct err *status, const uint8_t *details, size_t details_len, struct str *out);

#endif
