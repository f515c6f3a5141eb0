#include "server/net/sniff.h"

#include <string.h>

#include "server/net/frame_conn.h"
#include "server/net/h2_conn.h"

/* A protocol that stands beside the others gets its row here, and nothing else changes. */
static const struct {
	const char *bytes;
	size_t len;
	const struct conn_protocol *protocol; /* NULL: known, but not spoken */
	const char *reason;
} protocols[] = {
    {"\x00", 1, &frame_protocol, NULL},
    {"\x16", 1, NULL, "TLS is not spoken here"},
    {"PRI ", 4, &h2_protocol, NULL},
};

#define COUNT (sizeof protocols / sizeof protocols[0])

static size_t
min_len(size_t a, size_t b)
{
	return a < b ? a : b;
}

const struct conn_protocol *
sniff(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (len >= protocols[i].len && memcmp(p, protocols[i].bytes, protocols[i].len) == 0)
			return protocols[i].protocol;
	}
	return NULL;
}

const struct conn_protocol *
sniff_named(const char *name)
{
	if (strcmp(name, "h2") == 0)
		return &h2_protocol;
	return strcmp(name, "plumb/1") == 0 ? &frame_protocol : NULL;
}

bool
sniff_is_hopeless(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < COUNT; i++) {
		size_t n = min_len(len, protocols[i].len);
		if (memcmp(p, protocols[i].bytes, n) == 0)
			return n == protocols[i].len && protocols[i].protocol == NULL;
	}
	return true;
}

const char *
sniff_reason(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (len >= protocols[i].len &&
		    memcmp(p, protocols[i].bytes, protocols[i].len) == 0 &&
		    protocols[i].reason != NULL)
			return protocols[i].reason;
	}
	return "unknown protocol";
}

#define WRONG_PORT                                                                                 \
	"gRPC and plumb/1 are spoken here; HTTP/1.1 has a port of its own: the setting http\n"

const char *
sniff_answer(const uint8_t *p, size_t len)
{
	static const char *const methods[] = {"GET ", "HEAD ", "POST ", "PUT ", "OPTIONS "};
	static const char answer[] = "HTTP/1.1 400 Bad Request\r\n"
				     "content-type: text/plain; charset=utf-8\r\n"
				     "connection: close\r\n\r\n" WRONG_PORT;

	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
		if (len >= strlen(methods[i]) && memcmp(p, methods[i], strlen(methods[i])) == 0)
			return answer;
	}
	return NULL;
}
