/*
 * Signatures as Standard Webhooks 1.0.0 has them (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md,
 * "Signature scheme"): HMAC-SHA256 over id, time and body.
 */
#ifndef SERVER_WEBHOOKS_SIGN_H
#define SERVER_WEBHOOKS_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct secret {
	uint8_t p[64];
	size_t len; /* 0: there is none */
};

/* "v1," and base64, twice with a blank between where there are two secrets. */
#define SIGNATURE_MAX 100

/* The value of webhook-signature. False: out of memory. */
bool sign(const struct secret *secret, const struct secret *previous, const char *id,
    int64_t timestamp, const char *body, size_t len, char out[SIGNATURE_MAX]) MUST_CHECK;

#endif
