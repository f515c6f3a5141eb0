#include "common/frame.h"

#include <string.h>

/* Field tags of the envelope: number << 3 | wire type. */
enum {
	TAG_SERVICE = 1 << 3 | 2,
	TAG_METHOD = 2 << 3 | 2,
	TAG_PAYLOAD = 3 << 3 | 2,
	TAG_TIMEOUT = 4 << 3 | 0,
	TAG_METADATA = 5 << 3 | 2,
	TAG_KEY = 1 << 3 | 2,
	TAG_VALUE = 2 << 3 | 2,
	TAG_RESPONSE_STATUS = 1 << 3 | 2,
	TAG_RESPONSE_PAYLOAD = 2 << 3 | 2,
	TAG_STATUS_CODE = 1 << 3 | 0,
	TAG_STATUS_MESSAGE = 2 << 3 | 2,
};

uint32_t
frame_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void
frame_put_be32(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 24);
	p[1] = (uint8_t)(value >> 16);
	p[2] = (uint8_t)(value >> 8);
	p[3] = (uint8_t)value;
}

enum frame_result
frame_decode(const uint8_t *p, size_t len, struct frame *frame, size_t *used)
{
	if (len < FRAME_HEADER_LEN)
		return FRAME_MORE;
	frame->body_len = frame_be32(p);
	frame->stream = frame_be32(p + 4);
	frame->type = p[8];
	frame->flags = p[9];
	frame->body = p + FRAME_HEADER_LEN;
	if (frame->body_len > FRAME_BODY_MAX)
		return FRAME_BAD;
	if (len - FRAME_HEADER_LEN < frame->body_len)
		return FRAME_MORE;
	*used = FRAME_HEADER_LEN + frame->body_len;
	return FRAME_DONE;
}

void
frame_encode_header(
    uint8_t out[FRAME_HEADER_LEN], uint32_t body_len, uint32_t stream, uint8_t type, uint8_t flags)
{
	frame_put_be32(out, body_len);
	frame_put_be32(out + 4, stream);
	out[8] = type;
	out[9] = flags;
}

/* ---- reading ---- */

struct reader {
	const uint8_t *p;
	const uint8_t *end;
};

static bool
read_varint(struct reader *r, uint64_t *out)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (r->p == r->end)
			return false;
		uint8_t byte = *r->p++;
		/* The tenth byte has room for one bit. */
		if (shift == 63 && byte > 1)
			return false;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*out = value;
			return true;
		}
	}
	return false;
}

static bool
read_bytes(struct reader *r, const uint8_t **p, size_t *len)
{
	uint64_t n;

	if (!read_varint(r, &n) || n > (uint64_t)(r->end - r->p))
		return false;
	*p = r->p;
	*len = (size_t)n;
	r->p += n;
	return true;
}

static bool
skip(struct reader *r, size_t n)
{
	if ((size_t)(r->end - r->p) < n)
		return false;
	r->p += n;
	return true;
}

/* Past the value of a field that nobody here knows. */
static bool
skip_field(struct reader *r, uint64_t tag)
{
	const uint8_t *p;
	uint64_t value;
	size_t len;

	if (tag >> 3 == 0 || tag > UINT32_MAX)
		return false;
	switch (tag & 7) {
	case 0:
		return read_varint(r, &value);
	case 1:
		return skip(r, 8);
	case 2:
		return read_bytes(r, &p, &len);
	case 5:
		return skip(r, 4);
	default:
		return false;
	}
}

static bool
read_text(struct reader *r, const char **text, size_t *len)
{
	const uint8_t *p;

	if (!read_bytes(r, &p, len))
		return false;
	*text = (const char *)p;
	return true;
}

static bool
check_metadata(struct reader *r)
{
	struct reader pair;
	const uint8_t *p;
	uint64_t tag;
	size_t len;

	if (!read_bytes(r, &p, &len))
		return false;
	pair = (struct reader){p, p + len};
	while (pair.p < pair.end) {
		if (!read_varint(&pair, &tag) || !skip_field(&pair, tag))
			return false;
	}
	return true;
}

static bool
read_request_field(struct reader *r, struct frame_request *out)
{
	const uint8_t *start = r->p;
	uint64_t tag, value;

	if (!read_varint(r, &tag))
		return false;
	switch (tag) {
	case TAG_SERVICE:
		return read_text(r, &out->service, &out->service_len);
	case TAG_METHOD:
		return read_text(r, &out->method, &out->method_len);
	case TAG_PAYLOAD:
		return read_bytes(r, &out->payload, &out->payload_len);
	case TAG_TIMEOUT:
		if (!read_varint(r, &value))
			return false;
		out->timeout_ns = (int64_t)value;
		return true;
	case TAG_METADATA:
		if (out->metadata == NULL)
			out->metadata = start;
		return check_metadata(r);
	default:
		return skip_field(r, tag);
	}
}

bool
frame_request_decode(const uint8_t *p, size_t len, struct frame_request *out)
{
	struct reader r = {p, len == 0 ? p : p + len};
	struct frame_request request = {.service = "", .method = ""};

	while (r.p < r.end) {
		if (!read_request_field(&r, &request))
			return false;
	}
	if (request.metadata != NULL)
		request.metadata_len = (size_t)(r.end - request.metadata);
	*out = request;
	return true;
}

static void
read_pair(const uint8_t *p, size_t len, struct frame_metadata *out)
{
	struct reader r = {p, p + len};
	bool ok = true;
	uint64_t tag;

	*out = (struct frame_metadata){.key = "", .value = ""};
	while (ok && r.p < r.end && read_varint(&r, &tag)) {
		if (tag == TAG_KEY)
			ok = read_text(&r, &out->key, &out->key_len);
		else if (tag == TAG_VALUE)
			ok = read_text(&r, &out->value, &out->value_len);
		else
			ok = skip_field(&r, tag);
	}
}

bool
frame_metadata_next(const struct frame_request *request, size_t *offset, struct frame_metadata *out)
{
	struct reader r;
	const uint8_t *p;
	uint64_t tag;
	size_t len;

	if (request->metadata == NULL)
		return false;
	r = (struct reader){request->metadata + *offset, request->metadata + request->metadata_len};
	while (r.p < r.end) {
		/* The walk was made once by frame_request_decode: it cannot fail now. */
		if (!read_varint(&r, &tag))
			return false;
		if (tag == TAG_METADATA) {
			if (!read_bytes(&r, &p, &len))
				return false;
			read_pair(p, len, out);
			*offset = (size_t)(r.p - request->metadata);
			return true;
		}
		if (!skip_field(&r, tag))
			return false;
	}
	*offset = request->metadata_len;
	return false;
}

/* ---- writing ---- */

static size_t
varint_len(uint64_t value)
{
	size_t n = 1;

	for (; value >= 0x80; value >>= 7)
		n++;
	return n;
}

static uint8_t *
put_varint(uint8_t *p, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*p++ = (uint8_t)(value | 0x80);
	*p++ = (uint8_t)value;
	return p;
}

size_t
frame_response_head(uint8_t out[FRAME_RESPONSE_HEAD_MAX], uint32_t stream, size_t payload_len)
{
	uint8_t *p = out + FRAME_HEADER_LEN;
	size_t head;

	if (payload_len > 0) {
		*p++ = TAG_RESPONSE_PAYLOAD;
		p = put_varint(p, payload_len);
	}
	head = (size_t)(p - out);
	frame_encode_header(
	    out, (uint32_t)(head - FRAME_HEADER_LEN + payload_len), stream, FRAME_RESPONSE, 0);
	return head;
}

/* Of the Status message alone. */
static size_t
status_len(unsigned code, size_t message_len, size_t details_len)
{
	size_t n = details_len;

	if (code != 0)
		n += 1 + varint_len(code);
	if (message_len > 0)
		n += 1 + varint_len(message_len) + message_len;
	return n;
}

size_t
frame_status_len(unsigned code, const char *message, size_t details_len)
{
	size_t n = status_len(code, strlen(message), details_len);

	return FRAME_HEADER_LEN + 1 + varint_len(n) + n;
}

void
frame_status_encode(uint8_t *out, uint32_t stream, unsigned code, const char *message,
    const uint8_t *details, size_t details_len)
{
	size_t message_len = strlen(message);
	size_t n = status_len(code, message_len, details_len);
	uint8_t *p = out + FRAME_HEADER_LEN;

	frame_encode_header(out, (uint32_t)(1 + varint_len(n) + n), stream, FRAME_RESPONSE, 0);
	*p++ = TAG_RESPONSE_STATUS;
	p = put_varint(p, n);
	if (code != 0) {
		*p++ = TAG_STATUS_CODE;
		p = put_varint(p, code);
	}
	if (message_len > 0) {
		*p++ = TAG_STATUS_MESSAGE;
		p = put_varint(p, message_len);
		memcpy(p, message, message_len);
		p += message_len;
	}
	if (details_len > 0)
		memcpy(p, details, details_len);
}
