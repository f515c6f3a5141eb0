#include "server/webhooks/sign.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base64.h"
#include "common/crypto.h"

#define HEAD_MAX 200

static bool
sign_one(const struct secret *secret, const char *content, size_t len, char *out)
{
	uint8_t mac[SHA256_LEN];

	if (!hmac_sha256(secret->p, secret->len, content, len, mac))
		return false;
	memcpy(out, "v1,", 3);
	base64_encode(mac, sizeof mac, out + 3);
	return true;
}

bool
sign(const struct secret *secret, const struct secret *previous, const char *id, int64_t timestamp,
    const char *body, size_t len, char out[SIGNATURE_MAX])
{
	char *content = malloc(HEAD_MAX + len);
	size_t head;
	bool ok;

	if (content == NULL)
		return false;
	head = (size_t)snprintf(content, HEAD_MAX, "%.120s.%" PRId64 ".", id, timestamp);
	memcpy(content + head, body, len);
	ok = sign_one(secret, content, head + len, out);
	if (ok && previous->len > 0) {
		size_t end = strlen(out);

		out[end] = ' ';
		ok = sign_one(previous, content, head + len, out + end + 1);
	}
	free(content);
	return ok;
}
