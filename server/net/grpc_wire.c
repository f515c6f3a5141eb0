#include "server/net/grpc_wire.h"

#include <string.h>

bool
grpc_path_split(const char *path, size_t len, const char **service, size_t *service_len,
    const char **method, size_t *method_len)
{
	const char *slash;

	if (len < 2 || path[0] != '/')
		return false;
	slash = memchr(path + 1, '/', len - 1);
	if (slash == NULL || slash == path + 1 || slash + 1 == path + len)
		return false;
	*service = path + 1;
	*service_len = (size_t)(slash - path) - 1;
	*method = slash + 1;
	*method_len = (size_t)(path + len - slash) - 1;
	return memchr(*method, '/', *method_len) == NULL;
}

bool
grpc_content_type_is_ours(const char *p, size_t len)
{
	static const char type[] = "application/grpc", proto[] = "+proto";

	if (len < sizeof type - 1 || memcmp(p, type, sizeof type - 1) != 0)
		return false;
	p += sizeof type - 1;
	len -= sizeof type - 1;
	if (len >= sizeof proto - 1 && memcmp(p, proto, sizeof proto - 1) == 0) {
		p += sizeof proto - 1;
		len -= sizeof proto - 1;
	}
	return len == 0 || p[0] == ';' || p[0] == ' ';
}

static int64_t
unit_ns(char unit)
{
	switch (unit) {
	case 'H':
		return INT64_C(3600000000000);
	case 'M':
		return INT64_C(60000000000);
	case 'S':
		return INT64_C(1000000000);
	case 'm':
		return INT64_C(1000000);
	case 'u':
		return INT64_C(1000);
	case 'n':
		return 1;
	default:
		return 0;
	}
}

bool
grpc_timeout_parse(const char *p, size_t len, int64_t *timeout_ns)
{
	enum { DIGITS_MAX = 8 };
	int64_t value = 0, unit;

	if (len < 2 || len > DIGITS_MAX + 1)
		return false;
	unit = unit_ns(p[len - 1]);
	if (unit == 0)
		return false;
	for (size_t i = 0; i + 1 < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		value = value * 10 + (p[i] - '0');
	}
	if (__builtin_mul_overflow(value, unit, timeout_ns))
		*timeout_ns = INT64_MAX;
	return true;
}

size_t
grpc_percent_encode(const char *p, size_t len, char *out)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c >= 0x20 && c <= 0x7e && c != '%') {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '%';
		out[n++] = hex[c >> 4];
		out[n++] = hex[c & 15];
	}
	return n;
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t
grpc_base64_encode(const uint8_t *p, size_t len, char *out)
{
	size_t n = 0;
	uint32_t bits = 0;
	unsigned count = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | p[i];
		for (count += 8; count >= 6; count -= 6)
			out[n++] = alphabet[bits >> (count - 6) & 63];
	}
	if (count > 0)
		out[n++] = alphabet[bits << (6 - count) & 63];
	return n;
}

static int
base64_value(char c)
{
	const char *at = c != '\0' ? strchr(alphabet, c) : NULL;

	return at != NULL ? (int)(at - alphabet) : -1;
}

bool
grpc_base64_decode(const char *p, size_t len, uint8_t *out, size_t *out_len)
{
	size_t n = 0, padding = 0;
	uint32_t bits = 0;
	unsigned count = 0;

	while (padding < 2 && len > 0 && p[len - 1] == '=') {
		len--;
		padding++;
	}
	if (len % 4 == 1 || (padding > 0 && (len + padding) % 4 != 0))
		return false;
	for (size_t i = 0; i < len; i++) {
		int value = base64_value(p[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count >= 8) {
			count -= 8;
			out[n++] = (uint8_t)(bits >> count);
		}
	}
	*out_len = n;
	return true;
}

bool
grpc_list_has(const char *list, size_t len, const char *name)
{
	size_t name_len = strlen(name);

	while (len > 0) {
		const char *comma = memchr(list, ',', len);
		size_t all = comma != NULL ? (size_t)(comma - list) : len, n = all;
		const char *p = list;

		while (n > 0 && p[0] == ' ') {
			p++;
			n--;
		}
		while (n > 0 && p[n - 1] == ' ')
			n--;
		if (n == name_len && memcmp(p, name, n) == 0)
			return true;
		if (comma == NULL)
			break;
		list += all + 1;
		len -= all + 1;
	}
	return false;
}

bool
grpc_key_is_metadata(const char *key, size_t len)
{
	/* What HTTP/2 and gRPC themselves carry is no metadata. */
	static const char *const own[] = {
	    "te", "content-type", "user-agent", "content-length", "accept-encoding", "host"};

	if (len == 0 || (len >= 5 && memcmp(key, "grpc-", 5) == 0))
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = key[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
			c == '.'))
			return false;
	}
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
		if (strlen(own[i]) == len && memcmp(own[i], key, len) == 0)
			return false;
	}
	return true;
}

bool
grpc_key_is_binary(const char *key, size_t len)
{
	return len > 4 && memcmp(key + len - 4, "-bin", 4) == 0;
}

/* ---- details ---- */

#define TAG_DETAIL   (3 << 3 | 2)
#define TAG_TYPE_URL (1 << 3 | 2)
#define TAG_VALUE    (2 << 3 | 2)

/* A field of bytes: its tag, and where the bytes are. */
struct bytes_field {
	uint8_t tag;
	const uint8_t *p;
	size_t len;
	const uint8_t *end;
};

static const uint8_t *
varint(const uint8_t *p, const uint8_t *end, uint64_t *out)
{
	*out = 0;
	for (unsigned shift = 0; p < end && shift < 64; shift += 7) {
		*out |= (uint64_t)(*p & 127) << shift;
		if ((*p++ & 128) == 0)
			return p;
	}
	return NULL;
}

/* False: no such field stands here. Our details have no others, and tags of one byte. */
static bool
next_field(const uint8_t *p, const uint8_t *end, struct bytes_field *f)
{
	uint64_t len;

	if (p >= end || (*p & 135) != 2)
		return false;
	f->tag = *p;
	f->p = varint(p + 1, end, &len);
	if (f->p == NULL || len > (size_t)(end - f->p))
		return false;
	f->len = (size_t)len;
	f->end = f->p + f->len;
	return true;
}

static size_t
put_bytes(uint8_t *out, uint8_t tag, const uint8_t *p, size_t len)
{
	size_t n = 0, left = len;

	out[n++] = tag;
	for (; left >= 128; left >>= 7)
		out[n++] = (uint8_t)(left | 128);
	out[n++] = (uint8_t)left;
	if (p != NULL)
		memcpy(out + n, p, len);
	return p != NULL ? n + len : n;
}

/* How much of a message are whole fields in at most max bytes. */
static size_t
whole_fields(const uint8_t *p, size_t len, size_t max)
{
	const uint8_t *at = p;
	struct bytes_field f;

	while (next_field(at, p + len, &f) && (size_t)(f.end - p) <= max)
		at = f.end;
	return (size_t)(at - p);
}

/* An Any, in at most max bytes; 0: not even its first field fits. */
static size_t
cut_detail(const struct bytes_field *detail, size_t max, uint8_t *out)
{
	struct bytes_field url, value;
	size_t head, keep, n;

	if (!next_field(detail->p, detail->end, &url) || url.tag != TAG_TYPE_URL ||
	    !next_field(url.end, detail->end, &value) || value.tag != TAG_VALUE)
		return 0;
	/* Lengths have at most three bytes here. */
	head = (size_t)(url.end - detail->p) + 8;
	keep = max > head ? whole_fields(value.p, value.len, max - head) : 0;
	if (keep == 0)
		return 0;
	n = keep + 1 + (keep >= 128) + (keep >= 16384) + 1 + (size_t)(url.end - detail->p);
	n = put_bytes(out, TAG_DETAIL, NULL, n);
	n += put_bytes(out + n, TAG_TYPE_URL, url.p, url.len);
	return n + put_bytes(out + n, TAG_VALUE, value.p, keep);
}

size_t
grpc_details_trim(const uint8_t *p, size_t len, size_t max, uint8_t *out)
{
	const uint8_t *end = p + len;
	struct bytes_field f;
	size_t n = 0;

	for (; next_field(p, end, &f); p = f.end) {
		size_t size = (size_t)(f.end - p);

		if (size > max - n) {
			n += cut_detail(&f, max - n, out + n);
			continue;
		}
		memcpy(out + n, p, size);
		n += size;
	}
	return n;
}
