/* Hashes, checksums and random bytes; the only user of OpenSSL outside TLS. */
#ifndef COMMON_CRYPTO_H
#define COMMON_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define SHA256_LEN 32

/* A running SHA-256; one owner, reusable after final. NULL when out of memory. */
struct sha256;
struct sha256 *sha256_new(void) MUST_CHECK;
void sha256_free(struct sha256 *h);
void sha256_update(struct sha256 *h, const void *p, size_t len);
/* Writes the digest and begins anew. */
void sha256_final(struct sha256 *h, uint8_t out[SHA256_LEN]);
/* One shot; keeps one context per thread. */
void sha256(const void *p, size_t len, uint8_t out[SHA256_LEN]);

/* HMAC-SHA-256 [RFC 2104]; false when out of memory. */
bool hmac_sha256(
    const void *key, size_t key_len, const void *p, size_t len, uint8_t out[SHA256_LEN]) MUST_CHECK;

/* CRC-32C (Castagnoli), as in RFC 3720; crc of "123456789" is 0xe3069283. Start with 0. */
uint32_t crc32c(uint32_t crc, const void *p, size_t len);
/*
 * The same without the processor's instruction; for machines that lack it, and to test one with the
 * other.
 */
uint32_t crc32c_portable(uint32_t crc, const void *p, size_t len);
/* A fast keyed hash (SipHash-2-4) for tables that peers fill. */
uint64_t siphash(const uint64_t key[2], const void *p, size_t len);
/* From the kernel; false only if it has none. */
bool random_bytes(void *p, size_t len) MUST_CHECK;
/* In a time that does not tell where they differ. */
bool crypto_equal(const void *a, const void *b, size_t len);
/* out has 2 * len + 1 bytes. */
void hex_encode(const uint8_t *p, size_t len, char *out);

#endif
