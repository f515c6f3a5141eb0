/*
 * Any bytes as an HTTP request with a body, in two pieces: what is read does not depend on where they are cut, points into the
 * bytes, and has its length said once. Any bytes as an error's details: what comes out is JSON.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "common/utf8.h"
#include "server/net/connect_wire.h"
#include "server/net/http_wire.h"

#define TEXT_MAX (8u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
must_lie_in(struct http_text text, const uint8_t *p, size_t len)
{
	const uint8_t *at = (const uint8_t *)text.p;

	if (at != NULL)
		must(at >= p && text.len <= len && at + text.len <= p + len);
}

static void
check_request(const struct http_request *r, const uint8_t *p, size_t len)
{
	unsigned lengths = 0;

	must_lie_in(r->path, p, len);
	must(r->method == HTTP_OTHER || (r->path.len > 0 && r->path.p[0] == '/'));
	must(r->fields_count <= LIMIT_HEADER_FIELDS && r->minor <= 1);
	for (unsigned i = 0; i < r->fields_count; i++) {
		must_lie_in(r->fields[i].name, p, len);
		must_lie_in(r->fields[i].value, p, len);
		must(r->fields[i].name.len > 0);
		must(memchr(r->fields[i].value.p, '\n', r->fields[i].value.len) == NULL);
		lengths += http_text_is(r->fields[i].name, "content-length") ||
			   http_text_is(r->fields[i].name, "transfer-encoding");
	}
	must(lengths <= 1 && !(r->chunked && r->length > 0));
}

/* The head's length, found in two looks of which the first sees cut bytes. */
static size_t
head_len(const uint8_t *p, size_t len, size_t cut)
{
	size_t seen = 0, found = http_head_len(p, cut, &seen);

	return found > 0 ? found : http_head_len(p, len, &seen);
}

static enum http_chunk
feed(struct http_chunks *chunks, const uint8_t *p, size_t len, size_t *taken, struct str *out)
{
	*taken = 0;
	while (*taken < len) {
		const uint8_t *bytes;
		size_t used, n;
		enum http_chunk chunk =
		    http_chunks_take(chunks, p + *taken, len - *taken, &used, &bytes, &n);

		must(used > 0 && used <= len - *taken);
		*taken += used;
		if (chunk == HTTP_CHUNK_DATA)
			str_add_len(out, (const char *)bytes, n);
		else if (chunk != HTTP_CHUNK_MORE)
			return chunk;
	}
	return HTTP_CHUNK_MORE;
}

static void
check_chunks(const uint8_t *p, size_t len, size_t cut)
{
	struct http_chunks whole = {.state = 0}, pieces = {.state = 0};
	size_t whole_taken, taken, more = 0;
	enum http_chunk once, twice;
	struct str a, b;

	str_init(&a, TEXT_MAX);
	str_init(&b, TEXT_MAX);
	once = feed(&whole, p, len, &whole_taken, &a);
	twice = feed(&pieces, p, cut, &taken, &b);
	if (twice == HTTP_CHUNK_MORE)
		twice = feed(&pieces, p + cut, len - cut, &more, &b);
	must(once == twice && whole_taken == taken + more);
	must(a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0));
	str_fini(&a);
	str_fini(&b);
}

static void
check_texts(const uint8_t *p, size_t len)
{
	const struct http_text text = {(const char *)p, len};
	bool compressed;
	int64_t ms;

	(void)http_list_accepts(text, "gzip");
	must(connect_type_of((const char *)p, len) <= CONNECT_STREAM_PROTO);
	if (connect_timeout_parse((const char *)p, len, &ms))
		must(ms >= 0 && ms <= INT64_C(9999999999) && len <= 10);
	if (connect_envelope_parse(p, len, &compressed))
		must(len >= CONNECT_ENVELOPE_LEN && p[0] == (compressed ? 1 : 0));
}

/* Whatever the details are, each brace and bracket is closed, and the text can be shown. */
static void
check_error(const uint8_t *p, size_t len)
{
	struct err err;
	struct str out;
	json_t *json;

	err_set(&err, ERR_INVALID, "what is wrong");
	str_init(&out, TEXT_MAX);
	connect_error_json(&err, p, len, &out);
	must(str_ok(&out) && utf8_is_valid(out.data, out.len));
	json = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
	must(json_is_object(json));
	json_decref(json);
	str_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_request request;
	size_t cut, len;
	struct err err;
	int status = 0;
	uint8_t *copy;

	if (size < 2 || size > 65536)
		return 0;
	cut = data[0] % size;
	cut = cut < size - 1 ? cut : size - 1;
	data++;
	size--;
	copy = malloc(size);
	must(copy != NULL);
	memcpy(copy, data, size);
	len = head_len(copy, size, cut);
	must(len == head_len(copy, size, 0));
	if (len > 0) {
		if (http_head_parse(copy, len, &request, &status, &err))
			check_request(&request, copy, len);
		else
			must(status >= 400 && http_reason(status)[0] != '\0' && err.msg[0] != '\0');
	}
	check_chunks(data + len, size - len, cut > len ? cut - len : 0);
	check_texts(data, size);
	check_error(data, size);
	free(copy);
	return 0;
}
