#include "server/rpc/token.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"

#define SECRET_BYTES 32
#define PREFIX_LEN   (sizeof TOKEN_PREFIX - 1)
#define TAIL_LEN     (TOKEN_SECRET_LEN + TOKEN_CHECK_LEN)

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* Long division of the big-endian number in bytes, which is used up. */
static void
base62(uint8_t *bytes, size_t len, char *out, size_t out_len)
{
	while (out_len > 0) {
		unsigned rest = 0;

		for (size_t i = 0; i < len; i++) {
			rest = rest << 8 | bytes[i];
			bytes[i] = (uint8_t)(rest / 62);
			rest %= 62;
		}
		out[--out_len] = digits[rest];
	}
}

static void
checksum(const char *text, size_t len, char out[TOKEN_CHECK_LEN])
{
	uint32_t crc = crc32c(0, text, len);
	uint8_t bytes[] = {
	    (uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8), (uint8_t)crc};

	base62(bytes, sizeof bytes, out, TOKEN_CHECK_LEN);
}

bool
token_make(uint32_t number, char text[TOKEN_TEXT_LEN])
{
	uint8_t secret[SECRET_BYTES];
	size_t len;

	if (!random_bytes(secret, sizeof secret))
		return false;
	len = (size_t)snprintf(text, TOKEN_TEXT_LEN, TOKEN_PREFIX "%" PRIu32 "_", number);
	base62(secret, sizeof secret, text + len, TOKEN_SECRET_LEN);
	len += TOKEN_SECRET_LEN;
	checksum(text, len, text + len);
	text[len + TOKEN_CHECK_LEN] = '\0';
	return true;
}

static bool
parse_number(const char *text, size_t len, uint32_t *out)
{
	char number[12];
	uint64_t n;

	if (len == 0 || len >= sizeof number || text[0] == '0')
		return false;
	memcpy(number, text, len);
	number[len] = '\0';
	if (!parse_u64(number, 1, UINT32_MAX, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

enum token_form
token_parse(const char *text, size_t len, uint32_t *number, uint8_t hash[SHA256_LEN])
{
	char check[TOKEN_CHECK_LEN];
	const char *tail;

	if (len < PREFIX_LEN || memcmp(text, TOKEN_PREFIX, PREFIX_LEN) != 0)
		return TOKEN_FOREIGN;
	if (len < PREFIX_LEN + 2 + TAIL_LEN || len >= TOKEN_TEXT_LEN)
		return TOKEN_MISTYPED;
	tail = text + len - TAIL_LEN;
	if (tail[-1] != '_' ||
	    !parse_number(text + PREFIX_LEN, (size_t)(tail - 1 - text) - PREFIX_LEN, number))
		return TOKEN_MISTYPED;
	checksum(text, len - TOKEN_CHECK_LEN, check);
	if (memcmp(check, tail + TOKEN_SECRET_LEN, TOKEN_CHECK_LEN) != 0)
		return TOKEN_MISTYPED;
	sha256(tail, TOKEN_SECRET_LEN, hash);
	return TOKEN_WELL;
}
