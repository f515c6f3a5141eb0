/*
 * Frames: the 10-byte header of ttrpc 1.2 and our extension types (docs/PROTOCOL.md, "Frames").
 *
 * Pure: bytes in, values out; never sees a socket.
 */
#ifndef COMMON_FRAME_H
#define COMMON_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define FRAME_HEADER_LEN 10
#define FRAME_BODY_MAX   (4u << 20)

enum frame_type {
	FRAME_REQUEST = 0x01,
	FRAME_RESPONSE = 0x02,
	FRAME_DATA = 0x03,
	FRAME_HELLO = 0x10,
	FRAME_WINDOW = 0x11,
	FRAME_CANCEL = 0x12,
	FRAME_PING = 0x13,
	FRAME_GOAWAY = 0x14,
};

enum frame_flag {
	FRAME_REMOTE_CLOSED = 0x01,
	FRAME_REMOTE_OPEN = 0x02,
	FRAME_NO_DATA = 0x04,
	FRAME_ACK = 0x80, /* on HELLO and PING: an answer */
};

#define FRAME_HELLO_LEN  16
#define FRAME_WINDOW_LEN 4
#define FRAME_PING_LEN   8
#define FRAME_VERSION    1u /* of the extensions */
#define FRAME_CREDIT_MAX INT32_MAX

struct frame {
	uint32_t body_len;
	uint32_t stream;
	uint8_t type;
	uint8_t flags;
	const uint8_t *body; /* borrowed from the input */
};

enum frame_result { FRAME_DONE, FRAME_MORE, FRAME_BAD };

/*
 * One frame from the front of p. DONE: *frame is filled, *used bytes were taken. MORE: not all here yet.
 * BAD: longer than FRAME_BODY_MAX (seen from the header, before the body arrives; *frame has the header's fields).
 */
enum frame_result frame_decode(const uint8_t *p, size_t len, struct frame *frame, size_t *used);
void frame_encode_header(
    uint8_t out[FRAME_HEADER_LEN], uint32_t body_len, uint32_t stream, uint8_t type, uint8_t flags);

/* The request envelope, read in place; strings are not NUL-terminated. */
struct frame_request {
	const char *service;
	size_t service_len;
	const char *method;
	size_t method_len;
	const uint8_t *payload;
	size_t payload_len;
	int64_t timeout_ns; /* 0: none */
	const uint8_t
	    *metadata; /* the first metadata field's start; walk with frame_metadata_next */
	size_t metadata_len;
};
bool frame_request_decode(const uint8_t *p, size_t len, struct frame_request *out) MUST_CHECK;
struct frame_metadata {
	const char *key;
	size_t key_len;
	const char *value;
	size_t value_len;
};
/* Walks the metadata; *offset starts at 0. False at the end. */
bool frame_metadata_next(
    const struct frame_request *request, size_t *offset, struct frame_metadata *out);

/* Frame header and envelope of a RESPONSE that carries a payload; the payload's bytes follow. Returns the length. */
#define FRAME_RESPONSE_HEAD_MAX (FRAME_HEADER_LEN + 11)
size_t frame_response_head(
    uint8_t out[FRAME_RESPONSE_HEAD_MAX], uint32_t stream, size_t payload_len);
/* The largest payload whose RESPONSE fits into a frame. */
#define FRAME_PAYLOAD_MAX (FRAME_BODY_MAX - 11)

/*
 * Length of a whole RESPONSE frame with a status, and the frame itself; details are encoded google.rpc.Status.details
 * fields. message is NUL-terminated UTF-8.
 */
size_t frame_status_len(unsigned code, const char *message, size_t details_len);
void frame_status_encode(uint8_t *out, uint32_t stream, unsigned code, const char *message,
    const uint8_t *details, size_t details_len);

uint32_t frame_be32(const uint8_t *p);
void frame_put_be32(uint8_t *p, uint32_t value);

#endif
