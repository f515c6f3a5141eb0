#include "server/net/http_wire.h"

#include <string.h>

/* ---- texts -------------------------------------------------------------------------------------------------- */

static bool
is_token_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct http_text
trim(struct http_text text)
{
	while (text.len > 0 && is_blank(text.p[0])) {
		text.p++;
		text.len--;
	}
	while (text.len > 0 && is_blank(text.p[text.len - 1]))
		text.len--;
	return text;
}

/* Without regard to case; value is lower case. */
bool
http_text_is(struct http_text text, const char *value)
{
	if (text.p == NULL || text.len != strlen(value))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (lower((uint8_t)text.p[i]) != (uint8_t)value[i])
			return false;
	}
	return true;
}

/* The part before the first stop, which is left in *rest; false at the end. */
static bool
next_part(struct http_text *rest, char stop, struct http_text *part)
{
	const char *at;

	if (rest->p == NULL)
		return false;
	at = memchr(rest->p, stop, rest->len);
	part->p = rest->p;
	part->len = at != NULL ? (size_t)(at - rest->p) : rest->len;
	rest->len -= part->len + (at != NULL);
	rest->p = at != NULL ? at + 1 : NULL;
	*part = trim(*part);
	return true;
}

/* "q=0", "q=0.000" */
static bool
is_refused(struct http_text parameter)
{
	if (parameter.len < 3 || lower((uint8_t)parameter.p[0]) != 'q' || parameter.p[1] != '=')
		return false;
	for (size_t i = 2; i < parameter.len; i++) {
		if (parameter.p[i] != '0' && parameter.p[i] != '.')
			return false;
	}
	return true;
}

bool
http_list_accepts(struct http_text list, const char *name)
{
	struct http_text element, part;

	while (next_part(&list, ',', &element)) {
		bool refused = false;

		if (!next_part(&element, ';', &part) || !http_text_is(part, name))
			continue;
		while (next_part(&element, ';', &part))
			refused |= is_refused(part);
		return !refused;
	}
	return false;
}

const char *
http_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
	    {200, "OK"},
	    {204, "No Content"},
	    {400, "Bad Request"},
	    {401, "Unauthorized"},
	    {403, "Forbidden"},
	    {404, "Not Found"},
	    {405, "Method Not Allowed"},
	    {408, "Request Timeout"},
	    {409, "Conflict"},
	    {413, "Content Too Large"},
	    {415, "Unsupported Media Type"},
	    {417, "Expectation Failed"},
	    {429, "Too Many Requests"},
	    {431, "Request Header Fields Too Large"},
	    {499, "Client Closed Request"},
	    {500, "Internal Server Error"},
	    {501, "Not Implemented"},
	    {503, "Service Unavailable"},
	    {504, "Gateway Timeout"},
	    {505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "";
}

/* ---- the head ----------------------------------------------------------------------------------------------- */

/* A bare line feed ends it too: there is nothing to wait for, and reading it tells what is wrong. */
size_t
http_head_len(const uint8_t *p, size_t len, size_t *seen)
{
	for (size_t i = *seen; i < len; i++) {
		if (p[i] != '\n')
			continue;
		if (i == 0 || p[i - 1] != '\r' || (i >= 3 && memcmp(p + i - 3, "\r\n\r", 3) == 0))
			return i + 1;
	}
	*seen = len;
	return 0;
}

static bool
bad(int *status, int code, struct err *err, const char *why)
{
	*status = code;
	return err_set(err, ERR_INVALID, "%s", why);
}

/* The line before the next CRLF, which is there; no other control characters, so no bare CR or LF either. */
static bool
take_line(uint8_t **p, const uint8_t *end, struct http_text *line)
{
	uint8_t *at = *p;

	while (at < end && *at != '\r') {
		if ((*at < 0x20 && *at != '\t') || *at == 0x7f)
			return false;
		at++;
	}
	if (end - at < 2 || at[1] != '\n')
		return false;
	*line = (struct http_text){(const char *)*p, (size_t)(at - *p)};
	*p = at + 2;
	return true;
}

static enum http_method
method_of(struct http_text name)
{
	static const char *const names[] = {"GET", "HEAD", "POST", "OPTIONS"};

	for (int i = 0; i < HTTP_OTHER; i++) {
		if (strlen(names[i]) == name.len && memcmp(names[i], name.p, name.len) == 0)
			return (enum http_method)i;
	}
	return HTTP_OTHER;
}

static bool
take_target(struct http_text target, struct http_request *out, int *status, struct err *err)
{
	const char *query;

	for (size_t i = 0; i < target.len; i++) {
		if (target.p[i] < 0x21 || target.p[i] > 0x7e || target.p[i] == '#')
			return bad(
			    status, 400, err, "the path has a character that paths don't have");
	}
	/* Other methods are refused whatever their target is. */
	if (out->method != HTTP_OTHER && (target.len == 0 || target.p[0] != '/'))
		return bad(status, 400, err,
		    "a request names a path on this server: POST /plumb.v1.Plan/Get, for example");
	query = memchr(target.p, '?', target.len);
	out->path =
	    (struct http_text){target.p, query != NULL ? (size_t)(query - target.p) : target.len};
	return true;
}

/* METHOD SP target SP HTTP/1.x, with single spaces. */
static bool
take_request_line(struct http_text line, struct http_request *out, int *status, struct err *err)
{
	static const char version[] = "HTTP/";
	const char *first = memchr(line.p, ' ', line.len);
	const char *last = memrchr(line.p, ' ', line.len);
	struct http_text method, target, spoken;

	if (first == NULL || first == last)
		return bad(status, 400, err, "the first line is not METHOD PATH HTTP/1.1");
	method = (struct http_text){line.p, (size_t)(first - line.p)};
	target = (struct http_text){first + 1, (size_t)(last - first - 1)};
	spoken = (struct http_text){last + 1, (size_t)(line.p + line.len - last - 1)};
	for (size_t i = 0; i < method.len; i++) {
		if (!is_token_char((uint8_t)method.p[i]))
			return bad(status, 400, err, "the method is no word");
	}
	if (method.len == 0 || spoken.len != 8 || memcmp(spoken.p, version, 5) != 0 ||
	    spoken.p[6] != '.')
		return bad(status, 400, err, "the first line is not METHOD PATH HTTP/1.1");
	if (spoken.p[5] != '1' || (spoken.p[7] != '0' && spoken.p[7] != '1'))
		return bad(status, 505, err, "HTTP/1.1 and HTTP/1.0 are spoken here");
	out->minor = (unsigned)(spoken.p[7] - '0');
	out->method = method_of(method);
	return take_target(target, out, status, err);
}

static bool
take_field(struct http_text line, struct http_request *out, int *status, struct err *err)
{
	const char *colon = memchr(line.p, ':', line.len);
	struct http_field *field = &out->fields[out->fields_count];

	if (is_blank(line.p[0]))
		return bad(status, 400, err, "a header field goes on in the next line");
	if (colon == NULL || colon == line.p)
		return bad(status, 400, err, "a header field is not 'name: value'");
	if (out->fields_count == LIMIT_HEADER_FIELDS)
		return bad(status, 431, err, "there are too many header fields");
	field->name = (struct http_text){line.p, (size_t)(colon - line.p)};
	for (size_t i = 0; i < field->name.len; i++) {
		uint8_t *c = (uint8_t *)(uintptr_t)&line.p[i];

		if (!is_token_char(*c))
			return bad(status, 400, err, "the name of a header field is no word");
		*c = lower(*c);
	}
	field->value = trim((struct http_text){colon + 1, line.len - field->name.len - 1});
	out->fields_count++;
	return true;
}

struct http_text
http_find(const struct http_request *request, const char *name)
{
	for (unsigned i = 0; i < request->fields_count; i++) {
		if (http_text_is(request->fields[i].name, name))
			return request->fields[i].value;
	}
	return (struct http_text){NULL, 0};
}

static unsigned
count_fields(const struct http_request *request, const char *name)
{
	unsigned count = 0;

	for (unsigned i = 0; i < request->fields_count; i++)
		count += http_text_is(request->fields[i].name, name);
	return count;
}

static bool
take_length(struct http_text text, uint64_t *length)
{
	enum { DIGITS_MAX = 18 };

	*length = 0;
	if (text.len == 0 || text.len > DIGITS_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		*length = *length * 10 + (uint64_t)(text.p[i] - '0');
	}
	return true;
}

/* Where the body ends is said once, and in one way. */
static bool
take_framing(struct http_request *out, int *status, struct err *err)
{
	struct http_text length = http_find(out, "content-length");
	struct http_text coding = http_find(out, "transfer-encoding");

	if (count_fields(out, "content-length") + count_fields(out, "transfer-encoding") > 1)
		return bad(status, 400, err,
		    "the body's length is said twice: one content-length, or one "
		    "transfer-encoding");
	if (length.p != NULL && !take_length(length, &out->length))
		return bad(status, 400, err, "content-length is no number");
	if (coding.p == NULL)
		return true;
	if (out->minor == 0)
		return bad(status, 400, err, "HTTP/1.0 has no transfer-encoding");
	if (!http_text_is(coding, "chunked"))
		return bad(status, 501, err, "the one transfer-encoding that is read is chunked");
	out->chunked = true;
	return true;
}

static bool
take_meaning(struct http_request *out, int *status, struct err *err)
{
	struct http_text expect = http_find(out, "expect");
	unsigned hosts = count_fields(out, "host");

	if (hosts > 1 || (hosts == 0 && out->minor > 0))
		return bad(status, 400, err, "a request has one host field");
	if (expect.p != NULL && !http_text_is(expect, "100-continue"))
		return bad(status, 417, err, "the one expectation that is met is 100-continue");
	out->expects_continue = expect.p != NULL && out->minor > 0;
	out->keep_alive = out->minor > 0;
	for (unsigned i = 0; i < out->fields_count; i++) {
		if (http_text_is(out->fields[i].name, "connection") &&
		    http_list_accepts(out->fields[i].value, "close"))
			out->keep_alive = false;
	}
	return take_framing(out, status, err);
}

bool
http_head_parse(uint8_t *p, size_t len, struct http_request *out, int *status, struct err *err)
{
	const uint8_t *end = p + len;
	struct http_text line;

	*out = (struct http_request){.minor = 0};
	if (!take_line(&p, end, &line))
		return bad(status, 400, err, "the first line has a control character");
	if (!take_request_line(line, out, status, err))
		return false;
	for (;;) {
		if (!take_line(&p, end, &line))
			return bad(status, 400, err,
			    "a header field has a control character, or a line ends without CR LF");
		if (line.len == 0)
			break;
		if (!take_field(line, out, status, err))
			return false;
	}
	return take_meaning(out, status, err);
}

/* ---- chunks ------------------------------------------------------------------------------------------------- */

enum { SIZE, EXTENSION, SIZE_LF, DATA, DATA_CR, DATA_LF, TRAILER, TRAILER_LF, DONE };
/* Longer than any length that is taken. */
#define DIGITS_MAX 8
#define LINE_MAX   4096u

static int
hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Extensions and trailers say nothing to us; they may not go on for ever. */
static bool
skip(struct http_chunks *chunks, uint8_t c)
{
	return ++chunks->line <= LINE_MAX && (c >= 0x20 || c == '\t') && c != 0x7f;
}

static bool
take_size(struct http_chunks *chunks, uint8_t c)
{
	int value = hex_value(c);

	if (value >= 0) {
		chunks->left = chunks->left << 4 | (unsigned)value;
		return ++chunks->digits <= DIGITS_MAX;
	}
	if (chunks->digits == 0)
		return false;
	if (c == '\r') {
		chunks->state = SIZE_LF;
		return true;
	}
	chunks->state = EXTENSION;
	return c == ';' && skip(chunks, c);
}

static bool
take_trailer(struct http_chunks *chunks, uint8_t c)
{
	if (c == '\r') {
		chunks->state = TRAILER_LF;
		return true;
	}
	chunks->any = true;
	return skip(chunks, c);
}

/* One byte that is no data. */
static bool
take_byte(struct http_chunks *chunks, uint8_t c)
{
	switch (chunks->state) {
	case SIZE:
		return take_size(chunks, c);
	case EXTENSION:
		if (c != '\r')
			return skip(chunks, c);
		chunks->state = SIZE_LF;
		return true;
	case SIZE_LF:
		chunks->state = chunks->left > 0 ? DATA : TRAILER;
		return c == '\n';
	case DATA_CR:
		chunks->state = DATA_LF;
		return c == '\r';
	case DATA_LF:
		chunks->state = SIZE;
		chunks->digits = 0;
		return c == '\n';
	case TRAILER:
		return take_trailer(chunks, c);
	case TRAILER_LF:
		chunks->state = chunks->any ? TRAILER : DONE;
		chunks->any = false;
		return c == '\n';
	default:
		return false;
	}
}

enum http_chunk
http_chunks_take(struct http_chunks *chunks, const uint8_t *p, size_t len, size_t *used,
    const uint8_t **data, size_t *data_len)
{
	*used = 0;
	while (*used < len) {
		if (chunks->state == DATA) {
			size_t n = len - *used;

			n = chunks->left < n ? (size_t)chunks->left : n;
			*data = p + *used;
			*data_len = n;
			*used += n;
			chunks->left -= n;
			if (chunks->left == 0)
				chunks->state = DATA_CR;
			return HTTP_CHUNK_DATA;
		}
		if (!take_byte(chunks, p[(*used)++]))
			return HTTP_CHUNK_BAD;
		if (chunks->state == DONE)
			return HTTP_CHUNK_END;
	}
	return HTTP_CHUNK_MORE;
}
