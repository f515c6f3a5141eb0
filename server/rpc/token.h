/*
 * Tokens as text: "plumb_<number>_<secret><checksum>". 32 random bytes in base 62, then six digits of the CRC-32C of all that
 * stands before them, so that a token that was mistyped or cut is told apart before anything is looked up.
 */
#ifndef SERVER_RPC_TOKEN_H
#define SERVER_RPC_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/crypto.h"
#include "common/err.h"

#define TOKEN_PREFIX     "plumb_"
#define TOKEN_SECRET_LEN 43 /* digits of base 62 for 32 bytes */
#define TOKEN_CHECK_LEN  6
/* "plumb_4294967295_", secret, checksum, NUL. */
#define TOKEN_TEXT_LEN (6 + 10 + 1 + TOKEN_SECRET_LEN + TOKEN_CHECK_LEN + 1)

/* The kernel's random bytes. False: it has none. */
bool token_make(uint32_t number, char text[TOKEN_TEXT_LEN]) MUST_CHECK;

enum token_form {
	TOKEN_WELL,
	TOKEN_FOREIGN,  /* does not begin as ours do */
	TOKEN_MISTYPED, /* does, but is too short, too long, or its checksum is another one */
};
/* What is kept of it: its number and the SHA-256 of the secret. */
enum token_form token_parse(
    const char *text, size_t len, uint32_t *number, uint8_t hash[SHA256_LEN]) MUST_CHECK;

#endif
