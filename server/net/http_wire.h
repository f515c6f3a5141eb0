/*
 * HTTP/1.1 as it lies on the wire (RFC 9112): heads of requests, and bodies in chunks.
 *
 * Strict on purpose: whatever two readers could read differently (bare line feeds, folded fields, two lengths, spaces before a
 * colon) is refused. Pure functions; nothing is copied, a request points into the bytes it was read from.
 */
#ifndef SERVER_NET_HTTP_WIRE_H
#define SERVER_NET_HTTP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/limits.h"

struct http_text {
	const char *p; /* not NUL-terminated; NULL: not there */
	size_t len;
};

struct http_field {
	struct http_text name; /* lower case */
	struct http_text value;
};

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OPTIONS, HTTP_OTHER };

struct http_request {
	enum http_method method;
	struct http_text path; /* without the query */
	unsigned minor;        /* HTTP/1.minor: 0 or 1 */
	bool keep_alive;       /* the connection may go on */
	bool chunked;
	bool expects_continue;
	uint64_t length; /* of the body, where it is not chunked */
	struct http_field fields[LIMIT_HEADER_FIELDS];
	unsigned fields_count;
};

/* How many bytes the head has with the empty line that ends it; 0: that has not come. Looks from *seen on, and moves it. */
size_t http_head_len(const uint8_t *p, size_t len, size_t *seen);
/*
 * Reads a whole head; field names are made lower case where they lie. False: err says why, and *status is what HTTP answers:
 * 400, 417, 431, 501, 505. The connection has to end then: where the next request begins is not known.
 */
bool http_head_parse(
    uint8_t *p, size_t len, struct http_request *out, int *status, struct err *err) MUST_CHECK;
/* The value of a field that occurs once; p NULL where there is none. Of several the first. name in lower case. */
struct http_text http_find(const struct http_request *request, const char *name);
bool http_text_is(struct http_text text, const char *value);
/* Is name an element of a list like "gzip;q=0.5, identity", and not with q=0? */
bool http_list_accepts(struct http_text list, const char *name);
/* "Not Found". */
const char *http_reason(int status);

/* A body in chunks, taken apart piece by piece. */
struct http_chunks {
	uint8_t state;
	uint8_t digits;
	bool any;    /* the line of a trailer has something in it */
	size_t line; /* bytes of extensions and trailers so far */
	uint64_t left;
};
enum http_chunk { HTTP_CHUNK_MORE, HTTP_CHUNK_DATA, HTTP_CHUNK_END, HTTP_CHUNK_BAD };
/*
 * Takes *used of the len bytes. DATA: *data_len of them are data, at *data (call again for the rest). END: the body is whole.
 * MORE: everything was taken. BAD: this is no body in chunks.
 */
enum http_chunk http_chunks_take(struct http_chunks *chunks, const uint8_t *p, size_t len,
    size_t *used, const uint8_t **data, size_t *data_len);

#endif
