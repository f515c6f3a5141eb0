/* See crypto.h. */
#include "common/crypto.h"

#include <assert.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* ---- SHA-256 --------------------------------------------------------------------------------- */

struct sha256 {
	EVP_MD_CTX *ctx; /* owned; initialised whenever no call is running */
};

/*
 * Fetched once: looking an algorithm up costs more than hashing a small entry. Lives as long as the
 * process.
 */
static EVP_MD *sha256_md;
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;

static void
fetch_sha256(void)
{
	sha256_md = EVP_MD_fetch(NULL, "SHA256", NULL);
}

struct sha256 *
sha256_new(void)
{
	struct sha256 *h;

	pthread_once(&sha256_once, fetch_sha256);
	if (sha256_md == NULL)
		return NULL;
	h = calloc(1, sizeof *h);
	if (h == NULL)
		return NULL;
	h->ctx = EVP_MD_CTX_new();
	if (h->ctx == NULL || EVP_DigestInit_ex2(h->ctx, sha256_md, NULL) != 1) {
		sha256_free(h);
		return NULL;
	}
	return h;
}

void
sha256_free(struct sha256 *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

/*
 * After initialisation OpenSSL's SHA-256 allocates nothing and cannot fail; were it to, no digest
 * may be trusted.
 */
static void
must(int rc)
{
	if (rc != 1)
		abort();
}

void
sha256_update(struct sha256 *h, const void *p, size_t len)
{
	must(EVP_DigestUpdate(h->ctx, p, len));
}

void
sha256_final(struct sha256 *h, uint8_t out[SHA256_LEN])
{
	unsigned int len = 0;

	must(EVP_DigestFinal_ex(h->ctx, out, &len));
	assert(len == SHA256_LEN);
	must(EVP_DigestInit_ex2(h->ctx, NULL, NULL));
}

static pthread_key_t shared_key;
static pthread_once_t shared_once = PTHREAD_ONCE_INIT;

static void
free_shared(void *h)
{
	sha256_free(h);
}

static void
make_shared_key(void)
{
	if (pthread_key_create(&shared_key, free_shared) != 0)
		abort();
}

/* One context per thread, freed with it. */
static struct sha256 *
thread_sha256(void)
{
	struct sha256 *h;

	pthread_once(&shared_once, make_shared_key);
	h = pthread_getspecific(shared_key);
	if (h != NULL)
		return h;
	h = sha256_new();
	if (h == NULL || pthread_setspecific(shared_key, h) != 0)
		abort();
	return h;
}

void
sha256(const void *p, size_t len, uint8_t out[SHA256_LEN])
{
	struct sha256 *h = thread_sha256();

	sha256_update(h, p, len);
	sha256_final(h, out);
}

/* ---- HMAC ------------------------------------------------------------------------------------ */

bool
hmac_sha256(const void *key, size_t key_len, const void *p, size_t len, uint8_t out[SHA256_LEN])
{
	unsigned out_len = SHA256_LEN;

	return HMAC(EVP_sha256(), key, (int)key_len, p, len, out, &out_len) != NULL;
}

/* ---- CRC-32C --------------------------------------------------------------------------------- */

#define CRC32C_POLY 0x82f63b78u /* 0x1edc6f41 of RFC 3720, appendix B.4, bits reversed */

static uint32_t crc_table[8][256];
static uint32_t (*crc_update)(uint32_t crc, const uint8_t *p, size_t len);
static pthread_once_t crc_once = PTHREAD_ONCE_INIT;

static uint64_t
load64_le(const uint8_t *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value = __builtin_bswap64(value);
#endif
	return value;
}

/* Eight bytes a round ("slicing by 8"). */
static uint32_t
crc_update_table(uint32_t crc, const uint8_t *p, size_t len)
{
	for (; len >= 8; p += 8, len -= 8) {
		uint64_t word = load64_le(p) ^ crc;

		crc = 0;
		for (unsigned i = 0; i < 8; i++)
			crc ^= crc_table[7 - i][(word >> (8 * i)) & 0xff];
	}
	for (; len > 0; p++, len--)
		crc = crc_table[0][(crc ^ *p) & 0xff] ^ (crc >> 8);
	return crc;
}

static void
fill_crc_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? (crc >> 1) ^ CRC32C_POLY : crc >> 1;
		crc_table[0][i] = crc;
	}
	for (uint32_t i = 0; i < 256; i++)
		for (int slice = 1; slice < 8; slice++) {
			uint32_t crc = crc_table[slice - 1][i];

			crc_table[slice][i] = crc_table[0][crc & 0xff] ^ (crc >> 8);
		}
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t
crc_update_sse42(uint32_t crc, const uint8_t *p, size_t len)
{
	uint64_t wide = crc;

	for (; len >= 8; p += 8, len -= 8)
		wide = __builtin_ia32_crc32di(wide, load64_le(p));
	crc = (uint32_t)wide;
	for (; len > 0; p++, len--)
		crc = __builtin_ia32_crc32qi(crc, *p);
	return crc;
}
#endif

static void
choose_crc(void)
{
	fill_crc_table();
	crc_update = crc_update_table;
#ifdef __x86_64__
	__builtin_cpu_init();
	if (__builtin_cpu_supports("sse4.2"))
		crc_update = crc_update_sse42;
#endif
}

uint32_t
crc32c(uint32_t crc, const void *p, size_t len)
{
	pthread_once(&crc_once, choose_crc);
	return ~crc_update(~crc, p, len);
}

uint32_t
crc32c_portable(uint32_t crc, const void *p, size_t len)
{
	pthread_once(&crc_once, choose_crc);
	return ~crc_update_table(~crc, p, len);
}

/* ---- SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012) ----------- */

static inline uint64_t
rotl(uint64_t x, unsigned bits)
{
	return (x << bits) | (x >> (64 - bits));
}

static inline void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

static inline void
sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

uint64_t
siphash(const uint64_t key[2], const void *p, size_t len)
{
	const uint8_t *bytes = p;
	uint64_t last = (uint64_t)len << 56;
	size_t left = len;
	uint64_t v[4] = {
	    key[0] ^ 0x736f6d6570736575, /* "somepseu" */
	    key[1] ^ 0x646f72616e646f6d, /* "dorandom" */
	    key[0] ^ 0x6c7967656e657261, /* "lygenera" */
	    key[1] ^ 0x7465646279746573, /* "tedbytes" */
	};

	for (; left >= 8; bytes += 8, left -= 8)
		sip_word(v, load64_le(bytes));
	for (size_t i = 0; i < left; i++)
		last |= (uint64_t)bytes[i] << (8 * i);
	sip_word(v, last);
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* ---- the rest -------------------------------------------------------------------------------- */

bool
random_bytes(void *p, size_t len)
{
	uint8_t *at = p;

	while (len > 0) {
		ssize_t got = getrandom(at, len, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		len -= (size_t)got;
	}
	return true;
}

bool
crypto_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void
hex_encode(const uint8_t *p, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*out++ = digits[p[i] >> 4];
		*out++ = digits[p[i] & 15];
	}
	*out = '\0';
}
