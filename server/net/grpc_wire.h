/*
 * The texts of gRPC over HTTP/2: paths, content types, timeouts, messages, base64, message prefixes.
 *
 * Pure functions after PROTOCOL-HTTP2.md of grpc/grpc; no session, no socket, no allocation.
 */
#ifndef SERVER_NET_GRPC_WIRE_H
#define SERVER_NET_GRPC_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define GRPC_PREFIX_LEN      5u /* flag, big-endian length */
#define GRPC_FLAG_COMPRESSED 1u
/* A message of n bytes needs at most this much percent-encoded. */
#define GRPC_PERCENT_LEN(n) (3 * (n))
/* n bytes in base64 without padding. */
#define GRPC_BASE64_LEN(n) (((n)*4 + 2) / 3)

/* "/package.Service/Method"; false: it has another form. The parts lie in path. */
bool grpc_path_split(const char *path, size_t len, const char **service, size_t *service_len,
    const char **method, size_t *method_len) MUST_CHECK;
/* "application/grpc", alone or before "+proto" or ";"; so not "application/grpc-web" and not "+json", which is not spoken. */
bool grpc_content_type_is_ours(const char *p, size_t len);
/* 1 to 8 digits and a unit of H M S m u n; what does not fit into 64 bits counts as the longest. False: malformed. */
bool grpc_timeout_parse(const char *p, size_t len, int64_t *timeout_ns) MUST_CHECK;
/* Percent-encoding of grpc-message: what is not %x20-24 or %x26-7E. Returns the length; out has GRPC_PERCENT_LEN(len). */
size_t grpc_percent_encode(const char *p, size_t len, char *out);
/* RFC 4648, the standard alphabet, without padding. Returns the length. */
size_t grpc_base64_encode(const uint8_t *p, size_t len, char *out);
/* Padded or not. False: malformed. out has room for len / 4 * 3 + 2. */
bool grpc_base64_decode(const char *p, size_t len, uint8_t *out, size_t *out_len) MUST_CHECK;
/* Is name one of the list "identity, gzip,deflate"? */
bool grpc_list_has(const char *list, size_t len, const char *name);
/* A metadata key that a caller may send and a handler may see: [0-9a-z_.-]+, not of HTTP and not reserved for gRPC. */
bool grpc_key_is_metadata(const char *key, size_t len);
bool grpc_key_is_binary(const char *key, size_t len);

static inline void
grpc_prefix_encode(uint8_t out[GRPC_PREFIX_LEN], unsigned flag, uint32_t len)
{
	out[0] = (uint8_t)flag;
	out[1] = (uint8_t)(len >> 24);
	out[2] = (uint8_t)(len >> 16);
	out[3] = (uint8_t)(len >> 8);
	out[4] = (uint8_t)len;
}

/*
 * Details of a google.rpc.Status (its field 3, encoded, one after the other) in at most max bytes: those that fit as they are,
 * of the others as many of their first fields as fit, whole: of a BadRequest its first violations. Returns how many bytes out
 * has.
 */
size_t grpc_details_trim(const uint8_t *p, size_t len, size_t max, uint8_t *out);

static inline uint32_t
grpc_prefix_length(const uint8_t p[GRPC_PREFIX_LEN])
{
	return (uint32_t)p[1] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 8 | p[4];
}

#endif
